package runbooks

import (
	"context"
	"time"
)

// checkTime is granted to the question whether the provider would allow a call. A plan does without the answer.
const checkTime = 3 * time.Second

// Readiness is whether the provider would allow a plan's call, as far as it says so beforehand. The zero value says nothing.
// It holds nobody back: what the provider says of permissions may differ from what it does.
type Readiness struct {
	At      time.Time // when it was asked, machine clock; zero: nobody can ask
	Missing []string  // the permissions that are missing, by the provider's names
	Unknown string    // why it could not be told, "" where it could
}

// Ready tells whether the call would be allowed.
func (r Readiness) Ready() bool { return !r.At.IsZero() && len(r.Missing) == 0 && r.Unknown == "" }

// Checker is a hand that can ask whether the provider would allow a plan's call, without making it.
type Checker interface {
	Check(ctx context.Context, p Plan) Readiness
}

// Check asks whether the provider would allow a plan's call. It takes three seconds at the most, and changes nothing.
func (h *Hands) Check(ctx context.Context, p Plan) Readiness {
	hand, err := h.hand(p.Action)
	if err != nil {
		return Readiness{}
	}
	c, ok := hand.(Checker)
	if !ok {
		return Readiness{}
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	r := c.Check(ctx, p)
	r.At = h.opt.Now()
	return r
}
