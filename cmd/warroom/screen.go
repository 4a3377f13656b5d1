package main

import (
	"context"
	"errors"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"

	"warroom/sources"
	"warroom/tui"
)

// leaving is what the room is granted to end in when the screen has gone: nothing that hangs keeps a person
// from leaving.
const leaving = 800 * time.Millisecond

// show opens the screen on a room and runs both until a person leaves, the process is told to end, or the
// room fails. The terminal is as it was before when it returns.
func (p *process) show(ctx context.Context, r *room, mode tui.Mode, l *look) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	earlier, err := earlierLaunch(ctx, l.previous)
	if err != nil {
		return err
	}
	r.earlier = earlier
	hands := p.hands(r, p.who(l))
	defer hands.Close()
	model := tui.New(tui.Options{
		Tape: r.tape, Meta: r.meta, Mode: mode, Viewer: r.watchesOnly(ctx), Holder: r.holder, Clock: r.clock,
		Keys: r.keys, Path: r.tape.Path(),
		Theme: l.palette(p), ASCII: l.plain(p), Operator: p.who(l), Hands: hands, Runbooks: r.books, Earlier: earlier,
		Rules: r.ruleNames, Alarm: p.alarm(l, r.bell), Judged: true,
	})
	program := p.program(model)
	news := make(chan struct{}, 1)
	r.advanced = func() {
		select {
		case news <- struct{}{}:
		default: // the screen has not taken the last one yet
		}
	}
	r.notice = func(text string) { program.Send(tui.NoticeMsg{Text: text, Bad: true}) }
	go announce(ctx, program, news)
	hands.Resume()
	left := make(chan error, 1)
	go func() {
		left <- guarded(func() error { return r.run(ctx) })
		stop()
	}()
	err = program.Run(ctx)
	stop()
	return errors.Join(err, ended(left))
}

// needsTerminal complains where there is none to read keys from, or to draw on, and names what needs none.
func (p *process) needsTerminal(instead string) error {
	if isTerminal(p.in) && isTerminal(p.out) {
		return nil
	}
	return usage("a screen needs a terminal; use %s", sources.Clean(instead))
}

// isTerminal tells a terminal from files, pipes and the empty device.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	empty, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, empty)
}

// program puts the model on the terminal. The signals are ours: bubbletea's own handling of them hangs when the
// screen is asked to leave at the same time.
func (p *process) program(model *tui.Model) *tui.Program {
	return tui.NewProgram(model, p.in, p.out, tea.WithEnvironment(p.environ), tea.WithoutSignalHandler())
}

// ended waits for the room to end, for as long as it is granted.
func ended(left <-chan error) error {
	timer := time.NewTimer(leaving)
	defer timer.Stop()
	select {
	case err := <-left:
		return err
	case <-timer.C:
		return nil
	}
}

// announce tells the screen that there is something new in the recording.
func announce(ctx context.Context, program *tui.Program, news <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-news:
			program.Send(tui.AdvancedMsg{})
		}
	}
}
