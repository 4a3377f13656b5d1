package tui

import (
	"maps"
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

// A choice that is called as another parameter is, such as by origin, is a value where a value is due, and a name elsewhere.
func TestAChoiceMayBeCalledAsAParameter(t *testing.T) {
	o := runbooks.Offer{Kind: runbooks.Maintenance, Parameters: []runbooks.Parameter{
		{Name: "to", Choices: []string{"maintenance", "live"}}, {Name: "by", Choices: []string{"flag", "origin"}}, {Name: "paths"}, {Name: "origin"},
	}}
	for text, want := range map[string]map[string]string{
		"maintenance by origin":                     {"to": "maintenance", "by": "origin"},
		"by=origin to=maintenance":                  {"to": "maintenance", "by": "origin"},
		"maintenance by origin paths /vote/* /a":    {"to": "maintenance", "by": "origin", "paths": "/vote/* /a"},
		"maintenance paths /vote/* by origin":       {"to": "maintenance", "by": "origin", "paths": "/vote/*"},
		"maintenance by origin origin sorry":        {"to": "maintenance", "by": "origin", "origin": "sorry"},
		"maintenance origin sorry paths /a by flag": {"to": "maintenance", "by": "flag", "origin": "sorry", "paths": "/a"},
		"to MAINTENANCE by Origin":                  {"to": "maintenance", "by": "origin"},
	} {
		if a, err := wanted(o, text); err != nil || !maps.Equal(a.Want, want) {
			t.Errorf("%s: %q, %v, want %q", text, a.Want, err, want)
		}
	}
	for _, text := range []string{"maintenance by", "maintenance by paths /a", "maintenance by origin by origin"} {
		if a, err := wanted(o, text); err == nil {
			t.Errorf("%s is taken for %q", text, a.Want)
		}
	}
}
