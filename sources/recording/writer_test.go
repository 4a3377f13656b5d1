package recording_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"warroom/sources"
	"warroom/sources/recording"
)

// disk is a recording on a disk that can be full.
type disk struct {
	*recording.File
	mu    sync.Mutex
	full  bool
	tries int
}

var errFull = errors.New("the disk is full")

func (d *disk) fill(full bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = full
}

func (d *disk) Append(ctx context.Context, readings ...sources.Reading) error {
	d.mu.Lock()
	d.tries++
	full := d.full
	d.mu.Unlock()
	if full {
		return errFull
	}
	return d.File.Append(ctx, readings...)
}

// small is a reading of ten samples, a fact that turns every ten readings, and every ten readings a change.
func small(n int) sources.Reading {
	at := t0.Add(time.Duration(n) * time.Minute)
	r := sources.Reading{Source: "aws", At: at}
	for i := range 10 {
		r.Samples = append(r.Samples, sources.Sample{Series: benchName(i), At: at, Seen: at, Value: float64(n)})
	}
	r.Facts = []sources.Fact{{Resource: sources.Ref{Service: "alb", Name: "shop"}, Name: "status", Value: fmt.Sprint(n / 10), Seen: at}}
	if n%10 == 5 {
		r.Changes = []sources.Change{{At: at, Seen: at, Kind: sources.ChangeScaling, Text: fmt.Sprint("change ", n)}}
	}
	return r
}

// writeWhile runs a writer on the disk for as long as do takes.
func writeWhile(t *testing.T, d *disk, limit int, do func(w *recording.Writer)) {
	t.Helper()
	w := recording.NewWriter(d, limit, time.Second)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- w.Run(ctx, time.Minute, nil) }()
	do(w)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func everything(t *testing.T, f *recording.File) sources.Batch {
	t.Helper()
	b, _, err := f.Since(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWriterRecordsAllThatIsOffered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{File: create(t)}
		writeWhile(t, d, 10000, func(w *recording.Writer) {
			for n := range 50 {
				w.Offer(small(n))
			}
		})
		b := everything(t, d.File)
		if len(b.Samples) != 500 || len(b.Facts) != 5 || len(b.Changes) != 5 {
			t.Errorf("%d samples, %d facts, %d changes", len(b.Samples), len(b.Facts), len(b.Changes))
		}
		if d.tries > 51 {
			t.Errorf("%d transactions for 50 readings", d.tries)
		}
	})
}

func TestWriterDropsOldSamplesUnderPressureAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{File: create(t), full: true}
		writeWhile(t, d, 100, func(w *recording.Writer) {
			for n := range 50 {
				w.Offer(small(n))
				time.Sleep(300 * time.Millisecond)
			}
			if err := w.Err(); !errors.Is(err, errFull) {
				t.Errorf("while the disk is full: %v", err)
			}
			d.fill(false)
			time.Sleep(2 * time.Second)
			if err := w.Err(); err != nil {
				t.Errorf("once it has space: %v", err)
			}
		})
		b := everything(t, d.File)
		for _, s := range b.Samples {
			if s.Value < 40 {
				t.Fatalf("the oldest were kept: %v", s)
			}
		}
		if len(b.Samples) != 100 || len(b.Facts) != 5 || len(b.Changes) != 6 {
			t.Errorf("%d samples, %d facts, %d changes", len(b.Samples), len(b.Facts), len(b.Changes))
		}
		var said []string
		for _, c := range b.Changes {
			if c.Kind == sources.ChangeRoom {
				said = append(said, c.Text)
			}
		}
		if len(said) != 1 || !strings.Contains(said[0], "400 samples polled from 19:15:00 to 19:54:00 were dropped") {
			t.Errorf("said %q", said)
		}
		if d.tries > 25 {
			t.Errorf("a full disk was tried %d times in 15 s", d.tries)
		}
	})
}

func TestWriterAlwaysTakesTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{File: create(t)}
		writeWhile(t, d, 3, func(w *recording.Writer) {
			w.Offer(small(1))
			w.Offer(sources.Reading{})
			synctest.Wait()
		})
		if b := everything(t, d.File); len(b.Samples) != 10 {
			t.Errorf("%d samples of a reading larger than the limit", len(b.Samples))
		}
	})
}

// stumbling is a lease on a disk that fails at the first changes that are recorded one by one.
type stumbling struct {
	*recording.Lease
	failures int
}

func (s *stumbling) AppendChange(ctx context.Context, c sources.Change) (sources.Change, error) {
	if s.failures > 0 {
		s.failures--
		return sources.Change{}, errFull
	}
	return s.Lease.AppendChange(ctx, c)
}

// TestWriterOfALostLease: what waits when another process takes over, and what is still read until its loss is
// noticed, is left to that process, but for the changes: each of them is recorded, once, whatever the disk does.
func TestWriterOfALostLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := t0
		f, err := recording.Create(t.TempDir()+"/launch.warroom", meta(), recording.WithClock(func() time.Time { return now }))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		lease, err := f.Acquire(ctx, "ada", time.Second)
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Minute)
		if _, err := f.Acquire(ctx, "bob", time.Second); err != nil {
			t.Fatal(err)
		}
		w := recording.NewWriter(&stumbling{lease, 2}, 100, time.Second)
		for n := range 30 { // more samples than may wait
			w.Offer(small(n))
		}
		ended := make(chan error)
		go func() { ended <- w.Run(ctx, time.Second, nil) }()
		time.Sleep(500 * time.Millisecond)
		if err := w.Err(); !errors.Is(err, errFull) {
			t.Errorf("while the disk is full: %v", err)
		}
		time.Sleep(5 * time.Second)
		w.Offer(small(35))
		time.Sleep(time.Second)
		if err := w.Err(); err != nil {
			t.Errorf("when nothing waits any more: %v", err)
		}
		if _, err := w.AppendChange(ctx, sources.Change{At: t0, Seen: t0, Kind: sources.ChangeNote, Text: "still a guest"}); err != nil {
			t.Error(err)
		}
		w.Offer(small(45))
		cancel()
		if err := <-ended; !errors.Is(err, recording.ErrLeaseLost) {
			t.Errorf("the writer of a lost lease: %v", err)
		}
		b := everything(t, f)
		said := map[string]int{}
		for _, c := range b.Changes {
			said[c.Text]++
		}
		for _, want := range []string{"change 5", "change 15", "change 25", "change 35", "change 45", "still a guest"} {
			if said[want] != 1 {
				t.Errorf("%q is recorded %d times", want, said[want])
			}
		}
		if len(b.Changes) != 7 || len(b.Samples) != 0 || len(b.Facts) != 0 { // one says what was dropped
			t.Errorf("%d samples, %d facts, changes %v", len(b.Samples), len(b.Facts), said)
		}
	})
}
