package document

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"warroom/sources"
)

// CheckLaunch holds a launch that was decoded from the place in the document against what it may say, and cleans
// its texts. Whether its sites name resources that exist is for those to tell who know the resources.
func (d *Document) CheckLaunch(l *sources.Launch, place ...string) error {
	at, word := d.Find(place...), within(place)
	switch {
	case strings.TrimSpace(l.Name) == "":
		return d.At(at, "%s is missing: the launch needs a name", dotted(word("name")))
	case l.T0.IsZero():
		return d.At(at, "%s is missing: want %s", dotted(word("t0")), WantTime)
	case l.Period != 0 && l.Period != time.Minute:
		return d.At(d.Find(word("period")...), "%s: want 60s, the period of all metrics that are read; or leave it out", dotted(word("period")))
	}
	l.Name = sources.Clean(l.Name)
	for i, p := range l.Phases {
		l.Phases[i].Name = sources.Clean(p.Name)
		if err := d.checkPhase(l.T0, p, word("phases", fmt.Sprint(i))); err != nil {
			return err
		}
	}
	for i, m := range l.Marks {
		l.Marks[i].Note = sources.Clean(m.Note)
		if err := d.checkMark(l.T0, m, word("marks", fmt.Sprint(i))); err != nil {
			return err
		}
	}
	return nil
}

// within makes paths below a place.
func within(place []string) func(...string) []string {
	return func(steps ...string) []string { return append(slices.Clone(place), steps...) }
}

func dotted(path []string) string { return strings.Join(path, ".") }

func (d *Document) checkPhase(t0 time.Time, p sources.Phase, place []string) error {
	if strings.TrimSpace(p.Name) == "" {
		return d.At(d.Find(place...), "%s: name is missing", dotted(place))
	}
	return d.checkMoment(t0, p.At, within(place)("at"))
}

// peaks are how a surge is told: how many times the ordinary.
var peaks = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?x?$`)

func (d *Document) checkMark(t0 time.Time, m sources.Mark, place []string) error {
	word := within(place)
	if !slices.Contains(sources.MarkKinds, m.Kind) {
		return d.Unknown(d.Find(word("kind")...), "kind of mark", m.Kind, dotted(place[:len(place)-1]), sources.MarkKinds)
	}
	if err := d.checkMoment(t0, m.At, word("at")); err != nil {
		return err
	}
	if m.Peak != "" && !peaks.MatchString(m.Peak) {
		return d.At(d.Find(word("peak")...), "%s: want how many times the ordinary, such as 20x", dotted(word("peak")))
	}
	if m.Until == "" {
		return nil
	}
	if err := d.checkMoment(t0, m.Until, word("until")); err != nil {
		return err
	}
	from, _ := m.At.On(t0) // both have been read above
	until, _ := m.Until.On(t0)
	if until.Before(from) {
		return d.At(d.Find(word("until")...), "%s: it is over before it begins, at %s", dotted(word("until")), m.At)
	}
	return nil
}

func (d *Document) checkMoment(t0 time.Time, m sources.Moment, path []string) error {
	if _, err := m.On(t0); err != nil {
		return d.At(d.Find(path...), "%s: want T0, T-30m, T+1h12m or %s", dotted(path), WantTime)
	}
	return nil
}
