package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"warroom/alerts"
	"warroom/sources"
	"warroom/sources/directory"
	"warroom/sources/recording"
)

// backtest judges a recording or a directory of series as if it were seen now, and prints what alerts go through, one JSON
// object a line. What can be read of a damaged recording is judged, and the damage is told.
func (p *process) backtest(ctx context.Context, path, previous string, rules []string) error {
	by, err := alerts.Load(rules...)
	if err != nil {
		return err
	}
	earlier, err := earlierLaunch(ctx, previous)
	if err != nil {
		return err
	}
	launch, sight, past, damaged := judgeable(ctx, path)
	if damaged != nil && !errors.Is(damaged, recording.ErrDamaged) {
		return damaged
	}
	judge, err := alerts.NewJudge(by, &launch)
	if err != nil {
		return err
	}
	judge.Compare(earlier)
	judge.Watch(sight)
	out := bufio.NewWriter(p.out)
	lines := json.NewEncoder(out)
	err = alerts.Backtest(ctx, judge, past, func(t alerts.Transition) error {
		line, ok := t.Line()
		if !ok {
			return nil
		}
		return lines.Encode(line)
	})
	return errors.Join(err, out.Flush(), damaged)
}

// judgeable is a launch, all that was seen of it, and who knows when somebody looked.
func judgeable(ctx context.Context, path string) (sources.Launch, *alerts.Sight, sources.Batch, error) {
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		d, err := directory.Open(path)
		if err != nil {
			return sources.Launch{}, nil, sources.Batch{}, err
		}
		return d.Launch, alerts.NewSight(1), sources.Batch{Samples: d.Samples}, nil
	}
	tape, err := recording.OpenReadOnly(path)
	if err != nil {
		return sources.Launch{}, nil, sources.Batch{}, err
	}
	defer tape.Close() //nolint:errcheck // it is only read
	meta, err := tape.Meta(ctx)
	if err != nil {
		return sources.Launch{}, nil, sources.Batch{}, err
	}
	b, _, err := tape.Load(ctx, time.Time{}, time.Time{}, time.Time{})
	return acted(meta.Launch, b.Changes), alerts.NewSight(meta.Clock.Speed), b, err
}
