package simulator

import (
	"fmt"
	"slices"
)

// Behavior is a path pattern of a distribution with the origin to which requests for it go.
type Behavior struct {
	Pattern string // as CloudFront has them: * is anything, ? any one character
	Origin  string // id
}

// behavior is one on its way to another origin, place by place.
type behavior struct {
	Behavior
	onOther float64 // share of the places that still serve the previous origin
}

// maintained is the share of the places that send requests to the maintenance origin.
func (b *behavior) maintained() float64 {
	if b.Origin == OriginMaintenance {
		return 1 - b.onOther
	}
	return b.onOther
}

// switchTo begins to serve another origin.
func (b *behavior) switchTo(origin string) {
	if (b.Origin == OriginMaintenance) != (origin == OriginMaintenance) {
		b.onOther = 1 - b.onOther
	}
	b.Origin = origin
}

// staticPaths are the patterns of the files that the edge holds.
func staticPaths() []string { return []string{"/static/*", "/media/*"} }

// asked are the paths that requests of each kind are for, with their shares.
var asked = [kinds][]struct {
	path  string
	share float64
}{
	kindPage:   {{"/", 0.75}, {"/register", 0.25}},
	kindCall:   {{"/api/state", 1}},
	kindPost:   {{"/register", 1}},
	kindStatic: {{"/static/app.js", 0.7}, {"/media/stage.jpg", 0.3}},
	kindBot:    {{"/", 1}},
}

// matches tells whether a path goes by a pattern.
func matches(pattern, path string) bool {
	switch {
	case pattern == "":
		return path == ""
	case pattern[0] == '*':
		return matches(pattern[1:], path) || path != "" && matches(pattern, path[1:])
	case path == "":
		return false
	}
	return (pattern[0] == '?' || pattern[0] == path[0]) && matches(pattern[1:], path[1:])
}

// of is the behaviour that a path goes by: the first whose pattern it matches, nil for the default one.
func (e *edge) of(path string) *behavior {
	for i := range e.paths {
		if b := &e.paths[i]; matches(b.Pattern, path) || matches("/"+b.Pattern, path) {
			return b
		}
	}
	return nil
}

// maintained is the share of the uncached requests of each kind that go to the maintenance origin. The function with the
// flag goes before the default behaviour alone.
func (e *edge) maintained() (share [kinds]float64, some bool) {
	otherwise := 1 - (1-e.otherwise.maintained())*(1-e.flag.share)
	if some = otherwise > 0 || slices.ContainsFunc(e.paths, func(b behavior) bool { return b.maintained() > 0 }); !some {
		return share, false
	}
	for k := range share {
		for _, a := range asked[k] {
			part := otherwise
			if b := e.of(a.path); b != nil {
				part = b.maintained()
			}
			share[k] += a.share * part
		}
	}
	return share, true
}

// each visits all behaviours, the default one last.
func (e *edge) each(visit func(*behavior)) {
	for i := range e.paths {
		visit(&e.paths[i])
	}
	visit(&e.otherwise)
}

// behaviors are those with a pattern as last configured, in their order.
func (e *edge) behaviors() []Behavior {
	var out []Behavior
	for i := range e.paths {
		out = append(out, e.paths[i].Behavior)
	}
	return out
}

// SetBehaviors replaces where a distribution sends requests: by default, and by the patterns of paths, in their order. It is
// InProgress for some minutes while edge after edge takes it over. ifMatch is the ETag that the caller read, "" for any; the
// new ETag comes back.
func (l *Launch) SetBehaviors(distribution, otherwise string, paths []Behavior, ifMatch string) (etag string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.site.setBehaviors(l.now, distribution, otherwise, paths, ifMatch)
}

func (s *site) setBehaviors(now int64, distribution, otherwise string, paths []Behavior, ifMatch string) (etag string, err error) {
	if !s.isDistribution(distribution) {
		return "", fmt.Errorf("%w: distribution %q", ErrUnknown, distribution)
	}
	if ifMatch != "" && ifMatch != s.names.etag(s.edge.version) {
		return "", fmt.Errorf("%w: the ETag %s of %s is not the newest, read the configuration again", ErrPrecondition, ifMatch, distribution)
	}
	for _, b := range append(slices.Clone(paths), Behavior{"default", otherwise}) {
		if b.Origin != OriginLive && b.Origin != OriginMaintenance {
			return "", fmt.Errorf("%w: %s has no origin %q%s", ErrInvalid, distribution, b.Origin, suggestion(b.Origin, []string{OriginLive, OriginMaintenance}))
		}
	}
	s.edge.switchTo(otherwise, paths, now, secondsToDeploy*(0.8+0.5*s.ids.Float64()))
	return s.names.etag(s.edge.version), nil
}
