package simulator

import (
	"maps"
	"slices"
	"time"
)

// State describes the account as it is now. The copy is the caller's.
func (l *Launch) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, n := l.site, l.site.names
	st := State{
		Now: moment(l.now), Account: n.account, Region: n.region,
		CallerARN:     "arn:aws:sts::" + n.account + ":assumed-role/war-room/rehearsal",
		CallerRole:    "arn:aws:iam::" + n.account + ":role/on-call/war-room",
		CallerID:      n.caller + ":rehearsal",
		Distributions: []Distribution{s.describeEdge(l.now)},
		WebACLs:       []WebACL{s.describeFirewall()},
		LoadBalancers: []LoadBalancer{s.describeBalancer(l.now)},
		Clusters:      []DBCluster{s.describeCluster(l.now)},
		Counters:      s.counters(),
	}
	for i, g := range s.groups {
		st.TargetGroups = append(st.TargetGroups, s.describeTargets(i, g))
		st.Groups = append(st.Groups, s.describeGroup(i, g))
	}
	return st
}

func (s *site) describeEdge(now int64) Distribution {
	e, n := s.edge, s.names
	d := Distribution{
		Name: e.spec.Name, ID: n.distribution, ARN: n.distributionARN(), Domain: n.domain, Aliases: []string{e.spec.Alias},
		Origins: []Origin{
			{ID: OriginLive, Domain: s.balancerDNS()},
			{ID: OriginMaintenance, Domain: s.scenario.Name + "-maintenance.s3." + n.region + ".amazonaws.com"},
		},
		Origin: e.otherwise.Origin, Paths: e.behaviors(), StaticPaths: staticPaths(),
		Status: e.deployment(now), ETag: n.etag(e.version), Modified: moment(e.modified),
		CallerReference: s.scenario.Name + "-edge", WebACLARN: n.aclARN(), AdditionalMetrics: true,
		Comment: s.scenario.Name, Store: KeyValueStore{ARN: n.storeARN(), ETag: n.storeETag(e.flag.version), Keys: maps.Clone(e.flag.keys)},
		Function: s.edgeFunction(),
	}
	for i := range e.purges {
		d.Invalidations = append(d.Invalidations, e.purges[i].at(now))
	}
	return d
}

func (s *site) describeFirewall() WebACL {
	n := s.names
	return WebACL{Name: n.acl, ID: n.aclID, ARN: n.aclARN(), MetricName: metricName(n.acl) + "WebACL",
		LockToken: n.lockToken(s.firewall.version), Rules: s.firewall.rules()}
}

func (s *site) balancerDNS() string {
	return s.names.balancer + "-" + s.names.balancerID[:9] + "." + s.names.region + ".elb.amazonaws.com"
}

func (s *site) zones() []string {
	return []string{s.names.region + "a", s.names.region + "b", s.names.region + "c"}
}

func (s *site) describeBalancer(now int64) LoadBalancer {
	n := s.names
	b := LoadBalancer{Name: n.balancer, ARN: n.balancerARN(), Tail: n.balancerTail(), DNS: s.balancerDNS(),
		State: "active", Zones: s.zones(), Created: s.created(), ReservedLCUs: s.balancer.booking.total(now),
		Reservation: s.balancer.booking.describe(s.zones(), now)}
	if f := s.balancer.fixed; f != nil {
		fixed := *f
		b.Fixed = &fixed
	}
	for i, g := range s.groups {
		b.Weights = append(b.Weights, Weight{TargetGroup: g.spec.Name, Weight: s.balancer.weights[i]})
	}
	return b
}

// created is when the site was built.
func (s *site) created() time.Time { return s.scenario.T0.AddDate(0, -4, 0).Truncate(time.Hour) }

func (s *site) describeTargets(i int, g *group) TargetGroup {
	t := TargetGroup{Name: g.spec.Name, Checks: healthChecks, ARN: s.names.targetARN(i, g.spec.Name), Tail: s.names.targetTail(i, g.spec.Name),
		Balancer: s.names.balancer, Group: g.spec.Name}
	for k := range g.instances {
		if n := &g.instances[k]; n.lifecycle != pending {
			t.Targets = append(t.Targets, Target{Instance: n.id, Zone: s.names.region + n.zone, State: n.health, Reason: reasons[n.health]})
		}
	}
	return t
}

// reasons are AWS' words for why a target gets no traffic.
var reasons = map[string]string{
	initial: "Elb.RegistrationInProgress", unhealthy: "Target.Timeout", draining: "Target.DeregistrationInProgress",
}

func (s *site) describeGroup(i int, g *group) AutoScalingGroup {
	a := AutoScalingGroup{
		Name: g.spec.Name, ID: g.log.group, ARN: s.names.groupARN(g.log.group),
		Min: g.bounds.Min, Max: g.bounds.Max, Desired: g.bounds.Desired,
		Suspended: slices.Sorted(maps.Keys(g.suspended)), MetricsEnabled: true, InstanceType: g.spec.Type,
		TargetGroupARNs: []string{s.names.targetARN(i, g.spec.Name)}, Zones: s.zones(),
		Warmup: g.spec.Warmup, Cooldown: 5 * time.Minute, TargetCPU: g.spec.TargetCPU,
		LaunchTemplate: g.log.group, Version: g.version, Created: s.created(), Scheduled: slices.Clone(g.scheduled),
		Application: s.scenario.Name, DeploymentGroup: g.spec.Name, Revision: g.revision,
	}
	for k := range g.instances {
		n := &g.instances[k]
		health := "Healthy"
		if n.health == unhealthy {
			health = "Unhealthy"
		}
		a.Instances = append(a.Instances, Instance{ID: n.id, Zone: s.names.region + n.zone, Lifecycle: n.lifecycle,
			Health: health, Launched: moment(n.launched), Version: n.version, Revision: n.revision})
	}
	for _, r := range slices.Backward(g.refreshes) {
		a.Refreshes = append(a.Refreshes, r)
	}
	for _, d := range slices.Backward(g.deployments) {
		a.Deployments = append(a.Deployments, d.Deployment)
	}
	return a
}

func (s *site) describeCluster(now int64) DBCluster {
	b, n := s.database, s.names
	c := DBCluster{
		Name: b.spec.Name, ID: s.clusterID(), ARN: n.databaseARN("cluster", s.clusterID()), Engine: b.spec.Engine, Version: b.spec.Version,
		Status: "available", Serverless: b.serverless(), MinACU: b.low, MaxACU: b.high,
		Endpoint: n.endpoint("cluster-"), ReaderEndpoint: n.endpoint("cluster-ro-"), Created: s.created(),
	}
	if now < b.until {
		c.Status = "modifying"
	}
	for _, m := range b.nodes {
		class := orElse(b.spec.Class, "db.serverless")
		c.Members = append(c.Members, DBInstance{ID: m.name, ARN: n.databaseARN("db", m.name), Writer: m.writer,
			Class: class, Zone: n.region + m.zone, Status: "available", PromotionTier: 1, MaxConns: b.sessions})
	}
	return c
}

func (s *site) clusterID() string { return s.names.of(s.scenario.Site.Cluster.Name) }

// counters are the custom metrics that the site publishes about its people.
func (s *site) counters() []Counter {
	a := s.scenario.Audience
	list := []struct{ metric, as string }{
		{"Visitors", "visitors"}, {"Present", "present"}, {"PageViews", "page_views"},
		{"Attempts", "attempts"}, {"Registrations", "registrations"}, {"Failures", "failures"},
	}
	var counters []Counter
	for _, c := range list {
		if a.Visit.Registers == 0 && (c.as == "attempts" || c.as == "registrations") {
			continue
		}
		counters = append(counters, Counter{Namespace: a.Namespace, Metric: c.metric, As: c.as,
			Dimensions: [][2]string{{"Site", a.Name}}})
	}
	return counters
}
