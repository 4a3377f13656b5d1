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
// name lends its operations only.
type service struct {
	name    string        // the catalogue's name, e.g. alb
	client  string        // what the SDK calls the service, e.g. Elastic Load Balancing v2
	iam     string        // what a policy calls it, e.g. elasticloadbalancing
	reads   []string      // the operations that may be signed
	every   time.Duration // how often it is described; zero means every minute
	global  func(sources.Resource) bool
	metrics []metric
	// places says where the metrics of a resource are, from the config alone: what is asked while the
	// resource has not been described, or may not be.
	places   func(sources.Resource) places
	describe func(ctx context.Context, a account, r sources.Resource, now time.Time) (description, error)
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
	places places
	off    map[string]string // what is switched off, by metric.needs, and how to switch it on
	batch  sources.Batch
}

// fact adds a fact about the resource.
func (d *description) fact(r sources.Resource, name, value string, now time.Time) {
	d.batch.Facts = append(d.batch.Facts, sources.Fact{Resource: r.Ref, Name: name, Value: value, Seen: now})
}

// sample adds a value read just now, for the period that now lies in.
func (d *description) sample(r sources.Resource, metric string, value float64, now time.Time) {
	d.batch.Samples = append(d.batch.Samples, sources.Sample{
		Series: sources.Series{Metric: metric, Resource: r.Name},
		At:     now.Truncate(periodOf(metric)), Seen: now, Value: value,
	})
}

// none says that the metric was asked for and has no value.
func (d *description) none(r sources.Resource, metric string, now time.Time) {
	d.batch.Samples = append(d.batch.Samples, sources.Sample{
		Series: sources.Series{Metric: metric, Resource: r.Name},
		At:     now.Truncate(periodOf(metric)), Seen: now, None: true,
	})
}

// trouble says what is wrong with a series that the description gives; the zero Trouble that it is well.
func (d *description) trouble(r sources.Resource, metric string, t sources.Trouble, now time.Time) {
	s := sources.Series{Metric: metric, Resource: r.Name}
	d.batch.Facts = append(d.batch.Facts, sources.SeriesFact(s, t, now))
}

// changeHorizon bounds how old a change may be when we first hear of it: what was before is not the launch's.
const changeHorizon = 3 * time.Hour

// change adds something that happened, unless it is too old to matter.
func (d *description) change(c sources.Change, now time.Time) {
	if now.Sub(c.At) <= changeHorizon {
		c.Seen = now
		d.batch.Changes = append(d.batch.Changes, c)
	}
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

// register adds a row.
func register(s service) {
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
