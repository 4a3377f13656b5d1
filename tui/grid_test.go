package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"
	"pgregory.net/rapid"

	"warroom/sources"
	"warroom/tui/theme"
)

// sizes are those at which the frame is looked at: a bastion's pane, a laptop, a wall, and less than a pane.
var sizes = []struct{ w, h int }{{80, 24}, {120, 40}, {200, 60}, {60, 15}}

// moods are launches in calm and in trouble.
var moods = []struct {
	name  string
	stage func(t testing.TB) *stage
}{
	{"calm", func(t testing.TB) *stage { return newStage(t).calm() }},
	{"trouble", func(t testing.TB) *stage { return newStage(t).trouble() }},
	{"blind", func(t testing.TB) *stage { return newStage(t).blind() }},
}

func TestGridFrames(t *testing.T) {
	for _, mood := range moods {
		for _, size := range sizes {
			for _, ascii := range []bool{false, true} {
				name := fmt.Sprintf("%s-%dx%d", mood.name, size.w, size.h)
				if ascii {
					name += "-ascii"
				}
				t.Run(name, func(t *testing.T) {
					s := mood.stage(t).scene(size.w, size.h)
					s.ASCII = ascii
					frame := NewPainter().Grid(s)
					exactly(t, frame, size.w, size.h)
					if ascii {
						onlyASCII(t, frame)
					}
					golden.RequireEqual(t, frame+"\n")
				})
			}
		}
	}
}

func TestGridModes(t *testing.T) {
	modes := map[string]func(*Scene){
		"replay": func(s *Scene) {
			s.Mode, s.Speed, s.From, s.To = Replay, 60, t0.Add(-30*time.Minute), t0.Add(time.Hour)
		},
		"replay-standing": func(s *Scene) {
			s.Mode, s.Standing, s.From, s.To = Replay, true, t0.Add(-30*time.Minute), t0.Add(time.Hour)
		},
		"rehearsal": func(s *Scene) {
			s.Mode, s.Meta.Clock.Speed, s.Story = Rehearsal, 20, "the mention is on air, and everybody wants to register at once: watch tiles 4 and 6, Space pauses, ? helps, q leaves"
		},
		"paused": func(s *Scene) { s.Standing, s.News, s.Now = true, 2, s.Now.Add(3*time.Minute) },
		"viewer": func(s *Scene) { s.Viewer = true },
		"chosen": func(s *Scene) { s.Selected, s.Filter = 1, "warn" },
	}
	for name, change := range modes {
		t.Run(name, func(t *testing.T) {
			s := newStage(t).trouble().scene(100, 30)
			s.Selected = -1
			change(s)
			frame := NewPainter().Grid(s)
			exactly(t, frame, 100, 30)
			golden.RequireEqual(t, frame+"\n")
		})
	}
}

// exactly fails unless the frame is h lines of exactly w columns.
func exactly(t interface {
	Helper()
	Fatalf(string, ...any)
}, frame string, w, h int,
) {
	t.Helper()
	lines := strings.Split(frame, "\n")
	if len(lines) != h {
		t.Fatalf("%d lines, want %d", len(lines), h)
	}
	for i, line := range lines {
		if got := ansi.StringWidth(line); got != w {
			t.Fatalf("line %d is %d columns wide, want %d: %q", i, got, w, line)
		}
	}
}

func onlyASCII(t *testing.T, frame string) {
	t.Helper()
	for i, r := range frame {
		if r >= 0x80 {
			t.Fatalf("%q at byte %d is not ASCII", r, i)
		}
	}
}

func TestFramesFitAnySize(t *testing.T) {
	st := newStage(t).trouble()
	p := NewPainter()
	for w := 0; w <= 210; w += 7 {
		for h := 0; h <= 62; h++ {
			s := st.scene(w, h)
			s.Story = "a story"
			frame := p.Grid(s)
			if w > 0 && h > 0 {
				exactly(t, frame, w, h)
			}
		}
	}
}

// Every tile says its name, its value and its state at 80x24 and above, however many there are up to 24.
func TestEveryTileSaysItsWord(t *testing.T) {
	for _, n := range []int{1, 2, 5, 6, 7, 8, 12, 18, 24} {
		for _, size := range sizes[:3] {
			s := newStage(t).copies(n).calm().scene(size.w, size.h)
			p := NewPainter()
			frame := p.Grid(s)
			for _, tile := range p.Tiles(s) {
				f := p.look(s, tile, 0)
				for _, want := range []string{fmt.Sprintf(" %d ", tile.Number), tile.Title[:6], f.number} {
					if !strings.Contains(frame, want) {
						t.Errorf("%d tiles at %dx%d: nothing says %q of tile %d", n, size.w, size.h, want, tile.Number)
					}
				}
			}
			if got := strings.Count(frame, "ok ✔") + strings.Count(frame, "✔ ok"); got < n {
				t.Errorf("%d tiles at %dx%d: %d say that they are well", n, size.w, size.h, got)
			}
		}
	}
}

// Clock and mode never fold away while they fit at all, nor does the state of what pages.
func TestTheClockNeverFolds(t *testing.T) {
	st := newStage(t).trouble()
	for w := 52; w <= 200; w++ {
		frame := NewPainter().Grid(st.scene(w, 15))
		first, _, _ := strings.Cut(frame, "\n")
		for _, want := range []string{"PRODUCTION", "● LIVE", "T+00:12:40"} {
			if !strings.Contains(first, want) {
				t.Fatalf("at width %d line 1 lacks %q: %q", w, want, first)
			}
		}
		if !strings.Contains(frame, "✖ page") {
			t.Fatalf("at width %d nothing pages:\n%s", w, frame)
		}
	}
}

// All states differ in words, with colours or without.
func TestStatesAreWords(t *testing.T) {
	frame := NewPainter().Grid(newStage(t).blind().scene(120, 40))
	for _, want := range []string{"not found ?", "stale 15m ?", "error !", "waiting ○", "as of 20:12", "CacheHitRate is not published", "AccessDenied", "no data ○"} {
		if !strings.Contains(frame, want) {
			t.Errorf("the frame does not say %q:\n%s", want, frame)
		}
	}
	frame = NewPainter().Grid(newStage(t).trouble().scene(120, 40))
	for _, want := range []string{"page ✖", "warn ▲", "wall 7m ▲", "ok ✔", "1 page", "3 warns"} {
		if !strings.Contains(frame, want) {
			t.Errorf("the frame does not say %q:\n%s", want, frame)
		}
	}
}

func TestNoData(t *testing.T) {
	st := newStage(t)
	st.series("cloudfront_hit_ratio", "edge", func(m float64) float64 {
		if m < 3 {
			return 0.9
		}
		return nothing
	})
	s := st.scene(120, 40)
	p := NewPainter()
	got := p.Status(s, p.Tiles(s)[1])
	if got.Word != "no data" || got.Level != LevelUnknown {
		t.Errorf("status %+v, want no data", got)
	}
}

// Colours only add: without them the frame has the same characters in the same places.
func TestColoursOnlyAdd(t *testing.T) {
	for _, mood := range moods {
		plain := mood.stage(t).scene(120, 40)
		bare := NewPainter().Grid(plain)
		for _, dark := range []bool{true, false} {
			for _, profile := range []colorprofile.Profile{colorprofile.Ascii, colorprofile.ANSI, colorprofile.ANSI256, colorprofile.TrueColor} {
				th := theme.New(dark, profile)
				s := mood.stage(t).scene(120, 40)
				s.Theme = &th
				frame := NewPainter().Grid(s)
				if got := ansi.Strip(frame); got != bare {
					t.Errorf("%s, dark %v, %v: the characters differ", mood.name, dark, profile)
				}
			}
		}
	}
}

// Calm has no warm colours at all.
func TestColourOnlyWhereThereIsTrouble(t *testing.T) {
	th := theme.New(true, colorprofile.ANSI256)
	warm := []string{sgr(&th, theme.Fg(theme.Bad)), sgr(&th, theme.Fg(theme.Warn)), sgr(&th, theme.Fg(theme.Warn4)), sgr(&th, theme.Fg(theme.Bad4))}
	s := newStage(t).calm().scene(120, 40)
	s.Theme = &th
	frame := NewPainter().Grid(s)
	for _, w := range warm {
		if strings.Contains(frame, w) {
			t.Errorf("the calm frame has the colour of trouble %q", w)
		}
	}
	s = newStage(t).trouble().scene(120, 40)
	s.Theme = &th
	if frame = NewPainter().Grid(s); !strings.Contains(frame, sgr(&th, theme.Fg(theme.Bad))) {
		t.Error("the frame in trouble has no colour of trouble")
	}
}

func sgr(th *theme.Theme, s theme.Style) string { return string(th.AppendSGR(nil, s)) }

// A frame drawn with what was kept is the frame drawn from nothing, whatever happened in between.
func TestKeptTilesAreFresh(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		st := newStage(t).copies(rapid.IntRange(1, 9).Draw(r, "tiles")).calm()
		kept := NewPainter()
		s := st.scene(120, 40)
		steps := rapid.IntRange(1, 5).Draw(r, "steps")
		for range steps {
			change(r, st, s)
			s.View = st.view(s.Now)
			got, want := kept.Grid(s), NewPainter().Grid(s)
			if got != want {
				r.Fatalf("the kept frame differs from a fresh one:\n%s\n--- fresh\n%s", got, want)
			}
		}
	})
}

// change does one thing to the launch or to the screen.
func change(r *rapid.T, st *stage, s *Scene) {
	res := st.meta.Resources[rapid.IntRange(0, len(st.meta.Resources)-1).Draw(r, "resource")]
	switch rapid.IntRange(0, 9).Draw(r, "what") {
	case 0:
		s.Now = s.Now.Add(time.Duration(rapid.IntRange(-600, 600).Draw(r, "seconds")) * time.Second)
	case 1:
		s.Selected = rapid.IntRange(-1, 9).Draw(r, "selected")
	case 2:
		s.Width, s.Height = rapid.IntRange(20, 220).Draw(r, "width"), rapid.IntRange(5, 62).Draw(r, "height")
	case 3:
		s.ASCII = !s.ASCII
	case 4:
		s.Filter = rapid.SampledFrom([]string{"", "ok", "fleet", "aurora 6", "stale"}).Draw(r, "filter")
	case 5:
		s.Span = rapid.SampledFrom([]time.Duration{0, 10 * time.Minute, time.Hour}).Draw(r, "span")
	case 6:
		st.fact(res.Ref, "status", rapid.SampledFrom([]string{"Deployed", "InProgress", ""}).Draw(r, "fact"))
	case 7:
		st.window.Apply(sources.Batch{Facts: []sources.Fact{sources.SourceFact("cloudwatch",
			sources.Trouble{Kind: sources.Expired, Text: "the credentials have expired"}, s.Now)}})
	default:
		at := s.Now.Add(time.Duration(-rapid.IntRange(0, 30).Draw(r, "ago")) * time.Minute).Truncate(time.Minute)
		metric := rapid.SampledFrom([]string{"audience_registrations", "cloudfront_hit_ratio", "waf_blocked", "alb_target_5xx", "asg_in_service", "asg_desired", "aurora_acu"}).Draw(r, "metric")
		st.window.Apply(sources.Batch{Samples: []sources.Sample{{
			Series: sources.Series{Metric: metric, Resource: res.Name}, At: at, Seen: s.Now, Value: rapid.Float64Range(0, 50).Draw(r, "value"),
		}}})
	}
}

// Only the tiles whose data changed are drawn again.
func TestOnlyWhatChangedIsDrawn(t *testing.T) {
	st := newStage(t).calm()
	s := st.scene(120, 40)
	p := NewPainter()
	p.Grid(s)
	for _, d := range p.drawn {
		d.picture.cells[0].Rune = '☂' // survives only where the tile is not drawn again
	}
	st.window.Apply(sources.Batch{Samples: []sources.Sample{{
		Series: sources.Series{Metric: "asg_in_service", Resource: "web"}, At: s.Now.Truncate(time.Minute).Add(-time.Minute), Seen: s.Now, Value: 33,
	}}})
	s.View = st.view(s.Now)
	if got := strings.Count(p.Grid(s), "☂"); got != 5 {
		t.Errorf("%d of 6 tiles were left alone, want 5", got)
	}
}

// Time stands still under a chart: between two samples nothing but clocks and ages change.
func TestNothingMovesWithoutData(t *testing.T) {
	st := newStage(t).calm()
	s := st.scene(120, 40)
	p := NewPainter()
	before := strings.Split(p.Grid(s), "\n")
	s.Now = s.Now.Add(2 * time.Second)
	s.View = st.view(s.Now)
	changed := 0
	for i, line := range strings.Split(p.Grid(s), "\n") {
		if line != before[i] {
			changed++
			if i != 0 {
				t.Errorf("line %d changed:\n%s\n%s", i, before[i], line)
			}
		}
	}
	if changed != 1 {
		t.Errorf("%d lines changed, want the first only", changed)
	}
}
