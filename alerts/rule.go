package alerts

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// Rule is one condition of a rule file, and what it means when it holds.
type Rule struct {
	Alert         string // its name
	Expr          string // PromQL over the catalogue
	For           time.Duration
	KeepFiringFor time.Duration
	Severity      Severity
	Provisional   bool // it may see samples that may still be revised
	Off           bool // judged never; severity "off" in a rule file
	Labels        map[string]string
	Summary       text     // one line for people
	Description   string   // the condition in words
	Reason        string   // why it is worth waking somebody
	Runbook       string   // name of the runbook that answers it
	Explains      []string // alerts that are consequences of this one
	File          string
	Line          int // where it begins, from 1

	exprLine  int               // where its expression begins
	written   map[string]string // all its labels as the file has them, those of its group among them
	annotated map[string]string // all its annotations as the file has them
	textLine  int               // where its summary is
}

// Record is an expression with a name, which rules may use like a metric.
type Record struct {
	Name string
	Expr string
	File string
	Line int // where it begins, from 1

	exprLine int
}

// Rules are those of one or of several files.
type Rules struct {
	Alerts  []Rule
	Records []Record
}

// Override is the rules with those of other put in their place: all alerts of a name that other has go, and so does a record
// of a name that it has.
func (r *Rules) Override(other *Rules) *Rules {
	out := &Rules{
		Alerts: slices.DeleteFunc(slices.Clone(r.Alerts), func(a Rule) bool {
			return slices.ContainsFunc(other.Alerts, func(b Rule) bool { return a.Alert == b.Alert })
		}),
		Records: slices.DeleteFunc(slices.Clone(r.Records), func(a Record) bool {
			return slices.ContainsFunc(other.Records, func(b Record) bool { return a.Name == b.Name })
		}),
	}
	out.Alerts = append(out.Alerts, other.Alerts...)
	out.Records = append(out.Records, other.Records...)
	return out
}

// Same tells whether the rules say the same as others, wherever they stand: a judge of the ones may go on by the others.
func (r *Rules) Same(other *Rules) bool {
	return other != nil && slices.EqualFunc(r.Alerts, other.Alerts, sameRule) &&
		slices.EqualFunc(r.Records, other.Records, func(a, b Record) bool { return a.Name == b.Name && a.Expr == b.Expr })
}

// sameRule leaves out where the rules stand, and what is made of their annotations.
func sameRule(a, b Rule) bool {
	for _, r := range []*Rule{&a, &b} {
		r.Summary, r.File, r.Line, r.exprLine, r.textLine = text{}, "", 0, 0, 0
	}
	return reflect.DeepEqual(a, b)
}

// Names are those of all alerts, each once.
func (r *Rules) Names() []string {
	var names []string
	for i := range r.Alerts {
		if !slices.Contains(names, r.Alerts[i].Alert) {
			names = append(names, r.Alerts[i].Alert)
		}
	}
	return names
}

// explanations tells for every alert which other ones explain it, directly or by what they explain.
func (r *Rules) explanations() map[string][]string {
	direct := map[string][]string{}
	for i := range r.Alerts {
		direct[r.Alerts[i].Alert] = append(direct[r.Alerts[i].Alert], r.Alerts[i].Explains...)
	}
	causes := map[string][]string{}
	for _, cause := range r.Names() {
		for _, consequence := range reached(direct, cause) {
			causes[consequence] = append(causes[consequence], cause)
		}
	}
	return causes
}

// reached are all that can be reached from a name; itself only where it stands on a circle.
func reached(direct map[string][]string, from string) []string {
	var all []string
	queue := slices.Clone(direct[from])
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		if !slices.Contains(all, next) {
			all = append(all, next)
			queue = append(queue, direct[next]...)
		}
	}
	return all
}

// circle is the first alert that explains itself by way of others, "" where there is none.
func (r *Rules) circle() string {
	causes := r.explanations()
	for _, name := range r.Names() {
		if slices.Contains(causes[name], name) {
			return name
		}
	}
	return ""
}

func sentence(s string) string { return strings.Join(strings.Fields(s), " ") }
