package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/recording"
	"warroom/sources/simulator"
	"warroom/sources/simulator/awswire"
)

// sitesAccount is an AWS account with the site of the lottery, whose T0 is soon, and with trouble. It is asked
// through the user's own settings, as the real one is.
func sitesAccount(t *testing.T, faults string) {
	t.Helper()
	text, err := os.ReadFile("../../sources/simulator/scenarios/lottery.yaml")
	if err != nil {
		t.Fatal(err)
	}
	now := sources.RunningClock{}.Now().UTC()
	scenario := regexp.MustCompile(`(?m)^t0:.*$`).ReplaceAllString(string(text), "t0: "+now.Add(3*time.Minute).Format(time.RFC3339))
	file := filepath.Join(t.TempDir(), "soon.yaml")
	write(t, file, scenario+faults)
	sc, err := simulator.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	launch, err := simulator.New(sc, 1)
	if err != nil {
		t.Fatal(err)
	}
	wire := awswire.New(launch, sources.RunningClock{})
	server := httptest.NewServer(wire)
	t.Cleanup(func() { _ = wire.Close(); server.Close() })
	askedThrough(t, server.URL)
}

// askedThrough lets the SDK's own settings lead to the endpoint.
func askedThrough(t *testing.T, endpoint string) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_REGION": "", "AWS_MAX_ATTEMPTS": "1",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
}

// recorded runs "warroom record" on a config until enough is recorded, and then ends it as SIGTERM does.
func recorded(t *testing.T, config string, enough func(sources.Batch) bool) {
	t.Helper()
	c := collect(t, configured(t, config), "mia")
	c.until(enough)
	c.leave()
}

// configured is the file of a config, beside which the recording will be.
func configured(t *testing.T, config string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "warroom.yaml")
	write(t, file, config+"recording: live.warroom\n")
	return file
}

// recorder is a process of "warroom record" within a test.
type recorder struct {
	t      *testing.T
	config string
	stop   func()
	ended  chan error
	output func() string
}

// collect starts to record what the config in the file describes.
func collect(t *testing.T, file, operator string) *recorder {
	t.Helper()
	stdout, stderr, p := caught(t, "record", "--config", file, "--operator", operator)
	ctx, stop := context.WithCancel(t.Context())
	c := &recorder{t: t, config: file, stop: stop, ended: make(chan error, 1), output: func() string { return stdout.String() + stderr.String() }}
	go func() { c.ended <- p.execute(ctx) }()
	return c
}

// until waits until what is recorded is enough.
func (c *recorder) until(enough func(sources.Batch) bool) {
	c.t.Helper()
	ctx, stop := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer stop()
	for last := (sources.Batch{}); !enough(last); last = all(ctx, filepath.Join(filepath.Dir(c.config), "live.warroom")) {
		if !pause(ctx, 50*time.Millisecond) {
			c.t.Fatalf("what was waited for did not come: facts %v, changes %v", last.Facts, last.Changes)
		}
	}
}

// leave ends the process and returns what it has printed.
func (c *recorder) leave() string {
	c.t.Helper()
	c.stop()
	if err := <-c.ended; err != nil {
		c.t.Errorf("record ended with %v\n%s", err, c.output())
	}
	return c.output()
}

// all is what a recording holds, nothing while it cannot be opened yet.
func all(ctx context.Context, path string) sources.Batch {
	tape, err := recording.OpenReadOnly(path)
	if err != nil {
		return sources.Batch{}
	}
	defer tape.Close()
	b, _, _ := tape.Since(ctx, 0)
	return b
}

const lotteryAccount = `launch: {name: lottery, t0: 2026-03-01T19:15:00Z}
aws: {region: eu-central-1}
resources: {alb: {web: web}, asg: {web: lottery-web}, waf: {edge: edge}}
`

// What is wrong with AWS is a state of the room: it is told in words, with the remedy, and the rest goes on.
func TestTroublesOfAWS(t *testing.T) {
	for name, tc := range map[string]struct {
		faults, config string
		resource       sources.Ref
		want           []string // in one fact of the resource
		others         []string // what goes on and has values; none where all asks with the same credentials
	}{
		"access denied on one service": {
			"faults: [{at: T-60m, until: T+60m, kind: access-denied, service: autoscaling}]\n", lotteryAccount,
			sources.Ref{Service: sources.SourceRef, Name: "asg"}, []string{"forbidden: ", "autoscaling:Describe"},
			[]string{"alb/web", "waf/edge"},
		},
		"expired credentials": {
			"faults: [{at: T-60m, until: T+60m, kind: expired-credentials}]\n", lotteryAccount,
			sources.Ref{Service: sources.SourceRef, Name: "alb"}, []string{"expired: "}, nil,
		},
		"throttling": {
			"faults: [{at: T-60m, until: T+60m, kind: throttling, service: elasticloadbalancing, rate: 1}]\n", lotteryAccount,
			sources.Ref{Service: sources.SourceRef, Name: "alb"}, []string{"throttled: "},
			[]string{"asg/web", "waf/edge"},
		},
		"wrong region": {
			"", strings.Replace(lotteryAccount, "eu-central-1", "us-west-2", 1),
			sources.Ref{Service: "alb", Name: "web"}, []string{"not found: ", "us-west-2"},
			[]string{"waf/edge"},
		},
		"wrong name of a balancer": {
			"", strings.Replace(lotteryAccount, "{web: web}, asg", "{web: wob}, asg", 1),
			sources.Ref{Service: "alb", Name: "web"}, []string{"not found: ", "wob"},
			[]string{"asg/web", "waf/edge"},
		},
		"wrong name of a group": {
			"", strings.Replace(lotteryAccount, "lottery-web", "lottery-wep", 1),
			sources.Ref{Service: sources.SourceRef, Name: "asg"}, []string{"not found: ", `"lottery-wep"`, "check the id and the region"},
			[]string{"alb/web", "waf/edge"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			sitesAccount(t, tc.faults)
			recorded(t, tc.config, func(b sources.Batch) bool { return told(b.Facts, tc.resource, tc.want) && hasValues(b, tc.others...) })
		})
	}
}

func told(facts []sources.Fact, about sources.Ref, parts []string) bool {
	for _, f := range facts {
		if f.Resource != about {
			continue
		}
		missing := 0
		for _, part := range parts {
			if !strings.Contains(f.Value, part) {
				missing++
			}
		}
		if missing == 0 {
			return true
		}
	}
	return false
}

// With nothing wrong a config of a few lines watches an account.
func TestLiveAccount(t *testing.T) {
	sitesAccount(t, "")
	recorded(t, lotteryAccount, func(b sources.Batch) bool { return hasValues(b, "alb/web", "asg/web", "waf/edge") })
}

// hasValues tells whether each of the resources has a value.
func hasValues(b sources.Batch, resources ...string) bool {
	seen := map[string]bool{}
	for _, s := range b.Samples {
		if !s.None {
			seen[s.Series.Ref().String()] = true
		}
	}
	return !slices.ContainsFunc(resources, func(r string) bool { return !seen[r] })
}

// A config that is changed while an account is watched is taken over; a broken one is told with its place, and
// what was watched goes on.
func TestConfigOfALiveAccountIsReloaded(t *testing.T) {
	sitesAccount(t, "")
	file := configured(t, strings.Replace(lotteryAccount, ", asg: {web: lottery-web}", "", 1))
	c := collect(t, file, "mia")
	c.until(func(b sources.Batch) bool { return hasValues(b, "alb/web") })
	write(t, file, lotteryAccount+"resorces: {}\n")
	c.until(func(b sources.Batch) bool {
		return said(b, "the old config stays: "+file+`:4:1: unknown word "resorces"; did you mean "resources"?`)
	})
	write(t, file, lotteryAccount+"recording: live.warroom\n")
	c.until(func(b sources.Batch) bool { return said(b, "config reloaded: +asg/web") && hasValues(b, "asg/web") })
	c.leave()
}

// Whoever collects writes into the recording for what the house wants two people, with its first config and with a changed
// one: there it holds for all who act from it.
func TestTheTwoPersonRuleStandsInTheRecording(t *testing.T) {
	sitesAccount(t, "")
	config := func(rules string) string {
		return "launch: {name: lottery, t0: 2026-03-01T19:15:00Z}\naws: {region: eu-central-1}\nresources: {asg: {web: lottery-web}}\nactions: {two_people: [" + rules + "]}\n"
	}
	file := configured(t, config("maintenance"))
	c := collect(t, file, "mia")
	c.until(func(b sources.Batch) bool { return said(b, "two people are wanted for: maintenance") })
	write(t, file, config("maintenance, capacity lower")+"recording: live.warroom\n")
	c.until(func(b sources.Batch) bool {
		return said(b, "two people are wanted for: maintenance, capacity lower") && len(runbooks.Known(b.Changes)) == 2
	})
	c.leave()
	stdout, _, p := caught(t, "audit", "list", filepath.Join(filepath.Dir(file), "live.warroom"))
	if err := p.execute(t.Context()); err != nil || strings.Count(stdout.String(), "  rule ") != 2 {
		t.Errorf("%v, the record of actions says\n%s", err, stdout)
	}
}

func said(b sources.Batch, text string) bool {
	return slices.ContainsFunc(b.Changes, func(c sources.Change) bool { return strings.Contains(c.Text, text) })
}

// Ten viewers ask AWS nothing, and when the collector leaves, one of them asks: as much as the first one did.
func TestTenViewersCostWhatOneCosts(t *testing.T) {
	sitesAccount(t, "")
	file := configured(t, lotteryAccount)
	first := collect(t, file, "mia")
	first.until(func(b sources.Batch) bool { return hasValues(b, "alb/web", "asg/web", "waf/edge") })
	var asked atomic.Int32 // by the viewers: who starts from now on is led elsewhere
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer elsewhere.Close()
	askedThrough(t, elsewhere.URL)
	var viewers []*recorder
	for n := range 10 {
		viewers = append(viewers, collect(t, file, fmt.Sprint("viewer ", n)))
	}
	if pause(t.Context(), leaseTurn+200*time.Millisecond); asked.Load() != 0 {
		t.Errorf("the viewers asked AWS %d times", asked.Load())
	}
	if output := first.leave(); !strings.Contains(output, "mia@") {
		t.Errorf("the first one did not collect:\n%s", output)
	}
	viewers[0].until(func(b sources.Batch) bool { return said(b, "took over from mia@") && asked.Load() > 0 })
	for _, v := range viewers {
		v.stop() // all at once: nobody is to take over from the one who leaves first
	}
	took := 0
	for _, v := range viewers {
		output := v.leave()
		if !strings.Contains(output, "viewer: mia@") {
			t.Errorf("it does not say that it is a viewer:\n%s", output)
		}
		if strings.Contains(output, "took over from mia@") {
			took++
		}
	}
	if took != 1 {
		t.Errorf("%d took over from the first one", took)
	}
}
