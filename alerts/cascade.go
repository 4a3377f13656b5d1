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
				t.enter(a, Pending, step)
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

// begin makes an alert fire. It wakes somebody, unless it is listed under another one or has come as the root of one that
// has woken somebody not long ago.
func (t *turn) begin(a *instance, step time.Time) {
	n := a.next(Firing, t.now, step)
	if a.rule.Severity == Page && a.Under == "" {
		if below := t.below(a); below != nil {
			n.Root, n.Woke = true, below.Woke
		} else {
			n.Page, n.Woke = true, t.now
		}
	}
	t.tell(a, n)
	if n.Root {
		t.adopt(a)
	}
}

// explaining is an alert that would explain another one and is as asked, nil where there is none.
func (t *turn) explaining(a *instance, is func(*instance) bool) *instance {
	for _, cause := range t.judge.causes[a.Rule] {
		r := t.judge.rule(cause)
		if r == nil {
			continue
		}
		for _, b := range r.alerts {
			if b != a && b.Under == "" && t.together(a.Resource, b.Resource) && is(b) {
				return b
			}
		}
	}
	return nil
}

// together tells whether alerts of two resources may have to do with one another: they stand on the same request path.
func (t *turn) together(a, b sources.Ref) bool {
	if t.judge.launch == nil {
		return true
	}
	x, y := t.judge.launch.Site(a), t.judge.launch.Site(b)
	return x == "" || y == "" || x == y
}

// waits tells whether an alert's page waits a little: for what would explain it and is known later than the alert itself, as
// a database is later than the load balancer before it, and for what would explain it and is pending. Each has its time.
func (t *turn) waits(a *instance) bool {
	since, most := &a.held, holdFor
	if t.explaining(a, func(b *instance) bool { return b.To == Pending && b.held.IsZero() }) != nil {
		since, most = &a.hinted, holdFor+time.Minute
	} else if !t.behind(a) {
		return false
	}
	if since.IsZero() {
		*since = t.now
	}
	if a.held.IsZero() {
		a.held = t.now
	}
	return t.now.Sub(*since) < most
}

// behind tells whether a rule that would explain an alert has not been judged yet up to when the alert's condition began to
// show. What is silent is not waited for.
func (t *turn) behind(a *instance) bool {
	began := a.Since.Add(-shows)
	for _, cause := range t.judge.causes[a.Rule] {
		r := t.judge.rule(cause)
		if r == nil || r.Severity != Page {
			continue
		}
		for name, step := range r.steps {
			if step.Before(began) && t.together(a.Resource, sources.Ref{Service: r.service, Name: name}) && !r.blinded(name) {
				return true
			}
		}
	}
	return false
}

// blinded tells whether a rule cannot be judged for a resource.
func (r *judged) blinded(name string) bool {
	return slices.ContainsFunc(r.alerts, func(a *instance) bool { return a.Resource.Name == name && a.To.blind() })
}

// below is an alert that has woken somebody not long ago and that this one explains, nil where there is none.
func (t *turn) below(a *instance) *instance {
	for _, b := range t.judge.alerts {
		if t.explains(a, b) && !b.Woke.IsZero() && t.now.Sub(b.Woke) <= joinWithin {
			return b
		}
	}
	return nil
}

// explains tells whether an alert explains another one that is live and stands by itself.
func (t *turn) explains(a, b *instance) bool {
	return a != b && b.To.Live() && b.Under == "" && slices.Contains(t.judge.causes[b.Rule], a.Rule) && t.together(a.Resource, b.Resource)
}

// adopt lists the open alerts that a root explains under it.
func (t *turn) adopt(root *instance) {
	for _, b := range t.judge.alerts {
		if t.explains(root, b) {
			b.Under = root.Key
			t.enter(b, b.To, b.Step)
		}
	}
}

// goesOn tells whether what an alert has woken somebody for is not over with it: a root about the same resource has joined it,
// and fires. It is recovering until then, since whoever hears that it is resolved goes to bed.
func (t *turn) goesOn(a *instance) bool {
	above := t.judge.alerts.of(a.Under)
	return !a.Woke.IsZero() && above != nil && above.Resource == a.Resource && above.stands() == Firing
}

// settle looks after what the steps have left: pages that have waited for long enough, and alerts that go on although what
// explained them is over.
func (t *turn) settle() {
	for _, a := range t.judge.alerts {
		switch {
		case a.To == Pending && !a.held.IsZero():
			t.fire(a, a.Step)
		case a.To == Firing && a.Under != "":
			t.orphan(a)
		}
	}
}

// orphan makes an alert one by itself when it fires and what explained it does not any more: at once where it has woken
// somebody and its root recovers before it, else a while after the root is over.
func (t *turn) orphan(a *instance) {
	above := t.judge.alerts.of(a.Under)
	switch {
	case above == nil || above.To.over():
		if a.alone.IsZero() {
			a.alone = t.now
		}
		if t.now.Sub(a.alone) < aloneFor {
			return
		}
	case above.To != Recovering || a.Woke.IsZero():
		a.alone = time.Time{}
		return
	}
	a.alone, a.Under = time.Time{}, ""
	if a.Woke.IsZero() {
		t.begin(a, a.Step)
		return
	}
	t.enter(a, Firing, a.Step) // somebody has been woken for it already
}
