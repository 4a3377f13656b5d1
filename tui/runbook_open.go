package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"warroom/alerts"
	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/query"
)

// shelf is what the screen knows of runbooks.
type shelf struct {
	library  *runbooks.Library // as it was last read, nil before
	engine   *query.Engine     // judges checks
	version  uint64            // of the view on which answers were given
	answers  map[string]judgement
	acting   *acting            // the action step whose card was opened, nil for none
	awaiting *awaiting          // the check that is waited for, nil for none
	sessions []runbooks.Session // of the recording as of its newest change, so that a frame need not read them again
	last     int64
}

// shelfMsg is the runbooks as they have just been read.
type shelfMsg struct {
	library *runbooks.Library
	err     error // what is wrong with some of them
	then    then
	name    string // of the one that was asked for
}

// then is what the runbooks were read for.
type then uint8

const (
	onlyRead then = iota
	openFit       // the one that answers what is chosen, or the list
	openNamed
	openList
)

// errNoBooks is why there is nothing to open.
var errNoBooks = errors.New("this screen was opened without runbooks")

// readBooks reads all runbooks, so that one that was just edited is shown as it is.
func (m *Model) readBooks(t then, name string) tea.Cmd {
	read := m.opt.Runbooks
	if read == nil {
		return nil
	}
	return func() tea.Msg {
		l, err := read()
		return shelfMsg{library: l, err: err, then: t, name: name}
	}
}

// shelved takes the runbooks in and opens what was asked for. One that cannot be read costs no other.
func (m *Model) shelved(msg shelfMsg) tea.Cmd {
	if msg.library != nil {
		m.shelf.library, m.shelf.version = msg.library, 0
	}
	if msg.err != nil && msg.then != onlyRead {
		m.complain(firstOf(msg.err))
	}
	if m.shelf.library == nil {
		return nil
	}
	switch msg.then {
	case openFit:
		m.openFitting()
	case openList:
		m.open(m.bookList())
	case openNamed:
		b, err := m.shelf.library.Find(msg.name)
		if err != nil {
			m.complain(err)
			return nil
		}
		m.openBook(b, m.subjectOf(b))
	}
	return nil
}

// runbookKey opens the runbook that answers what is chosen; from a runbook it leads to all of them, and from there back.
func (m *Model) runbookKey() tea.Cmd {
	if m.opt.Runbooks == nil {
		m.complain(errNoBooks)
		return nil
	}
	switch m.page.(type) {
	case *bookListPage:
		m.open(gridPage{})
		return nil
	case *bookPage:
		return m.readBooks(openList, "")
	}
	return m.readBooks(openFit, "")
}

// openNamed is the command: a runbook by its name, or all of them.
func (m *Model) openNamed(name string) (tea.Cmd, error) {
	switch {
	case m.opt.Runbooks == nil:
		return nil, errNoBooks
	case name == "":
		return m.readBooks(openList, ""), nil
	}
	if l := m.shelf.library; l != nil {
		if _, err := l.Find(name); err != nil {
			return nil, err
		}
	}
	return m.readBooks(openNamed, name), nil
}

// bookNames are what the command completes.
func (m *Model) bookNames() []string {
	if m.shelf.library == nil {
		return nil
	}
	return m.shelf.library.Names()
}

// openBook opens a runbook. Esc leads from it back to where one was: to the alert that it answers, its tile, the list.
func (m *Model) openBook(b *runbooks.Runbook, subject sources.Ref) {
	m.open(&bookPage{book: b, subject: subject, follows: true, from: m.origin()})
}

// origin is the page to which a runbook that is opened now leads back, nil for the grid. From one runbook to the next it
// stays the same.
func (m *Model) origin() page {
	switch p := m.page.(type) {
	case *bookPage:
		return p.from
	case *alertPage, *alertListPage, *detailPage, *bookListPage, *ceilingsPage:
		return p
	}
	return nil
}

// firstOf is the first of several errors, with how many there are.
func firstOf(err error) error {
	lines := strings.Split(err.Error(), "\n")
	if len(lines) == 1 {
		return err
	}
	return fmt.Errorf("%s (and %d more)", lines[0], len(lines)-1)
}

// openFitting opens the one runbook that is meant, and the list where it may be several: that of the chosen alert, else what
// is under way for the chosen tile, else the only one that is for it and whose first check holds now, else the only one that is for such tiles above all.
func (m *Model) openFitting() {
	a := m.chosenAlert()
	if a != nil && (m.chosen == (sources.Ref{}) || a.Resource == m.chosen || m.onAlert()) && m.openAnswer(a) {
		return
	}
	var fit []*runbooks.Runbook
	for _, b := range m.shelf.library.All() {
		if subject := m.subjectOf(b); m.chosen == (sources.Ref{}) && m.openSession(b, subject) != nil {
			m.openBook(b, subject)
			return
		}
		if b.Answering(m.chosen.Service) < 0 {
			continue
		}
		if s := m.openSession(b, m.chosen); s != nil {
			m.openBook(b, m.chosen)
			return
		}
		if m.symptom(b, m.chosen) {
			fit = append(fit, b)
		}
	}
	if len(fit) == 0 && m.inTrouble() {
		fit = m.foremost()
	}
	if len(fit) == 1 {
		m.openBook(fit[0], m.chosen)
		return
	}
	if len(fit) == 0 && a != nil && m.openAnswer(a) {
		return
	}
	m.open(m.bookList())
}

// onAlert tells whether the page is about an alert, whatever tile was chosen before.
func (m *Model) onAlert() bool {
	switch m.page.(type) {
	case *alertListPage, *alertPage:
		return true
	}
	return false
}

// openAnswer opens the runbook that an alert names, and tells whether there is one. It is for the alert's resource where it
// is for such ones.
func (m *Model) openAnswer(a *alerts.Alert) bool {
	if a.Runbook == "" {
		return false
	}
	b, err := m.shelf.library.Find(a.Runbook)
	if err != nil {
		m.complain(fmt.Errorf("the alert %s: %w", alertName(&a.Transition), err))
		return false
	}
	subject := m.subjectOf(b)
	if b.Answering(a.Resource.Service) >= 0 {
		subject = a.Resource
	}
	m.openBook(b, subject)
	return true
}

// wanted tells whether an alert that is to be seen names a runbook.
func (m *Model) wanted(b *runbooks.Runbook) bool {
	return slices.ContainsFunc(m.alerts(), func(a alerts.Alert) bool { return a.Runbook == b.Name && pressing(&a) })
}

// inTrouble tells whether the chosen tile needs a look.
func (m *Model) inTrouble() bool {
	t := m.chosenTile()
	if t == nil {
		return false
	}
	level := m.painter.Status(m.scene(), t).Level
	return level == LevelWarn || level == LevelPage
}

// foremost are the runbooks that are for the chosen tile's service before any other.
func (m *Model) foremost() (out []*runbooks.Runbook) {
	for _, b := range m.shelf.library.All() {
		if b.Answering(m.chosen.Service) == 0 && b.Services[0] == m.chosen.Service {
			out = append(out, b)
		}
	}
	return out
}

// symptom tells whether the first check of a runbook holds now: what it is for is the case.
func (m *Model) symptom(b *runbooks.Runbook, subject sources.Ref) bool {
	i := slices.IndexFunc(b.Steps, func(s *runbooks.Item) bool { return s.Kind == runbooks.Check })
	if i < 0 {
		return false
	}
	on := b.Steps[i].On(subject)
	j := m.judge(on.Expr)
	return j.err == nil && j.Holds
}

// subjectOf is the resource for which a runbook is opened: the chosen one where it is for its service, else one for which
// somebody carries it out, else the first that it is for.
func (m *Model) subjectOf(b *runbooks.Runbook) sources.Ref {
	if b.Answering(m.chosen.Service) >= 0 {
		return m.chosen
	}
	for _, s := range slices.Backward(m.bookSessions()) {
		if s.Book == b.Name && s.Open() {
			return s.Subject
		}
	}
	for _, service := range b.Services {
		for _, r := range m.meta().Resources {
			if r.Service == service {
				return r.Ref
			}
		}
	}
	return sources.Ref{}
}

// bookSessions are the runbooks that were carried out, as far as the time that is shown knows.
func (m *Model) bookSessions() []runbooks.Session {
	changes := m.happened()
	if m.drawn.stance == following {
		if m.shelf.last != m.room.last || m.shelf.sessions == nil {
			m.shelf.last, m.shelf.sessions = m.room.last, runbooks.Sessions(changes)
		}
		return m.shelf.sessions
	}
	return runbooks.Sessions(changes)
}

// openSession is the session of a runbook for a resource that has not ended, nil where there is none.
func (m *Model) openSession(b *runbooks.Runbook, subject sources.Ref) *runbooks.Session {
	for _, s := range slices.Backward(m.bookSessions()) {
		if s.Book == b.Name && s.Subject == subject && s.Open() {
			return &s
		}
	}
	return nil
}
