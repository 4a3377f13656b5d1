//go:build e2e

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// daemon runs a program beside the test until the test ends, or what it returns kills it. A machine without it fails.
func daemon(t *testing.T, name string, args ...string) (kill func()) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("these tests need %s: %v", name, err)
	}
	c := exec.Command(path, args...)
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	kill = func() {
		if !ended {
			ended = true
			_ = c.Process.Signal(syscall.SIGKILL)
			_ = c.Wait()
		}
	}
	t.Cleanup(func() {
		kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, said.String())
		}
	})
	return kill
}

// asked is the answer to a GET, as JSON into v.
func asked(v any, format string, args ...any) error {
	answer, err := http.Get(fmt.Sprintf(format, args...))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s, %w", answer.Status, text, err)
	}
	return json.Unmarshal(text, v)
}

// rehearsalWith is the binary, rehearsing with a config, and its recording.
func rehearsalWith(t *testing.T, config string, flags ...string) (start func() (kill func()), path string) {
	t.Helper()
	binary, folder := built(t), t.TempDir()
	file, path := filepath.Join(folder, "r.warroom"), filepath.Join(folder, "warroom.yaml")
	text := "launch: {name: a, t0: 2026-03-01T19:15:00Z}\nresources: {alb: {web: web}}\nalerts:\n  rules: [ours.yaml]\n" + config
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ours(t, path, "asg_max > 0")
	run := func() func() {
		return daemon(t, binary, append([]string{"rehearse", "--headless", "--config", path, "--recording", file, "--notify"}, flags...)...)
	}
	kill := run()
	soon(t, "somebody collects", func() bool { return collecting(binary, file) != 0 })
	return func() func() {
		if kill != nil {
			first := kill
			kill = nil
			return first
		}
		return run()
	}, path
}

// amPosted is what Alertmanager posts to its webhook.
type amPosted struct {
	Alerts []struct {
		Status              string
		Labels, Annotations map[string]string
	}
}

// TestAlertmanager is told by the binary of a page, again and again while it fires, and of its end, though the room was
// killed in between.
func TestAlertmanager(t *testing.T) {
	t.Parallel()
	h := &hook{}
	server := httptest.NewServer(h)
	defer server.Close()
	folder, address := t.TempDir(), freeAddress(t)
	config := fmt.Sprintf("route: {receiver: r, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}\n"+
		"receivers: [{name: r, webhook_configs: [{url: %q, send_resolved: true}]}]\n", server.URL)
	if err := os.WriteFile(filepath.Join(folder, "am.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon(t, "prometheus-alertmanager", "--config.file", filepath.Join(folder, "am.yaml"), "--storage.path", folder,
		"--web.listen-address", address, "--cluster.listen-address", "")
	heard := func(status string) (n int, labels, notes map[string]string) {
		for _, body := range h.all() {
			_, body, _ = strings.Cut(body, " ")
			var p amPosted
			if err := json.Unmarshal([]byte(body), &p); err != nil {
				t.Error(err)
			}
			for _, a := range p.Alerts {
				if a.Labels["alertname"] == "Ours" && a.Status == status {
					n++
					labels, notes = a.Labels, a.Annotations
				}
			}
		}
		return n, labels, notes
	}
	ends := func() (at time.Time) {
		var found []struct {
			EndsAt time.Time
			Labels map[string]string
		}
		if err := asked(&found, "http://%s/api/v2/alerts?filter=%s", address, url.QueryEscape(`alertname="Ours"`)); err == nil && len(found) == 1 {
			at = found[0].EndsAt
		}
		return at
	}
	start, path := rehearsalWith(t, fmt.Sprintf("  receivers: [{name: prom, alertmanager: \"http://%s\"}]\n", address), "--speed", "20")
	kill := start()
	soon(t, "it is told", func() bool { n, _, _ := heard("firing"); return n == 1 })
	_, labels, notes := heard("firing")
	for name, want := range map[string]string{"resource": "web", "service": "asg", "severity": "page", "launch": "lottery", "runbook": "origin-errors", "rehearsal": "true"} {
		if labels[name] != want {
			t.Errorf("label %s is %q, want %q", name, labels[name], want)
		}
	}
	if !strings.HasPrefix(notes["summary"], "REHEARSAL PAGE: Ours asg/web") {
		t.Errorf("annotations %v", notes)
	}
	first := ends()
	if in := time.Until(first); in < 3*time.Minute || in > 6*time.Minute {
		t.Errorf("without further word it is over in %v", in)
	}
	within(t, 100*time.Second, "it is told again", func() bool { return ends().After(first) })
	second := ends()
	kill()
	kill = start()
	soon(t, "it is told again by who comes next", func() bool { return ends().After(second) })
	kill()
	ours(t, path, "asg_max > 1000")
	start()
	soon(t, "its end is told", func() bool { n, _, _ := heard("resolved"); return n == 1 })
	if n, _, _ := heard("firing"); n != 1 {
		t.Errorf("Alertmanager woke somebody %d times", n)
	}
}

func within(t *testing.T, limit time.Duration, what string, right func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !right(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// TestPrometheus scrapes the binary, and answers with our values.
func TestPrometheus(t *testing.T) {
	t.Parallel()
	folder, metrics, address := t.TempDir(), freeAddress(t), freeAddress(t)
	config := fmt.Sprintf("scrape_configs: [{job_name: warroom, scrape_interval: 1s, scrape_timeout: 1s, static_configs: [{targets: [%q]}]}]\n", metrics)
	if err := os.WriteFile(filepath.Join(folder, "prometheus.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	start, _ := rehearsalWith(t, "  receivers: [{name: dead, webhook: \"http://127.0.0.1:1\"}]\n", "--speed", "30", "--metrics", metrics)
	start()
	daemon(t, "prometheus", "--config.file", filepath.Join(folder, "prometheus.yml"), "--storage.tsdb.path", filepath.Join(folder, "data"),
		"--web.listen-address", address)
	answer := func(query string) (value float64, ok bool) {
		var a struct {
			Data struct {
				Result []struct{ Value [2]any }
			}
		}
		if err := asked(&a, "http://%s/api/v1/query?query=%s", address, url.QueryEscape(query)); err != nil || len(a.Data.Result) != 1 {
			return 0, false
		}
		text, _ := a.Data.Result[0].Value[1].(string)
		value, err := strconv.ParseFloat(text, 64)
		return value, err == nil
	}
	for query, right := range map[string]func(float64) bool{
		"up": func(v float64) bool { return v == 1 },
		`warroom_alerts{alertname="Ours",alertstate="firing",resource="web",severity="page"}`: func(v float64) bool { return v == 1 },
		"asg_max": func(v float64) bool { return v == 18 },
		"alb_error_ratio >= bool 0 and alb_error_ratio <= 1": func(v float64) bool { return v == 1 },
		"alb_requests":                           func(v float64) bool { return v > 0 },
		"warroom_samples_written_total":          func(v float64) bool { return v > 100 },
		`warroom_receiver_up{receiver="dead"}`:   func(v float64) bool { return v == 0 },
		`changes(warroom_recording_bytes[1m])>0`: func(v float64) bool { return v > 0 },
		"launch_seconds":                         func(v float64) bool { return v > -7200 },
	} {
		within(t, time.Minute, query, func() bool { v, ok := answer(query); return ok && right(v) })
	}
	text, err := http.Get("http://" + metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer text.Body.Close()
	check := exec.Command("promtool", "check", "metrics")
	check.Stdin = text.Body
	if said, err := check.CombinedOutput(); err != nil || len(bytes.TrimSpace(said)) > 0 {
		t.Errorf("promtool: %v\n%s", err, said)
	}
}
