package chart

import "math"

// Ink says what a character of a chart means.
type Ink uint8

// The inks. Filled areas come in four shades from their foot to their top.
const (
	None  Ink = iota
	Area1     // an area's foot
	Area2
	Area3
	Area4 // its top
	Tail  // may still be revised
	Limit // a threshold or a ceiling
	Axis  // lines and labels around the chart
	Mark  // something happened at this time
	Line1 // lines of a large chart
	Line2
	Line3
	Line4
)

// Set is the characters that a chart may use.
type Set uint8

// The sets.
const (
	Braille Set = iota // two columns and four rows of dots in a character
	Blocks             // eighths of a block
	ASCII              // nothing outside of ASCII
)

// PerCell is how many columns of time stand in one character.
func (s Set) PerCell() int {
	if s == Braille {
		return 2
	}
	return 1
}

// Putter takes one character of a chart; 0, 0 is its top left corner.
type Putter func(x, y int, r rune, ink Ink)

// Area is a filled area over a grid's columns.
type Area struct {
	Columns  []Column // Set.PerCell for every character of the width
	Min, Max float64  // the values at the foot and at the top
	Low      bool     // where a column holds several values show the lowest, not the highest
	Limit    float64  // drawn as a dashed line, NaN for none
	Set      Set
}

// Draw draws the area w characters wide and h high. Every known column shows at least one dot, so that zero
// differs from a gap.
func (a *Area) Draw(w, h int, put Putter) {
	a.limit(w, h, put)
	switch a.Set {
	case Braille:
		a.braille(w, h, put)
	default:
		a.bars(w, h, put)
	}
}

// height is a column's height in units of which full make the whole chart; 0 only for a gap.
func (a *Area) height(i, full int) int {
	if i >= len(a.Columns) || !a.Columns[i].Known || full <= 0 {
		return 0
	}
	v := a.Columns[i].High
	if a.Low {
		v = a.Columns[i].Low
	}
	return min(max(int(math.Round((v-a.Min)/(a.Max-a.Min)*float64(full))), 1), full)
}

// limit draws the dashed line in the row where its value lies.
func (a *Area) limit(w, h int, put Putter) {
	row, ok := a.LimitRow(h)
	if !ok || h < 2 {
		return
	}
	for x := range w {
		if a.Set == ASCII {
			if x%2 == 0 {
				put(x, row, '-', Limit)
			}
			continue
		}
		put(x, row, '╌', Limit)
	}
}

// LimitRow is the row of the dashed line in a chart h rows high, if it lies within.
func (a *Area) LimitRow(h int) (int, bool) {
	if math.IsNaN(a.Limit) || a.Limit < a.Min || a.Limit > a.Max || a.Max <= a.Min {
		return 0, false
	}
	return min(int((a.Max-a.Limit)/(a.Max-a.Min)*float64(h)), h-1), true
}

// dots are the bits of a braille character, by column and by row from the foot.
var dots = [2][4]rune{{0x40, 0x04, 0x02, 0x01}, {0x80, 0x20, 0x10, 0x08}}

func (a *Area) braille(w, h int, put Putter) {
	for x := range w {
		left, right := a.height(2*x, 4*h), a.height(2*x+1, 4*h)
		tail := a.provisional(2*x, left) || a.provisional(2*x+1, right)
		for y := range h {
			foot := 4 * (h - 1 - y)
			bits := a.column(0, left-foot, a.provisional(2*x, left)) | a.column(1, right-foot, a.provisional(2*x+1, right))
			if bits != 0 {
				put(x, y, 0x2800|bits, ink(tail, y, h))
			}
		}
	}
}

func (a *Area) provisional(i, height int) bool { return height > 0 && a.Columns[i].Provisional }

// column is the dots of one column of a character up to a height; a provisional one has every other dot.
func (a *Area) column(side, height int, provisional bool) rune {
	var bits rune
	for i := range min(max(height, 0), 4) {
		if !provisional || (i+side)%2 == 0 {
			bits |= dots[side][i]
		}
	}
	return bits
}

// ink is the shade of a row, or the ink of what is provisional.
func ink(tail bool, y, h int) Ink {
	switch {
	case tail:
		return Tail
	case h == 1:
		return Area3
	}
	return Area4 - Ink(y*4/h)
}

var eighths = []rune(" ▁▂▃▄▅▆▇█")

func (a *Area) bars(w, h int, put Putter) {
	parts := 8
	if a.Set == ASCII {
		parts = 2
	}
	for x := range w {
		height := a.height(x, parts*h)
		tail := a.provisional(x, height)
		for y := range h {
			if n := min(max(height-parts*(h-1-y), 0), parts); n > 0 {
				put(x, y, a.bar(n, tail), ink(tail, y, h))
			}
		}
	}
}

func (a *Area) bar(n int, tail bool) rune {
	switch {
	case a.Set == ASCII && tail:
		return [...]rune{'.', ':'}[n-1]
	case a.Set == ASCII:
		return [...]rune{'=', '#'}[n-1]
	case tail && n == 8:
		return '░'
	}
	return eighths[n]
}
