package tui

import (
	"math"
	"slices"
	"strings"

	"warroom/tui/chart"
	"warroom/tui/theme"
)

// colour is the role of a level's word.
func (l Level) colour() theme.Role {
	switch l {
	case LevelOK:
		return theme.Good
	case LevelWarn, LevelError:
		return theme.Warn
	case LevelPage:
		return theme.Bad
	}
	return theme.Faint
}

// ramp is the look of a chart at a level.
func (l Level) ramp() theme.Ramp {
	switch l {
	case LevelOK:
		return theme.Calm
	case LevelWarn:
		return theme.Warm
	case LevelPage:
		return theme.Hot
	}
	return theme.Grey
}

// border is the style of a tile's frame: only trouble has colour.
func (l Level) border(selected bool) theme.Style {
	switch {
	case l >= LevelWarn:
		return theme.Fg(l.colour())
	case selected:
		return theme.Fg(theme.Accent)
	}
	return theme.Fg(theme.Border)
}

// tilePicture draws one tile into a canvas of the tile's own size.
type tilePicture struct {
	*Canvas
	tile     *Tile
	face     *face
	selected bool
}

func (d *tilePicture) draw() {
	box := d.Bounds()
	d.Box(box, d.face.status.Level.border(d.selected))
	d.title(box)
	d.foot(box)
	inside := box.Inset(2, 1)
	if inside.H <= 3 || inside.H <= 5 && d.noticeLines(inside.W) > inside.H-3 {
		d.folded(inside) // what is wrong is worth more than the trend
		return
	}
	d.whole(inside)
}

// title writes number and name at the left of the top border, the state's word at its right. The word wins
// where there is no room for both.
func (d *tilePicture) title(box Rect) {
	level := d.face.status.Level
	width := textWidth(d.face.status.Word) + 4
	right, left := box.Inset(2, 0).Right(min(width, box.W-4))
	style := theme.Fg(level.colour())
	if level != LevelOK {
		style = style.Bold()
	}
	d.Put(right.X, 0, ' ', 0)
	d.Text(right.X+1, 0, right.W-4, d.face.status.Word, style)
	d.Put(right.X+right.W-3, 0, ' ', 0)
	d.Put(right.X+right.W-2, 0, d.face.status.Glyph, style)
	d.Put(right.X+right.W-1, 0, ' ', 0)

	keyStyle := theme.Fg(theme.Accent).Bold()
	if d.selected {
		keyStyle = keyStyle.Reverse()
	}
	used := d.Text(left.X, 0, left.W, d.tile.key, keyStyle)
	if left.W-used < 3 {
		return
	}
	name := theme.Fg(theme.Strong).Bold()
	if level == LevelStale || level == LevelUnknown {
		name = theme.Fg(theme.Text).Bold()
	}
	used += d.Text(left.X+used, 0, left.W-used-1, d.tile.Title, name)
	d.Put(left.X+used, 0, ' ', 0)
}

// foot writes the age into the bottom border.
func (d *tilePicture) foot(box Rect) {
	if d.face.age == "" {
		return
	}
	style := theme.Fg(theme.Faint)
	if d.face.late {
		style = theme.Fg(theme.Warn)
	}
	right, _ := box.Inset(2, 0).Right(min(textWidth(d.face.age)+2, box.W-4))
	d.Put(right.X, box.H-1, ' ', style)
	d.Text(right.X+1, box.H-1, right.W-2, d.face.age, style)
	d.Put(right.X+right.W-1, box.H-1, ' ', style)
}

// whole draws a tile with room for a chart: headline, chart, one or two supporting lines.
func (d *tilePicture) whole(inside Rect) {
	lines := min(inside.H-3, supportingLines)
	if inside.H < 5 {
		lines = 1
	}
	lines = max(lines, min(d.noticeLines(inside.W)+1, inside.H-3))
	head, rest := inside.Top(1)
	foot, middle := rest.Bottom(lines)
	d.headline(head)
	d.chart(middle)
	d.supporting(foot)
}

// folded draws a tile without that room: the trend stands beside the headline.
func (d *tilePicture) folded(inside Rect) {
	head, rest := inside.Top(1)
	used := d.headline(head)
	_, free := head.Left(used + 2)
	d.chart(free)
	d.supporting(rest)
}

// headline writes the number that is read first and returns the columns taken.
func (d *tilePicture) headline(r Rect) int {
	style := theme.Fg(theme.Strong).Bold()
	switch l := d.face.status.Level; {
	case d.face.aside:
	case l >= LevelWarn:
		style = theme.Fg(l.colour()).Bold()
	case l != LevelOK:
		style = theme.Fg(theme.Text).Bold()
	}
	if d.face.young {
		style = theme.Fg(theme.Provisional)
	}
	used := d.Text(r.X, r.Y, r.W, d.face.number, style)
	if d.face.young {
		used += d.Text(r.X+used, r.Y, r.W-used, "~", style)
	}
	return used + 1 + d.Text(r.X+used+1, r.Y, r.W-used-1, d.face.unit, theme.Fg(theme.Faint))
}

// supporting writes the lines under the chart, the second one faint. What a blind tile has to say comes first and
// takes the lines that it needs.
func (d *tilePicture) supporting(r Rect) {
	styles := [supportingLines]theme.Style{theme.Fg(theme.Text), theme.Fg(theme.Faint)}
	for _, s := range wrap(d.face.notice, r.W, r.H) {
		var row Rect
		row, r = r.Top(1)
		d.Text(row.X, row.Y, row.W, s, theme.Fg(d.face.status.Level.colour()))
	}
	for i, parts := range d.face.lines {
		if parts == "" {
			continue
		}
		var row Rect
		if row, r = r.Top(1); row.Empty() {
			return
		}
		d.parts(row, parts, styles[i])
	}
}

// noticeLines is how many lines a notice would like beside the usual ones.
func (d *tilePicture) noticeLines(w int) int {
	if d.face.status.Level != LevelError && !d.face.aside {
		return 0
	}
	return len(wrap(d.face.notice, w, 4))
}

// wrap breaks text between words into at most n lines of w columns, the last one taking what is left. There are
// none where there is no text or no room.
func wrap(s string, w, n int) []string {
	var out []string
	line := ""
	for _, word := range words(s) {
		if line != "" && textWidth(line)+1+textWidth(word) > w && len(out) < n-1 {
			out, line = append(out, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line == "" || w < 1 || n < 1 {
		return nil
	}
	return append(out, line)
}

// words are the pieces between which text may be broken: a number stays with its unit.
func words(s string) []string {
	out := strings.Fields(s)
	for i := len(out) - 1; i > 0; i-- {
		if unit := strings.TrimRight(out[i], ",;."); slices.Contains(unitSigns, unit) && strings.ContainsAny(out[i-1][:1], "0123456789") {
			out[i-1] += " " + out[i]
			out = slices.Delete(out, i, i+1)
		}
	}
	return out
}

var unitSigns = []string{"%", "s", "ms", "B", "kB", "MB", "GB", "TB"}

// parts writes as many whole parts of a line as there is room for.
func (d *tilePicture) parts(r Rect, line string, style theme.Style) {
	used := 0
	for line != "" {
		var part string
		part, line, _ = strings.Cut(line, partMark)
		if used > 0 && used+len(" . ")+textWidth(part) > r.W {
			return
		}
		if used > 0 {
			used += d.Text(r.X+used, r.Y, r.W-used, " · ", theme.Fg(theme.Faint))
		}
		used += d.Text(r.X+used, r.Y, r.W-used, part, style)
	}
}

// leastChart is the width below which a trend says nothing.
const leastChart = 4

func (d *tilePicture) chart(r Rect) {
	if r.W < leastChart || r.H < 1 {
		return
	}
	set := chartSet(d.ASCII)
	columns := d.face.columns
	if over := len(columns) - r.W*set.PerCell(); over > 0 {
		columns = columns[over:]
	}
	area := chart.Area{Columns: columns, Min: d.face.low, Max: d.face.high, Low: d.face.lowest, Limit: d.face.limit, Set: set}
	level := d.face.chartLevel()
	ramp := level.ramp()
	if row, ok := area.LimitRow(r.H); r.H > 1 && (ok || math.IsNaN(area.Limit)) {
		defer d.scale(r, row)
	}
	area.Draw(r.W, r.H, func(x, y int, ch rune, ink chart.Ink) {
		d.Put(r.X+x, r.Y+y, ch, inkStyle(ink, ramp, level))
	})
	if level == LevelStale {
		d.hatch(r)
	}
}

// hatch strikes out what is free: none of this is known to be so now.
func (d *tilePicture) hatch(r Rect) {
	for y := r.Y; y < r.Y+r.H; y++ {
		for x := r.X; x < r.X+r.W; x++ {
			if (x+y)%hatched == 0 && d.cells[y*d.W+x].Rune == ' ' {
				d.Put(x, y, '╱', theme.Fg(theme.Stale))
			}
		}
	}
}

// hatched is how far the strokes of a hatch stand apart.
const hatched = 3

// scale writes what the dashed line or the top is worth at the left end of its row, or above it, as far as that is free: in fewer
// words where it is not.
func (d *tilePicture) scale(r Rect, row int) {
	if len(d.face.columns) == 0 {
		return
	}
	for _, text := range filled(d.face.scale, d.face.brief) {
		n := textWidth(text)
		for y := row; y >= max(row-1, 0) && n+leastChart <= r.W; y-- {
			if d.freeRow(r.X, r.Y+y, n+1) {
				used := d.Text(r.X, r.Y+y, n, text, theme.Fg(theme.Faint))
				d.Put(r.X+used, r.Y+y, ' ', 0)
				return
			}
		}
	}
}

// freeRow tells whether so many cells of a row are free.
func (d *tilePicture) freeRow(x, y, n int) bool {
	for i := range n {
		if !d.free(x+i, y) {
			return false
		}
	}
	return true
}

// free tells whether nothing, or only a dashed line or a hatch, stands in a cell.
func (d *tilePicture) free(x, y int) bool {
	r := d.cells[y*d.W+x].Rune
	return r == ' ' || r == '╌' || r == '-' || r == '╱' || r == '/'
}

// chartLevel is the level of what the chart shows.
func (f *face) chartLevel() Level {
	if f.aside {
		return LevelOK
	}
	return f.status.Level
}

func chartSet(ascii bool) chart.Set {
	if ascii {
		return chart.ASCII
	}
	return chart.Braille
}

// inkStyle is how a chart's ink looks.
func inkStyle(ink chart.Ink, ramp theme.Ramp, level Level) theme.Style {
	switch {
	case ink >= chart.Area1 && ink <= chart.Area4:
		return theme.Fg(ramp[ink-chart.Area1])
	case ink == chart.Tail:
		return theme.Fg(theme.Provisional)
	case ink == chart.Limit && level >= LevelWarn:
		return theme.Fg(theme.Warn)
	}
	return theme.Fg(theme.Faint)
}
