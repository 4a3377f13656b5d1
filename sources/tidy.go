package sources

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// The bounds of one reading. They are far above what any source of the house gives: 10,000 series at
// the fifteen minutes of a first poll are 150,000 samples.
const (
	samplesMost = 200_000
	factsMost   = 10_000
	changesMost = 2_000
	nameMost    = 200      // characters of names and labels
	textMost    = 500      // characters of texts and values
	bodyMost    = 64 << 10 // bytes of a change's body
	aheadMost   = 10 * time.Minute
)

// tidy makes a batch from outside fit for the recording: text is cleaned and bounded, counts are
// bounded, samples that no reader could make sense of are left out. It says what it left out.
func tidy(b *Batch, now time.Time) string {
	var left []string
	samples, facts, changes := len(b.Samples), len(b.Facts), len(b.Changes)
	b.Samples = b.Samples[:min(samples, samplesMost)]
	b.Facts = b.Facts[:min(facts, factsMost)]
	b.Changes = b.Changes[:min(changes, changesMost)]
	for _, cut := range []struct {
		what string
		over int
	}{{"samples", samples - samplesMost}, {"facts", facts - factsMost}, {"changes", changes - changesMost}} {
		if cut.over > 0 {
			left = append(left, fmt.Sprintf("%d %s too many in one answer", cut.over, cut.what))
		}
	}
	if senseless, example := tidySamples(b, now); senseless > 0 {
		left = append(left, fmt.Sprintf("%d samples that make no sense, e.g. %s", senseless, example))
	}
	for i := range b.Facts {
		b.Facts[i] = tidyFact(b.Facts[i], now)
	}
	for i := range b.Changes {
		b.Changes[i] = tidyChange(b.Changes[i], now)
	}
	if left == nil {
		return ""
	}
	return "left out: " + strings.Join(left, ", ")
}

// tidySamples cleans the samples and leaves out, in place, those that make no sense: a metric that the
// catalogue does not have or computes itself, a value that is no number, a period that has not begun.
func tidySamples(b *Batch, now time.Time) (left int, example string) {
	kept := b.Samples[:0]
	for _, s := range b.Samples {
		s.Series = Series{
			Metric:   s.Series.Metric,
			Resource: CleanTo(s.Series.Resource, nameMost),
			Label:    CleanTo(s.Series.Label, nameMost),
		}
		if why := senseless(s, now); why != "" {
			left++
			example = why
			continue
		}
		s.Seen = seen(s.Seen, now)
		kept = append(kept, s)
	}
	b.Samples = kept
	return left, example
}

func senseless(s Sample, now time.Time) string {
	m, known := Lookup(s.Series.Metric)
	switch {
	case !known:
		return fmt.Sprintf("metric %q is not in the catalogue", CleanTo(s.Series.Metric, nameMost))
	case m.Derived():
		return m.Name + " is computed, not measured"
	case !s.None && (math.IsNaN(s.Value) || math.IsInf(s.Value, 0)):
		return fmt.Sprintf("%v is %v", s.Series, s.Value)
	case s.At.IsZero() || s.At.After(now.Add(aheadMost)):
		return fmt.Sprintf("%v at %v, which is no time of this launch", s.Series, s.At)
	}
	return ""
}

// seen is when something was learnt: what its source said, unless it said nothing or something ahead of
// the clock.
func seen(said, now time.Time) time.Time {
	if said.IsZero() || said.After(now) {
		return now
	}
	return said
}

func tidyFact(f Fact, now time.Time) Fact {
	return Fact{
		Resource: tidyRef(f.Resource), Name: CleanTo(f.Name, nameMost), Value: CleanTo(f.Value, textMost),
		Seen: seen(f.Seen, now),
	}
}

func tidyChange(c Change, now time.Time) Change {
	c.Seen = seen(c.Seen, now)
	if c.At.IsZero() {
		c.At = c.Seen
	}
	c.Kind, c.Actor = CleanTo(c.Kind, nameMost), CleanTo(c.Actor, nameMost)
	c.ID, c.Text = CleanTo(c.ID, nameMost), CleanTo(c.Text, textMost)
	c.Resource = tidyRef(c.Resource)
	if len(c.Body) > bodyMost {
		c.Body = nil // half a body cannot be read back
	}
	return c
}

func tidyRef(r Ref) Ref {
	return Ref{Service: CleanTo(r.Service, nameMost), Name: CleanTo(r.Name, nameMost)}
}
