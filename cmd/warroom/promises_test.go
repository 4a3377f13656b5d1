package main

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"warroom/sources"
	"warroom/sources/recording"
	"warroom/tui"
)

// What one process records, another one on the same recording is told within a second, and finds there.
func TestNewsReachTheOtherProcessWithinASecond(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lottery.warroom")
	synctest.Test(t, func(t *testing.T) {
		first, second := roomOn(t, path, "mia"), roomOn(t, path, "leo")
		first.start()
		time.Sleep(time.Second)
		news := make(chan time.Time, 100)
		second.advanced = func() { news <- time.Now() }
		second.start()
		for n := range 20 {
			time.Sleep(1300 * time.Millisecond)
			for len(news) > 0 {
				<-news
			}
			mark, err := second.tape.End(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if _, err := first.tape.AppendChange(t.Context(), sources.Change{At: began, Seen: began, Kind: sources.ChangeNote, Text: "a note"}); err != nil {
				t.Fatal(err)
			}
			if took := (<-news).Sub(began); took > time.Second {
				t.Errorf("news %d took %v", n, took)
			}
			b, _, err := second.tape.Since(t.Context(), mark)
			if err != nil || !slices.ContainsFunc(b.Changes, func(c sources.Change) bool { return c.Text == "a note" }) {
				t.Errorf("news %d is not there: %v, %v", n, b.Changes, err)
			}
		}
		first.leave(t)
		second.leave(t)
	})
}

// A second process on a rehearsal shows the same T±, whenever it comes.
func TestSecondProcessDerivesTheSameTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.warroom")
	synctest.Test(t, func(t *testing.T) {
		p := processWith("HOME=" + t.TempDir())
		first, closing, err := p.rehearsalRoom(rehearsal{scenario: "lottery", speed: 37, file: path}, "mia")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = closing(nil) }()
		for _, later := range []time.Duration{0, 1234567 * time.Microsecond, 5 * time.Minute} {
			time.Sleep(later)
			second, closing, err := p.rehearsalRoom(rehearsal{file: path}, "leo")
			if err != nil {
				t.Fatal(err)
			}
			if a, b := first.clock.Now(), second.clock.Now(); !a.Equal(b) || p.stamp(first) != p.stamp(second) {
				t.Errorf("%v later it is %s in the first process and %s in the second", later, p.stamp(first), p.stamp(second))
			}
			if err := closing(nil); err != nil {
				t.Error(err)
			}
		}
		if got := relative(first.clock.Now().Sub(first.meta.Launch.T0)); got <= "T+02:00:00" {
			t.Errorf("the clock of the rehearsal stands at %s", got)
		}
	})
}

// revising is a source whose newest minute is too low at first, as CloudWatch's are, and gets worse after a while.
type revising struct{ counting }

func (s *revising) Poll(_ context.Context, now time.Time) (sources.Reading, error) {
	var r sources.Reading
	minute := now.Truncate(time.Minute)
	for back, share := range []float64{0.2, 0.7, 1} {
		at := minute.Add(-time.Duration(back+1) * time.Minute)
		errors := 0.0
		if at.Minute()%20 >= 10 {
			errors = 5
		}
		for metric, value := range map[string]float64{"alb_requests": 1000, "alb_elb_5xx": errors, "alb_target_5xx": 10 * errors} {
			series := sources.Series{Metric: metric, Resource: "prod"}
			r.Samples = append(r.Samples, sources.Sample{Series: series, At: at, Seen: now, Value: value * share})
		}
	}
	return r, nil
}

func (s *revising) open(context.Context, []sources.Resource) ([]sources.Source, func(), error) {
	return []sources.Source{s}, func() {}, nil
}

// What a replay shows at t is what was on the screen at t, although all was revised since.
func TestReplayShowsWhatWasOnTheScreen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lottery.warroom")
	synctest.Test(t, func(t *testing.T) {
		tr := roomOn(t, path, "mia")
		tr.open = new(revising).open
		tr.start()
		var seen []*status
		for range 35 {
			time.Sleep(61 * time.Second)
			synctest.Wait()
			seen = append(seen, statusAt(t, tr.tape, time.Now(), sources.AsSeen))
		}
		tr.leave(t)
		replayed, err := recording.OpenReadOnly(path)
		if err != nil {
			t.Fatal(err)
		}
		defer replayed.Close()
		levels, settled := map[string]bool{}, 0
		for _, live := range seen {
			levels[live.Level] = true
			if diff := cmp.Diff(live.Tiles, statusAt(t, replayed, live.At, sources.AsSeen).Tiles, cmpopts.IgnoreUnexported(tileStatus{})); diff != "" {
				t.Fatalf("at %v (-on the screen +in the replay):\n%s", live.At, diff)
			}
			if !cmp.Equal(live.Tiles, statusAt(t, replayed, live.At, sources.AsSettled).Tiles, cmpopts.IgnoreUnexported(tileStatus{})) {
				settled++
			}
		}
		if !levels["ok"] || !levels["page"] || settled == 0 {
			t.Errorf("nothing was to be told apart: levels %v, %d times the settled truth was another", levels, settled)
		}
	})
}

// statusAt is how the tiles stand at a time.
func statusAt(t *testing.T, tape *recording.File, at time.Time, truth sources.Truth) *status {
	t.Helper()
	meta, err := tape.Meta(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := &status{At: at, count: map[tui.Level]int{}}
	if err := s.judge(t.Context(), tape, meta, truth); err != nil {
		t.Fatal(err)
	}
	return s
}
