package awswire

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"warroom/sources/simulator"
)

func loadBalancingOperations() []operation {
	return []operation{
		read("elasticloadbalancing", "DescribeLoadBalancers", describeLoadBalancers),
		read("elasticloadbalancing", "DescribeTargetGroups", describeTargetGroups),
		read("elasticloadbalancing", "DescribeTargetHealth", describeTargetHealth),
		read("elasticloadbalancing", "DescribeListeners", describeListeners),
		read("elasticloadbalancing", "DescribeRules", describeRules),
		read("elasticloadbalancing", "DescribeCapacityReservation", describeCapacityReservation),
		write("elasticloadbalancing", "ModifyCapacityReservation", modifyCapacityReservation),
		write("elasticloadbalancing", "ModifyListener", modifyListener),
	}
}

// regional is the account as it looks from the caller's region: empty in a region where nothing lives.
func (c *call) regional() simulator.State {
	st := c.launch.State()
	if st.Region != c.region {
		st.LoadBalancers, st.TargetGroups, st.Groups, st.Clusters = nil, nil, nil, nil
	}
	return st
}

func notFound(shape, code, message string) *fault {
	return &fault{Shape: shape, Code: code, Status: http.StatusBadRequest, Message: message}
}

// elbPage is how many items a page of Elastic Load Balancing holds.
const elbPage = 400

func badMarker() *fault { return invalid("The marker is not valid.") }

type describeLoadBalancersInput struct {
	LoadBalancerArns []string
	Names            []string
	Marker           string
	PageSize         *int
}

type loadBalancer struct {
	LoadBalancerArn       string
	DNSName               string
	CanonicalHostedZoneID string `xml:"CanonicalHostedZoneId"`
	CreatedTime           time.Time
	LoadBalancerName      string
	Scheme                string
	VpcID                 string             `xml:"VpcId"`
	StateCode             string             `xml:"State>Code"`
	Type                  string             `xml:"Type"`
	AvailabilityZones     []availabilityZone `xml:"AvailabilityZones>member"`
	SecurityGroups        []string           `xml:"SecurityGroups>member"`
	IPAddressType         string             `xml:"IpAddressType"`
}

type availabilityZone struct {
	ZoneName string
	SubnetID string `xml:"SubnetId"`
}

type describeLoadBalancersOutput struct {
	LoadBalancers []loadBalancer `xml:"LoadBalancers>member"`
	NextMarker    string         `xml:",omitempty"`
}

func noLoadBalancer(name string) *fault {
	return notFound("LoadBalancerNotFoundException", "LoadBalancerNotFound", "Load balancer '"+name+"' not found")
}

func describeLoadBalancers(c *call, in *describeLoadBalancersInput) (*describeLoadBalancersOutput, error) {
	p := pick{names: append(in.LoadBalancerArns, in.Names...), marker: in.Marker, size: in.PageSize, usual: elbPage, limit: elbPage, badMarker: badMarker, absent: noLoadBalancer}
	all, next, err := pickFrom(p, c.regional().LoadBalancers, func(lb simulator.LoadBalancer, name string) bool {
		return lb.ARN == name || lb.Name == name
	})
	if err != nil {
		return nil, err
	}
	out := &describeLoadBalancersOutput{NextMarker: next}
	for _, lb := range all {
		item := loadBalancer{
			LoadBalancerArn: lb.ARN, DNSName: lb.DNS, CanonicalHostedZoneID: "Z215JYRZR1TBD5", CreatedTime: lb.Created.UTC(),
			LoadBalancerName: lb.Name, Scheme: "internet-facing", VpcID: vpc, StateCode: lb.State, Type: "application",
			SecurityGroups: []string{"sg-0a1b2c3d4e5f60718"}, IPAddressType: "ipv4",
		}
		for _, zone := range lb.Zones {
			item.AvailabilityZones = append(item.AvailabilityZones, availabilityZone{zone, "subnet-" + zone})
		}
		out.LoadBalancers = append(out.LoadBalancers, item)
	}
	return out, nil
}

// vpc is the network in which the simulated site stands.
const vpc = "vpc-0f1e2d3c4b5a69788"

type describeTargetGroupsInput struct {
	LoadBalancerArn string
	TargetGroupArns []string
	Names           []string
	Marker          string
	PageSize        *int
}

type targetGroup struct {
	TargetGroupArn             string
	TargetGroupName            string
	Protocol                   string
	Port                       int
	VpcID                      string `xml:"VpcId"`
	HealthCheckProtocol        string
	HealthCheckPort            string
	HealthCheckEnabled         bool
	HealthCheckIntervalSeconds int
	HealthCheckTimeoutSeconds  int
	HealthyThresholdCount      int
	UnhealthyThresholdCount    int
	HealthCheckPath            string
	HTTPCode                   string   `xml:"Matcher>HttpCode"`
	LoadBalancerArns           []string `xml:"LoadBalancerArns>member"`
	TargetType                 string
}

type describeTargetGroupsOutput struct {
	TargetGroups []targetGroup `xml:"TargetGroups>member"`
	NextMarker   string        `xml:",omitempty"`
}

func noTargetGroup(name string) *fault {
	return notFound("TargetGroupNotFoundException", "TargetGroupNotFound", "Target group '"+name+"' not found")
}

func describeTargetGroups(c *call, in *describeTargetGroupsInput) (*describeTargetGroupsOutput, error) {
	st := c.regional()
	groups := st.TargetGroups
	if in.LoadBalancerArn != "" {
		lb, err := balancerByARN(st, in.LoadBalancerArn)
		if err != nil {
			return nil, err
		}
		groups = slices.DeleteFunc(slices.Clone(groups), func(g simulator.TargetGroup) bool { return g.Balancer != lb.Name })
	}
	p := pick{names: append(in.TargetGroupArns, in.Names...), marker: in.Marker, size: in.PageSize, usual: elbPage, limit: elbPage, badMarker: badMarker, absent: noTargetGroup}
	all, next, err := pickFrom(p, groups, func(g simulator.TargetGroup, name string) bool { return g.ARN == name || g.Name == name })
	if err != nil {
		return nil, err
	}
	out := &describeTargetGroupsOutput{NextMarker: next}
	for _, g := range all {
		item := targetGroup{
			TargetGroupArn: g.ARN, TargetGroupName: g.Name, Protocol: "HTTP", Port: targetPort, VpcID: vpc, HealthCheckProtocol: "HTTP",
			HealthCheckPort: "traffic-port", HealthCheckEnabled: true,
			HealthCheckIntervalSeconds: int(g.Checks.Every.Seconds()), HealthCheckTimeoutSeconds: int(g.Checks.Timeout.Seconds()),
			HealthyThresholdCount: g.Checks.ToPass, UnhealthyThresholdCount: g.Checks.ToFail, HealthCheckPath: "/healthz", HTTPCode: "200", TargetType: "instance",
		}
		for _, lb := range st.LoadBalancers {
			if lb.Name == g.Balancer {
				item.LoadBalancerArns = append(item.LoadBalancerArns, lb.ARN)
			}
		}
		out.TargetGroups = append(out.TargetGroups, item)
	}
	return out, nil
}

// targetPort is where the instances listen.
const targetPort = 8080

func balancerByARN(st simulator.State, arn string) (simulator.LoadBalancer, error) {
	for _, lb := range st.LoadBalancers {
		if lb.ARN == arn {
			return lb, nil
		}
	}
	return simulator.LoadBalancer{}, noLoadBalancer(arn)
}

type describeTargetHealthInput struct {
	TargetGroupArn string
	Targets        []wantedTarget
}

type wantedTarget struct {
	ID   string `form:"Id"`
	Port int
}

type targetHealth struct {
	ID              string `xml:"Target>Id"`
	Port            int    `xml:"Target>Port"`
	Zone            string `xml:"Target>AvailabilityZone"`
	HealthCheckPort string
	State           string `xml:"TargetHealth>State"`
	Reason          string `xml:"TargetHealth>Reason,omitempty"`
	Description     string `xml:"TargetHealth>Description,omitempty"`
}

type describeTargetHealthOutput struct {
	TargetHealthDescriptions []targetHealth `xml:"TargetHealthDescriptions>member"`
}

func describeTargetHealth(c *call, in *describeTargetHealthInput) (*describeTargetHealthOutput, error) {
	if in.TargetGroupArn == "" {
		return nil, invalid("1 validation error detected: Value at 'targetGroupArn' must not be null")
	}
	for _, g := range c.regional().TargetGroups {
		if g.ARN != in.TargetGroupArn {
			continue
		}
		out := &describeTargetHealthOutput{}
		for _, t := range g.Targets {
			if len(in.Targets) > 0 && !slices.ContainsFunc(in.Targets, func(w wantedTarget) bool { return w.ID == t.Instance }) {
				continue
			}
			out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, targetHealth{
				ID: t.Instance, Port: targetPort, Zone: t.Zone, HealthCheckPort: strconv.Itoa(targetPort),
				State: t.State, Reason: t.Reason, Description: healthReasons[t.Reason],
			})
		}
		return out, nil
	}
	return nil, noTargetGroup(in.TargetGroupArn)
}

// healthReasons are the words that go with a reason.
var healthReasons = map[string]string{
	"Target.FailedHealthChecks":       "Health checks failed",
	"Target.Timeout":                  "Request timed out",
	"Target.ResponseCodeMismatch":     "Health checks failed with these codes: [503]",
	"Target.DeregistrationInProgress": "Target deregistration is in progress",
	"Elb.RegistrationInProgress":      "Target registration is in progress",
	"Elb.InitialHealthChecking":       "Initial health checks in progress",
	"Target.HealthCheckDisabled":      "Health checks are disabled for this target group",
}

type action struct {
	Type           string
	TargetGroupArn string `xml:",omitempty"`
	Order          int
	Forward        *forward       `xml:"ForwardConfig,omitempty"`
	FixedResponse  *fixedResponse `xml:"FixedResponseConfig,omitempty"`
}

type forward struct {
	TargetGroups []weighted `xml:"TargetGroups>member"`
	Stickiness   stickiness `xml:"TargetGroupStickinessConfig" form:"TargetGroupStickinessConfig"`
}

type stickiness struct {
	Enabled         bool
	DurationSeconds int `xml:",omitempty"`
}

type fixedResponse struct {
	StatusCode  string
	ContentType string `xml:",omitempty"`
	MessageBody string `xml:",omitempty"`
}

type weighted struct {
	TargetGroupArn string
	Weight         int
}

// defaultAction is what a load balancer's listener does: it forwards, or it answers itself.
func (c *call) defaultAction(st simulator.State, lb simulator.LoadBalancer) action {
	if lb.Fixed != nil {
		return action{Type: "fixed-response", Order: 1, FixedResponse: &fixedResponse{"503", lb.Fixed.ContentType, lb.Fixed.Body}}
	}
	a := action{Type: "forward", Order: 1, Forward: &forward{Stickiness: c.server.documents.stickiness[listenerARN(lb)]}}
	for _, w := range lb.Weights {
		for _, g := range st.TargetGroups {
			if g.Name == w.TargetGroup {
				a.Forward.TargetGroups = append(a.Forward.TargetGroups, weighted{g.ARN, w.Weight})
			}
		}
	}
	if len(a.Forward.TargetGroups) == 1 {
		a.TargetGroupArn = a.Forward.TargetGroups[0].TargetGroupArn
	}
	return a
}

// listenerARN is the one listener of a load balancer, ruleARN that listener's one rule.
func listenerARN(lb simulator.LoadBalancer) string {
	return strings.Replace(lb.ARN, ":loadbalancer/", ":listener/", 1) + "/50dc6c495c0c9188"
}

func ruleARN(lb simulator.LoadBalancer) string {
	return strings.Replace(listenerARN(lb), ":listener/", ":listener-rule/", 1) + "/9683b2d02a6cabee"
}

type describeListenersInput struct {
	LoadBalancerArn string
	ListenerArns    []string
	Marker          string
	PageSize        *int
}

type listener struct {
	ListenerArn     string
	LoadBalancerArn string
	Port            int
	Protocol        string
	SslPolicy       string
	DefaultActions  []action `xml:"DefaultActions>member"`
}

type describeListenersOutput struct {
	Listeners  []listener `xml:"Listeners>member"`
	NextMarker string     `xml:",omitempty"`
}

func describeListeners(c *call, in *describeListenersInput) (*describeListenersOutput, error) {
	st := c.regional()
	if in.LoadBalancerArn == "" && len(in.ListenerArns) == 0 {
		return nil, invalid("You must specify either listener ARNs or a load balancer ARN")
	}
	var all []listener
	for _, lb := range st.LoadBalancers {
		if in.LoadBalancerArn == "" || in.LoadBalancerArn == lb.ARN {
			all = append(all, c.describeListener(st, lb))
		}
	}
	if in.LoadBalancerArn != "" && len(all) == 0 {
		return nil, noLoadBalancer(in.LoadBalancerArn)
	}
	p := pick{names: in.ListenerArns, marker: in.Marker, size: in.PageSize, usual: elbPage, limit: elbPage, badMarker: badMarker, absent: noListener}
	items, next, err := pickFrom(p, all, func(l listener, name string) bool { return l.ListenerArn == name })
	return &describeListenersOutput{items, next}, err
}

func (c *call) describeListener(st simulator.State, lb simulator.LoadBalancer) listener {
	return listener{listenerARN(lb), lb.ARN, 443, "HTTPS", "ELBSecurityPolicy-TLS13-1-2-2021-06", []action{c.defaultAction(st, lb)}}
}

func noListener(name string) *fault {
	return notFound("ListenerNotFoundException", "ListenerNotFound", "One or more listeners not found: "+name)
}

type modifyListenerInput struct {
	ListenerArn    string
	DefaultActions []struct {
		Type           string
		TargetGroupArn string
		Order          int
		ForwardConfig  forward

		FixedResponseConfig fixedResponse
	}
}

type modifyListenerOutput struct {
	Listeners []listener `xml:"Listeners>member"`
}

// modifyListener has a load balancer forward with other weights, or answer 503 itself.
func modifyListener(c *call, in *modifyListenerInput) (*modifyListenerOutput, error) {
	st := c.regional()
	i := slices.IndexFunc(st.LoadBalancers, func(lb simulator.LoadBalancer) bool { return listenerARN(lb) == in.ListenerArn })
	if i < 0 {
		return nil, noListener(in.ListenerArn)
	}
	if len(in.DefaultActions) != 1 {
		return nil, invalid("The listener needs exactly one default action.")
	}
	if err := c.setDefaultAction(st, st.LoadBalancers[i], in); err != nil {
		return nil, err
	}
	st = c.regional()
	return &modifyListenerOutput{[]listener{c.describeListener(st, st.LoadBalancers[i])}}, nil
}

func (c *call) setDefaultAction(st simulator.State, lb simulator.LoadBalancer, in *modifyListenerInput) error {
	a := in.DefaultActions[0]
	switch a.Type {
	case "fixed-response":
		if a.FixedResponseConfig.StatusCode != "503" {
			return invalid("The listener can only be told to answer 503, not %q.", a.FixedResponseConfig.StatusCode)
		}
		err := c.launch.SetFixed(lb.Name, simulator.FixedResponse{ContentType: a.FixedResponseConfig.ContentType, Body: a.FixedResponseConfig.MessageBody})
		if err != nil {
			return invalid("%s", err)
		}
		return nil
	case "forward":
		wanted := a.ForwardConfig.TargetGroups
		if len(wanted) == 0 {
			wanted = []weighted{{a.TargetGroupArn, 1}}
		}
		weights, err := weightsOf(st, lb, wanted)
		if err != nil {
			return err
		}
		if err := c.launch.SetWeights(lb.Name, weights...); err != nil {
			return invalid("%s", err)
		}
		c.server.documents.stick(in.ListenerArn, a.ForwardConfig.Stickiness)
		return nil
	}
	return invalid("The listener can only be told to forward or to answer itself, not to %s.", a.Type)
}

// weightsOf gives each target group its wanted weight, and 0 to those of the load balancer that are left out.
func weightsOf(st simulator.State, lb simulator.LoadBalancer, wanted []weighted) ([]simulator.Weight, error) {
	var weights []simulator.Weight
	for _, w := range wanted {
		i := slices.IndexFunc(st.TargetGroups, func(g simulator.TargetGroup) bool { return g.ARN == w.TargetGroupArn && g.Balancer == lb.Name })
		switch {
		case i < 0:
			return nil, noTargetGroup(w.TargetGroupArn)
		case w.Weight < 0 || w.Weight > 999:
			return nil, invalid("The weight %d is not between 0 and 999.", w.Weight)
		}
		weights = append(weights, simulator.Weight{TargetGroup: st.TargetGroups[i].Name, Weight: w.Weight})
	}
	for _, old := range lb.Weights {
		if !slices.ContainsFunc(weights, func(w simulator.Weight) bool { return w.TargetGroup == old.TargetGroup }) {
			weights = append(weights, simulator.Weight{TargetGroup: old.TargetGroup})
		}
	}
	return weights, nil
}

type describeRulesInput struct {
	ListenerArn string
	RuleArns    []string
	Marker      string
	PageSize    *int
}

type listenerRule struct {
	RuleArn    string
	Priority   string
	Conditions []string `xml:"Conditions>member"`
	Actions    []action `xml:"Actions>member"`
	IsDefault  bool
}

type describeRulesOutput struct {
	Rules      []listenerRule `xml:"Rules>member"`
	NextMarker string         `xml:",omitempty"`
}

func describeRules(c *call, in *describeRulesInput) (*describeRulesOutput, error) {
	st := c.regional()
	var all []listenerRule
	for _, lb := range st.LoadBalancers {
		if in.ListenerArn == "" || in.ListenerArn == listenerARN(lb) {
			all = append(all, listenerRule{RuleArn: ruleARN(lb), Priority: "default", Actions: []action{c.defaultAction(st, lb)}, IsDefault: true})
		}
	}
	if in.ListenerArn != "" && len(all) == 0 {
		return nil, noListener(in.ListenerArn)
	}
	p := pick{names: in.RuleArns, marker: in.Marker, size: in.PageSize, usual: elbPage, limit: elbPage, badMarker: badMarker, absent: func(name string) *fault {
		return notFound("RuleNotFoundException", "RuleNotFound", "One or more rules not found: "+name)
	}}
	items, next, err := pickFrom(p, all, func(r listenerRule, name string) bool { return r.RuleArn == name })
	return &describeRulesOutput{items, next}, err
}
