package simulator

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The reasons for which a change is refused; the error's text says what to do.
var (
	ErrUnknown      = errors.New("unknown resource")   // no resource of that name or id
	ErrInvalid      = errors.New("invalid value")      // out of range, or against the resource's own rules
	ErrPrecondition = errors.New("changed in between") // an ETag or lock token is not the newest
	ErrBusy         = errors.New("another change is running")
	ErrIdle         = errors.New("nothing of that kind is running")
	ErrExhausted    = errors.New("no more of these changes today")
	ErrFinal        = errors.New("it cannot be taken back")
)

// Every change names its resource by the scenario's short name, by AWS' name or id, or by ARN, and takes
// effect in the second after the call, followed by the delays of the real thing.

// Size is the wanted size of a group; nil leaves a number as it is.
type Size struct {
	Min, Max, Desired *int
}

// SetSize changes a group's bounds and desired capacity at once, as UpdateAutoScalingGroup does: a
// desired capacity that is not given is pulled into the new bounds.
func (l *Launch) SetSize(group string, s Size) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.site.group(group)
	if g == nil {
		return fmt.Errorf("%w: group %q", ErrUnknown, group)
	}
	return g.setSize(l.now, s, "a user request changed the bounds and the desired capacity")
}

func (g *group) setSize(now int64, s Size, why string) error {
	b := g.bounds
	if s.Min != nil {
		b.Min = *s.Min
	}
	if s.Max != nil {
		b.Max = *s.Max
	}
	b.Desired = min(max(b.Desired, b.Min), b.Max)
	if s.Desired != nil {
		b.Desired = *s.Desired
	}
	if err := b.check(g.spec.Name); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	desired := b.Desired
	b.Desired = g.bounds.Desired
	g.bounds = b
	if desired != b.Desired {
		g.resize(now, desired, why)
	}
	return nil
}

// Schedule gives a group the actions that are to change its numbers by themselves, in place of those it had.
func (l *Launch) Schedule(group string, actions ...ScheduledAction) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.site.group(group)
	if g == nil {
		return fmt.Errorf("%w: group %q", ErrUnknown, group)
	}
	for _, a := range actions {
		if a.Name == "" || a.At.Unix() <= l.now || a.Size == (Size{}) {
			return fmt.Errorf("%w: the scheduled action %q needs a name, a time to come and a number", ErrInvalid, a.Name)
		}
	}
	g.scheduled = slices.SortedStableFunc(slices.Values(actions), func(a, b ScheduledAction) int { return a.At.Compare(b.At) })
	return nil
}

// onSchedule does what was scheduled until now. While the process is suspended its time passes without it; one that no
// longer fits the group's numbers does nothing, as with AWS.
func (g *group) onSchedule(now int64) {
	for len(g.scheduled) > 0 && g.scheduled[0].At.Unix() <= now {
		a := g.scheduled[0]
		g.scheduled = g.scheduled[1:]
		if !g.suspended["ScheduledActions"] {
			_ = g.setSize(now, a.Size, "the scheduled action "+a.Name+" changed the bounds and the desired capacity")
		}
	}
}

// SetDesired changes the desired capacity within the bounds.
func (l *Launch) SetDesired(group string, desired int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.site.group(group)
	if g == nil {
		return fmt.Errorf("%w: group %q", ErrUnknown, group)
	}
	if desired < g.bounds.Min || desired > g.bounds.Max {
		return fmt.Errorf("%w: desired capacity %d of %s is not within its bounds %d to %d", ErrInvalid, desired, group, g.bounds.Min, g.bounds.Max)
	}
	if desired != g.bounds.Desired {
		g.resize(l.now, desired, "a user request changed the desired capacity")
	}
	return nil
}

// Suspend stops processes of a group (Launch, Terminate, HealthCheck, ReplaceUnhealthy,
// AlarmNotification, AddToLoadBalancer …); Resume starts them again. No names means all.
func (l *Launch) Suspend(name string, processes ...string) error {
	return l.setProcesses(name, processes, func(g *group, process string) { g.suspended[process] = true })
}

// Resume starts suspended processes again; see [Launch.Suspend].
func (l *Launch) Resume(name string, processes ...string) error {
	return l.setProcesses(name, processes, func(g *group, process string) { delete(g.suspended, process) })
}

func (l *Launch) setProcesses(name string, processes []string, set func(*group, string)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.site.group(name)
	if g == nil {
		return fmt.Errorf("%w: group %q", ErrUnknown, name)
	}
	for _, p := range processes {
		if !slices.Contains(scalingProcesses, p) {
			return fmt.Errorf("%w: process %q%s", ErrInvalid, p, suggestion(p, scalingProcesses))
		}
	}
	if len(processes) == 0 {
		processes = scalingProcesses
	}
	for _, p := range processes {
		set(g, p)
	}
	return nil
}

const secondsToModify = 20 // for which a cluster reads modifying after a changed range

// SetACU changes a cluster's range of capacity units, in half steps. The range holds at once, the
// capacity follows at its own pace, max_connections stays as of the last boot.
func (l *Launch) SetACU(cluster string, low, high float64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, n := l.site.database, l.site.names
	switch {
	case cluster != b.spec.Name && cluster != l.site.clusterID() && cluster != n.databaseARN("cluster", l.site.clusterID()):
		return fmt.Errorf("%w: cluster %q", ErrUnknown, cluster)
	case !b.serverless():
		return fmt.Errorf("%w: %s has provisioned instances and no range of capacity units", ErrInvalid, cluster)
	case l.now < b.until:
		return fmt.Errorf("%w: %s is modifying", ErrBusy, cluster)
	}
	if err := checkACU(low, high); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	b.low, b.high, b.until = low, high, l.now+secondsToModify
	return nil
}

// SetOrigin points the default behaviour of a distribution to one of its origins. The distribution is
// InProgress for some minutes while edge after edge takes it over. ifMatch is the ETag that the caller
// read, "" for any; the new ETag comes back.
func (l *Launch) SetOrigin(distribution, origin, ifMatch string) (etag string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.site.setBehaviors(l.now, distribution, origin, l.site.edge.behaviors(), ifMatch)
}

func (s *site) isDistribution(name string) bool {
	return name == s.edge.spec.Name || name == s.names.distribution || name == s.names.distributionARN()
}

// Invalidate purges paths of a distribution's cache. The same reference with the same paths gives the
// invalidation that exists already. Only a path that covers the static files (/*, /static/*) empties the
// cache of them; others cost the origin next to nothing.
func (l *Launch) Invalidate(distribution, reference string, paths []string) (Invalidation, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, e := l.site, l.site.edge
	if !s.isDistribution(distribution) {
		return Invalidation{}, fmt.Errorf("%w: distribution %q", ErrUnknown, distribution)
	}
	if err := checkPaths(paths); err != nil {
		return Invalidation{}, err
	}
	if old := e.purgeOf(reference); old != nil {
		if !slices.Equal(old.Paths, paths) {
			return Invalidation{}, fmt.Errorf("%w: the reference %q was used for other paths", ErrInvalid, reference)
		}
		return old.at(l.now), nil
	}
	if n := e.purging(l.now); n >= purgesAtOnce {
		return Invalidation{}, fmt.Errorf("%w: %d invalidations of %s are in progress", ErrBusy, n, distribution)
	}
	p := purge{since: l.now, Invalidation: Invalidation{ID: "I" + letters(s.ids, base32Digits, 13), Reference: reference,
		Paths: slices.Clone(paths), Created: moment(l.now), Status: InProgress}}
	e.purges = append(e.purges, p)
	if coversStatic(paths) {
		e.purgeAll(l.now)
	}
	return p.Invalidation, nil
}

func checkPaths(paths []string) error {
	if len(paths) == 0 {
		return fmt.Errorf("%w: no paths to invalidate", ErrInvalid)
	}
	for _, p := range paths {
		if !strings.HasPrefix(p, "/") || strings.Contains(strings.TrimSuffix(p, "*"), "*") || len(p) > 4000 {
			return fmt.Errorf("%w: path %q: it starts with / and has * at its end only", ErrInvalid, p)
		}
	}
	return nil
}

func coversStatic(paths []string) bool {
	return slices.ContainsFunc(paths, func(p string) bool {
		prefix, wild := strings.CutSuffix(p, "*")
		return wild && strings.HasPrefix("/static/", prefix)
	})
}

// RuleEdit is a change of one rule; a zero field leaves what it names as it is.
type RuleEdit struct {
	Rule   string
	Mode   string // one that the rule knows
	Limit  int
	Window time.Duration
}

// SetRules changes rules of a web ACL in one write. A changed rate-based rule loses its counters and
// limits nobody for up to a minute. lockToken is the one that the caller read, "" for any; the next one
// comes back.
func (l *Launch) SetRules(acl, lockToken string, edits ...RuleEdit) (next string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, n := l.site.firewall, l.site.names
	if acl != n.acl && acl != n.aclID && acl != n.aclARN() {
		return "", fmt.Errorf("%w: web ACL %q", ErrUnknown, acl)
	}
	if lockToken != "" && lockToken != n.lockToken(f.version) {
		return "", fmt.Errorf("%w: the lock token of %s is not the newest, read it again", ErrPrecondition, acl)
	}
	for _, e := range edits {
		if err := f.checkEdit(e); err != nil {
			return "", err
		}
	}
	for _, e := range edits {
		f.edit(f.rule(e.Rule), e, l.now)
	}
	f.version++
	return n.lockToken(f.version), nil
}

func (f *firewall) rule(name string) *rule {
	switch name {
	case ruleRate:
		return &f.rate
	case ruleManaged:
		return &f.managed
	}
	return nil
}

func (f *firewall) checkEdit(e RuleEdit) error {
	if f.rule(e.Rule) == nil {
		return fmt.Errorf("%w: no rule is called %q%s", ErrUnknown, e.Rule, suggestion(e.Rule, []string{ruleRate, ruleManaged}))
	}
	window := e.Window.Seconds()
	switch {
	case e.Mode != "" && !slices.Contains(modesOf(e.Rule), e.Mode):
		return fmt.Errorf("%w: mode %q of rule %s: want %s", ErrInvalid, e.Mode, e.Rule, strings.Join(modesOf(e.Rule), " or "))
	case e.Limit != 0 && (e.Limit < 10 || e.Limit > 2e9):
		return fmt.Errorf("%w: limit %d of rule %s: want 10 to 2,000,000,000", ErrInvalid, e.Limit, e.Rule)
	case window != 0 && window != 60 && window != 120 && window != 300 && window != 600:
		return fmt.Errorf("%w: window %s of rule %s: want 1m, 2m, 5m or 10m", ErrInvalid, e.Window, e.Rule)
	}
	return nil
}

// SetFixed has a load balancer's listener answer every request with a 503 of its own. SetWeights lets it forward again.
func (l *Launch) SetFixed(balancer string, f FixedResponse) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.site.names
	if balancer != n.balancer && balancer != n.balancerARN() && balancer != n.balancerTail() {
		return fmt.Errorf("%w: load balancer %q", ErrUnknown, balancer)
	}
	if len(f.Body) > fixedMost {
		return fmt.Errorf("%w: a body of %d bytes: want %d at the most", ErrInvalid, len(f.Body), fixedMost)
	}
	l.site.balancer.fixed = &f
	return nil
}

const fixedMost = 1024 // bytes that a listener answers

// SetWeights changes the weights of the target groups behind a load balancer, to which its listener then forwards; groups
// that are not named keep theirs. At least one group keeps a weight above zero.
func (l *Launch) SetWeights(balancer string, weights ...Weight) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.site
	if balancer != s.names.balancer && balancer != s.names.balancerARN() && balancer != s.names.balancerTail() {
		return fmt.Errorf("%w: load balancer %q", ErrUnknown, balancer)
	}
	next := slices.Clone(s.balancer.weights)
	for _, w := range weights {
		i := slices.Index(s.groups, s.group(w.TargetGroup))
		if i < 0 {
			return fmt.Errorf("%w: target group %q", ErrUnknown, w.TargetGroup)
		}
		if w.Weight < 0 || w.Weight > 999 {
			return fmt.Errorf("%w: weight %d of %s: want 0 to 999", ErrInvalid, w.Weight, w.TargetGroup)
		}
		next[i] = w.Weight
	}
	if slices.Max(next) == 0 {
		return fmt.Errorf("%w: all weights of %s would be zero and nobody would be served", ErrInvalid, balancer)
	}
	s.balancer.weights, s.balancer.fixed = next, nil
	return nil
}
