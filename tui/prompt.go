package tui

import (
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"warroom/sources"
	"warroom/tui/theme"
)

// prompt is one line of typing. It has all keys while it is open; Esc closes it.
type prompt struct {
	label    string
	does     string // what Enter does, in a word
	input    textinput.Model
	about    func(text string) []Hint         // what is said about the text, or nil
	typed    func(text string)                // called on every change, or nil
	complete func(text string) (string, bool) // what Tab makes of the text, or nil
	done     func(text string) (tea.Cmd, error)
	cancel   func() // called on Esc, or nil
	wrong    string // why the last Enter was not accepted

	drawn   dialog  // what it was drawn from last
	picture *Canvas // the dialog, nil before
}

// maxTyped bounds what a prompt takes, also from a paste.
const maxTyped = 400

func (m *Model) ask(label, does, text string, done func(string) (tea.Cmd, error)) *prompt {
	in := textinput.New()
	in.Prompt = ""
	in.CharLimit = maxTyped
	in.SetVirtualCursor(false)
	in.SetValue(text)
	in.CursorEnd()
	in.Focus()
	m.prompt = &prompt{label: label, does: does, input: in, done: done}
	m.notice, m.dirty = notice{}, true
	return m.prompt
}

// prompted gives a key to the open prompt.
func (m *Model) prompted(k tea.KeyPressMsg) tea.Cmd {
	p := m.prompt
	switch k.String() {
	case "esc", "ctrl+g":
		m.prompt = nil
		if p.cancel != nil {
			p.cancel()
		}
		return nil
	case "enter":
		return m.entered()
	case "tab":
		if p.complete != nil {
			p.finish()
		}
		return nil
	case "backspace":
		if p.input.Value() == "" {
			m.prompt = nil
			return nil
		}
	}
	before := p.input.Value()
	p.input, _ = p.input.Update(k) // its commands only blink a cursor or read the clipboard
	p.changed(before)
	return nil
}

func (p *prompt) changed(before string) {
	if text := p.input.Value(); text != before {
		p.wrong = ""
		if p.typed != nil {
			p.typed(text)
		}
	}
}

func (p *prompt) finish() {
	before := p.input.Value()
	if text, ok := p.complete(before); ok {
		p.input.SetValue(text)
		p.input.CursorEnd()
		p.changed(before)
	}
}

// entered closes the prompt if what was typed can be done, and says why where it cannot.
func (m *Model) entered() tea.Cmd {
	p := m.prompt
	cmd, err := p.done(strings.TrimSpace(p.input.Value()))
	if err != nil {
		p.wrong = sources.Clean(err.Error())
		return nil
	}
	if m.prompt == p {
		m.prompt = nil
	}
	return cmd
}

// pasted puts pasted text into the open prompt as one harmless line. A paste never presses a key: without a
// prompt it is dropped, and a newline in it does not enter anything.
func (m *Model) pasted(text string) {
	if m.prompt == nil {
		return
	}
	if len(text) > maxTyped {
		text = strings.ToValidUTF8(text[:maxTyped], "")
	}
	text = strings.Join(strings.Fields(sources.Clean(text)), " ")
	p, before := m.prompt, m.prompt.input.Value()
	p.input, _ = p.input.Update(tea.PasteMsg{Content: text})
	p.changed(before)
	m.dirty = true
}

// draw writes label, text and, where the last try was refused, why. It returns where the caret stands.
func (p *prompt) draw(c *Canvas, line Rect) *tea.Cursor {
	c.Fill(line, ' ', theme.Fg(theme.Text).On(theme.Bar))
	x := line.X + 1
	x += c.Text(x, line.Y, line.W/2, p.label+" ", theme.Fg(theme.Accent).Bold().On(theme.Bar))
	room := line.X + line.W - x - 1
	if p.wrong != "" {
		w := min(textWidth(p.wrong), room*2/3)
		c.Text(line.X+line.W-w-1, line.Y, w, p.wrong, theme.Fg(theme.Bad).On(theme.Bar))
		room -= w + 2
	}
	text, caret := p.window(max(room, 4))
	c.Text(x, line.Y, max(room, 4), text, theme.Fg(theme.Strong).On(theme.Bar))
	cursor := tea.NewCursor(min(x+caret, line.X+line.W-1), line.Y)
	return cursor
}

// window is the part of the text around the caret that has room, and the caret's column in it.
func (p *prompt) window(room int) (string, int) {
	text, at := []rune(p.input.Value()), p.input.Position()
	from := 0
	for textWidth(string(text[from:at])) >= room {
		from++
	}
	return string(text[from:]), textWidth(string(text[from:at]))
}
