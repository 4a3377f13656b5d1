package tui

import (
	"fmt"
	"math"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/tui/chart"
	"warroom/tui/theme"
)

// ceilingsPage lists everything that can be full: how full it is, when it will be, and how long it takes to do something
// about it.
type ceilingsPage struct {
	list   list
	chosen ceilingID // stays chosen wherever its line moves
	moved  bool      // a hand has chosen it; until then it is the first
}

// ceilingID tells a ceiling from all others.
type ceilingID struct {
	of   sources.Ref
	name string
}

func (c *Ceiling) id() ceilingID { return ceilingID{c.Tile.Ref, c.spec.Name} }

// find puts the choice on the line of the chosen ceiling.
func (p *ceilingsPage) find(all []Ceiling) {
	if !p.moved {
		p.list.at = 0
	}
	for i := range all {
		if p.moved && all[i].id() == p.chosen {
			p.list.at = i
		}
	}
	if p.list.at = max(min(p.list.at, len(all)-1), 0); len(all) > 0 {
		p.chosen = all[p.list.at].id()
	}
}

func (p *ceilingsPage) key(m *Model, k tea.KeyPressMsg) (tea.Cmd, bool) {
	all := m.painter.Ceilings(m.scene())
	p.find(all)
	if len(all) > 0 {
		of := all[p.list.at].Tile.Ref
		switch {
		case key.Matches(k, m.keys.Open):
			m.chosen = of
			m.open(&detailPage{})
			return nil, true
		case key.Matches(k, m.keys.Capacity):
			m.chosen = of
			return m.attempt(func() (tea.Cmd, error) { return act(runbooks.Capacity)(m, "") }), true
		case key.Matches(k, m.keys.Actions):
			m.chosen = of
			m.openActions()
			return nil, true
		}
	}
	if !p.list.key(m.keys, k, len(all)) {
		return nil, false
	}
	p.moved = true
	if len(all) > 0 {
		p.chosen = all[p.list.at].id()
	}
	return nil, true
}

func (p *ceilingsPage) hints(k *keyMap) []Hint {
	return []Hint{
		hint(k.Capacity, "raise it"), hint(k.Actions, "actions"), hint(k.Open, "its tile"), hints(k.Down, k.Up, "choose"),
		hint(k.Back, "back"), hints(k.Earlier, k.Later, "scrub"), hint(k.Runbook, "runbook"), hint(k.Help, "help"),
	}
}

// ceilingFoot is how many lines at the least say more of the chosen ceiling, a blank one above them.
const ceilingFoot = 4

func (p *ceilingsPage) draw(m *Model, c *Canvas, area Rect, v *sources.View) {
	all := m.painter.Ceilings(m.scene())
	p.find(all)
	top, body := area.Top(2)
	heading(c, top, "ceilings", ceilingTally(all))
	if len(all) == 0 {
		saysNone(c, body, "no ceiling is known yet: those of fleets, databases and the edge come with their first numbers")
		return
	}
	head, body := body.Top(1)
	widths := widthsOf(all, head.W-2)
	columns(c, head.Inset(1, 0), ceilingHead(head.W-2, widths)...)
	need := ceilingFoot
	for i := range all { // as much as the longest needs, so that nothing moves with the choice
		need = max(need, 1+linesOf(m.ceilingWords(&all[i]), body.W-2))
	}
	foot, lines := body.Bottom(min(need, body.H/2))
	if picture, rest := lines.Bottom(lines.H - len(all) - 1); picture.H >= chartLeastH {
		lines = rest
		picture, _ = picture.Top(chartGoodH)
		m.ceilingChart(c, picture.Inset(1, 0), &all[p.list.at], v)
	}
	p.list.draw(c, lines, len(all), func(i int, r Rect) { ceilingLine(c, r, widths, &all[i]) })
	m.ceilingFoot(c, foot, &all[p.list.at])
}

// ceilingTally says in a few words how near the nearest is. What stands at its maximum counts as full, unless it idles there
// and no alert says otherwise: such ones are told apart, as their lines say "at maximum", too.
func ceilingTally(all []Ceiling) string {
	if len(all) == 0 {
		return ""
	}
	var late, soon, idle int
	paging := false // by an alert only
	for i := range all {
		switch c := &all[i]; {
		case c.Level() == LevelPage || c.Idle && c.Level() == LevelWarn:
			late++
			paging = paging || c.own() < LevelPage && !c.Idle
		case c.Level() == LevelWarn:
			soon++
		case c.Idle:
			idle++
		}
	}
	return strings.Join(filled(nearest(len(all), late, soon, paging), some(idle, 0, "idle at maximum")), ", ")
}

// nearest says how many of all ceilings are full or need somebody now, and how many of the others are near.
func nearest(all, late, soon int, paging bool) string {
	more := ""
	if late > 0 && soon > 0 {
		more = fmt.Sprintf(", %d more near", soon)
	}
	switch {
	case paging:
		return fmt.Sprintf("%d of %d full, soon full, or with a page", late, all) + more
	case late > 0:
		return fmt.Sprintf("%d of %d full, or full before more can be there", late, all) + more
	case soon > 0:
		return fmt.Sprintf("%d of %d near", soon, all)
	}
	return fmt.Sprintf("%d, none is near", all)
}

// The columns of the page of ceilings.
const (
	ceilingNameW = 30
	ceilingPartW = 5
	ceilingBarW  = 24
	leastRaise   = 22
)

// ceilingWidths are the widths of the columns that are as wide as what stands in them.
type ceilingWidths struct{ name, use, left, act, raise int }

// widthsOf measures the columns of all ceilings in a table of a width.
func widthsOf(all []Ceiling, width int) ceilingWidths {
	w := ceilingWidths{name: ceilingNameW / 2, use: len("USE"), left: len("FULL IN"), act: len("TO ACT")}
	for i := range all {
		c := &all[i]
		w.name, w.use, w.left = max(w.name, textWidth(c.title())), max(w.use, textWidth(c.use())), max(w.left, textWidth(c.full()))
		w.act, w.raise = max(w.act, textWidth(c.toAct())), max(w.raise, textWidth(c.spec.Raise))
	}
	w.name = min(w.name, max(ceilingNameW, width/3))
	return w
}

func ceilingHead(width int, w ceilingWidths) []column {
	faint := theme.Fg(theme.Faint).Bold()
	return ceilingColumns(width, w,
		column{text: "CEILING", style: faint}, column{text: "USE", style: faint}, column{style: faint}, column{style: faint},
		column{text: "FULL IN", style: faint}, column{text: "TO ACT", style: faint}, column{text: "WHAT RAISES IT", style: faint})
}

// ceilingColumns gives the cells of one ceiling their places. Where it is narrow the bar gets shorter, then what raises it goes,
// then the bar.
func ceilingColumns(width int, w ceilingWidths, name, use, part, bar, left, act, raise column) []column {
	name.width, use.width, part.width, left.width, act.width, raise.width = w.name, w.use, ceilingPartW, w.left, w.act, -1
	use.right, part.right = true, true
	least := w.use + ceilingPartW + w.left + w.act + 4
	switch room := width - least - w.name; {
	case room >= ceilingBarW/2+2+leastRaise:
		bar.width = min(max(room-2-w.raise, ceilingBarW/2), ceilingBarW)
		return []column{name, use, part, bar, left, act, raise}
	case room >= ceilingBarW/2+1:
		bar.width = min(room-1, ceilingBarW)
		return []column{name, use, part, bar, left, act}
	case width >= least+ceilingNameW/2:
		name.width = width - least
		return []column{name, use, part, left, act}
	}
	name.width = max(width-w.left-ceilingPartW-2, 1)
	return []column{name, part, left}
}

// title is what is full, and of what.
func (c *Ceiling) title() string { return c.Tile.Title + " · " + c.spec.Name }

// ceilingLine is a ceiling in one line.
func ceilingLine(c *Canvas, r Rect, w ceilingWidths, k *Ceiling) {
	level := k.Level()
	style, number := theme.Fg(level.colour()).Bold(), theme.Fg(theme.Strong).Bold()
	switch {
	case level == LevelOK && k.Left < 0:
		style = theme.Fg(theme.Faint)
	case level == LevelOK:
		style = theme.Fg(theme.Text)
	default:
		number = style
	}
	if k.Young {
		number = theme.Fg(theme.Provisional)
	}
	full := level.colour()
	if level == LevelOK {
		full = theme.Calm3
	}
	cells := ceilingColumns(r.W, w,
		column{text: k.title(), style: theme.Fg(theme.Text)},
		column{text: k.use(), style: number},
		column{text: k.percent(), style: theme.Fg(theme.Text)},
		column{text: "", style: theme.Fg(full)},
		column{text: k.full(), style: style}, column{text: k.toAct(), style: theme.Fg(theme.Text)},
		column{text: k.spec.Raise, style: theme.Fg(theme.Faint)})
	columns(c, r, cells...)
	if len(cells) > 5 {
		x := r.X
		for _, cell := range cells[:3] {
			x += cell.width + 1
		}
		drawBar(c, Rect{X: x, Y: r.Y, W: cells[3].width, H: 1}, k.share(), theme.Fg(full))
	}
}

// drawBar fills a row by a share of its width.
func drawBar(c *Canvas, r Rect, share float64, style theme.Style) {
	n := min(int(math.Round(share*float64(r.W))), r.W)
	for x := range r.W {
		if x < n {
			c.Put(r.X+x, r.Y, '█', style)
			continue
		}
		c.Put(r.X+x, r.Y, '░', theme.Fg(theme.Border))
	}
}

// use is what is used of what there is.
func (c *Ceiling) use() string {
	if c.spec.As == asPercent && c.Most == 1 {
		return amount(c.Used, asPercent, 0)
	}
	return amount(c.Used, c.spec.As, 0) + " of " + mark(c.Most, c.spec.As, 0)
}

// percent is that as a share, which is not whole before it is.
func (c *Ceiling) percent() string {
	n := math.Round(c.share() * 100)
	if c.share() < 1 {
		n = min(n, 99)
	}
	return grouped(n) + " %"
}

// full says when it is, in words with a sign where that is near.
func (c *Ceiling) full() string {
	switch {
	case c.Idle:
		return strings.TrimSpace("at maximum " + c.sign())
	case c.Used >= c.Most:
		return "now ✖"
	case c.Left < 0 && c.alert != nil:
		return c.stand.Word + " " + c.sign()
	case c.Left < 0:
		return "not in sight"
	case c.Level() == LevelPage:
		return rough(c.Left) + " ✖"
	case c.Level() == LevelWarn:
		return rough(c.Left) + " ▲"
	}
	return rough(c.Left)
}

// sign is that of a ceiling which needs somebody, "" for none.
func (c *Ceiling) sign() string {
	switch c.Level() {
	case LevelPage:
		return "✖"
	case LevelWarn:
		return "▲"
	}
	return ""
}

// toAct is how long it takes until there is more; about, where that was not seen yet.
func (c *Ceiling) toAct() string {
	if c.Act == 0 {
		return noValue
	}
	if c.Seen {
		return rough(c.Act)
	}
	if c.Act >= 48*time.Hour {
		return "days"
	}
	return "about " + rough(c.Act)
}

// ceilingChart draws what is used under its ceiling.
func (m *Model) ceilingChart(c *Canvas, r Rect, k *Ceiling, v *sources.View) {
	unit, _ := sources.Lookup(k.spec.Used)
	l := m.overTime(unit, m.marksOf(k.Tile.Ref, v))
	l.Series = []chart.Series{m.line(k.spec.Used, k.Tile.Ref, v)}
	if k.share() >= leastDrawn { // else the line would lie on the axis
		l.Limits = []chart.Bound{{Name: "ceiling " + axisLabel(k.Most, unit), Value: k.Most}}
	}
	c.Lines(r, &l)
}

// leastDrawn is the share of a ceiling from which on a chart up to the ceiling shows anything.
const leastDrawn = 0.1

// ceilingFoot says in sentences what the chosen ceiling comes to.
func (m *Model) ceilingFoot(c *Canvas, r Rect, k *Ceiling) {
	saysMore(c, r, m.ceilingWords(k))
}

func (m *Model) ceilingWords(k *Ceiling) []string {
	what := k.Tile.Title + ", " + k.spec.Name + ": " + k.use()
	switch {
	case k.Idle:
		what += ", at its maximum, and it idles"
	case k.Used >= k.Most:
		what += ", nothing is left"
	case k.Left >= 0:
		at := m.drawn.at.Add(k.Left)
		what += fmt.Sprintf(", rises by %s a minute since %s", amount(k.Rises*60, k.spec.As, 0), m.minute(k.Since))
		if k.loose {
			what += ", not steadily; as the last " + short(alertSpan) + " go, by which its alert is judged,"
		} else {
			what += "; at this pace"
		}
		what += " it is full at " + m.until(at)
		if k.Act > 0 {
			what += ", and to be in time one acts " + m.actBy(at.Add(-k.Act))
		}
	default:
		what += ", no trend that would reach its ceiling within " + short(trendReach)
	}
	alert := ""
	if k.alert != nil {
		alert = string(k.stand.Glyph) + " " + alertName(&k.alert.Transition) + ", " + k.stand.Word + ": " + k.stand.Why
	}
	act := "to raise it: " + k.spec.Raise
	if k.spec.Action && m.idle() == nil {
		act += " (" + m.keys.Capacity.Help().Key + " opens the card)"
	}
	switch {
	case k.Seen:
		act += "; until it was there took up to " + rough(k.Act) + " in the last hours"
	case k.Act > 0:
		act += "; until it is there takes " + k.toAct()
	}
	return filled(what, alert, strings.TrimSpace(act))
}

// actBy is until when one has to act.
func (m *Model) actBy(at time.Time) string {
	if !at.After(m.drawn.at) {
		return "now"
	}
	return "by " + m.until(at)
}
