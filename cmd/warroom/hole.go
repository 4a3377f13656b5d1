package main

import (
	"time"

	"warroom/sources"
)

// After a hole in the recording nothing is judged until all sources have answered once that did before it, or for so long of
// the machine's time: until then everything looks as if it had fallen silent, and it was the room that had.
const (
	hole       = 2 * time.Minute
	firstRound = 20 * time.Second
)

// firstHeard waits for the sources that answered before a hole in the recording.
type firstHeard struct {
	begun   time.Time       // of the collecting, launch clock
	since   time.Time       // the same on the machine's clock
	unheard map[string]bool // sources that have not answered since
}

// after looks what there is to wait for behind what the recording holds.
func (f *firstHeard) after(samples []sources.Sample) {
	f.unheard = beforeHole(samples, f.begun)
	f.hear(samples)
}

// beforeHole are the sources that had answered when a recording broke off, where that was long before now.
func beforeHole(samples []sources.Sample, now time.Time) map[string]bool {
	var end time.Time
	for i := range samples {
		if at := samples[i].Seen; at.Before(now) && at.After(end) {
			end = at
		}
	}
	if end.IsZero() || now.Sub(end) < hole {
		return nil
	}
	names := map[string]bool{}
	for i := range samples {
		if s := &samples[i]; s.Series.Metric == "source_up" && s.Seen.Before(now) && end.Sub(s.Seen) < hole {
			names[s.Series.Resource] = true
		}
	}
	return names
}

// hear notes which sources have answered since the collecting began.
func (f *firstHeard) hear(samples []sources.Sample) {
	if len(f.unheard) == 0 {
		return
	}
	for i := range samples {
		if s := &samples[i]; s.Series.Metric == "source_up" && !s.Seen.Before(f.begun) {
			delete(f.unheard, s.Series.Resource)
		}
	}
}

// deaf tells whether sources are still waited for, at a time of the machine.
func (f *firstHeard) deaf(now time.Time) bool {
	return len(f.unheard) > 0 && now.Sub(f.since) < firstRound
}
