package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"warroom/sources"
	"warroom/sources/recording"
)

const hostile = "a\x1b]0;owned\a\u202eb\n\xff"

// Whatever files, recordings and launches are called, nothing that a verb prints can steer a terminal.
func TestNamesNeverSteerTheTerminal(t *testing.T) {
	folder := filepath.Join(t.TempDir(), hostile)
	config, scenario, rehearsal, live := filepath.Join(folder, "c.yaml"), filepath.Join(folder, "s.yaml"), filepath.Join(folder, "r.warroom"), filepath.Join(folder, "l.warroom")
	write(t, config, "launch: {name: \"a\\e[31mb\", t0: 2026-03-01T19:15:00Z}\nresources: {alb: {prod: app/prod/1}}\nrecording: r.warroom\n")
	write(t, scenario, "name: \"a\\e[31mb\"\nt0: 2026-03-01T19:15:00Z\naudience: {base: 4}\ncapacity: {groups: {web: {min: 2, desired: 2, max: 4}}, acu: {min: 2, max: 8}}\n")
	tape, err := openTape(live, recording.Meta{Launch: sources.Launch{Name: hostile, T0: launch.T0}, Environment: hostile, Resources: []sources.Resource{prod}})
	if err != nil {
		t.Fatal(err)
	}
	if err := tape.Close(); err != nil {
		t.Fatal(err)
	}
	series := filepath.Join(folder, "series")
	write(t, filepath.Join(series, "launch.yaml"), "name: \"a\\e[31mb\"\nt0: 2026-03-01T19:15:00Z\n")
	write(t, filepath.Join(series, "alb_requests@"+hostile+".csv"), "at,value\n")
	write(t, filepath.Join(series, hostile+".csv"), "")
	t.Setenv("TMPDIR", folder)
	for _, args := range [][]string{
		{"check", config, scenario, folder},
		{"rehearse", scenario, "--headless", "--for", "1m", "--speed", "120", "--recording", rehearsal},
		{"rehearse", scenario, "--headless", "--for", "1s", "--speed", "120"},
		{"rehearse", "--headless", "--seed", "7", "--recording", rehearsal},
		{"record", "--config", config},
		{"status", rehearsal}, {"status", "--short", rehearsal}, {"status", "--json", rehearsal},
		{"status", live}, {"status", "--short", live}, {"status", "--json", live},
		{"import", series, "--into", filepath.Join(folder, "i.warroom")}, {"import", folder, "--into", live}, {"import", config, "--into", hostile},
		{"export", rehearsal, "--out", filepath.Join(folder, "out")}, {"export", rehearsal, "--out", folder}, {"export", live, "--out", filepath.Join(folder, "again")},
		{"replay", live}, {"replay", config}, {"live", "--config", config}, {hostile}, {"help", hostile}, {"rehearse", hostile},
	} {
		stdout, stderr, p := caught(t, args...)
		p.run()
		for name, out := range map[string][]byte{"standard output": stdout.Bytes(), "standard error": stderr.Bytes()} {
			for line := range bytes.Lines(out) {
				if line := string(bytes.TrimRight(line, "\n")); line != sources.Clean(line) {
					t.Errorf("%q: %s: %q", args, name, line)
				}
			}
		}
	}
	if _, err := os.Stat(rehearsal); err != nil {
		t.Errorf("the rehearsal was not recorded: %v", err)
	}
}
