package awsread

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"warroom/sources"
)

// Options says what to read and as whom.
type Options struct {
	Profile     string                  // of the shared AWS files; "" = what the environment chooses
	Region      string                  // the launch's own; "" = what the environment chooses
	Endpoint    string                  // base URL of all services, for a simulated AWS; "" = AWS
	Credentials aws.CredentialsProvider // nil = the SDK's default chain
	Resources   []sources.Resource      // those of services that this package does not know are left alone
	Clock       sources.Clock           // the launch clock; nil = the machine's
	BudgetShare float64                 // of the account's request quota, 0 to 1; 0 = a fifth
}

// Reader reads one AWS account. It is safe for concurrent use. However many look on, only the process that
// holds the recording's lease polls, so ten viewers cost what one costs.
type Reader struct {
	session   *session
	clock     sources.Clock
	home      string
	resources []*watched
}

// watched is a resource and what its service last said of it.
type watched struct {
	sources.Resource
	service service
	region  string

	asking chan struct{} // holds one token while the service is asked

	mu       sync.Mutex
	tried    bool // the service has been asked, with whatever outcome
	last     description
	version  int // changes when the places or what is off did
	reported map[string]bool
}

// Open reads the SDK's configuration and checks the resources. It makes no request to AWS: whether AWS can
// be reached is told by the sources. The error says what to change in the config.
func Open(ctx context.Context, o Options) (*Reader, error) {
	s, err := openSession(ctx, o, sources.RunningClock{}.Now)
	if err != nil {
		return nil, err
	}
	r := &Reader{session: s, clock: o.Clock, home: s.home()}
	if r.clock == nil {
		r.clock = sources.RunningClock{}
	}
	for _, resource := range o.Resources {
		service, ok := table[resource.Service]
		if !ok {
			continue
		}
		w := &watched{Resource: resource, service: service, region: service.regionOf(resource, r.home), asking: make(chan struct{}, 1), reported: map[string]bool{}}
		if service.global == nil || !service.global(resource) {
			w.Resource.Region = w.region
		}
		if w.region == "" {
			return nil, fmt.Errorf("open aws: no region for %s; set `aws.region` in the config, AWS_REGION or a region in the profile", resource.Ref)
		}
		w.last = description{places: service.places(w.Resource)}
		r.resources = append(r.resources, w)
	}
	if r.home == "" {
		r.home = globalRegion
	}
	return r, nil
}

// Sources are the sources to poll: who we are, the metrics of each region, and each service's own word on its
// resources.
func (r *Reader) Sources() []sources.Source {
	out := []sources.Source{&identitySource{reader: r, told: newMemory()}}
	for _, group := range r.by(func(w *watched) string { return w.region }) {
		out = append(out, newMetricsSource(r, group[0].region, group))
	}
	described := func(w *watched) string {
		if w.service.describe == nil {
			return ""
		}
		return w.service.name + " " + w.region
	}
	names := map[string]int{}
	groups := r.by(described)
	for _, group := range groups {
		names[group[0].service.name]++
	}
	for _, group := range groups {
		name := group[0].service.name
		if names[name] > 1 {
			name = described(group[0])
		}
		out = append(out, &describeSource{reader: r, name: name, service: group[0].service, resources: group, told: newMemory()})
	}
	return out
}

// by groups the resources by a key, in the order of the keys; "" leaves a resource out.
func (r *Reader) by(key func(*watched) string) [][]*watched {
	groups := map[string][]*watched{}
	for _, w := range r.resources {
		if k := key(w); k != "" {
			groups[k] = append(groups[k], w)
		}
	}
	out := make([][]*watched, 0, len(groups))
	for _, group := range groups {
		out = append(out, group)
	}
	slices.SortFunc(out, func(a, b []*watched) int { return strings.Compare(key(a[0]), key(b[0])) })
	return out
}

// stamp sets when everything in the reading was learnt: now, which is later than the moment of asking by as
// long as AWS took to answer.
func (r *Reader) stamp(reading *sources.Reading) {
	now := r.clock.Now()
	if now.Before(reading.At) {
		now = reading.At
	}
	for i := range reading.Samples {
		reading.Samples[i].Seen = now
	}
	for i := range reading.Facts {
		reading.Facts[i].Seen = now
	}
	for i := range reading.Changes {
		reading.Changes[i].Seen = now
	}
}
