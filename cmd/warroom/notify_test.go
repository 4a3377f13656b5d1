package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"warroom/alerts"
	"warroom/sources"
	"warroom/sources/recording"
)

// hook is a webhook that keeps what it gets.
type hook struct {
	mu  sync.Mutex
	got []string
}

func (h *hook) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.got = append(h.got, r.URL.Path+" "+string(body))
}

func (h *hook) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.got)
}

// became is an alert of ours that goes to a state, as a judge records it.
func became(tape *recording.File, rule string, from, to alerts.State, at time.Time) error {
	about := sources.Ref{Service: "alb", Name: "web"}
	t := alerts.Transition{
		Key: alerts.Key(rule, about, nil), Rule: rule, Resource: about, Severity: alerts.Page, From: from, To: to, At: at, Step: at,
		Page: to == alerts.Firing, Summary: `a "summary" with \ in it`, Runbook: "origin-errors", Words: "alb_error_ratio > 0.01",
	}
	c, err := t.Change()
	if err == nil {
		_, err = tape.AppendChange(context.Background(), c)
	}
	return err
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// soon asks again and again until it is right.
func soon(t *testing.T, what string, right func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !right(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("not in time: %s", what)
			return
		}
	}
}

// ours writes a rule beside a config, under which there is an alert of ours while the expression holds.
func ours(t *testing.T, config, expr string) {
	t.Helper()
	text := fmt.Sprintf("groups: [{name: ours, rules: [{alert: Ours, expr: %q, labels: {severity: page}, "+
		"annotations: {summary: 'a \"summary\"', runbook: origin-errors}}]}]\n", expr)
	if err := os.WriteFile(filepath.Join(filepath.Dir(config), "ours.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const planted = "s3cr3ts3cr3t"

// rehearsing runs a rehearsal without a screen in this process, with a config that has a secret, while during is done.
func rehearsing(t *testing.T, file, config string, during func(tape *recording.File), flags ...string) (out string) {
	t.Helper()
	args := append([]string{"rehearse", "--headless", "--config", config, "--recording", file, "--for", "120s", "--speed", "20"}, flags...)
	stdout, stderr, p := caught(t, args...)
	p.environ = append(p.environ, "HOOK_SECRET="+planted)
	done := make(chan int, 1)
	go func() { done <- p.run() }()
	soon(t, "the recording is there", func() bool { _, err := os.Stat(file); return err == nil })
	var tape *recording.File
	soon(t, "it is collected for", func() (ok bool) {
		var err error
		if tape == nil {
			if tape, err = recording.Open(file); err != nil {
				return false
			}
		}
		held, _, err := tape.Holder(context.Background())
		return err == nil && held != ""
	})
	during(tape)
	if code := <-done; code != exitDone {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if err := tape.Close(); err != nil {
		t.Error(err)
	}
	return stdout.String() + stderr.String()
}

// TestRehearsalTellsReceiversIfAsked also follows a secret: it is in the request, and nowhere else.
func TestRehearsalTellsReceiversIfAsked(t *testing.T) {
	t.Parallel()
	h := &hook{}
	server := httptest.NewServer(h)
	defer server.Close()
	folder := t.TempDir()
	file, config := filepath.Join(folder, "r.warroom"), filepath.Join(folder, "warroom.yaml")
	text := fmt.Sprintf("launch: {name: a, t0: 2026-03-01T19:15:00Z}\nresources: {alb: {web: web}}\nalerts:\n  rules: [ours.yaml]\n  receivers:\n"+
		"    - {name: hook, webhook: \"%s/${HOOK_SECRET}\"}\n    - {name: dead, webhook: \"http://127.0.0.1:1/${HOOK_SECRET}\"}\n", server.URL)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ours(t, config, "alb_healthy_hosts > 0")
	told := func() (out []string) {
		for _, body := range h.all() {
			if strings.Contains(body, `"name":"Ours"`) {
				out = append(out, body)
			}
		}
		return out
	}
	address := freeAddress(t)
	out := rehearsing(t, file, config, func(tape *recording.File) {
		soon(t, "receivers are told of alerts", func() bool { return changed(t, tape, "pages go to hook from here on") })
		soon(t, "it is told", func() bool { return len(told()) == 1 })
		soon(t, "it is recorded as told", func() bool { return changed(t, tape, "hook was told: Ours firing") })
		soon(t, "the dead one is told of", func() bool { return changed(t, tape, "no alerts to dead") })
		soon(t, "the metrics are served", func() bool { return servesOurs(t, address) })
	}, "--notify", "--metrics", address)
	var m struct {
		Rehearsal bool
		Title     string
	}
	_, body, _ := strings.Cut(told()[0], " ")
	if err := json.Unmarshal([]byte(body), &m); err != nil || !m.Rehearsal || !strings.HasPrefix(m.Title, "REHEARSAL ") || !strings.HasPrefix(told()[0], "/"+planted) {
		t.Errorf("posted %s, %v", told()[0], err)
	}
	ours(t, config, "alb_healthy_hosts > 1000")
	out += rehearsing(t, file, config, func(tape *recording.File) {
		soon(t, "it is over", func() bool { return changed(t, tape, "Ours resolved") })
		time.Sleep(time.Second) // nobody has asked for it to go out
	})
	if n := len(told()); n != 1 {
		t.Errorf("%d messages went out of a rehearsal that was not asked to", n)
	}
	out += rehearsing(t, file, config, func(*recording.File) {
		soon(t, "its end is told by who is asked to", func() bool { return len(told()) == 2 })
	}, "--notify")
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(kept, []byte(planted)) || strings.Contains(out, planted) {
		t.Errorf("the secret is in the recording: %t, printed: %t", bytes.Contains(kept, []byte(planted)), strings.Contains(out, planted))
	}
}

// changed tells whether a change of the recording says something.
func changed(t *testing.T, tape *recording.File, text string) bool {
	changes, _, err := tape.ChangesSince(context.Background(), 0)
	if err != nil {
		t.Error(err)
	}
	return slices.ContainsFunc(changes, func(c sources.Change) bool { return strings.Contains(c.Text, text) })
}

// servesOurs tells whether the metrics have our alert, values of the launch, and how the receivers are.
func servesOurs(t *testing.T, address string) bool {
	answer, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(answer.Body)
	if err != nil {
		t.Error(err)
		return false
	}
	found := map[string]float64{}
	for name, f := range families {
		for _, m := range f.GetMetric() {
			key := name
			for _, l := range m.GetLabel() {
				key += " " + l.GetName() + "=" + l.GetValue()
			}
			found[key] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	for key, want := range map[string]float64{
		"warroom_alerts alertname=Ours alertstate=firing resource=web service=alb severity=page": 1,
		"warroom_lease_held": 1, "warroom_receiver_up receiver=hook": 1, "warroom_receiver_up receiver=dead": 0,
		"source_up resource=cloudfront": 1,
	} {
		if got, ok := found[key]; !ok || got != want {
			return false
		}
	}
	return found["warroom_samples_written_total"] > 0 && found["warroom_recording_bytes"] > 0 && found["asg_in_service resource=web"] > 0
}

func TestTryingAReceiver(t *testing.T) {
	t.Parallel()
	h := &hook{}
	server := httptest.NewServer(h)
	defer server.Close()
	config := filepath.Join(t.TempDir(), "warroom.yaml")
	if err := os.WriteFile(filepath.Join(filepath.Dir(config), "hook"), []byte(server.URL+"/"+planted+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := "launch: {name: a, t0: 2026-03-01T19:15:00Z}\nresources: {alb: {web: web}}\nalerts: {receivers: [{name: hook, url_file: hook, kind: webhook}]}\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, p := caught(t, "notify", "--config", config, "--test", "hook")
	if code := p.run(); code != exitDone || len(h.all()) != 1 || !strings.Contains(h.all()[0], "TEST: nothing is wrong") {
		t.Errorf("exit code %d, %s, posted %q", code, stderr, h.all())
	}
	if stdout.String() != "hook has taken the test\n" {
		t.Errorf("said %q", stdout)
	}
	stdout, _, p = caught(t, "notify", "--config", config)
	if p.run() != exitDone || !strings.Contains(stdout.String(), "hook           webhook       "+server.URL+" ") || strings.Contains(stdout.String(), planted) {
		t.Errorf("listed %q", stdout)
	}
}

func TestMetricsAreWrittenAsTheyAreRead(t *testing.T) {
	t.Parallel()
	families := []family{
		{"a_ratio", "gauge", `A "share" of a \ and b.`, []metricLine{{map[string]string{"rule": "a\"b\\c\nd\xff", "none": ""}, 0.25}, {nil, 1e21}}},
		{"b", "counter", "Things.", []metricLine{{nil, 3}}},
		{"c", "gauge", "Nothing.", nil},
	}
	plain := "# HELP a_ratio A \"share\" of a \\\\ and b.\n# TYPE a_ratio gauge\na_ratio{rule=\"a\\\"b\\\\c\\nd\uFFFD\"} 0.25\na_ratio 1e+21\n" +
		"# HELP b_total Things.\n# TYPE b_total counter\nb_total 3\n"
	if got := string(metricsText(families, false)); got != plain {
		t.Errorf("got\n%s\nwant\n%s", got, plain)
	}
	open := strings.NewReplacer(`"share"`, `\"share\"`, "HELP b_total", "HELP b", "TYPE b_total", "TYPE b").Replace(plain) + "# EOF\n"
	if got := string(metricsText(families, true)); got != open {
		t.Errorf("got\n%s\nwant\n%s", got, open)
	}
}

func TestWhereMetricsAreServed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"9273": "127.0.0.1:9273", ":9273": "127.0.0.1:9273", "0.0.0.0:9273": "0.0.0.0:9273", "[::1]:9273": "[::1]:9273", "localhost:9273": "localhost:9273",
		"99999": "", "here": "", "host:": "",
	} {
		if got, _ := listenAddress(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	c, err := parseConfig("warroom.yaml", []byte(tenLines+"metrics: {listen: \"0.0.0.0:9273\"}\n"))
	if err != nil || len(c.warnings) != 1 || !strings.Contains(c.warnings[0], "whoever reaches 0.0.0.0:9273 may read them") {
		t.Errorf("warnings %q, %v", c.warnings, err)
	}
}

// TestReceiversOfAChangedConfigHoldAtOnce: what the old ones were not told, the new ones are.
func TestReceiversOfAChangedConfigHoldAtOnce(t *testing.T) {
	t.Parallel()
	h := &hook{}
	server := httptest.NewServer(h)
	defer server.Close()
	of := func(address string) *config {
		c, err := parseConfig("warroom.yaml", []byte(tenLines+"alerts: {receivers: [{name: hook, webhook: \""+address+"\"}]}\n"))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	tape, err := recording.Create(filepath.Join(t.TempDir(), "r.warroom"), recording.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	defer tape.Close()
	lease, err := tape.Acquire(t.Context(), "us", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	var now atomic.Pointer[config]
	now.Store(of("http://127.0.0.1:1/${HOOK}"))
	var mu sync.Mutex
	var notices []string
	r := &room{
		tape: tape, clock: sources.RunningClock{},
		outside: &outside{config: now.Load, env: func(string) string { return planted }},
		notice:  func(text string) { mu.Lock(); defer mu.Unlock(); notices = append(notices, text) },
	}
	noticed := func(text string) bool {
		mu.Lock()
		defer mu.Unlock()
		return slices.ContainsFunc(notices, func(n string) bool { return strings.Contains(n, text) })
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { r.notifies(ctx, lease) })
	if err := became(tape, "Ours", alerts.Pending, alerts.Firing, time.Now()); err != nil {
		t.Fatal(err)
	}
	soon(t, "people know that nobody is told", func() bool { return noticed("no alerts to hook since") })
	now.Store(of(server.URL))
	soon(t, "the new address is told", func() bool { return len(h.all()) == 1 })
	stop()
	running.Wait()
	mu.Lock()
	defer mu.Unlock()
	if last := notices[len(notices)-1]; last != "" || strings.Contains(fmt.Sprint(notices), planted) {
		t.Errorf("notices %q", notices)
	}
}

// TestAllDeadReceiversAreNamedFirst: what is the matter with one leaves no room for the name of the next.
func TestAllDeadReceiversAreNamedFirst(t *testing.T) {
	t.Parallel()
	var o outside
	var got string
	o.begin(nil, func(notice string) { got = notice })
	for _, step := range []struct{ receiver, line, want string }{
		{"pager", "no alerts to pager since 20:15 UTC: timed out", "no alerts to pager since 20:15 UTC: timed out"},
		{"chat", "no alerts to chat since 20:16 UTC: failed: it answers 404",
			"no alerts to chat, pager: chat since 20:16 UTC: failed: it answers 404; pager since 20:15 UTC: timed out"},
		{"pager", "", "no alerts to chat since 20:16 UTC: failed: it answers 404"},
	} {
		if o.tell(step.receiver, step.line); got != step.want {
			t.Errorf("%q, want %q", got, step.want)
		}
	}
}
