package tui

import (
	"slices"
	"strings"
	"testing"

	"warroom/sources"
)

// Every service of the request path has its file, and all that the files name exists.
func TestHouseTiles(t *testing.T) {
	book, err := newTileBook("")
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range []string{"audience", "cloudfront", "waf", "alb", "asg", "aurora"} {
		spec := book.find(sources.Ref{Service: service, Name: "any"})
		if spec == nil {
			t.Errorf("%s has no tile", service)
			continue
		}
		if len(spec.Watch) == 0 || len(spec.Lines) != supportingLines || len(spec.Detail) == 0 {
			t.Errorf("%s: %d watches, %d lines, %d detail charts", service, len(spec.Watch), len(spec.Lines), len(spec.Detail))
		}
	}
	if spec := book.find(sources.Ref{Service: "room", Name: "aws"}); spec != nil {
		t.Errorf("the room has a tile: %+v", spec)
	}
}

func TestConfigTiles(t *testing.T) {
	book, err := newTileBook(`
- service: alb
  title: balancer
  headline: {value: alb_latency_p95_seconds, as: duration, unit: p95}
- service: alb
  resource: old
  hide: true
- service: asg
  resource: batch
  title: batch workers
  order: 99
`)
	if err != nil {
		t.Fatal(err)
	}
	alb := book.find(sources.Ref{Service: "alb", Name: "prod"})
	if alb.Title != "balancer" || alb.Headline.Value != "alb_latency_p95_seconds" {
		t.Errorf("the config's words are not taken: %+v", alb)
	}
	if len(alb.Lines) != 2 || alb.Order != 40 {
		t.Errorf("what the config does not name is lost: %+v", alb)
	}
	if book.find(sources.Ref{Service: "alb", Name: "old"}) != nil {
		t.Error("the hidden tile is found")
	}
	batch, web := book.find(sources.Ref{Service: "asg", Name: "batch"}), book.find(sources.Ref{Service: "asg", Name: "web"})
	if batch.Title != "batch workers" || web.Title != "fleet" || batch.Order != 99 || web.Order != 50 {
		t.Errorf("batch %+v, web %+v", batch, web)
	}
	if batch.Wall == nil || web.Wall == nil || batch.Wall == web.Wall {
		t.Error("a copy shares what it may change")
	}
}

func TestTilesOfAnOwnOrder(t *testing.T) {
	st := newStage(t).calm()
	st.meta.Tiles = "- {service: aurora, order: 1}\n- {service: waf, hide: true}\n"
	p := NewPainter()
	var got []string
	for _, tile := range p.Tiles(st.scene(120, 40)) {
		got = append(got, tile.Title)
	}
	want := []string{"aurora lottery", "audience registrations", "cdn edge", "load balancer prod", "fleet web"}
	if !slices.Equal(got, want) {
		t.Errorf("tiles %q, want %q", got, want)
	}
}

// What is wrong in a config's tiles is named with its line and what was probably meant.
func TestWrongTiles(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"field", "- service: alb\n  titel: x\n", `line 2: a tile has no "titel"; did you mean "title"?`},
		{"inner field", "- service: alb\n  headline: {valeu: alb_requests}\n", `did you mean "value"?`},
		{"service", "- service: albb\n  headline: {value: alb_requests}\n", `no such service; did you mean "alb"?`},
		{"no service", "- headline: {value: alb_requests}\n", "it names no service"},
		{"metric", "- service: alb\n  headline: {value: alb_request}\n", `no metric "alb_request"; did you mean "alb_requests"?`},
		{"metric in a line", "- service: alb\n  lines: [[\"{alb_healthy_host} healthy\"]]\n", `did you mean "alb_healthy_hosts"?`},
		{"format", "- service: alb\n  headline: {value: alb_requests, as: percnt}\n", `no format "percnt"; did you mean "percent"?`},
		{"lines", "- service: alb\n  lines: [[a], [b], [c]]\n", "3 lines, there is room for 2"},
		{"syntax", "- service: [alb\n", "tiles:"},
		{"type", "- service: alb\n  order: first\n", "tiles:"},
		{"expression", "- service: alb\n  headline: {value: \"sum(alb_requests\"}\n", "tiles:"},
		{"otherwise", "- service: alb\n  otherwise: {headline: {value: alb_reqests}}\n", `otherwise: no metric "alb_reqests"`},
		{"hostile", "- service: \"\\e[2J\"\n", "it names"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := CheckTiles(c.text)
			if c.name == "hostile" {
				if err == nil || strings.Contains(err.Error(), "\x1b") {
					t.Fatalf("error %q", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
		})
	}
}

// Tiles that cannot be read leave the house's own in place, and the screen says so.
func TestBrokenTilesLeaveTheHouseStanding(t *testing.T) {
	st := newStage(t).calm()
	st.meta.Tiles = "- service: alb\n  titel: x\n"
	p := NewPainter()
	frame := p.Grid(st.scene(160, 40))
	if p.Fault() == nil || !strings.Contains(frame, "tiles of the config cannot be read") || !strings.Contains(frame, "load balancer prod") {
		t.Errorf("fault %v, frame:\n%s", p.Fault(), frame)
	}
}

// A database of fixed size has no capacity units: its tile shows the processor.
func TestTileInstead(t *testing.T) {
	st := newStage(t).calm()
	st.meta.Resources = []sources.Resource{watched("aurora", "fixed")}
	st.series("aurora_cpu_ratio", "fixed", flat(0.44))
	s := st.scene(100, 30)
	frame := NewPainter().Grid(s)
	for _, want := range []string{"44.0 % cpu", "ok ✔", "90 %"} {
		if !strings.Contains(frame, want) {
			t.Errorf("the frame lacks %q:\n%s", want, frame)
		}
	}
}

// An expression is a headline like any other.
func TestExpressionHeadline(t *testing.T) {
	st := newStage(t).calm()
	st.meta.Tiles = "- service: aurora\n  headline: {value: aurora_connections / aurora_acu, unit: connections for each ACU}\n"
	frame := NewPainter().Grid(st.scene(120, 40))
	if !strings.Contains(frame, "connections for each ACU") || strings.Contains(frame, noValue+" connections for each ACU") {
		t.Errorf("the expression has no value:\n%s", frame)
	}
}

// A line of which nothing is known leaves no hole: the next one takes its place.
func TestEmptyLinesLeaveNoHole(t *testing.T) {
	st := newStage(t)
	st.meta.Resources = []sources.Resource{watched("waf", "edge")}
	st.series("waf_blocked", "edge", flat(40))
	st.series("waf_challenge", "edge", flat(7))
	lines := strings.Split(NewPainter().Grid(st.scene(80, 24)), "\n")
	at := slices.IndexFunc(lines, func(s string) bool { return strings.Contains(s, "7 challenged/min") })
	if at < 1 || strings.Trim(lines[at-1], " │") == "" {
		t.Errorf("a hole above the line that is known:\n%s", strings.Join(lines, "\n"))
	}
}
