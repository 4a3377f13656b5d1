package simulator

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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

func TestScenarioMistakes(t *testing.T) {
	cases := []struct {
		name, from, to string // a change of the smallest scenario
		want           []string
	}{
		{"unknown word", "base: 5", "baes: 5", []string{":4:3: ", `unknown field "baes", did you mean "base"?`}},
		{"unknown word in capacity", "desired: 2", "desierd: 2", []string{":6:26: ", `"desierd", did you mean "desired"?`}},
		{"no such thing as a measurement", "base: 5", "base: 5\n  cpu: 90", []string{":5:3: ", `unknown field "cpu"`}},
		{"no name", "name: small\n", "", []string{"name: missing"}},
		{"no T0", "t0: 2026-03-01T19:15:00Z\n", "", []string{"t0: missing", "e.g. 2026-03-01T19:15:00Z"}},
		{"T0 is no time", "2026-03-01T19:15:00Z", "tonight", []string{":2:"}},
		{"nobody", "base: 5", "base: 0", []string{":", "nobody comes"}},
		{"negative base", "base: 5", "base: -1", []string{":4:9: ", "audience.base: want 0 to 100000, got -1"}},
		{"not a number", "base: 5", "base: many", []string{":4:9: "}},
		{"bounds upside down", "max: 4", "max: 1", []string{":6:", "min <= desired <= max"}},
		{"quarter of an ACU", "max: 8}", "max: 8.25}", []string{":7:", "half steps"}},
		{"group without capacity", "web: {min", "api: {min", []string{"says nothing about the group \"web\""}},
		{"capacity without a group", "groups: {web: {min: 2, desired: 2, max: 4}}", "groups: {web: {min: 2, desired: 2, max: 4}, wep: {min: 1, desired: 1, max: 1}}", []string{`no group of the site is called "wep", did you mean "web"?`}},
		{"moment", "audience:", "start: T-3\naudience:", []string{":3:8: ", `moment "T-3": want T0, T-30m, T+1h12m or RFC 3339`}},
		{"end before start", "audience:", "end: T-30m\naudience:", []string{":3:6: ", "ends before it has begun"}},
		{"speed", "audience:", "speed: 500\naudience:", []string{":3:8: ", "want 1 to 120"}},
		{"kind of mark", "audience:", "marks: [{at: T0, kind: serge}]\naudience:", []string{":3:24: ", `"serge", did you mean "surge"?`}},
		{"kind of fault", "audience:", "faults:\n  - {at: T0, kind: bot-wav}\naudience:", []string{":4:20: ", `"bot-wav", did you mean "bot-wave"?`}},
		{"fault without a rate", "audience:", "faults:\n  - {at: T0, kind: throttling}\naudience:", []string{":4:", "faults[0].rate: want 0.001 to 1, got 0"}},
		{"fault of an unknown service", "audience:", "faults:\n  - {at: T0, kind: dead, service: cloudwach}\naudience:", []string{`"cloudwach", did you mean "cloudwatch"?`}},
		{"fault of the site with a service", "audience:", "faults:\n  - {at: T0, kind: slow-origin, factor: 2, service: rds}\naudience:", []string{"is a fault of the site, it has no service"}},
		{"fault that ends before it begins", "audience:", "faults:\n  - {at: T0, until: T-1m, kind: dead}\naudience:", []string{"over before it begins"}},
		{"surge without an end", "base: 5", "base: 5\n  surges: [{at: T0, peak: 10}]", []string{":5:", "halve is missing"}},
		{"counts beside a base", "base: 5", "base: 5\n  counts: {file: nasa-1995-07-13}", []string{"leave out base and surges"}},
		{"counts that are not there", "base: 5", "counts: {file: nasa-1996}", []string{":4:18: ", `no series of the house is called "nasa-1996"`}},
		{"counts in a file that is not there", "base: 5", "counts: {file: ./none.csv}", []string{"read counts"}},
		{"account", "audience:", "site: {account: \"123\"}\naudience:", []string{":3:17: ", "want twelve digits"}},
		{"region", "audience:", "site: {region: Frankfurt}\naudience:", []string{"want a region such as eu-central-1"}},
		{"window", "audience:", "site: {firewall: {window: 3m}}\naudience:", []string{"AWS knows 1m, 2m, 5m and 10m"}},
		{"mode", "audience:", "site: {firewall: {rate: Bloc}}\naudience:", []string{`"Bloc", did you mean "Block"?`}},
		{"engine", "audience:", "site: {cluster: {engine: aurora}}\naudience:", []string{"aurora-postgresql, aurora-mysql"}},
		{"escape sequence in a name", "audience:", "site: {balancer: {name: \"a\\e[31mb\"}}\naudience:", []string{"want a short name", `"a\x1b[31mb"`}},
		{"two groups of one name", "audience:", "site: {groups: [{name: web}, {name: web}]}\naudience:", []string{`two groups are called "web"`}},
		{"provisioned without a size", "audience:", "site: {cluster: {class: db.r6g.large}}\naudience:", []string{"site.cluster.size: want 0.5 to 512"}},
		{"no YAML", "audience:", "audience: [", []string{":"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(smallest, c.from, c.to, 1)
			if text == smallest {
				t.Fatal("the change changes nothing")
			}
			path := written(t, text)
			_, err := Load(path)
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.HasPrefix(err.Error(), path) {
				t.Errorf("%q does not begin with the file", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q lacks %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "\x1b") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q is not one harmless line", err)
			}
		})
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
