package simulator

import (
	"math"
	"testing"
	"time"
)

// run plays the lottery for an hour with a changed capacity.
func run(t *testing.T, change func(web *Bounds, acu *ACURange)) (*Launch, summary) {
	t.Helper()
	l := launched(t, "lottery", func(sc *Scenario) {
		if change == nil {
			return
		}
		web := sc.Capacity.Groups["web"]
		change(&web, &sc.Capacity.ACU)
		sc.Capacity.Groups["web"] = web
	})
	l.Advance(l.Scenario().T0.Add(time.Hour))
	return l, summarise(l, 0, 50*time.Minute)
}

func TestLotterySurvivesAndStrains(t *testing.T) {
	l, s := run(t, nil)
	t.Logf("%+v\n%s", s, table(l, -3*time.Minute, 30*time.Minute))
	calm := summarise(l, -20*time.Minute, 0)
	switch {
	case s.registrations <= 50000:
		t.Errorf("%d registrations in the first 50 minutes, want more than 50,000", s.registrations)
	case s.cpu < 0.9:
		t.Errorf("the fleet was never busier than %.0f %%", s.cpu*100)
	case s.desired <= calm.desired:
		t.Error("the fleet did not grow")
	case s.acu < 2*calm.acu:
		t.Errorf("the database grew from %v to %v ACU only", calm.acu, s.acu)
	case s.p95 < 5*calm.p95:
		t.Errorf("latency rose from %.2f s to %.2f s only", calm.p95, s.p95)
	case s.troubled < 2 || s.troubled > 6 || s.worst > 0.25 || s.ratio() > 0.04:
		t.Errorf("errors: %d minutes above 1 %%, worst %.3f, over all %.3f; want a few for some minutes", s.troubled, s.worst, s.ratio())
	}
	if late := summarise(l, 12*time.Minute, time.Hour); late.troubled > 0 || late.p95 > 1 {
		t.Errorf("after twelve minutes it still suffers: %+v", late)
	}
}

func TestLotteryFailsWithHalfTheCapacity(t *testing.T) {
	_, whole := run(t, nil)
	l, half := run(t, func(web *Bounds, acu *ACURange) {
		web.Max /= 2
		web.Desired, web.Min = min(web.Desired, web.Max), min(web.Min, web.Max)
		acu.Max /= 2
	})
	t.Logf("%+v\n%s", half, table(l, -3*time.Minute, 30*time.Minute))
	if half.troubled < 2*whole.troubled || half.ratio() < 3*whole.ratio() || half.worst < 0.15 {
		t.Errorf("errors with half: %d minutes, ratio %.3f; with all: %d minutes, ratio %.3f", half.troubled, half.ratio(), whole.troubled, whole.ratio())
	}
	if float64(half.registrations) > 0.9*float64(whole.registrations) {
		t.Errorf("%d registrations with half of the capacity, %d with all of it", half.registrations, whole.registrations)
	}
}

func TestLotteryIsCalmWithTheFloorRaised(t *testing.T) {
	_, s := run(t, func(web *Bounds, acu *ACURange) { web.Min, web.Desired, acu.Min = web.Max, web.Max, 20 })
	if s.ratio() > 0.001 || s.troubled > 0 || s.p95 > 0.6 {
		t.Errorf("with the floor raised: %+v, ratio %.4f", s, s.ratio())
	}
}

// The operator of the next hour: capacity raised while it runs flips the outcome as well.
func TestRaisingTheFloorBeforeT0Helps(t *testing.T) {
	l := launched(t, "lottery", func(sc *Scenario) { sc.Start = "T-15m" })
	t0 := l.Scenario().T0
	eighteen := 18
	l.Advance(t0.Add(-10 * time.Minute))
	if err := l.SetSize("web", Size{Min: &eighteen}); err != nil {
		t.Fatal(err)
	}
	if err := l.SetACU("main", 20, 32); err != nil {
		t.Fatal(err)
	}
	l.Advance(t0.Add(30 * time.Minute))
	if s := summarise(l, 0, 30*time.Minute); s.ratio() > 0.001 || s.troubled > 0 {
		t.Errorf("with the floor raised ten minutes before: %+v", s)
	}
}

func TestStoryGoesWithTheLaunch(t *testing.T) {
	for _, name := range Scenarios() {
		sc, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if sc.About == "" || len(sc.Story) < 4 {
			t.Errorf("%s tells no story", name)
		}
		begin := sc.StoryAt(sc.StartTime())
		if begin == "" {
			t.Errorf("%s says nothing at its start", name)
		}
		if sc.StoryAt(sc.StartTime().Add(-24*time.Hour)) != "" {
			t.Errorf("%s speaks a day before", name)
		}
		wall := time.Duration(float64(sc.T0.Sub(sc.StartTime())) / sc.Speed)
		if wall > 15*time.Second {
			t.Errorf("%s: T0 comes after %s at its default speed", name, wall)
		}
	}
}

func TestLiftoffFollowsTheRealDay(t *testing.T) {
	l := launched(t, "liftoff", nil)
	sc := l.Scenario()
	l.Advance(sc.T0.Add(2 * time.Hour))
	var asked, came []float64
	busiest, most := time.Time{}, int64(0)
	for at := sc.T0.Add(-10 * time.Minute); at.Before(sc.T0.Add(30 * time.Minute)); at = at.Add(time.Minute) {
		m, ok := l.Minute(at)
		if !ok {
			t.Fatalf("no minute at %s", at)
		}
		asked = append(asked, l.site.people.counted(at.Unix())*sc.Audience.Counts.Scale)
		came = append(came, float64(m.Edges[0].Requests))
		if m.Edges[0].Requests > most {
			busiest, most = at, m.Edges[0].Requests
		}
	}
	if got := busiest.Sub(sc.T0); got != 8*time.Minute {
		t.Errorf("the busiest minute comes at T+%s, want T+8m", got)
	}
	if most < 550_000 || most > 660_000 {
		t.Errorf("%d requests in the busiest minute, want about 405 x 1,500", most)
	}
	if r := correlation(asked, came); r < 0.995 {
		t.Errorf("the edge's requests follow the day with a correlation of %.4f", r)
	}
	quiet, ok := l.Minute(sc.T0.Add(44 * time.Minute)) // 10:25 EDT: six requests
	if !ok || quiet.Edges[0].Requests > most/20 {
		t.Errorf("the gap of 10:25 EDT has %d requests", quiet.Edges[0].Requests)
	}
}

func correlation(a, b []float64) float64 {
	ma, mb := mean(a), mean(b)
	var ab, aa, bb float64
	for i := range a {
		ab += (a[i] - ma) * (b[i] - mb)
		aa += (a[i] - ma) * (a[i] - ma)
		bb += (b[i] - mb) * (b[i] - mb)
	}
	return ab / math.Sqrt(aa*bb)
}

func mean(v []float64) (sum float64) {
	for _, x := range v {
		sum += x / float64(len(v))
	}
	return sum
}

// Within 90 seconds at the default speed a newcomer sees T0, the surge, the strain and the recovery, though
// all numbers come three minutes late.
func TestTheNewcomersFirstMinuteAndAHalf(t *testing.T) {
	l, _ := run(t, nil)
	sc := l.Scenario()
	const late = 3 * time.Minute
	seen := func(what string, by time.Duration, is func(Minute) bool) {
		for at := sc.T0; at.Before(sc.EndTime()); at = at.Add(time.Minute) {
			m, ok := l.Minute(at)
			if !ok || !is(m) {
				continue
			}
			wall := time.Duration(float64(at.Add(time.Minute+late).Sub(sc.StartTime())) / sc.Speed)
			if wall > by {
				t.Errorf("%s is seen after %s, want within %s", what, wall.Round(time.Second), by)
			}
			return
		}
		t.Errorf("%s is never seen", what)
	}
	calm := minute(t, l, -2*time.Minute)
	seen("the surge", 25*time.Second, func(m Minute) bool { return m.Edges[0].Requests > 5*calm.Edges[0].Requests })
	seen("a hot fleet", 30*time.Second, func(m Minute) bool { return m.Groups[0].CPU.Mean > 0.9 })
	seen("errors", 35*time.Second, func(m Minute) bool { return m.Balancers[0].ELB5xx*50 > m.Balancers[0].Requests })
	seen("a growing fleet", 40*time.Second, func(m Minute) bool { return m.Groups[0].Desired > calm.Groups[0].Desired })
	seen("the recovery", 50*time.Second, func(m Minute) bool {
		return m.Groups[0].InService > calm.Groups[0].InService && m.Balancers[0].ELB5xx == 0 && m.Balancers[0].Latency.Quantile(0.95) < 1
	})
	seen("the end of the crowd", 90*time.Second, func(m Minute) bool {
		return m.Groups[0].InService > calm.Groups[0].InService && m.Edges[0].Requests < 10*calm.Edges[0].Requests
	})
}

// Everybody who came has registered, has left, or is still here.
func TestNobodyGetsLost(t *testing.T) {
	l := launched(t, "lottery", stormy)
	p := l.site.people
	before := p.left + p.reading + p.filling + p.retrying.sum()
	l.Advance(l.Scenario().T0.Add(40 * time.Minute))
	var arrived, registered int64
	for at := l.Scenario().StartTime(); at.Before(l.Scenario().T0.Add(40 * time.Minute)); at = at.Add(time.Minute) {
		m, ok := l.Minute(at)
		if !ok {
			t.Fatalf("no minute at %s", at)
		}
		arrived += m.Audience.Arrivals
		registered += m.Audience.Registrations
	}
	if now := p.left + p.reading + p.filling + p.retrying.sum(); before+arrived != now+registered {
		t.Errorf("%d were here or gone, %d came; now %d are here or gone and %d have registered", before, arrived, now, registered)
	}
}
