package tui

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"warroom/alerts"
	"warroom/sources"
	"warroom/tui/theme"
)

// worn is how the most urgent alert of a resource has its tile stand; of level ok where there is none.
func (s *Scene) worn(r sources.Ref) Status {
	worst := Status{Level: LevelOK}
	for i := range s.Alerts {
		if a := &s.Alerts[i]; a.Resource == r {
			if st := AlertStatus(a); st.Level > worst.Level {
				worst = st
			}
		}
	}
	return worst
}

// AlertStatus is how an alert stands as a tile's word. One that another explains, one that is about to be over and one
// that is silenced need no person now.
func AlertStatus(a *alerts.Alert) Status {
	last := lastValue(a)
	s := Status{Why: sources.Clean(orElse(last.Summary, alertName(&a.Transition))), Since: since(a), of: judgedMetric(last), alert: a.Key}
	switch {
	case !pressing(a) || a.Severity == alerts.Info:
		return Status{}
	case a.To == alerts.NoData:
		s.Level, s.Word, s.Glyph, s.Why = LevelError, "no data", '?', sources.Clean(orElse(a.Why, s.Why))
	case a.To == alerts.Errored:
		s.Level, s.Word, s.Glyph, s.Why = LevelError, "rule error", '!', sources.Clean(orElse(a.Why, s.Why))
	case a.Silence != nil:
		s.Level, s.Word, s.Glyph = LevelWarn, silencedWord, '▲'
		if a.To == alerts.Recovering {
			s.Why = "was: " + s.Why
		}
	case a.To == alerts.Recovering:
		s.Level, s.Word, s.Glyph, s.Why = LevelWarn, "recovering", '▲', "was: "+s.Why
	case a.Severity == alerts.Page && a.Under == "":
		s.Level, s.Word, s.Glyph = LevelPage, "page", '✖'
	default:
		s.Level, s.Word, s.Glyph = LevelWarn, "warn", '▲'
	}
	return s
}

// besideNow is the sentence of an alert, which is of when it was judged, after the value of now: named so, as the sentence may
// name another one. Where it names the same that is enough.
func besideNow(now, why string) string {
	if now == "" || why == "" || names(why, now) {
		return orElse(why, now)
	}
	return "now " + now + " · " + why
}

// names tells whether a sentence names a value, with or without a blank before its unit.
func names(sentence, value string) bool {
	squeezed, value := strings.ReplaceAll(sentence, " ", ""), strings.ReplaceAll(value, " ", "")
	for {
		before, after, found := strings.Cut(squeezed, value)
		switch {
		case !found:
			return false
		case before == "" || !strings.ContainsAny(before[len(before)-1:], "0123456789.,"):
			return true
		}
		squeezed = after
	}
}

// silencedWord is that of a tile whose alert is silenced.
const silencedWord = "silenced"

// since is when the condition of an alert began to hold, as far as that is told.
func since(a *alerts.Alert) time.Time {
	if t := lastValue(a); !t.Since.IsZero() {
		return t.Since
	}
	return a.Began
}

// judgedMetric is the metric that an alert is about: the first that its rule read; the rule where it says nothing.
func judgedMetric(t *alerts.Transition) string {
	if len(t.Judged) > 0 {
		return t.Judged[0].Series.Metric
	}
	return t.Rule
}

// wear is how a tile stands by what it reads itself and by its worst alert. Where rules are judged only an alert pages:
// what a tile finds beside them is worth a look.
func (s *Scene) wear(own, worn Status) Status {
	if s.Judged && own.Level == LevelPage {
		own.Level, own.Glyph, own.Why = LevelWarn, '▲', strings.Replace(own.Why, ", pages ", ", warns ", 1)
		if own.Word == "page" {
			own.Word = "warn"
		}
	}
	switch {
	case worn.Level > own.Level, worn.Level == own.Level && worn.of == own.of && worn.Word == silencedWord:
		worn.empty = own.empty
		return worn
	case worn.Level == own.Level && worn.of == own.of:
		own.alert = worn.alert // both tell of the same, and the tile knows the better word
	}
	return own
}

// alertItems are the alerts that are to be seen at once, as lines of news: those that page first, the ones that another
// explains counted with it, the silenced ones left out.
func (s *Scene) alertItems() []item {
	var out []item
	for i := range s.Alerts {
		a := &s.Alerts[i]
		st := AlertStatus(a)
		if st.Level < LevelWarn || explaining(s.Alerts, a) != nil || a.Silence != nil {
			continue
		}
		it := item{
			glyph: st.Glyph, at: st.Since, what: alertName(&a.Transition), text: besideNow(valueNow(s.View, a), st.Why), style: theme.Fg(st.Level.colour()), level: st.Level,
			runbook: sources.Clean(a.Runbook),
		}
		if a.To != alerts.Firing {
			it.word = st.Word
		}
		switch {
		case a.Owner != "":
			it.who, it.whose = sources.CleanTo(a.Owner, 12)+" has it", theme.Fg(theme.Good)
		case st.Level == LevelPage:
			it.who, it.whose = "nobody has it", theme.Fg(theme.Warn)
		}
		if n := len(a.Lists); n > 0 {
			it.word = strings.TrimSpace("+" + strconv.Itoa(n) + " " + it.word)
		}
		out = append(out, it)
	}
	slices.SortStableFunc(out, func(a, b item) int { return int(b.level) - int(a.level) })
	if len(out) > 0 && out[0].runbook != "" && s.RunbookKey != "" {
		out[0].key = " [" + s.RunbookKey + "]"
	}
	return out
}
