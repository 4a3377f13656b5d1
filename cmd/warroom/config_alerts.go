package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"warroom/alerts"
	"warroom/alerts/receiver"
	"warroom/sources/document"
)

// alerting is by which rules alerts are judged, and whom they go to outside of the room.
type alerting struct {
	Rules     []string    `yaml:"rules"` // rule files, from the config's folder, each over those before it and those of the house
	Receivers []receiving `yaml:"receivers"`
}

// receiving is one receiver. Where it is stands in one of webhook, url, alertmanager and url_file; as what a file's URL
// is used, kind says.
type receiving struct {
	Name         string          `yaml:"name"`
	Webhook      string          `yaml:"webhook"`
	URL          string          `yaml:"url"`
	Alertmanager string          `yaml:"alertmanager"`
	File         string          `yaml:"url_file"` // its first line is the URL
	Kind         receiver.Kind   `yaml:"kind"`     // of the URL in the file
	Severity     alerts.Severity `yaml:"severity"` // the least that goes there; page if it is not said
}

// exposing is what others may read of the room.
type exposing struct {
	Listen string `yaml:"listen"` // address of /metrics: "" = none, a port alone is on the loopback
}

// checkAlerts holds what the config says of receivers against what there is. It asks nobody, and reads no secret: those
// are read by who sends, see [config.receivers].
func (c *config) checkAlerts(d *document.Document) error {
	names := map[string]bool{}
	for i := range c.Alerts.Receivers {
		r := &c.Alerts.Receivers[i]
		if err := r.check(d, []string{"alerts", "receivers", fmt.Sprint(i)}); err != nil {
			return err
		}
		if names[r.Name] {
			return d.At(d.Find("alerts", "receivers", fmt.Sprint(i), "name"), "alerts.receivers: there are two of the name %q", r.Name)
		}
		names[r.Name] = true
	}
	return c.checkMetrics(d)
}

var receiverName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func (r *receiving) check(d *document.Document, place []string) error {
	in := func(word string) ast.Node { return d.Find(append(slices.Clone(place), word)...) }
	where := strings.Join(place, ".")
	switch {
	case r.Name == "":
		return d.At(d.Find(place...), "%s: name is missing: what is the receiver called here?", where)
	case !receiverName.MatchString(r.Name):
		return d.At(in("name"), "%s.name: want one word of letters, digits, dots and dashes", where)
	case r.Severity == "":
		r.Severity = alerts.Page
	case !slices.Contains(alerts.Severities, r.Severity):
		return d.Unknown(in("severity"), "severity", string(r.Severity), where, namesOf(alerts.Severities))
	}
	var said []string
	for _, a := range r.addresses() {
		if a.text != "" {
			said = append(said, a.word)
		}
	}
	switch {
	case len(said) != 1:
		return d.At(in("name"), "%s: want one of webhook, url, alertmanager and url_file, not %d", r.Name, len(said))
	case r.File == "" && r.Kind != "":
		return d.At(in("kind"), "%s.kind: it says what the URL of a url_file is; %s says so by itself", where, said[0])
	case r.File != "" && r.Kind == "":
		r.Kind = receiver.Shoutrrr
	case r.File != "" && !slices.Contains(receiver.Kinds, r.Kind):
		return d.Unknown(in("kind"), "kind of receiver", string(r.Kind), where, namesOf(receiver.Kinds))
	}
	for _, name := range variables.FindAllStringSubmatch(r.text(), -1) {
		if name[1] == "" {
			return d.At(in("name"), "%s: want ${NAME}, the name of a variable of the environment", r.Name)
		}
	}
	return nil
}

// maskAddresses leaves the schemes alone of the URLs that are shown around a mistake: the rest may be a secret.
func maskAddresses(err error) {
	if f, ok := errors.AsType[*document.FileError](err); ok {
		f.Excerpt = anyAddress.ReplaceAllString(f.Excerpt, "$1://…")
	}
}

var anyAddress = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*)://[^\s"',}\]]+`)

// addressed is one of the words under which an address may stand.
type addressed struct {
	word string
	kind receiver.Kind
	text string
}

func (r *receiving) addresses() []addressed {
	return []addressed{
		{"webhook", receiver.Webhook, r.Webhook}, {"url", receiver.Shoutrrr, r.URL},
		{"alertmanager", receiver.Alertmanager, r.Alertmanager}, {"url_file", r.Kind, r.File},
	}
}

// kind is how the receiver is spoken to.
func (r *receiving) kind() receiver.Kind {
	for _, a := range r.addresses() {
		if a.text != "" {
			return a.kind
		}
	}
	return ""
}

// text is the address as it stands in the config, "" where it stands in a file.
func (r *receiving) text() string { return r.Webhook + r.URL + r.Alertmanager }

// namesOf are words as texts.
func namesOf[T ~string](words []T) (names []string) {
	for _, w := range words {
		names = append(names, string(w))
	}
	return names
}

// variables are ${NAME}; the name is "" where it is none.
var variables = regexp.MustCompile(`\$\{(?:([A-Za-z_][A-Za-z0-9_]*)\}|)`)

// address is the receiver's URL with its secrets, which are read anew each time.
func (r *receiving) address(c *config, env func(string) string) (string, error) {
	if r.File != "" {
		path := c.at(r.File)
		text, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("url_file: %w", err)
		}
		line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
		if line == "" {
			return "", fmt.Errorf("url_file: %s is empty", path)
		}
		return line, nil
	}
	var missing string
	text := variables.ReplaceAllStringFunc(r.text(), func(v string) string {
		name := strings.Trim(v, "${}")
		value := env(name)
		if value == "" {
			missing = name
		}
		return value
	})
	if missing != "" {
		return "", fmt.Errorf("the environment has no %s", missing)
	}
	return text, nil
}

// open makes the receiver, ready to be told of alerts. The error says which one it is, and no secret.
func (r *receiving) open(c *config, env func(string) string) (alerts.Receiver, error) {
	address, err := r.address(c, env)
	if err != nil {
		return alerts.Receiver{}, fmt.Errorf("receiver %s: %w", r.Name, err)
	}
	sender, err := receiver.Open(r.kind(), address)
	if err != nil {
		return alerts.Receiver{}, fmt.Errorf("receiver %s: %w", r.Name, err)
	}
	return alerts.Receiver{Name: r.Name, Severity: r.Severity, Sender: sender}, nil
}

// receivers are those of the config, opened, and what keeps others from being so.
func (c *config) receivers(env func(string) string) (out []alerts.Receiver, wrong []error) {
	for i := range c.Alerts.Receivers {
		r, err := c.Alerts.Receivers[i].open(c, env)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		out = append(out, r)
	}
	return out, wrong
}

// checkMetrics reads where the metrics are served.
func (c *config) checkMetrics(d *document.Document) error {
	if c.Metrics.Listen == "" {
		return nil
	}
	address, err := listenAddress(c.Metrics.Listen)
	if err != nil {
		return d.At(d.Find("metrics", "listen"), "metrics.listen: %v", err)
	}
	c.Metrics.Listen = address
	if host, _, _ := net.SplitHostPort(address); !loopback(host) {
		c.warnings = append(c.warnings, fmt.Sprintf("metrics: whoever reaches %s may read them", address))
	}
	return nil
}

// listenAddress is a host and a port; where no host is named it is the loopback.
func listenAddress(text string) (string, error) {
	const want = "want an address such as 127.0.0.1:9273, or a port"
	if _, err := strconv.Atoi(text); err == nil {
		text = ":" + text
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", errors.New(want)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "", errors.New(want)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
