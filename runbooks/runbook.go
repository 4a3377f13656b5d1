package runbooks

import (
	"strings"
	"time"

	"warroom/sources"
)

// Runbook is what to do about one kind of trouble: a Markdown document, some of whose fenced blocks are steps. It can be
// read on any forge, and carried out here. All of it but its names and Source is clean: it can be shown on a terminal as it is.
type Runbook struct {
	Name     string   // its file's name without the extension
	File     string   // where it was read
	Title    string   // what is the matter
	About    string   // one line: when to take it up
	Services []string // whose tiles it answers for, in the order of importance
	Answers  []string // the alerts that it answers
	Blocks   []Block  // the document, its steps in their places
	Links    []Link   // to other runbooks, in their order
	Steps    []*Item  // the steps alone, in their order; at least one
	Hash     string   // of its text: tells whether it was changed since somebody began it
	Source   string   // the file as it was written
}

// StepKind is a sort of step.
type StepKind string

// The kinds of steps.
const (
	Check StepKind = "check"  // a condition, which is looked at
	Act   StepKind = "action" // a counter-move, whose plan is opened
	Ask   StepKind = "ask"    // a question, which a person answers
)

// Item is a step of a runbook.
type Item struct {
	Kind StepKind
	Line int    // in its file
	Says string // of a check, what it means if it holds; of an action, what it is for; of an ask, the question

	Expr      string        // of a check: a condition over the catalogue
	Wait      time.Duration // of a check: how long it is worth waiting until it holds, on the launch clock
	Otherwise string        // of a check: what it means if it does not hold
	Else      Else          // of a check: what follows if it does not hold
	See       string        // another runbook to look into, "" for none

	Do       Kind              // of an action
	Service  string            // of an action: of what it is done to
	Resource string            // of an action: its short name, "" for the one that is meant
	Want     map[string]string // of an action: how

	Choices []string // of an ask, none where any words are an answer

	elseLine int // where Else stands
}

// placeholder stands for the short name of the resource for which a runbook is carried out.
const placeholder = "{{resource}}"

// On is the step as it is carried out for a resource.
func (s *Item) On(r sources.Ref) Item {
	on := *s
	plain := func(text string) string { return strings.ReplaceAll(text, placeholder, r.Name) }
	on.Says, on.Otherwise = plain(s.Says), plain(s.Otherwise)
	on.Expr = strings.ReplaceAll(s.Expr, placeholder, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(r.Name))
	on.Resource = plain(s.Resource)
	on.Want = make(map[string]string, len(s.Want))
	for name, value := range s.Want {
		on.Want[name] = plain(value)
	}
	return on
}

// Action is what an action step of a runbook wants done to a resource.
func (s *Item) Action(r sources.Ref) Action {
	return Action{Kind: s.Do, Resource: r, Want: s.Want}
}

// Targets are the resources that an action step may mean: the one that it names, the one for which the runbook is carried
// out, or all of the service.
func (s *Item) Targets(subject sources.Ref, all []sources.Resource) []sources.Ref {
	var out []sources.Ref
	for _, r := range all {
		if r.Service != s.Service || s.Resource != "" && r.Name != s.Resource {
			continue
		}
		if r.Ref == subject {
			return []sources.Ref{subject}
		}
		out = append(out, r.Ref)
	}
	return out
}

// Brief is the step in one line.
func (s *Item) Brief() string {
	switch {
	case s.Says != "":
		return s.Says
	}
	return s.How()
}

// How is how a step is judged or done, in one line; "" where there is nothing to say beyond its brief.
func (s *Item) How() string {
	switch s.Kind {
	case Check:
		return s.Expr
	case Ask:
		return strings.Join(s.Choices, " · ")
	}
	return s.Action(sources.Ref{Service: s.Service, Name: s.Resource}).String()
}

// Answering tells how well a runbook fits a service: 0 best, and -1 where it says nothing of it.
func (b *Runbook) Answering(service string) int {
	for i, s := range b.Services {
		if s == service {
			return i
		}
	}
	return -1
}
