package tui

import (
	"testing"

	"warroom/runbooks"
	"warroom/sources"
)

// The site is switched at its edge where no tile is chosen, for the edge's card lists the other ways; with two edges, or with
// none, nobody guesses.
func TestMaintenanceIsOfTheEdgeFirst(t *testing.T) {
	offer := func(service, name string) runbooks.Offer {
		return runbooks.Offer{Kind: runbooks.Maintenance, Resource: sources.Ref{Service: service, Name: name}}
	}
	for _, c := range []struct {
		all  []runbooks.Offer
		want []string
	}{
		{[]runbooks.Offer{offer("alb", "a"), offer("cloudfront", "www")}, []string{"www"}},
		{[]runbooks.Offer{offer("cloudfront", "www"), offer("cloudfront", "m"), offer("alb", "a")}, []string{"www", "m"}},
		{[]runbooks.Offer{offer("alb", "a"), offer("alb", "b")}, []string{"a", "b"}},
		{nil, nil},
	} {
		var got []string
		for _, o := range edges(c.all) {
			got = append(got, o.Resource.Name)
		}
		if len(got) != len(c.want) || len(got) > 0 && got[0] != c.want[0] {
			t.Errorf("of %v: %q, want %q", c.all, got, c.want)
		}
	}
}

func TestOnAndOffAreWordsOfASwitch(t *testing.T) {
	for _, c := range []struct{ text, now, want string }{
		{"on", "", "maintenance"}, {"off", "maintenance", "live"}, {"", "live", "maintenance"}, {"", "maintenance", "live"}, {"", "other", ""},
		{"on by origin", "live", "maintenance by origin"}, {"off forward web:90 green:10", "", "live forward web:90 green:10"}, {"to live", "live", "to live"},
	} {
		if got := switched(c.text, c.now); got != c.want {
			t.Errorf("%q at %q: %q, want %q", c.text, c.now, got, c.want)
		}
	}
}
