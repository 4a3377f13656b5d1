package recording_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"warroom/sources/recording"
)

// fullPath asks the test binary to record on a disk that runs full.
const fullPath = "WARROOM_TEST_FULL"

// recordUntilFull is the child: it lets no file grow beyond half a megabyte, appends until that is refused, gets
// space again and goes on. It ends with the message of the refusal.
func recordUntilFull(path string) int {
	signal.Ignore(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return complain(err)
	}
	f, err := recording.Open(path)
	if err != nil {
		return complain(err)
	}
	small := limit
	small.Cur = 512 << 10
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		return complain(err)
	}
	n, refusal := 0, error(nil)
	for ; refusal == nil && n < 10000; n++ {
		refusal = f.Append(context.Background(), round(n))
	}
	if _, _, err := f.Since(context.Background(), 0); err != nil {
		return complain(fmt.Errorf("reading while the disk is full: %w", err))
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return complain(err)
	}
	for last := n + 3; n < last; n++ {
		if err := f.Append(context.Background(), round(n-1)); err != nil {
			return complain(fmt.Errorf("after space was made: %w", err))
		}
	}
	fmt.Println(n-1, refusal)
	if err := f.Close(); err != nil {
		return complain(err)
	}
	return 0
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func TestFullDiskLosesNothingAndHealsByItself(t *testing.T) {
	path := newRecording(t)
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), fullPath+"="+path)
	var complaint strings.Builder
	child.Stderr = &complaint
	out, err := child.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, complaint.String())
	}
	var rounds int
	if _, err := fmt.Sscan(string(out), &rounds); err != nil || rounds < 5 || rounds > 9999 {
		t.Fatalf("the disk did not run full: %s", out)
	}
	if !strings.Contains(string(out), path+": append: ") || !strings.Contains(string(out), "disk") {
		t.Errorf("the refusal says %q", out)
	}
	want := acknowledged{}
	for n := range rounds {
		want.rounds = append(want.rounds, n)
	}
	f, err := recording.OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := count(everything(t, f)).compare(want); err != nil {
		t.Error(err)
	}
}
