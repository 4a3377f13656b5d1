package sources

import (
	"slices"
	"strings"
	"time"
)

// Reading mode of a view: what was known at the cursor, or what turned out to be true.
type Truth uint8

// The two truths.
const (
	AsSeen    Truth = iota // only what had been learnt by the cursor's time
	AsSettled              // the last word on every period that had ended by the cursor's time
)

// Cursor is the time that a screen shows.
type Cursor struct {
	At    time.Time
	Truth Truth
}

// Point is one period of a series as a view sees it.
type Point struct {
	At          time.Time // start of the period
	Value       float64
	None        bool // asked, and there was nothing
	Provisional bool // may still be revised
}

// State is how a series stands at the cursor.
type State uint8

// The states of a series, from the best to the one that needs a person.
const (
	Fresh      State = iota // newest settled sample within the normal lag
	Waiting                 // nothing heard of it yet, and no reason to worry
	NoData                  // asked, and there is nothing
	Stale                   // two periods behind its normal lag
	Dead                    // three periods behind: nothing may be judged on it
	Missing                 // does not exist where we looked
	Unreadable              // its source fails
)

// String is the word that the screen shows.
func (s State) String() string {
	return [...]string{"ok", "waiting", "no data", "stale", "stale", "not found", "error"}[s]
}

// Window is the stretch of the recording that is held in memory. One goroutine applies batches and reads
// views; it is not safe for more. Samples of one series are kept in the order of At, then Seen.
type Window struct {
	span    time.Duration
	columns map[Series]*column
	facts   map[factKey][]Fact
	changes []Change
	newest  time.Time // latest Seen applied
	version uint64
}

type column struct {
	metric  Metric
	rows    []row
	version uint64
}

// row is one version of one period; times in Unix milliseconds keep an hour of 500 series small.
type row struct {
	at, seen int64
	value    float64
	none     bool
}

type factKey struct {
	resource Ref
	name     string
}

// NewWindow holds at least the last span of what is applied to it. Older rows are let go in passing.
func NewWindow(span time.Duration) *Window {
	return &Window{span: span, columns: map[Series]*column{}, facts: map[factKey][]Fact{}}
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
		m, _ := Lookup(s.Series.Metric)
		c = &column{metric: m}
		w.columns[s.Series] = c
	}
	r := row{at: s.At.UnixMilli(), seen: s.Seen.UnixMilli(), value: s.Value, none: s.None}
	i, found := slices.BinarySearchFunc(c.rows, r, compareRows)
	if found && c.rows[i] == r {
		return
	}
	if found {
		c.rows[i] = r
	} else {
		c.rows = slices.Insert(c.rows, i, r)
	}
	c.trim(w.span)
	w.touch(s.Seen)
	c.version = w.version
}

func compareRows(a, b row) int {
	if a.at != b.at {
		return int(min(max(a.at-b.at, -1), 1))
	}
	return int(min(max(a.seen-b.seen, -1), 1))
}

// trim lets rows go in quarters of the span, so that it rarely has to move the rest.
func (c *column) trim(span time.Duration) {
	newest := c.rows[len(c.rows)-1].at
	if newest-c.rows[0].at < (span + span/4).Milliseconds() {
		return
	}
	i, _ := slices.BinarySearchFunc(c.rows, row{at: newest - span.Milliseconds()}, compareRows)
	c.rows = slices.Delete(c.rows, 0, i)
}

func (w *Window) applyFact(f Fact) {
	key := factKey{f.Resource, f.Name}
	history := w.facts[key]
	i, _ := slices.BinarySearchFunc(history, f, func(a, b Fact) int { return a.Seen.Compare(b.Seen) })
	if i < len(history) && history[i] == f {
		return
	}
	w.facts[key] = slices.Insert(history, i, f)
	w.touch(f.Seen)
}

func (w *Window) applyChange(c Change) {
	i, found := slices.BinarySearchFunc(w.changes, c, func(a, b Change) int { return int(min(max(a.Seq-b.Seq, -1), 1)) })
	if found {
		return
	}
	w.changes = slices.Insert(w.changes, i, c)
	w.touch(c.Seen)
}

func (w *Window) touch(seen time.Time) {
	w.version++
	if seen.After(w.newest) {
		w.newest = seen
	}
}

// Version changes whenever something new was applied.
func (w *Window) Version() uint64 { return w.version }

// Newest is the latest Seen in the window: the time up to which the recording is known here.
func (w *Window) Newest() time.Time { return w.newest }

// View reads the window at a cursor. It is valid until the next Apply.
func (w *Window) View(c Cursor) *View { return &View{window: w, cursor: c} }

// View is the recording read at a cursor: the only thing that screens, rules and checks see.
type View struct {
	window *Window
	cursor Cursor
	extra  map[Series][]Point // derived series, laid over the recorded ones
}

// Cursor is where the view stands.
func (v *View) Cursor() Cursor { return v.cursor }

// Put lays a derived series over the view. The points must be in the order of At.
func (v *View) Put(s Series, points []Point) {
	if v.extra == nil {
		v.extra = map[Series][]Point{}
	}
	v.extra[s] = points
}

// Each calls f for every series that the view knows, recorded and derived, in no particular order.
func (v *View) Each(f func(Series)) {
	for s := range v.window.columns {
		f(s)
	}
	for s := range v.extra {
		f(s)
	}
}

// Version changes whenever the rows of the series may have: a cheap reason not to look again. A derived
// series has the window's version.
func (v *View) Version(s Series) uint64 {
	if c := v.window.columns[s]; c != nil {
		return c.version
	}
	return v.window.version
}

// Points appends to dst the periods of s that start in [from, to), oldest first, as the cursor sees them.
// Periods never asked about are absent.
func (v *View) Points(dst []Point, s Series, from, to time.Time) []Point {
	if points, ok := v.extra[s]; ok {
		return appendBetween(dst, points, from, to)
	}
	c := v.window.columns[s]
	if c == nil {
		return dst
	}
	first, last := from.UnixMilli(), to.UnixMilli()
	start, _ := slices.BinarySearchFunc(c.rows, row{at: first}, compareRows)
	for i := start; i < len(c.rows) && c.rows[i].at < last; {
		next := i + 1
		for next < len(c.rows) && c.rows[next].at == c.rows[i].at {
			next++
		}
		if r, ok := v.pick(c, c.rows[i:next]); ok {
			dst = append(dst, v.point(c.metric, r))
		}
		i = next
	}
	return dst
}

// pick chooses among the versions of one period the one that the cursor sees.
func (v *View) pick(c *column, versions []row) (row, bool) {
	cursor := v.cursor.At.UnixMilli()
	if v.cursor.Truth == AsSettled {
		return versions[len(versions)-1], versions[0].at+c.metric.Period.Milliseconds() <= cursor
	}
	for i := len(versions) - 1; i >= 0; i-- {
		if versions[i].seen <= cursor {
			return versions[i], true
		}
	}
	return row{}, false
}

func (v *View) point(m Metric, r row) Point {
	known := v.cursor.At
	if v.cursor.Truth == AsSettled && v.window.newest.After(known) {
		known = v.window.newest
	}
	at := time.UnixMilli(r.at).UTC()
	return Point{At: at, Value: r.value, None: r.none, Provisional: at.Add(m.Period + m.Settle).After(known)}
}

func appendBetween(dst, points []Point, from, to time.Time) []Point {
	for _, p := range points {
		if !p.At.Before(from) && p.At.Before(to) {
			dst = append(dst, p)
		}
	}
	return dst
}

// newestLookBack bounds how far back a newest value is looked for.
const newestLookBack = 4 * time.Hour

// Newest is the newest period of s that the cursor sees, provisional or not.
func (v *View) Newest(s Series) (Point, bool) { return v.last(s, func(Point) bool { return true }) }

// Settled is the newest period of s that will not be revised any more.
func (v *View) Settled(s Series) (Point, bool) {
	return v.last(s, func(p Point) bool { return !p.Provisional })
}

func (v *View) last(s Series, want func(Point) bool) (Point, bool) {
	if points, ok := v.extra[s]; ok {
		return lastOf(points, want)
	}
	c := v.window.columns[s]
	if c == nil {
		return Point{}, false
	}
	oldest := v.cursor.At.Add(-newestLookBack).UnixMilli()
	for end := len(c.rows); end > 0 && c.rows[end-1].at >= oldest; {
		start := end - 1
		for start > 0 && c.rows[start-1].at == c.rows[start].at {
			start--
		}
		if r, ok := v.pick(c, c.rows[start:end]); ok {
			if p := v.point(c.metric, r); want(p) {
				return p, true
			}
		}
		end = start
	}
	return Point{}, false
}

func lastOf(points []Point, want func(Point) bool) (Point, bool) {
	for _, p := range slices.Backward(points) {
		if want(p) {
			return p, true
		}
	}
	return Point{}, false
}

// Fact is the value of a fact at the cursor, and since when it has held it.
func (v *View) Fact(r Ref, name string) (Fact, bool) {
	history := v.window.facts[factKey{r, name}]
	for _, f := range slices.Backward(history) {
		if !f.Seen.After(v.cursor.At) {
			return f, f.Value != ""
		}
	}
	return Fact{}, false
}

// Facts are the facts of a resource at the cursor by name; what is known to be wrong with its series is not among
// them.
func (v *View) Facts(r Ref) []Fact {
	var out []Fact
	for key := range v.window.facts {
		if key.resource != r || strings.HasPrefix(key.name, seriesFact) {
			continue
		}
		if f, ok := v.Fact(r, key.name); ok {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b Fact) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Trouble is what is known to be wrong with the series itself, and since when.
func (v *View) Trouble(s Series) (Trouble, time.Time) {
	f, ok := v.Fact(s.Ref(), seriesFactName(s))
	if !ok {
		return Trouble{}, time.Time{}
	}
	return ParseTrouble(f.Value), f.Seen
}

// SourceTrouble is what is known to be wrong with a source, and since when.
func (v *View) SourceTrouble(source string) (Trouble, time.Time) {
	f, ok := v.Fact(Ref{SourceRef, source}, sourceFact)
	if !ok {
		return Trouble{}, time.Time{}
	}
	return ParseTrouble(f.Value), f.Seen
}

// Changes are those that had been seen by the cursor and happened in [from, to), oldest first.
func (v *View) Changes(from, to time.Time) []Change {
	var out []Change
	for _, c := range v.window.changes {
		if !c.Seen.After(v.cursor.At) && !c.At.Before(from) && c.At.Before(to) {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b Change) int { return a.At.Compare(b.At) })
	return out
}

// Age is how long ago the newest settled period of the series ended, and how long that normally takes
// at most: the settle time and one period.
func (v *View) Age(s Series) (age, normal time.Duration, ok bool) {
	m, _ := Lookup(s.Metric)
	p, ok := v.Settled(s)
	if !ok {
		return 0, m.Settle + m.Period, false
	}
	return v.cursor.At.Sub(p.At.Add(m.Period)), m.Settle + m.Period, true
}

// State is how the series stands at the cursor.
func (v *View) State(s Series) State {
	trouble, _ := v.Trouble(s)
	if trouble.Kind == NotFound {
		return Missing
	}
	age, normal, ok := v.Age(s)
	m, _ := Lookup(s.Metric)
	switch {
	case !trouble.None():
		return Unreadable
	case !ok:
		if _, any := v.Newest(s); any {
			return Fresh // young, nothing settled yet
		}
		return Waiting
	case age > normal+3*m.Period:
		return Dead
	case age > normal+2*m.Period:
		return Stale
	}
	if p, _ := v.Settled(s); p.None && m.Gap != Zero {
		return NoData
	}
	return Fresh
}
