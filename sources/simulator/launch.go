package simulator

import (
	"sync"
	"time"
)

const (
	historyBefore = 75 * 60 // seconds that New runs before the scenario's start
	settleBefore  = 5 * 60  // and some before those, so that the history begins in balance
	minutesKept   = 240
)

// Launch is one simulated launch. It is safe for concurrent use. Two launches of the same scenario and
// seed that see the same changes at the same seconds are identical, however they are advanced.
type Launch struct {
	mu       sync.Mutex
	scenario Scenario
	site     *site
	begin    int64 // the first minute that is remembered
	now      int64 // unix seconds: everything before has happened

	current Minute
	minutes []Minute // complete ones, oldest first, without a gap
}

// New builds the launch and runs its history up to the scenario's start, so that it can be read
// back at once. The error says which part of the scenario makes no site.
func New(sc Scenario, seed uint64) (*Launch, error) {
	return newLaunch(sc, seed, historyBefore)
}

func newLaunch(sc Scenario, seed uint64, history int64) (*Launch, error) {
	sc.fillGroups()
	if err := sc.check(); err != nil {
		return nil, err
	}
	start := sc.StartTime().Unix()
	begin := start - history
	begin -= begin % 60
	l := &Launch{scenario: sc, begin: begin, now: begin - settleBefore}
	l.site = newSite(sc, seed, l.now)
	l.current = l.site.newMinute(l.now)
	l.run(start)
	return l, nil
}

// Scenario is the scenario as it was given to New.
func (l *Launch) Scenario() Scenario { return l.scenario }

// Now is the time that the launch has reached, a whole second.
func (l *Launch) Now() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return moment(l.now)
}

// Advance runs the launch up to the given time, cut to the whole second. A time that is already past
// does nothing.
func (l *Launch) Advance(to time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.run(to.Unix())
}

func (l *Launch) run(to int64) {
	for l.now < to {
		l.site.step(l.now, &l.current)
		l.now++
		if l.now%60 == 0 {
			l.closeMinute()
		}
	}
}

// closeMinute keeps the minute that is over and begins the next.
func (l *Launch) closeMinute() {
	l.site.closeMinute(l.now, &l.current)
	if l.current.At.Unix() >= l.begin {
		if len(l.minutes) == 2*minutesKept {
			l.minutes = append(make([]Minute, 0, 2*minutesKept), l.minutes[minutesKept:]...)
		}
		l.minutes = append(l.minutes, l.current)
	}
	l.current = l.site.newMinute(l.now)
}

// Minute gives the measurements of the period that begins at at, cut to the whole minute. It reports
// false for a period that is not over yet, or that lies further back than the launch remembers (at least
// three hours, or the whole of its history).
func (l *Launch) Minute(at time.Time) (Minute, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.minutes) == 0 {
		return Minute{}, false
	}
	i := (at.Unix() - l.minutes[0].At.Unix())
	if i < 0 || i/60 >= int64(len(l.minutes)) {
		return Minute{}, false
	}
	return l.minutes[i/60], true
}

// Span is the stretch of the minutes that can be asked for: from the first one to the end of the last.
func (l *Launch) Span() (from, to time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.minutes) == 0 {
		return moment(l.now), moment(l.now)
	}
	return l.minutes[0].At, l.minutes[len(l.minutes)-1].At.Add(time.Minute)
}

// Activities are the scaling activities of the group (short name or AWS name), newest first. They reach
// back to the beginning of the launch's history, or over the newest 300.
func (l *Launch) Activities(group string) []Activity {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.site.group(group)
	if g == nil {
		return nil
	}
	list := make([]Activity, 0, len(g.log.list))
	for i := len(g.log.list) - 1; i >= 0; i-- {
		list = append(list, g.log.list[i])
	}
	return list
}

// Faults are the faults of the API that are active at the given time, in the scenario's order.
func (l *Launch) Faults(at time.Time) []Fault {
	var active []Fault
	for _, f := range l.scenario.Faults {
		if siteFault(f.Kind) {
			continue
		}
		from, until := f.span(l.scenario.T0)
		if at.Before(from) || !at.Before(until) {
			continue
		}
		active = append(active, Fault{Kind: FaultKind(f.Kind), Service: f.Service, Key: f.Key, Rate: f.Rate, Delay: f.Delay,
			Bytes: f.Bytes, From: from, Until: until})
	}
	return active
}
