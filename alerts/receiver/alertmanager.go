package receiver

import (
	"context"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"time"

	"warroom/alerts"
)

// What Alertmanager is told is true for holds only, and told again every repeats: the alerts of a room that has died are
// over in the end, late but not never.
const (
	repeats = time.Minute
	holds   = 5 * time.Minute
)

// alertmanager posts alerts to the v2 API of Prometheus' Alertmanager.
type alertmanager struct {
	address Address
	client  *http.Client
	now     func() time.Time // the machine's clock
}

// amAlert is an alert as that API has it.
type amAlert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
}

// Send posts one message.
func (a *alertmanager) Send(ctx context.Context, m alerts.Message) error {
	return a.post(ctx, []alerts.Message{m})
}

// Every is how often it wants to be told.
func (a *alertmanager) Every() time.Duration { return repeats }

// Repeat posts all that stands at once.
func (a *alertmanager) Repeat(ctx context.Context, standing []alerts.Message) error {
	return a.post(ctx, standing)
}

func (a *alertmanager) post(ctx context.Context, messages []alerts.Message) error {
	now := a.now().UTC()
	var body []amAlert
	for i := range messages {
		body = append(body, amOf(&messages[i], now))
	}
	return a.address.scrub(postJSON(ctx, a.client, strings.TrimRight(a.address.raw, "/")+"/api/v2/alerts", body, ""))
}

// amOf is the message as an alert. Alertmanager knows it again by its labels alone: they are the same for as long as it
// lasts.
func amOf(m *alerts.Message, now time.Time) amAlert {
	labels := map[string]string{
		"alertname": m.Rule, "severity": string(m.Severity), "resource": m.Resource.Name, "service": m.Resource.Service,
		"site": m.Site, "runbook": m.Runbook, "launch": m.Launch, "environment": m.Environment,
	}
	for name, value := range m.Labels {
		name = labelName(name)
		if _, ours := labels[name]; !ours {
			labels[name] = value
		}
	}
	if m.Rehearsal {
		labels["rehearsal"] = "true"
	}
	annotations := map[string]string{"summary": m.Title(), "description": m.Text(), "expr": m.Words, "runbook": m.Runbook}
	if m.Root != nil {
		annotations["root"] = m.Root.Rule + " " + m.Root.Resource.String()
	}
	empty := func(_, value string) bool { return value == "" }
	maps.DeleteFunc(labels, empty)
	maps.DeleteFunc(annotations, empty)
	out := amAlert{Labels: labels, Annotations: annotations, StartsAt: m.Began.UTC(), EndsAt: now.Add(holds)}
	if out.StartsAt.After(now) { // a clock was set back
		out.StartsAt = now
	}
	switch m.Event {
	case alerts.Over:
		out.EndsAt = m.Ended.UTC()
		if out.EndsAt.After(now) {
			out.EndsAt = now
		}
		if !out.EndsAt.After(out.StartsAt) {
			out.StartsAt = out.EndsAt.Add(-time.Millisecond)
		}
	case alerts.Trial:
		out.EndsAt = now.Add(repeats)
	}
	return out
}

var noLabel = regexp.MustCompile(`[^a-zA-Z0-9_]`)

// labelName is a name as all versions of Alertmanager take it.
func labelName(name string) string {
	name = noLabel.ReplaceAllString(name, "_")
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	return name
}
