package tui_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/tui"
)

// bookText is a runbook of each kind of step, over what the launch of these tests has.
const bookText = `---
title: The balancer is in trouble
for: [alb]
answers: [Trouble]
about: For the tests.
---

# Look first

Some **strong** words.

` + "```check\nsays: There are requests\nexpr: alb_requests{resource=\"{{resource}}\"} > 10\n```\n\n" +
	"```ask\nquestion: Who has the phone?\nchoices: [mia, leo]\n```\n\n" +
	"```action\nkind: capacity\nservice: alb\nwant: {desired: 18}\nsays: Room for all of them\n```\n\n" +
	"```check\nsays: Nobody comes any more\nexpr: alb_requests{resource=\"{{resource}}\"} < 1\nwait: 5m\notherwise: They still come\n```\n\n" +
	"```check\nsays: The database has room\nexpr: aurora_acu < 5\n```\n"

// offering is what the fleet of these tests can do.
func offering(r sources.Resource) []runbooks.Offer { return (&fleet{}).Offers(r) }

// bookshelf reads texts by name as a screen's runbooks.
func bookshelf(t testing.TB, texts map[string]string) func() (*runbooks.Library, error) {
	t.Helper()
	return func() (*runbooks.Library, error) {
		l := &runbooks.Library{}
		var wrong []error
		for name, text := range texts {
			b, err := runbooks.Read(name+".md", []byte(text), offering)
			if err != nil {
				wrong = append(wrong, err)
				continue
			}
			l.Add(b)
		}
		return l, errors.Join(wrong...)
	}
}

// inReading is a room with one runbook, at ten minutes after T0.
func inReading(t *testing.T, test func(*testing.T, *armoury, *sources.ManualClock)) {
	inRuled(t, nil, test)
}

// inRuled is the same where these are the rules.
func inRuled(t *testing.T, rules func() []string, test func(*testing.T, *armoury, *sources.ManualClock)) {
	to := t0.Add(10 * time.Minute)
	o, f, _ := live(t, to)
	o.Runbooks, o.Rules = bookshelf(t, map[string]string{"trouble": bookText}), rules
	synctest.Test(t, func(t *testing.T) {
		clock := sources.NewManualClock(to)
		o.Clock = clock
		test(t, newArmoury(t, o, f, clock, runbooks.Bounded), clock)
	})
}

// reads looks for words on the screen, wherever its lines break.
func (a *armoury) reads(want ...string) {
	a.t.Helper()
	screen := strings.Join(strings.Fields(a.screen()), " ")
	for _, w := range want {
		if !strings.Contains(screen, w) {
			a.t.Fatalf("the screen lacks %q:\n%s", w, a.screen())
		}
	}
}

// sessions are those that any process reads.
func (a *armoury) sessions() []runbooks.Session {
	a.t.Helper()
	changes, err := a.tape.Changes(a.t.Context(), time.Time{}, time.Time{}, time.Time{})
	if err != nil {
		a.t.Fatal(err)
	}
	return runbooks.Sessions(changes)
}

// TestRunbookIsCarriedOut goes through a runbook as a person does: each step leaves its mark in the recording.
func TestRunbookIsCarriedOut(t *testing.T) {
	inReading(t, func(t *testing.T, a *armoury, clock *sources.ManualClock) {
		a.typing("2r")
		a.reads("The balancer is in trouble", "trouble · alb/prod", "5 steps, not begun", "There are requests", "now yes", "Enter ticks it as it is", "not watched: aurora_acu")
		a.typing("b")
		a.reads("nobody has begun it")
		if len(a.sessions()) != 0 {
			t.Fatal("reading is recorded")
		}
		a.enter()
		a.reads("step 2 of 5", "mia since", "Who has the phone?")
		a.enter()
		a.typing("nobody")
		a.enter()
		a.reads(`no answer "nobody"`)
		for range "nobody" {
			a.press(tea.KeyPressMsg{Code: tea.KeyBackspace})
		}
		a.typing("le")
		a.enter()
		a.reads("“leo”", "step 3 of 5", "opens its card; that only plans")
		a.enter()
		a.reads("12 → 18")
		time.Sleep(time.Second)
		a.command("arm")
		a.typing("y")
		a.reads("step 4 of 5")
		a.press(tea.KeyPressMsg{Code: tea.KeyEscape})
		a.reads("2 load balancer prod", "error ratio") // from where it was opened
		a.press(tea.KeyPressMsg{Code: tea.KeyEscape})
		a.reads("trouble, step 3 of 5: carried out: balancer prod: desired 12 → 18") // among what happened: one line, one mark
		if n := strings.Count(a.screen(), "≡"); n != 1 {
			t.Errorf("the runbook is told %d times:\n%s", n, a.screen())
		}
		a.typing("r")
		s := a.sessions()[0]
		if e := s.Done[2]; e.Did != runbooks.Acted || e.Run == "" || len(a.fleet.done()) != 1 || e.Actor != "mia" {
			t.Fatalf("recorded is %+v, applied %v", e, a.fleet.done())
		}
		a.enter() // it does not hold, and is waited for
		a.reads("waiting, 5m left", "They still come")
		if len(a.sessions()[0].Done) != 3 {
			t.Fatal("ticked at once what is worth waiting for")
		}
		clock.Advance(6 * time.Minute)
		write(t, a.tape, t0.Add(11*time.Minute), t0.Add(16*time.Minute))
		a.send(advanced)
		a.send(tui.Tick(a.model))
		a.reads("step 5 of 5")
		if e := a.sessions()[0].Done[3]; e.Did != runbooks.Ticked || e.Holds || e.Value == nil || *e.Value < 1000 {
			t.Fatalf("after its time it is ticked as %+v", e)
		}
		a.enter()
		a.reads("it cannot be judged, not watched: aurora_acu")
		a.typing("s")
		a.reads("done, 5 steps", "done: The balancer is in trouble")
		a.enter()
		a.reads("5 steps, not begun")
		if s := a.sessions(); len(s) != 1 || s[0].Open() {
			t.Errorf("after all of it there are %+v", s)
		}
	})
}

// TestRunbookIsResumedByAnother proves that another screen of the same recording shows what was done, goes on with it, and
// learns who was first.
func TestRunbookIsResumedByAnother(t *testing.T) {
	inReading(t, func(t *testing.T, a *armoury, clock *sources.ManualClock) {
		a.command("runbook trouble")
		a.enter()
		a.reads("step 2 of 5")
		log := &runbooks.Logbook{Journal: a.tape, Clock: clock, Now: time.Now, Operator: "leo"}
		s, err := log.Record(t.Context(), a.sessions()[0], runbooks.Entry{Did: runbooks.Skipped, Step: 1})
		if err != nil || s.Current() != 2 {
			t.Fatalf("%+v, %v", s, err)
		}
		a.typing("s") // of what it still takes for the second step
		a.reads("leo was first: step 2 skipped", "step 3 of 5", "skipped leo")
		a.press(tea.KeyPressMsg{Code: tea.KeyEscape})
		a.typing("r")
		a.reads("step 3 of 5")
		a.typing("b")
		a.typing("calm")
		a.enter()
		a.reads("ended after 2 of 5 steps", "why: calm", "ended by mia")
		a.typing("r") // all of them
		a.reads("runbooks 1,")
		if end := a.sessions()[0].End; end == nil || end.Text != "calm" || end.Step != 2 {
			t.Errorf("the end is %+v", end)
		}
	})
}

// TestReplayShowsRunbooks proves that a replay shows how a runbook stood, at any time, and changes nothing.
func TestReplayShowsRunbooks(t *testing.T) {
	inReading(t, func(t *testing.T, a *armoury, clock *sources.ManualClock) {
		a.typing("2r")
		a.enter()
		clock.Advance(10 * time.Second)
		a.typing("s")
		at := clock.Now().Add(-5 * time.Second)
		o := tui.Options{Tape: a.tape, Meta: launchMeta(), Mode: tui.Replay, Path: "x", At: &at, Now: time.Now, Runbooks: bookshelf(t, map[string]string{"trouble": bookText})}
		x := newHand(t, o, 120, 40)
		x.press(rune1('2'), rune1('r'))
		screen := func() string { return ansi.Strip(x.frame()) }
		if !strings.Contains(screen(), "step 2 of 5") || !strings.Contains(screen(), "mia") {
			t.Fatalf("after the first step it shows\n%s", screen())
		}
		x.press(tea.KeyPressMsg{Code: tea.KeyEnter})
		if !strings.Contains(screen(), "this is a replay") || len(a.sessions()[0].Done) != 2 {
			t.Errorf("a replay does steps:\n%s", screen())
		}
	})
}

// TestPausedScreenDoesNoSteps proves that a check is never ticked on what was seen some time ago.
func TestPausedScreenDoesNoSteps(t *testing.T) {
	inReading(t, func(t *testing.T, a *armoury, _ *sources.ManualClock) {
		a.typing("2r")
		a.press(tea.KeyPressMsg{Code: tea.KeyLeft})
		a.enter()
		a.reads("goes back to now, where steps are done")
		if len(a.sessions()) != 0 {
			t.Error("a step was done in the past")
		}
	})
}

// TestBrokenRunbookCostsNoOther proves that what is wrong is said, and the rest is there.
func TestBrokenRunbookCostsNoOther(t *testing.T) {
	to := t0.Add(10 * time.Minute)
	o, f, clock := live(t, to)
	o.Runbooks = bookshelf(t, map[string]string{"trouble": bookText, "broken": "# nothing\n"})
	synctest.Test(t, func(t *testing.T) {
		a := newArmoury(t, o, f, clock, runbooks.Bounded)
		a.command("runbook")
		a.reads("broken.md: there is no step in it", "The balancer is in trouble")
		a.command("runbook truoble")
		a.reads(`no runbook "truoble"; did you mean "trouble"?`)
		a.press(tea.KeyPressMsg{Code: tea.KeyTab})
	})
}

// TestRunbookFitsEverySize draws the page at all sizes, each step in turn, with hostile words: what is drawn is harmless,
// and the current step is in sight.
func TestRunbookFitsEverySize(t *testing.T) {
	hostileBook := strings.NewReplacer("There are requests", "There \x1b[2J are \u202erequests", "Some **strong** words", "\x1b]0;x\x07 <b>x</b> [a](http://\x9bx)").Replace(bookText)
	to := t0.Add(10 * time.Minute)
	for _, size := range [][2]int{{1, 1}, {20, 6}, {60, 15}, {80, 24}, {109, 30}, {120, 40}, {200, 60}} {
		o, f, clock := live(t, to)
		o.Operator = "\x1b[31mmia"
		o.Runbooks = bookshelf(t, map[string]string{"trouble": hostileBook})
		synctest.Test(t, func(t *testing.T) {
			a := newArmoury(t, o, f, clock, runbooks.Bounded)
			a.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			a.typing("2r")
			for i := range 6 {
				harmless(t, "runbook", a.frame())
				if size[0] >= 60 && i < 5 && !strings.Contains(a.screen(), "▸") {
					t.Fatalf("at %v the current step is out of sight:\n%s", size, a.screen())
				}
				a.typing("s")
			}
			harmless(t, "after its end", a.frame())
			a.typing("r")
			harmless(t, "list", a.frame())
		})
	}
}

// BenchmarkRunbookFrame is a frame of the page while nothing has changed but the time.
func BenchmarkRunbookFrame(b *testing.B) {
	to := t0.Add(10 * time.Minute)
	o, _, clock := live(b, to)
	o.Runbooks = bookshelf(b, map[string]string{"trouble": bookText})
	x := newHand(b, o, 120, 40)
	x.press(rune1('2'), rune1('r'))
	if !strings.Contains(x.frame(), "requests") {
		b.Fatal("there is no runbook")
	}
	b.ReportAllocs()
	for b.Loop() {
		clock.Advance(time.Second)
		x.model.Update(tui.Tick(x.model))
		x.model.View()
	}
}
