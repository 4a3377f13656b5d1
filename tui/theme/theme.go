// Package theme is the look of the screen as one value: a few roles, each a colour that is right on a
// dark or a light terminal, in true colour, 256 colours, 16 colours or none.
//
// A cell of the screen bears a [Style], a small number that names roles and attributes; the [Theme]
// turns it into what the terminal understands. Nothing here is global, so two viewers may look at the
// same room in different colours.
package theme

import (
	"image/color"
	"strconv"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
)

// Role is what a colour is for. The zero Role is the terminal's own colour.
type Role uint8

// The roles. Those up to Stripe may also stand behind text (see [Style.On]).
const (
	Plain       Role = iota
	Bar              // behind line 1
	Page             // behind the environment label of production, and behind what pages
	Label            // behind the label of any other environment
	Band             // behind line 1 while the screen does not show now
	Stripe           // behind line 1 in a rehearsal
	Chosen           // behind the chosen line of a list
	Text             // what is read
	Strong           // what is read first
	Faint            // what is read last: units, hints, ages
	Border           // boxes while all is well
	Good             // the word for well
	Warn             // needs a look
	Bad              // needs a person now
	Accent           // keys, the cursor, the chosen tile
	Ink              // text on Page and Label
	BandInk          // text on Band
	Provisional      // samples that may still be revised
	Stale            // what is too old to judge by
	Calm1            // a chart's area, from its foot …
	Calm2
	Calm3
	Calm4 // … to its top
	Warn1
	Warn2
	Warn3
	Warn4
	Bad1
	Bad2
	Bad3
	Bad4
	roles
)

// backgrounds is how many roles may stand behind text.
const backgrounds = Text

// Ramp is the four shades of a chart's area, from its foot to its top.
type Ramp [4]Role

// The ramps: how a chart looks while all is well, in need of a look, and in need of a person.
var (
	Calm = Ramp{Calm1, Calm2, Calm3, Calm4}
	Warm = Ramp{Warn1, Warn2, Warn3, Warn4}
	Hot  = Ramp{Bad1, Bad2, Bad3, Bad4}
	Grey = Ramp{Stale, Stale, Stale, Stale}
)

// Style is how a cell looks: a role for the text, perhaps one behind it, and attributes. The zero Style
// is the terminal's own. Make one with [Fg].
type Style uint16

const (
	backShift         = 6
	foreMask    Style = 1<<backShift - 1
	backMask    Style = 0xf << backShift
	boldBit     Style = 1 << 10
	reverseBit  Style = 1 << 11
	underlinBit Style = 1 << 12
)

// Fg is text in the colour of a role.
func Fg(r Role) Style { return Style(r) }

// On puts a role behind the text; roles after Chosen are taken as Plain.
func (s Style) On(r Role) Style {
	if r >= backgrounds {
		r = Plain
	}
	return s&^backMask | Style(r)<<backShift
}

// Bold makes it bold.
func (s Style) Bold() Style { return s | boldBit }

// Reverse swaps text and background: the one way to mark a stretch that works without colours.
func (s Style) Reverse() Style { return s | reverseBit }

// Underline underlines it.
func (s Style) Underline() Style { return s | underlinBit }

// Role is the role of the text.
func (s Style) Role() Role { return Role(s & foreMask) }

func (s Style) back() Role { return Role(s & backMask >> backShift) }

// Theme is a palette for one terminal. The zero Theme writes no escape sequences at all; [New] makes
// the others.
type Theme struct {
	Dark    bool
	Profile colorprofile.Profile
	colors  [roles]color.Color
	fore    [roles]string // SGR parameters, "" = none
	back    [backgrounds]string
}

// New is the palette for a dark or light background and for what the terminal can show. Without colours
// (profile Ascii) bold and reverse remain; profiles NoTTY and Unknown have neither.
func New(dark bool, profile colorprofile.Profile) Theme {
	t := Theme{Dark: dark, Profile: profile}
	for r := range roles {
		c := palette(r, dark, profile)
		t.colors[r] = c
		t.fore[r] = parameters(c, false)
		if r < backgrounds {
			t.back[r] = parameters(c, true)
		}
	}
	return t
}

// Color is the colour of a role, nil for the terminal's own: for those who draw by other means than cells.
func (t *Theme) Color(r Role) color.Color { return t.colors[r] }

// palette picks a role's colour for a profile.
func palette(r Role, dark bool, p colorprofile.Profile) color.Color {
	shades := light
	if dark {
		shades = night
	}
	s := shades[r]
	switch {
	case p == colorprofile.TrueColor && s.full != 0:
		return color.RGBA{R: uint8(s.full >> 16), G: uint8(s.full >> 8), B: uint8(s.full), A: 0xff}
	case p >= colorprofile.ANSI256 && s.indexed != 0:
		return ansi.IndexedColor(s.indexed)
	case p == colorprofile.ANSI && s.basic != own:
		return ansi.BasicColor(s.basic)
	}
	return nil
}

// parameters are the SGR parameters that choose a colour.
func parameters(c color.Color, behind bool) string {
	base := 30
	if behind {
		base = 40
	}
	switch c := c.(type) {
	case ansi.BasicColor:
		if c >= 8 {
			return strconv.Itoa(base + 60 + int(c) - 8)
		}
		return strconv.Itoa(base + int(c))
	case ansi.IndexedColor:
		return strconv.Itoa(base+8) + ";5;" + strconv.Itoa(int(c))
	case color.RGBA:
		return strconv.Itoa(base+8) + ";2;" + strconv.Itoa(int(c.R)) + ";" + strconv.Itoa(int(c.G)) + ";" + strconv.Itoa(int(c.B))
	}
	return ""
}

// AppendSGR appends the escape sequence after which text looks like s, whatever was set before.
func (t *Theme) AppendSGR(dst []byte, s Style) []byte {
	if t.Profile < colorprofile.Ascii {
		return dst
	}
	dst = append(dst, "\x1b[0"...)
	dst = appendIf(dst, s&boldBit != 0, ";1")
	dst = appendIf(dst, s&underlinBit != 0, ";4")
	back := s.back()
	dst = appendIf(dst, s&reverseBit != 0 || t.bandWithoutColour(back), ";7")
	if p := t.fore[s.Role()]; p != "" {
		dst = append(append(dst, ';'), p...)
	}
	if p := t.back[back]; p != "" {
		dst = append(append(dst, ';'), p...)
	}
	return append(dst, 'm')
}

// bandWithoutColour keeps bands and labels visible as reversed text where there are no colours.
func (t *Theme) bandWithoutColour(back Role) bool {
	return t.Profile == colorprofile.Ascii && (back == Page || back == Label || back == Band || back == Chosen)
}

func appendIf(dst []byte, is bool, s string) []byte {
	if is {
		return append(dst, s...)
	}
	return dst
}
