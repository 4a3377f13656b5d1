package tui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"

	"warroom/tui/theme"
)

// Cell is one place on the screen.
type Cell struct {
	// Rune is what stands there. A negative one names an entry of the canvas's clusters, for a letter
	// with combining marks.
	Rune  rune
	Style theme.Style
	// Width is 1, or 2 for a wide character, whose second cell has width 0.
	Width uint8
}

// Canvas is a buffer of cells: the only way from our text to the terminal. Only printable characters enter
// a cell; what comes from outside can therefore never act on the terminal, whatever it holds.
type Canvas struct {
	W, H     int
	ASCII    bool // spell everything in ASCII
	cells    []Cell
	clusters []string
}

var blank = Cell{Rune: ' ', Width: 1}

// NewCanvas is a blank canvas.
func NewCanvas(w, h int) *Canvas {
	c := &Canvas{}
	c.Reset(w, h)
	return c
}

// Reset makes the canvas blank and w by h cells large, using its memory again.
func (c *Canvas) Reset(w, h int) {
	c.W, c.H = max(w, 0), max(h, 0)
	n := c.W * c.H
	if cap(c.cells) < n {
		c.cells = make([]Cell, n)
	}
	c.cells = c.cells[:n]
	for i := range min(n, c.W) {
		c.cells[i] = blank
	}
	for done := c.W; done < n && done > 0; done *= 2 {
		copy(c.cells[done:], c.cells[:done])
	}
	c.clusters = c.clusters[:0]
}

// Bounds is the whole canvas.
func (c *Canvas) Bounds() Rect { return Rect{W: c.W, H: c.H} }

// Put sets one cell to a character of width one. Anything else than a printable one becomes a blank.
func (c *Canvas) Put(x, y int, r rune, s theme.Style) {
	if x < 0 || y < 0 || x >= c.W || y >= c.H {
		return
	}
	if c.ASCII && r >= utf8.RuneSelf {
		r = spell(r)
	}
	if !plain(r) && (!admitted(r) || displaywidth.Rune(r) != 1) {
		r = ' '
	}
	c.set(x, y, Cell{Rune: r, Style: s, Width: 1})
}

// set writes one cell and mends a wide character that it cuts in half.
func (c *Canvas) set(x, y int, cell Cell) {
	i := y*c.W + x
	old := c.cells[i]
	if old.Width == 0 && x > 0 && c.cells[i-1].Width == 2 {
		c.cells[i-1] = Cell{Rune: ' ', Style: c.cells[i-1].Style, Width: 1}
	}
	if old.Width == 2 && cell.Width != 2 && x+1 < c.W {
		c.cells[i+1] = Cell{Rune: ' ', Style: c.cells[i+1].Style, Width: 1}
	}
	c.cells[i] = cell
}

// Text writes s from x on in row y, at most limit columns of it, and returns how many columns it took.
// What does not fit is cut, with … in the last column.
func (c *Canvas) Text(x, y, limit int, s string, style theme.Style) int {
	limit = min(limit, c.W-x)
	if limit <= 0 || x < 0 || y < 0 || y >= c.H {
		return 0
	}
	used := 0
	for i := 0; i < len(s); {
		if b := s[i]; b >= ' ' && b < 0x7f && (i+1 == len(s) || s[i+1] < utf8.RuneSelf) {
			if used == limit {
				return c.ellipsis(x, y, limit, style)
			}
			c.set(x+used, y, Cell{Rune: rune(b), Style: style, Width: 1})
			used, i = used+1, i+1
			continue
		}
		g := displaywidth.StringGraphemes(s[i:])
		if !g.Next() {
			break
		}
		i += len(g.Value())
		cell, ok := c.admit(g.Value(), style)
		if !ok {
			continue
		}
		if used+int(cell.Width) > limit {
			return c.ellipsis(x, y, limit, style)
		}
		c.set(x+used, y, cell)
		if cell.Width == 2 {
			c.set(x+used+1, y, Cell{Style: style})
			c.cells[y*c.W+x+used] = cell
		}
		used += int(cell.Width)
	}
	return used
}

func (c *Canvas) ellipsis(x, y, limit int, style theme.Style) int {
	c.Put(x+limit-1, y, '…', style)
	return limit
}

// admit makes a cell of a grapheme: its first printable character and up to three combining marks.
func (c *Canvas) admit(cluster string, style theme.Style) (Cell, bool) {
	base, size := utf8.DecodeRuneInString(cluster)
	if base == utf8.RuneError && size <= 1 {
		base = '\uFFFD'
	}
	if !admitted(base) || unicode.Is(unicode.M, base) {
		return Cell{}, false
	}
	if c.ASCII && base >= utf8.RuneSelf {
		return Cell{Rune: spell(base), Style: style, Width: 1}, true
	}
	width := displaywidth.Rune(base)
	if width < 1 || width > 2 {
		return Cell{}, false
	}
	cell := Cell{Rune: base, Style: style, Width: uint8(width)}
	if marks := combining(cluster[size:]); marks != "" && !c.ASCII {
		c.clusters = append(c.clusters, string(base)+marks)
		cell.Rune = -rune(len(c.clusters))
	}
	return cell, true
}

// maxMarks bounds what may be stacked upon one letter.
const maxMarks = 3

// combining keeps the combining marks of a cluster's tail, and nothing else of it.
func combining(tail string) string {
	var b strings.Builder
	n := 0
	for _, r := range tail {
		if unicode.Is(unicode.Mn, r) && !unicode.Is(unicode.Variation_Selector, r) && displaywidth.Rune(r) == 0 && n < maxMarks {
			b.WriteRune(r)
			n++
		}
	}
	return b.String()
}

// plain tells whether r is surely printable and one column wide: ASCII, box drawing, blocks, braille.
func plain(r rune) bool {
	return r >= ' ' && r < 0x7f || r >= 0x2500 && r < 0x25a0 || r >= 0x2800 && r < 0x2900
}

// admitted tells whether r may stand in a cell: a graphic character that is neither a control (C0, C1), nor a
// format character (bidirectional marks, zero-width joiners), nor of private use.
func admitted(r rune) bool {
	if plain(r) {
		return true
	}
	return r >= 0xa0 && unicode.IsPrint(r) && !unicode.Is(unicode.Co, r)
}

// textWidth is how many columns Text takes for s when nothing limits it.
func textWidth(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] >= 0x7f {
			return wideWidth(s)
		}
		n++
	}
	return n
}

func wideWidth(s string) int {
	var c Canvas
	n := 0
	for g := displaywidth.StringGraphemes(s); g.Next(); {
		if cell, ok := c.admit(g.Value(), 0); ok {
			n += int(cell.Width)
		}
	}
	return n
}

// Fill puts one character into every cell of r.
func (c *Canvas) Fill(r Rect, ch rune, s theme.Style) {
	for y := r.Y; y < r.Y+r.H; y++ {
		for x := r.X; x < r.X+r.W; x++ {
			c.Put(x, y, ch, s)
		}
	}
}

// Tint gives every cell of r a background and keeps the rest.
func (c *Canvas) Tint(r Rect, back theme.Role) {
	r = r.Within(c.Bounds())
	for y := r.Y; y < r.Y+r.H; y++ {
		for x := r.X; x < r.X+r.W; x++ {
			i := y*c.W + x
			c.cells[i].Style = c.cells[i].Style.On(back)
		}
	}
}

// Box draws a rounded frame along the edge of r; its inside is left alone.
func (c *Canvas) Box(r Rect, s theme.Style) {
	if r.W < 2 || r.H < 2 {
		return
	}
	right, bottom := r.X+r.W-1, r.Y+r.H-1
	for x := r.X + 1; x < right; x++ {
		c.Put(x, r.Y, '─', s)
		c.Put(x, bottom, '─', s)
	}
	for y := r.Y + 1; y < bottom; y++ {
		c.Put(r.X, y, '│', s)
		c.Put(right, y, '│', s)
	}
	c.Put(r.X, r.Y, '╭', s)
	c.Put(right, r.Y, '╮', s)
	c.Put(r.X, bottom, '╰', s)
	c.Put(right, bottom, '╯', s)
}

// Edge draws a line through a box, from one of its sides to the other.
func (c *Canvas) Edge(r Rect, s theme.Style) {
	if r.W < 2 || r.H < 1 {
		return
	}
	for x := r.X + 1; x < r.X+r.W-1; x++ {
		c.Put(x, r.Y, '─', s)
	}
	c.Put(r.X, r.Y, '├', s)
	c.Put(r.X+r.W-1, r.Y, '┤', s)
}

// Copy lays another canvas over this one with its top left corner at x, y.
func (c *Canvas) Copy(x, y int, from *Canvas) {
	w := min(from.W, c.W-x)
	for row := 0; row < from.H && y+row < c.H && w > 0; row++ {
		dst := c.cells[(y+row)*c.W+x:][:w]
		copy(dst, from.cells[row*from.W:][:w])
		if len(from.clusters) > 0 {
			c.adopt(dst, from)
		}
	}
}

// adopt takes over the clusters that copied cells refer to.
func (c *Canvas) adopt(cells []Cell, from *Canvas) {
	for i := range cells {
		if r := cells[i].Rune; r < 0 {
			c.clusters = append(c.clusters, from.clusters[-r-1])
			cells[i].Rune = -rune(len(c.clusters))
		}
	}
}

// Write appends the canvas to dst: rows joined by newlines, each exactly W columns, escape sequences only
// where the style changes.
func (c *Canvas) Write(dst []byte, t *theme.Theme) []byte {
	for y := range c.H {
		if y > 0 {
			dst = append(dst, '\n')
		}
		dst = c.writeRow(dst, c.cells[y*c.W:(y+1)*c.W], t)
	}
	return dst
}

func (c *Canvas) writeRow(dst []byte, row []Cell, t *theme.Theme) []byte {
	var style theme.Style
	for i := range row {
		dst, style = c.writeCell(dst, &row[i], style, t)
	}
	if style != 0 {
		dst = t.AppendSGR(dst, 0)
	}
	return dst
}

// writeCell appends one cell where the terminal writes in a style, and returns the style that it writes in then.
func (c *Canvas) writeCell(dst []byte, cell *Cell, style theme.Style, t *theme.Theme) ([]byte, theme.Style) {
	if cell.Width == 0 {
		return dst, style
	}
	if cell.Style != style {
		style = cell.Style
		dst = t.AppendSGR(dst, style)
	}
	switch {
	case cell.Rune < 0:
		dst = append(dst, c.clusters[-cell.Rune-1]...)
	case cell.Rune < utf8.RuneSelf:
		dst = append(dst, byte(cell.Rune))
	default:
		dst = utf8.AppendRune(dst, cell.Rune)
	}
	return dst, style
}

// spell is the ASCII character that stands in for r.
func spell(r rune) rune {
	switch {
	case r >= 0x2800 && r < 0x2900:
		return ':'
	case r == '│' || r == '┃' || r == '▌' || r == '▐' || r == '❚' || r == '┆' || r == '┤' || r == '├':
		return '|'
	case r == '─' || r == '┄' || r == '╌' || r == '–' || r == '—' || r == '−' || r == '╴' || r == '━':
		return '-'
	case r == '╭' || r == '╮' || r == '╰' || r == '╯' || r == '└' || r == '├' || r == '┤' || r == '┬' || r == '┴' || r == '┼' || r == '✔' || r == '┊':
		return '+'
	}
	if s, ok := spellings[r]; ok {
		return s
	}
	return '?'
}

// spelledOut is a key's name as the screen can show it: in ASCII an arrow would look like the keys < and >, so it is a word.
func spelledOut(key string, ascii bool) string {
	if !ascii {
		return key
	}
	return arrowWords.Replace(key)
}

var arrowWords = strings.NewReplacer("←→", "Left/Right", "←", "Left", "→", "Right", "↑", "Up", "↓", "Down")

var spellings = map[rune]rune{
	'●': '*', '◆': '*', '◇': 'o', '○': 'o', '◌': 'o', '▲': '^', '▼': 'v', '✖': 'X', '✎': '~', '▸': '>', '◀': '<', '▶': '>', '▨': '/',
	'╱': '/', '→': '>', '←': '<', '↑': '^', '↓': 'v', '·': '.', '…': '.', '█': '#', '▓': '#', '▒': '=', '░': '.',
	'≡': '=', '⏎': '<', '×': 'x', '±': '~', '≥': '>', '≤': '<', '\u00a0': ' ', '‘': '\'', '’': '\'', '“': '"', '”': '"',
	'▁': '_', '▂': '_', '▃': '.', '▄': '-', '▅': '-', '▆': '=', '▇': '#', '▍': '|',
}
