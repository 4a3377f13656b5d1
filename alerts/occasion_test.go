package alerts

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"warroom/sources"
	"warroom/sources/query"
)

// asksOften are rules of all the kinds that read differently: settled and provisional, sparse and dense, derived, over a window, of
// two services, of the whole launch, of the clock, of what happened and of how old series are.
const asksOften = `
groups:
  - name: all
    rules:
      - {alert: Slow, expr: alb_latency_p95_seconds > 1, for: 2m, labels: {severity: page}}
      - {alert: Now, expr: alb_latency_p95_seconds > 1, labels: {severity: warn, provisional: "true"}}
      - {alert: Failing, expr: alb_elb_5xx > 0, keep_firing_for: 2m, labels: {severity: warn}}
      - {alert: Ratio, expr: alb_error_ratio > 0.1, labels: {severity: page}}
      - {alert: Rising, expr: "avg_over_time(alb_requests[3m]) > alb_requests offset 3m", labels: {severity: warn}}
      - {alert: Full, expr: aurora_acu_used_ratio > 0.9, labels: {severity: page}, annotations: {explains: "Slow, Ratio"}}
      - {alert: Both, expr: alb_latency_p95_seconds > 1 and on() aurora_acu > 5, labels: {severity: warn}}
      - {alert: Whole, expr: sum(alb_requests) > 5, labels: {severity: warn}}
      - {alert: Late, expr: launch_seconds > 300 and on() sum(alb_requests) < 5, labels: {severity: warn}}
      - {alert: Deployed, expr: 'mark_active{kind="deploy"} == 1', labels: {severity: warn}}
      - {alert: Old, expr: series_age_seconds > 300, labels: {severity: warn, provisional: "true"}}
`

// noise draws what a room learns at a time: values, holes and revisions of what began up to six minutes before, deployments, and what
// AWS refuses.
func noise(t *rapid.T, now time.Time) (b sources.Batch) {
	series := rapid.Custom(func(t *rapid.T) sources.Series {
		metric := rapid.SampledFrom([]string{"alb_latency_p95_seconds", "alb_requests", "alb_elb_5xx", "aurora_acu", "aurora_acu_max"}).Draw(t, "metric")
		resource := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "resource")
		return sources.Series{Metric: metric, Resource: resource}
	})
	for range rapid.IntRange(0, 6).Draw(t, "samples") {
		at := now.Truncate(time.Minute).Add(-time.Duration(rapid.IntRange(1, 6).Draw(t, "ago")) * time.Minute)
		b.Samples = append(b.Samples, sources.Sample{
			Series: series.Draw(t, "series"), At: at, Seen: now,
			Value: rapid.SampledFrom([]float64{0, 1, 2, 9}).Draw(t, "value"), None: rapid.IntRange(0, 4).Draw(t, "none") == 0,
		})
	}
	switch rapid.IntRange(0, 12).Draw(t, "else") {
	case 0:
		b.Changes = []sources.Change{{At: now, Seen: now, Kind: sources.ChangeDeploy, Text: "a deployment", Seq: now.Unix()}}
	case 1:
		trouble := sources.Trouble{Kind: rapid.SampledFrom([]sources.TroubleKind{"", sources.Forbidden, sources.NotFound}).Draw(t, "trouble")}
		b.Facts = []sources.Fact{sources.SeriesFact(series.Draw(t, "refused"), trouble, now)}
	}
	return b
}

// TestNoRuleIsPassedOverThatHasSomethingToJudge: a judge that asks about each rule each time finds nothing at any time that one does
// not which waits for an occasion.
func TestNoRuleIsPassedOverThatHasSomethingToJudge(t *testing.T) {
	rules, err := Read("rules.yaml", []byte(asksOften))
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	rapid.Check(t, func(t *rapid.T) {
		launch := &sources.Launch{T0: t0}
		window := sources.NewWindow(Lookback)
		judges, derivers := [2]*Judge{}, [2]*query.Deriver{}
		for i := range judges {
			if judges[i], err = NewJudge(rules, launch); err != nil {
				t.Fatal(err)
			}
			derivers[i] = query.NewDeriver()
		}
		now := t0
		for range 15 {
			now = now.Add(rapid.SampledFrom([]time.Duration{time.Second, 7 * time.Second, 30 * time.Second, time.Minute, 3 * time.Minute}).Draw(t, "passes"))
			if rapid.IntRange(0, 3).Draw(t, "on the minute") == 0 {
				now = now.Truncate(time.Minute).Add(time.Minute)
			}
			window.Apply(noise(t, now))
			var found [2][]Transition
			for _, r := range judges[1].rules {
				r.asked = occasion{}
			}
			for i, j := range judges {
				if found[i], err = j.Judge(t.Context(), derivers[i].View(window, sources.Cursor{At: now})); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(found[1], found[0]); diff != "" {
				t.Fatalf("at %s (-asked each time +at an occasion):\n%s", now, diff)
			}
			told += len(found[0])
		}
	})
	if told == 0 {
		t.Error("neither of them found anything at all")
	}
}
