package tui_test

import (
	"testing"
	"time"
)

func TestScrubByKeys(t *testing.T) {
	o, _ := replay(t, t0.Add(30*time.Minute))
	term := start(t, o, 120, 40)
	term.see("REPLAY", "20:15:00", "T+00:00:00")
	for _, step := range []struct{ key, want string }{
		{"right", "20:15:10"},
		{"right", "20:15:20"},
		{"left", "20:15:10"},
		{".", "20:16:00"},
		{",", "20:15:00"},
		{",", "20:14:00"},
		{"shift+right", "20:19:00"},
		{"shift+left", "20:14:00"},
		{"]", "T+00:00:00"},
		{"[", "T-00:20:00"},
		{"G", "T+00:30:00"},
		{"right", "T+00:30:00"}, // the end holds
		{"g", "T-00:40:00"},     // when the first numbers were seen
		{"left", "T-00:40:10"},
		{"shift+left", "T-00:44:00"},
		{"left", "T-00:44:00"}, // the start holds, too
	} {
		term.press(step.key)
		term.see(step.want)
	}
}

func TestScrubBackFromLiveAndReturn(t *testing.T) {
	o, _, _ := live(t, t0.Add(10*time.Minute))
	term := start(t, o, 120, 40)
	term.see("LIVE", "20:25:00")
	term.press("left")
	term.see("PAUSED", "20:24:50")
	term.press("right")
	term.see("LIVE", "20:25:00")
	term.press("shift+left")
	term.see("PAUSED", "20:20:00")
	term.press("L")
	term.see("LIVE", "20:25:00")
}

func TestTruthChangesBetweenAsSeenAndAsSettled(t *testing.T) {
	o, _ := replay(t, t0.Add(30*time.Minute))
	term := start(t, o, 200, 60)
	term.see("REPLAY", "20:15:00")
	term.press("2")
	// The period before 20:15 was half filled when it was first seen: 533 of 1,000 requests.
	term.see("alb_requests", "533")
	term.press("x")
	term.see("AS SETTLED", "as settled", "1,000")
	term.press("x")
	term.see("as seen: only", "533")
}

func TestDigitsAreTenthsOnTheTimeline(t *testing.T) {
	o, _ := replay(t, t0.Add(30*time.Minute))
	term := start(t, o, 120, 40)
	term.see("REPLAY", "20:15:00")
	term.press("T")
	term.see("timeline", "release 42 rolls out", "deploy", "CET")
	term.press("5") // of 44 minutes before T0 and 30 after it
	term.see("T-00:07:00")
	term.press("0")
	term.see("T-00:44:00", "to come: ad break")
	term.press("esc")
	term.gone("changes and marks")
}
