package awswrite

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/simulator"
	"warroom/sources/simulator/awswire"
)

// site is a simulated launch behind the AWS protocols, with a wire in between that is listened to, and the hands on it.
type site struct {
	t      testing.TB
	launch *simulator.Launch
	aws    *awswire.Server
	clock  *sources.ManualClock
	url    string
	writer *Writer
	answer int   // of the maintenance origin, and of every other page
	broken error // instead of it
	asked  []string

	planned []runbooks.Plan

	mu      sync.Mutex
	sent    []sent
	instead func(w http.ResponseWriter, r *http.Request, body []byte) bool // answers a request itself
}

// sent is a request that went over the wire.
type sent struct {
	operation string
	region    string
	key       string // access key that signed it
	body      []byte
	match     string // If-Match
}

var fixedCredentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", Source: "test"}, nil
})

func newSite(t testing.TB, change func(*simulator.Scenario)) *site {
	t.Helper()
	sc, err := simulator.Load("lottery")
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&sc)
	}
	launch, err := simulator.New(sc, 7)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, launch: launch, clock: sources.NewManualClock(launch.Now()), answer: http.StatusOK}
	s.aws = awswire.New(launch, s.clock)
	server := httptest.NewServer(s)
	t.Cleanup(func() { _ = s.aws.Close(); server.Close() })
	s.url = server.URL
	s.writer = s.open(Options{})
	return s
}

// open opens the hands on the site.
func (s *site) open(o Options) *Writer {
	s.t.Helper()
	o.Region, o.Endpoint = s.launch.State().Region, s.url
	if o.Credentials == nil {
		o.Credentials = fixedCredentials
	}
	if o.Resources == nil {
		o.Resources = resourcesOf(s.launch.State())
	}
	o.Now = s.clock.Now
	o.Fetch = func(_ context.Context, url string) (int, error) {
		s.asked = append(s.asked, url)
		return s.answer, s.broken
	}
	w, err := Open(s.t.Context(), o)
	if err != nil {
		s.t.Fatal(err)
	}
	return w
}

// resourcesOf is a config that knows everything of the account.
func resourcesOf(st simulator.State) []sources.Resource {
	var all []sources.Resource
	add := func(service, name, id string, attrs map[string]string) {
		all = append(all, sources.Resource{Ref: sources.Ref{Service: service, Name: name}, ID: id, Attrs: attrs})
	}
	for _, d := range st.Distributions {
		add("cloudfront", d.Name, d.ID, nil)
	}
	for _, w := range st.WebACLs {
		add("waf", w.Name, w.Name, map[string]string{"scope": "CLOUDFRONT"})
	}
	for _, b := range st.LoadBalancers {
		add("alb", b.Name, b.Tail, nil)
	}
	for _, g := range st.Groups {
		add("asg", g.Name, g.ID, nil)
	}
	for _, c := range st.Clusters {
		add("aurora", c.Name, c.ID, nil)
	}
	return all
}

// ServeHTTP listens, and hands the request on.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Errorf("read a request: %v", err)
	}
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	parts := append(strings.Split(credential, "/"), "", "", "")
	s.mu.Lock()
	s.sent = append(s.sent, sent{operation: operationOf(r, body), key: parts[0], region: parts[2], body: body, match: r.Header.Get("If-Match")})
	instead := s.instead
	s.mu.Unlock()
	if instead != nil && instead(w, r, body) {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.aws.ServeHTTP(w, r)
}

// operationOf is a request's operation, in whichever protocol it came.
func operationOf(r *http.Request, body []byte) string {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		_, operation, _ := strings.Cut(target, ".")
		return operation
	}
	for pair := range strings.SplitSeq(string(body), "&") {
		if action, ok := strings.CutPrefix(pair, "Action="); ok {
			return action
		}
	}
	return r.Method + " " + r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
}

// count is how often an operation went over the wire.
func (s *site) count(operation string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.sent {
		if c.operation == operation {
			n++
		}
	}
	return n
}

// last is the newest request of the operation.
func (s *site) last(operation string) sent {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.sent) - 1; i >= 0; i-- {
		if s.sent[i].operation == operation {
			return s.sent[i]
		}
	}
	s.t.Fatalf("nobody asked for %s", operation)
	return sent{}
}

// replace has requests answered by the test itself; nil lets all of them through again.
func (s *site) replace(f func(w http.ResponseWriter, r *http.Request, body []byte) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instead = f
}

// failing answers an operation with an error of the query protocol, or of REST.
func failing(operation string, status int, text string) func(http.ResponseWriter, *http.Request, []byte) bool {
	return func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		if operationOf(r, body) != operation {
			return false
		}
		if status != http.StatusOK {
			w.Header().Set("X-Amzn-Requestid", "req-1")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
		return true
	}
}

// queryError is an error as the query protocol and REST spell it.
func queryError(code, message string) string {
	return "<ErrorResponse><Error><Type>Sender</Type><Code>" + code + "</Code><Message>" + message + "</Message></Error><RequestId>req-1</RequestId></ErrorResponse>"
}

// ref is the only resource of a service.
func (s *site) ref(service string) sources.Ref {
	s.t.Helper()
	names := s.writer.names(service)
	if len(names) == 0 {
		s.t.Fatalf("no %s", service)
	}
	return sources.Ref{Service: service, Name: names[0]}
}

// want makes an action of pairs of names and values.
func (s *site) want(kind runbooks.Kind, service string, pairs ...string) runbooks.Action {
	a := runbooks.Action{Kind: kind, Resource: s.ref(service), Want: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		a.Want[pairs[i]] = pairs[i+1]
	}
	return a
}

// handFor is the hand that offers the action.
func (s *site) handFor(a runbooks.Action) runbooks.Hand {
	s.t.Helper()
	for _, h := range s.writer.Hands() {
		for _, o := range h.Offers(sources.Resource{Ref: a.Resource}) {
			if o.Kind == a.Kind {
				return h
			}
		}
	}
	s.t.Fatalf("nobody offers %s", a)
	return nil
}

func (s *site) plan(a runbooks.Action) (runbooks.Plan, error) {
	s.t.Helper()
	p, err := s.handFor(a).Plan(s.t.Context(), a)
	p.ID = "plan-1"
	return p, err
}

func (s *site) mustPlan(a runbooks.Action) runbooks.Plan {
	s.t.Helper()
	p, err := s.plan(a)
	if err != nil {
		s.t.Fatalf("plan %s: %v", a, err)
	}
	return p
}

// refuses proves that an action is refused when it is planned, in words, and that nothing was written.
func (s *site) refuses(a runbooks.Action, words string) {
	s.t.Helper()
	p, err := s.plan(a)
	if err == nil {
		s.t.Errorf("%s was planned as %s (%s)", a, p.Title, changes(p.Before, p.After))
		return
	}
	if !strings.Contains(err.Error(), words) {
		s.t.Errorf("%s: %v; want a word of %q", a, err, words)
	}
	if n := s.aws.Stats().Writes; n != 0 {
		s.t.Errorf("%s: %d writes", a, n)
	}
}

// apply applies a plan as a confirmed one.
func (s *site) apply(p runbooks.Plan) (r runbooks.Receipt, err error) {
	s.t.Helper()
	confirmed(s.t, func(ctx context.Context) { r, err = s.handFor(p.Action).Apply(ctx, p) })
	return r, err
}

// do plans and applies.
func (s *site) do(a runbooks.Action) (runbooks.Plan, runbooks.Receipt) {
	s.t.Helper()
	p := s.mustPlan(a)
	r, err := s.apply(p)
	if err != nil {
		s.t.Fatalf("apply %s: %v", p.Title, err)
	}
	return p, r
}

func (s *site) found(p runbooks.Plan) bool {
	s.t.Helper()
	_, done, err := s.handFor(p.Action).Find(s.t.Context(), p)
	if err != nil {
		s.t.Fatal(err)
	}
	return done
}

func (s *site) progress(p runbooks.Plan, r runbooks.Receipt) runbooks.Progress {
	s.t.Helper()
	got, err := s.handFor(p.Action).Progress(s.t.Context(), p, r)
	if err != nil {
		s.t.Fatal(err)
	}
	return got
}

// pass lets launch time pass.
func (s *site) pass(d time.Duration) {
	for step := 10 * time.Second; d > 0; d -= step {
		s.clock.Advance(step)
	}
}

// confirmed runs f as the call of a confirmed plan whose intent is written: there is no other way to a context that
// permits writes than to carry a plan out.
func confirmed(t testing.TB, f func(ctx context.Context)) {
	t.Helper()
	guard := &runbooks.Guard{}
	now := time.Now
	guard.Arm(now())
	hands := runbooks.NewHands(runbooks.Options{
		Hands: []runbooks.Hand{callback{f}}, Guard: guard, Journal: &memory{}, Clock: sources.NewManualClock(now()), Now: now, Operator: "ada", Process: "p1",
	})
	defer hands.Close()
	p, err := hands.Plan(t.Context(), runbooks.Action{Kind: "test", Resource: sources.Ref{Service: "test", Name: "x"}})
	if err == nil {
		err = hands.Carry(t.Context(), p, p.Confirm("y", now()))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// callback is a hand whose call is a function of the test's.
type callback struct{ call func(context.Context) }

func (c callback) Offers(r sources.Resource) []runbooks.Offer {
	return []runbooks.Offer{{Kind: "test", Resource: r.Ref}}
}

func (c callback) Plan(context.Context, runbooks.Action) (runbooks.Plan, error) {
	return runbooks.Plan{Level: runbooks.Bounded}, nil
}

func (c callback) Apply(ctx context.Context, _ runbooks.Plan) (runbooks.Receipt, error) {
	c.call(ctx)
	return runbooks.Receipt{}, nil
}

func (c callback) Find(context.Context, runbooks.Plan) (runbooks.Receipt, bool, error) {
	return runbooks.Receipt{}, true, nil
}

func (c callback) Progress(context.Context, runbooks.Plan, runbooks.Receipt) (runbooks.Progress, error) {
	return runbooks.Progress{Done: true}, nil
}

// memory is a journal that is forgotten with the test.
type memory struct {
	mu      sync.Mutex
	changes []sources.Change
}

func (m *memory) AppendChange(_ context.Context, c sources.Change) (sources.Change, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.changes = append(m.changes, c)
	return c, nil
}

func (m *memory) Changes(context.Context, time.Time, time.Time, time.Time) ([]sources.Change, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]sources.Change(nil), m.changes...), nil
}
