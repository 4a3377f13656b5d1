package runbooks

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"warroom/sources"
	"warroom/sources/recording"
)

// Journal is where runs are written down: a recording.
type Journal interface {
	// AppendChange writes one change durably. Where its Kind and ID have been written before it returns what was
	// written then.
	AppendChange(ctx context.Context, c sources.Change) (sources.Change, error)
	// Changes are those that happened in [from, to) and had been seen by seen; zero times bound nothing.
	Changes(ctx context.Context, from, to, seen time.Time) ([]sources.Change, error)
}

var _ Journal = (*recording.File)(nil)

// The measures of a run. Those of calls are on the machine's clock, those of progress and effect on the launch's.
const (
	callTime     = 15 * time.Second // granted to one call, and to one reading
	writeTime    = 5 * time.Second  // granted to the disk for a step that must not be lost
	cooldown     = 20 * time.Second // machine: between two actions of a kind on one resource; taking back needs none
	progressTurn = 10 * time.Second // launch: how often progress is read
	progressRest = time.Second      // machine: but no more often than that
	heartbeat    = silence / 3      // machine: how often a run that makes no progress says so
	progressMost = 2 * time.Hour    // launch: after which a run that has not come to its end is given up
	effectAfter  = 5 * time.Minute  // launch: how long after the end its effect is looked at: two settled periods of AWS
)

// Hands carries plans out. One process has one; it may be used by many goroutines. Make it with [NewHands].
type Hands struct {
	opt  Options
	ctx  context.Context
	stop context.CancelFunc
	runs sync.WaitGroup
}

// Options are what hands are made of. All but Look must be given.
type Options struct {
	Hands    []Hand
	Guard    *Guard
	Journal  Journal
	Clock    sources.Clock    // the launch clock: when things happened, progress, effect
	Now      func() time.Time // the machine's clock: confirmation, cooldown, doubt
	Operator string           // who acts
	Process  string           // this one, as the lease knows it
	// Gone tells whether a process has ended for sure, nil where nobody knows: what it leaves behind is then in doubt at once.
	Gone func(process string) bool
	// Look reads what a watch shows at a time, nil where nothing can be seen.
	Look func(ctx context.Context, w Watch, at time.Time) Number
	// Archives are what was done in other recordings of the same launches, nil where there are none to look at.
	Archives func(ctx context.Context) []Archive
	// TwoPeople are this process's own rules of what two people are wanted for, nil where it has none. Those that stand in
	// the recording hold beside them.
	TwoPeople func() []Rule
}

// NewHands makes hands. Close them when the process leaves.
func NewHands(o Options) *Hands {
	ctx, stop := context.WithCancel(context.Background())
	return &Hands{opt: o, ctx: ctx, stop: stop}
}

// Close stops following runs; another process may go on with them. It waits until none is being written.
func (h *Hands) Close() {
	h.stop()
	h.runs.Wait()
}

// Guard is what arms the room and makes it safe.
func (h *Hands) Guard() *Guard { return h.opt.Guard }

// Offers are the actions that a resource has.
func (h *Hands) Offers(r sources.Resource) []Offer {
	var out []Offer
	for _, hand := range h.opt.Hands {
		out = append(out, hand.Offers(r)...)
	}
	return out
}

// hand finds who can do the action.
func (h *Hands) hand(a Action) (Hand, error) {
	for _, hand := range h.opt.Hands {
		for _, o := range hand.Offers(sources.Resource{Ref: a.Resource}) {
			if o.Kind == a.Kind {
				return hand, nil
			}
		}
	}
	return nil, fmt.Errorf("%s has no action %s", a.Resource, a.Kind)
}

// Plan reads what is now, and says what the action would do. Nothing is changed, armed or safe.
func (h *Hands) Plan(ctx context.Context, a Action) (Plan, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	p, err := h.read(ctx, a)
	if err != nil {
		return Plan{}, err
	}
	p.ID, p.Made = rand.Text(), h.opt.Now()
	if runs, err := h.Runs(ctx); err == nil {
		p.Last = last(runs, a)
	}
	return p, nil
}

func (h *Hands) read(ctx context.Context, a Action) (Plan, error) {
	hand, err := h.hand(a)
	if err != nil {
		return Plan{}, err
	}
	p, err := hand.Plan(ctx, a)
	p.Action = a
	if err != nil {
		return p, err
	}
	h.rehearse(ctx, &p)
	two, err := h.wantsTwo(ctx, p)
	if two {
		p.Level = TwoPeople
	}
	return p, err
}

// last says who did the same to the same resource last, "" where nobody has.
func last(runs []Run, a Action) string {
	for _, r := range slices.Backward(runs) {
		if r.Plan.Action.Kind == a.Kind && r.Plan.Action.Resource == a.Resource {
			return fmt.Sprintf("%s at %s: %s", r.Actor, r.At.UTC().Format("15:04:05Z"), r.Plan.Title)
		}
	}
	return ""
}

// Runs are all runs of the recording, oldest first, whichever process they are of.
func (h *Hands) Runs(ctx context.Context) ([]Run, error) {
	changes, err := h.opt.Journal.Changes(ctx, time.Time{}, time.Time{}, time.Time{})
	if err != nil {
		return nil, fmt.Errorf("read which actions are under way: %w", err)
	}
	return h.Left(Runs(changes)), nil
}

// Left fills in which of the runs under way their processes have left, and gives them back.
func (h *Hands) Left(runs []Run) []Run {
	for i := range runs {
		r := &runs[i]
		r.Left = !r.Ended() && h.opt.Gone != nil && r.Process != h.opt.Process && h.opt.Gone(r.Process)
	}
	return runs
}

// Carry carries a confirmed plan out: it makes the one call, if everything still allows it, and returns once the
// outcome of the call is known, or known to be in doubt. The run then goes on by itself; see [Runs].
//
// An error means that nothing was called, but for a [*RejectedError], where the provider refused the call, and a
// [*DoubtError].
func (h *Hands) Carry(ctx context.Context, p Plan, c Confirmation) error {
	return h.carry(ctx, p, c, func() error { return h.alone(ctx, p, c) })
}

// carry carries a plan out that confirmed finds no fault with.
func (h *Hands) carry(ctx context.Context, p Plan, c Confirmation, confirmed func() error) error {
	hand, n, err := h.allow(ctx, p, confirmed)
	if err != nil {
		h.refuse(p, err)
		return err
	}
	r, err := h.intend(ctx, p, c, n)
	if err != nil {
		h.refuse(p, err)
		return err
	}
	return h.call(ctx, hand, r)
}

// allow checks everything that has to hold before the intent is written, the cheapest first. It tells which run on the
// resource this would be.
func (h *Hands) allow(ctx context.Context, p Plan, confirmed func() error) (hand Hand, n int, err error) {
	if h.opt.Guard.Armed(h.opt.Now()).IsZero() {
		return nil, 0, ErrSafe
	}
	if err := confirmed(); err != nil {
		return nil, 0, err
	}
	if hand, err = h.hand(p.Action); err != nil {
		return nil, 0, err
	}
	if n, err = h.free(ctx, p); err != nil {
		return nil, 0, err
	}
	reading, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	found, err := h.read(reading, p.Action)
	if err != nil {
		return nil, 0, fmt.Errorf("nothing was called: the plan no longer holds, it cannot be made again: %w", err)
	}
	if !found.Same(p) {
		return nil, 0, &VoidError{Shown: p, Found: found}
	}
	return hand, n, nil
}

// free tells which run of its kind on its resource the plan would be, or who holds the resource. Actions of one kind set the
// same things; of different kinds they set different ones, and do not wait for each other: a fleet is raised while a release
// is rolled back, and visitors are sent to the maintenance page while caches are emptied.
func (h *Hands) free(ctx context.Context, p Plan) (n int, err error) {
	changes, err := h.opt.Journal.Changes(ctx, time.Time{}, time.Time{}, time.Time{})
	if err != nil {
		return 0, fmt.Errorf("read which actions are under way: %w", err)
	}
	for _, held := range Holds(changes, h.opt.Now()) {
		if held.Resource == p.Action.Resource && !held.By(h.opt.Operator) {
			return 0, &HandHeldError{held}
		}
	}
	runs := h.Left(Runs(changes))
	for i := range runs {
		r := &runs[i]
		if r.Plan.Action.Resource != p.Action.Resource {
			continue
		}
		if r.Plan.ID == p.ID {
			return 0, fmt.Errorf("%s was carried out already: a plan is good for once", p.Title)
		}
		if r.Plan.Action.Kind == p.Action.Kind {
			n++
			if r.Holds() && (r.State != Called || !r.takenBackBy(p.Action)) {
				return 0, &HeldError{Run: *r}
			}
			if since := h.opt.Now().Sub(r.Began); p.Action.Undoes == "" && r.changed() && since >= 0 && since < cooldown {
				return 0, fmt.Errorf("%s was changed %s ago by %s (%s); wait until %s have passed, or take it back",
					p.Action.Resource, since.Round(time.Second), r.Actor, r.Plan.Title, cooldown)
			}
		}
	}
	return n, nil
}

// intend writes the intent down. Its id counts the runs of the kind on the resource, so that of two that begin at once, in
// whichever processes, one alone gets it.
func (h *Hands) intend(ctx context.Context, p Plan, c Confirmation, n int) (*Run, error) {
	now := h.opt.Clock.Now()
	before := h.numbers(ctx, p, now)
	r := &Run{Plan: p, State: Intended, Actor: h.opt.Operator, Process: h.opt.Process, At: now, Before: before}
	record := Record{Run: p.ID, State: Intended, Plan: &p, Typed: c.Typed, Shown: c.At, Numbers: before, Once: rand.Text()}
	written, err := h.write(p, record, fmt.Sprintf("%s %s#%d", p.Action.Kind, p.Action.Resource, n+1), p.Title)
	if err != nil {
		return nil, fmt.Errorf("nothing was called: the intent cannot be recorded: %w", err)
	}
	if step, _ := Step(written); step.Once != record.Once {
		if got := Runs([]sources.Change{written}); len(got) == 1 {
			return nil, &HeldError{Run: got[0]}
		}
		return nil, fmt.Errorf("nothing was called: somebody else acts on %s", p.Action.Resource)
	}
	return r, nil
}

// ticket is what a write must carry where requests are signed.
type ticket struct{}

// Permitted tells whether a call is made for a confirmed plan whose intent is written. Only [Hands.Carry] and
// an approved [Hands.Ask] make such a context; packages that sign writes ask here, so that nothing else can.
func Permitted(ctx context.Context) bool { return ctx.Value(ticket{}) != nil }

// call makes the one call, and records what came of it.
func (h *Hands) call(ctx context.Context, hand Hand, r *Run) error {
	calling, cancel := context.WithTimeout(context.WithValue(context.WithoutCancel(ctx), ticket{}, r.Plan.ID), callTime)
	defer cancel()
	receipt, err := hand.Apply(calling, r.Plan)
	var rejected *RejectedError
	switch {
	case err == nil:
		r.Receipt = receipt
		h.note(r, Record{State: Called}, "called: "+r.Plan.Title)
		h.takenBack(ctx, r.Plan)
		h.follow(hand, r)
		return nil
	case errors.As(err, &rejected):
		h.note(r, Record{State: Failed, Text: err.Error(), Receipt: &Receipt{Request: rejected.Request}}, "refused by the provider: "+err.Error())
		return err
	}
	doubt := &DoubtError{Run: *r, Err: err}
	h.note(r, Record{State: Doubtful, Text: err.Error()}, doubt.Error())
	return doubt
}

// takenBack ends the run that a plan has taken back while it was under way. Where that cannot be written, its own progress
// tells in time that the resource was changed again.
func (h *Hands) takenBack(ctx context.Context, p Plan) {
	if p.Action.Undoes == "" {
		return
	}
	runs, err := h.Runs(ctx)
	if err != nil {
		return
	}
	for i := range runs {
		if r := &runs[i]; r.Plan.ID == p.Action.Undoes && r.State == Called {
			h.note(r, Record{State: Failed, Text: "taken back before its end"}, r.Plan.Title+": taken back before its end")
		}
	}
}

// DoubtError is a call whose answer nobody heard: it may have been carried out. [Hands.Settle] finds out.
type DoubtError struct {
	Run Run
	Err error
}

// Error says what is not known, and what to do.
func (e *DoubtError) Error() string {
	return fmt.Sprintf("in doubt whether it was carried out: %v; it is not tried again, :settle reads how it stands", e.Err)
}

// Unwrap is what went wrong.
func (e *DoubtError) Unwrap() error { return e.Err }

// write appends a step of a run, or of a plan that never became one.
func (h *Hands) write(p Plan, r Record, id, text string) (sources.Change, error) {
	r.Machine, r.Process = h.opt.Now(), h.opt.Process
	body, err := json.Marshal(r)
	if err != nil {
		return sources.Change{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeTime)
	defer cancel()
	now := h.opt.Clock.Now()
	return h.opt.Journal.AppendChange(ctx, sources.Change{
		At: now, Seen: now, Kind: ChangeAction, Resource: p.Action.Resource, Actor: h.opt.Operator, ID: id, Text: sources.Clean(text), Body: body,
	})
}

// note records a further step of a run and keeps it; a state is recorded once, whoever comes to it first. What cannot be
// written is tried again with the next step: the intent stands, so the run is in doubt until then, never lost.
func (h *Hands) note(r *Run, s Record, text string) {
	s.Run = r.Plan.ID
	if (r.State == Intended || r.State == Doubtful) && s.Receipt == nil && r.Receipt != (Receipt{}) {
		s.Receipt = &r.Receipt // with the first step that can be written
	}
	id := r.Plan.ID + " " + string(s.State)
	if s.State == r.State {
		id = "" // progress: as often as there is some
	}
	if c, err := h.write(r.Plan, s, id, text); err == nil {
		r.take(&s, c.At)
	}
}

// refuse records that a plan was not carried out: what was tried, and why not, belongs to the record too. Where it cannot
// be written, nothing was done either.
func (h *Hands) refuse(p Plan, why error) {
	_, _ = h.write(p, Record{Run: p.ID, State: Refused, Plan: &p, Text: why.Error()}, "", "refused: "+p.Title+": "+why.Error())
}

// Undo plans what takes a run back, from the resource as it is now.
func (h *Hands) Undo(ctx context.Context, r Run) (Plan, error) {
	back := r.Plan.Back
	if back.Kind == "" {
		return Plan{}, fmt.Errorf("%s cannot be taken back", r.Plan.Title)
	}
	back.Undoes = r.Plan.ID
	return h.Plan(ctx, back)
}

// Last is the newest run that can be taken back and has not been.
func Last(runs []Run) (Run, bool) {
	taken := map[string]bool{}
	for _, r := range slices.Backward(runs) {
		if r.State == Failed || r.State == Undone {
			continue
		}
		if r.Plan.Action.Undoes != "" {
			taken[r.Plan.Action.Undoes] = true
			continue
		}
		if !taken[r.Plan.ID] && r.Plan.Back.Kind != "" {
			return r, true
		}
	}
	return Run{}, false
}
