package simulator

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever the operator does and whatever goes wrong, no measurement is nonsense and nothing gets lost.
func TestAnyOperatorAnyTrouble(t *testing.T) {
	sc, err := Load("lottery")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		sc := sc
		sc.Audience.Surges = []Surge{{At: "T0", Peak: rapid.Float64Range(0, 600).Draw(r, "peak"), Rise: time.Minute, Hold: 3 * time.Minute, Halve: 2 * time.Minute}}
		sc.Audience.Base = rapid.Float64Range(0.1, 60).Draw(r, "base")
		sc.Faults = rapid.SliceOfN(trouble1, 0, 4).Draw(r, "faults")
		l, err := newLaunch(sc, rapid.Uint64().Draw(r, "seed"), 120)
		if err != nil {
			r.Fatal(err)
		}
		from, _ := l.Span()
		for range rapid.IntRange(1, 12).Draw(r, "changes") {
			operate(r, l)
			l.Advance(l.Now().Add(time.Duration(rapid.IntRange(1, 150).Draw(r, "seconds")) * time.Second))
		}
		l.Advance(l.Now().Add(time.Minute))
		_, to := l.Span()
		for at := from; at.Before(to); at = at.Add(time.Minute) {
			m, ok := l.Minute(at)
			if !ok {
				r.Fatalf("no minute at %s", at)
			}
			if err := check(m); err != nil {
				r.Fatal(err)
			}
		}
		hangsTogether(r, l.State())
	})
}

// trouble1 is one fault of the site in the first minutes.
var trouble1 = rapid.Custom(func(r *rapid.T) FaultSpec {
	f := FaultSpec{
		At: rapid.SampledFrom([]Moment{"T-2m", "T0", "T+1m", "T+4m"}).Draw(r, "at"), Until: "T+9m",
		Kind: rapid.SampledFrom([]string{SlowOrigin, BotWave, CachePurge, SlowDatabase, BadDeploy, BadRelease, BadRevision, LaunchFailure}).Draw(r, "kind"),
	}
	for _, word := range faultWords[f.Kind] {
		switch word {
		case "rate":
			f.Rate = rapid.Float64Range(0, 1).Draw(r, "rate")
		case "factor":
			f.Factor = rapid.Float64Range(0.1, 60).Draw(r, "factor")
		case "addresses":
			f.Addresses = rapid.Float64Range(1, 1e6).Draw(r, "addresses")
		}
	}
	if f.Kind == BotWave {
		f.Rate = rapid.Float64Range(1, 50000).Draw(r, "bots")
	}
	return f
})

// operate does one thing that an operator might do; refusals are as good as successes here.
func operate(r *rapid.T, l *Launch) {
	n := func(name string) *int { v := rapid.IntRange(0, 40).Draw(r, name); return &v }
	half := func(name string) float64 { return float64(rapid.IntRange(0, 128).Draw(r, name)) / 2 }
	word := func(name string, words ...string) string { return rapid.SampledFrom(words).Draw(r, name) }
	switch rapid.IntRange(0, 15).Draw(r, "change") {
	case 0:
		_ = l.SetSize("web", Size{Min: n("min"), Max: n("max"), Desired: n("desired")})
	case 1:
		_ = l.SetSize("web", Size{Max: n("max")})
	case 2:
		_ = l.SetDesired("web", *n("desired"))
	case 3:
		_ = l.SetACU("main", half("low"), half("high"))
	case 4:
		_, _ = l.SetOrigin("edge", word("origin", OriginLive, OriginMaintenance), "")
	case 5:
		_, _ = l.Invalidate("edge", word("reference", "a", "b", "c"), []string{word("path", "/*", "/a", "/static/*")})
	case 6:
		_, _ = l.SetRules("edge", "", RuleEdit{Rule: word("rule", ruleRate, ruleManaged), Mode: word("mode", Block, Count, Captcha, Challenge, ""), Limit: rapid.IntRange(10, 5000).Draw(r, "limit")})
	case 7:
		_ = l.Suspend("web", word("process", scalingProcesses...))
	case 8:
		_ = l.Resume("web")
	case 9:
		_, _ = l.StartRefresh("web", Refresh{Version: word("version", "", "7", "8", "$Latest"), MinHealthy: rapid.IntRange(0, 100).Draw(r, "healthy")})
	case 10:
		_, _ = l.RollbackRefresh("web")
	case 13:
		_ = l.SetFixed("web", FixedResponse{Body: "sorry"})
	case 14:
		_ = l.SetWeights("web", Weight{"web", rapid.IntRange(0, 2).Draw(r, "weight")})
	case 15:
		store := l.State().Distributions[0].Store
		_, _ = l.SetKey(store.ARN, FlagKey, word("flag", FlagOn, FlagOff), store.ETag)
	case 12:
		_ = l.SetReservation("web", rapid.IntRange(-1, 20000).Draw(r, "units"))
	case 11:
		_ = l.Schedule("web", ScheduledAction{Name: "a", At: l.Now().Add(time.Minute), Size: Size{Min: n("min"), Max: n("max")}})
	}
}

// hangsTogether holds the account against itself.
func hangsTogether(r *rapid.T, st State) {
	g := st.Groups[0]
	known := map[string]string{}
	for _, i := range g.Instances {
		if known[i.ID] != "" {
			r.Fatalf("instance %s is there twice", i.ID)
		}
		known[i.ID] = i.Lifecycle
	}
	for _, target := range st.TargetGroups[0].Targets {
		if known[target.Instance] == "" || known[target.Instance] == pending {
			r.Fatalf("target %+v of an instance that is %q", target, known[target.Instance])
		}
	}
	if g.Min > g.Desired || g.Desired > g.Max {
		r.Fatalf("bounds %d, %d, %d", g.Min, g.Desired, g.Max)
	}
	if c := st.Clusters[0]; c.MinACU > c.MaxACU || c.MaxACU < 1 {
		r.Fatalf("range %v to %v", c.MinACU, c.MaxACU)
	}
}

func TestStepsAllocateNextToNothing(t *testing.T) {
	l := launched(t, "lottery", stormy)
	end := l.Scenario().T0.Add(3 * time.Minute)
	l.Advance(end)
	perMinute := testing.AllocsPerRun(10, func() {
		end = end.Add(time.Minute)
		l.Advance(end)
	})
	if perMinute > 60 {
		t.Errorf("%.0f allocations for a minute of 60 steps", perMinute)
	}
}

func BenchmarkHour(b *testing.B) {
	sc, err := Load("lottery")
	if err != nil {
		b.Fatal(err)
	}
	sc.Start = "T0"
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		l, err := New(sc, 1)
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		l.Advance(sc.T0.Add(time.Hour))
	}
}

func BenchmarkNew(b *testing.B) {
	sc, err := Load("lottery")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := New(sc, 1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMinute(b *testing.B) {
	l := launched(b, "lottery", nil)
	at := l.Now().Add(-5 * time.Minute)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := l.Minute(at); !ok {
			b.Fatal("no minute")
		}
	}
}
