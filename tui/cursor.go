package tui

import (
	"time"

	"warroom/sources"
)

// stance is how the cursor relates to time.
type stance uint8

const (
	standing  stance = iota // at one moment
	following               // at the launch clock's now
	playing                 // moving by itself, as a replay does
)

// speeds are those that one key steps through.
var speeds = []float64{0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600}

// span is the stretch of time that a cursor can stand in: of the recording, and up to now while it is live.
type span struct{ from, to time.Time }

// clamp is the moment of the span that is nearest to t.
func (s span) clamp(t time.Time) time.Time {
	switch {
	case t.Before(s.from):
		return s.from
	case t.After(s.to):
		return s.to
	}
	return t
}

// holds tells whether t is within the span.
func (s span) holds(t time.Time) bool { return !t.Before(s.from) && !t.After(s.to) }

// tenth is where n tenths of the span have passed.
func (s span) tenth(n int) time.Time { return s.from.Add(s.to.Sub(s.from) * time.Duration(n) / 10) }

// cursor is the time that the screen shows, and how it moves. The methods take the machine's time where
// moving needs it; none of them looks at a clock.
type cursor struct {
	stance  stance
	at      time.Time // launch time; while following, where it was last seen
	truth   sources.Truth
	speed   float64   // launch seconds per machine second while playing
	stepped time.Time // machine time up to which playing has moved
}

// stand stops at t.
func (c *cursor) stand(t time.Time) {
	c.stance, c.at = standing, t
}

// play starts to move from where the cursor is, at machine time now.
func (c *cursor) play(now time.Time) {
	c.stance, c.stepped = playing, now
}

// step moves a playing cursor to machine time now and stops it at the end of the span. It tells whether the
// cursor moved.
func (c *cursor) step(now time.Time, s span) bool {
	if c.stance != playing {
		return false
	}
	elapsed := now.Sub(c.stepped)
	if elapsed <= 0 {
		return false
	}
	c.stepped = now
	c.at = c.at.Add(time.Duration(float64(elapsed) * c.speed))
	if !c.at.Before(s.to) {
		c.stand(s.to)
	}
	return true
}

// reset makes playing go on from t without the time that has passed meanwhile.
func (c *cursor) reset(t, now time.Time) {
	c.at, c.stepped = t, now
}

// shift changes the speed by steps of the list, from the nearest listed speed on.
func (c *cursor) shift(steps int) {
	i := 0
	for j, s := range speeds {
		if s <= c.speed {
			i = j
		}
	}
	c.speed = speeds[min(max(i+steps, 0), len(speeds)-1)]
}

// toggleTruth changes between what had been seen and what turned out to be true.
func (c *cursor) toggleTruth() {
	if c.truth == sources.AsSeen {
		c.truth = sources.AsSettled
		return
	}
	c.truth = sources.AsSeen
}
