// Package receiver carries messages of alerts out of the room: to webhooks, to Prometheus' Alertmanager, by mail, and to the
// services that shoutrrr knows by their URLs.
//
// Where a receiver is, is a secret: whoever knows a webhook's URL can speak through it. So an [Address] prints as no more
// than its scheme and, where that tells nothing, its host, and no error of a sender bears more.
//
// Of shoutrrr the services are used one by one. Its router, and those three of them that fill templates (smtp, generic,
// logger), keep the linker from leaving unused methods out: 35 MB. Mail is sent by ourselves, by a URL of the same form;
// what generic is for, webhook does.
package receiver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"warroom/alerts"
	"warroom/sources"
)

// Kind is how a receiver is spoken to.
type Kind string

// The kinds, as the config calls them.
const (
	Webhook      Kind = "webhook"      // JSON, posted to a URL
	Shoutrrr     Kind = "url"          // a URL of shoutrrr
	Alertmanager Kind = "alertmanager" // the v2 API of Prometheus' Alertmanager below a URL
)

// Kinds are all of them.
var Kinds = []Kind{Webhook, Shoutrrr, Alertmanager}

// Address is the URL of a receiver.
type Address struct {
	kind   Kind
	raw    string
	parsed *url.URL
}

// Open makes the sender for a URL, which is checked without anything being sent. No error bears a part of it that may be
// a secret.
func Open(kind Kind, address string) (alerts.Sender, error) {
	a := Address{kind: kind, raw: strings.TrimSpace(address)}
	var err error
	if a.parsed, err = url.Parse(a.raw); err != nil || a.parsed.Scheme == "" {
		return nil, errors.New("this is no URL")
	}
	switch kind {
	case Webhook, Alertmanager:
		if a.parsed.Scheme != "http" && a.parsed.Scheme != "https" || a.parsed.Host == "" {
			return nil, fmt.Errorf("want a URL with http or https and a host, not one with %s", a.parsed.Scheme)
		}
		if kind == Webhook {
			return &webhook{address: a, client: newClient()}, nil
		}
		return &alertmanager{address: a, client: newClient(), now: time.Now}, nil
	case Shoutrrr:
		if a.parsed.Scheme == "smtp" {
			return newMail(a)
		}
		return newShout(a)
	}
	return nil, fmt.Errorf("unknown kind of receiver %q", kind)
}

// Where is what may be told of a URL: the scheme, and the host where that is none of shoutrrr's secrets.
func Where(kind Kind, address string) string {
	parsed, err := url.Parse(strings.TrimSpace(address))
	if err != nil || parsed.Scheme == "" {
		return string(kind)
	}
	return Address{kind: kind, parsed: parsed}.String()
}

// String is what may be told of it.
func (a Address) String() string {
	if a.kind == Shoutrrr && a.parsed.Scheme != "smtp" {
		return sources.Clean(a.parsed.Scheme + "://…")
	}
	return sources.Clean(a.parsed.Scheme + "://" + a.parsed.Host)
}

// GoString is the same: no way of printing tells more.
func (a Address) GoString() string { return a.String() }

// anyURL is what may be a URL within an error.
var anyURL = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>]+`)

// plain are texts without what may be a secret.
func (a Address) plain(text string) string {
	for _, secret := range a.secrets() {
		text = strings.ReplaceAll(text, secret, "…")
	}
	text = anyURL.ReplaceAllStringFunc(text, func(u string) string {
		parsed, err := url.Parse(u)
		if err != nil {
			return "…"
		}
		return parsed.Scheme + "://" + parsed.Host
	})
	return sources.CleanTo(text, answerMost)
}

// secrets are the parts of the address that are not to be told, the longest first.
func (a Address) secrets() (parts []string) {
	add := func(texts ...string) {
		for _, text := range texts {
			whole := strings.Trim(text, "/")
			parts = append(parts, whole, url.PathEscape(whole), url.QueryEscape(whole))
			parts = append(parts, strings.FieldsFunc(whole, func(r rune) bool { return strings.ContainsRune(`/:;,&=?@-`, r) })...)
		}
	}
	u := a.parsed
	add(a.raw, u.RawQuery, u.Path, u.EscapedPath(), u.Fragment)
	if u.User != nil {
		password, _ := u.User.Password()
		add(u.User.Username(), password)
	}
	for _, values := range u.Query() {
		add(values...)
	}
	if a.kind == Shoutrrr && !strings.Contains(u.Host, ".") {
		add(u.Hostname())
	}
	shown := a.String() + " https http"
	parts = slices.DeleteFunc(parts, func(p string) bool { return len(p) < 5 || strings.Contains(shown, p) })
	slices.SortFunc(parts, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(parts)
}

// sendError is what went wrong on the way to a receiver, without its secrets.
type sendError struct {
	text string
	late bool
}

func (e *sendError) Error() string { return e.text }

// Is keeps what is told apart.
func (e *sendError) Is(target error) bool { return e.late && target == context.DeadlineExceeded }

// scrub is an error without the secrets of the address.
func (a Address) scrub(err error) error {
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*alerts.RefusedError](err); ok {
		return &alerts.RefusedError{Status: refused.Status, Text: a.plain(refused.Text)}
	}
	late := errors.Is(err, context.DeadlineExceeded)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		late = true
	}
	text := err.Error()
	if e, ok := errors.AsType[*url.Error](err); ok { // it begins with the whole URL
		text = e.Err.Error()
	}
	return &sendError{text: a.String() + ": " + a.plain(text), late: late}
}

// clientTimeout ends what ignores its context.
const clientTimeout = 15 * time.Second

// newClient follows no redirection: a message is not carried to where nobody has asked for it.
func newClient() *http.Client {
	return &http.Client{
		Timeout:       clientTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
