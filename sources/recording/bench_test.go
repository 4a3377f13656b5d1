package recording_test

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/recording"
)

var days = flag.Int("recording.days", 1, "length of the recording that the benchmarks read, at 500 series and 60 s")

const benchSeries = 500

// benchValue looks like what AWS gives: half of the series count, half measure.
func benchValue(series, minute int) float64 {
	wave := 1 + math.Sin(float64(minute)/180+float64(series))
	if series%2 == 0 {
		return math.Round(20000 * wave)
	}
	return wave * 0.317
}

// benchMinute is what one poll brings: a minute that ended two minutes ago, and for a quarter of the series
// the correction of the one before.
func benchMinute(minute int) sources.Reading { return minuteOf(benchSeries, minute) }

func minuteOf(series, minute int) sources.Reading {
	seen := t0.Add(time.Duration(minute+3) * time.Minute)
	at := t0.Add(time.Duration(minute) * time.Minute)
	r := sources.Reading{Source: "aws", At: seen}
	for n := range series {
		r.Samples = append(r.Samples, sources.Sample{Series: benchName(n), At: at, Seen: seen, Value: benchValue(n, minute)})
		if n%4 == 0 {
			r.Samples = append(r.Samples, sources.Sample{Series: benchName(n), At: at.Add(-time.Minute), Seen: seen, Value: benchValue(n, minute-1) + 1})
		}
	}
	return r
}

func benchName(n int) sources.Series {
	return sources.Series{Metric: fmt.Sprintf("alb_property_%d", n%20), Resource: fmt.Sprintf("resource-%d", n/20)}
}

// bench is one long recording for all benchmarks of a run.
var bench struct {
	once sync.Once
	path string
	err  error
}

func benchPath(b *testing.B) string {
	b.Helper()
	bench.once.Do(func() {
		bench.path = filepath.Join(scratch, "bench.warroom")
		bench.err = fill(bench.path, benchSeries, *days*24*60)
	})
	if bench.err != nil {
		b.Fatal(bench.err)
	}
	return bench.path
}

func fill(path string, series, minutes int) error {
	f, err := recording.Create(path, meta())
	if err != nil {
		return err
	}
	for minute := range minutes {
		if err := f.Append(context.Background(), minuteOf(series, minute)); err != nil {
			return err
		}
	}
	return f.Close()
}

func benchOpen(b *testing.B) *recording.File {
	b.Helper()
	f, err := recording.OpenReadOnly(benchPath(b))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	return f
}

// randomTime is somewhere in the recording, an hour away from its ends.
func randomTime(rng *rand.Rand) time.Time {
	return t0.Add(time.Duration(60+rng.IntN(*days*24*60-120)) * time.Minute)
}

// BenchmarkAppend is a tick of 500 samples and 125 revisions, durable.
func BenchmarkAppend(b *testing.B) {
	f, err := recording.Create(filepath.Join(b.TempDir(), "append.warroom"), meta())
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for minute := 0; b.Loop(); minute++ {
		if err := f.Append(context.Background(), benchMinute(minute)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAppendRepeated is a tick that brings nothing new, as most polls of unsettled minutes.
func BenchmarkAppendRepeated(b *testing.B) {
	f, err := recording.Create(filepath.Join(b.TempDir(), "append.warroom"), meta())
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	tick := benchMinute(0)
	for b.Loop() {
		if err := f.Append(context.Background(), tick); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAppendChange is one note, durable.
func BenchmarkAppendChange(b *testing.B) {
	f, err := recording.Create(filepath.Join(b.TempDir(), "append.warroom"), meta())
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for b.Loop() {
		if _, err := f.AppendChange(context.Background(), sources.Change{At: t0, Seen: t0, Kind: sources.ChangeNote, Text: "a note"}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNewest is the newest sample of 500 series at a random time, as seen then.
func BenchmarkNewest(b *testing.B) {
	f, rng := benchOpen(b), rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		at := randomTime(rng)
		samples, err := f.Newest(context.Background(), at, at)
		if err != nil || len(samples) != benchSeries {
			b.Fatal(len(samples), err)
		}
	}
}

// BenchmarkHourOf24Tiles is an hour at a random time of the 150 series that 24 tiles show.
func BenchmarkHourOf24Tiles(b *testing.B) {
	f, rng := benchOpen(b), rand.New(rand.NewPCG(1, 2))
	var wanted []sources.Series
	for n := range 150 {
		wanted = append(wanted, benchName(n*3))
	}
	for b.Loop() {
		at := randomTime(rng)
		samples, err := f.Samples(context.Background(), at.Add(-time.Hour), at, time.Time{}, wanted...)
		if err != nil || len(samples) < 150*58 {
			b.Fatal(len(samples), err)
		}
	}
}

// BenchmarkHourOfAll is an hour at a random time of all 500 series.
func BenchmarkHourOfAll(b *testing.B) {
	f, rng := benchOpen(b), rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		at := randomTime(rng)
		if _, _, err := f.Load(context.Background(), at.Add(-time.Hour), at, time.Time{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDayOfOne is the whole first day of one series.
func BenchmarkDayOfOne(b *testing.B) {
	f := benchOpen(b)
	for b.Loop() {
		samples, err := f.Samples(context.Background(), t0, t0.Add(24*time.Hour), time.Time{}, benchName(7))
		if err != nil || len(samples) < 1400 {
			b.Fatal(len(samples), err)
		}
	}
}

// BenchmarkOpen opens the recording, reads what it is about and closes it.
func BenchmarkOpen(b *testing.B) {
	path := benchPath(b)
	for b.Loop() {
		f, err := recording.OpenReadOnly(path)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := f.Meta(context.Background()); err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/float64(*days*24*60*benchSeries*5/4), "B/version")
}

// BenchmarkReopenKilled opens a long recording as its recorder left it when it was killed while appending, and reads
// where it ends. The promise is half a second for each, so the slowest is told too.
func BenchmarkReopenKilled(b *testing.B) {
	left := filepath.Join(b.TempDir(), "killed.warroom")
	copyParts(b, benchPath(b), left, "")
	runAndKill(b, left, 0, 20, 0)
	path, slowest := filepath.Join(b.TempDir(), "again.warroom"), time.Duration(0)
	for b.Loop() {
		b.StopTimer()
		copyParts(b, left, path, "", "-wal")
		began := time.Now()
		b.StartTimer()
		f, err := recording.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := f.End(context.Background()); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		slowest = max(slowest, time.Since(began))
		f.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(slowest.Microseconds())/1000, "ms/slowest")
}

// copyParts copies a recording and what stands beside it, replacing what is there.
func copyParts(tb testing.TB, from, to string, parts ...string) {
	tb.Helper()
	for _, part := range parts {
		content, err := os.ReadFile(from + part)
		if err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(to+part, content, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
}

// BenchmarkFirstFrame is what the first frame of an existing recording waits for: to open it, and to read what
// it is about and its last hour of 120 series.
func BenchmarkFirstFrame(b *testing.B) {
	path := filepath.Join(b.TempDir(), "first.warroom")
	f, err := recording.Create(path, meta())
	if err != nil {
		b.Fatal(err)
	}
	for minute := range 24 * 60 {
		tick := benchMinute(minute)
		tick.Samples = tick.Samples[:150]
		if err := f.Append(context.Background(), tick); err != nil {
			b.Fatal(err)
		}
	}
	f.Close()
	for b.Loop() {
		firstFrame(b, path)
	}
}

func firstFrame(b *testing.B, path string) {
	ctx := context.Background()
	f, err := recording.OpenReadOnly(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Meta(ctx); err != nil {
		b.Fatal(err)
	}
	_, to, err := f.Span(ctx)
	if err != nil {
		b.Fatal(err)
	}
	if got, _, err := f.Load(ctx, to.Add(-time.Hour), time.Time{}, time.Time{}); err != nil || len(got.Samples) < 7000 {
		b.Fatal(len(got.Samples), err)
	}
}

// BenchmarkSince is how a viewer follows a tick of 500 samples in a long recording.
func BenchmarkSince(b *testing.B) {
	f := benchOpen(b)
	end, err := f.End(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if got, _, err := f.Since(context.Background(), end-1); err != nil || len(got.Samples) == 0 {
			b.Fatal(len(got.Samples), err)
		}
	}
}

// BenchmarkChanged is how a viewer learns that there is nothing to follow.
func BenchmarkChanged(b *testing.B) {
	f := benchOpen(b)
	end, err := f.End(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if changed, err := f.Changed(context.Background(), end); err != nil || changed {
			b.Fatal(changed, err)
		}
	}
}

// BenchmarkVerify checks a chain of a million changes, with -short of ten thousand.
func BenchmarkVerify(b *testing.B) {
	changes, batch := 1_000_000, 10_000
	if testing.Short() {
		changes = batch
	}
	f, err := recording.Create(filepath.Join(b.TempDir(), "chain.warroom"), meta())
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for done := 0; done < changes; done += batch {
		r := sources.Reading{}
		for n := range batch {
			r.Changes = append(r.Changes, sources.Change{At: t0, Seen: t0, Kind: sources.ChangeNote, Text: fmt.Sprint("note ", done+n)})
		}
		if err := f.Append(context.Background(), r); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		chain, err := f.Verify(context.Background())
		if err != nil || chain.Changes < int64(changes) {
			b.Fatal(chain.Changes, err)
		}
	}
}
