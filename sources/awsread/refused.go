package awsread

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// CloudWatch refuses a whole call for one query that it cannot make sense of. So a refused call is asked in halves
// until the culprits are found, and from then on they are left out of it.

// refusedEvery is how often a series for whose sake a call is refused is asked for, in a call of its own, and how
// often a call is searched that is refused whatever is in it.
const refusedEvery = 5 * time.Minute

// The calls that finding the culprits may take at a time, and those of them that may be refused one after the other
// before anything is answered: then it is not the queries that CloudWatch objects to. One culprit takes eighteen.
const (
	searchMost  = 64
	searchBlind = 24
)

// refusal says that CloudWatch refuses a call for the sake of a series. The zero refusal is none.
type refusal struct {
	words string    // CloudWatch's
	at    time.Time // when it was last asked
}

func (r refusal) stands() bool { return !r.at.IsZero() }

// welcome are the queries of a chunk without those that it would be refused for.
func (p *plan) welcome(c *chunk, an *answer) []types.MetricDataQuery {
	unwelcome := func(n int) bool { return p.tracks[p.parts[c.first+n].track].refusal.stands() }
	left := 0
	for n := range c.queries {
		if unwelcome(n) {
			an.states[c.first+n] = state{outcome: refused, words: p.tracks[p.parts[c.first+n].track].refusal.words}
			left++
		}
	}
	if left == 0 {
		return c.queries
	}
	welcome := make([]types.MetricDataQuery, 0, len(c.queries)-left)
	for n, query := range c.queries {
		if !unwelcome(n) {
			welcome = append(welcome, query)
		}
	}
	return welcome
}

// search finds the queries for whose sake the call was refused, and has the others answered. Where all are refused
// it is the call itself, and the error remains.
func (q *question) search(ctx context.Context, queries []types.MetricDataQuery, err error, now time.Time) error {
	s := &halving{ask: func(some []types.MetricDataQuery) error { return q.pages(ctx, some) }}
	for _, query := range queries {
		q.state(query).outcome = unasked
	}
	failure := s.among(queries, err)
	if !s.answered && len(queries) > 1 && (failure == nil || errors.Is(failure, errSearched)) {
		q.chunk.refused = now
		return err
	}
	for _, f := range s.found {
		q.call.culprits = append(q.call.culprits, culprit{q.part(f.query), message(f.err)})
	}
	if errors.Is(failure, errSearched) {
		return nil
	}
	return failure
}

// halving is a search by halves.
type halving struct {
	ask      func([]types.MetricDataQuery) error
	calls    int
	answered bool // one of them was
	found    []objection
}

type objection struct {
	query types.MetricDataQuery
	err   error
}

// culprit is a part for whose sake a call was refused.
type culprit struct {
	part  int
	words string // CloudWatch's
}

// errSearched says that a search has taken as many calls as it may.
var errSearched = errors.New("searched for long enough")

// among finds those of the queries that err is for, which came of asking for all of them.
func (h *halving) among(queries []types.MetricDataQuery, err error) error {
	switch {
	case err == nil:
		h.answered = true
		return nil
	case !isRefusal(err):
		return err
	case len(queries) == 1:
		h.found = append(h.found, objection{queries[0], err})
		return nil
	}
	half := len(queries) / 2
	for _, some := range [][]types.MetricDataQuery{queries[:half], queries[half:]} {
		if h.calls == searchMost || h.calls == searchBlind && !h.answered {
			return errSearched
		}
		h.calls++
		if err := h.among(some, h.ask(some)); err != nil {
			return err
		}
	}
	return nil
}

// refuse notes for whose sake calls were refused, so that they are left out of the next ones.
func (p *plan) refuse(an *answer, now time.Time) {
	for i := range an.calls {
		for _, c := range an.calls[i].culprits {
			p.tracks[p.parts[c.part].track].refusal = refusal{c.words, now}
			an.states[c.part] = state{outcome: refused, words: c.words}
		}
	}
}

// appeal asks for series that are refused, in calls of their own, now and then.
func (p *plan) appeal(ctx context.Context, cw *cloudwatch.Client, m *meter, an *answer, now time.Time) {
	for i := range p.tracks {
		t := &p.tracks[i]
		if !t.refusal.stands() || now.Sub(t.refusal.at).Abs() < refusedEvery {
			continue
		}
		err := p.askApart(ctx, t, &question{cw: cw, meter: m, answer: an})
		switch {
		case err == nil:
			t.refusal = refusal{}
		case isRefusal(err):
			t.refusal = refusal{message(err), now}
		}
	}
}

// askApart asks for each part of a series alone.
func (p *plan) askApart(ctx context.Context, t *track, q *question) error {
	for _, part := range t.parts {
		n := part / perCall
		q.chunk, q.call = &p.chunks[n], &q.answer.calls[n]
		if err := q.pages(ctx, q.chunk.queries[part%perCall:][:1]); err != nil {
			return err
		}
	}
	return nil
}
