package query

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"warroom/sources"
)

// Answer is what a condition came to.
type Answer struct {
	Holds  bool
	Value  float64        // what was compared: of several elements the one that decides, or comes nearest to it; of absence 0 or 1
	Series sources.Series // of that element, as far as it still is one
	Unit   sources.Unit   // of the value, "" where it has none of the catalogue
	At     time.Time      // the time that was judged
}

// CheckCondition tells whether an expression is one that [Check] accepts and says yes or no: a comparison, absent() or
// absent_over_time(), or several joined by and, or, unless. A bare number is neither.
func CheckCondition(expr string) error { return NewEngine().CheckCondition(expr) }

// CheckCondition is as the function of this name, where the engine's definitions may be used, too.
func (e *Engine) CheckCondition(expr string) error {
	if err := e.Check(expr); err != nil {
		return err
	}
	tree, err := e.parser.ParseExpr(expr)
	if err != nil {
		return syntax(expr, err)
	}
	if at := unconditional(tree); at != nil && e.unconditional(expr) {
		return locate(expr, at.PositionRange().Start, "this says no yes or no: compare it with something, as in alb_error_ratio > 0.01")
	}
	return nil
}

// unconditional tells whether an expression is no condition with what its definitions stand for, either.
func (e *Engine) unconditional(expr string) bool {
	p, err := e.plan(expr)
	return err != nil || unconditional(p.tree) != nil
}

// unconditional is the part of an expression that keeps it from being a condition, nil for a condition.
func unconditional(e parser.Expr) parser.Expr {
	e = bared(e)
	b, ok := e.(*parser.BinaryExpr)
	switch {
	case ok && b.Op.IsComparisonOperator(), asksAbsence(e):
		return nil
	case !ok || !b.Op.IsSetOperator():
		return e
	}
	if at := unconditional(b.LHS); at != nil {
		return at
	}
	return unconditional(b.RHS)
}

// asksAbsence tells whether a part of an expression asks whether something is not there, and itself says yes or no by that.
func asksAbsence(n parser.Node) bool {
	call, ok := n.(*parser.Call)
	return ok && (call.Func.Name == "absent" || call.Func.Name == "absent_over_time")
}

// bared takes the parentheses around an expression away.
func bared(e parser.Expr) parser.Expr {
	for {
		p, ok := e.(*parser.ParenExpr)
		if !ok {
			return e
		}
		e = p.Expr
	}
}

// Judge evaluates a condition at its watermark, on settled samples. It holds where any element does. Where nothing can be
// compared it neither holds nor fails: the error says why, see [Engine.Watermark].
//
// Of alternatives (a > 1 or b > 2) each is judged by itself: the first that holds decides, with its own value, unit and time.
// One that was never read, or has no value, is passed over where another one can be judged: not everybody's database
// publishes all there is. One that has fallen silent may be the one that holds, so without it there is no no.
func (e *Engine) Judge(ctx context.Context, v *sources.View, expr string, o Options) (Answer, error) {
	tree, err := e.parser.ParseExpr(expr)
	if err != nil {
		return Answer{}, syntax(expr, err)
	}
	several := alternatives(tree, nil)
	if len(several) == 1 {
		return e.judgeOne(ctx, v, expr, o)
	}
	var answer *Answer
	var missing, silent error
	for _, one := range several {
		a, err := e.judgeOne(ctx, v, one.String(), o)
		switch {
		case err == nil && a.Holds:
			return a, nil
		case err == nil && answer == nil:
			answer = &a
		case err == nil:
		case passedOver(err):
			missing = cmp.Or(missing, err)
		default:
			silent = cmp.Or(silent, err)
		}
	}
	switch {
	case silent != nil:
		return Answer{}, silent
	case answer != nil:
		return *answer, nil
	}
	return Answer{}, missing
}

// passedOver tells whether an alternative that cannot be judged leaves the others to decide.
func passedOver(err error) bool {
	var absent *NotFoundError
	var none *NoValueError
	return errors.As(err, &absent) || errors.As(err, &none)
}

// alternatives are the conditions that or joins. With bool they are numbers, of which the first counts, and are left whole.
func alternatives(e parser.Expr, to []parser.Expr) []parser.Expr {
	b, ok := bared(e).(*parser.BinaryExpr)
	if !ok || b.Op != parser.LOR || numbers(e) {
		return append(to, e)
	}
	return alternatives(b.RHS, alternatives(b.LHS, to))
}

// numbers tells whether a comparison in an expression gives 0 and 1, rather than what it holds for.
func numbers(e parser.Expr) (found bool) {
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		b, ok := n.(*parser.BinaryExpr)
		found = found || ok && b.ReturnBool
		return nil
	})
	return found
}

// judgeOne judges a condition as a whole.
func (e *Engine) judgeOne(ctx context.Context, v *sources.View, expr string, o Options) (Answer, error) {
	tree, err := e.parser.ParseExpr(expr)
	if err != nil {
		return Answer{}, syntax(expr, err)
	}
	at, err := e.Watermark(v, expr, o.Resource)
	if err != nil {
		return Answer{}, err
	}
	found, err := e.Instant(ctx, v, expr, at, o)
	if err != nil {
		return Answer{}, err
	}
	first := comparison(tree)
	if first == nil {
		a := Answer{At: at, Holds: len(found) > 0}
		if a.Holds {
			a.Value = 1
		}
		return a, e.CheckCondition(expr)
	}
	a := Answer{Unit: unitOf(first.LHS), At: at, Holds: holding(found, first.ReturnBool)}
	if !a.Holds || first.ReturnBool || asksAbsence(leading(tree)) { // else what is found is what the comparison let through
		if found, err = e.Instant(ctx, v, first.LHS.String(), at, o); err != nil {
			return Answer{}, err
		}
	}
	if len(found) == 0 {
		return Answer{}, &NoValueError{first.LHS.String()}
	}
	a.Value, a.Series = decisive(found, first.Op)
	return a, nil
}

// holding tells whether any element of a condition's result says yes.
func holding(found []Result, returnBool bool) bool {
	for _, r := range found {
		if !returnBool || r.Value != 0 {
			return true
		}
	}
	return false
}

// NoValueError says that there is nothing to compare although data comes in: a ratio without traffic is one.
type NoValueError struct{ Expr string }

// Error names what has no value.
func (e *NoValueError) Error() string { return "no value: nothing to judge in " + e.Expr }

// comparison is the first comparison of a condition, nil where there is none.
func comparison(e parser.Expr) *parser.BinaryExpr {
	b, ok := bared(e).(*parser.BinaryExpr)
	if !ok {
		return nil
	}
	if b.Op.IsSetOperator() {
		return cmp.Or(comparison(b.LHS), comparison(b.RHS))
	}
	return b
}

// leading is the part of a condition whose values it comes to.
func leading(e parser.Expr) parser.Expr {
	if b, ok := bared(e).(*parser.BinaryExpr); ok && b.Op.IsSetOperator() {
		return leading(b.LHS)
	}
	return bared(e)
}

// decisive is the element that a comparison looks at first: the smallest where small ones are looked for, else the largest.
func decisive(found []Result, op parser.ItemType) (float64, sources.Series) {
	best := found[0]
	for _, r := range found[1:] {
		low := op == parser.LSS || op == parser.LTE
		if low && r.Value < best.Value || !low && r.Value > best.Value {
			best = r
		}
	}
	return best.Value, best.Series
}

// unitOf is the unit of an expression that reads one metric and does no arithmetic, "" of any other.
func unitOf(e parser.Expr) sources.Unit {
	var unit sources.Unit
	metrics := 0
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			m, _ := sources.Lookup(n.Name)
			unit, metrics = m.Unit, metrics+1
		case *parser.BinaryExpr:
			metrics += 2
		case *parser.AggregateExpr:
			if n.Op == parser.COUNT || n.Op == parser.COUNT_VALUES {
				metrics += 2
			}
		case *parser.Call:
			if asksAbsence(n) || n.Func.Name == "count_over_time" || n.Func.Name == "changes" || n.Func.Name == "resets" {
				metrics += 2
			}
		}
		return nil
	})
	if metrics != 1 {
		return ""
	}
	return unit
}
