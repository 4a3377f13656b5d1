package awswire

import (
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"warroom/sources/simulator"
)

// edgeRegion is where everything that is global is read.
const edgeRegion = "us-east-1"

// publication is what CloudWatch holds of the site: all its metrics, and each by its identity.
type publication struct {
	asOf    time.Time // minute for which it was made
	metrics []*metric
	byKey   map[string]*metric
}

// publish lists the metrics of the account as it stands. Identities change with the account: a group that
// collects no metrics publishes none, a failover moves an instance's role.
func publish(st simulator.State) publication {
	p := publication{asOf: st.Now.Truncate(time.Minute), byKey: make(map[string]*metric)}
	p.cloudFront(st)
	p.balancers(st)
	slices.SortFunc(p.metrics, func(a, b *metric) int { return strings.Compare(a.key(), b.key()) })
	return p
}

// series is the part of a metric that it shares with the others of its resource.
type series struct {
	region     string
	namespace  string
	dimensions []dimension
	timing     timing
}

func (p *publication) add(s series, name, unit string, stats []string, measure func(*simulator.Minute) (datum, bool)) {
	m := &metric{
		region: s.region, namespace: s.namespace, name: name, dimensions: s.dimensions, unit: unit,
		stats: stats, timing: s.timing, seed: seedOf(s), measure: measure,
	}
	p.metrics = append(p.metrics, m)
	p.byKey[m.key()] = m
}

// seedOf makes the minutes of one resource arrive together, and those of different ones apart.
func seedOf(s series) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s.region + s.namespace))
	if len(s.dimensions) > 0 {
		h.Write([]byte(s.dimensions[0].Value))
	}
	return h.Sum64()
}

// The statistics that metrics have, by kind.
var (
	sums      = []string{statSum}
	means     = []string{statAverage}
	quantiles = []string{percentiles}
	levels    = []string{statAverage, statMinimum, statMaximum}
	allStats  = []string{statSum, statAverage, statMinimum, statMaximum, statCount}
	latencies = []string{statAverage, statMinimum, statMaximum, statSum, statCount, percentiles}
)

// count publishes a number of things per minute; a sparse one is absent where nothing happened.
func count[T any](of func(*simulator.Minute) *T, sparse bool, n func(*T) int64) func(*simulator.Minute) (datum, bool) {
	return func(m *simulator.Minute) (datum, bool) {
		part := of(m)
		if part == nil {
			return datum{}, false
		}
		v := n(part)
		return counted(v), v != 0 || !sparse
	}
}

// named finds the part of a minute that belongs to a resource.
func named[T any](parts func(*simulator.Minute) []T, name func(*T) string, want string) func(*simulator.Minute) *T {
	return func(m *simulator.Minute) *T {
		all := parts(m)
		for i := range all {
			if name(&all[i]) == want {
				return &all[i]
			}
		}
		return nil
	}
}

// cloudFront publishes the distributions: in us-east-1 alone, with Region=Global beside the id.
func (p *publication) cloudFront(st simulator.State) {
	for _, d := range st.Distributions {
		s := series{
			region: edgeRegion, namespace: "AWS/CloudFront", timing: cloudFrontTiming,
			dimensions: []dimension{{"DistributionId", d.ID}, {"Region", "Global"}},
		}
		edge := named(func(m *simulator.Minute) []simulator.Edge { return m.Edges },
			func(e *simulator.Edge) string { return e.Name }, d.Name)
		p.edge(s, edge)
		if d.AdditionalMetrics {
			p.edgeAdditional(s, edge)
		}
	}
}

type edgeOf = func(*simulator.Minute) *simulator.Edge

// edge publishes what every distribution has. A distribution without requests publishes nothing.
func (p *publication) edge(s series, edge edgeOf) {
	for name, n := range map[string]func(*simulator.Edge) int64{
		"Requests":        func(e *simulator.Edge) int64 { return e.Requests },
		"BytesDownloaded": func(e *simulator.Edge) int64 { return e.BytesDown },
		"BytesUploaded":   func(e *simulator.Edge) int64 { return e.BytesUp },
	} {
		p.add(s, name, "None", sums, count(edge, true, n))
	}
	p.edgeRates(s, edge, map[string]func(*simulator.Edge) int64{
		"4xxErrorRate":   func(e *simulator.Edge) int64 { return e.Status4xx },
		"5xxErrorRate":   func(e *simulator.Edge) int64 { return e.Status5xx },
		"TotalErrorRate": func(e *simulator.Edge) int64 { return e.Status4xx + e.Status5xx },
	})
}

// edgeAdditional publishes what a monitoring subscription adds.
func (p *publication) edgeAdditional(s series, edge edgeOf) {
	p.edgeRates(s, edge, map[string]func(*simulator.Edge) int64{
		"401ErrorRate": func(e *simulator.Edge) int64 { return e.Status401 },
		"403ErrorRate": func(e *simulator.Edge) int64 { return e.Status403 },
		"404ErrorRate": func(e *simulator.Edge) int64 { return e.Status404 },
		"502ErrorRate": func(e *simulator.Edge) int64 { return e.Status502 },
		"503ErrorRate": func(e *simulator.Edge) int64 { return e.Status503 },
		"504ErrorRate": func(e *simulator.Edge) int64 { return e.Status504 },
	})
	p.add(s, "CacheHitRate", "Percent", means, func(m *simulator.Minute) (datum, bool) {
		e := edge(m)
		if e == nil {
			return datum{}, false
		}
		ratio, ok := e.HitRatio()
		return one(100 * ratio), ok
	})
	p.add(s, "OriginLatency", "Milliseconds", quantiles, func(m *simulator.Minute) (datum, bool) {
		e := edge(m)
		if e == nil || e.OriginLatency == nil || e.OriginLatency.Count() == 0 {
			return datum{}, false
		}
		return durations(e.OriginLatency, 1000), true
	})
}

func (p *publication) edgeRates(s series, edge edgeOf, rates map[string]func(*simulator.Edge) int64) {
	for name, n := range rates {
		p.add(s, name, "Percent", means, func(m *simulator.Minute) (datum, bool) {
			e := edge(m)
			if e == nil || e.Requests == 0 {
				return datum{}, false
			}
			return one(100 * float64(n(e)) / float64(e.Requests)), true
		})
	}
}

// balancers publishes the load balancers and their target groups, each also by zone.
func (p *publication) balancers(st simulator.State) {
	for _, lb := range st.LoadBalancers {
		s := series{region: st.Region, namespace: "AWS/ApplicationELB", timing: requestTiming,
			dimensions: []dimension{{"LoadBalancer", lb.Tail}}}
		balancer := named(func(m *simulator.Minute) []simulator.Balancer { return m.Balancers },
			func(b *simulator.Balancer) string { return b.Name }, lb.Name)
		p.balancer(s, balancer)
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
			p.targets(s, tg.Tail, targets)
		}
	}
}

type balancerOf = func(*simulator.Minute) *simulator.Balancer

func (p *publication) balancer(s series, balancer balancerOf) {
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
		p.add(s, c.name, "Count", sums, whileServing(balancer, count(balancer, c.sparse, c.n)))
	}
	p.add(s, "ProcessedBytes", "Bytes", sums, count(balancer, true, func(b *simulator.Balancer) int64 { return b.ProcessedBytes }))
	p.add(s, "ConsumedLCUs", "Count", allStats, units(balancer, func(b *simulator.Balancer) float64 { return b.LCU }))
	p.add(s, "PeakLCUs", "Count", sums, units(balancer, func(b *simulator.Balancer) float64 { return b.PeakLCU }))
	p.add(s, "TargetResponseTime", "Seconds", latencies, func(m *simulator.Minute) (datum, bool) {
		b := balancer(m)
		if b == nil || b.Latency == nil || b.Latency.Count() == 0 {
			return datum{}, false
		}
		return durations(b.Latency, 1), true
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
	return whileServing(balancer, func(m *simulator.Minute) (datum, bool) { return one(of(balancer(m))), true })
}

type targetsOf = func(*simulator.Minute) *simulator.Targets

// targets publishes a target group: most metrics with its load balancer only, RequestCountPerTarget also
// alone.
func (p *publication) targets(lb series, tail string, targets targetsOf) {
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
		p.add(s, c.name, "Count", sums, count(targets, c.sparse, c.n))
	}
	p.add(s, "TargetResponseTime", "Seconds", latencies, func(m *simulator.Minute) (datum, bool) {
		t := targets(m)
		if t == nil || t.Latency == nil || t.Latency.Count() == 0 {
			return datum{}, false
		}
		return durations(t.Latency, 1), true
	})
	perTarget := func(m *simulator.Minute) (datum, bool) {
		t := targets(m)
		if t == nil || t.Requests == 0 {
			return datum{}, false
		}
		d := one(t.PerTarget)
		return d, true
	}
	p.add(s, "RequestCountPerTarget", "Count", sums, perTarget)
	alone := s
	alone.dimensions = []dimension{{"TargetGroup", tail}}
	p.add(alone, "RequestCountPerTarget", "Count", sums, perTarget)
	checks := s
	checks.timing = groupTiming // health checks go on without traffic, and come complete
	p.add(checks, "HealthyHostCount", "Count", levels, gauge(targets, 1, func(t *simulator.Targets) simulator.Gauge { return t.Healthy }))
	p.add(checks, "UnHealthyHostCount", "Count", levels, gauge(targets, 1, func(t *simulator.Targets) simulator.Gauge { return t.Unhealthy }))
}

// gauge publishes a level in another unit.
func gauge[T any](of func(*simulator.Minute) *T, factor float64, g func(*T) simulator.Gauge) func(*simulator.Minute) (datum, bool) {
	return func(m *simulator.Minute) (datum, bool) {
		part := of(m)
		if part == nil {
			return datum{}, false
		}
		return level(g(part), factor), true
	}
}
