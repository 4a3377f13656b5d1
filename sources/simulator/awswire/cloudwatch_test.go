package awswire

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/google/go-cmp/cmp"
)

// ask is a query of one metric. Dimensions are names and values in turn.
func ask(id, namespace, name, stat string, dimensions ...string) types.MetricDataQuery {
	m := &types.Metric{Namespace: aws.String(namespace), MetricName: aws.String(name)}
	for i := 0; i+1 < len(dimensions); i += 2 {
		m.Dimensions = append(m.Dimensions, types.Dimension{Name: aws.String(dimensions[i]), Value: aws.String(dimensions[i+1])})
	}
	return types.MetricDataQuery{Id: aws.String(id), MetricStat: &types.MetricStat{Metric: m, Period: aws.Int32(60), Stat: aws.String(stat)}}
}

// settled asks for the one minute from 11:50, which has settled at noon.
func settled(queries ...types.MetricDataQuery) *cloudwatch.GetMetricDataInput {
	at := noon.Add(-10 * time.Minute)
	return &cloudwatch.GetMetricDataInput{StartTime: aws.Time(at), EndTime: aws.Time(at.Add(time.Minute)), MetricDataQueries: queries}
}

func TestSettledMinute(t *testing.T) {
	_, url := serve(t, newStanding())
	c := dial(t, url)
	cf := []string{"DistributionId", "E2EXAMPLE1", "Region", "Global"}
	out, err := c.edgeWatch.GetMetricData(t.Context(), settled(
		ask("requests", "AWS/CloudFront", "Requests", "Sum", cf...),
		ask("errors", "AWS/CloudFront", "5xxErrorRate", "Average", cf...),
		ask("hits", "AWS/CloudFront", "CacheHitRate", "Average", cf...),
	))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]float64{}
	for _, r := range out.MetricDataResults {
		got[*r.Id] = r.Values
		if r.StatusCode != types.StatusCodeComplete {
			t.Errorf("%s: %s", *r.Id, r.StatusCode)
		}
		if len(r.Timestamps) != 1 || !r.Timestamps[0].Equal(noon.Add(-10*time.Minute)) {
			t.Errorf("%s: timestamps %v", *r.Id, r.Timestamps)
		}
	}
	want := map[string][]float64{"requests": {10000}, "errors": {1}, "hits": {100 * 8.0 / 9}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestListMetrics(t *testing.T) {
	_, url := serve(t, newStanding())
	c := dial(t, url)
	out, err := c.cloudwatch.ListMetrics(t.Context(), &cloudwatch.ListMetricsInput{
		Namespace: aws.String("AWS/ApplicationELB"), MetricName: aws.String("HealthyHostCount"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Metrics) != 1 || len(out.Metrics[0].Dimensions) != 2 {
		t.Errorf("want HealthyHostCount by load balancer and target group only: %+v", out.Metrics)
	}
}
