package recordingtest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/recording"
)

// atOnce runs n workers and waits for all.
func atOnce(t testing.TB, n int, work func(worker int) error) {
	t.Helper()
	errs := make([]error, n)
	var wg sync.WaitGroup
	for worker := range n {
		wg.Go(func() { errs[worker] = work(worker) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func testLoadThenSince(t *testing.T, open Open) {
	r := open(t, atT0)
	ctx := context.Background()
	give(t, r, sample(requests, minute(0), minute(1), 1), fact("status", "ok", minute(1)), note(1, "one"))
	_, mark, err := r.Load(ctx, minute(-60), time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	end, err := r.End(ctx)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the mark of a load is the end", end, mark)
	changed, err := r.Changed(ctx, mark)
	if err != nil || changed {
		t.Errorf("changed after the end: %v, %v", changed, err)
	}
	// Of the past, of the present and of the future: what is new is new.
	news := sources.Batch{
		Samples: []sources.Sample{sample(requests, minute(0), minute(2), 2), sample(blocked, minute(-600), minute(2), 2), sample(blocked, minute(600), minute(2), 2)},
		Facts:   []sources.Fact{fact("status", "bad", minute(2))},
		Changes: []sources.Change{numbered(note(2, "two"), 2)},
	}
	if err := r.Append(ctx, sources.Reading{Batch: news}); err != nil {
		t.Fatal(err)
	}
	if changed, err = r.Changed(ctx, mark); err != nil || !changed {
		t.Errorf("not changed after an append: %v, %v", changed, err)
	}
	b, next := since(t, r, mark)
	if next <= mark {
		t.Errorf("mark %d after %d", next, mark)
	}
	sameSamples(t, news.Samples, b.Samples)
	same(t, "facts", news.Facts, b.Facts)
	same(t, "changes", news.Changes, b.Changes)
	if b, again := since(t, r, next); !b.Empty() || again != next {
		t.Errorf("the same was given twice: %v", b)
	}
}

// sameSamples compares without regard to the order of what was seen at once.
func sameSamples(t testing.TB, want, got []sources.Sample) {
	t.Helper()
	count := map[sources.Sample]int{}
	for _, s := range want {
		count[s]++
	}
	for _, s := range got {
		count[s]--
	}
	for s, n := range count {
		if n != 0 {
			t.Errorf("%+d of %v", -n, s)
		}
	}
}

// testSinceWhileAppending has four append through two handles, samples, facts and changes, and one follow.
func testSinceWhileAppending(t *testing.T, open Open) {
	r := open(t, atT0)
	handles, follower := []Recording{r, r.Again(t)}, r.Again(t)
	const workers, rounds = 4, 25
	done := make(chan struct{})
	var got sources.Batch
	var followed sync.WaitGroup
	followed.Go(func() { got = follow(t, follower, done) })
	atOnce(t, workers, func(worker int) error {
		s := sources.Series{Metric: "alb_requests", Resource: nth("lb", worker)}
		for n := range rounds {
			reading := sources.Reading{Batch: sources.Batch{
				Samples: []sources.Sample{sample(s, minute(n), minute(n+2), 1), sample(s, minute(n-1), minute(n+2), 2)},
				Facts:   []sources.Fact{{Resource: s.Ref(), Name: "status", Value: nth("round", n), Seen: minute(n)}},
				Changes: []sources.Change{note(n, nth("worker", worker))},
			}}
			if err := handles[worker%2].Append(context.Background(), reading); err != nil {
				return err
			}
		}
		return nil
	})
	close(done)
	followed.Wait()
	want := all(t, r)
	sameSamples(t, want.Samples, got.Samples)
	same(t, "samples", workers*rounds*2, len(got.Samples))
	same(t, "facts", workers*rounds, len(got.Facts))
	seqs := map[int64]bool{}
	for _, c := range got.Changes {
		seqs[c.Seq] = true
	}
	same(t, "changes, and as many places", []int{workers * rounds, workers * rounds}, []int{len(got.Changes), len(seqs)})
}

// follow collects everything from the start until after done.
func follow(t testing.TB, r Recording, done <-chan struct{}) (got sources.Batch) {
	var mark recording.Mark
	for last := false; ; {
		b, next, err := r.Since(context.Background(), mark)
		if err != nil {
			t.Error(err)
			return got
		}
		mark = next
		got.Samples = append(got.Samples, b.Samples...)
		got.Facts = append(got.Facts, b.Facts...)
		got.Changes = append(got.Changes, b.Changes...)
		if last {
			return got
		}
		select {
		case <-done:
			last = true
		default:
		}
	}
}

func testTwoHandles(t *testing.T, open Open) {
	a := open(t, atT0)
	b := a.Again(t)
	give(t, a, sample(requests, minute(0), minute(1), 1))
	_, mark := since(t, b, 0)
	give(t, b, sample(requests, minute(0), minute(2), 1), sample(blocked, minute(0), minute(2), 3)) // a repetition, and a series that a has not met
	give(t, a, sample(blocked, minute(0), minute(3), 3), sample(blocked, minute(1), minute(3), 4))
	for _, r := range []Recording{a, b} {
		news, _ := since(t, r, mark)
		same(t, "what either sees", []sources.Sample{sample(blocked, minute(0), minute(2), 3), sample(blocked, minute(1), minute(3), 4)}, news.Samples)
	}
}

// testFirstAtOnce has several processes begin to append at the same moment, some while others read.
func testFirstAtOnce(t *testing.T, open Open) {
	for range 5 {
		r := open(t, atT0)
		var handles []Recording
		for range 6 {
			handles = append(handles, r.Again(t))
		}
		atOnce(t, len(handles), func(worker int) error {
			_, err := handles[worker].AppendChange(context.Background(), note(worker, nth("worker", worker)))
			_, _, since := handles[(worker+1)%len(handles)].Since(context.Background(), 0)
			return errors.Join(err, since)
		})
		same(t, "changes", len(handles), len(all(t, r).Changes))
	}
}

func testCancelled(t *testing.T, open Open) {
	r := open(t, atT0)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := r.Append(ctx, sources.Reading{Batch: sources.Batch{Samples: []sources.Sample{sample(requests, minute(0), minute(1), 1)}}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("append when cancelled: %v", err)
	}
	if _, err := r.AppendChange(ctx, note(1, "too late")); !errors.Is(err, context.Canceled) {
		t.Errorf("change when cancelled: %v", err)
	}
	if _, _, err := r.Since(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("since when cancelled: %v", err)
	}
	if b := all(t, r); !b.Empty() {
		t.Errorf("recorded although refused: %v", b)
	}
}
