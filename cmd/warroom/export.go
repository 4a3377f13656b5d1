package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"warroom/sources"
	"warroom/sources/directory"
	"warroom/sources/recording"
)

const exportLong = `Write a recording as a directory of series: one CSV for each recorded series, with every revision and when it was
seen, and launch.yaml. Notes, deployments, scalings and the room's own actions become marks in it. What is computed
on reading is left out, and so are facts and the rest of the changes.

The directory is what "warroom import" and "warroom backtest" read; see warroom import --help for its format. It must
not exist yet, or be empty. The recording is only read.`

func (p *process) exportCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:     "export FILE --out DIR",
		Short:   "Write a recording as a directory of series (CSV)",
		Long:    exportLong,
		Example: "  warroom export lottery.warroom --out lottery-csv",
		Args: func(c *cobra.Command, args []string) error {
			if err := oneRecording(c, args); err != nil {
				return err
			}
			if out == "" {
				return fmt.Errorf("export wants --out DIR, the folder to write: %s", c.UseLine())
			}
			return nil
		},
		ValidArgsFunction: oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			return onRecording(args[0], func(tape *recording.File) error { return p.exportSeries(c.Context(), tape, out) })
		},
	}
	c.Flags().StringVar(&out, "out", "", "the folder to write, a new or an empty one")
	_ = c.MarkFlagDirname("out")
	return c
}

// exportSeries writes what can be read of a recording, and gives the error of what cannot.
func (p *process) exportSeries(ctx context.Context, tape *recording.File, out string) error {
	meta, err := tape.Meta(ctx)
	if err != nil {
		return err
	}
	b, _, damaged := tape.Load(ctx, time.Time{}, time.Time{}, time.Time{})
	if damaged != nil && !errors.Is(damaged, recording.ErrDamaged) {
		return damaged
	}
	samples := p.writable(b.Samples)
	launch := meta.Launch
	launch.Marks = marked(launch, b.Changes)
	if err := directory.Write(out, launch, slices.Values(samples)); err != nil {
		return errors.Join(damaged, err)
	}
	p.printf("%s: %s, %s of %d series, %s\n", out, launch.Name, counted(len(samples), "row"), seriesOf(samples), counted(len(launch.Marks), "mark"))
	return damaged
}

// writable leaves out what a directory cannot hold, and says so once for each series.
func (p *process) writable(samples []sources.Sample) []sources.Sample {
	unnamed, told := map[sources.Series]error{}, map[sources.Series]bool{}
	return slices.DeleteFunc(samples, func(s sources.Sample) bool {
		err, known := unnamed[s.Series]
		if !known {
			_, err = directory.FileName(s.Series)
			unnamed[s.Series] = err
		}
		if err == nil {
			err = directory.Fits(s)
		}
		if err != nil && !told[s.Series] {
			told[s.Series] = true
			p.complain(fmt.Errorf("left out: %w", err))
		}
		return err != nil
	})
}

// marked is the launch's marks together with what happened while it was watched, in the order of their times.
func marked(l sources.Launch, changes []sources.Change) []sources.Mark {
	marks := slices.Clone(l.Marks)
	add := func(m sources.Mark) {
		if !slices.Contains(marks, m) {
			marks = append(marks, m)
		}
	}
	for _, h := range happened(changes) {
		note := h.Text
		if h.more > 0 {
			note = fmt.Sprintf("%s, and %d more", note, h.more)
		}
		add(newMark(h.At, h.until, markOf[h.Kind], note))
	}
	for _, m := range actionMarks(changes) {
		add(m)
	}
	slices.SortStableFunc(marks, func(a, b sources.Mark) int {
		at, _ := a.At.On(l.T0) // a recording's marks have been read from a config
		than, _ := b.At.On(l.T0)
		return at.Compare(than)
	})
	return marks
}

// happening is a change that becomes a mark, for itself and for those like it.
type happening struct {
	sources.Change
	more  int
	until time.Time // when a deployment ended, the zero time where nobody told
}

// happened are the changes that become marks, deployments with their ends. Those that a provider makes to one resource within a minute are one: a
// fleet that grows has a change for every instance.
func happened(changes []sources.Change) []happening {
	type alike struct {
		minute   int64
		kind     string
		resource sources.Ref
	}
	var out []happening
	place := map[alike]int{}
	type rollout struct {
		resource sources.Ref
		id       string
	}
	ends := map[rollout]time.Time{}
	for _, c := range changes {
		if id := sources.EndOf(c); id != "" {
			ends[rollout{c.Resource, id}] = c.At
		}
	}
	for _, c := range changes {
		key := alike{c.At.Unix() / 60, c.Kind, c.Resource}
		i, known := place[key]
		switch {
		case markOf[c.Kind] == "" || sources.EndOf(c) != "":
		case known && c.Kind == sources.ChangeScaling:
			out[i].more++
		default:
			place[key] = len(out)
			out = append(out, happening{Change: c, until: ends[rollout{c.Resource, c.ID}]})
		}
	}
	return out
}

const noteMost = 200 // characters

// markOf is the kind of mark that a change becomes.
var markOf = map[string]string{
	sources.ChangeNote: sources.MarkNote, sources.ChangeDeploy: sources.MarkDeploy, sources.ChangeScaling: sources.MarkScale,
}
