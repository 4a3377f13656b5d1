package query

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"warroom/sources"
)

// derivedOf are derived from those.
var derivedOf = []string{"alb_requests_per_second", "alb_error_ratio"}

// operand draws what a condition of a rule compares; scalar tells whether it is a number.
func operand(t *rapid.T, depth int) (text string, scalar bool) {
	metric := rapid.SampledFrom(slices.Concat(metricsOf, derivedOf)).Draw(t, "metric")
	switch kind := rapid.IntRange(0, 8).Draw(t, "node"); {
	case kind == 0:
		return rapid.SampledFrom([]string{"0", "1", "-2", "0.5", "(1 + 2)"}).Draw(t, "number"), true
	case kind == 1 || depth == 0:
		return metric + rapid.SampledFrom([]string{"", "", " offset 2m"}).Draw(t, "offset"), false
	case kind <= 3:
		window := rapid.SampledFrom([]string{"[1m]", "[3m]", "[10m]", "[3m] offset 1m"}).Draw(t, "window")
		if function := rapid.SampledFrom([]string{"sum", "avg", "min", "max", "count", "quantile"}).Draw(t, "function"); function != "quantile" {
			return function + "_over_time(" + metric + window + ")", false
		}
		return "quantile_over_time(" + rapid.SampledFrom([]string{"0", "0.25", "0.5", "1"}).Draw(t, "quantile") + ", " + metric + window + ")", false
	case kind == 7:
		return metric + rapid.SampledFrom([]string{" / ", " - "}).Draw(t, "op") + "on(site) group_left() sum by (site) (alb_elb_5xx" + rapid.SampledFrom([]string{"", " offset 1m"}).Draw(t, "offset") + ")", false
	case kind == 8:
		if of, scalar := operand(t, depth-1); !scalar {
			return rapid.SampledFrom([]string{"quantile_over_time(0.5, ", "sum_over_time(", "max_over_time("}).Draw(t, "function") +
				"(" + of + ")" + rapid.SampledFrom([]string{"[4m:2m]", "[3m:1m]", "[10m:5m] offset 1m", "[90s:1m]"}).Draw(t, "window") + ")", false
		}
		fallthrough
	case kind == 4:
		if of, scalar := operand(t, depth-1); !scalar {
			return rapid.SampledFrom([]string{"sqrt", "abs"}).Draw(t, "call") + "(" + of + ")", false
		}
		fallthrough
	default:
		left, leftScalar := operand(t, depth-1)
		right, rightScalar := operand(t, depth-1)
		return fmt.Sprintf("(%s %s %s)", left, rapid.SampledFrom([]string{"+", "-", "*", "/"}).Draw(t, "op"), right), leftScalar && rightScalar
	}
}

// conditions draws comparisons that are joined.
func conditions(t *rapid.T, depth int) string {
	if depth > 0 && rapid.Bool().Draw(t, "joined") {
		return "(" + conditions(t, depth-1) + rapid.SampledFrom([]string{" and ", " or ", " unless "}).Draw(t, "join") + conditions(t, depth-1) + ")"
	}
	if rapid.IntRange(0, 5).Draw(t, "of age") == 0 {
		return ages(t)
	}
	left, scalar := operand(t, 2)
	if scalar {
		left = "alb_requests * " + left
	}
	right, _ := operand(t, 2)
	if rapid.IntRange(0, 9).Draw(t, "of time") == 0 {
		left, right = "on() launch_seconds", "100"
		return "alb_requests and " + left + rapid.SampledFrom([]string{" > ", " <= "}).Draw(t, "cmp") + right
	}
	return left + rapid.SampledFrom([]string{" > ", " >= ", " < ", " <= ", " == ", " != "}).Draw(t, "cmp") + right
}

// moment draws a time in minutes, which need not be full.
func moment(t *rapid.T, name string, least, most int) time.Duration {
	at := time.Duration(rapid.IntRange(least, most).Draw(t, name)) * time.Minute
	return at + rapid.SampledFrom([]time.Duration{0, 0, 1, 999, 30_000, 59_999}).Draw(t, name+" off")*time.Millisecond
}

// ages draws comparisons of how old series are, as a rule about gaps has them.
func ages(t *rapid.T) string {
	of := "series_age_seconds" + rapid.SampledFrom([]string{"", `{metric=~"alb_(requests|elb_5xx)"}`, `{metric!="alb_requests", resource="a"}`}).Draw(t, "which")
	if rapid.Bool().Draw(t, "labelled") {
		of = fmt.Sprintf(`label_replace(%s, %q, "$1", "metric", "([a-z]+)_.*")`, of, rapid.SampledFrom([]string{"service", "resource"}).Draw(t, "label"))
	}
	of = rapid.SampledFrom([]string{"", "min by (resource) ", "max by (resource) ", "sum by (resource) ", "max "}).Draw(t, "group") + "(" + of + ")"
	of += rapid.SampledFrom([]string{" > ", " < ", " == ", " != ", " >= bool "}).Draw(t, "cmp") + rapid.SampledFrom([]string{"60", "180", "420"}).Draw(t, "seconds")
	if rapid.Bool().Draw(t, "counted") {
		return "count(" + of + ") > 0"
	}
	return of
}

// TestGuardsKeepNothingBack: what an expression comes to is the same with its guards and without, whatever was read, and they
// keep the engine from being asked about most of what comes to nothing.
func TestGuardsKeepNothingBack(t *testing.T) {
	e := NewEngine()
	empty, barred := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := sources.NewWindow(4 * time.Hour)
		w.Apply(sources.Batch{Samples: rapid.SliceOfN(readings, 0, 60).Draw(t, "samples")})
		v := NewDeriver().View(w, sources.Cursor{At: began.Add(moment(t, "cursor", 0, 12)), Truth: sources.AsSettled})
		text := conditions(t, 2)
		p, err := e.plan(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		o := Options{Provisional: rapid.Bool().Draw(t, "provisional"), Launch: &sources.Launch{T0: began}}
		if rapid.Bool().Draw(t, "sites") {
			o.Launch.Sites = map[string]map[string]string{"north": {"alb": "a"}, "south": {"alb": "b"}}
		}
		at := began.Add(moment(t, "at", -1, 11))
		got, err := e.Instant(t.Context(), v, text, at, o)
		if err != nil {
			return // labels that the metrics do not have
		}
		want, err := e.Instant(t.Context(), v, "0 + ("+text+")", at, o)
		if err != nil {
			return
		}
		if len(got) != len(want) {
			t.Fatalf("%s at %s: %+v, and without guards %+v", text, at, got, want)
		}
		byValue := func(a, b Result) int { return cmp.Compare(a.Value, b.Value) } // ages come in any order
		slices.SortFunc(got, byValue)
		slices.SortFunc(want, byValue)
		for i := range got {
			if a, b := got[i].Value, want[i].Value; a != b && !(math.IsNaN(a) && math.IsNaN(b)) {
				t.Fatalf("%s at %s: %+v, and without guards %+v", text, at, got, want)
			}
		}
		if len(want) == 0 {
			empty++
		}
		if e.barred(p, v, at, o) {
			barred++
		}
	})
	if barred*2 < empty {
		t.Errorf("of %d expressions that came to nothing guards kept %d from the engine", empty, barred)
	}
}

// TestGuardsHoldWhereDigitsCancel: what is left of a difference of nearly equal things is nothing but the last digits of both,
// and those of a guard must be the engine's then.
func TestGuardsHoldWhereDigitsCancel(t *testing.T) {
	e := NewEngine()
	at := began.Add(3 * time.Minute)
	for _, values := range [][]float64{{0.1, 0.1, 0.1}, {0.7, 0.1, 0.2}, {0.1, 0.2, 0.3}, {1e16, 1, -1e16}, {math.MaxFloat64, math.MaxFloat64, 1}} {
		w := sources.NewWindow(time.Hour)
		for i, value := range values {
			begins := began.Add(time.Duration(i) * time.Minute)
			w.Apply(sources.Batch{Samples: []sources.Sample{{Series: sources.Series{Metric: "alb_requests", Resource: "a"}, At: begins, Seen: begins, Value: value}}})
		}
		v := w.View(sources.Cursor{At: at.Add(time.Hour), Truth: sources.AsSettled})
		for _, left := range []string{
			"avg_over_time(alb_requests[3m]) - 0.1", "avg_over_time(alb_requests[3m]) - alb_requests", "sum_over_time(alb_requests[3m]) - 1",
			"sum_over_time(alb_requests[3m]) - 0.6", "quantile_over_time(0.5, alb_requests[3m]) - avg_over_time(alb_requests[3m])",
		} {
			for _, op := range []string{"==", "!=", ">", ">=", "<", "<="} {
				text := left + " " + op + " 0"
				got, err1 := e.Instant(t.Context(), v, text, at, Options{Provisional: true})
				want, err2 := e.Instant(t.Context(), v, "0 + ("+text+")", at, Options{Provisional: true})
				if err1 != nil || err2 != nil || len(got) != len(want) {
					t.Errorf("%s of %v: %+v, and without guards %+v; %v, %v", text, values, got, want, err1, err2)
				}
			}
		}
	}
}
