package sources_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"warroom/sources"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain text, ünïcode, 日本語, 👍":                  "plain text, ünïcode, 日本語, 👍",
		"\x1b[31mred\x1b[0m":                           "red",
		"\x1b]0;title\x07after":                        "after",
		"\x1b]8;;http://x\x1b\\link":                   "link",
		"\x1bP1$r\x1b\\after":                          "after",
		"\x1b_apc\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\end": "end",
		"\u009b31mred":                                 "red",
		"\u009dtitle\u009cafter":                       "after",
		"\x9b31mred":                                   "\ufffd31mred",
		"\x1bcreset":                                   "reset",
		"\x1b(Bcharset":                                "charset",
		"\x1b]52;c;never ended":                        "52;c;never ended",
		"\x1b[":                                        "",
		"\x1b":                                         "",
		"a\x1b[12":                                     "a12",
		"one\ntwo\tthree\r\n":                          "one two three ",
		"over\rwrite\b\x00\x7f":                        "overwrite",
		"\u202etxt.exe\u202c":                          "txt.exe",
		"zero\u200bwidth\u200d\ufeff":                  "zerowidth",
		"bad \xff\xfe utf8":                            "bad \ufffd\ufffd utf8",
		"e\u0301":                                      "e\u0301",
		"\u0301leads":                                  "leads",
		"z" + strings.Repeat("\u0300", 40):             "z" + strings.Repeat("\u0300", 4),
		"line\u2028sep":                                "line sep",
		"soft\u00adhyphen tag\U000e0041":               "softhyphen tag",
	} {
		if got := sources.Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCleanTo(t *testing.T) {
	for _, c := range []struct {
		in    string
		limit int
		want  string
	}{
		{"short", 10, "short"}, {"exactly", 7, "exactly"}, {"longer", 5, "long…"}, {"日本語", 2, "日…"},
		{"x", 0, ""}, {"ab", 1, "…"}, {"\x1b[31mabc", 3, "abc"}, {"äöü", 3, "äöü"},
	} {
		if got := sources.CleanTo(c.in, c.limit); got != c.want {
			t.Errorf("CleanTo(%q, %d) = %q, want %q", c.in, c.limit, got, c.want)
		}
	}
}

// nasty draws text out of the pieces that terminals act upon.
var nasty = rapid.Map(rapid.SliceOf(rapid.OneOf(
	rapid.SampledFrom([]string{
		"\x1b", "\x1b[", "\x1b]", "\x1bP", "\x1b_", "\x1b\\", "\a", "\u009b", "\u009c", "\u009d", "\x9b", "\xc2", "\x90",
		"\n", "\r", "\t", "\u202e", "\u200d", "\u0301", "31m", ";", " ", "m", "é", "👍",
	}),
	rapid.String(),
	rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
)), func(parts []string) string { return strings.Join(parts, "") })

// harmless tells what is wrong with a text that was cleaned.
func harmless(s string) string {
	if !utf8.ValidString(s) {
		return "is no UTF-8"
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Variation_Selector) {
			return "has a control or an invisible character"
		}
	}
	if sources.Clean(s) != s {
		return "is not clean yet: " + sources.Clean(s)
	}
	return ""
}

func TestCleanIsHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := sources.Clean(nasty.Draw(t, "a")), sources.Clean(nasty.Draw(t, "b"))
		for _, s := range []string{a, b, a + b} {
			if why := harmless(s); why != "" {
				t.Fatalf("%q %s", s, why)
			}
		}
		limit := rapid.IntRange(0, 20).Draw(t, "limit")
		if cut := sources.CleanTo(a, limit); utf8.RuneCountInString(cut) > limit || harmless(cut) != "" {
			t.Fatalf("cut to %d: %q %s", limit, cut, harmless(cut))
		}
	})
}

func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "\x1b[31m", "\x1b]0;x\a", "\u009b1m", "a\u0301", "\xff", "日本"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		both := sources.Clean(a) + sources.Clean(b)
		if why := harmless(both); why != "" {
			t.Errorf("%q and %q: %q %s", a, b, both, why)
		}
	})
}

func TestCleanCostsNothingWherePlain(t *testing.T) {
	text := strings.Repeat("a plain name ", 10)
	if n := testing.AllocsPerRun(100, func() { sources.Clean(text) }); n != 0 {
		t.Errorf("%v allocations for text that is clean", n)
	}
}

// BenchmarkCleanHostile is a megabyte of introducers that are never ended: the cost must grow with the
// length only.
func BenchmarkCleanHostile(b *testing.B) {
	text := strings.Repeat("\u009d", 250_000) + strings.Repeat("\x1b[", 250_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		sources.Clean(text)
	}
}
