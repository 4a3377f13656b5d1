package query

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"warroom/sources"
)

// Lint finds what makes a condition pointless although it can be evaluated: it compares a metric with a number of another
// unit or out of its bounds, or with a metric of another unit, or a number with a number; it joins series whose labels never
// match, or asks for what excludes itself. The expression must be one that [Engine.Check] accepts.
func (e *Engine) Lint(expr string) []*Error { return e.lint(expr, false) }

// LintCondition is [Engine.Lint] for what fires an alert, which a comparison with bool always would.
func (e *Engine) LintCondition(expr string) []*Error { return e.lint(expr, true) }

func (e *Engine) lint(expr string, fires bool) []*Error {
	tree, err := e.parser.ParseExpr(expr)
	if err != nil {
		return nil
	}
	e.mu.Lock()
	defined := maps.Clone(e.defined)
	e.mu.Unlock()
	l := linter{expr: expr}
	if fires {
		l.always(tree)
	}
	l.wherever(tree)
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error { l.visit(n, defined); return nil })
	return l.found
}

type linter struct {
	expr  string
	found []*Error
	told  []parser.Node // that always has told of
}

func (l *linter) report(n parser.Node, format string, args ...any) {
	c := checker{expr: l.expr}
	c.fail(n.PositionRange(), format, args...)
	e, ok := errors.AsType[*Error](c.err)
	if ok && !slices.ContainsFunc(l.found, func(old *Error) bool { return old.Text == e.Text }) {
		l.found = append(l.found, e)
	}
}

func (l *linter) visit(n parser.Node, defined definitions) {
	switch n := n.(type) {
	case *parser.VectorSelector:
		l.matchers(n)
	case *parser.Call:
		l.slope(n)
	case *parser.BinaryExpr:
		if n.Op.IsComparisonOperator() {
			l.fixed(n)
			l.itself(n)
			l.bounds(n)
		}
		l.units(n)
		if n.VectorMatching != nil && !names(n, defined) {
			l.matching(n)
		}
		if n.Op == parser.LAND {
			l.excluded(n)
		}
	}
}

// always looks for comparisons that answer 0 or 1 where nothing is asked of the answer: a condition holds where there is any
// value, so by such a one it always does.
func (l *linter) always(e parser.Expr) {
	b, ok := bared(e).(*parser.BinaryExpr)
	switch {
	case !ok:
	case b.Op.IsComparisonOperator() && b.ReturnBool && number(b.LHS) && number(b.RHS):
		l.told = append(l.told, b)
		l.report(b, "both sides are numbers, and with bool this has a value whether it holds or not: it always fires")
	case b.Op.IsComparisonOperator() && b.ReturnBool:
		l.report(b, "with bool this has a value whether it holds or not, so it always fires: leave bool out")
	case b.Op == parser.LOR:
		l.always(b.LHS)
		l.always(b.RHS)
	case b.Op == parser.LAND:
		l.always(b.LHS)
		l.always(b.RHS)
	case b.Op == parser.LUNLESS:
		l.always(b.LHS)
		if r, ok := bared(b.RHS).(*parser.BinaryExpr); ok && r.Op.IsComparisonOperator() && r.ReturnBool {
			l.report(r, "with bool this has a value whether it holds or not, so nothing is left: leave bool out")
		}
	}
}

// wherever looks for comparisons that hold for whatever value there is, where a condition, or an alternative of it, is nothing
// else. Beside others such a one asks whether there is a value.
func (l *linter) wherever(e parser.Expr) {
	b, ok := bared(e).(*parser.BinaryExpr)
	switch {
	case !ok || b.ReturnBool:
	case b.Op == parser.LOR:
		l.wherever(b.LHS)
		l.wherever(b.RHS)
	case b.Op.IsComparisonOperator():
		left, op, x, ok := compared(b)
		m, sum := measured(left)
		if least, greatest := reach(m, sum); ok && m.Name != "" && never(opposite[op], x, least, greatest) {
			l.report(b, "%s is always %s %s, so this holds wherever there is a value", m.Name, op, short(x))
		}
	}
}

// opposite is the comparison that holds where another one does not.
var opposite = map[parser.ItemType]parser.ItemType{
	parser.GTR: parser.LTE, parser.GTE: parser.LSS, parser.LSS: parser.GTE, parser.LTE: parser.GTR, parser.NEQ: parser.EQLC,
}

// itself looks for what is compared with itself.
func (l *linter) itself(n *parser.BinaryExpr) {
	if number(n.LHS) || bared(n.LHS).String() != bared(n.RHS).String() {
		return
	}
	switch n.Op {
	case parser.GTR, parser.LSS, parser.NEQ:
		l.report(n, "both sides are the same: this never holds")
	default:
		l.report(n, "both sides are the same: this always holds")
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
	for _, m := range n.LabelMatchers {
		switch {
		case m.Type != labels.MatchEqual:
		case n.Name == markActive && m.Name == "kind" && !slices.Contains(sources.MarkKinds, m.Value):
			l.report(n, "no mark is of kind %q%s (known: %s)", m.Value, sources.MeantHint(m.Value, sources.MarkKinds), strings.Join(sources.MarkKinds, ", "))
		case n.Name == seriesAge && m.Name == "metric" && !isMetric(m.Value):
			l.report(n, "no series is of the metric %q%s", m.Value, sources.MeantHint(m.Value, metricNames(false)))
		}
	}
}

// Metrics are those of the catalogue that an expression names, each once, in its own order. Of what is no expression, and of
// definitions, there are none.
func (e *Engine) Metrics(expr string) (all []sources.Metric) {
	tree, err := e.parser.ParseExpr(expr)
	if err != nil {
		return nil
	}
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		v, ok := n.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		if m, known := sources.Lookup(v.Name); known && !slices.ContainsFunc(all, func(o sources.Metric) bool { return o.Name == m.Name }) {
			all = append(all, m)
		}
		return nil
	})
	return all
}

// Wanted is what an expression wants a label of a metric to be.
type Wanted struct{ Metric, Label, Value string }

// Wants lists the labels that an expression wants to be just one thing, in its own order. Of what is no expression, and of
// definitions, nothing.
func (e *Engine) Wants(expr string) (all []Wanted) {
	tree, err := e.parser.ParseExpr(expr)
	if err != nil {
		return nil
	}
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok {
			for _, m := range v.LabelMatchers {
				if m.Type == labels.MatchEqual && m.Name != labelMetric && m.Value != "" {
					all = append(all, Wanted{Metric: v.Name, Label: m.Name, Value: m.Value})
				}
			}
		}
		return nil
	})
	return all
}

func isMetric(name string) bool {
	_, known := sources.Lookup(name)
	return known
}

// slopes are the functions that say how a series goes, by two points of it at the least.
var slopes = []string{"deriv", "predict_linear", "rate", "irate", "increase", "delta", "idelta"}

// counters are those of them that take every fall for a counter that begins anew.
var counters = []string{"rate", "irate", "increase"}

// slope looks for what has too few points to go anywhere, and for what is taken for a counter.
func (l *linter) slope(n *parser.Call) {
	if !slices.Contains(slopes, n.Func.Name) || len(n.Args) == 0 {
		return
	}
	var over time.Duration
	every := time.Minute
	switch r := n.Args[0].(type) {
	case *parser.MatrixSelector:
		over = r.Range
		if v, ok := r.VectorSelector.(*parser.VectorSelector); ok {
			m, _ := sources.Lookup(v.Name)
			every = max(every, m.Period)
		}
	case *parser.SubqueryExpr:
		over, every = r.Range, step(r)
	default:
		return
	}
	switch m, _ := measured(n.Args[0]); {
	case over < 2*every:
		l.report(n, "%s needs two points at the least, and %v holds one: this never has a value", n.Func.Name, over)
	case slices.Contains(counters, n.Func.Name) && m.Name != "":
		l.report(n, "%s is for counters, which only rise, and %s is none: a count is that of its period; for how it goes there is deriv", n.Func.Name, m.Name)
	}
}

// fixed looks for comparisons of numbers alone: no series has a say in them.
func (l *linter) fixed(n *parser.BinaryExpr) {
	a, left := constant(n.LHS)
	b, right := constant(n.RHS)
	switch holds := compares(a, n.Op, b); {
	case !left || !right || slices.Contains(l.told, parser.Node(n)):
	case n.ReturnBool && holds:
		l.report(n, "both sides are numbers, whatever the site does: this is always 1")
	case n.ReturnBool:
		l.report(n, "both sides are numbers, whatever the site does: this is always 0")
	case holds:
		l.report(n, "both sides are numbers, whatever the site does: this always holds")
	default:
		l.report(n, "both sides are numbers, whatever the site does: this never holds")
	}
}

// number tells whether an expression is of numbers alone.
func number(e parser.Expr) bool {
	_, ok := constant(e)
	return ok
}

// otherUnits are what no duration can be compared with, in words. Ratios and flags are left out: they are factors.
var otherUnits = map[sources.Unit]string{
	sources.Count: "a count", sources.Level: "a count", sources.PerSecond: "a rate", sources.Bytes: "in bytes",
}

// units looks for a duration that is compared with, added to or taken from what is none.
func (l *linter) units(n *parser.BinaryExpr) {
	what := map[parser.ItemType]string{parser.ADD: "added up", parser.SUB: "taken from one another"}[n.Op]
	if n.Op.IsComparisonOperator() {
		what = "compared"
	}
	if what == "" {
		return
	}
	lasts, other := quantity(n.LHS), quantity(n.RHS)
	if lasts.Unit != sources.Seconds {
		lasts, other = other, lasts
	}
	is := otherUnits[other.Unit]
	if other.Unit == sources.Ratio && n.Op.IsComparisonOperator() {
		is = "a ratio"
	}
	if lasts.Unit == sources.Seconds && is != "" {
		l.report(n, "%s is in seconds and %s is %s: they cannot be %s", lasts.Name, other.Name, is, what)
	}
}

// quantity is a metric in whose unit an expression comes out; one without a name where that is not known, as of what is
// multiplied.
func quantity(e parser.Expr) sources.Metric {
	b, ok := bared(e).(*parser.BinaryExpr)
	if !ok {
		m, _ := measured(e)
		return m
	}
	left, right := quantity(b.LHS), quantity(b.RHS)
	switch {
	case b.Op == parser.LAND, b.Op == parser.LUNLESS, b.Op.IsComparisonOperator() && !b.ReturnBool:
		return left
	case b.Op != parser.ADD && b.Op != parser.SUB && b.Op != parser.LOR:
		return sources.Metric{}
	case left.Unit == right.Unit, b.Op != parser.LOR && number(b.RHS):
		return left
	case b.Op != parser.LOR && number(b.LHS):
		return right
	}
	return sources.Metric{}
}

// bounds holds a number that one metric is compared with against what the metric can be.
func (l *linter) bounds(n *parser.BinaryExpr) {
	left, op, x, ok := compared(n)
	if !ok {
		return
	}
	if points, counted := most(left); counted && never(op, x, 0, float64(points)) {
		l.report(n, "it comes to %d at the most, one for each minute, and never %s %s", points, op, short(x))
		return
	}
	m, sum := measured(left)
	if m.Name == "" {
		return
	}
	least, greatest := reach(m, sum)
	switch {
	case m.Unit == sources.Ratio && !sum && x > 1 && x <= 100 && (greatest == 1 || op == parser.LSS || op == parser.LTE):
		l.report(n, "%s is a ratio from 0 to 1 and never %s %s; did you mean %s (%s %%)?", m.Name, op, short(x), short(x/100), short(x))
	case m.Unit == sources.Flag && !sum && (never(op, x, least, greatest) || x > 1 || x < 0 || x != math.Trunc(x) && op == parser.EQLC):
		l.report(n, "%s is 0 or 1 and never %s %s", m.Name, op, short(x))
	case never(op, x, least, math.Inf(1)):
		l.report(n, "%s is never negative, so this can never hold", m.Name)
	case never(op, x, least, greatest) || greatest == 1 && x > 1:
		l.report(n, "%s is a ratio from 0 to 1 and never %s %s", m.Name, op, short(x))
	case m.Unit == sources.Seconds && !sum && x >= 100 && !signed(m.Name) && !longLived(m.Name):
		l.report(n, "%s is in seconds: %s is more than a minute and a half; did you mean %s?", m.Name, short(x), short(x/1000))
	}
}

// reach is between what the values of a metric lie, or their sums.
func reach(m sources.Metric, sum bool) (least, greatest float64) {
	least, greatest = math.Inf(-1), math.Inf(1)
	if !signed(m.Name) {
		least = 0
	}
	if !sum && (m.Unit == sources.Flag || m.Unit == sources.Ratio && m.Name != "room_api_budget_ratio") {
		greatest = 1
	}
	return least, greatest
}

// never tells whether nothing between two bounds compares so with a number.
func never(op parser.ItemType, x, least, greatest float64) bool {
	switch op {
	case parser.GTR:
		return x >= greatest
	case parser.GTE:
		return x > greatest
	case parser.LSS:
		return x <= least
	case parser.LTE:
		return x < least
	case parser.EQLC:
		return x < least || x > greatest
	}
	return false
}

// compared is a comparison of something with a number, the number to the right of it.
func compared(n *parser.BinaryExpr) (what parser.Expr, op parser.ItemType, x float64, ok bool) {
	if !n.Op.IsComparisonOperator() {
		return nil, 0, 0, false
	}
	if x, ok := constant(n.RHS); ok {
		_, both := constant(n.LHS)
		return n.LHS, n.Op, x, !both
	}
	if x, ok := constant(n.LHS); ok {
		return n.RHS, turned(n.Op), x, true
	}
	return nil, 0, 0, false
}

// turned is the comparison that says the same with the sides exchanged.
func turned(op parser.ItemType) parser.ItemType {
	switch op {
	case parser.GTR:
		return parser.LSS
	case parser.GTE:
		return parser.LTE
	case parser.LSS:
		return parser.GTR
	case parser.LTE:
		return parser.GTE
	}
	return op
}

// constant is what an expression of numbers alone comes to.
func constant(e parser.Expr) (float64, bool) {
	switch n := bared(e).(type) {
	case *parser.NumberLiteral:
		return n.Val, true
	case *parser.Call:
		if len(n.Args) == 1 && (n.Func.Name == "vector" || n.Func.Name == "scalar") {
			return constant(n.Args[0])
		}
	case *parser.UnaryExpr:
		x, ok := constant(n.Expr)
		if n.Op == parser.SUB {
			x = -x
		}
		return x, ok
	case *parser.BinaryExpr:
		a, ok1 := constant(n.LHS)
		b, ok2 := constant(n.RHS)
		if !ok1 || !ok2 {
			return 0, false
		}
		switch n.Op {
		case parser.ADD:
			return a + b, true
		case parser.SUB:
			return a - b, true
		case parser.MUL:
			return a * b, true
		case parser.DIV:
			return a / b, true
		}
	}
	return 0, false
}

// keeping are the functions whose value is one of, or lies among, those of the series that they are given.
var keeping = []string{
	"avg_over_time", "min_over_time", "max_over_time", "last_over_time", "first_over_time", "quantile_over_time",
	"sort", "sort_desc", "label_replace", "label_join",
}

// measured is the one metric whose values, or with sum their sums, an expression comes to; one without a name where it comes
// to anything else.
func measured(e parser.Expr) (m sources.Metric, sum bool) {
	switch n := bared(e).(type) {
	case *parser.VectorSelector:
		m, _ = sources.Lookup(n.Name)
		return m, false
	case *parser.MatrixSelector:
		return measured(n.VectorSelector)
	case *parser.SubqueryExpr:
		return measured(n.Expr)
	case *parser.AggregateExpr:
		switch n.Op {
		case parser.MIN, parser.MAX, parser.AVG, parser.QUANTILE, parser.TOPK, parser.BOTTOMK:
			return measured(n.Expr)
		case parser.SUM:
			m, _ = measured(n.Expr)
			return m, true
		}
	case *parser.Call:
		series := slices.IndexFunc(n.Args, func(a parser.Expr) bool {
			return a.Type() == parser.ValueTypeVector || a.Type() == parser.ValueTypeMatrix
		})
		switch {
		case series < 0:
		case slices.Contains(keeping, n.Func.Name):
			return measured(n.Args[series])
		case n.Func.Name == "sum_over_time":
			m, _ = measured(n.Args[series])
			return m, true
		}
	}
	return sources.Metric{}, false
}

// most is to how much a count of minutes in a range can come: of those with a value, or of those for which a comparison holds.
func most(e parser.Expr) (int, bool) {
	call, ok := bared(e).(*parser.Call)
	if !ok || len(call.Args) != 1 {
		return 0, false
	}
	counts := call.Func.Name == "count_over_time"
	switch over := call.Args[0].(type) {
	case *parser.MatrixSelector:
		return int(over.Range / time.Minute), counts && over.Range >= time.Minute
	case *parser.SubqueryExpr:
		b, compares := bared(over.Expr).(*parser.BinaryExpr)
		flags := call.Func.Name == "sum_over_time" && compares && b.Op.IsComparisonOperator() && b.ReturnBool
		return int((over.Range + step(over) - 1) / step(over)), counts || flags
	}
	return 0, false
}

// step is how far the points of a range over an expression are from one another.
func step(n *parser.SubqueryExpr) time.Duration {
	if n.Step <= 0 {
		return time.Minute
	}
	return n.Step
}

// signed tells whether a metric may be negative.
func signed(metric string) bool { return metric == launchSeconds || strings.HasSuffix(metric, "_days") }

// longLived tells whether a metric counts more seconds than an answer takes.
func longLived(metric string) bool { return strings.HasSuffix(metric, "_age_seconds") }

func short(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }

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
	between := map[string]*span{}
	var order []string
	var gather func(e parser.Expr)
	gather = func(e parser.Expr) {
		b, ok := bared(e).(*parser.BinaryExpr)
		if !ok {
			return
		}
		if b.Op == parser.LAND {
			gather(b.LHS)
			if by := b.VectorMatching; !by.On && len(by.MatchingLabels) == 0 { // else it may be another series of the name
				gather(b.RHS)
			}
			return
		}
		left, op, x, ok := compared(b)
		if !ok || b.ReturnBool {
			return
		}
		what := left.String()
		if between[what] == nil {
			between[what] = &span{least: math.Inf(-1), greatest: math.Inf(1)}
			order = append(order, what)
		}
		between[what].narrow(op, x)
	}
	gather(n)
	for _, what := range order {
		if s := between[what]; s.empty() {
			l.report(n, "this can never hold: %s would have to be %s %s and %s %s at once", what, above[s.open[0]], short(s.least), below[s.open[1]], short(s.greatest))
		}
	}
}

var (
	above = map[bool]string{true: "above", false: "at least"}
	below = map[bool]string{true: "below", false: "at most"}
)

// span is what lies between two numbers, with or without them.
type span struct {
	least, greatest float64
	open            [2]bool // without the number at that end
}

func (s *span) narrow(op parser.ItemType, x float64) {
	if low := op == parser.GTR || op == parser.GTE || op == parser.EQLC; low && (x > s.least || x == s.least && op == parser.GTR) {
		s.least, s.open[0] = x, op == parser.GTR
	}
	if high := op == parser.LSS || op == parser.LTE || op == parser.EQLC; high && (x < s.greatest || x == s.greatest && op == parser.LSS) {
		s.greatest, s.open[1] = x, op == parser.LSS
	}
}

func (s *span) empty() bool {
	return s.least > s.greatest || s.least == s.greatest && (s.open[0] || s.open[1])
}
