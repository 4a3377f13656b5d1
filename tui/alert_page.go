package tui

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"warroom/alerts"
	"warroom/sources"
	"warroom/tui/chart"
	"warroom/tui/theme"
)

// alertPage is one alert: why it fired, with the values that were judged, what it went through and what people did.
type alertPage struct {
	of string // its key
	scroll
}

func (p *alertPage) key(m *Model, k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case key.Matches(k, m.keys.Back):
		m.open(&alertListPage{chosen: p.of})
		return nil, true
	case key.Matches(k, m.keys.Open):
		return nil, p.toTile(m)
	case key.Matches(k, m.keys.Left, m.keys.PrevTile, m.keys.Previous):
		p.other(m, -1)
		return nil, true
	case key.Matches(k, m.keys.Right, m.keys.NextTile, m.keys.Next):
		p.other(m, +1)
		return nil, true
	}
	return nil, p.scroll.key(m.keys, k, 1)
}

// toTile opens the tile of what the alert is about.
func (p *alertPage) toTile(m *Model) bool {
	a := alertOf(m.alerts(), p.of)
	if a == nil || !slices.Contains(m.resources(), a.Resource) {
		m.say("this alert is about the whole launch: it has no tile")
		return true
	}
	m.chosen = a.Resource
	m.open(&detailPage{})
	return true
}

// other shows the alert before or after this one in the list.
func (p *alertPage) other(m *Model, way int) {
	rows := alertRows(m.alerts())
	i := slices.IndexFunc(rows, func(r alertRow) bool { return r.Key == p.of })
	if i += way; i >= 0 && i < len(rows) {
		*p = alertPage{of: rows[i].Key}
	}
}

func (p *alertPage) hints(k *keyMap) []Hint {
	return []Hint{
		hint(k.Own, "own it"), hint(k.Silence, "silence"), hint(k.Runbook, "runbook"), hint(k.Open, "its tile"),
		hints(k.Left, k.Right, "other alerts"), hints(k.Down, k.Up, "read"), hint(k.Back, "back"), hint(k.Actions, "actions"),
	}
}

func (p *alertPage) draw(m *Model, c *Canvas, area Rect, v *sources.View) {
	a := alertOf(m.alerts(), p.of)
	if area.Empty() {
		return
	}
	if a == nil {
		c.Text(area.X+1, area.Y, area.W-2, "this alert was not known yet at "+m.hour(m.drawn.at), theme.Fg(theme.Faint))
		return
	}
	top, rest := area.Top(1)
	p.head(m, c, top, a)
	rest = p.says(m, c, rest, a)
	lines := m.alertStory(a, area.W)
	rest = m.judgedChart(c, rest, a, v, len(lines))
	p.text(c, rest, lines)
}

// head is the page's first line: what the alert is and how it stands, at the right who has it.
func (p *alertPage) head(m *Model, c *Canvas, r Rect, a *alerts.Alert) {
	word, style := alertWord(a)
	rest := heading(c, r, cut(alertName(&a.Transition), max(r.W-textWidth(word)-4, 1)), "")
	if rest.Empty() {
		return
	}
	used := c.Text(rest.X, rest.Y, rest.W, word, style.Bold())
	_, rest = rest.Left(used + 2)
	has, look := m.hasIt(a)
	if rest.W >= textWidth(has) {
		textAtRight(c, rest, has, look)
	}
}

// says writes what the alert says of itself, and returns the rest of the area.
func (p *alertPage) says(m *Model, c *Canvas, r Rect, a *alerts.Alert) Rect {
	for i, text := range append(m.alertFacts(a), m.alertNumbers(a)) {
		style := theme.Fg(theme.Text)
		if i == 0 {
			style = theme.Fg(theme.Strong)
		}
		for _, part := range wrap(text, r.W-2, 2) {
			var row Rect
			if row, r = r.Top(1); row.Empty() {
				return r
			}
			c.Text(row.X+1, row.Y, row.W-2, part, style)
		}
	}
	return r
}

// alertNumbers are its value, since when it holds, and the runbook.
func (m *Model) alertNumbers(a *alerts.Alert) string {
	parts := filled(m.alertValueWords(a), prefixed("runbook ", sources.Clean(a.Runbook)), "since "+m.hour(since(a))+" "+m.since(since(a)))
	if !a.Fired.IsZero() {
		parts = append(parts, "fired "+m.hour(a.Fired))
	}
	return strings.Join(parts, " · ")
}

// alertValueWords are its value as of now, or as it was judged last.
func (m *Model) alertValueWords(a *alerts.Alert) string {
	if stands := m.alertStands(a); strings.HasPrefix(stands, "now ") {
		return stands
	}
	return prefixed("value ", m.judgedValue(lastValue(a)))
}

// judgedChart draws the series that the rule read, with its threshold where its words name one, and returns the rest.
// Series of another unit than the first are left to the table.
func (m *Model) judgedChart(c *Canvas, area Rect, a *alerts.Alert, v *sources.View, lines int) Rect {
	judged := judgedOf(a)
	_, _, height := chartPlan(area, min(len(judged), 1), min(lines, tableLeastH))
	if height == 0 {
		return area
	}
	unit, _ := sources.Lookup(judged[0].Series.Metric)
	l := m.overTime(unit, m.alertMoments(a, v))
	b := m.boundOf(a.Words, judged)
	for _, j := range judged[:min(len(judged), chartLines)] {
		if metric, _ := sources.Lookup(j.Series.Metric); metric.Unit == unit.Unit {
			l.Series = append(l.Series, m.judgedLine(j, v))
		}
	}
	if metric, _ := sources.Lookup(b.Metric); b.Known && metric.Unit == unit.Unit {
		side := "below "
		if b.Above {
			side = "above "
		}
		l.Limits = []chart.Bound{{Name: side + axisLabel(b.Limit, metric), Value: b.Limit}}
	}
	top, rest := area.Top(height)
	c.Lines(Rect{X: top.X + 1, Y: top.Y, W: top.W - 2, H: top.H - 1}, &l)
	return rest
}

// judgedOf are the series that the rule read when it last told them.
func judgedOf(a *alerts.Alert) []alerts.Judged {
	for _, t := range slices.Backward(a.History) {
		if len(t.Judged) > 0 {
			return t.Judged
		}
	}
	return nil
}

// judgedLine is a series as it is known at the time that is shown, and what was judged of it where that is all there is.
func (m *Model) judgedLine(j alerts.Judged, v *sources.View) chart.Series {
	metric, _ := sources.Lookup(j.Series.Metric)
	period := max(metric.Period, time.Second)
	points := v.Points(nil, j.Series, m.drawn.at.Add(-behind), m.drawn.at.Add(period))
	if len(points) == 0 {
		points = j.Points
	}
	return chart.Series{Name: seriesWords(j.Series), Points: plotted(points, &metric)}
}

// seriesWords is a series as people call it.
func seriesWords(s sources.Series) string {
	metric, _ := sources.Lookup(s.Metric)
	return sources.Clean(strings.Join(filled(s.Resource, inWords(s.Metric, metric.Service), s.Label), " "))
}

// alertMoments are when the alert was over, and what happened to its resource, of which that it fired is a part.
func (m *Model) alertMoments(a *alerts.Alert, v *sources.View) []chart.Moment {
	out := m.marksOf(a.Resource, v)
	for _, t := range a.History {
		if t.To == alerts.Resolved {
			out = append(out, chart.Moment{At: t.At, Sign: '✔', Name: "over"})
		}
	}
	slices.SortStableFunc(out, func(a, b chart.Moment) int { return a.At.Compare(b.At) })
	return out
}

// storyLine is one line of an alert's story.
type storyLine struct{ cells []column }

// alertStory is what was judged, what the alert went through and what people did, as lines of a page of a width.
func (m *Model) alertStory(a *alerts.Alert, width int) []storyLine {
	var out []storyLine
	part := func(head string, lines [][]column) {
		if len(lines) == 0 {
			return
		}
		if len(out) > 0 {
			out = append(out, storyLine{})
		}
		out = append(out, storyLine{title(head)})
		for _, cells := range lines {
			out = append(out, storyLine{cells})
		}
	}
	part("WHAT IT WENT THROUGH, AND WHAT PEOPLE DID", m.alertHistory(a))
	part("WHAT WAS JUDGED", m.judgedTable(a, width))
	return out
}

// alertHistory are the transitions of an alert and the responses of people, the newest first.
func (m *Model) alertHistory(a *alerts.Alert) [][]column {
	type moment struct {
		at    time.Time
		cells []column
	}
	var all []moment
	add := func(at time.Time, word, text string, style theme.Style) {
		all = append(all, moment{at, []column{
			{text: m.when(at), width: m.whenWidth(), style: theme.Fg(theme.Text)}, {text: m.since(at), width: 11, style: theme.Fg(theme.Faint)},
			{text: word, width: alertStateW, style: style}, {text: text, width: -1, style: theme.Fg(theme.Strong)},
		}})
	}
	for i := range a.History {
		t := &a.History[i]
		add(t.At, t.To.String(), m.transitionWords(t), stateStyle(t.To, t.Severity))
	}
	for _, c := range m.happened() {
		r, ok := alerts.ReadResponse(c)
		if ok && !c.At.Before(a.Began) && (r.Key == a.Key || r.Key == "" && r.Rule == a.Rule && (r.Resource == "" || r.Resource == a.Resource.String())) {
			text := sources.Clean(c.Actor)
			if r.Did == alerts.Silenced {
				text += " until " + m.until(r.Until)
			}
			add(c.At, string(r.Did), strings.Join(filled(text, sources.Clean(r.Why)), ": "), theme.Fg(theme.Accent))
		}
	}
	slices.SortStableFunc(all, func(a, b moment) int { return a.at.Compare(b.at) })
	slices.Reverse(all)
	out := make([][]column, len(all))
	for i := range all {
		out[i] = all[i].cells
	}
	return out
}

// transitionWords say what made an alert go from one state to another.
func (m *Model) transitionWords(t *alerts.Transition) string {
	parts := filled(m.judgedValue(t), sources.Clean(t.Why))
	switch {
	case t.Page && m.silenced(t):
		parts = append(parts, "silenced: nobody was woken")
	case t.Page:
		parts = append(parts, "somebody was woken")
	case t.Under != "" && t.To.Live():
		parts = append(parts, "woke nobody: another alert explains it")
	case t.Root:
		parts = append(parts, "woke nobody: it explains one that had paged")
	}
	if !t.Step.IsZero() {
		parts = append(parts, "judged up to "+m.minute(t.Step))
	}
	return strings.Join(parts, " · ")
}

// silenced tells whether a silence held for a transition when it was decided: the rule is judged all the same.
func (m *Model) silenced(t *alerts.Transition) bool {
	var responses []sources.Change
	for _, c := range m.happened() {
		if c.Kind == alerts.ChangeResponse && !c.At.After(t.At) {
			responses = append(responses, c)
		}
	}
	return slices.ContainsFunc(alerts.Silences(responses, t.At), func(s alerts.Silence) bool { return s.Covers(t.Rule, t.Resource, t.At) })
}

func stateStyle(s alerts.State, severity alerts.Severity) theme.Style {
	switch {
	case s == alerts.Firing && severity == alerts.Page:
		return theme.Fg(theme.Bad).Bold()
	case s == alerts.Firing || s == alerts.Recovering || s == alerts.NoData || s == alerts.Errored:
		return theme.Fg(theme.Warn)
	case s == alerts.Resolved:
		return theme.Fg(theme.Good)
	}
	return theme.Fg(theme.Text)
}

// The columns of the values that were judged.
const (
	judgedNameW = 28
	judgedMost  = 6 // values in a line
)

// judgedTable are the values that were judged last, a line for each series, the newest at the right.
func (m *Model) judgedTable(a *alerts.Alert, width int) [][]column {
	var out [][]column
	for _, j := range judgedOf(a) {
		metric, _ := sources.Lookup(j.Series.Metric)
		cells := []column{{text: seriesWords(j.Series), width: judgedNameW, style: theme.Fg(theme.Text)}}
		room := width - 2 - judgedNameW
		var values []column
		for _, p := range slices.Backward(j.Points) {
			value := noValue
			if n, ok := measured(p, &metric); ok && !math.IsInf(n, 0) {
				value = inUnit(n, metric)
			}
			cell := column{text: m.minute(p.At) + " " + value, width: 6 + max(textWidth(value), 7), style: theme.Fg(theme.Strong)}
			if room -= cell.width + 1; room < 0 || len(values) == judgedMost {
				break
			}
			values = append(values, cell)
		}
		slices.Reverse(values)
		out = append(out, append(cells, values...))
	}
	return out
}

// text writes the lines in sight, and says what is further down.
func (p *alertPage) text(c *Canvas, r Rect, lines []storyLine) {
	var foot Rect
	if len(lines) > r.H && r.H >= leastList {
		foot, r = r.Bottom(1)
	}
	p.height, p.beyond = r.H, max(len(lines)-r.H, 0)
	p.top = min(p.top, p.beyond)
	for i := p.top; i < len(lines) && i < p.top+r.H; i++ {
		columns(c, Rect{X: r.X, Y: r.Y + i - p.top, W: r.W, H: 1}.Inset(1, 0), lines[i].cells...)
	}
	words := "the end"
	if n := p.beyond - p.top; n > 0 {
		words = "↓ " + strconv.Itoa(n) + " more"
	}
	writeRow(c, foot.Inset(1, 0), words, theme.Fg(theme.Accent))
}
