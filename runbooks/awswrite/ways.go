package awswrite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"warroom/runbooks"
	"warroom/sources"
)

// wayTime is granted to the API behind a way to say that it answers. Nobody waits longer for a list.
const wayTime = 3 * time.Second

// way is one by which visitors can be sent to a maintenance page.
type way struct {
	on    sources.Ref // that it changes
	call  string      // by which operation
	what  string      // e.g. "listener of load balancer web"
	plane string      // and the region of its API
	how   string      // what to do for it
	err   error       // why its API cannot be used now
}

func (y *way) String() string {
	state := "its API answers"
	if y.err != nil {
		state = "not now: " + y.err.Error()
	}
	return fmt.Sprintf("%s (%s): %s; %s", y.what, y.plane, y.how, state)
}

// listed is the way as a plan lists it.
func (y *way) listed() runbooks.Way {
	state := answering
	if y.err != nil {
		state = "not now: " + y.err.Error()
	}
	return runbooks.Way{What: y.what, State: state, More: y.plane + ": " + y.how, Resource: y.on, Call: y.call}
}

// answering is the state of a way whose API answers.
const answering = "answers"

// thisWay is the way that a plan goes itself: what was read for it has just answered.
func thisWay(what, plane string, on sources.Ref, call string) runbooks.Way {
	return runbooks.Way{What: what + ": this plan", State: answering, More: plane, Resource: on, Call: call}
}

// otherWays asks the APIs of the ways that the stack has beside the one that is planned, all at once. What it returns waits
// for their answers: the ways, best first, and those whose API does not answer behind all others.
func (w *Writer) otherWays(ctx context.Context, edge sources.Ref, planned string) (answers func() []way) {
	var all []way
	var probes []func(context.Context) error
	if k, err := w.key(edge); err == nil && planned != byFlag {
		all = append(all, way{on: edge, call: putKey, what: "flag " + k.name, plane: storePlane, how: "maintenance by " + byFlag})
		probes = append(probes, func(ctx context.Context) error {
			_, err := (&flag{w}).read(ctx, k)
			return err
		})
	}
	for _, name := range w.names("alb") {
		ref := sources.Ref{Service: "alb", Name: name}
		region, _ := w.regionOf(w.resources[ref])
		all = append(all, way{on: ref, call: modifyListener, what: "listener of load balancer " + name, plane: "regional control plane, " + region, how: "maintenance of " + ref.String()})
		probes = append(probes, func(ctx context.Context) error {
			_, _, err := w.balancer(ctx, ref)
			return err
		})
	}
	if planned != byOrigin {
		all = append(all, way{on: edge, call: updateDistribution, what: "UpdateDistribution", plane: "global control plane, " + globalRegion, how: "maintenance by " + byOrigin})
		probes = append(probes, func(ctx context.Context) error {
			_, _, err := (&origins{w}).configuration(ctx, edge)
			return err
		})
	}
	ctx, cancel := context.WithTimeout(ctx, wayTime)
	var asked sync.WaitGroup
	for i, probe := range probes {
		asked.Go(func() { all[i].err = probe(ctx) })
	}
	return func() []way {
		defer cancel()
		asked.Wait()
		return ranked(all)
	}
}

// ways lists every way that the distribution has, best first: whether its API answers, and by the plane that has to work for
// it.
func (c *configuration) ways(on sources.Ref, others []way) (all []runbooks.Way) {
	if g, ok := c.group(c.target()); ok {
		all = append(all, runbooks.Way{Resource: on, What: "origin group " + aws.ToString(g.Id) + " fails over by itself " + failover(g) + ", nothing to press", More: "data plane, at every edge"})
	}
	this := thisWay("UpdateDistribution", "global control plane, "+globalRegion, on, updateDistribution)
	others = ranked(others)
	mute := slices.IndexFunc(others, func(y way) bool { return y.err != nil })
	for i := range others {
		if i == mute {
			all = append(all, this)
		}
		all = append(all, others[i].listed())
	}
	if mute < 0 {
		all = append(all, this)
	}
	return all
}

// instead adds the other ways to why a distribution's configuration cannot be read: that API may be gone for hours just when
// it is needed.
func instead(err error, others []way) error {
	if err == nil || len(others) == 0 {
		return err
	}
	texts := make([]string, len(others))
	for i := range others {
		texts[i] = others[i].String()
	}
	return fmt.Errorf("%w; other ways: %s", err, strings.Join(texts, "; "))
}
