package awswrite

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/simulator"
)

// withFlag is the hands on a site whose config names the flag.
func withFlag(t *testing.T) *site {
	s := newSite(t, nil)
	s.writer = s.open(Options{Resources: s.flagged()})
	return s
}

// flagged is a config that knows everything of the account, the flag of its distribution too.
func (s *site) flagged() []sources.Resource {
	resources := resourcesOf(s.launch.State())
	for i := range resources {
		if resources[i].Service == "cloudfront" {
			resources[i].Attrs = map[string]string{"kvs": s.distributionNow().Store.ARN}
		}
	}
	return resources
}

func (s *site) flagNow() string { return s.distributionNow().Store.Keys[simulator.FlagKey] }

func (s *site) switchTo(to string, pairs ...string) runbooks.Action {
	return s.want(runbooks.Maintenance, "cloudfront", append([]string{"to", to}, pairs...)...)
}

// TestFlagOnAndBack proves the switch by the flag: the best way is what is planned where the config names it, it holds within
// seconds, with the store's token, and it is taken back.
func TestFlagOnAndBack(t *testing.T) {
	s := withFlag(t)
	s.pass(2 * time.Minute)
	token := s.distributionNow().Store.ETag
	p, r := s.do(s.switchTo("maintenance"))
	if s.flagNow() != "on" || r.Request == "" || !s.found(p) || s.distributionNow().Origin != "live" {
		t.Fatalf("the flag is %s, receipt %+v", s.flagNow(), r)
	}
	if sent := s.last("PUT maintenance"); sent.match != token || sent.match != p.Token || p.Level != runbooks.Visible || !strings.HasPrefix(p.Plane, "data plane") {
		t.Errorf("sent %+v, plan %+v", sent, p)
	}
	if got := s.progress(p, r); !got.Done {
		t.Errorf("progress: %+v", got)
	}
	s.pass(3 * time.Minute)
	s.launch.Advance(s.clock.Now())
	m, _ := s.launch.Minute(s.clock.Now().Add(-2 * time.Minute).Truncate(time.Minute))
	if e := m.Edges[0]; e.MaintenanceRequests == 0 || e.MaintenanceRequests < e.LiveRequests {
		t.Errorf("with the flag on: %d to maintenance, %d live", e.MaintenanceRequests, e.LiveRequests)
	}
	s.declines(s.switchTo("maintenance"), "is on already")
	s.do(s.switchTo("live"))
	if s.flagNow() != "off" || s.count("PUT config") != 0 {
		t.Errorf("back: the flag is %s, %d distributions written", s.flagNow(), s.count("PUT config"))
	}
	if over := s.progress(p, r); !strings.Contains(over.Failed, "is off now: somebody else") {
		t.Errorf("after somebody changed it: %+v", over)
	}
}

// TestVisitorsComeBackTheWayTheyWent: a flag that is off keeps nobody from a maintenance page that is the configured origin.
func TestVisitorsComeBackTheWayTheyWent(t *testing.T) {
	s := withFlag(t)
	p, _ := s.do(s.switchTo("maintenance", "by", "origin"))
	if s.distributionNow().Origin != "maintenance" || s.flagNow() != "off" || p.Back.Want["by"] != "origin" {
		t.Fatalf("by origin: %s, flag %s, back %v", s.distributionNow().Origin, s.flagNow(), p.Back)
	}
	s.pass(time.Minute)
	s.do(s.switchTo("live"))
	if s.distributionNow().Origin != "live" {
		t.Errorf("back at %s", s.distributionNow().Origin)
	}
}

func TestFlagThatChangedIsLeftAlone(t *testing.T) {
	s := withFlag(t)
	p := s.mustPlan(s.switchTo("maintenance"))
	store := s.distributionNow().Store
	if _, err := s.launch.SetKey(store.ARN, "another", "value", store.ETag); err != nil {
		t.Fatal(err)
	}
	_, err := s.apply(p)
	var rejected *runbooks.RejectedError
	if !errors.As(err, &rejected) || !strings.Contains(err.Error(), "somebody else changed it") || s.count("PUT maintenance") != 1 || s.flagNow() != "off" {
		t.Errorf("%v, %d calls, flag %s", err, s.count("PUT maintenance"), s.flagNow())
	}
}

func TestFlagThatIsNotClearIsRefused(t *testing.T) {
	s := withFlag(t)
	s.refuses(s.switchTo("off"), "none of maintenance, live")
	s.refuses(s.switchTo("maintenance", "by", "magic"), "none of flag, origin")
	store := s.distributionNow().Store
	for value, words := range map[string]string{"maybe": "neither on nor off", "\x1b[31mon": "neither on nor off"} {
		etag, err := s.launch.SetKey(store.ARN, simulator.FlagKey, value, s.distributionNow().Store.ETag)
		if err != nil || etag == "" {
			t.Fatal(err)
		}
		s.declines(s.switchTo("maintenance"), words)
	}
	if _, err := s.launch.SetKey(store.ARN, simulator.FlagKey, "false", s.distributionNow().Store.ETag); err != nil {
		t.Fatal(err)
	}
	if p := s.mustPlan(s.switchTo("maintenance")); valueOf(p.After, flagSetting) != "true" {
		t.Errorf("a flag that is false becomes %q", valueOf(p.After, flagSetting))
	}
	plain := newSite(t, nil)
	plain.refuses(plain.switchTo("maintenance", "by", "flag"), "names no flag")
}

// TestFlagIsTheFirstWay proves the ranking from either card, and that a dead store leads to the others.
func TestFlagIsTheFirstWay(t *testing.T) {
	s := withFlag(t)
	ways := func(p runbooks.Plan) (text string) {
		for _, w := range p.Ways {
			text += w.String() + "\n"
		}
		return text
	}
	inOrder := func(what, text string, parts ...string) {
		t.Helper()
		at := 0
		for _, part := range parts {
			i := strings.Index(text[at:], part)
			if i < 0 {
				t.Errorf("%s: no %q at its place in\n%s", what, part, text)
				return
			}
			at += i
		}
	}
	inOrder("the flag's card", ways(s.mustPlan(s.switchTo("maintenance"))), "flag maintenance: this plan; answers", "listener", "; answers; ", "UpdateDistribution; answers", "maintenance by origin")
	inOrder("the origin's card", ways(s.mustPlan(s.switchTo("maintenance", "by", "origin"))), "flag maintenance; answers", "maintenance by flag", "listener", "UpdateDistribution: this plan; answers")
	s.replace(func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		dead := strings.HasPrefix(r.URL.Path, "/key-value-stores/")
		if dead {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return dead
	})
	s.declines(s.switchTo("maintenance"), "other ways: listener of load balancer web")
	inOrder("with a dead store", ways(s.mustPlan(s.switchTo("maintenance", "by", "origin"))), "listener", "; answers", "UpdateDistribution", "flag maintenance; not now: ")
}
