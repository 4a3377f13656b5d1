package simulator

import "math"

// add takes a second's level into the gauge. Until done is called, Mean holds the sum.
func (g *Gauge) add(v float64) {
	if math.IsNaN(v) {
		return
	}
	g.Mean += v
	g.Min = min(g.Min, v)
	g.Max = max(g.Max, v)
	g.n++
	g.last = v
}

// begin makes the gauge ready for a minute.
func (g *Gauge) begin() { *g = Gauge{Min: math.Inf(1), Max: math.Inf(-1)} }

// done turns the sum into the mean. A gauge that was never read is zero.
func (g *Gauge) done() {
	if g.n == 0 {
		*g = Gauge{}
		return
	}
	g.Mean /= float64(g.n)
	g.n, g.last = 0, 0
}
