package alerts

import (
	"math"
	"strings"
	"testing"
)

// A summary reads as it does with Prometheus.
func TestText(t *testing.T) {
	label := func(name string) string { return "<" + name + ">" }
	for text, want := range map[string]string{
		"":                             "",
		"{{ $labels.resource }} fails": "<resource> fails",
		"{{- $value -}}":               "0.05263157894736842",
		"{{ $value | humanizePercentage }} of all":                        "5.263% of all",
		"{{ $value | humanize }}":                                         "52.63m",
		"{{ $value | humanizeDuration }}":                                 "52.63ms",
		"{{ printf \"%.2f\" $value }}, {{ $value | printf \"%.1f %%\" }}": "0.05, 0.1 %",
		"two\n  lines": "two lines",
	} {
		read, err := newText(text)
		v := 1.0 / 19
		if got := read.fill(&v, label); err != nil || got != want {
			t.Errorf("%s: %q, want %q (%v)", text, got, want, err)
		}
	}
	read, _ := newText("at {{ $value }}")
	if got := read.fill(nil, label); got != "at no value" {
		t.Error(got)
	}
	for v, want := range map[float64][2]string{
		0: {"0", "0s"}, 1: {"1", "1s"}, 0.0123: {"12.3m", "12.3ms"}, 1234.5: {"1.234k", "20m 34s"}, 59.99: {"59.99", "59.99s"}, 3600: {"3.6k", "1h 0m 0s"},
		90061: {"90.06k", "1d 1h 1m 1s"}, -90: {"-90", "-1m 30s"}, 2.5e9: {"2.5G", "28935d 4h 26m 40s"}, math.Inf(1): {"+Inf", "+Inf"}, -0.5: {"-500m", "-500ms"},
	} {
		if got := [2]string{humanize(v), humanizeDuration(v)}; got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}

// Whatever stands in a summary, it is refused, or its places are filled and the rest stands as it is.
func FuzzText(f *testing.F) {
	f.Add("{{ $labels.resource }} answers {{ $value | humanizePercentage }}", 0.05)
	f.Add("{{ printf \"%.2f\" $value }} {{- $value | printf \"%5g%%\" -}} {{$value|humanize}}", -1e300)
	f.Add("{{ {{ $value }} }} }} {{", math.Inf(-1))
	f.Add("{{ $value | humanizeDuration }}", math.NaN())
	f.Fuzz(func(t *testing.T, s string, v float64) {
		read, err := newText(s)
		if err != nil {
			return
		}
		got := read.fill(&v, func(string) string { return "" })
		if strings.Contains(got, "%!") && !strings.Contains(s, "%!") {
			t.Errorf("%q is filled as %q", s, got)
		}
		if !strings.Contains(s, "{{") && got != sentence(s) {
			t.Errorf("%q is filled as %q", s, got)
		}
		for _, name := range read.labels() {
			if !strings.Contains(s, "$labels."+name) {
				t.Errorf("%q names no label %s", s, name)
			}
		}
	})
}
