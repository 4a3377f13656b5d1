package recording

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"warroom/sources"
)

// Load reads the stretch from (inclusive) to (exclusive) as it was known at seen: the samples whose At and
// the changes whose At lie in it, and of the facts those that held at from and all that were seen until to.
// A zero to means no end, a zero seen all that is known by now.
//
// Since goes on from the returned Mark without a gap or a repetition. Who follows should load with a zero to:
// what lies beyond to is neither in the batch nor after the Mark.
//
// Where a part of the file is damaged, Load returns what can still be read together with an error that is
// [ErrDamaged].
func (f *File) Load(ctx context.Context, from, to, seen time.Time) (sources.Batch, Mark, error) {
	var b sources.Batch
	var mark Mark
	err := f.reading(ctx, func(r *reader) error {
		var errs [4]error
		s := newSpan(from, to, seen)
		mark, errs[0] = r.end()
		b.Samples, errs[1] = r.samplesIn(s)
		b.Facts, errs[2] = r.factsIn(s)
		b.Changes, errs[3] = r.changesIn(s)
		return cmp.Or(errs[:]...)
	})
	if err != nil {
		return b, mark, f.explain("read a stretch of it", err)
	}
	return b, mark, nil
}

// Samples is Load for the samples of some series only: what is on screen first, or one series over many
// hours. Series that the recording does not know have none.
func (f *File) Samples(ctx context.Context, from, to, seen time.Time, series ...sources.Series) ([]sources.Sample, error) {
	var samples []sources.Sample
	err := f.reading(ctx, func(r *reader) error {
		s := newSpan(from, to, seen)
		wanted, err := r.numbers(series)
		if err != nil || len(wanted) == 0 {
			return err
		}
		where, args := s.versions()
		rows, err := r.versions(`
			WITH RECURSIVE q (quarter) AS (
				SELECT min(quarter) FROM versions WHERE quarter BETWEEN ?1 AND ?2
				UNION ALL
				SELECT (SELECT min(quarter) FROM versions WHERE quarter > q.quarter AND quarter <= ?2)
				  FROM q WHERE q.quarter IS NOT NULL)
			SELECT v.series, v.quarter*900000 + v.ms, v.lag, v.value
			  FROM q CROSS JOIN json_each(?6) w
			 CROSS JOIN versions v ON v.quarter = q.quarter AND v.series = w.value
			 WHERE `+where, append(args, list(wanted))...)
		samples = r.inOrder(rows)
		return err
	})
	if err != nil {
		return samples, f.explain("read some series of it", err)
	}
	return samples, nil
}

// Changes are those that happened from (inclusive) to (exclusive) and had been seen by seen, oldest first.
// A zero to means no end, a zero seen all that is known by now.
func (f *File) Changes(ctx context.Context, from, to, seen time.Time) ([]sources.Change, error) {
	var changes []sources.Change
	err := f.reading(ctx, func(r *reader) (err error) {
		changes, err = r.changesIn(newSpan(from, to, seen))
		return err
	})
	if err != nil {
		return changes, f.explain("read its changes", err)
	}
	slices.SortStableFunc(changes, func(a, b sources.Change) int { return a.At.Compare(b.At) })
	return changes, nil
}

// Since is everything that was appended after the mark, by whichever process, and the Mark to go on from.
// From the zero Mark it is the whole recording at once, which for a long one is much.
func (f *File) Since(ctx context.Context, after Mark) (sources.Batch, Mark, error) {
	var b sources.Batch
	mark := after
	err := f.reading(ctx, func(r *reader) error {
		end, err := r.end()
		if err != nil || end <= after {
			return err
		}
		var errs [3]error
		b.Samples, errs[0] = r.samplesAfter(after)
		b.Facts, errs[1] = r.facts(`f.tick > ?`, int64(after))
		b.Changes, errs[2] = r.changes(`tick > ? ORDER BY seen, seq`, int64(after))
		mark = end
		return cmp.Or(errs[:]...)
	})
	if err != nil {
		return sources.Batch{}, after, f.explain("read what is new in it", err)
	}
	return b, mark, nil
}

// ChangesSince is Since for the changes alone, oldest first in the order of appending, and so for all that ever happened
// not much: it is how one who must miss none begins.
func (f *File) ChangesSince(ctx context.Context, after Mark) ([]sources.Change, Mark, error) {
	var changes []sources.Change
	mark := after
	err := f.reading(ctx, func(r *reader) error {
		end, err := r.end()
		if err != nil || end <= after {
			return err
		}
		mark = end
		changes, err = r.changes(`tick > ? ORDER BY seq`, int64(after))
		return err
	})
	if err != nil {
		return nil, after, f.explain("read what happened since", err)
	}
	return changes, mark, nil
}

// End is the Mark after all that has been appended so far.
func (f *File) End(ctx context.Context) (Mark, error) {
	var mark Mark
	err := f.reading(ctx, func(r *reader) (err error) {
		mark, err = r.end()
		return err
	})
	if err != nil {
		return 0, f.explain("find its end", err)
	}
	return mark, nil
}

// Changed tells whether anything was appended after the mark: Since without the reading, cheap enough to be
// asked many times a second.
func (f *File) Changed(ctx context.Context, after Mark) (bool, error) {
	end, err := f.End(ctx)
	return end > after, err
}

// LookBack is how far back Newest looks: a series silent for longer has nothing newest.
const LookBack = 4 * time.Hour

// Newest is the newest sample of each series that starts no later than at, as it was known at seen; a zero
// seen means all that is known by now. It looks back by [LookBack] at least.
func (f *File) Newest(ctx context.Context, at, seen time.Time) ([]sources.Sample, error) {
	var samples []sources.Sample
	err := f.reading(ctx, func(r *reader) error {
		s := newSpan(at.Add(-LookBack), at, seen)
		s.to = millis(at)
		newest, err := r.newest(s)
		samples = r.inOrder(newest)
		return err
	})
	if err != nil {
		return nil, f.explain("read the newest samples of it", err)
	}
	return samples, nil
}

// Span is the time that the recording covers: from the earliest time that anything in it is for, to the latest
// time at which anything was seen. Both are zero while it is empty.
func (f *File) Span(ctx context.Context) (from, to time.Time, err error) {
	err = f.reading(ctx, func(r *reader) error {
		return r.each(`
			SELECT (SELECT quarter*900000 + min(ms) FROM versions WHERE quarter = (SELECT min(quarter) FROM versions)),
			       (SELECT min(at) FROM changes),
			       (SELECT min(seen) FROM appends),
			       (SELECT max(seen) FROM appends)`, nil, func(row []any) error {
			if row[3] == nil {
				return nil
			}
			first := number(row[2])
			for _, earlier := range row[:2] {
				if earlier != nil {
					first = min(first, number(earlier))
				}
			}
			from, to = moment(first), moment(number(row[3]))
			return nil
		})
	})
	if err != nil {
		return time.Time{}, time.Time{}, f.explain("find the time it covers", err)
	}
	return from, to, nil
}

// FirstSeen is when the first sample had been seen: who looks as of an earlier time sees no numbers. It is zero
// while there is none.
func (f *File) FirstSeen(ctx context.Context) (time.Time, error) {
	var first time.Time
	err := f.reading(ctx, func(r *reader) error {
		return r.each(`SELECT seen FROM appends WHERE tick = (SELECT min(tick) FROM touched)`, nil, func(row []any) error {
			first = moment(number(row[0]))
			return nil
		})
	})
	if err != nil {
		return time.Time{}, f.explain("find what was seen first", err)
	}
	return first, nil
}

// span is a stretch of time in Unix milliseconds as known at seen.
type span struct{ from, to, seen int64 }

func newSpan(from, to, seen time.Time) span {
	s := span{from: notBefore(from), to: math.MaxInt64, seen: math.MaxInt64}
	if !to.IsZero() {
		s.to = notBefore(to)
	}
	if !seen.IsZero() {
		s.seen = millis(seen)
	}
	s.to = max(s.to, s.from)
	return s
}

// notBefore is the first millisecond that is not before t.
func notBefore(t time.Time) int64 {
	ms := millis(t)
	if moment(ms).Before(t) {
		ms++
	}
	return ms
}

// first and last are the first and the last millisecond of the span, split as the table has them. In an empty
// span the last is before the first.
func (s span) first() (quarter, ms int64) { return quarterOf(s.from) }
func (s span) last() (quarter, ms int64)  { return quarterOf(min(s.to-1, latest)) }

// versions is a condition on the rows of versions, and its arguments 1 to 5. It tests only what needs to be: the
// times at the ends of the span, and what was seen where that is bounded.
func (s span) versions() (where string, args []any) {
	first, from := s.first()
	last, until := s.last()
	where = `v.quarter BETWEEN ?1 AND ?2 AND (v.quarter > ?1 OR v.ms >= ?3) AND (v.quarter < ?2 OR v.ms <= ?4)`
	if s.seen < math.MaxInt64 {
		where += ` AND v.quarter*900000 + v.ms + v.lag <= ?5`
	}
	return where, []any{first, last, from, until, s.seen}
}

// reader is one transaction that reads: all that it reads is of one moment.
type reader struct {
	f     *File
	ctx   context.Context
	tx    *sql.Tx
	names []sources.Series // by number
}

// reading runs do on the recording as it is now.
func (f *File) reading(ctx context.Context, do func(*reader) error) error {
	tx, err := f.read.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // nothing was written
	return do(&reader{f: f, ctx: ctx, tx: tx, names: f.names.known()})
}

// each calls do for each row of the query. The row is valid during the call only.
func (r *reader) each(query string, args []any, do func(row []any) error) error {
	rows, err := r.tx.QueryContext(r.ctx, query, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, do)
}

func eachRow(rows *sql.Rows, do func(row []any) error) error {
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	row, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		dest[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		if err := do(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (r *reader) end() (Mark, error) {
	var mark Mark
	err := r.tx.QueryRowContext(r.ctx, `SELECT coalesce(max(tick), 0) FROM appends`).Scan(&mark)
	return mark, err
}

// version is a row of the table of that name, as small as can be while it is sorted.
type version struct {
	series   int64
	at, seen int64
	value    float64
	none     bool
}

// versions reads rows of series, at, lag and value. Rows of series that have no name are left out and make an
// error that is ErrDamaged.
func (r *reader) versions(query string, args ...any) ([]version, error) {
	var rows []version
	err := r.each(query, args, func(row []any) error {
		v := version{series: number(row[0]), at: number(row[1])}
		v.seen = v.at + number(row[2])
		v.value, v.none = restored(row[3])
		rows = append(rows, v)
		return nil
	})
	if err != nil {
		return r.named(rows), err
	}
	highest := int64(0)
	for i := range rows {
		highest = max(highest, rows[i].series)
	}
	if highest >= int64(len(r.names)) {
		err = r.learn()
	}
	named := r.named(rows)
	if err == nil && len(named) < len(rows) {
		err = damage("there are samples of series that it does not name")
	}
	return named, err
}

func (r *reader) named(rows []version) []version {
	return slices.DeleteFunc(rows, func(v version) bool { return v.series < 1 || v.series >= int64(len(r.names)) })
}

// learn reads the names of series that were made since the names were last read. Their numbers have no holes.
func (r *reader) learn() error {
	names := slices.Clip(r.names)
	err := r.each(`SELECT id, metric, resource, label FROM series WHERE id >= ? ORDER BY id`, []any{len(names)}, func(row []any) error {
		if number(row[0]) != int64(len(names)) {
			return damage("it has lost the name of a series")
		}
		names = append(names, sources.Series{Metric: text(row[1]), Resource: text(row[2]), Label: text(row[3])})
		return nil
	})
	if err != nil {
		return err
	}
	r.names = names
	r.f.names.learn(names)
	return nil
}

// numbers are the numbers of those series that the recording knows.
func (r *reader) numbers(series []sources.Series) ([]int64, error) {
	if err := r.learn(); err != nil {
		return nil, err
	}
	wanted := make(map[sources.Series]bool, len(series))
	for _, s := range series {
		wanted[s] = true
	}
	var numbers []int64
	for id, s := range r.names {
		if id > 0 && wanted[s] {
			numbers = append(numbers, int64(id))
		}
	}
	return numbers, nil
}

// list is the numbers as a JSON array: how a statement is given many.
func list(numbers []int64) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, n := range numbers {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(n, 10))
	}
	b.WriteByte(']')
	return b.String()
}

// inOrder makes samples of rows, in the order of Seen; what was seen at once stays in the order of the rows. There
// are few moments at which something was seen, so the rows are counted out rather than sorted.
func (r *reader) inOrder(rows []version) []sources.Sample {
	place := map[int64]int{} // of the next row seen then
	for i := range rows {
		place[rows[i].seen]++
	}
	next := 0
	for _, seen := range slices.Sorted(maps.Keys(place)) {
		place[seen], next = next, next+place[seen]
	}
	samples := make([]sources.Sample, len(rows))
	for i := range rows {
		v := &rows[i]
		samples[place[v.seen]] = sources.Sample{
			Series: r.names[v.series], At: moment(v.at), Seen: moment(v.seen), Value: v.value, None: v.none,
		}
		place[v.seen]++
	}
	return samples
}

// samplesIn reads a stretch at once, and quarter by quarter where that meets damage.
func (r *reader) samplesIn(s span) ([]sources.Sample, error) {
	rows, err := r.versionsIn(s)
	if isDamage(err) {
		rows, err = r.salvage(s)
	}
	return r.inOrder(rows), err
}

func (r *reader) versionsIn(s span) ([]version, error) {
	where, args := s.versions()
	return r.versions(`SELECT v.series, v.quarter*900000 + v.ms, v.lag, v.value FROM versions v WHERE `+where, args...)
}

// salvage reads what can still be read of a stretch that is damaged somewhere.
func (r *reader) salvage(s span) ([]version, error) {
	var parts []span
	first, _ := s.first()
	last, _ := s.last()
	worst := r.each(`SELECT DISTINCT quarter FROM touched WHERE quarter BETWEEN ? AND ? ORDER BY quarter`,
		[]any{first, last}, func(row []any) error {
			begin := number(row[0]) * quarterLength
			parts = append(parts, span{max(s.from, begin), min(s.to, begin+quarterLength), s.seen})
			return nil
		})
	var all []version
	for _, part := range parts {
		rows, err := r.versionsIn(part)
		worst = cmp.Or(worst, err)
		all = append(all, rows...)
	}
	return all, worst
}

// samplesAfter looks in the quarters that were touched, and there at each series only in the part that was.
func (r *reader) samplesAfter(after Mark) ([]sources.Sample, error) {
	rows, err := r.versions(`
		SELECT v.series, v.quarter*900000 + v.ms, v.lag, v.value
		  FROM (SELECT quarter, min(first) AS first, max(last) AS last FROM touched WHERE tick > ?1 GROUP BY quarter) t
		 CROSS JOIN series s
		 CROSS JOIN versions v ON v.quarter = t.quarter AND v.series = s.id AND v.ms BETWEEN t.first AND t.last
		 WHERE v.tick > ?1`, int64(after))
	return r.inOrder(rows), err
}

// newestIn finds, for each series wanted, the versions of its newest period in a quarter, the last one last.
const newestIn = `
	SELECT v.series, v.quarter*900000 + v.ms, v.lag, v.value
	  FROM json_each(?4) w
	 CROSS JOIN versions v ON v.quarter = ?1 AND v.series = w.value AND v.ms = (
		SELECT n.ms FROM versions n
		 WHERE n.quarter = ?1 AND n.series = w.value AND n.ms <= ?2 AND n.quarter*900000 + n.ms + n.lag <= ?3
		 ORDER BY n.ms DESC LIMIT 1)
	 WHERE v.quarter*900000 + v.ms + v.lag <= ?3`

// newest goes back quarter by quarter, for those series that have had nothing yet.
func (r *reader) newest(s span) ([]version, error) {
	if err := r.learn(); err != nil {
		return nil, err
	}
	var wanted []int64
	for id := 1; id < len(r.names); id++ {
		wanted = append(wanted, int64(id))
	}
	var newest []version
	quarter, until := quarterOf(s.to)
	for first, _ := s.first(); quarter >= first && len(wanted) > 0; quarter, until = quarter-1, quarterLength {
		rows, err := r.versions(newestIn, quarter, until, s.seen, list(wanted))
		if err != nil {
			return newest, err
		}
		found := make(map[int64]int, len(rows))
		for _, v := range rows {
			if i, ok := found[v.series]; ok {
				newest[i] = v
				continue
			}
			found[v.series] = len(newest)
			newest = append(newest, v)
		}
		wanted = slices.DeleteFunc(wanted, func(id int64) bool { _, ok := found[id]; return ok })
	}
	return newest, nil
}

// factsIn reads what held at the beginning of the stretch, and what came until its end.
func (r *reader) factsIn(s span) ([]sources.Fact, error) {
	return r.facts(`f.seen <= ?2 AND f.seen >= coalesce(
		(SELECT max(seen) FROM facts WHERE fact = n.id AND seen <= ?1 AND seen <= ?2), ?1)`, s.from, min(s.to, s.seen))
}

func (r *reader) facts(where string, args ...any) ([]sources.Fact, error) {
	var facts []sources.Fact
	err := r.each(`
		SELECT n.service, n.resource, n.name, f.value, f.seen
		  FROM fact_names n CROSS JOIN facts f ON f.fact = n.id
		 WHERE `+where+` ORDER BY f.seen, f.tick`, args, func(row []any) error {
		facts = append(facts, sources.Fact{
			Resource: sources.Ref{Service: text(row[0]), Name: text(row[1])},
			Name:     text(row[2]), Value: text(row[3]), Seen: moment(number(row[4])),
		})
		return nil
	})
	return facts, err
}

func (r *reader) changesIn(s span) ([]sources.Change, error) {
	return r.changes(`at >= ? AND at < ? AND seen <= ? ORDER BY seen, seq`, s.from, s.to, s.seen)
}

func (r *reader) changes(where string, args ...any) ([]sources.Change, error) {
	var changes []sources.Change
	err := r.each(`SELECT `+changeColumns+` FROM changes WHERE `+where, args, func(row []any) error {
		changes = append(changes, changeOf(row))
		return nil
	})
	return changes, err
}

const changeColumns = `seq, at, seen, kind, service, resource, actor, id, text, body`

// changeOf reads the columns of changeColumns.
func changeOf(row []any) sources.Change {
	return sources.Change{
		Seq: number(row[0]), At: moment(number(row[1])), Seen: moment(number(row[2])), Kind: text(row[3]),
		Resource: sources.Ref{Service: text(row[4]), Name: text(row[5])},
		Actor:    text(row[6]), ID: text(row[7]), Text: text(row[8]), Body: slices.Clone(blob(row[9])),
	}
}
