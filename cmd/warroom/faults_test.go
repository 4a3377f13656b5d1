//go:build e2e

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"warroom/sources/simulator"
)

// faulty are the faults that a scenario may script, each with the tile that must say so, and in which words.
var faulty = map[string]struct {
	at   string // when it begins
	run  string // how long the rehearsal lasts
	more string // what else the fault is given
	tile string
	says []string // by the tile's word and sentence
}{
	"throttling":          {"T+30s", "9m", ", rate: 1", "alb/web", []string{"error", "throttled: ", "AWS asks us to slow down"}},
	"expired-credentials": {"T+30s", "9m", "", "aurora/main", []string{"error", "expired: ", "renew them"}},
	"access-denied":       {"T+30s", "9m", ", service: autoscaling", "asg/web", []string{"error", "forbidden: ", "allow autoscaling:DescribeAutoScalingGroups"}},
	"latency":             {"T+30s", "9m", ", delay: 8m", "alb/web", []string{"error", "timed out: no answer for"}},
	"partial-data":        {"T+30s", "9m", ", rate: 1", "alb/web", []string{"error", "partial: ", "answered in part"}},
	"dead":                {"T+30s", "9m", ", service: cloudwatch", "cloudfront/edge", []string{"error", "failed: CloudWatch", "no connection", "check the endpoint"}},
	"garbage":             {"T+30s", "9m", ", service: cloudwatch, bytes: 1000000", "waf/edge", []string{"error", "failed: CloudWatch", "an answer that makes no sense"}},
	"hang":                {"T+30s", "9m", "", "asg/web", []string{"error", "timed out: no answer for"}},
	"unavailable":         {"T+30s", "9m", "", "audience/people", []string{"error", "failed: ", "HTTP 503", "proxy"}},
	"internal-error":      {"T+30s", "9m", ", rate: 1", "alb/web", []string{"error", "failed: ", "CloudWatch failed at it"}},
	"forbidden":           {"T+30s", "9m", ", rate: 1", "aurora/main", []string{"error", "forbidden: ", "allow cloudwatch:GetMetricData"}},
	"missing-results":     {"T+30s", "9m", ", rate: 1", "cloudfront/edge", []string{"error", "failed: ", "left it out of its answer"}},
	"shuffled":            {"T+30s", "9m", "", "alb/web", []string{"page"}}, // of the site, as without it

	"slow-origin":    {"T-1m", "12m", ", factor: 12", "alb/web", []string{"page"}},
	"bot-wave":       {"T-1m", "12m", ", rate: 3000, addresses: 300", "waf/edge", []string{"page", "edge turns", "away"}},
	"cache-purge":    {"T+6m", "12m", "", "cloudfront/edge", []string{"5xx"}},
	"slow-database":  {"T-1m", "12m", ", factor: 12", "aurora/main", []string{"page", "of its highest capacity"}},
	"bad-deploy":     {"T-1m", "12m", ", rate: 0.3, factor: 1", "alb/web", []string{"page", "of requests"}},
	"bad-release":    {"T-1m", "12m", ", rate: 0.6", "alb/web", []string{"page", "of requests fail"}},
	"bad-revision":   {"T-1m", "12m", ", rate: 0.6", "alb/web", []string{"page", "of requests fail"}},
	"launch-failure": {"T-1m", "12m", "", "asg/web", []string{"cpu, warns above"}},
}

// Whatever is scripted to go wrong is told in words, in the tile that it concerns.
func TestEveryFaultIsSeenInItsTile(t *testing.T) {
	binary := built(t)
	recordings := map[string]func() string{}
	for _, kind := range simulator.FaultKinds() {
		fault, ok := faulty[kind]
		if !ok {
			t.Fatalf("nobody knows how %s is seen", kind)
		}
		file := scenarioWith(t, fmt.Sprintf("faults: [{at: %s, kind: %s%s}]\n", fault.at, kind, fault.more))
		recordings[kind] = rehearseBeside(t, binary, file, "--for", fault.run)
	}
	for kind, recording := range recordings {
		t.Run(kind, func(t *testing.T) { isSeen(t, recording(), kind) })
	}
}

// rehearseBeside starts a rehearsal in a process of its own; what it returns waits for its recording.
func rehearseBeside(t *testing.T, binary string, args ...string) func() string {
	t.Helper()
	recording := filepath.Join(t.TempDir(), "r.warroom")
	child := exec.Command(binary, append([]string{"rehearse", "--headless", "--speed", "60", "--recording", recording}, args...)...)
	var output bytes.Buffer
	child.Stdout, child.Stderr = &output, &output
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	return func() string {
		t.Helper()
		if err := child.Wait(); err != nil {
			t.Fatalf("%v\n%s", err, &output)
		}
		return recording
	}
}

// isSeen asks for the status of a recording, as a program does.
func isSeen(t *testing.T, recording, kind string) {
	t.Helper()
	fault := faulty[kind]
	stdout, stderr, p := caught(t, "status", "--json", recording)
	p.run()
	var s struct{ Tiles []tileStatus }
	if err := json.Unmarshal(stdout.Bytes(), &s); err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	i := slices.IndexFunc(s.Tiles, func(t tileStatus) bool { return t.Resource == fault.tile })
	if i < 0 {
		t.Fatalf("no tile %s: %s", fault.tile, stdout)
	}
	for _, part := range fault.says {
		if text := s.Tiles[i].Word + ": " + s.Tiles[i].Why; !strings.Contains(text, part) {
			t.Errorf("it says %q, want %q", text, part)
		}
	}
}
