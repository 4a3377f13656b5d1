package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"warroom/runbooks"
	"warroom/sources"
)

// heldMsg is what came of holding or releasing a resource.
type heldMsg struct {
	said string
	err  error
}

// handHolds are the resources that are held by hand, now: a replay asks nobody.
func (m *Model) handHolds() []runbooks.Hold {
	if m.opt.Mode == Replay {
		return nil
	}
	if m.known.heldAt != m.room.last || m.known.holds == nil {
		m.known.heldAt, m.known.holds = m.room.last, append([]sources.Change{}, holdsOf(m.room.changes)...)
	}
	return runbooks.Holds(m.known.holds, m.opt.Now())
}

// holdsOf are the changes that tell of holds.
func holdsOf(changes []sources.Change) (out []sources.Change) {
	for _, c := range changes {
		if c.Kind == runbooks.ChangeHold {
			out = append(out, c)
		}
	}
	return out
}

// held are the resources that somebody keeps from others: by hand, or by a run.
func (m *Model) held() []Held {
	if m.opt.Mode == Replay {
		return nil
	}
	var out []Held
	for _, h := range m.handHolds() {
		out = append(out, Held{h.Resource, h.Actor})
	}
	runs := m.present()
	for i := range runs {
		if r := &runs[i]; r.Holds() {
			out = append(out, Held{r.Plan.Action.Resource, r.Actor})
		}
	}
	return out
}

func (m *Model) heldNames() (names []string) {
	for _, h := range m.handHolds() {
		names = append(names, h.Resource.String())
	}
	return names
}

// holdIt keeps a tile's resource to the operator: the named one, or the chosen one. What follows the name is why.
func (m *Model) holdIt(rest string) (tea.Cmd, error) {
	if err := m.idle(); err != nil {
		return nil, err
	}
	name, why, _ := strings.Cut(rest, " ")
	r := m.chosen
	if name != "" {
		var err error
		if r, err = m.named(name); err != nil {
			return nil, err
		}
	}
	if r == (sources.Ref{}) {
		return nil, errors.New("hold what? " + strings.Join(m.tileNames(), ", "))
	}
	hands := m.opt.Hands
	return m.holding("held for "+short(runbooks.HoldFor)+": "+r.String()+"; release frees it", func(ctx context.Context) (string, error) {
		return "", hands.Hold(ctx, r, strings.TrimSpace(why))
	}), nil
}

// releaseIt frees a resource: the named one, or the only one that the operator holds.
func (m *Model) releaseIt(name string) (tea.Cmd, error) {
	if err := m.idle(); err != nil {
		return nil, err
	}
	r, err := m.toRelease(name)
	if err != nil {
		return nil, err
	}
	hands := m.opt.Hands
	return m.holding("free again: "+r.String(), func(ctx context.Context) (string, error) {
		from, err := hands.Release(ctx, r)
		return ", held by " + from, err
	}), nil
}

func (m *Model) toRelease(name string) (sources.Ref, error) {
	var mine []sources.Ref
	for _, h := range m.handHolds() {
		switch {
		case name == h.Resource.String() || name == h.Resource.Name:
			return h.Resource, nil
		case h.By(m.opt.Operator):
			mine = append(mine, h.Resource)
		}
	}
	switch {
	case name != "":
		return sources.Ref{}, unknown("held", name, m.heldNames())
	case len(mine) == 1:
		return mine[0], nil
	case len(mine) == 0:
		return sources.Ref{}, errors.New("you hold nothing; what another one holds is released by its name")
	}
	return sources.Ref{}, fmt.Errorf("release which? %s", strings.Join(m.heldNames(), ", "))
}

func (m *Model) holding(said string, do func(context.Context) (string, error)) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), handsFor)
		defer cancel()
		more, err := do(ctx)
		return heldMsg{said: said + more, err: err}
	}
}

// heldNow says what came of it.
func (m *Model) heldNow(msg heldMsg) tea.Cmd {
	if msg.err != nil {
		m.complain(msg.err)
	} else {
		m.say(msg.said)
	}
	return m.advanced()
}
