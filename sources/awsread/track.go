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
	pace   time.Duration // between two values, where the metric is slow in some accounts; zero before we know

	refusal refusal   // CloudWatch refuses a call for its sake; the zero refusal is none
	begun   time.Time // up to when it was asked for when it was for the first time
	covered time.Time // up to when nothing was missed
	fails   int       // how often in a row CloudWatch has failed at it

	absent  sources.Trouble // what looking for the metric found out
	looked  time.Time       // when it was looked for, zero before
	unsure  bool            // looking was not allowed
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
	t.memory, t.trouble, t.told, t.pace = before.memory, before.trouble, before.told, before.pace
	t.refusal, t.begun, t.covered, t.fails = before.refusal, before.begun, before.covered, before.fails
}

// farewell withdraws what was said of a series that there is no more.
func (t *track) farewell(now time.Time) (facts []sources.Fact) {
	if !t.trouble.None() {
		facts = append(facts, sources.SeriesFact(t.series, sources.Trouble{}, now))
	}
	if t.slow() {
		facts = append(facts, sources.PaceFact(t.series, 0, "", now))
	}
	return facts
}

// collect turns the answers into samples and, when the series' trouble has changed, a fact.
func (t *track) collect(an *answer, now time.Time, reading *sources.Reading) {
	if t.called(an) != nil {
		return // nothing was asked: the source says why, the series stays as it was
	}
	trouble := t.judge(an)
	t.learnPace(an, now, reading)
	if t.tellValues(an, now, trouble.None() && t.exists(), reading) {
		t.absent = sources.Trouble{}
	}
	t.cover(an, trouble.None())
	if trouble.None() {
		trouble = t.absent
	}
	t.say(reading, trouble, now)
}

// tellValues tells the values that the series wants, and of settled periods without one, where silence means
// something, that there was none. It tells whether there was any value.
func (t *track) tellValues(an *answer, now time.Time, silence bool, reading *sources.Reading) (found bool) {
	asked := t.asked(an)
	since := t.since(an.end, an.unsure)
	for n := asked - 1; n >= 0; n-- {
		at := an.at(n)
		settled := !at.Add(t.period + t.settle).After(now)
		value, ok := t.covering(an, n, settled)
		found = found || ok
		silent := silence && !at.Add(t.period+t.settle+t.wait()).After(now) && n <= asked-t.span()
		switch {
		case at.Before(since): // asked for on behalf of another series of the call
		case ok:
			t.tell(reading, sources.Sample{Series: t.series, At: at, Seen: now, Value: value})
		case silent:
			t.tell(reading, sources.Sample{Series: t.series, At: at, Seen: now, None: true})
		}
	}
	return found
}

// asked is how many periods were asked for of all of the series' parts.
func (t *track) asked(an *answer) int {
	least := math.MaxInt
	for _, p := range t.parts {
		least = min(least, an.calls[p/perCall].periods)
	}
	return least
}

// cover notes up to when the series was read without a gap.
func (t *track) cover(an *answer, well bool) {
	if !well {
		t.fails++
		return
	}
	t.fails = 0
	if !an.at(t.asked(an) - 1).After(t.since(an.end, an.unsure)) {
		t.covered = an.end
	}
}

// exists tells whether silence of the series means that there was nothing, as opposed to no such metric.
func (t *track) exists() bool {
	return t.gap == sources.Zero || t.absent.None() && !t.looked.IsZero()
}

// called is the error of the first call that one of the series' parts was in, or nil.
func (t *track) called(an *answer) error {
	for _, p := range t.parts {
		if err := an.calls[p/perCall].err; err != nil {
			return err
		}
	}
	return nil
}

// factsAtOnce bounds how many series are said to be well in one reading.
const factsAtOnce = 5000

// say tells the series' trouble when it has changed. That a series is well is said once at the beginning, for
// the recording may know of a trouble from before.
func (t *track) say(reading *sources.Reading, trouble sources.Trouble, now time.Time) {
	if t.told && t.trouble == trouble || !t.told && trouble.None() && len(reading.Facts) >= factsAtOnce {
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

// value is the series' value for the n-th period before the end, in the catalogue's unit. Of several parts all must have one,
// unless the period is settled: then those that have speak for all.
func (t *track) value(an *answer, n int, settled bool) (float64, bool) {
	sum, top, have := 0.0, math.Inf(-1), 0
	for _, p := range t.parts {
		if row := an.row(p); n < len(row) && !math.IsNaN(row[n]) {
			v := row[n]
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

// judge says what is wrong with the answers to the series' parts: the worst of them.
func (t *track) judge(an *answer) sources.Trouble {
	worst := state{outcome: complete}
	for _, p := range t.parts {
		if rank(an.states[p].outcome) > rank(worst.outcome) {
			worst = an.states[p]
		}
	}
	trouble := func(kind sources.TroubleKind, what, remedy string) sources.Trouble {
		if worst.words != "" {
			what += " (" + short(worst.words) + ")"
		}
		return sources.Trouble{Kind: kind, Text: t.metric.published + " " + t.metric.stat + ": CloudWatch " + what + "; " + remedy}
	}
	const again = "asking again at the next poll"
	switch worst.outcome {
	case left:
		return trouble(sources.Failed, "left it out of its answer, twice", again)
	case broken:
		return trouble(sources.Failed, "failed at it, twice", again)
	case partial:
		return trouble(sources.Partial, "answered in part", again)
	case unasked:
		return trouble(sources.Failed, "was not asked for it, for it refuses a call with other series beside it", again)
	case refused:
		return trouble(sources.Failed, "refuses it", "correct the metric in the config; it is asked for apart, every "+refusedEvery.String())
	case forbidden:
		return trouble(sources.Forbidden, "does not let us read it", "allow cloudwatch:GetMetricData, also in the account that owns the metric")
	}
	return sources.Trouble{}
}

// rank orders outcomes from good to bad.
func rank(o outcome) int {
	return [...]int{complete: 0, partial: 1, broken: 2, forbidden: 3, left: 4, unasked: 5, refused: 6}[o]
}
