package awswire

import (
	"slices"
	"strconv"
)

// pick cuts a list down to named items and to a page.
type pick struct {
	names     []string // all of which must exist; none means all items
	marker    string   // where the page begins, "" for the first
	size      *int     // items on a page, if the client says
	usual     int      // items on a page otherwise
	limit     int      // the most that a client may ask for
	absent    func(name string) *fault
	badMarker func() *fault
}

// pickFrom cuts the list as p says; is tells whether an item goes by a name. next is the marker of the
// page that follows, "" after the last.
func pickFrom[T any](p pick, all []T, is func(v T, name string) bool) (items []T, next string, err error) {
	if len(p.names) > 0 {
		if all, err = pickNamed(p, all, is); err != nil {
			return nil, "", err
		}
	}
	size := p.usual
	if p.size != nil {
		if *p.size < 1 || *p.size > p.limit {
			return nil, "", invalid("The page size must be between 1 and %d, not %d.", p.limit, *p.size)
		}
		size = *p.size
	}
	skip := 0
	if p.marker != "" {
		if skip, err = strconv.Atoi(p.marker); err != nil || skip < 0 || skip > len(all) {
			return nil, "", p.badMarker()
		}
	}
	all = all[skip:]
	if len(all) > size {
		return all[:size], strconv.Itoa(skip + size), nil
	}
	return all, "", nil
}

func pickNamed[T any](p pick, all []T, is func(v T, name string) bool) ([]T, error) {
	var named []T
	for _, name := range p.names {
		i := slices.IndexFunc(all, func(v T) bool { return is(v, name) })
		if i < 0 {
			return nil, p.absent(name)
		}
		named = append(named, all[i])
	}
	return named, nil
}
