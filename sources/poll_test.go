package sources_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"warroom/sources"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a source whose Poll is a function.
type fake struct {
	name     string
	schedule sources.Schedule
	poll     func(ctx context.Context, now time.Time) (sources.Reading, error)
}

func (f *fake) Name() string               { return f.name }
func (f *fake) Schedule() sources.Schedule { return f.schedule }
func (f *fake) Poll(ctx context.Context, now time.Time) (sources.Reading, error) {
	return f.poll(ctx, now)
}

// heard collects readings by source.
type heard struct {
	mu       sync.Mutex
	readings []sources.Reading
}

func (h *heard) put(r sources.Reading) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.readings = append(h.readings, r)
}

func (h *heard) of(source string) []sources.Reading {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []sources.Reading
	for _, r := range h.readings {
		if r.Source == source {
			out = append(out, r)
		}
	}
	return out
}

func changes(readings []sources.Reading) []string {
	var texts []string
	for _, r := range readings {
		for _, c := range r.Changes {
			texts = append(texts, c.Text)
		}
	}
	return texts
}

func up(readings []sources.Reading) []float64 {
	var values []float64
	for _, r := range readings {
		for _, s := range r.Samples {
			if s.Series.Metric == "source_up" {
				values = append(values, s.Value)
			}
		}
	}
	return values
}

// during runs a poller over the sources for a stretch of machine time.
func during(t *testing.T, clock sources.Clock, d time.Duration, srcs ...sources.Source) *heard {
	t.Helper()
	h := &heard{}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := sources.NewPoller(clock, h.put, srcs...).Run(ctx); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestPollKeepsDueTimes(t *testing.T) {
	for _, speed := range []float64{1, 60} {
		t.Run(fmt.Sprintf("speed %v", speed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				origin := time.Date(2026, 3, 1, 19, 0, 7, 0, time.UTC)
				var at []time.Time
				src := &fake{name: "a", schedule: sources.Schedule{Every: time.Minute, Offset: 20 * time.Second}, poll: func(_ context.Context, now time.Time) (sources.Reading, error) {
					at = append(at, now)
					return sources.Reading{}, nil
				}}
				machine := time.Duration(float64(10*time.Minute) / speed)
				during(t, sources.ResumeClock(origin, time.Now(), speed), machine, src)
				if len(at) != 11 {
					t.Fatalf("polled %d times in ten minutes, want once at the start and ten times on the grid: %v", len(at), at)
				}
				if !at[0].Equal(origin) {
					t.Errorf("first poll at %v, want at once", at[0])
				}
				for i, a := range at[1:] {
					due := time.Date(2026, 3, 1, 19, i, 20, 0, time.UTC)
					if late := a.Sub(due); late < 0 || late > 2*time.Second {
						t.Errorf("poll %d at %v, want within the jitter after %v", i+1, a, due)
					}
				}
			})
		})
	}
}

func TestPollSkipsMissedDueTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		src := &fake{name: "slow", schedule: sources.Schedule{Every: 10 * time.Second, Timeout: time.Minute}, poll: func(_ context.Context, now time.Time) (sources.Reading, error) {
			at = append(at, now)
			time.Sleep(35 * time.Second)
			return sources.Reading{}, nil
		}}
		during(t, sources.RunningClock{}, 2*time.Minute, src)
		for i := 1; i < len(at); i++ {
			if gap := at[i].Sub(at[i-1]); gap < 39*time.Second || gap > 41*time.Second {
				t.Errorf("polls %v apart, want the first due time after the poll", gap)
			}
		}
		if len(at) != 3 {
			t.Errorf("polled %d times, want 3", len(at))
		}
	})
}

func TestPollBacksOffAndHeals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		start := time.Now()
		src := &fake{name: "alb", schedule: sources.Schedule{Every: 15 * time.Second}, poll: func(_ context.Context, now time.Time) (sources.Reading, error) {
			at = append(at, now)
			if now.Sub(start) < 8*time.Minute {
				return sources.Reading{}, sources.Trouble{Kind: sources.Throttled, Text: "asked too often"}
			}
			return sources.Reading{}, nil
		}}
		h := during(t, sources.RunningClock{}, 12*time.Minute, src)
		gaps := ""
		for i := 1; i < len(at); i++ {
			gaps += fmt.Sprint(at[i].Sub(at[i-1]).Round(15*time.Second), " ")
		}
		if want := "15s 30s 1m0s 2m0s 2m0s 2m0s 2m0s 15s 15s"; !strings.HasPrefix(gaps, "15s 30s 1m0s 2m0s 2m0s 2m0s") || !strings.HasSuffix(gaps, "15s 15s ") {
			t.Errorf("polls were %sapart, want something like %s", gaps, want)
		}
		readings := h.of("alb")
		told := changes(readings)
		if len(told) != 2 || told[0] != "alb fails: throttled: asked too often" || !strings.HasPrefix(told[1], "alb answers again after ") {
			t.Errorf("people were told %q", told)
		}
		states := up(readings)
		if len(states) < 40 {
			t.Errorf("source_up was said %d times in twelve minutes, want at each due time though the polls are further apart", len(states))
		}
		if states[0] != 0 || states[len(states)-1] != 1 {
			t.Errorf("source_up went %v", states)
		}
	})
}

// TestPollKeepsPaceWhileExpired: a source that waits for credentials says itself how often it looks for them.
func TestPollKeepsPaceWhileExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		polls := 0
		src := &fake{name: "alb", schedule: sources.Schedule{Every: 10 * time.Second}, poll: func(context.Context, time.Time) (sources.Reading, error) {
			polls++
			return sources.Reading{}, sources.Trouble{Kind: sources.Expired, Text: "the credentials have expired"}
		}}
		during(t, sources.RunningClock{}, 10*time.Minute, src)
		if polls < 50 {
			t.Errorf("polled %d times in ten minutes, want every ten seconds", polls)
		}
	})
}

func TestPollRecordsTroubleOnItsEdges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		script := []error{nil, nil, errors.New("boom"), errors.New("boom"), sources.Trouble{Kind: sources.Forbidden, Text: "no"}, nil, sources.Trouble{Kind: sources.Partial, Text: "half"}, nil, nil}
		src := &fake{name: "s", poll: func(context.Context, time.Time) (sources.Reading, error) {
			err := script[min(n, len(script)-1)]
			n++
			return sources.Reading{}, err
		}}
		h := during(t, sources.RunningClock{}, 15*time.Minute, src)
		var facts []string
		for _, r := range h.of("s") {
			for _, f := range r.Facts {
				facts = append(facts, f.Value)
			}
		}
		want := `["" "failed: boom" "forbidden: no" "" "partial: half" ""]`
		if got := fmt.Sprintf("%q", facts); got != want {
			t.Errorf("facts %s, want %s", got, want)
		}
		told := changes(h.of("s"))
		if len(told) != 3 || told[1] != "s still fails, now: forbidden: no" {
			t.Errorf("people were told %q", told)
		}
	})
}

// TestPollOneRottenSource lets one source panic, hang, answer with rubbish or miss its deadline, and
// asks that another one is polled at the second.
func TestPollOneRottenSource(t *testing.T) {
	rotten := map[string]struct {
		poll func(ctx context.Context, now time.Time) (sources.Reading, error)
		want string // in the trouble
	}{
		"panic": {func(context.Context, time.Time) (sources.Reading, error) { panic("index out of range [3]") }, "failed: the source panicked: index out of range [3]; the next poll tries again, and a report of this helps"},
		"deadline": {func(ctx context.Context, _ time.Time) (sources.Reading, error) {
			<-ctx.Done()
			return sources.Reading{}, ctx.Err()
		}, "timed out: no answer within 20s; the next poll tries again"},
		"hang": {func(ctx context.Context, _ time.Time) (sources.Reading, error) {
			time.Sleep(6 * time.Minute)
			return sources.Reading{}, nil
		}, "timed out: the poll hangs: it was cancelled after 20s and has not returned"},
		"rubbish": {func(_ context.Context, now time.Time) (sources.Reading, error) {
			r := sources.Reading{}
			r.Facts = []sources.Fact{{Resource: sources.Ref{Service: "alb", Name: "x"}, Name: "n", Value: strings.Repeat("\x1b]0;x\a\xff", 2_000_000)}}
			r.Samples = make([]sources.Sample, 300_000)
			return r, nil
		}, "partial: left out: 100000 samples too many in one answer, 200000 samples that make no sense, e.g. metric \"\" is not in the catalogue"},
	}
	for name, c := range rotten {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var at []time.Time
				good := &fake{name: "good", schedule: sources.Schedule{Every: 10 * time.Second}, poll: func(_ context.Context, now time.Time) (sources.Reading, error) {
					at = append(at, now)
					return sources.Reading{}, nil
				}}
				h := during(t, sources.RunningClock{}, 5*time.Minute, &fake{name: "rotten", poll: c.poll}, good)
				if len(at) < 30 {
					t.Errorf("the good source was polled %d times in five minutes, want 30 or 31", len(at))
				}
				for i := 1; i < len(at); i++ {
					if gap := at[i].Sub(at[i-1]); gap > 11*time.Second {
						t.Errorf("the good source waited for %v", gap)
					}
				}
				readings := h.of("rotten")
				if len(readings) < 4 {
					t.Fatalf("the rotten source was told of %d times", len(readings))
				}
				if got := fmt.Sprint(readings[0].Err); got != c.want {
					t.Errorf("trouble %q, want %q", got, c.want)
				}
				time.Sleep(10 * time.Minute) // the hung poll returns, or goleak finds it
			})
		})
	}
}

// waited shortens what is said of a poll under way to how long it has been, less the jitter of its start.
func waited(t *testing.T, said string) string {
	text, found := strings.CutPrefix(said, "timed out: no answer for ")
	if !found {
		return said
	}
	text, _, _ = strings.Cut(text, " so far; ")
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Error(err)
	}
	return "timed out " + d.Round(10*time.Second).String()
}

// TestPollSaysThatItWaits: in a fast rehearsal a connection that is silent for seconds is silent for many minutes of the
// launch. That is said while it lasts and withdrawn with the answer, and the source is polled as often as before.
func TestPollSaysThatItWaits(t *testing.T) {
	for name, c := range map[string]struct {
		speed float64
		takes time.Duration // machine time of the second poll
		want  string        // of the facts
	}{
		"long":                     {60, 6500 * time.Millisecond, `["" "timed out 4m0s" "timed out 5m0s" "timed out 6m0s" ""]`},
		"only in launch time":      {600, 2 * time.Second, `[""]`},
		"only on the machine":      {1, 15 * time.Second, `[""]`},
		"an answer within 2 beats": {20, 5900 * time.Millisecond, `[""]`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var began []time.Time
				src := &fake{name: "s", schedule: sources.Schedule{Every: time.Minute}, poll: func(_ context.Context, now time.Time) (sources.Reading, error) {
					began = append(began, now)
					if len(began) == 2 {
						time.Sleep(c.takes)
					}
					return sources.Reading{}, nil
				}}
				origin := time.Date(2026, 3, 1, 19, 0, 0, 0, time.UTC)
				h := during(t, sources.ResumeClock(origin, time.Now(), c.speed), time.Duration(60*float64(time.Minute)/c.speed), src)
				facts := []string{}
				for _, r := range h.of("s") {
					for _, f := range r.Facts {
						facts = append(facts, waited(t, f.Value))
					}
				}
				if got := fmt.Sprintf("%q", facts); got != c.want {
					t.Errorf("facts %s, want %s", got, c.want)
				}
				if last := began[len(began)-1].Sub(began[len(began)-2]); len(began) < 3 || last > 63*time.Second {
					t.Errorf("after the answer the polls are %v apart", last)
				}
			})
		})
	}
}

// sleeper is a clock whose machine falls asleep once.
type sleeper struct {
	sources.RunningClock
	asleep atomic.Int64
}

func (s *sleeper) Now() time.Time { return s.RunningClock.Now().Add(time.Duration(s.asleep.Load())) }

// TestPollThatTheMachineSleptThrough: what was under way when the machine fell asleep is handed on, but neither its answer nor its
// failure tells how the source is now: it is asked again at once.
func TestPollThatTheMachineSleptThrough(t *testing.T) {
	for name, failure := range map[string]error{"answers": nil, "fails": errors.New("connection reset")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				clock := &sleeper{}
				start := time.Now()
				var began []time.Duration
				src := &fake{name: "s", schedule: sources.Schedule{Every: time.Minute}, poll: func(_ context.Context, now time.Time) (sources.Reading, error) {
					began = append(began, now.Sub(start))
					if len(began) == 1 {
						time.Sleep(5 * time.Second)
						clock.asleep.Store(int64(10*time.Minute + 10*time.Second))
						time.Sleep(5 * time.Second)
						sample := sources.Sample{Series: sources.Series{Metric: "alb_requests", Resource: "prod"}, At: start.Truncate(time.Minute), Seen: start, Value: 7}
						return sources.Reading{Batch: sources.Batch{Samples: []sources.Sample{sample}}}, failure
					}
					return sources.Reading{}, nil
				}}
				readings := during(t, clock, 15*time.Second, src).of("s")
				if want := []time.Duration{0, 10*time.Minute + 20*time.Second}; !slices.Equal(began, want) {
					t.Fatalf("polls began after %v, want %v", began, want)
				}
				if len(readings) != 2 || len(readings[0].Samples) != 1 || readings[0].Samples[0].Series.Metric != "alb_requests" || readings[0].Err != nil {
					t.Fatalf("readings %+v", readings)
				}
				if got := up(readings); !slices.Equal(got, []float64{1}) || len(changes(readings)) > 0 {
					t.Errorf("the source was up %v, changes %q", got, changes(readings))
				}
			})
		})
	}
}

func TestPollNeverTwiceAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		running, most := 0, 0
		var mu sync.Mutex
		src := &fake{name: "s", schedule: sources.Schedule{Every: time.Second, Timeout: 2 * time.Second}, poll: func(context.Context, time.Time) (sources.Reading, error) {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(9 * time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			return sources.Reading{}, nil
		}}
		h := during(t, sources.RunningClock{}, time.Minute, src)
		time.Sleep(time.Minute)
		if most != 1 {
			t.Errorf("%d polls at once", most)
		}
		for _, r := range h.of("s")[:3] {
			if r.Err == nil {
				t.Errorf("a hang was not told of: %+v", r)
			}
		}
	})
}

func TestPollReplace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &heard{}
		var stays, goes, comes atomic.Int32
		count := func(n *atomic.Int32, err error) func(context.Context, time.Time) (sources.Reading, error) {
			return func(context.Context, time.Time) (sources.Reading, error) {
				n.Add(1)
				return sources.Reading{}, err
			}
		}
		a := &fake{name: "a", poll: count(&stays, nil)}
		b := &fake{name: "b", poll: count(&goes, errors.New("broken"))}
		c := &fake{name: "c", poll: count(&comes, errors.New("broken"))}
		healed := &fake{name: "c", poll: count(&comes, nil)}
		p := sources.NewPoller(sources.RunningClock{}, h.put, a, b, c)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.Run(ctx) }()
		time.Sleep(150 * time.Second)
		before := goes.Load()
		p.Replace(a, healed)
		time.Sleep(150 * time.Second)
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if goes.Load() != before {
			t.Error("a source that was taken away is still polled")
		}
		if n := stays.Load(); n < 5 || n > 6 {
			t.Errorf("the source that stayed was polled %d times in five minutes, want 5 or 6: it may not start anew", n)
		}
		last := h.of("b")[len(h.of("b"))-1]
		if len(last.Facts) != 1 || last.Facts[0].Value != "" {
			t.Errorf("the trouble of a source that went was not withdrawn: %+v", last)
		}
		told := changes(h.of("c"))
		if len(told) != 2 || !strings.HasPrefix(told[1], "c answers again after 2m3") {
			t.Errorf("the new source of an old name does not heal the old one's trouble: %q", told)
		}
		if err := p.Run(t.Context()); err == nil {
			t.Error("a poller ran twice")
		}
	})
}

func TestPollCleansAndBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		evil := "\x1b[31mred\u202e\x00" + strings.Repeat("x", 2000)
		src := &fake{name: "e\x1bvil", poll: func(_ context.Context, now time.Time) (sources.Reading, error) {
			r := sources.Reading{}
			r.Samples = []sources.Sample{
				{Series: sources.Series{Metric: "alb_requests", Resource: evil}, At: now.Truncate(time.Minute), Value: 1},
				{Series: sources.Series{Metric: "alb_requests", Resource: "x"}, At: now.Add(time.Hour), Value: 1},
				{Series: sources.Series{Metric: "alb_error_ratio", Resource: "x"}, At: now, Value: 1},
			}
			r.Facts = []sources.Fact{{Resource: sources.Ref{Service: "alb", Name: evil}, Name: evil, Value: evil, Seen: now.Add(time.Hour)}}
			r.Changes = []sources.Change{{Kind: evil, Actor: evil, Text: evil, ID: evil, Body: make([]byte, 1<<20)}}
			return r, fmt.Errorf("%s", evil)
		}}
		r := during(t, sources.RunningClock{}, time.Second, src).readings[0]
		if len(r.Samples) != 2 || r.Samples[1].Series.Metric != "source_up" || r.Samples[0].Seen.IsZero() {
			t.Errorf("samples %+v", r.Samples)
		}
		now := r.At
		for _, s := range []string{r.Source, r.Err.Error(), r.Samples[0].Series.Resource, r.Facts[0].Value, r.Facts[0].Name, r.Facts[0].Resource.Name, r.Changes[0].Text, r.Changes[0].ID, r.Changes[0].Actor, r.Changes[0].Kind, r.Changes[1].Text} {
			if s != sources.Clean(s) || len(s) > 520 {
				t.Errorf("%q came through", s)
			}
		}
		if r.Facts[0].Seen.After(now) || r.Changes[0].Body != nil || r.Changes[0].At.IsZero() {
			t.Errorf("fact %+v change %+v", r.Facts[0], r.Changes[0])
		}
	})
}
