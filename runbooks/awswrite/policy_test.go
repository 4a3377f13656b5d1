package awswrite

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/simulator"
)

// looking are the names of operations that change nothing.
var looking = regexp.MustCompile("^(Get|GET|Describe|List)")

const actingRole = "arn:aws:iam::123456789012:role/hands"

// allDone has the hands do all that they can to the whole stack, as themselves and as a role.
func allDone(t *testing.T) *site {
	t.Helper()
	s := newSite(t, nil)
	for i, o := range []Options{{}, {Role: actingRole, Operator: "ada"}} {
		o.Resources = s.deployedTo()
		s.writer = s.open(o)
		for _, a := range []runbooks.Action{
			s.want(runbooks.Capacity, "asg", "desired", "+1"), s.want(runbooks.Capacity, "aurora", "min", "+1"),
			s.want(runbooks.Invalidate, "cloudfront", "paths", "/a"), s.switchTo([]string{"maintenance", "live"}[i], "by", byOrigin), s.switchTo([]string{"maintenance", "live"}[i], "by", byFlag),
			s.want(runbooks.Firewall, "waf", "rule", "rate-limit", "limit", []string{"500", "600"}[i]),
			s.reserve([]string{"600", "700"}[i]), s.switchListener(i == 0), s.rollback(),
			s.want(runbooks.Deploy, "asg", "do", "rollback", "by", byCodeDeploy),
		} {
			switch {
			case a.Want["by"] == byCodeDeploy:
				s.deploy("release-" + strconv.Itoa(41+i) + ".zip")
			case a.Kind == runbooks.Deploy:
				s.bringOut(simulator.Refresh{Version: strconv.Itoa(8 + i), MinHealthy: 75})
			}
			p := s.mustPlan(a)
			s.planned = append(s.planned, p)
			if r := s.writer.Check(t.Context(), p); len(r.Missing) > 0 || r.Unknown != "" {
				t.Errorf("%s: %+v", a, r)
			}
			p.ID += s.writer.session.options.Role
			r, err := s.apply(p)
			if err != nil {
				t.Fatalf("%s: %v", a, err)
			}
			s.found(p)
			s.progress(p, r)
			s.pass(time.Minute)
			s.progress(p, r)
		}
		s.pass(30 * time.Minute) // until what is deployed is
	}
	return s
}

// switchListener has the load balancer answer by itself, or forward again.
func (s *site) switchListener(off bool) runbooks.Action {
	if off {
		return s.want(runbooks.Maintenance, "alb", "to", "maintenance")
	}
	return s.want(runbooks.Maintenance, "alb", "to", "live", "forward", s.launch.State().TargetGroups[0].Name)
}

// permitted are all actions of the policies for the whole stack, with and without a role.
func permitted(resources []sources.Resource) []string {
	all := map[string]bool{}
	for _, role := range []string{"", actingRole} {
		looks, acts := Permissions(Options{Resources: resources, Role: role}, "")
		for action := range looks {
			all[action] = true
		}
		for action := range acts {
			all[action] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// differences are the calls that a policy does not allow, and what it allows although nobody calls it.
func differences(s *site) (outside, unused []string) {
	called := slices.Sorted(maps.Keys(s.aws.Stats().Calls))
	may := permitted(s.deployedTo())
	outside = slices.DeleteFunc(slices.Clone(called), func(c string) bool { return slices.Contains(may, c) })
	unused = slices.DeleteFunc(may, func(a string) bool { return slices.Contains(called, a) })
	return outside, unused
}

// TestPolicyIsExact: all that the hands can do to the whole stack calls every operation that the policies allow, and no
// other; and the policies hold the whole allowlist.
func TestPolicyIsExact(t *testing.T) {
	s := allDone(t)
	if outside, unused := differences(s); len(outside)+len(unused) > 0 {
		t.Errorf("called but not in the policy: %q; in the policy but never called: %q", outside, unused)
	}
	list := slices.Sorted(slices.Values(append(slices.Collect(maps.Values(reads)), slices.Collect(maps.Values(writes))...)))
	if may := permitted(s.deployedTo()); !slices.Equal(may, list) {
		t.Errorf("the policies allow %q, the guard %q", may, list)
	}
	for _, c := range s.sent {
		if c.key == "ASIAEXAMPLE" && looking.MatchString(c.operation) {
			t.Errorf("the role has looked, by %s, which its policy does not allow", c.operation)
		}
	}
	if s.last("UpdateWebACL").key != "ASIAEXAMPLE" {
		t.Error("the role has not acted")
	}
}

// TestEveryPlanNamesWhatItIsAbout proves of every kind of action, and of every call, that its plan has the full name of what
// it is about, and that this is among what the policy allows the call on.
func TestEveryPlanNamesWhatItIsAbout(t *testing.T) {
	s := allDone(t)
	kinds, calls := map[runbooks.Kind]bool{}, map[string]bool{"sts:AssumeRole": true}
	for _, p := range s.planned {
		kinds[p.Action.Kind], calls[p.Call] = true, true
		r, err := s.writer.resource(p.Action.Resource)
		if err != nil {
			t.Fatal(err)
		}
		allowed := limits[p.Call](r, homeOf(r, p.Region), "123456789012")
		if !slices.ContainsFunc(allowed, func(arn string) bool {
			ok, err := path.Match(arn, p.On)
			return err == nil && ok
		}) || strings.Contains(p.On, "*") {
			t.Errorf("%s is on %q, and allowed on %q", p.Action, p.On, allowed)
		}
	}
	if want := slices.Sorted(maps.Values(writes)); !slices.Equal(slices.Sorted(maps.Keys(calls)), want) || len(kinds) != len(runbooks.Kinds()) {
		t.Errorf("planned %d of %d kinds of actions, with the calls %v of %v", len(kinds), len(runbooks.Kinds()), calls, want)
	}
}

// What AWS does not name in its answers is named as far as it is known whose account it is, in the part of AWS that we are in.
func TestWhatIsNamedFromTheConfig(t *testing.T) {
	web := sources.Resource{Ref: sources.Ref{Service: "asg", Name: "web"}, Attrs: map[string]string{sources.DeployedBy: "shop/web"}}
	for _, c := range []struct {
		account, identity, want string
	}{
		{"123456789012", "arn:aws:iam::123456789012:user/ada", "arn:aws:codedeploy:cn-north-1:123456789012:deploymentgroup:shop/web"},
		{"123456789012", "arn:aws-cn:iam::123456789012:role/hands as ada", "arn:aws-cn:codedeploy:cn-north-1:123456789012:deploymentgroup:shop/web"},
		{"", "", ""},
	} {
		if got := arnOf(web, runbooks.Plan{Call: stopDeployment, Region: "cn-north-1", Account: c.account, Identity: c.identity}); got != c.want {
			t.Errorf("as %q it is %q, want %q", c.identity, got, c.want)
		}
	}
}

// TestTheProofSeesADifference adds to the allowlist what nobody calls, and takes from it what somebody does.
func TestTheProofSeesADifference(t *testing.T) {
	s := allDone(t)
	writes["RDS.DeleteDBCluster"] = "rds:DeleteDBCluster"
	kept := reads["CloudFront.GetInvalidation"]
	delete(reads, "CloudFront.GetInvalidation")
	t.Cleanup(func() { delete(writes, "RDS.DeleteDBCluster"); reads["CloudFront.GetInvalidation"] = kept })
	outside, unused := differences(s)
	if !slices.Equal(outside, []string{"cloudfront:GetInvalidation"}) || !slices.Equal(unused, []string{"rds:DeleteDBCluster"}) {
		t.Errorf("outside %q, unused %q", outside, unused)
	}
}

// TestPolicyIsNarrow: whatever changes something is allowed on the resources of the config only, and services that are not
// in the config are not in the policy.
func TestPolicyIsNarrow(t *testing.T) {
	s := newSite(t, nil)
	_, acts := Permissions(Options{Resources: resourcesOf(s.launch.State()), Region: "eu-central-1", Role: actingRole}, "123456789012")
	for action, on := range acts {
		for _, arn := range on {
			if !strings.HasPrefix(arn, "arn:aws:") || strings.HasSuffix(arn, ":*") || !strings.Contains(arn, ":123456789012:") {
				t.Errorf("%s is allowed on %s", action, arn)
			}
		}
	}
	looks, acts := Permissions(Options{Resources: []sources.Resource{{Ref: sources.Ref{Service: "asg", Name: "web"}, ID: "lottery-web"}}}, "")
	web := []string{"arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/lottery-web"}
	want := map[string][]string{"autoscaling:UpdateAutoScalingGroup": web, "autoscaling:RollbackInstanceRefresh": web}
	if !maps.EqualFunc(acts, want, slices.Equal) || len(looks) != 7 {
		t.Errorf("for one fleet alone: acts %v, looks %v", acts, looks)
	}
}
