package query_test

import (
	"testing"

	"warroom/sources"
	"warroom/sources/query"
)

func TestBoundOf(t *testing.T) {
	for expr, want := range map[string]query.Bound{
		"alb_error_ratio > 0.01":         {Unit: sources.Ratio, Metric: "alb_error_ratio", Limit: 0.01, Known: true, Above: true},
		"(cloudfront_hit_ratio < (0.7))": {Unit: sources.Ratio, Metric: "cloudfront_hit_ratio", Limit: 0.7, Known: true},
		"max_over_time(alb_latency_p95_seconds[3m]) >= 2 and alb_requests > 9": {Unit: sources.Seconds, Metric: "alb_latency_p95_seconds", Limit: 2, Known: true, Above: true},
		"count_over_time((alb_error_ratio > 0.02)[3m:1m]) >= 2":                {Metric: "alb_error_ratio", Limit: 0.02, Known: true, Above: true},
		"alb_latency_p95_seconds > 1.5 * 2":                                    {Unit: sources.Seconds, Metric: "alb_latency_p95_seconds", Limit: 3, Known: true, Above: true},
		"asg_desired / asg_max > 0.9":                                          {},
		"alb_error_ratio > cloudfront_error_ratio":                             {Unit: sources.Ratio},
		"2 of 3 minutes above 1 %":                                             {},
		"":                                                                     {},
	} {
		if got := query.BoundOf(expr); got != want {
			t.Errorf("%s: %+v, want %+v", expr, got, want)
		}
	}
}
