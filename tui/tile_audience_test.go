package tui

import (
	"testing"

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
