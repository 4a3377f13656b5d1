package query

import (
	"context"
	"slices"
	"sort"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc" // the iterator's own words; it drags nothing along
	"github.com/prometheus/prometheus/util/annotations"

	"warroom/sources"
)

// queryable is a view as the engine wants to see storage.
type queryable struct {
	engine *Engine
	view   *sources.View
	o      Options
}

func (q *queryable) Querier(mint, maxt int64) (storage.Querier, error) {
	return &querier{queryable: q, mint: mint, maxt: maxt}, nil
}

type querier struct {
	*queryable
	mint, maxt int64
	room       []sources.Point
}

// LabelValues, LabelNames are asked by user interfaces only, never by the engine.
func (*querier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (*querier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (*querier) Close() error { return nil }

// Select finds the series that match, with their samples stamped in the stretch that the hints name.
func (q *querier) Select(_ context.Context, sorted bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	from, to, step := q.mint, q.maxt, int64(0)
	if hints != nil {
		from, to, step = hints.Start, hints.End, hints.Step
	}
	set := &seriesSet{next: -1}
	for _, name := range named(matchers) {
		m, known := sources.Lookup(name)
		switch {
		case !known:
		case made(name) && len(q.view.Of(name)) == 0:
			q.make(set, m, from, to, step, matchers)
		default:
			q.read(set, m, from, to, matchers)
		}
	}
	if sorted {
		slices.SortFunc(set.series, func(a, b *series) int { return labels.Compare(a.labels, b.labels) })
	}
	return set
}

// named are the catalogue's metrics that the matchers ask for.
func named(matchers []*labels.Matcher) []string {
	var names []string
	for _, m := range matchers {
		if m.Name == labelMetric && m.Type == labels.MatchEqual {
			return []string{m.Value}
		}
	}
	for _, metric := range sources.Metrics() {
		if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return m.Name == labelMetric && !m.Matches(metric.Name) }) {
			names = append(names, metric.Name)
		}
	}
	return names
}

// read takes the samples of a metric from the view.
func (q *querier) read(set *seriesSet, m sources.Metric, from, to int64, matchers []*labels.Matcher) {
	q.take(set, origin{q.view, m, m.Name, m.Period, q.o.Provisional}, from, to, matchers)
}

// origin is where samples are taken from.
type origin struct {
	view        *sources.View
	metric      sources.Metric
	as          string        // the name under which they are found
	later       time.Duration // from the start of a period to its stamp
	provisional bool
}

// take takes the samples of a metric that have their stamps in a stretch.
func (q *querier) take(set *seriesSet, o origin, from, to int64, matchers []*labels.Matcher) {
	start, end := time.UnixMilli(from).Add(-o.later), time.UnixMilli(to+1).Add(-o.later)
	for _, s := range o.view.Of(o.metric.Name) {
		found := sources.Series{Metric: o.as, Resource: s.Resource, Label: s.Label}
		id := q.engine.identity(found, q.o.site(found))
		if !matches(id.labels, matchers) {
			continue
		}
		q.room = o.view.Points(q.room[:0], s, start, end)
		samples := make([]sample, 0, len(q.room))
		for _, p := range q.room {
			if value, ok := reading(o.metric, p, o.provisional); ok {
				samples = append(samples, sample{p.At.Add(o.later).UnixMilli(), value})
			}
		}
		set.series = append(set.series, &series{id.labels, samples})
	}
}

func matches(l labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}

// sample is a value with its stamp, the end of its period in Unix milliseconds.
type sample struct {
	t int64
	v float64
}

type seriesSet struct {
	series []*series
	next   int
}

func (s *seriesSet) Next() bool                        { s.next++; return s.next < len(s.series) }
func (s *seriesSet) At() storage.Series                { return s.series[s.next] }
func (s *seriesSet) Err() error                        { return nil }
func (s *seriesSet) Warnings() annotations.Annotations { return nil }

type series struct {
	labels  labels.Labels
	samples []sample
}

func (s *series) Labels() labels.Labels { return s.labels }

// Iterator starts at the front, in the given iterator's place if that is one of ours.
func (s *series) Iterator(old chunkenc.Iterator) chunkenc.Iterator {
	it, ours := old.(*iterator)
	if !ours {
		it = &iterator{}
	}
	*it = iterator{samples: s.samples, i: -1}
	return it
}

// iterator walks over the samples of one series.
type iterator struct {
	samples []sample
	i       int
}

func (it *iterator) Next() chunkenc.ValueType {
	it.i++
	return it.kind()
}

func (it *iterator) kind() chunkenc.ValueType {
	if it.i >= len(it.samples) {
		return chunkenc.ValNone
	}
	return chunkenc.ValFloat
}

// Seek goes on to the first sample at t or later, and stays where it is when it is there already.
func (it *iterator) Seek(t int64) chunkenc.ValueType {
	it.i = max(it.i, 0)
	if it.i < len(it.samples) && it.samples[it.i].t < t {
		rest := it.samples[it.i:]
		it.i += sort.Search(len(rest), func(i int) bool { return rest[i].t >= t })
	}
	return it.kind()
}

func (it *iterator) At() (int64, float64) { return it.samples[it.i].t, it.samples[it.i].v }
func (it *iterator) AtT() int64           { return it.samples[it.i].t }
func (it *iterator) AtST() int64          { return 0 }
func (it *iterator) Err() error           { return nil }

// AtHistogram and AtFloatHistogram are never asked: all samples are floats.
func (it *iterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) { return 0, nil }
func (it *iterator) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	return 0, nil
}
