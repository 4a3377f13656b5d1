package tui_test

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/recording"
	"warroom/tui"
)

// fleet is a resource that can be changed: a number, and who has asked for what.
type fleet struct {
	mu      sync.Mutex // over all that follows: runs go on beside the screen
	value   string
	level   runbooks.Level
	applied []string
	lost    bool // nobody hears the answer
	final   bool // nothing takes it back
}

// become is somebody else who changes it.
func (f *fleet) become(value string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.value = value
}

// done are the values that were applied.
func (f *fleet) done() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.applied)
}

func (f *fleet) Offers(r sources.Resource) []runbooks.Offer {
	if r.Service != "alb" {
		return nil
	}
	return []runbooks.Offer{{Kind: runbooks.Capacity, Resource: r.Ref, Title: "raise or lower it", Parameters: []runbooks.Parameter{{Name: "desired", Help: "such as 24"}}}}
}

func (f *fleet) Plan(_ context.Context, a runbooks.Action) (runbooks.Plan, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	back := runbooks.Action{Kind: a.Kind, Resource: a.Resource, Want: map[string]string{"desired": f.value}}
	if f.final {
		back = runbooks.Action{}
	}
	return runbooks.Plan{
		Title: "balancer prod: desired " + f.value + " → " + a.Want["desired"], Level: f.level, Call: "test:Change", Account: "1234…9012", Region: "eu-central-1",
		Before: []runbooks.Setting{{Name: "desired", Value: f.value}}, After: []runbooks.Setting{{Name: "desired", Value: a.Want["desired"]}},
		Cost: "nothing", Takes: "a minute", Touches: "nobody", Undo: "the old number", Warnings: []string{"it is only a test"},
		Back: back,
	}, nil
}

func (f *fleet) Apply(_ context.Context, p runbooks.Plan) (runbooks.Receipt, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.value = p.After[0].Value
	f.applied = append(f.applied, f.value)
	if f.lost {
		return runbooks.Receipt{}, errors.New("the connection broke")
	}
	return runbooks.Receipt{Request: "request-1"}, nil
}

func (f *fleet) Find(context.Context, runbooks.Plan) (runbooks.Receipt, bool, error) {
	return runbooks.Receipt{}, true, nil
}

func (f *fleet) Progress(context.Context, runbooks.Plan, runbooks.Receipt) (runbooks.Progress, error) {
	return runbooks.Progress{Text: "there", Done: true}, nil
}

// armoury is a screen with hands on a fleet, in a bubble of virtual time.
type armoury struct {
	*hand
	fleet *fleet
	tape  *recording.File
}

func newArmoury(t *testing.T, o tui.Options, f *recording.File, clock sources.Clock, level runbooks.Level) *armoury {
	t.Helper()
	a := &armoury{fleet: &fleet{value: "12", level: level}, tape: f}
	hands := runbooks.NewHands(runbooks.Options{
		Hands: []runbooks.Hand{a.fleet}, Guard: &runbooks.Guard{}, Journal: f, Clock: clock, Now: time.Now, Operator: "mia", Process: "one",
	})
	t.Cleanup(hands.Close)
	o.Hands, o.Now = hands, time.Now
	a.hand = newHand(t, o, 120, 40)
	return a
}

func (a *armoury) screen() string { return ansi.Strip(a.frame()) }

// typing types as a hand does, a key each tenth of a second.
func (a *armoury) typing(text string) {
	for _, r := range text {
		time.Sleep(100 * time.Millisecond)
		a.press(rune1(r))
	}
}

func (a *armoury) enter() {
	time.Sleep(100 * time.Millisecond)
	a.press(tea.KeyPressMsg{Code: tea.KeyEnter})
}

// command types a command on the command line.
func (a *armoury) command(text string) { a.typing(":" + text); a.enter() }

// card opens the card of a change to 18 and waits until it hears keys.
func (a *armoury) card(armed bool) {
	a.t.Helper()
	if armed {
		a.command("arm")
	}
	a.command("capacity 18")
	if !strings.Contains(a.screen(), "12 → 18") {
		a.t.Fatalf("there is no card:\n%s", a.screen())
	}
	time.Sleep(time.Second)
}

func inRoom(t *testing.T, level runbooks.Level, test func(*testing.T, *armoury)) {
	to := t0.Add(10 * time.Minute)
	o, f, _ := live(t, to)
	synctest.Test(t, func(t *testing.T) {
		clock := sources.NewManualClock(to) // the bubble's own: who waits for it lets virtual time pass
		o.Clock = clock
		test(t, newArmoury(t, o, f, clock, level))
	})
}

func TestCardShowsWhatItWouldDo(t *testing.T) {
	inRoom(t, runbooks.Visible, func(t *testing.T, a *armoury) {
		a.card(true)
		screen := a.screen()
		for _, word := range []string{"customers see it", "alb/prod", "1234…9012", "eu-central-1", "12 → 18", "nothing", "a minute", "nobody", "the old number", "only a test", "test:Change", "type prod", "ARMED 15m"} {
			if !strings.Contains(screen, word) {
				t.Errorf("the card lacks %q:\n%s", word, screen)
			}
		}
	})
}

// What confirms a plan of level 2 is the short name, typed in full by a hand that sees the card, and nothing else.
func TestOnlyTheTypedNameConfirms(t *testing.T) {
	for name, c := range map[string]struct {
		armed bool
		do    func(*armoury)
		does  bool
	}{
		"the name":                 {true, func(a *armoury) { a.typing("prod"); a.enter() }, true},
		"safe":                     {false, func(a *armoury) { a.typing("prod"); a.enter() }, false},
		"a prefix":                 {true, func(a *armoury) { a.typing("pro"); a.enter() }, false},
		"another case":             {true, func(a *armoury) { a.typing("Prod"); a.enter() }, false},
		"a blank more":             {true, func(a *armoury) { a.typing("prod "); a.enter() }, false},
		"yes":                      {true, func(a *armoury) { a.typing("y"); a.enter() }, false},
		"nothing":                  {true, func(a *armoury) { a.enter() }, false},
		"a paste":                  {true, func(a *armoury) { a.send(tea.PasteMsg{Content: "prod"}); a.enter() }, false},
		"a paste with its newline": {true, func(a *armoury) { a.send(tea.PasteMsg{Content: "prod\n"}) }, false},
		"an unmarked paste": {true, func(a *armoury) {
			for _, r := range "prod" {
				a.press(rune1(r))
			}
			a.press(tea.KeyPressMsg{Code: tea.KeyEnter})
		}, false},
		"an unmarked paste, and Enter by hand": {true, func(a *armoury) {
			for _, r := range "prod" {
				a.press(rune1(r))
			}
			a.enter()
		}, false},
		"a minute later": {true, func(a *armoury) { time.Sleep(time.Minute); a.typing("prod"); a.enter() }, false},
		"repeats": {true, func(a *armoury) {
			for _, r := range "prod" {
				time.Sleep(100 * time.Millisecond)
				a.press(tea.KeyPressMsg{Code: r, Text: string(r), IsRepeat: true})
			}
			a.enter()
		}, false},
		"the name after a wrong one": {true, func(a *armoury) { a.typing("prd"); a.enter(); a.typing("prod"); a.enter() }, true},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, runbooks.Visible, func(t *testing.T, a *armoury) {
				a.card(c.armed)
				c.do(a)
				if done := len(a.fleet.done()) > 0; done != c.does {
					t.Errorf("applied %q, want it done: %v\n%s", a.fleet.done(), c.does, a.screen())
				}
			})
		})
	}
}

// A key that is held down from before the card opened never confirms it, however long it is held.
func TestHeldKeyConfirmsNothing(t *testing.T) {
	inRoom(t, runbooks.Bounded, func(t *testing.T, a *armoury) {
		a.command("arm")
		a.command("capacity 18")
		for range 200 {
			a.press(rune1('y'))
			time.Sleep(30 * time.Millisecond)
		}
		if len(a.fleet.done()) > 0 {
			t.Fatalf("a key held down has changed it to %q", a.fleet.done())
		}
		time.Sleep(time.Second)
		a.press(rune1('y'))
		if !slices.Equal(a.fleet.done(), []string{"18"}) {
			t.Errorf("y on a card that was looked at: applied %q\n%s", a.fleet.done(), a.screen())
		}
	})
}

// What cannot be taken back is not said to be.
func TestWhatHasNoWayBackPromisesNone(t *testing.T) {
	inRoom(t, runbooks.Bounded, func(t *testing.T, a *armoury) {
		a.fleet.final = true
		a.card(true)
		a.press(rune1('y'))
		if screen := a.screen(); !strings.Contains(screen, "carried out: balancer prod: desired 12 → 18") || strings.Contains(screen, "takes it back") {
			t.Errorf("there is no way back:\n%s", screen)
		}
	})
}

func TestActionIsSeenAndTakenBack(t *testing.T) {
	inRoom(t, runbooks.Bounded, func(t *testing.T, a *armoury) {
		a.card(true)
		a.press(rune1('y'))
		if !strings.Contains(a.screen(), "carried out: balancer prod: desired 12 → 18") {
			t.Errorf("it is not said that it was carried out:\n%s", a.screen())
		}
		time.Sleep(time.Minute)
		a.command("actions")
		if !strings.Contains(a.screen(), "balancer prod: desired 12 → 18") || !strings.Contains(a.screen(), "request-1") {
			t.Errorf("the actions do not list it:\n%s", a.screen())
		}
		a.press(rune1('u'))
		if !strings.Contains(a.screen(), "18 → 12") {
			t.Fatalf("no card takes it back:\n%s", a.screen())
		}
		time.Sleep(time.Second)
		a.press(rune1('y'))
		if !slices.Equal(a.fleet.done(), []string{"18", "12"}) {
			t.Errorf("applied %q", a.fleet.done())
		}
	})
}

// Where the value has changed since the card was shown nothing is called, both values are named, and the new plan has to
// be confirmed anew.
func TestCardIsVoidWhenTheValueChanged(t *testing.T) {
	inRoom(t, runbooks.Bounded, func(t *testing.T, a *armoury) {
		a.card(true)
		a.fleet.become("14")
		a.press(rune1('y'))
		screen := a.screen()
		if len(a.fleet.done()) > 0 || !strings.Contains(screen, "was 12") || !strings.Contains(screen, "14 now") || !strings.Contains(screen, "14 → 18") {
			t.Errorf("applied %q and showed\n%s", a.fleet.done(), screen)
		}
		time.Sleep(time.Second)
		a.press(rune1('y'))
		if !slices.Equal(a.fleet.done(), []string{"18"}) {
			t.Errorf("the new plan was confirmed, and applied is %q", a.fleet.done())
		}
	})
}

func TestReplayRefusesToAct(t *testing.T) {
	o, _ := replay(t, t0.Add(10*time.Minute))
	synctest.Test(t, func(t *testing.T) {
		x := newHand(t, o, 120, 40)
		for _, key := range "acmiu" {
			x.press(rune1(key))
			if screen := ansi.Strip(x.frame()); !strings.Contains(screen, "this is a replay") {
				t.Errorf("%c in a replay says nothing of it:\n%s", key, screen)
			}
		}
	})
}

// What a process that died has left behind is told on every page until somebody has looked how it stands.
func TestDoubtIsToldAndSettled(t *testing.T) {
	inRoom(t, runbooks.Bounded, func(t *testing.T, a *armoury) {
		a.fleet.lost = true
		a.card(true)
		a.press(rune1('y'))
		if screen := a.screen(); !strings.Contains(screen, "in doubt whether it was carried out") || !strings.Contains(screen, "1 action in doubt ! :settle") {
			t.Fatalf("a call that nobody answered is not told:\n%s", screen)
		}
		a.command("capacity 20")
		a.sees("in doubt, of mia: balancer prod: desired 12 → 18; :settle")
		time.Sleep(time.Second)
		a.press(rune1('y'))
		if screen := a.screen(); !strings.Contains(screen, "is held by mia") {
			t.Errorf("what is in doubt can be changed again:\n%s", screen)
		}
		time.Sleep(100 * time.Millisecond)
		a.press(tea.KeyPressMsg{Code: tea.KeyEscape})
		a.command("settle")
		if screen := a.screen(); !strings.Contains(screen, "it was carried out and goes on") || strings.Contains(screen, "in doubt !") {
			t.Errorf("it was settled, and the screen says\n%s", screen)
		}
	})
}

// TestACardSaysThatTheScreenShowsThePast: a card is about now, whatever time is shown, and says so where that is another one,
// whichever key has opened it; back at the present it does not.
func TestACardSaysThatTheScreenShowsThePast(t *testing.T) {
	inRoom(t, runbooks.Bounded, func(t *testing.T, a *armoury) {
		a.card(true)
		a.lacks("shows the past")
		a.press(tea.KeyPressMsg{Code: tea.KeyEscape})
		a.command("jump T+5m")
		for _, key := range []string{"c", ":capacity 18"} {
			if a.typing(key); key == "c" {
				a.typing("18")
			}
			a.enter()
			a.reads("beware ▲ the screen shows the past, 20:20:00 T+00:05:00: this card is", "about now (Esc, then L, shows now)")
			a.press(tea.KeyPressMsg{Code: tea.KeyEscape})
		}
		a.typing("L")
		a.command("capacity 18")
		a.reads("12 → 18")
		a.lacks("shows the past")
	})
}

// named is a fleet whose plans change settings of some names.
type named struct {
	*fleet
	names []string
}

func (f named) Plan(ctx context.Context, a runbooks.Action) (runbooks.Plan, error) {
	p, err := f.fleet.Plan(ctx, a)
	p.Before, p.After = nil, nil
	for _, name := range f.names {
		p.Before, p.After = append(p.Before, runbooks.Setting{Name: name, Value: "as cached"}), append(p.After, runbooks.Setting{Name: name, Value: "thrown out"})
	}
	return p, err
}

// inCard is a line of a card between its two sides.
var inCard = regexp.MustCompile("│ (.{72}) │")

// TestNamesOfSettingsStandInTheirColumn: however long what is changed is called, its name stands left of its values or above them,
// under one label, and all values of a card begin in one column.
func TestNamesOfSettingsStandInTheirColumn(t *testing.T) {
	const long = "/campaigns/2026/november/the-great-lottery/entry-form/step-2/*"
	for _, c := range []struct{ names, want []string }{
		{[]string{"/*", "desired"}, []string{"/*        as cached → thrown out", "desired   as cached → thrown out"}},
		{[]string{"default origin"}, []string{"change    default origin  as cached → thrown out"}},
		{[]string{"/static/*", "/index.html"}, []string{"change    /static/*    as cached → thrown out", "          /index.html  as cached → thrown out"}},
		{[]string{long, "/index.html"}, []string{"change    " + long, "                       as cached → thrown out", "          /index.html  as cached → thrown out"}},
		{[]string{long}, []string{"change    " + long, "            as cached → thrown out"}},
	} {
		for _, size := range [][2]int{{80, 24}, {120, 40}} {
			to := t0.Add(10 * time.Minute)
			o, f, _ := live(t, to)
			synctest.Test(t, func(t *testing.T) {
				o.Clock, o.Now, o.Operator = sources.NewManualClock(to), time.Now, "mia"
				hands := runbooks.NewHands(runbooks.Options{
					Hands: []runbooks.Hand{named{&fleet{value: "12"}, c.names}}, Guard: &runbooks.Guard{}, Journal: f, Clock: o.Clock, Now: time.Now, Operator: "mia", Process: "one",
				})
				t.Cleanup(hands.Close)
				o.Hands = hands
				a := &armoury{tape: f, hand: newHand(t, o, size[0], size[1])}
				a.command("capacity 18")
				var got []string
				for _, line := range inCard.FindAllStringSubmatch(a.screen(), -1) {
					if strings.Contains(line[1], "cached") || strings.Contains(line[1], long) {
						got = append(got, strings.TrimRight(line[1], " "))
					}
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("%q at %v:\n%s", c.names, size, a.screen())
				}
			})
		}
	}
}

// site is a resource that can be switched to a maintenance page.
type site struct{ *fleet }

func (s site) Offers(r sources.Resource) []runbooks.Offer {
	if r.Service != "alb" {
		return nil
	}
	to := runbooks.Parameter{Name: "to", Help: "which page", Choices: []string{"maintenance", "live"}}
	return []runbooks.Offer{{Kind: runbooks.Maintenance, Resource: r.Ref, Title: "switch it", Parameters: []runbooks.Parameter{to}}}
}

// TestASwitchIsNotGuessedFromThePast: what visitors get now decides where a switch without a word leads; while the screen shows
// another time it asks.
func TestASwitchIsNotGuessedFromThePast(t *testing.T) {
	to := t0.Add(10 * time.Minute)
	o, f, _ := live(t, to)
	origin := sources.Fact{Resource: prodALB, Name: "origin", Value: "live", Seen: t0}
	if err := f.Append(t.Context(), sources.Reading{Source: "test", At: t0, Batch: sources.Batch{Facts: []sources.Fact{origin}}}); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		o.Clock, o.Now, o.Operator = sources.NewManualClock(to), time.Now, "mia"
		hands := runbooks.NewHands(runbooks.Options{
			Hands: []runbooks.Hand{site{&fleet{value: "12"}}}, Guard: &runbooks.Guard{}, Journal: f, Clock: o.Clock, Now: time.Now, Operator: "mia", Process: "one",
		})
		t.Cleanup(hands.Close)
		o.Hands = hands
		a := &armoury{tape: f, hand: newHand(t, o, 120, 40)}
		a.typing("m")
		a.reads("PLAN", "alb/prod")
		a.press(tea.KeyPressMsg{Code: tea.KeyEscape})
		a.command("jump T+5m")
		a.typing("m")
		a.reads("maintenance of alb/prod", "which page: maintenance or live")
		a.lacks("PLAN")
	})
}
