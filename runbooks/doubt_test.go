package runbooks_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"warroom/runbooks"
	"warroom/sources"
)

// killer is a journal whose process is killed at a step: right before it is written, or right after.
type killer struct {
	runbooks.Journal
	state runbooks.State
	after bool
}

func (k killer) AppendChange(ctx context.Context, c sources.Change) (sources.Change, error) {
	if stateOf(c) != k.state {
		return k.Journal.AppendChange(ctx, c)
	}
	if k.after {
		_, _ = k.Journal.AppendChange(ctx, c) // where it fails the test sees no record
	}
	dies()
	return c, nil
}

// writes has a process killed at a step.
func writes(s runbooks.State, after bool) options {
	return func(o *runbooks.Options) { o.Journal = killer{o.Journal, s, after} }
}

// deaf is a hand that never hears the answer to its call.
type deaf struct{ runbooks.Hand }

func (d deaf) Apply(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, error) {
	_, _ = d.Hand.Apply(ctx, p)
	return runbooks.Receipt{}, errors.New("connection reset by peer")
}

// TestKilledAtEachStep kills the process that invalidates everything, and lets another one find the truth: there is one
// invalidation in the end, however the first one died.
func TestKilledAtEachStep(t *testing.T) {
	for what, c := range map[string]struct {
		kill options
		made int // invalidations when it died
	}{
		"before the intent is written": {writes(runbooks.Intended, false), 0},
		"once the intent is written":   {writes(runbooks.Intended, true), 0},
		"before the call":              {around(dies, nil), 0},
		"once the call was made":       {around(nil, dies), 1},
		"before the answer is written": {writes(runbooks.Called, false), 1},
		"once the answer is written":   {writes(runbooks.Called, true), 1},
		"while it is under way":        {func(*runbooks.Options) {}, 1},
	} {
		t.Run(what, func(t *testing.T) { killed(t, c.kill, c.made) })
	}
}

func killed(t *testing.T, kill options, made int) {
	h := newHouse(t)
	ada, leo := h.process("ada", kill), h.process("leo")
	plan := ada.mustPlan(h.purge())
	perform(func() { _ = ada.confirm(plan) })
	ada.Close()
	if h.invalidations() != made {
		t.Fatalf("%d invalidations when it died, want %d", h.invalidations(), made)
	}
	left := leo.run(plan.ID)
	if left.State != "" {
		if left.State == runbooks.Intended || left.State == runbooks.Called {
			if _, err := leo.Settle(t.Context(), left); err == nil {
				t.Error("settled while its process may still be at work")
			}
			if err := leo.confirm(leo.mustPlan(h.purge())); err == nil {
				t.Error("the resource was not held")
			}
		}
		h.machine.Advance(time.Minute)
		doubts, err := leo.Doubts(t.Context())
		if err != nil || len(doubts) != 1 || doubts[0].Plan.ID != plan.ID {
			t.Fatalf("in doubt are %+v, %v", doubts, err)
		}
		state, err := leo.Settle(t.Context(), doubts[0])
		if want := map[int]runbooks.State{0: runbooks.Undone, 1: runbooks.Called}[made]; state != want || err != nil {
			t.Fatalf("settled as %s (%v), want %s", state, err, want)
		}
	}
	if made == 0 {
		h.machine.Advance(time.Minute)
		plan = leo.do(h.purge())
	}
	leo.until(plan.ID, runbooks.Done)
	if all, _ := h.sent(); h.invalidations() != 1 || all != 1 {
		t.Errorf("%d invalidations by %d calls", h.invalidations(), all)
	}
}

// TestAVerdictIsGivenByWhoIsLeft has the process leave between a run's end and its verdict: the next one gives it, once
// the first can be taken for gone, and only then.
func TestAVerdictIsGivenByWhoIsLeft(t *testing.T) {
	h := newHouse(t)
	ada, leo := h.process("ada"), h.process("leo")
	plan := ada.do(h.purge())
	ada.until(plan.ID, runbooks.Done)
	ada.Close()
	leo.Resume()
	time.Sleep(100 * time.Millisecond) // it has found whatever it may
	h.clock.Advance(10 * time.Minute)
	time.Sleep(100 * time.Millisecond)
	if r := leo.run(plan.ID); r.State != runbooks.Done {
		t.Fatalf("a run that its process may still watch is %s", r.State)
	}
	h.machine.Advance(10 * time.Minute)
	leo.Resume()
	leo.until(plan.ID, runbooks.Judged)
}

// TestWhatADeadProcessLeavesIsNotWaitedFor: where it is known that a process has ended, what it was at is in doubt at once, and
// whoever goes on with it does so as any other.
func TestWhatADeadProcessLeavesIsNotWaitedFor(t *testing.T) {
	h := newHouse(t)
	dead := func(o *runbooks.Options) { o.Gone = func(process string) bool { return process == "ada" } }
	ada, leo := h.process("ada"), h.process("leo", dead)
	plan := ada.do(h.purge())
	ada.Close()
	doubts, err := leo.Doubts(t.Context())
	if err != nil || len(doubts) != 1 || doubts[0].State != runbooks.Called {
		t.Fatalf("in doubt are %+v, %v", doubts, err)
	}
	if _, err := leo.Settle(t.Context(), doubts[0]); err != nil {
		t.Fatal(err)
	}
	if doubts, err = leo.Doubts(t.Context()); err != nil || len(doubts) > 0 {
		t.Errorf("leo goes on with it, and in doubt are %+v, %v", doubts, err)
	}
	leo.until(plan.ID, runbooks.Done)
}

// TestAVerdictIsGivenForADeadProcess: at the time at which it would have been given, counted from the run's end.
func TestAVerdictIsGivenForADeadProcess(t *testing.T) {
	h := newHouse(t)
	dead := func(o *runbooks.Options) { o.Gone = func(process string) bool { return process == "ada" } }
	ada, leo := h.process("ada"), h.process("leo", dead)
	plan := ada.do(h.purge())
	ada.until(plan.ID, runbooks.Done)
	ada.Close()
	h.clock.Advance(10 * time.Minute)
	leo.Resume()
	leo.until(plan.ID, runbooks.Judged)
}

// TestALostAnswerIsSettled proves that what nobody heard of is in doubt at once, held, and never tried again by itself.
func TestALostAnswerIsSettled(t *testing.T) {
	for _, carried := range []bool{true, false} {
		h := newHouse(t)
		p := h.process("ada")
		was := h.rate().Limit
		if carried {
			p = h.process("ada", func(o *runbooks.Options) {
				for i, hand := range o.Hands {
					o.Hands[i] = deaf{hand}
				}
			})
		} else {
			h.replace(func(w http.ResponseWriter, _ string) bool {
				w.WriteHeader(http.StatusBadGateway)
				return true
			})
		}
		plan := p.mustPlan(h.limit(was * 2))
		var doubt *runbooks.DoubtError
		if err := p.confirm(plan); !errors.As(err, &doubt) || !strings.Contains(err.Error(), "not tried again") {
			t.Fatalf("%v", err)
		}
		h.machine.Advance(time.Hour)
		var held *runbooks.HeldError
		if err := p.confirm(p.mustPlan(h.limit(500))); !errors.As(err, &held) {
			t.Errorf("what is in doubt is not held: %v", err)
		}
		state, err := p.Settle(t.Context(), p.run(plan.ID))
		want, limit := runbooks.Undone, was
		if carried {
			want, limit = runbooks.Called, was*2
		}
		if all, _ := h.sent(); state != want || err != nil || all != 1 || h.rate().Limit != limit {
			t.Errorf("settled as %s (%v) after %d calls, the limit is %d", state, err, all, h.rate().Limit)
		}
	}
}

// TestAnAnswerThatCannotBeWrittenIsNotLost proves that the receipt goes into the record with the first step that can be
// written.
func TestAnAnswerThatCannotBeWrittenIsNotLost(t *testing.T) {
	h := newHouse(t)
	var full atomic.Bool
	full.Store(true)
	p := h.process("ada", func(o *runbooks.Options) {
		o.Journal = journal{o.Journal, func(c sources.Change) error {
			if stateOf(c) == runbooks.Called && full.Load() {
				return errors.New("no space left on device")
			}
			return nil
		}}
	})
	plan := p.do(h.purge())
	if r := p.run(plan.ID); r.State != runbooks.Intended {
		t.Fatalf("the run is %s", r.State)
	}
	full.Store(false)
	if r := p.until(plan.ID, runbooks.Done); r.Receipt.Made == "" || r.Receipt.Request == "" {
		t.Errorf("receipt %+v", r.Receipt)
	}
}
