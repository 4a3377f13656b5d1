package alerts

import (
	"cmp"
	"slices"
	"time"

	"warroom/sources"
)

// When a room was dead, asleep or stopped.
const (
	// Hole is the silence of all sources at once, on the launch clock, that is the room's own: it tells of each of them every
	// minute, whether they answer or not.
	Hole = 2 * time.Minute
	// FirstRound is how long, on the machine's clock, sources are waited for behind a hole.
	FirstRound = 20 * time.Second
)

// Sight knows whether the room sees: what nobody looked at has not fallen silent. While it tells of no source at all, and
// behind that until each that answered before has answered once, or has failed twice, nothing is to be judged; but no longer
// than a first round takes. Of samples that tell of no sources, as those of a directory may, nobody can say that a room was
// dead: they are always judged. A nil Sight always sees.
type Sight struct {
	round   time.Duration // the first round on the launch clock
	seen    time.Time     // when it was last told of any source
	awake   time.Time     // when that was for the first time behind a hole
	sources map[string]heard
	unheard map[string]int // sources that are waited for, with how often they have failed meanwhile
}

// heard is what was last told of a source.
type heard struct {
	at       time.Time
	answered bool
}

// failsMost is how often a source fails behind a hole until that is taken for its answer. The first failure may be of what was
// under way when the machine fell asleep, or of a network that is still coming up.
const failsMost = 2

// NewSight is of a room whose launch clock runs at a speed; 0 is the machine's own.
func NewSight(speed float64) *Sight {
	if speed == 0 {
		speed = 1
	}
	return &Sight{round: time.Duration(float64(FirstRound) * speed), sources: map[string]heard{}}
}

// See takes in what was told of the sources. The samples may come in any order, but not behind later ones of another call.
func (s *Sight) See(samples []sources.Sample) {
	if s == nil {
		return
	}
	var told []*sources.Sample
	for i := range samples {
		if samples[i].Series.Metric == "source_up" {
			told = append(told, &samples[i])
		}
	}
	slices.SortStableFunc(told, func(a, b *sources.Sample) int { return cmp.Compare(a.Seen.UnixNano(), b.Seen.UnixNano()) })
	for _, t := range told {
		s.hear(t.Series.Resource, heard{t.Seen, t.Value > 0})
	}
}

func (s *Sight) hear(source string, h heard) {
	if !s.seen.IsZero() && h.at.Sub(s.seen) > Hole {
		s.wake(h.at)
	}
	if h.at.After(s.seen) {
		s.seen = h.at
	}
	s.sources[source] = h
	if fails, waited := s.unheard[source]; waited && (h.answered || fails+1 >= failsMost) {
		delete(s.unheard, source)
	} else if waited {
		s.unheard[source]++
	}
}

// wake begins to wait for those that answered when the room was last told of any. One that is waited for still, of an earlier
// hole, is waited for on.
func (s *Sight) wake(at time.Time) {
	waited := map[string]int{}
	for name, h := range s.sources {
		if _, still := s.unheard[name]; still && !s.spent(s.seen) || h.answered && s.seen.Sub(h.at) <= Hole {
			waited[name] = 0
		}
	}
	s.awake, s.unheard = at, waited
}

// spent tells whether the first round is over.
func (s *Sight) spent(now time.Time) bool { return now.Sub(s.awake) >= s.round }

// Blind tells whether nothing is to be judged at a time of the launch.
func (s *Sight) Blind(now time.Time) bool {
	if s == nil || s.seen.IsZero() {
		return false
	}
	return now.Sub(s.seen) > Hole || len(s.unheard) > 0 && !s.spent(now)
}

// Awake is when the room saw again behind the last hole; ok is false where there was none.
func (s *Sight) Awake() (at time.Time, ok bool) {
	if s == nil {
		return time.Time{}, false
	}
	return s.awake, !s.awake.IsZero()
}
