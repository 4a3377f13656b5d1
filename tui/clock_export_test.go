package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// IsTick tells whether a message is a step of the machine's clock.
func IsTick(msg tea.Msg) bool { _, is := msg.(tickMsg); return is }

// Tick is the step of the machine's clock that the model waits for.
func Tick(m *Model) tea.Msg { return tickMsg{m.beat} }

// Cursor is where the cursor is, and the stretch in which it may be.
func Cursor(m *Model) (at, from, to time.Time) {
	s := m.reach()
	return m.cursor.at, s.from, s.to
}

// Following tells whether the cursor follows now.
func Following(m *Model) bool { return m.cursor.stance == following }

// Load reads what the first frame shows.
func Load(m *Model) tea.Msg { return m.load(m.cursor.at)() }

// Spill draws the page into an area of a canvas, and gives what of it stands beside that area.
func Spill(m *Model, w, h int, area Rect) string {
	c := NewCanvas(w, h)
	m.page.draw(m, c, area, m.scene().View)
	var out []rune
	for y := range h {
		for x := range w {
			if cell := c.cells[y*w+x]; cell != blank && (Rect{x, y, 1, 1}).Within(area).Empty() {
				out = append(out, cell.Rune)
			}
		}
	}
	return string(out)
}

// Spelled is how a character looks in ASCII.
func Spelled(r rune) rune { return spell(r) }

// Notification is the sequence that a notifier asks with.
func Notification(n Notifier, title, text string) string { return n.sequence(title, text) }
