package simulator

import (
	"math"
	"time"
)

// The lifecycle states of an instance, in AWS' words.
const (
	pending     = "Pending"
	inService   = "InService"
	terminating = "Terminating"
)

// The health states of a target, in AWS' words.
const (
	initial   = "initial"
	healthy   = "healthy"
	unhealthy = "unhealthy"
	draining  = "draining"
)

const (
	secondsBetweenChecks = 10
	checkTimeout         = 5.0  // seconds
	checkQueue           = 0.55 // share of the backlog that a check, which asks little, waits for
	checksToFail         = 3
	checksToPass         = 2
	secondsToDrain       = 60
	secondsToHeat        = 75 // a fresh process fills its caches
	coldEfficiency       = 0.55
	thrash               = 0.12 // processor time lost to a full backlog
	threadsBusyCPU       = 0.015
	closedShare          = 0.35  // of those turned away: a closed connection instead of a 503
	missingShare         = 0.004 // of the files that are asked for do not exist
	movedShare           = 0.02  // of the pages are redirects
	residue              = 25    // seconds for which a target that was taken out still works off its backlog
)

// healthChecks are those of every target group of the site.
var healthChecks = HealthChecks{
	Every: secondsBetweenChecks * time.Second, Timeout: checkTimeout * time.Second, ToPass: checksToPass, ToFail: checksToFail,
}

// instance is one machine of a group.
type instance struct {
	id        string
	zone      string
	lifecycle string
	health    string // as the target group sees it
	launched  int64
	service   int64 // since when it is InService
	ready     int64 // when its application answers
	leaves    int64 // when a terminating instance is gone
	sick      int64 // since when it has been unhealthy, 0 = is not
	checks    int   // consecutive checks against the present health
	phase     int64 // second of the check
	activity  int   // index of the activity that started or ends it

	version    string // of the launch template
	generation int    // of the group as it was started
	revision   string // of the application
	installs   string // the revision that is being put on it, "" while nobody works on it
	deployed   string // id of the deployment that reached it last
}

// takesTraffic tells whether the balancer sends it requests.
func (i *instance) takesTraffic() bool { return i.lifecycle == inService && i.health == healthy }

// efficiency is the share of its full speed at which a young process works.
func (i *instance) efficiency(now int64) float64 {
	return min(coldEfficiency+(1-coldEfficiency)*float64(now-i.ready)/secondsToHeat, 1)
}

// group is an Auto Scaling group, its target group, and the requests that wait in its instances.
type group struct {
	spec      GroupSpec
	bounds    Bounds
	instances []instance
	suspended map[string]bool
	tracking  tracking
	log       *activityLog
	created   int64
	scheduled []ScheduledAction // to come, the next one first

	version    string    // of the launch template that is the group's own
	brings     string    // of the launch template that new instances get
	newest     int       // version that there is
	generation int       // counts the refreshes and their rollbacks
	refreshes  []Refresh // oldest first
	bad        []string  // versions and revisions that a bad release has brought

	revision    string    // of the application that succeeded last: what a new instance gets
	built       int       // number of the newest revision
	deployments []rollout // oldest first

	strength float64 // instances that take traffic, young ones counted by their efficiency
	takers   float64 // the same, counted whole
	open     bool    // nobody is healthy: requests go to all
	backlog  float64 // units that wait for a thread
	wait     float64 // seconds in the backlog
	work     float64 // seconds of work on an uncached request, the database's included
	busy     float64 // processor use of the instances that take traffic
	served   float64 // units in this second
	inUse    float64 // connections to the database that all its instances hold
}

// rotate counts who takes traffic.
func (g *group) rotate(now int64) {
	g.strength, g.takers, g.open = 0, 0, false
	for i := range g.instances {
		if n := &g.instances[i]; n.takesTraffic() {
			g.strength += n.efficiency(now)
			g.takers++
		}
	}
	if g.takers > 0 {
		return
	}
	for i := range g.instances { // failing open: all that answer at all
		if n := &g.instances[i]; n.lifecycle == inService && n.health == unhealthy {
			g.strength += n.efficiency(now)
			g.takers++
			g.open = true
		}
	}
}

// load is what a group has to do in a second: units of work, and what each costs on the machine and in
// the database.
type load struct {
	units  float64
	factor float64 // of processor time
	others float64 // units per second that other groups put on the database
	demand demand
}

// serve works for a second: as much as processors, threads and database allow; the rest waits. It returns
// the share of the second's units for which there was no room.
func (g *group) serve(l load, b *database) (overflow float64) {
	if g.takers == 0 {
		g.backlog, g.wait, g.work, g.busy, g.served, g.inUse = 0, 0, 0, 0, 0, 0
		return 0
	}
	room := g.takers * g.spec.Backlog
	g.backlog = min(g.backlog, room)
	waiting := g.backlog + l.units
	x := g.throughput(waiting, l, b)
	left := waiting - x
	if left > room {
		overflow = min((left-room)/l.units, 1)
		left = room
	}
	g.backlog, g.served = left, x
	g.work = g.response(x, l, b)
	g.wait = 0
	if left > 0 {
		g.wait = min(left/max(x, 1e-6), 120)
	}
	g.busy = min(x*l.factor*g.spec.RequestCPU.Seconds()/(g.strength*g.spec.Cores*g.endurance())+threadsBusyCPU, 1)
	g.inUse = g.connections(x, l, b)
	return overflow
}

// throughput is how many units a second can be served: the most for which the processors suffice and the
// requests in work find a thread.
func (g *group) throughput(waiting float64, l load, b *database) float64 {
	most := min(waiting, g.processors(l)*0.995)
	if g.fits(most, l, b) {
		return most
	}
	low, high := 0.0, most
	for range 22 {
		mid := (low + high) / 2
		if g.fits(mid, l, b) {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

func (g *group) fits(x float64, l load, b *database) bool {
	return x*g.response(x, l, b) <= g.takers*g.spec.Threads
}

// processors is the units per second at which all cores are busy.
func (g *group) processors(l load) float64 {
	return g.strength * g.spec.Cores * g.endurance() / (g.spec.RequestCPU.Seconds() * l.factor)
}

// endurance is what is left of the processors' time when a backlog makes them thrash.
func (g *group) endurance() float64 {
	return 1 - thrash*min(g.backlog/max(g.takers*g.spec.Backlog, 1), 1)
}

// response is the seconds of work on one unit when x are served per second: the processor's queue after
// Sakasegawa's approximation for several servers, and the database.
func (g *group) response(x float64, l load, b *database) float64 {
	service := g.spec.RequestCPU.Seconds() * l.factor
	use := min(x/max(g.processors(l), 1e-9), 0.995)
	queue := service * math.Pow(use, math.Sqrt(2*(g.spec.Cores+1))-1) / (g.spec.Cores * (1 - use))
	return service + queue + b.seconds(x+l.others, l.demand)
}

// connections is how many the group's instances hold: those in use, and what stays open from before.
func (g *group) connections(x float64, l load, b *database) float64 {
	inUse := x * b.seconds(x+l.others, l.demand)
	idle := 0.0
	for i := range g.instances {
		if g.instances[i].lifecycle == inService {
			idle += min(b.spec.Pool, g.spec.Threads)
		}
	}
	return max(inUse*1.15, idle)
}

// answer sends a second's requests through the group. patience is how long people wait, failing the share
// of uncached requests that a bad release breaks, refused that which gets no connection.
func (g *group) answer(d draw, t traffic, overflow, failing, refused, invalid, patience float64) (o outcome) {
	o.arrived = t
	if g.takers == 0 {
		o.elb503 = t.sum()
		o.failed = t
		return o
	}
	late := beyond(originTimeout, g.work, g.wait)
	broken := min(failing+refused+0.00015, 1)
	for k, n := range t {
		o.kindAnswered(d, kind(k), n, overflow, late, broken, invalid)
	}
	o.requests = t.sum()
	o.latency = g.wait + g.work
	o.slow = max(beyond(patience, g.work, g.wait)-late, 0)
	o.held = g.backlog + g.served*g.work
	return o
}

// kindAnswered decides on the requests of one kind: no room, too late, broken, refused, or well.
func (o *outcome) kindAnswered(d draw, k kind, n int64, overflow, late, broken, invalid float64) {
	turned := d.binomial(n, overflow)
	timeouts := d.binomial(n-turned, late)
	errors := int64(0)
	if k != kindStatic {
		errors = d.binomial(n-turned-timeouts, broken)
	}
	closed := d.binomial(turned, closedShare)
	o.elb502 += closed
	o.connectionErrors += closed
	o.elb504 += timeouts
	o.status[5] += turned - closed + errors
	o.status503 += turned - closed
	o.status500 += errors
	o.failed[k] += turned + timeouts + errors
	o.kindServed(d, k, n-o.failed[k], invalid)
}

// kindServed gives the answers that went well their statuses.
func (o *outcome) kindServed(d draw, k kind, n int64, invalid float64) {
	switch k {
	case kindPost:
		mistakes := d.binomial(n, invalid)
		o.invalid += mistakes
		o.status[4] += mistakes
		n -= mistakes
	case kindStatic:
		missing := d.binomial(n, missingShare)
		o.status[4] += missing
		o.status404 += missing
		n -= missing
	case kindPage:
		moved := d.binomial(n, movedShare)
		o.status[3] += moved
		n -= moved
	}
	o.status[2] += n
}

// latencies gives the seconds of all requests that a target answered in this second.
func (g *group) latencies(d draw, o outcome, add func(float64, int64)) {
	files := min(o.arrived[kindStatic]-o.failed[kindStatic], o.requests)
	answered := o.requests - o.elb502 - o.elb504 - o.status503
	files = min(max(files, 0), max(answered, 0))
	inTime := func(seconds float64, n int64) { add(min(seconds, originTimeout), n) } // later ones are the 504s
	work := g.work * math.Exp(0.09*d.NormFloat64())                                  // no second is quite like the other
	spread(answered-files, work, g.wait, d.Float64(), inTime)
	spread(files, 0.004+0.05*work, g.wait, d.Float64(), inTime)
	if o.status503 > 0 {
		add(0.012, o.status503)
	}
}

// checkHealth runs the target group's checks that are due: one per instance every ten seconds.
func (g *group) checkHealth(d draw, now int64) {
	for i := range g.instances {
		n := &g.instances[i]
		if n.lifecycle != inService || (now+n.phase)%secondsBetweenChecks != 0 {
			continue
		}
		if n.health == initial && (now < n.ready || g.suspended["AddToLoadBalancer"]) {
			continue
		}
		n.checked(now, g.checkPasses(d, n, now))
	}
}

// checkPasses is one check: a drowned instance answers it too late.
func (g *group) checkPasses(d draw, n *instance, now int64) bool {
	seconds := 0.02 + g.work*0.3 + g.wait*checkQueue
	if n.health == unhealthy && !g.open && now-n.sick > residue {
		seconds = 0.05
	}
	if n.health == initial {
		seconds = 0.1
	}
	return seconds*math.Exp(0.3*d.NormFloat64()) < checkTimeout
}

func (n *instance) checked(now int64, passed bool) {
	good := n.health == healthy
	if passed == good {
		n.checks = 0
		return
	}
	n.checks++
	switch {
	case good && n.checks >= checksToFail:
		n.health, n.sick, n.checks = unhealthy, now, 0
	case !good && n.checks >= checksToPass:
		n.health, n.sick, n.checks = healthy, 0, 0
	}
}

// hosts counts the targets of each health.
func (g *group) hosts() (up, down int) {
	for i := range g.instances {
		if g.instances[i].lifecycle != inService {
			continue
		}
		switch g.instances[i].health {
		case healthy:
			up++
		case unhealthy:
			down++
		}
	}
	return up, down
}

// processor is the processor use of one instance.
func (g *group) processor(n *instance) float64 {
	switch {
	case n.lifecycle == pending:
		return 0.25
	case n.lifecycle == inService && n.health == initial:
		return 0.4
	case n.takesTraffic() || g.open:
		return g.busy
	case n.health == unhealthy:
		return 0.3
	}
	return 0.05
}

// meanProcessor is the mean over the running instances, and over those that the policy counts; ok is
// false without any.
func (g *group) meanProcessor(now int64) (running, warm float64, machines int, ok bool) {
	var all, grown float64
	warmed := 0
	for i := range g.instances {
		n := &g.instances[i]
		use := g.processor(n)
		all += use
		machines++
		if n.lifecycle == inService && now-n.service >= int64(g.spec.Warmup.Seconds()) {
			grown += use
			warmed++
		}
	}
	if machines == 0 {
		return 0, 0, 0, false
	}
	running = all / float64(machines)
	warm = running
	if warmed > 0 {
		warm = grown / float64(warmed)
	}
	return running, warm, machines, true
}

func (g *group) count(lifecycle string) (n int) {
	for i := range g.instances {
		if g.instances[i].lifecycle == lifecycle {
			n++
		}
	}
	return n
}
