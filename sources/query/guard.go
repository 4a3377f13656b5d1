package query

import (
	"slices"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"warroom/sources"
)

// guard is a comparison without which an expression comes to nothing: it stands all by itself or is joined to the rest by
// "and". It is looked at without the engine, which an alert that is quiet would cost each minute.
type guard interface {
	// passes tells whether the comparison may hold for anything at a time. It may be wrong by saying yes only.
	passes(e *Engine, v *sources.View, at time.Time, o Options) bool
}

// guardsOf are the guards of an expression by the alternatives that it is made of with "or": of each, all must pass.
func (e *Engine) guardsOf(tree parser.Expr) [][]guard {
	if of, ok := bared(tree).(*parser.AggregateExpr); ok && of.Param == nil {
		return e.guardsOf(of.Expr) // of nothing it makes nothing; a parameter may be wrong all the same
	}
	b, ok := bared(tree).(*parser.BinaryExpr)
	switch {
	case !ok:
		return [][]guard{nil}
	case b.Op == parser.LOR:
		return append(e.guardsOf(b.LHS), e.guardsOf(b.RHS)...)
	case b.Op == parser.LAND:
		return both(e.guardsOf(b.LHS), e.guardsOf(b.RHS))
	case b.Op == parser.LUNLESS:
		return e.guardsOf(b.LHS)
	}
	if g := newGuard(b); g != nil {
		return [][]guard{{g}}
	}
	if _, number := constant(b.RHS); number && b.Op.IsComparisonOperator() && !b.ReturnBool {
		return e.guardsOf(b.LHS)
	}
	return [][]guard{nil}
}

// alternativesMost bounds what "and" between many "or" would multiply to.
const alternativesMost = 8

func both(a, b [][]guard) [][]guard {
	if len(a)*len(b) > alternativesMost {
		return a
	}
	var all [][]guard
	for _, x := range a {
		for _, y := range b {
			all = append(all, slices.Concat(x, y))
		}
	}
	return all
}

// newGuard makes a guard of a comparison, nil of one that only the engine understands.
func newGuard(b *parser.BinaryExpr) guard {
	if !b.Op.IsComparisonOperator() || b.ReturnBool {
		return nil
	}
	if g := newBounded(b); g != nil {
		return g
	}
	if g := newTimed(b); g != nil {
		return g
	}
	if g := newAged(b); g != nil {
		return g
	}
	if g := newWeighed(b); g != nil {
		return g
	}
	return nil
}

// barred tells whether guards keep an expression from coming to anything at a time.
func (e *Engine) barred(p *plan, v *sources.View, at time.Time, o Options) bool {
	fails := func(g guard) bool { return !g.passes(e, v, at, o) }
	for _, alternative := range p.guards {
		if !slices.ContainsFunc(alternative, fails) {
			return false
		}
	}
	return len(p.guards) > 0
}

// bounded is a metric, of certain labels, compared with a number.
type bounded struct {
	selector
	op     parser.ItemType
	number float64
}

func newBounded(b *parser.BinaryExpr) guard {
	v, ok := bared(b.LHS).(*parser.VectorSelector)
	number, constant := bared(b.RHS).(*parser.NumberLiteral)
	if !ok || !constant || !unmoved(v) {
		return nil
	}
	m, known := sources.Lookup(v.Name)
	if !known || made(m.Name) || m.Period != time.Minute {
		return nil
	}
	return &bounded{selector{metric: m, own: withoutSite(v.LabelMatchers)}, b.Op, number.Val}
}

// unmoved tells whether a selector asks for the time of the evaluation.
func unmoved(v *parser.VectorSelector) bool {
	return v.OriginalOffset == 0 && v.Timestamp == nil && v.StartOrEnd == 0
}

// passes does not ask for the site: a series too many costs a look.
func (g *bounded) passes(e *Engine, v *sources.View, at time.Time, o Options) bool {
	for _, s := range v.Of(g.metric.Name) {
		if !e.selects(&g.selector, s) {
			continue
		}
		if value, ok := valueAt(v, g.metric, s, at, o.Provisional); ok && compares(value, g.op, g.number) {
			return true
		}
	}
	return false
}

// timed is the time since T0 compared with a number.
type timed struct {
	op     parser.ItemType
	number float64
}

func newTimed(b *parser.BinaryExpr) guard {
	v, ok := bared(b.LHS).(*parser.VectorSelector)
	number, constant := constant(b.RHS)
	if !ok || !constant || !unmoved(v) || v.Name != launchSeconds || len(v.LabelMatchers) != 1 {
		return nil
	}
	return &timed{b.Op, number}
}

func (g *timed) passes(_ *Engine, v *sources.View, at time.Time, o Options) bool {
	if len(v.Of(launchSeconds)) > 0 {
		return true // somebody has recorded it
	}
	return o.Launch != nil && !o.Launch.T0.IsZero() && (value{at.Sub(o.Launch.T0).Seconds(), true}).may(g.op, value{g.number, true})
}

func compares(a float64, op parser.ItemType, b float64) bool {
	switch op {
	case parser.GTR:
		return a > b
	case parser.GTE:
		return a >= b
	case parser.LSS:
		return a < b
	case parser.LTE:
		return a <= b
	case parser.EQLC:
		return a == b
	case parser.NEQ:
		return a != b
	}
	return true
}
