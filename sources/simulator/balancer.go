package simulator

import "math"

// balancer is the Application Load Balancer in front of the groups. Its own capacity grows behind the
// traffic; what comes faster than that is rejected.
type balancer struct {
	spec    BalancerSpec
	booking booking
	fixed   *FixedResponse // what it answers itself, nil while it forwards
	weights []int
	carries float64 // requests per second that its nodes can take now
	perLCU  float64 // requests per second that one capacity unit has lately been good for
}

const (
	balancerGrowth  = 1.0 / 150 // per second: it follows a rising load with a lag of some minutes
	balancerPace    = 0.003     // per second of what it carries: some four minutes to double
	balancerHead    = 2.2       // times the load that it keeps ready
	requestsPerConn = 14        // on a connection that the edge keeps open
)

// admit takes what the nodes can carry and rejects the rest.
func (b *balancer) admit(d draw, t traffic, now int64) (admitted traffic, rejected traffic) {
	offered := float64(t.sum())
	if offered > b.carries {
		rejected = t.share(d, 1-b.carries/offered)
	}
	floor := max(b.spec.Ease, b.booking.total(now)*b.perLCU)
	wanted := max(offered*balancerHead, floor)
	b.carries += min((wanted-b.carries)*balancerGrowth, b.carries*balancerPace)
	b.carries = max(b.carries, floor)
	return t.minus(rejected), rejected
}

// turnAway takes what the listener answers itself: everything, or nothing.
func (b *balancer) turnAway(t traffic) (admitted, turned traffic) {
	if b.fixed != nil {
		return traffic{}, t
	}
	return t, traffic{}
}

// divide gives each group its share by weight. At least one weight is above zero.
func (b *balancer) divide(d draw, t traffic, into []traffic) {
	left := 0
	for _, w := range b.weights {
		left += w
	}
	for i := range into {
		into[i] = traffic{}
		if left > 0 {
			into[i] = t.share(d, float64(b.weights[i])/float64(left))
			t = t.minus(into[i])
			left -= b.weights[i]
		}
	}
}

// measure adds a second to the minute.
func (b *balancer) measure(d draw, m *Balancer, page Page, o outcome) {
	m.Arrived += o.arrived.sum() + o.rejected
	m.Requests += o.requests
	m.ELB502 += o.elb502
	m.ELB503 += o.elb503
	m.ELB504 += o.elb504
	m.ELB5xx += o.elb502 + o.elb503 + o.elb504
	m.Target2xx += o.status[2]
	m.Target3xx += o.status[3]
	m.Target4xx += o.status[4]
	m.Target5xx += o.status[5]
	m.TargetConnectionErrors += o.connectionErrors
	m.Rejected += o.rejected

	all := float64(o.requests + o.elb503)
	opened := d.poisson(all/requestsPerConn + o.held*0.02)
	m.NewConnections += opened
	active := o.held + all/requestsPerConn*20
	m.ActiveConnections.add(math.Round(active))
	files := float64(o.arrived[kindStatic])
	bytes := int64(files*page.StaticBytes + float64(o.arrived.sum())*requestBytes + (float64(o.arrived.sum())-files)*page.PageBytes)
	m.ProcessedBytes += bytes
	lcu := max(float64(opened)/25, active/3000, float64(bytes)*3600/1e9)
	if lcu > 0 {
		b.perLCU = float64(o.arrived.sum()) / lcu
	}
	m.LCU += lcu / 60
	m.PeakLCU = max(m.PeakLCU, lcu)
}
