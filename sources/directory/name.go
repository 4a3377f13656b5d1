package directory

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"warroom/sources"
)

const (
	launchFile = "launch.yaml"
	extension  = ".csv"
	separator  = "@"
	nameMost   = 200 // characters of a resource's name or a label, as in the recording
)

// FileName is the name of the file that holds a series. Series of which [ParseName] would not make the same one
// give an error.
func FileName(s sources.Series) (string, error) {
	name := s.Metric + separator + escape(s.Resource)
	if m, ok := sources.Lookup(s.Metric); ok && m.Label != "" {
		name += separator + escape(s.Label)
	}
	name += extension
	if again, err := ParseName(name); err != nil {
		return "", err
	} else if again != s {
		return "", fmt.Errorf("%v cannot be told by the name of a file", s)
	}
	return name, nil
}

// ParseName is the series that a file's name stands for. What is wrong with it is told with the nearest valid word.
func ParseName(name string) (sources.Series, error) {
	parts := strings.Split(strings.TrimSuffix(name, extension), separator)
	m, known := sources.Lookup(parts[0])
	if !known {
		return sources.Series{}, fmt.Errorf("unknown metric %q%s", sources.CleanTo(parts[0], nameMost), sources.MeantHint(parts[0], sources.MetricNames()))
	}
	want := m.Name + "@RESOURCE" + extension
	if m.Label != "" {
		want = m.Name + "@RESOURCE@" + strings.ToUpper(m.Label) + extension
	}
	if len(parts) != 2 && m.Label == "" || len(parts) != 3 && m.Label != "" {
		return sources.Series{}, fmt.Errorf("the name does not tell one series of %s: want %s", m.Name, want)
	}
	s := sources.Series{Metric: m.Name}
	var err error
	if s.Resource, err = unescape(parts[1]); err != nil {
		return s, fmt.Errorf("the resource in its name %w", err)
	}
	if s.Resource == "" {
		return s, fmt.Errorf("the resource in its name is empty: want %s", want)
	}
	if m.Label != "" {
		if s.Label, err = unescape(parts[2]); err != nil {
			return s, fmt.Errorf("the %s in its name %w", m.Label, err)
		}
	}
	return s, nil
}

// escape spells a name so that it may stand in a file's name, on every system.
func escape(s string) string {
	var b strings.Builder
	for i, r := range s {
		if r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(".-_", r)) {
			b.WriteRune(r)
			continue
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		for _, c := range []byte(s[i : i+size]) {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// unescape is the name that was spelled by escape, or by a person who left blanks and the like as they are. Names
// that would not go over a terminal unchanged are refused.
func unescape(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) || hex(s[i+1]) < 0 || hex(s[i+2]) < 0 {
			return "", fmt.Errorf("has a %% without two hexadecimal digits: write %%25 for the sign itself")
		}
		b.WriteByte(byte(hex(s[i+1])<<4 | hex(s[i+2])))
		i += 2
	}
	name := b.String()
	switch {
	case sources.Clean(name) != name:
		return "", fmt.Errorf("has control characters or others that cannot be seen")
	case utf8.RuneCountInString(name) > nameMost:
		return "", fmt.Errorf("is longer than %d characters", nameMost)
	}
	return name, nil
}

// hex is the value of a hexadecimal digit, -1 for what is none.
func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
