package tui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"

	"warroom/tui/theme"
)

// A dialog is drawn in the theme's roles: the same box is right in every palette, and in black and white.
func TestDialogIsDrawnInRoles(t *testing.T) {
	d := dialog{title: "jump to", input: "25:99", wrong: "25:99 is no time", lines: []Hint{{"T-5m", "before T0"}, {"", "end"}}, foot: "Enter go", w: 40}
	for _, ascii := range []bool{false, true} {
		c := d.picture(ascii)
		plain := string(c.Write(nil, &theme.Theme{}))
		for _, want := range []string{" jump to ", "25:99", "is no time", "T-5m", "before T0", "Enter go"} {
			if !strings.Contains(plain, want) {
				t.Errorf("lacks %q:\n%s", want, plain)
			}
		}
		if ascii != (strings.IndexFunc(plain, func(r rune) bool { return r > 0x7e }) < 0) {
			t.Errorf("ASCII %v:\n%s", ascii, plain)
		}
		dark := theme.New(true, colorprofile.ANSI256)
		coloured := string(c.Write(nil, &dark))
		for _, role := range []theme.Role{theme.Accent, theme.Bad, theme.Faint} {
			if sgr := string(dark.AppendSGR(nil, theme.Fg(role))); !strings.Contains(coloured, sgr) {
				t.Errorf("nothing is in the colour of role %d", role)
			}
		}
	}
}

// What a word means is told in whole: of few lines each takes the rows it needs, and a long word is never run together with
// its meaning. Many lines take a row each, and what is cut says so.
func TestDialogTellsAll(t *testing.T) {
	long := "how many there are: a number, or a change such as +6 or +50 %, as often as you like, and never less than nothing at all"
	few := dialog{lines: []Hint{{"maintenance", long}, {"", "a line that is alone and far wider than the box it stands in is"}}, w: 40}
	text := string(few.picture(false).Write(nil, &theme.Theme{}))
	for _, want := range []string{"maintenance how many", "stands in is", "…"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	if wide := (&dialog{lines: few.lines, w: 66}).body(62); !strings.Contains(wide, "nothing at all") {
		t.Errorf("not told in whole:\n%s", wide)
	}
	many := dialog{lines: []Hint{{"a", long}, {"b", long}, {"c", long}, {"d", long}, {"e", long}}, w: 40}
	if text := string(many.picture(false).Write(nil, &theme.Theme{})); strings.Count(text, "…") != 5 || strings.Count(text, "│") != 14 {
		t.Errorf("five lines take more than a row each, or are cut without a word:\n%s", text)
	}
}

// Nothing that was typed or pasted can act on the terminal through a dialog.
func TestDialogIsHarmless(t *testing.T) {
	d := dialog{title: "note", input: "a\x1b]0;owned\x07\u202eb", wrong: "\x1b[2Jno", lines: []Hint{{"\x9b31m", "\x1b[Hgone"}}, w: 40}
	text := string(d.picture(false).Write(nil, &theme.Theme{}))
	for _, bad := range []string{"\x1b", "\x07", "\u202e", "\x9b"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q reaches the terminal:\n%q", bad, text)
		}
	}
}
