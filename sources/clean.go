package sources

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes text from outside harmless for a terminal and for one line of it: escape sequences and
// control characters go, newlines and tabs become a space, marks that turn the direction of text or take
// no room go, bytes that are no UTF-8 become U+FFFD. What is clean stays as it is, and clean texts put
// one after the other are clean.
func Clean(s string) string {
	if plain(s) {
		return s
	}
	return clean(s, len(s))
}

// CleanTo is [Clean] with at most limit characters of result; what was cut is marked by an ellipsis,
// which is counted. It looks no further into s than it has to.
func CleanTo(s string, limit int) string {
	if len(s) <= limit && plain(s) {
		return s
	}
	return clean(s, limit)
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// marksInARow bounds the combining marks on one letter: no language needs more, and towers of them
// are drawn over the lines above.
const marksInARow = 4

func clean(s string, limit int) string {
	var out strings.Builder
	var lastSize int // of the last character written, to make room for the ellipsis
	written, marks := 0, marksInARow
	for len(s) > 0 {
		if n := sequence(s); n > 0 {
			s = s[n:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		r, marks = harmless(r, marks)
		if r < 0 {
			continue
		}
		if written >= limit {
			return ellipsis(out.String(), lastSize, limit)
		}
		lastSize, _ = out.WriteRune(r)
		written++
	}
	return out.String()
}

// ellipsis replaces the last character of a text that was cut.
func ellipsis(s string, lastSize, limit int) string {
	if limit <= 0 {
		return ""
	}
	return s[:len(s)-lastSize] + "…"
}

// harmless is what to write for r, -1 for nothing. It counts the combining marks that stand in a row; a
// text may not begin with one, for it would sit on whatever was drawn before.
func harmless(r rune, marks int) (rune, int) {
	switch {
	case r >= 0x20 && r <= 0x7e:
		return r, 0
	case r == '\n' || r == '\t' || r == '\u0085' || r == '\u2028' || r == '\u2029':
		return ' ', 0
	case invisible(r):
		return -1, marks
	case unicode.In(r, unicode.Mn, unicode.Me):
		if marks >= marksInARow {
			return -1, marks
		}
		return r, marks + 1
	}
	return r, 0
}

// invisible tells controls (C0, DEL, C1) and all that takes no room of its own: format characters, among
// them the bidirectional controls and the zero-width joiners, variation selectors, fillers.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// The one-character introducers of sequences (ECMA-48), as ESC and a letter or as a C1 character.
const (
	escape = 0x1b
	dcs    = 0x90
	sos    = 0x98
	csi    = 0x9b
	st     = 0x9c
	osc    = 0x9d
	pm     = 0x9e
	apc    = 0x9f
)

// sequence is the length of the escape sequence that s begins with, or 0. Of a sequence that is not
// ended as it should be only the introducer is taken, so that it hides no text; no text is looked at
// more than once.
func sequence(s string) int {
	kind, intro := introducer(s)
	switch kind {
	case 0:
		return 0
	case csi:
		return intro + controlSequence(s[intro:])
	case dcs, sos, osc, pm, apc:
		return intro + controlString(s[intro:])
	case escape:
		return intro + plainEscape(s[intro:])
	}
	return 0
}

// introducer is the kind of sequence that s begins with, as its C1 character (or ESC for one without),
// and the introducer's length.
func introducer(s string) (kind rune, length int) {
	r, size := utf8.DecodeRuneInString(s)
	switch r {
	case dcs, sos, csi, osc, pm, apc:
		return r, size
	case escape:
		if len(s) > 1 && s[1] >= 0x40 && s[1] <= 0x5f {
			switch c1 := rune(s[1]) + 0x40; c1 {
			case dcs, sos, csi, osc, pm, apc:
				return c1, 2
			}
		}
		return escape, 1
	}
	return 0, 0
}

// controlSequence is the length of parameters, intermediates and the final byte after CSI.
func controlSequence(s string) int {
	i := skip(s, 0, 0x30, 0x3f)
	i = skip(s, i, 0x20, 0x2f)
	if i < len(s) && s[i] >= 0x40 && s[i] <= 0x7e {
		return i + 1
	}
	return 0
}

// plainEscape is the length of intermediates and the final byte after ESC.
func plainEscape(s string) int {
	i := skip(s, 0, 0x20, 0x2f)
	if i < len(s) && s[i] >= 0x30 && s[i] <= 0x7e {
		return i + 1
	}
	return 0
}

func skip(s string, i int, from, to byte) int {
	for i < len(s) && s[i] >= from && s[i] <= to {
		i++
	}
	return i
}

// controlString is the length of the body of a DCS, SOS, OSC, PM or APC with its terminator, or 0
// when any other control character comes first.
func controlString(s string) int {
	for i, r := range s {
		switch {
		case r == '\a':
			return i + 1
		case r == st:
			return i + utf8.RuneLen(st)
		case r == escape && i+1 < len(s) && s[i+1] == '\\':
			return i + 2
		case unicode.IsControl(r):
			return 0
		}
	}
	return 0
}
