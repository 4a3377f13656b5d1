package chart

import (
	"math"
	"slices"
	"time"
)

// Point is a value that holds for a stretch of time.
type Point struct {
	At          time.Time     // start of the stretch
	Span        time.Duration // its length
	Value       float64
	None        bool // asked, and there is no value: a gap
	Provisional bool // the value may still be revised
}

// Column is what is known of one stretch of time in a chart. The zero Column is a gap.
type Column struct {
	Low, High   float64
	Known       bool
	Provisional bool
	Falls       bool // the highest value came before the lowest
}

// Grid is time cut into columns.
type Grid struct {
	From    time.Time // start of the first column
	Step    time.Duration
	Columns int
}

// steps are the widths a column may have; each divides the hour or is a multiple of it.
var steps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 20 * time.Second, 30 * time.Second, 40 * time.Second, 45 * time.Second,
	time.Minute, 2 * time.Minute, 3 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 20 * time.Minute,
	30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// leap is into how many parts a chart's width is cut to find how far it moves when its edge is reached.
const leap = 10

// NewGrid cuts the time up to now into columns so that at least the last want is on them, with the finest step
// that allows it. The right edge lies up to a tenth of the width after now: it moves in leaps.
func NewGrid(now time.Time, want time.Duration, columns int) Grid {
	columns = max(columns, 1)
	jump := max(columns/leap&^1, 1)
	usable := max(columns-jump, 1)
	step := steps[len(steps)-1]
	for _, s := range steps {
		if time.Duration(usable)*s >= want {
			step = s
			break
		}
	}
	edge := (now.Unix()/(int64(step/time.Second)*int64(jump)) + 1) * int64(step/time.Second) * int64(jump)
	return Grid{From: time.Unix(edge, 0).Add(-time.Duration(columns) * step).In(now.Location()), Step: step, Columns: columns}
}

// To is the end of the last column.
func (g Grid) To() time.Time { return g.From.Add(time.Duration(g.Columns) * g.Step) }

// Column is the column in which t lies; it may be outside of the grid.
func (g Grid) Column(t time.Time) int {
	d := t.Sub(g.From)
	if d < 0 {
		return -int((-d + g.Step - 1) / g.Step)
	}
	return int(d / g.Step)
}

// Bin sorts points, oldest first, into the grid's columns, using the memory of dst. A point fills every
// column that its stretch touches.
func (g Grid) Bin(dst []Column, points []Point) []Column {
	dst = slices.Grow(dst[:0], g.Columns)[:g.Columns]
	clear(dst)
	from, step := g.From.UnixNano(), int64(g.Step)
	for i := range points {
		p := &points[i]
		if p.None || math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
			continue
		}
		start := p.At.UnixNano() - from
		end := start + int64(max(p.Span, 1)) - 1
		if end < 0 {
			continue
		}
		for c := max(start, 0) / step; c <= end/step && c < int64(g.Columns); c++ {
			dst[c].take(p)
		}
	}
	return dst
}

func (c *Column) take(p *Point) {
	c.Provisional = c.Provisional || p.Provisional
	switch {
	case !c.Known:
		c.Low, c.High, c.Known = p.Value, p.Value, true
	case p.Value > c.High:
		c.High, c.Falls = p.Value, false
	case p.Value < c.Low:
		c.Low, c.Falls = p.Value, true
	}
}

// Range is the lowest and the highest of what is known; ok is false where nothing is.
func Range(columns []Column) (low, high float64, ok bool) {
	low, high = math.Inf(1), math.Inf(-1)
	for i := range columns {
		if columns[i].Known {
			low, high, ok = math.Min(low, columns[i].Low), math.Max(high, columns[i].High), true
		}
	}
	return low, high, ok
}

// Nice is the smallest round number that is not below v: 1, 1.5, 2, 3, 4, 5, 6, 8 or 10 times a power of ten. A scale
// that ends on it does not move with every sample. It is 1 for what is not above zero.
func Nice(v float64) float64 {
	if !(v > 0) || math.IsInf(v, 0) {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range [...]float64{1, 1.5, 2, 3, 4, 5, 6, 8} {
		if v <= f*unit*(1+1e-9) {
			return f * unit
		}
	}
	return 10 * unit
}
