package alerts

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"warroom/sources"
	"warroom/sources/query"
)

// Bounds of judging.
const (
	catchUp     = time.Hour        // the oldest period that is still judged when data come late
	holdFor     = 2 * time.Minute  // a page waits so long for what would explain it and is not known yet, and a minute more for what is pending: one may be lost
	shows       = 2 * time.Minute  // before a condition over several minutes holds, its cause has shown for about so long
	joinWithin  = 15 * time.Minute // so long after its page an alert can still be explained by a younger one
	judgedSpan  = 10 * time.Minute // of the datapoints that a transition names
	judgedMost  = 6                // series that it names
	aloneFor    = 2 * time.Minute  // so long an alert goes on after what explained it is over, until it is one by itself
	instantMost = 500              // alerts of one rule
	flapWithin  = 30 * time.Minute // what fires again so soon after it was over flaps
	flapMost    = 2                // times that what flaps is kept for twice as long
)

// Judge evaluates rules, and keeps what alerts went through. It belongs to one goroutine.
type Judge struct {
	engine *query.Engine
	launch *sources.Launch
	before *query.Earlier // the launch that rules may compare with, nil for none
	sight  *Sight         // when the room saw, nil for always
	rules  []*judged
	alerts roll
	causes map[string][]string   // by alert: those that explain it
	gone   map[string]Transition // open alerts of rules that there are no more
}

// judged is a rule with how far it has been judged.
type judged struct {
	Rule
	service string               // of the resource that its alerts are about, "" for the whole launch
	steps   map[string]time.Time // by resource: the newest period that was judged
	read    map[string]uint64    // by resource: what was read then, of a rule that looks at a period more than once
	asked   occasion             // the last at which all there was to evaluate was asked for
	alerts  roll
}

// NewJudge makes a judge of rules for a launch, which may be nil.
func NewJudge(rules *Rules, launch *sources.Launch) (*Judge, error) {
	if err := rules.check(); err != nil {
		return nil, err
	}
	engine, _ := rules.engine()
	j := &Judge{engine: engine, launch: launch, causes: rules.explanations(), gone: map[string]Transition{}}
	for i := range rules.Alerts {
		rule := rules.Alerts[i]
		if rule.Off {
			continue
		}
		shape, err := engine.Shape(rule.Expr)
		if err != nil {
			return nil, err
		}
		j.rules = append(j.rules, &judged{
			Rule: rule, service: shape.Service, steps: map[string]time.Time{}, read: map[string]uint64{},
		})
	}
	j.rootsFirst()
	return j, nil
}

// rootsFirst puts rules that explain others before those, so that what is found at the same time is listed under its root.
func (j *Judge) rootsFirst() {
	depth := func(r *judged) int { return len(j.causes[r.Alert]) } // causes are closed: a root has fewer than what it explains
	slices.SortStableFunc(j.rules, func(a, b *judged) int { return cmp.Compare(depth(a), depth(b)) })
}

// Compare gives the rules an earlier launch to compare with: its series are previous:METRIC.
func (j *Judge) Compare(earlier *query.Earlier) { j.before = earlier }

// Watch tells the judge when the room saw: it decides nothing while it did not, and takes no silence of that time for a series'.
func (j *Judge) Watch(s *Sight) { j.sight = s }

// Restore takes up where the recorded transitions end: those of another process, or of an earlier run of this one. Open
// alerts of rules that there are no more are over: the next call of [Judge.Judge] says so.
func (j *Judge) Restore(changes []sources.Change) {
	for i := range changes {
		if t, ok := ReadTransition(changes[i]); ok {
			j.restore(t)
		}
	}
}

func (j *Judge) restore(t Transition) {
	rule := j.rule(t.Rule)
	if rule == nil {
		j.gone[t.Key] = t
		return
	}
	a := rule.alerts.of(t.Key)
	if a == nil {
		a = j.enrol(rule, t)
	}
	a.follow(t)
	if t.Step.After(rule.steps[t.Resource.Name]) {
		rule.steps[t.Resource.Name] = t.Step
	}
}

// rule is the rule of a name that is judged, nil where there is none.
func (j *Judge) rule(name string) *judged {
	if at := slices.IndexFunc(j.rules, func(r *judged) bool { return r.Alert == name }); at >= 0 {
		return j.rules[at]
	}
	return nil
}

// enrol takes in an alert of a rule that has not been seen before.
func (j *Judge) enrol(r *judged, t Transition) *instance {
	a := &instance{rule: r, Transition: Transition{Key: t.Key, Rule: t.Rule, Resource: t.Resource, Labels: t.Labels, To: Inactive}}
	j.alerts.add(a)
	r.alerts.add(a)
	return a
}

// Judge evaluates the rules on a view, at the time of its cursor, for every period that has settled since the last time, and
// tells what changed. The view must be of the launch's own time and not be older than the one before. The error tells that
// ctx has ended; a rule that cannot be evaluated is an alert in the state [Errored].
func (j *Judge) Judge(ctx context.Context, v *sources.View) ([]Transition, error) {
	turn := &turn{judge: j, ctx: ctx, view: v, now: v.Cursor().At}
	if j.sight.Blind(turn.now) {
		return nil, ctx.Err()
	}
	for _, rule := range j.rules {
		turn.ask(rule)
	}
	turn.evaluate()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for i := range turn.asked {
		turn.answer(&turn.asked[i])
	}
	turn.settle()
	turn.retire()
	turn.forgive()
	return turn.out, nil
}

// forgive wakes nobody for what was over before anybody could know of it: its data have come late, in one piece.
func (t *turn) forgive() {
	for i := range t.out {
		if a := t.judge.alerts.of(t.out[i].Key); a != nil && a.To.over() {
			t.out[i].Page = false
		}
	}
}

// retire ends the alerts of rules that there are no more.
func (t *turn) retire() {
	for _, key := range slices.Sorted(maps.Keys(t.judge.gone)) {
		a := instance{Transition: t.judge.gone[key]}
		if a.To.over() {
			continue
		}
		n := a.next(Resolved, t.now, a.Step)
		n.Why, n.Judged, n.Value = "there is no such rule any more", nil, nil
		t.out = append(t.out, n)
	}
	clear(t.judge.gone)
}

// turn is one call of Judge.
type turn struct {
	judge *Judge
	ctx   context.Context
	view  *sources.View
	now   time.Time
	asked []question
	out   []Transition
}
