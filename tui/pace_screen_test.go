package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/vt"
	"pgregory.net/rapid"

	"warroom/tui/theme"
)

// Whatever frames follow each other, and wherever the renderer paints in between, in the end the terminal shows the
// newest frame: its characters, wide and combined ones too, and their colours.
func TestTerminalShowsTheNewestFrame(t *testing.T) {
	dark := theme.New(true, colorprofile.ANSI256)
	words := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "⣿⣿", "抽選", "e\u0301", "──", "  ", "ok ✔", "longer than its row, and cut at its end"}), 0, 4)
	rapid.Check(t, func(r *rapid.T) {
		const w, h = 24, 6
		screen := vt.NewSafeEmulator(w, h)
		link := newLink(nil, screen.Write, time.Now)
		link.Write(enterScreen)
		p := pace{theme: &dark}
		frame := &Canvas{}
		for i := range rapid.IntRange(1, 6).Draw(r, "frames") {
			frame.Reset(w, h)
			for y := range h {
				x := rapid.IntRange(0, w-1).Draw(r, "x")
				for _, word := range words.Draw(r, "words") {
					x += frame.Text(x, y, w, word, theme.Fg(theme.Role(rapid.IntRange(int(theme.Text), int(theme.Bad)).Draw(r, "role"))))
				}
			}
			p.aim(frame, rapid.Bool().Draw(r, "urgent"))
			painted := "\x1b[2J\x1b[H" + strings.ReplaceAll(p.next(link), "\n", "\r\n")
			if i == 0 || rapid.IntRange(0, 3).Draw(r, "repaint") == 0 {
				link.Write([]byte(painted + strings.Repeat("\x1b[m", aside/3)))
				p.late = true
			}
		}
		p.next(link)
		if err := link.Close(); err != nil {
			r.Fatal(err)
		}
		sameAs(r, screen, frame, &dark)
	})
}

// sameAs compares a terminal with a canvas, cell by cell.
func sameAs(r *rapid.T, screen *vt.SafeEmulator, want *Canvas, look *theme.Theme) {
	for y := range want.H {
		for x := range want.W {
			cell, is := &want.cells[y*want.W+x], screen.CellAt(x, y)
			if cell.Width == 0 {
				continue
			}
			text, _ := want.writeCell(nil, cell, cell.Style, look)
			if got := is.Content; strings.TrimSpace(got) != strings.TrimSpace(string(text)) {
				r.Fatalf("%d,%d shows %q, want %q", x, y, got, text)
			}
			if colour := look.Color(cell.Style.Role()); cell.Rune != ' ' && is.Style.Fg != colour {
				r.Fatalf("%d,%d is %v, want %v", x, y, is.Style.Fg, colour)
			}
		}
	}
}
