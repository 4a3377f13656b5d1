package main

import (
	"errors"
	"fmt"

	"warroom/sources/document"
	"warroom/sources/recording"
)

// The exit codes, as `warroom --help` tells them.
const (
	exitDone    = 0 // done; status: every tile is well
	exitFailed  = 1 // something failed; standard error says what and what to do
	exitUsage   = 2 // a wrong command line, or a config that cannot be read
	exitWarn    = 3 // status: at least one tile warns
	exitBad     = 4 // status: at least one tile is in trouble
	exitBlind   = 5 // status: nothing worse is seen, but something cannot be seen
	exitRefused = 6 // the recording belongs to something else, is damaged, or was altered
)

// exitCodes is the part of the help that lists them.
const exitCodes = `Exit codes:
  0  done; for status: every tile is well
  1  something failed, standard error says what
  2  the command line or the config is wrong
  3  status: a tile warns
  4  status: a tile is in trouble
  5  status: nothing worse is seen, but something cannot be seen
  6  the file is no recording that this program can read, or its record was altered`

// exit is an error with the code that the process should end with. An exit without a cause is silent.
type exit struct {
	code  int
	cause error
}

func (e *exit) Error() string {
	if e.cause == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.cause.Error()
}

func (e *exit) Unwrap() error { return e.cause }

// usage is a mistake of the person who typed the command.
func usage(format string, args ...any) error {
	return &exit{code: exitUsage, cause: fmt.Errorf(format, args...)}
}

// codeOf is the exit code for what a verb returned.
func codeOf(err error) int {
	var (
		e    *exit
		f    *document.FileError
		r    *recording.FileError
		b    *recording.BrokenError
		none *noConfigError
	)
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &e):
		return e.code
	case errors.As(err, &f), errors.As(err, &none):
		return exitUsage
	case errors.As(err, &r), errors.As(err, &b):
		return exitRefused
	}
	return exitFailed
}
