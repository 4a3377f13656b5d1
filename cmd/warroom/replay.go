package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"warroom/sources"
	"warroom/sources/document"
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

--at takes T0, T-5m, T+1h12m, 20:31 or a time with its zone, and stands there. Without it the replay plays from the
moment on at which the first numbers were seen.`,
		Example:           "  warroom replay lottery.warroom --at T-5m --speed 60",
		Args:              oneRecording,
		ValidArgsFunction: oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("speed") && !(o.speed >= minSpeed && o.speed <= maxReplaySpeed) { // NaN is neither
				return usage("--speed %v: want %v to %d", o.speed, minSpeed, maxReplaySpeed)
			}
			o.file, o.at = args[0], sources.Moment(at)
			return p.replay(c.Context(), o, l)
		},
	}
	l.flags(c)
	configFlag(c, &o.config)
	c.Flags().StringVar(&at, "at", "", "where to start, standing: T-5m, T0, T+1h12m, 20:31 or RFC 3339")
	c.Flags().Float64Var(&o.speed, "speed", 0, "launch seconds per second (default: as it was lived, 1 for a real launch and its own for a rehearsal)")
	return c
}

// maxReplaySpeed is a launch of three hours in ten seconds.
const maxReplaySpeed = 1000

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
	if err := p.needsTerminal("warroom status " + o.file); err != nil {
		return closing(err)
	}
	if options.Earlier, err = earlierLaunch(ctx, l.previous); err != nil {
		return closing(err)
	}
	options.Keys, options.Theme, options.ASCII, options.Operator = keys, l.palette(p), l.plain(p), p.who(l)
	options.Runbooks = (&room{runbooks: p.runbooksOf(o.config)}).books
	return closing(p.program(tui.New(options)).Run(ctx))
}

// options are where and how fast the replay of a recording starts.
func (o replaying) options(ctx context.Context, tape *recording.File) (tui.Options, error) {
	meta, err := tape.Meta(ctx)
	if err != nil {
		return tui.Options{}, err
	}
	start, err := moment(ctx, o.at, meta.Launch.T0, tape)
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

// moment is the time that a flag names, or nil where it names none. A time of day, in T0's zone, is the one nearest to
// T0 that was recorded.
func moment(ctx context.Context, at sources.Moment, t0 time.Time, tape *recording.File) (*time.Time, error) {
	if at == "" {
		return nil, nil
	}
	if hour, ok := timeOfDay(string(at)); ok {
		return onItsDay(ctx, hour, t0, tape)
	}
	t, err := at.On(t0)
	if err != nil {
		return nil, usage("--at %s: want T0, T-5m, T+1h12m, a time of day such as 20:31, or %s", at, document.WantTime)
	}
	return &t, nil
}

// timeOfDay reads 20:31 and 20:31:05.
func timeOfDay(text string) (time.Time, bool) {
	for _, layout := range []string{"15:04", time.TimeOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func onItsDay(ctx context.Context, hour, t0 time.Time, tape *recording.File) (*time.Time, error) {
	from, to, err := tape.Span(ctx)
	if err != nil {
		return nil, err
	}
	zone := t0.Location()
	var best *time.Time
	for day := from.In(zone).AddDate(0, 0, -1); !day.After(to.AddDate(0, 0, 1)); day = day.AddDate(0, 0, 1) {
		t := time.Date(day.Year(), day.Month(), day.Day(), hour.Hour(), hour.Minute(), hour.Second(), 0, zone)
		recorded := !t.Before(from) && !t.After(to)
		if recorded && (best == nil || t.Sub(t0).Abs() < best.Sub(t0).Abs()) {
			best = &t
		}
	}
	if best == nil {
		return nil, usage("--at %s is outside of the recording, which has %s to %s", hour.Format(time.TimeOnly),
			from.In(zone).Format(time.DateTime), to.In(zone).Format(time.DateTime))
	}
	return best, nil
}
