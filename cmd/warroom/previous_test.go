package main

import (
	"path/filepath"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/query"
	"warroom/sources/recording"
)

// The recording of a week ago is read as it turned out, and laid beside this launch.
func TestEarlierLaunch(t *testing.T) {
	t.Parallel()
	t0 := time.Date(2026, 3, 1, 19, 15, 0, 0, time.UTC)
	then := t0.AddDate(0, 0, -7)
	path := filepath.Join(t.TempDir(), "then.warroom")
	tape, err := recording.Create(path, recording.Meta{Launch: sources.Launch{Name: "lottery", T0: then, Period: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	requests := sources.Series{Metric: "alb_requests", Resource: "prod"}
	for seen, value := range map[time.Duration]float64{time.Minute: 5, 10 * time.Minute: 500} {
		sample := sources.Sample{Series: requests, At: then, Seen: then.Add(seen), Value: value}
		if err := tape.Append(t.Context(), sources.Reading{Source: "test", At: sample.Seen, Batch: sources.Batch{Samples: []sources.Sample{sample}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := tape.Close(); err != nil {
		t.Fatal(err)
	}
	earlier, err := earlierLaunch(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	view := sources.NewWindow(time.Hour).View(sources.Cursor{At: t0.Add(time.Minute)})
	o := query.Options{Launch: &sources.Launch{T0: t0}, Earlier: earlier}
	found, err := query.NewEngine().Instant(t.Context(), view, "previous:alb_requests", t0.Add(time.Minute), o)
	if err != nil || len(found) != 1 || found[0].Value != 500 || found[0].Series.Resource != "prod" {
		t.Errorf("%+v, %v", found, err)
	}
	if earlier, err := earlierLaunch(t.Context(), ""); earlier != nil || err != nil {
		t.Errorf("without a file: %v, %v", earlier, err)
	}
	if _, err := earlierLaunch(t.Context(), filepath.Join(t.TempDir(), "gone.warroom")); err == nil || codeOf(err) != exitRefused {
		t.Errorf("of a file that is not there: %v", err)
	}
}
