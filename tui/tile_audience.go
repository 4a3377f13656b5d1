package tui

import (
	"slices"
	"strings"

	"warroom/sources"
)

// audienceOrder is what an audience's tile shows first, as far as the config counts it.
var audienceOrder = []string{"registrations", "orders", "visitors", "attempts", "successes"}

// counted is the tile of an audience with no more on it than is counted: an audience is several resources of one
// name, a custom metric each, and nobody has all of them.
func (t *tileSpec) counted(resources []sources.Resource, r sources.Ref) *tileSpec {
	var known []string
	for _, as := range audienceOrder {
		if slices.ContainsFunc(resources, func(o sources.Resource) bool { return o.Ref == r && o.Attrs["as"] == as }) {
			known = append(known, "audience_"+as)
		}
	}
	if len(known) == 0 {
		return t
	}
	c := t.clone()
	if !within(known, c.Headline.Value) {
		c.Headline = headlineSpec{Value: known[0], As: c.Headline.As, Unit: strings.TrimPrefix(known[0], "audience_") + "/min"}
	}
	if !within(known, c.Chart.Value) {
		c.Chart = chartSpec{Value: known[0]}
	}
	for i, line := range c.Lines {
		c.Lines[i] = slices.DeleteFunc(slices.Clone(line), func(part string) bool {
			return !templateWithin(known, part) || repeats(c.Headline.Value, part)
		})
	}
	c.Watch = slices.DeleteFunc(c.Watch, func(w watchSpec) bool { return !within(known, w.Value) })
	c.Detail = slices.DeleteFunc(c.Detail, func(chart []string) bool {
		return slices.ContainsFunc(chart, func(value string) bool { return !within(known, value) })
	})
	return c
}

// within tells whether an expression names no metric of the audience that is not known.
func within(known []string, expr string) bool {
	for _, name := range word.FindAllString(expr, -1) {
		m, ok := sources.Lookup(name)
		switch {
		case !ok || m.Service != "audience":
		case m.Derived():
			if !within(known, m.Formula) {
				return false
			}
		case !slices.Contains(known, name):
			return false
		}
	}
	return true
}

// repeats tells whether a part of a line says no more than the headline does.
func repeats(headline, part string) bool {
	return slices.ContainsFunc(parseTemplate(part), func(f field) bool { return f.value == headline && f.as != asTotal })
}

func templateWithin(known []string, part string) bool {
	return !slices.ContainsFunc(parseTemplate(part), func(f field) bool { return !within(known, f.value) })
}
