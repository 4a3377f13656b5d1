package tui

import (
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"warroom/alerts"
	"warroom/sources"
)

// Alarm is how the terminal says that an alert has begun to page: once for each, never for one that was recorded before
// this screen was opened, and never in a replay.
type Alarm struct {
	Mute   bool     // no bell
	Notify Notifier // on the desktop
}

// Notifier is the sequence with which a terminal is asked to notify its user; the zero value asks nothing.
type Notifier struct {
	osc string // 9, 99 or 777, "" for none
	tmu bool   // through tmux
}

// NotifierFor finds the sequence that a terminal understands, by the environment in which it runs programs. Within tmux
// the terminal around it is asked for, and tmux whether it lets sequences pass: ask runs tmux' display-message with a
// format and answers "" where it cannot.
func NotifierFor(env func(string) string, ask func(format string) string) Notifier {
	if env("TMUX") == "" {
		return Notifier{osc: notifies(env("TERM_PROGRAM") + " " + env("TERM") + " " + env("LC_TERMINAL"))}
	}
	if passes := ask("#{allow-passthrough}"); passes != "on" && passes != "all" && passes != "1" {
		return Notifier{}
	}
	return Notifier{osc: notifies(ask("#{client_termtype} #{client_termname}")), tmu: true}
}

// notifies is the number of the sequence that a terminal understands. One that understands none may print it, so an unknown
// one gets none.
func notifies(terminal string) string {
	terminal = strings.ToLower(terminal)
	for _, known := range [...]struct{ name, osc string }{
		{"kitty", "99"}, {"ghostty", "777"}, {"foot", "777"}, {"rxvt-unicode", "777"}, {"contour", "777"},
		{"wezterm", "777"}, {"warp", "777"}, {"iterm", "9"}, {"mintty", "9"},
	} {
		if strings.Contains(terminal, known.name) {
			return known.osc
		}
	}
	return ""
}

// longestNotice is how much a notification says. A bell and a notification are few bytes: what is on the screen is not
// painted again for them.
const longestNotice = 100

// sequence asks for a notification. The text is cleaned of all that could end or begin a sequence.
func (n Notifier) sequence(title, text string) string {
	if n.osc == "" {
		return ""
	}
	plain := strings.NewReplacer(";", ",", "\\", "/")
	title, text = plain.Replace(sources.CleanTo(title, 40)), plain.Replace(sources.CleanTo(text, longestNotice))
	var s string
	switch n.osc {
	case "99":
		s = "\x1b]99;i=warroom:d=0;" + title + "\x1b\\\x1b]99;i=warroom:p=body;" + text + "\x1b\\"
	case "777":
		s = "\x1b]777;notify;" + title + ";" + text + "\x1b\\"
	default:
		s = "\x1b]9;" + title + ": " + text + "\x1b\\"
	}
	if n.tmu {
		s = "\x1bPtmux;" + strings.ReplaceAll(s, "\x1b", "\x1b\x1b") + "\x1b\\"
	}
	return s
}

// hear rings for the pages that have come since it was last called. What was recorded when the screen was opened is known.
func (m *Model) hear() tea.Cmd {
	before, now := m.heard, m.opt.Clock
	if m.heard >= m.room.last {
		m.listening = m.listening || m.memory.loaded
		return nil
	}
	m.heard = m.room.last
	if m.opt.Mode == Replay || !m.listening {
		m.listening = m.memory.loaded
		return nil
	}
	var first *alerts.Transition
	n, silences := 0, alerts.Silences(m.room.changes, now.Now())
	for i := range m.room.changes {
		if m.room.changes[i].Seq <= before {
			continue
		}
		t, ok := alerts.ReadTransition(m.room.changes[i])
		silenced := func(s alerts.Silence) bool { return s.Covers(t.Rule, t.Resource, now.Now()) }
		if !ok || !t.Page || slices.ContainsFunc(silences, silenced) {
			continue
		}
		if n++; first == nil {
			first = &t
		}
	}
	if first == nil {
		return nil
	}
	if m.cursor.stance != following {
		m.room.paged += n
	}
	return m.ring(first, n)
}

// ring is the bell and the notification for so many new pages, of which the first is told.
func (m *Model) ring(t *alerts.Transition, n int) tea.Cmd {
	text := alertName(t) + ": " + t.Summary
	if n > 1 {
		text = strconv.Itoa(n) + " pages, " + text
	}
	out := m.opt.Alarm.Notify.sequence(m.title(), text)
	if !m.opt.Alarm.Mute {
		out = "\a" + out
	}
	if out == "" {
		return nil
	}
	return tea.Raw(out)
}
