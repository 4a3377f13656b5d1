package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"warroom/runbooks"
	"warroom/runbooks/awswrite"
	"warroom/sources"
	"warroom/sources/document"
)

const runbookLong = `Look at the runbooks: those that come with the program, and those of the config (runbooks: [FOLDER, FILE.md]), which
stand over the ones of the same name.

A runbook is Markdown with a YAML head (title, for, answers, about). Fenced blocks in it are its steps: a check is a
condition over the metrics, an action is a counter-move, an ask is a question to a person. On the screen r opens the one
that answers the chosen tile's trouble.

A check may say what follows where it does not hold: "else: skip to HEADING" leaves out the steps up to a heading below,
"else: runbook NAME" opens another runbook. A step's "see: other.md" and a link in the text, [so](other.md), lead to
another one, too: o opens it. What leads nowhere is told with its line.`

func (p *process) runbookCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "runbook",
		Short: "List, show and check runbooks",
		Long:  runbookLong,
		Example: `  warroom runbook list
  warroom runbook show origin-errors > runbooks/origin-errors.md
  warroom runbook check runbooks/`,
		Args: knownVerb,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.runbookListCommand(), p.runbookShowCommand(), p.runbookCheckCommand())
	return c
}

func (p *process) runbookListCommand() *cobra.Command {
	var config string
	c := &cobra.Command{
		Use: "list", Short: "Print what there is, and what each is for", Args: noArguments,
		Example: "  warroom runbook list --config warroom.yaml",
		RunE: func(*cobra.Command, []string) error {
			l, err := runbooks.Open(awswrite.Offers, p.runbooksOf(config)...)
			for _, b := range l.All() {
				p.printf("%-18s %2d steps  %-40s %s\n", sources.Clean(b.Name), len(b.Steps), b.Title, strings.Join(b.Services, ", "))
			}
			return err
		},
	}
	configFlag(c, &config)
	return c
}

func (p *process) runbookShowCommand() *cobra.Command {
	var config string
	c := &cobra.Command{
		Use: "show NAME", Short: "Print a runbook as it is written, to read it or to begin one of your own",
		Example: "  warroom runbook show db-ceiling\n  warroom runbook show db-ceiling > runbooks/db-ceiling.md",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("show wants one runbook: %s", c.UseLine())
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			l, _ := runbooks.Open(awswrite.Offers, p.runbooksOf(config)...) // what is wrong with one is no reason to complete no other
			return l.Names(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error { return p.showRunbook(args[0], config) },
	}
	configFlag(c, &config)
	return c
}

func (p *process) showRunbook(name, config string) error {
	l, wrong := runbooks.Open(awswrite.Offers, p.runbooksOf(config)...)
	b, err := l.Find(name)
	if err != nil {
		return &exit{code: exitUsage, cause: errors.Join(err, wrong)}
	}
	for line := range strings.Lines(b.Source) {
		p.printf("%s\n", cleanLine(line))
	}
	return nil
}

// cleanLine is a line without what acts on a terminal; what indents it stays.
func cleanLine(line string) string {
	line = strings.TrimRight(line, "\r\n")
	return sources.Clean(strings.ReplaceAll(line, "\t", "    "))
}

func (p *process) runbookCheckCommand() *cobra.Command {
	var config string
	c := &cobra.Command{
		Use: "check FILE...", Short: "Check runbooks, or folders of them, and say where they are wrong",
		Long: `Check runbooks, or folders of them, as strictly as they are read; the alerts that they answer must be among the rules
of the house or those of the config.`,
		Example: "  warroom runbook check runbooks/ our-partner-down.md",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("check wants runbooks or folders of them: %s", c.UseLine())
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"md"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(_ *cobra.Command, args []string) error { return p.checkRunbooks(args, config) },
	}
	configFlag(c, &config)
	return c
}

// checkRunbooks goes through all of them, also after one that is wrong.
func (p *process) checkRunbooks(paths []string, config string) error {
	rules, err := p.rulesOf(config)
	if err != nil {
		return err
	}
	var wrong []error
	var all []*runbooks.Runbook
	for _, path := range paths {
		books, err := runbooks.ReadAll(path, awswrite.Offers)
		wrong = append(wrong, err)
		all = append(all, books...)
		if err == nil && len(books) == 0 {
			wrong = append(wrong, &document.FileError{File: path, Text: "there is no runbook (*.md) in it"})
		}
	}
	for _, b := range all {
		err := errors.Join(b.CheckLinks(among(b, all)), checkAnswers([]*runbooks.Runbook{b}, rules))
		if err == nil {
			p.printf("%s: %s\n", sources.Clean(b.File), rightRunbook(b))
		}
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

// among are the names to which a runbook may lead: the house's, those that are checked with it, and those beside its file.
func among(b *runbooks.Runbook, all []*runbooks.Runbook) []string {
	names := runbooks.HouseNames()
	for _, other := range all {
		names = append(names, other.Name)
	}
	beside, _ := filepath.Glob(filepath.Join(filepath.Dir(b.File), "*.md")) // the pattern is right but for a folder with brackets
	for _, file := range beside {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".md"))
	}
	return names
}

// checkRunbook says what a runbook is that is right.
func (p *process) checkRunbook(file string, text []byte) ([]string, error) {
	b, err := runbooks.Read(file, text, awswrite.Offers)
	if err == nil {
		err = b.CheckLinks(among(b, nil))
	}
	if err != nil {
		return nil, err
	}
	rules, err := p.rulesOf("")
	if err != nil {
		return nil, err
	}
	if err := checkAnswers([]*runbooks.Runbook{b}, rules); err != nil {
		return nil, err
	}
	return []string{rightRunbook(b)}, nil
}

func rightRunbook(b *runbooks.Runbook) string {
	return fmt.Sprintf("right: the runbook %s, %s", sources.Clean(b.Name), counted(len(b.Steps), "step"))
}

// runbooks are the files and folders that the config names, from its own folder.
func (c *config) runbooks() []string {
	out := make([]string, len(c.Runbooks))
	for i, path := range c.Runbooks {
		out[i] = c.at(path)
	}
	return out
}

// checkRunbooks reads the runbooks that the config names: what is wrong with one is known before the launch, not in it.
func (c *config) checkRunbooks(d *document.Document) error {
	var all []*runbooks.Runbook
	for i, path := range c.runbooks() {
		books, err := runbooks.ReadAll(path, awswrite.Offers)
		all = append(all, books...)
		if errors.Is(err, fs.ErrNotExist) {
			return d.At(d.Find("runbooks", fmt.Sprint(i)), "runbooks: there is no %s", path)
		}
		if err != nil {
			return err
		}
	}
	names := runbooks.HouseNames()
	for _, b := range all {
		names = append(names, b.Name)
	}
	for _, b := range all {
		if err := b.CheckLinks(names); err != nil {
			return err
		}
	}
	c.warnings = append(c.warnings, c.booksOfOthers(all)...)
	return nil
}

// runbooksOf are the runbooks that the config names that is asked for, or found; none where there is no config that can
// be read: whoever reads the keys has told about it.
func (p *process) runbooksOf(asked string) []string {
	path, err := p.findConfig(asked)
	if err != nil {
		return nil
	}
	c, err := loadConfig(path)
	if err != nil {
		return nil
	}
	return c.runbooks()
}

// books opens the runbooks of a room, as they are now.
func (r *room) books() (*runbooks.Library, error) {
	return runbooks.Open(awswrite.Offers, r.runbooks...)
}
