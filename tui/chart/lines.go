package chart

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/guptarohit/asciigraph"
)

// Lines is a large line chart with a value axis at its left, a time axis at its foot, dashed lines for limits
// and signs for what happened.
type Lines struct {
	Now    time.Time     // the right edge is a little after it, see NewGrid
	Span   time.Duration // at least so much time before it is shown
	Series []Series      // at most four, the first one drawn over the others
	Limits []Bound
	Marks  []Moment
	Top    float64                // the scale ends at least here
	Value  func(v float64) string // labels of the value axis
	Time   func(t time.Time) string
	ASCII  bool
}

// Series is one line of a chart, its points in the order of time.
type Series struct {
	Name   string
	Points []Point
}

// Bound is a threshold or a ceiling.
type Bound struct {
	Name  string
	Value float64
}

// Moment is a sign on the time axis, with a word for it where there is room.
type Moment struct {
	At   time.Time
	Sign rune
	Name string
}

// Ink is the ink of the i-th line of a chart.
func (l *Lines) Ink(i int) Ink { return Line1 + Ink(min(i, int(Line4-Line1))) }

// Least size of a chart that says anything.
const (
	leastLinesW = 24
	leastLinesH = 4
)

// plot is a chart that is being drawn: where its parts lie.
type plot struct {
	*Lines
	put       Putter
	left      int // columns of the value axis, its line included
	w, h      int // of the plot itself
	grid      Grid
	low, high float64
	perColumn int      // plot columns for each column of the grid
	labels    []string // by row, "" for most
	columns   [][]Column
	drawn     []rune // pieces of lines by place, 0 for none
}

// Draw draws the chart w wide and h high: the plot, and under it two rows for the time axis. It returns false and
// draws nothing where there is no room or nothing is known.
func (l *Lines) Draw(w, h int, put Putter) bool {
	if w < leastLinesW || h < leastLinesH {
		return false
	}
	p := &plot{Lines: l, put: put, h: h - 2}
	p.measure(w)
	if p.columns == nil {
		return false
	}
	p.axis()
	p.limits()
	p.drawn = make([]rune, p.w*p.h)
	for i := len(p.columns) - 1; i >= 0; i-- {
		p.line(i)
	}
	p.names()
	p.time()
	return true
}

// measure finds the scale, and from the width of its labels the grid.
func (p *plot) measure(w int) {
	p.w = w
	p.bin()
	if p.columns == nil {
		return
	}
	p.scale()
	widest := 0
	for _, s := range p.labels {
		widest = max(widest, utf8.RuneCountInString(s))
	}
	p.left = min(widest+2, w/3)
	p.w = w - p.left
	p.bin()
	if p.columns != nil {
		p.scale()
	}
}

// bin sorts the points into columns. Where several fall into one, a column is two places wide: the first shows the
// earlier of lowest and highest, the second the other, so that neither is lost.
func (p *plot) bin() {
	p.perColumn = 1
	p.grid = NewGrid(p.Now, p.Span, p.w)
	if p.grid.Step > p.period() {
		p.perColumn = 2
		p.grid = NewGrid(p.Now, p.Span, p.w/2)
	}
	p.columns = nil
	known := false
	for i := range p.Series {
		p.columns = append(p.columns, p.grid.Bin(nil, p.Series[i].Points))
		_, _, ok := Range(p.columns[i])
		known = known || ok
	}
	if !known {
		p.columns = nil
	}
}

// period is the shortest stretch that a point stands for.
func (p *plot) period() time.Duration {
	shortest := time.Duration(math.MaxInt64)
	for _, s := range p.Series {
		if n := len(s.Points); n > 0 {
			shortest = min(shortest, s.Points[n-1].Span)
		}
	}
	return shortest
}

// scale finds the values at foot and top and the labels between them.
func (p *plot) scale() {
	p.low, p.high = 0, p.Top
	for _, columns := range p.columns {
		if low, high, ok := Range(columns); ok {
			p.high = math.Max(p.high, high)
			if low < 0 {
				p.low = math.Min(p.low, -Nice(-low))
			}
		}
	}
	for _, l := range p.Limits {
		p.high = math.Max(p.high, l.Value)
	}
	p.high = Nice(p.high)
	p.labels = make([]string, p.h)
	n := labelsOf(p.high-p.low, p.h)
	for i := range n + 1 {
		v := p.low + (p.high-p.low)*float64(i)/float64(n)
		if label := p.Value(v); i == 0 || label != p.labels[p.h-1] { // too small a scale for its format
			p.labels[p.row(v)] = label
		}
	}
}

// parts are into how many round parts the ends of a scale, see Nice, can be cut.
var parts = map[float64][]int{1: {5, 2}, 1.5: {3}, 2: {4, 2}, 3: {3}, 4: {4, 2}, 5: {5}, 6: {3, 2}, 8: {4, 2}}

// labelsOf is into how many parts the labels cut a value axis of h rows.
func labelsOf(length float64, h int) int {
	unit := math.Pow(10, math.Floor(math.Log10(length)+1e-9))
	for _, n := range parts[math.Round(length/unit*10)/10] {
		if n <= (h-1)/2 {
			return n
		}
	}
	return 1
}

func (p *plot) axis() {
	for row, s := range p.labels {
		runes := []rune(s)
		x := max(p.left-2-len(runes), 0)
		for i, r := range runes[:min(len(runes), p.left-1)] {
			p.put(x+i, row, r, Axis)
		}
		line := '│'
		if s != "" {
			line = '┤'
		}
		p.put(p.left-1, row, line, Axis)
	}
}

// row is the row of a value, as asciigraph rounds it.
func (p *plot) row(v float64) int {
	return min(max(p.h-1-int(math.Round((v-p.low)/(p.high-p.low)*float64(p.h-1))), 0), p.h-1)
}

// limits draws dashed lines with their names at their right ends.
func (p *plot) limits() {
	for _, l := range p.Limits {
		if l.Value < p.low || l.Value > p.high || math.IsNaN(l.Value) {
			continue
		}
		row := p.row(l.Value)
		for x := 0; x < p.w; x++ {
			if !p.ASCII || x%2 == 0 {
				p.put(p.left+x, row, '╌', Limit)
			}
		}
	}
}

// line draws the i-th line through its columns.
func (p *plot) line(i int) {
	columns := p.columns[i]
	values := p.values(columns)
	tail := p.tail(columns)
	if values == nil {
		return
	}
	text := asciigraph.Plot(values, asciigraph.Height(p.h-1), asciigraph.LowerBound(0), asciigraph.UpperBound(p.high-p.low),
		asciigraph.YAxisValueFormatter(func(float64) string { return "" }))
	for row, s := range strings.Split(text, "\n") {
		x := -1
		for _, r := range s {
			switch {
			case x < 0 && (r == '┤' || r == '┼'):
				x = 0
			case x >= 0:
				p.point(i, x, row, r, x >= tail)
				x++
			}
		}
	}
}

func (p *plot) point(i, x, row int, r rune, tail bool) {
	if r == ' ' || x >= p.w || row >= p.h {
		return
	}
	ink := p.Ink(i)
	if tail {
		ink = Tail
		if r == '─' {
			r = '┄'
		}
	}
	below := p.drawn[row*p.w+x]
	p.drawn[row*p.w+x] = r
	sign := p.stroke(i, r)
	if crosses(r, below) {
		sign = crossed
		if p.ASCII {
			sign = asciiCrossed
		}
	}
	p.put(p.left+x, row, sign, ink)
}

// values is the line as asciigraph takes it: one value for each place and one before the first, from the foot of the
// scale on; nil where nothing is known.
func (p *plot) values(columns []Column) []float64 {
	out := make([]float64, 1, len(columns)*p.perColumn+1)
	known := false
	for _, c := range columns {
		first, second := c.Low, c.High
		if c.Falls {
			first, second = second, first
		}
		if !c.Known {
			first, second = math.NaN(), math.NaN()
		}
		known = known || c.Known
		if p.perColumn == 1 {
			out = append(out, second-p.low)
			continue
		}
		out = append(out, first-p.low, second-p.low)
	}
	out[0] = out[1]
	if !known {
		return nil
	}
	return out
}

// tail is the place from which on values may still be revised.
func (p *plot) tail(columns []Column) int {
	for i, c := range columns {
		if c.Known && c.Provisional {
			return i * p.perColumn
		}
	}
	return p.w + 1
}

// names writes the limits' names at the right, on their lines or next to them, where no line of the chart is. The higher
// limit is named first; one that finds no free place is not named, for what is measured is worth more.
func (p *plot) names() {
	limits := slices.SortedFunc(slices.Values(p.Limits), func(a, b Bound) int { return cmp.Compare(b.Value, a.Value) })
	for _, l := range limits {
		name := []rune(" " + l.Name + " ")
		if l.Name == "" || l.Value < p.low || l.Value > p.high {
			continue
		}
		row := p.row(l.Value)
		for _, at := range [...]int{row, row - 1, row + 1} {
			if at != row && p.limited(at) {
				continue
			}
			if x, ok := p.room(at, len(name)); ok {
				p.name(x, at, name)
				break
			}
		}
	}
}

// limited tells whether a limit is drawn on a row: a name there would be taken for its.
func (p *plot) limited(row int) bool {
	return slices.ContainsFunc(p.Limits, func(l Bound) bool { return l.Value >= p.low && l.Value <= p.high && p.row(l.Value) == row })
}

// room is the rightmost place of n free columns on a row.
func (p *plot) room(row, n int) (x int, ok bool) {
	if row < 0 || row >= p.h {
		return 0, false
	}
	free := 0
	for x := p.w - 1; x >= 0; x-- {
		if free++; p.drawn[row*p.w+x] != 0 {
			free = 0
		}
		if free == n {
			return x, true
		}
	}
	return 0, false
}

// name writes a name, and takes its place.
func (p *plot) name(x, row int, name []rune) {
	for i, r := range name {
		p.put(p.left+x+i, row, r, Limit)
		p.drawn[row*p.w+x+i] = r
	}
}

// place is the plot column of a moment.
func (p *plot) place(t time.Time) (int, bool) {
	d := t.Sub(p.grid.From)
	x := int(d * time.Duration(p.perColumn) / p.grid.Step)
	return x, d >= 0 && x < p.w
}

// time draws the time axis: ticks at round times, their labels, and the marks.
func (p *plot) time() {
	p.put(p.left-1, p.h, '└', Axis)
	for x := range p.w {
		p.put(p.left+x, p.h, '─', Axis)
	}
	free := 0
	for t := p.firstTick(); t.Before(p.grid.To()); t = t.Add(p.tickEvery()) {
		x, ok := p.place(t)
		label := []rune(p.Time(t))
		if !ok || x < free || x+len(label) > p.w {
			continue
		}
		p.put(p.left+x, p.h, '┬', Axis)
		for i, r := range label {
			p.put(p.left+x+i, p.h+1, r, Axis)
		}
		free = x + len(label) + 2
	}
	p.marks()
}

// marks draws what happened on the time axis. A sign has its name where that ends before the next one.
func (p *plot) marks() {
	slices.SortStableFunc(p.Marks, func(a, b Moment) int { return a.At.Compare(b.At) })
	for i, m := range p.Marks {
		x, ok := p.place(m.At)
		if !ok {
			continue
		}
		p.put(p.left+x, p.h, m.Sign, Mark)
		room := p.w - x - 1
		if i+1 < len(p.Marks) {
			if next, ok := p.place(p.Marks[i+1].At); ok {
				room = next - x - 2
			}
		}
		if name := []rune(m.Name); len(name) <= room {
			for i, r := range name {
				p.put(p.left+x+1+i, p.h, r, Mark)
			}
		}
	}
}

// tickEvery is a round time for which there are about twelve columns of the plot: whole minutes, as they are written.
func (p *plot) tickEvery() time.Duration {
	want := p.grid.Step * 12 / time.Duration(p.perColumn)
	for _, s := range steps {
		if s >= want && s%time.Minute == 0 {
			return s
		}
	}
	return steps[len(steps)-1]
}

func (p *plot) firstTick() time.Time {
	every := p.tickEvery()
	return p.grid.From.Truncate(every).Add(every)
}
