package recording_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"warroom/sources"
	"warroom/sources/recording"
)

// filledSamples is how many samples [filled] holds: 100 series over an hour, a quarter of them revised each minute.
const filledSamples = 125 * 60

// filled is the path of a closed recording of an hour, and its bytes.
func filled(t testing.TB) (path string, whole []byte) {
	t.Helper()
	whole, err := template()
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "launch.warroom")
	write(t, path, whole)
	return path, whole
}

var template = sync.OnceValues(func() ([]byte, error) {
	path := filepath.Join(scratch, "template.warroom")
	if err := fill(path, 100, 60); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// run executes SQL on a file, behind the recording's back.
func run(t testing.TB, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, path string, content []byte) {
	t.Helper()
	must(t, os.WriteFile(path, content, 0o600))
}

func remove(t testing.TB, path string) {
	t.Helper()
	must(t, os.Remove(path))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// folder is what a folder holds: names and content.
func folder(t testing.TB, path string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(filepath.Dir(path), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() {
			fmt.Fprintln(&b, p, err)
			return err
		}
		content, err := os.ReadFile(p)
		fmt.Fprintf(&b, "%s %x\n", p, sha256.Sum256(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// unusable are files that are no recording, or none that can be read, each with what the message must say.
var unusable = map[string]struct {
	make func(t *testing.T, path string, whole []byte)
	says string
}{
	"missing":          {func(t *testing.T, path string, _ []byte) { remove(t, path) }, "does not exist: check the path"},
	"folder":           {func(t *testing.T, path string, _ []byte) { remove(t, path); must(t, os.Mkdir(path, 0o700)) }, "is a folder: name the recording in it"},
	"pipe":             {func(t *testing.T, path string, _ []byte) { remove(t, path); must(t, syscall.Mkfifo(path, 0o600)) }, "is no regular file"},
	"empty":            {func(t *testing.T, path string, _ []byte) { write(t, path, nil) }, "is empty: remove it"},
	"text":             {func(t *testing.T, path string, _ []byte) { write(t, path, []byte("launch:\n  name: x\n")) }, `is no recording: it begins with "launch:`},
	"escapes":          {func(t *testing.T, path string, _ []byte) { write(t, path, []byte("\x1b]0;owned\x07")) }, `is no recording: it begins with "\x1b]0;owned\a"`},
	"zeros":            {func(t *testing.T, path string, w []byte) { write(t, path, make([]byte, len(w))) }, "is no recording"},
	"few bytes":        {func(t *testing.T, path string, w []byte) { write(t, path, w[:7]) }, "is cut off: it has 7 bytes"},
	"header only":      {func(t *testing.T, path string, w []byte) { write(t, path, w[:100]) }, "is cut off: it has 100 of "},
	"half":             {func(t *testing.T, path string, w []byte) { write(t, path, w[:len(w)/2]) }, "is cut off: it has "},
	"one byte short":   {func(t *testing.T, path string, w []byte) { write(t, path, w[:len(w)-1]) }, "is cut off: it has "},
	"other database":   {func(t *testing.T, path string, _ []byte) { remove(t, path); run(t, path, `CREATE TABLE t (x)`) }, "is an SQLite database of another program"},
	"newer":            {func(t *testing.T, path string, _ []byte) { run(t, path, `PRAGMA user_version = 7`) }, "was made by a newer warroom (format 7, this one reads 1): use that warroom"},
	"no tables":        {func(t *testing.T, path string, _ []byte) { run(t, path, `DROP VIEW samples; DROP TABLE series`) }, "is damaged"},
	"broken schema":    {func(t *testing.T, path string, w []byte) { write(t, path, overwritten(w, 100, 3000)) }, "is damaged"},
	"broken page size": {func(t *testing.T, path string, w []byte) { write(t, path, overwritten(w, 16, 1)) }, "is damaged"},
}

func overwritten(whole []byte, at, n int) []byte {
	broken := bytes.Clone(whole)
	for i := range n {
		broken[at+i] = 0xA5
	}
	return broken
}

func TestUnusableFilesGetOneClearMessage(t *testing.T) {
	for name, c := range unusable {
		t.Run(name, func(t *testing.T) {
			path, whole := filled(t)
			c.make(t, path, whole)
			before := folder(t, path)
			for _, open := range []func(string, ...recording.Option) (*recording.File, error){recording.Open, recording.OpenReadOnly} {
				f, err := open(path)
				if err == nil {
					f.Close()
					t.Fatal("opened")
				}
				if f != nil {
					t.Error("half opened")
				}
				var file *recording.FileError
				if !errors.As(err, &file) || !strings.HasPrefix(err.Error(), path+" ") || !strings.Contains(err.Error(), c.says) || strings.ContainsAny(err.Error(), "\n\x1b") {
					t.Errorf("says %q, want one line of %q", err, c.says)
				}
			}
			if after := folder(t, path); after != before {
				t.Errorf("the file, or what is beside it, was changed:\n%s\n%s", before, after)
			}
		})
	}
}

func TestCreateNeverReplaces(t *testing.T) {
	path, _ := filled(t)
	before := folder(t, path)
	if _, err := recording.Create(path, meta()); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "choose another name") {
		t.Errorf("over a recording: %v", err)
	}
	orphan := filepath.Join(filepath.Dir(path), "removed.warroom")
	write(t, orphan+"-wal", []byte("left"))
	if _, err := recording.Create(orphan, meta()); err == nil || errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "left by a recording that is gone") {
		t.Errorf("beside what another left: %v", err)
	}
	remove(t, orphan+"-wal")
	if _, err := recording.Create(filepath.Join(filepath.Dir(path), "no", "such.warroom"), meta()); err == nil || !strings.Contains(err.Error(), "its folder must exist") {
		t.Errorf("in no folder: %v", err)
	}
	impossible := meta()
	impossible.Launch.T0 = time.Date(60000, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := recording.Create(filepath.Join(filepath.Dir(path), "other.warroom"), impossible); err == nil {
		t.Error("a T0 that cannot be kept was taken")
	}
	if after := folder(t, path); after != before {
		t.Errorf("something was left behind:\n%s\n%s", before, after)
	}
}

func TestReadOnlyRefusesToAppend(t *testing.T) {
	path, _ := filled(t)
	before := folder(t, path)
	f, err := recording.OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Append(context.Background(), round(1)); !errors.Is(err, recording.ErrReadOnly) {
		t.Errorf("append: %v", err)
	}
	if _, err := f.AppendChange(context.Background(), sources.Change{}); !errors.Is(err, recording.ErrReadOnly) {
		t.Errorf("change: %v", err)
	}
	if _, _, err := f.Since(context.Background(), 0); err != nil {
		t.Error(err)
	}
	f.Close()
	if after := folder(t, path); after != before {
		t.Errorf("reading has changed it:\n%s\n%s", before, after)
	}
}

func TestLastToCloseLeavesOneFile(t *testing.T) {
	path := newRecording(t)
	ctx := context.Background()
	a, err := recording.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := recording.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for n, f := range []*recording.File{a, b} {
		if err := f.Append(ctx, round(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	if err := b.Append(ctx, round(2)); err != nil {
		t.Fatalf("after the other one has closed: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	head := make([]byte, 20)
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Read(head); err != nil || head[18] != 1 || head[19] != 1 {
		t.Errorf("the file still wants files beside it: %v, %v", head[18:], err)
	}
}

// TestComeAndGo has several open, append and close again and again: the file is switched under them each time that
// one is the last.
func TestComeAndGo(t *testing.T) {
	path := newRecording(t)
	const guests, visits = 4, 12
	var all sync.WaitGroup
	for guest := range guests {
		all.Go(func() {
			for n := range visits {
				if err := visit(path, fmt.Sprint(guest, " ", n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	f, err := recording.OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	chain, err := f.Verify(context.Background())
	if err != nil || chain.Changes != guests*visits {
		t.Errorf("%d changes of %d, %v", chain.Changes, guests*visits, err)
	}
}

// visitPath asks the test binary to visit a recording.
const visitPath = "WARROOM_TEST_VISIT"

// visitor is the child: it opens, appends and closes.
func visitor(path string) int {
	if err := visit(path, "another process"); err != nil {
		return complain(err)
	}
	return 0
}

// TestLookingTakesNoLockAway looks at a recording that this process is writing, and has another process come and go,
// which must not believe to be the last.
func TestLookingTakesNoLockAway(t *testing.T) {
	path := newRecording(t)
	f, err := recording.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for n := range 3 {
		must(t, f.Append(context.Background(), round(n)))
		other, err := recording.OpenReadOnly(path)
		must(t, err)
		must(t, other.Close())
		_, err = os.ReadFile(path)
		must(t, err)
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), visitPath+"="+path)
		if out, err := child.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if _, err := os.Stat(path + "-wal"); err != nil {
			t.Fatalf("the visitor has taken away what we are writing to: %v", err)
		}
	}
	must(t, f.Close())
	if got := replayElsewhere(t, copyAway(t, path)); got != 3 {
		t.Errorf("%d rounds of 3", got)
	}
}

// copyAway copies a closed recording to where other users may read it.
func copyAway(t *testing.T, path string) string {
	t.Helper()
	dir := filepath.Join(openToAll(t), "copy")
	copyTo(t, path, dir, []string{""})
	return filepath.Join(dir, filepath.Base(path))
}

func visit(path, text string) error {
	f, err := recording.Open(path)
	if err != nil {
		return err
	}
	_, _, before := f.Since(context.Background(), 0)
	_, err = f.AppendChange(context.Background(), sources.Change{At: t0, Seen: t0, Kind: sources.ChangeNote, Text: text})
	_, _, after := f.Since(context.Background(), 0)
	return errors.Join(before, err, after, f.Close())
}

// TestReplayOfKilled opens what a killed recorder left: as it is, without its shared memory, and each in a folder
// that may not be written.
func TestReplayOfKilled(t *testing.T) {
	path := newRecording(t)
	said := runAndKill(t, path, 0, 0, 30*time.Millisecond)
	wal, err := os.Stat(path + "-wal")
	if err != nil || wal.Size() == 0 {
		t.Fatalf("the recorder left nothing beside the file: %v", err)
	}
	for _, forbidden := range []bool{false, true} {
		for _, parts := range [][]string{{"", "-wal", "-shm"}, {"", "-wal"}} {
			t.Run(fmt.Sprint(len(parts), " files, forbidden ", forbidden), func(t *testing.T) {
				dir := filepath.Join(openToAll(t), "killed")
				copyTo(t, path, dir, parts)
				if forbidden {
					forbid(t, dir)
				}
				got := replayElsewhere(t, filepath.Join(dir, "launch.warroom"))
				if got < len(said.rounds) {
					t.Errorf("%d rounds, acknowledged were %d", got, len(said.rounds))
				}
			})
		}
	}
}

// TestReplayOfClosedInForbiddenFolder opens a finished recording where nothing may be written.
func TestReplayOfClosedInForbiddenFolder(t *testing.T) {
	path := newRecording(t)
	f, err := recording.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		if err := f.Append(context.Background(), round(n)); err != nil {
			t.Fatal(err)
		}
	}
	f.Close()
	closed := copyAway(t, path)
	forbid(t, filepath.Dir(closed))
	if got := replayElsewhere(t, closed); got != 3 {
		t.Errorf("%d rounds, want 3", got)
	}
}

// openToAll is a folder that other users may look into, as the folders of tests are not.
func openToAll(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "recording-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	must(t, os.Chmod(dir, 0o755))
	return dir
}

func copyTo(t *testing.T, path, dir string, parts []string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, part := range parts {
		content, err := os.ReadFile(path + part)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)+part), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func forbid(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.Chmod(filepath.Join(dir, e.Name()), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, os.Chmod(dir, 0o755)) })
}

// replayElsewhere reads a recording in a process of its own, as nobody where we are the superuser, who may write
// everything; it returns the number of rounds, and checks that the folder is as it was.
func replayElsewhere(t *testing.T, path string) int {
	t.Helper()
	before := folder(t, path)
	self := filepath.Join(openToAll(t), "replay")
	binary, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(self, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = []string{replayPath + "=" + path}
	child.Dir = "/"
	if os.Geteuid() == 0 {
		child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var rounds int
	if _, err := fmt.Sscan(string(out), &rounds); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, line := range strings.Split(strings.TrimSpace(before), "\n") {
		if !strings.Contains(line, "-shm") && !strings.Contains(folder(t, path), line) {
			t.Errorf("replay has changed %s", line)
		}
	}
	return rounds
}

// replayPath asks the test binary to read a recording.
const replayPath = "WARROOM_TEST_REPLAY"

// replay is the child: it says how many rounds the recording holds.
func replay(path string) int {
	f, err := recording.OpenReadOnly(path)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	b, _, err := f.Since(context.Background(), 0)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(count(b).last + 1)
	if err := f.Close(); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// TestDamageInTheMiddle breaks pages in the middle of a recording, one after the other: what is read is what was
// written, and where something cannot be read, that is said, and the rest is there.
func TestDamageInTheMiddle(t *testing.T) {
	path, whole := filled(t)
	f, err := recording.OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := f.Load(context.Background(), time.Time{}, time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	said := 0
	for page := 8; page < len(whole)/4096; page += 3 {
		write(t, path, overwritten(whole, page*4096, 4096))
		if loadDamaged(t, path, want) {
			said++
		}
	}
	if said == 0 {
		t.Error("no damage was noticed")
	}
}

// loadDamaged loads all of a damaged recording and tells whether that said so.
func loadDamaged(t *testing.T, path string, want sources.Batch) bool {
	t.Helper()
	f, err := recording.OpenReadOnly(path)
	if err == nil {
		defer f.Close()
		var got sources.Batch
		if got, _, err = f.Load(context.Background(), time.Time{}, time.Time{}, time.Time{}); err == nil {
			if len(got.Samples) != len(want.Samples) {
				t.Errorf("%d of %d samples, and no word about it", len(got.Samples), len(want.Samples))
			}
			return false
		}
		if len(got.Samples) > len(want.Samples) {
			t.Errorf("%d of %d samples", len(got.Samples), len(want.Samples))
		}
	}
	if !errors.Is(err, recording.ErrDamaged) || !strings.HasPrefix(err.Error(), path+" is damaged") || strings.Contains(err.Error(), "\n") {
		t.Errorf("says %q", err)
	}
	return true
}

// TestSalvage breaks one leaf of the samples and expects the other quarters to be read.
func TestSalvage(t *testing.T) {
	path, whole := filled(t)
	best := 0
	for page := 8; page < len(whole)/4096; page++ {
		write(t, path, overwritten(whole, page*4096, 4096))
		f, err := recording.OpenReadOnly(path)
		if err != nil {
			continue
		}
		b, _, err := f.Load(context.Background(), time.Time{}, time.Time{}, time.Time{})
		if errors.Is(err, recording.ErrDamaged) {
			best = max(best, len(b.Samples))
		}
		f.Close()
		if best > filledSamples/2 {
			return
		}
	}
	t.Errorf("at most %d samples were read beside the damage", best)
}

// TestRandomDamageNeverPanics changes single bytes anywhere.
func TestRandomDamageNeverPanics(t *testing.T) {
	path, whole := filled(t)
	rng := rand.New(rand.NewPCG(7, 7))
	for range 20 {
		broken := bytes.Clone(whole)
		for range 1 + rng.IntN(3) {
			broken[rng.IntN(len(broken))] ^= byte(1 + rng.IntN(255))
		}
		write(t, path, broken)
		f, err := recording.Open(path)
		if err != nil {
			continue
		}
		useAll(t, f)
		for _, beside := range []string{"-wal", "-shm"} {
			if err := os.Remove(path + beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
		}
	}
}

// useAll calls what may meet damage. What went wrong in it is damage, and nothing else.
func useAll(t *testing.T, f *recording.File) {
	t.Helper()
	ctx := context.Background()
	_, _, load := f.Load(ctx, time.Time{}, time.Time{}, time.Time{})
	_, newest := f.Newest(ctx, t0.Add(time.Hour), time.Time{})
	_, _, since := f.Since(ctx, 0)
	_, verify := f.Verify(ctx)
	for _, err := range []error{load, newest, since, verify, f.Append(ctx, round(100)), f.Close()} {
		var broken *recording.BrokenError
		if err != nil && !errors.Is(err, recording.ErrDamaged) && !errors.As(err, &broken) {
			t.Errorf("says %v", err)
		}
	}
}
