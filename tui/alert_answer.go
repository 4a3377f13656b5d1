package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"warroom/alerts"
	"warroom/sources"
)

// respondedMsg is the recording's answer to what a person did about an alert.
type respondedMsg struct {
	said string
	err  error
}

var (
	errReplayed   = errors.New("this is a replay: it shows who had what, and takes no answers")
	errNoAlert    = errors.New("no alert is chosen, and none is open")
	errNobodyHere = errors.New("who are you? start with --operator NAME, so that others see who has it")
)

// answers tells why nobody here can answer an alert, nil where somebody can.
func (m *Model) answers() error {
	switch {
	case m.opt.Mode == Replay:
		return errReplayed
	case strings.TrimSpace(sources.Clean(m.opt.Operator)) == "":
		return errNobodyHere
	}
	return nil
}

// answerable is the alert that a person answers: as it is now, whatever time is shown.
func (m *Model) answerable(a *alerts.Alert) (*alerts.Alert, error) {
	if err := m.answers(); err != nil {
		return nil, err
	}
	if a == nil {
		return nil, errNoAlert
	}
	now := alertOf(m.presentAlerts(), a.Key)
	switch {
	case now == nil:
		return nil, errNoAlert
	case !now.Open():
		return nil, fmt.Errorf("%s is over since %s", alertName(&now.Transition), m.hour(now.At))
	}
	return now, nil
}

// respond records what a person does about an alert. It is durable before the screen says so.
func (m *Model) respond(r alerts.Response, resource sources.Ref, said string) tea.Cmd {
	c, err := r.Change(m.opt.Operator, m.opt.Clock.Now(), resource)
	if err != nil {
		m.complain(err)
		return nil
	}
	m.say("recording it …")
	return m.record(c, func(_ sources.Change, err error) tea.Msg { return respondedMsg{said: said, err: err} })
}

func (m *Model) responded(msg respondedMsg) tea.Cmd {
	if msg.err != nil {
		m.complain(fmt.Errorf("not recorded: %w", msg.err))
		return nil
	}
	m.say(msg.said)
	return m.advanced()
}

// own says that the operator has the chosen alert, or does not have it any more. Of another's it is taken over.
func (m *Model) own(a *alerts.Alert) (tea.Cmd, error) {
	a, err := m.answerable(a)
	if err != nil {
		return nil, err
	}
	name, me := alertName(&a.Transition), sources.Clean(m.opt.Operator)
	r := alerts.Response{Did: alerts.Owned, Key: a.Key, Rule: a.Rule}
	said := "you have it: " + name
	switch a.Owner {
	case me:
		r.Did, said = alerts.Released, "nobody has it now: "+name
	case "":
	default:
		said = "you have it, taken over from " + sources.Clean(a.Owner) + ": " + name
	}
	return m.respond(r, a.Resource, said), nil
}

// openSilence asks for how long the chosen alert shall wake nobody, and why.
func (m *Model) openSilence(a *alerts.Alert) error {
	a, err := m.answerable(a)
	if err != nil {
		return err
	}
	key := a.Key
	p := m.ask("silence "+alertName(&a.Transition), "silence", "", func(text string) (tea.Cmd, error) {
		return m.silence(alertOf(m.presentAlerts(), key), text)
	})
	p.about = func(text string) []Hint { return m.silenceHints(a, text) }
	return nil
}

// silenceExamples are the ways to say for how long.
var silenceExamples = []Hint{
	{Key: "10m", Does: "also 30m, 1h; then why: 30m the purge is planned"}, {Key: "until", Does: "until 20:45, until T+30m; then why"},
	{Key: "off", Does: "wakes people again"},
	{Does: "It wakes nobody until then, and goes on being judged."},
}

func (m *Model) silenceHints(a *alerts.Alert, text string) []Hint {
	hints := silenceExamples
	if a.Silence == nil {
		hints = append([]Hint{}, silenceExamples[0], silenceExamples[1], silenceExamples[3])
	}
	until, why, err := m.silenceUntil(text)
	if err != nil {
		return hints
	}
	return []Hint{{Key: "until", Does: m.until(until)}, {Key: "why", Does: orElse(why, "not said; type it behind the time")}, silenceExamples[3]}
}

// silence records that an alert wakes nobody for a time: "30m the purge is planned", "until T+30m", "off".
func (m *Model) silence(a *alerts.Alert, text string) (tea.Cmd, error) {
	a, err := m.answerable(a)
	if err != nil {
		return nil, err
	}
	if text == "off" {
		return m.unsilence(a)
	}
	until, why, err := m.silenceUntil(text)
	if err != nil {
		return nil, err
	}
	r := alerts.Response{Did: alerts.Silenced, Rule: a.Rule, Resource: a.Resource.String(), Until: until, Why: why}
	return m.respond(r, a.Resource, "silenced until "+m.until(until)+": "+alertName(&a.Transition)), nil
}

func (m *Model) unsilence(a *alerts.Alert) (tea.Cmd, error) {
	a, err := m.answerable(a)
	switch {
	case err != nil:
		return nil, err
	case a.Silence == nil:
		return nil, fmt.Errorf("%s is not silenced", alertName(&a.Transition))
	}
	r := alerts.Response{Did: alerts.Unsilenced, Rule: a.Silence.Rule, Resource: a.Silence.Resource}
	return m.respond(r, a.Resource, "it wakes people again: "+alertName(&a.Transition)), nil
}

// longestSilence keeps a slip of the finger from outlasting the launch.
const longestSilence = 24 * time.Hour

// errSilence says what the dialog takes.
var errSilence = errors.New("for how long? 10m, 30m, 1h, until 20:45 or until T+30m; then why")

// silenceUntil reads until when, on the launch clock, and why.
func (m *Model) silenceUntil(text string) (until time.Time, why string, err error) {
	now := m.opt.Clock.Now()
	word, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	rest = strings.TrimSpace(rest)
	d, failed := time.ParseDuration(strings.TrimPrefix(word, "+"))
	switch {
	case word == "until":
		word, rest, _ = strings.Cut(rest, " ")
		if until, err = m.coming(word, now); err != nil {
			return until, "", err
		}
	case failed != nil || word == "":
		return until, "", errSilence
	default:
		until = now.Add(d)
	}
	switch {
	case !until.After(now):
		return until, "", fmt.Errorf("%s is over already", sources.Clean(word))
	case until.Sub(now) > longestSilence:
		return until, "", fmt.Errorf("at most %s at once", short(longestSilence))
	}
	return until, strings.TrimSpace(rest), nil
}

// coming is a time that a person typed and that lies ahead.
func (m *Model) coming(word string, now time.Time) (time.Time, error) {
	return moment(word, now, m.opt.Meta.Launch.T0, span{now, now.Add(longestSilence)}, m.opt.Zone)
}

// answerKey does what a key does about the chosen alert, or says why not.
func (m *Model) answerKey(do func(*alerts.Alert) (tea.Cmd, error)) tea.Cmd {
	cmd, err := do(m.chosenAlert())
	if err != nil {
		m.complain(err)
	}
	return cmd
}

// ownCommand and silenceCommand are the commands: of the chosen alert, or of the one that is named.
func (m *Model) ownCommand(rest string) (tea.Cmd, error) {
	a, rest, err := m.meantAlert(rest)
	if err == nil && rest != "" {
		err = unknown("alert", rest, m.openRules())
	}
	if err != nil {
		return nil, err
	}
	return m.own(a)
}

func (m *Model) silenceCommand(rest string) (tea.Cmd, error) {
	word, then, _ := strings.Cut(rest, " ")
	rules := m.silenceable()
	if slices.Contains(rules, word) && !slices.Contains(m.openRules(), word) {
		return m.silenceAhead(word, strings.TrimSpace(then))
	}
	if then != "" && m.answers() == nil && !slices.Contains(rules, word) && sources.Nearest(word, rules) != "" {
		if _, _, err := m.silenceUntil(rest); errors.Is(err, errSilence) {
			return nil, unknown("rule", word, rules)
		}
	}
	a, rest, err := m.meantAlert(rest)
	switch {
	case err != nil:
		return nil, err
	case rest == "":
		return nil, m.openSilence(a)
	}
	return m.silence(a, rest)
}

// silenceAhead records that a rule of which no alert is open wakes nobody for a time, whatever it will be about: what is
// planned is silenced before it is done.
func (m *Model) silenceAhead(rule, text string) (tea.Cmd, error) {
	if err := m.answers(); err != nil {
		return nil, err
	}
	name := ruleWords(rule)
	switch text {
	case "":
		p := m.ask("silence "+name, "silence", "", func(text string) (tea.Cmd, error) { return m.silenceAhead(rule, text) })
		p.about = func(text string) []Hint { return m.silenceHints(&alerts.Alert{}, text) }
		return nil, nil
	case "off":
		var all []tea.Cmd
		for _, s := range alerts.Silences(m.room.changes, m.opt.Clock.Now()) {
			if s.Rule == rule {
				r := alerts.Response{Did: alerts.Unsilenced, Rule: rule, Resource: s.Resource}
				all = append(all, m.respond(r, sources.Ref{}, "it wakes people again: "+name))
			}
		}
		if len(all) == 0 {
			return nil, fmt.Errorf("%s is not silenced", name)
		}
		return tea.Batch(all...), nil
	}
	until, why, err := m.silenceUntil(text)
	if err != nil {
		return nil, err
	}
	r := alerts.Response{Did: alerts.Silenced, Rule: rule, Until: until, Why: why}
	return m.respond(r, sources.Ref{}, "silenced until "+m.until(until)+", whatever it will be about: "+name), nil
}

// silenceable are the rules that can be silenced: those by which is judged, and those of which an alert is open.
func (m *Model) silenceable() []string {
	names := m.openRules()
	if m.opt.Rules != nil {
		for _, name := range m.opt.Rules() {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// silencedAhead says which rules are silenced of which no alert is open, "" where none is.
func (m *Model) silencedAhead(rows []alertRow) string {
	var all []string
	for _, s := range alerts.Silences(m.happened(), m.drawn.at) {
		if !slices.ContainsFunc(rows, func(r alertRow) bool { return r.Open() && r.Rule == s.Rule }) {
			all = append(all, sources.Clean(s.Rule)+" silenced until "+m.minute(s.Until))
		}
	}
	switch len(all) {
	case 0:
		return ""
	case 1:
		return all[0]
	}
	return fmt.Sprintf("%s +%d", all[0], len(all)-1)
}

// meantAlert is the open alert whose rule the text begins with, else the chosen one; and what follows.
func (m *Model) meantAlert(text string) (*alerts.Alert, string, error) {
	word, rest, _ := strings.Cut(text, " ")
	var found *alerts.Alert
	all := m.presentAlerts()
	for i := range all {
		if a := &all[i]; a.Rule == word && a.Open() {
			if found != nil && found.Resource != m.chosen {
				if a.Resource != m.chosen {
					return nil, "", fmt.Errorf("%s of which? choose its tile first: %s or %s", sources.Clean(word), found.Resource, a.Resource)
				}
				found = a
			}
			if found == nil {
				found = a
			}
		}
	}
	if found != nil {
		return found, strings.TrimSpace(rest), nil
	}
	return m.chosenAlert(), text, nil
}

// openRules are the rules of which an alert is open, for completion.
func (m *Model) openRules() []string {
	var names []string
	all := m.presentAlerts()
	for i := range all {
		if all[i].Open() {
			names = append(names, all[i].Rule)
		}
	}
	return names
}
