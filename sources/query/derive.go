package query

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql"

	"warroom/sources"
)

// Deriver keeps the derived series of a window: the catalogue's formulas evaluated for each period that
// the window holds. It belongs to the goroutine that owns the window.
//
// What a derived period says, as the cursor sees it:
//   - it has a value where the formula comes to a finite number;
//   - it is None ("asked, and there was nothing") where it comes to none although all of its inputs were
//     asked about: a share of nothing;
//   - it is absent where it comes to none and an input is absent, which may still come, and where it comes to a
//     value only because trouble kept an input from being read (see [sources.View.Unread]): what a formula falls
//     back to stands for silence, not for what nobody could read;
//   - it is provisional while any of its inputs is, and until the slowest of them would have settled, so
//     that an input that is still to come is waited for.
//
// A derived series belongs to the resource of its formula's first input. A series that was recorded under a
// derived name is left alone.
type Deriver struct {
	engine  *Engine
	groups  []*derivedGroup
	window  *sources.Window
	version uint64
	cursor  sources.Cursor
	layer   *sources.Layer
}

// derivedGroup is the formulas of one service, which reads no other. Each formula is computed anew for the
// periods in which one of its own inputs changed.
type derivedGroup struct {
	formulas []formula
	inputs   map[string]*inputs // raw metrics that the formulas read, by name
	series   map[sources.Series]*input
	points   map[sources.Series][]sources.Point
	troubles map[string]uint64 // of the inputs of formulas that fall back, by the formula's metric
	known    time.Time         // up to which the view knew, at the last look
}

type formula struct {
	metric sources.Metric
	raw    []string    // raw metrics behind it, that of the first operand first
	simple *arithmetic // the short way, nil where only the engine can evaluate it
	partly bool        // the short way is of what stands before an "or"
	falls  bool        // whether it may come to a value though an input has none
}

// inputs is all series of one raw metric, as of the last look.
type inputs struct {
	changed stretch // since the look before
	held    stretch // from the first to the last period of them all
	grown   bool    // a series has come
}

// input is a series as it was when it was last looked at.
type input struct {
	version uint64
	looked  sources.Look
	points  []sources.Point
	spare   []sources.Point
}

// NewDeriver makes a deriver for all formulas of the catalogue.
func NewDeriver() *Deriver {
	return &Deriver{engine: NewEngine()}
}

// View is the window's view at a cursor with all derived series laid over it. After a batch or a small
// step of the cursor only the periods that changed are computed; another window, or a jump, costs a few
// milliseconds. The view is valid until the next call.
func (d *Deriver) View(w *sources.Window, c sources.Cursor) *sources.View {
	v := w.View(c)
	if w != d.window {
		d.window, d.layer, d.groups = w, sources.NewLayer(), d.derivedGroups()
	} else if w.Version() == d.version && c == d.cursor {
		v.Lay(d.layer)
		return v
	}
	known := c.At
	if c.Truth == sources.AsSettled && w.Newest().After(known) {
		known = w.Newest()
	}
	recorded := w.View(c)
	v.Lay(d.layer)
	for _, g := range d.groups {
		g.look(recorded)
		for _, f := range g.formulas {
			if s := g.changed(f, recorded, known); !s.empty() {
				d.compute(g, f, recorded, v, s, known)
			}
		}
		g.known = known
	}
	d.version, d.cursor = w.Version(), c
	return v
}

// derivedGroups sorts the catalogue's formulas by service, each after those that it reads.
func (d *Deriver) derivedGroups() []*derivedGroup {
	byService := map[string]*derivedGroup{}
	var groups []*derivedGroup
	for _, service := range sources.Services {
		byService[service] = &derivedGroup{inputs: map[string]*inputs{}, series: map[sources.Series]*input{}, points: map[sources.Series][]sources.Point{}, troubles: map[string]uint64{}}
	}
	for _, m := range sources.Metrics() {
		if g := byService[m.Service]; g != nil && m.Derived() {
			simple, partly := d.engine.simple(m.Formula)
			g.formulas = append(g.formulas, formula{metric: m, raw: rawInputs(m), simple: simple, partly: partly, falls: fallsBack(m)})
		}
	}
	for _, service := range sources.Services {
		g := byService[service]
		if len(g.formulas) == 0 {
			continue
		}
		slices.SortStableFunc(g.formulas, func(a, b formula) int { return cmp.Compare(depth(a.metric), depth(b.metric)) })
		for _, f := range g.formulas {
			for _, metric := range f.raw {
				g.inputs[metric] = &inputs{}
			}
		}
		groups = append(groups, g)
	}
	return groups
}

// rawInputs are the recorded metrics that a formula comes down to.
func rawInputs(m sources.Metric) []string {
	var raw []string
	for _, name := range m.Inputs() {
		if in, _ := sources.Lookup(name); in.Derived() {
			raw = append(raw, rawInputs(in)...)
		} else {
			raw = append(raw, name)
		}
	}
	return raw
}

// fallsBack tells whether a formula, or one that it reads, says what to take where an input has nothing.
func fallsBack(m sources.Metric) bool {
	if slices.Contains(strings.Fields(m.Formula), "or") {
		return true
	}
	return slices.ContainsFunc(m.Inputs(), func(name string) bool {
		in, _ := sources.Lookup(name)
		return in.Derived() && fallsBack(in)
	})
}

// depth is how many formulas stand between a metric and recorded ones.
func depth(m sources.Metric) int {
	deepest := 0
	for _, name := range m.Inputs() {
		if in, _ := sources.Lookup(name); in.Derived() {
			deepest = max(deepest, depth(in)+1)
		}
	}
	return deepest
}

// stretch is periods: the starts of the first and of the last one.
type stretch struct{ first, last time.Time }

func (s stretch) empty() bool { return s.first.IsZero() }

func (s stretch) with(t stretch) stretch {
	switch {
	case t.empty():
		return s
	case s.empty():
		return t
	}
	if t.first.Before(s.first) {
		s.first = t.first
	}
	if t.last.After(s.last) {
		s.last = t.last
	}
	return s
}

// look finds out where the inputs read otherwise than at the last look.
func (g *derivedGroup) look(v *sources.View) {
	for metric, all := range g.inputs {
		*all = inputs{}
		for _, s := range v.Of(metric) {
			in := g.series[s]
			if in == nil {
				in, all.grown = &input{}, true
				g.series[s] = in
			}
			all.changed = all.changed.with(in.look(v, s))
			if n := len(in.points); n > 0 {
				all.held = all.held.with(stretch{in.points[0].At, in.points[n-1].At})
			}
		}
	}
}

// changed is the periods in which an input of the formula reads otherwise than at the last look, or which have
// settled or unsettled since by the clock alone.
func (g *derivedGroup) changed(f formula, v *sources.View, known time.Time) stretch {
	var changed, held stretch
	grown := false
	for _, metric := range f.raw {
		in := g.inputs[metric]
		changed, held, grown = changed.with(in.changed), held.with(in.held), grown || in.grown
	}
	if grown || g.hurt(f, v) {
		changed = changed.with(held) // a series may stand where all of the metric stood before
	}
	return changed.with(settledBetween(g.known, known, f.metric).within(held))
}

// hurt tells whether trouble has come to an input of a formula that falls back, or gone, since the last look.
func (g *derivedGroup) hurt(f formula, v *sources.View) bool {
	if !f.falls {
		return false
	}
	var key uint64
	for _, first := range v.Of(f.raw[0]) {
		for _, metric := range f.raw {
			for _, s := range g.seriesBehind(metric, first, v) {
				key = key*31 + v.Troubles(s)
			}
		}
	}
	before := g.troubles[f.metric.Name]
	g.troubles[f.metric.Name] = key
	return key != before
}

// look reads the series again if it may have changed, and tells where it did.
func (in *input) look(v *sources.View, s sources.Series) stretch {
	version := v.Version(s)
	if version == in.version {
		return stretch{}
	}
	from, looked := v.Since(s, in.looked)
	same, _ := slices.BinarySearchFunc(in.points, from, func(p sources.Point, t time.Time) int { return p.At.Compare(t) })
	in.spare = v.Points(in.spare[:0], s, from, farFuture)
	change := difference(in.points[same:], in.spare)
	in.version, in.looked, in.points = version, looked, append(in.points[:same], in.spare...)
	return change
}

var farFuture = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// difference is where two readings of one series differ.
func difference(a, b []sources.Point) stretch {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	a, b = a[head:], b[head:]
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	var s stretch
	for _, rest := range [...][]sources.Point{a, b} {
		if len(rest) > 0 {
			s = s.with(stretch{rest[0].At, rest[len(rest)-1].At})
		}
	}
	return s
}

// settledBetween is the periods of a metric whose settling lies between two moments.
func settledBetween(a, b time.Time, m sources.Metric) stretch {
	if a.Equal(b) {
		return stretch{}
	}
	if b.Before(a) {
		a, b = b, a
	}
	lag := m.Period + m.Settle
	s := stretch{a.Add(-lag).Truncate(m.Period), b.Add(-lag).Truncate(m.Period)}
	if s.first.Equal(s.last) && !b.Add(-lag).Equal(s.last) {
		return stretch{}
	}
	return s
}

func (s stretch) within(held stretch) stretch {
	if s.empty() || held.empty() || s.last.Before(held.first) || s.first.After(held.last) {
		return stretch{}
	}
	if s.first.Before(held.first) {
		s.first = held.first
	}
	if s.last.After(held.last) {
		s.last = held.last
	}
	return s
}

// compute evaluates a formula over the periods of s.
func (d *Deriver) compute(g *derivedGroup, f formula, recorded, v *sources.View, s stretch, known time.Time) {
	s.first, s.last = s.first.Truncate(time.Minute), s.last.Truncate(time.Minute)
	own, evaluate := recorded.Of(f.metric.Name), d.evaluator(f, v, s)
	for _, first := range recorded.Of(f.raw[0]) {
		series := sources.Series{Metric: f.metric.Name, Resource: first.Resource, Label: first.Label}
		if !slices.Contains(own, series) {
			g.splice(d.layer, series, s, g.derive(f, first, recorded, s, evaluate(first.Resource), known))
		}
	}
}

// evaluator gives what a formula comes to over the periods of s for a resource. Where the short way cannot tell,
// the engine is asked, once for all resources.
func (d *Deriver) evaluator(f formula, v *sources.View, s stretch) func(resource string) []value {
	n := int(s.last.Sub(s.first)/time.Minute) + 1
	var whole map[string][]value
	return func(resource string) []value {
		if f.simple != nil {
			if values, ok := f.simple.over(v, resource, s.first, n, Options{Provisional: true}); ok && (!f.partly || complete(values)) {
				return values
			}
		}
		if whole == nil {
			whole = d.asked(f, v, s.first, n)
		}
		return whole[resource]
	}
}

// complete tells whether there is a value in each period: then nothing is left for what stands behind an "or".
func complete(values []value) bool {
	return !slices.ContainsFunc(values, func(v value) bool { return !v.ok })
}

// asked asks the engine. An error means two series where the formula wants one: no value, and that is what is shown.
func (d *Deriver) asked(f formula, v *sources.View, first time.Time, n int) map[string][]value {
	out := map[string][]value{}
	end := first.Add(time.Duration(n) * time.Minute)
	_ = d.engine.each(context.Background(), v, f.metric.Formula, first, end, Options{Provisional: true}, func(l promql.Series) {
		values := out[l.Metric.Get(labelResource)] // the sides of an "or" are series of their own
		if values == nil {
			values = make([]value, n)
		}
		for _, p := range l.Floats {
			values[int(time.UnixMilli(p.T).Sub(first)/time.Minute)-1] = value{p.F, true}
		}
		out[l.Metric.Get(labelResource)] = values
	})
	return out
}

// derive is the derived points of one series over the periods of s.
func (g *derivedGroup) derive(f formula, of sources.Series, v *sources.View, s stretch, values []value, known time.Time) []sources.Point {
	n := int(s.last.Sub(s.first)/time.Minute) + 1
	inputs := make([]standing, n)
	for nth, raw := range f.raw {
		for _, in := range g.behind(raw, of, v) {
			in.mark(inputs, s.first, nth)
		}
	}
	var out []sources.Point
	for i := range n {
		p := sources.Point{At: s.first.Add(time.Duration(i) * time.Minute), None: true}
		if i < len(values) && values[i].ok && !math.IsNaN(values[i].v) && !math.IsInf(values[i].v, 0) {
			p.Value, p.None = values[i].v, false
		}
		if p.None && inputs[i].asked < len(f.raw) || !p.None && f.falls && g.unread(f, of, v, p.At) {
			continue
		}
		p.Provisional = inputs[i].provisional || p.At.Add(f.metric.Period+f.metric.Settle).After(known)
		out = append(out, p)
	}
	return out
}

// standing is how the inputs of one derived period stand.
type standing struct {
	asked       int // how many of the formula's metrics, in their order, were asked about
	provisional bool
}

// mark notes the periods that the formula's nth metric was asked about. A metric counts only where all
// before it were, which is enough to tell whether all were.
func (in *input) mark(inputs []standing, first time.Time, nth int) {
	start, _ := slices.BinarySearchFunc(in.points, first, func(p sources.Point, t time.Time) int { return p.At.Compare(t) })
	for _, p := range in.points[start:] {
		i := int(p.At.Sub(first) / time.Minute)
		if i >= len(inputs) {
			break
		}
		if inputs[i].asked == nth {
			inputs[i].asked = nth + 1
		}
		inputs[i].provisional = inputs[i].provisional || p.Provisional
	}
}

// unread tells whether trouble kept an input from being read for a period.
func (g *derivedGroup) unread(f formula, of sources.Series, v *sources.View, at time.Time) bool {
	for _, metric := range f.raw {
		for _, s := range g.seriesBehind(metric, of, v) {
			if in := g.series[s]; (in == nil || !in.has(at)) && v.Unread(s, at) {
				return true
			}
		}
	}
	return false
}

// has tells whether the series was asked about a period.
func (in *input) has(at time.Time) bool {
	i, _ := slices.BinarySearchFunc(in.points, at, func(p sources.Point, t time.Time) int { return p.At.Compare(t) })
	return i < len(in.points) && in.points[i].At.Before(at.Add(time.Minute))
}

// behind lists the inputs of a metric that stand behind a derived series of a resource.
func (g *derivedGroup) behind(metric string, of sources.Series, v *sources.View) []*input {
	var all []*input
	for _, s := range g.seriesBehind(metric, of, v) {
		if in := g.series[s]; in != nil {
			all = append(all, in)
		}
	}
	return all
}

// seriesBehind lists the series of a metric that stand behind a derived series of a resource: the resource's
// own, or, where it has none, all of them, and its own all the same, which trouble may have kept from coming.
func (g *derivedGroup) seriesBehind(metric string, of sources.Series, v *sources.View) []sources.Series {
	own := sources.Series{Metric: metric, Resource: of.Resource, Label: of.Label}
	all := []sources.Series{own}
	if g.series[own] != nil {
		return all
	}
	return append(all, v.Of(metric)...)
}

// splice replaces the periods of s in a derived series.
func (g *derivedGroup) splice(layer *sources.Layer, series sources.Series, s stretch, fresh []sources.Point) {
	old, exists := g.points[series]
	at := func(p sources.Point, t time.Time) int { return p.At.Compare(t) }
	i, _ := slices.BinarySearchFunc(old, s.first, at)
	j, _ := slices.BinarySearchFunc(old, s.last.Add(1), at)
	if slices.Equal(old[i:j], fresh) && (exists || len(fresh) == 0) {
		return
	}
	points := slices.Replace(old, i, j, fresh...)
	g.points[series] = points
	layer.Put(series, points)
}
