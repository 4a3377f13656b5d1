package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/tui/theme"
)

// bookListPage lists the runbooks: those under way first, then those whose trouble is the case now, the chosen tile's
// before others.
type bookListPage struct {
	list  list
	books []*runbooks.Runbook // in the order in which they were when the page was opened, so that no line moves under a hand
}

func (m *Model) bookList() *bookListPage {
	books := slices.Clone(m.shelf.library.All())
	rank := map[string]int{}
	for _, b := range books {
		rank[b.Name] = m.bookRank(b)
	}
	slices.SortStableFunc(books, func(a, b *runbooks.Runbook) int { return cmp.Compare(rank[a.Name], rank[b.Name]) })
	return &bookListPage{books: books}
}

// bookRank is the place of a runbook in the list, lower first.
func (m *Model) bookRank(b *runbooks.Runbook) int {
	subject := m.subjectOf(b)
	rank := 100
	if m.openSession(b, subject) != nil {
		rank -= 50
	}
	if m.wanted(b) {
		rank -= 25
	} else if m.symptom(b, subject) {
		rank -= 20
	}
	if fit := b.Answering(m.chosen.Service); fit >= 0 {
		rank -= 30 - fit
	}
	return rank
}

func (p *bookListPage) key(m *Model, k tea.KeyPressMsg) (tea.Cmd, bool) {
	if key.Matches(k, m.keys.Open) && p.list.at < len(p.books) {
		b := p.books[p.list.at]
		m.openBook(b, m.subjectOf(b))
		return nil, true
	}
	return nil, p.list.key(m.keys, k, len(p.books))
}

func (p *bookListPage) hints(k *keyMap) []Hint {
	return []Hint{hint(k.Open, "open"), hints(k.Down, k.Up, "choose"), hint(k.Back, "back"), hint(k.Help, "help")}
}

// bookStateW is the column that says how a runbook stands.
const bookStateW = 20

// bookAbout is how many lines say what the chosen runbook is for.
const bookAbout = 6

func (p *bookListPage) draw(m *Model, c *Canvas, area Rect, _ *sources.View) {
	top, body := area.Top(2)
	heading(c, top, "runbooks", fmt.Sprintf("%d, those that fit what is seen now first", len(p.books)))
	foot, lines := body.Bottom(min(bookAbout, body.H/2))
	p.list.draw(c, lines, len(p.books), func(i int, r Rect) { m.bookLine(c, r, p.books[i]) })
	if p.list.at < len(p.books) {
		m.bookFoot(c, foot, p.books[p.list.at])
	}
}

// bookLine is a runbook in one line.
func (m *Model) bookLine(c *Canvas, r Rect, b *runbooks.Runbook) {
	subject := m.subjectOf(b)
	sign, word, style := ' ', "", theme.Fg(theme.Faint)
	switch s := m.openSession(b, subject); {
	case s != nil:
		sign, style = '●', theme.Fg(theme.Accent).Bold()
		word = fmt.Sprintf("step %d of %d, %s", s.Current()+1, s.Steps, sources.Clean(s.Actor))
	case m.wanted(b):
		sign, word, style = '▲', "an alert asks for it", theme.Fg(theme.Warn).Bold()
	case m.symptom(b, subject):
		sign, word, style = '▲', "the case now", theme.Fg(theme.Warn).Bold()
	}
	title := min(r.W-18-2-bookStateW-2, 40)
	columns(c, r,
		column{text: string(sign), width: 1, style: style},
		column{text: sources.Clean(b.Name), width: 18, style: theme.Fg(theme.Strong)},
		column{text: b.Title, width: title, style: theme.Fg(theme.Text)},
		column{text: word, width: bookStateW, style: style},
		column{text: strings.Join(b.Services, ", "), width: -1, style: theme.Fg(theme.Faint)},
	)
}

// bookFoot says what a runbook is for, and what its first check comes to.
func (m *Model) bookFoot(c *Canvas, r Rect, b *runbooks.Runbook) {
	if r.H < 2 {
		return
	}
	subject := m.subjectOf(b)
	step := b.Steps[0].On(subject)
	first := step.Brief()
	if step.Kind == runbooks.Check {
		j := m.judge(step.Expr)
		first += ": " + strings.Join(filled(j.why(), j.value()), "")
	}
	saysMore(c, r, filled(b.About, "first: "+first, prefixed("for ", subject.String())))
}
