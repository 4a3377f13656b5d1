package query

import (
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"warroom/sources"
)

// The metrics that are made on reading.
const (
	launchSeconds = "launch_seconds"
	launchPhase   = "launch_phase"
	markActive    = "mark_active"
	seriesAge     = "series_age_seconds"
)

// made tells whether a metric is made on reading.
func made(metric string) bool {
	m, known := sources.Lookup(metric)
	return known && m.Made() || strings.HasPrefix(metric, sources.PreviousPrefix)
}

// timeless tells whether a metric is known up to now, whatever else is late.
func timeless(metric string) bool { return made(metric) || metric == "source_up" }

// markHolds is how long a mark without an end is taken to hold, and a deployment whose end nobody tells.
const markHolds = 10 * time.Minute

// make adds the series of a made metric: one sample at each step, counted back from the end of the
// stretch, so that an evaluation finds a value of its very moment. A launch without T0 has no times.
func (q *querier) make(set *seriesSet, m sources.Metric, from, to, step int64, matchers []*labels.Matcher) {
	if strings.HasPrefix(m.Name, sources.PreviousPrefix) {
		q.previous(set, m, from, to, matchers)
		return
	}
	if step <= 0 {
		step = time.Minute.Milliseconds()
	}
	add := func(s sources.Series, value func(at time.Time) (float64, bool)) {
		id := q.engine.identity(s, q.o.site(s))
		if !matches(id.labels, matchers) {
			return
		}
		var samples []sample
		for t := to - (to-from)/step*step; t <= to; t += step {
			if v, ok := value(time.UnixMilli(t)); ok {
				samples = append(samples, sample{t, v})
			}
		}
		set.series = append(set.series, &series{id.labels, samples})
	}
	switch {
	case m.Name == seriesAge:
		q.ages(add)
	case q.o.Launch == nil || q.o.Launch.T0.IsZero():
	case m.Name == launchSeconds:
		add(sources.Series{Metric: launchSeconds}, func(at time.Time) (float64, bool) {
			return at.Sub(q.o.Launch.T0).Seconds(), true
		})
	case m.Name == launchPhase:
		q.phases(add)
	case m.Name == markActive:
		q.marks(from, to, add)
	}
}

type adder func(sources.Series, func(time.Time) (float64, bool))

func flag(on bool) (float64, bool) {
	if on {
		return 1, true
	}
	return 0, true
}

func (q *querier) phases(add adder) {
	for _, p := range q.o.Launch.Phases {
		add(sources.Series{Metric: launchPhase, Label: p.Name}, func(at time.Time) (float64, bool) {
			now, _, _ := q.o.Launch.Phase(at)
			return flag(now == p.Name)
		})
	}
}

// marks are those of the launch, and what was seen live: deployments, and changes of a fleet's size.
func (q *querier) marks(from, to int64, add adder) {
	live := q.live(time.UnixMilli(from), time.UnixMilli(to))
	for _, kind := range sources.MarkKinds {
		add(sources.Series{Metric: markActive, Label: kind}, func(at time.Time) (float64, bool) {
			for _, m := range q.o.Launch.Marks {
				if m.Kind == kind && holds(m, q.o.Launch.T0, at) {
					return flag(true)
				}
			}
			return flag(slices.ContainsFunc(live[kind], func(s sources.Span) bool { return s.Holds(at) }))
		})
	}
}

// live are the marks that the changes make which had been seen by the cursor: each from when it happened.
func (q *querier) live(from, to time.Time) map[string][]sources.Span {
	changes := q.view.Changes(from.Add(-sources.RolloutMost), to.Add(time.Millisecond))
	live := map[string][]sources.Span{sources.MarkDeploy: sources.Rollouts(changes, markHolds)}
	for i := range changes {
		if changes[i].Kind == sources.ChangeScaling {
			live[sources.MarkScale] = append(live[sources.MarkScale], sources.Span{From: changes[i].At, Until: changes[i].At.Add(markHolds)})
		}
	}
	return live
}

// holds tells whether a mark holds at a time.
func holds(m sources.Mark, t0, at time.Time) bool {
	from, err := m.At.On(t0)
	if err != nil {
		return false
	}
	until := from.Add(markHolds)
	if m.Until != "" {
		if until, err = m.Until.On(t0); err != nil {
			return false
		}
	}
	return !at.Before(from) && at.Before(until)
}

// ages adds the age of every recorded metric of every resource: of its youngest series where it has
// several. At a time in the past it is the age that the view's data tell for then. An answer without a value makes a series
// young only where that says something: of a metric that is always there it says that nothing is known.
func (q *querier) ages(add adder) {
	type metric struct{ name, resource string }
	members := map[metric][]sources.Series{}
	q.view.Each(func(s sources.Series) {
		if m, ok := sources.Lookup(s.Metric); ok && !m.Derived() {
			k := metric{s.Metric, s.Resource}
			members[k] = append(members[k], s)
		}
	})
	for k, series := range members {
		m, _ := sources.Lookup(k.name)
		add(sources.Series{Metric: seriesAge, Resource: k.resource, Label: k.name}, func(at time.Time) (float64, bool) {
			return q.age(m, series, at)
		})
	}
}

// How far back a newest period is looked for: nearly always it is found at once.
var ageLookBacks = [...]time.Duration{12 * time.Minute, 4 * time.Hour}

func (q *querier) age(m sources.Metric, series []sources.Series, at time.Time) (float64, bool) {
	for _, back := range ageLookBacks {
		if newest := q.newest(m, series, at, back); !newest.IsZero() {
			return at.Sub(newest).Seconds(), true
		}
	}
	return 0, false
}

// newest is the end of the newest period, as of a time, that says something.
func (q *querier) newest(m sources.Metric, series []sources.Series, at time.Time, back time.Duration) time.Time {
	var newest time.Time
	for _, s := range series {
		q.room = q.view.Points(q.room[:0], s, at.Add(-back), at.Add(-m.Settle-m.Period+time.Millisecond))
		for _, p := range slices.Backward(q.room) {
			if end := p.At.Add(m.Period); !p.Provisional && end.After(newest) && (!p.None || m.Gap != sources.Unknown) {
				newest = end
				break
			}
		}
	}
	return newest
}
