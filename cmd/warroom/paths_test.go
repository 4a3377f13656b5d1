package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"warroom/sources"
)

func processWith(env ...string) *process {
	return &process{environ: env, now: time.Now}
}

func TestRecordingPath(t *testing.T) {
	launch := sources.Launch{Name: "Prime Time: Lottery!", T0: time.Date(2026, 3, 1, 0, 15, 0, 0, time.FixedZone("", 3600))}
	for name, tc := range map[string]struct {
		env  []string
		file string
		want string
	}{
		"state folder":     {[]string{"HOME=/home/mia", "XDG_STATE_HOME=/state"}, "", "/state/warroom/prime-time-lottery-2026-03-01.warroom"},
		"home":             {[]string{"HOME=/home/mia"}, "", "/home/mia/.local/state/warroom/prime-time-lottery-2026-03-01.warroom"},
		"relative ignored": {[]string{"HOME=/home/mia", "XDG_STATE_HOME=state"}, "", "/home/mia/.local/state/warroom/prime-time-lottery-2026-03-01.warroom"},
		"configured":       {nil, "/var/lib/a.warroom", "/var/lib/a.warroom"},
		"beside config":    {nil, "a.warroom", "/etc/warroom/a.warroom"},
	} {
		t.Run(name, func(t *testing.T) {
			c := &config{Launch: launch, Recording: tc.file, path: "/etc/warroom/warroom.yaml"}
			got, err := processWith(tc.env...).recordingPath(c)
			if err != nil || got != tc.want {
				t.Errorf("got %q, %v, want %q", got, err, tc.want)
			}
		})
	}
	if _, err := processWith().recordingPath(&config{Launch: launch}); err == nil {
		t.Error("without a home there is no state folder, but there was no error")
	}
}

func TestFindConfig(t *testing.T) {
	t.Chdir(t.TempDir())
	home := t.TempDir()
	p := processWith("HOME="+home, "XDG_CONFIG_HOME="+filepath.Join(home, "xdg"))
	if _, err := p.findConfig(""); err == nil || codeOf(err) != exitUsage || !strings.Contains(err.Error(), "warroom rehearse") {
		t.Errorf("nothing to find: got %v", err)
	}
	own := filepath.Join(home, "xdg", "warroom", "warroom.yaml")
	write(t, own, "")
	if got, err := p.findConfig(""); err != nil || got != own {
		t.Errorf("got %q, %v, want %q", got, err, own)
	}
	write(t, "warroom.yaml", "")
	if got, err := p.findConfig(""); err != nil || got != "warroom.yaml" {
		t.Errorf("the working folder's config comes first: got %q, %v", got, err)
	}
	if got, err := p.findConfig("other.yaml"); err != nil || got != "other.yaml" {
		t.Errorf("the one asked for comes before all: got %q, %v", got, err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
