package awswrite

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
)

// targetPath is where the origin of the default behaviour stands in a distribution's configuration.
var targetPath = []string{"DistributionConfig", "DefaultCacheBehavior", "TargetOriginId"}

// spot is a part of a document, by its bytes.
type spot struct{ from, to int64 }

// retargeted is the document with another origin for the default behaviour. Nothing else of it changes, to the byte: also
// what is newer than this program stays. Where the one place cannot be found without doubt, it is an error.
func retargeted(document []byte, from, to string) ([]byte, error) {
	at, err := locate(document, targetPath)
	if err != nil {
		return nil, fmt.Errorf("the configuration is not changed: %w", err)
	}
	old, err := escaped(from)
	if err != nil {
		return nil, err
	}
	if found := document[at.from:at.to]; !bytes.Equal(found, old) {
		return nil, fmt.Errorf("the configuration is not changed: its origin is written %q where %q was read", found, old)
	}
	next, err := escaped(to)
	if err != nil {
		return nil, err
	}
	return slices.Concat(document[:at.from], next, document[at.to:]), nil
}

func escaped(text string) ([]byte, error) {
	var b bytes.Buffer
	err := xml.EscapeText(&b, []byte(text))
	return b.Bytes(), err
}

// locate finds what is inside of the only element at the path, which holds text alone.
func locate(document []byte, path []string) (at spot, err error) {
	d := xml.NewDecoder(bytes.NewReader(document))
	var stack []string
	found := 0
	for {
		begin := d.InputOffset()
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return spot{}, fmt.Errorf("it cannot be read: %w", err)
		}
		inside := slices.Equal(stack, path)
		switch t := token.(type) {
		case xml.StartElement:
			if inside {
				return spot{}, fmt.Errorf("%s holds more than text", path[len(path)-1])
			}
			stack = append(stack, t.Name.Local)
			if slices.Equal(stack, path) {
				found++
				at.from = d.InputOffset()
			}
		case xml.EndElement:
			if inside {
				at.to = begin
			}
			stack = stack[:len(stack)-1]
		case xml.Comment, xml.ProcInst, xml.Directive:
			if inside {
				return spot{}, fmt.Errorf("%s holds more than text", path[len(path)-1])
			}
		}
	}
	if found != 1 {
		return spot{}, fmt.Errorf("%s is there %d times, not once", path[len(path)-1], found)
	}
	return at, nil
}
