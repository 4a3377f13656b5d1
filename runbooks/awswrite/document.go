package awswrite

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Where a distribution's configuration says to which origin requests go: by default, and for each path pattern.
var (
	targetPath   = []string{"DistributionConfig", "DefaultCacheBehavior", "TargetOriginId"}
	behaviorPath = []string{"DistributionConfig", "CacheBehaviors", "Items", "CacheBehavior"}
)

// move sends the requests of a behaviour to another origin.
type move struct {
	pattern  string // of the behaviour's paths, "" for the default one
	from, to string
}

// spot is a part of a document, by its bytes.
type spot struct{ from, to int64 }

func (s spot) holds(inner spot) bool { return s.from <= inner.from && inner.to <= s.to }

// retargeted is the document with other origins for some behaviours. Nothing else of it changes, to the byte: also what is
// newer than this program stays. Where one of the places cannot be found without doubt, it is an error.
func retargeted(document []byte, moves []move) ([]byte, error) {
	type edit struct {
		at   spot
		text []byte
	}
	var edits []edit
	for _, m := range moves {
		at, err := targetOf(document, m.pattern)
		if err != nil {
			return nil, fmt.Errorf("the configuration is not changed: %w", err)
		}
		old, err := escaped(m.from)
		if err != nil {
			return nil, err
		}
		if found := document[at.from:at.to]; !bytes.Equal(found, old) {
			return nil, fmt.Errorf("the configuration is not changed: its origin is written %q where %q was read", found, old)
		}
		next, err := escaped(m.to)
		if err != nil {
			return nil, err
		}
		edits = append(edits, edit{at, next})
	}
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(b.at.from, a.at.from) }) // from the end: the others stay where they are
	for _, e := range edits {
		document = slices.Concat(document[:e.at.from], e.text, document[e.at.to:])
	}
	return document, nil
}

func escaped(text string) ([]byte, error) {
	var b bytes.Buffer
	err := xml.EscapeText(&b, []byte(text))
	return b.Bytes(), err
}

// targetOf finds where a behaviour's origin stands.
func targetOf(document []byte, pattern string) (spot, error) {
	if pattern == "" {
		return locate(document, targetPath)
	}
	want, err := escaped(pattern)
	if err != nil {
		return spot{}, err
	}
	whole, err1 := spots(document, behaviorPath, false)
	patterns, err2 := spots(document, append(slices.Clone(behaviorPath), "PathPattern"), true)
	targets, err3 := spots(document, append(slices.Clone(behaviorPath), "TargetOriginId"), true)
	if err := errors.Join(err1, err2, err3); err != nil {
		return spot{}, err
	}
	var found []spot
	for _, behavior := range whole {
		mine, theirs := within(behavior, patterns), within(behavior, targets)
		if !slices.ContainsFunc(mine, func(p spot) bool { return bytes.Equal(document[p.from:p.to], want) }) {
			continue
		}
		if len(mine) != 1 || len(theirs) != 1 {
			return spot{}, fmt.Errorf("the behaviour of %s has %d patterns and %d origins, not one of each", pattern, len(mine), len(theirs))
		}
		found = append(found, theirs[0])
	}
	if len(found) != 1 {
		return spot{}, fmt.Errorf("the behaviour of %s is there %d times, not once", pattern, len(found))
	}
	return found[0], nil
}

// within are those of the spots that are inside of another.
func within(outer spot, all []spot) []spot {
	return slices.DeleteFunc(slices.Clone(all), func(s spot) bool { return !outer.holds(s) })
}

// locate finds what is inside of the only element at the path, which holds text alone.
func locate(document []byte, path []string) (spot, error) {
	found, err := spots(document, path, true)
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("%s is there %d times, not once", path[len(path)-1], len(found))
	}
	if err != nil {
		return spot{}, err
	}
	return found[0], nil
}

// spots finds what is inside of the elements at the path. If they are to be plain, they hold text alone.
func spots(document []byte, path []string, plain bool) (found []spot, err error) {
	d := xml.NewDecoder(bytes.NewReader(document))
	var stack []string
	for {
		begin := d.InputOffset()
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, fmt.Errorf("it cannot be read: %w", err)
		}
		inside := slices.Equal(stack, path)
		switch t := token.(type) {
		case xml.StartElement:
			if inside && plain {
				return nil, fmt.Errorf("%s holds more than text", path[len(path)-1])
			}
			stack = append(stack, t.Name.Local)
			if slices.Equal(stack, path) {
				found = append(found, spot{from: d.InputOffset()})
			}
		case xml.EndElement:
			if inside {
				found[len(found)-1].to = begin
			}
			stack = stack[:len(stack)-1]
		case xml.Comment, xml.ProcInst, xml.Directive:
			if inside && plain {
				return nil, fmt.Errorf("%s holds more than text", path[len(path)-1])
			}
		}
	}
}
