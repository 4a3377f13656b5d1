package tui

import (
	"fmt"
	"strings"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/tui/theme"
)

// The measures of a runbook's page.
const (
	bookTextW  = 84  // lines longer than that are hard to read
	bookWide   = 110 // from here on there is room for the list of steps beside it
	bookAsideW = 42  // that it has at the least
	bookMostW  = 64  // and at the most
	bookTall   = 22  // from here on there is room for an empty line below the heading
	stepIndent = 4   // of what a step says: its sign and its number
)

// look is a piece of a line in one style.
type look struct {
	text  string
	style theme.Style
}

// bookLine is one line of the page.
type bookLine struct {
	indent int
	looks  []look
	right  look // at the right edge
	step   int  // whose line it is, -1 for none
}

func (p *bookPage) draw(m *Model, c *Canvas, area Rect, _ *sources.View) {
	s := p.now(m)
	current := p.current(s)
	rows := 2
	if area.H >= bookTall {
		rows++
	}
	top, body := area.Top(rows)
	p.head(m, c, top, s)
	text, _ := body.Inset(1, 0).Left(bookTextW)
	if body.W >= bookWide {
		text.W = min(bookTextW, body.W-bookAsideW-3)
		_, aside := body.Left(text.X - body.X + text.W + 2)
		aside.W = min(aside.W, bookMostW)
		p.aside(m, c, aside, s, current)
	}
	lines := p.lines(m, s, current, text.W)
	p.reveal(lines, current, text.H)
	for i := p.top; i < len(lines) && i < p.top+text.H; i++ {
		r := Rect{X: text.X, Y: text.Y + i - p.top, W: text.W, H: 1}
		drawBookLine(c, r, &lines[i])
		if lines[i].step == current && current >= 0 {
			c.Tint(Rect{X: area.X, Y: r.Y, W: text.W + 2, H: 1}, theme.Chosen)
			c.Put(area.X, r.Y, '▌', theme.Fg(theme.Accent).On(theme.Chosen))
		}
	}
	p.more(c, text, len(lines))
}

// head says which runbook it is, for what, and how far it is.
func (p *bookPage) head(m *Model, c *Canvas, r Rect, s *runbooks.Session) {
	about := p.book.Name
	if p.subject != (sources.Ref{}) {
		about += " · " + p.subject.String()
	}
	if s != nil {
		about += " · " + sources.Clean(s.Actor) + " since " + m.hour(s.Began)
	}
	first, rest := r.Top(1)
	second, _ := rest.Top(1)
	heading(c, first, p.book.Title, about)
	text, style := p.book.About, theme.Fg(theme.Faint)
	if s != nil && s.Hash != p.book.Hash {
		text, style = "▲ It was changed since it was begun: its steps may be others now.", theme.Fg(theme.Warn)
	}
	writeRow(c, second.Inset(1, 0), text, style)
}

// reveal scrolls so that the current step is in sight, with what stands right above it.
func (p *bookPage) reveal(lines []bookLine, current, height int) {
	p.height, p.beyond = height, max(len(lines)-height, 0)
	if current != p.marked {
		p.marked, p.follows = current, true
	}
	if p.follows {
		first, last := -1, len(lines)-1
		for i := range lines {
			if lines[i].step == current && current >= 0 {
				if first < 0 {
					first = i
				}
				last = i
			}
		}
		switch {
		case first < 0: // it has ended
		case first < p.top+above || last >= p.top+height:
			p.top = max(min(first-height/3, first), last-height+1)
		}
	}
	p.top = max(min(p.top, p.beyond), 0)
}

// above is how many lines stay in sight over the current step.
const above = 2

// more says that the text goes on.
func (p *bookPage) more(c *Canvas, r Rect, n int) {
	if p.top+r.H < n && r.H > 2 {
		c.Put(r.X+r.W, r.Y+r.H-1, '▼', theme.Fg(theme.Faint))
	}
	if p.top > 0 && r.H > 2 {
		c.Put(r.X+r.W, r.Y, '▲', theme.Fg(theme.Faint))
	}
}

func drawBookLine(c *Canvas, r Rect, l *bookLine) {
	x, end := r.X+l.indent, r.X+r.W
	if l.right.text != "" {
		end = textAtRight(c, r, l.right.text, l.right.style) - 1
	}
	for _, piece := range l.looks {
		if x < end {
			x += c.Text(x, r.Y, end-x, piece.text, piece.style)
		}
	}
}

// lines are those of the whole runbook in a width.
func (p *bookPage) lines(m *Model, s *runbooks.Session, current, w int) []bookLine {
	var out []bookLine
	before := runbooks.Block{Kind: runbooks.Heading}
	for i, b := range p.book.Blocks {
		close := b.Kind == before.Kind && (b.Kind == runbooks.ListItem || b.Kind == runbooks.Quote)
		if i > 0 && !close {
			out = append(out, bookLine{step: -1})
		}
		if b.Kind == runbooks.StepBlock {
			out = append(out, p.stepLines(m, s, b.Step, current, w)...)
		} else {
			out = append(out, blockLines(&b, w)...)
		}
		before = b
	}
	return out
}

// blockLines are the lines of a block of text.
func blockLines(b *runbooks.Block, w int) []bookLine {
	indent, style := 0, theme.Fg(theme.Text)
	var mark look
	switch b.Kind {
	case runbooks.Heading:
		style = theme.Fg(theme.Accent).Bold()
	case runbooks.ListItem:
		indent = 2 * b.Level
		mark = look{b.Marker + " ", theme.Fg(theme.Accent)}
	case runbooks.Quote:
		indent, style = 2, theme.Fg(theme.Faint)
	case runbooks.Code:
		return codeLines(b, w)
	}
	hang := indent
	if b.Kind == runbooks.ListItem {
		hang += max(textWidth(b.Marker), 1) + 1
	}
	lines := flow(pieces(b.Spans, style), hang, w)
	if b.Marker != "" && len(lines) > 0 {
		lines[0].indent, lines[0].looks = indent, append([]look{mark}, lines[0].looks...)
	}
	return lines
}

func codeLines(b *runbooks.Block, w int) []bookLine {
	var out []bookLine
	for _, line := range b.Lines {
		out = append(out, bookLine{indent: min(2, w), looks: []look{{"│ ", theme.Fg(theme.Border)}, {line, theme.Fg(theme.Text)}}, step: -1})
	}
	return out
}

// pieces are spans in the styles of the screen.
func pieces(spans []runbooks.Span, style theme.Style) []look {
	out := make([]look, len(spans))
	for i, s := range spans {
		out[i] = look{s.Text, style}
		switch {
		case s.Code:
			out[i].style = theme.Fg(theme.Accent)
		case s.Strong:
			out[i].style = theme.Fg(theme.Strong).Bold()
		case s.Book:
			out[i].style = theme.Fg(theme.Accent).Underline()
		case s.Link:
			out[i].style = theme.Fg(theme.Faint)
		}
	}
	return out
}

// flow breaks running text between words into lines of a width.
func flow(text []look, indent, w int) []bookLine {
	line, used := bookLine{indent: indent, step: -1}, indent
	var out []bookLine
	for _, word := range wordsOf(text) {
		width := 0
		for _, piece := range word {
			width += textWidth(piece.text)
		}
		if used > indent && used+1+width > w {
			out = append(out, line)
			line, used = bookLine{indent: indent, step: -1}, indent
		}
		if used > indent {
			line.looks = append(line.looks, look{" ", word[0].style})
			used++
		}
		line.looks = append(line.looks, word...)
		used += width
	}
	if len(line.looks) > 0 {
		out = append(out, line)
	}
	return out
}

// wordsOf cuts running text between words. A word may change its look within: a full stop after a name in code.
func wordsOf(text []look) [][]look {
	var out [][]look
	open := false // the last word goes on
	for _, piece := range text {
		for i, part := range strings.Split(piece.text, " ") {
			if i > 0 {
				open = false
			}
			if part == "" {
				continue
			}
			if !open {
				out = append(out, nil)
			}
			out[len(out)-1] = append(out[len(out)-1], look{part, piece.style})
			open = true
		}
	}
	return out
}

// stepLines are those of a step: what it is, how it is judged, and what became of it.
func (p *bookPage) stepLines(m *Model, s *runbooks.Session, n, current, w int) []bookLine {
	step := p.book.Steps[n].On(p.subject)
	state := p.state(m, s, n, current)
	says := flow([]look{{step.Brief(), state.says}}, 0, w-stepIndent-textWidth(state.right.text)-1)
	var out []bookLine
	for i, line := range says {
		line.indent = stepIndent
		if i == 0 {
			line.indent = 0
			line.looks = append([]look{{state.sign + " ", state.style}, {fmt.Sprintf("%d ", n+1), theme.Fg(theme.Faint)}}, line.looks...)
			line.right = state.right
		}
		out = append(out, line)
	}
	for _, text := range state.below {
		out = append(out, flow([]look{text}, stepIndent, w)...)
	}
	for i := range out {
		out[i].step = n
	}
	return out
}
