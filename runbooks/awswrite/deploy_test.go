package awswrite

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"warroom/runbooks"
	"warroom/sources/simulator"
)

// bringOut starts an instance refresh and lets it come some way.
func (s *site) bringOut(r simulator.Refresh) {
	s.t.Helper()
	if _, err := s.launch.StartRefresh(s.group().Name, r); err != nil {
		s.t.Fatal(err)
	}
	s.pass(8 * time.Minute)
	s.launch.Advance(s.clock.Now())
}

func (s *site) rollback() runbooks.Action { return s.want(runbooks.Deploy, "asg", "do", "rollback") }

func TestDeployCard(t *testing.T) {
	s := newSite(t, nil)
	s.bringOut(simulator.Refresh{Version: "8", MinHealthy: 75})
	refresh := s.group().Refreshes[0]
	p := s.mustPlan(s.rollback())
	card := strings.Join(append(append(p.Limits, p.Takes, p.Undo), p.Warnings...), "\n")
	for what, ok := range map[string]bool{
		"title":   strings.Contains(p.Title, "version 8 → ") && strings.Contains(p.Title, "version 7, ") && strings.HasSuffix(p.Title, "% is replaced"),
		"level":   p.Level == runbooks.Visible && p.Word() == s.group().Name,
		"token":   p.Token == refresh.ID,
		"plane":   strings.Contains(p.Plane, "regional"),
		"percent": refresh.Percent > 0 && strings.Contains(p.Title, " "+number(float64(refresh.Percent))+" %"),
		"takes":   strings.Contains(card, "as it has run, 8m0s"),
		"healthy": strings.Contains(card, "at least 75 % of the fleet stay in service"),
		"ssm":     strings.Contains(card, "Systems Manager"),
		"no undo": p.Back.Kind == "" && strings.Contains(p.Undo, "not from here"),
		"calm":    len(p.Warnings) == 0,
		"same":    s.mustPlan(s.rollback()).Same(p),
	} {
		if !ok {
			t.Errorf("%s is wrong on the card: %+v", what, p)
		}
	}
	if err := s.launch.Suspend(s.group().Name, "Launch"); err != nil {
		t.Fatal(err)
	}
	if got := s.warned(s.rollback()); !strings.Contains(got, "Launch is suspended") {
		t.Errorf("warned of %q", got)
	}
}

// TestDeployIsRefusedWhereAWSWouldRefuse proves that the refusal comes with the plan, and that AWS' own, of what cannot be
// seen from here, changes nothing.
func TestDeployIsRefusedWhereAWSWouldRefuse(t *testing.T) {
	for words, r := range map[string]*simulator.Refresh{
		"nothing to roll back":            nil,
		"without a desired configuration": {},
		"version that floats":             {Version: "$Latest"},
	} {
		s := newSite(t, nil)
		if r != nil {
			s.bringOut(*r)
		}
		s.refuses(s.rollback(), words)
	}
	s := newSite(t, nil)
	s.refuses(s.want(runbooks.Deploy, "asg", "do", "stop"), "none of rollback")
	s.bringOut(simulator.Refresh{Version: "8", FromSSM: true})
	_, err := s.apply(s.mustPlan(s.rollback()))
	rejected, ok := errors.AsType[*runbooks.RejectedError](err)
	if !ok || rejected.Request == "" || s.group().Refreshes[0].Status != simulator.RefreshRunning || s.count("RollbackInstanceRefresh") != 1 {
		t.Errorf("an image from Systems Manager: %v", err)
	}
}

func TestDeployIsRolledBackToTheEnd(t *testing.T) {
	s := newSite(t, nil)
	s.bringOut(simulator.Refresh{Version: "8", MinHealthy: 75})
	p := s.mustPlan(s.rollback())
	if s.found(p) {
		t.Error("found before it was called")
	}
	r, err := s.apply(p)
	if err != nil || !s.found(p) {
		t.Fatal("not found after the call", err)
	}
	if early := s.progress(p, r); early.Done || early.Failed != "" || !strings.Contains(early.Text, "still have") {
		t.Errorf("soon after: %+v", early)
	}
	s.declines(s.rollback(), "rolled back already")
	s.pass(40 * time.Minute)
	if late := s.progress(p, r); !late.Done || !strings.Contains(late.Text, "version 7") {
		t.Errorf("at the end: %+v", late)
	}
	s.declines(s.rollback(), "the newest is RollbackSuccessful")
}

// declines proves that an action is refused when it is planned, after others were written.
func (s *site) declines(a runbooks.Action, words string) {
	s.t.Helper()
	if p, err := s.plan(a); err == nil || !strings.Contains(err.Error(), words) {
		s.t.Errorf("%s: %q, %v; want a word of %q", a, p.Title, err, words)
	}
}

// TestDeployOfAnotherRefreshIsVoid: AWS rolls back whatever runs, so the plan's own must be looked for.
func TestDeployOfAnotherRefreshIsVoid(t *testing.T) {
	s := newSite(t, nil)
	s.bringOut(simulator.Refresh{Version: "8"})
	p := s.mustPlan(s.rollback())
	p.Token = "the one from before"
	if _, err := s.apply(p); err == nil || !strings.Contains(err.Error(), "another instance refresh") || s.count("RollbackInstanceRefresh") != 0 {
		t.Errorf("apply: %v", err)
	}
}

func TestDeployProgressTellsOfAnEnd(t *testing.T) {
	s := newSite(t, nil)
	s.bringOut(simulator.Refresh{Version: "8"})
	p, r := s.do(s.rollback())
	for status, want := range map[string]string{
		"RollbackFailed": "RollbackFailed: no capacity", "Cancelled": "Cancelled", "Successful": "Successful",
	} {
		reason := ""
		if status == "RollbackFailed" {
			reason = "<StatusReason>no capacity</StatusReason>"
		}
		s.replace(failing("DescribeInstanceRefreshes", http.StatusOK, `<DescribeInstanceRefreshesResponse><DescribeInstanceRefreshesResult><InstanceRefreshes><member><InstanceRefreshId>x</InstanceRefreshId><Status>`+status+`</Status>`+reason+`</member></InstanceRefreshes></DescribeInstanceRefreshesResult></DescribeInstanceRefreshesResponse>`))
		if got := s.progress(p, r); got.Done || !strings.HasSuffix(got.Failed, want) {
			t.Errorf("%s: %+v", status, got)
		}
	}
}

// errorShare is the share of the balancer's answers that were errors in the minute so long ago.
func (s *site) errorShare(back time.Duration) float64 {
	s.t.Helper()
	s.launch.Advance(s.clock.Now())
	m, ok := s.launch.Minute(s.clock.Now().Add(-back).Truncate(time.Minute))
	if !ok {
		s.t.Fatal("no minute")
	}
	return float64(m.Balancers[0].Target5xx) / float64(max(m.Balancers[0].Requests, 1))
}

// untilDone lets time pass until the action is at its end, an hour at the most.
func (s *site) untilDone(p runbooks.Plan, r runbooks.Receipt) {
	s.t.Helper()
	for began := s.clock.Now(); !s.progress(p, r).Done; s.pass(time.Minute) {
		if s.clock.Now().Sub(began) > time.Hour {
			s.t.Fatalf("not at its end: %+v", s.progress(p, r))
		}
	}
}

// TestARolledBackReleaseMendsTheSite shows the whole: a bad release, its rollback by the hands, and the errors' end.
func TestARolledBackReleaseMendsTheSite(t *testing.T) {
	s := newSite(t, func(sc *simulator.Scenario) {
		sc.Audience.Surges = nil
		sc.Faults = []simulator.FaultSpec{{At: "T0", Kind: simulator.BadRelease, Rate: 0.6, Factor: 1}}
	})
	s.pass(14 * time.Minute)
	if got := s.errorShare(2 * time.Minute); got < 0.1 {
		t.Fatalf("the bad release fails %.3f of the answers", got)
	}
	p, r := s.do(s.rollback())
	s.untilDone(p, r)
	s.pass(3 * time.Minute)
	if got := s.errorShare(2 * time.Minute); got > 0.005 {
		t.Errorf("rolled back, %.3f of the answers fail", got)
	}
}
