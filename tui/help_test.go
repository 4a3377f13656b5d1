package tui_test

import (
	"strings"
	"testing"
	"time"
)

// TestHelpCutsNothing reads the whole help at each size, page by page: every text of it is there to its end.
func TestHelpCutsNothing(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		o, _, _ := live(t, t0.Add(10*time.Minute))
		term := start(t, o, size[0], size[1])
		term.see("load balancer")
		term.press("?")
		read := term.see("TILES AND PAGES")
		for !strings.Contains(read, "settled sample") {
			before := term.text()
			term.press("pgdown")
			read += term.until("the help does not go on", func(text string) bool { return text != before })
		}
		if strings.Contains(read, "…") {
			t.Errorf("at %dx%d the help is cut:\n%s", size[0], size[1], read)
		}
		shown := strings.Join(strings.Fields(read), " ")
		for _, end := range []string{"tenths", "alone: all", "its time", "shown", "this sample may still be revised", "lag"} {
			if !strings.Contains(shown, end) {
				t.Errorf("at %dx%d the help lacks %q:\n%s", size[0], size[1], end, read)
			}
		}
	}
}
