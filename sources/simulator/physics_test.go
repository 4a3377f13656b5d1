package simulator

import (
	"math"
	"strings"
	"testing"
	"time"
)

// fleet is one group of healthy, warm instances in front of an ample database.
func fleet(instances int) (*group, *database) {
	sc := defaults()
	sc.fillGroups()
	g := newGroup(sc.Site.Groups[0], Bounds{Desired: instances, Max: 100}, "web", 0, newDraw(1, "ids"), newDraw(1, "test"))
	return g, newDatabase(sc.Site.Cluster, ACURange{Min: 128, Max: 128}, "main", 0)
}

// steady lets the group work at a load until it has settled.
func steady(g *group, b *database, units float64) (overflow float64) {
	for now := range int64(120) {
		g.rotate(now)
		overflow = g.serve(load{units: units, factor: 1, demand: demand{selects: 6, factor: 1}}, b)
	}
	return overflow
}

func TestLatencyRisesWithUse(t *testing.T) {
	last, full := 0.0, 10*8/0.08 // units per second at which ten instances of eight cores are busy
	for _, use := range []float64{0.05, 0.2, 0.4, 0.6, 0.7, 0.8, 0.85, 0.9, 0.94, 0.97} {
		g, b := fleet(10)
		overflow := steady(g, b, use*full)
		seconds := g.wait + g.work
		if seconds <= last || overflow > 0 {
			t.Errorf("at %.2f: %.4f s after %.4f s, overflow %.3f", use, seconds, last, overflow)
		}
		if math.Abs(g.busy-use-threadsBusyCPU) > 0.02 {
			t.Errorf("at %.2f the processors report %.3f", use, g.busy)
		}
		if use <= 0.2 && seconds > 0.13 || use == 0.97 && seconds < 0.14 {
			t.Errorf("at %.2f an answer takes %.4f s", use, seconds)
		}
		last = seconds
	}
}

func TestOverloadTurnsPeopleAway(t *testing.T) {
	last, full := 0.0, 10*8/0.08
	for _, use := range []float64{1.1, 1.3, 1.6, 2.5} {
		g, b := fleet(10)
		overflow := steady(g, b, use*full)
		if overflow <= last || overflow > 1 {
			t.Errorf("at %.1f times the capacity %.3f are turned away, %.3f before", use, overflow, last)
		}
		if want := 1 - 1/use; math.Abs(overflow-want) > 0.12 {
			t.Errorf("at %.1f times the capacity %.3f are turned away, want about %.3f", use, overflow, want)
		}
		if g.wait < 1 || g.busy < 0.95 {
			t.Errorf("at %.1f times the capacity: wait %.2f s, processors %.2f", use, g.wait, g.busy)
		}
		last = overflow
	}
}

// A slow database leaves the processors idle: threads wait, and scaling by CPU does not help.
func TestSlowDatabaseIdlesTheProcessors(t *testing.T) {
	quick, b := fleet(10)
	steady(quick, b, 700)
	slow, small := fleet(10)
	small.nodes[0].acu, small.nodes[1].acu = 1.5, 1.5
	overflow := steady(slow, small, 700)
	if slow.busy > 0.7*quick.busy || overflow == 0 || slow.work < 4*quick.work {
		t.Errorf("quick: busy %.2f, work %.3f s; slow: busy %.2f, work %.3f s, turned away %.2f", quick.busy, quick.work, slow.busy, slow.work, overflow)
	}
	writer, _ := small.uses(slow.served, demand{selects: 6, factor: 1})
	if writer < 0.93 || writer > 1.06 {
		t.Errorf("the database serves %.2f of its capacity", writer)
	}
}

func TestStatementsSlowDownTowardsSaturation(t *testing.T) {
	last := 0.0
	for use := 0.0; use < 1.2; use += 0.01 {
		s := stretch(use)
		if s < last {
			t.Fatalf("at %.2f a statement takes %.3f times as long, %.3f before", use, s, last)
		}
		last = s
	}
	if stretch(0.5) > 1.2 || stretch(0.9) < 3 || stretch(1) < 300 {
		t.Errorf("stretch: %.2f at half, %.2f at 0.9, %.0f when full", stretch(0.5), stretch(0.9), stretch(1))
	}
}

// climb is how many ACU a database gains in a minute under more load than it can serve.
func climb(from float64) float64 {
	sc := defaults()
	b := newDatabase(sc.Site.Cluster, ACURange{Min: from, Max: 256}, "main", 0)
	for range 60 {
		b.step(1e6, demand{selects: 6, factor: 1}, 100)
	}
	return b.nodes[0].acu - from
}

func TestCapacityUnitsGrowFasterFromAHigherFloor(t *testing.T) {
	low, middle, high := climb(1), climb(8), climb(64)
	if low <= 0 || middle < 2*low || high < 4*middle {
		t.Errorf("in a minute: %+.1f from 1, %+.1f from 8, %+.1f from 64", low, middle, high)
	}
	if low > 4 || high > 64 {
		t.Errorf("too quick to be true: %+.1f from 1, %+.1f from 64", low, high)
	}
}

func TestCapacityUnitsComeDownSlowly(t *testing.T) {
	sc := defaults()
	b := newDatabase(sc.Site.Cluster, ACURange{Min: 2, Max: 64}, "main", 0)
	b.nodes[0].acu = 32
	for range 120 {
		b.step(0, demand{factor: 1}, 10)
	}
	if b.nodes[0].acu < 31 {
		t.Errorf("after two quiet minutes %v of 32 ACU are left", b.nodes[0].acu)
	}
	for range 3600 {
		b.step(0, demand{factor: 1}, 10)
	}
	if b.nodes[0].acu > 2.5 {
		t.Errorf("after a quiet hour %v ACU are left, the floor is 2", b.nodes[0].acu)
	}
}

func TestConnectionsEndAtTheirMaximum(t *testing.T) {
	sc := defaults()
	b := newDatabase(sc.Site.Cluster, ACURange{Min: 1, Max: 2}, "main", 0)
	limit := float64(b.sessions)
	b.step(10, demand{selects: 6, factor: 1}, limit*2)
	if math.Abs(b.refused-0.5) > 0.01 {
		t.Errorf("twice the connections: %.2f refused", b.refused)
	}
	low := newDatabase(sc.Site.Cluster, ACURange{Min: 0.5, Max: 64}, "main", 0)
	if n := low.sessions; n != 2000 {
		t.Errorf("with a floor of 0.5 ACU max_connections is %d, want 2000", n)
	}
}

// quiet is a launch whose crowd is steady, for experiments with one cause.
func quiet(t *testing.T, change func(*Scenario)) *Launch {
	t.Helper()
	return launched(t, "lottery", func(sc *Scenario) {
		sc.Start, sc.End = "T-1m", "T+60m"
		sc.Audience.Base, sc.Audience.Surges = 25, nil
		if change != nil {
			change(sc)
		}
	})
}

func minute(t *testing.T, l *Launch, at time.Duration) Minute {
	t.Helper()
	m, ok := l.Minute(l.Scenario().T0.Add(at))
	if !ok {
		t.Fatalf("no minute at T%+.0fm", at.Minutes())
	}
	return m
}

func TestPurgeIsAStampedeThatEnds(t *testing.T) {
	l := quiet(t, nil)
	t0 := l.Scenario().T0
	l.Advance(t0.Add(2 * time.Minute))
	v, err := l.Invalidate("edge", "ref", []string{"/*"})
	if err != nil || v.Status != InProgress {
		t.Fatal(v, err)
	}
	l.Advance(t0.Add(30 * time.Minute))
	before, during, after := minute(t, l, time.Minute), minute(t, l, 2*time.Minute), minute(t, l, 25*time.Minute)
	hits := func(m Minute) float64 { return float64(m.Edges[0].Hits) }
	if hits(during) > 0.3*hits(before) || float64(during.Balancers[0].Requests) < 2*float64(before.Balancers[0].Requests) {
		t.Errorf("hits %v then %v, origin requests %d then %d", hits(before), hits(during), before.Balancers[0].Requests, during.Balancers[0].Requests)
	}
	if hits(after) < 0.9*hits(before) {
		t.Errorf("the cache is still cold after 23 minutes: %v hits, %v before", hits(after), hits(before))
	}
	if got := l.State().Distributions[0].Invalidations; len(got) != 1 || got[0].Status != Completed {
		t.Errorf("invalidations: %+v", got)
	}
}

func TestPurgeOfOnePageIsNoStampede(t *testing.T) {
	l := quiet(t, nil)
	t0 := l.Scenario().T0
	l.Advance(t0.Add(2 * time.Minute))
	if _, err := l.Invalidate("edge", "ref", []string{"/index.html"}); err != nil {
		t.Fatal(err)
	}
	l.Advance(t0.Add(5 * time.Minute))
	a, b := minute(t, l, time.Minute), minute(t, l, 2*time.Minute)
	if ra, _ := a.Edges[0].HitRatio(); ra > 0 {
		if rb, _ := b.Edges[0].HitRatio(); rb < ra-0.03 {
			t.Errorf("hit ratio fell from %.2f to %.2f", ra, rb)
		}
	}
}

func wave(sc *Scenario) {
	sc.Faults = []FaultSpec{{At: "T+2m", Until: "T+12m", Kind: BotWave, Rate: 900, Addresses: 60}}
}

func TestRateRuleStopsABotWave(t *testing.T) {
	l := quiet(t, wave)
	l.Advance(l.Scenario().T0.Add(15 * time.Minute))
	first, later, after := minute(t, l, 2*time.Minute), minute(t, l, 8*time.Minute), minute(t, l, 13*time.Minute)
	share := func(m Minute) float64 { return float64(m.Firewalls[0].Blocked) / float64(m.Edges[0].Requests) }
	if share(first) > 0.5*share(later) {
		t.Errorf("blocked %.2f in the first minute and %.2f later: counting takes no time", share(first), share(later))
	}
	if blocked := float64(later.Firewalls[0].Blocked); blocked < 0.9*900*60 {
		t.Errorf("%v blocked of a wave of %v a minute", blocked, 900*60)
	}
	if share(after) > 0.05 {
		t.Errorf("%.2f of the people are blocked after the wave", share(after))
	}
}

func TestCountModeLetsTheWaveThrough(t *testing.T) {
	l := quiet(t, wave)
	if _, err := l.SetRules("edge", "", RuleEdit{Rule: ruleRate, Mode: Count}, RuleEdit{Rule: ruleManaged, Mode: Count}); err != nil {
		t.Fatal(err)
	}
	l.Advance(l.Scenario().T0.Add(15 * time.Minute))
	m := minute(t, l, 8*time.Minute)
	if m.Firewalls[0].Blocked != 0 || m.Firewalls[0].Counted < 900*50 {
		t.Errorf("in Count mode: %d blocked, %d counted", m.Firewalls[0].Blocked, m.Firewalls[0].Counted)
	}
	if s := summarise(l, 5*time.Minute, 10*time.Minute); s.ratio() < 0.02 {
		t.Errorf("a wave of 900 a second did the fleet no harm: %+v", s)
	}
}

// Machines that are asked for a proof give none, and what they are answered is no 403.
func TestProofsStopABotWave(t *testing.T) {
	l := quiet(t, wave)
	t0 := l.Scenario().T0
	asked := func(mode string) Minute {
		if _, err := l.SetRules("edge", "", RuleEdit{Rule: ruleRate, Mode: mode}); err != nil {
			t.Fatal(err)
		}
		l.Advance(l.Now().Add(3 * time.Minute))
		return minute(t, l, l.Now().Sub(t0).Truncate(time.Minute)-time.Minute)
	}
	l.Advance(t0.Add(4 * time.Minute))
	puzzled, challenged := asked(Captcha), asked(Challenge)
	if f, e := puzzled.Firewalls[0], puzzled.Edges[0]; f.Captcha < 0.9*900*60 || f.Rules[0].Captcha != f.Captcha || f.Challenge != 0 || e.Status4xx-e.Status403 < f.Captcha {
		t.Errorf("puzzles: %+v, %d 4xx, %d 403", f, e.Status4xx, e.Status403)
	}
	if f, e := challenged.Firewalls[0], challenged.Edges[0]; f.Challenge < 0.9*900*60 || f.Rules[0].Challenge != f.Challenge || f.Captcha != 0 || e.Status2xx < f.Challenge {
		t.Errorf("challenges: %+v, %d 2xx", f, e.Status2xx)
	}
	for _, m := range []Minute{puzzled, challenged} {
		if err := check(m); err != nil {
			t.Error(err)
		}
	}
}

func TestEditingTheRateRuleBlindsIt(t *testing.T) {
	l := quiet(t, wave)
	t0 := l.Scenario().T0
	l.Advance(t0.Add(8 * time.Minute))
	if _, err := l.SetRules("edge", "", RuleEdit{Rule: ruleRate, Limit: 1500}); err != nil {
		t.Fatal(err)
	}
	l.Advance(t0.Add(12 * time.Minute))
	before, blind, again := minute(t, l, 7*time.Minute), minute(t, l, 8*time.Minute), minute(t, l, 11*time.Minute)
	rate := func(m Minute) int64 { return m.Firewalls[0].Rules[0].Blocked }
	if rate(blind) > rate(before)/10 || rate(again) < rate(before)/2 {
		t.Errorf("blocked by the rate rule: %d, %d right after the edit, %d later", rate(before), rate(blind), rate(again))
	}
}

func TestTooLowALimitBlocksPeople(t *testing.T) {
	l := quiet(t, nil)
	if _, err := l.SetRules("edge", "", RuleEdit{Rule: ruleRate, Limit: 60}); err != nil {
		t.Fatal(err)
	}
	l.Advance(l.Scenario().T0.Add(6 * time.Minute))
	if m := minute(t, l, 5*time.Minute); float64(m.Firewalls[0].Blocked) < 0.02*float64(m.Edges[0].Requests) || m.Audience.Failures == 0 {
		t.Errorf("with 60 requests in 5 minutes %d of %d were blocked", m.Firewalls[0].Blocked, m.Edges[0].Requests)
	}
}

func TestNewInstancesTakeTheirTime(t *testing.T) {
	l := quiet(t, nil)
	t0 := l.Scenario().T0
	l.Advance(t0)
	sixteen := 16
	if err := l.SetSize("web", Size{Min: &sixteen}); err != nil {
		t.Fatal(err)
	}
	counts := func() (serving, waiting int) {
		for _, target := range l.State().TargetGroups[0].Targets {
			if target.State == healthy {
				serving++
			}
		}
		for _, i := range l.State().Groups[0].Instances {
			if i.Lifecycle == pending {
				waiting++
			}
		}
		return serving, waiting
	}
	l.Advance(t0.Add(5 * time.Second))
	if serving, waiting := counts(); serving != 10 || waiting != 6 {
		t.Errorf("at once: %d serve, %d are pending; want 10 and 6", serving, waiting)
	}
	l.Advance(t0.Add(75 * time.Second))
	if serving, waiting := counts(); serving != 10 || waiting != 0 {
		t.Errorf("in service but not answering yet: %d serve, %d are pending", serving, waiting)
	}
	l.Advance(t0.Add(3 * time.Minute))
	if serving, _ := counts(); serving != 16 {
		t.Errorf("after three minutes %d serve, want 16", serving)
	}
	acts := l.Activities("web")
	if len(acts) != 6 || acts[0].Status != "Successful" || acts[0].End.Sub(acts[0].Start) < 30*time.Second {
		t.Errorf("activities: %+v", acts)
	}
}

func TestScaleOutNeedsThreeMinutesOfAlarm(t *testing.T) {
	l := launched(t, "lottery", nil)
	t0 := l.Scenario().T0
	desired := func(at time.Duration) int {
		l.Advance(t0.Add(at))
		return l.State().Groups[0].Desired
	}
	first := desired(0)
	if got := desired(4 * time.Minute); got != first {
		t.Errorf("scaled to %d within four minutes of a surge", got)
	}
	if got := desired(7 * time.Minute); got <= first || got > int(math.Ceil(float64(first)/0.7)) {
		t.Errorf("scaled from %d to %d, a step is at most the share of full use to the target", first, got)
	}
	if got := desired(40 * time.Minute); got > 18 {
		t.Errorf("scaled to %d beyond the maximum", got)
	}
	if acts := l.Activities("lottery-web"); len(acts) == 0 || acts[len(acts)-1].Cause == "" {
		t.Errorf("no cause: %+v", acts)
	}
}

func TestSuspendedLaunchStartsNothing(t *testing.T) {
	l := quiet(t, nil)
	if err := l.Suspend("web", "Launch"); err != nil {
		t.Fatal(err)
	}
	if err := l.Suspend("web", "AlarmNotification"); err != nil {
		t.Fatal(err)
	}
	if err := l.SetDesired("web", 14); err != nil {
		t.Fatal(err)
	}
	l.Advance(l.Scenario().T0.Add(10 * time.Minute))
	g := l.State().Groups[0]
	if len(g.Instances) != 10 || g.Desired != 14 || len(g.Suspended) != 2 || g.Suspended[1] != "Launch" {
		t.Errorf("with Launch suspended: %d instances of %d, %v", len(g.Instances), g.Desired, g.Suspended)
	}
	if err := l.Resume("web"); err != nil {
		t.Fatal(err)
	}
	l.Advance(l.Scenario().T0.Add(14 * time.Minute))
	if n := len(l.State().Groups[0].Instances); n < 11 {
		t.Errorf("resumed, it has %d instances", n)
	}
}

// A desired capacity that was only raised by hand is taken back by the policy: the floor must be raised.
func TestThePolicyTakesBackWhatOnlyDesiredAsksFor(t *testing.T) {
	l := quiet(t, nil)
	if err := l.SetDesired("web", 16); err != nil {
		t.Fatal(err)
	}
	l.Advance(l.Scenario().T0.Add(time.Hour))
	if g := l.State().Groups[0]; g.Desired != 10 {
		t.Errorf("an hour later %d are desired, want the floor of 10", g.Desired)
	}
}

func TestNoCapacityInTheZones(t *testing.T) {
	l := quiet(t, func(sc *Scenario) {
		sc.Faults = []FaultSpec{{At: "T-1m", Until: "T+4m", Kind: LaunchFailure}}
	})
	l.Advance(l.Scenario().T0)
	twelve := 12
	if err := l.SetSize("web", Size{Min: &twelve}); err != nil {
		t.Fatal(err)
	}
	l.Advance(l.Scenario().T0.Add(3 * time.Minute))
	acts := l.Activities("web")
	if len(acts) < 2 || acts[0].Status != "Failed" || acts[0].Message == "" || len(l.State().Groups[0].Instances) != 10 {
		t.Fatalf("activities: %+v", acts)
	}
	l.Advance(l.Scenario().T0.Add(6 * time.Minute))
	if n := len(l.State().Groups[0].Instances); n != 12 {
		t.Errorf("with capacity back it has %d instances, want 12", n)
	}
}

func TestMaintenanceTakesMinutesToArrive(t *testing.T) {
	l := quiet(t, nil)
	t0 := l.Scenario().T0
	l.Advance(t0.Add(time.Minute))
	old := l.State().Distributions[0].ETag
	etag, err := l.SetOrigin("edge", OriginMaintenance, old)
	if err != nil || etag == old {
		t.Fatal(etag, err)
	}
	if d := l.State().Distributions[0]; d.Status != InProgress || d.Origin != OriginMaintenance || d.ETag != etag {
		t.Errorf("right after the change: %+v", d)
	}
	l.Advance(t0.Add(10 * time.Minute))
	if d := l.State().Distributions[0]; d.Status != Deployed {
		t.Errorf("after nine minutes: %s", d.Status)
	}
	half, full := minute(t, l, 2*time.Minute), minute(t, l, 8*time.Minute)
	if e := half.Edges[0]; e.MaintenanceRequests == 0 || e.LiveRequests == 0 {
		t.Errorf("on the way: %d to maintenance, %d live", e.MaintenanceRequests, e.LiveRequests)
	}
	if e := full.Edges[0]; full.Audience.Registrations != 0 || e.MaintenanceRequests == 0 || e.Status5xx != 0 {
		t.Errorf("everywhere: %d registrations, %d to maintenance, %d errors", full.Audience.Registrations, e.MaintenanceRequests, e.Status5xx)
	}
}

func TestABadReleaseFailsItsShare(t *testing.T) {
	l := quiet(t, func(sc *Scenario) {
		sc.Faults = []FaultSpec{{At: "T+1m", Until: "T+8m", Kind: BadDeploy, Rate: 0.25, Factor: 1}}
	})
	l.Advance(l.Scenario().T0.Add(12 * time.Minute))
	m, after := minute(t, l, 6*time.Minute).Balancers[0], minute(t, l, 10*time.Minute).Balancers[0]
	if r := float64(m.Target5xx) / float64(m.Requests); r < 0.1 || r > 0.26 {
		t.Errorf("%.2f of the answers are errors", r)
	}
	if after.Target5xx > after.Requests/200 {
		t.Errorf("%d errors after the rollback", after.Target5xx)
	}
}

func TestDrownedTargetsFailTheirChecks(t *testing.T) {
	l := quiet(t, func(sc *Scenario) {
		sc.Faults = []FaultSpec{{At: "T+1m", Until: "T+20m", Kind: SlowOrigin, Factor: 15}}
	})
	l.Advance(l.Scenario().T0.Add(22 * time.Minute))
	s := summarise(l, 2*time.Minute, 20*time.Minute)
	sick := 0.0
	for at := time.Minute; at < 20*time.Minute; at += time.Minute {
		sick = max(sick, minute(t, l, at).Balancers[0].TargetGroups[0].Unhealthy.Max)
	}
	if sick == 0 || s.ratio() < 0.3 {
		t.Errorf("drowned: at most %v unhealthy hosts, error ratio %.2f", sick, s.ratio())
	}
}

func TestWeightsMoveTraffic(t *testing.T) {
	l := quiet(t, func(sc *Scenario) { provisioned(sc) })
	t0 := l.Scenario().T0
	l.Advance(t0.Add(2 * time.Minute))
	if err := l.SetWeights("web", Weight{"web", 0}, Weight{"green", 1}); err != nil {
		t.Fatal(err)
	}
	l.Advance(t0.Add(5 * time.Minute))
	before, after := minute(t, l, time.Minute).Balancers[0].TargetGroups, minute(t, l, 3*time.Minute).Balancers[0].TargetGroups
	if r := float64(before[1].Requests) / float64(before[0].Requests+before[1].Requests); math.Abs(r-0.2) > 0.03 {
		t.Errorf("green has %.2f of the traffic, want 25 of 125", r)
	}
	if after[0].Requests != 0 || after[1].Requests == 0 {
		t.Errorf("after the change %d and %d requests", after[0].Requests, after[1].Requests)
	}
}

func TestHistogramQuantiles(t *testing.T) {
	var h, empty Histogram
	for i := 1; i <= 1000; i++ {
		h.Add(float64(i)/1000, 1)
	}
	for _, q := range []float64{0.1, 0.5, 0.9, 0.99} {
		if got := h.Quantile(q); math.Abs(got-q) > 0.05*q {
			t.Errorf("quantile %.2f of 1 ms to 1 s is %.4f s", q, got)
		}
	}
	if h.Quantile(0) < 0.0009 || h.Quantile(1) != 1 || h.Count() != 1000 || math.Abs(h.Mean()-0.5005) > 1e-9 {
		t.Errorf("from %v to %v, %d, mean %v", h.Quantile(0), h.Quantile(1), h.Count(), h.Mean())
	}
	if empty.Quantile(0.5) != 0 || empty.Mean() != 0 {
		t.Error("an empty histogram has a quantile")
	}
	h.Add(math.NaN(), 1)
	h.Add(1e9, 1)
	if h.Max() != 1e9 || h.Min() != 0 {
		t.Errorf("from %v to %v", h.Min(), h.Max())
	}
}

// The balancer grows behind the traffic: what comes faster finds a closed door.
func TestTheBalancerRejectsWhatComesTooFast(t *testing.T) {
	l := quiet(t, func(sc *Scenario) {
		sc.Faults = []FaultSpec{{At: "T+1m", Until: "T+20m", Kind: BotWave, Rate: 30000, Addresses: 1e6}}
	})
	l.Advance(l.Scenario().T0.Add(22 * time.Minute))
	calm, first, later := minute(t, l, 0).Balancers[0], minute(t, l, 2*time.Minute).Balancers[0], minute(t, l, 15*time.Minute).Balancers[0]
	if calm.Rejected != 0 || first.Rejected < first.Arrived/4 || later.Rejected > first.Rejected/10 {
		t.Errorf("rejected: %d, %d of %d, %d of %d", calm.Rejected, first.Rejected, first.Arrived, later.Rejected, later.Arrived)
	}
}

// Capacity units that are kept ready let in at once what would have found a closed door.
func TestAReservationOpensTheDoor(t *testing.T) {
	rejected := func(reserved float64) int64 {
		l := quiet(t, func(sc *Scenario) {
			sc.Site.Balancer.Reserved = reserved
			sc.Faults = []FaultSpec{{At: "T+1m", Until: "T+20m", Kind: BotWave, Rate: 30000, Addresses: 1e6}}
		})
		l.Advance(l.Scenario().T0.Add(4 * time.Minute))
		b := minute(t, l, 2*time.Minute).Balancers[0]
		if b.ReservedLCU != reserved || l.State().LoadBalancers[0].ReservedLCUs != reserved {
			t.Errorf("reserved %v and %v, want %v", b.ReservedLCU, l.State().LoadBalancers[0].ReservedLCUs, reserved)
		}
		return b.Rejected
	}
	if without, with := rejected(0), rejected(3000); without == 0 || with > without/20 {
		t.Errorf("%d rejected without a reservation, %d with one", without, with)
	}
}

func TestProvisionedInstancesDoNotScale(t *testing.T) {
	l := launched(t, "lottery", provisioned)
	l.Advance(l.Scenario().T0.Add(12 * time.Minute))
	c := l.State().Clusters[0]
	if c.Serverless || c.MaxACU != 0 || c.Members[0].Class != "db.r6g.4xlarge" {
		t.Errorf("%+v", c)
	}
	for at := time.Duration(0); at < 10*time.Minute; at += time.Minute {
		n := minute(t, l, at).Clusters[0].Instances[0]
		if n.ACU.Max != 0 || n.ACUUtilization.Max != 0 || n.CPU.Mean == 0 || n.FreeStorage.Min <= 0 {
			t.Errorf("T+%s: %+v", at, n)
		}
	}
	if err := l.SetACU("main", 4, 8); err == nil {
		t.Error("a range for provisioned instances")
	}
}

// A drowned instance is replaced, and the activities say why.
func TestSickInstancesAreReplaced(t *testing.T) {
	l := quiet(t, func(sc *Scenario) {
		sc.Faults = []FaultSpec{{At: "T+1m", Until: "T+12m", Kind: SlowDatabase, Factor: 60}}
	})
	before := l.State().Groups[0].Instances
	l.Advance(l.Scenario().T0.Add(20 * time.Minute))
	left := map[string]bool{}
	for _, i := range l.State().Groups[0].Instances {
		left[i.ID] = true
	}
	gone := 0
	for _, i := range before {
		if !left[i.ID] {
			gone++
		}
	}
	acts := l.Activities("web")
	if gone == 0 || len(acts) == 0 {
		t.Fatalf("%d of %d instances replaced, activities %+v", gone, len(before), acts)
	}
	for _, a := range acts {
		if strings.HasPrefix(a.Description, "Terminating") && strings.Contains(a.Cause, "health checks") {
			return
		}
	}
	t.Errorf("no activity names the health checks: %+v", acts)
}
