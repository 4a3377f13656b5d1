package tui

import (
	"bytes"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"warroom/tui/theme"
)

// pace hands a frame to the renderer as fast as the link can take it. On a link that keeps up that is at once. On a
// slow one it is row by row: the cells that a key changed first, then the others in turn, never more than is on its way
// in a tenth of a second, so that the next key does not wait behind a frame. Cells that are still to come are
// overtaken by newer ones: what is shown is always on its way to the newest frame.
type pace struct {
	theme  *theme.Theme
	frame  string // the newest frame
	shown  string // what the renderer was given
	want   Canvas // the newest frame
	have   Canvas // what the renderer was given
	urgent []bool // cells that a key has changed and that are still to come
	from   int    // the row with which the next part begins

	scale float64 // bytes written for each byte that was guessed; 0 while unknown
	guess int     // what the last part was thought to cost
	sent  int64   // what the link had sent before it
	at    time.Time
}

// What a row is guessed to cost in bytes.
const (
	cellCost = 3  // for each cell from the first to the last that differs
	rowCost  = 20 // for getting there, and for colours
)

// paceMsg is the time to go on handing over a frame.
type paceMsg struct{}

// paceEvery is how often that is looked for while cells are still to come.
const paceEvery = 50 * time.Millisecond

// keepPace calls for the next part of a frame while there is one: the terminal's answers do so too, but not
// where nothing was written.
func (m *Model) keepPace() tea.Cmd {
	if !m.pace.pending() || m.pacing {
		return nil
	}
	m.pacing = true
	return tea.Tick(paceEvery, func(time.Time) tea.Msg { return paceMsg{} })
}

// pending tells whether anything is still to come.
func (p *pace) pending() bool { return p.frame != p.shown }

// aim takes a new frame and the canvas that it was written from. urgent says that it answers a key.
func (p *pace) aim(frame string, c *Canvas, urgent bool) {
	p.frame = frame
	if p.want.W != c.W || p.want.H != c.H {
		p.urgent = make([]bool, len(c.cells))
		p.have.Reset(0, 0)
	} else if urgent {
		for i := range c.cells {
			p.urgent[i] = p.urgent[i] || c.cells[i] != p.want.cells[i]
		}
	}
	p.want.become(c)
}

// become makes c a copy of another canvas.
func (c *Canvas) become(other *Canvas) {
	c.W, c.H, c.ASCII = other.W, other.H, other.ASCII
	c.cells = append(c.cells[:0], other.cells...)
	c.clusters = append(c.clusters[:0], other.clusters...)
}

// next is what the renderer shall have now.
func (p *pace) next(l *Link) string {
	if !p.pending() {
		return p.shown
	}
	room, sent, slow := l.room()
	if !slow || p.shown == "" || p.have.W != p.want.W || p.have.H != p.want.H {
		p.whole()
		return p.shown
	}
	p.part(room, sent, l.now())
	return p.shown
}

// whole hands over everything.
func (p *pace) whole() {
	p.shown = p.frame
	p.have.become(&p.want)
	clear(p.urgent)
	p.guess = 0
}

// part hands over what a key changed, or else what there is room for.
func (p *pace) part(room int, sent int64, now time.Time) {
	if p.guess > 0 && sent == p.sent && now.Sub(p.at) < 2*paceEvery {
		room = 0 // what was handed over last has not been written yet; only what is urgent is added to it
	} else if p.guess > 0 {
		p.learn(sent - p.sent)
	}
	cost := 0
	if room > -2*leastOnWay {
		cost = p.hand(room, true)
	}
	if cost == 0 {
		cost = p.rows(room)
	}
	if cost == 0 {
		cost = p.hand(room, false)
	}
	if cost == 0 {
		return
	}
	p.guess, p.sent, p.at = cost, sent, now
	p.shown = string(p.have.Write(nil, p.theme))
}

// rows hands over the rows with wide or combined characters, which cannot be taken apart.
func (p *pace) rows(room int) int {
	cost := 0
	for y := range p.want.H {
		have, want := p.have.cells[y*p.have.W:][:p.have.W], p.want.cells[y*p.want.W:][:p.want.W]
		if !whole(have) && !whole(want) || cost > max(room, 0) {
			continue
		}
		a, b := p.have.writeRow(nil, have, p.theme), p.want.writeRow(nil, want, p.theme)
		if bytes.Equal(a, b) {
			continue
		}
		copy(have, want)
		p.have.adopt(have, &p.want)
		clear(p.urgent[y*p.want.W:][:p.want.W])
		cost += len(b)
	}
	return cost
}

// whole tells whether a row must be handed over as a whole.
func whole(row []Cell) bool {
	return slices.ContainsFunc(row, func(c Cell) bool { return c.Width != 1 || c.Rune < 0 })
}

// hand hands over cells row by row, from where it stopped the last time: new data in the upper rows must not keep the
// lower ones waiting. The first row of what a key changed goes out even where there is hardly room.
func (p *pace) hand(room int, urgent bool) int {
	cost := 0
	for k := range p.want.H {
		y := (p.from + k) % p.want.H
		c := p.cost(y, urgent)
		if c == 0 {
			continue
		}
		if first := cost == 0 && (urgent || room >= leastOnWay); cost+c > room && !first {
			p.from = y
			break
		}
		p.take(y, urgent)
		cost += c
	}
	return cost
}

// differs tells whether a cell is to be handed over by itself.
func (p *pace) differs(i int, urgent bool) bool {
	have, want := &p.have.cells[i], &p.want.cells[i]
	return *have != *want && (!urgent || p.urgent[i]) && have.Width == 1 && want.Width == 1 && have.Rune >= 0 && want.Rune >= 0
}

// cost is about how many bytes the renderer writes for a row: everything from its first to its last cell that
// differs; 0 where none does.
func (p *pace) cost(y int, urgent bool) int {
	first, last := -1, -1
	for x := range p.want.W {
		if p.differs(y*p.want.W+x, urgent) {
			if first < 0 {
				first = x
			}
			last = x
		}
	}
	if first < 0 {
		return 0
	}
	scale := p.scale
	if scale == 0 {
		scale = 1
	}
	return int(float64((last-first+1)*cellCost+rowCost) * scale)
}

func (p *pace) take(y int, urgent bool) {
	for i := y * p.want.W; i < (y+1)*p.want.W; i++ {
		if p.differs(i, urgent) {
			p.have.cells[i], p.urgent[i] = p.want.cells[i], false
		}
	}
}

// learn compares what was guessed with what was written.
func (p *pace) learn(wrote int64) {
	scale := p.scale
	if scale == 0 {
		scale = 1
	}
	measured := min(max(scale*float64(wrote)/float64(p.guess), 0.3), 3)
	p.scale = scale + (measured-scale)/3
	p.guess = 0
}
