package tui

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"warroom/alerts"
	"warroom/sources"
	"warroom/sources/query"
)

// knownAlerts are the alerts that the recording tells of up to a moment. They are read from all of its changes, not only
// from those of the window, so that one that has been open for hours is there; and read once for all who ask, until a
// change comes or a silence ends.
type knownAlerts struct {
	changes     int
	last        int64
	from, until time.Time
	alerts      []alerts.Alert
}

// far is a time that does not come.
const far = 1 << 40 * time.Microsecond

// at are the alerts of these changes at a moment. They are not to be changed.
func (k *knownAlerts) at(changes []sources.Change, last int64, now time.Time) []alerts.Alert {
	if k.changes == len(changes) && k.last == last && !now.Before(k.from) && now.Before(k.until) {
		return k.alerts
	}
	*k = knownAlerts{changes: len(changes), last: last, from: now, until: now.Add(far), alerts: alerts.Alerts(changes, now)}
	for _, s := range alerts.Silences(changes, now) {
		k.until = earlier(k.until, s.Until)
	}
	return k.alerts
}

// alerts are those that the recording knows at the time that is shown, the most urgent first.
func (m *Model) alerts() []alerts.Alert {
	return m.shownAlerts.at(m.happened(), m.room.last, m.drawn.at)
}

// presentAlerts are those as of now, whatever time is shown.
func (m *Model) presentAlerts() []alerts.Alert {
	return m.nowAlerts.at(m.room.changes, m.room.last, m.reach().to)
}

// judged tells whether rules are judged on this recording: then a tile pages by an alert only.
func (m *Model) judged() bool {
	return m.opt.Judged || slices.ContainsFunc(m.room.changes, func(c sources.Change) bool { return c.Kind == alerts.ChangeAlert })
}

// alertOf is the alert of a key, nil where there is none.
func alertOf(all []alerts.Alert, key string) *alerts.Alert {
	if i := slices.IndexFunc(all, func(a alerts.Alert) bool { return a.Key == key }); i >= 0 {
		return &all[i]
	}
	return nil
}

// explaining is the open alert that explains one, nil where there is none: one whose root is over stands for itself, whether or
// not the judge has said so by now.
func explaining(all []alerts.Alert, a *alerts.Alert) *alerts.Alert {
	if a.Under == "" {
		return nil
	}
	if above := alertOf(all, a.Under); above != nil && above.Open() {
		return above
	}
	return nil
}

// chosenAlert is the alert that a key is about: the one of the page, else the most urgent of the chosen tile, else the
// most urgent of all. Nil where nothing is the matter.
func (m *Model) chosenAlert() *alerts.Alert {
	all := m.alerts()
	switch p := m.page.(type) {
	case *alertListPage:
		return alertOf(all, p.chosen)
	case *alertPage:
		return alertOf(all, p.of)
	}
	for i := range all {
		if m.chosen != (sources.Ref{}) && all[i].Resource == m.chosen && pressing(&all[i]) {
			return &all[i]
		}
	}
	for i := range all {
		if pressing(&all[i]) && explaining(all, &all[i]) == nil {
			return &all[i]
		}
	}
	return nil
}

// pressing tells whether an alert is to be seen without being looked for.
func pressing(a *alerts.Alert) bool {
	switch a.To {
	case alerts.Firing, alerts.Recovering:
		return true
	case alerts.NoData, alerts.Errored:
		return !a.Fired.IsZero() // it was something, and nobody can say what it is now
	}
	return false
}

// alertName is what an alert is called: its rule in words, and what it is about.
func alertName(t *alerts.Transition) string {
	name := ruleWords(t.Rule)
	if t.Resource.Name != "" {
		name += " " + t.Resource.Name
	}
	labels := make([]string, 0, len(t.Labels))
	for _, value := range t.Labels {
		labels = append(labels, value)
	}
	slices.Sort(labels)
	return sources.Clean(strings.Join(append([]string{name}, labels...), " "))
}

// ruleWords is a rule's name in words: OriginErrors are origin errors, WAFSurge is a WAF surge.
func ruleWords(name string) string {
	var out []string
	word := []rune{}
	runes := []rune(name)
	end := func() {
		if w := string(word); w != "" {
			if len(word) == 1 || strings.ToUpper(w) != w {
				w = strings.ToLower(w)
			}
			out = append(out, w)
		}
		word = word[:0]
	}
	for i, r := range runes {
		before := i > 0 && (unicode.IsLower(runes[i-1]) || unicode.IsDigit(runes[i-1]))
		after := i > 0 && i+1 < len(runes) && unicode.IsUpper(runes[i-1]) && unicode.IsLower(runes[i+1])
		switch {
		case r == '_' || r == '-' || r == ' ':
			end()
			continue
		case unicode.IsUpper(r) && (before || after):
			end()
		case unicode.IsDigit(r) && len(word) > 1 && !unicode.IsDigit(runes[i-1]):
			end()
		}
		word = append(word, r)
	}
	end()
	return strings.Join(out, " ")
}

// boundOf is what an alert's rule compares with, as its words tell: they are its condition, or say it in a sentence, and
// then it is the first of the series that were judged which is held against the number. Words are read once.
func (m *Model) boundOf(words string, judged []alerts.Judged) query.Bound {
	b, ok := m.bounds[words]
	if !ok {
		if m.bounds == nil || len(m.bounds) > boundsMost {
			m.bounds = map[string]query.Bound{}
		}
		b = query.BoundOf(words)
		m.bounds[words] = b
	}
	if b == (query.Bound{}) && len(judged) > 0 {
		b = spoken(words, judged[0].Series.Metric)
	}
	return b
}

// boundsMost is how many conditions are remembered.
const boundsMost = 1000

var (
	comparing = regexp.MustCompile(`(?i)\b(more than|above|over|at least|exceeds|less than|below|under|fewer than|at most)\s+(-?[0-9]+(?:[.,][0-9]+)*)\s*(%|ms|s|seconds|min|minutes)?`)
	upwards   = []string{"more than", "above", "over", "at least", "exceeds"}
)

// spoken is the bound that a sentence names for a metric: "more than 1 % of requests fail in 2 of 3 minutes". One in
// another unit than the metric's is none.
func spoken(words, metric string) query.Bound {
	found := comparing.FindStringSubmatch(words)
	known, ok := sources.Lookup(metric)
	if found == nil || !ok {
		return query.Bound{}
	}
	limit, err := strconv.ParseFloat(strings.ReplaceAll(found[2], ",", ""), 64)
	scale := map[sources.Unit]map[string]float64{
		sources.Ratio:   {"%": 0.01},
		sources.Seconds: {"ms": 0.001, "s": 1, "seconds": 1, "min": 60, "minutes": 60},
	}[known.Unit]
	factor, fits := scale[found[3]]
	if scale == nil {
		factor, fits = 1, found[3] == ""
	}
	if err != nil || !fits {
		return query.Bound{}
	}
	return query.Bound{Metric: metric, Limit: limit * factor, Known: true, Above: slices.Contains(upwards, strings.ToLower(found[1]))}
}

// judgedValue is the value that a transition was decided by, with its unit, "" where that is not told: that of its condition
// where its words give it a unit, else the newest of the first series that was judged.
func (m *Model) judgedValue(t *alerts.Transition) string {
	if b := m.boundOf(t.Words, nil); t.Value != nil && b.Unit != "" {
		metric, _ := sources.Lookup(b.Metric)
		if metric.Unit != b.Unit {
			metric = sources.Metric{Unit: b.Unit, Period: time.Minute}
		}
		return alertAmount(*t.Value, metric)
	}
	if len(t.Judged) == 0 {
		return ""
	}
	metric, _ := sources.Lookup(t.Judged[0].Series.Metric)
	for _, p := range slices.Backward(t.Judged[0].Points) {
		if n, ok := measured(p, &metric); ok {
			return alertAmount(n, metric)
		}
	}
	return ""
}

// valueNow is the newest settled value of what an alert is about while it is live, "" of others.
func valueNow(v *sources.View, a *alerts.Alert) string {
	judged := judgedOf(a)
	if len(judged) == 0 || !a.To.Live() {
		return ""
	}
	metric, known := sources.Lookup(judged[0].Series.Metric)
	p, ok := v.Settled(judged[0].Series)
	n, measurable := measured(p, &metric)
	if !known || !ok || !measurable {
		return ""
	}
	return alertAmount(n, metric)
}

// alertAmount is a value with its unit, and of a level with what there is so much of.
func alertAmount(n float64, metric sources.Metric) string {
	if metric.Unit == sources.Level && metric.Name != "" {
		return inUnit(n, metric) + " " + inWords(metric.Name, metric.Service)
	}
	return inUnit(n, metric)
}

// alertValue is the value of an alert as people read it: that of now while it is live, else that which was judged.
func (m *Model) alertValue(a *alerts.Alert) string {
	return strings.TrimPrefix(m.alertStands(a), "now ")
}

// alertStands is the same, and says so of the value of now.
func (m *Model) alertStands(a *alerts.Alert) string {
	if now := valueNow(m.view(), a); now != "" {
		return "now " + now
	}
	return m.judgedValue(lastValue(a))
}

// lastValue is the newest of an alert's transitions that say the value, as one which recovers has none.
func lastValue(a *alerts.Alert) *alerts.Transition {
	for i := len(a.History) - 1; i >= 0; i-- {
		if a.History[i].Value != nil {
			return &a.History[i]
		}
	}
	return &a.Transition
}

// moveToAlert goes to the next moment at which an alert began to fire, as far as somebody should know of it.
func (m *Model) moveToAlert(way int) {
	var found *alerts.Transition
	s := m.reach()
	for i := range m.room.changes {
		t, ok := alerts.ReadTransition(m.room.changes[i])
		if !ok || !fires(&t) || !s.holds(t.At) {
			continue
		}
		switch {
		case way < 0 && t.At.Before(m.cursor.at) && (found == nil || !t.At.Before(found.At)),
			way > 0 && t.At.After(m.cursor.at) && (found == nil || t.At.Before(found.At)):
			found = &t
		}
	}
	switch {
	case found != nil:
		m.moveTo(found.At)
		m.say(m.hour(found.At) + "  " + alertName(found) + ": " + sources.Clean(found.Summary))
	case way < 0:
		m.say("no alert before this one")
	default:
		m.say("no alert after this one")
	}
}

// fires tells whether with this an alert begins to fire, and is no note only.
func fires(t *alerts.Transition) bool {
	begins := t.From != alerts.Firing && t.From != alerts.Recovering && t.Severity != alerts.Info
	return t.Page || t.To == alerts.Firing && begins
}

// telling tells whether a change is worth a line of the timeline; one of an alert is when it fires, or is over.
func telling(c *sources.Change) bool {
	if c.Kind == sources.ChangeModel {
		return false // the run that asked for it has its line
	}
	t, ok := alerts.ReadTransition(*c)
	if !ok {
		return true
	}
	return fires(&t) || t.To == alerts.Resolved && t.From != alerts.Pending
}
