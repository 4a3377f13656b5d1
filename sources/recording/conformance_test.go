package recording_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

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
		return handle{f, now}
	})
}
