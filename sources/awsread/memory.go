package awsread

import (
	"slices"
	"sync"
	"time"

	"warroom/sources"
)

// memory keeps what a source has told, so that it does not tell the same again. Facts are repeated now and
// then: one that was lost on its way must not stay lost.
type memory struct {
	mu      sync.Mutex
	facts   map[factKey]sources.Fact
	samples map[sources.Series]sources.Sample
}

type factKey struct {
	resource sources.Ref
	name     string
}

// repeatFacts is how often a fact is told that has not changed.
const repeatFacts = 15 * time.Minute

func newMemory() *memory {
	return &memory{facts: map[factKey]sources.Fact{}, samples: map[sources.Series]sources.Sample{}}
}

// sift takes out of the batch what has been told before.
func (m *memory) sift(b sources.Batch) sources.Batch {
	m.mu.Lock()
	defer m.mu.Unlock()
	b.Facts = slices.DeleteFunc(b.Facts, m.knowsFact)
	b.Samples = slices.DeleteFunc(b.Samples, m.knowsSample)
	return b
}

// withdrawn are the facts that were told of a resource and are not among those that hold now, with nothing in them.
func (m *memory) withdrawn(r sources.Ref, now []sources.Fact, seen time.Time) (gone []sources.Fact) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key := range m.facts {
		holds := func(f sources.Fact) bool { return f.Name == key.name }
		if key.resource == r && !slices.ContainsFunc(now, holds) {
			gone = append(gone, sources.Fact{Resource: r, Name: key.name, Seen: seen})
		}
	}
	return gone
}

func (m *memory) knowsFact(f sources.Fact) bool {
	key := factKey{f.Resource, f.Name}
	before, ok := m.facts[key]
	if ok && before.Value == f.Value && f.Seen.Sub(before.Seen).Abs() < repeatFacts {
		return true
	}
	m.facts[key] = f
	return false
}

func (m *memory) knowsSample(s sources.Sample) bool {
	before, ok := m.samples[s.Series]
	if ok && before.At.Equal(s.At) && before.None == s.None && before.Value == s.Value {
		return true
	}
	m.samples[s.Series] = s
	return false
}
