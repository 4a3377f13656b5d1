package recording_test

import (
	"fmt"
	"os"
	"testing"
)

// scratch is a folder for what more than one test or benchmark uses.
var scratch string

// TestMain makes the test binary a recorder, or a replay, where a test wants another process.
func TestMain(m *testing.M) {
	if path := os.Getenv(replayPath); path != "" {
		os.Exit(replay(path))
	}
	if path := os.Getenv(recorderPath); path != "" {
		os.Exit(recorder(path))
	}
	dir, err := os.MkdirTemp("", "recording-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}
