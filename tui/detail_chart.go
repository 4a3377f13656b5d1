package tui

import (
	"slices"
	"strings"
	"time"

	"warroom/alerts"
	"warroom/runbooks"
	"warroom/sources"
	"warroom/tui/chart"
)

// The measures of the large charts.
const (
	chartLeastW = 38
	chartLeastH = 7  // its heading included
	chartGoodH  = 18 // higher says no more
	chartLines  = 4  // lines in one chart
	tableLeastH = 8  // what the charts leave to the table where it has so many lines
)

// chartPlan is in how many rows of how many charts each n charts stand, and how high each is, above a table of so many
// lines.
func chartPlan(area Rect, n, lines int) (rows, across, height int) {
	if n == 0 {
		return 0, 1, 0
	}
	across = max(min(area.W/chartLeastW, n, 3), 1)
	if n == 4 && across == 3 {
		across = 2
	}
	room := area.H - min(lines+1, tableLeastH)
	rows = min(ceilDiv(n, across), room/chartLeastH)
	if rows <= 0 {
		return 0, across, 0
	}
	return rows, across, min(room/rows, chartGoodH)
}

// charts draws the tile's large charts, as many as there is room for, and returns the rest of the area. Those of a row
// that is not full are wider.
func (m *Model) charts(c *Canvas, area Rect, t *Tile, v *sources.View, lines int) Rect {
	rows, across, height := chartPlan(area, len(t.spec.Detail), lines)
	charts, rest := area.Top(rows * height)
	for row := range rows {
		here := t.spec.Detail[row*across:]
		here = here[:min(len(here), across)]
		for i, metrics := range here {
			x, w := part(charts.W, len(here), i)
			m.largeChart(c, Rect{X: charts.X + x + 1, Y: charts.Y + row*height, W: w - 2, H: height - 1}, t, metrics, v)
		}
	}
	return rest
}

// largeChart draws some metrics of the resource over time, with the limits and ceilings that its tile knows, and a sign
// for everything that happened to the resource.
func (m *Model) largeChart(c *Canvas, r Rect, t *Tile, metrics []string, v *sources.View) {
	metrics = metrics[:min(len(metrics), chartLines)]
	unit, _ := sources.Lookup(metrics[0])
	lines := m.overTime(unit, m.marksOf(t.Ref, v))
	lines.Limits = m.limits(t, metrics, v)
	for i, name := range metrics {
		if i == 0 || !t.isCeiling(name) {
			line := m.line(name, t.Ref, v)
			line.Name = unlike(line.Name, lines.Series)
			lines.Series = append(lines.Series, line)
		}
	}
	c.Lines(r, &lines)
}

// overTime is a large chart up to the time that is shown, in the unit of a metric, without any line yet.
func (m *Model) overTime(unit sources.Metric, marks []chart.Moment) chart.Lines {
	return chart.Lines{
		Now: m.drawn.at, Span: spanOf(m.drawn.at.Sub(m.reach().from)), Marks: marks,
		Value: func(n float64) string { return axisLabel(n, unit) }, Time: m.minute,
	}
}

// line is one metric's samples in the stretch that the chart may show; its name bears the newest settled value.
func (m *Model) line(name string, r sources.Ref, v *sources.View) chart.Series {
	metric, _ := sources.Lookup(name)
	period := max(metric.Period, time.Second)
	at := m.drawn.at
	out := chart.Series{Name: inWords(name, r.Service)}
	if p, ok := v.Settled(sources.Series{Metric: name, Resource: r.Name}); ok {
		value, _ := m.reading(p, true, metric)
		out.Name += " " + value
	}
	out.Points = plotted(v.Points(nil, sources.Series{Metric: name, Resource: r.Name}, at.Add(-behind), at.Add(period)), &metric)
	return out
}

// plotted are the points of a metric as a chart takes them.
func plotted(points []sources.Point, metric *sources.Metric) (out []chart.Point) {
	period := max(metric.Period, time.Second)
	for _, p := range points {
		n, ok := measured(p, metric)
		out = append(out, chart.Point{At: p.At, Span: period, Value: n, None: !ok, Provisional: p.Provisional})
	}
	return out
}

// inWords is what a person calls a metric where its value stands beside it.
func inWords(name, service string) string {
	name = strings.TrimPrefix(name, service+"_")
	for _, unit := range [...]string{"_per_second", "_seconds", "_bytes"} {
		name = strings.TrimSuffix(name, unit)
	}
	return strings.NewReplacer("cpu_ratio", "CPU", "acu", "ACU", "_", " ").Replace(name)
}

// unlike is a line's name without the word that the first line's name begins with, too.
func unlike(name string, before []chart.Series) string {
	word, rest, _ := strings.Cut(name, " ")
	if len(before) > 0 && strings.HasPrefix(before[0].Name, word+" ") {
		return rest
	}
	return name
}

// limits are the thresholds that the tile watches on these metrics, and its ceilings.
func (m *Model) limits(t *Tile, metrics []string, v *sources.View) []chart.Bound {
	var out []chart.Bound
	pages := "pages"
	if m.judged() {
		pages = "warns" // rules page, and tiles warn beside them
	}
	for _, w := range t.spec.Watch {
		if !slices.Contains(metrics, w.Value) {
			continue
		}
		for _, l := range []struct {
			name string
			at   *float64
		}{{"warns above", w.WarnAbove}, {pages + " above", w.PageAbove}, {"warns below", w.WarnBelow}, {pages + " below", w.PageBelow}} {
			if l.at != nil {
				metric, _ := sources.Lookup(w.Value)
				out = append(out, chart.Bound{Name: l.name + " " + axisLabel(*l.at, metric), Value: *l.at})
			}
		}
	}
	for _, name := range metrics[1:] {
		if p, ok := v.Settled(sources.Series{Metric: name, Resource: t.Ref.Name}); ok && t.isCeiling(name) {
			metric, _ := sources.Lookup(name)
			out = append(out, chart.Bound{Name: "ceiling " + axisLabel(p.Value, metric), Value: p.Value})
		}
	}
	return out
}

// isCeiling tells whether a metric is what another one cannot exceed: it is drawn as a limit is, over the whole width.
func (t *Tile) isCeiling(name string) bool {
	return name == t.spec.Headline.Ceiling || name == t.spec.Chart.Ceiling || t.spec.Wall != nil && name == t.spec.Wall.Ceiling
}

// marksOf is what happened to a resource, and T0.
func (m *Model) marksOf(r sources.Ref, v *sources.View) []chart.Moment {
	at := m.drawn.at
	var out []chart.Moment
	if t0 := m.opt.Meta.Launch.T0; !t0.IsZero() && !t0.After(at) {
		out = append(out, chart.Moment{At: t0, Sign: '┃', Name: "T0"})
	}
	for _, c := range v.Changes(at.Add(-behind), at.Add(time.Nanosecond)) {
		if e, ok := runbooks.Logged(c); ok && !e.Landmark() {
			continue
		}
		if t, ok := alerts.ReadTransition(c); ok {
			if c.Resource == r && fires(&t) {
				out = append(out, chart.Moment{At: c.At, Sign: changeGlyph(c.Kind), Name: ruleWords(sources.CleanTo(t.Rule, 24))})
			}
			continue
		}
		if c.Kind == alerts.ChangeResponse {
			continue
		}
		if c.Resource == r && !slices.Contains(asides, c.Kind) || c.Kind == sources.ChangeNote {
			out = append(out, chart.Moment{At: c.At, Sign: changeGlyph(c.Kind), Name: c.Kind})
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
	case sources.Ratio:
		return mark(n, asPercent, 0)
	case sources.Seconds:
		return mark(n, asDuration, 0)
	}
	return inUnit(n, m)
}
