package awsread

import (
	"strings"

	"warroom/sources"
)

func init() {
	register(service{
		name: "audience",
		metrics: []metric{
			{name: "audience_registrations", place: "registrations", scale: plain},
			{name: "audience_visitors", place: "visitors", scale: plain},
			{name: "audience_orders", place: "orders", scale: plain},
			{name: "audience_attempts", place: "attempts", scale: plain},
			{name: "audience_successes", place: "successes", scale: plain},
		},
		places: audiencePlaces,
	})
}

// audiencePlaces is the custom metric that the config names: attributes namespace, metric, stat (Sum where
// absent), dimensions ("K=V,K=V") and as, which says what it counts.
func audiencePlaces(r sources.Resource) places {
	p := place{}
	for pair := range strings.SplitSeq(r.Attrs["dimensions"], ",") {
		if name, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok {
			p.dimensions = append(p.dimensions, dimension(strings.TrimSpace(name), strings.TrimSpace(value)))
		}
	}
	as := r.Attrs["as"]
	if as == "" {
		as = r.Name
	}
	return places{as: {p}}
}

// custom is the metric itself, or for a metric that the config names, what the config says of it.
func custom(m *metric, r sources.Resource) *metric {
	if m.published != "" {
		return m
	}
	named := *m
	named.namespace, named.published, named.stat = r.Attrs["namespace"], r.Attrs["metric"], r.Attrs["stat"]
	named.hint = "custom metrics appear when the application first publishes them"
	if named.stat == "" {
		named.stat = "Sum"
	}
	return &named
}
