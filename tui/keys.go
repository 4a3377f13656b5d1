package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"warroom/sources"
)

// keyMap is every key of the screen, declared once with its help. A page uses those that mean something on it.
type keyMap struct {
	Left, Down, Up, Right key.Binding
	NextTile, PrevTile    key.Binding
	Digit                 key.Binding
	Open, Back            key.Binding
	PageUp, PageDown      key.Binding

	Pause                   key.Binding
	Earlier, Later          key.Binding
	MuchEarlier, MuchLater  key.Binding
	PrevSample, NextSample  key.Binding
	PrevMark, NextMark      key.Binding
	Jump, Start, End, Live  key.Binding
	Truth                   key.Binding
	Slower, Faster          key.Binding
	Timeline, Help          key.Binding
	Filter, Next, Previous  key.Binding
	Command, Note           key.Binding
	Repaint, Suspend, Leave key.Binding

	Actions, Capacity, Maintenance, Invalidate, Undo key.Binding

	Runbook, SkipStep, AbortBook, FollowLink key.Binding

	Alerts, Ceilings, Own, Silence, PrevAlert, NextAlert key.Binding
}

// group says under which heading of the help a key stands.
type group string

// The headings of the help, in their order.
const (
	groupTiles group = "tiles and pages"
	groupTime  group = "time"
	groupWords group = "words"
	groupAlert group = "alerts"
	groupHands group = "actions: these only plan"
	groupBooks group = "runbooks"
	groupRoom  group = "the room"
)

var groups = []group{groupTiles, groupTime, groupWords, groupAlert, groupHands, groupBooks, groupRoom}

// namedKey is a binding with the name under which a config rebinds it.
type namedKey struct {
	name  string
	group group
	*key.Binding
}

func bind(help, does string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, does))
}

func defaultKeys() *keyMap {
	return &keyMap{
		Left:     bind("h", "tile to the left", "h"),
		Down:     bind("j", "tile below, next line", "j", "down"),
		Up:       bind("k", "tile above, line before", "k", "up"),
		Right:    bind("l", "tile to the right", "l"),
		NextTile: bind("Tab", "next tile", "tab"),
		PrevTile: bind("Shift+Tab", "tile before", "shift+tab"),
		Digit:    bind("1-9", "open the tile of that number; on the timeline 0-9: tenths", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
		Open:     bind("Enter", "open", "enter"),
		Back:     bind("Esc", "back; take the filter away", "esc"),
		PageUp:   bind("PgUp", "a page up", "pgup"),
		PageDown: bind("PgDn", "a page down", "pgdown"),

		Pause:       bind("Space", "pause, resume", "space"),
		Earlier:     bind("←", "10 s back", "left"),
		Later:       bind("→", "10 s on", "right"),
		MuchEarlier: bind("Shift+←", "5 min back", "shift+left"),
		MuchLater:   bind("Shift+→", "5 min on", "shift+right"),
		PrevSample:  bind(",", "one sample back", ","),
		NextSample:  bind(".", "one sample on", "."),
		PrevMark:    bind("[", "mark before", "["),
		NextMark:    bind("]", "next mark", "]"),
		Jump:        bind("J", "jump to a time: T-5m, 20:31, +90s", "J"),
		Start:       bind("g", "first numbers of the recording, start of a list", "g", "home"),
		End:         bind("G", "its end", "G", "end"),
		Live:        bind("L", "back to live", "L"),
		Truth:       bind("x", "as seen, as settled", "x"),
		Slower:      bind("<", "slower", "<"),
		Faster:      bind(">", "faster", ">"),

		Filter:   bind("/", "filter tiles by name, service or state", "/"),
		Next:     bind("n", "next tile that the filter leaves", "n"),
		Previous: bind("N", "the one before", "N"),
		Command:  bind(":", "command", ":"),
		Note:     bind("+", "write a note", "+"),

		Actions:     bind("a", "what can be done to the chosen tile", "a"),
		Capacity:    bind("c", "raise or lower capacity", "c"),
		Maintenance: bind("m", "switch to the maintenance origin, or back", "m"),
		Invalidate:  bind("i", "throw paths out of the caches", "i"),
		Undo:        bind("u", "take the last action back", "u"),

		Runbook:    bind("r", "the runbook that answers what is seen, or all of them", "r"),
		SkipStep:   bind("s", "leave the current step out", "s"),
		AbortBook:  bind("b", "end the runbook before its last step", "b"),
		FollowLink: bind("o", "open another runbook that this one leads to", "o"),

		Alerts:    bind("A", "alerts: what is open, why, who has it", "A"),
		Own:       bind("o", "own the chosen alert: you have it; again: you do not", "o"),
		Silence:   bind("s", "silence it for a time, with why; or end that", "s"),
		PrevAlert: bind("e", "alert before, in time", "e"),
		NextAlert: bind("E", "next alert", "E"),
		Ceilings:  bind("C", "ceilings: use, time to the wall, time to act", "C"),

		Timeline: bind("T", "timeline", "T"),
		Help:     bind("?", "help", "?"),
		Repaint:  bind("Ctrl+L", "repaint everything", "ctrl+l"),
		Suspend:  bind("Ctrl+Z", "into the background", "ctrl+z"),
		Leave:    bind("q", "leave", "q", "ctrl+c"),
	}
}

// all lists the bindings by the names that a config uses.
func (k *keyMap) all() []namedKey {
	return []namedKey{
		{"left", groupTiles, &k.Left}, {"down", groupTiles, &k.Down}, {"up", groupTiles, &k.Up}, {"right", groupTiles, &k.Right},
		{"next-tile", groupTiles, &k.NextTile}, {"previous-tile", groupTiles, &k.PrevTile}, {"digit", groupTiles, &k.Digit},
		{"open", groupTiles, &k.Open}, {"back", groupTiles, &k.Back},
		{"page-up", groupTiles, &k.PageUp}, {"page-down", groupTiles, &k.PageDown}, {"timeline", groupTiles, &k.Timeline}, {"ceilings", groupTiles, &k.Ceilings},
		{"pause", groupTime, &k.Pause}, {"earlier", groupTime, &k.Earlier}, {"later", groupTime, &k.Later},
		{"much-earlier", groupTime, &k.MuchEarlier}, {"much-later", groupTime, &k.MuchLater},
		{"previous-sample", groupTime, &k.PrevSample}, {"next-sample", groupTime, &k.NextSample},
		{"previous-mark", groupTime, &k.PrevMark}, {"next-mark", groupTime, &k.NextMark},
		{"jump", groupTime, &k.Jump}, {"start", groupTime, &k.Start}, {"end", groupTime, &k.End}, {"live", groupTime, &k.Live},
		{"truth", groupTime, &k.Truth}, {"slower", groupTime, &k.Slower}, {"faster", groupTime, &k.Faster},
		{"filter", groupWords, &k.Filter}, {"next", groupWords, &k.Next}, {"previous", groupWords, &k.Previous},
		{"command", groupWords, &k.Command}, {"note", groupWords, &k.Note},
		{"alerts", groupAlert, &k.Alerts}, {"own", groupAlert, &k.Own}, {"silence", groupAlert, &k.Silence},
		{"previous-alert", groupAlert, &k.PrevAlert}, {"next-alert", groupAlert, &k.NextAlert},
		{"actions", groupHands, &k.Actions}, {"capacity", groupHands, &k.Capacity}, {"maintenance", groupHands, &k.Maintenance},
		{"invalidate", groupHands, &k.Invalidate}, {"undo", groupHands, &k.Undo},
		{"runbook", groupBooks, &k.Runbook}, {"skip-step", groupBooks, &k.SkipStep}, {"end-runbook", groupBooks, &k.AbortBook},
		{"follow-link", groupBooks, &k.FollowLink},
		{"help", groupRoom, &k.Help}, {"repaint", groupRoom, &k.Repaint}, {"suspend", groupRoom, &k.Suspend}, {"leave", groupRoom, &k.Leave},
	}
}

// KeyNames are the names that a config may rebind, in the order of the help.
func KeyNames() []string {
	all := defaultKeys().all()
	names := make([]string, len(all))
	for i, k := range all {
		names[i] = k.name
	}
	return names
}

// CheckKeys reads rebindings as a config has them: a name of [KeyNames] and the keys for it, separated by
// spaces ("pause": "p space"). It returns what is odd but allowed, such as a key that tmux is known to keep for
// itself, and an error that names every unknown name, unknown key and clash.
func CheckKeys(rebind map[string]string) (warnings []string, err error) {
	_, warnings, err = rebound(rebind)
	return warnings, err
}

// rebound is the default keys with the config's over them.
func rebound(rebind map[string]string) (*keyMap, []string, error) {
	keys := defaultKeys()
	var warnings, wrong []string
	for _, name := range sortedNames(rebind) {
		warned, err := keys.rebind(name, rebind[name])
		warnings = append(warnings, warned...)
		if err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	wrong = append(wrong, keys.clashes()...)
	if len(wrong) > 0 {
		return nil, warnings, fmt.Errorf("keys: %s", strings.Join(wrong, "; "))
	}
	return keys, warnings, nil
}

// otherNames are what other programs call a key of ours.
var otherNames = map[string]string{
	"quit": "leave", "exit": "leave", "close": "back", "play": "pause", "resume": "pause", "stop": "pause", "search": "filter",
	"top": "start", "bottom": "end", "redraw": "repaint", "refresh": "repaint", "select": "open", "enter": "open", "goto": "jump", "acknowledge": "own", "ack": "own", "mute": "silence",
}

func sortedNames(rebind map[string]string) []string {
	names := make([]string, 0, len(rebind))
	for name := range rebind {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (k *keyMap) rebind(name, value string) (warnings []string, err error) {
	all := k.all()
	i := slices.IndexFunc(all, func(n namedKey) bool { return n.name == name })
	switch {
	case i < 0:
		return nil, fmt.Errorf("%q is no name of a key%s", sources.Clean(name), meant(cmp.Or(otherNames[name], name), KeyNames()))
	case name == "digit":
		return nil, fmt.Errorf("the digits cannot be bound to anything else")
	}
	keys := strings.Fields(value)
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s has no key", name)
	}
	for i, word := range keys {
		if keys[i], err = keyWord(word); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if why, ok := kept[keys[i]]; ok {
			warnings = append(warnings, fmt.Sprintf("keys: %s is on %s, which %s", name, keys[i], why))
		}
	}
	all[i].SetKeys(keys...)
	all[i].SetHelp(strings.Join(keys, " "), all[i].Help().Desc)
	return warnings, nil
}

// clashes says which keys have two meanings.
func (k *keyMap) clashes() []string {
	owner := map[string]string{}
	var out []string
	for _, n := range k.all() {
		for _, word := range n.Keys() {
			if first, taken := owner[word]; taken && apart[n.name] != first {
				out = append(out, fmt.Sprintf("%q is both %s and %s", word, first, n.name))
				continue
			}
			owner[word] = n.name
		}
	}
	return out
}

// apart are keys that may be the same: the first means something on a page of its own only, which has nothing for the other.
var apart = map[string]string{"skip-step": "silence", "follow-link": "own"}

// kept are the keys that often do not reach a program, and why.
var kept = map[string]string{
	"ctrl+b":     "tmux keeps as its prefix",
	"ctrl+a":     "screen and many tmux configs keep as their prefix",
	"ctrl+space": "some tmux configs keep as their prefix",
	"ctrl+\\":    "some tmux configs keep as their prefix",
	"ctrl+s":     "stops a terminal's output, or is a tmux prefix",
	"ctrl+q":     "resumes a terminal's output",
	"ctrl+h":     "many tmux configs keep for moving between panes",
	"ctrl+j":     "many tmux configs keep for moving between panes",
	"ctrl+k":     "many tmux configs keep for moving between panes",
}

// specialKeys are the names of keys that are no single character.
var specialKeys = []string{
	"space", "enter", "esc", "tab", "backspace", "delete", "insert", "up", "down", "left", "right", "home", "end", "pgup", "pgdown",
	"f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12",
}

// keyWord is the canonical spelling of a key as a config writes it.
func keyWord(word string) (string, error) {
	if len([]rune(word)) == 1 {
		return word, nil
	}
	parts := strings.Split(strings.ToLower(word), "+")
	last := parts[len(parts)-1]
	for _, mod := range parts[:len(parts)-1] {
		if mod != "ctrl" && mod != "alt" && mod != "shift" {
			return "", fmt.Errorf("%q: %q is no modifier%s", sources.Clean(word), sources.Clean(mod), meant(mod, []string{"ctrl", "alt", "shift"}))
		}
	}
	if len([]rune(last)) != 1 && !slices.Contains(specialKeys, last) {
		return "", fmt.Errorf("%q is no key%s", sources.Clean(word), meant(last, specialKeys))
	}
	return strings.Join(parts, "+"), nil
}

// digit is the number on the key, if it is one.
func digit(k tea.KeyPressMsg) (int, bool) {
	if s := k.String(); len(s) == 1 && s[0] >= '0' && s[0] <= '9' {
		return int(s[0] - '0'), true
	}
	return 0, false
}
