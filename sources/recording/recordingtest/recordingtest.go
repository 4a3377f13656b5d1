// Package recordingtest is what every recording must pass, wherever it keeps what it is given. A further
// implementation is right when [Run] is green on it, and when its own tests show that what it acknowledged
// survives its death.
package recordingtest

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"warroom/sources"
	"warroom/sources/recording"
)

// Recording is what is tested: the methods of [recording.File], whose comments say what they promise.
type Recording interface {
	Meta(ctx context.Context) (recording.Meta, error)
	SetMeta(ctx context.Context, m recording.Meta) error
	Append(ctx context.Context, readings ...sources.Reading) error
	AppendChange(ctx context.Context, c sources.Change) (sources.Change, error)
	Load(ctx context.Context, from, to, seen time.Time) (sources.Batch, recording.Mark, error)
	Samples(ctx context.Context, from, to, seen time.Time, series ...sources.Series) ([]sources.Sample, error)
	Newest(ctx context.Context, at, seen time.Time) ([]sources.Sample, error)
	Changes(ctx context.Context, from, to, seen time.Time) ([]sources.Change, error)
	Since(ctx context.Context, after recording.Mark) (sources.Batch, recording.Mark, error)
	End(ctx context.Context) (recording.Mark, error)
	Changed(ctx context.Context, after recording.Mark) (bool, error)
	Span(ctx context.Context) (from, to time.Time, err error)
	FirstSeen(ctx context.Context) (time.Time, error)
	Verify(ctx context.Context, anchors ...recording.Chain) (recording.Chain, error)
	Holder(ctx context.Context) (holder string, until time.Time, err error)

	// Acquire is File.Acquire; the lease is an interface here, for each implementation has its own.
	Acquire(ctx context.Context, holder string, ttl time.Duration) (Lease, error)
	Close() error
	// Again opens the same recording once more, as another process would. The test's end closes it.
	Again(t testing.TB) Recording
}

// Lease is the methods of [recording.Lease].
type Lease interface {
	Fence() int64
	Renew(ctx context.Context) error
	Release(ctx context.Context) error
	Append(ctx context.Context, readings ...sources.Reading) error
}

// Open makes a new and empty recording whose leases go by the clock now. The test's end closes and removes it.
type Open func(t testing.TB, now func() time.Time) Recording

// Run tests an implementation.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, Open){
		"empty":                              testEmpty,
		"meta":                               testMeta,
		"bitemporal":                         testBitemporal,
		"as seen and as settled":             testWindow,
		"asked and nothing there":            testNone,
		"the same value is stored once":      testDedup,
		"the older news comes later":         testLateNews,
		"stretches":                          testStretches,
		"newest":                             testNewest,
		"span":                               testSpan,
		"odd numbers":                        testOddNumbers,
		"extreme times":                      testExtremeTimes,
		"impossible times":                   testImpossibleTimes,
		"hostile text":                       testHostileText,
		"facts":                              testFacts,
		"changes":                            testChanges,
		"changes are recorded once":          testChangesOnce,
		"the chain":                          testChain,
		"the chain is one for all":           testChainOfTwo,
		"load, then since":                   testLoadThenSince,
		"since while others append":          testSinceWhileAppending,
		"the first of all at once":           testFirstAtOnce,
		"two handles":                        testTwoHandles,
		"cancelled":                          testCancelled,
		"lease":                              testLease,
		"lease lost":                         testLeaseLost,
		"lease of two":                       testLeaseRace,
		"like a plain model of it in memory": testModel,
	} {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

// t0 is when the launches of these tests begin.
var t0 = time.Date(2026, 3, 1, 19, 15, 0, 0, time.UTC)

func minute(n int) time.Time { return t0.Add(time.Duration(n) * time.Minute) }

func atT0() time.Time { return t0 }

var (
	requests = sources.Series{Metric: "alb_requests", Resource: "shop"}
	blocked  = sources.Series{Metric: "waf_rule_blocked", Resource: "edge", Label: "rate"}
	shop     = sources.Ref{Service: "alb", Name: "shop"}
)

func sample(s sources.Series, at, seen time.Time, value float64) sources.Sample {
	return sources.Sample{Series: s, At: at, Seen: seen, Value: value}
}

func none(s sources.Series, at, seen time.Time) sources.Sample {
	return sources.Sample{Series: s, At: at, Seen: seen, None: true}
}

func fact(name, value string, seen time.Time) sources.Fact {
	return sources.Fact{Resource: shop, Name: name, Value: value, Seen: seen}
}

func note(n int, text string) sources.Change {
	return sources.Change{At: minute(n), Seen: minute(n), Kind: sources.ChangeNote, Actor: "ada", Text: text}
}

// give appends the samples, facts and changes as one reading.
func give(t testing.TB, r Recording, things ...any) {
	t.Helper()
	reading := sources.Reading{Source: "test", At: t0}
	for _, thing := range things {
		switch thing := thing.(type) {
		case sources.Sample:
			reading.Samples = append(reading.Samples, thing)
		case sources.Fact:
			reading.Facts = append(reading.Facts, thing)
		case sources.Change:
			reading.Changes = append(reading.Changes, thing)
		default:
			t.Fatalf("cannot append a %T", thing)
		}
	}
	if err := r.Append(context.Background(), reading); err != nil {
		t.Fatal(err)
	}
}

// reporter is what testing and rapid have in common.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
}

func load(t reporter, r Recording, from, to, seen time.Time) sources.Batch {
	t.Helper()
	b, _, err := r.Load(context.Background(), from, to, seen)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// all is the whole recording as it is known by now.
func all(t reporter, r Recording) sources.Batch {
	t.Helper()
	return load(t, r, time.Time{}, time.Time{}, time.Time{})
}

func since(t reporter, r Recording, after recording.Mark) (sources.Batch, recording.Mark) {
	t.Helper()
	b, mark, err := r.Since(context.Background(), after)
	if err != nil {
		t.Fatal(err)
	}
	return b, mark
}

// same compares what came out; no samples and samples that are none of them are the same.
func same(t reporter, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func numbered(c sources.Change, seq int64) sources.Change {
	c.Seq = seq
	return c
}

func nth(prefix string, n int) string { return prefix + " " + strconv.Itoa(n) }
