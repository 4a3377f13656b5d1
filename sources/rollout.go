package sources

import (
	"encoding/json"
	"slices"
	"time"
)

// A deployment is two changes of the kind [ChangeDeploy]: one where it begins, and where whoever tells of it will tell its
// end too, one where it ends. The body says which is which.
type rollout struct {
	Runs bool   `json:"runs,omitempty"` // its end will be told
	Ends string `json:"ends,omitempty"` // the ID of the change that it ends
}

// Begins makes a change the beginning of a deployment whose end will be told.
func Begins(c Change) Change { return c.with(rollout{Runs: true}) }

// Ends makes a change the end of the deployment that began with the given ID.
func Ends(c Change, id string) Change { return c.with(rollout{Ends: id}) }

func (c Change) with(r rollout) Change {
	if body, err := json.Marshal(r); err == nil { // it is a flag and a text: that cannot fail
		c.Body = body
	}
	return c
}

// EndOf is the ID of the deployment that a change ends, "" where it ends none.
func EndOf(c Change) string {
	if c.Kind != ChangeDeploy {
		return ""
	}
	return rolloutOf(c).Ends
}

// RolloutMost is how long a deployment is taken to run whose end was to be told and was not: whoever would have told it may
// have left.
const RolloutMost = 6 * time.Hour

// Span is a stretch of time, [From, Until).
type Span struct{ From, Until time.Time }

// Holds tells whether a time lies in the span.
func (s Span) Holds(at time.Time) bool { return !at.Before(s.From) && at.Before(s.Until) }

// Rollouts are the stretches in which the deployments ran that the changes tell of. One that nobody ends lasts for the given
// time. One whose end was promised lasts until it, or until the next one of the same resource by the same hand: they follow
// each other.
func Rollouts(changes []Change, otherwise time.Duration) []Span {
	type hand struct {
		resource Ref
		actor    string
	}
	type key struct {
		resource Ref
		id       string
	}
	ends := map[key]time.Time{}
	var begun []Change
	for _, c := range changes {
		r := rolloutOf(c)
		switch {
		case c.Kind != ChangeDeploy:
		case r.Ends != "":
			ends[key{c.Resource, r.Ends}] = c.At
		default:
			begun = append(begun, c)
		}
	}
	slices.SortStableFunc(begun, func(a, b Change) int { return a.At.Compare(b.At) })
	next := map[hand]time.Time{}
	var out []Span
	for _, c := range slices.Backward(begun) {
		by := hand{c.Resource, c.Actor}
		until := c.At.Add(otherwise)
		if rolloutOf(c).Runs {
			until = c.At.Add(RolloutMost)
			if at, ok := next[by]; ok && at.Before(until) {
				until = at
			}
		}
		if at, ok := ends[key{c.Resource, c.ID}]; ok && c.ID != "" {
			until = at
		}
		next[by] = c.At
		out = append(out, Span{c.At, until})
	}
	slices.Reverse(out)
	return out
}

// rolloutOf reads what a change says of a deployment; of one that says nothing, nothing.
func rolloutOf(c Change) (r rollout) {
	if len(c.Body) > 0 && json.Unmarshal(c.Body, &r) != nil {
		return rollout{}
	}
	return r
}
