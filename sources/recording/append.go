package recording

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"warroom/sources"
)

// Append records the readings in one transaction, all or nothing; when it returns nil they are durable.
//
// A sample is stored only where its value differs from what the recording knew at its Seen about the same
// period of the same series; a fact only where its value differs likewise; a change only where its Kind and
// ID have not been recorded yet. What was asked, what failed and how long it took is not recorded.
//
// A sample or fact whose time lies outside of the years 1 to 9999 is left out, and a change of kind
// [sources.ChangeRoom] says so once per series.
func (f *File) Append(ctx context.Context, readings ...sources.Reading) error {
	return f.append(ctx, 0, readings)
}

// AppendChange records one change, durably, and returns it as it is recorded, with its Seq. Where its Kind
// and ID have been recorded before, it returns what was recorded then.
func (f *File) AppendChange(ctx context.Context, c sources.Change) (sources.Change, error) {
	var recorded sources.Change
	err := f.writing(ctx, func(w *appending) (err error) {
		recorded, err = w.change(c)
		return err
	})
	if err != nil {
		return sources.Change{}, f.explain("record a change", err)
	}
	return recorded, nil
}

// append is Append on behalf of the lease with the fence, or of nobody in particular where it is zero.
func (f *File) append(ctx context.Context, fence int64, readings []sources.Reading) error {
	err := f.writing(ctx, func(w *appending) error {
		if err := w.holds(fence); err != nil {
			return err
		}
		for i := range readings {
			if err := w.reading(&readings[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return f.explain("append", err)
	}
	return nil
}

// appendTo is the one connection of a File that writes, with its statements prepared.
type appendTo struct {
	db      *sql.DB
	insert  *sql.Stmt
	fact    *sql.Stmt
	names   [2]*sql.Stmt // of series: find, make
	facts   [2]*sql.Stmt // of facts: find, make
	series  map[sources.Series]int64
	factIDs map[factName]int64
}

type factName struct {
	resource sources.Ref
	name     string
}

// insertVersion stores a version unless the newest one seen by then says the same.
const insertVersion = `
INSERT OR REPLACE INTO versions (quarter, series, ms, lag, tick, value)
SELECT ?1, ?2, ?3, ?4, ?5, ?6
 WHERE NOT EXISTS (
	SELECT 1 FROM (
		SELECT value FROM versions
		 WHERE quarter = ?1 AND series = ?2 AND ms = ?3 AND lag <= ?4
		 ORDER BY lag DESC, tick DESC LIMIT 1)
	 WHERE value IS ?6)`

// insertFact stores a fact unless the newest one seen by then says the same; to withdraw what never was is
// to say the same.
const insertFact = `
INSERT OR REPLACE INTO facts (fact, seen, tick, value)
SELECT ?1, ?2, ?3, ?4
 WHERE ?4 <> coalesce((
	SELECT value FROM facts WHERE fact = ?1 AND seen <= ?2
	 ORDER BY seen DESC, tick DESC LIMIT 1), '')`

func (a *appendTo) prepare(ctx context.Context) error {
	var mode string
	if err := a.db.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("the file system keeps SQLite from writing beside readers: journal mode is %s", mode)
	}
	for _, p := range []struct {
		stmt  **sql.Stmt
		query string
	}{
		{&a.insert, insertVersion},
		{&a.fact, insertFact},
		{&a.names[0], `SELECT id FROM series WHERE metric = ? AND resource = ? AND label = ?`},
		{&a.names[1], `INSERT INTO series (metric, resource, label) VALUES (?, ?, ?)`},
		{&a.facts[0], `SELECT id FROM fact_names WHERE service = ? AND resource = ? AND name = ?`},
		{&a.facts[1], `INSERT INTO fact_names (service, resource, name) VALUES (?, ?, ?)`},
	} {
		stmt, err := a.db.PrepareContext(ctx, p.query)
		if err != nil {
			return err
		}
		*p.stmt = stmt
	}
	return nil
}

// appending is one transaction that appends. All that it stores bears its tick.
type appending struct {
	*appendTo
	ctx     context.Context
	tx      *sql.Tx
	now     int64 // machine clock
	asked   int64 // when the reading at hand was asked for
	tick    int64
	stored  bool
	seen    int64 // the latest of what was stored
	touched map[int64]stretch
	head    *chainHead
	insert  *sql.Stmt
	fact    *sql.Stmt

	newSeries map[sources.Series]int64 // known to the file once committed
	newFacts  map[factName]int64
}

// stretch is a part of a quarter, in milliseconds into it, both ends included.
type stretch struct{ first, last int64 }

// writing runs do in a transaction that nobody else writes beside, and commits it.
func (f *File) writing(ctx context.Context, do func(*appending) error) error {
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	to, err := f.writer(ctx)
	if err != nil {
		return err
	}
	tx, err := to.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing once committed
	w := &appending{appendTo: to, ctx: context.WithoutCancel(ctx), tx: tx, now: f.now().UnixMilli(), touched: map[int64]stretch{}}
	if err := w.run(do); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	w.publish()
	return nil
}

func (w *appending) run(do func(*appending) error) error {
	w.insert = w.tx.StmtContext(w.ctx, w.appendTo.insert)
	w.fact = w.tx.StmtContext(w.ctx, w.appendTo.fact)
	if err := w.tx.QueryRowContext(w.ctx, `SELECT coalesce(max(tick), 0) + 1 FROM appends`).Scan(&w.tick); err != nil {
		return err
	}
	if err := do(w); err != nil {
		return err
	}
	return w.finish()
}

// finish notes where the versions of this tick lie. A transaction that stored nothing has no tick.
func (w *appending) finish() error {
	if !w.stored {
		return nil
	}
	if _, err := w.tx.ExecContext(w.ctx, `INSERT INTO appends (tick, seen) VALUES (?, ?)`, w.tick, w.seen); err != nil {
		return err
	}
	for quarter, s := range w.touched {
		_, err := w.tx.ExecContext(w.ctx, `INSERT INTO touched (tick, quarter, first, last) VALUES (?, ?, ?, ?)`,
			w.tick, quarter, s.first, s.last)
		if err != nil {
			return err
		}
	}
	return nil
}

// publish makes the names that this transaction made known to the next one.
func (w *appending) publish() {
	for s, id := range w.newSeries {
		w.series[s] = id
	}
	for n, id := range w.newFacts {
		w.factIDs[n] = id
	}
}

func (w *appending) reading(r *sources.Reading) error {
	w.asked = millis(r.At)
	for i := range r.Samples {
		if err := w.sample(&r.Samples[i]); err != nil {
			return err
		}
	}
	for i := range r.Facts {
		if err := w.factChange(&r.Facts[i]); err != nil {
			return err
		}
	}
	for i := range r.Changes {
		if _, err := w.change(r.Changes[i]); err != nil {
			return err
		}
	}
	return nil
}

func (w *appending) sample(s *sources.Sample) error {
	if !keepable(s.At) || !keepable(s.Seen) {
		return w.leftOut("sample "+s.Series.String(), s.Series.Ref(), s.At.Year(), s.Seen.Year())
	}
	id, err := w.seriesID(s.Series)
	if err != nil {
		return err
	}
	at, seen := s.At.UnixMilli(), s.Seen.UnixMilli()
	quarter, ms := quarterOf(at)
	result, err := w.insert.ExecContext(w.ctx, quarter, id, ms, seen-at, w.tick, stored(s))
	if err != nil {
		return err
	}
	if n, _ := result.RowsAffected(); n == 0 {
		return nil
	}
	w.note(seen)
	part, ok := w.touched[quarter]
	if !ok {
		part = stretch{ms, ms}
	}
	w.touched[quarter] = stretch{min(part.first, ms), max(part.last, ms)}
	return nil
}

// note takes in that something was stored.
func (w *appending) note(seen int64) {
	if !w.stored || seen > w.seen {
		w.seen = seen
	}
	w.stored = true
}

func (w *appending) factChange(f *sources.Fact) error {
	if !keepable(f.Seen) {
		return w.leftOut("fact "+f.Resource.String()+" "+f.Name, f.Resource, f.Seen.Year(), f.Seen.Year())
	}
	id, err := w.factID(factName{f.Resource, f.Name})
	if err != nil {
		return err
	}
	seen := f.Seen.UnixMilli()
	result, err := w.fact.ExecContext(w.ctx, id, seen, w.tick, f.Value)
	if err != nil {
		return err
	}
	if n, _ := result.RowsAffected(); n != 0 {
		w.note(seen)
	}
	return nil
}

// leftOut records that something cannot be kept, once for each what.
func (w *appending) leftOut(what string, about sources.Ref, at, seen int) error {
	_, err := w.change(sources.Change{
		At: moment(w.asked), Seen: moment(w.asked), Kind: sources.ChangeRoom, Resource: about, Actor: "room",
		ID:   "impossible time: " + what,
		Text: fmt.Sprintf("left out a %s with an impossible time (year %d, seen in %d)", what, at, seen),
	})
	return err
}

func (w *appending) seriesID(s sources.Series) (int64, error) {
	if id, ok := w.series[s]; ok {
		return id, nil
	}
	if id, ok := w.newSeries[s]; ok {
		return id, nil
	}
	id, err := w.nameID(w.names, s.Metric, s.Resource, s.Label)
	if err != nil {
		return 0, err
	}
	if w.newSeries == nil {
		w.newSeries = map[sources.Series]int64{}
	}
	w.newSeries[s] = id
	return id, nil
}

func (w *appending) factID(n factName) (int64, error) {
	if id, ok := w.factIDs[n]; ok {
		return id, nil
	}
	if id, ok := w.newFacts[n]; ok {
		return id, nil
	}
	id, err := w.nameID(w.facts, n.resource.Service, n.resource.Name, n.name)
	if err != nil {
		return 0, err
	}
	if w.newFacts == nil {
		w.newFacts = map[factName]int64{}
	}
	w.newFacts[n] = id
	return id, nil
}

// nameID finds the number of a name of three parts, which another process may have given, or gives it one.
func (w *appending) nameID(findMake [2]*sql.Stmt, parts ...any) (int64, error) {
	var id int64
	err := w.tx.StmtContext(w.ctx, findMake[0]).QueryRowContext(w.ctx, parts...).Scan(&id)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	result, err := w.tx.StmtContext(w.ctx, findMake[1]).ExecContext(w.ctx, parts...)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

// change puts c at the end of the chain, unless its kind and id stand in it already.
func (w *appending) change(c sources.Change) (sources.Change, error) {
	if c.ID != "" {
		if known, ok, err := w.recorded(c.Kind, c.ID); ok || err != nil {
			return known, err
		}
	}
	if err := w.readHead(); err != nil {
		return c, err
	}
	next := w.head.next(&c)
	c.Seq, c.At, c.Seen = next.seq, moment(millis(c.At)), moment(millis(c.Seen))
	if len(c.Body) == 0 {
		c.Body = nil
	}
	_, err := w.tx.ExecContext(w.ctx, `
		INSERT INTO changes (tick, `+changeColumns+`, prev_hash, hash)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		w.tick, c.Seq, c.At.UnixMilli(), c.Seen.UnixMilli(), c.Kind, c.Resource.Service, c.Resource.Name,
		c.Actor, c.ID, c.Text, c.Body, w.head.hash[:], next.hash[:])
	if err != nil {
		return c, err
	}
	*w.head = next
	w.note(c.Seen.UnixMilli())
	return c, nil
}

func (w *appending) recorded(kind, id string) (sources.Change, bool, error) {
	rows, err := w.tx.QueryContext(w.ctx, `SELECT `+changeColumns+` FROM changes WHERE kind = ? AND id = ? AND id <> ''`, kind, id)
	if err != nil {
		return sources.Change{}, false, err
	}
	var found []sources.Change
	err = eachRow(rows, func(row []any) error {
		found = append(found, changeOf(row))
		return nil
	})
	if err != nil || len(found) == 0 {
		return sources.Change{}, false, err
	}
	return found[0], true, nil
}

// readHead reads the end of the chain within this transaction, so that two processes cannot both go on from
// the same head.
func (w *appending) readHead() error {
	if w.head != nil {
		return nil
	}
	var head chainHead
	var hash []byte
	err := w.tx.QueryRowContext(w.ctx, `SELECT seq, hash FROM changes ORDER BY seq DESC LIMIT 1`).Scan(&head.seq, &hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	copy(head.hash[:], hash)
	w.head = &head
	return nil
}
