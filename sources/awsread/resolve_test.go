package awsread

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"warroom/sources"
)

const distributionXML = `<Distribution><Id>E1</Id><Status>Deployed</Status><LastModifiedTime>2026-03-01T18:50:00Z</LastModifiedTime><DomainName>d1.cloudfront.net</DomainName>
<DistributionConfig><Enabled>true</Enabled><DefaultCacheBehavior><TargetOriginId>live</TargetOriginId></DefaultCacheBehavior></DistributionConfig></Distribution>`

func subscription(status string) string {
	return `<MonitoringSubscription><RealtimeMetricsSubscriptionConfig><RealtimeMetricsSubscriptionStatus>` + status + `</RealtimeMetricsSubscriptionStatus></RealtimeMetricsSubscriptionConfig></MonitoringSubscription>`
}

// TestNotFound: for each way in which a metric may be missing, the words name the likely cause.
func TestNotFound(t *testing.T) {
	cdn := sources.Resource{Ref: sources.Ref{Service: "cloudfront", Name: "edge"}, ID: "E1"}
	fleet := sources.Resource{Ref: sources.Ref{Service: "asg", Name: "web"}, ID: "web-asg"}
	balancer := sources.Resource{Ref: sources.Ref{Service: "alb", Name: "web"}, ID: "app/web/50dc"}
	main := sources.Resource{Ref: sources.Ref{Service: "aurora", Name: "main"}, ID: "main"}
	tests := map[string]struct {
		resource     sources.Resource
		subscription string
		listed       []listedMetric
		metric       string
		words        []string
	}{
		"additional metrics off": {
			cdn, subscription("Disabled"), []listedMetric{metricAt("AWS/CloudFront", "Requests", "DistributionId", "E1", "Region", "Global")},
			"cloudfront_hit_ratio", []string{"CacheHitRate", "additional metrics are not enabled", "create-monitoring-subscription", "E1"},
		},
		"additional metrics on, nobody came": {
			cdn, subscription("Enabled"), []listedMetric{metricAt("AWS/CloudFront", "Requests", "DistributionId", "E1", "Region", "Global")},
			"cloudfront_hit_ratio", []string{"never published", "appears when viewers come"},
		},
		"wrong distribution": {
			cdn, subscription("Enabled"), []listedMetric{metricAt("AWS/CloudFront", "Requests", "DistributionId", "E2", "Region", "Global")},
			"cloudfront_requests", []string{"nothing is published for DistributionId=E1 in us-east-1", "there are E2", "check the id"},
		},
		"wrong dimensions": {
			cdn, subscription("Enabled"), []listedMetric{metricAt("AWS/CloudFront", "Requests", "DistributionId", "E1")},
			"cloudfront_requests", []string{"wrong dimensions {DistributionId=E1,Region=Global}", "published for {DistributionId=E1}"},
		},
		"nothing in the namespace": {
			balancer, "", nil,
			"alb_requests", []string{"nothing of AWS/ApplicationELB is published in eu-central-1", "wrong region or account"},
		},
		"needs traffic": {
			balancer, "", []listedMetric{metricAt("AWS/ApplicationELB", "NewConnectionCount", "LoadBalancer", "app/web/50dc")},
			"alb_latency_p95_seconds", []string{"TargetResponseTime", "never published", "only while requests flow"},
		},
		"sparse metric of an unknown balancer": {
			balancer, "", []listedMetric{metricAt("AWS/ApplicationELB", "RequestCount", "LoadBalancer", "app/web/9999"), metricAt("AWS/ApplicationELB", "RequestCount", "LoadBalancer", "app/api/1")},
			"alb_elb_5xx", []string{"nothing is published for LoadBalancer=app/web/50dc", "app/web/9999"},
		},
		"group without instances": {
			fleet, "", []listedMetric{metricAt("AWS/EC2", "CPUUtilization", "AutoScalingGroupName", "other")},
			"asg_cpu_ratio", []string{"AutoScalingGroupName=web-asg", "other"},
		},
		"no writer by that name": {
			main, "", []listedMetric{metricAt("AWS/RDS", "CPUUtilization", "DBClusterIdentifier", "main")},
			"aurora_cpu_ratio", []string{"wrong dimensions {DBClusterIdentifier=main,Role=WRITER}", "{DBClusterIdentifier=main}"},
		},
		"custom metric misspelt": {
			counter("shop", "Registratons"), "", []listedMetric{metricAt("Shop", "Registrations", "Site", "shop"), metricAt("Shop", "Visitors", "Site", "shop")},
			"audience_registrations", []string{"no such metric in eu-central-1", "there are Registrations"},
		},
		"custom metric with other dimensions": {
			counter("shop", "Registrations"), "", []listedMetric{metricAt("Shop", "Registrations", "Site", "other")},
			"audience_registrations", []string{"wrong dimensions {Site=shop}", "{Site=other}"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFakeAWS(t)
			f.listed = tt.listed
			f.answers["GET /2020-05-31/distribution/E1"] = distributionXML
			f.answers["GET /2020-05-31/distributions/E1/monitoring-subscription"] = tt.subscription
			f.data = func(q dataQuery, _ int) []dataResult { return []dataResult{points(q.Id, epoch)} }
			r := openAt(t, f.URL, tt.resource)
			var metrics sources.Source
			for _, s := range r.Sources() {
				if strings.HasPrefix(s.Name(), "cloudwatch") {
					metrics = s
				}
			}
			got := poll(t, metrics, epoch)
			series := sources.Series{Metric: tt.metric, Resource: tt.resource.Name}
			trouble := troubleOf(series, got)
			if trouble.Kind != sources.NotFound {
				t.Fatalf("%s is said to be %q", series, trouble)
			}
			for _, w := range tt.words {
				if !strings.Contains(trouble.Text, w) {
					t.Errorf("%q does not say %q", trouble.Text, w)
				}
			}
			if m, _ := sources.Lookup(tt.metric); m.Gap != sources.Zero && len(values(got, series)) > 0 {
				t.Errorf("told %v of what does not exist", values(got, series))
			}
		})
	}
}

// TestSparseMetricOfKnownResource: what has never happened is zero, not missing, where the resource's other
// metrics are there.
func TestSparseMetricOfKnownResource(t *testing.T) {
	f := newFakeAWS(t)
	f.listed = []listedMetric{metricAt("AWS/ApplicationELB", "RequestCount", "LoadBalancer", "app/web/50dc")}
	f.data = func(q dataQuery, _ int) []dataResult { return []dataResult{points(q.Id, epoch)} }
	s := source(t, openAt(t, f.URL, sources.Resource{Ref: sources.Ref{Service: "alb", Name: "web"}, ID: "app/web/50dc"}), "cloudwatch eu-central-1")
	r := poll(t, s, epoch)
	series := sources.Series{Metric: "alb_elb_5xx", Resource: "web"}
	if got := troubleOf(series, r); !got.None() {
		t.Errorf("%s is said to be %q", series, got)
	}
	if got := values(r, series); len(got) == 0 || got["18:50"] != -1 {
		t.Errorf("asked and nothing there is not told: %v", got)
	}
}

// TestRuleThatNeverMatched: a rule of a known web ACL has nothing listed until it matches for the first time.
func TestRuleThatNeverMatched(t *testing.T) {
	sets := []string{"Rule=ALL,WebACL=edge"}
	l := listed{"BlockedRequests": sets}
	if !l.knows("Rule=rate,WebACL=edge") || l.knows("Region=eu-central-1,Rule=rate,WebACL=edge") || l.knows("WebACL=edge") {
		t.Error("dimension sets are told apart by the names in them")
	}
}

// TestManyResourcesAreResolvedInTurn: values are not kept waiting by the looking, which goes on from poll to
// poll; until it is done nothing is said of what is silent.
func TestManyResourcesAreResolvedInTurn(t *testing.T) {
	f := newFakeAWS(t)
	minute := epoch.Truncate(time.Minute)
	var all []sources.Resource
	for i := range 3 * listingsAtOnce {
		all = append(all, sources.Resource{Ref: sources.Ref{Service: "asg", Name: fmt.Sprintf("g%02d", i)}, ID: fmt.Sprintf("group-%02d", i)})
	}
	f.listed = []listedMetric{metricAt("AWS/EC2", "CPUUtilization", "AutoScalingGroupName", "group-00")}
	f.data = func(q dataQuery, _ int) []dataResult { return []dataResult{points(q.Id, minute)} }
	s := source(t, openAt(t, f.URL, all...), "cloudwatch eu-central-1")
	unlimited(s)
	var readings []sources.Reading
	for i := range 3 {
		before := f.count("ListMetrics")
		readings = append(readings, poll(t, s, epoch.Add(time.Duration(i)*time.Minute)))
		if n := f.count("ListMetrics") - before; n > listingsAtOnce+1 {
			t.Errorf("poll %d asked for %d listings", i, n)
		}
	}
	missing := 0
	for _, r := range all {
		series := sources.Series{Metric: "asg_cpu_ratio", Resource: r.Name}
		if troubleOf(series, readings...).Kind == sources.NotFound {
			missing++
			for _, reading := range readings {
				if got := values(reading, series); len(got) > 0 {
					t.Errorf("%s does not exist and was told as %v", series, got)
				}
			}
		}
	}
	if missing != len(all)-1 {
		t.Errorf("%d series are missing, want %d", missing, len(all)-1)
	}
}

// TestOneListingFails: what a listing fails at keeps nobody from what the others of the same poll found, is told, and
// is made up for when the listing is answered.
func TestOneListingFails(t *testing.T) {
	f := newFakeAWS(t)
	var all []sources.Resource
	for i := range 5 {
		all = append(all, sources.Resource{Ref: sources.Ref{Service: "asg", Name: fmt.Sprintf("g%02d", i)}, ID: fmt.Sprintf("group-%02d", i)})
	}
	f.listed = []listedMetric{metricAt("AWS/EC2", "CPUUtilization", "AutoScalingGroupName", "group-04")}
	f.data = func(q dataQuery, _ int) []dataResult { return []dataResult{points(q.Id, epoch)} }
	down := true
	f.lists = func(in listInput) *apiError {
		if down && len(in.Dimensions) == 1 && in.Dimensions[0].Value == "group-02" {
			return outage
		}
		return nil
	}
	s := source(t, openAt(t, f.URL, all...), "cloudwatch eu-central-1")
	unlimited(s)
	told := []sources.Reading{poll(t, s, epoch)}
	of := func(i int) sources.TroubleKind {
		return troubleOf(sources.Series{Metric: "asg_cpu_ratio", Resource: all[i].Name}, told...).Kind
	}
	want := []sources.TroubleKind{sources.NotFound, sources.NotFound, "", sources.NotFound, ""}
	for i := range all {
		if of(i) != want[i] {
			t.Errorf("%s is said to be %q, want %q", all[i].Name, of(i), want[i])
		}
	}
	room := sources.Ref{Service: sources.RoomService, Name: s.Name()}
	if got, _ := factOf(room, "listing", told...); !strings.Contains(got, "CloudWatch ListMetrics: InternalServiceFault") {
		t.Errorf("the room says %q of listing", got)
	}
	if got := values(told[0], sources.Series{Metric: "asg_cpu_ratio", Resource: "g04"}); len(got) == 0 {
		t.Error("the silence of a metric that was found is not told")
	}
	down = false
	told = append(told, poll(t, s, epoch.Add(time.Minute)))
	if of(2) != sources.NotFound {
		t.Errorf("when its listing is answered g02 is said to be %q", of(2))
	}
	if got, _ := factOf(room, "listing", told...); got != "" {
		t.Errorf("the room still says %q of listing", got)
	}
}

// TestListingsTakeTurns: a dozen listings that always fail do not keep the others waiting.
func TestListingsTakeTurns(t *testing.T) {
	f := newFakeAWS(t)
	var all []sources.Resource
	for i := range 2 * listingsAtOnce {
		all = append(all, sources.Resource{Ref: sources.Ref{Service: "asg", Name: fmt.Sprintf("g%02d", i)}, ID: fmt.Sprintf("group-%02d", i)})
	}
	f.data = func(q dataQuery, _ int) []dataResult { return []dataResult{points(q.Id, epoch)} }
	f.lists = func(in listInput) *apiError {
		if len(in.Dimensions) == 1 && in.Dimensions[0].Value < fmt.Sprintf("group-%02d", listingsAtOnce) {
			return outage
		}
		return nil
	}
	s := source(t, openAt(t, f.URL, all...), "cloudwatch eu-central-1")
	unlimited(s)
	told := []sources.Reading{poll(t, s, epoch), poll(t, s, epoch.Add(time.Minute))}
	for i, r := range all {
		got := troubleOf(sources.Series{Metric: "asg_cpu_ratio", Resource: r.Name}, told...)
		if missing := got.Kind == sources.NotFound; missing != (i >= listingsAtOnce) {
			t.Errorf("%s is said to be %q", r.Name, got)
		}
	}
}

// TestOneOfManyCustomMetrics: a custom metric that exists with thousands of dimension sets is found by its own, in one
// call.
func TestOneOfManyCustomMetrics(t *testing.T) {
	f := newFakeAWS(t)
	for i := range 12 * 500 {
		f.listed = append(f.listed, metricAt("Shop", "Registrations", "Site", fmt.Sprint("site-", i), "Stage", "live"))
	}
	f.listed = append(f.listed, metricAt("Shop", "Registrations", "Site", "shop"))
	f.data = func(q dataQuery, _ int) []dataResult { return []dataResult{points(q.Id, epoch)} }
	s := source(t, openAt(t, f.URL, counter("shop", "Registrations")), "cloudwatch eu-central-1")
	if got := troubleOf(registrations, poll(t, s, epoch)); !got.None() {
		t.Errorf("said to be %q", got)
	}
	if n := f.count("ListMetrics"); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// TestNotFoundHeals: with the first value at once, and with the listing when metrics are looked for again.
func TestNotFoundHeals(t *testing.T) {
	minute := epoch.Truncate(time.Minute)
	t.Run("first value", func(t *testing.T) {
		f := newFakeAWS(t)
		flows := false
		f.data = func(q dataQuery, _ int) []dataResult {
			if flows {
				return []dataResult{points(q.Id, minute, 3)}
			}
			return []dataResult{points(q.Id, minute)}
		}
		s := source(t, openAt(t, f.URL, counter("shop", "Registrations")), "cloudwatch eu-central-1")
		first := poll(t, s, epoch)
		flows = true
		second := poll(t, s, epoch.Add(time.Minute))
		if got := troubleOf(registrations, first); got.Kind != sources.NotFound {
			t.Errorf("before: %q", got)
		}
		if got, ok := factOf(sources.Ref{Service: "audience", Name: "shop"}, "series:audience_registrations", second); !ok || got != "" {
			t.Errorf("after: %q, told %v", got, ok)
		}
		if got := values(second, registrations)["19:00"]; got != 3 {
			t.Errorf("value %v", got)
		}
	})
	t.Run("listing", func(t *testing.T) {
		f := newFakeAWS(t)
		f.data = func(q dataQuery, _ int) []dataResult { return []dataResult{points(q.Id, minute)} }
		s := source(t, openAt(t, f.URL, counter("shop", "Registrations")), "cloudwatch eu-central-1")
		readings := []sources.Reading{poll(t, s, epoch)}
		before := f.count("ListMetrics")
		f.listed = []listedMetric{metricAt("Shop", "Registrations", "Site", "shop")}
		for i := 1; i < 5; i++ {
			readings = append(readings, poll(t, s, epoch.Add(time.Duration(i)*time.Minute)))
		}
		if calls := f.count("ListMetrics"); calls != before {
			t.Errorf("looked for again after less than %v: %d calls", resolveEvery, calls-before)
		}
		if got := troubleOf(registrations, readings...); got.Kind != sources.NotFound {
			t.Errorf("before: %q", got)
		}
		readings = append(readings, poll(t, s, epoch.Add(resolveEvery)))
		if got := troubleOf(registrations, readings...); !got.None() {
			t.Errorf("after: %q", got)
		}
		calls := f.count("ListMetrics")
		poll(t, s, epoch.Add(3*resolveEvery))
		if now := f.count("ListMetrics"); now != calls {
			t.Errorf("what was found is looked for again: %d calls", now-calls)
		}
	})
}

// TestListingDenied: who may read but not list reads on, and the room knows why nothing can be not found.
func TestListingDenied(t *testing.T) {
	f := newFakeAWS(t)
	f.fail = func(operation string, _ int) *apiError {
		if operation == "ListMetrics" {
			return &apiError{status: 403, code: "AccessDeniedException", message: "no"}
		}
		return nil
	}
	f.data = func(q dataQuery, _ int) []dataResult {
		return []dataResult{points(q.Id, epoch.Truncate(time.Minute).Add(-time.Minute), 4)}
	}
	s := source(t, openAt(t, f.URL, counter("shop", "Registrations")), "cloudwatch eu-central-1")
	r := poll(t, s, epoch)
	if got := values(r, registrations)["18:59"]; got != 4 {
		t.Errorf("value %v", got)
	}
	if got, _ := factOf(sources.Ref{Service: sources.RoomService, Name: s.Name()}, "listing", r); !strings.Contains(got, "allow cloudwatch:ListMetrics") {
		t.Errorf("the room says %q", got)
	}
}

// TestResolvingIsCheap: a whole resource is one listing, however many metrics it has.
func TestResolvingIsCheap(t *testing.T) {
	f := newFakeAWS(t)
	var all []sources.Resource
	for i := range 3 {
		id := fmt.Sprintf("app/lb%d/1", i)
		all = append(all, sources.Resource{Ref: sources.Ref{Service: "alb", Name: id}, ID: id})
		f.listed = append(f.listed, metricAt("AWS/ApplicationELB", "RequestCount", "LoadBalancer", id))
	}
	f.data = func(q dataQuery, _ int) []dataResult { return []dataResult{points(q.Id, epoch)} }
	poll(t, source(t, openAt(t, f.URL, all...), "cloudwatch eu-central-1"), epoch)
	if calls := f.count("ListMetrics"); calls > len(all) {
		t.Errorf("%d listings for %d load balancers", calls, len(all))
	}
}
