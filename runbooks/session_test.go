package runbooks_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/recording"
)

var prod = sources.Ref{Service: "alb", Name: "prod"}

// lectern is a recording with runbooks beside it, at which several people work.
type lectern struct {
	t     *testing.T
	path  string
	clock *sources.ManualClock
	books *runbooks.Library
}

func newLectern(t *testing.T) *lectern {
	t.Helper()
	d := &lectern{t: t, path: filepath.Join(t.TempDir(), "launch.warroom"), clock: sources.NewManualClock(time.Date(2026, 3, 1, 19, 20, 0, 0, time.UTC)), books: library(t)}
	f, err := recording.Create(d.path, recording.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return d
}

// person is a process of its own with a screen.
func (d *lectern) person(name string) (*runbooks.Logbook, *recording.File) {
	d.t.Helper()
	f, err := recording.Open(d.path)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = f.Close() })
	return &runbooks.Logbook{Journal: f, Clock: d.clock, Now: d.clock.Now, Operator: name}, f
}

func (d *lectern) book(name string) *runbooks.Runbook {
	d.t.Helper()
	b, err := d.books.Find(name)
	if err != nil {
		d.t.Fatal(err)
	}
	return b
}

func (d *lectern) begin(l *runbooks.Logbook, b *runbooks.Runbook) runbooks.Session {
	d.t.Helper()
	s, err := l.Begin(d.t.Context(), b, prod)
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

// TestSessionGoesOnInAnotherProcess proves that what one has done another one reads, with who and when, and goes on.
func TestSessionGoesOnInAnotherProcess(t *testing.T) {
	d := newLectern(t)
	ada, _ := d.person("ada")
	leo, file := d.person("leo")
	b := d.book("origin-slow")
	s, value := d.begin(ada, b), 1.25
	s, err := ada.Record(t.Context(), s, runbooks.Entry{Did: runbooks.Ticked, Says: b.Steps[0].Says, Holds: true, Value: &value, Unit: sources.Seconds})
	if err != nil || s.Current() != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	d.clock.Advance(time.Minute)
	joined := d.begin(leo, b)
	if joined.ID != s.ID || joined.Current() != 1 || joined.Actor != "ada" || *joined.Done[0].Value != value || !joined.Done[0].Holds {
		t.Fatalf("leo joins %+v", joined)
	}
	for i := 1; i < len(b.Steps); i++ {
		if joined, err = leo.Record(t.Context(), joined, runbooks.Entry{Did: runbooks.Skipped, Step: i}); err != nil {
			t.Fatal(err)
		}
	}
	if joined.Open() || joined.Last().Actor != "leo" || !joined.Last().At.Equal(d.clock.Now()) {
		t.Errorf("after its last step it is %+v", joined)
	}
	if again := d.begin(ada, b); again.ID == s.ID || again.Current() != 0 {
		t.Errorf("an ended one was not begun anew: %+v", again)
	}
	changes, err := file.Changes(t.Context(), time.Time{}, time.Time{}, time.Time{})
	if err != nil || len(runbooks.Sessions(changes)) != 2 {
		t.Fatalf("%v, %v", changes, err)
	}
	if text := changes[1].Text; text != "origin-slow, step 1 of 8: holds: One request in twenty takes longer than a second" {
		t.Errorf("people read %q", text)
	}
}

// TestOneIsFirst proves that of many who do the same step at once, or end the session instead, one alone is recorded, and
// that each of the others learns who it was.
func TestOneIsFirst(t *testing.T) {
	d := newLectern(t)
	ada, file := d.person("ada")
	b := d.book("origin-slow")
	s := d.begin(ada, b)
	const people = 8
	var all sync.WaitGroup
	results := make([]error, people)
	for i := range people {
		l, _ := d.person(fmt.Sprint("p", i))
		all.Go(func() {
			did := []runbooks.Did{runbooks.Ticked, runbooks.Skipped, runbooks.Aborted}[i%3]
			_, results[i] = l.Record(t.Context(), s, runbooks.Entry{Did: did})
		})
	}
	all.Wait()
	changes, err := file.Changes(t.Context(), time.Time{}, time.Time{}, time.Time{})
	if err != nil || len(changes) != 2 {
		t.Fatalf("%d changes, %v", len(changes), err)
	}
	won := 0
	for i, err := range results {
		var first *runbooks.FirstError
		switch {
		case err == nil:
			won++
			if changes[1].Actor != fmt.Sprint("p", i) {
				t.Errorf("p%d believes it was first, the record has %s", i, changes[1].Actor)
			}
		case !errors.As(err, &first) || first.Entry.Actor != changes[1].Actor || !strings.Contains(err.Error(), "was first"):
			t.Errorf("p%d learns %v", i, err)
		}
	}
	if won != 1 {
		t.Errorf("%d were first", won)
	}
}

// TestOneBeginning proves that of two who begin at once there comes one session.
func TestOneBeginning(t *testing.T) {
	d := newLectern(t)
	b := d.book("origin-slow")
	var all sync.WaitGroup
	ids := make([]string, 6)
	for i := range ids {
		l, _ := d.person(fmt.Sprint("p", i))
		all.Go(func() {
			if s, err := l.Begin(t.Context(), b, prod); err == nil {
				ids[i] = s.ID
			}
		})
	}
	all.Wait()
	for _, id := range ids {
		if id == "" || id != ids[0] {
			t.Fatalf("%v", ids)
		}
	}
}

// TestWhatComesOutOfTurn proves that a session is what its entries say in their order, whatever else stands between them.
func TestWhatComesOutOfTurn(t *testing.T) {
	entry := func(body string) sources.Change {
		return sources.Change{Kind: runbooks.ChangeRunbook, Actor: "ada", Body: []byte(body)}
	}
	sessions := runbooks.Sessions([]sources.Change{
		entry(`{"session":"x","did":"ticked","step":0}`), // before its beginning
		entry(`{"session":"x","did":"begun","steps":3,"book":"b"}`),
		entry(`not JSON`), entry(`{}`), {Kind: sources.ChangeNote, Body: []byte(`{"session":"x","did":"ticked","step":0}`)},
		entry(`{"session":"x","did":"ticked","step":1}`),
		entry(`{"session":"x","did":"skipped","step":0}`),
		entry(`{"session":"x","did":"ticked","step":0}`),
		entry(`{"session":"x","did":"begun","steps":9,"book":"c"}`),
		entry(`{"session":"x","did":"aborted","step":1,"text":"calm again"}`),
		entry(`{"session":"x","did":"ticked","step":1}`),
	})
	if len(sessions) != 1 || len(sessions[0].Done) != 1 || sessions[0].Done[0].Did != runbooks.Skipped || sessions[0].End == nil || sessions[0].End.Text != "calm again" || sessions[0].Steps != 3 {
		t.Errorf("%+v", sessions)
	}
}

func TestOutOfTurnIsNotRecorded(t *testing.T) {
	d := newLectern(t)
	ada, file := d.person("ada")
	s := d.begin(ada, d.book("origin-slow"))
	if _, err := ada.Record(t.Context(), s, runbooks.Entry{Did: runbooks.Ticked, Step: 3}); err == nil {
		t.Error("a step was done before those in front of it")
	}
	if _, err := ada.Record(t.Context(), runbooks.Session{ID: "none"}, runbooks.Entry{Did: runbooks.Ticked}); err == nil {
		t.Error("a step of no session was recorded")
	}
	if changes, err := file.Changes(t.Context(), time.Time{}, time.Time{}, time.Time{}); err != nil || len(changes) != 1 {
		t.Errorf("%v, %v", changes, err)
	}
}
