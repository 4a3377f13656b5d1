package query_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"warroom/sources"
	"warroom/sources/query"
	"warroom/sources/surprise"
)

// traffic is alb_requests of so many minutes from T0 on, each seen half a minute after its end: 100 with a little
// noise, and 2 from a minute on.
func traffic(resource string, minutes, outage int) []sources.Sample {
	var samples []sources.Sample
	for m := range minutes {
		value := 100 + float64(m*7%5)
		if m >= outage {
			value = 2
		}
		samples = append(samples, sample("alb_requests", resource, m, float64(m)+1.5, value))
	}
	return samples
}

// scores is what the detector itself says of a series of values, a minute apart.
func scores(samples []sources.Sample) []float64 {
	d := surprise.New()
	out := make([]float64, len(samples))
	for i, s := range samples {
		out[i] = d.Next(s.At, s.Value, s.None)
	}
	return out
}

func TestSurprise(t *testing.T) {
	samples := append(traffic("shop", 90, 60), traffic("api", 90, 1000)...)
	v := window(samples...).View(sources.Cursor{At: at(95)})
	e := query.NewEngine()
	for expr, want := range map[string]string{
		`surprise:alb_requests >= 1`:                                                    "",
		`max_over_time(surprise:alb_requests[60m]) >= bool 1`:                           "api 0, shop 1",
		`count_over_time(surprise:alb_requests{resource="shop"}[10m])`:                  "shop 10",
		`alb_requests and on (resource) max_over_time(surprise:alb_requests[60m]) >= 1`: "shop 2",
	} {
		if got := asked(t, v, expr, 90, query.Options{}); got != want {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
	want := scores(samples[:90])
	first := slices.IndexFunc(want, func(s float64) bool { return s >= 1 })
	if first < 60 || first > 64 {
		t.Fatalf("the detector pages first at %d, want soon after minute 60", first)
	}
	lines, err := e.Range(t.Context(), v, "surprise:alb_requests", at(0), at(90), query.Options{Resource: "shop"})
	if err != nil || len(lines) != 1 || len(lines[0].Points) != 90 {
		t.Fatalf("%v, %v", lines, err)
	}
	for m, p := range lines[0].Points {
		if p.Value != want[m] || !p.At.Equal(at(float64(m))) {
			t.Fatalf("minute %d: %+v, want %v", m, p, want[m])
		}
	}
	bare, err := query.NewEngine().Instant(t.Context(), v, "surprise:alb_requests", at(float64(first+1)), query.Options{Resource: "shop"})
	if err != nil || len(bare) != 1 || bare[0].Value != want[first] || bare[0].Series != series("surprise:alb_requests", "shop") {
		t.Errorf("bare: %+v, %v; want %v", bare, err, want[first])
	}
}

// Its watermark is that of the metric: what has not settled is not judged, and a dead series has no data.
func TestSurpriseWatermark(t *testing.T) {
	w := window(traffic("shop", 90, 1000)...)
	e := query.NewEngine()
	for cursor, want := range map[float64]float64{95: 90, 91.5: 89, 50.5: 48} {
		v := w.View(sources.Cursor{At: at(cursor)})
		plain, err := e.Watermark(v, "alb_requests", "shop")
		if err != nil || !plain.Equal(at(want)) {
			t.Fatalf("at %v the watermark is %v, %v; want %v", cursor, plain.Sub(t0), err, want)
		}
		if mark, err := e.Watermark(v, "surprise:alb_requests > 1", "shop"); err != nil || !mark.Equal(plain) {
			t.Errorf("at %v the watermark of its surprise is %v, %v; want %v", cursor, mark.Sub(t0), err, want)
		}
	}
	var none *query.NoDataError
	if _, err := e.Watermark(w.View(sources.Cursor{At: at(120)}), "surprise:alb_requests", "shop"); !errors.As(err, &none) {
		t.Errorf("of a dead series: %v", err)
	}
	var missing *query.NotFoundError
	if _, err := e.Watermark(w.View(sources.Cursor{At: at(95)}), "surprise:alb_healthy_hosts", "shop"); !errors.As(err, &missing) {
		t.Errorf("of a series that never existed: %v", err)
	}
}

// Derived metrics have it, labels stay, silence of a sparse metric is zero and of others nothing.
func TestSurpriseOfAllKinds(t *testing.T) {
	w := sources.NewWindow(4 * time.Hour)
	w.Apply(sources.Batch{Samples: traffic("shop", 60, 1000)})
	for m := range 60 {
		rule := sources.Sample{Series: sources.Series{Metric: "waf_rule_blocked", Resource: "edge", Label: "rate"}, At: at(float64(m)), Seen: at(float64(m) + 1.5), Value: 5}
		w.Apply(sources.Batch{Samples: []sources.Sample{rule, none("alb_latency_p95_seconds", "shop", m, float64(m)+1.5)}})
	}
	v := query.NewDeriver().View(w, sources.Cursor{At: at(70)})
	for expr, want := range map[string]string{
		"count_over_time(surprise:alb_error_ratio[60m])":                 "shop 60",
		"count_over_time(surprise:alb_elb_5xx[60m])":                     "shop 60",
		"count_over_time(surprise:alb_latency_p95_seconds[60m])":         "",
		`count_over_time(surprise:waf_rule_blocked{rule="rate"}[60m])`:   "edge 60",
		`sum by (rule) (count_over_time(surprise:waf_rule_blocked[5m]))`: " 5",
		`series_age_seconds{metric="surprise:alb_requests"}`:             "",
	} {
		if got := asked(t, v, expr, 60, query.Options{}); got != want {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}

func TestSurpriseNames(t *testing.T) {
	for expr, want := range map[string]string{
		"surprise:alb_requests > 1":         "",
		"surprise:alb_error_ratio":          "",
		"surprise:alb_request > 1":          `1:1: unknown metric "surprise:alb_request"; did you mean "surprise:alb_requests"?`,
		"surpris:alb_requests > 1":          `1:1: unknown metric "surpris:alb_requests"; did you mean "surprise:alb_requests"?`,
		"1 + surprise:launch_seconds":       "1:5: there is no surprise: of launch_seconds: only what is measured of the site has one",
		`surprise:alb_requests{rule="a"}`:   `1:1: surprise:alb_requests has no label "rule"`,
		"surprise:surprise:alb_requests":    `unknown metric "surprise:surprise:alb_requests"`,
		"previous:alb_requests":             "",
		"previou:alb_requests":              `did you mean "previous:alb_requests"?`,
		"previous:launch_seconds":           "there is no previous: of launch_seconds",
		"previous:surprise:alb_requests":    "unknown metric",
		"surprise:":                         `unknown metric "surprise:"`,
		"surprise:alb_requests offset -30s": "looks into the future",
	} {
		got := ""
		if err := query.Check(expr); err != nil {
			got = err.Error()
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}

// Whatever an engine has followed before (a cursor that jumps, revisions, other windows, several cursors), it says what
// one that looks for the first time says.
func TestSurpriseFollows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		old := query.NewEngine()
		w := sources.NewWindow(24 * time.Hour)
		minutes, launches := 0, 1.0
		for range rapid.IntRange(1, 7).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0: // another launch
				w, minutes, launches = sources.NewWindow(24*time.Hour), 0, launches+1
			case 1: // a revision
				m := rapid.IntRange(0, minutes).Draw(t, "revised")
				w.Apply(sources.Batch{Samples: []sources.Sample{sample("alb_requests", "shop", m, float64(minutes)+2, rapid.Float64Range(0, 200).Draw(t, "value"))}})
			}
			for range rapid.IntRange(0, 40).Draw(t, "grows") {
				if minutes++; minutes%17 == 0 {
					continue // never read
				}
				w.Apply(sources.Batch{Samples: []sources.Sample{sample("alb_requests", "shop", minutes, float64(minutes)+1.5, launches*math.Mod(float64(minutes)*37, 11)+launches)}})
			}
			c := sources.Cursor{At: at(rapid.Float64Range(0, float64(minutes)+10).Draw(t, "cursor"))}
			if rapid.Bool().Draw(t, "settled") {
				c.Truth = sources.AsSettled
			}
			want := surprises(t, query.NewEngine(), w.View(c))
			if got := surprises(t, old, w.View(c)); got != want {
				t.Fatalf("at %v:\n%s, want\n%s", c.At.Sub(t0), got, want)
			}
		}
	})
}

func surprises(t *rapid.T, e *query.Engine, v *sources.View) string {
	lines, err := e.Range(t.Context(), v, "surprise:alb_requests", at(-10), at(300), query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := ""
	for _, l := range lines {
		for _, p := range l.Points {
			out += fmt.Sprintf("%d:%v ", int(p.At.Sub(t0)/time.Minute), p.Value)
		}
	}
	return out
}

// A window that lets go of its past does not make the engine forget it.
func TestSurpriseRemembers(t *testing.T) {
	samples := traffic("shop", 400, 390)
	want := scores(samples)
	w := sources.NewWindow(time.Hour)
	e := query.NewEngine()
	for m, s := range samples {
		w.Apply(sources.Batch{Samples: []sources.Sample{s}})
		if m < 10 {
			continue
		}
		found, err := e.Instant(t.Context(), w.View(sources.Cursor{At: at(float64(m) + 1.6)}), "surprise:alb_requests", at(float64(m)-1), query.Options{})
		if err != nil || len(found) != 1 || found[0].Value != want[m-2] {
			t.Fatalf("minute %d: %+v, %v; want %v", m, found, err, want[m-2])
		}
	}
}

// BenchmarkSurpriseTick is a minute of 64 load balancers in a window of four hours, all of whose surprise is asked for.
func BenchmarkSurpriseTick(b *testing.B) {
	w := sources.NewWindow(4 * time.Hour)
	e := query.NewEngine()
	minute := 0
	tick := func() {
		var batch sources.Batch
		for r := range 64 {
			batch.Samples = append(batch.Samples, sample("alb_requests", fmt.Sprintf("r%d", r), minute, float64(minute)+1.5, float64(1000+minute*37%89+r)))
		}
		w.Apply(batch)
		minute++
	}
	for range 240 {
		tick()
	}
	b.ReportAllocs()
	for b.Loop() {
		tick()
		if _, err := e.Instant(b.Context(), w.View(sources.Cursor{At: at(float64(minute) + 0.6)}), "surprise:alb_requests >= 1", time.Time{}, query.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// One engine serves several goroutines, whose views stand at different times.
func TestSurpriseOfManyAtOnce(t *testing.T) {
	samples := traffic("shop", 90, 60)
	want := scores(samples)
	w := window(samples...)
	e := query.NewEngine()
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 40 {
				minute := 20 + (i*7+g*13)%60
				found, err := e.Instant(t.Context(), w.View(sources.Cursor{At: at(float64(minute) + 3)}), "surprise:alb_requests", at(float64(minute)+1), query.Options{})
				if err != nil || len(found) != 1 || found[0].Value != want[minute] {
					t.Errorf("minute %d: %+v, %v; want %v", minute, found, err, want[minute])
				}
			}
		})
	}
	all.Wait()
}
