package recording

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"warroom/sources"
)

// chainHead is the end of the hash chain over the changes: the last one's place and hash. The zero value is
// the chain's beginning.
type chainHead struct {
	seq  int64
	hash [sha256.Size]byte
}

// next is the head once c has been added. It covers all that is kept of c, its place, and the hash before
// it, so that no change can be edited, taken out, put in or moved without every later hash being wrong.
//
// The bytes hashed are: the name of this scheme, the previous hash, then seq, at and seen (Unix milliseconds)
// as eight bytes each, then kind, service, resource, actor, id, text and body, each with its length in eight
// bytes before it. All numbers are big-endian.
func (h chainHead) next(c *sources.Change) chainHead {
	sum := sha256.New()
	sum.Write([]byte("warroom change 1\n"))
	sum.Write(h.hash[:])
	var eight [8]byte
	put := func(n int64) {
		binary.BigEndian.PutUint64(eight[:], uint64(n))
		sum.Write(eight[:])
	}
	put(h.seq + 1)
	put(millis(c.At))
	put(millis(c.Seen))
	for _, field := range []string{c.Kind, c.Resource.Service, c.Resource.Name, c.Actor, c.ID, c.Text, string(c.Body)} {
		put(int64(len(field)))
		sum.Write([]byte(field))
	}
	next := chainHead{seq: h.seq + 1}
	sum.Sum(next.hash[:0])
	return next
}

// Chain is what a verification found: how many changes there are, and the hash of the last one. Written down
// elsewhere, the two also uncover changes that were cut off the end, which the chain alone cannot.
type Chain struct {
	Changes int64
	Head    [sha256.Size]byte
}

// BrokenError says where the chain of changes does not hold: the first place that is not as it was recorded.
type BrokenError struct {
	Path string
	Seq  int64
	Why  string
}

// Error names the place, and what it means.
func (e *BrokenError) Error() string {
	return fmt.Sprintf("recording %s: change %d %s: the record of changes was altered after it was written; trust what stands before it only", e.Path, e.Seq, e.Why)
}

// Verify reads all changes and checks that each is as it was recorded, in its place, with none missing
// between. It returns a [*BrokenError] for the first one that is not. Anchors are what earlier verifications found,
// kept elsewhere: with one, changes that were cut off the end, and a chain that was made anew as a whole, are found too.
func (f *File) Verify(ctx context.Context, anchors ...Chain) (Chain, error) {
	var head chainHead
	err := f.reading(ctx, func(r *reader) error {
		return r.each(`SELECT `+changeColumns+`, prev_hash, hash FROM changes ORDER BY seq`, nil, func(row []any) error {
			c, n := changeOf(row), len(row)
			next := head.next(&c)
			why := ""
			switch {
			case c.Seq != next.seq:
				why = fmt.Sprintf("is missing: change %d stands in its place", c.Seq)
			case !bytes.Equal(blob(row[n-2]), head.hash[:]):
				why = "does not follow the one before it"
			case !bytes.Equal(blob(row[n-1]), next.hash[:]):
				why = "has another content than its hash says"
			}
			if why != "" {
				return &BrokenError{Path: f.path, Seq: next.seq, Why: why}
			}
			head = next
			return f.heldBy(anchors, head)
		})
	})
	if err != nil {
		return Chain{}, f.explain("verify its changes", err)
	}
	for _, a := range anchors {
		if a.Changes > head.seq {
			return Chain{}, &BrokenError{Path: f.path, Seq: head.seq + 1, Why: fmt.Sprintf("is missing: there were %d changes when the anchor was written", a.Changes)}
		}
	}
	return Chain{Changes: head.seq, Head: head.hash}, nil
}

// heldBy compares the chain with the anchors of its present length.
func (f *File) heldBy(anchors []Chain, head chainHead) error {
	for _, a := range anchors {
		if a.Changes == head.seq && a.Head != head.hash {
			return &BrokenError{Path: f.path, Seq: head.seq, Why: "or one before it is another than when the anchor was written"}
		}
	}
	return nil
}
