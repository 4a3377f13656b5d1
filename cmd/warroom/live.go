package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"warroom/runbooks/awswrite"
	"warroom/sources"
	"warroom/sources/awsread"
	"warroom/sources/recording"
	"warroom/tui"
)

const liveLong = `Watch the launch that a config describes: collect from AWS, record, show.

A second process on the same recording does not ask AWS anything: it shows what the first one records,
and takes over when that one stops. The config is read again whenever it changes; its keys and its recording hold
from the next start on. A config that does:

  launch: {name: lottery, t0: 2026-03-01T20:15:00+01:00}
  environment: PROD
  aws: {profile: web-oncall, region: eu-central-1}
  resources:
    audience: {registrations: Lottery/Registrations}
    cloudfront: {www: E1ABCDEFGHIJKL}
    waf: {edge: lottery}
    alb: {prod: app/prod/50dc6c495c0c9188}
    asg: {web: lottery-web}
    aurora: {main: lottery}

Credentials are found as the AWS tools find them: profiles, SSO, roles, instance metadata.`

func (p *process) liveCommand() *cobra.Command {
	l := &look{}
	var path string
	c := &cobra.Command{
		Use:     "live",
		Short:   "Watch the launch that the config describes",
		Long:    liveLong,
		Example: "  warroom live --config warroom.yaml\n  AWS_PROFILE=web-oncall warroom",
		Args:    noArguments,

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, _ []string) error {
			r, closing, err := p.liveRoom(path, p.who(l), func() error { return p.needsTerminal("warroom record") })
			if err != nil {
				return err
			}
			return closing(p.show(c.Context(), r, tui.Live, l))
		},
	}
	l.flags(c)
	configFlag(c, &path)
	return c
}

func configFlag(c *cobra.Command, path *string) {
	c.Flags().StringVarP(path, "config", "c", "", "the config (default: ./warroom.yaml, else warroom/warroom.yaml in the XDG config folder)")
	_ = c.RegisterFlagCompletionFunc("config", configs)
}

// liveRoom is the room of a real launch, its recording open. possible tells whether it can be shown, before a
// recording is begun. closing closes the recording, and passes on what went wrong before.
func (p *process) liveRoom(asked, operator string, possible func() error) (r *room, closing func(error) error, err error) {
	path, err := p.findConfig(asked)
	if err != nil {
		return nil, nil, err
	}
	clock := sources.RunningClock{}
	open := func(c *config) opener { return c.open(clock) }
	watched := watchConfig(path, open) // before reading: a change while reading is seen afterwards
	c, err := loadConfig(path)
	if err != nil {
		return nil, nil, err
	}
	watched.now.Store(c)
	file, err := p.recordingPath(c)
	if err != nil {
		return nil, nil, err
	}
	if err := possible(); err != nil {
		return nil, nil, err
	}
	tape, err := launchTape(file, c.meta())
	if err != nil {
		return nil, nil, err
	}
	r = &room{
		tape: tape, meta: c.meta(), clock: clock, holder: p.holder(operator),
		open: open(c), keys: c.Keys, bell: c.Screen.Bell, runbooks: c.runbooks(), remarks: c.warnings, config: watched, advanced: func() {}, say: func(string) {}, notice: func(string) {},
	}
	r.writes = r.liveWrites
	r.rules = watched.rules
	r.outside, r.metrics = &outside{config: watched.now.Load, env: p.env}, c.Metrics.Listen
	return r, closeAfter(tape), nil
}

// launchTape opens or begins the recording of a real launch. That of a rehearsal would lose its clock, scenario and
// seed, and hold two launches that have nothing to do with each other.
func launchTape(file string, m recording.Meta) (*recording.File, error) {
	tape, err := openTape(file, m)
	if err != nil {
		return nil, err
	}
	now, err := tape.Meta(context.Background())
	if err == nil && now.Rehearsal != "" {
		err = &exit{exitRefused, fmt.Errorf("%s is the recording of a rehearsal (%s); a real launch needs a file of its own: "+
			"name another under recording: in the config, or look at this one with warroom replay", file, now.Rehearsal)}
	}
	if err != nil {
		return nil, errors.Join(err, tape.Close())
	}
	return tape, nil
}

// liveWrites say as whom the hands act: as the config has it, else as whom we read.
func (r *room) liveWrites(context.Context) (awswrite.Options, error) {
	c := r.config.now.Load()
	return awswrite.Options{
		Profile: cmp.Or(c.Actions.Profile, c.AWS.Profile), Role: c.Actions.Role, Region: c.AWS.Region, Resources: c.watch,
	}, nil
}

// meta is what a recording says about the launch of the config.
func (c *config) meta() recording.Meta {
	return recording.Meta{Launch: c.Launch, Environment: c.Environment, Resources: c.watch, Tiles: c.tiles()}
}

// open asks AWS with the config's profile, region and budget. Everything else the SDK finds as it always does.
func (c *config) open(clock sources.Clock) opener {
	return func(ctx context.Context, resources []sources.Resource) ([]sources.Source, func(), error) {
		reader, err := awsread.Open(ctx, awsread.Options{
			Profile: c.AWS.Profile, Region: c.AWS.Region, BudgetShare: c.AWS.Budget,
			Resources: resources, Clock: clock,
		})
		if err != nil {
			return nil, nil, err
		}
		return reader.Sources(), func() {}, nil
	}
}
