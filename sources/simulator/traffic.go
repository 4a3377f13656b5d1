package simulator

// kind is a kind of request.
type kind int

const (
	kindPage   kind = iota // an uncached page
	kindCall               // an uncached call that a page makes
	kindPost               // a submission
	kindStatic             // a file that the edge may hold
	kindBot                // an uncached page, asked for by a machine
	kinds
)

// traffic is a number of requests of each kind.
type traffic [kinds]int64

func (t traffic) sum() (n int64) {
	for _, v := range t {
		n += v
	}
	return n
}

func (t traffic) minus(o traffic) traffic {
	for k := range t {
		t[k] -= o[k]
	}
	return t
}

func (t traffic) plus(o traffic) traffic {
	for k := range t {
		t[k] += o[k]
	}
	return t
}

// share takes each request with the given probability.
func (t traffic) share(d draw, probability float64) (taken traffic) {
	for k, n := range t {
		taken[k] = d.binomial(n, probability)
	}
	return taken
}

// cost is the processor time of a request of each kind, in that of an uncached page.
var cost = [kinds]float64{kindPage: 1, kindCall: 0.6, kindPost: 1.6, kindStatic: 0.08, kindBot: 0.9}

func (t traffic) units() (u float64) {
	for k, n := range t {
		u += float64(n) * cost[k]
	}
	return u
}

// outcome is what became of the requests that reached the load balancer in one second.
type outcome struct {
	arrived  traffic
	failed   traffic // those that ended in a 5xx, whoever made it
	rejected int64   // connections that the balancer itself refused
	invalid  int64   // submissions refused for a mistake in them, a part of status[4]

	requests               int64 // a target was chosen
	elb502, elb503, elb504 int64
	status                 [6]int64 // of the targets, by first digit
	status500, status503   int64    // parts of status[5]
	status404              int64    // a part of status[4]
	connectionErrors       int64

	latency float64 // mean seconds of an uncached answer
	slow    float64 // share of the uncached answers that took longer than people wait
	held    float64 // requests in work or waiting at the end of the second
}

// errors counts the answers that viewers see as a 5xx.
func (o *outcome) errors() int64 {
	return o.status[5] + o.elb502 + o.elb503 + o.elb504 + o.rejected
}

func (o *outcome) add(p outcome) {
	o.arrived = o.arrived.plus(p.arrived)
	o.failed = o.failed.plus(p.failed)
	o.rejected += p.rejected
	o.invalid += p.invalid
	o.requests += p.requests
	o.elb502 += p.elb502
	o.elb503 += p.elb503
	o.elb504 += p.elb504
	for i := range o.status {
		o.status[i] += p.status[i]
	}
	o.status500 += p.status500
	o.status503 += p.status503
	o.status404 += p.status404
	o.connectionErrors += p.connectionErrors
	o.held += p.held
}

// latencyPoints spread the answers of one second over a log-normal distribution (σ = 0.55 in the time of
// work), at points that carry the given share of all.
var latencyPoints = [...]struct{ share, work, wait float64 }{
	{0.10, 0.351, 0.70}, {0.10, 0.489, 0.76}, {0.10, 0.591, 0.82}, {0.10, 0.696, 0.88}, {0.10, 0.803, 0.94},
	{0.10, 0.921, 1.00}, {0.10, 1.063, 1.06}, {0.10, 1.246, 1.12}, {0.10, 1.520, 1.18},
	{0.05, 1.898, 1.22}, {0.03, 2.371, 1.26}, {0.015, 2.942, 1.30}, {0.005, 4.108, 1.35},
}

// spread gives n answers of a mean work time behind a wait to add, point by point. offset, 0 to 1,
// decides which points the few get when n is small.
func spread(n int64, work, wait, offset float64, add func(seconds float64, n int64)) {
	before, sum := int64(0), offset
	for i, p := range latencyPoints {
		sum += float64(n) * p.share
		upTo := min(int64(sum), n)
		if i == len(latencyPoints)-1 {
			upTo = n
		}
		if k := upTo - before; k > 0 {
			add(work*p.work+wait*p.wait, k)
		}
		before = upTo
	}
}

// beyond is the share of answers that take longer than limit.
func beyond(limit, work, wait float64) (share float64) {
	for _, p := range latencyPoints {
		if work*p.work+wait*p.wait > limit {
			share += p.share
		}
	}
	return min(share, 1)
}
