package sources

import (
	"math"
	"slices"
	"time"
)

// Look is when and how a series was read, for [View.Since].
type Look struct {
	window   *Window
	version  uint64 // of the window
	known    int64  // time up to which the series was known
	troubles uint64
	plain    bool // all there was could be seen, and what had settled was decided by the clock alone
}

// Since is from which period on the points of a series may read otherwise than when it was read: those before it have stayed
// as they were. It is the zero time where nothing is known of that. The look returned is of this view.
func (v *View) Since(s Series, last Look) (time.Time, Look) {
	g, ok := v.column(s)
	if _, derived := v.derived(s); !ok || derived {
		return time.Time{}, Look{}
	}
	now := Look{
		window: v.window, version: v.window.version, known: g.known, troubles: v.troubles(g.fact),
		plain: g.read == never && v.cursor.Truth == AsSeen && !v.window.newest.After(v.cursor.At),
	}
	if !now.plain || !last.plain || last.window != now.window || last.troubles != now.troubles || last.known > now.known {
		return time.Time{}, now
	}
	from := last.known - g.period - g.settle + 1 // the first that may not have settled
	for _, r := range g.recent {
		if r != nil {
			from = min(from, r.since(last.version))
		}
	}
	if from == math.MinInt64 {
		return time.Time{}, now
	}
	return time.UnixMilli(from).UTC(), now
}

// recent remembers from which period on rows have changed in the last few versions of the window.
type recent struct {
	forgotten uint64 // nothing is known of changes up to this version
	changes   []changed
}

// changed is that in a version, or since, no row before a period has changed but in later ones. Both ascend.
type changed struct {
	version uint64
	at      int64
}

// recentMost bounds the changes that are remembered: a series is read again after one or two.
const recentMost = 8

// note remembers that a row has changed; math.MinInt64 stands for all of them.
func (r *recent) note(version uint64, at int64) {
	n := len(r.changes)
	for n > 0 && r.changes[n-1].at >= at {
		n--
	}
	r.changes = append(r.changes[:n], changed{version, at})
	if len(r.changes) > recentMost {
		r.forgotten = r.changes[0].version
		r.changes = slices.Delete(r.changes, 0, 1)
	}
}

// since is the first period that has changed after a version: math.MinInt64 where that is not known, never where none has.
func (r *recent) since(version uint64) int64 {
	if version < r.forgotten {
		return math.MinInt64
	}
	for _, c := range r.changes {
		if c.version > version {
			return c.at
		}
	}
	return never
}
