package runbooks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"warroom/sources"
)

// Way is one of the ways in which what a plan does can be done, of which people choose one under stress.
type Way struct {
	What      string      `json:"what"`                // in a few words
	State     string      `json:"state,omitempty"`     // whether its API answers now, or why not; "" where there is none to ask
	More      string      `json:"more,omitempty"`      // what has to work for it, and how it is taken
	Resource  sources.Ref `json:"resource"`            // that it changes
	Call      string      `json:"call,omitempty"`      // by which operation, "" where nothing is to be done
	Rehearsed string      `json:"rehearsed,omitempty"` // when it was last gone to its end: filled in by [Hands]
}

// Archive is what was done in another recording.
type Archive struct {
	Recording string // its name, as people know it
	Runs      []Run
}

// String is the way in one line, what matters most first.
func (w Way) String() string {
	parts := slices.DeleteFunc([]string{w.What, w.State, w.Rehearsed, w.More}, func(s string) bool { return s == "" })
	return strings.Join(parts, "; ")
}

// rehearse fills in when each of a plan's ways was last rehearsed: the newest run of this recording that went that way to its
// end, else of another.
func (h *Hands) rehearse(ctx context.Context, p *Plan) {
	if len(p.Ways) == 0 {
		return
	}
	runs, err := h.Runs(ctx)
	var archives []Archive
	if h.opt.Archives != nil {
		archives = h.opt.Archives(ctx)
	}
	for i := range p.Ways {
		switch w := &p.Ways[i]; {
		case w.Call == "":
		case err != nil:
			w.Rehearsed = "when it was last rehearsed cannot be read"
		default:
			w.Rehearsed = w.rehearsed(p, runs, archives, h.opt.Clock.Now())
		}
	}
}

// rehearsed says when the way was last gone to its end, and by whom.
func (w *Way) rehearsed(p *Plan, runs []Run, archives []Archive, now time.Time) string {
	if r, ok := w.gone(p, runs); ok {
		at := r.At.UTC().Format("2006-01-02 15:04Z")
		if now.UTC().Format(time.DateOnly) == r.At.UTC().Format(time.DateOnly) {
			at = r.At.UTC().Format("15:04Z")
		}
		return fmt.Sprintf("rehearsed here at %s by %s", at, r.Actor)
	}
	var last Run
	in := ""
	for _, a := range archives {
		if r, ok := w.gone(p, a.Runs); ok && (in == "" || r.Began.After(last.Began)) {
			last, in = r, a.Recording
		}
	}
	if in != "" {
		return fmt.Sprintf("rehearsed on %s by %s (%s)", last.Began.UTC().Format(time.DateOnly), last.Actor, in)
	}
	return "never rehearsed here"
}

// gone is the newest run that went the way to its end, in the plan's account.
func (w *Way) gone(p *Plan, runs []Run) (Run, bool) {
	for _, r := range slices.Backward(runs) {
		if (r.State == Done || r.State == Judged) && r.Plan.Action.Kind == p.Action.Kind && r.Plan.Action.Resource == w.Resource && r.Plan.Call == w.Call && r.Plan.Account == p.Account {
			return r, true
		}
	}
	return Run{}, false
}
