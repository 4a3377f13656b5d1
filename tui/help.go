package tui

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"warroom/sources"
	"warroom/tui/theme"
)

// helpPage is made from the bindings, the commands and the states: what is bound is explained, and nothing else.
type helpPage struct {
	list   list
	beyond int // rows that had no room at the last drawing
}

func (p *helpPage) key(m *Model, k tea.KeyPressMsg) (tea.Cmd, bool) {
	return nil, p.list.key(m.keys, k, p.beyond+1)
}

func (p *helpPage) hints(k *keyMap) []Hint {
	return []Hint{hint(k.Back, "back"), hint(k.Down, "down"), hint(k.Up, "up"), hint(k.Leave, "leave")}
}

// helpLine is a heading, or a key with what it does.
type helpLine struct {
	head, key, does string
	glyph           theme.Style
}

// draw shows the groups in as many columns as there is room for, scrolled as a whole.
func (p *helpPage) draw(m *Model, c *Canvas, area Rect, _ *sources.View) {
	top, body := area.Top(2)
	heading(c, top, "help", "keys can be rebound in the config under keys:")
	across := max(min(body.W/helpWidth, 3), 1)
	columns := spread(blocks(wrapped(m.helpLines(), body.W/across-2)), across)
	var foot Rect
	if tallest(columns) > body.H && body.H > 1 {
		foot, body = body.Bottom(1)
	}
	p.list.height, p.beyond = body.H, max(tallest(columns)-body.H, 0)
	p.list.at = min(p.list.at, p.beyond)
	p.further(m, c, foot)
	for x, lines := range columns {
		start, w := part(body.W, across, x)
		for i := p.list.at; i < min(len(lines), p.list.at+body.H); i++ {
			m.helpLine(c, Rect{X: body.X + start + 1, Y: body.Y + i - p.list.at, W: w - 2, H: 1}, lines[i])
		}
	}
}

// further says that there is more below, and how to get there.
func (p *helpPage) further(m *Model, c *Canvas, r Rect) {
	text := "the end; " + m.keys.Up.Help().Key + " goes up"
	if below := p.beyond - p.list.at; below > 0 {
		text = "↓ " + strconv.Itoa(below) + " more lines: " + m.keys.Down.Help().Key + ", " + m.keys.PageDown.Help().Key
	}
	writeRow(c, r.Inset(1, 0), text, theme.Fg(theme.Accent))
}

// blocks cuts the lines before each heading.
func blocks(lines []helpLine) [][]helpLine {
	var out [][]helpLine
	for _, l := range lines {
		if l.head != "" || len(out) == 0 {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], l)
	}
	return out
}

// spread puts the groups, in their order and whole, into so many columns, the tallest as short as can be.
func spread(groups [][]helpLine, across int) [][]helpLine {
	for rows := 1; ; rows++ {
		if columns, ok := fill(groups, across, rows); ok {
			return columns
		}
	}
}

// fill puts the groups into columns of so many rows, and tells whether they fit.
func fill(groups [][]helpLine, across, rows int) ([][]helpLine, bool) {
	columns := make([][]helpLine, 1, across)
	for _, g := range groups {
		last := &columns[len(columns)-1]
		if len(*last) > 0 && len(*last)+len(g) > rows {
			columns = append(columns, nil)
			last = &columns[len(columns)-1]
		}
		*last = append(*last, g...)
		if len(*last) > rows || len(columns) > across {
			return nil, false
		}
	}
	return columns, true
}

func tallest(columns [][]helpLine) int {
	rows := 0
	for _, lines := range columns {
		rows = max(rows, len(lines))
	}
	return rows
}

// wrapped breaks what does not fit into a column of a width, so that nothing is cut.
func wrapped(lines []helpLine, w int) []helpLine {
	var out []helpLine
	for _, l := range lines {
		parts := wrap(l.does, w-helpKeyW-1, len(l.does)+1)
		if len(parts) < 2 {
			out = append(out, l)
			continue
		}
		for i, text := range parts {
			l.does = text
			if i > 0 {
				l.key = ""
			}
			out = append(out, l)
		}
	}
	return out
}

// helpWidth is how wide a column of the help must be to be read.
const helpWidth = 58

// helpKeyW is the column of the keys in it.
const helpKeyW = 11

func (m *Model) helpLine(c *Canvas, r Rect, l helpLine) {
	if l.head != "" {
		c.Text(r.X, r.Y, r.W, l.head, theme.Fg(theme.Faint).Bold())
		return
	}
	style := l.glyph
	if style == 0 {
		style = theme.Fg(theme.Accent).Bold()
	}
	columns(c, r, column{text: spelledOut(l.key, c.ASCII), width: helpKeyW, style: style}, column{text: l.does, width: -1, style: theme.Fg(theme.Text)})
}

func (m *Model) helpLines() []helpLine {
	var out []helpLine
	for _, g := range groups {
		out = append(out, m.helpGroup(g)...)
	}
	out = append(out, helpLine{head: "COMMANDS, AFTER " + m.keys.Command.Help().Key})
	for _, c := range m.commands() {
		out = append(out, helpLine{key: c.name, does: c.help})
	}
	return append(append(out, helpLine{}), legend()...)
}

// helpGroup is the keys of a group under its heading, nothing where none of them does anything.
func (m *Model) helpGroup(g group) []helpLine {
	out := []helpLine{{head: strings.ToUpper(string(g))}}
	for _, k := range m.keys.all() {
		if k.group == g && m.offered(k.name) {
			out = append(out, helpLine{key: k.Help().Key, does: k.Help().Desc})
		}
	}
	if len(out) == 1 || g == groupHands && m.idle() != nil {
		return nil
	}
	return append(out, helpLine{})
}

// offered tells whether a key or a command does anything in this mode.
func (m *Model) offered(name string) bool {
	switch name {
	case "live":
		return m.opt.Mode != Replay
	case "slower", "faster", "speed":
		return m.opt.Mode == Replay
	case "note", "own", "silence":
		return m.opt.Mode != Replay
	case "runbook", "follow-link":
		return m.opt.Runbooks != nil
	case "skip-step", "end-runbook":
		return m.opt.Runbooks != nil && m.opt.Mode != Replay
	}
	return true
}

// legend explains what a tile and a sample may look like.
func legend() []helpLine {
	return []helpLine{
		{head: "WHAT A TILE SAYS"},
		{key: "✔ ok", does: "settled values within their bounds", glyph: theme.Fg(theme.Good)},
		{key: "▲ warn", does: "needs a look; or the word for what fills up", glyph: theme.Fg(theme.Warn)},
		{key: "✖ page", does: "needs a person now: its alert has woken somebody", glyph: theme.Fg(theme.Bad)},
		{key: "recovering", does: "its alert does not hold any more, but not for long enough to be over", glyph: theme.Fg(theme.Warn)},
		{key: "silenced", does: "its alert wakes nobody for a time, and goes on being judged", glyph: theme.Fg(theme.Warn)},
		{key: "waiting", does: "nothing heard yet, no reason to worry", glyph: theme.Fg(theme.Faint)},
		{key: "no data", does: "asked, and there is nothing", glyph: theme.Fg(theme.Faint)},
		{key: "stale", does: "behind its normal lag; the last value stays, with its time", glyph: theme.Fg(theme.Stale)},
		{key: "not found", does: "does not exist where we looked; the likely cause is shown", glyph: theme.Fg(theme.Warn)},
		{key: "error", does: "its source fails; the reason and the remedy are shown", glyph: theme.Fg(theme.Bad)},
		{key: "┄ hollow", does: "provisional: this sample may still be revised", glyph: theme.Fg(theme.Provisional)},
		{key: "62s / 3m", does: "age of the newest settled sample / its normal lag", glyph: theme.Fg(theme.Faint)},
	}
}
