package awsread

import (
	"time"

	"warroom/sources"
)

// learnPace finds out how often a metric that is slow in some accounts has a value: two values nearer to each
// other than the slow pace are a minute's metric, two that are not are a slow one. It says so when it has changed,
// and at the beginning, for the recording may know another pace from before.
func (t *track) learnPace(an *answer, now time.Time, reading *sources.Reading) {
	pace, before := t.metric.slow.pace, -1
	if pace == 0 {
		return
	}
	asked := t.asked(an)
	nearest := asked
	for n := range asked {
		if _, ok := t.value(an, n, true); ok {
			if before >= 0 {
				nearest = min(nearest, n-before)
			}
			before = n
		}
	}
	learnt := t.pace
	switch {
	case nearest < int(pace/t.period):
		learnt = t.period
	case nearest < asked:
		learnt = pace
	}
	if learnt == t.pace {
		return
	}
	t.pace = learnt
	fact := sources.PaceFact(t.series, 0, "", now)
	if t.slow() {
		fact = sources.PaceFact(t.series, pace, t.metric.slow.why, now)
	}
	reading.Facts = append(reading.Facts, fact)
}

// slow tells whether each value of the series is for several periods.
func (t *track) slow() bool { return t.pace > t.period }

// span is for how many periods a value of the series is.
func (t *track) span() int {
	if t.slow() {
		return int(t.pace / t.period)
	}
	return 1
}

// wait is how much later than a period's settle time its value may come, because it is for a longer stretch or
// may yet turn out to be.
func (t *track) wait() time.Duration {
	if t.metric.slow.pace == 0 || t.pace == t.period {
		return 0
	}
	return t.metric.slow.pace - t.period
}

// covering is the value that is for the n-th period before the end: its own, or that of the earlier one whose stretch
// it lies in.
func (t *track) covering(an *answer, n int, settled bool) (float64, bool) {
	for first := n; first < n+t.span(); first++ {
		if value, ok := t.value(an, first, settled); ok {
			return value, true
		}
	}
	return 0, false
}
