package runbooks

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
)

// Level is how much an action can do to people, and so how it is confirmed.
type Level int

// The levels of confirmation.
const (
	Bounded Level = 1 // bounded and reversible: y
	Visible Level = 2 // customers see it, or it lowers protection: the resource's short name, typed in full

	TwoPeople Level = 3 // the house wants two people for it: as above, and a second operator approves the same plan
)

// Setting is one value of a resource, in the provider's word for it.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Watch is a series on which the effect of an action is to be seen.
type Watch struct {
	Expr string `json:"expr"`          // PromQL that gives one value
	Name string `json:"name"`          // for people, e.g. "5xx of load balancer web"
	Want Trend  `json:"want"`          // where it should go
	Unit string `json:"unit"`          // of the catalogue
	Own  bool   `json:"own,omitempty"` // the changed resource's own: that it moves is what was wanted

	// Beside is PromQL of what is published for each minute whatever happens, where Expr counts what may not happen at all:
	// of nothing, AWS publishes no count. At a time at which this has a value and Expr has none, Expr is 0. "" where silence
	// says nothing.
	Beside string `json:"beside,omitempty"`
}

// Trend is a direction that a value takes.
type Trend string

// The trends.
const (
	Falls Trend = "falls"
	Rises Trend = "rises"
	Stays Trend = "stays" // not higher than before
)

// Plan is what an action would do, before it does it. It is bound to the values that were read for it: [Plan.Hash]
// changes with each of them.
type Plan struct {
	ID       string    `json:"id"` // of the plan, and of the run that comes of it
	Action   Action    `json:"action"`
	Title    string    `json:"title"` // one line, e.g. "fleet web: desired 12 → 18"
	Level    Level     `json:"level"`
	Account  string    `json:"account,omitempty"`
	Region   string    `json:"region,omitempty"`   // of the API that is called
	Identity string    `json:"identity,omitempty"` // as whom
	Plane    string    `json:"plane,omitempty"`    // data plane, regional or global control plane
	Call     string    `json:"call"`               // the operation, e.g. autoscaling:UpdateAutoScalingGroup
	On       string    `json:"on,omitempty"`       // what the call is about, by the provider's full name, where the hand has read it
	Before   []Setting `json:"before"`             // just read
	After    []Setting `json:"after"`              // as it would be; the same names in the same order
	Token    string    `json:"token,omitempty"`    // ETag or lock token that was read with Before
	Ways     []Way     `json:"ways,omitempty"`     // to do the same, this one among them, best first
	Limits   []string  `json:"limits,omitempty"`   // hard ones: group maximum, quota
	Cost     string    `json:"cost,omitempty"`
	Takes    string    `json:"takes,omitempty"`   // until it has its effect
	Touches  string    `json:"touches,omitempty"` // what customers can see of it
	Undo     string    `json:"undo,omitempty"`    // how it is taken back
	Warnings []string  `json:"warnings,omitempty"`
	Last     string    `json:"last,omitempty"` // who did it last
	Watches  []Watch   `json:"watches,omitempty"`
	Back     Action    `json:"back"` // what takes it back; no kind where nothing does
	Made     time.Time `json:"made"` // machine clock
}

// Hash binds a confirmation to exactly this plan.
func (p Plan) Hash() string {
	text, err := json.Marshal(p)
	if err != nil {
		return "" // cannot be: a plan is strings and times; an empty hash confirms nothing
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Same tells whether the plan starts from the same values as an earlier one, and would do the same.
func (p Plan) Same(earlier Plan) bool {
	return p.Token == earlier.Token && slices.Equal(p.Before, earlier.Before) && slices.Equal(p.After, earlier.After)
}

// Word is what has to be typed to confirm the plan.
func (p Plan) Word() string {
	if p.Level >= Visible {
		return p.Action.Resource.Name
	}
	return "y"
}
