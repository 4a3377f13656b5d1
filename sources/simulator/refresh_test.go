package simulator

import (
	"errors"
	"testing"
	"time"
)

// newest is the newest refresh of the site's group.
func newest(t *testing.T, l *Launch) Refresh {
	t.Helper()
	all := l.State().Groups[0].Refreshes
	if len(all) == 0 {
		t.Fatal("no refresh")
	}
	return all[0]
}

// versions counts the instances that are here to stay by their version.
func versions(l *Launch) map[string]int {
	out := map[string]int{}
	for _, i := range l.State().Groups[0].Instances {
		if i.Lifecycle != terminating {
			out[i.Version]++
		}
	}
	return out
}

// TestARefreshReplacesSomeAtATime proves that the whole group gets the new version, that enough stay in service all the
// while, and that it takes as long as instances take to become warm.
func TestARefreshReplacesSomeAtATime(t *testing.T) {
	l := quiet(t, nil)
	g := l.State().Groups[0]
	if _, err := l.StartRefresh("web", Refresh{Version: "8", MinHealthy: 75}); err != nil {
		t.Fatal(err)
	}
	began, last := l.Now(), 0
	for newest(t, l).Running() && l.Now().Sub(began) < 2*time.Hour {
		l.Advance(l.Now().Add(10 * time.Second))
		state := l.State()
		serving := 0
		for _, i := range state.Groups[0].Instances {
			if i.Lifecycle == inService {
				serving++
			}
		}
		r := newest(t, l)
		if serving < state.Groups[0].Desired*3/4 {
			t.Fatalf("%d of %d in service at %d %%", serving, state.Groups[0].Desired, r.Percent)
		}
		if r.Percent < last {
			t.Fatalf("%d %% after %d %%", r.Percent, last)
		}
		last = r.Percent
	}
	r, took := newest(t, l), l.Now().Sub(began)
	if r.Status != RefreshSuccessful || r.Percent != 100 || took < 2*g.Warmup || took > time.Hour {
		t.Errorf("%s, %d %% after %s", r.Status, r.Percent, took)
	}
	if got := versions(l); len(got) != 1 || got["8"] == 0 || l.State().Groups[0].Version != "8" {
		t.Errorf("the group has %v, its own version is %s", got, l.State().Groups[0].Version)
	}
}

// TestARollbackReplacesWhatWasReplaced proves that the percentage goes back to 0, and that nothing else is replaced.
func TestARollbackReplacesWhatWasReplaced(t *testing.T) {
	l := quiet(t, nil)
	if _, err := l.StartRefresh("web", Refresh{Version: "8", MinHealthy: 75}); err != nil {
		t.Fatal(err)
	}
	for newest(t, l).Percent < 30 {
		l.Advance(l.Now().Add(10 * time.Second))
	}
	untouched := map[string]bool{}
	for _, i := range l.State().Groups[0].Instances {
		if i.Version == "7" && i.Lifecycle == inService {
			untouched[i.ID] = true
		}
	}
	id, err := l.RollbackRefresh("web")
	if err != nil || id != newest(t, l).ID {
		t.Fatal(id, err)
	}
	for began := l.Now(); newest(t, l).Running() && l.Now().Sub(began) < time.Hour; {
		l.Advance(l.Now().Add(10 * time.Second))
	}
	r := newest(t, l)
	if r.Status != RolledBack || r.Percent != 0 || r.RolledBack.IsZero() || l.State().Groups[0].Version != "7" {
		t.Errorf("%+v, version %s", r, l.State().Groups[0].Version)
	}
	if got := versions(l); got["8"] != 0 || got["7"] != l.State().Groups[0].Desired {
		t.Errorf("the group has %v", got)
	}
	for _, i := range l.State().Groups[0].Instances {
		delete(untouched, i.ID)
	}
	if len(untouched) != 0 {
		t.Errorf("replaced although they had the old version: %v", untouched)
	}
}

func TestRefusedRefreshes(t *testing.T) {
	l := quiet(t, nil)
	start := func(r Refresh) error { _, err := l.StartRefresh("web", r); return err }
	back := func() error { _, err := l.RollbackRefresh("web"); return err }
	for name, c := range map[string]struct{ got, want error }{
		"back without one": {back(), ErrIdle}, "odd version": {start(Refresh{Version: "new"}), ErrInvalid}, "odd share": {start(Refresh{MinHealthy: 101}), ErrInvalid},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v", name, c.got)
		}
	}
	for _, r := range []Refresh{{}, {Version: "$Latest"}, {Version: "8", FromSSM: true}} {
		l := quiet(t, nil)
		if _, err := l.StartRefresh("web", r); err != nil {
			t.Fatal(err)
		}
		if _, err := l.StartRefresh("web", r); !errors.Is(err, ErrBusy) {
			t.Errorf("a second one beside %+v: %v", r, err)
		}
		if _, err := l.RollbackRefresh("web"); !errors.Is(err, ErrFinal) {
			t.Errorf("back from %+v: %v", r, err)
		}
	}
}

// errorShare is the share of the balancer's answers that were errors in a minute of the launch.
func errorShare(t *testing.T, l *Launch, after time.Duration) float64 {
	t.Helper()
	b := minute(t, l, after).Balancers[0]
	return float64(b.Target5xx) / float64(max(b.Requests, 1))
}

// TestARollbackMendsABadRelease proves cause and effect: a bad release fails what its own instances answer, more as it
// goes on, and taking it back mends the site, while leaving it alone does not.
func TestARollbackMendsABadRelease(t *testing.T) {
	site := func() *Launch {
		l := quiet(t, func(sc *Scenario) { sc.Faults = []FaultSpec{{At: "T+1m", Kind: BadRelease, Rate: 0.5}} })
		l.Advance(l.Scenario().T0.Add(12 * time.Minute))
		return l
	}
	alone, mended := site(), site()
	early, later := errorShare(t, alone, 0), errorShare(t, alone, 11*time.Minute)
	if early > 0.01 || later < 0.05 {
		t.Fatalf("%.3f errors before the release, %.3f in it", early, later)
	}
	if _, err := mended.RollbackRefresh("web"); err != nil {
		t.Fatal(err)
	}
	for _, l := range []*Launch{alone, mended} {
		l.Advance(l.Scenario().T0.Add(40 * time.Minute))
	}
	if bad, good := errorShare(t, alone, 38*time.Minute), errorShare(t, mended, 38*time.Minute); bad < 0.2 || good > 0.01 {
		t.Errorf("%.3f errors left alone, %.3f rolled back", bad, good)
	}
}
