package recording_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"warroom/sources"
	"warroom/sources/recording"
)

// TestVerifyFindsWhatWasAltered alters a recording behind its back and expects the first altered place to be named.
func TestVerifyFindsWhatWasAltered(t *testing.T) {
	for name, c := range map[string]struct {
		sql string
		seq int64 // 0: the chain holds
	}{
		"nothing":            {`SELECT 1`, 0},
		"a text":             {`UPDATE changes SET text = 'never happened' WHERE seq = 4`, 4},
		"an actor":           {`UPDATE changes SET actor = 'bob' WHERE seq = 1`, 1},
		"a time":             {`UPDATE changes SET at = at + 1 WHERE seq = 9`, 9},
		"a body":             {`UPDATE changes SET body = x'00' WHERE seq = 5`, 5},
		"text to next field": {`UPDATE changes SET actor = 'ad', id = 'a' WHERE seq = 3`, 3},
		"one taken out":      {`DELETE FROM changes WHERE seq = 6`, 6},
		"one taken out, numbers closed up": {
			`DELETE FROM changes WHERE seq = 6; UPDATE changes SET seq = -seq WHERE seq > 6; UPDATE changes SET seq = -seq - 1 WHERE seq < 0`, 6},
		"two exchanged":      {`UPDATE changes SET seq = -1 WHERE seq = 2; UPDATE changes SET seq = 2 WHERE seq = 3; UPDATE changes SET seq = 3 WHERE seq = -1`, 2},
		"a hash":             {`UPDATE changes SET hash = zeroblob(32) WHERE seq = 7`, 7},
		"the first taken":    {`DELETE FROM changes WHERE seq = 1`, 1},
		"one put in the end": {`INSERT INTO changes SELECT 11, tick, at, seen, kind, service, resource, actor, id, 'forged', body, hash, hash FROM changes WHERE seq = 10`, 11},
	} {
		t.Run(name, func(t *testing.T) {
			path := newRecording(t)
			f, err := recording.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			for n := range 10 {
				if _, err := f.AppendChange(context.Background(), sources.Change{At: t0, Seen: t0, Kind: sources.ChangeNote, Actor: "ada", Text: fmt.Sprint("note ", n)}); err != nil {
					t.Fatal(err)
				}
			}
			f.Close()
			run(t, path, c.sql)
			checkAltered(t, path, c.seq)
		})
	}
}

func checkAltered(t *testing.T, path string, seq int64) {
	t.Helper()
	f, err := recording.OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	chain, err := f.Verify(context.Background())
	if seq == 0 {
		if err != nil || chain.Changes != 10 {
			t.Errorf("%d changes, %v", chain.Changes, err)
		}
		return
	}
	var broken *recording.BrokenError
	if !errors.As(err, &broken) || broken.Seq != seq {
		t.Errorf("%v, want the break at %d", err, seq)
	}
	if text := fmt.Sprint(err); strings.Contains(text, "is missing") && !strings.Contains(text, fmt.Sprintf("change %d is missing: change %d stands in its place", seq, seq+1)) {
		t.Errorf("what stands where one is missing is named wrongly: %s", text)
	}
}

// TestTruncatedChainHasAnotherHead cuts off the end, which only who has written down the head can see.
func TestTruncatedChainHasAnotherHead(t *testing.T) {
	path := newRecording(t)
	var heads []recording.Chain
	for range 2 {
		f, err := recording.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(heads) == 0 {
			for range 3 {
				if _, err := f.AppendChange(context.Background(), sources.Change{At: t0, Seen: t0, Kind: sources.ChangeNote}); err != nil {
					t.Fatal(err)
				}
			}
		}
		chain, err := f.Verify(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		heads = append(heads, chain)
		f.Close()
		run(t, path, `DELETE FROM changes WHERE seq = 3`)
	}
	if heads[0].Changes != 3 || heads[1].Changes != 2 || heads[0].Head == heads[1].Head {
		t.Errorf("before and after: %v", heads)
	}
}

// TestAnchorsFindWhatTheChainAloneCannot cuts the end off, and makes the whole chain anew: both hold in themselves, and
// neither holds against what was written down before.
func TestAnchorsFindWhatTheChainAloneCannot(t *testing.T) {
	ctx := context.Background()
	write := func(notes ...string) string {
		path := newRecording(t)
		f, err := recording.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for _, text := range notes {
			if _, err := f.AppendChange(ctx, sources.Change{At: t0, Seen: t0, Kind: sources.ChangeNote, Text: text}); err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	verify := func(path string, anchors ...recording.Chain) (recording.Chain, error) {
		f, err := recording.OpenReadOnly(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		return f.Verify(ctx, anchors...)
	}
	path := write("a", "b", "c")
	anchor, err := verify(path)
	if err != nil || anchor.Changes != 3 {
		t.Fatalf("%+v, %v", anchor, err)
	}
	if _, err := verify(path, anchor, anchor); err != nil {
		t.Errorf("an anchor does not hold against its own recording: %v", err)
	}
	for name, c := range map[string]struct {
		path string
		seq  int64
	}{
		"cut off the end":   {write("a", "b"), 3},
		"made anew":         {write("a", "B", "c"), 3},
		"made anew, longer": {write("a", "B", "c", "d"), 3},
	} {
		var broken *recording.BrokenError
		if _, err := verify(c.path); err != nil {
			t.Errorf("%s: the chain by itself: %v", name, err)
		}
		if _, err := verify(c.path, anchor); !errors.As(err, &broken) || broken.Seq != c.seq {
			t.Errorf("%s: %v, want it found at change %d", name, err, c.seq)
		}
	}
}
