package tui

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"

	"warroom/sources"
	"warroom/sources/recording"
	"warroom/tui/theme"
)

// t0 is prime time in the room of these tests.
var t0 = time.Date(2026, 3, 1, 19, 15, 0, 0, time.UTC)

// stage is a launch built by hand: a window, and what is watched.
type stage struct {
	t      testing.TB
	window *sources.Window
	meta   *recording.Meta
	now    time.Time
	seq    int64                                                     // of changes
	over   map[sources.Series]func(cursor time.Time) []sources.Point // derived series
}

// newStage is a launch with the six services, each once, at T+12:40, about which nothing is known yet.
func newStage(t testing.TB) *stage {
	s := &stage{t: t, over: map[sources.Series]func(time.Time) []sources.Point{}, window: sources.NewWindow(2 * time.Hour), now: t0.Add(12*time.Minute + 40*time.Second)}
	s.meta = &recording.Meta{
		Environment: "production",
		Launch: sources.Launch{Name: "Lottery 2026", T0: t0, Phases: []sources.Phase{
			{Name: "warm-up", At: "T-30m"}, {Name: "prime time", At: "T0"}, {Name: "ad break", At: "T+20m"},
		}, Marks: []sources.Mark{
			{At: "T-14m", Kind: sources.MarkDeploy, Note: "release 214"}, {At: "T0", Kind: sources.MarkSurge, Note: "prime-time mention"},
		}},
		Resources: []sources.Resource{
			watched("audience", "registrations"), watched("cloudfront", "edge"), watched("waf", "lottery"),
			watched("alb", "prod"), watched("asg", "web"), watched("aurora", "lottery"),
		},
	}
	return s
}

func watched(service, name string) sources.Resource {
	return sources.Resource{Ref: sources.Ref{Service: service, Name: name}}
}

// lag is how long after the end of its period a sample is seen in these tests.
const lag = 55 * time.Second

// series records a metric for every minute of the last 50, as a function of the minutes since T0; NaN is a gap, and
// +Inf "asked, nothing there". What has not ended a lag ago is not known yet.
func (s *stage) series(metric, resource string, f func(minute float64) float64) {
	s.t.Helper()
	if _, ok := sources.Lookup(metric); !ok {
		s.t.Fatalf("no metric %s", metric)
	}
	var b sources.Batch
	for at := s.now.Truncate(time.Minute).Add(-50 * time.Minute); at.Add(time.Minute+lag).Compare(s.now) <= 0; at = at.Add(time.Minute) {
		v := f(at.Sub(t0).Minutes())
		if math.IsNaN(v) {
			continue
		}
		b.Samples = append(b.Samples, sources.Sample{
			Series: sources.Series{Metric: metric, Resource: resource}, At: at, Seen: at.Add(time.Minute + lag), Value: v, None: math.IsInf(v, 1),
		})
	}
	s.window.Apply(b)
}

// level records a metric that is read at once.
func (s *stage) level(metric, resource string, f func(minute float64) float64) {
	var b sources.Batch
	for at := s.now.Truncate(time.Minute).Add(-50 * time.Minute); at.Add(time.Minute).Compare(s.now) <= 0; at = at.Add(time.Minute) {
		b.Samples = append(b.Samples, sources.Sample{
			Series: sources.Series{Metric: metric, Resource: resource}, At: at, Seen: at.Add(time.Minute), Value: f(at.Sub(t0).Minutes()),
		})
	}
	s.window.Apply(b)
}

func (s *stage) fact(ref sources.Ref, name, value string) {
	s.window.Apply(sources.Batch{Facts: []sources.Fact{{Resource: ref, Name: name, Value: value, Seen: s.now.Add(-20 * time.Minute)}}})
}

func (s *stage) change(minute float64, kind, service, name, actor, text string) {
	s.seq++
	at := t0.Add(time.Duration(minute * float64(time.Minute)))
	s.window.Apply(sources.Batch{Changes: []sources.Change{{Seq: s.seq, At: at, Seen: at, Kind: kind, Actor: actor, Text: text,
		Resource: sources.Ref{Service: service, Name: name}}}})
}

// wave is noise between -1 and 1 that is the same in every run.
func wave(minute, seed float64) float64 {
	return math.Sin(minute*12.9898+seed*78.233) * math.Cos(minute*4.1414+seed)
}

func flat(v float64) func(float64) float64 { return func(float64) float64 { return v } }

func noisy(v, share, seed float64) func(float64) float64 {
	return func(m float64) float64 { return v * (1 + share*wave(m, seed)) }
}

// after is before until minute at, then rises to full over rise minutes.
func after(at, rise, before, full, seed float64) func(float64) float64 {
	return func(m float64) float64 {
		x := min(max((m-at)/rise, 0), 1)
		return (before + (full-before)*x) * (1 + 0.05*wave(m, seed))
	}
}

// surge is the crowd after T0: a jump, and a long tail.
func surge(calm, peak, seed float64) func(float64) float64 {
	return func(m float64) float64 {
		v := calm
		if m >= 0 {
			v += (peak - calm) * math.Exp(-m/9) * min(1, (m+1)/2)
		}
		return v * (1 + 0.08*wave(m, seed))
	}
}

// calm fills the stage with a launch in which nothing is wrong.
func (s *stage) calm() *stage {
	for _, r := range s.meta.Resources {
		s.calmResource(r.Service, r.Name)
	}
	s.room()
	s.change(-14, sources.ChangeDeploy, "asg", "web", "ci", "release 214 rolled out, 12 of 12 instances")
	s.change(2, sources.ChangeScaling, "asg", "web", "", "Launching 6 instances: desired 12 → 18")
	s.change(5, sources.ChangeNote, "", "", "mia", "ad break moved to 20:34")
	return s
}

func (s *stage) room() {
	aws := sources.Ref{Service: sources.RoomService, Name: "aws"}
	s.fact(aws, "account", "1234…9012")
	s.fact(aws, "identity", "web-oncall")
	s.fact(aws, "credentials_expire", s.now.Add(3*time.Hour+5*time.Minute).Format(time.RFC3339))
	s.fact(sources.Ref{Service: sources.RoomService, Name: "lease"}, "holder", "mia@bastion-1")
	s.level("room_api_budget_ratio", "aws", flat(0.62))
	s.level("room_cost_dollars_per_hour", "aws", flat(0.31))
	s.level("source_up", "cloudwatch", flat(1))
}

func (s *stage) calmResource(service, name string) {
	seed := float64(len(name))
	switch service {
	case "audience":
		s.series("audience_registrations", name, surge(40, 2600, seed))
		s.series("audience_visitors", name, surge(900, 31000, seed))
		s.series("audience_attempts", name, flat(1000))
		s.series("audience_successes", name, flat(998))
		s.derived("audience_success_ratio", name, flat(0.998))
	case "cloudfront":
		s.series("cloudfront_requests", name, surge(600e3, 4.9e6, seed))
		s.series("cloudfront_hit_ratio", name, noisy(0.93, 0.02, seed))
		s.series("cloudfront_error_ratio", name, flat(0.0002))
		s.series("cloudfront_origin_latency_p90_seconds", name, noisy(0.21, 0.1, seed))
		s.derived("cloudfront_requests_per_second", name, surge(10e3, 82e3, seed))
		s.derived("cloudfront_origin_requests", name, surge(42e3, 420e3, seed))
		s.fact(sources.Ref{Service: service, Name: name}, "origin", "live")
		s.fact(sources.Ref{Service: service, Name: name}, "status", "Deployed")
	case "waf":
		s.series("waf_allowed", name, surge(60e3, 500e3, seed))
		s.series("waf_blocked", name, noisy(1200, 0.4, seed))
		s.derived("waf_blocked_ratio", name, noisy(0.022, 0.2, seed))
		s.derived("waf_requests_per_second", name, surge(1e3, 8.2e3, seed))
	case "alb":
		s.series("alb_requests", name, surge(60e3, 500e3, seed))
		s.series("alb_elb_5xx", name, flat(0))
		s.series("alb_target_5xx", name, noisy(60, 0.5, seed))
		s.series("alb_healthy_hosts", name, flat(18))
		s.series("alb_latency_p95_seconds", name, after(0, 3, 0.18, 0.41, seed))
		s.derived("alb_error_ratio", name, noisy(0.0007, 0.5, seed))
		s.derived("alb_requests_per_second", name, surge(1e3, 7.1e3, seed))
	case "asg":
		s.level("asg_in_service", name, func(m float64) float64 { return 12 + 6*math.Floor(min(max(m-3, 0), 1)) })
		s.level("asg_desired", name, func(m float64) float64 { return 12 + 6*math.Floor(min(max(m-1, 0), 1)) })
		s.level("asg_max", name, flat(40))
		s.level("asg_min", name, flat(6))
		s.level("asg_pending", name, flat(0))
		s.level("asg_terminating", name, flat(0))
		s.series("asg_cpu_ratio", name, after(0, 4, 0.22, 0.58, seed))
	case "aurora":
		s.series("aurora_acu", name, func(m float64) float64 { return math.Round(after(0, 4, 16, 24, seed)(m)) })
		s.level("aurora_acu_max", name, flat(64))
		s.level("aurora_acu_min", name, flat(16))
		s.series("aurora_connections", name, after(0, 5, 400, 1204, seed))
		s.series("aurora_cpu_ratio", name, after(0, 5, 0.2, 0.46, seed))
		s.series("aurora_commit_latency_seconds", name, noisy(0.009, 0.2, seed))
		s.series("aurora_replica_lag_seconds", name, noisy(0.014, 0.2, seed))
		s.series("aurora_queries", name, surge(800, 9100, seed))
		s.derived("aurora_connections_used_ratio", name, after(0, 5, 0.1, 0.3, seed))
	}
}

// trouble is a launch in which much is wrong at once: errors at the load balancer, a fleet and a database that fill
// up, a guard that is silent, a cache that forgot, and an audience of which nothing was ever heard.
func (s *stage) trouble() *stage {
	s.calm()
	s.series("cloudfront_hit_ratio", "edge", func(m float64) float64 {
		if m < 6 {
			return 0.94 + 0.02*wave(m, 1)
		}
		return 0.62 + 0.02*wave(m, 2)
	})
	s.derived("alb_error_ratio", "prod", after(2, 8, 0.0007, 0.019, 3))
	s.series("alb_target_5xx", "prod", after(2, 8, 60, 6100, 3))
	s.series("alb_latency_p95_seconds", "prod", after(2, 6, 0.18, 1.24, 3))
	s.level("asg_in_service", "web", func(m float64) float64 { return math.Round(12 + 6*min(max(m/12, 0), 1)) })
	s.level("asg_desired", "web", func(m float64) float64 { return math.Round(12 + 8*min(max(m/12, 0), 1)) })
	s.level("asg_pending", "web", flat(4))
	s.level("asg_max", "web", flat(24))
	s.series("asg_cpu_ratio", "web", after(0, 4, 0.22, 0.78, 4))
	s.series("aurora_acu", "lottery", func(m float64) float64 { return 16 + 34*min(max(m/11, 0), 1) })
	s.change(9, sources.ChangeSource, "source", "cloudwatch", "room", "cloudwatch answers again after 40s")
	return s
}

// blind is a launch that cannot be seen: the guard went silent, the load balancer may not be read, the cache's metric
// does not exist, the audience says nothing, of the fleet nothing was heard yet, and the database's source fails.
func (s *stage) blind() *stage {
	s.room()
	until := func(minute float64, f func(float64) float64) func(float64) float64 {
		return func(m float64) float64 {
			if m > minute {
				return math.NaN()
			}
			return f(m)
		}
	}
	none := flat(math.Inf(1))
	s.series("audience_registrations", "registrations", none)
	s.series("cloudfront_requests", "edge", surge(600e3, 4.9e6, 1))
	s.ails("cloudfront_hit_ratio", "edge", sources.NotFound, "CacheHitRate is not published: turn on additional metrics")
	s.series("waf_blocked", "lottery", until(-2, noisy(1200, 0.4, 1)))
	s.series("waf_allowed", "lottery", until(-2, noisy(60e3, 0.4, 1)))
	s.derived("waf_blocked_ratio", "lottery", until(-2, noisy(0.022, 0.2, 1)))
	s.series("alb_requests", "prod", until(8, surge(60e3, 500e3, 2)))
	s.series("alb_elb_5xx", "prod", until(8, flat(0)))
	s.series("alb_target_5xx", "prod", until(8, flat(40)))
	s.derived("alb_error_ratio", "prod", until(8, noisy(0.0007, 0.5, 2)))
	s.derived("alb_requests_per_second", "prod", until(8, surge(1e3, 7.1e3, 2)))
	s.ails("alb_requests", "prod", sources.Forbidden, "AccessDenied on cloudwatch:GetMetricData; run `warroom iam-policy`")
	s.series("aurora_acu", "lottery", until(0, noisy(16, 0.1, 2)))
	s.level("aurora_acu_max", "lottery", flat(64))
	s.level("source_up", "aurora", flat(0))
	s.window.Apply(sources.Batch{Facts: []sources.Fact{sources.SourceFact("aurora",
		sources.Trouble{Kind: sources.TimedOut, Text: "DescribeDBClusters had no answer in 20s"}, s.now.Add(-9*time.Minute))}})
	return s
}

func (s *stage) ails(metric, resource string, kind sources.TroubleKind, text string) {
	s.window.Apply(sources.Batch{Facts: []sources.Fact{sources.SeriesFact(
		sources.Series{Metric: metric, Resource: resource}, sources.Trouble{Kind: kind, Text: text}, s.now.Add(-5*time.Minute))}})
}

// derived remembers a derived series, which a view lays over the window.
func (s *stage) derived(metric, resource string, f func(minute float64) float64) {
	key := sources.Series{Metric: metric, Resource: resource}
	m, ok := sources.Lookup(metric)
	if !ok {
		s.t.Fatalf("no metric %s", metric)
	}
	s.over[key] = func(cursor time.Time) []sources.Point {
		var out []sources.Point
		for at := s.now.Truncate(time.Minute).Add(-50 * time.Minute); at.Add(time.Minute+lag).Compare(cursor) <= 0; at = at.Add(time.Minute) {
			if v := f(at.Sub(t0).Minutes()); !math.IsNaN(v) {
				out = append(out, sources.Point{At: at, Value: v, Provisional: at.Add(m.Period + m.Settle).After(cursor)})
			}
		}
		return out
	}
}

// view reads the stage at a cursor.
func (s *stage) view(at time.Time) *sources.View {
	v := s.window.View(sources.Cursor{At: at})
	for key, points := range s.over {
		v.Put(key, points(at))
	}
	return v
}

// scene is the stage on a screen of a size, without colours.
func (s *stage) scene(w, h int) *Scene {
	plain := theme.New(true, colorprofile.NoTTY)
	return &Scene{
		View: s.view(s.now), Meta: s.meta, Now: s.now, Wall: s.now, Zone: time.FixedZone("CET", 3600), Width: w, Height: h, Theme: &plain,
		Recording: "/var/lib/warroom/lottery.warroom", RecordingSize: 1_234_567,
		Hints: []Hint{{"?", "help"}, {"/", "filter"}, {":", "command"}, {"+", "note"}, {"Space", "pause"}, {"←→", "scrub"}, {"⏎", "open"}, {"q", "leave"}},
	}
}

// copies puts n resources on the stage, the six services over and over.
func (s *stage) copies(n int) *stage {
	six := s.meta.Resources
	s.meta.Resources = nil
	for i := range n {
		r := six[i%len(six)]
		s.meta.Resources = append(s.meta.Resources, watched(r.Service, fmt.Sprintf("%s-%d", r.Name, i/len(six)+1)))
	}
	return s
}
