package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"warroom/runbooks"
	"warroom/sources"
)

// config is the one file that a user writes. The program reads it and never writes it.
type config struct {
	Launch      sources.Launch    `yaml:"launch"`
	Environment string            `yaml:"environment"` // the label at the left of line 1
	AWS         account           `yaml:"aws"`
	Actions     actor             `yaml:"actions"`   // as whom the hands act
	Resources   ast.Node          `yaml:"resources"` // service → short name → id, or a mapping with more
	Tiles       ast.Node          `yaml:"tiles"`     // as in the tile files of the house
	Keys        map[string]string `yaml:"keys"`      // what a key does → key
	Runbooks    []string          `yaml:"runbooks"`  // files and folders of runbooks, from the config's folder
	Recording   string            `yaml:"recording"` // the recording's file, instead of the one in the state folder

	path     string
	watch    []sources.Resource
	tileText string
	warnings []string // odd, but allowed
}

// account is where the resources live and how much of its quota may be used.
type account struct {
	Profile string  `yaml:"profile"`
	Region  string  `yaml:"region"`
	Budget  float64 `yaml:"budget"` // share of the account's request quota, 0 to 1; zero means the house's own
}

// actor is as whom changes are made, where that is another than who reads.
type actor struct {
	Profile string `yaml:"profile"` // of the shared AWS files
	Role    string `yaml:"role"`    // ARN of a role that is assumed for the call only, with the operator in its session's name

	TwoPeople []runbooks.Kind `yaml:"two_people"` // the kinds of actions that a second operator has to approve
}

// words are those that describe a resource of a service at length, beside id and region. Those of the
// audience describe one of its metrics.
var words = map[string][]string{
	"audience":   {"namespace", "metric", "stat", "dimensions"},
	"cloudfront": {"live_origin", "maintenance_origin", "kvs", "kvs_key"},
	"waf":        {"scope"},
	"alb":        {"live_group", "maintenance_group"},
	"asg":        nil,
	"aurora":     {"connections_max"},
}

// loadConfig reads a config file as a whole: what it returns is right in every word, or nothing.
func loadConfig(path string) (*config, error) {
	text, err := readText(path)
	if err != nil {
		return nil, err
	}
	return parseConfig(path, text)
}

func parseConfig(path string, text []byte) (*config, error) {
	d, err := parse(path, text)
	if err != nil {
		return nil, err
	}
	c := &config{path: path}
	if err := d.decode(c); err != nil {
		return nil, err
	}
	for _, check := range []func(*document) error{
		c.checkLaunch, c.checkAccount, c.checkActions, c.readResources, c.checkSites, c.checkScreen, c.checkRunbooks,
	} {
		if err := check(d); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *config) checkLaunch(d *document) error {
	at := d.find("launch")
	switch {
	case strings.TrimSpace(c.Launch.Name) == "":
		return d.at(at, "launch.name is missing: the launch needs a name")
	case c.Launch.T0.IsZero():
		return d.at(at, "launch.t0 is missing: want %s", wantTime)
	case c.Launch.Period != 0 && c.Launch.Period != time.Minute:
		return d.at(d.find("launch", "period"), "launch.period: want 60s, the period of all metrics that are read; or leave it out")
	}
	c.Launch.Name = sources.Clean(c.Launch.Name)
	c.Environment = sources.Clean(c.Environment)
	return checkTimeline(d, c.Launch)
}

// checkTimeline holds the launch's phases and marks against what they may say.
func checkTimeline(d *document, l sources.Launch) error {
	for i, p := range l.Phases {
		place := []string{"launch", "phases", fmt.Sprint(i)}
		if strings.TrimSpace(p.Name) == "" {
			return d.at(d.find(place...), "%s: name is missing", strings.Join(place, "."))
		}
		if err := checkMoment(d, l.T0, p.At, append(place, "at")...); err != nil {
			return err
		}
	}
	for i, m := range l.Marks {
		if err := checkMark(d, l.T0, m, "launch", "marks", fmt.Sprint(i)); err != nil {
			return err
		}
	}
	return nil
}

// peaks are how a surge is told: how many times the ordinary.
var peaks = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?x?$`)

func checkMark(d *document, t0 time.Time, m sources.Mark, place ...string) error {
	word := func(name string) []string { return append(slices.Clone(place), name) }
	where := strings.Join(place, ".")
	if !slices.Contains(sources.MarkKinds, m.Kind) {
		return d.unknown(d.find(word("kind")...), "kind of mark", m.Kind, "launch.marks", sources.MarkKinds)
	}
	if err := checkMoment(d, t0, m.At, word("at")...); err != nil {
		return err
	}
	if m.Peak != "" && !peaks.MatchString(m.Peak) {
		return d.at(d.find(word("peak")...), "%s.peak: want how many times the ordinary, such as 20x", where)
	}
	if m.Until == "" {
		return nil
	}
	if err := checkMoment(d, t0, m.Until, word("until")...); err != nil {
		return err
	}
	from, _ := m.At.On(t0) // both have been read above
	until, _ := m.Until.On(t0)
	if until.Before(from) {
		return d.at(d.find(word("until")...), "%s.until: it is over before it begins, at %s", where, m.At)
	}
	return nil
}

func checkMoment(d *document, t0 time.Time, m sources.Moment, path ...string) error {
	if _, err := m.On(t0); err != nil {
		return d.at(d.find(path...), "%s: want T0, T-30m, T+1h12m or %s", strings.Join(path, "."), wantTime)
	}
	return nil
}

// regions are how AWS calls them, in all its partitions.
var regions = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)

const wantRegion = "want a region such as eu-central-1"

func (c *config) checkAccount(d *document) error {
	if c.AWS.Region != "" && !regions.MatchString(c.AWS.Region) {
		return d.at(d.find("aws", "region"), "aws.region: %s", wantRegion)
	}
	if c.AWS.Budget < 0 || c.AWS.Budget > 1 {
		return d.at(d.find("aws", "budget"), "aws.budget: want a share between 0 and 1, such as 0.2")
	}
	if c.Environment == "" {
		c.Environment = "AWS"
		if c.AWS.Profile != "" {
			c.Environment = c.AWS.Profile
		}
	}
	return nil
}

// checkActions holds what the config says of actions against what there is to do.
func (c *config) checkActions(d *document) error {
	for i, kind := range c.Actions.TwoPeople {
		if !slices.Contains(runbooks.Kinds(), kind) {
			return d.unknown(d.find("actions", "two_people", fmt.Sprint(i)), "kind of action", string(kind), "actions.two_people", kindNames())
		}
	}
	return nil
}

func kindNames() (names []string) {
	for _, kind := range runbooks.Kinds() {
		names = append(names, string(kind))
	}
	return names
}

// readResources turns the short and the long form of the resources into what the sources want.
func (c *config) readResources(d *document) error {
	services, err := d.entries(c.Resources, "resources")
	if err != nil {
		return err
	}
	for _, service := range services {
		if _, ok := words[service.word]; !ok {
			return d.unknown(service.Key, "service", service.word, "resources", watchable())
		}
		members, err := d.entries(service.Value, "resources."+service.word)
		if err != nil {
			return err
		}
		for _, m := range members {
			read, err := readResource(d, service.word, m)
			if err != nil {
				return err
			}
			c.watch = append(c.watch, read...)
		}
	}
	if len(c.watch) == 0 {
		return d.at(c.Resources, "resources: there is nothing to watch; name at least one, such as alb: {shop: app/shop/50dc6c495c0c9188}")
	}
	return c.checkAudience(d)
}

// watchable are the services that a config may name, in the order of the request path.
func watchable() []string {
	var out []string
	for _, s := range sources.Services {
		if _, ok := words[s]; ok {
			out = append(out, s)
		}
	}
	return out
}

// checkSites holds the request paths against the resources that they name.
func (c *config) checkSites(d *document) error {
	for site, members := range c.Launch.Sites {
		for service, name := range members {
			at := d.find("launch", "sites", site, service)
			names := c.names(service)
			if len(names) == 0 {
				return d.unknown(at, "service", service, "launch.sites."+site, watchable())
			}
			if !slices.Contains(names, name) {
				return d.unknown(at, "resource", name, "launch.sites."+site, names)
			}
		}
	}
	return nil
}

// names are the short names of a service's resources.
func (c *config) names(service string) []string {
	var out []string
	for _, r := range c.watch {
		if r.Service == service {
			out = append(out, r.Name)
		}
	}
	return out
}

// tiles is the text of the tiles block with every line and column where it is in the file, or "" where the
// house's own tiles do.
func (c *config) tiles() string { return c.tileText }
