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
// A launch that others measured may bring a derived metric of one resource and the inputs of another: both are there.
func TestRecordedBesideDerived(t *testing.T) {
	w := window(
		sample("alb_requests", "shop", 0, 2, 100), sample("alb_elb_5xx", "shop", 0, 2, 0), sample("alb_target_5xx", "shop", 0, 2, 5),
		sample("alb_error_ratio", "api", 0, 2, 0.25), sample("alb_requests", "api", 0, 2, 100),
	)
	v := query.NewDeriver().View(w, sources.Cursor{At: at(10)})
	want := []sources.Series{series("alb_error_ratio", "api"), series("alb_error_ratio", "shop")}
	if diff := cmp.Diff(want, v.Of("alb_error_ratio")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for resource, want := range map[string]string{"api": "0:0.25 ", "shop": "0:0.05 "} {
		if got := derived(v, series("alb_error_ratio", resource)); got != want {
			t.Errorf("%s has %q, want %q", resource, got, want)
		}
	}
}

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

// TestTroubleIsNoSilence: where an answer was partial the errors of a minute may be there without its requests. No
// share is made of them, neither while the trouble lasts nor in what is left unread after it.
func TestTroubleIsNoSilence(t *testing.T) {
	trouble := func(metric string, kind sources.TroubleKind, minute float64) sources.Fact {
		return sources.SeriesFact(series(metric, "shop"), sources.Trouble{Kind: kind, Text: "x"}, at(minute))
	}
	samples := []sources.Sample{
		sample("alb_requests", "shop", 0, 1.5, 100), sample("alb_elb_5xx", "shop", 0, 1.5, 20), sample("alb_target_5xx", "shop", 0, 1.5, 5),
		sample("alb_elb_5xx", "shop", 1, 2.5, 7), sample("alb_target_5xx", "shop", 1, 2.5, 13),
		sample("alb_elb_5xx", "shop", 8, 9.5, 7), sample("alb_requests", "shop", 8, 9.5, 0),
	}
	for name, c := range map[string]struct {
		facts  []sources.Fact
		cursor float64
		want   string
	}{
		"well":                {nil, 7, "0:0.2083 1:2.857 "},
		"partial":             {[]sources.Fact{trouble("alb_requests", sources.Partial, 2.5)}, 7, "0:0.2083 "},
		"forbidden":           {[]sources.Fact{trouble("alb_requests", sources.Forbidden, 2.5)}, 7, "0:0.2083 "},
		"does not exist":      {[]sources.Fact{trouble("alb_requests", sources.NotFound, 2.5)}, 7, "0:0.2083 1:2.857 "},
		"healed, never read":  {[]sources.Fact{trouble("alb_requests", sources.Partial, 2.5), trouble("alb_requests", "", 9.5)}, 20, "0:0.2083 8:1 "},
		"the sparse in doubt": {[]sources.Fact{trouble("alb_target_5xx", sources.Partial, 9.5)}, 20, "0:0.2083 1:2.857 "},
	} {
		t.Run(name, func(t *testing.T) {
			w, d := window(samples...), query.NewDeriver()
			d.View(w, sources.Cursor{At: at(c.cursor)}) // what came before the trouble was known is taken back
			w.Apply(sources.Batch{Facts: c.facts})
			got := ""
			for _, p := range d.View(w, sources.Cursor{At: at(c.cursor)}).Points(nil, series("alb_error_ratio", "shop"), at(-10), at(30)) {
				got += fmt.Sprintf("%d:%.4g ", int(p.At.Sub(t0)/time.Minute), p.Value)
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestPartialSharesStayShares leaves out any datapoints of a site that is read in part: a share made of what came
// is never more than the whole.
func TestPartialSharesStayShares(t *testing.T) {
	metrics := []string{"alb_requests", "alb_elb_5xx", "alb_target_5xx", "alb_elb_4xx", "alb_target_4xx"}
	rapid.Check(t, func(t *rapid.T) {
		w, d := window(), query.NewDeriver()
		healed := rapid.IntRange(3, 20).Draw(t, "healed")
		var b sources.Batch
		for _, m := range metrics {
			b.Facts = append(b.Facts, sources.SeriesFact(series(m, "shop"), sources.Trouble{Kind: sources.Partial}, at(0.1)),
				sources.SeriesFact(series(m, "shop"), sources.Trouble{}, at(float64(healed))))
			for minute := range 12 {
				due := minute + 3
				if due <= healed && rapid.IntRange(0, 2).Draw(t, "left out") == 0 {
					continue
				}
				value := float64(rapid.IntRange(0, 9).Draw(t, "value"))
				if m == "alb_requests" {
					value += 18 // all errors of targets are among them
				}
				b.Samples = append(b.Samples, sample(m, "shop", minute, float64(minute)+1.5, value))
			}
		}
		w.Apply(b)
		v := d.View(w, sources.Cursor{At: at(rapid.Float64Range(0, 30).Draw(t, "cursor")), Truth: sources.Truth(rapid.IntRange(0, 1).Draw(t, "truth"))})
		for _, m := range sources.Metrics() {
			if m.Unit != sources.Ratio || !m.Derived() {
				continue
			}
			for _, p := range v.Points(nil, series(m.Name, "shop"), at(-10), at(40)) {
				if p.Value < 0 || p.Value > 1 {
					t.Fatalf("%s is %g at %v", m.Name, p.Value, p.At.Sub(t0))
				}
			}
		}
	})
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
				kind := rapid.SampledFrom([]sources.TroubleKind{"", sources.Failed, sources.Partial, sources.NotFound}).Draw(t, "kind")
				seen := at(rapid.Float64Range(0, 30).Draw(t, "since"))
				b.Facts = append(b.Facts, sources.SourceFact("aws", sources.Trouble{Kind: kind}, seen),
					sources.SeriesFact(series(rapid.SampledFrom([]string{"alb_elb_5xx", "alb_requests"}).Draw(t, "of"), "a"), sources.Trouble{Kind: kind}, seen))
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
