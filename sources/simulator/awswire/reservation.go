package awswire

import (
	"errors"
	"net/http"
	"time"

	"warroom/sources/simulator"
)

type describeCapacityReservationInput struct{ LoadBalancerArn string }

type capacityUnits struct{ CapacityUnits int }

type zonalReservation struct {
	AvailabilityZone       string
	EffectiveCapacityUnits float64
	StateCode              string `xml:"State>Code"`
}

type capacityReservation struct {
	DecreaseRequestsRemaining   int
	LastModifiedTime            *time.Time         `xml:",omitempty"`
	MinimumLoadBalancerCapacity *capacityUnits     `xml:",omitempty"`
	CapacityReservationState    []zonalReservation `xml:"CapacityReservationState>member"`
}

func describeCapacityReservation(c *call, in *describeCapacityReservationInput) (*capacityReservation, error) {
	lb, err := balancerByARN(c.regional(), in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	return describeReservation(lb.Reservation), nil
}

func describeReservation(r simulator.Reservation) *capacityReservation {
	out := &capacityReservation{DecreaseRequestsRemaining: r.Decreases}
	if r.Units > 0 {
		out.MinimumLoadBalancerCapacity = &capacityUnits{r.Units}
	}
	if !r.Modified.IsZero() {
		modified := r.Modified.UTC()
		out.LastModifiedTime = &modified
	}
	for _, z := range r.Zones {
		out.CapacityReservationState = append(out.CapacityReservationState, zonalReservation{z.Zone, z.Units, z.State})
	}
	return out
}

type modifyCapacityReservationInput struct {
	LoadBalancerArn             string
	MinimumLoadBalancerCapacity struct{ CapacityUnits *int }
	ResetCapacityReservation    bool
}

// modifyCapacityReservation keeps other capacity units ready for a load balancer, or none.
func modifyCapacityReservation(c *call, in *modifyCapacityReservationInput) (*capacityReservation, error) {
	lb, err := balancerByARN(c.regional(), in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	units := in.MinimumLoadBalancerCapacity.CapacityUnits
	wanted := 0
	switch {
	case in.ResetCapacityReservation == (units != nil):
		return nil, invalid("You must specify either a minimum load balancer capacity or a reset of the reservation")
	case units != nil && *units < simulator.LeastLCU:
		return nil, invalid("The minimum load balancer capacity must be at least %d", simulator.LeastLCU)
	case units != nil && *units > simulator.MostLCU:
		return nil, notFound("CapacityUnitsLimitExceededException", "CapacityUnitsLimitExceeded", "You have exceeded the capacity units limit")
	case units != nil:
		wanted = *units
	}
	if err := c.launch.SetReservation(lb.Name, wanted); err != nil {
		return nil, reservationFault(err)
	}
	if lb, err = balancerByARN(c.regional(), in.LoadBalancerArn); err != nil {
		return nil, err
	}
	return describeReservation(lb.Reservation), nil
}

// reservationFault spells the site's refusals.
func reservationFault(err error) error {
	switch {
	case errors.Is(err, simulator.ErrBusy):
		return &fault{Shape: "PriorRequestNotCompleteException", Code: "PriorRequestNotComplete", Status: http.StatusTooManyRequests, Message: err.Error()}
	case errors.Is(err, simulator.ErrExhausted):
		return notFound("CapacityDecreaseRequestsLimitExceededException", "CapacityDecreaseRequestLimitExceeded", err.Error())
	}
	return invalid("%s", err)
}
