package runbooks

import (
	"context"
	"fmt"

	"warroom/sources"
)

// Hand knows how one kind of resource is changed. Its Plan, Find and Progress only read.
type Hand interface {
	// Offers are the actions that the resource has, none for resources of others.
	Offers(r sources.Resource) []Offer
	// Plan reads the resource as it is now and says what the action would do to it. The error says in words why it
	// cannot be done, before anything was called: out of bounds, not understood, not permitted. The caller fills in
	// what the plan's [Plan.ID], Made and Last are.
	Plan(ctx context.Context, a Action) (Plan, error)
	// Apply makes the plan's one call, once, with the token that was read. A *RejectedError says that the provider
	// has refused it and nothing was changed; after any other error the outcome is unknown.
	Apply(ctx context.Context, p Plan) (Receipt, error)
	// Find reads whether the plan's call has been carried out: what is asked where nobody heard the answer.
	Find(ctx context.Context, p Plan) (r Receipt, done bool, err error)
	// Progress reads how far the plan has come since the call.
	Progress(ctx context.Context, p Plan, r Receipt) (Progress, error)
}

// Receipt is what the provider answered to a call.
type Receipt struct {
	Request string `json:"request,omitempty"` // the provider's id of the request
	Made    string `json:"made,omitempty"`    // what came of it, where it has an id of its own: an invalidation
}

// Progress is how far a plan has come.
type Progress struct {
	Text   string // e.g. "15 of 18 in service, 3 warming"
	Done   bool   // nothing more is to come
	Failed string // why nothing more will come although it is not done, "" while it may
}

// RejectedError is a call that the provider has answered with a refusal: nothing was changed.
type RejectedError struct {
	Why     string // in words, with what to do
	Request string
	Err     error
}

// Error says why.
func (e *RejectedError) Error() string { return e.Why }

// Unwrap is the provider's own error.
func (e *RejectedError) Unwrap() error { return e.Err }

// VoidError says that a plan no longer holds: the resource has changed since it was made. Nothing was called.
type VoidError struct {
	Shown, Found Plan
}

// Error names both values.
func (e *VoidError) Error() string {
	for i, s := range e.Shown.Before {
		if i < len(e.Found.Before) && e.Found.Before[i] != s {
			return fmt.Sprintf("void: %s was %s when the plan was shown and is %s now; nothing was called, look at the new plan",
				s.Name, s.Value, e.Found.Before[i].Value)
		}
	}
	return fmt.Sprintf("void: %s was changed by somebody since the plan was shown; nothing was called, look at the new plan", e.Shown.Action.Resource)
}

// HeldError says that a run of the same kind on the same resource has not ended.
type HeldError struct{ Run Run }

// Error names who has it, and since when.
func (e *HeldError) Error() string {
	return fmt.Sprintf("%s is held by %s since %s: %s (%s)", e.Run.Plan.Action.Resource, e.Run.Actor,
		e.Run.At.UTC().Format("15:04:05Z"), e.Run.Plan.Title, e.Run.State)
}
