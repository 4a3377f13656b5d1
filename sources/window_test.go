package sources_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"warroom/sources"
)

var shop = sources.Ref{Service: "alb", Name: "shop"}

// news draws facts of two names and changes, in any order of time.
var news = rapid.Custom(func(t *rapid.T) sources.Batch {
	var b sources.Batch
	for range rapid.IntRange(0, 30).Draw(t, "facts") {
		b.Facts = append(b.Facts, sources.Fact{
			Resource: shop, Name: rapid.SampledFrom([]string{"state", "targets"}).Draw(t, "name"),
			Value: rapid.SampledFrom([]string{"", "active", "failed"}).Draw(t, "value"), Seen: at(float64(rapid.IntRange(0, 40).Draw(t, "seen"))),
		})
	}
	for i := range rapid.IntRange(0, 20).Draw(t, "changes") {
		happened := float64(rapid.IntRange(0, 40).Draw(t, "at"))
		b.Changes = append(b.Changes, sources.Change{Seq: int64(i + 1), At: at(happened), Seen: at(happened + float64(rapid.IntRange(0, 20).Draw(t, "late")))})
	}
	return b
})

// TestFactsAndChangesAreLetGo holds a small window against one that lets nothing go: within the span they tell the
// same, and what was let go is no news again.
func TestFactsAndChangesAreLetGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := time.Duration(rapid.IntRange(1, 30).Draw(t, "span")) * time.Minute
		small, large := sources.NewWindow(span), sources.NewWindow(1000*time.Hour)
		for range rapid.IntRange(1, 4).Draw(t, "batches") {
			b := news.Draw(t, "news")
			for i := range b.Changes {
				b.Changes[i].Seq += int64(large.Version() * 100)
			}
			small.Apply(b)
			large.Apply(b)
			if small.Apply(b) {
				t.Fatal("the same batch was news a second time")
			}
		}
		newest := large.Newest()
		begin := newest.Add(-span)
		for now := begin; !now.After(newest); now = now.Add(time.Minute) {
			a, b := small.View(sources.Cursor{At: now}), large.View(sources.Cursor{At: now})
			if diff := cmp.Diff(b.Facts(shop), a.Facts(shop)); diff != "" {
				t.Fatalf("facts at %v of a span from %v:\n%s", now, begin, diff)
			}
			if diff := cmp.Diff(seqs(b, begin), seqs(a, begin)); diff != "" {
				t.Fatalf("changes at %v of a span from %v:\n%s", now, begin, diff)
			}
		}
	})
}

// seqs are the changes that happened or were seen since begin.
func seqs(v *sources.View, begin time.Time) []int64 {
	out := []int64{}
	for _, c := range v.Changes(time.Time{}, at(1e6)) {
		if !c.At.Before(begin) || !c.Seen.Before(begin) {
			out = append(out, c.Seq)
		}
	}
	slices.Sort(out)
	return out
}

// TestWindowIsBounded: a day of a fact that flaps and of changes leaves an hour of them.
func TestWindowIsBounded(t *testing.T) {
	w := sources.NewWindow(time.Hour)
	w.Apply(sources.Batch{Facts: []sources.Fact{{Resource: shop, Name: "region", Value: "eu-central-1", Seen: at(0)}}})
	for m := range 24 * 60 {
		w.Apply(sources.Batch{
			Facts:   []sources.Fact{{Resource: shop, Name: "state", Value: []string{"active", "failed"}[m%2], Seen: at(float64(m))}},
			Changes: []sources.Change{{Seq: int64(m + 1), At: at(float64(m)), Seen: at(float64(m))}},
		})
	}
	last := float64(24*60 - 1)
	if n := len(w.View(asSeen(last)).Changes(time.Time{}, at(1e6))); n < 60 || n > 76 {
		t.Errorf("%d changes held of an hour's window", n)
	}
	if f, ok := w.View(asSeen(last-80)).Fact(shop, "state"); ok {
		t.Errorf("the fact of 80 minutes ago is still held: %v", f)
	}
	if f, ok := w.View(asSeen(last)).Fact(shop, "region"); !ok || f.Value != "eu-central-1" || !f.Seen.Equal(at(0)) {
		t.Errorf("the fact that has held since the beginning is %v, %v", f, ok)
	}
}

// TestPace: a series that gets a value every five minutes is not late before the next one is due.
func TestPace(t *testing.T) {
	cpu := sources.Series{Metric: "asg_cpu_ratio", Resource: "web"}
	w := window()
	w.Apply(sources.Batch{
		Samples: []sources.Sample{sample(cpu, 4, 7, 0.5)}, // known for the minutes up to 5; the next is due at 12
		Facts:   []sources.Fact{sources.PaceFact(cpu, 5*time.Minute, "basic monitoring", at(7))},
	})
	for minute, want := range map[float64]sources.State{8: sources.Fresh, 12: sources.Fresh, 14: sources.Fresh, 14.5: sources.Stale, 15.5: sources.Dead} {
		if got := w.View(asSeen(minute)).State(cpu); got != want {
			t.Errorf("%v minutes: %v, want %v", minute, got, want)
		}
	}
	w.Apply(sources.Batch{Facts: []sources.Fact{sources.PaceFact(cpu, 0, "", at(8))}})
	if got := w.View(asSeen(12)).State(cpu); got != sources.Dead {
		t.Errorf("with a value each minute again: %v at 12 minutes", got)
	}
}

// TestChangesComeAlone: a change hours after the stretch that is held pushes nothing of it out.
func TestChangesComeAlone(t *testing.T) {
	w := sources.NewWindow(time.Hour)
	for m := range 60 {
		w.Apply(sources.Batch{Facts: []sources.Fact{{Resource: shop, Name: "state", Value: []string{"active", "failed"}[m%2], Seen: at(float64(m))}}})
	}
	before := w.Newest()
	w.Apply(sources.Batch{Changes: []sources.Change{{Seq: 1, At: at(600), Seen: at(600)}}})
	if got := w.Newest(); !got.Equal(before) {
		t.Errorf("the stretch is known up to %v, want %v", got, before)
	}
	if w.Oldest().After(at(0)) {
		t.Errorf("what was before %v was let go", w.Oldest())
	}
	if f, ok := w.View(asSeen(1)).Fact(shop, "state"); !ok || f.Value != "failed" {
		t.Errorf("the fact of the first minute is %v, %v", f, ok)
	}
}
