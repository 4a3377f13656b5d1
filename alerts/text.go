package alerts

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// text is a line with places for what an alert is about. It reads the part of Prometheus' templates that rule files use:
// {{ $value }}, {{ $labels.NAME }}, both with humanize, humanizePercentage, humanizeDuration or printf "FORMAT" before or
// behind a bar. The whole language of templates would keep the linker from leaving anything out of the program.
type text struct{ parts []part }

// part is a piece of a text: as it stands, or a value.
type part struct {
	plain  string
	label  string // the name of a label
	value  bool
	format func(float64) string
}

var (
	place  = regexp.MustCompile(`\{\{-?\s*(.*?)\s*-?\}\}`)
	inside = regexp.MustCompile(`^(?:(printf)\s+"([^"]*)"\s+)?(\$value|\$labels\.([A-Za-z_][A-Za-z0-9_]*))(?:\s*\|\s*(?:(\w+)|printf\s+"([^"]*)"))?$`)
	verb   = regexp.MustCompile(`^[^%]*%[-+ 0#]*[0-9]*(?:\.[0-9]+)?[eEfFgGv](?:[^%]|%%)*$`)
)

var formats = map[string]func(float64) string{
	"humanize":           humanize,
	"humanizePercentage": func(v float64) string { return digits(v*100) + "%" },
	"humanizeDuration":   humanizeDuration,
}

func newText(s string) (text, error) {
	var t text
	s = sentence(s)
	end := 0
	for _, at := range place.FindAllStringSubmatchIndex(s, -1) {
		p, err := newPart(s[at[2]:at[3]])
		if err != nil {
			return text{}, err
		}
		t.parts = append(t.parts, part{plain: s[end:at[0]]}, p)
		end = at[1]
	}
	t.parts = append(t.parts, part{plain: s[end:]})
	return t, nil
}

func newPart(s string) (part, error) {
	m := inside.FindStringSubmatch(s)
	if m == nil {
		return part{}, fmt.Errorf("{{ %s }} is not understood; want $value or $labels.NAME, with humanize, humanizePercentage, humanizeDuration or printf", s)
	}
	p := part{label: m[4], value: m[4] == "", format: digits}
	format := m[2] + m[6]
	switch name := m[5]; {
	case name != "" && formats[name] == nil:
		return part{}, fmt.Errorf("{{ %s }}: unknown function %q%s", s, name, meant(name, []string{"humanize", "humanizePercentage", "humanizeDuration", "printf"}))
	case name != "":
		p.format = formats[name]
	case format != "" && !verb.MatchString(format):
		return part{}, fmt.Errorf("{{ %s }}: the format %q is none of one number", s, format)
	case format != "":
		p.format = func(v float64) string { return fmt.Sprintf(format, v) }
	}
	return p, nil
}

// fill puts an alert's value and labels into their places.
func (t text) fill(value *float64, label func(name string) string) string {
	var b strings.Builder
	for _, p := range t.parts {
		switch {
		case p.label != "":
			b.WriteString(label(p.label))
		case p.value && value != nil:
			b.WriteString(p.format(*value))
		case p.value:
			b.WriteString("no value")
		default:
			b.WriteString(p.plain)
		}
	}
	return b.String()
}

// digits is a number with four digits that say something.
func digits(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

func humanize(v float64) string {
	for _, step := range []struct {
		from float64
		unit string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if math.Abs(v) >= step.from {
			return digits(v/step.from) + step.unit
		}
	}
	return digits(v)
}

func humanizeDuration(v float64) string {
	if math.IsNaN(v) || math.Abs(v) > 1e9 {
		return digits(v) + "s"
	}
	d := time.Duration(v * float64(time.Second))
	if d.Abs() < 10*time.Second {
		return digits(v) + "s"
	}
	return strings.TrimSuffix(d.Round(time.Second).String(), "0s")
}
