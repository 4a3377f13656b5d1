package tui

import (
	"math"
	"strings"
	"testing"
	"time"

	"warroom/sources"
)

// status is how the only tile of a stage with one resource stands.
func (s *stage) status() Status {
	s.t.Helper()
	scene := s.scene(120, 40)
	p := NewPainter()
	return p.Status(scene, p.Tiles(scene)[0])
}

func stageOf(t *testing.T, service, name string) *stage {
	s := newStage(t)
	s.meta.Resources = []sources.Resource{watched(service, name)}
	s.calmResource(service, name)
	return s
}

func TestWords(t *testing.T) {
	for _, c := range []struct {
		name, service string
		change        func(*stage)
		word          string
		level         Level
		why           string
		since         float64 // minutes since T0, 0: not looked at
	}{
		{name: "well", service: "alb", change: func(*stage) {}, word: "ok", level: LevelOK},
		{name: "page", service: "alb", change: func(s *stage) { s.derived("alb_error_ratio", "x", after(4, 0.1, 0, 0.03, 1)) },
			word: "page", level: LevelPage, why: "5xx, pages above 1 %", since: 5},
		{name: "warn", service: "alb", change: func(s *stage) { s.derived("alb_error_ratio", "x", flat(0.005)) }, word: "warn", level: LevelWarn, why: "warns above 0.3 %"},
		{name: "the limit of the level", service: "cloudfront", change: func(s *stage) {
			s.derived("cloudfront_error_ratio", "x", func(m float64) float64 {
				if m > 7 {
					return 0.033
				}
				return 0.01
			})
		}, word: "warn", level: LevelWarn, why: "3.3 % 5xx at the edge, warns above 0.5 %"},
		{name: "one bad sample is no trouble", service: "alb", change: func(s *stage) { s.derived("alb_error_ratio", "x", onlyLast(0.03)) }, word: "ok", level: LevelOK},
		{name: "a word of its own", service: "alb", change: func(s *stage) { s.series("alb_latency_p95_seconds", "x", flat(1.5)) }, word: "slow", level: LevelWarn, why: "1.50 s p95"},
		{name: "below", service: "cloudfront", change: func(s *stage) { s.series("cloudfront_hit_ratio", "x", flat(0.5)) }, word: "warn", level: LevelWarn, why: "50.0 % hit ratio, warns below 70 %"},
		{name: "the worst wins", service: "asg", change: func(s *stage) { s.series("asg_cpu_ratio", "x", flat(0.99)); s.fills("x") }, word: "page", level: LevelPage, why: "99.0 % cpu"},
		{name: "wall", service: "asg", change: func(s *stage) { s.fills("x") }, word: "wall 7m", level: LevelWarn, why: "reaches the ceiling in 7m"},
		{name: "filling", service: "asg", change: func(s *stage) { s.rises("x", 33, 0.2) }, word: "filling", level: LevelWarn, why: "reaches the ceiling in"},
		{name: "a rise far from the ceiling", service: "asg", change: func(s *stage) { s.rises("x", 10, 0.2) }, word: "ok", level: LevelOK},
		{name: "a fall is no wall", service: "asg", change: func(s *stage) { s.rises("x", 36, -0.5) }, word: "ok", level: LevelOK},
		{name: "noise is no trend", service: "asg", change: func(s *stage) { s.level("asg_desired", "x", noisy(34, 0.1, 3)) }, word: "ok", level: LevelOK},
		{name: "at the ceiling", service: "asg", change: func(s *stage) {
			s.level("asg_desired", "x", flat(40))
			s.series("asg_cpu_ratio", "x", flat(0.7))
		}, word: "at ceiling", level: LevelWarn, why: "40 of 40"},
		{name: "at the ceiling and idle", service: "asg", change: func(s *stage) {
			s.level("asg_desired", "x", flat(40))
			s.series("asg_cpu_ratio", "x", flat(0.2))
		}, word: "at maximum", level: LevelOK},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := stageOf(t, c.service, "x")
			c.change(s)
			got := s.status()
			if got.Word != c.word || got.Level != c.level || !strings.Contains(got.Why, c.why) {
				t.Errorf("status %+v, want %q", got, c.word)
			}
			if c.since != 0 && !got.Since.Equal(t0.Add(time.Duration(c.since)*time.Minute)) {
				t.Errorf("since %s, want T+%vm", got.Since, c.since)
			}
		})
	}
}

// onlyLast is well but for the newest settled minute.
func onlyLast(v float64) func(float64) float64 {
	return func(m float64) float64 {
		if m >= 9 {
			return v
		}
		return 0.0001
	}
}

// fills makes a fleet reach its ceiling of 40 in about seven minutes.
func (s *stage) fills(name string) { s.rises(name, 36, 0.7) }

// rises makes a fleet want so many now, and so many more each minute.
func (s *stage) rises(name string, now, perMinute float64) {
	end := s.now.Sub(t0).Minutes()
	s.level("asg_desired", name, func(m float64) float64 { return now + perMinute*(m-end) })
}

// A failing source explains why its tiles are late, and no other's.
func TestSourcesThatFail(t *testing.T) {
	fail := func(s *stage, source string) {
		s.level("source_up", source, flat(0))
		s.window.Apply(sources.Batch{Facts: []sources.Fact{sources.SourceFact(source, sources.Trouble{Kind: sources.Expired, Text: "the credentials have expired; log in again"}, s.now.Add(-9*time.Minute))}})
	}
	late := func(m float64) float64 {
		if m > 0 {
			return flat(0)(m) * nothing // NaN: a gap
		}
		return 12
	}
	for _, c := range []struct {
		source, region, word string
	}{
		{"asg", "", "error"},
		{"asg eu-west-1", "eu-west-1", "error"},
		{"cloudwatch eu-west-1", "eu-west-1", "error"},
		{"cloudwatch us-east-1", "eu-west-1", "stale 11m"},
		{"waf", "", "stale 11m"},
	} {
		s := newStage(t)
		r := watched("asg", "web")
		r.Region = c.region
		s.meta.Resources = []sources.Resource{r}
		s.series("asg_in_service", "web", late)
		fail(s, c.source)
		got := s.status()
		if got.Word != c.word {
			t.Errorf("%s fails, the fleet is in %q: %+v, want %q", c.source, c.region, got, c.word)
		}
		if c.word == "error" && !strings.Contains(got.Why, "log in again") {
			t.Errorf("%q names no remedy", got.Why)
		}
	}
}

// A source that fails while the tile's own samples still come does not take the tile away.
func TestAFailingSourceLeavesFreshTilesAlone(t *testing.T) {
	s := stageOf(t, "asg", "x")
	s.level("source_up", "asg", flat(0))
	s.window.Apply(sources.Batch{Facts: []sources.Fact{sources.SourceFact("asg", sources.Trouble{Kind: sources.Throttled, Text: "Rate exceeded"}, s.now.Add(-10*time.Second))}})
	if got := s.status(); got.Level != LevelOK {
		t.Errorf("status %+v, want ok until samples are missing", got)
	}
	frame := NewPainter().Grid(s.scene(120, 40))
	if !strings.Contains(frame, "source asg fails: throttled") {
		t.Errorf("the room does not say that its source fails:\n%s", frame)
	}
}

// A source of facts that has failed for minutes is said in the tile, though CloudWatch's samples go on.
func TestOldFactsAreSaid(t *testing.T) {
	s := stageOf(t, "cloudfront", "x")
	s.level("source_up", "cloudfront", flat(0))
	s.window.Apply(sources.Batch{Facts: []sources.Fact{sources.SourceFact("cloudfront",
		sources.Trouble{Kind: sources.Forbidden, Text: "not allowed"}, s.now.Add(-9*time.Minute))}})
	if got := s.status(); got.Level != LevelWarn || got.Word != "old facts" || !strings.Contains(got.Why, "9m old: forbidden: not allowed") {
		t.Errorf("status %+v, want old facts", got)
	}
	s.series("cloudfront_hit_ratio", "x", flat(0.5))
	if frame := NewPainter().Grid(s.scene(120, 40)); !strings.Contains(frame, "warn ▲") || !strings.Contains(frame, "9m old: forbidden") {
		t.Errorf("the tile does not say both:\n%s", frame)
	}
}

// Silence is zero only of what is known to answer.
func TestNothingIsNoZero(t *testing.T) {
	s := newStage(t)
	s.meta.Resources = []sources.Resource{watched("waf", "x")}
	s.series("waf_blocked", "x", flat(math.Inf(1)))
	s.series("waf_allowed", "x", flat(math.Inf(1)))
	if frame := NewPainter().Grid(s.scene(120, 40)); !strings.Contains(frame, "no data ○") || !strings.Contains(frame, "– blocked/min") || strings.Contains(frame, "0 challenged") {
		t.Errorf("nothing was ever heard of it, and yet:\n%s", frame)
	}
	s.fact(sources.Ref{Service: "waf", Name: "x"}, "rules", "3")
	if frame := NewPainter().Grid(s.scene(120, 40)); !strings.Contains(frame, "ok ✔") || !strings.Contains(frame, "0 blocked/min") {
		t.Errorf("it was described and is silent:\n%s", frame)
	}
}

// What does not exist is called alike, whether CloudWatch or the resource's own service says so.
func TestAbsenceHasOneWord(t *testing.T) {
	s := newStage(t)
	s.meta.Resources = []sources.Resource{watched("asg", "x")}
	s.level("source_up", "asg", flat(0))
	s.window.Apply(sources.Batch{Facts: []sources.Fact{sources.SourceFact("asg",
		sources.Trouble{Kind: sources.NotFound, Text: "no group \"x\""}, s.now.Add(-9*time.Minute))}})
	if got := s.status(); got.Word != "not found" || got.Glyph != '?' || got.Why != "no group \"x\"" {
		t.Errorf("status %+v, want not found", got)
	}
	s = newStage(t)
	s.meta.Resources = []sources.Resource{watched("waf", "x")}
	s.series("waf_blocked", "x", flat(math.Inf(1)))
	s.level("source_up", "waf", flat(0))
	s.window.Apply(sources.Batch{Facts: []sources.Fact{sources.SourceFact("waf",
		sources.Trouble{Kind: sources.Partial, Text: "not found: no web ACL \"x\" (1 of 2 resources)"}, s.now.Add(-9*time.Minute))}})
	if got := s.status(); got.Word != "not found" {
		t.Errorf("status %+v of a guard that is silent, want not found", got)
	}
}

// What is wrong aside from headline and chart is said in a line, and leaves both their calm.
func TestTroubleAsideIsSaid(t *testing.T) {
	st := newStage(t).calm()
	st.series("alb_latency_p95_seconds", "prod", flat(6.05))
	frame := NewPainter().Grid(st.scene(120, 40))
	for _, want := range []string{"page ✖", "6.05 s p95, pages above 3 s"} {
		if !strings.Contains(frame, want) {
			t.Errorf("the frame does not say %q:\n%s", want, frame)
		}
	}
}
