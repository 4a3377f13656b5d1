package document

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
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
	Line, Column int // from 1; zero when it concerns the whole file, or the whole line
	Text         string
	Excerpt      string // the line with its neighbours, the place marked
	Err          error  // why, where something else has failed
}

// Error is "file:line:column: text" on one line, as far as the place is known.
func (e *FileError) Error() string {
	switch {
	case e.Line == 0:
		return fmt.Sprintf("%s: %s", e.File, e.Text)
	case e.Column == 0:
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Text)
}

// Unwrap is what has failed.
func (e *FileError) Unwrap() error { return e.Err }

// Unreadable is a file that cannot be read, and why.
func Unreadable(file string, err error) *FileError {
	text := err.Error()
	if p, ok := errors.AsType[*fs.PathError](err); ok { // which says its name again
		text = p.Err.Error()
	}
	return &FileError{File: file, Text: "cannot be read: " + text, Err: err}
}

// Document is a YAML file whose every complaint names its place.
type Document struct {
	name    string
	text    []byte
	Root    ast.Node          // nil when the file is empty
	anchors []*ast.AnchorNode // in their order
}

// Parse reads the text of the file called name.
func Parse(name string, text []byte) (*Document, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // what some editors put before a text
	d := &Document{name: name, text: text}
	if line, column := tooDeep(text); line > 0 {
		return nil, d.ComplainAt(line, column, fmt.Sprintf("brackets within brackets, more than %d deep", depthMost))
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, d.Translate(err)
	}
	switch {
	case len(file.Docs) == 0:
	case len(file.Docs) == 1:
		d.Root = file.Docs[0].Body
	default:
		return nil, &FileError{File: name, Text: "holds several documents; one is wanted"}
	}
	if d.Root == nil {
		return d, nil
	}
	for _, n := range ast.Filter(ast.AnchorType, d.Root) {
		d.anchors = append(d.anchors, n.(*ast.AnchorNode))
	}
	return d, nil
}

// depthMost bounds how deep lists and mappings in brackets may stand in one another: the parser takes minutes over a
// file that is nothing but opening brackets.
const depthMost = 100

// tooDeep is the place at which the bound is passed, or zeros. Brackets within texts count like all others.
func tooDeep(text []byte) (line, column int) {
	depth := 0
	for i, c := range text {
		switch c {
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(depth-1, 0)
		}
		if depth > depthMost {
			before := text[:i]
			return bytes.Count(before, []byte("\n")) + 1, len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:]))) + 1
		}
	}
	return 0, 0
}

// Decode fills v, a pointer to a struct, and refuses every word that v does not know.
func (d *Document) Decode(v any) error {
	if d.Root == nil {
		return nil
	}
	if err := d.Holds(reflect.TypeOf(v).Elem()); err != nil {
		return err
	}
	return d.Translate(yaml.NodeToValue(d.Root, v, yaml.Strict()))
}

// Holds tells whether every word is one of the type's, with a value of its kind.
func (d *Document) Holds(t reflect.Type) error {
	if err := d.CheckAliases(); err != nil {
		return err
	}
	return d.check(d.Root, t, "")
}

// aliasesMost is more than anybody writes, and few enough to be looked for one by one.
const aliasesMost = 100

// CheckAliases looks for what every alias stands for; the decoder would complain without a place.
func (d *Document) CheckAliases() error {
	for i, n := range ast.Filter(ast.AliasType, d.Root) {
		alias := n.(*ast.AliasNode)
		switch {
		case i == aliasesMost:
			return d.At(n, "more than %d aliases: write them out", aliasesMost)
		case d.Anchored(alias) == nil:
			return d.At(n, "no anchor before it is called %q", alias.Value.GetToken().Value)
		}
	}
	return nil
}

// Anchored is what an alias stands for: the newest anchor of its name that has ended before it, for within itself it stands
// for nothing; nil where there is none.
func (d *Document) Anchored(alias *ast.AliasNode) *ast.AnchorNode {
	for _, a := range slices.Backward(d.anchors) {
		if a.Name.GetToken().Value == alias.Value.GetToken().Value && before(a, alias) && !slices.Contains(ast.Filter(ast.AliasType, a), ast.Node(alias)) {
			return a
		}
	}
	return nil
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
func (d *Document) check(n ast.Node, t reflect.Type, where string) error {
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
		return d.checkText(n, where, WantTime, func(s string) bool { _, err := time.Parse(time.RFC3339, s); return err == nil })
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

const WantTime = "a time with its zone (RFC 3339), such as 2026-03-01T20:15:00+01:00"

func (d *Document) checkFields(n ast.Node, t reflect.Type, where string) error {
	fields, words := Fields(t)
	return d.checkEntries(n, where, func(key ast.Node, word string) (reflect.Type, error) {
		if fields[word] == nil {
			return nil, d.Unknown(key, "word", word, where, words)
		}
		return fields[word], nil
	})
}

// Fields are the types of a struct's fields by the words that stand for them, and those words in their order.
func Fields(t reflect.Type) (fields map[string]reflect.Type, words []string) {
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
func (d *Document) checkEntries(n ast.Node, where string, of func(key ast.Node, word string) (reflect.Type, error)) error {
	entries, err := d.Entries(n, where)
	if err != nil {
		return err
	}
	for _, e := range entries {
		t, err := of(e.Key, e.Word)
		if err != nil {
			return err
		}
		if err := d.check(e.Value, t, join(where, e.Word)); err != nil {
			return err
		}
	}
	return nil
}

// Entry is one "word: value" of a mapping.
type Entry struct {
	*ast.MappingValueNode
	Word string
}

// Entries are those of a mapping, in the order in which they were written.
func (d *Document) Entries(n ast.Node, where string) ([]Entry, error) {
	if a, ok := n.(*ast.AnchorNode); ok {
		n = a.Value
	}
	values, ok := Values(n)
	if !ok {
		return nil, d.At(n, "%s: "+WantWords, orFile(where))
	}
	var out []Entry
	for _, v := range values {
		if v.Key.Type() == ast.MergeKeyType {
			continue
		}
		out = append(out, Entry{v, v.Key.GetToken().Value})
	}
	return out, nil
}

// WantWords is what is said of something else in the place of a mapping.
const WantWords = "want words with values (word: value)"

// Values are what a mapping holds, as it was written; nothing holds nothing. ok is false for what is no mapping.
func Values(n ast.Node) (values []*ast.MappingValueNode, ok bool) {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return nil, true
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// Line is where a node stands, 0 where that is not known. That of a mapping in lines of its own is where its first colon is.
func Line(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 0
	}
	return n.GetToken().Position.Line
}

func (d *Document) checkItems(n ast.Node, t reflect.Type, where string) error {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		return d.At(n, "%s: want a list", orFile(where))
	}
	for i, item := range list.Values {
		if err := d.check(item, t.Elem(), fmt.Sprintf("%s[%d]", where, i)); err != nil {
			return err
		}
	}
	return nil
}

func (d *Document) checkScalar(n ast.Node, t reflect.Type, where string) error {
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
		return d.At(n, "%s: want a text", where)
	case whole:
		return d.At(n, "%s: want a whole number", where)
	}
	return d.At(n, "%s: want a number", where)
}

func (d *Document) checkText(n ast.Node, where, want string, good func(string) bool) error {
	if !good(n.GetToken().Value) {
		return d.At(n, "%s: want %s", where, want)
	}
	return nil
}

// Find is the node at the path, or as near to it as the document goes.
func (d *Document) Find(path ...string) ast.Node {
	n := d.Root
	for _, step := range path {
		next := Child(n, step)
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

func Child(n ast.Node, step string) ast.Node {
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

// Block is the text of one word's value in the outermost mapping, blanks in place of everything else, so that
// another reader of it counts lines and columns as this one does. It is "" where the word is absent or empty.
func (d *Document) Block(word string) string {
	entries, _ := d.Entries(d.Root, "") // whoever decodes has complained about a document that is none
	for i, e := range entries {
		if _, empty := e.Value.(*ast.NullNode); e.Word != word || empty {
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
func (d *Document) between(from, to *token.Token) string {
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

// Unknown is the complaint about a word that is none of those that may stand there.
func (d *Document) Unknown(n ast.Node, what, word, where string, among []string) error {
	in := ""
	if where != "" {
		in = " in " + where
	}
	near := sources.MeantHint(word, among)
	if _, below := Fields(reflect.TypeFor[sources.Launch]()); near == "" && where == "" && slices.Contains(among, "launch") && slices.Contains(below, word) {
		near = "; it stands below launch"
	}
	return d.At(n, "unknown %s %q%s%s (known: %s)", what, word, in, near, strings.Join(among, ", "))
}

// At is a complaint about a node; a nil node means the whole file.
func (d *Document) At(n ast.Node, format string, args ...any) error {
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

func (d *Document) complain(tk *token.Token, text string) error {
	return d.ComplainAt(tk.Position.Line, tk.Position.Column, text)
}

func (d *Document) ComplainAt(line, column int, text string) error {
	text = sources.Clean(text)
	return &FileError{File: d.name, Line: line, Column: column, Text: text, Excerpt: d.excerpt(line, column)}
}

// Translate words the parser's and the decoder's errors as ours.
func (d *Document) Translate(err error) error {
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
func (d *Document) excerpt(line, column int) string {
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
