package tui

import (
	"slices"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"warroom/tui/theme"
)

// pace brings the terminal to the newest frame. The renderer paints the first frame after a start, a resize and a
// repaint; from then on it is handed that same frame, which it has nothing to do for, and what changes is written
// beside it, cell by cell. The renderer would send everything from the first to the last change of a line again and
// measure every character of it; both cost several times what the changes themselves do.
//
// On a link that keeps up all changes go out at once. On a slow one it is row by row: the cells that a key changed
// first, then the others in turn, never more than is on its way in a tenth of a second, so that the next key does not
// wait behind a frame. Cells that are still to come are overtaken by newer ones: what is shown is always on its way to
// the newest frame.
type pace struct {
	theme  *theme.Theme
	want   Canvas // the newest frame
	have   Canvas // what the terminal shows
	urgent []bool // cells that a key has changed and that are still to come
	from   int    // the row with which the next part begins

	handed  string    // what the renderer was given
	fresh   bool      // the next frame is the renderer's
	awaited int       // how often the renderer has written when it was handed over
	until   time.Time // how long it is waited for
	late    bool      // cells are still to come

	buf   []byte
	style theme.Style // in which the terminal writes while buf is made
}

// paceMsg is the time to go on writing a frame.
type paceMsg struct{}

// paceEvery is how often that is looked for while cells are still to come.
const paceEvery = 50 * time.Millisecond

// keepPace calls for the next part of a frame while there is one: the terminal's answers do so too, but not
// where nothing was written.
func (m *Model) keepPace() tea.Cmd {
	if !m.pace.late || m.pacing || m.link == nil {
		return nil
	}
	m.pacing = true
	return tea.Tick(paceEvery, func(time.Time) tea.Msg { return paceMsg{} })
}

// aim takes a new frame. urgent says that it answers a key.
func (p *pace) aim(c *Canvas, urgent bool) {
	if p.want.W != c.W || p.want.H != c.H {
		p.urgent, p.fresh = make([]bool, len(c.cells)), true
	} else if urgent {
		for i := range c.cells {
			p.urgent[i] = p.urgent[i] || c.cells[i] != p.want.cells[i]
		}
	}
	p.want.become(c)
	p.late = true
}

// paintWithin is how long the renderer is waited for, several of its ticks. It may have nothing to paint, or so little
// that the link does not take it for a frame; then all cells are written, and a late paint does no harm.
const paintWithin = 100 * time.Millisecond

// become makes c a copy of another canvas.
func (c *Canvas) become(other *Canvas) {
	c.W, c.H, c.ASCII = other.W, other.H, other.ASCII
	c.cells = append(c.cells[:0], other.cells...)
	c.clusters = append(c.clusters[:0], other.clusters...)
}

// repaint lets the renderer paint the next frame as a whole: what the terminal shows is not known any more.
func (p *pace) repaint() { p.fresh, p.late = true, true }

// next writes what there is to write and returns what the renderer shall have.
func (p *pace) next(l *Link) string {
	p.late = p.late || l.painted() > p.awaited+1
	switch {
	case !p.late:
	case p.fresh || l == nil:
		p.handed = string(p.want.Write(nil, p.theme))
		p.have.become(&p.want)
		clear(p.urgent)
		p.fresh, p.late = false, false
		if l != nil {
			p.awaited, p.until = l.painted(), l.now().Add(paintWithin)
		}
	case l.painted() == p.awaited && l.now().Before(p.until): // the renderer has not painted it yet; it will say so
	case !l.owns(): // a busy machine: the renderer has not even begun
	default:
		p.write(l)
	}
	return p.handed
}

// write sends cells that differ, as many as there is room for.
func (p *pace) write(l *Link) {
	if l.painted() != p.awaited+1 { // the renderer has painted again: nothing can be taken for granted
		p.awaited = l.painted() - 1
		p.forget()
	}
	room, slow := l.room()
	p.buf, p.style = append(p.buf[:0], begin...), 0
	switch {
	case !slow:
		room = 1 << 30
		p.rows(room, false)
	case room > -2*leastOnWay && p.rows(room, true):
	case room >= leastOnWay:
		p.rows(room, false)
	}
	if len(p.buf) > len(begin) {
		l.put(append(p.buf, end...))
	}
	p.late = !slices.Equal(p.have.cells, p.want.cells)
}

// What stands around the cells: they appear at once, and the renderer finds its cursor and its colours again.
const (
	begin = "\x1b[?2026h\x1b7\x1b[m"
	end   = "\x1b8\x1b[?2026l"
)

// forget makes every cell differ: nobody knows what a terminal does with them while its size changes.
func (p *pace) forget() {
	p.late = true
	for i := range p.have.cells {
		p.have.cells[i] = Cell{}
	}
}

// rows writes rows from where it stopped the last time, for new data in the upper rows must not keep the lower ones
// waiting, until they take more than there is room for. It tells whether there was anything to write.
func (p *pace) rows(room int, urgent bool) bool {
	start := len(p.buf)
	for k := range p.want.H {
		y := (p.from + k) % p.want.H
		if p.row(y, urgent); len(p.buf) > room {
			p.from = (y + 1) % p.want.H
			break
		}
	}
	return len(p.buf) > start
}

// joined is how many cells that stand already are rather written again than jumped over.
const joined = 4

// row writes the cells of a row that differ. A row with wide or combined characters is written as a whole.
func (p *pace) row(y int, urgent bool) {
	have, want := p.have.cells[y*p.have.W:][:p.have.W], p.want.cells[y*p.want.W:][:p.want.W]
	marks := p.urgent[y*p.want.W:][:p.want.W]
	if slices.Equal(have, want) || urgent && !slices.Contains(marks, true) {
		return
	}
	if whole(have) || whole(want) {
		p.cells(y, 0, len(want))
		return
	}
	for x := 0; x < len(want); x++ {
		if have[x] == want[x] || urgent && !marks[x] {
			continue
		}
		to := x + 1 // behind the last cell that differs
		for i := to; i < len(want) && i-to < joined; i++ {
			if have[i] != want[i] {
				to = i + 1
			}
		}
		p.cells(y, x, to)
		x = to
	}
}

// cells writes the cells from one column to another, and takes them for shown.
func (p *pace) cells(y, from, to int) {
	row := p.want.cells[y*p.want.W:][:p.want.W]
	p.goTo(y, from)
	for x := from; x < to; x++ {
		p.buf, p.style = p.want.writeCell(p.buf, &row[x], p.style, p.theme)
		if odd(row[x]) && x+1 < to {
			p.goTo(y, x+max(int(row[x].Width), 1)) // terminals disagree on how wide it is
		}
	}
	copy(p.have.cells[y*p.have.W+from:], row[from:to])
	clear(p.urgent[y*p.want.W+from : y*p.want.W+to])
}

// goTo moves the terminal's cursor.
func (p *pace) goTo(y, x int) {
	p.buf = strconv.AppendInt(append(p.buf, "\x1b["...), int64(y+1), 10)
	p.buf = append(strconv.AppendInt(append(p.buf, ';'), int64(x+1), 10), 'H')
}

// odd tells whether a cell is not simply one column wide.
func odd(c Cell) bool { return c.Width != 1 || c.Rune < 0 }

// whole tells whether a row must be written as a whole.
func whole(row []Cell) bool { return slices.ContainsFunc(row, odd) }
