package tui

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"warroom/runbooks"
	"warroom/sources"
)

// place is a step of a runbook that is carried out for a resource.
type place struct {
	book    *runbooks.Runbook
	subject sources.Ref
	session string // "" while nobody has begun
	step    int
}

// on is the step as it reads for the resource.
func (p *place) on() runbooks.Item { return p.book.Steps[p.step].On(p.subject) }

// of tells whether the place is in a runbook, carried out for a resource.
func (p *place) of(b *runbooks.Runbook, subject sources.Ref) bool {
	return p.book.Name == b.Name && p.subject == subject
}

// acting is an action step whose plan was asked for.
type acting struct {
	place
	action runbooks.Action
}

// awaiting is a check that is waited for.
type awaiting struct {
	place
	until time.Time // on the launch clock
}

// enteredMsg is what came of recording a step.
type enteredMsg struct {
	entry   runbooks.Entry
	session runbooks.Session
	err     error
	other   string // the runbook that follows, "" for none
}

// unable is why nothing can be done with a runbook here, nil where it can.
func (m *Model) unable() error {
	switch {
	case m.opt.Mode == Replay:
		return errors.New("this is a replay: it shows how the runbook was carried out")
	case m.drawn.stance != following:
		return fmt.Errorf("the screen shows %s; %s goes back to now, where steps are done", m.hour(m.drawn.at), m.keys.Live.Help().Key)
	}
	return nil
}

// do does the step: it looks at a check, asks a question, or opens the card of an action.
func (m *Model) do(p place) (tea.Cmd, error) {
	if err := m.unable(); err != nil {
		return nil, err
	}
	switch p.book.Steps[p.step].Kind {
	case runbooks.Check:
		return m.look(p)
	case runbooks.Ask:
		m.question(p)
		return nil, nil
	}
	return m.actOn(p)
}

// look ticks a check as it stands. One that does not hold yet and is worth waiting for is waited for first.
func (m *Model) look(p place) (tea.Cmd, error) {
	step := p.on()
	j := m.judge(step.Expr)
	w := m.shelf.awaiting
	waited := w != nil && w.of(p.book, p.subject) && w.step == p.step
	switch {
	case j.err != nil:
		return nil, fmt.Errorf("it cannot be judged, %s; %s leaves it out", j.why(), m.keys.SkipStep.Help().Key)
	case !j.Holds && step.Wait > 0 && !waited:
		m.shelf.awaiting = &awaiting{p, m.opt.Clock.Now().Add(step.Wait)}
		m.say(fmt.Sprintf("waiting up to %s until it holds; %s again ticks it as it is", short(step.Wait), m.keys.Open.Help().Key))
		return nil, nil
	}
	return m.tickOff(p, j), nil
}

// tickOff records what a check came to.
func (m *Model) tickOff(p place, j judgement) tea.Cmd {
	m.shelf.awaiting = nil
	value := j.Value
	return m.logStep(p, runbooks.Entry{Did: runbooks.Ticked, Holds: j.Holds, Value: &value, Unit: j.Unit})
}

// await ticks the check that is waited for once it holds, or once its time is over.
func (m *Model) await() tea.Cmd {
	w := m.shelf.awaiting
	if w == nil || m.unable() != nil {
		return nil
	}
	j := m.judge(w.on().Expr)
	if j.err == nil && (j.Holds || !m.opt.Clock.Now().Before(w.until)) {
		return m.tickOff(w.place, j)
	}
	return nil
}

// question asks a person.
func (m *Model) question(p place) {
	step := p.on()
	prompt := m.ask(step.Says, "answer", "", func(text string) (tea.Cmd, error) {
		answer, err := chosenOf(step.Choices, text)
		if err != nil {
			return nil, err
		}
		return m.logStep(p, runbooks.Entry{Did: runbooks.Answered, Text: answer}), nil
	})
	prompt.about = func(text string) []Hint {
		var hints []Hint
		for _, line := range wrap(step.Says, dialogW-6, 3) {
			hints = append(hints, Hint{Does: line})
		}
		for _, c := range beginning(text, step.Choices) {
			hints = append(hints, Hint{Key: c})
		}
		return append(hints, Hint{Does: "recorded with your name, for all who watch"})
	}
	prompt.label = fmt.Sprintf("step %d", p.step+1)
	if len(step.Choices) > 0 {
		prompt.complete = func(text string) (string, bool) {
			done, ok := complete(text, step.Choices)
			return strings.TrimSpace(done), ok
		}
	}
}

// chosenOf is the answer that was typed: one of the choices, where there are any, by its beginning.
func chosenOf(choices []string, text string) (string, error) {
	switch fit := beginning(text, choices); {
	case text == "":
		return "", errors.New("an answer is wanted; Esc leaves the question open")
	case len(choices) == 0 || slices.Contains(choices, text):
		return sources.Clean(text), nil
	case len(fit) == 1:
		return fit[0], nil
	}
	return "", unknown("answer", text, choices)
}

// actOn opens the card of an action step.
func (m *Model) actOn(p place) (tea.Cmd, error) {
	if err := m.idle(); err != nil {
		return nil, err
	}
	step := p.on()
	targets := step.Targets(p.subject, m.meta().Resources)
	switch len(targets) {
	case 0:
		return nil, fmt.Errorf("nothing that is watched is %s; %s leaves the step out", step.Service, m.keys.SkipStep.Help().Key)
	case 1:
		return m.actTo(p, targets[0])
	}
	m.askTarget(p, step.Service, targets)
	return nil, nil
}

func (m *Model) actTo(p place, target sources.Ref) (tea.Cmd, error) {
	step := p.on()
	a := step.Action(target)
	m.shelf.acting = &acting{p, a}
	return m.plan(a)
}

// askTarget asks which of several resources an action is meant for.
func (m *Model) askTarget(p place, service string, targets []sources.Ref) {
	names := make([]string, len(targets))
	for i, r := range targets {
		names[i] = r.Name
	}
	prompt := m.ask("which "+service, "plan", "", func(text string) (tea.Cmd, error) {
		name, err := chosenOf(names, text)
		if err != nil {
			return nil, err
		}
		return m.actTo(p, sources.Ref{Service: service, Name: name})
	})
	prompt.about = func(text string) []Hint { return []Hint{{Does: strings.Join(beginning(text, names), "  ")}} }
	prompt.complete = func(text string) (string, bool) {
		done, ok := complete(text, names)
		return strings.TrimSpace(done), ok
	}
}

// stepCarried records that an action step was carried out: not where it was refused, which leaves it to be done.
func (m *Model) stepCarried(msg carriedMsg) tea.Cmd {
	a := m.shelf.acting
	var doubt *runbooks.DoubtError
	if a == nil || msg.err != nil && !errors.As(msg.err, &doubt) || !sameAction(a.action, msg.plan.Action) {
		return nil
	}
	m.shelf.acting = nil
	if s := m.openSession(a.book, a.subject); s != nil && s.Current() != a.step || s == nil && a.session != "" {
		return nil // the runbook has gone on without it
	}
	return m.logStep(a.place, runbooks.Entry{Did: runbooks.Acted, Run: msg.plan.ID, Text: msg.plan.Title})
}

func sameAction(a, b runbooks.Action) bool {
	return a.Kind == b.Kind && a.Resource == b.Resource && maps.Equal(a.Want, b.Want)
}

// skip leaves a step out.
func (m *Model) skip(p place) (tea.Cmd, error) {
	if err := m.unable(); err != nil {
		return nil, err
	}
	m.shelf.awaiting = nil
	return m.logStep(p, runbooks.Entry{Did: runbooks.Skipped}), nil
}

// abort asks why the rest is left undone, and ends the session.
func (m *Model) abort(p place) (tea.Cmd, error) {
	if err := m.unable(); err != nil {
		return nil, err
	}
	if p.session == "" {
		return nil, fmt.Errorf("nobody has begun it; %s leaves the page", m.keys.Back.Help().Key)
	}
	m.ask("end this runbook", "end it", "", func(text string) (tea.Cmd, error) {
		m.shelf.awaiting = nil
		return m.logStep(p, runbooks.Entry{Did: runbooks.Aborted, Text: sources.Clean(text)}), nil
	}).about = func(string) []Hint {
		return []Hint{{Does: "why? It may stay empty. What was done stays in the record."}}
	}
	return nil, nil
}

// logStep records what became of a step. With the first one the runbook is begun.
func (m *Model) logStep(p place, e runbooks.Entry) tea.Cmd {
	log := &runbooks.Logbook{Journal: m.opt.Tape, Clock: m.opt.Clock, Now: m.opt.Now, Operator: m.opt.Operator}
	step := p.on()
	e.Step, e.Says = p.step, step.Brief()
	leftOut, other := p.leftOut(&e), ""
	if e.Did == runbooks.Ticked && !e.Holds {
		other = step.Else.Book
	}
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), readFor)
		defer cancel()
		s, err := runbooks.Session{ID: p.session}, error(nil)
		if p.session == "" {
			s, err = log.Begin(ctx, p.book, p.subject)
		}
		if err == nil {
			s, err = log.Record(ctx, s, e)
		}
		for _, left := range leftOut {
			if err == nil {
				s, err = log.Record(ctx, s, left)
			}
		}
		return enteredMsg{entry: e, session: s, err: err, other: other}
	}
}

// leftOut are the steps that a check leaves out where it does not hold.
func (p *place) leftOut(e *runbooks.Entry) (out []runbooks.Entry) {
	follows := p.book.Steps[p.step].Else
	if e.Did != runbooks.Ticked || e.Holds || follows.Heading == "" {
		return nil
	}
	for n := p.step + 1; n < follows.To; n++ {
		step := p.book.Steps[n].On(p.subject)
		out = append(out, runbooks.Entry{Did: runbooks.Skipped, Step: n, Says: step.Brief(), Text: fmt.Sprintf("step %d: %s", p.step+1, follows)})
	}
	return out
}

// followLink opens a runbook that the page's one leads to, and asks which where there are several.
func (m *Model) followLink(p *bookPage) {
	names := p.book.Leads()
	switch len(names) {
	case 0:
		m.complain(errors.New("this runbook leads to no other"))
		return
	case 1:
		m.openLinked(names[0], p.subject)
		return
	}
	prompt := m.ask("follow to which runbook", "open", "", func(text string) (tea.Cmd, error) {
		name, err := chosenOf(names, text)
		if err == nil {
			m.openLinked(name, p.subject)
		}
		return nil, err
	})
	prompt.about = func(text string) []Hint {
		var hints []Hint
		for _, name := range beginning(text, names) {
			h := Hint{Key: name}
			if b, err := m.shelf.library.Find(name); err == nil {
				h.Does = b.Title
			}
			hints = append(hints, h)
		}
		return hints
	}
	prompt.complete = func(text string) (string, bool) {
		done, ok := complete(text, names)
		return strings.TrimSpace(done), ok
	}
}

// openLinked opens a runbook for the same resource, where it is for such.
func (m *Model) openLinked(name string, subject sources.Ref) {
	b, err := m.shelf.library.Find(name)
	if err != nil {
		m.complain(err)
		return
	}
	if b.Answering(subject.Service) < 0 {
		subject = m.subjectOf(b)
	}
	m.openBook(b, subject)
}

// enteredStep says what was recorded, or who was first.
func (m *Model) enteredStep(msg enteredMsg) tea.Cmd {
	if p, ok := m.page.(*bookPage); ok && msg.session.Book == p.book.Name && msg.session.Subject == p.subject {
		p.session, p.follows = msg.session.ID, true
	}
	switch p, onPage := m.page.(*bookPage); {
	case msg.err != nil:
		m.complain(msg.err)
	case msg.other != "" && onPage && p.session == msg.session.ID:
		m.openLinked(msg.other, p.subject)
		m.say(fmt.Sprintf("step %d of %s does not hold, so %s follows; the other waits at its next step", msg.entry.Step+1, msg.session.Book, msg.other))
	case msg.entry.Did == runbooks.Aborted:
		m.say("ended: " + msg.session.Title)
	case !msg.session.Open():
		m.say("done: " + msg.session.Title)
	default:
		m.say(fmt.Sprintf("step %d of %d: %s", msg.entry.Step+1, msg.session.Steps, msg.entry.Brief()))
	}
	return m.advanced()
}
