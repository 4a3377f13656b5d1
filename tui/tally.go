package tui

import (
	"slices"
	"strconv"
	"strings"

	"warroom/alerts"
	"warroom/sources"
)

// Tally is how a launch stands in numbers: alerts by how they stand now, and the tiles that are in trouble, blind or stale by
// themselves. The screen's second line, the page of alerts and warroom status count by it and word it alike.
type Tally struct {
	by       [LevelPage + 1]int // by level: alerts that nobody has silenced and nothing explains, and tiles by themselves
	owned    [LevelPage + 1]int // of the alerts among them, those that somebody has
	fading   [LevelPage + 1]int // of the alerts among them, those that recover
	tiles    [LevelPage + 1]int // the tiles among them
	silenced int
	well     int // tiles that are ok
	all      int // tiles that there are
}

// Count is one number of a tally in words.
type Count struct {
	Level      Level
	Text       string // e.g. "2 pages", "1 blind"
	Glyph      rune   // 0 for what needs nobody
	Owned      string // how many of them somebody has, e.g. "1 owned", "" for none
	Recovering string // how many of them recover, e.g. "1 recovering", "" for none
	Tiles      string // how many of them no alert tells of, but a tile by itself, e.g. "1 without alert", "" for none
}

// Tally counts what a scene shows.
func (p *Painter) Tally(s *Scene) Tally {
	p.begin(s)
	var t Tally
	blind := map[sources.Ref]bool{}
	for i := range s.Alerts {
		t.alert(s.Alerts, &s.Alerts[i], blind)
	}
	for _, tile := range p.tiles {
		t.all++
		switch st := p.look(s, tile, 0).status; {
		case st.Level == LevelOK:
			t.well++
		case st.alert == "" && !s.told(tile.Ref, st.Level):
			t.by[st.Level]++
			t.tiles[st.Level]++
		}
	}
	return t
}

// told tells whether an open alert about a resource, that nobody has silenced, stands as high as what is found there beside it:
// a fleet of which an alert says that it is full soon is one trouble, whatever else its tile reads.
func (s *Scene) told(r sources.Ref, level Level) bool {
	return slices.ContainsFunc(s.Alerts, func(a alerts.Alert) bool {
		return a.Resource == r && a.Silence == nil && AlertStatus(&a).Level >= level
	})
}

// alert counts one of all, unless it needs no person: what cannot be judged for lack of data counts once for each resource.
func (t *Tally) alert(all []alerts.Alert, a *alerts.Alert, blind map[sources.Ref]bool) {
	level := AlertStatus(a).Level
	switch {
	case !tallied(all, a):
	case a.Silence != nil:
		t.silenced++
	case a.To == alerts.NoData && blind[a.Resource]:
	default:
		t.by[level]++
		blind[a.Resource] = blind[a.Resource] || a.To == alerts.NoData
		if a.Owner != "" {
			t.owned[level]++
		}
		if a.To == alerts.Recovering {
			t.fading[level]++
		}
	}
}

// tallied tells whether an alert is counted by its level, or as silenced: it is to be seen without being looked for, and no
// other one explains it.
func tallied(all []alerts.Alert, a *alerts.Alert) bool {
	return AlertStatus(a).Level > LevelOK && (a.Silence != nil || explaining(all, a) == nil)
}

// counted are the levels that need somebody, the worst first, with their words for one and for many.
var counted = []struct {
	level     Level
	one, many string
	glyph     rune
}{
	{LevelPage, "page", "pages", '✖'}, {LevelError, "blind", "blind", '!'}, {LevelWarn, "warn", "warns", '▲'}, {LevelStale, "stale", "stale", '?'},
}

// Counts are the numbers that say something, the worst first; where nothing needs anybody, how many tiles are well.
func (t *Tally) Counts() []Count {
	var out []Count
	for _, c := range counted {
		n := t.by[c.level]
		if n == 0 {
			continue
		}
		out = append(out, Count{
			Level: c.level, Text: plural(n, c.one, c.many), Glyph: c.glyph, Owned: some(t.owned[c.level], n, "owned"),
			Recovering: some(t.fading[c.level], n, "recovering"), Tiles: some(t.tiles[c.level], n, "without alert"),
		})
	}
	if len(out) == 0 && t.all > 0 {
		out = append(out, t.calm())
	}
	if t.silenced > 0 {
		out = append(out, Count{Text: strconv.Itoa(t.silenced) + " silenced"})
	}
	return out
}

// calm says how many tiles are well.
func (t *Tally) calm() Count {
	if t.well < t.all {
		return Count{Level: LevelUnknown, Text: strconv.Itoa(t.well) + " of " + strconv.Itoa(t.all) + " ok"}
	}
	return Count{Level: LevelOK, Text: "all " + strconv.Itoa(t.all) + " ok", Glyph: '✔'}
}

// String is the tally in one line, as warroom status prints it: "2 pages (1 owned), 1 warn, 1 silenced".
func (t *Tally) String() string {
	var parts []string
	for _, c := range t.Counts() {
		parts = append(parts, c.Text+bracketed(c.Owned))
	}
	return strings.Join(parts, ", ")
}

// plural is a number with its word.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// some is how many of several are something: only the word where all are, "" where none is.
func some(n, of int, word string) string {
	switch n {
	case 0:
		return ""
	case of:
		return word
	}
	return strconv.Itoa(n) + " " + word
}

// bracketed are remarks on a number, none where there is nothing to say.
func bracketed(remarks ...string) string {
	if remarks = filled(remarks...); len(remarks) == 0 {
		return ""
	}
	return " (" + strings.Join(remarks, ", ") + ")"
}

// untallied are the alerts of a list, among all, that a tally counts under no level, by what they are, in the order in which they
// are told.
func untallied(all []alerts.Alert, rows []alertRow) []string {
	n := map[string]int{}
	for i := range rows {
		n[rows[i].kind(all)]++
	}
	var out []string
	for _, word := range []struct{ one, many string }{
		{"following", "following"}, {"pending", "pending"}, {"not judged", "not judged"}, {"note", "notes"}, {"over", "over"},
	} {
		if n[word.one] > 0 {
			out = append(out, plural(n[word.one], word.one, word.many))
		}
	}
	return out
}

// kind is what an alert among all is that a tally counts under no level, "" for one that it does.
func (row *alertRow) kind(all []alerts.Alert) string {
	switch {
	case !row.Open():
		return "over"
	case tallied(all, row.Alert):
		return ""
	case row.To == alerts.Pending:
		return "pending"
	case explaining(all, row.Alert) != nil:
		return "following"
	case row.To == alerts.NoData || row.To == alerts.Errored:
		return "not judged"
	}
	return "note"
}
