package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"warroom/sources"
	"warroom/sources/query"
	"warroom/sources/recording"
)

// What is taken of an earlier launch: a day and a half around its T0.
const (
	previousBefore = 12 * time.Hour
	previousAfter  = 24 * time.Hour
)

func previousFlag(c *cobra.Command, file *string) {
	c.Flags().StringVar(file, "previous", "", "the recording of an earlier launch: expressions read its series as previous:METRIC, aligned on T0")
	_ = c.RegisterFlagCompletionFunc("previous", recordings)
}

// earlierLaunch reads the recording of an earlier launch as it turned out; nil where no file is named.
func earlierLaunch(ctx context.Context, file string) (earlier *query.Earlier, err error) {
	if file == "" {
		return nil, nil
	}
	err = onRecording(file, func(tape *recording.File) error {
		meta, err := tape.Meta(ctx)
		if err != nil {
			return err
		}
		t0 := meta.Launch.T0
		batch, _, err := tape.Load(ctx, t0.Add(-previousBefore), t0.Add(previousAfter), time.Time{})
		if err != nil {
			return err
		}
		window := sources.NewWindow(previousBefore + previousAfter)
		window.Apply(batch)
		earlier = query.NewEarlier(window, t0)
		return nil
	})
	return earlier, err
}
