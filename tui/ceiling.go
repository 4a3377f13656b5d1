package tui

import (
	"cmp"
	"math"
	"slices"
	"time"

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
}

// Level is how much a ceiling needs a person: now where more would come too late or nothing is left, soon where it would
// not be long until then.
func (c *Ceiling) Level() Level {
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
	c.Idle = c.Used >= c.Most && t.spec.Wall != nil && t.spec.Wall.Used == spec.Used && r.idle(t)
	if took := r.tookToFollow(t, spec); took > 0 {
		c.Act, c.Seen = took, true
	}
	if c.Rises, c.Since = r.slope(&used); c.Rises > 0 && c.Used < c.Most {
		if seconds := (c.Most - c.Used) / c.Rises; seconds <= trendReach.Seconds() {
			c.Left = time.Duration(seconds * float64(time.Second))
		}
	}
	return c, true
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
