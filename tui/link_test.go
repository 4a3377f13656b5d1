package tui_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"warroom/sources"
	"warroom/sources/recording"
	"warroom/tui"
)

// The link that the tests call slow, and what a tty takes before a write blocks.
const (
	slowBytes = 20_000 // a second
	ttyBuffer = 22_000
)

// slowTerminal lets a terminal read no more than slowBytes a second.
type slowTerminal struct {
	*terminal
	mu      sync.Mutex
	moved   *sync.Cond
	buffer  []byte
	stalled bool // nothing is read
	end     bool
}

func newSlowTerminal(t testing.TB, w, h int) *slowTerminal {
	s := &slowTerminal{terminal: newTerminal(t, w, h)}
	s.moved = sync.NewCond(&s.mu)
	s.terminal.wire = s
	go s.flow()
	t.Cleanup(func() {
		s.hangUp()
		time.Sleep(5 * time.Second) // of virtual time, for the timers that Bubble Tea leaves behind
	})
	return s
}

// Write is the tty: it takes what its buffer has room for and blocks for the rest.
func (s *slowTerminal) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for rest := p; len(rest) > 0; {
		n := min(ttyBuffer-len(s.buffer), len(rest))
		s.buffer = append(s.buffer, rest[:n]...)
		rest = rest[n:]
		for len(s.buffer) == ttyBuffer && !s.end {
			s.moved.Wait()
		}
		if s.end {
			return 0, context.Canceled
		}
	}
	return len(p), nil
}

// flow moves bytes over the slow link, 10 ms at a time.
func (s *slowTerminal) flow() {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for range ticker.C {
		s.mu.Lock()
		n := min(slowBytes/100, len(s.buffer))
		if s.stalled {
			n = 0
		}
		p := slices.Clone(s.buffer[:n])
		s.buffer = s.buffer[n:]
		end := s.end
		s.moved.Broadcast()
		s.mu.Unlock()
		if end {
			return
		}
		if n > 0 {
			s.terminal.Write(p)
		}
	}
}

func (s *slowTerminal) stall() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stalled = true
}

func (s *slowTerminal) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end = true
	s.moved.Broadcast()
}

// busyTape is a launch of 24 resources that brings something new for every series each time it is asked, as a
// rehearsal at 60 times the speed does each second.
type busyTape struct {
	clock *sources.ManualClock
	meta  recording.Meta
	mu    sync.Mutex
	mark  recording.Mark
}

func newBusyTape(clock *sources.ManualClock) *busyTape {
	b := &busyTape{clock: clock, meta: recording.Meta{Launch: sources.Launch{Name: "busy", T0: t0}, Environment: "prod"}}
	for i := range 4 {
		for _, service := range []string{"cloudfront", "waf", "alb", "asg", "aurora", "audience"} {
			r := sources.Resource{Ref: sources.Ref{Service: service, Name: fmt.Sprintf("%s%d", service, i)}, ID: "id"}
			if service == "audience" {
				r.Attrs = map[string]string{"as": "registrations"}
			}
			b.meta.Resources = append(b.meta.Resources, r)
		}
	}
	return b
}

// batch is what is learnt at a time: for every series its newest minutes.
func (b *busyTape) batch(seen time.Time, minutes int) sources.Batch {
	var out sources.Batch
	for i, r := range b.meta.Resources {
		for j, m := range sources.Metrics() {
			if m.Service != r.Service || m.Derived() || m.Label != "" {
				continue
			}
			for k := range minutes {
				at := seen.Truncate(time.Minute).Add(-time.Duration(k+1) * time.Minute)
				value := 100 + 50*math.Sin(float64(at.Unix())/600+float64(i*7+j))
				out.Samples = append(out.Samples, sources.Sample{
					Series: sources.Series{Metric: m.Name, Resource: r.Name}, At: at, Seen: seen, Value: math.Round(value),
				})
			}
		}
	}
	return out
}

func (b *busyTape) Since(context.Context, recording.Mark) (sources.Batch, recording.Mark, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mark++
	return b.batch(b.clock.Now(), 3), b.mark, nil
}

func (b *busyTape) Load(_ context.Context, from, to, _ time.Time) (sources.Batch, recording.Mark, error) {
	return b.batch(b.clock.Now(), 60), 0, nil
}

func (b *busyTape) Changes(context.Context, time.Time, time.Time, time.Time) ([]sources.Change, error) {
	return nil, nil
}

func (b *busyTape) FirstSeen(context.Context) (time.Time, error) { return time.Time{}, nil }

func (b *busyTape) Span(context.Context) (from, to time.Time, err error) {
	return b.clock.Now().Add(-time.Hour), b.clock.Now(), nil
}
func (b *busyTape) Size() (int64, error)                         { return 1 << 20, nil }
func (b *busyTape) Meta(context.Context) (recording.Meta, error) { return b.meta, nil }
func (b *busyTape) AppendChange(_ context.Context, c sources.Change) (sources.Change, error) {
	return c, nil
}

func (b *busyTape) options() tui.Options {
	return tui.Options{Tape: b, Meta: b.meta, Clock: b.clock, Mode: tui.Rehearsal}
}

// advance is a rehearsal: each second a minute passes and brings samples.
func (b *busyTape) advance(ctx context.Context, send func()) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			b.clock.Advance(time.Minute)
			send()
		}
	}
}

func TestKeysOnASlowLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tape := newBusyTape(sources.NewManualClock(t0))
		term := newSlowTerminal(t, 200, 60)
		term.run(context.Background(), tui.New(themed(tape.options())))
		ctx, cancel := context.WithCancel(context.Background())
		go tape.advance(ctx, func() { term.program.Send(advanced) })
		term.see("REHEARSAL", "aurora3")
		time.Sleep(10 * time.Second) // of virtual time: the link gets to know itself
		random := rand.New(rand.NewPCG(1, 2))
		var took []time.Duration
		for range 40 {
			took = append(took, term.timed("J", func() { term.see("jump to") }), term.timed("backspace", func() { term.gone("jump to") }))
			time.Sleep(time.Duration(300+random.IntN(900)) * time.Millisecond)
		}
		slices.Sort(took)
		t.Logf("keys on %d bytes/s: p50 %s, p90 %s, worst %s", slowBytes, took[len(took)/2], took[len(took)*9/10], took[len(took)-1])
		if p90 := took[len(took)*9/10]; p90 > 250*time.Millisecond {
			t.Errorf("a key's p90 is %s on a link of %d bytes/s", p90, slowBytes)
		}
		cancel()
		term.press("q")
		if err := term.left(time.Second); err != nil {
			t.Error(err)
		}
	})
}

// timed is how long it takes from a key to what it does.
func (term *terminal) timed(key string, done func()) time.Duration {
	from := time.Now()
	term.press(key)
	done()
	return time.Since(from)
}

func TestLeaveOnAStalledLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tape := newBusyTape(sources.NewManualClock(t0))
		term := newSlowTerminal(t, 200, 60)
		term.run(context.Background(), tui.New(themed(tape.options())))
		term.see("REHEARSAL", "aurora3")
		term.stall()
		ctx, cancel := context.WithCancel(context.Background())
		go tape.advance(ctx, func() { term.program.Send(advanced) })
		time.Sleep(20 * time.Second)
		term.press("q")
		if err := term.left(time.Second); err != nil {
			t.Error(err)
		}
		cancel()
	})
}
