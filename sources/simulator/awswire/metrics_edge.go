package awswire

import "warroom/sources/simulator"

// cloudFront publishes the distributions: in us-east-1 alone, with Region=Global beside the id.
func (p *publication) cloudFront(st simulator.State) {
	for _, d := range st.Distributions {
		s := series{
			region: edgeRegion, namespace: "AWS/CloudFront", timing: cloudFrontTiming,
			dimensions: []dimension{{"DistributionId", d.ID}, {"Region", "Global"}},
		}
		edge := named(func(m *simulator.Minute) []simulator.Edge { return m.Edges },
			func(e *simulator.Edge) string { return e.Name }, d.Name)
		p.edge(s, edge)
		if d.AdditionalMetrics {
			p.edgeAdditional(s, edge)
		}
	}
}

type edgeOf = func(*simulator.Minute) *simulator.Edge

// edge publishes what every distribution has. A distribution without requests publishes nothing.
func (p *publication) edge(s series, edge edgeOf) {
	for name, n := range map[string]func(*simulator.Edge) int64{
		"Requests":        func(e *simulator.Edge) int64 { return e.Requests },
		"BytesDownloaded": func(e *simulator.Edge) int64 { return e.BytesDown },
		"BytesUploaded":   func(e *simulator.Edge) int64 { return e.BytesUp },
	} {
		p.add(s, name, "None", sums, count(edge, true, n))
	}
	p.edgeRates(s, edge, map[string]func(*simulator.Edge) int64{
		"4xxErrorRate":   func(e *simulator.Edge) int64 { return e.Status4xx },
		"5xxErrorRate":   func(e *simulator.Edge) int64 { return e.Status5xx },
		"TotalErrorRate": func(e *simulator.Edge) int64 { return e.Status4xx + e.Status5xx },
	})
}

// edgeAdditional publishes what a monitoring subscription adds.
func (p *publication) edgeAdditional(s series, edge edgeOf) {
	p.edgeRates(s, edge, map[string]func(*simulator.Edge) int64{
		"401ErrorRate": func(e *simulator.Edge) int64 { return e.Status401 },
		"403ErrorRate": func(e *simulator.Edge) int64 { return e.Status403 },
		"404ErrorRate": func(e *simulator.Edge) int64 { return e.Status404 },
		"502ErrorRate": func(e *simulator.Edge) int64 { return e.Status502 },
		"503ErrorRate": func(e *simulator.Edge) int64 { return e.Status503 },
		"504ErrorRate": func(e *simulator.Edge) int64 { return e.Status504 },
	})
	p.add(s, "CacheHitRate", "Percent", means, func(m *simulator.Minute) (datum, bool) {
		e := edge(m)
		if e == nil {
			return datum{}, false
		}
		ratio, ok := e.HitRatio()
		return one(100 * ratio), ok
	})
	p.add(s, "OriginLatency", "Milliseconds", quantiles, func(m *simulator.Minute) (datum, bool) {
		e := edge(m)
		if e == nil || e.OriginLatency == nil || e.OriginLatency.Count() == 0 {
			return datum{}, false
		}
		return durations(e.OriginLatency, 1000), true
	})
}

func (p *publication) edgeRates(s series, edge edgeOf, rates map[string]func(*simulator.Edge) int64) {
	for name, n := range rates {
		p.add(s, name, "Percent", means, func(m *simulator.Minute) (datum, bool) {
			e := edge(m)
			if e == nil || e.Requests == 0 {
				return datum{}, false
			}
			return one(100 * float64(n(e)) / float64(e.Requests)), true
		})
	}
}

// firewalls publishes the web ACLs: those of the edge in us-east-1, without a Region dimension, the regional ones
// with it in their region; under their metric names and those of their rules. What did not happen is not published.
func (p *publication) firewalls(st simulator.State) {
	for _, acl := range st.WebACLs {
		firewall := named(func(m *simulator.Minute) []simulator.Firewall { return m.Firewalls },
			func(f *simulator.Firewall) string { return f.Name }, acl.Name)
		at := func(rule string) series {
			s := series{region: edgeRegion, namespace: "AWS/WAFV2", timing: requestTiming,
				dimensions: []dimension{{"WebACL", acl.MetricName}, {"Rule", rule}}}
			if acl.Regional {
				s.region = st.Region
				s.dimensions = append([]dimension{{"Region", st.Region}}, s.dimensions...)
			}
			return s
		}
		allowed := count(firewall, true, func(f *simulator.Firewall) int64 { return f.Allowed })
		p.add(at("ALL"), "AllowedRequests", "Count", sums, allowed)
		p.add(at("Default_Action"), "AllowedRequests", "Count", sums, allowed)
		for name, n := range map[string]func(*simulator.Firewall) int64{
			"BlockedRequests":   func(f *simulator.Firewall) int64 { return f.Blocked },
			"CountedRequests":   func(f *simulator.Firewall) int64 { return f.Counted },
			"CaptchaRequests":   func(f *simulator.Firewall) int64 { return f.Captcha },
			"ChallengeRequests": func(f *simulator.Firewall) int64 { return f.Challenge },
		} {
			p.add(at("ALL"), name, "Count", sums, count(firewall, true, n))
		}
		for _, r := range acl.Rules {
			rule := func(m *simulator.Minute) *simulator.RuleCount {
				f := firewall(m)
				if f == nil {
					return nil
				}
				for i := range f.Rules {
					if f.Rules[i].Name == r.Name {
						return &f.Rules[i]
					}
				}
				return nil
			}
			p.rule(at(r.MetricName), rule)
		}
	}
}

// rule publishes what one rule did.
func (p *publication) rule(s series, rule func(*simulator.Minute) *simulator.RuleCount) {
	for name, n := range map[string]func(*simulator.RuleCount) int64{
		"BlockedRequests":   func(c *simulator.RuleCount) int64 { return c.Blocked },
		"CountedRequests":   func(c *simulator.RuleCount) int64 { return c.Counted },
		"CaptchaRequests":   func(c *simulator.RuleCount) int64 { return c.Captcha },
		"ChallengeRequests": func(c *simulator.RuleCount) int64 { return c.Challenge },
	} {
		p.add(s, name, "Count", sums, count(rule, true, n))
	}
}
