package runbooks

import (
	"maps"
	"slices"
	"strings"

	"warroom/sources"
)

// Kind is a sort of action.
type Kind string

// The kinds of actions.
const (
	Capacity    Kind = "capacity"    // of a fleet, or the range of a database
	Maintenance Kind = "maintenance" // visitors are sent to the maintenance origin, or back
	Invalidate  Kind = "invalidate"  // paths are thrown out of the caches
	Firewall    Kind = "firewall"    // a rule's mode or limit
	Deploy      Kind = "deploy"      // a release that is being brought out is taken back
)

// Action is a counter-move that is wanted: what to do to which resource. Want says how, in the words in which a
// person asks for it ("desired": "+50 %"), by the parameters that the kind has.
type Action struct {
	Kind     Kind              `json:"kind"`
	Resource sources.Ref       `json:"resource"`
	Want     map[string]string `json:"want,omitempty"`
	Undoes   string            `json:"undoes,omitempty"` // the run that this takes back, "" for an action of its own
}

// String is the action in one line, its parameters in the order of their names.
func (a Action) String() string {
	parts := []string{string(a.Kind), a.Resource.String()}
	for _, name := range slices.Sorted(maps.Keys(a.Want)) {
		parts = append(parts, name+"="+a.Want[name])
	}
	return strings.Join(parts, " ")
}

// Parameter is something that an action can be told.
type Parameter struct {
	Name    string
	Help    string   // what it means and what may be written, with an example
	Choices []string // all that may be written, or nil
}

// Offer is an action that a resource has.
type Offer struct {
	Kind       Kind
	Resource   sources.Ref
	Title      string // what it does, e.g. "raise or lower the fleet"
	Parameters []Parameter
}
