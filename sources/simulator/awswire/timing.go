package awswire

import (
	"math"
	"time"
)

// timing is how late a metric's datapoints come, counted from the end of their minute.
type timing struct {
	appear time.Duration // when the first version is there, at the earliest
	settle time.Duration // when the last one is, at the latest
	whole  bool          // comes complete, at some moment between the two
}

// The delays that public reports observed: CloudFront's minute grows for two minutes and more, a load
// balancer's is incomplete for two, a database's arrives two to three minutes late.
var (
	cloudFrontTiming = timing{appear: 20 * time.Second, settle: 180 * time.Second}
	requestTiming    = timing{appear: 15 * time.Second, settle: 120 * time.Second}
	instanceTiming   = timing{appear: 30 * time.Second, settle: 120 * time.Second, whole: true}
	groupTiming      = timing{appear: 10 * time.Second, settle: 60 * time.Second, whole: true}
	databaseTiming   = timing{appear: 60 * time.Second, settle: 180 * time.Second, whole: true}
	customTiming     = timing{appear: 10 * time.Second, settle: 60 * time.Second}
)

// revised is how often an incomplete datapoint is replaced by a better one.
const revised = 10 * time.Second

// arrival is how much of a minute's data is there.
type arrival struct {
	share float64 // 0 nothing, 1 all
	lean  float64 // -1 to 1: how far a mean of incomplete data is off, and which way
}

// at is the arrival of the minute that ended at end. It depends on the metric's seed, the minute and now
// only, and its share never falls as now goes on.
func (t timing) at(seed uint64, end, now time.Time) arrival {
	age, spread := now.Sub(end), float64(t.settle-t.appear)
	if age >= t.settle {
		return arrival{share: 1}
	}
	dice := mix(seed ^ uint64(end.Unix()))
	if t.whole {
		if age < t.appear+time.Duration(chance(dice, 0)*spread) {
			return arrival{}
		}
		return arrival{share: 1}
	}
	come := t.appear + time.Duration(chance(dice, 0)*spread/5)
	done := t.settle - time.Duration(chance(dice, 1)*spread/5)
	switch {
	case age < come:
		return arrival{}
	case age >= done:
		return arrival{share: 1}
	}
	first := 0.35 + 0.3*chance(dice, 2)
	gone := float64((age - come).Truncate(revised)) / float64(done-come)
	return arrival{share: first + (0.98-first)*gone, lean: 2*chance(dice, 3) - 1}
}

// error of the mean of incomplete data, at most.
const lean = 0.25

// arrived is the datum as it is known when only a part of its minute has arrived.
func (d datum) arrived(a arrival, unit string) datum {
	if a.share >= 1 {
		return d
	}
	if d.counts {
		return counted(int64(math.Floor(d.sum * a.share)))
	}
	off := 1 + lean*a.lean*(1-a.share)
	mean := d.sum / d.count * off
	if unit == "Percent" {
		mean = min(mean, 100)
	}
	if d.count > 1 {
		d.count = max(1, math.Floor(d.count*a.share))
	} else {
		d.min, d.max = mean, mean
	}
	d.sum = mean * d.count
	d.scale *= off
	return d
}

// chance is a number from 0 to 1 that depends on the dice and the throw only.
func chance(dice, throw uint64) float64 {
	return float64(mix(dice+throw*0x9e3779b97f4a7c15)>>11) / (1 << 53)
}

// mix is the finaliser of splitmix64: neighbouring numbers become unrelated ones.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
