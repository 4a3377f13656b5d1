package sources

import (
	"context"
	"sync"
	"time"
)

// Clock is the launch clock: At, Seen, due times and everything that the simulated site does run on it.
// A rehearsal's clock runs faster than the machine's; what a person types or waits for never does.
type Clock interface {
	Now() time.Time
	// Sleep waits for d of launch time, or until ctx ends and returns its error.
	Sleep(ctx context.Context, d time.Duration) error
}

// RunningClock is the machine's clock, moved to an origin and run at a speed. The zero value is the
// machine's clock itself.
type RunningClock struct {
	origin time.Time // launch time at base
	base   time.Time // machine time, with its monotonic reading
	speed  float64
}

// ResumeClock is the launch clock that showed origin at machine time base, and has run since at speed times the
// machine's pace, which must be positive. So a second process derives the same time from what the recording keeps.
func ResumeClock(origin, base time.Time, speed float64) RunningClock {
	return RunningClock{origin: origin, base: base, speed: speed}
}

// Now is the launch time.
func (c RunningClock) Now() time.Time {
	if c.speed == 0 {
		return time.Now()
	}
	return c.origin.Add(time.Duration(float64(time.Since(c.base)) * c.speed))
}

// Speed is how many launch seconds pass in a second.
func (c RunningClock) Speed() float64 {
	if c.speed == 0 {
		return 1
	}
	return c.speed
}

// Sleep waits for d of launch time.
func (c RunningClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(time.Duration(float64(d) / c.Speed()))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// stopwatch measures on the machine's clock how long something takes, whatever clock the launch runs on.
func stopwatch() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}

// ManualClock stands until it is moved. Tests use it where real network calls rule out virtual time.
type ManualClock struct {
	mu    sync.Mutex
	now   time.Time
	moved chan struct{}
}

// NewManualClock stands at now.
func NewManualClock(now time.Time) *ManualClock {
	return &ManualClock{now: now, moved: make(chan struct{})}
}

// Now is where the clock stands.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock and wakes those whose time has come.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	close(c.moved)
	c.moved = make(chan struct{})
}

// Sleep waits until the clock has been moved by d.
func (c *ManualClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	until := c.now.Add(d)
	c.mu.Unlock()
	for {
		c.mu.Lock()
		reached, moved := !c.now.Before(until), c.moved
		c.mu.Unlock()
		if reached {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-moved:
		}
	}
}
