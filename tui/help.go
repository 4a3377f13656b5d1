package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"warroom/sources"
	"warroom/tui/theme"
)

// helpPage is made from the bindings, the commands and the states: what is bound is explained, and nothing else.
type helpPage struct{ list list }

func (p *helpPage) key(m *Model, k tea.KeyPressMsg) (tea.Cmd, bool) {
	return nil, p.list.key(m.keys, k, len(m.helpLines())-p.list.height+1)
}

func (p *helpPage) hints(k *keyMap) []Hint {
	return []Hint{hint(k.Back, "back"), hint(k.Down, "down"), hint(k.Up, "up"), hint(k.Leave, "leave")}
}

// helpLine is a heading, or a key with what it does.
type helpLine struct {
	head, key, does string
	glyph           theme.Style
}

// draw shows the lines in as many columns as there is room for, scrolled as a whole.
func (p *helpPage) draw(m *Model, c *Canvas, area Rect, _ *sources.View) {
	lines := m.helpLines()
	top, body := area.Top(2)
	heading(c, top, "help", "keys can be rebound in the config under keys:")
	across := max(min(body.W/helpWidth, 3), 1)
	rows := (len(lines) + across - 1) / across
	p.list.height = max(body.H-(rows*across-len(lines))/across, 1)
	if rows <= body.H {
		p.list.at = 0
	}
	p.list.at = min(p.list.at, max(rows-body.H, 0))
	for i, line := range lines {
		x, y := i/rows, i%rows-p.list.at
		if y < 0 || y >= body.H {
			continue
		}
		start, w := part(body.W, across, x)
		m.helpLine(c, Rect{X: body.X + start + 1, Y: body.Y + y, W: w - 2, H: 1}, line)
	}
}

// helpWidth is how wide a column of the help must be to be read.
const helpWidth = 58

func (m *Model) helpLine(c *Canvas, r Rect, l helpLine) {
	if l.head != "" {
		c.Text(r.X, r.Y, r.W, l.head, theme.Fg(theme.Faint).Bold())
		return
	}
	style := l.glyph
	if style == 0 {
		style = theme.Fg(theme.Accent).Bold()
	}
	columns(c, r, column{text: l.key, width: 11, style: style}, column{text: l.does, width: -1, style: theme.Fg(theme.Text)})
}

func (m *Model) helpLines() []helpLine {
	var out []helpLine
	for _, g := range groups {
		out = append(out, helpLine{head: strings.ToUpper(string(g))})
		for _, k := range m.keys.all() {
			if k.group == g && m.offered(k.name) {
				out = append(out, helpLine{key: k.Help().Key, does: k.Help().Desc})
			}
		}
		out = append(out, helpLine{})
	}
	out = append(out, helpLine{head: "COMMANDS, AFTER " + m.keys.Command.Help().Key})
	for _, c := range commands() {
		out = append(out, helpLine{key: c.name, does: c.help})
	}
	return append(append(out, helpLine{}), legend()...)
}

// offered tells whether a key does anything in this mode.
func (m *Model) offered(name string) bool {
	switch name {
	case "live":
		return m.opt.Mode != Replay
	case "slower", "faster":
		return m.opt.Mode == Replay
	case "note":
		return m.opt.Mode != Replay
	}
	return true
}

// legend explains what a tile and a sample may look like.
func legend() []helpLine {
	return []helpLine{
		{head: "WHAT A TILE SAYS"},
		{key: "✔ ok", does: "settled values within their bounds", glyph: theme.Fg(theme.Good)},
		{key: "▲ warn", does: "needs a look; or the word for what fills up", glyph: theme.Fg(theme.Warn)},
		{key: "✖ page", does: "needs a person now", glyph: theme.Fg(theme.Bad)},
		{key: "waiting", does: "nothing heard yet, no reason to worry", glyph: theme.Fg(theme.Faint)},
		{key: "no data", does: "asked, and there is nothing", glyph: theme.Fg(theme.Faint)},
		{key: "stale", does: "behind its normal lag; the last value stays, with its time", glyph: theme.Fg(theme.Stale)},
		{key: "not found", does: "does not exist where we looked; the likely cause is shown", glyph: theme.Fg(theme.Warn)},
		{key: "error", does: "its source fails; the reason and the remedy are shown", glyph: theme.Fg(theme.Bad)},
		{key: "┄ hollow", does: "provisional: this sample may still be revised", glyph: theme.Fg(theme.Provisional)},
		{key: "62s / 3m", does: "age of the newest settled sample / its normal lag", glyph: theme.Fg(theme.Faint)},
	}
}
