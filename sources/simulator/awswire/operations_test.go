package awswire

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cloudfronttypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	codedeploytypes "github.com/aws/aws-sdk-go-v2/service/codedeploy/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	waftypes "github.com/aws/aws-sdk-go-v2/service/wafv2/types"
	"github.com/google/go-cmp/cmp"
)

const (
	balancerARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188"
	targetsARN  = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/73e2d6bc24d8a067"
	storeARN    = "arn:aws:cloudfront::123456789012:key-value-store/a1b2c3d4-0000-4000-8000-00000000000a"
	theListener = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/shop/50dc6c495c0c9188/50dc6c495c0c9188"
)

// everyOperation calls each operation once, with a good request. Those that write put back what is there.
var everyOperation = map[operationKey]func(context.Context, clients) error{
	{"iam", "SimulatePrincipalPolicy"}: func(ctx context.Context, c clients) error {
		return last(c.iam.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{
			PolicySourceArn: aws.String("arn:aws:iam::123456789012:role/oncall"), ActionNames: []string{"autoscaling:UpdateAutoScalingGroup"}}))
	},
	{"iam", "GetRole"}: func(ctx context.Context, c clients) error {
		return last(c.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("oncall")}))
	},
	{"monitoring", "GetMetricData"}: func(ctx context.Context, c clients) error {
		return last(c.cloudwatch.GetMetricData(ctx, settled(ask("a", "AWS/EC2", "CPUUtilization", "Average", group...))))
	},
	{"monitoring", "ListMetrics"}: func(ctx context.Context, c clients) error {
		return last(c.cloudwatch.ListMetrics(ctx, &cloudwatch.ListMetricsInput{}))
	},
	{"monitoring", "PutMetricData"}: func(ctx context.Context, c clients) error {
		return last(c.cloudwatch.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: aws.String("Mine"),
			MetricData: []cloudwatchtypes.MetricDatum{{MetricName: aws.String("x"), Value: aws.Float64(1)}}}))
	},
	{"cloudfront", "ListDistributions"}: func(ctx context.Context, c clients) error {
		return last(c.cloudfront.ListDistributions(ctx, &cloudfront.ListDistributionsInput{}))
	},
	{"cloudfront", "GetDistribution"}: func(ctx context.Context, c clients) error {
		return last(c.cloudfront.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: aws.String("E2EXAMPLE1")}))
	},
	{"cloudfront", "GetDistributionConfig"}: func(ctx context.Context, c clients) error {
		return last(c.cloudfront.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: aws.String("E2EXAMPLE1")}))
	},
	{"cloudfront", "UpdateDistribution"}: func(ctx context.Context, c clients) error {
		got, err := c.cloudfront.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: aws.String("E2EXAMPLE1")})
		if err != nil {
			return err
		}
		return last(c.cloudfront.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: aws.String("E2EXAMPLE1"), IfMatch: got.ETag, DistributionConfig: got.DistributionConfig}))
	},
	{"cloudfront", "GetMonitoringSubscription"}: func(ctx context.Context, c clients) error {
		return last(c.cloudfront.GetMonitoringSubscription(ctx, &cloudfront.GetMonitoringSubscriptionInput{DistributionId: aws.String("E2EXAMPLE1")}))
	},
	{"cloudfront", "CreateInvalidation"}: func(ctx context.Context, c clients) error {
		return last(c.cloudfront.CreateInvalidation(ctx, invalidate("one", "/*")))
	},
	{"cloudfront", "ListInvalidations"}: func(ctx context.Context, c clients) error {
		return last(c.cloudfront.ListInvalidations(ctx, &cloudfront.ListInvalidationsInput{DistributionId: aws.String("E2EXAMPLE1")}))
	},
	{"cloudfront", "GetInvalidation"}: func(ctx context.Context, c clients) error {
		made, err := c.cloudfront.CreateInvalidation(ctx, invalidate("two", "/a"))
		if err != nil {
			return err
		}
		return last(c.cloudfront.GetInvalidation(ctx, &cloudfront.GetInvalidationInput{DistributionId: aws.String("E2EXAMPLE1"), Id: made.Invalidation.Id}))
	},
	{"cloudfront-keyvaluestore", "DescribeKeyValueStore"}: func(ctx context.Context, c clients) error {
		got, err := c.store.DescribeKeyValueStore(ctx, &cloudfrontkeyvaluestore.DescribeKeyValueStoreInput{KvsARN: aws.String(storeARN)})
		if err == nil && (aws.ToString(got.ETag) == "" || aws.ToString(got.KvsARN) != storeARN || aws.ToInt32(got.ItemCount) != 1 || got.Created == nil) {
			return fmt.Errorf("%+v", got)
		}
		return err
	},
	{"cloudfront-keyvaluestore", "GetKey"}: func(ctx context.Context, c clients) error {
		got, err := c.store.GetKey(ctx, &cloudfrontkeyvaluestore.GetKeyInput{KvsARN: aws.String(storeARN), Key: aws.String("maintenance")})
		if err == nil && aws.ToString(got.Value) != "off" {
			return fmt.Errorf("%+v", got)
		}
		return err
	},
	{"cloudfront-keyvaluestore", "PutKey"}: func(ctx context.Context, c clients) error {
		got, err := c.store.DescribeKeyValueStore(ctx, &cloudfrontkeyvaluestore.DescribeKeyValueStoreInput{KvsARN: aws.String(storeARN)})
		if err != nil {
			return err
		}
		return last(c.store.PutKey(ctx, &cloudfrontkeyvaluestore.PutKeyInput{KvsARN: aws.String(storeARN), Key: aws.String("maintenance"), Value: aws.String("off"), IfMatch: got.ETag}))
	},
	{"wafv2", "ListWebACLs"}: func(ctx context.Context, c clients) error {
		return last(c.wafv2.ListWebACLs(ctx, &wafv2.ListWebACLsInput{Scope: waftypes.ScopeCloudfront}))
	},
	{"wafv2", "GetWebACL"}: func(ctx context.Context, c clients) error {
		return last(theACL(ctx, c))
	},
	{"wafv2", "GetWebACLForResource"}: func(ctx context.Context, c clients) error {
		return last(c.wafv2.GetWebACLForResource(ctx, &wafv2.GetWebACLForResourceInput{ResourceArn: aws.String(balancerARN)}, func(o *wafv2.Options) { o.Region = home }))
	},
	{"wafv2", "UpdateWebACL"}: func(ctx context.Context, c clients) error {
		got, err := theACL(ctx, c)
		if err != nil {
			return err
		}
		return last(c.wafv2.UpdateWebACL(ctx, rewrite(got)))
	},
	{"elasticloadbalancing", "DescribeLoadBalancers"}: func(ctx context.Context, c clients) error {
		return last(c.elb.DescribeLoadBalancers(ctx, &elasticloadbalancingv2.DescribeLoadBalancersInput{}))
	},
	{"elasticloadbalancing", "DescribeTargetGroups"}: func(ctx context.Context, c clients) error {
		return last(c.elb.DescribeTargetGroups(ctx, &elasticloadbalancingv2.DescribeTargetGroupsInput{LoadBalancerArn: aws.String(balancerARN)}))
	},
	{"elasticloadbalancing", "DescribeTargetHealth"}: func(ctx context.Context, c clients) error {
		return last(c.elb.DescribeTargetHealth(ctx, &elasticloadbalancingv2.DescribeTargetHealthInput{TargetGroupArn: aws.String(targetsARN)}))
	},
	{"elasticloadbalancing", "DescribeListeners"}: func(ctx context.Context, c clients) error {
		return last(c.elb.DescribeListeners(ctx, &elasticloadbalancingv2.DescribeListenersInput{LoadBalancerArn: aws.String(balancerARN)}))
	},
	{"elasticloadbalancing", "DescribeRules"}: func(ctx context.Context, c clients) error {
		return last(c.elb.DescribeRules(ctx, &elasticloadbalancingv2.DescribeRulesInput{ListenerArn: aws.String(theListener)}))
	},
	{"elasticloadbalancing", "DescribeCapacityReservation"}: func(ctx context.Context, c clients) error {
		return last(c.elb.DescribeCapacityReservation(ctx, &elasticloadbalancingv2.DescribeCapacityReservationInput{LoadBalancerArn: aws.String(balancerARN)}))
	},
	{"elasticloadbalancing", "ModifyCapacityReservation"}: func(ctx context.Context, c clients) error {
		return last(c.elb.ModifyCapacityReservation(ctx, &elasticloadbalancingv2.ModifyCapacityReservationInput{LoadBalancerArn: aws.String(balancerARN),
			MinimumLoadBalancerCapacity: &elbtypes.MinimumLoadBalancerCapacity{CapacityUnits: aws.Int32(600)}}))
	},
	{"elasticloadbalancing", "ModifyListener"}: func(ctx context.Context, c clients) error {
		return last(c.elb.ModifyListener(ctx, &elasticloadbalancingv2.ModifyListenerInput{ListenerArn: aws.String(theListener),
			DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: aws.String(targetsARN)}}}))
	},
	{"autoscaling", "DescribeAutoScalingGroups"}: func(ctx context.Context, c clients) error {
		return last(c.autoscaling.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{}))
	},
	{"autoscaling", "DescribeScalingActivities"}: func(ctx context.Context, c clients) error {
		return last(c.autoscaling.DescribeScalingActivities(ctx, &autoscaling.DescribeScalingActivitiesInput{}))
	},
	{"autoscaling", "DescribeInstanceRefreshes"}: func(ctx context.Context, c clients) error {
		return last(c.autoscaling.DescribeInstanceRefreshes(ctx, &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: aws.String("web-asg")}))
	},
	{"autoscaling", "DescribePolicies"}: func(ctx context.Context, c clients) error {
		return last(c.autoscaling.DescribePolicies(ctx, &autoscaling.DescribePoliciesInput{}))
	},
	{"autoscaling", "DescribeScheduledActions"}: func(ctx context.Context, c clients) error {
		return last(c.autoscaling.DescribeScheduledActions(ctx, &autoscaling.DescribeScheduledActionsInput{AutoScalingGroupName: aws.String("web-asg")}))
	},
	{"codedeploy", "ListDeployments"}: func(ctx context.Context, c clients) error {
		got, err := c.codedeploy.ListDeployments(ctx, &codedeploy.ListDeploymentsInput{ApplicationName: aws.String("shop"), DeploymentGroupName: aws.String("web"),
			IncludeOnlyStatuses: []codedeploytypes.DeploymentStatus{codedeploytypes.DeploymentStatusSucceeded}})
		if err == nil && (len(got.Deployments) != 1 || got.Deployments[0] != "d-ENDED0001") {
			err = fmt.Errorf("listed %q", got.Deployments)
		}
		return err
	},
	{"codedeploy", "GetDeployment"}: func(ctx context.Context, c clients) error {
		got, err := c.codedeploy.GetDeployment(ctx, &codedeploy.GetDeploymentInput{DeploymentId: aws.String("d-RUNNING01")})
		if err == nil && (aws.ToString(got.DeploymentInfo.Revision.S3Location.Key) != "release-2.zip" || got.DeploymentInfo.DeploymentOverview.InProgress != 1 || !got.DeploymentInfo.StartTime.Equal(noon.Add(-time.Minute))) {
			err = fmt.Errorf("got %+v", got.DeploymentInfo)
		}
		return err
	},
	{"codedeploy", "BatchGetDeployments"}: func(ctx context.Context, c clients) error {
		got, err := c.codedeploy.BatchGetDeployments(ctx, &codedeploy.BatchGetDeploymentsInput{DeploymentIds: []string{"d-ENDED0001", "d-NOWHERE01"}})
		if err == nil && (len(got.DeploymentsInfo) != 1 || got.DeploymentsInfo[0].Status != codedeploytypes.DeploymentStatusSucceeded) {
			err = fmt.Errorf("got %+v", got.DeploymentsInfo)
		}
		return err
	},
	{"codedeploy", "GetDeploymentGroup"}: func(ctx context.Context, c clients) error {
		got, err := c.codedeploy.GetDeploymentGroup(ctx, &codedeploy.GetDeploymentGroupInput{ApplicationName: aws.String("shop"), DeploymentGroupName: aws.String("web")})
		if err == nil && aws.ToString(got.DeploymentGroupInfo.LastSuccessfulDeployment.DeploymentId) != "d-ENDED0001" {
			err = fmt.Errorf("got %+v", got.DeploymentGroupInfo)
		}
		return err
	},
	{"codedeploy", "StopDeployment"}: func(ctx context.Context, c clients) error {
		return last(c.codedeploy.StopDeployment(ctx, &codedeploy.StopDeploymentInput{DeploymentId: aws.String("d-RUNNING01"), AutoRollbackEnabled: aws.Bool(true)}))
	},
	{"cloudfront", "GetFunction"}: func(ctx context.Context, c clients) error {
		got, err := c.cloudfront.GetFunction(ctx, &cloudfront.GetFunctionInput{Name: aws.String("switch"), Stage: cloudfronttypes.FunctionStageLive})
		if err == nil && string(got.FunctionCode) != "kvs.get('maintenance')" {
			err = fmt.Errorf("got %q", got.FunctionCode)
		}
		return err
	},
	{"cloudfront", "DescribeFunction"}: func(ctx context.Context, c clients) error {
		got, err := c.cloudfront.DescribeFunction(ctx, &cloudfront.DescribeFunctionInput{Name: aws.String("switch"), Stage: cloudfronttypes.FunctionStageLive})
		if err == nil && aws.ToString(got.FunctionSummary.FunctionConfig.KeyValueStoreAssociations.Items[0].KeyValueStoreARN) != storeARN {
			err = fmt.Errorf("got %+v", got.FunctionSummary)
		}
		return err
	},
	{"autoscaling", "StartInstanceRefresh"}: func(ctx context.Context, c clients) error {
		return last(c.autoscaling.StartInstanceRefresh(ctx, &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: aws.String("web-asg")}))
	},
	{"autoscaling", "RollbackInstanceRefresh"}: func(ctx context.Context, c clients) error {
		if _, err := c.autoscaling.StartInstanceRefresh(ctx, &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: aws.String("web-asg")}); err != nil {
			return err
		}
		return last(c.autoscaling.RollbackInstanceRefresh(ctx, &autoscaling.RollbackInstanceRefreshInput{AutoScalingGroupName: aws.String("web-asg")}))
	},
	{"autoscaling", "SetDesiredCapacity"}: func(ctx context.Context, c clients) error {
		return last(c.autoscaling.SetDesiredCapacity(ctx, &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: aws.String("web-asg"), DesiredCapacity: aws.Int32(3)}))
	},
	{"autoscaling", "UpdateAutoScalingGroup"}: func(ctx context.Context, c clients) error {
		return last(c.autoscaling.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("web-asg"), MaxSize: aws.Int32(10)}))
	},
	{"autoscaling", "SuspendProcesses"}: func(ctx context.Context, c clients) error {
		return last(c.autoscaling.SuspendProcesses(ctx, &autoscaling.SuspendProcessesInput{AutoScalingGroupName: aws.String("web-asg"), ScalingProcesses: []string{"AZRebalance"}}))
	},
	{"autoscaling", "ResumeProcesses"}: func(ctx context.Context, c clients) error {
		return last(c.autoscaling.ResumeProcesses(ctx, &autoscaling.ResumeProcessesInput{AutoScalingGroupName: aws.String("web-asg")}))
	},
	{"rds", "DescribeDBClusters"}: func(ctx context.Context, c clients) error {
		return last(c.rds.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{}))
	},
	{"rds", "DescribeDBInstances"}: func(ctx context.Context, c clients) error {
		return last(c.rds.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{}))
	},
	{"rds", "DescribeEvents"}: func(ctx context.Context, c clients) error {
		return last(c.rds.DescribeEvents(ctx, &rds.DescribeEventsInput{Duration: aws.Int32(60)}))
	},
	{"rds", "ModifyDBCluster"}: func(ctx context.Context, c clients) error {
		return last(c.rds.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String("main-cluster")}))
	},
	{"sts", "GetCallerIdentity"}: func(ctx context.Context, c clients) error {
		return last(c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))
	},
	{"sts", "AssumeRole"}: func(ctx context.Context, c clients) error {
		return last(c.sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::123456789012:role/hands"), RoleSessionName: aws.String("mia")}))
	},
}

// last is the error of a call.
func last[T any](_ T, err error) error { return err }

func theACL(ctx context.Context, c clients) (*wafv2.GetWebACLOutput, error) {
	return c.wafv2.GetWebACL(ctx, &wafv2.GetWebACLInput{Name: aws.String("edge"), Id: aws.String("a1b2c3d4-0000-4000-8000-000000000001"), Scope: waftypes.ScopeCloudfront})
}

// rewrite is the write that changes nothing.
func rewrite(got *wafv2.GetWebACLOutput) *wafv2.UpdateWebACLInput {
	return &wafv2.UpdateWebACLInput{
		Name: got.WebACL.Name, Id: got.WebACL.Id, Scope: waftypes.ScopeCloudfront, LockToken: got.LockToken, Description: got.WebACL.Description,
		DefaultAction: got.WebACL.DefaultAction, VisibilityConfig: got.WebACL.VisibilityConfig, Rules: got.WebACL.Rules,
	}
}

func invalidate(reference string, paths ...string) *cloudfront.CreateInvalidationInput {
	return &cloudfront.CreateInvalidationInput{DistributionId: aws.String("E2EXAMPLE1"), InvalidationBatch: &cloudfronttypes.InvalidationBatch{
		CallerReference: aws.String(reference), Paths: &cloudfronttypes.Paths{Quantity: aws.Int32(int32(len(paths))), Items: paths}}}
}

// TestEveryOperation: all that is built can be called by the real clients, and is counted.
func TestEveryOperation(t *testing.T) {
	server, url := serve(t, newStanding())
	c := dial(t, url)
	for key := range operations() {
		call, ok := everyOperation[key]
		if !ok {
			t.Errorf("%v is built but never called here", key)
			continue
		}
		if err := call(t.Context(), c); err != nil {
			t.Errorf("%v: %v", key, err)
		}
		if server.Stats().Calls[key.service+":"+key.name] == 0 {
			t.Errorf("%v was not counted", key)
		}
	}
	if len(everyOperation) != len(operations()) {
		t.Errorf("%d operations are called, %d are built", len(everyOperation), len(operations()))
	}
	if s := server.Stats(); s.Unsigned != 0 || s.Unknown != 0 || len(s.Faults) != 0 || s.Writes < 9 {
		t.Errorf("counted %+v", s)
	}
}

func TestIdentity(t *testing.T) {
	_, url := serve(t, newStanding())
	who, err := dial(t, url).sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{*who.Account, *who.Arn, *who.UserId}
	if diff := cmp.Diff([]string{"123456789012", "arn:aws:iam::123456789012:user/rehearsal", "AIDAREHEARSAL"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestLoadBalancing(t *testing.T) {
	_, url := serve(t, newStanding())
	c, ctx := dial(t, url), t.Context()
	lbs, err := c.elb.DescribeLoadBalancers(ctx, &elasticloadbalancingv2.DescribeLoadBalancersInput{Names: []string{"shop"}})
	if err != nil {
		t.Fatal(err)
	}
	if lb := lbs.LoadBalancers[0]; *lb.LoadBalancerArn != balancerARN || lb.State.Code != elbtypes.LoadBalancerStateEnumActive || len(lb.AvailabilityZones) != 2 || lb.CreatedTime == nil {
		t.Errorf("%+v", lb)
	}
	groups, err := c.elb.DescribeTargetGroups(ctx, &elasticloadbalancingv2.DescribeTargetGroupsInput{LoadBalancerArn: aws.String(balancerARN)})
	if err != nil {
		t.Fatal(err)
	}
	if g := groups.TargetGroups[0]; *g.HealthCheckIntervalSeconds != 20 || *g.HealthCheckTimeoutSeconds != 4 || *g.HealthyThresholdCount != 2 || *g.UnhealthyThresholdCount != 3 {
		t.Errorf("the health checks are not those of the site: every %d s, %d to pass, %d to fail", *g.HealthCheckIntervalSeconds, *g.HealthyThresholdCount, *g.UnhealthyThresholdCount)
	}
	if g := groups.TargetGroups[0]; *g.TargetGroupArn != targetsARN || len(g.LoadBalancerArns) != 1 || *g.Matcher.HttpCode != "200" {
		t.Errorf("%+v", g)
	}
	health, err := c.elb.DescribeTargetHealth(ctx, &elasticloadbalancingv2.DescribeTargetHealthInput{TargetGroupArn: aws.String(targetsARN)})
	if err != nil {
		t.Fatal(err)
	}
	sick := health.TargetHealthDescriptions[1]
	if *sick.Target.Id != "i-02" || sick.TargetHealth.State != elbtypes.TargetHealthStateEnumUnhealthy || sick.TargetHealth.Reason != elbtypes.TargetHealthReasonEnumFailedHealthChecks {
		t.Errorf("%+v %+v", sick.Target, sick.TargetHealth)
	}
	listeners, err := c.elb.DescribeListeners(ctx, &elasticloadbalancingv2.DescribeListenersInput{LoadBalancerArn: aws.String(balancerARN)})
	if err != nil {
		t.Fatal(err)
	}
	if a := listeners.Listeners[0].DefaultActions[0]; *listeners.Listeners[0].ListenerArn != theListener || *a.ForwardConfig.TargetGroups[0].Weight != 100 {
		t.Errorf("%+v", a)
	}
}

func TestLoadBalancingErrors(t *testing.T) {
	_, url := serve(t, newStanding())
	c, ctx := dial(t, url), t.Context()
	_, err := c.elb.DescribeLoadBalancers(ctx, &elasticloadbalancingv2.DescribeLoadBalancersInput{Names: []string{"nowhere"}})
	if e := (*elbtypes.LoadBalancerNotFoundException)(nil); !errors.As(err, &e) {
		t.Errorf("unknown load balancer: %v", err)
	}
	_, err = c.elb.DescribeTargetHealth(ctx, &elasticloadbalancingv2.DescribeTargetHealthInput{TargetGroupArn: aws.String("nowhere")})
	if e := (*elbtypes.TargetGroupNotFoundException)(nil); !errors.As(err, &e) {
		t.Errorf("unknown target group: %v", err)
	}
	_, err = c.elb.DescribeListeners(ctx, &elasticloadbalancingv2.DescribeListenersInput{ListenerArns: []string{"nowhere"}})
	if e := (*elbtypes.ListenerNotFoundException)(nil); !errors.As(err, &e) {
		t.Errorf("unknown listener: %v", err)
	}
	_, err = c.elb.DescribeLoadBalancers(ctx, &elasticloadbalancingv2.DescribeLoadBalancersInput{PageSize: aws.Int32(401)})
	wantCode(t, err, "ValidationError")
	elsewhere, err := c.elb.DescribeLoadBalancers(ctx, &elasticloadbalancingv2.DescribeLoadBalancersInput{}, func(o *elasticloadbalancingv2.Options) { o.Region = "eu-west-1" })
	if err != nil || len(elsewhere.LoadBalancers) != 0 {
		t.Errorf("another region has %+v %v", elsewhere, err)
	}
}

func TestAutoScaling(t *testing.T) {
	s := large()
	s.state.Groups = newStanding().state.Groups
	s.activities[3].Status, s.activities[3].Message, s.activities[3].End = "Failed", "VcpuLimitExceeded", time.Time{}
	_, url := serve(t, s)
	c, ctx := dial(t, url), t.Context()
	groups, err := c.autoscaling.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{"web-asg", "nowhere"}})
	if err != nil {
		t.Fatal(err)
	}
	g := groups.AutoScalingGroups[0]
	if *g.MinSize != 2 || *g.MaxSize != 10 || *g.DesiredCapacity != 3 || len(g.Instances) != 2 || g.Instances[1].LifecycleState != "Pending" ||
		*g.SuspendedProcesses[0].ProcessName != "AZRebalance" || len(g.EnabledMetrics) != 13 || len(g.TargetGroupARNs) != 1 || *g.DefaultInstanceWarmup != 120 {
		t.Errorf("%+v", g)
	}
	light, err := c.autoscaling.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{IncludeInstances: aws.Bool(false)})
	if err != nil || len(light.AutoScalingGroups[0].Instances) != 0 {
		t.Errorf("instances though not wanted: %v %v", light, err)
	}
	failed, err := c.autoscaling.DescribeScalingActivities(ctx, &autoscaling.DescribeScalingActivitiesInput{AutoScalingGroupName: aws.String("web-asg"),
		Filters: []autoscalingFilter{{Name: aws.String("Status"), Values: []string{"Failed"}}}})
	if err != nil || len(failed.Activities) != 1 || *failed.Activities[0].StatusMessage != "VcpuLimitExceeded" || failed.Activities[0].EndTime != nil {
		t.Errorf("%+v %v", failed, err)
	}
	all, err := c.autoscaling.DescribeScalingActivities(ctx, &autoscaling.DescribeScalingActivitiesInput{AutoScalingGroupName: aws.String("web-asg")})
	if err != nil || len(all.Activities) != 100 || all.NextToken == nil || *all.Activities[0].ActivityId != "a000" {
		t.Errorf("%d activities, %v", len(all.Activities), err)
	}
	s.activities[90].Status = "InProgress"
	all, err = c.autoscaling.DescribeScalingActivities(ctx, &autoscaling.DescribeScalingActivitiesInput{AutoScalingGroupName: aws.String("web-asg")})
	if err != nil || *all.Activities[0].ActivityId != "a090" || *all.Activities[1].ActivityId != "a000" {
		t.Errorf("what is in progress is not first: %v", err)
	}
	policies, err := c.autoscaling.DescribePolicies(ctx, &autoscaling.DescribePoliciesInput{AutoScalingGroupName: aws.String("web-asg")})
	if err != nil || *policies.ScalingPolicies[0].TargetTrackingConfiguration.TargetValue != 70 {
		t.Errorf("%+v %v", policies, err)
	}
}

func TestAutoScalingWrites(t *testing.T) {
	s := newStanding()
	_, url := serve(t, s)
	c, ctx := dial(t, url), t.Context()
	update := func(low, high, wanted *int32) error {
		return last(c.autoscaling.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("web-asg"),
			MinSize: low, MaxSize: high, DesiredCapacity: wanted}))
	}
	if err := update(aws.Int32(4), aws.Int32(20), aws.Int32(6)); err != nil {
		t.Fatal(err)
	}
	if g := s.state.Groups[0]; g.Min != 4 || g.Max != 20 || g.Desired != 6 {
		t.Errorf("%+v", g)
	}
	wantCode(t, update(aws.Int32(30), nil, nil), "ValidationError")
	wantCode(t, update(nil, nil, aws.Int32(21)), "ValidationError")
	set := func(n int32) error {
		return last(c.autoscaling.SetDesiredCapacity(ctx, &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: aws.String("web-asg"), DesiredCapacity: aws.Int32(n)}))
	}
	if err := set(20); err != nil || s.state.Groups[0].Desired != 20 {
		t.Errorf("desired is %d: %v", s.state.Groups[0].Desired, err)
	}
	wantCode(t, set(21), "ValidationError")
	wantCode(t, set(3), "ValidationError")
	wantCode(t, last(c.autoscaling.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("nowhere")})), "ValidationError")
	wantCode(t, last(c.autoscaling.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("web-asg"), DefaultCooldown: aws.Int32(1)})), "ValidationError")
	wantCode(t, last(c.autoscaling.DeletePolicy(ctx, &autoscaling.DeletePolicyInput{PolicyName: aws.String("x")})), "InvalidAction")
}

func TestDatabases(t *testing.T) {
	s := newStanding()
	_, url := serve(t, s)
	c, ctx := dial(t, url), t.Context()
	clusters, err := c.rds.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String("main-cluster")})
	if err != nil {
		t.Fatal(err)
	}
	cluster := clusters.DBClusters[0]
	if *cluster.Status != "available" || *cluster.ServerlessV2ScalingConfiguration.MaxCapacity != 32 || len(cluster.DBClusterMembers) != 2 ||
		!*cluster.DBClusterMembers[0].IsClusterWriter || *cluster.EngineVersion != "8.0.mysql_aurora.3.08.0" || len(cluster.AvailabilityZones) != 2 {
		t.Errorf("%+v", cluster)
	}
	instances, err := c.rds.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{Filters: []rdsFilterType{{Name: aws.String("db-cluster-id"), Values: []string{"main-cluster"}}}})
	if err != nil || len(instances.DBInstances) != 2 || *instances.DBInstances[1].DBInstanceIdentifier != "main-2" {
		t.Errorf("%+v %v", instances, err)
	}
	_, err = c.rds.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String("nowhere")})
	if e := (*rdsClusterNotFound)(nil); !errors.As(err, &e) {
		t.Errorf("unknown cluster: %v", err)
	}
	_, err = c.rds.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("nowhere")})
	if e := (*rdsInstanceNotFound)(nil); !errors.As(err, &e) {
		t.Errorf("unknown instance: %v", err)
	}
	wider, err := c.rds.ModifyDBCluster(ctx, scale(8, 64))
	if err != nil || *wider.DBCluster.ServerlessV2ScalingConfiguration.MaxCapacity != 64 || s.state.Clusters[0].MinACU != 8 {
		t.Errorf("%+v %v", wider, err)
	}
	_, err = c.rds.ModifyDBCluster(ctx, scale(64, 8))
	wantCode(t, err, "InvalidParameterCombination")
	events, err := c.rds.DescribeEvents(ctx, &rds.DescribeEventsInput{SourceIdentifier: aws.String("main-cluster"), SourceType: "db-cluster"})
	if err != nil || len(events.Events) != 1 {
		t.Errorf("%+v %v", events, err)
	}
}

func scale(low, high float64) *rds.ModifyDBClusterInput {
	return &rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String("main-cluster"), ServerlessV2ScalingConfiguration: &rdsCapacity{MinCapacity: aws.Float64(low), MaxCapacity: aws.Float64(high)}}
}

// TestCapacityReservation: the whole of it, and each zone's share.
func TestCapacityReservation(t *testing.T) {
	_, url := serve(t, newStanding())
	c := dial(t, url)
	got, err := c.elb.DescribeCapacityReservation(t.Context(), &elasticloadbalancingv2.DescribeCapacityReservationInput{LoadBalancerArn: aws.String(balancerARN)})
	if err != nil {
		t.Fatal(err)
	}
	if zones := got.CapacityReservationState; *got.MinimumLoadBalancerCapacity.CapacityUnits != 600 || len(zones) != 2 ||
		*zones[1].EffectiveCapacityUnits != 300 || zones[1].State.Code != "provisioned" || *zones[1].AvailabilityZone != "eu-central-1b" {
		t.Errorf("%+v", got)
	}
}

// A process that takes a rehearsal over goes on where another one was: no id of a request comes twice in what both record.
// One that begins at the same launch time gives the same ids.
func TestNoRequestIDComesTwiceWhenARehearsalIsTakenOver(t *testing.T) {
	asked := func(s *standing) (ids []string) {
		_, url := serve(t, s)
		c := dial(t, url)
		for range 20 {
			out, err := c.sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
			if err != nil {
				t.Fatal(err)
			}
			id, _ := awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
			ids = append(ids, id)
		}
		return ids
	}
	first, same, later := newStanding(), newStanding(), newStanding()
	later.Advance(noon.Add(time.Second))
	ids := asked(first)
	if again := asked(same); !slices.Equal(ids, again) {
		t.Errorf("the same launch time gave %v, and %v", ids, again)
	}
	seen := map[string]bool{}
	for _, id := range append(ids, asked(later)...) {
		if seen[id] || len(id) != 36 {
			t.Errorf("%s comes twice, or is none", id)
		}
		seen[id] = true
	}
}
