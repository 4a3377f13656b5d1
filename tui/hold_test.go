package tui_test

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// TestWhatIsHeldIsShown: on the tile, on the card, and to who acts all the same; until it is released.
func TestWhatIsHeldIsShown(t *testing.T) {
	inTwoRooms(t, [2]string{"mia", "leo"}, func(t *testing.T, mia, leo *armoury) {
		escape := func(a *armoury) { a.press(tea.KeyPressMsg{Code: tea.KeyEscape}) }
		mia.command("hold")
		mia.sees("hold what? ")
		escape(mia)
		mia.command("hold alb/prdo")
		mia.sees(`no tile "alb/prdo"`, `"alb/prod"`)
		escape(mia)
		mia.command("hold prod for the ad break")
		mia.sees("held for 1h00: alb/prod; release frees it", "held by mia")
		leo.sees("held by mia")
		leo.command("hold alb/prod")
		leo.sees("alb/prod is held by mia since", "(for the ad break)", ":release alb/prod takes it")
		leo.command("capacity 18")
		leo.sees("▲ alb/prod is held by mia since")
		time.Sleep(time.Second)
		leo.typing("prod")
		leo.enter()
		leo.sees("held by mia since 19:25:00Z")
		escape(leo)
		leo.command("release")
		leo.sees("you hold nothing")
		escape(leo)
		mia.command("release")
		mia.sees("free again: alb/prod, held by mia")
		leo.send(advanced)
		leo.lacks("─ held by mia")
		if len(mia.fleet.done()) > 0 {
			t.Errorf("applied %q", mia.fleet.done())
		}
	})
}
