package tui_test

import (
	"strings"
	"testing"
	"time"

	"warroom/sources"
	"warroom/tui"
)

// An active filter is said at any size, with what it leaves.
func TestAFilterIsSaid(t *testing.T) {
	for _, size := range [][2]int{{40, 10}, {60, 15}, {80, 24}, {120, 40}} {
		o, _, _ := live(t, t0.Add(10*time.Minute))
		term := start(t, o, size[0], size[1])
		term.see("LIVE")
		term.press("/", "alb", "enter")
		term.see("alb: 1 of 2")
		term.press("esc")
		term.gone("1 of 2")
		term.stop()
	}
}

// Numbers and names mean the tiles of the whole grid, whatever the filter shows.
func TestNumbersAndNamesHoldUnderAFilter(t *testing.T) {
	o, _, _ := live(t, t0.Add(10*time.Minute))
	term := start(t, o, 120, 40)
	term.see("LIVE")
	term.press("/", "alb", "enter")
	term.see("filter alb: 1 of 2")
	term.press("1")
	term.see("1 cdn site", "E1ABC")
	term.press("esc", ":", "goto cloudfront", "enter")
	term.see("1 cdn site", "E1ABC")
	term.press("esc", ":", "goto 2", "enter")
	term.see("2 load balancer prod", "SERIES")
}

func TestAWordForTwoCommandsNamesBoth(t *testing.T) {
	o, _, _ := live(t, t0.Add(10*time.Minute))
	term := start(t, o, 120, 40)
	term.see("LIVE")
	term.press(":", "t", "enter")
	term.see(`"t" is theme or timeline`)
}

// An answer is about where the cursor was: the next step takes it away.
func TestAnAnswerGoesWithItsMoment(t *testing.T) {
	o, _ := replay(t, t0.Add(30*time.Minute))
	term := start(t, o, 120, 40)
	term.see("REPLAY", "20:15:00")
	term.press("x")
	term.see("as settled: every value")
	term.press("left")
	term.see("20:14:50")
	term.gone("as settled: every value")
}

// A config that is broken takes neither the counts nor the room for them, and is named by its file.
func TestANoticeLeavesTheCounts(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		o, f, clock := live(t, t0.Add(10*time.Minute))
		o.Tape = &tapeWith{Tape: f, extra: sources.Batch{Facts: []sources.Fact{
			sources.SeriesFact(albErrors, sources.Trouble{Kind: sources.Forbidden, Text: "no"}, clock.Now()),
		}}}
		term := start(t, o, size[0], size[1])
		term.see("LIVE", "1 blind !")
		term.program.Send(tui.NoticeMsg{Text: "config broken, the old one holds: /home/oncall/launches/lottery/warroom.yaml:12: no service \"albb\"", Bad: true})
		line := strings.Split(term.see("✖ config broken"), "\n")[1]
		if !strings.Contains(line, "1 blind !") || strings.Contains(line, "/home") {
			t.Errorf("line 2 is %q", line)
		}
		if size[0] >= 120 && !strings.Contains(line, "warroom.yaml:12") {
			t.Errorf("line 2 does not name the file: %q", line)
		}
		term.stop()
	}
}
