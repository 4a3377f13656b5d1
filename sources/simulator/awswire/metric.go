package awswire

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"warroom/sources/simulator"
)

// dimension is a name and a value; a metric is found by the exact set of them.
type dimension struct {
	Name  string `cbor:"Name"`
	Value string `cbor:"Value"`
}

// metric is one series that CloudWatch holds: its identity, what may be asked of it, and when its
// datapoints come.
type metric struct {
	key        string // see metricKey
	region     string
	namespace  string
	name       string
	dimensions []dimension // in the order in which they are listed
	unit       string      // as published, e.g. "Percent"
	stats      []string    // the statistics that have a meaning, "p" for any percentile; others give nothing
	timing     timing
	seed       uint64
	measure    func(m *simulator.Minute) (datum, bool) // false: nothing was published for that minute
	put        map[int64]datum                         // instead of measure: what a client has put, by the minute's Unix time
}

// datum is what CloudWatch keeps of a metric's minute: the statistic set, and the distribution for those
// metrics that have percentiles.
type datum struct {
	sum, count, min, max float64
	shape                *simulator.Histogram // of the values divided by scale
	scale                float64              // published units in a second, e.g. 1000 for milliseconds
	counts               bool                 // the sum adds up as data arrives, in whole numbers until it is complete
}

// one is the datum of a single reported value.
func one(v float64) datum { return datum{sum: v, count: 1, min: v, max: v} }

// counted is the datum of things that happened.
func counted(n int64) datum { return growing(float64(n)) }

// growing is the datum of a value that adds up as the minute's data arrives.
func growing(v float64) datum {
	d := one(v)
	d.counts = true
	return d
}

// level is the datum of a gauge, whose seconds were each reported.
func level(g simulator.Gauge, factor float64) datum {
	const seconds = 60
	return datum{sum: g.Mean * factor * seconds, count: seconds, min: g.Min * factor, max: g.Max * factor}
}

// durations is the datum of a distribution of seconds, published in another unit of time.
func durations(h *simulator.Histogram, scale float64) datum {
	return datum{
		sum: h.Mean() * float64(h.Count()) * scale, count: float64(h.Count()),
		min: h.Min() * scale, max: h.Max() * scale, shape: h, scale: scale,
	}
}

// The statistics of CloudWatch, and "p" for all percentiles.
const (
	statSum     = "Sum"
	statAverage = "Average"
	statMinimum = "Minimum"
	statMaximum = "Maximum"
	statCount   = "SampleCount"
	percentiles = "p"
)

// knownStat tells whether CloudWatch knows the statistic at all.
func knownStat(stat string) bool {
	switch stat {
	case statSum, statAverage, statMinimum, statMaximum, statCount:
		return true
	}
	_, ok := percentile(stat)
	return ok || stat == "IQM" || partly.MatchString(stat)
}

// partly are the statistics over a part of the values: up to a percentile, or between two percentiles or values, at
// least one of which is given. The rank of a value knows no percentiles.
var partly = regexp.MustCompile(strings.ReplaceAll(
	`^((tm|tc|ts|wm)(\d{1,2}(\.\d{1,10})?|100)|(TM|TC|TS|WM)\((N%?:(N%?)?|:N%?)\)|PR\((N:(N)?|:N)\))$`,
	"N", `\d+(\.\d{1,10})?`))

// percentile reads p99 or p95.45 as 0.99 or 0.9545.
func percentile(stat string) (float64, bool) {
	digits, ok := strings.CutPrefix(stat, "p")
	if !ok || len(digits) > 14 || strings.Trim(digits, "0123456789.") != "" {
		return 0, false
	}
	p, err := strconv.ParseFloat(digits, 64)
	if err != nil || !(p >= 0 && p <= 100) {
		return 0, false
	}
	return p / 100, true
}

// answers tells whether the statistic means something for the metric.
func (m *metric) answers(stat string) bool {
	if _, ok := percentile(stat); ok {
		return slices.Contains(m.stats, percentiles)
	}
	return slices.Contains(m.stats, stat)
}

// statistic is the value of a datum under a statistic that the metric answers.
func (d datum) statistic(stat string) float64 {
	switch stat {
	case statSum:
		return d.sum
	case statAverage:
		return d.sum / d.count
	case statMinimum:
		return d.min
	case statMaximum:
		return d.max
	case statCount:
		return d.count
	}
	p, _ := percentile(stat)
	if d.shape == nil {
		return d.sum / d.count
	}
	return d.shape.Quantile(p) * d.scale
}

// merge joins the data of neighbouring minutes into that of a longer period.
func (d datum) merge(o datum) datum {
	if d.count == 0 {
		return o
	}
	out := datum{
		sum: d.sum + o.sum, count: d.count + o.count, min: min(d.min, o.min), max: max(d.max, o.max),
		scale: d.scale, counts: d.counts,
	}
	if d.shape != nil && o.shape != nil {
		both := *d.shape
		both.Merge(o.shape)
		out.shape = &both
	}
	return out
}

// metricKey is the identity of a metric as a map key: dimensions in the order of their names.
func metricKey(region, namespace, name string, dimensions []dimension) string {
	sorted := slices.Clone(dimensions)
	slices.SortFunc(sorted, func(a, b dimension) int { return strings.Compare(a.Name, b.Name) })
	var b strings.Builder
	for _, part := range []string{region, namespace, name} {
		b.WriteString(part)
		b.WriteByte(0)
	}
	for _, d := range sorted {
		b.WriteString(d.Name)
		b.WriteByte(1)
		b.WriteString(d.Value)
		b.WriteByte(0)
	}
	return b.String()
}
