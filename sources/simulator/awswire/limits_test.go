package awswire

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"warroom/sources/simulator"
)

// wantCode fails unless the error carries the code.
func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Errorf("got %v, want the code %s", err, code)
	}
}

func requestsQuery(id string) types.MetricDataQuery {
	return ask(id, "AWS/CloudFront", "Requests", "Sum", distribution...)
}

// TestUnknownStatistics: one misspelt statistic costs the whole call its answer, and each is named by its place.
func TestUnknownStatistics(t *testing.T) {
	_, url := serve(t, newStanding())
	spelled := func(id, stat string) types.MetricDataQuery {
		return ask(id, "AWS/CloudFront", "Requests", stat, distribution...)
	}
	_, err := dial(t, url).edgeWatch.GetMetricData(t.Context(), settled(requestsQuery("a"), spelled("b", "Avrage"), requestsQuery("c"), spelled("d", "p101"), spelled("e", "tm90")))
	wantCode(t, err, "ValidationError")
	var api smithy.APIError
	want := "The value Avrage for parameter MetricDataQueries.member.2.MetricStat.Stat is not a valid statistic.\n" +
		"The value p101 for parameter MetricDataQueries.member.4.MetricStat.Stat is not a valid statistic."
	if errors.As(err, &api) && api.ErrorMessage() != want {
		t.Errorf("said %q, want %q", api.ErrorMessage(), want)
	}
}

func TestGetMetricDataRefuses(t *testing.T) {
	_, url := serve(t, newStanding())
	c := dial(t, url)
	many := make([]types.MetricDataQuery, 501)
	for i := range many {
		many[i] = requestsQuery(fmt.Sprintf("m%d", i))
	}
	change := func(f func(*types.MetricDataQuery)) func(*cloudwatch.GetMetricDataInput) {
		return func(in *cloudwatch.GetMetricDataInput) { f(&in.MetricDataQueries[0]) }
	}
	for _, test := range []struct {
		name string
		make func(*cloudwatch.GetMetricDataInput)
		code string
	}{
		{"501 queries", func(in *cloudwatch.GetMetricDataInput) { in.MetricDataQueries = many }, "ValidationError"},
		{"no query", func(in *cloudwatch.GetMetricDataInput) { in.MetricDataQueries = []types.MetricDataQuery{} }, "MissingParameter"},
		{"one id twice", func(in *cloudwatch.GetMetricDataInput) {
			in.MetricDataQueries = append(in.MetricDataQueries, in.MetricDataQueries[0])
		}, "ValidationError"},
		{"capital id", change(func(q *types.MetricDataQuery) { q.Id = aws.String("Requests") }), "ValidationError"},
		{"dash in id", change(func(q *types.MetricDataQuery) { q.Id = aws.String("a-b") }), "ValidationError"},
		{"period of 90 s", change(func(q *types.MetricDataQuery) { q.MetricStat.Period = aws.Int32(90) }), "ValidationError"},
		{"period of 10 s of AWS' own", change(func(q *types.MetricDataQuery) { q.MetricStat.Period = aws.Int32(10) }), "ValidationError"},
		{"period of no end", change(func(q *types.MetricDataQuery) { q.MetricStat.Period = aws.Int32(2147483640) }), "ValidationError"},
		{"unknown statistic", change(func(q *types.MetricDataQuery) { q.MetricStat.Stat = aws.String("Median") }), "ValidationError"},
		{"percentile over 100", change(func(q *types.MetricDataQuery) { q.MetricStat.Stat = aws.String("p101") }), "ValidationError"},
		{"unknown unit", change(func(q *types.MetricDataQuery) { q.MetricStat.Unit = "Furlongs" }), "ValidationError"},
		{"both kinds", change(func(q *types.MetricDataQuery) { q.Expression = aws.String("a+b") }), "ValidationError"},
		{"neither kind", change(func(q *types.MetricDataQuery) { q.MetricStat = nil }), "ValidationError"},
		{"math", change(func(q *types.MetricDataQuery) { q.MetricStat, q.Expression = nil, aws.String("a+b") }), "ValidationError"},
		{"end before start", func(in *cloudwatch.GetMetricDataInput) { in.EndTime = aws.Time(in.StartTime.Add(-time.Minute)) }, "ValidationError"},
		{"end at start", func(in *cloudwatch.GetMetricDataInput) { in.EndTime = in.StartTime }, "ValidationError"},
		{"minutes of last month", func(in *cloudwatch.GetMetricDataInput) { in.StartTime = aws.Time(noon.Add(-20 * 24 * time.Hour)) }, "ValidationError"},
		{"too many datapoints", func(in *cloudwatch.GetMetricDataInput) { in.MaxDatapoints = aws.Int32(100801) }, "ValidationError"},
		{"unknown order", func(in *cloudwatch.GetMetricDataInput) { in.ScanBy = "Sideways" }, "ValidationError"},
		{"foreign token", func(in *cloudwatch.GetMetricDataInput) { in.NextToken = aws.String("bm8") }, "InvalidNextToken"},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := settled(requestsQuery("a"))
			test.make(in)
			_, err := c.edgeWatch.GetMetricData(t.Context(), in)
			wantCode(t, err, test.code)
		})
	}
}

func TestTypedErrors(t *testing.T) {
	_, url := serve(t, newStanding())
	c := dial(t, url)
	in := settled(requestsQuery("a"))
	in.NextToken = aws.String("bm8")
	_, err := c.edgeWatch.GetMetricData(t.Context(), in)
	if e := (*types.InvalidNextToken)(nil); !errors.As(err, &e) {
		t.Errorf("a bad token gives %v", err)
	}
	_, err = c.edgeWatch.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("Mine"), MetricData: []types.MetricDatum{{MetricName: aws.String("x")}}})
	if e := (*types.MissingRequiredParameterException)(nil); !errors.As(err, &e) || e.ErrorCode() != "MissingParameter" {
		t.Errorf("a datum without value gives %v", err)
	}
}

// TestWindow: StartTime is inclusive and rounded down to the minute, EndTime exclusive; the newest comes
// first unless asked otherwise.
func TestWindow(t *testing.T) {
	_, url := serve(t, newStanding())
	c := dial(t, url)
	in := settled(requestsQuery("a"))
	in.StartTime, in.EndTime = aws.Time(noon.Add(-20*time.Minute+30*time.Second)), aws.Time(noon.Add(-17*time.Minute))
	out, err := c.edgeWatch.GetMetricData(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	want := []time.Time{noon.Add(-18 * time.Minute), noon.Add(-19 * time.Minute), noon.Add(-20 * time.Minute)}
	if diff := cmp.Diff(want, out.MetricDataResults[0].Timestamps); diff != "" {
		t.Error(diff)
	}
	in.ScanBy = types.ScanByTimestampAscending
	if out, err = c.edgeWatch.GetMetricData(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(want)
	if diff := cmp.Diff(want, out.MetricDataResults[0].Timestamps); diff != "" {
		t.Error(diff)
	}
}

// TestDatapointPages reads in pages of every size, and gets the same as at once.
func TestDatapointPages(t *testing.T) {
	_, url := serve(t, newStanding())
	c := dial(t, url)
	read := func(max int32) map[string]int {
		in := settled(requestsQuery("a"), ask("none", "AWS/CloudFront", "Requests", "Sum"), requestsQuery("b"))
		in.StartTime, in.EndTime, in.MaxDatapoints = aws.Time(noon.Add(-20*time.Minute)), aws.Time(noon.Add(-10*time.Minute)), aws.Int32(max)
		got := map[string]int{}
		for pages := cloudwatch.NewGetMetricDataPaginator(c.edgeWatch, in); pages.HasMorePages(); {
			out, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			points := 0
			for _, r := range out.MetricDataResults {
				points += len(r.Values)
				got[*r.Id] += len(r.Values)
				if partial := r.StatusCode == types.StatusCodePartialData; partial && out.NextToken == nil {
					t.Errorf("%s is partial on the last page", *r.Id)
				}
			}
			if points > int(max) {
				t.Errorf("%d datapoints on a page of %d", points, max)
			}
		}
		return got
	}
	for _, max := range []int32{1, 3, 7, 10, 19, 20, 21, 1000} {
		if diff := cmp.Diff(map[string]int{"a": 10, "b": 10, "none": 0}, read(max)); diff != "" {
			t.Errorf("pages of %d: %s", max, diff)
		}
	}
}

// large is an account with more of everything than a page holds.
func large() *standing {
	s := newStanding()
	one := s.state.Groups[0]
	s.state.Groups = nil
	for i := range 130 {
		g := one
		g.Name, g.ID = fmt.Sprintf("g%03d", i), fmt.Sprintf("g%03d-asg", i)
		s.state.Groups = append(s.state.Groups, g)
	}
	for i := range 130 {
		s.activities = append(s.activities, simulator.Activity{ID: fmt.Sprintf("a%03d", i), Status: "Successful", Start: noon.Add(-time.Duration(i) * time.Minute), End: noon})
	}
	return s
}

func TestListMetricsPages(t *testing.T) {
	_, url := serve(t, large())
	c := dial(t, url)
	var sizes []int
	seen := make(map[string]bool)
	for pages := cloudwatch.NewListMetricsPaginator(c.cloudwatch, &cloudwatch.ListMetricsInput{Namespace: aws.String("AWS/AutoScaling")}); pages.HasMorePages(); {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(out.Metrics))
		for _, m := range out.Metrics {
			seen[*m.MetricName+*m.Dimensions[0].Value] = true
		}
	}
	if diff := cmp.Diff([]int{500, 500, 500, 190}, sizes); diff != "" || len(seen) != 1690 {
		t.Errorf("%d metrics, pages: %s", len(seen), diff)
	}
	_, err := c.cloudwatch.ListMetrics(t.Context(), &cloudwatch.ListMetricsInput{NextToken: aws.String("x")})
	wantCode(t, err, "InvalidNextToken")
}

func TestListMetricsFilters(t *testing.T) {
	_, url := serve(t, newStanding())
	c := dial(t, url)
	for _, test := range []struct {
		in   cloudwatch.ListMetricsInput
		want int
	}{
		{cloudwatch.ListMetricsInput{Namespace: aws.String("AWS/EC2")}, 1},
		{cloudwatch.ListMetricsInput{Namespace: aws.String("AWS/CloudFront")}, 0}, // lives in us-east-1
		{cloudwatch.ListMetricsInput{MetricName: aws.String("HealthyHostCount")}, 1},
		{cloudwatch.ListMetricsInput{MetricName: aws.String("HTTPCode_ELB_503_Count"), Dimensions: []types.DimensionFilter{{Name: aws.String("AvailabilityZone")}}}, 2},
		{cloudwatch.ListMetricsInput{MetricName: aws.String("Queries"), Dimensions: []types.DimensionFilter{{Name: aws.String("Role"), Value: aws.String("WRITER")}}}, 1},
		{cloudwatch.ListMetricsInput{Namespace: aws.String("AWS/EC2"), RecentlyActive: types.RecentlyActivePt3h}, 1},
	} {
		out, err := c.cloudwatch.ListMetrics(t.Context(), &test.in)
		if err != nil || len(out.Metrics) != test.want {
			t.Errorf("%+v: %d metrics, want %d (%v)", test.in, len(out.Metrics), test.want, err)
		}
	}
}

func TestGroupPages(t *testing.T) {
	_, url := serve(t, large())
	c := dial(t, url)
	for _, test := range []struct {
		size *int32
		want []int
	}{{nil, []int{50, 50, 30}}, {aws.Int32(100), []int{100, 30}}} {
		var sizes []int
		for pages := autoscaling.NewDescribeAutoScalingGroupsPaginator(c.autoscaling, &autoscaling.DescribeAutoScalingGroupsInput{MaxRecords: test.size}); pages.HasMorePages(); {
			out, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, len(out.AutoScalingGroups))
		}
		if diff := cmp.Diff(test.want, sizes); diff != "" {
			t.Error(diff)
		}
	}
	_, err := c.autoscaling.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{MaxRecords: aws.Int32(101)})
	wantCode(t, err, "ValidationError")
	_, err = c.autoscaling.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{NextToken: aws.String("x")})
	wantCode(t, err, "InvalidNextToken")
}

// TestPutMetricData: what a client puts can be read back, and joins what was put before.
func TestPutMetricData(t *testing.T) {
	_, url := serve(t, newStanding())
	c := dial(t, url)
	at := noon.Add(-10*time.Minute + 20*time.Second)
	put := func(d types.MetricDatum) {
		d.MetricName, d.Timestamp, d.Unit = aws.String("Orders"), aws.Time(at), types.StandardUnitCount
		d.Dimensions = []types.Dimension{{Name: aws.String("Shop"), Value: aws.String("a")}}
		if _, err := c.cloudwatch.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("Mine"), MetricData: []types.MetricDatum{d}}); err != nil {
			t.Fatal(err)
		}
	}
	put(types.MetricDatum{Value: aws.Float64(5)})
	put(types.MetricDatum{Values: []float64{1, 2}, Counts: []float64{3, 1}})
	put(types.MetricDatum{StatisticValues: &types.StatisticSet{Sum: aws.Float64(10), SampleCount: aws.Float64(1), Minimum: aws.Float64(10), Maximum: aws.Float64(10)}})
	got := watch(t, c.cloudwatch, []types.MetricDataQuery{
		ask("sum", "Mine", "Orders", "Sum", "Shop", "a"), ask("min", "Mine", "Orders", "Minimum", "Shop", "a"),
		ask("max", "Mine", "Orders", "Maximum", "Shop", "a"), ask("n", "Mine", "Orders", "SampleCount", "Shop", "a"), ask("other", "Mine", "Orders", "Sum"),
	})
	want := map[string][]float64{"sum": {20}, "min": {1}, "max": {10}, "n": {6}, "other": {}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	listed, err := c.cloudwatch.ListMetrics(t.Context(), &cloudwatch.ListMetricsInput{Namespace: aws.String("Mine")})
	if err != nil || len(listed.Metrics) != 1 {
		t.Errorf("%+v %v", listed, err)
	}
	_, err = c.cloudwatch.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("AWS/EC2"), MetricData: []types.MetricDatum{{MetricName: aws.String("x"), Value: aws.Float64(1)}}})
	wantCode(t, err, "ValidationError")
}

// TestEnvelope sends what no client sends.
func TestEnvelope(t *testing.T) {
	server, url := serve(t, newStanding())
	const signed = "AWS4-HMAC-SHA256 Credential=AKIA/20260301/eu-central-1/%s/aws4_request, SignedHeaders=host, Signature=00"
	for _, test := range []struct {
		name, path, authorization, body string
		header                          map[string]string
		status                          int
		want                            string
	}{
		{"unsigned", "/", "", "Action=DescribeLoadBalancers&Version=2015-12-01", formType(), 403, "MissingAuthenticationToken"},
		{"basic authorization", "/", "Basic eDp5", "Action=DescribeLoadBalancers&Version=2015-12-01", formType(), 400, "IncompleteSignature"},
		{"no credential", "/", "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=00", "Action=DescribeLoadBalancers&Version=2015-12-01", formType(), 400, "IncompleteSignature"},
		{"signed for another service", "/", fmt.Sprintf(signed, "rds"), "Action=DescribeLoadBalancers&Version=2015-12-01", formType(), 403, "SignatureDoesNotMatch"},
		{"unknown action", "/", fmt.Sprintf(signed, "elasticloadbalancing"), "Action=DeleteLoadBalancer&Version=2015-12-01", formType(), 400, "InvalidAction"},
		{"unknown version", "/", fmt.Sprintf(signed, "elasticloadbalancing"), "Action=DescribeLoadBalancers&Version=2012-06-01", formType(), 400, "InvalidAction"},
		{"no action", "/", fmt.Sprintf(signed, "elasticloadbalancing"), "Version=2015-12-01", formType(), 400, "MissingAction"},
		{"unknown parameter", "/", fmt.Sprintf(signed, "elasticloadbalancing"), "Action=DescribeLoadBalancers&Version=2015-12-01&Colour=red", formType(), 400, "Colour"},
		{"no number", "/", fmt.Sprintf(signed, "elasticloadbalancing"), "Action=DescribeLoadBalancers&Version=2015-12-01&PageSize=many", formType(), 400, "MalformedInput"},
		{"unknown target", "/", fmt.Sprintf(signed, "wafv2"), "{}", map[string]string{"X-Amz-Target": "AWSWAF_20190729.DeleteWebACL"}, 400, "UnknownOperationException"},
		{"broken JSON", "/", fmt.Sprintf(signed, "wafv2"), "{", map[string]string{"X-Amz-Target": "AWSWAF_20190729.ListWebACLs"}, 400, "SerializationException"},
		{"unknown CBOR operation", rpcPrefix + "DeleteAlarms", fmt.Sprintf(signed, "monitoring"), "\xa0", nil, 400, "UnknownOperationException"},
		{"broken CBOR", rpcPrefix + "ListMetrics", fmt.Sprintf(signed, "monitoring"), "\xbf\x61", nil, 400, "SerializationException"},
		{"unknown path", "/2020-05-31/function", fmt.Sprintf(signed, "cloudfront"), "", nil, 400, "InvalidAction"},
		{"no protocol", "/hello", "", "", nil, 404, "no AWS protocol"},
	} {
		t.Run(test.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+test.path, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if test.authorization != "" {
				req.Header.Set("Authorization", test.authorization)
			}
			for name, v := range test.header {
				req.Header.Set(name, v)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			var body bytes.Buffer
			if _, err := body.ReadFrom(res.Body); err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != test.status || !strings.Contains(body.String(), test.want) {
				t.Errorf("%d %q, want %d with %s", res.StatusCode, body.String(), test.status, test.want)
			}
		})
	}
	stats := server.Stats()
	if stats.Unsigned != 3 || stats.Unknown < 5 {
		t.Errorf("the server counted %+v", stats)
	}
}

func formType() map[string]string {
	return map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
}
