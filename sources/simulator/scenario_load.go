package simulator

import (
	"bytes"
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

//go:embed scenarios
var house embed.FS

// Scenarios lists the names of the scenarios that come with the house, the newcomer's first.
func Scenarios() []string {
	files, err := fs.Glob(house, "scenarios/*.yaml")
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, strings.TrimSuffix(path.Base(f), ".yaml"))
	}
	sort.SliceStable(names, func(i, j int) bool { return names[i] == "lottery" && names[j] != "lottery" })
	return names
}

// Load reads a scenario: one of the house by its name, or a file by its path (a word with a slash or a
// .yaml or .yml ending is a path). Errors name the file and the place in it.
func Load(name string) (Scenario, error) {
	if !IsPath(name) {
		return loadHouse(name)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return Scenario{}, fmt.Errorf("read scenario: %w", err)
	}
	return Parse(name, text)
}

// Parse reads the text of the scenario file called name, beside which its counts are looked for. Mistakes of what
// it says are a *[Mistake]; those of how it is written are the YAML reader's errors.
func Parse(name string, text []byte) (Scenario, error) {
	return parse(name, text, func(counts string) ([]byte, error) {
		if !IsPath(counts) {
			return houseSeries(counts)
		}
		if !filepath.IsAbs(counts) {
			counts = filepath.Join(filepath.Dir(name), counts)
		}
		return os.ReadFile(counts)
	})
}

// IsPath tells a scenario's path from the name of one of the house.
func IsPath(name string) bool {
	return strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".yaml") ||
		strings.HasSuffix(name, ".yml") || strings.HasSuffix(name, ".csv")
}

func loadHouse(name string) (Scenario, error) {
	text, err := house.ReadFile("scenarios/" + name + ".yaml")
	if err != nil {
		return Scenario{}, fmt.Errorf("no scenario is called %q%s; the house has %s, a file is given by its path",
			name, suggestion(name, Scenarios()), strings.Join(Scenarios(), " and "))
	}
	return parse(name+".yaml", text, houseSeries)
}

func houseSeries(name string) ([]byte, error) {
	text, err := house.ReadFile("scenarios/" + name + ".csv")
	if err != nil {
		return nil, fmt.Errorf("no series of the house is called %q, a file is given by its path", name)
	}
	return text, nil
}

// parse reads a scenario file and what it refers to.
func parse(file string, text []byte, open func(counts string) ([]byte, error)) (Scenario, error) {
	sc := defaults()
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // what some editors put before a text
	d := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict())
	if err := d.Decode(&sc); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the file is empty: it needs name, t0, audience and capacity")
		}
		return Scenario{}, in(file, err)
	}
	sc.fillGroups()
	if sc.Audience.Counts.File != "" {
		series, err := readCounts(sc.Audience.Counts.File, open)
		if err != nil {
			return Scenario{}, in(file, wrong("audience.counts.file", "%v", err))
		}
		sc.Audience.Counts.series = series
	}
	if err := sc.check(); err != nil {
		return Scenario{}, in(file, err)
	}
	return sc, nil
}

// minuteCount is one row of a series of counts.
type minuteCount struct {
	at    time.Time
	count float64
}

func readCounts(name string, open func(string) ([]byte, error)) ([]minuteCount, error) {
	text, err := open(name)
	if err != nil {
		return nil, fmt.Errorf("read counts: %w", err)
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comment = '#'
	r.FieldsPerRecord = 2
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read counts %s: %w", name, err)
	}
	if len(rows) < 2 {
		return nil, fmt.Errorf("read counts %s: no rows below the header", name)
	}
	series := make([]minuteCount, 0, len(rows)-1)
	for i, row := range rows[1:] {
		at, terr := time.Parse(time.RFC3339, row[0])
		n, nerr := strconv.ParseFloat(row[1], 64)
		if terr != nil || nerr != nil || !(n >= 0) || n > 1e9 {
			return nil, fmt.Errorf("read counts %s: row %d: want a time in RFC 3339 and a count, got %q", name, i+2, strings.Join(row, ","))
		}
		if i > 0 && !at.Equal(series[i-1].at.Add(time.Minute)) {
			return nil, fmt.Errorf("read counts %s: row %d: want one row a minute, got %s", name, i+2, row[0])
		}
		series = append(series, minuteCount{at, n})
	}
	return series, nil
}

// defaults is the scenario with what a file need not say.
func defaults() Scenario {
	return Scenario{
		Start: "T-3m", End: "T+60m", Speed: 20,
		Audience: AudienceSpec{
			Name: "site", Namespace: "Site/Audience", Counts: Counts{Scale: 1},
			Visit: Visit{Pages: 3, Think: 20 * time.Second, Form: 50 * time.Second, Invalid: 0.03,
				Patience: 9 * time.Second, Retries: 0.6, Pause: 6 * time.Second},
			Page: Page{Calls: 0.6, Static: 18, StaticAgain: 3, StaticBytes: 24000, PageBytes: 18000},
		},
		Site: SiteSpec{
			Account: "123456789012", Region: "eu-central-1",
			Distribution: EdgeSpec{Name: "edge", Alias: "www.example.com", Objects: 1500, Places: 90, TTL: 24 * time.Hour},
			Firewall:     FirewallSpec{Name: "edge", Limit: 2000, Window: 5 * time.Minute, Rate: Block, Managed: Count},
			Balancer:     BalancerSpec{Name: "web", Ease: 5000},
			Cluster: ClusterSpec{Name: "main", Engine: "aurora-postgresql", Version: "16.4", Readers: 1,
				ReadShare: 0.4, Queries: 6, Writes: 8, QueriesACU: 700, Pool: 40},
		},
	}
}

// fillGroups makes the one group of a file that names none.
func (s *Scenario) fillGroups() {
	if len(s.Site.Groups) == 0 {
		s.Site.Groups = []GroupSpec{usualGroup("web")}
	}
}

// usualGroup is a group with what a file need not say.
func usualGroup(name string) GroupSpec {
	return GroupSpec{
		Name: name, Type: "c5.2xlarge", Cores: 8, Threads: 160, Backlog: 300, RequestCPU: 80 * time.Millisecond,
		Boot: 45 * time.Second, AppStart: 40 * time.Second, Warmup: 3 * time.Minute, TargetCPU: 0.7, Weight: 100,
	}
}

// UnmarshalYAML lays what the file says over the usual group: what it sets to nothing is nothing.
func (g *GroupSpec) UnmarshalYAML(unmarshal func(any) error) error {
	type plain GroupSpec
	p := plain(usualGroup(""))
	if err := unmarshal(&p); err != nil {
		return err
	}
	*g = GroupSpec(p)
	return nil
}

func orElse[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}
