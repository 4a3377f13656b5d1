package query

import (
	"regexp"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"warroom/sources"
)

// aged is the age of series, or the least or the greatest one of any groups of them, compared with a number.
type aged struct {
	selector
	among  []sources.Metric // those of which the selector asks the age
	op     parser.ItemType
	number float64
}

func newAged(b *parser.BinaryExpr) guard {
	number, ok := constant(b.RHS)
	v := oneOf(b.LHS)
	if !ok || v == nil || v.Name != seriesAge || !unmoved(v) {
		return nil
	}
	g := &aged{op: b.Op, number: number}
	g.metric, _ = sources.Lookup(v.Name)
	g.own = withoutSite(v.LabelMatchers)
	for _, m := range sources.Metrics() {
		if !m.Derived() && !slices.ContainsFunc(g.own, func(by *labels.Matcher) bool { return by.Name == g.metric.Label && !by.Matches(m.Name) }) {
			g.among = append(g.among, m)
		}
	}
	return g
}

// oneOf is the selector of which an expression, where it comes to something, has the value of one of its elements; nil where
// it is none such.
func oneOf(e parser.Expr) *parser.VectorSelector {
	switch n := bared(e).(type) {
	case *parser.VectorSelector:
		return n
	case *parser.AggregateExpr:
		if n.Op == parser.MIN || n.Op == parser.MAX {
			return oneOf(n.Expr)
		}
	case *parser.Call:
		if n.Func.Name != "label_replace" {
			return nil
		}
		if of, ok := bared(n.Args[0]).(*parser.VectorSelector); ok && adds(n, of) {
			return of
		}
	}
	return nil
}

var plainLabel = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// adds tells whether a call of label_replace gives elements a label that they do not have: else it may fail, which is the
// engine's to tell.
func adds(call *parser.Call, of *parser.VectorSelector) bool {
	m, _ := sources.Lookup(of.Name)
	name, _ := call.Args[1].(*parser.StringLiteral)
	pattern, _ := call.Args[4].(*parser.StringLiteral)
	if name == nil || pattern == nil || !plainLabel.MatchString(name.Val) || name.Val == labelMetric || bears(m, name.Val) {
		return false
	}
	_, err := regexp.Compile(pattern.Val)
	return err == nil
}

// passes looks at each series by itself: the age of a metric is that of its youngest.
func (g *aged) passes(e *Engine, v *sources.View, at time.Time, o Options) bool {
	if len(v.Of(seriesAge)) > 0 {
		return true // somebody has recorded it
	}
	q := querier{queryable: &queryable{e, v, o}}
	for _, m := range g.among {
		all := v.Of(m.Name)
		for i, s := range all {
			age, ok := q.age(m, all[i:i+1], at)
			if ok && compares(age, g.op, g.number) && e.selects(&g.selector, sources.Series{Metric: seriesAge, Resource: s.Resource, Label: m.Name}) {
				return true
			}
		}
	}
	return false
}
