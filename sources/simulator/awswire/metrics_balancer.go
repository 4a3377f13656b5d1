package awswire

import "warroom/sources/simulator"

// balancers publishes the load balancers and their target groups, each also by zone.
func (p *publication) balancers(st simulator.State) {
	for _, lb := range st.LoadBalancers {
		s := series{region: st.Region, namespace: "AWS/ApplicationELB", timing: requestTiming,
			dimensions: []dimension{{"LoadBalancer", lb.Tail}}}
		balancer := named(func(m *simulator.Minute) []simulator.Balancer { return m.Balancers },
			func(b *simulator.Balancer) string { return b.Name }, lb.Name)
		p.balancer(s, balancer, lb.Zones)
		for _, tg := range st.TargetGroups {
			if tg.Balancer != lb.Name {
				continue
			}
			targets := func(m *simulator.Minute) *simulator.Targets {
				b := balancer(m)
				if b == nil {
					return nil
				}
				for i := range b.TargetGroups {
					if b.TargetGroups[i].Name == tg.Name {
						return &b.TargetGroups[i]
					}
				}
				return nil
			}
			p.targets(s, tg.Tail, targets, lb.Zones)
		}
	}
}

type balancerOf = func(*simulator.Minute) *simulator.Balancer

// byZone publishes a metric as a whole and by zone. What was counted is spread evenly over the zones.
func (p *publication) byZone(s series, zones []string, name, unit string, stats []string, sparse bool, measure func(*simulator.Minute) (datum, bool)) {
	p.add(s, name, unit, stats, measure)
	for i, zone := range zones {
		part := s
		part.dimensions = append([]dimension{{"AvailabilityZone", zone}}, s.dimensions...)
		part.spread = s.dimensions[0].Value
		p.add(part, name, unit, stats, func(m *simulator.Minute) (datum, bool) {
			d, ok := measure(m)
			if !ok {
				return datum{}, false
			}
			d = d.zone(i, len(zones))
			return d, d.count > 0 && (d.sum > 0 || !sparse)
		})
	}
}

// zone is the share of one of n zones in a datum.
func (d datum) zone(i, n int) datum {
	if !d.counts {
		d.sum, d.count = d.sum/float64(n), d.count/float64(n)
		return d
	}
	all := int64(d.sum)
	part := all / int64(n)
	if int64(i) < all%int64(n) {
		part++
	}
	return counted(part)
}

func (p *publication) balancer(s series, balancer balancerOf, zones []string) {
	type counter struct {
		name   string
		sparse bool
		n      func(*simulator.Balancer) int64
	}
	for _, c := range []counter{
		{"RequestCount", false, func(b *simulator.Balancer) int64 { return b.Requests }},
		{"ActiveConnectionCount", true, func(b *simulator.Balancer) int64 { return int64(b.ActiveConnections.Mean + 0.5) }},
		{"NewConnectionCount", true, func(b *simulator.Balancer) int64 { return b.NewConnections }},
		{"RejectedConnectionCount", true, func(b *simulator.Balancer) int64 { return b.Rejected }},
		{"HTTPCode_ELB_4XX_Count", true, func(b *simulator.Balancer) int64 { return b.ELB4xx }},
		{"HTTPCode_ELB_5XX_Count", true, func(b *simulator.Balancer) int64 { return b.ELB5xx }},
		{"HTTPCode_ELB_500_Count", true, func(b *simulator.Balancer) int64 { return b.ELB500 }},
		{"HTTPCode_ELB_502_Count", true, func(b *simulator.Balancer) int64 { return b.ELB502 }},
		{"HTTPCode_ELB_503_Count", true, func(b *simulator.Balancer) int64 { return b.ELB503 }},
		{"HTTPCode_ELB_504_Count", true, func(b *simulator.Balancer) int64 { return b.ELB504 }},
		{"HTTPCode_Target_2XX_Count", true, func(b *simulator.Balancer) int64 { return b.Target2xx }},
		{"HTTPCode_Target_3XX_Count", true, func(b *simulator.Balancer) int64 { return b.Target3xx }},
		{"HTTPCode_Target_4XX_Count", true, func(b *simulator.Balancer) int64 { return b.Target4xx }},
		{"HTTPCode_Target_5XX_Count", true, func(b *simulator.Balancer) int64 { return b.Target5xx }},
		{"TargetConnectionErrorCount", true, func(b *simulator.Balancer) int64 { return b.TargetConnectionErrors }},
	} {
		p.byZone(s, zones, c.name, "Count", sums, c.sparse, whileServing(balancer, count(balancer, c.sparse, c.n)))
	}
	p.add(s, "ProcessedBytes", "Bytes", sums, count(balancer, true, func(b *simulator.Balancer) int64 { return b.ProcessedBytes }))
	p.add(s, "ConsumedLCUs", "Count", allStats, units(balancer, func(b *simulator.Balancer) float64 { return b.LCU }))
	p.add(s, "PeakLCUs", "Count", sums, units(balancer, func(b *simulator.Balancer) float64 { return b.PeakLCU }))
	p.reservation(s, balancer)
	p.byZone(s, zones, "TargetResponseTime", "Seconds", latencies, true, func(m *simulator.Minute) (datum, bool) {
		b := balancer(m)
		if b == nil || b.Latency == nil || b.Latency.Count() == 0 {
			return datum{}, false
		}
		return durations(b.Latency, 1), true
	})
}

// minutesPerHour divides a reservation: it is made by the hour, and the sum over an hour's minutes is what is
// billed.
const minutesPerHour = 60

// reservation publishes the capacity units that are kept ready, traffic or not.
func (p *publication) reservation(s series, balancer balancerOf) {
	s.timing = groupTiming
	p.add(s, "ReservedLCUs", "Count", allStats, func(m *simulator.Minute) (datum, bool) {
		b := balancer(m)
		if b == nil || b.ReservedLCU == 0 {
			return datum{}, false
		}
		return one(b.ReservedLCU / minutesPerHour), true
	})
}

// whileServing silences a load balancer that nobody asks anything: it publishes only while requests flow.
func whileServing(balancer balancerOf, measure func(*simulator.Minute) (datum, bool)) func(*simulator.Minute) (datum, bool) {
	return func(m *simulator.Minute) (datum, bool) {
		if b := balancer(m); b == nil || b.Arrived == 0 && b.Requests == 0 {
			return datum{}, false
		}
		return measure(m)
	}
}

func units(balancer balancerOf, of func(*simulator.Balancer) float64) func(*simulator.Minute) (datum, bool) {
	return whileServing(balancer, func(m *simulator.Minute) (datum, bool) { return growing(of(balancer(m))), true })
}

type targetsOf = func(*simulator.Minute) *simulator.Targets

// targets publishes a target group: most metrics with its load balancer only, RequestCountPerTarget also
// alone.
func (p *publication) targets(lb series, tail string, targets targetsOf, zones []string) {
	s := lb
	s.dimensions = []dimension{lb.dimensions[0], {"TargetGroup", tail}}
	type counter struct {
		name   string
		sparse bool
		n      func(*simulator.Targets) int64
	}
	for _, c := range []counter{
		{"RequestCount", true, func(t *simulator.Targets) int64 { return t.Requests }},
		{"HTTPCode_Target_2XX_Count", true, func(t *simulator.Targets) int64 { return t.Target2xx }},
		{"HTTPCode_Target_3XX_Count", true, func(t *simulator.Targets) int64 { return t.Target3xx }},
		{"HTTPCode_Target_4XX_Count", true, func(t *simulator.Targets) int64 { return t.Target4xx }},
		{"HTTPCode_Target_5XX_Count", true, func(t *simulator.Targets) int64 { return t.Target5xx }},
		{"TargetConnectionErrorCount", true, func(t *simulator.Targets) int64 { return t.ConnectionErrors }},
	} {
		p.byZone(s, zones, c.name, "Count", sums, c.sparse, count(targets, c.sparse, c.n))
	}
	p.byZone(s, zones, "TargetResponseTime", "Seconds", latencies, true, func(m *simulator.Minute) (datum, bool) {
		t := targets(m)
		if t == nil || t.Latency == nil || t.Latency.Count() == 0 {
			return datum{}, false
		}
		return durations(t.Latency, 1), true
	})
	p.targetLevels(s, tail, targets)
}

// targetLevels publishes what each target gets, and how the targets are.
func (p *publication) targetLevels(s series, tail string, targets targetsOf) {
	perTarget := func(m *simulator.Minute) (datum, bool) {
		t := targets(m)
		if t == nil || t.Requests == 0 {
			return datum{}, false
		}
		return growing(t.PerTarget), true
	}
	p.add(s, "RequestCountPerTarget", "Count", sums, perTarget)
	alone := s
	alone.dimensions = []dimension{{"TargetGroup", tail}}
	p.add(alone, "RequestCountPerTarget", "Count", sums, perTarget)
	s.timing = groupTiming // health checks go on without traffic, and come complete
	p.add(s, "HealthyHostCount", "Count", levels, gauge(targets, 1, func(t *simulator.Targets) simulator.Gauge { return t.Healthy }))
	p.add(s, "UnHealthyHostCount", "Count", levels, gauge(targets, 1, func(t *simulator.Targets) simulator.Gauge { return t.Unhealthy }))
}
