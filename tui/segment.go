package tui

import (
	"warroom/sources"
	"warroom/tui/theme"
)

// segment is a piece of a line. Where there is no room for all, those with the lowest keep go first.
type segment struct {
	text  string
	brief string // the same in fewer columns, "" for no such words
	least string // in the fewest
	style theme.Style
	keep  int // keepAlways: never
	right bool
	clock bool // the wall clock, which has another place where there is none in line 1
}

const keepAlways = 100

// fit leaves out segments until the rest takes at most room columns, with gap columns between two.
func fit(segments []segment, room, gap int) []segment {
	for {
		total, least, at := -gap, keepAlways, -1
		for i, s := range segments {
			total += textWidth(s.text) + gap
			if s.keep < least {
				least, at = s.keep, i
			}
		}
		if total <= room || at < 0 {
			return segments
		}
		segments = append(segments[:at:at], segments[at+1:]...)
	}
}

func width(segments []segment, gap int) int {
	total := 0
	for i, s := range segments {
		if i > 0 {
			total += gap
		}
		total += textWidth(s.text)
	}
	return total
}

// segments writes segments from the left of r on and returns the column after them.
func (p *Painter) segments(r Rect, all []segment, gap int) int {
	x := r.X
	for i, s := range all {
		if i > 0 {
			x += gap
		}
		x += p.canvas.Text(x, r.Y, r.X+r.W-x, s.text, s.style)
	}
	return x
}

// cut is a text in at most w columns, with … where something is left out.
func cut(text string, w int) string {
	text = sources.Clean(text)
	if textWidth(text) <= w {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && textWidth(string(runes)) >= w {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}
