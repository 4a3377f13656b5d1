package awsread

import (
	"strings"
	"testing"
	"time"

	"warroom/sources"
)

// group is a fleet whose processor use EC2 publishes at the given pace, some time after the stretch that it is for.
func group(t *testing.T, now *time.Time, pace func(time.Time) time.Duration) (sources.Source, sources.Series) {
	f := newFakeAWS(t)
	f.listed = []listedMetric{metricAt("AWS/EC2", "CPUUtilization", "AutoScalingGroupName", "web")}
	f.data = func(q dataQuery, _ int) []dataResult {
		r := dataResult{Id: q.Id, StatusCode: "Complete"}
		for at := now.Add(-time.Hour).Truncate(time.Minute); !at.After(*now); at = at.Add(time.Minute) {
			each := pace(at)
			if at.Equal(at.Truncate(each)) && !at.Add(each+70*time.Second).After(*now) {
				r.Timestamps, r.Values = append(r.Timestamps, stamp(at)), append(r.Values, float64(at.Minute()))
			}
		}
		return []dataResult{r}
	}
	r := openAt(t, f.URL, sources.Resource{Ref: sources.Ref{Service: "asg", Name: "web"}, ID: "web"})
	r.session.share = 1 // polls follow each other without a minute between them
	return source(t, r, "cloudwatch eu-central-1"), sources.Series{Metric: "asg_cpu_ratio", Resource: "web"}
}

// follow polls each minute and reports how the series stood ten times in each minute, after a first quarter of an
// hour; it returns what is on record.
func follow(t *testing.T, s sources.Source, cpu sources.Series, now *time.Time, minutes int, want sources.State) *sources.Window {
	w := sources.NewWindow(4 * time.Hour)
	begin := *now
	for range minutes {
		w.Apply(poll(t, s, *now).Batch)
		for tenth := range 10 {
			at := now.Add(time.Duration(tenth) * 6 * time.Second)
			if got := w.View(sources.Cursor{At: at}).State(cpu); at.Sub(begin) > 15*time.Minute && got != want {
				t.Errorf("%s is %v at %s, want %v", cpu, got, at.Format(time.TimeOnly), want)
			}
		}
		*now = now.Add(time.Minute)
	}
	return w
}

func every(d time.Duration) func(time.Time) time.Duration {
	return func(time.Time) time.Duration { return d }
}

// TestBasicMonitoring: a group without detailed monitoring has a value each five minutes. It is for each of the
// five, the series is well all the while, and the room says why it is so coarse.
func TestBasicMonitoring(t *testing.T) {
	t.Parallel()
	now := epoch
	s, cpu := group(t, &now, every(5*time.Minute))
	w := follow(t, s, cpu, &now, 45, sources.Fresh)
	v := w.View(sources.Cursor{At: now})
	points := v.Points(nil, cpu, epoch, now.Add(-10*time.Minute))
	if len(points) < 34 {
		t.Errorf("only %d of 34 minutes are known", len(points))
	}
	for _, p := range points {
		if want := float64(p.At.Truncate(5*time.Minute).Minute()) * 0.01; p.None || p.Value != want {
			t.Errorf("%s is %v, none %v; the five minutes' value is %v", p.At.Format(time.TimeOnly), p.Value, p.None, want)
		}
	}
	if f, ok := v.Fact(cpu.Ref(), "pace:asg_cpu_ratio"); !ok || !strings.Contains(f.Value, "basic monitoring") {
		t.Errorf("the pace is said to be %q", f.Value)
	}
}

// TestDetailedMonitoring: with a value a minute nothing is filled in, and nothing is said.
func TestDetailedMonitoring(t *testing.T) {
	t.Parallel()
	now := epoch
	s, cpu := group(t, &now, every(time.Minute))
	w := follow(t, s, cpu, &now, 30, sources.Fresh)
	if f, ok := w.View(sources.Cursor{At: now}).Fact(cpu.Ref(), "pace:asg_cpu_ratio"); ok {
		t.Errorf("the pace is said to be %q", f.Value)
	}
	for _, p := range w.View(sources.Cursor{At: now}).Points(nil, cpu, epoch, now) {
		if want := float64(p.At.Minute()) * 0.01; p.Value != want {
			t.Errorf("%s is %v, want %v", p.At.Format(time.TimeOnly), p.Value, want)
		}
	}
}

// TestMonitoringSwitchedOn: from one minute to the next the values come each minute.
func TestMonitoringSwitchedOn(t *testing.T) {
	t.Parallel()
	now, switched := epoch, epoch.Truncate(time.Hour).Add(30*time.Minute)
	s, cpu := group(t, &now, func(at time.Time) time.Duration {
		if at.Before(switched) {
			return 5 * time.Minute
		}
		return time.Minute
	})
	w := follow(t, s, cpu, &now, 60, sources.Fresh)
	if f, ok := w.View(sources.Cursor{At: now}).Fact(cpu.Ref(), "pace:asg_cpu_ratio"); ok {
		t.Errorf("the pace is still said to be %q", f.Value)
	}
	p, _ := w.View(sources.Cursor{At: now}).Settled(cpu)
	if want := float64(p.At.Minute()) * 0.01; p.Value != want || now.Sub(p.At) > 5*time.Minute {
		t.Errorf("%s is %v, want %v", p.At.Format(time.TimeOnly), p.Value, want)
	}
}
