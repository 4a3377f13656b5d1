package query_test

import (
	"strings"
	"testing"

	"warroom/sources/query"
)

// Whatever can never hold is found, and nothing else is.
func TestLint(t *testing.T) {
	for expr, want := range map[string]string{
		// units and bounds
		"alb_error_ratio > 5":                                        "1:1: alb_error_ratio is a ratio from 0 to 1 and never > 5; did you mean 0.05 (5 %)?",
		"5 < alb_error_ratio":                                        "1:1: alb_error_ratio is a ratio from 0 to 1 and never > 5; did you mean 0.05 (5 %)?",
		"alb_error_ratio > 10/2":                                     "1:1: alb_error_ratio is a ratio from 0 to 1 and never > 5",
		"max_over_time(alb_error_ratio[5m]) >= 2":                    "1:1: alb_error_ratio is a ratio from 0 to 1 and never >= 2",
		"max by(site) (avg_over_time(alb_error_ratio[5m:1m])) > 2":   "1:1: alb_error_ratio is a ratio",
		"alb_error_ratio > 1":                                        "1:1: alb_error_ratio is a ratio from 0 to 1 and never > 1",
		"alb_error_ratio > 500":                                      "1:1: alb_error_ratio is a ratio from 0 to 1 and never > 500",
		"alb_error_ratio >= 1":                                       "",
		"sum(alb_error_ratio) > 2":                                   "",
		"sum_over_time(alb_error_ratio[5m]) > 2":                     "",
		"deriv(alb_error_ratio[5m]) < 0":                             "",
		"-alb_error_ratio < 0":                                       "",
		"alb_error_ratio * 100 > 5":                                  "",
		"alb_requests < 0":                                           "1:1: alb_requests is never negative, so this can never hold",
		"sum(alb_requests) <= -1":                                    "1:1: alb_requests is never negative",
		"delta(alb_requests[5m]) < -100":                             "",
		"launch_seconds < -60":                                       "",
		"launch_seconds > 300":                                       "",
		"alb_latency_p95_seconds > 500":                              "1:1: alb_latency_p95_seconds is in seconds: 500 is more than a minute and a half; did you mean 0.5?",
		"series_age_seconds > 600":                                   "",
		"source_up > 1":                                              "1:1: source_up is 0 or 1 and never > 1",
		"source_up == 0.5":                                           "1:1: source_up is 0 or 1 and never == 0.5",
		"source_up < 1":                                              "",
		"room_api_budget_ratio > 1.2":                                "",
		`mark_active{kind="deploi"} == 1`:                            `1:1: no mark is of kind "deploi"; did you mean "deploy"? (known: surge, deploy, purge, maintenance, scale, note)`,
		`mark_active{kind=~"deploy|scale"} == 1`:                     "",
		"alb_error_ratio > 0.01\nand\nalb_latency_p95_seconds > 900": "3:1: alb_latency_p95_seconds is in seconds",
		"alb_error_ratio >= 0":                                       "1:1: alb_error_ratio is always >= 0, so this holds wherever there is a value",
		"1 >= max(alb_error_ratio)":                                  "1:1: alb_error_ratio is always <= 1, so this holds",
		"alb_lcu > 5 or alb_requests > -1":                           "1:16: alb_requests is always > -1",
		"alb_lcu > 5 and alb_requests >= 0":                          "",
		"launch_seconds >= 0":                                        "",
		"alb_requests != 0":                                          "",
		"alb_requests > alb_requests":                                "1:1: both sides are the same: this never holds",
		"alb_requests <= (alb_requests)":                             "1:1: both sides are the same: this always holds",
		"alb_requests > alb_requests offset 5m":                      "",
		"alb_latency_p95_seconds > alb_error_ratio":                  "1:1: alb_latency_p95_seconds is in seconds and alb_error_ratio is a ratio: they cannot be compared",
		"alb_latency_p95_seconds > 2 * alb_error_ratio":              "",
		// so many of so many
		"sum_over_time((alb_error_ratio > bool 0.01)[3m:1m]) >= 2": "",
		"sum_over_time((alb_error_ratio > bool 0.01)[3m:1m]) >= 4": "1:1: it comes to 3 at the most, one for each minute, and never >= 4",
		"sum_over_time((alb_error_ratio > bool 0.01)[3m:]) > 3":    "1:1: it comes to 3 at the most",
		"count_over_time(alb_requests[5m]) > 5":                    "1:1: it comes to 5 at the most",
		"count_over_time(alb_requests[5m]) >= 5":                   "",
		"sum_over_time(alb_requests[5m]) > 5":                      "",
		// what says yes whatever comes
		"alb_requests > bool 5":                             "1:1: with bool this has a value whether it holds or not, so it always fires: leave bool out",
		"alb_lcu > 1 and (alb_requests > bool 5)":           "1:18: with bool this",
		"alb_lcu > 1 unless alb_requests > bool 5":          "1:20: with bool this has a value whether it holds or not, so nothing is left",
		"(alb_requests > bool 5) + (alb_lcu > bool 1) >= 2": "",
		"(alb_requests > bool 5) == 0":                      "",
		"1 > bool 2":                                        "1:1: both sides are numbers, and with bool this has a value whether it holds or not: it always fires",
		"vector(0) > 1":                                     "1:1: both sides are numbers, whatever the site does: this never holds",
		"vector(2) >= 1 + 1":                                "1:1: both sides are numbers, whatever the site does: this always holds",
		"alb_error_ratio > 0.01 or vector(1) > 0":           "1:27: both sides are numbers, whatever the site does: this always holds",
		"(alb_requests > bool 5) + (2 > bool 1) >= 2":       "1:28: both sides are numbers, whatever the site does: this is always 1",
		"(alb_requests > bool 5) + (2 != bool 2) >= 1":      "1:28: both sides are numbers, whatever the site does: this is always 0",
		"alb_requests > on() vector(5)":                     "",
		"alb_error_ratio > on() group_left() vector(5)":     "1:1: alb_error_ratio is a ratio from 0 to 1 and never > 5",
		"vector(time()) > 5":                                "",
		// seconds are no count
		"alb_latency_p95_seconds > alb_requests":                                  "1:1: alb_latency_p95_seconds is in seconds and alb_requests is a count: they cannot be compared",
		"alb_requests + alb_latency_p95_seconds > 5":                              "1:1: alb_latency_p95_seconds is in seconds and alb_requests is a count: they cannot be added up",
		"sum(alb_lcu) - max(avg_over_time(alb_latency_p95_seconds[5m])) > 0":      "1:1: alb_latency_p95_seconds is in seconds and alb_lcu is a count: they cannot be taken from one another",
		"alb_latency_p95_seconds < alb_requests_per_second":                       "1:1: alb_latency_p95_seconds is in seconds and alb_requests_per_second is a rate: they cannot be compared",
		"(alb_latency_p95_seconds + 1) > (alb_requests > 5)":                      "1:1: alb_latency_p95_seconds is in seconds and alb_requests is a count: they cannot be compared",
		"1 - (alb_latency_p95_seconds + alb_latency_p50_seconds) > -alb_requests": "",
		"2 - (alb_latency_p95_seconds - alb_latency_p50_seconds) > alb_requests":  "1:1: alb_latency_p95_seconds is in seconds",
		"alb_latency_p95_seconds * alb_requests_per_second > asg_desired":         "",
		"alb_latency_p95_seconds > 2 * alb_latency_p50_seconds":                   "",
		"alb_latency_p95_seconds > previous:alb_latency_p95_seconds":              "",
		"surprise:alb_latency_p95_seconds > surprise:alb_requests":                "",
		"surprise:alb_latency_p95_seconds + alb_requests > 5":                     "",
		"alb_latency_p95_seconds > (alb_requests or alb_latency_p50_seconds)":     "",
		"alb_latency_p95_seconds > (alb_latency_p50_seconds unless alb_requests)": "",
		"alb_latency_p95_seconds > 1 and alb_requests > 5":                        "",
		// how a series goes
		"deriv(aurora_acu[1m]) > 0":                     "1:1: deriv needs two points at the least, and 1m0s holds one: this never has a value",
		"deriv(aurora_acu[2m]) > 0":                     "",
		"deriv((aurora_acu / aurora_acu_max)[1m:]) > 0": "1:1: deriv needs two points",
		"predict_linear(aurora_acu[30s], 600) > 64":     "1:1: predict_linear needs two points",
		"rate(alb_requests[5m]) > 5":                    "1:1: rate is for counters, which only rise, and alb_requests is none: a count is that of its period; for how it goes there is deriv",
		"increase(surprise:alb_requests[5m]) > 5":       "1:1: increase is for counters",
		// ages are of metrics
		`series_age_seconds{metric="alb_reqests"} > 600`: `1:1: no series is of the metric "alb_reqests"; did you mean "alb_requests"?`,
		`series_age_seconds{metric="source_up"} > 600`:   "",
		`series_age_seconds{metric=~"alb_.*"} > 600`:     "",
		// sides that meet
		"alb_error_ratio > 0.01 and asg_used_ratio > 0.9":           "",
		"alb_error_ratio > 0.01 and sum(asg_used_ratio) > 0.9":      "1:1: the two sides never match: the left one is told apart by resource, the right one by nothing; say on which labels they meet, as in: and on(site) …, or and on() …",
		"alb_error_ratio > 0.01 and on() sum(asg_used_ratio) > 0.9": "",
		"alb_error_ratio > 0.01 or vector(1) > on() alb_requests":   "",
		`waf_rule_blocked > on(resource) group_left() waf_blocked`:  "",
		`waf_rule_blocked > waf_blocked`:                            "1:1: the two sides never match: the left one is told apart by resource and rule, the right one by resource",
		// what excludes itself
		"alb_requests > 5 and alb_requests < 3":                    "1:1: this can never hold: alb_requests would have to be above 5 and below 3 at once",
		"alb_requests > 5 and (alb_lcu > 1 and 3 >= alb_requests)": "1:1: this can never hold: alb_requests would have to be above 5 and at most 3 at once",
		"alb_requests >= 5 and alb_requests < 5":                   "1:1: this can never hold: alb_requests would have to be at least 5 and below 5 at once",
		"alb_requests >= 5 and alb_requests <= 5":                  "",
		"alb_requests == 5 and alb_requests > 7":                   "1:1: this can never hold: alb_requests would have to be above 7 and at most 5 at once",
		"alb_requests > 5 and on() alb_requests < 3":               "",
		"alb_requests > 5 or alb_requests < 3":                     "",
		"alb_requests > 5 unless alb_requests < 3":                 "",
		"launch_seconds > -60 and launch_seconds < 60":             "",
	} {
		if err := query.Check(expr); err != nil {
			t.Errorf("%s: %v", expr, err)
		}
		var found []string
		for _, e := range query.NewEngine().LintCondition(expr) {
			found = append(found, e.Error())
		}
		if got := strings.Join(found, "\n"); got != want && (want == "" || !strings.HasPrefix(got, want) || len(found) > 1) {
			t.Errorf("%s:\ngot  %s\nwant %s", expr, got, want)
		}
	}
}

// What is recorded may be 0 or 1: only a condition may not.
func TestLintOfARecord(t *testing.T) {
	if found := query.NewEngine().Lint("alb_requests > bool 5"); len(found) > 0 {
		t.Errorf("got %v", found)
	}
}
