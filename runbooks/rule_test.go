package runbooks_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"warroom/runbooks"
	"warroom/sources"
)

func TestRulesAreReadStrictly(t *testing.T) {
	for text, want := range map[string]string{
		"capacity": "", "capacity  lower": "", "maintenance on": "", "maintenance": "", "invalidate /*": "", "invalidate /api/*": "", "firewall loosen": "", "deploy": "",
		"capcity":          `unknown kind of action "capcity"; did you mean "capacity"?`,
		"capacity lowr":    `capacity cannot be narrowed to "lowr"; did you mean "lower"?`,
		"invalidate all":   "narrowed to a path",
		"invalidate /a /b": "narrowed to a path",
		"deploy rollback":  "deploy cannot be narrowed",
		"":                 "unknown kind of action",
	} {
		r, err := runbooks.ParseRule(text)
		switch {
		case want == "" && (err != nil || r.String() != strings.Join(strings.Fields(text), " ")):
			t.Errorf("%q: %v, %v", text, r, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestRulesWantWhatTheySay(t *testing.T) {
	plan := func(kind runbooks.Kind, before, after string, want ...string) runbooks.Plan {
		p := runbooks.Plan{Action: runbooks.Action{Kind: kind, Want: map[string]string{}}, Level: runbooks.Bounded}
		p.Before, p.After = []runbooks.Setting{{Name: "max", Value: "18"}, {Name: "n", Value: before}}, []runbooks.Setting{{Name: "max", Value: "18"}, {Name: "n", Value: after}}
		for i := 0; i < len(want); i += 2 {
			p.Action.Want[want[i]] = want[i+1]
		}
		return p
	}
	loosens := plan(runbooks.Firewall, "500", "900")
	loosens.Level = runbooks.Visible
	for _, c := range []struct {
		rule string
		plan runbooks.Plan
		want bool
	}{
		{"capacity", plan(runbooks.Capacity, "12", "18"), true},
		{"capacity", plan(runbooks.Invalidate, "", ""), false},
		{"capacity lower", plan(runbooks.Capacity, "12", "18"), false},
		{"capacity lower", plan(runbooks.Capacity, "12", "9"), true},
		{"capacity lower", plan(runbooks.Capacity, "9", "12"), false},
		{"capacity lower", plan(runbooks.Capacity, "none", "600"), false},
		{"capacity lower", plan(runbooks.Capacity, "600", "none"), true},
		{"capacity lower", plan(runbooks.Capacity, "much", "more"), true}, // not understood
		{"maintenance on", plan(runbooks.Maintenance, "a", "b", "to", "maintenance"), true},
		{"maintenance on", plan(runbooks.Maintenance, "a", "b", "to", "live"), false},
		{"maintenance off", plan(runbooks.Maintenance, "a", "b", "to", "live"), true},
		{"invalidate /*", plan(runbooks.Invalidate, "", "", "paths", "/*"), true},
		{"invalidate /*", plan(runbooks.Invalidate, "", "", "paths", "/a /b/*"), false},
		{"invalidate /vote/*", plan(runbooks.Invalidate, "", "", "paths", "/a /vote/*"), true},
		{"invalidate /vote/*", plan(runbooks.Invalidate, "", "", "paths", "/vo*"), true},
		{"invalidate /vote/*", plan(runbooks.Invalidate, "", "", "paths", "/vote/x"), false},
		{"firewall loosen", loosens, true},
		{"firewall loosen", plan(runbooks.Firewall, "900", "500"), false},
	} {
		r, err := runbooks.ParseRule(c.rule)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Wants(c.plan); got != c.want {
			t.Errorf("%s on %v %v → %v: %v", c.rule, c.plan.Action.Want, c.plan.Before, c.plan.After, got)
		}
	}
}

// TestTheRecordingsRuleHoldsForAll: a process whose own config wants nothing cannot do alone what whoever collects has
// declared to be for two; what its own config wants holds, too.
func TestTheRecordingsRuleHoldsForAll(t *testing.T) {
	h := newHouse(t)
	loose, strict := h.process("ada"), h.process("leo", func(o *runbooks.Options) {
		o.TwoPeople = func() []runbooks.Rule { return []runbooks.Rule{{Kind: runbooks.Invalidate, Of: "/*"}} }
	})
	declare := func(rules ...runbooks.Rule) {
		t.Helper()
		if err := runbooks.Declare(t.Context(), h.journal(), h.clock, "collector", rules); err != nil {
			t.Fatal(err)
		}
	}
	plan := loose.mustPlan(h.limit(500)) // before the rule was declared
	declare(runbooks.Rule{Kind: runbooks.Firewall})
	declare(runbooks.Rule{Kind: runbooks.Firewall}) // once is enough
	if err := loose.confirm(plan); !errors.Is(err, runbooks.ErrTwoPeople) {
		t.Errorf("%v", err)
	}
	for _, p := range []*process{loose, strict} {
		if plan := p.mustPlan(h.limit(500)); plan.Level != runbooks.TwoPeople {
			t.Errorf("%s: level %d", p.name, plan.Level)
		}
	}
	if own, other := strict.mustPlan(h.purge()), loose.mustPlan(h.purge()); own.Level != runbooks.TwoPeople || other.Level == runbooks.TwoPeople {
		t.Errorf("levels %d and %d", own.Level, other.Level)
	}
	changes, err := h.journal().Changes(t.Context(), time.Time{}, time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	for _, c := range changes {
		if c.Kind == runbooks.ChangeRule {
			declared++
		}
	}
	if declared != 1 {
		t.Errorf("declared %d times", declared)
	}
	declare()
	if plan := loose.mustPlan(h.limit(500)); plan.Level == runbooks.TwoPeople {
		t.Error("what is no longer declared is still wanted")
	}
	if all, _ := h.sent(); all != 0 {
		t.Errorf("%d changes were sent", all)
	}
}

// TestARuleThatCannotBeReadIsAStrictOne: a later program may have written it.
func TestARuleThatCannotBeReadIsAStrictOne(t *testing.T) {
	for body, want := range map[string]int{`["capacity of all"]`: 1, `["nonsense"]`: len(runbooks.Kinds()), `[]`: 0} {
		if got := runbooks.Known([]sources.Change{{Kind: runbooks.ChangeRule, Body: []byte(body)}}); len(got) != want {
			t.Errorf("%s: %v", body, got)
		}
	}
}
