package awsread

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"warroom/sources"
)

var registrations = sources.Series{Metric: "audience_registrations", Resource: "shop"}

// values are the samples of a series in a reading, by the time of day of their period; NaN-free, "none" as -1.
func values(r sources.Reading, s sources.Series) map[string]float64 {
	out := map[string]float64{}
	for _, x := range r.Samples {
		if x.Series != s {
			continue
		}
		v := x.Value
		if x.None {
			v = -1
		}
		out[x.At.Format("15:04")] = v
	}
	return out
}

// TestPassTellsOnlyNews: the first pass asks for 15 minutes, the next for the unsettled ones; a revision
// comes out, a value told before does not, and a settled period without a value is "none".
func TestPassTellsOnlyNews(t *testing.T) {
	f := newFakeAWS(t)
	f.listed = []listedMetric{metricAt("Shop", "Registrations", "Site", "shop")}
	minute := epoch.Truncate(time.Minute)
	f.data = func(q dataQuery, call int) []dataResult {
		if call == 1 {
			return []dataResult{points(q.Id, minute.Add(-3*time.Minute), 10, 20)}
		}
		return []dataResult{points(q.Id, minute.Add(-3*time.Minute), 10, 25, 30)}
	}
	s := source(t, openAt(t, f.URL, counter("shop", "Registrations")), "cloudwatch eu-central-1")

	first := values(poll(t, s, epoch), registrations)
	want := map[string]float64{"18:57": 10, "18:58": 20}
	for m := 15; m > 3; m-- {
		want[minute.Add(-time.Duration(m)*time.Minute).Format("15:04")] = -1
	}
	if d := cmp.Diff(want, first); d != "" {
		t.Errorf("first pass (-want +got):\n%s", d)
	}
	second := values(poll(t, s, epoch.Add(time.Minute)), registrations)
	if d := cmp.Diff(map[string]float64{"18:58": 25, "18:59": 30}, second); d != "" {
		t.Errorf("second pass (-want +got):\n%s", d)
	}
	third := values(poll(t, s, epoch.Add(3*time.Minute)), registrations)
	if d := cmp.Diff(map[string]float64{"19:00": -1}, third); d != "" {
		t.Errorf("third pass (-want +got):\n%s", d)
	}
}
