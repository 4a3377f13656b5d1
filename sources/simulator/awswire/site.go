package awswire

import (
	"time"

	"warroom/sources/simulator"
)

// Site is what stands behind the protocols: a [simulator.Launch], or one whose account has more in it.
type Site interface {
	Advance(to time.Time)
	Minute(at time.Time) (simulator.Minute, bool)
	State() simulator.State
	Activities(group string) []simulator.Activity
	Faults(at time.Time) []simulator.Fault

	SetSize(group string, s simulator.Size) error
	SetDesired(group string, desired int) error
	SetACU(cluster string, min, max float64) error
	SetBehaviors(distribution, otherwise string, paths []simulator.Behavior, ifMatch string) (etag string, err error)
	Invalidate(distribution, reference string, paths []string) (simulator.Invalidation, error)
	SetRules(acl, lockToken string, edits ...simulator.RuleEdit) (next string, err error)
	SetWeights(balancer string, weights ...simulator.Weight) error
	SetKey(store, key, value, ifMatch string) (etag string, err error)
	SetFixed(balancer string, f simulator.FixedResponse) error
	SetReservation(balancer string, units int) error
	StartRefresh(group string, r simulator.Refresh) (id string, err error)
	RollbackRefresh(group string) (id string, err error)
	StopDeployment(id string, rollback bool) (pending bool, err error)
	Suspend(group string, processes ...string) error
	Resume(group string, processes ...string) error
}
