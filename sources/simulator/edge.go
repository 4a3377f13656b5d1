package simulator

import (
	"math"
	"time"
)

const (
	secondsToDeploy  = 210 // a changed distribution is everywhere after some three to five minutes
	secondsToPurge   = 12  // an invalidation has emptied the caches
	secondsPurged    = 75  // and is reported as completed
	originTimeout    = 30  // seconds, CloudFront's response timeout and the balancer's idle timeout
	maintenanceTime  = 0.035
	edgeToOriginTime = 0.006
	purgesAtOnce     = 15
)

// edge is the distribution: caches that are warm or cold, and the origins behind them.
type edge struct {
	spec EdgeSpec
	warm float64 // share of the requests for files that the caches can answer

	origin       string  // configured target of the default behaviour
	onOther      float64 // share of the places that still serve the previous target
	deployedAt   int64   // when the last change is everywhere
	deployLength float64
	modified     int64
	version      int

	purges   []purge
	emptying int64 // caches are being emptied until then
}

type purge struct {
	Invalidation
	at int64
}

func newEdge(spec EdgeSpec, now int64) *edge {
	return &edge{spec: spec, warm: 0.97, origin: OriginLive, deployLength: 1, modified: now - 6*86400, version: 1}
}

// maintained is the share of the uncached traffic that goes to the maintenance origin.
func (e *edge) maintained() float64 {
	if e.origin == OriginMaintenance {
		return 1 - e.onOther
	}
	return e.onOther
}

// switchTo begins to serve another origin, place by place.
func (e *edge) switchTo(origin string, now int64, length float64) {
	if e.origin != origin {
		e.onOther = 1 - e.onOther
	}
	e.origin = origin
	e.deployLength = length
	e.deployedAt = now + int64(length)
	e.modified = now
	e.version++
}

// step lets a second of deployment and of emptying pass.
func (e *edge) step(now int64) {
	if e.onOther > 0 {
		e.onOther = max(e.onOther-1/e.deployLength, 0)
		if now >= e.deployedAt {
			e.onOther = 0
		}
	}
	if now < e.emptying {
		e.warm *= 0.6
	}
}

// purgeAll begins to empty the caches.
func (e *edge) purgeAll(now int64) { e.emptying = now + secondsToPurge }

// learn warms the caches with what the origin answered, and lets files expire. A file that the origin
// failed to give is asked for again.
func (e *edge) learn(asked int64, fetched float64) {
	slots := e.spec.Objects * e.spec.Places
	fill := 1 - math.Exp(-float64(asked)/slots)
	expire := 1 / e.spec.TTL.Seconds()
	e.warm += (1-e.warm)*fill*fetched - e.warm*expire
	e.warm = min(max(e.warm, 0), 1)
}

// routed is where the requests that the firewall let pass went.
type routed struct {
	hits        int64
	maintenance traffic
	live        traffic
}

func (e *edge) route(d draw, t traffic) (r routed) {
	r.hits = d.binomial(t[kindStatic], e.warm)
	t[kindStatic] -= r.hits
	r.live = t
	if share := e.maintained(); share > 0 {
		r.maintenance = t.share(d, share)
		r.maintenance[kindStatic] = 0
		r.live = t.minus(r.maintenance)
	}
	return r
}

// measure adds a second to the minute.
func (e *edge) measure(d draw, m *Edge, page Page, all, blocked traffic, r routed, o outcome) {
	denied, maintained, live := blocked.sum(), r.maintenance.sum(), r.live.sum()
	unchanged := d.binomial(r.hits, 0.05)
	m.Requests += all.sum()
	m.Blocked += denied
	m.Hits += r.hits
	m.Misses += maintained + live
	m.LiveRequests += live
	m.MaintenanceRequests += maintained

	refused := r.maintenance[kindPost] // a static site answers a POST with 405
	m.Status2xx += r.hits - unchanged + maintained - refused + o.status[2]
	m.Status3xx += unchanged + o.status[3]
	m.Status4xx += denied + refused + o.status[4]
	m.Status403 += denied
	m.Status404 += o.status404
	failed := o.status[5] + o.elb502 + o.elb503 + o.elb504 + o.rejected
	m.Status5xx += failed
	m.Status500 += o.status500
	m.Status502 += o.elb502 + o.rejected
	m.Status503 += o.elb503 + o.status503
	m.Status504 += o.elb504

	posts := all[kindPost] - blocked[kindPost]
	errors := failed - o.failed[kindPost] + o.status[4] - o.invalid
	m.Cacheable += max(r.hits+live+maintained-posts-errors, r.hits)
	m.BytesDown += int64(float64(r.hits-unchanged+r.live[kindStatic])*d.around(page.StaticBytes, 0.01) +
		float64(maintained+live-r.live[kindStatic])*d.around(page.PageBytes, 0.01) + float64(denied)*900)
	m.BytesUp += all.sum()*420 + posts*1800
	if maintained > 0 {
		spread(maintained, maintenanceTime, 0, d.Float64(), m.OriginLatency.Add)
	}
}

// deployment is the distribution's status at a time.
func (e *edge) deployment(now int64) string {
	if now < e.deployedAt {
		return InProgress
	}
	return Deployed
}

func (p purge) status(now int64) string {
	if now < p.at+secondsPurged {
		return InProgress
	}
	return Completed
}

func moment(second int64) time.Time { return time.Unix(second, 0).UTC() }
