package alerts

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"warroom/sources"
)

// ChangeDelivery is the kind of the changes that tell what receivers outside of the room were told.
const ChangeDelivery = "delivery"

// Delivery is that a receiver was told of a transition, or, without one, that it is told of alerts from here on.
type Delivery struct {
	Receiver   string   `json:"receiver"`
	Severity   Severity `json:"severity,omitempty"`   // of a receiver that is new: the least that it is told of
	Transition string   `json:"transition,omitempty"` // ID of the transition's change
	Key        string   `json:"key,omitempty"`        // of the alert
	Event      Event    `json:"event,omitempty"`
}

// ReadDelivery reads a change as a delivery, and tells whether it is one.
func ReadDelivery(c sources.Change) (Delivery, bool) {
	var d Delivery
	if c.Kind != ChangeDelivery || json.Unmarshal(c.Body, &d) != nil || d.Receiver == "" {
		return Delivery{}, false
	}
	return d, true
}

// Change is the delivery as it is recorded. The same receiver is told of the same transition once.
func (d Delivery) Change(rule string, resource sources.Ref, at time.Time) (sources.Change, error) {
	body, err := json.Marshal(d)
	if err != nil {
		return sources.Change{}, err
	}
	c := sources.Change{At: at, Seen: at, Kind: ChangeDelivery, Resource: resource, Actor: "room", Body: body}
	if d.Transition == "" {
		c.ID = fmt.Sprintf("from here on → %s %s", d.Receiver, d.Severity)
		c.Text = sources.Clean(fmt.Sprintf("alerts go to %s from here on: %s and worse", d.Receiver, d.Severity))
		if d.Severity == Page {
			c.Text = sources.Clean(fmt.Sprintf("pages go to %s from here on", d.Receiver))
		}
		return c, nil
	}
	c.ID = d.Transition + " → " + d.Receiver
	c.Text = sources.Clean(fmt.Sprintf("%s was told: %s %s", d.Receiver, rule, d.Event))
	return c, nil
}

// ledger is what the recording tells of alerts, and of what receivers were told of them. It is the same for everybody who
// reads the same changes in the order of their Seq.
type ledger struct {
	alerts   map[string]*Alert // by key, the newest occurrence of each
	silences []Silence
	accounts []*account
}

// account is what one receiver was told, and what it has yet to be told.
type account struct {
	name     string
	severity Severity // the least severe that it is told of
	known    bool     // it was told of alerts before, or the recording says that it is from some time on
	debts    map[string]*debt
	turns    []string // keys of the debts: whose turn it is first
}

// debt is one occurrence of an alert, to one receiver.
type debt struct {
	first *notice // that it fires, or that it is a root
	over  *notice // that it is over, nil while it is not
}

// notice is one thing to be told.
type notice struct {
	id    string // of the transition's change
	event Event
	why   Transition
	began time.Time // when the alert fired first, launch clock
	told  bool
}

func newLedger(receivers []Receiver) *ledger {
	l := &ledger{alerts: map[string]*Alert{}}
	for _, r := range receivers {
		l.accounts = append(l.accounts, &account{name: r.Name, severity: cmp.Or(r.Severity, Page), debts: map[string]*debt{}})
	}
	return l
}

// take goes on with the ledger by the next change.
func (l *ledger) take(c sources.Change) {
	if t, ok := ReadTransition(c); ok {
		l.transition(t, c.ID)
		return
	}
	if d, ok := ReadDelivery(c); ok {
		l.delivery(d)
		return
	}
	r, ok := ReadResponse(c)
	switch {
	case !ok:
	case r.Did == Silenced || r.Did == Unsilenced:
		l.silences = silenced(l.silences, r, c)
	case l.alerts[r.Key] != nil:
		l.alerts[r.Key].respond(r, c)
	}
}

func (l *ledger) transition(t Transition, id string) {
	a := l.alerts[t.Key]
	if a == nil {
		a = &Alert{}
		l.alerts[t.Key] = a
	}
	a.take(t)
	a.History[len(a.History)-1].Judged = nil // a day of them is much, and nobody outside reads them
	silent := holding(l.silences, a, t.At) != nil
	for _, acc := range l.accounts {
		acc.transition(a, t, id, silent)
	}
}

// transition notes what the receiver has to be told because of one. Of an alert that comes again the newest occurrence
// counts once there is something to tell of it: until then the one before is still to be ended.
func (acc *account) transition(a *Alert, t Transition, id string, silent bool) {
	d := acc.debts[t.Key]
	ended := d == nil || d.over != nil
	switch {
	case !a.Open() && ended:
	case !a.Open() && !d.first.told && silent:
		acc.forget(t.Key) // it came and went while somebody had asked for quiet
	case !a.Open():
		d.over = &notice{id: id, event: Over, why: t, began: d.first.began}
	case t.Root:
		acc.owe(a, &notice{id: id, event: Update, why: t})
	case t.Page, ended && acc.minds(&t):
		acc.owe(a, &notice{id: id, event: Fires, why: t})
	}
}

// minds tells whether the receiver is told of an alert that wakes nobody.
func (acc *account) minds(t *Transition) bool {
	return t.Severity != Page && acc.severity.Takes(t.Severity) && t.To == Firing && t.Under == ""
}

func (acc *account) owe(a *Alert, n *notice) {
	n.began = a.Fired
	if n.began.IsZero() {
		n.began = n.why.At
	}
	if acc.debts[a.Key] == nil {
		acc.turns = append(acc.turns, a.Key)
	}
	acc.debts[a.Key] = &debt{first: n}
}

func (acc *account) forget(key string) {
	delete(acc.debts, key)
	acc.turns = slices.DeleteFunc(acc.turns, func(k string) bool { return k == key })
}

func (l *ledger) delivery(d Delivery) {
	for _, acc := range l.accounts {
		switch {
		case acc.name != d.Receiver:
		case d.Transition != "":
			acc.told(d.Key, d.Transition)
		case d.Severity == acc.severity:
			acc.introduced()
		}
	}
}

// introduced lets go of what is over: whoever is told of alerts from here on is told of those that are open.
func (acc *account) introduced() {
	acc.known = true
	for _, key := range slices.Clone(acc.turns) {
		if acc.debts[key].over != nil {
			acc.forget(key)
		}
	}
}

// told notes that the receiver was told of a transition.
func (acc *account) told(key, transition string) {
	d := acc.debts[key]
	switch {
	case d == nil:
	case d.first.id == transition:
		d.first.told = true
	case d.over != nil && d.over.id == transition:
		acc.forget(key)
	}
}

// next is what the receiver has to be told first at a moment of the launch clock, nil when there is nothing: what fires
// before what is over. What has just begun waits for as long as it is silenced.
func (l *ledger) next(acc *account, now time.Time) *notice {
	for _, key := range acc.turns {
		d := acc.debts[key]
		if !d.first.told && (d.over != nil || holding(l.silences, l.alerts[key], now) == nil) {
			return d.first
		}
	}
	for _, key := range acc.turns {
		if d := acc.debts[key]; d.first.told && d.over != nil {
			return d.over
		}
	}
	return nil
}

// waiting is how much the receiver has yet to be told.
func (acc *account) waiting() (n int) {
	for _, d := range acc.debts {
		if !d.first.told {
			n++
		}
		if d.over != nil {
			n++
		}
	}
	return n
}

// later lets the others go first: one alert that a receiver refuses keeps none from it.
func (acc *account) later(key string) {
	i := slices.Index(acc.turns, key)
	if i >= 0 {
		acc.turns = append(slices.Delete(acc.turns, i, i+1), key)
	}
}

// standing are the alerts of which the receiver was told, and that are not over.
func (acc *account) standing() (out []*notice) {
	for _, key := range acc.turns {
		if d := acc.debts[key]; d.first.told && d.over == nil {
			out = append(out, d.first)
		}
	}
	return out
}

// explained are the open alerts that the one with the key explains, the oldest first.
func (l *ledger) explained(key string) (out []Transition) {
	for _, a := range l.alerts {
		if a.Open() && a.Under == key {
			out = append(out, a.Transition)
		}
	}
	slices.SortFunc(out, func(a, b Transition) int {
		x, y := l.alerts[a.Key], l.alerts[b.Key]
		// Those that have woken somebody first: what is told of the root belongs to them.
		return cmp.Or(rank(!x.Paged.IsZero())-rank(!y.Paged.IsZero()), x.Began.Compare(y.Began), cmp.Compare(a.Key, b.Key))
	})
	return out
}
