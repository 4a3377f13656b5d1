package sources

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
)

// Window is the stretch of the recording that is held in memory. One goroutine applies batches and reads
// views; it is not safe for more. Samples of one series are kept in the order of At, then Seen.
type Window struct {
	span     time.Duration
	columns  map[Series]*column
	facts    map[factKey][]Fact
	sources  []factKey // those of the facts that say how a source is
	changes  []Change
	floor    time.Time // facts and changes from before are let go, but for the fact that held then
	reached  time.Time // latest fact seen or period begun: what the floor follows
	oldest   time.Time // from here on nothing was let go
	asked    map[askedKey]*asked
	byMetric map[string]*family[*column] // recorded series, and quiet ones without a column
	refs     map[Ref]bool                // whose series there are
	moments  []int64                     // the distinct Seen of what was applied, ascending
	newest   time.Time                   // latest Seen of samples and facts applied
	version  uint64
}

// column is one series.
type column struct {
	metric  Metric
	rows    []row
	floor   int64   // what starts before was let go and is not taken in again
	read    int64   // latest Seen
	asked   *asked  // the resource's, nil where silence does not mean zero
	fact    factKey // what is wrong with it
	pace    factKey // how often it gets a value
	version uint64
	recent  recent
}

// row is one version of one period; times in Unix milliseconds keep an hour of 500 series small.
type row struct {
	at, seen int64
	value    float64
	none     bool
}

// asked is the periods for which a resource was answered for, by any series that comes the same way: all
// of them are read by one call, so where one of them has a word on a period, the silence of a sparse one is
// an answer too. That is how a count that never happened, and that the provider therefore never heard of,
// is zero while the resource is being read, and unknown while it is not.
type asked struct {
	rows   []row // at and the first seen
	floor  int64
	recent recent
}

// askedKey tells the ways apart by their settle times.
type askedKey struct {
	resource Ref
	settle   time.Duration
}

type factKey struct {
	resource Ref
	name     string
}

// NewWindow holds at least the last span of what is applied to it. What is older is let go in passing.
func NewWindow(span time.Duration) *Window {
	return &Window{
		span: span, columns: map[Series]*column{}, facts: map[factKey][]Fact{},
		asked: map[askedKey]*asked{}, byMetric: map[string]*family[*column]{}, refs: map[Ref]bool{},
	}
}

// Apply takes in what came out of the recording, in any order, and tells whether anything was new.
// Applying the same batch twice changes nothing.
func (w *Window) Apply(b Batch) bool {
	before := w.version
	for i := range b.Samples {
		w.applySample(&b.Samples[i])
	}
	for _, f := range b.Facts {
		w.applyFact(f)
	}
	for _, c := range b.Changes {
		w.applyChange(c)
	}
	return w.version != before
}

func (w *Window) applySample(s *Sample) {
	c := w.columns[s.Series]
	if c == nil {
		c = w.open(s.Series)
	}
	r := row{at: s.At.UnixMilli(), seen: s.Seen.UnixMilli(), value: s.Value, none: s.None || math.IsNaN(s.Value)}
	if r.none {
		r.value = 0
	}
	if r.at < c.floor {
		return
	}
	i, found := searchRow(c.rows, r)
	if found && c.rows[i] == r {
		return
	}
	if found {
		c.rows[i] = r
	} else {
		c.rows = slices.Insert(c.rows, i, r)
	}
	w.touch(s.Seen)
	c.recent.note(w.version, r.at)
	c.rows, c.floor = w.trim(c.rows, c.floor, &c.recent)
	w.keptFrom(c.floor)
	c.read = max(c.read, r.seen)
	w.note(s.Series, c.metric, r)
	w.reach(s.Seen, s.At)
	c.version = w.version
}

// open begins a series.
func (w *Window) open(s Series) *column {
	m, known := Lookup(s.Metric)
	c := &column{metric: m, floor: math.MinInt64, fact: factKey{s.Ref(), seriesFactName(seriesFact, s)}, pace: factKey{s.Ref(), seriesFactName(paceFact, s)}}
	w.columns[s], w.refs[s.Ref()] = c, true
	enter(w.byMetric, s, c)
	if !known || m.Single {
		return c
	}
	key := askedKey{s.Ref(), m.Settle}
	if w.asked[key] == nil {
		w.asked[key] = &asked{floor: math.MinInt64}
		for _, sparse := range sparseOf(m.Service, m.Settle) {
			quiet := Series{Metric: sparse, Resource: s.Resource}
			enter(w.byMetric, quiet, w.columns[quiet])
		}
	}
	if m.Gap == Zero {
		c.asked = w.asked[key]
	}
	return c
}

// family is the series of a metric, sorted, each with what is held of it.
type family[T any] struct {
	series []Series
	held   []T
}

// enter puts a series among those of its metric.
func enter[T any](all map[string]*family[T], s Series, held T) {
	f := all[s.Metric]
	if f == nil {
		f = &family[T]{}
		all[s.Metric] = f
	}
	i, found := slices.BinarySearchFunc(f.series, s, CompareSeries)
	if found {
		f.held[i] = held
		return
	}
	f.series, f.held = slices.Insert(f.series, i, s), slices.Insert(f.held, i, held)
}

// of is the family of a metric, which may be empty.
func of[T any](all map[string]*family[T], metric string) family[T] {
	if f := all[metric]; f != nil {
		return *f
	}
	return family[T]{}
}

// CompareSeries orders series by metric, resource and label.
func CompareSeries(a, b Series) int {
	return cmp.Or(strings.Compare(a.Metric, b.Metric), strings.Compare(a.Resource, b.Resource), strings.Compare(a.Label, b.Label))
}

// note remembers that the resource was answered for.
func (w *Window) note(s Series, m Metric, r row) {
	a := w.asked[askedKey{Ref{m.Service, s.Resource}, m.Settle}]
	if a == nil || m.Single || r.at < a.floor {
		return
	}
	i, _ := slices.BinarySearchFunc(a.rows, r.at, func(r row, at int64) int { return cmp.Compare(r.at, at) })
	switch {
	case i == len(a.rows) || a.rows[i].at != r.at:
		a.rows = slices.Insert(a.rows, i, row{at: r.at, seen: r.seen, none: true})
	case r.seen < a.rows[i].seen:
		a.rows[i].seen = r.seen
	default:
		return
	}
	a.recent.note(w.version, r.at)
	a.rows, a.floor = w.trim(a.rows, a.floor, &a.recent)
}

// searchRow finds a row by its two times. New rows mostly belong at the end.
func searchRow(rows []row, r row) (int, bool) {
	if n := len(rows); n == 0 || compareRows(rows[n-1], r) < 0 {
		return n, false
	}
	return slices.BinarySearchFunc(rows, r, compareRows)
}

func compareRows(a, b row) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seen, b.seen))
}

// trim lets rows go in quarters of the span, so that it rarely has to move the rest.
func (w *Window) trim(rows []row, floor int64, recent *recent) ([]row, int64) {
	newest := rows[len(rows)-1].at
	if newest-rows[0].at < (w.span + w.span/4).Milliseconds() {
		return rows, floor
	}
	recent.note(w.version, math.MinInt64)
	floor = newest - w.span.Milliseconds()
	i, _ := slices.BinarySearchFunc(rows, row{at: floor}, compareRows)
	return slices.Delete(rows, 0, i), floor
}

func (w *Window) applyFact(f Fact) {
	key := factKey{f.Resource, f.Name}
	history, known := w.facts[key]
	if !known && f.Resource.Service == SourceRef && f.Name == sourceFact {
		w.sources = append(w.sources, key)
	}
	i := len(history)
	for i > 0 && history[i-1].Seen.After(f.Seen) {
		i--
	}
	if i < len(history) && !history[i].Seen.After(w.floor) {
		return // another one held at the floor
	}
	for j := i; j > 0 && history[j-1].Seen.Equal(f.Seen); j-- {
		if history[j-1].Value == f.Value {
			return
		}
	}
	w.facts[key] = slices.Insert(history, i, f) // of two at once, the one that came last holds
	w.touch(f.Seen)
	w.reach(f.Seen, f.Seen)
	w.letGo()
}

func (w *Window) applyChange(c Change) {
	if w.past(c) {
		return
	}
	i, found := slices.BinarySearchFunc(w.changes, c, func(a, b Change) int { return cmp.Compare(a.Seq, b.Seq) })
	if found {
		return
	}
	w.changes = slices.Insert(w.changes, i, c)
	w.touch(c.Seen)
	w.letGo()
}

// past tells whether a change both happened and was seen before the floor.
func (w *Window) past(c Change) bool { return c.At.Before(w.floor) && c.Seen.Before(w.floor) }

// letGo lets facts and changes go, as trim does rows. Of each fact the newest one at or before the floor
// stays: it held when the window begins.
func (w *Window) letGo() {
	if w.reached.Sub(w.floor) < w.span+w.span/4 {
		return
	}
	w.floor = w.reached.Add(-w.span)
	w.keptFrom(w.floor.UnixMilli())
	for key, history := range w.facts {
		w.facts[key] = history[:copy(history, history[holding(history, w.floor):])]
	}
	w.changes = slices.DeleteFunc(w.changes, w.past)
}

// holding is the place of the newest fact seen at t or before, or of the first one. Of several seen at once all
// stay, so that they are known again.
func holding(history []Fact, t time.Time) int {
	i, _ := slices.BinarySearchFunc(history, t, func(f Fact, t time.Time) int {
		if f.Seen.After(t) {
			return 1
		}
		return -1
	})
	i = max(i-1, 0)
	for i > 0 && history[i-1].Seen.Equal(history[i].Seen) {
		i--
	}
	return i
}

// reach moves on the time up to which the recording is known here. Changes do not: they may come alone, hours after the
// stretch that is held.
func (w *Window) reach(seen, of time.Time) {
	if seen.After(w.newest) {
		w.newest = seen
	}
	if of.After(w.reached) {
		w.reached = of
	}
}

// keptFrom remembers that something from before a floor was let go.
func (w *Window) keptFrom(floor int64) {
	if floor > 0 && floor > w.oldest.UnixMilli() {
		w.oldest = time.UnixMilli(floor)
	}
}

// touch says that something new was seen.
func (w *Window) touch(seen time.Time) {
	w.version++
	moment := seen.UnixMilli()
	if n := len(w.moments); n > 0 && w.moments[n-1] == moment {
		return
	}
	i, found := slices.BinarySearch(w.moments, moment)
	if found {
		return
	}
	w.moments = slices.Insert(w.moments, i, moment)
	if n := len(w.moments); n > momentsMost {
		w.moments = slices.Delete(w.moments, 0, n/4)
	}
}

// momentsMost bounds the moments that are remembered: at a poll a second, more than a day.
const momentsMost = 100_000

// Version changes whenever something new was applied.
func (w *Window) Version() uint64 { return w.version }

// Oldest is the time from which on nothing was let go, zero while nothing was.
func (w *Window) Oldest() time.Time { return w.oldest }

// Newest is the latest Seen of the samples and facts in the window: the time up to which the recording is known here.
func (w *Window) Newest() time.Time { return w.newest }

// View reads the window at a cursor. It is valid until the next Apply.
func (w *Window) View(c Cursor) *View {
	v := &View{window: w, cursor: c, at: c.At.UnixMilli()}
	v.failing = v.failingSince()
	return v
}
