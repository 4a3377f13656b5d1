package sources

import (
	"fmt"
	"strings"
	"time"
)

// Launch is the event being watched: the `launch:` block of the config, and the whole of a directory's
// launch.yaml.
type Launch struct {
	Name   string                       `yaml:"name" json:"name"`
	T0     time.Time                    `yaml:"t0" json:"t0"`
	Period time.Duration                `yaml:"period,omitempty" json:"period,omitempty"` // of the samples: 60 s, as in the catalogue; zero means that, too
	Phases []Phase                      `yaml:"phases,omitempty" json:"phases,omitempty"`
	Marks  []Mark                       `yaml:"marks,omitempty" json:"marks,omitempty"`
	Sites  map[string]map[string]string `yaml:"sites,omitempty" json:"sites,omitempty"` // site → service → resource
}

// Phase is a named stretch of the launch. It lasts until the next one begins.
type Phase struct {
	Name string `yaml:"name" json:"name"`
	At   Moment `yaml:"at" json:"at"`
}

// The kinds of marks. Surge, purge and maintenance are planned: known before they come.
const (
	MarkSurge       = "surge"
	MarkDeploy      = "deploy"
	MarkPurge       = "purge"
	MarkMaintenance = "maintenance"
	MarkScale       = "scale"
	MarkNote        = "note"
)

// MarkKinds lists the kinds that a launch file may use.
var MarkKinds = []string{MarkSurge, MarkDeploy, MarkPurge, MarkMaintenance, MarkScale, MarkNote}

// Mark is something on the timeline that the team knew beforehand or did.
type Mark struct {
	At    Moment `yaml:"at" json:"at"`
	Kind  string `yaml:"kind" json:"kind"`
	Until Moment `yaml:"until,omitempty" json:"until,omitempty"`
	Peak  string `yaml:"peak,omitempty" json:"peak,omitempty"` // of a surge, e.g. "20x"
	Note  string `yaml:"note,omitempty" json:"note,omitempty"`
}

// Moment is a time as people write it: RFC 3339, or relative to T0 as "T0", "T-30m", "T+1h12m".
type Moment string

// On is the moment in a launch whose T0 is given.
func (m Moment) On(t0 time.Time) (time.Time, error) {
	s := strings.TrimSpace(string(m))
	if s == "T0" || s == "T" {
		return t0, nil
	}
	if rest, ok := strings.CutPrefix(s, "T"); ok && rest != "" && (rest[0] == '+' || rest[0] == '-') {
		d, err := time.ParseDuration(rest)
		if err != nil {
			return time.Time{}, fmt.Errorf("moment %q: want T-30m, T0, T+1h12m or RFC 3339", s)
		}
		return t0.Add(d), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("moment %q: want T-30m, T0, T+1h12m or RFC 3339", s)
	}
	return t, nil
}

// Phase is the phase at t and the one that comes next, with the time it begins; either may be absent.
func (l Launch) Phase(t time.Time) (now string, next string, nextAt time.Time) {
	for _, p := range l.Phases {
		at, err := p.At.On(l.T0)
		if err != nil {
			continue
		}
		if !at.After(t) {
			now = p.Name
		} else if nextAt.IsZero() || at.Before(nextAt) {
			next, nextAt = p.Name, at
		}
	}
	return now, next, nextAt
}

// Site is the request path in which the resource stands: "" where the launch has one path only, or where
// several paths share the resource.
func (l Launch) Site(r Ref) string {
	found := ""
	for site, members := range l.Sites {
		if members[r.Service] != r.Name {
			continue
		}
		if found != "" {
			return ""
		}
		found = site
	}
	return found
}
