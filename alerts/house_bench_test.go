package alerts

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/query"
)

// BenchmarkJudgeBesideTheScreen is what judging costs a room of four sites, 272 series, that has been open for as long as
// rules look back: a turn in which the minute of one service has come, as there is one every few seconds. window-MB is what the
// judge's own window holds, with what is made of it.
func BenchmarkJudgeBesideTheScreen(b *testing.B) {
	rules, err := House()
	if err != nil {
		b.Fatal(err)
	}
	launch := siteLaunch()
	judge, err := NewJudge(rules, launch)
	if err != nil {
		b.Fatal(err)
	}
	const minutes = 240
	var all sources.Batch
	for i := range 4 {
		for _, s := range newSite(uint64(i), 500).batch(2 * minutes).Samples {
			s.Series.Resource = fmt.Sprintf("%s%d", s.Series.Resource, i)
			all.Samples = append(all.Samples, s)
		}
	}
	turns := turnsOf(all.Samples)
	before := heap()
	window, deriver := sources.NewWindow(Lookback), query.NewDeriver()
	turn := func() {
		batch := sources.Batch{Samples: slices.Clone(turns[0])}
		now := batch.Samples[len(batch.Samples)-1].Seen
		turns = turns[1:]
		window.Apply(batch)
		if _, err := judge.Judge(context.Background(), deriver.View(window, sources.Cursor{At: now})); err != nil {
			b.Fatal(err)
		}
	}
	for len(turns) > 0 && turns[0][0].Seen.Before(siteBegin().Add(minutes*time.Minute)) {
		turn()
	}
	holds := heap() - before
	warm := turns
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		if len(turns) == 0 {
			b.Fatalf("only %d turns", len(warm))
		}
		turn()
	}
	b.ReportMetric(float64(holds)/(1<<20), "window-MB")
	runtime.KeepAlive(warm)
}

// turnsOf are samples by when and of what service they are seen, in the order of time.
func turnsOf(samples []sources.Sample) (turns [][]sources.Sample) {
	service := func(s *sources.Sample) string { m, _ := sources.Lookup(s.Series.Metric); return m.Service }
	slices.SortStableFunc(samples, func(x, y sources.Sample) int {
		if c := x.Seen.Compare(y.Seen); c != 0 {
			return c
		}
		return slices.Index(sources.Services, service(&x)) - slices.Index(sources.Services, service(&y))
	})
	for i := range samples {
		s := &samples[i]
		if n := len(turns); n > 0 && turns[n-1][0].Seen.Equal(s.Seen) && service(&turns[n-1][0]) == service(s) {
			turns[n-1] = append(turns[n-1], *s)
			continue
		}
		turns = append(turns, []sources.Sample{*s})
	}
	return turns
}

// heap is what is alive, in bytes.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
