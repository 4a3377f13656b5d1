package sources

import (
	"testing"
	"time"
)

func TestRollouts(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 19, 0, 0, 0, time.UTC)
	web, shop := Ref{"asg", "web"}, Ref{"asg", "shop"}
	at := func(minute int, kind string, r Ref, actor, id string) Change {
		return Change{At: t0.Add(time.Duration(minute) * time.Minute), Kind: kind, Resource: r, Actor: actor, ID: id}
	}
	open := Begins(at(10, ChangeDeploy, web, "a", "open"))
	for what, c := range map[string]struct {
		changes []Change
		want    [][2]int // minutes
	}{
		"one that nobody ends":      {[]Change{at(1, ChangeDeploy, web, "", "x")}, [][2]int{{1, 6}}},
		"another kind":              {[]Change{at(1, ChangeScaling, web, "", "x")}, nil},
		"one that runs":             {[]Change{open}, [][2]int{{10, 370}}},
		"its end":                   {[]Change{open, Ends(at(42, ChangeDeploy, web, "a", "open/ended"), "open")}, [][2]int{{10, 42}}},
		"an end of another's":       {[]Change{open, Ends(at(42, ChangeDeploy, shop, "a", "open/ended"), "open")}, [][2]int{{10, 370}}},
		"the next one by the same":  {[]Change{open, Begins(at(30, ChangeDeploy, web, "a", "later"))}, [][2]int{{10, 30}, {30, 390}}},
		"the next one by another":   {[]Change{open, at(30, ChangeDeploy, web, "b", "later")}, [][2]int{{10, 370}, {30, 35}}},
		"an end without its begin":  {[]Change{Ends(at(42, ChangeDeploy, web, "a", "x/ended"), "x")}, nil},
		"a body that means nothing": {[]Change{{At: t0, Kind: ChangeDeploy, Body: []byte("junk")}}, [][2]int{{0, 5}}},
	} {
		got := Rollouts(c.changes, 5*time.Minute)
		if len(got) != len(c.want) {
			t.Errorf("%s: %v", what, got)
			continue
		}
		for i, w := range c.want {
			want := Span{t0.Add(time.Duration(w[0]) * time.Minute), t0.Add(time.Duration(w[1]) * time.Minute)}
			if got[i] != want || !want.Holds(want.From) || want.Holds(want.Until) {
				t.Errorf("%s: %v, want %v", what, got[i], want)
			}
		}
	}
}
