package tui

import "warroom/sources"

// Headline is the number at the top of a tile.
type Headline struct {
	Metric string       // the metric, or the expression that gives it
	Value  float64      // in the metric's unit, while it is known
	Known  bool         // whether there is a value
	Unit   sources.Unit // of the value, "" where an expression gives it
	Number string       // as the tile shows it, such as "91.4", a dash while it is not known
	Beside string       // what the tile shows beside the number, such as "% hit ratio"
}

// Headline is a tile's headline in this scene.
func (p *Painter) Headline(s *Scene, t *Tile) Headline {
	p.begin(s)
	f := p.look(s, t, 0)
	shown := p.reader.existing(t)
	n, _, ok := p.reader.number(shown, &shown.headline)
	return Headline{
		Metric: shown.headline.expr, Value: n, Known: ok, Unit: shown.headline.metric.Unit,
		Number: f.number, Beside: f.unit,
	}
}
