package query

import (
	"slices"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"warroom/sources"
)

// guard is a part of an expression without which it comes to nothing: a metric compared with a number, all by itself or
// joined to the rest by "and". It is looked at without the engine, which an alert that is quiet would cost each minute.
type guard struct {
	selector
	op     parser.ItemType
	number float64
}

// guardsOf are the guards of an expression by the alternatives that it is made of with "or": of each, all must pass.
func (e *Engine) guardsOf(tree parser.Expr) [][]guard {
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
	if g, ok := newGuard(b); ok {
		return [][]guard{{g}}
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

func newGuard(b *parser.BinaryExpr) (guard, bool) {
	v, ok := bared(b.LHS).(*parser.VectorSelector)
	number, constant := bared(b.RHS).(*parser.NumberLiteral)
	if !ok || !constant || !b.Op.IsComparisonOperator() || b.ReturnBool || v.OriginalOffset != 0 {
		return guard{}, false
	}
	m, known := sources.Lookup(v.Name)
	if !known || made(m.Name) || m.Period != time.Minute {
		return guard{}, false
	}
	return guard{selector{metric: m, own: withoutSite(v.LabelMatchers)}, b.Op, number.Val}, true
}

// barred tells whether guards keep an expression from coming to anything at a time.
func (e *Engine) barred(p *plan, v *sources.View, at time.Time, o Options) bool {
	fails := func(g guard) bool { return !e.passes(g, v, at, o) }
	for _, alternative := range p.guards {
		if !slices.ContainsFunc(alternative, fails) {
			return false
		}
	}
	return len(p.guards) > 0
}

// passes tells whether any series of the guard is as asked. The site is not asked for: a series too many costs a look.
func (e *Engine) passes(g guard, v *sources.View, at time.Time, o Options) bool {
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
