package sources

import "time"

// Sample is the value of a series for one period, as learnt at one moment.
type Sample struct {
	Series Series
	At     time.Time // start of the period that the value is for
	Seen   time.Time // when we learnt it, on the launch clock
	Value  float64   // in the metric's unit; meaningless when None
	None   bool      // asked, and there was nothing: differs from never having asked
}

// Fact is a named state of a resource that is no number: the active origin, a rule's mode. A fact holds
// until the next one of the same resource and name; an empty Value withdraws it.
type Fact struct {
	Resource Ref
	Name     string
	Value    string
	Seen     time.Time
}

// The kinds of changes that the house itself makes. Sources add their own words for what they see.
const (
	ChangeNote    = "note"    // a person wrote something down
	ChangeScaling = "scaling" // the provider added or removed capacity
	ChangeDeploy  = "deploy"  // a deployment or a configuration roll-out
	ChangeSource  = "source"  // a source failed or healed
	ChangeRoom    = "room"    // the room itself: lease taken, config reloaded, samples dropped
	ChangeModel   = "model"   // what a rehearsal's simulated AWS was asked to change: its site is built again from it; nobody is shown it
)

// Change is something that happened in the account or in the room.
type Change struct {
	Seq      int64     // place in the recording, given by it; 0 before
	At       time.Time // when it happened
	Seen     time.Time // when we learnt of it
	Kind     string
	Resource Ref    // what it happened to; zero when it concerns the whole launch
	Actor    string // who did it: a person, an AWS principal, "room"
	ID       string // the same Kind and ID are recorded once; "" = always recorded
	Text     string // one line for people
	Body     []byte // what the floor that made it needs to read it back (JSON), or nil
}

// Batch is what comes out of the recording: any mixture of samples, facts and changes, each kind in
// the order of Seen.
type Batch struct {
	Samples []Sample
	Facts   []Fact
	Changes []Change
}

// Empty tells whether there is nothing in the batch.
func (b Batch) Empty() bool { return len(b.Samples) == 0 && len(b.Facts) == 0 && len(b.Changes) == 0 }
