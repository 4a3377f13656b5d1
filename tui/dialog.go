package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"

	"warroom/sources"
	"warroom/tui/theme"
)

// The measures of a dialog.
const (
	dialogW    = 66 // its border included
	dialogKeyW = 11 // of the first column of its lines, where no word in it needs more
	dialogMost = 9  // lines under the input
	dialogFew  = 4  // of so many, each may take dialogTall rows
	dialogTall = 3
)

// dialog is a small box over the page. Lip Gloss draws it, which costs far more than cells of our own do, so it is kept
// until something in it changes.
type dialog struct {
	title string
	input string // what is typed, as far as there is room for it
	wrong string // why the last Enter was not accepted
	lines []Hint // examples, candidates, what will happen
	foot  string // what the keys do
	w     int
}

func (d *dialog) equal(e *dialog) bool {
	return d.title == e.title && d.input == e.input && d.wrong == e.wrong && d.foot == e.foot && d.w == e.w && slices.Equal(d.lines, e.lines)
}

// paint is text in the colour of a role. Lip Gloss is told the role's number instead of a colour: the box enters the
// canvas like everything else, and the theme finds the colours when the canvas is written.
func paint(r theme.Role) lipgloss.Style { return lipgloss.NewStyle().Foreground(ansi.IndexedColor(r)) }

// picture is the box as cells.
func (d *dialog) picture(ascii bool) *Canvas {
	inside := d.w - 4
	accent := ansi.IndexedColor(theme.Accent)
	box := lipgloss.NewStyle().Border(lipgloss.RoundedBorder()).BorderForeground(accent).Padding(0, 1).Width(d.w).Render(d.body(inside))
	title := lipgloss.NewLayer(paint(theme.Strong).Bold(true).Padding(0, 1).Render(d.title)).X(2)
	layers := []*lipgloss.Layer{lipgloss.NewLayer(box), title.Z(1)}
	if w := lipgloss.Width(d.foot) + 2; w < inside {
		foot := paint(theme.Faint).Padding(0, 1).Render(d.foot)
		layers = append(layers, lipgloss.NewLayer(foot).X(d.w-w-2).Y(lipgloss.Height(box)-1).Z(1))
	}
	drawn := lipgloss.NewCanvas(d.w, lipgloss.Height(box)).Compose(lipgloss.NewCompositor(layers...))
	c := NewCanvas(drawn.Width(), drawn.Height())
	c.ASCII = ascii
	c.lay(drawn)
	return c
}

// body is what stands in the box: the input, what is wrong with it, and the lines.
func (d *dialog) body(w int) string {
	rows := []string{paint(theme.Strong).Render(paint(theme.Accent).Bold(true).Render("▸ ") + d.input)}
	if d.wrong != "" {
		rows = append(rows, paint(theme.Bad).Width(w).Render(d.wrong))
	}
	if len(d.lines) > 0 {
		rows = append(rows, paint(theme.Border).Render(strings.Repeat("─", w)))
	}
	keyW, tall := dialogKeyW, 1
	for _, l := range d.lines {
		keyW = max(keyW, min(lipgloss.Width(l.Key)+1, w/2))
	}
	if len(d.lines) <= dialogFew {
		tall = dialogTall
	}
	for _, l := range d.lines {
		rows = append(rows, d.line(l, w, keyW, tall))
	}
	return lipgloss.JoinVertical(lipgloss.Left, rows...)
}

// line is a word and what it means, in no more rows than are given; without a word the meaning has the whole width.
func (d *dialog) line(l Hint, w, keyW, tall int) string {
	if l.Key == "" {
		keyW = 0
	}
	room, parts := max(w-keyW, 1), []string{l.Does}
	if lipgloss.Width(l.Does) > room {
		parts = wrap(l.Does, room, tall)
	}
	var rows []string
	for _, part := range parts {
		rows = append(rows, paint(theme.Faint).Inline(true).Render(ansi.Truncate(part, room, "…")))
	}
	text := lipgloss.JoinVertical(lipgloss.Left, rows...)
	if keyW == 0 {
		return text
	}
	key := paint(theme.Accent).Inline(true).Width(keyW).MaxWidth(keyW).Render(l.Key)
	return lipgloss.JoinHorizontal(lipgloss.Top, key, text)
}

// lay takes over what Lip Gloss drew in roles. Every cell goes through Text, so that the promise of the canvas holds.
func (c *Canvas) lay(drawn *lipgloss.Canvas) {
	for y := range drawn.Height() {
		for x := range drawn.Width() {
			if cell := drawn.CellAt(x, y); cell != nil && cell.Width > 0 {
				c.Text(x, y, cell.Width, cell.Content, roleStyle(&cell.Style))
			}
		}
	}
}

// roleStyle reads a style that paint has made.
func roleStyle(s *uv.Style) theme.Style {
	var style theme.Style
	switch fg := s.Fg.(type) {
	case ansi.IndexedColor:
		style = theme.Fg(theme.Role(fg))
	case ansi.BasicColor:
		style = theme.Fg(theme.Role(fg))
	}
	if s.Attrs&uv.AttrBold != 0 {
		style = style.Bold()
	}
	return style
}

// asked draws the open prompt: a dialog in the middle of the page, or one line at the bottom of a small screen.
func (m *Model) asked(c *Canvas, l Layout) {
	if m.prompt == nil {
		return
	}
	if l.Screen.W < firstClassW || l.Screen.H < firstClassH {
		line := l.Hints
		if line.Empty() {
			line, _ = l.Screen.Bottom(1)
		}
		m.caret = m.prompt.draw(c, line)
		return
	}
	m.caret = m.prompt.box(c, l.Screen)
}

// box draws the prompt as a dialog and returns where the caret stands.
func (p *prompt) box(c *Canvas, screen Rect) *tea.Cursor {
	d := dialog{title: p.label, wrong: p.wrong, w: min(dialogW, screen.W-4), foot: "Enter " + p.does + "  Esc close"}
	if p.complete != nil {
		d.foot = "Tab complete  " + d.foot
	}
	text, caret := p.window(d.w - 7)
	d.input = text
	if p.about != nil {
		d.lines = p.about(p.input.Value())
		d.lines = d.lines[:min(len(d.lines), dialogMost)]
		for i := range d.lines {
			d.lines[i].Key, d.lines[i].Does = sources.Clean(d.lines[i].Key), sources.Clean(d.lines[i].Does)
		}
	}
	if p.picture == nil || p.picture.ASCII != c.ASCII || !p.drawn.equal(&d) {
		p.drawn, p.picture = d, d.picture(c.ASCII)
	}
	at := screen.Middle(p.picture.W, p.picture.H)
	c.Copy(at.X, at.Y, p.picture)
	return tea.NewCursor(at.X+4+caret, at.Y+1)
}
