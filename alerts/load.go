package alerts

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"warroom/sources"
	"warroom/sources/document"
	"warroom/sources/query"
)

//go:embed default.yaml
var house []byte

// HouseFile is the name of the rules of the house in messages.
const HouseFile = "default.yaml"

// House are the rules that come with the house.
func House() (*Rules, error) { return Read(HouseFile, house) }

// Load reads rule files, each of which overrides those before it, over the rules of the house. The error joins a [*document.FileError]
// for everything that is wrong with them.
func Load(files ...string) (*Rules, error) {
	rules, err := House()
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, document.Unreadable(file, err)
		}
		own, err := parse(file, text)
		if err != nil {
			return nil, err
		}
		rules = rules.Override(own)
	}
	return rules, rules.check()
}

// Read reads the rules of one file that stands for itself. The error joins a [*document.FileError] for everything that is wrong with
// it.
func Read(file string, text []byte) (*Rules, error) {
	rules, err := parse(file, text)
	if err != nil {
		return nil, err
	}
	return rules, rules.check()
}

// Over reads the text of a rule file that stands over other rules: those that it makes of them, and its own alone. The
// error is as with [Read].
func (r *Rules) Over(file string, text []byte) (all, own *Rules, err error) {
	if own, err = parse(file, text); err != nil {
		return nil, nil, err
	}
	all = r.Override(own)
	return all, own, all.check()
}

const wantRules = "groups of rules (groups: [{name: …, rules: […]}])"

// parse reads a file without holding its expressions against anything.
func parse(file string, text []byte) (*Rules, error) {
	r := &ruleReading{reading: reading{file: file}, rules: &Rules{}}
	if root := r.root(text, wantRules); root != nil {
		r.document(root)
	}
	if len(r.wrong) > 0 {
		return nil, errors.Join(r.wrong...)
	}
	return r.rules, nil
}

// ruleReading is a rule file that is being read.
type ruleReading struct {
	reading
	rules *Rules
}

func (r *ruleReading) document(root ast.Node) {
	top := r.words(root, "a rule file", "groups")
	if len(r.wrong) == 0 && !top.says("groups") {
		r.fail(root, "there is nothing in it; want %s", wantRules)
	}
	lines := map[string]int{}
	for _, n := range top.items(&r.reading, "groups") {
		r.group(n, lines)
	}
	r.twice()
}

// group reads a group of rules; lines are those at which the groups before it stand.
func (r *ruleReading) group(n ast.Node, lines map[string]int) {
	g := r.words(n, "a group", "name", "rules", "interval", "labels", "limit", "query_offset")
	name := g.text(&r.reading, "name")
	switch line := lines[name]; {
	case name == "":
		r.fail(n, "a group needs a name")
	case line > 0:
		r.fail(g.at("name"), "the group %s is there already, in line %d", name, line)
	}
	lines[name] = lineOf(g.at("name"))
	g.duration(&r.reading, "interval")
	g.duration(&r.reading, "query_offset")
	common := g.labels(&r.reading, "labels")
	for _, rule := range g.items(&r.reading, "rules") {
		w := r.words(rule, "a rule", "alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations")
		switch {
		case w.says("alert") && w.says("record"):
			r.fail(rule, "a rule either alerts or records, not both")
		case w.says("alert"):
			r.alert(w, common)
		case w.says("record"):
			r.record(w)
		default:
			r.fail(rule, "a rule needs a name: alert: or record:")
		}
	}
}

// twice looks for alerts of one name: what was recorded of one could not be told from the other's.
func (r *ruleReading) twice() {
	first := map[string]int{}
	for i := range r.rules.Alerts {
		rule := &r.rules.Alerts[i]
		if line := first[rule.Alert]; line > 0 {
			r.failAt(rule.Line, "alert %s is there already, in line %d: give each a name of its own", rule.Alert, line)
			continue
		}
		first[rule.Alert] = rule.Line
	}
}

var named = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (r *ruleReading) alert(w words, common map[string]string) {
	in := &r.reading
	rule := Rule{
		Alert: w.text(in, "alert"), Expr: w.text(in, "expr"), For: w.duration(in, "for"), KeepFiringFor: w.duration(in, "keep_firing_for"),
		File: r.file, Line: lineOf(w.at("alert")), exprLine: textLine(w.at("expr")), textLine: w.line(in, "annotations", "summary"),
		written: maps.Clone(common), annotated: w.labels(in, "annotations"),
	}
	if !named.MatchString(rule.Alert) {
		r.fail(w.at("alert"), "alert %q: want letters, digits and _, such as OriginErrors", rule.Alert)
	}
	maps.Copy(rule.written, w.labels(in, "labels"))
	rule.Labels = maps.Clone(rule.written)
	r.severity(&rule, w)
	r.labels(&rule, w)
	r.annotations(&rule, w)
	if strings.TrimSpace(rule.Expr) == "" && !rule.Off {
		r.fail(w.at("alert"), "alert %s has no expr", rule.Alert)
	}
	r.rules.Alerts = append(r.rules.Alerts, rule)
}

// off is the severity of a rule that is not judged.
const off = "off"

// severity takes the labels that say how the rule is to be taken out of it.
func (r *ruleReading) severity(rule *Rule, w words) {
	word, given := rule.Labels["severity"]
	if !given {
		word = string(Warn)
	}
	rule.Severity, rule.Off = Severity(word), word == off
	if !rule.Off && !slices.Contains(Severities, rule.Severity) {
		known := []string{string(Page), string(Warn), string(Info), off}
		r.failAt(w.line(&r.reading, "labels", "severity"), "alert %s: unknown severity %q%s (known: %s)", rule.Alert, word, sources.MeantHint(word, known), strings.Join(known, ", "))
	}
	switch p := rule.Labels["provisional"]; p {
	case "", "false":
	case "true":
		rule.Provisional = true
	default:
		r.failAt(w.line(&r.reading, "labels", "provisional"), `alert %s: provisional: %q, want "true" or "false"`, rule.Alert, p)
	}
	delete(rule.Labels, "severity")
	delete(rule.Labels, "provisional")
}

// labels holds the rule's labels against what labels may be.
func (r *ruleReading) labels(rule *Rule, w words) {
	for _, name := range slices.Sorted(maps.Keys(rule.Labels)) {
		line := w.line(&r.reading, "labels", name)
		switch {
		case name == "resource" || name == "alertname" || name == "site":
			r.failAt(line, "alert %s: the label %s comes from what the rule finds and cannot be set", rule.Alert, name)
		case !named.MatchString(name) || strings.HasPrefix(name, "__"):
			r.failAt(line, "alert %s: %q cannot be a label: want letters, digits and _, such as team", rule.Alert, name)
		case strings.Contains(rule.Labels[name], "{{"):
			r.failAt(line, "alert %s: the label %s stands as it is written: {{ … }} is for the summary", rule.Alert, name)
		}
	}
}

// annotated are the annotations that say something to the house.
var annotated = []string{"summary", "description", "reason", "runbook", "explains"}

// annotations are the rule's words. Those that the house does not know are left to others, unless one is nearly one of its own.
func (r *ruleReading) annotations(rule *Rule, w words) {
	a := rule.annotated
	var err error
	if rule.Summary, err = newText(a["summary"]); err != nil {
		r.failAt(rule.textLine, "alert %s: summary: %v", rule.Alert, err)
	}
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if slices.Contains(annotated, name) {
			continue
		}
		if near := sources.Nearest(name, annotated); near != "" && a[near] == "" {
			r.failAt(w.line(&r.reading, "annotations", name), "alert %s: there is no annotation %s%s", rule.Alert, name, sources.MeantHint(name, annotated))
		}
	}
	for _, name := range annotated[1:] {
		if strings.Contains(a[name], "{{") {
			r.failAt(w.line(&r.reading, "annotations", name), "alert %s: %s stands as it is written: {{ … }} is for the summary", rule.Alert, name)
		}
	}
	rule.Description, rule.Reason, rule.Runbook = sentence(a["description"]), sentence(a["reason"]), strings.TrimSpace(a["runbook"])
	rule.Explains = strings.FieldsFunc(a["explains"], func(c rune) bool { return c == ',' || c == ' ' || c == '\n' })
}

func (r *ruleReading) record(w words) {
	for _, name := range []string{"for", "keep_firing_for", "labels", "annotations"} {
		if w.says(name) {
			r.fail(w[name].key, "a record has a name and an expr; %s is for alerts", name)
		}
	}
	rec := Record{Name: w.text(&r.reading, "record"), Expr: w.text(&r.reading, "expr"), File: r.file, Line: lineOf(w.at("record")), exprLine: textLine(w.at("expr"))}
	if strings.TrimSpace(rec.Expr) == "" {
		r.fail(w.at("record"), "record %s has no expr", rec.Name)
		return
	}
	r.rules.Records = append(r.rules.Records, rec)
}

// check holds the expressions against the catalogue, and the names against one another.
func (r *Rules) check() error {
	engine, wrong := r.engine()
	names := r.Names()
	for i := range r.Alerts {
		rule := &r.Alerts[i]
		if rule.Off {
			continue
		}
		wrong = append(wrong, rule.check(engine)...)
		for _, name := range rule.Explains {
			if !slices.Contains(names, name) {
				wrong = append(wrong, rule.wrong(0, "explains no alert that there is: %q%s", name, sources.MeantHint(name, names)))
			}
		}
	}
	if name := r.circle(); name != "" {
		at := slices.IndexFunc(r.Alerts, func(a Rule) bool { return a.Alert == name })
		wrong = append(wrong, r.Alerts[at].wrong(0, "explains itself, by way of what it explains"))
	}
	return errors.Join(wrong...)
}

// engine evaluates what the rules say. A record may use those that stand after it.
func (r *Rules) engine() (engine *query.Engine, wrong []error) {
	engine = query.NewEngine()
	left := r.Records
	for {
		wrong = nil
		var again []Record
		for _, rec := range left {
			if err := engine.Define(rec.Name, rec.Expr); err != nil {
				again, wrong = append(again, rec), append(wrong, rec.wrong(err))
			}
		}
		if len(again) == 0 || len(again) == len(left) {
			break
		}
		left = again
	}
	for i := range r.Records {
		for _, e := range engine.Lint(r.Records[i].Expr) {
			wrong = append(wrong, r.Records[i].wrong(e))
		}
	}
	return engine, wrong
}

func (rec *Record) wrong(err error) error {
	line, text := rec.Line, err.Error()
	if at, ok := errors.AsType[*query.Error](err); ok {
		line, text = rec.exprLine+at.Line-1, fmt.Sprintf("at column %d: %s", at.Column, at.Text)
	}
	return &document.FileError{File: rec.File, Line: line, Text: sources.Clean("record " + rec.Name + ": " + text)}
}

// wrong is a complaint about a line of the rule's expression, or with 0 about the whole rule.
func (rule *Rule) wrong(line int, format string, args ...any) error {
	at := rule.Line
	if line > 0 {
		at = rule.exprLine + line - 1
	}
	return &document.FileError{File: rule.File, Line: at, Text: sources.Clean("alert " + rule.Alert + " " + fmt.Sprintf(format, args...))}
}

func (rule *Rule) check(engine *query.Engine) (wrong []error) {
	err := engine.CheckCondition(rule.Expr)
	if at, ok := errors.AsType[*query.Error](err); ok {
		return []error{rule.wrong(at.Line, "at column %d: %s", at.Column, at.Text)}
	}
	if err != nil {
		return []error{rule.wrong(0, "%v", err)}
	}
	for _, e := range engine.LintCondition(rule.Expr) {
		wrong = append(wrong, rule.wrong(e.Line, "at column %d: %s", e.Column, e.Text))
	}
	return append(wrong, rule.checkLabels(engine)...)
}

// checkLabels holds the labels that the rule sets and those that its summary names against those of what it finds.
func (rule *Rule) checkLabels(engine *query.Engine) (wrong []error) {
	shape, err := engine.Shape(rule.Expr)
	if err != nil {
		return []error{rule.wrong(0, "%v", err)}
	}
	for _, name := range slices.Sorted(maps.Keys(rule.Labels)) {
		if slices.Contains(shape.Labels, name) {
			wrong = append(wrong, rule.wrong(0, "sets the label %s, which comes from what it finds", name))
		}
	}
	if shape.Open() {
		return wrong
	}
	known := append(slices.Clone(shape.Labels), "site")
	for _, name := range rule.Summary.labels() {
		if !slices.Contains(known, name) {
			text := fmt.Sprintf("alert %s: summary: what it finds has no label %q%s (it has %s)", rule.Alert, name, sources.MeantHint(name, known), strings.Join(known, ", "))
			wrong = append(wrong, &document.FileError{File: rule.File, Line: rule.textLine, Text: sources.Clean(text)})
		}
	}
	return wrong
}
