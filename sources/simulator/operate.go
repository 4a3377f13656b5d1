package simulator

import (
	"errors"
	"time"
)

// The reasons for which a change is refused; the error's text says what to do.
var (
	ErrUnknown      = errors.New("unknown resource")   // no resource of that name or id
	ErrInvalid      = errors.New("invalid value")      // out of range, or against the resource's own rules
	ErrPrecondition = errors.New("changed in between") // an ETag or lock token is not the newest
	ErrBusy         = errors.New("another change is running")
)

// Every change names its resource by the scenario's short name, by AWS' name or id, or by ARN, and takes
// effect in the second after the call, followed by the delays of the real thing.

// Size is the wanted size of a group; nil leaves a number as it is.
type Size struct {
	Min, Max, Desired *int
}

// SetSize changes a group's bounds and desired capacity at once, as UpdateAutoScalingGroup does: a
// desired capacity that is not given is pulled into the new bounds.
func (l *Launch) SetSize(group string, s Size) error { return nil }

// SetDesired changes the desired capacity within the bounds.
func (l *Launch) SetDesired(group string, desired int) error { return nil }

// Suspend stops processes of a group (Launch, Terminate, HealthCheck, ReplaceUnhealthy,
// AlarmNotification, AddToLoadBalancer …); Resume starts them again. No names means all.
func (l *Launch) Suspend(group string, processes ...string) error { return nil }

// Resume starts suspended processes again; see [Launch.Suspend].
func (l *Launch) Resume(group string, processes ...string) error { return nil }

// SetACU changes a cluster's range of capacity units, in half steps. The range holds at once, the
// capacity follows at its own pace, max_connections stays as of the last boot.
func (l *Launch) SetACU(cluster string, min, max float64) error { return nil }

// SetOrigin points the default behaviour of a distribution to one of its origins. The distribution is
// InProgress for some minutes while edge after edge takes it over. ifMatch is the ETag that the caller
// read, "" for any; the new ETag comes back.
func (l *Launch) SetOrigin(distribution, origin, ifMatch string) (etag string, err error) {
	return "", nil
}

// Invalidate purges paths of a distribution's cache. The same reference with the same paths gives the
// invalidation that exists already.
func (l *Launch) Invalidate(distribution, reference string, paths []string) (Invalidation, error) {
	return Invalidation{}, nil
}

// RuleEdit is a change of one rule; a zero field leaves what it names as it is.
type RuleEdit struct {
	Rule   string
	Mode   string // Block or Count
	Limit  int
	Window time.Duration
}

// SetRules changes rules of a web ACL in one write. A changed rate-based rule loses its counters and
// limits nobody for up to a minute. lockToken is the one that the caller read, "" for any; the next one
// comes back.
func (l *Launch) SetRules(acl, lockToken string, edits ...RuleEdit) (next string, err error) {
	return "", nil
}

// SetWeights changes the weights of the target groups behind a load balancer; groups that are not named
// keep theirs.
func (l *Launch) SetWeights(balancer string, weights ...Weight) error { return nil }
