package tui_test

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestJumpPrompt(t *testing.T) {
	o, _ := replay(t, t0.Add(30*time.Minute))
	term := start(t, o, 120, 40)
	term.see("REPLAY", "20:15:00")
	term.press("J")
	term.see("jump to")
	term.press("T-5m", "enter")
	term.see("20:10:00", "T-00:05:00")
	term.press("J", "25:99", "enter")
	term.see("▸ 25:99", "is no time")
	term.press("backspace", "backspace", "backspace", "backspace", "backspace", "20:31:05", "enter")
	term.see("20:31:05", "T+00:16:05")
	term.press("J", "20:12")
	term.see("jump to", "▸ 20:12", "20:12:00 CET  T-00:03:00") // where it leads, before Enter
	term.press("esc")
	term.gone("▸ 20:12")
	term.see("20:31:05")
}

func TestFilterSurvivesARefresh(t *testing.T) {
	o, f, clock := live(t, t0.Add(10*time.Minute))
	term := start(t, o, 120, 40)
	term.see("1 cdn site", "2 load balancer prod")
	term.press("/", "balan")
	term.gone("1 cdn site")
	term.press("enter")
	term.see("2 load balancer prod")
	clock.Advance(time.Minute)
	write(t, f, t0.Add(11*time.Minute), t0.Add(11*time.Minute))
	term.program.Send(advanced)
	text := term.see("T+00:11:00", "2 load balancer prod")
	if strings.Contains(text, "1 cdn site") {
		t.Errorf("the filter was lost:\n%s", text)
	}
	term.press("/", "x")
	term.see("no tile matches")
	term.press("esc") // as it was before
	term.see("2 load balancer prod")
	term.press("esc")
	term.see("1 cdn site", "2 load balancer prod")
}

func TestNoteIsRecordedAndSeen(t *testing.T) {
	o, f, _ := live(t, t0.Add(10*time.Minute))
	term := start(t, o, 120, 40)
	term.see("LIVE")
	term.press("+")
	term.see("note")
	term.press("ad break moved to 20:34", "enter")
	term.see("noted at 20:25:00", "ad break moved to 20:34")
	changes, err := f.Changes(context.Background(), t0.Add(9*time.Minute), time.Time{}, time.Time{})
	if err != nil || len(changes) != 1 {
		t.Fatal(changes, err)
	}
	if c := changes[0]; c.Kind != "note" || c.Actor != "mia" || c.Text != "ad break moved to 20:34" || !c.At.Equal(t0.Add(10*time.Minute)) {
		t.Errorf("recorded %+v", c)
	}
}

func TestNoteThatCannotBeRecordedIsOfferedAgain(t *testing.T) {
	o, f, _ := live(t, t0.Add(10*time.Minute))
	tape := &brokenTape{Tape: f}
	o.Tape = tape
	term := start(t, o, 140, 40)
	term.see("LIVE")
	tape.broken.Store(true)
	term.press("+", "keep me", "enter")
	term.see("▸ keep me", "the note is not recorded: disk full")
	tape.broken.Store(false)
	term.press("enter")
	term.see("noted at 20:25:00")
}

func TestCommandLine(t *testing.T) {
	o, _ := replay(t, t0.Add(30*time.Minute))
	term := start(t, o, 140, 40)
	term.see("REPLAY", "20:15:00")
	term.press(":", "jmp T-5m", "enter")
	term.see(`no command "jmp"; did you mean "jump"?`)
	term.press("esc")
	term.gone("jmp")
	term.press(":", "ju", "tab", "T-5m", "enter")
	term.see("20:10:00")
	term.press(":", "speed 60", "enter", ":", "go", "tab", "al", "tab", "enter")
	term.see("app/prod/1234567890abcdef", "eu-central-1", "alb_requests")
	term.press(":", "theme blue", "enter")
	term.see(`no theme "blue"`)
	term.press("esc")
	term.gone("blue")
	term.press(":", "help", "enter")
	term.see("TILES AND PAGES", "open a tile: goto")
	term.press("pgdown")
	term.see("WHAT A TILE SAYS")
	term.press(":", "q", "enter")
	if err := term.left(time.Second); err != nil {
		t.Error(err)
	}
}

func TestPasteIsOneHarmlessLine(t *testing.T) {
	o, _, _ := live(t, t0.Add(10*time.Minute))
	term := start(t, o, 120, 40)
	term.see("LIVE")
	// Without a prompt a paste presses no key: neither q nor Space.
	term.press("\x1b[200~q \x1b[201~")
	term.press("+")
	term.see("note")
	term.press("\x1b[200~one\r\ntwo\x1b]0;owned\x07\u202e three\r\x1b[201~")
	text := term.see("▸ one two")
	if strings.Contains(text, "noted at") {
		t.Errorf("the newline in a paste recorded the note:\n%s", text)
	}
	term.press("\x1b[200~" + strings.Repeat("a", 1<<20) + "\x1b[201~")
	term.see("aaaa")
	term.press("esc")
	term.gone("aaaa")
	term.press("space")
	term.see("PAUSED")
}
