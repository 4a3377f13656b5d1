package main

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"warroom/sources"
	"warroom/sources/query"
	"warroom/sources/recording"
	"warroom/tui"
)

const statusLong = `Look once at the launch, print how every tile stands, and end with the worst of it as the exit code. Nothing is
asked of AWS: what is looked at is the recording, of the launch that the config describes as of now, or FILE
as of its newest entry (as of now, if a process is collecting into it).

--json prints one object:
  launch, environment   as configured
  at, t                 the time that was looked at, and the same against T0
  recording, collector  where it is, and which process collects ("" if none does)
  level                 the worst of the tiles
  tiles                 for each: resource, level (ok, unknown, stale, warn, error, page), word, why, since

--short prints one line that fits into tmux:
  set -g status-right '#(warroom status --short -c /etc/warroom/lottery.yaml)'

` + exitCodes

func (p *process) statusCommand() *cobra.Command {
	var path string
	var asJSON, short bool
	c := &cobra.Command{
		Use:               "status [FILE]",
		Short:             "Look once, and tell the worst by the exit code",
		Long:              statusLong,
		Example:           "  warroom status\n  warroom status --json lottery.warroom",
		ValidArgsFunction: recordings,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 1 && path != "" {
				return fmt.Errorf("status looks at one recording: %s", c.UseLine())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			s, err := p.lookOnce(c.Context(), path, args)
			if err != nil {
				return err
			}
			return p.report(s, asJSON, short)
		},
	}
	configFlag(c, &path)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVar(&short, "short", false, "print one short line")
	c.MarkFlagsMutuallyExclusive("json", "short")
	return c
}

// status is how a launch stands at one moment.
type status struct {
	Launch      string       `json:"launch"`
	Environment string       `json:"environment"`
	At          time.Time    `json:"at"`
	T           string       `json:"t"`
	Recording   string       `json:"recording"`
	Collector   string       `json:"collector"`
	Level       string       `json:"level"`
	Tiles       []tileStatus `json:"tiles"`

	count map[tui.Level]int
}

// tileStatus is how one tile stands.
type tileStatus struct {
	Resource string     `json:"resource"`
	Level    string     `json:"level"`
	Word     string     `json:"word"`
	Why      string     `json:"why,omitempty"`
	Since    *time.Time `json:"since,omitempty"`
}

// levels are the words for a tile's level.
var levels = map[tui.Level]string{
	tui.LevelOK: "ok", tui.LevelUnknown: "unknown", tui.LevelStale: "stale",
	tui.LevelWarn: "warn", tui.LevelError: "error", tui.LevelPage: "page",
}

// lookOnce reads the newest state of a recording.
func (p *process) lookOnce(ctx context.Context, config string, files []string) (*status, error) {
	named := len(files) == 1
	var path string
	if named {
		path = files[0]
	} else {
		var err error
		if path, err = p.configured(config); err != nil {
			return nil, err
		}
	}
	tape, err := recording.OpenReadOnly(path)
	if err != nil {
		return nil, err
	}
	s, err := examine(ctx, tape, named)
	return s, closeAfter(tape)(err)
}

// configured is the recording of the launch that the config describes.
func (p *process) configured(asked string) (string, error) {
	path, err := p.findConfig(asked)
	if err != nil {
		return "", err
	}
	c, err := loadConfig(path)
	if err != nil {
		return "", err
	}
	return p.recordingPath(c)
}

func examine(ctx context.Context, tape *recording.File, newest bool) (*status, error) {
	meta, err := tape.Meta(ctx)
	if err != nil {
		return nil, err
	}
	collector, _, err := tape.Holder(ctx)
	if err != nil {
		return nil, err
	}
	at := launchClock(meta.Clock).Now()
	if newest && collector == "" {
		if _, at, err = tape.Span(ctx); err != nil {
			return nil, err
		}
	}
	s := &status{
		Launch: meta.Launch.Name, Environment: meta.Environment, At: at.UTC(), T: relative(at.Sub(meta.Launch.T0)),
		Recording: tape.Path(), Collector: collector, count: map[tui.Level]int{},
	}
	return s, s.judge(ctx, tape, meta)
}

// lookBack is how much of the recording a tile is judged by.
const lookBack = time.Hour

// judge asks of every tile what the screen would show of it.
func (s *status) judge(ctx context.Context, tape *recording.File, meta recording.Meta) error {
	batch, _, err := tape.Load(ctx, s.At.Add(-lookBack), time.Time{}, time.Time{})
	if err != nil {
		return err
	}
	window := sources.NewWindow(lookBack)
	window.Apply(batch)
	view := query.NewDeriver().View(window, sources.Cursor{At: s.At})
	scene := &tui.Scene{View: view, Meta: &meta, Now: s.At, Selected: -1}
	painter := tui.NewPainter()
	worst := tui.LevelOK
	for _, t := range painter.Tiles(scene) {
		st := painter.Status(scene, t)
		s.count[st.Level]++
		worst = max(worst, st.Level)
		tile := tileStatus{Resource: t.Ref.String(), Level: levels[st.Level], Word: st.Word, Why: st.Why}
		if !st.Since.IsZero() {
			since := st.Since.UTC()
			tile.Since = &since
		}
		s.Tiles = append(s.Tiles, tile)
	}
	s.Level = levels[worst]
	return painter.Fault()
}

// report prints the status and returns its exit code.
func (p *process) report(s *status, asJSON, short bool) error {
	switch {
	case asJSON:
		out := json.NewEncoder(p.out)
		out.SetIndent("", "  ")
		if err := out.Encode(s); err != nil {
			return fmt.Errorf("print the status: %w", err)
		}
	case short:
		p.printf("%s %s\n", s.T, s.summary())
	default:
		s.table(p)
	}
	if c := s.code(); c != exitDone {
		return &exit{code: c}
	}
	return nil
}

// summary counts the tiles that need somebody.
func (s *status) summary() string {
	text := ""
	for _, l := range []struct {
		word   string
		levels []tui.Level
	}{
		{"page", []tui.Level{tui.LevelPage}},
		{"warn", []tui.Level{tui.LevelWarn}},
		{"blind", []tui.Level{tui.LevelError, tui.LevelStale, tui.LevelUnknown}},
	} {
		n := 0
		for _, level := range l.levels {
			n += s.count[level]
		}
		if n > 0 {
			text += fmt.Sprintf("%d %s ", n, l.word)
		}
	}
	if text == "" {
		return "ok"
	}
	return text[:len(text)-1]
}

func (s *status) table(p *process) {
	p.printf("%s (%s)  %s  %s\n", sources.Clean(s.Launch), sources.Clean(s.Environment), s.At.Format(time.RFC3339), s.T)
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, t := range s.Tiles {
		fmt.Fprintf(w, "%s\t%s\t%s\n", sources.Clean(t.Resource), sources.Clean(t.Word), sources.Clean(t.Why))
	}
	_ = w.Flush() // as any other line that cannot be printed
}

// code is the exit code for the worst of the tiles.
func (s *status) code() int {
	switch n := s.count; {
	case n[tui.LevelPage] > 0:
		return exitBad
	case n[tui.LevelWarn] > 0:
		return exitWarn
	case n[tui.LevelError]+n[tui.LevelStale]+n[tui.LevelUnknown] > 0:
		return exitBlind
	}
	return exitDone
}
