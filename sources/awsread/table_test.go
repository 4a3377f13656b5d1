package awsread

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"warroom/sources"
)

// asked is one metric as AWS documents it: what CloudWatch must be asked for it, and how many of the catalogue's units
// one of the published ones is.
type asked struct {
	metric, resource, label string
	namespace, name, stat   string
	dimensions              string
	scale                   float64
}

const (
	onEdge    = "DistributionId=E1,Region=Global"
	onWall    = "Rule=ALL,WebACL=m"
	onRule    = "Rule=m-rate,WebACL=m"
	onHomeAll = "Region=eu-central-1,Rule=ALL,WebACL=m"
	onHome    = "Region=eu-central-1,Rule=m-rate,WebACL=m"
	onBal     = "LoadBalancer=app/web/50dc"
	onTargets = "LoadBalancer=app/web/50dc,TargetGroup=targetgroup/web/73e2"
	onWriter  = "DBClusterIdentifier=main,Role=WRITER"
	nsALB     = "AWS/ApplicationELB"
	nsCDN     = "AWS/CloudFront"
	nsWAF     = "AWS/WAFV2"
	nsRDS     = "AWS/RDS"
)

// metricTable is every metric of every service, written down from AWS' documentation and not from the rows that it
// is compared with: percentages become ratios, milliseconds seconds, and a minute's part of a reservation by the hour
// the reservation; everything else is recorded as it is published.
var metricTable = []asked{
	{"cloudfront_requests", "edge", "", nsCDN, "Requests", "Sum", onEdge, 1},
	{"cloudfront_bytes_down", "edge", "", nsCDN, "BytesDownloaded", "Sum", onEdge, 1},
	{"cloudfront_bytes_up", "edge", "", nsCDN, "BytesUploaded", "Sum", onEdge, 1},
	{"cloudfront_error_ratio", "edge", "", nsCDN, "5xxErrorRate", "Average", onEdge, 0.01},
	{"cloudfront_client_error_ratio", "edge", "", nsCDN, "4xxErrorRate", "Average", onEdge, 0.01},
	{"cloudfront_hit_ratio", "edge", "", nsCDN, "CacheHitRate", "Average", onEdge, 0.01},
	{"cloudfront_error_401_ratio", "edge", "", nsCDN, "401ErrorRate", "Average", onEdge, 0.01},
	{"cloudfront_error_403_ratio", "edge", "", nsCDN, "403ErrorRate", "Average", onEdge, 0.01},
	{"cloudfront_error_404_ratio", "edge", "", nsCDN, "404ErrorRate", "Average", onEdge, 0.01},
	{"cloudfront_error_502_ratio", "edge", "", nsCDN, "502ErrorRate", "Average", onEdge, 0.01},
	{"cloudfront_error_503_ratio", "edge", "", nsCDN, "503ErrorRate", "Average", onEdge, 0.01},
	{"cloudfront_error_504_ratio", "edge", "", nsCDN, "504ErrorRate", "Average", onEdge, 0.01},
	{"cloudfront_origin_latency_p50_seconds", "edge", "", nsCDN, "OriginLatency", "p50", onEdge, 0.001},
	{"cloudfront_origin_latency_p90_seconds", "edge", "", nsCDN, "OriginLatency", "p90", onEdge, 0.001},
	{"cloudfront_origin_latency_p99_seconds", "edge", "", nsCDN, "OriginLatency", "p99", onEdge, 0.001},

	{"waf_allowed", "edge", "", nsWAF, "AllowedRequests", "Sum", onWall, 1},
	{"waf_blocked", "edge", "", nsWAF, "BlockedRequests", "Sum", onWall, 1},
	{"waf_counted", "edge", "", nsWAF, "CountedRequests", "Sum", onWall, 1},
	{"waf_captcha", "edge", "", nsWAF, "CaptchaRequests", "Sum", onWall, 1},
	{"waf_challenge", "edge", "", nsWAF, "ChallengeRequests", "Sum", onWall, 1},
	{"waf_rule_allowed", "edge", "rate", nsWAF, "AllowedRequests", "Sum", onRule, 1},
	{"waf_rule_blocked", "edge", "rate", nsWAF, "BlockedRequests", "Sum", onRule, 1},
	{"waf_rule_counted", "edge", "rate", nsWAF, "CountedRequests", "Sum", onRule, 1},
	{"waf_rule_captcha", "edge", "rate", nsWAF, "CaptchaRequests", "Sum", onRule, 1},
	{"waf_rule_challenge", "edge", "rate", nsWAF, "ChallengeRequests", "Sum", onRule, 1},

	{"waf_allowed", "home", "", nsWAF, "AllowedRequests", "Sum", onHomeAll, 1},
	{"waf_blocked", "home", "", nsWAF, "BlockedRequests", "Sum", onHomeAll, 1},
	{"waf_counted", "home", "", nsWAF, "CountedRequests", "Sum", onHomeAll, 1},
	{"waf_captcha", "home", "", nsWAF, "CaptchaRequests", "Sum", onHomeAll, 1},
	{"waf_challenge", "home", "", nsWAF, "ChallengeRequests", "Sum", onHomeAll, 1},
	{"waf_rule_allowed", "home", "rate", nsWAF, "AllowedRequests", "Sum", onHome, 1},
	{"waf_rule_blocked", "home", "rate", nsWAF, "BlockedRequests", "Sum", onHome, 1},
	{"waf_rule_counted", "home", "rate", nsWAF, "CountedRequests", "Sum", onHome, 1},
	{"waf_rule_captcha", "home", "rate", nsWAF, "CaptchaRequests", "Sum", onHome, 1},
	{"waf_rule_challenge", "home", "rate", nsWAF, "ChallengeRequests", "Sum", onHome, 1},

	{"alb_requests", "web", "", nsALB, "RequestCount", "Sum", onBal, 1},
	{"alb_elb_5xx", "web", "", nsALB, "HTTPCode_ELB_5XX_Count", "Sum", onBal, 1},
	{"alb_elb_502", "web", "", nsALB, "HTTPCode_ELB_502_Count", "Sum", onBal, 1},
	{"alb_elb_503", "web", "", nsALB, "HTTPCode_ELB_503_Count", "Sum", onBal, 1},
	{"alb_elb_504", "web", "", nsALB, "HTTPCode_ELB_504_Count", "Sum", onBal, 1},
	{"alb_elb_4xx", "web", "", nsALB, "HTTPCode_ELB_4XX_Count", "Sum", onBal, 1},
	{"alb_target_5xx", "web", "", nsALB, "HTTPCode_Target_5XX_Count", "Sum", onBal, 1},
	{"alb_target_4xx", "web", "", nsALB, "HTTPCode_Target_4XX_Count", "Sum", onBal, 1},
	{"alb_latency_p50_seconds", "web", "", nsALB, "TargetResponseTime", "p50", onBal, 1},
	{"alb_latency_p95_seconds", "web", "", nsALB, "TargetResponseTime", "p95", onBal, 1},
	{"alb_latency_p99_seconds", "web", "", nsALB, "TargetResponseTime", "p99", onBal, 1},
	{"alb_rejected_connections", "web", "", nsALB, "RejectedConnectionCount", "Sum", onBal, 1},
	{"alb_active_connections", "web", "", nsALB, "ActiveConnectionCount", "Sum", onBal, 1},
	{"alb_new_connections", "web", "", nsALB, "NewConnectionCount", "Sum", onBal, 1},
	{"alb_target_connection_errors", "web", "", nsALB, "TargetConnectionErrorCount", "Sum", onBal, 1},
	{"alb_lcu", "web", "", nsALB, "ConsumedLCUs", "Sum", onBal, 1},
	{"alb_lcu_peak", "web", "", nsALB, "PeakLCUs", "Sum", onBal, 1},
	{"alb_lcu_reserved", "web", "", nsALB, "ReservedLCUs", "Sum", onBal, 60},
	{"alb_healthy_hosts", "web", "", nsALB, "HealthyHostCount", "Minimum", onTargets, 1},
	{"alb_unhealthy_hosts", "web", "", nsALB, "UnHealthyHostCount", "Minimum", onTargets, 1},
	{"alb_requests_per_target", "web", "", nsALB, "RequestCountPerTarget", "Sum", onTargets, 1},

	{"asg_cpu_ratio", "web", "", "AWS/EC2", "CPUUtilization", "Average", "AutoScalingGroupName=web-asg", 0.01},

	{"aurora_acu", "main", "", nsRDS, "ServerlessDatabaseCapacity", "Maximum", onWriter, 1},
	{"aurora_cpu_ratio", "main", "", nsRDS, "CPUUtilization", "Average", onWriter, 0.01},
	{"aurora_connections", "main", "", nsRDS, "DatabaseConnections", "Maximum", onWriter, 1},
	{"aurora_deadlocks", "main", "", nsRDS, "Deadlocks", "Average", onWriter, 1},
	{"aurora_blocked_transactions", "main", "", nsRDS, "BlockedTransactions", "Average", onWriter, 1},
	{"aurora_commit_latency_seconds", "main", "", nsRDS, "CommitLatency", "Average", onWriter, 0.001},
	{"aurora_select_latency_seconds", "main", "", nsRDS, "SelectLatency", "Average", onWriter, 0.001},
	{"aurora_replica_lag_seconds", "main", "", nsRDS, "AuroraReplicaLagMaximum", "Maximum", "DBClusterIdentifier=main", 0.001},
	{"aurora_queries", "main", "", nsRDS, "Queries", "Average", onWriter, 1},
	{"aurora_freeable_memory_bytes", "main", "", nsRDS, "FreeableMemory", "Minimum", onWriter, 1},
	{"aurora_buffer_hit_ratio", "main", "", nsRDS, "BufferCacheHitRatio", "Average", onWriter, 0.01},
	{"aurora_free_local_storage_bytes", "main", "", nsRDS, "FreeLocalStorage", "Minimum", onWriter, 1},

	{"audience_registrations", "registrations", "", "Shop", "registrations", "Sum", "Site=shop,Stage=live", 1},
	{"audience_visitors", "visitors", "", "Shop", "visitors", "Maximum", "Site=shop,Stage=live", 1},
	{"audience_orders", "orders", "", "Shop", "orders", "Sum", "Site=shop,Stage=live", 1},
	{"audience_attempts", "attempts", "", "Shop", "attempts", "tm90", "Site=shop,Stage=live", 1},
	{"audience_successes", "successes", "", "Shop", "successes", "p99.9", "Site=shop,Stage=live", 1},
}

// oneOfEverything are resources of all services, the custom metrics with the statistics of the table.
func oneOfEverything() []sources.Resource {
	ref := func(service, name, id string) sources.Resource {
		return sources.Resource{Ref: sources.Ref{Service: service, Name: name}, ID: id}
	}
	home := ref("waf", "home", "edge")
	home.Region = "eu-central-1"
	all := []sources.Resource{ref("cloudfront", "edge", "E1"), ref("waf", "edge", "edge"), home, ref("alb", "web", "web"), ref("asg", "web", "web-asg"), ref("aurora", "main", "main")}
	for as, stat := range map[string]string{"registrations": "", "visitors": "Maximum", "orders": "Sum", "attempts": "tm90", "successes": "p99.9"} {
		r := ref("audience", as, "")
		r.Attrs = map[string]string{"namespace": "Shop", "metric": as, "stat": stat, "dimensions": "Stage=live, Site=shop", "as": as}
		all = append(all, r)
	}
	return all
}

// TestMetricTable: the real client asks for every metric as AWS documents it, for nothing else, and tells it in the
// catalogue's unit.
func TestMetricTable(t *testing.T) {
	f := newFakeAWS(t)
	f.answers["GET /2020-05-31/distribution/E1"] = distributionXML
	f.answers["GET /2020-05-31/distributions/E1/monitoring-subscription"] = subscription("Enabled")
	f.answers["ListWebACLs"] = `{"WebACLs":[{"Name":"edge","Id":"1","ARN":"a"}]}`
	f.answers["GetWebACL"] = aclJSON(ruleJSON("rate", `"Action":{"Block":{}}`))
	f.answers["DescribeLoadBalancers"] = `<DescribeLoadBalancersResponse><DescribeLoadBalancersResult><LoadBalancers><member><LoadBalancerArn>arn:aws:elasticloadbalancing:eu-central-1:1:loadbalancer/app/web/50dc</LoadBalancerArn></member></LoadBalancers></DescribeLoadBalancersResult></DescribeLoadBalancersResponse>`
	f.answers["DescribeTargetGroups"] = `<DescribeTargetGroupsResponse><DescribeTargetGroupsResult><TargetGroups><member><TargetGroupArn>arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/web/73e2</TargetGroupArn></member></TargetGroups></DescribeTargetGroupsResult></DescribeTargetGroupsResponse>`
	f.answers["DescribeTargetHealth"] = `<DescribeTargetHealthResponse><DescribeTargetHealthResult/></DescribeTargetHealthResponse>`
	var mu sync.Mutex
	values := map[string]float64{} // by what was asked: each has its own
	f.data = func(q dataQuery, _ int) []dataResult {
		mu.Lock()
		defer mu.Unlock()
		question := q.MetricStat.Metric.String() + " " + q.MetricStat.Stat
		if values[question] == 0 {
			values[question] = float64(len(values) + 1)
		}
		return []dataResult{points(q.Id, epoch.Truncate(time.Minute).Add(-time.Minute), values[question])}
	}
	r := openAt(t, f.URL, oneOfEverything()...)
	told := map[sources.Series]float64{}
	for _, s := range r.Sources() {
		if !strings.HasPrefix(s.Name(), "cloudwatch") {
			continue
		}
		unlimited(s)
		for _, x := range poll(t, s, epoch).Samples {
			if !x.None {
				told[x.Series] = x.Value
			}
		}
	}
	rows := map[string]bool{}
	for _, want := range metricTable {
		rows[want.metric] = true
		question := fmt.Sprintf("%s %s %s %s", want.namespace, want.name, want.dimensions, want.stat)
		value, isAsked := values[question]
		got, isTold := told[sources.Series{Metric: want.metric, Resource: want.resource, Label: want.label}]
		if !isAsked || !isTold || !near(got, value*want.scale) {
			t.Errorf("%s of %s: %s is asked for (%v) and told as %v (%v), want %v", want.metric, want.resource, question, isAsked, got, isTold, value*want.scale)
		}
	}
	if len(values) != len(metricTable) || len(told) != len(metricTable) {
		t.Errorf("%d questions, %d series and %d lines in the table", len(values), len(told), len(metricTable))
	}
	for _, service := range table {
		for _, m := range service.metrics {
			if !rows[m.name] {
				t.Errorf("%s has no line in the table", m.name)
			}
		}
	}
}
