package tui_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"warroom/runbooks"
	"warroom/sources"
)

// checked is a fleet whose provider can be asked what it would allow.
type checked struct {
	*fleet
	says runbooks.Readiness
}

func (c checked) Check(context.Context, runbooks.Plan) runbooks.Readiness { return c.says }

// TestCardSaysWhetherItIsReady: what the provider would allow stands on the card, and holds nobody back.
func TestCardSaysWhetherItIsReady(t *testing.T) {
	for name, c := range map[string]struct {
		says  runbooks.Readiness
		words string
	}{
		"ready":       {runbooks.Readiness{}, "✔ ready: its permissions are there"},
		"not ready":   {runbooks.Readiness{Missing: []string{"test:Change"}}, "✖ not ready, a permission is missing: test:Change"},
		"not checked": {runbooks.Readiness{Unknown: "nobody\x1b[2J answers"}, "permissions not checked: nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			to := t0.Add(10 * time.Minute)
			o, f, _ := live(t, to)
			synctest.Test(t, func(t *testing.T) {
				o.Clock, o.Now = sources.NewManualClock(to), time.Now
				a := &armoury{fleet: &fleet{value: "12", level: runbooks.Bounded}, tape: f}
				hands := runbooks.NewHands(runbooks.Options{
					Hands: []runbooks.Hand{checked{a.fleet, c.says}}, Guard: &runbooks.Guard{}, Journal: f, Clock: o.Clock, Now: time.Now, Operator: "mia", Process: "one",
				})
				t.Cleanup(hands.Close)
				o.Hands = hands
				a.hand = newHand(t, o, 120, 40)
				a.card(true)
				a.sees(c.words)
				harmless(t, name, a.frame())
				a.press(rune1('y'))
				if !slices.Equal(a.fleet.done(), []string{"18"}) {
					t.Errorf("applied %q", a.fleet.done())
				}
			})
		})
	}
	inRoom(t, runbooks.Bounded, func(t *testing.T, a *armoury) {
		a.card(true)
		a.lacks("allowed") // nobody can ask
	})
}
