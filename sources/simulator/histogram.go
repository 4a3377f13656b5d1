package simulator

import "math"

// The buckets of a Histogram grow by 8 % from 1 ms: a percentile is right to within 4 %, from 1 ms to over
// two minutes.
const (
	histogramBuckets = 160
	histogramFloor   = 0.001
	histogramGrowth  = 1.08
)

var histogramLogGrowth = math.Log(histogramGrowth)

// Histogram is a distribution of durations in seconds. The zero value is empty.
type Histogram struct {
	counts [histogramBuckets]int64
	total  int64
	sum    float64
	min    float64
	max    float64
}

// Add counts n durations of the given seconds. Negative and undefined durations count as zero.
func (h *Histogram) Add(seconds float64, n int64) {
	if n <= 0 {
		return
	}
	if !(seconds > 0) {
		seconds = 0
	}
	if h.total == 0 || seconds < h.min {
		h.min = seconds
	}
	h.max = max(h.max, seconds)
	h.counts[bucketOf(seconds)] += n
	h.total += n
	h.sum += seconds * float64(n)
}

func bucketOf(seconds float64) int {
	if seconds <= histogramFloor {
		return 0
	}
	i := 1 + int(math.Log(seconds/histogramFloor)/histogramLogGrowth)
	return min(i, histogramBuckets-1)
}

// Merge adds the durations of another histogram.
func (h *Histogram) Merge(o *Histogram) {
	if o == nil || o.total == 0 {
		return
	}
	if h.total == 0 || o.min < h.min {
		h.min = o.min
	}
	h.max = max(h.max, o.max)
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.total += o.total
	h.sum += o.sum
}

// Count is the number of durations.
func (h *Histogram) Count() int64 { return h.total }

// Mean is the mean duration in seconds, 0 when empty.
func (h *Histogram) Mean() float64 {
	if h.total == 0 {
		return 0
	}
	return h.sum / float64(h.total)
}

// Min is the shortest duration in seconds, 0 when empty.
func (h *Histogram) Min() float64 { return h.min }

// Max is the longest duration in seconds, 0 when empty.
func (h *Histogram) Max() float64 { return h.max }

// Quantile is the duration in seconds below which the share q (0 to 1) of all lies, 0 when empty.
func (h *Histogram) Quantile(q float64) float64 {
	if h.total == 0 {
		return 0
	}
	rank := min(max(q, 0), 1) * float64(h.total)
	seen := 0.0
	for i, n := range h.counts {
		if n == 0 {
			continue
		}
		if seen+float64(n) >= rank {
			return min(max(bucketAt(i, (rank-seen)/float64(n)), h.min), h.max)
		}
		seen += float64(n)
	}
	return h.max
}

// bucketAt is the duration at the given share (0 to 1) of a bucket's width.
func bucketAt(i int, share float64) float64 {
	if i == 0 {
		return histogramFloor * share
	}
	return histogramFloor * math.Exp((float64(i-1)+share)*histogramLogGrowth)
}
