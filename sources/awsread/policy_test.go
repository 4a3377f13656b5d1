package awsread

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"warroom/sources"
	"warroom/sources/simulator"
)

// differences are the calls that the policy for the whole stack does not allow, and what it allows although nobody calls it.
func differences(s *site) (outside, unused []string) {
	may := slices.Sorted(maps.Keys(Permissions(resourcesOf(s.launch.State()), "", "")))
	var called []string
	for call := range s.aws.Stats().Calls {
		call = strings.Replace(call, "monitoring:", "cloudwatch:", 1) // signed under its old name
		called = append(called, call)
		if !slices.Contains(may, call) {
			outside = append(outside, call)
		}
	}
	return outside, slices.DeleteFunc(may, func(a string) bool { return slices.Contains(called, a) })
}

// released is a site on which a deployment runs.
func released(t *testing.T) *site {
	s := newSite(t, nil)
	if _, err := s.launch.StartDeployment("web", simulator.Deployment{Revision: "release-41.zip"}); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPolicyIsExact: reading a whole launch calls every operation that the policy allows, and no other; and the policy is
// the whole allowlist.
func TestPolicyIsExact(t *testing.T) {
	s := released(t)
	s.advance(newTape(), 1)
	if outside, unused := differences(s); len(outside)+len(unused) > 0 {
		t.Errorf("called but not in the policy: %q; in the policy but never called: %q", outside, unused)
	}
	if may := slices.Sorted(maps.Keys(Permissions(resourcesOf(s.launch.State()), "", ""))); !slices.Equal(may, Actions()) {
		t.Errorf("the policy allows %q, the guard %q", may, Actions())
	}
	if n := s.aws.Stats().Writes; n != 0 {
		t.Errorf("%d writes", n)
	}
}

// TestTheProofSeesADifference allows what nobody asks for, and asks for what nobody allows.
func TestTheProofSeesADifference(t *testing.T) {
	s := released(t)
	s.advance(newTape(), 1)
	before := slices.Clone(rows)
	t.Cleanup(func() { rows = before })
	rows = slices.DeleteFunc(slices.Clone(rows), func(s service) bool { return s.name == "asg" })
	rows = append(rows, service{name: "aurora", iam: "rds", reads: []string{"DescribeDBProxies"}})
	outside, unused := differences(s)
	slices.Sort(outside)
	if !slices.Equal(outside, []string{"autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeInstanceRefreshes", "autoscaling:DescribeScalingActivities"}) ||
		!slices.Equal(unused, []string{"rds:DescribeDBProxies"}) {
		t.Errorf("outside %q, unused %q", outside, unused)
	}
}

func TestPolicyIsNarrow(t *testing.T) {
	resource := func(service, id, region string, attrs map[string]string) sources.Resource {
		return sources.Resource{Ref: sources.Ref{Service: service, Name: "x"}, ID: id, Region: region, Attrs: attrs}
	}
	got := Permissions([]sources.Resource{
		resource("cloudfront", "E1", "", nil), resource("cloudfront", "E2", "", nil), resource("waf", "edge", "", nil),
		resource("waf", "api", "us-west-2", nil), resource("cloudfront", "E3", "", map[string]string{"kvs": "arn:aws:cloudfront::123456789012:key-value-store/k"}),
		resource("asg", "web", "", map[string]string{"codedeploy": "shop/web"}), resource("asg", "api", "", nil), resource("aurora", "main", "", nil), resource("aurora", "other", "", nil),
	}, "eu-central-1", "123456789012")
	want := map[string][]string{
		"cloudfront:GetDistribution":            {"arn:aws:cloudfront::123456789012:distribution/E1", "arn:aws:cloudfront::123456789012:distribution/E2", "arn:aws:cloudfront::123456789012:distribution/E3"},
		"cloudfront-keyvaluestore:GetKey":       {"arn:aws:cloudfront::123456789012:key-value-store/k"},
		"codedeploy:ListDeployments":            {"arn:aws:codedeploy:eu-central-1:123456789012:deploymentgroup:shop/web"},
		"codedeploy:BatchGetDeployments":        {"arn:aws:codedeploy:eu-central-1:123456789012:deploymentgroup:shop/web"},
		"autoscaling:DescribeAutoScalingGroups": {"*"},
		"autoscaling:DescribeInstanceRefreshes": {"*"},
		"autoscaling:DescribeScalingActivities": {"*"},
		"cloudfront:GetMonitoringSubscription":  {"*"},
		"cloudwatch:GetMetricData":              {"*"},
		"cloudwatch:ListMetrics":                {"*"},
		"rds:DescribeDBClusters":                {"arn:aws:rds:eu-central-1:123456789012:cluster:main", "arn:aws:rds:eu-central-1:123456789012:cluster:other"},
		"rds:DescribeDBInstances":               {"arn:aws:rds:eu-central-1:123456789012:db:*"},
		"rds:DescribeEvents":                    {"*"},
		"sts:GetCallerIdentity":                 {"*"},
		"wafv2:GetWebACL":                       {"arn:aws:wafv2:us-east-1:123456789012:global/webacl/edge/*", "arn:aws:wafv2:us-west-2:123456789012:regional/webacl/api/*"},
		"wafv2:ListWebACLs":                     {"*"},
	}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %v", got)
	}
}
