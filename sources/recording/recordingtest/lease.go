package recordingtest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/recording"
)

// handClock is a machine clock that the test moves.
type handClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func holder(t testing.TB, r Recording) string {
	t.Helper()
	name, _, err := r.Holder(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func testLease(t *testing.T, open Open) {
	clock := &handClock{now: t0}
	ctx := context.Background()
	a := open(t, clock.Now)
	b := a.Again(t)
	same(t, "holder at first", "", holder(t, b))
	first, err := a.Acquire(ctx, "ada@one", 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Acquire(ctx, "bob@two", 10*time.Second)
	held, ok := errors.AsType[*recording.HeldError](err)
	if !ok || held.Holder != "ada@one" || !held.Until.Equal(t0.Add(10*time.Second)) {
		t.Fatalf("acquired twice: %v", err)
	}
	if _, err := a.Acquire(ctx, "ada@one", time.Second); err == nil {
		t.Error("a second holder of the same name got the lease")
	}
	clock.pass(9 * time.Second)
	if err := first.Renew(ctx); err != nil {
		t.Fatal(err)
	}
	clock.pass(9 * time.Second)
	same(t, "holder after renewing", "ada@one", holder(t, b))
	if err := first.Release(ctx); err != nil {
		t.Fatal(err)
	}
	same(t, "holder after release", "", holder(t, b))
	second, err := b.Acquire(ctx, "bob@two", 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if second.Fence() <= first.Fence() {
		t.Errorf("fence %d after %d", second.Fence(), first.Fence())
	}
}

func testLeaseLost(t *testing.T, open Open) {
	clock := &handClock{now: t0}
	ctx := context.Background()
	a := open(t, clock.Now)
	b := a.Again(t)
	old, err := a.Acquire(ctx, "ada@one", 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	clock.pass(11 * time.Second)
	if err := old.Renew(ctx); err != nil {
		t.Fatalf("nobody took over, yet: %v", err)
	}
	clock.pass(11 * time.Second)
	if _, err := b.Acquire(ctx, "bob@two", 10*time.Second); err != nil {
		t.Fatalf("taking over a lease that lapsed: %v", err)
	}
	reading := sources.Reading{Batch: sources.Batch{Samples: []sources.Sample{sample(requests, minute(0), minute(1), 1)}}}
	if err := old.Append(ctx, reading); !errors.Is(err, recording.ErrLeaseLost) {
		t.Errorf("the one who lost it appends: %v", err)
	}
	if err := old.Renew(ctx); !errors.Is(err, recording.ErrLeaseLost) {
		t.Errorf("the one who lost it renews: %v", err)
	}
	if err := old.Release(ctx); err != nil {
		t.Errorf("giving back what was lost: %v", err)
	}
	same(t, "holder", "bob@two", holder(t, a))
	if b := all(t, a); !b.Empty() {
		t.Errorf("recorded behind the fence: %v", b)
	}
	if _, err := a.AppendChange(ctx, note(1, "a note needs no lease")); err != nil {
		t.Error(err)
	}
}

func testLeaseRace(t *testing.T, open Open) {
	r := open(t, atT0)
	handles := []Recording{r, r.Again(t)}
	var won atomic.Int32
	atOnce(t, 8, func(worker int) error {
		_, err := handles[worker%2].Acquire(context.Background(), nth("worker", worker), time.Minute)
		if _, held := errors.AsType[*recording.HeldError](err); held {
			return nil
		}
		won.Add(1)
		return err
	})
	same(t, "winners", int32(1), won.Load())
}
