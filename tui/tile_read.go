package tui

import (
	"math"
	"strings"
	"time"

	"warroom/sources"
	"warroom/tui/chart"
)

// reader reads a tile's numbers from a view.
type reader struct {
	scene   *Scene
	view    *sources.View
	cursor  time.Time
	version uint64
	eval    evaluator
	broken  []brokenSource
	worn    Status // of the tile that is read, by its worst alert
	points  []sources.Point
	plot    []chart.Point
	text    []byte
}

// partMark stands between the parts of a line; no text from outside can hold it.
const partMark = "\x1f"

// same is the text that was put together: the old string where it says the same, so that nothing new is made.
func (r *reader) same(old string) string {
	if string(r.text) == old {
		return old
	}
	return string(r.text)
}

// evaluator answers an expression that is no bare metric, for one resource, from what has settled.
type evaluator func(v *sources.View, expr string, r sources.Ref) (float64, bool)

// number is the newest settled value, or the newest at all where nothing has settled yet.
func (r *reader) number(t *Tile, v *value) (n float64, young, ok bool) {
	if v.expr == "" {
		return 0, false, false
	}
	if !v.bare {
		n, ok = r.eval(r.view, v.expr, t.Ref)
		return n, false, ok && !math.IsNaN(n)
	}
	p, found := r.view.Settled(v.series)
	if !found {
		p, found = r.view.Newest(v.series)
		young = true
	}
	n, ok = r.measured(t, p, &v.metric)
	return n, young, found && ok
}

// measured is what a point of a tile's resource says: silence is zero only of a resource that is known to answer.
func (r *reader) measured(t *Tile, p sources.Point, m *sources.Metric) (float64, bool) {
	if p.None && m.Gap == sources.Zero && !r.answers(t) {
		return 0, false
	}
	return measured(p, m)
}

// measured is what a point says: the silence of a sparse metric is zero.
func measured(p sources.Point, m *sources.Metric) (float64, bool) {
	if p.None {
		return 0, m.Gap == sources.Zero
	}
	return p.Value, !math.IsNaN(p.Value)
}

// read fills a face. Where it says the same as an old one it shares its strings.
func (r *reader) read(t *Tile, f, old *face, columns int) {
	t = r.existing(t)
	f.status = r.scene.wear(r.status(t), r.worn)
	f.status.now = r.valueNow(f.status)
	f.aside = f.status.of != "" && f.status.of != t.headline.expr && f.status.of != t.chart.expr
	r.headline(t, f, old)
	for i := range t.lines {
		r.text = r.line(t, t.lines[i], f.told(), r.text[:0])
		f.lines[i] = r.same(old.lines[i])
	}
	if b, old := r.outdated(t); old && f.status.of != sourceUp && (f.status.Level == LevelWarn || f.status.Level == LevelPage) {
		f.lines[supportingLines-1] = r.factsAge(b) + ": " + string(b.trouble.Kind)
	}
	r.age(t, f, old)
	r.chart(t, f, columns)
	r.text = r.scaleText(t, f, r.text[:0])
	f.scale = r.same(old.scale)
	f.brief = strings.TrimPrefix(f.scale, r.limitWord(t, f))
	f.notice = r.notice(f)
}

// valueNow is the newest value of the alert from which a tile has its status, "" where the tile's own reading says it.
func (r *reader) valueNow(s Status) string {
	if s.alert == "" || s.Why != r.worn.Why {
		return ""
	}
	if a := alertOf(r.scene.Alerts, s.alert); a != nil {
		return valueNow(r.view, a)
	}
	return ""
}

// told is what a notice says already, "" for nothing.
func (f *face) told() string {
	if f.aside {
		return f.status.of
	}
	return ""
}

// existing is the tile, or the one instead of it where nothing was ever heard of its headline, but of that one's.
func (r *reader) existing(t *Tile) *Tile {
	if t.instead == nil {
		return t
	}
	if _, ok := r.view.Newest(t.headline.series); ok {
		return t
	}
	if _, ok := r.view.Newest(t.instead.headline.series); ok {
		return t.instead
	}
	return t
}

func (r *reader) headline(t *Tile, f, old *face) {
	spec := &t.spec.Headline
	n, young, ok := r.number(t, &t.headline)
	f.young, f.unit, f.number = young && ok, spec.Unit, noValue
	if !ok || f.status.empty {
		f.number, f.young = noValue, false
		return
	}
	var sign string
	r.text, sign = appendQuantity(r.text[:0], n, spec.As, t.headline.period())
	f.number = r.same(old.number)
	r.text = append(r.text[:0], sign...)
	if top, _, ok := r.number(t, &t.ceiling); ok {
		r.text = appendAmount(append(r.text[:0], "of "...), top, spec.As, 0)
	}
	if len(r.text) > 0 && spec.Unit != "" {
		r.text = append(r.text, ' ')
	}
	r.text = append(r.text, spec.Unit...)
	f.unit = r.same(old.unit)
}

// line writes a line's parts, a mark between two. A part is left out where its fact is absent, its metric was never
// heard of or is told elsewhere; a number that is not known just now is a dash.
func (r *reader) line(t *Tile, parts [][]field, told string, text []byte) []byte {
	for _, part := range parts {
		if told != "" && part[0].value == told {
			continue
		}
		start := len(text)
		if start > 0 {
			text = append(text, partMark...)
		}
		for i := range part {
			var known bool
			if text, known = r.field(t, &part[i], text); !known {
				text = text[:start]
				break
			}
		}
	}
	return text
}

// field writes one field of a part; known is false where there is nothing to write.
func (r *reader) field(t *Tile, f *field, text []byte) (out []byte, known bool) {
	text = append(text, f.before...)
	switch {
	case f.fact != "":
		fact, ok := r.view.Fact(t.Ref, f.fact)
		return append(text, sources.Clean(fact.Value)...), ok
	case f.value != "":
		return r.amount(t, f, text)
	}
	return text, true
}

// amount writes a metric in a field's format.
func (r *reader) amount(t *Tile, f *field, text []byte) (out []byte, known bool) {
	v := value{expr: f.value, bare: true, metric: f.metric, series: sources.Series{Metric: f.value, Resource: t.Ref.Name}}
	n, _, ok := r.number(t, &v)
	if !ok {
		_, known = r.view.Newest(v.series)
		known = known && f.as != asTotal
		return append(text, noValue...), known
	}
	if f.as == asTotal {
		return r.total(t, &v, text), true
	}
	return appendAmount(text, n, f.as, v.period()), true
}

// totalSpan is what a total counts where not everything since T0 is at hand.
const totalSpan = time.Hour

// total counts everything since T0, provisional samples too, as long as that is at hand.
func (r *reader) total(t *Tile, v *value, text []byte) []byte {
	from, since := r.scene.Meta.Launch.T0, " since T0"
	oldest := r.scene.Oldest
	if oldest.IsZero() {
		oldest = r.cursor.Add(-totalSpan)
	}
	if from.After(r.cursor) || from.Before(oldest) {
		from, since = r.cursor.Add(-totalSpan), " in 60 min"
	}
	sum, known := 0.0, false
	r.points = r.view.Points(r.points[:0], v.series, from, r.cursor)
	for _, p := range r.points {
		if n, ok := r.measured(t, p, &v.metric); ok {
			sum, known = sum+n, true
		}
	}
	if !known {
		return append(append(text, noValue...), since...)
	}
	return append(appendThousands(text, math.Round(sum)), since...)
}

// ageStep is the step in which ages are shown, so that they do not tick: ten seconds of a launch that passes by as
// fast as life, a minute of one that is hurried.
func ageStep(speed float64) time.Duration {
	switch {
	case speed <= 5:
		return 10 * time.Second
	case speed <= 20:
		return 30 * time.Second
	}
	return time.Minute
}

// age is that of the oldest of the series without which the tile is blind and of its ceiling, against the lag that is
// normal for it.
func (r *reader) age(t *Tile, f, old *face) {
	f.age, f.late = noValue, false
	if f.status.empty {
		return
	}
	var worst, normal time.Duration
	known := false
	older := func(s sources.Series) {
		if age, usual, ok := r.view.Age(s); ok && (!known || age-usual > worst-normal) {
			worst, normal, known = age, usual, true
		}
	}
	for _, s := range t.vital {
		older(s)
	}
	if known && t.ceiling.bare {
		older(t.ceiling.series)
	}
	if !known {
		return
	}
	worst = max(worst, 0)
	f.late = worst > normal
	r.text = appendRough(append(appendAge(r.text[:0], worst, ageStep(r.scene.speed())), " / "...), normal)
	f.age = r.same(old.age)
}

func appendAge(dst []byte, d, step time.Duration) []byte {
	if d >= 10*time.Minute {
		return appendRough(dst, d)
	}
	return appendShort(dst, d.Truncate(step))
}

// ageText is what appendAge writes of a launch that passes by as fast as life.
func ageText(d time.Duration) string { return string(appendAge(nil, d, ageStep(1))) }

// chart bins the trend into columns.
func (r *reader) chart(t *Tile, f *face, columns int) {
	f.grid = chart.NewGrid(r.cursor, r.scene.span(), columns)
	f.limit, f.lowest = math.NaN(), t.chart.metric.Worse == sources.LowerIsWorse
	period := t.chart.period()
	r.points = r.view.Points(r.points[:0], t.chart.series, f.grid.From.Add(-period), f.grid.To())
	r.plot = r.plot[:0]
	if f.status.empty {
		r.points = r.points[:0]
	}
	for _, p := range r.points {
		n, ok := r.measured(t, p, &t.chart.metric)
		r.plot = append(r.plot, chart.Point{At: p.At, Span: period, Value: n, None: !ok, Provisional: p.Provisional})
	}
	f.columns = f.grid.Bin(f.columns, r.plot)
	r.scale(t, f)
}

// scale finds the values at the chart's foot and top.
func (r *reader) scale(t *Tile, f *face) {
	low, high, known := chart.Range(f.columns)
	f.low, f.high = 0, t.spec.Chart.Top
	if top, _, ok := r.number(t, &t.limit); ok {
		f.limit = top
	} else if t.spec.Chart.Limit != nil {
		f.limit = *t.spec.Chart.Limit
	}
	if !known {
		f.limit = math.NaN() // a line that nothing stands under, and that has no label
	}
	if known && low < 0 {
		f.low = -chart.Nice(-low)
	}
	if !math.IsNaN(f.limit) {
		f.high = max(f.high, f.limit*1.05)
	}
	if known && high > f.high || f.high <= f.low {
		f.high = max(f.high, chart.Nice(high))
	}
}

// scaleText is the value at the chart's top or, where there is one, on its dashed line: that of a fixed one with what it means.
func (r *reader) scaleText(t *Tile, f *face, text []byte) []byte {
	if _, _, ok := chart.Range(f.columns); !ok {
		return text
	}
	as := t.spec.Chart.As
	if as == "" && t.chart.expr == t.headline.expr {
		as = t.spec.Headline.As
	}
	v := f.high
	if !math.IsNaN(f.limit) {
		v = f.limit
	}
	if as == asNumber || as == "" {
		as = asSI
	}
	beyond := r.limitWord(t, f)
	text = appendMark(append(text, beyond...), v, as, t.chart.period())
	if unit := t.spec.Headline.Unit; beyond != "" && unit != "" && t.chart.expr == t.headline.expr {
		text = append(append(text, ' '), unit...)
	}
	return text
}

// limitWord is what happens beyond the fixed limit of a tile's chart: what the tile watches there, or nothing but that it is one;
// "" where there is no such limit. Where rules are judged only an alert pages.
func (r *reader) limitWord(t *Tile, f *face) string {
	if t.spec.Chart.Limit == nil || f.limit != *t.spec.Chart.Limit {
		return ""
	}
	limit, pages := *t.spec.Chart.Limit, "pages "
	if r.scene.Judged {
		pages = "warns "
	}
	is := func(at *float64) bool { return at != nil && *at == limit }
	for i := range t.spec.Watch {
		w := &t.spec.Watch[i]
		switch {
		case w.Value != t.chart.expr:
		case is(w.PageAbove):
			return pages + "above "
		case is(w.PageBelow):
			return pages + "below "
		case is(w.WarnAbove):
			return "warns above "
		case is(w.WarnBelow):
			return "warns below "
		}
	}
	return "limit "
}

// notice is the line that a tile says before its supporting lines: why it is blind, or what is wrong where neither
// headline nor chart show it.
func (r *reader) notice(f *face) string {
	switch {
	case f.aside || f.status.Level == LevelError || f.status.Level == LevelUnknown:
		return f.status.said()
	case f.status.Level == LevelStale:
		return "as of " + r.scene.clock(f.status.Since).Format("15:04")
	}
	return ""
}
