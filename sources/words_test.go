package sources_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"warroom/sources"
)

func TestRunningClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := sources.ResumeClock(t0, time.Now(), 60)
		base := time.Now()
		time.Sleep(time.Second)
		if got := c.Now().Sub(t0); got != time.Minute {
			t.Errorf("after a second at 60x the launch is at %v", got)
		}
		if err := c.Sleep(t.Context(), 5*time.Minute); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(base); got != 6*time.Second {
			t.Errorf("five minutes of the launch took %v", got-time.Second)
		}
		if again := sources.ResumeClock(t0, base, 60); !again.Now().Equal(c.Now()) {
			t.Errorf("a second process reads %v, the first %v", again.Now(), c.Now())
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Sleep(ctx, time.Hour*100); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("an interrupted sleep says %v", err)
		}
		var machine sources.RunningClock
		if !machine.Now().Equal(time.Now()) || machine.Speed() != 1 {
			t.Error("the zero clock is not the machine's")
		}
	})
}

func TestManualClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := sources.NewManualClock(t0)
		woken := make(chan error, 1)
		go func() { woken <- c.Sleep(t.Context(), time.Minute) }()
		synctest.Wait()
		c.Advance(59 * time.Second)
		synctest.Wait()
		select {
		case <-woken:
			t.Fatal("woken too early")
		default:
		}
		c.Advance(time.Second)
		if err := <-woken; err != nil {
			t.Fatal(err)
		}
		if !c.Now().Equal(t0.Add(time.Minute)) {
			t.Errorf("stands at %v", c.Now())
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := c.Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
			t.Errorf("an interrupted sleep says %v", err)
		}
	})
}

func TestMoment(t *testing.T) {
	for text, want := range map[sources.Moment]time.Time{
		"T0": t0, " T ": t0, "T-30m": at(-30), "T+1h12m": at(72), "2026-03-01T20:30:00+01:00": at(15),
	} {
		if got, err := text.On(t0); err != nil || !got.Equal(want) {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []sources.Moment{"", "T*5m", "T-", "T+xyz", "20:15", "tomorrow", "T0-5m"} {
		if got, err := text.On(t0); err == nil || !strings.Contains(err.Error(), "want T-30m") {
			t.Errorf("%q is %v, %v; want an error that says how to write it", text, got, err)
		}
	}
}

func TestPhase(t *testing.T) {
	l := sources.Launch{T0: t0, Phases: []sources.Phase{{"warm-up", "T-30m"}, {"live", "T0"}, {"after", "T+1h"}}}
	for minute, want := range map[float64]string{
		-31: ", next warm-up in 1m0s", -30: "warm-up, next live in 30m0s", 0: "live, next after in 1h0m0s", 61: "after",
	} {
		now, next, nextAt := l.Phase(at(minute))
		got := now
		if next != "" {
			got += fmt.Sprintf(", next %s in %v", next, nextAt.Sub(at(minute)))
		}
		if got != want {
			t.Errorf("at %v min %q, want %q", minute, got, want)
		}
	}
}

func TestSite(t *testing.T) {
	l := sources.Launch{Sites: map[string]map[string]string{
		"shop": {"alb": "shop", "aurora": "main"}, "api": {"alb": "api", "aurora": "main"},
	}}
	for ref, want := range map[sources.Ref]string{
		{"alb", "shop"}: "shop", {"alb", "api"}: "api", {"aurora", "main"}: "", {"alb", "other"}: "", {"waf", "shop"}: "",
	} {
		if got := l.Site(ref); got != want {
			t.Errorf("%s stands in %q, want %q", ref, got, want)
		}
	}
}

func TestRefs(t *testing.T) {
	for r, want := range map[sources.Ref]string{{"alb", "shop"}: "alb/shop", {"alb", "a/b"}: "alb/a/b", {"room", ""}: "room"} {
		if got := r.String(); got != want {
			t.Errorf("%+v is written %q, want %q", r, got, want)
		}
	}
	if got := (sources.Series{Metric: "mark_active", Label: "surge"}).Ref(); got.Service != "launch" {
		t.Errorf("mark_active belongs to %v", got)
	}
	if got := (sources.Series{Metric: "cloudflare_requests", Resource: "x"}).Ref(); got.String() != "cloudflare/x" {
		t.Errorf("an unknown metric belongs to %v", got)
	}
}

// teller is an error that knows its trouble, as sources' own errors do.
type teller struct{}

func (teller) Error() string            { return "in its own words" }
func (teller) Trouble() sources.Trouble { return sources.Trouble{Kind: sources.Expired, Text: "renew"} }

func TestTroubleOf(t *testing.T) {
	throttled := sources.Trouble{Kind: sources.Throttled, Text: "slow down"}
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{throttled, "throttled: slow down"},
		{fmt.Errorf("read: %w", throttled), "throttled: slow down"},
		{fmt.Errorf("read: %w", teller{}), "expired: renew"},
		{errors.Join(errors.New("a"), throttled), "throttled: slow down"},
		{fmt.Errorf("ask: %w", context.DeadlineExceeded), "timed out: ask: context deadline exceeded"},
		{errors.New("boom"), "failed: boom"},
	} {
		trouble := sources.TroubleOf(c.err)
		if trouble.String() != c.want {
			t.Errorf("%v is %q, want %q", c.err, trouble, c.want)
		}
		if back := sources.ParseTrouble(trouble.String()); back != trouble {
			t.Errorf("%+v was read back as %+v", trouble, back)
		}
	}
}

// A complaint about a word ends with the nearest one, or with nothing where none is near.
func TestMeantHint(t *testing.T) {
	for word, want := range map[string]string{"alp": `; did you mean "alb"?`, "ALB": `; did you mean "alb"?`, "cloudfront": "", "": ""} {
		if got := sources.MeantHint(word, []string{"alb", "asg"}); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
