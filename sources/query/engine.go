package query

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"warroom/sources"
)

// Bounds of one query: far above what an hour of a launch needs, low enough to save the room from an
// expression that was mistyped.
const (
	samplesMost = 5_000_000
	queryMost   = 30 * time.Second // on the machine's clock
	plansMost   = 1000
)

// Engine evaluates expressions over views. It may be used by several goroutines, each with its own view.
type Engine struct {
	promql *promql.Engine
	parser parser.Parser
	trees  *trees

	mu      sync.Mutex
	defined definitions
	plans   map[string]*plan
	labels  map[labelled]identity

	past  pasts
	marks marks
}

// NewEngine makes an engine.
func NewEngine() *Engine {
	p := parser.NewParser(parser.Options{})
	t := newTrees(p)
	return &Engine{
		promql: promql.NewEngine(promql.EngineOpts{
			MaxSamples: samplesMost, Timeout: queryMost, LookbackDelta: time.Minute, Parser: t,
			NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
		}),
		parser: p, trees: t, defined: definitions{}, plans: map[string]*plan{}, labels: map[labelled]identity{},
	}
}

// Options say what an expression may see and for whom it is asked.
type Options struct {
	// Provisional shows samples that may still be revised, too.
	Provisional bool
	// Resource and Site, where given, keep only the results that bear this label or do not bear the
	// label at all. What the expression reads is not narrowed: joins and sums mean what they say.
	Resource, Site string
	// Launch gives series their site and the room its lines launch_seconds, launch_phase and mark_active;
	// nil means that there is no launch.
	Launch *sources.Launch
	// Earlier is the launch whose series are previous:METRIC, aligned with Launch on T0; without one, or without
	// Launch, there are none.
	Earlier *Earlier
}

func (o Options) site(s sources.Series) string {
	if o.Launch == nil || len(o.Launch.Sites) == 0 {
		return ""
	}
	return o.Launch.Site(s.Ref())
}

// Result is one element of what an expression came to.
type Result struct {
	Series sources.Series    // as much of a series as the result still is: the metric is "" after arithmetic
	Labels map[string]string // without the name; shared, not to be changed
	Value  float64
}

// Instant evaluates an expression at a time; the zero time stands for its [Engine.Watermark] (of a bare
// name: of each series by itself; with Options.Provisional, its newest period). Elements that are no number
// are left out. A bare metric name takes a short way that costs next to nothing.
func (e *Engine) Instant(ctx context.Context, v *sources.View, expr string, at time.Time, o Options) ([]Result, error) {
	if m, ok := sources.Lookup(expr); ok && !made(m.Name) {
		e.past.lay(v, m)
		return e.bare(v, m, at, o), nil
	}
	p, err := e.plan(expr)
	if err != nil {
		return nil, err
	}
	if at.IsZero() {
		if at, err = e.Watermark(v, expr, o.Resource); err != nil {
			return nil, err
		}
	}
	e.layAll(v, p)
	if e.barred(p, v, at, o) {
		return nil, nil
	}
	q, err := e.promql.NewInstantQuery(ctx, &queryable{e, v, o}, promql.NewPrometheusQueryOpts(false, p.lookBack), p.text, at)
	if err != nil {
		return nil, fmt.Errorf("evaluate %s: %w", expr, err)
	}
	defer e.trees.keep(p.text, q)
	return results(q.Exec(ctx), expr, o)
}

// results reads what the engine answered.
func results(r *promql.Result, expr string, o Options) ([]Result, error) {
	if r.Err != nil {
		return nil, fmt.Errorf("evaluate %s: %w", expr, r.Err)
	}
	switch value := r.Value.(type) {
	case promql.Scalar:
		if math.IsNaN(value.V) {
			return nil, nil
		}
		return []Result{{Value: value.V}}, nil
	case promql.Vector:
		out := make([]Result, 0, len(value))
		for _, s := range value {
			if !math.IsNaN(s.F) && o.wants(s.Metric.Get(labelResource), s.Metric.Get(labelSite)) {
				out = append(out, Result{Series: seriesOf(s.Metric), Labels: labelMap(s.Metric), Value: s.F})
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("evaluate %s: %w", expr, errNoVector)
}

var errNoVector = errors.New("want an expression whose value is a vector or a scalar")

// simple is the short way of a formula, or partly, of what stands before an "or" in it; nil where it has none.
func (e *Engine) simple(formula string) (short *arithmetic, partly bool) {
	tree, err := e.parser.ParseExpr(formula)
	if err != nil {
		return nil, false
	}
	if short = newArithmetic(tree); short != nil && short.plain() {
		return short, false
	}
	either, ok := bared(tree).(*parser.BinaryExpr)
	if !ok || either.Op != parser.LOR || !byAllLabels(either) {
		return nil, false
	}
	if short = newArithmetic(either.LHS); short != nil && short.plain() && len(short.reads(nil)) > 0 {
		return short, true
	}
	return nil, false
}

func (o Options) wants(resource, site string) bool {
	return (o.Resource == "" || resource == "" || resource == o.Resource) && (o.Site == "" || site == "" || site == o.Site)
}

// bare is the short way of a bare metric name.
func (e *Engine) bare(v *sources.View, m sources.Metric, at time.Time, o Options) []Result {
	if o.Resource != "" && m.Label == "" {
		var one [1]sources.Series
		one[0] = sources.Series{Metric: m.Name, Resource: o.Resource}
		return e.bareOf(v, m, one[:], at, o)
	}
	return e.bareOf(v, m, v.Of(m.Name), at, o)
}

func (e *Engine) bareOf(v *sources.View, m sources.Metric, among []sources.Series, at time.Time, o Options) []Result {
	var out []Result
	for _, s := range among {
		if o.Resource != "" && s.Resource != o.Resource {
			continue
		}
		value, ok := valueAt(v, m, s, at, o.Provisional)
		if !ok {
			continue
		}
		id := e.identity(s, o.site(s))
		if !o.wants(s.Resource, id.site) {
			continue
		}
		if out == nil {
			out = make([]Result, 0, len(among))
		}
		out = append(out, Result{Series: s, Labels: id.plain, Value: value})
	}
	return out
}

// valueAt is what the engine would find at a time: the value of the period that ended last, unless it
// ended a whole period ago or earlier.
func valueAt(v *sources.View, m sources.Metric, s sources.Series, at time.Time, provisional bool) (float64, bool) {
	if at.IsZero() {
		newest := v.Settled
		if provisional {
			newest = v.Newest
		}
		if p, ok := newest(s); ok {
			return reading(m, p, provisional)
		}
		return 0, false
	}
	var room [4]sources.Point
	points := v.Points(room[:0], s, at.Add(-2*m.Period+time.Millisecond), at.Add(-m.Period+time.Millisecond))
	for i := len(points) - 1; i >= 0; i-- {
		if value, ok := reading(m, points[i], provisional); ok {
			return value, true
		}
	}
	return 0, false
}

// reading is the value that the engine sees of a point.
func reading(m sources.Metric, p sources.Point, provisional bool) (float64, bool) {
	switch {
	case p.Provisional && !provisional:
		return 0, false
	case !p.None:
		return p.Value, true
	}
	return 0, m.Gap == sources.Zero
}

// Line is one element of what an expression came to over a stretch of time.
type Line struct {
	Series sources.Series
	Labels map[string]string
	Points []sources.Point // At is the start of the period at whose end the expression was evaluated
}

// Range evaluates an expression at the end of each minute that begins in [from, to); from is taken down to
// a whole minute.
func (e *Engine) Range(ctx context.Context, v *sources.View, expr string, from, to time.Time, o Options) ([]Line, error) {
	var out []Line
	err := e.each(ctx, v, expr, from, to, o, func(s promql.Series) {
		if o.wants(s.Metric.Get(labelResource), s.Metric.Get(labelSite)) {
			out = append(out, Line{Series: seriesOf(s.Metric), Labels: labelMap(s.Metric), Points: points(s.Floats)})
		}
	})
	return out, err
}

// each evaluates as [Engine.Range] does and calls f with each element, which is the engine's again afterwards.
func (e *Engine) each(ctx context.Context, v *sources.View, expr string, from, to time.Time, o Options, f func(promql.Series)) error {
	p, err := e.plan(expr)
	if err != nil {
		return err
	}
	first := from.Truncate(time.Minute).Add(time.Minute)
	last := to.Add(time.Minute - 1).Truncate(time.Minute)
	if last.Before(first) {
		return nil
	}
	e.layAll(v, p)
	q, err := e.promql.NewRangeQuery(ctx, &queryable{e, v, o}, promql.NewPrometheusQueryOpts(false, p.lookBack), p.text, first, last, time.Minute)
	if err != nil {
		return fmt.Errorf("evaluate %s: %w", expr, err)
	}
	defer e.trees.keep(p.text, q)
	r := q.Exec(ctx)
	matrix, err := r.Matrix()
	if err != nil {
		return fmt.Errorf("evaluate %s: %w", expr, err)
	}
	for _, s := range matrix {
		f(s)
	}
	return nil
}

func points(floats []promql.FPoint) []sources.Point {
	out := make([]sources.Point, 0, len(floats))
	for _, f := range floats {
		if !math.IsNaN(f.F) {
			out = append(out, sources.Point{At: time.UnixMilli(f.T).Add(-time.Minute).UTC(), Value: f.F})
		}
	}
	return out
}

// The labels that every series may bear.
const (
	labelMetric   = "__name__" // the engine's own word for a metric's name
	labelResource = "resource"
	labelSite     = "site"
)

// labelled is a series within a site.
type labelled struct {
	series sources.Series
	site   string
}

// identity is a series' labels in the engine's form and in ours.
type identity struct {
	labels labels.Labels
	plain  map[string]string
	site   string
}

// identity makes the labels of a series once.
func (e *Engine) identity(s sources.Series, site string) identity {
	e.mu.Lock()
	defer e.mu.Unlock()
	id, ok := e.labels[labelled{s, site}]
	if ok {
		return id
	}
	b := labels.NewScratchBuilder(4)
	b.Add(labelMetric, s.Metric)
	add := func(name, value string) {
		if value != "" {
			b.Add(name, value)
		}
	}
	add(labelResource, s.Resource)
	add(labelSite, site)
	if m, ok := sources.Lookup(s.Metric); ok && m.Label != "" {
		add(m.Label, s.Label)
	}
	b.Sort()
	l := b.Labels()
	id = identity{labels: l, plain: labelMap(l), site: site}
	e.labels[labelled{s, site}] = id
	return id
}

func labelMap(l labels.Labels) map[string]string {
	m := make(map[string]string, l.Len())
	l.Range(func(l labels.Label) {
		if l.Name != labelMetric {
			m[l.Name] = l.Value
		}
	})
	return m
}

// seriesOf is as much of a series as labels still tell. The further label is taken where there is just one.
func seriesOf(l labels.Labels) sources.Series {
	var s sources.Series
	further := 0
	l.Range(func(l labels.Label) {
		switch l.Name {
		case labelMetric:
			s.Metric = l.Value
		case labelResource:
			s.Resource = l.Value
		case labelSite:
		default:
			further++
			s.Label = l.Value
		}
	})
	if further > 1 {
		s.Label = ""
	}
	return s
}
