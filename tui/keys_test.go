package tui

import (
	"strings"
	"testing"
)

func TestKeysAreCheckedAtTheStart(t *testing.T) {
	for _, test := range []struct {
		name, keys string
		want       string // in the error, "" for none
		warns      string
	}{
		{name: "pause", keys: "p"},
		{name: "pause", keys: "p space"},
		{name: "jump", keys: "f5"},
		{name: "pause", keys: "ctrl+b", warns: "pause is on ctrl+b, which tmux keeps as its prefix"},
		{name: "live", keys: "Ctrl+A", warns: "prefix"},
		{name: "pause", keys: "q", want: `"q" is both pause and leave`},
		{name: "pause", keys: "left", want: `"left" is both pause and earlier`},
		{name: "puase", keys: "p", want: `"puase" is no name of a key; did you mean "pause"?`},
		{name: "pause", keys: "", want: "pause has no key"},
		{name: "pause", keys: "sapce", want: `"sapce" is no key; did you mean "space"?`},
		{name: "pause", keys: "crtl+p", want: `"crtl" is no modifier; did you mean "ctrl"?`},
		{name: "digit", keys: "a", want: "the digits cannot be bound"},
		{name: "\x1b[2J", keys: "a", want: "is no name of a key"},
	} {
		warnings, err := CheckKeys(map[string]string{test.name: test.keys})
		switch {
		case test.want == "" && err != nil, test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s on %q: %v, want %q", test.name, test.keys, err, test.want)
		case err != nil && strings.ContainsRune(err.Error(), '\x1b'):
			t.Errorf("%s: the error carries an escape on", test.name)
		}
		if got := strings.Join(warnings, "\n"); !strings.Contains(got, test.warns) || test.warns == "" && got != "" {
			t.Errorf("%s on %q warns %q, want %q", test.name, test.keys, got, test.warns)
		}
	}
}

func TestDefaultKeysDoNotClashNorNeedAChord(t *testing.T) {
	keys := defaultKeys()
	if clashes := keys.clashes(); len(clashes) > 0 {
		t.Error(clashes)
	}
	for _, k := range keys.all() {
		for _, word := range k.Keys() {
			if why, ok := kept[word]; ok {
				t.Errorf("%s is on %s by default, which %s", k.name, word, why)
			}
		}
		if k.Help().Key == "" || k.Help().Desc == "" {
			t.Errorf("%s has no help", k.name)
		}
	}
}
