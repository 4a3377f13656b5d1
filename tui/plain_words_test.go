package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"warroom/sources"
)

// What to press is on the screen whatever its size: a story has two lines where there is room, and otherwise keeps its end.
func TestAStoryKeepsWhatToPress(t *testing.T) {
	for _, size := range sizes[:3] {
		s := newStage(t).calm().scene(size.w, size.h)
		s.Mode = Rehearsal
		s.Story = "What you see is two minutes old: requests fail there, while by now the new instances answer. Space stands still."
		if frame := NewPainter().Grid(s); !strings.Contains(frame, "What you see") || !strings.Contains(frame, "stands still.") {
			t.Errorf("%v: the story is cut:\n%s", size, frame)
		}
	}
	s := newStage(t).calm().scene(80, 10)
	s.Story = "A long sentence that explains at length what is going on in the launch that you see. Press q to leave."
	if frame := NewPainter().Grid(s); !strings.Contains(frame, "Press q to leave.") {
		t.Errorf("nothing says what to press:\n%s", frame)
	}
}

// A name is cut before the word for how it stands.
func TestNewsKeepTheWord(t *testing.T) {
	st := newStage(t)
	st.meta.Resources = []sources.Resource{watched("alb", "the-front-door-of-the-whole-shop")}
	st.calmResource("alb", "the-front-door-of-the-whole-shop")
	st.derived("alb_error_ratio", "the-front-door-of-the-whole-shop", flat(0.03))
	for _, size := range sizes {
		frame := NewPainter().Grid(st.scene(size.w, size.h))
		if !strings.Contains(frame, "… page  ") && !strings.Contains(frame, "-of-the-whole-shop page  ") {
			t.Errorf("%v: the news has no word:\n%s", size, frame)
		}
	}
}

// An endpoint that is not there is one cause, said once and without a word twice.
func TestADeadEndpointIsOneCause(t *testing.T) {
	st := newStage(t)
	for i, source := range []string{"alb", "asg", "cloudwatch"} {
		trouble := sources.Trouble{Kind: sources.Failed, Text: fmt.Sprintf("Call %d: no connection to 127.0.0.1:9 (refused); check the endpoint", i)}
		st.level("source_up", source, flat(0))
		st.window.Apply(sources.Batch{Facts: []sources.Fact{sources.SourceFact(source, trouble, st.now.Add(-time.Minute))}})
		st.change(12, sources.ChangeSource, sources.SourceRef, source, sources.RoomService, source+" fails: "+trouble.String())
	}
	frame := NewPainter().Grid(st.scene(140, 40))
	for _, want := range []string{"3 sources fail: no connection to 127.0.0.1:9 !", "6 tiles blind", "3 sources ", "fails: Call"} {
		if !strings.Contains(frame, want) {
			t.Errorf("nothing says %q:\n%s", want, frame)
		}
	}
	if strings.Contains(frame, "failed: ") {
		t.Errorf("that it failed is said twice:\n%s", frame)
	}
}

// A name in the list is not cut beside free room.
func TestNamesOfTheListUseTheRoom(t *testing.T) {
	st := newStage(t)
	st.meta.Resources = []sources.Resource{watched("alb", "the-front-door-of-the-whole-shop")}
	st.calmResource("alb", "the-front-door-of-the-whole-shop")
	if frame := NewPainter().Grid(st.scene(120, 20)); !strings.Contains(frame, "load balancer the-front-door-of-the-whole-shop 0.") {
		t.Errorf("the name is cut:\n%s", frame)
	}
}

// A dashed line says what it is the limit of, and what is beyond it: where rules are judged no tile pages.
func TestALimitSaysOfWhat(t *testing.T) {
	for judged, want := range map[bool]string{true: "warns above 1 % 5xx", false: "pages above 1 % 5xx"} {
		st := newStage(t)
		st.meta.Resources = []sources.Resource{watched("alb", "x")}
		st.calmResource("alb", "x")
		s := st.scene(120, 40)
		s.Judged = judged
		if frame := NewPainter().Grid(s); !strings.Contains(frame, want+" ╌") {
			t.Errorf("judged %v: nothing says %q:\n%s", judged, want, frame)
		}
	}
}

// A tile that knows nothing has no limit either: nothing would say what the line is worth.
func TestABlindTileHasNoLimit(t *testing.T) {
	st := newStage(t)
	st.meta.Resources = []sources.Resource{watched("alb", "x")}
	if frame := NewPainter().Grid(st.scene(120, 40)); strings.Contains(frame, "╌") {
		t.Errorf("a dashed line that nobody understands:\n%s", frame)
	}
}

// Before the recording begins the strip is blank.
func TestTheStripBeginsWithTheRecording(t *testing.T) {
	s := newStage(t).calm().scene(120, 40)
	s.Begin = s.Now.Add(-10 * time.Minute)
	for line := range strings.Lines(NewPainter().Grid(s)) {
		if strings.HasSuffix(strings.TrimSpace(line), " now") && strings.Count(line, "─") > 60 {
			t.Errorf("time that was not recorded is on the strip: %s", line)
		}
	}
}

// At 120 columns a pause says that live goes on.
func TestAPauseSaysThatLiveGoesOn(t *testing.T) {
	s := newStage(t).calm().scene(120, 40)
	s.Standing, s.News = true, 2
	if frame := NewPainter().Grid(s); !strings.Contains(frame, "live goes on, 2 new changes") {
		t.Errorf("the band does not say it:\n%s", frame)
	}
}
