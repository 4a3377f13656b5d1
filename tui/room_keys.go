package tui

import (
	"reflect"
	"strconv"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"warroom/alerts"
	"warroom/runbooks"
)

// roomKey answers the keys that mean the same on every page and are not about time.
func (m *Model) roomKey(k tea.KeyPressMsg) tea.Cmd {
	switch {
	case key.Matches(k, m.keys.Leave):
		return m.leave()
	case key.Matches(k, m.keys.Suspend):
		m.away = true
		return tea.Suspend
	case key.Matches(k, m.keys.Repaint):
		m.pace.repaint()
		return tea.ClearScreen
	case key.Matches(k, m.keys.Back):
		m.open(gridPage{})
	case key.Matches(k, m.keys.Help):
		m.toggle(&helpPage{})
	case key.Matches(k, m.keys.Timeline):
		m.toggle(&timelinePage{})
	case key.Matches(k, m.keys.Alerts):
		m.toggle(&alertListPage{})
	case key.Matches(k, m.keys.Ceilings):
		m.toggle(&ceilingsPage{})
	case key.Matches(k, m.keys.Own):
		return m.answerKey(m.own)
	case key.Matches(k, m.keys.Silence):
		return m.answerKey(func(a *alerts.Alert) (tea.Cmd, error) { return nil, m.openSilence(a) })
	case key.Matches(k, m.keys.Digit):
		if n, ok := digit(k); ok && n > 0 {
			m.numbered(n)
		}
	default:
		return m.handKey(k)
	}
	return nil
}

// handKey opens the card that belongs to the key: it only plans.
func (m *Model) handKey(k tea.KeyPressMsg) tea.Cmd {
	switch {
	case key.Matches(k, m.keys.Actions):
		m.openActions()
	case key.Matches(k, m.keys.Capacity):
		return m.actKey(runbooks.Capacity)
	case key.Matches(k, m.keys.Maintenance):
		return m.actKey(runbooks.Maintenance)
	case key.Matches(k, m.keys.Invalidate):
		return m.actKey(runbooks.Invalidate)
	case key.Matches(k, m.keys.Runbook):
		return m.runbookKey()
	case key.Matches(k, m.keys.Undo):
		return m.attempt(func() (tea.Cmd, error) { return m.undo("") })
	default:
		m.promptKey(k)
	}
	return nil
}

// promptKey opens the prompt that belongs to the key.
func (m *Model) promptKey(k tea.KeyPressMsg) {
	switch {
	case key.Matches(k, m.keys.Jump):
		m.openJump()
	case key.Matches(k, m.keys.Filter):
		m.openFilter()
	case key.Matches(k, m.keys.Command):
		m.openCommand()
	case key.Matches(k, m.keys.Note):
		m.openNote()
	}
}

// toggle opens a page, or goes back from it.
func (m *Model) toggle(p page) {
	if reflect.TypeOf(m.page) == reflect.TypeOf(p) {
		p = gridPage{}
	}
	m.open(p)
}

// openFilter asks which tiles shall be shown; they change as one types, and Esc brings back those that were shown.
func (m *Model) openFilter() {
	before := m.filter
	set := func(text string) {
		m.filter = text
		m.keepChosen()
	}
	p := m.ask("filter", "keep", m.filter, func(text string) (tea.Cmd, error) { set(text); return nil, nil })
	p.typed, p.cancel, p.about = set, func() { set(before) }, m.filtered
	m.page = gridPage{}
}

// filtered says what a filter leaves.
func (m *Model) filtered(string) []Hint {
	left, _ := m.shown()
	all := len(m.resources())
	return []Hint{
		{Does: strconv.Itoa(len(left)) + " of " + strconv.Itoa(all) + " tiles"},
		{Key: "such as", Does: "page   warn   alb   web   3   (all words must fit)"},
	}
}

func isTimeline(p page) bool { _, is := p.(*timelinePage); return is }
