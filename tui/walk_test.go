package tui_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"pgregory.net/rapid"

	"warroom/alerts"
	"warroom/sources"
	"warroom/tui"
)

// walkKeys are keys that a hand may press, but for those that leave.
var walkKeys = []tea.KeyPressMsg{
	{Code: tea.KeySpace, Text: " "}, {Code: tea.KeyLeft}, {Code: tea.KeyRight}, {Code: tea.KeyLeft, Mod: tea.ModShift}, {Code: tea.KeyRight, Mod: tea.ModShift},
	{Code: tea.KeyEnter}, {Code: tea.KeyEscape}, {Code: tea.KeyTab}, {Code: tea.KeyTab, Mod: tea.ModShift}, {Code: tea.KeyUp}, {Code: tea.KeyDown},
	{Code: tea.KeyBackspace}, {Code: tea.KeyPgDown}, {Code: tea.KeyPgUp}, {Code: tea.KeyHome}, {Code: tea.KeyEnd}, {Code: tea.KeyDelete}, {Code: tea.KeyF1},
	{Code: 'l', Mod: tea.ModCtrl}, {Code: 'w', Mod: tea.ModCtrl}, {Code: 'u', Mod: tea.ModCtrl},
}

func init() {
	for _, r := range "hjklnNgGLJTx<>[],./:+?0123456789tmrsbACoeE é世" {
		walkKeys = append(walkKeys, rune1(r))
	}
}

func TestAnyWalkKeepsTheCursorInTheSpan(t *testing.T) {
	for _, mode := range []tui.Mode{tui.Live, tui.Replay} {
		o, f, clock := live(t, t0.Add(10*time.Minute))
		o.Runbooks = bookshelf(t, map[string]string{"trouble": bookText})
		o.Mode = mode
		if mode == tui.Replay {
			o.At = &t0
		}
		rapid.Check(t, func(r *rapid.T) {
			synctest.Test(t, func(t *testing.T) { walk(t, r, o, f, clock, mode) })
		})
	}
}

func walk(t *testing.T, r *rapid.T, o tui.Options, f tui.Tape, clock *sources.ManualClock, mode tui.Mode) {
	x := newHand(t, o, rapid.IntRange(1, 220).Draw(r, "width"), rapid.IntRange(1, 70).Draw(r, "height"))
	for range rapid.IntRange(1, 60).Draw(r, "steps") {
		switch rapid.IntRange(0, 12).Draw(r, "what") {
		case 0:
			x.send(advanced)
		case 1:
			x.send(tui.Tick(x.model))
		case 2:
			x.send(tea.WindowSizeMsg{Width: rapid.IntRange(1, 220).Draw(r, "w"), Height: rapid.IntRange(1, 70).Draw(r, "h")})
		case 3:
			x.send(tea.PasteMsg{Content: rapid.String().Draw(r, "paste")})
		default:
			x.press(rapid.SampledFrom(walkKeys).Draw(r, "key"))
		}
		x.frame()
		at, from, to := tui.Cursor(x.model)
		if at.Before(from) || at.After(to) {
			r.Fatalf("the cursor is at %s, outside of %s to %s", at, from, to)
		}
	}
	x.press(tea.KeyPressMsg{Code: tea.KeyEscape}, tea.KeyPressMsg{Code: tea.KeyEscape}, rune1('L'))
	if mode == tui.Replay {
		return
	}
	if !tui.Following(x.model) {
		r.Fatal("L did not go back to live")
	}
	space := tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
	x.press(space)
	if tui.Following(x.model) {
		r.Fatal("Space did not pause")
	}
	x.press(space)
	if at, _, _ := tui.Cursor(x.model); !tui.Following(x.model) || !at.Equal(clock.Now()) {
		r.Fatal("Space did not resume at now")
	}
}

func TestHostileTextStaysText(t *testing.T) {
	for _, evil := range []string{
		"\x1b]0;owned\x07", "\x1b[2J\x1b[H", "\x9b31m", "\x90q\x9c", "\u202eevil", "\x1bPq\x1b\\", "a\rb\nc\x08", "\xff\xfe\xc0", "e\u0301\u0301\u0301\u0301\u0301\u0301",
		"\u200b\u200d\u2066x\u2069", "\x1b[5n\x1b[6n", strings.Repeat("W", 5000),
	} {
		t.Run("", func(t *testing.T) { hostile(t, evil) })
	}
}

// hostile puts a text into everything that comes from outside and looks at every page for what may act on a terminal.
func hostile(t *testing.T, evil string) {
	o, f, clock := live(t, t0.Add(10*time.Minute))
	o.Alarm.Notify = tui.NotifierFor(environ(map[string]string{"TERM": "foot"}), nil)
	o.Operator, o.Path, o.Story = evil, "/tmp/"+evil, evil
	o.Meta.Environment, o.Meta.Launch.Name = evil, evil
	o.Meta.Launch.Phases = append(o.Meta.Launch.Phases, sources.Phase{Name: evil, At: "T+1m"})
	o.Meta.Launch.Marks = append(o.Meta.Launch.Marks, sources.Mark{At: "T+2m", Kind: evil, Note: evil, Peak: evil})
	ref := sources.Ref{Service: "alb", Name: "prod"}
	o.Meta.Resources = append(o.Meta.Resources, sources.Resource{Ref: sources.Ref{Service: "alb", Name: evil}, ID: evil, Region: evil})
	b := sources.Batch{
		Facts: []sources.Fact{
			{Resource: ref, Name: "state", Value: evil, Seen: clock.Now()}, {Resource: ref, Name: evil, Value: evil, Seen: clock.Now()},
			sources.SeriesFact(albErrors, sources.Trouble{Kind: sources.Failed, Text: evil}, clock.Now()),
			{Resource: sources.Ref{Service: "room", Name: "aws"}, Name: "identity", Value: evil, Seen: clock.Now()},
		},
		Changes: []sources.Change{{At: clock.Now(), Seen: clock.Now(), Kind: evil, Resource: ref, Actor: evil, Text: evil}},
		Samples: []sources.Sample{{Series: sources.Series{Metric: "alb_requests", Resource: "prod", Label: evil}, At: t0, Seen: clock.Now(), Value: 1}},
	}
	firing := errorsOf(alerts.Firing, clock.Now())
	firing.Rule, firing.Summary, firing.Words, firing.Runbook, firing.Why, firing.Labels = evil, evil, evil, evil, evil, map[string]string{evil: evil}
	firing.Judged[0].Series.Label = evil
	silence, err := alerts.Response{Did: alerts.Silenced, Rule: "Quiet", Why: evil, Until: clock.Now().Add(time.Hour)}.Change(evil, clock.Now(), ref)
	if err != nil {
		t.Fatal(err)
	}
	quiet := errorsOf(alerts.Firing, clock.Now())
	quiet.Rule = "Quiet"
	owned, err := alerts.Response{Did: alerts.Owned, Key: alerts.Key(evil, prodALB, firing.Labels)}.Change(evil, clock.Now(), ref)
	if err != nil {
		t.Fatal(err)
	}
	b.Changes = append(b.Changes, alerted(t, firing), alerted(t, quiet), silence, owned)
	o.Tape = &tapeWith{Tape: f, extra: b}
	synctest.Test(t, func(t *testing.T) {
		x := newHand(t, o, 160, 50)
		harmless(t, "grid", x.frame())
		harmless(t, "title", x.model.View().WindowTitle)
		for _, k := range "2TACAj\rjkAjs\x1bA?/" {
			press := rune1(k)
			switch k {
			case '\r':
				press = tea.KeyPressMsg{Code: tea.KeyEnter}
			case '\x1b':
				press = tea.KeyPressMsg{Code: tea.KeyEscape}
			}
			x.press(press)
			harmless(t, string(k), x.frame())
			if k == '\r' && !strings.Contains(x.frame(), "WHAT IT WENT THROUGH") {
				t.Fatalf("no alert is open:\n%s", x.frame())
			}
		}
		x.send(tea.PasteMsg{Content: evil})
		harmless(t, "paste into the filter", x.frame())
		x.press(tea.KeyPressMsg{Code: tea.KeyEnter}, rune1(':'))
		x.send(tea.PasteMsg{Content: "goto " + evil})
		x.press(tea.KeyPressMsg{Code: tea.KeyEnter})
		harmless(t, "an error", x.frame())
		x.press(tea.KeyPressMsg{Code: tea.KeyEscape}, rune1(']'), rune1('['))
		harmless(t, "a mark's name", x.frame())
	})
}

// harmless accepts printable text, newlines and SGR, and nothing else.
func harmless(t *testing.T, where, frame string) {
	t.Helper()
	for i := 0; i < len(frame); i++ {
		c := frame[i]
		switch {
		case c == 0x1b:
			end := strings.IndexByte(frame[i:], 'm')
			if end < 0 || frame[i+1] != '[' || strings.Trim(frame[i+2:i+end], "0123456789;") != "" {
				t.Fatalf("%s: a sequence that is no SGR: %q", where, frame[i:min(i+20, len(frame))])
			}
			i += end
		case c < ' ' && c != '\n' || c == 0x7f:
			t.Fatalf("%s: control character %#x", where, c)
		}
	}
	for _, r := range frame {
		if r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200b || r == 0x200d {
			t.Fatalf("%s: %U may act on a terminal", where, r)
		}
	}
	if where == "title" && strings.Contains(frame, "\x1b") {
		t.Fatalf("an escape in the title: %q", frame)
	}
}
