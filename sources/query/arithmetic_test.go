package query

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"pgregory.net/rapid"

	"warroom/sources"
)

var began = time.Date(2026, 3, 1, 19, 15, 0, 0, time.UTC)

// metricsOf are sparse, dense and undefined ones.
var metricsOf = []string{"alb_requests", "alb_elb_5xx", "alb_target_5xx", "alb_healthy_hosts", "alb_latency_p50_seconds"}

// readings draws samples of three resources, some of which do not begin on the minute or bear a label.
var readings = rapid.Custom(func(t *rapid.T) sources.Sample {
	at := began.Add(time.Duration(rapid.IntRange(-2, 8).Draw(t, "minute")) * time.Minute)
	if rapid.IntRange(0, 9).Draw(t, "crooked") == 0 {
		at = at.Add(time.Duration(rapid.IntRange(1, 59999).Draw(t, "off")) * time.Millisecond)
	}
	s := sources.Series{Metric: rapid.SampledFrom(metricsOf).Draw(t, "metric"), Resource: rapid.SampledFrom([]string{"a", "b", ""}).Draw(t, "resource")}
	if rapid.IntRange(0, 40).Draw(t, "labelled") == 0 {
		s.Label = "x"
	}
	return sources.Sample{
		Series: s, At: at, Seen: at.Add(time.Duration(rapid.IntRange(60, 300).Draw(t, "late")) * time.Second),
		Value: rapid.SampledFrom([]float64{0, 1, 2, -3, 0.1, 1e300, 1e-300, 1e16}).Draw(t, "value"), None: rapid.IntRange(0, 5).Draw(t, "none") == 0,
	}
})

// expression draws a formula of the kind that has a short way; scalar tells whether it is a number.
func expression(t *rapid.T, depth int) (text string, scalar bool) {
	switch kind := rapid.IntRange(0, 5).Draw(t, "node"); {
	case depth == 0 || kind == 0:
		return rapid.SampledFrom(metricsOf).Draw(t, "metric"), false
	case kind == 1:
		return rapid.SampledFrom([]string{"0", "1", "60", "0.5"}).Draw(t, "number"), true
	case kind == 2:
		if of, scalar := expression(t, depth-1); !scalar {
			return rapid.SampledFrom([]string{"sqrt", "abs"}).Draw(t, "call") + "(" + of + ")", false
		}
		fallthrough
	default:
		left, leftScalar := expression(t, depth-1)
		right, rightScalar := expression(t, depth-1)
		op := rapid.SampledFrom([]string{"+", "-", "*", "/", "or"}).Draw(t, "op")
		if op == "or" && (leftScalar || rightScalar) {
			op = "*"
		}
		return fmt.Sprintf("(%s %s %s)", left, op, right), leftScalar && rightScalar
	}
}

// TestArithmeticIsTheEngines holds the short way against the engine, to the last bit.
func TestArithmeticIsTheEngines(t *testing.T) {
	d := NewDeriver()
	rapid.Check(t, func(t *rapid.T) {
		w := sources.NewWindow(4 * time.Hour)
		w.Apply(sources.Batch{Samples: rapid.SliceOfN(readings, 0, 40).Draw(t, "samples")})
		v := w.View(sources.Cursor{At: began.Add(time.Duration(rapid.IntRange(0, 12).Draw(t, "cursor")) * time.Minute), Truth: sources.Truth(rapid.IntRange(0, 1).Draw(t, "truth"))})
		text, scalar := expression(t, 3)
		if scalar {
			text = "alb_requests + " + text
		}
		simple, partly := d.engine.simple(text)
		if simple == nil || partly {
			t.Fatalf("%s has no short way", text)
		}
		const n = 8
		f := formula{metric: sources.Metric{Formula: text}}
		whole := d.asked(f, v, began, n)
		for _, resource := range []string{"a", "b", ""} {
			got, ok := simple.over(v, resource, began, n, Options{Provisional: true})
			if !ok {
				continue // labels that the metrics do not have: the engine is asked
			}
			if err := d.engine.each(t.Context(), v, text, began, began.Add(n*time.Minute), Options{Provisional: true}, nothing); err != nil {
				continue // another resource's series bear such labels, and spoil all in the engine
			}
			for i := range n {
				var want value
				if values := whole[resource]; values != nil {
					want = values[i]
				}
				if got[i].ok != want.ok || math.Float64bits(got[i].v) != math.Float64bits(want.v) && !(math.IsNaN(got[i].v) && math.IsNaN(want.v)) {
					t.Fatalf("%s of %q in minute %d: %v, and the engine %v", text, resource, i, got[i], want)
				}
			}
		}
	})
}

// TestShortWayOfAnAlternative holds formulas of which only the first alternative has a short way against the engine.
func TestShortWayOfAnAlternative(t *testing.T) {
	d := NewDeriver()
	const text = "alb_elb_5xx / alb_requests or alb_elb_5xx / ignoring(resource) group_left() (sum without(resource) (alb_requests) and on() count(alb_requests) == 1)"
	short, partly := d.engine.simple(text)
	if short == nil || !partly {
		t.Fatalf("%s has the short way %v, partly %t", text, short, partly)
	}
	f, shorter := formula{metric: sources.Metric{Formula: text}, simple: short, partly: true}, 0
	rapid.Check(t, func(t *rapid.T) {
		w := sources.NewWindow(4 * time.Hour)
		samples := rapid.SliceOfN(readings, 0, 100).Draw(t, "samples")
		for i := range samples {
			samples[i].Series.Label = ""
		}
		w.Apply(sources.Batch{Samples: samples})
		v := w.View(sources.Cursor{At: began.Add(12 * time.Minute), Truth: sources.AsSettled})
		n := rapid.IntRange(1, 3).Draw(t, "minutes")
		s := stretch{began, began.Add(time.Duration(n-1) * time.Minute)}
		whole, evaluate := d.asked(f, v, began, n), d.evaluator(f, v, s)
		for _, resource := range []string{"a", "b", ""} {
			if values, ok := short.over(v, resource, began, n, Options{Provisional: true}); ok && complete(values) {
				shorter++
			}
			got := evaluate(resource)
			for i := range n {
				var want, have value
				if values := whole[resource]; values != nil {
					want = values[i]
				}
				if got != nil {
					have = got[i]
				}
				if have.ok != want.ok || math.Float64bits(have.v) != math.Float64bits(want.v) && !(math.IsNaN(have.v) && math.IsNaN(want.v)) {
					t.Fatalf("of %q in minute %d: %v, and the engine %v", resource, i, have, want)
				}
			}
		}
	})
	if shorter == 0 {
		t.Error("the short way was never taken")
	}
}

// TestWindowsAndSitesAreTheEngines holds what conditions read, windows and sums by site, against the engine: nearly to the last bit.
func TestWindowsAndSitesAreTheEngines(t *testing.T) {
	e := NewEngine()
	compared := 0
	rapid.Check(t, func(t *rapid.T) {
		samples := rapid.SliceOfN(readings, 30, 120).Draw(t, "samples")
		for i := range samples {
			samples[i].Series.Label, samples[i].Value = "", float64(i%7) // nothing that is lost beside what is much larger
		}
		w := sources.NewWindow(4 * time.Hour)
		w.Apply(sources.Batch{Samples: samples})
		v := w.View(sources.Cursor{At: began.Add(20 * time.Minute)})
		text, scalar := operand(t, 2)
		tree, err := e.parser.ParseExpr(text)
		if err != nil {
			t.Fatal(err)
		}
		short := newArithmetic(tree)
		if short == nil || scalar || len(short.reads(nil)) == 0 {
			return
		}
		o := Options{Launch: &sources.Launch{T0: began}}
		if rapid.Bool().Draw(t, "sites") {
			o.Launch.Sites = map[string]map[string]string{"north": {"alb": "a"}, "south": {"alb": "b"}}
		}
		first := began.Add(time.Duration(rapid.IntRange(-1, 8).Draw(t, "first")) * time.Minute)
		if rapid.IntRange(0, 5).Draw(t, "crooked") == 0 {
			first = first.Add(20 * time.Second)
		}
		const n = 3
		for _, resource := range []string{"a", "b"} {
			got, ok := short.over(v, resource, first, n, o)
			if !ok {
				continue
			}
			for i := range n {
				want := value{}
				results, err := e.Instant(t.Context(), v, "0 + ("+text+")", first.Add(time.Duration(i+1)*time.Minute), o)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range results {
					if r.Series.Resource == resource {
						want = value{r.Value, true}
					}
				}
				if math.IsNaN(got[i].v) {
					got[i] = value{} // which results leave out
				}
				if got[i].ok != want.ok || want.ok && !want.may(parser.EQLC, got[i]) {
					t.Fatalf("%s of %q in minute %d: %v, and the engine %v", text, resource, i, got[i], want)
				}
				if want.ok {
					compared++
				}
			}
		}
	})
	if compared == 0 {
		t.Error("nothing came to anything")
	}
}

func TestWhatNeedsTheEngine(t *testing.T) {
	d := NewDeriver()
	for _, text := range []string{
		"sum(alb_requests)", "alb_requests offset 1m", `alb_requests{resource="a"}`, "alb_requests > 1", "rate(alb_requests[5m])",
		"alb_requests / on(resource) alb_elb_5xx", "waf_rule_blocked * 2", "launch_seconds / 60", "-alb_requests", "alb_requests and alb_elb_5xx", "alb_requests +",
		"alb_requests or vector(0)", "alb_requests * vector(2)", "vector(1)", "sum_over_time(alb_requests[5m])", "1 + quantile_over_time(0.5, alb_requests[5m])",
		"2 * sum(alb_requests)", "alb_requests - sum by (site) (alb_elb_5xx)",
	} {
		if simple, partly := d.engine.simple(text); simple != nil && !partly {
			t.Errorf("%s is taken for simple arithmetic", text)
		}
	}
	simple := 0
	for _, m := range sources.Metrics() {
		if short, partly := d.engine.simple(m.Formula); m.Derived() && short != nil && !partly {
			simple++
		}
	}
	if simple < 11 {
		t.Errorf("only %d of the catalogue's formulas have a short way", simple)
	}
}

func nothing(promql.Series) {}
