package awswire

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	waftypes "github.com/aws/aws-sdk-go-v2/service/wafv2/types"

	"warroom/sources/simulator"
)

// rehearsal is a real launch behind the wire, with a clock that a test moves.
type rehearsal struct {
	clients
	server *Server
	launch *simulator.Launch
	now    *time.Time
}

func rehearse(t *testing.T, name string) rehearsal {
	t.Helper()
	sc, err := simulator.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	launch, err := simulator.New(sc, 7)
	if err != nil {
		t.Fatal(err)
	}
	now := launch.Now()
	server := New(launch, standstill{&now, 1})
	return rehearsal{dialIn(t, listen(t, server), launch.State().Region), server, launch, &now}
}

// TestScenario reads the real site: what CloudWatch gives of a settled minute is what the site measured,
// and every metric that is listed has an identity that can be asked for.
func TestScenario(t *testing.T) {
	for _, name := range simulator.Scenarios() {
		t.Run(name, func(t *testing.T) {
			r := rehearse(t, name)
			st := r.launch.State()
			minute, ok := r.launch.Minute(r.now.Add(-10 * time.Minute))
			if !ok || len(st.Distributions) == 0 {
				t.Fatal("the site has no history")
			}
			in := settled(
				ask("requests", "AWS/CloudFront", "Requests", "Sum", "DistributionId", st.Distributions[0].ID, "Region", "Global"),
				ask("blocked", "AWS/WAFV2", "AllowedRequests", "Sum", "WebACL", st.WebACLs[0].MetricName, "Rule", "ALL"),
			)
			in.StartTime, in.EndTime = ptr(minute.At), ptr(minute.At.Add(time.Minute))
			out, err := r.edgeWatch.GetMetricData(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range []int64{minute.Edges[0].Requests, minute.Firewalls[0].Allowed} {
				if v := out.MetricDataResults[i].Values; len(v) != 1 || v[0] != float64(want) || want == 0 {
					t.Errorf("CloudWatch says %v, the site %d", v, want)
				}
			}
			r.checkListed(t)
		})
	}
}

// checkListed asks for each listed metric with each kind of statistic: most have been published by now.
func (r rehearsal) checkListed(t *testing.T) {
	t.Helper()
	for region, client := range map[string]*cloudwatch.Client{"home": r.cloudwatch, "edge": r.edgeWatch} {
		listed, answered := 0, map[string]bool{}
		for pages := cloudwatch.NewListMetricsPaginator(client, &cloudwatch.ListMetricsInput{}); pages.HasMorePages(); {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			listed += len(page.Metrics)
			for _, stat := range []string{"Sum", "Average", "p90"} {
				r.askAll(t, client, page.Metrics, stat, answered)
			}
		}
		if listed < 20 || len(answered)*2 < listed {
			t.Errorf("%s: %d metrics are listed, %d have data", region, listed, len(answered))
		}
	}
}

func (r rehearsal) askAll(t *testing.T, client *cloudwatch.Client, metrics []types.Metric, stat string, answered map[string]bool) {
	t.Helper()
	in := &cloudwatch.GetMetricDataInput{StartTime: ptr(r.now.Add(-30 * time.Minute)), EndTime: r.now}
	for i := range metrics {
		in.MetricDataQueries = append(in.MetricDataQueries, types.MetricDataQuery{Id: aws.String("m" + string(rune('a'+i/26%26)) + string(rune('a'+i%26))),
			MetricStat: &types.MetricStat{Metric: &metrics[i], Period: aws.Int32(60), Stat: aws.String(stat)}})
	}
	out, err := client.GetMetricData(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for i, result := range out.MetricDataResults {
		if len(result.Values) > 0 {
			answered[*metrics[i].MetricName+*metrics[i].Dimensions[0].Value] = true
		}
	}
}

// TestScenarioWrites turns each knob of the real site through the wire and sees it turned.
func TestScenarioWrites(t *testing.T) {
	r := rehearse(t, "lottery")
	ctx, st := t.Context(), r.launch.State()
	group, cluster := st.Groups[0], st.Clusters[0]
	r.turnsKnobs(t)
	*r.now = r.now.Add(2 * time.Minute)
	groups, err := r.autoscaling.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{group.ID}})
	if err != nil {
		t.Fatal(err)
	}
	if g := groups.AutoScalingGroups[0]; int(*g.DesiredCapacity) < group.Desired+2 || int(*g.MaxSize) != group.Max+2 || len(g.Instances) <= len(group.Instances) {
		t.Errorf("desired %d, max %d, %d instances", *g.DesiredCapacity, *g.MaxSize, len(g.Instances))
	}
	activities, err := r.autoscaling.DescribeScalingActivities(ctx, &autoscaling.DescribeScalingActivitiesInput{AutoScalingGroupName: aws.String(group.ID)})
	if err != nil || len(activities.Activities) == 0 {
		t.Errorf("no scaling activity: %v", err)
	}
	now := r.launch.State()
	if now.Clusters[0].MinACU != cluster.MinACU+1 || now.Distributions[0].Origin != simulator.OriginMaintenance {
		t.Errorf("%g ACUs at least, origin %s", now.Clusters[0].MinACU, now.Distributions[0].Origin)
	}
}

// turnsKnobs changes the fleet's bounds, the database's range, where visitors are sent and a rule's limit.
func (r rehearsal) turnsKnobs(t *testing.T) {
	t.Helper()
	st := r.launch.State()
	group, cluster := st.Groups[0], st.Clusters[0]
	if _, err := r.autoscaling.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String(group.ID),
		MinSize: aws.Int32(int32(group.Desired + 2)), MaxSize: aws.Int32(int32(group.Max + 2))}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.rds.ModifyDBCluster(t.Context(), &rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String(cluster.ID),
		ServerlessV2ScalingConfiguration: &rdsCapacity{MinCapacity: aws.Float64(cluster.MinACU + 1), MaxCapacity: aws.Float64(cluster.MaxACU)}}); err != nil {
		t.Fatal(err)
	}
	r.maintenance(t, st.Distributions[0].ID)
	r.limit(t, st.WebACLs[0])
}

// maintenance points the distribution to its maintenance origin.
func (r rehearsal) maintenance(t *testing.T, id string) {
	t.Helper()
	got, err := r.cloudfront.GetDistributionConfig(t.Context(), &cloudfront.GetDistributionConfigInput{Id: &id})
	if err != nil {
		t.Fatal(err)
	}
	got.DistributionConfig.DefaultCacheBehavior.TargetOriginId = aws.String(simulator.OriginMaintenance)
	out, err := r.cloudfront.UpdateDistribution(t.Context(), &cloudfront.UpdateDistributionInput{Id: &id, IfMatch: got.ETag, DistributionConfig: got.DistributionConfig})
	if err != nil {
		t.Fatal(err)
	}
	if *out.ETag == *got.ETag {
		t.Errorf("the ETag %s outlives the write", *got.ETag)
	}
}

// limit halves the limit of each rate-based rule.
func (r rehearsal) limit(t *testing.T, acl simulator.WebACL) {
	t.Helper()
	read := func() *wafv2.GetWebACLOutput {
		got, err := r.wafv2.GetWebACL(t.Context(), &wafv2.GetWebACLInput{Name: &acl.Name, Id: &acl.ID, Scope: waftypes.ScopeCloudfront})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	in, halved := rewrite(read()), 0
	for i := range in.Rules {
		if rate := in.Rules[i].Statement.RateBasedStatement; rate != nil {
			*rate.Limit /= 2
			halved++
		}
	}
	if _, err := r.wafv2.UpdateWebACL(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	*r.now = r.now.Add(time.Second)
	for i, rule := range read().WebACL.Rules {
		if rate := rule.Statement.RateBasedStatement; rate != nil && *rate.Limit != *in.Rules[i].Statement.RateBasedStatement.Limit {
			t.Errorf("%s limits at %d", *rule.Name, *rate.Limit)
		}
	}
	if halved == 0 {
		t.Error("no rule to halve")
	}
}
