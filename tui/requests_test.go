package tui_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"warroom/alerts"
	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/recording"
	"warroom/tui"
)

// inTwoRooms has two operators at processes of one recording, both armed, in a house that wants two people for capacity.
func inTwoRooms(t *testing.T, names [2]string, test func(t *testing.T, asks, other *armoury)) {
	to := t0.Add(10 * time.Minute)
	o, f, _ := live(t, to)
	synctest.Test(t, func(t *testing.T) {
		o.Clock = sources.NewManualClock(to)
		shared := &fleet{value: "12", level: runbooks.Bounded}
		var rooms [2]*armoury
		for i, name := range names {
			rooms[i] = atProcess(t, o, f, shared, name, []string{"one", "two"}[i])
			rooms[i].command("arm")
		}
		test(t, rooms[0], rooms[1])
	})
}

// atProcess is a screen of a process, with hands that want two people for capacity.
func atProcess(t *testing.T, o tui.Options, f *recording.File, shared *fleet, operator, process string) *armoury {
	t.Helper()
	hands := runbooks.NewHands(runbooks.Options{
		Hands: []runbooks.Hand{shared}, Guard: &runbooks.Guard{}, Journal: f, Clock: o.Clock, Now: time.Now, Operator: operator, Process: process,
		TwoPeople: func() []runbooks.Rule { return []runbooks.Rule{{Kind: runbooks.Capacity}} },
	})
	t.Cleanup(hands.Close)
	o.Hands, o.Now, o.Operator = hands, time.Now, operator
	return &armoury{hand: newHand(t, o, 120, 40), fleet: shared, tape: f}
}

// ask has a change to 18 asked for by a hand that types the name.
func (a *armoury) ask() {
	a.t.Helper()
	a.card(false)
	a.typing("prod")
	a.enter()
}

// sees looks for words on the screen, once it has read what is new.
func (a *armoury) sees(words ...string) {
	a.t.Helper()
	a.send(advanced)
	for _, word := range words {
		if screen := a.screen(); !strings.Contains(screen, word) {
			a.t.Errorf("the screen lacks %q:\n%s", word, screen)
		}
	}
}

func TestASecondOperatorApproves(t *testing.T) {
	inTwoRooms(t, [2]string{"mia", "leo"}, func(t *testing.T, mia, leo *armoury) {
		mia.card(false)
		mia.sees("two people are wanted", "type prod, Enter asks a second operator")
		mia.typing("prod")
		mia.enter()
		mia.sees("asked for: balancer prod: desired 12 → 18", "second operator approves it, within 5m")
		leo.sees("mia asks for a second operator (:approve): balancer prod: desired 12 → 18")
		leo.command("requests")
		leo.sees("waits ▸", "left")
		leo.command("approve")
		leo.sees("APPROVE what mia asks for", "12 → 18", "alb/prod", "test:Change", "the old number", "type prod and Enter to approve (4m")
		time.Sleep(2 * time.Minute) // longer than a plan of one's own may be confirmed
		leo.typing("prod")
		if leo.enter(); len(mia.fleet.done()) > 0 {
			t.Fatal("it was carried out by who approves")
		}
		leo.sees("approved: balancer prod: desired 12 → 18; mia's process carries it out")
		time.Sleep(time.Second)
		if !slices.Equal(mia.fleet.done(), []string{"18"}) {
			t.Errorf("applied %q", mia.fleet.done())
		}
		leo.sees("carried out")
		leo.command("actions")
		leo.sees("balancer prod: desired 12 → 18", "mia")
		leo.command("approve")
		leo.sees("nothing to approve: nobody asks for a second operator")
	})
}

// TestASecondOperatorIsCalled: who may approve what another one asks for reads so in the second line, beside a page and on a small
// screen, too, until it is answered or too late; who has asked does not.
func TestASecondOperatorIsCalled(t *testing.T) {
	inTwoRooms(t, [2]string{"mia", "leo"}, func(t *testing.T, mia, leo *armoury) {
		second := func(a *armoury) string {
			a.send(advanced)
			return strings.TrimSpace(strings.Split(a.screen(), "\n")[1])
		}
		small := func(w, h int) { leo.send(tea.WindowSizeMsg{Width: w, Height: h}) }
		tell(t, leo.tape, errorsOf(alerts.Firing, t0.Add(10*time.Minute)))
		mia.ask()
		if got := second(leo); !strings.HasPrefix(got, "1 page ✖ │ mia asks ▸ balancer prod: desired 12 → 18 :approve │") {
			t.Errorf("leo reads %q", got)
		}
		if got := second(mia); strings.Contains(got, "asks") {
			t.Errorf("mia, who asks, reads %q", got)
		}
		small(80, 24)
		if got := second(leo); !strings.Contains(got, "mia asks ▸ balancer prod: desired 12 → 18 :approve") {
			t.Errorf("at 80x24 leo reads %q", got)
		}
		small(50, 15)
		if got := second(leo); !strings.Contains(got, "mia asks ▸ :approve") {
			t.Errorf("at 50x15 leo reads %q", got)
		}
		small(120, 40)
		time.Sleep(runbooks.ApproveWithin + 2*time.Second)
		if got := second(leo); strings.Contains(got, "asks") {
			t.Errorf("when it is too late leo reads %q", got)
		}
		mia.ask()
		if got := second(leo); !strings.Contains(got, ":approve") {
			t.Errorf("asked anew, leo reads %q", got)
		}
		leo.approve("prod")
		time.Sleep(time.Second)
		if got := second(leo); strings.Contains(got, "asks") {
			t.Errorf("when it is answered leo reads %q", got)
		}
	})
}

// TestWhatDoesNotApprove: the card of who approves takes the same care as that of who asks.
func TestWhatDoesNotApprove(t *testing.T) {
	for name, c := range map[string]struct {
		names [2]string
		do    func(asks, other *armoury)
		words string
	}{
		"oneself": {[2]string{"mia", "leo"}, func(asks, _ *armoury) {
			asks.send(advanced)
			asks.command("approve")
			asks.typing("prod")
			asks.enter()
		}, ""},
		"oneself, renamed": {[2]string{"mia", "MIA"}, func(_, other *armoury) { other.command("approve") }, "somebody else has to approve it"},
		"a prefix":         {[2]string{"mia", "leo"}, func(_, other *armoury) { other.approve("pro") }, `that is not "prod"`},
		"yes":              {[2]string{"mia", "leo"}, func(_, other *armoury) { other.approve("y") }, `that is not "prod"`},
		"a safe room": {[2]string{"mia", "leo"}, func(_, other *armoury) {
			other.command("safe")
			other.approve("prod")
		}, "SAFE"},
		"too late": {[2]string{"mia", "leo"}, func(_, other *armoury) {
			other.approve("")
			time.Sleep(runbooks.ApproveWithin)
			other.typing("prod")
			other.enter()
		}, "too old to approve"},
		"a changed value": {[2]string{"mia", "leo"}, func(asks, other *armoury) {
			asks.fleet.become("14")
			other.approve("prod")
			time.Sleep(time.Second)
		}, "void: desired was 12"},
	} {
		t.Run(name, func(t *testing.T) {
			inTwoRooms(t, c.names, func(t *testing.T, asks, other *armoury) {
				asks.ask()
				other.send(advanced)
				c.do(asks, other)
				other.sees(c.words)
				time.Sleep(time.Minute)
				if len(asks.fleet.done()) > 0 {
					t.Errorf("applied %q\n%s", asks.fleet.done(), other.screen())
				}
			})
		})
	}
}

// approve opens the card of what is asked for and types on it.
func (a *armoury) approve(word string) {
	a.command("approve")
	time.Sleep(time.Second)
	a.typing(word)
	if word != "" {
		a.enter()
	}
}
