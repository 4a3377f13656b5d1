package recordingtest

import (
	"cmp"
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"warroom/sources"
)

// model is a recording as one would write it down: lists, searched from end to end.
type model struct{ sources.Batch }

func (m *model) append(b sources.Batch) {
	for _, s := range b.Samples {
		known, ok := m.known(s)
		if !ok || known.None != s.None || known.Value != s.Value {
			m.Samples = append(m.Samples, s)
		}
	}
	for _, f := range b.Facts {
		if m.holding(f) != f.Value {
			m.Facts = append(m.Facts, f)
		}
	}
	for _, c := range b.Changes {
		if c.ID == "" || !slices.ContainsFunc(m.Changes, func(o sources.Change) bool { return o.Kind == c.Kind && o.ID == c.ID }) {
			m.Changes = append(m.Changes, numbered(c, int64(len(m.Changes)+1)))
		}
	}
}

// known is what was known at s.Seen about the period of s.
func (m *model) known(s sources.Sample) (newest sources.Sample, ok bool) {
	for _, o := range m.Samples {
		if o.Series == s.Series && o.At.Equal(s.At) && !o.Seen.After(s.Seen) && (!ok || !o.Seen.Before(newest.Seen)) {
			newest, ok = o, true
		}
	}
	return newest, ok
}

func (m *model) holding(f sources.Fact) (value string) {
	var since time.Time
	for _, o := range m.Facts {
		if o.Resource == f.Resource && o.Name == f.Name && !o.Seen.After(f.Seen) && !o.Seen.Before(since) {
			value, since = o.Value, o.Seen
		}
	}
	return value
}

func (m *model) load(from, to, seen time.Time) (b sources.Batch) {
	for _, s := range m.Samples {
		if !s.At.Before(from) && s.At.Before(to) && !s.Seen.After(seen) {
			b.Samples = append(b.Samples, s)
		}
	}
	for _, c := range m.Changes {
		if !c.At.Before(from) && c.At.Before(to) && !c.Seen.After(seen) {
			b.Changes = append(b.Changes, c)
		}
	}
	slices.SortStableFunc(b.Changes, func(a, b sources.Change) int { return a.Seen.Compare(b.Seen) })
	return b
}

func (m *model) newest(at, seen time.Time) []sources.Sample {
	best := map[sources.Series]sources.Sample{}
	for _, s := range m.Samples {
		b, ok := best[s.Series]
		if s.At.After(at) || s.Seen.After(seen) || ok && (s.At.Before(b.At) || s.At.Equal(b.At) && s.Seen.Before(b.Seen)) {
			continue
		}
		best[s.Series] = s
	}
	var newest []sources.Sample
	for _, s := range best {
		newest = append(newest, s)
	}
	return newest
}

// drawn draws something to append. Few series, times and values, so that they meet often. No sample is drawn
// with the period and the Seen of one in the same batch: which of the two is later is not defined. Of a fact nothing is told
// at a time that was told of that time before: a window takes it for the same news, come twice.
func drawn(t *rapid.T, told map[sources.Fact]bool) sources.Batch {
	moments := rapid.IntRange(-40, 40)
	series := rapid.SampledFrom([]sources.Series{requests, blocked, {Metric: "alb_requests", Resource: "api"}})
	var b sources.Batch
	taken := map[sources.Sample]bool{}
	for range rapid.IntRange(0, 12).Draw(t, "samples") {
		s := sources.Sample{Series: series.Draw(t, "series"), At: minute(moments.Draw(t, "at")), Seen: minute(moments.Draw(t, "seen"))}
		if !taken[s] {
			taken[s] = true
			s.None = rapid.Bool().Draw(t, "none")
			if !s.None {
				s.Value = float64(rapid.IntRange(0, 2).Draw(t, "value"))
			}
			b.Samples = append(b.Samples, s)
		}
	}
	said := map[sources.Fact]bool{}
	for range rapid.IntRange(0, 3).Draw(t, "facts") {
		f := fact(rapid.SampledFrom([]string{"origin", "status"}).Draw(t, "fact"), "", minute(moments.Draw(t, "seen")))
		if !said[f] {
			said[f] = true
			if f.Value = rapid.SampledFrom([]string{"", "live", "maintenance"}).Draw(t, "says"); !told[f] {
				b.Facts = append(b.Facts, f)
			}
			told[f] = true
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "changes") {
		c := note(moments.Draw(t, "at"), "text")
		c.Seen = minute(moments.Draw(t, "seen"))
		c.ID = rapid.SampledFrom([]string{"", "", "a", "b"}).Draw(t, "id")
		b.Changes = append(b.Changes, c)
	}
	return b
}

func testModel(t *testing.T, open Open) {
	rapid.Check(t, func(rt *rapid.T) {
		r, m, told := open(t, atT0), &model{}, map[sources.Fact]bool{}
		defer func() { _ = r.Close() }()
		for range rapid.IntRange(1, 6).Draw(rt, "appends") {
			b := drawn(rt, told)
			if err := r.Append(context.Background(), sources.Reading{Batch: b}); err != nil {
				rt.Fatal(err)
			}
			m.append(b)
		}
		moments := rapid.IntRange(-50, 50)
		for range 3 {
			from := moments.Draw(rt, "from")
			to, seen := minute(from+rapid.IntRange(0, 60).Draw(rt, "length")), minute(moments.Draw(rt, "seen"))
			agree(rt, r, m, minute(from), to, seen)
		}
		everything, _ := since(rt, r, 0)
		same(rt, "all samples", ordered(m.Samples), ordered(everything.Samples))
		same(rt, "all facts", orderedFacts(m.Facts), orderedFacts(everything.Facts))
	})
}

// agree compares what the recording and the model say of a stretch.
func agree(t reporter, r Recording, m *model, from, to, seen time.Time) {
	want, got := m.load(from, to, seen), load(t, r, from, to, seen)
	same(t, "samples", ordered(want.Samples), ordered(got.Samples))
	same(t, "changes", want.Changes, got.Changes)
	newest, err := r.Newest(context.Background(), to, seen)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "newest", ordered(m.newest(to, seen)), ordered(newest))
	w := sources.NewWindow(24 * time.Hour)
	w.Apply(got)
	for _, name := range []string{"origin", "status"} {
		for at := from; !at.After(to) && !at.After(seen); at = at.Add(time.Minute) {
			f, _ := w.View(sources.Cursor{At: at}).Fact(shop, name)
			same(t, "fact "+name, m.holding(fact(name, "", at)), f.Value)
		}
	}
}

func ordered(samples []sources.Sample) []sources.Sample {
	return slices.SortedStableFunc(slices.Values(samples), func(a, b sources.Sample) int {
		return cmp.Or(a.Seen.Compare(b.Seen), a.At.Compare(b.At), cmp.Compare(a.Series.String(), b.Series.String()))
	})
}

func orderedFacts(facts []sources.Fact) []sources.Fact {
	return slices.SortedStableFunc(slices.Values(facts), func(a, b sources.Fact) int {
		return cmp.Or(a.Seen.Compare(b.Seen), cmp.Compare(a.Name, b.Name))
	})
}
