package tui_test

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"warroom/tui"
)

func TestLeaveWhileTheRecordingHangs(t *testing.T) {
	for _, key := range []string{"q", "ctrl+c"} {
		t.Run(key, func(t *testing.T) {
			o, f, _ := live(t, t0.Add(10*time.Minute))
			tape := hanging(f)
			defer tape.end()
			o.Tape = tape
			term := start(t, o, 120, 40)
			term.see("LIVE")
			term.program.Send(advanced)
			term.press("+", "a note that hangs", "enter")
			term.see("recording the note")
			<-tape.entered // both the reading and the note
			<-tape.entered
			term.press("space")
			term.see("PAUSED") // keys are answered meanwhile
			term.press(key)
			if err := term.left(time.Second); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTerminalIsRestored(t *testing.T) {
	boom := errors.New("boom")
	for _, test := range []struct {
		name string
		end  func(*terminal)
	}{
		{"q", func(term *terminal) { term.press("q") }},
		{"hangup", func(*terminal) { syscall.Kill(os.Getpid(), syscall.SIGHUP) }},
		{"told to end", func(*terminal) { syscall.Kill(os.Getpid(), syscall.SIGTERM) }},
		{"interrupted", func(*terminal) { syscall.Kill(os.Getpid(), syscall.SIGINT) }},
		{"told to end while leaving", func(term *terminal) {
			term.press("q")
			syscall.Kill(os.Getpid(), syscall.SIGTERM)
		}},
		{"panic", func(term *terminal) { term.program.Send(panicMsg{boom}) }},
		{"quit from outside", func(term *terminal) { term.program.Quit() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			o, _, _ := live(t, t0.Add(10*time.Minute))
			term := start(t, o, 80, 24)
			term.see("LIVE")
			if !term.screen.IsAltScreen() {
				t.Fatal("the screen is not its own")
			}
			test.end(term)
			err := term.left(2 * time.Second)
			if (err != nil) != (test.name == "panic") {
				t.Errorf("left with %v", err)
			}
			if term.screen.IsAltScreen() {
				t.Error("the screen was not given back")
			}
		})
	}
}

// panicMsg makes the program panic: its filter looks at every message.
type panicMsg struct{ err error }

func TestContextEndsTheScreen(t *testing.T) {
	o, _, _ := live(t, t0.Add(10*time.Minute))
	ctx, cancel := context.WithCancel(context.Background())
	term := newTerminal(t, 80, 24)
	term.run(ctx, tui.New(themed(o)))
	term.see("LIVE")
	cancel()
	if err := term.left(time.Second); err != nil {
		t.Error(err)
	}
}

func panicking(_ tea.Model, msg tea.Msg) tea.Msg {
	if p, ok := msg.(panicMsg); ok {
		panic(p.err)
	}
	return msg
}

func TestResizeStorm(t *testing.T) {
	o, _ := replay(t, t0.Add(30*time.Minute))
	term := start(t, o, 200, 60)
	term.see("REPLAY", "20:15:00")
	sizes := [][2]int{{80, 24}, {120, 40}, {200, 60}, {100, 30}, {40, 12}, {20, 5}, {1, 1}, {300, 80}}
	for i := range 40 {
		s := sizes[i%len(sizes)]
		term.resize(s[0], s[1])
	}
	term.resize(120, 40)
	term.see("REPLAY", "1 cdn site", "2 load balancer prod", "20:15:00")
	term.resize(60, 16)
	if text := term.see("REPLAY", "site", "prod"); text == "" {
		t.Error("nothing below 80x24")
	}
	term.resize(200, 60)
	term.see("REPLAY", "1 cdn site", "╭─ 2 load balancer prod")
}

func TestRepaintWritesEverything(t *testing.T) {
	o, _ := replay(t, t0.Add(30*time.Minute))
	term := start(t, o, 120, 40)
	term.see("REPLAY", "20:15:00")
	term.screen.Write([]byte("\x1b[2J\x1b[5;5Hwall: system going down"))
	term.see("going down")
	term.press("ctrl+l")
	term.gone("going down")
	term.see("1 cdn site", "20:15:00")
}
