package awswire

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	"warroom/sources/simulator"
)

// oneOfEach is an operation of each service, by the name that faults give it.
var oneOfEach = map[string]operationKey{
	storeService: {storeService, "GetKey"},
	"cloudwatch": {"monitoring", "ListMetrics"}, "cloudfront": {"cloudfront", "GetDistribution"}, "wafv2": {"wafv2", "ListWebACLs"},
	"elasticloadbalancing": {"elasticloadbalancing", "DescribeLoadBalancers"}, "autoscaling": {"autoscaling", "DescribeAutoScalingGroups"},
	"rds": {"rds", "DescribeDBClusters"}, "sts": {"sts", "GetCallerIdentity"},
}

// TestRefusals: each service says no in its own spelling.
func TestRefusals(t *testing.T) {
	server, url := serve(t, newStanding())
	c := dial(t, url)
	for _, test := range []struct {
		kind simulator.FaultKind
		json string // the spelling of WAF and the KeyValueStore; the others keep that of the query era
		xml  string
	}{
		{simulator.Throttling, "ThrottlingException", "Throttling"},
		{simulator.Expired, "ExpiredTokenException", "ExpiredToken"},
		{simulator.Denied, "AccessDeniedException", "AccessDenied"},
	} {
		for _, service := range simulator.APIServices {
			server.Inject(simulator.Fault{Kind: test.kind, Service: service})
			want := test.xml
			if service == "wafv2" || service == storeService {
				want = test.json
			}
			for other, key := range oneOfEach {
				err := everyOperation[key](t.Context(), c)
				if other != service {
					if err != nil {
						t.Errorf("%s of %s hits %s: %v", test.kind, service, other, err)
					}
					continue
				}
				wantCode(t, err, want)
			}
		}
	}
}

func TestThrottledShare(t *testing.T) {
	server, url := serve(t, newStanding())
	c := dial(t, url)
	server.Inject(simulator.Fault{Kind: simulator.Throttling, Rate: 0.3})
	failed := 0
	for range 200 {
		if _, err := c.sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil {
			failed++
		}
	}
	if failed < 40 || failed > 80 {
		t.Errorf("%d of 200 calls were throttled, want about 60", failed)
	}
	if got := server.Stats().Faults["Throttling"]; got != failed {
		t.Errorf("the server counted %d", got)
	}
}

// TestExpiryByKeyAndTime: a fault can concern one access key, and holds from From up to, not including, Until.
func TestExpiryByKeyAndTime(t *testing.T) {
	s := newStanding()
	server, url := serve(t, s)
	c := dial(t, url)
	identity := func() error { return last(c.sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})) }
	server.Inject(simulator.Fault{Kind: simulator.Expired, Key: "AKIAOTHER"})
	if err := identity(); err != nil {
		t.Errorf("another key's expiry hits: %v", err)
	}
	server.Inject(simulator.Fault{Kind: simulator.Expired, Key: "AKIAREHEARSAL", From: noon.Add(time.Minute), Until: noon.Add(2 * time.Minute)})
	for _, moment := range []struct {
		at      time.Duration
		expired bool
	}{{0, false}, {time.Minute, true}, {119 * time.Second, true}, {2 * time.Minute, false}} {
		s.Advance(noon.Add(moment.at))
		if err := identity(); (err != nil) != moment.expired {
			t.Errorf("after %s: %v", moment.at, err)
		}
	}
}

func TestNoAnswer(t *testing.T) {
	server, url := serve(t, newStanding())
	c := dial(t, url)
	for _, fault := range []simulator.Fault{
		{Kind: simulator.Dead}, {Kind: simulator.Garbage, Bytes: 10 << 20}, {Kind: simulator.Unavailable}, {Kind: simulator.Hang},
	} {
		server.Inject(fault)
		for _, key := range oneOfEach {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			if fault.Kind == simulator.Hang {
				cancel()
				ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
			}
			err := everyOperation[key](ctx, c)
			cancel()
			checkNoAnswer(t, fault.Kind, key, err)
		}
	}
}

func checkNoAnswer(t *testing.T, kind simulator.FaultKind, key operationKey, err error) {
	t.Helper()
	var api smithy.APIError
	var response *smithyhttp.ResponseError
	switch {
	case err == nil:
		t.Errorf("%s: %v answers", kind, key)
	case kind == simulator.Hang && !errors.Is(err, context.DeadlineExceeded):
		t.Errorf("%v hangs: %v", key, err)
	case kind == simulator.Unavailable && (!errors.As(err, &response) || response.HTTPStatusCode() != 503):
		t.Errorf("%v is unavailable: %v", key, err)
	case kind == simulator.Dead && (errors.As(err, &api) || errors.As(err, &response) && response.HTTPStatusCode() != 0):
		t.Errorf("%v is dead: %v", key, err)
	}
}

func TestLatency(t *testing.T) {
	server, url := serve(t, newStanding())
	c := dial(t, url)
	server.Inject(simulator.Fault{Kind: simulator.Latency, Delay: time.Minute, Service: "sts"})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v before the minute was over", err)
	}
	server.Inject(simulator.Fault{Kind: simulator.Latency, Delay: 5 * time.Millisecond})
	if _, err := c.sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil {
		t.Error(err)
	}
}

// A minute late on the launch clock is a moment of a hurried rehearsal.
func TestLatencyRunsOnTheLaunchClock(t *testing.T) {
	s := newStanding()
	server := New(s, standstill{&s.now, 60_000})
	c := dial(t, listen(t, server))
	server.Inject(simulator.Fault{Kind: simulator.Latency, Delay: time.Minute})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}); err != nil {
		t.Error(err)
	}
}

// twenty asks the same of twenty ids, so that about half of them are hit by a fault of one half.
func twenty() *cloudwatch.GetMetricDataInput {
	in := settled()
	in.StartTime = aws.Time(noon.Add(-10 * time.Minute))
	in.EndTime = aws.Time(noon.Add(-5 * time.Minute))
	for i := range 20 {
		in.MetricDataQueries = append(in.MetricDataQueries, requestsQuery("m"+string(rune('a'+i))))
	}
	return in
}

func statuses(out *cloudwatch.GetMetricDataOutput) map[types.StatusCode]int {
	got := make(map[types.StatusCode]int)
	for _, r := range out.MetricDataResults {
		got[r.StatusCode]++
	}
	return got
}

func TestFaultyResults(t *testing.T) {
	server, url := serve(t, newStanding())
	c := dial(t, url)
	get := func(kind simulator.FaultKind) *cloudwatch.GetMetricDataOutput {
		server.Inject(simulator.Fault{Kind: kind, Rate: 0.5, Service: "cloudwatch"})
		out, err := c.edgeWatch.GetMetricData(t.Context(), twenty())
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for kind, status := range map[simulator.FaultKind]types.StatusCode{
		simulator.Internal: types.StatusCodeInternalError, simulator.Forbidden: types.StatusCodeForbidden, simulator.Partial: types.StatusCodePartialData,
	} {
		out := get(kind)
		if n := statuses(out)[status]; n < 4 || n > 16 {
			t.Errorf("%s: %v", kind, statuses(out))
		}
		for _, r := range out.MetricDataResults {
			want := map[types.StatusCode]int{types.StatusCodeComplete: 5, types.StatusCodePartialData: 3}[r.StatusCode]
			if len(r.Values) != want {
				t.Errorf("%s: %s has %d values", kind, r.StatusCode, len(r.Values))
			}
			if newest := noon.Add(-8 * time.Minute); r.StatusCode == types.StatusCodePartialData && !r.Timestamps[0].Equal(newest) {
				t.Errorf("partial data begins at %s, want the newest two held back", r.Timestamps[0])
			}
		}
		if (out.NextToken != nil) != (kind == simulator.Partial) {
			t.Errorf("%s: token %v", kind, out.NextToken)
		}
	}
	if n := len(get(simulator.Missing).MetricDataResults); n < 4 || n > 16 {
		t.Errorf("%d of 20 results are not missing", n)
	}
	shuffled := get(simulator.Shuffled)
	var ids, asked []string
	for i, r := range shuffled.MetricDataResults {
		ids, asked = append(ids, *r.Id), append(asked, *twenty().MetricDataQueries[i].Id)
	}
	if cmp.Equal(ids, asked) || len(ids) != 20 {
		t.Errorf("not shuffled: %v", ids)
	}
}

// TestPartialDataRest: the token of partial data brings the rest of some series, and never a datapoint
// twice, whatever the size of the pages.
func TestPartialDataRest(t *testing.T) {
	server, url := serve(t, newStanding())
	c := dial(t, url)
	server.Inject(simulator.Fault{Kind: simulator.Partial})
	for _, size := range []int32{maxDatapoints, 7, 1} {
		in := twenty()
		in.MaxDatapoints = &size
		points := make(map[string]int)
		seen := make(map[string]bool)
		for p := cloudwatch.NewGetMetricDataPaginator(c.edgeWatch, in); p.HasMorePages(); {
			out, err := p.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range out.MetricDataResults {
				points[*r.Id] += len(r.Values)
				for _, at := range r.Timestamps {
					if seen[*r.Id+at.String()] {
						t.Errorf("%s has %s twice", *r.Id, at)
					}
					seen[*r.Id+at.String()] = true
				}
			}
		}
		count := make(map[int]int)
		for _, n := range points {
			count[n]++
		}
		if count[5] < 5 || count[3] < 5 || count[5]+count[3] != 20 {
			t.Errorf("pages of %d: series by how many of 5 datapoints they have: %v", size, count)
		}
	}
}

// TestConcurrentRequests: many clients at once, while the launch moves and faults come and go.
func TestConcurrentRequests(t *testing.T) {
	server, url := serve(t, newStanding())
	c := dial(t, url)
	var all sync.WaitGroup
	for range 4 {
		for _, key := range oneOfEach {
			all.Go(func() {
				for range 5 {
					if err := everyOperation[key](t.Context(), c); err != nil {
						t.Errorf("%v: %v", key, err)
					}
					server.Stats()
					server.Inject()
				}
			})
		}
	}
	all.Wait()
	total := 0
	for _, n := range server.Stats().Calls {
		total += n
	}
	if total != 4*len(oneOfEach)*5 {
		t.Errorf("counted %d calls", total)
	}
}

// TestCloseEndsWhatHangs: a server that is closed keeps no request.
func TestCloseEndsWhatHangs(t *testing.T) {
	server, url := serve(t, newStanding())
	server.Inject(simulator.Fault{Kind: simulator.Hang})
	c := dial(t, url)
	done := make(chan error)
	go func() { done <- last(c.sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})) }()
	for server.Stats().Calls["sts:GetCallerIdentity"] == 0 {
		runtime.Gosched()
	}
	_ = server.Close()
	select {
	case err := <-done:
		if err == nil {
			t.Error("a hanging request was answered")
		}
	case <-t.Context().Done():
		t.Error("the request still hangs")
	}
}
