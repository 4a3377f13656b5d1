package recording

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"warroom/sources"
)

// Appender is what a [Writer] appends to: a [*File], or the [*Lease] of a collector.
type Appender interface {
	Append(ctx context.Context, readings ...sources.Reading) error
	AppendChange(ctx context.Context, c sources.Change) (sources.Change, error)
}

// Writer takes the waiting for the disk off the hands of those who read sources. Readings are appended by
// its own goroutine, all that have queued in one transaction. When the disk does not keep up, the samples of
// the oldest readings are dropped, and once the disk answers again a change of kind [sources.ChangeRoom] says
// how many. Facts and changes are never dropped; a fact that says what was offered last is not queued again.
//
// A Writer belongs to one holding of the lease: make a new one when the lease was taken anew. Once another process
// has taken over, the samples and facts that wait are left to it, which asks the same sources; changes are recorded
// all the same, for a source tells them once.
type Writer struct {
	to      Appender
	limit   int
	retry   time.Duration
	arrived chan struct{} // holds one token while there is something to write

	mu      sync.Mutex
	queue   []sources.Reading
	waiting int // samples in queue
	dropped Dropped
	said    map[factName]string // the value of each fact as offered last
	err     error
	total   struct{ written, dropped uint64 } // samples, since it was made

	lost bool // another process has taken over; only Run looks
}

// Dropped counts what pressure has cost since the last report of it.
type Dropped struct {
	Samples int
	From    time.Time // the first and the last reading that lost samples, on the launch clock
	To      time.Time
}

// NewWriter appends to to. At most limit samples wait; the reading that comes in last always may. After a
// failure it tries again every retry (machine time).
func NewWriter(to Appender, limit int, retry time.Duration) *Writer {
	return &Writer{to: to, limit: limit, retry: retry, arrived: make(chan struct{}, 1), said: map[factName]string{}}
}

// Offer queues a reading and returns at once. The reading's slices are the writer's from now on.
func (w *Writer) Offer(r sources.Reading) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.Facts = w.unsaid(r.Facts)
	if r.Batch.Empty() {
		return
	}
	w.queue = append(w.queue, r)
	w.waiting += len(r.Samples)
	w.shed()
	w.wake()
}

// unsaid are the facts that say something else than what was offered last: however long the disk fails, the
// queue holds no more facts than there were real turns.
func (w *Writer) unsaid(facts []sources.Fact) []sources.Fact {
	return slices.DeleteFunc(facts, func(f sources.Fact) bool {
		name := factName{f.Resource, f.Name}
		if said, ok := w.said[name]; ok && said == f.Value {
			return true
		}
		w.said[name] = f.Value
		return false
	})
}

// AppendChange records one change at once, past the queue, and returns when it is durable: what must not be
// missed is not done before it is recorded.
func (w *Writer) AppendChange(ctx context.Context, c sources.Change) (sources.Change, error) {
	return w.to.AppendChange(ctx, c)
}

// Err is why appending fails at present, or nil while it does not.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Samples are how many were handed to the recording, and how many were dropped under pressure, since the writer was made.
func (w *Writer) Samples() (written, dropped uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.total.written, w.total.dropped
}

// Run appends what is offered until ctx ends, then what is still queued, once, within the time that drain
// allows; after each transaction it calls appended, which may be nil. It returns nil when nothing is left
// behind, and [ErrLeaseLost] when another process had taken over by then.
func (w *Writer) Run(ctx context.Context, drain time.Duration, appended func()) error {
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
			defer cancel()
			err := w.write(last, appended)
			if w.lost {
				err = errors.Join(ErrLeaseLost, err)
			}
			return err
		case <-w.arrived:
		}
		if err := w.write(ctx, appended); err != nil {
			w.pause(ctx)
		}
	}
}

// pause waits before the next attempt, and sees to it that there is one.
func (w *Writer) pause(ctx context.Context) {
	timer := time.NewTimer(w.retry)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	w.wake()
}

func (w *Writer) wake() {
	select {
	case w.arrived <- struct{}{}:
	default:
	}
}

// write appends the whole queue, or of a lease that is lost the changes in it; on a failure all of it goes back to
// where it was.
func (w *Writer) write(ctx context.Context, appended func()) error {
	if !w.lost {
		err := w.append(ctx, appended)
		w.lost = errors.Is(err, ErrLeaseLost)
		if !w.lost {
			return err
		}
	}
	return w.bequeath(ctx, appended)
}

// bequeath records the changes in the queue past the lease, and lets go of the rest.
func (w *Writer) bequeath(ctx context.Context, appended func()) error {
	changes := w.takeChanges()
	for i, c := range changes {
		if _, err := w.to.AppendChange(ctx, c); err != nil {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.queue = append([]sources.Reading{{Batch: sources.Batch{Changes: changes[i:]}}}, w.queue...)
			w.err = err
			return err
		}
	}
	w.mu.Lock()
	w.err = nil
	w.mu.Unlock()
	if len(changes) > 0 && appended != nil {
		appended()
	}
	return nil
}

// takeChanges empties the queue and returns the changes in it, what was dropped before among them.
func (w *Writer) takeChanges() (changes []sources.Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dropped.Samples > 0 {
		changes = w.dropped.reading().Changes
	}
	for _, r := range w.queue {
		changes = append(changes, r.Changes...)
	}
	w.queue, w.waiting, w.dropped = nil, 0, Dropped{}
	return changes
}

// append appends the whole queue in one transaction.
func (w *Writer) append(ctx context.Context, appended func()) error {
	w.mu.Lock()
	batch, dropped := w.queue, w.dropped
	w.queue, w.waiting, w.dropped = nil, 0, Dropped{}
	w.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	if dropped.Samples > 0 {
		batch = append(batch, dropped.reading())
	}
	err := w.to.Append(ctx, batch...)
	w.mu.Lock()
	w.err = err
	if err != nil {
		w.putBack(batch, dropped)
	}
	for i := range batch {
		if err == nil {
			w.total.written += uint64(len(batch[i].Samples))
		}
	}
	w.mu.Unlock()
	if err == nil && appended != nil {
		appended()
	}
	return err
}

// putBack takes in again what could not be appended, in front of what has come since.
func (w *Writer) putBack(batch []sources.Reading, dropped Dropped) {
	if dropped.Samples > 0 {
		batch = batch[:len(batch)-1] // its report is made anew
		w.dropped = dropped.and(w.dropped)
	}
	w.queue = append(batch, w.queue...)
	w.waiting = 0
	for i := range w.queue {
		w.waiting += len(w.queue[i].Samples)
	}
	w.shed()
}

// shed drops samples of the oldest readings until no more than the limit wait. What else those readings
// brought stays.
func (w *Writer) shed() {
	kept := w.queue[:0]
	for i, r := range w.queue {
		if n := len(r.Samples); n > 0 && w.waiting > w.limit && i < len(w.queue)-1 {
			w.waiting -= n
			w.total.dropped += uint64(n)
			w.dropped = w.dropped.and(Dropped{Samples: n, From: r.At, To: r.At})
			r.Samples = nil
		}
		if !r.Batch.Empty() {
			kept = append(kept, r)
		}
	}
	clear(w.queue[len(kept):])
	w.queue = kept
}

// and adds up two counts.
func (d Dropped) and(e Dropped) Dropped {
	switch {
	case d.Samples == 0:
		return e
	case e.Samples == 0:
		return d
	}
	sum := Dropped{Samples: d.Samples + e.Samples, From: d.From, To: d.To}
	if e.From.Before(sum.From) {
		sum.From = e.From
	}
	if e.To.After(sum.To) {
		sum.To = e.To
	}
	return sum
}

// reading is the report of what was dropped.
func (d Dropped) reading() sources.Reading {
	return sources.Reading{Source: sources.RoomService, At: d.To, Batch: sources.Batch{Changes: []sources.Change{{
		At: d.From, Seen: d.To, Kind: sources.ChangeRoom, Resource: sources.Ref{Service: sources.RoomService, Name: "recording"}, Actor: "room",
		Text: fmt.Sprintf("the disk did not keep up: %d samples polled from %s to %s were dropped",
			d.Samples, d.From.UTC().Format(time.TimeOnly), d.To.UTC().Format(time.TimeOnly)),
	}}}}
}
