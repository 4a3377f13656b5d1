package query

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"warroom/sources"
)

// definition is an expression that has got a name.
type definition struct {
	expr   parser.Expr
	labels []string // further ones of the metrics that it reads
	shape  Shape
}

var definable = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*(:[a-zA-Z0-9_]+)+$`)

// Bounds of expressions, far above what people write: names that stand for names grow fast.
const (
	exprMost     = 8 << 10  // bytes of one as it is written
	expandedMost = 64 << 10 // bytes of the expressions that are put in the place of names in it
)

// Define gives an expression a name, which must have a colon in it, as Prometheus' recording rules have by custom. From then
// on other expressions may use it like a metric: it stands for its expression, evaluated where it is used, so nothing is
// kept and nothing is late. A range over it evaluates it each minute. A number becomes a series without labels. The error is
// an [*Error] of the expression, or says what is wrong with the name.
func (e *Engine) Define(name, expr string) error {
	if !definable.MatchString(name) {
		return fmt.Errorf("%q cannot be recorded: want a name with a colon in it, such as origin:error_budget_burn:5m", name)
	}
	for _, prefix := range sources.Prefixes {
		if strings.HasPrefix(name, prefix) {
			return fmt.Errorf("%q cannot be recorded: what begins with %s is made of the metric behind it", name, prefix)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, known := e.defined[name]; known {
		return fmt.Errorf("%s is recorded twice", name)
	}
	p := e.newPlan(expr)
	if p.err != nil {
		return p.err
	}
	if p.tree.Type() == parser.ValueTypeScalar {
		p.tree = &parser.Call{Func: parser.Functions["vector"], Args: parser.Expressions{p.tree}}
	}
	e.defined[name] = definition{expr: p.tree, labels: p.labels, shape: shapeOf(p.tree)}
	clear(e.plans)
	return nil
}

// definitions are named expressions, none of which reads another one any more.
type definitions map[string]definition

// expansion puts the expressions in the place of their names.
type expansion struct {
	definitions
	left int // so many bytes more may come of it
}

var errTooLong = fmt.Errorf("with what the records in it stand for it is longer than %d KiB", expandedMost>>10)

func (d *expansion) expand(node parser.Expr) (parser.Expr, error) {
	var err error
	put := func(at *parser.Expr) {
		if *at != nil && err == nil {
			*at, err = d.expand(*at)
		}
	}
	switch n := node.(type) {
	case *parser.VectorSelector:
		return d.selector(n)
	case *parser.MatrixSelector:
		return d.matrix(n)
	case *parser.ParenExpr:
		put(&n.Expr)
	case *parser.UnaryExpr:
		put(&n.Expr)
	case *parser.SubqueryExpr:
		put(&n.Expr)
	case *parser.AggregateExpr:
		put(&n.Expr)
		put(&n.Param)
	case *parser.BinaryExpr:
		put(&n.LHS)
		put(&n.RHS)
	case *parser.Call:
		for i := range n.Args {
			put(&n.Args[i])
		}
	}
	return node, err
}

// selector is what stands in the place of a name: as it was an offset ago, where one is asked for.
func (d *expansion) selector(n *parser.VectorSelector) (parser.Expr, error) {
	def, ok := d.definitions[n.Name]
	if !ok {
		return n, nil
	}
	expr, err := d.narrowed(def, n)
	if err != nil || n.OriginalOffset == 0 {
		return expr, err
	}
	past := &parser.SubqueryExpr{Expr: expr, Range: time.Minute, Step: time.Minute, OriginalOffset: n.OriginalOffset}
	return &parser.Call{Func: parser.Functions["last_over_time"], Args: parser.Expressions{past}}, nil
}

func (d *expansion) matrix(n *parser.MatrixSelector) (parser.Expr, error) {
	v, ok := n.VectorSelector.(*parser.VectorSelector)
	if !ok {
		return n, nil
	}
	def, ok := d.definitions[v.Name]
	if !ok {
		return n, nil
	}
	expr, err := d.narrowed(def, v)
	return &parser.SubqueryExpr{Expr: expr, Range: n.Range, Step: time.Minute, OriginalOffset: v.OriginalOffset}, err
}

// narrowed is the expression in parentheses, with what the selector asks of labels asked of every metric in it.
func (d *expansion) narrowed(def definition, n *parser.VectorSelector) (parser.Expr, error) {
	text := def.expr.String()
	if d.left -= len(text); d.left < 0 {
		return nil, errTooLong
	}
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		return nil, syntax(text, err)
	}
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		v, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		m, _ := sources.Lookup(v.Name)
		for _, match := range n.LabelMatchers {
			if match.Name != labelMetric && bears(m, match.Name) {
				v.LabelMatchers = append(v.LabelMatchers, labels.MustNewMatcher(match.Type, match.Name, match.Value))
			}
		}
		return nil
	})
	return &parser.ParenExpr{Expr: tree}, nil
}

// bears tells whether the series of a metric may have a label.
func bears(m sources.Metric, label string) bool {
	switch label {
	case labelResource:
		return m.Service != "launch"
	case labelSite:
		return m.Service != "launch" && m.Service != "room" && m.Service != "source"
	}
	return m.Label == label
}
