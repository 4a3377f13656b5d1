package tui

import (
	"strings"

	"warroom/tui/theme"
)

// story draws what is going on in a rehearsal and what to press.
func (p *Painter) story(s *Scene, r Rect) {
	if r.Empty() {
		return
	}
	style := theme.Fg(theme.Text).On(theme.Stripe)
	p.canvas.Fill(r, ' ', style)
	p.canvas.Text(r.X, r.Y, r.W, " ▨ ", theme.Fg(theme.Warn).On(theme.Stripe).Bold())
	_, inside := r.Left(storyMargin - 1)
	for i, line := range tell(s.Story, inside.W-1, r.H) {
		used := p.canvas.Text(inside.X, r.Y+i, inside.W-1, line, style) + 1
		p.stripes(Rect{inside.X + used, r.Y + i, inside.W - used, 1}, theme.Stripe)
	}
}

// tell breaks a story into at most n lines of w columns. Where that is not enough the beginning goes: what to press is
// said at the end.
func tell(story string, w, n int) []string {
	for {
		lines := wrap(story, w, n)
		if len(lines) == 0 || textWidth(lines[len(lines)-1]) <= w {
			return lines
		}
		_, rest, found := strings.Cut(story, ". ")
		if !found {
			return lines
		}
		story = rest
	}
}

// hints draws what can be pressed, or the answer to what was.
func (p *Painter) hints(s *Scene, r Rect) {
	if r.Empty() {
		return
	}
	x := r.X + 1
	if s.Height < leastRoomH {
		x = p.segments(Rect{x, r.Y, r.W - 1, 1}, shorter(p.filtering(s), false), 1)
		if x > r.X+1 {
			x += 2
		}
	}
	if s.Height < leastRoomH && s.homeless() {
		x += p.canvas.Text(x, r.Y, r.W-1, s.timeOfDay(), theme.Fg(theme.Text)) + 2
	}
	if s.Message != "" {
		x += p.canvas.Text(x, r.Y, r.W-1, s.Message, theme.Fg(theme.Accent)) + 2
	}
	for _, h := range s.Hints {
		if h == (Hint{}) {
			continue
		}
		h.Key = spelledOut(h.Key, s.ASCII)
		need := textWidth(h.Key) + 1 + textWidth(h.Does)
		if x+need > r.X+r.W {
			return
		}
		x += p.canvas.Text(x, r.Y, r.W, h.Key, theme.Fg(theme.Accent).Bold()) + 1
		x += p.canvas.Text(x, r.Y, r.W, h.Does, theme.Fg(theme.Faint)) + 2
	}
}
