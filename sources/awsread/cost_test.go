package awsread

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"warroom/sources"
)

// tinned is an HTTP client that answers every GetMetricData with the same bytes and every ListMetrics with
// nothing: what is measured with it is the client's side alone.
type tinned struct {
	bodies [][]byte // of GetMetricData, one for each pass
	pass   atomic.Int64
	calls  atomic.Int64
	flying atomic.Int64
	most   atomic.Int64
}

var emptyList = []byte("\xa1\x67Metrics\x80")

var tinnedHeader = http.Header{"Smithy-Protocol": {"rpc-v2-cbor"}, "Content-Type": {"application/cbor"}}

func (c *tinned) Do(r *http.Request) (*http.Response, error) {
	body := emptyList
	if strings.HasSuffix(r.URL.Path, "GetMetricData") {
		flying := c.flying.Add(1)
		for most := c.most.Load(); flying > most && !c.most.CompareAndSwap(most, flying); most = c.most.Load() {
		}
		c.calls.Add(1)
		body = c.bodies[int(c.pass.Load())%len(c.bodies)]
		defer c.flying.Add(-1)
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: 200, Header: tinnedHeader, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
}

// fleet is a reader of so many custom metrics, which answers from tins: a full call of points datapoints.
func fleet(t testing.TB, metrics, points, passes int) (sources.Source, *tinned) {
	t.Helper()
	resources := make([]sources.Resource, metrics)
	for i := range resources {
		resources[i] = sources.Resource{
			Ref:   sources.Ref{Service: "audience", Name: fmt.Sprintf("host-%05d", i)},
			Attrs: map[string]string{"namespace": "Perf/Fake", "metric": fmt.Sprintf("m%d", i%10), "stat": "Average", "dimensions": fmt.Sprintf("Host=host-%06d", i/10), "as": "visitors"},
		}
	}
	r, err := Open(t.Context(), Options{Region: "eu-central-1", Endpoint: "http://tin.invalid", Credentials: fixedCredentials, Resources: resources, Clock: sources.NewManualClock(epoch), BudgetShare: 1})
	if err != nil {
		t.Fatal(err)
	}
	c := &tinned{}
	for pass := range passes {
		end := epoch.Truncate(time.Minute).Add(time.Duration(pass) * time.Minute)
		var p page
		for i := range perCall {
			row := make([]float64, points)
			for n := range row {
				row[n] = float64(i) + float64(n+2*pass)/10 + 0.5
			}
			p.MetricDataResults = append(p.MetricDataResults, told(fmt.Sprintf("q%d", i), end.Add(-time.Duration(points)*time.Minute), row))
		}
		body, err := cbor.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		c.bodies = append(c.bodies, body)
	}
	r.session.config.HTTPClient = c
	return source(t, r, "cloudwatch eu-central-1"), c
}

func told(id string, from time.Time, row []float64) dataResult {
	d := points(id, from, row...)
	d.Label = "m" + id
	return d
}

// unlimited lets the reader ask as fast as it can: the budget is not what is measured.
func unlimited(s sources.Source) {
	m := s.(*metricsSource)
	p := newPacer(1e9, m.reader.session.machine, m.reader.session.meter)
	m.reader.session.pacers[m.region] = p
}

// TestTenThousandMetrics: twenty calls, never more than four at once, at most 18 allocations a metric when
// each brings five datapoints that are all news. The SDK's decoding alone takes about 15.
func TestTenThousandMetrics(t *testing.T) {
	const metrics = 10_000
	s, c := fleet(t, metrics, 5, 5)
	unlimited(s)
	pass := 0
	step := func() {
		now := epoch.Add(time.Duration(pass) * time.Minute)
		c.pass.Store(int64(pass))
		r, err := s.Poll(context.Background(), now)
		if err != nil {
			t.Fatal(err)
		}
		if pass > 0 && len(r.Samples) != 4*metrics {
			t.Fatalf("pass %d told %d samples, want %d (the unsettled minutes)", pass, len(r.Samples), 4*metrics)
		}
		pass++
	}
	step()
	before := c.calls.Load()
	allocations := testing.AllocsPerRun(3, step) / metrics
	if calls := (c.calls.Load() - before) / 4; calls != 20 {
		t.Errorf("%d calls a pass, want 20", calls)
	}
	if most := c.most.Load(); most > inFlight || most < 1 {
		t.Errorf("%d calls at once, want 1 to %d", most, inFlight)
	}
	if allocations > 18 {
		t.Errorf("%.1f allocations a metric, want at most 18", allocations)
	}
	t.Logf("%.2f allocations a metric", allocations)
}

// BenchmarkPoll is one pass over 10,000 metrics with five new datapoints each, without the network.
func BenchmarkPoll(b *testing.B) {
	s, c := fleet(b, 10_000, 5, 8)
	unlimited(s)
	b.ReportAllocs()
	pass := 0
	for b.Loop() {
		c.pass.Store(int64(pass))
		if _, err := s.Poll(context.Background(), epoch.Add(time.Duration(pass)*time.Minute)); err != nil {
			b.Fatal(err)
		}
		pass++
	}
}
