package awswire

import "warroom/sources/simulator"

// counters publishes what the site itself counts about its people, as custom metrics.
func (p *publication) counters(st simulator.State) {
	for _, c := range st.Counters {
		s := series{region: st.Region, namespace: c.Namespace, timing: customTiming}
		for _, d := range c.Dimensions {
			s.dimensions = append(s.dimensions, dimension{d[0], d[1]})
		}
		of := audienceCount(c.As)
		p.add(s, c.Metric, "Count", allStats, func(m *simulator.Minute) (datum, bool) {
			return of(m.Audience), true
		})
	}
}

// audienceCount is the field of the audience that a counter reports.
func audienceCount(as string) func(simulator.Audience) datum {
	switch as {
	case "visitors":
		return func(a simulator.Audience) datum { return counted(a.Arrivals) }
	case "present":
		return func(a simulator.Audience) datum { return level(a.Visitors, 1) }
	case "page_views":
		return func(a simulator.Audience) datum { return counted(a.PageViews) }
	case "attempts":
		return func(a simulator.Audience) datum { return counted(a.Attempts) }
	case "failures":
		return func(a simulator.Audience) datum { return counted(a.Failures) }
	case "departures":
		return func(a simulator.Audience) datum { return counted(a.Departures) }
	}
	return func(a simulator.Audience) datum { return counted(a.Registrations) }
}
