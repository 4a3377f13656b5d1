package receiver

import (
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"slices"
	"strings"

	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/discord"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/googlechat"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/lark"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/matrix"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/mattermost"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/rocketchat"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/signal"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/slack"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/teams"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/telegram"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/wecom"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/zulip"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/incident/opsgenie"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/incident/pagerduty"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/bark"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/gotify"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/ifttt"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/join"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/mqtt"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/ntfy"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/pushbullet"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/pushover"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/sms/twilio"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/specialized/notifiarr"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"warroom/alerts"
	"warroom/sources"
)

// services are shoutrrr's, by the scheme of their URLs.
var services = map[string]func() types.Service{
	"bark":       func() types.Service { return &bark.Service{} },
	"discord":    func() types.Service { return &discord.Service{} },
	"googlechat": func() types.Service { return &googlechat.Service{} },
	"gotify":     func() types.Service { return &gotify.Service{} },
	"ifttt":      func() types.Service { return &ifttt.Service{} },
	"join":       func() types.Service { return &join.Service{} },
	"lark":       func() types.Service { return &lark.Service{} },
	"matrix":     func() types.Service { return &matrix.Service{} },
	"mattermost": func() types.Service { return &mattermost.Service{} },
	"mqtt":       func() types.Service { return &mqtt.Service{} },
	"mqtts":      func() types.Service { return &mqtt.Service{} },
	"notifiarr":  func() types.Service { return &notifiarr.Service{} },
	"ntfy":       func() types.Service { return &ntfy.Service{} },
	"opsgenie":   func() types.Service { return &opsgenie.Service{} },
	"pagerduty":  func() types.Service { return &pagerduty.Service{} },
	"pushbullet": func() types.Service { return &pushbullet.Service{} },
	"pushover":   func() types.Service { return &pushover.Service{} },
	"rocketchat": func() types.Service { return &rocketchat.Service{} },
	"signal":     func() types.Service { return &signal.Service{} },
	"slack":      func() types.Service { return &slack.Service{} },
	"teams":      func() types.Service { return &teams.Service{} },
	"telegram":   func() types.Service { return &telegram.Service{} },
	"twilio":     func() types.Service { return &twilio.Service{} },
	"wecom":      func() types.Service { return &wecom.Service{} },
	"zulip":      func() types.Service { return &zulip.Service{} },
}

// untitled are those that have no place for a title: it is the first line of the message.
var untitled = []string{"googlechat", "mqtt", "mqtts", "notifiarr", "pagerduty", "rocketchat", "signal", "wecom"}

// Schemes are the first words of the URLs that may stand under url.
func Schemes() []string {
	return slices.Sorted(maps.Keys(maps.Collect(func(yield func(string, bool) bool) {
		for scheme := range services {
			if !yield(scheme, true) {
				return
			}
		}
		yield("smtp", true)
	})))
}

// shout speaks to one of shoutrrr's services.
type shout struct {
	address Address
	service types.Service
	begun   bool
	turn    chan struct{} // held by whoever speaks: a service knows one message at a time
}

func newShout(a Address) (*shout, error) {
	scheme := a.parsed.Scheme
	if scheme == "generic" || strings.HasPrefix(scheme, "generic+") {
		return nil, fmt.Errorf("generic is not known here: name its URL under %s", Webhook)
	}
	known, ok := services[scheme]
	if !ok {
		return nil, fmt.Errorf("unknown service %q%s (known: %s)", scheme, sources.MeantHint(scheme, Schemes()), strings.Join(Schemes(), ", "))
	}
	s := &shout{address: a, service: known(), turn: make(chan struct{}, 1)}
	if scheme == "matrix" { // it logs in as soon as it is told where
		return s, nil
	}
	if err := s.begin(); err != nil {
		return nil, a.scrub(err)
	}
	return s, nil
}

// begin tells the service where it speaks to. What it has to say for itself is heard by nobody: it may be a secret.
func (s *shout) begin() error {
	if s.begun {
		return nil
	}
	if err := s.service.Initialize(s.address.parsed, log.New(io.Discard, "", 0)); err != nil {
		return err
	}
	if c, ok := s.service.(types.HTTPClientSetter); ok {
		c.SetHTTPClient(newClient())
	}
	s.begun = true
	return nil
}

// Send speaks one message. Most services know no context: one that hangs is left behind, and nothing more is said
// before it has returned.
func (s *shout) Send(ctx context.Context, m alerts.Message) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return s.address.scrub(ctx.Err())
	}
	text, params := s.words(&m)
	done := make(chan error, 1)
	go func() {
		defer func() { <-s.turn }()
		defer func() {
			if v := recover(); v != nil {
				done <- fmt.Errorf("the service panicked: %v", v)
			}
		}()
		if err := s.begin(); err != nil {
			done <- err
			return
		}
		done <- s.service.Send(text, &params)
	}()
	select {
	case err := <-done:
		return s.address.scrub(err)
	case <-ctx.Done():
		return s.address.scrub(ctx.Err())
	}
}

// words are the message as the service wants it.
func (s *shout) words(m *alerts.Message) (text string, params types.Params) {
	scheme := s.address.parsed.Scheme
	title, text := m.Title(), m.Text()
	params = types.Params{}
	if slices.Contains(untitled, scheme) {
		text = title + "\n" + text
	} else {
		params["title"] = title
	}
	switch scheme {
	case "pagerduty":
		params["severity"] = map[alerts.Severity]string{alerts.Page: "critical", alerts.Warn: "warning", alerts.Info: "info"}[m.Severity]
		params["action"] = "trigger"
		if m.Event == alerts.Over {
			params["action"] = "resolve"
		}
		params["dedup_key"] = key(m)
		params["source"] = m.Resource.String()
		if m.Resource.Service == "" {
			params["source"] = m.Launch
		}
		params["client"] = "warroom"
	case "opsgenie":
		params["alias"] = key(m)
		params["source"] = "warroom"
	}
	return text, params
}

// key is what tells the alert from others, within the 255 characters that incident services take.
func key(m *alerts.Message) string {
	k := sources.Clean(m.Dedup())
	if len(k) > 200 {
		return "warroom/" + digest(k)
	}
	return k
}
