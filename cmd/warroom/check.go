package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"warroom/runbooks"
	"warroom/runbooks/awswrite"
	"warroom/sources/document"
	"warroom/sources/simulator"
)

func (p *process) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check [FILE...]",
		Short: "Check configs, rules, scenarios and runbooks, and say where they are wrong",
		Long: `Check configs, rule files, scenarios of rehearsals, and runbooks (*.md), as strictly as they are read: every word,
every time, every short name, every expression; and run the tests of rules, in the format of Prometheus' promtool. What
is wrong is told with its file and line and the nearest valid word. Without a file it checks the config that "warroom
live" would read, with the rules and runbooks that it names; which of these are about services, resources or phases
that the config does not have is told, and is no fault. Which of these a file is, its words tell. Nothing is asked of
AWS, and nothing sent to receivers of alerts: their URLs are looked at, with what the environment and the files named
by url_file put into them.`,
		Example:           "  warroom check warroom.yaml\n  warroom check rules.yaml rules.test.yaml\n  warroom check our-launch.scenario.yaml",
		ValidArgsFunction: configs,
		RunE: func(c *cobra.Command, files []string) error {
			if len(files) == 0 {
				found, err := p.findConfig("")
				if err != nil {
					return err
				}
				files = []string{found}
			}
			return p.check(c.Context(), files)
		},
	}
}

// check goes through all files, also after one that is wrong.
func (p *process) check(ctx context.Context, files []string) error {
	wrong := false
	for _, file := range files {
		lines, err := p.checkFile(ctx, file)
		if err != nil {
			p.complain(err)
			wrong = true
		}
		for _, line := range lines {
			p.printf("%s: %s\n", file, line)
		}
	}
	if wrong {
		return &exit{code: exitUsage}
	}
	return nil
}

// checkFile says what a file is that is right.
func (p *process) checkFile(ctx context.Context, file string) ([]string, error) {
	text, err := readText(file)
	if err != nil {
		return nil, err
	}
	if filepath.Ext(file) == ".md" {
		return p.checkRunbook(file, text)
	}
	d, err := document.Parse(file, text)
	if err != nil {
		return nil, err
	}
	switch {
	case isRules(d):
		return p.rightRules(file, text)
	case isTests(d):
		return rightTests(ctx, file, text)
	case isScenario(d):
		return rightScenario(file)
	}
	c, err := parseConfig(file, text)
	if err != nil {
		return nil, err
	}
	books, err := runbooks.Open(awswrite.Offers, c.runbooks()...)
	if err = errors.Join(err, checkAnswers(books.All(), c.rules)); err != nil {
		return nil, err
	}
	if _, wrong := c.receivers(p.env); len(wrong) > 0 {
		return nil, &document.FileError{File: file, Text: "alerts.receivers: " + reason(errors.Join(wrong...))}
	}
	right := fmt.Sprintf("right: %s, T0 %s, %s", c.Launch.Name, c.Launch.T0.Format(time.RFC3339), counted(len(c.watch), "resource"))
	if n := len(c.Alerts.Rules); n > 0 {
		right += ", " + counted(n, "rule file")
	}
	if n := len(c.Alerts.Receivers); n > 0 {
		right += ", " + counted(n, "receiver")
	}
	return append(slices.Clone(c.warnings), right), nil
}

// counted is so many of something: 1 resource, 2 resources.
func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// readText reads a file that may be a text; what is plainly something else is told as what it is.
func readText(file string) ([]byte, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, document.Unreadable(file, err)
	case info.IsDir():
		return nil, &document.FileError{File: file, Text: "is a folder: name the config or the scenario in it"}
	case !info.Mode().IsRegular(): // reading a pipe may take for ever
		return nil, &document.FileError{File: file, Text: "is no ordinary file: write the config or the scenario into one"}
	}
	text, err := os.ReadFile(file)
	switch {
	case err != nil:
		return nil, document.Unreadable(file, err)
	case bytes.HasPrefix(text, []byte("SQLite format 3\x00")):
		return nil, &document.FileError{File: file, Text: "is a recording, not a config: look at it with warroom status or warroom replay"}
	case bytes.IndexByte(text, 0) >= 0:
		return nil, &document.FileError{File: file, Text: "is no text: name a config or a scenario"}
	}
	return text, nil
}

// isScenario tells a scenario from a config by its outermost words: it has more of a scenario's.
func isScenario(d *document.Document) bool {
	ofScenario, _ := document.Fields(reflect.TypeFor[simulator.Scenario]())
	ofConfig, _ := document.Fields(reflect.TypeFor[config]())
	entries, _ := d.Entries(d.Root, "") // whoever reads the file complains about one that has no words
	score := 0
	for _, e := range entries {
		if ofScenario[e.Word] != nil {
			score++
		}
		if ofConfig[e.Word] != nil {
			score--
		}
	}
	return score > 0
}

// rightScenario reads a scenario as a rehearsal does, and builds its site.
func rightScenario(file string) ([]string, error) {
	sc, err := readScenario(file)
	if err != nil {
		return nil, err
	}
	if _, err := simulator.New(sc, 1); err != nil {
		return nil, err
	}
	var faults []string
	for _, f := range sc.Faults {
		faults = append(faults, f.Kind)
	}
	right := fmt.Sprintf("right: the scenario %s, T0 %s", sc.Name, sc.T0.Format(time.RFC3339))
	if len(faults) > 0 {
		right += ", its faults: " + strings.Join(faults, ", ")
	}
	return []string{right}, nil
}
