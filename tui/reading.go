package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"warroom/sources"
	"warroom/sources/recording"
)

// readFor bounds how long a command may wait for the recording.
const readFor = 20 * time.Second

// roomState is what the screen knows about the recording as a whole.
type roomState struct {
	span    span
	first   time.Time // when the first number had been seen: before that there is nothing to look at
	size    int64
	changes []sources.Change // all of the recording
	last    int64            // the newest of them
	unread  error            // why the recording could not be read, nil while it can
	meta    *recording.Meta  // as it was read again, nil while the options' holds
	missed  int              // changes worth a line that came while the cursor stood
	paged   int              // alerts among them that began to page
	lease   *sources.Fact    // the newest word on who collects
}

// begin is where there is something to look at: the first number had been seen. What was read then reaches back further.
func (r *roomState) begin() time.Time {
	if r.span.holds(r.first) {
		return r.first
	}
	return r.span.from
}

// known tells whether the recording has been read at all.
func (r *roomState) known() bool { return !r.span.from.IsZero() }

// batchMsg is what was appended since the last look.
type batchMsg struct {
	epoch int
	batch sources.Batch
	mark  recording.Mark
	size  int64
	meta  *recording.Meta // nil where nothing says that it has changed
	err   error
}

// loadedMsg is a stretch of the recording around a target.
type loadedMsg struct {
	epoch   int
	target  time.Time
	stretch span
	batch   sources.Batch
	mark    recording.Mark
	room    roomState
	newest  []sources.Fact // what held when the recording ended, whatever the stretch
	damaged error          // a part of the recording cannot be read; the rest is here
	err     error
}

// advanced looks what was appended. While an answer is awaited it only remembers to look again.
func (m *Model) advanced() tea.Cmd {
	if m.memory.read || m.memory.tried != (span{}) {
		m.memory.again = true
		return nil
	}
	m.memory.read = true
	tape, mark, epoch := m.opt.Tape, m.memory.mark, m.memory.epoch
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), readFor)
		defer cancel()
		batch, next, err := tape.Since(ctx, mark)
		size, _ := tape.Size() // a size that cannot be read is shown as it was
		return batchMsg{epoch: epoch, batch: batch, mark: next, size: size, meta: reread(ctx, tape, batch), err: err}
	}
}

// read takes in what was appended.
func (m *Model) read(msg batchMsg) tea.Cmd {
	m.memory.read = false
	if m.room.held(msg.batch.Facts) {
		m.dirty = true
	}
	if msg.epoch == m.memory.epoch {
		m.take(msg)
	} else {
		m.memory.again = true // it answers for a window that is gone
	}
	if !m.memory.again {
		return nil
	}
	m.memory.again = false
	return m.advanced()
}

func (m *Model) take(msg batchMsg) {
	m.failed(msg.err)
	if msg.err != nil {
		return
	}
	m.memory.mark = msg.mark
	m.retell(msg.meta)
	if msg.size > 0 && msg.size != m.room.size {
		m.room.size, m.dirty = msg.size, true
	}
	m.room.take(msg.batch, m.cursor.stance)
	if m.cursor.stance != following {
		m.memory.detach(m.cursor.at)
	}
	if !m.memory.tail {
		msg.batch = sources.Batch{Changes: msg.batch.Changes}
	}
	if m.memory.window.Apply(msg.batch) {
		m.dirty = true
	}
}

// take widens the span and keeps the changes.
func (r *roomState) take(b sources.Batch, s stance) {
	for i := range b.Samples {
		r.widen(b.Samples[i].Seen)
	}
	changes := slices.SortedFunc(slices.Values(b.Changes), func(x, y sources.Change) int { return cmp.Compare(x.Seq, y.Seq) })
	for _, c := range changes { // in the order of Seen one may stand behind a later one
		r.widen(c.Seen)
		r.keep(c, s)
	}
}

// held keeps the newest word on who collects: the window may show, and know, an earlier time only. It tells
// whether there was one.
func (r *roomState) held(facts []sources.Fact) (changed bool) {
	for _, f := range facts {
		if f.Resource == leaseRef && f.Name == "holder" && (r.lease == nil || !f.Seen.Before(r.lease.Seen)) {
			r.lease, changed = &f, true
		}
	}
	return changed
}

func (r *roomState) widen(t time.Time) {
	if r.span.from.IsZero() || t.Before(r.span.from) {
		r.span.from = t
	}
	if t.After(r.span.to) {
		r.span.to = t
	}
}

// keep adds a change once; the recording numbers them.
func (r *roomState) keep(c sources.Change, s stance) {
	if c.Seq <= r.last {
		return
	}
	r.last = c.Seq
	r.changes = append(r.changes, c)
	if s != following && telling(&c) {
		r.missed++
	}
}

// load reads the stretch around a target. An answer to an older load is not heard any more.
func (m *Model) load(target time.Time) tea.Cmd {
	m.memory.epoch++
	m.memory.tried = around(target)
	tape, epoch, start := m.opt.Tape, m.memory.epoch, m.opt.Mode == Replay && target.IsZero()
	live := m.opt.Mode != Replay
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), readFor)
		defer cancel()
		msg := readStretch(ctx, tape, epoch, target, start)
		if live && msg.err == nil {
			msg.newest = readNewest(ctx, tape, msg.room.span.to)
		}
		return msg
	}
}

// readNewest is what held when the recording ended, and since. It is read after the stretch, so that nothing lies
// between the two; where it cannot be read, what was known before goes on.
func readNewest(ctx context.Context, tape Tape, end time.Time) []sources.Fact {
	b, _, err := tape.Load(ctx, end, end.Add(ahead), time.Time{})
	if err != nil {
		return nil
	}
	return b.Facts
}

// readStretch is the command behind load.
func readStretch(ctx context.Context, tape Tape, epoch int, target time.Time, start bool) (msg loadedMsg) {
	msg.epoch = epoch
	from, to, err := tape.Span(ctx)
	if err != nil {
		msg.err = fmt.Errorf("read the recording's span: %w", err)
		return msg
	}
	msg.room.span = span{from, to}
	if msg.room.first, err = tape.FirstSeen(ctx); err != nil {
		msg.room.first = time.Time{} // the recording's begin stands for it
	}
	if start {
		target = msg.room.begin()
	}
	msg.target, msg.stretch = target, around(target)
	msg.batch, msg.mark, err = tape.Load(ctx, msg.stretch.from, msg.stretch.to, time.Time{})
	if errors.Is(err, recording.ErrDamaged) {
		msg.damaged = err
	} else if err != nil {
		msg.err = fmt.Errorf("read the recording around %s: %w", target.Format(time.TimeOnly), err)
		return msg
	}
	if msg.room.changes, err = tape.Changes(ctx, time.Time{}, time.Time{}, time.Time{}); err != nil && !errors.Is(err, recording.ErrDamaged) {
		msg.err = fmt.Errorf("read the recording's changes: %w", err)
		return msg
	}
	msg.room.size, _ = tape.Size() // a size that cannot be read is not shown
	return msg
}

// loaded replaces the window by the stretch that was read.
func (m *Model) loaded(msg loadedMsg) tea.Cmd {
	if msg.epoch != m.memory.epoch {
		return nil
	}
	m.memory.tried = span{}
	m.failed(msg.err)
	if msg.err != nil {
		return nil
	}
	first := !m.room.known()
	m.room.span, m.room.first, m.room.size, m.room.changes = msg.room.span, msg.room.first, msg.room.size, msg.room.changes
	m.room.last = newestChange(m.room.changes)
	m.room.held(msg.newest)
	m.memory.window = sources.NewWindow(held)
	m.memory.window.Apply(msg.batch)
	m.memory.window.Apply(sources.Batch{Changes: m.room.changes})
	m.memory.mark, m.memory.from, m.memory.to = msg.mark, msg.stretch.from, msg.stretch.to
	m.memory.tail = !msg.stretch.to.Before(earlier(msg.room.span.to, m.reach().to)) // a clock that goes ahead may have written beyond now
	m.memory.loaded, m.memory.answered = true, msg.target
	if first && m.opt.Mode == Replay {
		m.enter()
	}
	m.dirty = true
	if msg.damaged != nil {
		m.complain(msg.damaged)
	}
	if m.memory.again {
		m.memory.again = false
		return m.advanced()
	}
	return nil
}

func newestChange(changes []sources.Change) int64 {
	var last int64
	for i := range changes {
		last = max(last, changes[i].Seq)
	}
	return last
}

// enter puts a replay's cursor where it starts, now that the span is known.
func (m *Model) enter() {
	if m.cursor.at.IsZero() {
		m.cursor.reset(m.room.begin(), m.opt.Now())
		return
	}
	if !m.room.span.holds(m.cursor.at) {
		m.complain(outside(m.cursor.at.In(m.opt.Zone).Format(time.DateTime), m.room.span, m.opt.Zone))
	}
	m.cursor.reset(m.room.span.clamp(m.cursor.at), m.opt.Now())
}

// failed keeps why the recording cannot be read, until it can.
func (m *Model) failed(err error) {
	if (err == nil) != (m.room.unread == nil) {
		m.dirty = true
	}
	m.room.unread = err
}

// arrive lets the frame follow the cursor: at once where the recording is at hand, and after a load where it
// is not. Until then the last time that was at hand stays on the screen.
func (m *Model) arrive() tea.Cmd {
	if m.memory.covers(m.cursor.at, m.reach()) {
		m.drawn = m.cursor
		return nil
	}
	if tried := m.memory.tried; tried != (span{}) && (span{tried.from.Add(behind), tried.to}).holds(m.cursor.at) {
		return nil
	}
	if m.room.unread != nil || m.memory.tried != (span{}) && !m.memory.loaded {
		return nil // asked again at the next tick
	}
	return m.load(m.cursor.at)
}

// reach is the stretch in which the cursor can stand: what is recorded, and up to now while it is live.
func (m *Model) reach() span {
	s := m.room.span
	if m.opt.Mode != Replay {
		s.to = m.opt.Clock.Now()
		if s.from.IsZero() {
			s.from = s.to
		}
	}
	return s
}
