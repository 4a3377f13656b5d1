package tui

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"warroom/alerts"
	"warroom/runbooks"
	"warroom/sources"
	"warroom/tui/theme"
)

// item is one line of news.
type item struct {
	glyph rune
	at    time.Time
	what  string // what it is about
	word  string // how that stands, "" for no word
	text  string
	style theme.Style
	level Level
	more  int // how many like it are left out

	who     string // has taken it
	whose   theme.Style
	runbook string // that answers it
	key     string // that opens it, "" for none

	cause string // what other tiles may be blind of, too: credentials that have expired, an endpoint that is not there
}

// newsSpan is how old a change may be to be news.
const newsSpan = time.Hour

// news draws what needs a person, and after that what happened last.
func (p *Painter) news(s *Scene, r Rect) {
	if r.Empty() {
		return
	}
	items := slices.Concat(room(s.alertItems(), r.H), p.troubles(s), changes(s, r.H))
	items = items[:min(len(items), r.H)]
	wide := aboutWidth(items, r.W)
	for i, it := range items {
		p.item(s, Rect{r.X + 1, r.Y + i, r.W - 2, 1}, it, wide)
	}
}

// aboutWidth is how wide the column is that says what the lines of a width are about: what they need, as far as their texts
// leave room, within a half of the line.
func aboutWidth(items []item, w int) int {
	wide := max(min(w/3, 26), min(w/4, 34), 12)
	need, text := 0, 0
	for i := range items {
		need, text = max(need, textWidth(items[i].about(w))), max(text, textWidth(items[i].text))
	}
	return max(wide, min(need, w/2, w-newsTimeW-text-6))
}

// newsTimeW is the column of when a line of news was, with the blanks beside it.
const newsTimeW = 7

func (p *Painter) item(s *Scene, r Rect, it item, wide int) {
	wide = max(wide, min(textWidth(it.about(r.W)), r.W/2, r.W-newsTimeW-4-min(textWidth(it.text), leastNotice))) // a name is worth more than the end of a sentence
	p.canvas.Put(r.X, r.Y, it.glyph, it.style)
	when := "now"
	if !it.at.IsZero() {
		when = s.clock(it.at).Format("15:04")
	}
	p.canvas.Text(r.X+2, r.Y, 5, when, theme.Fg(theme.Faint))
	_, rest := r.Left(2 + newsTimeW)
	what := it.style
	if it.level >= LevelWarn {
		what = what.Bold()
	}
	used := p.canvas.Text(rest.X, r.Y, min(wide, rest.W), it.about(wide), what)
	used = max(used, wide)
	_, rest = rest.Left(used + 2)
	rest = p.answered(rest, it)
	writeRow(p.canvas, rest, it.text, theme.Fg(theme.Text))
}

// answered writes at the end of an alert's line who has it and which runbook answers it, as far as the text keeps enough
// room, and returns what is left of the line.
func (p *Painter) answered(r Rect, it item) Rect {
	for _, part := range [...]segment{
		{text: prefixed("runbook: ", it.runbook) + it.key, brief: it.runbook, style: theme.Fg(theme.Accent)},
		{text: it.who, brief: it.who, style: it.whose},
	} {
		for _, text := range filled(part.text, part.brief) {
			if r.W-textWidth(text)-2 < max(leastNotice, min(textWidth(it.text), r.W/2)) {
				continue
			}
			textAtRight(p.canvas, r, text, part.style)
			r.W -= textWidth(text) + 2
			break
		}
	}
	return r
}

// room keeps as many items as there is room for, and says in the last line how many more there are.
func room(items []item, n int) []item {
	n = max(n, 1)
	if len(items) <= n {
		return items
	}
	more := items[n-1]
	more.what, more.text, more.who, more.runbook, more.word = strconv.Itoa(len(items)-n+1)+" more alerts", "", "", "", ""
	more.text = "such as " + items[n-1].what
	return append(items[:n-1:n-1], more)
}

// about is what an item is about in so many columns: the name is cut before the word.
func (it *item) about(w int) string {
	if it.word == "" {
		return it.what
	}
	return cut(it.what, max(w-textWidth(it.word)-1, 4)) + " " + it.word
}

// troubles are the tiles that need a person, the worst first.
func (p *Painter) troubles(s *Scene) []item {
	var out []item
	for _, t := range p.tiles {
		st := p.look(s, t, 0).status
		if st.Level < LevelStale || st.alert != "" {
			continue
		}
		cause, text := st.shared, st.shared
		if st.cause == sources.Expired {
			cause, text = string(st.cause), s.renewal()
		}
		if i := slices.IndexFunc(out, func(it item) bool { return cause != "" && it.cause == cause }); i >= 0 {
			out[i].join(st, text)
			continue
		}
		style := theme.Fg(st.Level.colour())
		if st.Level == LevelStale {
			style = theme.Fg(theme.Text)
		}
		out = append(out, item{glyph: st.Glyph, at: st.Since, what: t.Title, word: st.Word, text: st.said(), style: style, level: st.Level, cause: cause})
		if st.cause == sources.Expired {
			out[len(out)-1].what, out[len(out)-1].word, out[len(out)-1].text = "1 tile blind", "", text
		}
	}
	slices.SortStableFunc(out, func(a, b item) int { return cmp.Compare(b.level, a.level) })
	return out
}

// join makes a line that of one more tile, blind of the same cause.
func (it *item) join(st Status, text string) {
	it.more++
	it.what, it.word, it.text = strconv.Itoa(it.more+1)+" tiles blind", "", text
	if st.Since.Before(it.at) {
		it.at = st.Since
	}
}

// changes are the newest n changes, the newest first. Changes of one kind to one resource that follow each other
// within a minute, as when five instances start at once, are one line; of an action and of a runbook the newest step is one.
func changes(s *Scene, n int) []item {
	all := s.View.Changes(s.cursor().Add(-newsSpan), s.cursor().Add(time.Nanosecond))
	var out []item
	var last sources.Change
	alike, told := 0, map[string]bool{}
	for _, c := range slices.Backward(all) {
		if c.Kind == alerts.ChangeDelivery || c.Kind == sources.ChangeModel {
			continue // the room says so where a receiver fails, and the run what it asks for
		}
		if t, ok := alerts.ReadTransition(c); ok {
			if t.To != alerts.Resolved || t.Severity == alerts.Info || len(out) == n {
				continue // one that is open stands above
			}
			out = append(out, item{glyph: '✔', at: c.At, what: alertName(&t), text: "is over: " + sources.Clean(t.Summary), style: theme.Fg(theme.Good)})
			last, alike = c, 0
			continue
		}
		if step, ok := runbooks.Step(c); ok {
			if told[step.Run] {
				continue // a later step of the same run says more
			}
			told[step.Run] = true
		}
		if e, ok := runbooks.Logged(c); ok {
			if told[e.Session] {
				continue
			}
			told[e.Session] = true
		}
		if len(out) > 0 && isAlike(c, last) {
			alike++
			out[len(out)-1].more = alike
			if c.Resource != last.Resource {
				out[len(out)-1].what = strconv.Itoa(alike+1) + " sources"
			}
			continue
		}
		if len(out) == n {
			break
		}
		last, alike = c, 0
		out = append(out, item{glyph: changeGlyph(c.Kind), at: c.At, what: sources.Clean(about(c)), text: news(c), style: theme.Fg(theme.Text)})
	}
	for i := range out {
		if out[i].more > 0 {
			out[i].text += ", and " + strconv.Itoa(out[i].more) + " more"
		}
	}
	return out
}

// isAlike tells whether an older change adds nothing to a newer one but its number.
func isAlike(older, newer sources.Change) bool {
	if older.Kind == sources.ChangeSource && newer.Kind == sources.ChangeSource && older.Resource != newer.Resource {
		return causeOf(older) != "" && causeOf(older) == causeOf(newer) && newer.At.Sub(older.At) < sourcesAlike
	}
	head := func(c sources.Change) string { h, _, _ := strings.Cut(c.Text, ":"); return h }
	return older.Kind == newer.Kind && older.Kind != sources.ChangeNote && older.Kind != runbooks.ChangeAction && older.Kind != alerts.ChangeAlert && older.Resource == newer.Resource && head(older) == head(newer) &&
		newer.At.Sub(older.At) < time.Minute
}

// sourcesAlike is within how long sources that fail of one cause are one line: each is asked at its own pace.
const sourcesAlike = 5 * time.Minute

// causeOf is what a failure of a source has in common with those of others, "" for nothing.
func causeOf(c sources.Change) string {
	_, said, found := strings.Cut(c.Text, "fails: ")
	if _, now, still := strings.Cut(c.Text, "now: "); still {
		said, found = now, true
	}
	trouble := sources.ParseTrouble(said)
	switch {
	case !found:
		return ""
	case trouble.Kind == sources.Expired:
		return string(trouble.Kind)
	}
	return shared(trouble)
}

// news is what a change says, without what stands beside it.
func news(c sources.Change) string {
	text := unframed(c.Text)
	if c.Kind == sources.ChangeSource {
		text = strings.TrimPrefix(text, sources.Clean(c.Resource.Name)+" ")
		text = strings.Replace(text, ": "+string(sources.Failed)+": ", ": ", 1)
	}
	return text
}

// about is what a change is about.
func about(c sources.Change) string {
	switch {
	case c.Kind == sources.ChangeNote && c.Actor != "":
		return "note by " + unframed(c.Actor)
	case c.Kind == alerts.ChangeResponse && c.Actor != "":
		return unframed(c.Actor)
	case c.Kind == sources.ChangeNote || c.Resource.Name == "":
		return c.Kind
	case c.Kind == sources.ChangeSource:
		return c.Kind + " " + c.Resource.Name
	}
	return c.Resource.Name + " " + c.Kind
}
