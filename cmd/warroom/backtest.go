package main

import "github.com/spf13/cobra"

const backtestLong = `Judge again what has been measured, as if it were live: a decision uses only what was known by then.

PATH is a recording or a directory of series (see warroom import --help). It is judged by the rules of the house, or
with --rules by those of a file over them: an alert of the same name takes the place of that of the house. Each line is
one step of an alert as JSON: at, alert, resource, severity, state (pending, firing, recovering, resolved, no_data,
error), runbook, summary. A page wakes a person when it begins to fire; what an open alert explains is printed as a
warning, with "under". What a room did not look at, since it was dead or its machine slept, is nobody's silence: a
recording, or a directory with source_up, says for when.

--series FILE.csv judges one series of any numbers by the house's sense of surprise alone, which knows no threshold and
no unit: a value surprises where neither the samples before it nor earlier days at this hour had anything like it, by
the measure of the series' own past. It prints the timestamps at which it would page, one a line, in the file's own
spelling. With --scores it prints timestamp,score of every row instead; a score of 1 or more is a page, and 0 to 1
tells how near to one the row is. The first half hour of samples is learned in silence, and after a page it is silent
until an hour has been calm; each page doubles what the next one needs, which wears off in weeks.

The file's first line is timestamp,value. Timestamps are RFC 3339 or 2006-01-02 15:04:05 and may step back; rows are
judged in the order of the file. An empty value is a sample that was asked for and did not exist.`

func (p *process) backtestCommand() *cobra.Command {
	var series, previous string
	var scores bool
	var rules []string
	c := &cobra.Command{
		Use:   "backtest PATH | --series FILE.csv",
		Short: "Judge again what was measured: when would it have paged?",
		Long:  backtestLong,
		Example: "  warroom backtest lottery.warroom\n  warroom backtest lottery-csv --rules rules.yaml | grep '\"page\"'\n" +
			"  warroom backtest --series requests.csv --scores > scores.csv",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case (series == "") == (len(args) == 0):
				return usage("backtest wants one thing to judge: %s", c.UseLine())
			case series != "" && len(rules) > 0:
				return usage("--series is judged by surprise alone; --rules is for a recording or a directory of series")
			case series != "":
				return p.backtestSeries(series, scores)
			}
			return p.backtest(c.Context(), args[0], previous, rules)
		},
	}
	previousFlag(c, &previous)
	c.Flags().StringArrayVar(&rules, "rules", nil, "a file of rules over those of the house; may be given several times")
	c.Flags().StringVar(&series, "series", "", "a file of timestamp,value: judge this one series by surprise alone")
	c.Flags().BoolVar(&scores, "scores", false, "with --series: print timestamp,score of every row")
	for flag, ending := range map[string]string{"series": "csv", "rules": "yaml"} {
		if err := c.MarkFlagFilename(flag, ending); err != nil {
			panic(err) // the flag stands above
		}
	}
	return c
}
