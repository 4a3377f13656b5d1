package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/directory"
	"warroom/sources/recording"
)

// What people and the provider did while the launch was watched stands among the marks of what is exported.
func TestExportMarksWhatHappened(t *testing.T) {
	t.Parallel()
	s := newShift(t)
	s.until("T-90s")
	s.does(runbooks.Action{Kind: runbooks.Capacity, Resource: fleetWeb, Want: map[string]string{"desired": "+6"}})
	now, spare := s.room.clock.Now(), sources.Ref{Service: "asg", Name: "spare"}
	for _, c := range []sources.Change{
		{Kind: sources.ChangeNote, Actor: "mia", Text: "the moderator is early\nby a minute"},
		{Kind: sources.ChangeDeploy, Text: "release 214", ID: "214"},
		{Kind: sources.ChangeScaling, Resource: spare, Text: "one more", ID: "1"},
		{Kind: sources.ChangeScaling, Resource: spare, Text: "one more", ID: "2"},
		{Kind: sources.ChangeRoom, Text: "nothing of the launch"},
	} {
		c.At, c.Seen = now.Truncate(time.Minute), now
		if _, err := s.tape.AppendChange(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	s.end()

	out := filepath.Join(t.TempDir(), "out")
	stdout, stderr, p := caught(t, "export", s.tape.Path(), "--out", out)
	if code := p.run(); code != exitDone || stderr.Len() > 0 {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}
	d, err := directory.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	var marks []string
	for _, m := range d.Launch.Marks {
		marks = append(marks, m.Kind+" "+m.Note)
	}
	all := strings.Join(marks, "\n")
	for _, want := range []string{
		"surge prime-time mention", "note the moderator is early by a minute", "deploy release 214", "scale one more, and 1 more",
		"scale capacity asg/web desired=+6",
	} {
		if strings.Count(all, want) != 1 {
			t.Errorf("%q is not among the marks once:\n%s", want, all)
		}
	}
	if strings.Contains(all, "nothing of the launch") {
		t.Errorf("the room's own changes are among the marks:\n%s", all)
	}
}

// An imported launch reads at every moment as it does from the recording that it was exported from.
func TestImportedLaunchIsTheSameAtEveryMoment(t *testing.T) {
	t.Parallel()
	lived := rehearsed(t, 6*time.Minute, "--speed", "120")
	folder := t.TempDir()
	series, file := filepath.Join(folder, "series"), filepath.Join(folder, "again.warroom")
	for _, args := range [][]string{{"export", lived.Path(), "--out", series}, {"import", series, "--into", file}} {
		stdout, stderr, p := caught(t, args...)
		if code := p.run(); code != exitDone {
			t.Fatalf("%v: exit code %d: %s%s", args, code, stdout, stderr)
		}
	}
	again, err := recording.OpenReadOnly(file)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	first, err := lived.FirstSeen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if o, err := (replaying{file: file}).options(t.Context(), again); err != nil || o.At == nil || o.At.Sub(first).Abs() > time.Second || o.Meta.Launch.Name != "lottery" {
		t.Errorf("its replay starts with %+v, want at %v (%v)", o, first, err)
	}
	shown := 0
	for at := first; at.Before(first.Add(6 * time.Minute)); at = at.Add(20 * time.Second) {
		want, got := statusAt(t, lived, at, sources.AsSeen), statusAt(t, again, at, sources.AsSeen)
		tiles := map[string]tileStatus{}
		for _, tile := range got.Tiles {
			tiles[tile.Resource] = tile
		}
		for _, tile := range want.Tiles {
			if g := tiles[tile.Resource]; g.Shown != tile.Shown || g.Level != tile.Level {
				t.Fatalf("at %v: %+v, want %+v", at, g, tile)
			}
			if tile.Level != "ok" {
				shown++
			}
		}
	}
	if shown == 0 {
		t.Error("nothing was to be told apart")
	}
}
