package query

import (
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"warroom/sources"
)

// arithmetic is a formula that only adds, subtracts, multiplies, divides and fills gaps among metrics of the same
// resource. Most of the catalogue's are. It comes to exactly what the engine does, which a test holds it to,
// without what the engine costs to start: a screen asks each second.
type arithmetic struct {
	op          parser.ItemType // 0 for a leaf
	left, right *arithmetic
	metric      *sources.Metric // of a leaf, nil for a number
	number      float64
}

// newArithmetic reads a formula; nil means that it needs the engine.
func newArithmetic(e parser.Expr) *arithmetic {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return newArithmetic(e.Expr)
	case *parser.NumberLiteral:
		return &arithmetic{number: e.Val}
	case *parser.VectorSelector:
		m, known := sources.Lookup(e.Name)
		if !known || m.Label != "" || m.Period != time.Minute || made(m.Name) || len(e.LabelMatchers) != 1 || e.OriginalOffset != 0 || e.Timestamp != nil || e.StartOrEnd != 0 {
			return nil
		}
		return &arithmetic{metric: &m}
	case *parser.BinaryExpr:
		m := e.VectorMatching
		if m != nil && (m.On || len(m.MatchingLabels)+len(m.Include) > 0) {
			return nil
		}
		switch e.Op {
		case parser.ADD, parser.SUB, parser.MUL, parser.DIV, parser.LOR:
		default:
			return nil
		}
		left, right := newArithmetic(e.LHS), newArithmetic(e.RHS)
		if left == nil || right == nil {
			return nil
		}
		return &arithmetic{op: e.Op, left: left, right: right}
	}
	return nil
}

// value is what a formula comes to in one period, if it comes to anything.
type value struct {
	v  float64
	ok bool
}

// over evaluates the formula for one resource at the end of each of n minutes from first on. It reports false
// where only the engine can: the series bear labels that their metrics do not have.
func (a *arithmetic) over(v *sources.View, resource string, first time.Time, n int) ([]value, bool) {
	out := make([]value, n)
	if a.op == 0 {
		return out, a.read(out, v, resource, first)
	}
	left, ok1 := a.left.over(v, resource, first, n)
	right, ok2 := a.right.over(v, resource, first, n)
	for i := range out {
		out[i] = combine(a.op, left[i], right[i])
	}
	return out, ok1 && ok2
}

func combine(op parser.ItemType, a, b value) value {
	if op == parser.LOR {
		if a.ok {
			return a
		}
		return b
	}
	if !a.ok || !b.ok {
		return value{}
	}
	switch op {
	case parser.ADD:
		return value{a.v + b.v, true}
	case parser.SUB:
		return value{a.v - b.v, true}
	case parser.MUL:
		return value{a.v * b.v, true}
	}
	return value{a.v / b.v, true}
}

// read fills in a leaf: a number, or what the engine would find of a metric at the end of each minute, which is
// the newest period that ended in it.
func (a *arithmetic) read(out []value, v *sources.View, resource string, first time.Time) bool {
	if a.metric == nil {
		for i := range out {
			out[i] = value{a.number, true}
		}
		return true
	}
	for _, s := range v.Of(a.metric.Name) {
		if s.Resource == resource && s.Label != "" {
			return false
		}
	}
	var room [8]sources.Point
	series := sources.Series{Metric: a.metric.Name, Resource: resource}
	before := first.Add(time.Millisecond - time.Minute)
	for _, p := range v.Points(room[:0], series, before, first.Add(time.Duration(len(out)-1)*time.Minute+time.Millisecond)) {
		if x, ok := reading(*a.metric, p, true); ok {
			out[int(p.At.Sub(before)/time.Minute)] = value{x, true}
		}
	}
	return true
}
