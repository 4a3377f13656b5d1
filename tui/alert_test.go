package tui_test

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/google/go-cmp/cmp"

	"warroom/alerts"
	"warroom/sources"
	"warroom/sources/recording"
	"warroom/tui"
)

var prodALB = sources.Ref{Service: "alb", Name: "prod"}

// alerted is a transition as the recording has it.
func alerted(t testing.TB, a alerts.Transition) sources.Change {
	t.Helper()
	if a.Key == "" {
		a.Key = alerts.Key(a.Rule, a.Resource, a.Labels)
	}
	if a.Since.IsZero() {
		a.Since = a.At.Add(-2 * time.Minute)
	}
	if a.Step.IsZero() {
		a.Step = a.At.Add(-time.Minute).Truncate(time.Minute)
	}
	c, err := a.Change()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// errorsOf is the rule of these tests going to a state: too many of the balancer's requests fail.
func errorsOf(to alerts.State, at time.Time) alerts.Transition {
	value := 0.019
	a := alerts.Transition{
		Rule: "OriginErrors", Resource: prodALB, Severity: alerts.Page, From: alerts.Pending, To: to, At: at, Value: &value,
		Summary: "prod answers with 5xx", Words: "more than 50 requests fail in 2 of 3 minutes", Runbook: "trouble", Page: to == alerts.Firing,
		Judged: []alerts.Judged{{Series: albErrors, Points: []sources.Point{{At: at.Add(-3 * time.Minute), Value: 70}, {At: at.Add(-2 * time.Minute), Value: 90}}}},
	}
	switch to {
	case alerts.Pending:
		a.From = alerts.Inactive
	case alerts.Resolved:
		a.From, a.Value, a.Judged = alerts.Firing, nil, nil
	}
	return a
}

// tell records transitions and lets the screen look.
func tell(t testing.TB, f *recording.File, all ...alerts.Transition) {
	t.Helper()
	for _, a := range all {
		if _, err := f.AppendChange(t.Context(), alerted(t, a)); err != nil {
			t.Fatal(err)
		}
	}
}

// inAlert is a room with a runbook at ten minutes after T0.
func inAlert(t *testing.T, test func(*testing.T, *armoury, *sources.ManualClock)) { inReading(t, test) }

// responses are those that any process reads.
func (a *armoury) responses() []alerts.Response {
	a.t.Helper()
	changes, err := a.tape.Changes(a.t.Context(), time.Time{}, time.Time{}, time.Time{})
	if err != nil {
		a.t.Fatal(err)
	}
	var out []alerts.Response
	for _, c := range changes {
		if r, ok := alerts.ReadResponse(c); ok && c.Actor == "mia" {
			out = append(out, r)
		}
	}
	return out
}

// tells records transitions, and the screen hears of it.
func (a *armoury) tells(all ...alerts.Transition) {
	a.t.Helper()
	tell(a.t, a.tape, all...)
	a.send(advanced)
}

// TestAnAlertIsSeenAndAnswered goes from the bell to the end of an alert.
func TestAnAlertIsSeenAndAnswered(t *testing.T) {
	inAlert(t, func(t *testing.T, a *armoury, clock *sources.ManualClock) {
		now := clock.Now()
		a.tells(errorsOf(alerts.Pending, now.Add(-time.Minute)))
		a.lacks("origin errors prod", "page ✖")
		a.tells(errorsOf(alerts.Firing, now))
		a.reads("1 page ✖", "origin errors prod", "prod answers with 5xx", "nobody has it", "runbook: trouble [r]", "page ✖")
		a.typing("o")
		a.reads("you have it: origin errors prod", "mia has it")
		a.typing("A")
		a.reads("alerts", "1 page", "more than 50 requests fail", "prod elb 5xx", "above 50", "mia has it")
		a.typing("o")
		a.reads("nobody has it now")
		a.typing("s")
		a.reads("silence origin errors prod", "10m", "It wakes nobody until then, and goes on being judged.")
		a.enter()
		a.reads("for how long?")
		a.typing("30m the purge is planned")
		a.reads("until", "T+00:40:00", "the purge is planned")
		a.enter()
		a.reads("silenced until", "1 silenced", "silenced by mia", "judged all the same: the purge is planned")
		a.lacks("1 page ✖")
		a.typing("s")
		a.typing("off")
		a.enter()
		a.reads("wakes people again", "1 page ✖")
		a.enter()
		a.reads("WHAT IT WENT THROUGH", "firing", "somebody was woken", "pending", "unsilenced mia", "silenced mia until", "the purge is planned", "owned mia", "released mia", "WHAT WAS JUDGED", "90/min")
		var did []alerts.Did
		for _, r := range a.responses() {
			did = append(did, r.Did)
		}
		if fmt.Sprint(did) != "[owned released silenced unsilenced]" {
			t.Fatalf("recorded is %v", did)
		}
		a.typing("r")
		a.reads("The balancer is in trouble", "trouble · alb/prod")
		clock.Advance(2 * time.Minute)
		a.tells(errorsOf(alerts.Resolved, clock.Now()))
		a.press(tea.KeyPressMsg{Code: tea.KeyEscape})
		a.reads("origin errors prod over ✔", "WHAT IT WENT THROUGH") // the alert that it answers
		a.press(tea.KeyPressMsg{Code: tea.KeyEscape})
		a.reads("alerts", "1 over")
		a.press(tea.KeyPressMsg{Code: tea.KeyEscape})
		a.reads("✔", "is over: prod answers with 5xx")
		a.lacks("1 page ✖")
		a.typing("A")
		a.reads("over ✔", "1 over")
		a.typing("o")
		a.reads("origin errors prod is over since")
	})
}

// lacks looks for what must not be on the screen.
func (a *armoury) lacks(words ...string) {
	a.t.Helper()
	screen := strings.Join(strings.Fields(a.screen()), " ")
	for _, w := range words {
		if strings.Contains(screen, w) {
			a.t.Fatalf("the screen says %q:\n%s", w, a.screen())
		}
	}
}

// TestARuleIsSilencedBeforeItFires silences what is planned, reads it from the list of alerts, and takes it back.
func TestARuleIsSilencedBeforeItFires(t *testing.T) {
	rules := func() []string { return []string{"OriginErrors", "OriginSlow"} }
	inRuled(t, rules, func(t *testing.T, a *armoury, clock *sources.ManualClock) {
		a.command("silence OriginErors 30m the purge is planned")
		a.reads(`no rule "OriginErors"; did you mean "OriginErrors"?`)
		a.press(tea.KeyPressMsg{Code: tea.KeyEscape})
		a.command("silence OriginErrors off")
		a.reads("origin errors is not silenced")
		a.press(tea.KeyPressMsg{Code: tea.KeyEscape})
		a.command("silence OriginErrors 5d the purge is planned")
		a.reads("for how long?")
		a.press(tea.KeyPressMsg{Code: tea.KeyEscape})
		a.command("silence OriginErrors 30m the purge is planned")
		a.reads("silenced until", "whatever it will be about: origin errors")
		want := alerts.Response{Did: alerts.Silenced, Rule: "OriginErrors", Until: clock.Now().Add(30 * time.Minute), Why: "the purge is planned"}
		if diff := cmp.Diff([]alerts.Response{want}, a.responses()); diff != "" {
			t.Fatalf("the record (-want +got):\n%s", diff)
		}
		a.typing("A")
		a.reads("OriginErrors silenced until")
		a.tells(errorsOf(alerts.Firing, clock.Now()))
		a.reads("1 silenced", "silenced by mia")
		a.tells(errorsOf(alerts.Resolved, clock.Now()))
		a.command("silence OriginErrors off")
		a.reads("it wakes people again: origin errors")
		a.lacks("OriginErrors silenced until")
	})
}

// TestAnotherOwnerIsTakenOver tells whose an alert was.
func TestAnotherOwnerIsTakenOver(t *testing.T) {
	inAlert(t, func(t *testing.T, a *armoury, clock *sources.ManualClock) {
		firing := errorsOf(alerts.Firing, clock.Now())
		a.tells(firing)
		c, err := alerts.Response{Did: alerts.Owned, Key: alerts.Key(firing.Rule, prodALB, nil)}.Change("leo", clock.Now(), prodALB)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.tape.AppendChange(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		a.send(advanced)
		a.reads("leo has it")
		a.command("own")
		a.reads("taken over from leo", "mia has it")
	})
}

// TestAlertsAreThoseOfTheTimeThatIsShown pauses and scrubs back before the alert, while live goes on.
func TestAlertsAreThoseOfTheTimeThatIsShown(t *testing.T) {
	inAlert(t, func(t *testing.T, a *armoury, clock *sources.ManualClock) {
		old := errorsOf(alerts.Firing, t0.Add(-3*time.Hour)) // older than all that the window holds
		old.Rule, old.Summary = "DiskFull", "nobody looked for hours"
		a.tells(old, errorsOf(alerts.Firing, clock.Now().Add(-3*time.Minute)))
		a.reads("2 pages ✖", "disk full prod", "origin errors prod")
		a.press(tea.KeyPressMsg{Code: tea.KeyLeft, Mod: tea.ModShift})
		a.reads("1 page ✖", "disk full prod")
		a.lacks("origin errors prod")
		a.typing("E")
		a.reads("origin errors prod: prod answers with 5xx", "2 pages ✖")
		a.typing("E")
		a.reads("no alert after this one")
		a.typing("e")
		a.reads("disk full prod: nobody looked")
		a.typing("L")
		a.press(tea.KeyPressMsg{Code: tea.KeySpace, Text: " "})
		clock.Advance(time.Second)
		late := errorsOf(alerts.Firing, clock.Now())
		late.Rule = "Late"
		a.tells(late)
		a.reads("live goes on, 1 new page", "2 pages ✖")
	})
}

// TestAReplayTakesNoAnswers shows the alerts of then, and refuses the rest with a word.
func TestAReplayTakesNoAnswers(t *testing.T) {
	o, f := replay(t, t0.Add(10*time.Minute))
	tell(t, f, errorsOf(alerts.Firing, t0.Add(-time.Minute)), errorsOf(alerts.Resolved, t0.Add(5*time.Minute)))
	o.Operator = "mia"
	synctest.Test(t, func(t *testing.T) {
		a := &armoury{hand: newHand(t, o, 120, 40), tape: f}
		a.reads("1 page ✖", "origin errors prod")
		for _, key := range []string{"o", "s"} {
			a.typing(key)
			a.reads("this is a replay: it shows who had what, and takes no answers")
		}
		a.command("silence 10m why")
		a.reads("takes no answers")
		a.press(tea.KeyPressMsg{Code: tea.KeyEscape}, tea.KeyPressMsg{Code: tea.KeyEscape}, rune1('A'), rune1('G'))
		if len(a.responses()) != 0 || len(a.raw) != 0 {
			t.Fatalf("a replay has recorded %v and written %q", a.responses(), a.raw)
		}
	})
}

// TestWhatFollowsIsListedUnderItsRoot counts a cascade as one.
func TestWhatFollowsIsListedUnderItsRoot(t *testing.T) {
	inAlert(t, func(t *testing.T, a *armoury, clock *sources.ManualClock) {
		root := errorsOf(alerts.Firing, clock.Now().Add(-2*time.Minute))
		root.Rule, root.Resource, root.Summary, root.Judged = "DatabaseCeiling", sources.Ref{Service: "aurora", Name: "main"}, "main is full", nil
		below := errorsOf(alerts.Firing, clock.Now())
		below.Page, below.Under = false, alerts.Key(root.Rule, root.Resource, nil)
		a.tells(root, below)
		a.reads("1 page ✖", "database ceiling main +1", "load balancer prod ─", "warn ▲")
		a.lacks("origin errors prod")
		a.typing("A")
		a.reads("└ origin errors prod", "1 following", "explains: origin errors prod")
		a.typing("j")
		a.reads("follows from: database ceiling main")
	})
}

// TestTheBellRingsOnce counts the bells of a launch.
func TestTheBellRingsOnce(t *testing.T) {
	to := t0.Add(10 * time.Minute)
	o, f, _ := live(t, to)
	tell(t, f, errorsOf(alerts.Firing, to.Add(-time.Minute)))
	o.Alarm.Notify = tui.NotifierFor(environ(map[string]string{"TERM_PROGRAM": "iTerm.app"}), nil)
	synctest.Test(t, func(t *testing.T) {
		clock := sources.NewManualClock(to)
		o.Clock = clock
		x := newHand(t, o, 120, 40)
		rings := func(want int, when string) {
			t.Helper()
			if got := strings.Count(strings.Join(x.raw, ""), "\a"); got != want {
				t.Fatalf("%s: %d bells, want %d: %q", when, got, want, x.raw)
			}
		}
		rings(0, "one that was there before")
		page := errorsOf(alerts.Firing, clock.Now())
		page.Rule, page.Summary = "SlowLogins", "evil\x1b]0;owned\x07;\\ text"
		tell(t, f, page)
		x.send(advanced)
		rings(1, "a new one")
		for range 5 {
			clock.Advance(time.Second)
			x.send(tui.Tick(x.model))
			x.send(advanced)
		}
		rings(1, "ticks")
		if said := strings.Join(x.raw, ""); said != "\a\x1b]9;warroom Lottery: slow logins prod: evil,/ text\x1b\\" {
			t.Fatalf("notified by %q", said)
		}
		warn, follows := page, page
		warn.Rule, warn.Severity, warn.Page = "Warn", alerts.Warn, false
		follows.Rule, follows.Page, follows.Under = "Follows", false, alerts.Key(page.Rule, prodALB, nil)
		tell(t, f, warn, follows)
		x.send(advanced)
		rings(1, "what wakes nobody")
		c, err := alerts.Response{Did: alerts.Silenced, Rule: "Quiet", Until: clock.Now().Add(time.Hour)}.Change("leo", clock.Now(), prodALB)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.AppendChange(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		quiet := page
		quiet.Rule = "Quiet"
		tell(t, f, quiet)
		x.send(advanced)
		rings(1, "one that is silenced")
		one, two := page, page
		one.Rule, two.Rule = "One", "Two"
		tell(t, f, one, two)
		x.press(tea.KeyPressMsg{Code: tea.KeyLeft, Mod: tea.ModShift}) // while somebody looks back
		x.send(advanced)
		rings(2, "two at once")
		x.press(rune1('L'))
		x.send(advanced)
		rings(2, "afterwards")
	})
}

// TestMuted writes nothing beside the screen where the config says so.
func TestMuted(t *testing.T) {
	to := t0.Add(10 * time.Minute)
	o, f, _ := live(t, to)
	o.Alarm.Mute = true
	synctest.Test(t, func(t *testing.T) {
		x := newHand(t, o, 120, 40)
		tell(t, f, errorsOf(alerts.Firing, to))
		x.send(advanced)
		if len(x.raw) != 0 || !strings.Contains(x.frame(), "origin errors prod") {
			t.Fatalf("written is %q", x.raw)
		}
	})
}

func environ(of map[string]string) func(string) string {
	return func(name string) string { return of[name] }
}

// TestNotifierFor knows the terminals that notify, and says nothing to others, for they might print it.
func TestNotifierFor(t *testing.T) {
	tmux := func(passes, terminal string) func(string) string {
		return func(format string) string {
			if strings.Contains(format, "passthrough") {
				return passes
			}
			return terminal
		}
	}
	none := func(string) string { t.Helper(); t.Error("tmux is asked outside of tmux"); return "" }
	for name, test := range map[string]struct {
		env  map[string]string
		ask  func(string) string
		want string
	}{
		"iTerm":               {map[string]string{"TERM_PROGRAM": "iTerm.app", "TERM": "xterm-256color"}, none, "\x1b]9;a: b\x1b\\"},
		"iTerm by ssh":        {map[string]string{"LC_TERMINAL": "iTerm2", "TERM": "xterm-256color"}, none, "\x1b]9;a: b\x1b\\"},
		"kitty":               {map[string]string{"TERM": "xterm-kitty"}, none, "\x1b]99;i=warroom:d=0;a\x1b\\\x1b]99;i=warroom:p=body;b\x1b\\"},
		"foot":                {map[string]string{"TERM": "foot"}, none, "\x1b]777;notify;a;b\x1b\\"},
		"WezTerm":             {map[string]string{"TERM_PROGRAM": "WezTerm"}, none, "\x1b]777;notify;a;b\x1b\\"},
		"xterm":               {map[string]string{"TERM": "xterm-256color"}, none, ""},
		"Apple":               {map[string]string{"TERM_PROGRAM": "Apple_Terminal", "TERM": "xterm-256color"}, none, ""},
		"tmux, not allowed":   {map[string]string{"TMUX": "/tmp/x,1,0", "TERM": "tmux-256color"}, tmux("off", "WezTerm 2024"), ""},
		"tmux, old":           {map[string]string{"TMUX": "/tmp/x,1,0", "TERM": "tmux-256color"}, tmux("", ""), ""},
		"tmux, allowed":       {map[string]string{"TMUX": "/tmp/x,1,0", "TERM": "tmux-256color"}, tmux("on", "WezTerm 2024 xterm-256color"), "\x1bPtmux;\x1b\x1b]777;notify;a;b\x1b\x1b\\\x1b\\"},
		"tmux, one that none": {map[string]string{"TMUX": "/tmp/x,1,0", "TERM_PROGRAM": "tmux"}, tmux("all", "xterm-256color"), ""},
	} {
		if got := tui.Notification(tui.NotifierFor(environ(test.env), test.ask), "a", "b"); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// TestSilencesAreBounded refuses what is no time ahead.
func TestSilencesAreBounded(t *testing.T) {
	inAlert(t, func(t *testing.T, a *armoury, clock *sources.ManualClock) {
		a.tells(errorsOf(alerts.Firing, clock.Now()))
		for text, want := range map[string]string{
			"silence x": "for how long?", "silence -5m": "is over already", "silence 90h": "at most", "silence until T-1m": "outside", "silence off": "is not silenced",
			"silence until": "write T-5m", "own Nothing": "no alert",
		} {
			a.command(text)
			a.reads(want)
			a.press(tea.KeyPressMsg{Code: tea.KeyEscape})
		}
		if n := len(a.responses()); n != 0 {
			t.Fatalf("%d responses are recorded", n)
		}
		a.command("silence OriginErrors until T+30m the ad break")
		a.reads("1 silenced")
		r := a.responses()
		if len(r) != 1 || !r[0].Until.Equal(t0.Add(30*time.Minute)) || r[0].Why != "the ad break" || r[0].Rule != "OriginErrors" || r[0].Resource != "alb/prod" {
			t.Fatalf("recorded is %+v", r)
		}
		clock.Advance(21 * time.Minute)
		a.send(tui.Tick(a.model))
		a.reads("1 page ✖") // it is over by itself
	})
}

// TestOnlyAnAlertPages: where rules are judged a tile's own threshold is worth a look, no more.
func TestOnlyAnAlertPages(t *testing.T) {
	for _, judged := range []bool{false, true} {
		o, _, _ := live(t, t0.Add(10*time.Minute))
		o.Judged = judged
		synctest.Test(t, func(t *testing.T) {
			x := newHand(t, o, 120, 40)
			frame := x.frame()
			if strings.Contains(frame, "1 page") == judged || !judged && strings.Contains(frame, "1 warn") || judged && !strings.Contains(frame, "1 warn") {
				t.Errorf("judged %v:\n%s", judged, frame)
			}
		})
	}
}

// TestTheKeysOfAnAlertAreFree: on a runbook's page s leaves a step out, elsewhere it silences; nothing else is on one key.
func TestTheKeysOfAnAlertAreFree(t *testing.T) {
	if _, err := tui.CheckKeys(nil); err != nil {
		t.Error(err)
	}
	for _, rebind := range []map[string]string{{"own": "s"}, {"silence": "b"}, {"skip-step": "o"}} {
		if _, err := tui.CheckKeys(rebind); err == nil {
			t.Errorf("%v passes", rebind)
		}
	}
	if _, err := tui.CheckKeys(map[string]string{"silence": "S"}); err != nil {
		t.Error(err)
	}
}

// TestTheBellLeavesTheScreenAlone rings in a terminal: what is beside the screen goes by it, and the screen stays whole.
func TestTheBellLeavesTheScreenAlone(t *testing.T) {
	o, f, clock := live(t, t0.Add(10*time.Minute))
	o.Alarm.Notify = tui.NotifierFor(environ(map[string]string{"TERM": "foot"}), nil)
	term := newTerminal(t, 120, 40)
	heard := &wiretap{}
	term.wire = io.MultiWriter(term, heard)
	term.run(t.Context(), tui.New(themed(o)))
	term.see("LIVE", "load balancer prod")
	page := errorsOf(alerts.Firing, clock.Now())
	page.Summary = strings.Repeat("a long story ", 20)
	tell(t, f, page)
	term.program.Send(advanced)
	term.see("origin errors prod", "nobody has it")
	heard.hears(t, "\a\x1b]777;notify;warroom Lottery;origin errors prod: a long story")
	before := term.text()
	term.press("?")
	term.see("TILES AND PAGES")
	term.press("esc")
	term.until("the grid does not come back", func(text string) bool { return text == before })
	if n := heard.count("\x1b]777;"); n != 1 {
		t.Errorf("notified %d times", n)
	}
}

// wiretap keeps what goes to a terminal.
type wiretap struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *wiretap) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *wiretap) count(what string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Count(w.text.String(), what)
}

// hears waits for something to be written.
func (w *wiretap) hears(t *testing.T, what string) {
	t.Helper()
	for until := time.Now().Add(patience); w.count(what) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%q was never written", what)
		}
	}
}

// TestWhatIsSilentIsOneLine: however many rules a silent resource leaves without data, the page has one line of it.
func TestWhatIsSilentIsOneLine(t *testing.T) {
	inAlert(t, func(_ *testing.T, a *armoury, clock *sources.ManualClock) {
		var dead []alerts.Transition
		for _, rule := range []string{"OriginErrors", "OriginSlow", "TargetsUnreachable"} {
			tr := errorsOf(alerts.NoData, clock.Now())
			tr.Rule, tr.From, tr.Value, tr.Judged, tr.Why = rule, alerts.Firing, nil, nil, `alb_requests{resource="prod"} is silent since 20:10 CET`
			live := errorsOf(alerts.Firing, clock.Now().Add(-time.Minute))
			live.Rule = rule
			dead = append(dead, live, tr)
		}
		a.tells(dead...)
		a.reads("1 blind !")
		a.lacks("3 blind !")
		a.typing("A")
		a.reads("origin errors prod +2 rules", "no data ?", "is silent since 20:10 CET")
		a.lacks("origin slow prod", "targets unreachable prod")
	})
}

// TestWhatRecoversSaysWhatItWas: the sentence of an alert that recovers is of then, and stands beside what is measured now.
func TestWhatRecoversSaysWhatItWas(t *testing.T) {
	inAlert(t, func(_ *testing.T, a *armoury, clock *sources.ManualClock) {
		a.tells(errorsOf(alerts.Firing, clock.Now().Add(-time.Minute)))
		a.lacks("was: ")
		a.reads("now 97,026/min · prod answers with 5xx")
		recovering := errorsOf(alerts.Recovering, clock.Now())
		recovering.From, recovering.Page, recovering.Value, recovering.Judged = alerts.Firing, false, nil, nil
		a.tells(recovering)
		a.reads("origin errors prod recovering", "now 97,026/min · was: prod answers with 5xx")
	})
}

// TestOneLineNamesOneValue: what is measured now is told from what an alert's sentence says of when it was judged, on its line, on
// its tile and on its page; where both are the same it stands there once.
func TestOneLineNamesOneValue(t *testing.T) {
	inAlert(t, func(_ *testing.T, a *armoury, clock *sources.ManualClock) {
		slow := errorsOf(alerts.Firing, clock.Now())
		slow.Rule, slow.Severity, slow.Page, slow.Summary = "TargetErrors", alerts.Page, true, "prod: 81,234 errors/min"
		slow.Judged[0].Series.Metric = "alb_requests"
		a.tells(slow)
		a.reads("target errors prod now ", "/min · prod: 81,234 errors/min")
		same := errorsOf(alerts.Firing, clock.Now())
		same.Rule, same.Summary = "OriginErrors", "prod answers 97,026/min with 5xx"
		a.tells(same)
		a.reads("origin errors prod prod answers 97,026/min with 5xx")
		a.lacks("now 97,026")
		a.typing("A")
		a.enter()
		a.reads("now 97,026/min · runbook")
	})
}
