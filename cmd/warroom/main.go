// Command warroom watches a launch on AWS in a terminal, rehearses it against a simulated AWS, and replays
// what happened. Everything that happens is written to a recording; everything on screen is read from it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"warroom/sources"
	"warroom/sources/document"
)

func main() {
	p := &process{args: os.Args[1:], in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ(), now: time.Now}
	os.Exit(p.run())
}

// process is what the program knows of the machine that runs it: what a test may replace.
type process struct {
	args     []string
	in       io.Reader
	out, err io.Writer
	environ  []string
	now      func() time.Time // the machine clock
}

// run carries the command line out and returns the exit code. The signals that ask a program to leave
// end it as its own key does: the lease is given back and the recording is closed.
func (p *process) run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	err := p.execute(ctx)
	p.complain(err)
	return codeOf(err)
}

// complain tells a person what went wrong, on standard error.
func (p *process) complain(err error) {
	var silent *exit
	if err == nil || errors.As(err, &silent) && silent.cause == nil {
		return
	}
	for line := range strings.Lines("warroom: " + err.Error()) {
		fmt.Fprintln(p.err, sources.Clean(strings.TrimRight(line, "\n")))
	}
	var f *document.FileError
	if errors.As(err, &f) && f.Excerpt != "" {
		fmt.Fprint(p.err, f.Excerpt)
	}
}

// env is a variable of the environment, "" where it is not set. Of several settings the last one holds.
func (p *process) env(name string) string {
	for i := len(p.environ) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(p.environ[i], name+"="); ok {
			return value
		}
	}
	return ""
}

// printf prints to standard output. Names and paths come from outside: none of them may steer the terminal.
func (p *process) printf(format string, args ...any) {
	for i, arg := range args {
		switch arg.(type) {
		case string, error, fmt.Stringer:
			args[i] = sources.Clean(fmt.Sprint(arg))
		}
	}
	fmt.Fprintf(p.out, format, args...)
}
