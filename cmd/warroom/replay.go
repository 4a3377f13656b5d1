package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"warroom/sources"
	"warroom/sources/recording"
	"warroom/tui"
)

// replaying is what the flags of the verb say.
type replaying struct {
	file   string
	at     sources.Moment // "" = where something is seen for the first time
	speed  float64        // 0 = that of the recording's own clock
	config string
}

func (p *process) replayCommand() *cobra.Command {
	l := &look{}
	var o replaying
	var at string
	c := &cobra.Command{
		Use:   "replay FILE",
		Short: "Look at a recording again",
		Long: `Look at a recording again: the same pages, at any time of the launch. Space plays and pauses, the arrows
move, J jumps. The file is only read. The keys are those of the config, where there is one.

--at takes T0, T-5m, T+1h12m or a time with its zone, and stands there. Without it the replay plays from the
moment on at which the first numbers were seen.`,
		Example:           "  warroom replay lottery.warroom --at T-5m --speed 60",
		Args:              oneRecording,
		ValidArgsFunction: recordings,
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("speed") && (o.speed <= 0 || o.speed > maxSpeed) {
				return usage("--speed %v: want more than 0 and at most %d", o.speed, maxSpeed)
			}
			o.file, o.at = args[0], sources.Moment(at)
			return p.replay(c.Context(), o, l)
		},
	}
	l.flags(c)
	configFlag(c, &o.config)
	c.Flags().StringVar(&at, "at", "", "where to start, standing: T-5m, T0, T+1h12m or RFC 3339")
	c.Flags().Float64Var(&o.speed, "speed", 0, "launch seconds per second (default: as it was lived, 1 for a real launch and its own for a rehearsal)")
	return c
}

func (p *process) replay(ctx context.Context, o replaying, l *look) error {
	keys, err := p.keysOf(o.config)
	if err != nil {
		return err
	}
	tape, err := recording.OpenReadOnly(o.file)
	if err != nil {
		return err
	}
	closing := closeAfter(tape)
	options, err := o.options(ctx, tape)
	if err != nil {
		return closing(err)
	}
	options.Keys, options.Theme, options.ASCII, options.Operator = keys, l.palette(p), l.ascii, p.who(l)
	return closing(p.program(tui.New(options)).Run(ctx))
}

// options are where and how fast the replay of a recording starts.
func (o replaying) options(ctx context.Context, tape *recording.File) (tui.Options, error) {
	meta, err := tape.Meta(ctx)
	if err != nil {
		return tui.Options{}, err
	}
	start, err := moment(o.at, meta.Launch.T0)
	if err != nil {
		return tui.Options{}, err
	}
	if start == nil {
		first, err := tape.FirstSeen(ctx)
		if err != nil {
			return tui.Options{}, err
		}
		if !first.IsZero() {
			start = &first
		}
	}
	if o.speed == 0 {
		o.speed = meta.Clock.Speed // the screen takes 0 for 1
	}
	return tui.Options{
		Tape: tape, Meta: meta, Mode: tui.Replay, Clock: launchClock(meta.Clock), Path: o.file,
		At: start, Playing: o.at == "", Speed: o.speed,
	}, nil
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
