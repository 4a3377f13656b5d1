package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"warroom/sources"
	"warroom/sources/recording"
	"warroom/tui"
)

func (p *process) replayCommand() *cobra.Command {
	l := &look{}
	var at string
	var speed float64
	c := &cobra.Command{
		Use:   "replay FILE",
		Short: "Look at a recording again",
		Long: `Look at a recording again: the same pages, at any time of the launch. Space plays and pauses, the arrows
move, J jumps. The file is only read.

--at takes T0, T-5m, T+1h12m or a time with its zone; without it the replay starts at the beginning.`,
		Example:           "  warroom replay lottery.warroom --at T-5m --speed 60",
		Args:              oneRecording,
		ValidArgsFunction: recordings,
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("speed") && (speed <= 0 || speed > maxSpeed) {
				return usage("--speed %v: want more than 0 and at most %d", speed, maxSpeed)
			}
			return p.replay(c.Context(), args[0], sources.Moment(at), speed, l)
		},
	}
	l.flags(c)
	c.Flags().StringVar(&at, "at", "", "where to start, standing: T-5m, T0, T+1h12m or RFC 3339")
	c.Flags().Float64Var(&speed, "speed", 1, "launch seconds per second")
	return c
}

func (p *process) replay(ctx context.Context, path string, at sources.Moment, speed float64, l *look) error {
	tape, err := recording.OpenReadOnly(path)
	if err != nil {
		return err
	}
	closing := closeAfter(tape)
	meta, err := tape.Meta(ctx)
	if err != nil {
		return closing(err)
	}
	start, err := moment(at, meta.Launch.T0)
	if err != nil {
		return closing(err)
	}
	model := tui.New(tui.Options{
		Tape: tape, Meta: meta, Mode: tui.Replay, Clock: launchClock(meta.Clock), At: start, Speed: speed, Path: path,
		Theme: l.palette(p), ASCII: l.ascii, Operator: p.who(l),
	})
	return closing(p.program(model).Run(ctx))
}

// moment is the time that a flag names, or nil where it names none.
func moment(at sources.Moment, t0 time.Time) (*time.Time, error) {
	if at == "" {
		return nil, nil
	}
	t, err := at.On(t0)
	if err != nil {
		return nil, usage("--at: %w", err)
	}
	return &t, nil
}
