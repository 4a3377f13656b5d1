package alerts

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"warroom/sources"
	"warroom/sources/document"
	"warroom/sources/query"
)

// testRun is a test under way.
type testRun struct {
	tests  *Tests
	group  *testGroup
	judge  *Judge
	launch *sources.Launch
	batch  sources.Batch       // what is yet to be seen
	looks  []look              // what is yet to be looked at, in order
	values map[string]*float64 // by key: the newest value with which an alert's condition held
	wrong  []error
}

// look is an expectation that is looked at once what it is about has settled.
type look struct {
	due  time.Time
	look func(ctx context.Context, v *sources.View) error
}

// begin prepares a test: its rules are those whose alerts it asks for, each by itself.
func (t *Tests) begin(g *testGroup) (*testRun, error) {
	run := &testRun{tests: t, group: g, values: map[string]*float64{}}
	rules := &Rules{Records: t.rules.Records}
	for i := range t.rules.Alerts {
		rule := t.rules.Alerts[i]
		if slices.ContainsFunc(g.alerts, func(a alertTest) bool { return a.alert == rule.Alert }) {
			rule.Explains = nil
			rules.Alerts = append(rules.Alerts, rule)
		}
	}
	run.launch = g.launch()
	var err error
	if run.judge, err = NewJudge(rules, run.launch); err != nil {
		return nil, err
	}
	if err := run.plan(); err != nil {
		return nil, err
	}
	run.give()
	return run, nil
}

// launch is what gives the resources their sites, nil where none stands in one.
func (g *testGroup) launch() *sources.Launch {
	sites := map[string]map[string]string{}
	for _, in := range g.inputs {
		if in.site == "" {
			continue
		}
		if sites[in.site] == nil {
			sites[in.site] = map[string]string{}
		}
		ref := in.series.Ref()
		sites[in.site][ref.Service] = ref.Name
	}
	if len(sites) == 0 {
		return nil
	}
	return &sources.Launch{Sites: sites}
}

// plan says when each expectation is looked at.
func (run *testRun) plan() error {
	for i := range run.group.alerts {
		test := &run.group.alerts[i]
		var lag time.Duration
		for _, rule := range run.judge.rules {
			if rule.Alert == test.alert {
				l, err := run.judge.engine.Lag(rule.Expr)
				if err != nil {
					return err
				}
				lag = max(lag, l)
			}
		}
		run.looks = append(run.looks, look{run.group.start.Add(test.at + lag), func(context.Context, *sources.View) error {
			run.alert(test)
			return nil
		}})
	}
	for i := range run.group.exprs {
		test := &run.group.exprs[i]
		lag, err := run.judge.engine.Lag(test.expr)
		if err != nil {
			return err
		}
		run.looks = append(run.looks, look{run.group.start.Add(test.at + lag), func(ctx context.Context, v *sources.View) error {
			return run.expr(ctx, v, test)
		}})
	}
	slices.SortStableFunc(run.looks, func(a, b look) int { return a.due.Compare(b.due) })
	return nil
}

// give turns the input series into what will be seen, each period when it has settled.
func (run *testRun) give() {
	last := run.looks[len(run.looks)-1].due
	for _, in := range run.group.inputs {
		m, _ := sources.Lookup(in.series.Metric)
		for i, v := range in.values {
			end := run.group.start.Add(time.Duration(i) * m.Period)
			seen := end.Add(m.Settle)
			if seen.After(last) {
				break
			}
			if !v.Omitted {
				s := sources.Sample{Series: in.series, At: end.Add(-m.Period), Seen: seen, Value: v.Value, None: v.Value != v.Value}
				run.batch.Samples = append(run.batch.Samples, s)
			}
		}
	}
	slices.SortStableFunc(run.batch.Samples, func(a, b sources.Sample) int { return a.Seen.Compare(b.Seen) })
}

// all goes through the test's time, from minute to minute and from one thing seen to the next.
func (run *testRun) all(ctx context.Context) error {
	moments := []time.Time{run.group.start}
	for last := run.looks[len(run.looks)-1].due; moments[len(moments)-1].Before(last); {
		moments = append(moments, moments[len(moments)-1].Add(time.Minute))
	}
	for i := range run.batch.Samples {
		moments = append(moments, run.batch.Samples[i].Seen)
	}
	for _, l := range run.looks {
		moments = append(moments, l.due)
	}
	slices.SortFunc(moments, time.Time.Compare)
	window, deriver := sources.NewWindow(Lookback), query.NewDeriver()
	for _, now := range slices.Compact(moments) {
		window.Apply(seenBy(&run.batch, now))
		v := deriver.View(window, sources.Cursor{At: now})
		if _, err := run.judge.Judge(ctx, v); err != nil {
			return err
		}
		run.remember()
		for len(run.looks) > 0 && !run.looks[0].due.After(now) {
			if err := run.looks[0].look(ctx, v); err != nil {
				return err
			}
			run.looks = run.looks[1:]
		}
	}
	return nil
}

// remember keeps the alerts' values: while one recovers it is annotated with the last it had.
func (run *testRun) remember() {
	for _, a := range run.judge.alerts {
		if a.Value != nil {
			run.values[a.Key] = a.Value
		}
	}
}

func (run *testRun) fail(line int, head string, expected, got []string) {
	listed := func(all []string) string {
		if len(all) == 0 {
			return "nothing"
		}
		slices.Sort(all)
		for i := range all {
			all[i] = sources.Clean(all[i])
		}
		return strings.Join(all, "\n             ")
	}
	text := sources.Clean(head+run.group.title()) + " is not as expected\n    expected " + listed(expected) + "\n    got      " + listed(got)
	run.wrong = append(run.wrong, &document.FileError{File: run.tests.file, Line: line, Text: text})
}

// alert compares the alerts of a name that are firing with those that are expected to be.
func (run *testRun) alert(test *alertTest) {
	var got []fired
	var other []string
	for _, a := range run.judge.alerts {
		switch {
		case a.Rule != test.alert:
		case a.To.Live():
			got = append(got, run.fired(a))
		case a.To == Pending || a.To.blind():
			state := a.To.String()
			if a.Why != "" {
				state += ", " + a.Why
			} else {
				state += " since " + spelled(a.Since.Sub(run.group.start))
			}
			other = append(other, fmt.Sprintf("%s, not firing: %s", spell(run.fired(a).labels), state))
		}
	}
	left := slices.Clone(got)
	same := len(got) == len(test.want)
	for _, want := range test.want {
		i := slices.IndexFunc(left, want.is)
		if i < 0 {
			same = false
			break
		}
		left = slices.Delete(left, i, i+1)
	}
	if same {
		return
	}
	annotated := slices.ContainsFunc(test.want, func(f fired) bool { return f.annotations != nil })
	expected, came := make([]string, 0, len(test.want)), other
	for _, f := range test.want {
		expected = append(expected, f.spell(f.annotations != nil))
	}
	for _, f := range got {
		came = append(came, f.spell(annotated))
	}
	run.fail(test.line, test.alert+" at "+spelled(test.at), expected, came)
}

// is tells whether an alert that fired is the one that is expected.
func (f fired) is(got fired) bool {
	return maps.Equal(f.labels, got.labels) && (f.annotations == nil || maps.Equal(f.annotations, got.annotations))
}

func (f fired) spell(annotated bool) string {
	if !annotated {
		return spell(f.labels)
	}
	return spell(f.labels) + " annotated " + spell(f.annotations)
}

// spell writes labels as PromQL does, the metric's name before them.
func spell(m map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if name != metricName {
			parts = append(parts, name+"="+strconv.Quote(m[name]))
		}
	}
	return m[metricName] + "{" + strings.Join(parts, ", ") + "}"
}

// fired is an alert with the labels and annotations that Prometheus would give it.
func (run *testRun) fired(a *instance) fired {
	f := fired{labels: maps.Clone(a.Labels), annotations: map[string]string{}}
	if f.labels == nil {
		f.labels = map[string]string{}
	}
	f.labels["resource"] = a.Resource.Name
	maps.Copy(f.labels, a.rule.written)
	filled(f.labels)
	for name, s := range a.rule.annotated {
		if t, err := newText(s); err == nil {
			s = t.fill(run.values[a.Key], a.label)
		}
		f.annotations[name] = s
	}
	sentences(f.annotations)
	return f
}

// expr compares what an expression comes to with what it is expected to.
func (run *testRun) expr(ctx context.Context, v *sources.View, test *exprTest) error {
	head := "expr " + sentence(test.expr) + " at " + spelled(test.at)
	found, err := run.judge.engine.Instant(ctx, v, test.expr, run.group.start.Add(test.at), query.Options{Launch: run.launch})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		run.wrong = append(run.wrong, &document.FileError{File: run.tests.file, Line: test.line, Text: sources.Clean(head + run.group.title() + ": " + err.Error())})
		return nil
	}
	recorded := run.recorded(test.expr)
	var got []exprSample
	for _, r := range found {
		s := exprSample{maps.Clone(r.Labels), r.Value}
		if s.labels == nil {
			s.labels = map[string]string{}
		}
		if name := cmp.Or(r.Series.Metric, recorded); name != "" {
			s.labels[metricName] = name
		}
		got = append(got, s)
	}
	if run.same(test.want, got) {
		return nil
	}
	run.fail(test.line, head, spellSamples(test.want), spellSamples(got))
	return nil
}

// recorded is the name of the record that an expression is, which Prometheus would give its samples.
func (run *testRun) recorded(expr string) string {
	tree, err := promqlParser.ParseExpr(expr)
	if err != nil {
		return ""
	}
	v, ok := tree.(*parser.VectorSelector)
	if !ok {
		return ""
	}
	if slices.ContainsFunc(run.tests.rules.Records, func(r Record) bool { return r.Name == v.Name }) {
		return v.Name
	}
	return ""
}

func (run *testRun) same(want, got []exprSample) bool {
	left := slices.Clone(got)
	for _, w := range want {
		i := slices.IndexFunc(left, func(g exprSample) bool {
			return maps.Equal(w.labels, g.labels) && equal(w.value, g.value, run.tests.fuzzy)
		})
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return len(left) == 0
}

func spellSamples(all []exprSample) []string {
	var out []string
	for _, s := range all {
		out = append(out, spell(s.labels)+" "+strconv.FormatFloat(s.value, 'g', -1, 64))
	}
	return out
}
