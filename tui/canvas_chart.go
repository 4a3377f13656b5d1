package tui

import (
	"warroom/tui/chart"
	"warroom/tui/theme"
)

// lineRoles are the colours of the lines of a large chart.
var lineRoles = [...]theme.Role{theme.Accent, theme.Calm4, theme.Warn3, theme.Bad3}

// Lines draws a large chart into r, a legend of its lines in the first row, and tells whether there was anything to
// draw.
func (c *Canvas) Lines(r Rect, l *chart.Lines) bool {
	l.ASCII = c.ASCII
	legend, plot := r.Top(1)
	drawn := l.Draw(plot.W, plot.H, func(x, y int, ch rune, ink chart.Ink) {
		c.Put(plot.X+x, plot.Y+y, ch, lineStyle(ink))
	})
	x := legend.X + 1
	for i, name := range l.Legend(legend.W - 1) {
		style := theme.Fg(theme.Text)
		if drawn {
			style = lineStyle(l.Ink(i))
		}
		x += c.Text(x, legend.Y, legend.X+legend.W-x, l.Sample(i)+" ", style)
		x += c.Text(x, legend.Y, legend.X+legend.W-x, name, theme.Fg(theme.Text)) + 3
	}
	if !drawn {
		c.Text(plot.X+1, plot.Y, plot.W-1, "no data", theme.Fg(theme.Faint))
	}
	return drawn
}

// lineStyle is how the ink of a large chart looks.
func lineStyle(ink chart.Ink) theme.Style {
	switch {
	case ink >= chart.Line1 && ink <= chart.Line4:
		return theme.Fg(lineRoles[ink-chart.Line1])
	case ink == chart.Tail:
		return theme.Fg(theme.Provisional)
	case ink == chart.Limit:
		return theme.Fg(theme.Warn)
	case ink == chart.Mark:
		return theme.Fg(theme.Strong).Bold()
	}
	return theme.Fg(theme.Faint)
}
