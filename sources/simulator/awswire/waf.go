package awswire

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"warroom/sources/simulator"
)

func firewallOperations() []operation {
	return []operation{
		read("wafv2", "ListWebACLs", listWebACLs),
		read("wafv2", "GetWebACL", getWebACL),
		read("wafv2", "GetWebACLForResource", getWebACLForResource),
		write("wafv2", "UpdateWebACL", updateWebACL),
	}
}

func wafFault(shape, message string) *fault {
	return &fault{Shape: shape, Status: http.StatusBadRequest, Message: message}
}

// webACLs are the web ACLs of a scope: those of the edge are found in us-east-1 alone, the others in the site's
// region.
func (c *call) webACLs(scope string) ([]simulator.WebACL, error) {
	switch {
	case scope != "CLOUDFRONT" && scope != "REGIONAL":
		return nil, wafFault("WAFInvalidParameterException", "The scope must be CLOUDFRONT or REGIONAL, not "+strconv.Quote(scope)+".")
	case scope == "CLOUDFRONT" && c.region != edgeRegion:
		return nil, wafFault("WAFInvalidParameterException", "The scope is not valid: CLOUDFRONT is served in "+edgeRegion+" only.")
	}
	st := c.launch.State()
	return slices.DeleteFunc(slices.Clone(st.WebACLs), func(acl simulator.WebACL) bool {
		return acl.Regional != (scope == "REGIONAL") || acl.Regional && c.region != st.Region
	}), nil
}

type listWebACLsInput struct {
	Scope      string
	NextMarker string
	Limit      *int
}

type webACLSummary struct {
	Name        string
	ID          string `json:"Id"`
	Description string
	LockToken   string
	ARN         string
}

type listWebACLsOutput struct {
	WebACLs    []webACLSummary
	NextMarker string `json:",omitempty"`
}

func listWebACLs(c *call, in *listWebACLsInput) (*listWebACLsOutput, error) {
	acls, err := c.webACLs(in.Scope)
	if err != nil {
		return nil, err
	}
	p := pick{marker: in.NextMarker, size: in.Limit, usual: maxRecords, limit: maxRecords, badMarker: func() *fault {
		return wafFault("WAFInvalidParameterException", "The marker is not valid.")
	}}
	page, next, err := pickFrom(p, acls, nil)
	if err != nil {
		return nil, err
	}
	out := &listWebACLsOutput{WebACLs: []webACLSummary{}, NextMarker: next}
	for _, acl := range page {
		out.WebACLs = append(out.WebACLs, webACLSummary{acl.Name, acl.ID, c.server.documents.descriptions[acl.ID], acl.LockToken, acl.ARN})
	}
	return out, nil
}

type visibility struct {
	SampledRequestsEnabled   bool
	CloudWatchMetricsEnabled bool
	MetricName               string
}

// verdict is an action, or an override of a rule group's actions.
type verdict struct {
	Block     *struct{} `json:",omitempty"`
	Count     *struct{} `json:",omitempty"`
	Allow     *struct{} `json:",omitempty"`
	Captcha   *struct{} `json:",omitempty"`
	Challenge *struct{} `json:",omitempty"`
	None      *struct{} `json:",omitempty"`
}

// verdictOf is the action that makes a rule's mode.
func verdictOf(mode string) *verdict {
	yes := &struct{}{}
	switch mode {
	case simulator.Count:
		return &verdict{Count: yes}
	case simulator.Captcha:
		return &verdict{Captcha: yes}
	case simulator.Challenge:
		return &verdict{Challenge: yes}
	}
	return &verdict{Block: yes}
}

// mode is what a rule with the verdict does.
func (v *verdict) mode() string {
	switch {
	case v == nil:
		return ""
	case v.Count != nil:
		return simulator.Count
	case v.Captcha != nil:
		return simulator.Captcha
	case v.Challenge != nil:
		return simulator.Challenge
	}
	return simulator.Block
}

type rateBasedStatement struct {
	Limit               int
	EvaluationWindowSec int
	AggregateKeyType    string
}

type managedRuleGroupStatement struct {
	VendorName string
	Name       string
}

type statement struct {
	RateBasedStatement        *rateBasedStatement        `json:",omitempty"`
	ManagedRuleGroupStatement *managedRuleGroupStatement `json:",omitempty"`
}

type wafRule struct {
	Name             string
	Priority         int
	Statement        statement
	Action           *verdict `json:",omitempty"`
	OverrideAction   *verdict `json:",omitempty"`
	VisibilityConfig visibility
}

type webACL struct {
	Name             string
	ID               string `json:"Id"`
	ARN              string
	Description      string `json:",omitempty"`
	DefaultAction    verdict
	Rules            []wafRule
	VisibilityConfig visibility
	Capacity         int
	LabelNamespace   string
}

type getWebACLInput struct {
	Name  string
	ID    string `json:"Id"`
	Scope string
	ARN   string
}

type getWebACLOutput struct {
	WebACL    webACL
	LockToken string
}

func getWebACL(c *call, in *getWebACLInput) (*getWebACLOutput, error) {
	scope := in.Scope
	if in.ARN != "" && scope == "" {
		scope = "CLOUDFRONT"
		if strings.Contains(in.ARN, ":regional/") {
			scope = "REGIONAL"
		}
	}
	acl, err := c.webACL(scope, in.Name, in.ID, in.ARN)
	if err != nil {
		return nil, err
	}
	return &getWebACLOutput{WebACL: c.describeWebACL(acl), LockToken: acl.LockToken}, nil
}

func (c *call) webACL(scope, name, id, arn string) (simulator.WebACL, error) {
	acls, err := c.webACLs(scope)
	if err != nil {
		return simulator.WebACL{}, err
	}
	for _, acl := range acls {
		if arn != "" && acl.ARN == arn || arn == "" && acl.Name == name && acl.ID == id {
			return acl, nil
		}
	}
	return simulator.WebACL{}, wafFault("WAFNonexistentItemException",
		"AWS WAF couldn't perform the operation because your resource doesn't exist.")
}

func (c *call) describeWebACL(acl simulator.WebACL) webACL {
	out := webACL{
		Name: acl.Name, ID: acl.ID, ARN: acl.ARN, Description: c.server.documents.descriptions[acl.ID],
		DefaultAction: verdict{Allow: &struct{}{}}, VisibilityConfig: visibility{true, true, acl.MetricName},
		LabelNamespace: "awswaf:" + c.launch.State().Account + ":webacl:" + acl.Name + ":", Rules: []wafRule{},
	}
	for _, r := range acl.Rules {
		out.Rules = append(out.Rules, describeRule(r))
		out.Capacity += 2
		if r.Managed != "" {
			out.Capacity += 698
		}
	}
	return out
}

func describeRule(r simulator.Rule) wafRule {
	out := wafRule{Name: r.Name, Priority: r.Priority, VisibilityConfig: visibility{true, true, r.MetricName}}
	if r.Managed == "" {
		out.Statement.RateBasedStatement = &rateBasedStatement{r.Limit, int(r.Window.Seconds()), "IP"}
		out.Action = verdictOf(r.Mode)
		return out
	}
	out.Statement.ManagedRuleGroupStatement = &managedRuleGroupStatement{"AWS", r.Managed}
	out.OverrideAction = &verdict{None: &struct{}{}}
	if r.Mode == simulator.Count {
		out.OverrideAction = &verdict{Count: &struct{}{}}
	}
	return out
}

type getWebACLForResourceInput struct{ ResourceArn string }

type getWebACLForResourceOutput struct {
	WebACL *webACL `json:",omitempty"`
}

// getWebACLForResource knows regional resources only: a distribution's web ACL is named in its configuration.
func getWebACLForResource(c *call, in *getWebACLForResourceInput) (*getWebACLForResourceOutput, error) {
	if !strings.HasPrefix(in.ResourceArn, "arn:aws:elasticloadbalancing:") {
		return nil, wafFault("WAFInvalidParameterException", "The resource ARN is not valid: a distribution's web ACL is read from CloudFront.")
	}
	if _, err := balancerByARN(c.regional(), in.ResourceArn); err != nil {
		return nil, wafFault("WAFNonexistentItemException", "The load balancer does not exist.")
	}
	acls, err := c.webACLs("REGIONAL")
	if err != nil || len(acls) == 0 {
		return &getWebACLForResourceOutput{}, err
	}
	acl := c.describeWebACL(acls[0])
	return &getWebACLForResourceOutput{&acl}, nil
}

// updateWebACLInput keeps what it does not understand as it came, to hold it against what is there.
type updateWebACLInput struct {
	Name             string
	ID               string `json:"Id"`
	Scope            string
	LockToken        string
	Description      string
	DefaultAction    any
	VisibilityConfig any
	Rules            []json.RawMessage
	Rest             map[string]any `json:"-"`
}

// UnmarshalJSON also collects the members that have no field.
func (in *updateWebACLInput) UnmarshalJSON(raw []byte) error {
	type plain updateWebACLInput
	if err := json.Unmarshal(raw, (*plain)(in)); err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &in.Rest); err != nil {
		return err
	}
	for _, name := range []string{"Name", "Id", "Scope", "LockToken", "Description", "DefaultAction", "VisibilityConfig", "Rules"} {
		delete(in.Rest, name)
	}
	return nil
}

type updateWebACLOutput struct{ NextLockToken string }

// updateWebACL replaces the whole web ACL. The simulated firewall can be told a rule's mode, and a
// rate-based rule's limit and window; any other difference is refused rather than forgotten.
func updateWebACL(c *call, in *updateWebACLInput) (*updateWebACLOutput, error) {
	acl, err := c.webACL(in.Scope, in.Name, in.ID, "")
	if err != nil {
		return nil, err
	}
	if in.LockToken != acl.LockToken {
		return nil, staleLock()
	}
	edits, err := in.edits(acl, c.describeWebACL(acl))
	if err != nil {
		return nil, err
	}
	next, err := c.launch.SetRules(acl.Name, in.LockToken, edits...)
	switch {
	case errors.Is(err, simulator.ErrPrecondition):
		return nil, staleLock()
	case err != nil:
		return nil, wafFault("WAFInvalidParameterException", err.Error())
	}
	c.server.documents.describe(acl.ID, in.Description)
	return &updateWebACLOutput{next}, nil
}

func staleLock() *fault {
	return wafFault("WAFOptimisticLockException", "AWS WAF couldn't save your changes because someone changed the resource after you started to edit it.")
}

func (in *updateWebACLInput) edits(acl simulator.WebACL, now webACL) ([]simulator.RuleEdit, error) {
	refuse := func(what string) ([]simulator.RuleEdit, error) {
		return nil, wafFault("WAFInvalidParameterException", "The simulated firewall cannot change "+what+": only modes, limits and windows of rules.")
	}
	switch {
	case in.DefaultAction == nil || in.VisibilityConfig == nil:
		return nil, wafFault("WAFInvalidParameterException", "DefaultAction and VisibilityConfig are required.")
	case !same(in.DefaultAction, now.DefaultAction):
		return refuse("the default action")
	case !same(in.VisibilityConfig, now.VisibilityConfig):
		return refuse("the visibility")
	case len(in.Rules) != len(now.Rules):
		return refuse("the number of rules")
	}
	for name, v := range in.Rest {
		if !empty(v) {
			return refuse(name)
		}
	}
	var edits []simulator.RuleEdit
	for _, raw := range in.Rules {
		edit, err := editOf(raw, acl)
		if err != nil {
			return nil, err
		}
		edits = append(edits, edit)
	}
	return edits, nil
}

// editOf finds the wanted mode, limit and window of a rule, and refuses it if, with these, it is not the
// rule that the firewall then has.
func editOf(raw json.RawMessage, acl simulator.WebACL) (simulator.RuleEdit, error) {
	var wanted wafRule
	if err := json.Unmarshal(raw, &wanted); err != nil {
		return simulator.RuleEdit{}, malformed(err)
	}
	i := slices.IndexFunc(acl.Rules, func(r simulator.Rule) bool { return r.Name == wanted.Name })
	if i < 0 {
		return simulator.RuleEdit{}, wafFault("WAFInvalidParameterException", "The simulated firewall cannot add the rule "+wanted.Name+".")
	}
	rule := acl.Rules[i]
	rule.Mode = cmp.Or(wanted.Action.mode(), wanted.OverrideAction.mode(), simulator.Block)
	if rate := wanted.Statement.RateBasedStatement; rate != nil {
		window := rate.EvaluationWindowSec
		if window == 0 {
			window = 300
		}
		if rate.Limit < 10 || rate.Limit > 2_000_000_000 || !slices.Contains([]int{60, 120, 300, 600}, window) {
			return simulator.RuleEdit{}, wafFault("WAFInvalidParameterException", "A rate limit is at least 10, in a window of 60, 120, 300 or 600 s.")
		}
		rule.Limit, rule.Window = rate.Limit, time.Duration(window)*time.Second
		raw = withWindow(raw, window)
	}
	var have any
	if err := json.Unmarshal(raw, &have); err != nil || !same(have, describeRule(rule)) {
		return simulator.RuleEdit{}, wafFault("WAFInvalidParameterException",
			"The simulated firewall cannot change this of the rule "+wanted.Name+": only its mode, limit and window.")
	}
	return simulator.RuleEdit{Rule: rule.Name, Mode: rule.Mode, Limit: rule.Limit, Window: rule.Window}, nil
}

// withWindow writes the window out where a client has left it to the default.
func withWindow(raw json.RawMessage, window int) json.RawMessage {
	var rule map[string]any
	if json.Unmarshal(raw, &rule) != nil {
		return raw
	}
	if s, ok := rule["Statement"].(map[string]any); ok {
		if rate, ok := s["RateBasedStatement"].(map[string]any); ok {
			rate["EvaluationWindowSec"] = window
		}
	}
	out, err := json.Marshal(rule)
	if err != nil {
		return raw
	}
	return out
}

// same compares two things as JSON, leaving out what is null or an empty list.
func same(a, b any) bool {
	return reflect.DeepEqual(trimmed(a), trimmed(b))
}

func trimmed(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil
	}
	return trim(out)
}

func trim(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	for k, inner := range m {
		if inner == nil || reflect.DeepEqual(inner, []any{}) {
			delete(m, k)
			continue
		}
		m[k] = trim(inner)
	}
	return m
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}
