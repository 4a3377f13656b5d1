package alerts

import (
	"context"
	"fmt"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/query"
)

// BenchmarkJudge is a tick of the judge over a thousand rules on five hundred series, one of whose minutes has just come.
func BenchmarkJudge(b *testing.B) {
	const resources = 50
	names := []string{
		"alb_requests", "alb_elb_5xx", "alb_target_5xx", "alb_elb_4xx", "alb_rejected_connections", "alb_target_connection_errors",
		"alb_healthy_hosts", "alb_unhealthy_hosts", "alb_active_connections", "alb_target_4xx",
	}
	text := "groups:\n  - name: many\n    rules:\n"
	for i := range 1000 {
		name := names[i%len(names)]
		text += fmt.Sprintf("      - {alert: A%d, expr: 'sum_over_time((%s > bool %d)[3m:1m]) >= 2 and %s > %d', labels: {severity: warn}}\n", i, name, 1000+i, name, 1000+i)
	}
	rules, err := Read("many.yaml", []byte(text))
	if err != nil {
		b.Fatal(err)
	}
	judge, err := NewJudge(rules, nil)
	if err != nil {
		b.Fatal(err)
	}
	window, deriver := sources.NewWindow(Lookback), query.NewDeriver()
	at := time.Date(2026, 3, 1, 19, 0, 0, 0, time.UTC)
	minute := func() {
		var batch sources.Batch
		for r := range resources {
			for _, name := range names {
				batch.Samples = append(batch.Samples, sources.Sample{
					Series: sources.Series{Metric: name, Resource: fmt.Sprintf("r%d", r)}, At: at, Seen: at.Add(time.Minute), Value: float64(r),
				})
			}
		}
		window.Apply(batch)
		at = at.Add(time.Minute)
	}
	for range 180 {
		minute()
	}
	b.ResetTimer()
	for b.Loop() {
		minute()
		if _, err := judge.Judge(context.Background(), deriver.View(window, sources.Cursor{At: at})); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBacktest is a day of some sixty series at a minute each, judged by the rules of the house.
func BenchmarkBacktest(b *testing.B) {
	rules, err := House()
	if err != nil {
		b.Fatal(err)
	}
	launch := siteLaunch()
	batch := newSite(1, 500).batch(24 * 60)
	for b.Loop() {
		judge, err := NewJudge(rules, launch)
		if err != nil {
			b.Fatal(err)
		}
		own := sources.Batch{Samples: append([]sources.Sample(nil), batch.Samples...)}
		if err := Backtest(context.Background(), judge, own, func(Transition) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(batch.Samples)), "samples/op")
}
