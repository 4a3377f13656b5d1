package runbooks

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"warroom/sources"
	"warroom/sources/document"
)

//go:embed library/*.md
var house embed.FS

// Library is all runbooks there are, by name.
type Library struct{ books []*Runbook }

// Open reads the runbooks of the house, and over them those of files and folders (all *.md in one, but for a README): of
// two with one name the later stands. What is wrong with a file is told with its line, and the library has all the others; so
// is a link to a runbook that there is not.
func Open(offers Offering, paths ...string) (*Library, error) {
	l := &Library{}
	wrong := []error{l.Load(house, "library", offers)}
	for _, p := range paths {
		wrong = append(wrong, l.take(p, offers))
	}
	return l, errors.Join(append(wrong, l.Lost())...)
}

// take adds the runbooks of a file or folder.
func (l *Library) take(path string, offers Offering) error {
	books, err := ReadAll(path, offers)
	for _, b := range books {
		l.Add(b)
	}
	return err
}

// ReadAll reads the runbook in a file, or all of a folder.
func ReadAll(path string, offers Offering) ([]*Runbook, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, &document.FileError{File: path, Text: errors.Unwrap(err).Error(), Err: err}
	case info.IsDir():
		return readFolder(os.DirFS(path), ".", func(name string) string { return filepath.Join(path, name) }, offers)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read a runbook: %w", err)
	}
	b, err := Read(path, text, offers)
	if err != nil {
		return nil, err
	}
	return []*Runbook{b}, nil
}

// Load reads all runbooks in a folder of a file system. They stand over those of the same name that were there.
func (l *Library) Load(fsys fs.FS, folder string, offers Offering) error {
	books, err := readFolder(fsys, folder, func(name string) string { return name }, offers)
	for _, b := range books {
		l.Add(b)
	}
	return err
}

// readFolder reads the runbooks of a folder; called tells how a file of it is called where a person sees it.
func readFolder(fsys fs.FS, folder string, called func(string) string, offers Offering) ([]*Runbook, error) {
	entries, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return nil, fmt.Errorf("read the runbooks in %s: %w", called(folder), err)
	}
	var books []*Runbook
	var wrong []error
	for _, e := range entries {
		if e.IsDir() || filepath.Ext(e.Name()) != ".md" || strings.EqualFold(e.Name(), "readme.md") {
			continue
		}
		name := path.Join(folder, e.Name())
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		b, err := Read(called(name), text, offers)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		books = append(books, b)
	}
	return books, errors.Join(wrong...)
}

// Add takes a runbook in, in place of one of the same name.
func (l *Library) Add(b *Runbook) {
	i, found := slices.BinarySearchFunc(l.books, b.Name, func(b *Runbook, name string) int { return strings.Compare(b.Name, name) })
	if found {
		l.books[i] = b
		return
	}
	l.books = slices.Insert(l.books, i, b)
}

// All are the runbooks, sorted by name. The slice is not to be changed.
func (l *Library) All() []*Runbook { return l.books }

// Names are those of the runbooks, sorted.
func (l *Library) Names() []string {
	names := make([]string, len(l.books))
	for i, b := range l.books {
		names[i] = b.Name
	}
	return names
}

// Find is the runbook of a name. The error names the nearest one.
func (l *Library) Find(name string) (*Runbook, error) {
	for _, b := range l.books {
		if b.Name == name {
			return b, nil
		}
	}
	return nil, fmt.Errorf("no runbook %q%s", sources.Clean(name), sources.MeantHint(name, l.Names()))
}
