package recording

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"warroom/sources"
)

// Under POSIX, whoever closes any descriptor of a file loses all locks that the process holds on it, and we look at
// files that we may have open. Linux knows locks that do not do that, and they must be asked for before the first one.
// Elsewhere a process should open a recording once.
func init() { _, _ = sqlite.OFDLocking(true) }

// File is an open recording. It may be used by many goroutines at once, and many Files, also of other
// processes, may be open on one recording.
type File struct {
	path     string // as it was asked for
	opened   string // as it was opened: path, or a copy of it
	readOnly bool
	now      func() time.Time
	read     *sql.DB
	turn     chan struct{} // held by the one goroutine that writes
	write    *appendTo     // nil until something is written; guarded by turn
	names    names
}

// Option changes how a recording is opened.
type Option func(*File)

// WithClock has the lease judged by another clock than the machine's.
func WithClock(now func() time.Time) Option { return func(f *File) { f.now = now } }

// names are the series by their numbers, as far as they have been met.
type names struct {
	p atomic.Pointer[[]sources.Series]
}

func (n *names) known() []sources.Series {
	if p := n.p.Load(); p != nil {
		return *p
	}
	return []sources.Series{{}} // numbers begin with 1
}

func (n *names) learn(series []sources.Series) {
	old := n.p.Load()
	if old == nil || len(*old) < len(series) {
		n.p.CompareAndSwap(old, &series)
	}
}

// Create makes a new recording and opens it. A file that exists is never touched: the error is then
// [fs.ErrExist]. The recording appears under its path only once it is whole.
func Create(path string, m Meta, opts ...Option) (*File, error) {
	for _, part := range []string{"", "-wal", "-journal"} {
		if _, err := os.Lstat(path + part); err == nil {
			return nil, existing(path, part)
		}
	}
	values, err := encodeMeta(m)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(path)
	draft, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, fmt.Errorf("create recording %s: %w: its folder must exist and be writable", path, err)
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	defer draft.Close()
	if err := build(draft, values); err != nil {
		return nil, fmt.Errorf("create recording %s: %w", path, err)
	}
	if err := appear(draft.Name(), path); err != nil {
		return nil, err
	}
	return Open(path, opts...)
}

// existing refuses a name that is taken. A file that a removed recording left beside it would be taken for the new
// one's own.
func existing(path, part string) error {
	if part != "" {
		return fmt.Errorf("create recording %s: %s was left by a recording that is gone: remove it too, or choose another name", path, path+part)
	}
	return fmt.Errorf("create recording %s: %w: choose another name, or open it to go on with it", path, fs.ErrExist)
}

// build makes a recording of an empty file, durably. While it is at it nothing needs to survive: nobody knows the
// file yet.
func build(draft *os.File, values map[string]string) error {
	db, err := sql.Open("sqlite", dsn(draft.Name(), "rw")+"&_journal_mode=MEMORY&_synchronous=OFF")
	if err != nil {
		return err
	}
	defer db.Close()
	if err := describe(db, values); err != nil {
		return err
	}
	return draft.Sync()
}

// describe writes the schema and the meta.
func describe(db *sql.DB, values map[string]string) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing once committed
	if _, err := tx.Exec(schema); err != nil {
		return err
	}
	if _, err := tx.Exec(fmt.Sprintf(`PRAGMA application_id = %d; PRAGMA user_version = %d`, applicationID, schemaVersion)); err != nil {
		return err
	}
	for key, value := range values {
		if _, err := tx.Exec(setMeta, key, value); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// appear gives the finished draft its name, without ever replacing a file.
func appear(draft, path string) error {
	err := os.Link(draft, path)
	if err != nil && !errors.Is(err, fs.ErrExist) { // a file system without links
		err = replaceOwn(draft, path)
	}
	if errors.Is(err, fs.ErrExist) {
		return existing(path, "")
	}
	if err != nil {
		return fmt.Errorf("create recording %s: %w", path, err)
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync() // the name survives a loss of power; not every system can promise it
		dir.Close()
	}
	return nil
}

// replaceOwn takes the name with an empty file before it puts the draft there.
func replaceOwn(draft, path string) error {
	own, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	own.Close()
	return os.Rename(draft, path)
}

// Open opens a recording to read and to append. A file that is no recording, or one that cannot be read
// rightly, gives a [*FileError] and is not modified.
func Open(path string, opts ...Option) (*File, error) {
	if _, err := inspect(path); err != nil {
		return nil, err
	}
	if probe, err := os.OpenFile(path, os.O_RDWR, 0); err != nil {
		return nil, &FileError{path, "cannot be written to", "give yourself the right to write it, or replay it", err}
	} else {
		probe.Close()
	}
	f := newFile(path, opts)
	if err := f.start(dsn(path, "rw") + "&_pragma=query_only(1)"); err != nil {
		return nil, err
	}
	return f, nil
}

// OpenReadOnly opens a recording to read, whether or not somebody else is appending to it, and whether or not
// it was closed. It leaves the recording as it is, byte for byte, and needs no right to write its folder.
func OpenReadOnly(path string, opts ...Option) (*File, error) {
	h, err := inspect(path)
	if err != nil {
		return nil, err
	}
	f := newFile(path, opts)
	f.readOnly = true
	err = f.start(dsn(path, "ro"))
	switch {
	case err == nil:
		return f, nil
	case h.wal && !isDamage(err):
		return f.openCopy(err)
	}
	return nil, err
}

func newFile(path string, opts []Option) *File {
	f := &File{path: path, opened: path, now: sources.RunningClock{}.Now, turn: make(chan struct{}, 1)}
	for _, opt := range opts {
		opt(f)
	}
	return f
}

// openCopy is for a recording whose writer was killed, in a folder where SQLite may not make the files that
// it needs to put in order what the writer left: a copy is put in order instead.
func (f *File) openCopy(cause error) (*File, error) {
	dir, err := os.MkdirTemp("", "warroom-replay-")
	if err != nil {
		return nil, errors.Join(cause, err)
	}
	f.opened = filepath.Join(dir, filepath.Base(f.path))
	for _, part := range []string{"", "-wal"} {
		if err := copyFile(f.path+part, f.opened+part); err != nil && !(part != "" && errors.Is(err, fs.ErrNotExist)) {
			_ = os.RemoveAll(dir)
			return nil, fmt.Errorf("copy recording %s to a folder that can be written: %w", f.path, err)
		}
	}
	if err := f.start(dsn(f.opened, "ro")); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return f, nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// start opens the connections that read, and has them read the names of all series: a file that passes this
// is a recording, whatever may be damaged further in.
func (f *File) start(dsn string) error {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return f.explain("open", err)
	}
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(4)
	f.read = db
	err = f.reading(context.Background(), func(r *reader) error { return r.learn() })
	if err != nil {
		db.Close()
		return f.explain("open", err)
	}
	return nil
}

// patience is how long one waits for others who write, in milliseconds as SQLite has it, and as Go has it.
const (
	patienceMS = 10000
	patience   = patienceMS * time.Millisecond
)

// writer is the connection that writes, made when first needed: who only looks leaves the file alone. Two that
// begin to write at once get into each other's way in a manner that SQLite does not wait out by itself.
func (f *File) writer(ctx context.Context) (*appendTo, error) {
	if f.readOnly {
		return nil, ErrReadOnly
	}
	if f.write != nil {
		return f.write, nil
	}
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		to, err := openWriter(ctx, f.path)
		if err == nil {
			f.write = to
			return to, nil
		}
		if code(err) != sqlite3.SQLITE_BUSY {
			return nil, err
		}
		pause := time.NewTimer(rand.N(20 * time.Millisecond))
		select {
		case <-wait.Done():
			return nil, cmp.Or(ctx.Err(), err)
		case <-pause.C:
		}
	}
}

func openWriter(ctx context.Context, path string) (*appendTo, error) {
	db, err := sql.Open("sqlite", dsn(path, "rw")+"&_txlock=immediate&_journal_mode=WAL&_synchronous=FULL")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	to := &appendTo{db: db, series: map[sources.Series]int64{}, factIDs: map[factName]int64{}}
	if err := to.prepare(ctx); err != nil {
		db.Close()
		return nil, err
	}
	return to, nil
}

// dsn names a file to the driver. The connection trusts nothing that the file says about itself but its data.
func dsn(path, mode string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		abs = path
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(abs)}
	return u.String() + "?mode=" + mode + "&_busy_timeout=" + strconv.Itoa(patienceMS) + "&_defensive=1&_error_rc=1&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)"
}

// Path is where the recording is.
func (f *File) Path() string { return f.path }

// Size is how many bytes it takes on disk, with what has not been moved into the one file yet.
func (f *File) Size() (int64, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return 0, fmt.Errorf("size of recording: %w", err)
	}
	size := info.Size()
	if wal, err := os.Stat(f.path + "-wal"); err == nil {
		size += wal.Size()
	}
	return size, nil
}

// Close ends the use of the recording. The last one to close it, of all processes that may write it, leaves
// one file behind. Nothing durable depends on Close.
func (f *File) Close() error {
	f.turn <- struct{}{}
	defer func() { <-f.turn }()
	err := f.read.Close()
	if f.opened != f.path {
		return errors.Join(err, os.RemoveAll(filepath.Dir(f.opened)))
	}
	if f.write != nil {
		err = errors.Join(err, f.write.db.Close())
		f.write = nil
	}
	if !f.readOnly {
		f.gather()
	}
	return err
}

// gather moves what stands beside the file into it, unless somebody else has it open; the last of them will.
func (f *File) gather() {
	if h, err := inspect(f.path); err != nil || !h.wal {
		return
	}
	db, err := sql.Open("sqlite", dsn(f.path, "rw")+"&_pragma=busy_timeout(0)")
	if err != nil {
		return
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return
	}
	_, _ = db.Exec(`PRAGMA journal_mode = DELETE`) // refused while another process has it open
}

// header is what the first bytes of a recording say.
type header struct {
	wal bool // what is newest stands in the file beside it
}

// The places in an SQLite header that matter here (sqlite.org/fileformat2.html).
const (
	headerLength      = 100
	headerPageSize    = 16
	headerWriteFormat = 18
	headerCounter     = 24
	headerPages       = 28
	headerVersion     = 60
	headerApplication = 68
	headerCounterOf   = 92
	magic             = "SQLite format 3\x00"
)

// inspect looks at a file without SQLite, so that one that is no recording is not touched at all.
func inspect(path string) (header, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return header{}, &FileError{path, "does not exist", "check the path", err}
	case err != nil:
		return header{}, &FileError{path, "cannot be looked at", "check the path and your rights on it", err}
	case info.IsDir():
		return header{}, &FileError{path, "is a folder", "name the recording in it", nil}
	case !info.Mode().IsRegular():
		return header{}, &FileError{path, "is no regular file", "name a recording", nil}
	case info.Size() == 0:
		return header{}, &FileError{path, "is empty", "remove it; a recording is never empty", nil}
	}
	file, err := os.Open(path)
	if err != nil {
		return header{}, &FileError{path, "cannot be read", "give yourself the right to read it", err}
	}
	defer file.Close()
	head := make([]byte, headerLength)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return header{}, &FileError{path, "cannot be read", "check the disk it is on", err}
	}
	return judge(path, info.Size(), head[:n])
}

// judge reads the first bytes of a file of the given size.
func judge(path string, size int64, head []byte) (header, error) {
	if !strings.HasPrefix(magic, string(head[:min(len(head), len(magic))])) {
		return header{}, &FileError{path, fmt.Sprintf("is no recording: it begins with %q", head[:min(len(head), 16)]), "name a file that warroom made", nil}
	}
	if len(head) < headerLength {
		return header{}, &FileError{path, fmt.Sprintf("is cut off: it has %d bytes", size), "take it from a copy", ErrDamaged}
	}
	u32 := func(at int) uint32 { return binary.BigEndian.Uint32(head[at:]) }
	if u32(headerApplication) != applicationID {
		return header{}, &FileError{path, "is an SQLite database of another program", "name a file that warroom made", nil}
	}
	if v := u32(headerVersion); v > schemaVersion {
		return header{}, &FileError{path, fmt.Sprintf("was made by a newer warroom (format %d, this one reads %d)", v, schemaVersion), "use that warroom", nil}
	}
	if n := pageSize(head); n < 512 || n&(n-1) != 0 {
		return header{}, (&File{path: path}).damaged(damage("its first page is not what it was"))
	}
	h := header{wal: head[headerWriteFormat] == 2}
	want := int64(u32(headerPages)) * pageSize(head)
	whole := u32(headerCounter) != u32(headerCounterOf) || size >= want
	if _, err := os.Stat(path + "-wal"); !whole && (err != nil || !h.wal) {
		return header{}, &FileError{path, fmt.Sprintf("is cut off: it has %d of %d bytes", size, want), "take it from a copy", ErrDamaged}
	}
	return h, nil
}

func pageSize(head []byte) int64 {
	if n := binary.BigEndian.Uint16(head[headerPageSize:]); n != 1 {
		return int64(n)
	}
	return 65536
}
