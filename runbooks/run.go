package runbooks

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"warroom/sources"
)

// ChangeAction is the kind of the changes that make up the record of runs.
const ChangeAction = "action"

// State is how far a run has come.
type State string

// The states of a run, in the order in which it goes through them. One that has failed, has turned out not to have been
// carried out, or has its verdict has ended.
const (
	Refused  State = "refused"  // nothing was called; the run has not begun
	Intended State = "intended" // written down; the call is being made
	Called   State = "called"   // the provider has accepted it
	Doubtful State = "in doubt" // nobody knows whether the call was carried out
	Failed   State = "failed"   // the provider has refused it, or gave up on it
	Undone   State = "not done" // it was in doubt, and has not been carried out
	Done     State = "done"     // it has come to its end; its effect is watched
	Judged   State = "judged"
)

// Worsened is no state of a run but a step beside them: something got worse after the call, and it is offered to be taken
// back. It may come before the verdict and after it.
const Worsened State = "worse"

// The states of a plan that two people are wanted for, before it is a run.
const (
	Requested State = "requested"    // a second operator is asked for
	Approved  State = "approved"     // by a second operator
	Declined  State = "not approved" // somebody wanted to approve it and may not
)

// Verdict is what an action has brought.
type Verdict string

// The verdicts.
const (
	Worked   Verdict = "worked"
	NoEffect Verdict = "no effect"
	Worse    Verdict = "worse"
)

// Record is one step of a run, as it stands in the recording.
type Record struct {
	Run     string    `json:"run"`
	State   State     `json:"state"`
	Plan    *Plan     `json:"plan,omitempty"`    // with the intent, and with a refusal
	Typed   string    `json:"typed,omitempty"`   // with the intent: what confirmed it
	Shown   time.Time `json:"shown,omitzero"`    // with the intent: when the confirmation was given, machine clock
	Process string    `json:"process,omitempty"` // which one made the step
	Machine time.Time `json:"machine"`           // when, on the machine's clock
	Hash    string    `json:"hash,omitempty"`    // of the plan: with a request and an approval, which are bound to it
	Once    string    `json:"once,omitempty"`    // with a request and an intent: tells it from that of another for the same plan
	Receipt *Receipt  `json:"receipt,omitempty"`
	Text    string    `json:"text,omitempty"` // progress, or what went wrong
	Verdict Verdict   `json:"verdict,omitempty"`
	Numbers []Number  `json:"numbers,omitempty"` // of the watches: before with the intent, after with the verdict
}

// Number is what a watch showed at a moment; None where it showed nothing.
type Number struct {
	Value float64   `json:"value"`
	None  bool      `json:"none,omitempty"`
	At    time.Time `json:"at,omitzero"` // the end of the minute that it is of, launch clock; zero where that is not known
}

// since tells whether the number is of a minute that began at a time or later.
func (n Number) since(t time.Time) bool { return n.At.IsZero() || !n.At.Add(-time.Minute).Before(t) }

// Run is a plan that is or was carried out.
type Run struct {
	Plan    Plan
	State   State
	Actor   string
	Process string    // which one carries it on
	Left    bool      // that has gone: filled in by [Hands.Left]
	At      time.Time // of the intent, launch clock
	Began   time.Time // of the intent, machine clock
	Heard   time.Time // of the last step, machine clock
	Receipt Receipt
	Text    string // its last progress, or what went wrong
	Verdict Verdict
	Before  []Number // of the watches
	After   []Number
	Stop    Stop      // why it is offered to be taken back, none while it is not
	There   time.Time // when it had come to its end, launch clock; zero while it has not

	called bool // the provider has accepted it at some time
}

// silence is how long a run may say nothing until it counts as left alone by its process, on the machine's clock. Who
// follows one speaks more often than that.
const silence = 45 * time.Second

// Holds tells whether the run keeps others of its kind from its resource.
func (r *Run) Holds() bool { return r.State == Intended || r.State == Called || r.State == Doubtful }

// changed tells whether the run may have changed its resource: not where the provider has refused the call, or it was never
// carried out.
func (r *Run) changed() bool {
	return r.State != Undone && (r.State != Failed || r.called)
}

// takenBackBy tells whether the action is what takes this run back.
func (r *Run) takenBackBy(a Action) bool {
	back := r.Plan.Back
	return a.Undoes == r.Plan.ID && a.Kind == back.Kind && a.Resource == back.Resource && maps.Equal(a.Want, back.Want)
}

// InDoubt tells whether nobody knows how the run stands: its process has gone, or never heard the answer.
func (r *Run) InDoubt(now time.Time) bool {
	return r.State == Doubtful || r.Holds() && (r.Left || now.Sub(r.Heard) > silence)
}

// Ended tells whether nothing more is to come of it.
func (r *Run) Ended() bool { return r.State == Failed || r.State == Undone || r.State == Judged }

// outside are the states of steps that are none of a run's.
var outside = []State{Refused, Requested, Approved, Declined}

// Runs are the runs that the changes tell of, oldest first. Records that cannot be read are left out.
func Runs(changes []sources.Change) []Run {
	var out []Run
	at := map[string]int{}
	for i := range changes {
		c := &changes[i]
		r, ok := Step(*c)
		if !ok || slices.Contains(outside, r.State) {
			continue
		}
		k, known := at[r.Run]
		switch {
		case r.State == Intended && r.Plan != nil && !known:
			at[r.Run] = len(out)
			out = append(out, Run{Plan: *r.Plan, State: Intended, Actor: c.Actor, Process: r.Process, At: c.At, Began: r.Machine, Heard: r.Machine, Before: r.Numbers})
		case known && r.State != Intended:
			out[k].take(&r, c.At)
		}
	}
	return out
}

// Step reads a change as a step of a run, and tells whether it is one.
func Step(c sources.Change) (Record, bool) {
	var r Record
	if c.Kind != ChangeAction || json.Unmarshal(c.Body, &r) != nil {
		return Record{}, false
	}
	return r, true
}

// Landmark tells whether a step is worth a place of its own among what happened: where a run begins, and what came of
// it, but not each step of its progress.
func (r *Record) Landmark() bool { return r.State != Called && r.State != Done }

// take goes on with a run by a further step, made at a time of the launch clock.
func (r *Run) take(s *Record, at time.Time) {
	if s.State == Worsened {
		if r.Stop.Why == "" {
			r.Stop = Stop{Why: s.Text, At: at}
		}
		return
	}
	if r.Ended() {
		return
	}
	r.State, r.Heard = s.State, s.Machine
	if s.Process != "" {
		r.Process = s.Process
	}
	if s.State == Done && r.There.IsZero() {
		r.There = at
	}
	r.called = r.called || s.State == Called
	if s.Receipt != nil {
		r.Receipt = *s.Receipt
	}
	if s.Text != "" {
		r.Text = s.Text
	}
	if s.State == Judged {
		r.Verdict, r.After = s.Verdict, s.Numbers
		if r.Verdict == Worse && r.Stop.Why == "" {
			r.Stop = Stop{Why: "its verdict", At: at}
		}
	}
}
