package alerts

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"warroom/sources"
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
	verb   = regexp.MustCompile(`^(?:[^%]|%%)*%[-+ 0#]*[0-9]{0,2}(?:\.[0-9]{1,2})?[eEfFgGv](?:[^%]|%%)*$`)
)

// formats are the functions over a value. They write what Prometheus' own of their names do, so that a summary reads the
// same there.
var formats = map[string]func(float64) string{
	"humanize":           humanize,
	"humanizePercentage": func(v float64) string { return digits(v*100) + "%" },
	"humanizeDuration":   humanizeDuration,
}

var formatNames = append(slices.Sorted(maps.Keys(formats)), "printf")

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
	for _, p := range t.parts {
		if strings.Contains(p.plain, "{{") {
			return text{}, errors.New("{{ is not closed by }}")
		}
	}
	return t, nil
}

func newPart(s string) (part, error) {
	m := inside.FindStringSubmatch(s)
	if m == nil {
		return part{}, fmt.Errorf("{{ %s }} is not understood; want $value or $labels.NAME, of a value also with %s", s, strings.Join(formatNames, ", "))
	}
	p := part{label: m[4], value: m[4] == "", format: plain}
	format, function := m[2]+m[6], m[5]
	switch {
	case function != "" && formats[function] == nil:
		return part{}, fmt.Errorf("{{ %s }}: unknown function %q%s", s, function, sources.MeantHint(function, formatNames))
	case p.label != "" && (function != "" || format != ""):
		return part{}, fmt.Errorf("{{ %s }}: a label is a text and stands for itself", s)
	case function != "":
		p.format = formats[function]
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

// labels are those that the text names.
func (t text) labels() (names []string) {
	for _, p := range t.parts {
		if p.label != "" {
			names = append(names, p.label)
		}
	}
	return names
}

// plain is a number with all its digits.
func plain(v float64) string { return fmt.Sprint(v) }

// digits is a number with four digits that say something.
func digits(v float64) string { return fmt.Sprintf("%.4g", v) }

// humanize is a number with four digits and the prefix of its size.
func humanize(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return digits(v)
	case math.Abs(v) < 1:
		return small(v)
	}
	prefix := ""
	for _, p := range []string{"k", "M", "G", "T", "P", "E", "Z", "Y"} {
		if math.Abs(v) < 1000 {
			break
		}
		prefix, v = p, v/1000
	}
	return digits(v) + prefix
}

// small is a number below one with the prefix of its size.
func small(v float64) string {
	prefix := ""
	for _, p := range []string{"m", "u", "n", "p", "f", "a", "z", "y"} {
		if v == 0 || math.Abs(v) >= 1 {
			break
		}
		prefix, v = p, v*1000
	}
	return digits(v) + prefix
}

// humanizeDuration is so many seconds in days, hours, minutes and seconds.
func humanizeDuration(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return digits(v)
	case math.Abs(v) < 1:
		return small(v) + "s"
	case math.Abs(v) < 60:
		return digits(v) + "s"
	}
	sign := ""
	if v < 0 {
		sign, v = "-", -v
	}
	s := int64(v)
	out := fmt.Sprintf("%dm %ds", s/60%60, s%60)
	if s >= 3600 {
		out = fmt.Sprintf("%dh %s", s/3600%24, out)
	}
	if s >= 24*3600 {
		out = fmt.Sprintf("%dd %s", s/(24*3600), out)
	}
	return sign + out
}
