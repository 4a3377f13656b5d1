//go:build e2e

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
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

// plateau is a launch whose crowd comes within two minutes and stays: more than the fleet carries for long, and less than
// makes errors. The fleet is at its maximum, which nobody but a person raises: its alert fires and stays, however slow the
// machine is that plays this, and a higher maximum helps for sure.
const plateau = `
name: plateau
t0: 2026-03-01T19:15:00Z
start: T-1m
end: T+6h
speed: 20
audience:
  name: lottery
  namespace: Lottery/Site
  base: 4
  surges:
    - {at: T0, peak: 77, rise: 2m, hold: 5h, halve: 5m}
  visit: {pages: 2.2, think: 20s, registers: 0.72, form: 50s, invalid: 0.03, patience: 9s, retries: 0.6, pause: 6s}
  page: {calls: 0.6, static: 18, static_again: 3, static_bytes: 24000, page_bytes: 18000}
site:
  region: eu-central-1
  distribution: {name: edge, alias: lottery.example.com, objects: 1500, places: 90, ttl: 24h}
  firewall: {name: edge, limit: 2000, window: 5m, rate: Block, managed: Block}
  balancer: {name: web}
  groups:
    - {name: web, type: c5.2xlarge, cores: 8, threads: 160, backlog: 140, request_cpu: 150ms}
  cluster: {name: main, engine: aurora-postgresql, version: "16.4", readers: 1, queries: 6, writes: 8, queries_acu: 170}
capacity:
  groups: {web: {min: 10, desired: 10, max: 10}}
  acu: {min: 8, max: 64}
`

// The whole story in a real tmux, as it is at night: an alert fires, somebody looks why and owns it, its runbook is worked
// through up to its action, whose card is refused by a room that is safe, confirmed by the typed name alone, seen through to
// its verdict, and taken back; and all of it stands in the record.
func TestAlertToUndoInTmux(t *testing.T) {
	binary := built(t)
	for _, size := range []struct{ columns, rows int }{{80, 24}, {120, 40}} {
		t.Run(fmt.Sprintf("%dx%d", size.columns, size.rows), func(t *testing.T) {
			p := openPane(t, size.columns, size.rows)
			folder := t.TempDir()
			file, scenario := filepath.Join(folder, "r.warroom"), filepath.Join(folder, "plateau.yaml")
			if err := os.WriteFile(scenario, []byte(plateau), 0o600); err != nil {
				t.Fatal(err)
			}
			p.enter(binary + " rehearse " + scenario + " --speed 60 --operator mia --recording " + file)
			p.until(`5 fleet web.*ok`)
			alertLeadsToRunbook(p)
			runbookLeadsToCard(p)
			confirmed(p)
			p.until(`✔ 5 A higher maximum.*done ✔ +mia`)
			p.until(`▸ 6 .* in service`)
			p.types(":actions")
			p.press("Enter")
			p.until(`(under way ▸|done ✔|worked ✔) +mia +fleet web: `)
			p.until(`worked ✔ +mia +fleet web: `)
			p.until(`desired 10 → 13, min 10 → 13, max 10 → 15`)
			p.until(`effect: instances of fleet web 10 → 1[345], CPU of fleet web`)
			takenBack(p)
			p.until(`(done ✔|worked ✔|no effect ○|worse ✖|worsening ✖) +mia +fleet web: .*(?s:.*)worked ✔ +mia +fleet web: `)
			onlyPlanned(p)
			p.press("q")
			p.until(`The rehearsal is recorded\.`)
			p.restored()
			inTheRecord(p, binary, file)
		})
	}
}

// alertLeadsToRunbook waits for the page, looks why it fired, owns it, and opens the runbook that it names.
func alertLeadsToRunbook(p *pane) {
	p.t.Helper()
	p.until(`✖ .* fleet ceiling web`) // on the strip, with the bell
	p.press("A")
	p.until(`alerts .* page`)
	p.chooses(`▸\d\d:\d\d page ✖ +fleet ceiling web`)
	p.press("o")
	p.until(`fleet ceiling web .*mia has it`)
	p.press("Enter")
	p.until(`rule: the group is at its maximum and more than 85 % busy`)
	p.until(`WHAT IT WENT THROUGH`)
	p.press("r")
	p.until(`The fleet meets its maximum +fleet-ceiling · asg/web`)
	p.until(`▸ 1 What runs runs hot .* now yes`)
}

// chooses goes down a list from its start until a line is chosen.
func (p *pane) chooses(pattern string) {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	p.press("g")
	for range 12 {
		for range 10 { // the screen goes on all the while
			if re.MatchString(p.screen()) {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		p.press("j")
	}
	p.t.Fatalf("%s cannot be chosen:\n%s", pattern, p.screen())
}

// runbookLeadsToCard ticks the checks with what they come to, and opens the card of the action, first in a room that is safe.
func runbookLeadsToCard(p *pane) {
	p.t.Helper()
	for step := 1; step <= 4; step++ {
		p.until(fmt.Sprintf(`▸ %d .* now (yes|no), -?[0-9.,k]+`, step))
		p.press("Enter")
		p.until(fmt.Sprintf(`▸ %d `, step+1))
		if step == 1 {
			p.until(`✔ 1 What runs runs hot .*yes, 9\d\.\d % +mia`) // a small screen has no room for those above
		}
	}
	p.until(`▸ 5 A higher maximum, and a third more at once`)
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
	p.tmux("set-buffer", "we")
	p.tmux("paste-buffer", "-p", "-t", "s:")
	p.types("b")
	p.gone(`that is not "web"`)
	p.press("Enter")
	p.until(`that is not "web"`) // nothing of the paste was heard
	p.types("web")
	p.press("Enter")
	p.gone(`PLAN`)
}

// takenBack takes the chosen run back and sees it done.
func takenBack(p *pane) {
	p.t.Helper()
	p.press("u")
	p.until(`max +15 → 10`)
	time.Sleep(cardsPause)
	p.types("web")
	p.press("Enter")
	p.gone(`PLAN`)
	p.until(`2 in this recording`)
}

// onlyPlanned opens cards from a tile's key and from the command line, and leaves them: nothing is changed by that.
func onlyPlanned(p *pane) {
	p.t.Helper()
	p.press("6")
	p.until(`6 aurora main`)
	p.press("c")
	p.until(`capacity of aurora/main`)
	p.types("min 16 max 96")
	p.press("Enter")
	p.until(`max ACU +64 → 96`)
	p.press("Escape")
	p.gone(`PLAN`)
	p.types(":maintenance on by origin")
	p.press("Enter")
	p.until(`edge: default origin live → maintenance`)
	p.press("Escape")
	p.gone(`PLAN`)
	p.until(`nothing was changed`)
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
