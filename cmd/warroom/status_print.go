package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"

	"warroom/sources"
	"warroom/tui"
	"warroom/tui/theme"
)

// report prints the status and returns its exit code.
func (p *process) report(s *status, asJSON, short bool, l *look) error {
	switch {
	case asJSON:
		text, err := json.MarshalIndent(s, "", "  ")
		if err != nil {
			return fmt.Errorf("print the status: %w", err)
		}
		fmt.Fprintln(p.out, escaped(string(text)))
	case short:
		p.printf("%s %s\n", s.T, s.summary)
	default:
		palette := l.palette(p)
		s.table(&colorprofile.Writer{Forward: p.out, Profile: palette.Profile}, &palette)
	}
	if c := s.code(); c != exitDone {
		return &exit{code: c}
	}
	return nil
}

// escaped is JSON in which what could steer a terminal is written as an escape: the same to who parses it.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r == '\n' || sources.Clean(string(r)) == string(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// table prints a line for the launch and one for each tile, the worst first and else in the order of the request
// path. It says the same without colours.
func (s *status) table(out io.Writer, palette *theme.Theme) {
	strong := lipgloss.NewStyle().Bold(true)
	faint := colored(palette, theme.Faint)
	fmt.Fprintf(out, "%s  %s  %s  %s  %s\n", strong.Render(sources.Clean(s.Launch)), sources.Clean(s.Environment),
		faint.Render(s.At.Format(time.RFC3339)), strong.Render(s.T), s.summary)
	rows := s.rows()
	var wide [statusColumns]int
	for _, r := range rows {
		for i, text := range r.cells {
			wide[i] = max(wide[i], lipgloss.Width(text))
		}
	}
	for _, r := range rows {
		fmt.Fprintln(out, strings.TrimRight(r.line(wide, palette), " "))
	}
	if s.Collector == "" {
		fmt.Fprintln(out, faint.Render("nobody collects into "+sources.Clean(s.Recording)))
	}
}

// The columns of a tile: word, resource, the headline's number and what stands beside it, why.
const (
	wordColumn    = 0
	numberColumn  = 2
	statusColumns = 5
)

// gaps stand behind the columns.
var gaps = [statusColumns]string{"  ", "  ", " ", "  ", ""}

// row is a tile's line.
type row struct {
	level tui.Level
	cells [statusColumns]string
}

// line is the row with its columns as wide as they are in all rows.
func (r row) line(wide [statusColumns]int, palette *theme.Theme) string {
	line := ""
	for i, text := range r.cells {
		style := lipgloss.NewStyle()
		switch i {
		case wordColumn:
			style = colored(palette, r.role())
		case numberColumn:
			style = style.Bold(true).Align(lipgloss.Right)
		}
		line += style.Width(wide[i]).Render(text) + gaps[i]
	}
	return line
}

func (s *status) rows() []row {
	rows := make([]row, 0, len(s.Tiles))
	for _, t := range s.Tiles {
		why := sources.Clean(t.Why)
		if t.Since != nil && why != "" {
			why += ", since " + t.Since.Format("15:04Z")
		}
		rows = append(rows, row{t.level, [...]string{sources.Clean(t.Word), sources.Clean(t.Resource), t.headline.Number, sources.Clean(t.headline.Beside), why}})
	}
	slices.SortStableFunc(rows, func(a, b row) int { return int(b.level) - int(a.level) })
	return rows
}

// role is the colour of its word.
func (r row) role() theme.Role {
	switch r.level {
	case tui.LevelPage:
		return theme.Bad
	case tui.LevelWarn, tui.LevelError:
		return theme.Warn
	case tui.LevelOK:
		return theme.Good
	}
	return theme.Stale
}

// colored is text in the colour of a role, bold where it matters. What has no colour is left to the terminal, whose
// background nobody knows.
func colored(palette *theme.Theme, r theme.Role) lipgloss.Style {
	style := lipgloss.NewStyle().Bold(r == theme.Warn || r == theme.Bad)
	if c := palette.Color(r); c != nil {
		style = style.Foreground(c)
	}
	return style
}
