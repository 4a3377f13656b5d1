package alerts

import (
	"math"
	"sync"
	"testing"
	"time"

	"warroom/sources"
)

// TestMinuteThatIsRevisedToAndFro: an alert that fires and is over twice by the same minute, as it is revised, has four
// transitions in the recording, which keeps one of a kind and ID.
func TestMinuteThatIsRevisedToAndFro(t *testing.T) {
	c := court(t, `groups: [{name: g, rules: [{alert: Errors, expr: "alb_elb_5xx > 10", labels: {severity: page, provisional: "true"}}]}]`, nil)
	for i, value := range []float64{20, 1, 20, 1} {
		seen := t0.Add(time.Minute + time.Duration(10*(i+1))*time.Second)
		c.window.Apply(sources.Batch{Samples: []sources.Sample{{Series: sources.Series{Metric: "alb_elb_5xx", Resource: "prod"}, At: t0, Seen: seen, Value: value}}})
		c.on(seen.Add(time.Second))
	}
	var states []State
	ids := map[string]bool{}
	for i := range c.past {
		ids[c.past[i].ID] = true
		states = append(states, mustRead(t, c.past[i]).To)
	}
	if len(states) != 4 || len(ids) != 4 || states[3] != Resolved {
		t.Errorf("went through %v with %d IDs", states, len(ids))
	}
}

// TestShareOfNothing: an infinite value is recorded as the greatest that can be.
func TestShareOfNothing(t *testing.T) {
	c := court(t, `groups: [{name: g, rules: [{alert: Share, expr: "alb_elb_5xx / alb_requests > 0.1", labels: {severity: page}}]}]`, nil)
	c.see("alb_elb_5xx", "prod", 0, "5 5")
	c.see("alb_requests", "prod", 0, "0 0")
	if got := c.at(8); len(got) != 1 {
		t.Fatalf("it goes through %q", got)
	}
	if tr := mustRead(t, c.past[0]); tr.Value == nil || *tr.Value != math.MaxFloat64 {
		t.Errorf("its value is %v", tr.Value)
	}
}

// BenchmarkReadTransition is one of a screen, which reads all those of the hour in every frame.
func BenchmarkReadTransition(b *testing.B) {
	t := Transition{Key: "OriginErrors|alb/prod|", Rule: "OriginErrors", From: Pending, To: Firing, At: t0, Step: t0, Since: t0}
	for range judgedMost {
		j := Judged{Series: sources.Series{Metric: "alb_target_5xx", Resource: "prod"}}
		for i := range 10 {
			j.Points = append(j.Points, sources.Point{At: t0.Add(time.Duration(i) * time.Minute), Value: float64(i) / 7})
		}
		t.Judged = append(t.Judged, j)
	}
	c, err := t.Change()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, ok := ReadTransition(c); !ok {
			b.Fatal("it is none")
		}
	}
}

// TestTransitionsAreReadOnceOnly: many readers at once read what was written, more of them than are kept, and what is none
// stays none.
func TestTransitionsAreReadOnceOnly(t *testing.T) {
	var wanted []Transition
	var all []sources.Change
	for i := range readsMost + 50 {
		tr := Transition{Key: "A||", Rule: "A", To: Firing, At: t0.Add(time.Duration(i) * time.Second).UTC(), Step: t0}
		c, err := tr.Change()
		if err != nil {
			t.Fatal(err)
		}
		wanted, all = append(wanted, tr), append(all, c)
	}
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for i := range all {
				for range 2 {
					if got, ok := ReadTransition(all[i]); !ok || !got.At.Equal(wanted[i].At) {
						t.Errorf("%d: %v, %t", i, got.At, ok)
					}
				}
			}
		})
	}
	readers.Wait()
	for _, body := range []string{"", "{}", "{", "null"} {
		for range 2 {
			if got, ok := ReadTransition(sources.Change{Kind: ChangeAlert, Body: []byte(body)}); ok {
				t.Errorf("%q is %v", body, got)
			}
		}
	}
}
