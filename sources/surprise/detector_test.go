package surprise_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"warroom/sources/surprise"
)

var start = time.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC) // a Monday

type row struct {
	at    time.Time
	value float64
	none  bool
}

func judge(rows []row) []float64 {
	d := surprise.New()
	var scores []float64
	for _, r := range rows {
		scores = append(scores, d.Next(r.at, r.value, r.none))
	}
	return scores
}

// pages are the rows at which a person would be woken.
func pages(scores []float64) []int {
	var at []int
	for i, s := range scores {
		if s >= 1 {
			at = append(at, i)
		}
	}
	return at
}

// series samples a function, with noise of a standard deviation.
func series(n int, step time.Duration, noise float64, f func(at time.Duration) float64) []row {
	dice := rand.New(rand.NewPCG(1, 2))
	rows := make([]row, n)
	for i := range rows {
		at := time.Duration(i) * step
		rows[i] = row{at: start.Add(at), value: f(at) + noise*dice.NormFloat64()}
	}
	return rows
}

// daily is a rhythm of 10 at night and 100 at noon.
func daily(at time.Duration) float64 { return 55 - 45*math.Cos(at.Hours()/24*2*math.Pi) }

// A fault is paged soon after it began, once, whatever the sampling period, and next to nothing before it.
func TestFault(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		n      int
		noise  float64
		f      func(time.Duration) float64
		during func(float64) float64
	}{
		"level, jumps up":          {4000, 1, func(time.Duration) float64 { return 100 }, func(x float64) float64 { return x + 20 }},
		"level, outage":            {4000, 1, func(time.Duration) float64 { return 100 }, func(float64) float64 { return 0 }},
		"shares":                   {4000, .001, func(time.Duration) float64 { return .01 }, func(x float64) float64 { return x + .02 }},
		"constant":                 {4000, 0, func(time.Duration) float64 { return 7 }, func(float64) float64 { return 14 }},
		"nothing, then something":  {4000, 0, func(time.Duration) float64 { return 0 }, func(float64) float64 { return 3 }},
		"negative":                 {4000, 1, func(time.Duration) float64 { return -100 }, func(x float64) float64 { return x - 20 }},
		"an hour of one minute":    {90, 1, func(time.Duration) float64 { return 100 }, func(x float64) float64 { return 2 * x }},
		"three hours, outage":      {180, 5, func(time.Duration) float64 { return 100 }, func(float64) float64 { return 0 }},
		"days, outage in the noon": {14 * 288, 2, daily, func(float64) float64 { return 5 }},
	} {
		for _, step := range []time.Duration{time.Minute, 5 * time.Minute, time.Hour} {
			if name == "days, outage in the noon" && step != 5*time.Minute {
				continue
			}
			t.Run(fmt.Sprintf("%s, every %v", name, step), func(t *testing.T) {
				t.Parallel()
				rows := series(c.n, step, c.noise, c.f)
				begin := c.n * 2 / 3
				if step == 5*time.Minute && c.n == 14*288 {
					begin = int((9*day + 12*time.Hour) / step)
				}
				for i := begin; i < min(begin+12, len(rows)); i++ {
					rows[i].value = c.during(rows[i].value)
				}
				got := pages(judge(rows[:begin+12]))
				before, _ := slices.BinarySearch(got, begin)
				if most := max(0.06*float64(begin)*step.Hours()/24, 1); float64(before) > most {
					t.Errorf("pages at %v before anything happened", got[:before])
				}
				if got = got[before:]; len(got) != 1 || got[0] > begin+5 {
					t.Errorf("pages at %v, want one at %d to %d", got, begin, begin+5)
				}
			})
		}
	}
}

// A peak of every day that does not come is a surprise, though it looks like the hours before.
func TestMissingPeak(t *testing.T) {
	t.Parallel()
	step := 5 * time.Minute
	rows := series(10*288, step, 1, daily)
	for i := 9*288 + 60; i < len(rows); i++ { // from five in the morning on it stays as it was
		rows[i].value = daily(5*time.Hour) + rows[i].value - daily(time.Duration(i)*step)
	}
	got := pages(judge(rows))
	if len(got) == 0 || got[0] < 9*288+60 || got[0] > 9*288+12*12 {
		t.Errorf("pages at %v, want the first between five and noon of the tenth day, %d to %d", got, 9*288+60, 9*288+144)
	}
}

// What comes each day at the same time is none.
func TestRhythm(t *testing.T) {
	t.Parallel()
	for _, step := range []time.Duration{time.Minute, 5 * time.Minute, time.Hour} {
		n := int(21 * 24 * time.Hour / step)
		rows := series(n, step, 1, func(at time.Duration) float64 {
			if hour := int(at.Hours()) % 24; hour == 9 {
				return 400 // a job of every morning
			}
			return 100
		})
		first := int(2 * 24 * time.Hour / step)
		if got := pages(judge(rows)); slices.ContainsFunc(got, func(i int) bool { return i >= first }) {
			t.Errorf("every %v: pages at %v, want none from the third day on, %d", step, got, first)
		}
	}
}

// Noise is quiet, of whatever shape: at most two pages a week, and those while it is young.
func TestNoise(t *testing.T) {
	t.Parallel()
	for name, draw := range map[string]func(*rand.Rand) float64{
		"normal":      (*rand.Rand).NormFloat64,
		"uniform":     (*rand.Rand).Float64,
		"exponential": (*rand.Rand).ExpFloat64,
		"log-normal":  func(r *rand.Rand) float64 { return math.Exp(r.NormFloat64()) },
		"rare ones": func(r *rand.Rand) float64 {
			if r.IntN(500) == 0 {
				return 1
			}
			return 0
		},
	} {
		for _, step := range []time.Duration{time.Minute, 5 * time.Minute, time.Hour} {
			dice := rand.New(rand.NewPCG(3, 4))
			n := int(30 * 24 * time.Hour / step)
			rows := make([]row, n)
			for i := range rows {
				rows[i] = row{at: start.Add(time.Duration(i) * step), value: draw(dice)}
			}
			if got := pages(judge(rows)); len(got) > 8 {
				t.Errorf("%s, every %v: pages at %v in a month", name, step, got)
			}
		}
	}
}

// In warm-up it says nothing, not even of an outage.
func TestWarmUp(t *testing.T) {
	t.Parallel()
	rows := series(30, time.Minute, 1, func(time.Duration) float64 { return 100 })
	rows[25].value, rows[26].value, rows[27].value = 0, 0, 1e9
	for i, s := range judge(rows) {
		if s != 0 {
			t.Errorf("row %d scores %v", i, s)
		}
	}
}

// A flapping cause is one page, and the next one needs more.
func TestSilence(t *testing.T) {
	t.Parallel()
	rows := series(600, time.Minute, 1, func(at time.Duration) float64 {
		if at > 300*time.Minute && int(at.Minutes())/10%2 == 0 {
			return 200
		}
		return 100
	})
	if got := pages(judge(rows)); len(got) != 1 {
		t.Errorf("pages at %v, want one", got)
	}
}

// anything is rows of all that a file may hold: steps back, gaps, no numbers, huge and tiny ones.
func anything(t *rapid.T) []row {
	odd := []float64{0, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 1e-300, 1e290}
	steps := []time.Duration{0, time.Second, time.Minute, 5 * time.Minute, time.Hour, 24 * time.Hour, -time.Hour, -365 * 24 * time.Hour, math.MaxInt64, math.MinInt64}
	seed := rapid.Uint64().Draw(t, "seed")
	dice := rand.New(rand.NewPCG(seed, 0))
	wild := rapid.IntRange(0, 10).Draw(t, "wild")
	regular := rapid.SampledFrom(steps[1:6]).Draw(t, "step")
	size := math.Pow(10, rapid.Float64Range(-200, 200).Draw(t, "size"))
	rows := make([]row, rapid.IntRange(0, 600).Draw(t, "rows"))
	at := rapid.SampledFrom([]time.Time{{}, start, time.Unix(0, 0), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}).Draw(t, "start")
	for i := range rows {
		rows[i] = row{at: at, value: dice.NormFloat64() * size, none: dice.IntN(100) < wild}
		at = at.Add(regular)
		if dice.IntN(50) < wild {
			rows[i].value = odd[dice.IntN(len(odd))]
			at = at.Add(steps[dice.IntN(len(steps))])
		}
		if dice.IntN(200) == 0 {
			size *= 10 * dice.Float64()
		}
	}
	return rows
}

// Scores are finite and not negative, and use no later row, no length.
func TestCausal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := anything(t)
		whole := judge(rows)
		for i, s := range whole {
			if !(s >= 0 && s <= 100) {
				t.Fatalf("row %d %+v scores %v", i, rows[i], s)
			}
		}
		cut := rapid.IntRange(0, len(rows)).Draw(t, "cut")
		if part := judge(rows[:cut]); !slices.Equal(part, whole[:cut]) {
			t.Fatalf("the first %d rows score otherwise alone", cut)
		}
	})
}

// The unit does not matter. Powers of two are exact, so that the scores are the same to the last bit.
func TestScale(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := series(500, time.Minute, rapid.Float64Range(0, 10).Draw(t, "noise"), daily)
		for range rapid.IntRange(0, 5).Draw(t, "faults") {
			rows[rapid.IntRange(0, len(rows)-1).Draw(t, "at")].value *= rapid.Float64Range(-20, 20).Draw(t, "by")
		}
		k := math.Exp2(float64(rapid.IntRange(-60, 60).Draw(t, "power")))
		scaled := slices.Clone(rows)
		for i := range scaled {
			scaled[i].value *= k
		}
		if !slices.Equal(judge(rows), judge(scaled)) {
			t.Fatalf("times %v the scores are others", k)
		}
	})
}

// A clock that steps back for an hour, as at the end of summer time, is no reason to page or to fall silent.
func TestClockStepsBack(t *testing.T) {
	t.Parallel()
	rows := series(2000, 5*time.Minute, 1, func(time.Duration) float64 { return 100 })
	for i := 1000; i < len(rows); i++ {
		rows[i].at = rows[i].at.Add(-time.Hour)
	}
	for i := 1500; i < len(rows); i++ {
		rows[i].at = rows[i].at.Add(-365 * 24 * time.Hour)
		rows[i].value += 50
	}
	got := pages(judge(rows))
	if len(got) != 1 || got[0] < 1500 || got[0] > 1505 {
		t.Errorf("pages at %v, want one at 1500 to 1505", got)
	}
}

func BenchmarkNext(b *testing.B) {
	rows := series(20000, 5*time.Minute, 1, daily)
	d := surprise.New()
	for i := range b.N {
		d.Next(rows[i%len(rows)].at, rows[i%len(rows)].value, false)
	}
}
