package alerts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"warroom/sources"
	"warroom/sources/query"
)

// Bounds of a file of tests, far above what people write.
const (
	evalMost   = 7 * 24 * time.Hour
	valuesMost = 500_000 // of all series together
)

// Tests is a file of tests of rules, in the format of Prometheus' promtool. What is particular here:
//   - The rules are those of rule_files over the rules of the house, as in the room, and each alert is judged by itself: which
//     of several is listed under which plays no part.
//   - The value of an input series at a time is that of the period that ends then, so all intervals are one minute, and its
//     name and labels are the catalogue's. It is read when it has settled, so no time of a test is about lateness.
//   - "_" is a period of which nothing is known; "stale" is one that was asked about, and there was nothing.
//   - Derived metrics come from their inputs where those are given, and series_age_seconds from the times at which series are
//     read, unless they are given themselves. launch_seconds, launch_phase, mark_active and the label site are there only
//     where they are given.
//   - What an alert is expected to be annotated with is compared only where the test says exp_annotations.
type Tests struct {
	file   string
	rules  *Rules
	named  []string // the alerts of the rule files
	fuzzy  bool
	groups []testGroup
}

// testGroup is one test: what is given, and what is expected of it.
type testGroup struct {
	name   string
	start  time.Time
	inputs []input
	alerts []alertTest
	exprs  []exprTest
}

// input is a series with the values of its minutes, from the one that ends at the start on.
type input struct {
	series sources.Series
	site   string
	values []parser.SequenceValue
	line   int
}

// alertTest says which alerts of a name are firing at a time.
type alertTest struct {
	at    time.Duration
	alert string
	want  []fired
	line  int
}

// fired is a firing alert as Prometheus would label and annotate it.
type fired struct {
	labels      map[string]string
	annotations map[string]string // nil where they are not compared
}

// exprTest says what an expression comes to at a time.
type exprTest struct {
	at   time.Duration
	expr string
	want []exprSample
	line int
}

type exprSample struct {
	labels map[string]string
	value  float64
}

// Count is how many tests there are, and how many expectations they have together.
func (t *Tests) Count() (tests, expectations int) {
	for i := range t.groups {
		expectations += len(t.groups[i].alerts) + len(t.groups[i].exprs)
	}
	return len(t.groups), expectations
}

// ReadTests reads a file of tests and the rule files that it names, from its own folder. The error joins a [*document.FileError] for
// everything that is wrong with them.
func ReadTests(file string, text []byte) (*Tests, error) {
	r := &testReading{reading: reading{file: file}, tests: &Tests{file: file}}
	if root := r.root(text, "tests of rules (rule_files: […], tests: […])"); root != nil {
		r.document(root)
	}
	if len(r.wrong) > 0 {
		return nil, errors.Join(r.wrong...)
	}
	return r.tests, nil
}

// testReading is a file of tests that is being read.
type testReading struct {
	reading
	tests  *Tests
	engine *query.Engine
	values int // so many have been read
}

func (r *testReading) document(root ast.Node) {
	in := &r.reading
	top := r.words(root, "a file of tests", "rule_files", "evaluation_interval", "group_eval_order", "fuzzy_compare", "tests")
	r.minute(top, "evaluation_interval")
	top.texts(in, "group_eval_order")
	switch word := top.text(in, "fuzzy_compare"); word {
	case "", "true", "false":
		r.tests.fuzzy = word == "true"
	default:
		r.fail(top.at("fuzzy_compare"), "fuzzy_compare: want true or false")
	}
	r.rules(top)
	if r.tests.rules == nil {
		return
	}
	for _, n := range top.items(in, "tests") {
		r.group(n)
	}
	if len(r.wrong) == 0 && len(r.tests.groups) == 0 {
		r.fail(root, "there is no test in it (tests: […])")
	}
}

// minute holds an interval against the one that there is.
func (r *testReading) minute(w words, name string) {
	if d := w.duration(&r.reading, name); d != 0 && d != time.Minute {
		r.fail(w.at(name), "%s: want 1m, the period of all metrics; or leave it out", name)
	}
}

// rules reads the rule files over the rules of the house.
func (r *testReading) rules(top words) {
	rules, err := House()
	if err != nil {
		r.wrong = append(r.wrong, err)
		return
	}
	for _, n := range top.items(&r.reading, "rule_files") {
		for _, file := range r.glob(n) {
			text, err := os.ReadFile(file)
			if err != nil {
				r.fail(n, "rule_files: %v", err)
				return
			}
			all, own, err := rules.Over(file, text)
			if err != nil {
				r.wrong = append(r.wrong, err)
				return
			}
			rules, r.tests.named = all, append(r.tests.named, own.Names()...)
		}
	}
	if len(r.tests.named) == 0 && len(r.wrong) == 0 {
		r.tests.named = rules.Names()
	}
	r.tests.rules = rules
	r.engine, _ = rules.engine() // what is wrong with the rules has been told
}

func (r *testReading) glob(n ast.Node) []string {
	pattern := r.scalar("rule_files", r.value(n))
	if pattern == "" {
		r.fail(n, "rule_files: want names of files")
		return nil
	}
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(filepath.Dir(r.file), pattern)
	}
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		r.fail(n, "rule_files: there is no %s", pattern)
	}
	return files
}

func (r *testReading) group(n ast.Node) {
	in := &r.reading
	w := r.words(n, "a test", "name", "interval", "input_series", "alert_rule_test", "promql_expr_test", "external_labels", "external_url", "start_timestamp")
	r.minute(w, "interval")
	w.labels(in, "external_labels")
	w.text(in, "external_url")
	g := testGroup{name: sources.Clean(w.text(in, "name")), start: r.start(w)}
	for _, n := range w.items(in, "input_series") {
		if one, ok := r.input(n); ok {
			g.inputs = append(g.inputs, one)
		}
	}
	r.together(g.inputs)
	for _, n := range w.items(in, "alert_rule_test") {
		g.alerts = append(g.alerts, r.alertTest(n))
	}
	for _, n := range w.items(in, "promql_expr_test") {
		g.exprs = append(g.exprs, r.exprTest(n))
	}
	if len(g.alerts)+len(g.exprs) == 0 {
		r.fail(n, "the test expects nothing (alert_rule_test or promql_expr_test)")
	}
	r.tests.groups = append(r.tests.groups, g)
}

// start is when a test's time begins: at that of Unix where it does not say.
func (r *testReading) start(w words) time.Time {
	s := w.text(&r.reading, "start_timestamp")
	if s == "" {
		return time.Unix(0, 0).UTC()
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil && t.Year() >= 1970 && t.Year() < 2200 {
		return t.UTC().Truncate(time.Minute)
	}
	if seconds, err := strconv.ParseFloat(s, 64); err == nil && seconds >= 0 && seconds < 7e9 {
		return time.Unix(int64(seconds), 0).UTC().Truncate(time.Minute)
	}
	r.fail(w.at("start_timestamp"), "start_timestamp: want a time (RFC 3339), or seconds since 1970")
	return time.Unix(0, 0).UTC()
}

var repeats = regexp.MustCompile(`x\s*([0-9]+)`)

func (r *testReading) input(n ast.Node) (one input, ok bool) {
	w := r.words(n, "an input series", "series", "values")
	name, values := w.text(&r.reading, "series"), w.text(&r.reading, "values")
	one.line = lineOf(w.at("series"))
	if name == "" {
		r.fail(n, `an input series needs its name, such as series: 'alb_error_ratio{resource="shop"}'`)
		return one, false
	}
	r.values += len(values)/2 + 1
	for _, m := range repeats.FindAllStringSubmatch(values, -1) {
		if times, err := strconv.Atoi(m[1]); err == nil && times <= valuesMost {
			r.values += times
		} else {
			r.values = valuesMost + 1
		}
	}
	if r.values > valuesMost {
		r.fail(w.at("values"), "values: more than %d in one file", valuesMost)
		return one, false
	}
	ls, sequence, err := promqlParser.ParseSeriesDesc(name + " " + values)
	if err != nil {
		r.fail(w.at("series"), "%s: %v", name, short(err))
		return one, false
	}
	if slices.ContainsFunc(sequence, func(v parser.SequenceValue) bool { return v.Histogram != nil }) {
		r.fail(w.at("values"), "%s: there are no histograms in the catalogue", name)
		return one, false
	}
	one.values = sequence
	one.series, one.site, ok = r.series(w.at("series"), ls)
	return one, ok
}

// metricName is the label that holds a metric's name.
const metricName = model.MetricNameLabel

var promqlParser = parser.NewParser(parser.Options{})

// short is what the parser complains of, without where in the text of one line.
func short(err error) error {
	if all, ok := errors.AsType[parser.ParseErrors](err); ok && len(all) > 0 {
		return all[0].Err
	}
	return err
}

// series is the catalogue's series that labels stand for.
func (r *testReading) series(n ast.Node, ls labels.Labels) (s sources.Series, site string, ok bool) {
	name := ls.Get(metricName)
	m, known := sources.Lookup(name)
	if !known {
		r.fail(n, "unknown metric %q%s", name, sources.MeantHint(name, sources.MetricNames()))
		return s, "", false
	}
	s.Metric, ok = name, true
	borne := []string{"resource", "site"}
	if m.Service == "launch" {
		borne = nil
	}
	if m.Label != "" {
		borne = append(borne, m.Label)
	}
	ls.Range(func(l labels.Label) {
		switch {
		case l.Name == metricName:
		case !slices.Contains(borne, l.Name):
			r.fail(n, "%s has no label %q%s", name, l.Name, sources.MeantHint(l.Name, borne))
			ok = false
		case l.Name == "resource":
			s.Resource = l.Value
		case l.Name == "site":
			site = l.Value
		default:
			s.Label = l.Value
		}
	})
	for _, name := range borne {
		if ok && name != "site" && ls.Get(name) == "" {
			r.fail(n, `%s needs the label %s, as in %s{%s="…"}`, m.Name, name, m.Name, name)
			ok = false
		}
	}
	return s, site, ok
}

// together looks for inputs that contradict one another.
func (r *testReading) together(inputs []input) {
	lines, sites := map[sources.Series]int{}, map[sources.Ref]string{}
	for _, in := range inputs {
		if line := lines[in.series]; line > 0 {
			r.failAt(in.line, "%v is given already, in line %d", in.series, line)
		}
		lines[in.series] = in.line
		ref := in.series.Ref()
		if site, known := sites[ref]; known && site != in.site {
			r.failAt(in.line, "%v stands in the site %q here and in %q before; a resource stands in one", ref, in.site, site)
		}
		sites[ref] = in.site
	}
}

func (r *testReading) alertTest(n ast.Node) alertTest {
	in := &r.reading
	w := r.words(n, "an alert_rule_test", "eval_time", "alertname", "exp_alerts")
	t := alertTest{at: r.evalTime(n, w), alert: w.text(in, "alertname"), line: lineOf(n)}
	switch all := r.tests.rules.Names(); {
	case t.alert == "":
		r.fail(n, "an alert_rule_test needs an alertname")
	case !slices.Contains(all, t.alert):
		r.fail(w.at("alertname"), "there is no alert %q%s", t.alert, sources.MeantHint(t.alert, append(slices.Clone(r.tests.named), all...)))
	}
	for _, n := range w.items(in, "exp_alerts") {
		w := r.words(n, "an expected alert", "exp_labels", "exp_annotations")
		f := fired{labels: filled(w.labels(in, "exp_labels"))}
		if w.says("exp_annotations") {
			f.annotations = sentences(w.labels(in, "exp_annotations"))
		}
		delete(f.labels, labels.AlertName) // it is what it is
		t.want = append(t.want, f)
	}
	return t
}

// evalTime is when something is expected, from the test's start on.
func (r *testReading) evalTime(n ast.Node, w words) time.Duration {
	at := w.duration(&r.reading, "eval_time")
	switch {
	case !w.says("eval_time"):
		r.fail(n, "eval_time is missing, such as eval_time: 5m")
	case at > evalMost:
		r.fail(w.at("eval_time"), "eval_time: more than a week")
		return 0
	}
	return at
}

func (r *testReading) exprTest(n ast.Node) exprTest {
	in := &r.reading
	w := r.words(n, "a promql_expr_test", "expr", "eval_time", "exp_samples")
	t := exprTest{at: r.evalTime(n, w), expr: w.text(in, "expr"), line: textLine(w.at("expr"))}
	if err := r.engine.Check(t.expr); err != nil {
		r.exprError(t.line, err)
	}
	for _, n := range w.items(in, "exp_samples") {
		w := r.words(n, "an expected sample", "labels", "value", "histogram")
		if w.says("histogram") {
			r.fail(w.at("histogram"), "there are no histograms in the catalogue")
		}
		t.want = append(t.want, exprSample{r.metric(w), r.number(w, "value")})
	}
	return t
}

func (r *testReading) exprError(line int, err error) {
	if at, ok := errors.AsType[*query.Error](err); ok {
		r.failAt(line+at.Line-1, "expr at column %d: %s", at.Column, at.Text)
		return
	}
	r.failAt(line, "expr: %v", err)
}

// metric reads labels in PromQL's notation.
func (r *testReading) metric(w words) map[string]string {
	out := map[string]string{}
	text := w.text(&r.reading, "labels")
	if text == "" {
		return out
	}
	ls, err := promqlParser.ParseMetric(text)
	if err != nil {
		r.fail(w.at("labels"), "labels: %s: %v", text, short(err))
	}
	ls.Range(func(l labels.Label) { out[l.Name] = l.Value })
	return filled(out)
}

func (r *testReading) number(w words, name string) float64 {
	s := w.text(&r.reading, name)
	if s == "" {
		return 0
	}
	v, err := strconv.ParseFloat(s, 64)
	if rest, ok := strings.CutPrefix(s, "."); err != nil && ok { // YAML's .inf and .nan
		v, err = strconv.ParseFloat(rest, 64)
	}
	if err != nil {
		r.fail(w.at(name), "%s: %q is no number", name, s)
	}
	return v
}

// filled is without those that are empty, which is as good as not there.
func filled(m map[string]string) map[string]string {
	maps.DeleteFunc(m, func(_, value string) bool { return value == "" })
	return m
}

func sentences(m map[string]string) map[string]string {
	for name := range m {
		m[name] = sentence(m[name])
	}
	return filled(m)
}

// Run judges what is given, and tells what is not as expected: the error joins a [*document.FileError] for each. Another error is
// that ctx has ended.
func (t *Tests) Run(ctx context.Context) error {
	var wrong []error
	for i := range t.groups {
		run, err := t.begin(&t.groups[i])
		if err != nil {
			return err
		}
		if err := run.all(ctx); err != nil {
			return err
		}
		wrong = append(wrong, run.wrong...)
	}
	return errors.Join(wrong...)
}

// spelled is a duration as people write it in a rule.
func spelled(d time.Duration) string { return model.Duration(d).String() }

func equal(a, b float64, fuzzy bool) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) || fuzzy && (math.Nextafter(a, math.Inf(1)) == b || math.Nextafter(a, math.Inf(-1)) == b)
}

func (g *testGroup) title() string {
	if g.name == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", g.name)
}
