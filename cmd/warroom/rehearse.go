package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"warroom/alerts"
	"warroom/sources/recording"
	"warroom/sources/simulator"
	"warroom/tui"
)

const rehearseLong = `Run a simulated launch: a model of the whole site behind AWS' own wire protocols on a loopback port, asked by
the same clients that ask the real one. No account, no network and no AWS setting of yours is used.

Nothing goes out: alerts are told to nobody, unless --notify asks for it, and the metrics are served only with --metrics.

The clock runs faster than yours (--speed). The same seed gives the same launch. A scenario is one of
those that come with the program, or a file. Keys, rules of alerts, runbooks and the two-person
rule are those of the config, where there is one.`

// rehearsal is what the flags of the verb say.
type rehearsal struct {
	scenario string  // "" = the first of the house, or the recording's
	speed    float64 // 0 = the scenario's, or the recording's
	seed     uint64
	seeded   bool // the seed was asked for
	headless bool
	duration time.Duration
	file     string
	config   string // whose keys, rules and runbooks are used
	notify   bool   // tell the config's receivers of alerts
	metrics  string // where the metrics are served, "" for nowhere
}

func (p *process) rehearseCommand() *cobra.Command {
	l := &look{}
	var o rehearsal
	c := &cobra.Command{
		Use:   "rehearse [scenario]",
		Short: "Watch a simulated launch unfold; no account needed",
		Long:  rehearseLong,
		Example: `  warroom rehearse                               a broadcast lottery, shortly before T0
  warroom rehearse liftoff --speed 30            a shuttle launch, slower
  warroom rehearse --headless --for 10m --speed 120 --recording lottery.warroom`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("rehearse takes one scenario: %s", c.UseLine())
			}
			return nil
		},
		ValidArgsFunction: scenarios,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.scenario = args[0]
			}
			o.seeded = c.Flags().Changed("seed")
			if err := o.check(c); err != nil {
				return err
			}
			return p.rehearse(c.Context(), o, l)
		},
	}
	l.flags(c)
	configFlag(c, &o.config)
	f := c.Flags()
	f.Float64Var(&o.speed, "speed", 0, "launch seconds per second (default: the scenario's)")
	f.Uint64Var(&o.seed, "seed", 1, "seed of everything that is left to chance")
	f.BoolVar(&o.headless, "headless", false, "without a screen: print a line a minute of the launch")
	f.DurationVar(&o.duration, "for", 0, "with --headless: stop after so much time of the launch")
	f.BoolVar(&o.notify, "notify", false, "tell the receivers of the config of alerts; every message says REHEARSAL")
	f.StringVar(&o.metrics, "metrics", "", "serve /metrics at this address, such as 127.0.0.1:9273")
	f.StringVar(&o.file, "recording", "", "record into this file, or go on with it (default: a new one in a temporary folder)")
	_ = c.RegisterFlagCompletionFunc("recording", recordings)
	return c
}

// scenarios completes a scenario's name, or a file's.
func scenarios(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return simulator.Scenarios(), cobra.ShellCompDirectiveDefault
}

func (o *rehearsal) check(c *cobra.Command) error {
	switch {
	case c.Flags().Changed("speed") && !(o.speed >= minSpeed && o.speed <= maxSpeed): // NaN is neither
		return tooFast(o.speed)
	case o.duration < 0:
		return usage("--for %v: want more than nothing", o.duration)
	case o.duration > 0 && !o.headless:
		return usage("--for is for --headless: a screen is left with q")
	case o.metrics != "":
		address, err := listenAddress(o.metrics)
		if err != nil {
			return usage("--metrics %s: %v", o.metrics, err)
		}
		o.metrics = address
	}
	return nil
}

// minSpeed is slow enough for everybody, and still a clock that goes.
const minSpeed = 0.01

// maxSpeed is what can be kept: half a second of the machine for a minute of the launch, in which all that is due
// in it is asked for and recorded.
const maxSpeed = 120

// tooFast is the complaint about a speed that cannot be kept, or leads nowhere.
func tooFast(speed float64) error {
	return usage("--speed %v: want %v to %d, the fastest at which every minute is still read", speed, minSpeed, maxSpeed)
}

func (p *process) rehearse(ctx context.Context, o rehearsal, l *look) error {
	if !o.headless {
		if err := p.needsTerminal("--headless"); err != nil {
			return err
		}
	}
	var told *outside
	if o.notify {
		c, err := p.receiversOf(o.config)
		if err != nil {
			return err
		}
		told = &outside{config: func() *config { return c }, env: p.env, rehearsal: true}
	}
	r, closing, err := p.rehearsalRoom(o, p.who(l))
	if err != nil {
		return err
	}
	r.outside, r.metrics = told, o.metrics
	switch err = p.furnish(r, o.config); {
	case err != nil:
	case !o.headless:
		err = p.show(ctx, r, tui.Rehearsal, l)
	default:
		if r.earlier, err = earlierLaunch(ctx, l.previous); err == nil {
			err = p.headlessFor(ctx, r, o.duration)
		}
	}
	if err = closing(err); err == nil {
		p.printf("The rehearsal is recorded. Look at it again with: warroom replay %s\n", r.tape.Path())
	}
	return err
}

// furnish gives a rehearsal what the config says of rooms as such: its keys, the rules by which it judges, its runbooks, and
// what two people are wanted for.
// What it says of a launch and of an account is not rehearsed.
func (p *process) furnish(r *room, asked string) error {
	c, err := p.configFor(asked, "keys, rules, runbooks and the two-person rule are")
	if c == nil || err != nil {
		return err
	}
	r.keys, r.runbooks, r.twoPeople = c.Keys, c.runbooks(), c.twoPeople()
	r.rules = func() (*alerts.Rules, error) { return c.rules, nil }
	return nil
}

// headlessFor runs the room for d of launch time, or until told to stop.
func (p *process) headlessFor(ctx context.Context, r *room, d time.Duration) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if d > 0 {
		go func() { _ = r.clock.Sleep(ctx, d); stop() }()
	}
	return p.headless(ctx, r)
}

// rehearsalRoom begins a rehearsal, or goes on with the one that the recording holds.
func (p *process) rehearsalRoom(o rehearsal, operator string) (*room, func(error) error, error) {
	tape, meta, err := p.rehearsalTape(o)
	if err != nil {
		return nil, nil, err
	}
	clock := launchClock(meta.Clock)
	r := &room{
		tape: tape, meta: meta, clock: clock, holder: p.holder(operator),
		advanced: func() {}, say: func(string) {}, notice: func(string) {},
	}
	r.open, r.writes = r.simulated, r.rehearsalWrites
	return r, closeAfter(tape), nil
}

func (p *process) rehearsalTape(o rehearsal) (*recording.File, recording.Meta, error) {
	if o.file != "" {
		if _, err := os.Stat(o.file); err == nil {
			return resumeRehearsal(o)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, recording.Meta{}, fmt.Errorf("open the recording: %w", err)
		}
	}
	meta, err := p.newRehearsal(o)
	if err != nil {
		return nil, meta, err
	}
	path := o.file
	if path == "" {
		folder, err := os.MkdirTemp("", "warroom-")
		if err != nil {
			return nil, meta, fmt.Errorf("make a folder for the recording: %w", err)
		}
		path = filepath.Join(folder, fileName(meta.Launch.Name)+".warroom")
	}
	tape, err := openTape(path, meta)
	return tape, meta, err
}

// resumeRehearsal opens a rehearsal that has begun: its scenario, seed and clock go on.
func resumeRehearsal(o rehearsal) (*recording.File, recording.Meta, error) {
	tape, err := recording.Open(o.file)
	if err != nil {
		return nil, recording.Meta{}, err
	}
	meta, err := tape.Meta(context.Background())
	if err == nil {
		err = o.fits(meta)
	}
	if err != nil {
		return nil, meta, errors.Join(err, tape.Close())
	}
	return tape, meta, nil
}

// fits tells why a recording cannot go on as the flags ask, nil if it can.
func (o *rehearsal) fits(m recording.Meta) error {
	switch {
	case m.Rehearsal == "":
		return usage("%s is the recording of a real launch; a rehearsal needs a file of its own", o.file)
	case o.scenario != "" && o.scenario != m.Rehearsal && lasting(o.scenario) != m.Rehearsal:
		return usage("%s goes on with the scenario %s; name another file for %s", o.file, m.Rehearsal, o.scenario)
	case o.speed != 0 && o.speed != m.Clock.Speed:
		return usage("%s goes on at the speed %g, at which it was begun; leave --speed out or name another file", o.file, m.Clock.Speed)
	case o.seeded && o.seed != m.Seed:
		return usage("%s goes on with the seed %d; leave --seed out or name another file", o.file, m.Seed)
	}
	return nil
}

// newRehearsal describes the launch of a scenario as a config would: its resources are those that the
// simulated account has.
func (p *process) newRehearsal(o rehearsal) (recording.Meta, error) {
	if o.scenario == "" {
		o.scenario = simulator.Scenarios()[0]
	}
	sc, err := loadScenario(o.scenario)
	if err != nil {
		return recording.Meta{}, &exit{code: exitUsage, cause: err}
	}
	launch, err := simulator.New(sc, o.seed)
	if err != nil {
		return recording.Meta{}, &exit{code: exitUsage, cause: err}
	}
	speed := o.speed
	if speed == 0 {
		speed = sc.Speed
	}
	if speed > maxSpeed {
		return recording.Meta{}, tooFast(speed)
	}
	return recording.Meta{
		Launch:      scripted(sc),
		Environment: "REHEARSAL",
		Resources:   simulatedResources(launch.State()),
		Clock:       recording.ClockOrigin{Origin: sc.StartTime(), Base: p.now(), Speed: speed},
		Rehearsal:   lasting(o.scenario),
		Seed:        o.seed,
	}, nil
}
