package query_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/query"
)

// expressions are what the fuzzing of expressions begins with.
var expressions = []string{
	"alb_error_ratio > 0.01", "sum_over_time((alb_error_ratio > bool 0.01)[3m:1m]) >= 2 and alb_error_ratio > 0.005",
	"(asg_max - asg_desired) / deriv(asg_desired[10m]) < 600 unless on() mark_active{kind=\"deploy\"} == 1",
	"sum by(site) (alb_requests) / on(site) group_left() sum by(site) (asg_desired) > 5 * 10", "launch_seconds < -60 or 3 < 2",
	"quantile_over_time(0.25, alb_latency_p95_seconds[2h]) >= 2", "topk(3, label_replace(alb_requests, \"a\", \"$1\", \"resource\", \"(.*)\")) > 5",
	"count_values(\"x\", alb_requests) > 1", "absent(alb_requests) == 1", "vector(1) > bool 1", "-alb_requests offset 5m < -3", "1", "alb_requests[5m]", "\"x\"",
	"waf_rule_blocked{rule=~\"a|b\"} > on(resource) group_left(site) waf_blocked", "time() - timestamp(alb_requests) > 1e9", "alb_requests == NaN", "scalar(alb_requests) > Inf",
}

func seen() *sources.View { return ramp().View(sources.Cursor{At: at(10.5)}) }

// Whatever an expression is, it is refused with a place in it, or all that is told of it without evaluating it is told.
func FuzzLint(f *testing.F) {
	for _, expr := range expressions {
		f.Add(expr)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		e := query.NewEngine()
		inside := func(at *query.Error) bool {
			return at.Line >= 1 && at.Column >= 1 && at.Line <= strings.Count(expr, "\n")+1 && at.Column <= len(expr)+1
		}
		err := e.CheckCondition(expr)
		if at, ok := errors.AsType[*query.Error](err); err != nil && (!ok || !inside(at)) {
			t.Errorf("%q is refused without a place in it: %v", expr, err)
		}
		for _, at := range e.LintCondition(expr) {
			if err == nil && !inside(at) {
				t.Errorf("%q: complaint out of it: %v", expr, at)
			}
		}
		if e.Check(expr) != nil {
			return
		}
		shape, err := e.Shape(expr)
		if err != nil || shape.Open() {
			return
		}
		results, err := e.Instant(t.Context(), seen(), expr, at(8), query.Options{Launch: &sources.Launch{T0: t0}})
		for _, r := range results {
			for label := range r.Labels {
				if err == nil && label != "site" && !strings.Contains(" "+strings.Join(shape.Labels, " ")+" ", " "+label+" ") {
					t.Errorf("%q comes to something with the label %s, which was not told: %v", expr, label, shape.Labels)
				}
			}
		}
	})
}

// Whatever has got a name comes to the same under it, as a whole, as it was, and over time.
func FuzzDefine(f *testing.F) {
	for _, expr := range expressions {
		f.Add(expr)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		e := query.NewEngine()
		if err := e.Define("a:b", expr); err != nil {
			if e.Check("a:b") == nil {
				t.Errorf("%q is refused, and known all the same: %v", expr, err)
			}
			return
		}
		o := query.Options{Launch: &sources.Launch{T0: t0}}
		ask := func(expr string, when time.Time) (float64, int, error) {
			results, err := e.Instant(t.Context(), seen(), expr, when, o)
			sum := 0.0
			for _, r := range results {
				sum += r.Value
			}
			return sum, len(results), err
		}
		for _, pair := range [][3]string{{"a:b", expr, "0"}, {"a:b offset 1m", expr, "-1"}, {"last_over_time(a:b[1m])", expr, "0"}} {
			if err := e.Check(pair[0]); err != nil {
				if strings.Contains(err.Error(), "longer than") {
					return
				}
				t.Fatalf("%q as %s: %v", expr, pair[0], err)
			}
			when := at(8)
			if pair[2] == "-1" {
				when = at(7)
			}
			want, n, err1 := ask(expr, when)
			got, m, err2 := ask(pair[0], at(8))
			if (err1 == nil) != (err2 == nil) {
				t.Fatalf("%q: %v; as %s: %v", expr, err1, pair[0], err2)
			}
			if err1 == nil && (n != m || math.Abs(want-got) > 1e-9*math.Abs(want)) && !math.IsNaN(want-got) {
				t.Fatalf("%q comes to %g (%d), as %s to %g (%d)", expr, want, n, pair[0], got, m)
			}
		}
		for _, use := range []string{"a:b > 1", "max_over_time(a:b[3m]) > 1", "sum(a:b) by (site) == 1"} {
			e.Lint(use)
			if _, err := e.Shape(use); err != nil {
				t.Fatalf("%q in %s: %v", expr, use, err)
			}
		}
	})
}
