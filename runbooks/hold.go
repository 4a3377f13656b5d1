package runbooks

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"warroom/sources"
)

// ChangeHold is the kind of the changes that tell who keeps a resource to themselves.
const ChangeHold = "hold"

// HoldFor is how long a resource is held by hand until it is free again by itself, on the machine's clock: one that was
// forgotten shall not keep anybody from acting for a night.
const HoldFor = time.Hour

// Hold is a resource that somebody keeps to themselves: nobody else acts on it, whichever process they are at. Whoever must
// may release what another holds; both stand in the record.
type Hold struct {
	Resource sources.Ref
	Actor    string
	At       time.Time // launch clock
	Since    time.Time // machine clock
	Why      string    // "" where it was not said

	key string
}

// claim is a hold as it stands in the recording, or its end.
type claim struct {
	Key     string    `json:"key"` // of this claim alone
	Free    bool      `json:"free,omitempty"`
	Why     string    `json:"why,omitempty"`
	Machine time.Time `json:"machine"`
}

// By tells whether the hold is an operator's own.
func (h *Hold) By(operator string) bool {
	return strings.EqualFold(strings.TrimSpace(h.Actor), strings.TrimSpace(operator))
}

// String says who holds it, since when and why.
func (h *Hold) String() string {
	text := fmt.Sprintf("%s is held by %s since %s", h.Resource, h.Actor, h.At.UTC().Format("15:04:05Z"))
	if h.Why != "" {
		text += " (" + h.Why + ")"
	}
	return text
}

// over tells whether the hold has lapsed. A clock that was set back does not prolong it.
func (h *Hold) over(now time.Time) bool {
	age := now.Sub(h.Since)
	return age < 0 || age > HoldFor
}

// Holds are the resources that are held by hand at a time of the machine's clock, in the order in which they were taken.
func Holds(changes []sources.Change, now time.Time) []Hold {
	var out []Hold
	for i := range changes {
		c := &changes[i]
		var said claim
		if c.Kind != ChangeHold || json.Unmarshal(c.Body, &said) != nil {
			continue
		}
		at := slices.IndexFunc(out, func(h Hold) bool { return h.Resource == c.Resource })
		taken := at >= 0 && !out[at].over(said.Machine)
		switch {
		case said.Free && at >= 0:
			out = slices.Delete(out, at, at+1)
		case said.Free, taken && !out[at].By(c.Actor): // of two who take it at once the first has it
		default:
			if at >= 0 {
				out = slices.Delete(out, at, at+1)
			}
			out = append(out, Hold{Resource: c.Resource, Actor: c.Actor, At: c.At, Since: said.Machine, Why: said.Why, key: said.Key})
		}
	}
	return slices.DeleteFunc(out, func(h Hold) bool { return h.over(now) })
}

// HandHeldError says that somebody holds a resource by hand.
type HandHeldError struct{ Hold Hold }

// Error names who, and what to do.
func (e *HandHeldError) Error() string {
	return fmt.Sprintf("%s; :release %s takes it from them", e.Hold.String(), e.Hold.Resource)
}

// Hold keeps a resource to the operator, for [HoldFor] unless it is released. Holding anew begins anew. Where somebody else
// has it the error is a [*HandHeldError].
func (h *Hands) Hold(ctx context.Context, r sources.Ref, why string) error {
	if held, err := h.holdOf(ctx, r); err != nil {
		return err
	} else if held != nil && !held.By(h.opt.Operator) {
		return &HandHeldError{*held}
	}
	key, why := rand.Text(), sources.Clean(why)
	text := h.opt.Operator + " holds " + r.String()
	if why != "" {
		text += ": " + why
	}
	if err := h.claim(ctx, r, claim{Key: key, Why: why}, text); err != nil {
		return err
	}
	held, err := h.holdOf(ctx, r)
	if err == nil && held != nil && held.key != key {
		err = &HandHeldError{*held}
	}
	return err
}

// Release frees a resource that is held by hand, whoever holds it, and tells who did.
func (h *Hands) Release(ctx context.Context, r sources.Ref) (from string, err error) {
	held, err := h.holdOf(ctx, r)
	switch {
	case err != nil:
		return "", err
	case held == nil:
		return "", fmt.Errorf("nobody holds %s by hand", r)
	}
	text := h.opt.Operator + " releases " + r.String()
	if !held.By(h.opt.Operator) {
		text += ", which " + held.Actor + " holds"
	}
	return held.Actor, h.claim(ctx, r, claim{Key: rand.Text(), Free: true}, text)
}

// holdOf is who holds a resource by hand, nil where nobody does.
func (h *Hands) holdOf(ctx context.Context, r sources.Ref) (*Hold, error) {
	changes, err := h.opt.Journal.Changes(ctx, time.Time{}, time.Time{}, time.Time{})
	if err != nil {
		return nil, fmt.Errorf("read who holds what: %w", err)
	}
	for _, held := range Holds(changes, h.opt.Now()) {
		if held.Resource == r {
			return &held, nil
		}
	}
	return nil, nil
}

// claim writes a claim down. Nobody is kept from anything by one that is not written.
func (h *Hands) claim(ctx context.Context, r sources.Ref, c claim, text string) error {
	c.Machine = h.opt.Now()
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	now := h.opt.Clock.Now()
	if _, err = h.opt.Journal.AppendChange(ctx, sources.Change{
		At: now, Seen: now, Kind: ChangeHold, Resource: r, Actor: sources.Clean(h.opt.Operator), Text: sources.Clean(text), Body: body,
	}); err != nil {
		return fmt.Errorf("not recorded, and so nobody knows: %w", err)
	}
	return nil
}
