package runbooks

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// ArmedFor is how long a room stays armed, on the machine's clock.
const ArmedFor = 15 * time.Minute

// ErrSafe is why nothing is changed in a room that is not armed.
var ErrSafe = errors.New("the room is safe; :arm lets it act for 15 minutes")

// Guard decides whether anything may be changed at all. Its zero value is safe. It may be used by many goroutines.
type Guard struct {
	mu    sync.Mutex
	until time.Time
}

// Arm lets the room act until the returned time. Arming an armed room begins anew.
func (g *Guard) Arm(now time.Time) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.until = now.Add(ArmedFor)
	return g.until
}

// Disarm makes the room safe.
func (g *Guard) Disarm() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.until = time.Time{}
}

// Armed tells until when the room may act; the zero time when it is safe.
func (g *Guard) Armed(now time.Time) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !now.Before(g.until) {
		return time.Time{}
	}
	return g.until
}

// ConfirmWithin is how long a plan may be confirmed after it was made, on the machine's clock.
const ConfirmWithin = 60 * time.Second

// Confirmation is a person's answer to a plan.
type Confirmation struct {
	Hash  string    // of the plan that was shown
	Typed string    // what was typed, untrimmed
	At    time.Time // machine clock
}

// Confirm is the answer to a plan as it was shown.
func (p Plan) Confirm(typed string, at time.Time) Confirmation {
	return Confirmation{Hash: p.Hash(), Typed: typed, At: at}
}

// check tells why the answer does not confirm the plan, nil if it does.
func (c Confirmation) check(p Plan, now time.Time) error {
	switch hash := p.Hash(); {
	case hash == "" || c.Hash != hash:
		return errors.New("another plan was confirmed than the one to be carried out; look at it again")
	case c.Typed != p.Word():
		return fmt.Errorf("not confirmed: type %q in full", p.Word())
	case now.Sub(p.Made) > ConfirmWithin || now.Before(p.Made):
		return fmt.Errorf("the plan is older than %s: what it shows may no longer hold; make it again", ConfirmWithin)
	}
	return nil
}
