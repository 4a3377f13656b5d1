package simulator

import (
	"fmt"
	"slices"
	"time"
)

// The states of a reservation of capacity units in one zone, in AWS' words.
const (
	ReservationPending     = "pending"
	ReservationProvisioned = "provisioned"
)

// Reservation is the capacity that is kept ready for a load balancer.
type Reservation struct {
	Units     int // capacity units as last asked for, 0 for none
	Zones     []ZonalReservation
	Decreases int       // how often it may still be lowered today
	Modified  time.Time // zero where nobody has asked for it in the launch
}

// ZonalReservation is a zone's part of a reservation.
type ZonalReservation struct {
	Zone  string
	State string
	Units float64 // that are ready
}

// The rules of reservations.
const (
	LeastLCU       = 100   // of a reservation
	MostLCU        = 15000 // that the account may reserve
	decreasesADay  = 2
	secondsToFree  = 30
	secondsToBook  = 150 // until the first zone has more
	secondsBetween = 70  // until the next one has
)

// booking is a balancer's reservation, zone by zone.
type booking struct {
	units     float64
	before    float64 // units of the reservation that this one follows
	ready     [3]int64
	modified  int64
	decreases []int64 // when it was lowered
}

// ready units of the zone with a number.
func (b *booking) zone(i int, now int64) float64 {
	units := b.units
	if now < b.ready[i] {
		units = b.before
	}
	return units / float64(len(b.ready))
}

// total is how many units are ready at a time.
func (b *booking) total(now int64) (units float64) {
	if now >= slices.Max(b.ready[:]) {
		return b.units
	}
	for i := range b.ready {
		units += b.zone(i, now)
	}
	return units
}

// left is how often the reservation may still be lowered.
func (b *booking) left(now int64) int {
	n := decreasesADay
	for _, at := range b.decreases {
		if now-at < 86400 {
			n--
		}
	}
	return n
}

// SetReservation keeps so many capacity units ready for a load balancer, none for 0. Zone after zone gets them within
// some minutes, and no other request is taken before that.
func (l *Launch) SetReservation(balancer string, units int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, b := l.site.names, &l.site.balancer.booking
	switch {
	case balancer != n.balancer && balancer != n.balancerARN() && balancer != n.balancerTail():
		return fmt.Errorf("%w: load balancer %q", ErrUnknown, balancer)
	case units != 0 && (units < LeastLCU || units > MostLCU):
		return fmt.Errorf("%w: %d capacity units: want %d to %d, or none", ErrInvalid, units, LeastLCU, MostLCU)
	case l.now < slices.Max(b.ready[:]):
		return fmt.Errorf("%w: the reservation of %s is pending", ErrBusy, balancer)
	case float64(units) < b.units && b.left(l.now) == 0:
		return fmt.Errorf("%w: the reservation of %s was lowered %d times today", ErrExhausted, balancer, decreasesADay)
	}
	b.set(float64(units), l.now)
	return nil
}

func (b *booking) set(units float64, now int64) {
	first, between := int64(secondsToBook), int64(secondsBetween)
	if units < b.units {
		first, between = secondsToFree, 0
		b.decreases = append(b.decreases, now)
	}
	b.before, b.units, b.modified = b.units, units, now
	for i := range b.ready {
		b.ready[i] = now + first + int64(i)*between
	}
}

// describe is the reservation at a time. One that was given back is not there once all zones have let go of it.
func (b *booking) describe(zones []string, now int64) Reservation {
	r := Reservation{Units: int(b.units), Decreases: b.left(now)}
	if b.modified > 0 {
		r.Modified = moment(b.modified)
	}
	if b.units == 0 && now >= slices.Max(b.ready[:]) {
		return r
	}
	for i, zone := range zones {
		state := ReservationProvisioned
		if now < b.ready[i] {
			state = ReservationPending
		}
		r.Zones = append(r.Zones, ZonalReservation{Zone: zone, State: state, Units: b.zone(i, now)})
	}
	return r
}
