//go:build e2e

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// promtool runs Prometheus' own tool in the folder at hand, and tells whether it was content.
func promtool(t *testing.T, args ...string) (bool, string) {
	t.Helper()
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatalf("these tests need promtool (Debian's package prometheus): %v", err)
	}
	out, err := exec.Command(tool, args...).CombinedOutput()
	return err == nil, string(out)
}

// Prometheus reads the rules of the house.
func TestPromtoolReadsTheRulesOfTheHouse(t *testing.T) {
	if ok, out := promtool(t, "check", "rules", filepath.Join("..", "..", "alerts", "default.yaml")); !ok {
		t.Error(out)
	}
}

// What the README shows of rules and their tests is what Prometheus takes, too.
func TestPromtoolReadsTheReadme(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		switch {
		case strings.HasPrefix(block[1], "groups:"):
			write(t, "rules.yaml", block[1])
		case strings.HasPrefix(block[1], "rule_files:"):
			write(t, "rules.test.yaml", block[1])
		}
	}
	sameVerdict(t, "rules.yaml", "rules.test.yaml", true)
}

// sameVerdict holds our verdict on a rule file and on its tests against Prometheus'.
func sameVerdict(t *testing.T, rules, tests string, want bool) {
	t.Helper()
	if ok, out := promtool(t, "check", "rules", rules); !ok {
		t.Errorf("promtool check rules: %s", out)
	}
	theirs, out := promtool(t, "test", "rules", tests)
	stdout, stderr, p := caught(t, "check", tests)
	ours := p.run() == exitDone
	if ours != want || theirs != want {
		t.Errorf("want %t\nours: %t\n%s%s\ntheirs: %t\n%s", want, ours, stdout, stderr, theirs, out)
	}
}

// A test of rules has one verdict, whoever runs it.
func TestPromtoolAgrees(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "shop.yaml", `
groups:
  - name: shop
    rules:
      - {record: 'shop:errors:squared', expr: alb_error_ratio * alb_error_ratio}
      - alert: Errors
        expr: alb_error_ratio > 0.02
        for: 2m
        keep_firing_for: 3m
        labels: {severity: page, team: web}
        annotations:
          summary: "{{ $labels.resource }}: {{ $value | humanizePercentage }}, {{ $value }}, {{ $value | humanize }}, {{ printf \"%.1f\" $value }}"
          runbook: origin-errors
      - alert: Slow
        expr: alb_latency_p95_seconds > 1 unless on() mark_active{kind="deploy"} == 1
        annotations: {summary: "{{ $value | humanizeDuration }}"}
      - {alert: Early, expr: launch_seconds > -90 and launch_seconds < 90}
      - {alert: OnAir, expr: 'launch_phase{phase="on air"} == 1'}
      - {alert: Squeezed, expr: alb_error_ratio > 0.02 and on(site) sum by(site) (asg_used_ratio) >= 1}
      - {alert: Often, expr: 'sum_over_time((alb_error_ratio > bool 0.02)[3m:1m]) >= 2'}
      - {alert: Squared, expr: 'shop:errors:squared > 0.01'}
`)
	const head = "rule_files: [shop.yaml]\nevaluation_interval: 1m\ntests:\n  - name: it\n    interval: 1m\n    input_series:\n"
	const errors = "      - {series: 'alb_error_ratio{resource=\"shop\"}', values: '0 0.03125x3 0.0625 0x9'}\n    alert_rule_test:\n"
	const firing = "[{exp_labels: {severity: page, team: web, resource: shop}, exp_annotations: {runbook: origin-errors, summary: 'shop: 3.125%, 0.03125, 31.25m, 0.0'}}]"
	const launch = "      - {series: launch_seconds, values: '-120+60x9'}\n      - {series: 'launch_phase{phase=\"on air\"}', values: '0 0 1x7'}\n" +
		"      - {series: 'mark_active{kind=\"deploy\"}', values: '0 0 1 1 0x5'}\n      - {series: 'alb_latency_p95_seconds{resource=\"shop\"}', values: '90x9'}\n    alert_rule_test:\n"
	const sites = "      - {series: 'alb_error_ratio{resource=\"a\", site=\"left\"}', values: '0.03x9'}\n      - {series: 'alb_error_ratio{resource=\"b\", site=\"right\"}', values: '0.25x9'}\n" +
		"      - {series: 'asg_used_ratio{resource=\"web\", site=\"right\"}', values: '0.5 1x8'}\n"
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"pending":             {errors + "      - {eval_time: 2m, alertname: Errors, exp_alerts: []}\n", true},
		"pending is no fire":  {errors + "      - {eval_time: 2m, alertname: Errors, exp_alerts: " + firing + "}\n", false},
		"firing":              {errors + "      - {eval_time: 3m, alertname: Errors, exp_alerts: " + firing + "}\n", true},
		"firing, not told":    {errors + "      - {eval_time: 3m, alertname: Errors, exp_alerts: []}\n", false},
		"between the minutes": {errors + "      - {eval_time: 3m30s, alertname: Errors, exp_alerts: " + firing + "}\n", true},
		"another value":       {errors + "      - {eval_time: 5m, alertname: Errors, exp_alerts: " + firing + "}\n", false},
		"recovering":          {errors + "      - {eval_time: 8m, alertname: Errors, exp_alerts: " + strings.NewReplacer("3.125%", "6.25%", "0.03125", "0.0625", "31.25m", "62.5m", "0.0'", "0.1'").Replace(firing) + "}\n", true},
		"resolved":            {errors + "      - {eval_time: 9m, alertname: Errors, exp_alerts: []}\n", true},
		"two of three":        {errors + "      - {eval_time: 3m, alertname: Often, exp_alerts: [{exp_labels: {resource: shop}}]}\n", true},
		"one of three":        {errors + "      - {eval_time: 1m, alertname: Often, exp_alerts: [{exp_labels: {resource: shop}}]}\n", false},
		"launch":              {launch + "      - {eval_time: 1m, alertname: Early, exp_alerts: [{}]}\n      - {eval_time: 4m, alertname: Early}\n      - {eval_time: 2m, alertname: OnAir, exp_alerts: [{exp_labels: {phase: on air}}]}\n", true},
		"no launch":           {launch + "      - {eval_time: 0m, alertname: Early, exp_alerts: [{}]}\n", false},
		"deploy":              {launch + "      - {eval_time: 1m, alertname: Slow, exp_alerts: [{exp_labels: {resource: shop}, exp_annotations: {summary: 1m 30s}}]}\n      - {eval_time: 3m, alertname: Slow}\n", true},
		"no deploy":           {launch + "      - {eval_time: 3m, alertname: Slow, exp_alerts: [{exp_labels: {resource: shop}, exp_annotations: {summary: 1m 30s}}]}\n", false},
		"sites":               {sites + "    alert_rule_test:\n      - {eval_time: 0m, alertname: Squeezed}\n      - {eval_time: 1m, alertname: Squeezed, exp_alerts: [{exp_labels: {resource: b, site: right}}]}\n", true},
		"the other site":      {sites + "    alert_rule_test:\n      - {eval_time: 1m, alertname: Squeezed, exp_alerts: [{exp_labels: {resource: a, site: left}}]}\n", false},
		"records":             {sites + "    alert_rule_test:\n      - {eval_time: 1m, alertname: Squared, exp_alerts: [{exp_labels: {resource: b, site: right}}]}\n    promql_expr_test:\n      - {expr: 'shop:errors:squared{site=\"right\"}', eval_time: 3m, exp_samples: [{labels: 'shop:errors:squared{resource=\"b\", site=\"right\"}', value: 0.0625}]}\n", true},
		"expressions":         {sites + "    promql_expr_test:\n      - {expr: sum(alb_error_ratio > 0.1), eval_time: 3m, exp_samples: [{labels: '{}', value: 0.25}]}\n      - {expr: alb_error_ratio > 1, eval_time: 3m}\n      - {expr: time(), eval_time: 3m, exp_samples: [{value: 180}]}\n", true},
		"another sample":      {sites + "    promql_expr_test:\n      - {expr: sum(alb_error_ratio > 0.1), eval_time: 3m, exp_samples: [{labels: '{}', value: 0.5}]}\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, "shop.test.yaml", head+c.text)
			sameVerdict(t, "shop.yaml", "shop.test.yaml", c.want)
		})
	}
}
