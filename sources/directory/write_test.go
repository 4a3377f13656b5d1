package directory_test

import (
	"errors"
	"io/fs"
	"iter"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"warroom/sources"
	"warroom/sources/directory"
)

var t0 = time.Date(2026, 3, 1, 20, 15, 0, 0, time.FixedZone("", 3600))

// anySeries draws raw series with names that people and providers give.
func anySeries() *rapid.Generator[sources.Series] {
	var raw []sources.Metric
	for _, m := range sources.Metrics() {
		if !m.Derived() && m.Service != "launch" && m.Name != "series_age_seconds" {
			raw = append(raw, m)
		}
	}
	name := rapid.OneOf(rapid.SampledFrom([]string{"shop", "shop-web", "../../etc/passwd", "..", "=cmd()", "a@b", "50%", "Größe", "日本", "C:\\x", "-x", "a b"}),
		rapid.Map(rapid.StringN(1, 20, 60), func(s string) string {
			if s = sources.Clean(s); s == "" {
				return "x"
			}
			return s
		}))
	return rapid.Custom(func(t *rapid.T) sources.Series {
		m := rapid.SampledFrom(raw).Draw(t, "metric")
		s := sources.Series{Metric: m.Name, Resource: name.Draw(t, "resource")}
		if m.Label != "" {
			s.Label = rapid.OneOf(rapid.Just(""), name).Draw(t, "label")
		}
		return s
	})
}

// anySamples draws samples, no two of which are of the same period and seen at the same time.
func anySamples() *rapid.Generator[[]sources.Sample] {
	sample := rapid.Custom(func(t *rapid.T) sources.Sample {
		at := t0.UTC().Add(time.Duration(rapid.Int64Range(-1e7, 1e7).Draw(t, "at")) * time.Millisecond)
		s := sources.Sample{
			Series: anySeries().Draw(t, "series"), At: at,
			Seen: at.Add(time.Duration(rapid.Int64Range(-1e5, 1e7).Draw(t, "lag")) * time.Millisecond),
			None: rapid.Bool().Draw(t, "none"),
		}
		if !s.None {
			s.Value = rapid.Float64().Filter(func(v float64) bool { return !math.IsInf(v, 0) && !math.IsNaN(v) }).Draw(t, "value")
		}
		return s
	})
	type place struct {
		s        sources.Series
		at, seen int64
	}
	return rapid.SliceOfNDistinct(sample, 0, 40, func(s sources.Sample) place {
		return place{s.Series, s.At.UnixMilli(), s.Seen.UnixMilli()}
	})
}

func anyLaunch() *rapid.Generator[sources.Launch] {
	text := rapid.Map(rapid.String(), sources.Clean)
	name := text.Filter(func(s string) bool { return strings.TrimSpace(s) != "" })
	moment := rapid.SampledFrom([]sources.Moment{"T0", "T-30m", "T+1h12m", "2026-03-01T19:15:00Z", "2026-03-01T20:15:00+01:00"})
	return rapid.Custom(func(t *rapid.T) sources.Launch {
		l := sources.Launch{Name: name.Draw(t, "name"), T0: t0, Period: rapid.SampledFrom([]time.Duration{0, time.Minute}).Draw(t, "period")}
		for range rapid.IntRange(0, 3).Draw(t, "phases") {
			l.Phases = append(l.Phases, sources.Phase{Name: name.Draw(t, "phase"), At: moment.Draw(t, "at")})
		}
		for range rapid.IntRange(0, 3).Draw(t, "marks") {
			l.Marks = append(l.Marks, sources.Mark{
				At: moment.Draw(t, "at"), Kind: rapid.SampledFrom(sources.MarkKinds).Draw(t, "kind"),
				Peak: rapid.SampledFrom([]string{"", "20x", "1.5"}).Draw(t, "peak"), Note: text.Draw(t, "note"),
			})
		}
		if rapid.Bool().Draw(t, "sites") {
			l.Sites = map[string]map[string]string{}
			for _, site := range rapid.SliceOfDistinct(name, rapid.ID).Draw(t, "names") {
				l.Sites[site] = map[string]string{"alb": name.Draw(t, "alb"), "aurora": "main"}
			}
			if len(l.Sites) == 0 {
				l.Sites = nil
			}
		}
		return l
	})
}

// What is written is read back: every sample with its revisions, and the launch.
func TestWriteIsReadBack(t *testing.T) {
	parent := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		dir := filepath.Join(parent, "out")
		defer os.RemoveAll(dir)
		samples, launch := anySamples().Draw(t, "samples"), anyLaunch().Draw(t, "launch")
		if err := directory.Write(dir, launch, slices.Values(samples)); err != nil {
			t.Fatal(err)
		}
		got, err := directory.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Launch.T0.Equal(launch.T0) {
			t.Errorf("T0 is %v, was %v", got.Launch.T0, launch.T0)
		}
		if _, offset := got.Launch.T0.Zone(); offset != 3600 {
			t.Errorf("T0 has lost its zone: %v", got.Launch.T0)
		}
		got.Launch.T0 = launch.T0
		if !reflect.DeepEqual(got.Launch, launch) {
			t.Errorf("the launch is\n%+v, was\n%+v", got.Launch, launch)
		}
		if !slices.IsSortedFunc(got.Samples, func(a, b sources.Sample) int { return a.Seen.Compare(b.Seen) }) {
			t.Error("samples are not in the order of Seen")
		}
		if len(got.Samples) != len(samples) {
			t.Fatalf("%d samples, were %d", len(got.Samples), len(samples))
		}
		count := map[sources.Sample]int{}
		for _, s := range samples {
			count[s]++
		}
		for _, s := range got.Samples {
			if count[s]--; count[s] < 0 {
				t.Errorf("%+v was not written", s)
			}
		}
		entries, _ := os.ReadDir(parent)
		if len(entries) != 1 {
			t.Errorf("%v stand beside the folder", entries)
		}
	})
}

func none(func(sources.Sample) bool) {}

func TestWriteRefuses(t *testing.T) {
	launch := sources.Launch{Name: "lottery", T0: t0}
	full := files(t, nil)
	if err := directory.Write(full, launch, none); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("into a full folder: %v", err)
	}
	parent := t.TempDir()
	good := sources.Sample{Series: sources.Series{Metric: "alb_requests", Resource: "shop"}, At: t0, Seen: t0.Add(time.Minute), Value: 1}
	with := func(change func(*sources.Sample)) iter.Seq[sources.Sample] {
		bad := good
		change(&bad)
		return slices.Values([]sources.Sample{good, bad})
	}
	for what, c := range map[string]struct {
		launch  sources.Launch
		samples iter.Seq[sources.Sample]
		want    string
	}{
		"unknown metric": {launch, with(func(s *sources.Sample) { s.Series.Metric = "alb_reqests" }), `did you mean "alb_requests"?`},
		"hidden name":    {launch, with(func(s *sources.Sample) { s.Series.Resource = "a\x1b[2J" }), "control characters"},
		"unfit label":    {launch, with(func(s *sources.Sample) { s.Series.Label = "x" }), "cannot be told by the name of a file"},
		"long name":      {launch, with(func(s *sources.Sample) { s.Series.Resource = strings.Repeat("é", 180) }), "name too long"},
		"no number":      {launch, with(func(s *sources.Sample) { s.Value = math.NaN() }), "cannot be written"},
		"no time":        {launch, with(func(s *sources.Sample) { s.At = time.Time{}.Add(-time.Hour) }), "cannot be written"},
		"no launch":      {sources.Launch{}, none, "name is missing"},
	} {
		t.Run(what, func(t *testing.T) {
			err := directory.Write(filepath.Join(parent, "out"), c.launch, c.samples)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if left, _ := os.ReadDir(parent); len(left) > 0 {
				t.Errorf("%v is left behind", left)
			}
		})
	}
	if err := directory.Write(filepath.Join(parent, "absent", "out"), launch, none); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("below a folder that is not there: %v", err)
	}
}
