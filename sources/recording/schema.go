package recording

import (
	"math"
	"time"

	"warroom/sources"
)

// applicationID stands in the file's header and tells recordings from other SQLite files: "WARR".
const applicationID = 0x57415252

// schemaVersion stands in the file's header as its user version. It grows when an older program could no
// longer read the file rightly.
const schemaVersion = 1

// schema is written once, when a recording is made.
//
// versions is the bulk of every recording. Its rows are sorted by quarter of an hour first, then by series:
// a stretch of time is then one scan, a single series a seek per quarter, and appending touches the pages
// of the present quarter only. at = quarter*900000 + ms, seen = at + lag, all in Unix milliseconds: small
// numbers make small rows. The view samples shows them as people read them.
//
// tick numbers the transactions that appended something, in the order in which they were committed: what
// Since goes by. touched says where to look for the versions of a tick.
const schema = `
CREATE TABLE meta (
	key   TEXT PRIMARY KEY,
	value TEXT NOT NULL -- JSON
) WITHOUT ROWID;

CREATE TABLE appends (
	tick INTEGER PRIMARY KEY,
	seen INTEGER NOT NULL -- the latest of what was appended
);
CREATE INDEX appends_by_seen ON appends (seen);

CREATE TABLE touched (
	tick    INTEGER NOT NULL,
	quarter INTEGER NOT NULL,
	first   INTEGER NOT NULL, -- the versions of this tick have ms from first to last
	last    INTEGER NOT NULL,
	PRIMARY KEY (tick, quarter)
) WITHOUT ROWID;

CREATE TABLE series (
	id       INTEGER PRIMARY KEY,
	metric   TEXT NOT NULL,
	resource TEXT NOT NULL,
	label    TEXT NOT NULL,
	UNIQUE (metric, resource, label)
);

CREATE TABLE versions (
	quarter INTEGER NOT NULL,
	series  INTEGER NOT NULL,
	ms      INTEGER NOT NULL,
	lag     INTEGER NOT NULL,
	tick    INTEGER NOT NULL,
	value   REAL, -- NULL: asked, and there was nothing; 'NaN': not a number
	PRIMARY KEY (quarter, series, ms, lag, tick)
) WITHOUT ROWID;

CREATE TABLE fact_names (
	id       INTEGER PRIMARY KEY,
	service  TEXT NOT NULL,
	resource TEXT NOT NULL,
	name     TEXT NOT NULL,
	UNIQUE (service, resource, name)
);

CREATE TABLE facts (
	fact  INTEGER NOT NULL,
	seen  INTEGER NOT NULL,
	tick  INTEGER NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (fact, seen, tick)
) WITHOUT ROWID;
CREATE INDEX facts_by_tick ON facts (tick);

CREATE TABLE changes (
	seq       INTEGER PRIMARY KEY,
	tick      INTEGER NOT NULL,
	at        INTEGER NOT NULL,
	seen      INTEGER NOT NULL,
	kind      TEXT NOT NULL,
	service   TEXT NOT NULL,
	resource  TEXT NOT NULL,
	actor     TEXT NOT NULL,
	id        TEXT NOT NULL,
	text      TEXT NOT NULL,
	body      BLOB,
	prev_hash BLOB NOT NULL,
	hash      BLOB NOT NULL
);
CREATE INDEX changes_by_tick ON changes (tick);
CREATE INDEX changes_by_at ON changes (at);
CREATE UNIQUE INDEX changes_by_id ON changes (kind, id) WHERE id <> '';

CREATE TABLE lease (
	one    INTEGER PRIMARY KEY CHECK (one = 1),
	holder TEXT NOT NULL,
	fence  INTEGER NOT NULL,
	until  INTEGER NOT NULL -- machine clock
);

CREATE VIEW samples AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', (quarter*900000 + ms) / 1000.0, 'unixepoch') AS at,
       strftime('%Y-%m-%dT%H:%M:%fZ', (quarter*900000 + ms + lag) / 1000.0, 'unixepoch') AS seen,
       metric, resource, label, value
  FROM versions JOIN series ON series.id = versions.series;
`

// quarterLength is the length of a quarter in milliseconds. The schema spells it out.
const quarterLength = 900000

// The times that can be kept.
var (
	earliest = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	latest   = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC).UnixMilli()
)

// keepable tells whether a time lies within what can be kept. The year is asked, for beyond some years the
// count of milliseconds overflows.
func keepable(t time.Time) bool { y := t.UTC().Year(); return y >= 1 && y <= 9999 }

// millis is t in Unix milliseconds, brought into what can be kept.
func millis(t time.Time) int64 {
	switch y := t.UTC().Year(); {
	case y < 1:
		return earliest
	case y > 9999:
		return latest
	}
	return t.UnixMilli()
}

// moment is the time of Unix milliseconds.
func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// quarterOf splits Unix milliseconds into the quarter and the milliseconds into it, 0 to quarterLength-1.
func quarterOf(at int64) (quarter, ms int64) {
	quarter, ms = at/quarterLength, at%quarterLength
	if ms < 0 {
		quarter, ms = quarter-1, ms+quarterLength
	}
	return quarter, ms
}

// notANumber is how NaN is kept, which SQLite would make NULL.
const notANumber = "NaN"

// stored is a sample's value as the column has it.
func stored(s *sources.Sample) any {
	switch {
	case s.None:
		return nil
	case math.IsNaN(s.Value):
		return notANumber
	}
	return s.Value
}

// restored reads what stored has written.
func restored(v any) (value float64, none bool) {
	switch v := v.(type) {
	case nil:
		return 0, true
	case float64:
		return v, false
	case int64:
		return float64(v), false
	}
	return math.NaN(), false
}

// text and number read a column of the driver; a column of another type, as damage makes it, is empty.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return ""
}

func number(v any) int64 {
	n, _ := v.(int64)
	return n
}

func blob(v any) []byte {
	b, _ := v.([]byte)
	if len(b) == 0 {
		return nil
	}
	return b
}
