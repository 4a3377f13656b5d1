package runbooks

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"warroom/sources"
)

//go:embed library/*.md
var house embed.FS

// Library is all runbooks there are, by name.
type Library struct{ books []*Runbook }

// Open reads the runbooks of the house, and over them those of files and folders (all *.md in one, but for a README): of
// two with one name the later stands. What is wrong with a file is told with its line, and the library has all the others.
func Open(offers Offering, paths ...string) (*Library, error) {
	l := &Library{}
	wrong := []error{l.Load(house, "library", offers)}
	for _, p := range paths {
		wrong = append(wrong, l.take(p, offers))
	}
	return l, errors.Join(wrong...)
}

// take reads a file, or all runbooks in a folder.
func (l *Library) take(path string, offers Offering) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return &FileError{File: path, Text: errors.Unwrap(err).Error()}
	case info.IsDir():
		return l.load(os.DirFS(path), ".", func(name string) string { return filepath.Join(path, name) }, offers)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read a runbook: %w", err)
	}
	return l.read(path, text, offers)
}

// Load reads all runbooks in a folder of a file system. They stand over those of the same name that were there.
func (l *Library) Load(fsys fs.FS, folder string, offers Offering) error {
	return l.load(fsys, folder, func(name string) string { return name }, offers)
}

func (l *Library) load(fsys fs.FS, folder string, called func(string) string, offers Offering) error {
	entries, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return fmt.Errorf("read the runbooks in %s: %w", called(folder), err)
	}
	var wrong []error
	for _, e := range entries {
		if e.IsDir() || filepath.Ext(e.Name()) != ".md" || strings.EqualFold(e.Name(), "readme.md") {
			continue
		}
		name := strings.TrimPrefix(folder+"/"+e.Name(), "./")
		text, err := fs.ReadFile(fsys, name)
		if err == nil {
			err = l.read(called(name), text, offers)
		}
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

func (l *Library) read(file string, text []byte, offers Offering) error {
	b, err := Read(file, text, offers)
	if err != nil {
		return err
	}
	i, found := slices.BinarySearchFunc(l.books, b.Name, func(b *Runbook, name string) int { return strings.Compare(b.Name, name) })
	if found {
		l.books[i] = b
		return nil
	}
	l.books = slices.Insert(l.books, i, b)
	return nil
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
	return nil, fmt.Errorf("no runbook %q%s", sources.Clean(name), nearest(name, l.Names()))
}
