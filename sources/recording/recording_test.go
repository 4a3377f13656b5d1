package recording_test

import (
	"context"
	"path/filepath"
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

func TestSmoke(t *testing.T) {
	f := create(t)
	ctx := context.Background()
	s := sources.Series{Metric: "alb_requests", Resource: "shop"}
	b := sources.Batch{
		Samples: []sources.Sample{{Series: s, At: t0, Seen: t0.Add(time.Minute), Value: 3}},
		Facts:   []sources.Fact{{Resource: sources.Ref{Service: "alb", Name: "shop"}, Name: "x", Value: "y", Seen: t0}},
		Changes: []sources.Change{{At: t0, Seen: t0, Kind: "note", Text: "hi"}},
	}
	if err := f.Append(ctx, sources.Reading{Batch: b}); err != nil {
		t.Fatal(err)
	}
	got, mark, err := f.Load(ctx, t0.Add(-time.Hour), time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	b.Changes[0].Seq = 1
	if diff := cmp.Diff(b, got); diff != "" {
		t.Error(diff)
	}
	since, mark2, err := f.Since(ctx, 0)
	if err != nil || mark2 != mark {
		t.Fatal(err, mark, mark2)
	}
	if diff := cmp.Diff(b, since); diff != "" {
		t.Error(diff)
	}
	newest, err := f.Newest(ctx, t0.Add(3*time.Hour), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.Samples, newest); diff != "" {
		t.Error(diff)
	}
	some, err := f.Samples(ctx, t0, t0.Add(time.Hour), time.Time{}, s)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.Samples, some); diff != "" {
		t.Error(diff)
	}
	if c, err := f.Verify(ctx); err != nil || c.Changes != 1 {
		t.Error(c, err)
	}
	from, to, err := f.Span(ctx)
	t.Log(from, to, err)
}
