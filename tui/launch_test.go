package tui_test

import (
	"context"
	"math"
	"path/filepath"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/recording"
	"warroom/tui"
)

// t0 is in the evening of a day on which nobody changes clocks.
var t0 = time.Date(2026, 3, 7, 20, 15, 0, 0, time.FixedZone("CET", 3600))

func launchMeta() recording.Meta {
	return recording.Meta{
		Launch: sources.Launch{
			Name: "Lottery", T0: t0, Period: time.Minute,
			Phases: []sources.Phase{{Name: "doors open", At: "T-20m"}, {Name: "prime time", At: "T0"}, {Name: "ad break", At: "T+20m"}},
			Marks:  []sources.Mark{{At: "T+20m", Kind: sources.MarkSurge, Peak: "4x", Note: "ad break"}},
		},
		Environment: "prod",
		Resources: []sources.Resource{
			{Ref: sources.Ref{Service: "cloudfront", Name: "site"}, ID: "E1ABC"},
			{Ref: sources.Ref{Service: "alb", Name: "prod"}, ID: "app/prod/1234567890abcdef", Region: "eu-central-1"},
		},
	}
}

var (
	albRequests = sources.Series{Metric: "alb_requests", Resource: "prod"}
	albErrors   = sources.Series{Metric: "alb_elb_5xx", Resource: "prod"}
	cfRequests  = sources.Series{Metric: "cloudfront_requests", Resource: "site"}
)

// minute is what is learnt in the minute that ends at seen: the newest period, half filled, and the last word
// on the one before.
func minute(seen time.Time) sources.Batch {
	var b sources.Batch
	for i, s := range []sources.Series{albRequests, albErrors, cfRequests} {
		for age := time.Duration(1); age <= 4; age++ {
			at := seen.Add(-age * time.Minute)
			value := load(at) * float64(i+1) * math.Min(float64(age)/3+0.2, 1)
			b.Samples = append(b.Samples, sources.Sample{Series: s, At: at, Seen: seen, Value: math.Floor(value)})
		}
	}
	return b
}

// load is a launch: quiet, then a steep rise at T0.
func load(at time.Time) float64 {
	m := at.Sub(t0).Minutes()
	if m < 0 {
		return 1000
	}
	return 1000 + 60000*math.Exp(-m/30)
}

// write records the minutes from one time to another.
func write(t testing.TB, f *recording.File, from, to time.Time) {
	t.Helper()
	var readings []sources.Reading
	for seen := from; !seen.After(to); seen = seen.Add(time.Minute) {
		b := minute(seen)
		if seen.Equal(t0) {
			b.Changes = []sources.Change{{At: seen, Seen: seen, Kind: sources.ChangeDeploy, Resource: sources.Ref{Service: "alb", Name: "prod"}, Text: "release 42 rolls out"}}
			b.Facts = []sources.Fact{{Resource: sources.Ref{Service: "alb", Name: "prod"}, Name: "state", Value: "active", Seen: seen}}
		}
		readings = append(readings, sources.Reading{Source: "test", At: seen, Batch: b})
	}
	for _, part := range [][]sources.Reading{readings[:1], readings[1:]} { // when the first was seen is known by its append
		if err := f.Append(context.Background(), part...); err != nil {
			t.Fatal(err)
		}
	}
}

// record makes a recording of the launch from 40 minutes before T0 on.
func record(t testing.TB, to time.Time) *recording.File {
	t.Helper()
	f, err := recording.Create(filepath.Join(t.TempDir(), "lottery.warroom"), launchMeta())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	write(t, f, t0.Add(-40*time.Minute), to)
	return f
}

// machine is a machine clock that stands where it is put, and starts at the real time.
func live(t testing.TB, to time.Time) (tui.Options, *recording.File, *sources.ManualClock) {
	f := record(t, to)
	clock := sources.NewManualClock(to)
	return tui.Options{Tape: f, Meta: launchMeta(), Clock: clock, Operator: "mia", Path: f.Path()}, f, clock
}

func replay(t testing.TB, to time.Time) (tui.Options, *recording.File) {
	f := record(t, to)
	return tui.Options{Tape: f, Meta: launchMeta(), Mode: tui.Replay, Path: f.Path(), At: &t0}, f
}
