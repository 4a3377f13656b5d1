package awswrite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"

	"warroom/runbooks"
	"warroom/sources"
)

// firewall tightens and loosens the rules of a web ACL.
type firewall struct{ *Writer }

func newWAF(c aws.Config) *wafv2.Client { return wafv2.NewFromConfig(c) }

// The modes between which a rule is switched.
const (
	block = "Block"
	count = "Count"
)

// The bounds of a rate rule's limit, in requests of one address and window.
const (
	leastLimit    = 10
	mostLimit     = 2_000_000_000
	defaultWindow = 300 // seconds, where the rule names none
)

// Offers are a rule's mode and limit.
func (f *firewall) Offers(r sources.Resource) []runbooks.Offer {
	if !f.knows(r.Ref, "waf") {
		return nil
	}
	return []runbooks.Offer{{
		Kind: runbooks.Firewall, Resource: r.Ref, Title: "tighten or loosen a rule",
		Parameters: []runbooks.Parameter{
			{Name: "rule", Help: "the name of the rule"},
			{Name: "mode", Help: "what it does with what it matches", Choices: []string{block, count}},
			{Name: "limit", Help: "of a rate rule, requests of one address in its window: " + amountHelp},
		},
	}}
}

// acl is a web ACL as it is now: as the SDK understands it, and as it came.
type acl struct {
	*types.WebACL
	raw   []byte
	token string
}

// scopeOf is where a web ACL stands. Where the config does not say, one without a region of its own is CloudFront's.
func scopeOf(r sources.Resource) types.Scope {
	switch {
	case r.Attrs["scope"] != "":
		return types.Scope(r.Attrs["scope"])
	case r.Region == "":
		return types.ScopeCloudfront
	}
	return types.ScopeRegional
}

// found finds the resource, and where its API answers.
func (f *firewall) found(ref sources.Ref) (r sources.Resource, err error) {
	if r, err = f.resource(ref); err != nil {
		return r, err
	}
	if scopeOf(r) == types.ScopeCloudfront {
		r.Attrs = map[string]string{"scope": string(types.ScopeCloudfront), "id": r.Attrs["id"]}
		r.Region = globalRegion
		return r, nil
	}
	r.Region, err = f.regionOf(r)
	return r, err
}

func (f *firewall) client(r sources.Resource, acting bool) *wafv2.Client {
	return client(f.session, r.Region, acting, newWAF)
}

// read reads the web ACL as it is now.
func (f *firewall) read(ctx context.Context, ref sources.Ref) (a acl, r sources.Resource, err error) {
	if r, err = f.found(ref); err != nil {
		return a, r, err
	}
	err = f.session.look(ctx, func() error {
		id, err := f.id(ctx, r)
		if err != nil {
			return err
		}
		out, err := f.client(r, false).GetWebACL(ctx, &wafv2.GetWebACLInput{Name: aws.String(r.ID), Id: aws.String(id), Scope: scopeOf(r)},
			wafv2.WithAPIOptions(keepBody(&a.raw)))
		if err == nil {
			a.WebACL, a.token = out.WebACL, aws.ToString(out.LockToken)
		}
		return err
	})
	if err == nil && (a.WebACL == nil || a.token == "") {
		err = fmt.Errorf("the answer is without web ACL %s; an endpoint that is not AWS may stand in between", r.ID)
	}
	return a, r, err
}

// aclPages is how many pages of web ACLs are searched for a name.
const aclPages = 10

// id is the web ACL's id: the config's, or that of the web ACL with its name.
func (f *firewall) id(ctx context.Context, r sources.Resource) (string, error) {
	if id := r.Attrs["id"]; id != "" {
		return id, nil
	}
	in := &wafv2.ListWebACLsInput{Scope: scopeOf(r), Limit: aws.Int32(100)}
	for range aclPages {
		out, err := f.client(r, false).ListWebACLs(ctx, in)
		if err != nil {
			return "", err
		}
		for _, summary := range out.WebACLs {
			if aws.ToString(summary.Name) == r.ID {
				return aws.ToString(summary.Id), nil
			}
		}
		if in.NextMarker = out.NextMarker; aws.ToString(in.NextMarker) == "" || len(out.WebACLs) == 0 {
			break
		}
	}
	return "", fmt.Errorf("no web ACL %q of scope %s in %s; check the id and the region in the config", r.ID, scopeOf(r), r.Region)
}

// rule finds one of the rules.
func (a acl) rule(name string) (*types.Rule, error) {
	var names []string
	for i := range a.Rules {
		if aws.ToString(a.Rules[i].Name) == name {
			return &a.Rules[i], nil
		}
		names = append(names, aws.ToString(a.Rules[i].Name))
	}
	return nil, fmt.Errorf("web ACL %s has no rule %q%s", aws.ToString(a.Name), name, cmp.Or(sources.MeantHint(name, names), "; there are "+strings.Join(names, ", ")))
}

// modeOf is what a rule does with what it matches, "" where that is neither blocking nor counting. A rule group does what
// its rules say unless it is overridden to count.
func modeOf(r *types.Rule) string {
	switch {
	case r.OverrideAction != nil && r.OverrideAction.Count != nil:
		return count
	case r.OverrideAction != nil && r.OverrideAction.None != nil:
		return block
	case r.Action != nil && r.Action.Block != nil:
		return block
	case r.Action != nil && r.Action.Count != nil:
		return count
	}
	return ""
}

// setMode switches a rule, each sort by its own word.
func setMode(r *types.Rule, mode string) {
	switch {
	case r.OverrideAction != nil && mode == count:
		r.OverrideAction = &types.OverrideAction{Count: &types.CountAction{}}
	case r.OverrideAction != nil:
		r.OverrideAction = &types.OverrideAction{None: &types.NoneAction{}}
	case mode == count:
		r.Action = &types.RuleAction{Count: &types.CountAction{}}
	default:
		r.Action = &types.RuleAction{Block: &types.BlockAction{}}
	}
}

func rateOf(r *types.Rule) *types.RateBasedStatement {
	if r.Statement == nil {
		return nil
	}
	return r.Statement.RateBasedStatement
}

// The names of a rule's settings.
const (
	modeSetting  = "mode"
	limitSetting = "limit"
)

// settingsOf are those of a rule that the action asks for, before and after.
func settingsOf(r *types.Rule, a runbooks.Action) (before, after []runbooks.Setting, err error) {
	name := aws.ToString(r.Name)
	if mode := spelled(a.Want["mode"], block, count); mode != "" {
		if err := chosen("mode", mode, block, count); err != nil {
			return nil, nil, err
		}
		if modeOf(r) == "" {
			return nil, nil, fmt.Errorf("rule %s neither blocks nor counts; only rules that do one of these are switched here", name)
		}
		before = append(before, runbooks.Setting{Name: modeSetting, Value: modeOf(r)})
		after = append(after, runbooks.Setting{Name: modeSetting, Value: mode})
	}
	if text := a.Want["limit"]; text != "" {
		rate := rateOf(r)
		if rate == nil {
			return nil, nil, fmt.Errorf("rule %s is no rate rule and has no limit", name)
		}
		now := float64(aws.ToInt64(rate.Limit))
		limit, err := amount("limit", text, now, 1)
		if err != nil {
			return nil, nil, err
		}
		if limit < leastLimit || limit > mostLimit {
			return nil, nil, fmt.Errorf("limit: %s is not within %d and %d", number(limit), leastLimit, mostLimit)
		}
		before = append(before, runbooks.Setting{Name: limitSetting, Value: number(now)})
		after = append(after, runbooks.Setting{Name: limitSetting, Value: number(limit)})
	}
	switch {
	case len(before) == 0:
		return nil, nil, errors.New("say what the rule should become, by mode or limit")
	case slices.Equal(before, after):
		return nil, nil, fmt.Errorf("rule %s is so already", name)
	}
	return before, after, nil
}

// loosens tells whether the rule would let through more than before.
func loosens(before, after []runbooks.Setting) bool {
	if valueOf(before, modeSetting) == block && valueOf(after, modeSetting) == count {
		return true
	}
	was, errWas := numbersOf(before, limitSetting)
	next, errNext := numbersOf(after, limitSetting)
	return errWas == nil && errNext == nil && next[0] > was[0]
}

// Plan reads the web ACL and says what would become of its rule.
func (f *firewall) Plan(ctx context.Context, a runbooks.Action) (runbooks.Plan, error) {
	if err := asked(a, f.Offers(sources.Resource{Ref: a.Resource})[0]); err != nil {
		return runbooks.Plan{}, err
	}
	now, r, err := f.read(ctx, a.Resource)
	if err != nil {
		return runbooks.Plan{}, err
	}
	if now.ManagedByFirewallManager || len(now.PreProcessFirewallManagerRuleGroups)+len(now.PostProcessFirewallManagerRuleGroups) > 0 {
		return runbooks.Plan{}, fmt.Errorf("web ACL %s is managed by Firewall Manager, which would take the change back; change its policy there", r.Name)
	}
	rule, err := now.rule(a.Want["rule"])
	if err != nil {
		return runbooks.Plan{}, err
	}
	before, after, err := settingsOf(rule, a)
	if err != nil {
		return runbooks.Plan{}, err
	}
	p := f.begin(ctx, a, r.Region, "wafv2:UpdateWebACL")
	p.On = aws.ToString(now.ARN)
	p.Before, p.After, p.Token, p.Level = before, after, now.token, runbooks.Bounded
	if loosens(before, after) {
		p.Level = runbooks.Visible
	}
	p.Title = fmt.Sprintf("firewall %s: rule %s %s", r.Name, aws.ToString(rule.Name), changes(before, after))
	p.Back = runbooks.Action{Kind: runbooks.Firewall, Resource: a.Resource, Want: map[string]string{"rule": a.Want["rule"]}}
	for _, s := range before {
		p.Back.Want[s.Name] = s.Value
	}
	describeRule(&p, rule)
	p.Watches = f.watches(r.Name, aws.ToString(rule.Name), p.Level)
	return p, nil
}

// describeRule fills in what a person should know of the plan.
func describeRule(p *runbooks.Plan, r *types.Rule) {
	p.Takes = "seconds to some minutes until every edge has it"
	p.Touches = "requests that the rule matches are turned away, also those of people behind one shared address"
	if p.Level == runbooks.Visible {
		p.Touches = "requests that were turned away reach the site"
	}
	var was []string
	for _, s := range p.Before {
		was = append(was, s.Name+" "+s.Value)
	}
	p.Undo = "back to " + strings.Join(was, ", ")
	if rate := rateOf(r); rate != nil {
		window := cmp.Or(rate.EvaluationWindowSec, defaultWindow)
		p.Limits = append(p.Limits, fmt.Sprintf("a limit is %d at the least, for one address in %d s", leastLimit, window))
		if valueOf(p.After, limitSetting) != "" {
			p.Warnings = append(p.Warnings, "a rate rule that is edited loses its counts: for up to a minute it limits nobody")
		}
	}
	if valueOf(p.After, modeSetting) != "" && customised(r) {
		p.Warnings = append(p.Warnings, "the rule's own response or added headers go, and are not brought back by taking this back")
	}
}

// customised tells whether the rule's action has more to it than its kind.
func customised(r *types.Rule) bool {
	a := r.Action
	return a != nil && (a.Block != nil && a.Block.CustomResponse != nil || a.Count != nil && a.Count.CustomRequestHandling != nil)
}

// watches are where the effect is to be seen.
func (f *firewall) watches(name, rule string, level runbooks.Level) []runbooks.Watch {
	blocked := runbooks.Watch{
		Expr: sources.Series{Metric: "waf_rule_blocked", Resource: name, Label: rule}.String(), Name: "blocked by rule " + rule,
		Want: runbooks.Rises, Unit: unitOf("waf_rule_blocked"), Own: true,
	}
	if level == runbooks.Visible {
		blocked.Want = runbooks.Falls
		return append([]runbooks.Watch{blocked}, f.originErrors(runbooks.Stays)...)
	}
	return append([]runbooks.Watch{blocked}, f.originErrors(runbooks.Falls)...)
}

// Apply writes the web ACL back whole, with the one rule changed, and only if it is still the one that the plan was made
// from.
func (f *firewall) Apply(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, error) {
	now, r, err := f.read(ctx, p.Action.Resource)
	if err != nil {
		return runbooks.Receipt{}, outcome(&unsentError{fmt.Errorf("nothing was called: the web ACL cannot be read: %w", err)})
	}
	if now.token != p.Token {
		return runbooks.Receipt{}, void("web ACL %s was changed since the plan was shown", r.Name)
	}
	rule, err := now.rule(p.Action.Want["rule"])
	if err == nil {
		err = edit(rule, p.After)
	}
	if err != nil {
		return runbooks.Receipt{}, outcome(&unsentError{err})
	}
	whole := func(written []byte) ([]byte, error) {
		return written, faithful(now.raw, written, p.Action.Want["rule"])
	}
	out, err := f.client(r, true).UpdateWebACL(ctx, update(now, scopeOf(r)), wafv2.WithAPIOptions(withBody(whole)))
	if err != nil {
		return runbooks.Receipt{}, outcome(err)
	}
	return receipt(out.ResultMetadata)
}

// edit gives a rule the settings of a plan.
func edit(r *types.Rule, after []runbooks.Setting) error {
	if mode := valueOf(after, modeSetting); mode != "" {
		setMode(r, mode)
	}
	if valueOf(after, limitSetting) == "" {
		return nil
	}
	limit, err := numbersOf(after, limitSetting)
	if err != nil {
		return err
	}
	rate := rateOf(r)
	if rate == nil {
		return fmt.Errorf("rule %s is no rate rule any more", aws.ToString(r.Name))
	}
	rate.Limit = aws.Int64(int64(limit[0]))
	return nil
}

// update is all of a web ACL: what is left out of it, AWS resets.
func update(a acl, scope types.Scope) *wafv2.UpdateWebACLInput {
	return &wafv2.UpdateWebACLInput{
		Name: a.Name, Id: a.Id, Scope: scope, LockToken: aws.String(a.token),
		DefaultAction: a.DefaultAction, VisibilityConfig: a.VisibilityConfig, Description: a.Description, Rules: a.Rules,
		ApplicationConfig: a.ApplicationConfig, AssociationConfig: a.AssociationConfig, CaptchaConfig: a.CaptchaConfig,
		ChallengeConfig: a.ChallengeConfig, CustomResponseBodies: a.CustomResponseBodies, DataProtectionConfig: a.DataProtectionConfig,
		OnSourceDDoSProtectionConfig: a.OnSourceDDoSProtectionConfig, TokenDomains: a.TokenDomains,
	}
}

// Find tells whether the rule is as the plan leaves it.
func (f *firewall) Find(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, bool, error) {
	same, _, err := f.holds(ctx, p)
	return runbooks.Receipt{}, same, err
}

// holds tells whether the rule is as the plan leaves it, and how it is.
func (f *firewall) holds(ctx context.Context, p runbooks.Plan) (same bool, now string, err error) {
	a, _, err := f.read(ctx, p.Action.Resource)
	if err != nil {
		return false, "", err
	}
	rule, err := a.rule(p.Action.Want["rule"])
	if err != nil {
		return false, "", err
	}
	have := map[string]string{modeSetting: modeOf(rule)}
	if rate := rateOf(rule); rate != nil {
		have[limitSetting] = number(float64(aws.ToInt64(rate.Limit)))
	}
	same = true
	var parts []string
	for _, s := range p.After {
		same = same && have[s.Name] == s.Value
		parts = append(parts, s.Name+" "+have[s.Name])
	}
	return same, strings.Join(parts, ", "), nil
}

// Progress is done once AWS has the rule; that the edges follow cannot be read.
func (f *firewall) Progress(ctx context.Context, p runbooks.Plan, _ runbooks.Receipt) (runbooks.Progress, error) {
	same, now, err := f.holds(ctx, p)
	switch {
	case err != nil:
		return runbooks.Progress{}, err
	case !same:
		return runbooks.Progress{Failed: "the rule has " + now + " now: somebody else has changed it"}, nil
	}
	return runbooks.Progress{Text: now + "; the edges follow", Done: true}, nil
}
