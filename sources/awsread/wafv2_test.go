package awsread

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/simulator"
)

// ruleJSON is a rule with an action, or an override of its group's.
func ruleJSON(name, verdict string) string {
	return fmt.Sprintf(`{"Name":%q,"Priority":1,"Statement":{"RateBasedStatement":{"Limit":500,"AggregateKeyType":"IP"}},%s,"VisibilityConfig":{"SampledRequestsEnabled":true,"CloudWatchMetricsEnabled":true,"MetricName":"m-%s"}}`, name, verdict, name)
}

func aclJSON(rules ...string) string {
	return `{"WebACL":{"Name":"edge","Id":"1","ARN":"a","DefaultAction":{"Allow":{}},"Rules":[` + strings.Join(rules, ",") +
		`],"VisibilityConfig":{"SampledRequestsEnabled":true,"CloudWatchMetricsEnabled":true,"MetricName":"m"}},"LockToken":"t"}`
}

// edgeWall is a reader of the web ACL edge with the rules.
func edgeWall(t *testing.T, rules ...string) (*fakeAWS, *Reader) {
	f := newFakeAWS(t)
	f.answers["ListWebACLs"] = `{"WebACLs":[{"Name":"edge","Id":"1","ARN":"a"}]}`
	f.answers["GetWebACL"] = aclJSON(rules...)
	return f, openAt(t, f.URL, sources.Resource{Ref: sources.Ref{Service: "waf", Name: "edge"}, ID: "edge"})
}

// TestRuleModes: what each action, and each override of a rule group's actions, does.
func TestRuleModes(t *testing.T) {
	want := map[string]string{
		`"Action":{"Block":{}}`: "Block", `"Action":{"Count":{}}`: "Count", `"Action":{"Allow":{}}`: "Allow",
		`"Action":{"Captcha":{}}`: "Captcha", `"Action":{"Challenge":{}}`: "Challenge",
		`"OverrideAction":{"None":{}}`: "Block", `"OverrideAction":{"Count":{}}`: "Count",
	}
	for verdict, mode := range want {
		_, r := edgeWall(t, ruleJSON("rule", verdict))
		if got, _ := factOf(sources.Ref{Service: "waf", Name: "edge"}, "rule_mode/rule", poll(t, source(t, r, "waf"), epoch)); got != mode {
			t.Errorf("%s is told as %q, want %q", verdict, got, mode)
		}
	}
}

// TestRuleModesFollowTheOperator: a rule group that is set to count, and back, is told so.
func TestRuleModesFollowTheOperator(t *testing.T) {
	s := newSite(t, nil)
	p := newTape()
	for _, mode := range []string{simulator.Count, simulator.Block, simulator.Count} {
		other := map[string]string{simulator.Count: simulator.Block, simulator.Block: simulator.Count}[mode]
		rules := s.launch.State().WebACLs[0].Rules
		if _, err := s.launch.SetRules("edge", "", simulator.RuleEdit{Rule: rules[0].Name, Mode: other}, simulator.RuleEdit{Rule: rules[1].Name, Mode: mode}); err != nil {
			t.Fatal(err)
		}
		s.advance(p, 1)
		if got := p.facts["waf/edge rule_mode/"+rules[1].Name]; got != mode {
			t.Errorf("the rule group is told to %q, want %q", got, mode)
		}
		if got := p.facts["waf/edge rule_mode/"+rules[0].Name]; got != other {
			t.Errorf("the rate rule is told to %q, want %q", got, other)
		}
	}
}

// TestDeletedRuleIsWithdrawn: what was said of a rule, and of its series, goes when the rule does, and not when AWS
// merely does not answer.
func TestDeletedRuleIsWithdrawn(t *testing.T) {
	kept, deleted := ruleJSON("kept", `"Action":{"Block":{}}`), ruleJSON("deleted", `"Action":{"Count":{}}`)
	f, r := edgeWall(t, kept, deleted)
	r.session.share = 1 // polls follow each other without a minute between them
	f.data = func(q dataQuery, _ int) []dataResult {
		return []dataResult{{Id: q.Id, StatusCode: "Forbidden"}}
	}
	wall, metrics := source(t, r, "waf"), source(t, r, "cloudwatch us-east-1")
	ref := sources.Ref{Service: "waf", Name: "edge"}
	series := func(rule string) sources.Series {
		return sources.Series{Metric: "waf_rule_blocked", Resource: "edge", Label: rule}
	}
	var told []sources.Reading
	at := func(minutes int) time.Time { return epoch.Add(time.Duration(minutes) * time.Minute) }
	is := func(name, want string) {
		t.Helper()
		if got, _ := factOf(ref, name, told...); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	told = append(told, poll(t, wall, at(0)), poll(t, metrics, at(0)))
	is("rule_mode/deleted", "Count")
	is("rate_limit/deleted", "500 in 300 s")
	if got := troubleOf(series("deleted"), told...); got.Kind != sources.Forbidden {
		t.Errorf("its series is said to be %q", got)
	}

	f.fail = func(operation string, _ int) *apiError {
		if operation == "GetWebACL" {
			return &apiError{code: "WAFUnavailableEntityException", message: "later"}
		}
		return nil
	}
	r1, err := wall.Poll(t.Context(), at(1))
	if err == nil || len(r1.Facts) > 0 {
		t.Errorf("%v withdraws %v", err, r1.Facts)
	}
	f.fail = nil

	f.answers["GetWebACL"] = aclJSON(kept)
	told = append(told, poll(t, wall, at(2)), poll(t, metrics, at(2)))
	is("rule_mode/deleted", "")
	is("rate_limit/deleted", "")
	is("rule_mode/kept", "Block")
	if got := troubleOf(series("deleted"), told...); !got.None() {
		t.Errorf("its series is still said to be %q", got)
	}
	if got := troubleOf(series("kept"), told...); got.Kind != sources.Forbidden {
		t.Errorf("the other's series is said to be %q", got)
	}
	if r := poll(t, wall, at(3)); len(r.Facts) > 0 {
		t.Errorf("told again: %v", r.Facts)
	}
	f.answers["GetWebACL"] = aclJSON(kept, deleted)
	told = append(told, poll(t, wall, at(4)))
	is("rule_mode/deleted", "Count")
}
