package awswire

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// wideRequest is a GetMetricData of 500 metrics, as bytes.
func wideRequest(b *testing.B, window time.Duration) []byte {
	b.Helper()
	in := getMetricDataInput{StartTime: noon.Add(-window), EndTime: noon}
	for i := range maxQueries {
		p := published[i%len(published)]
		q := metricDataQuery{ID: fmt.Sprintf("m%d", i), MetricStat: &metricStat{Period: 60, Stat: p.stat}}
		q.MetricStat.Metric.Namespace, q.MetricStat.Metric.MetricName = p.namespace, p.name
		for d := 0; d < len(p.dimensions); d += 2 {
			q.MetricStat.Metric.Dimensions = append(q.MetricStat.Metric.Dimensions, dimension{p.dimensions[d], p.dimensions[d+1]})
		}
		in.MetricDataQueries = append(in.MetricDataQueries, q)
	}
	body, err := newCBOR().writer.Marshal(in)
	if err != nil {
		b.Fatal(err)
	}
	return body
}

// BenchmarkGetMetricData answers 500 queries, of five and of fifteen datapoints each, without the network
// and the least latency.
func BenchmarkGetMetricData(b *testing.B) {
	for _, minutes := range []int{5, 15} {
		b.Run(fmt.Sprintf("500x%d", minutes), func(b *testing.B) {
			s := newStanding()
			server := New(s, standstill{&s.now, 1})
			_ = server.Close()
			body := wideRequest(b, time.Duration(minutes)*time.Minute)
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, rpcPrefix+"GetMetricData", bytes.NewReader(body))
				r.Header.Set("Authorization", algorithm+" Credential=AKIA/20260301/eu-central-1/monitoring/aws4_request, SignedHeaders=host, Signature=00")
				w := httptest.NewRecorder()
				server.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Body)
				}
			}
		})
	}
}

// BenchmarkClient is the same through the real client and a loopback connection.
func BenchmarkClient(b *testing.B) {
	_, url := serve(b, newStanding())
	c := dial(b, url)
	in := settled()
	in.StartTime, in.EndTime = aws.Time(noon.Add(-15*time.Minute)), aws.Time(noon)
	for i := range maxQueries {
		p := published[i%len(published)]
		in.MetricDataQueries = append(in.MetricDataQueries, ask(fmt.Sprintf("m%d", i), p.namespace, p.name, p.stat, p.dimensions...))
	}
	for b.Loop() {
		if _, err := c.cloudwatch.GetMetricData(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPublish lists the metrics of an account with 130 groups, as is done once a minute.
func BenchmarkPublish(b *testing.B) {
	st := large().state
	b.ReportAllocs()
	for b.Loop() {
		if p := publish(st); len(p.metrics) < 1000 {
			b.Fatal(len(p.metrics))
		}
	}
}
