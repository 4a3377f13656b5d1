package theme

import (
	"image/color"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
)

func sgr(t Theme, s Style) string { return string(t.AppendSGR(nil, s)) }

func TestSGR(t *testing.T) {
	for _, c := range []struct {
		name    string
		profile colorprofile.Profile
		style   Style
		want    string
	}{
		{"plain", colorprofile.ANSI256, Fg(Plain), "\x1b[0m"},
		{"256", colorprofile.ANSI256, Fg(Warn).Bold(), "\x1b[0;1;38;5;214m"},
		{"16", colorprofile.ANSI, Fg(Bad), "\x1b[0;91m"},
		{"16 behind", colorprofile.ANSI, Fg(Ink).On(Page), "\x1b[0;97;41m"},
		{"true", colorprofile.TrueColor, Fg(Good), "\x1b[0;38;2;127;181;138m"},
		{"behind", colorprofile.ANSI256, Fg(Strong).On(Bar), "\x1b[0;38;5;255;48;5;235m"},
		{"reverse", colorprofile.ANSI256, Fg(Accent).Reverse().Underline(), "\x1b[0;4;7;38;5;75m"},
		{"without colours", colorprofile.Ascii, Fg(Warn).Bold(), "\x1b[0;1m"},
		{"a label without colours", colorprofile.Ascii, Fg(Ink).On(Page), "\x1b[0;7m"},
		{"no terminal", colorprofile.NoTTY, Fg(Warn).Bold().Reverse(), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := sgr(New(true, c.profile), c.style); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// Each profile speaks only of the colours that it has.
func TestProfilesKeepToTheirColours(t *testing.T) {
	allowed := map[colorprofile.Profile]string{
		colorprofile.TrueColor: `^\x1b\[0(;[1-7]|;[34]8;2;\d+;\d+;\d+|;[34]8;5;\d+)*m$`,
		colorprofile.ANSI256:   `^\x1b\[0(;[1-7]|;[34]8;5;\d+)*m$`,
		colorprofile.ANSI:      `^\x1b\[0(;[1-7]|;[349][0-7]|;10[0-7])*m$`,
		colorprofile.Ascii:     `^\x1b\[0(;[1-7])*m$`,
		colorprofile.NoTTY:     `^$`,
	}
	for profile, pattern := range allowed {
		want := regexp.MustCompile(pattern)
		for _, dark := range []bool{true, false} {
			th := New(dark, profile)
			for r := range roles {
				for back := range backgrounds {
					if got := sgr(th, Fg(r).On(back).Bold()); !want.MatchString(got) {
						t.Fatalf("%v, role %d on %d: %q", profile, r, back, got)
					}
				}
			}
		}
	}
}

// Every role has a colour in both palettes, and what must be told apart differs.
func TestPalettesAreWhole(t *testing.T) {
	for _, profile := range []colorprofile.Profile{colorprofile.TrueColor, colorprofile.ANSI256} {
		for _, dark := range []bool{true, false} {
			th := New(dark, profile)
			for r := Plain + 1; r < roles; r++ {
				if th.Color(r) == nil {
					t.Errorf("%v, dark %v: role %d has no colour", profile, dark, r)
				}
			}
			apart := []Role{Good, Warn, Bad, Accent, Faint, Strong}
			for i, a := range apart {
				for _, b := range apart[i+1:] {
					if th.Color(a) == th.Color(b) {
						t.Errorf("%v, dark %v: roles %d and %d look the same", profile, dark, a, b)
					}
				}
			}
		}
	}
}

// What is read can be read: text has a contrast of at least 4.5 to 1 with what stands behind it, faint text 3 to 1.
func TestContrast(t *testing.T) {
	grounds := map[bool]color.Color{true: color.RGBA{0x0d, 0x11, 0x17, 0xff}, false: color.RGBA{0xff, 0xff, 0xff, 0xff}}
	for _, profile := range []colorprofile.Profile{colorprofile.TrueColor, colorprofile.ANSI256} {
		for dark, ground := range grounds {
			th := New(dark, profile)
			check := func(fore Role, behind color.Color, least float64) {
				t.Helper()
				if got := contrast(th.Color(fore), behind); got < least {
					t.Errorf("%v, dark %v: role %d has a contrast of %.1f, want %.1f", profile, dark, fore, got, least)
				}
			}
			for _, r := range []Role{Text, Strong, Good, Warn, Bad, Accent} {
				check(r, ground, 4.5)
			}
			check(Faint, ground, 3)
			check(Ink, th.Color(Page), 4.5)
			check(Ink, th.Color(Label), 4.5)
			check(BandInk, th.Color(Band), 4.5)
			check(Strong, th.Color(Bar), 4.5)
			check(Strong, th.Color(Stripe), 4.5)
			check(Text, th.Color(Chosen), 4.5)
		}
	}
}

// contrast is that of WCAG 2.1, from 1 to 21.
func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	linear := func(v uint32) float64 {
		f := float64(v) / 0xffff
		if f <= 0.04045 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

func TestZeroThemeIsSilent(t *testing.T) {
	if got := sgr(Theme{}, Fg(Bad).Bold().Reverse()); got != "" || strings.Contains(got, "\x1b") {
		t.Errorf("%q", got)
	}
}
