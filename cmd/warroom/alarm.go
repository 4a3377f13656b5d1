package main

import (
	"cmp"
	"context"
	"os/exec"
	"strings"
	"time"

	"warroom/tui"
)

// The words for how a new page is told beside the screen.
const (
	bellAuto = "auto" // the bell, and a notification on the desktop where the terminal has one
	bellOnly = "bell"
	bellOff  = "off"
)

var bells = []string{bellAuto, bellOnly, bellOff}

// alarm is how a new page is told: as the flag demands, else as the config says.
func (p *process) alarm(l *look, config string) tui.Alarm {
	word := l.bell
	if word == bellAuto {
		word = cmp.Or(config, bellAuto)
	}
	a := tui.Alarm{Mute: word == bellOff}
	if word == bellAuto {
		a.Notify = tui.NotifierFor(p.env, p.askTmux)
	}
	return a
}

// tmuxFor bounds how long tmux is waited for when the screen opens.
const tmuxFor = 300 * time.Millisecond

// askTmux has the tmux around us expand a format, "" where it cannot.
func (p *process) askTmux(format string) string {
	ctx, cancel := context.WithTimeout(context.Background(), tmuxFor)
	defer cancel()
	ask := exec.CommandContext(ctx, "tmux", "display-message", "-p", "-t", p.env("TMUX_PANE"), format)
	ask.Env = p.environ
	out, err := ask.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
