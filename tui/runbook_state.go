package tui

import (
	"fmt"
	"strings"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/tui/theme"
)

// stepState is how a step stands, as it is shown.
type stepState struct {
	sign  string
	style theme.Style // of the sign
	says  theme.Style // of what the step says
	right look        // in a word or two
	below []look      // further lines
}

// state is how a step stands: as it was recorded, as it is judged now, or as it waits for its turn.
func (p *bookPage) state(m *Model, s *runbooks.Session, n, current int) stepState {
	step := p.book.Steps[n].On(p.subject)
	st := stepState{sign: "○", style: theme.Fg(theme.Faint), says: theme.Fg(theme.Text)}
	if n == current {
		st.sign, st.style, st.says = "▸", theme.Fg(theme.Accent).Bold(), theme.Fg(theme.Strong).Bold()
	}
	if how := step.How(); how != step.Brief() {
		st.below = append(st.below, look{how, theme.Fg(theme.Faint)})
	}
	if step.See != "" {
		st.below = append(st.below, look{"see " + step.See + ", " + m.keys.FollowLink.Help().Key + " opens it", theme.Fg(theme.Faint)})
	}
	if e := entryOf(s, n); e != nil {
		st.recorded(m, e, &step)
		return st
	}
	if follows := step.Else.String(); follows != "" {
		st.below = append(st.below, look{"else: " + follows, theme.Fg(theme.Faint)})
	}
	switch {
	case s != nil && s.End != nil && n == s.End.Step:
		st.right = look{"ended by " + sources.Clean(s.End.Actor) + " " + m.hour(s.End.At), theme.Fg(theme.Warn)}
		st.below = append(st.below, look{prefixed("why: ", sources.Clean(s.End.Text)), theme.Fg(theme.Text)})
	case step.Kind == runbooks.Check:
		st.judged(m, &step, n == current)
	}
	if n == current && m.opt.Mode != Replay {
		st.below = append(st.below, look{m.keys.Open.Help().Key + " " + p.does(m, &step), theme.Fg(theme.Accent)})
	}
	return st
}

// entryOf is what became of a step, nil where it was not done.
func entryOf(s *runbooks.Session, n int) *runbooks.Entry {
	if s == nil || n >= len(s.Done) {
		return nil
	}
	return &s.Done[n]
}

// recorded shows what became of a step, by whom and when.
func (st *stepState) recorded(m *Model, e *runbooks.Entry, step *runbooks.Item) {
	st.sign, st.style, st.says = "✔", theme.Fg(theme.Good), theme.Fg(theme.Text)
	who := sources.Clean(e.Actor) + " " + m.hour(e.At)
	st.right = look{strings.Join(filled(m.became(e), who), "  "), theme.Fg(theme.Faint)}
	switch {
	case e.Did == runbooks.Skipped:
		st.sign, st.style, st.says = "–", theme.Fg(theme.Faint), theme.Fg(theme.Faint)
		st.below = append(st.below, look{prefixed("→ ", sources.Clean(e.Text)), theme.Fg(theme.Faint)})
	case e.Did == runbooks.Answered:
		st.right.text = who
		st.below = []look{{"“" + sources.Clean(e.Text) + "”", theme.Fg(theme.Strong)}}
	case e.Did == runbooks.Acted:
		st.below = []look{{sources.Clean(e.Text), theme.Fg(theme.Strong)}}
	case !e.Holds:
		st.sign, st.style = "○", theme.Fg(theme.Strong)
		for _, text := range filled(step.Otherwise, step.Else.String()) {
			st.below = append(st.below, look{"→ " + text, theme.Fg(theme.Text)})
		}
	}
}

// became is what became of a step in a word or two.
func (m *Model) became(e *runbooks.Entry) string {
	switch {
	case e.Did == runbooks.Ticked && e.Value != nil:
		return yesNo(e.Holds) + ", " + quantity(*e.Value, e.Unit)
	case e.Did == runbooks.Ticked:
		return yesNo(e.Holds)
	case e.Did == runbooks.Answered:
		return sources.Clean(e.Text)
	case e.Did == runbooks.Acted:
		return m.actedState(e.Run)
	}
	return e.Brief()
}

func yesNo(holds bool) string {
	if holds {
		return "yes"
	}
	return "no"
}

// actedState is how the run of an action stands.
func (m *Model) actedState(id string) string {
	for _, r := range m.runs() {
		if r.Plan.ID == id {
			word, _ := m.runState(&r)
			return word
		}
	}
	return "carried out"
}

// judged shows what a check comes to now. What is not so yet is said with what it would mean.
func (st *stepState) judged(m *Model, step *runbooks.Item, current bool) {
	j := m.judge(step.Expr)
	style := theme.Fg(theme.Faint)
	if current {
		style = theme.Fg(theme.Strong).Bold()
	}
	if j.err != nil {
		st.right = look{sources.Clean(j.why()), theme.Fg(theme.Warn)}
		return
	}
	st.right = look{"now " + yesNo(j.Holds) + ", " + j.value(), style}
	if current && !j.Holds {
		st.below = append(st.below, look{prefixed("→ ", step.Otherwise), theme.Fg(theme.Text)})
	}
}

// does says what the key does with the current step.
func (p *bookPage) does(m *Model, step *runbooks.Item) string {
	w := m.shelf.awaiting
	switch {
	case step.Kind == runbooks.Ask:
		return "answers"
	case step.Kind == runbooks.Act && m.idle() != nil:
		return "would open its card; this screen has no hands"
	case step.Kind == runbooks.Act:
		return "opens its card; that only plans"
	case w != nil && w.of(p.book, p.subject):
		return fmt.Sprintf("ticks it as it is; waiting, %s left", short(max(w.until.Sub(m.opt.Clock.Now()), 0)))
	case step.Wait > 0:
		return "ticks it, or waits up to " + short(step.Wait) + " until it holds"
	}
	return "ticks it as it is"
}

// aside lists the steps in a line each beside the text: how far it is, at a glance.
func (p *bookPage) aside(m *Model, c *Canvas, r Rect, s *runbooks.Session, current int) {
	for y := range r.H {
		c.Put(r.X, r.Y+y, '│', theme.Fg(theme.Border))
	}
	r = r.Inset(2, 0)
	top, rest := r.Top(2)
	c.Text(top.X, top.Y, top.W, p.progress(s), theme.Fg(theme.Strong).Bold())
	for n := range p.book.Steps {
		if n >= rest.H {
			return
		}
		p.asideLine(m, c, Rect{X: rest.X, Y: rest.Y + n, W: rest.W, H: 1}, s, n, current)
	}
	p.asideFoot(c, rest, len(p.book.Steps)+1)
}

func (p *bookPage) progress(s *runbooks.Session) string {
	switch {
	case s == nil:
		return fmt.Sprintf("%d steps, not begun", len(p.book.Steps))
	case s.End != nil:
		return fmt.Sprintf("ended after %d of %d steps", len(s.Done), s.Steps)
	case !s.Open():
		return fmt.Sprintf("done, %d steps", s.Steps)
	}
	return fmt.Sprintf("step %d of %d", s.Current()+1, s.Steps)
}

func (p *bookPage) asideLine(m *Model, c *Canvas, r Rect, s *runbooks.Session, n, current int) {
	st := p.state(m, s, n, current)
	x := r.X + c.Text(r.X, r.Y, r.W, st.sign+" ", st.style)
	step := p.book.Steps[n].On(p.subject)
	word := look{"", theme.Fg(theme.Faint)}
	if e := entryOf(s, n); e != nil {
		word = look{m.became(e), theme.Fg(theme.Text)}
	} else if p.book.Steps[n].Kind == runbooks.Check {
		word = look{strings.TrimPrefix(st.right.text, "now "), st.right.style}
	}
	style := theme.Fg(theme.Faint)
	if n == current {
		style = theme.Fg(theme.Strong).Bold()
	}
	columns(c, Rect{X: x, Y: r.Y, W: r.X + r.W - x, H: 1},
		column{text: fmt.Sprintf("%2d", n+1), width: 2, style: theme.Fg(theme.Faint)}, column{text: step.Brief(), width: r.W - 6 - textWidth(word.text), style: style},
		column{text: word.text, width: -1, style: word.style, right: true})
}

// asideFoot says below the steps what the runbook answers.
func (p *bookPage) asideFoot(c *Canvas, r Rect, from int) {
	y := r.Y + from
	for _, line := range filled(prefixed("answers ", strings.Join(p.book.Answers, ", ")), prefixed("for ", strings.Join(p.book.Services, ", "))) {
		for _, part := range wrap(sources.Clean(line), r.W, 3) {
			if y < r.Y+r.H {
				c.Text(r.X, y, r.W, part, theme.Fg(theme.Faint))
			}
			y++
		}
	}
}
