package runbooks_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"warroom/runbooks"
	"warroom/runbooks/awswrite"
	"warroom/sources"
	"warroom/sources/document"
	"warroom/sources/query"
	"warroom/sources/simulator"
)

// wanted are the runbooks that the house promises.
var wanted = []string{
	"bad-deploy", "cache-stampede", "db-ceiling", "error-budget", "fleet-ceiling", "monitoring-gap", "origin-errors", "origin-slow",
	"registration-drop", "waf-surge",
}

func library(t testing.TB, paths ...string) *runbooks.Library {
	t.Helper()
	l, err := runbooks.Open(awswrite.Offers, paths...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestLibrary holds every runbook of the house against what a person needs at two minutes to T0.
func TestLibrary(t *testing.T) {
	l := library(t)
	if !slices.Equal(l.Names(), wanted) {
		t.Fatalf("the house has %v", l.Names())
	}
	answered := map[string]string{}
	for _, b := range l.All() {
		if b.About == "" || len(b.Services) == 0 || len(b.Answers) == 0 {
			t.Errorf("%s does not say when it is for", b.Name)
		}
		for _, alert := range b.Answers {
			if other := answered[alert]; other != "" {
				t.Errorf("%s is answered by %s and by %s", alert, other, b.Name)
			}
			answered[alert] = b.Name
		}
		if b.Steps[0].Kind == runbooks.Act || len(b.Steps) < 4 || len(b.Steps) > 12 {
			t.Errorf("%s begins with %s and has %d steps", b.Name, b.Steps[0].Kind, len(b.Steps))
		}
		for _, s := range b.Steps {
			if s.Says == "" || s.Kind == runbooks.Check && s.Otherwise == "" {
				t.Errorf("%s:%d: the step does not say what it means", b.Name, s.Line)
			}
		}
	}
}

// TestChecksOfTheLibrary evaluates every check of the house over a launch in which there is something of everything.
func TestChecksOfTheLibrary(t *testing.T) {
	view, launch := everything(t)
	engine := query.NewEngine()
	for _, b := range library(t).All() {
		for _, s := range b.Steps {
			if s.Kind != runbooks.Check {
				continue
			}
			on := s.On(sources.Ref{Service: b.Services[0], Name: "x"})
			a, err := engine.Judge(context.Background(), view, on.Expr, query.Options{Launch: &launch})
			if err != nil {
				t.Errorf("%s:%d: %v", b.Name, s.Line, err)
			} else if a.At.IsZero() {
				t.Errorf("%s:%d: %s was judged at no time", b.Name, s.Line, on.Expr)
			}
			for _, pointless := range engine.LintCondition(on.Expr) {
				t.Errorf("%s:%d: %v", b.Name, s.Line, pointless)
			}
		}
	}
}

// everything is a view in which every metric of the catalogue has an hour of settled samples.
func everything(t *testing.T) (*sources.View, sources.Launch) {
	t.Helper()
	now := time.Date(2026, 3, 1, 19, 20, 0, 0, time.UTC)
	window := sources.NewWindow(3 * time.Hour)
	var b sources.Batch
	for _, m := range sources.Metrics() {
		if m.Derived() || m.Service == "launch" || m.Name == "series_age_seconds" {
			continue
		}
		label := ""
		if m.Label != "" {
			label = "rate-limit"
		}
		for at := now.Add(-70 * time.Minute); !at.After(now.Add(-m.Settle - time.Minute)); at = at.Add(time.Minute) {
			b.Samples = append(b.Samples, sources.Sample{Series: sources.Series{Metric: m.Name, Resource: "x", Label: label}, At: at, Seen: at.Add(time.Minute), Value: 0.5})
		}
	}
	window.Apply(b)
	return query.NewDeriver().View(window, sources.Cursor{At: now}), sources.Launch{T0: now.Add(-5 * time.Minute)}
}

// TestActionsOfTheLibrary proves that the hands know every action of the house by its parameters, and have it on the
// simulated site: a plan comes of it, or a refusal that is about the site as it is.
func TestActionsOfTheLibrary(t *testing.T) {
	h := newHouse(t)
	p := h.process("ada")
	all := resourcesOf(h.launch.State())
	if _, err := h.launch.StartRefresh("web", simulator.Refresh{Version: "8"}); err != nil { // what a release is taken back from
		t.Fatal(err)
	}
	for _, b := range library(t).All() {
		for _, s := range b.Steps {
			if s.Kind != runbooks.Act {
				continue
			}
			targets := s.Targets(sources.Ref{}, all)
			if len(targets) != 1 {
				t.Fatalf("%s:%d: %s may be any of %v", b.Name, s.Line, s.Brief(), targets)
			}
			plan, err := p.Plan(t.Context(), s.Action(targets[0]))
			if err != nil {
				t.Errorf("%s:%d: %v", b.Name, s.Line, err)
			} else if plan.Title == "" || len(plan.After) == 0 {
				t.Errorf("%s:%d: the plan says nothing", b.Name, s.Line)
			}
		}
	}
}

const head = "---\ntitle: Mine\nfor: [alb]\nanswers: [Mine]\n---\n"

const oneAsk = "```ask\nquestion: Well?\n```\n"

// TestWrongRunbooks proves that whatever is wrong is told with its line and the nearest word.
func TestWrongRunbooks(t *testing.T) {
	for what, c := range map[string]struct{ text, want string }{
		"no head":                 {"# Hello\n", "mine.md:1: a runbook begins with a head"},
		"head without an end":     {"---\ntitle: x\n", "mine.md:1: a runbook begins with a head"},
		"no title":                {"---\nfor: [alb]\n---\n" + oneAsk, "title is missing"},
		"unknown word in head":    {"---\ntitel: x\n---\n" + oneAsk, `mine.md:2: unknown word "titel" in the head; did you mean "title"?`},
		"unknown service":         {"---\ntitle: x\nfor: [abl]\n---\n" + oneAsk, `mine.md:3: unknown service "abl" in for; did you mean "alb"?`},
		"bad alert":               {"---\ntitle: x\nanswers: [Origin errors]\n---\n" + oneAsk, "mine.md:3: \"Origin errors\" is no name of an alert"},
		"no step":                 {head + "Only words.\n", "mine.md: there is no step in it"},
		"nearly a step":           {head + "\n```chek\nexpr: alb_requests > 1\n```\n", `mine.md:7: unknown step "chek"; did you mean "check"?`},
		"brackets without end":    {"---\ntitle: x\nabout: " + strings.Repeat("[", 30_000) + "\n---\n" + oneAsk, "mine.md:3: brackets within brackets, more than 100 deep"},
		"unknown word in a step":  {head + "\n```ask\nquestoin: Well?\n```\n", `mine.md:8: unknown word "questoin" in ask; did you mean "question"?`},
		"broken yaml":             {head + "\n```ask\nquestion: [\n```\n", "mine.md:8:"},
		"no expression":           {head + "\n```check\nsays: x\n```\n", "expr is missing"},
		"unknown metric":          {head + "\n```check\nexpr: alb_eror_ratio > 1\n```\n", `mine.md:8: expr: unknown metric "alb_eror_ratio"; did you mean "alb_error_ratio"?`},
		"expression further down": {head + "\n```check\nsays: x\nexpr: |\n  alb_requests > 1\n  and alb_reqests > 2\n```\n", `mine.md:11: expr: unknown metric "alb_reqests"`},
		"no promql":               {head + "\n```check\nexpr: alb_requests >\n```\n", "mine.md:8: expr:"},
		"no condition":            {head + "\n```check\nexpr: alb_requests\n```\n", "mine.md:8: expr: this says no yes or no"},
		"no such ratio":           {head + "\n```check\nsays: x\nexpr: alb_error_ratio > 5\n```\n", "mine.md:9: expr: alb_error_ratio is a ratio from 0 to 1"},
		"always so":               {head + "\n```check\nexpr: vector(1) > 0\n```\n", "mine.md:8: expr:"},
		"no duration":             {head + "\n```check\nexpr: alb_requests > 1\nwait: soon\n```\n", "mine.md:9: check: wait: want a length of time"},
		"unknown kind":            {head + "\n```action\nkind: capasity\nservice: asg\nwant: {desired: 4}\n```\n", `mine.md:8: unknown kind of action "capasity"; did you mean "capacity"?`},
		"service without it":      {head + "\n```action\nkind: capacity\nservice: waf\nwant: {desired: 4}\n```\n", `mine.md:9: "waf" has no action capacity`},
		"unknown parameter":       {head + "\n```action\nkind: capacity\nservice: asg\nwant: {desird: 4}\n```\n", `mine.md:10: capacity has no parameter "desird"; did you mean "desired"?`},
		"unknown choice":          {head + "\n```action\nkind: maintenance\nservice: cloudfront\nwant: {to: maintenanc}\n```\n", `did you mean "maintenance"?`},
		"nothing wanted":          {head + "\n```action\nkind: capacity\nservice: asg\n```\n", "want is missing"},
		"unknown placeholder":     {head + "\n```check\nexpr: alb_requests{resource=\"{{resuorce}}\"} > 1\n```\n", "unknown placeholder {{resuorce}}"},
		"a list for a text":       {head + "\n```ask\nquestion: [a, b]\n```\n", "mine.md:8: ask: question: want a text"},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := runbooks.Read("mine.md", []byte(c.text), awswrite.Offers)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %v, want %s", err, c.want)
			}
			var at *document.FileError
			if !errors.As(err, &at) || at.File != "mine.md" {
				t.Errorf("%v names no file", err)
			}
		})
	}
}

// TestEverythingWrongIsTold proves that one mistake does not hide the next.
func TestEverythingWrongIsTold(t *testing.T) {
	_, err := runbooks.Read("mine.md", []byte("---\ntitel: x\n---\n\n```check\nexpr: nothing > 1\n```\n\n```ask\n```\n"), awswrite.Offers)
	for _, want := range []string{"mine.md:2: ", "mine.md:6: ", "mine.md:9: ask: question is missing"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told: %v", want, err)
		}
	}
}

// TestUsersRunbooks proves that a user's folder and file stand over the house, and that one that is wrong costs no other.
func TestUsersRunbooks(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	put("origin-errors.md", head+oneAsk)
	put("partner-down.md", head+oneAsk)
	put("README.md", "# How we write runbooks\n")
	l := library(t, dir)
	if got, err := l.Find("origin-errors"); err != nil || got.Title != "Mine" || len(l.All()) != len(wanted)+1 {
		t.Errorf("%+v, %v, %d runbooks", got, err, len(l.All()))
	}
	if _, err := l.Find("orign-errors"); err == nil || !strings.Contains(err.Error(), `"origin-errors"`) {
		t.Errorf("the nearest is not named: %v", err)
	}
	broken := put("broken.md", head)
	l, err := runbooks.Open(awswrite.Offers, dir)
	if err == nil || !strings.Contains(err.Error(), broken) || len(l.All()) != len(wanted)+1 {
		t.Errorf("%v, and %d runbooks", err, len(l.All()))
	}
	if _, err := runbooks.Open(awswrite.Offers, filepath.Join(dir, "gone")); err == nil || !strings.Contains(err.Error(), "gone: no such file") {
		t.Errorf("%v", err)
	}
}

// TestDocument proves that the document keeps its parts, and that what acts on a terminal does not get through.
func TestDocument(t *testing.T) {
	text := head + "# Big\n\nSome **strong** and `code` in\ntwo lines, see [here](https://example.com).\n\n- one\n- two\n  1. deep\n\n> said\n\n```sh\nls\x1b[2J\n```\n\n" + oneAsk
	l := &runbooks.Library{}
	if err := l.Load(fstest.MapFS{"mine.md": {Data: []byte(text)}}, ".", awswrite.Offers); err != nil {
		t.Fatal(err)
	}
	b := l.All()[0]
	var got []string
	for _, block := range b.Blocks {
		line := block.Marker
		for _, s := range block.Spans {
			line += s.Text
		}
		got = append(got, line+strings.Join(block.Lines, "|"))
	}
	want := []string{"Big", "Some strong and code in two lines, see here (https://example.com).", "•one", "•two", "1.deep", "said", "ls", ""}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestPlaceholder proves that the name of the resource enters an expression as text, whatever it is.
func TestPlaceholder(t *testing.T) {
	b, err := runbooks.Read("mine.md", []byte(head+"```check\nsays: of {{resource}}\nexpr: alb_requests{resource=\"{{resource}}\"} > 1\n```\n"), awswrite.Offers)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"prod", `a"b`, `a\`, `x"} or alb_requests{resource="y`} {
		on := b.Steps[0].On(sources.Ref{Service: "alb", Name: name})
		if err := query.CheckCondition(on.Expr); err != nil || on.Says != "of "+name {
			t.Errorf("%s: %s: %v", name, on.Expr, err)
		}
	}
}
