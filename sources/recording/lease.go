package recording

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"warroom/sources"
)

// Lease is the right to collect for a recording. It lapses by itself when it is not renewed, so that another
// process can take over from one that died. Leases are judged by the machine's clock.
type Lease struct {
	f     *File
	fence int64
	ttl   time.Duration
}

// HeldError says that another process collects, and until when it has the right to.
type HeldError struct {
	Holder string
	Until  time.Time // machine clock
}

// Error names the holder.
func (e *HeldError) Error() string {
	return fmt.Sprintf("%s collects for this recording, until %s unless renewed: be a viewer, or try again then", e.Holder, e.Until.Format(time.RFC3339))
}

// Acquire takes the lease for ttl on behalf of holder, a text for people that names this process. While
// another process holds it the error is a [*HeldError].
func (f *File) Acquire(ctx context.Context, holder string, ttl time.Duration) (*Lease, error) {
	l := &Lease{f: f, ttl: ttl}
	err := f.writing(ctx, func(w *appending) error {
		present, err := w.lease()
		if err != nil {
			return err
		}
		if present.until > w.now {
			return &HeldError{Holder: present.holder, Until: moment(present.until)}
		}
		l.fence = present.fence + 1
		_, err = w.tx.ExecContext(w.ctx, `INSERT OR REPLACE INTO lease (one, holder, fence, until) VALUES (1, ?, ?, ?)`,
			holder, l.fence, w.now+ttl.Milliseconds())
		return err
	})
	if _, held := errors.AsType[*HeldError](err); held {
		return nil, err
	}
	if err != nil {
		return nil, f.explain("take the lease", err)
	}
	return l, nil
}

// Fence is the number of this lease. Each later lease of the recording has a greater one.
func (l *Lease) Fence() int64 { return l.fence }

// Renew holds the lease for another ttl from now. It still succeeds after the lease has lapsed, as long as
// nobody else has taken it; else the error is [ErrLeaseLost].
func (l *Lease) Renew(ctx context.Context) error {
	return l.set(ctx, "renew the lease", l.ttl)
}

// Release gives the lease back, so that another process need not wait for it to lapse. One that was lost is
// left alone.
func (l *Lease) Release(ctx context.Context) error {
	err := l.set(ctx, "give the lease back", 0)
	if errors.Is(err, ErrLeaseLost) {
		return nil
	}
	return err
}

func (l *Lease) set(ctx context.Context, doing string, ttl time.Duration) error {
	err := l.f.writing(ctx, func(w *appending) error {
		if err := w.holds(l.fence); err != nil {
			return err
		}
		_, err := w.tx.ExecContext(w.ctx, `UPDATE lease SET until = ?`, w.now+ttl.Milliseconds())
		return err
	})
	if err != nil {
		return l.f.explain(doing, err)
	}
	return nil
}

// Append is [File.Append] for as long as the lease is ours: a collector that was thought dead, and comes back
// after another has taken over, records nothing more and gets [ErrLeaseLost].
func (l *Lease) Append(ctx context.Context, readings ...sources.Reading) error {
	return l.f.append(ctx, l.fence, readings)
}

// AppendChange is [File.AppendChange]: changes may come from any process.
func (l *Lease) AppendChange(ctx context.Context, c sources.Change) (sources.Change, error) {
	return l.f.AppendChange(ctx, c)
}

// Holder is who collects for the recording at present, and until when; "" when nobody does.
func (f *File) Holder(ctx context.Context) (holder string, until time.Time, err error) {
	now := f.now().UnixMilli()
	err = f.reading(ctx, func(r *reader) error {
		return r.each(`SELECT holder, until FROM lease WHERE until > ?`, []any{now}, func(row []any) error {
			holder, until = text(row[0]), moment(number(row[1]))
			return nil
		})
	})
	if err != nil {
		return "", time.Time{}, f.explain("ask for its collector", err)
	}
	return holder, until, nil
}

// holding is the row of the table lease.
type holding struct {
	holder string
	fence  int64
	until  int64 // machine clock, Unix milliseconds
}

func (w *appending) lease() (holding, error) {
	var h holding
	err := w.tx.QueryRowContext(w.ctx, `SELECT holder, fence, until FROM lease`).Scan(&h.holder, &h.fence, &h.until)
	if errors.Is(err, sql.ErrNoRows) {
		return holding{}, nil
	}
	return h, err
}

// holds checks, within the transaction, that the lease with the fence is the latest. No fence is always good.
func (w *appending) holds(fence int64) error {
	if fence == 0 {
		return nil
	}
	present, err := w.lease()
	if err == nil && present.fence != fence {
		return ErrLeaseLost
	}
	return err
}
