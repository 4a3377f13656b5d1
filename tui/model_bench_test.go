package tui_test

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"warroom/sources"
	"warroom/tui"
)

// BenchmarkAdvanced is what one append costs the screen: Since, Apply, derive, draw, with 24 tiles at 200x60.
func BenchmarkAdvanced(b *testing.B) {
	tape := newBusyTape(sources.NewManualClock(t0))
	m := tui.New(themed(tape.options()))
	run := func(msg tea.Msg) {
		for msg != nil {
			_, cmd := m.Update(msg)
			msg = nil
			if cmd != nil {
				if next := cmd(); !tui.IsTick(next) {
					msg = next
				}
			}
		}
	}
	run(tea.WindowSizeMsg{Width: 200, Height: 60})
	run(tui.Load(m))
	if len(m.View().Content) < 200*60 {
		b.Fatal("there is no frame")
	}
	b.ReportAllocs()
	for b.Loop() {
		tape.clock.Advance(time.Second)
		m.Update(tui.Tick(m))
		run(advanced)
		m.View()
	}
}

// BenchmarkFirstFrame is from nothing to the first frame of an existing recording: read, derive, draw.
func BenchmarkFirstFrame(b *testing.B) {
	f := record(b, t0.Add(30*time.Minute))
	for b.Loop() {
		m := tui.New(themed(tui.Options{Tape: f, Meta: launchMeta(), Mode: tui.Replay, At: &t0, Path: f.Path()}))
		m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
		m.Update(tui.Load(m))
		if len(m.View().Content) < 200*60 {
			b.Fatal("there is no frame")
		}
	}
}
