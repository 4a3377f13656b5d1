package query_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"warroom/sources"
	"warroom/sources/query"
)

// asked evaluates at so many minutes after T0 and prints what came, in order.
func asked(t *testing.T, v *sources.View, expr string, minute float64, o query.Options) string {
	t.Helper()
	results, err := query.NewEngine().Instant(t.Context(), v, expr, at(minute), o)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	return printed(results)
}

func printed(results []query.Result) string {
	var lines []string
	for _, r := range results {
		lines = append(lines, fmt.Sprintf("%s %g", r.Series.Resource, r.Value))
	}
	slices.Sort(lines)
	return strings.Join(lines, ", ")
}

// ramp is alb_requests of the minutes 0 to 9, each seen half a minute after its end, worth its number.
func ramp() *sources.Window {
	var samples []sources.Sample
	for m := range 10 {
		samples = append(samples, sample("alb_requests", "shop", m, float64(m)+1.5, float64(m)))
	}
	return window(samples...)
}

// TestStamps holds the promise that rules rest on: x at the watermark is the newest settled value, and
// x[3m] there holds exactly three.
func TestStamps(t *testing.T) {
	v := ramp().View(sources.Cursor{At: at(10.5)})
	mark, err := query.NewEngine().Watermark(v, "alb_requests", "shop")
	if err != nil || !mark.Equal(at(8)) {
		t.Fatalf("watermark %v, %v; the minute 7 is the newest that has settled at 10:30", mark.Sub(t0), err)
	}
	for expr, want := range map[string]string{
		"alb_requests":                              "shop 7",
		"alb_requests * 1":                          "shop 7",
		"count_over_time(alb_requests[3m])":         "shop 3",
		"sum_over_time(alb_requests[3m])":           "shop 18",
		"count_over_time(alb_requests[1m])":         "shop 1",
		"alb_requests offset 1m":                    "shop 6",
		"sum_over_time(alb_requests[2m] offset 2m)": "shop 9",
		"max_over_time(alb_requests[5m:1m])":        "shop 7",
	} {
		if got := asked(t, v, expr, 8, query.Options{}); got != want {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
		results, err := query.NewEngine().Instant(t.Context(), v, expr, time.Time{}, query.Options{})
		if err != nil || printed(results) != want {
			t.Errorf("%s without a time: %q, %v; want what it is at its watermark", expr, printed(results), err)
		}
	}
	for minute, want := range map[float64]string{8.9: "shop 7", 9: "", 8.5: "shop 7", 7.9: "shop 6", 1: "shop 0", 0.9: ""} {
		for _, expr := range []string{"alb_requests", "alb_requests + 0"} {
			if got := asked(t, v, expr, minute, query.Options{}); got != want {
				t.Errorf("%s at %v min: %q, want %q", expr, minute, got, want)
			}
		}
	}
	if got := asked(t, v, "alb_requests", 10, query.Options{Provisional: true}); got != "shop 9" {
		t.Errorf("with provisional samples: %q", got)
	}
}

func TestGaps(t *testing.T) {
	v := window(
		none("alb_elb_5xx", "shop", 0, 1.5), none("alb_requests", "shop", 0, 1.5), none("alb_latency_p95_seconds", "shop", 0, 1.5),
	).View(sources.Cursor{At: at(10)})
	for expr, want := range map[string]string{
		"alb_elb_5xx": "shop 0", "alb_elb_5xx + 1": "shop 1", "alb_requests": "", "alb_requests + 1": "",
		"alb_latency_p95_seconds": "", "alb_target_5xx": "shop 0", "alb_target_5xx == 0": "shop 0",
	} {
		if got := asked(t, v, expr, 1, query.Options{}); got != want {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}

// TestShortWayIsTheLongWay compares a bare name with the engine's own reading of it.
func TestShortWayIsTheLongWay(t *testing.T) {
	e := query.NewEngine()
	rapid.Check(t, func(t *rapid.T) {
		var samples []sources.Sample
		for range rapid.IntRange(0, 20).Draw(t, "n") {
			minute := rapid.IntRange(0, 8).Draw(t, "minute")
			s := sample(rapid.SampledFrom([]string{"alb_requests", "alb_elb_5xx"}).Draw(t, "metric"), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "resource"),
				minute, float64(minute)+rapid.Float64Range(0, 5).Draw(t, "lag"), float64(minute))
			s.None = rapid.Bool().Draw(t, "none")
			samples = append(samples, s)
		}
		v := window(samples...).View(sources.Cursor{At: at(rapid.Float64Range(0, 14).Draw(t, "cursor"))})
		o := query.Options{Provisional: rapid.Bool().Draw(t, "provisional"), Resource: rapid.SampledFrom([]string{"", "a"}).Draw(t, "for")}
		when := at(float64(rapid.IntRange(0, 40).Draw(t, "when")) / 4)
		for _, name := range []string{"alb_requests", "alb_elb_5xx"} {
			short, err1 := e.Instant(context.Background(), v, name, when, o)
			long, err2 := e.Instant(context.Background(), v, name+" + 0", when, o)
			if err1 != nil || err2 != nil || printed(short) != printed(long) {
				t.Fatalf("%s at %v: short %q, long %q (%v, %v)", name, when.Sub(t0), printed(short), printed(long), err1, err2)
			}
		}
	})
}

func TestRange(t *testing.T) {
	v := ramp().View(sources.Cursor{At: at(30)})
	lines, err := query.NewEngine().Range(t.Context(), v, "alb_requests / 2", at(2.5), at(5), query.Options{})
	if err != nil || len(lines) != 1 {
		t.Fatal(lines, err)
	}
	if got := text(lines[0].Points); got != "2:1 3:1.5 4:2 " {
		t.Errorf("periods that start in [2,5): %q", got)
	}
	if lines, err = query.NewEngine().Range(t.Context(), v, "alb_requests", at(5), at(5), query.Options{}); err != nil || lines != nil {
		t.Errorf("an empty stretch: %v, %v", lines, err)
	}
}

func TestLabels(t *testing.T) {
	launch := &sources.Launch{T0: t0, Sites: map[string]map[string]string{
		"shop": {"alb": "shop", "waf": "edge"}, "api": {"alb": "api"},
	}}
	rule := sources.Sample{Series: sources.Series{Metric: "waf_rule_blocked", Resource: "edge", Label: "rate"}, At: t0, Seen: at(1), Value: 9}
	v := window(sample("alb_requests", "shop", 0, 1, 10), sample("alb_requests", "api", 0, 1, 20), sample("waf_blocked", "edge", 0, 1, 3), rule).View(sources.Cursor{At: at(9)})
	o := func(resource, site string) query.Options {
		return query.Options{Launch: launch, Resource: resource, Site: site}
	}
	for _, c := range []struct {
		expr string
		o    query.Options
		want string
	}{
		{"alb_requests", o("", ""), "api 20, shop 10"},
		{"alb_requests", o("shop", ""), "shop 10"},
		{"alb_requests", o("", "api"), "api 20"},
		{"alb_requests > 5", o("", "api"), "api 20"},
		{"alb_requests > 5", o("shop", ""), "shop 10"},
		{`alb_requests{site="shop"}`, o("", ""), "shop 10"},
		{`alb_requests{resource=~"s.*"}`, o("", ""), "shop 10"},
		{"sum(alb_requests)", o("shop", ""), " 30"}, // what is asked for is not what is read
		{"alb_requests / on(site) waf_blocked", o("", ""), " 3.3333333333333335"},
		{"alb_requests / on(site) group_left waf_blocked", o("", ""), "shop 3.3333333333333335"},
		{`waf_rule_blocked{rule="rate"} > 5`, o("", ""), "edge 9"},
		{`waf_rule_blocked{rule="geo"}`, o("", ""), ""},
		{"scalar(sum(alb_requests))", o("", ""), " 30"},
		{"0 / 0", o("", ""), ""},
		{"waf_blocked * 0 / 0", o("", ""), ""},
	} {
		if got := asked(t, v, c.expr, 1, c.o); got != c.want {
			t.Errorf("%s for %q %q: %q, want %q", c.expr, c.o.Resource, c.o.Site, got, c.want)
		}
	}
	results, _ := query.NewEngine().Instant(t.Context(), v, "waf_rule_blocked * 2", at(1), o("", ""))
	if len(results) != 1 || results[0].Series.Label != "rate" || fmt.Sprint(results[0].Labels) != "map[resource:edge rule:rate site:shop]" {
		t.Errorf("after arithmetic there is left %+v", results)
	}
}

func TestMadeLines(t *testing.T) {
	launch := &sources.Launch{
		T0:     t0,
		Phases: []sources.Phase{{Name: "warm-up", At: "T-30m"}, {Name: "live", At: "T0"}},
		Marks:  []sources.Mark{{At: "T0", Kind: sources.MarkSurge, Until: "T+5m"}, {At: "T+2m", Kind: sources.MarkDeploy}},
	}
	v := ramp().View(sources.Cursor{At: at(20.5)})
	for _, c := range []struct {
		expr   string
		minute float64
		want   string
	}{
		{"launch_seconds", 8.5, " 510"},
		{"launch_seconds", -2, " -120"},
		{`launch_phase{phase="live"}`, 1, " 1"},
		{`launch_phase{phase="live"}`, -1, " 0"},
		{`launch_phase == 1`, -1, " 1"},
		{`mark_active{kind="surge"}`, 4.9, " 1"},
		{`mark_active{kind="surge"}`, 5, " 0"},
		{`mark_active{kind="deploy"}`, 11.9, " 1"},
		{`mark_active{kind="deploy"}`, 12, " 0"},
		{"alb_requests > 3 and on() launch_seconds > 0", 8, "shop 7"},
		{"alb_requests unless on() mark_active{kind=\"surge\"} == 1", 3, ""},
		{`series_age_seconds{metric="alb_requests"}`, 20.5, "shop 630"},
		{`series_age_seconds{metric="alb_requests"}`, 12.5, "shop 150"},
	} {
		if got := asked(t, v, c.expr, c.minute, query.Options{Launch: launch}); got != c.want {
			t.Errorf("%s at %v min: %q, want %q", c.expr, c.minute, got, c.want)
		}
	}
	if got := asked(t, v, "launch_seconds", 1, query.Options{}); got != "" {
		t.Errorf("without a launch: %q", got)
	}
	lines, err := query.NewEngine().Range(t.Context(), v, "launch_seconds / 60", at(0), at(3), query.Options{Launch: launch})
	if err != nil || len(lines) != 1 || text(lines[0].Points) != "0:1 1:2 2:3 " {
		t.Errorf("over a stretch: %v, %v", lines, err)
	}
}

func TestCheck(t *testing.T) {
	for _, expr := range []string{
		"alb_error_ratio > 0.05", "1", "avg_over_time(alb_latency_p95_seconds[5m]) > 1 and on(site) aurora_cpu_ratio > 0.8",
		`sum by (rule) (waf_rule_blocked{resource="edge"})`, `source_up{resource="cloudwatch"} == 0`,
		`series_age_seconds{metric="alb_requests"} > 600`, `label_replace(alb_requests, "path", "$1", "resource", "(.*)") * on(path) group_left alb_requests`,
		"max_over_time(alb_requests[1h:1m])",
	} {
		if err := query.Check(expr); err != nil {
			t.Errorf("%s: %v", expr, err)
		}
	}
	for expr, want := range map[string]string{
		"alb_eror_ratio > 0.05":                         `1:1: unknown metric "alb_eror_ratio"; did you mean "alb_error_ratio"?`,
		"1 +\n  alb_reqests":                            `2:3: unknown metric "alb_reqests"; did you mean "alb_requests"?`,
		"something_else > 1":                            `1:1: unknown metric "something_else"`,
		`alb_requests{resurce="x"}`:                     `1:1: alb_requests has no label "resurce"; did you mean "resource"?`,
		`alb_requests{rule="x"}`:                        `1:1: alb_requests has no label "rule"`,
		`sum by (ruel) (waf_rule_blocked)`:              `1:1: no series in this expression has the label "ruel"; did you mean "rule"?`,
		`alb_requests * on(sit) alb_elb_5xx`:            `1:1: no series in this expression has the label "sit"; did you mean "site"?`,
		`alb_requests * on(site) group_left(x) asg_max`: `1:1: no series in this expression has the label "x"`,
		`{resource="x"}`:                                "1:1: want a metric's name before the braces",
		`{__name__=~"alb_.*"}`:                          "1:1: want a metric's name before the braces",
		"alb_requests[5m]":                              "1:1: want an expression whose value is a vector or a scalar",
		`"text"`:                                        "1:1: want an expression whose value is a vector or a scalar",
		"alb_requests offset -5m":                       "1:1: a negative offset looks into the future; offsets look back",
		"alb_requests @ 1609746000":                     "1:1: the @ modifier is not available: an expression looks back from where it is evaluated",
		"alb_requests >":                                "1:15: unexpected end of input",
		"rate(alb_requests)":                            `1:6: expected type range vector in call to function "rate", got instant vector`,
		"":                                              "1:1: no expression found in input",
	} {
		err := query.Check(expr)
		var located *query.Error
		if !errors.As(err, &located) || err.Error() != want {
			t.Errorf("%q: %v, want %s", expr, err, want)
		}
		if _, err := query.NewEngine().Instant(t.Context(), ramp().View(sources.Cursor{At: at(9)}), expr, at(1), query.Options{}); err == nil {
			t.Errorf("%q was evaluated", expr)
		}
	}
}

func TestWatermark(t *testing.T) {
	minutes := func(metric, resource string, n int) (out []sources.Sample) {
		for m := range n {
			out = append(out, sample(metric, resource, m, float64(m)+1.5, 1))
		}
		return out
	}
	rule := func(name string, n int) (out []sources.Sample) {
		for _, s := range minutes("waf_rule_blocked", "edge", n) {
			s.Series.Label = name
			out = append(out, s)
		}
		return out
	}
	w := window(slices.Concat(
		minutes("alb_requests", "shop", 20), minutes("alb_latency_p95_seconds", "shop", 19), minutes("alb_requests", "old", 4),
		minutes("asg_desired", "web", 20), minutes("cloudfront_requests", "edge", 20), minutes("aurora_cpu_ratio", "main", 17),
		rule("live", 20), rule("retired", 3), minutes("alb_requests", "young", 1)[:0],
		[]sources.Sample{sample("alb_requests", "young", 20, 21.2, 1)},
	)...)
	v := query.NewDeriver().View(w, sources.Cursor{At: at(21.3)})
	for _, c := range []struct{ expr, resource, want string }{
		{"alb_requests > 1", "shop", "19m0s"},                                  // 18 ended at 19, settled at 21
		{"alb_requests + alb_latency_p95_seconds", "shop", "19m0s"},            //
		{"asg_desired", "web", "20m0s"},                                        // settles at once
		{"cloudfront_requests", "edge", "18m0s"},                               // three minutes
		{"alb_requests > 1 and on() asg_desired > 1", "shop", "19m0s"},         // the oldest of them
		{"alb_requests > 1 and on() cloudfront_requests > 1", "shop", "18m0s"}, //
		{"alb_requests and on() aurora_cpu_ratio", "shop", "17m0s"},            // late, but alive
		{"alb_error_ratio > 0.1", "shop", "19m0s"},                             // derived, with inputs never published
		{"alb_elb_5xx > 1", "shop", "19m0s"},                                   // never published, and answered for
		{"alb_requests", "old", `no data: alb_requests{resource="old"} is silent since 17m18s`},
		{"alb_error_ratio", "old", `no data: alb_error_ratio{resource="old"} is silent since 17m18s`},
		{"alb_requests", "young", `no data: nothing of alb_requests{resource="young"} has settled yet`},
		{"alb_latency_p95_seconds", "old", `not found: nothing was ever read of alb_latency_p95_seconds{resource="old"}`},
		{"alb_requests", "nowhere", "19m0s"},      // a resource of another service: what lives decides
		{"waf_rule_blocked > 5", "edge", "19m0s"}, // one rule has died, one lives
		{`waf_rule_blocked{rule="retired"} > 5`, "edge", "19m0s"},
		{"launch_seconds > 0", "shop", "21m18s"},
		{"source_up == 0", "", "21m18s"},
		{`series_age_seconds{metric="alb_requests"} > 600`, "old", "21m18s"},
		{"alb_requests and on() launch_seconds > 0", "shop", "19m0s"},
		{"alb_requests", "", "19m0s"},
		{"alb_reqests", "", `1:1: unknown metric "alb_reqests"; did you mean "alb_requests"?`},
	} {
		mark, err := query.NewEngine().Watermark(v, c.expr, c.resource)
		got := fmt.Sprint(mark.Sub(t0))
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s for %q: %s, want %s", c.expr, c.resource, got, c.want)
		}
	}
}

// TestOneEngineManyViews asks one engine from several goroutines, each with its own view; the race
// detector listens.
func TestOneEngineManyViews(t *testing.T) {
	e := query.NewEngine()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			v := ramp().View(sources.Cursor{At: at(20)})
			for _, expr := range []string{"alb_requests", "alb_requests * 2", "sum(alb_requests)", "alb_elb_5xx"} {
				if _, err := e.Instant(context.Background(), v, expr, at(8), query.Options{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

func TestBareNameCostsLittle(t *testing.T) {
	v := ramp().View(sources.Cursor{At: at(20)})
	e := query.NewEngine()
	n := testing.AllocsPerRun(100, func() {
		if _, err := e.Instant(context.Background(), v, "alb_requests", at(8), query.Options{Resource: "shop"}); err != nil {
			t.Fatal(err)
		}
	})
	if n > 1 {
		t.Errorf("%v allocations for a bare name, want one for the result", n)
	}
}

func TestInstantHonoursItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := query.NewEngine().Instant(ctx, ramp().View(sources.Cursor{At: at(20)}), "sum_over_time(alb_requests[5m])", at(8), query.Options{})
	if err == nil {
		t.Error("a cancelled question was answered")
	}
}
