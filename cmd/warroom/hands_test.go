package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"warroom/alerts"
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
func newShift(t *testing.T) *shift { return shiftOf(t, "lottery") }

func shiftOf(t *testing.T, scenario string) *shift {
	t.Helper()
	return shiftOn(t, rehearsal{scenario: scenario, speed: 60, seed: 1, file: filepath.Join(t.TempDir(), "r.warroom")})
}

// shiftOn begins a rehearsal, or goes on with one.
func shiftOn(t *testing.T, o rehearsal) *shift {
	t.Helper()
	_, _, p := caught(t)
	r, closing, err := p.rehearsalRoom(o, "mia")
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
	s.opens()
	return s
}

// opens waits until the simulated AWS is there to be acted on: on a busy machine that takes longer than half a second.
func (s *shift) opens() {
	s.t.Helper()
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		_, err := s.room.simulatedEndpoint(s.t.Context())
		if err == nil {
			return
		}
		if time.Since(began) > 20*time.Second {
			s.t.Fatal(err)
		}
	}
}

// scenarioWith is the file of the lottery with other faults.
func scenarioWith(t *testing.T, faults string) string {
	t.Helper()
	text, err := os.ReadFile("../../sources/simulator/scenarios/lottery.yaml")
	if err != nil {
		t.Fatal(err)
	}
	lottery, _, _ := strings.Cut(string(text), "\nfaults:")
	file := filepath.Join(t.TempDir(), "faulty.yaml")
	write(t, file, lottery+"\n"+faults)
	return file
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

// Who goes on with a rehearsal finds the site as operators left it, and can take back what they did.
func TestARehearsalGoesOnWithWhatWasChanged(t *testing.T) {
	t.Parallel()
	first := newShift(t)
	ended := sync.OnceFunc(first.end)
	defer ended()
	first.until("T-100s")
	done := first.does(runbooks.Action{Kind: runbooks.Capacity, Resource: fleetWeb, Want: map[string]string{"desired": "+6"}})
	first.until("T-60s")
	ended()

	s := shiftOn(t, rehearsal{file: first.tape.Path()})
	defer s.end()
	s.until("T+1m")
	runs, err := s.hands.Runs(t.Context())
	if err != nil || len(runs) != 1 {
		t.Fatalf("%+v, %v", runs, err)
	}
	back, err := s.hands.Undo(t.Context(), runs[0])
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(back.Before, done.After) || !slices.Equal(back.After, done.Before) {
		t.Errorf("%+v was done, and %+v takes it back", done.After, back)
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

// fact is what is known of a resource now.
func (s *shift) fact(r sources.Ref, name string) (value string) {
	s.t.Helper()
	now := s.room.clock.Now()
	b, _, err := s.tape.Load(s.t.Context(), now, now.Add(time.Second), time.Time{})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range b.Facts {
		if f.Resource == r && f.Name == name {
			value = f.Value
		}
	}
	return value
}

// deployMark is the live mark of a deployment at a moment, 0 or 1, by what was known a minute later.
func (s *shift) deployMark(m sources.Moment) float64 {
	s.t.Helper()
	at, err := m.On(s.room.meta.Launch.T0)
	if err != nil {
		s.t.Fatal(err)
	}
	n := newLookout(s.room).see(s.t.Context(), runbooks.Watch{Expr: `mark_active{kind="deploy"}`}, at)
	if n.None {
		s.t.Fatalf("no mark at %s", m)
	}
	return n.Value
}

// A bad revision that CodeDeploy brings out is marked live, fails what its instances answer, and is stopped and taken back
// from the keyboard; with its rollback's end the mark is over.
func TestABadRevisionIsMarkedStoppedAndTakenBack(t *testing.T) {
	t.Parallel()
	s := shiftOf(t, scenarioWith(t, "faults: [{at: T-90s, kind: bad-revision, rate: 0.6}]\n"))
	defer s.end()
	s.until("T+30s")
	if before, during := s.deployMark("T-110s"), s.deployMark("T+15s"); before != 0 || during != 1 {
		t.Errorf("the mark is %g before the deployment and %g in it", before, during)
	}
	if got := s.fact(fleetWeb, "deployment"); !strings.HasPrefix(got, "InProgress, deployment of release-41.zip") {
		t.Errorf("the fleet's deployment is told as %q", got)
	}
	p := s.does(runbooks.Action{Kind: runbooks.Deploy, Resource: fleetWeb, Want: map[string]string{"do": "rollback"}})
	if p.Call != "codedeploy:StopDeployment" {
		t.Fatalf("planned %s", p.Call)
	}
	s.until("T+16m")
	runs, err := s.hands.Runs(t.Context())
	if err != nil || len(runs) != 1 || !strings.Contains(runs[0].Text, "every instance has release-40.zip") {
		t.Fatalf("runs: %+v, %v", runs, err)
	}
	if during, after := s.sum("alb_target_5xx", "web", "T-1m", "T+2m"), s.sum("alb_target_5xx", "web", "T+12m", "T+15m"); during < 100 || after > during/20 {
		t.Errorf("%.0f errors while it was there, %.0f once it was taken back", during, after)
	}
	if after := s.deployMark("T+15m30s"); after != 0 {
		t.Errorf("the mark is %g after the rollback's end", after)
	}
}

// wasMarked expects one mark of a kind that our own actions made, from about one moment to about another.
func (s *shift) wasMarked(kind string, from, until sources.Moment) {
	s.t.Helper()
	changes, err := s.tape.Changes(s.t.Context(), time.Time{}, time.Time{}, time.Time{})
	if err != nil {
		s.t.Fatal(err)
	}
	l := acted(s.room.meta.Launch, changes)
	var found []sources.Mark
	for _, m := range l.Marks {
		if m.Kind == kind {
			found = append(found, m)
		}
	}
	near := func(got, want sources.Moment) bool {
		a, err := got.On(l.T0)
		b, err2 := want.On(l.T0)
		return err == nil && err2 == nil && a.Sub(b).Abs() < 4*time.Minute
	}
	if len(found) != 1 || !near(found[0].At, from) || !near(found[0].Until, until) {
		s.t.Errorf("the marks of kind %s are %+v, want one from %s to %s", kind, found, from, until)
	}
}

// worked expects that a switch has worked although hardly anything failed before, by the requests that reach the site, which
// one of its watches counts: some on one side of it and none at all on the other.
func (s *shift) worked(r runbooks.Run, watch int) {
	s.t.Helper()
	before, after := r.Before[watch], r.After[watch]
	if r.Plan.Back.Want["to"] == "maintenance" {
		before, after = after, before
	}
	if r.Verdict != runbooks.Worked || before.None || before.Value < 1 || after.None || after.Value != 0 || r.Before[0].Value > 0.001 {
		s.t.Errorf("%s: %s, %s", r.Plan.Title, r.Verdict, r.Evidence(func(v float64, _ string) string { return fmt.Sprintf("%.3g", v) }))
	}
}

// Of requests that do not come AWS publishes no count. They are none while what is counted beside them is known, of the same
// minute; where that is silent, too, or AWS does not let them be read, nothing is known.
func TestNothingIsToldFromSilence(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 19, 15, 0, 0, time.UTC)
	at := func(minute int) time.Time { return t0.Add(time.Duration(minute) * time.Minute) }
	requests, targets := sources.Series{Metric: "alb_requests", Resource: "web"}, sources.Series{Metric: "alb_healthy_hosts", Resource: "web"}
	watch := runbooks.Watch{Expr: `alb_requests_per_second{resource="web"}`, Beside: targets.String()}
	for name, c := range map[string]struct {
		requests, targets int // the last minute of each, -1 for none
		beside            string
		trouble           sources.TroubleKind // of the requests
		want              runbooks.Number
	}{
		"visitors come":             {20, 20, watch.Beside, "", runbooks.Number{Value: 10}},
		"nobody comes any more":     {12, 20, watch.Beside, "", runbooks.Number{}},
		"since a minute":            {16, 20, watch.Beside, "", runbooks.Number{}},
		"nobody has ever come":      {-1, 20, watch.Beside, "", runbooks.Number{}},
		"never, AWS says":           {-1, 20, watch.Beside, sources.NotFound, runbooks.Number{}},
		"they are refused":          {12, 20, watch.Beside, sources.Forbidden, runbooks.Number{None: true}},
		"they always were":          {-1, 20, watch.Beside, sources.Forbidden, runbooks.Number{None: true}},
		"both are silent":           {10, 10, watch.Beside, "", runbooks.Number{None: true}},
		"targets are not watched":   {20, -1, watch.Beside, "", runbooks.Number{Value: 10}},
		"silence says nothing here": {10, 20, "", "", runbooks.Number{None: true}},
	} {
		t.Run(name, func(t *testing.T) {
			meta := recording.Meta{Launch: sources.Launch{Name: "lottery", T0: t0}}
			tape, err := recording.Create(filepath.Join(t.TempDir(), "r.warroom"), meta)
			if err != nil {
				t.Fatal(err)
			}
			defer tape.Close()
			for minute := range 21 {
				r := sources.Reading{Source: "aws", At: at(minute + 3)}
				if minute <= c.requests {
					r.Samples = append(r.Samples, sources.Sample{Series: requests, At: at(minute), Seen: r.At, Value: 600})
				}
				if minute == 15 && c.trouble != "" {
					r.Facts = append(r.Facts, sources.SeriesFact(requests, sources.Trouble{Kind: c.trouble, Text: "AWS says so"}, r.At))
				}
				if minute <= c.targets {
					r.Samples = append(r.Samples, sources.Sample{Series: targets, At: at(minute), Seen: r.At, Value: 4})
				}
				if err := tape.Append(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
			w := watch
			w.Beside = c.beside
			got := newLookout(&room{tape: tape, meta: meta}).see(t.Context(), w, at(21).Add(2*time.Minute))
			if of := got.At; got.None != of.IsZero() || of.After(at(21)) {
				t.Errorf("it is of the minute before %s", of)
			}
			if got.At = (time.Time{}); got != c.want {
				t.Errorf("seen %+v, want %+v", got, c.want)
			}
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
	if got := s.fact(edge, "origin"); got != "maintenance" {
		t.Errorf("by %s, the origin is told as %q", by, got)
	}
	runs, err := s.hands.Runs(t.Context())
	if err != nil || len(runs) != 1 || runs[0].State != runbooks.Judged {
		t.Fatalf("runs: %+v, %v", runs, err)
	}
	s.worked(runs[0], 1)
	back, err := s.hands.Undo(t.Context(), runs[0])
	if err != nil {
		t.Fatal(err)
	}
	s.confirms(back)
	s.until("T+27m")
	if got := s.fact(edge, "origin"); got != "live" {
		t.Errorf("taken back by %s, the origin is told as %q", by, got)
	}
	if runs, err = s.hands.Runs(t.Context()); err != nil || len(runs) != 2 {
		t.Fatalf("runs: %+v, %v", runs, err)
	}
	s.worked(runs[slices.IndexFunc(runs, func(r runbooks.Run) bool { return r.Plan.ID == back.ID })], 1)
	s.wasMarked(sources.MarkMaintenance, "T+3m", "T+14m")
	again, err := s.hands.Plan(t.Context(), runbooks.Action{Kind: runbooks.Maintenance, Resource: edge, Want: map[string]string{"to": "maintenance", "by": by}})
	if err != nil || len(again.Ways) != 3 {
		t.Fatalf("%v, ways %+v", err, again.Ways)
	}
	for _, w := range again.Ways {
		rehearsed := strings.HasPrefix(w.Rehearsed, "rehearsed here at ") && strings.HasSuffix(w.Rehearsed, " by mia")
		if gone := w.Call == again.Call; rehearsed != gone || (w.Rehearsed == "never rehearsed here") == gone {
			t.Errorf("gone before %t: %s", gone, w)
		}
	}
	s.rehearsedBeside(t, again)
	before, during, after := s.sum("alb_requests", "web", "T+1m", "T+3m"), s.sum("alb_requests", "web", "T+11m", "T+13m"), s.sum("alb_requests", "web", "T+22m", "T+24m")
	if during > before/10 || after < before/10 {
		t.Errorf("the balancer had %.0f requests before, %.0f while visitors saw the maintenance page, %.0f after it was taken back", before, during, after)
	}
	if failed := s.sum("alb_target_5xx", "web", "T+10m", "T+13m"); failed > 0 {
		t.Errorf("%.0f errors while visitors saw the maintenance page", failed)
	}
}

// rehearsedBeside begins another rehearsal beside this one, whose ways are told as rehearsed in this one; what was done in a
// rehearsal says nothing of a live account.
func (s *shift) rehearsedBeside(t *testing.T, done runbooks.Plan) {
	t.Helper()
	write(t, filepath.Join(filepath.Dir(s.tape.Path()), "broken.warroom"), "no recording")
	next := shiftOn(t, rehearsal{scenario: "lottery", speed: 60, seed: 1, file: filepath.Join(filepath.Dir(s.tape.Path()), "next.warroom")})
	defer next.end()
	p, err := next.hands.Plan(t.Context(), done.Action)
	if err != nil {
		t.Fatal(err)
	}
	runs, err := s.hands.Runs(t.Context())
	if err != nil || len(runs) == 0 {
		t.Fatalf("runs: %+v, %v", runs, err)
	}
	want := "rehearsed on " + runs[len(runs)-1].Began.UTC().Format(time.DateOnly) + " by mia (r.warroom)"
	for _, w := range p.Ways {
		if (w.Call == done.Call) != (w.Rehearsed == want) {
			t.Errorf("in another recording %s was gone: %s, want %q", done.Call, w, want)
		}
	}
	if all := next.room.archives(t.Context()); len(all) != 1 || all[0].Recording != "r.warroom" || len(all[0].Runs) != len(runs) {
		t.Errorf("beside a rehearsal there are %+v", all)
	}
	meta := recording.Meta{Launch: sources.Launch{Name: "lottery", T0: time.Now()}}
	tape, err := recording.Create(filepath.Join(filepath.Dir(s.tape.Path()), "live.warroom"), meta)
	if err != nil {
		t.Fatal(err)
	}
	defer tape.Close()
	if all := (&room{tape: tape, meta: meta}).archives(t.Context()); len(all) > 0 {
		t.Errorf("beside a live account there are %+v", all)
	}
}

// A deployment of a recording is a mark of the directory that is made of it, from its beginning to its end.
func TestADeploymentIsExportedWithItsEnd(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 19, 15, 0, 0, time.UTC)
	begun := sources.Begins(sources.Change{At: t0, Kind: sources.ChangeDeploy, Resource: fleetWeb, ID: "d-1", Text: "deployment of release-41.zip to web started"})
	ended := sources.Ends(sources.Change{At: t0.Add(7 * time.Minute), Kind: sources.ChangeDeploy, Resource: fleetWeb, ID: "d-1/ended", Text: "ended"}, "d-1")
	got := marked(sources.Launch{T0: t0}, []sources.Change{begun, ended, {At: t0.Add(time.Hour), Kind: sources.ChangeDeploy, Resource: fleetWeb, ID: "by hand", Text: "by hand"}})
	want := []sources.Mark{
		{At: "2026-03-01T19:15:00Z", Kind: sources.MarkDeploy, Until: "2026-03-01T19:22:00Z", Note: begun.Text},
		{At: "2026-03-01T20:15:00Z", Kind: sources.MarkDeploy, Note: "by hand"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("marks %+v, want %+v", got, want)
	}
}

// An alert that pages shortly after an action offers to take it back, to all who watch; one whose trouble began before it does
// not, and neither does one that began before the capacity was there that was raised.
func TestAnAlertOffersWhatWasDoneBeforeIt(t *testing.T) {
	t.Parallel()
	s := newShift(t)
	defer s.end()
	s.until("T-80s")
	s.does(runbooks.Action{Kind: runbooks.Capacity, Resource: fleetWeb, Want: map[string]string{"desired": "+1"}})
	j := newJudging(s.room, nil)
	defer j.hands.Close()
	run := func() runbooks.Run {
		t.Helper()
		runs, err := s.hands.Runs(t.Context())
		if err != nil || len(runs) != 1 {
			t.Fatalf("%+v, %v", runs, err)
		}
		return runs[0]
	}
	fires := func(began time.Time, want string) {
		t.Helper()
		j.fired = []alerts.Transition{{Rule: "OriginErrors", To: alerts.Firing, Page: true, Since: began}}
		if err := j.record(t.Context()); err != nil || len(j.fired) > 0 {
			t.Fatal(err)
		}
		if got := run().Stop.Why; got != want {
			t.Errorf("trouble %s after it: offered because %q, want %q", began.Sub(run().At), got, want)
		}
	}
	fires(run().At.Add(-time.Minute), "")
	fires(run().At.Add(time.Second), "")
	for run().There.IsZero() && t.Context().Err() == nil {
		if err := s.room.clock.Sleep(t.Context(), 10*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	fires(run().There.Add(-time.Second), "")
	fires(run().There.Add(time.Minute), "OriginErrors fires")
}
