package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"warroom/sources"
	"warroom/tui/theme"
)

// Mode, truth, T± and the wall clock with its zone stand on a screen of any size, whatever else has to go.
func TestModeTruthAndClockStayAtAnySize(t *testing.T) {
	for _, size := range [][2]int{{30, 6}, {40, 8}, {60, 15}, {80, 24}, {120, 40}} {
		for _, mode := range []Mode{Live, Rehearsal, Replay} {
			st := newStage(t).calm()
			s := st.scene(size[0], size[1])
			s.View = st.window.View(sources.Cursor{At: st.now, Truth: sources.AsSettled})
			s.Mode, s.Standing, s.News = mode, true, 12
			frame := NewPainter().Grid(s)
			bar, _, _ := strings.Cut(frame, "\n")
			for _, want := range []string{"PROD", "❚❚", "SETTLED", "T+00:12:40"} {
				if !strings.Contains(bar, want) {
					t.Errorf("%v, mode %v: line 1 lacks %q: %q", size, mode, want, bar)
				}
			}
			if !strings.Contains(frame, "20:27:40 CET") {
				t.Errorf("%v, mode %v: no wall clock:\n%s", size, mode, frame)
			}
		}
	}
}

// On the smallest screen a line still has a state, a number and an age.
func TestALineHasItsNumberAtAnySize(t *testing.T) {
	frame := NewPainter().Grid(newStage(t).calm().scene(30, 6))
	for _, want := range []string{"✔ ok", " 996 ", "2m40s"} {
		if !strings.Contains(frame, want) {
			t.Errorf("nothing says %q:\n%s", want, frame)
		}
	}
}

// Credentials that have expired are one cause with one remedy.
func TestExpiredCredentialsNameTheRemedy(t *testing.T) {
	st := newStage(t).calm()
	st.fact(sources.Ref{Service: sources.RoomService, Name: "aws"}, "profile", "web-oncall")
	for _, source := range []string{"cloudwatch", "asg", "aurora"} {
		st.level("source_up", source, flat(0))
		st.window.Apply(sources.Batch{Facts: []sources.Fact{sources.SourceFact(source, sources.Trouble{Kind: sources.Expired, Text: source}, st.now)}})
		st.change(12, sources.ChangeSource, sources.SourceRef, source, sources.RoomService, source+" fails: expired: "+source)
	}
	st.now = st.now.Add(20 * time.Minute)
	frame := NewPainter().Grid(st.scene(120, 40))
	for _, want := range []string{"credentials expired: aws sso login --profile web-oncall", "6 tiles blind", "3 sources"} {
		if !strings.Contains(frame, want) {
			t.Errorf("nothing says %q:\n%s", want, frame)
		}
	}
	if n := strings.Count(frame, "fails: expired"); n != 1 {
		t.Errorf("%d lines of news repeat one cause:\n%s", n, frame)
	}
}

// TestFullBudgetIsSeen: a budget in which there is no room left is warned of, also where the line is short.
func TestFullBudgetIsSeen(t *testing.T) {
	for value, warned := range map[float64]bool{0.62: false, 0.994: false, 1: true, 1.7: true} {
		st := newStage(t).calm()
		st.level("room_api_budget_ratio", "aws", flat(value))
		s := st.scene(80, 24)
		all := s.api()
		if len(all) != 1 {
			t.Fatalf("at %v: %v", value, all)
		}
		if got := all[0].style == theme.Fg(theme.Warn); got != warned {
			t.Errorf("at %v warned: %v", value, got)
		}
		if frame := ansi.Strip(NewPainter().Grid(s)); warned && !strings.Contains(frame, "% of budget") {
			t.Errorf("at %v the frame does not say it", value)
		}
	}
}

// However narrow the screen is, what pages is counted; and tiles that have no line are counted with the worst of them.
func TestWhatPagesIsAlwaysCounted(t *testing.T) {
	for _, size := range [][2]int{{30, 8}, {40, 8}, {60, 8}} {
		st := newStage(t).trouble()
		p := NewPainter()
		s := st.scene(size[0], size[1])
		frame := p.Grid(s)
		if !strings.Contains(frame, "page") || !strings.Contains(strings.Split(frame, "\n")[1], " ✖") {
			t.Errorf("%v: line 2 does not count what pages:\n%s", size, frame)
		}
		if !strings.Contains(frame, "+") || !strings.Contains(frame, " more") {
			t.Errorf("%v: nothing says that there is more:\n%s", size, frame)
		}
	}
}
