package awswrite

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"warroom/runbooks"
	"warroom/sources/simulator"
)

// TestCheckNamesTheMissingPermission: before the call, of whoever would make it, and without making it.
func TestCheckNamesTheMissingPermission(t *testing.T) {
	for role, who := range map[string]string{"": "PolicySourceArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2F", actingRole: "PolicySourceArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fhands"} {
		s := newSite(t, nil)
		s.writer = s.open(Options{Role: role, Operator: "ada"})
		p := s.mustPlan(s.want(runbooks.Capacity, "asg", "desired", "+1"))
		if r := s.writer.Check(t.Context(), p); len(r.Missing) > 0 || r.Unknown != "" {
			t.Fatalf("as %q: %+v", role, r)
		}
		if body := string(s.last("SimulatePrincipalPolicy").body); role == "" && !strings.Contains(body, who) || !strings.Contains(s.everySent("SimulatePrincipalPolicy"), who) {
			t.Errorf("as %q it asked %s", role, body)
		}
		if body := s.everySent("SimulatePrincipalPolicy"); !strings.Contains(body, "ResourceArns.member.1=arn%3Aaws%3Aautoscaling") || strings.Contains(body, "%2A") {
			t.Errorf("as %q it asked %s, want the group's full name", role, body)
		}
		s.aws.Inject(simulator.Fault{Kind: simulator.Denied, Service: "autoscaling"})
		if r := s.writer.Check(t.Context(), p); !slices.Equal(r.Missing, []string{"autoscaling:UpdateAutoScalingGroup"}) || r.Unknown != "" {
			t.Errorf("as %q: %+v", role, r)
		}
		if s.count("UpdateAutoScalingGroup")+s.count("AssumeRole") > 0 {
			t.Error("something was changed")
		}
	}
}

// everySent is all that was asked by an operation.
func (s *site) everySent(operation string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all strings.Builder
	for _, c := range s.sent {
		if c.operation == operation {
			all.Write(c.body)
			all.WriteByte('\n')
		}
	}
	return all.String()
}

// TestCheckThatCannotBeMadeHoldsNobodyBack: it says why, and the action stays possible.
func TestCheckThatCannotBeMadeHoldsNobodyBack(t *testing.T) {
	for name, c := range map[string]struct {
		fault simulator.Fault
		words string
	}{
		"denied":   {simulator.Fault{Kind: simulator.Denied, Service: "iam"}, "iam:SimulatePrincipalPolicy"},
		"mute":     {simulator.Fault{Kind: simulator.Hang, Service: "iam"}, "no answer in time"},
		"throttle": {simulator.Fault{Kind: simulator.Throttling, Service: "iam"}, "slow down"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			p := s.mustPlan(s.want(runbooks.Capacity, "asg", "desired", "+1"))
			s.aws.Inject(c.fault)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			if r := s.writer.Check(ctx, p); len(r.Missing) > 0 || !strings.Contains(r.Unknown, c.words) {
				t.Errorf("%+v, want %q", r, c.words)
			}
			if _, err := s.apply(p); err != nil {
				t.Error(err)
			}
		})
	}
	s := newSite(t, nil)
	p := s.mustPlan(s.want(runbooks.Capacity, "asg", "desired", "+1"))
	s.replace(failing("SimulatePrincipalPolicy", http.StatusNotFound, queryError("NoSuchEntity", "cannot be found")))
	if r := s.writer.Check(t.Context(), p); !strings.Contains(r.Unknown, "AWS knows no arn:aws:iam::123456789012:role/on-call/war-room") {
		t.Errorf("%+v", r)
	}
}

// TestARoleUnderAPathIsAskedAboutByItsFullName: a session's own name does not tell the path, so AWS is asked for it, once.
func TestARoleUnderAPathIsAskedAboutByItsFullName(t *testing.T) {
	s := newSite(t, nil)
	p := s.mustPlan(s.want(runbooks.Capacity, "asg", "desired", "+1"))
	s.writer.session.behind = "arn:aws:iam::123456789012:role/on-call/somebody-else" // whom we were before
	for range 3 {
		if r := s.writer.Check(t.Context(), p); len(r.Missing) > 0 || r.Unknown != "" {
			t.Fatalf("%+v", r)
		}
	}
	if n, m := s.count("GetRole"), s.count("SimulatePrincipalPolicy"); n != 1 || m != 4 {
		t.Errorf("the path was asked for %d times, and the policies were asked about %d times for three cards", n, m)
	}
	for operation, want := range map[string]string{"GetRole": "RoleName=war-room", "SimulatePrincipalPolicy": "PolicySourceArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fon-call%2Fwar-room"} {
		if body := string(s.last(operation).body); !strings.Contains(body, want) {
			t.Errorf("%s lacks %s", body, want)
		}
	}
	s.aws.Inject(simulator.Fault{Kind: simulator.Denied, Service: "autoscaling"})
	if r := s.writer.Check(t.Context(), p); !slices.Equal(r.Missing, []string{"autoscaling:UpdateAutoScalingGroup"}) {
		t.Errorf("%+v", r)
	}
}

// TestWithoutItsPathARoleIsNotChecked: who may not ask for it is told so, and the action stays possible. A role of the config
// has its path in its name, or is wrong.
func TestWithoutItsPathARoleIsNotChecked(t *testing.T) {
	for name, c := range map[string]struct {
		role   string
		status int
		answer string
		words  []string
	}{
		"denied":      {"", http.StatusForbidden, queryError("AccessDenied", "not authorized to perform: iam:GetRole"), []string{"role/war-room", "under a path", "iam:GetRole"}},
		"empty":       {"", http.StatusOK, "<GetRoleResponse><GetRoleResult></GetRoleResult></GetRoleResponse>", []string{"without the role"}},
		"of a config": {"arn:aws:iam::210987654321:role/war-room", http.StatusForbidden, "", []string{"AWS knows no arn:aws:iam::210987654321:role/war-room"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			if c.role != "" {
				s.writer = s.open(Options{Role: c.role, Operator: "ada"})
				s.writer.session.behind = "arn:aws:iam::123456789012:role/on-call/war-room" // as from an earlier card
			}
			p := s.mustPlan(s.want(runbooks.Capacity, "asg", "desired", "+1"))
			s.replace(failing("GetRole", c.status, c.answer))
			r := s.writer.Check(t.Context(), p)
			for _, words := range c.words {
				if len(r.Missing) > 0 || !strings.Contains(r.Unknown, words) {
					t.Errorf("%+v, want %q", r, words)
				}
			}
			if c.role != "" && s.count("GetRole") > 0 {
				t.Error("the path of a role was asked for whose full name the config has")
			}
			if _, err := s.apply(p); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPrincipalIsWhosePoliciesHold(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:sts::123456789012:assumed-role/oncall/ada": "arn:aws:iam::123456789012:role/oncall",
		"arn:aws-cn:sts::123456789012:assumed-role/x/y":     "arn:aws-cn:iam::123456789012:role/x",
		"arn:aws:iam::123456789012:user/team/ada":           "arn:aws:iam::123456789012:user/team/ada",
		"arn:aws:iam::123456789012:root":                    "",
		"arn:aws:sts::123456789012:federated-user/ada":      "",
	} {
		got, err := principal(arn)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v, want %q", arn, got, err, want)
		}
	}
}

// TestTheRoleIsTakenForTheCallAlone: once for each, for a quarter of an hour, as the operator, and nothing of it is kept.
func TestTheRoleIsTakenForTheCallAlone(t *testing.T) {
	s := newSite(t, nil)
	s.writer = s.open(Options{Role: actingRole, Operator: "ada lovelace"})
	for i, by := range []string{"+1", "+2"} {
		p := s.mustPlan(s.want(runbooks.Capacity, "asg", "desired", by))
		if s.count("AssumeRole") != i {
			t.Fatalf("the role was taken %d times after %d calls", s.count("AssumeRole"), i)
		}
		if _, err := s.apply(p); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"DurationSeconds=900", "RoleSessionName=ada-lovelace"} {
		if body := string(s.last("AssumeRole").body); !strings.Contains(body, want) {
			t.Errorf("%s lacks %s", body, want)
		}
	}
	if n := s.count("AssumeRole"); n != 2 || s.last("UpdateAutoScalingGroup").key != "ASIAEXAMPLE" {
		t.Errorf("the role was taken %d times for two calls, and the last was signed by %s", n, s.last("UpdateAutoScalingGroup").key)
	}
}
