package simulator

import (
	"fmt"
	"math"
	"reflect"
)

// law is one thing that holds for every minute of every launch, whatever happens.
type law struct {
	name        string
	left, right int64
}

// laws are the balances of a minute: nothing gets lost between the floors of the path.
func laws(m Minute) []law {
	e, f, b, a := m.Edges[0], m.Firewalls[0], m.Balancers[0], m.Audience
	ruled, counted, puzzled, challenged := int64(0), int64(0), int64(0), int64(0)
	for _, r := range f.Rules {
		ruled += r.Blocked
		puzzled += r.Captcha
		challenged += r.Challenge
		counted += r.Counted
	}
	var tg Targets
	latencies := int64(0)
	for _, t := range b.TargetGroups {
		tg.Requests += t.Requests
		tg.Target2xx += t.Target2xx
		tg.Target3xx += t.Target3xx
		tg.Target4xx += t.Target4xx
		tg.Target5xx += t.Target5xx
		tg.ConnectionErrors += t.ConnectionErrors
		latencies += t.Latency.Count()
	}
	return []law{
		{"edge: requests are blocked, hit or missed", e.Requests, e.Blocked + e.Hits + e.Misses},
		{"edge: misses go to one of the origins", e.Misses, e.LiveRequests + e.MaintenanceRequests},
		{"edge: every request has a status", e.Requests, e.Status2xx + e.Status3xx + e.Status4xx + e.Status5xx},
		{"edge: the 5xx are 500, 502, 503 or 504", e.Status5xx, e.Status500 + e.Status502 + e.Status503 + e.Status504},
		{"edge: the 5xx come from below", e.Status5xx, b.ELB5xx + b.Target5xx + b.Rejected},
		{"edge: a blocked request is a 403", e.Status403, f.Blocked},
		{"firewall: stands before the cache", f.Allowed + f.Blocked + f.Captcha + f.Challenge, e.Requests},
		{"firewall: what is asked for a puzzle, a rule asked", f.Captcha, puzzled},
		{"firewall: what is challenged, a rule challenged", f.Challenge, challenged},
		{"firewall: what is blocked, a rule blocked", f.Blocked, ruled},
		{"firewall: what is counted, a rule counted", f.Counted, counted},
		{"firewall and edge agree on the stopped", f.Blocked + f.Captcha + f.Challenge, e.Blocked},
		{"balancer: what the edge sends arrives", b.Arrived, e.LiveRequests},
		{"balancer: what arrives gets a target, a 503 or a closed door", b.Arrived, b.Requests + b.ELB503 + b.Rejected},
		{"balancer: every request with a target is answered", b.Requests, b.Target2xx + b.Target3xx + b.Target4xx + b.Target5xx + b.ELB4xx + b.ELB502 + b.ELB504},
		{"balancer: the 5xx of its own", b.ELB5xx, b.ELB500 + b.ELB502 + b.ELB503 + b.ELB504},
		{"balancer: an answer has a latency", b.Latency.Count(), b.Requests - b.ELB4xx - b.ELB502 - b.ELB504},
		{"balancer and its groups agree on latencies", b.Latency.Count(), latencies},
		{"balancer and its groups agree on requests", b.Requests, tg.Requests},
		{"balancer and its groups agree on 2xx", b.Target2xx, tg.Target2xx},
		{"balancer and its groups agree on 3xx", b.Target3xx, tg.Target3xx},
		{"balancer and its groups agree on 4xx", b.Target4xx, tg.Target4xx},
		{"balancer and its groups agree on 5xx", b.Target5xx, tg.Target5xx},
		{"balancer and its groups agree on lost connections", b.TargetConnectionErrors, tg.ConnectionErrors},
		{"edge: it waited for every answer, timeout and maintenance page", e.OriginLatency.Count(), b.Latency.Count() + b.ELB504 + e.MaintenanceRequests},
		{"audience: what did not succeed has failed", a.Attempts - a.Registrations, min(a.Attempts-a.Registrations, a.Failures)},
		{"audience: nobody gives up without a failure", a.Departures, min(a.Departures, a.Failures)},
		{"edge: hits are cacheable", e.Hits, min(e.Hits, e.Cacheable)},
		{"edge: the cacheable are requests", e.Cacheable, min(e.Cacheable, e.Requests)},
	}
}

// check holds a minute against the laws, and against nonsense.
func check(m Minute) error {
	for _, l := range laws(m) {
		if l.left != l.right {
			return fmt.Errorf("%s: %s: %d is not %d", m.At.Format("15:04"), l.name, l.left, l.right)
		}
	}
	for _, g := range m.Groups {
		if g.Total != g.InService+g.Pending+g.Terminating+g.Standby || g.Desired < g.Min || g.Desired > g.Max {
			return fmt.Errorf("%s: group %+v", m.At.Format("15:04"), g)
		}
	}
	for _, c := range m.Clusters {
		if err := checkCluster(c); err != nil {
			return fmt.Errorf("%s: %w", m.At.Format("15:04"), err)
		}
	}
	return sane(m.At.Format("15:04"), reflect.ValueOf(m))
}

func checkCluster(c Cluster) error {
	for _, n := range c.Instances {
		switch {
		case n.CPU.Max > 1 || n.ACUUtilization.Max > 1 || n.BufferCacheHit > 1:
			return fmt.Errorf("more than all of %+v", n)
		case n.Connections.Max > float64(n.ConnectionsMax)+ownSessions:
			return fmt.Errorf("%s holds %v connections of %d", n.Name, n.Connections.Max, n.ConnectionsMax)
		case c.MaxACU > 0 && n.CPU.Mean > n.ACUUtilization.Max*1.01+0.06+0.25/max(c.MinACU, 0.5):
			return fmt.Errorf("%s: busy to %v of a maximum of which it has %v", n.Name, n.CPU.Mean, n.ACUUtilization.Max)
		}
	}
	return nil
}

// sane refuses every number that no measurement can have.
func sane(path string, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) || f < 0 {
			return fmt.Errorf("%s is %v", path, f)
		}
	case reflect.Int, reflect.Int64:
		if v.Int() < 0 {
			return fmt.Errorf("%s is %d", path, v.Int())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := sane(fmt.Sprintf("%s[%d]", path, i), v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Pointer:
		return sane(path, v.Elem())
	case reflect.Struct:
		return saneStruct(path, v)
	}
	return nil
}

func saneStruct(path string, v reflect.Value) error {
	t := v.Type()
	if t == reflect.TypeFor[Gauge]() {
		if low, mean, high := v.Field(1).Float(), v.Field(0).Float(), v.Field(2).Float(); low > mean*(1+1e-9)+1e-12 || mean > high*(1+1e-9)+1e-12 {
			return fmt.Errorf("%s: minimum %v, mean %v, maximum %v", path, low, mean, high)
		}
	}
	if t.PkgPath() == "time" {
		return nil
	}
	for i := range v.NumField() {
		if err := sane(path+"."+t.Field(i).Name, v.Field(i)); err != nil {
			return err
		}
	}
	return nil
}
