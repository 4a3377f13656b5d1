package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
)

// framesPerSecond is how often the renderer looks whether there is something to write. Twice as often costs twice as
// much while nothing happens, and answers a key 15 ms sooner.
const framesPerSecond = 30

// Program is a screen on a terminal.
type Program struct {
	*tea.Program
	model *Model
	link  *Link
}

// NewProgram puts the model on a terminal: keys come from in, frames go to out through a [Link]. The colour profile
// is the theme's. Further options are for tests.
func NewProgram(m *Model, in io.Reader, out io.Writer, options ...tea.ProgramOption) *Program {
	tty, _ := out.(*os.File)
	link := newLink(tty, out.Write, m.opt.Now)
	m.link = link
	options = append([]tea.ProgramOption{
		tea.WithInput(in), tea.WithOutput(link), tea.WithFPS(framesPerSecond), tea.WithoutSignalHandler(),
		tea.WithColorProfile(m.opt.Theme.Profile),
	}, options...)
	p := &Program{Program: tea.NewProgram(m, options...), model: m, link: link}
	link.ready = func() { go p.Send(drainedMsg{}) }
	link.paint = func() { go p.Send(paintedMsg{}) }
	link.ask(in != nil)
	return p
}

// Run shows the screen until a hand leaves it, ctx ends, the process is told to end (SIGTERM, SIGINT, SIGHUP) or the
// terminal is gone. The terminal is then as it was before. An end of ctx and a signal are no errors.
func (p *Program) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(hangup)
	go func() {
		select {
		case <-ctx.Done():
		case <-hangup:
		}
		p.Quit()
	}()
	_, err := p.Program.Run()
	_ = p.link.Close() // the terminal may be gone
	switch {
	case errors.Is(err, tea.ErrInterrupted):
		return nil
	case err != nil:
		return fmt.Errorf("screen: %w", err)
	}
	return nil
}

// drainedMsg says that the link takes frames again, or that the terminal is gone.
type drainedMsg struct{}

// paintedMsg says that the renderer has painted a frame.
type paintedMsg struct{}

// leftMsg ends the wait for the terminal's last answers.
type leftMsg struct{}

// answersWithin bounds that wait.
const answersWithin = 250 * time.Millisecond

// leave ends the program, once no answer of the terminal is on its way that would end up in the shell.
func (m *Model) leave() tea.Cmd {
	m.link.ask(false)
	m.leaving = true
	if m.link.quiet() {
		return tea.Quit
	}
	return tea.Tick(answersWithin, func(time.Time) tea.Msg { return leftMsg{} })
}

// acknowledged takes what the terminal says by itself.
func (m *Model) acknowledged(said string) tea.Cmd {
	if said != answer && said != answerDEC || m.link == nil {
		return nil
	}
	m.link.acknowledge()
	if m.leaving && m.link.quiet() {
		return tea.Quit
	}
	return nil
}
