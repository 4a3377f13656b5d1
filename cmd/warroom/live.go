package main

import (
	"context"

	"github.com/spf13/cobra"

	"warroom/sources"
	"warroom/sources/awsread"
	"warroom/sources/recording"
	"warroom/tui"
)

const liveLong = `Watch the launch that a config describes: collect from AWS, record, show.

A second process on the same recording does not ask AWS anything: it shows what the first one records,
and takes over when that one stops. The config is read again whenever it changes. A config that does:

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
		RunE: func(c *cobra.Command, _ []string) error {
			r, closing, err := p.liveRoom(path, p.who(l))
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

// liveRoom is the room of a real launch, its recording open. closing closes the recording, and passes on
// what went wrong before.
func (p *process) liveRoom(asked, operator string) (r *room, closing func(error) error, err error) {
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
	watched.now = c
	file, err := p.recordingPath(c)
	if err != nil {
		return nil, nil, err
	}
	tape, err := openTape(file, c.meta())
	if err != nil {
		return nil, nil, err
	}
	r = &room{
		tape: tape, meta: c.meta(), clock: clock, holder: p.holder(operator),
		open: open(c), keys: c.Keys, remarks: c.warnings, config: watched, advanced: func() {}, say: func(string) {}, notice: func(string) {},
	}
	return r, closeAfter(tape), nil
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
