package alerts

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"warroom/sources"
)

// told is what a source tells of itself at a second after t0.
func told(source string, second int, up float64) sources.Sample {
	at := t0.Add(time.Duration(second) * time.Second)
	return sources.Sample{Series: sources.Series{Metric: "source_up", Resource: source}, At: at.Truncate(time.Minute), Seen: at, Value: up}
}

// TestSight: behind a silence of all sources those that answered before are waited for, each until it has answered once or
// has failed twice, and none for longer than a first round.
func TestSight(t *testing.T) {
	t.Parallel()
	before := []sources.Sample{
		told("gone", 0, 1), told("alb", 600, 1), told("asg", 630, 1), told("waf", 600, 0), told("alb", 660, 1), told("asg", 665, 1), told("waf", 660, 0),
	}
	for name, c := range map[string]struct {
		speed  float64
		behind []sources.Sample
		blind  map[int]bool // by second
	}{
		"nothing more":             {blind: map[int]bool{665: false, 785: false, 786: true, 9000: true}},
		"no hole":                  {behind: []sources.Sample{told("alb", 784, 1)}, blind: map[int]bool{785: false}},
		"one has answered":         {behind: []sources.Sample{told("alb", 1200, 1)}, blind: map[int]bool{1200: true, 1219: true, 1220: false}},
		"all that did have":        {behind: []sources.Sample{told("alb", 1200, 1), told("asg", 1201, 1)}, blind: map[int]bool{1201: false}},
		"in the order of the disk": {behind: []sources.Sample{told("asg", 1201, 1), told("alb", 1200, 1)}, blind: map[int]bool{1201: false}},
		"one fails at once":        {behind: []sources.Sample{told("alb", 1200, 0), told("asg", 1201, 1)}, blind: map[int]bool{1201: true, 1219: true, 1220: false}},
		"one fails":                {behind: []sources.Sample{told("alb", 1200, 0), told("asg", 1201, 1), told("alb", 1210, 0)}, blind: map[int]bool{1210: false}},
		"at ten times the pace":    {speed: 10, behind: []sources.Sample{told("alb", 1200, 1), told("waf", 1310, 1)}, blind: map[int]bool{1220: true, 1399: true, 1400: false}},
		"another hole":             {speed: 120, behind: []sources.Sample{told("alb", 1200, 1), told("alb", 1500, 1)}, blind: map[int]bool{1500: true}},
	} {
		s := NewSight(c.speed)
		if s.Blind(t0.Add(time.Hour)) {
			t.Errorf("%s: blind before it was told of anything", name)
		}
		s.See(before)
		s.See(c.behind)
		for second, want := range c.blind {
			if got := s.Blind(t0.Add(time.Duration(second) * time.Second)); got != want {
				t.Errorf("%s: blind after %d s is %v", name, second, got)
			}
		}
	}
}

const ofAHole = `groups:
  - name: hole
    rules:
      - alert: Slow
        expr: alb_latency_p95_seconds > 1
        labels: {severity: page}
      - alert: Silent
        expr: count(series_age_seconds{metric="alb_latency_p95_seconds"} > 300) > 0
        labels: {severity: page}
      - alert: Down
        expr: source_up == 0
        labels: {severity: page}
`

// TestBacktestOfARoomThatWasDead: nobody's silence is told, of a source that died meanwhile is, and where there is no word of
// the room's own nothing is held back.
func TestBacktestOfARoomThatWasDead(t *testing.T) {
	t.Parallel()
	rules, err := Read("rules.yaml", []byte(ofAHole))
	if err != nil {
		t.Fatal(err)
	}
	const (
		died, back, end = 20, 40, 60 // minutes; the room is dead from died to back
	)
	for name, c := range map[string]struct {
		alive  bool // whether the source answers when the room is back
		beats  bool // whether the sources tell of themselves
		others bool // whether another source is read on all the time
		want   []string
	}{
		"the room was dead":             {alive: true, beats: true},
		"a source died in the hole":     {beats: true, want: []string{"41 Down firing", "40 Silent firing", "47 Slow no data"}},
		"another source went on":        {alive: true, beats: true, others: true, want: []string{"23 Slow no data", "23 Silent firing", "40 Silent resolved"}},
		"nobody tells whether it looks": {alive: true, want: []string{"23 Slow no data", "23 Silent firing", "40 Silent resolved"}},
	} {
		var b sources.Batch
		beat := func(source string, minute int, up float64) {
			if c.beats {
				b.Samples = append(b.Samples, told(source, minute*60+5, up))
			}
		}
		see := func(metric, resource string, minute, seen int) {
			at := t0.Add(time.Duration(minute) * time.Minute)
			b.Samples = append(b.Samples, sources.Sample{Series: sources.Series{Metric: metric, Resource: resource}, At: at, Seen: t0.Add(time.Duration(seen)*time.Minute + 5*time.Second), Value: 0.2})
		}
		for minute := range end {
			dead := minute >= died && minute < back
			if c.others || !dead {
				beat("audience", minute, 1)
				see("audience_visitors", "people", minute-1, minute)
			}
			switch {
			case dead:
			case minute >= back && !c.alive:
				beat("cloudwatch", minute, 0)
			case minute == back:
				beat("cloudwatch", minute, 1)
				for missed := died - 3; missed < back-2; missed++ {
					see("alb_latency_p95_seconds", "prod", missed, minute)
				}
			default:
				beat("cloudwatch", minute, 1)
				see("alb_latency_p95_seconds", "prod", minute-3, minute)
			}
		}
		judge, err := NewJudge(rules, nil)
		if err != nil {
			t.Fatal(err)
		}
		judge.Watch(NewSight(0))
		var got []string
		err = Backtest(t.Context(), judge, b, func(tr Transition) error {
			if line, ok := tr.Line(); ok {
				got = append(got, fmt.Sprintf("%d %s %s", int(tr.At.Sub(t0).Minutes()), line.Alert, line.State))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
