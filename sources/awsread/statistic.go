package awsread

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// plainStatistics are those of CloudWatch that are one word.
var plainStatistics = []string{"Average", "Sum", "Minimum", "Maximum", "SampleCount", "IQM"}

// The statistics that hold numbers: a percentile, or a mean, count or sum of what lies below one (p95, tm90), or of
// what lies between two bounds, one of which may be left open (TM(10%:90%), PR(:300)).
var (
	belowOne   = regexp.MustCompile(`^(?:p|tm|tc|ts|wm)(\d{1,3}(?:\.\d{1,10})?)$`)
	betweenTwo = regexp.MustCompile(`^(TM|TC|TS|WM|PR)\((\d+(?:\.\d{1,10})?%?)?:(\d+(?:\.\d{1,10})?%?)?\)$`)
)

// Statistics are the statistics that CloudWatch knows, those that hold numbers by an example each. The slice is
// the caller's own.
func Statistics() []string {
	return append(slices.Clone(plainStatistics), "p99", "p99.9", "tm99", "wm99", "tc99", "ts99", "TM(10%:90%)", "WM(10%:90%)", "TC(10%:90%)", "TS(10%:90%)", "PR(:300)")
}

// IsStatistic tells whether CloudWatch knows the statistic. It refuses a whole call for one that it does not know.
func IsStatistic(stat string) bool {
	if slices.Contains(plainStatistics, stat) {
		return true
	}
	if m := belowOne.FindStringSubmatch(stat); m != nil {
		return bound(m[1] + "%").good()
	}
	m := betweenTwo.FindStringSubmatch(stat)
	return m != nil && isStretch(m[1], bound(m[2]), bound(m[3]))
}

// isStretch tells whether there is anything between the bounds. A percentile rank asks which percentile a value is:
// its bounds are values.
func isStretch(family string, low, high bound) bool {
	switch {
	case low == "" && high == "" || !low.good() || !high.good():
		return false
	case family == "PR" && (low.percent() || high.percent()):
		return false
	case low == "" || high == "" || low.percent() != high.percent():
		return true
	}
	return low.value() < high.value()
}

// bound is one end of what a statistic is of: a value, a percentile, or "" for an open end.
type bound string

func (b bound) percent() bool { return strings.HasSuffix(string(b), "%") }

func (b bound) value() float64 {
	v, _ := strconv.ParseFloat(strings.TrimSuffix(string(b), "%"), 64) // the pattern lets numbers through only
	return v
}

func (b bound) good() bool { return !b.percent() || b.value() <= 100 }
