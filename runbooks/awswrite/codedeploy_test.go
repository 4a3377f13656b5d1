package awswrite

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/simulator"
)

// withCodeDeploy is the hands on a site whose config names what CodeDeploy deploys by.
func withCodeDeploy(t *testing.T, change func(*simulator.Scenario)) *site {
	s := newSite(t, change)
	s.writer = s.open(Options{Resources: s.deployedTo()})
	return s
}

// deployedTo is a config that names the deployment groups of the fleets.
func (s *site) deployedTo() []sources.Resource {
	resources := s.flagged()
	for i := range resources {
		for _, g := range s.launch.State().Groups {
			if resources[i].Service == "asg" && resources[i].ID == g.ID {
				resources[i].Attrs = map[string]string{sources.DeployedBy: g.Application + "/" + g.DeploymentGroup}
			}
		}
	}
	return resources
}

// deploy has CodeDeploy begin with a revision and come some way.
func (s *site) deploy(revision string) string {
	s.t.Helper()
	id, err := s.launch.StartDeployment("web", simulator.Deployment{Revision: revision, AtOnce: 2})
	if err != nil {
		s.t.Fatal(err)
	}
	s.pass(100 * time.Second)
	s.launch.Advance(s.clock.Now())
	return id
}

// deployment is one of the group's deployments.
func (s *site) deployment(id string) simulator.Deployment {
	s.t.Helper()
	for _, d := range s.group().Deployments {
		if d.ID == id {
			return d
		}
	}
	s.t.Fatalf("no deployment %q", id)
	return simulator.Deployment{}
}

func TestStopCard(t *testing.T) {
	s := withCodeDeploy(t, nil)
	s.refuses(s.rollback(), "nothing to roll back")
	s.refuses(s.want(runbooks.Deploy, "asg", "do", "rollback", "by", "codedeploy"), "brings nothing out to lottery/web now")
	id := s.deploy("release-41.zip")
	p := s.mustPlan(s.rollback())
	card := strings.Join(append(append(p.Limits, p.Takes, p.Undo), p.Warnings...), "\n")
	for what, ok := range map[string]bool{
		"title":    strings.HasSuffix(p.Title, "stop "+id+", roll back release-41.zip → release-40.zip") && strings.Contains(card, " of 10 instances have it"),
		"level":    p.Level == runbooks.Visible && p.Word() == "web",
		"call":     p.Call == "codedeploy:StopDeployment" && strings.Contains(p.Plane, "regional"),
		"token":    p.Token == id,
		"revision": valueOf(p.Before, "revision") == "release-41.zip" && valueOf(p.After, "revision") == "release-40.zip",
		"takes":    strings.Contains(card, "took to get here: 2m0s"),
		"own":      strings.Contains(card, "a deployment of its own"),
		"no undo":  p.Back.Kind == "" && strings.Contains(p.Undo, "not from here"),
		"calm":     len(p.Warnings) == 0,
		"same":     s.mustPlan(s.rollback()).Same(p),
	} {
		if !ok {
			t.Errorf("%s is wrong on the card: %+v", what, p)
		}
	}
}

func TestADeploymentIsStoppedAndTakenBack(t *testing.T) {
	s := withCodeDeploy(t, nil)
	id := s.deploy("release-41.zip")
	p := s.mustPlan(s.rollback())
	if s.found(p) {
		t.Error("found before it was called")
	}
	r, err := s.apply(p)
	if err != nil || r.Request == "" {
		t.Fatal(err)
	}
	if body := string(s.last("StopDeployment").body); !strings.Contains(body, `"autoRollbackEnabled":true`) || !strings.Contains(body, id) {
		t.Errorf("sent %s", body)
	}
	if early := s.progress(p, r); early.Done || early.Failed != "" || !strings.Contains(early.Text, "is being stopped") {
		t.Errorf("soon after: %+v", early)
	}
	s.pass(70 * time.Second)
	if !s.found(p) {
		t.Error("not found once it has stopped")
	}
	if later := s.progress(p, r); later.Done || !strings.Contains(later.Text, "stopped; the rollback d-") {
		t.Errorf("on the way back: %+v", later)
	}
	s.declines(s.rollback(), "is a rollback already, to release-40.zip")
	s.pass(20 * time.Minute)
	if late := s.progress(p, r); !late.Done || !strings.Contains(late.Text, "every instance has release-40.zip") {
		t.Errorf("at the end: %+v", late)
	}
	if s.deployment(id).Status != simulator.DeploymentStopped || s.group().Revision != "release-40.zip" || s.count("StopDeployment") != 1 {
		t.Errorf("%+v, %d stops", s.deployment(id), s.count("StopDeployment"))
	}
}

// TestStopsThatComeTooLate: one that has ended by itself is refused by AWS, and nothing else is stopped in its place.
func TestStopsThatComeTooLate(t *testing.T) {
	s := withCodeDeploy(t, nil)
	id := s.deploy("release-41.zip")
	p := s.mustPlan(s.rollback())
	s.pass(30 * time.Minute)
	_, err := s.apply(p)
	if rejected, ok := errors.AsType[*runbooks.RejectedError](err); !ok || rejected.Request == "" || !strings.Contains(err.Error(), "CodeDeploy StopDeployment: ") {
		t.Errorf("too late: %v", err)
	}
	if s.found(p) || s.deployment(id).Status != simulator.DeploymentSucceeded {
		t.Errorf("found %t, %s", s.found(p), s.deployment(id).Status)
	}
	if got := s.progress(p, runbooks.Receipt{}); !strings.Contains(got.Failed, "has succeeded before it could be stopped") {
		t.Errorf("progress: %+v", got)
	}
}

func TestWhichReleaseIsMeant(t *testing.T) {
	s := withCodeDeploy(t, nil)
	s.bringOut(simulator.Refresh{Version: "8", MinHealthy: 75})
	s.deploy("release-41.zip")
	s.refuses(s.rollback(), "say which one is meant: by refresh or codedeploy")
	s.refuses(s.want(runbooks.Deploy, "asg", "do", "rollback", "by", "magic"), "none of refresh, codedeploy")
	for by, call := range map[string]string{"refresh": "autoscaling:RollbackInstanceRefresh", "codedeploy": stopDeployment} {
		if p := s.mustPlan(s.want(runbooks.Deploy, "asg", "do", "rollback", "by", by)); p.Call != call {
			t.Errorf("by %s: %s", by, p.Call)
		}
	}
	s.replace(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		if operationOf(r, body) != "ListDeployments" {
			return false
		}
		w.Header().Set("X-Amzn-Requestid", "req-1")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"AccessDeniedException","message":"no"}`))
		return true
	})
	if p := s.mustPlan(s.rollback()); p.Call != "autoscaling:RollbackInstanceRefresh" {
		t.Errorf("where CodeDeploy may not be asked: %s", p.Call)
	}
	s.declines(s.want(runbooks.Deploy, "asg", "do", "rollback", "by", "codedeploy"), "allow codedeploy:ListDeployments")
	plain := newSite(t, nil)
	plain.refuses(plain.want(runbooks.Deploy, "asg", "do", "rollback", "by", "codedeploy"), "names no deployment group of fleet web")
}

// TestStopProgressTellsOfAnEnd: what AWS says of a stop that went wrong is told.
func TestStopProgressTellsOfAnEnd(t *testing.T) {
	s := withCodeDeploy(t, nil)
	s.deploy("release-41.zip")
	p, r := s.do(s.rollback())
	began := s.clock.Now().Unix()
	answer := func(info string) {
		s.replace(failing("GetDeployment", http.StatusOK, `{"deploymentInfo":{`+info+`}}`))
	}
	revision := `"revision":{"revisionType":"GitHub","gitHubLocation":{"repository":"shop/web","commitId":"abc"}}`
	for info, want := range map[string]string{
		`"status":"Stopped","completeTime":1,"rollbackInfo":{"rollbackMessage":"no revision"}`: "AWS has begun no rollback: no revision",
		`"status":"Succeeded"`: "has succeeded before it could be stopped",
		`"status":"Failed","rollbackInfo":{"rollbackDeploymentId":"d-X"},"errorInformation":{"code":"HEALTH_CONSTRAINTS","message":"too few"},` + revision: "the rollback d-X is Failed (HEALTH_CONSTRAINTS: too few); deploy shop/web@abc by hand",
	} {
		answer(info)
		if got := s.progress(p, r); got.Done || !strings.Contains(got.Failed, want) {
			t.Errorf("%s: %+v", info, got)
		}
	}
	answer(`"status":"Stopped","completeTime":` + number(float64(began)))
	if got := s.progress(p, r); got.Done || got.Failed != "" || !strings.Contains(got.Text, "the rollback has not begun") {
		t.Errorf("just stopped: %+v", got)
	}
}

// TestNothingToGoBackTo: a stop where nothing has ever succeeded is possible, and says what it does not do.
func TestNothingToGoBackTo(t *testing.T) {
	s := withCodeDeploy(t, nil)
	s.deploy("release-41.zip")
	s.replace(failing("GetDeploymentGroup", http.StatusOK, `{"deploymentGroupInfo":{"applicationName":"lottery","deploymentGroupName":"web"}}`))
	p := s.mustPlan(s.rollback())
	if !strings.Contains(strings.Join(p.Warnings, "\n"), "has ever succeeded") || valueOf(p.After, "revision") != nothingBefore {
		t.Errorf("%+v", p)
	}
	s.replace(failing("GetDeployment", http.StatusOK, `{"deploymentInfo":{"status":"Stopped"}}`))
	if got := s.progress(p, runbooks.Receipt{}); !got.Done {
		t.Errorf("stopped: %+v", got)
	}
}

// TestAStoppedReleaseMendsTheSite shows the whole: a bad revision, its stop by the hands, and the errors' end.
func TestAStoppedReleaseMendsTheSite(t *testing.T) {
	s := withCodeDeploy(t, func(sc *simulator.Scenario) {
		sc.Audience.Surges = nil
		sc.Faults = []simulator.FaultSpec{{At: "T0", Kind: simulator.BadRevision, Rate: 0.6, Factor: 1}}
	})
	for s.launch.Advance(s.clock.Now()); s.group().Revision == "release-40.zip" && (len(s.group().Deployments) < 2 || s.group().Deployments[0].Reached < 4); s.launch.Advance(s.clock.Now()) {
		s.pass(10 * time.Second)
	}
	p, r := s.do(s.rollback())
	s.pass(time.Minute)
	if got := s.errorShare(time.Minute); got < 0.05 {
		t.Fatalf("the bad revision fails %.3f of the answers", got)
	}
	s.untilDone(p, r)
	s.pass(3 * time.Minute)
	if got := s.errorShare(2 * time.Minute); got > 0.005 {
		t.Errorf("taken back, %.3f of the answers fail", got)
	}
}
