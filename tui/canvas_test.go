package tui

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/colorprofile"
	"pgregory.net/rapid"

	"warroom/sources"
	"warroom/tui/theme"
)

var nothing = math.Inf(1) // "asked, nothing there" in a stage's series

// hostile is text as it may come from outside: escape sequences, controls, marks that turn text, bytes that are no
// UTF-8, wide and combining characters.
func hostile() *rapid.Generator[string] {
	bad := []string{
		"\x1b[2J", "\x1b]0;owned\x07", "\x1b[31m", "\x9b31m", "\u009b1m", "\u0085", "\x00", "\r", "\n", "\t", "\x7f", "\u202e", "\u2066", "\u200b",
		"\u200d", "\ufeff", "\u00ad", "\xff\xfe", "\xc3", "\u0301", strings.Repeat("\u0300", 40), "\U000e0001", "\ue000", "👨‍👩‍👧", "🇩🇪", "日本", "é", "e\u0301",
		"⚠\ufe0f", "\u1160", "ﷺ", "ok", " ",
	}
	return rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		for range rapid.IntRange(0, 12).Draw(t, "pieces") {
			if rapid.Bool().Draw(t, "bad") {
				b.WriteString(rapid.SampledFrom(bad).Draw(t, "piece"))
			} else {
				b.WriteString(rapid.String().Draw(t, "text"))
			}
		}
		return b.String()
	})
}

// grammar fails unless the frame consists of printable characters, newlines and colour sequences only.
func grammar(t *rapid.T, frame string) {
	if !utf8.ValidString(frame) {
		t.Fatalf("not UTF-8: %q", frame)
	}
	for i := 0; i < len(frame); {
		if frame[i] == 0x1b {
			n := sgrLength(frame[i:])
			if n == 0 {
				t.Fatalf("an escape sequence that is no colour at byte %d: %q", i, frame[i:min(i+12, len(frame))])
			}
			i += n
			continue
		}
		r, size := utf8.DecodeRuneInString(frame[i:])
		if r != '\n' && !admitted(r) {
			t.Fatalf("%U at byte %d", r, i)
		}
		i += size
	}
}

// sgrLength is the length of the colour sequence that s begins with, 0 if it is none.
func sgrLength(s string) int {
	if !strings.HasPrefix(s, "\x1b[0") {
		return 0
	}
	for i := 3; i < len(s); i++ {
		switch c := s[i]; {
		case c == 'm':
			return i + 1
		case c != ';' && (c < '0' || c > '9'):
			return 0
		}
	}
	return 0
}

func TestTextCannotLeaveItsCells(t *testing.T) {
	th := theme.New(true, colorprofile.ANSI256)
	rapid.Check(t, func(r *rapid.T) {
		s := hostile().Draw(r, "text")
		w := rapid.IntRange(1, 40).Draw(r, "width")
		c := NewCanvas(w, 3)
		c.ASCII = rapid.Bool().Draw(r, "ascii")
		x := rapid.IntRange(0, w-1).Draw(r, "x")
		used := c.Text(x, 1, rapid.IntRange(0, w+5).Draw(r, "limit"), s, theme.Fg(theme.Bad))
		if used < 0 || x+used > w {
			r.Fatalf("took %d columns from %d of %d", used, x, w)
		}
		c.Text(rapid.IntRange(0, w-1).Draw(r, "again"), 1, 3, hostile().Draw(r, "over"), 0)
		if ru := rapid.Rune().Draw(r, "rune"); true {
			c.Put(rapid.IntRange(-1, w).Draw(r, "put"), 1, ru, 0)
		}
		frame := string(c.Write(nil, &th))
		grammar(r, frame)
		plain := theme.New(true, colorprofile.NoTTY)
		widths(r, c, string(c.Write(nil, &plain)), w)
	})
}

// widths fails unless the cells of each row add up to its width.
func widths(t *rapid.T, c *Canvas, _ string, w int) {
	for y := range c.H {
		total := 0
		for x := range c.W {
			cell := c.cells[y*c.W+x]
			total += int(cell.Width)
			if cell.Width == 2 && (x+1 >= c.W || c.cells[y*c.W+x+1].Width != 0) {
				t.Fatalf("a wide character at %d without its second cell", x)
			}
			if cell.Width == 0 && (x == 0 || c.cells[y*c.W+x-1].Width != 2) {
				t.Fatalf("half a character at %d", x)
			}
		}
		if total != w {
			t.Fatalf("row %d is %d columns, want %d", y, total, w)
		}
	}
}

// Whatever the names, notes, facts and errors of a launch hold, nothing of it acts on the terminal.
func TestHostileLaunch(t *testing.T) {
	th := theme.New(true, colorprofile.TrueColor)
	rapid.Check(t, func(r *rapid.T) {
		text := func(what string) string { return hostile().Draw(r, what) }
		st := newStage(t)
		st.meta.Environment, st.meta.Launch.Name = text("environment"), text("launch")
		st.meta.Launch.Marks = []sources.Mark{{At: "T+1m", Kind: sources.MarkSurge, Note: text("mark")}}
		st.meta.Launch.Phases = []sources.Phase{{Name: text("phase"), At: "T-5m"}, {Name: text("next"), At: "T+1h"}}
		name := text("resource")
		st.meta.Resources = []sources.Resource{watched("cloudfront", name), watched("alb", name)}
		st.fact(sources.Ref{Service: "cloudfront", Name: name}, "origin", text("fact"))
		st.ails("cloudfront_hit_ratio", name, sources.NotFound, text("trouble"))
		st.change(5, text("kind"), "alb", name, text("actor"), text("change"))
		st.change(6, sources.ChangeNote, "", "", text("author"), text("note"))
		st.fact(sources.Ref{Service: sources.RoomService, Name: "aws"}, "identity", text("identity"))
		st.fact(sources.Ref{Service: sources.RoomService, Name: "aws"}, "endpoint", text("endpoint"))
		s := st.scene(rapid.IntRange(1, 130).Draw(r, "width"), rapid.IntRange(1, 42).Draw(r, "height"))
		s.Theme, s.Story, s.Message, s.Recording, s.Filter = &th, text("story"), text("message"), text("path"), rapid.SampledFrom([]string{"", text("filter")}).Draw(r, "filtered")
		s.ASCII, s.Hints = rapid.Bool().Draw(r, "ascii"), []Hint{{text("key"), text("does")}}
		frame := NewPainter().Grid(s)
		grammar(r, frame)
		if got := strings.Count(frame, "\n"); got != s.Height-1 {
			r.Fatalf("%d newlines in a frame of %d lines", got, s.Height)
		}
	})
}

func TestTextIsCutWithAnEllipsis(t *testing.T) {
	plain := theme.New(true, colorprofile.NoTTY)
	for _, c := range []struct {
		text  string
		limit int
		want  string
		used  int
	}{
		{"load balancer", 13, "load balancer", 13},
		{"load balancer", 8, "load ba…", 8},
		{"日本語", 6, "日本語", 6},
		{"日本語", 5, "日本…", 5},
		{"日本語", 4, "日 …", 4},
		{"e\u0301t\u0301e", 3, "e\u0301t\u0301e", 3},
		{"", 5, "", 0},
		{"abc", 0, "", 0},
	} {
		canvas := NewCanvas(16, 1)
		used := canvas.Text(0, 0, c.limit, c.text, 0)
		got := strings.TrimRight(string(canvas.Write(nil, &plain)), " ")
		if got != c.want || used != c.used {
			t.Errorf("Text(%q, %d) = %q in %d columns, want %q in %d", c.text, c.limit, got, used, c.want, c.used)
		}
	}
}

// A style is written where it changes, and nowhere else.
func TestWriteChangesColourOnlyWhereNeeded(t *testing.T) {
	th := theme.New(true, colorprofile.ANSI256)
	c := NewCanvas(30, 2)
	c.Text(0, 0, 30, strings.Repeat("x", 30), theme.Fg(theme.Warn))
	got := string(c.Write(nil, &th))
	if n := strings.Count(got, "\x1b["); n != 2 {
		t.Errorf("%d escape sequences for one coloured line, want 2: %q", n, got)
	}
}

func TestCopyKeepsCombiningMarks(t *testing.T) {
	plain := theme.New(true, colorprofile.NoTTY)
	from, to := NewCanvas(4, 1), NewCanvas(8, 1)
	from.Text(0, 0, 4, "e\u0301a", 0)
	to.Text(0, 0, 8, "o\u0308", 0)
	to.Copy(3, 0, from)
	if got := string(to.Write(nil, &plain)); !strings.HasPrefix(got, "o\u0308  e\u0301a") {
		t.Errorf("copied canvas is %q", got)
	}
}
