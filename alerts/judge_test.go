package alerts

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"warroom/sources"
	"warroom/sources/query"
)

var t0 = time.Date(2026, 3, 1, 19, 15, 0, 0, time.UTC)

// courtroom is a judge with what it has seen, minute by minute from t0 on.
type courtroom struct {
	*testing.T
	judge   *Judge
	rules   *Rules
	window  *sources.Window
	deriver *query.Deriver
	launch  *sources.Launch
	past    []sources.Change
}

func court(t *testing.T, rules string, launch *sources.Launch) *courtroom {
	t.Helper()
	read, err := Read("rules.yaml", []byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	c := &courtroom{T: t, rules: read, window: sources.NewWindow(Lookback), deriver: query.NewDeriver(), launch: launch}
	c.appoint()
	return c
}

// appoint puts a new judge in the place of the old one, as another process does.
func (c *courtroom) appoint() {
	c.Helper()
	var err error
	if c.judge, err = NewJudge(c.rules, c.launch); err != nil {
		c.Fatal(err)
	}
	c.judge.Restore(c.past)
}

// see puts in values of the minutes from first on, each seen when it has settled; "_" is asked and nothing there, "x" never
// asked.
func (c *courtroom) see(metric, resource string, first int, values string) {
	c.Helper()
	m, ok := sources.Lookup(metric)
	if !ok {
		c.Fatalf("no metric %s", metric)
	}
	for i, word := range strings.Fields(values) {
		at := t0.Add(time.Duration(first+i) * time.Minute)
		s := sources.Sample{Series: sources.Series{Metric: metric, Resource: resource}, At: at, Seen: at.Add(m.Period + m.Settle)}
		switch word {
		case "x":
			continue
		case "_":
			s.None = true
		default:
			if _, err := fmt.Sscan(word, &s.Value); err != nil {
				c.Fatal(err)
			}
		}
		c.window.Apply(sources.Batch{Samples: []sources.Sample{s}})
	}
}

// at judges at a minute after t0, and tells what changed as "alert resource: from to", with a star where it pages.
func (c *courtroom) at(minute float64) []string {
	c.Helper()
	return c.on(c.launchTime(minute))
}

func (c *courtroom) launchTime(minute float64) time.Time {
	return t0.Add(time.Duration(minute * float64(time.Minute)))
}

func (c *courtroom) on(now time.Time) []string {
	c.Helper()
	found, err := c.judge.Judge(c.Context(), c.deriver.View(c.window, sources.Cursor{At: now}))
	if err != nil {
		c.Fatal(err)
	}
	out := []string{}
	for i := range found {
		t := &found[i]
		change, err := t.Change()
		if err != nil {
			c.Fatal(err)
		}
		change.Seq = int64(len(c.past) + 1)
		c.past = append(c.past, change)
		line := fmt.Sprintf("%s %s: %s → %s", t.Rule, t.Resource.Name, t.From, t.To)
		if t.Page {
			line += " *"
		}
		if t.Under != "" {
			rule, _, _ := cut(t.Under)
			line += " under " + rule
		}
		out = append(out, line)
	}
	return out
}

func (c *courtroom) want(minute float64, lines ...string) {
	c.Helper()
	if diff := cmp.Diff(append([]string{}, lines...), c.at(minute)); diff != "" {
		c.Errorf("at minute %g (-want +got):\n%s", minute, diff)
	}
}

const slow = `
groups:
  - name: origin
    rules:
      - alert: Slow
        expr: alb_latency_p95_seconds > 1
        for: 2m
        keep_firing_for: 2m
        labels: {severity: page}
        annotations: {summary: "{{ $labels.resource }} takes {{ $value | humanizeDuration }}", runbook: origin-slow}
`

// TestAlertGoesThroughItsStates: each state lasts as long as the rule says, in the time of the data, whenever the data come.
func TestAlertGoesThroughItsStates(t *testing.T) {
	c := court(t, slow, nil)
	c.see("alb_latency_p95_seconds", "prod", 0, "0.2 2 2 2 2 0.2 0.2 0.2 0.2")
	c.want(3)
	c.want(4, "Slow prod: inactive → pending")
	c.want(4.9)
	c.want(5)
	c.want(6, "Slow prod: pending → firing *")
	c.want(7)
	c.want(8, "Slow prod: firing → recovering")
	c.want(9)
	c.want(10, "Slow prod: recovering → resolved")
	c.want(11)
	all := Alerts(c.past, c.launchTime(11))
	if len(all) != 1 || all[0].To != Resolved || len(all[0].History) != 4 || !all[0].Fired.Equal(c.launchTime(6)) {
		t.Errorf("the recording tells %+v", all)
	}
	fired, _ := ReadTransition(c.past[1])
	if fired.Summary != "prod takes 2s" || fired.Runbook != "origin-slow" || *fired.Value != 2 || !fired.Since.Equal(c.launchTime(2)) || !fired.Step.Equal(c.launchTime(4)) {
		t.Errorf("the page says %+v", fired)
	}
	if len(fired.Judged) != 1 || len(fired.Judged[0].Points) != 4 {
		t.Errorf("the page names the datapoints %+v", fired.Judged)
	}
}

// TestWhatDoesNotLastPagesNobody: what is over before its time was never an alert.
func TestWhatDoesNotLastPagesNobody(t *testing.T) {
	c := court(t, slow, nil)
	c.see("alb_latency_p95_seconds", "prod", 0, "0.2 2 2 0.2 2 2 0.2")
	for minute := 3.0; minute < 10; minute += 0.5 {
		for _, line := range c.at(minute) {
			if strings.Contains(line, "firing") {
				t.Errorf("at minute %g: %s", minute, line)
			}
		}
	}
}

// TestComingBackIsTheSameAlert: what is bad every other minute fires once and pages once.
func TestComingBackIsTheSameAlert(t *testing.T) {
	c := court(t, slow, nil)
	c.see("alb_latency_p95_seconds", "prod", 0, "2 2 2 0.2 2 0.2 2 0.2 2 0.2 0.2 0.2")
	pages := 0
	var last string
	for minute := 2.0; minute < 16; minute++ {
		for _, line := range c.at(minute) {
			last = line
			if strings.HasSuffix(line, "*") {
				pages++
			}
			if strings.Contains(line, "resolved") && minute < 13 {
				t.Errorf("resolved at minute %g between two bad ones", minute)
			}
		}
	}
	if pages != 1 || last != "Slow prod: recovering → resolved" {
		t.Errorf("%d pages, at last %q", pages, last)
	}
}

// TestSlowFlappingIsFewAlerts: what comes back soon after it was over is kept for longer each time, also by a process that takes
// over, and what comes back much later is kept as the rule says.
func TestSlowFlappingIsFewAlerts(t *testing.T) {
	for _, period := range []int{8, 12, 16} {
		c := court(t, strings.Replace(slow, "for: 2m\n", "for: 1m\n", 1), nil)
		pages := 0
		for minute := range 180 {
			value := "0.2"
			if minute%period < period/2 && minute < 120 {
				value = "2"
			}
			c.see("alb_latency_p95_seconds", "prod", minute, value)
			for _, line := range c.at(float64(minute) + 3) {
				if strings.HasSuffix(line, "*") {
					pages++
				}
			}
			if minute == 60 {
				c.appoint()
			}
		}
		if pages < 1 || pages > 3 {
			t.Errorf("bad every %d minutes for two hours: %d pages", period, pages)
		}
		if a := Alerts(c.past, c.launchTime(183))[0]; a.To != Resolved {
			t.Errorf("an hour after the end it is %s", a.To)
		}
	}
}

// TestWhatWasOverBeforeItWasKnownPagesNobody: data that come late in one piece are recorded as the alert that they were, and
// wake nobody for it.
func TestWhatWasOverBeforeItWasKnownPagesNobody(t *testing.T) {
	c := court(t, slow, nil)
	c.see("alb_latency_p95_seconds", "prod", 0, "0.2")
	c.want(3)
	c.see("alb_latency_p95_seconds", "prod", 1, "2 2 2 2 0.2 0.2 0.2 0.2")
	c.want(12, "Slow prod: inactive → pending", "Slow prod: pending → firing", "Slow prod: firing → recovering", "Slow prod: recovering → resolved")
}

// TestLateDataAreJudgedStepByStep: what comes in one piece is judged as if it had come in time.
func TestLateDataAreJudgedStepByStep(t *testing.T) {
	c := court(t, slow, nil)
	c.see("alb_latency_p95_seconds", "prod", 0, "0.2")
	c.want(3)
	c.see("alb_latency_p95_seconds", "prod", 1, "2 2 2 2")
	c.want(7, "Slow prod: inactive → pending", "Slow prod: pending → firing *")
}

// TestNothingIsResolvedForLackOfData: a value that is missing leaves the alert as it is, a series that has died makes it "no
// data", and what comes back afterwards is the same alert.
func TestNothingIsResolvedForLackOfData(t *testing.T) {
	c := court(t, slow, nil)
	c.see("alb_latency_p95_seconds", "prod", 0, "2 2 2 _ x _ 2")
	c.at(2)
	c.at(3)
	c.want(5, "Slow prod: pending → firing *")
	c.want(6)
	c.want(7)
	c.want(8)
	c.want(9)
	c.want(13)
	got := c.at(16)
	if diff := cmp.Diff([]string{"Slow prod: firing → no data"}, got); diff != "" {
		t.Fatalf("after a long silence (-want +got):\n%s", diff)
	}
	if last, _ := ReadTransition(c.past[len(c.past)-1]); !strings.Contains(last.Why, "silent since 19:22 UTC") {
		t.Errorf("it says %q", last.Why)
	}
	c.want(60)
	c.see("alb_latency_p95_seconds", "prod", 60, "2 0.2 0.2 0.2")
	c.want(63, "Slow prod: no data → firing")
	c.want(64, "Slow prod: firing → recovering")
	c.want(66, "Slow prod: recovering → resolved")
}

// TestSilenceOfTheQuietIsNoAlert: a series that never was is nothing to judge; one that dies while all is well says so.
func TestSilenceOfTheQuietIsNoAlert(t *testing.T) {
	c := court(t, slow, nil)
	c.want(5)
	c.see("alb_latency_p95_seconds", "prod", 0, "0.2 0.2")
	c.want(6)
	c.want(12, "Slow prod: inactive → no data")
	c.see("alb_latency_p95_seconds", "prod", 12, "0.2")
	c.want(15, "Slow prod: no data → inactive")
}

// TestOneResourceDoesNotHoldUpAnother: each is judged at its own pace.
func TestOneResourceDoesNotHoldUpAnother(t *testing.T) {
	c := court(t, slow, nil)
	c.see("alb_latency_p95_seconds", "prod", 0, "2 2 2 2 2 2")
	c.see("alb_latency_p95_seconds", "shop", 0, "2")
	c.at(3)
	c.at(4)
	c.want(5, "Slow prod: pending → firing *")
	c.want(7)
	c.want(8, "Slow shop: pending → no data")
}

const cascade = `
groups:
  - name: path
    rules:
      - alert: DatabaseFull
        expr: aurora_acu_used_ratio > 0.97
        for: 1m
        labels: {severity: page}
        annotations: {runbook: db-ceiling, explains: "Slow, Errors"}
      - alert: Slow
        expr: alb_latency_p95_seconds > 1
        labels: {severity: page}
        annotations: {explains: Errors}
      - alert: Errors
        expr: alb_target_5xx > 100
        labels: {severity: page}
`

func (c *courtroom) database(first int, ratios string) {
	c.Helper()
	c.see("aurora_acu_max", "main", first, strings.Repeat("1 ", len(strings.Fields(ratios))))
	c.see("aurora_acu", "main", first, ratios)
}

// TestCascadeIsOnePage: what an open alert explains is listed under it.
func TestCascadeIsOnePage(t *testing.T) {
	c := court(t, cascade, nil)
	c.database(0, "0.5 1 1 1 1 1 1")
	c.see("alb_latency_p95_seconds", "prod", 0, "0.2 0.2 0.2 2 2 2 2")
	c.see("alb_target_5xx", "prod", 0, "_ _ _ _ 500 500 500")
	c.want(4)
	c.want(5, "DatabaseFull main: inactive → pending")
	c.want(6, "DatabaseFull main: pending → firing *", "Slow prod: inactive → firing under DatabaseFull")
	c.want(7, "Errors prod: inactive → firing under DatabaseFull")
	all := Alerts(c.past, c.launchTime(7))
	if all[0].Rule != "DatabaseFull" || len(all[0].Lists) != 2 {
		t.Errorf("the first of the alerts is %s and lists %v", all[0].Rule, all[0].Lists)
	}
}

// TestPageWaitsForItsCause: a symptom whose cause is pending wakes nobody until the cause does.
func TestPageWaitsForItsCause(t *testing.T) {
	c := court(t, cascade, nil)
	c.database(0, "0.5 1 1 1 1")
	c.see("alb_latency_p95_seconds", "prod", 0, "0.2 0.2 2 2 2 2")
	c.want(5, "DatabaseFull main: inactive → pending", "Slow prod: inactive → pending")
	c.want(6, "DatabaseFull main: pending → firing *", "Slow prod: pending → firing under DatabaseFull")
}

// TestPageDoesNotWaitForever: a cause that never comes does not keep its symptom from waking somebody.
func TestPageDoesNotWaitForever(t *testing.T) {
	c := court(t, strings.Replace(cascade, "for: 1m", "for: 30m", 1), nil)
	c.database(0, "0.5 1 1 1 1 1 1 1")
	c.see("alb_latency_p95_seconds", "prod", 0, "0.2 0.2 2 2 2 2 2")
	c.want(5, "DatabaseFull main: inactive → pending", "Slow prod: inactive → pending")
	c.want(6)
	c.want(7)
	c.want(8, "Slow prod: pending → firing *")
}

// TestALostMinuteOfACauseIsWaitedFor: a cause that is pending and of which a minute is lost wakes, not what it explains.
func TestALostMinuteOfACauseIsWaitedFor(t *testing.T) {
	c := court(t, strings.Replace(cascade, "for: 1m", "for: 2m", 1), nil)
	c.see("aurora_acu_max", "main", 0, "1 1 1 1 1 1")
	c.see("aurora_acu", "main", 0, "0.5 1 1 x 1 1")
	c.see("alb_latency_p95_seconds", "prod", 0, "0.2 0.2 2 2 2 2")
	c.want(5, "DatabaseFull main: inactive → pending", "Slow prod: inactive → pending")
	c.want(6)
	c.want(7)
	c.want(8, "DatabaseFull main: pending → firing *", "Slow prod: pending → firing under DatabaseFull")
}

// TestAPageIsNotOverBeforeItsRoot: what has woken somebody and is joined by a root about the same resource is recovering, not
// resolved, for as long as the root fires.
func TestAPageIsNotOverBeforeItsRoot(t *testing.T) {
	c := court(t, `
groups:
  - name: database
    rules:
      - alert: Full
        expr: aurora_acu_used_ratio > 0.97
        labels: {severity: page}
        annotations: {explains: Soon}
      - alert: Soon
        expr: deriv(aurora_acu[4m]) > 0
        labels: {severity: page}
`, nil)
	c.database(0, "0.5 0.5 0.7 1 1 1 1 1 1 0.5 0.5")
	c.want(6, "Soon main: inactive → firing *")
	c.want(7, "Full main: inactive → firing", "Soon main: firing → firing under Full")
	c.want(10, "Soon main: firing → recovering under Full")
	c.want(12)
	c.want(13, "Full main: firing → resolved", "Soon main: recovering → resolved under Full")
}

// TestRootThatComesLater: the cause of what has woken somebody takes its place and wakes nobody again.
func TestRootThatComesLater(t *testing.T) {
	c := court(t, cascade, nil)
	c.database(0, "0.5 0.5 0.5 1 1 1")
	c.see("alb_latency_p95_seconds", "prod", 0, "2 2 2 2 2 2 2")
	c.want(3, "Slow prod: inactive → firing *")
	c.want(7, "DatabaseFull main: inactive → pending")
	c.want(8, "DatabaseFull main: pending → firing", "Slow prod: firing → firing under DatabaseFull")
	if line, _ := mustRead(t, c.past[len(c.past)-2]).Line(); line.Severity != Warn {
		t.Errorf("the root that comes later is printed as %s", line.Severity)
	}
}

func mustRead(t *testing.T, c sources.Change) *Transition {
	t.Helper()
	read, ok := ReadTransition(c)
	if !ok {
		t.Fatalf("no transition: %s", c.Text)
	}
	return &read
}

// TestWhatOutlivesItsCausePages: an alert that goes on when its root is over is one by itself.
func TestWhatOutlivesItsCausePages(t *testing.T) {
	c := court(t, cascade, nil)
	c.database(0, "1 1 1 0.5 0.5 0.5 0.5 0.5 0.5")
	c.see("alb_latency_p95_seconds", "prod", 0, "0.2 2 2 2 2 2 2 2 2")
	c.at(4)
	c.want(5, "DatabaseFull main: pending → firing *", "Slow prod: pending → firing under DatabaseFull")
	c.want(7, "DatabaseFull main: firing → resolved")
	c.want(8)
	c.want(9, "Slow prod: firing → firing *")
}

// TestWhatHasPagedIsAPageWhileItFires: an alert that woke somebody and was then listed under a root is a page again as soon as
// the root recovers before it, and wakes nobody a second time.
func TestWhatHasPagedIsAPageWhileItFires(t *testing.T) {
	c := court(t, strings.Replace(cascade, "for: 1m", "keep_firing_for: 5m", 1), nil)
	c.database(0, "0.5 0.5 0.5 1 0.5 0.5 0.5")
	c.see("alb_latency_p95_seconds", "prod", 0, "2 2 2 2 2 2 2 2 2")
	c.want(3, "Slow prod: inactive → firing *")
	c.want(7, "DatabaseFull main: inactive → firing", "Slow prod: firing → firing under DatabaseFull")
	c.want(8, "DatabaseFull main: firing → recovering", "Slow prod: firing → firing")
	c.want(9)
}

// TestSitesAreJudgedApart: the database of one request path does not explain what happens on another one.
func TestSitesAreJudgedApart(t *testing.T) {
	c := court(t, cascade, &sources.Launch{Name: "sale", T0: t0, Sites: map[string]map[string]string{
		"shop": {"alb": "shop", "aurora": "main"}, "api": {"alb": "api", "aurora": "other"},
	}})
	c.database(0, "1 1 1 1")
	c.see("alb_latency_p95_seconds", "shop", 0, "0.2 2 2 2 2")
	c.see("alb_latency_p95_seconds", "api", 0, "0.2 2 2 2 2")
	c.at(3)
	got := append(c.at(4), c.at(5)...)
	if !slices.Contains(got, "Slow api: inactive → firing *") || !slices.Contains(got, "Slow shop: pending → firing under DatabaseFull") {
		t.Errorf("it came to %v", got)
	}
}

// TestAnotherProcessGoesOn: the state of an alert is what the recording tells, whichever step another process takes over at,
// and what was decided but not recorded is decided again and is the same change.
func TestAnotherProcessGoesOn(t *testing.T) {
	for lost := range 2 {
		for handover := 2; handover < 14; handover++ {
			c := court(t, slow, nil)
			c.see("alb_latency_p95_seconds", "prod", 0, "0.2 2 2 2 2 0.2 0.2 0.2 0.2 0.2")
			seen := map[string]bool{}
			pages, resolves := 0, 0
			for minute := 2; minute < 16; minute++ {
				recorded := len(c.past)
				c.at(float64(minute))
				if minute == handover {
					c.past = c.past[:max(recorded, len(c.past)-lost)]
					c.appoint()
				}
			}
			for i := range c.past {
				tr := mustRead(t, c.past[i])
				if seen[c.past[i].ID] {
					continue // the recording keeps one of a kind and ID
				}
				seen[c.past[i].ID] = true
				if tr.Page {
					pages++
				}
				if tr.To == Resolved {
					resolves++
				}
			}
			if pages != 1 || resolves != 1 {
				t.Errorf("taken over at minute %d, %d transitions lost: %d pages, %d resolves", handover, lost, pages, resolves)
			}
		}
	}
}

// TestRuleThatIsGone: the open alerts of a rule that is taken away or switched off are over, and the recording says why.
func TestRuleThatIsGone(t *testing.T) {
	c := court(t, slow, nil)
	c.see("alb_latency_p95_seconds", "prod", 0, "2 2 2 2 2 2 2")
	c.at(3)
	c.want(5, "Slow prod: pending → firing *")
	off, err := Read("off.yaml", []byte("groups: [{name: a, rules: [{alert: Slow, expr: alb_requests > 1, labels: {severity: 'off'}}]}]"))
	if err != nil {
		t.Fatal(err)
	}
	c.rules = c.rules.Override(off)
	c.appoint()
	c.want(6, "Slow prod: firing → resolved")
	if last := mustRead(t, c.past[len(c.past)-1]); last.Why != "there is no such rule any more" {
		t.Errorf("it says %q", last.Why)
	}
	c.want(7)
}

// TestMarksMayCome: a judge sees the marks that its launch gets between two turns, from their beginning to their end.
func TestMarksMayCome(t *testing.T) {
	launch := &sources.Launch{Name: "sale", T0: t0}
	c := court(t, `
groups:
  - name: marks
    rules:
      - {alert: Maintained, expr: 'mark_active{kind="maintenance"} == 1', labels: {severity: info}}
`, launch)
	c.want(1)
	launch.Marks = append(launch.Marks, sources.Mark{At: "T+2m", Until: "T+4m", Kind: sources.MarkMaintenance})
	c.want(2, "Maintained : inactive → firing")
	c.want(3)
	c.want(4, "Maintained : firing → resolved")
}

// TestSameRules: rules that are read again are the same, and any word that is another makes others of them.
func TestSameRules(t *testing.T) {
	read := func(text string) *Rules {
		t.Helper()
		r, err := Read("rules.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if a, b := read(slow), read("\n# moved down"+slow); !a.Same(b) || a.Same(nil) {
		t.Error("the same rules are others")
	}
	for _, change := range [][2]string{{"> 1", "> 2"}, {"for: 2m", "for: 3m"}, {"severity: page", "severity: warn"}, {"takes", "needs"}, {"alert: Slow", "alert: Slower"}} {
		if read(slow).Same(read(strings.Replace(slow, change[0], change[1], 1))) {
			t.Errorf("%q for %q makes no difference", change[1], change[0])
		}
	}
}

// TestTooManyAlertsAreAnError: a rule whose results are more than anybody can look at is one error, and none of them is over.
func TestTooManyAlertsAreAnError(t *testing.T) {
	c := court(t, strings.Replace(slow, "for: 2m\n", "for: 0s\n", 1), nil)
	for i := range instantMost + 1 {
		c.see("alb_latency_p95_seconds", fmt.Sprintf("r%03d", i), 0, "2")
	}
	got := c.at(3)
	if len(got) != instantMost+1 || !strings.HasSuffix(got[0], "inactive → error") {
		t.Errorf("%d transitions, the first %q", len(got), got[0])
	}
}

// TestClockJumps: a clock that jumps makes nothing fire and nothing resolve: the time of the data counts.
func TestClockJumps(t *testing.T) {
	for _, jump := range []time.Duration{time.Hour, 5 * time.Minute, -5 * time.Minute, -time.Hour} {
		c := court(t, slow, nil)
		c.see("alb_latency_p95_seconds", "calm", 0, "0.2 0.2 0.2 0.2 0.2")
		c.see("alb_latency_p95_seconds", "prod", 0, "2 2 2 2 2")
		c.at(3)
		c.at(4)
		c.want(5, "Slow prod: pending → firing *")
		for _, line := range c.on(c.launchTime(5).Add(jump)) {
			if strings.Contains(line, "resolved") || strings.Contains(line, "calm: inactive → pending") || strings.Contains(line, "→ firing") {
				t.Errorf("a jump by %v: %s", jump, line)
			}
		}
		for _, line := range c.at(6) {
			if strings.Contains(line, "*") || strings.Contains(line, "resolved") {
				t.Errorf("back from a jump by %v: %s", jump, line)
			}
		}
	}
}

// TestSilencesAndOwners: what people do about alerts is read from the recording.
func TestSilencesAndOwners(t *testing.T) {
	c := court(t, slow, nil)
	c.see("alb_latency_p95_seconds", "prod", 0, "2 2 2 2 2 2 2 2 2 2 2 2 2 2 2")
	c.at(3)
	c.at(4)
	c.at(5)
	key := mustRead(t, c.past[1]).Key
	prod := sources.Ref{Service: "alb", Name: "prod"}
	respond := func(r Response, by string, minute float64) {
		t.Helper()
		change, err := r.Change(by, c.launchTime(minute), prod)
		if err != nil {
			t.Fatal(err)
		}
		c.past = append(c.past, change)
	}
	respond(Response{Did: Owned, Key: key, Rule: "Slow"}, "mia", 6)
	respond(Response{Did: Silenced, Rule: "Slow", Resource: prod.String(), Until: c.launchTime(20), Why: "known"}, "leo", 7)
	a := Alerts(c.past, c.launchTime(8))[0]
	if a.Owner != "mia" || a.Silence == nil || a.Silence.By != "leo" || a.Silence.Why != "known" {
		t.Errorf("owner %q, silence %+v", a.Owner, a.Silence)
	}
	if a := Alerts(c.past, c.launchTime(20))[0]; a.Silence != nil {
		t.Error("the silence holds beyond its time")
	}
	respond(Response{Did: Unsilenced, Rule: "Slow", Resource: prod.String()}, "leo", 9)
	respond(Response{Did: Released, Key: key, Rule: "Slow"}, "mia", 9)
	if a := Alerts(c.past, c.launchTime(10))[0]; a.Silence != nil || a.Owner != "" {
		t.Errorf("still owner %q, silence %+v", a.Owner, a.Silence)
	}
}

// TestAbsence: an alert about what is not there fires where it never was and where it died, is not "no data" for that, and is
// over when it comes.
func TestAbsence(t *testing.T) {
	c := court(t, `groups:
  - name: absence
    rules:
      - alert: NoFleet
        expr: absent(asg_desired)
        for: 2m
      - alert: NoRequests
        expr: absent(alb_requests)
        labels: {severity: page}
`, nil)
	c.see("alb_requests", "prod", 0, "5 5 5 5 5 5 5 5 x x x x x x x x 5 5 5 5")
	c.see("alb_latency_p95_seconds", "prod", 0, "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1")
	c.see("asg_desired", "web", 11, "3 3 3 3 3 3 3 3 3")
	var got []string
	for minute := 1.5; minute < 20; minute++ {
		for _, line := range c.at(minute) {
			got = append(got, fmt.Sprint(int(minute), " ", line))
		}
	}
	want := []string{
		"4 NoFleet : inactive → pending", "4 NoFleet : pending → firing", "12 NoFleet : firing → resolved",
		"14 NoRequests : inactive → firing *", "19 NoRequests : firing → resolved",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestBacktestIsCausal: what is decided at a time does not change by what is seen later.
func TestBacktestIsCausal(t *testing.T) {
	rules, err := Read("rules.yaml", []byte(cascade))
	if err != nil {
		t.Fatal(err)
	}
	lines := func(until time.Time) (out []Line) {
		c := court(t, cascade, nil)
		c.database(0, "0.5 1 1 1 1 0.5 0.5")
		c.see("alb_latency_p95_seconds", "prod", 0, "0.2 0.2 2 2 2 2 0.2")
		var b sources.Batch
		c.window.View(sources.Cursor{At: c.launchTime(60)}).Each(func(s sources.Series) {
			m, _ := sources.Lookup(s.Metric)
			if m.Derived() {
				return
			}
			for _, p := range c.window.View(sources.Cursor{At: c.launchTime(60)}).Points(nil, s, t0, c.launchTime(60)) {
				sample := sources.Sample{Series: s, At: p.At, Seen: p.At.Add(m.Period + m.Settle), Value: p.Value}
				if !sample.Seen.After(until) {
					b.Samples = append(b.Samples, sample)
				}
			}
		})
		j, err := NewJudge(rules, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = Backtest(t.Context(), j, b, func(tr Transition) error {
			if l, ok := tr.Line(); ok {
				out = append(out, l)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	whole := lines(c60())
	if len(whole) < 4 {
		t.Fatalf("too little happens: %+v", whole)
	}
	for minute := 1; minute < 12; minute++ {
		until := t0.Add(time.Duration(minute) * time.Minute)
		part := lines(until)
		before := slices.DeleteFunc(slices.Clone(whole), func(l Line) bool { return l.At.After(until) })
		if diff := cmp.Diff(before, part); diff != "" && len(before)+len(part) > 0 {
			t.Errorf("cut off at minute %d (-whole +part):\n%s", minute, diff)
		}
	}
}

func c60() time.Time { return t0.Add(time.Hour) }
