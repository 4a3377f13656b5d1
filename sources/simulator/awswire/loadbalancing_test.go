package awswire

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func TestSlice(t *testing.T) {
	_, url := serve(t, newStanding())
	c := dial(t, url)
	d, err := c.cloudfront.GetDistribution(t.Context(), &cloudfront.GetDistributionInput{Id: aws.String("E2EXAMPLE1")})
	if err != nil {
		t.Fatal(err)
	}
	if *d.Distribution.Status != "Deployed" || *d.ETag != "E1" || *d.Distribution.DistributionConfig.DefaultCacheBehavior.TargetOriginId != "live" {
		t.Errorf("%+v", d)
	}
	lbs, err := c.elb.DescribeLoadBalancers(t.Context(), &elasticloadbalancingv2.DescribeLoadBalancersInput{Names: []string{"shop"}})
	if err != nil {
		t.Fatal(err)
	}
	health, err := c.elb.DescribeTargetHealth(t.Context(), &elasticloadbalancingv2.DescribeTargetHealthInput{
		TargetGroupArn: aws.String("arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/73e2d6bc24d8a067")})
	if err != nil {
		t.Fatal(err)
	}
	if len(lbs.LoadBalancers) != 1 || lbs.LoadBalancers[0].State.Code != "active" || len(health.TargetHealthDescriptions) != 2 {
		t.Errorf("%+v %+v", lbs.LoadBalancers, health.TargetHealthDescriptions)
	}
	who, err := c.sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if *who.Account != "123456789012" {
		t.Errorf("%+v", who)
	}
}
