package tui

import tea "charm.land/bubbletea/v2"

// IsTick tells whether a message is a step of the machine's clock.
func IsTick(msg tea.Msg) bool { _, is := msg.(tickMsg); return is }

// Tick is the step of the machine's clock that the model waits for.
func Tick(m *Model) tea.Msg { return tickMsg{m.beat} }
