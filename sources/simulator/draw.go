package simulator

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// draw makes the chance of one launch: every random number of it comes from here, in the order of the
// steps, so that the same seed gives the same launch.
type draw struct {
	*rand.Rand
}

func newDraw(seed uint64, purpose string) draw {
	h := fnv.New64a()
	h.Write([]byte(purpose))
	return draw{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// poisson is the number of events that happen when mean are expected.
func (d draw) poisson(mean float64) int64 {
	if !(mean > 0) {
		return 0
	}
	if mean > 30 {
		return max(int64(math.Round(mean+math.Sqrt(mean)*d.NormFloat64())), 0)
	}
	limit, product, n := math.Exp(-mean), d.Float64(), int64(0)
	for product > limit {
		product *= d.Float64()
		n++
	}
	return n
}

// binomial is how many of n happen when each does with the given probability.
func (d draw) binomial(n int64, probability float64) int64 {
	if n <= 0 || !(probability > 0) {
		return 0
	}
	if probability >= 1 {
		return n
	}
	if probability > 0.5 {
		return n - d.binomial(n, 1-probability)
	}
	mean := float64(n) * probability
	if mean < 12 {
		return d.sparseBinomial(n, probability)
	}
	deviation := math.Sqrt(mean * (1 - probability))
	return min(max(int64(math.Round(mean+deviation*d.NormFloat64())), 0), n)
}

// sparseBinomial jumps from one success to the next: as many draws as there are successes.
func (d draw) sparseBinomial(n int64, probability float64) int64 {
	if n < 16 {
		hits := int64(0)
		for range n {
			if d.Float64() < probability {
				hits++
			}
		}
		return hits
	}
	perMiss := math.Log1p(-probability)
	hits, position := int64(0), int64(0)
	for {
		gap := math.Log(1-d.Float64()) / perMiss
		if gap > float64(n-position) {
			return hits
		}
		position += int64(gap) + 1
		if position > n {
			return hits
		}
		hits++
	}
}

// around is value with a relative deviation, never below zero.
func (d draw) around(value, deviation float64) float64 {
	return max(value*(1+deviation*d.NormFloat64()), 0)
}

// part is how many of the chosen fall to the first when the first are some of all.
func (d draw) part(chosen, first, all int64) int64 {
	if all <= 0 || chosen <= 0 || first <= 0 {
		return 0
	}
	n := d.binomial(chosen, float64(first)/float64(all))
	return min(max(n, chosen-(all-first)), first)
}
