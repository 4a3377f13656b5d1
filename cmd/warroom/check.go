package main

import (
	"time"

	"github.com/spf13/cobra"
)

func (p *process) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check [FILE...]",
		Short: "Check configs, and say where they are wrong",
		Long: `Check configs as strictly as they are read: every word, every time, every short name. What is wrong is told
with its file, line and column and the nearest valid word. Without a file it checks the config that "warroom
live" would read. Nothing is asked of AWS.`,
		Example:           "  warroom check warroom.yaml",
		ValidArgsFunction: configs,
		RunE: func(_ *cobra.Command, files []string) error {
			if len(files) == 0 {
				found, err := p.findConfig("")
				if err != nil {
					return err
				}
				files = []string{found}
			}
			return p.check(files)
		},
	}
}

// check goes through all files, also after one that is wrong.
func (p *process) check(files []string) error {
	wrong := false
	for _, file := range files {
		c, err := loadConfig(file)
		if err != nil {
			p.complain(err)
			wrong = true
			continue
		}
		for _, w := range c.warnings {
			p.printf("%s: %s\n", file, w)
		}
		p.printf("%s: right: %s, T0 %s, %d resources\n", file, c.Launch.Name, c.Launch.T0.Format(time.RFC3339), len(c.watch))
	}
	if wrong {
		return &exit{code: exitUsage}
	}
	return nil
}
