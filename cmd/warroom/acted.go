package main

import (
	"slices"
	"time"

	"warroom/runbooks"
	"warroom/sources"
)

// knownActs are the kinds of actions that rules know of by a mark. A deployment that is taken back is seen as one by itself.
var knownActs = []runbooks.Kind{runbooks.Maintenance, runbooks.Invalidate}

// acted is a launch with the marks that the room's own actions make: what was switched to the maintenance page until it is
// switched back, and what was thrown out of the caches for as long as a mark without an end holds. Rules ask for them as for
// those that were planned.
func acted(l sources.Launch, changes []sources.Change) sources.Launch {
	l.Marks = slices.Clone(l.Marks)
	on := map[sources.Ref]int{} // where the mark stands of what is at the maintenance page
	for _, r := range runbooks.Runs(changes) {
		kind := r.Plan.Action.Kind
		if !slices.Contains(knownActs, kind) || r.State == runbooks.Undone || r.State == runbooks.Failed {
			continue
		}
		at := sources.Moment(r.At.UTC().Format(time.RFC3339))
		if i, open := on[r.Plan.Action.Resource]; open && kind == runbooks.Maintenance {
			l.Marks[i].Until = at
			delete(on, r.Plan.Action.Resource)
		}
		m := sources.Mark{At: at, Kind: markOfAction[kind]}
		switch {
		case kind == runbooks.Invalidate:
			l.Marks = append(l.Marks, m)
		case (runbooks.Rule{Kind: runbooks.Maintenance, Of: "on"}).Wants(r.Plan):
			m.Until = sources.Moment(r.At.Add(sources.RolloutMost).UTC().Format(time.RFC3339))
			on[r.Plan.Action.Resource] = len(l.Marks)
			l.Marks = append(l.Marks, m)
		}
	}
	return l
}
