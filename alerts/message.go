package alerts

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"warroom/sources"
)

// Event is what a message tells.
type Event string

// The events. A receiver that has been told of an alert that fires, or of a root, is told when it is over.
const (
	Fires  Event = "firing"   // the alert is to be known out there
	Update Event = "update"   // it explains what a receiver has been told of: news of that, no new page
	Over   Event = "resolved" // what the receiver was told of is over
	Trial  Event = "test"     // nothing is wrong: somebody wants to see whether messages arrive
)

// Message is what one receiver is told about one alert.
type Message struct {
	ID          string // the same for every attempt: who gets it twice, by a crash in between, may know it again
	Event       Event
	Transition              // why it is told
	Began       time.Time   // when the alert fired first, machine clock
	Ended       time.Time   // when it was over, machine clock; zero while it is not
	Site        string      // the request path in which its resource stands, "" where there is one only
	Root        *Transition // the open alert that explains it, nil where none does
	Lists       []Transition
	Launch      string
	Environment string
	Rehearsal   bool // nothing of it is real, and every form of the message says so
}

// Dedup is what tells the alert from all others of all launches, to those who keep incidents by a key. That of an
// update is the key of what it explains: it belongs to that incident.
func (m *Message) Dedup() string {
	key := m.Key
	if m.Event == Update && len(m.Lists) > 0 {
		key = m.Lists[0].Key
	}
	parts := []string{"warroom", m.Launch, key}
	if m.Rehearsal {
		parts = slices.Insert(parts, 1, "rehearsal")
	}
	return strings.Join(parts, "/")
}

// Title is the message in a few words.
func (m *Message) Title() string {
	var title string
	switch m.Event {
	case Trial:
		title = "TEST: nothing is wrong"
	case Over:
		title = "OVER: " + called(&m.Transition)
	case Update:
		title = "ROOT: " + called(&m.Transition) + explains(m.Lists)
	default:
		title = strings.ToUpper(string(m.Severity)) + ": " + called(&m.Transition)
	}
	if m.Rehearsal {
		title = "REHEARSAL " + title
	}
	return sources.Clean(title)
}

// called is an alert as people call it.
func called(t *Transition) string {
	if t.Resource == (sources.Ref{}) {
		return t.Rule
	}
	return t.Rule + " " + t.Resource.String()
}

func explains(lists []Transition) string {
	var names []string
	for i := range lists {
		names = append(names, called(&lists[i]))
	}
	if len(names) == 0 {
		return ""
	}
	return " explains " + strings.Join(names, ", ")
}

// Text is what there is to say beyond the title, a few lines of it.
func (m *Message) Text() string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, sources.Clean(fmt.Sprintf(format, args...))) }
	if m.Event == Trial {
		add("A test from warroom: alerts of %s arrive here.", m.Launch)
		return strings.Join(lines, "\n")
	}
	if m.Summary != "" {
		add("%s", m.Summary)
	}
	if m.Why != "" {
		add("%s: %s", m.To, m.Why)
	}
	switch {
	case !m.Ended.IsZero():
		add("from %s to %s", clockTime(m.Began), clockTime(m.Ended))
	case !m.Began.IsZero():
		add("since %s", clockTime(m.Began))
	}
	if m.Event != Update && len(m.Lists) > 0 {
		add("it%s", explains(m.Lists))
	}
	if m.Root != nil {
		add("explained by %s", called(m.Root))
	}
	if m.Words != "" && m.Event != Over {
		add("rule: %s", m.Words)
	}
	if m.Runbook != "" && m.Event != Over {
		add("runbook: %s", m.Runbook)
	}
	add("%s", strings.TrimSpace(m.Launch+" "+m.Environment))
	return strings.Join(lines, "\n")
}

func clockTime(t time.Time) string { return t.UTC().Format("15:04:05 UTC") }

// TrialMessage is the message that tests a receiver.
func TrialMessage(launch, environment string, now time.Time) Message {
	return Message{
		ID: "test " + now.UTC().Format(time.RFC3339Nano), Event: Trial, Began: now, Launch: launch, Environment: environment,
		Transition: Transition{
			Key: "WarroomTest||", Rule: "WarroomTest", Severity: Info, From: Inactive, To: Firing, At: now, Step: now, Since: now,
			Summary: "A test from warroom: nothing is wrong.",
		},
	}
}

// Takes tells whether who asks for a severity wants to hear of another one: of it, and of all that are worse.
func (s Severity) Takes(other Severity) bool {
	least := slices.Index(Severities, cmp.Or(s, Page))
	at := slices.Index(Severities, other)
	return at >= 0 && at <= least
}
