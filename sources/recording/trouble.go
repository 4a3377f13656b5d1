package recording

import (
	"context"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// The errors that a caller may want to tell apart.
var (
	// ErrDamaged: a part of the file is not what was written there.
	ErrDamaged = errors.New("damaged")
	// ErrReadOnly: the recording was opened with OpenReadOnly.
	ErrReadOnly = errors.New("opened read-only")
	// ErrLeaseLost: another process has taken over collecting.
	ErrLeaseLost = errors.New("the lease has passed to another process")
)

// damage is what is wrong inside of a file, where SQLite sees nothing wrong.
type damage string

func (d damage) Error() string        { return string(d) }
func (d damage) Is(target error) bool { return target == ErrDamaged }

// FileError is a file that cannot be used as a recording, or the part of one that cannot be read.
type FileError struct {
	Path    string
	Problem string // what is the matter with it
	Remedy  string // what to do about it
	Err     error  // the cause, or nil
}

// Error is one sentence: what, why, and what to do.
func (e *FileError) Error() string {
	if e.Err == nil || errors.Is(e.Err, ErrDamaged) {
		return fmt.Sprintf("%s %s: %s", e.Path, e.Problem, e.Remedy)
	}
	return fmt.Sprintf("%s %s: %s (%v)", e.Path, e.Problem, e.Remedy, e.Err)
}

// Unwrap is the cause.
func (e *FileError) Unwrap() error { return e.Err }

// code is SQLite's primary result code of an error, 0 for none.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return sqlite3.SQLITE_OK
}

// isDamage tells whether a part of the file is not what was written there. SQLite calls it an error in our SQL
// where a table has gone.
func isDamage(err error) bool {
	switch code(err) {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR:
		return true
	}
	return errors.Is(err, ErrDamaged)
}

// damaged is the one message for a file that is a recording but not whole.
func (f *File) damaged(cause error) error {
	return &FileError{
		Path:    f.path,
		Problem: fmt.Sprintf("is damaged (%v)", cause),
		Remedy:  "what lies outside of the damage can still be replayed; take the rest from a copy",
		Err:     ErrDamaged,
	}
}

// explain says what was being done to which recording, and what helps.
func (f *File) explain(doing string, err error) error {
	var broken *BrokenError
	var known *FileError
	switch {
	case errors.As(err, &broken), errors.As(err, &known):
		return err
	case isDamage(err):
		return f.damaged(err)
	}
	remedy := ""
	switch code(err) {
	case sqlite3.SQLITE_FULL:
		remedy = ": the disk is full, free some space on it"
	case sqlite3.SQLITE_BUSY:
		remedy = ": another process keeps it locked, end that or wait"
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
		remedy = ": check the disk and the folder it is on"
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		remedy = ""
	}
	return fmt.Errorf("recording %s: %s: %w%s", f.path, doing, err, remedy)
}
