package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"warroom/sources"
	"warroom/sources/directory"
	"warroom/sources/recording"
)

const importLong = `Make a recording of a directory of series, so that it can be replayed and judged: numbers of a launch that warroom
did not watch, from a spreadsheet or another program.

  DIR/launch.yaml               name, t0, phases, marks, sites: what a config says below launch
  DIR/NAME@RESOURCE.csv         one series: a metric of the catalogue, and the short name of its resource
  DIR/NAME@RESOURCE@LABEL.csv   the same of a metric with a further label, such as waf_rule_blocked@edge@rate.csv

A CSV begins with the line at,value or at,value,seen. at is the start of the period (RFC 3339, UTC); an empty value
says that the source was asked and had nothing; seen is when the value was learnt, the end of the period without it.
Several rows of one at are revisions. In names, %2F stands for a slash, %40 for @, and so on, as in a URL. What is
wrong is told with file, line and the nearest valid word. A metric that is computed from others is taken only where
those are missing. FILE must not exist yet.`

func (p *process) importCommand() *cobra.Command {
	var into string
	c := &cobra.Command{
		Use:     "import DIR --into FILE",
		Short:   "Make a recording of a directory of series (CSV)",
		Long:    importLong,
		Example: "  warroom import lottery-csv --into lottery.warroom\n  warroom replay lottery.warroom --at T-5m",
		Args: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) != 1:
				return fmt.Errorf("import wants one folder: %s", c.UseLine())
			case into == "":
				return fmt.Errorf("import wants --into FILE, the recording to make: %s", c.UseLine())
			}
			return nil
		},
		ValidArgsFunction: oneFolder,
		RunE:              func(c *cobra.Command, args []string) error { return p.importSeries(c.Context(), args[0], into) },
	}
	c.Flags().StringVar(&into, "into", "", "the recording to make")
	_ = c.RegisterFlagCompletionFunc("into", recordings)
	return c
}

// oneFolder completes the name of the one folder that a verb takes.
func oneFolder(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// imported is the environment of a launch that was not watched: line 1 says it where PROD stands otherwise.
const imported = "IMPORTED"

func (p *process) importSeries(ctx context.Context, dir, into string) error {
	if _, err := os.Lstat(into); err == nil { // before the reading, which takes a while
		return fmt.Errorf("make the recording %s: %w: choose another name", into, fs.ErrExist)
	}
	d, err := directory.Open(dir)
	if err != nil {
		return err
	}
	for _, ignored := range d.Ignored {
		p.complain(fmt.Errorf("left alone: %s", ignored))
	}
	tape, err := recording.Create(into, recording.Meta{Launch: d.Launch, Environment: imported, Resources: d.Resources})
	if err != nil {
		return err
	}
	if err := errors.Join(record(ctx, tape, d.Samples), tape.Close()); err != nil {
		for _, part := range []string{"", "-wal", "-shm"} { // half of it would be taken for the whole
			_ = os.Remove(into + part)
		}
		return err
	}
	p.printf("%s: %s, %s of %d series. Look at it with: warroom replay %s\n",
		into, d.Launch.Name, counted(len(d.Samples), "row"), seriesOf(d.Samples), into)
	return nil
}

// atOnce is how much of a launch is appended in one transaction.
const atOnce = 15 * time.Minute

// record appends samples, which are in the order of Seen. What was seen first is appended first, alone: a replay
// begins where the first append does.
func record(ctx context.Context, tape *recording.File, samples []sources.Sample) error {
	within := time.Duration(0)
	for len(samples) > 0 {
		n, until := 0, samples[0].Seen.Add(within)
		for n < len(samples) && !samples[n].Seen.After(until) {
			n++
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := tape.Append(ctx, sources.Reading{At: until, Batch: sources.Batch{Samples: samples[:n]}}); err != nil {
			return err
		}
		samples, within = samples[n:], atOnce
	}
	return nil
}
