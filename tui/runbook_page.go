package tui

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"warroom/runbooks"
	"warroom/sources"
)

// bookPage is a runbook: its text as it was written, each step with how it stands, and the one that is to be done now.
type bookPage struct {
	book    *runbooks.Runbook
	subject sources.Ref
	session string // that this page shows, "" while nobody carries it out
	scroll
	follows bool // the current step is kept in sight
	marked  int  // the current step at the last drawing
	from    page // where it was opened and Esc leads back to, nil for the grid
}

// now is the session that is shown: the one that the page has shown before, else one that has not ended. A replay shows
// the newest, too.
func (p *bookPage) now(m *Model) *runbooks.Session {
	var found *runbooks.Session
	for _, s := range m.bookSessions() {
		fits := s.Book == p.book.Name && s.Subject == p.subject
		if fits && (s.ID == p.session || p.session == "" && (s.Open() || m.opt.Mode == Replay)) {
			found = &s
		}
	}
	if found != nil && m.opt.Mode != Replay {
		p.session = found.ID
	}
	return found
}

// current is the step that is to be done now, -1 where none is.
func (p *bookPage) current(s *runbooks.Session) int {
	switch {
	case s == nil:
		return 0
	case s.Current() >= len(p.book.Steps):
		return -1
	}
	return s.Current()
}

func (p *bookPage) key(m *Model, k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case key.Matches(k, m.keys.Back) && p.from != nil:
		m.open(p.from)
		return nil, true
	case key.Matches(k, m.keys.Open):
		return p.attempt(m, m.do), true
	case key.Matches(k, m.keys.SkipStep):
		return p.attempt(m, m.skip), true
	case key.Matches(k, m.keys.FollowLink):
		m.followLink(p)
		return nil, true
	case key.Matches(k, m.keys.AbortBook):
		return p.attempt(m, m.abort), true
	}
	return nil, p.read(m.keys, k)
}

// attempt does something with the current step, or says why not. After the end the page goes back to the beginning.
func (p *bookPage) attempt(m *Model, do func(place) (tea.Cmd, error)) tea.Cmd {
	s := p.now(m)
	step := p.current(s)
	if step < 0 {
		if err := m.unable(); err != nil {
			m.complain(err)
			return nil
		}
		p.session, p.follows = "", true
		m.say("from the beginning again; nothing is recorded before its first step")
		return nil
	}
	cmd, err := do(place{book: p.book, subject: p.subject, session: p.session, step: step})
	if err != nil {
		m.complain(err)
	}
	return cmd
}

// read moves the text; the current step is kept in sight again once it is another one.
func (p *bookPage) read(k *keyMap, press tea.KeyPressMsg) bool {
	switch {
	case key.Matches(press, k.Start):
		p.top = 0
	case key.Matches(press, k.End):
		p.top = p.beyond
	case !p.scroll.key(k, press, 2):
		return false
	}
	p.follows = false
	return true
}

func (p *bookPage) hints(k *keyMap) []Hint {
	out := []Hint{hint(k.Open, "do the step"), hint(k.SkipStep, "leave it out"), hint(k.AbortBook, "end"), hints(k.Down, k.Up, "read")}
	if len(p.book.Links) > 0 {
		out = append(out, hint(k.FollowLink, "follow a link"))
	}
	return append(out, hint(k.Runbook, "all runbooks"), hint(k.Back, "back"), hint(k.Note, "note"), hint(k.Help, "help"))
}
