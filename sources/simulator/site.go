package simulator

// site is the whole request path with the people in front of it, and what is asked of it second by
// second.
type site struct {
	names    names
	scenario Scenario
	chance   draw
	ids      draw
	people   *people
	edge     *edge
	firewall *firewall
	balancer *balancer
	groups   []*group
	database *database
	troubles []siteTrouble

	shares  []traffic // of the groups, in this second
	answers []outcome // of the groups, in this second
	served  float64   // units of all groups a second ago
}

func newSite(sc Scenario, seed uint64, now int64) *site {
	s := &site{
		names: newNames(sc), scenario: sc,
		chance: newDraw(seed, "site"), ids: newDraw(seed, "identifiers"),
		people:   newPeople(sc.Audience, sc.T0.Unix()),
		edge:     newEdge(sc.Site.Distribution, now),
		firewall: newFirewall(sc.Site.Firewall),
		balancer: &balancer{spec: sc.Site.Balancer, carries: sc.Site.Balancer.Ease, booking: booking{units: sc.Site.Balancer.Reserved}},
		database: newDatabase(sc.Site.Cluster, sc.Capacity.ACU, sc.Name+"-"+sc.Site.Cluster.Name, now),
		troubles: siteTroubles(sc),
		shares:   make([]traffic, len(sc.Site.Groups)),
		answers:  make([]outcome, len(sc.Site.Groups)),
	}
	for _, g := range sc.Site.Groups {
		s.groups = append(s.groups, newGroup(g, sc.Capacity.Groups[g.Name], s.names.of(g.Name), now, s.ids, s.chance))
		s.balancer.weights = append(s.balancer.weights, g.Weight)
	}
	return s
}

// step is one second of the site: people ask, the edge answers or passes on, the fleet and the database
// work, people take what they got.
func (s *site) step(now int64, m *Minute) {
	d, t := s.chance, troubleAt(s.troubles, now)
	s.release(now)
	arrivals, wanted := s.people.ask(d, now)
	all := s.people.traffic(d, wanted)
	all[kindBot] = d.poisson(t.bots)

	if t.purge {
		s.edge.purgeAll(now)
	}
	s.edge.step(now)
	v := s.firewall.inspect(d, now, all, t.addresses, s.people.per, s.people.here())
	r := s.edge.route(d, all.minus(v.blocked))
	o := s.serve(d, r.live, t, now, m)
	s.edge.learn(all[kindStatic]-v.blocked[kindStatic], fetched(r, o))

	s.edge.measure(d, &m.Edges[0], s.scenario.Audience.Page, all, v, r, o)
	s.originLatencies(d, o, m.Edges[0].OriginLatency)
	s.firewall.measure(&m.Firewalls[0], all, v)
	s.balancer.measure(d, &m.Balancers[0], s.scenario.Audience.Page, o)
	m.Audience.Arrivals += arrivals
	s.tell(d, wanted, all, v, r, o, &m.Audience)
	m.Audience.Visitors.add(s.people.here())
	s.maintain(d, now, t, m)
}

// fetched is the share of the files asked of an origin that it gave. The maintenance origin has none of them.
func fetched(r routed, o outcome) float64 {
	asked := r.live[kindStatic] + r.maintenance[kindStatic]
	if asked == 0 {
		return 1
	}
	return 1 - float64(o.failed[kindStatic]+r.maintenance[kindStatic])/float64(asked)
}

// serve sends the live traffic through the balancer, the groups and the database.
func (s *site) serve(d draw, live traffic, t trouble, now int64, m *Minute) (o outcome) {
	admitted, rejected := s.balancer.admit(d, live, now)
	admitted, turned := s.balancer.turnAway(admitted)
	s.balancer.divide(d, admitted, s.shares)
	q := s.demand(admitted, t.database)
	served, connections, latency := 0.0, 0.0, 0.0
	for i, g := range s.groups {
		g.rotate(now)
		failing, factor := t.of(g.spoilt())
		l := load{units: s.shares[i].units(), factor: factor, others: s.served - g.served, demand: q}
		overflow := g.serve(l, s.database)
		p := g.answer(d, s.shares[i], overflow, failing, s.database.refused, s.scenario.Audience.Visit.Invalid, s.patience())
		s.answers[i] = p
		s.measureTargets(d, g, p, m.Balancers[0].Latency, &m.Balancers[0].TargetGroups[i])
		o.add(p)
		share := float64(p.requests)
		latency += p.latency * share
		o.slow += p.slow * share
		served += g.served
		connections += g.inUse
	}
	if o.requests > 0 {
		o.latency = latency / float64(o.requests)
		o.slow /= float64(o.requests)
	}
	s.served = served
	s.database.step(served, q, connections)
	s.database.measure(d, &m.Clusters[0], q, now)
	o.rejected = rejected.sum()
	o.arrived = o.arrived.plus(turned)
	o.elb503 += turned.sum()
	o.failed = o.failed.plus(rejected).plus(turned)
	return o
}

func (s *site) patience() float64 { return s.scenario.Audience.Visit.Patience.Seconds() }

// demand is what a second's mix of requests asks of the database per unit of the fleet's work.
func (s *site) demand(t traffic, factor float64) demand {
	c := s.scenario.Site.Cluster
	units := t.units()
	if units == 0 {
		return demand{factor: factor}
	}
	dynamic := float64(t[kindPage]) + 0.6*float64(t[kindCall]) + float64(t[kindBot]) + float64(t[kindPost])
	posts := float64(t[kindPost])
	return demand{selects: dynamic * c.Queries / units, writes: posts * c.Writes / units, commits: posts * 2 / units, factor: factor}
}

// originLatencies gives what the edge waited for: the targets' answers and the timeouts.
func (s *site) originLatencies(d draw, o outcome, h *Histogram) {
	later := func(seconds float64, n int64) { h.Add(seconds+edgeToOriginTime, n) }
	for i, g := range s.groups {
		g.latencies(d, s.answers[i], later)
	}
	h.Add(originTimeout, o.elb504)
}

func (s *site) measureTargets(d draw, g *group, o outcome, whole *Histogram, m *Targets) {
	m.Requests += o.requests
	m.Target2xx += o.status[2]
	m.Target3xx += o.status[3]
	m.Target4xx += o.status[4]
	m.Target5xx += o.status[5]
	m.ConnectionErrors += o.connectionErrors
	g.latencies(d, o, func(seconds float64, n int64) {
		m.Latency.Add(seconds, n)
		whole.Add(seconds, n)
	})
	up, down := g.hosts()
	m.Healthy.add(float64(up))
	m.Unhealthy.add(float64(down))
	if n := float64(max(up, 1)); g.takers > 0 {
		m.PerTarget += float64(o.requests) / n
	}
}

// tell lets people experience what became of their requests. A page fails when it is blocked, answered
// with a 5xx, replaced by the maintenance page, or later than they wait; a submission that is merely late
// has succeeded.
func (s *site) tell(d draw, wanted byPurpose, all traffic, v verdict, r routed, o outcome, m *Audience) {
	pages := o.failed[kindPage]
	pages += d.binomial(o.arrived[kindPage]-min(pages, o.arrived[kindPage]), o.slow)
	pages = min(pages+v.blocked[kindPage]+r.maintenance[kindPage], all[kindPage])
	posts := min(o.failed[kindPost]+v.blocked[kindPost]+r.maintenance[kindPost], wanted[submit]-o.invalid)

	var failed byPurpose
	failed[submit] = posts
	left, among := pages, all[kindPage]
	for _, p := range []purpose{landing, browse, form} { // what remains are pages of thanks
		failed[p] = d.part(left, wanted[p], among)
		left -= failed[p]
		among -= wanted[p]
	}
	s.people.experience(d, wanted, failed, o.invalid, o.latency, m)
}

// maintain lets health checks and scaling act, and measures the groups' processors.
func (s *site) maintain(d draw, now int64, t trouble, m *Minute) {
	for i, g := range s.groups {
		g.checkHealth(d, now)
		g.onSchedule(now)
		g.replace(now)
		g.deploy(now)
		g.reconcile(d, now, t.noCapacity)
		if running, warm, machines, ok := g.meanProcessor(now); ok {
			m.Groups[i].CPU.add(min(d.around(running, 0.015), 1))
			m.Groups[i].Running = machines
			g.tracking.sum += warm
			g.tracking.seconds++
		}
	}
}

// newMinute is an empty minute of this site.
func (s *site) newMinute(now int64) Minute {
	m := Minute{
		At:        moment(now),
		Audience:  Audience{Name: s.scenario.Audience.Name},
		Edges:     []Edge{{Name: s.scenario.Site.Distribution.Name, OriginLatency: new(Histogram)}},
		Firewalls: []Firewall{{Name: s.scenario.Site.Firewall.Name, Rules: []RuleCount{{Name: ruleRate}, {Name: ruleManaged}}}},
		Balancers: []Balancer{{Name: s.scenario.Site.Balancer.Name, ReservedLCU: s.balancer.booking.total(now), Latency: new(Histogram), TargetGroups: make([]Targets, len(s.groups))}},
		Groups:    make([]Group, len(s.groups)),
		Clusters:  []Cluster{{Name: s.scenario.Site.Cluster.Name, Instances: make([]Database, len(s.database.nodes))}},
	}
	for i, g := range s.groups {
		m.Groups[i].Name = g.spec.Name
		m.Balancers[0].TargetGroups[i] = Targets{Name: g.spec.Name, Latency: new(Histogram)}
	}
	for i, n := range s.database.nodes {
		m.Clusters[0].Instances[i] = Database{Name: n.name, Writer: n.writer}
	}
	m.gauges((*Gauge).begin)
	return m
}

// closeMinute turns sums into means, counts the groups, and lets their policies look at their alarms.
func (s *site) closeMinute(now int64, m *Minute) {
	m.gauges((*Gauge).done)
	for i := range m.Clusters[0].Instances {
		m.Clusters[0].Instances[i].perSecond(60)
	}
	for i, g := range s.groups {
		n := &m.Groups[i]
		n.Min, n.Max, n.Desired = g.bounds.Min, g.bounds.Max, g.bounds.Desired
		n.InService, n.Pending, n.Terminating = g.count(inService), g.count(pending), g.count(terminating)
		n.Total = n.InService + n.Pending + n.Terminating
		g.tracking.close()
		g.evaluate(now)
	}
}

// gauges visits every gauge of a minute.
func (m *Minute) gauges(visit func(*Gauge)) {
	visit(&m.Audience.Visitors)
	for i := range m.Balancers {
		visit(&m.Balancers[i].ActiveConnections)
		for j := range m.Balancers[i].TargetGroups {
			visit(&m.Balancers[i].TargetGroups[j].Healthy)
			visit(&m.Balancers[i].TargetGroups[j].Unhealthy)
		}
	}
	for i := range m.Groups {
		visit(&m.Groups[i].CPU)
	}
	for i := range m.Clusters {
		visit(&m.Clusters[i].ReplicaLag)
		for j := range m.Clusters[i].Instances {
			n := &m.Clusters[i].Instances[j]
			for _, g := range []*Gauge{&n.ACU, &n.ACUUtilization, &n.CPU, &n.Connections, &n.FreeableMemory, &n.FreeStorage, &n.ReplicaLag} {
				visit(g)
			}
		}
	}
}

// perSecond turns what was summed over the seconds of a minute into means.
func (m *Database) perSecond(seconds float64) {
	for _, v := range []*float64{&m.Queries, &m.Commits, &m.Deadlocks, &m.Blocked, &m.LoginFailures, &m.CommitLatency,
		&m.SelectLatency, &m.DMLLatency, &m.ReadLatency, &m.WriteLatency, &m.BufferCacheHit} {
		*v /= seconds
	}
}

func (s *site) group(name string) *group {
	for i, g := range s.groups {
		if name == g.spec.Name || name == g.log.group || name == s.names.groupARN(g.log.group) || name == s.names.targetARN(i, g.spec.Name) {
			return g
		}
	}
	return nil
}
