package recording_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"warroom/sources/recording"
)

// TestLocksSurviveALook reads a file that this process has open as a recording, which under POSIX locks takes away
// what keeps other processes from believing that they are alone with it.
func TestLocksSurviveALook(t *testing.T) {
	path := newRecording(t)
	f, err := recording.Open(path)
	must(t, err)
	defer f.Close()
	must(t, f.Append(context.Background(), round(0)))
	other, err := recording.OpenReadOnly(path)
	must(t, err)
	must(t, other.Close())
	_, err = os.ReadFile(path)
	must(t, err)
	info, err := os.Stat(path)
	must(t, err)
	held, err := os.ReadFile("/proc/locks")
	must(t, err)
	if inode := fmt.Sprintf(":%d ", info.Sys().(*syscall.Stat_t).Ino); !strings.Contains(string(held), inode) {
		t.Errorf("no lock on%s is left:\n%s", inode, held)
	}
}
