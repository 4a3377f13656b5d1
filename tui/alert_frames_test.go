package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"warroom/alerts"
	"warroom/sources"
	"warroom/sources/recording"
	"warroom/tui"
	"warroom/tui/theme"
)

// busyRoom is the launch of these tests with a fleet and a database that fill up, and alerts in every state.
func busyRoom(t *testing.T) (tui.Options, *sources.ManualClock) {
	to := t0.Add(10 * time.Minute)
	meta := launchMeta()
	meta.Resources = append(meta.Resources, sources.Resource{Ref: sources.Ref{Service: "asg", Name: "web"}}, sources.Resource{Ref: sources.Ref{Service: "aurora", Name: "main"}})
	f, err := recording.Create(t.TempDir()+"/lottery.warroom", meta)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	write(t, f, t0.Add(-40*time.Minute), to)
	var b sources.Batch
	for at := t0.Add(-30 * time.Minute); at.Before(to); at = at.Add(time.Minute) {
		m := max(at.Sub(t0).Minutes(), 0)
		for metric, value := range map[string]float64{
			"aurora_acu": 16 + 4*m, "aurora_acu_max": 64, "aurora_connections": 400 + 10*m, "aurora_connections_max": 5000, "aurora_cpu_ratio": 0.4,
			"asg_desired": 12 + 4*min(float64(int(m/3)), 1), "asg_in_service": 12 + 4*min(float64(int(m/6)), 1), "asg_max": 24, "asg_cpu_ratio": 0.5,
		} {
			resource := "web"
			if metric[:3] == "aur" {
				resource = "main"
			}
			b.Samples = append(b.Samples, sources.Sample{Series: sources.Series{Metric: metric, Resource: resource}, At: at, Seen: at.Add(time.Minute), Value: value})
		}
	}
	for _, a := range busyAlerts(to) {
		b.Changes = append(b.Changes, alerted(t, a))
	}
	for _, r := range []alerts.Response{
		{Did: alerts.Owned, Key: alerts.Key("DatabaseCeiling", sources.Ref{Service: "aurora", Name: "main"}, nil)},
		{Did: alerts.Silenced, Rule: "HitRatioDrop", Resource: "cloudfront/site", Until: to.Add(25 * time.Minute), Why: "the purge is planned"},
	} {
		c, err := r.Change("leo", to.Add(-time.Minute), sources.Ref{})
		if err != nil {
			t.Fatal(err)
		}
		b.Changes = append(b.Changes, c)
	}
	if err := f.Append(t.Context(), sources.Reading{Source: "test", At: to, Batch: b}); err != nil {
		t.Fatal(err)
	}
	clock := sources.NewManualClock(to)
	return tui.Options{Tape: f, Meta: meta, Clock: clock, Operator: "mia", Path: "lottery.warroom", Judged: true}, clock
}

// busyAlerts are a cascade, one that is silenced, one that is pending, one that nobody can judge, and one that is over.
func busyAlerts(to time.Time) []alerts.Transition {
	database, fleet, edge := sources.Ref{Service: "aurora", Name: "main"}, sources.Ref{Service: "asg", Name: "web"}, sources.Ref{Service: "cloudfront", Name: "site"}
	root := errorsOf(alerts.Firing, to.Add(-3*time.Minute))
	root.Rule, root.Resource, root.Summary, root.Words, root.Runbook = "DatabaseCeiling", database, "main meets its highest ACU soon", "the wall is nearer than 15 minutes", "db-ceiling"
	root.Judged = []alerts.Judged{{Series: sources.Series{Metric: "aurora_acu", Resource: "main"}, Points: []sources.Point{{At: to.Add(-5 * time.Minute), Value: 36}, {At: to.Add(-4 * time.Minute), Value: 40}}}}
	below := errorsOf(alerts.Firing, to.Add(-2*time.Minute))
	below.Page, below.Under = false, alerts.Key(root.Rule, root.Resource, nil)
	quiet := errorsOf(alerts.Firing, to.Add(-6*time.Minute))
	quiet.Rule, quiet.Resource, quiet.Severity, quiet.Page, quiet.Summary, quiet.Judged = "HitRatioDrop", edge, alerts.Warn, false, "less is answered at the edge", nil
	pending := errorsOf(alerts.Pending, to.Add(-time.Minute))
	pending.Rule, pending.Resource, pending.Severity, pending.Summary, pending.Words, pending.Judged = "FleetCeiling", fleet, alerts.Warn, "web wants 67% of its maximum", "asg_used_ratio > 0.6", nil
	dead := errorsOf(alerts.NoData, to.Add(-time.Minute))
	dead.Rule, dead.From, dead.Value, dead.Judged, dead.Why = "OriginSlow", alerts.Inactive, nil, nil, `alb_latency_p95_seconds{resource="prod"} is silent since 20:10 CET`
	over, gone := errorsOf(alerts.Firing, t0.Add(-20*time.Minute)), errorsOf(alerts.Resolved, t0.Add(-12*time.Minute))
	over.Rule, gone.Rule = "BadDeploy", "BadDeploy"
	return []alerts.Transition{over, gone, quiet, root, below, pending, dead}
}

// TestFramesOfAlertsAndCeilings are the pages at every size, with and without what a poor terminal lacks.
func TestFramesOfAlertsAndCeilings(t *testing.T) {
	for _, page := range []struct{ name, keys string }{{"grid", ""}, {"alerts", "A"}, {"alert", "A\r"}, {"alert-judged", "Aj\r"}, {"ceilings", "C"}, {"silence", "As"}} {
		for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}, {60, 15}} {
			for _, ascii := range []bool{false, true} {
				if ascii && size[0] > 120 {
					continue
				}
				name := fmt.Sprintf("%s-%dx%d", page.name, size[0], size[1])
				if ascii {
					name += "-ascii"
				}
				t.Run(name, func(t *testing.T) {
					o, _ := busyRoom(t)
					o.ASCII = ascii
					synctest.Test(t, func(t *testing.T) {
						o.Now = func() time.Time { return t0 }
						o.Theme = theme.New(true, colorprofile.NoTTY)
						bare := typed(t, o, size, page.keys)
						o.Theme = theme.New(false, colorprofile.TrueColor)
						if got := ansi.Strip(typed(t, o, size, page.keys)); got != ansi.Strip(bare) {
							t.Errorf("colours change the characters:\n%s", got)
						}
						for i, line := range strings.Split(bare, "\n") {
							if w := ansi.StringWidth(line); w != size[0] {
								t.Errorf("line %d is %d columns wide", i, w)
							}
						}
						if at := strings.IndexFunc(bare, func(r rune) bool { return r >= 0x80 }); ascii && at >= 0 {
							t.Errorf("not ASCII: %q", bare[at:at+8])
						}
						golden.RequireEqual(t, ansi.Strip(bare)+"\n")
					})
				})
			}
		}
	}
}

// typed is the screen after some keys.
func typed(t *testing.T, o tui.Options, size [2]int, keys string) string {
	x := &hand{t: t, model: tui.New(o)}
	x.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
	x.run(x.model.Init())
	for _, k := range keys {
		if k == '\r' {
			x.press(tea.KeyPressMsg{Code: tea.KeyEnter})
			continue
		}
		x.press(rune1(k))
	}
	return x.frame()
}

// TestPagesOfAlertsStayInTheirArea draws them at every size.
func TestPagesOfAlertsStayInTheirArea(t *testing.T) {
	o, _ := busyRoom(t)
	synctest.Test(t, func(t *testing.T) {
		for _, keys := range []string{"A", "A\r", "Aj\r", "C"} {
			x := newHand(t, o, 200, 60)
			for _, k := range keys {
				if k == '\r' {
					x.press(tea.KeyPressMsg{Code: tea.KeyEnter})
					continue
				}
				x.press(rune1(k))
			}
			x.frame()
			for w := 0; w <= 160; w += 9 {
				for h := 0; h <= 44; h += 3 {
					if out := tui.Spill(x.model, 180, 50, tui.Rect{X: 7, Y: 3, W: w, H: h}); out != "" {
						t.Fatalf("%q in %dx%d: beside the area stands %q", keys, w, h, out)
					}
				}
			}
		}
	})
}
