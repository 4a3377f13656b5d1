package awswire

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	home = "eu-central-1"
	edge = "us-east-1"
)

// published is what AWS publishes, as its documentation has it, of the standing site's minute.
var published = []struct {
	region, namespace, name, stat, unit string
	dimensions                          []string
	want                                float64
}{
	{edge, "AWS/CloudFront", "Requests", "Sum", "None", distribution, 10000},
	{edge, "AWS/CloudFront", "BytesDownloaded", "Sum", "None", distribution, 5e6},
	{edge, "AWS/CloudFront", "BytesUploaded", "Sum", "None", distribution, 7e4},
	{edge, "AWS/CloudFront", "4xxErrorRate", "Average", "Percent", distribution, 3},
	{edge, "AWS/CloudFront", "5xxErrorRate", "Average", "Percent", distribution, 1},
	{edge, "AWS/CloudFront", "TotalErrorRate", "Average", "Percent", distribution, 4},
	{edge, "AWS/CloudFront", "401ErrorRate", "Average", "Percent", distribution, 0},
	{edge, "AWS/CloudFront", "403ErrorRate", "Average", "Percent", distribution, 1},
	{edge, "AWS/CloudFront", "404ErrorRate", "Average", "Percent", distribution, 2},
	{edge, "AWS/CloudFront", "502ErrorRate", "Average", "Percent", distribution, 1},
	{edge, "AWS/CloudFront", "503ErrorRate", "Average", "Percent", distribution, 0},
	{edge, "AWS/CloudFront", "504ErrorRate", "Average", "Percent", distribution, 0},
	{edge, "AWS/CloudFront", "CacheHitRate", "Average", "Percent", distribution, 800.0 / 9},
	{edge, "AWS/CloudFront", "OriginLatency", "p50", "Milliseconds", distribution, 100},
	{edge, "AWS/CloudFront", "OriginLatency", "p99", "Milliseconds", distribution, 400},
	{edge, "AWS/WAFV2", "AllowedRequests", "Sum", "Count", []string{"WebACL", "edgeMetric", "Rule", "ALL"}, 9900},
	{edge, "AWS/WAFV2", "BlockedRequests", "Sum", "Count", []string{"WebACL", "edgeMetric", "Rule", "ALL"}, 100},
	{edge, "AWS/WAFV2", "CountedRequests", "Sum", "Count", []string{"WebACL", "edgeMetric", "Rule", "ALL"}, 7},
	{edge, "AWS/WAFV2", "AllowedRequests", "Sum", "Count", []string{"WebACL", "edgeMetric", "Rule", "Default_Action"}, 9900},
	{edge, "AWS/WAFV2", "BlockedRequests", "Sum", "Count", []string{"WebACL", "edgeMetric", "Rule", "rateMetric"}, 100},
	{edge, "AWS/WAFV2", "CountedRequests", "Sum", "Count", []string{"WebACL", "edgeMetric", "Rule", "commonMetric"}, 7},
	{home, "AWS/WAFV2", "AllowedRequests", "Sum", "Count", []string{"Region", "eu-central-1", "WebACL", "wallMetric", "Rule", "ALL"}, 1800},
	{home, "AWS/WAFV2", "CaptchaRequests", "Sum", "Count", []string{"Region", "eu-central-1", "WebACL", "wallMetric", "Rule", "ALL"}, 60},
	{home, "AWS/WAFV2", "ChallengeRequests", "Sum", "Count", []string{"Region", "eu-central-1", "WebACL", "wallMetric", "Rule", "ALL"}, 40},
	{home, "AWS/WAFV2", "CaptchaRequests", "Sum", "Count", []string{"Region", "eu-central-1", "WebACL", "wallMetric", "Rule", "puzzleMetric"}, 60},
	{home, "AWS/WAFV2", "ChallengeRequests", "Sum", "Count", []string{"Region", "eu-central-1", "WebACL", "wallMetric", "Rule", "proofMetric"}, 40},
	{home, "AWS/ApplicationELB", "RequestCount", "Sum", "Count", balancerOnly, 1890},
	{home, "AWS/ApplicationELB", "RequestCount", "Sum", "Count", balancerAndTargets, 1890},
	{home, "AWS/ApplicationELB", "RequestCount", "Sum", "Count", append([]string{"AvailabilityZone", "eu-central-1a"}, balancerOnly...), 945},
	{home, "AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "Sum", "Count", balancerOnly, 10},
	{home, "AWS/ApplicationELB", "HTTPCode_ELB_503_Count", "Sum", "Count", balancerOnly, 10},
	{home, "AWS/ApplicationELB", "HTTPCode_Target_2XX_Count", "Sum", "Count", balancerOnly, 1800},
	{home, "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", "Count", balancerAndTargets, 90},
	{home, "AWS/ApplicationELB", "TargetResponseTime", "p99", "Seconds", balancerOnly, 0.4},
	{home, "AWS/ApplicationELB", "TargetResponseTime", "p50", "Seconds", balancerAndTargets, 0.1},
	{home, "AWS/ApplicationELB", "TargetResponseTime", "Average", "Seconds", balancerOnly, 0.13},
	{home, "AWS/ApplicationELB", "TargetResponseTime", "SampleCount", "Seconds", balancerOnly, 1000},
	{home, "AWS/ApplicationELB", "ActiveConnectionCount", "Sum", "Count", balancerOnly, 250},
	{home, "AWS/ApplicationELB", "NewConnectionCount", "Sum", "Count", balancerOnly, 300},
	{home, "AWS/ApplicationELB", "ProcessedBytes", "Sum", "Bytes", balancerOnly, 1 << 20},
	{home, "AWS/ApplicationELB", "ConsumedLCUs", "Average", "Count", balancerOnly, 4.5},
	{home, "AWS/ApplicationELB", "PeakLCUs", "Sum", "Count", balancerOnly, 6},
	{home, "AWS/ApplicationELB", "ReservedLCUs", "Sum", "Count", balancerOnly, 10},
	{home, "AWS/ApplicationELB", "HealthyHostCount", "Minimum", "Count", balancerAndTargets, 2},
	{home, "AWS/ApplicationELB", "HealthyHostCount", "Average", "Count", balancerAndTargets, 2.5},
	{home, "AWS/ApplicationELB", "UnHealthyHostCount", "Maximum", "Count", balancerAndTargets, 1},
	{home, "AWS/ApplicationELB", "RequestCountPerTarget", "Sum", "Count", balancerAndTargets, 756},
	{home, "AWS/ApplicationELB", "RequestCountPerTarget", "Sum", "Count", targetsOnly, 756},
	{home, "AWS/AutoScaling", "GroupDesiredCapacity", "Average", "None", group, 3},
	{home, "AWS/AutoScaling", "GroupMaxSize", "Maximum", "None", group, 10},
	{home, "AWS/AutoScaling", "GroupInServiceInstances", "Average", "None", group, 2},
	{home, "AWS/AutoScaling", "GroupPendingInstances", "Average", "None", group, 1},
	{home, "AWS/EC2", "CPUUtilization", "Average", "Percent", group, 50},
	{home, "AWS/EC2", "CPUUtilization", "Maximum", "Percent", group, 70},
	{home, "AWS/RDS", "CPUUtilization", "Average", "Percent", writer, 20},
	{home, "AWS/RDS", "CPUUtilization", "Average", "Percent", []string{"DBClusterIdentifier", "main-cluster"}, 15},
	{home, "AWS/RDS", "CPUUtilization", "Average", "Percent", []string{"DBInstanceIdentifier", "main-2"}, 10},
	{home, "AWS/RDS", "ServerlessDatabaseCapacity", "Maximum", "Count", writer, 8},
	{home, "AWS/RDS", "ACUUtilization", "Average", "Percent", writer, 25},
	{home, "AWS/RDS", "DatabaseConnections", "Maximum", "Count", writer, 210},
	{home, "AWS/RDS", "FreeableMemory", "Minimum", "Bytes", writer, 4e10},
	{home, "AWS/RDS", "Queries", "Average", "Count/Second", writer, 1000},
	{home, "AWS/RDS", "Deadlocks", "Average", "Count/Second", writer, 0},
	{home, "AWS/RDS", "CommitLatency", "Average", "Milliseconds", writer, 4},
	{home, "AWS/RDS", "SelectLatency", "Average", "Milliseconds", writer, 1},
	{home, "AWS/RDS", "ReadLatency", "Average", "Seconds", writer, 0.0005},
	{home, "AWS/RDS", "BufferCacheHitRatio", "Average", "Percent", writer, 99},
	{home, "AWS/RDS", "AuroraReplicaLag", "Average", "Milliseconds", []string{"DBClusterIdentifier", "main-cluster", "Role", "READER"}, 20},
	{home, "AWS/RDS", "AuroraReplicaLagMaximum", "Maximum", "Milliseconds", []string{"DBClusterIdentifier", "main-cluster"}, 50},
	{home, "Launch", "Registrations", "Sum", "Count", []string{"Site", "shop"}, 42},
}

var (
	distribution       = []string{"DistributionId", "E2EXAMPLE1", "Region", "Global"}
	balancerOnly       = []string{"LoadBalancer", "app/shop/50dc6c495c0c9188"}
	targetsOnly        = []string{"TargetGroup", "targetgroup/web/73e2d6bc24d8a067"}
	balancerAndTargets = append(append([]string{}, targetsOnly...), balancerOnly...)
	group              = []string{"AutoScalingGroupName", "web-asg"}
	writer             = []string{"DBClusterIdentifier", "main-cluster", "Role", "WRITER"}
)

// watch asks one region's CloudWatch for single values of the settled minute; none is an empty list.
func watch(t *testing.T, client *cloudwatch.Client, queries []types.MetricDataQuery) map[string][]float64 {
	t.Helper()
	out, err := client.GetMetricData(t.Context(), settled(queries...))
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string][]float64)
	for _, r := range out.MetricDataResults {
		if r.StatusCode != types.StatusCodeComplete {
			t.Errorf("%s is %s", *r.Id, r.StatusCode)
		}
		got[*r.Id] = r.Values
	}
	return got
}

// TestPublished reads each metric with its published unit, and again after one thing about the question
// has been made wrong: CloudWatch then knows nothing, and is not troubled.
func TestPublished(t *testing.T) {
	_, url := serve(t, newStanding())
	c := dial(t, url)
	regions := map[string]*cloudwatch.Client{home: c.cloudwatch, edge: c.edgeWatch}
	right, wrong := map[string][]types.MetricDataQuery{}, map[string][]types.MetricDataQuery{}
	want := map[string][]float64{}
	for i, p := range published {
		id := fmt.Sprintf("m%d", i)
		q := ask(id, p.namespace, p.name, p.stat, p.dimensions...)
		q.MetricStat.Unit = types.StandardUnit(p.unit)
		right[p.region] = append(right[p.region], q)
		want[id] = []float64{p.want}
		wrong[p.region] = append(wrong[p.region], spoil(id, p.namespace, p.name, p.stat, p.dimensions)...)
		other := map[string]string{home: edge, edge: home}[p.region]
		wrong[other] = append(wrong[other], ask(id+"_region", p.namespace, p.name, p.stat, p.dimensions...))
	}
	got := map[string][]float64{}
	for region, queries := range right {
		for id, v := range watch(t, regions[region], queries) {
			got[id] = v
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0.05, 0)); diff != "" {
		t.Errorf("right questions: %s", diff)
	}
	for region, queries := range wrong {
		for len(queries) > 0 {
			n := min(len(queries), 500)
			for id, v := range watch(t, regions[region], queries[:n]) {
				if len(v) != 0 {
					t.Errorf("%s: the wrong question has the answer %v", id, v)
				}
			}
			queries = queries[n:]
		}
	}
}

// spoil makes questions that differ from a right one in one thing.
func spoil(id, namespace, name, stat string, dimensions []string) []types.MetricDataQuery {
	fewer := ask(id+"_fewer", namespace, name, stat, dimensions[:len(dimensions)-2]...)
	more := ask(id+"_more", namespace, name, stat, append([]string{"Extra", "x"}, dimensions...)...)
	value := ask(id+"_value", namespace, name, stat, append(append([]string{}, dimensions[:len(dimensions)-1]...), "other")...)
	otherUnit := ask(id+"_unit", namespace, name, stat, dimensions...)
	otherUnit.MetricStat.Unit = types.StandardUnitGigabits
	otherStat := ask(id+"_stat", namespace, name, "p12.5", dimensions...)
	out := []types.MetricDataQuery{more, value, otherUnit}
	if !fewerIsKnown(namespace, name, len(dimensions)) {
		out = append(out, fewer)
	}
	if name != "OriginLatency" && name != "TargetResponseTime" {
		out = append(out, otherStat)
	}
	return out
}

// fewerIsKnown tells whether the metric also exists without its last dimension.
func fewerIsKnown(namespace, name string, dimensions int) bool {
	return namespace == "AWS/RDS" && dimensions == 4 || name == "RequestCountPerTarget" && dimensions == 4
}

// TestSilence: what did not happen is not published, nor what is switched off.
func TestSilence(t *testing.T) {
	s := newStanding()
	s.state.Distributions[0].AdditionalMetrics = false
	s.state.Groups[0].MetricsEnabled = false
	s.minute.Balancers[0].Arrived, s.minute.Balancers[0].Requests = 0, 0
	_, url := serve(t, s)
	c := dial(t, url)
	for id, v := range watch(t, c.edgeWatch, []types.MetricDataQuery{
		ask("hits", "AWS/CloudFront", "CacheHitRate", "Average", distribution...),
		ask("latency", "AWS/CloudFront", "OriginLatency", "p90", distribution...),
		ask("mean_latency", "AWS/CloudFront", "OriginLatency", "Average", distribution...),
		ask("blocked", "AWS/WAFV2", "BlockedRequests", "Sum", "WebACL", "edgeMetric", "Rule", "commonMetric"),
		ask("by_name", "AWS/WAFV2", "BlockedRequests", "Sum", "WebACL", "edge", "Rule", "ALL"),
	}) {
		if len(v) != 0 {
			t.Errorf("%s has %v", id, v)
		}
	}
	for id, v := range watch(t, c.cloudwatch, []types.MetricDataQuery{
		ask("requests", "AWS/ApplicationELB", "RequestCount", "Sum", balancerOnly...),
		ask("rejected", "AWS/ApplicationELB", "RejectedConnectionCount", "Sum", balancerOnly...),
		ask("desired", "AWS/AutoScaling", "GroupDesiredCapacity", "Average", group...),
		ask("healthy", "AWS/ApplicationELB", "HealthyHostCount", "Minimum", balancerOnly...),
	}) {
		if len(v) != 0 {
			t.Errorf("%s has %v", id, v)
		}
	}
	listed, err := c.cloudwatch.ListMetrics(t.Context(), &cloudwatch.ListMetricsInput{Namespace: aws.String("AWS/AutoScaling")})
	if err != nil || len(listed.Metrics) != 0 {
		t.Errorf("group metrics are listed though not collected: %v %v", listed, err)
	}
}

// TestMeaninglessStatistics: a statistic that means nothing for a metric gives nothing.
func TestMeaninglessStatistics(t *testing.T) {
	_, url := serve(t, newStanding())
	c := dial(t, url)
	for id, v := range watch(t, c.edgeWatch, []types.MetricDataQuery{
		ask("a", "AWS/CloudFront", "OriginLatency", "Average", distribution...),
		ask("b", "AWS/CloudFront", "OriginLatency", "Sum", distribution...),
		ask("c", "AWS/CloudFront", "Requests", "Average", distribution...),
		ask("d", "AWS/CloudFront", "5xxErrorRate", "Sum", distribution...),
		ask("e", "AWS/WAFV2", "BlockedRequests", "Average", "WebACL", "edgeMetric", "Rule", "ALL"),
	}) {
		if len(v) != 0 {
			t.Errorf("%s has %v", id, v)
		}
	}
	for id, v := range watch(t, c.cloudwatch, []types.MetricDataQuery{
		ask("a", "AWS/ApplicationELB", "RequestCount", "Average", balancerOnly...),
		ask("b", "AWS/ApplicationELB", "HealthyHostCount", "Sum", balancerAndTargets...),
		ask("c", "AWS/ApplicationELB", "PeakLCUs", "Maximum", balancerOnly...),
		ask("d", "AWS/EC2", "CPUUtilization", "p99", group...),
		ask("e", "AWS/RDS", "DatabaseConnections", "Sum", writer...),
	}) {
		if len(v) != 0 {
			t.Errorf("%s has %v", id, v)
		}
	}
}

// TestSparse: while requests flow, a count of nothing is published by no metric that is sparse.
func TestSparse(t *testing.T) {
	s := newStanding()
	_, url := serve(t, s)
	c := dial(t, url)
	var queries []types.MetricDataQuery
	for i, name := range []string{"RejectedConnectionCount", "HTTPCode_ELB_4XX_Count", "HTTPCode_ELB_502_Count", "HTTPCode_Target_4XX_Count", "TargetConnectionErrorCount"} {
		queries = append(queries, ask(fmt.Sprintf("m%d", i), "AWS/ApplicationELB", name, "Sum", balancerOnly...))
	}
	for id, v := range watch(t, c.cloudwatch, queries) {
		if len(v) != 0 {
			t.Errorf("%s has %v", id, v)
		}
	}
	s.minute.Balancers[0].Rejected, s.minute.Balancers[0].ELB4xx, s.minute.Balancers[0].ELB502 = 1, 1, 1
	s.minute.Balancers[0].Target4xx, s.minute.Balancers[0].TargetConnectionErrors = 1, 1
	for id, v := range watch(t, c.cloudwatch, queries) {
		if len(v) != 1 || v[0] != 1 {
			t.Errorf("%s has %v", id, v)
		}
	}
}

// TestPeriods joins minutes: sums add up, means are weighted, and a period that has begun is there.
func TestPeriods(t *testing.T) {
	_, url := serve(t, newStanding())
	c := dial(t, url)
	requests := ask("requests", "AWS/CloudFront", "Requests", "Sum", distribution...)
	latency := ask("latency", "AWS/CloudFront", "OriginLatency", "p50", distribution...)
	requests.MetricStat.Period, latency.MetricStat.Period = aws.Int32(300), aws.Int32(300)
	out, err := c.edgeWatch.GetMetricData(t.Context(), &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(noon.Add(-28 * time.Minute)), EndTime: aws.Time(noon.Add(-15 * time.Minute)),
		MetricDataQueries: []types.MetricDataQuery{requests, latency}, ScanBy: types.ScanByTimestampAscending,
	})
	if err != nil {
		t.Fatal(err)
	}
	wantTimes := []time.Time{noon.Add(-30 * time.Minute), noon.Add(-25 * time.Minute), noon.Add(-20 * time.Minute)}
	for _, r := range out.MetricDataResults {
		if diff := cmp.Diff(wantTimes, r.Timestamps); diff != "" {
			t.Errorf("%s: %s", *r.Id, diff)
		}
	}
	if diff := cmp.Diff([]float64{50000, 50000, 50000}, out.MetricDataResults[0].Values); diff != "" {
		t.Error(diff)
	}
	if v := out.MetricDataResults[1].Values[0]; v < 95 || v > 105 {
		t.Errorf("median of five minutes is %v ms", v)
	}
}
