package query_test

import (
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/query"
)

// The earlier launch was a week before, with its T0 forty seconds later in the minute.
func TestPrevious(t *testing.T) {
	const week = 7 * 24 * 60
	then := sources.NewWindow(4 * time.Hour)
	for m := range 30 {
		early := m - week
		then.Apply(sources.Batch{Samples: []sources.Sample{
			sample("alb_requests", "shop", early, float64(early)+1.2, 1),
			sample("alb_requests", "shop", early, float64(early)+2.5, float64(600*m)),
			sample("alb_target_5xx", "shop", early, float64(early)+2.5, float64(60*m)),
			none("alb_latency_p95_seconds", "shop", early, float64(early)+2.5),
		}})
	}
	launch := &sources.Launch{T0: t0}
	o := query.Options{Launch: launch, Earlier: query.NewEarlier(then, t0.Add(-week*time.Minute))}
	now := window(sample("alb_requests", "shop", 4, 5.5, 3000), sample("alb_requests", "shop", 5, 6.5, 6000), sample("alb_requests", "api", 5, 6.5, 7))
	v := now.View(sources.Cursor{At: at(8)})
	for expr, want := range map[string]string{
		"previous:alb_requests":                              "shop 3000",
		`previous:alb_requests{resource="api"}`:              "",
		"previous:alb_requests offset 2m":                    "shop 1800",
		"sum_over_time(previous:alb_requests[3m])":           "shop 7200",
		"alb_requests / on (resource) previous:alb_requests": "shop 2",
		"previous:alb_requests_per_second":                   "shop 50",
		"previous:alb_error_ratio":                           "shop 0.1",
		"previous:alb_elb_5xx":                               "shop 0",
		"previous:alb_latency_p95_seconds":                   "",
	} {
		if got := asked(t, v, expr, 6, o); got != want {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
	// It holds nothing up, and is known up to now.
	e := query.NewEngine()
	if mark, err := e.Watermark(v, "alb_requests < previous:alb_requests", "shop"); err != nil || !mark.Equal(at(6)) {
		t.Errorf("watermark %v, %v; want that of what is measured now", mark.Sub(t0), err)
	}
	if mark, err := e.Watermark(v, "previous:alb_requests", "shop"); err != nil || !mark.Equal(at(8)) {
		t.Errorf("watermark %v, %v; want the cursor's", mark.Sub(t0), err)
	}
	lines, err := e.Range(t.Context(), v, "previous:alb_requests", at(-5), at(40), o)
	if err != nil || len(lines) != 1 || text(lines[0].Points[:3]) != "0:0 1:600 2:1200 " || len(lines[0].Points) != 30 {
		t.Errorf("over the launch: %+v, %v", lines, err)
	}
	// A T0 within a minute, and no earlier launch at all.
	o.Earlier = query.NewEarlier(then, t0.Add(-week*time.Minute+40*time.Second))
	if got := asked(t, v, "sum_over_time(previous:alb_requests[3m])", 6, o); got != "shop 7200" {
		t.Errorf("with T0 forty seconds later: %q", got)
	}
	for _, none := range []query.Options{{}, {Launch: launch}, {Earlier: o.Earlier}} {
		if got := asked(t, v, "previous:alb_requests", 6, none); got != "" {
			t.Errorf("without an earlier launch, or without T0: %q", got)
		}
	}
}
