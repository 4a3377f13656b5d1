package tui

import (
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
)

// pace hands a frame to the renderer as fast as the link can take it. On a link that keeps up that is at once. On a
// slow one it is line by line: those that a key changed first, then the others in turn, never more than is on its
// way in a tenth of a second, so that the next key does not wait behind a frame. Lines that are still to come are
// overtaken by newer ones: what is shown is always on its way to the newest frame.
type pace struct {
	frame  string   // the newest frame
	shown  string   // what the renderer was given
	want   []string // the newest frame's lines while it is being handed over, nil otherwise
	have   []string // the lines that the renderer was given
	urgent []bool   // lines that a key has changed
	from   int      // the line with which the next part begins
	scale  float64  // bytes written for each byte that a line differs in; 0 while unknown
	guess  int      // what the last hand-over was thought to cost
	sent   int64    // what the link had sent before it
	at     time.Time
}

// paceMsg is the time to go on handing over a frame.
type paceMsg struct{}

// paceEvery is how often that is looked for while lines are still to come.
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

// aim takes a new frame. urgent says that it answers a key.
func (p *pace) aim(frame string, urgent bool) {
	before := p.frame
	p.frame = frame
	if p.want == nil && !urgent {
		return
	}
	old := p.want
	if old == nil {
		old = strings.Split(before, "\n")
	}
	p.want = strings.Split(frame, "\n")
	if len(old) != len(p.want) {
		p.have, p.urgent = nil, nil
		return
	}
	if !urgent {
		return
	}
	if len(p.urgent) != len(p.want) {
		p.urgent = make([]bool, len(p.want))
	}
	for i := range p.want {
		p.urgent[i] = p.urgent[i] || p.want[i] != old[i]
	}
}

// next is what the renderer shall have now.
func (p *pace) next(l *Link) string {
	if p.frame == p.shown {
		p.want = nil
		return p.shown
	}
	room, sent, slow := l.room()
	if !slow || p.shown == "" {
		p.whole()
		return p.shown
	}
	if p.want == nil {
		p.want = strings.Split(p.frame, "\n")
	}
	if p.have == nil {
		p.have = strings.Split(p.shown, "\n")
	}
	if len(p.have) != len(p.want) {
		p.whole()
		return p.shown
	}
	p.part(room, sent, l.now())
	return p.shown
}

// whole hands over everything.
func (p *pace) whole() {
	p.shown, p.want, p.have, p.urgent = p.frame, nil, nil, nil
}

// part hands over what there is room for.
func (p *pace) part(room int, sent int64, now time.Time) {
	if p.guess > 0 && sent == p.sent && now.Sub(p.at) < 2*paceEvery {
		room = 0 // what was handed over last has not been written yet; only what is urgent is added to it
	} else if p.guess > 0 {
		p.learn(sent - p.sent)
	}
	cost := p.hand(room, 0, true)
	cost = p.hand(room, cost, false)
	if cost > 0 {
		p.shown = strings.Join(p.have, "\n")
		p.guess, p.sent, p.at = cost, sent, now
	}
	if slices.Equal(p.have, p.want) {
		p.whole()
	}
}

// hand takes over lines, from where it stopped the last time: new data in the upper lines must not keep the lower ones
// waiting. What a key changed goes out, a line at least, even where there is hardly room.
func (p *pace) hand(room, cost int, urgent bool) int {
	n := len(p.want)
	for k := range n {
		i := (p.from + k) % n
		if p.want[i] == p.have[i] || urgent != p.isUrgent(i) {
			continue
		}
		c := p.cost(i)
		if cost+c > room && !(urgent && cost == 0 && room > -leastOnWay) {
			if !urgent {
				p.from = i
				break
			}
			continue
		}
		p.have[i] = p.want[i]
		if urgent {
			p.urgent[i] = false
		}
		cost += c
	}
	return cost
}

func (p *pace) isUrgent(i int) bool { return i < len(p.urgent) && p.urgent[i] }

// cost is about how many bytes the renderer writes for a line: it writes the cells that differ.
func (p *pace) cost(i int) int {
	a, b := p.have[i], p.want[i]
	n := min(len(a), len(b))
	head := 0
	for head < n && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < n-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	scale := p.scale
	if scale == 0 {
		scale = 1
	}
	return int(float64(len(b)-head-tail)*scale) + lineCost
}

// lineCost is what moving the cursor to a line costs.
const lineCost = 8

// learn compares what was guessed with what was written.
func (p *pace) learn(wrote int64) {
	scale := p.scale
	if scale == 0 {
		scale = 1
	}
	measured := min(max(scale*float64(wrote)/float64(p.guess), 0.05), 2)
	p.scale = scale + (measured-scale)/3
	p.guess = 0
}

// pending tells whether lines are still to come.
func (p *pace) pending() bool { return p.frame != p.shown }
