package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"

	"warroom/sources"
	"warroom/sources/query"
)

// AdvancedMsg says that something was appended to the recording. Whoever records sends it after each append;
// messages that come while one is being answered are taken together.
type AdvancedMsg struct{}

// NoticeMsg says something about the room in line 2 until another one takes its place; one without a text withdraws it.
// A recording that cannot be written is Bad.
type NoticeMsg struct {
	Text string
	Bad  bool
}

// Model is the whole screen. Make one with [New].
type Model struct {
	opt  Options
	keys *keyMap

	memory  memory // the stretch of the recording that is at hand
	deriver *query.Deriver
	cursor  cursor // the time that was asked for
	drawn   cursor // the time that is shown: the one asked for, once it is at hand
	room    roomState

	page   page
	prompt *prompt
	known  knownRuns
	past   pastChanges

	shownAlerts, nowAlerts knownAlerts
	heard                  int64                  // the newest change for which the bell was rung, or need not be
	listening              bool                   // the recording was read once: what comes now is new
	bounds                 map[string]query.Bound // of the conditions of rules, by their text

	shelf   shelf
	card    *card // the plan that waits for its confirmation, nil for none
	notice  notice
	standby NoticeMsg // what is to be said about the room
	chosen  sources.Ref
	filter  string
	leaving bool // the hand has left; the terminal's last answers are awaited

	width, height int
	painter       *Painter
	pace          pace        // what of the newest frame the terminal shows
	away          bool        // the screen has been given back for a while
	dirty         bool        // something has changed since that frame
	keyed         bool        // a key has
	pacing        bool        // the next part of a frame has been called for
	caret         *tea.Cursor // of the open prompt
	lastScene     Scene
	seen          *sources.View // the last view, and what it was made of
	seenKey       viewKey
	beat          int   // the tick that is awaited
	link          *Link // nil where nobody watches the link
}

// notice is one line of answer to what a hand did.
type notice struct {
	text  string
	bad   bool
	until time.Time // on the machine's clock
}

// noticeFor is how long an answer stays.
const noticeFor = 8 * time.Second

// New makes the screen of a recording. Options.Tape and, unless it is a replay, Options.Clock must be given.
// Rebindings that clash or name nothing leave the default keys in force, and the screen says so; [CheckKeys]
// tells beforehand.
func New(o Options) *Model {
	o.fill()
	keys, _, err := rebound(o.Keys)
	if err != nil {
		keys = defaultKeys()
	}
	m := &Model{opt: o, keys: keys, deriver: query.NewDeriver(), dirty: true}
	m.memory = newMemory()
	m.cursor = cursor{speed: o.Speed, stepped: o.Now()}
	m.page = gridPage{}
	m.painter = NewPainter()
	m.painter.eval = newEvaluator(func() query.Options { return query.Options{Launch: &m.meta().Launch, Earlier: o.Earlier} })
	if err != nil {
		m.complain(err)
	}
	m.setOut()
	return m
}

// setOut puts the cursor where the mode starts. A replay's start is known once the span has been read.
func (m *Model) setOut() {
	switch {
	case m.opt.Mode != Replay:
		m.cursor.stance, m.cursor.at = following, m.opt.Clock.Now()
	case m.opt.At != nil:
		m.cursor.stand(*m.opt.At)
		if m.opt.Playing {
			m.cursor.play(m.opt.Now())
		}
	default:
		m.cursor.play(m.opt.Now())
	}
}

// Init reads what the first frame shows.
func (m *Model) Init() tea.Cmd {
	return tea.Batch(m.load(m.cursor.at), m.tick(), m.readBooks(onlyRead, ""))
}

// Update answers one message. What it costs is bounded: files are read and written by commands only.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := m.answer(msg)
	if _, key := msg.(tea.KeyPressMsg); !key && m.cursor.stance == following {
		m.cursor.at = m.opt.Clock.Now() // a key changes what it is for, and nothing else
	}
	return m, tea.Batch(cmd, m.hear(), m.arrive(), m.keepPace())
}

func (m *Model) answer(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return m.pressed(msg)
	case tea.PasteMsg:
		m.pasted(msg.Content)
	case tea.WindowSizeMsg:
		m.resized(msg.Width, msg.Height)
	case tea.ResumeMsg:
		m.away, m.dirty = false, true
		m.pace.repaint()
	case tickMsg:
		return tea.Batch(m.ticked(msg), m.await())
	case NoticeMsg:
		m.standby, m.dirty = msg, true
	case AdvancedMsg:
		return m.advanced()
	case batchMsg:
		return m.read(msg)
	case loadedMsg:
		return m.loaded(msg)
	case notedMsg:
		return m.noted(msg)
	case plannedMsg:
		return m.planned(msg)
	case heldMsg:
		return m.heldNow(msg)
	case checkedMsg:
		m.checked(msg)
	case carriedMsg:
		return tea.Batch(m.carried(msg), m.stepCarried(msg))
	case respondedMsg:
		return m.responded(msg)
	case shelfMsg:
		return m.shelved(msg)
	case enteredMsg:
		return m.enteredStep(msg)
	case settledMsg:
		return m.settled(msg)
	case paceMsg:
		m.pacing = false
	case paintedMsg: // View goes on
	case drainedMsg:
		if m.link.gone() != nil {
			return tea.Quit
		}
	case leftMsg:
		return tea.Quit
	case uv.UnknownCsiEvent:
		return m.acknowledged(string(msg))
	}
	return nil
}

// View builds the newest frame, when something on it has changed and the link keeps up, and has what has changed
// written to the terminal. What it returns is what the renderer has painted, see pace.
func (m *Model) View() tea.View {
	if m.dirty && m.width > 0 && !m.away && m.link.takes(m.keyed) {
		m.aim(m.keyed)
		m.dirty, m.keyed = false, false
	}
	if !m.away {
		m.pace.next(m.link)
	}
	v := tea.NewView(m.pace.handed)
	v.AltScreen, v.Cursor = true, m.caret
	v.WindowTitle = m.title()
	return v
}

// aim builds the newest frame.
func (m *Model) aim(urgent bool) {
	m.pace.theme = &m.opt.Theme
	m.pace.aim(m.draw(), urgent)
}

// title is what the window and tmux's status line are called.
func (m *Model) title() string {
	return "warroom " + sources.Clean(m.opt.Meta.Launch.Name)
}

func (m *Model) resized(w, h int) {
	m.width, m.height, m.dirty = w, h, true
	m.pace.forget()
}

// say answers a hand in the bottom line.
func (m *Model) say(text string) {
	m.notice = notice{text: text, until: m.opt.Now().Add(noticeFor)}
	m.dirty = true
}

// complain says what could not be done.
func (m *Model) complain(err error) {
	m.say(err.Error())
	m.notice.bad = true
}

// pressed gives a key to whoever has the focus: the prompt, then the card, then the page, then the room.
func (m *Model) pressed(k tea.KeyPressMsg) tea.Cmd {
	if m.dirty && m.link.paced() {
		m.aim(false) // what has changed without the key
	}
	m.dirty, m.keyed = true, true
	if k.String() == "ctrl+c" {
		return m.leave()
	}
	if m.prompt != nil {
		return m.prompted(k)
	}
	if m.card != nil {
		return m.carded(k)
	}
	if cmd, done := m.page.key(m, k); done {
		return cmd
	}
	if cmd, done := m.timeKey(k); done {
		return cmd
	}
	return m.roomKey(k)
}
