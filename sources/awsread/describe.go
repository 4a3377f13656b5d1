package awsread

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"warroom/sources"
)

// describeSource asks one service in one region about its resources: facts, ceilings and what happened.
type describeSource struct {
	reader    *Reader
	name      string
	service   service
	resources []*watched
	told      *memory
}

// Name is the service, with the region where the launch has the service in several.
func (s *describeSource) Name() string { return s.name }

// Schedule is the service's own pace, and a faster one while the credentials are refused.
func (s *describeSource) Schedule() sources.Schedule {
	schedule := s.reader.session.schedule(s.service.every, 2*time.Second)
	schedule.Timeout += s.reader.session.timeFor(callsEach*len(s.resources), otherQuota)
	return schedule
}

// callsEach is how many calls describing a resource takes, at most but for paging.
const callsEach = 6

// Poll asks about every resource; what one of them fails at leaves the others alone.
func (s *describeSource) Poll(ctx context.Context, now time.Time) (sources.Reading, error) {
	reading := sources.Reading{Source: s.name, At: now}
	batches := make([]sources.Batch, len(s.resources))
	errs := make([]error, len(s.resources))
	inParallel(len(s.resources), inFlight, func(i int) {
		batches[i], errs[i] = s.resources[i].ask(ctx, s.reader.session, now, true)
	})
	for i, b := range batches {
		if errs[i] == nil { // else a fact that is missing may still hold
			b.Facts = append(b.Facts, s.told.withdrawn(s.resources[i].Ref, b.Facts, now)...)
		}
		reading.Samples = append(reading.Samples, b.Samples...)
		reading.Facts = append(reading.Facts, b.Facts...)
		reading.Changes = append(reading.Changes, b.Changes...)
	}
	reading.Batch = s.told.sift(reading.Batch)
	s.reader.stamp(&reading)
	return reading, several(errs, len(errs), "resources")
}

// ask asks the service about the resource and keeps its word for the metrics. Where the answer is told, each
// change is so once.
func (w *watched) ask(ctx context.Context, s *session, now time.Time, told bool) (sources.Batch, error) {
	select {
	case w.asking <- struct{}{}:
	case <-ctx.Done():
		return sources.Batch{}, s.explain(ctx.Err())
	}
	defer func() { <-w.asking }()
	before, _ := w.word()
	var d *description
	err := s.read(ctx, w.region, func(a account) error {
		d = newDescription(w.Resource, now, before, w.knows)
		return w.service.describe(ctx, a, d)
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tried = true
	if d.places != nil {
		w.learn(d)
	}
	if told {
		d.batch.Changes = slices.DeleteFunc(d.batch.Changes, w.hasTold)
	}
	return d.batch, err
}

// hasTold tells whether the change was told before, and notes that it is now. The caller holds the lock.
func (w *watched) hasTold(c sources.Change) bool {
	key := changeKey(c.Kind, c.ID)
	told := w.reported[key]
	w.reported[key] = true
	return told
}

// knows tells whether a change was told before.
func (w *watched) knows(kind, id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reported[changeKey(kind, id)]
}

func changeKey(kind, id string) string { return kind + " " + id }

// learn keeps what the metrics depend on. The caller holds the lock.
func (w *watched) learn(d *description) {
	if !reflect.DeepEqual(w.last.places, d.places) || !maps.Equal(w.last.off, d.off) {
		w.version++
	}
	w.last = description{places: d.places, off: d.off, kept: d.kept}
}

// word is what is known of the resource: the service's word, or the config's as long as there is none. The
// version changes whenever the word does.
func (w *watched) word() (description, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last, w.version
}

// stranger tells whether nobody has asked the service about the resource yet.
func (w *watched) stranger() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.tried && w.service.describe != nil
}

// meet asks the service for the metrics' sake, so that they know where to look. What there is to tell, and
// what goes wrong, is left to the service's own source.
func (w *watched) meet(ctx context.Context, s *session, now time.Time) {
	_, _ = w.ask(ctx, s, now, false)
}

// brokenPace is how often sources try while the credentials are refused.
const brokenPace = 10 * time.Second

// schedule is a pace, or a faster one while there is nothing to do but wait for credentials.
func (s *session) schedule(every, offset time.Duration) sources.Schedule {
	if every == 0 {
		every = time.Minute
	}
	if s.inTrouble() {
		every, offset = min(every, brokenPace), 0
	}
	return sources.Schedule{Every: every, Offset: offset, Timeout: pollTime}
}

// pollTime is how long a poll may take beside waiting for the budget.
const pollTime = 20 * time.Second

// timeFor is how long so many calls wait for a budget of the quota.
func (s *session) timeFor(calls int, quota float64) time.Duration {
	return time.Duration(float64(calls) / (quota * s.share / 2) * float64(time.Second))
}

// inParallel calls f with 0 to n-1, at most so many at once, and returns when all have. A panic in one of them
// becomes the caller's, whom the poller survives.
func inParallel(n, atOnce int, f func(i int)) {
	if n == 1 {
		f(0)
		return
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	causes := make(chan any, n)
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() {
				if cause := recover(); cause != nil {
					causes <- cause
				}
				<-slots
			}()
			f(i)
		})
	}
	wg.Wait()
	if len(causes) > 0 {
		panic(<-causes)
	}
}
