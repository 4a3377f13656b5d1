package tui

import (
	"slices"
	"strings"
	"time"

	"warroom/sources"
	"warroom/tui/chart"
)

// The measures of the large charts.
const (
	chartLeastW = 60 // beside each other from twice that on
	chartGoodH  = 12 // its heading included
	chartLeastH = 7
	chartSpan   = time.Hour // how much time they show at least
	chartLines  = 4         // lines in one chart
)

// chartPlan is how many charts stand beside each other, and how high each is.
func chartPlan(area Rect, n int) (across, height int) {
	if n == 0 {
		return 1, 0
	}
	across = max(min(area.W/chartLeastW, n, 3), 1)
	height = min(area.H*2/3/ceilDiv(n, across), chartGoodH)
	if height < chartLeastH {
		height = min(chartLeastH, area.H*2/3)
	}
	return across, height
}

// charts draws the tile's large charts, as many as there is room for, and returns the rest of the area.
func (m *Model) charts(c *Canvas, area Rect, t *Tile, v *sources.View) Rect {
	across, height := chartPlan(area, len(t.spec.Detail))
	if height < chartLeastH {
		return area
	}
	rows := min(ceilDiv(len(t.spec.Detail), across), max(area.H*2/3/height, 1))
	charts, rest := area.Top(rows * height)
	for i, metrics := range t.spec.Detail[:min(len(t.spec.Detail), rows*across)] {
		x, w := part(charts.W, across, i%across)
		m.largeChart(c, Rect{X: charts.X + x + 1, Y: charts.Y + i/across*height, W: w - 2, H: height - 1}, t, metrics, v)
	}
	return rest
}

// largeChart draws some metrics of the resource over time, with the limits and ceilings that its tile knows, and a sign
// for everything that happened to the resource.
func (m *Model) largeChart(c *Canvas, r Rect, t *Tile, metrics []string, v *sources.View) {
	metrics = metrics[:min(len(metrics), chartLines)]
	unit, _ := sources.Lookup(metrics[0])
	lines := chart.Lines{
		Now: m.drawn.at, Span: chartSpan, Limits: m.limits(t, metrics, v), Marks: m.marksOf(t.Ref, v),
		Value: func(n float64) string { return axisLabel(n, unit) },
		Time:  func(at time.Time) string { return at.In(m.opt.Zone).Format("15:04") },
	}
	for _, name := range metrics {
		lines.Series = append(lines.Series, m.line(name, t.Ref, v))
	}
	c.Lines(r, &lines)
}

// line is one metric's samples in the stretch that the chart may show; its name bears the newest settled value.
func (m *Model) line(name string, r sources.Ref, v *sources.View) chart.Series {
	metric, _ := sources.Lookup(name)
	period := max(metric.Period, time.Second)
	at := m.drawn.at
	out := chart.Series{Name: strings.TrimPrefix(name, r.Service+"_")}
	if p, ok := v.Settled(sources.Series{Metric: name, Resource: r.Name}); ok {
		value, _ := m.reading(p, true, metric)
		out.Name += " " + value
	}
	for _, p := range v.Points(nil, sources.Series{Metric: name, Resource: r.Name}, at.Add(-behind), at.Add(period)) {
		n, ok := measured(p, &metric)
		out.Points = append(out.Points, chart.Point{At: p.At, Span: period, Value: n, None: !ok, Provisional: p.Provisional})
	}
	return out
}

// limits are the thresholds that the tile watches on these metrics, and its ceilings.
func (m *Model) limits(t *Tile, metrics []string, v *sources.View) []chart.Bound {
	var out []chart.Bound
	for _, w := range t.spec.Watch {
		if !slices.Contains(metrics, w.Value) {
			continue
		}
		for _, l := range []struct {
			name string
			at   *float64
		}{{"warns above", w.WarnAbove}, {"pages above", w.PageAbove}, {"warns below", w.WarnBelow}, {"pages below", w.PageBelow}} {
			if l.at != nil {
				metric, _ := sources.Lookup(w.Value)
				out = append(out, chart.Bound{Name: l.name + " " + inUnit(*l.at, metric), Value: *l.at})
			}
		}
	}
	if name := t.spec.Chart.Ceiling; name != "" && slices.Contains(metrics, orElse(t.spec.Chart.Value, t.spec.Headline.Value)) {
		if p, ok := v.Settled(sources.Series{Metric: name, Resource: t.Ref.Name}); ok && !slices.Contains(metrics, name) {
			out = append(out, chart.Bound{Name: "ceiling", Value: p.Value})
		}
	}
	return out
}

// marksOf is what happened to a resource, and T0.
func (m *Model) marksOf(r sources.Ref, v *sources.View) []chart.Moment {
	at := m.drawn.at
	var out []chart.Moment
	if t0 := m.opt.Meta.Launch.T0; !t0.IsZero() && !t0.After(at) {
		out = append(out, chart.Moment{At: t0, Sign: '┃'})
	}
	for _, c := range v.Changes(at.Add(-behind), at.Add(time.Nanosecond)) {
		if c.Resource == r || c.Kind == sources.ChangeNote {
			out = append(out, chart.Moment{At: c.At, Sign: changeGlyph(c.Kind)})
		}
	}
	return out
}

// axisLabel is a value at the edge of a chart, as short as it can be.
func axisLabel(n float64, m sources.Metric) string {
	switch m.Unit {
	case sources.Count, sources.Level:
		return si(n)
	case sources.PerSecond:
		return si(n) + "/s"
	}
	return inUnit(n, m)
}
