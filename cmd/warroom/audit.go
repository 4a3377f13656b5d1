package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/recording"
)

const auditLong = `Look at the record of what was done: who, what, when, as answered by AWS, with which effect; and whether the record
is as it was written.

All changes of a recording (actions, notes, deployments, the room's own) stand in one chain of hashes. An edit, a
deletion, an insertion or an exchange breaks it at its place. What is cut off the end, or a chain that was made
anew as a whole, is found with an anchor: a line of "audit head", kept where nobody who can write the recording
can write, such as a chat, a ticket or another account.`

func (p *process) auditCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "audit",
		Short: "Read the record of actions, and prove that it is unaltered",
		Long:  auditLong,
		Example: `  warroom audit list lottery.warroom
  warroom audit head lottery.warroom >> anchors.txt
  warroom audit verify lottery.warroom --anchor anchors.txt`,
		Args: knownVerb,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.auditVerifyCommand(), p.auditHeadCommand(), p.auditListCommand())
	return c
}

func (p *process) auditVerifyCommand() *cobra.Command {
	var anchor string
	c := &cobra.Command{
		Use: "verify FILE", Short: "Check every change against the chain of hashes", Args: oneRecording, ValidArgsFunction: recordings,
		Example: "  warroom audit verify lottery.warroom --anchor anchors.txt",
		RunE: func(c *cobra.Command, args []string) error {
			anchors, err := readAnchors(anchor)
			if err != nil {
				return err
			}
			return onRecording(args[0], func(tape *recording.File) error {
				chain, err := tape.Verify(c.Context(), anchors...)
				if err != nil {
					return err
				}
				p.printf("%s: %d changes, all as they were written\n", tape.Path(), chain.Changes)
				if len(anchors) > 0 {
					p.printf("anchors that hold: %d\n", len(anchors))
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&anchor, "anchor", "", "a file of lines that `audit head` printed")
	return c
}

func (p *process) auditHeadCommand() *cobra.Command {
	return &cobra.Command{
		Use: "head FILE", Short: "Print an anchor: how many changes there are, and the hash of the last", Args: oneRecording, ValidArgsFunction: recordings,
		Example: "  warroom audit head lottery.warroom >> anchors.txt",
		RunE: func(c *cobra.Command, args []string) error {
			return onRecording(args[0], func(tape *recording.File) error {
				chain, err := tape.Verify(c.Context())
				if err == nil {
					p.printf("%d %x\n", chain.Changes, chain.Head)
				}
				return err
			})
		},
	}
}

func (p *process) auditListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list FILE", Short: "Print each step of every action, who held what, and the two-person rule", Args: oneRecording, ValidArgsFunction: recordings,
		Example: "  warroom audit list lottery.warroom",
		RunE: func(c *cobra.Command, args []string) error {
			return onRecording(args[0], func(tape *recording.File) error { return p.listActions(c.Context(), tape) })
		},
	}
}

// onRecording does something with a recording that it only reads.
func onRecording(path string, do func(*recording.File) error) error {
	tape, err := recording.OpenReadOnly(path)
	if err != nil {
		return err
	}
	return closeAfter(tape)(do(tape))
}

// listActions prints a line for each step, with the request's id where AWS gave one.
func (p *process) listActions(ctx context.Context, tape *recording.File) error {
	changes, err := tape.Changes(ctx, time.Time{}, time.Time{}, time.Time{})
	if err != nil {
		return err
	}
	n := 0
	for _, c := range changes {
		step, ok := runbooks.Step(c)
		state := string(step.State)
		if c.Kind == runbooks.ChangeHold || c.Kind == runbooks.ChangeRule {
			state, ok = c.Kind, true
		}
		if !ok {
			continue
		}
		n++
		line := fmt.Sprintf("%s  %-10s %-10s %s", c.At.UTC().Format(time.RFC3339), state, c.Actor, c.Text)
		if step.Receipt != nil && step.Receipt.Request != "" {
			line += "  request " + step.Receipt.Request
		}
		p.printf("%s\n", sources.Clean(line))
	}
	if n == 0 {
		p.printf("%s: nothing was done\n", sources.Clean(tape.Path()))
	}
	return nil
}

// readAnchors reads lines of "audit head"; no file has none.
func readAnchors(path string) ([]recording.Chain, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the anchors: %w", err)
	}
	defer file.Close()
	anchors, err := parseAnchors(path, file)
	if err == nil && len(anchors) == 0 {
		err = usage("%s holds no anchor: want lines of warroom audit head", path)
	}
	return anchors, err
}

func parseAnchors(path string, from io.Reader) ([]recording.Chain, error) {
	var out []recording.Chain
	lines := bufio.NewScanner(from)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" {
			continue
		}
		number, hash, _ := strings.Cut(text, " ")
		a := recording.Chain{}
		count, err := strconv.ParseInt(number, 10, 64)
		sum, wrong := hex.DecodeString(strings.TrimSpace(hash))
		if err != nil || count < 1 || wrong != nil || len(sum) != len(a.Head) {
			return nil, usage("%s:%d: %q is no anchor: want a number and 64 hexadecimal digits, as warroom audit head prints them", path, n, sources.CleanTo(text, 60))
		}
		a.Changes = count
		copy(a.Head[:], sum)
		out = append(out, a)
	}
	return out, lines.Err()
}
