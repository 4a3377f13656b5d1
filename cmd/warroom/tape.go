package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"warroom/sources"
	"warroom/sources/recording"
)

// openTape opens the recording at path to be written on, or begins it, in a folder that only its owner reads.
func openTape(path string, m recording.Meta) (*recording.File, error) {
	if _, err := os.Stat(path); err == nil {
		return recording.Open(path)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open the recording: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make a folder for the recording: %w", err)
	}
	tape, err := recording.Create(path, m)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		return recording.Open(path)
	}
	return tape, err
}

// closeAfter closes the recording and adds what went wrong in that to what went wrong before.
func closeAfter(tape *recording.File) func(error) error {
	return func(before error) error { return errors.Join(before, tape.Close()) }
}

// launchClock is the clock that the recording was made on, still running.
func launchClock(o recording.ClockOrigin) sources.Clock {
	if o.Speed == 0 {
		return sources.RunningClock{}
	}
	return sources.ResumeClock(o.Origin, o.Base, o.Speed)
}

// holder is who this process is to a recording's lease, so that people know whom to ask.
func (p *process) holder(operator string) string {
	return sources.Clean(fmt.Sprintf("%s%s%d", operator, here(), os.Getpid()))
}

// here is what stands between the operator and the number of a process of this machine in the name of a holder.
func here() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return "@" + host + ", process "
}

// gone tells whether a holder is a process of this machine that has ended. Of those of other machines nobody knows.
func gone(holder string) bool {
	_, number, ours := strings.Cut(holder, here())
	pid, err := strconv.Atoi(number)
	if !ours || err != nil || pid <= 0 {
		return false
	}
	there, err := os.FindProcess(pid)
	return err != nil || errors.Is(there.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
