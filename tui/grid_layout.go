package tui

// Layout is the screen cut into its rectangles. Where there is no room for one it is empty.
type Layout struct {
	Screen Rect
	Bar    Rect // line 1: where, which launch, which mode, when, who
	Room   Rect // line 2: is the room itself well
	Story  Rect // of a rehearsal
	Body   Rect // the tiles, or another page
	Strip  Rect // the timeline
	News   Rect // the newest alerts and changes
	Hints  Rect // what can be pressed
}

// firstClass is the size from which on there are tiles; below it there is a list.
const (
	firstClassW = 80
	firstClassH = 24
	airyH       = 36 // from here on the parts stand apart
)

// newLayout cuts the screen for a number of tiles, or [pageLayout].
func newLayout(s *Scene, tiles int) Layout {
	l := Layout{Screen: Rect{W: s.Width, H: s.Height}}
	rest := l.Screen
	l.Bar, rest = rest.Top(1)
	if rest.H > 3 {
		l.Hints, rest = rest.Bottom(1)
	}
	if rest.H > 4 {
		l.Room, rest = rest.Top(1)
	}
	if s.Story != "" && rest.H > 4 {
		l.Story, rest = rest.Top(storyLines(s))
	}
	if s.Height >= airyH {
		_, rest = rest.Bottom(1)
	}
	l.News, rest = rest.Bottom(newsLines(s, rest.H, tiles))
	if rest.H > 3 {
		l.Strip, rest = rest.Bottom(1)
	}
	if s.Height >= airyH {
		_, rest = rest.Bottom(1)
	}
	l.Body = rest
	return l
}

// pageLayout instead of a number of tiles cuts the screen for a page: it has the room of the newest changes, too.
const pageLayout = -1

// storyLines is how many lines a rehearsal's story takes: what to press is worth a second one wherever there is room.
func storyLines(s *Scene) int {
	most := 2
	if s.Height < leastStoryH {
		most = 1
	}
	return max(len(tell(s.Story, s.Width-storyMargin, most)), 1)
}

// leastStoryH is the height from which on a story may have two lines.
const leastStoryH = 12

// storyMargin is what stands beside a story.
const storyMargin = 4

// newsLines is how many lines the newest alerts and changes have: what a list leaves, or a share of the screen.
func newsLines(s *Scene, room, tiles int) int {
	if tiles == pageLayout {
		return 0
	}
	if isList(s) && tiles > 0 && tiles < room {
		return room - tiles - 1 // with room for the strip
	}
	if isList(s) && tiles > 0 {
		return max(min((room-6)/2, 3), 0) // tiles are worth more, as long as they are few
	}
	switch {
	case s.Height < firstClassH:
		return room / 8
	case s.Height < 30:
		return 3
	case s.Height < airyH:
		return 4
	}
	return min((s.Height-16)/4, 10)
}

func isList(s *Scene) bool { return s.Width < firstClassW || s.Height < firstClassH }

// gridPlan is how the tiles are folded into the body.
type gridPlan struct {
	columns     int // tiles beside each other
	rows        int // rows of tiles
	tiles       int // how many are tiles; the rest are lines
	listColumns int // lines beside each other
	listRows    int
}

// The measures of the grid.
const (
	tileLeastW  = 26 // with a name, a word and a number
	tileGoodW   = 33 // with the name whole
	tileLeastH  = 3
	tileGoodH   = 7 // with a chart of its own
	lineLeastW  = 38
	tileColumns = 6 // more beside each other is never read
)

// planGrid finds how n tiles fill the body best: all of them as tiles where they fit, the last ones as lines where
// not.
func planGrid(body Rect, n int, s *Scene) gridPlan {
	list := max(body.W/lineLeastW, 1)
	if n == 0 || isList(s) || body.H < tileLeastH {
		columns := 1
		if n > body.H {
			columns = list
		}
		return gridPlan{columns: columns, listColumns: columns, listRows: min(body.H, ceilDiv(n, columns))}
	}
	best, bestCost := gridPlan{}, 0
	for columns := 1; columns <= min(max(body.W/tileLeastW, 1), tileColumns, n); columns++ {
		plan, cost := planColumns(body, n, columns, list)
		if best.columns == 0 || cost < bestCost {
			best, bestCost = plan, cost
		}
	}
	return best
}

// planColumns is the plan with a number of columns, and what is wrong with it: tiles that became lines weigh
// most, then charts that have no room, then holes in the grid, then shapes far from 5 to 2.
func planColumns(body Rect, n, columns, list int) (gridPlan, int) {
	rows := ceilDiv(n, columns)
	plan := gridPlan{columns: columns, listColumns: list}
	for ; rows > 0; rows-- {
		tiles := min(rows*columns, n)
		plan.rows, plan.tiles, plan.listRows = rows, tiles, ceilDiv(n-tiles, list)
		if rows*tileLeastH+plan.listRows <= body.H {
			break
		}
	}
	if rows == 0 {
		return gridPlan{columns: list, listColumns: list, listRows: min(body.H, ceilDiv(n, list))}, 1 << 30
	}
	height := (body.H - plan.listRows) / rows
	width := body.W / columns
	cost := 1000*(n-plan.tiles) + 30*(rows*columns-plan.tiles)
	if height < tileGoodH {
		cost += 40 * (tileGoodH - height)
	}
	if height < tileLeastH+1 {
		cost += 200
	}
	if width < tileGoodW {
		cost += 20 * (tileGoodW - width)
	}
	return plan, cost + abs(width*2-height*5)
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

func abs(n int) int { return max(n, -n) }

// grid draws the tiles, and the lines of those that found no place.
func (p *Painter) grid(s *Scene, body Rect) {
	if len(p.shown) == 0 {
		p.nothing(s, body)
		return
	}
	plan := planGrid(body, len(p.shown), s)
	lines, tiles := body.Bottom(plan.listRows)
	for i := range plan.tiles {
		p.tile(s, p.shown[i], plan.cell(tiles, i), i == s.Selected)
	}
	p.list(s, lines, plan)
}

// cell is the place of the i-th tile.
func (g gridPlan) cell(area Rect, i int) Rect {
	x, w := part(area.W, g.columns, i%g.columns)
	y, h := part(area.H, g.rows, i/g.columns)
	return Rect{area.X + x, area.Y + y, w, h}
}
