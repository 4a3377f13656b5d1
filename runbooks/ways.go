package runbooks

import (
	"context"
	"fmt"
	"slices"
	"time"

	"warroom/sources"
)

// Way is one of the ways in which what a plan does can be done, of which people choose one under stress.
type Way struct {
	Text     string      `json:"text"`     // what it is, what has to work for it, and whether that works now
	Resource sources.Ref `json:"resource"` // that it changes
	Call     string      `json:"call"`     // by which operation, "" where nothing is to be done
}

// ways are the lines that a plan's ways make, best first, each with when it was last rehearsed: the newest run of this
// recording that went that way, to its end.
func (h *Hands) ways(ctx context.Context, p Plan) (lines []string) {
	if len(p.Ways) == 0 {
		return nil
	}
	runs, err := h.Runs(ctx)
	for i, w := range p.Ways {
		line := fmt.Sprintf("%d. %s", i+1, w.Text)
		switch {
		case w.Call == "":
		case err != nil:
			line += "; when it was last rehearsed cannot be read"
		default:
			line += "; " + w.rehearsed(runs, p.Action.Kind, h.opt.Clock.Now())
		}
		lines = append(lines, line)
	}
	return lines
}

// rehearsed says when the way was last gone to its end, and by whom.
func (w Way) rehearsed(runs []Run, kind Kind, now time.Time) string {
	for _, r := range slices.Backward(runs) {
		if (r.State == Done || r.State == Judged) && r.Plan.Action.Kind == kind && r.Plan.Action.Resource == w.Resource && r.Plan.Call == w.Call {
			at := r.At.UTC().Format("2006-01-02 15:04Z")
			if now.UTC().Format(time.DateOnly) == r.At.UTC().Format(time.DateOnly) {
				at = r.At.UTC().Format("15:04Z")
			}
			return fmt.Sprintf("last rehearsed here at %s by %s", at, r.Actor)
		}
	}
	return "never rehearsed here"
}
