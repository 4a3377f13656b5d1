package recording_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/recording"
)

// recorderPath and recorderFrom tell the child what to append to, and from which round on.
const (
	recorderPath = "WARROOM_TEST_RECORDER"
	recorderFrom = "WARROOM_TEST_RECORDER_FROM"
	recorderLies = "WARROOM_TEST_RECORDER_LIES" // it acknowledges round 3 without appending it
)

// round is what the child appends at once: samples of a new minute, revisions of the one before, a fact and a
// change.
func round(n int) sources.Reading {
	at := t0.Add(time.Duration(n) * time.Minute)
	r := sources.Reading{Source: "child", At: at}
	for i := range 40 {
		s := benchName(i)
		r.Samples = append(r.Samples,
			sources.Sample{Series: s, At: at, Seen: at.Add(time.Minute), Value: float64(n)},
			sources.Sample{Series: s, At: at.Add(-time.Minute), Seen: at.Add(time.Minute), Value: float64(n) + 0.5})
	}
	r.Facts = []sources.Fact{{Resource: sources.Ref{Service: "alb", Name: "shop"}, Name: "round", Value: strconv.Itoa(n), Seen: at}}
	r.Changes = []sources.Change{{At: at, Seen: at, Kind: sources.ChangeNote, Text: "in a reading " + strconv.Itoa(n)}}
	return r
}

// recorder is the child: it appends round after round and says on its standard output which are durable.
func recorder(path string) int {
	f, err := recording.Open(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx := context.Background()
	from, _ := strconv.Atoi(os.Getenv(recorderFrom))
	for n := from; ; n++ {
		if n == 3 && os.Getenv(recorderLies) != "" {
			fmt.Println("round", n)
			<-time.NewTimer(time.Minute).C
		}
		if err := f.Append(ctx, round(n)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Println("round", n)
		c, err := f.AppendChange(ctx, sources.Change{Kind: sources.ChangeNote, At: t0, Seen: t0, Text: "alone " + strconv.Itoa(n)})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Println("change", c.Seq, n)
	}
}

// acknowledged is what a child said before it died.
type acknowledged struct {
	rounds  []int
	changes map[int64]int // by place: the round
}

// runAndKill starts a recorder, kills it some time after it has acknowledged the round until, and returns all that
// it said.
func runAndKill(t testing.TB, path string, from, until int, after time.Duration) acknowledged {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), recorderPath+"="+path, recorderFrom+"="+strconv.Itoa(from))
	var complaint strings.Builder
	child.Stderr = &complaint
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(out)
	first := ""
	for last := fmt.Sprintf("round %d\n", until); !strings.HasSuffix(first, last); {
		line, err := said.ReadString('\n')
		if err != nil {
			_ = child.Wait()
			t.Fatalf("the recorder ended before round %d: %v %s", until, err, complaint.String())
		}
		first += line
	}
	timer := time.AfterFunc(after, func() { _ = child.Process.Kill() })
	defer timer.Stop()
	rest, err := io.ReadAll(said)
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); child.ProcessState.Exited() {
		t.Fatalf("the recorder was not killed but ended: %v %s", err, complaint.String())
	}
	return parseAcknowledged(t, first+string(rest))
}

// parseAcknowledged reads whole lines only: the last one may have been cut by the kill.
func parseAcknowledged(t testing.TB, said string) acknowledged {
	a := acknowledged{changes: map[int64]int{}}
	lines := strings.Split(said, "\n")
	for _, line := range lines[:len(lines)-1] {
		var n int
		var seq int64
		if _, err := fmt.Sscanf(line, "round %d", &n); err == nil {
			a.rounds = append(a.rounds, n)
		} else if _, err := fmt.Sscanf(line, "change %d %d", &seq, &n); err == nil {
			a.changes[seq] = n
		} else {
			t.Fatalf("the recorder said %q", line)
		}
	}
	return a
}

// newRecording is the path of a recording that is empty, whole and closed.
func newRecording(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "launch.warroom")
	f, err := recording.Create(path, meta())
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestKilledRecorderLosesNothingAcknowledged also times how long the next recorder takes to open what a killed one
// left. A single reopening waits for whatever else the machine is doing, so it is the middle one that is held.
func TestKilledRecorderLosesNothingAcknowledged(t *testing.T) {
	var reopened []time.Duration
	for range killedRecordings {
		reopened = append(reopened, killTwentyTimes(t)...)
		if t.Failed() {
			return
		}
	}
	slices.Sort(reopened)
	median, slowest := reopened[len(reopened)/2], reopened[len(reopened)-1]
	t.Logf("%d reopenings: median %v, slowest %v", len(reopened), median, slowest)
	if median > reopenedWithin {
		t.Errorf("reopening takes %v (slowest %v), want %v at most", median, slowest, reopenedWithin)
	}
}

// killTwentyTimes has twenty recorders go on with one recording, each killed at a random moment. It returns how long
// it took to open the recording after each.
func killTwentyTimes(t *testing.T) (reopened []time.Duration) {
	path := newRecording(t)
	all := acknowledged{changes: map[int64]int{}}
	from := 0
	for cycle := range 20 {
		got := runAndKill(t, path, from, from, rand.N(120*time.Millisecond))
		all.rounds = append(all.rounds, got.rounds...)
		for seq, n := range got.changes {
			if _, twice := all.changes[seq]; twice {
				t.Fatalf("cycle %d: place %d was given twice", cycle, seq)
			}
			all.changes[seq] = n
		}
		last, took := checkReopened(t, cycle, path, all)
		from, reopened = last+1, append(reopened, took)
		if t.Failed() {
			return reopened
		}
	}
	t.Logf("20 kills: %d rounds and %d changes acknowledged, none lost", len(all.rounds), len(all.changes))
	return reopened
}

// checkReopened opens what the killed recorder left, as replay does and as the next recorder does, and returns
// the last round that it holds, and how long the two took until they could go on.
func checkReopened(t *testing.T, cycle int, path string, want acknowledged) (last int, took time.Duration) {
	t.Helper()
	ctx := context.Background()
	began := time.Now()
	replay, err := recording.OpenReadOnly(path)
	if err != nil {
		t.Fatalf("cycle %d: %v", cycle, err)
	}
	defer replay.Close()
	next, err := recording.Open(path)
	if err != nil {
		t.Fatalf("cycle %d: %v", cycle, err)
	}
	defer next.Close()
	if _, err := next.Acquire(ctx, "next", time.Millisecond); err != nil { // the first thing that it writes
		t.Fatalf("cycle %d: %v", cycle, err)
	}
	took = time.Since(began)
	b, _, err := replay.Since(ctx, 0)
	if err != nil {
		t.Fatalf("cycle %d: %v", cycle, err)
	}
	other, _, err := next.Since(ctx, 0)
	if err != nil || len(other.Samples) != len(b.Samples) || len(other.Changes) != len(b.Changes) {
		t.Errorf("cycle %d: replay reads %d samples, a recorder %d (%v)", cycle, len(b.Samples), len(other.Samples), err)
	}
	if chain, err := next.Verify(ctx); err != nil || chain.Changes != int64(len(b.Changes)) {
		t.Errorf("cycle %d: %d changes in the chain, %d read: %v", cycle, chain.Changes, len(b.Changes), err)
	}
	h := count(b)
	if err := h.compare(want); err != nil {
		t.Errorf("cycle %d: %v", cycle, err)
	}
	return h.last, took
}

// held is what a recording was found to hold, counted.
type held struct {
	samples map[sources.Sample]int
	changes map[string]int // by text
	facts   int
	last    int // the last round, -1 for none
}

func count(b sources.Batch) held {
	h := held{samples: map[sources.Sample]int{}, changes: map[string]int{}, facts: len(b.Facts), last: -1}
	for _, s := range b.Samples {
		h.samples[s]++
		h.last = max(h.last, int(s.Value))
	}
	for _, c := range b.Changes {
		h.changes[c.Text]++
	}
	return h
}

// compare checks that all that was acknowledged is there, that each round is there whole or not at all, and
// nothing twice.
func (h held) compare(want acknowledged) error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for n := range h.last + 1 {
		for _, s := range round(n).Samples {
			if h.samples[s] != 1 {
				wrong("round %d is not whole: %v is there %d times", n, s, h.samples[s])
			}
		}
	}
	for _, n := range want.rounds {
		if n > h.last || h.changes["in a reading "+strconv.Itoa(n)] != 1 {
			wrong("round %d was acknowledged and is lost, the last is %d", n, h.last)
		}
	}
	for _, n := range want.changes {
		if times := h.changes["alone "+strconv.Itoa(n)]; times != 1 {
			wrong("the change of round %d was acknowledged and is there %d times", n, times)
		}
	}
	if rounds := (h.last + 1) * 80; len(h.samples) != rounds || h.facts != h.last+1 {
		wrong("%d samples and %d facts of %d rounds", len(h.samples), h.facts, h.last+1)
	}
	return errors.Join(errs...)
}

// TestProofOfKillSeesLoss kills a recorder that acknowledges what it has not appended, and expects the proof to
// notice.
func TestProofOfKillSeesLoss(t *testing.T) {
	path := newRecording(t)
	t.Setenv(recorderLies, "1")
	said := runAndKill(t, path, 0, 3, 0)
	f, err := recording.OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, _, err := f.Since(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := count(b).compare(said); err == nil || !strings.Contains(err.Error(), "round 3 was acknowledged and is lost") {
		t.Errorf("the proof did not see the loss: %v", err)
	}
}
