package tui

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"warroom/sources"
	"warroom/tui/theme"
)

// detailPage is everything that is known of one resource: what is wrong and the remedy, large charts, all series,
// facts and the last changes. One line is chosen, and what it means is said in full.
type detailPage struct{ list list }

func (p *detailPage) key(m *Model, k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case key.Matches(k, m.keys.Right, m.keys.NextTile, m.keys.Next):
		m.choose(+1)
		p.list = list{}
	case key.Matches(k, m.keys.Left, m.keys.PrevTile, m.keys.Previous):
		m.choose(-1)
		p.list = list{}
	case key.Matches(k, m.keys.Start, m.keys.End): // of time, as on the grid
		return nil, false
	default:
		return nil, p.list.key(m.keys, k, len(m.detailLines(m.view(), m.chosen, 0)))
	}
	return nil, true
}

func (p *detailPage) hints(k *keyMap) []Hint {
	return []Hint{
		hint(k.Back, "back"), hints(k.Left, k.Right, "other tiles"), hints(k.Down, k.Up, "lines"),
		hint(k.Pause, k.Pause.Help().Desc), hints(k.Earlier, k.Later, "scrub"),
		hint(k.Truth, "as seen, as settled"), hint(k.Jump, "jump"), hint(k.Help, "help"),
	}
}

func (p *detailPage) draw(m *Model, c *Canvas, area Rect, v *sources.View) {
	t := m.chosenTile()
	if area.Empty() {
		return
	}
	if t == nil {
		c.Text(area.X+1, area.Y, area.W-2, "this tile is not shown any more", theme.Fg(theme.Faint))
		return
	}
	top, rest := area.Top(1)
	status := m.painter.Status(m.scene(), t)
	p.head(m, c, top, t, status)
	rest = p.trouble(c, rest, status)
	lines := m.detailLines(v, t.Ref, area.W)
	rest = m.charts(c, rest, t, v, len(lines))
	head, rest := rest.Top(1)
	columns(c, head.Inset(1, 0), m.seriesHead(area.W)...)
	p.list.at = max(min(p.list.at, len(lines)-1), 0)
	if p.list.at < len(lines) {
		rest = p.meaning(c, rest, lines[p.list.at].means)
	}
	var foot Rect
	if len(lines) > rest.H && rest.H >= leastList {
		foot, rest = rest.Bottom(1)
	}
	p.list.draw(c, rest, len(lines), func(i int, r Rect) { columns(c, r, lines[i].cells...) })
	beyond := lines[min(p.list.top+rest.H, len(lines)):]
	writeRow(c, foot.Inset(1, 0), beyondWords(beyond, len(lines)), theme.Fg(theme.Accent))
}

// beyondWords says what of the table is further down.
func beyondWords(beyond []detailLine, all int) string {
	if len(beyond) == 0 {
		return "the end of " + strconv.Itoa(all) + " lines"
	}
	var n [3]int
	for _, l := range beyond {
		if len(l.cells) > 1 { // no title, and no blank line
			n[l.kind]++
		}
	}
	var parts []string
	for kind, words := range [...][2]string{lineSeries: {"series", "series"}, lineFact: {"fact", "facts"}, lineChange: {"change", "changes"}} {
		if n[kind] > 0 {
			parts = append(parts, strconv.Itoa(n[kind])+" "+words[min(n[kind]-1, 1)])
		}
	}
	return "↓ more: " + strings.Join(parts, ", ")
}

// meaning says at the foot of the page what the chosen line means, and returns the rest.
func (p *detailPage) meaning(c *Canvas, r Rect, text string) Rect {
	lines := wrap(text, r.W-3, 2)
	if r.H < leastList+len(lines) {
		return r
	}
	foot, rest := r.Bottom(len(lines))
	for i, line := range lines {
		c.Text(foot.X+1, foot.Y+i, foot.W-2, line, theme.Fg(theme.Text))
	}
	return rest
}

// leastList is how many lines of the table stay in sight whatever else has to be said.
const leastList = 3

// detailLine is one line of the page's table, and what it means.
type detailLine struct {
	cells []column
	means string
	kind  lineKind
}

// lineKind is what a line of the table is about.
type lineKind uint8

const (
	lineSeries lineKind = iota
	lineFact
	lineChange
)

// chosenTile is the tile that the page is about, whether the filter shows it or not.
func (m *Model) chosenTile() *Tile {
	for _, t := range m.allTiles() {
		if t.Ref == m.chosen {
			return t
		}
	}
	return nil
}

// head is the page's first line: number, name, what the provider calls it, and the state as a word.
func (p *detailPage) head(m *Model, c *Canvas, r Rect, t *Tile, s Status) {
	state := string(s.Glyph) + " " + s.Word
	left, _ := r.Left(1 + max(r.W-textWidth(state)-4, 0)) // the word wins where there is no room for both
	name := cut(strconv.Itoa(t.Number)+" "+t.Title, left.W-1)
	_, word := r.Left(1 + textWidth(name) + 2)
	if word.Empty() {
		return
	}
	heading(c, r, name, "")
	used := c.Text(word.X, r.Y, word.W, state, theme.Fg(s.Level.colour()).Bold())
	if _, rest := word.Left(used + 2); rest.W >= leastAbout {
		textAtRight(c, rest.Inset(1, 0), m.identity(t.Ref), theme.Fg(theme.Faint))
	}
}

// identity is the provider's name of a resource, and its region.
func (m *Model) identity(r sources.Ref) string {
	for _, res := range m.opt.Meta.Resources {
		if res.Ref == r {
			return strings.TrimSpace(r.Service + "  " + res.ID + "  " + res.Region)
		}
	}
	return r.String()
}

// trouble says what is wrong and what to do, in as many lines as it takes, and returns the rest of the area.
func (p *detailPage) trouble(c *Canvas, r Rect, s Status) Rect {
	why := s.said()
	if why == "" {
		return r
	}
	for _, line := range wrap(why, max(r.W-2, 1), 3) {
		var row Rect
		if row, r = r.Top(1); row.Empty() {
			return r
		}
		c.Text(row.X+1, row.Y, row.W-2, line, theme.Fg(s.Level.colour()))
	}
	return r
}

// detailLines are the table of series, the facts and the last changes, for a page of a width.
func (m *Model) detailLines(v *sources.View, r sources.Ref, width int) []detailLine {
	var out []detailLine
	for _, s := range seriesOf(v, r) {
		out = append(out, m.seriesLine(v, s, width))
	}
	for _, cells := range m.factLines(v, r, width) {
		out = append(out, detailLine{cells: cells, kind: lineFact})
	}
	for _, cells := range m.changeLines(v, r, width) {
		out = append(out, detailLine{cells: cells, kind: lineChange})
	}
	return out
}

func title(s string) []column {
	return []column{{text: s, width: -1, style: theme.Fg(theme.Faint).Bold()}}
}

// The columns of the table of series.
const (
	seriesWidth = 36
	valueWidth  = 13
	periodWidth = 11
	stateWidth  = 11
	wideTable   = 110 // from here on there is room for the values that may still be revised
	nameLeast   = 24  // the name gets so much before age and period do
)

// seriesHead is the head of the table of series. The zone of its times is said once, here.
func (m *Model) seriesHead(width int) []column {
	faint := theme.Fg(theme.Faint).Bold()
	return seriesColumns(width,
		column{text: "SERIES", style: faint}, column{text: "SETTLED", style: faint}, column{text: "OF, " + m.zone(), style: faint},
		column{text: "YOUNGER", style: faint}, column{text: "STATE", style: faint}, column{text: "AGE / NORMAL", style: faint})
}

// seriesColumns gives the cells of one series their places.
func seriesColumns(width int, name, settled, of, younger, state, age column) []column {
	name.width, settled.width, of.width, younger.width, state.width, age.width = seriesWidth, valueWidth, periodWidth, valueWidth, stateWidth, -1
	settled.right, younger.right = true, true
	if width >= wideTable {
		return []column{name, settled, of, younger, state, age}
	}
	name.width = width - 2 - valueWidth - periodWidth - stateWidth - len("AGE / NORMAL") - 5
	if name.width >= nameLeast {
		return []column{name, settled, of, state, age}
	}
	if name.width += len("AGE / NORMAL") + 1; name.width >= nameLeast {
		return []column{name, settled, of, state}
	}
	settled.width = valueWidth - 2
	name.width = max(name.width+periodWidth+3, 1)
	return []column{name, settled, state}
}

// seriesOf are the resource's series: in the order of their names, the derived ones of the catalogue included.
func seriesOf(v *sources.View, r sources.Ref) []sources.Series {
	var out []sources.Series
	v.Each(func(s sources.Series) {
		if s.Ref() == r {
			out = append(out, s)
		}
	})
	slices.SortFunc(out, sources.CompareSeries)
	return slices.Compact(out)
}

// seriesLine is one series: its newest settled value with the period that it is for, its newest value where that may
// still be revised, its state in words and its age. What is wrong with it, or what it is, is its meaning.
func (m *Model) seriesLine(v *sources.View, s sources.Series, width int) detailLine {
	metric, _ := sources.Lookup(s.Metric)
	settled, found := v.Settled(s)
	value, of := m.reading(settled, found, metric)
	newest, young := v.Newest(s)
	later, _ := m.reading(newest, young && newest.Provisional, metric)
	state, colour := stateWord(v.State(s), newest, found, young)
	trouble, _ := v.Trouble(s)
	name := seriesName(s, metric)
	short := name
	if width < firstClassW {
		short = strings.TrimPrefix(name, s.Ref().Service+"_") // as all of them begin
	}
	return detailLine{means: name + ": " + orElse(trouble.Text, metric.Help), cells: seriesColumns(width,
		column{text: short, style: theme.Fg(theme.Text)}, column{text: value, style: theme.Fg(theme.Strong).Bold()},
		column{text: of, style: theme.Fg(theme.Faint)}, column{text: later, style: theme.Fg(theme.Provisional)},
		column{text: state, style: theme.Fg(colour)}, column{text: ageOf(v, s), style: theme.Fg(theme.Faint)})}
}

// reading is a point's value with its unit, and the period that it is for.
func (m *Model) reading(p sources.Point, found bool, metric sources.Metric) (value, of string) {
	if !found {
		return "", ""
	}
	of = m.stretch(p.At, metric.Period)
	if n, ok := measured(p, &metric); ok {
		return inUnit(n, metric), of
	}
	return noValue, of
}

// seriesName is the metric, with the value of its further label.
func seriesName(s sources.Series, m sources.Metric) string {
	if s.Label == "" {
		return s.Metric
	}
	return s.Metric + " " + orElse(m.Label, "label") + "=" + s.Label
}

// stateWord is a series' state in words: a series of which nothing has settled yet is provisional.
func stateWord(s sources.State, newest sources.Point, settled, young bool) (string, theme.Role) {
	switch {
	case s == sources.Fresh && young && !settled && newest.Provisional:
		return "provisional", theme.Provisional
	case s == sources.Fresh:
		return s.String(), theme.Good
	case s == sources.Unreadable || s == sources.Missing:
		return s.String(), theme.Bad
	case s == sources.Stale || s == sources.Dead:
		return s.String(), theme.Warn
	}
	return s.String(), theme.Faint
}

// ageOf is the age of the newest settled sample against what is normal.
func ageOf(v *sources.View, s sources.Series) string {
	age, normal, ok := v.Age(s)
	if !ok {
		return noValue + " / " + rough(normal)
	}
	return ageText(max(age, 0)) + " / " + rough(normal)
}

// stretch is the period that a sample is for: 20:14–20:15, since a bare time would not tell whether it begins or ends.
func (m *Model) stretch(at time.Time, period time.Duration) string {
	layout := "15:04"
	if period%time.Minute != 0 {
		layout = "04:05"
	}
	at = at.In(m.opt.Zone)
	return at.Format(layout) + "–" + at.Add(period).Format(layout)
}

// inUnit writes a value with its unit, as people read it.
func inUnit(n float64, m sources.Metric) string {
	switch m.Unit {
	case sources.Ratio:
		return amount(n, asPercent, 0)
	case sources.Seconds:
		return amount(n, asDuration, 0)
	case sources.Bytes:
		return amount(n, asBytes, 0)
	case sources.PerSecond:
		return amount(n, asNumber, 0) + "/s"
	case sources.Days:
		return amount(n, asNumber, 0) + " days"
	case sources.Dollars:
		return amount(n, asDollars, 0) + "/h"
	case sources.Flag:
		if n != 0 {
			return "yes"
		}
		return "no"
	case sources.Count:
		return amount(n, asNumber, 0) + each(m.Period)
	}
	return amount(n, asNumber, 0)
}

// each is a period as it stands behind a count.
func each(period time.Duration) string {
	switch period {
	case time.Second:
		return "/s"
	case time.Minute:
		return "/min"
	case time.Hour:
		return "/h"
	}
	return "/" + short(period)
}

func (m *Model) factLines(v *sources.View, r sources.Ref, width int) [][]column {
	facts := v.Facts(r)
	if len(facts) == 0 {
		return nil
	}
	out := [][]column{nil, title("FACTS")}
	for _, f := range facts {
		if width < firstClassW {
			out = append(out, []column{{text: f.Name, width: width / 3, style: theme.Fg(theme.Text)}, {text: f.Value, width: -1, style: theme.Fg(theme.Strong)}})
			continue
		}
		out = append(out, []column{
			{text: f.Name, width: seriesWidth, style: theme.Fg(theme.Text)}, {text: "since " + m.when(f.Seen), width: m.whenWidth() + 6, style: theme.Fg(theme.Faint)},
			{text: f.Value, width: -1, style: theme.Fg(theme.Strong)},
		})
	}
	return out
}

// lastChanges is how many changes of a resource its page shows.
const lastChanges = 20

func (m *Model) changeLines(v *sources.View, r sources.Ref, width int) [][]column {
	at := v.Cursor().At
	var mine []sources.Change
	for _, c := range v.Changes(time.Time{}, at.Add(time.Nanosecond)) {
		if c.Resource == r {
			mine = append(mine, c)
		}
	}
	if len(mine) == 0 {
		return nil
	}
	slices.Reverse(mine)
	out := [][]column{nil, title("LAST CHANGES")}
	for _, c := range mine[:min(len(mine), lastChanges)] {
		e := entry{at: c.At, kind: c.Kind, who: unframed(c.Actor), text: unframed(c.Text)}
		if width < firstClassW {
			e.who = "" // the page is about one resource
			out = append(out, m.entryCells(&e, width, theme.Fg(theme.Text), e.style(), theme.Fg(theme.Strong), c.Text))
			continue
		}
		out = append(out, []column{
			{text: string(e.glyph()), width: 1, style: e.style()}, {text: m.when(c.At), width: m.whenWidth(), style: theme.Fg(theme.Text)},
			{text: m.since(c.At), width: 11, style: theme.Fg(theme.Faint)}, {text: c.Kind, width: 11, style: e.style()},
			{text: c.Actor, width: 14, style: theme.Fg(theme.Faint)}, {text: c.Text, width: -1, style: theme.Fg(theme.Strong)},
		})
	}
	return out
}
