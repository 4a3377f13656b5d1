package tui

import (
	"context"
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"warroom/sources"
)

// notedMsg is the recording's answer to a note.
type notedMsg struct {
	text   string
	change sources.Change
	err    error
}

// openNote asks for a note.
func (m *Model) openNote() {
	if m.opt.Mode == Replay {
		m.complain(errNoNotes)
		return
	}
	m.askNote("")
}

// askNote opens the dialog for a note and says what will become of it.
func (m *Model) askNote(text string) {
	m.ask("note", "record", text, m.note).about = func(string) []Hint {
		return []Hint{{Does: "recorded at " + m.hour(m.cursor.at) + ", for all who watch, and for the replay"}}
	}
}

var errNoNotes = errors.New("a finished recording takes no notes")

// note records what was typed, at the time that is shown: a note written while the cursor stands belongs to
// what the writer was looking at. Seen is always now, so that a replay shows it when it was written.
func (m *Model) note(text string) (tea.Cmd, error) {
	switch {
	case m.opt.Mode == Replay:
		return nil, errNoNotes
	case text == "":
		return nil, errors.New("an empty note is not recorded; Esc leaves")
	}
	c := sources.Change{
		At: m.cursor.at, Seen: m.opt.Clock.Now(), Kind: sources.ChangeNote,
		Actor: sources.Clean(m.opt.Operator), Text: sources.Clean(text),
	}
	m.say("recording the note …")
	return m.record(c, func(written sources.Change, err error) tea.Msg {
		return notedMsg{text: text, change: written, err: err}
	}), nil
}

// record writes a change into the recording, and tells what came of it.
func (m *Model) record(c sources.Change, told func(written sources.Change, err error) tea.Msg) tea.Cmd {
	tape := m.opt.Tape
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), readFor)
		defer cancel()
		return told(tape.AppendChange(ctx, c))
	}
}

// noted says whether the note is safe. One that could not be recorded is offered again.
func (m *Model) noted(msg notedMsg) tea.Cmd {
	if msg.err != nil {
		if m.prompt == nil {
			m.askNote(msg.text)
			m.prompt.wrong = sources.Clean(fmt.Sprintf("the note is not recorded: %v", msg.err))
			return nil
		}
		m.complain(fmt.Errorf("the note %q is not recorded: %w", msg.text, msg.err))
		return nil
	}
	m.say("noted at " + msg.change.At.In(m.opt.Zone).Format(time.TimeOnly))
	return m.advanced()
}
