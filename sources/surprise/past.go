package surprise

import (
	"math"
	"slices"
)

const (
	kept   = 4032 // distances: two weeks at 5 minutes
	warmUp = 30   // distances before any is judged
	tail   = .02  // of the past, from which the rest of the tail is told
	fewest = 10   // distances that tell it

	// thinnest is the index of the tail of a normal distribution where it is read here. A past whose tail looks
	// thinner than that has not shown all of it yet.
	thinnest = .2
)

// past is the distances of a series, newest forgotten last.
type past struct {
	ring   []float64
	next   int // where the oldest is, once the ring is full
	sorted []float64
}

// judge is a distance as a multiple of the one that the past brings with a probability of rare, 0 in warm-up. It
// learns the distance, though never as more than that, so that an outage does not teach it to expect outages.
func (p *past) judge(distance, rare, floor float64) float64 {
	limit := p.quantile(rare, floor)
	p.learn(min(distance, limit))
	return distance / limit
}

// quantile is the distance that is exceeded with a probability of rare, by Weissman's estimator: the tail beyond its
// k greatest distances is taken to fall off as those do among themselves (Hill). It is at least floor, and infinite
// in warm-up.
func (p *past) quantile(rare, floor float64) float64 {
	n := len(p.sorted)
	if n < warmUp {
		return math.Inf(1)
	}
	k := max(fewest, int(tail*float64(n)))
	from := max(p.sorted[n-k-1], floor)
	index := 0.0
	for _, d := range p.sorted[n-k:] {
		if d > from {
			index += math.Log(d/from) / float64(k)
		}
	}
	return from * math.Pow(max(float64(k)/(float64(n)*rare), 1), max(index, thinnest))
}

func (p *past) learn(distance float64) {
	if len(p.ring) < kept {
		p.ring = append(p.ring, distance)
	} else {
		i, _ := slices.BinarySearch(p.sorted, p.ring[p.next])
		p.sorted = slices.Delete(p.sorted, i, i+1)
		p.ring[p.next] = distance
		p.next = (p.next + 1) % kept
	}
	i, _ := slices.BinarySearch(p.sorted, distance)
	p.sorted = slices.Insert(p.sorted, i, distance)
}
