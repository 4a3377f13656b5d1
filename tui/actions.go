package tui

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/tui/theme"
)

// actionsPage lists what was done, the newest first: how far it is, what it has brought, and what is in doubt.
type actionsPage struct{ list list }

func (p *actionsPage) key(m *Model, k tea.KeyPressMsg) (tea.Cmd, bool) {
	runs := m.newestRuns()
	if p.list.at < len(runs) {
		switch r := runs[p.list.at]; {
		case key.Matches(k, m.keys.Undo):
			return m.attempt(func() (tea.Cmd, error) { return m.undoRun(r), nil }), true
		case key.Matches(k, m.keys.Open) && r.InDoubt(m.opt.Now()):
			return m.attempt(func() (tea.Cmd, error) { return m.settleRun(r), nil }), true
		}
	}
	return nil, p.list.key(m.keys, k, len(runs))
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

func (p *actionsPage) hints(k *keyMap) []Hint {
	return []Hint{hint(k.Back, "back"), hint(k.Undo, "take it back"), {Key: k.Open.Help().Key, Does: "read how one in doubt stands"}, hint(k.Actions, "new action")}
}

func (m *Model) newestRuns() []runbooks.Run {
	runs := m.runs()
	slices.Reverse(runs)
	return runs
}

func (p *actionsPage) draw(m *Model, c *Canvas, area Rect, _ *sources.View) {
	runs := m.newestRuns()
	top, body := area.Top(2)
	heading(c, top, "actions", fmt.Sprintf("%d in this recording, times in %s", len(runs), m.drawn.at.In(m.opt.Zone).Format("MST")))
	if len(runs) == 0 {
		c.Text(body.X+1, body.Y, body.W-2, "nothing has been done: "+m.keys.Actions.Help().Key+" on a tile shows what could be", theme.Fg(theme.Faint))
		return
	}
	details, lines := body.Bottom(min(runDetails, body.H/2))
	p.list.draw(c, lines, len(runs), func(i int, r Rect) { m.runLine(c, r, &runs[i]) })
	m.runDetail(c, details, &runs[min(p.list.at, len(runs)-1)])
}

// runDetails is how many lines the chosen run's details have.
const runDetails = 6

// runLine is a run in one line: when, who, what, and how it stands in a word with its sign.
func (m *Model) runLine(c *Canvas, r Rect, run *runbooks.Run) {
	word, style := m.runState(run)
	columns(c, r,
		column{text: m.hour(run.At), width: 8, style: theme.Fg(theme.Faint)},
		column{text: word, width: 12, style: style.Bold()},
		column{text: run.Actor, width: 12, style: theme.Fg(theme.Faint)},
		column{text: run.Plan.Title, width: -1, style: theme.Fg(theme.Strong)},
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
	case r.State == runbooks.Failed:
		return "failed ✖", theme.Fg(theme.Bad)
	case r.State == runbooks.Undone:
		return "not done ○", theme.Fg(theme.Faint)
	case r.State == runbooks.Done:
		return "done ✔", theme.Fg(theme.Good)
	}
	return "under way ▸", theme.Fg(theme.Accent)
}

// runDetail says all that is known of a run.
func (m *Model) runDetail(c *Canvas, r Rect, run *runbooks.Run) {
	var values []string
	for i, s := range run.Plan.Before {
		if i < len(run.Plan.After) && run.Plan.After[i].Value != s.Value {
			values = append(values, s.Name+" "+s.Value+" → "+run.Plan.After[i].Value)
		}
	}
	evidence := run.Evidence(func(v float64, unit string) string { return amount(v, unitFormat(unit), 0) })
	lines := filled(
		strings.Join(values, ", "),
		run.Text,
		prefixed("effect: ", evidence),
		prefixed("request ", run.Receipt.Request),
		prefixed("undo: ", run.Plan.Undo),
	)
	y := r.Y + 1
	for i, line := range lines {
		for _, part := range wrap(sources.Clean(line), r.W-2, 2) {
			if y >= r.Y+r.H {
				return
			}
			style := theme.Fg(theme.Text)
			if i > 0 {
				style = theme.Fg(theme.Faint)
			}
			c.Text(r.X+1, y, r.W-2, part, style)
			y++
		}
	}
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
