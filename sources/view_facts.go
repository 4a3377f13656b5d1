package sources

import (
	"slices"
	"strings"
)

// Facts are the facts of a resource at the cursor by name; what is known to be wrong with its series is not among
// them.
func (v *View) Facts(r Ref) []Fact {
	var out []Fact
	for key := range v.window.facts {
		if key.resource != r || strings.HasPrefix(key.name, seriesFact) {
			continue
		}
		if f, ok := v.Fact(r, key.name); ok {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b Fact) int { return strings.Compare(a.Name, b.Name) })
	return out
}
