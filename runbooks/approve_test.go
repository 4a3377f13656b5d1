package runbooks_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/recording"
)

// lamps can be switched, each by its name; what was switched is counted by the plan.
type lamps struct {
	mu      sync.Mutex
	lit     map[string]string
	applied []string
}

func (l *lamps) Offers(r sources.Resource) []runbooks.Offer {
	return []runbooks.Offer{{Kind: runbooks.Maintenance, Resource: r.Ref}, {Kind: runbooks.Capacity, Resource: r.Ref}}
}

func (l *lamps) Plan(_ context.Context, a runbooks.Action) (runbooks.Plan, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return runbooks.Plan{
		Title: "lamp " + a.Resource.Name, Level: runbooks.Bounded,
		Before: []runbooks.Setting{{Name: "lamp", Value: l.lit[a.Resource.Name]}}, After: []runbooks.Setting{{Name: "lamp", Value: a.Want["to"]}},
	}, nil
}

func (l *lamps) Apply(_ context.Context, p runbooks.Plan) (runbooks.Receipt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lit[p.Action.Resource.Name] = p.After[0].Value
	l.applied = append(l.applied, p.ID)
	return runbooks.Receipt{Request: "r"}, nil
}

func (l *lamps) Find(context.Context, runbooks.Plan) (runbooks.Receipt, bool, error) {
	return runbooks.Receipt{}, false, nil
}

func (l *lamps) Progress(context.Context, runbooks.Plan, runbooks.Receipt) (runbooks.Progress, error) {
	return runbooks.Progress{Done: true}, nil
}

func (l *lamps) times(id string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.applied {
		if a == id {
			n++
		}
	}
	return n
}

// desk is a recording at which several people sit, each at a process, in a bubble of virtual time.
type desk struct {
	t     *testing.T
	lamps *lamps
	path  string
	clock *sources.ManualClock
}

// seat is a process at the desk.
type seat struct {
	*runbooks.Hands
	desk  *desk
	guard *runbooks.Guard
	file  *recording.File
}

func atDesk(t *testing.T, test func(*testing.T, *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newDesk(t)) })
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, lamps: &lamps{lit: map[string]string{}}, path: filepath.Join(t.TempDir(), "desk.warroom"), clock: sources.NewManualClock(time.Now())}
	f, err := recording.Create(d.path, recording.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return d
}

// sit opens a process of the desk's recording, armed, for which two people are wanted to switch to maintenance.
func (d *desk) sit(operator, process string) *seat {
	return d.sitWith(operator, process, time.Now)
}

func (d *desk) sitWith(operator, process string, now func() time.Time) *seat {
	d.t.Helper()
	f, err := recording.Open(d.path)
	if err != nil {
		d.t.Fatal(err)
	}
	s := &seat{desk: d, guard: &runbooks.Guard{}, file: f}
	s.guard.Arm(now())
	s.Hands = runbooks.NewHands(runbooks.Options{
		Hands: []runbooks.Hand{d.lamps}, Guard: s.guard, Journal: f, Clock: d.clock, Now: now, Operator: operator, Process: process,
		TwoPeople: func() []runbooks.Rule { return []runbooks.Rule{{Kind: runbooks.Maintenance}} },
	})
	d.t.Cleanup(func() { s.Close(); _ = f.Close() })
	return s
}

func (s *seat) plan(kind runbooks.Kind, lamp string) runbooks.Plan {
	s.desk.t.Helper()
	p, err := s.Plan(s.desk.t.Context(), runbooks.Action{Kind: kind, Resource: sources.Ref{Service: "lamp", Name: lamp}, Want: map[string]string{"to": "on"}})
	if err != nil {
		s.desk.t.Fatal(err)
	}
	return p
}

// ask asks for a second operator, as a person does who has typed the name.
func (s *seat) ask(p runbooks.Plan) error {
	return s.Ask(s.desk.t.Context(), p, p.Confirm(p.Word(), time.Now()))
}

func (s *seat) asked(lamp string) runbooks.Plan {
	s.desk.t.Helper()
	p := s.plan(runbooks.Maintenance, lamp)
	if err := s.ask(p); err != nil {
		s.desk.t.Fatal(err)
	}
	return p
}

func (s *seat) approve(p runbooks.Plan) error {
	return s.Approve(s.desk.t.Context(), p, p.Confirm(p.Word(), time.Now()))
}

// request is a plan's request as the recording has it.
func (s *seat) request(p runbooks.Plan) runbooks.Request {
	s.desk.t.Helper()
	changes, err := s.file.Changes(s.desk.t.Context(), time.Time{}, time.Time{}, time.Time{})
	if err != nil {
		s.desk.t.Fatal(err)
	}
	for _, r := range runbooks.Requests(changes) {
		if r.Plan.ID == p.ID {
			return r
		}
	}
	return runbooks.Request{}
}

// forge writes a step into the recording that no hands have made.
func (s *seat) forge(actor string, r runbooks.Record) {
	s.desk.t.Helper()
	body, err := json.Marshal(r)
	if err == nil {
		now := s.desk.clock.Now()
		_, err = s.file.AppendChange(s.desk.t.Context(), sources.Change{At: now, Seen: now, Kind: runbooks.ChangeAction, Actor: actor, Body: body})
	}
	if err != nil {
		s.desk.t.Fatal(err)
	}
}

func TestTwoPeopleCarryOut(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ada, leo := d.sit("ada", "1"), d.sit("leo", "2")
		if p := ada.plan(runbooks.Capacity, "hall"); p.Level != runbooks.Bounded || ada.Carry(t.Context(), p, p.Confirm("y", time.Now())) != nil {
			t.Errorf("another kind has level %d, or was not carried out", p.Level)
		}
		p := ada.plan(runbooks.Maintenance, "door")
		if err := ada.Carry(t.Context(), p, p.Confirm("door", time.Now())); p.Level != runbooks.TwoPeople || !errors.Is(err, runbooks.ErrTwoPeople) {
			t.Errorf("level %d, carried out alone: %v", p.Level, err)
		}
		p.Level = runbooks.Visible // as an edited plan would have it
		if err := ada.Carry(t.Context(), p, p.Confirm("door", time.Now())); !errors.Is(err, runbooks.ErrTwoPeople) {
			t.Errorf("a plan that says it needs one: %v", err)
		}
		p = ada.asked("door")
		time.Sleep(4*time.Minute + 50*time.Second)
		if r := leo.request(p); d.lamps.times(p.ID) != 0 || !r.Waits(time.Now()) || r.Actor != "ada" || r.Plan.Title != p.Title {
			t.Fatalf("before the approval: switched %d times, %+v", d.lamps.times(p.ID), r)
		}
		ada.guard.Arm(time.Now())
		if err := leo.approve(leo.request(p).Plan); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if r := leo.request(p); d.lamps.times(p.ID) != 1 || r.Ended != "carried out" || len(r.Approvals) != 1 || r.Approvals[0].Actor != "leo" {
			t.Errorf("after the approval: switched %d times, %+v", d.lamps.times(p.ID), r)
		}
		runs, err := leo.Runs(t.Context())
		if err != nil || len(runs) != 2 || runs[1].Actor != "ada" || runs[1].State == runbooks.Intended {
			t.Errorf("%v, the runs are %+v", err, runs)
		}
		if err := leo.approve(p); err == nil || !strings.Contains(err.Error(), "carried out") {
			t.Errorf("approved once more: %v", err)
		}
	})
}

// TestWhoMayNotApprove proves that each of them is refused with a reason, and that nothing is ever called.
func TestWhoMayNotApprove(t *testing.T) {
	for name, c := range map[string]struct {
		sit   func(*desk) *seat
		do    func(s *seat, p runbooks.Plan) error
		words string
	}{
		"the same name elsewhere":    {func(d *desk) *seat { return d.sit("ada", "2") }, (*seat).approve, "ada has asked for it"},
		"the same name, spelt other": {func(d *desk) *seat { return d.sit(" Ada", "2") }, (*seat).approve, "ada has asked for it"},
		"another name there":         {func(d *desk) *seat { return d.sit("leo", "1") }, (*seat).approve, "this very process"},
		"a safe room": {func(d *desk) *seat { return d.sit("leo", "2") }, func(s *seat, p runbooks.Plan) error {
			s.guard.Disarm()
			return s.approve(p)
		}, "safe"},
		"an edited plan": {func(d *desk) *seat { return d.sit("leo", "2") }, func(s *seat, p runbooks.Plan) error {
			p.After = []runbooks.Setting{{Name: "lamp", Value: "off"}}
			return s.approve(p)
		}, "another plan was approved"},
		"a prefix": {func(d *desk) *seat { return d.sit("leo", "2") }, func(s *seat, p runbooks.Plan) error {
			return s.Approve(s.desk.t.Context(), p, p.Confirm("doo", time.Now()))
		}, `type "door" in full`},
		"yes": {func(d *desk) *seat { return d.sit("leo", "2") }, func(s *seat, p runbooks.Plan) error {
			return s.Approve(s.desk.t.Context(), p, p.Confirm("y", time.Now()))
		}, `type "door" in full`},
		"too late": {func(d *desk) *seat { return d.sit("leo", "2") }, func(s *seat, p runbooks.Plan) error {
			time.Sleep(runbooks.ApproveWithin + time.Second)
			return s.approve(p)
		}, "nobody has approved it"},
		"an earlier clock": {func(d *desk) *seat {
			return d.sitWith("leo", "2", func() time.Time { return time.Now().Add(-time.Hour) })
		}, (*seat).approve, "asked for anew"},
		"what nobody asked for": {func(d *desk) *seat { return d.sit("leo", "2") }, func(s *seat, _ runbooks.Plan) error {
			return s.approve(s.plan(runbooks.Maintenance, "door"))
		}, "nobody has asked"},
	} {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(t *testing.T, d *desk) {
				ada := d.sit("ada", "1")
				p := ada.asked("door")
				if err := c.do(c.sit(d), p); err == nil || !strings.Contains(err.Error(), c.words) {
					t.Errorf("approved: %v, want %q", err, c.words)
				}
				time.Sleep(runbooks.ApproveWithin + time.Minute)
				if r := ada.request(p); len(d.lamps.applied) != 0 || r.Ended == "" {
					t.Errorf("switched: %q, the request: %+v", d.lamps.applied, r)
				}
			})
		})
	}
}

// TestForgedApprovalsAreNone proves that who carries out believes nothing that stands in the recording and does not hold.
func TestForgedApprovalsAreNone(t *testing.T) {
	good := func(p runbooks.Plan) runbooks.Record {
		return runbooks.Record{Run: p.ID, State: runbooks.Approved, Process: "2", Hash: p.Hash(), Typed: "door", Machine: time.Now()}
	}
	for name, c := range map[string]struct {
		actor string
		forge func(p runbooks.Plan) runbooks.Record
		does  bool
	}{
		"nothing wrong":      {"leo", good, true},
		"by who has asked":   {"ada", good, false},
		"from there":         {"leo", func(p runbooks.Plan) runbooks.Record { r := good(p); r.Process = "1"; return r }, false},
		"of another plan":    {"leo", func(p runbooks.Plan) runbooks.Record { r := good(p); p.Cost = "1"; r.Hash = p.Hash(); return r }, false},
		"of none":            {"leo", func(p runbooks.Plan) runbooks.Record { r := good(p); r.Hash = ""; return r }, false},
		"without the word":   {"leo", func(p runbooks.Plan) runbooks.Record { r := good(p); r.Typed = "y"; return r }, false},
		"of a time before":   {"leo", func(p runbooks.Plan) runbooks.Record { r := good(p); r.Machine = r.Machine.Add(-time.Hour); return r }, false},
		"of a time too late": {"leo", func(p runbooks.Plan) runbooks.Record { r := good(p); r.Machine = r.Machine.Add(time.Hour); return r }, false},
		"for another run":    {"leo", func(p runbooks.Plan) runbooks.Record { r := good(p); r.Run = "x"; return r }, false},
	} {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(t *testing.T, d *desk) {
				ada := d.sit("ada", "1")
				p := ada.asked("door")
				ada.forge(c.actor, c.forge(p))
				time.Sleep(runbooks.ApproveWithin + time.Minute)
				if done := d.lamps.times(p.ID) == 1; done != c.does {
					t.Errorf("switched: %v, want %v", done, c.does)
				}
			})
		})
	}
}

// TestAnApprovalIsUsedOnce replays it in every way that there is.
func TestAnApprovalIsUsedOnce(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ada, leo := d.sit("ada", "1"), d.sit("leo", "2")
		p := ada.asked("door")
		if err := ada.ask(p); err == nil || !strings.Contains(err.Error(), "already") {
			t.Errorf("asked for twice: %v", err)
		}
		p = ada.asked("gate")
		if err := leo.approve(p); err != nil {
			t.Fatal(err)
		}
		used := leo.request(p).Approvals
		time.Sleep(25 * time.Second)
		d.lamps.lit["gate"] = "" // so that the same plan would do the same
		again := runbooks.Record{Run: p.ID, State: runbooks.Approved, Process: "2", Hash: p.Hash(), Typed: "gate", Machine: time.Now()}
		leo.forge("leo", again)
		for what, err := range map[string]error{
			"asked for again": ada.ask(p), "approved again": leo.approve(p), "carried out by the other": leo.Carry(t.Context(), p, p.Confirm("gate", time.Now())),
		} {
			if err == nil {
				t.Errorf("%s: it may", what)
			}
		}
		next := ada.asked("gate") // the same action anew, with the old approval
		again.Run = next.ID
		leo.forge("leo", again)
		time.Sleep(10 * time.Minute)
		if len(used) != 1 || d.lamps.times(p.ID) != 1 || d.lamps.times(next.ID) != 0 {
			t.Errorf("approved by %v, switched %d times, and %d times by a replayed approval", used, d.lamps.times(p.ID), d.lamps.times(next.ID))
		}
	})
}

// TestAnApprovedPlanMustStillHold proves that an approval allows no more than what was shown, in a room that may still act.
func TestAnApprovedPlanMustStillHold(t *testing.T) {
	for name, c := range map[string]struct {
		before func(d *desk, ada *seat)
		words  string
	}{
		"the value has changed": {func(d *desk, _ *seat) { d.lamps.lit["door"] = "dim" }, "void: lamp was"},
		"the room is safe":      {func(_ *desk, ada *seat) { ada.guard.Disarm() }, "safe"},
		"the process has left":  {func(_ *desk, ada *seat) { ada.Close() }, "has left"},
	} {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(t *testing.T, d *desk) {
				ada, leo := d.sit("ada", "1"), d.sit("leo", "2")
				p := ada.asked("door")
				c.before(d, ada)
				_ = leo.approve(p)
				time.Sleep(time.Minute)
				if r := leo.request(p); len(d.lamps.applied) != 0 || !strings.Contains(r.Ended, c.words) {
					t.Errorf("switched: %q; the request ended: %q, want %q", d.lamps.applied, r.Ended, c.words)
				}
			})
		})
	}
}

// TestAClockThatIsSetBackGivesNoMoreTime: what counts for who has asked is how much time has passed.
func TestAClockThatIsSetBackGivesNoMoreTime(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		var back time.Duration
		var mu sync.Mutex
		now := func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return time.Now().Round(0).Add(-back)
		}
		ada, leo := d.sitWith("ada", "1", now), d.sitWith("leo", "2", now)
		p := ada.asked("door")
		mu.Lock()
		back = 10 * time.Minute
		mu.Unlock()
		if err := leo.approve(p); err == nil {
			t.Error("approved before it was asked for")
		}
		leo.forge("leo", runbooks.Record{Run: p.ID, State: runbooks.Approved, Process: "2", Hash: p.Hash(), Typed: "door", Machine: time.Now()})
		time.Sleep(time.Minute)
		if d.lamps.times(p.ID) != 0 {
			t.Error("carried out by a clock that stands before the request")
		}
	})
}

// TestOneUseHoweverManyRace has requesters ask several times at once, and second operators, impostors and replays crowd in:
// what is carried out is carried out once, and only where somebody was there who may approve.
func TestOneUseHoweverManyRace(t *testing.T) {
	const each = 20
	for first := 0; first < rounds; first += each {
		atDesk(t, func(t *testing.T, d *desk) {
			crowd := []*seat{d.sit("ada", "1"), d.sit("leo", "2"), d.sit("eve", "3"), d.sit("ada", "4")}
			for round := first; round < first+each; round++ {
				d.round(crowd, rand.New(rand.NewPCG(7, uint64(round))), fmt.Sprintf("lamp%d", round))
			}
		})
	}
}

// round lets a crowd loose on one plan of its first member; its second and third may approve, if they are there.
func (d *desk) round(crowd []*seat, dice *rand.Rand, lamp string) {
	d.t.Helper()
	for _, s := range crowd {
		s.guard.Arm(time.Now())
	}
	ada := crowd[0]
	p := ada.plan(runbooks.Maintenance, lamp)
	var acts []func()
	for range 1 + dice.IntN(3) {
		acts = append(acts, func() { _ = ada.ask(p) })
	}
	if dice.IntN(4) > 0 { // asked for before the others come
		_ = ada.ask(p)
	}
	asked := ada.request(p).Plan.ID != ""
	rightful := false
	for range 1 + dice.IntN(6) {
		i := dice.IntN(len(crowd))
		rightful = rightful || asked && (i == 1 || i == 2)
		acts = append(acts, func() { _ = crowd[i].approve(p) })
	}
	for range dice.IntN(3) {
		i := dice.IntN(len(crowd))
		acts = append(acts, func() { _ = crowd[i].Carry(d.t.Context(), p, p.Confirm(lamp, time.Now())) })
	}
	dice.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
	together(len(acts), func(i int) { acts[i]() })
	time.Sleep(2 * time.Second)
	if n := d.lamps.times(p.ID); n > 1 || n == 1 && !slices.ContainsFunc(ada.request(p).Approvals, func(a runbooks.Approval) bool { return a.Actor != "ada" }) {
		d.t.Fatalf("%s was switched %d times; approved by %v", lamp, n, ada.request(p).Approvals)
	} else if r := ada.request(p); rightful && n == 0 && !strings.HasPrefix(r.Ended, "refused") {
		d.t.Fatalf("%s was approved by %v and not switched: %s", lamp, r.Approvals, r.Ended)
	}
}

// TestAPlanIsGoodForOnce has one confirmed plan carried out by several at once, and later.
func TestAPlanIsGoodForOnce(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		crowd := []*seat{d.sit("ada", "1"), d.sit("ada", "1"), d.sit("leo", "2")}
		for i := range 40 {
			lamp := fmt.Sprintf("lamp%d", i)
			p := crowd[0].plan(runbooks.Capacity, lamp)
			c := p.Confirm("y", time.Now())
			together(6, func(i int) { _ = crowd[i%len(crowd)].Carry(t.Context(), p, c) })
			time.Sleep(30 * time.Second) // longer than the cooldown, shorter than a plan holds
			d.lamps.mu.Lock()
			d.lamps.lit[lamp] = "" // so that the same plan would do the same
			d.lamps.mu.Unlock()
			for _, s := range crowd {
				s.guard.Arm(time.Now())
			}
			if err := crowd[0].Carry(t.Context(), p, c); err == nil || !strings.Contains(err.Error(), "already") && !strings.Contains(err.Error(), "held") {
				t.Errorf("carried out once more: %v", err)
			}
			if n := d.lamps.times(p.ID); n != 1 {
				t.Fatalf("%s was switched %d times", lamp, n)
			}
		}
	})
}
