package tui

import (
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"

	"warroom/tui/theme"
)

// wall is a scene of 24 tiles on a screen of 200x60 in 256 colours, and the same scene with other data in every tile.
func wall(t testing.TB) (a, b *Scene) {
	th := theme.New(true, colorprofile.ANSI256)
	one, other := newStage(t).copies(24).calm(), newStage(t).copies(24)
	for i, r := range other.meta.Resources {
		other.calmResource(r.Service, r.Name)
		for _, metric := range []string{"audience_registrations", "cloudfront_hit_ratio", "waf_blocked", "asg_in_service", "aurora_acu"} {
			if metric[:3] == r.Service[:3] {
				other.series(metric, r.Name, noisy(0.5, 0.3, float64(i)))
			}
		}
		other.derived("alb_error_ratio", r.Name, noisy(0.004, 0.5, float64(i)))
	}
	other.room()
	other.meta = one.meta
	a, b = one.scene(200, 60), other.scene(200, 60)
	a.Theme, b.Theme = &th, &th
	return a, b
}

// Every tile has new data in every frame.
func BenchmarkFrameAllChanged(b *testing.B) {
	one, other := wall(b)
	p := NewPainter()
	p.Grid(one)
	p.Grid(other)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%2 == 0 {
			p.Grid(one)
		} else {
			p.Grid(other)
		}
	}
}

// A second has passed, and nothing was learnt.
func BenchmarkFrameNextSecond(b *testing.B) {
	st := newStage(b).copies(24).calm()
	s := st.scene(200, 60)
	views := []*Scene{s, st.scene(200, 60)}
	views[1].View = st.view(s.Now.Add(time.Second))
	p := NewPainter()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p.Grid(views[i%2])
	}
}

// Nothing at all has changed.
func BenchmarkFrameUnchanged(b *testing.B) {
	s, _ := wall(b)
	p := NewPainter()
	b.ReportAllocs()
	for b.Loop() {
		p.Grid(s)
	}
}

// mostAllocations is what a frame in which every tile has new data may allocate.
const mostAllocations = 300

func TestFrameAllocations(t *testing.T) {
	one, other := wall(t)
	p := NewPainter()
	i := 0
	got := testing.AllocsPerRun(20, func() {
		i++
		if i%2 == 0 {
			p.Grid(one)
		} else {
			p.Grid(other)
		}
	})
	if got > mostAllocations {
		t.Errorf("%.0f allocations a frame, at most %d are allowed", got, mostAllocations)
	}
}
