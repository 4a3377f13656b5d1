package alerts

import (
	"slices"
	"strings"
	"time"
)

// instance is one alert as the judge keeps it: its newest transition, and what follows from all of them.
type instance struct {
	Transition
	rule   *judged
	before State     // with no data and error: what it was
	back   time.Time // with recovering: the first step at which it did not hold
	held   time.Time // since when its page waits for what may explain it
	hinted time.Time // since when that is pending
	alone  time.Time // since when what explained it is over
	over   time.Time // the step at which it was resolved last
	again  int       // how often it has fired again soon after that
}

// next is the alert's transition to a state. It says of the alert what was said before.
func (a *instance) next(to State, now, step time.Time) Transition {
	n := a.Transition
	n.From, n.To, n.At, n.Step, n.Why, n.Page, n.Root = a.To, to, now, step, "", false, false
	if to.over() {
		n.Woke = time.Time{}
	}
	return n
}

// follow goes on with an alert by a transition, whether it was decided now or is read from the recording.
func (a *instance) follow(n Transition) {
	switch n.To {
	case NoData, Errored:
		if !a.To.blind() {
			a.before = a.To
		}
	case Recovering:
		if a.stands() != Recovering {
			a.back = n.Step
		}
	case Firing:
		a.fires(n.From, n.Step)
		a.held, a.hinted = time.Time{}, time.Time{}
	case Resolved:
		a.over = n.Step
	}
	if n.To.over() {
		a.held, a.hinted, a.alone = time.Time{}, time.Time{}, time.Time{}
	}
	a.Transition = n
}

// fires takes in that the alert begins to fire. One that comes back soon after it was over flaps: it will be kept for longer.
func (a *instance) fires(from State, step time.Time) {
	switch {
	case from.Live() || from.blind():
	case a.over.IsZero() || step.Sub(a.over) > flapWithin:
		a.again = 0
	default:
		a.again = min(a.again+1, flapMost)
	}
}

// keep is how long the alert goes on after its condition has ceased to hold: as long as the rule says, and twice as long for
// each time that it has come back soon, so that a cause that comes and goes is one alert.
func (a *instance) keep() time.Duration { return a.rule.KeepFiringFor << a.again }

// stands is the alert's state, or where nothing is judged what it was before that.
func (a *instance) stands() State {
	if a.To.blind() {
		return a.before
	}
	return a.To
}

// label is the value of a label as the rule's texts may name it.
func (a *instance) label(name string) string {
	if name == "resource" {
		return a.Resource.Name
	}
	return a.Labels[name]
}

// roll is alerts in the order of their keys.
type roll []*instance

// of is the alert with a key, nil where there is none.
func (r roll) of(key string) *instance {
	if i, found := r.place(key); found {
		return r[i]
	}
	return nil
}

func (r *roll) add(a *instance) {
	i, _ := r.place(a.Key)
	*r = slices.Insert(*r, i, a)
}

func (r roll) place(key string) (int, bool) {
	return slices.BinarySearchFunc(r, key, func(a *instance, key string) int { return strings.Compare(a.Key, key) })
}
