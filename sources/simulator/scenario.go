package simulator

import (
	"fmt"
	"strings"
	"time"
)

// Scenario is a launch as a scenario file describes it: who comes, to what site with what capacity, and
// what goes wrong. It holds causes only; there is no way to state a measurement. See doc.go for the format.
type Scenario struct {
	Name     string       `yaml:"name"`
	About    string       `yaml:"about"`
	T0       time.Time    `yaml:"t0"`
	Start    Moment       `yaml:"start"`
	End      Moment       `yaml:"end"`
	Speed    float64      `yaml:"speed"`
	Story    []Line       `yaml:"story"`
	Phases   []Phase      `yaml:"phases"`
	Marks    []Mark       `yaml:"marks"`
	Audience AudienceSpec `yaml:"audience"`
	Site     SiteSpec     `yaml:"site"`
	Capacity Capacity     `yaml:"capacity"`
	Faults   []FaultSpec  `yaml:"faults"`
}

// StartTime is when the clock of a rehearsal starts.
func (s Scenario) StartTime() time.Time { return s.Start.On(s.T0) }

// EndTime is when the story is told; the site goes on for as long as it is advanced.
func (s Scenario) EndTime() time.Time { return s.End.On(s.T0) }

// StoryAt is the line of the story that holds at the given time: the last one that has begun, "" before
// the first.
func (s Scenario) StoryAt(at time.Time) string {
	said, since := "", time.Time{}
	for _, line := range s.Story {
		if begins := line.At.On(s.T0); !begins.After(at) && !begins.Before(since) {
			said, since = line.Say, begins
		}
	}
	return said
}

// Moment is a time as people write it: RFC 3339, or relative to T0 as T0, T-30m, T+1h12m.
type Moment string

// On is the moment in a launch whose T0 is given. A moment that cannot be read, which Load and New
// refuse, is T0.
func (m Moment) On(t0 time.Time) time.Time {
	at, err := m.on(t0)
	if err != nil {
		return t0
	}
	return at
}

func (m Moment) on(t0 time.Time) (time.Time, error) {
	s := string(m)
	if s == "T0" || s == "" {
		return t0, nil
	}
	if strings.HasPrefix(s, "T+") || strings.HasPrefix(s, "T-") {
		if d, err := time.ParseDuration(s[1:]); err == nil {
			return t0.Add(d), nil
		}
	} else if at, err := time.Parse(time.RFC3339, s); err == nil {
		return at, nil
	}
	return t0, fmt.Errorf("moment %q: want T0, T-30m, T+1h12m or RFC 3339", s)
}

// Line is one line of the story: what is going on and what to press.
type Line struct {
	At  Moment `yaml:"at"`
	Say string `yaml:"say"`
}

// Phase is a named stretch of the launch that lasts until the next one begins.
type Phase struct {
	Name string `yaml:"name"`
	At   Moment `yaml:"at"`
}

// MarkKinds are the kinds that a mark may have.
var MarkKinds = []string{"surge", "deploy", "purge", "maintenance", "scale", "note"}

// Mark is something on the timeline that the team knows beforehand.
type Mark struct {
	At    Moment `yaml:"at"`
	Kind  string `yaml:"kind"`
	Until Moment `yaml:"until"`
	Peak  string `yaml:"peak"`
	Note  string `yaml:"note"`
}

// AudienceSpec says who comes and what they do.
type AudienceSpec struct {
	Name      string  `yaml:"name"`      // short name of the counters
	Namespace string  `yaml:"namespace"` // of the custom metrics
	Base      float64 `yaml:"base"`      // people who arrive each second on an ordinary day
	Surges    []Surge `yaml:"surges"`
	Counts    Counts  `yaml:"counts"`
	Visit     Visit   `yaml:"visit"`
	Page      Page    `yaml:"page"`
}

// Surge is a crowd on top of the base level.
type Surge struct {
	At    Moment        `yaml:"at"`
	Peak  float64       `yaml:"peak"`  // people who arrive each second at its height
	Rise  time.Duration `yaml:"rise"`  // from nothing to the peak
	Hold  time.Duration `yaml:"hold"`  // at the peak
	Halve time.Duration `yaml:"halve"` // half-life of what follows
}

// Counts is a real series of requests per minute that drives the audience instead of Base: as many people
// come as it takes to make Scale times these requests.
type Counts struct {
	File  string  `yaml:"file"` // a series of the house by its name, or a CSV file: time in RFC 3339, requests
	Scale float64 `yaml:"scale"`

	series []minuteCount
}

// Visit is what one person does.
type Visit struct {
	Pages     float64       `yaml:"pages"`     // page views of somebody who does not register, at least 1
	Think     time.Duration `yaml:"think"`     // between two page views
	Registers float64       `yaml:"registers"` // share of people who go to the form, 0 to 1
	Form      time.Duration `yaml:"form"`      // filling it in
	Invalid   float64       `yaml:"invalid"`   // share of submissions with a mistake in them, which are filled in again
	Patience  time.Duration `yaml:"patience"`  // wait for an answer after which a page has failed for a person
	Retries   float64       `yaml:"retries"`   // share of failures after which people try again instead of leaving
	Pause     time.Duration `yaml:"pause"`     // before they try again
}

// Page is what one page view asks for.
type Page struct {
	Calls       float64 `yaml:"calls"`        // uncached calls beside the page itself
	Static      float64 `yaml:"static"`       // cached files of the first view
	StaticAgain float64 `yaml:"static_again"` // cached files of each further view, the browser holds the others
	StaticBytes float64 `yaml:"static_bytes"` // mean size of a file
	PageBytes   float64 `yaml:"page_bytes"`   // mean size of an uncached answer
}

// SiteSpec is the request path: one distribution with its web ACL, one load balancer, groups and a
// cluster.
type SiteSpec struct {
	Account      string       `yaml:"account"`
	Region       string       `yaml:"region"`
	Distribution EdgeSpec     `yaml:"distribution"`
	Firewall     FirewallSpec `yaml:"firewall"`
	Balancer     BalancerSpec `yaml:"balancer"`
	Groups       []GroupSpec  `yaml:"groups"`
	Cluster      ClusterSpec  `yaml:"cluster"`
}

// EdgeSpec is the distribution. How warm its caches are follows from the traffic, the number of objects
// and places, and the time to live.
type EdgeSpec struct {
	Name    string        `yaml:"name"`
	Alias   string        `yaml:"alias"`
	Objects float64       `yaml:"objects"` // cached files
	Places  float64       `yaml:"places"`  // caches that each fetch a file for themselves
	TTL     time.Duration `yaml:"ttl"`
	Paths   []string      `yaml:"paths"` // uncached patterns with behaviours of their own, such as /register*
}

// FirewallSpec is the web ACL: a rate-based rule and a managed rule group against bots. The former may block, count,
// or ask for a proof (Captcha, Challenge), the latter block or count.
type FirewallSpec struct {
	Name    string        `yaml:"name"`
	Limit   int           `yaml:"limit"` // requests per address and window
	Window  time.Duration `yaml:"window"`
	Rate    string        `yaml:"rate"`    // mode of the rate-based rule
	Managed string        `yaml:"managed"` // mode of the managed rule group
}

// BalancerSpec is the load balancer.
type BalancerSpec struct {
	Name     string  `yaml:"name"`
	Ease     float64 `yaml:"ease"`     // requests per second that it carries before it has to grow
	Reserved float64 `yaml:"reserved"` // capacity units that are kept ready for it, 0 for none
}

// GroupSpec is an Auto Scaling group and what one of its instances can do.
type GroupSpec struct {
	Name       string        `yaml:"name"`
	Type       string        `yaml:"type"` // instance type
	Cores      float64       `yaml:"cores"`
	Threads    float64       `yaml:"threads"`     // requests in work at one time per instance
	Backlog    float64       `yaml:"backlog"`     // requests that wait for a thread per instance; more are turned away
	RequestCPU time.Duration `yaml:"request_cpu"` // processor time of one uncached request
	Boot       time.Duration `yaml:"boot"`        // from launch to InService
	AppStart   time.Duration `yaml:"app_start"`   // from InService to the first answer
	Warmup     time.Duration `yaml:"warmup"`      // during which the policy does not count an instance
	TargetCPU  float64       `yaml:"target_cpu"`  // of target tracking, 0 to 1
	Weight     int           `yaml:"weight"`      // of its target group
}

// ClusterSpec is the Aurora cluster.
type ClusterSpec struct {
	Name       string  `yaml:"name"`
	Engine     string  `yaml:"engine"`
	Version    string  `yaml:"version"`
	Class      string  `yaml:"class"`       // instance class of provisioned instances, "" = Serverless v2
	Size       float64 `yaml:"size"`        // of a provisioned instance, in the ACUs that it amounts to
	Readers    int     `yaml:"readers"`     // 0 to 3
	ReadShare  float64 `yaml:"read_share"`  // share of the selects that goes to the readers
	Queries    float64 `yaml:"queries"`     // selects per uncached request
	Writes     float64 `yaml:"writes"`      // writing statements per registration
	QueriesACU float64 `yaml:"queries_acu"` // selects per second that one ACU can do
	Pool       float64 `yaml:"pool"`        // connections that an instance keeps open
}

// Capacity is what the operator can change: what a launch survives with.
type Capacity struct {
	Groups map[string]Bounds `yaml:"groups"`
	ACU    ACURange          `yaml:"acu"`
}

// Bounds is the size of a group.
type Bounds struct {
	Min     int `yaml:"min"`
	Desired int `yaml:"desired"`
	Max     int `yaml:"max"`
}

// ACURange is the range of a Serverless v2 cluster.
type ACURange struct {
	Min float64 `yaml:"min"`
	Max float64 `yaml:"max"`
}

// The faults of the site. They are causes that the model works with; the faults of the API are
// [FaultKind]s.
const (
	SlowOrigin    = "slow-origin"    // each request costs Factor times the processor time
	BotWave       = "bot-wave"       // Rate requests per second from Addresses addresses
	CachePurge    = "cache-purge"    // somebody invalidates /*
	SlowDatabase  = "slow-database"  // each statement costs Factor times as much
	BadDeploy     = "bad-deploy"     // a release fails the share Rate of uncached requests and costs Factor
	BadRelease    = "bad-release"    // as bad-deploy, by an instance refresh: what is wrong is wrong with the new version
	BadRevision   = "bad-revision"   // as bad-deploy, by a CodeDeploy deployment: what is wrong is wrong with the new revision
	LaunchFailure = "launch-failure" // EC2 has no capacity for new instances
)

// FaultSpec is one fault, of the site or of the API.
type FaultSpec struct {
	At        Moment        `yaml:"at"`
	Until     Moment        `yaml:"until"`
	Kind      string        `yaml:"kind"`
	Service   string        `yaml:"service"`   // API faults: one of APIServices, "" = all
	Key       string        `yaml:"key"`       // API faults: access key id that they concern, "" = all
	Rate      float64       `yaml:"rate"`      // share, or requests per second of a bot wave
	Factor    float64       `yaml:"factor"`    // how many times dearer
	Addresses float64       `yaml:"addresses"` // of a bot wave
	Delay     time.Duration `yaml:"delay"`
	Bytes     int           `yaml:"bytes"`
}

// FaultKinds are the kinds that a scenario may use: those of the site, then those of the API.
func FaultKinds() []string {
	return []string{
		SlowOrigin, BotWave, CachePurge, SlowDatabase, BadDeploy, BadRelease, BadRevision, LaunchFailure,
		string(Throttling), string(Expired), string(Denied), string(Latency),
		string(Partial), string(Dead), string(Garbage), string(Hang),
		string(Unavailable), string(Internal), string(Forbidden), string(Missing), string(Shuffled),
	}
}

func siteFault(kind string) bool {
	switch kind {
	case SlowOrigin, BotWave, CachePurge, SlowDatabase, BadDeploy, BadRelease, BadRevision, LaunchFailure:
		return true
	}
	return false
}
