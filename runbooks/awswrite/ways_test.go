package awswrite

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"warroom/runbooks"
)

// slow answers operations of one service only after the client has given up.
func slow(t *testing.T, is func(operation string) bool) func(http.ResponseWriter, *http.Request, []byte) bool {
	return func(_ http.ResponseWriter, r *http.Request, body []byte) bool {
		if !is(operationOf(r, body)) {
			return false
		}
		select {
		case <-r.Context().Done():
		case <-t.Context().Done():
		}
		return true
	}
}

// TestWaysAreRankedAndAsked proves that the card of the edge lists every way of the stack, the global control plane last,
// and says of each whether its API answers now, after three seconds at the most.
func TestWaysAreRankedAndAsked(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	a := s.want(runbooks.Maintenance, "cloudfront", "to", "maintenance")
	p := s.mustPlan(a)
	region := s.launch.State().Region
	for i, want := range []string{"listener of load balancer web; answers; regional control plane, " + region + ": maintenance of alb/web", "UpdateDistribution: this plan; answers; global control plane, us-east-1"} {
		if p.Ways[i].String() != want {
			t.Errorf("way %d: %q, want %q", i+1, p.Ways[i].String(), want)
		}
	}
	s.replace(failing("DescribeLoadBalancers", http.StatusForbidden, queryError("AccessDenied", "no")))
	if p := s.mustPlan(a); !strings.Contains(p.Ways[1].State, "not now: ") || !strings.Contains(p.Ways[1].State, "elasticloadbalancing:DescribeLoadBalancers") {
		t.Errorf("denied: %q", p.Ways)
	}
	s.replace(slow(t, func(op string) bool { return op == "DescribeLoadBalancers" }))
	began := time.Now()
	p = s.mustPlan(a)
	if took := time.Since(began); took > wayTime+2*time.Second || !strings.HasPrefix(p.Ways[1].What, "listener") || !strings.Contains(p.Ways[1].State, "not now: ") {
		t.Errorf("after %s: %q", took, p.Ways)
	}
}

// TestADeadEdgeTellsOfTheOtherWays: UpdateDistribution may be dead at the very moment it is needed.
func TestADeadEdgeTellsOfTheOtherWays(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.replace(slow(t, func(op string) bool { return op == "GET config" }))
	began := time.Now()
	_, err := s.plan(s.want(runbooks.Maintenance, "cloudfront", "to", "maintenance"))
	if took := time.Since(began); err == nil || took > wayTime+2*time.Second || !strings.Contains(err.Error(), "other ways: listener of load balancer web") || !strings.Contains(err.Error(), "its API answers") {
		t.Errorf("after %s: %v", took, err)
	}
}
