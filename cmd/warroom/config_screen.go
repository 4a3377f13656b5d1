package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"warroom/sources/document"
	"warroom/tui"
)

// checkScreen holds what the config says about the screen against what the screen knows.
func (c *config) checkScreen(d *document.Document) error {
	if err := c.checkTiles(d); err != nil {
		return err
	}
	if bell := c.Screen.Bell; bell != "" && !slices.Contains(bells, bell) {
		return d.Unknown(d.Find("screen", "bell"), "word", bell, "screen.bell", bells)
	}
	return c.checkKeys(d)
}

// checkTiles lets the screen read the tiles, which it shows as they stand in the file.
func (c *config) checkTiles(d *document.Document) error {
	tiles := document.Child(d.Root, "tiles")
	if tiles == nil {
		return nil
	}
	for _, kind := range []ast.NodeType{ast.AnchorType, ast.AliasType} {
		if found := ast.Filter(kind, tiles); len(found) > 0 {
			return d.At(found[0], "tiles: write it out; anchors and aliases are not read here")
		}
	}
	if err := listOfTiles(d, tiles); err != nil {
		return err
	}
	c.tileText = d.Block("tiles")
	if err := tui.CheckTiles(c.tileText); err != nil {
		return ofTiles(d, tiles, err.Error())
	}
	return nil
}

func listOfTiles(d *document.Document, tiles ast.Node) error {
	const want = "want a list of tiles, such as [{service: alb, title: balancer}]"
	list := []ast.Node{tiles}
	if s, ok := tiles.(*ast.SequenceNode); ok {
		list = s.Values
	}
	for _, tile := range list {
		switch tile.(type) {
		case *ast.MappingNode, *ast.MappingValueNode, *ast.NullNode:
		default:
			return d.At(tile, "tiles: %s", want)
		}
	}
	return nil
}

var (
	pointed = regexp.MustCompile(`\[(\d+):(\d+)\] `)
	lined   = regexp.MustCompile(` ?\(?line (\d+)\)?: `)
	quoted  = regexp.MustCompile(`^[^"]*"([^"]*)"`)
	typed   = regexp.MustCompile(`cannot unmarshal .* of type (\S+)$`)
)

// typeWords say what a field of a type wants.
var typeWords = map[string]string{
	"int": "want a whole number", "float64": "want a number", "bool": "want true or false", "string": "want a text",
	"sequence": "want a list", "mapping": "want words with values (word: value)",
}

// ofTiles is the screen's complaint about the tiles, at its place. The screen names the line of the tile only; the
// word that it quotes stands there or below.
func ofTiles(d *document.Document, tiles ast.Node, complaint string) error {
	text, _, _ := strings.Cut(complaint, "\n")
	if m := pointed.FindStringSubmatch(text); m != nil {
		line, _ := strconv.Atoi(m[1])
		column, _ := strconv.Atoi(m[2])
		return d.ComplainAt(line, column, inWords(strings.Replace(text, m[0], "", 1)))
	}
	from, about := 0, strings.TrimPrefix(text, "tiles: ")
	if m := lined.FindStringSubmatchIndex(text); m != nil {
		from, _ = strconv.Atoi(text[m[2]:m[3]])
		about = text[m[1]:]
		text = text[:m[0]] + ": " + about
	}
	text = strings.Replace(text, "tiles:: ", "tiles: ", 1)
	return d.At(wordIn(tiles, quotes(about, text), from), "%s", text)
}

// quotes is the first word in quotes that is none to be taken instead, of the first text that has one.
func quotes(texts ...string) string {
	for _, text := range texts {
		if m := quoted.FindStringSubmatch(text); m != nil && !strings.Contains(m[0], "did you mean") {
			return m[1]
		}
	}
	return ""
}

// inWords says what the reader of YAML wants, without the names of our types.
func inWords(text string) string {
	if m := typed.FindStringSubmatch(text); m != nil && typeWords[m[1]] != "" {
		return "tiles: " + typeWords[m[1]]
	}
	if _, wanted, ok := strings.Cut(text, " was used where "); ok {
		return "tiles: " + typeWords[strings.TrimSuffix(wanted, " is expected")]
	}
	return text
}

// wordIn is the first place in n, from a line on, at which the word stands; or what stands first in that line.
func wordIn(n ast.Node, word string, from int) ast.Node {
	var first, found ast.Node
	look := visitor(func(at ast.Node) {
		tk := at.GetToken()
		colon := at.Type() == ast.MappingValueType || at.Type() == ast.MappingType // they begin with their colon
		if colon || tk == nil || tk.Position.Line < from || found != nil {
			return
		}
		if first == nil && tk.Position.Line == from {
			first = at
		}
		if word != "" && tk.Value == word {
			found = at
		}
	})
	ast.Walk(look, n)
	switch {
	case found != nil:
		return found
	case first != nil:
		return first
	}
	return n
}

// visitor is shown every node.
type visitor func(ast.Node)

// Visit is what the walk calls.
func (v visitor) Visit(n ast.Node) ast.Visitor { v(n); return v }

// checkKeys lets the screen read the rebindings. What is wrong is told at the first key without which less is wrong:
// a clash may be of two keys, each of which is right by itself.
func (c *config) checkKeys(d *document.Document) error {
	warnings, err := tui.CheckKeys(c.Keys)
	if err == nil {
		c.warnings = append(c.warnings, warnings...)
		return nil
	}
	entries, _ := d.Entries(d.Find("keys"), "keys") // decoding has complained about keys that are none
	for _, e := range entries {
		if own := missing(err, without(c.Keys, e.Word)); own != "" {
			return d.At(e.Key, "keys: %s", own)
		}
	}
	return d.At(d.Find("keys"), "%v", err)
}

// without is the complaint about all keys but one.
func without(keys map[string]string, name string) error {
	fewer := map[string]string{}
	for n, key := range keys {
		if n != name {
			fewer[n] = key
		}
	}
	_, err := tui.CheckKeys(fewer)
	return err
}

// missing is the part of a complaint that another lacks, "" where the other one says something new.
func missing(err, other error) string {
	all := complaints(err)
	rest := complaints(other)
	for _, part := range rest {
		if !slices.Contains(all, part) {
			return ""
		}
	}
	return strings.Join(slices.DeleteFunc(all, func(part string) bool { return slices.Contains(rest, part) }), "; ")
}

// complaints are the parts of the screen's complaint about keys.
func complaints(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(strings.TrimPrefix(err.Error(), "keys: "), "; ")
}
