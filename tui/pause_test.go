package tui_test

import (
	"context"
	"testing"
	"time"

	"warroom/sources"
	"warroom/tui"
)

func TestPauseStandsWhileLiveGoesOn(t *testing.T) {
	o, f, clock := live(t, t0.Add(10*time.Minute))
	term := start(t, o, 160, 45)
	term.see("LIVE", "T+00:10:00", "Lottery")
	term.press("space")
	term.see("PAUSED at 20:25:00 (live goes on)")
	clock.Advance(2 * time.Minute)
	write(t, f, t0.Add(11*time.Minute), t0.Add(12*time.Minute))
	for _, c := range []sources.Change{{Kind: sources.ChangeScaling, Text: "12 to 18"}, {Kind: sources.ChangeModel, Text: "nobody is shown it"}} {
		c.At, c.Seen = clock.Now(), clock.Now()
		if _, err := f.AppendChange(context.Background(), c); err != nil {
			t.Fatal(err)
		}
	}
	term.program.Send(tui.AdvancedMsg{})
	term.see("PAUSED at 20:25:00 (live goes on, 1 new change)")
	term.press("space")
	term.see("LIVE", "T+00:12:00", "12 to 18")
	term.press("q")
	if err := term.left(time.Second); err != nil {
		t.Error(err)
	}
}
