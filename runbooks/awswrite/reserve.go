package awswrite

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"warroom/runbooks"
	"warroom/sources"
)

// reserve has capacity kept ready for load balancers, whose own otherwise grows behind the traffic.
type reserve struct{ *Writer }

// The rules of reservations.
const (
	leastLCU = 100
	noneLCU  = "none"
	unitsLCU = "reserved LCU"
)

// Offers are the reservation of a load balancer.
func (v *reserve) Offers(r sources.Resource) []runbooks.Offer {
	if !v.knows(r.Ref, "alb") {
		return nil
	}
	return []runbooks.Offer{{
		Kind: runbooks.Capacity, Resource: r.Ref, Title: "have capacity kept ready for the load balancer, or give it back",
		Parameters: []runbooks.Parameter{{Name: "lcu", Help: "how many capacity units, 100 at the least: " + amountHelp + `; "none" gives them back`}},
	}}
}

// reservation reads what is reserved now.
func (v *reserve) reservation(ctx context.Context, ref sources.Ref) (*elb.DescribeCapacityReservationOutput, *types.LoadBalancer, sources.Resource, error) {
	lb, r, err := v.balancer(ctx, ref)
	if err != nil {
		return nil, nil, r, err
	}
	var out *elb.DescribeCapacityReservationOutput
	err = v.session.look(ctx, func() (err error) {
		out, err = v.balancing(r, false).DescribeCapacityReservation(ctx, &elb.DescribeCapacityReservationInput{LoadBalancerArn: lb.LoadBalancerArn})
		return err
	})
	return out, lb, r, err
}

// unitsOf is how many units are asked for, 0 for none.
func unitsOf(c *types.MinimumLoadBalancerCapacity) float64 {
	if c == nil {
		return 0
	}
	return float64(aws.ToInt32(c.CapacityUnits))
}

// wantedUnits reads how many units the action asks for, 0 for none.
func wantedUnits(a runbooks.Action, now float64, name string) (float64, error) {
	if a.Want["lcu"] == noneLCU {
		if now == 0 {
			return 0, fmt.Errorf("load balancer %s has nothing reserved", name)
		}
		return 0, nil
	}
	next, err := amount("lcu", a.Want["lcu"], now, 1)
	switch {
	case err != nil:
		return 0, err
	case now == 0 && strings.HasSuffix(strings.TrimSpace(a.Want["lcu"]), "%"):
		return 0, fmt.Errorf("lcu: nothing is reserved, so a share is nothing; name a number, as in %q (%d LCU at the least, load balancer %s)", "lcu 500", leastLCU, name)
	case next == now && now == 0:
		return 0, fmt.Errorf("load balancer %s has nothing reserved already", name)
	case next == now:
		return 0, fmt.Errorf("load balancer %s has %s capacity units reserved already", name, number(now))
	case next < leastLCU:
		return 0, fmt.Errorf("lcu: %s is less than AWS reserves, %d; write %q to give the reservation back", number(next), leastLCU, noneLCU)
	}
	return next, nil
}

// written is a number of units as a setting.
func written(units float64) string {
	if units == 0 {
		return noneLCU
	}
	return number(units)
}

// Plan reads the reservation and says what would become of it.
func (v *reserve) Plan(ctx context.Context, a runbooks.Action) (runbooks.Plan, error) {
	if err := asked(a, v.Offers(sources.Resource{Ref: a.Resource})[0]); err != nil {
		return runbooks.Plan{}, err
	}
	now, lb, r, err := v.reservation(ctx, a.Resource)
	if err != nil {
		return runbooks.Plan{}, err
	}
	before := unitsOf(now.MinimumLoadBalancerCapacity)
	after, err := wantedUnits(a, before, r.Name)
	if err == nil {
		err = reservable(now, before, after, r.Name)
	}
	if err != nil {
		return runbooks.Plan{}, err
	}
	p := v.begin(ctx, a, r.Region, "elasticloadbalancing:ModifyCapacityReservation")
	p.On = aws.ToString(lb.LoadBalancerArn)
	p.Before = []runbooks.Setting{{Name: unitsLCU, Value: written(before)}}
	p.After = []runbooks.Setting{{Name: unitsLCU, Value: written(after)}}
	p.Title = "load balancer " + r.Name + ": " + changes(p.Before, p.After)
	p.Back = runbooks.Action{Kind: runbooks.Capacity, Resource: a.Resource, Want: map[string]string{"lcu": written(before)}}
	describeReservation(&p, before, after, aws.ToInt32(now.DecreaseRequestsRemaining))
	p.Watches = v.watches(r.Name, before, after)
	return p, nil
}

// reservable tells why AWS would not take the request now, nil where it would: it wants the one before to be done, and lets
// a reservation be lowered twice a day.
func reservable(now *elb.DescribeCapacityReservationOutput, before, after float64, name string) error {
	for _, z := range now.CapacityReservationState {
		if c := stateOf(z); c == types.CapacityReservationStateEnumPending || c == types.CapacityReservationStateEnumRebalancing {
			return fmt.Errorf("load balancer %s: an earlier request is not done, %s is %s; AWS takes the next one when it is", name, aws.ToString(z.AvailabilityZone), c)
		}
	}
	if after < before && now.DecreaseRequestsRemaining != nil && *now.DecreaseRequestsRemaining <= 0 {
		return fmt.Errorf("load balancer %s: its reservation was lowered as often today as AWS allows; it can be again tomorrow", name)
	}
	return nil
}

func stateOf(z types.ZonalCapacityReservationState) types.CapacityReservationStateEnum {
	if z.State == nil {
		return ""
	}
	return z.State.Code
}

// describeReservation fills in what a person should know of the plan. More is bounded as long as it can be taken back today.
func describeReservation(p *runbooks.Plan, before, after float64, decreases int32) {
	p.Level = runbooks.Bounded
	if after < before || decreases <= 0 {
		p.Level = runbooks.Visible
	}
	p.Limits = []string{
		fmt.Sprintf("AWS reserves %d capacity units at the least, and lets the reservation be lowered twice a day: %d times today yet", leastLCU, decreases),
		"not checked: the region's quota of reserved capacity units, which is 0 unless it was raised",
	}
	p.Cost = fmt.Sprintf("%s capacity units, billed by the hour until they are given back", change(after-before))
	p.Takes = "minutes, up to hours: zone after zone gets its part; do it ahead of the crowd, not during it"
	p.Touches = "nothing that visitors see"
	p.Undo = "back to " + written(before)
	switch {
	case after < before:
		p.Takes = "minutes"
		p.Touches = "nothing at once; a crowd that comes faster than the load balancer grows is turned away"
	case decreases <= 0:
		p.Undo += ", but not before tomorrow: it was lowered as often today as AWS allows"
	default:
		p.Undo += fmt.Sprintf(", which is one of the %d times that it may be lowered today", decreases)
	}
}

// watches are where the effect is to be seen.
func (v *reserve) watches(name string, before, after float64) []runbooks.Watch {
	own := moving("alb_lcu_reserved", name, "reserved capacity of load balancer "+name, runbooks.Rises)
	refused := watching("alb_rejected_connections", name, "connections that load balancer "+name+" refuses", runbooks.Falls)
	if after < before {
		own.Want, refused.Want = runbooks.Falls, runbooks.Stays
	}
	return []runbooks.Watch{own, refused}
}

// Apply asks for the reservation.
func (v *reserve) Apply(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, error) {
	lb, r, err := v.balancer(ctx, p.Action.Resource)
	if err != nil {
		return runbooks.Receipt{}, outcome(&unsentError{fmt.Errorf("nothing was called: the load balancer cannot be read: %w", err)})
	}
	in := &elb.ModifyCapacityReservationInput{LoadBalancerArn: lb.LoadBalancerArn}
	if text := valueOf(p.After, unitsLCU); text == noneLCU {
		in.ResetCapacityReservation = aws.Bool(true)
	} else {
		units, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return runbooks.Receipt{}, outcome(&unsentError{fmt.Errorf("the plan says %q capacity units, which is no number", text)})
		}
		in.MinimumLoadBalancerCapacity = &types.MinimumLoadBalancerCapacity{CapacityUnits: aws.Int32(int32(units))}
	}
	out, err := v.balancing(r, true).ModifyCapacityReservation(ctx, in)
	if err != nil {
		return runbooks.Receipt{}, outcome(err)
	}
	return receipt(out.ResultMetadata)
}

// Find tells whether the plan's units are asked for.
func (v *reserve) Find(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, bool, error) {
	now, _, _, err := v.reservation(ctx, p.Action.Resource)
	if err != nil {
		return runbooks.Receipt{}, false, err
	}
	return runbooks.Receipt{}, written(unitsOf(now.MinimumLoadBalancerCapacity)) == valueOf(p.After, unitsLCU), nil
}

// Progress waits until every zone has its part. What is still as before the call may be an answer from before it.
func (v *reserve) Progress(ctx context.Context, p runbooks.Plan, _ runbooks.Receipt) (runbooks.Progress, error) {
	now, _, _, err := v.reservation(ctx, p.Action.Resource)
	if err != nil {
		return runbooks.Progress{}, err
	}
	switch units := written(unitsOf(now.MinimumLoadBalancerCapacity)); {
	case units == valueOf(p.Before, unitsLCU):
		return runbooks.Progress{Text: "AWS has not taken it up yet"}, nil
	case units != valueOf(p.After, unitsLCU):
		return runbooks.Progress{Failed: fmt.Sprintf("%s is %s now: somebody else has changed it", unitsLCU, units)}, nil
	}
	return zonal(now.CapacityReservationState), nil
}

// zonal tells how far the zones are: all provisioned, or one that failed, ends it.
func zonal(zones []types.ZonalCapacityReservationState) runbooks.Progress {
	done := true
	var parts []string
	for _, z := range zones {
		part := fmt.Sprintf("%s %s", aws.ToString(z.AvailabilityZone), stateOf(z))
		if units := aws.ToFloat64(z.EffectiveCapacityUnits); units > 0 {
			part += fmt.Sprintf(" (%.0f)", units)
		}
		if stateOf(z) == types.CapacityReservationStateEnumFailed {
			return runbooks.Progress{Failed: strings.TrimSpace(part + " " + sources.CleanTo(aws.ToString(z.State.Reason), messageMost))}
		}
		done = done && stateOf(z) == types.CapacityReservationStateEnumProvisioned
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		parts = []string{"nothing is reserved"}
	}
	return runbooks.Progress{Text: strings.Join(parts, ", "), Done: done}
}
