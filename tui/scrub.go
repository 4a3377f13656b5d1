package tui

import (
	"fmt"
	"slices"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"warroom/sources"
)

// The steps of the arrow keys, on the launch clock.
const (
	smallStep = 10 * time.Second
	largeStep = 5 * time.Minute
)

// timeKey answers the keys that move the cursor, which mean the same on every page.
func (m *Model) timeKey(k tea.KeyPressMsg) (tea.Cmd, bool) {
	for _, t := range []struct {
		on key.Binding
		do func()
	}{
		{m.keys.Pause, m.pause},
		{m.keys.Live, m.backToLive},
		{m.keys.Earlier, func() { m.move(-smallStep) }},
		{m.keys.Later, func() { m.move(smallStep) }},
		{m.keys.MuchEarlier, func() { m.move(-largeStep) }},
		{m.keys.MuchLater, func() { m.move(largeStep) }},
		{m.keys.PrevSample, func() { m.moveToSample(-1) }},
		{m.keys.NextSample, func() { m.moveToSample(+1) }},
		{m.keys.PrevMark, func() { m.moveToMark(-1) }},
		{m.keys.NextMark, func() { m.moveToMark(+1) }},
		{m.keys.PrevAlert, func() { m.moveToAlert(-1) }},
		{m.keys.NextAlert, func() { m.moveToAlert(+1) }},
		{m.keys.Start, func() { m.moveTo(m.begin()) }},
		{m.keys.End, func() { m.moveTo(m.reach().to) }},
		{m.keys.Truth, m.changeTruth},
		{m.keys.Slower, func() { m.changeSpeed(-1) }},
		{m.keys.Faster, func() { m.changeSpeed(+1) }},
	} {
		if key.Matches(k, t.on) {
			m.notice = notice{} // it was about where the cursor has been
			t.do()
			return m.tick(), true // the pace may have changed
		}
	}
	return nil, false
}

// pause stops a cursor that moves and sets one that stands in motion: live by going back to now, a replay by
// playing, from its start again when it stands at its end.
func (m *Model) pause() {
	switch {
	case m.cursor.stance != standing:
		m.cursor.stand(m.cursor.at)
		m.room.missed, m.room.paged = 0, 0
	case m.opt.Mode != Replay:
		m.backToLive()
	default:
		if s := m.reach(); !m.cursor.at.Before(s.to) {
			m.cursor.at = m.begin()
		}
		m.cursor.play(m.opt.Now())
	}
}

// begin is where the recording begins to show something. The moments before it can be scrubbed to, and are tenth 0.
func (m *Model) begin() time.Time { return m.reach().clamp(m.room.begin()) }

func (m *Model) backToLive() {
	if m.opt.Mode == Replay {
		m.moveTo(m.reach().to)
		m.say("this recording is finished: there is no live to go back to; this is its end")
		return
	}
	m.cursor.stance, m.cursor.at, m.cursor.truth = following, m.opt.Clock.Now(), sources.AsSeen
	m.room.missed, m.room.paged = 0, 0
}

func (m *Model) move(d time.Duration) { m.moveTo(m.cursor.at.Add(d)) }

// moveTo puts the cursor at the moment of the recording that is nearest to t. A replay that plays goes on
// playing from there; live follows again when now is reached.
func (m *Model) moveTo(t time.Time) {
	m.dirty = true
	s := m.reach()
	t = s.clamp(t)
	switch {
	case m.opt.Mode != Replay && !t.Before(s.to):
		if m.cursor.stance != following {
			m.backToLive()
		}
	case m.cursor.stance == playing:
		m.cursor.reset(t, m.opt.Now())
	default:
		if m.cursor.stance == following {
			m.room.missed, m.room.paged = 0, 0
		}
		m.cursor.stand(t)
	}
}

// moveToSample goes to the next moment at which a period of the launch's samples begins or ends.
func (m *Model) moveToSample(way int) {
	period := m.opt.Meta.Launch.Period
	if period <= 0 {
		period = time.Minute
	}
	at := m.cursor.at.Truncate(period)
	if way < 0 && at.Equal(m.cursor.at) || way > 0 {
		at = at.Add(time.Duration(way) * period)
	}
	m.moveTo(at)
}

// moveToMark goes to the next mark in a direction; there is nothing to do when there is none.
func (m *Model) moveToMark(way int) {
	entries := m.entries()
	if way < 0 {
		slices.Reverse(entries)
	}
	s := m.reach()
	for _, e := range entries {
		if (way < 0 && e.at.Before(m.cursor.at) || way > 0 && e.at.After(m.cursor.at)) && s.holds(e.at) {
			m.moveTo(e.at)
			m.say(e.at.In(m.opt.Zone).Format(time.TimeOnly) + "  " + e.text)
			return
		}
	}
	if way < 0 {
		m.say("no mark before this one")
		return
	}
	m.say("no mark after this one")
}

func (m *Model) changeTruth() {
	m.cursor.toggleTruth()
	if m.cursor.truth == sources.AsSettled {
		if m.cursor.stance == following {
			m.cursor.stand(m.cursor.at)
			m.room.missed, m.room.paged = 0, 0
		}
		m.say("as settled: every value with its last revision")
		return
	}
	m.say("as seen: only what was known then")
}

func (m *Model) changeSpeed(steps int) {
	if m.opt.Mode != Replay {
		m.say("live has no speed; it is a replay that can be played faster")
		return
	}
	m.cursor.shift(steps)
	m.say(fmt.Sprintf("%g times as fast", m.cursor.speed))
}

// jump goes to the time that was typed.
func (m *Model) jump(text string) error {
	t, err := m.moment(text)
	if err != nil {
		return err
	}
	m.moveTo(t)
	return nil
}

// tickMsg is a step of the machine's clock.
type tickMsg struct{ beat int }

// The paces of redrawing: T± and ages move once a second, a fast replay somewhat smoother.
const (
	steady = time.Second
	swift  = 250 * time.Millisecond
)

// tick waits for the next step. Each step has a number, so that there is never more than one clock.
func (m *Model) tick() tea.Cmd {
	m.beat++
	beat, pace := m.beat, steady
	if m.cursor.stance == playing && m.cursor.speed > 2 {
		pace = swift
	}
	now := m.opt.Now()
	return tea.Tick(now.Truncate(pace).Add(pace).Sub(now), func(time.Time) tea.Msg { return tickMsg{beat} })
}

// ticked moves what moves by itself.
func (m *Model) ticked(t tickMsg) tea.Cmd {
	if t.beat != m.beat {
		return nil
	}
	now := m.opt.Now()
	if m.room.known() && m.cursor.step(now, m.reach()) || m.cursor.stance == following {
		m.dirty = true
	}
	if m.notice.text != "" && !now.Before(m.notice.until) {
		m.notice, m.dirty = notice{}, true
	}
	if m.room.unread != nil {
		return tea.Batch(m.tick(), m.load(m.cursor.at))
	}
	return m.tick()
}
