package sources_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"warroom/sources"
	"warroom/sources/query"
)

// strangers are the metrics that bear another name than their service's.
var strangers = []string{"mark_active", "series_age_seconds"}

func TestCatalogue(t *testing.T) {
	all := sources.Metrics()
	if !slices.IsSortedFunc(all, func(a, b sources.Metric) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("metrics are not sorted")
	}
	for _, m := range all {
		t.Run(m.Name, func(t *testing.T) {
			if found, ok := sources.Lookup(m.Name); !ok || found != m {
				t.Errorf("Lookup gives %+v", found)
			}
			if !slices.Contains(sources.Services, m.Service) {
				t.Errorf("service %q is not in Services", m.Service)
			}
			if !strings.HasPrefix(m.Name, m.Service+"_") && !slices.Contains(strangers, m.Name) {
				t.Errorf("the name does not begin with its service %q", m.Service)
			}
			if !strings.HasSuffix(m.Help, ".") || strings.Contains(m.Help, "\n") {
				t.Errorf("help is no sentence: %q", m.Help)
			}
			if m.Period != time.Minute || m.Settle < 0 || m.Settle%m.Period != 0 {
				t.Errorf("period %v and settle time %v: periods are minutes and settling is a multiple of them", m.Period, m.Settle)
			}
			suffixes := map[sources.Unit]string{sources.Ratio: "_ratio", sources.Seconds: "_seconds"}
			for unit, suffix := range suffixes {
				if (m.Unit == unit) != strings.HasSuffix(m.Name, suffix) {
					t.Errorf("unit %s and name do not agree", m.Unit)
				}
			}
			if m.Unit == sources.Ratio && m.Gap == sources.Zero {
				t.Error("the silence of a share cannot mean zero")
			}
		})
	}
}

func TestFormulas(t *testing.T) {
	for _, m := range sources.Metrics() {
		if !m.Derived() {
			if in := m.Inputs(); in != nil {
				t.Errorf("%s is raw and has inputs %v", m.Name, in)
			}
			continue
		}
		t.Run(m.Name, func(t *testing.T) {
			if err := query.Check(m.Formula); err != nil {
				t.Fatalf("%s: %v", m.Formula, err)
			}
			var slowest time.Duration
			for _, name := range m.Inputs() {
				in, _ := sources.Lookup(name)
				if in.Service != m.Service {
					t.Errorf("reads %s of another service; formulas are computed service by service", name)
				}
				slowest = max(slowest, in.Settle)
			}
			if m.Settle != slowest {
				t.Errorf("settles after %v, its slowest input after %v", m.Settle, slowest)
			}
			if circle(m, nil) {
				t.Error("reads itself in the end")
			}
			got, err := unit(parse(t, m.Formula))
			if err != nil || got != m.Unit {
				t.Errorf("%s comes to %s, the catalogue says %s (%v)", m.Formula, got, m.Unit, err)
			}
		})
	}
}

func parse(t *testing.T, formula string) parser.Expr {
	t.Helper()
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(formula)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func circle(m sources.Metric, above []string) bool {
	if slices.Contains(above, m.Name) {
		return true
	}
	for _, name := range m.Inputs() {
		in, _ := sources.Lookup(name)
		if circle(in, append(above, m.Name)) {
			return true
		}
	}
	return false
}

// number is the unit of a literal: it goes with everything.
const number sources.Unit = ""

// unit is what a formula comes to.
func unit(e parser.Expr) (sources.Unit, error) {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return unit(e.Expr)
	case *parser.NumberLiteral:
		return number, nil
	case *parser.VectorSelector:
		m, _ := sources.Lookup(e.Name)
		return m.Unit, nil
	case *parser.AggregateExpr:
		inner, err := unit(e.Expr)
		switch e.Op.String() {
		case "sum":
			return inner, err
		case "count":
			return sources.Level, err
		}
		return "", errors.Join(err, fmt.Errorf("the catalogue's formulas have no %v", e.Op))
	case *parser.BinaryExpr:
		left, err1 := unit(e.LHS)
		right, err2 := unit(e.RHS)
		result, err := combine(e.Op.String(), left, right)
		return result, errors.Join(err1, err2, err)
	}
	return "", fmt.Errorf("the catalogue's formulas have no %T", e)
}

func combine(op string, a, b sources.Unit) (sources.Unit, error) {
	switch {
	case op == "and" || op == "==" && (a == b || b == number):
		return a, nil
	case op == "/" && a == b:
		return sources.Ratio, nil
	case op == "/" && a == sources.Count && b == number:
		return sources.PerSecond, nil
	case op == "*" && (b == sources.Ratio || b == number):
		return a, nil
	case op == "*" && a == number:
		return b, nil
	case (op == "+" || op == "-" || op == "or") && (a == b || b == number):
		return a, nil
	case (op == "+" || op == "-") && a == number:
		return b, nil
	}
	return "", fmt.Errorf("%s %s %s makes no sense", a, op, b)
}

// The check must be able to fail.
func TestUnitsDisagree(t *testing.T) {
	for _, formula := range []string{"alb_requests + alb_healthy_hosts", "alb_requests / 60 + alb_requests", "alb_requests * alb_elb_5xx", "max(alb_requests)", "alb_requests == alb_lcu", "rate(alb_requests[5m])"} {
		if got, err := unit(parse(t, formula)); err == nil {
			t.Errorf("%s comes to %s without a word", formula, got)
		}
	}
}

func TestNearest(t *testing.T) {
	among := []string{"alb_error_ratio", "alb_requests", "waf_blocked", "visitors"}
	for word, want := range map[string]string{
		"alb_eror_ratio": "alb_error_ratio", "alb_reqeusts": "alb_requests", "visitor": "visitors",
		"alb_requests": "alb_requests", "waf": "", "nonsense_altogether": "", "": "", "бла": "",
		"Visitor": "visitors", "WAF_BLOCKED": "waf_blocked",
		"alb_er": "alb_error_ratio", "Blocked": "waf_blocked", "alb_": "alb_requests", "alb": "", "waf_blocked_per_day": "",
	} {
		if got := sources.Nearest(word, among); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
	if got := sources.Nearest("ab", []string{"ac", "ad"}); got != "ac" {
		t.Errorf("of two equally near words %q was taken, want the first", got)
	}
}

func ExampleSeries_String() {
	fmt.Println(sources.Series{Metric: "waf_rule_blocked", Resource: "edge", Label: "rate"})
	// Output: waf_rule_blocked{resource="edge",rule="rate"}
}

// A prefix makes a name of every metric that is measured, and of no other; none of them is recorded.
func TestPrefixes(t *testing.T) {
	t.Parallel()
	for _, of := range sources.Metrics() {
		for _, prefix := range sources.Prefixes {
			m, known := sources.Lookup(prefix + of.Name)
			if known != of.Measured() {
				t.Errorf("%s%s: known %t, its service is %s", prefix, of.Name, known, of.Service)
			}
			if known && (m.Name != prefix+of.Name || !m.Derived() || m.Period != of.Period || m.Label != of.Label || m.Service != of.Service) {
				t.Errorf("%s%s is %+v", prefix, of.Name, m)
			}
		}
	}
	for _, name := range []string{"surprise:", "surprise:alb", "surprise:surprise:alb_requests", "previous:launch_phase", ":alb_requests", "alb_requests:"} {
		if _, known := sources.Lookup(name); known {
			t.Errorf("%q is known", name)
		}
	}
}
