package alerts

import (
	"slices"
	"time"

	"warroom/sources"
)

// fire takes an alert to firing. One that would wake somebody is listed under an open alert that explains it instead, and
// waits a little for one that is pending.
func (t *turn) fire(a *instance, step time.Time) {
	if a.rule.Severity == Page {
		above := t.explaining(a, func(b *instance) bool { return b.To.Live() })
		if above == nil && t.waits(a) {
			if a.To != Pending {
				t.enter(a, Pending, step, "")
			}
			return
		}
		a.Under = ""
		if above != nil {
			a.Under = above.Key
		}
	}
	t.begin(a, step)
}

// begin makes an alert fire.
func (t *turn) begin(a *instance, step time.Time) {
	a.fires(a.To, step)
	a.From, a.To, a.At, a.Step, a.Why = a.To, Firing, t.now, step, ""
	below := t.below(a)
	a.Root = a.rule.Severity == Page && a.Under == "" && below != nil
	a.Page = a.rule.Severity == Page && a.Under == "" && below == nil
	if a.Page {
		a.paged = t.now
	}
	if a.Root {
		a.paged = below.paged
	}
	a.held, a.hinted = time.Time{}, time.Time{}
	t.tell(a)
	if a.Root {
		t.adopt(a)
	}
}

// explaining is an alert that would explain another one and is as asked, nil where there is none.
func (t *turn) explaining(a *instance, is func(*instance) bool) *instance {
	for _, cause := range t.judge.causes[a.Rule] {
		for _, b := range sorted(t.judge.alerts) {
			if b != a && b.Rule == cause && b.Under == "" && t.together(a, b) && is(b) {
				return b
			}
		}
	}
	return nil
}

// together tells whether two alerts may have to do with one another: they stand on the same request path.
func (t *turn) together(a, b *instance) bool {
	if t.judge.launch == nil {
		return true
	}
	x, y := t.judge.launch.Site(a.Resource), t.judge.launch.Site(b.Resource)
	return x == "" || y == "" || x == y
}

// waits tells whether an alert's page waits a little: for what would explain it and is known later than the alert itself, as
// a database is later than the load balancer before it, and for what would explain it and is pending. Each has its time.
func (t *turn) waits(a *instance) bool {
	since := &a.held
	if t.explaining(a, func(b *instance) bool { return b.To == Pending && b.held.IsZero() }) != nil {
		since = &a.hinted
	} else if !t.behind(a) {
		return false
	}
	if since.IsZero() {
		*since = t.now
	}
	if a.held.IsZero() {
		a.held = t.now
	}
	return t.now.Sub(*since) < holdFor
}

// behind tells whether a rule that would explain an alert has not been judged yet up to when the alert's condition began to
// show. What is silent is not waited for.
func (t *turn) behind(a *instance) bool {
	began := a.Since.Add(-shows)
	for _, r := range t.judge.rules {
		if r.Severity != Page || !slices.Contains(t.judge.causes[a.Rule], r.Alert) {
			continue
		}
		for name, step := range r.steps {
			root := instance{Transition: Transition{Resource: sources.Ref{Service: r.service, Name: name}}}
			if step.Before(began) && t.together(a, &root) && !t.blinded(r, name) {
				return true
			}
		}
	}
	return false
}

// blinded tells whether a rule cannot be judged for a resource.
func (t *turn) blinded(r *judged, name string) bool {
	for _, b := range r.alerts {
		if b.Resource.Name == name && (b.To == NoData || b.To == Errored) {
			return true
		}
	}
	return false
}

// below is an alert that has woken somebody not long ago and that this one explains, nil where there is none.
func (t *turn) below(a *instance) *instance {
	for _, b := range sorted(t.judge.alerts) {
		if t.explains(a, b) && !b.paged.IsZero() && t.now.Sub(b.paged) <= joinWithin {
			return b
		}
	}
	return nil
}

func (t *turn) explains(a, b *instance) bool {
	if a == b || !b.To.Live() || b.Under != "" || !t.together(a, b) {
		return false
	}
	for _, cause := range t.judge.causes[b.Rule] {
		if cause == a.Rule {
			return true
		}
	}
	return false
}

// adopt lists the open alerts that a root explains under it.
func (t *turn) adopt(root *instance) {
	for _, b := range sorted(t.judge.alerts) {
		if t.explains(root, b) {
			b.Under = root.Key
			b.From, b.At, b.Page, b.Root = b.To, t.now, false, false
			t.tell(b)
		}
	}
}

// settle looks after what the steps have left: pages that have waited for long enough, and alerts that go on although what
// explained them is over.
func (t *turn) settle() {
	for _, a := range sorted(t.judge.alerts) {
		switch {
		case a.To == Pending && !a.held.IsZero():
			t.fire(a, a.Step)
		case a.To == Firing && a.Under != "":
			t.orphan(a)
		}
	}
}

// orphan makes an alert one by itself, and wakes somebody unless it has before, when it still fires a while after what explained it is over.
func (t *turn) orphan(a *instance) {
	above := t.judge.alerts[a.Under]
	if above != nil && above.To == Recovering && !a.paged.IsZero() {
		t.alone(a) // it has woken somebody, and is worse by now than what it was listed under
		return
	}
	if above != nil && above.To != Resolved && above.To != Inactive {
		a.alone = time.Time{}
		return
	}
	if a.alone.IsZero() {
		a.alone = t.now
	}
	if t.now.Sub(a.alone) < aloneFor {
		return
	}
	t.alone(a)
}

// alone makes an alert one by itself, and wakes somebody unless it has before.
func (t *turn) alone(a *instance) {
	a.alone, a.Under = time.Time{}, ""
	if a.paged.IsZero() {
		t.begin(a, a.Step)
		return
	}
	a.From, a.At, a.Page, a.Root = a.To, t.now, false, false // somebody has been woken for it already
	t.tell(a)
}
