package runbooks

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"warroom/sources"
	"warroom/sources/document"
	"warroom/sources/query"
)

// Offering tells which actions a resource has: what a runbook may ask for. A resource without a name stands for all of
// its service.
type Offering func(sources.Resource) []Offer

// reading is a runbook that is being read, with all that is wrong with it.
type reading struct {
	book   *Runbook
	offers Offering
	wrong  []error
}

func (r *reading) fail(line int, format string, args ...any) {
	r.wrong = append(r.wrong, &document.FileError{File: r.book.File, Line: line, Text: sources.Clean(fmt.Sprintf(format, args...))})
}

// Read reads the runbook in a file. The error joins a [*document.FileError] for everything that is wrong with it.
func Read(file string, text []byte, offers Offering) (*Runbook, error) {
	sum := sha256.Sum256(text)
	r := &reading{offers: offers, book: &Runbook{
		Name: strings.TrimSuffix(path.Base(strings.ReplaceAll(file, `\`, "/")), ".md"), File: file, Hash: hex.EncodeToString(sum[:8]), Source: string(text),
	}}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	d := markdown{source: r.head(text), step: r.step, link: r.link}
	d.read()
	r.book.Blocks = d.blocks
	r.land()
	slices.SortStableFunc(r.book.Links, func(a, b Link) int { return a.Line - b.Line })
	if len(r.book.Steps) == 0 {
		r.fail(0, "there is no step in it: a runbook has at least one fenced block `check`, `action` or `ask`")
	}
	if len(r.wrong) > 0 {
		slices.SortStableFunc(r.wrong, byLine)
		return nil, errors.Join(r.wrong...)
	}
	return r.book, nil
}

func byLine(a, b error) int {
	var x, y *document.FileError
	if errors.As(a, &x) && errors.As(b, &y) {
		return x.Line - y.Line
	}
	return 0
}

// fence begins and ends the head.
const fence = "---"

// head reads the YAML head, and returns the document with blank lines in its place, so that lines count as in the file.
func (r *reading) head(text []byte) []byte {
	lines := strings.Split(string(text), "\n")
	end := slices.Index(lines[1:], fence) + 1
	if lines[0] != fence || end == 0 {
		r.fail(1, "a runbook begins with a head between two lines %s: title, for, answers, about", fence)
		return text
	}
	w := r.words(strings.Join(lines[1:end], "\n"), 1, "the head", "title", "for", "answers", "about")
	r.book.Title = sources.Clean(w.must("title", "title: The origin answers with errors"))
	r.book.About = sources.Clean(w.text("about"))
	r.book.Services, r.book.Answers = w.list("for"), w.list("answers")
	r.services(w)
	r.alerts(w)
	return []byte(strings.Repeat("\n", end+1) + strings.Join(lines[end+1:], "\n"))
}

func (r *reading) services(w *words) {
	for _, s := range r.book.Services {
		if !slices.Contains(sources.Services, s) {
			r.fail(w.place("for"), "unknown service %q in for%s (known: %s)", s, sources.MeantHint(s, sources.Services), strings.Join(sources.Services, ", "))
		}
	}
}

// alertName is how alerts are called: as in Prometheus' rule files.
var alertName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (r *reading) alerts(w *words) {
	for _, name := range r.book.Answers {
		if !alertName.MatchString(name) {
			r.fail(w.place("answers"), "%q is no name of an alert: want letters, digits and _, such as OriginErrors", name)
		}
	}
}

// stepKinds are the words that make a fenced block a step.
var stepKinds = []string{string(Check), string(Act), string(Ask)}

// step reads a fenced block, and tells whether it is a step. A word that is nearly one is complained about: what was meant
// to be carried out must not be shown as mere text.
func (r *reading) step(kind, body string, line int) (int, bool) {
	s := &Item{Kind: StepKind(kind), Line: line}
	switch s.Kind {
	case Check:
		r.check(s, body)
	case Act:
		r.action(s, body)
	case Ask:
		r.ask(s, body)
	default:
		if near := sources.MeantHint(kind, stepKinds); near != "" && kind != "" && kind != "bash" {
			r.fail(line, "unknown step %q%s (known: %s)", kind, near, strings.Join(stepKinds, ", "))
		}
		return 0, false
	}
	r.book.Steps = append(r.book.Steps, s)
	return len(r.book.Steps) - 1, true
}

func (r *reading) check(s *Item, body string) {
	w := r.words(body, s.Line, "check", "says", "expr", "wait", "otherwise", "else", "see")
	s.Says, s.Otherwise = sources.Clean(w.text("says")), sources.Clean(w.text("otherwise"))
	s.Expr, s.Wait = w.must("expr", "expr: alb_error_ratio > 0.01"), w.duration("wait")
	r.placeholders(w.place("expr"), s.Expr, s.Says, s.Otherwise)
	r.follows(s, w)
	r.see(s, w)
	if s.Expr == "" {
		return
	}
	engine, expr := query.NewEngine(), s.On(sources.Ref{Name: "x"}).Expr
	err := engine.CheckCondition(expr)
	var at *query.Error
	switch {
	case errors.As(err, &at):
		r.fail(w.first("expr")+at.Line-1, "expr: %s", at.Text)
	case err != nil:
		r.fail(w.place("expr"), "expr: %v", err)
	default:
		for _, pointless := range engine.Lint(expr) {
			r.fail(w.first("expr")+pointless.Line-1, "expr: %s", pointless.Text)
		}
	}
	s.Expr = strings.Join(strings.Fields(s.Expr), " ")
	if sources.Clean(s.Expr) != s.Expr {
		r.fail(w.place("expr"), "expr: there are characters in it that cannot be seen")
	}
}

func (r *reading) ask(s *Item, body string) {
	w := r.words(body, s.Line, "ask", "question", "choices", "see")
	r.see(s, w)
	s.Says = sources.Clean(w.must("question", "question: Has anything been released within the last hour?"))
	for _, c := range w.list("choices") {
		s.Choices = append(s.Choices, sources.Clean(c))
	}
	r.placeholders(w.place("question"), s.Says)
}

func (r *reading) action(s *Item, body string) {
	w := r.words(body, s.Line, "action", "says", "kind", "service", "resource", "want", "see")
	r.see(s, w)
	s.Says, s.Resource = sources.Clean(w.text("says")), sources.Clean(w.text("resource"))
	s.Do, s.Service = Kind(w.must("kind", "kind: capacity")), w.must("service", "service: asg")
	s.Want = map[string]string{}
	offer, ok := r.offer(s, w)
	for _, p := range w.pairs("want") {
		s.Want[p.name] = sources.Clean(p.value)
		r.placeholders(p.line, p.value)
		if ok {
			r.parameter(offer, p)
		}
	}
	if ok && len(s.Want) == 0 && len(offer.Parameters) > 0 {
		r.fail(w.place("want"), "action: want is missing: say what should become, such as want: {%s: …}; %s", offer.Parameters[0].Name, offer.Parameters[0].Help)
	}
	r.placeholders(w.place("resource"), s.Resource, s.Says)
}

// kinds are all kinds of actions.
var kinds = kindNames()

func kindNames() (names []string) {
	for _, k := range Kinds() {
		names = append(names, string(k))
	}
	return names
}

// offer finds what an action step asks for among what its service has.
func (r *reading) offer(s *Item, w *words) (Offer, bool) {
	if s.Do == "" || s.Service == "" {
		return Offer{}, false
	}
	if !slices.Contains(kinds, string(s.Do)) {
		r.fail(w.place("kind"), "unknown kind of action %q%s (known: %s)", s.Do, sources.MeantHint(string(s.Do), kinds), strings.Join(kinds, ", "))
		return Offer{}, false
	}
	able := r.able(s.Do)
	if !slices.Contains(able, s.Service) {
		r.fail(w.place("service"), "%q has no action %s%s (those that have: %s)", s.Service, s.Do, sources.MeantHint(s.Service, able), strings.Join(able, ", "))
		return Offer{}, false
	}
	for _, o := range r.offers(sources.Resource{Ref: sources.Ref{Service: s.Service}}) {
		if o.Kind == s.Do {
			return o, true
		}
	}
	return Offer{}, false
}

// able are the services that have an action of a kind.
func (r *reading) able(kind Kind) (out []string) {
	for _, service := range sources.Services {
		for _, o := range r.offers(sources.Resource{Ref: sources.Ref{Service: service}}) {
			if o.Kind == kind && !slices.Contains(out, service) {
				out = append(out, service)
			}
		}
	}
	return out
}

// parameter holds what an action is told against what it can be told.
func (r *reading) parameter(o Offer, p pair) {
	var names []string
	for _, known := range o.Parameters {
		names = append(names, known.Name)
		if known.Name != p.name {
			continue
		}
		if len(known.Choices) > 0 && !slices.Contains(known.Choices, p.value) {
			r.fail(p.line, "%s: %q is none of %s%s", p.name, p.value, strings.Join(known.Choices, ", "), sources.MeantHint(p.value, known.Choices))
		}
		if p.value == "" {
			r.fail(p.line, "%s has no value: %s", p.name, known.Help)
		}
		return
	}
	r.fail(p.line, "%s has no parameter %q%s (known: %s)", o.Kind, p.name, sources.MeantHint(p.name, names), strings.Join(names, ", "))
}

var braces = regexp.MustCompile(`\{\{[^}]*\}\}`)

// placeholders complains about what looks like one and is none.
func (r *reading) placeholders(line int, texts ...string) {
	for _, text := range texts {
		for _, found := range braces.FindAllString(text, -1) {
			if found != placeholder {
				r.fail(line, "unknown placeholder %s; there is only %s, the short name of the resource that is in trouble", found, placeholder)
			}
		}
	}
}
