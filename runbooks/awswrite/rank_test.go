package awswrite

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"warroom/runbooks"
)

// blackHole answers no request that a test picks: whoever waits for it waits until they give up.
func blackHole(t *testing.T, is func(authorization string) bool) func(http.ResponseWriter, *http.Request, []byte) bool {
	return func(_ http.ResponseWriter, r *http.Request, _ []byte) bool {
		if !is(r.Header.Get("Authorization")) {
			return false
		}
		select {
		case <-r.Context().Done():
		case <-t.Context().Done():
		}
		return true
	}
}

// globalPlane is what is signed for the control planes of us-east-1: CloudFront, its firewall, IAM.
func globalPlane(authorization string) bool { return strings.Contains(authorization, "/us-east-1/") }

// everywhere is what is signed for all regions: the data plane of the KeyValueStore.
func everywhere(authorization string) bool {
	return strings.HasPrefix(authorization, "AWS4-ECDSA-P256-SHA256 ")
}

// TestABlackHoleRanksTheWaysByWhatAnswers: with the control planes of us-east-1 gone the flag is planned as ever, what goes
// through there is told last, and nobody waits for more than three seconds; so it is with the KeyValueStore gone.
func TestABlackHoleRanksTheWaysByWhatAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		gone  func(string) bool
		by    string
		ways  []string // how they begin, in their order
		fails bool
	}{
		"by flag, us-east-1 gone":   {globalPlane, byFlag, []string{"flag maintenance", "listener of load balancer web", "UpdateDistribution"}, false},
		"by origin, us-east-1 gone": {globalPlane, byOrigin, []string{"flag maintenance", "listener of load balancer web"}, true},
		"by origin, the store gone": {everywhere, byOrigin, []string{"listener of load balancer web", "UpdateDistribution", "flag maintenance"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil)
			s.writer = s.open(Options{Resources: s.flagged()})
			s.replace(blackHole(t, c.gone))
			began := time.Now()
			p, err := s.plan(s.switchTo(maintenance, "by", c.by))
			if took := time.Since(began); took > wayTime+time.Second {
				t.Errorf("somebody waited %s", took)
			}
			var lines []string
			for _, w := range p.Ways {
				lines = append(lines, w.What+" : "+w.State)
			}
			list := strings.Join(lines, "\n")
			if (err != nil) != c.fails {
				t.Fatal(err)
			}
			if err != nil {
				list = err.Error()
			}
			at := 0
			for i, way := range c.ways {
				next := strings.Index(list[at:], way)
				if next < 0 {
					t.Fatalf("%q is not way %d: %s", way, i+1, list)
				}
				at += next
			}
			if last := list[at:]; !c.fails && !strings.Contains(last, "not now: ") {
				t.Errorf("the last way is to answer: %s", last)
			}
		})
	}
}

// TestABlackHoleLeavesOtherRegionsAlone: what is changed in the launch's own region is planned as ever.
func TestABlackHoleLeavesOtherRegionsAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.replace(blackHole(t, globalPlane))
	began := time.Now()
	p := s.mustPlan(s.want(runbooks.Capacity, "asg", "desired", "+1"))
	if _, err := s.apply(p); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %s", took)
	}
}
