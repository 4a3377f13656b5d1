package runbooks

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"warroom/sources"
)

// ApproveWithin is how long after it was asked for a plan may be approved and carried out, on the machine's clock.
const ApproveWithin = 5 * time.Minute

// approveTurn is how often who has asked looks whether somebody has approved, on the machine's clock.
const approveTurn = 500 * time.Millisecond

// approveBehind is how far before the request its record is looked for, on the launch clock.
const approveBehind = time.Hour

// ErrTwoPeople is why one operator alone does not carry a plan out.
var ErrTwoPeople = errors.New("two people are wanted for this: ask for it, and a second operator approves it")

// Kinds are all kinds of actions.
func Kinds() []Kind { return []Kind{Capacity, Maintenance, Invalidate, Firewall, Deploy} }

// Request is a plan for which two people are wanted, as one of them has asked for it. It is good for one use.
type Request struct {
	Plan      Plan
	Hash      string // of the plan that was shown when it was asked for
	Actor     string
	Process   string    // it alone may carry the plan out
	At        time.Time // launch clock
	Asked     time.Time // machine clock
	Approvals []Approval
	Ended     string // why nothing more comes of it: it was carried out, or why it was not; "" while something may
}

// Approval is the word of somebody who has looked at a request's plan.
type Approval struct {
	Actor   string
	Process string
	Hash    string // of the plan that was approved
	Typed   string
	At      time.Time // machine clock
}

// Requests are those that the changes tell of, oldest first.
func Requests(changes []sources.Change) []Request {
	var out []Request
	at := map[string]int{}
	for i := range changes {
		c := &changes[i]
		r, ok := Step(*c)
		if !ok {
			continue
		}
		k, known := at[r.Run]
		switch {
		case known:
			out[k].take(&r, c.Actor)
		case r.State == Requested && r.Plan != nil:
			at[r.Run] = len(out)
			out = append(out, Request{Plan: *r.Plan, Hash: r.Hash, Actor: c.Actor, Process: r.Process, At: c.At, Asked: r.Machine})
		}
	}
	return out
}

// take goes on with a request by a further step.
func (r *Request) take(s *Record, actor string) {
	switch {
	case s.State == Approved:
		r.Approvals = append(r.Approvals, Approval{Actor: actor, Process: s.Process, Hash: s.Hash, Typed: s.Typed, At: s.Machine})
	case r.Ended != "":
	case s.State == Intended:
		r.Ended = carriedOut
	case s.State == Refused && s.Process == r.Process:
		r.Ended = "refused: " + s.Text
	}
}

// carriedOut is how a request ends that became a run.
const carriedOut = "carried out"

// CarriedOut tells whether the request became a run.
func (r *Request) CarriedOut() bool { return r.Ended == carriedOut }

// Waits tells whether the request may still be approved.
func (r *Request) Waits(now time.Time) bool { return r.Ended == "" && r.fresh(now) == nil }

// fresh tells why the request is too old, nil while it is not. One that was asked for later than now is no better: some
// clock has jumped.
func (r *Request) fresh(now time.Time) error {
	if age := now.Sub(r.Asked); age < 0 || age > ApproveWithin {
		return fmt.Errorf("it was asked for more than %s ago, what it shows may no longer hold: it has to be asked for anew", ApproveWithin)
	}
	return nil
}

// open tells why nothing more may come of the request, nil if something may.
func (r *Request) open(now time.Time) error {
	switch {
	case r.Ended != "":
		return errors.New("nothing more comes of it: " + r.Ended)
	case r.Hash == "" || r.Plan.Hash() != r.Hash:
		return errors.New("its plan was changed after it was asked for")
	}
	return r.fresh(now)
}

// accepts tells why an approval does not count, nil if it does.
func (r *Request) accepts(a Approval) error {
	switch {
	case strings.EqualFold(strings.TrimSpace(a.Actor), strings.TrimSpace(r.Actor)):
		return fmt.Errorf("%s has asked for it: somebody else has to approve it", r.Actor)
	case a.Process == r.Process:
		return errors.New("it was asked for from this very process: a second operator approves it from another one")
	case a.Hash != r.Hash:
		return errors.New("another plan was approved than the one that was asked for; look at it again")
	case a.Typed != r.Plan.Word():
		return fmt.Errorf("not approved: type %q in full", r.Plan.Word())
	}
	return r.fresh(a.At)
}

// wantsTwo tells whether two people are wanted for a plan: by this process's own rules, or by those in the recording.
func (h *Hands) wantsTwo(ctx context.Context, p Plan) (bool, error) {
	if h.opt.TwoPeople != nil && Wanted(h.opt.TwoPeople(), p) {
		return true, nil
	}
	changes, err := h.opt.Journal.Changes(ctx, time.Time{}, time.Time{}, time.Time{})
	if err != nil {
		return false, fmt.Errorf("read for what two people are wanted: %w", err)
	}
	return Wanted(Known(changes), p), nil
}

// alone tells why one operator's confirmation does not do, nil if it does.
func (h *Hands) alone(ctx context.Context, p Plan, c Confirmation) error {
	two, err := h.wantsTwo(ctx, p)
	switch {
	case err != nil:
		return err
	case two || p.Level >= TwoPeople:
		return ErrTwoPeople
	}
	return c.check(p, h.opt.Now())
}

// Ask records that a second operator shall approve a plan that was confirmed as for [Carry]. Nothing is called until one
// has, on another process; then this one carries it out, if everything still allows it. What comes of it is in the
// recording. The request ends after [ApproveWithin], or with this process.
func (h *Hands) Ask(ctx context.Context, p Plan, c Confirmation) error {
	asked := h.opt.Now()
	_, _, err := h.allow(ctx, p, func() error { return c.check(p, asked) })
	if err != nil {
		h.refuse(p, err)
		return err
	}
	record := Record{Run: p.ID, State: Requested, Plan: &p, Hash: p.Hash(), Typed: c.Typed, Shown: c.At, Once: rand.Text()}
	text := fmt.Sprintf("%s asks for a second operator (:approve): %s", h.opt.Operator, p.Title)
	written, err := h.write(p, record, p.ID+" "+string(Requested), text)
	if err != nil {
		return fmt.Errorf("nothing was asked for: it cannot be recorded: %w", err)
	}
	made := Requests([]sources.Change{written})
	if step, _ := Step(written); len(made) != 1 || step.Once != record.Once {
		return errors.New("it was asked for already: a plan is good for once")
	}
	h.runs.Go(func() { h.await(made[0], c, asked) })
	return nil
}

// await waits until a request is approved and carries it out, or until nothing more can come of it. asked is when it was
// asked for as this process knows it: that its clock is set meanwhile makes no difference to it.
func (h *Hands) await(r Request, c Confirmation, asked time.Time) {
	late := func() error {
		if h.opt.Now().Sub(asked) > ApproveWithin {
			return fmt.Errorf("nobody has approved it within %s", ApproveWithin)
		}
		return nil
	}
	for {
		now, err := h.request(h.ctx, r.Plan.ID, r.At.Add(-approveBehind))
		switch {
		case h.ctx.Err() != nil:
			h.refuse(r.Plan, errors.New("the process that asked for it has left"))
			return
		case err == nil && now.Ended != "":
			return
		case late() != nil:
			h.refuse(r.Plan, late())
			return
		case err == nil && now.approver() != "":
			_ = h.carry(h.ctx, r.Plan, c, func() error { return errors.Join(late(), h.approved(r.Plan)) }) // the recording tells
			return
		}
		h.nap(approveTurn)
	}
}

// nap sleeps on the machine's clock, or until the hands are closed.
func (h *Hands) nap(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-h.ctx.Done():
	case <-timer.C:
	}
}

// approver is who has approved the request as one may, "" while nobody has.
func (r *Request) approver() string {
	for _, a := range r.Approvals {
		if r.accepts(a) == nil {
			return a.Actor
		}
	}
	return ""
}

// approved tells why a plan that was asked for here may not be carried out now, nil if it may: the recording is read anew.
func (h *Hands) approved(p Plan) error {
	r, err := h.request(h.ctx, p.ID, time.Time{})
	switch {
	case err != nil:
		return err
	case r.Process != h.opt.Process || r.Actor != h.opt.Operator:
		return fmt.Errorf("it was asked for by %s from another process, which alone carries it out", r.Actor)
	case r.Hash != p.Hash():
		return errors.New("another plan was asked for than the one to be carried out")
	}
	if err := r.open(h.opt.Now()); err != nil {
		return err
	}
	if r.approver() == "" {
		return errors.New("no second operator has approved it")
	}
	return nil
}

// request finds a request in what happened since a time.
func (h *Hands) request(ctx context.Context, id string, since time.Time) (Request, error) {
	changes, err := h.opt.Journal.Changes(ctx, since, time.Time{}, time.Time{})
	if err != nil {
		return Request{}, fmt.Errorf("read what was asked for: %w", err)
	}
	for _, r := range Requests(changes) {
		if r.Plan.ID == id {
			return r, nil
		}
	}
	return Request{}, errors.New("nobody has asked for it")
}

// Approve records that a second operator wants a plan carried out that another one has asked for. The confirmation is bound
// to the plan that was shown. Nothing is called here.
func (h *Hands) Approve(ctx context.Context, p Plan, c Confirmation) error {
	r, err := h.request(ctx, p.ID, time.Time{})
	if err == nil {
		err = h.mayApprove(&r, c)
	}
	if err != nil {
		record := Record{Run: p.ID, State: Declined, Typed: c.Typed, Text: err.Error()}
		_, _ = h.write(p, record, "", "not approved: "+p.Title+": "+err.Error()) // where it cannot be written nothing was done either
		return err
	}
	record := Record{Run: p.ID, State: Approved, Hash: c.Hash, Typed: c.Typed, Shown: c.At}
	_, err = h.write(r.Plan, record, p.ID+" "+string(Approved)+" "+h.opt.Process, h.opt.Operator+" approves: "+r.Plan.Title)
	if err != nil {
		return fmt.Errorf("not approved: it cannot be recorded: %w", err)
	}
	return nil
}

// mayApprove tells why this operator may not approve a request from here, nil if they may.
func (h *Hands) mayApprove(r *Request, c Confirmation) error {
	now := h.opt.Now()
	if h.opt.Guard.Armed(now).IsZero() {
		return ErrSafe
	}
	if err := r.open(now); err != nil {
		return err
	}
	return r.accepts(Approval{Actor: h.opt.Operator, Process: h.opt.Process, Hash: c.Hash, Typed: c.Typed, At: now})
}
