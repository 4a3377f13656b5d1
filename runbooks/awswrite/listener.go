package awswrite

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"warroom/runbooks"
	"warroom/sources"
)

// listeners has a load balancer answer 503 itself, or forward to the maintenance page's target group, and back. Its API is in
// the site's own region: it answers where that of the edge may not.
type listeners struct{ *Writer }

const (
	actionSetting  = "default action"
	modifyListener = "elasticloadbalancing:ModifyListener"
)

// Offers are the two directions.
func (l *listeners) Offers(r sources.Resource) []runbooks.Offer {
	if !l.knows(r.Ref, "alb") {
		return nil
	}
	return []runbooks.Offer{{
		Kind: runbooks.Maintenance, Resource: r.Ref, Title: "have the load balancer answer 503 itself, or forward again",
		Parameters: []runbooks.Parameter{
			{Name: "to", Help: "where visitors are sent", Choices: []string{maintenance, live}},
			{Name: "group", Help: "the target group of the maintenance page, instead of a 503 of the listener's own"},
			{Name: "forward", Help: "where visitors go when they come back: web, or web:90 green:10"},
			{Name: "sticky", Help: "for how many seconds a visitor stays with a target group"},
			{Name: "listener", Help: "the listener's port, where there are several"},
		},
	}}
}

// listening is a listener as it is now, with what it does by default.
type listening struct {
	arn  string
	port int32
	now  *defaultAction
}

// listener finds the listener that is meant, whose default action must be one that can be put back.
func (l *listeners) listener(ctx context.Context, a runbooks.Action) (listening, sources.Resource, error) {
	lb, r, err := l.balancer(ctx, a.Resource)
	if err != nil {
		return listening{}, r, err
	}
	var raw []byte
	var out *elb.DescribeListenersOutput
	err = l.session.look(ctx, func() (err error) {
		out, err = l.balancing(r, false).DescribeListeners(ctx, &elb.DescribeListenersInput{LoadBalancerArn: lb.LoadBalancerArn},
			elb.WithAPIOptions(keepBody(&raw)))
		return err
	})
	if err != nil {
		return listening{}, r, err
	}
	meant, err := meantListener(out.Listeners, a.Want["listener"], r.Name)
	if err != nil {
		return listening{}, r, err
	}
	found := listening{arn: aws.ToString(meant.ListenerArn), port: aws.ToInt32(meant.Port)}
	unknown, err := foreign(raw, found.arn)
	if err == nil && unknown != "" {
		err = fmt.Errorf("its default action has a %s, which this program would lose", unknown)
	}
	if err == nil {
		found.now, err = understood(meant.DefaultActions)
	}
	if err != nil {
		return listening{}, r, fmt.Errorf("load balancer %s, listener %d: %w; change it in the AWS console", r.Name, found.port, err)
	}
	return found, r, nil
}

// meantListener is the listener of the port that was asked for, or the only one that does more than to send visitors from
// HTTP to HTTPS.
func meantListener(all []types.Listener, port, name string) (*types.Listener, error) {
	var ports []string
	var fit []*types.Listener
	for i := range all {
		at := fmt.Sprint(aws.ToInt32(all[i].Port))
		ports = append(ports, at)
		redirects := slices.ContainsFunc(all[i].DefaultActions, func(a types.Action) bool { return a.Type == types.ActionTypeEnumRedirect })
		if port == at || port == "" && !redirects {
			fit = append(fit, &all[i])
		}
	}
	switch {
	case len(fit) == 1:
		return fit[0], nil
	case len(all) == 0:
		return nil, fmt.Errorf("load balancer %s has no listener", name)
	case len(fit) == 0:
		return nil, fmt.Errorf("load balancer %s has no listener %s that serves visitors; there are %s", name, port, strings.Join(ports, ", "))
	}
	return nil, fmt.Errorf("load balancer %s has several listeners; say which one: listener %s", name, strings.Join(ports, " or "))
}

// wanted is the default action that is asked for.
func (l *listeners) wanted(ctx context.Context, a runbooks.Action, r sources.Resource) (*defaultAction, error) {
	if err := chosen("to", a.Want["to"], maintenance, live); err != nil {
		return nil, err
	}
	group, forward := cmp.Or(a.Want["group"], r.Attrs["maintenance_group"]), cmp.Or(a.Want["forward"], r.Attrs["live_group"])
	if a.Want["to"] == maintenance {
		if group == "" {
			return &defaultAction{fixed: itself}, nil
		}
		forward = group
	}
	if forward == "" {
		return nil, fmt.Errorf("load balancer %s: say where visitors go: forward <target group>, or live_group in the config; u takes a switch back that was made here", r.Name)
	}
	groups, err := parsed(forward)
	if err != nil {
		return nil, err
	}
	d := &defaultAction{groups: groups}
	if text := a.Want["sticky"]; text != "" && a.Want["to"] == live {
		seconds, err := strconv.ParseInt(text, 10, 32)
		if err != nil || seconds < 1 || seconds > 604800 {
			return nil, fmt.Errorf("sticky: %q is no number of seconds from 1 to 604800", text)
		}
		d.sticky = int32(seconds)
	}
	return d, l.resolve(ctx, d, r)
}

// resolve finds the ARNs of an action's target groups.
func (l *listeners) resolve(ctx context.Context, d *defaultAction, r sources.Resource) error {
	names := make([]string, len(d.groups))
	for i, g := range d.groups {
		names[i] = g.name
	}
	var out *elb.DescribeTargetGroupsOutput
	err := l.session.look(ctx, func() (err error) {
		out, err = l.balancing(r, false).DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{Names: names})
		return err
	})
	if err != nil {
		return err
	}
	for _, g := range out.TargetGroups {
		for i := range d.groups {
			if d.groups[i].name == aws.ToString(g.TargetGroupName) {
				d.groups[i].arn = aws.ToString(g.TargetGroupArn)
			}
		}
	}
	for _, g := range d.groups {
		if g.arn == "" {
			return fmt.Errorf("load balancer %s: there is no target group %q in %s", r.Name, g.name, r.Region)
		}
	}
	return nil
}

// Plan reads the listener and says what it would do instead.
func (l *listeners) Plan(ctx context.Context, a runbooks.Action) (runbooks.Plan, error) {
	if err := asked(a, l.Offers(sources.Resource{Ref: a.Resource})[0]); err != nil {
		return runbooks.Plan{}, err
	}
	at, r, err := l.listener(ctx, a)
	if err != nil {
		return runbooks.Plan{}, err
	}
	next, err := l.wanted(ctx, a, r)
	if err == nil && next.text() == at.now.text() {
		err = fmt.Errorf("load balancer %s, listener %d: its default action is to %s already", r.Name, at.port, next.text())
	}
	if err != nil {
		return runbooks.Plan{}, err
	}
	p := l.begin(ctx, a, r.Region, modifyListener)
	p.On, p.Level = at.arn, runbooks.Visible
	p.Before = []runbooks.Setting{{Name: actionSetting, Value: at.now.text()}, {Name: "listener", Value: fmt.Sprint(at.port)}}
	p.After = []runbooks.Setting{{Name: actionSetting, Value: next.text()}, {Name: "listener", Value: fmt.Sprint(at.port)}}
	p.Title = fmt.Sprintf("load balancer %s: %s → %s", r.Name, at.now.text(), next.text())
	p.Back = at.back(a)
	l.describe(ctx, &p, r, at)
	if err := l.serves(ctx, &p, r, next); err != nil {
		return runbooks.Plan{}, err
	}
	p.Watches = l.watches(a.Want["to"])
	return p, nil
}

// back leads to the default action that is set now.
func (at *listening) back(a runbooks.Action) runbooks.Action {
	want := map[string]string{"to": maintenance, "listener": fmt.Sprint(at.port)}
	switch {
	case at.now.fixed != "":
	case a.Want["to"] == live:
		want["group"] = at.now.forward()
	default:
		want["to"], want["forward"] = live, at.now.forward()
		if at.now.sticky > 0 {
			want["sticky"] = fmt.Sprint(at.now.sticky)
		}
	}
	return runbooks.Action{Kind: runbooks.Maintenance, Resource: a.Resource, Want: want}
}

// describe fills in what a person should know of the plan.
func (l *listeners) describe(ctx context.Context, p *runbooks.Plan, r sources.Resource, at listening) {
	p.Takes = "seconds, until every node of the load balancer has it"
	p.Undo = "back to: " + at.now.text()
	p.Touches = "every request that the edge does not answer from its caches gets the maintenance page or a 503; the fleet rests"
	if p.Action.Want["to"] == live {
		p.Touches = "every request that the edge does not answer from its caches: visitors come back to the site, all at once"
		p.Warnings = append(p.Warnings, "the fleet gets all visitors within seconds: it should be scaled up before")
		if at.now.fixed != "" {
			p.Undo = "maintenance again, with this program's own page"
		}
	} else {
		p.Warnings = append(p.Warnings, "scaling policies see an idle fleet and take instances away: its minimum should hold what is needed afterwards")
		p.Limits = append(p.Limits, "an origin group of CloudFront that fails over on 503 then shows its second origin; else CloudFront hands the 503 on and keeps it for its error caching time")
	}
	p.Warnings = append(p.Warnings, l.ruled(ctx, r, at)...)
}

// ruled warns of rules that take requests before the default action does.
func (l *listeners) ruled(ctx context.Context, r sources.Resource, at listening) []string {
	out, err := l.balancing(r, false).DescribeRules(ctx, &elb.DescribeRulesInput{ListenerArn: aws.String(at.arn)})
	if err != nil {
		return []string{"whether the listener has rules that stay as they are cannot be read: " + words(err)}
	}
	var paths []string
	for i := range out.Rules {
		if !aws.ToBool(out.Rules[i].IsDefault) {
			paths = append(paths, conditions(&out.Rules[i]))
		}
	}
	if len(paths) == 0 {
		return nil
	}
	return []string{"these have rules of their own and stay with them: " + some(paths)}
}

// conditions are the values that a rule asks for, or its priority where it asks for something else.
func conditions(rule *types.Rule) string {
	var values []string
	for _, c := range rule.Conditions {
		values = append(values, c.Values...)
		if c.PathPatternConfig != nil && len(c.Values) == 0 {
			values = append(values, c.PathPatternConfig.Values...)
		}
	}
	if len(values) == 0 {
		return "rule " + aws.ToString(rule.Priority)
	}
	return strings.Join(values, " ")
}

// serves looks whether the target groups have anybody who answers: visitors are never sent to nobody. AWS checks no targets
// of a group that no listener uses, which is told.
func (l *listeners) serves(ctx context.Context, p *runbooks.Plan, r sources.Resource, d *defaultAction) error {
	for _, g := range d.groups {
		if g.weight == 0 {
			continue
		}
		out, err := l.balancing(r, false).DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String(g.arn)})
		if err != nil {
			return explain(err)
		}
		healthy, unused := 0, 0
		for _, t := range out.TargetHealthDescriptions {
			switch {
			case t.TargetHealth == nil:
			case t.TargetHealth.State == types.TargetHealthStateEnumHealthy, t.TargetHealth.State == types.TargetHealthStateEnumUnavailable:
				healthy++
			case t.TargetHealth.State == types.TargetHealthStateEnumUnused:
				unused++
			}
		}
		switch {
		case healthy > 0:
			p.Limits = append(p.Limits, fmt.Sprintf("target group %s has %d targets that answer", g.name, healthy))
		case unused > 0:
			p.Warnings = append(p.Warnings, fmt.Sprintf("whether the targets of %s answer is not known: AWS checks none of a group that no listener uses", g.name))
		default:
			return fmt.Errorf("visitors are not sent to target group %s: none of its %d targets answers", g.name, len(out.TargetHealthDescriptions))
		}
	}
	return nil
}

// watches are where the effect is to be seen. A 503 of the listener's own counts as an error: errors are no measure of it.
func (l *listeners) watches(to string) []runbooks.Watch {
	want := runbooks.Falls
	if to == live {
		want = runbooks.Rises
	}
	load := l.load("requests that reach targets", want)
	for _, name := range l.names("asg") {
		load = append(load, moving("asg_cpu_ratio", name, "CPU of fleet "+name, want))
	}
	if to == live {
		load = append(load, l.originErrors(runbooks.Falls)...)
	}
	return load
}

// Apply has the listener do what the plan says, if it still does what was shown. AWS has no token for that.
func (l *listeners) Apply(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, error) {
	at, r, err := l.listener(ctx, p.Action)
	if err != nil {
		return runbooks.Receipt{}, outcome(&unsentError{fmt.Errorf("nothing was called: the listener cannot be read: %w", err)})
	}
	next, err := l.wanted(ctx, p.Action, r)
	if err != nil {
		return runbooks.Receipt{}, outcome(&unsentError{fmt.Errorf("nothing was called: %w", err)})
	}
	if at.now.text() != valueOf(p.Before, actionSetting) || next.text() != valueOf(p.After, actionSetting) {
		return runbooks.Receipt{}, void("load balancer %s was changed since the plan was shown", r.Name)
	}
	out, err := l.balancing(r, true).ModifyListener(ctx, &elb.ModifyListenerInput{ListenerArn: aws.String(at.arn), DefaultActions: next.actions()})
	if err != nil {
		return runbooks.Receipt{}, outcome(err)
	}
	return receipt(out.ResultMetadata)
}

// Find tells whether the listener does what the plan says.
func (l *listeners) Find(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, bool, error) {
	at, _, err := l.listener(ctx, p.Action)
	if err != nil {
		return runbooks.Receipt{}, false, err
	}
	return runbooks.Receipt{}, at.now.text() == valueOf(p.After, actionSetting), nil
}

// Progress reads the listener back. What is still as before the call may be an answer from before it.
func (l *listeners) Progress(ctx context.Context, p runbooks.Plan, _ runbooks.Receipt) (runbooks.Progress, error) {
	at, r, err := l.listener(ctx, p.Action)
	if err != nil {
		return runbooks.Progress{}, err
	}
	switch text := at.now.text(); text {
	case valueOf(p.After, actionSetting):
		return runbooks.Progress{Text: fmt.Sprintf("listener %d: %s", at.port, text), Done: true}, nil
	case valueOf(p.Before, actionSetting):
		return runbooks.Progress{Text: "AWS has not taken it up yet"}, nil
	default:
		return runbooks.Progress{Failed: fmt.Sprintf("the default action of load balancer %s is to %s now: somebody else has changed it", r.Name, text)}, nil
	}
}
