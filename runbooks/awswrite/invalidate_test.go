package awswrite

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"warroom/runbooks"
	"warroom/sources/simulator"
)

func (s *site) distributionNow() simulator.Distribution { return s.launch.State().Distributions[0] }

func TestInvalidationPlans(t *testing.T) {
	s := newSite(t, nil)
	for paths, level := range map[string]runbooks.Level{
		"/index.html": runbooks.Bounded, "/static/* /index.html": runbooks.Bounded, "/a*": runbooks.Bounded, "/*": runbooks.Visible,
	} {
		p := s.mustPlan(s.want(runbooks.Invalidate, "cloudfront", "paths", paths))
		if p.Level != level || p.Back.Kind != "" || p.Region != "us-east-1" || !strings.Contains(p.Plane, "global") {
			t.Errorf("%s: %+v", paths, p)
		}
		if n := len(strings.Fields(paths)); !strings.HasPrefix(p.Cost, fmt.Sprintf("%d of the 1000", n)) || !strings.Contains(p.Cost, fmt.Sprintf("$%.3f", 0.005*float64(n))) {
			t.Errorf("%s costs %q", paths, p.Cost)
		}
		if again := s.mustPlan(p.Action); !again.Same(p) {
			t.Errorf("%s: the same plan made again differs: %+v", paths, again)
		}
	}
}

func TestPathsThatAreNoneAreRefusedBeforeAnyCall(t *testing.T) {
	s := newSite(t, nil)
	many := func(n int, format string) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(format, i))
		}
		return strings.Join(all, " ")
	}
	for paths, words := range map[string]string{
		"index.html":                    "does not begin with /",
		"/a*b":                          "not at its end",
		"/**":                           "not at its end",
		"/ä":                            "%XX",
		"/a /a":                         "twice",
		"/* /a":                         "give it alone",
		"/" + strings.Repeat("a", 4000): "longer than the 4000",
		many(3001, "/%d"):               "more than the 3000",
		many(16, "/%d/*"):               "more than the 15",
		"":                              "say what it should become",
	} {
		s.refuses(s.want(runbooks.Invalidate, "cloudfront", "paths", paths), words)
	}
	s.refuses(s.want(runbooks.Invalidate, "cloudfront", "paths", "   "), "no path")
}

// TestOnePlanInvalidatesOnce proves that the plan's id keeps a second call from making a second invalidation.
func TestOnePlanInvalidatesOnce(t *testing.T) {
	s := newSite(t, nil)
	p := s.mustPlan(s.want(runbooks.Invalidate, "cloudfront", "paths", "/static/* /index.html"))
	if s.found(p) {
		t.Error("found before it was made")
	}
	first, err := s.apply(p)
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.apply(p)
	made := s.distributionNow().Invalidations
	if err != nil || first.Made == "" || first.Made != second.Made || len(made) != 1 || made[0].Reference != p.ID {
		t.Errorf("first %+v, second %+v (%v), invalidations %+v", first, second, err, made)
	}
	found, done, err := s.handFor(p.Action).Find(t.Context(), p)
	if err != nil || !done || found.Made != first.Made {
		t.Errorf("found %+v, %v, %v", found, done, err)
	}
	other := p
	other.ID = "plan-2"
	if s.found(other) {
		t.Error("another plan's invalidation was taken for this one's")
	}
}

func TestInvalidationProgress(t *testing.T) {
	s := newSite(t, nil)
	p, r := s.do(s.want(runbooks.Invalidate, "cloudfront", "paths", "/*"))
	if early := s.progress(p, r); early.Done || !strings.Contains(early.Text, "InProgress") {
		t.Errorf("soon after: %+v", early)
	}
	s.pass(15 * time.Minute)
	for _, r := range []runbooks.Receipt{r, {}} { // the id of the invalidation may have been lost
		if late := s.progress(p, r); !late.Done || !strings.Contains(late.Text, "Completed") {
			t.Errorf("after a quarter of an hour, by %+v: %+v", r, late)
		}
	}
}

// TestAnOlderInvalidationIsNotDeniedAway proves that what may be further back in the list is not said to be missing.
func TestAnOlderInvalidationIsNotDeniedAway(t *testing.T) {
	s := newSite(t, nil)
	p := s.mustPlan(s.want(runbooks.Invalidate, "cloudfront", "paths", "/*"))
	s.replace(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		_, _ = io.WriteString(w, `<InvalidationList><Marker></Marker><MaxItems>100</MaxItems><IsTruncated>true</IsTruncated><Quantity>0</Quantity></InvalidationList>`)
		return true
	})
	if _, _, err := s.handFor(p.Action).Find(t.Context(), p); err == nil || !strings.Contains(err.Error(), "older ones") {
		t.Errorf("%v", err)
	}
}

func TestAPlanWithoutAnIDIsNotCarriedOut(t *testing.T) {
	s := newSite(t, nil)
	p := s.mustPlan(s.want(runbooks.Invalidate, "cloudfront", "paths", "/*"))
	p.ID = ""
	if _, err := s.apply(p); err == nil || s.aws.Stats().Writes != 0 {
		t.Errorf("%v, %d writes", err, s.aws.Stats().Writes)
	}
}
