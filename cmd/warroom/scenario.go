package main

import (
	"errors"
	"path/filepath"
	"reflect"

	"github.com/goccy/go-yaml/ast"

	"warroom/sources/document"
	"warroom/sources/simulator"
)

// loadScenario reads a scenario of the house by its name, or a file by its path.
func loadScenario(name string) (simulator.Scenario, error) {
	if simulator.IsPath(name) {
		return readScenario(name)
	}
	return simulator.Load(name)
}

// lasting is the scenario's name for the recording: a file's wherever the next process works.
func lasting(name string) string {
	if path, err := filepath.Abs(name); err == nil && simulator.IsPath(name) {
		return path
	}
	return name
}

// readScenario reads a scenario's file as strictly as a config: the words and their kinds first, then what they say.
func readScenario(file string) (simulator.Scenario, error) {
	text, err := readText(file)
	if err != nil {
		return simulator.Scenario{}, err
	}
	d, err := document.Parse(file, text)
	switch {
	case err != nil:
		return simulator.Scenario{}, err
	case d.Root == nil:
		return simulator.Scenario{}, d.At(nil, "is empty: a scenario needs name, t0, audience and capacity")
	}
	if err := d.Holds(reflect.TypeFor[simulator.Scenario]()); err != nil {
		return simulator.Scenario{}, err
	}
	sc, err := simulator.Parse(file, text)
	if m, ok := errors.AsType[*simulator.Mistake](err); ok {
		return sc, d.At(place(d, m.Steps()), "%s: %s", m.Path, m.Text)
	}
	return sc, d.Translate(err)
}

// place is where a path leads, or as near to it as the document goes: a value, or the word before one that holds
// others.
func place(d *document.Document, steps []string) ast.Node {
	n, at := d.Root, ast.Node(nil)
	for _, step := range steps {
		next := document.Child(n, step)
		if next == nil {
			break
		}
		at = next
		if key := keyOf(n, step); key != nil && holdsOthers(next) {
			at = key
		}
		n = next
	}
	return at
}

func holdsOthers(n ast.Node) bool {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode, *ast.NullNode:
		return true
	}
	return false
}

// keyOf is the word of a mapping, nil where n is none or has no such word.
func keyOf(n ast.Node, word string) ast.Node {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	}
	for _, v := range values {
		if v.Key.GetToken().Value == word {
			return v.Key
		}
	}
	return nil
}
