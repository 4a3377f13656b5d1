package awsread

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"warroom/sources"
)

// perHour turns a minute's part of a reservation, which is made and billed by the hour, into the reservation.
const perHour = 60.0

func init() {
	of := func(place, name, published, stat string) metric {
		return metric{name: name, namespace: "AWS/ApplicationELB", published: published, stat: stat, place: place, scale: plain, hint: "it is published only while requests flow"}
	}
	perTarget := of("groups", "alb_requests_per_target", "RequestCountPerTarget", "Sum")
	perTarget.merge = highest
	reserved := of("balancer", "alb_lcu_reserved", "ReservedLCUs", "Sum")
	reserved.scale = perHour
	register(service{
		name: "alb", client: elb.ServiceID, iam: "elasticloadbalancing",
		reads:    []string{"DescribeLoadBalancers", "DescribeTargetGroups", "DescribeTargetHealth"},
		every:    30 * time.Second,
		places:   balancerPlaces,
		describe: describeBalancer,
		metrics: []metric{
			of("balancer", "alb_requests", "RequestCount", "Sum"),
			of("balancer", "alb_elb_5xx", "HTTPCode_ELB_5XX_Count", "Sum"),
			of("balancer", "alb_elb_502", "HTTPCode_ELB_502_Count", "Sum"),
			of("balancer", "alb_elb_503", "HTTPCode_ELB_503_Count", "Sum"),
			of("balancer", "alb_elb_504", "HTTPCode_ELB_504_Count", "Sum"),
			of("balancer", "alb_target_5xx", "HTTPCode_Target_5XX_Count", "Sum"),
			of("balancer", "alb_elb_4xx", "HTTPCode_ELB_4XX_Count", "Sum"),
			of("balancer", "alb_target_4xx", "HTTPCode_Target_4XX_Count", "Sum"),
			of("balancer", "alb_latency_p50_seconds", "TargetResponseTime", "p50"),
			of("balancer", "alb_latency_p95_seconds", "TargetResponseTime", "p95"),
			of("balancer", "alb_latency_p99_seconds", "TargetResponseTime", "p99"),
			of("balancer", "alb_rejected_connections", "RejectedConnectionCount", "Sum"),
			of("balancer", "alb_active_connections", "ActiveConnectionCount", "Sum"),
			of("balancer", "alb_new_connections", "NewConnectionCount", "Sum"),
			of("balancer", "alb_target_connection_errors", "TargetConnectionErrorCount", "Sum"),
			of("balancer", "alb_lcu", "ConsumedLCUs", "Sum"),
			of("balancer", "alb_lcu_peak", "PeakLCUs", "Sum"),
			reserved,
			of("groups", "alb_healthy_hosts", "HealthyHostCount", "Minimum"),
			of("groups", "alb_unhealthy_hosts", "UnHealthyHostCount", "Minimum"),
			perTarget,
		},
	})
}

// balancerPlaces is the load balancer alone: its target groups are known to AWS only.
func balancerPlaces(r sources.Resource) places {
	return places{"balancer": at(dimension("LoadBalancer", tail(r.ID)))}
}

// tail is the part of a load balancer's or target group's ARN that CloudWatch uses as its name.
func tail(arn string) string {
	if !strings.HasPrefix(arn, "arn:") {
		return arn
	}
	_, resource, _ := strings.Cut(arn, ":loadbalancer/")
	if resource == "" {
		resource = arn[strings.LastIndexByte(arn, ':')+1:]
	}
	return resource
}

// describeBalancer reads the load balancer, its target groups and the health of their targets.
func describeBalancer(ctx context.Context, a account, d *description) error {
	c := client(a, func(c aws.Config) *elb.Client { return elb.NewFromConfig(c) })
	wanted := balancerName(d.resource.ID)
	out, err := c.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{Names: []string{wanted}})
	if err != nil {
		return err
	}
	if len(out.LoadBalancers) == 0 {
		return without("Elastic Load Balancing", "load balancer", wanted)
	}
	balancer := out.LoadBalancers[0]
	if balancer.State != nil {
		d.fact("state", string(balancer.State.Code))
	}
	groups, err := targetGroups(ctx, c, balancer.LoadBalancerArn)
	if err != nil {
		return err
	}
	name := dimension("LoadBalancer", tail(aws.ToString(balancer.LoadBalancerArn)))
	d.places = places{"balancer": at(name)}
	for _, g := range groups {
		group := dimension("TargetGroup", tail(aws.ToString(g.TargetGroupArn)))
		d.places["groups"] = append(d.places["groups"], at(name, group)...)
	}
	return d.targets(ctx, c, groups)
}

// balancerName is the name in an id, which may be a name, an ARN or an ARN's tail (app/name/id).
func balancerName(id string) string {
	if parts := strings.Split(tail(id), "/"); len(parts) == 3 {
		return parts[1]
	}
	return id
}

func targetGroups(ctx context.Context, c *elb.Client, balancer *string) ([]types.TargetGroup, error) {
	var groups []types.TargetGroup
	pages := elb.NewDescribeTargetGroupsPaginator(c, &elb.DescribeTargetGroupsInput{LoadBalancerArn: balancer})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		groups = append(groups, page.TargetGroups...)
	}
	return groups, nil
}

// targets tells how the targets are, and of those that are not well, why.
func (d *description) targets(ctx context.Context, c *elb.Client, groups []types.TargetGroup) error {
	states, reasons := map[string]int{}, map[string]int{}
	for _, g := range groups {
		out, err := c.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: g.TargetGroupArn})
		if err != nil {
			return err
		}
		for _, t := range out.TargetHealthDescriptions {
			if t.TargetHealth == nil {
				continue
			}
			states[string(t.TargetHealth.State)]++
			if t.TargetHealth.Reason != "" {
				reasons[string(t.TargetHealth.Reason)]++
			}
		}
	}
	d.fact("targets", counted(states))
	d.fact("target_reasons", counted(reasons))
	return nil
}

// counted writes how many there are of each, the words sorted: "3 healthy, 1 initial".
func counted(words map[string]int) string {
	parts := make([]string, 0, len(words))
	for _, w := range slices.Sorted(maps.Keys(words)) {
		parts = append(parts, fmt.Sprintf("%d %s", words[w], w))
	}
	return strings.Join(parts, ", ")
}
