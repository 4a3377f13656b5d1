package directory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"warroom/sources"
)

// formatLaunch is the text of a launch.yaml, for people and for [ParseLaunch]. Texts are cleaned. A launch that could
// not be read back is an error.
func formatLaunch(l sources.Launch) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "name: %s\nt0: %s\n", scalar(l.Name), l.T0.Format(time.RFC3339Nano))
	if l.Period != 0 {
		fmt.Fprintf(&b, "period: %ds\n", int(l.Period/time.Second))
	}
	list(&b, "phases", l.Phases, func(p sources.Phase) []string { return []string{"name", p.Name, "at", string(p.At)} })
	list(&b, "marks", l.Marks, func(m sources.Mark) []string {
		return []string{"at", string(m.At), "kind", m.Kind, "until", string(m.Until), "peak", m.Peak, "note", m.Note}
	})
	list(&b, "sites", slices.Sorted(maps.Keys(l.Sites)), nil)
	for _, site := range slices.Sorted(maps.Keys(l.Sites)) {
		var members []string
		for _, service := range slices.Sorted(maps.Keys(l.Sites[site])) {
			members = append(members, service, l.Sites[site][service])
		}
		fmt.Fprintf(&b, "  %s: {%s}\n", scalar(site), pairs(members))
	}
	if b.Len() > launchMost {
		return nil, fmt.Errorf("write the launch: it has %d marks and phases, too many to be read again", len(l.Marks)+len(l.Phases))
	}
	if _, err := ParseLaunch(launchFile, b.Bytes()); err != nil {
		return nil, fmt.Errorf("write the launch: %w", err)
	}
	return b.Bytes(), nil
}

// list writes a word and below it an item a line, or only the word where of is nil. Nothing is written of no items.
func list[T any](b *bytes.Buffer, word string, items []T, of func(T) []string) {
	if len(items) == 0 {
		return
	}
	b.WriteString(word + ":\n")
	if of == nil {
		return
	}
	for _, item := range items {
		fmt.Fprintf(b, "  - {%s}\n", pairs(of(item)))
	}
}

// pairs are words and values for a mapping in one line; words without a value are left out.
func pairs(words []string) string {
	var out []string
	for i := 0; i < len(words); i += 2 {
		if words[i+1] != "" {
			out = append(out, scalar(words[i])+": "+scalar(words[i+1]))
		}
	}
	return strings.Join(out, ", ")
}

// plain is what YAML takes for a text as it stands: a word that begins with a letter and has none of YAML's signs.
var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./+-]*( [A-Za-z0-9_./+-]+)*$`)

// notTexts are words that some YAML takes for something else.
var notTexts = []string{"true", "false", "yes", "no", "on", "off", "y", "n", "null"}

// scalar is a cleaned text in YAML: plain where that is safe, else in quotes.
func scalar(s string) string {
	s = sources.Clean(s)
	if _, err := time.Parse(time.RFC3339, s); err == nil || plain.MatchString(s) && !slices.Contains(notTexts, strings.ToLower(s)) {
		return s
	}
	quoted := &bytes.Buffer{}
	e := json.NewEncoder(quoted) // YAML's quoted texts are a superset of JSON's
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a text can always be encoded
	return strings.TrimSuffix(quoted.String(), "\n")
}
