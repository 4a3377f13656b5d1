package tui_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/google/go-cmp/cmp"

	"warroom/sources"
	"warroom/sources/recording"
	"warroom/tui"
	"warroom/tui/theme"
)

// hand drives a model without a terminal: messages go in, commands are run to their end, frames come out.
type hand struct {
	t     testing.TB
	model *tui.Model
	raw   []string // what was written beside the screen
}

func newHand(t testing.TB, o tui.Options, w, h int) *hand {
	t.Helper()
	o.Theme = theme.New(true, colorprofile.TrueColor)
	x := &hand{t: t, model: tui.New(o)}
	x.send(tea.WindowSizeMsg{Width: w, Height: h})
	x.run(x.model.Init())
	return x
}

func (x *hand) send(msg tea.Msg) { _, cmd := x.model.Update(msg); x.run(cmd) }

// run runs a command and what follows from it, but for the clock's ticks: tests send them when they have moved time.
// In a synctest bubble waiting for a tick costs nothing.
func (x *hand) run(cmd tea.Cmd) {
	if cmd != nil {
		x.take(cmd())
	}
}

func (x *hand) take(msg tea.Msg) {
	switch msg := msg.(type) {
	case nil, tea.QuitMsg:
	case tea.RawMsg:
		x.raw = append(x.raw, fmt.Sprint(msg.Msg))
	case tea.BatchMsg:
		for _, cmd := range msg {
			x.run(cmd)
		}
	default:
		if !tui.IsTick(msg) {
			x.send(msg)
		}
	}
}

func (x *hand) press(keys ...tea.KeyPressMsg) {
	for _, k := range keys {
		x.send(k)
	}
}

func (x *hand) frame() string { return x.model.View().Content }

// body is the part of a frame that shows the tiles: without the lines that name the mode and the keys.
func body(frame string) string {
	lines := strings.Split(frame, "\n")
	return strings.Join(lines[2:24], "\n")
}

func rune1(r rune) tea.KeyPressMsg { return tea.KeyPressMsg{Code: r, Text: string(r)} }

func TestReplayShowsWhatLiveShowed(t *testing.T) {
	synctest.Test(t, replayShowsWhatLiveShowed)
}

func replayShowsWhatLiveShowed(t *testing.T) {
	end := t0.Add(12 * time.Minute)
	f, err := recording.Create(t.TempDir()+"/lottery.warroom", launchMeta())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	start := t0.Add(-3 * time.Minute)
	write(t, f, t0.Add(-40*time.Minute), start)
	clock := sources.NewManualClock(start)
	wall := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	now := func() time.Time { return wall }
	liveHand := newHand(t, tui.Options{Tape: f, Meta: launchMeta(), Clock: clock, Now: now}, 120, 40)

	showed := map[time.Time]string{}
	for at := start; at.Before(end); at = clock.Now() {
		showed[at] = body(liveHand.frame())
		clock.Advance(time.Minute)
		write(t, f, clock.Now(), clock.Now())
		liveHand.send(advanced)
	}
	for at, want := range showed {
		again := newHand(t, tui.Options{Tape: f, Meta: launchMeta(), Mode: tui.Replay, At: &at, Now: now}, 120, 40)
		if diff := cmp.Diff(want, body(again.frame())); diff != "" {
			t.Errorf("at %s the replay differs from what was seen live:\n%s", at, diff)
		}
	}
}

func TestTheSamePlayTwice(t *testing.T) {
	synctest.Test(t, theSamePlayTwice)
}

func theSamePlayTwice(t *testing.T) {
	o, _ := replay(t, t0.Add(30*time.Minute))
	first, second := play(t, o), play(t, o)
	if len(first) < 30 {
		t.Fatalf("only %d frames were played", len(first))
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
}

// play plays the recording at 60 times its speed to its end and returns the hashes of all frames.
func play(t *testing.T, o tui.Options) (hashes [][sha256.Size]byte) {
	t.Helper()
	wall := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	o.Now, o.Speed, o.At = func() time.Time { return wall }, 60, nil
	x := newHand(t, o, 120, 40)
	for range 80 {
		wall = wall.Add(time.Second)
		x.send(tui.Tick(x.model))
		hashes = append(hashes, sha256.Sum256([]byte(x.frame())))
	}
	if text := x.frame(); !strings.Contains(text, "T+00:30:00") {
		t.Errorf("the play did not stop at the end:\n%s", text)
	}
	return hashes
}

func TestPlayStopsAtTheEndAndStartsAgain(t *testing.T) {
	o, _ := replay(t, t0.Add(30*time.Minute))
	at := t0.Add(29 * time.Minute)
	o.At, o.Speed = &at, 600
	term := start(t, o, 120, 40)
	term.see("REPLAY", "T+00:29:00", "Space play")
	term.press("space")
	term.see("T+00:30:00", "Space play")
	term.press("space")
	term.see("T-00:", "Space pause")
	term.press("space", ">", "<", "<")
	term.see("120 times as fast")
}

func TestReplayOfAJumpOutsideOfMemory(t *testing.T) {
	f := record(t, t0.Add(8*time.Hour))
	at := t0.Add(7 * time.Hour)
	o := tui.Options{Tape: f, Meta: launchMeta(), Mode: tui.Replay, At: &at, Path: f.Path()}
	term := start(t, o, 120, 40)
	term.see("T+07:00:00")
	term.press("J", "T+5m", "enter")
	// What was known at T+5m: the rise, which by T+7h is long over.
	term.see("T+00:05:00", "deploy", "own 1")
	term.press("G")
	term.see("T+08:00:00")
}

func TestRecordingThatCannotBeReadHeals(t *testing.T) {
	o, f := replay(t, t0.Add(30*time.Minute))
	tape := &failingTape{Tape: f}
	o.Tape = tape
	term := start(t, o, 120, 40)
	term.see("read the recording", "input/output error")
	tape.healed.Store(true)
	term.see("REPLAY", "20:15:00")
}
