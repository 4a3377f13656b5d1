package tui

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"warroom/sources"
	"warroom/tui/chart"
)

// supportingLines is how many lines of further numbers a tile has.
const supportingLines = 2

// Tile is one cell of the grid: a resource, and what its service's file says about showing it.
type Tile struct {
	Number int // its key, from 1 on, in the order of the grid without a filter
	Ref    sources.Ref
	Title  string // e.g. "load balancer prod"

	key      string // the number as it is drawn
	spec     *tileSpec
	region   string // "" for the launch's own
	headline value
	ceiling  value
	chart    value
	limit    value
	wall     [2]value
	loaded   value // what tells whether a met ceiling is felt
	watch    []value
	lines    [supportingLines][][]field
	vital    []sources.Series // recorded series without which the tile is blind
	kin      []sources.Series // all recorded series of the resource, the vital ones first
	instead  *Tile            // where the headline does not exist, nil if nothing
}

// value is a number that a tile reads: a series, or an expression over the resource.
type value struct {
	expr   string // as the file has it, "" for none
	series sources.Series
	metric sources.Metric
	bare   bool // a series
}

// period is how long one sample of it is for.
func (v *value) period() time.Duration {
	if v.metric.Period > 0 {
		return v.metric.Period
	}
	return time.Minute
}

var word = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)

func newValue(expr string, r sources.Ref) value {
	v := value{expr: expr}
	if m, ok := sources.Lookup(expr); ok {
		// what bears a prefix is in no view before the engine is asked
		v.metric, v.bare, v.series = m, !strings.Contains(expr, ":"), sources.Series{Metric: expr, Resource: r.Name}
		return v
	}
	v.bare = word.FindString(expr) == expr && expr != ""
	v.series = sources.Series{Metric: expr, Resource: r.Name}
	return v
}

// newTile fits a service's file to a resource.
func newTile(spec *tileSpec, r sources.Resource) *Tile {
	t := &Tile{Ref: r.Ref, Title: strings.TrimSpace(spec.Title + " " + r.Name), spec: spec, region: r.Region}
	if spec.Title == r.Name || spec.Resource != "" && spec.Title != "" {
		t.Title = spec.Title
	}
	t.headline, t.ceiling = newValue(spec.Headline.Value, r.Ref), newValue(spec.Headline.Ceiling, r.Ref)
	t.chart, t.limit = newValue(spec.Chart.Value, r.Ref), newValue(spec.Chart.Ceiling, r.Ref)
	if spec.Chart.Value == "" {
		t.chart = t.headline
	}
	if spec.Wall != nil {
		t.wall = [2]value{newValue(spec.Wall.Used, r.Ref), newValue(spec.Wall.Ceiling, r.Ref)}
		if spec.Wall.When != nil {
			t.loaded = newValue(spec.Wall.When.Value, r.Ref)
		}
	}
	for _, w := range spec.Watch {
		t.watch = append(t.watch, newValue(w.Value, r.Ref))
	}
	for i, line := range spec.Lines {
		for _, part := range line {
			t.lines[i] = append(t.lines[i], parseTemplate(part))
		}
	}
	t.vital = vitals(r.Ref, t.headline.expr, t.chart.expr)
	t.kin = kin(r.Ref, t.vital)
	if other := spec.instead(); other != nil {
		t.instead = newTile(other, r)
	}
	return t
}

// vitals are the recorded series of the resource from which the expressions are made.
func vitals(r sources.Ref, exprs ...string) []sources.Series {
	var out []sources.Series
	names := word.FindAllString(strings.Join(exprs, " "), -1)
	for i := 0; i < len(names); i++ {
		m, ok := sources.Lookup(names[i])
		s := sources.Series{Metric: names[i], Resource: r.Name}
		switch {
		case ok && m.Derived():
			names = append(names, m.Inputs()...)
		case ok && m.Service == r.Service && m.Label == "" && !slices.Contains(out, s):
			out = append(out, s)
		}
	}
	return out
}

// kin are all series without further label that are recorded of a resource, the vital ones first.
func kin(r sources.Ref, vital []sources.Series) []sources.Series {
	out := slices.Clone(vital)
	for _, m := range sources.Metrics() {
		s := sources.Series{Metric: m.Name, Resource: r.Name}
		if m.Service == r.Service && !m.Derived() && m.Label == "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// Level sorts what a tile may say by how much it needs a person.
type Level uint8

// The levels.
const (
	LevelOK      Level = iota
	LevelUnknown       // nothing known yet, or nothing there
	LevelStale         // what is shown is old
	LevelWarn          // needs a look
	LevelError         // its source fails: we are blind
	LevelPage          // needs a person now
)

// Status is how a tile stands: the word and glyph in its border, and the sentence behind them.
type Status struct {
	Level  Level
	Word   string              // e.g. "wall 6m", "stale 4m", "ok"
	Glyph  rune                // the same without words
	Why    string              // for people, "" while all is well
	Since  time.Time           // since when, zero while unknown
	of     string              // the metric or expression that is wrong, "" for the tile as a whole
	cause  sources.TroubleKind // of an error
	shared string              // what others of one cause say, too
	empty  bool                // there is nothing to show: no number, no trend, no age
	now    string              // what an alert is about, as it is now; "" where Why says that
	alert  string              // key of the alert that says so, "" where the tile's own reading does
}

// face is everything that is drawn of a tile: two tiles with equal faces look the same.
type face struct {
	status       Status
	number, unit string
	young        bool                    // no settled value yet, the headline may be revised
	lines        [supportingLines]string // parts with a partMark between two
	age          string
	late         bool
	grid         chart.Grid
	columns      []chart.Column
	low, high    float64
	limit        float64 // NaN for none
	scale        string  // what its top or its limit is worth
	brief        string  // the same in fewer columns, "" for no such words
	lowest       bool    // a column shows its lowest value
	aside        bool    // what is wrong is neither in the headline nor in the chart
	notice       string  // stands instead of the first supporting line
}

func (f *face) equal(g *face) bool {
	return f.status == g.status && f.number == g.number && f.unit == g.unit && f.young == g.young && f.age == g.age && f.late == g.late &&
		f.grid == g.grid && f.low == g.low && f.high == g.high && f.scale == g.scale && f.brief == g.brief && (f.limit == g.limit || math.IsNaN(f.limit) && math.IsNaN(g.limit)) &&
		f.lowest == g.lowest && f.notice == g.notice && f.aside == g.aside && f.lines == g.lines && slices.Equal(f.columns, g.columns)
}
