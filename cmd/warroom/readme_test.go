package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What the README shows is what the program takes: its configs are right, its pictures, files and verbs exist.
func TestReadme(t *testing.T) {
	top := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(top, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	readme := string(text)
	configs := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readme, -1)
	if len(configs) < 2 {
		t.Fatalf("%d configs are shown", len(configs))
	}
	for _, c := range configs {
		if parsed, err := parseConfig("README.md", []byte(c[1])); err != nil {
			t.Error(err)
		} else if len(parsed.warnings) > 0 {
			t.Error(parsed.warnings)
		}
	}
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
