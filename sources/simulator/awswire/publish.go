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
	p.firewalls(st)
	p.balancers(st)
	p.fleets(st)
	p.databases(st)
	p.counters(st)
	slices.SortFunc(p.metrics, func(a, b *metric) int { return strings.Compare(a.key, b.key) })
	return p
}

// series is the part of a metric that it shares with the others of its resource.
type series struct {
	region     string
	namespace  string
	dimensions []dimension
	timing     timing
	spread     string // resource whose minutes these arrive with, "" = the first dimension's
}

func (p *publication) add(s series, name, unit string, stats []string, measure func(*simulator.Minute) (datum, bool)) {
	m := &metric{
		region: s.region, namespace: s.namespace, name: name, dimensions: s.dimensions, unit: unit,
		stats: stats, timing: s.timing, seed: seedOf(s), measure: measure,
	}
	m.key = metricKey(s.region, s.namespace, name, s.dimensions)
	p.metrics = append(p.metrics, m)
	p.byKey[m.key] = m
}

// seedOf makes the minutes of one resource arrive together, and those of different ones apart.
func seedOf(s series) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s.region + s.namespace))
	switch {
	case s.spread != "":
		h.Write([]byte(s.spread))
	case len(s.dimensions) > 0:
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
