package main

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// A process of this machine that has ended is known to be gone; of all others nobody knows.
func TestGone(t *testing.T) {
	_, _, p := caught(t)
	child := exec.Command(must(os.Executable()), "-test.run", "^$")
	if err := child.Run(); err != nil {
		t.Fatal(err)
	}
	for holder, want := range map[string]bool{
		p.holder("mia"): false,
		fmt.Sprintf("mia%s%d", here(), child.Process.Pid):           true,
		fmt.Sprintf("mia@far away, process %d", child.Process.Pid):  false,
		fmt.Sprintf("mia%s%d, and more", here(), child.Process.Pid): false,
		fmt.Sprintf("mia%s%d", here(), os.Getppid()):                false,
		"mia" + here() + "0": false,
		"two":                false,
	} {
		if got := gone(holder); got != want {
			t.Errorf("%q is gone: %t, want %t", holder, got, want)
		}
	}
}
