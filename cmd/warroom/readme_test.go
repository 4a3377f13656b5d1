package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"warroom/sources/document"
	"warroom/sources/query"
)

// What the README shows is what the program takes: its configs are right, its pictures, files and verbs exist.
func TestReadme(t *testing.T) {
	top := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(top, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	readme := string(text)
	t.Run("yaml", func(t *testing.T) { shownYAML(t, readme) })
	shownExpressions(t, readme)
	shown := regexp.MustCompile(`!\[[^\]]+\]\(([^)]+)\)`).FindAllStringSubmatch(readme, -1)
	if len(shown) == 0 {
		t.Error("no picture is shown")
	}
	for _, picture := range shown {
		if _, err := os.Stat(filepath.Join(top, picture[1])); err != nil {
			t.Error(err)
		}
	}
	for _, room := range []string{"cmd/warroom", "tui/tiles", "sources/query", "sources/recording", "sources/awsread", "sources/simulator/scenarios"} {
		if _, err := os.Stat(filepath.Join(top, room)); err != nil || !strings.Contains(readme, room) {
			t.Errorf("%s: named in the README: %t, there: %v", room, strings.Contains(readme, room), err)
		}
	}
	_, _, p := caught(t)
	for _, verb := range p.rootCommand().Commands() {
		if name := verb.Name(); name != "help" && !strings.Contains(readme, "`"+name) {
			t.Errorf("the README says nothing of %s", name)
		}
	}
}

// shownYAML holds what the README shows in YAML against what the program takes: configs, rule files, and tests of the latter.
func shownYAML(t *testing.T, readme string) {
	t.Chdir(t.TempDir())
	kinds := map[string]int{}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readme, -1) {
		d, err := document.Parse("README.md", []byte(block[1]))
		if err != nil {
			t.Fatal(err)
		}
		file := "warroom.yaml"
		switch {
		case isRules(d):
			file = "rules.yaml"
		case isTests(d):
			file = "rules.test.yaml"
		}
		kinds[file]++
		write(t, file, block[1])
		stdout, stderr, p := caught(t, "check", file)
		p.environ = append(p.environ, "PAGERDUTY_KEY=0123456789abcdef0123456789abcdef", "SLACK_TOKEN=xoxb:123456789012-1234567890123-4mt0t4l1YL3g1T5L4cK70k3N")
		if code := p.run(); code != exitDone || strings.Count(stdout.String(), "\n") != 1 || !strings.Contains(stdout.String(), ": right: ") {
			t.Errorf("%s: exit code %d, %s%s", file, code, stdout, stderr)
		}
	}
	if kinds["warroom.yaml"] < 2 || kinds["rules.yaml"] < 1 || kinds["rules.test.yaml"] < 1 {
		t.Errorf("shown: %v", kinds)
	}
}

// shownExpressions holds each expression that the README shows against the catalogue: it is a condition, and may hold.
func shownExpressions(t *testing.T, readme string) {
	t.Helper()
	shown := 0
	for _, block := range regexp.MustCompile("(?s)```promql\n(.*?)```").FindAllStringSubmatch(readme, -1) {
		for line := range strings.Lines(block[1]) {
			shown++
			e := query.NewEngine()
			if err := e.CheckCondition(line); err != nil {
				t.Errorf("%s: %v", line, err)
			}
			for _, err := range e.Lint(line) {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
	if shown == 0 {
		t.Error("no expression is shown")
	}
}
