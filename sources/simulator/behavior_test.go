package simulator

import (
	"errors"
	"testing"
	"time"
)

// TestPathsMoveTheirOwnVisitors proves that a path's behaviour moves what is asked for under it, and nothing else.
func TestPathsMoveTheirOwnVisitors(t *testing.T) {
	moved := func(patterns ...string) Edge {
		l := quiet(t, func(sc *Scenario) { sc.Site.Distribution.Paths = []string{"/register*", "/api/*"} })
		var paths []Behavior
		for _, b := range l.State().Distributions[0].Paths {
			for _, p := range patterns {
				if b.Pattern == p {
					b.Origin = OriginMaintenance
				}
			}
			paths = append(paths, b)
		}
		if _, err := l.SetBehaviors("edge", OriginLive, paths, ""); err != nil {
			t.Fatal(err)
		}
		l.Advance(l.Scenario().T0.Add(10 * time.Minute))
		m := minute(t, l, 8*time.Minute)
		if m.Edges[0].MaintenanceRequests+m.Edges[0].LiveRequests != m.Edges[0].Misses || m.Balancers[0].Arrived != m.Edges[0].LiveRequests {
			t.Errorf("%q: %+v, %d at the balancer", patterns, m.Edges[0], m.Balancers[0].Arrived)
		}
		if gone := m.Audience.Attempts > 0 && m.Audience.Registrations == 0; gone != (len(patterns) > 0 && patterns[0] == "/register*") {
			t.Errorf("%q: %d registrations of %d attempts", patterns, m.Audience.Registrations, m.Audience.Attempts)
		}
		return m.Edges[0]
	}
	none, register, calls, files := moved(), moved("/register*"), moved("/api/*"), moved("/media/*")
	if none.MaintenanceRequests != 0 {
		t.Errorf("no path: %d to maintenance", none.MaintenanceRequests)
	}
	for what, c := range map[string]struct {
		edge        Edge
		least, most float64 // share of what goes to an origin
	}{"the form": {register, 0.05, 0.4}, "the calls": {calls, 0.2, 0.8}, "some files": {files, 0.0001, 0.1}} {
		if share := float64(c.edge.MaintenanceRequests) / float64(c.edge.Misses); share < c.least || share > c.most || c.edge.Status5xx > c.edge.Requests/100 {
			t.Errorf("%s: %.4f of the requests to maintenance, %d errors", what, share, c.edge.Status5xx)
		}
	}
	if files.Status404 < files.MaintenanceRequests {
		t.Errorf("files that the maintenance origin has not: %d to it, %d not found", files.MaintenanceRequests, files.Status404)
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"/register*", "/register", true}, {"/register*", "/register/step/2", true}, {"/register*", "/", false}, {"*.jpg", "/media/stage.jpg", true},
		{"/?edia/*", "/media/x", true}, {"*", "/anything", true}, {"/static/*", "/static", false}, {"", "/", false}, {"/Register*", "/register", false},
	} {
		if got := matches(c.pattern, c.path); got != c.want {
			t.Errorf("%s by %s: %t", c.path, c.pattern, got)
		}
	}
}

func TestBehaviorsThatAreRefused(t *testing.T) {
	l := quiet(t, nil)
	for words, err := range map[string]error{
		"a path":    second(l.SetBehaviors("edge", OriginLive, []Behavior{{"/x", "elsewhere"}}, "")),
		"otherwise": second(l.SetBehaviors("edge", "elsewhere", nil, "")),
	} {
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", words, err)
		}
	}
	sc := quiet(t, nil).Scenario()
	sc.Site.Distribution.Paths = []string{"register*"}
	if _, err := New(sc, 1); err == nil {
		t.Error("a pattern without a slash")
	}
}
