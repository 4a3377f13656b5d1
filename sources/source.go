package sources

import (
	"context"
	"time"
)

// Schedule says when a source wants to be polled. All three are launch-clock durations but Timeout,
// which is a machine-clock duration: a hung connection is not mended by a faster rehearsal.
type Schedule struct {
	Every   time.Duration // the pace; zero means every minute
	Offset  time.Duration // shift against the full period, so that sources do not all ask at once
	Timeout time.Duration // after which the poll is cancelled and counted as failed; zero means 20 s
}

// Source is something that can be asked. Poll is never called twice at once for one source. It returns
// what it could learn together with an error for what it could not: partial readings are kept.
// Poll must honour ctx; one that does not is left behind and reported as hung until it returns.
type Source interface {
	Name() string
	Schedule() Schedule
	Poll(ctx context.Context, now time.Time) (Reading, error)
}

// Reading is what one poll brought.
type Reading struct {
	Source string
	At     time.Time // when it was asked, on the launch clock
	Took   time.Duration
	Batch
	Err error // what could not be learnt, or nil; never recorded as such: see SourceFact
}
