package awsread

import (
	"math"
	"time"

	"warroom/sources"
)

// remembered is how many periods of a series are kept, so that what has not changed is not told again.
const remembered = 16

// track is one wanted series, over the parts that make it up.
type track struct {
	series sources.Series
	gap    sources.Gap
	period time.Duration
	settle time.Duration
	metric *metric
	off    string // why the metric cannot exist, in words
	parts  []int
	memory [remembered]cell

	absent  sources.Trouble // what looking for the metric found out
	looked  bool            // it has been looked for
	trouble sources.Trouble // what was last told of the series
	told    bool            // it was told at all
}

// cell is what was last told of one period.
type cell struct {
	at    int64 // Unix seconds; 0 = nothing told
	value float64
	none  bool
}

// remember takes over what is known of the series from an earlier plan.
func (t *track) remember(before track) {
	t.memory, t.trouble, t.told = before.memory, before.trouble, before.told
}

// collect turns the answers into samples and, when the series' trouble has changed, a fact. It tells whether
// the series is still owed an answer.
func (t *track) collect(an *answer, now time.Time, reading *sources.Reading) (owed bool) {
	trouble, owed := t.judge(an)
	found := false
	for n := range an.periods {
		at := an.from.Add(time.Duration(n) * an.period)
		settled := !at.Add(t.period + t.settle).After(now)
		value, ok := t.value(an, n, settled)
		switch {
		case ok:
			found = true
			t.tell(reading, sources.Sample{Series: t.series, At: at, Seen: now, Value: value})
		case settled && trouble.None() && (t.absent.None() || t.gap == sources.Zero):
			t.tell(reading, sources.Sample{Series: t.series, At: at, Seen: now, None: true})
		}
	}
	if found {
		t.absent = sources.Trouble{}
	}
	if trouble.None() {
		trouble = t.absent
	}
	if owed && t.called(an) == nil {
		owed = trouble.Kind != sources.Forbidden
	}
	t.say(reading, trouble, now)
	return owed
}

// called is the error of the first call that one of the series' parts was in, or nil.
func (t *track) called(an *answer) error {
	for _, p := range t.parts {
		if err := an.errs[p/perCall]; err != nil {
			return err
		}
	}
	return nil
}

// say tells the series' trouble when it has changed.
func (t *track) say(reading *sources.Reading, trouble sources.Trouble, now time.Time) {
	if t.told && t.trouble == trouble {
		return
	}
	t.trouble, t.told = trouble, true
	reading.Facts = append(reading.Facts, sources.SeriesFact(t.series, trouble, now))
}

// tell appends the sample unless the same was told of its period before, or a value takes back nothing.
func (t *track) tell(reading *sources.Reading, s sources.Sample) {
	at := s.At.Unix()
	c := &t.memory[int(at/int64(t.period/time.Second))%remembered]
	if c.at == at && (s.None || !c.none && c.value == s.Value) {
		return
	}
	*c = cell{at: at, value: s.Value, none: s.None}
	reading.Samples = append(reading.Samples, s)
}

// value is the series' value for the n-th period, in the catalogue's unit. Of several parts all must have one,
// unless the period is settled: then those that have speak for all.
func (t *track) value(an *answer, n int, settled bool) (float64, bool) {
	sum, top, have := 0.0, math.Inf(-1), 0
	for _, p := range t.parts {
		if v := an.values[p*an.periods+n]; !math.IsNaN(v) {
			sum, top, have = sum+v, max(top, v), have+1
		}
	}
	if have == 0 || have < len(t.parts) && !settled {
		return 0, false
	}
	if t.metric.merge == highest {
		return top * t.metric.scale, true
	}
	return sum * t.metric.scale, true
}

// judge says what is wrong with the answers to the series' parts, the worst of them, and whether another
// answer may be better.
func (t *track) judge(an *answer) (trouble sources.Trouble, owed bool) {
	name := t.metric.published + " " + t.metric.stat
	worst := complete
	words := ""
	for _, p := range t.parts {
		if o := rank(an.states[p].outcome); o > rank(worst) {
			worst, words = an.states[p].outcome, an.states[p].words
		}
	}
	if words != "" {
		words = " (" + words + ")"
	}
	switch worst {
	case left:
		if t.called(an) != nil {
			return t.trouble, true // the call failed: the source says so, the series stays as it was
		}
		return sources.Trouble{Kind: sources.Failed, Text: name + ": CloudWatch left it out of its answer, twice; asking again at the next poll"}, true
	case broken:
		return sources.Trouble{Kind: sources.Failed, Text: name + ": CloudWatch failed at it, twice" + words + "; asking again at the next poll"}, true
	case partial:
		return sources.Trouble{Kind: sources.Partial, Text: name + ": CloudWatch answered in part" + words + "; asking again at the next poll"}, true
	case forbidden:
		return sources.Trouble{Kind: sources.Forbidden, Text: name + ": CloudWatch does not let us read it" + words + "; allow cloudwatch:GetMetricData, also in the account that owns the metric"}, false
	}
	return sources.Trouble{}, false
}

// rank orders outcomes from good to bad.
func rank(o outcome) int {
	return [...]int{left: 4, complete: 0, partial: 1, broken: 2, forbidden: 3}[o]
}
