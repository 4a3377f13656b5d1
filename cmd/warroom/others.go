package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/query"
)

// rulesOfOthers tells which rules, but for those of the house, ask for what this launch does not have: they are right, and
// never fire here.
func (c *config) rulesOfOthers(house string) []string {
	engine := query.NewEngine()
	var odd remarks
	for i := range c.rules.Records {
		if r := &c.rules.Records[i]; r.File != house {
			odd.add(r.File, r.Line, "record "+r.Name, c.lacks(engine, r.Expr))
		}
	}
	for i := range c.rules.Alerts {
		if r := &c.rules.Alerts[i]; r.File != house && !r.Off {
			odd.add(r.File, r.Line, "alert "+r.Alert, c.lacks(engine, r.Expr))
		}
	}
	return odd.lines()
}

// booksOfOthers tells which steps of runbooks of the config are about what this launch does not have: nobody can do them
// here.
func (c *config) booksOfOthers(books []*runbooks.Runbook) []string {
	engine := query.NewEngine()
	var odd remarks
	for _, b := range books {
		for _, s := range b.Steps {
			missing := c.lacks(engine, s.Expr)
			if s.Kind == runbooks.Act {
				missing = c.lacksResource(s.Service, s.Resource)
			}
			odd.add(b.File, s.Line, "runbook "+b.Name, missing)
		}
	}
	return odd.lines()
}

// remark is what is odd about a line of a file, and about others of the file in the same way: who writes rules for several
// launches would otherwise read of nothing else.
type remark struct {
	file, about, text string
	at                int // line
	also              []string
}

type remarks []remark

func (all *remarks) add(file string, line int, about string, texts []string) {
	for _, text := range texts {
		i := slices.IndexFunc(*all, func(r remark) bool { return r.file == file && r.text == text })
		if i < 0 {
			*all = append(*all, remark{file: file, about: about, text: text, at: line})
			continue
		}
		(*all)[i].also = append((*all)[i].also, strconv.Itoa(line))
	}
}

// lines are the remarks as they are told.
func (all remarks) lines() (out []string) {
	for _, r := range all {
		text := fmt.Sprintf("%s:%d: %s: %s", r.file, r.at, r.about, r.text)
		switch len(r.also) {
		case 0:
		case 1:
			text += " (also in line " + r.also[0] + ")"
		default:
			text += " (also in lines " + few(r.also) + ")"
		}
		out = append(out, sources.Clean(text))
	}
	return out
}

// lacks are the phases, resources and services that an expression asks for and this launch does not have, in words.
func (c *config) lacks(engine *query.Engine, expr string) (missing []string) {
	for _, m := range engine.Metrics(expr) {
		for _, text := range c.lacksResource(m.Service, "") {
			if !slices.Contains(missing, text) {
				missing = append(missing, text)
			}
		}
	}
	for _, w := range engine.Wants(expr) {
		switch m, _ := sources.Lookup(w.Metric); {
		case w.Label == "resource" && len(c.names(m.Service)) > 0:
			missing = append(missing, c.lacksResource(m.Service, w.Value)...)
		case w.Metric == "launch_phase" && w.Label == "phase":
			missing = append(missing, absent("phase", w.Value, c.phases())...)
		}
	}
	return missing
}

// roomServices are the services whose resources are the room's own, whatever the config says.
var roomServices = []string{"launch", "room", "source"}

// lacksResource says that the config has no resource of a service, or none of a name; nothing where it has. A name that
// stands for whatever is meant is not looked at.
func (c *config) lacksResource(service, name string) []string {
	names := c.names(service)
	switch {
	case slices.Contains(roomServices, service), len(names) > 0 && (name == "" || strings.Contains(name, "{{")):
		return nil
	case len(names) > 0:
		return absent(service+" resource", name, names)
	}
	return []string{fmt.Sprintf("this launch has no resource of %s, only of %s", service, strings.Join(c.services(), ", "))}
}

// absent says that a word is none of those that there are, with the nearest one; nothing where it is.
func absent(what, word string, among []string) []string {
	if slices.Contains(among, word) {
		return nil
	}
	return []string{fmt.Sprintf("this launch has no %s %q%s", what, word, sources.MeantHint(word, among))}
}

// phases are the names of the launch's phases.
func (c *config) phases() (names []string) {
	for _, p := range c.Launch.Phases {
		names = append(names, p.Name)
	}
	return names
}

// services are those that the config has resources of, in the order of the request path.
func (c *config) services() (have []string) {
	for _, s := range sources.Services {
		if len(c.names(s)) > 0 {
			have = append(have, s)
		}
	}
	return have
}
