package awsread

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/simulator"
)

// TestBurstOfActivities: a group that starts 130 instances at once tells of each of them, once.
func TestBurstOfActivities(t *testing.T) {
	s := newSite(t, func(sc *simulator.Scenario) {
		sc.Capacity.Groups["web"] = simulator.Bounds{Min: 10, Desired: 10, Max: 300}
	})
	p := newTape()
	s.advance(p, 1)
	before := len(p.changes)
	if err := s.launch.SetDesired("web", 140); err != nil {
		t.Fatal(err)
	}
	s.advance(p, 3)
	started := map[string]int{}
	for _, c := range p.changes[before:] {
		if c.Kind == sources.ChangeScaling && strings.HasPrefix(c.Text, "Launching") {
			started[c.ID]++
		}
	}
	if len(started) != 130 {
		t.Errorf("%d of 130 starts are told", len(started))
	}
	for id, n := range started {
		if n != 1 {
			t.Errorf("%s is told %d times", id, n)
		}
	}
}

// TestFailedLaunchIsTold: that instances could not be started is told with Auto Scaling's reason.
func TestFailedLaunchIsTold(t *testing.T) {
	s := newSite(t, func(sc *simulator.Scenario) {
		sc.Faults = append(sc.Faults, simulator.FaultSpec{At: "T-2m", Until: "T+10m", Kind: simulator.LaunchFailure})
	})
	p := newTape()
	s.advance(p, 1)
	if err := s.launch.SetDesired("web", s.launch.State().Groups[0].Desired+2); err != nil {
		t.Fatal(err)
	}
	s.advance(p, 1)
	for _, c := range p.changes {
		if strings.HasPrefix(c.Text, "failed: Launching a new EC2 instance") && strings.Contains(c.Text, "InsufficientInstanceCapacity") {
			return
		}
	}
	t.Errorf("the failure is not among %v", p.changes)
}

// activityXML is an activity as Auto Scaling lists it; one without an end is in progress.
func activityXML(id, status, message string, start time.Time, end time.Time) string {
	ended := ""
	if !end.IsZero() {
		ended = "<EndTime>" + end.Format(time.RFC3339) + "</EndTime>"
	}
	return fmt.Sprintf(`<member><ActivityId>%s</ActivityId><AutoScalingGroupName>web</AutoScalingGroupName><Description>Launching %s</Description><Cause>c</Cause><StartTime>%s</StartTime>%s<StatusCode>%s</StatusCode><StatusMessage>%s</StatusMessage></member>`,
		id, id, start.Format(time.RFC3339), ended, status, message)
}

func activitiesXML(next string, activities ...string) string {
	return "<DescribeScalingActivitiesResponse><DescribeScalingActivitiesResult><Activities>" + strings.Join(activities, "") +
		"</Activities><NextToken>" + next + "</NextToken></DescribeScalingActivitiesResult></DescribeScalingActivitiesResponse>"
}

const (
	groupXML      = `<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups><member><AutoScalingGroupName>web</AutoScalingGroupName></member></AutoScalingGroups></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>`
	noRefreshXML  = `<DescribeInstanceRefreshesResponse><DescribeInstanceRefreshesResult/></DescribeInstanceRefreshesResponse>`
	oneRefreshXML = `<DescribeInstanceRefreshesResponse><DescribeInstanceRefreshesResult><InstanceRefreshes><member><InstanceRefreshId>r1</InstanceRefreshId><Status>%s</Status><PercentageComplete>%d</PercentageComplete><StatusReason>%s</StatusReason><StartTime>2026-03-01T18:59:00Z</StartTime></member></InstanceRefreshes></DescribeInstanceRefreshesResult></DescribeInstanceRefreshesResponse>`
)

// fleetSource is the source of the group web.
func fleetSource(t *testing.T) (*fakeAWS, sources.Source) {
	f := newFakeAWS(t)
	f.answers["DescribeAutoScalingGroups"] = groupXML
	f.answers["DescribeScalingActivities"] = activitiesXML("")
	f.answers["DescribeInstanceRefreshes"] = noRefreshXML
	r := openAt(t, f.URL, sources.Resource{Ref: sources.Ref{Service: "asg", Name: "web"}, ID: "web"})
	r.session.share = 1 // polls follow each other without a minute between them
	return f, source(t, r, "asg")
}

// texts are those of the readings' changes.
func texts(readings ...sources.Reading) (out []string) {
	for _, r := range readings {
		for _, c := range r.Changes {
			out = append(out, c.Text)
		}
	}
	return out
}

// TestFailureIsToldLater: an activity that was in progress when it was told, and fails when so much else has
// happened that it stands on no page that is read any more, is still told as failed or cancelled, once.
func TestFailureIsToldLater(t *testing.T) {
	for status, message := range map[string]string{"Failed": "VcpuLimitExceeded", "Cancelled": "no instance came"} {
		t.Run(status, func(t *testing.T) {
			f, s := fleetSource(t)
			old, fresh := epoch.Add(-10*time.Minute), epoch.Add(-time.Minute)
			f.answers["DescribeScalingActivities"] = activitiesXML("", activityXML("slow", "InProgress", "", old, time.Time{}))
			if got := texts(poll(t, s, epoch)); len(got) != 1 || got[0] != "Launching slow" {
				t.Fatalf("told %q", got)
			}
			var others []string
			for i := range 100 {
				others = append(others, activityXML("a"+strconv.Itoa(i), "Successful", "", fresh, fresh))
			}
			asked := 0
			f.respond = func(operation string, form url.Values) string {
				switch {
				case operation != "DescribeScalingActivities":
					return ""
				case form.Get("ActivityIds.member.1") == "slow":
					asked++
					return activitiesXML("", activityXML("slow", status, message, old, epoch))
				case form.Get("NextToken") == "":
					return activitiesXML("older", others...)
				}
				return activitiesXML("", activityXML("z", "Successful", "", old, old))
			}
			second := texts(poll(t, s, epoch.Add(time.Minute)))
			want := strings.ToLower(status) + ": Launching slow: " + message
			if len(second) != 102 || second[101] != want {
				t.Errorf("told %d changes, the last %q, want %q", len(second), second[len(second)-1], want)
			}
			if third := texts(poll(t, s, epoch.Add(2*time.Minute))); len(third) != 0 || asked != 1 {
				t.Errorf("told %q again, asked for %d times", third, asked)
			}
		})
	}
}

// TestActivitiesAreReadToTheKnown: pages are read until one holds nothing new, whatever is in progress before it; old
// ones are not read at all.
func TestActivitiesAreReadToTheKnown(t *testing.T) {
	f, s := fleetSource(t)
	var pages []string
	f.respond = func(operation string, form url.Values) string {
		if operation != "DescribeScalingActivities" {
			return ""
		}
		n, _ := strconv.Atoi(form.Get("NextToken"))
		if n == len(pages)-1 {
			return activitiesXML("", pages[n])
		}
		return activitiesXML(strconv.Itoa(n+1), pages[n])
	}
	at := func(minutes int) time.Time { return epoch.Add(-time.Duration(minutes) * time.Minute) }
	running := activityXML("r", "InProgress", "", at(50), time.Time{})
	known := activityXML("k", "Successful", "", at(55), at(54))
	ancient := activityXML("x", "Successful", "", at(500), at(499))
	pages = []string{running, known, ancient, activityXML("y", "Successful", "", at(600), at(600))}
	if got := texts(poll(t, s, epoch)); len(got) != 2 {
		t.Errorf("first told %q", got)
	}
	if n := f.count("DescribeScalingActivities"); n != 3 {
		t.Errorf("%d pages read, want those up to the old ones", n)
	}
	pages = []string{running, activityXML("f", "Failed", "no room", at(1), at(1)), known, ancient}
	if got := texts(poll(t, s, epoch.Add(time.Minute))); len(got) != 2 || got[1] != "failed: Launching f: no room" {
		t.Errorf("then told %q", got)
	}
	if n := f.count("DescribeScalingActivities"); n != 6 {
		t.Errorf("%d pages read, want three more", n-3)
	}
}

// TestRefreshIsTold: an instance refresh that runs, or went wrong, is a fact and a change; one that is over is not.
func TestRefreshIsTold(t *testing.T) {
	f, s := fleetSource(t)
	ref := sources.Ref{Service: "asg", Name: "web"}
	var readings []sources.Reading
	for i, step := range []struct {
		status, reason string
		percent        int
		want           string
	}{
		{"InProgress", "", 40, "InProgress, 40%"},
		{"InProgress", "waiting for warm-up", 60, "InProgress, 60%: waiting for warm-up"},
		{"RollbackInProgress", "", 10, "RollbackInProgress, 10%"},
		{"Failed", "no capacity", 60, "Failed, 60%: no capacity"},
		{"Successful", "", 100, ""},
		{"Cancelled", "", 30, ""},
	} {
		f.answers["DescribeInstanceRefreshes"] = fmt.Sprintf(oneRefreshXML, step.status, step.percent, step.reason)
		readings = append(readings, poll(t, s, epoch.Add(time.Duration(i)*time.Minute)))
		if got, told := factOf(ref, "refresh", readings...); !told || got != step.want {
			t.Errorf("%s is told as %q, want %q", step.status, got, step.want)
		}
	}
	if got := texts(readings...); !slices.Equal(got, []string{"instance refresh of web started", "instance refresh of web ended: Failed"}) {
		t.Errorf("told %q", got)
	}
}
