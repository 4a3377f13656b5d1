package awsread

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// answer is what one pass brought. Its periods are counted back from its end: how far back was asked differs
// from call to call.
type answer struct {
	end    time.Time
	period time.Duration
	unsure time.Duration // before the end, in which values may still come or be revised
	calls  []called      // of each chunk
	states []state       // of each part
}

// called is what one call brought.
type called struct {
	periods  int       // that were asked for
	values   []float64 // of each part, the newest of its periods first; NaN where there was nothing
	culprits []culprit // for whose sake it has just been refused
	err      error
}

// newAnswer is an answer to fill in, with room for what each call will ask for.
func (p *plan) newAnswer(end time.Time) *answer {
	an := &answer{end: end, period: p.period, unsure: p.unsettled(), calls: make([]called, len(p.chunks)), states: make([]state, len(p.parts))}
	for i, from := range p.windows(end, an.unsure) {
		c := &an.calls[i]
		c.periods = int(end.Sub(from) / p.period)
		c.values = make([]float64, len(p.chunks[i].queries)*c.periods)
		for n := range c.values {
			c.values[n] = math.NaN()
		}
	}
	return an
}

// row is the values of a part.
func (an *answer) row(p int) []float64 {
	c, first := &an.calls[p/perCall], p%perCall
	return c.values[first*c.periods : (first+1)*c.periods]
}

// at is when the n-th period before the end begins.
func (an *answer) at(n int) time.Time { return an.end.Add(-time.Duration(n+1) * an.period) }

// errs are the errors of the calls, nil for those that were answered.
func (an *answer) errs() []error {
	errs := make([]error, len(an.calls))
	for i := range an.calls {
		errs[i] = an.calls[i].err
	}
	return errs
}

// state is how a part was answered.
type state struct {
	outcome outcome
	words   string // AWS's own, or what is wrong with the numbers
}

type outcome uint8

const (
	left      outcome = iota // not in the answer
	complete                 // answered
	partial                  // answered in part
	broken                   // AWS failed at it
	forbidden                // not ours to read
	unasked                  // among others for whose sake a call is refused
	refused                  // a call is refused for its sake
)

// answered counts the chunks that came back.
func (an *answer) answered() int {
	n := 0
	for i := range an.calls {
		if an.calls[i].err == nil {
			n++
		}
	}
	return n
}

// err is the first failure of a call: refused credentials before all others.
func (an *answer) err() error {
	var first error
	for _, err := range an.errs() {
		if credentialsRefused(err) {
			return err
		}
		if first == nil || errors.Is(first, context.Canceled) {
			if err != nil {
				first = err
			}
		}
	}
	return first
}

// take reads one result into the part's row. Pages, repeated ids and repeated timestamps are merged; the
// last word counts.
func (an *answer) take(p int, r *types.MetricDataResult) {
	row := an.row(p)
	st := &an.states[p]
	st.words = ""
	if len(r.Timestamps) != len(r.Values) {
		st.words = "CloudWatch sent " + strconv.Itoa(len(r.Timestamps)) + " times for " + strconv.Itoa(len(r.Values)) + " values"
	}
	for i := range min(len(r.Timestamps), len(r.Values)) {
		before := an.end.Sub(r.Timestamps[i])
		n := int((before - 1) / an.period) // the period in which the time lies
		if before <= 0 || n >= len(row) {
			continue
		}
		if math.IsNaN(r.Values[i]) || math.IsInf(r.Values[i], 0) {
			st.words = "CloudWatch sent a value that is no number"
			continue
		}
		row[n] = r.Values[i]
	}
	switch r.StatusCode {
	case types.StatusCodePartialData:
		st.outcome = partial
	case types.StatusCodeInternalError:
		st.outcome = broken
	case types.StatusCodeForbidden:
		st.outcome = forbidden
	default:
		st.outcome = complete
	}
	for _, m := range r.Messages {
		st.words = aws.ToString(m.Code) + " " + aws.ToString(m.Value)
	}
	if st.outcome == complete && st.words != "" && len(r.Messages) == 0 {
		st.outcome = partial
	}
}
