package sources_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"warroom/sources"
)

// reader is a series as somebody holds it who reads again only what may have changed.
type reader struct {
	look   sources.Look
	points []sources.Point
}

// again reads what may have changed, and tells how much was kept.
func (r *reader) again(v *sources.View, s sources.Series) (kept int) {
	from, look := v.Since(s, r.look)
	for kept < len(r.points) && r.points[kept].At.Before(from) {
		kept++
	}
	r.look, r.points = look, v.Points(r.points[:kept], s, from, at(1e6))
	return kept
}

// TestSinceIsEnough applies batches of revisions, gaps and trouble, mostly in the order of time and sometimes not, moves the
// cursor, mostly on, and reads what may have changed: it is always what reading everything comes to.
func TestSinceIsEnough(t *testing.T) {
	all := []sources.Series{
		{Metric: "alb_requests", Resource: "shop"}, {Metric: "alb_elb_5xx", Resource: "shop"}, {Metric: "alb_target_5xx", Resource: "shop"},
		{Metric: "alb_latency_p95_seconds", Resource: "shop"}, {Metric: "aurora_acu", Resource: "main"},
	}
	kept := 0
	rapid.Check(t, func(t *rapid.T) {
		w, now := sources.NewWindow(time.Duration(rapid.IntRange(5, 40).Draw(t, "span"))*time.Minute), 0.0
		held := make([]reader, len(all))
		for range rapid.IntRange(1, 30).Draw(t, "turns") {
			now += rapid.Float64Range(0, 2).Draw(t, "passed")
			var b sources.Batch
			for range rapid.IntRange(0, 4).Draw(t, "samples") {
				s := sample(rapid.SampledFrom(all).Draw(t, "series"), int(now)-rapid.IntRange(0, 6).Draw(t, "age"), now, float64(rapid.IntRange(0, 3).Draw(t, "value")))
				s.None = rapid.IntRange(0, 4).Draw(t, "none") == 0
				switch rapid.IntRange(0, 15).Draw(t, "seen") {
				case 0:
					s.Seen = s.Seen.Add(time.Minute) // later than the cursor
				case 1:
					s.Seen = s.Seen.Add(-time.Minute)
				}
				b.Samples = append(b.Samples, s)
			}
			if rapid.IntRange(0, 12).Draw(t, "trouble") == 0 {
				trouble := sources.Trouble{Kind: rapid.SampledFrom([]sources.TroubleKind{"", "", sources.Failed, sources.Partial, sources.NotFound}).Draw(t, "kind")}
				of, since := rapid.SampledFrom(all).Draw(t, "of"), now-float64(rapid.IntRange(0, 9).Draw(t, "told late"))
				b.Facts = append(b.Facts, sources.SeriesFact(of, trouble, at(since)))
				if rapid.Bool().Draw(t, "over") {
					b.Facts = append(b.Facts, sources.SeriesFact(of, sources.Trouble{}, at(now)))
				}
				if rapid.IntRange(0, 3).Draw(t, "whole source") == 0 {
					b.Facts = append(b.Facts, sources.SourceFact("aws", trouble, at(now)))
				}
			}
			w.Apply(b)
			c := asSeen(now)
			switch rapid.IntRange(0, 20).Draw(t, "cursor") {
			case 0:
				c.Truth = sources.AsSettled
			case 1:
				c.At = c.At.Add(-3 * time.Minute)
			}
			for i, s := range all {
				if rapid.IntRange(0, 3).Draw(t, "passed over") == 0 {
					continue
				}
				v := w.View(c)
				kept += held[i].again(v, s)
				if diff := cmp.Diff(v.Points([]sources.Point{}, s, at(-1e6), at(1e6)), append([]sources.Point{}, held[i].points...)); diff != "" {
					t.Fatalf("%v at %v (-everything +what may have changed):\n%s", s, c, diff)
				}
			}
		}
	})
	if kept == 0 {
		t.Error("everything was read each time")
	}
}
