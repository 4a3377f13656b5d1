package query

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"warroom/sources"
)

// NoDataError says that an expression cannot be judged: of the series that it names, one that was alive
// has fallen silent.
type NoDataError struct {
	Series sources.Series
	State  sources.State
	Age    time.Duration // since the end of its newest settled period; 0 when there never was one
}

// Error names the series and how long it has been silent.
func (e *NoDataError) Error() string {
	if e.Age == 0 {
		return fmt.Sprintf("no data: nothing of %v has settled yet", e.Series)
	}
	return fmt.Sprintf("no data: %v is silent since %v", e.Series, e.Age.Round(time.Second))
}

// NotFoundError says that a series never existed, as far as the view goes.
type NotFoundError struct {
	Metric, Resource string
}

// Error names the series.
func (e *NotFoundError) Error() string {
	return fmt.Sprintf("not found: nothing was ever read of %v", sources.Series{Metric: e.Metric, Resource: e.Resource})
}

// Watermark is the time up to which an expression can be judged for a resource ("" = for all of them
// together): the end of the newest settled period of the series that it names, and of several the oldest.
// Series of another service than the resource's stand for themselves, whatever their resource. Where one
// name stands for several series, those that have died (three periods behind their normal lag) are passed
// over as long as one lives. Where it is asked whether a series is absent, one that never was or has died is known not to be
// there up to the end of the period that should have settled. What the room makes itself is known up to now and holds nothing up; an
// expression over nothing else has the cursor's time.
//
// The error is a [*NoDataError], a [*NotFoundError] or what [Check] says.
func (e *Engine) Watermark(v *sources.View, expr, resource string) (time.Time, error) {
	p, err := e.plan(expr)
	if err != nil {
		return time.Time{}, err
	}
	e.layAll(v, p)
	mark, bound := v.Cursor().At, false
	for _, s := range p.selectors {
		if timeless(s.metric.Name) {
			continue
		}
		at, err := e.selectorMark(v, s, resource)
		if err != nil && s.absence {
			at, err = absentMark(v, s.metric, err)
		}
		if err != nil {
			return time.Time{}, err
		}
		if !bound || at.Before(mark) {
			mark, bound = at, true
		}
	}
	return mark, nil
}

// absentMark is up to when it is known that there is nothing of a metric: as long as it normally takes to settle before now,
// once something else has been read for so long that it would have been dead. Before that the error stays: whoever has just
// begun to look has missed nothing yet.
func absentMark(v *sources.View, m sources.Metric, why error) (time.Time, error) {
	mark := v.Cursor().At.Add(-m.Settle - m.Period)
	looked := false
	var room []sources.Point
	v.Each(func(s sources.Series) {
		if !looked {
			room = v.Points(room[:0], s, mark.Add(-absenceLookBack), mark.Add(-3*m.Period))
			looked = len(room) > 0
		}
	})
	if !looked {
		return time.Time{}, why
	}
	return mark, nil
}

// absenceLookBack is how far back it is looked whether anything was read.
const absenceLookBack = time.Hour

// selectorMark is the watermark of one selector: the oldest of its living series.
func (e *Engine) selectorMark(v *sources.View, s selector, resource string) (time.Time, error) {
	named := e.namedBy(v, s, resource)
	if len(named) == 0 {
		return time.Time{}, &NotFoundError{s.metric.Name, resource}
	}
	var mark time.Time
	var dead *NoDataError
	for _, one := range named {
		at, silent := e.marks.of(v, s.metric, one)
		if silent != nil {
			dead = silent
		} else if mark.IsZero() || at.Before(mark) {
			mark = at
		}
	}
	if mark.IsZero() {
		return time.Time{}, dead
	}
	return mark, nil
}

// selects tells whether a selector asks for a series. Its site is not looked at.
func (e *Engine) selects(s *selector, one sources.Series) bool {
	return len(s.own) <= 1 || matches(e.identity(one, "").labels, s.own)
}

// namedBy lists the series that a selector means for a resource: the resource's own where the selector's
// service has it, else all that match.
func (e *Engine) namedBy(v *sources.View, s selector, resource string) []sources.Series {
	if resource != "" && len(s.own) <= 1 && s.metric.Label == "" {
		if own := ownOf(v.Of(s.metric.Name), resource); len(own) > 0 {
			return own
		}
	}
	var all, own []sources.Series
	for _, one := range v.Of(s.metric.Name) {
		if e.selects(&s, one) {
			all = append(all, one)
			if one.Resource == resource {
				own = append(own, one)
			}
		}
	}
	if resource != "" && (len(own) > 0 || v.Knows(sources.Ref{Service: s.metric.Service, Name: resource})) {
		return own
	}
	return all
}

// ownOf is the part of a metric's series, which are sorted, that a resource has.
func ownOf(all []sources.Series, resource string) []sources.Series {
	from, _ := slices.BinarySearchFunc(all, resource, func(one sources.Series, name string) int { return cmp.Compare(one.Resource, name) })
	to := from
	for to < len(all) && all[to].Resource == resource {
		to++
	}
	return all[from:to:to]
}

// withoutSite leaves the site out: it narrows what is judged, not how late it is.
func withoutSite(matchers []*labels.Matcher) []*labels.Matcher {
	return slices.DeleteFunc(slices.Clone(matchers), func(m *labels.Matcher) bool { return m.Name == labelSite })
}

// marks keeps the watermarks of series for as long as they read the same, within a minute.
type marks struct {
	mu    sync.Mutex
	known map[sources.Series]markedAt
}

type markedAt struct {
	version uint64
	minute  int64
	at      time.Time
	silent  *NoDataError
}

// marksMost bounds the series whose watermarks are kept: far more than a room has.
const marksMost = 20_000

// of is as seriesMark. A silence may be told for up to a minute by the age that it had at first.
func (k *marks) of(v *sources.View, m sources.Metric, s sources.Series) (time.Time, *NoDataError) {
	version, minute := v.Version(s), (v.Cursor().At.UnixMilli()-1)/time.Minute.Milliseconds() // a full minute is still within its bounds
	k.mu.Lock()
	defer k.mu.Unlock()
	if known, ok := k.known[s]; ok && known.version == version && known.minute == minute {
		return known.at, known.silent
	}
	if k.known == nil || len(k.known) >= marksMost {
		k.known = map[sources.Series]markedAt{}
	}
	at, silent := seriesMark(v, m, s)
	k.known[s] = markedAt{version, minute, at, silent}
	return at, silent
}

// seriesMark is the end of the newest settled period of a series, unless the series is dead.
func seriesMark(v *sources.View, m sources.Metric, s sources.Series) (time.Time, *NoDataError) {
	p, ok := v.Settled(s)
	if !ok {
		return time.Time{}, &NoDataError{Series: s, State: v.State(s)}
	}
	age, normal, _ := v.Age(s)
	if age > normal+3*m.Period {
		return time.Time{}, &NoDataError{Series: s, State: sources.Dead, Age: age}
	}
	return p.At.Add(m.Period), nil
}

// Front is as [Engine.Watermark] for who wants provisional samples, too: the end of the newest period of which anything is
// known.
func (e *Engine) Front(v *sources.View, expr, resource string) (time.Time, error) {
	if _, err := e.Watermark(v, expr, resource); err != nil {
		if dead, ok := errors.AsType[*NoDataError](err); !ok || dead.Age != 0 {
			return time.Time{}, err
		}
	}
	p, err := e.plan(expr)
	if err != nil {
		return time.Time{}, err
	}
	mark, bound := v.Cursor().At, false
	for _, s := range p.selectors {
		if timeless(s.metric.Name) || s.absence {
			continue
		}
		var newest time.Time
		for _, one := range e.namedBy(v, s, resource) {
			if p, ok := v.Newest(one); ok && p.At.Add(s.metric.Period).After(newest) {
				newest = p.At.Add(s.metric.Period)
			}
		}
		if !newest.IsZero() && (!bound || newest.Before(mark)) {
			mark, bound = newest, true
		}
	}
	return mark, nil
}

// Silent tells whether one of the metrics that an expression names has no value for the period that ends at a time, of a
// resource, where that does not mean zero: nobody knows then whether a condition that does not hold is not met.
func (e *Engine) Silent(v *sources.View, expr, resource string, at time.Time, o Options) bool {
	p, err := e.plan(expr)
	if err != nil {
		return true
	}
	for _, s := range p.selectors {
		if timeless(s.metric.Name) || s.absence {
			continue
		}
		named := e.namedBy(v, s, resource)
		if len(named) > 0 && !slices.ContainsFunc(named, func(one sources.Series) bool {
			_, ok := valueAt(v, s.metric, one, at, o.Provisional)
			return ok
		}) {
			return true
		}
	}
	return false
}

// Read lists the series that an expression names for a resource, each with its periods that ended in (at-span, at].
// Series without any are left out.
func (e *Engine) Read(v *sources.View, expr, resource string, at time.Time, span time.Duration) []Line {
	p, err := e.plan(expr)
	if err != nil {
		return nil
	}
	var lines []Line
	for _, s := range p.selectors {
		if made(s.metric.Name) {
			continue
		}
		for _, one := range e.namedBy(v, s, resource) {
			if slices.ContainsFunc(lines, func(l Line) bool { return l.Series == one }) {
				continue
			}
			from := at.Add(-span - s.metric.Period + time.Millisecond)
			if points := v.Points(nil, one, from, at.Add(-s.metric.Period+time.Millisecond)); len(points) > 0 {
				lines = append(lines, Line{Series: one, Points: points})
			}
		}
	}
	return lines
}

// Resources are the names of the resources of a service of which anything is known that an expression reads, in no
// particular order.
func (e *Engine) Resources(v *sources.View, expr, service string) []string {
	p, err := e.plan(expr)
	if err != nil {
		return nil
	}
	var names []string
	known := map[string]bool{}
	for _, s := range p.selectors {
		if s.metric.Service != service {
			continue
		}
		for _, one := range v.Of(s.metric.Name) {
			if !known[one.Resource] && e.selects(&s, one) {
				known[one.Resource] = true
				names = append(names, one.Resource)
			}
		}
	}
	return names
}

// Version is a key of all that an expression reads: while it stays the same, in later views of the same window, and the time
// of evaluation does, too, there is no reason to evaluate again.
func (e *Engine) Version(v *sources.View, expr string) uint64 {
	p, err := e.plan(expr)
	if err != nil {
		return 0
	}
	e.layAll(v, p)
	var key uint64
	for i := range p.selectors {
		key = (key ^ v.MetricVersion(p.selectors[i].metric.Name)) * 0x9e3779b97f4a7c15
		key ^= key >> 29
	}
	return key
}
