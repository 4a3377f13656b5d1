package tui

import "warroom/sources"

func chartRows(height, charts int) int { return 0 }

func (m *Model) charts(c *Canvas, r Rect, t *Tile, v *sources.View) {}
