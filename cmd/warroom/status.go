package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"warroom/alerts"
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
  tiles                 for each, in the order of the request path: resource; level (ok, unknown, stale, warn,
                        error, page), word, why, since, by its worst alert where it has one; the headline as
                        metric, value (null while it is not known) and unit of the catalogue, and shown, as
                        the screen has it. Alerts about the whole launch follow, as the resource "launch"

The first line, and --short, counts as the screen's second line does: alerts as they stand now, such as
"2 pages (1 owned), 1 warn, 1 silenced", and tiles that are in trouble of which no alert tells.

--short prints one line that fits into tmux:
  set -g status-right '#(warroom status --short -c /etc/warroom/lottery.yaml)'

` + exitCodes

func (p *process) statusCommand() *cobra.Command {
	var path string
	l := &look{}
	var asJSON, short bool
	c := &cobra.Command{
		Use:               "status [FILE]",
		Short:             "Look once, and tell the worst by the exit code",
		Long:              statusLong,
		Example:           "  warroom status\n  warroom status --json lottery.warroom",
		ValidArgsFunction: oneFile,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 1 && path != "" {
				return fmt.Errorf("status looks at one recording: %s", c.UseLine())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if asJSON && short {
				return usage("--json and --short are two ways to print the same: choose one")
			}
			s, err := p.lookOnce(c.Context(), path, args)
			if err != nil {
				return err
			}
			return p.report(s, asJSON, short, l)
		},
	}
	l.colorFlags(c)
	configFlag(c, &path)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVar(&short, "short", false, "print one short line")
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

	count   map[tui.Level]int // of the tiles
	summary string            // in numbers, as the screen's second line counts
}

// tileStatus is how one tile stands.
type tileStatus struct {
	Resource string       `json:"resource"`
	Level    string       `json:"level"`
	Word     string       `json:"word"`
	Why      string       `json:"why,omitempty"`
	Since    *time.Time   `json:"since,omitempty"`
	Metric   string       `json:"metric"`
	Value    *float64     `json:"value"`
	Unit     sources.Unit `json:"unit,omitempty"`
	Shown    string       `json:"shown"`

	level    tui.Level
	headline tui.Headline
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
	if _, gone := os.Stat(path); err != nil && !named && errors.Is(gone, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: nothing has been recorded of this launch yet; start warroom live or warroom record", err)
	}
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
	return s, s.judge(ctx, tape, meta, sources.AsSeen)
}

// lookBack is how much of the recording a tile is judged by.
const lookBack = time.Hour

// judge asks of every tile what the screen would show of it.
func (s *status) judge(ctx context.Context, tape *recording.File, meta recording.Meta, truth sources.Truth) error {
	batch, _, err := tape.Load(ctx, s.At.Add(-lookBack), time.Time{}, time.Time{})
	if err != nil {
		return err
	}
	window := sources.NewWindow(lookBack)
	window.Apply(batch)
	view := query.NewDeriver().View(window, sources.Cursor{At: s.At, Truth: truth})
	changes, err := tape.Changes(ctx, time.Time{}, time.Time{}, s.At)
	if err != nil {
		return err
	}
	scene := &tui.Scene{View: view, Meta: &meta, Now: s.At, Selected: -1, Alerts: alerts.Alerts(changes, s.At)}
	scene.Judged = slices.ContainsFunc(changes, func(c sources.Change) bool { return c.Kind == alerts.ChangeAlert })
	painter := tui.NewPainter()
	worst := tui.LevelOK
	for _, t := range painter.Tiles(scene) {
		st := painter.Status(scene, t)
		s.count[st.Level]++
		worst = max(worst, st.Level)
		s.Tiles = append(s.Tiles, newTileStatus(t.Ref, st, painter.Headline(scene, t)))
	}
	for i := range scene.Alerts {
		if st := tui.AlertStatus(&scene.Alerts[i]); scene.Alerts[i].Resource == (sources.Ref{}) && st.Level > tui.LevelOK {
			s.count[st.Level]++
			worst = max(worst, st.Level)
			s.Tiles = append(s.Tiles, newTileStatus(scene.Alerts[i].Resource, st, tui.Headline{}))
			s.Tiles[len(s.Tiles)-1].Resource = "launch"
		}
	}
	tally := painter.Tally(scene)
	s.Level, s.summary = levels[worst], tally.String()
	return painter.Fault()
}

func newTileStatus(r sources.Ref, st tui.Status, h tui.Headline) tileStatus {
	t := tileStatus{
		Resource: r.String(), Level: levels[st.Level], Word: st.Word, Why: st.Why,
		Metric: h.Metric, Unit: h.Unit, Shown: strings.TrimSpace(h.Number + " " + h.Beside),
		level: st.Level, headline: h,
	}
	if !st.Since.IsZero() {
		since := st.Since.UTC()
		t.Since = &since
	}
	if h.Known && !math.IsInf(h.Value, 0) { // JSON knows no infinity
		t.Value = &h.Value
	}
	return t
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
