package query

import (
	"slices"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"warroom/sources"
)

// Shape is what is known of an expression's results without evaluating it.
type Shape struct {
	// Service is that of the resource that each result is about, "" where results are about none.
	Service string
	// Labels are those of each result beside the site, sorted.
	Labels []string

	scalar bool // a number without labels
	vague  bool // the labels depend on the data
}

// Open tells whether results may have labels that are not known beforehand.
func (s Shape) Open() bool { return s.vague }

// Shape tells what the results of an expression are about.
func (e *Engine) Shape(expr string) (Shape, error) {
	p, err := e.plan(expr)
	if err != nil {
		return Shape{}, err
	}
	return shapeOf(p.tree), nil
}

// Lag is how long after the end of a period the slowest of the metrics that an expression names has settled for it.
func (e *Engine) Lag(expr string) (time.Duration, error) {
	p, err := e.plan(expr)
	if err != nil {
		return 0, err
	}
	var lag time.Duration
	for _, s := range p.selectors {
		lag = max(lag, s.metric.Settle)
	}
	return lag, nil
}

func shapeOf(e parser.Expr) Shape {
	switch n := e.(type) {
	case *parser.VectorSelector:
		return selectorShape(n)
	case *parser.MatrixSelector:
		return shapeOf(n.VectorSelector)
	case *parser.ParenExpr:
		return shapeOf(n.Expr)
	case *parser.UnaryExpr:
		return shapeOf(n.Expr)
	case *parser.SubqueryExpr:
		return shapeOf(n.Expr)
	case *parser.StepInvariantExpr:
		return shapeOf(n.Expr)
	case *parser.AggregateExpr:
		return aggregateShape(n)
	case *parser.Call:
		return callShape(n)
	case *parser.BinaryExpr:
		return binaryShape(n)
	}
	return Shape{scalar: true}
}

func selectorShape(n *parser.VectorSelector) Shape {
	m, _ := sources.Lookup(n.Name)
	var s Shape
	if bears(m, labelResource) {
		s.Labels, s.Service = append(s.Labels, labelResource), m.Service
	}
	if m.Label != "" {
		s.Labels = append(s.Labels, m.Label)
	}
	slices.Sort(s.Labels)
	return s
}

func aggregateShape(n *parser.AggregateExpr) Shape {
	s := shapeOf(n.Expr)
	switch n.Op {
	case parser.TOPK, parser.BOTTOMK, parser.LIMITK, parser.LIMIT_RATIO:
		return s
	case parser.COUNT_VALUES:
		s.vague = true // it makes a label of its own
	}
	return s.only(func(label string) bool { return slices.Contains(n.Grouping, label) != n.Without })
}

func callShape(n *parser.Call) Shape {
	switch n.Func.Name {
	case "absent", "absent_over_time", "label_join", "label_replace":
		s := Shape{vague: true}
		if n.Func.Name[0] == 'l' {
			s = shapeOf(n.Args[0])
			s.vague = true
		}
		return s
	case "vector":
		return Shape{}
	}
	if n.Func.ReturnType == parser.ValueTypeScalar {
		return Shape{scalar: true}
	}
	for _, arg := range n.Args {
		if t := arg.Type(); t == parser.ValueTypeVector || t == parser.ValueTypeMatrix {
			return shapeOf(arg)
		}
	}
	return Shape{}
}

func binaryShape(n *parser.BinaryExpr) Shape {
	left, right := shapeOf(n.LHS), shapeOf(n.RHS)
	switch {
	case left.scalar:
		return right
	case right.scalar || n.Op.IsSetOperator() || n.VectorMatching == nil:
		return left
	case n.VectorMatching.Card == parser.CardManyToOne:
		return left.with(n.VectorMatching.Include)
	case n.VectorMatching.Card == parser.CardOneToMany:
		return right.with(n.VectorMatching.Include)
	}
	return left.only(func(label string) bool {
		return slices.Contains(n.VectorMatching.MatchingLabels, label) == n.VectorMatching.On
	})
}

// with is the shape with further labels.
func (s Shape) with(names []string) Shape {
	s.Labels = slices.Concat(s.Labels, names)
	slices.Sort(s.Labels)
	s.Labels = slices.Compact(s.Labels)
	return s
}

// only is the shape with those of its labels that are kept.
func (s Shape) only(kept func(label string) bool) Shape {
	s.Labels = slices.DeleteFunc(slices.Clone(s.Labels), func(label string) bool { return !kept(label) })
	if !slices.Contains(s.Labels, labelResource) {
		s.Service = ""
	}
	return s
}
