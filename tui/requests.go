package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"warroom/runbooks"
	"warroom/tui/theme"
)

// requestState is how a request stands, and the look of it.
func (m *Model) requestState(q *runbooks.Request) (string, theme.Style) {
	switch {
	case q.CarriedOut():
		return "carried out", theme.Fg(theme.Faint)
	case q.Ended != "":
		return "ended ○", theme.Fg(theme.Faint)
	case m.opt.Mode != Replay && q.Waits(m.opt.Now()):
		return "waits ▸ " + short(runbooks.ApproveWithin-m.opt.Now().Sub(q.Asked)), theme.Fg(theme.Warn)
	}
	return "too late ○", theme.Fg(theme.Faint)
}

// requestDetail says what is asked for, and what has come of it.
func (m *Model) requestDetail(q *runbooks.Request) []string {
	state := q.Ended
	switch {
	case state != "":
	case m.opt.Mode != Replay && q.Waits(m.opt.Now()):
		state = "waits for a second operator, " + short(runbooks.ApproveWithin-m.opt.Now().Sub(q.Asked)) + " left: " + m.keys.Open.Help().Key + " looks at it, and approves"
	default:
		state = "nobody has approved it"
	}
	return filled(changesOf(&q.Plan), state, prefixed("undo: ", q.Plan.Undo))
}

// requests are those that the recording knows at the time that is shown, the newest first.
func (m *Model) requests() []runbooks.Request {
	all := runbooks.Requests(m.happened())
	slices.Reverse(all)
	return all
}

// waiting are the requests that another operator may still approve.
func (m *Model) waiting() []runbooks.Request {
	if m.known.askedAt != m.room.last || m.known.asked == nil {
		m.known.askedAt, m.known.asked = m.room.last, []runbooks.Request{}
		for _, r := range runbooks.Requests(m.room.changes) {
			if r.Ended == "" {
				m.known.asked = append(m.known.asked, r)
			}
		}
	}
	var out []runbooks.Request
	for _, r := range m.known.asked {
		if r.Waits(m.opt.Now()) {
			out = append(out, r)
		}
	}
	return out
}

// asks are the requests of others that wait for the operator, now, whatever time is shown: a replay asks nobody.
func (m *Model) asks() []Ask {
	if m.idle() != nil {
		return nil
	}
	var out []Ask
	for _, r := range m.waiting() {
		if !strings.EqualFold(r.Actor, m.opt.Operator) {
			out = append(out, Ask{r.Actor, r.Plan.Title})
		}
	}
	return out
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
	case len(m.waiting()) == 0:
		m.say("nothing to approve: nobody asks for a second operator")
		return nil, nil
	case len(fit) == 0:
		return nil, unknown("request", name, m.waitingNames())
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
