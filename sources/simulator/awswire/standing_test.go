package awswire

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"warroom/sources/simulator"
)

// standing is a site that does not move by itself: every minute of it measured the same. Its account
// can be as large as a test of paging needs.
type standing struct {
	state      simulator.State
	minute     simulator.Minute
	since      time.Time
	now        time.Time
	activities []simulator.Activity
	faults     []simulator.Fault
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// newStanding is a site with one of everything, at noon, which has stood for two hours.
func newStanding() *standing {
	const account = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:"
	s := &standing{since: noon.Add(-2 * time.Hour), now: noon}
	s.state = simulator.State{
		Now: noon, Account: "123456789012", Region: "eu-central-1",
		CallerARN: "arn:aws:iam::123456789012:user/rehearsal", CallerID: "AIDAREHEARSAL",
		Distributions: []simulator.Distribution{{
			Name: "edge", ID: "E2EXAMPLE1", ARN: "arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE1",
			Domain: "d111.cloudfront.net", Aliases: []string{"www.example.org"},
			Origins: []simulator.Origin{{ID: "live", Domain: "alb.example.org"}, {ID: "maintenance", Domain: "m.example.org"}},
			Origin:  "live",
			Paths:   []simulator.Behavior{{Pattern: "/static/*", Origin: "live"}}, StaticPaths: []string{"/static/*"}, Status: simulator.Deployed, ETag: "E1", Modified: noon.Add(-time.Hour),
			CallerReference: "made-2025", AdditionalMetrics: true, Comment: "the launch",
			Function: simulator.EdgeFunction{Name: "switch", ARN: "arn:aws:cloudfront::123456789012:function/switch", ETag: "FN1", Code: "kvs.get('maintenance')", StoreARN: storeARN, Modified: noon},
			Store:    simulator.KeyValueStore{ARN: storeARN, ETag: "KV1", Keys: map[string]string{"maintenance": "off"}},
		}},
		WebACLs: []simulator.WebACL{{
			Name: "edge", ID: "a1b2c3d4-0000-4000-8000-000000000001", MetricName: "edgeMetric", LockToken: "11111111-0000-4000-8000-000000000000",
			ARN: "arn:aws:wafv2:us-east-1:123456789012:global/webacl/edge/a1b2c3d4-0000-4000-8000-000000000001",
			Rules: []simulator.Rule{
				{Name: "rate", MetricName: "rateMetric", Priority: 0, Mode: simulator.Block, Limit: 2000, Window: 300 * time.Second},
				{Name: "common", MetricName: "commonMetric", Priority: 1, Managed: "AWSManagedRulesCommonRuleSet", Mode: simulator.Count},
			},
		}, {
			Name: "wall", ID: "a1b2c3d4-0000-4000-8000-000000000002", MetricName: "wallMetric", LockToken: "22222222-0000-4000-8000-000000000000", Regional: true,
			ARN: "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/wall/a1b2c3d4-0000-4000-8000-000000000002",
			Rules: []simulator.Rule{
				{Name: "puzzle", MetricName: "puzzleMetric", Priority: 0, Mode: simulator.Captcha, Limit: 100, Window: 60 * time.Second},
				{Name: "proof", MetricName: "proofMetric", Priority: 1, Mode: simulator.Challenge, Limit: 200, Window: 60 * time.Second},
			},
		}},
		LoadBalancers: []simulator.LoadBalancer{{
			Name: "shop", ARN: account + "loadbalancer/app/shop/50dc6c495c0c9188", Tail: "app/shop/50dc6c495c0c9188", DNS: "shop.elb.example", ReservedLCUs: 600,
			Reservation: simulator.Reservation{Units: 600, Decreases: 2, Zones: []simulator.ZonalReservation{
				{Zone: "eu-central-1a", State: simulator.ReservationProvisioned, Units: 300}, {Zone: "eu-central-1b", State: simulator.ReservationProvisioned, Units: 300}}},
			State: "active", Zones: []string{"eu-central-1a", "eu-central-1b"}, Created: noon.Add(-1000 * time.Hour),
			Weights: []simulator.Weight{{TargetGroup: "web", Weight: 100}},
		}},
		TargetGroups: []simulator.TargetGroup{{
			Checks: simulator.HealthChecks{Every: 20 * time.Second, Timeout: 4 * time.Second, ToPass: 2, ToFail: 3},
			Name:   "web", ARN: account + "targetgroup/web/73e2d6bc24d8a067", Tail: "targetgroup/web/73e2d6bc24d8a067", Balancer: "shop", Group: "web",
			Targets: []simulator.Target{
				{Instance: "i-01", Zone: "eu-central-1a", State: "healthy"},
				{Instance: "i-02", Zone: "eu-central-1b", State: "unhealthy", Reason: "Target.FailedHealthChecks"},
			},
		}},
		Groups: []simulator.AutoScalingGroup{{
			Name: "web", ID: "web-asg", ARN: "arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:uuid:autoScalingGroupName/web-asg",
			Min: 2, Max: 10, Desired: 3, MetricsEnabled: true, InstanceType: "c7g.large", Warmup: 120 * time.Second, Cooldown: 300 * time.Second,
			Zones: []string{"eu-central-1a", "eu-central-1b"}, TargetCPU: 0.7, LaunchTemplate: "web", Created: noon.Add(-900 * time.Hour),
			TargetGroupARNs: []string{account + "targetgroup/web/73e2d6bc24d8a067"}, Suspended: []string{"AZRebalance"},
			Application: "shop", DeploymentGroup: "web", Revision: "release-1.zip", Deployments: []simulator.Deployment{
				{ID: "d-RUNNING01", Status: simulator.DeploymentRunning, Creator: simulator.CreatorUser, Revision: "release-2.zip", Created: noon.Add(-time.Minute), Started: noon.Add(-time.Minute), Pending: 1, Working: 1},
				{ID: "d-ENDED0001", Status: simulator.DeploymentSucceeded, Creator: simulator.CreatorUser, Revision: "release-1.zip", Created: noon.Add(-time.Hour), Started: noon.Add(-time.Hour), Ended: noon.Add(-30 * time.Minute), Reached: 2},
			},
			Instances: []simulator.Instance{
				{ID: "i-01", Zone: "eu-central-1a", Lifecycle: "InService", Health: "Healthy"},
				{ID: "i-02", Zone: "eu-central-1b", Lifecycle: "Pending", Health: "Healthy"},
			},
		}},
		Clusters: []simulator.DBCluster{{
			Name: "main", ID: "main-cluster", ARN: "arn:aws:rds:eu-central-1:123456789012:cluster:main-cluster", Engine: "aurora-mysql",
			Version: "8.0.mysql_aurora.3.08.0", Status: "available", Serverless: true, MinACU: 2, MaxACU: 32, Endpoint: "main.cluster.example",
			ReaderEndpoint: "main.cluster-ro.example", Created: noon.Add(-2000 * time.Hour),
			Members: []simulator.DBInstance{
				{ID: "main-1", ARN: "arn:aws:rds:eu-central-1:123456789012:db:main-1", Writer: true, Class: "db.serverless", Zone: "eu-central-1a", Status: "available", MaxConns: 2000},
				{ID: "main-2", ARN: "arn:aws:rds:eu-central-1:123456789012:db:main-2", Class: "db.serverless", Zone: "eu-central-1b", Status: "available", PromotionTier: 1, MaxConns: 2000},
			},
		}},
		Counters: []simulator.Counter{{Namespace: "Launch", Metric: "Registrations", Dimensions: [][2]string{{"Site", "shop"}}, As: "registrations"}},
	}
	s.minute = standingMinute()
	return s
}

func standingMinute() simulator.Minute {
	latency := &simulator.Histogram{}
	latency.Add(0.1, 900)
	latency.Add(0.4, 100)
	return simulator.Minute{
		Audience: simulator.Audience{Name: "shop", Registrations: 42, Visitors: simulator.Gauge{Mean: 100, Min: 90, Max: 110}, Arrivals: 60, Attempts: 45},
		Edges: []simulator.Edge{{
			Name: "edge", Requests: 10000, Blocked: 100, Hits: 8000, Misses: 1900, Cacheable: 9000, LiveRequests: 1900, Status2xx: 9600, Status4xx: 300,
			Status403: 100, Status404: 200, Status5xx: 100, Status502: 100, BytesDown: 5_000_000, BytesUp: 70_000, OriginLatency: latency,
		}},
		Firewalls: []simulator.Firewall{{Name: "edge", Allowed: 9900, Blocked: 100, Counted: 7, Rules: []simulator.RuleCount{{Name: "rate", Blocked: 100}, {Name: "common", Counted: 7}}}, {
			Name: "wall", Allowed: 1800, Captcha: 60, Challenge: 40, Rules: []simulator.RuleCount{{Name: "puzzle", Captcha: 60}, {Name: "proof", Challenge: 40}}}},
		Balancers: []simulator.Balancer{{
			Name: "shop", Arrived: 1900, Requests: 1890, ELB5xx: 10, ELB503: 10, Target2xx: 1800, Target5xx: 90, NewConnections: 300,
			ActiveConnections: simulator.Gauge{Mean: 250}, ProcessedBytes: 1 << 20, LCU: 4.5, PeakLCU: 6, ReservedLCU: 600, Latency: latency,
			TargetGroups: []simulator.Targets{{
				Name: "web", Requests: 1890, Target2xx: 1800, Target5xx: 90, Healthy: simulator.Gauge{Mean: 2.5, Min: 2, Max: 3},
				Unhealthy: simulator.Gauge{Mean: 0.5, Min: 0, Max: 1}, PerTarget: 756, Latency: latency,
			}},
		}},
		Groups: []simulator.Group{{Name: "web", Min: 2, Max: 10, Desired: 3, InService: 2, Pending: 1, Total: 3, CPU: simulator.Gauge{Mean: 0.5, Min: 0.4, Max: 0.7}, Running: 2}},
		Clusters: []simulator.Cluster{{
			Name: "main", MinACU: 2, MaxACU: 32, ReplicaLag: simulator.Gauge{Mean: 0.02, Min: 0.01, Max: 0.05},
			Instances: []simulator.Database{
				{
					Name: "main-1", Writer: true, ACU: simulator.Gauge{Mean: 8, Min: 8, Max: 8}, ACUUtilization: simulator.Gauge{Mean: 0.25, Min: 0.25, Max: 0.25},
					CPU: simulator.Gauge{Mean: 0.2, Min: 0.1, Max: 0.3}, Connections: simulator.Gauge{Mean: 200, Min: 190, Max: 210}, ConnectionsMax: 2000,
					FreeableMemory: simulator.Gauge{Mean: 5e10, Min: 4e10, Max: 6e10}, Queries: 1000, Commits: 50, CommitLatency: 0.004, SelectLatency: 0.001,
					DMLLatency: 0.003, ReadLatency: 0.0005, WriteLatency: 0.001, BufferCacheHit: 0.99, EngineUptime: 1e6,
				},
				{
					Name: "main-2", ACU: simulator.Gauge{Mean: 4, Min: 4, Max: 4}, CPU: simulator.Gauge{Mean: 0.1, Min: 0.1, Max: 0.1},
					Connections: simulator.Gauge{Mean: 20, Min: 20, Max: 20}, BufferCacheHit: 0.99, ReplicaLag: simulator.Gauge{Mean: 0.02, Min: 0.01, Max: 0.05}, EngineUptime: 1e6,
				},
			},
		}},
	}
}

func (s *standing) Advance(to time.Time) {
	if to.After(s.now) {
		s.now, s.state.Now = to, to
	}
}

func (s *standing) Minute(at time.Time) (simulator.Minute, bool) {
	at = at.Truncate(time.Minute)
	if at.Before(s.since) || at.Add(time.Minute).After(s.now) {
		return simulator.Minute{}, false
	}
	m := s.minute
	m.At = at
	return m, true
}

func (s *standing) State() simulator.State                 { return s.state }
func (s *standing) Activities(string) []simulator.Activity { return s.activities }
func (s *standing) Faults(time.Time) []simulator.Fault     { return s.faults }
func (s *standing) Suspend(string, ...string) error        { return nil }
func (s *standing) Resume(string, ...string) error         { return nil }

func (s *standing) SetKey(_, key, value, ifMatch string) (string, error) {
	store := &s.state.Distributions[0].Store
	if ifMatch != store.ETag {
		return "", simulator.ErrPrecondition
	}
	store.Keys[key], store.ETag = value, store.ETag+"x"
	return store.ETag, nil
}

func (s *standing) SetFixed(_ string, f simulator.FixedResponse) error {
	s.state.LoadBalancers[0].Fixed = &f
	return nil
}

func (s *standing) SetReservation(_ string, units int) error {
	s.state.LoadBalancers[0].Reservation.Units = units
	return nil
}

func (s *standing) StartRefresh(_ string, r simulator.Refresh) (string, error) {
	g := &s.state.Groups[0]
	r.ID, r.Status, r.Started = "r-1", simulator.RefreshRunning, s.now
	g.Refreshes = append(g.Refreshes, r)
	return r.ID, nil
}

func (s *standing) RollbackRefresh(string) (string, error) {
	g := &s.state.Groups[0]
	if len(g.Refreshes) == 0 {
		return "", simulator.ErrIdle
	}
	g.Refreshes[0].Status = simulator.RollingBack
	return g.Refreshes[0].ID, nil
}

func (s *standing) SetWeights(string, ...simulator.Weight) error { return nil }

func (s *standing) SetSize(name string, size simulator.Size) error {
	for i := range s.state.Groups {
		g := &s.state.Groups[i]
		if g.ID != name && g.Name != name {
			continue
		}
		for field, v := range map[*int]*int{&g.Min: size.Min, &g.Max: size.Max, &g.Desired: size.Desired} {
			if v != nil {
				*field = *v
			}
		}
		if g.Min > g.Max || g.Desired < g.Min || g.Desired > g.Max {
			return fmt.Errorf("%w: bounds", simulator.ErrInvalid)
		}
		return nil
	}
	return fmt.Errorf("%w: %s", simulator.ErrUnknown, name)
}

func (s *standing) SetDesired(name string, n int) error {
	return s.SetSize(name, simulator.Size{Desired: &n})
}

func (s *standing) SetACU(name string, low, high float64) error {
	if low > high {
		return fmt.Errorf("%w: %g above %g", simulator.ErrInvalid, low, high)
	}
	s.state.Clusters[0].MinACU, s.state.Clusters[0].MaxACU = low, high
	return nil
}

func (s *standing) StopDeployment(id string, rollback bool) (bool, error) {
	for i := range s.state.Groups[0].Deployments {
		if d := &s.state.Groups[0].Deployments[i]; d.ID == id && !d.Running() {
			return false, simulator.ErrFinal
		} else if d.ID == id {
			d.Status, d.Ended = simulator.DeploymentStopped, s.now
			if rollback {
				d.Rollback = "d-BACK00001"
			}
			return false, nil
		}
	}
	return false, simulator.ErrUnknown
}

func (s *standing) SetBehaviors(_, origin string, paths []simulator.Behavior, ifMatch string) (string, error) {
	d := &s.state.Distributions[0]
	if ifMatch != d.ETag {
		return "", simulator.ErrPrecondition
	}
	d.Paths = paths
	d.Origin, d.Status, d.ETag = origin, simulator.InProgress, d.ETag+"x"
	return d.ETag, nil
}

func (s *standing) Invalidate(_, reference string, paths []string) (simulator.Invalidation, error) {
	d := &s.state.Distributions[0]
	if i := slices.IndexFunc(d.Invalidations, func(i simulator.Invalidation) bool { return i.Reference == reference }); i >= 0 {
		return d.Invalidations[i], nil
	}
	made := simulator.Invalidation{ID: fmt.Sprintf("I%d", len(d.Invalidations)+1), Reference: reference, Paths: paths, Created: s.now, Status: simulator.InProgress}
	d.Invalidations = append(d.Invalidations, made)
	return made, nil
}

func (s *standing) SetRules(_, token string, edits ...simulator.RuleEdit) (string, error) {
	acl := &s.state.WebACLs[0]
	if token != acl.LockToken {
		return "", simulator.ErrPrecondition
	}
	for _, e := range edits {
		for i := range acl.Rules {
			r := &acl.Rules[i]
			if r.Name != e.Rule {
				continue
			}
			if e.Mode != "" {
				r.Mode = e.Mode
			}
			if e.Limit != 0 {
				r.Limit = e.Limit
			}
			if e.Window != 0 {
				r.Window = e.Window
			}
		}
	}
	acl.LockToken = "22222222-0000-4000-8000-000000000000"
	return acl.LockToken, nil
}

// standstill is a launch clock that is moved by hand; who sleeps on it waits speed times less of the machine's time.
type standstill struct {
	now   *time.Time
	speed time.Duration
}

func (c standstill) Now() time.Time { return *c.now }

func (c standstill) Sleep(ctx context.Context, d time.Duration) error {
	ctx, stop := context.WithTimeout(ctx, d/c.speed)
	defer stop()
	<-ctx.Done()
	if errors.Is(context.Cause(ctx), context.Canceled) {
		return ctx.Err()
	}
	return nil
}

// serve puts an AWS in front of a site on a loopback port.
func serve(t testing.TB, s *standing) (*Server, string) {
	t.Helper()
	server := New(s, standstill{&s.now, 1})
	return server, listen(t, server)
}

func listen(t testing.TB, server *Server) string {
	t.Helper()
	listener := httptest.NewServer(server)
	t.Cleanup(func() {
		_ = server.Close()
		listener.CloseClientConnections()
		listener.Close()
	})
	return listener.URL
}
