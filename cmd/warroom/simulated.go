package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"warroom/sources"
	"warroom/sources/awsread"
	"warroom/sources/recording"
	"warroom/sources/simulator"
	"warroom/sources/simulator/awswire"
)

// simulated opens the sources of a rehearsal: a site, AWS' protocols in front of it on a loopback port, and
// the same clients that ask the real AWS. The site is built again from its seed, what the recording keeps of requests that
// changed it is made again, and it is brought up to now: that is how another process takes a rehearsal over.
func (r *room) simulated(ctx context.Context, resources []sources.Resource) ([]sources.Source, func(), error) {
	meta := r.described()
	sc, err := loadScenario(meta.Rehearsal)
	if err != nil {
		return nil, nil, err
	}
	launch, err := simulator.New(sc, meta.Seed)
	if err != nil {
		return nil, nil, err
	}
	wire := awswire.New(launch, r.clock)
	if err := r.repeat(ctx, wire); err != nil {
		return nil, nil, err
	}
	wire.Journal(r.journal)
	endpoint, release, err := serve(wire)
	if err != nil {
		return nil, nil, err
	}
	reader, err := awsread.Open(ctx, awsread.Options{
		Region: launch.State().Region, Endpoint: endpoint, Credentials: rehearsalCredentials(),
		Resources: resources, Clock: r.clock, BudgetShare: 1, // nobody else asks the simulated account
	})
	if err != nil {
		release()
		return nil, nil, err
	}
	return append(reader.Sources(), storyteller{sc}), release, nil
}

// journal records a request that is about to change the simulated site, by the lease: a process that has lost it changes
// a site that nobody looks at.
func (r *room) journal(w awswire.Write) error {
	writer := r.writer.Load()
	if writer == nil {
		return errNobodyCollects
	}
	body, err := json.Marshal(w)
	if err != nil {
		return err
	}
	c := sources.Change{At: w.At, Seen: w.At, Kind: sources.ChangeModel, Actor: "room", Text: "asked of the simulated AWS: " + w.Service + ":" + w.Operation, Body: body}
	_, err = writer.AppendChange(context.Background(), c)
	return err
}

// repeat makes the requests again that changed the simulated site before this process collects.
func (r *room) repeat(ctx context.Context, wire *awswire.Server) error {
	changes, err := r.tape.Changes(ctx, time.Time{}, time.Time{}, time.Time{})
	if err != nil && !errors.Is(err, recording.ErrDamaged) {
		return err
	}
	slices.SortFunc(changes, func(a, b sources.Change) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, c := range changes {
		if c.Kind != sources.ChangeModel {
			continue
		}
		var w awswire.Write
		if err = json.Unmarshal(c.Body, &w); err == nil {
			err = wire.Repeat(w)
		}
		if err != nil {
			return fmt.Errorf("build the simulated site again, at change %d of the recording: %w", c.Seq, err)
		}
	}
	return nil
}

// serve answers requests on a free loopback port until it is released.
func serve(wire *awswire.Server) (endpoint string, release func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("open a loopback port for the simulated AWS: %w", err)
	}
	server := &http.Server{Handler: wire, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // it ends when it is closed
	return "http://" + listener.Addr().String(), func() { _ = wire.Close(); _ = server.Close() }, nil
}

// rehearsalCredentials are as good as any for the simulated account; they are nobody's.
func rehearsalCredentials() aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIAREHEARSALEXAMPLE", SecretAccessKey: "rehearsal", Source: "rehearsal"}, nil
	})
}

// simulatedResources are the resources of a simulated account, as a config would name them.
func simulatedResources(s simulator.State) []sources.Resource {
	var out []sources.Resource
	add := func(service, name, id string, attrs map[string]string) {
		out = append(out, sources.Resource{Ref: sources.Ref{Service: service, Name: name}, ID: id, Attrs: attrs})
	}
	for _, c := range s.Counters {
		for _, as := range countedAs[c.As] {
			add("audience", "people", c.Namespace+"/"+c.Metric, counterAttrs(c, as))
		}
	}
	for _, d := range s.Distributions {
		add("cloudfront", d.Name, d.ID, map[string]string{"kvs": d.Store.ARN})
	}
	for _, w := range s.WebACLs {
		add("waf", w.Name, w.Name, map[string]string{"scope": "CLOUDFRONT"})
	}
	for _, b := range s.LoadBalancers {
		add("alb", b.Name, b.Tail, nil)
	}
	for _, g := range s.Groups {
		add("asg", g.Name, g.ID, map[string]string{"codedeploy": g.Application + "/" + g.DeploymentGroup})
	}
	for _, c := range s.Clusters {
		add("aurora", c.Name, c.ID, nil)
	}
	return out
}

// countedAs is what the counters of a simulated site are to the room; those that are absent are not watched.
var countedAs = map[string][]string{
	"registrations": {"registrations", "successes"},
	"visitors":      {"visitors"},
	"attempts":      {"attempts"},
}

func counterAttrs(c simulator.Counter, as string) map[string]string {
	attrs := map[string]string{"namespace": c.Namespace, "metric": c.Metric, "as": as}
	for _, d := range c.Dimensions {
		if attrs["dimensions"] != "" {
			attrs["dimensions"] += ","
		}
		attrs["dimensions"] += d[0] + "=" + d[1]
	}
	return attrs
}

// scripted is what the team of a rehearsal knows beforehand.
func scripted(sc simulator.Scenario) sources.Launch {
	l := sources.Launch{Name: sc.Name, T0: sc.T0}
	for _, p := range sc.Phases {
		l.Phases = append(l.Phases, sources.Phase{Name: p.Name, At: sources.Moment(p.At)})
	}
	for _, m := range sc.Marks {
		l.Marks = append(l.Marks, sources.Mark{
			At: sources.Moment(m.At), Kind: m.Kind, Until: sources.Moment(m.Until), Peak: m.Peak, Note: m.Note,
		})
	}
	return l
}

// storyRef and storyFact name the fact that says what is going on in a rehearsal and what to press.
var storyRef = sources.Ref{Service: sources.RoomService, Name: "story"}

const storyFact = "line"

// storyteller is the source of the story: it is recorded like everything else, so that a replay and a second
// process tell it too.
type storyteller struct{ scenario simulator.Scenario }

// Name is what its troubles are recorded under; it has none.
func (storyteller) Name() string { return "story" }

// Schedule keeps it closer to the story than people notice.
func (storyteller) Schedule() sources.Schedule { return sources.Schedule{Every: 5 * time.Second} }

// Poll tells the line that holds now.
func (s storyteller) Poll(_ context.Context, now time.Time) (sources.Reading, error) {
	line := sources.Fact{Resource: storyRef, Name: storyFact, Value: s.scenario.StoryAt(now), Seen: now}
	return sources.Reading{Batch: sources.Batch{Facts: []sources.Fact{line}}}, nil
}
