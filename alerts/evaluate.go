package alerts

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"warroom/sources/query"
)

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

// occasion is what decides on whether there is anything to evaluate of a rule: what it would read, and the minute, in which
// periods settle and series fall silent.
type occasion struct {
	version     uint64
	after, upTo int64 // the last full minute before the cursor, and the last before it or at it
}

func (t *turn) occasion(r *judged) occasion {
	ms, minute := t.now.UnixMilli(), time.Minute.Milliseconds()
	return occasion{t.judge.engine.Version(t.view, r.Expr), (ms - 1) / minute, ms / minute}
}

// ask finds out what there is to evaluate of a rule, step by step. Resources that stand at the same step are evaluated together.
func (t *turn) ask(r *judged) {
	now := t.occasion(r)
	if now == r.asked {
		return
	}
	r.asked = now
	due := map[time.Time][]string{}
	for _, name := range t.resources(r) {
		mark, err := t.mark(r, name)
		if err != nil {
			if t.unjudged(r, name, err) {
				r.asked = occasion{} // what is wrong may change by other ways
			}
			continue
		}
		for _, step := range t.due(r, name, mark, now.version) {
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
func (t *turn) due(r *judged, name string, mark time.Time, version uint64) []time.Time {
	mark = mark.Truncate(time.Minute)
	last, known := r.steps[name]
	r.steps[name] = mark
	if r.Provisional {
		before := r.read[name]
		r.read[name] = version
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
