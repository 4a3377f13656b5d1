package runbooks_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"warroom/runbooks"
	"warroom/runbooks/awswrite"
	"warroom/sources"
	"warroom/sources/recording"
	"warroom/sources/simulator"
	"warroom/sources/simulator/awswire"
)

// house is a simulated launch behind the AWS protocols, with a wire in between that is listened to, and one recording for
// all processes.
type house struct {
	t       testing.TB
	launch  *simulator.Launch
	aws     *awswire.Server
	clock   *sources.ManualClock // of the launch
	machine *sources.ManualClock
	url     string
	path    string
	numbers map[string]float64         // what the watches show, by expression
	of      time.Time                  // the end of the minute that they show, zero for nobody knows
	known   map[string][]runbooks.Hand // of strangers, by name

	mu      sync.Mutex
	writes  []write
	instead func(w http.ResponseWriter, operation string) bool // answers a write itself
}

// write is a request for a change that went over the wire, and how it was answered.
type write struct {
	operation string
	status    int
}

func newHouse(t testing.TB) *house {
	t.Helper()
	sc, err := simulator.Load("lottery")
	if err != nil {
		t.Fatal(err)
	}
	launch, err := simulator.New(sc, 7)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, launch: launch, clock: sources.NewManualClock(launch.Now()), machine: sources.NewManualClock(time.Now()), numbers: map[string]float64{}}
	h.aws = awswire.New(launch, h.clock)
	server := httptest.NewServer(h)
	t.Cleanup(func() { _ = h.aws.Close(); server.Close() })
	h.url = server.URL
	h.record()
	return h
}

// record begins a new recording.
func (h *house) record() {
	h.t.Helper()
	h.path = filepath.Join(h.t.TempDir(), "launch.warroom")
	f, err := recording.Create(h.path, recording.Meta{})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = f.Close() })
}

// ServeHTTP listens, and hands the request on.
func (h *house) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // of a process that has left while it asked
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	operation := operationOf(r, body)
	if operation == "" {
		h.aws.ServeHTTP(w, r)
		return
	}
	h.mu.Lock()
	instead := h.instead
	h.mu.Unlock()
	heard := &status{ResponseWriter: w, code: http.StatusOK}
	if instead == nil || !instead(heard, operation) {
		h.aws.ServeHTTP(heard, r)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.writes = append(h.writes, write{operation, heard.code})
}

type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// operationOf is the operation of a request for a change, "" of one that only reads.
func operationOf(r *http.Request, body []byte) string {
	switch {
	case r.Method == http.MethodPut:
		return "UpdateDistribution"
	case strings.HasSuffix(r.URL.Path, "/invalidation") && r.Method == http.MethodPost:
		return "CreateInvalidation"
	}
	for _, name := range []string{"UpdateWebACL", "UpdateAutoScalingGroup", "ModifyDBCluster", "AssumeRole"} {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+name) || strings.Contains(string(body), "Action="+name+"&") {
			return name
		}
	}
	return ""
}

// sent counts the changes that were asked for over the wire, and those that were accepted.
func (h *house) sent() (all, accepted int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range h.writes {
		if w.status < 300 {
			accepted++
		}
	}
	return len(h.writes), accepted
}

// replace has changes answered by the test itself; nil lets them through again.
func (h *house) replace(f func(w http.ResponseWriter, operation string) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.instead = f
}

// process is one process of the room: its own file, its own clients, its own hands.
type process struct {
	*runbooks.Hands
	house *house
	guard *runbooks.Guard
	name  string
}

// options change what a process is made of.
type options func(*runbooks.Options)

func (h *house) process(name string, change ...options) *process {
	h.t.Helper()
	f, err := recording.Open(h.path)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = f.Close() })
	p := &process{house: h, guard: &runbooks.Guard{}, name: name}
	o := runbooks.Options{
		Hands: h.hands(name), Guard: p.guard, Journal: f, Clock: h.clock, Now: h.machine.Now, Operator: name, Process: name,
		Look: h.look,
	}
	for _, c := range change {
		c(&o)
	}
	p.Hands = runbooks.NewHands(o)
	h.t.Cleanup(p.Close)
	return p
}

// hands are the real ones, with clients of their own.
func (h *house) hands(operator string) []runbooks.Hand {
	h.t.Helper()
	state := h.launch.State()
	w, err := awswrite.Open(h.t.Context(), awswrite.Options{
		Region: state.Region, Endpoint: h.url, Operator: operator, Resources: resourcesOf(state),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
		Fetch: func(context.Context, string) (int, error) { return http.StatusOK, nil },
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return w.Hands()
}

func resourcesOf(st simulator.State) []sources.Resource {
	ref := func(service, name, id string) sources.Resource {
		return sources.Resource{Ref: sources.Ref{Service: service, Name: name}, ID: id}
	}
	return []sources.Resource{
		ref("cloudfront", st.Distributions[0].Name, st.Distributions[0].ID), ref("waf", st.WebACLs[0].Name, st.WebACLs[0].Name),
		ref("alb", st.LoadBalancers[0].Name, st.LoadBalancers[0].Tail), ref("asg", st.Groups[0].Name, st.Groups[0].ID),
		ref("aurora", st.Clusters[0].Name, st.Clusters[0].ID),
	}
}

func (h *house) look(_ context.Context, w runbooks.Watch, _ time.Time) runbooks.Number {
	h.mu.Lock()
	defer h.mu.Unlock()
	v, ok := h.numbers[w.Expr]
	return runbooks.Number{Value: v, None: !ok, At: h.of}
}

// show sets what the watches of a plan show.
func (h *house) show(p runbooks.Plan, values ...float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, v := range values {
		h.numbers[p.Watches[i].Expr] = v
	}
}

// want makes an action of pairs of names and values.
func (h *house) want(kind runbooks.Kind, service string, pairs ...string) runbooks.Action {
	a := runbooks.Action{Kind: kind, Want: map[string]string{}}
	for _, r := range resourcesOf(h.launch.State()) {
		if r.Service == service {
			a.Resource = r.Ref
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		a.Want[pairs[i]] = pairs[i+1]
	}
	return a
}

// limit is an action that sets the limit of the rate rule: AWS has it at once.
func (h *house) limit(n int) runbooks.Action {
	return h.want(runbooks.Firewall, "waf", "rule", h.rate().Name, "limit", fmt.Sprint(n))
}

func (h *house) rate() simulator.Rule {
	for _, r := range h.launch.State().WebACLs[0].Rules {
		if r.Managed == "" {
			return r
		}
	}
	return simulator.Rule{}
}

func (h *house) purge() runbooks.Action {
	return h.want(runbooks.Invalidate, "cloudfront", "paths", "/*")
}

func (h *house) invalidations() int { return len(h.launch.State().Distributions[0].Invalidations) }

// mustPlan arms the room and plans.
func (p *process) mustPlan(a runbooks.Action) runbooks.Plan {
	p.house.t.Helper()
	p.guard.Arm(p.house.machine.Now())
	plan, err := p.Plan(p.house.t.Context(), a)
	if err != nil {
		p.house.t.Fatalf("plan %s: %v", a, err)
	}
	return plan
}

// confirm carries a plan out as a person would who has read it.
func (p *process) confirm(plan runbooks.Plan) error {
	return p.Carry(p.house.t.Context(), plan, plan.Confirm(plan.Word(), p.house.machine.Now()))
}

// do plans and carries out.
func (p *process) do(a runbooks.Action) runbooks.Plan {
	p.house.t.Helper()
	plan := p.mustPlan(a)
	if err := p.confirm(plan); err != nil {
		p.house.t.Fatalf("carry out %s: %v", plan.Title, err)
	}
	return plan
}

// run is a plan's run as any process reads it.
func (p *process) run(id string) runbooks.Run {
	p.house.t.Helper()
	runs, err := p.Runs(p.house.t.Context())
	if err != nil {
		p.house.t.Fatal(err)
	}
	for _, r := range runs {
		if r.Plan.ID == id {
			return r
		}
	}
	return runbooks.Run{}
}

// until lets launch time pass until the run is in the state. Machine time stands still but for what progress needs.
func (p *process) until(id string, want runbooks.State) runbooks.Run {
	p.house.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		r := p.run(id)
		if r.State == want {
			return r
		}
		if r.Ended() {
			p.house.t.Fatalf("%s has ended as %s (%s), not as %s", r.Plan.Title, r.State, r.Text, want)
		}
		p.house.clock.Advance(10 * time.Second)
		p.house.machine.Advance(2 * time.Second)
		time.Sleep(5 * time.Millisecond)
	}
	p.house.t.Fatalf("the run is %s, not %s", p.run(id).State, want)
	return runbooks.Run{}
}

// dies ends the goroutine where it stands, as a process that is killed: nothing after it is done.
func dies() { runtime.Goexit() }

// perform runs f as a process would that may die in it.
func perform(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// tamper changes what is done around a hand's call.
type tamper struct {
	runbooks.Hand
	before, after func()
}

func (h tamper) Apply(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, error) {
	if h.before != nil {
		h.before()
	}
	r, err := h.Hand.Apply(ctx, p)
	if h.after != nil {
		h.after()
	}
	return r, err
}

// around has all calls of a process surrounded.
func around(before, after func()) options {
	return func(o *runbooks.Options) {
		for i, hand := range o.Hands {
			o.Hands[i] = tamper{hand, before, after}
		}
	}
}

// journal is a journal in which something goes wrong at a step.
type journal struct {
	runbooks.Journal
	at func(c sources.Change) error
}

func (j journal) AppendChange(ctx context.Context, c sources.Change) (sources.Change, error) {
	if err := j.at(c); err != nil {
		return sources.Change{}, err
	}
	return j.Journal.AppendChange(ctx, c)
}

// stateOf is the state that a change records.
func stateOf(c sources.Change) runbooks.State {
	for _, s := range []runbooks.State{runbooks.Intended, runbooks.Called, runbooks.Done, runbooks.Doubtful, runbooks.Failed, runbooks.Undone, runbooks.Refused, runbooks.Judged, runbooks.Worsened} {
		if strings.Contains(string(c.Body), `"state":"`+string(s)+`"`) {
			return s
		}
	}
	return ""
}

// failsAt has a journal that cannot write a state.
func failsAt(s runbooks.State) options {
	return func(o *runbooks.Options) {
		o.Journal = journal{o.Journal, func(c sources.Change) error {
			if stateOf(c) == s {
				return errors.New("no space left on device")
			}
			return nil
		}}
	}
}

// journal is the recording as another process has it open.
func (h *house) journal() runbooks.Journal {
	h.t.Helper()
	f, err := recording.Open(h.path)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = f.Close() })
	return f
}
