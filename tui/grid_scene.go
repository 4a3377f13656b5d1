package tui

import (
	"time"

	"warroom/alerts"
	"warroom/sources"
	"warroom/sources/recording"
	"warroom/tui/theme"
)

// Scene is everything that a frame of the grid is a function of. Whoever fills it decides what is shown; the
// [Painter] only draws it.
type Scene struct {
	View *sources.View   // the recording at the cursor, with its derived series
	Meta *recording.Meta // what is watched; a new pointer whenever it has changed

	Mode     Mode
	Standing bool          // the cursor stands: paused
	Speed    float64       // of a replay: launch seconds per second, shown where it is not 1
	Now      time.Time     // the launch clock; the view's cursor is there unless it stands or replays
	Wall     time.Time     // the machine's clock, on which credentials run out
	Begin    time.Time     // of the recording; zero: unknown
	From, To time.Time     // the stretch of time on the timeline strip; zero From: half an hour up to the cursor
	Span     time.Duration // how much time the tiles' charts show at least; zero means DefaultSpan
	Oldest   time.Time     // from when on everything is at hand; zero: from the cursor's last hour on
	News     int           // changes that came in while the cursor stands
	Story    string        // of a rehearsal: what is going on and what to press
	Scrub    bool          // the timeline strip has the focus
	Zone     *time.Location

	Width, Height int
	Selected      int       // index into Painter.Tiles, negative for none
	Filter        string    // only tiles that match it are shown
	Notice        NoticeMsg // about the room, in line 2
	Message       string    // one line for the hand: what a key did, or why not
	Hints         []Hint    // what can be pressed, the most useful first

	Theme *theme.Theme
	ASCII bool

	Recording     string // path of the recording
	RecordingSize int64  // in bytes; negative while unknown
	Viewer        bool   // another process collects into it

	Alerts     []alerts.Alert // as of the cursor, the most urgent first
	Judged     bool           // rules are judged: only an alert pages
	RunbookKey string         // opens the runbook of the most urgent one, "" for none
	Paged      int            // alerts that began to page while the cursor stands

	Acts   bool      // this screen has hands
	Doubts int       // actions of which nobody knows the outcome
	Offer  string    // what got worse after which action, and the key that takes it back; "" for nothing
	Asks   []Ask     // what other operators want this one's word for, the oldest first
	Held   []Held    // resources that somebody keeps from others, in their order
	Armed  time.Time // until when they may act, on the machine's clock; zero: the room is safe

	Lease *sources.Fact // who collects now; nil: who did at the time that is shown, as in a replay
}

// Ask is a plan for which a second operator is wanted.
type Ask struct {
	By    string // who has asked for it
	Title string // what it would do
}

// Held is a resource that somebody keeps from others: by hand, or by an action that has not come to its end.
type Held struct {
	Resource sources.Ref
	By       string
}

// heldBy is who keeps a resource from others, "" where nobody does.
func (s *Scene) heldBy(r sources.Ref) string {
	for _, h := range s.Held {
		if h.Resource == r {
			return h.By
		}
	}
	return ""
}

// DefaultSpan is how much time a tile's chart shows at least.
const DefaultSpan = 30 * time.Minute

// spanOf is how much time charts show where so much has been recorded: it grows in few steps, so that the columns
// stand still between them.
func spanOf(recorded time.Duration) time.Duration {
	for _, span := range [...]time.Duration{15 * time.Minute, 30 * time.Minute} {
		if recorded <= span {
			return span
		}
	}
	return time.Hour
}

// Hint is a key and what it does, in a word.
type Hint struct{ Key, Does string }

// cursor is the time that is shown.
func (s *Scene) cursor() time.Time { return s.View.Cursor().At }

func (s *Scene) span() time.Duration {
	if s.Span > 0 {
		return s.Span
	}
	return DefaultSpan
}

// clock is a time of day in the room's zone.
func (s *Scene) clock(t time.Time) time.Time {
	if s.Zone != nil {
		return t.In(s.Zone)
	}
	return t
}
