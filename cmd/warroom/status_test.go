package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/google/go-cmp/cmp"

	"warroom/alerts"
	"warroom/sources"
	"warroom/sources/recording"
	"warroom/tui"
	"warroom/tui/theme"
)

// someStatus is a launch with a tile of each kind, in the order of the request path.
func someStatus() *status {
	at := time.Date(2026, 3, 1, 19, 21, 0, 0, time.UTC)
	tile := func(service, name string, st tui.Status, h tui.Headline) tileStatus {
		return newTileStatus(sources.Ref{Service: service, Name: name}, st, h)
	}
	s := &status{Launch: "lottery\x1b[2J", Environment: "PROD", At: at, T: "T+00:06:00", Recording: "r.warroom", Collector: "mia@one", count: map[tui.Level]int{
		tui.LevelOK: 1, tui.LevelWarn: 1, tui.LevelPage: 1,
	}, summary: "1 page, 1 warn"}
	s.Tiles = []tileStatus{
		tile("cloudfront", "edge", tui.Status{Word: "ok"}, tui.Headline{Metric: "cloudfront_hit_ratio", Value: 0.914, Known: true, Unit: sources.Ratio, Number: "91.4", Beside: "% hit ratio"}),
		tile("alb", "web", tui.Status{Level: tui.LevelPage, Word: "page", Why: "6 % 5xx, pages above 5 %", Since: at.Add(-3 * time.Minute)},
			tui.Headline{Metric: "alb_error_ratio", Value: 0.06, Known: true, Unit: sources.Ratio, Number: "6", Beside: "% 5xx"}),
		tile("asg", "web", tui.Status{Level: tui.LevelWarn, Word: "at ceiling", Why: "18 of 18"}, tui.Headline{Metric: "asg_in_service", Number: "–", Beside: "in service"}),
	}
	return s
}

func TestStatusPutsTheWorstFirstInColumns(t *testing.T) {
	plain, palette := &bytes.Buffer{}, theme.New(true, colorprofile.NoTTY)
	someStatus().table(&colorprofile.Writer{Forward: plain, Profile: palette.Profile}, &palette)
	want := strings.Join([]string{
		"lottery  PROD  2026-03-01T19:21:00Z  T+00:06:00  1 page, 1 warn",
		"page        alb/web             6 % 5xx        6 % 5xx, pages above 5 %, since 19:18Z",
		"at ceiling  asg/web             – in service   18 of 18",
		"ok          cloudfront/edge  91.4 % hit ratio",
		"",
	}, "\n")
	if diff := cmp.Diff(want, plain.String()); diff != "" {
		t.Error(diff)
	}
}

// In colours it says the same, and with none it has no colour.
func TestStatusInColours(t *testing.T) {
	for profile, colour := range map[colorprofile.Profile]string{
		colorprofile.TrueColor: "38;2;255;95;95m", colorprofile.ANSI256: "38;5;203m", colorprofile.ANSI: "91m", colorprofile.ASCII: "\x1b[1mpage",
	} {
		out, palette := &bytes.Buffer{}, theme.New(true, profile)
		someStatus().table(&colorprofile.Writer{Forward: out, Profile: profile}, &palette)
		if got := out.String(); !strings.Contains(got, colour) || profile == colorprofile.ASCII && strings.Contains(got, "38;") {
			t.Errorf("profile %v: %q", profile, got)
		}
	}
}

// A program that reads the JSON gets the value in the unit of the catalogue, and null where there is none.
func TestStatusAsJSON(t *testing.T) {
	stdout, _, p := caught(t)
	if err := p.report(someStatus(), true, false, &look{}); codeOf(err) != exitBad {
		t.Errorf("exit code %d", codeOf(err))
	}
	var got struct {
		Tiles []struct {
			Resource, Metric, Unit, Shown string
			Value                         *float64
		}
	}
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil || len(got.Tiles) != 3 {
		t.Fatalf("%v\n%s", err, stdout)
	}
	if hit := got.Tiles[0]; hit.Resource != "cloudfront/edge" || hit.Metric != "cloudfront_hit_ratio" || hit.Value == nil || *hit.Value != 0.914 || hit.Unit != "ratio" || hit.Shown != "91.4 % hit ratio" {
		t.Errorf("the first tile is %+v", hit)
	}
	if got.Tiles[2].Value != nil || !strings.Contains(stdout.String(), `"value": null`) {
		t.Errorf("a value that is not known is %v", got.Tiles[2].Value)
	}
}

// An alert decides how its tile stands, and one about the whole launch stands by itself.
func TestStatusStandsByAlerts(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 19, 15, 0, 0, time.UTC)
	balancer := sources.Ref{Service: "alb", Name: "web"}
	f, err := recording.Create(filepath.Join(t.TempDir(), "r.warroom"), recording.Meta{Launch: sources.Launch{Name: "lottery", T0: t0}, Resources: []sources.Resource{{Ref: balancer}}})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, a := range []alerts.Transition{
		{Rule: "OriginErrors", Resource: balancer, Severity: alerts.Page, Summary: "web answers with 5xx"},
		{Rule: "RegistrationDrop", Severity: alerts.Warn, Summary: "fewer register"},
	} {
		a.Key, a.From, a.To, a.At, a.Since = alerts.Key(a.Rule, a.Resource, nil), alerts.Inactive, alerts.Firing, t0, t0.Add(-time.Minute)
		c, err := a.Change()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.AppendChange(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	s, err := examine(t.Context(), f, true)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Tiles) != 2 || s.Tiles[0].Word != "page" || s.Tiles[0].Why != "web answers with 5xx" || s.Tiles[1].Resource != "launch" || s.Tiles[1].Level != "warn" {
		t.Errorf("tiles are %+v", s.Tiles)
	}
	if s.summary != "1 page, 1 warn" || s.code() != exitBad {
		t.Errorf("it says %q and ends with %d", s.summary, s.code())
	}

	// It counts as the screen does: alerts, not tiles; those that somebody has and those that are silenced are told apart.
	page := alerts.Transition{Rule: "TargetsSlow", Resource: balancer, Severity: alerts.Page, From: alerts.Inactive, To: alerts.Firing, At: t0, Summary: "web is slow"}
	page.Key = alerts.Key(page.Rule, balancer, nil)
	told, err := page.Change()
	if err != nil {
		t.Fatal(err)
	}
	changes := []sources.Change{told}
	for _, r := range []alerts.Response{{Did: alerts.Owned, Key: page.Key}, {Did: alerts.Silenced, Rule: "RegistrationDrop", Until: t0.Add(time.Hour)}} {
		c, err := r.Change("mia", t0.Add(time.Second), sources.Ref{})
		if err != nil {
			t.Fatal(err)
		}
		changes = append(changes, c)
	}
	for _, c := range changes {
		if _, err := f.AppendChange(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if s, err = examine(t.Context(), f, true); err != nil || s.summary != "2 pages (1 owned), 1 silenced" {
		t.Errorf("it says %q, %v", s.summary, err)
	}
}
