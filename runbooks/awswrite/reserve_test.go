package awswrite

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"warroom/runbooks"
	"warroom/sources/simulator"
)

func (s *site) reserve(units string) runbooks.Action {
	return s.want(runbooks.Capacity, "alb", "lcu", units)
}

// reserved is what the site's load balancer has reserved, as asked for.
func (s *site) reserved() int {
	s.launch.Advance(s.clock.Now())
	return s.launch.State().LoadBalancers[0].Reservation.Units
}

// TestReservationComesZoneByZone proves the whole: asked for, pending, each zone by itself, ready, and given back.
func TestReservationComesZoneByZone(t *testing.T) {
	s := newSite(t, nil)
	p, r := s.do(s.reserve("600"))
	if p.Level != runbooks.Bounded || s.reserved() != 600 || !s.found(p) {
		t.Fatalf("level %d, %d units, found %t", p.Level, s.reserved(), s.found(p))
	}
	if early := s.progress(p, r); early.Done || strings.Count(early.Text, "pending") != 3 {
		t.Errorf("at once: %+v", early)
	}
	s.pass(3 * time.Minute)
	if half := s.progress(p, r); half.Done || strings.Count(half.Text, "provisioned (200)") != 1 || strings.Count(half.Text, "pending") != 2 {
		t.Errorf("after three minutes: %+v", half)
	}
	s.declines(s.reserve("700"), "an earlier request is not done")
	s.pass(5 * time.Minute)
	if late := s.progress(p, r); !late.Done || strings.Count(late.Text, "provisioned (200)") != 3 {
		t.Errorf("at the end: %+v", late)
	}
	back := p.Back
	back.Undoes = "plan-1"
	undo, r := s.do(back)
	s.pass(time.Minute)
	if got := s.progress(undo, r); undo.Level != runbooks.Visible || s.reserved() != 0 || !got.Done {
		t.Errorf("given back at level %d: %d units, %+v", undo.Level, s.reserved(), got)
	}
}

func TestReservationOutOfBoundsIsRefused(t *testing.T) {
	s := newSite(t, nil)
	for text, words := range map[string]string{
		"99": "100; write \"none\"", "0": "already", "none": "nothing reserved", "lots": "no amount",
		"+50 %": `nothing is reserved, so a share is nothing; name a number, as in "lcu 500" (100 LCU at the least`, "-20%": "a share is nothing", "+0": "nothing reserved already", "": "say what it should become",
	} {
		s.refuses(s.reserve(text), words)
	}
	s.do(s.reserve("600"))
	s.pass(10 * time.Minute)
	s.declines(s.reserve("-550"), "less than AWS reserves")
	s.declines(s.reserve("600"), "already")
}

// TestReservationIsLoweredTwiceADay proves that what remains is shown, that the third time is refused, and that more is then
// no longer a thing of one key: it could not be taken back today.
func TestReservationIsLoweredTwiceADay(t *testing.T) {
	s := newSite(t, nil)
	for _, step := range []struct {
		units string
		left  string
	}{{"600", "2 times today"}, {"500", "2 times today"}, {"400", "1 times today"}} {
		p, _ := s.do(s.reserve(step.units))
		if !strings.Contains(p.Limits[0], step.left) {
			t.Errorf("%s: %q, want %q", p.Title, p.Limits[0], step.left)
		}
		s.pass(10 * time.Minute)
	}
	s.declines(s.reserve("300"), "as often today")
	s.declines(s.reserve("none"), "as often today")
	if p := s.mustPlan(s.reserve("+100")); p.Level != runbooks.Visible || !strings.Contains(p.Undo, "not before tomorrow") {
		t.Errorf("level %d, undo %q", p.Level, p.Undo)
	}
}

// TestARefusedReservationIsNotTriedAgain: the SDK tries it again by itself where it is let.
func TestARefusedReservationIsNotTriedAgain(t *testing.T) {
	for code, want := range map[string]string{
		"PriorRequestNotComplete": "another change is running", "CapacityReservationPending": "another change is running",
		"CapacityUnitsLimitExceeded": "no", "CapacityDecreaseRequestLimitExceeded": "no", "InsufficientCapacity": "no",
	} {
		s := newSite(t, nil)
		p := s.mustPlan(s.reserve("600"))
		status := http.StatusBadRequest
		if code == "InsufficientCapacity" {
			status = http.StatusInternalServerError
		}
		s.replace(failing("ModifyCapacityReservation", status, queryError(code, "no")))
		_, err := s.apply(p)
		if _, ok := errors.AsType[*runbooks.RejectedError](err); !ok || !strings.Contains(err.Error(), want) || s.count("ModifyCapacityReservation") != 1 {
			t.Errorf("%s: %T %v, asked %d times", code, err, err, s.count("ModifyCapacityReservation"))
		}
	}
	s := newSite(t, nil) // the simulated AWS' own refusal, with a second operator in between
	p := s.mustPlan(s.reserve("600"))
	if err := s.launch.SetReservation(s.launch.State().LoadBalancers[0].Name, 300); err != nil {
		t.Fatal(err)
	}
	if _, err := s.apply(p); err == nil || !strings.Contains(err.Error(), "another change is running") || s.count("ModifyCapacityReservation") != 1 {
		t.Errorf("while another one is pending: %v", err)
	}
}

func TestReservationProgressTellsOfFailures(t *testing.T) {
	s := newSite(t, nil)
	p, r := s.do(s.reserve("600"))
	answer := func(units, zones string) {
		s.replace(failing("DescribeCapacityReservation", http.StatusOK, `<DescribeCapacityReservationResponse><DescribeCapacityReservationResult>`+units+`<CapacityReservationState>`+zones+`</CapacityReservationState></DescribeCapacityReservationResult></DescribeCapacityReservationResponse>`))
	}
	units := func(n string) string {
		return "<MinimumLoadBalancerCapacity><CapacityUnits>" + n + "</CapacityUnits></MinimumLoadBalancerCapacity>"
	}
	answer(units("600"), `<member><AvailabilityZone>a</AvailabilityZone><State><Code>failed</Code><Reason>no room</Reason></State></member>`)
	if got := s.progress(p, r); got.Failed != "a failed no room" {
		t.Errorf("a zone that failed: %+v", got)
	}
	answer(units("300"), "")
	if got := s.progress(p, r); !strings.Contains(got.Failed, "300 now: somebody else") {
		t.Errorf("changed by somebody: %+v", got)
	}
	answer("", "")
	if got := s.progress(p, r); got.Done || got.Failed != "" {
		t.Errorf("an answer from before: %+v", got)
	}
}

// TestAReservationInTimeKeepsTheCrowdIn shows what it is for: a crowd that comes faster than the load balancer grows is
// turned away, unless capacity was kept ready for it.
func TestAReservationInTimeKeepsTheCrowdIn(t *testing.T) {
	rejected := func(reserve bool) (n int64) {
		s := newSite(t, func(sc *simulator.Scenario) {
			sc.Start = "T-10m"
			sc.Site.Balancer.Ease = 300
			sc.Audience.Surges = []simulator.Surge{{At: "T0", Peak: 150, Rise: 20 * time.Second, Hold: 3 * time.Minute, Halve: time.Minute}}
		})
		if reserve {
			s.do(s.reserve("400"))
		}
		s.pass(14 * time.Minute)
		s.launch.Advance(s.clock.Now())
		for at := s.launch.Scenario().T0; at.Before(s.clock.Now().Add(-time.Minute)); at = at.Add(time.Minute) {
			if m, ok := s.launch.Minute(at); ok {
				n += m.Balancers[0].Rejected
			}
		}
		return n
	}
	if without, with := rejected(false), rejected(true); without < 1000 || with > without/20 {
		t.Errorf("%d turned away without a reservation, %d with one", without, with)
	}
}
