package simulator

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// table prints a run minute by minute, as somebody who watches the launch would read it.
func table(l *Launch, from, to time.Duration) string {
	var b strings.Builder
	t0 := l.Scenario().T0
	fmt.Fprintf(&b, "%5s %6s %6s %5s %4s | %8s %5s %6s %6s | %7s %6s %6s %6s %6s | %6s %6s %6s | %2s %2s %2s %2s %5s %2s %2s | %5s %5s %5s %6s %6s %5s\n",
		"T", "people", "arrive", "regs", "fail%", "edge", "hit%", "5xx%", "block", "alb", "502", "503", "504", "t5xx", "p50ms", "p95ms", "p99ms",
		"de", "in", "pe", "te", "cpu%", "up", "dn", "acu", "cpu%", "conn", "sel ms", "com ms", "dead")
	for at := t0.Add(from); at.Before(t0.Add(to)); at = at.Add(time.Minute) {
		m, ok := l.Minute(at)
		if !ok {
			continue
		}
		e, f, a, g, w := m.Edges[0], m.Firewalls[0], m.Balancers[0], m.Groups[0], m.Clusters[0].Instances[0]
		hit, _ := e.HitRatio()
		fmt.Fprintf(&b, "%+5.0f %6.0f %6d %5d %4.1f | %8d %5.1f %6.2f %6d | %7d %6d %6d %6d %6d | %6.0f %6.0f %6.0f | %2d %2d %2d %2d %5.1f %2.0f %2.0f | %5.1f %5.1f %5.0f %6.1f %6.1f %5.2f\n",
			at.Sub(t0).Minutes(), m.Audience.Visitors.Mean, m.Audience.Arrivals, m.Audience.Registrations,
			100*float64(m.Audience.Failures)/float64(max(m.Audience.PageViews+m.Audience.Attempts, 1)),
			e.Requests, hit*100, 100*float64(e.Status5xx)/float64(max(e.Requests, 1)), f.Blocked,
			a.Requests, a.ELB502, a.ELB503, a.ELB504, a.Target5xx,
			a.Latency.Quantile(.5)*1000, a.Latency.Quantile(.95)*1000, a.Latency.Quantile(.99)*1000,
			g.Desired, g.InService, g.Pending, g.Terminating, g.CPU.Mean*100, a.TargetGroups[0].Healthy.Min, a.TargetGroups[0].Unhealthy.Max,
			w.ACU.Mean, w.CPU.Mean*100, w.Connections.Mean, w.SelectLatency*1000, w.CommitLatency*1000, w.Deadlocks)
	}
	return b.String()
}

func launched(t testing.TB, name string, change func(*Scenario)) *Launch {
	t.Helper()
	sc, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&sc)
	}
	l, err := New(sc, 1)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// summary condenses a stretch of a run.
type summary struct {
	registrations, attempts int64
	requests, errors        int64 // at the load balancer
	worst                   float64
	troubled                int // minutes with an error ratio above 1 %
	cpu, acu, p95           float64
	desired                 int
}

func (s summary) ratio() float64 { return float64(s.errors) / float64(max(s.requests, 1)) }

func summarise(l *Launch, from, to time.Duration) (s summary) {
	t0 := l.Scenario().T0
	for at := t0.Add(from); at.Before(t0.Add(to)); at = at.Add(time.Minute) {
		m, ok := l.Minute(at)
		if !ok {
			continue
		}
		b := m.Balancers[0]
		s.registrations += m.Audience.Registrations
		s.attempts += m.Audience.Attempts
		bad, all := b.ELB5xx+b.Target5xx+b.Rejected, b.Arrived
		s.requests += all
		s.errors += bad
		r := float64(bad) / float64(max(all, 1))
		s.worst = max(s.worst, r)
		if r > 0.01 {
			s.troubled++
		}
		s.cpu = max(s.cpu, m.Groups[0].CPU.Mean)
		s.desired = max(s.desired, m.Groups[0].Desired)
		s.acu = max(s.acu, m.Clusters[0].Instances[0].ACU.Max)
		s.p95 = max(s.p95, b.Latency.Quantile(0.95))
	}
	return s
}
