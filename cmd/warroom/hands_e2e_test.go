//go:build e2e

package main

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// types types as a hand does, one key after the other.
func (p *pane) types(text string) {
	p.t.Helper()
	for _, r := range text {
		key := string(r)
		if key == " " {
			key = "Space"
		}
		p.press(key)
		time.Sleep(30 * time.Millisecond)
	}
}

// The whole story in a real tmux: plan in a safe room, arm, confirm by the typed name, see it through to its verdict, take
// it back, and find it in the record.
func TestCounterMoveInTmux(t *testing.T) {
	binary := built(t)
	for _, size := range []struct{ columns, rows int }{{80, 24}, {120, 40}} {
		t.Run(fmt.Sprintf("%dx%d", size.columns, size.rows), func(t *testing.T) {
			p := openPane(t, size.columns, size.rows)
			file := filepath.Join(t.TempDir(), "r.warroom")
			p.enter(binary + " rehearse --speed 60 --recording " + file)
			p.until(`5 fleet web.*ok`)
			p.until(`SAFE`)
			planned(p)
			confirmed(p)
			p.types(":actions")
			p.press("Enter")
			p.until(`worked ✔ +\S+ +fleet web: `)
			p.until(`, max 18 → 24`)
			takenBack(p)
			p.press("q")
			p.until(`The rehearsal is recorded\.`)
			p.restored()
			inTheRecord(p, binary, file)
		})
	}
}

// planned opens the card of a change that lifts the ceiling, in a room that is safe.
func planned(p *pane) {
	p.t.Helper()
	p.press("5")
	p.until(`5 fleet web`)
	p.press("c")
	p.until(`capacity of asg/web`)
	p.types("desired 20 max 24")
	p.press("Enter")
	p.until(`customers see it or it lowers protection`)
	p.until(`SAFE, so nothing can be changed`)
	time.Sleep(cardsPause)
	p.types("web")
	p.until(`the room is safe: type :arm first`)
	p.types(":arm")
	p.press("Enter")
	p.until(`type web and Enter`)
}

// cardsPause is longer than a card waits before it hears keys.
const cardsPause = 900 * time.Millisecond

// confirmed types wrong names, which do nothing, and then the right one.
func confirmed(p *pane) {
	p.t.Helper()
	p.types("we")
	p.press("Enter")
	p.until(`that is not "web"`)
	p.tmux("send-keys", "-t", "s:", "-l", "web") // all at once, as a paste that is not marked as one
	p.press("Enter")
	p.until(`a paste confirms nothing|that is not "web"`)
	p.types("web")
	p.press("Enter")
	p.gone(`PLAN`)
}

// takenBack takes the chosen run back and sees it done.
func takenBack(p *pane) {
	p.t.Helper()
	p.press("u")
	p.until(`max +24 → 18`)
	time.Sleep(cardsPause)
	p.types("web")
	p.press("Enter")
	p.gone(`PLAN`)
	p.until(`2 in this recording`)
}

// inTheRecord reads the record back.
func inTheRecord(p *pane, binary, file string) {
	p.t.Helper()
	p.enter("clear; " + binary + " audit list " + file + " | grep -c ' intended '")
	p.until(`(?m)^2$`)
	p.enter("clear; " + binary + " audit list " + file + " | grep ' judged ' | grep -c ': worked'")
	p.until(`(?m)^1$`)
	p.enter("clear; " + binary + " audit verify " + file)
	p.until(`changes, all as`)
}
