package awswrite

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/simulator"
)

func (s *site) balancerNow() simulator.LoadBalancer {
	s.launch.Advance(s.clock.Now())
	return s.launch.State().LoadBalancers[0]
}

// TestListenerAnswersItselfAndForwardsAgain proves the switch there and back: what it was is put back with its weights and
// its stickiness, and meanwhile nothing reaches the fleet.
func TestListenerAnswersItselfAndForwardsAgain(t *testing.T) {
	s := newSite(t, nil)
	s.pass(3 * time.Minute)
	p, r := s.do(s.want(runbooks.Maintenance, "alb", "to", "maintenance"))
	if b := s.balancerNow(); b.Fixed == nil || b.Fixed.Body != sorry || b.Fixed.ContentType != "text/html" || !s.found(p) || r.Request == "" {
		t.Fatalf("the listener has %+v, receipt %+v", b, r)
	}
	if p.Level != runbooks.Visible || !strings.Contains(p.Plane, "regional control plane ("+s.launch.State().Region) || s.last("ModifyListener").region != s.launch.State().Region {
		t.Errorf("plan %+v", p)
	}
	if got := s.progress(p, r); !got.Done {
		t.Errorf("progress: %+v", got)
	}
	s.declines(p.Action, "already")
	s.pass(3 * time.Minute)
	s.launch.Advance(s.clock.Now())
	m, ok := s.launch.Minute(s.clock.Now().Add(-2 * time.Minute).Truncate(time.Minute))
	if !ok || m.Balancers[0].Requests != 0 || m.Balancers[0].ELB503 == 0 {
		t.Errorf("while it answers itself: %+v", m.Balancers[0])
	}
	back := p.Back
	back.Undoes = "plan-1"
	undo, _ := s.do(back)
	if b := s.balancerNow(); b.Fixed != nil || b.Weights[0].Weight != 100 && b.Weights[0].Weight != 1 || valueOf(undo.After, actionSetting) != valueOf(p.Before, actionSetting) {
		t.Errorf("taken back to %+v, %v", b, undo.After)
	}
	if got := s.progress(p, r); got.Done {
		t.Errorf("after it was taken back: %+v", got)
	}
}

// TestListenerPutsBackWhatItUnderstands proves the round trip of a forward action on the wire, member by member.
func TestListenerPutsBackWhatItUnderstands(t *testing.T) {
	s := newSite(t, func(sc *simulator.Scenario) {
		green := sc.Site.Groups[0]
		green.Name, green.Weight = "green", 25
		sc.Site.Groups = append(sc.Site.Groups, green)
		sc.Capacity.Groups["green"] = simulator.Bounds{Min: 3, Desired: 3, Max: 6}
	})
	at, _, err := (&listeners{s.writer}).listener(t.Context(), s.want(runbooks.Maintenance, "alb"))
	if err != nil {
		t.Fatal(err)
	}
	at.now.groups[0].weight, at.now.groups[1].weight, at.now.sticky = 70, 30, 3600
	confirmed(t, func(ctx context.Context) {
		_, err = s.writer.balancing(sources.Resource{Region: s.launch.State().Region}, true).ModifyListener(ctx, &elb.ModifyListenerInput{ListenerArn: aws.String(at.arn), DefaultActions: at.now.actions()})
	})
	if err != nil {
		t.Fatal(err)
	}
	was := formOf(t, s.last("ModifyListener").body)
	p, _ := s.do(s.want(runbooks.Maintenance, "alb", "to", "maintenance"))
	if want := "forward to web:70 green:30, sticky 3600 s"; valueOf(p.Before, actionSetting) != want {
		t.Errorf("before: %q, want %q", valueOf(p.Before, actionSetting), want)
	}
	s.do(p.Back)
	if got := formOf(t, s.last("ModifyListener").body); got.Encode() != was.Encode() {
		t.Errorf("put back:\n%v\nwas:\n%v", got, was)
	}
}

func formOf(t *testing.T, body []byte) url.Values {
	t.Helper()
	form, err := url.ParseQuery(string(body))
	if err != nil {
		t.Fatal(err)
	}
	return form
}

// listenersAs answers DescribeListeners with listeners of the test's.
func (s *site) listenersAs(members string) {
	arn := s.balancerNow().ARN
	s.replace(failing("DescribeListeners", http.StatusOK, `<DescribeListenersResponse><DescribeListenersResult><Listeners>`+strings.ReplaceAll(members, "LB", arn)+`</Listeners></DescribeListenersResult></DescribeListenersResponse>`))
}

const (
	forwards  = `<member><Type>forward</Type><Order>1</Order><TargetGroupArn>arn:aws:elasticloadbalancing:r:1:targetgroup/web/1</TargetGroupArn></member>`
	redirects = `<member><ListenerArn>l80</ListenerArn><Port>80</Port><DefaultActions><member><Type>redirect</Type></member></DefaultActions></member>`
)

func listenerAt(port, actions string) string {
	return `<member><ListenerArn>l` + port + `</ListenerArn><Port>` + port + `</Port><DefaultActions>` + actions + `</DefaultActions></member>`
}

// TestAListenerThatCannotBePutBackIsRefused: AWS replaces the whole action, so what is not understood would be lost.
func TestAListenerThatCannotBePutBackIsRefused(t *testing.T) {
	for what, c := range map[string]struct{ members, words string }{
		"a login before it":        {listenerAt("443", `<member><Type>authenticate-oidc</Type><Order>1</Order></member>`+forwards), "2 steps"},
		"another sort":             {listenerAt("443", `<member><Type>jwt-validation</Type></member>`), "cannot put back"},
		"a member that is new":     {listenerAt("443", strings.Replace(forwards, "<Order>", "<Future><Mode>x</Mode></Future><Order>", 1)), "has a Future"},
		"one deep in it":           {listenerAt("443", strings.Replace(forwards, "<Order>", "<ForwardConfig><TargetGroups><member><TargetGroupArn>arn:a/web/1</TargetGroupArn><Quota>3</Quota></member></TargetGroups></ForwardConfig><Order>", 1)), "ForwardConfig.TargetGroups.member.Quota"},
		"two that serve":           {listenerAt("443", forwards) + listenerAt("8443", forwards), "listener 443 or 8443"},
		"none":                     {"", "has no listener"},
		"none but the redirection": {redirects, "no listener"},
	} {
		t.Run(what, func(t *testing.T) {
			s := newSite(t, nil)
			s.listenersAs(c.members)
			s.refuses(s.want(runbooks.Maintenance, "alb", "to", "maintenance"), c.words)
		})
	}
	s := newSite(t, nil)
	s.listenersAs(redirects + listenerAt("443", forwards) + listenerAt("8443", forwards))
	if p := s.mustPlan(s.want(runbooks.Maintenance, "alb", "to", "maintenance", "listener", "8443")); valueOf(p.Before, "listener") != "8443" || p.Back.Want["listener"] != "8443" {
		t.Errorf("the listener that was named: %+v", p)
	}
}

func TestListenerIsToldWhereVisitorsGo(t *testing.T) {
	s := newSite(t, nil)
	s.refuses(s.want(runbooks.Maintenance, "alb", "to", "off"), "none of maintenance, live")
	s.refuses(s.want(runbooks.Maintenance, "alb", "to", "live"), "say where visitors go")
	s.refuses(s.want(runbooks.Maintenance, "alb", "to", "live", "forward", "nobody"), "not found")
	s.refuses(s.want(runbooks.Maintenance, "alb", "to", "live", "forward", "web:0"), "nowhere")
	s.refuses(s.want(runbooks.Maintenance, "alb", "to", "live", "forward", "web:1000"), "weight from 0 to 999")
	s.refuses(s.want(runbooks.Maintenance, "alb", "to", "live", "forward", "web", "sticky", "soon"), "no number of seconds")
	s.do(s.want(runbooks.Maintenance, "alb", "to", "maintenance"))
	resources := resourcesOf(s.launch.State())
	for i := range resources {
		if resources[i].Service == "alb" {
			resources[i].Attrs = map[string]string{"live_group": s.launch.State().TargetGroups[0].Name}
		}
	}
	s.writer = s.open(Options{Resources: resources})
	s.do(s.want(runbooks.Maintenance, "alb", "to", "live"))
	if s.balancerNow().Fixed != nil {
		t.Error("live_group of the config was not taken")
	}
}

// TestATargetGroupThatDoesNotAnswerGetsNoVisitors proves the look before the switch.
func TestATargetGroupThatDoesNotAnswerGetsNoVisitors(t *testing.T) {
	for state, words := range map[string]string{"unhealthy": "none of its 1 targets answers", "initial": "none of its 1 targets answers", "unused": "", "healthy": ""} {
		s := newSite(t, nil)
		s.do(s.want(runbooks.Maintenance, "alb", "to", "maintenance"))
		s.replace(failing("DescribeTargetHealth", http.StatusOK, `<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions><member><TargetHealth><State>`+state+`</State></TargetHealth></member></TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>`))
		a := s.want(runbooks.Maintenance, "alb", "to", "live", "forward", s.launch.State().TargetGroups[0].Name)
		if words != "" {
			s.declines(a, words)
			continue
		}
		if got := s.warned(a); strings.Contains(got, "is not known") != (state == "unused") {
			t.Errorf("%s: warned of %q", state, got)
		}
	}
}

func TestAListenerThatChangedIsLeftAlone(t *testing.T) {
	s := newSite(t, nil)
	p := s.mustPlan(s.want(runbooks.Maintenance, "alb", "to", "maintenance"))
	b := s.balancerNow()
	if err := s.launch.SetWeights(b.Name, simulator.Weight{TargetGroup: b.Weights[0].TargetGroup, Weight: 7}); err != nil {
		t.Fatal(err)
	}
	var rejected *runbooks.RejectedError
	if _, err := s.apply(p); !errors.As(err, &rejected) || s.count("ModifyListener") != 0 {
		t.Errorf("%v, %d calls", err, s.count("ModifyListener"))
	}
}

func TestListenerWarnsOfRulesThatStay(t *testing.T) {
	s := newSite(t, nil)
	s.replace(failing("DescribeRules", http.StatusOK, `<DescribeRulesResponse><DescribeRulesResult><Rules><member><Priority>10</Priority><Conditions><member><Field>path-pattern</Field><Values><member>/api/*</member></Values></member></Conditions><IsDefault>false</IsDefault></member><member><Priority>20</Priority><IsDefault>false</IsDefault></member><member><Priority>default</Priority><IsDefault>true</IsDefault></member></Rules></DescribeRulesResult></DescribeRulesResponse>`))
	if got := s.warned(s.want(runbooks.Maintenance, "alb", "to", "maintenance")); !strings.Contains(got, "stay with them: /api/* rule 20") {
		t.Errorf("warned of %q", got)
	}
}
