package query

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"warroom/sources"
)

// Lint finds what makes a condition pointless although it can be evaluated: it compares a metric with a number of another
// unit or out of its bounds, joins series whose labels never match, or asks for what excludes itself. The expression must be
// one that [Engine.Check] accepts.
func (e *Engine) Lint(expr string) []*Error {
	tree, err := e.parser.ParseExpr(expr)
	if err != nil {
		return nil
	}
	e.mu.Lock()
	defined := e.defined
	e.mu.Unlock()
	l := linter{expr: expr}
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error { l.visit(n, defined); return nil })
	return l.found
}

type linter struct {
	expr  string
	found []*Error
}

func (l *linter) report(n parser.Node, format string, args ...any) {
	c := checker{expr: l.expr}
	c.fail(n.PositionRange(), format, args...)
	if e, ok := c.err.(*Error); ok {
		l.found = append(l.found, e)
	}
}

func (l *linter) visit(n parser.Node, defined definitions) {
	switch n := n.(type) {
	case *parser.VectorSelector:
		l.matchers(n)
	case *parser.BinaryExpr:
		if n.Op.IsComparisonOperator() {
			l.bounds(n)
		}
		if n.VectorMatching != nil && !names(n, defined) {
			l.matching(n)
		}
		if n.Op == parser.LAND {
			l.excluded(n)
		}
	}
}

// names tells whether an expression uses a definition.
func names(n parser.Node, defined definitions) bool {
	found := false
	parser.Inspect(n, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok {
			_, is := defined[v.Name]
			found = found || is
		}
		return nil
	})
	return found
}

// matchers looks for values of labels that cannot be.
func (l *linter) matchers(n *parser.VectorSelector) {
	if n.Name != markActive {
		return
	}
	for _, m := range n.LabelMatchers {
		if m.Name == "kind" && m.Type == labels.MatchEqual && !slices.Contains(sources.MarkKinds, m.Value) {
			l.report(n, "no mark is of kind %q%s (known: %s)", m.Value, hint(m.Value, sources.MarkKinds), strings.Join(sources.MarkKinds, ", "))
		}
	}
}

// bounds holds a number that one metric is compared with against what the metric can be.
func (l *linter) bounds(n *parser.BinaryExpr) {
	number, ok := bared(n.RHS).(*parser.NumberLiteral)
	unit := unitOf(n.LHS)
	if !ok || unit == "" {
		return
	}
	m, x := metricOf(n.LHS), number.Val
	below := n.Op == parser.LSS || n.Op == parser.LTE
	switch {
	case unit == sources.Ratio && x > 1 && (m != "room_api_budget_ratio" || below):
		l.report(n, "%s is a ratio from 0 to 1 and never %s %s; did you mean %s (%s %%)?", m, n.Op, short(x), short(x/100), short(x))
	case unit == sources.Flag && (x > 1 || x < 0 || x != math.Trunc(x) && n.Op == parser.EQLC):
		l.report(n, "%s is 0 or 1 and never %s %s", m, n.Op, short(x))
	case signed(m):
	case below && (x < 0 || x == 0 && n.Op == parser.LSS):
		l.report(n, "%s is never negative, so this can never hold", m)
	case unit == sources.Seconds && x >= 100 && !longLived(m):
		l.report(n, "%s is in seconds: %s is more than a minute and a half; did you mean %s?", m, short(x), short(x/1000))
	}
}

// signed tells whether a metric may be negative.
func signed(metric string) bool { return metric == launchSeconds || strings.HasSuffix(metric, "_days") }

// longLived tells whether a metric counts more seconds than an answer takes.
func longLived(metric string) bool { return strings.HasSuffix(metric, "_age_seconds") }

func short(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }

// metricOf is the one metric that an expression reads.
func metricOf(e parser.Expr) string {
	name := ""
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok {
			name = v.Name
		}
		return nil
	})
	return name
}

// matching looks for two sides whose labels never match.
func (l *linter) matching(n *parser.BinaryExpr) {
	left, right, by := shapeOf(n.LHS), shapeOf(n.RHS), n.VectorMatching
	if left.scalar || right.scalar || left.vague || right.vague || n.Op == parser.LOR {
		return
	}
	compared := func(s Shape) []string {
		return s.only(func(label string) bool { return slices.Contains(by.MatchingLabels, label) == by.On }).Labels
	}
	if a, b := compared(left), compared(right); !slices.Equal(a, b) {
		l.report(n, "the two sides never match: the left one is told apart by %s, the right one by %s; say on which labels they meet, as in: %s on(site) …, or %s on() …",
			listed(a), listed(b), n.Op, n.Op)
	}
}

func listed(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, " and ")
}

// excluded looks for comparisons of one and the same expression that cannot hold together.
func (l *linter) excluded(n *parser.BinaryExpr) {
	low, high := map[string]float64{}, map[string]float64{}
	var gather func(e parser.Expr)
	gather = func(e parser.Expr) {
		b, ok := bared(e).(*parser.BinaryExpr)
		if !ok {
			return
		}
		if b.Op == parser.LAND {
			gather(b.LHS)
			gather(b.RHS)
			return
		}
		number, ok := bared(b.RHS).(*parser.NumberLiteral)
		if !ok || b.ReturnBool {
			return
		}
		what := b.LHS.String()
		switch b.Op {
		case parser.GTR, parser.GTE:
			if old, ok := low[what]; !ok || number.Val > old {
				low[what] = number.Val
			}
		case parser.LSS, parser.LTE:
			if old, ok := high[what]; !ok || number.Val < old {
				high[what] = number.Val
			}
		}
	}
	gather(n)
	for what, least := range low {
		if most, ok := high[what]; ok && most < least {
			l.report(n, "this can never hold: %s would have to be above %s and below %s at once", what, short(least), short(most))
		}
	}
}
