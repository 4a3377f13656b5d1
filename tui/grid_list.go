package tui

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"warroom/tui/chart"
	"warroom/tui/theme"
)

// list draws the tiles after the plan's first ones as lines, row by row, so that the chosen one is on the screen.
// Where not all have room the last place says how many more there are, and how the worst of them stands.
func (p *Painter) list(s *Scene, area Rect, plan gridPlan) {
	rest := p.shown[plan.tiles:]
	if area.Empty() || len(rest) == 0 {
		return
	}
	rows := min(area.H, ceilDiv(len(rest), plan.listColumns))
	places := min(rows*plan.listColumns, len(rest))
	cell := func(i int) Rect {
		x, w := part(area.W, plan.listColumns, i%plan.listColumns)
		return Rect{area.X + x, area.Y + i/plan.listColumns, w, 1}
	}
	lines := places
	if places < len(rest) && places > 1 {
		lines--
	}
	names := 0
	for _, t := range rest {
		names = max(names, textWidth(t.Title))
	}
	first := min(max(s.Selected-plan.tiles-lines+1, 0), len(rest)-lines)
	for i, t := range rest[first : first+lines] {
		p.line(s, t, cell(i), plan.tiles+first+i == s.Selected, names)
	}
	if lines < places {
		p.more(s, cell(lines), slices.Concat(rest[:first], rest[first+lines:]))
	}
}

// more says how many tiles have no line, and which of them needs a person most.
func (p *Painter) more(s *Scene, r Rect, hidden []*Tile) {
	worst := slices.MaxFunc(hidden, func(a, b *Tile) int { return cmp.Compare(p.look(s, a, 0).status.Level, p.look(s, b, 0).status.Level) })
	x := r.X + 3
	x += p.canvas.Text(x, r.Y, r.X+r.W-x, "+"+strconv.Itoa(len(hidden))+" more", theme.Fg(theme.Text))
	if st := p.look(s, worst, 0).status; st.Level >= LevelStale {
		text := string(st.Glyph) + " " + st.Word + " " + strconv.Itoa(worst.Number) + " " + worst.Title
		p.canvas.Text(x+2, r.Y, r.X+r.W-x-2, text, theme.Fg(st.Level.colour()).Bold())
	}
}

// nothing says why there are no tiles.
func (p *Painter) nothing(s *Scene, body Rect) {
	text := "nothing is watched yet: the config names no resources"
	if s.Filter != "" && len(p.tiles) > 0 {
		text = "no tile matches the filter " + strconv.Quote(s.Filter)
	}
	at := body.Middle(textWidth(text), 1)
	p.canvas.Text(at.X, at.Y, at.W, text, theme.Fg(theme.Faint))
}

// The columns of a line.
const (
	lineWordW  = 12 // the state's word and glyph
	lineValueW = 20
	lineAgeW   = 9
	briefAgeW  = 6 // without what is normal
	lineNameW  = 22
)

// line draws one tile as a line: key, state, name, headline, trend, age. The longest name of the list takes so many columns; it
// is worth more than the trend.
func (p *Painter) line(s *Scene, t *Tile, r Rect, selected bool, names int) {
	f := p.look(s, t, 0)
	level := f.status.Level
	key := theme.Fg(theme.Accent).Bold()
	if selected {
		p.canvas.Fill(r, ' ', theme.Fg(theme.Text).On(theme.Chosen))
		key = key.Reverse()
	}
	back := func(st theme.Style) theme.Style {
		if selected {
			return st.On(theme.Chosen)
		}
		return st
	}
	x := r.X + p.canvas.Text(r.X, r.Y, 4, t.key, key)
	x = max(x, r.X+3)
	end := r.X + r.W - 1
	word := theme.Fg(level.colour())
	if level >= LevelWarn {
		word = word.Bold()
	}
	state := string(f.status.Glyph) + " " + f.status.Word
	right := min(lineWordW, end-x)
	if r.W < lineLeastW {
		right = min(textWidth(state), right) // the number needs the room
	}
	p.canvas.Text(end-right, r.Y, right, state, back(word))
	end -= right + 1
	end -= p.lineAge(f, Rect{x, r.Y, end - x, 1}, back)
	name := min(max(lineNameW, min(names, end-x-lineValueW-1)), max((end-x)/2, 6, end-x-lineValueW-1))
	p.canvas.Text(x, r.Y, name, t.Title, back(theme.Fg(theme.Text)))
	x += name + 1
	used := p.canvas.Text(x, r.Y, end-x, f.number, back(theme.Fg(theme.Strong).Bold()))
	p.canvas.Text(x+used+1, r.Y, end-x-used-1, f.unit, back(theme.Fg(theme.Faint)))
	x += lineValueW
	if end-x >= leastChart+2 {
		p.spark(s, t, Rect{x, r.Y, end - x, 1}, back)
	}
}

// lineAge writes a tile's age at the end of a line and returns the columns taken. Where there is little room it leaves
// out what would be normal, and marks what is late.
func (p *Painter) lineAge(f *face, r Rect, back func(theme.Style) theme.Style) int {
	age, width, style := f.age, lineAgeW, theme.Fg(theme.Faint)
	if f.late {
		style = theme.Fg(theme.Warn)
	}
	if r.W < lineNameW+lineValueW+lineAgeW+6 {
		age, _, _ = strings.Cut(age, " / ")
		if f.late {
			age += "!"
		}
		width = min(briefAgeW, r.W)
	}
	at, _ := r.Right(width)
	p.canvas.Text(at.X, at.Y, at.W, age, back(style))
	return width + 1
}

// spark draws a tile's trend in one line.
func (p *Painter) spark(s *Scene, t *Tile, r Rect, back func(theme.Style) theme.Style) {
	set := chartSet(s.ASCII)
	f := p.look(s, t, r.W*set.PerCell())
	area := chart.Area{Columns: f.columns, Min: f.low, Max: f.high, Low: f.lowest, Limit: f.limit, Set: set}
	level := f.chartLevel()
	ramp := level.ramp()
	area.Draw(r.W, 1, func(x, y int, ch rune, ink chart.Ink) {
		p.canvas.Put(r.X+x, r.Y+y, ch, back(inkStyle(ink, ramp, level)))
	})
}
