package query

import (
	"context"
	"testing"
	"time"

	"warroom/sources"
)

// TestTreesAreUsedAgain: an expression comes to the same whether it has been evaluated before or not, in particular where
// the engine rebuilds it: subqueries and numbers.
func TestTreesAreUsedAgain(t *testing.T) {
	at := time.Date(2026, 3, 1, 19, 0, 0, 0, time.UTC)
	w := sources.NewWindow(3 * time.Hour)
	var b sources.Batch
	for i := range 60 {
		start := at.Add(time.Duration(i) * time.Minute)
		b.Samples = append(b.Samples, sources.Sample{
			Series: sources.Series{Metric: "alb_requests", Resource: "prod"}, At: start, Seen: start.Add(3 * time.Minute), Value: float64(i),
		})
	}
	w.Apply(b)
	v := w.View(sources.Cursor{At: at.Add(2 * time.Hour)})
	kept := NewEngine()
	for _, expr := range []string{
		"alb_requests + 1", "sum_over_time((alb_requests > bool 20)[5m:1m])", "alb_requests > 2 and sum_over_time(alb_requests[5m]) > 1 + 1",
		"max_over_time((alb_requests * on() group_left() vector(2))[5m:1m]) or vector(1)", "count(alb_requests) by (site)", "alb_requests offset 5m",
	} {
		for i := range 40 {
			when := at.Add(time.Duration(i+5) * time.Minute)
			want, err := NewEngine().Instant(context.Background(), v, expr, when, Options{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := kept.Instant(context.Background(), v, expr, when, Options{})
			if err != nil {
				t.Fatalf("%s, once more: %v", expr, err)
			}
			if len(got) != len(want) || len(got) > 0 && got[0].Value != want[0].Value {
				t.Fatalf("%s at %v comes to %v, once more to %v", expr, when, want, got)
			}
		}
	}
}
