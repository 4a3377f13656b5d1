package main

import (
	"errors"
	"strings"
	"testing"

	"warroom/sources"
)

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
		var place *FileError
		if errors.As(err, &place) {
			for line := range strings.Lines(place.Excerpt) {
				if line = strings.TrimSuffix(line, "\n"); line != sources.Clean(line) {
					t.Errorf("the excerpt can steer a terminal: %q", line)
				}
			}
		}
	})
}
