package tui

import (
	"time"

	"warroom/sources"
	"warroom/tui/theme"
)

// viewKey is what a view was made of.
type viewKey struct {
	window  *sources.Window
	version uint64
	cursor  sources.Cursor
}

// view is the recording at the time that is shown.
func (m *Model) view() *sources.View {
	key := viewKey{m.memory.window, m.memory.window.Version(), sources.Cursor{At: m.drawn.at, Truth: m.drawn.truth}}
	if m.seen == nil || key != m.seenKey {
		m.seen, m.seenKey = m.deriver.View(key.window, key.cursor), key
	}
	return m.seen
}

// scene is the frame as values. It is made once for each change of the data, the cursor or the size.
func (m *Model) scene() *Scene {
	s := &m.lastScene
	reach := m.reach()
	*s = Scene{
		View: m.view(), Meta: m.meta(), Mode: m.opt.Mode, Standing: m.drawn.stance == standing, Speed: m.drawn.speed,
		Now: reach.to, Begin: reach.from, Wall: m.opt.Now(), News: m.room.missed, Scrub: isTimeline(m.page), Zone: m.opt.Zone,
		Story: m.opt.Story,
		Width: m.width, Height: m.height, Filter: m.filter, Theme: &m.opt.Theme, ASCII: m.opt.ASCII,
		Recording: m.opt.Path, RecordingSize: m.room.size, Viewer: m.opt.Viewer, Message: m.message(), Notice: m.standby,
		Span: spanOf(m.drawn.at.Sub(reach.from)), Oldest: m.memory.oldest(),
	}
	s.From, s.To = m.strip()
	s.Alerts, s.Judged, s.Paged = m.alerts(), m.judged(), m.room.paged
	if m.opt.Runbooks != nil {
		s.RunbookKey = m.keys.Runbook.Help().Key
	}
	s.Acts, s.Armed, s.Doubts = m.idle() == nil, m.armedUntil(), m.doubts()
	s.Offer, s.Held, s.Asks = m.offeredBack(), m.held(), m.asks()
	m.told(s)
	return s
}

// told fills in what the recording says about the room: the story of a rehearsal, and whether another process than
// ours collects: now, whatever time is shown.
func (m *Model) told(s *Scene) {
	if m.opt.Mode == Replay {
		return
	}
	if line, ok := s.View.Fact(sources.Ref{Service: sources.RoomService, Name: "story"}, "line"); ok {
		s.Story = line.Value
	}
	if s.Lease = m.room.lease; s.Lease != nil && s.Lease.Value != "" && m.opt.Holder != "" {
		s.Viewer = s.Lease.Value != m.opt.Holder
	}
}

// strip is the stretch of time on the timeline: a replay's whole recording, which makes it the scrubber, and while it
// is live the last two hours, or more where the cursor stands further back.
func (m *Model) strip() (from, to time.Time) {
	s := m.reach()
	if m.opt.Mode == Replay {
		return s.from, s.to
	}
	return s.clamp(earlier(s.to.Add(-stripBack), m.drawn.at.Add(-stripBack/4))), s.to
}

// stripBack is how much time the timeline of a live screen shows.
const stripBack = 2 * time.Hour

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// message is the answer to what a hand did, or what is wrong with the recording itself.
func (m *Model) message() string {
	switch {
	case m.notice.text != "":
		return m.notice.text
	case m.room.unread != nil:
		return m.room.unread.Error()
	case m.memory.tried != (span{}) && m.drawn.at != m.cursor.at:
		return "reading the recording around " + m.hour(m.cursor.at) + " …"
	}
	return ""
}

// draw builds the frame.
func (m *Model) draw() *Canvas {
	if !m.memory.loaded {
		return m.opening()
	}
	m.caret = nil
	s := m.scene()
	s.Selected = -1
	if _, onGrid := m.page.(gridPage); onGrid {
		_, s.Selected = m.shown()
		s.Hints = m.gridHints()
		return m.painter.gridCanvas(s, m.drawCard, m.asked)
	}
	s.Hints = m.page.hints(m.momentary())
	return m.painter.pageCanvas(s, func(c *Canvas, l Layout) { m.page.draw(m, c, l.Body, s.View) }, m.drawCard, m.asked)
}

// opening stands until the recording has been read: usually shorter than a frame.
func (m *Model) opening() *Canvas {
	text := "reading " + m.opt.Path + " …"
	if m.room.unread != nil {
		text = m.room.unread.Error()
	}
	c := NewCanvas(m.width, m.height)
	c.ASCII = m.opt.ASCII
	for i, line := range wrap(text, max(m.width-4, 1), m.height) {
		c.Text(2, 1+i, m.width-4, line, theme.Fg(theme.Faint))
	}
	return c
}
