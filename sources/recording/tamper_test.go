package recording_test

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"warroom/sources"
	"warroom/sources/recording"
)

// kept is how many changes the recordings have that are tampered with.
const kept = 24

// entry is a row of the table changes as whoever holds the file can write it.
type entry struct {
	seq, tick, at, seen                      int64
	kind, service, resource, actor, id, text string
	body, prev, hash                         []byte
}

// forger has a recording open behind its back.
type forger struct {
	t       *testing.T
	db      *sql.DB
	file    *recording.File
	anchor  recording.Chain
	genuine []entry
	sibling []entry // of a recording that is the same up to differs, and has a right chain of its own
	differs int
}

// TestVerifyLocatesEveryTampering edits, deletes, inserts, reorders, splices and truncates at random: each is found, at the
// first place that is not as it was recorded. With -tags soak there are ten thousand of them.
func TestVerifyLocatesEveryTampering(t *testing.T) {
	f := newForger(t)
	for n := range tamperings {
		r := rand.New(rand.NewPCG(6, uint64(n)))
		what, forged, want := f.tamper(r)
		f.put(forged)
		_, err := f.file.Verify(context.Background(), f.anchor)
		var broken *recording.BrokenError
		switch {
		case want == 0 && err != nil:
			t.Fatalf("%d: %s: %v, and nothing was changed", n, what, err)
		case want > 0 && (!errors.As(err, &broken) || broken.Seq != want):
			t.Fatalf("%d: %s: %v, want it located at change %d", n, what, err, want)
		}
	}
	f.put(f.genuine)
	if found, err := f.file.Verify(context.Background(), f.anchor); err != nil || found != f.anchor {
		t.Errorf("put back as it was: %+v, %v", found, err)
	}
}

func newForger(t *testing.T) *forger {
	t.Helper()
	f := &forger{t: t, differs: kept / 3}
	path := writeNotes(t, -1)
	f.db = opened(t, path)
	f.genuine, f.sibling = entries(t, f.db), entries(t, opened(t, writeNotes(t, f.differs)))
	if len(f.genuine) != kept || len(f.sibling) != kept {
		t.Fatalf("%d and %d changes, want %d", len(f.genuine), len(f.sibling), kept)
	}
	file, err := recording.OpenReadOnly(path)
	must(t, err)
	t.Cleanup(func() { must(t, file.Close()) })
	f.file = file
	f.anchor, err = file.Verify(context.Background())
	must(t, err)
	return f
}

// writeNotes makes a recording; the change at the index other, if there is one, says something else.
func writeNotes(t *testing.T, other int) string {
	t.Helper()
	path := newRecording(t)
	f, err := recording.Open(path)
	must(t, err)
	for n := range kept {
		c := sources.Change{
			At: t0, Seen: t0, Kind: sources.ChangeNote, Resource: sources.Ref{Service: "alb", Name: "web"}, Actor: "ada", Text: fmt.Sprint("note ", n),
			Body: []byte(fmt.Sprintf(`{"n":%d}`, n)),
		}
		if n%3 == 0 {
			c.ID = fmt.Sprint("id ", n)
		}
		if n == other {
			c.Text = "something else"
		}
		_, err := f.AppendChange(context.Background(), c)
		must(t, err)
	}
	must(t, f.Close())
	return path
}

// opened opens a recording as any program can, without the house's own rules.
func opened(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	db.SetMaxOpenConns(1)
	_, err = db.Exec(`PRAGMA synchronous = OFF; DROP INDEX changes_by_id`)
	must(t, err)
	return db
}

func entries(t *testing.T, db *sql.DB) (out []entry) {
	t.Helper()
	rows, err := db.Query(`SELECT seq, tick, at, seen, kind, service, resource, actor, id, text, body, prev_hash, hash FROM changes ORDER BY seq`)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var e entry
		must(t, rows.Scan(&e.seq, &e.tick, &e.at, &e.seen, &e.kind, &e.service, &e.resource, &e.actor, &e.id, &e.text, &e.body, &e.prev, &e.hash))
		out = append(out, e)
	}
	must(t, rows.Err())
	return out
}

// put writes the table anew.
func (f *forger) put(all []entry) {
	f.t.Helper()
	tx, err := f.db.Begin()
	must(f.t, err)
	_, err = tx.Exec(`DELETE FROM changes`)
	must(f.t, err)
	insert, err := tx.Prepare(`INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	must(f.t, err)
	for _, e := range all {
		_, err := insert.Exec(e.seq, e.tick, e.at, e.seen, e.kind, e.service, e.resource, e.actor, e.id, e.text, e.body, e.prev, e.hash)
		must(f.t, err)
	}
	must(f.t, tx.Commit())
}

// tamper changes the record in one way, and tells at which change that has to be found: 0 where nothing came of it.
func (f *forger) tamper(r *rand.Rand) (what string, forged []entry, want int64) {
	all := slices.Clone(f.genuine)
	i, j := r.IntN(kept), r.IntN(kept)
	from, to := min(i, j), max(i, j)+1
	switch r.IntN(7) {
	case 0:
		what = fmt.Sprintf("%s of %d edited", all[i].edit(r), i+1)
	case 1:
		what, all = fmt.Sprintf("%d to %d taken out", from+1, to), slices.Delete(all, from, to)
	case 2:
		what, all = fmt.Sprintf("%d to %d taken out, numbers closed up", from+1, to), numbered(slices.Delete(all, from, to))
	case 3:
		what, all = fmt.Sprintf("%d put before %d", i+1, j+1), numbered(slices.Insert(all, j, all[i]))
	case 4:
		what = fmt.Sprintf("%d to %d shuffled", from+1, to)
		r.Shuffle(to-from, func(a, b int) { all[from+a], all[from+b] = all[from+b], all[from+a] })
		all = numbered(all)
	case 5:
		what, all = fmt.Sprintf("cut off after %d", i), all[:i]
	case 6: // a stretch of another right chain, in the place of ours
		copy(all[from:to], f.sibling[from:to])
		return fmt.Sprintf("%d to %d of another chain", from+1, to), all, f.spliced(from, to)
	}
	return what, all, f.firstOther(all)
}

// edit changes one thing that is kept of a change, and says which.
func (e *entry) edit(r *rand.Rand) string {
	texts := map[string]*string{"kind": &e.kind, "service": &e.service, "resource": &e.resource, "actor": &e.actor, "id": &e.id, "text": &e.text}
	numbers := map[string]*int64{"at": &e.at, "seen": &e.seen}
	blobs := map[string]*[]byte{"body": &e.body, "prev": &e.prev, "hash": &e.hash}
	names := []string{"kind", "service", "resource", "actor", "id", "text", "at", "seen", "body", "prev", "hash"}
	name := names[r.IntN(len(names))]
	switch {
	case texts[name] != nil:
		*texts[name] = string(mutated(r, []byte(*texts[name])))
	case numbers[name] != nil:
		*numbers[name] += cmp.Or(r.Int64N(7)-3, 1<<33)
	default:
		*blobs[name] = mutated(r, *blobs[name])
	}
	return name
}

// mutated is a text with one letter put in, taken out or changed.
func mutated(r *rand.Rand, was []byte) []byte {
	at := r.IntN(len(was) + 1)
	letter := byte('a' + r.IntN(26))
	switch {
	case at == len(was) || r.IntN(3) == 0:
		return slices.Insert(bytes.Clone(was), at, letter)
	case r.IntN(2) == 0:
		return slices.Delete(bytes.Clone(was), at, at+1)
	}
	now := bytes.Clone(was)
	now[at] = letter
	return now
}

func numbered(all []entry) []entry {
	for i := range all {
		all[i].seq = int64(i + 1)
	}
	return all
}

// firstOther is the first place at which the record is another than the genuine one; one that is longer is so at its end.
func (f *forger) firstOther(all []entry) int64 {
	for i := range max(len(all), kept) {
		if i >= len(all) || i >= kept || !reflect.DeepEqual(all[i], f.genuine[i]) {
			return int64(i + 1)
		}
	}
	return 0
}

// spliced is where a stretch of the other chain is found. One that begins where the two part follows rightly, and is found
// where ours goes on; where nothing goes on, the anchor finds it.
func (f *forger) spliced(from, to int) int64 {
	switch {
	case to <= f.differs:
		return 0 // up to there they are the same
	case from > f.differs:
		return int64(from + 1)
	case to == kept:
		return kept
	}
	return int64(to + 1)
}
