package simulator

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var exactly = cmp.AllowUnexported(Gauge{}, Histogram{})

// everything collects all minutes of a launch.
func everything(l *Launch) (all []Minute) {
	from, to := l.Span()
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		if m, ok := l.Minute(at); ok {
			all = append(all, m)
		}
	}
	return all
}

// stormy is the lottery with everything that can go wrong on the site.
func stormy(sc *Scenario) {
	sc.Faults = []FaultSpec{
		{At: "T+3m", Until: "T+9m", Kind: BotWave, Rate: 4000, Addresses: 300},
		{At: "T+5m", Kind: CachePurge},
		{At: "T+12m", Until: "T+16m", Kind: SlowDatabase, Factor: 6},
		{At: "T+18m", Until: "T+24m", Kind: BadDeploy, Rate: 0.3, Factor: 1.5},
		{At: "T+20m", Until: "T+26m", Kind: LaunchFailure},
		{At: "T+27m", Until: "T+32m", Kind: SlowOrigin, Factor: 8},
		{At: "T+34m", Until: "T+36m", Kind: BotWave, Rate: 90000, Addresses: 1e6},
	}
}

func TestNothingGetsLost(t *testing.T) {
	cases := map[string]func(*Scenario){"lottery": nil, "liftoff": nil, "lottery in a storm": stormy, "lottery, two groups, provisioned": provisioned}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			l := launched(t, name[:7], change)
			t0 := l.Scenario().T0
			l.Advance(t0.Add(14 * time.Minute))
			if _, err := l.SetOrigin("edge", OriginMaintenance, ""); err != nil {
				t.Fatal(err)
			}
			l.Advance(t0.Add(22 * time.Minute))
			if _, err := l.SetOrigin("edge", OriginLive, ""); err != nil {
				t.Fatal(err)
			}
			l.Advance(t0.Add(40 * time.Minute))
			minutes := everything(l)
			if want := 75 + 42; len(minutes) < want {
				t.Fatalf("%d minutes, want %d", len(minutes), want)
			}
			for _, m := range minutes {
				if err := check(m); err != nil {
					t.Error(err)
				}
			}
			t.Logf("\n%s", table(l, -2*time.Minute, 40*time.Minute))
		})
	}
}

func provisioned(sc *Scenario) {
	green := sc.Site.Groups[0]
	green.Name, green.Weight = "green", 25
	sc.Site.Groups = append(sc.Site.Groups, green)
	sc.Capacity.Groups["green"] = Bounds{Min: 3, Desired: 3, Max: 6}
	sc.Site.Cluster.Class, sc.Site.Cluster.Size = "db.r6g.4xlarge", 40
}

func TestSameSeedSameLaunch(t *testing.T) {
	whole, steps, other := launched(t, "lottery", stormy), launched(t, "lottery", stormy), launched(t, "lottery", stormy)
	end := whole.Scenario().T0.Add(20 * time.Minute)
	operate := func(l *Launch) {
		eighteen := 18
		for _, err := range []error{
			l.SetSize("web", Size{Min: &eighteen}), l.SetACU("main", 12, 40),
			second(l.SetOrigin("edge", OriginMaintenance, "")), second(l.Invalidate("edge", "a", []string{"/*"})),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	at := whole.Scenario().T0.Add(4*time.Minute + 7*time.Second)
	whole.Advance(at)
	operate(whole)
	whole.Advance(end)

	for now := steps.Now(); now.Before(end); now = now.Add(3700 * time.Millisecond) {
		if now.After(at) && steps.Now().Before(at) {
			steps.Advance(at)
			operate(steps)
		}
		steps.Advance(now)
	}
	steps.Advance(end)
	if diff := cmp.Diff(everything(whole), everything(steps), exactly); diff != "" {
		t.Errorf("one advance and many differ:\n%s", diff)
	}
	if diff := cmp.Diff(whole.State(), steps.State()); diff != "" {
		t.Errorf("the accounts differ:\n%s", diff)
	}
	if diff := cmp.Diff(whole.Activities("web"), steps.Activities("web")); diff != "" {
		t.Errorf("the activities differ:\n%s", diff)
	}
	other.Advance(end)
	if cmp.Equal(everything(whole), everything(other), exactly) {
		t.Error("the operator's changes left no trace")
	}
}

func second[T any](_ T, err error) error { return err }

func TestAnotherSeedAnotherChance(t *testing.T) {
	sc, err := Load("lottery")
	if err != nil {
		t.Fatal(err)
	}
	a, errA := New(sc, 1)
	b, errB := New(sc, 2)
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	if cmp.Equal(everything(a), everything(b), exactly) {
		t.Error("two seeds gave the same history")
	}
	if a.State().Distributions[0].ID != b.State().Distributions[0].ID || a.State().Clusters[0].ID != b.State().Clusters[0].ID {
		t.Error("the identifiers that a config names depend on the seed")
	}
}

func TestMinuteIsThereWhenItIsOver(t *testing.T) {
	l := launched(t, "lottery", nil)
	start := l.Scenario().StartTime()
	if !l.Now().Equal(start) {
		t.Fatalf("begins at %s, want %s", l.Now(), start)
	}
	if _, ok := l.Minute(start.Add(-15 * time.Minute)); !ok {
		t.Error("nothing to read 15 minutes back")
	}
	if _, ok := l.Minute(start); ok {
		t.Error("a minute that has just begun can be read")
	}
	l.Advance(start.Add(59 * time.Second))
	if _, ok := l.Minute(start); ok {
		t.Error("a minute can be read a second before its end")
	}
	l.Advance(start.Add(60*time.Second + 400*time.Millisecond))
	m, ok := l.Minute(start.Add(42 * time.Second))
	if !ok || !m.At.Equal(start) {
		t.Errorf("got the minute of %s, %v", m.At, ok)
	}
	l.Advance(start.Add(-time.Hour))
	if got := l.Now(); !got.Equal(start.Add(time.Minute)) {
		t.Errorf("time ran backwards to %s", got)
	}
	if _, ok := l.Minute(start.Add(-24 * time.Hour)); ok {
		t.Error("a minute from before the site's history")
	}
}

func TestThreeHoursAreRemembered(t *testing.T) {
	l := launched(t, "lottery", nil)
	end := l.Scenario().T0.Add(14 * time.Hour)
	l.Advance(end)
	for _, back := range []time.Duration{time.Minute, time.Hour, 3 * time.Hour} {
		if _, ok := l.Minute(end.Add(-back)); !ok {
			t.Errorf("%s back is forgotten", back)
		}
	}
	if n := len(everything(l)); n > 2*minutesKept {
		t.Errorf("%d minutes are kept", n)
	}
}

func TestReadingWhileItRuns(t *testing.T) {
	l := launched(t, "lottery", stormy)
	start := l.Now()
	var readers sync.WaitGroup
	for r := range 4 {
		readers.Go(func() {
			for i := range 120 {
				at := start.Add(time.Duration(i*4+r) * time.Second)
				l.Advance(at)
				if m, ok := l.Minute(at.Add(-2 * time.Minute)); ok {
					if err := check(m); err != nil {
						t.Error(err)
					}
				}
				l.State()
				l.Activities("web")
				l.Faults(at)
			}
		})
	}
	readers.Wait()
	if want := start.Add(479 * time.Second); !l.Now().Equal(want) {
		t.Errorf("ended at %s, want %s", l.Now(), want)
	}
}

func TestFaultsOfTheAPI(t *testing.T) {
	l := launched(t, "lottery", func(sc *Scenario) {
		sc.Faults = []FaultSpec{
			{At: "T+1m", Until: "T+2m", Kind: string(Throttling), Service: "cloudwatch", Rate: 0.5},
			{At: "T+90s", Kind: string(Hang)},
			{At: "T+1m", Kind: BotWave, Rate: 100, Addresses: 10},
		}
	})
	t0 := l.Scenario().T0
	for _, c := range []struct {
		at   time.Duration
		want string
	}{
		{59 * time.Second, "[]"}, {60 * time.Second, "[throttling]"}, {119 * time.Second, "[throttling hang]"},
		{120 * time.Second, "[hang]"}, {5 * time.Hour, "[hang]"},
	} {
		kinds := []FaultKind{}
		for _, f := range l.Faults(t0.Add(c.at)) {
			kinds = append(kinds, f.Kind)
		}
		if got := fmt.Sprint(kinds); got != c.want {
			t.Errorf("T+%s: %s, want %s", c.at, got, c.want)
		}
	}
	f := l.Faults(t0.Add(time.Minute))[0]
	want := Fault{Kind: Throttling, Service: "cloudwatch", Rate: 0.5, From: t0.Add(time.Minute), Until: t0.Add(2 * time.Minute)}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Error(diff)
	}
}
