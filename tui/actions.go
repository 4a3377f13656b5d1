package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/tui/theme"
)

// deed is something that was done, or that a second operator was wanted for: one of the two is there.
type deed struct {
	run     *runbooks.Run
	request *runbooks.Request
}

func (d *deed) at() time.Time {
	if d.run != nil {
		return d.run.At
	}
	return d.request.At
}

// deedsPage lists what was done, and what somebody has asked for that became no run; or all that was asked for, alone. The
// newest is first: how far it is, what it has brought, what is in doubt.
type deedsPage struct {
	list     list
	requests bool // what was asked for, alone
}

func (p *deedsPage) key(m *Model, k tea.KeyPressMsg) (tea.Cmd, bool) {
	all := p.deeds(m)
	if p.list.at < len(all) {
		switch d := all[p.list.at]; {
		case d.request != nil && key.Matches(k, m.keys.Open):
			return m.attempt(func() (tea.Cmd, error) { return m.openRequest(*d.request) }), true
		case d.run != nil && key.Matches(k, m.keys.Undo):
			return m.attempt(func() (tea.Cmd, error) { return m.undoRun(*d.run), nil }), true
		case d.run != nil && key.Matches(k, m.keys.Open) && d.run.InDoubt(m.opt.Now()):
			return m.attempt(func() (tea.Cmd, error) { return m.settleRun(*d.run), nil }), true
		}
	}
	return nil, p.list.key(m.keys, k, len(all))
}

// attempt does something with the hands, or says why there are none.
func (m *Model) attempt(do func() (tea.Cmd, error)) tea.Cmd {
	err := m.idle()
	if err == nil {
		var cmd tea.Cmd
		if cmd, err = do(); err == nil {
			return cmd
		}
	}
	m.complain(err)
	return nil
}

func (p *deedsPage) hints(k *keyMap) []Hint {
	if p.requests {
		return []Hint{hint(k.Back, "back"), {Key: k.Open.Help().Key, Does: "look at it, and approve"}}
	}
	return []Hint{hint(k.Back, "back"), hint(k.Undo, "take it back"), {Key: k.Open.Help().Key, Does: "approve what is asked for, read how one in doubt stands"}, hint(k.Actions, "new action")}
}

// deeds are those that the recording knows at the time that is shown, the newest first.
func (p *deedsPage) deeds(m *Model) []deed {
	var out []deed
	requests := m.requests()
	for i := range requests {
		if p.requests || !requests[i].CarriedOut() {
			out = append(out, deed{request: &requests[i]})
		}
	}
	if p.requests {
		return out
	}
	runs := m.runs()
	for i := range runs {
		out = append(out, deed{run: &runs[len(runs)-1-i]})
	}
	slices.SortStableFunc(out, func(a, b deed) int { return b.at().Compare(a.at()) })
	return out
}

func (p *deedsPage) draw(m *Model, c *Canvas, area Rect, _ *sources.View) {
	all := p.deeds(m)
	top, body := area.Top(2)
	title, none := "actions", "nothing has been done: "+m.keys.Actions.Help().Key+" on a tile shows what could be"
	if p.requests {
		title, none = "requests", "nobody has asked for a second operator"
	}
	heading(c, top, title, fmt.Sprintf("%d in this recording, times in %s", len(all), m.zone()))
	if len(all) == 0 {
		c.Text(body.X+1, body.Y, body.W-2, none, theme.Fg(theme.Faint))
		return
	}
	details, lines := body.Bottom(min(runDetails, body.H/2))
	p.list.draw(c, lines, len(all), func(i int, r Rect) { m.deedLine(c, r, &all[i]) })
	m.deedDetail(c, details, &all[min(p.list.at, len(all)-1)])
}

// runDetails is how many lines the chosen run's details have.
const runDetails = 6

// deedLine is a deed in one line: when, how it stands in a word with its sign, who, what.
func (m *Model) deedLine(c *Canvas, r Rect, d *deed) {
	var word, who, title string
	var style theme.Style
	if d.run != nil {
		word, style = m.runState(d.run)
		who, title = d.run.Actor, d.run.Plan.Title
	} else {
		word, style = m.requestState(d.request)
		who, title = d.request.Actor, d.request.Plan.Title
	}
	columns(c, r,
		column{text: m.hour(d.at()), width: 8, style: theme.Fg(theme.Faint)},
		column{text: word, width: 13, style: style.Bold()},
		column{text: who, width: 12, style: theme.Fg(theme.Faint)},
		column{text: title, width: -1, style: theme.Fg(theme.Strong)},
	)
}

// runState is how a run stands, and the look of it.
func (m *Model) runState(r *runbooks.Run) (string, theme.Style) {
	switch {
	case m.opt.Mode != Replay && r.InDoubt(m.opt.Now()):
		return "in doubt !", theme.Fg(theme.Bad)
	case r.State == runbooks.Judged && r.Verdict == runbooks.Worked:
		return "worked ✔", theme.Fg(theme.Good)
	case r.State == runbooks.Judged && r.Verdict == runbooks.Worse:
		return "worse ✖", theme.Fg(theme.Bad)
	case r.State == runbooks.Judged:
		return "no effect ○", theme.Fg(theme.Warn)
	case r.Stop.Why != "" && !r.Ended():
		return "worsening ✖", theme.Fg(theme.Bad)
	case r.State == runbooks.Failed:
		return "failed ✖", theme.Fg(theme.Bad)
	case r.State == runbooks.Undone:
		return "not done ○", theme.Fg(theme.Faint)
	case r.State == runbooks.Done:
		return "done ✔", theme.Fg(theme.Good)
	}
	return "under way ▸", theme.Fg(theme.Accent)
}

// deedDetail says all that is known of a deed.
func (m *Model) deedDetail(c *Canvas, r Rect, d *deed) {
	if d.run != nil {
		saysMore(c, r, m.runDetail(d.run))
	} else {
		saysMore(c, r, m.requestDetail(d.request))
	}
}

// runDetail says all that is known of a run.
func (m *Model) runDetail(run *runbooks.Run) []string {
	evidence := run.Evidence(func(v float64, unit string) string { return amount(v, unitFormat(unit), 0) })
	stop := ""
	if run.Stop.Why != "" {
		stop = "▲ worse since " + m.hour(run.Stop.At) + ": " + run.Stop.Why + "; " + m.keys.Undo.Help().Key + " takes it back"
	}
	return filled(
		changesOf(&run.Plan),
		stop,
		run.Text,
		prefixed("effect: ", evidence),
		prefixed("request ", run.Receipt.Request),
		prefixed("undo: ", run.Plan.Undo),
	)
}

// changesOf are the values that a plan changes, in one line.
func changesOf(p *runbooks.Plan) string {
	var values []string
	for i, s := range p.Before {
		if i < len(p.After) && p.After[i].Value != s.Value {
			values = append(values, s.Name+" "+s.Value+" → "+p.After[i].Value)
		}
	}
	return strings.Join(values, ", ")
}

func prefixed(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

// unitFormat is how numbers of a unit are written.
func unitFormat(unit string) string {
	switch sources.Unit(unit) {
	case sources.Ratio:
		return asPercent
	case sources.Seconds:
		return asDuration
	case sources.Bytes:
		return asBytes
	}
	return asNumber
}
