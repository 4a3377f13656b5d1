package main

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"warroom/sources"
	"warroom/sources/recording"
	"warroom/tui"
)

// rehearsed is the recording of a rehearsal of d without a screen.
func rehearsed(t *testing.T, d time.Duration, args ...string) *recording.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "r.warroom")
	stdout, stderr, p := caught(t, append([]string{"rehearse", "--headless", "--for", d.String(), "--recording", path}, args...)...)
	if code := p.run(); code != exitDone {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	tape, err := recording.OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tape.Close() })
	return tape
}

// From the audience to the recording: the real clients ask the simulated AWS, every resource of every
// scenario has data, nothing is in trouble, and every tile can be judged.
func TestRehearsalsAreWholeEndToEnd(t *testing.T) {
	t.Parallel()
	for _, scenario := range []string{"lottery", "liftoff"} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			tape := rehearsed(t, 8*time.Minute, scenario, "--speed", "60") // slow enough for a busy machine
			meta, err := tape.Meta(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(meta.Resources) < 6 || meta.Rehearsal != scenario {
				t.Fatalf("%d resources of the rehearsal %q", len(meta.Resources), meta.Rehearsal)
			}
			everyResourceHasData(t, tape, meta)
			nothingIsInTrouble(t, tape)
			s, err := examine(t.Context(), tape, true)
			if err != nil {
				t.Fatal(err)
			}
			for _, tile := range s.Tiles {
				if tile.Level == levels[tui.LevelError] || tile.Level == levels[tui.LevelUnknown] || tile.Level == levels[tui.LevelStale] {
					t.Errorf("tile %s: %s, %s", tile.Resource, tile.Word, tile.Why)
				}
			}
		})
	}
}

func everyResourceHasData(t *testing.T, tape *recording.File, meta recording.Meta) {
	t.Helper()
	_, end, err := tape.Span(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	newest, err := tape.Newest(t.Context(), end, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	values := map[sources.Ref]int{}
	for _, s := range newest {
		if !s.None {
			values[s.Series.Ref()]++
		}
	}
	for _, r := range meta.Resources {
		if values[r.Ref] == 0 {
			t.Errorf("%s has no data", r.Ref)
		}
	}
}

// nothingIsInTrouble looks at the last word of every fact that tells of a trouble.
func nothingIsInTrouble(t *testing.T, tape *recording.File) {
	t.Helper()
	b, _, err := tape.Since(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	type name struct {
		sources.Ref
		name string
	}
	last := map[name]string{}
	for _, f := range b.Facts {
		if f.Resource.Service == sources.SourceRef || strings.HasPrefix(f.Name, "series:") {
			last[name{f.Resource, f.Name}] = f.Value
		}
	}
	for n, trouble := range last {
		if trouble != "" {
			t.Errorf("%s %s: %s", n.Ref, n.name, trouble)
		}
	}
}

// The same seed gives the same launch: every value that will not be revised any more is the same, however the
// polls fell. Another seed gives another one.
func TestSeedDecides(t *testing.T) {
	t.Parallel()
	settled := func(seed string) map[string]float64 {
		return settledValues(t, rehearsed(t, 3*time.Minute, "--speed", "120", "--seed", seed))
	}
	first, again, other := settled("7"), settled("7"), settled("8")
	if diff := cmp.Diff(common(first, again), common(again, first)); diff != "" {
		t.Errorf("the same seed gave different values:\n%s", diff)
	}
	if len(common(first, again)) < 200 {
		t.Errorf("only %d values can be compared", len(common(first, again)))
	}
	if cmp.Equal(common(first, other), common(other, first)) {
		t.Error("another seed gave the same launch")
	}
}

// settledValues are the last versions of all periods of the site that had settled before the recording ended.
func settledValues(t *testing.T, tape *recording.File) map[string]float64 {
	t.Helper()
	_, end, err := tape.Span(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := tape.Since(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, s := range b.Samples {
		m, _ := sources.Lookup(s.Series.Metric)
		ofRoom := m.Service == sources.RoomService || m.Service == sources.SourceRef
		if !ofRoom && !s.None && s.At.Add(m.Period+m.Settle).Before(s.Seen) && s.At.Add(m.Period+m.Settle).Before(end) {
			out[s.Series.String()+" "+s.At.UTC().Format(time.RFC3339)] = s.Value
		}
	}
	return out
}

// common is the part of a whose keys b has too.
func common(a, b map[string]float64) map[string]float64 {
	out := map[string]float64{}
	for k, v := range a {
		if _, ok := b[k]; ok {
			out[k] = v
		}
	}
	return out
}

// A rehearsal that was killed goes on in the same file, on the same clock.
func TestRehearsalGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.warroom")
	p := processWith("HOME="+t.TempDir(), "USER=mia")
	begun, closing, err := p.rehearsalRoom(rehearsal{scenario: "lottery", speed: 30, seed: 5, file: path}, "mia")
	if err != nil {
		t.Fatal(err)
	}
	started := begun.clock.Now()
	if err := closing(nil); err != nil {
		t.Fatal(err)
	}
	again, closing, err := p.rehearsalRoom(rehearsal{seed: 1, file: path}, "mia")
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []rehearsal{{scenario: "liftoff"}, {speed: 60}, {seed: 6, seeded: true}} {
		other.file = path
		if _, _, err := p.rehearsalRoom(other, "mia"); err == nil || codeOf(err) != exitUsage || !strings.Contains(err.Error(), "goes on") {
			t.Errorf("asked for %+v it says %v", other, err)
		}
	}
	defer func() { _ = closing(nil) }()
	if again.meta.Rehearsal != "lottery" || again.meta.Seed != 5 || again.meta.Clock.Speed != 30 {
		t.Errorf("it goes on with %+v", again.meta)
	}
	if gone := again.clock.Now().Sub(started); gone < 0 || gone > time.Minute {
		t.Errorf("the clock jumped by %v", gone)
	}
}

// A recording of a real launch is not overwritten by a rehearsal.
func TestRehearsalNeedsItsOwnFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "live.warroom")
	tape, err := openTape(path, recording.Meta{Launch: launch})
	if err != nil {
		t.Fatal(err)
	}
	if err := tape.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, err = processWith("HOME="+t.TempDir()).rehearsalRoom(rehearsal{scenario: "lottery", file: path}, "mia")
	if err == nil || codeOf(err) != exitUsage || !strings.Contains(err.Error(), "is the recording of a real launch") {
		t.Errorf("got %v", err)
	}
}

// The storyteller tells the scenario's lines as they come.
func TestStoryIsRecorded(t *testing.T) {
	t.Parallel()
	tape := rehearsed(t, 5*time.Minute, "--speed", "60") // slow enough for a busy machine
	b, _, err := tape.Since(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range b.Facts {
		if f.Resource == storyRef {
			lines = append(lines, f.Value)
		}
	}
	if len(lines) < 2 || lines[0] == lines[1] {
		t.Errorf("the story is %q", lines)
	}
}

// A replay plays from where something was first seen, as fast as it was lived; one that is told where to start stands
// there.
func TestReplayStartsWhereSomethingIsSeen(t *testing.T) {
	t.Parallel()
	tape := rehearsed(t, time.Minute, "--speed", "120")
	first, err := tape.FirstSeen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o, err := replaying{file: "r.warroom"}.options(t.Context(), tape)
	if err != nil || o.At == nil || !o.At.Equal(first) || !o.Playing || o.Speed != 120 {
		t.Errorf("it starts at %v, playing %v, at the speed %v, want %v (%v)", o.At, o.Playing, o.Speed, first, err)
	}
	o, err = replaying{file: "r.warroom", at: "T-1m", speed: 3}.options(t.Context(), tape)
	if err != nil || o.At == nil || !o.At.Equal(o.Meta.Launch.T0.Add(-time.Minute)) || o.Playing || o.Speed != 3 {
		t.Errorf("told where, it starts at %v, playing %v, at the speed %v (%v)", o.At, o.Playing, o.Speed, err)
	}
}

// A replay takes the time of day as the jump does, in T0's zone.
func TestReplayStartsAtATimeOfDay(t *testing.T) {
	t.Parallel()
	tape := rehearsed(t, time.Minute, "--speed", "120")
	_, end, err := tape.Span(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	meta, err := tape.Meta(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := end.Truncate(time.Second)
	at := sources.Moment(want.In(meta.Launch.T0.Location()).Format(time.TimeOnly))
	o, err := replaying{file: "r.warroom", at: at}.options(t.Context(), tape)
	if err != nil || o.At == nil || !o.At.Equal(want) || o.Playing {
		t.Errorf("at %s it starts at %v, playing %v, want %v (%v)", at, o.At, o.Playing, want, err)
	}
	if _, err := (replaying{at: "25:99"}).options(t.Context(), tape); codeOf(err) != exitUsage || !strings.Contains(err.Error(), "--at 25:99: want T0, T-5m, T+1h12m, a time of day such as 20:31, or a time with its zone") {
		t.Errorf("at 25:99: %v", err)
	}
	at = sources.Moment(want.Add(6 * time.Hour).In(meta.Launch.T0.Location()).Format("15:04"))
	if _, err := (replaying{at: at}).options(t.Context(), tape); codeOf(err) != exitUsage || !strings.Contains(err.Error(), "outside of the recording") {
		t.Errorf("at %s, which was not recorded: %v", at, err)
	}
}

// A replay has the keys of the config that is found; one that is broken is told, and the keys are the house's.
func TestReplayHasTheKeysOfTheConfig(t *testing.T) {
	t.Chdir(t.TempDir())
	_, stderr, p := caught(t)
	if keys, err := p.keysOf(""); err != nil || keys != nil {
		t.Errorf("without a config: %v, %v", keys, err)
	}
	write(t, "warroom.yaml", oneBalancer+"keys: {pause: p}\n")
	if keys, err := p.keysOf(""); err != nil || keys["pause"] != "p" {
		t.Errorf("of the config: %v, %v", keys, err)
	}
	write(t, "warroom.yaml", oneBalancer+"kyes: {pause: p}\n")
	if keys, err := p.keysOf(""); err != nil || keys != nil || !strings.Contains(stderr.String(), `the keys are those of the house: warroom.yaml:3:1: unknown word "kyes"`) {
		t.Errorf("of a broken config: %v, %v, said %s", keys, err, stderr)
	}
	if _, err := p.keysOf("warroom.yaml"); codeOf(err) != exitUsage {
		t.Errorf("of a broken config that was asked for: %v", err)
	}
}

// A rehearsal judges by the rules of the config: those of one's own over the house's, and without what is switched off.
func TestRehearsalJudgesByTheRulesOfTheConfig(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	config := filepath.Join(folder, "warroom.yaml")
	write(t, config, oneBalancer+"alerts: {rules: [ours.yaml]}\n")
	write(t, filepath.Join(folder, "ours.yaml"), `groups:
  - name: ours
    rules:
      - {alert: Crowd, expr: alb_requests > 1, labels: {severity: page}}
      - {alert: OriginErrors, expr: alb_error_ratio > 0.01, labels: {severity: "off"}}
`)
	tape := rehearsed(t, 5*time.Minute, "--speed", "60", "--config", config)
	b, _, err := tape.Since(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	fired := slices.ContainsFunc(b.Changes, func(c sources.Change) bool {
		return bytes.Contains(c.Body, []byte(`"rule":"Crowd"`)) && bytes.Contains(c.Body, []byte(`"to":"firing"`))
	})
	if !fired {
		t.Errorf("the config's rule has not fired, among %d changes", len(b.Changes))
	}
	broken := filepath.Join(folder, "broken.yaml")
	write(t, broken, oneBalancer+"alerts: {rules: [nowhere.yaml]}\n")
	_, _, p := caught(t)
	if err := p.furnish(&room{}, broken); codeOf(err) != exitUsage {
		t.Errorf("rules that cannot be read: %v", err)
	}
}
