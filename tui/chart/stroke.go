package chart

import (
	"strings"
	"unicode/utf8"
)

// pieces are what asciigraph draws a line of, and the level piece of a tail that may still be revised. Each line of a
// chart has strokes of its own for them, so that lines differ where there are no colours.
const pieces = "─│╭╮╰╯┄"

var (
	strokes      = [...][]rune{[]rune(pieces), []rune("═║╔╗╚╝┉"), []rune("━┃┏┓┗┛┅"), []rune("┈┊╭╮╰╯┈")}
	asciiStrokes = [...][]rune{[]rune("-|..''-"), []rune("=|..''="), []rune("~|..''~"), []rune("*!..''*")}
)

// crossed stands where a line that goes up or down meets a level one.
const crossed, asciiCrossed = '┼', '+'

// stroke is a piece of the i-th line.
func (l *Lines) stroke(i int, piece rune) rune {
	set := &strokes
	if l.ASCII {
		set = &asciiStrokes
	}
	n := utf8.RuneCountInString(pieces[:max(strings.IndexRune(pieces, piece), 0)])
	return set[min(i, len(set)-1)][n]
}

// Sample is a bit of the i-th line, for a legend.
func (l *Lines) Sample(i int) string { return strings.Repeat(string(l.stroke(i, '─')), 2) }

// crosses tells whether of two pieces one is level and the other upright.
func crosses(a, b rune) bool {
	level := func(r rune) bool { return r == '─' || r == '┄' }
	return level(a) && b == '│' || a == '│' && level(b)
}

// Legend is the names of the lines so that, each behind a sample and apart, they take at most w columns: whole, or
// without the words that all of them share, or cut.
func (l *Lines) Legend(w int) []string {
	names := make([]string, len(l.Series))
	for i, s := range l.Series {
		names[i] = s.Name
	}
	if legendWidth(names) > w && len(names) > 1 {
		names = distinct(names)
	}
	over := legendWidth(names) - w
	for i := range names {
		if over > 0 { // the value goes before the name does
			name, value, _ := strings.Cut(names[len(names)-1-i], " ")
			names[len(names)-1-i] = name
			over -= utf8.RuneCountInString(value) + 1
		}
	}
	return names
}

// legendBeside is what stands beside each name of a legend: its sample, and what keeps it apart.
const legendBeside = len("-- ") + 3

func legendWidth(names []string) int {
	n := 0
	for _, name := range names {
		n += utf8.RuneCountInString(name) + legendBeside
	}
	return n
}

// distinct is the names without the words at their begin and end that all of them have: p50 of latency_p50_seconds.
func distinct(names []string) []string {
	words, values := make([][]string, len(names)), make([]string, len(names))
	for i, name := range names {
		name, value, found := strings.Cut(name, " ")
		words[i] = strings.Split(name, "_")
		if found {
			values[i] = " " + value
		}
	}
	shared := func(at func([]string) string) bool {
		for _, w := range words {
			if len(w) < 2 || at(w) != at(words[0]) {
				return false
			}
		}
		return true
	}
	first, last := func(w []string) string { return w[0] }, func(w []string) string { return w[len(w)-1] }
	for shared(first) {
		for i := range words {
			words[i] = words[i][1:]
		}
	}
	for shared(last) {
		for i := range words {
			words[i] = words[i][:len(words[i])-1]
		}
	}
	out := make([]string, len(names))
	for i := range names {
		out[i] = strings.Join(words[i], "_") + values[i]
	}
	return out
}
