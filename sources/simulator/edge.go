package simulator

import (
	"math"
	"slices"
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

	unchangedShare = 0.05 // of the hits: the browser holds the file and is told so by a 304
	deniedBytes    = 900
	requestBytes   = 420
	postBytes      = 1800
)

// edge is the distribution: caches that are warm or cold, and the origins behind them.
type edge struct {
	spec EdgeSpec
	warm float64 // share of the requests for files that the caches can answer

	otherwise    behavior   // of the paths that have no pattern of their own
	paths        []behavior // the first whose pattern matches counts
	deployedAt   int64      // when the last change is everywhere
	deployLength float64
	modified     int64
	version      int

	flag flagged // of the function that goes before the default behaviour

	purges   []purge
	emptying int64 // caches are being emptied until then
}

type purge struct {
	Invalidation
	since int64
}

func newEdge(spec EdgeSpec, now int64) *edge {
	e := &edge{spec: spec, warm: 0.97, otherwise: behavior{Behavior: Behavior{Origin: OriginLive}}, deployLength: 1, modified: now - 6*86400, version: 1, flag: newFlagged()}
	for _, pattern := range append(slices.Clone(spec.Paths), staticPaths()...) {
		e.paths = append(e.paths, behavior{Behavior: Behavior{pattern, OriginLive}})
	}
	return e
}

// switchTo begins to serve other origins, place by place.
func (e *edge) switchTo(otherwise string, paths []Behavior, now int64, length float64) {
	e.otherwise.switchTo(otherwise)
	next := make([]behavior, len(paths))
	for i, p := range paths {
		next[i] = behavior{Behavior: Behavior{p.Pattern, OriginLive}}
		for _, old := range e.paths {
			if old.Pattern == p.Pattern {
				next[i] = old
			}
		}
		next[i].switchTo(p.Origin)
	}
	e.paths = next
	e.deployLength = length
	e.deployedAt = now + int64(length)
	e.modified = now
	e.version++
}

// step lets a second of deployment and of emptying pass.
func (e *edge) step(now int64) {
	e.each(func(b *behavior) {
		b.onOther = max(b.onOther-1/e.deployLength, 0)
		if now >= e.deployedAt {
			b.onOther = 0
		}
	})
	e.flag.step()
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
	if share, some := e.maintained(); some {
		for k, n := range t {
			r.maintenance[k] = d.binomial(n, share[k])
		}
		r.live = t.minus(r.maintenance)
	}
	return r
}

// measure adds a second to the minute.
func (e *edge) measure(d draw, m *Edge, page Page, all traffic, v verdict, r routed, o outcome) {
	denied, maintained, live := v.blocked.sum(), r.maintenance.sum(), r.live.sum()
	unchanged := d.binomial(r.hits, unchangedShare)
	m.Requests += all.sum()
	m.Blocked += denied
	m.Hits += r.hits
	m.Misses += maintained + live
	m.LiveRequests += live
	m.MaintenanceRequests += maintained
	m.statuses(unchanged, v, r, o)

	posts := all[kindPost] - v.blocked[kindPost]
	bad := o.errors() - o.failed[kindPost] + o.status[4] - o.invalid + r.maintenance[kindStatic] // of GETs
	m.Cacheable += max(r.hits+live+maintained-posts-bad, r.hits)
	files := float64(r.hits - unchanged + r.live[kindStatic])
	pages := float64(maintained + live - r.live[kindStatic]) // that of the maintenance origin for each file that it has not
	m.BytesDown += int64(files*d.around(page.StaticBytes, 0.01) + pages*d.around(page.PageBytes, 0.01) + float64(denied)*deniedBytes)
	m.BytesUp += all.sum()*requestBytes + posts*postBytes
	spread(maintained, maintenanceTime, 0, d.Float64(), m.OriginLatency.Add)
}

// statuses counts what viewers were answered. A static site answers a POST with 405 and the site's files with 404, a web
// ACL that wants a puzzle solved with 405, and one that challenges the browser with 202.
func (m *Edge) statuses(unchanged int64, v verdict, r routed, o outcome) {
	maintained, unknown := r.maintenance.sum(), r.maintenance[kindStatic]
	refused := r.maintenance[kindPost] + unknown
	stopped, captcha, challenge := v.stopped()
	m.Status2xx += r.hits - unchanged + maintained - refused + challenge + o.status[2]
	m.Status3xx += unchanged + o.status[3]
	m.Status4xx += stopped - challenge + refused + o.status[4]
	m.Status403 += stopped - captcha - challenge
	m.Status404 += o.status404 + unknown
	m.Status5xx += o.errors()
	m.Status500 += o.status500
	m.Status502 += o.elb502 + o.rejected
	m.Status503 += o.elb503 + o.status503
	m.Status504 += o.elb504
}

// deployment is the distribution's status at a time.
func (e *edge) deployment(now int64) string {
	if now < e.deployedAt {
		return InProgress
	}
	return Deployed
}

// at is the invalidation as it is described at a time.
func (p *purge) at(now int64) Invalidation {
	v := p.Invalidation
	v.Paths = slices.Clone(v.Paths)
	v.Status = Completed
	if now < p.since+secondsPurged {
		v.Status = InProgress
	}
	return v
}

// purgeOf finds an invalidation by its reference, nil without one.
func (e *edge) purgeOf(reference string) *purge {
	for i := range e.purges {
		if e.purges[i].Reference == reference {
			return &e.purges[i]
		}
	}
	return nil
}

// purging counts the invalidations in progress.
func (e *edge) purging(now int64) (n int) {
	for i := range e.purges {
		if now < e.purges[i].since+secondsPurged {
			n++
		}
	}
	return n
}

func moment(second int64) time.Time { return time.Unix(second, 0).UTC() }
