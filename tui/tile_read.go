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
	points  []sources.Point
	plot    []chart.Point
}

// evaluator answers an expression that is no bare metric, for one resource at one time.
type evaluator func(v *sources.View, expr string, r sources.Ref, at time.Time) (float64, bool)

// number is the newest settled value, or the newest at all where nothing has settled yet.
func (r *reader) number(t *Tile, v *value) (n float64, young, ok bool) {
	if v.expr == "" {
		return 0, false, false
	}
	if !v.bare {
		n, ok = r.eval(r.view, v.expr, t.Ref, r.cursor)
		return n, false, ok && !math.IsNaN(n)
	}
	p, found := r.view.Settled(v.series)
	if !found {
		p, found = r.view.Newest(v.series)
		young = true
	}
	n, ok = measured(p, &v.metric)
	return n, young, found && ok
}

// measured is what a point says: the silence of a sparse metric is zero.
func measured(p sources.Point, m *sources.Metric) (float64, bool) {
	if p.None {
		return 0, m.Gap == sources.Zero
	}
	return p.Value, !math.IsNaN(p.Value)
}

// read fills a face.
func (r *reader) read(t *Tile, f *face, columns int) {
	f.status = r.status(t)
	r.headline(t, f)
	for i := range t.lines {
		f.lines[i] = r.line(t, t.lines[i], f.lines[i][:0])
	}
	r.age(t, f)
	r.chart(t, f, columns)
	f.scale = r.scaleText(t, f)
	f.notice = r.notice(f)
}

func (r *reader) headline(t *Tile, f *face) {
	spec := &t.spec.Headline
	n, young, ok := r.number(t, &t.headline)
	f.young, f.unit = young && ok, spec.Unit
	if !ok {
		f.number = noValue
		return
	}
	number, sign := quantity(n, spec.As, t.headline.period())
	f.number = number
	if top, _, ok := r.number(t, &t.ceiling); ok {
		f.unit = "of " + amount(top, spec.As, 0) + " " + spec.Unit
	} else if sign != "" {
		f.unit = strings.TrimSpace(sign + " " + spec.Unit)
	}
}

// line fills in a line's parts. A part is left out where its fact is absent or its metric was never heard of; a
// number that is not known just now is a dash.
func (r *reader) line(t *Tile, parts [][]field, out []string) []string {
	for _, part := range parts {
		if s, ok := r.part(t, part); ok {
			out = append(out, s)
		}
	}
	return out
}

func (r *reader) part(t *Tile, fields []field) (string, bool) {
	var buf [96]byte
	text := buf[:0]
	for i := range fields {
		f := &fields[i]
		text = append(text, f.before...)
		switch {
		case f.fact != "":
			fact, ok := r.view.Fact(t.Ref, f.fact)
			if !ok {
				return "", false
			}
			text = append(text, fact.Value...)
		case f.value != "":
			number, known := r.amount(t, f)
			if !known {
				return "", false
			}
			text = append(text, number...)
		}
	}
	return string(text), true
}

// amount is a metric in a field's format; known is false where it was never heard of.
func (r *reader) amount(t *Tile, f *field) (text string, known bool) {
	m, _ := sources.Lookup(f.value)
	v := value{expr: f.value, bare: true, metric: m, series: sources.Series{Metric: f.value, Resource: t.Ref.Name}}
	n, _, ok := r.number(t, &v)
	if !ok {
		_, known = r.view.Newest(v.series)
		return noValue, known
	}
	if f.as == asTotal {
		return r.total(&v), true
	}
	return amount(n, f.as, v.period()), true
}

// totalSpan bounds what a total counts: longer than that is not surely in memory.
const totalSpan = time.Hour

// total counts everything since T0, provisional samples too, as long as that lies within the hour.
func (r *reader) total(v *value) string {
	from, since := r.scene.Meta.Launch.T0, " since T0"
	if from.After(r.cursor) || from.Before(r.cursor.Add(-totalSpan)) {
		from, since = r.cursor.Add(-totalSpan), " in 60 min"
	}
	sum := 0.0
	r.points = r.view.Points(r.points[:0], v.series, from, r.cursor)
	for _, p := range r.points {
		if n, ok := measured(p, &v.metric); ok {
			sum += n
		}
	}
	return thousands(math.Round(sum)) + since
}

// ageStep is the step in which ages are shown, so that they do not tick.
const ageStep = 10 * time.Second

// age is that of the oldest of the series without which the tile is blind, against the lag that is normal for it.
func (r *reader) age(t *Tile, f *face) {
	f.age, f.late = "", false
	var worst, normal time.Duration
	known := false
	for _, s := range t.vital {
		age, usual, ok := r.view.Age(s)
		if ok && (!known || age-usual > worst-normal) {
			worst, normal, known = age, usual, true
		}
	}
	if !known {
		return
	}
	worst = max(worst, 0)
	f.late = worst > normal
	f.age = ageText(worst) + " / " + rough(normal)
}

func ageText(d time.Duration) string {
	if d >= 10*time.Minute {
		return rough(d)
	}
	return short(d.Truncate(ageStep))
}

// chart bins the trend into columns.
func (r *reader) chart(t *Tile, f *face, columns int) {
	f.grid = chart.NewGrid(r.cursor, r.scene.span(), columns)
	f.limit, f.lowest = math.NaN(), t.chart.metric.Worse == sources.LowerIsWorse
	period := t.chart.period()
	r.points = r.view.Points(r.points[:0], t.chart.series, f.grid.From.Add(-period), f.grid.To())
	r.plot = r.plot[:0]
	for _, p := range r.points {
		n, ok := measured(p, &t.chart.metric)
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

// scaleText is the value at the chart's top or, where there is one, on its dashed line.
func (r *reader) scaleText(t *Tile, f *face) string {
	if _, _, ok := chart.Range(f.columns); !ok {
		return ""
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
	return mark(v, as, t.chart.period())
}

// notice is the line that a tile says instead of its first supporting line while it is blind.
func (r *reader) notice(f *face) string {
	switch f.status.Level {
	case LevelError, LevelUnknown:
		return f.status.Why
	case LevelStale:
		return "as of " + r.scene.clock(f.status.Since).Format("15:04")
	}
	return ""
}
