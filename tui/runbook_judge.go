package tui

import (
	"context"
	"errors"
	"time"

	"warroom/sources"
	"warroom/sources/query"
)

// judgement is what a check comes to at the time that is shown, or why it cannot be judged.
type judgement struct {
	query.Answer
	err error
}

// judgeFor bounds one check on the machine's clock: far more than it takes, for one that was written without care.
const judgeFor = 200 * time.Millisecond

// judge evaluates a check. While nothing in the view changes it is the answer from before: a frame costs no evaluation.
func (m *Model) judge(expr string) judgement {
	v := m.view()
	if version := v.Version(sources.Series{}) | 1; version != m.shelf.version || m.shelf.answers == nil {
		m.shelf.version, m.shelf.answers = version, map[string]judgement{}
	}
	if j, ok := m.shelf.answers[expr]; ok {
		return j
	}
	if m.shelf.engine == nil {
		m.shelf.engine = query.NewEngine()
	}
	ctx, cancel := context.WithTimeout(context.Background(), judgeFor)
	defer cancel()
	var j judgement
	j.Answer, j.err = m.shelf.engine.Judge(ctx, v, expr, query.Options{Launch: &m.meta().Launch, Earlier: m.opt.Earlier})
	m.shelf.answers[expr] = j
	return j
}

// value is what was compared, in its unit; "" where there was nothing.
func (j *judgement) value() string {
	if j.err != nil {
		return ""
	}
	return quantity(j.Value, j.Unit)
}

// why is in a few words why a check cannot be judged.
func (j *judgement) why() string {
	var absent *query.NotFoundError
	var silent *query.NoDataError
	var none *query.NoValueError
	switch {
	case j.err == nil:
		return ""
	case errors.As(j.err, &absent):
		return "not watched: " + absent.Metric
	case errors.As(j.err, &silent):
		return "no data: " + silent.Series.Metric
	case errors.As(j.err, &none):
		return "no value now"
	}
	return j.err.Error()
}

// quantity writes a value of a metric as tiles do.
func quantity(v float64, unit sources.Unit) string {
	if unit == sources.Count {
		return amount(v, asNumber, 0) + "/min"
	}
	return amount(v, unitFormat(string(unit)), 0)
}
