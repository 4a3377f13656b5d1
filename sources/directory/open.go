package directory

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"warroom/sources"
	"warroom/sources/document"
)

// The bounds of a directory: far above a launch of a day with a thousand series, and small enough for memory.
const (
	filesMost  = 20_000
	rowsMost   = 4_000_000
	bytesMost  = 256 << 20 // of one series' file
	launchMost = 256 << 10 // bytes of launch.yaml, which is ten thousand marks
	wrongMost  = 20        // files that are complained about at once
)

// Directory is what a directory of series holds.
type Directory struct {
	Launch    sources.Launch
	Resources []sources.Resource // those that have a series, in the order of the request path, then by name
	Samples   []sources.Sample   // in the order of Seen, then of series, then of At; each with all its revisions
	Ignored   []string           // files that were left alone, each with the reason
}

// Open reads a directory of series as a whole: what it returns is right in every line, or nothing. The error joins a
// [*document.FileError] for each file that is wrong, the first twenty of them.
func Open(dir string) (*Directory, error) {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return nil, document.Unreadable(dir, err)
	case !info.IsDir():
		return nil, &document.FileError{File: dir, Text: "is no folder: want one with launch.yaml and NAME@RESOURCE.csv in it"}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, document.Unreadable(dir, err)
	}
	defer root.Close()
	r := &reader{dir: dir, root: root}
	r.launch()
	r.find()
	r.forget()
	r.read()
	if len(r.wrong) > 0 {
		return nil, errors.Join(r.wrong...)
	}
	samples := r.samples()
	if len(r.wrong) > 0 {
		return nil, errors.Join(r.wrong...)
	}
	return &Directory{Launch: r.about, Resources: r.resources(), Samples: samples, Ignored: r.ignored}, nil
}

// reader is a directory that is being read.
type reader struct {
	dir     string
	root    *os.Root
	about   sources.Launch
	series  []sources.Series // ordered by metric, resource, label
	files   map[sources.Series]string
	rows    []row
	ignored []string
	wrong   []error
}

func (r *reader) path(name string) string { return filepath.Join(r.dir, sources.Clean(name)) }

func (r *reader) fail(err error) {
	if len(r.wrong) < wrongMost {
		r.wrong = append(r.wrong, err)
	}
}

func (r *reader) failFile(name, format string, args ...any) {
	r.fail(&document.FileError{File: r.path(name), Text: sources.Clean(fmt.Sprintf(format, args...))})
}

func (r *reader) ignore(name, why string) {
	r.ignored = append(r.ignored, sources.CleanTo(name, nameMost)+": "+why)
}

// launch reads launch.yaml as strictly as the same block of a config.
func (r *reader) launch() {
	text, err := r.text(launchFile, launchMost)
	if errors.Is(err, fs.ErrNotExist) {
		r.failFile("", "there is no %s in it: write one with name: and t0:", launchFile)
		return
	}
	if err != nil {
		r.failFile(launchFile, "%v", reasonOf(err))
		return
	}
	l, err := ParseLaunch(r.path(launchFile), text)
	if err != nil {
		r.fail(err)
		return
	}
	r.about = l
}

// ParseLaunch reads the text of a launch.yaml; name is what errors call the file. The sites may name resources of
// which there is no series.
func ParseLaunch(name string, text []byte) (sources.Launch, error) {
	var l sources.Launch
	d, err := document.Parse(name, text)
	if err == nil {
		err = d.Decode(&l)
	}
	if err == nil {
		err = d.CheckLaunch(&l)
	}
	if err == nil {
		err = checkSites(d, l)
	}
	if err != nil {
		return sources.Launch{}, err
	}
	l.Sites = cleanSites(l.Sites)
	return l, nil
}

func cleanSites(sites map[string]map[string]string) map[string]map[string]string {
	var clean map[string]map[string]string
	for site, members := range sites {
		for service, name := range members {
			if clean == nil {
				clean = map[string]map[string]string{}
			}
			if clean[sources.Clean(site)] == nil {
				clean[sources.Clean(site)] = map[string]string{}
			}
			clean[sources.Clean(site)][service] = sources.Clean(name)
		}
	}
	return clean
}

func checkSites(d *document.Document, l sources.Launch) error {
	for _, site := range slices.Sorted(maps.Keys(l.Sites)) {
		for _, service := range slices.Sorted(maps.Keys(l.Sites[site])) {
			if !slices.Contains(sources.Services, service) {
				return d.Unknown(d.Find("sites", site, service), "service", service, "sites."+site, sources.Services)
			}
		}
	}
	return nil
}

// find looks for the series' files.
func (r *reader) find() {
	entries, err := fs.ReadDir(r.root.FS(), ".")
	if err != nil {
		r.failFile("", "cannot be read: %v", reasonOf(err))
		return
	}
	r.files = map[sources.Series]string{}
	for _, e := range entries {
		name := e.Name()
		metric, _, named := strings.Cut(strings.TrimSuffix(name, extension), separator)
		_, known := sources.Lookup(metric)
		switch {
		case name == launchFile:
		case strings.HasPrefix(name, "."), !strings.HasSuffix(name, extension), !named && !known:
			r.ignore(name, "it is neither launch.yaml nor NAME@RESOURCE.csv")
		case !e.Type().IsRegular():
			r.failFile(name, "is no ordinary file: put a copy of it here, or give it another name")
		case len(r.files) == filesMost:
			r.failFile(name, "is one file too many: a directory may have %d series", filesMost)
			return
		default:
			r.take(name)
		}
	}
	r.series = slices.SortedFunc(maps.Keys(r.files), sources.CompareSeries)
}

// take notes the file of a series.
func (r *reader) take(name string) {
	s, err := ParseName(name)
	if err != nil {
		r.failFile(name, "%v", err)
		return
	}
	if other, twice := r.files[s]; twice {
		r.failFile(name, "is the same series as %s, with its name spelled in another way: keep one of them", other)
		return
	}
	if m, _ := sources.Lookup(s.Metric); m.Made() {
		r.ignore(name, "the room makes it from launch.yaml and the other series")
		return
	}
	r.files[s] = name
}

// forget lets go the derived series that can be computed.
func (r *reader) forget() {
	there := func(metric, resource string) bool {
		return slices.ContainsFunc(r.series, func(s sources.Series) bool {
			return s.Metric == metric && (resource == "" || s.Resource == resource)
		})
	}
	r.series = slices.DeleteFunc(r.series, func(s sources.Series) bool {
		m, _ := sources.Lookup(s.Metric)
		if !m.Derived() || !computable(m, s.Resource, there) {
			return false
		}
		r.ignore(r.files[s], "it is computed from "+strings.Join(m.Inputs(), " and ")+", which are here")
		return true
	})
}

// computable tells whether all that a formula comes down to is there for the resource. Of an audience, each of whose
// counters may bear a name of its own, only the first input has to bear the resource's.
func computable(m sources.Metric, resource string, there func(metric, resource string) bool) bool {
	for i, name := range m.Inputs() {
		in, _ := sources.Lookup(name)
		whose := resource
		if m.Single && i > 0 {
			whose = ""
		}
		if in.Derived() && !computable(in, resource, there) || !in.Derived() && !there(name, whose) {
			return false
		}
	}
	return true
}

// read reads the rows of all series.
func (r *reader) read() {
	var last days
	for i, s := range r.series {
		if len(r.wrong) == wrongMost {
			return
		}
		name := r.files[s]
		text, err := r.text(name, bytesMost)
		if err != nil {
			r.failFile(name, "%v", reasonOf(err))
			continue
		}
		m, _ := sources.Lookup(s.Metric)
		l := lines{file: r.path(name), series: int32(i), period: m.Period.Milliseconds(), days: last}
		if r.rows, err = l.read(r.rows, string(text), rowsMost-len(r.rows)); err != nil {
			r.fail(err)
		}
		last = l.days
	}
}

// text is what an ordinary file in the directory holds, up to a size.
func (r *reader) text(name string, most int64) ([]byte, error) {
	info, err := r.root.Lstat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular(): // reading a pipe may take for ever, and a link may lead anywhere
		return nil, errors.New("is no ordinary file: put a copy of it here")
	case info.Size() > most:
		return nil, fmt.Errorf("is too long: it has %d bytes, %d are read", info.Size(), most)
	}
	f, err := r.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	b.Grow(int(info.Size()) + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(f, most)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// samples puts the rows in order and looks for what was said twice.
func (r *reader) samples() []sources.Sample {
	slices.SortFunc(r.rows, func(a, b row) int {
		switch {
		case a.seen != b.seen:
			return cmp.Compare(a.seen, b.seen)
		case a.series != b.series:
			return cmp.Compare(a.series, b.series)
		case a.at != b.at:
			return cmp.Compare(a.at, b.at)
		}
		return cmp.Compare(a.line, b.line)
	})
	samples := make([]sources.Sample, 0, len(r.rows))
	for i := range r.rows {
		row := &r.rows[i]
		s := r.series[row.series]
		if i > 0 {
			before := &r.rows[i-1]
			if before.seen == row.seen && before.series == row.series && before.at == row.at {
				r.twice(s, before, row)
				continue
			}
		}
		samples = append(samples, sources.Sample{
			Series: s, At: time.UnixMilli(row.at).UTC(), Seen: time.UnixMilli(row.seen).UTC(), Value: row.value, None: row.none,
		})
	}
	return samples
}

// twice complains about two rows that cannot both be right. To say the same twice does no harm.
func (r *reader) twice(s sources.Series, a, b *row) {
	if a.value == b.value && a.none == b.none {
		return
	}
	r.fail(&document.FileError{
		File: r.path(r.files[s]), Line: int(b.line), Column: 1,
		Text: fmt.Sprintf("is of the same period and seen at the same time as line %d, with another value: a revision has a later seen", a.line),
	})
}

// resources are those that a series is of.
func (r *reader) resources() []sources.Resource {
	refs := map[sources.Ref]bool{}
	for _, s := range r.series {
		refs[s.Ref()] = true
	}
	all := slices.SortedFunc(maps.Keys(refs), func(a, b sources.Ref) int {
		return cmp.Or(cmp.Compare(slices.Index(sources.Services, a.Service), slices.Index(sources.Services, b.Service)),
			strings.Compare(a.Name, b.Name))
	})
	var out []sources.Resource
	for _, ref := range all {
		if ref.Service != "room" && ref.Service != sources.SourceRef {
			out = append(out, sources.Resource{Ref: ref})
		}
	}
	return out
}
