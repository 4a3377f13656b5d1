package surprise

import (
	"math"
	"time"
)

// The quarters of an hour of the newest days, and one day more so that the oldest is still whole.
const (
	quarter  = 15 * 60
	quarters = (days + 1) * 24 * 60 * 60 / quarter
)

// week is what the series did in each quarter of an hour of the last days, by the quarter's place in the ring of
// quarters.
type week map[int64]hour

// hour is one quarter of an hour.
type hour struct {
	number int64 // of the quarter, since 1970
	lo, hi float64
	level  float64
}

// distances is how far a value and a level lie from the nearest that an earlier day had at this time, infinite where
// none had any.
type distances struct {
	value, level float64
	days         int // that had any
}

// numberOf is the quarter of a time.
func numberOf(at time.Time) int64 { return at.Unix() / quarter }

func (w week) learn(at time.Time, value, level float64) {
	n := numberOf(at)
	h, known := w[n%quarters]
	if !known || h.number != n {
		h = hour{number: n, lo: value, hi: value}
	}
	h.lo, h.hi, h.level = min(h.lo, value), max(h.hi, value), level
	w[n%quarters] = h
}

// at compares with the same time of each earlier day, give or take a quarter of an hour, or a whole one where samples
// are as far apart.
func (w week) at(at time.Time, period time.Duration, value, level float64) distances {
	d := distances{value: math.Inf(1), level: math.Inf(1)}
	about := min(max(int64(period/time.Second)/quarter, 1), 3600/quarter)
	for day := int64(1); day <= days; day++ {
		had := false
		for n, i := numberOf(at)-day*24*3600/quarter, -about; i <= about; i++ {
			if h, known := w[(n+i)%quarters]; known && h.number == n+i {
				had = true
				d.value = min(d.value, max(h.lo-value, value-h.hi, 0))
				d.level = min(d.level, math.Abs(level-h.level))
			}
		}
		if had {
			d.days++
		}
	}
	return d
}
