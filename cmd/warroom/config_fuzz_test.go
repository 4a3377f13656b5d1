package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"warroom/sources"
	"warroom/sources/document"
)

// Whatever stands in a scenario's file, reading it ends, with a scenario or with one harmless line that names it.
func FuzzScenario(f *testing.F) {
	f.Add(smallScenario)
	f.Add("\ufeff" + smallScenario + "faults: [{at: T0, kind: dead, rate: 1}]\n")
	f.Add("{name: \"\\e[31m\", audience: &a {base: 5, page: *a}, t0: 2026-03-01}")
	f.Add(smallScenario + "site: {groups: &g [{name: web, <<: *g}]}\n")
	f.Fuzz(func(t *testing.T, text string) {
		file := filepath.Join(t.TempDir(), "own.yaml")
		write(t, file, text)
		sc, err := readScenario(file)
		if err == nil {
			if sc.Name == "" || sc.T0.IsZero() || len(sc.Site.Groups) == 0 {
				t.Errorf("half a scenario passed: %+v", sc)
			}
			return
		}
		if message := err.Error(); message != sources.Clean(message) || !strings.HasPrefix(message, file+":") {
			t.Errorf("not one harmless line that names the file: %q", message)
		}
	})
}

// Whatever stands in a config file, reading it ends, with a config or with one harmless line.
func FuzzConfig(f *testing.F) {
	f.Add(tenLines)
	f.Add(oneBalancer + "tiles: [{service: alb, headline: {value: alb_requests}}]\nkeys: {pause: p}\n")
	f.Add("launch: &a {name: \"\\e[31m\", t0: 2026-03-01T19:15:00Z}\nresources: *a\n")
	f.Add("launch: {name: a, t0: 2026-03-01T19:15:00Z, <<: *b}\nresources: {alb: {\"\u202e\": x}}\n")
	f.Add("{tiles: [{service: alb, title: x}], launch: {name: a, t0: 2026-03-01T19:15:00Z}, resources: {alb: {b: c}}}")
	f.Add(oneBalancer + "\"tiles\":\n  - service: alb\n")
	f.Add(oneBalancer + "tiles : [{service: alb, titel: \"}\"}]\n")
	f.Add("tiles: &t [{service: alb, <<: *t}]\n" + oneBalancer)
	f.Add("\ufeff" + oneBalancer + "? tiles\n: hello\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseConfig("warroom.yaml", []byte(text))
		if err == nil {
			if c.Launch.Name == "" || c.Launch.T0.IsZero() || len(c.watch) == 0 {
				t.Errorf("half a config passed: %+v", c)
			}
			return
		}
		if message := err.Error(); message != sources.Clean(message) {
			t.Errorf("the message can steer a terminal: %q", message)
		}
		var place *document.FileError
		if !errors.As(err, &place) {
			t.Errorf("the message names no file: %v", err)
		} else {
			for line := range strings.Lines(place.Excerpt) {
				if line = strings.TrimSuffix(line, "\n"); line != sources.Clean(line) {
					t.Errorf("the excerpt can steer a terminal: %q", line)
				}
			}
		}
	})
}
