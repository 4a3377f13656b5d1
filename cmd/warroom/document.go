package main

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"warroom/sources"
)

// FileError is what is wrong with a file that a person wrote, and where.
type FileError struct {
	File         string
	Line, Column int // from 1; zero when it concerns the whole file
	Text         string
	Excerpt      string // the line with its neighbours, the place marked
}

// Error is "file:line:column: text" on one line.
func (e *FileError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Text)
}

// document is a YAML file whose every complaint names its place.
type document struct {
	name string
	text []byte
	root ast.Node // nil when the file is empty
}

// parse reads the text of the file called name.
func parse(name string, text []byte) (*document, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // what some editors put before a text
	d := &document{name: name, text: text}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, d.translate(err)
	}
	switch {
	case len(file.Docs) == 0:
	case len(file.Docs) == 1:
		d.root = file.Docs[0].Body
	default:
		return nil, &FileError{File: name, Text: "holds several documents; one is wanted"}
	}
	return d, nil
}

// decode fills v, a pointer to a struct, and refuses every word that v does not know.
func (d *document) decode(v any) error {
	if d.root == nil {
		return nil
	}
	if err := d.holds(reflect.TypeOf(v).Elem()); err != nil {
		return err
	}
	return d.translate(yaml.NodeToValue(d.root, v, yaml.Strict()))
}

// holds tells whether every word is one of the type's, with a value of its kind.
func (d *document) holds(t reflect.Type) error {
	if err := d.checkAliases(); err != nil {
		return err
	}
	return d.check(d.root, t, "")
}

// checkAliases looks for what every alias stands for; the decoder would complain without a place.
func (d *document) checkAliases() error {
	for _, n := range ast.Filter(ast.AliasType, d.root) {
		if name := n.(*ast.AliasNode).Value.GetToken().Value; !d.named(name, n) {
			return d.at(n, "no anchor before it is called %q", name)
		}
	}
	return nil
}

// named tells whether a value that ends before the alias has the name: within itself it stands for nothing.
func (d *document) named(name string, alias ast.Node) bool {
	return slices.ContainsFunc(ast.Filter(ast.AnchorType, d.root), func(n ast.Node) bool {
		anchor := n.(*ast.AnchorNode)
		return anchor.Name.GetToken().Value == name && before(anchor, alias) && !slices.Contains(ast.Filter(ast.AliasType, anchor), alias)
	})
}

// before tells whether a node begins before another one.
func before(a, b ast.Node) bool {
	at, than := a.GetToken().Position, b.GetToken().Position
	return at.Line < than.Line || at.Line == than.Line && at.Column < than.Column
}

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
	nodeType     = reflect.TypeFor[ast.Node]()
)

// check holds the node against the type that it will be decoded into. The decoder alone would take an
// unreadable time for year one, and words its other complaints for programmers.
func (d *document) check(n ast.Node, t reflect.Type, where string) error {
	if a, ok := n.(*ast.AnchorNode); ok {
		n = a.Value
	}
	switch n.(type) {
	case *ast.AliasNode, *ast.NullNode:
		return nil
	}
	switch {
	case t == nodeType:
		return nil
	case t == timeType:
		return d.checkText(n, where, wantTime, func(s string) bool { _, err := time.Parse(time.RFC3339, s); return err == nil })
	case t == durationType:
		return d.checkText(n, where, "a duration such as 60s or 5m", func(s string) bool { _, err := time.ParseDuration(s); return err == nil })
	case t.Kind() == reflect.Struct:
		return d.checkFields(n, t, where)
	case t.Kind() == reflect.Map:
		return d.checkEntries(n, where, func(_ ast.Node, _ string) (reflect.Type, error) { return t.Elem(), nil })
	case t.Kind() == reflect.Slice:
		return d.checkItems(n, t, where)
	}
	return d.checkScalar(n, t, where)
}

const wantTime = "a time with its zone (RFC 3339), such as 2026-03-01T20:15:00+01:00"

func (d *document) checkFields(n ast.Node, t reflect.Type, where string) error {
	fields, words := fieldsOf(t)
	return d.checkEntries(n, where, func(key ast.Node, word string) (reflect.Type, error) {
		if fields[word] == nil {
			return nil, d.unknown(key, "word", word, where, words)
		}
		return fields[word], nil
	})
}

// fieldsOf are the types of a struct's fields by the words that stand for them, and those words in their order.
func fieldsOf(t reflect.Type) (fields map[string]reflect.Type, words []string) {
	fields = map[string]reflect.Type{}
	for f := range t.Fields() {
		if word, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); word != "" && word != "-" {
			fields[word] = f.Type
			words = append(words, word)
		}
	}
	return fields, words
}

// checkEntries goes through a mapping; of tells each value's type.
func (d *document) checkEntries(n ast.Node, where string, of func(key ast.Node, word string) (reflect.Type, error)) error {
	entries, err := d.entries(n, where)
	if err != nil {
		return err
	}
	for _, e := range entries {
		t, err := of(e.Key, e.word)
		if err != nil {
			return err
		}
		if err := d.check(e.Value, t, join(where, e.word)); err != nil {
			return err
		}
	}
	return nil
}

// entry is one "word: value" of a mapping.
type entry struct {
	*ast.MappingValueNode
	word string
}

// entries are those of a mapping, in the order in which they were written.
func (d *document) entries(n ast.Node, where string) ([]entry, error) {
	if a, ok := n.(*ast.AnchorNode); ok {
		n = a.Value
	}
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case nil, *ast.NullNode:
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return nil, d.at(n, "%s: want words with values (word: value)", orFile(where))
	}
	var out []entry
	for _, v := range values {
		if v.Key.Type() == ast.MergeKeyType {
			continue
		}
		out = append(out, entry{v, v.Key.GetToken().Value})
	}
	return out, nil
}

func (d *document) checkItems(n ast.Node, t reflect.Type, where string) error {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		return d.at(n, "%s: want a list", orFile(where))
	}
	for i, item := range list.Values {
		if err := d.check(item, t.Elem(), fmt.Sprintf("%s[%d]", where, i)); err != nil {
			return err
		}
	}
	return nil
}

func (d *document) checkScalar(n ast.Node, t reflect.Type, where string) error {
	whole := t.Kind() == reflect.Int
	switch n.(type) {
	case *ast.IntegerNode:
		return nil // a number is also a text
	case *ast.FloatNode:
		if !whole {
			return nil
		}
	case *ast.StringNode, *ast.LiteralNode, *ast.BoolNode:
		if t.Kind() == reflect.String {
			return nil
		}
	}
	switch {
	case t.Kind() == reflect.String:
		return d.at(n, "%s: want a text", where)
	case whole:
		return d.at(n, "%s: want a whole number", where)
	}
	return d.at(n, "%s: want a number", where)
}

func (d *document) checkText(n ast.Node, where, want string, good func(string) bool) error {
	if !good(n.GetToken().Value) {
		return d.at(n, "%s: want %s", where, want)
	}
	return nil
}

// find is the node at the path, or as near to it as the document goes.
func (d *document) find(path ...string) ast.Node {
	n := d.root
	for _, step := range path {
		next := child(n, step)
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

func child(n ast.Node, step string) ast.Node {
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			if v.Key.GetToken().Value == step {
				return v.Value
			}
		}
	case *ast.MappingValueNode:
		if n.Key.GetToken().Value == step {
			return n.Value
		}
	case *ast.SequenceNode:
		for i, item := range n.Values {
			if fmt.Sprint(i) == step {
				return item
			}
		}
	}
	return nil
}

// block is the text of one word's value in the outermost mapping, blanks in place of everything else, so that
// another reader of it counts lines and columns as this one does. It is "" where the word is absent or empty.
func (d *document) block(word string) string {
	entries, _ := d.entries(d.root, "") // whoever decodes has complained about a document that is none
	for i, e := range entries {
		if _, empty := e.Value.(*ast.NullNode); e.word != word || empty {
			continue
		}
		var next *token.Token
		if i+1 < len(entries) {
			next = entries[i+1].Key.GetToken()
		}
		return d.between(e.GetToken(), end(e.GetToken(), next))
	}
	return ""
}

// end is the token before which the value behind a colon ends, nil where it ends with the file: the next key, or
// what closes or goes on with the mapping around it.
func end(colon, next *token.Token) *token.Token {
	depth := 0
	for tk := colon.Next; tk != nil; tk = tk.Next {
		switch tk.Type {
		case token.DocumentEndType:
			return tk
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.CollectEntryType:
			if depth == 0 {
				return tk
			}
		case token.SequenceEndType, token.MappingEndType:
			if depth--; depth < 0 {
				return tk
			}
		}
		if next != nil && tk.Position.Line == next.Position.Line && tk.Position.Column == next.Position.Column {
			return tk
		}
	}
	return nil
}

// between is the text behind one token and before another, the file's end where that is nil. Columns are counted
// in characters, as the parser does.
func (d *document) between(from, to *token.Token) string {
	lines := strings.Split(string(d.text), "\n")
	first, last := from.Position.Line, len(lines)
	if to != nil {
		last = min(to.Position.Line, last)
	}
	var b strings.Builder
	b.WriteString(strings.Repeat("\n", first-1))
	for i := first; i <= last; i++ {
		line := []rune(lines[i-1])
		if to != nil && i == to.Position.Line {
			line = line[:min(to.Position.Column-1, len(line))]
		}
		if i == first {
			n := min(from.Position.Column, len(line))
			line = append([]rune(strings.Repeat(" ", n)), line[n:]...)
		}
		b.WriteString(string(line) + "\n")
	}
	return b.String()
}

// unknown is the complaint about a word that is none of those that may stand there.
func (d *document) unknown(n ast.Node, what, word, where string, among []string) error {
	in := ""
	if where != "" {
		in = " in " + where
	}
	near := ""
	if nearest := sources.Nearest(word, among); nearest != "" {
		near = fmt.Sprintf("; the nearest is %q", nearest)
	} else if _, below := fieldsOf(reflect.TypeFor[sources.Launch]()); where == "" && slices.Contains(among, "launch") && slices.Contains(below, word) {
		near = "; it stands below launch"
	}
	return d.at(n, "unknown %s %q%s%s (known: %s)", what, word, in, near, strings.Join(among, ", "))
}

// at is a complaint about a node; a nil node means the whole file.
func (d *document) at(n ast.Node, format string, args ...any) error {
	text := sources.Clean(fmt.Sprintf(format, args...))
	if n == nil || n.GetToken() == nil {
		return &FileError{File: d.name, Text: text}
	}
	switch v := n.(type) { // their own token is the colon
	case *ast.MappingValueNode:
		n = v.Key
	case *ast.MappingNode:
		if !v.IsFlowStyle && len(v.Values) > 0 {
			n = v.Values[0].Key
		}
	}
	return d.complain(n.GetToken(), text)
}

func (d *document) complain(tk *token.Token, text string) error {
	return d.complainAt(tk.Position.Line, tk.Position.Column, text)
}

func (d *document) complainAt(line, column int, text string) error {
	text = sources.Clean(text)
	return &FileError{File: d.name, Line: line, Column: column, Text: text, Excerpt: d.excerpt(line, column)}
}

// translate words the parser's and the decoder's errors as ours.
func (d *document) translate(err error) error {
	var e yaml.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &e):
		return &FileError{File: d.name, Text: sources.Clean(err.Error())}
	case e.GetToken() == nil:
		return &FileError{File: d.name, Text: sources.Clean(e.GetMessage())}
	}
	return d.complain(e.GetToken(), sources.Clean(e.GetMessage()))
}

// excerpt shows the line between its neighbours, with a mark under the column.
func (d *document) excerpt(line, column int) string {
	lines := strings.Split(string(d.text), "\n")
	var b strings.Builder
	for i := max(line-1, 1); i <= min(line+1, len(lines)); i++ {
		pointer := " "
		if i == line {
			pointer = ">"
		}
		fmt.Fprintf(&b, "%s %4d | %s\n", pointer, i, sources.Clean(strings.TrimRight(lines[i-1], "\r")))
		if i == line {
			fmt.Fprintf(&b, "       | %s^\n", strings.Repeat(" ", max(column-1, 0)))
		}
	}
	return b.String()
}

func join(where, word string) string {
	if where == "" {
		return word
	}
	return where + "." + word
}

func orFile(where string) string {
	if where == "" {
		return "the file"
	}
	return where
}
