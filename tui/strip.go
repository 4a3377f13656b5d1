package tui

import (
	"cmp"
	"slices"
	"time"

	"warroom/alerts"
	"warroom/runbooks"
	"warroom/sources"
	"warroom/tui/chart"
	"warroom/tui/theme"
)

// tick is something on the timeline strip.
type tick struct {
	at    time.Time
	glyph rune
	name  string
	style theme.Style
	keep  int // of two on one column the higher stays
}

// stripSpan is how far back the strip reaches where the scene does not say.
const stripSpan = 30 * time.Minute

// stripLabels is about how many columns the labels at both ends take.
const stripLabels = 14

// stretch is the time on a strip of so many columns. While it is live its edges stand still and move in leaps, as
// those of a chart do.
func (s *Scene) stretch(columns int) (from, to time.Time) {
	from, to = s.From, s.To
	if to.IsZero() {
		to = s.Now
	}
	if c := s.cursor(); to.Before(c) {
		to = c
	}
	if from.IsZero() {
		from = to.Add(-stripSpan)
	}
	if !from.Before(to) {
		from = to.Add(-time.Minute)
	}
	if s.Mode == Replay {
		return from, to
	}
	g := chart.NewGrid(to, to.Sub(from), columns)
	return g.From, g.To()
}

// strip draws the timeline: marks, changes, T0 and the cursor between two moments. It is what one scrubs along.
func (p *Painter) strip(s *Scene, r Rect) {
	if r.Empty() {
		return
	}
	from, to := s.stretch(max(r.W-stripLabels, 1))
	inside := r.Inset(1, 0)
	left, right := relative(from, s.Meta.Launch.T0), s.stripEnd(to)
	style := theme.Fg(theme.Faint)
	if s.Scrub {
		style = theme.Fg(theme.Accent).Bold()
	}
	used := p.canvas.Text(inside.X, r.Y, inside.W, left, style)
	_, line := inside.Left(used + 1)
	end, line := line.Right(textWidth(right) + 1)
	p.canvas.Text(end.X+1, r.Y, end.W-1, right, s.endStyle())
	if line.W < 4 {
		return
	}
	p.rail(s, line, from, to)
	p.ticks(s, line, from, to)
	if s.Standing || s.Mode == Replay {
		p.canvas.Put(line.X+position(s.cursor(), from, to, line.W), r.Y, '┃', theme.Fg(theme.Accent).Bold().Reverse())
	}
}

func (s *Scene) stripEnd(to time.Time) string {
	if s.Mode == Replay {
		return relative(to, s.Meta.Launch.T0)
	}
	return "now"
}

func (s *Scene) endStyle() theme.Style {
	if s.Mode == Replay || s.Standing {
		return theme.Fg(theme.Faint)
	}
	return theme.Fg(theme.Accent).Bold()
}

// relative is T± in its largest units, for labels.
func relative(t, t0 time.Time) string {
	if t.Before(t0) {
		return "T-" + rough(t0.Sub(t))
	}
	return "T+" + rough(t.Sub(t0))
}

// position is the column of t on a line of w columns.
func position(t, from, to time.Time, w int) int {
	return min(max(int(float64(w)*float64(t.Sub(from))/float64(to.Sub(from))), 0), w-1)
}

// rail draws the line: heavy up to the cursor, light after it, none before the recording begins.
func (p *Painter) rail(s *Scene, line Rect, from, to time.Time) {
	at := position(s.cursor(), from, to, line.W)
	begin := 0
	if s.Begin.After(from) {
		begin = position(s.Begin, from, to, line.W)
	}
	for x := begin; x < line.W; x++ {
		switch {
		case x <= at:
			p.canvas.Put(line.X+x, line.Y, '─', theme.Fg(theme.Faint))
		default:
			p.canvas.Put(line.X+x, line.Y, '┄', theme.Fg(theme.Border))
		}
	}
}

// ticks draws what happened, with its whole name where there is room before the next one and the cursor is not on it.
func (p *Painter) ticks(s *Scene, line Rect, from, to time.Time) {
	all := s.ticksBetween(from, to)
	cursor := -1
	if s.Standing || s.Mode == Replay {
		cursor = position(s.cursor(), from, to, line.W)
	}
	for i, t := range all {
		x := position(t.at, from, to, line.W)
		p.canvas.Put(line.X+x, line.Y, t.glyph, t.style)
		room := line.W - x - 1
		if i+1 < len(all) {
			room = position(all[i+1].at, from, to, line.W) - x - 2
		}
		if w := textWidth(t.name); room >= w && (cursor <= x || cursor > x+w) {
			p.canvas.Text(line.X+x+1, line.Y, room, t.name, t.style)
		}
	}
}

// ticksBetween is everything on the strip, oldest first, one for each moment.
func (s *Scene) ticksBetween(from, to time.Time) []tick {
	var out []tick
	within := func(t time.Time) bool { return !t.Before(from) && t.Before(to) }
	if t0 := s.Meta.Launch.T0; within(t0) {
		out = append(out, tick{t0, '┃', "T0", theme.Fg(theme.Strong).Bold(), 9})
	}
	for _, m := range s.Meta.Launch.Marks {
		if at, err := m.At.On(s.Meta.Launch.T0); err == nil && within(at) && (planned(m.Kind) || !at.After(s.cursor())) {
			out = append(out, tick{at, changeGlyph(m.Kind), orElse(sources.CleanTo(m.Note, 20), m.Kind), theme.Fg(theme.Accent), 5})
		}
	}
	for _, c := range s.View.Changes(from, to) {
		if slices.Contains(asides, c.Kind) {
			continue
		}
		name := c.Kind
		if c.Kind == sources.ChangeNote {
			name = sources.CleanTo(c.Text, 14)
		}
		if step, ok := runbooks.Step(c); ok {
			switch {
			case step.State == runbooks.Worsened:
				out = append(out, tick{c.At, '✖', "worse", theme.Fg(theme.Bad).Bold(), 4})
				continue
			case step.State != runbooks.Intended || step.Plan == nil:
				continue
			}
			name = string(step.Plan.Action.Kind)
		}
		if e, ok := runbooks.Logged(c); ok {
			if e.Did != runbooks.Begun {
				continue
			}
			name = sources.CleanTo(e.Book, 20)
		}
		if t, ok := alerts.ReadTransition(c); ok {
			if fires(&t) && t.Under == "" {
				out = append(out, alertTick(&t))
			}
			continue
		}
		if c.Kind == alerts.ChangeResponse {
			continue
		}
		out = append(out, tick{c.At, changeGlyph(c.Kind), name, changeStyle(c.Kind), 3})
	}
	slices.SortStableFunc(out, func(a, b tick) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.keep, b.keep)) })
	return out
}

// asides are the kinds of changes that are worth no place on the strip.
var asides = []string{sources.ChangeSource, sources.ChangeRoom, sources.ChangeModel, runbooks.ChangeHold, runbooks.ChangeRule, alerts.ChangeDelivery}

// alertTick is an alert that begins to fire.
func alertTick(t *alerts.Transition) tick {
	out := tick{t.At, '!', ruleWords(sources.CleanTo(t.Rule, 24)), theme.Fg(theme.Warn), 6}
	if t.Severity == alerts.Page {
		out.style, out.keep = theme.Fg(theme.Bad).Bold(), 7
	}
	return out
}

// planned tells whether a mark of this kind is known before it comes.
func planned(kind string) bool {
	return kind == sources.MarkSurge || kind == sources.MarkPurge || kind == sources.MarkMaintenance
}

// changeGlyph is the sign of a kind of change or mark.
func changeGlyph(kind string) rune {
	switch kind {
	case sources.ChangeNote:
		return '✎'
	case sources.ChangeScaling, sources.MarkScale:
		return '●'
	case sources.ChangeDeploy:
		return '▲'
	case sources.ChangeSource:
		return '◌'
	case sources.ChangeRoom:
		return '·'
	case runbooks.ChangeAction:
		return '◆'
	case runbooks.ChangeRunbook:
		return '≡'
	case sources.MarkSurge:
		return '▸'
	case alerts.ChangeAlert:
		return '!'
	case alerts.ChangeResponse:
		return '◇'
	}
	return '○'
}

func changeStyle(kind string) theme.Style {
	switch kind {
	case sources.ChangeScaling:
		return theme.Fg(theme.Good)
	case alerts.ChangeAlert:
		return theme.Fg(theme.Warn)
	case sources.ChangeDeploy, runbooks.ChangeAction, runbooks.ChangeRunbook:
		return theme.Fg(theme.Accent)
	}
	return theme.Fg(theme.Faint)
}
