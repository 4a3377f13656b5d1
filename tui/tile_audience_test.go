package tui

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"warroom/sources"
)

// An audience's tile shows what the config counts, and nothing that it does not.
func TestAudienceTileShowsWhatIsCounted(t *testing.T) {
	book, err := newTileBook("")
	if err != nil {
		t.Fatal(err)
	}
	people := sources.Ref{Service: "audience", Name: "people"}
	whole := book.find(people)
	counting := func(as ...string) []sources.Resource {
		var out []sources.Resource
		for _, a := range as {
			out = append(out, sources.Resource{Ref: people, Attrs: map[string]string{"as": a}})
		}
		return out
	}
	if diff := cmp.Diff(whole, whole.counted(counting("registrations", "visitors", "attempts", "successes"), people)); diff != "" {
		t.Errorf("everything is counted, but the tile changed:\n%s", diff)
	}
	visitors := whole.counted(counting("visitors"), people)
	if visitors.Headline.Value != "audience_visitors" || visitors.Chart.Value != "audience_visitors" || len(visitors.Watch) != 0 {
		t.Errorf("visitors only: %+v", visitors)
	}
	for _, v := range visitors.values() {
		if v != "" && v != "audience_visitors" {
			t.Errorf("visitors only, but the tile names %s", v)
		}
	}
	if got := whole.counted(nil, people); got != whole {
		t.Error("without any word of what is counted the tile must stay as it is")
	}
}

// Before anything was heard since T0 there is no total.
func TestNoTotalOfNothing(t *testing.T) {
	s := newStage(t)
	s.meta.Resources = []sources.Resource{watched("audience", "x")}
	s.series("audience_registrations", "x", func(m float64) float64 {
		if m >= 0 {
			return math.NaN()
		}
		return 40
	})
	s.now = t0.Add(time.Minute)
	if frame := NewPainter().Grid(s.scene(120, 40)); !strings.Contains(frame, "– since T0") {
		t.Errorf("a total of nothing:\n%s", frame)
	}
}
