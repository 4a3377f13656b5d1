package tui_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/vt"

	"warroom/tui"
	"warroom/tui/theme"
)

// TestMain starts the runtime's watch over signals outside of any synctest bubble, where it would not survive.
func TestMain(m *testing.M) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	signal.Stop(c)
	os.Exit(m.Run())
}

// terminal is the real program on an emulated terminal: keys are typed into it and the screen is read back.
type terminal struct {
	t       testing.TB
	program *tui.Program
	screen  *vt.SafeEmulator
	keys    *io.PipeWriter
	wire    io.Writer // where the program writes: the terminal itself, or something on the way to it
	done    chan error

	glass  sync.Mutex // over what is on the screen
	mu     sync.Mutex
	drew   chan struct{} // closed and replaced whenever something was written
	bytes  int
	closed bool
}

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// start runs the screen in a terminal of a size.
func start(t testing.TB, o tui.Options, w, h int) *terminal {
	t.Helper()
	term := newTerminal(t, w, h)
	term.run(context.Background(), tui.New(themed(o)))
	return term
}

func themed(o tui.Options) tui.Options {
	o.Theme = theme.New(true, colorprofile.TrueColor)
	return o
}

func newTerminal(t testing.TB, w, h int) *terminal {
	term := &terminal{t: t, screen: vt.NewSafeEmulator(w, h), done: make(chan error, 1), drew: make(chan struct{})}
	term.wire = term
	return term
}

func (term *terminal) run(ctx context.Context, m *tui.Model) {
	in, keys := io.Pipe()
	term.keys = keys
	go io.Copy(keys, term.screen) // what the terminal answers comes in like keys
	term.program = tui.NewProgram(m, in, term.wire, tea.WithWindowSize(term.screen.Width(), term.screen.Height()), tea.WithFilter(panicking))
	go func() { term.done <- term.program.Run(ctx) }()
	term.t.Cleanup(term.stop)
}

// resize is somebody pulling at the window.
func (term *terminal) resize(w, h int) {
	term.screen.Resize(w, h)
	term.program.Send(tea.WindowSizeMsg{Width: w, Height: h})
}

// Write is the terminal's end of the line.
func (term *terminal) Write(p []byte) (int, error) {
	// As a tty does; the renderer counts on it where the input is none.
	term.glass.Lock()
	_, err := term.screen.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n")))
	term.glass.Unlock()
	term.mu.Lock()
	defer term.mu.Unlock()
	term.bytes += len(p)
	close(term.drew)
	term.drew = make(chan struct{})
	return len(p), err
}

// stop ends the program if a test has not.
func (term *terminal) stop() {
	term.mu.Lock()
	closed := term.closed
	term.closed = true
	term.mu.Unlock()
	if !closed {
		term.program.Quit()
		<-term.done
	}
	term.keys.Close()
	if answers, ok := term.screen.InputPipe().(io.Closer); ok {
		answers.Close() // the emulator's own Close races with whoever reads its answers
	}
}

// press types keys as a terminal sends them.
func (term *terminal) press(keys ...string) {
	term.t.Helper()
	for _, k := range keys {
		if s, ok := sequences[k]; ok {
			k = s
		}
		if _, err := io.WriteString(term.keys, k); err != nil {
			term.t.Fatal(err)
		}
	}
}

var sequences = map[string]string{
	"enter": "\r", "esc": "\x1b", "tab": "\t", "space": " ", "left": "\x1b[D", "right": "\x1b[C", "up": "\x1b[A", "down": "\x1b[B",
	"shift+left": "\x1b[1;2D", "shift+right": "\x1b[1;2C", "shift+tab": "\x1b[Z", "ctrl+c": "\x03", "ctrl+l": "\x0c", "backspace": "\x7f",
	"pgdown": "\x1b[6~",
}

// text is the screen as lines.
func (term *terminal) text() string {
	term.glass.Lock() // the emulator's own lock does not cover the cells that it hands out
	defer term.glass.Unlock()
	var b strings.Builder
	for y := range term.screen.Height() {
		for x := range term.screen.Width() {
			cell := term.screen.CellAt(x, y)
			if cell == nil {
				b.WriteByte(' ')
				continue
			}
			b.WriteString(cell.Content)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// see waits until all the words are on the screen.
func (term *terminal) see(words ...string) string {
	term.t.Helper()
	return term.until("the screen never showed "+strings.Join(words, " and "), func(text string) bool {
		for _, w := range words {
			if !strings.Contains(text, w) {
				return false
			}
		}
		return true
	})
}

// gone waits until none of the words is on the screen.
func (term *terminal) gone(words ...string) string {
	term.t.Helper()
	return term.until("the screen kept "+strings.Join(words, " or "), func(text string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return false
			}
		}
		return true
	})
}

func (term *terminal) until(or string, ok func(string) bool) string {
	term.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		term.mu.Lock()
		drew := term.drew
		term.mu.Unlock()
		text := term.text()
		if ok(text) {
			return text
		}
		select {
		case <-drew:
		case <-timeout.C:
			term.t.Fatalf("%s:\n%s", or, text)
		}
	}
}

// left waits until the program has ended and returns its error.
func (term *terminal) left(within time.Duration) error {
	term.t.Helper()
	timeout := time.NewTimer(within)
	defer timeout.Stop()
	select {
	case err := <-term.done:
		term.mu.Lock()
		term.closed = true
		term.mu.Unlock()
		return err
	case <-timeout.C:
		term.t.Fatalf("the program did not leave within %s", within)
		return nil
	}
}
