package awsread

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"warroom/sources"
	"warroom/sources/simulator"
)

// ref is the account's only resource of a service.
func (s *site) ref(service string) sources.Ref {
	for _, w := range s.reader.resources {
		if w.Service == service {
			return w.Ref
		}
	}
	s.t.Fatalf("no %s", service)
	return sources.Ref{}
}

// TestFacts: what the describe calls say is what the account is.
func TestFacts(t *testing.T) {
	s := newSite(t, nil)
	p := newTape()
	s.advance(p, 1)
	st := s.launch.State()
	rule := st.WebACLs[0].Rules[0]
	want := map[string]string{
		"cloudfront/edge origin":                        "live",
		"cloudfront/edge status":                        "Deployed",
		"cloudfront/edge etag":                          st.Distributions[0].ETag,
		"cloudfront/edge additional_metrics":            "on",
		"waf/edge rule_mode/" + rule.Name:               rule.Mode,
		"waf/edge rate_limit/" + rule.Name:              fmt.Sprintf("%d in %.0f s", rule.Limit, rule.Window.Seconds()),
		"alb/web state":                                 "active",
		"alb/web targets":                               fmt.Sprintf("%d healthy", len(st.TargetGroups[0].Targets)),
		"asg/web suspended":                             "",
		"asg/web refresh":                               "",
		"asg/web warm_pool":                             "",
		"aurora/main writer":                            st.Clusters[0].Members[0].ID,
		"aurora/main status":                            "available",
		"aurora/main version":                           st.Clusters[0].Version,
		"aurora/main engine":                            st.Clusters[0].Engine,
		"room/aws account":                              st.Account,
		"room/aws region":                               st.Region,
		"room/aws identity":                             st.CallerARN,
		"room/aws endpoint":                             strings.TrimPrefix(s.url, "http://"),
		"room/aws credentials_expire":                   "",
		"aurora/main series:aurora_connections_max":     "",
		"room/cloudwatch " + st.Region + " listing":     "",
		"alb/web series:alb_requests":                   "",
		"waf/edge series:waf_rule_blocked/" + rule.Name: "",
	}
	for name, value := range want {
		if got, ok := p.facts[name]; !ok || got != value {
			t.Errorf("%s is %q (told %v), want %q", name, got, ok, value)
		}
	}
}

// TestCeilings: sizes and bounds are told for the minute in which they were read, and follow what the operator
// does.
func TestCeilings(t *testing.T) {
	s := newSite(t, nil)
	p := newTape()
	s.advance(p, 1)
	newest := func(service, metric string) float64 {
		var last sources.Sample
		for _, x := range p.samples[sources.Series{Metric: metric, Resource: s.ref(service).Name}] {
			if x.At.After(last.At) {
				last = x
			}
		}
		if want := s.clock.Now().Truncate(time.Minute); !last.At.Equal(want) {
			t.Errorf("%s: newest at %v, want %v", metric, last.At, want)
		}
		return last.Value
	}
	group := func() map[string]float64 {
		got := map[string]float64{}
		for _, m := range []string{"asg_min", "asg_max", "asg_desired", "asg_in_service", "asg_pending", "asg_terminating"} {
			got[m] = newest("asg", m)
		}
		return got
	}
	wanted := func() map[string]float64 {
		g := s.launch.State().Groups[0]
		n := map[string]float64{}
		for _, i := range g.Instances {
			n[i.Lifecycle]++
		}
		return map[string]float64{
			"asg_min": float64(g.Min), "asg_max": float64(g.Max), "asg_desired": float64(g.Desired),
			"asg_in_service": n["InService"], "asg_pending": n["Pending"], "asg_terminating": n["Terminating"],
		}
	}
	if d := cmp.Diff(wanted(), group()); d != "" {
		t.Errorf("group (-want +got):\n%s", d)
	}
	desired := s.launch.State().Groups[0].Desired + 4
	if err := s.launch.SetDesired("web", desired); err != nil {
		t.Fatal(err)
	}
	s.after(p, 20*time.Second, s.reader.Sources())
	if d := cmp.Diff(wanted(), group()); d != "" || group()["asg_pending"] == 0 {
		t.Errorf("growing group (-want +got):\n%s", d)
	}
	connections := newest("aurora", "aurora_connections_max")
	if truth := float64(s.launch.State().Clusters[0].Members[0].MaxConns); connections != truth {
		t.Errorf("connections_max %v, want %v", connections, truth)
	}
	if err := s.launch.SetACU("main", 4, 128); err != nil {
		t.Fatal(err)
	}
	s.advance(p, 1)
	if low, high := newest("aurora", "aurora_acu_min"), newest("aurora", "aurora_acu_max"); low != 4 || high != 128 {
		t.Errorf("ACU %v to %v", low, high)
	}
	if got := newest("aurora", "aurora_connections_max"); got != connections {
		t.Errorf("connections_max moved from %v to %v with the range: it is fixed until a restart", connections, got)
	}
}

// TestChangesAreToldOnce: what happened comes with its own time and a stable id, once from one reader, and
// under the same id from another.
func TestChangesAreToldOnce(t *testing.T) {
	s := newSite(t, nil)
	p := newTape()
	s.advance(p, 1)
	if err := s.launch.SetDesired("web", s.launch.State().Groups[0].Desired+2); err != nil {
		t.Fatal(err)
	}
	if _, err := s.launch.SetOrigin("edge", simulator.OriginMaintenance, s.launch.State().Distributions[0].ETag); err != nil {
		t.Fatal(err)
	}
	s.advance(p, 3)
	ids := func(p *tape) map[string]string {
		got := map[string]string{}
		for _, c := range p.changes {
			key := c.Kind + " " + c.ID
			if got[key] != "" || c.ID == "" {
				t.Errorf("%q was told twice or has no id", key)
			}
			if c.At.IsZero() || c.Text == "" || c.At.After(s.clock.Now()) {
				t.Errorf("%q at %v: %q", key, c.At, c.Text)
			}
			got[key] = c.Text
		}
		return got
	}
	first := ids(p)
	kinds := map[string]int{}
	for key := range first {
		kind, _, _ := strings.Cut(key, " ")
		kinds[kind]++
	}
	if kinds[sources.ChangeScaling] < 2 || kinds[sources.ChangeDeploy] != 1 {
		t.Errorf("changes %v", first)
	}
	if got := p.facts["cloudfront/edge origin"]; got != "maintenance" {
		t.Errorf("origin %q", got)
	}
	s.reader = s.open(resourcesOf(s.launch.State())...)
	again := newTape()
	s.advance(again, 1)
	second := ids(again)
	for key := range first {
		if _, ok := second[key]; !ok {
			t.Errorf("another reader does not know %q among %v", key, second)
		}
	}
}

// TestOriginRole: the config may say which origin is for what.
func TestOriginRole(t *testing.T) {
	r := sources.Resource{Attrs: map[string]string{"live_origin": "alb-1", "maintenance_origin": "s3-sorry"}}
	for id, want := range map[string]string{"alb-1": "live", "s3-sorry": "maintenance", "other": "other", "": ""} {
		if got := originRole(r, id); got != want {
			t.Errorf("%q is %q, want %q", id, got, want)
		}
	}
}

// TestDefaultConnections: the engines' default parameters.
func TestDefaultConnections(t *testing.T) {
	tests := []struct {
		engine    string
		low, high float64
		want      float64
	}{
		{"aurora-postgresql", 1, 1, 225}, {"aurora-postgresql", 1, 16, 3604}, {"aurora-postgresql", 2, 128, 5000},
		{"aurora-postgresql", 0.5, 1, 225}, {"aurora-postgresql", 0.5, 16, 2000}, {"aurora-postgresql", 0, 128, 2000},
		{"aurora-mysql", 0.5, 1, 63}, {"aurora-mysql", 1, 8, 1069}, {"aurora-mysql", 0.5, 64, 4069},
	}
	for _, tt := range tests {
		if got := defaultConnections(tt.engine, tt.low, tt.high); got != tt.want {
			t.Errorf("%s from %v to %v ACU: %v, want %v", tt.engine, tt.low, tt.high, got, tt.want)
		}
	}
}

// TestProvisionedCluster: what only Serverless v2 has is not asked for and not missed, and a ceiling of the
// config counts.
func TestProvisionedCluster(t *testing.T) {
	s := newSite(t, func(sc *simulator.Scenario) {
		sc.Site.Cluster.Class, sc.Site.Cluster.Size = "db.r6g.4xlarge", 64
		sc.Capacity.ACU = simulator.ACURange{}
	})
	p := newTape()
	s.after(p, 6*time.Minute, s.reader.Sources())
	if got := p.facts["aurora/main class"]; got != "db.r6g.4xlarge" {
		t.Errorf("class %q", got)
	}
	for series := range p.samples {
		if strings.HasPrefix(series.Metric, "aurora_acu") {
			t.Errorf("a provisioned cluster has %s", series)
		}
	}
	if len(p.samples[sources.Series{Metric: "aurora_cpu_ratio", Resource: "main"}]) == 0 {
		t.Error("no aurora_cpu_ratio")
	}
	if got := sources.ParseTrouble(p.facts["aurora/main series:aurora_connections_max"]); got.Kind != sources.NotFound || !strings.Contains(got.Text, "connections_max in the config") {
		t.Errorf("connections_max: %q", got)
	}
	all := resourcesOf(s.launch.State())
	i := slices.IndexFunc(all, func(r sources.Resource) bool { return r.Service == "aurora" })
	all[i].Attrs = map[string]string{"connections_max": "3000"}
	s.reader = s.open(all...)
	p = newTape()
	s.advance(p, 1)
	for _, x := range p.samples[sources.Series{Metric: "aurora_connections_max", Resource: "main"}] {
		if x.Value != 3000 {
			t.Errorf("connections_max %v", x.Value)
		}
	}
}

// TestServiceDenied: a service that may not be described tells so itself; its metrics are read all the same,
// and the other services do not notice.
func TestServiceDenied(t *testing.T) {
	s := newSite(t, nil)
	s.aws.Inject(simulator.Fault{Kind: simulator.Denied, Service: "cloudfront"}, simulator.Fault{Kind: simulator.Denied, Service: "rds"})
	s.clock.Advance(time.Minute)
	p := newTape()
	for _, source := range s.reader.Sources() {
		r, err := source.Poll(t.Context(), s.clock.Now())
		p.take(r)
		denied := source.Name() == "cloudfront" || source.Name() == "aurora"
		if got := sources.TroubleOf(err); denied != (got.Kind == sources.Forbidden) || !denied && err != nil {
			t.Errorf("%s says %q", source.Name(), got)
		}
	}
	for _, series := range []sources.Series{{Metric: "cloudfront_requests", Resource: "edge"}, {Metric: "aurora_cpu_ratio", Resource: "main"}, {Metric: "alb_requests", Resource: "web"}} {
		if len(p.samples[series]) == 0 {
			t.Errorf("nothing told of %s", series)
		}
	}
}

// TestFaultsOfTheWire: each way in which the simulated AWS misbehaves ends in words, never in a wrong value,
// and is over when the fault is.
func TestFaultsOfTheWire(t *testing.T) {
	tests := map[simulator.FaultKind]struct {
		fault  simulator.Fault
		kind   sources.TroubleKind // of the source, "" = it answers
		series sources.TroubleKind // of some series, "" = none
	}{
		simulator.Denied:      {simulator.Fault{Service: "cloudwatch"}, sources.Forbidden, ""},
		simulator.Expired:     {simulator.Fault{Service: "cloudwatch"}, sources.Expired, ""},
		simulator.Throttling:  {simulator.Fault{Service: "cloudwatch", Rate: 1}, sources.Throttled, ""},
		simulator.Dead:        {simulator.Fault{Service: "cloudwatch"}, sources.Failed, ""},
		simulator.Garbage:     {simulator.Fault{Service: "cloudwatch", Bytes: 1 << 20}, sources.Failed, ""},
		simulator.Hang:        {simulator.Fault{Service: "cloudwatch"}, sources.TimedOut, ""},
		simulator.Unavailable: {simulator.Fault{Service: "cloudwatch"}, sources.Failed, ""},
		simulator.Partial:     {simulator.Fault{Service: "cloudwatch", Rate: 0.5}, "", sources.Partial},
		simulator.Internal:    {simulator.Fault{Service: "cloudwatch", Rate: 1}, "", sources.Failed},
		simulator.Forbidden:   {simulator.Fault{Service: "cloudwatch", Rate: 0.5}, "", sources.Forbidden},
		simulator.Missing:     {simulator.Fault{Service: "cloudwatch", Rate: 1}, "", sources.Failed},
		simulator.Shuffled:    {simulator.Fault{Service: "cloudwatch"}, "", ""},
	}
	for kind, tt := range tests {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil)
			s.reader.session.config.RetryMaxAttempts = 2
			metrics := source(t, s.reader, "cloudwatch "+s.launch.State().Region)
			p := newTape()
			s.after(p, 6*time.Minute, []sources.Source{metrics})
			fault := tt.fault
			fault.Kind = kind
			s.aws.Inject(fault)
			s.clock.Advance(time.Minute)
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
			if kind == simulator.Hang {
				ctx, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
			}
			defer cancel()
			r, err := metrics.Poll(ctx, s.clock.Now())
			p.take(r)
			if got := sources.TroubleOf(err); got.Kind != tt.kind {
				t.Errorf("the source says %q, want %q", got, tt.kind)
			}
			if got := troubles(p); tt.series != "" && !slices.Contains(got, tt.series) || tt.series == "" && len(got) > 0 {
				t.Errorf("series are said to be %q, want %q", got, tt.series)
			}
			s.aws.Inject()
			s.after(p, 8*time.Minute, []sources.Source{metrics})
			if got := troubles(p); len(got) > 0 {
				t.Errorf("still in trouble: %q", got)
			}
			compare(t, s, p, truths())
		})
	}
}

// troubles are the kinds of trouble that the tape's series are in.
func troubles(p *tape) (kinds []sources.TroubleKind) {
	for name, value := range p.facts {
		if value != "" && strings.Contains(name, " series:") {
			kinds = append(kinds, sources.ParseTrouble(value).Kind)
		}
	}
	return kinds
}

// TestPanicReachesThePoller: a panic in one of several calls is the poll's own, not the process' end, and the
// other calls are made all the same.
func TestPanicReachesThePoller(t *testing.T) {
	var made atomic.Int64
	defer func() {
		if cause := recover(); cause != "broken" || made.Load() != 9 {
			t.Errorf("recovered %v after %d calls", cause, made.Load())
		}
	}()
	inParallel(10, 3, func(i int) {
		if i == 4 {
			panic("broken")
		}
		made.Add(1)
	})
	t.Error("the panic was lost")
}
