package simulator

import (
	"errors"
	"testing"
	"time"
)

// revisions counts the instances in service by their revision.
func revisions(l *Launch) map[string]int {
	out := map[string]int{}
	for _, i := range l.State().Groups[0].Instances {
		if i.Lifecycle == inService {
			out[i.Revision]++
		}
	}
	return out
}

func deployment(t *testing.T, l *Launch, id string) Deployment {
	t.Helper()
	for _, d := range l.State().Groups[0].Deployments {
		if d.ID == id {
			return d
		}
	}
	t.Fatalf("no deployment %s", id)
	return Deployment{}
}

func deployed(t *testing.T, l *Launch, d Deployment) string {
	t.Helper()
	id, err := l.StartDeployment("web", d)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestADeploymentReachesSomeAtATime proves that every instance gets the revision where it stands, that those that are worked
// on get no visitors, and that no more than so many are.
func TestADeploymentReachesSomeAtATime(t *testing.T) {
	l := quiet(t, nil)
	before := l.State().Groups[0]
	id := deployed(t, l, Deployment{Revision: "release-41.zip", AtOnce: 2})
	worked := 0
	for began := l.Now(); deployment(t, l, id).Running() && l.Now().Sub(began) < time.Hour; {
		l.Advance(l.Now().Add(5 * time.Second))
		d := deployment(t, l, id)
		out := 0
		for _, target := range l.State().TargetGroups[0].Targets {
			if target.State == initial {
				out++
			}
		}
		if worked = max(worked, d.Working); d.Working > 2 || out < d.Working {
			t.Fatalf("%d are worked on, %d are out of the balancer", d.Working, out)
		}
		if n := d.Pending + d.Working + d.Reached; n != before.Desired {
			t.Fatalf("%+v are %d of %d", d, n, before.Desired)
		}
	}
	d, g := deployment(t, l, id), l.State().Groups[0]
	if took := d.Ended.Sub(d.Started); d.Status != DeploymentSucceeded || d.Reached != before.Desired || worked != 2 || took < time.Duration(before.Desired/2)*secondsToInstall*time.Second {
		t.Errorf("%+v after %s, %d at once", d, took, worked)
	}
	if got := revisions(l); len(got) != 1 || got["release-41.zip"] == 0 || g.Revision != "release-41.zip" {
		t.Errorf("the group has %v, its own revision is %s", got, g.Revision)
	}
	for i, n := range g.Instances {
		if n.ID != before.Instances[i].ID {
			t.Errorf("instance %s was replaced", before.Instances[i].ID)
		}
	}
}

// TestAStoppedDeploymentIsTakenBack proves that a stop waits for what is being worked on, and that the rollback is a
// deployment of its own which touches what was reached and nothing else.
func TestAStoppedDeploymentIsTakenBack(t *testing.T) {
	l := quiet(t, nil)
	old := l.State().Groups[0].Revision
	id := deployed(t, l, Deployment{Revision: "release-41.zip"})
	for deployment(t, l, id).Reached < 2 {
		l.Advance(l.Now().Add(5 * time.Second))
	}
	pending, err := l.StopDeployment(id, true)
	if err != nil || !pending {
		t.Fatalf("stop: pending %t, %v", pending, err)
	}
	for began := l.Now(); deployment(t, l, id).Rollback == "" && l.Now().Sub(began) < 5*time.Minute; {
		l.Advance(l.Now().Add(time.Second))
	}
	first := deployment(t, l, id)
	if first.Status != DeploymentStopped || first.Rollback == "" {
		t.Fatalf("stopped: %+v", first)
	}
	reached := revisions(l)["release-41.zip"]
	for began := l.Now(); deployment(t, l, first.Rollback).Running() && l.Now().Sub(began) < time.Hour; {
		l.Advance(l.Now().Add(5 * time.Second))
	}
	back := deployment(t, l, first.Rollback)
	if back.Status != DeploymentSucceeded || back.Creator != CreatorRollback || back.RollbackOf != id || back.Revision != old || back.Reached != reached || reached < 2 {
		t.Errorf("the rollback of %d instances: %+v", reached, back)
	}
	if got := revisions(l); len(got) != 1 || got[old] == 0 || l.State().Groups[0].Revision != old {
		t.Errorf("the group has %v", got)
	}
}

func TestAStopWithoutRollbackLeavesWhatWasReached(t *testing.T) {
	l := quiet(t, nil)
	id := deployed(t, l, Deployment{Revision: "release-41.zip"})
	for deployment(t, l, id).Reached < 1 {
		l.Advance(l.Now().Add(5 * time.Second))
	}
	if _, err := l.StopDeployment(id, false); err != nil {
		t.Fatal(err)
	}
	l.Advance(l.Now().Add(10 * time.Minute))
	if got := revisions(l); len(got) != 2 || len(l.State().Groups[0].Deployments) != 2 {
		t.Errorf("the group has %v", got)
	}
}

func TestRefusedDeployments(t *testing.T) {
	l := quiet(t, nil)
	start := func(group string, d Deployment) error { _, err := l.StartDeployment(group, d); return err }
	stop := func(id string) error { _, err := l.StopDeployment(id, true); return err }
	id := deployed(t, l, Deployment{Revision: "release-41.zip", AtOnce: 100})
	for name, c := range map[string]struct{ got, want error }{
		"another group": {start("app", Deployment{Revision: "x"}), ErrUnknown}, "no revision": {start("web", Deployment{}), ErrInvalid},
		"a second one": {start("web", Deployment{Revision: "x"}), ErrBusy}, "stop of nothing": {stop("d-NOWHERE"), ErrUnknown},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v", name, c.got)
		}
	}
	l.Advance(l.Now().Add(10 * time.Minute))
	if err := stop(id); !errors.Is(err, ErrFinal) {
		t.Errorf("stop of one that has ended: %v", err)
	}
}

// TestAStopMendsABadRevision proves cause and effect: what is wrong is wrong with the revision, it spreads with the
// deployment, and goes with its rollback.
func TestAStopMendsABadRevision(t *testing.T) {
	site := func() *Launch {
		l := quiet(t, func(sc *Scenario) { sc.Faults = []FaultSpec{{At: "T+1m", Kind: BadRevision, Rate: 0.5}} })
		l.Advance(l.Scenario().T0.Add(4 * time.Minute))
		return l
	}
	alone, mended := site(), site()
	running := mended.State().Groups[0].Deployments[0]
	if _, err := mended.StopDeployment(running.ID, true); err != nil {
		t.Fatal(err)
	}
	for _, l := range []*Launch{alone, mended} {
		l.Advance(l.Scenario().T0.Add(25 * time.Minute))
	}
	if early, bad, good := errorShare(t, alone, 0), errorShare(t, alone, 20*time.Minute), errorShare(t, mended, 20*time.Minute); early > 0.01 || bad < 0.2 || good > 0.01 {
		t.Errorf("%.3f errors before, %.3f left alone, %.3f taken back", early, bad, good)
	}
}
