package alerts

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/prometheus/common/model"

	"warroom/sources"
	"warroom/sources/document"
)

// fileMost bounds the text of a file of rules or of their tests, far above what people write.
const fileMost = 1 << 20

// reading is a file that is being read, with all that is wrong with it.
type reading struct {
	file   string
	parsed *document.Document // once its root has been read
	wrong  []error
}

func (r *reading) fail(n ast.Node, format string, args ...any) {
	r.failAt(lineOf(n), format, args...)
}

func (r *reading) failAt(line int, format string, args ...any) {
	r.wrong = append(r.wrong, &document.FileError{File: r.file, Line: line, Text: sources.Clean(fmt.Sprintf(format, args...))})
}

func lineOf(n ast.Node) int {
	switch m := n.(type) {
	case *ast.MappingNode:
		if len(m.Values) > 0 {
			n = m.Values[0].Key
		}
	case *ast.MappingValueNode:
		n = m.Key
	}
	return document.Line(n)
}

// textLine is where a text begins: that of a block begins below the sign for it.
func textLine(n ast.Node) int {
	if _, block := n.(*ast.LiteralNode); block {
		return lineOf(n) + 1
	}
	return lineOf(n)
}

// root reads the text as the one document that is wanted; nil where it is none.
func (r *reading) root(text []byte, want string) ast.Node {
	if len(text) > fileMost {
		r.failAt(0, "more than %d MiB: this is no file of rules", fileMost>>20)
		return nil
	}
	d, err := document.Parse(r.file, text)
	if err == nil && d.Root != nil {
		err = d.CheckAliases()
	}
	if at, ok := errors.AsType[*document.FileError](err); ok {
		r.failAt(at.Line, "%s", at.Text)
		return nil
	}
	if err != nil || d.Root == nil {
		r.failAt(0, "is empty; want %s", want)
		return nil
	}
	r.parsed = d
	return d.Root
}

// value is what a node comes to: that of an anchor, that which an alias stands for, that behind a tag.
func (r *reading) value(n ast.Node) ast.Node {
	switch v := n.(type) {
	case *ast.AnchorNode:
		return r.value(v.Value)
	case *ast.TagNode:
		return r.value(v.Value)
	case *ast.AliasNode:
		return r.value(r.parsed.Anchored(v).Value) // there is one: see root
	case *ast.NullNode:
		return nil
	}
	return n
}

// pair is a word of a mapping with its value.
type pair struct {
	name  string
	key   ast.Node
	value ast.Node // nil where there is none
}

// pairsMost bounds a mapping with all that is merged into it.
const pairsMost = 10_000

// pairs are those of a mapping in their order, with those merged into it (<<) that it does not have itself.
func (r *reading) pairs(n ast.Node, what string) []pair { return r.merged(n, what, 0) }

func (r *reading) merged(n ast.Node, what string, depth int) []pair {
	own, merges := r.own(n, what)
	for _, n := range merges {
		if depth > 10 || len(own) > pairsMost {
			r.fail(n, "%s: too much is merged into it", what)
			return own
		}
		for _, p := range r.merged(n, what, depth+1) {
			if !slices.ContainsFunc(own, func(o pair) bool { return o.name == p.name }) {
				own = append(own, p)
			}
		}
	}
	return own
}

// own are the pairs that a mapping has itself, and the mappings that are to be merged into it.
func (r *reading) own(n ast.Node, what string) (own []pair, merges []ast.Node) {
	values, ok := document.Values(r.value(n))
	if !ok {
		r.fail(n, "%s: "+document.WantWords, what)
	}
	for _, v := range values {
		if v.Key.Type() != ast.MergeKeyType {
			own = append(own, pair{word(v.Key), v.Key, r.value(v.Value)})
			continue
		}
		if list, several := r.value(v.Value).(*ast.SequenceNode); several {
			merges = append(merges, list.Values...)
		} else {
			merges = append(merges, v.Value)
		}
	}
	return own, merges
}

// word is a key as it is meant, without quotes.
func word(key ast.MapKeyNode) string {
	if k, ok := key.(*ast.MappingKeyNode); ok && k.Value != nil && k.Value.GetToken() != nil {
		return k.Value.GetToken().Value
	}
	return key.GetToken().Value
}

// words are those of a mapping.
type words map[string]pair

// words reads a mapping, and refuses what it may not say.
func (r *reading) words(n ast.Node, what string, known ...string) words {
	w := words{}
	for _, p := range r.pairs(n, what) {
		switch _, twice := w[p.name]; {
		case !slices.Contains(known, p.name):
			r.fail(p.key, "%s knows no word %q%s (known: %s)", what, p.name, sources.MeantHint(p.name, known), strings.Join(known, ", "))
		case twice:
			r.fail(p.key, "%s says %s twice", what, p.name)
		default:
			w[p.name] = p
		}
	}
	return w
}

// at is the node to complain about when something is wrong with a word's value.
func (w words) at(name string) ast.Node {
	if p := w[name]; p.value != nil {
		return p.value
	}
	return w[name].key
}

// says tells whether the word is there, with or without a value.
func (w words) says(name string) bool { return w[name].key != nil }

func (w words) items(r *reading, name string) []ast.Node {
	switch n := w[name].value.(type) {
	case nil:
		return nil
	case *ast.SequenceNode:
		return n.Values
	default:
		r.fail(n, "%s: want a list", name)
		return nil
	}
}

func (w words) text(r *reading, name string) string { return r.scalar(name, w[name].value) }

// texts are those of a list.
func (w words) texts(r *reading, name string) []string {
	var out []string
	for _, n := range w.items(r, name) {
		out = append(out, r.scalar(name, r.value(n)))
	}
	return out
}

func (r *reading) scalar(name string, n ast.Node) string {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return ""
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	case ast.ScalarNode:
		return n.GetToken().Value
	default:
		r.fail(n, "%s: want a text", name)
		return ""
	}
}

// duration is one in Prometheus' spelling, such as 90s, 5m or 1h30m.
func (w words) duration(r *reading, name string) time.Duration {
	s := w.text(r, name)
	if s == "" {
		return 0
	}
	d, err := model.ParseDuration(s)
	if err != nil {
		r.fail(w.at(name), "%s: %q is no duration such as 90s, 5m or 1h30m", name, s)
	}
	return time.Duration(d)
}

// labels are words that people choose, with texts.
func (w words) labels(r *reading, name string) map[string]string {
	out := map[string]string{}
	for _, p := range r.pairs(w[name].value, name) {
		if _, twice := out[p.name]; twice {
			r.fail(p.key, "%s says %s twice", name, p.name)
		}
		out[p.name] = r.scalar(name+"."+p.name, p.value)
	}
	return out
}

// line is where the value of a word within a word's mapping begins.
func (w words) line(r *reading, name, within string) int {
	for _, p := range r.pairs(w[name].value, name) {
		if p.name == within && p.value != nil {
			return textLine(p.value)
		}
	}
	return lineOf(w.at(name))
}
