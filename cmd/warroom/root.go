package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"warroom/sources"
)

const rootLong = `warroom is a terminal war room for launches on AWS: the hour when everybody arrives at once.

It shows the whole request path of the site, live; everything that happens is written to one
recording, and the recording can be replayed. Without a verb it is "warroom live".

` + exitCodes

// execute runs the verb of the command line. What goes wrong before the verb has started is a mistake of
// the command line.
func (p *process) execute(ctx context.Context) error {
	started := false
	root := p.rootCommand()
	root.PersistentPreRun = func(*cobra.Command, []string) { started = true }
	err := root.ExecuteContext(ctx)
	if err != nil && !started {
		return &exit{code: exitUsage, cause: err}
	}
	return err
}

func (p *process) rootCommand() *cobra.Command {
	root := p.liveCommand()
	root.Use = "warroom"
	root.Short = "A terminal war room for launches on AWS"
	root.Long = rootLong
	root.Example = `  warroom rehearse                     see a broadcast launch unfold, no account needed
  warroom live --config warroom.yaml   watch your own account
  warroom replay lottery.warroom       look at it again the next morning`
	root.Args = knownVerb
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetArgs(p.args)
	root.SetIn(p.in)
	root.SetOut(p.out)
	root.SetErr(p.err)
	root.SetFlagErrorFunc(nearestFlag)
	root.AddCommand(p.rehearseCommand(), p.liveCommand(), p.recordCommand(), p.replayCommand(),
		p.statusCommand(), p.importCommand(), p.exportCommand(), p.auditCommand(), p.runbookCommand(), p.checkCommand(), p.backtestCommand(), p.policyCommand(), p.notifyCommand(), p.versionCommand())
	root.Version = version() // said as cobra says it: a template of ours would keep the linker from leaving anything out
	root.InitDefaultVersionFlag()
	root.Flags().Lookup("version").Usage = "say which version this is"
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "completion":
			c.Args = knownShell
			c.Example = "  source <(warroom completion bash)\n  warroom completion fish > ~/.config/fish/completions/warroom.fish"
			c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
		case "help":
			c.Args = func(_ *cobra.Command, args []string) error {
				about, rest, _ := root.Find(args) // what it could not find is the rest
				return knownVerb(about, rest)
			}
			c.Example = "  warroom help replay"
		}
	}
	return root
}

// knownShell complains about a shell that cannot be completed for.
func knownShell(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var shells []string
	for _, shell := range c.Commands() {
		shells = append(shells, shell.Name())
	}
	return fmt.Errorf("no completion for %q: want %s", args[0], strings.Join(shells, ", "))
}

// knownVerb complains about a word that is no verb: without a verb there are no arguments.
func knownVerb(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var verbs []string
	for _, verb := range c.Commands() {
		verbs = append(verbs, verb.Name())
	}
	return fmt.Errorf("unknown verb %q%s", args[0], cmp.Or(sources.MeantHint(args[0], verbs), " (see warroom --help)"))
}

// wanted says what the flags of a type take.
var wanted = map[string]string{
	"uint64": "a whole number, 0 or more", "float64": "a number", "duration": "a duration such as 90s or 10m",
}

// alike is how many letters two words have in common from the start.
func alike(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// nearestFlag adds to the complaint about an unknown flag the one that was probably meant.
func nearestFlag(c *cobra.Command, err error) error {
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		if want := wanted[invalid.GetFlag().Value.Type()]; want != "" {
			return fmt.Errorf("--%s %s: want %s", invalid.GetFlag().Name, invalid.GetValue(), want)
		}
	}
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return fmt.Errorf("%w (see %s --help)", err, c.CommandPath())
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	typed := "--" + unknown.GetSpecifiedName()
	slices.SortStableFunc(names, func(a, b string) int { return alike(typed, b) - alike(typed, a) }) // decides between equally near ones
	return fmt.Errorf("%w%s", err, cmp.Or(sources.MeantHint(typed, names), " (see "+c.CommandPath()+" --help)"))
}

// oneRecording wants exactly one argument, the recording's file.
func oneRecording(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("%s wants one recording: %s", c.Name(), c.UseLine())
	}
	return nil
}

// noArguments complains about arguments of a verb that takes none.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no arguments, but there is %q", c.CommandPath(), strings.Join(args, " "))
	}
	return nil
}

// oneFile completes the name of the one recording that a verb takes.
func oneFile(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return recordings(c, args, typed)
}

// recordings completes the names of recordings.
func recordings(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"warroom"}, cobra.ShellCompDirectiveFilterFileExt
}

// configs completes the names of config files.
func configs(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}
