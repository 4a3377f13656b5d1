package tui

import (
	"strings"
	"testing"
	"time"

	"warroom/alerts"
	"warroom/sources"
)

// find is the ceiling of a service by its name, as the page lists them, and its place.
func ceilingNamed(t *testing.T, all []Ceiling, service, name string) (*Ceiling, int) {
	t.Helper()
	for i := range all {
		if all[i].Tile.Ref.Service == service && all[i].spec.Name == name {
			return &all[i], i
		}
	}
	t.Fatalf("no ceiling %s of %s among %d", name, service, len(all))
	return nil, 0
}

// TestCeilingsInCalm: all that is known is there, and nothing is near.
func TestCeilingsInCalm(t *testing.T) {
	st := newStage(t).calm()
	st.level("aurora_connections_max", "lottery", flat(5000))
	all := NewPainter().Ceilings(st.scene(120, 40))
	if len(all) != 6 {
		t.Errorf("%d ceilings, want instances, cpu of both, ACU, connections and the edge's quota", len(all))
	}
	for i := range all {
		if level := all[i].Level(); level != LevelOK {
			t.Errorf("%s %s is at level %d: %s", all[i].Tile.Ref, all[i].spec.Name, level, all[i].full())
		}
	}
	if tally := ceilingTally(all); tally != "6, none is near" {
		t.Errorf("said is %q", tally)
	}
}

// TestCeilingsInTrouble: what has the least time left is first, the time to act is what was seen.
func TestCeilingsInTrouble(t *testing.T) {
	st := newStage(t).trouble()
	st.level("asg_in_service", "web", func(m float64) float64 { return 12 + 6*step(m, 5) })
	st.level("asg_desired", "web", func(m float64) float64 { return 12 + 6*step(m, 1) })
	all := NewPainter().Ceilings(st.scene(120, 40))
	acu, at := ceilingNamed(t, all, "aurora", "capacity units")
	if at != 0 || acu.Level() != LevelWarn || acu.Left < 3*time.Minute || acu.Left > 8*time.Minute {
		t.Errorf("the database is number %d, level %d, %s left", at, acu.Level(), acu.Left)
	}
	if acu.Rises < 2.9/60 || acu.Rises > 3.2/60 {
		t.Errorf("it rises by %g ACU a second, want 34 in 11 minutes", acu.Rises)
	}
	fleet, _ := ceilingNamed(t, all, "asg", "instances")
	if !fleet.Seen || fleet.Act != 5*time.Minute {
		t.Errorf("the time to act is %s (seen %v), want the 4 minutes that the last ones took, rounded up", fleet.Act, fleet.Seen)
	}
	cpu, _ := ceilingNamed(t, all, "asg", "cpu")
	if cpu.Act != fleet.Act {
		t.Errorf("processors come in %s, the instances that bring them in %s", cpu.Act, fleet.Act)
	}
}

// step is 0 before a minute and 1 from it on.
func step(m, at float64) float64 {
	if m < at {
		return 0
	}
	return 1
}

// TestCeilingsThatAreMet: a fleet at its maximum is full, unless it idles; where no trend is clear none is made up.
func TestCeilingsThatAreMet(t *testing.T) {
	for cpu, want := range map[float64]Level{0.3: LevelOK, 0.9: LevelPage} {
		st := newStage(t).calm()
		st.level("asg_desired", "web", flat(40))
		st.series("asg_cpu_ratio", "web", flat(cpu))
		fleet, _ := ceilingNamed(t, NewPainter().Ceilings(st.scene(120, 40)), "asg", "instances")
		if fleet.Level() != want {
			t.Errorf("with cpu at %g a fleet at its maximum is at level %d, want %d", cpu, fleet.Level(), want)
		}
	}
	st := newStage(t).calm()
	st.series("aurora_acu", "lottery", func(m float64) float64 { return 30 + 20*wave(m, 5) })
	acu, _ := ceilingNamed(t, NewPainter().Ceilings(st.scene(120, 40)), "aurora", "capacity units")
	if acu.Left >= 0 {
		t.Errorf("noise is full in %s", acu.Left)
	}
}

// firingOn is an alert of a resource that reads metrics.
func firingOn(service, name string, severity alerts.Severity, metrics ...string) alerts.Alert {
	t := alerts.Transition{Key: service + metrics[0], Rule: "FullSoon", Resource: sources.Ref{Service: service, Name: name}, Severity: severity, To: alerts.Firing, Summary: "full in 5 minutes"}
	for _, m := range metrics {
		t.Judged = append(t.Judged, alerts.Judged{Series: sources.Series{Metric: m, Resource: name}})
	}
	value := 0.9
	t.Value = &value
	return alerts.Alert{Transition: t, History: []alerts.Transition{t}}
}

// TestATroubleIsCountedOnce: a tile is no trouble by itself beside an alert about its resource that stands as high, whatever it
// reads; one that is silenced, of another resource or milder does not tell of it.
func TestATroubleIsCountedOnce(t *testing.T) {
	silenced, other := firingOn("asg", "web", alerts.Warn, "asg_cpu_ratio"), firingOn("aurora", "lottery", alerts.Warn, "aurora_acu")
	silenced.Silence = &alerts.Silence{}
	on := func(severity alerts.Severity) alerts.Alert { return firingOn("asg", "web", severity, "asg_cpu_ratio") }
	for _, c := range []struct {
		alerts []alerts.Alert
		want   string
	}{
		{nil, "1 warn:without alert"},
		{[]alerts.Alert{on(alerts.Warn)}, "1 warn:"},
		{[]alerts.Alert{on(alerts.Page)}, "1 page:"},
		{[]alerts.Alert{on(alerts.Info)}, "1 warn:without alert"},
		{[]alerts.Alert{silenced}, "1 warn:without alert 1 silenced:"},
		{[]alerts.Alert{other}, "2 warns:1 without alert"},
	} {
		st := newStage(t).calm()
		st.level("asg_desired", "web", flat(40))
		st.series("asg_cpu_ratio", "web", flat(0.9))
		s := st.scene(120, 40)
		s.Alerts, s.Judged = c.alerts, true
		tally := NewPainter().Tally(s)
		got := ""
		for _, n := range tally.Counts() {
			got = strings.TrimSpace(got + " " + n.Text + ":" + n.Tiles)
		}
		if got != c.want {
			t.Errorf("counted is %q, want %q", got, c.want)
		}
	}
}

// TestWhatIsSilencedAndRecoversSaysWhatItWas: on its tile the sentence of then stands after the value of now, silenced or not.
func TestWhatIsSilencedAndRecoversSaysWhatItWas(t *testing.T) {
	st := newStage(t).calm()
	s := st.scene(120, 40)
	a := firingOn("asg", "web", alerts.Page, "asg_cpu_ratio")
	said := func() string {
		s.Alerts = []alerts.Alert{a}
		p := NewPainter()
		for _, tile := range p.Tiles(s) {
			if tile.Ref == a.Resource {
				return p.look(s, tile, 0).notice
			}
		}
		return ""
	}
	now, _, found := strings.Cut(said(), " · full in 5 minutes")
	if !found || !strings.HasPrefix(now, "now ") || !strings.HasSuffix(now, " %") {
		t.Errorf("while it fires it says %q", said())
	}
	a.To = alerts.Recovering
	for _, silence := range []*alerts.Silence{nil, {}} {
		if a.Silence = silence; said() != now+" · was: full in 5 minutes" {
			t.Errorf("while it recovers, silenced %t, it says %q", silence != nil, said())
		}
	}
}

// TestCeilingsAgreeWithTheirAlerts: what an alert says of a ceiling the page says, too. A fleet at its maximum is in trouble
// while its alert pages, whatever its processors say by now; where no trend is clear, how long is left is read as the rules read
// it, and the page says so; where nothing rises the alert stands instead of a time.
func TestCeilingsAgreeWithTheirAlerts(t *testing.T) {
	st := newStage(t).calm()
	st.level("asg_desired", "web", flat(40))
	st.series("asg_cpu_ratio", "web", flat(0.3))
	full := func(all []Ceiling, service, name string) string {
		c, _ := ceilingNamed(t, all, service, name)
		return c.full()
	}
	s := st.scene(120, 40)
	if all := NewPainter().Ceilings(s); full(all, "asg", "instances") != "at maximum" || ceilingTally(all) != "5, none is near, 1 idle at maximum" {
		t.Fatalf("in calm it is %q, said is %q", full(all, "asg", "instances"), ceilingTally(all))
	}
	page := firingOn("asg", "web", alerts.Page, "asg_cpu_ratio", "asg_desired", "asg_max")
	s.Alerts = []alerts.Alert{page}
	all := NewPainter().Ceilings(s)
	fleet, at := ceilingNamed(t, all, "asg", "instances")
	if at != 0 || fleet.Level() != LevelPage || fleet.full() != "at maximum ✖" || ceilingTally(all) != "1 of 5 full, or full before more can be there" {
		t.Errorf("while it pages it is number %d at level %d: %q, said is %q", at, fleet.Level(), fleet.full(), ceilingTally(all))
	}
	if cpu, _ := ceilingNamed(t, all, "asg", "cpu"); cpu.Level() != LevelOK {
		t.Error("an alert about the maximum is taken for one about processors")
	}
	s.Alerts = []alerts.Alert{firingOn("asg", "web", alerts.Warn, "asg_cpu_ratio", "asg_desired", "asg_max"), firingOn("aurora", "lottery", alerts.Page, "aurora_acu_used_ratio")}
	all = NewPainter().Ceilings(s)
	if fleet, _ := ceilingNamed(t, all, "asg", "instances"); fleet.full() != "at maximum ▲" || ceilingTally(all) != "2 of 5 full, soon full, or with a page" {
		t.Errorf("while it warns, and another one pages, it is %q, said is %q", fleet.full(), ceilingTally(all))
	}
	page.Silence = &alerts.Silence{}
	s.Alerts = []alerts.Alert{page}
	if fleet, _ := ceilingNamed(t, NewPainter().Ceilings(s), "asg", "instances"); fleet.Level() != LevelOK {
		t.Error("one that is silenced still needs somebody")
	}

	for _, c := range []struct {
		acu   func(m float64) float64
		alert bool
		want  string
	}{
		{func(m float64) float64 { return 40 + 0.5*m + 14*wave(m, 4) }, false, "not in sight"},
		{func(m float64) float64 { return 40 + 0.5*m + 14*wave(m, 4) }, true, "m ✖"},
		{flat(58), true, "page ✖"},
	} {
		st := newStage(t).calm()
		st.series("aurora_acu", "lottery", c.acu)
		s := st.scene(120, 40)
		if c.alert {
			s.Alerts = []alerts.Alert{firingOn("aurora", "lottery", alerts.Page, "aurora_acu_used_ratio")}
		}
		acu, _ := ceilingNamed(t, NewPainter().Ceilings(s), "aurora", "capacity units")
		if !strings.HasSuffix(acu.full(), c.want) || acu.loose != (c.want == "m ✖") {
			t.Errorf("with an alert %v it is full in %q (%v), want %q", c.alert, acu.full(), acu.Left, c.want)
		}
	}
}

// TestConfigCeilings: what is no ceiling is refused with the nearest word.
func TestConfigCeilings(t *testing.T) {
	for text, want := range map[string]string{
		`- {service: asg, ceilings: [{name: x, used: asg_desird, ceiling: asg_max}]}`:     `did you mean "asg_desired"`,
		`- {service: asg, ceilings: [{name: x, used: asg_desired}]}`:                      "a ceiling has a name",
		`- {service: asg, ceilings: [{name: x, used: asg_desired, most: 4, as: nubmer}]}`: `did you mean "number"`,
		`- {service: asg, ceilings: [{name: x, used: asg_desired, mots: 4}]}`:             `did you mean "most"`,
	} {
		if err := CheckTiles(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if err := CheckTiles(`- {service: waf, ceilings: [{name: requests/s, used: waf_requests_per_second, most: 9000, as: si, raise: a talk with support}]}`); err != nil {
		t.Error(err)
	}
}

// TestRuleWords reads names of rules.
func TestRuleWords(t *testing.T) {
	for name, want := range map[string]string{
		"OriginErrors": "origin errors", "WAFSurge": "WAF surge", "HTTP5xxHigh": "HTTP 5xx high", "error_budget-burn": "error budget burn", "x": "x", "": "", "Été": "été",
	} {
		if got := ruleWords(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestSpokenBounds reads thresholds out of sentences, where their unit is the metric's.
func TestSpokenBounds(t *testing.T) {
	for _, test := range []struct {
		words, metric string
		limit         float64
		known, above  bool
	}{
		{"more than 1 % of requests fail in 2 of 3 minutes", "alb_error_ratio", 0.01, true, true},
		{"less than 70% are answered at the edge", "cloudfront_hit_ratio", 0.7, true, false},
		{"p95 above 1.5 s for 3 minutes", "alb_latency_p95_seconds", 1.5, true, true},
		{"p95 over 800 ms", "alb_latency_p95_seconds", 0.8, true, true},
		{"more than 1,200 a minute", "waf_blocked", 1200, true, true},
		{"more than 1 % of requests fail", "waf_blocked", 0, false, false},
		{"more than 3 minutes of silence", "alb_error_ratio", 0, false, false},
		{"it is bad", "alb_error_ratio", 0, false, false},
		{"more than 5", "no_metric", 0, false, false},
	} {
		got := spoken(test.words, test.metric)
		if got.Known != test.known || got.Above != test.above || got.Limit < test.limit-1e-9 || got.Limit > test.limit+1e-9 {
			t.Errorf("%s of %s: %+v", test.words, test.metric, got)
		}
	}
}
