package awswire

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var timings = map[string]timing{
	"CloudFront": cloudFrontTiming, "requests": requestTiming, "instances": instanceTiming, "groups": groupTiming,
	"databases": databaseTiming, "custom": customTiming,
}

// TestArrival: nothing before its time, never less than before, and all at the documented age.
func TestArrival(t *testing.T) {
	for name, tm := range timings {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				seed := rapid.Uint64().Draw(t, "seed")
				end := noon.Add(time.Duration(rapid.IntRange(0, 100000).Draw(t, "minute")) * time.Minute)
				before := arrival{}
				for age := -time.Minute; age <= tm.settle; age += time.Second {
					a := tm.at(seed, end, end.Add(age))
					switch {
					case a.share < before.share || a.share > 1:
						t.Fatalf("the share falls from %v to %v at %s", before.share, a.share, age)
					case age < tm.appear && a.share > 0:
						t.Fatalf("there after %s already", age)
					case tm.whole && a.share != 0 && a.share != 1:
						t.Fatalf("not whole: %v", a.share)
					case a != tm.at(seed, end, end.Add(age)):
						t.Fatal("asked again, it is another")
					}
					before = a
				}
				if before.share != 1 {
					t.Fatalf("only %v there at %s", before.share, tm.settle)
				}
			})
		})
	}
}

// TestIncompleteIsTooLow: a sum that has not settled is seen too low in most minutes.
func TestIncompleteIsTooLow(t *testing.T) {
	for _, name := range []string{"CloudFront", "requests"} {
		tm, low := timings[name], 0
		for i := range 100 {
			end := noon.Add(time.Duration(i) * time.Minute)
			if a := tm.at(1, end, end.Add(tm.settle/2)); a.share > 0.3 && a.share < 0.95 {
				low++
			}
		}
		if low < 90 {
			t.Errorf("%s: only %d of 100 minutes are incomplete at half of their settle time", name, low)
		}
	}
}

// TestArrived: what a datum becomes while it is incomplete stays possible.
func TestArrived(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := arrival{share: rapid.Float64Range(0.01, 1).Draw(t, "share"), lean: rapid.Float64Range(-1, 1).Draw(t, "lean")}
		n := rapid.Int64Range(0, 1e12).Draw(t, "n")
		if got := counted(n).arrived(a, "Count").sum; got > float64(n) || got < 0 || got != float64(int64(got)) {
			t.Fatalf("%v of %d things", got, n)
		}
		rate := rapid.Float64Range(0, 100).Draw(t, "rate")
		if got := one(rate).arrived(a, "Percent").statistic(statAverage); got < 0 || got > 100 {
			t.Fatalf("%v %%", got)
		}
	})
}

// TestRevisions watches one minute arrive through the wire: too low, growing, then right for good.
func TestRevisions(t *testing.T) {
	s := newStanding()
	_, url := serve(t, s)
	c := dial(t, url)
	at := noon
	in := settled(requestsQuery("a"))
	in.StartTime, in.EndTime = &at, ptr(at.Add(time.Minute))
	var values []float64
	for age := time.Duration(0); age <= 4*time.Minute; age += 5 * time.Second {
		s.Advance(at.Add(time.Minute + age))
		out, err := c.edgeWatch.GetMetricData(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		v := out.MetricDataResults[0].Values
		if len(v) == 0 {
			if age > time.Minute {
				t.Fatalf("nothing there after %s", age)
			}
			continue
		}
		values = append(values, v[0])
		if age >= 3*time.Minute && v[0] != 10000 {
			t.Errorf("%v after %s", v[0], age)
		}
	}
	versions := 1
	for i := 1; i < len(values); i++ {
		if values[i] < values[i-1] {
			t.Errorf("the sum falls: %v", values)
		}
		if values[i] != values[i-1] {
			versions++
		}
	}
	if values[0] > 7000 || versions < 5 {
		t.Errorf("%d versions: %v", versions, values)
	}
}

func ptr[T any](v T) *T { return &v }

func TestStatisticSpelling(t *testing.T) {
	for stat, want := range map[string]bool{"p99": true, "p95.45": true, "p0": true, "p100": true, "p": false, "p101": false, "pNaN": false,
		"p-1": false, "P99": false, "p1e1": false, "p99.123456789012": false, "Sum": true, "SampleCount": true, "sum": false, "": false,
		"IQM": true, "iqm": false, "tm99": true, "wm98.5": true, "tc100": true, "ts101": false, "TM90": false, "TM(2%:98%)": true, "TM(150:1000)": true,
		"WM(:95%)": true, "TC(5:)": true, "TS(:)": false, "TM()": false, "tm(2%:98%)": false, "PR(:300)": true, "PR(100:2000)": true, "PR(1%:5%)": false} {
		if knownStat(stat) != want {
			t.Errorf("%q known: %v", stat, !want)
		}
	}
}
