package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/tui/theme"
)

// entry is one line of the timeline: something planned, or something that happened.
type entry struct {
	at   time.Time
	seen time.Time // when it was learnt; zero for what was planned
	kind string
	who  string // the resource, or the author of a note
	text string
	more int // how many like it this line stands for, too
}

// The kinds of entries that are no marks and no changes.
const (
	entryT0    = "T0"
	entryPhase = "phase"
)

// entries are all marks of the launch and all changes of the recording, by the time of what they tell. Changes that
// say the same of one resource within a minute are one entry, at the time of the newest.
func (m *Model) entries() []entry {
	out := foreknown(&m.opt.Meta.Launch)
	var last sources.Change
	for _, c := range m.room.changes {
		if step, ok := runbooks.Step(c); ok && !step.Landmark() || !telling(&c) {
			continue
		}
		e := entry{at: c.At, seen: c.Seen, kind: c.Kind, who: unframed(whose(c)), text: unframed(c.Text)}
		if n := len(out); last.Kind != "" && isAlike(last, c) && out[n-1].coming(m.drawn.at) == e.coming(m.drawn.at) {
			e.more, last = out[n-1].more+1, c
			out[n-1] = e
			continue
		}
		out, last = append(out, e), c
	}
	slices.SortStableFunc(out, func(a, b entry) int { return a.at.Compare(b.at) })
	return out
}

// foreknown is what was known beforehand: T0, phases and marks.
func foreknown(l *sources.Launch) []entry {
	var out []entry
	if !l.T0.IsZero() {
		out = append(out, entry{at: l.T0, kind: entryT0, text: l.Name})
	}
	for _, p := range l.Phases {
		if at, err := p.At.On(l.T0); err == nil {
			out = append(out, entry{at: at, kind: entryPhase, text: p.Name})
		}
	}
	for _, mark := range l.Marks {
		if at, err := mark.At.On(l.T0); err == nil {
			out = append(out, entry{at: at, kind: mark.Kind, text: strings.TrimSpace(mark.Note + " " + mark.Peak)})
		}
	}
	return out
}

// whose says what a change happened to, or who made it.
func whose(c sources.Change) string {
	if c.Resource.Name != "" {
		return c.Resource.Name
	}
	return c.Actor
}

// coming tells whether the entry lies beyond what is shown: not yet happened, or not yet known then.
func (e *entry) coming(at time.Time) bool { return e.at.After(at) || e.seen.After(at) }

// title is an entry in one line, for the strip and for messages.
func (e *entry) title() string {
	if e.text == "" || e.kind == entryT0 {
		return e.kind
	}
	return e.kind + ": " + e.text
}

// glyph is the kind as one character.
func (e *entry) glyph() rune {
	switch e.kind {
	case entryT0:
		return '┃'
	case entryPhase:
		return '▸'
	}
	return changeGlyph(e.kind)
}

func (e *entry) style() theme.Style {
	switch e.kind {
	case entryT0:
		return theme.Fg(theme.Strong).Bold()
	case sources.ChangeSource:
		return theme.Fg(theme.Warn)
	}
	return changeStyle(e.kind)
}

// timelinePage lists all changes and marks. While it is open the digits jump to tenths of the recording.
type timelinePage struct {
	list  list
	moved bool // a hand has chosen a line; until then the choice follows the cursor
}

func (p *timelinePage) key(m *Model, k tea.KeyPressMsg) (tea.Cmd, bool) {
	entries := m.entries()
	if n, ok := digit(k); ok {
		p.moved = false
		m.moveTo(m.reach().tenth(n))
		return m.tick(), true
	}
	if key.Matches(k, m.keys.Open) {
		if p.list.at < len(entries) {
			m.moveTo(entries[p.list.at].at)
			m.say(m.hour(entries[p.list.at].at) + "  " + entries[p.list.at].title())
		}
		return m.tick(), true
	}
	if p.list.key(m.keys, k, len(entries)) {
		p.moved = true
		return nil, true
	}
	p.moved = false // whatever else moves time takes the choice with it
	return nil, false
}

func (p *timelinePage) hints(k *keyMap) []Hint {
	return []Hint{
		hint(k.Back, "back"), hint(k.Open, "go there"), {Key: "0-9", Does: "tenths"}, hint(k.PrevMark, "mark before"),
		hint(k.NextMark, "next mark"), hint(k.Jump, "jump"), hint(k.Note, "note"), hint(k.Pause, k.Pause.Help().Desc),
	}
}

func (p *timelinePage) draw(m *Model, c *Canvas, area Rect, _ *sources.View) {
	entries, at := m.entries(), m.drawn.at
	if !p.moved {
		p.list.at = reached(entries, at)
	}
	top, body := area.Top(2)
	about := fmt.Sprintf("%d changes and marks, times in %s", len(entries), m.zone())
	heading(c, top, "timeline", about)
	if len(entries) == 0 && !body.Empty() {
		c.Text(body.X+1, body.Y, body.W-2, "nothing has happened yet, and nothing is planned", theme.Fg(theme.Faint))
		return
	}
	p.list.draw(c, body, len(entries), func(i int, r Rect) { m.entryLine(c, r, &entries[i], at) })
}

// reached is the last entry that is not still to come.
func reached(entries []entry, at time.Time) int {
	n := 0
	for i := range entries {
		if !entries[i].coming(at) {
			n = i
		}
	}
	return n
}

// entryLine writes one entry. What is still to come at the cursor is faint and says so.
func (m *Model) entryLine(c *Canvas, r Rect, e *entry, at time.Time) {
	when, glyph, text := theme.Fg(theme.Text), e.style(), theme.Fg(theme.Strong)
	rest := theme.Fg(theme.Faint)
	body := e.text
	if e.more > 0 {
		body = strconv.Itoa(e.more+1) + " × " + body
	}
	if e.coming(at) {
		when, glyph, text = rest, rest, rest
		body = strings.TrimSpace("to come: " + body)
	}
	columns(c, r, m.entryCells(e, r.W+2, when, glyph, text, body)...)
}

// entryCells are the cells of an entry on a page of a width: T± goes where it is narrow, and then the kind, which the
// glyph tells, too.
func (m *Model) entryCells(e *entry, width int, when, glyph, text theme.Style, body string) []column {
	rest := theme.Fg(theme.Faint)
	out := []column{{text: string(e.glyph()), width: 1, style: glyph}, {text: m.when(e.at), width: m.whenWidth(), style: when}}
	if width >= firstClassW {
		out = append(out, column{text: m.since(e.at), width: 11, style: rest})
	}
	if width >= leastKind {
		out = append(out, column{text: e.kind, width: 11, style: glyph})
	}
	switch {
	case width >= firstClassW:
		out = append(out, column{text: e.who, width: 14, style: rest})
	case e.who != "":
		out = append(out, column{text: e.who, width: min(textWidth(e.who), width/5), style: rest})
	}
	return append(out, column{text: body, width: -1, style: text})
}

// leastKind is the width from which on an entry has room for its kind.
const leastKind = 56

// hour is a time of day in the room's zone.
func (m *Model) hour(t time.Time) string { return t.In(m.opt.Zone).Format(time.TimeOnly) }

// zone is what times are told in, at the time that is shown.
func (m *Model) zone() string { return m.drawn.at.In(m.opt.Zone).Format("MST") }

// when is a moment as the timeline writes it: with the date where the recording has more than one.
func (m *Model) when(t time.Time) string {
	if m.manyDays() {
		return t.In(m.opt.Zone).Format(time.DateTime)
	}
	return m.hour(t)
}

func (m *Model) whenWidth() int {
	if m.manyDays() {
		return len(time.DateTime)
	}
	return len(time.TimeOnly)
}

func (m *Model) manyDays() bool {
	s := m.reach()
	return s.from.In(m.opt.Zone).Format(time.DateOnly) != s.to.In(m.opt.Zone).Format(time.DateOnly)
}

// since is T± of a moment, "" where the launch has no T0.
func (m *Model) since(t time.Time) string {
	if m.opt.Meta.Launch.T0.IsZero() {
		return ""
	}
	return launchClock(t, m.opt.Meta.Launch.T0)
}
