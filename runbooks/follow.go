package runbooks

import (
	"context"
	"fmt"
	"time"

	"warroom/sources"
)

// follow watches a run to its end, and then its effect.
func (h *Hands) follow(hand Hand, r *Run) {
	h.runs.Go(func() {
		if h.progress(hand, r) {
			h.effect(r)
		}
	})
}

// progress reads how far a run has come until it has ended, and tells whether it has come to its end.
func (h *Hands) progress(hand Hand, r *Run) bool {
	begun, said := h.opt.Clock.Now(), h.opt.Now()
	for {
		p, err := h.ask(hand, r)
		switch {
		case h.ctx.Err() != nil:
			return false
		case err == nil && p.Failed != "":
			h.note(r, Record{State: Failed, Text: p.Failed}, "failed: "+p.Failed)
			return false
		case err == nil && p.Done:
			h.note(r, Record{State: Done, Text: p.Text}, r.Plan.Title+": "+p.Text)
			return true
		case h.opt.Clock.Now().Sub(begun) > progressMost:
			h.note(r, Record{State: Failed, Text: "given up: " + r.Text}, fmt.Sprintf("given up after %s: %s", progressMost, r.Text))
			return false
		}
		text := p.Text
		if err != nil {
			text = "progress cannot be read: " + err.Error()
		}
		if now := h.opt.Now(); text != r.Text || now.Sub(said) > heartbeat {
			h.note(r, Record{State: Called, Text: text}, r.Plan.Title+": "+text)
			said = now
		}
		if h.rest() != nil {
			return false
		}
		h.halt(r)
	}
}

func (h *Hands) ask(hand Hand, r *Run) (Progress, error) {
	ctx, cancel := context.WithTimeout(h.ctx, callTime)
	defer cancel()
	return hand.Progress(ctx, r.Plan, r.Receipt)
}

// rest waits until progress is worth reading again: ten seconds of the launch, and in a hurried one a second of ours.
func (h *Hands) rest() error {
	began := h.opt.Now()
	if err := h.opt.Clock.Sleep(h.ctx, progressTurn); err != nil {
		return err
	}
	timer := time.NewTimer(max(progressRest-h.opt.Now().Sub(began), 0))
	defer timer.Stop()
	select {
	case <-h.ctx.Done():
		return h.ctx.Err()
	case <-timer.C:
		return nil
	}
}

// effect waits until the effect can be seen, and gives the verdict. Before it and for a while after it, what gets worse has
// the run offered to be taken back.
func (h *Hands) effect(r *Run) {
	ended := r.There
	if ended.IsZero() { // it could not be recorded
		ended = h.opt.Clock.Now()
	}
	if !h.watch(r, ended.Add(effectAfter)) {
		return
	}
	after := h.numbers(h.ctx, r.Plan, h.opt.Clock.Now())
	verdict := judge(r.Plan.Watches, r.Before, after)
	h.note(r, Record{State: Judged, Verdict: verdict, Numbers: after}, fmt.Sprintf("%s: %s", r.Plan.Title, verdict))
	h.watch(r, ended.Add(StopFor))
}

// numbers is what the watches of a plan show at a time.
func (h *Hands) numbers(ctx context.Context, p Plan, at time.Time) []Number {
	if h.opt.Look == nil {
		return nil
	}
	out := make([]Number, len(p.Watches))
	for i, w := range p.Watches {
		out[i] = h.opt.Look(ctx, w, at)
	}
	return out
}

// Doubts are the runs whose outcome nobody knows, or that their process has left alone.
func (h *Hands) Doubts(ctx context.Context) ([]Run, error) {
	runs, err := h.Runs(ctx)
	if err != nil {
		return nil, err
	}
	var out []Run
	for _, r := range runs {
		if r.InDoubt(h.opt.Now()) {
			out = append(out, r)
		}
	}
	return out, nil
}

// Settle reads how a run in doubt really stands. Where it has been carried out the run goes on from there; where it has
// not, it has ended, and the same may be planned anew. Nothing is changed. A run that its process is at work on is left to
// it: its call may still be on its way.
func (h *Hands) Settle(ctx context.Context, r Run) (State, error) {
	if !r.InDoubt(h.opt.Now()) {
		return r.State, fmt.Errorf("%s is not in doubt: it is %s, and %s was heard of %s ago", r.Plan.Title, r.State, r.Actor, h.opt.Now().Sub(r.Heard).Round(time.Second))
	}
	hand, err := h.hand(r.Plan.Action)
	if err != nil {
		return r.State, err
	}
	if r.State == Called { // what is not known is how it went on
		h.note(&r, Record{State: Called, Text: r.Text}, r.Plan.Title+": followed by "+h.opt.Operator)
		h.follow(hand, &r)
		return Called, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	receipt, done, err := hand.Find(ctx, r.Plan)
	switch {
	case err != nil:
		return r.State, fmt.Errorf("still in doubt: how it stands cannot be read: %w", err)
	case !done:
		h.note(&r, Record{State: Undone, Text: "it was not carried out"}, "not carried out: "+r.Plan.Title)
		return Undone, nil
	}
	r.Receipt = receipt
	h.note(&r, Record{State: Called, Text: "it was carried out"}, "carried out after all: "+r.Plan.Title)
	h.follow(hand, &r)
	return Called, nil
}

// resumeTurn is how often it is looked for runs that wait for a verdict and that nobody follows any more, on the machine's
// clock.
const resumeTurn = 10 * time.Second

// Resume gives the verdicts that nobody gives any more, until the hands are closed: of runs that came to their end, and whose
// process has left before their effect could be seen. It only reads; who opens a room calls it once, and goes on at once.
// Where the recording cannot be read there is nobody to tell: the screen, which reads it too, says so.
func (h *Hands) Resume() {
	h.runs.Go(func() {
		taken := map[string]bool{}
		for {
			h.adopt(taken)
			if (sources.RunningClock{}).Sleep(h.ctx, resumeTurn) != nil {
				return
			}
		}
	})
}

// adopt follows the effect of runs that were left, each once.
func (h *Hands) adopt(taken map[string]bool) {
	runs, _ := h.Runs(h.ctx)
	for i := range runs {
		r := &runs[i]
		if r.State != Done || taken[r.Plan.ID] || !r.Left && h.opt.Now().Sub(r.Heard) <= effectAfter+silence {
			continue
		}
		taken[r.Plan.ID] = true
		h.runs.Go(func() { h.effect(r) })
	}
}
