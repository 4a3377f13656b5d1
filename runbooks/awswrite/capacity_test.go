package awswrite

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/query"
	"warroom/sources/simulator"
)

func (s *site) group() simulator.AutoScalingGroup { return s.launch.State().Groups[0] }

// numbersNow are desired, min and max of the site's group.
func (s *site) numbersNow() string {
	g := s.group()
	return fmt.Sprintf("%d %d %d", g.Desired, g.Min, g.Max)
}

// sized starts a site whose group has these numbers.
func sized(t *testing.T, desired, least, most int) *site {
	t.Helper()
	s := newSite(t, nil)
	if err := s.launch.SetSize(s.group().Name, simulator.Size{Min: &least, Max: &most, Desired: &desired}); err != nil {
		t.Fatal(err)
	}
	s.pass(10 * time.Second) // and no more, for the group has a scaling policy
	return s
}

func TestFleetPlans(t *testing.T) {
	for _, c := range []struct {
		want  []string
		after string // desired min max
		level runbooks.Level
	}{
		{[]string{"desired", "18"}, "18 18 24", runbooks.Bounded},
		{[]string{"desired", "+50 %"}, "18 18 24", runbooks.Bounded},
		{[]string{"desired", "to 24"}, "24 24 24", runbooks.Bounded},
		{[]string{"desired", "+200 %"}, "24 24 24", runbooks.Bounded},
		{[]string{"desired", "+200 %", "max", "40"}, "36 36 40", runbooks.Visible},
		{[]string{"desired", "+6", "min", "6"}, "18 6 24", runbooks.Bounded},
		{[]string{"min", "14"}, "14 14 24", runbooks.Bounded},
		{[]string{"min", "8"}, "12 8 24", runbooks.Bounded},
		{[]string{"max", "30"}, "12 6 30", runbooks.Visible},
		{[]string{"desired", "30", "max", "40"}, "30 30 40", runbooks.Visible},
		{[]string{"desired", "-2"}, "10 6 24", runbooks.Visible},
		{[]string{"min", "4"}, "12 4 24", runbooks.Visible},
		{[]string{"max", "20"}, "12 6 20", runbooks.Visible},
		{[]string{"desired", "4", "min", "4"}, "4 4 24", runbooks.Visible},
	} {
		s := sized(t, 12, 6, 24)
		p := s.mustPlan(s.want(runbooks.Capacity, "asg", c.want...))
		after := valueOf(p.After, "desired") + " " + valueOf(p.After, "min") + " " + valueOf(p.After, "max")
		if after != c.after || p.Level != c.level {
			t.Errorf("%v: %s at level %d, want %s at level %d", c.want, after, p.Level, c.after, c.level)
		}
		if s.numbersNow() != "12 6 24" || s.aws.Stats().Writes != 0 {
			t.Fatalf("%v: planning changed the group to %s", c.want, s.numbersNow())
		}
		if _, err := s.apply(p); err != nil {
			t.Errorf("%v: %v", c.want, err)
		}
		if s.numbersNow() != c.after {
			t.Errorf("%v: the group has %s, want %s", c.want, s.numbersNow(), c.after)
		}
	}
}

func TestFleetOutOfBoundsIsRefusedBeforeAnyCall(t *testing.T) {
	s := sized(t, 12, 6, 24)
	for _, c := range []struct {
		words string
		want  []string
	}{
		{"above its maximum", []string{"desired", "25"}},
		{"desired 25 is above its maximum", []string{"desired", "+13"}},
		{"above its maximum", []string{"min", "25"}},
		{"above its maximum", []string{"min", "30", "max", "24"}},
		{"give desired too", []string{"max", "10"}},
		{"give min too", []string{"desired", "4"}},
		{"leave nobody", []string{"desired", "0"}},
		{"leave nobody", []string{"desired", "-12"}},
		{"leave nobody", []string{"desired", "-100 %"}},
		{"leave nobody", []string{"desired", "-20"}},
		{"leave nobody", []string{"min", "0"}},
		{"leave nobody", []string{"max", "0"}},
		{"already", []string{"desired", "12"}},
		{"already", []string{"desired", "12", "min", "6", "max", "24"}},
		{"no amount", []string{"desired", "lots"}},
		{"no multiple", []string{"desired", "12.5"}},
		{"did you mean \"desired\"", []string{"desird", "18"}},
		{"say what it should become", nil},
		{"say what it should become", []string{"desired", ""}},
	} {
		s.refuses(s.want(runbooks.Capacity, "asg", c.want...), c.words)
	}
}

// TestAShareIsCutAtTheMaximum: a share is about so much more, so it goes as far as there is room and says so; where there is
// none it says what to write.
func TestAShareIsCutAtTheMaximum(t *testing.T) {
	s := sized(t, 20, 6, 24)
	p := s.mustPlan(s.want(runbooks.Capacity, "asg", "desired", "+50 %"))
	if !slices.Contains(p.Limits, "+50 % would be 30: cut at the maximum; for more, give max too") || valueOf(p.After, "desired") != "24" {
		t.Errorf("limits %q, after %v", p.Limits, p.After)
	}
	s = sized(t, 24, 6, 24)
	s.refuses(s.want(runbooks.Capacity, "asg", "desired", "+50 %"), `desired 24 is at its maximum already; give max too, as in "max +50 % desired +50 %"`)
}

// TestFleetIsTakenBack proves the undo: the plan's own way back leads to what was, also where zero was.
func TestFleetIsTakenBack(t *testing.T) {
	for _, least := range []int{6, 0} {
		s := sized(t, 12, least, 24)
		was := s.numbersNow()
		p, _ := s.do(s.want(runbooks.Capacity, "asg", "desired", "18", "max", "30"))
		if s.numbersNow() != "18 18 30" {
			t.Fatalf("the group has %s", s.numbersNow())
		}
		back := p.Back
		back.Undoes = "plan-1"
		undo, _ := s.do(back)
		if s.numbersNow() != was || undo.Level != runbooks.Visible {
			t.Errorf("taken back to %s at level %d, was %s", s.numbersNow(), undo.Level, was)
		}
	}
}

func TestFleetCard(t *testing.T) {
	s := sized(t, 12, 6, 24)
	p := s.mustPlan(s.want(runbooks.Capacity, "asg", "desired", "+6"))
	state := s.launch.State()
	for what, ok := range map[string]bool{
		"title":      p.Title == "fleet "+s.group().Name+": desired 12 → 18, min 6 → 18",
		"account":    p.Account == state.Account,
		"identity":   p.Identity == state.CallerARN,
		"region":     p.Region == state.Region && strings.Contains(p.Plane, state.Region),
		"call":       p.Call == "autoscaling:UpdateAutoScalingGroup",
		"cost":       p.Cost == "+6 × "+s.group().InstanceType,
		"limit":      slices.Contains(p.Limits, "maximum of the group 24"),
		"min":        slices.ContainsFunc(p.Limits, func(l string) bool { return strings.Contains(l, "minimum rises with it to 18") }),
		"takes":      strings.Contains(p.Takes, fmt.Sprintf("%.0f s", s.group().Warmup.Seconds())),
		"undo":       strings.Contains(p.Undo, "desired 12, min 6, max 24"),
		"no warning": len(p.Warnings) == 0,
	} {
		if !ok {
			t.Errorf("%s is wrong on the card: %+v", what, p)
		}
	}
}

func TestFleetWarnsOfSuspendedProcesses(t *testing.T) {
	s := sized(t, 12, 6, 24)
	if err := s.launch.Suspend(s.group().Name, "Launch", "AddToLoadBalancer", "AlarmNotification", "Terminate"); err != nil {
		t.Fatal(err)
	}
	warned := func(pairs ...string) string {
		return strings.Join(s.mustPlan(s.want(runbooks.Capacity, "asg", pairs...)).Warnings, "\n")
	}
	up, down := warned("desired", "+6"), warned("desired", "-2")
	for _, process := range []string{"Launch", "AddToLoadBalancer", "AlarmNotification"} {
		if !strings.Contains(up, process+" is suspended") {
			t.Errorf("growing without %s warns of %q", process, up)
		}
	}
	if strings.Contains(up, "Terminate") || !strings.Contains(down, "Terminate is suspended") || strings.Contains(down, "Launch is suspended") {
		t.Errorf("growing warns of %q, shrinking of %q", up, down)
	}
}

// described answers a description of groups with more in it than the simulated site has.
func described(extra string) func(http.ResponseWriter, *http.Request, []byte) bool {
	return func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		var answer string
		switch operationOf(r, body) {
		case "DescribeAutoScalingGroups":
			answer = `<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups><member><AutoScalingGroupName>g</AutoScalingGroupName><MinSize>6</MinSize><MaxSize>24</MaxSize><DesiredCapacity>12</DesiredCapacity>` + extra + `</member></AutoScalingGroups></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>`
		case "DescribeInstanceRefreshes":
			answer = `<DescribeInstanceRefreshesResponse><DescribeInstanceRefreshesResult><InstanceRefreshes><member><Status>InProgress</Status><PercentageComplete>40</PercentageComplete></member></InstanceRefreshes></DescribeInstanceRefreshesResult></DescribeInstanceRefreshesResponse>`
		case "DescribeScheduledActions":
			answer = `<DescribeScheduledActionsResponse><DescribeScheduledActionsResult/></DescribeScheduledActionsResponse>`
		default:
			return false
		}
		_, _ = w.Write([]byte(answer))
		return true
	}
}

func TestFleetWarnsOfWarmPoolAndRefresh(t *testing.T) {
	s := newSite(t, nil)
	s.replace(described(`<WarmPoolConfiguration><PoolState>Stopped</PoolState></WarmPoolConfiguration><WarmPoolSize>4</WarmPoolSize>`))
	got := strings.Join(s.mustPlan(s.want(runbooks.Capacity, "asg", "desired", "18", "max", "30")).Warnings, "\n")
	for _, want := range []string{"a warm pool of 4", "a higher maximum makes it larger", "an instance refresh is under way (InProgress, 40 %)"} {
		if !strings.Contains(got, want) {
			t.Errorf("warnings %q lack %q", got, want)
		}
	}
}

func TestFleetProgress(t *testing.T) {
	s := sized(t, 12, 6, 24)
	p, r := s.do(s.want(runbooks.Capacity, "asg", "desired", "18"))
	if !s.found(p) {
		t.Error("the call is not found although it was carried out")
	}
	s.pass(20 * time.Second)
	early := s.progress(p, r)
	if early.Done || early.Failed != "" || !strings.Contains(early.Text, "of 18 in service") || !strings.Contains(early.Text, "warming") {
		t.Errorf("soon after: %+v", early)
	}
	s.pass(10 * time.Minute)
	if late := s.progress(p, r); !late.Done || !strings.Contains(late.Text, "of 18 in service") {
		t.Errorf("after ten minutes: %+v", late)
	}
	desired, least := 9, 6
	if err := s.launch.SetSize(s.group().Name, simulator.Size{Desired: &desired, Min: &least}); err != nil {
		t.Fatal(err)
	}
	if s.found(p) {
		t.Error("found although the group has other numbers")
	}
	desired, least = 20, 18
	if err := s.launch.SetSize(s.group().Name, simulator.Size{Desired: &desired, Min: &least}); err != nil {
		t.Fatal(err)
	}
	if !s.found(p) {
		t.Error("not found once a policy has gone further")
	}
	desired, least = 9, 6
	if err := s.launch.SetSize(s.group().Name, simulator.Size{Desired: &desired, Min: &least}); err != nil {
		t.Fatal(err)
	}
	if over := s.progress(p, r); !strings.Contains(over.Failed, "desired is 9 now") {
		t.Errorf("after somebody changed it again: %+v", over)
	}
}

func TestFleetTellsWhyInstancesDoNotStart(t *testing.T) {
	s := newSite(t, nil)
	p := s.mustPlan(s.want(runbooks.Capacity, "asg", "desired", "+1"))
	desired := valueOf(p.After, "desired")
	answer := `<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups><member><MinSize>1</MinSize><MaxSize>99</MaxSize><DesiredCapacity>` + desired + `</DesiredCapacity></member></AutoScalingGroups></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>`
	activities := `<DescribeScalingActivitiesResponse><DescribeScalingActivitiesResult><Activities><member><StatusCode>PreInService</StatusCode></member><member><StatusCode>Failed</StatusCode><StatusMessage>Could not launch: VcpuLimitExceeded</StatusMessage></member><member><StatusCode>Successful</StatusCode></member></Activities></DescribeScalingActivitiesResult></DescribeScalingActivitiesResponse>`
	s.replace(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		text := map[string]string{"DescribeAutoScalingGroups": answer, "DescribeScalingActivities": activities}[operationOf(r, body)]
		_, _ = w.Write([]byte(text))
		return text != ""
	})
	got := s.progress(p, runbooks.Receipt{})
	if got.Done || got.Failed != "" || !strings.Contains(got.Text, "0 of "+desired+" in service; failed: Could not launch: VcpuLimitExceeded") {
		t.Errorf("progress: %+v", got)
	}
}

// TestWatchesAreOfTheCatalogue proves that whatever is watched can be asked for and is written in its unit.
func TestWatchesAreOfTheCatalogue(t *testing.T) {
	s := sized(t, 12, 6, 24)
	for title, p := range s.everyPlan() {
		if len(p.Watches) == 0 {
			t.Errorf("%s watches nothing", title)
		}
		for _, w := range p.Watches {
			if err := query.Check(w.Expr); err != nil {
				t.Errorf("%s: %s: %v", title, w.Expr, err)
			}
			if w.Name == "" || w.Want == "" || w.Unit == "" {
				t.Errorf("%s: %+v lacks a name, a trend or a unit", title, w)
			}
			if err := query.Check(w.Beside); w.Beside != "" && err != nil {
				t.Errorf("%s: %s: %v", title, w.Beside, err)
			}
		}
	}
}

// TestASwitchIsJudgedByWhoReachesTheSite proves that both ways to the maintenance page watch the requests behind all load
// balancers, beside what these count although none comes, and that the way back watches them rise.
func TestASwitchIsJudgedByWhoReachesTheSite(t *testing.T) {
	s := newSite(t, nil)
	one := resourcesOf(s.launch.State())
	other := sources.Resource{Ref: sources.Ref{Service: "alb", Name: "api"}, ID: "app/api/0123456789abcdef"}
	for _, c := range []struct {
		resources    []sources.Resource
		expr, beside string
	}{
		{one, `alb_requests_per_second{resource="web"}`, `alb_healthy_hosts{resource="web"}`},
		{append(slices.Clone(one), other), "sum(alb_requests_per_second)", "sum(alb_healthy_hosts)"},
	} {
		s.writer = s.open(Options{Resources: c.resources})
		edge := &origins{s.writer}
		for to, want := range map[string]runbooks.Trend{maintenance: runbooks.Falls, live: runbooks.Rises} {
			for way, watches := range map[string][]runbooks.Watch{"edge": edge.watches("edge", to), "listener": (&listeners{s.writer}).watches(to)} {
				if !slices.ContainsFunc(watches, func(w runbooks.Watch) bool {
					return w.Expr == c.expr && w.Beside == c.beside && w.Want == want && w.Own && w.Unit == "per_second"
				}) {
					t.Errorf("to %s by the %s: %+v", to, way, watches)
				}
			}
		}
	}
}

// everyPlan is a plan of each sort, by its title.
func (s *site) everyPlan() map[string]runbooks.Plan {
	out := map[string]runbooks.Plan{}
	for _, a := range s.everyAction() {
		p := s.mustPlan(a)
		out[p.Title] = p
	}
	return out
}

func (s *site) everyAction() []runbooks.Action {
	return []runbooks.Action{
		s.want(runbooks.Capacity, "asg", "desired", "+6"),
		s.want(runbooks.Capacity, "asg", "desired", "-2"),
		s.want(runbooks.Capacity, "asg", "max", "30"),
		s.want(runbooks.Capacity, "asg", "max", "23"),
		s.want(runbooks.Capacity, "asg", "min", "8"),
		s.want(runbooks.Capacity, "asg", "min", "4"),
		s.want(runbooks.Capacity, "aurora", "min", "+1"),
		s.want(runbooks.Capacity, "aurora", "max", "+8"),
		s.want(runbooks.Capacity, "aurora", "max", "-1"),
		s.want(runbooks.Capacity, "alb", "lcu", "500"),
		s.want(runbooks.Maintenance, "alb", "to", "maintenance"),
		s.want(runbooks.Invalidate, "cloudfront", "paths", "/*"),
		s.want(runbooks.Maintenance, "cloudfront", "to", "maintenance"),
		s.want(runbooks.Firewall, "waf", "rule", s.rateRule(), "limit", "+100 %"),
		s.want(runbooks.Firewall, "waf", "rule", s.rateRule(), "limit", "-50 %"),
	}
}

func TestOffersAreOfOurResourcesOnly(t *testing.T) {
	s := newSite(t, nil)
	stranger := sources.Resource{Ref: sources.Ref{Service: "asg", Name: "nobody's"}}
	for _, h := range s.writer.Hands() {
		if got := h.Offers(stranger); got != nil {
			t.Errorf("%T offers %v for a stranger", h, got)
		}
	}
	kinds := map[string]bool{}
	for _, r := range resourcesOf(s.launch.State()) {
		for _, h := range s.writer.Hands() {
			for _, o := range h.Offers(r) {
				kinds[r.Service+" "+string(o.Kind)] = true
				if o.Title == "" || o.Resource != r.Ref || len(o.Parameters) == 0 {
					t.Errorf("%+v lacks something", o)
				}
			}
		}
	}
	if got := fmt.Sprint(slices.Sorted(maps.Keys(kinds))); got != "[alb capacity alb maintenance asg capacity asg deploy aurora capacity cloudfront invalidate cloudfront maintenance waf firewall]" {
		t.Errorf("offered: %s", got)
	}
}
