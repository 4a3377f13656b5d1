package query_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/query"
)

// launch is an hour of a site with so many resources of each service, all raw metrics of theirs, one
// sample a minute seen a minute later; about 60 series each.
func launch(resources, minutes int) *sources.Window {
	w := sources.NewWindow(4 * time.Hour)
	for minute := range minutes {
		w.Apply(sources.Batch{Samples: tick(resources, minute)})
	}
	return w
}

func tick(resources, minute int) []sources.Sample {
	var samples []sources.Sample
	for _, m := range sources.Metrics() {
		if m.Derived() || m.Label != "" || m.Service == "launch" || m.Service == "room" || m.Service == "source" {
			continue
		}
		for r := range resources {
			samples = append(samples, sample(m.Name, fmt.Sprintf("r%d", r), minute, float64(minute)+1.5, float64(100+minute+r)))
		}
	}
	return samples
}

// BenchmarkDeriverJump goes back and forth between two windows, as a screen that jumps does.
func BenchmarkDeriverJump(b *testing.B) {
	windows := [2]*sources.Window{launch(8, 60), launch(8, 60)}
	series := 0
	windows[0].View(sources.Cursor{At: at(64)}).Each(func(sources.Series) { series++ })
	d := query.NewDeriver()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		d.View(windows[i%2], sources.Cursor{At: at(64)})
		i++
	}
	b.ReportMetric(float64(series), "series")
}

func BenchmarkDeriverTick(b *testing.B) {
	w := launch(8, 60)
	d := query.NewDeriver()
	d.View(w, sources.Cursor{At: at(61.5)})
	b.ReportAllocs()
	minute := 60
	for b.Loop() {
		w.Apply(sources.Batch{Samples: tick(8, minute)})
		d.View(w, sources.Cursor{At: at(float64(minute) + 1.5)})
		minute++
	}
}

// BenchmarkDeriverSecond is a rehearsal's second: of four request paths one service after the other tells of the
// newest minute, with a revision of the one before.
func BenchmarkDeriverSecond(b *testing.B) {
	w := launch(4, 60)
	d := query.NewDeriver()
	d.View(w, sources.Cursor{At: at(61.5)})
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		second, minute := i%60, 60+i/60
		seen := float64(minute) + 1.5 + float64(second)/60
		var batch sources.Batch
		for n, s := range tick(4, minute-second%2) {
			if n%10 == second%10 {
				s.Seen, s.Value = at(seen), float64(second)
				batch.Samples = append(batch.Samples, s)
			}
		}
		w.Apply(batch)
		d.View(w, sources.Cursor{At: at(seen)})
		i++
	}
}

func BenchmarkDeriverFrame(b *testing.B) {
	w := launch(8, 60)
	d := query.NewDeriver()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		d.View(w, sources.Cursor{At: at(61.6).Add(time.Duration(i%20000) * time.Millisecond)})
		i++
	}
}

func BenchmarkInstantBareName(b *testing.B) {
	v := launch(8, 60).View(sources.Cursor{At: at(64)})
	e := query.NewEngine()
	b.ReportAllocs()
	for b.Loop() {
		r, err := e.Instant(context.Background(), v, "alb_requests", at(60), query.Options{Resource: "r3"})
		if err != nil || len(r) != 1 {
			b.Fatal(r, err)
		}
	}
}

func BenchmarkInstantExpression(b *testing.B) {
	v := query.NewDeriver().View(launch(8, 60), sources.Cursor{At: at(64)})
	e := query.NewEngine()
	b.ReportAllocs()
	for b.Loop() {
		r, err := e.Instant(context.Background(), v, "avg_over_time(alb_error_ratio[5m]) > 0.05 and alb_requests > 100", at(60), query.Options{})
		if err != nil || len(r) != 8 {
			b.Fatal(r, err)
		}
	}
}

func BenchmarkWatermark(b *testing.B) {
	v := query.NewDeriver().View(launch(8, 60), sources.Cursor{At: at(64)})
	e := query.NewEngine()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Watermark(v, "avg_over_time(alb_error_ratio[5m]) > 0.05 and alb_requests > 100", "r3"); err != nil {
			b.Fatal(err)
		}
	}
}
