package tui_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/recording"
	"warroom/tui"
)

// countingTape counts how often a stretch of it is read, and hangs where that would have no end.
type countingTape struct {
	tui.Tape
	loads atomic.Int64
}

// endless is how many loads no test needs.
const endless = 20

func (c *countingTape) Load(ctx context.Context, from, to, seen time.Time) (sources.Batch, recording.Mark, error) {
	if c.loads.Add(1) > endless {
		<-ctx.Done()
	}
	return c.Tape.Load(ctx, from, to, seen)
}

// append writes one change.
func appendChange(t *testing.T, f *recording.File, c sources.Change) {
	t.Helper()
	if _, err := f.AppendChange(context.Background(), c); err != nil {
		t.Fatal(err)
	}
}

// A change hours after the cursor is no reason to read the same stretch again and again.
func TestAChangeHoursLaterLeavesTheStretchAlone(t *testing.T) {
	o, f := replay(t, t0.Add(30*time.Minute))
	later := t0.Add(3 * time.Hour)
	appendChange(t, f, sources.Change{At: later, Seen: later, Kind: sources.ChangeNote, Text: "all went well"})
	tape := &countingTape{Tape: f}
	o.Tape = tape
	term := start(t, o, 120, 40)
	term.see("REPLAY", "20:15:00", "own ")
	term.press("right")
	term.see("20:15:10")
	term.press("G")
	term.see("T+03:00:00")
	term.press("J", "T+5m", "enter")
	term.see("T+00:05:00", "own ")
	if n := tape.loads.Load(); n > 4 {
		t.Errorf("read %d times", n)
	}
}

// A pause that outlasts what is held goes on showing its moment, and what changes meanwhile is counted.
func TestALongPauseStands(t *testing.T) {
	o, f, clock := live(t, t0.Add(10*time.Minute))
	tape := &countingTape{Tape: f}
	o.Tape = tape
	term := start(t, o, 160, 45)
	term.see("LIVE")
	term.press("space")
	before := term.see("PAUSED at 20:25:00", "own ")
	for range 12 {
		clock.Advance(10 * time.Minute)
		write(t, f, clock.Now().Add(-9*time.Minute), clock.Now())
		term.program.Send(advanced)
	}
	appendChange(t, f, sources.Change{At: clock.Now(), Seen: clock.Now(), Kind: sources.ChangeScaling, Text: "12 to 18"})
	term.program.Send(advanced)
	after := term.see("PAUSED at 20:25:00 (live goes on, 1 new change)")
	if a, b := body(before), body(after); a != b {
		t.Errorf("the moment that is shown has changed from\n%s\nto\n%s", a, b)
	}
	term.press("left")
	term.see("20:24:50")
	if n := tape.loads.Load(); n > 6 {
		t.Errorf("read %d times", n)
	}
}

// A note from a machine whose clock goes ahead does not keep a live screen from what is recorded now.
func TestAFutureNoteLeavesLiveAlone(t *testing.T) {
	o, f, clock := live(t, t0.Add(10*time.Minute))
	ahead := clock.Now().Add(3 * time.Hour)
	appendChange(t, f, sources.Change{At: ahead, Seen: ahead, Kind: sources.ChangeNote, Text: "from tomorrow"})
	tape := &countingTape{Tape: f}
	o.Tape = tape
	term := start(t, o, 120, 40)
	term.see("LIVE", "T+00:10:00")
	clock.Advance(6 * time.Minute)
	write(t, f, t0.Add(11*time.Minute), clock.Now())
	term.program.Send(advanced)
	term.see("LIVE", "T+00:16:00", "2m / 3m") // the newest settled sample is as young as it can be
	if n := tape.loads.Load(); n > 4 {
		t.Errorf("read %d times", n)
	}
}
