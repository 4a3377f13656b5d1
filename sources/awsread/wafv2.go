package awsread

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"

	"warroom/sources"
)

func init() {
	of := func(place, name, published string) metric {
		return metric{name: name, namespace: "AWS/WAFV2", published: published, stat: "Sum", place: place, scale: plain, needs: place, hint: "it is published only for minutes in which it counted something"}
	}
	register(service{
		name: "waf", client: wafv2.ServiceID, iam: "wafv2",
		reads:    []string{"GetWebACL", "ListWebACLs"},
		on:       map[string]arn{"GetWebACL": aclARN},
		every:    time.Minute,
		global:   forCloudFront,
		places:   aclPlaces,
		describe: describeACL,
		metrics: []metric{
			of("all", "waf_allowed", "AllowedRequests"),
			of("all", "waf_blocked", "BlockedRequests"),
			of("all", "waf_counted", "CountedRequests"),
			of("all", "waf_captcha", "CaptchaRequests"),
			of("all", "waf_challenge", "ChallengeRequests"),
			of("rules", "waf_rule_allowed", "AllowedRequests"),
			of("rules", "waf_rule_blocked", "BlockedRequests"),
			of("rules", "waf_rule_counted", "CountedRequests"),
			of("rules", "waf_rule_captcha", "CaptchaRequests"),
			of("rules", "waf_rule_challenge", "ChallengeRequests"),
		},
	})
}

// forCloudFront tells whether the web ACL stands in front of CloudFront. Where the config does not say, one
// without a region of its own does.
func forCloudFront(r sources.Resource) bool {
	if scope := r.Attrs["scope"]; scope != "" {
		return scope == string(types.ScopeCloudfront)
	}
	return r.Region == ""
}

func scopeOf(r sources.Resource) types.Scope {
	if forCloudFront(r) {
		return types.ScopeCloudfront
	}
	return types.ScopeRegional
}

// aclPlaces takes the web ACL's name for the name of its metrics, which it mostly is.
func aclPlaces(r sources.Resource) places {
	return places{"all": at(aclDimensions(r, r.Region, r.ID, "ALL")...)}
}

// aclDimensions are those of a rule. The Region dimension belongs to regional web ACLs only.
func aclDimensions(r sources.Resource, region, acl, rule string) []cwtypes.Dimension {
	d := []cwtypes.Dimension{dimension("WebACL", acl), dimension("Rule", rule)}
	if !forCloudFront(r) {
		d = append(d, dimension("Region", region))
	}
	return d
}

// describeACL reads the rules, their modes and their limits.
func describeACL(ctx context.Context, a account, d *description) error {
	c := client(a, func(c aws.Config) *wafv2.Client { return wafv2.NewFromConfig(c) })
	id, err := aclID(ctx, c, d.resource, a.region)
	if err != nil {
		return err
	}
	out, err := c.GetWebACL(ctx, &wafv2.GetWebACLInput{Name: aws.String(d.resource.ID), Id: aws.String(id), Scope: scopeOf(d.resource)})
	if err != nil {
		return err
	}
	if out.WebACL == nil || out.WebACL.VisibilityConfig == nil {
		return absent("WAF", "web ACL", d.resource.ID, a.region)
	}
	d.acl(out.WebACL, a.region)
	return nil
}

// aclID is the web ACL's id: the config's, or that of the web ACL with its name.
func aclID(ctx context.Context, c *wafv2.Client, r sources.Resource, region string) (string, error) {
	if id := r.Attrs["id"]; id != "" {
		return id, nil
	}
	in := &wafv2.ListWebACLsInput{Scope: scopeOf(r), Limit: aws.Int32(100)}
	for range listPages {
		out, err := c.ListWebACLs(ctx, in)
		if err != nil {
			return "", err
		}
		for _, acl := range out.WebACLs {
			if aws.ToString(acl.Name) == r.ID {
				return aws.ToString(acl.Id), nil
			}
		}
		if aws.ToString(out.NextMarker) == "" || len(out.WebACLs) == 0 {
			break
		}
		in.NextMarker = out.NextMarker
	}
	return "", absent("WAF", "web ACL", r.ID, region)
}

// acl reads where the metrics are, by the metric names in the visibility configs, and each rule's mode.
func (d *description) acl(acl *types.WebACL, region string) {
	name := aws.ToString(acl.VisibilityConfig.MetricName)
	d.places = places{"all": at(aclDimensions(d.resource, region, name, "ALL")...)}
	if !acl.VisibilityConfig.CloudWatchMetricsEnabled {
		d.off["all"] = fmt.Sprintf("CloudWatch metrics are switched off in the visibility config of web ACL %s", d.resource.ID)
	}
	for i := range acl.Rules {
		rule := &acl.Rules[i]
		label := aws.ToString(rule.Name)
		d.fact("rule_mode/"+label, ruleMode(rule))
		d.fact("rate_limit/"+label, rateLimit(rule.Statement))
		if v := rule.VisibilityConfig; v != nil && v.CloudWatchMetricsEnabled {
			d.places["rules"] = append(d.places["rules"], place{
				label: label, dimensions: aclDimensions(d.resource, region, name, aws.ToString(v.MetricName)),
			})
		}
	}
}

// ruleMode is what a rule does with what it matches. A rule group does what its rules say, unless it is
// overridden to count.
func ruleMode(r *types.Rule) string {
	switch {
	case r.OverrideAction != nil && r.OverrideAction.Count != nil:
		return "Count"
	case r.OverrideAction != nil:
		return "Block"
	case r.Action == nil:
		return ""
	case r.Action.Block != nil:
		return "Block"
	case r.Action.Count != nil:
		return "Count"
	case r.Action.Allow != nil:
		return "Allow"
	case r.Action.Captcha != nil:
		return "Captcha"
	case r.Action.Challenge != nil:
		return "Challenge"
	}
	return ""
}

// defaultWindow is the rate rules' window where they name none.
const defaultWindow = 300

// rateLimit is how many requests an address may make in the window, "" for a rule without a limit.
func rateLimit(s *types.Statement) string {
	if s == nil || s.RateBasedStatement == nil {
		return ""
	}
	window := s.RateBasedStatement.EvaluationWindowSec
	if window == 0 {
		window = defaultWindow
	}
	return fmt.Sprintf("%d in %d s", aws.ToInt64(s.RateBasedStatement.Limit), window)
}
