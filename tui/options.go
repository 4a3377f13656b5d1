package tui

import (
	"context"
	"time"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/query"
	"warroom/sources/recording"
	"warroom/tui/theme"
)

// Tape is what the screen needs of a recording. Its methods are only called from commands, never while a key
// is answered or a frame is drawn.
type Tape interface {
	// Since gives all that was appended after the mark, and the mark after it.
	Since(ctx context.Context, after recording.Mark) (sources.Batch, recording.Mark, error)
	// Load gives what happened in [from, to) and had been seen by seen, with the facts needed to know every
	// fact in that stretch, and the mark after which Since goes on. A zero seen means everything.
	Load(ctx context.Context, from, to, seen time.Time) (sources.Batch, recording.Mark, error)
	// Changes are those that happened in [from, to) and had been seen by seen; zero times bound nothing.
	Changes(ctx context.Context, from, to, seen time.Time) ([]sources.Change, error)
	// Span is the time between the first and the last thing recorded.
	Span(ctx context.Context) (from, to time.Time, err error)
	// FirstSeen is when the first number had been seen, zero while there is none.
	FirstSeen(ctx context.Context) (time.Time, error)
	// Size is the recording's size in bytes.
	Size() (int64, error)
	// Meta is what the recording says about itself.
	Meta(ctx context.Context) (recording.Meta, error)
	// AppendChange records a change durably and returns it with its place in the recording.
	AppendChange(ctx context.Context, c sources.Change) (sources.Change, error)
}

// Mode is what the screen is told to say about the time it shows.
type Mode uint8

// The modes.
const (
	Live      Mode = iota // the recording is being written by collecting from AWS
	Replay                // the recording is finished
	Rehearsal             // the recording is being written by a simulated launch
)

// Options are what a Model is made of. Tape and Clock must be given, and Now where tests need the machine's
// clock to stand.
type Options struct {
	Tape     Tape
	Meta     recording.Meta
	Mode     Mode
	Viewer   bool              // somebody else collects into this recording
	Holder   string            // who this process is to the lease: tells a viewer from the collector, as that changes
	Clock    sources.Clock     // the launch clock, which live and rehearsal follow
	Now      func() time.Time  // the machine's clock: replay speed and redrawing; nil means the real one
	Theme    theme.Theme       // colours
	ASCII    bool              // no glyph outside of ASCII
	Keys     map[string]string // rebindings, see CheckKeys
	Operator string            // who writes the notes
	At       *time.Time        // where a replay starts, standing; nil: at its start, playing
	Playing  bool              // a replay plays from At on
	Speed    float64           // of a replay, launch seconds per second; zero means 1
	Zone     *time.Location    // in which times are shown; nil means that of T0
	Path     string            // of the recording, as the screen names it
	Story    string            // of a rehearsal: what goes on and what to press, in one line
	Earlier  *query.Earlier    // the launch that previous:METRIC is of; nil: none
	Hands    Hands             // who acts; nil: this screen only watches
	// Runbooks reads the runbooks that there are now, with what is wrong with some of them; nil: none are shown. It is only
	// called from commands.
	Runbooks func() (*runbooks.Library, error)
	Rules    func() []string // the names of the rules by which is judged; nil: only those are known of which there are alerts
	Alarm    Alarm           // how a new page is told beside the screen
	Judged   bool            // rules are judged on this recording, whether or not one has been met yet: only an alert pages
}

func (o *Options) fill() {
	if o.Now == nil {
		o.Now = sources.RunningClock{}.Now
	}
	if o.Speed == 0 {
		o.Speed = 1
	}
	if o.Zone == nil {
		o.Zone = o.Meta.Launch.T0.Location()
	}
}
