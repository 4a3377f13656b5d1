package sources

import (
	"cmp"
	"math"
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

// View is the recording read at a cursor: the only thing that screens, rules and checks see.
//
// A period is provisional until its metric's settle time has passed since its end. While a source fails
// or the series itself is in trouble, that is not enough: a period that nobody read after it should have
// settled may be half filled, and stays provisional until the series is read again.
type View struct {
	window  *Window
	cursor  Cursor
	at      int64 // the cursor, in Unix milliseconds
	failing int64 // since when a source has been failing, never when none is
	own     *Layer
	layer   *Layer
}

const never = math.MaxInt64

// Cursor is where the view stands.
func (v *View) Cursor() Cursor { return v.cursor }

// Put lays a derived series over the view. The points must be in the order of At.
func (v *View) Put(s Series, points []Point) {
	if v.own == nil {
		v.own = NewLayer()
	}
	v.own.Put(s, points)
}

// Lay lays many derived series over the view at once. The layer may be laid over many views and must not
// be changed while one of them is read.
func (v *View) Lay(l *Layer) { v.layer = l }

// derived is a series of the layers.
func (v *View) derived(s Series) (*laid, bool) {
	if v.own != nil {
		if d, ok := v.own.series[s]; ok {
			return d, true
		}
	}
	if v.layer != nil {
		d, ok := v.layer.series[s]
		return d, ok
	}
	return nil, false
}

// Each calls f for every series that the view knows, recorded and derived, in no particular order.
func (v *View) Each(f func(Series)) {
	for s := range v.window.columns {
		f(s)
	}
	for _, l := range [...]*Layer{v.own, v.layer} {
		if l == nil {
			continue
		}
		for s := range l.series {
			if v.window.columns[s] == nil && (l == v.own || v.own == nil || !v.own.has(s)) {
				f(s)
			}
		}
	}
}

// Of lists the series of a metric that have points, sorted: recorded, derived and quiet ones. A quiet
// series is a sparse metric without further label of which nothing was ever published, of a resource that
// is being read: all its points are None, and count as zero. The slice must not be changed.
func (v *View) Of(metric string) []Series {
	known := of(v.window.byMetric, metric).series
	for _, l := range [...]*Layer{v.layer, v.own} {
		if l != nil {
			known = together(known, of(l.byMetric, metric).series)
		}
	}
	return known
}

// Knows tells whether the view has a series of a resource, recorded or derived.
func (v *View) Knows(r Ref) bool {
	return v.window.refs[r] || v.own != nil && v.own.refs[r] || v.layer != nil && v.layer.refs[r]
}

// together are the series of two sorted lists, each once. It makes a new list only where it has to: a metric is
// either recorded or derived, but for a launch of which one resource came with its inputs and another without.
func together(a, b []Series) []Series {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0 || slices.Equal(a, b):
		return a
	}
	all := slices.Concat(a, b)
	slices.SortFunc(all, CompareSeries)
	return slices.Compact(all)
}

// Version is a key of what [View.Points] answers for a series: while it stays the same, here and in later
// views of the same window, there is no reason to look again. For a series that the view does not know
// (the zero Series is one) it is a key of everything in the view.
func (v *View) Version(s Series) uint64 {
	if d, ok := v.derived(s); ok {
		return mix(mix(0, uint64(v.cursor.Truth)), d.version)
	}
	return v.versionOf(v.window.columns[s])
}

// MetricVersion is a key of what [View.Points] answers for all series of a metric, as [View.Version] is for one.
func (v *View) MetricVersion(metric string) uint64 {
	key := uint64(v.cursor.Truth)
	for _, c := range of(v.window.byMetric, metric).held {
		key = mix(key, v.versionOf(c))
	}
	for _, l := range [...]*Layer{v.layer, v.own} {
		if l == nil {
			continue
		}
		for _, d := range of(l.byMetric, metric).held {
			key = mix(key, d.version)
		}
	}
	return key
}

// versionOf is the version of a series, nil where nothing is held of it.
func (v *View) versionOf(c *column) uint64 {
	if c == nil {
		n, _ := slices.BinarySearch(v.window.moments, v.at+1)
		return v.key(v.window.version, int64(n), minute, 0)
	}
	version := c.version
	if c.asked != nil {
		version = mix(v.window.version, v.troubles(c.fact))
	}
	return v.key(version, v.lastRead(c), c.metric.Period, c.metric.Settle)
}

// key mixes what decides on the answer: the rows, which of them the cursor sees, and which have settled.
func (v *View) key(version uint64, read int64, period, settle time.Duration) uint64 {
	k := mix(mix(0, version), uint64(read))
	if ms := period.Milliseconds(); ms > 0 {
		k = mix(mix(k, uint64(v.at/ms)), uint64((v.known()-settle.Milliseconds())/ms))
	}
	return mix(mix(k, uint64(v.failing)), uint64(v.cursor.Truth))
}

// known is the time up to which the view knows what happened, in Unix milliseconds.
func (v *View) known() int64 {
	if v.cursor.Truth == AsSettled {
		return max(v.at, v.window.newest.UnixMilli())
	}
	return v.at
}

func mix(k, x uint64) uint64 {
	k = (k ^ x) * 0x9e3779b97f4a7c15
	return k ^ k>>29
}

// lastRead is when the series was last read, as far as the cursor knows.
func (v *View) lastRead(c *column) int64 {
	read := c.read
	if v.cursor.Truth == AsSeen && read > v.at {
		read = v.latestSeen(c.rows)
	}
	if c.asked != nil {
		read = max(read, v.latestSeen(c.asked.rows))
	}
	return read
}

func (v *View) latestSeen(rows []row) int64 {
	var latest int64
	for i := range rows {
		if seen := rows[i].seen; seen > latest && (seen <= v.at || v.cursor.Truth == AsSettled) {
			latest = seen
		}
	}
	return latest
}

// Points appends to dst the periods of s that start in [from, to), oldest first, as the cursor sees them.
// Periods never asked about are absent.
func (v *View) Points(dst []Point, s Series, from, to time.Time) []Point {
	if d, ok := v.derived(s); ok {
		return appendBetween(dst, d.points, from, to)
	}
	c, ok := v.column(s)
	if !ok {
		return dst
	}
	return c.points(dst, from.UnixMilli(), to.UnixMilli())
}

func appendBetween(dst, points []Point, from, to time.Time) []Point {
	start, _ := slices.BinarySearchFunc(points, from, func(p Point, t time.Time) int { return p.At.Compare(t) })
	for _, p := range points[start:] {
		if !p.At.Before(to) {
			break
		}
		dst = append(dst, p)
	}
	return dst
}

// newestLookBack bounds how far back a newest value is looked for.
const newestLookBack = 4 * time.Hour

// Newest is the newest period of s that the cursor sees, provisional or not.
func (v *View) Newest(s Series) (Point, bool) { return v.last(s, false) }

// Settled is the newest period of s that will not be revised any more.
func (v *View) Settled(s Series) (Point, bool) { return v.last(s, true) }

func (v *View) last(s Series, settled bool) (Point, bool) {
	if d, ok := v.derived(s); ok {
		for _, p := range slices.Backward(d.points) {
			if !settled || !p.Provisional {
				return p, true
			}
		}
		return Point{}, false
	}
	c, ok := v.column(s)
	if !ok {
		return Point{}, false
	}
	return c.last(v.at-newestLookBack.Milliseconds(), settled)
}

// Fact is the value of a fact at the cursor, and since when it has held it.
func (v *View) Fact(r Ref, name string) (Fact, bool) { return v.fact(factKey{r, name}) }

func (v *View) fact(k factKey) (Fact, bool) {
	for _, f := range slices.Backward(v.window.facts[k]) {
		if !f.Seen.After(v.cursor.At) {
			return f, f.Value != ""
		}
	}
	return Fact{}, false
}

// failingSince is since when a source has been failing at the cursor: the earliest of them.
func (v *View) failingSince() int64 {
	since := int64(never)
	for _, k := range v.window.sources {
		if f, ok := v.fact(k); ok && failing(ParseTrouble(f.Value)) {
			since = min(since, f.Seen.UnixMilli())
		}
	}
	return since
}

// Trouble is what is known to be wrong with the series itself, and since when.
func (v *View) Trouble(s Series) (Trouble, time.Time) {
	if c := v.window.columns[s]; c != nil {
		return v.trouble(c.fact)
	}
	return v.trouble(factKey{s.Ref(), seriesFactName(seriesFact, s)})
}

// SourceTrouble is what is known to be wrong with a source, and since when.
func (v *View) SourceTrouble(source string) (Trouble, time.Time) {
	return v.trouble(factKey{Ref{SourceRef, source}, sourceFact})
}

func (v *View) trouble(k factKey) (Trouble, time.Time) {
	f, ok := v.fact(k)
	if !ok {
		return Trouble{}, time.Time{}
	}
	return ParseTrouble(f.Value), f.Seen
}

// Unread tells whether the period of s that starts at a time was left without a sample by trouble rather than by
// silence: when it should have settled, the series was in trouble, of any kind but [NotFound]. It says nothing
// about periods that have a sample.
func (v *View) Unread(s Series, at time.Time) bool {
	m, _ := Lookup(s.Metric)
	return v.unread(v.factOf(s), at.Add(m.Period+m.Settle).UnixMilli())
}

// Troubles is a key of what [View.Unread] answers for a series.
func (v *View) Troubles(s Series) uint64 { return v.troubles(v.factOf(s)) }

func (v *View) factOf(s Series) factKey {
	if c := v.window.columns[s]; c != nil {
		return c.fact
	}
	return factKey{s.Ref(), seriesFactName(seriesFact, s)}
}

// unread looks at what was last said of a series before one of its periods was due.
func (v *View) unread(k factKey, due int64) bool {
	for _, f := range slices.Backward(v.window.facts[k]) {
		if f.Seen.UnixMilli() < due && v.sees(f) {
			return hurt(f)
		}
	}
	return false
}

func (v *View) troubles(k factKey) (key uint64) {
	for _, f := range v.window.facts[k] {
		if v.sees(f) && (hurt(f) || key != 0) {
			key = mix(key+1, uint64(f.Seen.UnixMilli())<<1)
		}
		if v.sees(f) && hurt(f) {
			key = mix(key, 1)
		}
	}
	return key
}

func (v *View) sees(f Fact) bool {
	return v.cursor.Truth == AsSettled || !f.Seen.After(v.cursor.At)
}

// hurt tells whether a series that a fact says this of may lack samples.
func hurt(f Fact) bool {
	return f.Value != "" && ParseTrouble(f.Value).Kind != NotFound
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
// at most: the settle time and one period, or the pace of a series that gets values less often (see
// [PaceFact]). Where nothing has settled yet, the newest period stands for it.
func (v *View) Age(s Series) (age, normal time.Duration, ok bool) {
	m, _ := Lookup(s.Metric)
	normal = m.Settle + max(m.Period, v.pace(s))
	p, ok := v.Settled(s)
	if !ok {
		p, ok = v.Newest(s)
	}
	if !ok {
		return 0, normal, false
	}
	return v.cursor.At.Sub(p.At.Add(m.Period)), normal, true
}

// pace is how often the series, or the one that its surprise is of, gets a value where that is less often than its
// period, else 0.
func (v *View) pace(s Series) time.Duration {
	s.Metric = strings.TrimPrefix(s.Metric, SurprisePrefix)
	c := v.window.columns[s]
	if c == nil {
		return 0
	}
	f, ok := v.fact(c.pace)
	if !ok {
		return 0
	}
	return parsePace(f.Value)
}

// State is how the series stands at the cursor.
func (v *View) State(s Series) State {
	age, normal, ok := v.Age(s)
	m, _ := Lookup(s.Metric)
	switch trouble, _ := v.Trouble(s); {
	case trouble.Kind == NotFound:
		return Missing
	case !trouble.None():
		return Unreadable
	case !ok:
		return Waiting
	case age > normal+3*m.Period:
		return Dead
	case age > normal+2*m.Period:
		return Stale
	}
	if p, any := v.Settled(s); any && p.None && m.Gap != Zero {
		return NoData
	}
	return Fresh
}

// Layer is derived series by name. The zero Layer is not ready: use [NewLayer].
type Layer struct {
	series   map[Series]*laid
	byMetric map[string]*family[*laid]
	refs     map[Ref]bool // whose series there are
}

type laid struct {
	points  []Point
	version uint64
}

// NewLayer is an empty layer.
func NewLayer() *Layer {
	return &Layer{series: map[Series]*laid{}, byMetric: map[string]*family[*laid]{}, refs: map[Ref]bool{}}
}

// Put sets the points of a series, which must be in the order of At and are not copied.
func (l *Layer) Put(s Series, points []Point) {
	d := l.series[s]
	if d == nil {
		d = &laid{}
		l.series[s], l.refs[s.Ref()] = d, true
		enter(l.byMetric, s, d)
	}
	d.points, d.version = points, fingerprint(points)
}

func (l *Layer) has(s Series) bool {
	_, ok := l.series[s]
	return ok
}

// fingerprint is a key of the points.
func fingerprint(points []Point) uint64 {
	var k uint64
	for _, p := range points {
		k = mix(mix(k, uint64(p.At.UnixMilli())), math.Float64bits(p.Value))
		if p.None {
			k = mix(k, 1)
		}
		if p.Provisional {
			k = mix(k, 2)
		}
	}
	return k
}

// sighted is a recorded or quiet series as one view sees it.
type sighted struct {
	view   *View
	rows   []row
	asked  []row      // nil where silence does not mean zero
	recent [2]*recent // of both, nil where there is none
	period int64
	settle int64
	known  int64 // time up to which the series is known
	read   int64 // what must have been read to settle, never where the clock alone decides
	fact   factKey
}

// column is the series as the view sees it; ok is false when the view knows nothing of it.
func (v *View) column(s Series) (g sighted, ok bool) {
	c := v.window.columns[s]
	if c == nil {
		c = v.quiet(s)
	}
	if c == nil {
		return sighted{}, false
	}
	g = sighted{
		view: v, rows: c.rows, period: c.metric.Period.Milliseconds(), settle: c.metric.Settle.Milliseconds(),
		known: v.known(), read: never, fact: c.fact, recent: [2]*recent{&c.recent},
	}
	if c.asked != nil {
		g.asked, g.recent[1] = c.asked.rows, &c.asked.recent
	}
	trouble, _ := v.trouble(c.fact)
	if failing(trouble) && trouble.Kind != NotFound || v.failing != never {
		g.read = v.lastRead(c)
	}
	return g, true
}

// quiet is the column of a sparse series of which nothing was ever published, or nil.
func (v *View) quiet(s Series) *column {
	m, known := Lookup(s.Metric)
	if !known || m.Gap != Zero || m.Label != "" || m.Single || s.Label != "" {
		return nil
	}
	a := v.window.asked[askedKey{Ref{m.Service, s.Resource}, m.Settle}]
	if a == nil {
		return nil
	}
	return &column{metric: m, asked: a, fact: factKey{Ref{m.Service, s.Resource}, seriesFactName(seriesFact, s)}}
}

// points appends the periods that start in [from, to).
func (g *sighted) points(dst []Point, from, to int64) []Point {
	i, _ := slices.BinarySearchFunc(g.rows, row{at: from}, compareRows)
	j, _ := slices.BinarySearchFunc(g.asked, row{at: from}, compareRows)
	for i < len(g.rows) || j < len(g.asked) {
		at := min(atOr(g.rows, i), atOr(g.asked, j))
		if at >= to {
			break
		}
		next := i
		for next < len(g.rows) && g.rows[next].at == at {
			next++
		}
		var answered *row
		if j < len(g.asked) && g.asked[j].at == at {
			answered = &g.asked[j]
			j++
		}
		if r, ok := g.pick(g.rows[i:next], answered); ok {
			dst = append(dst, g.point(r))
		}
		i = next
	}
	return dst
}

func atOr(rows []row, i int) int64 {
	if i < len(rows) {
		return rows[i].at
	}
	return never
}

// last is the newest period that starts at oldest or later.
func (g *sighted) last(oldest int64, settled bool) (Point, bool) {
	i, j := len(g.rows), len(g.asked)
	for i > 0 || j > 0 {
		at := max(atBefore(g.rows, i), atBefore(g.asked, j))
		if at < oldest {
			break
		}
		first := i
		for first > 0 && g.rows[first-1].at == at {
			first--
		}
		var answered *row
		if j > 0 && g.asked[j-1].at == at {
			j--
			answered = &g.asked[j]
		}
		if r, ok := g.pick(g.rows[first:i], answered); ok {
			if p := g.point(r); !settled || !p.Provisional {
				return p, true
			}
		}
		i = first
	}
	return Point{}, false
}

func atBefore(rows []row, i int) int64 {
	if i > 0 {
		return rows[i-1].at
	}
	return math.MinInt64
}

// pick chooses among the versions of one period the one that the cursor sees, or takes the silence of a
// sparse series for an answer.
func (g *sighted) pick(versions []row, answered *row) (row, bool) {
	settledTruth := g.view.cursor.Truth == AsSettled
	for i := len(versions) - 1; i >= 0; i-- {
		if settledTruth {
			return versions[i], versions[i].at+g.period <= g.view.at
		}
		if versions[i].seen <= g.view.at {
			return versions[i], true
		}
	}
	if answered == nil || g.view.unread(g.fact, answered.at+g.period+g.settle) {
		return row{}, false
	}
	if settledTruth {
		return *answered, answered.at+g.period <= g.view.at
	}
	return *answered, answered.seen <= g.view.at
}

func (g *sighted) point(r row) Point {
	due := r.at + g.period + g.settle
	return Point{
		At: time.UnixMilli(r.at).UTC(), Value: r.value, None: r.none,
		Provisional: due > g.known || due > g.read,
	}
}

// sparseOf lists the sparse metrics without further label of a service that come by one way.
func sparseOf(service string, settle time.Duration) []string {
	var names []string
	for name, m := range catalogue {
		if m.Service == service && m.Settle == settle && m.Gap == Zero && m.Label == "" && !m.Single && !m.Derived() {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, cmp.Compare[string])
	return names
}
