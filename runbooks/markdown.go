package runbooks

import (
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"warroom/sources"
)

// BlockKind is a sort of block.
type BlockKind uint8

// The kinds of blocks.
const (
	Paragraph BlockKind = iota
	Heading
	ListItem // of a list
	Quote    // set apart from the rest
	Code     // as it stands, line by line
	StepBlock
)

// Block is a piece of a document that has lines of its own.
type Block struct {
	Kind   BlockKind
	Level  int      // of a heading, from 1; how deep an item or what stands under it is indented, from 0
	Marker string   // before an item: • or 1.
	Spans  []Span   // of what is running text
	Lines  []string // of code
	Step   int      // of a step: which of Runbook.Steps
}

// Span is a piece of running text in one look.
type Span struct {
	Text   string
	Strong bool // emphasised in any way
	Code   bool
	Link   bool // an address
	Book   bool // the words of a link to another runbook
}

// markdown turns a document into blocks. Fenced blocks whose first word names a kind of step are given to step, which says
// whether they are one.
type markdown struct {
	source []byte
	blocks []Block
	step   func(kind, body string, line int) (n int, ok bool)
	link   func(name string, line int) // told of each link to another runbook
}

// read walks through the document's blocks.
func (d *markdown) read() {
	tree := goldmark.DefaultParser().Parse(text.NewReader(d.source))
	d.children(tree, Block{})
}

// children appends what stands in a block, in the look of the block that holds it.
func (d *markdown) children(parent ast.Node, like Block) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		d.block(n, like)
		like.Marker = "" // only the first block of an item bears its mark
	}
}

func (d *markdown) block(n ast.Node, like Block) {
	switch n := n.(type) {
	case *ast.Heading:
		d.add(Block{Kind: Heading, Level: n.Level, Spans: d.spans(n)})
	case *ast.List:
		d.list(n, like)
	case *ast.Blockquote:
		like.Kind = Quote
		d.children(n, like)
	case *ast.FencedCodeBlock:
		d.fenced(n, like)
	case *ast.CodeBlock, *ast.HTMLBlock:
		d.add(Block{Kind: Code, Level: like.Level, Lines: cleanLines(d.lines(n))})
	case *ast.ThematicBreak:
	default:
		like.Spans = d.spans(n)
		d.add(like)
	}
}

func (d *markdown) add(b Block) { d.blocks = append(d.blocks, b) }

func (d *markdown) list(l *ast.List, like Block) {
	number := l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		in := Block{Kind: ListItem, Level: like.Level + 1, Marker: "•"}
		if l.IsOrdered() {
			in.Marker = strconv.Itoa(number) + "."
			number++
		}
		d.children(item, in)
	}
}

func (d *markdown) fenced(n *ast.FencedCodeBlock, like Block) {
	if n.Info != nil {
		info := n.Info.Segment
		kind, _, _ := strings.Cut(strings.TrimSpace(string(info.Value(d.source))), " ")
		if step, ok := d.step(kind, d.lines(n), d.lineOf(info.Start)); ok {
			d.add(Block{Kind: StepBlock, Step: step})
			return
		}
	}
	d.add(Block{Kind: Code, Level: like.Level, Lines: cleanLines(d.lines(n))})
}

// lineOf is the line of a place in the file, from 1.
func (d *markdown) lineOf(at int) int { return strings.Count(string(d.source[:at]), "\n") + 1 }

// begin is where a link's words begin, or the block that it stands in; 0 where that is not known.
func (d *markdown) begin(n ast.Node) int {
	for word := n.FirstChild(); word != nil; word = word.FirstChild() {
		if t, ok := word.(*ast.Text); ok {
			return t.Segment.Start
		}
	}
	for ; n != nil; n = n.Parent() {
		if n.Type() == ast.TypeBlock && n.Lines() != nil && n.Lines().Len() > 0 {
			return n.Lines().At(0).Start
		}
	}
	return 0
}

// lines are those of a block as they stand in the file.
func (d *markdown) lines(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		b.Write(line.Value(d.source))
	}
	return b.String()
}

func cleanLines(s string) []string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i := range lines {
		lines[i] = sources.Clean(lines[i])
	}
	return lines
}

// spans are the pieces of running text in a block.
func (d *markdown) spans(n ast.Node) []Span {
	var out []Span
	d.inline(n, Span{}, &out)
	return out
}

// inline appends the text under a node in a look.
func (d *markdown) inline(parent ast.Node, like Span, out *[]Span) {
	put := func(s string, like Span) {
		if like.Text = sources.Clean(s); like.Text != "" {
			*out = append(*out, like)
		}
	}
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			put(string(n.Segment.Value(d.source)), like)
			if n.SoftLineBreak() || n.HardLineBreak() {
				put(" ", like)
			}
		case *ast.String:
			put(string(n.Value), like)
		case *ast.CodeSpan:
			d.inline(n, Span{Code: true, Strong: like.Strong}, out)
		case *ast.Emphasis:
			d.inline(n, Span{Strong: true}, out)
		case *ast.Link:
			if name := linked(string(n.Destination)); name != "" {
				d.link(name, d.lineOf(d.begin(n)))
				like := like
				like.Book = true
				d.inline(n, like, out)
				continue
			}
			d.inline(n, like, out)
			put(" ("+string(n.Destination)+")", Span{Link: true})
		case *ast.AutoLink:
			put(string(n.URL(d.source)), Span{Link: true})
		case *ast.RawHTML: // has no meaning here
		default:
			d.inline(n, like, out)
		}
	}
}
