package awswrite

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"warroom/runbooks"
	"warroom/sources"
)

// valueOf is a setting's value, "" where there is none of the name.
func valueOf(settings []runbooks.Setting, name string) string {
	for _, s := range settings {
		if s.Name == name {
			return s.Value
		}
	}
	return ""
}

// numbersOf are the named settings as numbers, in the order of the names.
func numbersOf(settings []runbooks.Setting, names ...string) ([]float64, error) {
	out := make([]float64, len(names))
	for i, name := range names {
		v, err := strconv.ParseFloat(valueOf(settings, name), 64)
		if err != nil {
			return nil, fmt.Errorf("the plan says %q for %s, which is no number", valueOf(settings, name), name)
		}
		out[i] = v
	}
	return out, nil
}

// changes writes what differs, "desired 12 → 18, min 6 → 18".
func changes(before, after []runbooks.Setting) string {
	var parts []string
	for i, s := range before {
		if after[i].Value != s.Value {
			parts = append(parts, fmt.Sprintf("%s %s → %s", s.Name, s.Value, after[i].Value))
		}
	}
	return strings.Join(parts, ", ")
}

// asked checks that only parameters that the offer has were given, and at least one of them.
func asked(a runbooks.Action, offer runbooks.Offer) error {
	var known []string
	for _, p := range offer.Parameters {
		known = append(known, p.Name)
	}
	given := 0
	for _, name := range slices.Sorted(maps.Keys(a.Want)) {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%s has no parameter %q%s", a.Kind, name, cmp.Or(sources.MeantHint(name, known), "; there are "+strings.Join(known, ", ")))
		}
		if a.Want[name] != "" {
			given++
		}
	}
	if given == 0 {
		return fmt.Errorf("%s of %s: say what it should become, by %s", a.Kind, a.Resource, strings.Join(known, ", "))
	}
	return nil
}

// chosen checks a parameter that has choices.
func chosen(name, value string, choices ...string) error {
	if slices.Contains(choices, value) {
		return nil
	}
	return fmt.Errorf("%s: %q is none of %s", name, value, strings.Join(choices, ", "))
}

// spelled is a word as AWS spells it, whatever its case; one that is none of the choices stays as it is.
func spelled(word string, choices ...string) string {
	for _, c := range choices {
		if strings.EqualFold(c, word) {
			return c
		}
	}
	return word
}

// watching is a watch on a metric of the catalogue, of one resource.
func watching(metric, resource, name string, want runbooks.Trend) runbooks.Watch {
	return runbooks.Watch{Expr: sources.Series{Metric: metric, Resource: resource}.String(), Name: name, Want: want, Unit: unitOf(metric)}
}

// moving is a watch on the changed resource itself: that it moves is what was wanted.
func moving(metric, resource, name string, want runbooks.Trend) runbooks.Watch {
	w := watching(metric, resource, name, want)
	w.Own = true
	return w
}

func unitOf(metric string) string {
	m, _ := sources.Lookup(metric)
	return string(m.Unit)
}

// originErrors watches what visitors get from the load balancers; nothing where there are none.
func (w *Writer) originErrors(want runbooks.Trend) []runbooks.Watch {
	return w.balancers("alb_error_ratio", "5xx", want)
}

// load watches the requests that reach what is behind the load balancers, of all of them together. Where none comes, a load
// balancer counts none, but still its targets: so their silence is told from nobody's coming.
func (w *Writer) load(name string, want runbooks.Trend) []runbooks.Watch {
	const requests, targets = "alb_requests_per_second", "alb_healthy_hosts"
	var own runbooks.Watch
	switch names := w.names("alb"); len(names) {
	case 0:
		return nil
	case 1:
		own = moving(requests, names[0], name+" of load balancer "+names[0], want)
		own.Beside = sources.Series{Metric: targets, Resource: names[0]}.String()
	default:
		own = runbooks.Watch{Expr: "sum(" + requests + ")", Name: name + " of the load balancers", Want: want, Unit: unitOf(requests), Own: true, Beside: "sum(" + targets + ")"}
	}
	return []runbooks.Watch{own}
}

// balancers watches a metric of the load balancers: of the only one, or the highest of several.
func (w *Writer) balancers(metric, name string, want runbooks.Trend) []runbooks.Watch {
	switch names := w.names("alb"); len(names) {
	case 0:
		return nil
	case 1:
		return []runbooks.Watch{watching(metric, names[0], name+" of load balancer "+names[0], want)}
	}
	return []runbooks.Watch{{Expr: "max(" + metric + ")", Name: name + " of the load balancers", Want: want, Unit: unitOf(metric)}}
}
