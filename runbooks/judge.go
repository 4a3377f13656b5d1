package runbooks

import (
	"fmt"
	"math"
	"strings"
)

// moved is by how much of itself a number must change to have changed.
const moved = 0.1

// judge compares what the watches showed before the call and after the plan had come to its end. One that went where it
// should makes an action that worked, unless another one went the wrong way.
func judge(watches []Watch, before, after []Number) Verdict {
	verdict := NoEffect
	for i, w := range watches {
		if i >= len(before) || i >= len(after) || before[i].None || after[i].None {
			continue
		}
		switch w.went(before[i].Value, after[i].Value) {
		case Worse:
			return Worse
		case Worked:
			verdict = Worked
		}
	}
	return verdict
}

// went tells whether a number went where the watch wants it.
func (w Watch) went(before, after float64) Verdict {
	change := after - before
	if math.Abs(change) <= moved*math.Max(math.Abs(before), math.Abs(after)) || w.slight(before, after) {
		return NoEffect
	}
	switch {
	case w.Want == Rises && change > 0, w.Want == Falls && change < 0:
		return Worked
	case w.Own && w.Want != Stays, change < 0:
		return NoEffect
	}
	return Worse
}

// slight tells whether both numbers are too small for their difference to matter: a ratio below one in a thousand.
func (w Watch) slight(before, after float64) bool {
	return w.Unit == "ratio" && math.Max(math.Abs(before), math.Abs(after)) < 0.001
}

// Evidence is what the watches showed before and after, in words: the numbers behind a verdict. format writes a
// number in its unit.
func (r *Run) Evidence(format func(value float64, unit string) string) string {
	var parts []string
	for i, w := range r.Plan.Watches {
		if i < len(r.Before) && i < len(r.After) {
			parts = append(parts, fmt.Sprintf("%s %s → %s", w.Name, r.Before[i].text(w.Unit, format), r.After[i].text(w.Unit, format)))
		}
	}
	return strings.Join(parts, ", ")
}

func (n Number) text(unit string, format func(float64, string) string) string {
	if n.None {
		return "–"
	}
	return format(n.Value, unit)
}
