package directory

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"os"
	"slices"
	"strconv"
	"time"

	"warroom/sources"
)

// Write makes a directory of series of a launch and its samples, which may come in any order. [Open] gives the same
// samples back, to the millisecond. A folder that is there already must be empty. When Write fails, it leaves behind
// nothing that it made.
func Write(dir string, l sources.Launch, samples iter.Seq[sources.Sample]) (err error) {
	text, err := formatLaunch(l)
	if err != nil {
		return err
	}
	series, err := sorted(samples)
	if err != nil {
		return err
	}
	w, err := begin(dir)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.undo())
		}
		w.root.Close()
	}()
	for _, s := range series {
		if err := w.series(s); err != nil {
			return err
		}
	}
	return w.file(launchFile, func(b *bufio.Writer) { b.Write(text) }) // the last: with it, the directory is whole
}

// written is a series that is to be written, by the name of its file.
type written struct {
	name string
	rows []row
}

// sorted collects the samples by series, those of a series in the order of At, then of Seen.
func sorted(samples iter.Seq[sources.Sample]) ([]*written, error) {
	found := map[sources.Series]*written{}
	var all []*written
	for s := range samples {
		w := found[s.Series]
		if w == nil {
			name, err := FileName(s.Series)
			if err != nil {
				return nil, err
			}
			w = &written{name: name}
			found[s.Series] = w
			all = append(all, w)
		}
		if err := Fits(s); err != nil {
			return nil, err
		}
		r := row{at: s.At.UnixMilli(), seen: s.Seen.UnixMilli(), value: s.Value, none: s.None}
		w.rows = append(w.rows, r)
	}
	for _, w := range all {
		slices.SortStableFunc(w.rows, func(a, b row) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seen, b.seen)) })
		w.rows = lastWords(w.rows)
	}
	slices.SortFunc(all, func(a, b *written) int { return cmp.Compare(a.name, b.name) })
	return all, nil
}

// Fits tells why a directory cannot hold a sample of a series that has a [FileName], nil where it can: its number is
// none, or its times are of no launch.
func Fits(s sources.Sample) error {
	at, seen := s.At.UnixMilli(), s.Seen.UnixMilli()
	if at < earliest || at > latest || seen < at-clockAhead.Milliseconds() || seen > latest || !s.None && (math.IsNaN(s.Value) || math.IsInf(s.Value, 0)) {
		return fmt.Errorf("%v has a sample that cannot be written: %v at %v, seen at %v", s.Series, s.Value, s.At, s.Seen)
	}
	return nil
}

// lastWords leaves, of what was said of one period at one time, what was said last.
func lastWords(rows []row) []row {
	kept := rows[:0]
	for i, r := range rows {
		if next := i + 1; next < len(rows) && rows[next].at == r.at && rows[next].seen == r.seen {
			continue
		}
		kept = append(kept, r)
	}
	return kept
}

// writer is a directory that is being written.
type writer struct {
	dir  string
	root *os.Root
	made []string // files, and below them nothing
	own  bool     // the folder itself was made, too
}

// begin makes the folder, or takes an empty one.
func begin(dir string) (*writer, error) {
	w := &writer{dir: dir}
	switch err := os.Mkdir(dir, 0o700); {
	case err == nil:
		w.own = true
	case !errors.Is(err, fs.ErrExist):
		return nil, fmt.Errorf("make the folder %s: %w", dir, reasonOf(err))
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("write into %s: %w", dir, reasonOf(err))
	}
	w.root = root
	if err := w.empty(); err != nil {
		root.Close()
		return nil, err
	}
	return w, nil
}

// reasonOf is an error without the path that it names.
func reasonOf(err error) error {
	if where, ok := errors.AsType[*fs.PathError](err); ok {
		return where.Err
	}
	return err
}

func (w *writer) empty() error {
	f, err := w.root.Open(".")
	if err != nil {
		return fmt.Errorf("look into %s: %w", w.dir, reasonOf(err))
	}
	defer f.Close()
	if names, _ := f.Readdirnames(1); len(names) > 0 {
		return fmt.Errorf("write into %s: %w: it is not empty; name a new folder", w.dir, fs.ErrExist)
	}
	return nil
}

// undo removes what was made.
func (w *writer) undo() error {
	var errs []error
	for _, name := range w.made {
		errs = append(errs, w.root.Remove(name))
	}
	if w.own {
		errs = append(errs, os.Remove(w.dir))
	}
	return errors.Join(errs...)
}

// file writes a file that is not there yet; only its owner reads it.
func (w *writer) file(name string, write func(*bufio.Writer)) error {
	f, err := w.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write %s into %s: this system takes it for a file that is there: names differ only in capitals", name, w.dir)
	}
	if err != nil {
		return fmt.Errorf("write %s into %s: %w", name, w.dir, reasonOf(err))
	}
	w.made = append(w.made, name)
	b := bufio.NewWriter(f)
	write(b)
	if err := cmp.Or(b.Flush(), f.Close()); err != nil {
		f.Close()
		return fmt.Errorf("write %s into %s: %w", name, w.dir, reasonOf(err))
	}
	return nil
}

func (w *writer) series(s *written) error {
	return w.file(s.name, func(b *bufio.Writer) {
		b.WriteString(headers[1] + "\n")
		var line []byte
		for _, r := range s.rows {
			line = append(appendTime(line[:0], r.at), ',')
			if !r.none {
				line = appendNumber(line, r.value)
			}
			line = append(appendTime(append(line, ','), r.seen), '\n')
			b.Write(line)
		}
	})
}

func appendTime(b []byte, ms int64) []byte {
	return time.UnixMilli(ms).UTC().AppendFormat(b, "2006-01-02T15:04:05.999Z07:00")
}

// appendNumber writes all digits that it takes to read the same number back, without an exponent where that is no
// longer than people write.
func appendNumber(b []byte, v float64) []byte {
	format := byte('f')
	if size := math.Abs(v); size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, v, format, -1, 64)
}
