package recordingtest

import (
	"context"
	"math"
	"testing"
	"time"

	"warroom/sources"
)

func testEmpty(t *testing.T, open Open) {
	r := open(t, atT0)
	if b := all(t, r); !b.Empty() {
		t.Errorf("an empty recording holds %v", b)
	}
	b, mark := since(t, r, 0)
	if !b.Empty() || mark != 0 {
		t.Errorf("since the start of an empty recording: %v, mark %d", b, mark)
	}
	from, to, err := r.Span(context.Background())
	if err != nil || !from.IsZero() || !to.IsZero() {
		t.Errorf("span of an empty recording: %v to %v, %v", from, to, err)
	}
	if first, err := r.FirstSeen(context.Background()); err != nil || !first.IsZero() {
		t.Errorf("first seen in an empty recording: %v, %v", first, err)
	}
	newest, err := r.Newest(context.Background(), t0, time.Time{})
	if err != nil || len(newest) != 0 {
		t.Errorf("newest of an empty recording: %v, %v", newest, err)
	}
	chain, err := r.Verify(context.Background())
	if err != nil || chain.Changes != 0 {
		t.Errorf("chain of an empty recording: %v, %v", chain, err)
	}
}

func testMeta(t *testing.T, open Open) {
	r := open(t, atT0)
	m, err := r.Meta(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	m.Launch.Name, m.Launch.T0 = "moved", t0.Add(time.Hour)
	m.Resources = []sources.Resource{{Ref: shop, ID: "app/shop/1", Attrs: map[string]string{"listener": "443"}}}
	m.Clock.Origin, m.Clock.Base, m.Clock.Speed = t0, t0.Add(time.Nanosecond), 60
	m.Seed, m.Tiles = math.MaxUint64, "- alb\n"
	if err := r.SetMeta(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	got, err := r.Again(t).Meta(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "meta read by another handle", m, got)
}

func testBitemporal(t *testing.T, open Open) {
	r := open(t, atT0)
	first := sample(requests, minute(0), minute(2), 10)
	second := sample(requests, minute(0), minute(3), 40)
	third := sample(requests, minute(0), minute(5), 41)
	for _, s := range []sources.Sample{first, second, third} {
		give(t, r, s)
	}
	for _, c := range []struct {
		seen time.Time
		want []sources.Sample
	}{
		{minute(1), nil},
		{minute(2).Add(-time.Millisecond), nil},
		{minute(2), []sources.Sample{first}},
		{minute(4), []sources.Sample{first, second}},
		{minute(5), []sources.Sample{first, second, third}},
		{time.Time{}, []sources.Sample{first, second, third}},
	} {
		same(t, "seen by "+c.seen.String(), c.want, load(t, r, minute(0), minute(1), c.seen).Samples)
	}
}

// testWindow reads the recording as screens do.
func testWindow(t *testing.T, open Open) {
	r := open(t, atT0)
	for n := range 10 {
		give(t, r, sample(requests, minute(n), minute(n+2), 10), sample(requests, minute(n), minute(n+4), 40))
	}
	w := sources.NewWindow(time.Hour)
	w.Apply(all(t, r))
	values := func(c sources.Cursor) (values []float64) {
		for _, p := range w.View(c).Points(nil, requests, minute(0), minute(60)) {
			values = append(values, p.Value)
		}
		return values
	}
	same(t, "as seen at 5", []float64{40, 40, 10, 10}, values(sources.Cursor{At: minute(5), Truth: sources.AsSeen}))
	same(t, "as settled at 5", []float64{40, 40, 40, 40, 40}, values(sources.Cursor{At: minute(5), Truth: sources.AsSettled}))
}

func testNone(t *testing.T, open Open) {
	r := open(t, atT0)
	history := []sources.Sample{
		none(requests, minute(0), minute(1)),
		sample(requests, minute(0), minute(2), 0),
		none(requests, minute(0), minute(3)),
	}
	for _, s := range history {
		give(t, r, s)
		s.Seen = s.Seen.Add(time.Second)
		give(t, r, s)
	}
	same(t, "nothing, zero, nothing", history, all(t, r).Samples)
}

func testDedup(t *testing.T, open Open) {
	r := open(t, atT0)
	give(t, r, sample(requests, minute(0), minute(1), 7), sample(blocked, minute(0), minute(1), 7), sample(requests, minute(1), minute(2), 7))
	before, mark := since(t, r, 0)
	if len(before.Samples) != 3 {
		t.Fatalf("other series and other periods were taken for repetitions: %v", before.Samples)
	}
	for n := 2; n < 5; n++ {
		give(t, r, sample(requests, minute(0), minute(n), 7), sample(blocked, minute(0), minute(n), 7))
	}
	if b, after := since(t, r, mark); !b.Empty() || after != mark {
		t.Errorf("repetitions were recorded: %v, mark %d after %d", b, after, mark)
	}
	back := sample(requests, minute(0), minute(6), 7)
	give(t, r, sample(requests, minute(0), minute(5), 8))
	give(t, r, back)
	got := all(t, r).Samples
	same(t, "a value that comes back is a version of its own", back, got[len(got)-1])
}

// testLateNews appends in another order than that of Seen, as an import may.
func testLateNews(t *testing.T, open Open) {
	r := open(t, atT0)
	late := sample(requests, minute(0), minute(9), 9)
	early := sample(requests, minute(0), minute(3), 3)
	give(t, r, late)
	give(t, r, early)
	same(t, "in the order of Seen", []sources.Sample{early, late}, all(t, r).Samples)
	same(t, "as seen between", []sources.Sample{early}, load(t, r, minute(0), minute(1), minute(5)).Samples)
	newest, err := r.Newest(context.Background(), minute(1), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "newest by Seen, not by arrival", []sources.Sample{late}, newest)
}

func testStretches(t *testing.T, open Open) {
	r := open(t, atT0)
	var want []sources.Sample
	for n := -120; n < 120; n++ { // over many hours' and quarters' borders
		s := sample(requests, minute(n), minute(n+1), float64(n))
		give(t, r, s, sample(blocked, minute(n), minute(n+1), 1))
		want = append(want, s)
	}
	for _, c := range []struct{ from, to int }{{-120, 120}, {-120, -119}, {0, 0}, {0, 15}, {1, 15}, {-1, 16}, {-15, 0}, {119, 500}, {-500, -120}} {
		from, to := minute(c.from), minute(c.to)
		expect := want[max(c.from+120, 0):max(min(c.to+120, len(want)), 0)]
		got, err := r.Samples(context.Background(), from, to, time.Time{}, requests, sources.Series{Metric: "never", Resource: "met"})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "samples of one series", expect, got)
		if b := load(t, r, from, to, time.Time{}); len(b.Samples) != 2*len(expect) {
			t.Errorf("load from %d to %d: %d samples, want %d", c.from, c.to, len(b.Samples), 2*len(expect))
		}
	}
	half := load(t, r, minute(0).Add(time.Nanosecond), minute(2).Add(time.Nanosecond), time.Time{})
	same(t, "borders to the nanosecond", 4, len(half.Samples))
}

func testNewest(t *testing.T, open Open) {
	r := open(t, atT0)
	quiet := sources.Series{Metric: "asg_desired", Resource: "web"}
	give(t, r, sample(quiet, minute(-180), minute(-179), 4))
	for n := range 30 {
		give(t, r, sample(requests, minute(n), minute(n+2), float64(n)), sample(requests, minute(n), minute(n+3), float64(100+n)))
	}
	for _, c := range []struct {
		at, seen int
		want     []sources.Sample
	}{
		{-200, 60, nil},
		{-180, 60, []sources.Sample{sample(quiet, minute(-180), minute(-179), 4)}},
		{20, 60, []sources.Sample{sample(quiet, minute(-180), minute(-179), 4), sample(requests, minute(20), minute(23), 120)}},
		{20, 20, []sources.Sample{sample(quiet, minute(-180), minute(-179), 4), sample(requests, minute(18), minute(20), 18)}},
		{20, 1, []sources.Sample{sample(quiet, minute(-180), minute(-179), 4)}},
	} {
		got, err := r.Newest(context.Background(), minute(c.at), minute(c.seen))
		if err != nil {
			t.Fatal(err)
		}
		same(t, nth("newest at", c.at)+nth(" seen at", c.seen), c.want, got)
	}
}

func testSpan(t *testing.T, open Open) {
	r := open(t, atT0)
	give(t, r, note(6, "doors open soon"))
	give(t, r, sample(requests, minute(5), minute(7), 1))
	give(t, r, sample(requests, minute(6), minute(9), 1))
	give(t, r, fact("status", "ok", minute(8)))
	give(t, r, note(4, "doors open"))
	from, to, err := r.Span(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "span", []time.Time{minute(4), minute(9)}, []time.Time{from, to})
	first, err := r.FirstSeen(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "first seen", minute(7), first)
}

func testOddNumbers(t *testing.T, open Open) {
	r := open(t, atT0)
	var want []sources.Sample
	for n, v := range []float64{
		math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64,
		0, 1 << 53, 1<<53 + 2, math.MaxInt64, math.MinInt64, 0.1, -1, 1e300,
	} {
		s := sample(requests, minute(n), minute(n+1), v)
		give(t, r, s)
		s.Seen = s.Seen.Add(time.Second)
		give(t, r, s) // a repetition, also of what does not equal itself
		s.Seen = s.Seen.Add(-time.Second)
		want = append(want, s)
	}
	same(t, "odd numbers", want, all(t, r).Samples)
}

func testExtremeTimes(t *testing.T, open Open) {
	r := open(t, atT0)
	first := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	last := time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
	want := []sources.Sample{
		sample(requests, first, first, 1),
		sample(requests, time.Unix(0, -1e6).UTC(), time.Unix(0, 0).UTC(), 2),
		sample(requests, last, last, 3),
	}
	for _, s := range want {
		give(t, r, s)
	}
	same(t, "all of it", want, all(t, r).Samples)
	same(t, "before 1970", want[1:2], load(t, r, time.Unix(-1, 0), time.Unix(0, 0), time.Time{}).Samples)
	beyond := time.Date(200000, 1, 1, 0, 0, 0, 0, time.UTC)
	same(t, "from before all to beyond all", want, load(t, r, beyond.Add(-math.MaxInt64).AddDate(-300000, 0, 0), beyond, beyond).Samples)
}

func testImpossibleTimes(t *testing.T, open Open) {
	r := open(t, atT0)
	impossible := time.Date(60000, 1, 1, 0, 0, 0, 0, time.UTC)
	good := sample(requests, minute(0), minute(1), 1)
	for range 3 {
		give(t, r, sample(blocked, impossible, minute(1), 1), fact("status", "x", impossible), good)
	}
	b := all(t, r)
	same(t, "what can be kept is kept", []sources.Sample{good}, b.Samples)
	if len(b.Facts) != 0 || len(b.Changes) != 2 {
		t.Fatalf("want one change for the series and one for the fact, got facts %v, changes %v", b.Facts, b.Changes)
	}
	for _, c := range b.Changes {
		if c.Kind != sources.ChangeRoom || !c.At.Equal(t0) {
			t.Errorf("what was left out is said by a change of the room when it was polled, got %+v", c)
		}
	}
}
