package runbooks_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/simulator"
)

// mostActors race at once; each round has between two of them and all.
const mostActors = 8

// racer is somebody who may change a resource.
type racer struct {
	*process
	plan runbooks.Plan
	err  error
}

// race has everybody read first, and then carry out what they have confirmed, all at once.
func race(t *testing.T, racers []*racer, want func(i int) runbooks.Action) (winners []int) {
	t.Helper()
	together(len(racers), func(i int) { racers[i].plan, racers[i].err = racers[i].Plan(t.Context(), want(i)) })
	for i, r := range racers {
		if r.err != nil {
			t.Fatalf("racer %d plans: %v", i, r.err)
		}
		r.guard.Arm(r.house.machine.Now())
	}
	together(len(racers), func(i int) { racers[i].err = racers[i].confirm(racers[i].plan) })
	for i, r := range racers {
		if r.err == nil {
			winners = append(winners, i)
		} else if !beaten(r.err) {
			t.Fatalf("racer %d has lost by %v, which does not say that somebody else was faster", i, r.err)
		}
	}
	return winners
}

// beaten tells whether an error says that somebody else was faster: the resource is held, or was changed just now.
func beaten(err error) bool {
	var void *runbooks.VoidError
	var held *runbooks.HeldError
	var rejected *runbooks.RejectedError
	return errors.As(err, &void) || errors.As(err, &held) || errors.As(err, &rejected) ||
		strings.Contains(err.Error(), "no longer holds") || strings.Contains(err.Error(), "wait until")
}

func together(n int, f func(i int)) {
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-begin
			f(i)
		})
	}
	close(begin)
	all.Wait()
}

// TestOneOfManyProcessesWins races processes of one recording for one web ACL, each wanting another limit.
func TestOneOfManyProcessesWins(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var racers []*racer
	for round := range rounds {
		if round%25 == 0 { // what one launch's recording holds, and no more
			h.record()
			racers = nil
			for i := range mostActors {
				racers = append(racers, &racer{process: h.process(fmt.Sprint("p", i))})
			}
		}
		h.machine.Advance(time.Minute)
		in := racers[:2+round%(mostActors-1)]
		before, _ := h.sent()
		winners := race(t, in, func(i int) runbooks.Action { return h.limit(1000 + 10*round + i) })
		after, _ := h.sent()
		if len(winners) != 1 || after-before != 1 || h.rate().Limit != 1000+10*round+winners[0] {
			t.Fatalf("round %d: winners %v, %d calls, the limit is %d", round, winners, after-before, h.rate().Limit)
		}
		in[winners[0]].ended(in[winners[0]].plan.ID)
	}
}

// ended waits until the run holds its resource no more.
func (p *process) ended(id string) {
	p.house.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if r := p.run(id); !r.Holds() {
			return
		} else if time.Now().After(deadline) {
			p.house.t.Fatalf("%s is %s still: %s", r.Plan.Title, r.State, r.Text)
		}
	}
}

// TestRoomsThatDoNotKnowEachOther races rooms with recordings of their own, so that nothing but AWS' tokens stands between
// them. In every fourth round somebody with another tool is in it too.
func TestRoomsThatDoNotKnowEachOther(t *testing.T) {
	for name, c := range map[string]struct {
		want     func(h *house, round, i int) runbooks.Action
		outsider func(h *house) (token string, change func() error)
	}{
		"ETag": {
			func(h *house, round, _ int) runbooks.Action {
				to := map[string]string{simulator.OriginLive: "maintenance", simulator.OriginMaintenance: "live"}
				return h.want(runbooks.Maintenance, "cloudfront", "to", to[h.launch.State().Distributions[0].Origin])
			},
			func(h *house) (string, func() error) {
				d := h.launch.State().Distributions[0]
				return d.ETag, func() error {
					_, err := h.launch.SetOrigin(d.Name, d.Origin, d.ETag)
					return err
				}
			},
		},
		"lock token": {
			func(h *house, round, i int) runbooks.Action { return h.limit(1000 + 10*round + i) },
			func(h *house) (string, func() error) {
				acl := h.launch.State().WebACLs[0]
				return acl.LockToken, func() error {
					_, err := h.launch.SetRules(acl.Name, acl.LockToken, simulator.RuleEdit{Rule: h.rate().Name, Limit: 77})
					return err
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, refused := newHouse(t), 0
			for round := range rounds {
				refused += strangers(t, h, round, func(i int) runbooks.Action { return c.want(h, round, i) }, c.outsider)
			}
			if refused == 0 {
				t.Error("AWS has never refused anybody: nobody raced")
			}
		})
	}
}

// strangers is one round. It returns how many calls AWS has refused.
func strangers(t *testing.T, h *house, round int, want func(i int) runbooks.Action, outsider func(*house) (string, func() error)) int {
	t.Helper()
	var racers []*racer
	for i := range 2 + round%(mostActors-1) {
		racers = append(racers, &racer{process: h.stranger(fmt.Sprint("p", i))})
	}
	defer func() {
		for _, r := range racers {
			r.Close()
		}
	}()
	was, change := outsider(h)
	allBefore, wonBefore := h.sent()
	outside := make(chan error, 1)
	if round%4 == 0 {
		go func() {
			time.Sleep(time.Duration(round%5) * time.Millisecond)
			outside <- change()
		}()
	} else {
		outside <- errors.New("not in this round")
	}
	actions := make([]runbooks.Action, len(racers))
	for i := range actions {
		actions[i] = want(i)
	}
	winners := race(t, racers, func(i int) runbooks.Action { return actions[i] })
	all, won := h.sent()
	total := len(winners)
	if <-outside == nil {
		total++
	}
	// The outsider may have been done before anybody looked; then there are two changes, one after the other.
	if len(winners) > 1 || total == 0 || won-wonBefore != len(winners) || all-allBefore > len(racers) {
		t.Fatalf("round %d: winners %v, %d in all, %d calls of %d racers, %d accepted", round, winners, total, all-allBefore, len(racers), won-wonBefore)
	}
	if now, _ := outsider(h); now == was {
		t.Fatalf("round %d: nothing was changed", round)
	}
	for _, w := range winners {
		if want := racers[w].plan; total == 1 && !holds(h, want) {
			t.Fatalf("round %d: the update of racer %d is lost: %s", round, w, want.Title)
		}
	}
	return all - allBefore - (won - wonBefore)
}

// holds tells whether the site is as the plan leaves it.
func holds(h *house, p runbooks.Plan) bool {
	if p.Action.Kind == runbooks.Firewall {
		return fmt.Sprint(h.rate().Limit) == p.After[0].Value
	}
	return h.launch.State().Distributions[0].Origin == p.After[0].Value
}

// stranger is a process with a recording of its own.
func (h *house) stranger(name string) *process {
	if h.known == nil {
		h.known = map[string][]runbooks.Hand{}
	}
	if h.known[name] == nil {
		h.known[name] = h.hands(name)
	}
	p := &process{house: h, guard: &runbooks.Guard{}, name: name}
	p.Hands = runbooks.NewHands(runbooks.Options{
		Hands: h.known[name], Guard: p.guard, Journal: &notebook{}, Clock: h.clock, Now: h.machine.Now, Operator: name, Process: name,
	})
	return p
}

// notebook is a journal that is forgotten.
type notebook struct {
	mu      sync.Mutex
	changes []sources.Change
}

func (n *notebook) AppendChange(_ context.Context, c sources.Change) (sources.Change, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, old := range n.changes {
		if c.ID != "" && old.ID == c.ID {
			return old, nil
		}
	}
	n.changes = append(n.changes, c)
	return c, nil
}

func (n *notebook) Changes(context.Context, time.Time, time.Time, time.Time) ([]sources.Change, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]sources.Change(nil), n.changes...), nil
}
