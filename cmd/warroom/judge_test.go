package main

import (
	"context"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

// fired are the alerts that fired, each once: between two processes one may have come back. Those that look at samples which
// may still be revised are left out, since a room on a busy machine looks later than it would; and of several that belong
// together that decides which of them wakes somebody.
func fired(rules *alerts.Rules, found []alerts.Transition) (out []string, pages int) {
	settled := map[string]bool{}
	for _, r := range rules.Alerts {
		settled[r.Alert] = !r.Provisional
	}
	for i := range found {
		t := &found[i]
		if t.Page {
			pages++
		}
		if t.To == alerts.Firing && settled[t.Rule] {
			out = append(out, t.Rule+" "+t.Resource.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), pages
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
	launch, sight, past, err := judgeable(t.Context(), tape.Path())
	if err != nil {
		t.Fatal(err)
	}
	rules := must(alerts.House())
	judge, err := alerts.NewJudge(rules, &launch)
	if err != nil {
		t.Fatal(err)
	}
	judge.Watch(sight)
	err = alerts.Backtest(t.Context(), judge, past, func(tr alerts.Transition) error { again = append(again, tr); return nil })
	if err != nil {
		t.Fatal(err)
	}
	got, pages := fired(rules, live)
	want, pagesAgain := fired(rules, again)
	if diff := cmp.Diff(want, got); diff != "" || len(got) < 5 || pages == 0 || pagesAgain == 0 {
		t.Errorf("live it paged %d times, again %d times; fired again (-) and live (+): %s", pages, pagesAgain, diff)
	}
}

// TestWhatWaitsIsRecordedBeforeTheJudgeIsMadeAnew: a judge goes on from what the recording has, so what was decided and could
// not be recorded yet is recorded before rules that have changed make another one.
func TestWhatWaitsIsRecordedBeforeTheJudgeIsMadeAnew(t *testing.T) {
	tr := roomOn(t, filepath.Join(t.TempDir(), "r.warroom"), "mia")
	lease, err := tr.tape.Acquire(t.Context(), "mia", leaseTTL)
	if err != nil {
		t.Fatal(err)
	}
	j := newJudging(tr.room, lease)
	t.Cleanup(func() { j.hands.Close(); _ = tr.tape.Close() })
	now := time.Now()
	fires := alerts.Transition{Key: "Gone||", Rule: "Gone", Severity: alerts.Page, From: alerts.Pending, To: alerts.Firing, At: now, Step: now, Page: true}
	if err := j.decide([]alerts.Transition{fires}); err != nil {
		t.Fatal(err)
	}
	if err := j.turn(t.Context()); err != nil { // by rules that do not have the alert any more
		t.Fatal(err)
	}
	got := changes(t, tr.tape)
	if !contains(got, "Gone firing") || !contains(got, "Gone resolved: there is no such rule any more") {
		t.Errorf("the recording has %q", got)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestARoomThatWasDeadTellsNobodysSilence: behind a hole, whether another process goes on with the recording or the same one
// after the machine slept, all sources are heard before anything is judged, and so nothing has fallen silent. A backtest of the
// recording finds the same.
func TestARoomThatWasDeadTellsNobodysSilence(t *testing.T) {
	t.Parallel()
	for name, sleeps := range map[string]bool{"another process": false, "the machine slept": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "r.warroom")
			run := func(d, asleep time.Duration) *recording.File {
				_, _, p := caught(t)
				r, closing, err := p.rehearsalRoom(rehearsal{scenario: "liftoff", speed: 60, seed: 1, file: file}, "mia")
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = closing(nil) })
				clock := &sleeper{Clock: r.clock}
				r.clock = clock
				ctx, stop := context.WithCancel(t.Context())
				go func() {
					_ = clock.Sleep(ctx, d)
					if asleep > 0 {
						clock.asleep.Store(int64(asleep))
						_ = clock.Sleep(ctx, d)
					}
					stop()
				}()
				if err := r.run(ctx); err != nil {
					t.Fatal(err)
				}
				return r.tape
			}
			var tape *recording.File
			if sleeps {
				tape = run(7*time.Minute, 15*time.Minute)
			} else {
				run(7*time.Minute, 0)
				time.Sleep(10 * time.Second) // ten minutes of the launch, in which nobody collects
				tape = run(7*time.Minute, 0)
			}
			var found []alerts.Transition
			for _, c := range must(tape.Changes(t.Context(), time.Time{}, time.Time{}, time.Time{})) {
				if tr, ok := alerts.ReadTransition(c); ok {
					found = append(found, tr)
				}
			}
			launch, sight, past, err := judgeable(t.Context(), tape.Path())
			if err != nil {
				t.Fatal(err)
			}
			judge := must(alerts.NewJudge(must(alerts.House()), &launch))
			judge.Watch(sight)
			if err := alerts.Backtest(t.Context(), judge, past, func(tr alerts.Transition) error { found = append(found, tr); return nil }); err != nil {
				t.Fatal(err)
			}
			if _, slept := sight.Awake(); !slept {
				t.Error("the recording has no hole")
			}
			for i := range found {
				if tr := &found[i]; tr.To == alerts.NoData || tr.Page && (tr.Rule == "MonitoringGap" || tr.Rule == "SourceDown") {
					t.Errorf("%s is %s at %v: %s %s", tr.Rule, tr.To, tr.At, tr.Summary, tr.Why)
				}
			}
		})
	}
}

// sleeper is a clock whose machine falls asleep.
type sleeper struct {
	sources.Clock
	asleep atomic.Int64
}

func (s *sleeper) Now() time.Time { return s.Clock.Now().Add(time.Duration(s.asleep.Load())) }

// TestRehearsalWantsTwoPeople: what the config wants two people for is practised with two.
func TestRehearsalWantsTwoPeople(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "warroom.yaml")
	write(t, config, "launch: {name: lottery, t0: 2026-03-01T19:15:00Z}\naws: {region: eu-central-1}\nresources: {asg: {web: lottery-web}}\nactions: {two_people: [capacity lower]}\n")
	_, _, p := caught(t)
	r, closing, err := p.rehearsalRoom(rehearsal{scenario: "lottery", speed: 60, seed: 1, file: filepath.Join(t.TempDir(), "r.warroom")}, "mia")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closing(nil) }()
	if r.wantsTwo() != nil {
		t.Errorf("without a config it wants two people for %v", r.wantsTwo())
	}
	if err := p.furnish(r, config); err != nil {
		t.Fatal(err)
	}
	if got := r.wantsTwo(); len(got) != 1 || got[0].String() != "capacity lower" {
		t.Errorf("it wants two people for %v", got)
	}
}
