package alerts

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"warroom/sources"
)

// libraryRunbooks are the names of the runbooks that come with the house.
var libraryRunbooks = []string{
	"bad-deploy", "cache-stampede", "db-ceiling", "error-budget", "fleet-ceiling", "monitoring-gap", "origin-errors", "origin-slow",
	"registration-drop", "waf-surge",
}

// TestHouseRulesSayAllThatPeopleNeed: every rule has its words, and a runbook that there is.
func TestHouseRulesSayAllThatPeopleNeed(t *testing.T) {
	rules, err := House()
	if err != nil {
		t.Fatal(err)
	}
	services := map[string]bool{}
	judge, err := NewJudge(rules, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range judge.rules {
		services[r.service] = true
		switch {
		case r.Description == "" || r.Reason == "" || len(r.Summary.parts) == 0:
			t.Errorf("%s lacks a summary, a description or a reason", r.Alert)
		case !slices.Contains(libraryRunbooks, r.Runbook):
			t.Errorf("%s is answered by %q, which the library does not have", r.Alert, r.Runbook)
		case r.Severity == Page && r.KeepFiringFor == 0:
			t.Errorf("%s pages and would be over after one good minute", r.Alert)
		}
	}
	for _, service := range sources.Services {
		if !services[service] && service != "launch" {
			t.Errorf("the house has no rule about %s", service)
		}
	}
}

// TestHouseRulesAreTested: what default_test.yaml says of the rules holds.
func TestHouseRulesAreTested(t *testing.T) {
	text, err := os.ReadFile("default_test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tests, err := ReadTests("default_test.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	if err := tests.Run(t.Context()); err != nil {
		t.Error(err)
	}
	rules, err := House()
	if err != nil {
		t.Fatal(err)
	}
	for _, alert := range rules.Names() {
		fires, silent := false, false
		for _, g := range tests.groups {
			for _, a := range g.alerts {
				fires = fires || a.alert == alert && len(a.want) > 0
				silent = silent || a.alert == alert && len(a.want) == 0
			}
		}
		if !fires || !silent {
			t.Errorf("%s has no test in which it fires and one in which it does not", alert)
		}
	}
}

// pages judges a batch by the rules of the house, and lists those who were woken.
func pages(t *testing.T, launch *sources.Launch, b sources.Batch) []Transition {
	t.Helper()
	rules, err := House()
	if err != nil {
		t.Fatal(err)
	}
	judge, err := NewJudge(rules, launch)
	if err != nil {
		t.Fatal(err)
	}
	var found []Transition
	err = Backtest(context.Background(), judge, b, func(tr Transition) error {
		if tr.Page || tr.To == Errored {
			found = append(found, tr)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// sizes are requests a second of sites that the rules must fit without tuning.
var sizes = []float64{50, 500, 50000}

// TestCalmPagesNobody: on a site of any size, on which nothing happens but chance, the house wakes nobody, also where half
// of the series are missing.
func TestCalmPagesNobody(t *testing.T) {
	for _, rps := range sizes {
		for half := range 3 {
			t.Run(fmt.Sprintf("%g requests a second, missing series %d", rps, half), func(t *testing.T) {
				b := newSite(uint64(half)+1, rps).batch(150)
				if half > 0 {
					b = without(b, uint64(half))
				}
				for _, p := range pages(t, siteLaunch(), b) {
					t.Errorf("%s: %s %s: %s %s", p.At.Format("15:04"), p.Rule, p.To, p.Summary, p.Why)
				}
			})
		}
	}
}

// without leaves half of a batch's metrics out.
func without(b sources.Batch, seed uint64) sources.Batch {
	chance := rand.New(rand.NewPCG(seed, 1))
	gone := map[string]bool{}
	for _, m := range sources.Metrics() {
		gone[m.Name] = chance.IntN(2) == 0
	}
	b.Samples = slices.DeleteFunc(b.Samples, func(s sources.Sample) bool { return gone[s.Series.Metric] })
	return b
}

// TestFaultsPage: the same fault wakes somebody on a site of any size, soon, once, and with the right runbook.
func TestFaultsPage(t *testing.T) {
	const begins, ends = 120, 135
	times := func(v map[string]float64, factor float64, metrics ...string) {
		for _, m := range metrics {
			v[m] *= factor
		}
	}
	faults := map[string]func(minute int, v map[string]float64){
		"origin-errors": func(_ int, v map[string]float64) { v["alb_target_5xx"] = v["alb_requests"] * 0.05 },
		"origin-slow": func(_ int, v map[string]float64) {
			times(v, 8, "alb_latency_p50_seconds", "alb_latency_p95_seconds", "alb_latency_p99_seconds")
		},
		"cache-stampede": func(_ int, v map[string]float64) { v["cloudfront_hit_ratio"] = 0.6; times(v, 4, "alb_requests") },
		"db-ceiling": func(n int, v map[string]float64) {
			v["aurora_acu"] = 31
			if n > begins+1 { // what waits for it comes after
				times(v, 20, "alb_latency_p95_seconds")
				v["alb_elb_5xx"] = v["alb_requests"] * 0.1
			}
		},
		"waf-surge": func(_ int, v map[string]float64) { v["waf_blocked"] = 0.4 * v["waf_allowed"] },
		"registration-drop": func(_ int, v map[string]float64) {
			times(v, 0.05, "audience_successes", "audience_registrations")
		},
	}
	for _, rps := range []float64{50, 50000} {
		for runbook, fault := range faults {
			t.Run(fmt.Sprintf("%s at %g requests a second", runbook, rps), func(t *testing.T) {
				s := newSite(7, rps)
				s.hurt = func(n int, v map[string]float64) {
					if n >= begins && n < ends {
						fault(n, v)
					}
				}
				found := pages(t, siteLaunch(), s.batch(150))
				if len(found) != 1 {
					t.Fatalf("%d pages: %v", len(found), found)
				}
				delay := found[0].At.Sub(siteBegin()).Minutes() - begins
				if found[0].Runbook != runbook || delay < 0 || delay > 8 {
					t.Errorf("%s with the runbook %s, %g minutes after the fault", found[0].Rule, found[0].Runbook, delay)
				}
			})
		}
	}
}

// TestReleaseIsTheFirstSuspect: the same errors are a bad release when one has just gone out.
func TestReleaseIsTheFirstSuspect(t *testing.T) {
	s := newSite(7, 500)
	s.hurt = func(n int, v map[string]float64) {
		if n >= 120 && n < 150 {
			v["alb_target_5xx"] = v["alb_requests"] * 0.05
		}
	}
	launch := siteLaunch(sources.Mark{At: "T-2h1m", Kind: sources.MarkDeploy})
	found := pages(t, launch, s.batch(170))
	if len(found) != 1 || found[0].Rule != "BadDeploy" {
		t.Errorf("pages: %v", found)
	}
}

// TestPlannedPurgeIsQuiet: a cache that is cold because somebody said that it would be wakes nobody.
func TestPlannedPurgeIsQuiet(t *testing.T) {
	s := newSite(7, 500)
	s.hurt = func(n int, v map[string]float64) {
		if n >= 120 && n < 126 {
			v["cloudfront_hit_ratio"] = 0.6
			v["alb_requests"] *= 4
		}
	}
	launch := siteLaunch(sources.Mark{At: "T-2h", Kind: sources.MarkPurge})
	if found := pages(t, launch, s.batch(150)); len(found) != 0 {
		t.Errorf("pages: %v", found)
	}
}
