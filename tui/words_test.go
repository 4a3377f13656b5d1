package tui_test

import (
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"warroom/tui"
)

// Every character that we draw with has a spelling in ASCII.
func TestEveryGlyphHasASpelling(t *testing.T) {
	for _, pattern := range []string{"*.go", "chart/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || file == "chart/stroke.go" { // which spells for itself
				continue
			}
			for _, r := range literals(t, file) {
				if r >= 0x80 && r != '\uFFFD' && tui.Spelled(r) == '?' {
					t.Errorf("%s: %q has no spelling", file, r)
				}
			}
		}
	}
}

// literals are the characters of all texts in a file.
func literals(t *testing.T, file string) string {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var s scanner.Scanner
	set := token.NewFileSet()
	s.Init(set.AddFile(file, -1, len(src)), src, nil, 0)
	var out strings.Builder
	for {
		_, tok, lit := s.Scan()
		if tok == token.EOF {
			return out.String()
		}
		if tok == token.STRING || tok == token.CHAR {
			text, err := strconv.Unquote(lit)
			if err != nil {
				t.Fatal(file, lit, err)
			}
			out.WriteString(text)
		}
	}
}

// In ASCII an arrow is a word: < is another key.
func TestArrowsAreWordsInASCII(t *testing.T) {
	o, _ := replay(t, t0.Add(30*time.Minute))
	o.ASCII = true
	term := start(t, o, 160, 60)
	term.see("Left/Right scrub", "<> speed")
	term.press("?")
	text := term.see("Shift+Right", "10 s back")
	for line := range strings.Lines(text) {
		if strings.Contains(line, "10 s back") && !strings.Contains(line, "Left ") {
			t.Errorf("the help names another key: %s", line)
		}
	}
}

// What the hints say is what the keys do now, and what does nothing is not there.
func TestHintsSayWhatKeysDo(t *testing.T) {
	o, _, _ := live(t, t0.Add(10*time.Minute))
	o.Keys = map[string]string{"earlier": "z", "later": "f"}
	term := start(t, o, 160, 45)
	term.see("LIVE", "z f scrub", "+ note")
	term.press("1")
	term.see("Space pause", "z f scrub")
	term.press("space")
	term.see("PAUSED", "Space resume")
	term.press("T")
	term.see("changes and marks", "Space resume", "+ note")
	term.press("?")
	if text := term.see("COMMANDS"); strings.Contains(text, "of a replay: speed") {
		t.Errorf("live has no speed:\n%s", text)
	}
	term.stop()

	r, _ := replay(t, t0.Add(30*time.Minute))
	term = start(t, r, 160, 60)
	term.see("REPLAY", "Space play")
	term.press("T")
	if text := term.see("changes and marks", "Space play"); strings.Contains(text, "+ note") {
		t.Errorf("a replay takes no notes:\n%s", text)
	}
	term.press("?")
	if text := term.see("COMMANDS", "of a replay: speed"); strings.Contains(text, "write a note") {
		t.Errorf("a replay takes no notes:\n%s", text)
	}
}

// On a narrow screen a tile's page keeps names, values and states, and the timeline what happened.
func TestNarrowPagesKeepWhatCounts(t *testing.T) {
	for _, size := range [][2]int{{40, 20}, {60, 20}, {79, 24}} {
		o, _ := replay(t, t0.Add(30*time.Minute))
		term := start(t, o, size[0], size[1])
		term.see("REPLAY", "20:15:00")
		term.press("2")
		term.see("2 load balancer prod", "page", "elb_5xx", "1,000/min", " ok")
		term.press("T")
		term.see("timeline", "20:15:00", "prod", "release 42")
		term.stop()
	}
}

// A page stays within its area, however small that is.
func TestPagesStayInTheirArea(t *testing.T) {
	o, _ := replay(t, t0.Add(30*time.Minute))
	synctest.Test(t, func(t *testing.T) {
		for _, page := range "12T?" {
			x := newHand(t, o, 24, 6)
			x.press(rune1(page))
			for h := range 30 {
				for w := 0; w < 130; w += 9 {
					x.send(tea.WindowSizeMsg{Width: w + 2, Height: h + 4})
					x.frame()
					if got := tui.Spill(x.model, w+2, h+4, tui.Rect{X: 1, Y: 1, W: w, H: h}); got != "" {
						t.Fatalf("page %c of %dx%d spills %q", page, w, h, got)
					}
				}
			}
		}
	})
}

// What has no room is counted: the lines of a tile's page by what they are, those of the help by their number.
func TestMoreIsSaid(t *testing.T) {
	o, _ := replay(t, t0.Add(30*time.Minute))
	term := start(t, o, 80, 24)
	term.see("REPLAY", "20:15:00")
	term.press("2")
	term.see("↓ more: ", "1 fact", "1 change")
	term.press("pgdown", "pgdown", "pgdown", "pgdown")
	term.see("release 42 rolls out", "the end of")
	term.press("?")
	term.see("more lines: j, PgDn")
}
