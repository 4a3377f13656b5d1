// Package surprise tells when a series does what it has never done before. It knows nothing of what the series
// means: no unit, no threshold, no period. It judges a value by the series' own past alone, one pass, and never by
// a later value or by how many are still to come.
//
// Which statistic finds the strange value hardly matters; what keeps it from crying wolf are its manners:
//   - it asks for something that lasts: distances are averaged over a handful of samples;
//   - what an earlier day had at this hour is no surprise, and what every day of a week had and today has not, is;
//   - a distance is measured against the distances of the series' own past: the score says how far it lies beyond
//     the one that the tail of the past would bring twice a day;
//   - in warm-up it is silent, and after a page it is silent until the series has been calm for an hour;
//   - each page doubles what the next one needs, which wears off in weeks: a series that is always odd is left alone.
//
// All constants below are one configuration for every series. They are round figures on a plateau: with half or double
// of any one of them (raise: 1.5 or 3) the labelled series of NAB score 52 to 65, at 0.03 to 0.08 false pages for each
// series and day. What counts most is how long something must last, and how a page raises the bar and for how long.
package surprise

import (
	"math"
	"slices"
	"time"
)

const (
	near    = 24 // samples that the newest is compared with
	lasting = 5  // samples whose distances are averaged
	calm    = 12 // samples whose median is the level that earlier days are compared with
	paces   = 15 // steps of the clock that tell the sampling period
	least   = 6  // samples before anything is compared

	days     = 7   // earlier days that are remembered, and how many the level needs
	slight   = .02 // of the greatest magnitude near in time: a smaller distance is never worth a page
	perDay   = 2   // how often a day the past's tail brings a distance of score 1, before pages have raised the bar
	raise    = 2   // what a page makes the next one need, times
	fade     = 14 * 24 * time.Hour
	quiet    = time.Hour // without a score of 1, before the next page
	quietFor = 6         // samples, likewise

	muted = 0.99 // the most that a score says while it is silent
	most  = 100  // the most that a score says: no surprise is greater than seven pages can raise the bar
	huge  = 1e290
	tiny  = 1e-300 // keeps every quotient finite
)

// Detector judges one series. Its memory is bounded: two weeks of distances at 5 minutes, a week of quarters of an
// hour; it grows only as far as the series goes.
type Detector struct {
	clock   clock
	recent  []float64 // the newest values, in the order they came
	apart   []float64 // the newest distances from them
	week    week
	jumps   past          // distances from what was near in time
	levels  past          // distances from what earlier days had
	bar     float64       // what pages have raised, as a logarithm
	silence time.Duration // on the detector's own clock, until which it is silent
	mute    int           // samples for which it is still silent
}

// New makes a detector that has seen nothing.
func New() *Detector { return &Detector{week: week{}} }

// Next judges the next value of the series, which was measured at a time (of its period's start or end, always the
// same), and learns it. It pages at a score of 1 or more; the score is 0 to 100, and 0 in warm-up, for none ("asked,
// and there was nothing") and for what is no finite number. A clock that steps back or stands still is borne: no time
// passes. Multiplying all values by one positive number changes no score, but for rounding.
func (d *Detector) Next(at time.Time, value float64, none bool) float64 {
	passed := d.clock.tick(at)
	d.bar *= math.Exp2(-passed.Hours() / fade.Hours())
	if none || math.IsNaN(value) || math.IsInf(value, 0) {
		return 0
	}
	value = min(max(value, -huge), huge)
	return d.manners(min(d.judge(at, value), most) / math.Exp(d.bar))
}

// manners keeps a page to one per cause.
func (d *Detector) manners(score float64) float64 {
	silent := d.mute > 0 || d.clock.now < d.silence
	d.mute--
	if score < 1 {
		return score
	}
	d.silence, d.mute = d.clock.now+quiet, quietFor
	if silent {
		return muted
	}
	d.bar += math.Log(raise)
	return score
}

// judge is how far the value lies beyond the past's own distances, and learns it.
func (d *Detector) judge(at time.Time, value float64) (score float64) {
	level := median(append(slices.Clone(d.recent[max(0, len(d.recent)-calm+1):]), value))
	if len(d.recent) >= least {
		score = d.compare(at, value, level)
	}
	d.recent = push(d.recent, value, near)
	d.week.learn(at, value, level)
	return score
}

func (d *Detector) compare(at time.Time, value, level float64) float64 {
	middle := median(slices.Clone(d.recent))
	floor := slight*max(largest(d.recent), math.Abs(value)) + tiny
	rare := d.clock.period().Hours() / 24 * perDay
	earlier := d.week.at(at, d.clock.period(), value, level)
	d.apart = push(d.apart, min(math.Abs(value-middle), earlier.value), lasting)
	score := d.jumps.judge(mean(d.apart), rare, floor)
	if earlier.days > 0 {
		if s := d.levels.judge(earlier.level, rare, floor); earlier.days == days {
			score = max(score, s)
		}
	}
	return score
}

// clock is the detector's own, which only goes forward.
type clock struct {
	last  time.Time
	now   time.Duration // since the first sample
	steps []time.Duration
}

// maxStep is more than any pause that means something here: nothing is remembered for so long.
const maxStep = 365 * 24 * time.Hour

// tick is how much time has passed since the tick before.
func (c *clock) tick(at time.Time) time.Duration {
	passed := time.Duration(0)
	if !c.last.IsZero() {
		passed = min(max(at.Sub(c.last), 0), maxStep)
	}
	c.last = at
	if passed > 0 {
		c.steps = push(c.steps, passed, paces)
		c.now = min(c.now+passed, math.MaxInt64-2*maxStep)
	}
	return passed
}

// period is the sampling period as the newest steps tell it.
func (c *clock) period() time.Duration {
	if len(c.steps) == 0 {
		return time.Minute
	}
	return median(slices.Clone(c.steps))
}

// push appends to a list that keeps its newest n.
func push[T any](list []T, x T, n int) []T {
	if len(list) < n {
		return append(list, x)
	}
	copy(list, list[1:])
	list[len(list)-1] = x
	return list
}

// median sorts its argument, which is not empty.
func median[T float64 | time.Duration](list []T) T {
	slices.Sort(list)
	return list[len(list)/2]
}

// largest is the greatest magnitude, 0 of none.
func largest(list []float64) (most float64) {
	for _, x := range list {
		most = max(most, math.Abs(x))
	}
	return most
}

func mean(list []float64) float64 {
	sum := 0.0
	for _, x := range list {
		sum += x
	}
	return sum / float64(len(list))
}
