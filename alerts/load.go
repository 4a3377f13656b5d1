package alerts

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/prometheus/common/model"

	"warroom/sources"
	"warroom/sources/query"
)

//go:embed default.yaml
var house []byte

// HouseFile is the name of the rules of the house in messages.
const HouseFile = "default.yaml"

// House are the rules that come with the house.
func House() (*Rules, error) { return Read(HouseFile, house) }

// Load reads rule files, each of which overrides those before it, over the rules of the house. The error joins a [*FileError]
// for everything that is wrong with them.
func Load(files ...string) (*Rules, error) {
	rules, err := House()
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, &FileError{File: file, Text: "cannot be read: " + cause(err).Error()}
		}
		own, err := parse(file, text)
		if err != nil {
			return nil, err
		}
		rules = rules.Override(own)
	}
	return rules, rules.check()
}

// cause is why a file could not be opened, without saying its name again.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// fileMost bounds the text of a rule file, far above what people write.
const fileMost = 4 << 20

// Read reads the rules of one file that stands for itself. The error joins a [*FileError] for everything that is wrong with
// it.
func Read(file string, text []byte) (*Rules, error) {
	rules, err := parse(file, text)
	if err != nil {
		return nil, err
	}
	return rules, rules.check()
}

// parse reads a file without holding its expressions against anything.
func parse(file string, text []byte) (*Rules, error) {
	r := &reading{file: file, rules: &Rules{}}
	if len(text) > fileMost {
		return nil, &FileError{File: file, Text: fmt.Sprintf("more than %d MiB: this is no rule file", fileMost>>20)}
	}
	r.document(bytes.TrimPrefix(text, []byte("\ufeff"))) // what some editors put before a text
	if len(r.wrong) > 0 {
		return nil, errors.Join(r.wrong...)
	}
	return r.rules, nil
}

// reading is a rule file that is being read, with all that is wrong with it.
type reading struct {
	file  string
	rules *Rules
	wrong []error
}

func (r *reading) fail(n ast.Node, format string, args ...any) {
	r.failAt(lineOf(n), format, args...)
}

func (r *reading) failAt(line int, format string, args ...any) {
	r.wrong = append(r.wrong, &FileError{File: r.file, Line: line, Text: sources.Clean(fmt.Sprintf(format, args...))})
}

func lineOf(n ast.Node) int {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	if n == nil || n.GetToken() == nil {
		return 0
	}
	return n.GetToken().Position.Line
}

// exprLine is where an expression begins: that of a block begins below the sign for it.
func exprLine(n ast.Node) int {
	if _, block := n.(*ast.LiteralNode); block {
		return lineOf(n) + 1
	}
	return lineOf(n)
}

func (r *reading) document(text []byte) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		r.syntax(err)
		return
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		r.failAt(0, "want one document with groups of rules (groups: [{name: …, rules: […]}])")
		return
	}
	top := r.words(file.Docs[0].Body, "the file", "groups")
	for _, g := range top.items(r, "groups") {
		r.group(g)
	}
}

func (r *reading) syntax(err error) {
	line, text := 0, err.Error()
	if e, ok := errors.AsType[yaml.Error](err); ok {
		line, text = e.GetToken().Position.Line, e.GetMessage()
	}
	r.failAt(line, "%s", text)
}

func (r *reading) group(n ast.Node) {
	g := r.words(n, "a group", "name", "rules", "interval", "labels", "limit", "query_offset")
	if g.text(r, "name") == "" {
		r.fail(n, "a group needs a name")
	}
	common := g.labels(r, "labels")
	for _, rule := range g.items(r, "rules") {
		w := r.words(rule, "a rule", "alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations")
		switch {
		case w["alert"].node != nil && w["record"].node != nil:
			r.fail(rule, "a rule either alerts or records, not both")
		case w["alert"].node != nil:
			r.alert(w, common)
		case w["record"].node != nil:
			r.record(w)
		default:
			r.fail(rule, "a rule needs a name: alert: or record:")
		}
	}
}

var named = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (r *reading) alert(w words, common map[string]string) {
	rule := Rule{
		Alert: w.text(r, "alert"), Expr: w.text(r, "expr"), For: w.duration(r, "for"), KeepFiringFor: w.duration(r, "keep_firing_for"),
		File: r.file, Line: lineOf(w["alert"].node), exprLine: exprLine(w["expr"].node),
	}
	if !named.MatchString(rule.Alert) {
		r.fail(w["alert"].node, "alert %q: want letters, digits and _, such as OriginErrors", rule.Alert)
	}
	rule.Labels = w.labels(r, "labels")
	for name, value := range common {
		if _, own := rule.Labels[name]; !own {
			rule.Labels[name] = value
		}
	}
	r.severity(&rule, w)
	r.annotations(&rule, w)
	if rule.Expr == "" && !rule.Off {
		r.fail(w["alert"].node, "alert %s has no expr", rule.Alert)
	}
	r.rules.Alerts = append(r.rules.Alerts, rule)
}

// off is the severity of a rule that is not judged.
const off = "off"

// severity takes the labels that say how the rule is to be taken out of it.
func (r *reading) severity(rule *Rule, w words) {
	at := w["labels"].node
	word, given := rule.Labels["severity"]
	if !given {
		word = string(Warn)
	}
	rule.Severity, rule.Off = Severity(word), word == off
	if !rule.Off && !slices.Contains(Severities, rule.Severity) {
		known := []string{string(Page), string(Warn), string(Info), off}
		r.fail(at, "alert %s: unknown severity %q%s (known: %s)", rule.Alert, word, meant(word, known), strings.Join(known, ", "))
	}
	switch p := rule.Labels["provisional"]; p {
	case "", "false":
	case "true":
		rule.Provisional = true
	default:
		r.fail(at, `alert %s: provisional: %q, want "true" or "false"`, rule.Alert, p)
	}
	delete(rule.Labels, "severity")
	delete(rule.Labels, "provisional")
	for name := range rule.Labels {
		if name == "resource" || name == "alertname" || name == "site" {
			r.fail(at, "alert %s: the label %s comes from what the rule finds and cannot be set", rule.Alert, name)
		}
	}
}

// annotations are the rule's words. Those that the house does not know are left to others.
func (r *reading) annotations(rule *Rule, w words) {
	a := w.labels(r, "annotations")
	at := w["annotations"].node
	var err error
	if rule.Summary, err = newText(a["summary"]); err != nil {
		r.fail(at, "alert %s: summary: %v", rule.Alert, err)
	}
	rule.Description, rule.Reason, rule.Runbook = sentence(a["description"]), sentence(a["reason"]), a["runbook"]
	for _, name := range strings.FieldsFunc(a["explains"], func(c rune) bool { return c == ',' || c == ' ' || c == '\n' }) {
		rule.Explains = append(rule.Explains, name)
	}
}

func (r *reading) record(w words) {
	if w["for"].node != nil || w["annotations"].node != nil || w["keep_firing_for"].node != nil || w["labels"].node != nil {
		r.fail(w["record"].node, "a record has a name and an expr, nothing else")
	}
	r.rules.Records = append(r.rules.Records, Record{Name: w.text(r, "record"), Expr: w.text(r, "expr"), File: r.file, Line: lineOf(w["record"].node), exprLine: exprLine(w["expr"].node)})
}

// word is the value of one word of a mapping.
type word struct{ node ast.Node }

// words are those of a mapping.
type words map[string]word

// words reads a mapping, and refuses what it may not say.
func (r *reading) words(n ast.Node, what string, known ...string) words {
	w := words{}
	for _, v := range r.entries(n, what) {
		name := v.Key.String()
		switch _, twice := w[name]; {
		case !slices.Contains(known, name):
			r.fail(v.Key, "%s knows no word %q%s (known: %s)", what, name, meant(name, known), strings.Join(known, ", "))
		case twice:
			r.fail(v.Key, "%s says %s twice", what, name)
		default:
			w[name] = word{v.Value}
		}
	}
	return w
}

func (r *reading) entries(n ast.Node, what string) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	r.fail(n, "%s: want words with values (word: value)", what)
	return nil
}

func (w words) items(r *reading, name string) []ast.Node {
	switch n := w[name].node.(type) {
	case nil, *ast.NullNode:
		return nil
	case *ast.SequenceNode:
		return n.Values
	default:
		r.fail(n, "%s: want a list", name)
		return nil
	}
}

func (w words) text(r *reading, name string) string { return scalar(r, name, w[name].node) }

func scalar(r *reading, name string, n ast.Node) string {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return ""
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	case ast.ScalarNode:
		return n.GetToken().Value
	default:
		r.fail(n, "%s: want a text", name)
		return ""
	}
}

// duration is one in Prometheus' spelling, such as 90s, 5m or 1h30m.
func (w words) duration(r *reading, name string) time.Duration {
	s := w.text(r, name)
	if s == "" {
		return 0
	}
	d, err := model.ParseDuration(s)
	if err != nil {
		r.fail(w[name].node, "%s: %q is no duration such as 90s, 5m or 1h30m", name, s)
	}
	return time.Duration(d)
}

func (w words) labels(r *reading, name string) map[string]string {
	out := map[string]string{}
	n := w[name].node
	if n == nil {
		return out
	}
	for _, v := range r.entries(n, name) {
		out[v.Key.String()] = scalar(r, name+"."+v.Key.String(), v.Value)
	}
	return out
}

func meant(word string, among []string) string {
	if near := sources.Nearest(word, among); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// check holds the expressions against the catalogue, and the names against one another.
func (r *Rules) check() error {
	engine, wrong := r.engine()
	for i := range r.Alerts {
		rule := &r.Alerts[i]
		if rule.Off {
			continue
		}
		wrong = append(wrong, rule.check(engine)...)
		for _, name := range rule.Explains {
			if names := r.Names(); !slices.Contains(names, name) {
				wrong = append(wrong, rule.wrong(0, "explains no alert that there is: %q%s", name, meant(name, names)))
			}
		}
	}
	if name := r.circle(); name != "" {
		for i := range r.Alerts {
			if r.Alerts[i].Alert == name {
				wrong = append(wrong, r.Alerts[i].wrong(0, "explains itself, by way of what it explains"))
				break
			}
		}
	}
	return errors.Join(wrong...)
}

// engine evaluates what the rules say.
func (r *Rules) engine() (engine *query.Engine, wrong []error) {
	engine = query.NewEngine()
	for _, rec := range r.Records {
		if err := engine.Define(rec.Name, rec.Expr); err != nil {
			line := rec.Line
			if at, ok := errors.AsType[*query.Error](err); ok {
				line = rec.exprLine + at.Line - 1
			}
			wrong = append(wrong, &FileError{File: rec.File, Line: line, Text: sources.Clean(fmt.Sprintf("record %s: %v", rec.Name, err))})
		}
	}
	return engine, wrong
}

// wrong is a complaint about a line of the rule's expression, or with 0 about the whole rule.
func (rule *Rule) wrong(line int, format string, args ...any) error {
	at := rule.Line
	if line > 0 {
		at = rule.exprLine + line - 1
	}
	return &FileError{File: rule.File, Line: at, Text: sources.Clean("alert " + rule.Alert + " " + fmt.Sprintf(format, args...))}
}

func (rule *Rule) check(engine *query.Engine) (wrong []error) {
	err := engine.CheckCondition(rule.Expr)
	if at, ok := errors.AsType[*query.Error](err); ok {
		return []error{rule.wrong(at.Line, "at column %d: %s", at.Column, at.Text)}
	}
	if err != nil {
		return []error{rule.wrong(0, "%v", err)}
	}
	for _, e := range engine.Lint(rule.Expr) {
		wrong = append(wrong, rule.wrong(e.Line, "at column %d: %s", e.Column, e.Text))
	}
	return wrong
}
