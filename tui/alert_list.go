package tui

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"warroom/alerts"
	"warroom/sources"
	"warroom/tui/theme"
)

// alertListPage lists the alerts as of the time that is shown: the open ones first, the most urgent at the top, under each
// what it explains; then those that are over, the newest first.
type alertListPage struct {
	list   list
	chosen string // key of the chosen alert: it stays chosen wherever its line moves
}

// alertRow is one line of the list.
type alertRow struct {
	*alerts.Alert
	depth int // how many alerts explain this one
	more  int // rules that cannot be judged either of the same resource, and stand for no lines of their own
}

// alertRows puts the alerts into the order of the list.
func alertRows(all []alerts.Alert) []alertRow {
	var out []alertRow
	listed := map[string]bool{}
	var add func(a *alerts.Alert, depth int)
	add = func(a *alerts.Alert, depth int) {
		if listed[a.Key] {
			return
		}
		listed[a.Key] = true
		out = append(out, alertRow{Alert: a, depth: depth})
		for _, key := range a.Lists {
			if below := alertOf(all, key); below != nil {
				add(below, depth+1)
			}
		}
	}
	for i := range all {
		if all[i].Open() && explaining(all, &all[i]) == nil {
			add(&all[i], 0)
		}
	}
	for i := range all { // whatever explains whom in a circle
		if all[i].Open() {
			add(&all[i], 0)
		}
	}
	out = folded(out)
	over := len(out)
	for i := range all {
		if !all[i].Open() && !all[i].Fired.IsZero() {
			out = append(out, alertRow{Alert: &all[i]})
		}
	}
	slices.SortStableFunc(out[over:], func(a, b alertRow) int { return cmp.Or(b.At.Compare(a.At), strings.Compare(a.Key, b.Key)) })
	return out
}

// folded leaves one line for all that cannot be judged of a resource for lack of data: what is silent is one thing, however
// many rules read it. What somebody has answered keeps its line.
func folded(rows []alertRow) []alertRow {
	first := map[sources.Ref]int{}
	out := rows[:0]
	for _, r := range rows {
		if r.To == alerts.NoData && r.depth == 0 && len(r.Lists) == 0 && r.Owner == "" && r.Silence == nil {
			if i, known := first[r.Resource]; known {
				out[i].more++
				continue
			}
			first[r.Resource] = len(out)
		}
		out = append(out, r)
	}
	return out
}

// find puts the choice on the line of the chosen alert, and on the alert of the line where that one is gone.
func (p *alertListPage) find(rows []alertRow) {
	if i := slices.IndexFunc(rows, func(r alertRow) bool { return r.Key == p.chosen }); i >= 0 {
		p.list.at = i
		return
	}
	p.list.at = max(min(p.list.at, len(rows)-1), 0)
	if p.chosen = ""; len(rows) > 0 {
		p.chosen = rows[p.list.at].Key
	}
}

func (p *alertListPage) key(m *Model, k tea.KeyPressMsg) (tea.Cmd, bool) {
	rows := alertRows(m.alerts())
	p.find(rows)
	if key.Matches(k, m.keys.Open) {
		if len(rows) > 0 {
			m.open(&alertPage{of: p.chosen})
		}
		return nil, true
	}
	if !p.list.key(m.keys, k, len(rows)) {
		return nil, false
	}
	if len(rows) > 0 {
		p.chosen = rows[p.list.at].Key
	}
	return nil, true
}

func (p *alertListPage) hints(k *keyMap) []Hint {
	return []Hint{
		hint(k.Open, "why"), hint(k.Own, "own it"), hint(k.Silence, "silence"), hint(k.Runbook, "runbook"), hints(k.Down, k.Up, "choose"),
		hint(k.Back, "back"), hints(k.PrevAlert, k.NextAlert, "alerts in time"), hint(k.Help, "help"),
	}
}

// alertFoot is how many lines say more of the chosen alert.
const alertFoot = 6

func (p *alertListPage) draw(m *Model, c *Canvas, area Rect, v *sources.View) {
	rows := alertRows(m.alerts())
	p.find(rows)
	top, body := area.Top(2)
	heading(c, top, "alerts", m.alertTally(rows, top.W-len(" alerts  ")-1))
	if len(rows) == 0 {
		saysNone(c, body, m.noAlerts())
		return
	}
	foot, lines := body.Bottom(min(alertFoot, body.H/2))
	chosen := rows[p.list.at].Alert
	if picture, rest := lines.Bottom(lines.H - len(rows) - 1); picture.H >= chartLeastH+1 && len(judgedOf(chosen)) > 0 {
		lines = rest
		m.judgedChart(c, picture, chosen, v, 0)
	}
	widths := m.widths(rows, lines.W-2)
	p.list.draw(c, lines, len(rows), func(i int, r Rect) { m.alertLine(c, r, rows[i], widths) })
	m.alertFoot(c, foot, chosen)
}

// noAlerts is said where there are none.
func (m *Model) noAlerts() string {
	if first := m.begin(); m.drawn.at.Before(first) {
		return "nothing is known yet at " + m.hour(m.drawn.at) + ": the first numbers of this recording came at " + m.hour(first)
	}
	if m.judged() {
		return "all is quiet: no alert up to " + m.hour(m.drawn.at)
	}
	return "no alert was recorded: nobody has judged rules on this recording"
}

// alertTally counts the alerts as line 2 does, and beside those the ones that need nobody, as far as there is room.
func (m *Model) alertTally(rows []alertRow, room int) string {
	var parts []string
	tally := m.painter.Tally(m.scene())
	for _, c := range tally.Counts() {
		if c.Level == LevelOK && c.Glyph != 0 || c.Level == LevelUnknown {
			continue // it is about tiles
		}
		parts = append(parts, c.Text+bracketed(c.Owned, c.Recovering, c.Tiles))
	}
	parts = append(parts, untallied(m.alerts(), rows)...)
	if ahead := m.silencedAhead(rows); ahead != "" {
		parts = append(parts, ahead)
	}
	text := ""
	for _, part := range append(parts, "times in "+m.zone()) {
		if text != "" {
			part = text + " · " + part
		}
		if text != "" && textWidth(part) > room {
			break
		}
		text = part
	}
	return text
}

// The columns of the list of alerts.
const (
	alertStateW = 12
	alertNameW  = 34
	alertValueW = 14
	alertHasW   = 16
	alertBookW  = 17
)

// name is what a line is called: under what explains it, and with how many rules stand behind it.
func (row alertRow) name() string {
	name := alertName(&row.Transition)
	switch {
	case row.depth > 0:
		return strings.Repeat("  ", row.depth-1) + "└ " + name
	case row.more > 0:
		return name + " +" + plural(row.more, "rule", "rules")
	}
	return name
}

// alertWidths are the widths of the columns of a list of alerts in which the room is shared.
type alertWidths struct {
	name, value, has, book int
	said                   bool // there is room for its sentence, which names a value, too
}

// widths shares the room of a line of the list: where a name would be cut, value and who has it are no wider than they need to
// be; the runbook, and then the value and who has it, go where there is little room.
func (m *Model) widths(rows []alertRow, width int) alertWidths {
	const fixed = 5 + 1 + alertStateW + 1
	w := alertWidths{value: alertValueW, has: alertHasW, book: alertBookW}
	var need alertWidths
	for _, row := range rows {
		has, _ := m.hasIt(row.Alert)
		need.name, need.has = max(need.name, textWidth(row.name())), max(need.has, textWidth(has))
		need.value = max(need.value, textWidth(m.alertValue(row.Alert)))
	}
	beside := func() int { return fixed + w.value + w.has + w.book + 3 }
	switch {
	case width >= beside()+alertNameW+1+leastNotice:
		w.value, w.said = alertValueW+len("now "), true
		w.name = min(max(need.name, alertNameW), width-beside()-1-leastNotice)
		return w
	case width >= beside()+20:
	case width >= beside()-w.book-1+16:
		w.book = -1
	default:
		return alertWidths{name: width - fixed}
	}
	if width-beside() < need.name {
		w.value, w.has = min(w.value, need.value), min(w.has, need.has)
	}
	w.name = width - beside()
	return w
}

// alertLine is an alert in one line: since when, how it stands, what it is, its value, who has it, what answers it.
func (m *Model) alertLine(c *Canvas, r Rect, row alertRow, w alertWidths) {
	word, style := alertWord(row.Alert)
	text := theme.Fg(theme.Strong)
	if !row.Open() || row.To == alerts.Pending {
		text = theme.Fg(theme.Text)
	}
	has, hasStyle := m.hasIt(row.Alert)
	cells := []column{
		{text: m.minute(since(row.Alert)), width: 5, style: theme.Fg(theme.Faint)},
		{text: word, width: alertStateW, style: style},
		{text: row.name(), width: w.name, style: text},
	}
	value := m.alertValue(row.Alert)
	if w.said {
		value = m.alertStands(row.Alert)
	}
	if w.value+w.has > 0 {
		cells = append(cells, column{text: value, width: w.value, style: text, right: true}, column{text: has, width: w.has, style: hasStyle})
	}
	if w.book > 0 {
		cells = append(cells, column{text: sources.Clean(row.Runbook), width: w.book, style: theme.Fg(theme.Accent)},
			column{text: orElse(AlertStatus(row.Alert).Why, sources.Clean(orElse(row.Why, lastValue(row.Alert).Summary))), width: -1, style: theme.Fg(theme.Text)})
	}
	columns(c, r, cells...)
}

// alertWord is how an alert stands, in a word with its sign, and the look of it.
func alertWord(a *alerts.Alert) (string, theme.Style) {
	st := AlertStatus(a)
	switch {
	case !a.Open():
		return "over ✔", theme.Fg(theme.Good)
	case a.To == alerts.Pending:
		return "pending ○", theme.Fg(theme.Text)
	case a.To == alerts.NoData:
		return "no data ?", theme.Fg(theme.Warn)
	case st.Level == LevelOK:
		return "note ·", theme.Fg(theme.Text)
	}
	return st.Word + " " + string(st.Glyph), theme.Fg(st.Level.colour()).Bold()
}

// hasIt is who has an alert, or until when it is silenced.
func (m *Model) hasIt(a *alerts.Alert) (string, theme.Style) {
	switch {
	case a.Owner != "":
		return sources.CleanTo(a.Owner, alertHasW-7) + " has it", theme.Fg(theme.Good)
	case a.Silence != nil:
		return "until " + m.minute(a.Silence.Until), theme.Fg(theme.Text)
	case a.Open() && a.Severity == alerts.Page && a.To.Live() && a.Under == "":
		return "nobody has it", theme.Fg(theme.Warn)
	}
	return "", 0
}

// minute is a time of day to the minute.
func (m *Model) minute(t time.Time) string { return t.In(m.opt.Zone).Format("15:04") }

// alertFoot says more of the chosen alert.
func (m *Model) alertFoot(c *Canvas, r Rect, a *alerts.Alert) {
	saysMore(c, r, append(m.alertFacts(a), filled(m.ownerWords(a), prefixed("runbook: ", sources.Clean(a.Runbook)))...))
}

// alertFacts are what an alert says of itself: its summary, its rule, what explains it and what it explains, until when it is silenced.
func (m *Model) alertFacts(a *alerts.Alert) []string {
	all := m.alerts()
	name := func(key string) string {
		if other := alertOf(all, key); other != nil {
			return alertName(&other.Transition)
		}
		return ""
	}
	above := name(a.Under)
	if above != "" && a.Open() && explaining(all, a) == nil {
		above += ", which is over"
	}
	var below []string
	for _, key := range a.Lists {
		below = append(below, name(key))
	}
	last := lastValue(a)
	out := []string{sources.Clean(orElse(last.Summary, alertName(&a.Transition)))}
	out = append(out, filled(
		prefixed("why not judged: ", sources.Clean(a.Why)),
		prefixed("rule: ", sources.Clean(a.Words)),
		prefixed("follows from: ", above),
		prefixed("explains: ", strings.Join(below, ", ")),
		m.silenceWords(a.Silence),
	)...)
	return out
}

func (m *Model) silenceWords(s *alerts.Silence) string {
	if s == nil {
		return ""
	}
	return strings.Join(filled("silenced by "+sources.Clean(orElse(s.By, "somebody"))+" until "+m.until(s.Until)+", judged all the same", sources.Clean(s.Why)), ": ")
}

func (m *Model) ownerWords(a *alerts.Alert) string {
	if a.Owner == "" {
		return ""
	}
	return sources.Clean(a.Owner) + " has it since " + m.hour(a.OwnedAt)
}

// until is a time in both clocks.
func (m *Model) until(t time.Time) string {
	return strings.TrimSpace(m.minute(t) + " " + m.since(t))
}
