package sources

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Services are the services of the catalogue in the order of the request path: who arrives, what they
// pass through, what hangs off it, and last the room that watches.
var Services = []string{"launch", "audience", "probe", "cloudfront", "waf", "alb", "asg", "aurora", "room", "source"}

// The prefixes make, of the name of any metric that is measured, recorded or derived, the name of another: how
// surprising its series are, and what they were in an earlier launch.
const (
	SurprisePrefix = "surprise:"
	PreviousPrefix = "previous:"
)

// Prefixes are all of them.
var Prefixes = []string{SurprisePrefix, PreviousPrefix}

// Lookup finds a metric of the catalogue by its name. Names with a prefix are none of the table's lines.
func Lookup(name string) (Metric, bool) {
	if m, ok := catalogue[name]; ok {
		return m, true
	}
	for _, prefix := range Prefixes {
		if of, found := strings.CutPrefix(name, prefix); found {
			m, ok := catalogue[of]
			return m.prefixed(prefix), ok && m.Measured()
		}
	}
	return Metric{}, false
}

// Measured tells whether the metric says something of the site, not of the room and its launch.
func (m Metric) Measured() bool { return m.Service != "launch" && m.Service != "room" }

// prefixed is the metric that a prefix makes of m. It is derived: its formula is the metric that it is of.
func (m Metric) prefixed(prefix string) Metric {
	made := m
	made.Name, made.Formula, made.Gap, made.Single = prefix+m.Name, m.Name, Undefined, false
	if prefix == SurprisePrefix {
		made.Unit, made.Worse = Score, HigherIsWorse
		made.Help = "How far beyond its own past the series is, 0 to 100; at 1 and above it would page."
	} else {
		made.Help = "What it was in the earlier launch at the same time against T0."
	}
	return made
}

// Metrics are all metrics of the catalogue, sorted by name. The slice is the caller's own.
func Metrics() []Metric {
	all := make([]Metric, 0, len(catalogue))
	for _, m := range catalogue {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b Metric) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// MetricNames are the names of all metrics of the catalogue, sorted.
func MetricNames() []string { return slices.Sorted(maps.Keys(catalogue)) }

// Made tells whether the metric is made on reading of every recording, from its launch and its other series.
func (m Metric) Made() bool { return m.Service == "launch" || m.Name == "series_age_seconds" }

// Inputs are the names of the metrics that a derived metric's formula reads, each once, in the formula's
// order; nil for a raw metric.
func (m Metric) Inputs() []string {
	var inputs []string
	for _, word := range words(m.Formula) {
		if _, known := catalogue[word]; known && !slices.Contains(inputs, word) {
			inputs = append(inputs, word)
		}
	}
	return inputs
}

// words are the identifiers of a formula: metric names, functions and keywords alike.
func words(formula string) []string {
	return strings.FieldsFunc(formula, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// catalogue is the table by name. It is filled once and never written to again.
var catalogue = index(table)

func index(groups []group) map[string]Metric {
	byName := map[string]Metric{}
	for _, g := range groups {
		for _, l := range g.lines {
			byName[l.name] = Metric{
				Name: l.name, Service: g.service, Unit: l.unit, Worse: l.worse, Gap: l.gap, Period: minute,
				Settle: g.settle, Label: g.label, Single: g.single, Formula: l.formula, Help: l.help,
			}
		}
	}
	for name, m := range byName {
		if m.Derived() {
			m.Settle = slowest(byName, m.Formula)
			byName[name] = m
		}
	}
	return byName
}

// slowest is the settle time of a formula: a derived value may be revised for as long as any of its
// inputs may. It follows formulas over formulas, which the catalogue's test proves to be free of circles.
func slowest(byName map[string]Metric, formula string) time.Duration {
	var settle time.Duration
	for _, word := range words(formula) {
		if m, ok := byName[word]; ok && m.Derived() {
			settle = max(settle, slowest(byName, m.Formula))
		} else if ok {
			settle = max(settle, m.Settle)
		}
	}
	return settle
}

// group is metrics of one service that come by the same way, and so share how late and how long revised
// they are.
type group struct {
	service string
	settle  time.Duration // counted from the end of the period; a derived line takes its inputs'
	label   string        // the one further label that all of them bear, or ""
	single  bool          // a resource gives one of them only
	lines   []line
}

// line is one metric. Its columns are those of Metric; gap, the meaning of silence, always stands.
type line struct {
	name    string
	unit    Unit
	worse   Direction
	gap     Gap
	formula string
	help    string
}

// Settle times, from the end of the period. AWS gives no promise; these are what public issue reports
// observed, rounded up (a CloudFront minute grows for about two minutes, an ALB minute is volatile for
// two, RDS arrives two to three late).
const (
	minute        = time.Minute
	atOnce        = 0 // we read or made it ourselves; nobody will revise it
	cloudwatchEC2 = 120 * time.Second
	cloudwatchALB = 120 * time.Second
	cloudwatchWAF = 120 * time.Second
	cloudwatchCDN = 180 * time.Second
	cloudwatchRDS = 180 * time.Second
	customMetric  = 120 * time.Second
)

// table is the whole vocabulary of numbers. Adding a service is its name in Services and its lines here.
// What CloudWatch publishes in percent or milliseconds is recorded as ratio or seconds. Counts are per
// minute.
var table = []group{
	{service: "launch", settle: atOnce, lines: []line{
		{"launch_seconds", Seconds, Neutral, Unknown, "", "Time since T0, negative before it: made by the room from the launch's T0."},
	}},
	{service: "launch", settle: atOnce, label: "phase", lines: []line{
		{"launch_phase", Flag, Neutral, Unknown, "", "1 for the phase that the launch is in: made by the room from the launch's phases."},
	}},
	{service: "launch", settle: atOnce, label: "kind", lines: []line{
		{"mark_active", Flag, Neutral, Unknown, "", "1 while a mark of this kind holds, 0 otherwise: made by the room from the launch's marks, and for deploy and scale from the changes that were seen."},
	}},

	{service: "audience", settle: customMetric, single: true, lines: []line{
		{"audience_registrations", Count, Neutral, Zero, "", "Registrations completed: custom CloudWatch metric named in the config, Sum."},
		{"audience_visitors", Count, Neutral, Zero, "", "Visitors: custom CloudWatch metric named in the config, Sum."},
		{"audience_orders", Count, Neutral, Zero, "", "Orders placed: custom CloudWatch metric named in the config, Sum."},
		{"audience_attempts", Count, Neutral, Zero, "", "Attempts to do what the launch is for: custom CloudWatch metric named in the config, Sum."},
		{"audience_successes", Count, Neutral, Zero, "", "Attempts that succeeded: custom CloudWatch metric named in the config, Sum."},
		{"audience_success_ratio", Ratio, LowerIsWorse, Undefined, "audience_successes / audience_attempts or audience_successes / ignoring(resource) group_left() (sum without(resource) (audience_attempts) and on() count(audience_attempts) == 1)", "Share of the attempts that succeeded: of those under the same name, or of the only attempts there are."},
	}},

	{service: "probe", settle: atOnce, lines: []line{
		{"probe_up", Flag, LowerIsWorse, Unknown, "", "1 when the page answered as it should, 0 when it did not: one request from the room's own place each minute."},
		{"probe_status", Level, Neutral, Undefined, "", "HTTP status of the answer: the probe's request."},
		{"probe_dns_seconds", Seconds, HigherIsWorse, Undefined, "", "Time to resolve the name: the probe's request."},
		{"probe_connect_seconds", Seconds, HigherIsWorse, Undefined, "", "Time to connect: the probe's request."},
		{"probe_tls_seconds", Seconds, HigherIsWorse, Undefined, "", "Time to agree on TLS: the probe's request."},
		{"probe_ttfb_seconds", Seconds, HigherIsWorse, Undefined, "", "Time from the beginning of the request to the first byte of the answer: the probe's request."},
		{"probe_total_seconds", Seconds, HigherIsWorse, Undefined, "", "Time from the beginning of the request to the last byte of the answer: the probe's request."},
		{"probe_cert_days", Days, LowerIsWorse, Undefined, "", "Days until the certificate that was shown expires: the probe's request."},
	}},

	{service: "cloudfront", settle: cloudwatchCDN, lines: []line{
		{"cloudfront_requests", Count, Neutral, Unknown, "", "Requests of viewers: AWS/CloudFront Requests, Sum."},
		{"cloudfront_bytes_down", Bytes, Neutral, Unknown, "", "Bytes sent to viewers: AWS/CloudFront BytesDownloaded, Sum."},
		{"cloudfront_bytes_up", Bytes, Neutral, Unknown, "", "Bytes received from viewers: AWS/CloudFront BytesUploaded, Sum."},
		{"cloudfront_hit_ratio", Ratio, LowerIsWorse, Undefined, "", "Share of cacheable requests served from the cache: AWS/CloudFront CacheHitRate, Average (additional metric)."},
		{"cloudfront_error_ratio", Ratio, HigherIsWorse, Undefined, "", "Share of responses that are 5xx: AWS/CloudFront 5xxErrorRate, Average."},
		{"cloudfront_client_error_ratio", Ratio, HigherIsWorse, Undefined, "", "Share of responses that are 4xx: AWS/CloudFront 4xxErrorRate, Average."},
		{"cloudfront_error_401_ratio", Ratio, HigherIsWorse, Undefined, "", "Share of responses that are 401: AWS/CloudFront 401ErrorRate, Average (additional metric)."},
		{"cloudfront_error_403_ratio", Ratio, HigherIsWorse, Undefined, "", "Share of responses that are 403, also WAF's: AWS/CloudFront 403ErrorRate, Average (additional metric)."},
		{"cloudfront_error_404_ratio", Ratio, HigherIsWorse, Undefined, "", "Share of responses that are 404: AWS/CloudFront 404ErrorRate, Average (additional metric)."},
		{"cloudfront_error_502_ratio", Ratio, HigherIsWorse, Undefined, "", "Share of responses that are 502, TLS or DNS to the origin: AWS/CloudFront 502ErrorRate, Average (additional metric)."},
		{"cloudfront_error_503_ratio", Ratio, HigherIsWorse, Undefined, "", "Share of responses that are 503, no capacity: AWS/CloudFront 503ErrorRate, Average (additional metric)."},
		{"cloudfront_error_504_ratio", Ratio, HigherIsWorse, Undefined, "", "Share of responses that are 504, the origin too slow: AWS/CloudFront 504ErrorRate, Average (additional metric)."},
		{"cloudfront_origin_latency_p50_seconds", Seconds, HigherIsWorse, Undefined, "", "Time to the origin's first byte, median: AWS/CloudFront OriginLatency, p50 (additional metric)."},
		{"cloudfront_origin_latency_p90_seconds", Seconds, HigherIsWorse, Undefined, "", "Time to the origin's first byte, 90th percentile: AWS/CloudFront OriginLatency, p90 (additional metric)."},
		{"cloudfront_origin_latency_p99_seconds", Seconds, HigherIsWorse, Undefined, "", "Time to the origin's first byte, 99th percentile: AWS/CloudFront OriginLatency, p99 (additional metric)."},
		{"cloudfront_origin_requests", Count, HigherIsWorse, Undefined, "cloudfront_requests * (1 - cloudfront_hit_ratio)", "Requests that the cache did not answer, an estimate: the hit ratio leaves out POST and PUT."},
		{"cloudfront_requests_per_second", PerSecond, Neutral, Unknown, "cloudfront_requests / 60", "Requests of viewers each second."},
	}},

	{service: "waf", settle: cloudwatchWAF, lines: []line{
		{"waf_allowed", Count, Neutral, Zero, "", "Requests let through: AWS/WAFV2 AllowedRequests of Rule=ALL, Sum."},
		{"waf_blocked", Count, HigherIsWorse, Zero, "", "Requests turned away: AWS/WAFV2 BlockedRequests of Rule=ALL, Sum."},
		{"waf_counted", Count, Neutral, Zero, "", "Requests that matched a rule in count mode: AWS/WAFV2 CountedRequests of Rule=ALL, Sum."},
		{"waf_captcha", Count, HigherIsWorse, Zero, "", "Requests answered with a puzzle: AWS/WAFV2 CaptchaRequests of Rule=ALL, Sum."},
		{"waf_challenge", Count, HigherIsWorse, Zero, "", "Requests answered with a silent challenge: AWS/WAFV2 ChallengeRequests of Rule=ALL, Sum."},
		{"waf_blocked_ratio", Ratio, HigherIsWorse, Undefined, "waf_blocked / (waf_allowed + waf_blocked)", "Share of the judged requests that were turned away."},
		{"waf_requests_per_second", PerSecond, Neutral, Unknown, "(waf_allowed + waf_blocked) / 60", "Requests let through or turned away each second."},
	}},
	{service: "waf", settle: cloudwatchWAF, label: "rule", lines: []line{
		{"waf_rule_allowed", Count, Neutral, Zero, "", "Requests that this rule let through: AWS/WAFV2 AllowedRequests by Rule, Sum."},
		{"waf_rule_blocked", Count, HigherIsWorse, Zero, "", "Requests that this rule turned away: AWS/WAFV2 BlockedRequests by Rule, Sum."},
		{"waf_rule_counted", Count, Neutral, Zero, "", "Requests that this rule matched in count mode: AWS/WAFV2 CountedRequests by Rule, Sum."},
		{"waf_rule_captcha", Count, HigherIsWorse, Zero, "", "Requests that this rule answered with a puzzle: AWS/WAFV2 CaptchaRequests by Rule, Sum."},
		{"waf_rule_challenge", Count, HigherIsWorse, Zero, "", "Requests that this rule answered with a silent challenge: AWS/WAFV2 ChallengeRequests by Rule, Sum."},
	}},

	{service: "alb", settle: cloudwatchALB, lines: []line{
		{"alb_requests", Count, Neutral, Unknown, "", "Requests that got a target: AWS/ApplicationELB RequestCount, Sum."},
		{"alb_elb_5xx", Count, HigherIsWorse, Zero, "", "5xx made by the load balancer itself: AWS/ApplicationELB HTTPCode_ELB_5XX_Count, Sum."},
		{"alb_elb_502", Count, HigherIsWorse, Zero, "", "502, a target closed the connection: AWS/ApplicationELB HTTPCode_ELB_502_Count, Sum."},
		{"alb_elb_503", Count, HigherIsWorse, Zero, "", "503, no target could take the request: AWS/ApplicationELB HTTPCode_ELB_503_Count, Sum."},
		{"alb_elb_504", Count, HigherIsWorse, Zero, "", "504, a target was too slow: AWS/ApplicationELB HTTPCode_ELB_504_Count, Sum."},
		{"alb_target_5xx", Count, HigherIsWorse, Zero, "", "5xx answered by targets: AWS/ApplicationELB HTTPCode_Target_5XX_Count, Sum."},
		{"alb_elb_4xx", Count, HigherIsWorse, Zero, "", "4xx made by the load balancer itself: AWS/ApplicationELB HTTPCode_ELB_4XX_Count, Sum."},
		{"alb_target_4xx", Count, HigherIsWorse, Zero, "", "4xx answered by targets: AWS/ApplicationELB HTTPCode_Target_4XX_Count, Sum."},
		{"alb_latency_p50_seconds", Seconds, HigherIsWorse, Undefined, "", "Time until a target answered, median: AWS/ApplicationELB TargetResponseTime, p50."},
		{"alb_latency_p95_seconds", Seconds, HigherIsWorse, Undefined, "", "Time until a target answered, 95th percentile: AWS/ApplicationELB TargetResponseTime, p95."},
		{"alb_latency_p99_seconds", Seconds, HigherIsWorse, Undefined, "", "Time until a target answered, 99th percentile: AWS/ApplicationELB TargetResponseTime, p99."},
		{"alb_rejected_connections", Count, HigherIsWorse, Zero, "", "Connections refused at the load balancer's own limit: AWS/ApplicationELB RejectedConnectionCount, Sum."},
		{"alb_active_connections", Count, Neutral, Zero, "", "Connections open in the minute, clients' and targets': AWS/ApplicationELB ActiveConnectionCount, Sum."},
		{"alb_new_connections", Count, Neutral, Zero, "", "Connections opened, clients' and targets': AWS/ApplicationELB NewConnectionCount, Sum."},
		{"alb_target_connection_errors", Count, HigherIsWorse, Zero, "", "Connections to targets that failed: AWS/ApplicationELB TargetConnectionErrorCount, Sum."},
		{"alb_healthy_hosts", Level, LowerIsWorse, Unknown, "", "Targets that pass their health check: AWS/ApplicationELB HealthyHostCount, Minimum, summed over the target groups."},
		{"alb_unhealthy_hosts", Level, HigherIsWorse, Unknown, "", "Targets that fail their health check: AWS/ApplicationELB UnHealthyHostCount, Minimum, summed over the target groups."},
		{"alb_requests_per_target", Count, HigherIsWorse, Undefined, "", "Requests for each target: AWS/ApplicationELB RequestCountPerTarget, Sum (an average by its nature)."},
		{"alb_lcu", Level, Neutral, Unknown, "", "Capacity units billed: AWS/ApplicationELB ConsumedLCUs, Sum."},
		{"alb_lcu_peak", Level, HigherIsWorse, Unknown, "", "Capacity units needed at the minute's peak: AWS/ApplicationELB PeakLCUs, Sum."},
		{"alb_lcu_reserved", Level, Neutral, Zero, "", "Capacity units reserved: AWS/ApplicationELB ReservedLCUs, Sum, of which each minute bears a sixtieth; published with a reservation only."},
		{"alb_error_ratio", Ratio, HigherIsWorse, Undefined, "(alb_elb_5xx + alb_target_5xx) / ((alb_requests or 0 * alb_elb_5xx) + alb_elb_5xx)", "Share of all requests answered with 5xx; alb_requests lacks those that found no target, and is silent when none did."},
		{"alb_client_error_ratio", Ratio, HigherIsWorse, Undefined, "(alb_elb_4xx + alb_target_4xx) / ((alb_requests or 0 * alb_elb_4xx) + alb_elb_4xx)", "Share of all requests answered with 4xx; alb_requests lacks those refused before a target was chosen."},
		{"alb_requests_per_second", PerSecond, Neutral, Unknown, "alb_requests / 60", "Requests that got a target, each second."},
		{"alb_healthy_ratio", Ratio, LowerIsWorse, Undefined, "alb_healthy_hosts / (alb_healthy_hosts + alb_unhealthy_hosts)", "Share of the registered targets that pass their health check."},
	}},

	{service: "asg", settle: atOnce, lines: []line{
		{"asg_desired", Level, Neutral, Unknown, "", "Instances wanted: DescribeAutoScalingGroups DesiredCapacity."},
		{"asg_in_service", Level, LowerIsWorse, Unknown, "", "Instances in service: DescribeAutoScalingGroups, LifecycleState InService."},
		{"asg_pending", Level, Neutral, Unknown, "", "Instances starting: DescribeAutoScalingGroups, LifecycleState Pending."},
		{"asg_terminating", Level, Neutral, Unknown, "", "Instances going: DescribeAutoScalingGroups, LifecycleState Terminating."},
		{"asg_min", Level, Neutral, Unknown, "", "Fewest instances allowed: DescribeAutoScalingGroups MinSize."},
		{"asg_max", Level, Neutral, Unknown, "", "Most instances allowed, the group's ceiling: DescribeAutoScalingGroups MaxSize."},
		{"asg_used_ratio", Ratio, HigherIsWorse, Undefined, "asg_desired / asg_max", "Share of the group's ceiling that is wanted; at 1 the group cannot grow."},
	}},
	{service: "asg", settle: cloudwatchEC2, lines: []line{
		{"asg_cpu_ratio", Ratio, HigherIsWorse, Unknown, "", "Processor use, average of the group: AWS/EC2 CPUUtilization by AutoScalingGroupName, Average."},
	}},

	{service: "aurora", settle: cloudwatchRDS, lines: []line{
		{"aurora_acu", Level, Neutral, Unknown, "", "Capacity units of the writer: AWS/RDS ServerlessDatabaseCapacity, Maximum (Serverless v2 only)."},
		{"aurora_cpu_ratio", Ratio, HigherIsWorse, Unknown, "", "Processor use of the writer, of that at the highest ACU on Serverless v2: AWS/RDS CPUUtilization, Average."},
		{"aurora_connections", Level, HigherIsWorse, Unknown, "", "Connections open on the writer: AWS/RDS DatabaseConnections, Maximum."},
		{"aurora_deadlocks", PerSecond, HigherIsWorse, Unknown, "", "Deadlocks each second: AWS/RDS Deadlocks, Average."},
		{"aurora_blocked_transactions", PerSecond, HigherIsWorse, Unknown, "", "Transactions blocked each second, MySQL only: AWS/RDS BlockedTransactions, Average."},
		{"aurora_commit_latency_seconds", Seconds, HigherIsWorse, Undefined, "", "Time a commit takes: AWS/RDS CommitLatency, Average."},
		{"aurora_select_latency_seconds", Seconds, HigherIsWorse, Undefined, "", "Time a select takes, MySQL only: AWS/RDS SelectLatency, Average."},
		{"aurora_replica_lag_seconds", Seconds, HigherIsWorse, Undefined, "", "How far the slowest reader is behind, none without readers: AWS/RDS AuroraReplicaLagMaximum, Maximum."},
		{"aurora_queries", PerSecond, Neutral, Unknown, "", "Queries each second: AWS/RDS Queries, Average."},
		{"aurora_freeable_memory_bytes", Bytes, LowerIsWorse, Unknown, "", "Memory still free, of that at the highest ACU on Serverless v2: AWS/RDS FreeableMemory, Minimum."},
		{"aurora_buffer_hit_ratio", Ratio, LowerIsWorse, Unknown, "", "Share of page reads answered from memory: AWS/RDS BufferCacheHitRatio, Average."},
		{"aurora_free_local_storage_bytes", Bytes, LowerIsWorse, Unknown, "", "Room left for temporary data, provisioned only: AWS/RDS FreeLocalStorage, Minimum."},
		{"aurora_acu_used_ratio", Ratio, HigherIsWorse, Undefined, "aurora_acu / aurora_acu_max", "Share of the highest ACU in use; at 1 the database cannot grow (Serverless v2 only)."},
		{"aurora_connections_used_ratio", Ratio, HigherIsWorse, Undefined, "aurora_connections / aurora_connections_max", "Share of the allowed connections in use."},
	}},
	{service: "aurora", settle: atOnce, lines: []line{
		{"aurora_acu_min", Level, Neutral, Unknown, "", "Fewest capacity units of an instance: DescribeDBClusters MinCapacity (Serverless v2 only)."},
		{"aurora_acu_max", Level, Neutral, Unknown, "", "Most capacity units of an instance, its ceiling: DescribeDBClusters MaxCapacity (Serverless v2 only)."},
		{"aurora_connections_max", Level, Neutral, Unknown, "", "Connections allowed, max_connections: from the config or the highest ACU; static until a restart."},
	}},

	{service: "room", settle: atOnce, lines: []line{
		{"room_api_budget_ratio", Ratio, HigherIsWorse, Unknown, "", "Share of the allowance of API calls in use, of the operation that is nearest to it; from 1 on calls wait: counted by the room."},
		{"room_api_calls", Count, Neutral, Unknown, "", "API calls made: counted by the room."},
		{"room_cost_dollars_per_hour", Dollars, HigherIsWorse, Unknown, "", "What the room's API calls cost at the present pace: counted by the room at CloudWatch's list price."},
		{"room_poll_seconds", Seconds, HigherIsWorse, Unknown, "", "Time the last poll took, on the machine's clock: measured by the room."},
	}},

	{service: "source", settle: atOnce, lines: []line{
		{"source_up", Flag, LowerIsWorse, Unknown, "", "1 while the source answers, 0 while it fails: made by the room; its resource is the source's name."},
	}},
	{service: "source", settle: atOnce, label: "metric", lines: []line{
		{"series_age_seconds", Seconds, HigherIsWorse, Unknown, "", "Time since the newest settled period of the series ended: made by the room on reading."},
	}},
}
