package tui

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/tui/theme"
)

// command is a word of the command line.
type command struct {
	name, help string
	run        func(m *Model, rest string) (tea.Cmd, error)
	words      func(m *Model) []string // what Tab completes after it, or nil
}

// commands are the words of the command line, in the order of the help.
func commands() []command {
	return []command{
		{"goto", "open a tile: goto alb/prod, goto 4", (*Model).goTo, (*Model).tileNames},
		{"jump", "to a time: jump T-5m, jump 20:31", func(m *Model, rest string) (tea.Cmd, error) { return nil, m.jump(rest) }, nil},
		{"speed", "of a replay: speed 60", (*Model).setSpeed, nil},
		{"note", "write a note: note ad break moved", (*Model).note, nil},
		{"filter", "tiles by name, service or state; alone: all tiles", (*Model).setFilter, nil},
		{"arm", "let the room act for 15 minutes", (*Model).arm, nil},
		{"safe", "let it change nothing", (*Model).disarm, nil},
		{"alerts", "what is open, why, who has it", func(m *Model, _ string) (tea.Cmd, error) { m.open(&alertListPage{}); return nil, nil }, nil},
		{"own", "the chosen alert, or one by its rule; again: not any more", (*Model).ownCommand, (*Model).openRules},
		{"silence", "the chosen alert, or a rule: silence 30m why, silence until T+30m, silence off", (*Model).silenceCommand, (*Model).silenceable},
		{"ceilings", "use, time to the wall, time to act", func(m *Model, _ string) (tea.Cmd, error) { m.open(&ceilingsPage{}); return nil, nil }, nil},
		{"capacity", "plan it: capacity +6, capacity min 12 max 40", act(runbooks.Capacity), nil},
		{"maintenance", "plan the switch: maintenance on, maintenance on paths /vote/*, maintenance off", act(runbooks.Maintenance), nil},
		{"invalidate", "plan it: invalidate /static/* /index.html", act(runbooks.Invalidate), nil},
		{"firewall", "plan it: firewall rule rate-limit limit 1000, firewall rule rate-limit mode count", act(runbooks.Firewall), nil},
		{"deploy", "plan it: deploy rollback, of what an instance refresh or CodeDeploy brings out", act(runbooks.Deploy), nil},
		{"undo", "plan to take the last action back", (*Model).undo, nil},
		{"hold", "keep a target for an hour: hold asg/web warming up", (*Model).holdIt, (*Model).tileNames},
		{"release", "free what is held: release, release asg/web", (*Model).releaseIt, (*Model).heldNames},
		{"settle", "read how an action in doubt stands", (*Model).settle, nil},
		{"requests", "what a second operator is wanted for", func(m *Model, _ string) (tea.Cmd, error) { m.open(&deedsPage{requests: true}); return nil, nil }, nil},
		{"approve", "open what another operator asks for: approve, approve alb/prod", (*Model).approve, (*Model).waitingNames},
		{"actions", "what was done, and what it has brought", func(m *Model, _ string) (tea.Cmd, error) { m.open(&deedsPage{}); return nil, nil }, nil},
		{"runbook", "open one: runbook db-ceiling; alone: all of them", (*Model).openNamed, (*Model).bookNames},
		{"theme", "dark or light", (*Model).setTheme, func(*Model) []string { return []string{"dark", "light"} }},
		{"timeline", "all changes and marks", func(m *Model, _ string) (tea.Cmd, error) { m.open(&timelinePage{}); return nil, nil }, nil},
		{"help", "keys, commands and states", func(m *Model, _ string) (tea.Cmd, error) { m.open(&helpPage{}); return nil, nil }, nil},
		{"quit", "leave", func(m *Model, _ string) (tea.Cmd, error) { return m.leave(), nil }, nil},
	}
}

// commands are those that do something in this mode.
func (m *Model) commands() []command {
	return slices.DeleteFunc(commands(), func(c command) bool { return !m.offered(c.name) })
}

// openCommand asks for a command.
func (m *Model) openCommand() {
	p := m.ask("command", "do", "", m.command)
	p.complete, p.about = m.completeCommand, m.candidates
}

// candidates are the commands that begin with what is typed, or what may follow the one that is.
func (m *Model) candidates(text string) []Hint {
	word, rest, more := strings.Cut(text, " ")
	var out []Hint
	for _, c := range m.commands() {
		switch {
		case !more && strings.HasPrefix(c.name, word):
			out = append(out, Hint{Key: c.name, Does: c.help})
		case more && c.name == word:
			out = append(out, Hint{Key: c.name, Does: c.help})
			if c.words != nil {
				out = append(out, Hint{Does: strings.Join(beginning(rest, c.words(m)), "  ")})
			}
		}
	}
	return out
}

// beginning are those of the words that begin with the text.
func beginning(text string, words []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return !strings.HasPrefix(w, text) })
}

// command does what was typed. A beginning that fits one word only stands for it.
func (m *Model) command(text string) (tea.Cmd, error) {
	if text == "" {
		return nil, nil
	}
	word, rest, _ := strings.Cut(text, " ")
	c, err := find(word)
	if err != nil {
		return nil, err
	}
	return c.run(m, strings.TrimSpace(rest))
}

func find(word string) (command, error) {
	var names []string
	var found []command
	for _, c := range commands() {
		if c.name == word || word == "q" && c.name == "quit" {
			return c, nil
		}
		if strings.HasPrefix(c.name, word) {
			found = append(found, c)
		}
		names = append(names, c.name)
	}
	switch len(found) {
	case 0:
		return command{}, unknown("command", word, names)
	case 1:
		return found[0], nil
	}
	return command{}, fmt.Errorf("%q is %s", sources.Clean(word), either(found))
}

// either lists what a word may stand for.
func either(among []command) string {
	out := among[0].name
	for i, c := range among[1:] {
		if i < len(among)-2 {
			out += ", " + c.name
			continue
		}
		out += " or " + c.name
	}
	return out
}

// unknown says that a word is none of those there are, and which one may have been meant.
func unknown(what, word string, names []string) error {
	return fmt.Errorf("no %s %q%s", what, sources.Clean(word), meant(word, names))
}

// completeCommand completes the command, and then what follows it, as far as the candidates agree.
func (m *Model) completeCommand(text string) (string, bool) {
	word, rest, more := strings.Cut(text, " ")
	if !more {
		var names []string
		for _, c := range m.commands() {
			names = append(names, c.name)
		}
		return complete(word, names)
	}
	c, err := find(word)
	if err != nil || c.words == nil {
		return text, false
	}
	done, ok := complete(rest, c.words(m))
	return c.name + " " + done, ok
}

// complete is the longest beginning that all candidates which begin with the word share.
func complete(word string, among []string) (string, bool) {
	fit := beginning(word, among)
	if len(fit) == 0 {
		return word, false
	}
	shared := fit[0]
	for _, c := range fit[1:] {
		for !strings.HasPrefix(c, shared) {
			shared = shared[:len(shared)-1]
		}
	}
	if len(fit) == 1 {
		shared += " "
	}
	return shared, true
}

func (m *Model) tileNames() []string {
	var names []string
	for _, r := range m.resources() {
		names = append(names, r.String())
	}
	return names
}

// goTo opens the tile of a resource.
func (m *Model) goTo(name string) (tea.Cmd, error) {
	if name == "" {
		return nil, errors.New("goto what? " + strings.Join(m.tileNames(), ", "))
	}
	r, err := m.named(name)
	if err != nil {
		return nil, err
	}
	m.chosen = r
	m.open(&detailPage{})
	return nil, nil
}

// named is the tile of a name: its full one, its short one where that is unique, or its number.
func (m *Model) named(name string) (sources.Ref, error) {
	var fit []sources.Ref
	tiles := m.allTiles()
	all := make([]sources.Ref, len(tiles))
	for i, t := range tiles {
		all[i] = t.Ref
	}
	for i, r := range all {
		if r.String() == name || strings.TrimSuffix(tiles[i].Title, " "+r.Name)+"/"+r.Name == name { // asg/web, fleet/web
			fit = []sources.Ref{r}
			break
		}
		if r.Name == name || r.Service == name {
			fit = append(fit, r)
		}
	}
	if n, err := strconv.Atoi(name); err == nil && len(fit) == 0 && n >= 1 && n <= len(all) {
		fit = all[n-1 : n]
	}
	switch len(fit) {
	case 0:
		return sources.Ref{}, unknown("tile", name, m.tileNames())
	case 1:
		return fit[0], nil
	}
	return sources.Ref{}, fmt.Errorf("%q is %s or %s", sources.Clean(name), fit[0], fit[1])
}

func (m *Model) setSpeed(text string) (tea.Cmd, error) {
	speed, err := strconv.ParseFloat(strings.TrimSuffix(text, "x"), 64)
	if err != nil || !(speed >= 0.1 && speed <= 3600) {
		return nil, fmt.Errorf("speed %q: write a number from 0.1 to 3600", sources.Clean(text))
	}
	if m.opt.Mode != Replay {
		return nil, errors.New("live has no speed; it is a replay that can be played faster")
	}
	m.cursor.step(m.opt.Now(), m.reach())
	m.cursor.speed = speed
	return m.tick(), nil
}

func (m *Model) setFilter(text string) (tea.Cmd, error) {
	m.filter, m.page = text, gridPage{}
	m.keepChosen()
	return nil, nil
}

func (m *Model) setTheme(name string) (tea.Cmd, error) {
	if !slices.Contains([]string{"dark", "light"}, name) {
		return nil, unknown("theme", name, []string{"dark", "light"})
	}
	m.opt.Theme = theme.New(name == "dark", m.opt.Theme.Profile)
	return nil, nil
}
