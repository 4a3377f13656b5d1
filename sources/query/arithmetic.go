package query

import (
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/kahansum"

	"warroom/sources"
)

// arithmetic is an expression that only adds, subtracts, multiplies, divides and fills gaps among metrics of the same
// resource, or what became of them over a window, or divides by the sum of a metric over the resource's site. It comes to
// what the engine does without what the engine costs to start: most of the catalogue's formulas are of its kind, which a
// screen asks for each second, and so are the conditions of most rules. It does so to the last bit, which tests hold it to:
// of nearly equal things that are taken from one another nothing else is left. Only where a sum over a window overflows it
// is no number, and comes to no number from there on.
type arithmetic struct {
	op          parser.ItemType // 0 for a leaf, or a function of left
	left, right *arithmetic
	function    string          // sqrt, abs; of a leaf over a window, such as sum_over_time
	metric      *sources.Metric // of a leaf, nil for a number
	number      float64         // or the quantile of a leaf
	window      time.Duration   // of a leaf, 0 for the newest value, or of a function of left
	every       time.Duration   // of a function of left over a window: how often left is evaluated in it
	offset      time.Duration   // of a leaf, or of such a window
	siteOf      *sources.Metric // of a leaf that is summed over the site which the resource has in this metric
}

// newArithmetic reads an expression; nil means that it needs the engine.
func newArithmetic(e parser.Expr) *arithmetic {
	if number, ok := constant(e); ok && e.Type() == parser.ValueTypeScalar { // a vector of one meets nothing that has a resource
		return &arithmetic{number: number}
	}
	switch e := bared(e).(type) {
	case *parser.VectorSelector:
		return newLeaf(e)
	case *parser.Call:
		return newFunction(e)
	case *parser.BinaryExpr:
		switch e.Op {
		case parser.ADD, parser.SUB, parser.MUL, parser.DIV, parser.LOR:
		default:
			return nil
		}
		left, right := newArithmetic(e.LHS), newArithmetic(e.RHS)
		if right == nil {
			right = newSum(e, left)
		} else if !byAllLabels(e) {
			return nil
		}
		if left == nil || right == nil {
			return nil
		}
		return &arithmetic{op: e.Op, left: left, right: right}
	}
	return nil
}

// newSum reads what stands right of "/ on(site) group_left()": the sum of a metric by site. Elements keep all labels of the left.
func newSum(b *parser.BinaryExpr, left *arithmetic) *arithmetic {
	of, ok := bared(b.RHS).(*parser.AggregateExpr)
	m := b.VectorMatching
	if left == nil || !ok || m == nil || m.Card != parser.CardManyToOne || !m.On || !slices.Equal(m.MatchingLabels, []string{labelSite}) || len(m.Include) > 0 ||
		of.Op != parser.SUM || of.Without || !slices.Equal(of.Grouping, []string{labelSite}) {
		return nil
	}
	v, ok := bared(of.Expr).(*parser.VectorSelector)
	if !ok || left.fills() {
		return nil
	}
	sum, read := newLeaf(v), left.reads(nil)
	if sum == nil || len(read) == 0 || slices.ContainsFunc(read, func(m *sources.Metric) bool { return m.Service != read[0].Service }) {
		return nil
	}
	sum.siteOf = read[0]
	return sum
}

// byAllLabels tells whether the sides are matched by all of their labels.
func byAllLabels(b *parser.BinaryExpr) bool {
	m := b.VectorMatching
	return m == nil || !m.On && len(m.MatchingLabels)+len(m.Include) == 0
}

func newLeaf(v *parser.VectorSelector) *arithmetic {
	m, known := sources.Lookup(v.Name)
	if !known || m.Label != "" || m.Period != time.Minute || made(m.Name) || len(v.LabelMatchers) != 1 || v.Timestamp != nil || v.StartOrEnd != 0 {
		return nil
	}
	return &arithmetic{metric: &m, offset: v.OriginalOffset}
}

// newFunction reads a function of an expression, or of a metric over a window.
func newFunction(c *parser.Call) *arithmetic {
	name, args := c.Func.Name, c.Args
	if name == "sqrt" || name == "abs" {
		of := newArithmetic(args[0])
		if of == nil {
			return nil
		}
		return &arithmetic{function: name, left: of}
	}
	q := 0.0
	if name == "quantile_over_time" {
		number, ok := constant(args[0])
		if !ok || number < 0 || number > 1 {
			return nil
		}
		q, args = number, args[1:]
	}
	if windowed[name] == nil {
		return nil
	}
	if over, ok := bared(args[0]).(*parser.SubqueryExpr); ok {
		return newSampled(name, q, over)
	}
	over, ok := bared(args[0]).(*parser.MatrixSelector)
	if !ok {
		return nil
	}
	leaf := newLeaf(over.VectorSelector.(*parser.VectorSelector)) //nolint:forcetypeassert // the parser makes no other
	if leaf == nil {
		return nil
	}
	leaf.function, leaf.number, leaf.window = name, q, over.Range
	return leaf
}

// newSampled reads a function of an expression that is evaluated so often in a window.
func newSampled(function string, q float64, over *parser.SubqueryExpr) *arithmetic {
	of, every := newArithmetic(over.Expr), over.Step
	if every == 0 {
		every = time.Minute
	}
	crooked := func(d time.Duration) bool { return d%time.Minute != 0 }
	if of == nil || over.Timestamp != nil || over.StartOrEnd != 0 || crooked(over.Range) || crooked(every) || crooked(over.OriginalOffset) {
		return nil
	}
	return &arithmetic{function: function, number: q, left: of, window: over.Range, every: every, offset: over.OriginalOffset}
}

// windowed is what functions make of the values of a window, of which there is one at least.
var windowed = map[string]func(values []float64, q float64) float64{
	"sum_over_time":      sum,
	"avg_over_time":      average,
	"min_over_time":      func(values []float64, _ float64) float64 { return slices.Min(values) },
	"max_over_time":      func(values []float64, _ float64) float64 { return slices.Max(values) },
	"count_over_time":    func(values []float64, _ float64) float64 { return float64(len(values)) },
	"quantile_over_time": quantile,
}

// sum adds up as the engine does, keeping what is lost in the last digits. It is NaN where that overflows.
func sum(values []float64, _ float64) float64 {
	total, lost := summed(values)
	return total + lost
}

// average is as sum.
func average(values []float64, _ float64) float64 {
	total, lost := summed(values)
	n := float64(len(values))
	return total/n + lost/n
}

func summed(values []float64) (total, lost float64) {
	for _, v := range values {
		total, lost = kahansum.Inc(v, total, lost)
	}
	if math.IsInf(total, 0) {
		return math.NaN(), 0
	}
	return total, lost
}

// quantile lies between the two values that it falls between, as far as it does. It sorts the values.
func quantile(values []float64, q float64) float64 {
	slices.Sort(values)
	rank := q * float64(len(values)-1)
	below := int(rank)
	above := min(below+1, len(values)-1)
	share := rank - float64(below)
	return values[below]*(1-share) + values[above]*share
}

// plain tells whether it reads nothing but what ended in the minute itself: then it overflows as the engine does, too.
func (a *arithmetic) plain() bool {
	return a.window == 0 && a.offset == 0 && a.siteOf == nil && (a.left == nil || a.left.plain()) && (a.right == nil || a.right.plain())
}

// fills tells whether gaps are filled anywhere in it: then it may come to something though a metric that it reads has nothing.
func (a *arithmetic) fills() bool {
	return a.op == parser.LOR || a.left != nil && a.left.fills() || a.right != nil && a.right.fills()
}

// reads appends the metrics that are read of the resource itself.
func (a *arithmetic) reads(all []*sources.Metric) []*sources.Metric {
	if a.metric != nil && a.siteOf == nil {
		all = append(all, a.metric)
	}
	if a.left != nil {
		all = a.left.reads(all)
	}
	if a.right != nil {
		all = a.right.reads(all)
	}
	return all
}

// value is what an expression comes to in one period, if it comes to anything.
type value struct {
	v  float64
	ok bool
}

// over evaluates the expression for one resource at the end of each of n minutes from first on. It reports false
// where only the engine can: the series bear labels that their metrics do not have.
func (a *arithmetic) over(v *sources.View, resource string, first time.Time, n int, o Options) ([]value, bool) {
	out := make([]value, n)
	switch {
	case a.siteOf != nil:
		return out, a.sum(out, v, resource, first, o)
	case a.left == nil:
		return out, a.read(out, v, resource, first, o.Provisional)
	case a.every != 0:
		return out, a.sample(out, v, resource, first, o)
	}
	left, ok := a.left.over(v, resource, first, n, o)
	if a.right == nil {
		for i := range left {
			out[i] = applied(a.function, left[i])
		}
		return out, ok
	}
	right, ok2 := a.right.over(v, resource, first, n, o)
	for i := range out {
		out[i] = combine(a.op, left[i], right[i])
	}
	return out, ok && ok2
}

func applied(function string, a value) value {
	if function == "sqrt" {
		return value{math.Sqrt(a.v), a.ok}
	}
	return value{math.Abs(a.v), a.ok}
}

func combine(op parser.ItemType, a, b value) value {
	if op == parser.LOR {
		if a.ok {
			return a
		}
		return b
	}
	if !a.ok || !b.ok {
		return value{}
	}
	switch op {
	case parser.ADD:
		return value{a.v + b.v, true}
	case parser.SUB:
		return value{a.v - b.v, true}
	case parser.MUL:
		return value{a.v * b.v, true}
	}
	return value{a.v / b.v, true}
}

// read fills in a leaf: a number, or what the engine would find of a metric at the end of each minute.
func (a *arithmetic) read(out []value, v *sources.View, resource string, first time.Time, provisional bool) bool {
	if a.metric == nil {
		for i := range out {
			out[i] = value{a.number, true}
		}
		return true
	}
	for _, s := range v.Of(a.metric.Name) {
		if s.Resource == resource && s.Label != "" {
			return false
		}
	}
	series := sources.Series{Metric: a.metric.Name, Resource: resource}
	first = first.Add(time.Millisecond - a.offset)
	if a.window == 0 {
		a.newest(out, v, series, first.Add(-time.Minute), provisional)
		return true
	}
	for i := range out {
		out[i] = a.within(v, series, first.Add(time.Duration(i)*time.Minute), provisional)
	}
	return true
}

// sum fills in, for each minute, the sum of a metric over the site of a resource.
func (a *arithmetic) sum(out []value, v *sources.View, resource string, first time.Time, o Options) bool {
	site := o.site(sources.Series{Metric: a.siteOf.Name, Resource: resource})
	for _, s := range v.Of(a.metric.Name) {
		if s.Label != "" {
			return false
		}
		if o.site(s) != site {
			continue
		}
		one := make([]value, len(out))
		a.newest(one, v, s, first.Add(time.Millisecond-a.offset-time.Minute), o.Provisional)
		for i, x := range one {
			if x.ok {
				out[i] = value{out[i].v + x.v, true}
			}
		}
	}
	return true
}

// sample fills in, for each minute, what became of left in the window before its end, evaluated at the whole multiples of a
// time, as the engine does. It reports false where the minutes are no whole ones, or values no numbers, which functions
// differ in.
func (a *arithmetic) sample(out []value, v *sources.View, resource string, first time.Time, o Options) bool {
	if !first.Equal(first.Truncate(time.Minute)) {
		return false
	}
	for i := range out {
		from := first.Add(time.Duration(i+1)*time.Minute - a.offset - a.window)
		all, ok := a.left.over(v, resource, from, int(a.window/time.Minute), o)
		if !ok {
			return false
		}
		var values []float64
		for j, x := range all {
			at := from.Add(time.Duration(j+1) * time.Minute)
			if !x.ok || at.UnixMilli()%a.every.Milliseconds() != 0 {
				continue
			}
			if math.IsNaN(x.v) || math.IsInf(x.v, 0) {
				return false
			}
			values = append(values, x.v)
		}
		if len(values) > 0 {
			out[i] = value{windowed[a.function](values, a.number), true}
		}
	}
	return true
}

// newest fills in, for each minute, the newest period that ended in it.
func (a *arithmetic) newest(out []value, v *sources.View, s sources.Series, before time.Time, provisional bool) {
	var room [8]sources.Point
	for _, p := range v.Points(room[:0], s, before, before.Add(time.Duration(len(out))*time.Minute)) {
		if x, ok := reading(*a.metric, p, provisional); ok {
			out[int(p.At.Sub(before)/time.Minute)] = value{x, true}
		}
	}
}

// within is what became of the periods that start in the window before a time.
func (a *arithmetic) within(v *sources.View, s sources.Series, until time.Time, provisional bool) value {
	var room [128]sources.Point
	var numbers [128]float64
	values := numbers[:0]
	for _, p := range v.Points(room[:0], s, until.Add(-a.window), until) {
		if x, ok := reading(*a.metric, p, provisional); ok {
			values = append(values, x)
		}
	}
	if len(values) == 0 {
		return value{}
	}
	return value{windowed[a.function](values, a.number), true}
}
