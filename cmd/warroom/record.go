package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"warroom/alerts"
	"warroom/sources"
	"warroom/sources/recording"
)

func (p *process) recordCommand() *cobra.Command {
	l := &look{}
	var path string
	c := &cobra.Command{
		Use:   "record",
		Short: "Collect into the recording without a screen",
		Long: `Collect into the recording without a screen, until told to stop, and print a line a minute.

Screens ("warroom live" with the same config, on the same machine) are viewers of what it records; one of
them takes over when it stops.`,
		Example: "  warroom record --config /etc/warroom/lottery.yaml",
		Args:    noArguments,

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, _ []string) error {
			r, closing, err := p.liveRoom(path, p.who(l), func() error { return nil })
			if err != nil {
				return err
			}
			if r.earlier, err = earlierLaunch(c.Context(), l.previous); err != nil {
				return closing(err)
			}
			return closing(p.headless(c.Context(), r))
		},
	}
	l.operatorFlag(c)
	configFlag(c, &path)
	previousFlag(c, &l.previous)
	return c
}

// headless runs a room that prints what a person should know instead of showing it: what the room says at
// once, and how it is doing once a minute of the launch clock.
func (p *process) headless(ctx context.Context, r *room) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var mu sync.Mutex
	say := func(line string) {
		mu.Lock()
		defer mu.Unlock()
		p.printf("%s  %s\n", p.stamp(r), sources.Clean(line))
	}
	r.say, r.notice = say, func(text string) { say(cmp.Or(text, "healed: nothing of that holds any more")) }
	p.printf("recording %s\n", r.tape.Path())
	var minutes sync.WaitGroup
	minutes.Go(ending(stop, func() {
		var m minute
		m.mark, _ = r.tape.End(ctx) // without it the first line counts the whole recording
		for r.clock.Sleep(ctx, time.Minute) == nil {
			if line := m.line(ctx, r.tape); ctx.Err() == nil {
				say(line)
			}
		}
	}))
	err := r.run(ctx)
	stop(nil)
	minutes.Wait()
	return errors.Join(err, panicked(ctx))
}

// stamp is the launch time of a line, in UTC and against T0.
func (p *process) stamp(r *room) string {
	now := r.clock.Now()
	return now.UTC().Format("15:04:05Z") + "  " + relative(now.Sub(r.described().Launch.T0))
}

// relative is a time against T0: T-00:04:10.
func relative(d time.Duration) string {
	sign, d := '+', d.Truncate(time.Second)
	if d < 0 {
		sign, d = '-', -d
	}
	return fmt.Sprintf("T%c%02d:%02d:%02d", sign, int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
}

// minute follows the recording and sums up what came since it was last asked.
type minute struct {
	mark   recording.Mark
	failed map[string]sources.Trouble // sources that fail
}

func (m *minute) line(ctx context.Context, tape *recording.File) string {
	b, mark, err := tape.Since(ctx, m.mark)
	if err != nil {
		return fmt.Sprintf("the recording cannot be read: %v", err)
	}
	m.mark = mark
	m.learn(b.Facts)
	line := fmt.Sprintf("%d samples of %d series, %d changes", len(b.Samples), seriesOf(b.Samples), len(b.Changes))
	for _, name := range slices.Sorted(maps.Keys(m.failed)) {
		line += fmt.Sprintf("; %s: %s", name, m.failed[name].Kind)
	}
	return line + rung(b.Changes)
}

// seriesOf is how many series samples are of.
func seriesOf(samples []sources.Sample) int {
	series := map[sources.Series]bool{}
	for i := range samples {
		series[samples[i].Series] = true
	}
	return len(series)
}

// rung tells which pages began and ended.
func rung(changes []sources.Change) string {
	line := ""
	for i := range changes {
		t, ok := alerts.ReadTransition(changes[i])
		if ok && t.Severity == alerts.Page && t.Under == "" && (t.Page || t.Root || t.To == alerts.Resolved) {
			line += sources.Clean(fmt.Sprintf("; %s %s: %s", t.Severity, t.To, t.Summary))
		}
	}
	return line
}

// learn keeps which sources fail.
func (m *minute) learn(facts []sources.Fact) {
	if m.failed == nil {
		m.failed = map[string]sources.Trouble{}
	}
	for _, f := range facts {
		if f.Resource.Service != sources.SourceRef || strings.Contains(f.Name, ":") {
			continue
		}
		if t := sources.ParseTrouble(f.Value); t.None() {
			delete(m.failed, f.Resource.Name)
		} else {
			m.failed[f.Resource.Name] = t
		}
	}
}
