package tui

import (
	"cmp"
	"math"
	"slices"
	"time"

	"warroom/alerts"
	"warroom/sources"
)

// Ceiling is something that can be full, as it stands at the cursor.
type Ceiling struct {
	Tile  *Tile
	Used  float64
	Most  float64
	Rises float64       // a second; 0 where there is no clear trend upwards
	Since time.Time     // since when it rises
	Left  time.Duration // until it is full if it goes on so, at most trendReach; negative: not in sight
	Act   time.Duration // how long it takes until more is there, once asked for
	Seen  bool          // that is how long it took in the last hours
	Young bool          // nothing has settled yet
	Idle  bool          // it is full, and nobody feels it: where it was sent
	spec  *ceilingSpec
	alert *alerts.Alert // the most urgent one that is about it, nil for none
	stand Status        // how that stands
	loose bool          // the trend is no clear one, but that by which its alert is judged
}

// Level is how much a ceiling needs a person: now where more would come too late or nothing is left, soon where it would
// not be long until then; and no less than its alert says.
func (c *Ceiling) Level() Level { return max(c.own(), c.stand.Level) }

// own is what it needs by its own numbers.
func (c *Ceiling) own() Level {
	switch {
	case c.Used >= c.Most && !c.Idle:
		return LevelPage
	case c.Left < 0 || c.Idle:
		return LevelOK
	case c.Left <= c.Act:
		return LevelPage
	case c.Left <= max(soonFull, 2*c.Act) || c.Left <= wallWarn:
		return LevelWarn
	}
	return LevelOK
}

// soonFull is how much time to decide a person should have beside the time to act.
const soonFull = 10 * time.Minute

// share is how much of the ceiling is used.
func (c *Ceiling) share() float64 { return c.Used / c.Most }

// Ceilings are all ceilings of what is watched of which anything is known, the one with the least time first, then the
// fullest.
func (p *Painter) Ceilings(s *Scene) []Ceiling {
	p.begin(s)
	var out []Ceiling
	for _, t := range p.tiles {
		for i := range t.spec.Ceilings {
			if c, ok := p.reader.ceiling(t, &t.spec.Ceilings[i]); ok {
				out = append(out, c)
			}
		}
	}
	left := func(c *Ceiling) time.Duration {
		if c.Used >= c.Most && !c.Idle {
			return 0
		}
		if c.Left < 0 {
			return math.MaxInt64
		}
		return c.Left
	}
	slices.SortStableFunc(out, func(a, b Ceiling) int {
		return cmp.Or(cmp.Compare(b.Level(), a.Level()), cmp.Compare(left(&a), left(&b)), cmp.Compare(b.share(), a.share()))
	})
	return out
}

// ceiling reads one.
func (r *reader) ceiling(t *Tile, spec *ceilingSpec) (c Ceiling, ok bool) {
	used, top := newValue(spec.Used, t.Ref), newValue(spec.Ceiling, t.Ref)
	c = Ceiling{Tile: t, spec: spec, Most: spec.Most, Left: -1, Act: spec.Act}
	if c.Used, c.Young, ok = r.number(t, &used); !ok {
		return c, false
	}
	if spec.Ceiling != "" {
		if c.Most, _, ok = r.number(t, &top); !ok {
			return c, false
		}
	}
	if c.Most <= 0 {
		return c, false
	}
	if c.alert = r.alertOn(t, spec); c.alert != nil {
		c.stand = AlertStatus(c.alert)
	}
	c.Idle = c.Used >= c.Most && t.spec.Wall != nil && t.spec.Wall.Used == spec.Used && r.idle(t)
	if took := r.tookToFollow(t, spec); took > 0 {
		c.Act, c.Seen = took, true
	}
	c.Rises, c.Since = r.slope(&used)
	if c.Rises <= 0 && c.alert != nil && c.alert.To == alerts.Firing {
		c.Rises, c.Since = r.pace(&used)
		c.loose = c.Rises > 0
	}
	if c.Rises > 0 && c.Used < c.Most {
		if seconds := (c.Most - c.Used) / c.Rises; seconds <= trendReach.Seconds() {
			c.Left = time.Duration(seconds * float64(time.Second))
		}
	}
	return c, true
}

// alertOn is the most urgent alert about a ceiling that is to be seen without being looked for, and that nobody has silenced;
// nil where there is none.
func (r *reader) alertOn(t *Tile, spec *ceilingSpec) *alerts.Alert {
	var worst *alerts.Alert
	for i := range r.scene.Alerts {
		a := &r.scene.Alerts[i]
		if a.Resource != t.Ref || a.Silence != nil || !pressing(a) || !concerns(a, t, spec) {
			continue
		}
		level := AlertStatus(a).Level
		if (level == LevelWarn || level == LevelPage) && (worst == nil || level > AlertStatus(worst).Level) {
			worst = a
		}
	}
	return worst
}

// concerns tells whether an alert of a tile's resource is about one of its ceilings: it reads what is used of it first, or both
// that and the ceiling. Where the ceiling is a number, an alert about another one is about that alone: that a fleet at its
// maximum is busy is a matter of its instances.
func concerns(a *alerts.Alert, t *Tile, spec *ceilingSpec) bool {
	judged := judgedOf(a)
	first := reads(judged[:min(len(judged), 1)], spec.Used)
	if spec.Ceiling != "" {
		return first || reads(judged, spec.Used) && reads(judged, spec.Ceiling)
	}
	others := func(other ceilingSpec) bool { return other.Ceiling != "" && concerns(a, t, &other) }
	return first && !slices.ContainsFunc(t.spec.Ceilings, others)
}

// reads tells whether a metric is among what was judged, or is what one of those is derived from.
func reads(judged []alerts.Judged, metric string) bool {
	return slices.ContainsFunc(judged, func(j alerts.Judged) bool {
		m, _ := sources.Lookup(j.Series.Metric)
		return m.Name == metric || slices.Contains(m.Inputs(), metric)
	})
}

// alertSpan is the stretch over which the rules of the house ask how long is left.
const alertSpan = 10 * time.Minute

// pace is the rise per second of the settled samples of the last ten minutes, as the rules of the house read it: however little
// the line explains of them; 0 where they do not rise. And since when the stretch begins.
func (r *reader) pace(v *value) (slope float64, since time.Time) {
	newest, ok := r.view.Settled(v.series)
	if !v.bare || !ok {
		return 0, since
	}
	r.points = r.view.Points(r.points[:0], v.series, newest.At.Add(-alertSpan), newest.At.Add(time.Nanosecond))
	settled := slices.DeleteFunc(r.points, func(p sources.Point) bool { return p.Provisional || p.None || math.IsNaN(p.Value) })
	if len(settled) < 2 {
		return 0, since
	}
	slope, _ = leastSquares(settled)
	return max(slope, 0), settled[0].At
}

// tookToFollow is how long it took at the most, when more was asked for in the last hours, until it was there; 0 where that
// was never seen. It is known to the minute, and rounded up.
func (r *reader) tookToFollow(t *Tile, spec *ceilingSpec) time.Duration {
	if spec.Follows == "" {
		return 0
	}
	ask, there := t.askedFor(spec), sources.Series{Metric: spec.Follows, Resource: t.Ref.Name}
	from := r.cursor.Add(-behind)
	wanted := r.view.Points(nil, ask, from, r.cursor)
	got := r.view.Points(nil, there, from, r.cursor)
	period := newValue(spec.Follows, t.Ref).metric.Period
	var longest time.Duration
	for i := 1; i < len(wanted); i++ {
		if wanted[i].None || wanted[i-1].None || wanted[i].Value <= wanted[i-1].Value {
			continue
		}
		for _, p := range got {
			if !p.At.Before(wanted[i].At) && !p.None && p.Value >= wanted[i].Value {
				longest = max(longest, p.At.Add(period).Sub(wanted[i].At))
				break
			}
		}
	}
	return longest
}

// askedFor is the series in which more is asked for: the headroom of a fleet's processors is made of instances, too.
func (t *Tile) askedFor(spec *ceilingSpec) sources.Series {
	for i := range t.spec.Ceilings {
		if other := &t.spec.Ceilings[i]; other.Follows == spec.Follows && other.Ceiling != "" {
			return sources.Series{Metric: other.Used, Resource: t.Ref.Name}
		}
	}
	return sources.Series{Metric: spec.Used, Resource: t.Ref.Name}
}
