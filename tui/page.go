package tui

import (
	"math"
	"strings"
	"unicode"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"warroom/sources"
	"warroom/tui/theme"
)

// page is what fills the screen below the header. It decides its own keys and draws itself from the model and the
// view at the cursor that is shown.
type page interface {
	// key answers a key, or tells that it means nothing here.
	key(m *Model, k tea.KeyPressMsg) (tea.Cmd, bool)
	// hints are the keys that are worth knowing here, the most useful first. The keys are those of the moment: their
	// words say what they do now, and those that do nothing are disabled.
	hints(k *keyMap) []Hint
	// draw fills the area.
	draw(m *Model, c *Canvas, area Rect, v *sources.View)
}

// hint is a key with a word for what it does here; none where it does nothing.
func hint(b key.Binding, does string) Hint {
	if !b.Enabled() {
		return Hint{}
	}
	return Hint{Key: b.Help().Key, Does: does}
}

// hints is two keys with a word for what they do together.
func hints(a, b key.Binding, does string) Hint {
	if !a.Enabled() || !b.Enabled() {
		return Hint{}
	}
	one, other := a.Help().Key, b.Help().Key
	if len([]rune(one)) == 1 && len([]rune(other)) == 1 && !isLetter(one) && !isLetter(other) {
		return Hint{Key: one + other, Does: does}
	}
	return Hint{Key: one + " " + other, Does: does}
}

func isLetter(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0
}

// momentary is the keys as they are at this moment.
func (m *Model) momentary() *keyMap {
	k := *m.keys
	for _, n := range k.all() {
		n.SetEnabled(m.offered(n.name))
	}
	k.Pause.SetHelp(k.Pause.Help().Key, m.pauseWord())
	return &k
}

// open shows a page.
func (m *Model) open(p page) {
	m.page, m.dirty = p, true
}

// list is a column of lines of which one is chosen. It scrolls so that the chosen one stays in sight.
type list struct {
	at     int // the chosen line
	top    int // the first line in sight
	height int // lines in sight at the last drawing
}

// steps are by how many lines a key moves, and whether it is one that does.
func steps(k *keyMap, press tea.KeyPressMsg, page int) (by int, moved bool) {
	switch {
	case key.Matches(press, k.Down):
		return 1, true
	case key.Matches(press, k.Up):
		return -1, true
	case key.Matches(press, k.PageDown):
		return page, true
	case key.Matches(press, k.PageUp):
		return -page, true
	}
	return 0, false
}

// key moves the choice and tells whether the key was for it.
func (l *list) key(k *keyMap, press tea.KeyPressMsg, n int) bool {
	by, moved := steps(k, press, max(l.height-1, 1))
	switch {
	case moved:
		l.at += by
	case key.Matches(press, k.Start):
		l.at = 0
	case key.Matches(press, k.End):
		l.at = n - 1
	default:
		return false
	}
	l.at = max(min(l.at, n-1), 0)
	return true
}

// draw calls line for each of n lines in sight and marks the chosen one. A choice of -1 marks none and keeps
// the scroll.
func (l *list) draw(c *Canvas, area Rect, n int, line func(i int, r Rect)) {
	l.height = area.H
	l.at = max(min(l.at, n-1), 0)
	if area.Empty() {
		return
	}
	l.top = max(min(l.top, l.at), l.at-area.H+1, 0)
	l.top = max(min(l.top, n-area.H), 0)
	for i := l.top; i < n && i < l.top+area.H; i++ {
		r := Rect{X: area.X, Y: area.Y + i - l.top, W: area.W, H: 1}
		line(i, r.Inset(1, 0))
		if i == l.at {
			c.Tint(r, theme.Chosen)
			c.Put(r.X, r.Y, '▸', theme.Fg(theme.Accent).On(theme.Chosen))
		}
	}
}

// scroll is a text of which some lines are in sight.
type scroll struct {
	top    int // the first line in sight
	height int // lines in sight at the last drawing
	beyond int // lines that had no room
}

// key moves the text and tells whether the key was for it. A page further so many lines stay in sight.
func (s *scroll) key(k *keyMap, press tea.KeyPressMsg, kept int) bool {
	by, moved := steps(k, press, max(s.height-kept, 1))
	if moved {
		s.top = max(min(s.top+by, s.beyond), 0)
	}
	return moved
}

// saysMore writes below a blank line what there is to say of the chosen line of a list: the first text is what matters. Each
// has two lines at the most, and more as far as all have room.
func saysMore(c *Canvas, r Rect, texts []string) {
	w, most := r.W-2, 2
	for linesOf(texts, w) > linesIn(texts, w, most) && linesIn(texts, w, most+1) < r.H {
		most++
	}
	y := r.Y + 1
	for i, text := range texts {
		style := theme.Fg(theme.Faint)
		if i == 0 {
			style = theme.Fg(theme.Text)
		}
		for _, part := range wrap(sources.Clean(text), w, most) {
			if y < r.Y+r.H {
				c.Text(r.X+1, y, w, part, style)
			}
			y++
		}
	}
}

// linesOf is how many lines of a width texts need.
func linesOf(texts []string, w int) int { return linesIn(texts, w, math.MaxInt) }

// linesIn is how many lines of a width texts take where each has so many at the most.
func linesIn(texts []string, w, most int) (n int) {
	for _, text := range texts {
		n += len(wrap(sources.Clean(text), w, most))
	}
	return n
}

// saysNone writes why a list is empty.
func saysNone(c *Canvas, r Rect, why string) {
	for i, text := range wrap(why, r.W-2, r.H) {
		c.Text(r.X+1, r.Y+i, r.W-2, text, theme.Fg(theme.Faint))
	}
}

// column is one cell of a table's line. A negative width takes what is left.
type column struct {
	text  string
	width int
	style theme.Style
	right bool // the text stands at the right
}

// columns writes the cells of one line beside each other, a blank between them, and leaves out what does
// not fit.
func columns(c *Canvas, r Rect, cells ...column) {
	if r.Empty() {
		return
	}
	x := r.X
	for _, cell := range cells {
		left := r.X + r.W - x
		if left <= 0 {
			return
		}
		width := cell.width
		if width < 0 || width > left {
			width = left
		}
		at := x
		if w := textWidth(cell.text); cell.right && w < width {
			at += width - w
		}
		c.Text(at, r.Y, x+width-at, cell.text, cell.style)
		x += width + 1
	}
}

// writeRow writes a text into a rectangle of one row, if there is any.
func writeRow(c *Canvas, r Rect, text string, style theme.Style) {
	if !r.Empty() {
		c.Text(r.X, r.Y, r.W, text, style)
	}
}

// textAtRight writes s so that it ends at the right edge of r, and returns where it begins.
func textAtRight(c *Canvas, r Rect, s string, style theme.Style) int {
	if r.Empty() {
		return r.X
	}
	w := min(textWidth(s), r.W)
	c.Text(r.X+r.W-w, r.Y, w, s, style)
	return r.X + r.W - w
}

// heading writes a page's first line: its name, and at the right, as far as there is room, what it is about. It returns
// what is left between the two.
func heading(c *Canvas, r Rect, name, about string) Rect {
	inside := r.Inset(1, 0)
	if inside.Empty() {
		return Rect{}
	}
	used := c.Text(inside.X, r.Y, inside.W, name, theme.Fg(theme.Strong).Bold())
	_, rest := inside.Left(used + 2)
	if about != "" && rest.W >= leastAbout {
		at := textAtRight(c, rest, about, theme.Fg(theme.Faint))
		rest.W = max(at-rest.X-2, 0)
	}
	return rest
}

// leastAbout is the width below which what a page is about says nothing.
const leastAbout = 12
