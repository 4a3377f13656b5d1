package awswire

import (
	"bytes"
	"fmt"
	"net/http"
	"time"
)

// Write is a request that may change the site, with all that it takes to make it again: what is asked, by whom and when,
// but nothing of its signature.
type Write struct {
	At     time.Time   `json:"at"` // launch clock
	Method string      `json:"method"`
	URL    string      `json:"url"`    // path and query
	Header http.Header `json:"header"` // those of [spoken]
	Body   []byte      `json:"body,omitempty"`

	Service   string `json:"service"`   // signing name
	Operation string `json:"operation"` // such as SetDesiredCapacity
	Region    string `json:"region"`
	Key       string `json:"key"` // access key id
}

// spoken are the headers in which the protocols say what is asked.
var spoken = []string{"Content-Type", "If-Match", "Smithy-Protocol", "X-Amz-Target"}

// Journal has every request that may change the site handed to keep before it does, one at a time. One that keep fails
// on is refused and changes nothing. It is set before the first request.
func (s *Server) Journal(keep func(Write) error) { s.keep = keep }

// Repeat makes requests of a journal again, in the order in which they were kept and at the times at which they were made, or
// now where a time is still to come: machines' clocks are set, and a journal may say anything. The site must not have been
// advanced beyond them. What was refused then is refused again, which is no error; one that is no request for this AWS is.
func (s *Server) Repeat(writes ...Write) error {
	for _, w := range writes {
		if err := s.repeat(w); err != nil {
			return fmt.Errorf("%s:%s of %s: %w", w.Service, w.Operation, w.At.Format(time.RFC3339), err)
		}
	}
	return nil
}

func (s *Server) repeat(w Write) error {
	r, err := http.NewRequest(w.Method, w.URL, bytes.NewReader(w.Body))
	if err != nil {
		return err
	}
	r.Header = w.Header.Clone()
	q := &request{Request: r, body: w.Body, now: w.At, protocol: s.protocolOf(r)}
	if q.protocol == nil {
		return fmt.Errorf("no AWS protocol that is spoken here")
	}
	if err := q.protocol.read(q); err != nil {
		return err
	}
	op, ok := s.operations[operationKey{q.service, q.operation}]
	if !ok || !op.writes {
		return fmt.Errorf("no operation that changes something")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.now(); q.now.After(now) {
		q.now = now
	}
	_, _ = s.invoke(op, q, scope{accessKey: w.Key, region: w.Region, service: w.Service}, disturbance{})
	return nil
}

// journal keeps a request that is about to change the site. The lock is held.
func (s *Server) journal(q *request, who scope) error {
	if s.keep == nil {
		return nil
	}
	w := Write{At: q.now, Method: q.Method, URL: q.URL.RequestURI(), Header: http.Header{}, Body: q.body,
		Service: q.service, Operation: q.operation, Region: who.region, Key: who.accessKey}
	for _, name := range spoken {
		if values := q.Header.Values(name); len(values) > 0 {
			w.Header[name] = values
		}
	}
	if err := s.keep(w); err != nil {
		return &fault{Shape: "ServiceUnavailable", Status: http.StatusServiceUnavailable, Receiver: true,
			Message: "the simulated AWS changes nothing that it cannot keep: " + err.Error()}
	}
	return nil
}
