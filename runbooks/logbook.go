package runbooks

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"warroom/sources"
)

// Logbook writes down how runbooks are carried out. Whoever has the same recording can go on where another one has left.
type Logbook struct {
	Journal  Journal
	Clock    sources.Clock    // the launch clock
	Now      func() time.Time // the machine's clock
	Operator string
}

// Begin takes a runbook up for a resource. Where somebody is carrying it out already it is that session, whoever of two
// that begin at once comes second.
func (l *Logbook) Begin(ctx context.Context, b *Runbook, subject sources.Ref) (Session, error) {
	sessions, err := l.sessions(ctx)
	if err != nil {
		return Session{}, err
	}
	n := 1
	for _, s := range sessions {
		switch {
		case s.Book != b.Name || s.Subject != subject:
		case s.Open():
			return s, nil
		default:
			n++
		}
	}
	e := Entry{Session: rand.Text(), Did: Begun, Book: b.Name, Title: b.Title, Hash: b.Hash, Steps: len(b.Steps), Subject: subject}
	written, err := l.write(ctx, subject, e, fmt.Sprintf("%s %s #%d", b.Name, subject, n), fmt.Sprintf("%s begun", b.Name))
	if err != nil {
		return Session{}, err
	}
	return l.find(ctx, written.Session)
}

// Record writes down what became of the session's current step, or that the session is ended, and returns the session as
// it is then. Where somebody has done the step before, or ended the session, nothing is written: the error is a
// [*FirstError], and the session is returned as it is.
func (l *Logbook) Record(ctx context.Context, s Session, e Entry) (Session, error) {
	now, err := l.find(ctx, s.ID)
	if err != nil {
		return s, err
	}
	e.Session, e.Key = s.ID, rand.Text()
	if first := now.taken(e.Step); first != nil {
		return now, &FirstError{*first}
	}
	if e.Step != now.Current() {
		return now, fmt.Errorf("step %d of %s is not the current one", e.Step+1, s.Book)
	}
	written, err := l.write(ctx, s.Subject, e, fmt.Sprintf("%s %d", s.ID, e.Step), e.line(&now))
	if err != nil {
		return now, err
	}
	if written.Key != e.Key {
		now, err = l.find(ctx, s.ID)
		return now, errors.Join(err, &FirstError{written})
	}
	now.take(written)
	return now, nil
}

// taken is the entry that a step of the session has already, nil where it has none.
func (s *Session) taken(step int) *Entry {
	if s.End != nil && step >= s.End.Step {
		return s.End
	}
	if step >= 0 && step < len(s.Done) {
		return &s.Done[step]
	}
	return nil
}

// line is an entry as people read it among all that happened.
func (e *Entry) line(s *Session) string {
	text := fmt.Sprintf("%s, step %d of %d: %s", s.Book, e.Step+1, s.Steps, e.Brief())
	if e.Did == Aborted {
		text = fmt.Sprintf("%s ended at step %d of %d", s.Book, e.Step+1, s.Steps)
	}
	if detail := e.detail(); detail != "" {
		text += ": " + detail
	}
	return text
}

// detail is what an entry is about: what was carried out, why the session was ended, or else what the step says.
func (e *Entry) detail() string {
	if e.Did == Acted || e.Did == Aborted {
		return e.Text
	}
	return e.Says
}

func (l *Logbook) sessions(ctx context.Context) ([]Session, error) {
	changes, err := l.Journal.Changes(ctx, time.Time{}, time.Time{}, time.Time{})
	if err != nil {
		return nil, fmt.Errorf("read which runbooks are under way: %w", err)
	}
	return Sessions(changes), nil
}

func (l *Logbook) find(ctx context.Context, id string) (Session, error) {
	sessions, err := l.sessions(ctx)
	if err != nil {
		return Session{}, err
	}
	for _, s := range sessions {
		if s.ID == id {
			return s, nil
		}
	}
	return Session{}, errors.New("the recording does not have this runbook's beginning")
}

// write appends an entry, and returns the one that stands under its ID.
func (l *Logbook) write(ctx context.Context, subject sources.Ref, e Entry, id, text string) (Entry, error) {
	e.Machine = l.Now()
	body, err := json.Marshal(e)
	if err != nil {
		return Entry{}, err
	}
	now := l.Clock.Now()
	c, err := l.Journal.AppendChange(ctx, sources.Change{
		At: now, Seen: now, Kind: ChangeRunbook, Resource: subject, Actor: sources.Clean(l.Operator), ID: id, Text: sources.Clean(text), Body: body,
	})
	if err != nil {
		return Entry{}, fmt.Errorf("not recorded: %w", err)
	}
	written, ok := Logged(c)
	if !ok {
		return Entry{}, errors.New("not recorded: something else stands in its place")
	}
	return written, nil
}
