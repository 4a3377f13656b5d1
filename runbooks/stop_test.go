package runbooks_test

import (
	"strings"
	"testing"
	"time"

	"warroom/runbooks"
)

// passes lets launch time pass in turns of ten seconds, until something holds or the time is over. Whoever follows has half a
// second of the machine for a turn.
func (p *process) passes(most time.Duration, until func() bool) (passed time.Duration, ok bool) {
	p.house.t.Helper()
	for ; passed < most; passed += 10 * time.Second {
		for range 50 {
			if until() {
				return passed, true
			}
			time.Sleep(10 * time.Millisecond)
		}
		p.house.clock.Advance(10 * time.Second)
		p.house.machine.Advance(2 * time.Second)
	}
	return passed, until()
}

// TestWhatGetsWorseIsOfferedToBeTakenBack: before the verdict and after it, within a poll, seen by every process, until it
// was taken back.
func TestWhatGetsWorseIsOfferedToBeTakenBack(t *testing.T) {
	for name, after := range map[string]runbooks.State{"before the verdict": runbooks.Done, "after it": runbooks.Judged} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			p, leo := h.process("ada"), h.process("leo")
			plan := p.mustPlan(h.limit(h.rate().Limit / 2))
			h.show(plan, 100, 0.01)
			if err := p.confirm(plan); err != nil {
				t.Fatal(err)
			}
			p.until(plan.ID, after)
			h.show(plan, 100, 0.0115) // some wiggle
			if _, offered := p.passes(20*time.Second, p.offers); offered {
				t.Fatalf("it is offered to be taken back for a wiggle: %+v", p.run(plan.ID).Stop)
			}
			h.show(plan, 100, 0.09)
			if passed, ok := p.passes(time.Minute, leo.offers); !ok || passed > 20*time.Second {
				t.Fatalf("offered: %v, after %s", ok, passed)
			}
			if why := leo.run(plan.ID).Stop.Why; !strings.Contains(why, "1 % → 9 %") {
				t.Errorf("it is offered because %q", why)
			}
			undo, err := leo.Undo(t.Context(), leo.run(plan.ID))
			if err != nil {
				t.Fatal(err)
			}
			leo.guard.Arm(h.machine.Now())
			if err := leo.confirm(undo); err != nil || leo.offers() {
				t.Errorf("taken back: %v, and it is offered still: %v", err, leo.offers())
			}
		})
	}
}

// TestFewErrorsOfAQuietSiteAreNoOffer: from none to one in a thousand is what calm looks like; more than a tile warns of is one.
func TestFewErrorsOfAQuietSiteAreNoOffer(t *testing.T) {
	h := newHouse(t)
	p := h.process("ada")
	plan := p.mustPlan(h.limit(h.rate().Limit / 2))
	h.show(plan, 100, 0)
	if err := p.confirm(plan); err != nil {
		t.Fatal(err)
	}
	p.until(plan.ID, runbooks.Done)
	h.show(plan, 100, 0.0015)
	if _, offered := p.passes(20*time.Second, p.offers); offered {
		t.Fatalf("it is offered to be taken back for noise: %+v", p.run(plan.ID).Stop)
	}
	h.show(plan, 100, 0.004)
	if _, offered := p.passes(time.Minute, p.offers); !offered {
		t.Error("from no errors to four in a thousand is no offer")
	}
}

// offers tells whether something is offered to be taken back.
func (p *process) offers() bool {
	p.house.t.Helper()
	runs, err := p.Runs(p.house.t.Context())
	if err != nil {
		p.house.t.Fatal(err)
	}
	_, ok := runbooks.Offered(runs, p.house.clock.Now())
	return ok
}

// TestAVerdictOfWorseIsAnOffer, and one that is not is none; the offer does not stand for ever.
func TestAVerdictOfWorseIsAnOffer(t *testing.T) {
	for value, want := range map[float64]bool{0.012: true, 0.008: false} { // too little to be offered before the verdict
		h := newHouse(t)
		p := h.process("ada")
		plan := p.mustPlan(h.limit(h.rate().Limit / 2))
		h.show(plan, 100, 0.01)
		if err := p.confirm(plan); err != nil {
			t.Fatal(err)
		}
		h.show(plan, 100, value)
		p.until(plan.ID, runbooks.Done)
		if p.offers() {
			t.Error("offered before the verdict")
		}
		p.until(plan.ID, runbooks.Judged)
		if p.offers() != want {
			t.Errorf("0.01 → %v: offered %v, want %v", value, !want, want)
		}
		h.clock.Advance(runbooks.StopFor + time.Minute)
		if p.offers() {
			t.Error("offered for ever")
		}
	}
}

// TestAnAlarmOffersWhatWasDoneShortlyBefore is what whoever knows of alerts can rely on.
func TestAnAlarmOffersWhatWasDoneShortlyBefore(t *testing.T) {
	h := newHouse(t)
	p, leo := h.process("ada"), h.process("leo")
	if n, err := leo.Alarm(t.Context(), "OriginErrors fires", h.clock.Now()); n != 0 || err != nil {
		t.Errorf("before anything was done: %d, %v", n, err)
	}
	plan := p.do(h.limit(h.rate().Limit / 2))
	p.until(plan.ID, runbooks.Judged)
	called := p.run(plan.ID).At
	for _, at := range []time.Time{called.Add(-time.Second), called.Add(runbooks.StopFor + time.Second)} {
		if n, err := leo.Alarm(t.Context(), "OriginErrors fires", at); n != 0 || err != nil {
			t.Errorf("at %s: %d, %v", at.Sub(called), n, err)
		}
	}
	if n, err := h.process("leo", failsAt(runbooks.Worsened)).Alarm(t.Context(), "OriginErrors fires", called.Add(6*time.Minute)); n != 0 || err == nil {
		t.Errorf("what cannot be recorded: %d, %v", n, err)
	}
	for want := 1; want >= 0; want-- { // once
		if n, err := leo.Alarm(t.Context(), "OriginErrors fires", called.Add(6*time.Minute)); n != want || err != nil {
			t.Errorf("%d, %v, want %d", n, err, want)
		}
	}
	if r := p.run(plan.ID); r.Stop.Why != "OriginErrors fires" || !p.offers() || r.State != runbooks.Judged {
		t.Errorf("%+v", r)
	}
}

// TestAnAlarmSpeaksAgainstNoMaintenancePage: that numbers fall is what it is for; the way back is asked for as any other change.
func TestAnAlarmSpeaksAgainstNoMaintenancePage(t *testing.T) {
	h := newHouse(t)
	p := h.process("ada")
	for _, to := range []string{"maintenance", "live"} {
		want := 0
		if to == "live" {
			want = 1
		}
		plan := p.do(h.want(runbooks.Maintenance, "cloudfront", "to", to))
		p.until(plan.ID, runbooks.Judged)
		if n, err := p.Alarm(t.Context(), "RegistrationDrop fires", p.run(plan.ID).At.Add(time.Minute)); n != want || err != nil {
			t.Errorf("to %s: offered %d, %v, want %d", to, n, err, want)
		}
	}
}

// TestMinutesBeforeTheCallSayNothingOfIt: numbers come late, and those of minutes that began before it are not its doing.
func TestMinutesBeforeTheCallSayNothingOfIt(t *testing.T) {
	h := newHouse(t)
	p := h.process("ada")
	h.of = h.clock.Now().Add(-2 * time.Minute)
	plan := p.mustPlan(h.limit(h.rate().Limit / 2))
	h.show(plan, 100, 0.01)
	if err := p.confirm(plan); err != nil {
		t.Fatal(err)
	}
	p.until(plan.ID, runbooks.Done)
	late := func(to time.Time) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.of = to
	}
	late(p.run(plan.ID).At.Add(30 * time.Second))
	h.show(plan, 100, 0.09)
	if _, offered := p.passes(20*time.Second, p.offers); offered {
		t.Fatalf("it is blamed for what was before it: %+v", p.run(plan.ID).Stop)
	}
	late(p.run(plan.ID).At.Add(time.Minute))
	if _, offered := p.passes(time.Minute, p.offers); !offered {
		t.Error("it is not blamed for the minute after it")
	}
}

// TestKindsHaveTheirOwnCooldown: visitors are sent to the maintenance page just after caches were emptied, and caches are
// emptied just after that.
func TestKindsHaveTheirOwnCooldown(t *testing.T) {
	h := newHouse(t)
	p := h.process("ada")
	first := p.do(h.purge())
	p.do(h.want(runbooks.Maintenance, "cloudfront", "to", "maintenance"))
	p.until(first.ID, runbooks.Done)
	if err := p.confirm(p.mustPlan(h.purge())); err == nil || !strings.Contains(err.Error(), "was changed") {
		t.Errorf("the same was done again at once: %v", err)
	}
}
