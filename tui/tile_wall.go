package tui

import (
	"math"
	"slices"
	"time"

	"warroom/sources"
)

// How a trend is judged: over the last trendPoints settled samples, at least trendLeast of them. It is believed if
// it explains trendFit of what they do and the newest still follow it, and it is followed trendReach ahead.
const (
	trendPoints = 10
	trendLeast  = 5
	trendFit    = 0.6
	trendHolds  = 0.5 // the newest trendLeast must still rise at this share of the pace
	trendReach  = 4 * time.Hour
	wallWarn    = 15 * time.Minute // unless the tile's file says otherwise
	fillingFrom = 0.75             // use of the ceiling from which a rise is worth a word
)

// wall says how long it takes until use meets its ceiling if it goes on as it does.
func (r *reader) wall(t *Tile) (Status, bool) {
	spec := t.spec.Wall
	used, _, ok := r.number(t, &t.wall[0])
	ceiling, _, known := r.number(t, &t.wall[1])
	if !ok || !known || ceiling <= 0 {
		return Status{}, false
	}
	what := grouped(used) + " of " + grouped(ceiling)
	if used >= ceiling && r.idle(t) {
		return Status{Level: LevelOK, Word: "at maximum", Glyph: '✔'}, true
	}
	if used >= ceiling {
		return Status{Level: wallLevel(spec, 0), Word: "at ceiling", Glyph: '▲', Why: what + ", nothing left", Since: r.above(&t.wall[0], ceiling)}, true
	}
	slope, since := r.slope(&t.wall[0])
	if slope <= 0 {
		return Status{}, false
	}
	seconds := (ceiling - used) / slope
	if seconds > trendReach.Seconds() {
		return Status{}, false
	}
	left := time.Duration(seconds * float64(time.Second))
	switch {
	case left <= orDuration(spec.Warn, wallWarn):
		s := Status{Level: wallLevel(spec, left), Word: "wall " + rough(left), Glyph: '▲', Why: what + ", reaches the ceiling in " + rough(left), Since: since}
		if s.Level == LevelPage {
			s.Glyph = '✖'
		}
		return s, true
	case used/ceiling >= fillingFrom && spec.Word != "":
		return Status{Level: LevelWarn, Word: spec.Word, Glyph: '▲', Why: what + ", reaches the ceiling in " + rough(left), Since: since}, true
	}
	return Status{}, false
}

// idle tells whether the tile's file says by what a met ceiling is felt, and that it is not.
func (r *reader) idle(t *Tile) bool {
	when := t.spec.Wall.When
	if when == nil {
		return false
	}
	n, _, ok := r.number(t, &t.loaded)
	return ok && n <= when.Above
}

// above is since when a value has been at a limit or above it, as far as the last hour tells; zero where it has not.
func (r *reader) above(v *value, limit float64) (since time.Time) {
	r.points = r.view.Points(r.points[:0], v.series, r.cursor.Add(-watchSpan), r.cursor)
	for _, p := range slices.Backward(r.points) {
		switch n, ok := measured(p, &v.metric); {
		case p.Provisional:
		case !ok || n < limit:
			return since
		default:
			since = p.At
		}
	}
	return since
}

func wallLevel(spec *wallSpec, left time.Duration) Level {
	if spec.Page > 0 && left <= spec.Page {
		return LevelPage
	}
	return LevelWarn
}

func orDuration(d, other time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return other
}

// slope is the rise per second of the newest settled samples, 0 where there is no clear trend, and since when they rise.
func (r *reader) slope(v *value) (slope float64, since time.Time) {
	if !v.bare {
		return 0, since
	}
	r.points = r.view.Points(r.points[:0], v.series, r.cursor.Add(-4*trendPoints*v.period()), r.cursor)
	settled := r.points[:0]
	for _, p := range r.points {
		if !p.Provisional && !p.None && !math.IsNaN(p.Value) {
			settled = append(settled, p)
		}
	}
	if len(settled) < trendLeast {
		return 0, since
	}
	settled = settled[max(len(settled)-trendPoints, 0):]
	var fit float64
	slope, fit = leastSquares(settled)
	if fit < trendFit || slope <= 0 {
		return 0, since
	}
	if recent, _ := leastSquares(settled[len(settled)-trendLeast:]); recent < slope*trendHolds {
		return 0, since // it has risen, and does not any more
	}
	low := settled[0]
	for _, p := range settled {
		if p.Value <= low.Value {
			low = p
		}
	}
	return slope, low.At
}

// leastSquares is the slope per second of the line through the points, and how much of their variance it explains.
func leastSquares(points []sources.Point) (slope, fit float64) {
	n := float64(len(points))
	var mx, my float64
	for _, p := range points {
		mx += p.At.Sub(points[0].At).Seconds() / n
		my += p.Value / n
	}
	var xx, xy, yy float64
	for _, p := range points {
		dx, dy := p.At.Sub(points[0].At).Seconds()-mx, p.Value-my
		xx, xy, yy = xx+dx*dx, xy+dx*dy, yy+dy*dy
	}
	if xx == 0 || yy == 0 {
		return 0, 0
	}
	return xy / xx, xy * xy / (xx * yy)
}
