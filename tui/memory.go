package tui

import (
	"time"

	"warroom/sources"
	"warroom/sources/recording"
)

// How much of the recording is held in memory, on the launch clock.
const (
	held    = 150 * time.Minute       // what a window keeps behind its newest sample
	behind  = 70 * time.Minute        // what a frame may look back on from the cursor
	ahead   = 30 * time.Minute        // what is read on both sides of that, so that scrubbing stays in memory
	detachT = held - behind - ahead/3 // how far the recording may run ahead of a standing cursor
)

// memory is the stretch of the recording that is at hand: the window, and what of the recording it holds.
type memory struct {
	window *sources.Window
	mark   recording.Mark // what comes after it has not been applied
	from   time.Time      // everything for periods that start in [from, to) is there
	to     time.Time
	tail   bool // everything up to the recording's end is there, and what is appended will be
	loaded bool // anything has been read at all
	epoch  int  // changes with every load, so that an answer to an older question can be told
	tried  span // what the load in flight will bring; zero when none is
	read   bool // a Since is in flight
	again  bool // and something was appended meanwhile

	answered time.Time // what the last load was for: it brought all there is, so it is not repeated
}

func newMemory() memory {
	return memory{window: sources.NewWindow(held)}
}

// covers tells whether all that a frame at t shows is there.
func (m *memory) covers(t time.Time, s span) bool {
	if m.loaded && t.Equal(m.answered) {
		return true
	}
	return m.loaded && !m.oldest().After(s.clamp(t.Add(-behind))) && (m.tail || !t.After(m.to))
}

// oldest is where the window begins; it lets old rows go as new ones come.
func (m *memory) oldest() time.Time {
	if kept := m.window.Oldest(); kept.After(m.from) {
		return kept
	}
	return m.from
}

// around is the stretch that a load for t brings.
func around(t time.Time) span { return span{t.Add(-behind - ahead), t.Add(ahead)} }

// detach stops applying what is appended once it would push out what the standing cursor looks at.
func (m *memory) detach(cursor time.Time) {
	if m.tail && m.window.Newest().Sub(cursor) > detachT {
		m.tail = false
		m.to = m.window.Newest()
	}
}
