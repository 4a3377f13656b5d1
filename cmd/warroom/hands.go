package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"sync"
	"time"

	"warroom/runbooks"
	"warroom/runbooks/awswrite"
	"warroom/sources"
	"warroom/sources/query"
	"warroom/sources/recording"
	"warroom/sources/simulator"
)

// hands are those of a room: every process with a screen has some, whether it collects or watches.
func (p *process) hands(r *room, operator string) *runbooks.Hands {
	return runbooks.NewHands(runbooks.Options{
		Hands: []runbooks.Hand{&changing{room: r, operator: operator}}, Guard: &runbooks.Guard{}, Journal: r.tape,
		Clock: r.clock, Now: p.now, Operator: operator, Process: r.holder, Look: newLookout(r).see, TwoPeople: r.wantsTwo, Archives: r.archives, Gone: gone,
	})
}

// wantsTwo is what the config wants two people for: in a rehearsal that of the config that it was given, so that two people
// can practise.
func (r *room) wantsTwo() []runbooks.Rule {
	if r.config == nil {
		return r.twoPeople
	}
	return r.config.now.Load().twoPeople()
}

// changing is the hand of a room: AWS as the config has it, or the simulated one of a rehearsal, which whoever collects
// has opened. It is opened when it is first needed, and anew when the resources or the simulated AWS are others.
type changing struct {
	room     *room
	operator string

	mu    sync.Mutex
	as    string // what it was opened for
	hands []runbooks.Hand
}

var errNobodyCollects = errors.New("the simulated AWS is not there yet: nobody collects into this rehearsal")

// at is the hand for an action, opened for what holds now.
func (c *changing) at(ctx context.Context, a runbooks.Action) (runbooks.Hand, error) {
	hands, err := c.opened(ctx)
	if err != nil {
		return nil, err
	}
	for _, hand := range hands {
		for _, o := range hand.Offers(sources.Resource{Ref: a.Resource}) {
			if o.Kind == a.Kind {
				return hand, nil
			}
		}
	}
	return nil, fmt.Errorf("%s has no action %s", a.Resource, a.Kind)
}

func (c *changing) opened(ctx context.Context) ([]runbooks.Hand, error) {
	o, err := c.room.writes(ctx)
	if err != nil {
		return nil, err
	}
	o.Operator, o.Now = c.operator, c.room.clock.Now
	c.mu.Lock()
	defer c.mu.Unlock()
	as := fmt.Sprint(o.Profile, o.Role, o.Region, o.Endpoint, o.Resources)
	if c.hands != nil && c.as == as {
		return c.hands, nil
	}
	w, err := awswrite.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	c.as, c.hands = as, w.Hands()
	return c.hands, nil
}

// Offers are what the resource has; what they need of AWS is found when one is planned.
func (c *changing) Offers(r sources.Resource) []runbooks.Offer {
	return awswrite.Offers(r)
}

// Plan says what the action would do.
func (c *changing) Plan(ctx context.Context, a runbooks.Action) (runbooks.Plan, error) {
	hand, err := c.at(ctx, a)
	if err != nil {
		return runbooks.Plan{}, err
	}
	return hand.Plan(ctx, a)
}

// Apply makes the plan's call. Where there is nobody to call, nothing was changed.
func (c *changing) Apply(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, error) {
	hand, err := c.at(ctx, p.Action)
	if err != nil {
		return runbooks.Receipt{}, &runbooks.RejectedError{Why: err.Error(), Err: err}
	}
	return hand.Apply(ctx, p)
}

// Check asks whether AWS would allow the plan's call.
func (c *changing) Check(ctx context.Context, p runbooks.Plan) runbooks.Readiness {
	hand, err := c.at(ctx, p.Action)
	if err != nil {
		return runbooks.Readiness{Unknown: err.Error()}
	}
	if checker, ok := hand.(runbooks.Checker); ok {
		return checker.Check(ctx, p)
	}
	return runbooks.Readiness{Unknown: "nobody knows which permissions it needs"}
}

// Find reads whether the plan was carried out.
func (c *changing) Find(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, bool, error) {
	hand, err := c.at(ctx, p.Action)
	if err != nil {
		return runbooks.Receipt{}, false, err
	}
	return hand.Find(ctx, p)
}

// Progress reads how far the plan has come.
func (c *changing) Progress(ctx context.Context, p runbooks.Plan, r runbooks.Receipt) (runbooks.Progress, error) {
	hand, err := c.at(ctx, p.Action)
	if err != nil {
		return runbooks.Progress{}, err
	}
	return hand.Progress(ctx, p, r)
}

// rehearsalWrites say where the writes of a rehearsal go: to the simulated AWS that whoever collects has opened.
func (r *room) rehearsalWrites(ctx context.Context) (awswrite.Options, error) {
	meta := r.described()
	sc, err := simulator.Load(meta.Rehearsal)
	if err != nil {
		return awswrite.Options{}, err
	}
	endpoint, err := r.simulatedEndpoint(ctx)
	if err != nil {
		return awswrite.Options{}, err
	}
	return awswrite.Options{
		Region: sc.Site.Region, Endpoint: "http://" + endpoint, Credentials: rehearsalCredentials(), Resources: meta.Resources,
		Fetch: simulatedFetch(endpoint),
	}, nil
}

// simulatedEndpoint is where the simulated AWS answers, as whoever collects has it recorded.
func (r *room) simulatedEndpoint(ctx context.Context) (string, error) {
	holder, _, err := r.tape.Holder(ctx)
	if err != nil {
		return "", err
	}
	now := r.clock.Now()
	held, _, err := r.tape.Load(ctx, now, now.Add(time.Second), time.Time{})
	if err != nil && !errors.Is(err, recording.ErrDamaged) {
		return "", err
	}
	endpoint := ""
	for _, f := range held.Facts {
		if f.Resource == awsRef && f.Name == "endpoint" {
			endpoint = f.Value
		}
	}
	if holder == "" || endpoint == "" {
		return "", errNobodyCollects
	}
	return endpoint, nil
}

// simulatedFetch looks at an origin of the simulated site: it answers where the simulated AWS does, by its host's name.
func simulatedFetch(endpoint string) func(context.Context, string) (int, error) {
	return func(ctx context.Context, address string) (int, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return 0, err
		}
		request.Host = request.URL.Host
		request.URL.Scheme, request.URL.Host = "http", endpoint
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0, err
		}
		return answer.StatusCode, answer.Body.Close()
	}
}

var awsRef = sources.Ref{Service: sources.RoomService, Name: "aws"}

// lookout reads what a watch shows, from the recording.
type lookout struct {
	room   *room
	engine *query.Engine
}

func newLookout(r *room) *lookout { return &lookout{room: r, engine: query.NewEngine()} }

// lookBehind is how much of the recording a watch is judged on.
const lookBehind = 30 * time.Minute

// see is what the watch shows at a time: the newest settled value that was known then, and of which minute it is.
func (l *lookout) see(ctx context.Context, w runbooks.Watch, at time.Time) runbooks.Number {
	none := runbooks.Number{None: true}
	batch, _, err := l.room.tape.Load(ctx, at.Add(-lookBehind), at.Add(time.Second), at)
	if err != nil && !errors.Is(err, recording.ErrDamaged) {
		return none
	}
	window := sources.NewWindow(2 * lookBehind)
	window.Apply(batch)
	view := query.NewDeriver().View(window, sources.Cursor{At: at})
	launch := l.room.described().Launch
	options := query.Options{Launch: &launch, Earlier: l.room.earlier}
	judged, err := l.engine.Watermark(view, cmp.Or(w.Beside, w.Expr), "")
	counted := w.Beside != "" && err == nil
	if w.Beside != "" && !counted { // where that is silent, too, nothing is known
		judged, err = l.engine.Watermark(view, w.Expr, "")
	}
	if err != nil {
		return none
	}
	results, err := l.engine.Instant(ctx, view, w.Expr, judged, options)
	if err == nil && len(results) == 0 && counted && !l.unreadable(view, w) {
		return runbooks.Number{At: judged} // what is counted beside it was, and of this there was nothing
	}
	if err != nil || len(results) != 1 || math.IsNaN(results[0].Value) || math.IsInf(results[0].Value, 0) {
		return none
	}
	return runbooks.Number{Value: results[0].Value, At: judged}
}

// unreadable tells whether AWS does not answer for what a watch counts, of any resource of which something is counted beside it:
// its silence says nothing then.
func (l *lookout) unreadable(view *sources.View, w runbooks.Watch) bool {
	var counts []string
	for _, m := range l.engine.Metrics(w.Expr) {
		counts = append(append(counts, m.Name), m.Inputs()...)
	}
	fails := func(beside sources.Series) bool {
		return slices.ContainsFunc(counts, func(metric string) bool {
			return view.State(sources.Series{Metric: metric, Resource: beside.Resource}) == sources.Unreadable
		})
	}
	return slices.ContainsFunc(l.engine.Metrics(w.Beside), func(m sources.Metric) bool { return slices.ContainsFunc(view.Of(m.Name), fails) })
}
