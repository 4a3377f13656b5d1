package awsread

import (
	"context"
	"fmt"
	"math"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/simulator"
	"warroom/sources/simulator/awswire"
)

// site is a simulated launch behind the AWS protocols, and a reader of it through the real clients.
type site struct {
	t      testing.TB
	launch *simulator.Launch
	aws    *awswire.Server
	clock  *sources.ManualClock
	url    string
	reader *Reader
}

// newSite starts a launch and opens a reader of all its resources.
func newSite(t testing.TB, change func(*simulator.Scenario)) *site {
	t.Helper()
	sc, err := simulator.Load("lottery")
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&sc)
	}
	launch, err := simulator.New(sc, 7)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, launch: launch, clock: sources.NewManualClock(launch.Now())}
	s.aws = awswire.New(launch, s.clock)
	server := httptest.NewServer(s.aws)
	t.Cleanup(func() {
		if err := s.aws.Close(); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	s.url = server.URL
	s.reader = s.open(resourcesOf(launch.State())...)
	return s
}

func (s *site) open(resources ...sources.Resource) *Reader {
	s.t.Helper()
	r, err := Open(s.t.Context(), Options{
		Region: s.launch.State().Region, Endpoint: s.url, Credentials: fixedCredentials, Resources: resources, Clock: s.clock, BudgetShare: 1,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// counts are the site's own counters and what the room calls them.
var counts = map[string]string{"registrations": "registrations", "visitors": "visitors", "attempts": "attempts"}

// resourcesOf is a config that watches everything of the account.
func resourcesOf(st simulator.State) []sources.Resource {
	var all []sources.Resource
	add := func(service, name, id string, attrs map[string]string) {
		all = append(all, sources.Resource{Ref: sources.Ref{Service: service, Name: name}, ID: id, Attrs: attrs})
	}
	for _, d := range st.Distributions {
		add("cloudfront", d.Name, d.ID, nil)
	}
	for _, w := range st.WebACLs {
		add("waf", w.Name, w.Name, map[string]string{"scope": "CLOUDFRONT"})
	}
	for _, b := range st.LoadBalancers {
		add("alb", b.Name, b.Name, nil)
	}
	for _, g := range st.Groups {
		add("asg", g.Name, g.ID, nil)
	}
	for _, c := range st.Clusters {
		add("aurora", c.Name, c.ID, nil)
	}
	for _, c := range st.Counters {
		as, ok := counts[c.As]
		if !ok {
			continue
		}
		dimensions := ""
		for _, d := range c.Dimensions {
			dimensions += d[0] + "=" + d[1] + ","
		}
		stat := "Sum"
		if c.As == "visitors" {
			stat = "Average"
		}
		add("audience", "people-"+as, "", map[string]string{"namespace": c.Namespace, "metric": c.Metric, "stat": stat, "dimensions": dimensions, "as": as})
	}
	return all
}

// tape is what was told, the last word on each period.
type tape struct {
	samples map[sources.Series]map[time.Time]sources.Sample
	facts   map[string]string // "service/name fact" → value
	changes []sources.Change
	told    int // samples
}

func newTape() *tape {
	return &tape{samples: map[sources.Series]map[time.Time]sources.Sample{}, facts: map[string]string{}}
}

func (p *tape) take(r sources.Reading) {
	for _, s := range r.Samples {
		if p.samples[s.Series] == nil {
			p.samples[s.Series] = map[time.Time]sources.Sample{}
		}
		p.samples[s.Series][s.At] = s
		p.told++
	}
	for _, f := range r.Facts {
		p.facts[f.Resource.String()+" "+f.Name] = f.Value
	}
	p.changes = append(p.changes, r.Changes...)
}

// advance moves the clock by so many minutes and polls every source each minute.
func (s *site) advance(p *tape, minutes int) {
	s.t.Helper()
	all := s.reader.Sources()
	for range minutes {
		s.after(p, time.Minute, all)
	}
}

// after moves the clock and polls once.
func (s *site) after(p *tape, d time.Duration, all []sources.Source) {
	s.t.Helper()
	s.clock.Advance(d)
	for _, source := range all {
		r, err := source.Poll(s.t.Context(), s.clock.Now())
		if err != nil {
			s.t.Errorf("poll %s: %v", source.Name(), err)
		}
		p.take(r)
	}
}

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

// truths says for every raw metric of every service what CloudWatch must have brought, from the model's
// own account of the minute.
func truths() map[string]truth {
	edge := func(f func(simulator.Edge) (float64, bool)) truth {
		return func(m simulator.Minute) (float64, bool) { return f(m.Edges[0]) }
	}
	wall := func(f func(simulator.Firewall) (float64, bool)) truth {
		return func(m simulator.Minute) (float64, bool) { return f(m.Firewalls[0]) }
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

		"waf_allowed":          wall(func(w simulator.Firewall) (float64, bool) { return sparse(w.Allowed) }),
		"waf_blocked":          wall(func(w simulator.Firewall) (float64, bool) { return sparse(w.Blocked) }),
		"waf_counted":          wall(func(w simulator.Firewall) (float64, bool) { return sparse(w.Counted) }),
		"waf_captcha":          nothing,
		"waf_challenge":        nothing,
		"waf_rule_blocked/0":   wall(func(w simulator.Firewall) (float64, bool) { return sparse(w.Rules[0].Blocked) }),
		"waf_rule_blocked/1":   wall(func(w simulator.Firewall) (float64, bool) { return sparse(w.Rules[1].Blocked) }),
		"waf_rule_counted/0":   wall(func(w simulator.Firewall) (float64, bool) { return sparse(w.Rules[0].Counted) }),
		"waf_rule_counted/1":   wall(func(w simulator.Firewall) (float64, bool) { return sparse(w.Rules[1].Counted) }),
		"waf_rule_allowed/0":   nothing,
		"waf_rule_captcha/0":   nothing,
		"waf_rule_challenge/0": nothing,

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
		"alb_new_connections":          lb(func(b simulator.Balancer) (float64, bool) { return sparse(b.NewConnections) }),
		"alb_target_connection_errors": lb(func(b simulator.Balancer) (float64, bool) { return sparse(b.TargetConnectionErrors) }),
		"alb_lcu":                      lb(func(b simulator.Balancer) (float64, bool) { return b.LCU, true }),
		"alb_lcu_peak":                 lb(func(b simulator.Balancer) (float64, bool) { return b.PeakLCU, true }),
		"alb_lcu_reserved":             nothing,
		"alb_healthy_hosts":            lb(func(b simulator.Balancer) (float64, bool) { return b.TargetGroups[0].Healthy.Min, true }),
		"alb_unhealthy_hosts":          lb(func(b simulator.Balancer) (float64, bool) { return b.TargetGroups[0].Unhealthy.Min, true }),
		"alb_requests_per_target":      lb(func(b simulator.Balancer) (float64, bool) { return b.TargetGroups[0].PerTarget, true }),

		"asg_cpu_ratio": func(m simulator.Minute) (float64, bool) { return m.Groups[0].CPU.Mean, m.Groups[0].Running > 0 },

		"aurora_acu":                    writer(func(d simulator.Database) (float64, bool) { return d.ACU.Max, true }),
		"aurora_cpu_ratio":              writer(func(d simulator.Database) (float64, bool) { return d.CPU.Mean, true }),
		"aurora_connections":            writer(func(d simulator.Database) (float64, bool) { return d.Connections.Max, true }),
		"aurora_deadlocks":              writer(func(d simulator.Database) (float64, bool) { return d.Deadlocks, true }),
		"aurora_blocked_transactions":   writer(func(d simulator.Database) (float64, bool) { return d.Blocked, true }),
		"aurora_commit_latency_seconds": writer(func(d simulator.Database) (float64, bool) { return d.CommitLatency, true }),
		"aurora_select_latency_seconds": writer(func(d simulator.Database) (float64, bool) { return d.SelectLatency, true }),
		"aurora_queries":                writer(func(d simulator.Database) (float64, bool) { return d.Queries, true }),
		"aurora_freeable_memory_bytes":  writer(func(d simulator.Database) (float64, bool) { return d.FreeableMemory.Min, true }),
		"aurora_buffer_hit_ratio":       writer(func(d simulator.Database) (float64, bool) { return d.BufferCacheHit, true }),
		"aurora_replica_lag_seconds":    func(m simulator.Minute) (float64, bool) { return m.Clusters[0].ReplicaLag.Max, true },
	}
}

// sparse counts are not published when there are none.
func sparse(n int64) (float64, bool) { return float64(n), n != 0 }

func nothing(simulator.Minute) (float64, bool) { return 0, false }

// TestEveryMetricTellsTheTruth: what the reader says of each settled minute is what the model measured, in
// the catalogue's unit. A wrong namespace, name, dimension, statistic or scale of any metric fails it.
func TestEveryMetricTellsTheTruth(t *testing.T) {
	for _, engine := range []string{"aurora-mysql", "aurora-postgresql"} {
		t.Run(engine, func(t *testing.T) { tellsTheTruth(t, engine) })
	}
}

// mute are metrics that the simulated site never gives a value other than zero: their scale and their place
// are those of their siblings.
var mute = []string{"cloudfront_error_401_ratio"}

// strained is a launch with too little of everything: things go wrong, and errors are seen.
func strained(engine string) func(*simulator.Scenario) {
	return func(sc *simulator.Scenario) {
		sc.Site.Cluster.Engine, sc.Site.Cluster.Readers = engine, 1
		sc.Capacity.Groups["web"] = simulator.Bounds{Min: 6, Desired: 6, Max: 8}
		sc.Faults = append(sc.Faults, simulator.FaultSpec{At: "T+2m", Until: "T+8m", Kind: simulator.SlowDatabase, Factor: 30})
	}
}

func tellsTheTruth(t *testing.T, engine string) {
	s := newSite(t, strained(engine))
	p := newTape()
	s.advance(p, 16)
	seen := compare(t, s, p, truths())
	for name := range truths() {
		mysql := name == "aurora_blocked_transactions" || name == "aurora_select_latency_seconds"
		switch {
		case mysql && engine != "aurora-mysql":
			if seen[name] != (outcomes{}) {
				t.Errorf("%s is MySQL's own and came from %s", name, engine)
			}
		case seen[name] == outcomes{}:
			t.Errorf("%s was never told", name)
		case seen[name].values == 0 && seen[name].nones == 0 && !slices.Contains(mute, name):
			t.Errorf("%s was never anything but zero: nothing is proven of it", name)
		}
	}
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

// check counts what was compared of each metric, and names the metrics that were not told as measured, with
// an example.
func check(t *testing.T, s *site, p *tape, want map[string]truth) (seen map[string]outcomes, lies map[string]string) {
	t.Helper()
	settled := s.clock.Now().Add(-4 * time.Minute)
	rules := s.launch.State().WebACLs[0].Rules
	seen, lies = map[string]outcomes{}, map[string]string{}
	for series, samples := range p.samples {
		name := series.Metric
		for i, r := range rules {
			if series.Label == r.Name {
				name = fmt.Sprintf("%s/%d", name, i)
			}
		}
		measure, ok := want[name]
		if !ok {
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

// spoiled runs a launch with a reader that was made worse, and expects a lie or silence of every metric.
func spoiled(t *testing.T, spoil func(*watched)) {
	s := newSite(t, strained("aurora-mysql"))
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

// described are the metrics that services tell of themselves, beside CloudWatch.
var described = []string{
	"asg_min", "asg_max", "asg_desired", "asg_in_service", "asg_pending", "asg_terminating",
	"aurora_acu_min", "aurora_acu_max", "aurora_connections_max",
}

// TestTableAndCatalogueAgree: every measured metric of the services is read, and nothing else.
func TestTableAndCatalogueAgree(t *testing.T) {
	read := slices.Clone(described)
	for _, service := range table {
		for _, m := range service.metrics {
			read = append(read, m.name)
			if known, ok := sources.Lookup(m.name); !ok || known.Derived() || known.Service != service.name {
				t.Errorf("%s of %s is not a measured metric of the catalogue", m.name, service.name)
			}
		}
	}
	for _, m := range sources.Metrics() {
		if _, ours := table[m.Service]; ours && !m.Derived() && !slices.Contains(read, m.Name) {
			t.Errorf("%s is in the catalogue and nobody reads it", m.Name)
		}
	}
	if got := Services(); !slices.Equal(got, []string{"alb", "asg", "audience", "aurora", "cloudfront", "waf"}) {
		t.Errorf("services %q", got)
	}
}
