package tui_test

import (
	"strings"
	"testing"
	"time"

	"warroom/sources"
	"warroom/tui"
)

// leased is the word on who collects from a time on.
func leased(seen time.Time, holder string) sources.Reading {
	f := sources.Fact{Resource: sources.Ref{Service: sources.RoomService, Name: "lease"}, Name: "holder", Value: holder, Seen: seen}
	return sources.Reading{Source: sources.RoomService, At: seen, Batch: sources.Batch{Facts: []sources.Fact{f}}}
}

// Who collects is told as of now, whatever time is shown: a process that took over from one that was killed is
// no viewer where the dead one collected, neither within the window nor beyond it.
func TestWhoCollectsIsToldAsOfNow(t *testing.T) {
	end := t0.Add(5 * time.Hour)
	o, f, _ := live(t, end)
	o.Holder, o.Viewer = "leo@b, process 2", true
	if err := f.Append(t.Context(), leased(t0.Add(-40*time.Minute), "mia@a, process 1"), leased(end.Add(-time.Minute), o.Holder)); err != nil {
		t.Fatal(err)
	}
	term := start(t, o, 160, 45)
	term.see("LIVE", "leo@b, process 2 collects")
	for _, back := range []string{"-10m", "T0"} {
		term.press("J", back, "enter")
		text := term.see("PAUSED", "leo@b, process 2 collects")
		if back == "T0" {
			text = term.see("T+00:00:00", "leo@b, process 2 collects")
		}
		for _, wrong := range []string{"viewer", "mia@a"} {
			if strings.Contains(text, wrong) {
				t.Errorf("standing at %s it says %s:\n%s", back, wrong, text)
			}
		}
	}
	// The lease goes to another one while an early time is shown: it is told at once.
	if err := f.Append(t.Context(), leased(end, "ida@c, process 3")); err != nil {
		t.Fatal(err)
	}
	term.program.Send(tui.AdvancedMsg{})
	term.see("T+00:00:00", "viewer, ida@c, process 3 collects")
}
