package query

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"

	"warroom/sources"
)

// Error is what is wrong with an expression, and where.
type Error struct {
	Expr   string
	Line   int // from 1
	Column int // from 1, in bytes
	Text   string
}

// Error is "line:column: what is wrong".
func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Text) }

// Check tells whether an expression can be evaluated: it is PromQL, comes to a vector or a scalar, and
// names only metrics and labels of the catalogue. The error is an [*Error] and names the nearest valid
// word.
func Check(expr string) error { return NewEngine().Check(expr) }

// Check is as the function of this name, where the engine's definitions may be used, too.
func (e *Engine) Check(expr string) error {
	_, err := e.plan(expr)
	return err
}

// plan is what is known of an expression without evaluating it.
type plan struct {
	text      string // the expression, with definitions in the place of their names
	tree      parser.Expr
	selectors []selector // each once
	labels    []string   // that the metrics in it bear, and those that come into being within it
	guards    [][]guard
	lookBack  time.Duration
	err       error
}

// selector is one metric that an expression names, with what it asks of the labels.
type selector struct {
	metric  sources.Metric
	own     []*labels.Matcher // those that do not ask for a site, which narrows what is judged, not how late it is
	absence bool              // it is asked whether there is any
}

// same tells whether two selectors ask for the same of the same series, wherever their sites are.
func (s selector) same(t selector) bool {
	return s.metric.Name == t.metric.Name && s.absence == t.absence &&
		slices.EqualFunc(s.own, t.own, func(a, b *labels.Matcher) bool { return a.String() == b.String() })
}

// plan reads an expression once and remembers what it found.
func (e *Engine) plan(expr string) (*plan, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p, ok := e.plans[expr]
	if !ok {
		p = e.newPlan(expr)
		if len(e.plans) >= plansMost {
			clear(e.plans)
		}
		e.plans[expr] = p
	}
	return p, p.err
}

func (e *Engine) newPlan(expr string) *plan {
	p := &plan{text: expr, lookBack: time.Minute}
	if len(expr) > exprMost {
		p.err = &Error{Expr: expr, Line: 1, Column: 1, Text: fmt.Sprintf("longer than %d KiB: this is no expression", exprMost>>10)}
		return p
	}
	if p.tree, p.err = e.parser.ParseExpr(expr); p.err != nil {
		p.err = syntax(expr, p.err)
		return p
	}
	c := e.checker(expr)
	if t := p.tree.Type(); t != parser.ValueTypeVector && t != parser.ValueTypeScalar {
		c.fail(p.tree.PositionRange(), "%v", errNoVector)
	}
	c.walk(p.tree)
	p.selectors, p.labels, p.err = c.selectors, c.labels, c.err
	if p.err == nil && c.defines {
		p.err = p.expand(e)
	}
	for _, s := range p.selectors {
		p.lookBack = max(p.lookBack, s.metric.Period)
	}
	if p.err == nil && p.lookBack == time.Minute {
		p.guards = e.guardsOf(p.tree)
	}
	return p
}

// expand puts definitions in the place of their names. What is wrong then is wrong with the whole expression: places in
// what came of it say nothing to who wrote it.
func (p *plan) expand(e *Engine) (err error) {
	whole := func(err error) error { return &Error{Expr: p.text, Line: 1, Column: 1, Text: err.Error()} }
	x := expansion{definitions: e.defined, left: expandedMost}
	if p.tree, err = x.expand(p.tree); err != nil {
		return whole(err)
	}
	text := p.tree.String()
	if p.tree, err = e.parser.ParseExpr(text); err != nil {
		return whole(err)
	}
	c := e.checker(text)
	c.labels = slices.Clone(p.labels)
	c.walk(p.tree)
	if at, ok := errors.AsType[*Error](c.err); ok {
		return whole(errors.New(at.Text))
	}
	p.text, p.selectors = text, c.selectors
	return nil
}

func syntax(expr string, err error) error {
	var all parser.ParseErrors
	var one *parser.ParseErr
	switch {
	case errors.As(err, &all) && len(all) > 0:
		one = &all[0]
	case errors.As(err, &one):
	default:
		return &Error{Expr: expr, Line: 1, Column: 1, Text: err.Error()}
	}
	text := one.Err.Error()
	if strings.Contains(text, "must use BOOL modifier") { // which would only make it say yes for ever
		text = "neither side is of the site: compare a metric with something, as in alb_error_ratio > 0.01; for the time there is launch_seconds"
	}
	return locate(expr, one.PositionRange.Start, text)
}

func locate(expr string, pos posrange.Pos, text string) *Error {
	before := expr[:min(max(int(pos), 0), len(expr))]
	line := strings.Count(before, "\n") + 1
	return &Error{Expr: expr, Line: line, Column: len(before) - strings.LastIndex(before, "\n"), Text: text}
}

// checker walks over an expression and keeps the first thing that is wrong.
type checker struct {
	expr      string
	defined   definitions
	labels    []string // that a grouping may name
	selectors []selector
	absence   bool  // whether what is visited stands within absent() or absent_over_time()
	defines   bool  // whether it names a definition
	err       error // an [*Error]
}

func (e *Engine) checker(expr string) checker {
	return checker{expr: expr, defined: e.defined, labels: []string{labelResource, labelSite}}
}

func (c *checker) walk(tree parser.Expr) {
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error { c.declare(n); return nil })
	parser.Inspect(tree, func(n parser.Node, above []parser.Node) error {
		c.absence = slices.ContainsFunc(above, asksAbsence)
		c.visit(n)
		return nil
	})
}

func (c *checker) fail(at posrange.PositionRange, format string, args ...any) {
	if c.err == nil {
		c.err = locate(c.expr, at.Start, fmt.Sprintf(format, args...))
	}
}

// declare collects the labels that come into being within the expression: those of its metrics, and those
// that label_replace and label_join make.
func (c *checker) declare(n parser.Node) {
	switch n := n.(type) {
	case *parser.VectorSelector:
		if m, ok := sources.Lookup(n.Name); ok && m.Label != "" {
			c.labels = append(c.labels, m.Label)
		}
		c.labels = append(c.labels, c.defined[n.Name].labels...)
	case *parser.Call:
		if (n.Func.Name == "label_replace" || n.Func.Name == "label_join") && len(n.Args) > 1 {
			if s, ok := n.Args[1].(*parser.StringLiteral); ok {
				c.labels = append(c.labels, s.Val)
			}
		}
	}
}

func (c *checker) visit(n parser.Node) {
	switch n := n.(type) {
	case *parser.VectorSelector:
		c.selector(n)
	case *parser.AggregateExpr:
		c.grouping(n.PosRange, n.Grouping)
	case *parser.BinaryExpr:
		if n.VectorMatching != nil {
			c.grouping(n.PositionRange(), n.VectorMatching.MatchingLabels)
			c.grouping(n.PositionRange(), n.VectorMatching.Include)
		}
	case *parser.SubqueryExpr:
		c.time(n, n.OriginalOffset < 0, n.Timestamp != nil || n.StartOrEnd != 0)
	}
}

func (c *checker) selector(n *parser.VectorSelector) {
	c.time(n, n.OriginalOffset < 0, n.Timestamp != nil || n.StartOrEnd != 0)
	m, known := sources.Lookup(n.Name)
	if n.Name == "" {
		c.fail(n.PosRange, "want a metric's name before the braces")
		return
	}
	if def, ok := c.defined[n.Name]; ok {
		c.defines = true
		if !def.shape.vague {
			c.bears(n, append(slices.Clone(def.shape.Labels), labelSite))
		}
		return
	}
	if !known {
		c.unknown(n)
		return
	}
	valid := []string{labelResource, labelSite}
	if m.Label != "" {
		valid = append(valid, m.Label)
	}
	c.bears(n, valid)
	s := selector{metric: m, own: withoutSite(n.LabelMatchers), absence: c.absence}
	if !slices.ContainsFunc(c.selectors, s.same) {
		c.selectors = append(c.selectors, s)
	}
}

// bears refuses labels that the selector's series do not have.
func (c *checker) bears(n *parser.VectorSelector, valid []string) {
	for _, match := range n.LabelMatchers {
		if match.Name != labelMetric && !slices.Contains(valid, match.Name) {
			c.fail(n.PosRange, "%s has no label %q%s", n.Name, match.Name, sources.MeantHint(match.Name, valid))
		}
	}
}

// names are all that an expression may read; those with a colon only where one is looked for.
func (c *checker) names(colon bool) []string {
	names := metricNames(colon)
	if colon {
		names = slices.AppendSeq(names, maps.Keys(c.defined))
	}
	return names
}

// unknown says what is wrong with a metric's name, and which was meant.
func (c *checker) unknown(n *parser.VectorSelector) {
	prefix, of, _ := strings.Cut(n.Name, ":")
	if m, known := sources.Lookup(of); known && slices.Contains(sources.Prefixes, prefix+":") && !m.Measured() {
		c.fail(n.PosRange, "there is no %s: of %s: only what is measured of the site has one", prefix, of)
		return
	}
	c.fail(n.PosRange, "unknown metric %q%s", n.Name, sources.MeantHint(n.Name, c.names(strings.Contains(n.Name, ":"))))
}

// time refuses what would let an expression look elsewhere than back from where it is evaluated.
func (c *checker) time(n parser.Node, ahead, fixed bool) {
	if ahead {
		c.fail(n.PositionRange(), "a negative offset looks into the future; offsets look back")
	}
	if fixed {
		c.fail(n.PositionRange(), "the @ modifier is not available: an expression looks back from where it is evaluated")
	}
}

func (c *checker) grouping(at posrange.PositionRange, names []string) {
	for _, name := range names {
		if !slices.Contains(c.labels, name) {
			c.fail(at, "no series in this expression has the label %q%s", name, sources.MeantHint(name, c.labels))
		}
	}
}

// metricNames are all names that an expression may hold: those of the catalogue, or those with a prefix.
func metricNames(prefixed bool) []string {
	if !prefixed {
		return sources.MetricNames()
	}
	var names []string
	for _, m := range sources.Metrics() {
		for _, prefix := range sources.Prefixes {
			if m.Measured() {
				names = append(names, prefix+m.Name)
			}
		}
	}
	return names
}
