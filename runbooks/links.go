package runbooks

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"warroom/sources"
	"warroom/sources/document"
)

// Link is where a runbook leads to another one: a link in its text, a step's see, or the else of a check.
type Link struct {
	Name string // of the other runbook
	Line int    // in the file; 0 where it is not known
}

// Else is what follows where a check does not hold: nothing, the step after a heading, or another runbook.
type Else struct {
	Heading string // as it is written, "" for none
	To      int    // the step that comes first after it
	Book    string // the other runbook, "" for none
}

// String is what follows, as it is written.
func (e Else) String() string {
	switch {
	case e.Heading != "":
		return "skip to " + e.Heading
	case e.Book != "":
		return "runbook " + e.Book
	}
	return ""
}

// sibling is a link to a file beside the runbook, as any forge follows it.
var sibling = regexp.MustCompile(`^(?:\./)?([A-Za-z0-9][A-Za-z0-9._-]*)\.md(?:#.*)?$`)

// linked is the runbook that a link leads to, "" where it leads elsewhere.
func linked(destination string) string {
	if m := sibling.FindStringSubmatch(destination); m != nil {
		return m[1]
	}
	return ""
}

// link takes up where the runbook leads.
func (r *reading) link(name string, line int) {
	r.book.Links = append(r.book.Links, Link{name, line})
}

// follows reads what a check says of what follows where it does not hold. Headings are looked for once all is read.
func (r *reading) follows(s *Item, w *words) {
	const want = "else: want skip to HEADING, or runbook NAME"
	text := strings.Join(strings.Fields(w.text("else")), " ")
	line := w.place("else")
	word, rest, _ := strings.Cut(text, " ")
	switch {
	case text == "":
	case strings.HasPrefix(text, "skip to ") && text != "skip to ":
		s.Else.Heading = sources.Clean(strings.TrimPrefix(text, "skip to "))
		s.elseLine = line
	case word == "runbook" && rest != "" && !strings.Contains(rest, " "):
		s.Else.Book = sources.Clean(strings.TrimSuffix(rest, ".md"))
		r.link(s.Else.Book, line)
	default:
		r.fail(line, "%s, not %q", want, text)
	}
}

// see reads where a step leads besides.
func (r *reading) see(s *Item, w *words) {
	text := w.text("see")
	if text == "" {
		return
	}
	s.See = linked(text)
	if s.See == "" {
		r.fail(w.place("see"), "see: want the file of another runbook beside this one, such as db-ceiling.md, not %q", text)
		return
	}
	r.link(s.See, w.place("see"))
}

// land finds the headings that checks lead to: each has to stand below its check, with a step below it.
func (r *reading) land() {
	for n, s := range r.book.Steps {
		if s.Else.Heading == "" {
			continue
		}
		to, names := r.landing(s.Else.Heading, n)
		switch {
		case !slices.ContainsFunc(names, func(h string) bool { return strings.EqualFold(h, s.Else.Heading) }):
			r.fail(s.elseLine, "else: there is no heading %q below%s", s.Else.Heading, sources.MeantHint(s.Else.Heading, names))
		case to < 0:
			r.fail(s.elseLine, "else: no step stands below the heading %q", s.Else.Heading)
		}
		s.Else.To = to
	}
}

// landing is the first step after a heading that stands below step n, -1 where there is none, and all headings that do.
func (r *reading) landing(heading string, n int) (to int, names []string) {
	below, found, to := false, false, -1
	for i := range r.book.Blocks {
		switch b := &r.book.Blocks[i]; {
		case b.Kind == StepBlock && found && to < 0:
			to = b.Step
		case b.Kind == StepBlock && b.Step == n:
			below = true
		case b.Kind == Heading && below:
			names = append(names, b.text())
			found = found || strings.EqualFold(b.text(), heading)
		}
	}
	return to, names
}

// text is the running text of a block.
func (b *Block) text() string {
	var out strings.Builder
	for _, s := range b.Spans {
		out.WriteString(s.Text)
	}
	return strings.TrimSpace(out.String())
}

// Leads are the names of the runbooks that this one leads to, each once, in their order.
func (b *Runbook) Leads() (names []string) {
	for _, l := range b.Links {
		if !slices.Contains(names, l.Name) {
			names = append(names, l.Name)
		}
	}
	return names
}

// CheckLinks holds what a runbook leads to against the names that there are. The error joins a [*document.FileError] for each that is
// not among them.
func (b *Runbook) CheckLinks(names []string) error {
	var wrong []error
	for _, l := range b.Links {
		if !slices.Contains(names, l.Name) {
			wrong = append(wrong, &document.FileError{File: b.File, Line: l.Line, Text: sources.Clean(fmt.Sprintf("there is no runbook %q%s", l.Name, sources.MeantHint(l.Name, names)))})
		}
	}
	return errors.Join(wrong...)
}

// Lost are the links of all runbooks that lead nowhere.
func (l *Library) Lost() error {
	var wrong []error
	for _, b := range l.books {
		wrong = append(wrong, b.CheckLinks(l.Names()))
	}
	return errors.Join(wrong...)
}

// HouseNames are the names of the runbooks that come with the program.
func HouseNames() (names []string) {
	entries, err := house.ReadDir("library")
	if err != nil {
		return nil // cannot be: they are part of the program
	}
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(path.Base(e.Name()), ".md"))
	}
	return names
}
