package alerts

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"warroom/sources"
)

// Alert is one occurrence of a rule's condition, as the recording tells it up to a moment.
type Alert struct {
	Transition              // the newest one
	Began      time.Time    // when it left inactive, launch clock
	Fired      time.Time    // when it fired first; zero where it has not
	Paged      time.Time    // when it woke somebody first; zero where it has not
	Owner      string       // who has it ("" = nobody)
	OwnedAt    time.Time    // since when
	Silence    *Silence     // that holds for it, nil where none does
	Lists      []string     // keys of the open alerts that this one explains
	History    []Transition // since it left inactive, oldest first
}

// Open tells whether the alert is not over yet.
func (a *Alert) Open() bool { return a.To != Resolved && a.To != Inactive }

// Active tells whether the alert is to be shown: it is open and nothing that explains it is.
func (a *Alert) Active() bool { return a.Open() && a.Under == "" }

// Alerts are the alerts that the changes tell of, each with its newest occurrence, the most urgent first: those that page
// before those that warn, firing before recovering before pending, the older before the younger. Silences count that
// hold at the moment now. Changes that cannot be read are left out.
func Alerts(changes []sources.Change, now time.Time) []Alert {
	byKey := map[string]*Alert{}
	var order []string
	var silences []Silence
	for i := range changes {
		if t, ok := ReadTransition(changes[i]); ok {
			a := byKey[t.Key]
			if a == nil {
				a = &Alert{}
				byKey[t.Key], order = a, append(order, t.Key)
			}
			a.take(t)
			continue
		}
		r, ok := ReadResponse(changes[i])
		switch {
		case !ok:
		case r.Did == Silenced || r.Did == Unsilenced:
			silences = silenced(silences, r, changes[i])
		case byKey[r.Key] != nil:
			byKey[r.Key].respond(r, changes[i])
		}
	}
	out := make([]Alert, 0, len(order))
	for _, key := range order {
		a := byKey[key]
		a.Silence = holding(silences, a, now)
		if above := byKey[a.Under]; above != nil && a.Open() && above.Open() {
			above.Lists = append(above.Lists, key)
		}
		out = append(out, *a)
	}
	for i := range out {
		out[i].Lists = byKey[out[i].Key].Lists
	}
	slices.SortStableFunc(out, urgency)
	return out
}

// take goes on with an alert by a further transition.
func (a *Alert) take(t Transition) {
	if !a.Open() || len(a.History) == 0 || t.From == Inactive || t.From == Resolved {
		*a = Alert{Began: t.At}
	}
	a.Transition = t
	a.History = append(a.History, t)
	if t.To == Firing && a.Fired.IsZero() {
		a.Fired = t.At
	}
	if t.Page && a.Paged.IsZero() {
		a.Paged = t.At
	}
}

func (a *Alert) respond(r Response, c sources.Change) {
	switch r.Did {
	case Owned:
		a.Owner, a.OwnedAt = c.Actor, c.At
	case Released:
		a.Owner, a.OwnedAt = "", time.Time{}
	}
}

// ranks of the states, the most urgent first.
var ranks = []State{Firing, Errored, NoData, Recovering, Pending, Resolved, Inactive}

func urgency(a, b Alert) int {
	return cmp.Or(
		cmp.Compare(rank(a.Open()), rank(b.Open())),
		cmp.Compare(slices.Index(Severities, a.Severity), slices.Index(Severities, b.Severity)),
		cmp.Compare(slices.Index(ranks, a.To), slices.Index(ranks, b.To)),
		a.Began.Compare(b.Began), cmp.Compare(a.Key, b.Key))
}

func rank(first bool) int {
	if first {
		return 0
	}
	return 1
}

// ChangeResponse is the kind of the changes that tell what people did about alerts.
const ChangeResponse = "response"

// Did is what a person did about an alert.
type Did string

// What people do about alerts.
const (
	Owned      Did = "owned"      // "I have it"
	Released   Did = "released"   // they do not have it any more
	Silenced   Did = "silenced"   // it wakes nobody until a time; it goes on being judged
	Unsilenced Did = "unsilenced" // before that time
)

// Response is what a person did about an alert.
type Response struct {
	Did      Did       `json:"did"`
	Key      string    `json:"key,omitempty"`      // of the alert that is owned or released
	Rule     string    `json:"rule,omitempty"`     // whose alerts are silenced
	Resource string    `json:"resource,omitempty"` // the only one for which they are, in the form of [sources.Ref]; "" = all
	Until    time.Time `json:"until,omitzero"`     // launch clock
	Why      string    `json:"why,omitempty"`
}

// Silence keeps alerts from waking anybody until a time.
type Silence struct {
	Rule     string
	Resource string // in the form of [sources.Ref]; "" = all
	By       string
	At       time.Time
	Until    time.Time
	Why      string
}

// Covers tells whether the silence is about an alert and holds at a time.
func (s *Silence) Covers(rule string, resource sources.Ref, now time.Time) bool {
	return s.Rule == rule && (s.Resource == "" || s.Resource == resource.String()) && !now.Before(s.At) && now.Before(s.Until)
}

// ReadResponse reads a change as a response, and tells whether it is one.
func ReadResponse(c sources.Change) (Response, bool) {
	var r Response
	if c.Kind != ChangeResponse || json.Unmarshal(c.Body, &r) != nil || r.Did == "" {
		return Response{}, false
	}
	return r, true
}

// Change is the response as it is recorded, by somebody at a moment of the launch clock.
func (r Response) Change(by string, at time.Time, resource sources.Ref) (sources.Change, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return sources.Change{}, err
	}
	text := string(r.Did) + " " + r.Rule
	if r.Did == Silenced {
		text += " until " + r.Until.UTC().Format("15:04 MST")
	}
	if r.Why != "" {
		text += ": " + r.Why
	}
	return sources.Change{At: at, Seen: at, Kind: ChangeResponse, Resource: resource, Actor: sources.Clean(by), Text: sources.Clean(text), Body: body}, nil
}

// Silences are those that hold at a moment.
func Silences(changes []sources.Change, now time.Time) []Silence {
	var all []Silence
	for i := range changes {
		if r, ok := ReadResponse(changes[i]); ok {
			all = silenced(all, r, changes[i])
		}
	}
	return slices.DeleteFunc(all, func(s Silence) bool { return now.Before(s.At) || !now.Before(s.Until) })
}

// silenced goes on with the silences by a response: a new one about the same replaces the old one.
func silenced(all []Silence, r Response, c sources.Change) []Silence {
	if r.Did != Silenced && r.Did != Unsilenced {
		return all
	}
	all = slices.DeleteFunc(all, func(s Silence) bool { return s.Rule == r.Rule && s.Resource == r.Resource })
	if r.Did == Silenced {
		all = append(all, Silence{Rule: r.Rule, Resource: r.Resource, By: c.Actor, At: c.At, Until: r.Until, Why: r.Why})
	}
	return all
}

func holding(all []Silence, a *Alert, now time.Time) *Silence {
	for i := range all {
		if all[i].Covers(a.Rule, a.Resource, now) {
			s := all[i]
			return &s
		}
	}
	return nil
}

// Register keeps how the alerts stand while changes come in: [Alerts] for who asks again and again.
type Register struct{ ledger *ledger }

// NewRegister is a register of nothing yet.
func NewRegister() *Register { return &Register{newLedger(nil)} }

// Take goes on with changes, in the order of the recording.
func (r *Register) Take(changes []sources.Change) {
	for _, c := range changes {
		r.ledger.take(c)
	}
}

// Open are the alerts that are not over at a moment, the most urgent first, without what was judged.
func (r *Register) Open(now time.Time) (out []Alert) {
	for _, a := range r.ledger.alerts {
		if !a.Open() {
			continue
		}
		one := *a
		one.Silence = holding(r.ledger.silences, a, now)
		for _, t := range r.ledger.explained(a.Key) {
			one.Lists = append(one.Lists, t.Key)
		}
		out = append(out, one)
	}
	slices.SortFunc(out, urgency)
	return out
}
