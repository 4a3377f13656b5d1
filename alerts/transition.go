package alerts

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"warroom/sources"
)

// ChangeAlert is the kind of the changes that tell what alerts went through.
const ChangeAlert = "alert"

// State is how an alert stands.
type State string

// The states of an alert, in the order in which it goes through them, and beside them those in which nothing can be judged.
const (
	Inactive   State = "inactive"
	Pending    State = "pending"    // the condition holds, but not for long enough yet
	Firing     State = "firing"     // it has held for long enough
	Recovering State = "recovering" // it was firing and does not hold any more, but not for long enough yet
	Resolved   State = "resolved"   // it is over; as good as inactive
	NoData     State = "no_data"    // a series that the rule reads has died: it is neither well nor ill
	Errored    State = "error"      // the rule could not be evaluated
)

// String is the state as people read it.
func (s State) String() string {
	if s == NoData {
		return "no data"
	}
	return string(s)
}

// over tells whether there is nothing, or nothing any more.
func (s State) over() bool { return s == "" || s == Inactive || s == Resolved }

// blind tells whether nothing can be judged.
func (s State) blind() bool { return s == NoData || s == Errored }

// Live tells whether somebody should know of the alert: it is firing, or about to be over.
func (s State) Live() bool { return s == Firing || s == Recovering }

// Severity says whom an alert concerns.
type Severity string

// The severities. Only a page wakes a person.
const (
	Page Severity = "page"
	Warn Severity = "warn"
	Info Severity = "info"
)

// Severities are the words that a rule may use, the worst first.
var Severities = []Severity{Page, Warn, Info}

// Transition is an alert going from one state to another. A recorded one says everything about the alert that its rule said
// then, so that it can be read without the rule.
type Transition struct {
	Key      string            `json:"key"`               // of the alert, see [Key]
	Rule     string            `json:"rule"`              // the alert's name
	Resource sources.Ref       `json:"resource,omitzero"` // what it is about; zero where it is about the whole launch
	Labels   map[string]string `json:"labels,omitempty"`  // that tell the rule's alerts apart beside the resource
	Severity Severity          `json:"severity"`
	From     State             `json:"from"`
	To       State             `json:"to"`
	At       time.Time         `json:"at"`              // of the decision, launch clock
	Step     time.Time         `json:"step"`            // end of the newest period that was judged
	Since    time.Time         `json:"since,omitzero"`  // end of the first period for which the condition held without a break
	Value    *float64          `json:"value,omitempty"` // of the condition; nil where it did not hold or could not be judged
	Summary  string            `json:"summary,omitempty"`
	Runbook  string            `json:"runbook,omitempty"`
	Words    string            `json:"words,omitempty"` // the rule's condition
	Page     bool              `json:"page,omitempty"`  // this one wakes a person
	Under    string            `json:"under,omitempty"` // key of the open alert that explains this one, which therefore wakes nobody
	Root     bool              `json:"root,omitempty"`  // it explains an alert that had paged shortly before, and so wakes nobody again
	Woke     time.Time         `json:"woke,omitzero"`   // when it woke somebody first, or what it is the root of did; zero where nobody was woken
	Judged   []Judged          `json:"judged,omitempty"`
	Why      string            `json:"why,omitempty"` // with no data and error: what is missing, and since when
}

// Judged is a series that a rule read, with the newest of the values it read, oldest first.
type Judged struct {
	Series sources.Series  `json:"series"`
	Points []sources.Point `json:"points"`
}

// Key is what tells an alert from all others: the name of its rule, what it is about, and the labels that tell it from
// others of both. Its form is for machines and stays as it is: recordings hold it.
func Key(rule string, resource sources.Ref, labels map[string]string) string {
	body, _ := json.Marshal(labels) // sorted, and strings cannot fail
	if len(labels) == 0 {
		body = nil
	}
	return rule + "|" + resource.String() + "|" + string(body)
}

// Change is the transition as it is recorded. Recorded again, after a write whose outcome nobody knew, it is the same change.
// The moment of the decision is part of what it is: of a minute that is revised, an alert may fire and be over twice.
func (t *Transition) Change() (sources.Change, error) {
	body, err := json.Marshal(t.finite())
	if err != nil {
		return sources.Change{}, fmt.Errorf("alert %s: %w", t.Rule, err)
	}
	return sources.Change{
		At: t.At, Seen: t.At, Kind: ChangeAlert, Resource: t.Resource, Actor: "room",
		ID:   fmt.Sprintf("%s %s %s %d %t %d", t.Key, t.From, t.To, t.Step.Unix(), t.Page, t.At.UnixMilli()),
		Text: sources.Clean(t.line()), Body: body,
	}, nil
}

// finite is the transition with the greatest number there is in the place of an infinite one, such as a share of nothing:
// JSON has none.
func (t *Transition) finite() *Transition {
	out := *t
	if t.Value != nil {
		v := finite(*t.Value)
		out.Value = &v
	}
	out.Judged = slices.Clone(t.Judged)
	for i := range out.Judged {
		points := slices.Clone(out.Judged[i].Points)
		for k := range points {
			points[k].Value = finite(points[k].Value)
		}
		out.Judged[i].Points = points
	}
	return &out
}

func finite(v float64) float64 { return min(max(v, -math.MaxFloat64), math.MaxFloat64) }

// line is the transition as people read it among all that happened.
func (t *Transition) line() string {
	text := fmt.Sprintf("%s %s", t.Rule, t.To)
	switch {
	case t.Why != "":
		text += ": " + t.Why
	case t.To.Live() || t.To == Pending:
		text += ": " + t.Summary
	}
	return text
}

// ReadTransition reads a change as a transition, and tells whether it is one. What it returns is shared and not to be changed:
// a screen asks for the same ones in every frame, and those read last are kept.
func ReadTransition(c sources.Change) (Transition, bool) {
	if c.Kind != ChangeAlert {
		return Transition{}, false
	}
	return lately.read(c.Body)
}

// reads are transitions by what they were read from.
type reads struct {
	seed maphash.Seed
	mu   sync.Mutex
	of   map[uint64]Transition // without a key: what is none
}

// readsMost bounds what is kept, some 10 MB.
const readsMost = 2000

var lately = reads{seed: maphash.MakeSeed(), of: map[uint64]Transition{}}

func (r *reads) read(body []byte) (Transition, bool) {
	sum := maphash.Bytes(r.seed, body)
	r.mu.Lock()
	defer r.mu.Unlock()
	t, known := r.of[sum]
	if !known {
		if json.Unmarshal(body, &t) != nil {
			t = Transition{}
		}
		if len(r.of) >= readsMost {
			clear(r.of)
		}
		r.of[sum] = t
	}
	if t.Key == "" {
		return Transition{}, false
	}
	return t, true
}

// cut takes a key apart.
func cut(key string) (rule, resource, labels string) {
	rule, rest, _ := strings.Cut(key, "|")
	resource, labels, _ = strings.Cut(rest, "|")
	return rule, resource, labels
}
