package main

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

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
	wire := awswire.New(launch, sources.RunningClock{}.Now)
	server := httptest.NewServer(wire)
	t.Cleanup(func() { _ = wire.Close(); server.Close() })
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_REGION": "", "AWS_MAX_ATTEMPTS": "1",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
}

// recorded runs "warroom record" on a config until enough is recorded, and then ends it as SIGTERM does.
func recorded(t *testing.T, config string, enough func(sources.Batch) bool) {
	t.Helper()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "warroom.yaml"), config+"recording: live.warroom\n")
	stdout, stderr, p := caught(t, "record", "--config", filepath.Join(folder, "warroom.yaml"))
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- p.execute(ctx) }()
	var last sources.Batch
	for !enough(last) {
		if !pause(ctx, 100*time.Millisecond) {
			t.Errorf("what was waited for did not come: facts %v, changes %v", last.Facts, last.Changes)
			break
		}
		last = all(ctx, filepath.Join(folder, "live.warroom"))
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("record ended with %v\n%s%s", err, stdout, stderr)
	}
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
	}{
		"access denied on one service": {
			"faults: [{at: T-60m, until: T+60m, kind: access-denied, service: autoscaling}]\n", lotteryAccount,
			sources.Ref{Service: sources.SourceRef, Name: "asg"}, []string{"forbidden: ", "autoscaling:Describe"},
		},
		"expired credentials": {
			"faults: [{at: T-60m, until: T+60m, kind: expired-credentials}]\n", lotteryAccount,
			sources.Ref{Service: sources.SourceRef, Name: "alb"}, []string{"expired: "},
		},
		"throttling": {
			"faults: [{at: T-60m, until: T+60m, kind: throttling, service: elasticloadbalancing, rate: 1}]\n", lotteryAccount,
			sources.Ref{Service: sources.SourceRef, Name: "alb"}, []string{"throttled: "},
		},
		"wrong region": {
			"", strings.Replace(lotteryAccount, "eu-central-1", "us-west-2", 1),
			sources.Ref{Service: "alb", Name: "web"}, []string{"not found: ", "us-west-2"},
		},
		"wrong name of a balancer": {
			"", strings.Replace(lotteryAccount, "{web: web}, asg", "{web: wob}, asg", 1),
			sources.Ref{Service: "alb", Name: "web"}, []string{"not found: ", "wob"},
		},
		"wrong name of a group": {
			"", strings.Replace(lotteryAccount, "lottery-web", "lottery-wep", 1),
			sources.Ref{Service: sources.SourceRef, Name: "asg"}, []string{"not found: ", `"lottery-wep"`, "check the id and the region"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			sitesAccount(t, tc.faults)
			recorded(t, tc.config, func(b sources.Batch) bool { return told(b.Facts, tc.resource, tc.want) })
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
	recorded(t, lotteryAccount, func(b sources.Batch) bool {
		seen := map[sources.Ref]bool{}
		for _, s := range b.Samples {
			if !s.None {
				seen[s.Series.Ref()] = true
			}
		}
		return seen[sources.Ref{Service: "alb", Name: "web"}] && seen[sources.Ref{Service: "asg", Name: "web"}] && seen[sources.Ref{Service: "waf", Name: "edge"}]
	})
}
