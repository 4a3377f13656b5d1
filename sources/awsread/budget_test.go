package awsread

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"warroom/sources"
)

// drive makes attempts as fast as the budget lets it for so long, on a clock of its own, against an AWS that
// allows so many a second. It returns when each attempt was made.
func drive(b *budget, now *time.Time, d time.Duration, allowed float64) []time.Time {
	var made []time.Time
	end := now.Add(d)
	tokens, at := allowed, *now
	for now.Before(end) {
		*now = now.Add(b.take() + time.Microsecond)
		made = append(made, *now)
		tokens, at = min(allowed, tokens+allowed*now.Sub(at).Seconds()), *now
		if tokens--; tokens < 0 {
			tokens++
			b.throttled()
		}
	}
	return made
}

// busiest is the largest number of attempts in any second.
func busiest(made []time.Time) int {
	most := 0
	for i, j := 0, 0; j < len(made); j++ {
		for made[j].Sub(made[i]) >= time.Second {
			i++
		}
		most = max(most, j-i+1)
	}
	return most
}

// TestBudgetIsNeverExceeded: in none of ten thousand seconds of the greatest demand.
func TestBudgetIsNeverExceeded(t *testing.T) {
	for _, share := range []float64{0.02, 0.1, 0.2, 0.5, 1} {
		limit := otherQuota * share
		now := epoch
		made := drive(newBudget(limit, func() time.Time { return now }), &now, 10_000*time.Second, 1e9)
		if most := busiest(made); float64(most) > limit+1e-9 && most > 1 {
			t.Errorf("share %g: %d attempts in a second, allowed %g", share, most, limit)
		}
		if rate := float64(len(made)) / 10_000; rate < limit/2-0.1 {
			t.Errorf("share %g: only %.1f attempts a second of %g", share, rate, limit)
		}
	}
}

// TestBudgetUnderThrottling: half a minute after AWS began to throttle the room asks for at most 1.2 times what
// AWS allows, and half a minute after it stopped the room is back at its own pace.
func TestBudgetUnderThrottling(t *testing.T) {
	now := epoch
	b := newBudget(10, func() time.Time { return now })
	drive(b, &now, 10*time.Second, 1e9)
	for _, allowed := range []float64{1, 2, 3} {
		drive(b, &now, 30*time.Second, allowed)
		made := drive(b, &now, 60*time.Second, allowed)
		if rate := float64(len(made)) / 60; rate > 1.2*allowed {
			t.Errorf("%.2f attempts a second where AWS allows %g", rate, allowed)
		}
		drive(b, &now, 30*time.Second, 1e9)
		made = drive(b, &now, 10*time.Second, 1e9)
		if rate := float64(len(made)) / 10; rate < 4.5 {
			t.Errorf("%.2f attempts a second after AWS has stopped throttling at %g", rate, allowed)
		}
	}
}

// TestBudgetWaits: a wait ends with its time, or with its context, which gives the attempt back.
func TestBudgetWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(2, time.Now)
		started := time.Now()
		for range 4 {
			if err := b.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(started); took != 3*time.Second {
			t.Errorf("four attempts at one a second after one saved took %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := b.wait(ctx); err == nil {
			t.Error("waited beyond the context")
		}
		time.Sleep(time.Second)
		if pause := b.take(); pause > 0 {
			t.Errorf("the attempt that was not made still counts: %v", pause)
		}
	})
}

// TestThrottlingShrinksTheBudget: through the real client, every attempt counts, and each throttle halves.
func TestThrottlingShrinksTheBudget(t *testing.T) {
	f := newFakeAWS(t)
	f.fail = func(string, int) *apiError { return &apiError{code: "ThrottlingException", message: "Rate exceeded"} }
	r := openAt(t, f.URL, counter("shop", "Registrations"))
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	_, err := source(t, r, "cloudwatch eu-central-1").Poll(ctx, epoch)
	if err == nil {
		t.Fatal("throttled and well")
	}
	b := r.session.pacers["eu-central-1"].of("CloudWatch", "ListMetrics")
	if b.rate >= b.limit*0.9 {
		t.Errorf("the rate is %g of %g after %q", b.rate, b.limit, f.all())
	}
}

// TestMeters: what a minute cost is told as the catalogue has it: calls, dollars an hour, share of the
// budget and the time of a pass.
func TestMeters(t *testing.T) {
	f := newFakeAWS(t)
	f.listed = []listedMetric{metricAt("Shop", "Registrations", "Site", "shop")}
	f.data = func(q dataQuery, _ int) []dataResult { return []dataResult{points(q.Id, epoch)} }
	var all []sources.Resource
	for i := range 50 {
		all = append(all, counter("r"+string(rune('a'+i%26))+string(rune('a'+i/26)), "Registrations"))
	}
	r := openAt(t, f.URL, all...)
	machine := &watch{now: epoch}
	r.session.machine = machine.Now
	who, metrics := source(t, r, "aws"), source(t, r, "cloudwatch eu-central-1")
	poll(t, metrics, epoch)
	first := poll(t, who, epoch)
	if len(first.Samples) > 0 {
		t.Errorf("told %v before a minute was over", first.Samples)
	}
	machine.pass(time.Minute)
	before := len(f.all())
	poll(t, metrics, epoch.Add(time.Minute))
	calls := len(f.all()) - before
	second := poll(t, who, epoch.Add(time.Minute))
	got := map[string]float64{}
	for _, s := range second.Samples {
		if s.Series.Resource != roomName || !s.At.Equal(epoch.Truncate(time.Minute)) {
			t.Errorf("%v at %v", s.Series, s.At)
		}
		got[s.Series.Metric] = s.Value
	}
	if got["room_api_calls"] != float64(calls) || calls == 0 {
		t.Errorf("%v calls, made %d", got["room_api_calls"], calls)
	}
	if want := 50 * 60 * 0.01 / 1000; !near(got["room_cost_dollars_per_hour"], want) {
		t.Errorf("$%v an hour, want %v", got["room_cost_dollars_per_hour"], want)
	}
	if want := 1.0 / (60 * 500 * 0.2 / 2); !near(got["room_api_budget_ratio"], want) { // one GetMetricData
		t.Errorf("%v of the budget, want %v", got["room_api_budget_ratio"], want)
	}
	if _, ok := got["room_poll_seconds"]; !ok {
		t.Errorf("no room_poll_seconds in %v", got)
	}
}

// TestQuotas: each operation that has a quota of its own is paced by it, the others of a service together.
func TestQuotas(t *testing.T) {
	p := newPacer(0.2, func() time.Time { return epoch }, &meter{})
	for operation, want := range map[[2]string]float64{
		{"CloudWatch", "GetMetricData"}: 100, {"CloudWatch", "ListMetrics"}: 5, {"WAFV2", "GetWebACL"}: 10, {"RDS", "DescribeEvents"}: 10,
	} {
		b := p.of(operation[0], operation[1])
		if b.limit != want {
			t.Errorf("%v: %g a second, want %g", operation, b.limit, want)
		}
		now := epoch
		b.now = func() time.Time { return now }
		if most := busiest(drive(b, &now, 100*time.Second, 1e9)); float64(most) > want || float64(most) < want/2 {
			t.Errorf("%v: %d in one second, want %g at most", operation, most, want)
		}
	}
	if p.of("WAFV2", "GetWebACL") != p.of("WAFV2", "ListWebACLs") || p.of("CloudWatch", "ListMetrics") == p.of("CloudWatch", "GetMetricData") {
		t.Error("a quota of its own is shared, or one that is shared is not")
	}
}

// TestTheFullestBudgetIsTold: one budget that is asked for more than it allows is told as such, however idle the
// others are; so is one that AWS has throttled, long before its own limit.
func TestTheFullestBudgetIsTold(t *testing.T) {
	f := newFakeAWS(t)
	f.listed = []listedMetric{metricAt("Shop", "Registrations", "Site", "shop")}
	f.data = func(q dataQuery, _ int) []dataResult { return []dataResult{points(q.Id, epoch)} }
	r := openAt(t, f.URL, counter("shop", "Registrations"))
	machine := &watch{now: epoch}
	r.session.machine = machine.Now
	who, metrics := source(t, r, "aws"), source(t, r, "cloudwatch eu-central-1")
	poll(t, metrics, epoch)
	poll(t, who, epoch)
	minute := 0
	told := func() float64 {
		minute++
		for _, s := range poll(t, who, epoch.Add(time.Duration(minute)*time.Minute)).Samples {
			if s.Series.Metric == "room_api_budget_ratio" {
				return s.Value
			}
		}
		t.Fatal("no ratio is told")
		return 0
	}
	budget := func(operation string) *budget { return r.session.pacers["eu-central-1"].of("CloudWatch", operation) }
	for _, tt := range []struct {
		operation string
		attempts  int
		want      float64
	}{
		{"GetMetricData", 3000, 1}, {"GetMetricData", 6000, 2}, {"GetMetricData", 300, 0.1},
		{"ListMetrics", 150, 1}, {"ListMetrics", 15, 0.1}, {"ListMetrics", 0, 0},
	} {
		for range tt.attempts {
			budget(tt.operation).take()
		}
		machine.pass(time.Minute)
		if got := told(); !near(got, tt.want) {
			t.Errorf("%d attempts at %s are %v of the budget, want %v", tt.attempts, tt.operation, got, tt.want)
		}
	}
	for range 60 {
		for range 5 {
			budget("GetMetricData").take()
		}
		budget("GetMetricData").throttled()
		machine.pass(time.Second)
	}
	if got := told(); got < 1 {
		t.Errorf("throttled all the while, and asked for %v of what was left", got)
	}
}

// TestCostOfTheHour: 200 metrics each minute are $2.88 a day.
func TestCostOfTheHour(t *testing.T) {
	m := &meter{}
	for range 60 {
		m.asked(200)
	}
	if _, dollars, _ := m.read(); !near(dollars*24, 2.88) {
		t.Errorf("$%g a day", dollars*24)
	}
}

// TestStarved: a poll that runs out of time while waiting for our own budget says so.
func TestStarved(t *testing.T) {
	f := newFakeAWS(t)
	r := openAt(t, f.URL)
	s := source(t, r, "aws")
	poll(t, s, epoch)
	b := r.session.pacers["eu-central-1"].of("STS", "GetCallerIdentity")
	b.tokens = -1000
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := s.Poll(ctx, epoch.Add(identityEvery))
	if got := sources.TroubleOf(err); got.Kind != sources.Throttled || !strings.Contains(got.Text, "own request budget") {
		t.Errorf("got %q", got)
	}
	if calls := f.all(); !slices.Equal(calls, []string{"GetCallerIdentity"}) {
		t.Errorf("calls %q", calls)
	}
}
