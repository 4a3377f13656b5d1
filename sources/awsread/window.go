package awsread

import "time"

// How far back a pass asks.
const (
	startWindow = 15 * time.Minute // at the start and after a gap
	gapWindow   = 3 * time.Hour    // at most, to close a gap; older points cost another quota
	spare       = 2                // periods beyond the unsettled ones
)

// askedAtOnce bounds what one pass asks for, in values: the poller cuts off what a reading holds beyond 200,000
// samples, and CloudWatch gives only so many in a second. The unsettled periods are always asked for; calls that do
// not fit close their gaps in the next passes.
const askedAtOnce = 190_000

// hopeless is after how many failures in a row a series no longer makes its call ask for all that the series has
// missed. When CloudWatch answers for it again it is asked for.
const hopeless = 3

// unsettled is the stretch before the end of a pass that is asked for each time: values in it may still come or
// be revised, of the series that is the last to settle.
func (p *plan) unsettled() time.Duration {
	var longest time.Duration
	for i := range p.tracks {
		longest = max(longest, p.tracks[i].settle+p.tracks[i].wait())
	}
	return (longest + p.period - 1).Truncate(p.period) + spare*p.period
}

// windows are where the calls of a pass begin: each where the first of its series wants to.
func (p *plan) windows(end time.Time, unsettled time.Duration) []time.Time {
	froms := make([]time.Time, len(p.chunks))
	for i := range froms {
		froms[i] = end.Add(-unsettled)
	}
	for i := range p.tracks {
		t := &p.tracks[i]
		t.begin(end)
		if t.fails >= hopeless {
			continue
		}
		since := t.since(end, unsettled)
		for _, part := range t.parts {
			froms[part/perCall] = earlier(froms[part/perCall], since)
		}
	}
	p.ration(froms, end.Add(-unsettled), askedAtOnce-len(p.parts)*int(unsettled/p.period))
	return froms
}

// ration lets calls make up for what they missed as long as there is room for the values, beginning with another one
// each time.
func (p *plan) ration(froms []time.Time, usual time.Time, room int) {
	for n := range froms {
		i := (p.turn + n) % len(froms)
		more := len(p.chunks[i].queries) * int(usual.Sub(froms[i])/p.period)
		if more > room {
			froms[i] = usual
			continue
		}
		room -= more
	}
	p.turn++
}

// begin notes when the series was asked for for the first time, or anew where the clock went back.
func (t *track) begin(end time.Time) {
	if t.begun.IsZero() || t.begun.After(end) || t.covered.After(end) {
		t.begun, t.covered = end, time.Time{}
	}
}

// since is where the series must be read from: nothing that may yet be revised, and nothing that was missed since it
// was first asked for, is left out.
func (t *track) since(end time.Time, unsettled time.Duration) time.Time {
	from := end.Add(-unsettled)
	switch gap := end.Sub(t.covered); {
	case t.covered.IsZero():
		from = earlier(from, t.begun.Add(-startWindow))
	case gap > spare*t.period:
		from = earlier(from, earlier(end.Add(-startWindow), t.covered.Add(-unsettled)))
	}
	return later(from, end.Add(-gapWindow))
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
