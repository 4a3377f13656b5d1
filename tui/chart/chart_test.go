package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// sheet is what a chart was drawn on.
type sheet struct {
	w, h  int
	runes [][]rune
	inks  [][]Ink
	wrong string
}

func newSheet(w, h int) *sheet {
	s := &sheet{w: w, h: h}
	for range h {
		s.runes = append(s.runes, []rune(strings.Repeat(" ", w)))
		s.inks = append(s.inks, make([]Ink, w))
	}
	return s
}

func (s *sheet) put(x, y int, r rune, ink Ink) {
	if x < 0 || y < 0 || x >= s.w || y >= s.h {
		s.wrong = fmt.Sprintf("%q at %d, %d of %dx%d", r, x, y, s.w, s.h)
		return
	}
	s.runes[y][x], s.inks[y][x] = r, ink
}

func (s *sheet) String() string {
	var b strings.Builder
	for _, row := range s.runes {
		b.WriteString(strings.TrimRight(string(row), " ") + "\n")
	}
	return b.String()
}

func (s *sheet) has(ink Ink) bool {
	for _, row := range s.inks {
		for _, i := range row {
			if i == ink {
				return true
			}
		}
	}
	return false
}

// minutes are points of one minute each, from noon on.
func minutes(values ...float64) []Point {
	var out []Point
	for i, v := range values {
		out = append(out, Point{At: noon.Add(time.Duration(i) * time.Minute), Span: time.Minute, Value: v, None: math.IsNaN(v)})
	}
	return out
}

func TestAreaSets(t *testing.T) {
	g := Grid{From: noon, Step: time.Minute, Columns: 8}
	points := minutes(0, 2, 4, 8, math.NaN(), 8, 6, 8)
	points[6].Provisional, points[7].Provisional = true, true
	columns := g.Bin(nil, points)
	for _, c := range []struct {
		name string
		set  Set
		w    int
		want string
	}{
		{"braille", Braille, 4, " ⢸⢸⡨\n⣠⣿⢸⡪\n"},
		{"blocks", Blocks, 8, "   █ █▄░\n▁▄██ █░░\n"},
		{"ascii", ASCII, 8, "   # #.:\n==## #::\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSheet(c.w, 2)
			(&Area{Columns: columns, Max: 8, Limit: math.NaN(), Set: c.set}).Draw(c.w, 2, s.put)
			if s.String() != c.want || s.wrong != "" {
				t.Errorf("drawn\n%swant\n%s%s", s, c.want, s.wrong)
			}
			if !s.has(Tail) {
				t.Error("nothing is provisional")
			}
		})
	}
}

// A gap has no dots, zero has one.
func TestZeroIsNoGap(t *testing.T) {
	g := Grid{From: noon, Step: time.Minute, Columns: 6}
	s := newSheet(3, 1)
	(&Area{Columns: g.Bin(nil, minutes(0, 0, math.NaN(), math.NaN(), 0, 0)), Max: 100, Limit: math.NaN()}).Draw(3, 1, s.put)
	if got := s.String(); got != "⣀ ⣀\n" {
		t.Errorf("drawn %q", got)
	}
}

func TestLimitIsDashed(t *testing.T) {
	g := Grid{From: noon, Step: time.Minute, Columns: 8}
	a := Area{Columns: g.Bin(nil, minutes(1, 1, 10, 10)), Max: 10, Limit: 6}
	s := newSheet(4, 4)
	a.Draw(4, 4, s.put)
	row, ok := a.LimitRow(4)
	if !ok || row != 1 || s.inks[1][0] != Limit || s.inks[1][1] == Limit || s.inks[1][3] != Limit {
		t.Errorf("row %d, %v:\n%s", row, ok, s)
	}
}

// Whatever the values, the grid and the size: a spike of one sample is on the chart, and nothing is drawn outside.
func TestSpikesNeverVanish(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 400).Draw(r, "points")
		span := time.Duration(rapid.SampledFrom([]int{1, 5, 10, 60}).Draw(r, "seconds")) * time.Second
		low := rapid.Bool().Draw(r, "low")
		at := rapid.IntRange(0, n-1).Draw(r, "spike")
		points := make([]Point, n)
		for i := range points {
			points[i] = Point{At: noon.Add(time.Duration(i) * span), Span: span, Value: 50}
		}
		points[at].Value = 100
		if low {
			points[at].Value = 0
		}
		now := noon.Add(time.Duration(n) * span)
		set := rapid.SampledFrom([]Set{Braille, Blocks, ASCII}).Draw(r, "set")
		w, h := rapid.IntRange(2, 60).Draw(r, "w"), rapid.IntRange(1, 12).Draw(r, "h")
		g := NewGrid(now, time.Duration(n)*span, w*set.PerCell())
		columns := g.Bin(nil, points)
		a := Area{Columns: columns, Max: 100, Low: low, Limit: math.NaN(), Set: set}
		s := newSheet(w, h)
		a.Draw(w, h, s.put)
		if s.wrong != "" {
			r.Fatal(s.wrong)
		}
		c := g.Column(points[at].At)
		if c < 0 || c >= len(columns) {
			r.Fatalf("column %d of %d", c, len(columns))
		}
		full := 100
		want := full
		if low {
			want = 1
		}
		if got := a.height(c, full); got != want {
			r.Fatalf("the spike's column is %d high, want %d", got, want)
		}
	})
}

// The grid holds what was wanted, and stands still while now moves within a leap.
func TestGridStandsStill(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		columns := rapid.IntRange(2, 400).Draw(r, "columns")
		want := time.Duration(rapid.IntRange(60, 24*3600).Draw(r, "want")) * time.Second
		now := noon.Add(time.Duration(rapid.IntRange(0, 1e6).Draw(r, "now")) * time.Second)
		g := NewGrid(now, want, columns)
		if !g.To().After(now) || g.From.After(now.Add(-want)) {
			r.Fatalf("from %s to %s at %s wants %s", g.From, g.To(), now, want)
		}
		if g.From.Unix()%int64(g.Step/time.Second) != 0 {
			r.Fatalf("columns of %s begin at %s", g.Step, g.From)
		}
		for d := time.Duration(0); now.Add(d).Before(g.To()); d += g.Step {
			if h := NewGrid(now.Add(d), want, columns); h != g {
				r.Fatalf("after %s the grid moved before its edge was reached", d)
			}
		}
	})
}

// Only the newest columns change while data arrives.
func TestOldColumnsStand(t *testing.T) {
	g := NewGrid(noon.Add(30*time.Minute), 30*time.Minute, 80)
	all := make([]float64, 40)
	for i := range all {
		all[i] = float64(i * i % 17)
	}
	before := g.Bin(nil, minutes(all[:28]...))
	after := g.Bin(nil, minutes(all[:29]...))
	edge := g.Column(noon.Add(28 * time.Minute))
	for i := range before {
		if before[i] != after[i] && i < edge {
			t.Errorf("column %d changed, the new sample begins in %d", i, edge)
		}
	}
}

func TestNice(t *testing.T) {
	for _, c := range []struct{ v, want float64 }{{0, 1}, {-3, 1}, {1, 1}, {1.2, 1.5}, {0.017, 0.02}, {99, 100}, {101, 150}, {3001, 4000}, {math.NaN(), 1}, {math.Inf(1), 1}} {
		if got := Nice(c.v); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("Nice(%v) = %v, want %v", c.v, got, c.want)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		v := rapid.Float64Range(1e-9, 1e12).Draw(r, "v")
		if n := Nice(v); n < v*(1-1e-8) || n > 2*v {
			r.Fatalf("Nice(%v) = %v", v, n)
		}
	})
}

func lines(series ...Series) *Lines {
	return &Lines{
		Now: noon.Add(30 * time.Minute), Span: 30 * time.Minute, Series: series,
		Value: func(v float64) string { return fmt.Sprintf("%.0f", v) }, Time: func(t time.Time) string { return t.Format("15:04") },
	}
}

func TestLines(t *testing.T) {
	values := make([]float64, 30)
	for i := range values {
		values[i] = float64(10 + i%3)
	}
	values[17] = 90
	points := minutes(values...)
	points[28].Provisional, points[29].Provisional = true, true
	l := lines(Series{"requests", points})
	l.Limits = []Bound{{"ceiling", 80}}
	l.Marks = []Moment{{noon.Add(10 * time.Minute), '▲', "deploy"}}
	s := newSheet(60, 12)
	if !l.Draw(60, 12, s.put) || s.wrong != "" {
		t.Fatalf("not drawn: %s", s.wrong)
	}
	text := s.String()
	for _, want := range []string{"100 ┤", "0 ┤", "ceiling", "12:10", "▲", "╭─╮", "┄"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	if !s.has(Tail) || !s.has(Limit) || !s.has(Line1) {
		t.Errorf("inks are missing:\n%s", text)
	}
}

// In a large chart, too, the highest and the lowest of what was measured can be seen, however many values share a
// column.
func TestLinesKeepExtremes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(30, 360).Draw(r, "points")
		points := make([]Point, n)
		for i := range points {
			points[i] = Point{At: noon.Add(time.Duration(i) * 5 * time.Second), Span: 5 * time.Second, Value: 50}
		}
		high, low := rapid.IntRange(1, n-2).Draw(r, "high"), rapid.IntRange(1, n-2).Draw(r, "low")
		points[low].Value, points[high].Value = 0, 100
		l := lines(Series{"x", points})
		l.Now, l.ASCII = points[n-1].At.Add(5*time.Second), rapid.Bool().Draw(r, "ascii")
		w, h := rapid.IntRange(30, 160).Draw(r, "w"), rapid.IntRange(6, 20).Draw(r, "h")
		s := newSheet(w, h)
		if !l.Draw(w, h, s.put) || s.wrong != "" {
			r.Fatalf("not drawn: %s", s.wrong)
		}
		if !row(s, 0) {
			r.Fatalf("the highest value is not in the top row:\n%s", s)
		}
		if low != high && !row(s, h-3) {
			r.Fatalf("the lowest value is not in the bottom row:\n%s", s)
		}
	})
}

// row tells whether a line passes through a row.
func row(s *sheet, y int) bool {
	for _, ink := range s.inks[y] {
		if ink >= Line1 {
			return true
		}
	}
	return false
}

func TestLinesNeedRoomAndData(t *testing.T) {
	s := newSheet(10, 3)
	if lines(Series{"x", minutes(1, 2, 3)}).Draw(10, 3, s.put) {
		t.Error("drawn without room")
	}
	s = newSheet(60, 10)
	if lines(Series{"x", minutes(math.NaN())}).Draw(60, 10, s.put) || lines().Draw(60, 10, s.put) || strings.TrimSpace(s.String()) != "" {
		t.Errorf("drawn without data:\n%s", s)
	}
}

// The names of limits leave the lines alone, and of two on one row both are named.
func TestNamesOfLimitsLeaveTheLinesAlone(t *testing.T) {
	points := minutes(slices.Repeat([]float64{0.1, 1, 60}, 6)...) // what comes next is free
	l := lines(Series{"errors", points})
	l.Limits = []Bound{{"warns above 0.3", 0.3}, {"pages above 1", 1}, {"ceiling", 80}}
	s := newSheet(80, 12)
	l.Draw(80, 12, s.put)
	plain := lines(Series{"errors", points})
	plain.Top = 80
	before := newSheet(80, 12)
	plain.Draw(80, 12, before.put)
	for _, name := range []string{"warns above 0.3", "pages above 1", "ceiling"} {
		if !strings.Contains(s.String(), name) {
			t.Errorf("nothing is named %q:\n%s", name, s)
		}
	}
	for i, was := range strings.Split(before.String(), "\n") {
		now := []rune(strings.Split(s.String(), "\n")[i])
		for x, r := range []rune(was) {
			if strings.ContainsRune("─│╭╮╰╯", r) && now[x] != r {
				t.Fatalf("row %d has %q for %q:\n%s", i, now[x], r, s)
			}
		}
	}
}
