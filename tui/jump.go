package tui

import (
	"errors"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"warroom/sources"
)

// openJump asks for a time, and says which moment it is while it is typed.
func (m *Model) openJump() {
	p := m.ask("jump to", "go", "", func(text string) (tea.Cmd, error) { return m.tick(), m.jump(text) })
	p.about = func(text string) []Hint {
		t, err := m.moment(text)
		if err != nil {
			return jumpExamples
		}
		return []Hint{{Key: "→", Does: strings.TrimSpace(t.In(m.opt.Zone).Format("2 Jan 15:04:05 MST") + "  " + m.since(t))}}
	}
}

// moment is the time that was typed. The start is that of the key for it.
func (m *Model) moment(text string) (time.Time, error) {
	if strings.EqualFold(strings.TrimSpace(text), "start") {
		return m.begin(), nil
	}
	return moment(text, m.cursor.at, m.opt.Meta.Launch.T0, m.reach(), m.opt.Zone)
}

// jumpExamples are the ways to write a time.
var jumpExamples = []Hint{
	{Key: "T-5m", Does: "before or after T0, also T+1h12m and T0"}, {Key: "20:31", Does: "a time of day, also 20:31:05, or with its date"},
	{Key: "+90s", Does: "from here on, also -5m"}, {Key: "start", Does: "of the recording, also end and live"},
}

// errMoment says what the jump prompt takes.
var errMoment = errors.New("write T-5m, T+1h12m, 20:31, 20:31:05, +90s, -5m, a date and time, start, end or live")

// moment reads the time that a person typed. Relative times count from the cursor, T± from T0, and a time of
// day means the one nearest to the cursor that lies in the recording, so that it works across midnight.
func moment(text string, at, t0 time.Time, s span, zone *time.Location) (time.Time, error) {
	text = strings.TrimSpace(text)
	switch strings.ToLower(text) {
	case "":
		return time.Time{}, errMoment
	case "start", "begin":
		return s.from, nil
	case "end", "now", "live":
		return s.to, nil
	}
	if text[0] == '+' || text[0] == '-' {
		return stepped(text, at, s)
	}
	if text[0] == 'T' || text[0] == 't' {
		return ofLaunch(text, t0, s)
	}
	if t, ok := dated(text, zone); ok {
		return inside(t, text, s, zone)
	}
	return timeOfDay(text, at, s, zone)
}

// stepped is a step from the cursor; it stops at the ends of the span like the arrow keys do.
func stepped(text string, at time.Time, s span) (time.Time, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q: write +90s, -5m or +1h12m", sources.Clean(text))
	}
	return s.clamp(at.Add(d)), nil
}

func ofLaunch(text string, t0 time.Time, s span) (time.Time, error) {
	if t0.IsZero() {
		return time.Time{}, errors.New("this launch has no T0; write a time of day or +90s")
	}
	t, err := sources.Moment("T" + text[1:]).On(t0)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q: write T-5m, T0 or T+1h12m", sources.Clean(text))
	}
	return inside(t, text, s, t0.Location())
}

// dated reads the spellings that carry a date.
func dated(text string, zone *time.Location) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func timeOfDay(text string, at time.Time, s span, zone *time.Location) (time.Time, error) {
	clock, err := time.Parse("15:04:05", text)
	if err != nil {
		clock, err = time.Parse("15:04", text)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time: %w", sources.Clean(text), errMoment)
	}
	local := at.In(zone)
	var best time.Time
	for day := -1; day <= 1; day++ {
		t := time.Date(local.Year(), local.Month(), local.Day()+day, clock.Hour(), clock.Minute(), clock.Second(), 0, zone)
		if s.holds(t) && (best.IsZero() || t.Sub(at).Abs() < best.Sub(at).Abs()) {
			best = t
		}
	}
	if best.IsZero() {
		return time.Time{}, outside(text, s, zone)
	}
	return best, nil
}

func inside(t time.Time, text string, s span, zone *time.Location) (time.Time, error) {
	if !s.holds(t) {
		return time.Time{}, outside(text, s, zone)
	}
	return t, nil
}

func outside(text string, s span, zone *time.Location) error {
	from, to := s.from.In(zone), s.to.In(zone)
	layout := "15:04:05"
	if from.YearDay() != to.YearDay() || from.Year() != to.Year() {
		layout = "2006-01-02 15:04:05"
	}
	return fmt.Errorf("%s is outside of the recording, which has %s–%s", sources.Clean(text), from.Format(layout), to.Format(layout))
}
