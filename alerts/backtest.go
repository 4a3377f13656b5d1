package alerts

import (
	"cmp"
	"context"
	"slices"
	"time"

	"warroom/sources"
	"warroom/sources/query"
)

// Lookback is how much of the past rules can see: what is older has been let go.
const Lookback = 3 * time.Hour

// idle is how often rules are judged while nothing comes in, since gaps grow and marks begin by the clock alone.
const idle = 30 * time.Second

// Backtest judges what was seen in a stretch of time as if it were seen now, piece by piece in the order of Seen, and tells
// each transition as it is decided. The judge decides at a time by nothing that was seen later, and not at all while the room
// did not see. The samples, facts and changes of the batch are sorted in place.
func Backtest(ctx context.Context, j *Judge, b sources.Batch, tell func(Transition) error) error {
	slices.SortStableFunc(b.Samples, func(x, y sources.Sample) int { return x.Seen.Compare(y.Seen) })
	slices.SortStableFunc(b.Facts, func(x, y sources.Fact) int { return x.Seen.Compare(y.Seen) })
	slices.SortStableFunc(b.Changes, func(x, y sources.Change) int { return x.Seen.Compare(y.Seen) })
	window, deriver := sources.NewWindow(Lookback), query.NewDeriver()
	for _, now := range moments(&b) {
		seen := seenBy(&b, now)
		window.Apply(seen)
		j.sight.See(seen.Samples)
		found, err := j.Judge(ctx, deriver.View(window, sources.Cursor{At: now}))
		if err != nil {
			return err
		}
		for _, t := range found {
			if err := tell(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// moments are the times at which there is something to judge: whole seconds after which nothing more comes for that second,
// and between them whenever nothing has come for a while.
func moments(b *sources.Batch) []time.Time {
	var seen []time.Time
	add := func(t time.Time) {
		t = ceil(t, time.Second)
		if n := len(seen); n == 0 || !seen[n-1].Equal(t) {
			seen = append(seen, t)
		}
	}
	for i := range b.Samples {
		add(b.Samples[i].Seen)
	}
	for i := range b.Facts {
		add(b.Facts[i].Seen)
	}
	for i := range b.Changes {
		add(b.Changes[i].Seen)
	}
	slices.SortFunc(seen, time.Time.Compare)
	var all []time.Time
	for _, t := range slices.Compact(seen) {
		for n := len(all); n > 0 && t.Sub(all[n-1]) > idle; n = len(all) {
			all = append(all, all[n-1].Add(idle))
		}
		all = append(all, t)
	}
	return all
}

func ceil(t time.Time, d time.Duration) time.Time {
	if down := t.Truncate(d); down.Before(t) {
		return down.Add(d)
	}
	return t
}

// seenBy takes what was seen at a time or before off the batch.
func seenBy(b *sources.Batch, now time.Time) sources.Batch {
	var out sources.Batch
	out.Samples, b.Samples = split(b.Samples, now, func(s *sources.Sample) time.Time { return s.Seen })
	out.Facts, b.Facts = split(b.Facts, now, func(f *sources.Fact) time.Time { return f.Seen })
	out.Changes, b.Changes = split(b.Changes, now, func(c *sources.Change) time.Time { return c.Seen })
	return out
}

func split[T any](all []T, now time.Time, seen func(*T) time.Time) (before, after []T) {
	n := 0
	for n < len(all) && !seen(&all[n]).After(now) {
		n++
	}
	return all[:n], all[n:]
}

// Line is a transition as a backtest prints it. Whoever reads it finds all words in every line, but for the last.
type Line struct {
	At       time.Time `json:"at"`
	Alert    string    `json:"alert"`
	Resource string    `json:"resource"` // "" of an alert about the whole launch
	Severity Severity  `json:"severity"`
	State    State     `json:"state"`
	Runbook  string    `json:"runbook"`
	Summary  string    `json:"summary"`
	Under    string    `json:"under,omitempty"` // the alert that explains it: it wakes nobody by itself
}

// Line is the transition as a backtest prints it, and whether it does: an alert that was pending and is not any more has
// never been one. One that wakes nobody, because another one explains it or somebody has been woken before, has the
// severity [Warn].
func (t *Transition) Line() (Line, bool) {
	if t.To == Inactive || t.From == t.To && !t.Page {
		return Line{}, false
	}
	severity := t.Severity
	if severity == Page && (t.Under != "" || t.To == Firing && !t.Page) {
		severity = Warn
	}
	under, _, _ := cut(t.Under)
	return Line{
		At: t.At.UTC(), Alert: t.Rule, Resource: cmp.Or(t.Resource.Name, t.Labels["site"]), Severity: severity, State: t.To,
		Runbook: t.Runbook, Summary: t.Summary, Under: under,
	}, true
}
