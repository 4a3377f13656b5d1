package main

import (
	"cmp"
	"slices"
	"time"

	"warroom/runbooks"
	"warroom/sources"
)

// markOfAction is the kind of mark that an action becomes; that of a note where there is none.
var markOfAction = map[runbooks.Kind]string{
	runbooks.Capacity: sources.MarkScale, runbooks.Maintenance: sources.MarkMaintenance,
	runbooks.Invalidate: sources.MarkPurge, runbooks.Deploy: sources.MarkDeploy,
}

// knownActs are the kinds of marks that the judge knows by the room's own actions. Deployments and scalings are seen by
// themselves.
var knownActs = []string{sources.MarkMaintenance, sources.MarkPurge}

// actionMarks are the marks that the room's own actions make, in their order. What was switched to the maintenance page is
// there until it is switched back, or for as long as anything without an end is taken to last; the switching back is a note.
func actionMarks(changes []sources.Change) []sources.Mark {
	var marks []sources.Mark
	on := map[sources.Ref]int{} // where the mark stands of what is at the maintenance page
	for _, r := range runbooks.Runs(changes) {
		if r.State == runbooks.Undone || r.State == runbooks.Failed {
			continue
		}
		a := r.Plan.Action
		kind, until := cmp.Or(markOfAction[a.Kind], sources.MarkNote), time.Time{}
		if a.Kind == runbooks.Maintenance {
			if i, open := on[a.Resource]; open {
				marks[i].Until = momentOf(r.At)
				delete(on, a.Resource)
			}
			if runbooks.Maintained.Wants(r.Plan) {
				on[a.Resource], until = len(marks), r.At.Add(sources.RolloutMost)
			} else {
				kind = sources.MarkNote
			}
		}
		marks = append(marks, newMark(r.At, until, kind, a.String()))
	}
	return marks
}

// newMark is a mark from one time to another, without an end where that is not after its beginning.
func newMark(at, until time.Time, kind, note string) sources.Mark {
	m := sources.Mark{At: momentOf(at), Kind: kind, Note: sources.CleanTo(note, noteMost)}
	if until.After(at) {
		m.Until = momentOf(until)
	}
	return m
}

func momentOf(t time.Time) sources.Moment { return sources.Moment(t.UTC().Format(time.RFC3339)) }

// acted is a launch with the marks of what was done from the room: rules ask for them as for those that were planned.
func acted(l sources.Launch, changes []sources.Change) sources.Launch {
	l.Marks = slices.Clone(l.Marks)
	for _, m := range actionMarks(changes) {
		if slices.Contains(knownActs, m.Kind) {
			l.Marks = append(l.Marks, m)
		}
	}
	return l
}
