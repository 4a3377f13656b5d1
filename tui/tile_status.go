package tui

import (
	"math"
	"slices"
	"strings"
	"time"

	"warroom/sources"
)

// said is why, in words for where it is plain that something fails.
func (s *Status) said() string {
	if s.cause == sources.Failed {
		return strings.TrimPrefix(s.Why, string(sources.Failed)+": ")
	}
	return besideNow(s.now, s.Why)
}

// plainly is a trouble in words where it is plain that something fails.
func plainly(t sources.Trouble) string {
	if t.Kind == sources.Failed && t.Text != "" {
		return t.Text
	}
	return t.String()
}

// shared is what a failure says beside the call that met it, by which those of one cause are told; "" for nothing.
func shared(t sources.Trouble) string {
	if t.Kind != sources.Failed {
		return ""
	}
	_, rest, _ := strings.Cut(t.Text, ": ")
	return rest
}

// brokenSource is a source that does not answer.
type brokenSource struct {
	name    string
	trouble sources.Trouble
	since   time.Time
}

// status finds the tile's word: first whether we see at all, then what we see.
func (r *reader) status(t *Tile) Status {
	if s, blind := r.sight(t); blind {
		return s
	}
	worst := Status{Level: LevelOK, Word: "ok", Glyph: '✔'}
	for i := range t.watch {
		if s, ok := r.judge(t, &t.spec.Watch[i], &t.watch[i]); ok && s.Level > worst.Level {
			worst = s
		}
	}
	if t.spec.Wall != nil {
		if s, ok := r.wall(t); ok && s.Level >= worst.Level {
			worst = s
		}
	}
	if b, old := r.outdated(t); old && worst.Level < LevelWarn {
		return Status{Level: LevelWarn, Word: "old facts", Glyph: '?', Since: b.since, of: sourceUp,
			Why: r.factsAge(b) + ": " + plainly(b.trouble)}
	}
	return worst
}

// outdatedAfter is how long the source of a tile's facts and ceilings may fail before the tile says so.
const outdatedAfter = 2 * time.Minute

// outdated is the failing source of the tile's facts and ceilings, which CloudWatch does not bring. One that answers in
// part is not named here: the part may be this one's.
func (r *reader) outdated(t *Tile) (brokenSource, bool) {
	b, ok := r.brokenOf(t, t.Ref.Service)
	return b, ok && b.trouble.Kind != sources.Partial && r.cursor.Sub(b.since) >= outdatedAfter
}

// factsAge says how old a tile's facts and ceilings are.
func (r *reader) factsAge(b brokenSource) string {
	return "facts and ceilings of " + r.scene.clock(b.since).Format("15:04") + ", " + rough(r.cursor.Sub(b.since)) + " old"
}

// sight tells why the tile cannot be judged, if it cannot.
func (r *reader) sight(t *Tile) (Status, bool) {
	worst, series := sources.Fresh, sources.Series{}
	known, silent := false, false
	for _, s := range t.vital {
		state := r.view.State(s)
		if m, _ := sources.Lookup(s.Metric); m.Gap == sources.Zero {
			switch {
			case state == sources.Missing || state == sources.Waiting || state == sources.NoData:
				continue
			case state == sources.Fresh && !r.answers(t):
				silent = true
				continue
			}
		}
		if state > worst {
			worst, series = state, s
		}
		known = known || state == sources.Fresh
	}
	if worst == sources.Fresh && !known && len(t.vital) > 0 {
		worst, series = r.view.State(t.vital[0]), t.vital[0]
		if silent && worst == sources.Fresh {
			worst = sources.NoData
		}
	}
	if worst != sources.Fresh && (worst != sources.NoData || silent) && worst != sources.Missing {
		if b, ok := r.brokenBehind(t); ok {
			return b.status(), true
		}
	}
	return r.blindness(series, worst)
}

// status is that of a tile that gives nothing because its source does not: what does not exist is called alike
// whoever looked for it.
func (b brokenSource) status() Status {
	trouble := b.trouble
	if trouble.Kind == sources.Partial {
		if of := sources.ParseTrouble(trouble.Text); of.Kind == sources.NotFound {
			trouble = of
		}
	}
	s := Status{Level: LevelError, Word: "error", Glyph: '!', Why: trouble.String(), Since: b.since, cause: trouble.Kind, shared: shared(trouble)}
	if trouble.Kind == sources.NotFound {
		s.Word, s.Glyph, s.Why = "not found", '?', trouble.Text
	}
	return s
}

// answers tells whether the tile's resource is known to answer, so that the silence of a sparse metric may count as
// zero: something of it had a value, or its service has described it.
func (r *reader) answers(t *Tile) bool {
	for _, s := range t.kin {
		if p, ok := r.view.Newest(s); ok && !p.None {
			return true
		}
	}
	return len(r.view.Facts(t.Ref)) > 0
}

// blindness is the status for a series that gives nothing.
func (r *reader) blindness(s sources.Series, state sources.State) (Status, bool) {
	trouble, since := r.view.Trouble(s)
	switch state {
	case sources.Unreadable:
		return Status{Level: LevelError, Word: "error", Glyph: '!', Why: trouble.String(), Since: since, cause: trouble.Kind, shared: shared(trouble)}, true
	case sources.Missing:
		return Status{Level: LevelError, Word: "not found", Glyph: '?', Why: orElse(trouble.Text, s.Metric+" does not exist there"), Since: since, empty: true}, true
	case sources.NoData:
		return Status{Level: LevelUnknown, Word: "no data", Glyph: '○', Why: "asked, and there is nothing", empty: true}, true
	case sources.Waiting:
		return Status{Level: LevelUnknown, Word: "waiting", Glyph: '○', Why: "no sample yet", empty: true}, true
	case sources.Stale, sources.Dead:
		age, usual, _ := r.view.Age(s)
		return Status{Level: LevelStale, Word: "stale " + rough(age), Glyph: '?', Since: r.cursor.Add(-age),
			Why: "no new sample for " + rough(age) + ", normally " + rough(usual) + " late at most"}, true
	}
	return Status{}, false
}

func orElse(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

// brokenBehind is the failing source from which the tile's samples come. Sources are named after the service that
// they read, or after CloudWatch, which brings the samples of all, and then after their region.
func (r *reader) brokenBehind(t *Tile) (brokenSource, bool) {
	for _, service := range [...]string{t.Ref.Service, "cloudwatch"} {
		if b, ok := r.brokenOf(t, service); ok {
			return b, true
		}
	}
	return brokenSource{}, false
}

// brokenOf is the failing source of that name in the tile's region.
func (r *reader) brokenOf(t *Tile, service string) (brokenSource, bool) {
	for _, b := range r.broken {
		name, region, _ := strings.Cut(b.name, " ")
		if name == service && (region == "" || t.region == "" || region == t.region) {
			return b, true
		}
	}
	return brokenSource{}, false
}

// brokenSources are all sources that do not answer at the view's cursor, by name.
func brokenSources(v *sources.View) []brokenSource {
	var out []brokenSource
	v.Each(func(s sources.Series) {
		if s.Metric != sourceUp {
			return
		}
		if trouble, since := v.SourceTrouble(s.Resource); !trouble.None() {
			out = append(out, brokenSource{s.Resource, trouble, since})
		}
	})
	slices.SortFunc(out, func(a, b brokenSource) int { return strings.Compare(a.name, b.name) })
	return out
}

// sourceUp is the room's own series about whether a source answers.
const sourceUp = "source_up"

// judge compares the newest settled samples with the thresholds.
func (r *reader) judge(t *Tile, w *watchSpec, v *value) (Status, bool) {
	if !v.bare {
		n, _, ok := r.number(t, v)
		level, limit, above := w.level(n)
		return w.status(level, n, limit, above, v.period()), ok && level != LevelOK
	}
	if n, young, ok := r.number(t, v); !ok || young {
		return Status{}, false
	} else if level, _, _ := w.level(n); level == LevelOK {
		return Status{}, false
	}
	period := v.period()
	r.points = r.view.Points(r.points[:0], v.series, r.cursor.Add(-watchSpan), r.cursor)
	settled := r.points
	for len(settled) > 0 && settled[len(settled)-1].Provisional {
		settled = settled[:len(settled)-1]
	}
	level, newest, run := LevelPage, math.NaN(), 0
	for _, p := range slices.Backward(settled) {
		n, ok := measured(p, &v.metric)
		here, _, _ := w.level(n)
		if !ok || here == LevelOK {
			break
		}
		if run == 0 {
			newest = n
		}
		if run < max(w.For, 1) {
			level = min(level, here)
		}
		run++
	}
	if run < max(w.For, 1) {
		return Status{}, false
	}
	limit, above := w.limit(level, newest)
	s := w.status(level, newest, limit, above, period)
	s.Since = settled[len(settled)-run].At
	return s, true
}

// watchSpan is how far back it is looked for since when something is wrong.
const watchSpan = time.Hour

// level is what one value means, and the threshold that says so.
func (w *watchSpec) level(n float64) (level Level, limit float64, above bool) {
	switch {
	case w.PageAbove != nil && n > *w.PageAbove:
		return LevelPage, *w.PageAbove, true
	case w.PageBelow != nil && n < *w.PageBelow:
		return LevelPage, *w.PageBelow, false
	case w.WarnAbove != nil && n > *w.WarnAbove:
		return LevelWarn, *w.WarnAbove, true
	case w.WarnBelow != nil && n < *w.WarnBelow:
		return LevelWarn, *w.WarnBelow, false
	}
	return LevelOK, 0, false
}

// limit is the threshold behind a level that one value has, and the side on which it lies. The level may be milder than
// what the value alone means: not all that led to it were as bad.
func (w *watchSpec) limit(level Level, n float64) (limit float64, above bool) {
	over, under := w.WarnAbove, w.WarnBelow
	if level == LevelPage {
		over, under = w.PageAbove, w.PageBelow
	}
	switch {
	case over != nil && n > *over:
		return *over, true
	case under != nil && n < *under:
		return *under, false
	}
	_, limit, above = w.level(n)
	return limit, above
}

func (w *watchSpec) status(level Level, n, limit float64, above bool, period time.Duration) Status {
	if level == LevelOK {
		return Status{}
	}
	side := ", warns below "
	if above {
		side = ", warns above "
	}
	s := Status{Level: level, Word: orElse(w.Word, "warn"), Glyph: '▲', of: w.Value}
	if level == LevelPage {
		s.Word, s.Glyph = "page", '✖'
		side = strings.Replace(side, "warns", "pages", 1)
	}
	s.Why = strings.TrimSpace(amount(n, w.As, period)+" "+w.Unit) + side + mark(limit, w.As, period)
	return s
}
