package recording_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/recording"
	"warroom/sources/recording/recordingtest"
)

// handle is a File as the conformance suite wants it.
type handle struct {
	*recording.File
	now func() time.Time
}

func (h handle) Acquire(ctx context.Context, holder string, ttl time.Duration) (recordingtest.Lease, error) {
	l, err := h.File.Acquire(ctx, holder, ttl)
	if err != nil {
		return nil, err
	}
	return l, nil
}

func (h handle) Again(t testing.TB) recordingtest.Recording {
	t.Helper()
	f, err := recording.Open(h.Path(), recording.WithClock(h.now))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return handle{f, h.now}
}

func TestConformance(t *testing.T) {
	recordingtest.Run(t, func(t testing.TB, now func() time.Time) recordingtest.Recording {
		t.Helper()
		f, err := recording.Create(filepath.Join(t.TempDir(), "launch.warroom"), meta(), recording.WithClock(now))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		if b, ok := breaks[os.Getenv(brokenBy)]; ok {
			return b.of(handle{f, now})
		}
		return handle{f, now}
	})
}

// brokenBy has TestConformance test a recording that is broken on purpose.
const brokenBy = "WARROOM_TEST_BROKEN"

// breaks are ways to get a recording wrong, each with the test that must see it.
var breaks = map[string]struct {
	of   func(handle) recordingtest.Recording
	seen string
}{
	"overwrites revisions":   {func(h handle) recordingtest.Recording { return overwriting{h} }, "bitemporal"},
	"knows the future":       {func(h handle) recordingtest.Recording { return prescient{h} }, "bitemporal"},
	"repeats itself":         {func(h handle) recordingtest.Recording { return repeating{h} }, "load,_then_since"},
	"loses concurrent news":  {func(h handle) recordingtest.Recording { return hasty{h} }, "since_while_others_append"},
	"takes NaN for nothing":  {func(h handle) recordingtest.Recording { return numberless{h} }, "odd_numbers"},
	"lets anybody collect":   {func(h handle) recordingtest.Recording { return generous{h} }, "lease"},
	"records a change twice": {func(h handle) recordingtest.Recording { return forgetful{h} }, "changes_are_recorded_once"},
}

type overwriting struct{ handle }

func (r overwriting) Load(ctx context.Context, from, to, seen time.Time) (sources.Batch, recording.Mark, error) {
	b, mark, err := r.handle.Load(ctx, from, to, seen)
	if n := len(b.Samples); n > 1 {
		b.Samples = b.Samples[n-1:]
	}
	return b, mark, err
}

type prescient struct{ handle }

func (r prescient) Load(ctx context.Context, from, to, _ time.Time) (sources.Batch, recording.Mark, error) {
	return r.handle.Load(ctx, from, to, time.Time{})
}

type repeating struct{ handle }

func (r repeating) Since(ctx context.Context, after recording.Mark) (sources.Batch, recording.Mark, error) {
	return r.handle.Since(ctx, max(after-1, 0))
}

// hasty asks for the end in another moment than for what is new.
type hasty struct{ handle }

func (r hasty) Again(t testing.TB) recordingtest.Recording {
	return hasty{r.handle.Again(t).(handle)}
}

func (r hasty) Since(ctx context.Context, after recording.Mark) (sources.Batch, recording.Mark, error) {
	b, mark, err := r.handle.Since(ctx, after)
	if mark > after {
		mark++
	}
	return b, mark, err
}

type numberless struct{ handle }

func (r numberless) Append(ctx context.Context, readings ...sources.Reading) error {
	for _, reading := range readings {
		for i := range reading.Samples {
			s := &reading.Samples[i]
			s.None = s.None || s.Value != s.Value
		}
	}
	return r.handle.Append(ctx, readings...)
}

type generous struct{ handle }

func (r generous) Acquire(ctx context.Context, holder string, ttl time.Duration) (recordingtest.Lease, error) {
	l, err := r.handle.Acquire(ctx, holder, ttl)
	if err == nil {
		err = l.Release(ctx)
	}
	return l, err
}

type forgetful struct{ handle }

func (r forgetful) AppendChange(ctx context.Context, c sources.Change) (sources.Change, error) {
	c.ID = ""
	return r.handle.AppendChange(ctx, c)
}

// TestConformanceSeesWhatIsBroken runs the suite on each broken recording, in a process of its own, and expects
// it to fail where it should.
func TestConformanceSeesWhatIsBroken(t *testing.T) {
	for name, b := range breaks {
		t.Run(name, func(t *testing.T) {
			child := exec.Command(os.Args[0], "-test.run", "^TestConformance$/^"+b.seen+"$")
			child.Env = append(os.Environ(), brokenBy+"="+name)
			out, err := child.CombinedOutput()
			lines := strings.Split(string(out), "\n")
			failed := slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "--- FAIL: TestConformance/"+b.seen) })
			if err == nil || !failed {
				t.Errorf("the suite did not see it: %v\n%s", err, out)
			}
		})
	}
}
