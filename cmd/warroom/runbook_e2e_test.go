//go:build e2e

package main

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// A runbook in a real tmux: opened from the tile, its checks with live values, the card of its action, a step left out; then
// its process leaves, and another one goes on where it stopped, and ends it.
func TestRunbookInTmux(t *testing.T) {
	binary := built(t)
	file := filepath.Join(t.TempDir(), "r.warroom")
	mia, leo := openPane(t, 120, 40), openPane(t, 120, 40)
	mia.enter(binary + " rehearse --speed 20 --operator mia --recording " + file)
	mia.until(`5 fleet web.*ok`)
	leo.enter(binary + " rehearse --operator leo --recording " + file)
	leo.until(`viewer`)
	bookOpened(mia)
	stepsDone(mia)
	mia.press("q")
	mia.until(prompt)
	mia.restored()
	leo.until(`leo@.* took over from mia@`)
	leo.press("5")
	leo.until(`5 fleet web`)
	leo.press("r")
	leo.until(`The fleet meets its maximum`)
	leo.until(`mia since`)
	leo.until(`step 7 of 8`)
	leo.until(`– *6 .*skipped`)
	leo.press("b")
	leo.until(`why\? It may stay empty`)
	leo.types("calm again")
	leo.press("Enter")
	leo.until(`ended by leo`)
	leo.until(`why: calm again`)
	leo.until(`ended after 6 of 8 steps`)
	leo.press("q")
	leo.until(prompt)
	leo.restored()
	leo.enter("clear; " + binary + " audit list " + file + " | grep -c ' intended .* mia .*fleet web'")
	leo.until(`(?m)^1$`)
	leo.enter("clear; " + binary + " audit verify " + file)
	leo.until(`changes, all as`)
}

// bookOpened opens the runbook of the fleet from its tile: it is the first in the list.
func bookOpened(p *pane) {
	p.t.Helper()
	p.press("5")
	p.until(`5 fleet web`)
	p.press("r")
	p.until(`▸.*fleet-ceiling`)
	p.press("Enter")
	p.until(`8 steps, not begun`)
}

// stepsDone ticks the checks, carries the action out, and leaves the next step out.
func stepsDone(p *pane) {
	p.t.Helper()
	for step := 1; step <= 4; step++ {
		p.until(fmt.Sprintf(`▸ %d .* now (yes|no), -?[0-9.,k]+`, step))
		p.press("Enter")
		p.until(fmt.Sprintf(`step %d of 8`, step+1))
	}
	p.types(":arm")
	p.press("Enter")
	p.until(`ARMED`)
	p.press("Enter")
	p.until(`customers see it or it lowers protection`)
	p.until(`type web and Enter`)
	time.Sleep(cardsPause)
	p.types("web")
	p.press("Enter")
	p.gone(`PLAN`)
	p.until(`step 6 of 8`)
	p.press("s")
	p.until(`step 7 of 8`)
}
