package awsread

import (
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/simulator"
	"warroom/sources/simulator/awswire"
)

// site is a simulated launch behind the AWS protocols, and a reader of it through the real clients.
type site struct {
	t      testing.TB
	launch walled
	aws    *awswire.Server
	clock  *sources.ManualClock
	url    string
	reader *Reader
}

// walled is a launch with, if it is wanted, a second web ACL: a regional one in front of the load balancer, which the
// model does not have.
type walled struct {
	*simulator.Launch
	wall bool
}

// State is the account, with the wall in it.
func (w walled) State() simulator.State {
	st := w.Launch.State()
	if w.wall {
		st.WebACLs = append(st.WebACLs, simulator.WebACL{
			Name: "wall", ID: "a1b2c3d4-0000-4000-8000-000000000002", MetricName: "wallMetric", Regional: true,
			ARN: "arn:aws:wafv2:" + st.Region + ":" + st.Account + ":regional/webacl/wall/a1b2c3d4-0000-4000-8000-000000000002",
			Rules: []simulator.Rule{
				{Name: "puzzle", MetricName: "puzzleMetric", Priority: 0, Mode: simulator.Captcha, Limit: 100, Window: time.Minute},
				{Name: "proof", MetricName: "proofMetric", Priority: 1, Mode: simulator.Challenge, Limit: 200, Window: time.Minute},
			},
		})
	}
	return st
}

// Minute is what was measured, at the wall by what the load balancer had to do.
func (w walled) Minute(at time.Time) (simulator.Minute, bool) {
	m, ok := w.Launch.Minute(at)
	if !w.wall || !ok {
		return m, ok
	}
	b := m.Balancers[0]
	f := simulator.Firewall{
		Name: "wall", Allowed: b.Requests, Blocked: b.Target5xx, Counted: b.NewConnections / 7, Captcha: b.NewConnections / 3, Challenge: b.Target4xx,
		Rules: []simulator.RuleCount{
			{Name: "puzzle", Captcha: b.NewConnections / 3, Counted: b.NewConnections / 7}, {Name: "proof", Challenge: b.Target4xx, Blocked: b.Target5xx},
		},
	}
	m.Firewalls = append(slices.Clone(m.Firewalls), f)
	return m, true
}

// newSite starts a launch and opens a reader of all its resources.
func newSite(t testing.TB, change func(*simulator.Scenario)) *site {
	return startSite(t, change, false)
}

func startSite(t testing.TB, change func(*simulator.Scenario), wall bool) *site {
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
	s := &site{t: t, launch: walled{launch, wall}, clock: sources.NewManualClock(launch.Now())}
	s.aws = awswire.New(s.launch, s.clock)
	server := httptest.NewServer(s.aws)
	t.Cleanup(func() {
		if err := s.aws.Close(); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	s.url = server.URL
	s.reader = s.open(resourcesOf(s.launch.State())...)
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
	for _, region := range []string{r.home, globalRegion} { // polls follow each other without a minute between them
		r.session.pacers[region] = newPacer(1e9, r.session.machine, r.session.meter)
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
		add("cloudfront", d.Name, d.ID, map[string]string{"kvs": d.Store.ARN})
	}
	for _, w := range st.WebACLs {
		scope := "CLOUDFRONT"
		if w.Regional {
			scope = "REGIONAL"
		}
		add("waf", w.Name, w.Name, map[string]string{"scope": scope})
	}
	for _, b := range st.LoadBalancers {
		add("alb", b.Name, b.Name, nil)
	}
	for _, g := range st.Groups {
		add("asg", g.Name, g.ID, map[string]string{"codedeploy": g.Application + "/" + g.DeploymentGroup})
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
