package alerts

import (
	"math"
	"math/rand/v2"
	"time"

	"warroom/sources"
)

// site is a site of which all is known: a CDN, a firewall, a load balancer, a fleet, a database and an audience, with the
// noise of chance and nothing else, unless something hurts it.
type site struct {
	rps   float64 // of viewers
	noise *rand.Rand
	hurt  func(minute int, v map[string]float64) // may change what the minute measures
}

// siteResources are the resources of a site.
var siteResources = map[string]string{
	"cloudfront": "edge", "waf": "edge", "alb": "prod", "asg": "web", "aurora": "main", "audience": "site", "probe": "home", "room": "room",
}

func newSite(seed uint64, rps float64) *site {
	return &site{rps: rps, noise: rand.New(rand.NewPCG(seed, 0))}
}

// siteLaunch is the launch of a site: T0 is four hours after its first minute.
func siteLaunch(marks ...sources.Mark) *sources.Launch {
	return &sources.Launch{Name: "test", T0: t0, Marks: marks}
}

// siteBegin is the first minute of a site.
func siteBegin() time.Time { return t0.Add(-4 * time.Hour) }

// count is a number of cases that chance gives where so many are to be expected.
func (s *site) count(mean float64) float64 {
	return math.Max(0, math.Round(mean+math.Sqrt(mean)*s.noise.NormFloat64()))
}

// about is a measure that chance moves by a share.
func (s *site) about(mean, share float64) float64 {
	return mean * math.Exp(share*s.noise.NormFloat64())
}

// minute is what a minute measures, by metric.
func (s *site) minute(n int) map[string]float64 {
	day := 1 + 0.2*math.Sin(2*math.Pi*float64(n)/1440)
	requests := s.count(s.rps * 60 * day)
	hit := 0.9 + 0.002*s.noise.NormFloat64()
	blocked := s.count(requests * 0.005)
	origin := math.Round((requests - blocked) * (1 - hit))
	visitors := s.count(requests / 40)
	attempts := s.count(visitors * 0.2)
	successes := attempts - math.Min(attempts, s.count(attempts*0.05))
	v := map[string]float64{
		"cloudfront_requests": requests, "cloudfront_hit_ratio": hit, "cloudfront_error_ratio": 0.0001, "cloudfront_client_error_ratio": s.about(0.02, 0.1),
		"cloudfront_bytes_down": s.about(requests*20e3, 0.02), "cloudfront_bytes_up": s.about(requests*900, 0.02),
		"cloudfront_error_502_ratio": 0, "cloudfront_error_503_ratio": 0, "cloudfront_error_504_ratio": 0,
		"cloudfront_origin_latency_p50_seconds": s.about(0.05, 0.05), "cloudfront_origin_latency_p90_seconds": s.about(0.2, 0.1), "cloudfront_origin_latency_p99_seconds": s.about(0.4, 0.2),
		"waf_allowed": requests - blocked, "waf_blocked": blocked, "waf_counted": s.count(5), "waf_captcha": 0,
		"alb_requests": origin, "alb_elb_5xx": 0, "alb_target_5xx": s.count(origin * 0.0002), "alb_elb_4xx": s.count(origin * 0.001), "alb_target_4xx": s.count(origin * 0.01),
		"alb_latency_p50_seconds": s.about(0.05, 0.05), "alb_latency_p95_seconds": s.about(0.25, 0.1), "alb_latency_p99_seconds": s.about(0.5, 0.15),
		"alb_rejected_connections": 0, "alb_active_connections": s.count(origin / 3), "alb_new_connections": s.count(origin / 4), "alb_target_connection_errors": 0,
		"alb_healthy_hosts": 4, "alb_unhealthy_hosts": 0, "alb_requests_per_target": origin / 4, "alb_lcu": origin / 1500, "alb_lcu_peak": origin / 1000,
		"asg_desired": 4, "asg_in_service": 4, "asg_pending": 0, "asg_terminating": 0, "asg_min": 2, "asg_max": 12, "asg_cpu_ratio": s.about(0.5, 0.05),
		"aurora_acu": s.about(8, 0.02), "aurora_acu_min": 4, "aurora_acu_max": 32, "aurora_cpu_ratio": s.about(0.3, 0.05), "aurora_connections": s.count(200), "aurora_connections_max": 2000,
		"aurora_deadlocks": 0, "aurora_commit_latency_seconds": s.about(0.004, 0.1), "aurora_select_latency_seconds": s.about(0.002, 0.1), "aurora_replica_lag_seconds": s.about(0.02, 0.1),
		"aurora_queries": s.about(origin/10, 0.02), "aurora_freeable_memory_bytes": s.about(50e9, 0.01), "aurora_buffer_hit_ratio": 0.99, "aurora_free_local_storage_bytes": 40e9,
		"audience_visitors": visitors, "audience_attempts": attempts, "audience_successes": successes, "audience_registrations": successes, "audience_orders": s.count(visitors * 0.1),
		"probe_up": 1, "probe_status": 200, "probe_total_seconds": s.about(0.3, 0.2), "probe_ttfb_seconds": s.about(0.1, 0.2), "probe_cert_days": 60,
		"room_api_budget_ratio": 0.1, "room_poll_seconds": s.about(0.5, 0.2),
	}
	if s.hurt != nil {
		s.hurt(n, v)
	}
	return v
}

// batch is the first so many minutes of the site, each seen when it has settled. Sparse metrics are silent where they are 0.
func (s *site) batch(minutes int) sources.Batch {
	var b sources.Batch
	for n := range minutes {
		v := s.minute(n)
		for _, m := range sources.Metrics() {
			value, known := v[m.Name]
			if !known {
				continue
			}
			at := siteBegin().Add(time.Duration(n) * time.Minute)
			b.Samples = append(b.Samples, sources.Sample{
				Series: sources.Series{Metric: m.Name, Resource: siteResources[m.Service]},
				At:     at, Seen: at.Add(m.Period + m.Settle), Value: value, None: value == 0 && m.Gap == sources.Zero,
			})
		}
	}
	return b
}
