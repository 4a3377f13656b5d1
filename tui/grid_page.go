package tui

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"warroom/sources"
)

// gridPage is the first page: all tiles. The painter draws it.
type gridPage struct{}

func (gridPage) key(m *Model, k tea.KeyPressMsg) (tea.Cmd, bool) {
	across := m.painter.Columns(m.scene())
	switch {
	case key.Matches(k, m.keys.Left):
		m.choose(-1)
	case key.Matches(k, m.keys.Right, m.keys.NextTile, m.keys.Next):
		m.choose(+1)
	case key.Matches(k, m.keys.PrevTile, m.keys.Previous):
		m.choose(-1)
	case key.Matches(k, m.keys.Up):
		m.choose(-across)
	case key.Matches(k, m.keys.Down):
		m.choose(+across)
	case key.Matches(k, m.keys.Open):
		m.openDetail()
	case key.Matches(k, m.keys.Back):
		m.filter = ""
	default:
		return nil, false
	}
	return nil, true
}

func (gridPage) hints(k *keyMap) []Hint { return nil }

func (gridPage) draw(*Model, *Canvas, Rect, *sources.View) {}

// hints of the grid depend on the mode.
func (m *Model) gridHints() []Hint {
	k := m.momentary()
	out := []Hint{hint(k.Help, "help"), hint(k.Pause, k.Pause.Help().Desc), hints(k.Earlier, k.Later, "scrub")}
	switch {
	case m.opt.Mode == Replay:
		out = append(out, hints(k.Slower, k.Faster, "speed"))
	case m.cursor.stance != following:
		out = append(out, hint(k.Live, "live"))
	}
	out = append(out, hint(k.Open, "open"))
	if m.idle() == nil {
		out = append(out, hint(k.Actions, "actions"))
	}
	out = append(out, hint(k.Runbook, "runbook"))
	if a := m.chosenAlert(); a != nil && a.Owner == "" {
		out = append(out, hint(k.Own, "own it"))
	}
	return append(out, hint(k.Alerts, "alerts"), hint(k.Jump, "jump"), hint(k.Leave, "leave"), hint(k.Ceilings, "ceilings"), hint(k.Filter, "filter"),
		hint(k.Timeline, "timeline"), hint(k.Note, "note"), hint(k.Command, "command"))
}

func (m *Model) pauseWord() string {
	switch {
	case m.cursor.stance != standing:
		return "pause"
	case m.opt.Mode == Replay:
		return "play"
	}
	return "resume"
}

// resources are those that have a tile, in the order of the grid, whatever the filter.
func (m *Model) resources() []sources.Ref {
	var out []sources.Ref
	for _, t := range m.allTiles() {
		out = append(out, t.Ref)
	}
	return out
}

// allTiles are the tiles in the order of the grid, whatever the filter; valid until the painter is asked again.
func (m *Model) allTiles() []*Tile {
	s := m.scene()
	s.Filter = ""
	return m.painter.Tiles(s)
}

// shown are the tiles that the filter leaves, and which of them is chosen, -1 for none.
func (m *Model) shown() (tiles []sources.Ref, chosen int) {
	chosen = -1
	for i, t := range m.painter.Tiles(m.scene()) {
		tiles = append(tiles, t.Ref)
		if t.Ref == m.chosen {
			chosen = i
		}
	}
	return tiles, chosen
}

// choose moves the choice by n tiles; it stops at the first and the last one.
func (m *Model) choose(n int) {
	tiles, at := m.shown()
	if len(tiles) == 0 {
		return
	}
	if at < 0 {
		at, n = 0, 0
	}
	m.chosen = tiles[max(min(at+n, len(tiles)-1), 0)]
}

// keepChosen keeps the choice where the filter leaves it, and takes the first tile where it does not.
func (m *Model) keepChosen() {
	m.dirty = true
	if tiles, at := m.shown(); at < 0 && len(tiles) > 0 {
		m.chosen = tiles[0]
	}
}

// numbered opens the tile with that number, whether the filter shows it or not.
func (m *Model) numbered(n int) {
	tiles := m.resources()
	if n < 1 || n > len(tiles) {
		m.say("there is no tile with that number")
		return
	}
	m.chosen = tiles[n-1]
	m.open(&detailPage{})
}

func (m *Model) openDetail() {
	if _, at := m.shown(); at < 0 {
		m.choose(0)
	}
	if m.chosen != (sources.Ref{}) {
		m.open(&detailPage{})
	}
}
