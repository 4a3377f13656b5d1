package query

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"warroom/sources"
)

// operand draws what a condition of a rule compares; scalar tells whether it is a number.
func operand(t *rapid.T, depth int) (text string, scalar bool) {
	metric := rapid.SampledFrom(metricsOf).Draw(t, "metric")
	switch kind := rapid.IntRange(0, 6).Draw(t, "node"); {
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

// TestGuardsKeepNothingBack: what an expression comes to is the same with its guards and without, whatever was read, and they
// keep the engine from being asked about most of what comes to nothing.
func TestGuardsKeepNothingBack(t *testing.T) {
	e := NewEngine()
	empty, barred := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := sources.NewWindow(4 * time.Hour)
		w.Apply(sources.Batch{Samples: rapid.SliceOfN(readings, 0, 60).Draw(t, "samples")})
		v := w.View(sources.Cursor{At: began.Add(time.Duration(rapid.IntRange(0, 12).Draw(t, "cursor")) * time.Minute), Truth: sources.AsSettled})
		text := conditions(t, 2)
		p, err := e.plan(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		o := Options{Provisional: rapid.Bool().Draw(t, "provisional"), Launch: &sources.Launch{T0: began}}
		at := began.Add(time.Duration(rapid.IntRange(-1, 11).Draw(t, "at")) * time.Minute)
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
