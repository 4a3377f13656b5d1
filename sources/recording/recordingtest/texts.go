package recordingtest

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"warroom/sources"
	"warroom/sources/recording"
)

// hostile are texts as they may come from outside. The recording keeps them as they are: what must not
// reach a terminal is made harmless before and after.
var hostile = []string{
	"'; DROP TABLE changes; --", "\x00", "before\x00after", "\xff\xfe\x80", "\x1b]0;title\x07", "\u202eright to left",
	`"quoted"`, "%s%d%n", "line\nbreak\r\n", " ", "NULL", "NaN", "1e9", "🛰️", strings.Repeat("long ", 20000),
}

func testHostileText(t *testing.T, open Open) {
	r := open(t, atT0)
	var want sources.Batch
	for n, s := range hostile {
		want.Samples = append(want.Samples, sample(sources.Series{Metric: s, Resource: s, Label: s}, minute(n), minute(n), 1))
		want.Facts = append(want.Facts, sources.Fact{Resource: sources.Ref{Service: s, Name: s}, Name: s, Value: s, Seen: minute(n)})
		want.Changes = append(want.Changes, sources.Change{
			Seq: int64(n + 1), At: minute(n), Seen: minute(n), Kind: s, Resource: sources.Ref{Service: s, Name: s}, Actor: s, ID: s, Text: s, Body: []byte(s),
		})
		give(t, r, want.Samples[n], want.Facts[n], want.Changes[n])
	}
	same(t, "texts", want, all(t, r.Again(t)))
	if _, err := r.Verify(context.Background()); err != nil {
		t.Error(err)
	}
}

func testFacts(t *testing.T, open Open) {
	r := open(t, atT0)
	first, second, gone := fact("origin", "live", minute(0)), fact("origin", "maintenance", minute(10)), fact("origin", "", minute(20))
	other := sources.Fact{Resource: sources.Ref{Service: "alb", Name: "api"}, Name: "origin", Value: "live", Seen: minute(5)}
	give(t, r, fact("never", "", minute(0))) // withdrawing what never was
	for _, f := range []sources.Fact{first, other, second, gone} {
		give(t, r, f)
		f.Seen = f.Seen.Add(time.Minute)
		give(t, r, f)
	}
	for _, c := range []struct {
		from, to, seen int
		want           []sources.Fact
	}{
		{-10, -5, 60, nil},
		{0, 60, 60, []sources.Fact{first, other, second, gone}},
		{6, 9, 60, []sources.Fact{first, other}},
		{12, 15, 60, []sources.Fact{other, second}},
		{10, 20, 60, []sources.Fact{other, second, gone}},
		{30, 60, 60, []sources.Fact{other, gone}},
		{12, 60, 8, []sources.Fact{first, other}},
	} {
		got := load(t, r, minute(c.from), minute(c.to), minute(c.seen)).Facts
		same(t, nth("facts from", c.from)+nth(" seen by", c.seen), c.want, got)
	}
	w := sources.NewWindow(time.Hour)
	w.Apply(load(t, r, minute(12), minute(60), time.Time{}))
	for n, want := range map[int]string{12: "maintenance", 19: "maintenance", 20: "", 40: ""} {
		f, _ := w.View(sources.Cursor{At: minute(n)}).Fact(shop, "origin")
		same(t, nth("origin at", n), want, f.Value)
	}
}

func testChanges(t *testing.T, open Open) {
	r := open(t, atT0)
	ctx := context.Background()
	late := sources.Change{At: minute(1), Seen: minute(9), Kind: sources.ChangeScaling, Resource: shop, Text: "learnt late", Body: []byte(`{"n":1}`)}
	var want []sources.Change
	for n, c := range []sources.Change{note(5, "five"), note(3, "three"), late, {}} {
		got, err := r.AppendChange(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "as it is recorded", numbered(c, int64(n+1)), got)
		want = append(want, got)
	}
	got, err := r.Changes(ctx, minute(0), minute(60), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "in the order of At", []sources.Change{want[2], want[1], want[0]}, got)
	got, err = r.Changes(ctx, minute(1), minute(5), minute(8))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "as seen before the late one", []sources.Change{want[1]}, got)
	same(t, "loaded in the order of Seen", []sources.Change{want[1], want[0], want[2]}, load(t, r, minute(0), minute(6), time.Time{}).Changes)
}

func testChangesOnce(t *testing.T, open Open) {
	r := open(t, atT0)
	c := note(1, "scaled to 4")
	c.Kind, c.ID = sources.ChangeScaling, "activity-1"
	first, err := r.AppendChange(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	again := c
	again.Text = "scaled to four"
	give(t, r.Again(t), again)
	second, err := r.AppendChange(context.Background(), again)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what was recorded first", first, second)
	again.Kind = sources.ChangeDeploy
	give(t, r, again, note(2, "no id"), note(2, "no id"))
	same(t, "another kind, and twice without an ID", 4, len(all(t, r).Changes))
}

func testChain(t *testing.T, open Open) {
	r := open(t, atT0)
	ctx := context.Background()
	var heads [][]byte
	for n := range 5 {
		give(t, r, note(n, nth("note", n)), sample(requests, minute(n), minute(n), 1))
		chain, err := r.Verify(ctx)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "changes in the chain", int64(n+1), chain.Changes)
		for _, head := range heads {
			if bytes.Equal(head, chain.Head[:]) {
				t.Error("a change did not change the head of the chain")
			}
		}
		heads = append(heads, chain.Head[:])
	}
	other := open(t, atT0)
	give(t, other, note(0, "note 0"))
	chain, err := other.Verify(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(heads[0], chain.Head[:]); diff != "" {
		t.Errorf("the same changes give another chain: what is hashed differs between recordings\n%s", diff)
	}
}

func testChainOfTwo(t *testing.T, open Open) {
	r := open(t, atT0)
	handles := []Recording{r, r.Again(t)}
	atOnce(t, 4, func(worker int) error {
		for n := range 20 {
			c := note(n, nth("note", worker))
			if _, err := handles[worker%2].AppendChange(context.Background(), c); err != nil {
				return err
			}
		}
		return nil
	})
	chain, err := r.Verify(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "changes in the chain", int64(80), chain.Changes)
	for i, c := range mustSince(t, r) {
		if c.Seq < 1 || c.Seq > 80 {
			t.Errorf("change %d has place %d", i, c.Seq)
		}
	}
}

func mustSince(t testing.TB, r Recording) []sources.Change {
	b, _ := since(t, r, recording.Mark(0))
	return b.Changes
}
