package query_test

import (
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/query"
)

// TestLiveMarks: what was seen to happen is a mark from when it happened, until its end or for ten minutes, and nobody
// knows of it before it was seen.
func TestLiveMarks(t *testing.T) {
	web := sources.Ref{Service: "asg", Name: "web"}
	seq := int64(0)
	change := func(kind, id string, minute, seen float64) sources.Change {
		seq++
		return sources.Change{Seq: seq, At: at(minute), Seen: at(seen), Kind: kind, Resource: web, Actor: "CodeDeploy", ID: id}
	}
	w := sources.NewWindow(4 * time.Hour)
	w.Apply(sources.Batch{Changes: []sources.Change{
		change(sources.ChangeDeploy, "by hand", 1, 3),
		sources.Begins(change(sources.ChangeDeploy, "d-1", 20, 21)),
		change(sources.ChangeScaling, "activity", 30, 30.5),
		sources.Ends(change(sources.ChangeDeploy, "d-1/ended", 55, 56), "d-1"),
	}})
	launch := sources.Launch{T0: t0, Marks: []sources.Mark{{At: "T+2h", Kind: sources.MarkDeploy}}}
	for _, c := range []struct {
		kind           string
		cursor, moment float64
		want           string
	}{
		{"deploy", 2, 2, " 0"}, // nobody has seen it yet
		{"deploy", 3, 2, " 1"}, {"deploy", 3, 0.9, " 0"}, {"deploy", 12, 10.9, " 1"}, {"deploy", 12, 11, " 0"},
		{"deploy", 21, 20, " 1"}, {"deploy", 50, 50, " 1"}, // its end has been promised
		{"deploy", 55.5, 55.5, " 1"}, {"deploy", 56, 55.5, " 0"}, {"deploy", 56, 54.9, " 1"},
		{"scale", 31, 30, " 1"}, {"scale", 31, 29.9, " 0"}, {"scale", 41, 40, " 0"},
		{"maintenance", 31, 30, " 0"}, {"deploy", 121, 121, " 1"},
	} {
		got := asked(t, w.View(sources.Cursor{At: at(c.cursor)}), `mark_active{kind="`+c.kind+`"}`, c.moment, query.Options{Launch: &launch})
		if got != c.want {
			t.Errorf("%s at %g, known at %g: %q, want %q", c.kind, c.moment, c.cursor, got, c.want)
		}
	}
	during := asked(t, w.View(sources.Cursor{At: at(60)}), `sum_over_time(mark_active{kind="deploy"}[60m:1m])`, 60, query.Options{Launch: &launch})
	if during != " 45" {
		t.Errorf("minutes with a deployment in the last hour: %s, want 10 of the first and 35 of the second", during)
	}
}
