package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/tui/theme"
)

// requestsPage lists what a second operator was wanted for, the newest first, and what came of it.
type requestsPage struct{ list list }

func (p *requestsPage) key(m *Model, k tea.KeyPressMsg) (tea.Cmd, bool) {
	all := m.requests()
	if key.Matches(k, m.keys.Open) && p.list.at < len(all) {
		r := all[p.list.at]
		return m.attempt(func() (tea.Cmd, error) { return m.openRequest(r) }), true
	}
	return nil, p.list.key(m.keys, k, len(all))
}

func (p *requestsPage) hints(k *keyMap) []Hint {
	return []Hint{hint(k.Back, "back"), {Key: k.Open.Help().Key, Does: "look at it, and approve"}}
}

func (p *requestsPage) draw(m *Model, c *Canvas, area Rect, _ *sources.View) {
	all := m.requests()
	top, body := area.Top(2)
	heading(c, top, "requests", fmt.Sprintf("%d in this recording, times in %s", len(all), m.drawn.at.In(m.opt.Zone).Format("MST")))
	if len(all) == 0 {
		c.Text(body.X+1, body.Y, body.W-2, "nobody has asked for a second operator", theme.Fg(theme.Faint))
		return
	}
	p.list.draw(c, body, len(all), func(i int, r Rect) { m.requestLine(c, r, &all[i]) })
}

// requestLine is a request in one line: when, who, what, and what came of it.
func (m *Model) requestLine(c *Canvas, r Rect, q *runbooks.Request) {
	text, style := m.requestState(q)
	columns(c, r,
		column{text: m.hour(q.At), width: 8, style: theme.Fg(theme.Faint)},
		column{text: q.Actor, width: 12, style: theme.Fg(theme.Faint)},
		column{text: q.Plan.Title, width: r.W / 2, style: theme.Fg(theme.Strong)},
		column{text: text, width: -1, style: style},
	)
}

// requestState says what came of a request, and how that looks.
func (m *Model) requestState(q *runbooks.Request) (string, theme.Style) {
	switch {
	case q.Ended != "":
		return q.Ended, theme.Fg(theme.Faint)
	case m.opt.Mode != Replay && q.Waits(m.opt.Now()):
		return "waits ▸ " + short(runbooks.ApproveWithin-m.opt.Now().Sub(q.Asked)) + " left", theme.Fg(theme.Warn).Bold()
	}
	return "nobody has approved it", theme.Fg(theme.Faint)
}

// requests are those that the recording knows at the time that is shown, the newest first.
func (m *Model) requests() []runbooks.Request {
	all := runbooks.Requests(m.happened())
	slices.Reverse(all)
	return all
}

// waiting are the requests that another operator may still approve.
func (m *Model) waiting() []runbooks.Request {
	now := m.opt.Now()
	return slices.DeleteFunc(runbooks.Requests(m.room.changes), func(r runbooks.Request) bool { return !r.Waits(now) })
}

func (m *Model) waitingNames() []string {
	var names []string
	for _, r := range m.waiting() {
		names = append(names, r.Plan.Action.Resource.String())
	}
	return names
}

// approve opens the card of what another operator asks for: of the only one, or of that for the named resource.
func (m *Model) approve(name string) (tea.Cmd, error) {
	if err := m.idle(); err != nil {
		return nil, err
	}
	var fit []runbooks.Request
	for _, r := range m.waiting() {
		if ref := r.Plan.Action.Resource; name == "" || name == ref.String() || name == ref.Name {
			fit = append(fit, r)
		}
	}
	switch {
	case len(fit) == 1:
		return m.openRequest(fit[0])
	case len(fit) == 0 && name != "":
		return nil, unknown("request", name, m.waitingNames())
	case len(fit) == 0:
		return nil, errors.New("nobody asks for a second operator")
	}
	return nil, fmt.Errorf("approve which? %s", strings.Join(m.waitingNames(), ", "))
}

// openRequest opens the card of a request, with what was shown to who has asked.
func (m *Model) openRequest(r runbooks.Request) (tea.Cmd, error) {
	switch {
	case r.Ended != "":
		return nil, errors.New("nothing more comes of it: " + r.Ended)
	case strings.EqualFold(r.Actor, m.opt.Operator):
		return nil, errors.New("it was asked for by you: somebody else has to approve it")
	}
	m.card = nil
	m.openCard(r.Plan)
	m.card.request = &r
	return m.tick(), nil
}
