package runbooks

import (
	"encoding/json"
	"fmt"
	"time"

	"warroom/sources"
)

// ChangeRunbook is the kind of the changes that tell how runbooks were carried out.
const ChangeRunbook = "runbook"

// Did is what became of a step of a runbook.
type Did string

// What an entry of the record can say.
const (
	Begun    Did = "begun"    // somebody has taken the runbook up
	Ticked   Did = "ticked"   // a check was looked at
	Answered Did = "answered" // a question was answered
	Acted    Did = "acted"    // an action was carried out
	Skipped  Did = "skipped"  // a step was left out
	Aborted  Did = "aborted"  // the rest was left undone
)

// Entry is one thing that was done with a runbook, as it stands in the recording. Steps are done in their order, and the
// entry of a step bears the session and the number of the step as its ID: so each is recorded once, and an end, too,
// takes the place of the step that it leaves undone.
type Entry struct {
	Session string       `json:"session"`
	Key     string       `json:"key"` // of this entry alone: tells whether it was the first of its step
	Did     Did          `json:"did"`
	Step    int          `json:"step"`             // from 0; with an end the first that is left undone
	Book    string       `json:"book,omitempty"`   // with the beginning
	Title   string       `json:"title,omitempty"`  // with the beginning
	Hash    string       `json:"hash,omitempty"`   // with the beginning: of the runbook's text
	Steps   int          `json:"steps,omitempty"`  // with the beginning: how many there are
	Subject sources.Ref  `json:"subject,omitzero"` // with the beginning: what it is carried out for
	Says    string       `json:"says,omitempty"`   // the step, in one line
	Holds   bool         `json:"holds,omitempty"`  // of a check
	Value   *float64     `json:"value,omitempty"`  // of a check, where it had one
	Unit    sources.Unit `json:"unit,omitempty"`   // of the value
	Text    string       `json:"text,omitempty"`   // an answer; why a check could not be judged; why it was ended
	Run     string       `json:"run,omitempty"`    // of an action: the run
	Machine time.Time    `json:"machine"`          // when, on the machine's clock

	Actor string    `json:"-"` // who
	At    time.Time `json:"-"` // when, on the launch clock
}

// Session is a runbook that is or was carried out.
type Session struct {
	ID      string
	Book    string
	Title   string
	Hash    string
	Steps   int
	Subject sources.Ref
	Actor   string // who began it
	Began   time.Time
	Done    []Entry // of the steps, in their order
	End     *Entry  // why it was ended before its last step, nil where it was not
}

// Current is the step that is to be done now, -1 where the session has ended.
func (s *Session) Current() int {
	if s.End != nil || len(s.Done) >= s.Steps {
		return -1
	}
	return len(s.Done)
}

// Open tells whether there is something left to do.
func (s *Session) Open() bool { return s.Current() >= 0 }

// Last is the newest entry, nil where nothing has been done since the beginning.
func (s *Session) Last() *Entry {
	switch {
	case s.End != nil:
		return s.End
	case len(s.Done) > 0:
		return &s.Done[len(s.Done)-1]
	}
	return nil
}

// Logged reads a change as an entry of a session, and tells whether it is one.
func Logged(c sources.Change) (Entry, bool) {
	var e Entry
	if c.Kind != ChangeRunbook || json.Unmarshal(c.Body, &e) != nil || e.Session == "" {
		return Entry{}, false
	}
	e.Actor, e.At = c.Actor, c.At
	return e, true
}

// Landmark tells whether an entry is worth a place of its own among what happened: where a runbook is taken up, and where
// it is left, but not each of its steps.
func (e *Entry) Landmark() bool { return e.Did == Begun || e.Did == Aborted }

// Sessions are the runbooks that the changes tell of, in the order in which they were begun. Entries that cannot be read
// are left out, and so are those that come out of turn.
func Sessions(changes []sources.Change) []Session {
	var out []Session
	at := map[string]int{}
	for i := range changes {
		e, ok := Logged(changes[i])
		if !ok {
			continue
		}
		k, known := at[e.Session]
		switch {
		case e.Did == Begun && !known:
			at[e.Session] = len(out)
			out = append(out, Session{ID: e.Session, Book: e.Book, Title: e.Title, Hash: e.Hash, Steps: e.Steps, Subject: e.Subject, Actor: e.Actor, Began: e.At})
		case known && e.Did != Begun:
			out[k].take(e)
		}
	}
	return out
}

// take goes on with a session by the entry of its current step, or by its end.
func (s *Session) take(e Entry) {
	if e.Step != s.Current() {
		return
	}
	if e.Did == Aborted {
		s.End = &e
		return
	}
	s.Done = append(s.Done, e)
}

// FirstError says that somebody else has done a step before.
type FirstError struct{ Entry Entry }

// Error names who was first, and with what.
func (e *FirstError) Error() string {
	what := fmt.Sprintf("step %d", e.Entry.Step+1)
	if e.Entry.Did == Aborted {
		what = "the runbook"
	}
	return fmt.Sprintf("%s was first: %s %s at %s", e.Entry.Actor, what, e.Entry.Brief(), e.Entry.At.UTC().Format("15:04:05Z"))
}

// Brief is what was done, in a few words.
func (e *Entry) Brief() string {
	switch {
	case e.Did == Ticked && e.Holds:
		return "holds"
	case e.Did == Ticked && e.Text != "":
		return "could not be judged"
	case e.Did == Ticked:
		return "does not hold"
	case e.Did == Answered:
		return fmt.Sprintf("answered %q", e.Text)
	case e.Did == Acted:
		return "carried out"
	}
	return string(e.Did)
}
