package awswrite

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"warroom/runbooks"
	"warroom/sources/simulator"
)

// schedule has the group change its numbers by itself.
func (s *site) schedule(actions ...simulator.ScheduledAction) {
	s.t.Helper()
	if err := s.launch.Schedule(s.group().Name, actions...); err != nil {
		s.t.Fatal(err)
	}
}

// warned is what a plan warns of, in one text.
func (s *site) warned(a runbooks.Action) string {
	s.t.Helper()
	return strings.Join(s.mustPlan(a).Warnings, "\n")
}

// sizeTo is a size with these numbers; a negative one is not given.
func sizeTo(least, most, desired int) simulator.Size {
	given := func(n int) *int {
		if n < 0 {
			return nil
		}
		return &n
	}
	return simulator.Size{Min: given(least), Max: given(most), Desired: given(desired)}
}

// TestFleetWarnsOfScheduledActions proves that what AWS will do by itself is told with its time and its numbers, one after
// the other, and only what changes anything within the next hours.
func TestFleetWarnsOfScheduledActions(t *testing.T) {
	s := sized(t, 12, 6, 24)
	now := s.clock.Now()
	s.schedule(
		simulator.ScheduledAction{Name: "night", At: now.Add(2 * time.Hour), Size: sizeTo(4, 12, -1)},
		simulator.ScheduledAction{Name: "show", At: now.Add(45 * time.Minute), Size: sizeTo(18, -1, -1)},
		simulator.ScheduledAction{Name: "morning", At: now.Add(13 * time.Hour), Size: sizeTo(2, -1, -1)},
	)
	got := s.warned(s.want(runbooks.Capacity, "asg", "desired", "18"))
	want := "scheduled action night changes it again at " + now.Add(2*time.Hour).UTC().Format("15:04Z") + ", in 2h0m0s: desired 18 → 12, min 18 → 4, max 24 → 12"
	if got != want {
		t.Errorf("warned of %q, want %q", got, want)
	}
	if got := s.warned(s.want(runbooks.Capacity, "asg", "max", "30")); !strings.Contains(got, "show") || !strings.Contains(got, "min 6 → 18") || strings.Contains(got, "morning") {
		t.Errorf("for a higher maximum: %q", got)
	}
	if err := s.launch.Suspend(s.group().Name, "ScheduledActions"); err != nil {
		t.Fatal(err)
	}
	if got := s.warned(s.want(runbooks.Capacity, "asg", "desired", "18")); strings.Contains(got, "night") {
		t.Errorf("although scheduled actions are suspended: %q", got)
	}
}

// TestAScheduledActionComesTrue proves that the simulated group does what the warning says.
func TestAScheduledActionComesTrue(t *testing.T) {
	s := sized(t, 12, 6, 24)
	s.schedule(simulator.ScheduledAction{Name: "night", At: s.clock.Now().Add(5 * time.Minute), Size: sizeTo(12, 12, -1)})
	s.do(s.want(runbooks.Capacity, "asg", "desired", "18"))
	s.pass(4 * time.Minute)
	if s.numbersNow() != "18 18 24" {
		t.Fatalf("before its time: %s", s.numbersNow())
	}
	s.pass(2 * time.Minute)
	s.warned(s.want(runbooks.Capacity, "asg", "max", "+1"))
	if s.numbersNow() != "12 12 12" || len(s.group().Scheduled) != 0 {
		t.Errorf("after its time: %s, still to come %v", s.numbersNow(), s.group().Scheduled)
	}
}

func TestFleetTellsThatSchedulesCannotBeRead(t *testing.T) {
	s := sized(t, 12, 6, 24)
	s.replace(failing("DescribeScheduledActions", http.StatusForbidden, queryError("AccessDenied", "no")))
	if got := s.warned(s.want(runbooks.Capacity, "asg", "desired", "18")); !strings.Contains(got, "cannot be read") || !strings.Contains(got, "autoscaling:DescribeScheduledActions") {
		t.Errorf("warned of %q", got)
	}
}
