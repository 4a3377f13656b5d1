package query

import (
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"warroom/sources"
)

// weighed is a comparison of what two sides come to for the same resource.
type weighed struct {
	left, right *arithmetic
	op          parser.ItemType
	of          *sources.Metric // one without which there is nothing to compare
	exact       bool            // both sides come to what they do in the engine, to the last bit
}

// newWeighed makes a guard of a comparison that matches its sides by all of their labels, and reads one service, whose
// series of one resource all bear the same.
func newWeighed(b *parser.BinaryExpr) guard {
	left, right := newArithmetic(b.LHS), newArithmetic(b.RHS)
	if left == nil || right == nil || left.fills() || right.fills() || !byAllLabels(b) {
		return nil
	}
	read := right.reads(left.reads(nil))
	if len(read) == 0 || slices.ContainsFunc(read, func(m *sources.Metric) bool { return m.Service != read[0].Service }) {
		return nil
	}
	return &weighed{left, right, b.Op, read[0], left.plain() && right.plain()}
}

func (g *weighed) passes(_ *Engine, v *sources.View, at time.Time, o Options) bool {
	for _, s := range v.Of(g.of.Name) {
		if s.Label != "" {
			return true // it bears what its metric does not have
		}
		left, ok := g.left.over(v, s.Resource, at.Add(-time.Minute), 1, o)
		if ok && !left[0].ok {
			continue
		}
		right, ok2 := g.right.over(v, s.Resource, at.Add(-time.Minute), 1, o)
		if !ok || !ok2 || g.may(left[0], right[0]) {
			return true
		}
	}
	return false
}

func (g *weighed) may(a, b value) bool {
	if g.exact {
		return a.ok && b.ok && compares(a.v, g.op, b.v)
	}
	return a.may(g.op, b)
}

// near is how close to each other, as a share, two values may be equal or not.
const near = 1e-9

// may tells whether a comparison may hold: what is no number, or too close to tell, may be anything.
func (a value) may(op parser.ItemType, b value) bool {
	if !a.ok || !b.ok {
		return false
	}
	distance := math.Abs(a.v - b.v)
	apart := distance > near*max(math.Abs(a.v), math.Abs(b.v)) && !math.IsInf(distance, 0)
	return !apart || compares(a.v, op, b.v)
}
