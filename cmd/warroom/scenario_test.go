package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"warroom/sources/document"
	"warroom/sources/recording"
)

const smallScenario = `name: small
t0: 2026-03-01T19:15:00Z
audience:
  base: 5
capacity:
  groups: {web: {min: 2, desired: 2, max: 4}}
  acu: {min: 1, max: 8}
`

// Every mistake in a scenario is told with its line and column and, where a word is near, with that word.
func TestScenarioMistakes(t *testing.T) {
	const audience, whatFollows = "audience:", "\naudience:"
	at := func(text string) string { return text + whatFollows }
	for name, tc := range map[string]struct{ from, to, want string }{
		"unknown word":                   {"base: 5", "baes: 5", `:4:3: unknown word "baes" in audience; did you mean "base"?`},
		"unknown word of another level":  {"base: 5", "boot: 5s", `:4:3: unknown word "boot" in audience (known: name, namespace, base, surges, counts, visit, page)`},
		"unknown word in capacity":       {"desired: 2", "desierd: 2", `:6:26: unknown word "desierd" in capacity.groups.web; did you mean "desired"?`},
		"unknown outermost word":         {audience, at("period: 60s"), `:3:1: unknown word "period" (known: name, about`},
		"no such thing as a measurement": {"base: 5", "base: 5\n  cpu: 90", `:5:3: unknown word "cpu" in audience`},
		"no name":                        {"name: small\n", "", ": name: missing"},
		"no T0":                          {"t0: 2026-03-01T19:15:00Z\n", "", ": t0: missing: the launch needs its T0, e.g. 2026-03-01T19:15:00Z"},
		"T0 is no time":                  {"2026-03-01T19:15:00Z", "tonight", ":2:5: t0: want a time with its zone (RFC 3339), such as"},
		"T0 without a time":              {"2026-03-01T19:15:00Z", "2026-03-01", ":2:5: t0: want a time with its zone"},
		"duration":                       {"base: 5", "base: 5\n  visit: {think: long}", ":5:18: audience.visit.think: want a duration such as 60s or 5m"},
		"nobody":                         {"base: 5", "base: 0", ":3:1: audience: nobody comes"},
		"negative base":                  {"base: 5", "base: -1", ":4:9: audience.base: want 0 to 100000, got -1"},
		"not a number":                   {"base: 5", "base: many", ":4:9: audience.base: want a number"},
		"not a whole number":             {"min: 2", "min: 2.5", ":6:23: capacity.groups.web.min: want a whole number"},
		"a list":                         {"base: 5", "surges: {at: T0}", ":4:11: audience.surges: want a list"},
		"bounds upside down":             {"max: 4", "max: 1", ":6:12: capacity.groups.web: want 0 <= min <= desired <= max <= 1000"},
		"quarter of an ACU":              {"max: 8}", "max: 8.25}", ":7:3: capacity.acu: want half steps"},
		"group without capacity":         {audience, at("site: {groups: [{name: web}, {name: api}]}"), `:6:1: capacity: it says nothing about the group "api"`},
		"group of another name":          {"web: {min", "wep: {min", `:6:12: capacity.groups.wep: no group of the site is called "wep"; did you mean "web"?`},
		"capacity without a group":       {"max: 4}}", "max: 4}, wep: {min: 1, desired: 1, max: 1}}", `:6:47: capacity.groups.wep: no group of the site is called "wep"; did you mean "web"?`},
		"moment":                         {audience, at("start: T-3"), `:3:8: start: moment "T-3": want T0, T-30m, T+1h12m or RFC 3339`},
		"end before start":               {audience, at("end: T-30m"), ":3:6: end: the story ends before it has begun"},
		"speed":                          {audience, at("speed: 500"), ":3:8: speed: want 1 to 120, got 500"},
		"phase without a name":           {audience, at("phases:\n  - at: T0"), ":4:5: phases[0]: name is missing"},
		"kind of mark":                   {audience, at("marks: [{at: T0, kind: serge}]"), `:3:24: marks[0].kind: unknown word "serge"; did you mean "surge"?`},
		"mark that ends before":          {audience, at("marks:\n  - {at: T0, kind: note}\n  - {at: T0, until: T-1m, kind: note}"), ":5:21: marks[1].until: it is over before it begins"},
		"peak":                           {audience, at("marks: [{at: T0, kind: surge, peak: many}]"), `:3:37: marks[0].peak: want how many times the ordinary, such as 20x, got "many"`},
		"kind of fault":                  {audience, at("faults:\n  - {at: T0, kind: bot-wav}"), `:4:20: faults[0].kind: unknown word "bot-wav"; did you mean "bot-wave"?`},
		"fault without a rate":           {audience, at("faults:\n  - {at: T0, kind: throttling}"), ":4:5: faults[0].rate: want 0.001 to 1, got 0"},
		"fault of an unknown service":    {audience, at("faults:\n  - {at: T0, kind: dead, service: cloudwach}"), `:4:35: faults[0].service: unknown word "cloudwach"; did you mean "cloudwatch"?`},
		"fault of the site's service":    {audience, at("faults:\n  - {at: T0, kind: slow-origin, factor: 2, service: rds}"), ":4:53: faults[0].service: slow-origin is a fault of the site, it has no service"},
		"fault of another's service":     {audience, at("faults:\n  - {at: T0, kind: forbidden, rate: 1, service: rds}"), ":4:49: faults[0].service: forbidden is a fault of CloudWatch's series: leave service out, or write cloudwatch"},
		"fault that takes no rate":       {audience, at("faults:\n  - {at: T0, kind: dead, rate: 0.5}"), ":4:32: faults[0].rate: dead takes no rate"},
		"fault that takes another word":  {audience, at("faults:\n  - {at: T0, kind: latency, rate: 0.5, delay: 2s}"), ":4:35: faults[0].rate: latency takes no rate (it takes delay)"},
		"fault that ends before":         {audience, at("faults:\n  - {at: T0, until: T-1m, kind: dead}"), ":4:21: faults[0].until: it is over before it begins"},
		"surge without an end":           {"base: 5", "base: 5\n  surges: [{at: T0, peak: 10}]", ":5:12: audience.surges[0]: halve is missing"},
		"counts beside a base":           {"base: 5", "base: 5\n  counts: {file: nasa-1995-07-13}", ":5:3: audience.counts: counts are the whole audience: leave out base and surges"},
		"counts that are not there":      {"base: 5", "counts: {file: nasa-1996}", `:4:18: audience.counts.file: read counts: no series of the house is called "nasa-1996"`},
		"counts' file is not there":      {"base: 5", "counts: {file: ./none.csv}", ":4:18: audience.counts.file: read counts: open"},
		"account":                        {audience, at("site: {account: \"123\"}"), ":3:17: site.account: want twelve digits"},
		"region":                         {audience, at("site: {region: Frankfurt}"), ":3:16: site.region: want a region such as eu-central-1"},
		"window":                         {audience, at("site: {firewall: {window: 3m}}"), ":3:27: site.firewall.window: AWS knows 1m, 2m, 5m and 10m"},
		"mode":                           {audience, at("site: {firewall: {rate: Bloc}}"), `:3:25: site.firewall.rate: unknown word "Bloc"; did you mean "Block"?`},
		"engine":                         {audience, at("site: {cluster: {engine: aurora}}"), ":3:26: site.cluster.engine: unknown word"},
		"escape sequence in a name":      {audience, at("site: {balancer: {name: \"a\\e[31mb\"}}"), `:3:25: site.balancer.name: want a short name`},
		"two groups of one name":         {audience, at("site: {groups: [{name: web}, {name: web}]}"), `:3:37: site.groups[1].name: two groups are called "web"`},
		"no processor time":              {audience, at("site: {groups: [{name: web, request_cpu: 0s}]}"), ":3:42: site.groups[0].request_cpu: want 1e-05 to 60, got 0"},
		"no weight at all":               {audience, at("site: {groups: [{name: web, weight: 0}]}"), ":3:8: site.groups: the weights of all groups are 0"},
		"provisioned without a size":     {audience, at("site: {cluster: {class: db.r6g.large}}"), ":3:8: site.cluster.size: want 0.5 to 512"},
		"no YAML":                        {audience, "audience: [", ":5:1:"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(smallScenario, tc.from, tc.to, 1)
			if text == smallScenario {
				t.Fatal("the change changes nothing")
			}
			path := filepath.Join(t.TempDir(), "own.yaml")
			write(t, path, text)
			for _, verb := range [][]string{{"check", path}, {"rehearse", "--headless", path}} {
				_, stderr, p := caught(t, verb...)
				code := p.run()
				line, excerpt, _ := strings.Cut(stderr.String(), "\n")
				if code != exitUsage || !strings.HasPrefix(line, "warroom: "+path+tc.want) {
					t.Errorf("%s: exit code %d\ngot  %s\nwant %s", verb[0], code, line, tc.want)
				}
				if tc.want[0] == ':' && tc.want[1] != ' ' && !strings.Contains(excerpt, "^") {
					t.Errorf("no excerpt: %q", excerpt)
				}
			}
		})
	}
}

func TestScenarioWithAByteOrderMark(t *testing.T) {
	path := filepath.Join(t.TempDir(), "own.yaml")
	write(t, path, "\ufeff"+smallScenario)
	if _, err := readScenario(path); err != nil {
		t.Error(err)
	}
	write(t, path, "")
	if _, err := readScenario(path); err == nil || !strings.Contains(err.Error(), "is empty: a scenario needs name, t0, audience and capacity") {
		t.Error(err)
	}
}

// A rehearsal of a scenario's file goes on wherever the next process works.
func TestScenarioFileIsFoundFromElsewhere(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "own.yaml"), smallScenario)
	file := filepath.Join(folder, "r.warroom")
	t.Chdir(folder)
	stdout, stderr, p := caught(t, "rehearse", "./own.yaml", "--headless", "--for", "10s", "--speed", "60", "--recording", file)
	if code := p.run(); code != exitDone {
		t.Fatalf("%d %s %s", code, stdout, stderr)
	}
	if _, _, p := caught(t, "rehearse", "own.yaml", "--headless", "--for", "10s", "--recording", file); p.run() != exitDone {
		t.Error("the same scenario under another spelling is not taken for the same")
	}
	t.Chdir(t.TempDir())
	stdout, stderr, p = caught(t, "rehearse", "--headless", "--for", "10s", "--recording", file)
	if code := p.run(); code != exitDone {
		t.Errorf("from elsewhere: %d %s %s", code, stdout, stderr)
	}
	if _, err := recording.OpenReadOnly(file); err != nil {
		t.Error(err)
	}
	var where *document.FileError
	_, err := loadScenario("./own.yaml")
	if !errors.As(err, &where) || codeOf(err) != exitUsage {
		t.Errorf("a scenario that is not there: %v", err)
	}
}
