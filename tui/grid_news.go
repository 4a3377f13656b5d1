package tui

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"warroom/sources"
	"warroom/tui/theme"
)

// item is one line of news.
type item struct {
	glyph rune
	at    time.Time
	what  string // what it is about
	text  string
	style theme.Style
	level Level
}

// newsSpan is how old a change may be to be news.
const newsSpan = time.Hour

// news draws what needs a person, and after that what happened last.
func (p *Painter) news(s *Scene, r Rect) {
	if r.Empty() {
		return
	}
	items := append(p.troubles(s), changes(s, r.H)...)
	wide := min(max(r.W/4, 12), 34)
	for i, it := range items[:min(len(items), r.H)] {
		p.item(s, Rect{r.X + 1, r.Y + i, r.W - 2, 1}, it, wide)
	}
}

func (p *Painter) item(s *Scene, r Rect, it item, wide int) {
	const timeW = 7
	p.canvas.Put(r.X, r.Y, it.glyph, it.style)
	if !it.at.IsZero() {
		p.canvas.Text(r.X+2, r.Y, 5, s.clock(it.at).Format("15:04"), theme.Fg(theme.Faint))
	}
	_, rest := r.Left(2 + timeW)
	what := it.style
	if it.level >= LevelWarn {
		what = what.Bold()
	}
	used := p.canvas.Text(rest.X, r.Y, min(wide, rest.W), it.what, what)
	if it.text != "" {
		used = max(used, wide)
		p.canvas.Text(rest.X+used+2, r.Y, rest.W-used-2, it.text, theme.Fg(theme.Text))
	}
}

// troubles are the tiles that need a person, the worst first.
func (p *Painter) troubles(s *Scene) []item {
	var out []item
	for _, t := range p.tiles {
		st := p.look(s, t, 0).status
		if st.Level < LevelStale {
			continue
		}
		style := theme.Fg(st.Level.colour())
		if st.Level == LevelStale {
			style = theme.Fg(theme.Text)
		}
		out = append(out, item{glyph: st.Glyph, at: st.Since, what: t.Title + " " + st.Word, text: st.Why, style: style, level: st.Level})
	}
	slices.SortStableFunc(out, func(a, b item) int { return cmp.Compare(b.level, a.level) })
	return out
}

// changes are the newest n changes, the newest first.
func changes(s *Scene, n int) []item {
	all := s.View.Changes(s.cursor().Add(-newsSpan), s.cursor().Add(time.Nanosecond))
	var out []item
	for _, c := range slices.Backward(all) {
		if len(out) == n {
			break
		}
		what, text := c.Resource.Name, c.Text
		switch {
		case c.Kind == sources.ChangeNote:
			what = "note"
			if c.Actor != "" {
				what += " by " + c.Actor
			}
		case what == "":
			what = c.Kind
		default:
			what = strings.TrimSpace(what + " " + c.Kind)
		}
		out = append(out, item{glyph: changeGlyph(c.Kind), at: c.At, what: sources.Clean(what), text: sources.Clean(text), style: theme.Fg(theme.Text)})
	}
	return out
}
