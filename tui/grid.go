package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"warroom/sources"
	"warroom/sources/query"
	"warroom/sources/recording"
	"warroom/tui/chart"
	"warroom/tui/theme"
)

// Painter draws frames. It keeps what it has drawn of each tile, and draws a tile again only when something on
// it has changed. One goroutine uses it at a time.
type Painter struct {
	eval   evaluator
	canvas *Canvas
	out    []byte

	meta   *recording.Meta
	fault  error   // what is wrong with the meta's tiles
	tiles  []*Tile // all of them, in their order
	shown  []*Tile // those that the filter leaves
	drawn  map[*Tile]*drawnTile
	reader reader

	spare []chart.Column // memory of a face that was replaced
}

// drawnTile is what is kept of a tile: what it was drawn from, and its cells.
type drawnTile struct {
	key      tileKey
	face     face
	pictured bool
	picture  *Canvas
	size     Rect
	selected bool
	ascii    bool
}

// tileKey is what a face was read for. With the same key it need not be read again.
type tileKey struct {
	view    *sources.View
	cursor  sources.Cursor
	version uint64
	columns int
	scene   faceKey
}

// faceKey is what a face depends on beside the view.
type faceKey struct {
	span   int64
	zone   string
	speed  float64
	judged bool
	worn   Status // by its worst alert
}

// NewPainter is a painter without anything drawn, which knows of no launch but what the view has.
func NewPainter() *Painter {
	return &Painter{canvas: &Canvas{}, drawn: map[*Tile]*drawnTile{}, eval: newEvaluator(func() query.Options { return query.Options{} })}
}

// Grid draws the whole screen with the grid of tiles, and the layers over it in their order: Height lines joined
// by newlines, each exactly Width columns.
func (p *Painter) Grid(s *Scene, over ...Layer) string { return p.text(s, p.gridCanvas(s, over...)) }

// gridCanvas is that screen as cells, valid until the next call.
func (p *Painter) gridCanvas(s *Scene, over ...Layer) *Canvas {
	p.begin(s)
	l := newLayout(s, len(p.shown))
	p.frame(s, l)
	p.grid(s, l.Body)
	return p.finish(l, over)
}

// pageCanvas is the same screen with something else in place of the tiles.
func (p *Painter) pageCanvas(s *Scene, body Layer, over ...Layer) *Canvas {
	p.begin(s)
	l := newLayout(s, pageLayout)
	p.frame(s, l)
	body(p.canvas, l)
	return p.finish(l, over)
}

// Layer draws a part of the screen, an overlay for instance.
type Layer func(c *Canvas, l Layout)

// Tiles are the tiles that the scene's filter leaves, in the order of the grid. The slice is valid until the
// next call.
func (p *Painter) Tiles(s *Scene) []*Tile {
	p.begin(s)
	return p.shown
}

// Columns is how many tiles stand beside each other.
func (p *Painter) Columns(s *Scene) int {
	p.begin(s)
	l := newLayout(s, len(p.shown))
	return planGrid(l.Body, len(p.shown), s).columns
}

// Status is how a tile stands in this scene.
func (p *Painter) Status(s *Scene, t *Tile) Status {
	p.begin(s)
	return p.look(s, t, 0).status
}

// Fault is what is wrong with the tiles of the scene's meta, nil if nothing is; what was understood is shown.
func (p *Painter) Fault() error { return p.fault }

// begin brings the painter up to the scene.
func (p *Painter) begin(s *Scene) {
	if s.Meta != p.meta {
		p.meet(s.Meta)
	}
	if p.reader.view != s.View || p.reader.cursor != s.cursor() || p.reader.version != viewVersion(s.View) {
		p.reader.broken = brokenSources(s.View)
	}
	p.reader.scene, p.reader.view, p.reader.cursor, p.reader.version, p.reader.eval = s, s.View, s.cursor(), viewVersion(s.View), p.eval
	p.filter(s)
}

// viewVersion changes whenever anything in the view has: a view answers with its window's version for a series that it
// does not know.
func viewVersion(v *sources.View) uint64 { return v.Version(sources.Series{}) }

// meet makes the tiles of what is watched.
func (p *Painter) meet(meta *recording.Meta) {
	book, err := newTileBook(meta.Tiles)
	p.meta, p.fault, p.tiles = meta, err, nil
	clear(p.drawn)
	met := map[sources.Ref]bool{}
	for _, r := range meta.Resources {
		if spec := book.find(r.Ref); spec != nil && !met[r.Ref] {
			met[r.Ref] = true // an audience is several resources of one name
			if r.Service == "audience" {
				spec = spec.counted(meta.Resources, r.Ref)
			}
			p.tiles = append(p.tiles, newTile(spec, r))
		}
	}
	slices.SortStableFunc(p.tiles, func(a, b *Tile) int { return cmp.Compare(a.spec.Order, b.spec.Order) })
	for i, t := range p.tiles {
		t.Number, t.key = i+1, " "+strconv.Itoa(i+1)+" "
	}
}

// filter keeps the tiles that match the scene's filter: by number, service, name or state's word.
func (p *Painter) filter(s *Scene) {
	p.shown = p.shown[:0]
	words := strings.Fields(strings.ToLower(s.Filter))
	for _, t := range p.tiles {
		if len(words) == 0 || p.matches(s, t, words) {
			p.shown = append(p.shown, t)
		}
	}
}

func (p *Painter) matches(s *Scene, t *Tile, words []string) bool {
	text := strings.ToLower(fmt.Sprintf("%d %s %s %s", t.Number, t.Ref, t.Title, p.look(s, t, 0).status.Word))
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// look reads a tile's face, or remembers it. With no columns the face may be of any width.
func (p *Painter) look(s *Scene, t *Tile, columns int) *face {
	d := p.drawn[t]
	if d == nil {
		d = &drawnTile{picture: &Canvas{}}
		p.drawn[t] = d
	}
	if columns == 0 {
		columns = max(d.key.columns, 1)
	}
	key := tileKey{view: s.View, cursor: s.View.Cursor(), version: p.reader.version, columns: columns, scene: faceKey{int64(s.span()), zoneName(s), s.speed(), s.Judged, s.worn(t.Ref)}}
	if key == d.key {
		return &d.face
	}
	before := d.face
	d.face = face{columns: p.spare}
	p.reader.worn = key.scene.worn
	p.reader.read(t, &d.face, &before, columns)
	p.spare = before.columns
	d.pictured = d.pictured && d.face.equal(&before)
	d.key = key
	return &d.face
}

func zoneName(s *Scene) string {
	if s.Zone == nil {
		return ""
	}
	return s.Zone.String()
}

// tile draws one tile at its place.
func (p *Painter) tile(s *Scene, t *Tile, at Rect, selected bool) {
	columns := max(at.Inset(2, 1).W, 1) * chartSet(s.ASCII).PerCell()
	f := p.look(s, t, columns)
	d := p.drawn[t]
	if !d.pictured || d.size.W != at.W || d.size.H != at.H || d.selected != selected || d.ascii != s.ASCII {
		d.picture.ASCII = s.ASCII
		d.picture.Reset(at.W, at.H)
		(&tilePicture{Canvas: d.picture, tile: t, face: f, selected: selected}).draw()
		d.pictured, d.size, d.selected, d.ascii = true, at, selected, s.ASCII
	}
	p.canvas.Copy(at.X, at.Y, d.picture)
	if by := s.heldBy(t.Ref); by != "" {
		p.held(by, at)
	}
}

// held writes into the bottom border of a tile who keeps its resource from others.
func (p *Painter) held(by string, at Rect) {
	room := at.W - 4 - heldAge
	if room < len("held") || at.H < 2 {
		return
	}
	text := " held by " + unframed(sources.CleanTo(by, 20)) + " "
	if textWidth(text) > room {
		text = " held "
	}
	p.canvas.Text(at.X+2, at.Y+at.H-1, room, text, theme.Fg(theme.Warn).Bold())
}

// heldAge is what the age at the right of the border takes at the most.
const heldAge = 14

// frame draws everything around the tiles.
func (p *Painter) frame(s *Scene, l Layout) {
	p.canvas.ASCII = s.ASCII
	p.canvas.Reset(s.Width, s.Height)
	p.bar(s, l.Bar)
	p.room(s, l.Room)
	p.story(s, l.Story)
	p.strip(s, l.Strip)
	p.news(s, l.News)
	p.hints(s, l.Hints)
}

func (p *Painter) finish(l Layout, over []Layer) *Canvas {
	for _, layer := range over {
		layer(p.canvas, l)
	}
	return p.canvas
}

// text is a canvas as the terminal takes it.
func (p *Painter) text(s *Scene, c *Canvas) string {
	t := s.Theme
	if t == nil {
		t = &theme.Theme{}
	}
	p.out = c.Write(p.out[:0], t)
	return string(p.out)
}
