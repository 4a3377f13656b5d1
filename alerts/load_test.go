package alerts_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"warroom/alerts"
)

// rules is a rule file with such rules in one group; the first of them begins in line 4.
func rules(text string) string { return "groups:\n  - name: shop\n    rules:\n" + text }

// Whatever is wrong with a rule file is told with its line, and the nearest word where one was misspelt.
func TestFaults(t *testing.T) {
	const expr = "expr: alb_error_ratio > 0.01"
	for text, want := range map[string]string{
		// the file
		"":                                    "shop.yaml: is empty; want groups of rules",
		"# nothing\n":                         "shop.yaml: is empty",
		"---\n---\n":                          "shop.yaml: is empty",
		"groups: []\n---\ngroups: []":         "shop.yaml: holds several documents; one is wanted",
		"groups: " + strings.Repeat("[", 200): "shop.yaml:1: brackets within brackets, more than 100 deep",
		"a: &a x\nb: [" + strings.Repeat("*a, ", 101) + "]": "shop.yaml:2: more than 100 aliases: write them out",
		"- a\n":                       "shop.yaml:1: a rule file: want words with values (word: value)",
		"{}\n":                        "shop.yaml:1: there is nothing in it",
		"group: []\n":                 `shop.yaml:1: a rule file knows no word "group"; did you mean "groups"? (known: groups)`,
		"groups: {name: x}\n":         "shop.yaml:1: groups: want a list",
		"groups:\n  - name: a\n  bad": "shop.yaml:3: ",
		"groups: [{rules: []}]\n":     "shop.yaml:1: a group needs a name",
		"groups:\n  - {name: a}\n  - {name: a}\n":                                     "shop.yaml:3: the group a is there already, in line 2",
		"groups: [{name: a, interval: soon}]\n":                                       `shop.yaml:1: interval: "soon" is no duration such as 90s, 5m or 1h30m`,
		"groups: [{name: a, rule: []}]\n":                                             `shop.yaml:1: a group knows no word "rule"; did you mean "rules"?`,
		rules("      - " + expr + "\n"):                                               "shop.yaml:4: a rule needs a name: alert: or record:",
		rules("      - alert: A\n        record: a:b\n        " + expr + "\n"):        "shop.yaml:4: a rule either alerts or records, not both",
		rules("      - alert: A\n        " + expr + "\n        alert: B\n"):           `shop.yaml:6: mapping key "alert" already defined at [4:9]`,
		rules("      - alert: A\n        exp: alb_error_ratio > 0.01\n"):              `shop.yaml:5: a rule knows no word "exp"; did you mean "expr"?`,
		rules("      - alert: A b\n        " + expr + "\n"):                           `shop.yaml:4: alert "A b": want letters, digits and _, such as OriginErrors`,
		rules("      - alert: A\n"):                                                   "shop.yaml:4: alert A has no expr",
		rules("      - {alert: A, " + expr + "}\n      - {alert: A, " + expr + "}\n"): "shop.yaml:5: alert A is there already, in line 4: give each a name of its own",
		rules("      - alert: A\n        " + expr + "\n        for: 5 minutes\n"):     `shop.yaml:6: for: "5 minutes" is no duration such as 90s, 5m or 1h30m`,
		rules("      - alert: A\n        " + expr + "\n        for: -5m\n"):           `shop.yaml:6: for: "-5m" is no duration`,
		rules("      - alert: A\n        " + expr + "\n        for: [5m]\n"):          `shop.yaml:6: for: want a text`,
		rules("      - *rule\n"):                                                      `shop.yaml:4: no anchor before it is called "rule"`,
		// labels
		rules("      - alert: A\n        " + expr + "\n        labels:\n          team: web\n          severity: crit\n"): `shop.yaml:8: alert A: unknown severity "crit" (known: page, warn, info, off)`,
		rules("      - alert: A\n        " + expr + "\n        labels: {severity: warning}\n"):                            `shop.yaml:6: alert A: unknown severity "warning" (known: page`,
		rules("      - alert: A\n        " + expr + "\n        labels: {severity: pge}\n"):                                `shop.yaml:6: alert A: unknown severity "pge"; did you mean "page"?`,
		rules("      - alert: A\n        " + expr + "\n        labels: {provisional: maybe}\n"):                           `shop.yaml:6: alert A: provisional: "maybe", want "true" or "false"`,
		rules("      - alert: A\n        " + expr + "\n        labels: {site: x}\n"):                                      `shop.yaml:6: alert A: the label site comes from what the rule finds and cannot be set`,
		rules("      - alert: A\n        " + expr + "\n        labels: {my-team: x}\n"):                                   `shop.yaml:6: alert A: "my-team" cannot be a label`,
		rules("      - alert: A\n        " + expr + "\n        labels: {team: '{{ $value }}'}\n"):                         `shop.yaml:6: alert A: the label team stands as it is written`,
		rules("      - alert: A\n        expr: waf_rule_blocked > 5\n        labels: {rule: x}\n"):                        `shop.yaml:4: alert A sets the label rule, which comes from what it finds`,
		rules("      - alert: A\n        " + expr + "\n        labels: severity\n"):                                       `shop.yaml:6: labels: want words with values (word: value)`,
		// annotations
		rules("      - alert: A\n        " + expr + "\n        annotations:\n          reason: x\n          summary: '{{ $value | humanise }}'\n"):                                                                                                 `shop.yaml:8: alert A: summary: {{ $value | humanise }}: unknown function "humanise"; did you mean "humanize"?`,
		rules("      - alert: A\n        " + expr + "\n        annotations: {summary: '{{ $label.resource }}'}\n"):                                                                                                                                 `shop.yaml:6: alert A: summary: {{ $label.resource }} is not understood; want $value or $labels.NAME`,
		rules("      - alert: A\n        " + expr + "\n        annotations: {summary: '{{ $value'}\n"):                                                                                                                                             `shop.yaml:6: alert A: summary: {{ is not closed by }}`,
		rules("      - alert: A\n        " + expr + "\n        annotations: {summary: '{{ $labels.resuorce }}'}\n"):                                                                                                                                `shop.yaml:6: alert A: summary: what it finds has no label "resuorce"; did you mean "resource"? (it has resource, site)`,
		rules("      - alert: A\n        " + expr + "\n        annotations: {summary: '{{ printf \"%d\" $value }}'}\n"):                                                                                                                            `shop.yaml:6: alert A: summary: {{ printf "%d" $value }}: the format "%d" is none of one number`,
		rules("      - alert: A\n        " + expr + "\n        annotations: {summary: '{{ $labels.resource | humanize }}'}\n"):                                                                                                                     `shop.yaml:6: alert A: summary: {{ $labels.resource | humanize }}: a label is a text and stands for itself`,
		rules("      - alert: A\n        " + expr + "\n        annotations: {sumary: bad}\n"):                                                                                                                                                      `shop.yaml:6: alert A: there is no annotation sumary; did you mean "summary"?`, //nolint:misspell // on purpose
		rules("      - alert: A\n        " + expr + "\n        annotations: {reason: '{{ $value }} is bad'}\n"):                                                                                                                                    `shop.yaml:6: alert A: reason stands as it is written: {{ … }} is for the summary`,
		rules("      - alert: A\n        " + expr + "\n        annotations: {explains: B}\n      - {alert: Bee, " + expr + "}\n"):                                                                                                                  `shop.yaml:4: alert A explains no alert that there is: "B"`,
		rules("      - alert: Origin\n        " + expr + "\n        annotations: {explains: Orign}\n"):                                                                                                                                             `shop.yaml:4: alert Origin explains no alert that there is: "Orign"; did you mean "Origin"?`,
		rules("      - {alert: A, " + expr + ", annotations: {explains: B}}\n      - {alert: B, " + expr + ", annotations: {explains: C}}\n      - {alert: C, " + expr + ", annotations: {explains: 'B, X'}}\n      - {alert: X, " + expr + "}\n"): `shop.yaml:5: alert B explains itself, by way of what it explains`,
		// expressions
		rules("      - alert: A\n        expr: alb_eror_ratio > 0.01\n"):                                              `shop.yaml:5: alert A at column 1: unknown metric "alb_eror_ratio"; did you mean "alb_error_ratio"?`,
		rules("      - alert: A\n        expr: |\n          alb_requests > 5\n          and alb_eror_ratio > 0.01\n"): `shop.yaml:7: alert A at column 5: unknown metric "alb_eror_ratio"`,
		rules("      - alert: A\n        expr: alb_error_ratio{resorce=\"x\"} > 0.01\n"):                              `shop.yaml:5: alert A at column 1: alb_error_ratio has no label "resorce"; did you mean "resource"?`,
		rules("      - alert: A\n        expr: sum by(resorce) (alb_requests) > 1\n"):                                 `shop.yaml:5: alert A at column 1: no series in this expression has the label "resorce"; did you mean "resource"?`,
		rules("      - alert: A\n        expr: alb_error_ratio\n"):                                                    `shop.yaml:5: alert A at column 1: this says no yes or no: compare it with something, as in alb_error_ratio > 0.01`,
		rules("      - alert: A\n        expr: alb_error_ratio >\n"):                                                  `shop.yaml:5: alert A at column `,
		rules("      - alert: A\n        expr: alb_error_ratio > 5\n"):                                                `shop.yaml:5: alert A at column 1: alb_error_ratio is a ratio from 0 to 1 and never > 5; did you mean 0.05 (5 %)?`,
		rules("      - alert: A\n        expr: alb_latency_p95_seconds > 800\n"):                                      `shop.yaml:5: alert A at column 1: alb_latency_p95_seconds is in seconds: 800 is more than a minute and a half; did you mean 0.8?`,
		rules("      - alert: A\n        expr: alb_requests > 5 and alb_requests < 3\n"):                              `shop.yaml:5: alert A at column 1: this can never hold`,
		rules("      - alert: A\n        expr: alb_requests > 5 and sum(asg_desired) > 3\n"):                          `shop.yaml:5: alert A at column 1: the two sides never match`,
		rules("      - alert: A\n        expr: mark_active{kind=\"deploi\"} > 0\n"):                                   `shop.yaml:5: alert A at column 1: no mark is of kind "deploi"; did you mean "deploy"?`,
		rules("      - alert: A\n        expr: alb_requests offset -5m > 1\n"):                                        `shop.yaml:5: alert A at column 1: a negative offset looks into the future`,
		rules("      - alert: A\n        expr: '" + strings.Repeat("(", 20_000) + "'\n"):                              `shop.yaml:5: alert A at column 1: longer than 8 KiB: this is no expression`,
		// records
		rules("      - record: errors\n        expr: alb_requests\n"):                                                    `shop.yaml:4: record errors: "errors" cannot be recorded: want a name with a colon in it`,
		rules("      - {record: 'surprise:alb_requests', expr: alb_requests}\n"):                                         `shop.yaml:4: record surprise:alb_requests: "surprise:alb_requests" cannot be recorded: what begins with surprise: is made of the metric behind it`,
		rules("      - {alert: A, expr: 'surprise:alb_request > 1'}\n"):                                                  `shop.yaml:4: alert A at column 1: unknown metric "surprise:alb_request"; did you mean "surprise:alb_requests"?`,
		rules("      - record: a:b\n        expr: alb_request\n"):                                                        `shop.yaml:5: record a:b: at column 1: unknown metric "alb_request"; did you mean "alb_requests"?`,
		rules("      - record: a:b\n"):                                                                                   `shop.yaml:4: record a:b has no expr`,
		rules("      - record: a:b\n        expr: alb_requests\n        for: 5m\n"):                                      `shop.yaml:6: a record has a name and an expr; for is for alerts`,
		rules("      - {record: 'a:b', expr: alb_requests}\n      - {record: 'a:b', expr: alb_requests}\n"):              `shop.yaml:5: record a:b: a:b is recorded twice`,
		rules("      - {record: 'a:b', expr: 'a:b + 1'}\n"):                                                              `shop.yaml:4: record a:b: at column 1: unknown metric "a:b"`,
		rules("      - {record: 'a:b', expr: alb_error_ratio > 5}\n"):                                                    `shop.yaml:4: record a:b: at column 1: alb_error_ratio is a ratio from 0 to 1`,
		rules("      - {record: 'a:b', expr: alb_requests}\n      - {alert: A, expr: 'a:c > 1'}\n"):                      `shop.yaml:5: alert A at column 1: unknown metric "a:c"; did you mean "a:b"?`,
		rules("      - {record: 'a:b', expr: sum(alb_requests)}\n      - {alert: A, expr: 'a:b{resource=\"x\"} > 1'}\n"): `shop.yaml:5: alert A at column 1: a:b has no label "resource"`,
	} {
		_, err := alerts.Read("shop.yaml", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.300s\ngot  %v\nwant %s", text, err, want)
		}
	}
}

// Each of several faults is told.
func TestAllFaults(t *testing.T) {
	_, err := alerts.Read("shop.yaml", []byte(rules("      - {alert: A, expr: alb_eror_ratio > 0.01}\n      - {alert: B, expr: alb_error_ratio > 5}\n")))
	if err == nil || strings.Count(err.Error(), "\n") != 1 || !strings.Contains(err.Error(), "shop.yaml:4:") || !strings.Contains(err.Error(), "shop.yaml:5:") {
		t.Error(err)
	}
}

// What a rule file says is what is read, whatever YAML's way of saying it.
func TestRead(t *testing.T) {
	r, err := alerts.Read("shop.yaml", []byte("\ufeff"+`
"groups":
  - name: shop
    interval: 30s
    labels: {team: web, severity: info}
    rules:
      - record: shop:worse:5m # it uses one that stands below
        expr: shop:errors:5m * 2
      - record: shop:errors:5m
        expr: avg_over_time(alb_error_ratio[5m])
      - record: shop:limit
        expr: 0.02
      - alert: Errors
        expr: |
          shop:worse:5m
          > on() group_left() shop:limit
        for: &while 2m
        keep_firing_for: *while
        labels: &labels {severity: page, provisional: "true", tier: !!str 1}
        annotations:
          summary: >
            {{ $labels.resource }} is at {{ $value | humanizePercentage }}
          description: more than
            2 % fail
          reason: people see it
          runbook: origin-errors
          explains: Slow, Busy
          dashboard: https://example.com/{{ $labels.resource }}
      - alert: Slow
        expr: alb_latency_p95_seconds > 2
        labels: {<<: *labels, severity: warn}
      - {alert: Busy, expr: asg_used_ratio > 0.9, labels: , annotations: }
      - {alert: Never, labels: {severity: "off"}}
`))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Records) != 3 || !slices.Equal(r.Names(), []string{"Errors", "Slow", "Busy", "Never"}) {
		t.Fatalf("%d records, %v", len(r.Records), r.Names())
	}
	a := r.Alerts[0]
	if a.For != 2*time.Minute || a.KeepFiringFor != 2*time.Minute || a.Severity != alerts.Page || !a.Provisional || a.Line != 13 ||
		a.Labels["team"] != "web" || a.Labels["tier"] != "1" || len(a.Labels) != 2 ||
		a.Description != "more than 2 % fail" || a.Reason != "people see it" || a.Runbook != "origin-errors" || !slices.Equal(a.Explains, []string{"Slow", "Busy"}) {
		t.Errorf("%+v", a)
	}
	if s := r.Alerts[1]; s.Severity != alerts.Warn || !s.Provisional || s.Labels["tier"] != "1" {
		t.Errorf("merged: %+v", s)
	}
	if b := r.Alerts[2]; b.Severity != alerts.Info || b.Off {
		t.Errorf("the group's labels: %+v", b)
	}
	if !r.Alerts[3].Off {
		t.Error("it is not off")
	}
}

// A file stands over the rules before it, rule by rule.
func TestOverride(t *testing.T) {
	house, err := alerts.House()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	files := []string{filepath.Join(folder, "a.yaml"), filepath.Join(folder, "b.yaml")}
	for i, text := range []string{
		rules("      - {alert: OriginErrors, expr: alb_error_ratio > 0.1}\n      - {alert: Ours, expr: ours:x > 1, annotations: {explains: OriginErrors}}\n      - {record: 'ours:x', expr: alb_requests}\n"),
		rules("      - {record: 'ours:x', expr: alb_lcu}\n      - {alert: OriginErrors, labels: {severity: \"off\"}}\n"),
	} {
		if err := os.WriteFile(files[i], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	one, err := alerts.Load(files[0])
	if err != nil {
		t.Fatal(err)
	}
	find := func(r *alerts.Rules, name string) *alerts.Rule {
		at := slices.IndexFunc(r.Alerts, func(a alerts.Rule) bool { return a.Alert == name })
		if at < 0 {
			t.Fatalf("no %s in %v", name, r.Names())
		}
		return &r.Alerts[at]
	}
	if a := find(one, "OriginErrors"); a.Expr != "alb_error_ratio > 0.1" || a.Severity != alerts.Warn || a.File != files[0] {
		t.Errorf("%+v", a)
	}
	if len(one.Alerts) != len(house.Alerts)+1 {
		t.Errorf("%d alerts, the house has %d", len(one.Alerts), len(house.Alerts))
	}
	two, err := alerts.Load(files...)
	if err != nil {
		t.Fatal(err)
	}
	if !find(two, "OriginErrors").Off || find(two, "Ours").Off {
		t.Error("the wrong one is off")
	}
	if r := two.Records[slices.IndexFunc(two.Records, func(r alerts.Record) bool { return r.Name == "ours:x" })]; r.Expr != "alb_lcu" {
		t.Errorf("%+v", r)
	}
	if _, err := alerts.Load(files[1]); err != nil { // a rule that is not there any more is nobody's business
		t.Error(err)
	}
	if _, err := alerts.Load(filepath.Join(folder, "gone.yaml")); err == nil || !strings.Contains(err.Error(), "gone.yaml: cannot be read") {
		t.Error(err)
	}
}

// Names that stand for names are put in their places only as long as that stays an expression.
func TestRecordsGrow(t *testing.T) {
	var b strings.Builder
	last := "alb_requests"
	for _, c := range "abcdefghijklmnopqrstuvwxyz" {
		b.WriteString("      - {record: 'x:" + string(c) + "', expr: '" + last + " + " + last + "'}\n")
		last = "x:" + string(c)
	}
	_, err := alerts.Read("shop.yaml", []byte(rules(b.String())))
	if err == nil || !strings.Contains(err.Error(), "with what the records in it stand for it is longer than 64 KiB") {
		t.Errorf("%.500v", err)
	}
}
