package simulator

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const smallest = `name: small
t0: 2026-03-01T19:15:00Z
audience:
  base: 5
capacity:
  groups: {web: {min: 2, desired: 2, max: 4}}
  acu: {min: 1, max: 8}
`

func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheSmallestScenarioRuns(t *testing.T) {
	sc, err := Load(written(t, smallest))
	if err != nil {
		t.Fatal(err)
	}
	l, err := New(sc, 3)
	if err != nil {
		t.Fatal(err)
	}
	minutes := everything(l)
	if len(minutes) < 60 {
		t.Fatalf("%d minutes of history", len(minutes))
	}
	for _, m := range minutes {
		if err := check(m); err != nil {
			t.Error(err)
		}
	}
	if b := minutes[len(minutes)-1].Balancers[0]; b.Requests == 0 || b.ELB5xx > 0 {
		t.Errorf("%+v", b)
	}
}

// What is wrong is told with the way to it.
func TestMistakesNameTheirPlace(t *testing.T) {
	for path, change := range map[string][2]string{
		"audience.base":        {"base: 5", "base: -1"},
		"capacity.groups.web":  {"max: 4", "max: 1"},
		"marks[1].until":       {"audience:", "marks: [{at: T0, kind: note}, {at: T0, until: T-1m, kind: note}]\naudience:"},
		"audience.counts.file": {"base: 5", "counts: {file: nasa-1996}"},
	} {
		file := written(t, strings.Replace(smallest, change[0], change[1], 1))
		_, err := Load(file)
		m, ok := errors.AsType[*Mistake](err)
		if !ok || m.File != file || m.Path != path || strings.Join(m.Steps(), "/") != strings.NewReplacer("[", "/", "].", "/", ".", "/").Replace(path) {
			t.Errorf("want a mistake at %s, got %v", path, err)
		}
	}
}

// What a file sets to nothing is nothing, not the usual.
func TestNothingIsNothing(t *testing.T) {
	sc, err := Load(written(t, smallest[:strings.Index(smallest, "capacity:")]+`site: {groups: [{name: web}, {name: api, weight: 0}]}
capacity: {groups: {web: {min: 2, desired: 2, max: 4}, api: {min: 0, desired: 0, max: 4}}, acu: {min: 1, max: 8}}
`))
	if err != nil {
		t.Fatal(err)
	}
	l, err := New(sc, 1)
	if err != nil {
		t.Fatal(err)
	}
	if g := l.Scenario().Site.Groups; g[0].Weight != 100 || g[1].Weight != 0 || g[1].Cores != 8 {
		t.Errorf("the groups are %+v", g)
	}
}

func TestScenariosThatAreNotThere(t *testing.T) {
	if _, err := Load("lotery"); err == nil || !strings.Contains(err.Error(), `did you mean "lottery"?`) {
		t.Error(err)
	}
	if _, err := Load("./nothing.yaml"); err == nil || !strings.Contains(err.Error(), "nothing.yaml") {
		t.Error(err)
	}
	if _, err := Load(written(t, "")); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Error(err)
	}
	if names := Scenarios(); len(names) < 2 || names[0] != "lottery" {
		t.Errorf("the house has %v, the newcomer's comes first", names)
	}
}

func TestOwnCounts(t *testing.T) {
	dir := t.TempDir()
	text := strings.Replace(smallest, "base: 5", "counts: {file: ./mine.csv, scale: 2}", 1)
	scenario := filepath.Join(dir, "own.yaml")
	rows := func(csv string) error {
		for path, body := range map[string]string{scenario: text, filepath.Join(dir, "mine.csv"): csv} {
			if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		sc, err := Load(scenario)
		if err == nil {
			_, err = New(sc, 1)
		}
		return err
	}
	if err := rows("at,requests\n2026-03-01T19:14:00Z,60\n2026-03-01T19:15:00Z,90\n"); err != nil {
		t.Error(err)
	}
	for name, bad := range map[string]string{
		"no rows": "at,requests\n", "a gap": "at,requests\n2026-03-01T19:14:00Z,60\n2026-03-01T19:16:00Z,90\n",
		"negative": "at,requests\n2026-03-01T19:14:00Z,-1\n", "no time": "at,requests\nyesterday,1\n", "columns": "at\n1\n", "NaN": "at,requests\n2026-03-01T19:14:00Z,NaN\n",
	} {
		if err := rows(bad); err == nil || !strings.Contains(err.Error(), "mine.csv") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An audience that is given as requests makes that many: with everybody who registers, who fills the form in again
// after a mistake, and who is thanked.
func TestCountsAreTheRequests(t *testing.T) {
	dir := t.TempDir()
	var rows strings.Builder
	rows.WriteString("at,requests\n")
	start := time.Date(2026, 3, 1, 17, 0, 0, 0, time.UTC)
	for minute := range 180 {
		fmt.Fprintf(&rows, "%s,3000\n", start.Add(time.Duration(minute)*time.Minute).Format(time.RFC3339))
	}
	if err := os.WriteFile(filepath.Join(dir, "even.csv"), []byte(rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	scenario := filepath.Join(dir, "even.yaml")
	text := strings.Replace(smallest, "base: 5", `counts: {file: ./even.csv}
  visit: {pages: 1.5, registers: 0.5, invalid: 0.4}
  page: {calls: 0.5, static: 2, static_again: 1}`, 1)
	if err := os.WriteFile(scenario, []byte(strings.Replace(text, "min: 2, desired: 2, max: 4", "min: 12, desired: 12, max: 12", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	sc, err := Load(scenario)
	if err != nil {
		t.Fatal(err)
	}
	l, err := New(sc, 5)
	if err != nil {
		t.Fatal(err)
	}
	minutes, sum := everything(l), int64(0)
	for _, m := range minutes {
		sum += m.Edges[0].Requests
	}
	if mean := float64(sum)/float64(len(minutes)) - 60*ordinaryBots; mean < 2940 || mean > 3060 {
		t.Errorf("%.0f requests a minute, want 3000", mean)
	}
}

func TestNewRefusesWhatLoadWouldRefuse(t *testing.T) {
	sc, err := Load("lottery")
	if err != nil {
		t.Fatal(err)
	}
	sc.Capacity.ACU.Max = 3.1
	if _, err := New(sc, 1); err == nil || !strings.Contains(err.Error(), "capacity.acu") {
		t.Error(err)
	}
	if _, err := New(Scenario{}, 1); err == nil {
		t.Error("an empty scenario makes a site")
	}
}

// The format that the package describes is the format that it reads.
func TestTheDescribedScenarioIsRead(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var example strings.Builder
	for line := range strings.Lines(string(doc)) {
		if text, ok := strings.CutPrefix(line, "//\t"); ok {
			example.WriteString(text)
		}
	}
	text := example.String()
	if _, err := Load(written(t, text)); err == nil || !strings.Contains(err.Error(), "leave out base and surges") {
		t.Errorf("the example shows both audiences, and is refused for that alone: %v", err)
	}
	start := strings.Index(text, "  counts:")
	end := start + strings.Index(text[start:], "\n") + 1
	sc, err := Load(written(t, text[:start]+text[end:]))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(sc, 1); err != nil || len(sc.Faults) != 2 || sc.Audience.Visit.Registers != 0.6 || sc.Site.Groups[0].Warmup.Minutes() != 3 {
		t.Errorf("%+v, %v", sc, err)
	}
}
