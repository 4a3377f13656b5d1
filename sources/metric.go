package sources

import "time"

// Unit is the unit in which a metric is recorded, always a base unit: the screen may show percent or
// milliseconds, the recording never does.
type Unit string

// The units of the catalogue.
const (
	Count     Unit = "count"      // things per period (60 s unless the metric says otherwise)
	Level     Unit = "level"      // things at one moment: hosts, connections, capacity units
	Ratio     Unit = "ratio"      // 0 to 1
	Seconds   Unit = "seconds"    // durations
	Bytes     Unit = "bytes"      // per period where the metric counts, at one moment where it measures
	PerSecond Unit = "per_second" // rates that the provider already divides
	Days      Unit = "days"       // days until something, may be negative
	Dollars   Unit = "dollars"    // US dollars per hour
	Flag      Unit = "flag"       // 0 or 1
	Score     Unit = "score"      // how far beyond its past a series is: 1 is a page
)

// Direction says which way a metric gets worse.
type Direction int8

// The directions. Neutral metrics are context: neither way is bad by itself.
const (
	Neutral Direction = iota
	HigherIsWorse
	LowerIsWorse
)

// Gap says what the silence of a metric means.
type Gap int8

// The meanings of a gap.
const (
	Unknown   Gap = iota // dense: a missing sample means that we do not know
	Zero                 // sparse: published only when something happened, so missing is zero
	Undefined            // needs traffic to have a value: missing is neither good nor bad
)

// Metric is one measured property. Its Name is the service, an underscore and the property, in
// Prometheus' manner. A metric with a Formula is derived: computed from others on reading, never recorded.
type Metric struct {
	Name    string        // e.g. alb_latency_p95_seconds
	Service string        // e.g. alb; the request path's order is that of Services
	Unit    Unit          // unit of the recorded value
	Worse   Direction     // which way it gets worse
	Gap     Gap           // what silence means
	Period  time.Duration // length of the period that one sample is for
	Settle  time.Duration // how long after the end of its period a sample may still be revised
	Label   string        // name of the one further label (rule, status, region, path), "" for none
	Single  bool          // a resource of its service gives this one metric, so its other ones tell nothing by their silence
	Formula string        // PromQL over other metrics, "" for a raw metric
	Help    string        // one sentence: what it counts, and its source
}

// Derived tells whether the metric is computed from others rather than recorded.
func (m Metric) Derived() bool { return m.Formula != "" }
