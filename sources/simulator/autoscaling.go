package simulator

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The processes of a group that can be suspended.
var scalingProcesses = []string{
	"Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck",
	"InstanceRefresh", "ReplaceUnhealthy", "ScheduledActions",
}

const (
	minutesToAct      = 3 // datapoints above the target in a row
	minutesToRelax    = 15
	relaxShare        = 0.9 // of the target, below which capacity is taken back
	sickBeforeReplace = 90  // seconds
	activitiesKept    = 400
)

// tracking is the target tracking policy: what its alarms have seen.
type tracking struct {
	minutes []float64 // mean CPU of the instances that count, newest last
	delayed float64   // of the minute whose datapoint is not published yet, negative before the first
	sum     float64   // over the seconds of the current minute
	seconds float64
}

// close ends a minute: its mean is seen by the alarms one minute later, when its datapoint is there.
func (t *tracking) close() {
	if t.delayed >= 0 {
		t.see(t.delayed)
	}
	t.delayed = -1
	if t.seconds > 0 {
		t.delayed = t.sum / t.seconds
	}
	t.sum, t.seconds = 0, 0
}

func (t *tracking) see(cpu float64) {
	if len(t.minutes) == cap(t.minutes) {
		t.forget(1)
	}
	t.minutes = append(t.minutes, cpu)
}

// forget drops the oldest minutes.
func (t *tracking) forget(n int) {
	n = min(n, len(t.minutes))
	copy(t.minutes, t.minutes[n:])
	t.minutes = t.minutes[:len(t.minutes)-n]
}

// all tells whether the last n minutes are all on one side.
func (t *tracking) all(n int, is func(float64) bool) bool {
	if len(t.minutes) < n {
		return false
	}
	for _, v := range t.minutes[len(t.minutes)-n:] {
		if !is(v) {
			return false
		}
	}
	return true
}

func newGroup(spec GroupSpec, b Bounds, name string, now int64, ids draw, d draw) *group {
	g := &group{spec: spec, bounds: b, suspended: map[string]bool{}, created: now - 40*86400,
		tracking: tracking{minutes: make([]float64, 0, minutesToRelax), delayed: -1},
		log:      &activityLog{group: name, ids: ids},
		version:  strconv.Itoa(firstVersion), brings: strconv.Itoa(firstVersion), newest: firstVersion,
		revision: revisionName(firstRevision), built: firstRevision, deployments: []rollout{{Deployment: lastDeployment(name, now)}}}
	for range b.Desired {
		g.instances = append(g.instances, instance{
			id: instanceID(ids), version: g.version, revision: g.revision, zone: g.nextZone(), lifecycle: inService, health: healthy,
			launched: now - 2*86400, service: now - 2*86400, ready: now - 2*86400, phase: int64(d.IntN(secondsBetweenChecks)), activity: -1,
		})
	}
	return g
}

// nextZone is the zone with the fewest instances.
func (g *group) nextZone() string {
	var n [3]int
	for i := range g.instances {
		if g.instances[i].lifecycle != terminating {
			n[g.instances[i].zone[0]-'a']++
		}
	}
	best := 0
	for i := range n {
		if n[i] < n[best] {
			best = i
		}
	}
	return string(rune('a' + best))
}

// live is the number of instances that are here to stay.
func (g *group) live() int { return len(g.instances) - g.count(terminating) }

// evaluate lets the policy look at its alarms, once a minute.
func (g *group) evaluate(now int64) {
	if g.suspended["AlarmNotification"] || len(g.tracking.minutes) == 0 {
		return
	}
	target := g.spec.TargetCPU
	t := &g.tracking
	newest := t.minutes[len(t.minutes)-1]
	warm := g.warm(now)
	switch {
	case t.all(minutesToAct, func(v float64) bool { return v > target }):
		wanted := int(math.Ceil(float64(warm) * newest / target))
		if wanted = min(wanted, g.bounds.Max); wanted > g.bounds.Desired {
			g.resize(now, wanted, fmt.Sprintf("the alarm of the target tracking policy cpu-%.0f (above target) changed the desired capacity", target*100))
		}
	case t.all(minutesToRelax, func(v float64) bool { return v < target*relaxShare }):
		wanted := int(math.Ceil(float64(g.bounds.Desired) * newest / target))
		wanted = max(wanted, g.bounds.Min, g.bounds.Desired-max(g.bounds.Desired/6, 1)) // capacity is taken back with care
		if wanted < g.bounds.Desired {
			t.forget(minutesToRelax / 2) // the next step down waits again
			g.resize(now, wanted, fmt.Sprintf("the alarm of the target tracking policy cpu-%.0f (below target) changed the desired capacity", target*100))
		}
	}
}

// warm counts the instances that are in service and past their warm-up.
func (g *group) warm(now int64) (n int) {
	for i := range g.instances {
		if g.instances[i].lifecycle == inService && now-g.instances[i].service >= int64(g.spec.Warmup.Seconds()) {
			n++
		}
	}
	return n
}

// resize changes the desired capacity and notes why, for the activities that follow from it.
func (g *group) resize(now int64, desired int, why string) {
	g.log.because = fmt.Sprintf("At %s %s from %d to %d.", stamp(now), why, g.bounds.Desired, desired)
	g.bounds.Desired = desired
}

// reconcile starts and ends instances until the group has its desired capacity.
func (g *group) reconcile(d draw, now int64, noCapacity bool) {
	g.age(now)
	missing := g.bounds.Desired - g.live()
	switch {
	case missing > 0 && !g.suspended["Launch"]:
		if noCapacity {
			g.failLaunch(now)
			return
		}
		for range missing {
			g.launch(d, now)
		}
	case missing < 0 && !g.suspended["Terminate"]:
		for range -missing {
			g.terminate(g.oldest(), now)
		}
	}
}

func (g *group) launch(d draw, now int64) {
	boot := g.spec.Boot.Seconds() * (0.85 + 0.4*d.Float64())
	start := g.spec.AppStart.Seconds() * (0.85 + 0.4*d.Float64())
	n := instance{id: instanceID(g.log.ids), zone: g.nextZone(), lifecycle: pending, health: initial, launched: now, version: g.brings, generation: g.generation, revision: g.revision}
	n.service = now + int64(boot)
	n.ready = n.service + int64(start)
	n.phase = int64(d.IntN(secondsBetweenChecks))
	n.activity = g.log.add(now, "PreInService", 30, "Launching a new EC2 instance: "+n.id,
		fmt.Sprintf("%s At %s an instance was started to reach the desired capacity of %d.", g.log.because, stamp(now), g.bounds.Desired))
	g.instances = append(g.instances, n)
}

// failLaunch notes a failed attempt, every 30 s at most.
func (g *group) failLaunch(now int64) {
	if now < g.log.nextFailure {
		return
	}
	g.log.nextFailure = now + 30
	i := g.log.add(now, "Failed", 100, "Launching a new EC2 instance.  Status Reason: there is not enough capacity",
		fmt.Sprintf("%s At %s an instance was to be started to reach the desired capacity of %d.", g.log.because, stamp(now), g.bounds.Desired))
	a := g.log.at(i)
	a.Message = fmt.Sprintf("InsufficientInstanceCapacity: there is not enough %s capacity in the requested zones. Launching EC2 instance failed.", g.spec.Type)
	a.End = moment(now + 1)
}

// oldest is the instance that scale-in takes: one that is not in service yet, else the longest running.
func (g *group) oldest() int {
	best := -1
	for i := range g.instances {
		n := &g.instances[i]
		if n.lifecycle == terminating {
			continue
		}
		if best < 0 || n.lifecycle == pending && g.instances[best].lifecycle != pending ||
			n.lifecycle == g.instances[best].lifecycle && n.launched < g.instances[best].launched {
			best = i
		}
	}
	return best
}

func (g *group) terminate(i int, now int64) {
	if i < 0 {
		return
	}
	n := &g.instances[i]
	n.lifecycle, n.health, n.leaves = terminating, draining, now+secondsToDrain
	n.activity = g.log.add(now, "WaitingForELBConnectionDraining", 50, "Terminating EC2 instance: "+n.id,
		fmt.Sprintf("%s At %s the instance was taken out of service.", g.log.because, stamp(now)))
}

// age moves instances through their lifecycle, and replaces those that stay unhealthy.
func (g *group) age(now int64) {
	gone := false
	for i := range g.instances {
		n := &g.instances[i]
		switch {
		case n.lifecycle == pending && now >= n.service:
			n.lifecycle = inService
			g.log.finish(n.activity, now)
		case n.lifecycle == terminating && now >= n.leaves:
			g.log.finish(n.activity, now)
			gone = true
		case n.lifecycle == inService && n.sick > 0 && now-n.sick > sickBeforeReplace && g.mayReplace():
			g.log.because = fmt.Sprintf("At %s %s had failed the load balancer's health checks for %d s.", stamp(now), n.id, now-n.sick)
			g.terminate(i, now)
		}
	}
	if gone {
		g.instances = slices.DeleteFunc(g.instances, func(n instance) bool { return n.lifecycle == terminating && now >= n.leaves })
	}
}

// mayReplace tells whether unhealthy instances are replaced now: not while the process is suspended, and
// a tenth of the group at one time.
func (g *group) mayReplace() bool {
	if g.suspended["ReplaceUnhealthy"] || g.suspended["HealthCheck"] || g.suspended["Terminate"] {
		return false
	}
	return g.count(terminating) < max(g.bounds.Desired/10, 1)
}

// activityLog is the history of a group's scaling activities.
type activityLog struct {
	group       string // AWS name
	ids         draw
	list        []Activity // oldest first
	dropped     int        // activities forgotten at the front
	because     string
	nextFailure int64
}

// add notes an activity and returns its number.
func (l *activityLog) add(now int64, status string, progress int, description, cause string) int {
	if len(l.list) == activitiesKept {
		l.list = slices.Delete(l.list, 0, activitiesKept/4)
		l.dropped += activitiesKept / 4
	}
	l.list = append(l.list, Activity{ID: uuid(l.ids), Group: l.group, Status: status, Description: description,
		Cause: strings.TrimSpace(cause), Start: moment(now), Progress: progress})
	return l.dropped + len(l.list) - 1
}

func (l *activityLog) at(number int) *Activity {
	if i := number - l.dropped; number >= 0 && i >= 0 && i < len(l.list) {
		return &l.list[i]
	}
	return nil
}

func (l *activityLog) finish(number int, now int64) {
	if a := l.at(number); a != nil {
		a.Status, a.Progress, a.End = "Successful", 100, moment(now)
	}
}

func stamp(now int64) string { return moment(now).Format(time.RFC3339) }
