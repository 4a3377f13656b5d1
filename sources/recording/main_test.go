package recording_test

import (
	"fmt"
	"os"
	"testing"
)

// scratch is a folder for what more than one test or benchmark uses.
var scratch string

// processes are what the test binary does instead of testing, where a test wants another process, by the variable
// of the environment that names the recording.
var processes = map[string]func(path string) int{
	recorderPath: recorder,
	replayPath:   replay,
	fullPath:     recordUntilFull,
	visitPath:    visitor,
}

func TestMain(m *testing.M) {
	for variable, process := range processes {
		if path := os.Getenv(variable); path != "" {
			os.Exit(process(path))
		}
	}
	dir, err := os.MkdirTemp("", "recording-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}
