package sources

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Trouble is why a series or a source gives nothing new. The zero Trouble is none.
type Trouble struct {
	Kind TroubleKind
	Text string // for people: what happened, to what, and what to do about it
}

// TroubleKind sorts troubles by their remedy.
type TroubleKind string

// The kinds of trouble.
const (
	NotFound  TroubleKind = "not found" // the metric or resource does not exist; Text names the likely cause
	Forbidden TroubleKind = "forbidden" // permission is missing; Text names it
	Expired   TroubleKind = "expired"   // credentials have expired; heals by itself once renewed
	Throttled TroubleKind = "throttled" // the provider asks us to slow down; we did
	Partial   TroubleKind = "partial"   // the provider answered with a part
	TimedOut  TroubleKind = "timed out" // no answer in time, or the poll hangs
	Failed    TroubleKind = "failed"    // anything else
)

// None tells whether there is no trouble.
func (t Trouble) None() bool { return t.Kind == "" }

// String is "kind: text".
func (t Trouble) String() string {
	if t.Text == "" {
		return string(t.Kind)
	}
	return string(t.Kind) + ": " + t.Text
}

// Error makes a trouble an error, for a source to return as it is or wrapped.
func (t Trouble) Error() string { return t.String() }

// TroubleOf sorts the error of a poll: the [Trouble] in it, or that of an error in it with a method
// Trouble() Trouble; a missed deadline is TimedOut; anything else is Failed. Without an error there is none.
func TroubleOf(err error) Trouble {
	var trouble Trouble
	var told interface {
		error
		Trouble() Trouble
	}
	switch {
	case err == nil:
		return Trouble{}
	case errors.As(err, &trouble) && !trouble.None():
		return trouble
	case errors.As(err, &told) && !told.Trouble().None():
		return told.Trouble()
	case errors.Is(err, context.DeadlineExceeded):
		return Trouble{Kind: TimedOut, Text: err.Error()}
	}
	return Trouble{Kind: Failed, Text: err.Error()}
}

// ParseTrouble reads what [Trouble.String] writes.
func ParseTrouble(s string) Trouble {
	kind, text, _ := strings.Cut(s, ": ")
	return Trouble{Kind: TroubleKind(kind), Text: text}
}

// Troubles of series and of sources are recorded as facts under these names, so that a replay shows them
// where they were.
const (
	seriesFact  = "series:"
	sourceFact  = "status"
	paceFact    = "pace:"
	RoomService = "room"   // the service of facts and metrics about the room itself
	SourceRef   = "source" // the service of facts and metrics about sources
)

// SeriesFact says what is wrong with a series; the zero Trouble says that nothing is, any more.
func SeriesFact(s Series, t Trouble, seen time.Time) Fact {
	return Fact{Resource: s.Ref(), Name: seriesFactName(seriesFact, s), Value: troubleValue(t), Seen: seen}
}

// SourceFact says what is wrong with a whole source; the zero Trouble says that it answers.
func SourceFact(source string, t Trouble, seen time.Time) Fact {
	return Fact{Resource: Ref{SourceRef, source}, Name: sourceFact, Value: troubleValue(t), Seen: seen}
}

// PaceFact says that a series gets a value only so often, though its metric's period is shorter, and why; the
// zero pace says that it gets one for each period. A series is not late before its next value is due.
func PaceFact(s Series, pace time.Duration, why string, seen time.Time) Fact {
	f := Fact{Resource: s.Ref(), Name: seriesFactName(paceFact, s), Seen: seen}
	if pace > 0 {
		f.Value = pace.String() + ": " + why
	}
	return f
}

func parsePace(value string) time.Duration {
	text, _, _ := strings.Cut(value, ": ")
	pace, err := time.ParseDuration(text)
	if err != nil {
		return 0
	}
	return pace
}

// seriesFactName is the name of a series' fact of one kind.
func seriesFactName(kind string, s Series) string {
	if s.Label == "" {
		return kind + s.Metric
	}
	return kind + s.Metric + "/" + s.Label
}

func troubleValue(t Trouble) string {
	if t.None() {
		return ""
	}
	return t.String()
}
