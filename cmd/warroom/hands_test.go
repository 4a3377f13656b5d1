package main

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/recording"
)

// shift is a rehearsal of the lottery with an operator in it.
type shift struct {
	t     *testing.T
	room  *room
	hands *runbooks.Hands
	tape  *recording.File
	end   func()
}

var fleetWeb = sources.Ref{Service: "asg", Name: "web"}

// newShift begins the lottery, two minutes before T0, a minute of it in a second.
func newShift(t *testing.T) *shift {
	t.Helper()
	_, _, p := caught(t)
	r, closing, err := p.rehearsalRoom(rehearsal{scenario: "lottery", speed: 60, seed: 1, file: filepath.Join(t.TempDir(), "r.warroom")}, "mia")
	if err != nil {
		t.Fatal(err)
	}
	s := &shift{t: t, room: r, hands: p.hands(r, "mia"), tape: r.tape}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.run(ctx) }()
	s.end = func() {
		s.hands.Close()
		stop()
		if err := closing(<-ended); err != nil {
			t.Error(err)
		}
	}
	return s
}

// until waits for a moment of the launch.
func (s *shift) until(m sources.Moment) {
	s.t.Helper()
	at, err := m.On(s.room.meta.Launch.T0)
	if err == nil {
		err = s.room.clock.Sleep(s.t.Context(), at.Sub(s.room.clock.Now()))
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// does what an operator does: plans, looks, confirms.
func (s *shift) does(a runbooks.Action) runbooks.Plan {
	s.t.Helper()
	p, err := s.hands.Plan(s.t.Context(), a)
	if err != nil {
		s.t.Fatal(err)
	}
	s.confirms(p)
	return p
}

func (s *shift) confirms(p runbooks.Plan) {
	s.t.Helper()
	s.hands.Guard().Arm(time.Now())
	if err := s.hands.Carry(s.t.Context(), p, p.Confirm(p.Word(), time.Now())); err != nil {
		s.t.Fatal(err)
	}
}

// sum is how much of a metric there was between two moments, by the values known now.
func (s *shift) sum(metric, resource string, from, to sources.Moment) (sum float64) {
	s.t.Helper()
	t0 := s.room.meta.Launch.T0
	begin, err := from.On(t0)
	if err != nil {
		s.t.Fatal(err)
	}
	end, err := to.On(t0)
	if err != nil {
		s.t.Fatal(err)
	}
	samples, err := s.tape.Samples(s.t.Context(), begin, end, time.Time{}, sources.Series{Metric: metric, Resource: resource})
	if err != nil {
		s.t.Fatal(err)
	}
	newest := map[time.Time]float64{}
	for _, v := range samples {
		newest[v.At] = v.Value // in the order of Seen
	}
	for _, v := range newest {
		sum += v
	}
	return sum
}

// An operator who raises the floor in time keeps errors away, and one who does not sees them.
func TestRaisingTheFloorInTimeKeepsErrorsAway(t *testing.T) {
	t.Parallel()
	errors := func(raise bool) float64 {
		s := newShift(t)
		defer s.end()
		s.until("T-90s")
		if raise {
			s.does(runbooks.Action{Kind: runbooks.Capacity, Resource: fleetWeb, Want: map[string]string{"desired": "+6"}})
		}
		s.until("T+12m")
		return s.sum("alb_target_5xx", "web", "T0", "T+9m") + s.sum("alb_elb_5xx", "web", "T0", "T+9m")
	}
	idle, raised := errors(false), errors(true)
	if idle < 1000 || raised > idle/20 {
		t.Errorf("%.0f errors without an operator and %.0f with one who raised the floor, want many and next to none", idle, raised)
	}
}

// The maintenance page stops the bleeding, whichever way visitors are sent to it, and taking it back brings the site back.
func TestMaintenanceStopsTheBleedingAndUndoBringsTheSiteBack(t *testing.T) {
	for _, by := range []string{"flag", "origin"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			maintained(t, by)
		})
	}
}

func maintained(t *testing.T, by string) {
	t.Helper()
	s := newShift(t)
	defer s.end()
	s.until("T+3m")
	edge := sources.Ref{Service: "cloudfront", Name: "edge"}
	s.does(runbooks.Action{Kind: runbooks.Maintenance, Resource: edge, Want: map[string]string{"to": "maintenance", "by": by}})
	s.until("T+14m")
	runs, err := s.hands.Runs(t.Context())
	if err != nil || len(runs) != 1 || runs[0].State != runbooks.Judged {
		t.Fatalf("runs: %+v, %v", runs, err)
	}
	back, err := s.hands.Undo(t.Context(), runs[0])
	if err != nil {
		t.Fatal(err)
	}
	s.confirms(back)
	s.until("T+27m")
	before, during, after := s.sum("alb_requests", "web", "T+1m", "T+3m"), s.sum("alb_requests", "web", "T+11m", "T+13m"), s.sum("alb_requests", "web", "T+22m", "T+24m")
	if during > before/10 || after < before/10 {
		t.Errorf("the balancer had %.0f requests before, %.0f while visitors saw the maintenance page, %.0f after it was taken back", before, during, after)
	}
	if failed := s.sum("alb_target_5xx", "web", "T+10m", "T+13m"); failed > 0 {
		t.Errorf("%.0f errors while visitors saw the maintenance page", failed)
	}
}
