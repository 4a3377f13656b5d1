package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/colorprofile"
	"github.com/spf13/cobra"

	"warroom/sources/document"
	"warroom/sources/recording"
)

func TestPaletteFollowsFlagsThenTerminal(t *testing.T) {
	terminal := []string{"TERM=xterm-256color", "TTY_FORCE=1"}
	for name, tc := range map[string]struct {
		look    look
		environ []string
		dark    bool
		profile colorprofile.Profile
	}{
		"the terminal decides":          {look{color: "auto", theme: "auto"}, terminal, true, colorprofile.ANSI256},
		"NO_COLOR is honoured":          {look{color: "auto", theme: "auto"}, append(terminal, "NO_COLOR=1"), true, colorprofile.ASCII},
		"a flag is stronger":            {look{color: "true", theme: "auto"}, append(terminal, "NO_COLOR=1"), true, colorprofile.TrueColor},
		"sixteen":                       {look{color: "16", theme: "dark"}, terminal, true, colorprofile.ANSI},
		"none":                          {look{color: "none", theme: "light"}, terminal, false, colorprofile.ASCII},
		"a light background is told":    {look{color: "256", theme: "auto"}, append(terminal, "COLORFGBG=0;15"), false, colorprofile.ANSI256},
		"a dark one too":                {look{color: "256", theme: "auto"}, append(terminal, "COLORFGBG=15;default;0"), true, colorprofile.ANSI256},
		"the theme flag is stronger":    {look{color: "256", theme: "dark"}, append(terminal, "COLORFGBG=0;15"), true, colorprofile.ANSI256},
		"a light grey background is it": {look{color: "256", theme: "auto"}, append(terminal, "COLORFGBG=0;7"), false, colorprofile.ANSI256},
	} {
		t.Run(name, func(t *testing.T) {
			got := tc.look.palette(&process{out: &bytes.Buffer{}, environ: tc.environ})
			if got.Dark != tc.dark || got.Profile != tc.profile {
				t.Errorf("dark %v, profile %v, want %v, %v", got.Dark, got.Profile, tc.dark, tc.profile)
			}
		})
	}
}

func TestASCIIFollowsFlagThenTerminal(t *testing.T) {
	for name, tc := range map[string]struct {
		flags   []string
		environ []string
		want    bool
	}{
		"UTF-8":                            {nil, []string{"LANG=de_DE.UTF-8"}, false},
		"utf8, as some write it":           {nil, []string{"LANG=C.utf8"}, false},
		"C":                                {nil, []string{"LANG=C"}, true},
		"POSIX":                            {nil, []string{"LC_ALL=POSIX", "LANG=de_DE.UTF-8"}, true},
		"Latin-1":                          {nil, []string{"LANG=de_DE.ISO-8859-1"}, true},
		"LC_CTYPE before LANG":             {nil, []string{"LC_CTYPE=C.UTF-8", "LANG=C"}, false},
		"an empty one is none":             {nil, []string{"LC_ALL=", "LANG=C"}, true},
		"none, over ssh":                   {nil, []string{"TERM=xterm-256color"}, false},
		"none, on the console":             {nil, []string{"TERM=linux"}, true},
		"none, on a vt100":                 {nil, []string{"TERM=vt100"}, true},
		"a dumb terminal":                  {nil, []string{"TERM=dumb", "LANG=C.UTF-8"}, true},
		"a console that says it can":       {nil, []string{"TERM=linux", "LANG=C.UTF-8"}, false},
		"the flag is stronger":             {[]string{"--ascii"}, []string{"LANG=C.UTF-8"}, true},
		"the flag is stronger, also false": {[]string{"--ascii=false"}, []string{"TERM=dumb", "LANG=C"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			l, c := &look{}, &cobra.Command{}
			l.flags(c)
			if err := c.ParseFlags(tc.flags); err != nil {
				t.Fatal(err)
			}
			if got := l.plain(processWith(tc.environ...)); got != tc.want {
				t.Errorf("ASCII only: %v, want %v", got, tc.want)
			}
		})
	}
}

func TestOperatorIsHarmless(t *testing.T) {
	p := processWith("USER=\x1b[31mmia\u202e")
	if got := p.who(&look{}); strings.ContainsAny(got, "\x1b\u202e") || !strings.Contains(got, "mia") {
		t.Errorf("got %q", got)
	}
	if got := p.who(&look{operator: "leo"}); got != "leo" {
		t.Errorf("the flag is stronger than the user name, got %q", got)
	}
	if got := processWith().who(&look{}); got != "operator" {
		t.Errorf("without any name: %q", got)
	}
}

func TestExitCodes(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want int
	}{
		{nil, exitDone},
		{errors.New("disk"), exitFailed},
		{usage("no such thing"), exitUsage},
		{fmt.Errorf("read: %w", &document.FileError{File: "warroom.yaml"}), exitUsage},
		{errors.Join(&recording.FileError{Path: "x"}, nil), exitRefused},
		{&exit{code: exitBad}, exitBad},
	} {
		if got := codeOf(tc.err); got != tc.want {
			t.Errorf("%v: exit code %d, want %d", tc.err, got, tc.want)
		}
	}
}

// What went wrong is told in lines that cannot steer the terminal; an exit without a cause is silent.
func TestComplaintsAreHarmless(t *testing.T) {
	var out bytes.Buffer
	p := &process{err: &out}
	p.complain(&exit{code: exitWarn})
	if out.Len() != 0 {
		t.Errorf("a silent exit said %q", out.String())
	}
	p.complain(errors.New("no group \"\x1b]0;pwned\x07web\"\nin eu-central-1\xff"))
	if got := out.String(); strings.ContainsAny(got, "\x1b\x07") || !utf8.ValidString(got) || strings.Count(got, "\n") != 2 || !strings.HasPrefix(got, "warroom: no group") {
		t.Errorf("got %q", got)
	}
}
