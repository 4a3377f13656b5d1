package query_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"warroom/sources"
	"warroom/sources/query"
)

var t0 = time.Date(2026, 3, 1, 19, 15, 0, 0, time.UTC)

func at(minutes float64) time.Time { return t0.Add(time.Duration(minutes * float64(time.Minute))) }

func series(metric, resource string) sources.Series {
	return sources.Series{Metric: metric, Resource: resource}
}

// sample is a value for the minute that starts so many minutes after T0, seen so long after T0.
func sample(metric, resource string, minute int, seen, value float64) sources.Sample {
	return sources.Sample{Series: series(metric, resource), At: at(float64(minute)), Seen: at(seen), Value: value}
}

func none(metric, resource string, minute int, seen float64) sources.Sample {
	return sources.Sample{Series: series(metric, resource), At: at(float64(minute)), Seen: at(seen), None: true}
}

func window(samples ...sources.Sample) *sources.Window {
	w := sources.NewWindow(4 * time.Hour)
	w.Apply(sources.Batch{Samples: samples})
	return w
}

func text(points []sources.Point) string {
	out := ""
	for _, p := range points {
		value := fmt.Sprintf("%g", p.Value)
		if p.None {
			value = "none"
		}
		if p.Provisional {
			value += "~"
		}
		out += fmt.Sprintf("%d:%s ", int(p.At.Sub(t0)/time.Minute), value)
	}
	return out
}

func derived(v *sources.View, s sources.Series) string {
	return text(v.Points(nil, s, at(-10000), at(10000)))
}

func TestDerived(t *testing.T) {
	cases := map[string]struct {
		samples []sources.Sample
		cursor  float64
		series  sources.Series
		want    string
	}{
		"sparse inputs that were never published count as zero": {
			[]sources.Sample{sample("alb_requests", "shop", 0, 1.5, 600), sample("alb_requests", "shop", 1, 2.5, 900)},
			10, series("alb_error_ratio", "shop"), "0:0 1:0 ",
		},
		"errors over requests that found no target": {
			[]sources.Sample{sample("alb_requests", "shop", 0, 1.5, 80), sample("alb_elb_5xx", "shop", 0, 1.5, 20), sample("alb_target_5xx", "shop", 0, 1.5, 5)},
			10, series("alb_error_ratio", "shop"), "0:0.25 ",
		},
		"no target at all: nothing is counted as a request": {
			[]sources.Sample{none("alb_requests", "shop", 0, 1.5), sample("alb_elb_5xx", "shop", 0, 1.5, 20), sample("alb_requests", "shop", 1, 2.5, 10), none("alb_elb_5xx", "shop", 1, 2.5)},
			10, series("alb_error_ratio", "shop"), "0:1 1:0 ",
		},
		"without traffic there is no share": {
			[]sources.Sample{none("alb_requests", "shop", 0, 1.5), none("alb_elb_5xx", "shop", 0, 1.5)},
			10, series("alb_error_ratio", "shop"), "0:none ",
		},
		"young periods are provisional": {
			[]sources.Sample{sample("alb_requests", "shop", 0, 1.5, 60), sample("alb_requests", "shop", 1, 2.5, 60)},
			3, series("alb_requests_per_second", "shop"), "0:1 1:1~ ",
		},
		"the slowest input decides": {
			[]sources.Sample{sample("aurora_acu_max", "main", 0, 0.5, 32), sample("aurora_acu", "main", 0, 2.5, 16), sample("aurora_acu_max", "main", 1, 1.5, 32)},
			3.5, series("aurora_acu_used_ratio", "main"), "0:0.5~ ",
		},
		"attempts and successes are two resources": {
			[]sources.Sample{sample("audience_attempts", "tries", 0, 1, 50), sample("audience_successes", "wins", 0, 1, 40)},
			10, series("audience_success_ratio", "wins"), "0:0.8 ",
		},
		"of two ways in, each has its own attempts": {
			[]sources.Sample{
				sample("audience_attempts", "web", 0, 1, 50), sample("audience_successes", "web", 0, 1, 40),
				sample("audience_attempts", "app", 0, 1, 10), sample("audience_successes", "app", 0, 1, 1),
			},
			10, series("audience_success_ratio", "app"), "0:0.1 ",
		},
		"of which of two attempts is not said": {
			[]sources.Sample{
				sample("audience_attempts", "web", 0, 1, 50), sample("audience_attempts", "app", 0, 1, 10), sample("audience_successes", "wins", 0, 1, 40),
			},
			10, series("audience_success_ratio", "wins"), "0:none ",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v := query.NewDeriver().View(window(c.samples...), sources.Cursor{At: at(c.cursor)})
			if got := derived(v, c.series); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestDerivedAsSeenAndAsSettled reads one minute that was half filled at first.
func TestDerivedAsSeenAndAsSettled(t *testing.T) {
	w := window(sample("alb_requests", "shop", 0, 1.2, 60), sample("alb_requests", "shop", 0, 2.2, 600), sample("alb_requests", "shop", 5, 7, 600))
	d := query.NewDeriver()
	rps := series("alb_requests_per_second", "shop")
	for _, c := range []struct {
		cursor sources.Cursor
		want   string
	}{
		{sources.Cursor{At: at(1)}, ""},
		{sources.Cursor{At: at(1.5)}, "0:1~ "},
		{sources.Cursor{At: at(1.5), Truth: sources.AsSettled}, "0:10 "},
		{sources.Cursor{At: at(2.5)}, "0:10~ "},
		{sources.Cursor{At: at(3)}, "0:10 "},
		{sources.Cursor{At: at(1.5)}, "0:1~ "},
		{sources.Cursor{At: at(0.5), Truth: sources.AsSettled}, ""},
	} {
		if got := derived(d.View(w, c.cursor), rps); got != c.want {
			t.Errorf("at %v: %q, want %q", c.cursor, got, c.want)
		}
	}
}

// TestDerivedIncrementallyIsDerivedFromScratch applies batches in any order, with revisions, silences and
// failing sources, moves the cursor about, and compares with a deriver that sees it for the first time.
func TestDerivedIncrementallyIsDerivedFromScratch(t *testing.T) {
	metrics := []string{
		"alb_requests", "alb_elb_5xx", "alb_target_5xx", "alb_elb_4xx", "alb_healthy_hosts", "alb_unhealthy_hosts",
		"waf_allowed", "waf_blocked", "cloudfront_requests", "cloudfront_hit_ratio", "asg_desired", "asg_max",
		"aurora_acu", "aurora_acu_max", "audience_attempts", "audience_successes",
	}
	draw := rapid.Custom(func(t *rapid.T) sources.Sample {
		minute := rapid.IntRange(0, 20).Draw(t, "minute")
		s := sample(rapid.SampledFrom(metrics).Draw(t, "metric"), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "resource"), minute,
			float64(minute)+rapid.Float64Range(0.5, 8).Draw(t, "lag"), float64(rapid.IntRange(0, 5).Draw(t, "value")))
		s.None = rapid.IntRange(0, 5).Draw(t, "none") == 0
		return s
	})
	rapid.Check(t, func(t *rapid.T) {
		w := sources.NewWindow(time.Duration(rapid.IntRange(5, 30).Draw(t, "span")) * time.Minute)
		d := query.NewDeriver()
		for range rapid.IntRange(1, 5).Draw(t, "steps") {
			b := sources.Batch{Samples: rapid.SliceOfN(draw, 0, 30).Draw(t, "samples")}
			if rapid.IntRange(0, 3).Draw(t, "trouble") == 0 {
				kind := rapid.SampledFrom([]sources.TroubleKind{"", sources.Failed, sources.NotFound}).Draw(t, "kind")
				seen := at(rapid.Float64Range(0, 30).Draw(t, "since"))
				b.Facts = append(b.Facts, sources.SourceFact("aws", sources.Trouble{Kind: kind}, seen),
					sources.SeriesFact(series("alb_elb_5xx", "a"), sources.Trouble{Kind: kind}, seen))
			}
			w.Apply(b)
			c := sources.Cursor{At: at(rapid.Float64Range(-2, 30).Draw(t, "cursor")), Truth: sources.Truth(rapid.IntRange(0, 1).Draw(t, "truth"))}
			got, want := everything(d.View(w, c)), everything(query.NewDeriver().View(w, c))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("at %v (-from scratch +incrementally):\n%s", c, diff)
			}
		}
	})
}

// everything is all derived points of a view.
func everything(v *sources.View) map[string]string {
	all := map[string]string{}
	for _, m := range sources.Metrics() {
		if !m.Derived() {
			continue
		}
		for _, s := range v.Of(m.Name) {
			if points := derived(v, s); points != "" {
				all[s.String()] = points
			}
		}
	}
	return all
}
