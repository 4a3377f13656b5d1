package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"warroom/alerts"
	"warroom/runbooks"
	"warroom/runbooks/awswrite"
	"warroom/sources"
	"warroom/sources/document"
)

// ruleFiles are those that the config names.
func (c *config) ruleFiles() []string {
	out := make([]string, len(c.Alerts.Rules))
	for i, path := range c.Alerts.Rules {
		out[i] = c.at(path)
	}
	return out
}

// checkRules reads the rules that hold: what is wrong with one is known before the launch, not in it.
func (c *config) checkRules(d *document.Document) error {
	house, err := houseRules()
	if err != nil {
		return err
	}
	rules := house
	for i, file := range c.ruleFiles() {
		text, err := readText(file)
		if err != nil {
			return d.At(d.Find("alerts", "rules", fmt.Sprint(i)), "alerts.rules: %v", err)
		}
		if rules, _, err = readRules(file, text, rules, c.runbooks()); err != nil {
			return err
		}
	}
	c.rules = rules
	c.warnings = append(c.warnings, c.rulesOfOthers(house.Alerts[0].File)...)
	return nil
}

// rules are those of the config that holds.
func (w *watchedConfig) rules() (*alerts.Rules, error) { return w.now.Load().rules, nil }

// readRules reads a rule file over other rules: all, and the file's own; its runbooks are those of the house and of the given
// files and folders.
func readRules(file string, text []byte, over *alerts.Rules, books []string) (all, own *alerts.Rules, err error) {
	if all, own, err = over.Over(file, text); err != nil {
		return nil, nil, err
	}
	library, _ := runbooks.Open(awswrite.Offers, books...) // what is wrong with one is told where they are checked
	return all, own, checkAnswered(own, library.Names())
}

// checkAnswered holds the runbooks that rules name against those that there are. What is elsewhere is not looked at.
func checkAnswered(rules *alerts.Rules, books []string) error {
	var wrong []error
	for i := range rules.Alerts {
		rule := &rules.Alerts[i]
		if rule.Off || rule.Runbook == "" || strings.Contains(rule.Runbook, "://") || slices.Contains(books, rule.Runbook) {
			continue
		}
		text := fmt.Sprintf("alert %s: there is no runbook %q%s", rule.Alert, rule.Runbook, sources.MeantHint(rule.Runbook, books))
		wrong = append(wrong, &document.FileError{File: rule.File, Line: rule.Line, Text: sources.Clean(text)})
	}
	return errors.Join(wrong...)
}

// isRules and isTests tell rule files and files of their tests by their outermost words.
func isRules(d *document.Document) bool { return says(d, "groups") }

func isTests(d *document.Document) bool { return says(d, "rule_files", "tests") }

func says(d *document.Document, words ...string) bool {
	entries, _ := d.Entries(d.Root, "") // whoever reads the file complains about one that has no words
	return slices.ContainsFunc(entries, func(e document.Entry) bool { return slices.Contains(words, e.Word) })
}

// rightRules says what a rule file is that is right.
func (p *process) rightRules(file string, text []byte) ([]string, error) {
	house, err := houseRules()
	if err != nil {
		return nil, err
	}
	_, own, err := readRules(file, text, house, p.runbooksOf(""))
	if err != nil {
		return nil, err
	}
	return []string{"right: " + described(own, house)}, nil
}

// described is what a rule file has, and what it does with the rules of the house.
func described(own, house *alerts.Rules) string {
	var instead, off []string
	judged := 0
	for i := range own.Alerts {
		switch name := own.Alerts[i].Alert; {
		case own.Alerts[i].Off:
			off = append(off, name)
		case slices.Contains(house.Names(), name):
			instead = append(instead, name)
			judged++
		default:
			judged++
		}
	}
	out := []string{counted(judged, "alert")}
	if n := len(own.Records); n > 0 {
		out = append(out, counted(n, "record"))
	}
	if len(instead) > 0 && own.Alerts[0].File != house.Alerts[0].File {
		out = append(out, "in place of the house's: "+few(instead))
	}
	if len(off) > 0 {
		out = append(out, "switched off: "+few(off))
	}
	return strings.Join(out, ", ")
}

// few are the names, or how many there are of them where that is more than a line holds.
func few(names []string) string {
	if len(names) > 5 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:4], " "), len(names)-4)
	}
	return strings.Join(names, " ")
}

// rightTests runs the tests of rules that a file has.
func rightTests(ctx context.Context, file string, text []byte) ([]string, error) {
	tests, err := alerts.ReadTests(file, text)
	if err != nil {
		return nil, err
	}
	if err := tests.Run(ctx); err != nil {
		return nil, err
	}
	n, expectations := tests.Count()
	return []string{fmt.Sprintf("right: %s of rules, %s", counted(n, "test"), counted(expectations, "expectation"))}, nil
}

// rulesOf are the rules of the config that is asked for, or found; those of the house where there is no config that can
// be read.
func (p *process) rulesOf(asked string) (*alerts.Rules, error) {
	path, err := p.findConfig(asked)
	if err != nil {
		return houseRules()
	}
	c, err := loadConfig(path)
	switch {
	case err == nil:
		return c.rules, nil
	case asked != "":
		return nil, err
	}
	return houseRules()
}

// checkAnswers holds the alerts that runbooks say they answer against those that there are.
func checkAnswers(books []*runbooks.Runbook, rules *alerts.Rules) error {
	known := rules.Names()
	var wrong []error
	for _, b := range books {
		for _, name := range b.Answers {
			if slices.Contains(known, name) {
				continue
			}
			text := fmt.Sprintf("answers: there is no alert %q%s; rules of yours stand in the config (alerts: {rules: […]})", name, sources.MeantHint(name, known))
			wrong = append(wrong, &document.FileError{File: b.File, Line: lineOfAnswers(b), Text: sources.Clean(text)})
		}
	}
	return errors.Join(wrong...)
}

// lineOfAnswers is where the runbook's head says what it answers.
func lineOfAnswers(b *runbooks.Runbook) int {
	n := 0
	for line := range strings.Lines(b.Source) {
		n++
		if word, _, _ := strings.Cut(line, ":"); strings.TrimSpace(word) == "answers" {
			return n
		}
	}
	return 1
}
