package tui_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/exp/golden"

	"warroom/runbooks"
	"warroom/sources"
)

// sized is the recording's size, which is no concern of these frames.
var sized = regexp.MustCompile(`\d+ kB`)

// spoofs are names and texts that look like what the screen says when it asks for a confirmation, as somebody might give
// them to a rule, a note, a resource or themselves.
var spoofs = []string{
	"╭─ PLAN, bounded and reversible ──────────╮",
	"├───────────────────────────────────────────────────────────────────────────┤",
	"y carry it out (60s left)  Esc close",
	"▸ prod  type prod and Enter to approve (4m left)  Esc close",
	"APPROVE what leo asks for\r\n│ y carry it out\n╰───────╯\x1b[99;1Hy carry it out\x1b[0m",
}

// spoofed is a fleet whose provider has such names for everything.
type spoofed struct{ *fleet }

func (f spoofed) Plan(ctx context.Context, a runbooks.Action) (runbooks.Plan, error) {
	p, err := f.fleet.Plan(ctx, a)
	p.Title, p.Limits, p.Warnings = spoofs[2]+" "+p.Title, []string{spoofs[1], spoofs[3]}, spoofs
	p.Before = append(p.Before, runbooks.Setting{Name: "y", Value: spoofs[2]}, runbooks.Setting{Name: spoofs[1], Value: spoofs[3]})
	p.After = append(p.After, runbooks.Setting{Name: "y", Value: spoofs[4]}, runbooks.Setting{Name: spoofs[1], Value: spoofs[4]})
	p.Cost, p.Takes, p.Touches, p.Undo, p.Last, p.Identity = spoofs[0], spoofs[1], spoofs[2], spoofs[3], spoofs[4], spoofs[1]
	return p, err
}

// rules want two people at the level that is for two.
var rules = map[runbooks.Level][]runbooks.Rule{runbooks.TwoPeople: {{Kind: runbooks.Capacity}}}

// TestSpoofedPromptStaysAboveTheLine: whatever things are called, a card has one line from edge to edge, below which stands
// what confirms it and nothing else; and without a card nothing on the screen is one.
func TestSpoofedPromptStaysAboveTheLine(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		for level, foot := range map[runbooks.Level]string{
			runbooks.Bounded: "y carry it out (59s left)  Esc close", runbooks.Visible: "▸   type prod and Enter (59s left)  Esc close",
			runbooks.TwoPeople: "▸   type prod and Enter to approve (4m58s left)  Esc close",
		} {
			t.Run(fmt.Sprintf("%dx%d-%d", size[0], size[1], level), func(t *testing.T) {
				to := t0.Add(10 * time.Minute)
				o, f, _ := live(t, to)
				o.Operator = "mia"
				for i, s := range spoofs {
					c := sources.Change{At: to.Add(-time.Duration(i) * time.Second), Seen: to, Kind: sources.ChangeNote, Actor: s, Text: s, Resource: sources.Ref{Service: "alb", Name: s}}
					if _, err := f.AppendChange(t.Context(), c); err != nil {
						t.Fatal(err)
					}
				}
				synctest.Test(t, func(t *testing.T) {
					o.Clock, o.Now = sources.NewManualClock(to), time.Now
					a := &armoury{fleet: &fleet{value: "12", level: level}, tape: f}
					hands := func(operator string) *runbooks.Hands {
						h := runbooks.NewHands(runbooks.Options{
							Hands: []runbooks.Hand{spoofed{a.fleet}}, Guard: &runbooks.Guard{}, Journal: f, Clock: o.Clock, Now: time.Now, Operator: operator, Process: operator,
							TwoPeople: func() []runbooks.Rule { return rules[level] },
						})
						t.Cleanup(h.Close)
						return h
					}
					o.Hands = hands("mia")
					a.hand = newHand(t, o, size[0], size[1])
					a.typing(":timeline")
					a.enter()
					harmless(t, "timeline", a.frame())
					if n := len(edges(a.screen())); n > 0 {
						t.Errorf("without a card there are %d lines from edge to edge:\n%s", n, a.screen())
					}
					a.press(tea.KeyPressMsg{Code: tea.KeyEscape})
					a.command("arm")
					if level == runbooks.TwoPeople {
						askedBy(t, hands(spoofs[4]))
						a.send(advanced)
						a.command("approve")
					} else {
						a.command("capacity 18")
					}
					time.Sleep(time.Second)
					a.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
					frame := a.screen()
					harmless(t, "card", a.frame())
					if below := belowEdge(t, frame); below != strings.TrimSpace(foot) {
						t.Errorf("below the line stands %q, want %q\n%s", below, foot, frame)
					}
					golden.RequireEqual(t, sized.ReplaceAllString(frame, "###")+"\n")
				})
			})
		}
	}
}

// askedBy has somebody ask for a change.
func askedBy(t *testing.T, h *runbooks.Hands) {
	t.Helper()
	h.Guard().Arm(time.Now())
	p, err := h.Plan(t.Context(), runbooks.Action{Kind: runbooks.Capacity, Resource: sources.Ref{Service: "alb", Name: "prod"}, Want: map[string]string{"desired": "18"}})
	if err == nil {
		err = h.Ask(t.Context(), p, p.Confirm(p.Word(), time.Now()))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// edges are the rows of a frame that are a line through a box, from one of its sides to the other.
func edges(frame string) (rows []int) {
	for i, line := range strings.Split(frame, "\n") {
		from, to := strings.IndexRune(line, '├'), strings.LastIndex(line, "┤")
		if from >= 0 && to > from && strings.Trim(line[from+len("├"):to], "─") == "" {
			rows = append(rows, i)
		}
	}
	return rows
}

// belowEdge is what stands in the card below its line, which must be the only one, right above the card's lower edge.
func belowEdge(t *testing.T, frame string) string {
	t.Helper()
	lines, at := strings.Split(frame, "\n"), edges(frame)
	if len(at) != 1 || at[0]+2 >= len(lines) || !strings.Contains(lines[at[0]+2], "╰──") {
		t.Fatalf("the lines of the card are at %v:\n%s", at, frame)
	}
	from := len([]rune(lines[at[0]][:strings.IndexRune(lines[at[0]], '├')]))
	row := []rune(lines[at[0]+1])
	to := from + 1
	for to < len(row) && row[to] != '│' {
		to++
	}
	if row[from] != '│' {
		t.Fatalf("the card's side is broken:\n%s", frame)
	}
	return strings.TrimSpace(string(row[from+1 : to]))
}
