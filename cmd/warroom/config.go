package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"warroom/alerts"
	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/document"
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
	Alerts      alerting          `yaml:"alerts"`    // by which rules, and whom they go to outside of the room
	Screen      screenWords       `yaml:"screen"`
	Metrics     exposing          `yaml:"metrics"`   // what others may read of the room
	Recording   string            `yaml:"recording"` // the recording's file, instead of the one in the state folder

	path     string
	watch    []sources.Resource
	tileText string
	rules    *alerts.Rules // by which alerts are judged
	warnings []string      // odd, but allowed
}

// screenWords are how the screen behaves where nobody says otherwise by a flag.
type screenWords struct {
	Bell string `yaml:"bell"` // how a new page is told: one of bells, "" for auto
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

	TwoPeople []string `yaml:"two_people"` // what a second operator has to approve: kinds of actions, some with a word that narrows them
}

// words are those that describe a resource of a service at length, beside id and region. Those of the
// audience describe one of its metrics.
var words = map[string][]string{
	"audience":   {"namespace", "metric", "stat", "dimensions"},
	"cloudfront": {"live_origin", "maintenance_origin", "kvs", "kvs_key"},
	"waf":        {"scope"},
	"alb":        {"live_group", "maintenance_group"},
	"asg":        {"codedeploy"},
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

func parseConfig(path string, text []byte) (_ *config, err error) {
	defer func() { maskAddresses(err) }()
	d, err := document.Parse(path, text)
	if err != nil {
		return nil, err
	}
	c := &config{path: path}
	if err := d.Decode(c); err != nil {
		return nil, err
	}
	for _, check := range []func(*document.Document) error{
		c.checkLaunch, c.checkAccount, c.checkActions, c.readResources, c.checkSites, c.checkScreen, c.checkRunbooks, c.checkRules, c.checkAlerts,
	} {
		if err := check(d); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *config) checkLaunch(d *document.Document) error {
	c.Environment = sources.Clean(c.Environment)
	return d.CheckLaunch(&c.Launch, "launch")
}

// regions are how AWS calls them, in all its partitions.
var regions = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)

const wantRegion = "want a region such as eu-central-1"

func (c *config) checkAccount(d *document.Document) error {
	if c.AWS.Region != "" && !regions.MatchString(c.AWS.Region) {
		return d.At(d.Find("aws", "region"), "aws.region: %s", wantRegion)
	}
	if c.AWS.Budget < 0 || c.AWS.Budget > 1 {
		return d.At(d.Find("aws", "budget"), "aws.budget: want a share between 0 and 1, such as 0.2")
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
func (c *config) checkActions(d *document.Document) error {
	for i, text := range c.Actions.TwoPeople {
		if _, err := runbooks.ParseRule(text); err != nil {
			return d.At(d.Find("actions", "two_people", fmt.Sprint(i)), "actions.two_people: %v", err)
		}
	}
	return nil
}

// twoPeople is what a second operator has to approve, as the config has it.
func (c *config) twoPeople() []runbooks.Rule {
	var out []runbooks.Rule
	for _, text := range c.Actions.TwoPeople {
		if r, err := runbooks.ParseRule(text); err == nil { // checked when the config was read
			out = append(out, r)
		}
	}
	return out
}

// readResources turns the short and the long form of the resources into what the sources want.
func (c *config) readResources(d *document.Document) error {
	services, err := d.Entries(c.Resources, "resources")
	if err != nil {
		return err
	}
	for _, service := range services {
		if _, ok := words[service.Word]; !ok {
			return d.Unknown(service.Key, "service", service.Word, "resources", watchable())
		}
		members, err := d.Entries(service.Value, "resources."+service.Word)
		if err != nil {
			return err
		}
		for _, m := range members {
			read, err := readResource(d, service.Word, m)
			if err != nil {
				return err
			}
			c.watch = append(c.watch, read...)
		}
	}
	if len(c.watch) == 0 {
		return d.At(c.Resources, "resources: there is nothing to watch; name at least one, such as alb: {shop: app/shop/50dc6c495c0c9188}")
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
func (c *config) checkSites(d *document.Document) error {
	for site, members := range c.Launch.Sites {
		for service, name := range members {
			at := d.Find("launch", "sites", site, service)
			names := c.names(service)
			if len(names) == 0 {
				return d.Unknown(at, "service", service, "launch.sites."+site, watchable())
			}
			if !slices.Contains(names, name) {
				return d.Unknown(at, "resource", name, "launch.sites."+site, names)
			}
		}
	}
	return nil
}

// at is the path of a file that the config names, from its own folder.
func (c *config) at(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(c.path), path)
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
