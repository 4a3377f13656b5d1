package query

import (
	"github.com/prometheus/prometheus/promql/parser"

	"warroom/sources"
)

// Bound is what a condition compares with, as far as its words say it plainly.
type Bound struct {
	Unit   sources.Unit // of the condition's value, "" where it is none of the catalogue's
	Metric string       // what is held against the limit, "" where that is more than one metric
	Limit  float64      // in the metric's unit; only where Known
	Known  bool         // there is one number that one metric is held against
	Above  bool         // too much is the case above the limit, else below it
}

// BoundOf reads a condition such as "alb_error_ratio > 0.01", for a chart that draws its line and a value that wants its
// unit. Of a text that is no condition it knows nothing.
func BoundOf(expr string) Bound {
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return Bound{}
	}
	var b Bound
	if first := comparison(tree); first != nil {
		b.Unit = unitOf(first.LHS)
	}
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		if c, ok := n.(*parser.BinaryExpr); ok && c.Op.IsComparisonOperator() && !b.Known {
			b.against(c)
		}
		return nil
	})
	return b
}

// against takes the limit of a comparison of one metric with a number.
func (b *Bound) against(c *parser.BinaryExpr) {
	limit, ok := constant(c.RHS)
	if !ok || unitOf(c.LHS) == "" {
		return
	}
	parser.Inspect(c.LHS, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			b.Metric = s.Name
		}
		return nil
	})
	b.Limit, b.Known, b.Above = limit, true, c.Op == parser.GTR || c.Op == parser.GTE
}
