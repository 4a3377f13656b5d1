package chart

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Lines differ by their strokes, and where two cross neither ends.
func TestLinesDifferWithoutColours(t *testing.T) {
	now := time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)
	line := func(f func(i int) float64) []Point {
		var out []Point
		for i := range 30 {
			out = append(out, Point{At: now.Add(time.Duration(i-31) * time.Minute), Span: time.Minute, Value: f(i)})
		}
		return out
	}
	for _, ascii := range []bool{false, true} {
		l := Lines{Now: now, Span: 30 * time.Minute, ASCII: ascii, Value: func(float64) string { return "1" }, Time: func(time.Time) string { return "1" }, Series: []Series{
			{Name: "up", Points: line(func(i int) float64 { return float64(i / 15 * 8) })}, {Name: "flat", Points: line(func(int) float64 { return 4 })},
		}}
		var drawn strings.Builder
		inks := map[Ink]bool{}
		if !l.Draw(60, 12, func(_, _ int, r rune, ink Ink) { drawn.WriteRune(r); inks[ink] = true }) {
			t.Fatal("nothing drawn")
		}
		if l.Sample(0) == l.Sample(1) || !inks[Line1] || !inks[Line2] {
			t.Errorf("ascii %v: samples %q and %q", ascii, l.Sample(0), l.Sample(1))
		}
		for _, want := range []string{l.Sample(0), l.Sample(1), map[bool]string{false: "┼", true: "+"}[ascii]} {
			if !strings.Contains(drawn.String(), want) {
				t.Errorf("ascii %v: %q is not drawn", ascii, want)
			}
		}
	}
}

func TestALegendIsCutLast(t *testing.T) {
	l := Lines{Series: []Series{{Name: "latency_p50_seconds 41 ms"}, {Name: "latency_p95_seconds 412 ms"}, {Name: "latency_p99_seconds 1.20 s"}}}
	for w, want := range map[int][]string{
		120: {"latency_p50_seconds 41 ms", "latency_p95_seconds 412 ms", "latency_p99_seconds 1.20 s"},
		60:  {"p50 41 ms", "p95 412 ms", "p99 1.20 s"},
		40:  {"p50 41 ms", "p95 412 ms", "p99"},
		34:  {"p50 41 ms", "p95", "p99"},
	} {
		if diff := cmp.Diff(want, l.Legend(w)); diff != "" {
			t.Errorf("in %d columns:\n%s", w, diff)
		}
	}
	if diff := cmp.Diff([]string{"in", "in_service"}, distinct([]string{"asg_in", "asg_in_service"})); diff != "" {
		t.Error(diff)
	}
}
