package awswire

import (
	"maps"
	"slices"
	"time"
)

// customMetrics are the metrics that clients have put, by identity.
type customMetrics map[string]*metric

// sorted lists them in the order of their identities.
func (c customMetrics) sorted() []*metric {
	out := make([]*metric, 0, len(c))
	for _, key := range slices.Sorted(maps.Keys(c)) {
		out = append(out, c[key])
	}
	return out
}

type statisticSet struct {
	SampleCount float64 `cbor:"SampleCount"`
	Sum         float64 `cbor:"Sum"`
	Minimum     float64 `cbor:"Minimum"`
	Maximum     float64 `cbor:"Maximum"`
}

type metricDatum struct {
	MetricName      string        `cbor:"MetricName"`
	Dimensions      []dimension   `cbor:"Dimensions"`
	Timestamp       time.Time     `cbor:"Timestamp"`
	Value           *float64      `cbor:"Value"`
	StatisticValues *statisticSet `cbor:"StatisticValues"`
	Values          []float64     `cbor:"Values"`
	Counts          []float64     `cbor:"Counts"`
	Unit            string        `cbor:"Unit"`
}

type putMetricDataInput struct {
	Namespace  string        `cbor:"Namespace"`
	MetricData []metricDatum `cbor:"MetricData"`
}

type putMetricDataOutput struct{}

// maxPut is how many datums one call may put.
const maxPut = 1000

// putMetricData keeps what a client measures. It can be read at once.
func putMetricData(c *call, in *putMetricDataInput) (*putMetricDataOutput, error) {
	switch {
	case in.Namespace == "":
		return nil, missing("Namespace")
	case len(in.Namespace) > 3 && in.Namespace[:4] == "AWS/":
		return nil, invalid("The value AWS/ for parameter Namespace is invalid: it is kept for AWS' own metrics.")
	case len(in.MetricData) > maxPut:
		return nil, invalid("The collection MetricData must not have a size greater than %d.", maxPut)
	}
	for i := range in.MetricData {
		if err := in.MetricData[i].check(); err != nil {
			return nil, err
		}
	}
	for i := range in.MetricData {
		c.server.put(c, in.Namespace, &in.MetricData[i])
	}
	return &putMetricDataOutput{}, nil
}

func (d *metricDatum) check() error {
	switch {
	case d.MetricName == "":
		return missing("MetricName")
	case len(d.Dimensions) > maxDimensions:
		return invalid("The collection Dimensions must not have a size greater than %d.", maxDimensions)
	case !slices.Contains(metricUnits, d.Unit):
		return invalid("The value %s for parameter Unit is not supported.", d.Unit)
	case d.Value == nil && d.StatisticValues == nil && len(d.Values) == 0:
		return missing("Value, Values or StatisticValues")
	case len(d.Counts) > 0 && len(d.Counts) != len(d.Values):
		return invalid("The parameters Values and Counts must have the same length.")
	}
	return nil
}

// datum is the statistic set of what was put.
func (d *metricDatum) datum() datum {
	switch {
	case d.Value != nil:
		return one(*d.Value)
	case d.StatisticValues != nil:
		s := d.StatisticValues
		return datum{sum: s.Sum, count: s.SampleCount, min: s.Minimum, max: s.Maximum}
	}
	var all datum
	for i, v := range d.Values {
		n := 1.0
		if len(d.Counts) > 0 {
			n = d.Counts[i]
		}
		all = all.merge(datum{sum: v * n, count: n, min: v, max: v})
	}
	return all
}

// put adds a datum to its metric, which it makes if there is none. The lock is held.
func (s *Server) put(c *call, namespace string, d *metricDatum) {
	at := d.Timestamp
	if at.IsZero() {
		at = c.now
	}
	key := metricKey(c.region, namespace, d.MetricName, d.Dimensions)
	m, ok := s.custom[key]
	if !ok {
		unit := d.Unit
		if unit == "" {
			unit = "None"
		}
		m = &metric{key: key, region: c.region, namespace: namespace, name: d.MetricName, dimensions: d.Dimensions,
			unit: unit, stats: allStats, put: make(map[int64]datum)}
		s.custom[key] = m
	}
	minute := at.Truncate(time.Minute).Unix()
	m.put[minute] = m.put[minute].merge(d.datum())
}
