package tui_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"warroom/alerts"
	"warroom/runbooks"
	"warroom/sources"
)

var (
	up, down     = tea.KeyPressMsg{Code: tea.KeyUp}, tea.KeyPressMsg{Code: tea.KeyDown}
	pgup, pgdown = tea.KeyPressMsg{Code: tea.KeyPgUp}, tea.KeyPressMsg{Code: tea.KeyPgDown}
)

// TestStripAndPageCountAlike: the second line and the head of the page of alerts say the same numbers in the same words, by how
// the alerts stand now, whatever they were; those that somebody has are told apart, and those that nobody is woken by.
func TestStripAndPageCountAlike(t *testing.T) {
	inAlert(t, func(t *testing.T, a *armoury, clock *sources.ManualClock) {
		now := clock.Now()
		named := func(rule string, to alerts.State, severity alerts.Severity) alerts.Transition {
			tr := errorsOf(to, now)
			tr.Rule, tr.Severity, tr.Page = rule, severity, to == alerts.Firing && severity == alerts.Page
			if to == alerts.Recovering {
				tr.From = alerts.Firing
			}
			return tr
		}
		a.tells(named("OneThing", alerts.Firing, alerts.Page))
		a.reads("1 page ✖ │ rec")
		a.typing("o")
		a.reads("1 page ✖ (owned) │ rec")
		a.tells(named("OtherThing", alerts.Firing, alerts.Page), named("PastThing", alerts.Firing, alerts.Page), named("PastThing", alerts.Recovering, alerts.Page),
			named("SmallThing", alerts.Firing, alerts.Warn), named("QuietThing", alerts.Firing, alerts.Warn), named("SomeNote", alerts.Firing, alerts.Info), named("NextThing", alerts.Pending, alerts.Page))
		a.command("silence QuietThing 10m it is planned")
		a.reads("2 pages ✖ (1 owned) │ 2 warns ▲ │ 1 silenced │ rec")
		a.typing("A")
		a.reads("2 pages ✖ (1 owned) │ 2 warns ▲ │ 1 silenced │ rec", "2 pages (1 owned) · 2 warns (1 recovering) · 1 silenced · 1 pending · 1 note · times in CET")
	})
}

// TestWhoseRootIsOverStandsAlone: what another alert explained, and does not any more, is a line of its own and counted as one.
func TestWhoseRootIsOverStandsAlone(t *testing.T) {
	inAlert(t, func(_ *testing.T, a *armoury, clock *sources.ManualClock) {
		now := clock.Now()
		root, below := errorsOf(alerts.Firing, now), errorsOf(alerts.Firing, now)
		root.Rule = "DatabaseCeiling"
		below.Page, below.Under = false, alerts.Key(root.Rule, root.Resource, nil)
		a.tells(root, below)
		a.typing("A")
		a.reads("1 page · 1 following", "└ origin errors prod")
		over := errorsOf(alerts.Resolved, now)
		over.Rule = root.Rule
		a.tells(over)
		a.reads("1 warn ▲ │", "1 warn · 1 over")
		a.lacks("following", "└ origin")
		a.typing("k") // the choice has gone down with the root
		a.reads("follows from: database ceiling prod, which is over")
		a.typing("A")
		a.reads("origin errors prod", "prod answers with 5xx")
	})
}

// TestNewsUseTheRoomThereIs: a name is not cut beside free room.
func TestNewsUseTheRoomThereIs(t *testing.T) {
	inAlert(t, func(_ *testing.T, a *armoury, clock *sources.ManualClock) {
		firing, recovering := errorsOf(alerts.Firing, clock.Now().Add(-time.Minute)), errorsOf(alerts.Recovering, clock.Now())
		firing.Rule, recovering.Rule = "TargetsUnreachable", "TargetsUnreachable"
		recovering.From, recovering.Page, recovering.Value, recovering.Judged = alerts.Firing, false, nil, nil
		a.tells(firing, recovering)
		a.reads("targets unreachable prod recovering")
		a.send(tea.WindowSizeMsg{Width: 80, Height: 24})
		a.reads("targets unreachable prod recovering")
		firing.Rule = "TargetsUnreachableForLong"
		a.tells(firing)
		a.typing("A")
		a.reads("targets unreachable for long prod 97,026/min nobody has it")
	})
}

// TestBeforeTheFirstNumberNothingIsQuiet: a replay that stands before anything was seen says that nothing is known.
func TestBeforeTheFirstNumberNothingIsQuiet(t *testing.T) {
	o, f := replay(t, t0.Add(10*time.Minute))
	c := sources.Change{At: t0.Add(-time.Hour), Seen: t0.Add(-time.Hour), Kind: sources.ChangeNote, Actor: "mia", Text: "we open"}
	if _, err := f.AppendChange(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	tell(t, f, errorsOf(alerts.Firing, t0.Add(5*time.Minute)))
	early := t0.Add(-50 * time.Minute)
	o.At = &early
	synctest.Test(t, func(t *testing.T) {
		a := &armoury{hand: newHand(t, o, 120, 40), tape: f}
		a.typing("A")
		a.reads("nothing is known yet at 19:25:00: the first numbers of this recording came at 19:35:00")
		a.lacks("all is quiet")
		a.command("jump T-10m")
		a.reads("all is quiet: no alert up to 20:05:00")
	})
}

// TestNothingToApproveOrToSettle closes the command line and says so.
func TestNothingToApproveOrToSettle(t *testing.T) {
	inRoom(t, runbooks.Visible, func(t *testing.T, a *armoury) {
		for command, said := range map[string]string{"approve": "nothing to approve", "approve alb/prod": "nothing to approve", "settle": "nothing to settle"} {
			a.command(command)
			screen := a.screen()
			if !strings.Contains(screen, said) || strings.Contains(screen, "Esc close") {
				t.Errorf(":%s leaves\n%s", command, screen)
			}
		}
	})
}

// TestHelpSpellsWhatCanBeTyped: what the help and the command line say of rules is written as it is typed.
func TestHelpSpellsWhatCanBeTyped(t *testing.T) {
	inRoom(t, runbooks.Visible, func(_ *testing.T, a *armoury) {
		a.typing(":firewall")
		a.reads("firewall rule rate-limit limit 1000", "mode count")
		a.lacks("rule rate limit")
	})
}

// long is a fleet of whose change there is more to say than a small screen has room for.
type long struct{ *fleet }

// ways is how many lines each part has.
const ways = 14

// longWord has no blank at which it could be broken.
var longWord = "arn:aws:sts::123456789012:assumed-role/" + strings.Repeat("OnCall", 9) + "/mia.end"

func (f long) Plan(ctx context.Context, a runbooks.Action) (runbooks.Plan, error) {
	p, err := f.fleet.Plan(ctx, a)
	p.Identity, p.Call = longWord, "test:TheVeryLastLine"
	for i := range ways {
		p.Limits = append(p.Limits, fmt.Sprintf("limit number %d, of which there is so much to say that one line is not enough for it, nor are two, as it ends with the word end%d", i, i))
	}
	return p, err
}

// inLong is a room of such a fleet on a screen of a size, with the card of a change open.
func inLong(t *testing.T, size [2]int, level runbooks.Level, test func(*testing.T, *armoury)) {
	to := t0.Add(10 * time.Minute)
	o, f, _ := live(t, to)
	synctest.Test(t, func(t *testing.T) {
		o.Clock, o.Now, o.Operator = sources.NewManualClock(to), time.Now, "mia"
		a := &armoury{fleet: &fleet{value: "12", level: level}, tape: f}
		h := runbooks.NewHands(runbooks.Options{Hands: []runbooks.Hand{long{a.fleet}}, Guard: &runbooks.Guard{}, Journal: f, Clock: o.Clock, Now: time.Now, Operator: "mia", Process: "one"})
		t.Cleanup(h.Close)
		o.Hands = h
		a.hand = newHand(t, o, size[0], size[1])
		a.card(true)
		test(t, a)
	})
}

// TestEveryLineOfACardIsReached scrolls one at several sizes: each word of it is on the screen at some time, and at all times so
// are the sign that there is more and what confirms it.
func TestEveryLineOfACardIsReached(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {60, 15}} {
		for name, keys := range map[string][2]tea.KeyPressMsg{"lines": {down, up}, "pages": {pgdown, pgup}} {
			t.Run(fmt.Sprintf("%dx%d-%s", size[0], size[1], name), func(t *testing.T) {
				inLong(t, size, runbooks.Visible, func(t *testing.T, a *armoury) {
					first, seen := a.screen(), ""
					if !strings.Contains(first, "more below: ↓ PgDn") {
						t.Fatalf("nothing says that there is more:\n%s", first)
					}
					for range 200 {
						screen := a.screen()
						if below := belowEdge(t, screen); !strings.HasPrefix(below, "▸   type prod and Enter") {
							t.Fatalf("below the line stands %q:\n%s", below, screen)
						}
						if strings.Contains(seen, screen) {
							break
						}
						seen += screen
						a.press(keys[0])
					}
					words := strings.Join(strings.Fields(strings.NewReplacer("│", " ", "⣿", " ").Replace(seen)), " ")
					for i := range ways {
						if !strings.Contains(words, fmt.Sprintf("end%d", i)) {
							t.Errorf("the end of limit %d is never seen", i)
						}
					}
					if !strings.Contains(words, "/mia.end") || !strings.Contains(words, "TheVeryLastLine") || !strings.Contains(a.screen(), "the end, ") {
						t.Errorf("something is never seen; at the end there is\n%s", a.screen())
					}
					for range 200 {
						a.press(keys[1])
					}
					if again := a.screen(); card(again) != card(first) {
						t.Errorf("back at the top is\n%s", again)
					}
				})
			})
		}
	}
}

// card is what a card says, without how long is left.
func card(screen string) string {
	_, screen, _ = strings.Cut(screen, "PLAN")
	screen, _, _ = strings.Cut(screen, "├")
	return screen
}

// TestScrollingConfirmsNothing: the name goes on being typed while one reads, and no key that scrolls answers anything, held
// down from before or not.
func TestScrollingConfirmsNothing(t *testing.T) {
	inLong(t, [2]int{80, 24}, runbooks.Visible, func(t *testing.T, a *armoury) {
		a.typing("pr")
		a.press(down, down, pgdown)
		a.typing("jk")
		for range "jk" {
			a.press(tea.KeyPressMsg{Code: tea.KeyBackspace})
		}
		a.press(tea.KeyPressMsg{Code: tea.KeyUp, IsRepeat: true})
		a.typing("od")
		a.reads("▸ prod type prod and Enter")
		if len(a.fleet.done()) > 0 {
			t.Fatalf("reading has changed it to %q", a.fleet.done())
		}
		a.enter()
		if got := a.fleet.done(); len(got) != 1 {
			t.Errorf("the typed name changed %q\n%s", got, a.screen())
		}
	})
	inLong(t, [2]int{80, 24}, runbooks.Bounded, func(t *testing.T, a *armoury) {
		for range 60 { // held down from before the card: what is pressed with it is not heard either
			a.press(tea.KeyPressMsg{Code: tea.KeyDown, IsRepeat: true}, rune1('y'))
			time.Sleep(30 * time.Millisecond)
		}
		if len(a.fleet.done()) > 0 {
			t.Fatalf("keys from before have changed it to %q", a.fleet.done())
		}
		a.lacks("y carries it out, Esc leaves") // no key that scrolls is a wrong answer
		time.Sleep(time.Second)
		a.press(up, rune1('y'))
		if got := a.fleet.done(); len(got) != 1 {
			t.Errorf("y on a card that was read changed %q\n%s", got, a.screen())
		}
	})
}

// TestWhatWasWrongIsSaidInFull: why a plan is void stands on the card with all its words.
func TestWhatWasWrongIsSaidInFull(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		inLong(t, size, runbooks.Bounded, func(_ *testing.T, a *armoury) {
			a.fleet.become("14")
			a.press(rune1('y'))
			words := strings.Join(strings.Fields(strings.ReplaceAll(ansi.Strip(a.frame()), "│", " ")), " ")
			for _, want := range []string{"was 12 when the plan was shown and is 14 now", "look at the new plan", "y carry it out"} {
				if !strings.Contains(words, want) {
					a.t.Errorf("at %v the card lacks %q:\n%s", size, want, a.screen())
				}
			}
		})
	}
}
