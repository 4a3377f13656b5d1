package alerts

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"warroom/sources"
	"warroom/sources/query"
)

// answer goes on with the alerts of a rule by what it came to at a step.
func (t *turn) answer(q *question) {
	if q.err != nil {
		for _, name := range q.names {
			t.unjudged(q.rule, name, q.err)
		}
		return
	}
	held := map[*instance]bool{}
	for _, result := range q.results {
		name := ""
		if q.rule.service != "" {
			name = result.Labels["resource"]
		}
		if !slices.Contains(q.names, name) {
			continue
		}
		a := t.judge.instance(q.rule, name, result.Labels)
		held[a] = true
		value := result.Value
		a.Value = &value
		t.holds(a, q.step)
	}
	for _, a := range q.rule.alerts {
		if !held[a] && slices.Contains(q.names, a.Resource.Name) && !t.silent(a, q.step) {
			t.fails(a, q.step)
		}
	}
}

// silent tells whether nothing can be said of an alert whose condition does not hold: a value is missing or undefined. What is
// neither pending nor live has nothing to lose.
func (t *turn) silent(a *instance, step time.Time) bool {
	return !a.To.over() && t.judge.engine.Silent(t.view, a.rule.Expr, a.Resource.Name, step, t.options(a.rule))
}

// instance is the alert of a rule that a result is about.
func (j *Judge) instance(r *judged, name string, labels map[string]string) *instance {
	own := maps.Clone(r.Labels)
	if own == nil {
		own = map[string]string{}
	}
	for label, value := range labels {
		if label != "resource" {
			own[label] = value
		}
	}
	var resource sources.Ref
	if r.service != "" {
		resource = sources.Ref{Service: r.service, Name: name}
	}
	key := Key(r.Alert, resource, own)
	if a := r.alerts.of(key); a != nil {
		return a
	}
	return j.enrol(r, Transition{Key: key, Rule: r.Alert, Resource: resource, Labels: own})
}

// unjudged is a rule that cannot be judged for a resource. It reports whether its alerts tell so: not of what was never there or
// has not begun.
func (t *turn) unjudged(r *judged, name string, err error) (told bool) {
	if _, none := errors.AsType[*query.NotFoundError](err); none {
		return false
	}
	state, why := Errored, err.Error()
	if dead, silent := errors.AsType[*query.NoDataError](err); silent {
		if dead.Age == 0 {
			return false // nothing has settled yet: it has not begun
		}
		if t.wasUnseen(dead.Series) {
			return false
		}
		state = NoData
		why = fmt.Sprintf("%v is silent since %s", dead.Series, t.now.Add(-dead.Age).UTC().Format("15:04 MST"))
	}
	if !slices.ContainsFunc(r.alerts, func(a *instance) bool { return a.Resource.Name == name }) {
		t.judge.instance(r, name, nil)
	}
	for _, a := range r.alerts {
		if a.Resource.Name == name && a.To != state {
			a.Value = nil
			n := a.next(state, t.now, r.steps[name])
			n.Why = why
			t.tell(a, n)
		}
	}
	return true
}

// wasUnseen tells whether a silent series has had no time to say anything since the room sees again: what AWS keeps is asked for
// once more, but how something stands, such as a maximum, can be asked for only now, and has to settle.
func (t *turn) wasUnseen(s sources.Series) bool {
	awake, slept := t.judge.sight.Awake()
	m, known := sources.Lookup(s.Metric)
	_, normal, _ := t.view.Age(s)
	return slept && known && t.now.Sub(awake) <= normal+3*m.Period
}

// holds goes on with an alert whose condition holds at a step.
func (t *turn) holds(a *instance, step time.Time) {
	switch a.stands() {
	case Firing, Recovering:
		if a.To == Firing {
			a.Step = step
			return
		}
		t.enter(a, Firing, step)
	case Pending:
		if a.To.blind() {
			t.enter(a, Pending, step)
		}
		if step.Sub(a.Since) >= a.rule.For {
			t.fire(a, step)
		}
	default:
		a.To = Inactive // whatever could not be judged before was none
		a.Since, a.held, a.hinted, a.Under = step, time.Time{}, time.Time{}, ""
		if a.rule.For > 0 {
			t.enter(a, Pending, step)
			return
		}
		t.fire(a, step)
	}
}

// fails goes on with an alert whose condition does not hold at a step.
func (t *turn) fails(a *instance, step time.Time) {
	a.Value = nil
	switch a.stands() {
	case Pending:
		t.enter(a, Inactive, step)
	case Firing:
		if a.keep() > 0 || t.goesOn(a) {
			t.enter(a, Recovering, step)
			return
		}
		t.enter(a, Resolved, step)
	case Recovering:
		if step.Sub(a.back) >= a.keep() && !t.goesOn(a) {
			t.enter(a, Resolved, step)
		} else if a.To != Recovering {
			t.enter(a, Recovering, step)
		}
	default:
		if a.To.blind() {
			t.enter(a, Inactive, step)
		}
	}
}

// enter takes an alert into a state, and says so.
func (t *turn) enter(a *instance, to State, step time.Time) { t.tell(a, a.next(to, t.now, step)) }

// tell goes on with an alert by a transition that was decided, and adds it to what is told: with what the rule says now, as
// its words may have changed.
func (t *turn) tell(a *instance, n Transition) {
	r := a.rule
	n.Severity, n.Runbook, n.Words = r.Severity, r.Runbook, r.Description
	if n.Words == "" {
		n.Words = sentence(r.Expr)
	}
	if n.Value != nil {
		n.Summary = sources.Clean(r.Summary.fill(n.Value, a.label))
	}
	if n.Summary == "" { // nothing has held yet, so there is no value to speak of
		n.Summary = r.Alert
	}
	n.Judged = nil
	if n.To == Firing && n.From != Firing {
		n.Judged = t.read(r, &n)
	}
	a.follow(n)
	t.out = append(t.out, n)
}

// read lists what a rule read for a transition.
func (t *turn) read(r *judged, n *Transition) []Judged {
	lines := t.judge.engine.Read(t.view, r.Expr, n.Resource.Name, n.Step, judgedSpan)
	var out []Judged
	for _, l := range lines[:min(len(lines), judgedMost)] {
		out = append(out, Judged{l.Series, l.Points})
	}
	return out
}
