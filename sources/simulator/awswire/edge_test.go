package awswire

import (
	"errors"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	waftypes "github.com/aws/aws-sdk-go-v2/service/wafv2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"warroom/sources/simulator"
)

func config(t *testing.T, c clients) *cloudfront.GetDistributionConfigOutput {
	t.Helper()
	got, err := c.cloudfront.GetDistributionConfig(t.Context(), &cloudfront.GetDistributionConfigInput{Id: aws.String("E2EXAMPLE1")})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestDistribution(t *testing.T) {
	_, url := serve(t, newStanding())
	c := dial(t, url)
	got, err := c.cloudfront.GetDistribution(t.Context(), &cloudfront.GetDistributionInput{Id: aws.String("E2EXAMPLE1")})
	if err != nil {
		t.Fatal(err)
	}
	d := got.Distribution
	if *d.Status != "Deployed" || *got.ETag != "E1" || *d.DistributionConfig.DefaultCacheBehavior.TargetOriginId != "live" ||
		len(d.DistributionConfig.Origins.Items) != 2 || d.DistributionConfig.Aliases.Items[0] != "www.example.org" ||
		*d.DistributionConfig.CacheBehaviors.Items[0].PathPattern != "/static/*" || len(d.DistributionConfig.DefaultCacheBehavior.AllowedMethods.Items) != 7 {
		t.Errorf("%+v", d.DistributionConfig)
	}
	list, err := c.cloudfront.ListDistributions(t.Context(), &cloudfront.ListDistributionsInput{MaxItems: aws.Int32(1)})
	if err != nil || len(list.DistributionList.Items) != 1 || *list.DistributionList.Items[0].Id != "E2EXAMPLE1" || *list.DistributionList.IsTruncated {
		t.Errorf("%+v %v", list, err)
	}
	_, err = c.cloudfront.GetDistribution(t.Context(), &cloudfront.GetDistributionInput{Id: aws.String("nowhere")})
	if e := (*types.NoSuchDistribution)(nil); !errors.As(err, &e) {
		t.Errorf("unknown distribution: %v", err)
	}
}

func TestNoSubscription(t *testing.T) {
	s := newStanding()
	s.state.Distributions[0].AdditionalMetrics = false
	_, url := serve(t, s)
	_, err := dial(t, url).cloudfront.GetMonitoringSubscription(t.Context(), &cloudfront.GetMonitoringSubscriptionInput{DistributionId: aws.String("E2EXAMPLE1")})
	if e := (*types.NoSuchMonitoringSubscription)(nil); !errors.As(err, &e) {
		t.Errorf("no subscription: %v", err)
	}
}

// TestUpdateDistribution switches the origin, and finds all else of the configuration as it was written.
func TestUpdateDistribution(t *testing.T) {
	_, url := serve(t, newStanding())
	c := dial(t, url)
	was := config(t, c)
	wanted := config(t, c).DistributionConfig
	wanted.DefaultCacheBehavior.TargetOriginId = aws.String("maintenance")
	wanted.Comment = aws.String("under <maintenance> & back soon")
	wanted.CustomErrorResponses = &types.CustomErrorResponses{Quantity: aws.Int32(1), Items: []types.CustomErrorResponse{{ErrorCode: aws.Int32(404), ResponseCode: aws.String("503")}}}
	out, err := c.cloudfront.UpdateDistribution(t.Context(), &cloudfront.UpdateDistributionInput{Id: aws.String("E2EXAMPLE1"), IfMatch: was.ETag, DistributionConfig: wanted})
	if err != nil {
		t.Fatal(err)
	}
	if *out.Distribution.Status != "InProgress" || *out.ETag == *was.ETag {
		t.Errorf("%s %s", *out.Distribution.Status, *out.ETag)
	}
	now := config(t, c)
	if diff := cmp.Diff(wanted, now.DistributionConfig, cmpopts.IgnoreUnexported(everyType()...)); diff != "" {
		t.Error(diff)
	}
	if *now.ETag != *out.ETag {
		t.Errorf("ETag %s after %s", *now.ETag, *out.ETag)
	}
	_, err = c.cloudfront.UpdateDistribution(t.Context(), &cloudfront.UpdateDistributionInput{Id: aws.String("E2EXAMPLE1"), IfMatch: was.ETag, DistributionConfig: wanted})
	if e := (*types.PreconditionFailed)(nil); !errors.As(err, &e) {
		t.Errorf("an old ETag: %v", err)
	}
}

// everyType are the types of a configuration, whose unexported fields mean nothing.
func everyType() []any {
	return []any{types.DistributionConfig{}, types.DefaultCacheBehavior{}, types.Origins{}, types.Origin{}, types.Aliases{}, types.CacheBehaviors{},
		types.CacheBehavior{}, types.AllowedMethods{}, types.CachedMethods{}, types.CustomErrorResponses{}, types.CustomErrorResponse{}, types.CustomHeaders{},
		types.CustomOriginConfig{}, types.OriginSslProtocols{}, types.OriginShield{}, types.OriginGroups{}, types.TrustedSigners{}, types.Restrictions{},
		types.GeoRestriction{}, types.ViewerCertificate{}, types.FunctionAssociations{}, types.FunctionAssociation{}, types.LambdaFunctionAssociations{}}
}

func TestUpdateDistributionRefuses(t *testing.T) {
	_, url := serve(t, newStanding())
	c := dial(t, url)
	for _, test := range []struct {
		name string
		make func(*cloudfront.UpdateDistributionInput)
		code string
	}{
		{"no ETag", func(in *cloudfront.UpdateDistributionInput) { in.IfMatch = nil }, "InvalidIfMatchVersion"},
		{"unknown origin", func(in *cloudfront.UpdateDistributionInput) {
			in.DistributionConfig.DefaultCacheBehavior.TargetOriginId = aws.String("nowhere")
		}, "NoSuchOrigin"},
		{"other reference", func(in *cloudfront.UpdateDistributionInput) { in.DistributionConfig.CallerReference = aws.String("x") }, "IllegalUpdate"},
		{"wrong quantity", func(in *cloudfront.UpdateDistributionInput) { in.DistributionConfig.Aliases.Quantity = aws.Int32(3) }, "InconsistentQuantities"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := config(t, c)
			in := &cloudfront.UpdateDistributionInput{Id: aws.String("E2EXAMPLE1"), IfMatch: got.ETag, DistributionConfig: got.DistributionConfig}
			test.make(in)
			_, err := c.cloudfront.UpdateDistribution(t.Context(), in)
			wantCode(t, err, test.code)
		})
	}
}

func TestInvalidations(t *testing.T) {
	_, url := serve(t, newStanding())
	c, ctx := dial(t, url), t.Context()
	first, err := c.cloudfront.CreateInvalidation(ctx, invalidate("r1", "/a", "/b/*"))
	if err != nil {
		t.Fatal(err)
	}
	if *first.Invalidation.Status != "InProgress" || *first.Location == "" {
		t.Errorf("%+v", first)
	}
	again, err := c.cloudfront.CreateInvalidation(ctx, invalidate("r1", "/a", "/b/*"))
	if err != nil || *again.Invalidation.Id != *first.Invalidation.Id {
		t.Errorf("the same batch again: %+v %v", again, err)
	}
	_, err = c.cloudfront.CreateInvalidation(ctx, invalidate("r1", "/c"))
	wantCode(t, err, "InvalidationBatchAlreadyExists")
	_, err = c.cloudfront.CreateInvalidation(ctx, invalidate("r2", "no-slash"))
	wantCode(t, err, "InvalidArgument")
	wild := make([]string, 16)
	for i := range wild {
		wild[i] = "/" + strconv.Itoa(i) + "/*"
	}
	_, err = c.cloudfront.CreateInvalidation(ctx, invalidate("r3", wild...))
	if e := (*types.TooManyInvalidationsInProgress)(nil); !errors.As(err, &e) {
		t.Errorf("16 wildcards: %v", err)
	}
	if _, err = c.cloudfront.CreateInvalidation(ctx, invalidate("r4", "/d")); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for pages := cloudfront.NewListInvalidationsPaginator(c.cloudfront, &cloudfront.ListInvalidationsInput{DistributionId: aws.String("E2EXAMPLE1"), MaxItems: aws.Int32(1)}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range page.InvalidationList.Items {
			ids = append(ids, *i.Id)
		}
	}
	if len(ids) != 2 {
		t.Errorf("listed %v", ids)
	}
	got, err := c.cloudfront.GetInvalidation(ctx, &cloudfront.GetInvalidationInput{DistributionId: aws.String("E2EXAMPLE1"), Id: first.Invalidation.Id})
	if err != nil || len(got.Invalidation.InvalidationBatch.Paths.Items) != 2 {
		t.Errorf("%+v %v", got, err)
	}
	_, err = c.cloudfront.GetInvalidation(ctx, &cloudfront.GetInvalidationInput{DistributionId: aws.String("E2EXAMPLE1"), Id: aws.String("nowhere")})
	if e := (*types.NoSuchInvalidation)(nil); !errors.As(err, &e) {
		t.Errorf("unknown invalidation: %v", err)
	}
}

func TestWebACL(t *testing.T) {
	_, url := serve(t, newStanding())
	c, ctx := dial(t, url), t.Context()
	list, err := c.wafv2.ListWebACLs(ctx, &wafv2.ListWebACLsInput{Scope: waftypes.ScopeCloudfront})
	if err != nil || len(list.WebACLs) != 1 || *list.WebACLs[0].Name != "edge" {
		t.Fatalf("%+v %v", list, err)
	}
	got, err := theACL(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	rate, common := got.WebACL.Rules[0], got.WebACL.Rules[1]
	if *rate.Statement.RateBasedStatement.Limit != 2000 || rate.Statement.RateBasedStatement.EvaluationWindowSec != 300 || rate.Action.Block == nil ||
		common.OverrideAction.Count == nil || *common.VisibilityConfig.MetricName != "commonMetric" || got.WebACL.DefaultAction.Allow == nil {
		t.Errorf("%+v", got.WebACL)
	}
	byARN, err := c.wafv2.GetWebACL(ctx, &wafv2.GetWebACLInput{ARN: got.WebACL.ARN})
	if err != nil || *byARN.LockToken != *got.LockToken {
		t.Errorf("by ARN: %+v %v", byARN, err)
	}
	inRegion := func(o *wafv2.Options) { o.Region = home }
	regional, err := c.wafv2.ListWebACLs(ctx, &wafv2.ListWebACLsInput{Scope: waftypes.ScopeRegional}, inRegion)
	if err != nil || len(regional.WebACLs) != 1 || *regional.WebACLs[0].Name != "wall" {
		t.Fatalf("%+v %v", regional, err)
	}
	wall, err := c.wafv2.GetWebACL(ctx, &wafv2.GetWebACLInput{ARN: regional.WebACLs[0].ARN}, inRegion)
	if err != nil || wall.WebACL.Rules[0].Action.Captcha == nil || wall.WebACL.Rules[1].Action.Challenge == nil {
		t.Errorf("%+v %v", wall, err)
	}
	elsewhere, err := c.wafv2.ListWebACLs(ctx, &wafv2.ListWebACLsInput{Scope: waftypes.ScopeRegional})
	if err != nil || len(elsewhere.WebACLs) != 0 {
		t.Errorf("regional web ACLs of another region: %+v %v", elsewhere, err)
	}
	_, err = c.wafv2.ListWebACLs(ctx, &wafv2.ListWebACLsInput{Scope: waftypes.ScopeCloudfront}, inRegion)
	if e := (*waftypes.WAFInvalidParameterException)(nil); !errors.As(err, &e) {
		t.Errorf("the edge's scope in another region: %v", err)
	}
	_, err = c.wafv2.GetWebACL(ctx, &wafv2.GetWebACLInput{Name: aws.String("nowhere"), Id: aws.String("x"), Scope: waftypes.ScopeCloudfront})
	if e := (*waftypes.WAFNonexistentItemException)(nil); !errors.As(err, &e) {
		t.Errorf("unknown web ACL: %v", err)
	}
}

func TestUpdateWebACL(t *testing.T) {
	s := newStanding()
	_, url := serve(t, s)
	c, ctx := dial(t, url), t.Context()
	got, err := theACL(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	in := rewrite(got)
	in.Description = aws.String("tightened")
	in.Rules[0].Statement.RateBasedStatement.Limit = aws.Int64(500)
	in.Rules[0].Statement.RateBasedStatement.EvaluationWindowSec = 60
	in.Rules[0].Action = &waftypes.RuleAction{Captcha: &waftypes.CaptchaAction{}}
	in.Rules[1].OverrideAction = &waftypes.OverrideAction{None: &waftypes.NoneAction{}}
	out, err := c.wafv2.UpdateWebACL(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	if acl := s.state.WebACLs[0]; *out.NextLockToken != acl.LockToken || acl.Rules[0].Limit != 500 || acl.Rules[0].Window.Seconds() != 60 || acl.Rules[0].Mode != simulator.Captcha || acl.Rules[1].Mode != simulator.Block {
		t.Errorf("%+v", acl)
	}
	now, err := theACL(ctx, c)
	if err != nil || *now.WebACL.Description != "tightened" || *now.WebACL.Rules[0].Statement.RateBasedStatement.Limit != 500 {
		t.Errorf("%+v %v", now, err)
	}
	_, err = c.wafv2.UpdateWebACL(ctx, in)
	if e := (*waftypes.WAFOptimisticLockException)(nil); !errors.As(err, &e) {
		t.Errorf("an old lock token: %v", err)
	}
}

// TestUpdateWebACLRefuses what the simulated firewall could not do: it must not be forgotten silently.
func TestUpdateWebACLRefuses(t *testing.T) {
	_, url := serve(t, newStanding())
	c, ctx := dial(t, url), t.Context()
	for name, change := range map[string]func(*wafv2.UpdateWebACLInput){
		"default action": func(in *wafv2.UpdateWebACLInput) {
			in.DefaultAction = &waftypes.DefaultAction{Block: &waftypes.BlockAction{}}
		},
		"an answer of its own": func(in *wafv2.UpdateWebACLInput) {
			in.Rules[0].Action = &waftypes.RuleAction{Block: &waftypes.BlockAction{CustomResponse: &waftypes.CustomResponse{ResponseCode: aws.Int32(429)}}}
		},
		"a rule less":  func(in *wafv2.UpdateWebACLInput) { in.Rules = in.Rules[:1] },
		"another rule": func(in *wafv2.UpdateWebACLInput) { in.Rules[0].Name = aws.String("new") },
		"scope-down": func(in *wafv2.UpdateWebACLInput) {
			in.Rules[0].Statement.RateBasedStatement.ScopeDownStatement = &waftypes.Statement{GeoMatchStatement: &waftypes.GeoMatchStatement{CountryCodes: []waftypes.CountryCode{"DE"}}}
		},
		"limit of 9": func(in *wafv2.UpdateWebACLInput) {
			in.Rules[0].Statement.RateBasedStatement.Limit = aws.Int64(9)
		},
		"token domains": func(in *wafv2.UpdateWebACLInput) { in.TokenDomains = []string{"example.org"} },
	} {
		t.Run(name, func(t *testing.T) {
			got, err := theACL(ctx, c)
			if err != nil {
				t.Fatal(err)
			}
			in := rewrite(got)
			change(in)
			_, err = c.wafv2.UpdateWebACL(ctx, in)
			if e := (*waftypes.WAFInvalidParameterException)(nil); !errors.As(err, &e) {
				t.Errorf("got %v", err)
			}
		})
	}
}
