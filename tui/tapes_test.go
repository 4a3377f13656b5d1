package tui_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"warroom/sources"
	"warroom/sources/recording"
	"warroom/tui"
)

var advanced = tui.AdvancedMsg{}

// brokenTape records nothing while it is broken.
type brokenTape struct {
	tui.Tape
	broken atomic.Bool
}

func (b *brokenTape) AppendChange(ctx context.Context, c sources.Change) (sources.Change, error) {
	if b.broken.Load() {
		return c, errors.New("disk full")
	}
	return b.Tape.AppendChange(ctx, c)
}

// hangingTape answers the first load and hangs after it, as a recording on a dead network drive does.
type hangingTape struct {
	tui.Tape
	release chan struct{}
	entered chan struct{} // told of each call that hangs
	calls   sync.WaitGroup
}

func hanging(tape tui.Tape) *hangingTape {
	return &hangingTape{Tape: tape, release: make(chan struct{}), entered: make(chan struct{}, 8)}
}

func (h *hangingTape) hang() {
	h.calls.Add(1)
	h.entered <- struct{}{}
	<-h.release
}

// end lets all calls go and waits for them.
func (h *hangingTape) end() {
	close(h.release)
	h.calls.Wait()
}

func (h *hangingTape) Since(ctx context.Context, after recording.Mark) (sources.Batch, recording.Mark, error) {
	h.hang()
	defer h.calls.Done()
	return h.Tape.Since(ctx, after)
}

func (h *hangingTape) AppendChange(ctx context.Context, c sources.Change) (sources.Change, error) {
	h.hang()
	defer h.calls.Done()
	return h.Tape.AppendChange(ctx, c)
}

// failingTape cannot be read until it heals.
type failingTape struct {
	tui.Tape
	healed atomic.Bool
}

func (f *failingTape) Load(ctx context.Context, from, to, seen time.Time) (sources.Batch, recording.Mark, error) {
	if !f.healed.Load() {
		return sources.Batch{}, 0, errors.New("input/output error")
	}
	return f.Tape.Load(ctx, from, to, seen)
}

// tapeWith has more in it than its file took: what a hostile or damaged recording may hold.
type tapeWith struct {
	tui.Tape
	extra sources.Batch
}

func (w *tapeWith) Load(ctx context.Context, from, to, seen time.Time) (sources.Batch, recording.Mark, error) {
	b, mark, err := w.Tape.Load(ctx, from, to, seen)
	b.Samples, b.Facts = append(b.Samples, w.extra.Samples...), append(b.Facts, w.extra.Facts...)
	return b, mark, err
}

func (w *tapeWith) Changes(ctx context.Context, from, to, seen time.Time) ([]sources.Change, error) {
	changes, err := w.Tape.Changes(ctx, from, to, seen)
	for i, c := range w.extra.Changes {
		c.Seq = int64(1000 + i)
		changes = append(changes, c)
	}
	return changes, err
}
