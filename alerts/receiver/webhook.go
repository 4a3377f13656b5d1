package receiver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"warroom/alerts"
)

// answerMost bounds what is kept of an answer, in characters.
const answerMost = 200

// webhook posts messages as JSON.
type webhook struct {
	address Address
	client  *http.Client
}

// posted is the form of what a webhook gets. Words are added, none is changed.
type posted struct {
	Version     int          `json:"version"` // 1
	ID          string       `json:"id"`      // the same for every attempt to deliver the same
	Event       alerts.Event `json:"event"`
	Rehearsal   bool         `json:"rehearsal"`
	Launch      string       `json:"launch"`
	Environment string       `json:"environment,omitempty"`
	Title       string       `json:"title"`
	Text        string       `json:"text"`
	Alert       postedAlert  `json:"alert"`
}

type postedAlert struct {
	Key      string            `json:"key"` // of the alert, for ever the same
	Name     string            `json:"name"`
	Resource string            `json:"resource,omitempty"` // service/name
	Site     string            `json:"site,omitempty"`
	Labels   map[string]string `json:"labels,omitempty"`
	Severity alerts.Severity   `json:"severity"`
	State    alerts.State      `json:"state"`
	Since    time.Time         `json:"since,omitzero"`
	Until    time.Time         `json:"until,omitzero"`
	Value    *float64          `json:"value,omitempty"`
	Summary  string            `json:"summary,omitempty"`
	Why      string            `json:"why,omitempty"`
	Rule     string            `json:"rule,omitempty"` // its condition
	Runbook  string            `json:"runbook,omitempty"`
	Root     string            `json:"root,omitempty"`     // key of the open alert that explains it
	Explains []string          `json:"explains,omitempty"` // keys of those that it explains
}

// Send posts one message.
func (w *webhook) Send(ctx context.Context, m alerts.Message) error {
	p := posted{
		Version: 1, ID: m.ID, Event: m.Event, Rehearsal: m.Rehearsal, Launch: m.Launch, Environment: m.Environment,
		Title: m.Title(), Text: m.Text(),
		Alert: postedAlert{
			Key: m.Key, Name: m.Rule, Site: m.Site, Labels: m.Labels, Severity: m.Severity, State: m.To,
			Since: m.Began.UTC(), Until: m.Ended, Value: m.Value, Summary: m.Summary, Why: m.Why, Rule: m.Words, Runbook: m.Runbook,
		},
	}
	if m.Resource.Service != "" {
		p.Alert.Resource = m.Resource.String()
	}
	if m.Root != nil {
		p.Alert.Root = m.Root.Key
	}
	for i := range m.Lists {
		p.Alert.Explains = append(p.Alert.Explains, m.Lists[i].Key)
	}
	return w.address.scrub(postJSON(ctx, w.client, w.address.raw, p, m.ID))
}

// postJSON posts a body, and returns nil where the answer is one of the 200s.
func postJSON(ctx context.Context, client *http.Client, address string, body any, id string) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "warroom")
	if id != "" {
		request.Header.Set("Idempotency-Key", digest(id))
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 4*answerMost))
	if err != nil {
		return fmt.Errorf("read its answer: %w", err)
	}
	if answer.StatusCode/100 == 2 {
		return nil
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(said)), "\n")
	if answer.StatusCode/100 == 3 {
		line = "it has moved: give the address that it has now"
	}
	return &alerts.RefusedError{Status: answer.StatusCode, Text: line}
}

// digest is a text as a short word of letters and digits.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
