package awswire

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"time"
)

// node is an XML element of any kind. CloudFront's configurations are kept as trees, so that what a client
// writes comes back whole, also where nothing here knows what it means.
type node struct {
	XMLName  xml.Name
	Text     string `xml:",chardata"`
	Children []node `xml:",any"`
}

// leaf is an element with a text.
func leaf(name string, value any) node {
	if t, ok := value.(time.Time); ok {
		value = t.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return node{XMLName: xml.Name{Local: name}, Text: fmt.Sprint(value)}
}

// tree is an element with elements.
func tree(name string, children ...node) node {
	return node{XMLName: xml.Name{Local: name}, Children: children}
}

// list is an element in CloudFront's way of writing lists: the quantity, and the items if there are any.
func list(name string, items ...node) node {
	n := tree(name, leaf("Quantity", len(items)))
	if len(items) > 0 {
		n.Children = append(n.Children, tree("Items", items...))
	}
	return n
}

// leaves are elements of one name, one for each text.
func leaves(name string, values []string) []node {
	out := make([]node, len(values))
	for i, v := range values {
		out[i] = leaf(name, v)
	}
	return out
}

// child is the first element of that name below n, following the path; nil if there is none.
func (n *node) child(path ...string) *node {
	for _, name := range path {
		var found *node
		for i := range n.Children {
			if n.Children[i].XMLName.Local == name {
				found = &n.Children[i]
				break
			}
		}
		if found == nil {
			return nil
		}
		n = found
	}
	return n
}

// text is the text of the element at the path, "" if there is none.
func (n *node) text(path ...string) string {
	if c := n.child(path...); c != nil {
		return c.Text
	}
	return ""
}

// plain takes namespaces and the white space between elements out of a tree that a client has sent.
func (n *node) plain() {
	n.XMLName.Space = ""
	if len(n.Children) > 0 {
		n.Text = ""
	}
	for i := range n.Children {
		n.Children[i].plain()
	}
}

// inconsistent finds a list whose quantity is not the number of its items, "" if there is none.
func (n *node) inconsistent() string {
	if q := n.child("Quantity"); q != nil {
		items := 0
		if c := n.child("Items"); c != nil {
			items = len(c.Children)
		}
		if want, err := strconv.Atoi(q.Text); err != nil || want != items {
			return n.XMLName.Local
		}
	}
	for i := range n.Children {
		if name := n.Children[i].inconsistent(); name != "" {
			return name
		}
	}
	return ""
}
