package alerts_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"warroom/alerts"
	"warroom/sources"
	"warroom/sources/document"
)

// harmless holds an error against what is promised of it: lines that name the file or belong to one that does, and that act
// on no terminal.
func harmless(t *testing.T, err error) {
	t.Helper()
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimSuffix(line, "\n")
		if line != sources.Clean(line) {
			t.Errorf("it can steer a terminal: %q", line)
		}
		if !strings.HasPrefix(line, "shop.yaml:") && !strings.HasPrefix(line, "    ") {
			t.Errorf("it names no file: %q", line)
		}
	}
	if _, ok := errors.AsType[*document.FileError](err); !ok {
		t.Errorf("it names no file: %v", err)
	}
}

// Whatever stands in a rule file, reading it ends: with rules that can be judged, or with harmless lines that name it.
func FuzzRead(f *testing.F) {
	house, err := os.ReadFile("default.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(house))
	f.Add(shopRules)
	f.Add(rules("      - &a {alert: A, expr: alb_error_ratio > 5, labels: {<<: *a}, annotations: {summary: \"\\e[31m {{ $value }}\", explains: A}}\n"))
	f.Add(rules("      - ? alert\n        : !!str A\n        expr: >\n          alb_requests\n          > 1\n"))
	f.Add("groups: &g [{name: a, rules: *g}]\n")
	f.Add("{groups: [{name: a, rules: [{record: 'a:b', expr: 'a:c'}, {record: 'a:c', expr: 'sum(alb_requests) by (x)'}]}]}")
	f.Add("groups: [{name: \"\u202e\", <<: [*a, {b: c}], labels: {severity: off}}]")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := alerts.Read("shop.yaml", []byte(text))
		if err != nil {
			harmless(t, err)
			return
		}
		if _, err := alerts.NewJudge(r, nil); err != nil {
			t.Errorf("rules that are right are not judged: %v", err)
		}
		for i := range r.Alerts {
			if a := &r.Alerts[i]; a.Alert == "" || a.Line < 1 || a.Line > strings.Count(text, "\n")+1 {
				t.Errorf("%+v", a)
			}
		}
	})
}

// Whatever stands in a file of tests, reading and running it ends, with nothing or with harmless lines that name it.
func FuzzReadTests(f *testing.F) {
	f.Add("tests:\n  - input_series: [{series: 'alb_error_ratio{resource=\"shop\"}', values: '0 0.05x3 _ stale -1+2x3'}]\n    alert_rule_test: [{eval_time: 3m, alertname: OriginErrors, exp_alerts: [{exp_labels: {severity: page}}]}]\n")
	f.Add("tests: [{input_series: [{series: launch_seconds, values: '-60+60x9'}], promql_expr_test: [{expr: 'launch_seconds > 0', eval_time: 5m, exp_samples: [{labels: 'launch_seconds', value: 1}]}]}]")
	f.Add("tests: [{start_timestamp: 2026-03-01T19:15:00Z, name: \"\\e[31m\", promql_expr_test: [{expr: 'hour()', eval_time: 1m, exp_samples: [{value: .nan}]}]}]")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "rule_files") {
			return // other files are none of its business
		}
		tests, err := alerts.ReadTests("shop.yaml", []byte(text))
		if err == nil && len(text) < 2000 && !strings.ContainsAny(text, "hdwy") { // a day of minutes is long enough
			err = tests.Run(t.Context())
		}
		if err != nil {
			harmless(t, err)
		}
	})
}
