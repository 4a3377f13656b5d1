package awsread

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/simulator"
)

// truth is what the model measured, in the catalogue's unit; ok is false where the metric has no value.
type truth func(m simulator.Minute) (value float64, ok bool)

func number64(n int64) (float64, bool) { return float64(n), true }

// share is a part of requests, which has no meaning without any.
func share(part, of int64) (float64, bool) { return float64(part) / float64(of), of > 0 }

func quantile(h *simulator.Histogram, q float64) (float64, bool) {
	if h == nil || h.Count() == 0 {
		return 0, false
	}
	return h.Quantile(q), true
}

// truths says for every raw metric of every service what CloudWatch must have brought, from the model's own account
// of the minute. Metrics of rules bear the rule's number, those of the regional web ACL its name.
func truths() map[string]truth {
	edge := func(f func(simulator.Edge) (float64, bool)) truth {
		return func(m simulator.Minute) (float64, bool) { return f(m.Edges[0]) }
	}
	wall := func(i int, f func(simulator.Firewall) int64) truth {
		return func(m simulator.Minute) (float64, bool) { return sparse(f(m.Firewalls[i])) }
	}
	lb := func(f func(simulator.Balancer) (float64, bool)) truth {
		return func(m simulator.Minute) (float64, bool) { return f(m.Balancers[0]) }
	}
	writer := func(f func(simulator.Database) (float64, bool)) truth {
		return func(m simulator.Minute) (float64, bool) { return f(m.Clusters[0].Instances[0]) }
	}
	return map[string]truth{
		"audience_registrations": func(m simulator.Minute) (float64, bool) { return number64(m.Audience.Registrations) },
		"audience_attempts":      func(m simulator.Minute) (float64, bool) { return number64(m.Audience.Attempts) },
		"audience_visitors":      func(m simulator.Minute) (float64, bool) { return number64(m.Audience.Arrivals) },

		"cloudfront_requests":                   edge(func(e simulator.Edge) (float64, bool) { return number64(e.Requests) }),
		"cloudfront_bytes_down":                 edge(func(e simulator.Edge) (float64, bool) { return number64(e.BytesDown) }),
		"cloudfront_bytes_up":                   edge(func(e simulator.Edge) (float64, bool) { return number64(e.BytesUp) }),
		"cloudfront_hit_ratio":                  edge(simulator.Edge.HitRatio),
		"cloudfront_error_ratio":                edge(func(e simulator.Edge) (float64, bool) { return share(e.Status5xx, e.Requests) }),
		"cloudfront_client_error_ratio":         edge(func(e simulator.Edge) (float64, bool) { return share(e.Status4xx, e.Requests) }),
		"cloudfront_error_401_ratio":            edge(func(e simulator.Edge) (float64, bool) { return share(e.Status401, e.Requests) }),
		"cloudfront_error_403_ratio":            edge(func(e simulator.Edge) (float64, bool) { return share(e.Status403, e.Requests) }),
		"cloudfront_error_404_ratio":            edge(func(e simulator.Edge) (float64, bool) { return share(e.Status404, e.Requests) }),
		"cloudfront_error_502_ratio":            edge(func(e simulator.Edge) (float64, bool) { return share(e.Status502, e.Requests) }),
		"cloudfront_error_503_ratio":            edge(func(e simulator.Edge) (float64, bool) { return share(e.Status503, e.Requests) }),
		"cloudfront_error_504_ratio":            edge(func(e simulator.Edge) (float64, bool) { return share(e.Status504, e.Requests) }),
		"cloudfront_origin_latency_p50_seconds": edge(func(e simulator.Edge) (float64, bool) { return quantile(e.OriginLatency, 0.5) }),
		"cloudfront_origin_latency_p90_seconds": edge(func(e simulator.Edge) (float64, bool) { return quantile(e.OriginLatency, 0.9) }),
		"cloudfront_origin_latency_p99_seconds": edge(func(e simulator.Edge) (float64, bool) { return quantile(e.OriginLatency, 0.99) }),

		"waf_allowed":          wall(0, func(w simulator.Firewall) int64 { return w.Allowed }),
		"waf_blocked":          wall(0, func(w simulator.Firewall) int64 { return w.Blocked }),
		"waf_counted":          wall(0, func(w simulator.Firewall) int64 { return w.Counted }),
		"waf_captcha":          wall(0, func(w simulator.Firewall) int64 { return w.Captcha }),
		"waf_challenge":        wall(0, func(w simulator.Firewall) int64 { return w.Challenge }),
		"waf_rule_blocked/0":   wall(0, func(w simulator.Firewall) int64 { return w.Rules[0].Blocked }),
		"waf_rule_blocked/1":   wall(0, func(w simulator.Firewall) int64 { return w.Rules[1].Blocked }),
		"waf_rule_counted/0":   wall(0, func(w simulator.Firewall) int64 { return w.Rules[0].Counted }),
		"waf_rule_counted/1":   wall(0, func(w simulator.Firewall) int64 { return w.Rules[1].Counted }),
		"waf_rule_captcha/0":   wall(0, func(w simulator.Firewall) int64 { return w.Rules[0].Captcha }),
		"waf_rule_captcha/1":   wall(0, func(w simulator.Firewall) int64 { return w.Rules[1].Captcha }),
		"waf_rule_challenge/0": wall(0, func(w simulator.Firewall) int64 { return w.Rules[0].Challenge }),
		"waf_rule_challenge/1": wall(0, func(w simulator.Firewall) int64 { return w.Rules[1].Challenge }),
		"waf_rule_allowed/0":   nothing,
		"waf_rule_allowed/1":   nothing,

		"waf_allowed wall":          wall(1, func(w simulator.Firewall) int64 { return w.Allowed }),
		"waf_blocked wall":          wall(1, func(w simulator.Firewall) int64 { return w.Blocked }),
		"waf_counted wall":          wall(1, func(w simulator.Firewall) int64 { return w.Counted }),
		"waf_captcha wall":          wall(1, func(w simulator.Firewall) int64 { return w.Captcha }),
		"waf_challenge wall":        wall(1, func(w simulator.Firewall) int64 { return w.Challenge }),
		"waf_rule_blocked/0 wall":   nothing,
		"waf_rule_blocked/1 wall":   wall(1, func(w simulator.Firewall) int64 { return w.Rules[1].Blocked }),
		"waf_rule_counted/0 wall":   wall(1, func(w simulator.Firewall) int64 { return w.Rules[0].Counted }),
		"waf_rule_counted/1 wall":   nothing,
		"waf_rule_captcha/0 wall":   wall(1, func(w simulator.Firewall) int64 { return w.Rules[0].Captcha }),
		"waf_rule_captcha/1 wall":   nothing,
		"waf_rule_challenge/0 wall": nothing,
		"waf_rule_challenge/1 wall": wall(1, func(w simulator.Firewall) int64 { return w.Rules[1].Challenge }),
		"waf_rule_allowed/0 wall":   nothing,
		"waf_rule_allowed/1 wall":   nothing,

		"alb_requests":                 lb(func(b simulator.Balancer) (float64, bool) { return number64(b.Requests) }),
		"alb_elb_5xx":                  lb(func(b simulator.Balancer) (float64, bool) { return sparse(b.ELB5xx) }),
		"alb_elb_502":                  lb(func(b simulator.Balancer) (float64, bool) { return sparse(b.ELB502) }),
		"alb_elb_503":                  lb(func(b simulator.Balancer) (float64, bool) { return sparse(b.ELB503) }),
		"alb_elb_504":                  lb(func(b simulator.Balancer) (float64, bool) { return sparse(b.ELB504) }),
		"alb_target_5xx":               lb(func(b simulator.Balancer) (float64, bool) { return sparse(b.Target5xx) }),
		"alb_elb_4xx":                  lb(func(b simulator.Balancer) (float64, bool) { return sparse(b.ELB4xx) }),
		"alb_target_4xx":               lb(func(b simulator.Balancer) (float64, bool) { return sparse(b.Target4xx) }),
		"alb_latency_p50_seconds":      lb(func(b simulator.Balancer) (float64, bool) { return quantile(b.Latency, 0.5) }),
		"alb_latency_p95_seconds":      lb(func(b simulator.Balancer) (float64, bool) { return quantile(b.Latency, 0.95) }),
		"alb_latency_p99_seconds":      lb(func(b simulator.Balancer) (float64, bool) { return quantile(b.Latency, 0.99) }),
		"alb_rejected_connections":     lb(func(b simulator.Balancer) (float64, bool) { return sparse(b.Rejected) }),
		"alb_active_connections":       lb(func(b simulator.Balancer) (float64, bool) { return sparse(int64(b.ActiveConnections.Mean + 0.5)) }),
		"alb_new_connections":          lb(func(b simulator.Balancer) (float64, bool) { return sparse(b.NewConnections) }),
		"alb_target_connection_errors": lb(func(b simulator.Balancer) (float64, bool) { return sparse(b.TargetConnectionErrors) }),
		"alb_lcu":                      lb(func(b simulator.Balancer) (float64, bool) { return b.LCU, true }),
		"alb_lcu_peak":                 lb(func(b simulator.Balancer) (float64, bool) { return b.PeakLCU, true }),
		"alb_lcu_reserved":             lb(func(b simulator.Balancer) (float64, bool) { return b.ReservedLCU, b.ReservedLCU > 0 }),
		"alb_healthy_hosts":            lb(func(b simulator.Balancer) (float64, bool) { return b.TargetGroups[0].Healthy.Min, true }),
		"alb_unhealthy_hosts":          lb(func(b simulator.Balancer) (float64, bool) { return b.TargetGroups[0].Unhealthy.Min, true }),
		"alb_requests_per_target": lb(func(b simulator.Balancer) (float64, bool) {
			return b.TargetGroups[0].PerTarget, b.TargetGroups[0].Requests > 0
		}),

		"asg_cpu_ratio": func(m simulator.Minute) (float64, bool) { return m.Groups[0].CPU.Mean, m.Groups[0].Running > 0 },

		"aurora_acu":                      writer(func(d simulator.Database) (float64, bool) { return d.ACU.Max, true }),
		"aurora_cpu_ratio":                writer(func(d simulator.Database) (float64, bool) { return d.CPU.Mean, true }),
		"aurora_connections":              writer(func(d simulator.Database) (float64, bool) { return d.Connections.Max, true }),
		"aurora_deadlocks":                writer(func(d simulator.Database) (float64, bool) { return d.Deadlocks, true }),
		"aurora_blocked_transactions":     writer(func(d simulator.Database) (float64, bool) { return d.Blocked, true }),
		"aurora_commit_latency_seconds":   writer(func(d simulator.Database) (float64, bool) { return d.CommitLatency, true }),
		"aurora_select_latency_seconds":   writer(func(d simulator.Database) (float64, bool) { return d.SelectLatency, true }),
		"aurora_queries":                  writer(func(d simulator.Database) (float64, bool) { return d.Queries, true }),
		"aurora_freeable_memory_bytes":    writer(func(d simulator.Database) (float64, bool) { return d.FreeableMemory.Min, true }),
		"aurora_buffer_hit_ratio":         writer(func(d simulator.Database) (float64, bool) { return d.BufferCacheHit, true }),
		"aurora_free_local_storage_bytes": writer(func(d simulator.Database) (float64, bool) { return d.FreeStorage.Min, true }),
		"aurora_replica_lag_seconds":      func(m simulator.Minute) (float64, bool) { return m.Clusters[0].ReplicaLag.Max, true },
	}
}

// sparse counts are not published when there are none.
func sparse(n int64) (float64, bool) { return float64(n), n != 0 }

func nothing(simulator.Minute) (float64, bool) { return 0, false }

// strain is a launch with too little of everything: things go wrong, and errors are seen.
type strain struct {
	engine string
	rate   string // mode of the rate-based rule
	class  string // of a provisioned cluster
}

func (v strain) scenario(sc *simulator.Scenario) {
	sc.Site.Cluster.Engine, sc.Site.Cluster.Readers = v.engine, 1
	if v.class != "" {
		sc.Site.Cluster.Class, sc.Site.Cluster.Size, sc.Capacity.ACU = v.class, 16, simulator.ACURange{}
	}
	sc.Site.Firewall.Rate, sc.Site.Firewall.Managed, sc.Site.Balancer.Reserved, sc.Site.Balancer.Ease = v.rate, simulator.Count, 6, 100
	sc.Capacity.Groups["web"] = simulator.Bounds{Min: 6, Desired: 6, Max: 8}
	sc.Faults = append(sc.Faults,
		simulator.FaultSpec{At: "T+2m", Until: "T+8m", Kind: simulator.SlowDatabase, Factor: 30},
		simulator.FaultSpec{At: "T-2m", Until: "T+9m", Kind: simulator.BotWave, Rate: 900, Addresses: 60},
		simulator.FaultSpec{At: "T+3m", Until: "T+9m", Kind: simulator.BadDeploy, Rate: 0.1, Factor: 1})
}

// lacks tells whether a cluster of this kind has no such metric.
func (v strain) lacks(name string) bool {
	switch name {
	case "aurora_blocked_transactions", "aurora_select_latency_seconds":
		return v.engine != "aurora-mysql"
	case "aurora_acu":
		return v.class != ""
	case "aurora_free_local_storage_bytes":
		return v.class == ""
	}
	return false
}

var strains = []strain{
	{"aurora-mysql", simulator.Block, ""},
	{"aurora-postgresql", simulator.Captcha, ""},
	{"aurora-mysql", simulator.Challenge, "db.r6g.xlarge"},
}

// mute are metrics that the simulated site never gives a value other than zero. TestMetricTable alone holds them.
var mute = []string{"cloudfront_error_401_ratio", "alb_elb_4xx", "waf_rule_allowed"}

// TestEveryMetricTellsTheTruth: what the reader says of each settled minute is what the model measured, in
// the catalogue's unit. A wrong namespace, name, dimension, statistic or scale of any metric fails it, and so does a
// metric that nobody holds against the model.
func TestEveryMetricTellsTheTruth(t *testing.T) {
	proven := map[string]bool{}
	for _, v := range strains {
		t.Run(strings.TrimSpace(v.engine+" "+v.class), func(t *testing.T) {
			for name, o := range tellsTheTruth(t, v) {
				metric, _, _ := strings.Cut(strings.Fields(name)[0], "/")
				proven[metric] = proven[metric] || o.values > 0
			}
		})
	}
	for metric, values := range proven {
		if values == slices.Contains(mute, metric) {
			t.Errorf("%s had a value other than zero: %v; a metric without one is not proven here", metric, values)
		}
	}
}

// tellsTheTruth holds a launch against the model, and returns what was compared.
func tellsTheTruth(t *testing.T, v strain) map[string]outcomes {
	s := startSite(t, v.scenario, true)
	p := newTape()
	s.advance(p, 12)
	nobody, six := 0, 6
	if err := s.launch.SetSize("web", simulator.Size{Min: &nobody, Desired: &nobody}); err != nil {
		t.Fatal(err)
	}
	s.advance(p, 3) // there is no target any more
	if err := s.launch.SetSize("web", simulator.Size{Desired: &six}); err != nil {
		t.Fatal(err)
	}
	s.advance(p, 5)
	seen := compare(t, s, p, truths())
	for name := range truths() {
		if told := seen[name] != (outcomes{}); told == v.lacks(name) {
			t.Errorf("%s was told: %v", name, told)
		}
	}
	return seen
}

// outcomes counts what was compared of a series: settled minutes with a value, with zero, without a sample's value.
type outcomes struct{ values, zeros, nones int }

// compare holds every settled sample on the tape against the model.
func compare(t *testing.T, s *site, p *tape, want map[string]truth) map[string]outcomes {
	t.Helper()
	seen, lies := check(t, s, p, want)
	for name, lie := range lies {
		t.Errorf("%s %s", name, lie)
	}
	return seen
}

// row is the name under which the truth about a series is found.
func row(series sources.Series, acls []simulator.WebACL) string {
	name := series.Metric
	for _, acl := range acls {
		if !strings.HasPrefix(series.Metric, "waf_") || acl.Name != series.Resource {
			continue
		}
		for i, r := range acl.Rules {
			if series.Label == r.Name {
				name = fmt.Sprintf("%s/%d", name, i)
			}
		}
		if acl.Regional {
			name += " " + acl.Name
		}
	}
	return name
}

// check counts what was compared of each metric, and names the metrics that were not told as measured, with
// an example. What services tell of themselves, and the room of itself, is held by tests of its own.
func check(t *testing.T, s *site, p *tape, want map[string]truth) (seen map[string]outcomes, lies map[string]string) {
	t.Helper()
	settled := s.clock.Now().Add(-4 * time.Minute)
	acls := s.launch.State().WebACLs
	seen, lies = map[string]outcomes{}, map[string]string{}
	for series, samples := range p.samples {
		name := row(series, acls)
		measure, ok := want[name]
		if !ok {
			if !slices.Contains(described, series.Metric) && !strings.HasPrefix(series.Metric, "room_") {
				lies[name] = "is told, and nothing says what is true of it"
			}
			continue
		}
		for at, told := range samples {
			if !at.Before(settled) {
				continue
			}
			m, ok := s.launch.Minute(at)
			if !ok {
				t.Fatalf("the model has forgotten %v", at)
			}
			value, ok := measure(m)
			if ok == told.None || ok && !near(told.Value, value) {
				lies[name] = fmt.Sprintf("at %s: told %v (none %v), measured %v (any %v)", at.Format("15:04"), told.Value, told.None, value, ok)
			}
			o := seen[name]
			switch {
			case !ok:
				o.nones++
			case value == 0:
				o.zeros++
			default:
				o.values++
			}
			seen[name] = o
		}
	}
	return seen, lies
}

// TestTruthTestSeesALie breaks every row of the table in one way after the other: each metric must then be
// told wrongly or not at all.
func TestTruthTestSeesALie(t *testing.T) {
	breaks := map[string]func(m *metric){
		"scale":     func(m *metric) { m.scale *= 1000 },
		"statistic": func(m *metric) { m.stat = "SampleCount" },
		"name":      func(m *metric) { m.published += "s" },
		"namespace": func(m *metric) { m.namespace = "AWS/Teapot" },
	}
	for name, spoil := range breaks {
		t.Run(name, func(t *testing.T) {
			spoiled(t, func(w *watched) {
				w.service.metrics = slices.Clone(w.service.metrics)
				for i := range w.service.metrics {
					if w.service.metrics[i].published != "" {
						spoil(&w.service.metrics[i])
					}
				}
			})
		})
	}
	t.Run("dimensions", func(t *testing.T) {
		spoiled(t, func(w *watched) {
			describe := w.service.describe
			if describe == nil {
				return
			}
			w.service.describe = func(ctx context.Context, a account, d *description) error {
				err := describe(ctx, a, d)
				for _, places := range d.places {
					for i := range places {
						places[i].dimensions = append(slices.Clone(places[i].dimensions), dimension("Planet", "Mars"))
					}
				}
				return err
			}
		})
	})
}

// TestTruthTestWantsARow: a metric that nobody says the truth about is noticed.
func TestTruthTestWantsARow(t *testing.T) {
	s := startSite(t, strains[0].scenario, true)
	p := newTape()
	s.advance(p, 6)
	for _, name := range []string{"alb_active_connections", "waf_rule_captcha/0 wall"} {
		want := truths()
		delete(want, name)
		if _, lies := check(t, s, p, want); len(lies) != 1 || !strings.Contains(lies[name], "nothing says what is true") {
			t.Errorf("without a row for %s: %q", name, lies)
		}
	}
}

// spoiled runs a launch with a reader that was made worse, and expects a lie or silence of every metric.
func spoiled(t *testing.T, spoil func(*watched)) {
	s := startSite(t, strains[0].scenario, true)
	for _, w := range s.reader.resources {
		spoil(w)
	}
	p := newTape()
	s.after(p, 12*time.Minute, s.reader.Sources())
	seen, lies := check(t, s, p, truths())
	for name, o := range seen {
		custom := strings.HasPrefix(name, "audience_") // named by the config, not by a row
		if o.values > 0 && lies[name] == "" && !custom {
			t.Errorf("%s is still told as measured", name)
		}
	}
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b), 1e-6) }
