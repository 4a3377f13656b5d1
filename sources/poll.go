package sources

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"time"
)

const (
	paceDefault    = time.Minute
	timeoutDefault = 20 * time.Second
	// backOffMost bounds the wait after failures, in launch time: whoever renews credentials is to see the
	// room heal while still looking at it. A slower source keeps to its own pace.
	backOffMost = 2 * time.Minute
	// jitterShare of the pace, and never more than jitterMost, is added to each due time at random, so that
	// several rooms on one account do not ask in the same instant.
	jitterShare = 20
	jitterMost  = 2 * time.Second
	// grace is how long, on the machine's clock, a poll that was cancelled may take to return before it is
	// left behind and reported as hung.
	grace = time.Second
	// A poll that has been under way for more than slowBeats of launch time and slowLeast of machine time is said
	// to be: the former alone is nothing in a fast rehearsal.
	slowBeats = 2
	slowLeast = 3 * time.Second
	// stopped is how late a wait ends, in launch time, by which it is known that this process did not run meanwhile: the
	// machine slept, or somebody stopped it.
	stopped = 2 * time.Minute
)

// Poller asks many sources, each at its own due times, and hands on what they answer. One source that
// hangs, panics or answers with rubbish leaves the others on time. Back-off is measured on the launch
// clock as the pace is, so that a rehearsal heals as fast as its faults do; the back-off within one poll,
// between the attempts of one request, is the client's and runs on the machine's.
type Poller struct {
	clock Clock
	out   func(Reading)

	speaking sync.Mutex // held while out is called

	mu      sync.Mutex
	ctx     context.Context // of Run; nil before it
	sources []Source        // wanted, before Run
	rounds  map[string]*round
	ending  sync.WaitGroup
}

// NewPoller makes a poller that calls out with each reading, one call at a time; out must not block.
// Readings are cleaned (see [Clean]) and bounded, and tell of their source: its [SourceFact] whenever that
// changes, a source_up sample at each due time and at least each minute, polled or not, and a change when
// it fails and when it heals. Of sources with the same name the last one is polled. What a poll comes to during which this
// process did not run is handed on, but says nothing of the source: it answered, or failed, before; it is polled again at once.
func NewPoller(clock Clock, out func(Reading), srcs ...Source) *Poller {
	return &Poller{clock: clock, out: out, sources: srcs, rounds: map[string]*round{}}
}

// Run polls until ctx ends, and returns when nothing is handed on any more. A poll that does not honour
// its context is left behind.
func (p *Poller) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	p.mu.Lock()
	if p.ctx != nil {
		p.mu.Unlock()
		cancel()
		return errors.New("the poller runs already, or has run: make a new one")
	}
	p.ctx = ctx
	p.replace(p.sources)
	p.mu.Unlock()
	<-ctx.Done()
	p.mu.Lock() // no Replace starts anything after this
	cancel()
	p.mu.Unlock()
	p.ending.Wait()
	return nil
}

// Replace polls these sources from now on and no others. A source that was polled before and is the very
// same value goes on undisturbed; one of the same name takes over what is known of the old one's
// troubles, and begins when the old one's poll has ended or was left behind.
func (p *Poller) Replace(srcs ...Source) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx == nil {
		p.sources = srcs
	} else if p.ctx.Err() == nil {
		p.replace(srcs)
	}
}

func (p *Poller) replace(srcs []Source) {
	wanted := map[string]Source{}
	for _, s := range srcs {
		wanted[s.Name()] = s
	}
	for name, r := range p.rounds {
		if _, stays := wanted[name]; !stays {
			r.leave()
			delete(p.rounds, name)
		}
	}
	for name, s := range wanted {
		old := p.rounds[name]
		if old != nil && same(old.source, s) {
			continue
		}
		p.rounds[name] = p.start(s, old)
	}
}

// start begins a source's round, after the round that it follows.
func (p *Poller) start(s Source, old *round) *round {
	ctx, stop := context.WithCancel(p.ctx)
	r := &round{poller: p, source: s, name: Clean(s.Name()), stop: stop, done: make(chan struct{})}
	p.ending.Go(func() {
		defer close(r.done)
		if old != nil {
			old.stop()
			<-old.done
			r.health = old.health
		}
		r.run(ctx)
	})
	return r
}

// same tells whether two sources are one value.
func same(a, b Source) bool {
	return reflect.TypeOf(a) == reflect.TypeOf(b) && reflect.TypeOf(a).Comparable() && a == b
}

// hand gives a reading on.
func (p *Poller) hand(r Reading) {
	p.speaking.Lock()
	defer p.speaking.Unlock()
	p.out(r)
}

// round is one source going its round: wait, poll, tell. Its fields belong to its own goroutine, and to
// its follower's after done is closed.
type round struct {
	poller *Poller
	source Source
	name   string // the source's, cleaned
	stop   context.CancelFunc
	done   chan struct{}
	gone   bool // whether the source was removed, under the poller's lock
	slept  bool // whether this process did not run for a while during the last poll
	health health
}

// leave ends the round of a source that is not wanted any more.
func (r *round) leave() {
	r.gone = true
	r.stop()
}

func (r *round) run(ctx context.Context) {
	defer r.farewell()
	for ctx.Err() == nil {
		began := r.poller.clock.Now()
		r.poll(ctx)
		r.rest(ctx, r.next(began))
	}
}

// rest waits until next, and tells of the source at each beat that comes before.
func (r *round) rest(ctx context.Context, next time.Time) {
	for ctx.Err() == nil {
		now := r.poller.clock.Now()
		wait, beat := next.Sub(now), r.untilBeat(now)
		if beat+jitterMost >= wait {
			_ = r.poller.clock.Sleep(ctx, wait) // it ends early with ctx only
			return
		}
		if r.poller.clock.Sleep(ctx, beat) == nil {
			r.tell(Reading{At: r.poller.clock.Now()}, r.health.trouble)
		}
	}
}

// farewell withdraws what was said about a source that is polled no more.
func (r *round) farewell() {
	r.poller.mu.Lock()
	gone := r.gone && r.poller.ctx.Err() == nil
	r.poller.mu.Unlock()
	if gone && !r.health.trouble.None() {
		now := r.poller.clock.Now()
		r.poller.hand(Reading{Source: r.name, At: now, Batch: Batch{Facts: []Fact{SourceFact(r.name, Trouble{}, now)}}})
	}
}

// pace is the source's schedule with the defaults filled in.
func (r *round) pace() Schedule {
	s := r.source.Schedule()
	if s.Every <= 0 {
		s.Every = paceDefault
	}
	if s.Timeout <= 0 {
		s.Timeout = timeoutDefault
	}
	return s
}

// next is when to poll again, given when the last poll began. Due times that passed meanwhile are skipped.
func (r *round) next(began time.Time) time.Time {
	s := r.pace()
	after := r.poller.clock.Now()
	if r.slept {
		return after
	}
	if wait := r.health.wait(s.Every); wait > s.Every {
		after = latest(after, began.Add(wait-s.Every))
	}
	return due(after, s).Add(jitter(min(s.Every/jitterShare, jitterMost)))
}

// due is the first due time after t: due times are whole multiples of the pace, moved by the offset.
func due(t time.Time, s Schedule) time.Time {
	return t.Add(-s.Offset).Truncate(s.Every).Add(s.Every + s.Offset)
}

// untilBeat is how long it is until the source's state is due to be told again, though it is not polled.
func (r *round) untilBeat(now time.Time) time.Duration {
	s := r.pace()
	s.Every = min(s.Every, paceDefault)
	return due(now, s).Sub(now)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func jitter(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return rand.N(most)
}

// answer is what one call of Poll came to.
type answer struct {
	reading Reading
	err     error
}

// poll asks the source once and tells what came of it. When the poll takes long, or hangs, poll says so at
// each beat and returns only when the poll has.
func (r *round) poll(ctx context.Context) {
	at, timeout, watch := r.poller.clock.Now(), r.pace().Timeout, stopwatch()
	polling, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r.slept = false
	answers := make(chan answer, 1)
	go func() {
		a := ask(polling, r.source, at)
		a.reading.At, a.reading.Took = at, watch()
		answers <- a
	}()
	if r.await(ctx, timeout, answers, polling.Done(), func(now time.Time) { r.slow(now, now.Sub(at), timeout, watch()) }) {
		return
	}
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case a := <-answers:
		r.took(ctx, timeout, a)
	case <-patience.C:
		r.hang(ctx, timeout, answers)
	}
}

// slow tells of a poll that is still being waited for, once that is long. It is not a failure yet, and not counted
// as one; what made the source fail before stands until there is an answer.
func (r *round) slow(now time.Time, launch, timeout, machine time.Duration) {
	if launch <= slowBeats*min(r.pace().Every, paceDefault) || machine < slowLeast {
		return
	}
	trouble := r.health.trouble
	if !failing(trouble) || trouble.Kind == TimedOut {
		trouble = Trouble{Kind: TimedOut, Text: fmt.Sprintf("no answer for %v so far; given up after %v of the machine's time", launch.Round(time.Second), timeout.Round(time.Second))}
	}
	r.tell(Reading{At: now}, trouble)
}

// hang waits for a poll that does not honour its context, and tells of it at each beat.
func (r *round) hang(ctx context.Context, timeout time.Duration, answers <-chan answer) {
	r.health.fails++
	tell := func(now time.Time) {
		r.tell(Reading{At: now}, Trouble{Kind: TimedOut, Text: fmt.Sprintf("the poll hangs: it was cancelled after %v and has not returned", timeout)})
	}
	if ctx.Err() == nil {
		tell(r.poller.clock.Now())
		r.await(ctx, timeout, answers, ctx.Done(), tell)
	}
}

// await waits for the answer, tells what it brought and reports true; or false when it is given up before. At each
// beat meanwhile it calls tell.
func (r *round) await(ctx context.Context, timeout time.Duration, answers <-chan answer, givenUp <-chan struct{}, tell func(now time.Time)) bool {
	for {
		now := r.poller.clock.Now()
		beat, stop := context.WithCancel(ctx)
		woken := make(chan struct{})
		go func() {
			defer close(woken)
			_ = r.poller.clock.Sleep(beat, r.untilBeat(now)) // it ends early with beat only
		}()
		var a *answer
		ended := false
		select {
		case got := <-answers:
			a = &got
		case <-givenUp:
			ended = true
		case <-woken:
		}
		stop()
		<-woken
		slept := r.poller.clock.Now().Sub(now) > paceDefault+stopped
		r.slept = r.slept || slept
		switch {
		case a != nil:
			r.took(ctx, timeout, *a)
			return true
		case ended || ctx.Err() != nil:
			return false
		case !slept:
			tell(r.poller.clock.Now())
		}
	}
}

// ask calls Poll and survives it.
func ask(ctx context.Context, s Source, at time.Time) (a answer) {
	ended := false
	defer func() {
		if cause := recover(); cause != nil {
			a = answer{err: Trouble{Kind: Failed, Text: fmt.Sprintf("the source panicked: %v; the next poll tries again, and a report of this helps", cause)}}
		}
	}()
	defer func() {
		if !ended && a.err == nil {
			a.err = Trouble{Kind: Failed, Text: "the source ended its goroutine; the next poll tries again, and a report of this helps"}
		}
	}()
	a.reading, a.err = s.Poll(ctx, at)
	ended = true
	return a
}

// took tells what a poll brought. What comes of a poll that ended because its round did is not heard.
func (r *round) took(ctx context.Context, timeout time.Duration, a answer) {
	if ctx.Err() != nil {
		return
	}
	if r.slept {
		a.reading.Source, a.reading.Err = r.name, nil
		tidy(&a.reading.Batch, r.poller.clock.Now())
		r.poller.hand(a.reading)
		return
	}
	if a.err == nil {
		a.err = a.reading.Err
	}
	trouble := TroubleOf(a.err)
	if trouble.Text == context.DeadlineExceeded.Error() {
		trouble.Text = fmt.Sprintf("no answer within %v; the next poll tries again", timeout)
	}
	if failing(trouble) {
		r.health.fails++
	}
	r.tell(a.reading, trouble)
}

// tell hands a reading on, cleaned, with what is known of the source itself.
func (r *round) tell(reading Reading, trouble Trouble) {
	now := r.poller.clock.Now()
	reading.Source = r.name
	if cut := tidy(&reading.Batch, now); cut != "" && trouble.None() {
		trouble = Trouble{Kind: Partial, Text: cut}
	} else if cut != "" {
		trouble.Text += "; " + cut
	}
	trouble = Trouble{Kind: trouble.Kind, Text: CleanTo(trouble.Text, textMost)}
	reading.Err = nil
	if !trouble.None() {
		reading.Err = trouble
	}
	r.health.report(&reading.Batch, r.name, trouble, now)
	r.poller.hand(reading)
}

// health is how a source has been doing.
type health struct {
	told    bool // whether anything was said about it yet
	trouble Trouble
	since   time.Time // when it began to fail, zero while it answers
	fails   int       // polls that failed in a row
}

// failing tells whether a trouble means that the source gives nothing.
func failing(t Trouble) bool { return !t.None() && t.Kind != Partial }

// wait is how long to leave between the polls. Whoever renews expired credentials waits for the room to see
// it: for that the source sets its own pace.
func (h *health) wait(every time.Duration) time.Duration {
	if h.trouble.Kind == Expired {
		return every
	}
	wait := every
	for i := 1; i < h.fails && wait < backOffMost; i++ {
		wait *= 2
	}
	return max(every, min(wait, backOffMost))
}

// report adds to a batch what is to be recorded about the source, and remembers it.
func (h *health) report(b *Batch, name string, t Trouble, now time.Time) {
	up := 1.0
	if failing(t) {
		up = 0
	}
	b.Samples = append(b.Samples, Sample{
		Series: Series{Metric: "source_up", Resource: name}, At: now.Truncate(minute), Seen: now, Value: up,
	})
	if !h.told || t != h.trouble {
		b.Facts = append(b.Facts, SourceFact(name, t, now))
	}
	if text := h.news(name, t, now); text != "" {
		b.Changes = append(b.Changes, Change{
			At: now, Seen: now, Kind: ChangeSource, Resource: Ref{SourceRef, name}, Actor: RoomService, Text: text,
		})
	}
	h.remember(t, now)
}

// news is what people are told when a source fails, fails in another way, or heals.
func (h *health) news(name string, t Trouble, now time.Time) string {
	switch {
	case failing(t) && !failing(h.trouble):
		return CleanTo(fmt.Sprintf("%s fails: %s", name, t), textMost)
	case failing(t) && t.Kind != h.trouble.Kind:
		return CleanTo(fmt.Sprintf("%s still fails, now: %s", name, t), textMost)
	case !failing(t) && failing(h.trouble):
		return fmt.Sprintf("%s answers again after %v", name, now.Sub(h.since).Round(time.Second))
	}
	return ""
}

func (h *health) remember(t Trouble, now time.Time) {
	if !failing(t) {
		h.since, h.fails = time.Time{}, 0
	} else if !failing(h.trouble) {
		h.since = now
	}
	h.told, h.trouble = true, t
}
