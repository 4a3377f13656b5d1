package receiver

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"warroom/alerts"
	"warroom/sources"
)

var evening = time.Date(2026, 3, 1, 19, 15, 0, 0, time.UTC)

func fires() alerts.Message {
	value := 0.019
	return alerts.Message{
		ID: "OriginErrors|alb/prod| firing 1772392500 → hook", Event: alerts.Fires, Began: evening, Launch: "Lottery", Environment: "PROD", Site: "main",
		Transition: alerts.Transition{
			Key: "OriginErrors|alb/prod|", Rule: "OriginErrors", Resource: sources.Ref{Service: "alb", Name: "prod"},
			Labels: map[string]string{"team": "web", "odd.name": "x", "severity": "mine"}, Severity: alerts.Page, To: alerts.Firing,
			At: evening, Value: &value, Summary: "1.9 % of the responses are 5xx", Runbook: "origin-errors", Words: "alb_error_ratio > 0.01",
		},
	}
}

func over() alerts.Message {
	m := fires()
	m.Event, m.To, m.Ended = alerts.Over, alerts.Resolved, evening.Add(9*time.Minute)
	return m
}

// posts are what a server was sent.
type posts struct {
	mu     sync.Mutex
	bodies []string
	heads  []http.Header
	paths  []string
}

func (p *posts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bodies, p.heads, p.paths = append(p.bodies, string(body)), append(p.heads, r.Header), append(p.paths, r.URL.Path)
	fmt.Fprint(w, "{}")
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func opened(t *testing.T, kind Kind, address string) alerts.Sender {
	t.Helper()
	s, err := Open(kind, address)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	var got posts
	s := opened(t, Webhook, serve(t, &got)+"/hook?token=s3cr3ts3cr3t")
	m := over()
	m.Rehearsal = true
	m.Root = &alerts.Transition{Key: "DatabaseFull|aurora/lottery|"}
	for range 2 {
		if err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	var p posted
	if err := json.Unmarshal([]byte(got.bodies[0]), &p); err != nil {
		t.Fatal(err)
	}
	a := p.Alert
	if p.Version != 1 || p.Event != "resolved" || !p.Rehearsal || !strings.HasPrefix(p.Title, "REHEARSAL OVER: OriginErrors alb/prod") ||
		a.Resource != "alb/prod" || a.Root != "DatabaseFull|aurora/lottery|" || !a.Until.Equal(m.Ended) || !a.Since.Equal(evening) || *a.Value != 0.019 {
		t.Errorf("posted %s", got.bodies[0])
	}
	if key := got.heads[0].Get("Idempotency-Key"); key == "" || key != got.heads[1].Get("Idempotency-Key") {
		t.Errorf("the same message has the keys %q and %q", key, got.heads[1].Get("Idempotency-Key"))
	}
}

func TestAlertmanagerIsToldInItsForm(t *testing.T) {
	t.Parallel()
	var got posts
	s := opened(t, Alertmanager, serve(t, &got)+"/prefix/").(*alertmanager)
	now := evening.Add(10 * time.Minute)
	s.now = func() time.Time { return now }
	if err := s.Send(t.Context(), fires()); err != nil {
		t.Fatal(err)
	}
	if err := s.Repeat(t.Context(), []alerts.Message{fires(), over()}); err != nil {
		t.Fatal(err)
	}
	if got.paths[0] != "/prefix/api/v2/alerts" {
		t.Errorf("posted to %s", got.paths[0])
	}
	var first, second []amAlert
	if err := errors.Join(json.Unmarshal([]byte(got.bodies[0]), &first), json.Unmarshal([]byte(got.bodies[1]), &second)); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"alertname": "OriginErrors", "severity": "page", "resource": "prod", "service": "alb", "site": "main", "runbook": "origin-errors",
		"launch": "Lottery", "environment": "PROD", "team": "web", "odd_name": "x",
	}
	for _, a := range []amAlert{first[0], second[0], second[1]} {
		if fmt.Sprint(a.Labels) != fmt.Sprint(want) {
			t.Errorf("labels %v, want %v", a.Labels, want)
		}
	}
	if !first[0].StartsAt.Equal(evening) || !first[0].EndsAt.Equal(now.Add(holds)) {
		t.Errorf("it fires from %v to %v", first[0].StartsAt, first[0].EndsAt)
	}
	if !second[1].EndsAt.Equal(evening.Add(9 * time.Minute)) {
		t.Errorf("it ended at %v", second[1].EndsAt)
	}
}

func TestAlertmanagerIsToldNothingImpossibleByAClockThatJumps(t *testing.T) {
	t.Parallel()
	for _, now := range []time.Time{evening.Add(-time.Hour), evening, evening.Add(time.Hour)} {
		for _, m := range []alerts.Message{fires(), over()} {
			a := amOf(&m, now)
			if !a.EndsAt.After(a.StartsAt) || a.StartsAt.After(now) || m.Event == alerts.Over && a.EndsAt.After(now) {
				t.Errorf("at %v it says that %s lasts from %v to %v", now, m.Event, a.StartsAt, a.EndsAt)
			}
		}
	}
}

// TestReceiversThatFail are those that a launch night knows.
func TestReceiversThatFail(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().String()
	_ = closed.Close()
	answer := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://elsewhere.example/")
			http.Error(w, text, status)
		}
	}
	for name, c := range map[string]struct {
		address string
		kind    sources.TroubleKind
		text    string
	}{
		"dead":      {"http://" + nobody, sources.Failed, "connection refused"},
		"hanging":   {serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() })), sources.TimedOut, ""},
		"broken":    {serve(t, answer(500, "the database is gone\nat line 3")), sources.Failed, "500: the database is gone"},
		"forbidden": {serve(t, answer(403, "")), sources.Forbidden, "403"},
		"moved":     {serve(t, answer(302, "")), sources.Failed, "it has moved"},
		"echoing": {serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "bad \x1b[31mrequest "+r.URL.String(), 400)
		})), sources.Failed, "bad request"},
	} {
		for _, kind := range []Kind{Webhook, Alertmanager} {
			t.Run(name+" "+string(kind), func(t *testing.T) {
				t.Parallel()
				s := opened(t, kind, c.address+"/services/s3cr3ts3cr3t?key=t0kent0ken")
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				err := s.Send(ctx, fires())
				if trouble := sources.TroubleOf(err); trouble.Kind != c.kind || !strings.Contains(trouble.Text, c.text) {
					t.Errorf("trouble %q, want %s with %q", trouble, c.kind, c.text)
				}
				for _, secret := range []string{"s3cr3t", "t0ken", "\x1b"} {
					if strings.Contains(err.Error(), secret) {
						t.Errorf("%q tells %q", err, secret)
					}
				}
			})
		}
	}
}

func TestShoutrrrSpeaksToAService(t *testing.T) {
	t.Parallel()
	var got posts
	host := strings.TrimPrefix(serve(t, &got), "http://")
	s := opened(t, Shoutrrr, "ntfy://"+host+"/lottery?scheme=http")
	if err := s.Send(t.Context(), fires()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got.bodies[0], "1.9 % of the responses are 5xx") || !strings.Contains(fmt.Sprint(got.bodies, got.heads), "PAGE: OriginErrors alb/prod") {
		t.Errorf("posted %q with %v", got.bodies[0], got.heads[0])
	}
}

// client answers for a service what a server of its would.
type client struct {
	posts
	status int
}

func (c *client) Do(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bodies = append(c.bodies, string(body))
	return &http.Response{StatusCode: c.status, Body: io.NopCloser(strings.NewReader("{}")), Header: http.Header{}, Request: r}, nil
}

func TestPagerDutyKnowsAnIncidentAgain(t *testing.T) {
	t.Parallel()
	s := opened(t, Shoutrrr, "pagerduty://events.pagerduty.com/"+strings.Repeat("0123456789abcdef", 2)).(*shout)
	c := &client{status: 202}
	s.service.(types.HTTPClientSetter).SetHTTPClient(c)
	root := fires()
	root.Event, root.Key, root.Lists = alerts.Update, "DatabaseFull|aurora/lottery|", []alerts.Transition{{Key: "OriginErrors|alb/prod|"}}
	for _, m := range []alerts.Message{fires(), root, over()} {
		if err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	var said []string
	for _, body := range c.bodies {
		var e struct {
			Action  string `json:"event_action"`
			Key     string `json:"dedup_key"`
			Payload struct{ Severity, Source string }
		}
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			t.Fatal(err)
		}
		said = append(said, strings.Join([]string{e.Action, e.Key, e.Payload.Severity, e.Payload.Source}, " "))
	}
	const incident = "warroom/Lottery/OriginErrors|alb/prod| critical alb/prod"
	if want := []string{"trigger " + incident, "trigger " + incident, "resolve " + incident}; fmt.Sprint(said) != fmt.Sprint(want) {
		t.Errorf("said %q, want %q", said, want)
	}
}

// TestSecretsAreTold to nobody: not by the way in which an address is printed, and by no error.
func TestSecretsAreTold(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3ts3cr3t"
	dead := "127.0.0.1:1"
	for _, address := range []string{
		"ntfy://mia:" + secret + "@" + dead + "/" + secret + "?scheme=http",
		"gotify://" + dead + "/A" + secret + "xx?disabletls=yes",
		"mattermost://mia@" + dead + "/" + secret + "?disabletls=yes",
		"rocketchat://mia@" + dead + "/" + secret + "/" + secret,
		"smtp://mia:" + secret + "@" + dead + "/?from=a@example.com&to=b@example.com",
		"pushbullet://" + secret,
		"slack://" + secret,
		"telegram://" + secret,
		"pagerduty://host/" + secret,
		"smtp://" + secret + ":" + secret + "@host/?from=" + secret,
		"nosuch://" + secret,
		"matrix://mia:" + secret + "@" + dead + "/?disableTLS=yes",
		"://" + secret,
		secret,
	} {
		s, err := Open(Shoutrrr, address)
		if err == nil {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			err = s.Send(ctx, fires())
			cancel()
		}
		if err == nil {
			t.Errorf("%s: somebody has answered", address)
			continue
		}
		t.Log(err)
		for _, text := range []string{err.Error(), fmt.Sprintf("%v %+v %#v", err, err, err), Where(Shoutrrr, address)} {
			if strings.Contains(text, secret) {
				t.Errorf("%s: told in %q", address, text)
			}
		}
	}
	a := Address{kind: Webhook, raw: "https://hooks.example.com/" + secret}
	a.parsed, _ = url.Parse(a.raw)
	if text := fmt.Sprintf("%v %s %#v", a, a, a); strings.Contains(text, secret) || !strings.Contains(text, "https://hooks.example.com") {
		t.Errorf("an address prints as %q", text)
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"slak://a":                      `did you mean "slack"?`,
		"generic+https://example.com/x": "name its URL under webhook",
		"smtp://host/":                  "who writes and to whom",
		"smtp://host/?from=a@b.c&to=b@b.c&usestarttl=no": `did you mean "usestarttls"?`,
		"smtp://host/?from=a@b.c&to=nobody":              "one of the addresses is none",
		"just words":                                     "no URL",
	} {
		if _, err := Open(Shoutrrr, address); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
	if _, err := Open(Webhook, "ftp://example.com"); err == nil {
		t.Error("a webhook by FTP")
	}
}

// mailServer takes one mail after the other, and tells what it was told.
func mailServer(t *testing.T) (address string, told func() string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var mu sync.Mutex
	var b strings.Builder
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			lines := bufio.NewReader(conn)
			fmt.Fprint(conn, "220 mail ESMTP\r\n")
			for data := false; ; {
				line, err := lines.ReadString('\n')
				if err != nil {
					break
				}
				mu.Lock()
				b.WriteString(line)
				mu.Unlock()
				switch {
				case data && line == ".\r\n":
					data = false
					fmt.Fprint(conn, "250 taken\r\n")
				case data:
				case strings.HasPrefix(line, "EHLO"):
					fmt.Fprint(conn, "250-mail\r\n250 AUTH PLAIN\r\n")
				case strings.HasPrefix(line, "AUTH"):
					fmt.Fprint(conn, "235 welcome\r\n")
				case strings.HasPrefix(line, "DATA"):
					data = true
					fmt.Fprint(conn, "354 go on\r\n")
				default:
					fmt.Fprint(conn, "250 ok\r\n")
				}
			}
			_ = conn.Close()
		}
	}()
	return l.Addr().String(), func() string { mu.Lock(); defer mu.Unlock(); return b.String() }
}

func TestMail(t *testing.T) {
	t.Parallel()
	address, told := mailServer(t)
	s := opened(t, Shoutrrr, "smtp://mia:secret@"+address+"/?from=warroom@example.com&fromname=War+room&to=oncall@example.com,lead@example.com&to=boss@example.com")
	m := fires()
	m.Summary = "5 % of „wünsche“\r\nBcc: all@example.com"
	if err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	said := told()
	for _, want := range []string{
		"AUTH PLAIN ", "MAIL FROM:<warroom@example.com>", "RCPT TO:<oncall@example.com>", "RCPT TO:<lead@example.com>", "RCPT TO:<boss@example.com>",
		`From: "War room" <warroom@example.com>`, "Subject: PAGE: OriginErrors alb/prod\r\n",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q was not said:\n%s", want, said)
		}
	}
	letter, err := netmail.ReadMessage(strings.NewReader(said[strings.Index(said, "From: "):]))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, letter.Body))
	if !strings.Contains(string(body), "5 % of „wünsche“ Bcc: all@example.com") || letter.Header.Get("Bcc") != "" {
		t.Errorf("body %q, %v", body, err)
	}
	secure := opened(t, Shoutrrr, "smtp://"+address+"/?from=a@example.com&to=b@example.com&requirestarttls=yes")
	if err := secure.Send(t.Context(), m); err == nil || !strings.Contains(err.Error(), "offers no STARTTLS") {
		t.Errorf("without TLS: %v", err)
	}
}
