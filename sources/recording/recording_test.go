package recording_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"warroom/sources"
	"warroom/sources/recording"
)

var t0 = time.Date(2026, 3, 1, 19, 15, 0, 0, time.UTC)

func meta() recording.Meta {
	return recording.Meta{
		Launch:      sources.Launch{Name: "lottery", T0: t0, Phases: []sources.Phase{{Name: "doors", At: "T-30m"}}},
		Environment: "rehearsal",
		Resources:   []sources.Resource{{Ref: sources.Ref{Service: "alb", Name: "shop"}, ID: "app/shop/1", Attrs: map[string]string{"a": "b"}}},
		Clock:       recording.ClockOrigin{Origin: t0, Base: t0.Add(time.Nanosecond), Speed: 60},
		Rehearsal:   "lottery", Seed: 1<<64 - 1, Tiles: "tiles: []\n",
	}
}

func create(t testing.TB) *recording.File {
	t.Helper()
	f, err := recording.Create(filepath.Join(t.TempDir(), "launch?50%#1.warroom"), meta())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestMetaComesBack(t *testing.T) {
	f := create(t)
	got, err := f.Meta(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(meta(), got); diff != "" {
		t.Error(diff)
	}
}

// TestAnalystsReadTheView reads the recording as anyone with SQL does.
func TestAnalystsReadTheView(t *testing.T) {
	f := create(t)
	s := sources.Series{Metric: "waf_rule_blocked", Resource: "edge", Label: "rate"}
	err := f.Append(context.Background(), sources.Reading{Batch: sources.Batch{Samples: []sources.Sample{
		{Series: s, At: t0, Seen: t0.Add(90*time.Second + 250*time.Millisecond), Value: 3},
		{Series: s, At: time.Date(1969, 12, 31, 23, 59, 0, 0, time.UTC), Seen: t0, None: true},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace("file:"+f.Path()))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT at, seen, metric, resource, label, coalesce(value, 'nothing') FROM samples`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var c [6]string
		if err := rows.Scan(&c[0], &c[1], &c[2], &c[3], &c[4], &c[5]); err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Join(c[:], " "))
	}
	want := []string{
		"1969-12-31T23:59:00.000Z 2026-03-01T19:15:00.000Z waf_rule_blocked edge rate nothing",
		"2026-03-01T19:15:00.000Z 2026-03-01T19:16:30.250Z waf_rule_blocked edge rate 3",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestSizeCountsWhatStandsBesideTheFile appends, and closes.
func TestSizeCountsWhatStandsBesideTheFile(t *testing.T) {
	f := create(t)
	size := func() int64 {
		n, err := f.Size()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := size()
	if err := f.Append(context.Background(), benchMinute(0)); err != nil {
		t.Fatal(err)
	}
	if after := size(); after <= before {
		t.Errorf("%d bytes before an append, %d after", before, after)
	}
}

// TestLoadAllocatesLittle bounds what a loaded sample costs: the driver's boxes for four numbers, and its share of
// the growing slices; never a string or a time of its own.
func TestLoadAllocatesLittle(t *testing.T) {
	path, _ := filled(t)
	f, err := recording.OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	samples := 0
	allocs := testing.AllocsPerRun(3, func() {
		b, _, err := f.Load(context.Background(), time.Time{}, time.Time{}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		samples = len(b.Samples)
	})
	if samples != filledSamples || allocs/float64(samples) > 4.5 {
		t.Errorf("%.0f allocations for %d samples", allocs, samples)
	}
}
