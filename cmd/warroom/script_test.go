package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"warroom": main})
}

// The scripts run the program as a user does. Beside the usual commands they know
//
//	code N command...        the command must end with exit code N; stdout and stderr are kept
//	until PATTERN command... the command is repeated until its output matches, for at most 20 s
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:  "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": code, "until": until},
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("USER", "mia")
			env.Setenv("TMPDIR", env.WorkDir)
			return nil
		},
	})
}

func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d\n%s%s", got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until PATTERN command...")
	}
	pattern, err := regexp.Compile(args[0])
	ts.Check(err)
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		_ = ts.Exec(args[1], args[2:]...) // it may well fail until it succeeds
		if pattern.MatchString(ts.ReadFile("stdout") + ts.ReadFile("stderr")) {
			return
		}
		select {
		case <-deadline.C:
			ts.Fatalf("no %s in time:\n%s%s", pattern, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
		case <-again.C:
		}
	}
}

// A process that is not the scripts' may be run within a test: its output is caught.
func caught(t *testing.T, args ...string) (stdout, stderr *bytes.Buffer, p *process) {
	t.Helper()
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return stdout, stderr, &process{
		args: args, in: bytes.NewReader(nil), out: stdout, err: stderr, now: time.Now,
		environ: []string{"HOME=" + t.TempDir(), "USER=mia", "PATH=" + os.Getenv("PATH")},
	}
}
