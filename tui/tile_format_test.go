package tui

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAmounts(t *testing.T) {
	for _, c := range []struct {
		v    float64
		as   string
		want string
	}{
		{1043, asNumber, "1,043"}, {18, asNumber, "18"}, {0.42, asNumber, "0.42"}, {48, "", "48"}, {40.7, "", "40.7"}, {1234567.2, "", "1,234,567"},
		{-1234, asNumber, "-1,234"}, {0, asNumber, "0"}, {99.996, asNumber, "100"}, {-0.0001, asNumber, "0"},
		{82000, asSI, "82k"}, {7100, asSI, "7.1k"}, {999.7, asSI, "1.0k"}, {999, asSI, "999"}, {1.2e6, asSI, "1.2M"}, {0, asSI, "0"}, {3.4, asSI, "3.4"}, {9.96, asSI, "10"},
		{0.914, asPercent, "91.4 %"}, {0.0042, asPercent, "0.42 %"}, {0.019, asPercent, "1.9 %"}, {1, asPercent, "100 %"}, {0, asPercent, "0 %"}, {0.9999, asPercent, "100 %"},
		{0.412, asDuration, "412 ms"}, {1.24, asDuration, "1.24 s"}, {0.0093, asDuration, "9.30 ms"}, {0, asDuration, "0 ms"}, {190, asDuration, "3m10s"}, {12.34, asDuration, "12.3 s"},
		{1_234_567, asBytes, "1.2 MB"}, {512, asBytes, "512 B"}, {48e3, asBytes, "48 kB"}, {0, asBytes, "0 B"},
		{4.92e6, asRate, "82k"}, {0.31, asDollars, "$0.31"},
		{math.NaN(), asSI, noValue}, {math.Inf(1), asDuration, noValue}, {math.Inf(-1), asPercent, noValue}, {math.NaN(), asBytes, noValue},
	} {
		if got := amount(c.v, c.as, time.Minute); got != c.want {
			t.Errorf("%v as %q is %q, want %q", c.v, c.as, got, c.want)
		}
	}
}

func TestMarks(t *testing.T) {
	for _, c := range []struct {
		v    float64
		as   string
		want string
	}{{0.01, asPercent, "1 %"}, {3, asDuration, "3 s"}, {3000, asSI, "3k"}, {2500, asSI, "2.5k"}, {100, asNumber, "100"}, {0.005, asPercent, "0.5 %"}, {1.5, asDuration, "1.5 s"}} {
		if got := mark(c.v, c.as, time.Minute); got != c.want {
			t.Errorf("mark %v as %q is %q, want %q", c.v, c.as, got, c.want)
		}
	}
}

// No amount is longer than a headline has room for, and none is empty.
func TestAmountsAreShort(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		v := rapid.Float64Range(-1e12, 1e12).Draw(r, "v")
		as := rapid.SampledFrom(formatNames).Draw(r, "as")
		if got := amount(v, as, time.Minute); got == "" || len(got) > 20 {
			r.Fatalf("%v as %s is %q", v, as, got)
		}
	})
}

func TestSpans(t *testing.T) {
	for _, c := range []struct {
		d           time.Duration
		short, long string
	}{
		{8 * time.Second, "8s", "8s"},
		{65 * time.Second, "1m05s", "1m"},
		{7 * time.Minute, "7m", "7m"},
		{7*time.Minute + 20*time.Second, "7m20s", "7m"},
		{25*time.Minute + 20*time.Second, "25m", "25m"},
		{3*time.Hour + 5*time.Minute, "3h05", "3h05"},
		{52 * time.Hour, "2d4h", "2d4h"},
		{-90 * time.Second, "-1m30s", "-1m30s"},
	} {
		if got := short(c.d); got != c.short {
			t.Errorf("short(%s) = %q, want %q", c.d, got, c.short)
		}
		if got := rough(c.d); got != c.long {
			t.Errorf("rough(%s) = %q, want %q", c.d, got, c.long)
		}
	}
}

func TestLaunchClock(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		want string
	}{
		{0, "T+00:00:00"},
		{12*time.Minute + 40*time.Second + 900*time.Millisecond, "T+00:12:40"},
		{-time.Minute, "T-00:01:00"},
		{26*time.Hour + 3*time.Second, "T+26:00:03"},
	} {
		if got := launchClock(t0.Add(c.d), t0); got != c.want {
			t.Errorf("%s: %q, want %q", c.d, got, c.want)
		}
	}
}
