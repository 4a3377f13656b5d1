package runbooks

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"warroom/sources"
)

// StopFor is for how long after a run has come to its end it is watched whether something gets worse, on the launch clock.
// For as long an offer to take it back stands.
const StopFor = 10 * time.Minute

// Stop is why a run is offered to be taken back: since its call something has got worse.
type Stop struct {
	Why string    // in words, with the numbers where there are some
	At  time.Time // when that was seen, launch clock
}

// stopMoved is by how much of itself a number must have changed for the worse for a run to be offered to be taken back
// before its verdict. It is more than a verdict needs: it is looked for every few seconds, and some wiggle would be found.
const stopMoved = 0.3

// stopSlight is the ratio below which nothing is offered before the verdict: of a quiet site's few requests two that fail are
// one in a thousand, and the next minute has none. Tiles and alerts of the house begin to warn here.
const stopSlight = 0.003

// worse tells which watch has got worse since a time, none where none has. Numbers come late: those of minutes before it say
// nothing of what was done at it.
func worse(watches []Watch, before, now []Number, since time.Time) (at int, found bool) {
	for i, w := range watches {
		if i >= len(before) || i >= len(now) || before[i].None || now[i].None || !now[i].since(since) {
			continue
		}
		a, b := before[i].Value, now[i].Value
		if w.Unit == "ratio" && max(a, b) < stopSlight {
			continue
		}
		if w.went(a, b) == Worse && math.Abs(b-a) > stopMoved*math.Max(math.Abs(a), math.Abs(b)) {
			return i, true
		}
	}
	return 0, false
}

// halt looks at the watches of a run under way, and offers to take it back where one has got worse. Once is enough.
func (h *Hands) halt(r *Run) {
	if r.Stop.Why != "" || r.Plan.Back.Kind == "" {
		return
	}
	now := h.numbers(h.ctx, r.Plan, h.opt.Clock.Now())
	i, found := worse(r.Plan.Watches, r.Before, now, r.At)
	if !found || h.ctx.Err() != nil {
		return
	}
	w := r.Plan.Watches[i]
	h.stopped(r, w.Name+" "+r.Before[i].text(w.Unit, plainly)+" → "+now[i].text(w.Unit, plainly), now)
}

// stopped records that a run is offered to be taken back, once for all who watch it. One that was taken back is not.
func (h *Hands) stopped(r *Run, why string, numbers []Number) {
	runs, err := h.Runs(h.ctx)
	if err == nil && takenBack(runs)[r.Plan.ID] {
		return
	}
	h.note(r, Record{State: Worsened, Text: why, Numbers: numbers}, fmt.Sprintf("worse since %s: %s; undo takes it back", r.Plan.Title, why))
}

// plainly writes a number of a watch as the record has it.
func plainly(v float64, unit string) string {
	switch sources.Unit(unit) {
	case sources.Ratio:
		return fmt.Sprintf("%.3g %%", 100*v)
	case sources.Seconds:
		return fmt.Sprintf("%.3g s", v)
	}
	return fmt.Sprintf("%.4g", v)
}

// watch looks at a run's watches until a time of the launch clock: every few seconds of the launch, and in a hurried one no
// more often than progress. It tells whether that time has come before the hands were closed.
func (h *Hands) watch(r *Run, until time.Time) bool {
	looked := h.opt.Now()
	for {
		left := until.Sub(h.opt.Clock.Now())
		if left <= 0 {
			return true
		}
		if h.opt.Clock.Sleep(h.ctx, min(left, progressTurn)) != nil {
			return false
		}
		if now := h.opt.Now(); now.Sub(looked) >= progressRest {
			h.halt(r)
			looked = now
		}
	}
}

// Maintained is a switch of visitors to the maintenance page.
var Maintained = Rule{Maintenance, "on"}

// Alarm says that something was found to be wrong at a time of the launch clock, such as an alert that has begun to fire:
// what was done by anybody within [StopFor] before is offered to be taken back, but for a switch to the maintenance page: that
// nobody registers and nothing is cached is what it is for, and only its own watches speak against it. What raises capacity
// counts from when it is there: until then trouble is what it was raised for. It returns how many runs that are. Whoever knows of alerts calls it, once for each that begins; why names the alert. After an error, which says
// that the recording could not be read or written, it may be called again: nothing is offered twice.
func (h *Hands) Alarm(ctx context.Context, why string, at time.Time) (int, error) {
	runs, err := h.Runs(ctx)
	if err != nil {
		return 0, err
	}
	gone, n := takenBack(runs), 0
	for i := range runs {
		r := &runs[i]
		if r.Stop.Why == "" && r.changed() && r.Plan.Back.Kind != "" && !gone[r.Plan.ID] && r.suspect(at) {
			h.stopped(r, why, nil)
			if r.Stop.Why == "" {
				return n, fmt.Errorf("not recorded: %s is to be taken back", r.Plan.Title)
			}
			n++
		}
	}
	return n, nil
}

// suspect tells whether a run may be behind trouble that began at a time of the launch clock.
func (r *Run) suspect(at time.Time) bool {
	begun := r.At
	switch {
	case Maintained.Wants(r.Plan):
		return false
	case r.Plan.Action.Kind == Capacity && !r.Plan.lowers():
		begun = r.There
	}
	since := at.Sub(begun)
	return !begun.IsZero() && since >= 0 && since <= StopFor
}

// Offered is the newest run that is offered to be taken back at a time of the launch clock: something got worse after it,
// or its verdict says so, and nobody has taken it back yet.
func Offered(runs []Run, now time.Time) (Run, bool) {
	gone := takenBack(runs)
	for _, r := range slices.Backward(runs) {
		age := now.Sub(r.Stop.At)
		if r.Stop.Why != "" && !gone[r.Plan.ID] && r.Plan.Back.Kind != "" && r.changed() && age >= 0 && age <= StopFor {
			return r, true
		}
	}
	return Run{}, false
}

// takenBack are the runs that another run takes back, by their plans.
func takenBack(runs []Run) map[string]bool {
	gone := map[string]bool{}
	for _, r := range runs {
		if r.Plan.Action.Undoes != "" && r.State != Failed && r.State != Undone {
			gone[r.Plan.Action.Undoes] = true
		}
	}
	return gone
}
