package main

import (
	"context"
	"errors"
	"fmt"
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
		p.statusCommand(), p.checkCommand(), p.versionCommand())
	return root
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
	if near := sources.Nearest(args[0], verbs); near != "" {
		return fmt.Errorf("unknown verb %q; the nearest is %q", args[0], near)
	}
	return fmt.Errorf("unknown verb %q (see warroom --help)", args[0])
}

// nearestFlag adds to the complaint about an unknown flag the one that was probably meant.
func nearestFlag(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return fmt.Errorf("%w (see %s --help)", err, c.CommandPath())
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := sources.Nearest(unknown.GetSpecifiedName(), names); near != "" {
		return fmt.Errorf("%w; the nearest is --%s", err, near)
	}
	return fmt.Errorf("%w (see %s --help)", err, c.CommandPath())
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

// recordings completes the names of recordings.
func recordings(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"warroom"}, cobra.ShellCompDirectiveFilterFileExt
}

// configs completes the names of config files.
func configs(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}
