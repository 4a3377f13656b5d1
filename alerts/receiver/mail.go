package receiver

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net"
	netmail "net/mail"
	"net/smtp"
	"slices"
	"strings"
	"time"

	"warroom/alerts"
	"warroom/sources"
)

// mail sends messages by SMTP. Its URL is shoutrrr's:
//
//	smtp://user:password@host:port/?from=warroom@example.com&to=oncall@example.com,lead@example.com
type mail struct {
	address    Address
	host, port string
	from       netmail.Address
	to         []string
	hello      string // how we introduce ourselves
	encryption string // see encryptions
	auth       string // see auths
	mustTLS    bool
	mayTLS     bool
	anyTLS     bool // take any certificate
	now        func() time.Time
}

var (
	encryptions = []string{"auto", "none", "explicittls", "implicittls"}
	auths       = []string{"unknown", "none", "plain", "crammd5"}
	mailWords   = []string{"from", "fromaddress", "fromname", "to", "toaddresses", "auth", "encryption", "starttls", "usestarttls",
		"requirestarttls", "skiptlsverify", "clienthost", "timeout", "usehtml", "subject", "title"}
)

// implicitPort is where TLS is spoken from the first byte on.
const implicitPort = "465"

func newMail(a Address) (*mail, error) {
	m := &mail{
		address: a, host: a.parsed.Hostname(), port: a.parsed.Port(), hello: "localhost", encryption: "auto", auth: "unknown",
		mayTLS: true, now: time.Now,
	}
	if m.host == "" {
		return nil, errors.New("smtp: the host is missing")
	}
	if m.port == "" {
		m.port = "25"
	}
	for word, values := range a.parsed.Query() {
		for _, value := range values { // to may stand there for each of them
			if err := m.set(strings.ToLower(word), value); err != nil {
				return nil, fmt.Errorf("smtp: %w", err)
			}
		}
	}
	if m.from.Address == "" || len(m.to) == 0 {
		return nil, errors.New("smtp: want who writes and to whom, as in ?from=warroom@example.com&to=oncall@example.com")
	}
	return m, nil
}

// set takes one word of the query.
func (m *mail) set(word, value string) (err error) {
	switch word {
	case "from", "fromaddress":
		m.from.Address, err = mailbox(value)
	case "fromname":
		m.from.Name = sources.Clean(value)
	case "to", "toaddresses":
		for one := range strings.SplitSeq(value, ",") {
			to, err := mailbox(one)
			if err != nil {
				return err
			}
			m.to = append(m.to, to)
		}
	case "auth":
		m.auth, err = oneOf(word, value, auths)
	case "encryption":
		m.encryption, err = oneOf(word, value, encryptions)
	case "starttls", "usestarttls":
		m.mayTLS, err = yes(word, value)
	case "requirestarttls":
		m.mustTLS, err = yes(word, value)
	case "skiptlsverify":
		m.anyTLS, err = yes(word, value)
	case "clienthost":
		m.hello = sources.Clean(value)
	case "timeout", "usehtml", "subject", "title": // of shoutrrr; ours are given
	default:
		err = fmt.Errorf("unknown word %q%s", word, sources.MeantHint(word, mailWords))
	}
	return err
}

// mailbox is an address as it stands in the envelope.
func mailbox(text string) (string, error) {
	text = strings.ReplaceAll(strings.TrimSpace(text), " ", "+") // what a query makes of a plus sign
	a, err := netmail.ParseAddress(text)
	if err != nil {
		return "", errors.New("one of the addresses is none")
	}
	return a.Address, nil
}

func oneOf(word, value string, among []string) (string, error) {
	value = strings.ToLower(value)
	if !slices.Contains(among, value) {
		return "", fmt.Errorf("%s: want one of %s", word, strings.Join(among, ", "))
	}
	return value, nil
}

func yes(word, value string) (bool, error) {
	switch strings.ToLower(value) {
	case "yes", "true", "1":
		return true, nil
	case "no", "false", "0":
		return false, nil
	}
	return false, fmt.Errorf("%s: want yes or no", word)
}

// Send mails one message.
func (m *mail) Send(ctx context.Context, msg alerts.Message) error {
	return m.address.scrub(m.send(ctx, &msg))
}

func (m *mail) send(ctx context.Context, msg *alerts.Message) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(m.host, m.port))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	hangUp := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer hangUp()
	err = m.speak(conn, msg)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// speak hands the message over, within one connection.
func (m *mail) speak(conn net.Conn, msg *alerts.Message) error {
	secure := &tls.Config{ServerName: m.host, InsecureSkipVerify: m.anyTLS, MinVersion: tls.VersionTLS12} //nolint:gosec // only where the URL says so
	if m.encryption == "implicittls" || m.encryption == "auto" && m.port == implicitPort {
		conn = tls.Client(conn, secure)
	}
	c, err := smtp.NewClient(conn, m.host)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if err := c.Hello(m.hello); err != nil {
		return err
	}
	if err := m.encrypt(c, conn, secure); err != nil {
		return err
	}
	if err := m.authenticate(c); err != nil {
		return err
	}
	if err := c.Mail(m.from.Address); err != nil {
		return err
	}
	for _, to := range m.to {
		if err := c.Rcpt(to); err != nil {
			return err
		}
	}
	body, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := body.Write(m.letter(msg)); err != nil {
		return err
	}
	if err := body.Close(); err != nil {
		return err
	}
	_ = c.Quit() // it has been taken
	return nil
}

func (m *mail) encrypt(c *smtp.Client, conn net.Conn, secure *tls.Config) error {
	if _, already := conn.(*tls.Conn); already {
		return nil
	}
	offered, _ := c.Extension("STARTTLS")
	must := m.mustTLS || m.encryption == "explicittls"
	switch {
	case offered && (must || m.mayTLS && m.encryption == "auto"):
		return c.StartTLS(secure)
	case must:
		return errors.New("it offers no STARTTLS, which the URL requires")
	}
	return nil
}

// authenticate says who we are, where the URL does. A password goes over TLS only, or to this very machine.
func (m *mail) authenticate(c *smtp.Client) error {
	user := m.address.parsed.User
	if user == nil || m.auth == "none" {
		return nil
	}
	password, _ := user.Password()
	if m.auth == "crammd5" {
		return c.Auth(smtp.CRAMMD5Auth(user.Username(), password))
	}
	return c.Auth(smtp.PlainAuth("", user.Username(), password, m.host))
}

// letter is the message with its head. What is about one alert is one thread.
func (m *mail) letter(msg *alerts.Message) []byte {
	var b strings.Builder
	head := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	_, domain, _ := strings.Cut(m.from.Address, "@")
	head("From", m.from.String())
	head("To", strings.Join(m.to, ", "))
	head("Subject", mime.QEncoding.Encode("utf-8", msg.Title()))
	head("Date", m.now().Format(time.RFC1123Z))
	head("Message-ID", "<"+digest(msg.ID)+"@"+domain+">")
	head("References", "<"+digest(msg.Dedup())+"@"+domain+">")
	head("MIME-Version", "1.0")
	head("Content-Type", "text/plain; charset=utf-8")
	head("Content-Transfer-Encoding", "base64")
	b.WriteString("\r\n")
	text := base64.StdEncoding.EncodeToString([]byte(msg.Title() + "\n\n" + msg.Text() + "\n"))
	for len(text) > lineMost {
		b.WriteString(text[:lineMost] + "\r\n")
		text = text[lineMost:]
	}
	b.WriteString(text + "\r\n")
	return []byte(b.String())
}

// lineMost is how long a line of base64 may be (RFC 2045).
const lineMost = 76
