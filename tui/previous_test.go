package tui_test

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"warroom/sources"
	"warroom/sources/query"
	"warroom/tui"
)

// A tile may read an earlier launch, and what surprises.
func TestTilesReadPrefixes(t *testing.T) {
	t.Parallel()
	const week = 7 * 24 * time.Hour
	then := sources.NewWindow(4 * time.Hour)
	for m := -30; m < 30; m++ {
		at := t0.Add(time.Duration(m)*time.Minute - week)
		then.Apply(sources.Batch{Samples: []sources.Sample{{Series: albRequests, At: at, Seen: at.Add(4 * time.Minute), Value: 4321}}})
	}
	show := func(o tui.Options, value string) string {
		o.Meta.Tiles = "- service: alb\n  headline: {value: '" + value + "', unit: by prefix}\n"
		return ansi.Strip(newHand(t, o, 120, 40).frame())
	}
	o, _, _ := live(t, t0.Add(10*time.Minute))
	for value, want := range map[string]string{"previous:alb_requests": "– by prefix", "max_over_time(surprise:alb_requests[30m]) > bool 1": "1 by prefix"} {
		if frame := show(o, value); !strings.Contains(frame, want) {
			t.Errorf("%s, without an earlier launch: no %q in\n%s", value, want, frame)
		}
	}
	o.Earlier = query.NewEarlier(then, t0.Add(-week))
	if frame := show(o, "previous:alb_requests"); !strings.Contains(frame, "4,321 by prefix") {
		t.Errorf("beside that of a week ago:\n%s", frame)
	}
}
