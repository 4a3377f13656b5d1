package runbooks_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"warroom/runbooks"
	"warroom/sources/simulator"
)

func TestASafeRoomSendsNothing(t *testing.T) {
	h := newHouse(t)
	p := h.process("ada")
	plan := p.mustPlan(h.limit(500))
	for what, safe := range map[string]func(){
		"disarmed":         p.guard.Disarm,
		"armed long ago":   func() { p.guard.Arm(h.machine.Now().Add(-runbooks.ArmedFor)) },
		"armed to the end": func() { p.guard.Arm(h.machine.Now().Add(-runbooks.ArmedFor - time.Second)) },
	} {
		safe()
		if err := p.confirm(plan); !errors.Is(err, runbooks.ErrSafe) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if all, _ := h.sent(); all != 0 || h.aws.Stats().Writes != 0 {
		t.Errorf("a safe room sent %d changes", all)
	}
	p.guard.Arm(h.machine.Now())
	if err := p.confirm(plan); err != nil || h.rate().Limit != 500 {
		t.Errorf("armed: %v, limit %d", err, h.rate().Limit)
	}
}

func TestOnlyTheWordInFullConfirmsThisPlanNow(t *testing.T) {
	h := newHouse(t)
	p := h.process("ada")
	plan, other := p.mustPlan(h.purge()), p.mustPlan(h.purge())
	word, now := plan.Word(), h.machine.Now()
	changed := plan
	changed.Cost = "nothing"
	for what, c := range map[string]runbooks.Confirmation{
		"nothing":               plan.Confirm("", now),
		"y":                     plan.Confirm("y", now),
		"a prefix":              plan.Confirm(word[:len(word)-1], now),
		"more":                  plan.Confirm(word+"x", now),
		"another case":          plan.Confirm(strings.ToUpper(word), now),
		"a blank":               plan.Confirm(word+" ", now),
		"a line":                plan.Confirm(word+"\n", now),
		"for another plan":      other.Confirm(word, now),
		"for another card":      changed.Confirm(word, now),
		"for no plan":           {Typed: word, At: now},
		"for the same, by hand": {Hash: "", Typed: word, At: now},
	} {
		if err := p.Carry(t.Context(), plan, c); err == nil {
			t.Fatalf("%s confirmed", what)
		}
	}
	h.machine.Advance(runbooks.ConfirmWithin + time.Second)
	p.guard.Arm(h.machine.Now())
	if err := p.confirm(plan); err == nil || !strings.Contains(err.Error(), "older than") {
		t.Errorf("a minute later: %v", err)
	}
	if all, _ := h.sent(); all != 0 || len(word) < 3 {
		t.Errorf("%d changes were sent; the word is %q", all, word)
	}
}

func TestVoidWhenTheValueChanged(t *testing.T) {
	h := newHouse(t)
	p := h.process("ada")
	plan := p.mustPlan(h.want(runbooks.Capacity, "asg", "desired", "+1"))
	g := h.launch.State().Groups[0]
	most := g.Max + 7
	if err := h.launch.SetSize(g.Name, simulator.Size{Max: &most}); err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(time.Second)
	err := p.confirm(plan)
	var void *runbooks.VoidError
	if !errors.As(err, &void) || !strings.Contains(err.Error(), fmt.Sprintf("max was %d when the plan was shown and is %d now", g.Max, most)) {
		t.Errorf("%v", err)
	}
	firewall := p.mustPlan(h.limit(500))
	if _, err := h.launch.SetRules(h.launch.State().WebACLs[0].Name, "", simulator.RuleEdit{Rule: h.rate().Name, Window: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if err := p.confirm(firewall); !errors.As(err, &void) { // what was changed is not in the plan; the lock token tells
		t.Errorf("%v", err)
	}
	if all, _ := h.sent(); all != 0 {
		t.Errorf("%d changes were sent", all)
	}
}

// TestNoCallWithoutItsIntent proves that the intent stands in the recording when the call is made, as another process reads
// it, and that there is no call where it cannot stand there.
func TestNoCallWithoutItsIntent(t *testing.T) {
	h := newHouse(t)
	broken := h.process("ada", failsAt(runbooks.Intended))
	plan := broken.mustPlan(h.limit(500))
	if err := broken.confirm(plan); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("%v", err)
	}
	if all, _ := h.sent(); all != 0 {
		t.Errorf("%d changes were sent without an intent", all)
	}
	other, seen := h.process("leo"), runbooks.Run{}
	p := h.process("eve", func(o *runbooks.Options) {
		around(func() {
			if runs, err := other.Runs(t.Context()); err == nil && len(runs) == 1 {
				seen = runs[0]
			}
		}, nil)(o)
	})
	plan = p.do(h.limit(500))
	if seen.Plan.ID != plan.ID || seen.State != runbooks.Intended || seen.Actor != "eve" {
		t.Errorf("before the call another process reads %+v", seen)
	}
}

func TestBoundsAreRefusedBeforeAnyCall(t *testing.T) {
	h := newHouse(t)
	p := h.process("ada")
	g, c := h.launch.State().Groups[0], h.launch.State().Clusters[0]
	for _, a := range []runbooks.Action{
		h.want(runbooks.Capacity, "asg", "desired", fmt.Sprint(g.Max+1)),
		h.want(runbooks.Capacity, "asg", "min", fmt.Sprint(g.Max+1)),
		h.want(runbooks.Capacity, "asg", "max", fmt.Sprint(g.Desired-1)),
		h.want(runbooks.Capacity, "asg", "desired", "0"),
		h.want(runbooks.Capacity, "asg", "desired", "-100 %"),
		h.want(runbooks.Capacity, "asg", "min", "0"),
		h.want(runbooks.Capacity, "asg", "max", "0"),
		h.want(runbooks.Capacity, "aurora", "min", fmt.Sprint(c.MaxACU+1)),
		h.want(runbooks.Capacity, "aurora", "max", fmt.Sprint(c.MinACU-0.5)),
		h.want(runbooks.Capacity, "aurora", "min", "0"),
		h.want(runbooks.Capacity, "aurora", "max", "0"),
		h.want(runbooks.Maintenance, "cloudfront", "to", "nowhere"),
		h.want(runbooks.Invalidate, "cloudfront", "paths", "no/slash"),
		h.limit(9),
		{Kind: "reboot", Resource: h.purge().Resource},
	} {
		if plan, err := p.Plan(t.Context(), a); err == nil {
			t.Errorf("%s was planned: %s", a, plan.Title)
		}
	}
	if all, _ := h.sent(); all != 0 || h.aws.Stats().Writes != 0 {
		t.Errorf("%d changes were sent", all)
	}
}

func TestVerdicts(t *testing.T) {
	for want, values := range map[runbooks.Verdict][2][]float64{ // blocked by the rule, 5xx: before and after
		runbooks.Worked:   {{100, 0.04}, {900, 0.01}},
		runbooks.NoEffect: {{100, 0.04}, {104, 0.04}},
		runbooks.Worse:    {{100, 0.04}, {900, 0.09}},
	} {
		h := newHouse(t)
		p := h.process("ada")
		plan := p.mustPlan(h.limit(h.rate().Limit / 2))
		h.show(plan, values[0]...)
		if err := p.confirm(plan); err != nil {
			t.Fatal(err)
		}
		p.until(plan.ID, runbooks.Done)
		h.show(plan, values[1]...)
		r := p.until(plan.ID, runbooks.Judged)
		if r.Verdict != want || len(r.Before) != 2 || r.Before[0].Value != values[0][0] || r.After[1].Value != values[1][1] {
			t.Errorf("verdict %s on %v → %v, want %s", r.Verdict, r.Before, r.After, want)
		}
	}
}

// TestAPlannedSwitchIsJudgedByWhoReachesTheSite: where nothing failed before, the maintenance page has its effect all the same
// once nobody reaches the site any more; and the way back has, once visitors do.
func TestAPlannedSwitchIsJudgedByWhoReachesTheSite(t *testing.T) {
	for want, after := range map[runbooks.Verdict][]float64{runbooks.Worked: {0, 0}, runbooks.NoEffect: {0, 110}, runbooks.Worse: {0.2, 0}} {
		h := newHouse(t)
		p := h.process("ada")
		plan := p.mustPlan(h.want(runbooks.Maintenance, "cloudfront", "to", "maintenance"))
		h.show(plan, 0, 115)
		if err := p.confirm(plan); err != nil {
			t.Fatal(err)
		}
		p.until(plan.ID, runbooks.Done)
		h.show(plan, after...)
		r := p.until(plan.ID, runbooks.Judged)
		format := func(v float64, _ string) string { return fmt.Sprint(v) }
		if evidence := r.Evidence(format); r.Verdict != want || !strings.Contains(evidence, fmt.Sprintf("requests of load balancer web 115 → %g", after[1])) {
			t.Errorf("verdict %s on %s, want %s", r.Verdict, evidence, want)
		}
		if want != runbooks.Worked {
			continue
		}
		undo, err := p.Undo(t.Context(), r)
		if err == nil {
			err = p.confirm(undo)
		}
		if err != nil {
			t.Fatal(err)
		}
		p.until(undo.ID, runbooks.Done)
		h.show(undo, 0, 115)
		if r := p.until(undo.ID, runbooks.Judged); r.Verdict != runbooks.Worked {
			t.Errorf("taken back: verdict %s on %s", r.Verdict, r.Evidence(format))
		}
	}
}

func TestUndoRestores(t *testing.T) {
	h := newHouse(t)
	p := h.process("ada")
	was := h.rate().Limit
	first := p.do(h.limit(was * 2))
	p.until(first.ID, runbooks.Done)
	run, ok := lastOf(t, p)
	if !ok || run.Plan.ID != first.ID {
		t.Fatalf("the last run is %+v", run)
	}
	undo, err := p.Undo(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.confirm(undo); err != nil { // at once: taking back waits for nothing
		t.Fatal(err)
	}
	if h.rate().Limit != was || undo.Action.Undoes != first.ID {
		t.Errorf("the limit is %d, was %d", h.rate().Limit, was)
	}
	if again, ok := lastOf(t, p); ok {
		t.Errorf("there is %s to take back although it was", again.Plan.Title)
	}
	purge := p.do(h.purge())
	if _, err := p.Undo(t.Context(), p.run(purge.ID)); err == nil {
		t.Error("an invalidation can be taken back")
	}
}

func lastOf(t *testing.T, p *process) (runbooks.Run, bool) {
	t.Helper()
	runs, err := p.Runs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return runbooks.Last(runs)
}

// TestWhatIsUnderWayCanBeTakenBack proves that a resource that is held is held for all of the kind but its own undo.
func TestWhatIsUnderWayCanBeTakenBack(t *testing.T) {
	h := newHouse(t)
	p, leo := h.process("ada"), h.process("leo")
	on := p.do(h.want(runbooks.Maintenance, "cloudfront", "to", "maintenance"))
	h.machine.Advance(30 * time.Second)
	var held *runbooks.HeldError
	other := h.want(runbooks.Maintenance, "cloudfront", "to", "live")
	if err := leo.confirm(leo.mustPlan(other)); !errors.As(err, &held) || held.Run.Actor != "ada" {
		t.Errorf("beside a run under way: %v", err)
	}
	other.Undoes = on.ID
	forged := leo.mustPlan(other)
	if err := leo.confirm(forged); !errors.As(err, &held) {
		t.Errorf("with something else that says to take it back: %v", err)
	}
	undo, err := leo.Undo(t.Context(), p.run(on.ID))
	if err != nil {
		t.Fatal(err)
	}
	if err := leo.confirm(undo); err != nil {
		t.Fatal(err)
	}
	if r := p.run(on.ID); r.State != runbooks.Failed || !strings.Contains(r.Text, "taken back") {
		t.Errorf("what was taken back is %s: %s", r.State, r.Text)
	}
	if origin := h.launch.State().Distributions[0].Origin; origin != simulator.OriginLive {
		t.Errorf("visitors go to %s", origin)
	}
	leo.until(undo.ID, runbooks.Done)
}

// TestKindsDoNotWaitForEachOther proves that what sets different things goes on side by side: a fleet is raised while its
// release is rolled back, which takes half an hour, and visitors are sent to the maintenance page while caches are emptied.
func TestKindsDoNotWaitForEachOther(t *testing.T) {
	h := newHouse(t)
	ada, leo := h.process("ada"), h.process("leo")
	if _, err := h.launch.StartRefresh("web", simulator.Refresh{Version: "8", MinHealthy: 75}); err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(8 * time.Minute)
	back := ada.do(h.want(runbooks.Deploy, "asg", "do", "rollback"))
	purge := ada.do(h.purge())
	h.machine.Advance(30 * time.Second)
	was := h.launch.State().Groups[0].Desired
	raise := leo.do(h.want(runbooks.Capacity, "asg", "desired", "+3"))
	leo.do(h.want(runbooks.Maintenance, "cloudfront", "to", "maintenance"))
	if r := ada.run(back.ID); !r.Holds() {
		t.Fatalf("the rollback is %s: %s", r.State, r.Text)
	}
	if p := ada.run(purge.ID); !p.Holds() {
		t.Fatalf("the invalidation is %s: %s", p.State, p.Text)
	}
	if g := h.launch.State().Groups[0]; g.Desired != was+3 || g.Refreshes[0].Status != simulator.RollingBack {
		t.Errorf("desired %d after %d, the refresh is %s", g.Desired, was, g.Refreshes[0].Status)
	}
	if !strings.Contains(strings.Join(raise.Warnings, "\n"), "RollbackInProgress") {
		t.Errorf("raised beside a rollback, warned of %q", raise.Warnings)
	}
	h.machine.Advance(30 * time.Second)
	var held *runbooks.HeldError
	if err := leo.confirm(leo.mustPlan(h.want(runbooks.Capacity, "asg", "max", "+3"))); !errors.As(err, &held) {
		t.Errorf("twice of a kind: %v", err)
	}
	leo.until(raise.ID, runbooks.Judged)
	ada.until(back.ID, runbooks.Judged)
}

func TestCooldownCountsOnlyWhatWasChanged(t *testing.T) {
	h := newHouse(t)
	p := h.process("ada")
	h.replace(func(w http.ResponseWriter, _ string) bool {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"WAFOptimisticLockException","message":"no"}`))
		return true
	})
	plan := p.mustPlan(h.limit(500))
	var rejected *runbooks.RejectedError
	if err := p.confirm(plan); !errors.As(err, &rejected) || p.run(plan.ID).State != runbooks.Failed {
		t.Fatalf("%v, %s", err, p.run(plan.ID).State)
	}
	h.replace(nil)
	plan = p.do(h.limit(500)) // nothing was changed, so nothing has to settle
	p.until(plan.ID, runbooks.Judged)
	h.machine.Advance(time.Hour)
	p.do(h.limit(600))
	if err := p.confirm(p.mustPlan(h.limit(700))); err == nil || !strings.Contains(err.Error(), "wait until") && !strings.Contains(err.Error(), "held") {
		t.Errorf("twice in a second: %v", err)
	}
}
