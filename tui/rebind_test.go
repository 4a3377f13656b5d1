package tui_test

import (
	"strings"
	"testing"
	"time"
)

func TestReboundKeysWorkAndAreExplained(t *testing.T) {
	o, _, _ := live(t, t0.Add(10*time.Minute))
	o.Keys = map[string]string{"pause": "p"}
	term := start(t, o, 160, 60)
	term.see("LIVE", "p pause")
	term.press("p")
	term.see("PAUSED")
	term.press("?")
	text := term.see("WHAT A TILE SAYS", "pause, resume")
	for line := range strings.Lines(text) {
		if strings.Contains(line, "pause, resume") && !strings.Contains(line, "p  ") {
			t.Errorf("the help does not know the new key: %s", line)
		}
	}
}

func TestKeysThatClashAreSaidOnTheScreen(t *testing.T) {
	o, _, _ := live(t, t0.Add(10*time.Minute))
	o.Keys = map[string]string{"pause": "q"}
	term := start(t, o, 120, 40)
	term.see("LIVE", `"q" is both pause and leave`)
	term.press("space") // the default keys stay in force
	term.see("PAUSED")
}

func TestTimelineJumps(t *testing.T) {
	o, _ := replay(t, t0.Add(30*time.Minute))
	term := start(t, o, 120, 40)
	term.see("REPLAY", "20:15:00")
	term.press("T")
	term.see("changes and marks", "doors open")
	term.press("g", "enter") // the first entry
	term.see("T-00:20:00", "doors open")
	term.press("G", "enter")
	term.see("T+00:20:00")
	term.press("esc")
	term.gone("changes and marks")
}
