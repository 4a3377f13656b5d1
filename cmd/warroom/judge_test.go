package main

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"warroom/alerts"
	"warroom/sources"
	"warroom/sources/recording"
)

// judgedLive runs the lottery without an operator, a minute of it in a second, past the moment at which the origin breaks
// and mends, in as many processes one after another as there are moments.
func judgedLive(t *testing.T, moments ...sources.Moment) *recording.File {
	t.Helper()
	file := filepath.Join(t.TempDir(), "r.warroom")
	for i, until := range moments {
		_, _, p := caught(t)
		r, closing, err := p.rehearsalRoom(rehearsal{scenario: "lottery", speed: 60, seed: 1, file: file}, "mia")
		if err != nil {
			t.Fatal(err)
		}
		at, err := until.On(r.meta.Launch.T0)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = r.clock.Sleep(ctx, at.Sub(r.clock.Now())); stop() }()
		err = r.run(ctx)
		if i == len(moments)-1 {
			t.Cleanup(func() { _ = closing(nil) })
			if err != nil {
				t.Fatal(err)
			}
			return r.tape
		}
		if err := closing(err); err != nil {
			t.Fatal(err)
		}
	}
	return nil
}

// steps are what the pages went through, without those that were never one.
func steps(found []alerts.Transition) (out []string) {
	for i := range found {
		if l, ok := found[i].Line(); ok && l.Severity == alerts.Page && l.State != alerts.Pending {
			out = append(out, l.Alert+" "+l.Resource+" "+string(l.State))
		}
	}
	return out
}

// TestAlertsAreJudgedAsInABacktest: what the room judged live, in three processes one after another, is what a backtest of its
// recording judges.
func TestAlertsAreJudgedAsInABacktest(t *testing.T) {
	tape := judgedLive(t, "T+3m", "T+7m", "T+11m")
	changes, err := tape.Changes(t.Context(), time.Time{}, time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var live, again []alerts.Transition
	for i := range changes {
		if tr, ok := alerts.ReadTransition(changes[i]); ok {
			live = append(live, tr)
		}
	}
	launch, past, err := judgeable(t.Context(), tape.Path())
	if err != nil {
		t.Fatal(err)
	}
	judge, err := alerts.NewJudge(must(alerts.House()), &launch)
	if err != nil {
		t.Fatal(err)
	}
	err = alerts.Backtest(t.Context(), judge, past, func(tr alerts.Transition) error { again = append(again, tr); return nil })
	if err != nil {
		t.Fatal(err)
	}
	got, want := steps(live), steps(again)
	if len(got) == 0 || !slices.Equal(firsts(got), firsts(want)) {
		t.Errorf("live it paged %q, again %q", got, want)
	}
}

// firsts are the steps, each once: between two processes an alert may have come back.
func firsts(steps []string) (out []string) {
	for _, s := range steps {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
