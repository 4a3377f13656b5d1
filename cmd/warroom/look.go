package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/colorprofile"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"warroom/sources"
	"warroom/tui/theme"
)

// look is how the screen should look, as the flags that all screens share say it.
type look struct {
	ascii    bool
	drawn    *pflag.Flag // --ascii; nil where there is no such flag
	color    string
	theme    string
	operator string
	previous string // the recording of an earlier launch
	bell     string
}

var (
	colors = []string{"auto", "true", "256", "16", "none"}
	themes = []string{"auto", "dark", "light"}
)

// flags are those of every verb that opens a screen.
func (l *look) flags(c *cobra.Command) {
	c.Flags().BoolVar(&l.ascii, "ascii", false, "draw with plain ASCII characters only (default: where the locale is not UTF-8 or TERM is dumb)")
	l.drawn = c.Flags().Lookup("ascii")
	l.colorFlags(c)
	l.operatorFlag(c)
	previousFlag(c, &l.previous)
	l.bell = bellAuto
	c.Flags().Var(&choice{&l.bell, bells}, "bell", "how a new page is told; auto rings and notifies where the terminal can, unless the config says otherwise")
	_ = c.RegisterFlagCompletionFunc("bell", cobra.FixedCompletions(bells, cobra.ShellCompDirectiveNoFileComp))
}

// colorFlags are those of every verb that prints in colours.
func (l *look) colorFlags(c *cobra.Command) {
	f := c.Flags()
	f.Var(&choice{&l.color, colors}, "color", "colours; auto asks the terminal and honours NO_COLOR")
	f.Var(&choice{&l.theme, themes}, "theme", "colours for a dark or a light background")
	l.color, l.theme = "auto", "auto"
	_ = c.RegisterFlagCompletionFunc("color", cobra.FixedCompletions(colors, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("theme", cobra.FixedCompletions(themes, cobra.ShellCompDirectiveNoFileComp))
}

func (l *look) operatorFlag(c *cobra.Command) {
	c.Flags().StringVar(&l.operator, "operator", "", "who you are, for notes and for those who watch (default: your user name)")
}

// choice is a flag that takes one of a few words.
type choice struct {
	value *string
	among []string
}

func (c *choice) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}

// Type is shown in the help in place of the value.
func (c *choice) Type() string { return strings.Join(c.among, "|") }

// Set takes the word if it is one of the few.
func (c *choice) Set(s string) error {
	if !slices.Contains(c.among, s) {
		return fmt.Errorf("want %s%s", strings.Join(c.among, ", "), sources.MeantHint(s, c.among))
	}
	*c.value = s
	return nil
}

// palette is the theme and the colour profile for the terminal, with what the flags demand. Without demands
// the terminal and NO_COLOR decide. The background is not asked for: within tmux nobody answers.
func (l *look) palette(p *process) theme.Theme {
	forced := map[string]colorprofile.Profile{
		"true": colorprofile.TrueColor, "256": colorprofile.ANSI256, "16": colorprofile.ANSI, "none": colorprofile.ASCII,
	}
	profile, ok := forced[l.color]
	if !ok {
		profile = colorprofile.Detect(p.out, p.environ)
	}
	return theme.New(l.dark(p.env("COLORFGBG")), profile)
}

// plain tells whether only ASCII is drawn. Without the flag the terminal decides.
func (l *look) plain(p *process) bool {
	if l.ascii || l.drawn != nil && l.drawn.Changed {
		return l.ascii
	}
	return p.asciiOnly()
}

// asciiOnly tells whether the terminal is known not to show UTF-8. A locale that nobody has set says nothing where
// the terminal is a modern one: over ssh it often does not come along.
func (p *process) asciiOnly() bool {
	term := p.env("TERM")
	if term == "dumb" {
		return true
	}
	locale := strings.ToLower(cmp.Or(p.env("LC_ALL"), p.env("LC_CTYPE"), p.env("LANG")))
	if locale == "" {
		return term == "linux" || term == "vt100"
	}
	return !strings.Contains(locale, "utf-8") && !strings.Contains(locale, "utf8")
}

// dark tells which palette to draw with. COLORFGBG is set by some terminals: "foreground;background", the
// latter one of the sixteen colours.
func (l *look) dark(colorfgbg string) bool {
	if l.theme != "auto" {
		return l.theme == "dark"
	}
	background := colorfgbg[strings.LastIndex(colorfgbg, ";")+1:]
	return background != "7" && background != "15"
}

// who is the operator's name.
func (p *process) who(l *look) string {
	for _, name := range []string{l.operator, p.env("USER"), p.env("LOGNAME")} {
		if name = sources.Clean(name); name != "" {
			return name
		}
	}
	return "operator"
}
