package tui_test

import (
	"slices"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"warroom/runbooks"
	"warroom/sources"
)

// TestWhatGotWorseIsOfferedToBeTakenBack: on every page, on the strip and in the list, and u opens the card that takes back
// that action, also where another one was carried out since.
func TestWhatGotWorseIsOfferedToBeTakenBack(t *testing.T) {
	to := t0.Add(10 * time.Minute)
	inRoom(t, runbooks.Bounded, func(t *testing.T, a *armoury) {
		alerts := runbooks.NewHands(runbooks.Options{Journal: a.tape, Clock: sources.NewManualClock(to), Now: time.Now, Operator: "alerts", Process: "two"})
		defer alerts.Close()
		a.card(true)
		a.press(rune1('y'))
		time.Sleep(time.Minute) // what was raised is there
		if n, err := alerts.Alarm(t.Context(), "OriginErrors fires", to); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		a.sees("worse since balancer prod: desired 12 → 18 ✖ u takes it back", "✖┄")
		a.command("actions")
		a.sees("worse since ", ": OriginErrors fires; u takes it back")
		a.press(tea.KeyPressMsg{Code: tea.KeyEscape})
		time.Sleep(time.Minute)
		a.command("capacity 20")
		time.Sleep(time.Second)
		a.press(rune1('y'))
		a.sees("worse since balancer prod: desired 12 → 18 ✖")
		a.press(rune1('u'))
		a.sees("20 → 12")
		time.Sleep(time.Second)
		a.press(rune1('y'))
		a.send(advanced)
		if got := a.fleet.done(); !slices.Equal(got, []string{"18", "20", "12"}) {
			t.Errorf("applied %q", got)
		}
		a.lacks("✖ u takes it back")
	})
}
