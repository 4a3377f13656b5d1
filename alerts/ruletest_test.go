package alerts_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"warroom/alerts"
)

// shopRules are rules as a team would write them.
const shopRules = `
groups:
  - name: shop
    rules:
      - record: shop:errors:5m
        expr: avg_over_time(alb_error_ratio[5m])
      - alert: ShopErrors
        expr: alb_error_ratio > 0.02
        for: 2m
        keep_firing_for: 3m
        labels: {severity: page, team: web}
        annotations:
          summary: "{{ $labels.resource }} answers {{ $value | humanizePercentage }} with 5xx"
          reason: people see errors
      - alert: Slow
        expr: alb_latency_p95_seconds > 1 unless on() mark_active{kind="deploy"} == 1
        labels: {severity: warn}
      - alert: Early
        expr: launch_seconds > -60 and launch_seconds < 60
      - alert: Squeezed
        expr: alb_error_ratio > 0.02 and on(site) sum by(site) (asg_used_ratio) >= 1
        labels: {severity: page}
      - alert: Late
        expr: cloudfront_error_ratio > 0.01 and on() alb_error_ratio > 0.01
`

// tested writes a rule file and a file of tests, and reads and runs the latter.
func tested(t *testing.T, text string) error {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{"shop.yaml": shopRules, "shop.test.yaml": text} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(folder)
	tests, err := alerts.ReadTests("shop.test.yaml", []byte(text))
	if err != nil {
		return err
	}
	return tests.Run(t.Context())
}

// What is expected rightly holds.
func TestRuleTestsHold(t *testing.T) {
	for name, text := range map[string]string{
		"for, firing, recovering, resolved": `
    input_series:
      - {series: 'alb_error_ratio{resource="shop"}', values: '0.01 0.03x3 0.04 0 0 0 0 0'}
    alert_rule_test:
      - {eval_time: 2m, alertname: ShopErrors, exp_alerts: []}
      - eval_time: 3m
        alertname: ShopErrors
        exp_alerts: &firing
          - exp_labels: {severity: page, team: web, resource: shop}
            exp_annotations: {summary: shop answers 3% with 5xx, reason: people see errors}
      - {eval_time: 4m30s, alertname: ShopErrors, exp_alerts: *firing}
      - eval_time: 5m
        alertname: ShopErrors
        exp_alerts:
          - exp_labels: {alertname: ShopErrors, severity: page, team: web, resource: shop}
            exp_annotations: {summary: shop answers 4% with 5xx, reason: people see errors}
      - {eval_time: 8m, alertname: ShopErrors, exp_alerts: [{exp_labels: {severity: page, team: web, resource: shop}}]}
      - {eval_time: 9m, alertname: ShopErrors}`,
		"a gap takes nothing back, and a dead series is no data": `
    input_series:
      - {series: 'alb_error_ratio{resource="shop"}', values: '0.03x3 _ 0.03 stale 0.03'}
    alert_rule_test:
      - {eval_time: 3m, alertname: ShopErrors, exp_alerts: [{exp_labels: {severity: page, team: web, resource: shop}}]}
      - {eval_time: 4m, alertname: ShopErrors, exp_alerts: [{exp_labels: {severity: page, team: web, resource: shop}}]}
      - {eval_time: 6m, alertname: ShopErrors, exp_alerts: [{exp_labels: {severity: page, team: web, resource: shop}}]}
      - {eval_time: 20m, alertname: ShopErrors, exp_alerts: []}`,
		"the launch is given": `
    input_series:
      - {series: 'alb_latency_p95_seconds{resource="shop"}', values: '2x9'}
      - {series: 'mark_active{kind="deploy"}', values: '0 0 1 1 0x5'}
      - {series: launch_seconds, values: '-180+60x9'}
    alert_rule_test:
      - {eval_time: 1m, alertname: Slow, exp_alerts: [{exp_labels: {severity: warn, resource: shop}}]}
      - {eval_time: 3m, alertname: Slow, exp_alerts: []}
      - {eval_time: 2m, alertname: Early, exp_alerts: []}
      - {eval_time: 3m, alertname: Early, exp_alerts: [{}]}
    promql_expr_test:
      - {expr: launch_seconds, eval_time: 3m, exp_samples: [{labels: launch_seconds, value: 0}]}
      - {expr: launch_phase, eval_time: 3m}`,
		"sites": `
    input_series:
      - {series: 'alb_error_ratio{resource="a", site="left"}', values: '0.03x9'}
      - {series: 'alb_error_ratio{resource="b", site="right"}', values: '0.03x9'}
      - {series: 'asg_used_ratio{resource="web", site="right"}', values: '0.5 1x8'}
    alert_rule_test:
      - {eval_time: 0m, alertname: Squeezed, exp_alerts: []}
      - {eval_time: 1m, alertname: Squeezed, exp_alerts: [{exp_labels: {severity: page, resource: b, site: right}}]}`,
		"metrics that settle at different times are judged together": `
    input_series:
      - {series: 'alb_error_ratio{resource="shop"}', values: '0 0 0.03 0 0'}
      - {series: 'cloudfront_error_ratio{resource="www"}', values: '0 0 0.03 0 0'}
    alert_rule_test:
      - {eval_time: 1m, alertname: Late}
      - {eval_time: 2m, alertname: Late, exp_alerts: [{exp_labels: {resource: www}}]}
      - {eval_time: 3m, alertname: Late}`,
		"expressions": `
    input_series:
      - {series: 'alb_requests{resource="shop"}', values: '100x9'}
      - {series: 'alb_target_5xx{resource="shop"}', values: '0+5x9'}
    promql_expr_test:
      - {expr: 'alb_error_ratio', eval_time: 4m, exp_samples: [{labels: 'alb_error_ratio{resource="shop"}', value: 0.2}]}
      - {expr: 'count_over_time(alb_requests[3m])', eval_time: 4m, exp_samples: [{labels: '{resource="shop"}', value: 3}]}
      - {expr: 'shop:errors:5m', eval_time: 4m, exp_samples: [{labels: 'shop:errors:5m{resource="shop"}', value: 0.1}]}
      - {expr: '1 + 1', eval_time: 0s, exp_samples: [{value: 2}]}
      - {expr: 'time()', eval_time: 4m, exp_samples: [{value: 240}]}`,
		"a start": `
    start_timestamp: 2026-03-01T19:15:00Z
    interval: 1m
    external_labels: {region: eu}
    external_url: http://localhost
    promql_expr_test:
      - {expr: 'hour()', eval_time: 45m, exp_samples: [{labels: '{}', value: 20}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			if err := tested(t, "rule_files: [shop.yaml]\nevaluation_interval: 1m\ngroup_eval_order: [shop]\nfuzzy_compare: true\ntests:\n  - name: it"+text); err != nil {
				t.Error(err)
			}
		})
	}
}

// What is not as expected is told with its line, what was expected, and what came.
func TestRuleTestsFail(t *testing.T) {
	const given = "rule_files: [shop.yaml]\ntests:\n  - name: evening\n    input_series: [{series: 'alb_error_ratio{resource=\"shop\"}', values: '0.03x9'}]\n"
	for text, want := range map[string]string{
		"    alert_rule_test:\n      - {eval_time: 1m, alertname: ShopErrors, exp_alerts: [{exp_labels: {severity: page}}]}": `shop.test.yaml:6: ShopErrors at 1m (evening) is not as expected
    expected {severity="page"}
    got      {resource="shop", severity="page", team="web"}, not firing: pending since 0s`,
		"    alert_rule_test:\n      - {eval_time: 2m, alertname: ShopErrors, exp_alerts: []}": `shop.test.yaml:6: ShopErrors at 2m (evening) is not as expected
    expected nothing
    got      {resource="shop", severity="page", team="web"}`,
		"    alert_rule_test:\n      - {eval_time: 2m, alertname: ShopErrors, exp_alerts: [{exp_labels: {severity: page, team: web, resource: shop}, exp_annotations: {summary: x}}]}": `shop.test.yaml:6: ShopErrors at 2m (evening) is not as expected
    expected {resource="shop", severity="page", team="web"} annotated {summary="x"}
    got      {resource="shop", severity="page", team="web"} annotated {reason="people see errors", summary="shop answers 3% with 5xx"}`,
		"    alert_rule_test:\n      - {eval_time: 30m, alertname: ShopErrors, exp_alerts: [{}]}": `shop.test.yaml:6: ShopErrors at 30m (evening) is not as expected
    expected {}
    got      {resource="shop", severity="page", team="web"}, not firing: no data, alb_error_ratio{resource="shop"} is silent since 00:09 UTC`,
		"    promql_expr_test:\n      - expr: |\n          alb_error_ratio\n          * 100\n        eval_time: 1m\n        exp_samples: [{labels: '{}', value: 2}]": `shop.test.yaml:7: expr alb_error_ratio * 100 at 1m (evening) is not as expected
    expected {} 2
    got      {resource="shop"} 3`,
	} {
		err := tested(t, given+text)
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n%v\nwant\n%s", text, err, want)
		}
	}
}

// Whatever is wrong with a file of tests is told with its line and the nearest word.
func TestRuleTestsAreRead(t *testing.T) {
	const head = "rule_files: [shop.yaml]\ntests:\n  - input_series:\n      - "
	const foot = "\n    alert_rule_test: [{eval_time: 1m, alertname: Slow}]\n"
	for text, want := range map[string]string{
		"": "shop.test.yaml: is empty; want tests of rules",
		head + "{series: 'alb_eror_ratio{resource=\"shop\"}', values: '1'}" + foot:                                                                  `shop.test.yaml:4: unknown metric "alb_eror_ratio"; did you mean "alb_error_ratio"?`,
		head + "{series: 'alb_error_ratio{resorce=\"shop\"}', values: '1'}" + foot:                                                                  `shop.test.yaml:4: alb_error_ratio has no label "resorce"; did you mean "resource"?`,
		head + "{series: 'alb_error_ratio', values: '1'}" + foot:                                                                                    `shop.test.yaml:4: alb_error_ratio needs the label resource, as in alb_error_ratio{resource="…"}`,
		head + "{series: 'launch_seconds{resource=\"x\"}', values: '1'}" + foot:                                                                     `shop.test.yaml:4: launch_seconds has no label "resource"`,
		head + "{series: 'mark_active', values: '1'}" + foot:                                                                                        `shop.test.yaml:4: mark_active needs the label kind`,
		head + "{series: 'alb_requests{resource=\"a\"}', values: '1 x'}" + foot:                                                                     `shop.test.yaml:4: alb_requests{resource="a"}: `,
		head + "{series: 'alb_requests{resource=\"a\"}', values: '0+1x1000000000'}" + foot:                                                          `shop.test.yaml:4: values: more than 500000 in one file`,
		head + "{series: 'alb_requests{resource=\"a\"}', values: '{{schema:1 count:1}}'}" + foot:                                                    `shop.test.yaml:4: alb_requests{resource="a"}: there are no histograms in the catalogue`,
		head + "{series: 'alb_requests{resource=\"a\"}', values: '1'}\n      - {series: 'alb_requests{resource=\"a\"}', values: '1'}" + foot:        `shop.test.yaml:5: alb_requests{resource="a"} is given already, in line 4`,
		head + "{series: 'alb_requests{resource=\"a\", site=\"s\"}', values: '1'}\n      - {series: 'alb_lcu{resource=\"a\"}', values: '1'}" + foot: `shop.test.yaml:5: alb/a stands in the site "" here and in "s" before`,
		"rule_files: [gone*.yaml]\n": `shop.test.yaml:1: rule_files: there is no gone*.yaml`,
		"rule_files: [shop.yaml]\n":  `shop.test.yaml:1: there is no test in it`,
		"rule_files: [shop.yaml]\nevaluation_interval: 30s\ntests: [{interval: 5m, alert_rule_test: [{eval_time: 1m, alertname: Slow}]}]\n": "shop.test.yaml:2: evaluation_interval: want 1m, the period of all metrics; or leave it out\nshop.test.yaml:3: interval: want 1m",
		"rule_files: [shop.yaml]\ntests: [{alert_rule_test: [{eval_time: 1m, alertname: Slov}]}]\n":                                         `shop.test.yaml:2: there is no alert "Slov"; did you mean "Slow"?`,
		"rule_files: [shop.yaml]\ntests: [{alert_rule_test: [{eval_time: 1y, alertname: Slow}]}]\n":                                         `shop.test.yaml:2: eval_time: more than a week`,
		"rule_files: [shop.yaml]\ntests: [{alert_rule_test: [{alertname: Slow}]}]\n":                                                        `shop.test.yaml:2: eval_time is missing`,
		"rule_files: [shop.yaml]\ntests: [{alert_rule_test: [{eval_time: 1m}]}]\n":                                                          `shop.test.yaml:2: an alert_rule_test needs an alertname`,
		"rule_files: [shop.yaml]\ntests: [{promql_expr_test: [{eval_time: 1m, expr: alb_request}]}]\n":                                      `shop.test.yaml:2: expr at column 1: unknown metric "alb_request"; did you mean "alb_requests"?`,
		"rule_files: [shop.yaml]\ntests: [{promql_expr_test: [{eval_time: 1m, expr: alb_requests, exp_samples: [{value: many}]}]}]\n":       `shop.test.yaml:2: value: "many" is no number`,
		"rule_files: [shop.yaml]\ntests: [{name: x}]\n":                                                                                     `shop.test.yaml:2: the test expects nothing`,
		"rule_files: [shop.yaml]\ntests: [{nam: x}]\n":                                                                                      `shop.test.yaml:2: a test knows no word "nam"; did you mean "name"?`,
		"rule_files: [shop.yaml]\ntests: [{start_timestamp: soon, alert_rule_test: [{eval_time: 1m, alertname: Slow}]}]\n":                  `shop.test.yaml:2: start_timestamp: want a time`,
		"rule_files: [shop.test.yaml]\ntests: []\n":                                                                                         `shop.test.yaml:1: a rule file knows no word "rule_files"`,
	} {
		err := tested(t, text)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s:\n%v\nwant\n%s", text, err, want)
		}
	}
}

// A test ends when whoever runs it does.
func TestRuleTestsEnd(t *testing.T) {
	tests, err := alerts.ReadTests("shop.test.yaml", []byte("tests: [{promql_expr_test: [{expr: alb_requests, eval_time: 7d}]}]"))
	if err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := tests.Run(ended); err == nil {
		t.Error("it went on")
	}
	if tests, expectations := tests.Count(); tests != 1 || expectations != 1 {
		t.Error(tests, expectations)
	}
}

// The rules of the house do what their tests say.
func TestRulesOfTheHouse(t *testing.T) {
	text, err := os.ReadFile("default_test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tests, err := alerts.ReadTests("default_test.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	if err := tests.Run(t.Context()); err != nil {
		t.Error(err)
	}
	house, err := alerts.House()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range house.Names() {
		if !strings.Contains(string(text), "alertname: "+name+",") {
			t.Errorf("%s has no test", name)
		}
	}
}
