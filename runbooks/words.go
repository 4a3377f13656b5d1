package runbooks

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"warroom/sources"
	"warroom/sources/document"
)

// words are those of a head or of a step with their values, each of which knows its line in the file.
type words struct {
	read *reading
	what string
	line int // where they begin
	at   map[string]ast.Node
}

// words reads YAML that begins after a line of the file, and complains about every word that may not stand there.
func (r *reading) words(text string, line int, what string, known ...string) *words {
	w := &words{read: r, what: what, line: line, at: map[string]ast.Node{}}
	d, err := document.Parse(r.book.File, []byte(strings.Repeat("\n", line)+text))
	if at, ok := errors.AsType[*document.FileError](err); ok {
		r.fail(cmp.Or(at.Line, line), "%s", at.Text)
		return w
	}
	for _, e := range w.entries(d.Root) {
		word := e.Key.GetToken().Value
		if !slices.Contains(known, word) {
			r.fail(w.lineOf(e.Key), "unknown word %q in %s%s (known: %s)", word, what, sources.MeantHint(word, known), strings.Join(known, ", "))
			continue
		}
		w.at[word] = e.Value
	}
	return w
}

// entries are those of a mapping.
func (w *words) entries(n ast.Node) []*ast.MappingValueNode {
	values, ok := document.Values(n)
	if _, comment := n.(*ast.CommentGroupNode); !ok && !comment {
		w.read.fail(w.lineOf(n), "%s: "+document.WantWords, w.what)
	}
	return values
}

// lineOf is where a node stands in the file.
func (w *words) lineOf(n ast.Node) int { return cmp.Or(document.Line(n), w.line) }

// place is where a word's value stands, or where the words begin.
func (w *words) place(word string) int { return w.lineOf(w.at[word]) }

// first is where the text of a word begins: a block of lines does so below its word.
func (w *words) first(word string) int {
	if l, ok := w.at[word].(*ast.LiteralNode); ok {
		return w.lineOf(l) + 1
	}
	return w.place(word)
}

// text is a word's value, "" where it is absent.
func (w *words) text(word string) string { return w.scalar(word, w.at[word]) }

// must is the value of a word that has to be there.
func (w *words) must(word, example string) string {
	text := w.text(word)
	if text == "" {
		w.read.fail(w.place(word), "%s: %s is missing, such as %s", w.what, word, example)
	}
	return text
}

func (w *words) scalar(word string, n ast.Node) string {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return ""
	case *ast.StringNode:
		return strings.TrimSpace(n.Value)
	case *ast.LiteralNode:
		return strings.TrimSpace(n.Value.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value
	}
	w.read.fail(w.lineOf(n), "%s: %s: want a text", w.what, word)
	return ""
}

// list is a word's values; one alone may stand without brackets.
func (w *words) list(word string) []string {
	n := w.at[word]
	items := []ast.Node{n}
	if l, ok := n.(*ast.SequenceNode); ok {
		items = l.Values
	}
	var out []string
	for _, item := range items {
		if text := w.scalar(word, item); text != "" {
			out = append(out, text)
		}
	}
	return out
}

// pair is a name with its value.
type pair struct {
	name, value string
	line        int
}

// pairs are the names and values that stand under a word.
func (w *words) pairs(word string) []pair {
	var out []pair
	for _, e := range w.entries(w.at[word]) {
		name := e.Key.GetToken().Value
		out = append(out, pair{name, w.scalar(word+"."+name, e.Value), w.lineOf(e.Key)})
	}
	return out
}

// duration is a word's value as a length of time, none where it is absent.
func (w *words) duration(word string) time.Duration {
	text := w.text(word)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		w.read.fail(w.place(word), "%s: %s: want a length of time such as 90s or 5m, not %q", w.what, word, text)
	}
	return d
}
