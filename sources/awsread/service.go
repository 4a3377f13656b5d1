package awsread

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"warroom/sources"
)

// service is one row of the table: all that the house knows of reading one AWS service. A row without a
// name lends its operations only: to all, or to the service that it names.
type service struct {
	name    string         // the catalogue's name, e.g. alb
	client  string         // what the SDK calls the service, e.g. Elastic Load Balancing v2
	iam     string         // what a policy calls it, e.g. elasticloadbalancing
	reads   []string       // the operations that may be signed
	on      map[string]arn // those of them that a policy can limit to resources
	lentTo  string         // the service that needs the operations of a row without a name, "" = any
	where   string         // the attribute without which a resource of that service does not
	every   time.Duration  // how often it is described; zero means every minute
	global  func(sources.Resource) bool
	metrics []metric
	// places says where the metrics of a resource are, from the config alone: what is asked while the
	// resource has not been described, or may not be.
	places func(sources.Resource) places
	// describe asks the service about the resource. What it learnt before it failed counts.
	describe func(ctx context.Context, a account, d *description) error
}

// metric is one metric of the catalogue and where CloudWatch keeps it.
type metric struct {
	name      string // the catalogue's
	namespace string
	published string // CloudWatch's name of it
	stat      string
	place     string  // which of the resource's places it is published for
	scale     float64 // from the published unit to the catalogue's
	merge     merge   // of several places into one series
	needs     string  // what must be switched on for it to exist: a key of description.off
	hint      string  // why it may never have been published, for people
	slow      slow    // where some accounts get it less often
}

// slow is how a metric comes in accounts that do not get it each minute. The zero slow is none.
type slow struct {
	pace time.Duration
	why  string // for people, with what to do about it
}

// From a published unit to the catalogue's.
const (
	plain   = 1.0
	percent = 0.01
	millis  = 0.001
)

// merge makes one value of those that several places publish for the same period.
type merge uint8

const (
	summed merge = iota
	highest
)

// place is a set of dimensions for which metrics are published. The first dimension is the one that
// names the resource.
type place struct {
	label      string // value of the metric's further label, where it has one
	dimensions []types.Dimension
}

// places are a resource's places by name. A metric whose place is not there does not apply to the resource
// and is not asked for.
type places map[string][]place

// description is what a service says of one resource.
type description struct {
	resource sources.Resource
	now      time.Time
	places   places                     // nil = not learnt
	off      map[string]string          // what is switched off, by metric.needs, and how to switch it on
	kept     map[string]float64         // what the service wants to know again next time
	told     func(kind, id string) bool // whether a change was told before
	batch    sources.Batch
}

// newDescription begins a description. before is the last one, told whether a change was told before.
func newDescription(r sources.Resource, now time.Time, before description, told func(kind, id string) bool) *description {
	kept := maps.Clone(before.kept)
	if kept == nil {
		kept = map[string]float64{}
	}
	return &description{resource: r, now: now, off: map[string]string{}, kept: kept, told: told}
}

// fact adds a fact about the resource; an empty value withdraws it.
func (d *description) fact(name, value string) {
	d.batch.Facts = append(d.batch.Facts, sources.Fact{Resource: d.resource.Ref, Name: name, Value: value, Seen: d.now})
}

// sample adds a value read just now, for the period that now lies in.
func (d *description) sample(metric string, value float64) {
	s := sources.Series{Metric: metric, Resource: d.resource.Name}
	d.batch.Samples = append(d.batch.Samples, sources.Sample{Series: s, At: d.now.Truncate(periodOf(metric)), Seen: d.now, Value: value})
}

// trouble says what is wrong with a series that the description gives; the zero Trouble that it is well.
func (d *description) trouble(metric string, t sources.Trouble) {
	s := sources.Series{Metric: metric, Resource: d.resource.Name}
	d.batch.Facts = append(d.batch.Facts, sources.SeriesFact(s, t, d.now))
}

// changeHorizon bounds how old a change may be when we first hear of it: what was before is not the launch's.
const changeHorizon = 3 * time.Hour

// change adds something that happened to the resource, unless it is too old to matter. It tells whether it is news.
func (d *description) change(at time.Time, kind, id, actor, text string) (news bool) {
	if d.now.Sub(at) > changeHorizon {
		return false
	}
	d.batch.Changes = append(d.batch.Changes, sources.Change{
		At: at, Seen: d.now, Kind: kind, Resource: d.resource.Ref, Actor: actor, ID: id, Text: text,
	})
	return !d.told(kind, id)
}

func periodOf(metric string) time.Duration {
	if m, ok := sources.Lookup(metric); ok && m.Period > 0 {
		return m.Period
	}
	return time.Minute
}

// table is every service that the house can read, by its catalogue name. Each file adds its own row when the
// program starts; nothing writes to it afterwards.
var table = map[string]service{}

// allowed is every operation that may be signed, as "client.operation", and the action that a policy must
// allow for it. It is filled together with the table.
var allowed = map[string]string{}

// rows are all rows, those without a name too.
var rows []service

// register adds a row.
func register(s service) {
	rows = append(rows, s)
	if s.name != "" {
		table[s.name] = s
	}
	for _, operation := range s.reads {
		allowed[s.client+"."+operation] = s.iam + ":" + operation
	}
}

// Services lists the catalogue names of the services that can be read, sorted.
func Services() []string { return slices.Sorted(maps.Keys(table)) }

// Actions lists the IAM actions that reading needs, sorted: the whole of a least-privilege policy.
func Actions() []string { return slices.Sorted(maps.Values(allowed)) }

// globalRegion is where everything global is read: CloudFront, and WAF for CloudFront.
const globalRegion = "us-east-1"

// regionOf is where the resource is read. home is the launch's own region.
func (s service) regionOf(r sources.Resource, home string) string {
	switch {
	case s.global != nil && s.global(r):
		return globalRegion
	case r.Region != "":
		return r.Region
	}
	return home
}

func everywhere(sources.Resource) bool { return true }

// dimension is one name and value of a place.
func dimension(name, value string) types.Dimension {
	return types.Dimension{Name: aws.String(name), Value: aws.String(value)}
}

// at makes the only place of its name.
func at(dimensions ...types.Dimension) []place { return []place{{dimensions: dimensions}} }
