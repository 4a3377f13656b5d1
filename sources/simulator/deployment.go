package simulator

import (
	"fmt"
	"slices"
	"time"
)

// The statuses of a CodeDeploy deployment, in AWS' words.
const (
	DeploymentCreated   = "Created"
	DeploymentRunning   = "InProgress"
	DeploymentSucceeded = "Succeeded"
	DeploymentStopped   = "Stopped"
)

// The creators of a deployment, in AWS' words.
const (
	CreatorUser     = "user"
	CreatorRollback = "codeDeployRollback"
)

// Deployment puts a revision of the application on the instances of a group where they stand, some at a time. Whoever is
// being worked on gets no visitors meanwhile.
type Deployment struct {
	ID       string
	Status   string // one of those above
	Creator  string
	Revision string // that is brought out
	AtOnce   int    // instances that are worked on at one time
	Created  time.Time
	Started  time.Time // zero while it is Created
	Ended    time.Time // zero while it runs
	Pending  int       // instances that it has still to reach
	Working  int       // instances that it works on
	Reached  int       // instances that have its revision from it

	Rollback   string // id of the deployment that takes it back, "" without one
	RollbackOf string // id of the deployment that it takes back, "" for one of its own
}

// rollout is a deployment with what was asked of it.
type rollout struct {
	Deployment
	stopping bool // nothing more is begun
	goBack   bool // once it has stopped, what it has reached is to get the revision from before
}

// Running tells whether it is on its way.
func (d Deployment) Running() bool {
	return d.Status == DeploymentCreated || d.Status == DeploymentRunning
}

const (
	firstRevision     = 40 // of every application, as the launch begins
	deploymentsKept   = 50
	secondsToCreate   = 8  // until a deployment has begun
	secondsToInstall  = 40 // that an instance is worked on
	secondsToRollBack = 5  // between a stop and the rollback that it asked for
	releaseAtOnce     = 4  // the part of a group that a bad release works on at once: a quarter
)

// revisionName is what the application's bundle is called.
func revisionName(n int) string { return fmt.Sprintf("release-%d.zip", n) }

// lastDeployment is the one that has brought what every instance has as the launch begins, two days ago.
func lastDeployment(group string, now int64) Deployment {
	at := moment(now - 2*86400)
	return Deployment{ID: "d-" + letters(newDraw(1, "deployment to "+group), base32Digits, 9), Status: DeploymentSucceeded, Creator: CreatorUser,
		Revision: revisionName(firstRevision), AtOnce: 1, Created: at, Started: at.Add(secondsToCreate * time.Second), Ended: at.Add(12 * time.Minute)}
}

// deploying is the deployment that runs, nil without one.
func (g *group) deploying() *rollout {
	if n := len(g.deployments); n > 0 && g.deployments[n-1].Running() {
		return &g.deployments[n-1]
	}
	return nil
}

// StartDeployment begins to put a revision on the instances of a group. Of d it takes Revision and AtOnce, one where none
// is given.
func (l *Launch) StartDeployment(group string, d Deployment) (id string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.site.group(group)
	switch {
	case g == nil:
		return "", fmt.Errorf("%w: group %q", ErrUnknown, group)
	case d.Revision == "" || d.AtOnce < 0:
		return "", fmt.Errorf("%w: revision %q, %d instances at once", ErrInvalid, d.Revision, d.AtOnce)
	case g.deploying() != nil:
		return "", fmt.Errorf("%w: a deployment to %s runs", ErrBusy, group)
	}
	return g.begin(l.now, Deployment{Creator: CreatorUser, Revision: d.Revision, AtOnce: d.AtOnce}), nil
}

func (g *group) begin(now int64, d Deployment) (id string) {
	d.ID, d.Status, d.Created, d.AtOnce = "d-"+letters(g.log.ids, base32Digits, 9), DeploymentCreated, moment(now), max(d.AtOnce, 1)
	d.Pending = len(g.behind(&d))
	if len(g.deployments) == deploymentsKept {
		g.deployments = slices.Delete(g.deployments, 0, deploymentsKept/2)
	}
	g.deployments = append(g.deployments, rollout{Deployment: d})
	return d.ID
}

// StopDeployment has a deployment begin with no further instance; with rollback those that it has reached get the revision
// from before, by a deployment of its own. It tells whether the stop waits for instances that are being worked on.
func (l *Launch) StopDeployment(id string, rollback bool) (pending bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, g := range l.site.groups {
		for i := range g.deployments {
			d := &g.deployments[i]
			switch {
			case d.ID != id:
				continue
			case !d.Running():
				return false, fmt.Errorf("%w: the deployment %s is %s", ErrFinal, id, d.Status)
			}
			d.stopping, d.goBack = true, d.goBack || rollback
			return d.Working > 0, nil
		}
	}
	return false, fmt.Errorf("%w: deployment %q", ErrUnknown, id)
}

// behind are the instances that a deployment has still to reach: all that have another revision, and of a rollback those
// alone that have what it takes back.
func (g *group) behind(d *Deployment) (at []int) {
	var undone string
	for i := range g.deployments {
		if d.RollbackOf != "" && g.deployments[i].ID == d.RollbackOf {
			undone = g.deployments[i].Revision
		}
	}
	for i := range g.instances {
		n := &g.instances[i]
		if n.lifecycle == inService && n.installs == "" && n.revision != d.Revision && (undone == "" || n.revision == undone) {
			at = append(at, i)
		}
	}
	return at
}

// deploy goes on with the deployment that runs: it takes instances out of the balancer as far as it may, and lets those
// back in that it is done with.
func (g *group) deploy(now int64) {
	d := g.deploying()
	if d == nil {
		g.takeBack(now)
		return
	}
	if now < d.Created.Unix()+secondsToCreate && !d.stopping {
		return
	}
	if d.Status == DeploymentCreated {
		d.Status, d.Started = DeploymentRunning, moment(now)
	}
	g.install(d, now)
	left := g.behind(&d.Deployment)
	d.Pending = len(left)
	switch {
	case d.stopping && d.Working == 0:
		d.Status, d.Ended = DeploymentStopped, moment(now)
		return
	case d.stopping:
		return
	case len(left) == 0 && d.Working == 0:
		d.Status, d.Ended, g.revision = DeploymentSucceeded, moment(now), d.Revision
		return
	}
	for _, i := range left[:min(len(left), max(d.AtOnce-d.Working, 0))] {
		n := &g.instances[i]
		n.installs, n.deployed, n.health, n.checks, n.sick, n.ready = d.Revision, d.ID, initial, 0, 0, now+secondsToInstall
		d.Working++
		d.Pending--
	}
}

// install ends the work on the instances whose time is over, and counts.
func (g *group) install(d *rollout, now int64) {
	d.Working, d.Reached = 0, 0
	for i := range g.instances {
		n := &g.instances[i]
		if n.installs != "" && now >= n.ready {
			n.revision, n.installs = n.installs, ""
		}
		switch {
		case n.lifecycle != inService:
		case n.installs != "":
			d.Working++
		case n.deployed == d.ID:
			d.Reached++
		}
	}
}

// takeBack begins the rollback that a stop has asked for. The group's own revision is the one from before until a deployment
// has succeeded.
func (g *group) takeBack(now int64) {
	n := len(g.deployments)
	if n == 0 {
		return
	}
	d := &g.deployments[n-1]
	if d.Status != DeploymentStopped || !d.goBack || now < d.Ended.Unix()+secondsToRollBack {
		return
	}
	stopped := d.ID
	d.goBack = false
	id := g.begin(now, Deployment{Creator: CreatorRollback, Revision: g.revision, AtOnce: d.AtOnce, RollbackOf: stopped})
	for i := range g.deployments { // which may have moved
		if g.deployments[i].ID == stopped {
			g.deployments[i].Rollback = id
		}
	}
}
