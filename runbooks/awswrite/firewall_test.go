package awswrite

import (
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"

	"warroom/runbooks"
	"warroom/sources/simulator"
)

func (s *site) rule(managed bool) simulator.Rule {
	s.t.Helper()
	for _, r := range s.launch.State().WebACLs[0].Rules {
		if (r.Managed != "") == managed {
			return r
		}
	}
	s.t.Fatal("no such rule")
	return simulator.Rule{}
}

func (s *site) rateRule() string { return s.rule(false).Name }

func (s *site) firewall(pairs ...string) runbooks.Action {
	return s.want(runbooks.Firewall, "waf", pairs...)
}

func TestFirewallTightensAndLoosens(t *testing.T) {
	s := newSite(t, nil)
	edit := func(r simulator.Rule, mode string, limit int) {
		if _, err := s.launch.SetRules(s.launch.State().WebACLs[0].Name, "", simulator.RuleEdit{Rule: r.Name, Mode: mode, Limit: limit}); err != nil {
			t.Fatal(err)
		}
		s.pass(10 * time.Second)
	}
	for _, managed := range []bool{false, true} {
		name := s.rule(managed).Name
		for mode, from := range map[string]string{block: count, count: block} {
			edit(s.rule(managed), from, 0)
			p, r := s.do(s.firewall("rule", name, "mode", mode))
			if s.rule(managed).Mode != mode || (p.Level == runbooks.Visible) != (mode == count) {
				t.Errorf("%s %s → %s: it is %s, level %d", name, from, mode, s.rule(managed).Mode, p.Level)
			}
			if got := s.progress(p, r); !got.Done || !s.found(p) {
				t.Errorf("%s: %+v", name, got)
			}
			s.do(p.Back)
			if s.rule(managed).Mode != from || s.found(p) || s.progress(p, r).Failed == "" {
				t.Errorf("%s: taken back to %s, was %s", name, s.rule(managed).Mode, from)
			}
		}
	}
	edit(s.rule(false), block, 2000)
	for limit, level := range map[string]runbooks.Level{"1000": runbooks.Bounded, "-50 %": runbooks.Bounded, "+100 %": runbooks.Visible} {
		p, _ := s.do(s.firewall("rule", s.rateRule(), "limit", limit))
		if valueOf(p.After, "limit") != number(float64(s.rule(false).Limit)) || p.Level != level || !strings.Contains(strings.Join(p.Warnings, "\n"), "loses its counts") {
			t.Errorf("%s: limit %d, level %d, warnings %q", limit, s.rule(false).Limit, p.Level, p.Warnings)
		}
		s.do(p.Back)
		if s.rule(false).Limit != 2000 {
			t.Errorf("%s: taken back to %d", limit, s.rule(false).Limit)
		}
	}
	if p := s.mustPlan(s.firewall("rule", s.rateRule(), "limit", "100", "mode", "Count")); p.Level != runbooks.Visible {
		t.Error("a lower limit hides that the rule is switched off")
	}
}

func TestFirewallOutOfBoundsIsRefusedBeforeAnyCall(t *testing.T) {
	s := newSite(t, nil)
	rate, managed := s.rateRule(), s.rule(true).Name
	for _, c := range []struct {
		words string
		want  []string
	}{
		{"not within 10", []string{"rule", rate, "limit", "9"}},
		{"not within 10", []string{"rule", rate, "limit", "0"}},
		{"not within 10", []string{"rule", rate, "limit", "-100 %"}},
		{"not within 10", []string{"rule", rate, "limit", "2000000001"}},
		{"no amount", []string{"rule", rate, "limit", "few"}},
		{"is no rate rule", []string{"rule", managed, "limit", "100"}},
		{"none of Block, Count", []string{"rule", rate, "mode", "Allow"}},
		{"none of Block, Count", []string{"rule", rate, "mode", "counts"}},
		{"by mode or limit", []string{"rule", rate}},
		{"already", []string{"rule", rate, "mode", s.rule(false).Mode}},
		{"has no rule", []string{"rule", "nobody", "mode", "Count"}},
		{"did you mean", []string{"rule", rate + "x", "mode", "Count"}},
	} {
		s.refuses(s.firewall(c.want...), c.words)
	}
}

// TestModesAreReadInAnyCase: people write count, AWS writes Count, and the plan shows what AWS would be told.
func TestModesAreReadInAnyCase(t *testing.T) {
	s := newSite(t, nil)
	for _, mode := range []string{"count", "block", "COUNT", "bLOCK"} {
		want := map[bool]string{true: count, false: block}[strings.EqualFold(mode, count)]
		p, r := s.do(s.firewall("rule", s.rateRule(), "mode", mode))
		if got := valueOf(p.After, "mode"); got != want || s.rule(false).Mode != want || !s.found(p) || !s.progress(p, r).Done {
			t.Errorf("%s: the plan says %q, the rule is %q", mode, got, s.rule(false).Mode)
		}
		if (p.Level == runbooks.Visible) != (want == count) {
			t.Errorf("%s: level %d", mode, p.Level)
		}
	}
}

func TestAWebACLThatChangedIsLeftAlone(t *testing.T) {
	s := newSite(t, nil)
	p := s.mustPlan(s.firewall("rule", s.rateRule(), "limit", "+100"))
	somebody := func() {
		if _, err := s.launch.SetRules(s.launch.State().WebACLs[0].Name, "", simulator.RuleEdit{Rule: s.rateRule(), Limit: 333}); err != nil {
			t.Error(err)
		}
	}
	somebody()
	var rejected *runbooks.RejectedError
	if _, err := s.apply(p); !errors.As(err, &rejected) || s.count("UpdateWebACL") != 0 {
		t.Errorf("seen before the call: %v, %d calls", err, s.count("UpdateWebACL"))
	}
	p = s.mustPlan(p.Action)
	s.replace(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		if operationOf(r, body) == "UpdateWebACL" {
			somebody()
		}
		return false
	})
	_, err := s.apply(p)
	if !errors.As(err, &rejected) || !strings.Contains(err.Error(), "somebody else changed it") || s.count("UpdateWebACL") != 1 {
		t.Errorf("seen by WAF: %v, %d calls", err, s.count("UpdateWebACL"))
	}
}

// TestUpdateIsAllOfAWebACL fills every member that AWS takes and sees it in the update: one that is left out is reset.
func TestUpdateIsAllOfAWebACL(t *testing.T) {
	full := &types.WebACL{
		Name: aws.String("n"), Id: aws.String("i"), DefaultAction: &types.DefaultAction{}, VisibilityConfig: &types.VisibilityConfig{},
		ApplicationConfig: &types.ApplicationConfig{}, AssociationConfig: &types.AssociationConfig{}, CaptchaConfig: &types.CaptchaConfig{},
		ChallengeConfig: &types.ChallengeConfig{}, CustomResponseBodies: map[string]types.CustomResponseBody{"b": {}}, DataProtectionConfig: &types.DataProtectionConfig{},
		Description: aws.String("d"), OnSourceDDoSProtectionConfig: &types.OnSourceDDoSProtectionConfig{}, Rules: []types.Rule{{}}, TokenDomains: []string{"t"},
	}
	have := reflect.ValueOf(full).Elem()
	out := reflect.ValueOf(update(acl{WebACL: full, token: "t"}, types.ScopeCloudfront)).Elem()
	input := reflect.TypeFor[wafv2.UpdateWebACLInput]()
	for i := range input.NumField() {
		name := input.Field(i).Name
		if !input.Field(i).IsExported() {
			continue
		}
		if out.Field(i).IsZero() {
			t.Errorf("%s is left out", name)
		}
		if f := have.FieldByName(name); f.IsValid() && !reflect.DeepEqual(f.Interface(), out.Field(i).Interface()) {
			t.Errorf("%s is another one", name)
		}
	}
}

// walled has the web ACL of a test described, and keeps what is written.
func walled(t *testing.T, members string) (*site, *string) {
	t.Helper()
	s, written := newSite(t, nil), new(string)
	s.replace(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		w.Header().Set("X-Amzn-Requestid", "req-1")
		switch operationOf(r, body) {
		case "GetWebACL":
			_, _ = io.WriteString(w, `{"LockToken":"L1","WebACL":{"Name":"n","Id":"i","ARN":"a","Capacity":5,"DefaultAction":{"Allow":{}},"VisibilityConfig":{"SampledRequestsEnabled":true,"CloudWatchMetricsEnabled":true,"MetricName":"m"}`+members+`}}`)
		case "UpdateWebACL":
			*written = string(body)
			_, _ = io.WriteString(w, `{"NextLockToken":"L2"}`)
		default:
			return false
		}
		return true
	})
	return s, written
}

const (
	blockingRule = `,"Rules":[{"Name":"r","Priority":1,"Action":{"Block":{"CustomResponse":{"ResponseCode":429}}},"Statement":{"ByteMatchStatement":{"SearchString":"L2FkbWlu","FieldToMatch":{"UriPath":{}},"TextTransformations":[{"Priority":0,"Type":"NONE"}],"PositionalConstraint":"STARTS_WITH"}},"VisibilityConfig":{"SampledRequestsEnabled":true,"CloudWatchMetricsEnabled":true,"MetricName":"r"}}]`
	otherMembers = `,"Description":"d","TokenDomains":["a.example"],"CustomResponseBodies":{"b":{"ContentType":"TEXT_PLAIN","Content":"no"}},"CaptchaConfig":{"ImmunityTimeProperty":{"ImmunityTime":300}},"LabelNamespace":"l"`
)

func TestTheWholeWebACLIsWrittenBack(t *testing.T) {
	s, written := walled(t, otherMembers+blockingRule)
	p, _ := s.do(s.firewall("rule", "r", "mode", "Count"))
	for _, want := range []string{`"Description":"d"`, `"TokenDomains":["a.example"]`, `"ImmunityTime":300`, `"Content":"no"`, `"SearchString":"L2FkbWlu"`, `"Action":{"Count":{}}`, `"LockToken":"L1"`, `"Scope":"CLOUDFRONT"`} {
		if !strings.Contains(*written, want) {
			t.Errorf("%s is not in %s", want, *written)
		}
	}
	if !strings.Contains(strings.Join(p.Warnings, "\n"), "own response") {
		t.Errorf("warnings: %q", p.Warnings)
	}
}

func TestAWebACLWithUnknownMembersIsRefused(t *testing.T) {
	for what, members := range map[string]string{
		"a member":                 `,"FutureConfig":{"On":true}` + blockingRule,
		"in a member":              otherMembers + strings.Replace(blockingRule, `"Name":"r"`, `"Name":"r","FutureTwist":1`, 1),
		"in the rule that changes": strings.Replace(blockingRule, `"ByteMatchStatement":{`, `"ByteMatchStatement":{"FutureTwist":{},`, 1),
	} {
		s, written := walled(t, members)
		p := s.mustPlan(s.firewall("rule", "r", "mode", "Count"))
		_, err := s.apply(p)
		var rejected *runbooks.RejectedError
		if !errors.As(err, &rejected) || !strings.Contains(err.Error(), "does not know") || *written != "" || s.count("UpdateWebACL") != 0 {
			t.Errorf("%s: %v, written %q", what, err, *written)
		}
	}
}

func TestAWebACLOfFirewallManagerIsRefused(t *testing.T) {
	for _, members := range []string{`,"ManagedByFirewallManager":true`, `,"PreProcessFirewallManagerRuleGroups":[{"Name":"x"}]`, `,"PostProcessFirewallManagerRuleGroups":[{"Name":"x"}]`} {
		s, _ := walled(t, members+blockingRule)
		s.refuses(s.firewall("rule", "r", "mode", "Count"), "managed by Firewall Manager")
	}
}
