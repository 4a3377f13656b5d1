package simulator

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// The statuses of an instance refresh, in AWS' words.
const (
	RefreshRunning    = "InProgress"
	RefreshSuccessful = "Successful"
	RollingBack       = "RollbackInProgress"
	RolledBack        = "RollbackSuccessful"
)

// Refresh replaces the instances of a group, some at a time, by ones of a version of its launch template.
type Refresh struct {
	ID         string
	Status     string // one of those above
	Version    string // of the launch template that is brought out, "" where none was given
	MinHealthy int    // percent of the group that stay in service
	FromSSM    bool   // the version's image is a parameter of Systems Manager: AWS does not roll it back
	Started    time.Time
	Ended      time.Time // zero while it runs
	Percent    int       // of the instances that are replaced and warm; a rollback takes it down again
	Left       int       // instances that are still to be replaced; those that never were, in a rollback
	RolledBack time.Time // when the rollback began, zero without one

	atRollback int // Percent and instances of the version as the rollback began
	replaced   int
}

// Running tells whether it replaces instances, forward or back.
func (r Refresh) Running() bool { return r.Status == RefreshRunning || r.Status == RollingBack }

const (
	firstVersion     = 7  // of every launch template, as the launch begins
	usualHealthy     = 90 // percent, where a refresh does not say
	releaseHealthy   = 75 // of a release that a scenario brings out
	refreshesKept    = 50
	noVersionToGoTo  = "the refresh has no desired configuration to roll back from"
	floatingVersions = "a version that floats cannot be rolled back to"
)

// floats tells whether a version means another one from time to time.
func floats(version string) bool { return version == "$Latest" || version == "$Default" }

// refreshing is the refresh that runs, nil without one.
func (g *group) refreshing() *Refresh {
	if n := len(g.refreshes); n > 0 && g.refreshes[n-1].Running() {
		return &g.refreshes[n-1]
	}
	return nil
}

// StartRefresh begins to replace the instances of a group. Of r it takes Version, MinHealthy and FromSSM.
func (l *Launch) StartRefresh(group string, r Refresh) (id string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.site.group(group)
	if g == nil {
		return "", fmt.Errorf("%w: group %q", ErrUnknown, group)
	}
	if _, err := strconv.Atoi(r.Version); err != nil && r.Version != "" && !floats(r.Version) {
		return "", fmt.Errorf("%w: version %q: want a number, $Latest or $Default", ErrInvalid, r.Version)
	}
	if r.MinHealthy < 0 || r.MinHealthy > 100 {
		return "", fmt.Errorf("%w: %d percent healthy: want 0 to 100", ErrInvalid, r.MinHealthy)
	}
	if g.refreshing() != nil {
		return "", fmt.Errorf("%w: an instance refresh of %s runs", ErrBusy, group)
	}
	return g.refresh(l.now, r), nil
}

func (g *group) refresh(now int64, r Refresh) (id string) {
	next := Refresh{ID: uuid(g.log.ids), Status: RefreshRunning, Version: r.Version, FromSSM: r.FromSSM, Started: moment(now),
		MinHealthy: r.MinHealthy, Left: g.live()}
	if next.MinHealthy == 0 {
		next.MinHealthy = usualHealthy
	}
	if len(g.refreshes) == refreshesKept {
		g.refreshes = slices.Delete(g.refreshes, 0, refreshesKept/2)
	}
	g.refreshes = append(g.refreshes, next)
	g.generation++
	g.brings = g.version
	if r.Version != "" && !floats(r.Version) {
		g.brings = r.Version
	}
	return next.ID
}

// RollbackRefresh has the refresh that runs replace again what it has replaced, by the version from before.
func (l *Launch) RollbackRefresh(group string) (id string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.site.group(group)
	if g == nil {
		return "", fmt.Errorf("%w: group %q", ErrUnknown, group)
	}
	r := g.refreshing()
	switch {
	case r == nil || r.Status == RollingBack:
		return "", fmt.Errorf("%w: no instance refresh of %s runs forward", ErrIdle, group)
	case r.Version == "":
		return "", fmt.Errorf("%w: %s", ErrFinal, noVersionToGoTo)
	case floats(r.Version) || floats(g.version) || r.FromSSM:
		return "", fmt.Errorf("%w: %s", ErrFinal, floatingVersions)
	}
	r.Status, r.RolledBack, r.atRollback = RollingBack, moment(l.now), r.Percent
	r.replaced = g.ofGeneration(g.generation)
	g.generation++
	g.brings = g.version
	return r.ID, nil
}

// ofGeneration counts the instances that are here to stay and were started under a refresh, or its rollback.
func (g *group) ofGeneration(generation int) (n int) {
	for i := range g.instances {
		if g.instances[i].lifecycle != terminating && g.instances[i].generation == generation {
			n++
		}
	}
	return n
}

// stale tells whether the running refresh still has to replace the instance: forward what is older than it, back what it
// has brought itself.
func (g *group) stale(r *Refresh, n *instance) bool {
	if n.lifecycle == terminating {
		return false
	}
	if r.Status == RollingBack {
		return n.generation == g.generation-1
	}
	return n.generation < g.generation
}

// replace goes on with the refresh that runs: it ends instances as far as enough stay in service, and the group starts
// others in their place.
func (g *group) replace(now int64) {
	r := g.refreshing()
	if r == nil || g.suspended["InstanceRefresh"] {
		return
	}
	old, young, warm := g.replaced(r, now)
	r.tell(old, warm, g.live())
	if old == 0 && young == 0 {
		g.refreshed(r, now)
		return
	}
	if g.suspended["Terminate"] || g.suspended["Launch"] {
		return
	}
	least := int(math.Ceil(float64(g.bounds.Desired*r.MinHealthy) / 100))
	may := g.live() - young - least
	if may <= 0 && young == 0 {
		may = 1 // else it would never begin
	}
	if may = min(may, old); may > 0 {
		g.log.because = fmt.Sprintf("At %s the instance refresh %s replaced instances (%s).", stamp(now), r.ID, r.Status)
	}
	for range may {
		g.terminate(g.oldestStale(r), now)
	}
}

// replaced counts the instances that are still to be replaced, those of the refresh that are not warm yet, and its warm ones.
func (g *group) replaced(r *Refresh, now int64) (old, young, warm int) {
	for i := range g.instances {
		n := &g.instances[i]
		switch {
		case n.lifecycle == terminating:
		case g.stale(r, n):
			old++
		case n.generation != g.generation: // in a rollback, what was never replaced
		case n.takesTraffic() && now-n.service >= int64(g.spec.Warmup.Seconds()):
			warm++
		default:
			young++
		}
	}
	return old, young, warm
}

// tell notes how far the refresh has come.
func (r *Refresh) tell(old, warm, live int) {
	if r.Status == RollingBack {
		r.Percent = r.atRollback * old / max(r.replaced, 1)
		return
	}
	r.Left, r.Percent = old, 100*warm/max(live, 1)
}

// refreshed ends the refresh: what it has brought is the group's own version from then on.
func (g *group) refreshed(r *Refresh, now int64) {
	r.Ended = moment(now)
	if r.Status == RollingBack {
		r.Status, r.Percent = RolledBack, 0
		return
	}
	r.Status, r.Percent, r.Left = RefreshSuccessful, 100, 0
	g.version = g.brings
}

// oldestStale is the longest running instance that the refresh has to replace, -1 without one.
func (g *group) oldestStale(r *Refresh) int {
	best := -1
	for i := range g.instances {
		if g.stale(r, &g.instances[i]) && (best < 0 || g.instances[i].launched < g.instances[best].launched) {
			best = i
		}
	}
	return best
}

// release brings out the bad releases whose time has come: each group gets a version of its launch template that nobody
// had before, by a refresh, or a revision of the application, by a deployment.
func (s *site) release(now int64) {
	for i := range s.troubles {
		f := &s.troubles[i]
		if f.Kind != BadRelease && f.Kind != BadRevision || f.begun || now < f.from || now >= f.until {
			continue
		}
		f.begun = true
		for _, g := range s.groups {
			switch {
			case f.Kind == BadRelease && g.refreshing() == nil:
				g.newest++
				version := strconv.Itoa(g.newest)
				g.refresh(now, Refresh{Version: version, MinHealthy: releaseHealthy})
				g.bad = append(g.bad, version)
			case f.Kind == BadRevision && g.deploying() == nil:
				g.built++
				revision := revisionName(g.built)
				g.begin(now, Deployment{Creator: CreatorUser, Revision: revision, AtOnce: g.live() / releaseAtOnce})
				g.bad = append(g.bad, revision)
			}
		}
	}
}

// spoilt is the share of the instances that take traffic whose version or revision is a bad one.
func (g *group) spoilt() float64 {
	if len(g.bad) == 0 || g.takers == 0 {
		return 0
	}
	n := 0.0
	for i := range g.instances {
		m := &g.instances[i]
		serving := m.takesTraffic() || g.open && m.lifecycle == inService && m.health == unhealthy
		if serving && (slices.Contains(g.bad, m.version) || slices.Contains(g.bad, m.revision)) {
			n++
		}
	}
	return n / g.takers
}
