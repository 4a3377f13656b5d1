package alerts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"warroom/sources"
	"warroom/sources/query"
)

// Bounds of judging.
const (
	catchUp     = time.Hour        // the oldest period that is still judged when data come late
	holdFor     = 2 * time.Minute  // a page waits so long for what would explain it and is pending, or is not known yet
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
	rules  []*judged
	alerts map[string]*instance
	causes map[string][]string   // by alert: those that explain it
	gone   map[string]Transition // open alerts of rules that there are no more
}

// judged is a rule with how far it has been judged.
type judged struct {
	Rule
	service string // of the resource that its alerts are about, "" for the whole launch
	labels  []string
	steps   map[string]time.Time // by resource: the newest period that was judged
	read    map[string]uint64    // by resource: what was read then, of a rule that looks at a period more than once
	alerts  map[string]*instance
}

// instance is one alert as the judge keeps it.
type instance struct {
	Transition
	rule    *judged
	before  State     // with no data and error: what it was
	back    time.Time // with recovering: the first step at which it did not hold
	paged   time.Time // when it woke somebody, in this occurrence
	held    time.Time // since when its page waits for what may explain it
	hinted  time.Time // since when that is pending
	alone   time.Time // since when what explained it is over
	over    time.Time // the step at which it was resolved last
	again   int       // how often it has fired again soon after that
	touched bool      // its condition held at the step at hand
}

// NewJudge makes a judge of rules for a launch, which may be nil.
func NewJudge(rules *Rules, launch *sources.Launch) (*Judge, error) {
	if err := rules.check(); err != nil {
		return nil, err
	}
	engine, _ := rules.engine()
	j := &Judge{engine: engine, launch: launch, alerts: map[string]*instance{}, causes: rules.explanations(), gone: map[string]Transition{}}
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
			Rule: rule, service: shape.Service, labels: shape.Labels,
			steps: map[string]time.Time{}, read: map[string]uint64{}, alerts: map[string]*instance{},
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
	at := slices.IndexFunc(j.rules, func(r *judged) bool { return r.Alert == t.Rule })
	if at < 0 {
		j.gone[t.Key] = t
		return
	}
	rule := j.rules[at]
	a := j.alerts[t.Key]
	if a == nil {
		a = &instance{rule: rule}
		j.alerts[t.Key], rule.alerts[t.Key] = a, a
	}
	a.follow(t)
	if t.Step.After(rule.steps[t.Resource.Name]) {
		rule.steps[t.Resource.Name] = t.Step
	}
}

// follow goes on with an alert by a transition.
func (a *instance) follow(t Transition) {
	switch t.To {
	case NoData, Errored:
		if a.To != NoData && a.To != Errored {
			a.before = a.To
		}
	case Recovering:
		a.back = t.Step
	case Firing:
		a.fires(t.From, t.Step)
	case Resolved:
		a.paged, a.over = time.Time{}, t.Step
	case Inactive:
		a.paged = time.Time{}
	}
	if t.Page || t.Root { // a root has taken the place of what had woken somebody not long before
		a.paged = t.At
	}
	a.Transition = t
}

// fires takes in that the alert begins to fire. One that comes back soon after it was over flaps: it will be kept for longer.
func (a *instance) fires(from State, step time.Time) {
	switch {
	case from.Live() || from == NoData || from == Errored:
	case a.over.IsZero() || step.Sub(a.over) > flapWithin:
		a.again = 0
	default:
		a.again = min(a.again+1, flapMost)
	}
}

// keep is how long the alert goes on after its condition has ceased to hold: as long as the rule says, and twice as long for
// each time that it has come back soon, so that a cause that comes and goes is one alert.
func (a *instance) keep() time.Duration { return a.rule.KeepFiringFor << a.again }

// Judge evaluates the rules on a view, at the time of its cursor, for every period that has settled since the last time, and
// tells what changed. The view must be of the launch's own time and not be older than the one before. The error tells that
// ctx has ended; a rule that cannot be evaluated is an alert in the state [Errored].
func (j *Judge) Judge(ctx context.Context, v *sources.View) ([]Transition, error) {
	turn := &turn{judge: j, ctx: ctx, view: v, now: v.Cursor().At}
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
		if a := t.judge.alerts[t.out[i].Key]; a != nil && (a.To == Resolved || a.To == Inactive) {
			t.out[i].Page = false
		}
	}
}

// retire ends the alerts of rules that there are no more.
func (t *turn) retire() {
	for _, key := range slices.Sorted(maps.Keys(t.judge.gone)) {
		a := t.judge.gone[key]
		if a.To != Resolved && a.To != Inactive {
			a.From, a.To, a.At, a.Page, a.Root, a.Judged, a.Value = a.To, Resolved, t.now, false, false, nil, nil
			a.Why = "there is no such rule any more"
			t.out = append(t.out, a)
		}
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

// question is a rule that is to be evaluated at a step, for the resources that stand there, and what it comes to.
type question struct {
	rule    *judged
	step    time.Time
	names   []string
	results []query.Result
	err     error
}

func (t *turn) options(r *judged) query.Options {
	return query.Options{Provisional: r.Provisional, Launch: t.judge.launch, Earlier: t.judge.before}
}

// ask finds out what there is to evaluate of a rule, step by step. Resources that stand at the same step are evaluated together.
func (t *turn) ask(r *judged) {
	due := map[time.Time][]string{}
	for _, name := range t.resources(r) {
		mark, err := t.mark(r, name)
		if err != nil {
			t.unjudged(r, name, err)
			continue
		}
		for _, step := range t.due(r, name, mark) {
			due[step] = append(due[step], name)
		}
	}
	for _, step := range slices.SortedFunc(maps.Keys(due), time.Time.Compare) {
		t.asked = append(t.asked, question{rule: r, step: step, names: due[step]})
	}
}

// worthwhile is how many questions are worth a goroutine.
const worthwhile = 8

// evaluate answers the questions, as many at once as there are processors. They only read the view: what surprises was laid
// over it when the watermarks of the rules were asked for.
func (t *turn) evaluate() {
	var next atomic.Int64
	var failed atomic.Pointer[any]
	work := func() {
		defer func() {
			if p := recover(); p != nil {
				failed.Store(&p)
			}
		}()
		for i := next.Add(1) - 1; i < int64(len(t.asked)) && t.ctx.Err() == nil; i = next.Add(1) - 1 {
			q := &t.asked[i]
			q.results, q.err = t.judge.engine.Instant(t.ctx, t.view, q.rule.Expr, q.step, t.options(q.rule))
			if n := len(q.results); n > instantMost {
				q.err = fmt.Errorf("it comes to %d alerts at once, more than %d: sum by fewer labels", n, instantMost)
			}
		}
	}
	var working sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(t.asked)/worthwhile) - 1 {
		working.Go(work)
	}
	work()
	working.Wait()
	if p := failed.Load(); p != nil {
		panic(*p) // in the goroutine of who asked, who restores the terminal
	}
}

// resources are those that the rule is about: of its service, all of which anything is known that it reads; else the launch.
func (t *turn) resources(r *judged) []string {
	if r.service == "" {
		return []string{""}
	}
	names := t.judge.engine.Resources(t.view, r.Expr, r.service)
	for _, a := range r.alerts {
		if !slices.Contains(names, a.Resource.Name) {
			names = append(names, a.Resource.Name)
		}
	}
	slices.Sort(names)
	return names
}

// mark is up to when the rule can be judged for a resource.
func (t *turn) mark(r *judged, name string) (time.Time, error) {
	if r.Provisional {
		return t.judge.engine.Front(t.view, r.Expr, name)
	}
	return t.judge.engine.Watermark(t.view, r.Expr, name)
}

// due are the steps that are to be judged up to a mark, and remembers that they are. A rule that may see provisional samples
// looks at the newest period again whenever it reads otherwise; others look at each once. What is judged for the first time is
// judged from so far back that what has held for long enough fires at once.
func (t *turn) due(r *judged, name string, mark time.Time) []time.Time {
	mark = mark.Truncate(time.Minute)
	last, known := r.steps[name]
	r.steps[name] = mark
	if r.Provisional {
		before := r.read[name]
		r.read[name] = t.judge.engine.Version(t.view, r.Expr)
		if known && mark.Equal(last) && before == r.read[name] {
			return nil
		}
		return []time.Time{mark}
	}
	switch {
	case !known || mark.Sub(last) > catchUp:
		last = mark.Add(-min(r.For, catchUp) - time.Minute).Truncate(time.Minute)
	case mark.Before(last):
		r.steps[name] = last
	}
	var steps []time.Time
	for step := last.Add(time.Minute); !step.After(mark); step = step.Add(time.Minute) {
		steps = append(steps, step)
	}
	return steps
}

// answer goes on with the alerts of a rule by what it came to at a step.
func (t *turn) answer(q *question) {
	r, step, names := q.rule, q.step, q.names
	if q.err != nil {
		for _, name := range names {
			t.unjudged(r, name, q.err)
		}
		return
	}
	for _, result := range q.results {
		name := ""
		if r.service != "" {
			name = result.Labels["resource"]
		}
		if !slices.Contains(names, name) {
			continue
		}
		a := t.judge.instance(r, name, result.Labels)
		a.touched = true
		value := result.Value
		a.Value = &value
		t.holds(a, step)
	}
	for _, a := range sorted(r.alerts) {
		if !a.touched && slices.Contains(names, a.Resource.Name) && !t.judge.silent(t, r, a, step) {
			t.fails(a, step)
		}
		a.touched = false
	}
}

// silent tells whether nothing can be said of an alert whose condition does not hold: a value is missing or undefined. What is
// neither pending nor live has nothing to lose.
func (j *Judge) silent(t *turn, r *judged, a *instance, step time.Time) bool {
	if a.To == Inactive || a.To == Resolved || a.To == "" {
		return false
	}
	return j.engine.Silent(t.view, r.Expr, a.Resource.Name, step, t.options(r))
}

func sorted(alerts map[string]*instance) []*instance {
	var out []*instance
	for _, key := range slices.Sorted(maps.Keys(alerts)) {
		out = append(out, alerts[key])
	}
	return out
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
	a := r.alerts[key]
	if a == nil {
		a = &instance{rule: r, Transition: Transition{Key: key, Rule: r.Alert, Resource: resource, Labels: own, To: Inactive}}
		r.alerts[key], j.alerts[key] = a, a
	}
	return a
}

// unjudged is a rule that cannot be judged for a resource.
func (t *turn) unjudged(r *judged, name string, err error) {
	if _, none := errors.AsType[*query.NotFoundError](err); none {
		return
	}
	state, why := Errored, err.Error()
	if dead, silent := errors.AsType[*query.NoDataError](err); silent {
		if dead.Age == 0 {
			return // nothing has settled yet: it has not begun
		}
		state = NoData
		why = fmt.Sprintf("%v is silent since %s", dead.Series, t.now.Add(-dead.Age).UTC().Format("15:04 MST"))
	}
	found := false
	for _, a := range sorted(r.alerts) {
		if a.Resource.Name == name {
			found = true
			t.blind(a, state, why)
		}
	}
	if !found {
		t.blind(t.judge.instance(r, name, nil), state, why)
	}
}

// blind takes an alert into a state in which nothing is judged.
func (t *turn) blind(a *instance, state State, why string) {
	if a.To == state {
		return
	}
	if a.To != NoData && a.To != Errored {
		a.before = a.To
	}
	a.Value = nil
	t.enter(a, state, a.rule.steps[a.Resource.Name], why)
}

// holds goes on with an alert whose condition holds at a step.
func (t *turn) holds(a *instance, step time.Time) {
	if a.To == NoData || a.To == Errored {
		t.resume(a, step)
		if a.To.Live() {
			return
		}
	}
	switch a.To {
	case Firing:
		a.Step = step
	case Recovering:
		t.enter(a, Firing, step, "")
	case Pending:
		if step.Sub(a.Since) >= a.rule.For {
			t.fire(a, step)
		}
	default:
		a.Since, a.held, a.hinted, a.Under = step, time.Time{}, time.Time{}, ""
		if a.rule.For > 0 {
			t.enter(a, Pending, step, "")
			return
		}
		t.fire(a, step)
	}
}

// resume takes an alert back to what it was before it could not be judged.
func (t *turn) resume(a *instance, step time.Time) {
	switch a.before {
	case Firing, Recovering:
		t.enter(a, Firing, step, "")
	case Pending:
		t.enter(a, Pending, step, "")
	default:
		a.To = Inactive
	}
}

// fails goes on with an alert whose condition does not hold at a step.
func (t *turn) fails(a *instance, step time.Time) {
	state := a.To
	if state == NoData || state == Errored {
		state = a.before
		if state == "" || state == Resolved || state == Inactive {
			a.Value = nil
			t.enter(a, Inactive, step, "")
			return
		}
	}
	a.Value = nil
	switch state {
	case Pending:
		t.enter(a, Inactive, step, "")
	case Firing:
		a.back = step
		if a.keep() > 0 {
			t.enter(a, Recovering, step, "")
			return
		}
		t.enter(a, Resolved, step, "")
	case Recovering:
		if step.Sub(a.back) >= a.keep() {
			t.enter(a, Resolved, step, "")
		} else if a.To != Recovering {
			t.enter(a, Recovering, step, "")
		}
	}
}

// enter takes an alert into a state, and says so.
func (t *turn) enter(a *instance, to State, step time.Time, why string) {
	a.From, a.To, a.At, a.Step, a.Why, a.Page, a.Root = a.To, to, t.now, step, why, false, false
	if to == Resolved {
		a.over = step
	}
	switch to {
	case Resolved, Inactive:
		a.paged, a.held, a.hinted, a.alone = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	}
	t.tell(a)
}

// tell adds the alert's newest transition to what is told. With what the rule says now: words may have changed.
func (t *turn) tell(a *instance) {
	r := a.rule
	a.Severity, a.Runbook, a.Words = r.Severity, r.Runbook, r.Description
	if a.Words == "" {
		a.Words = sentence(r.Expr)
	}
	if a.Value != nil {
		a.Summary = sources.Clean(r.Summary.fill(a.Value, a.label))
	}
	if a.Summary == "" { // nothing has held yet, so there is no value to speak of
		a.Summary = r.Alert
	}
	out := a.Transition
	out.Judged = t.read(a)
	t.out = append(t.out, out)
}

// label is the value of a label as the rule's texts may name it.
func (a *instance) label(name string) string {
	if name == "resource" {
		return a.Resource.Name
	}
	return a.Labels[name]
}

// read lists what was judged, where the alert is or was live.
func (t *turn) read(a *instance) []Judged {
	if a.To != Firing || a.From == Firing {
		return nil
	}
	var out []Judged
	for _, l := range t.judge.engine.Read(t.view, a.rule.Expr, a.Resource.Name, a.Step, judgedSpan) {
		if len(out) < judgedMost {
			out = append(out, Judged{l.Series, l.Points})
		}
	}
	return out
}
