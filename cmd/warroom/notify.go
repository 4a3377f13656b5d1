package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"warroom/alerts"
	"warroom/alerts/receiver"
	"warroom/sources"
	"warroom/sources/recording"
)

// outside is who is told of alerts outside of the room, and where their secrets come from.
type outside struct {
	config    func() *config // as it is now
	env       func(string) string
	rehearsal bool // asked for in a rehearsal: every message says what it is
	running   atomic.Pointer[alerts.Notifier]

	mu    sync.Mutex
	lines map[string]string // by receiver: what there is notice of
	told  func(notice string)
}

// receiversTurn is how often it is looked whether the receivers are others, or can be opened that could not be.
const receiversTurn = time.Second

// notifies tells receivers outside of the room of alerts, for as long as this process collects. A changed config is taken
// over at once: what one receiver was told, and what not, stands in the recording.
func (r *room) notifies(ctx context.Context, lease *recording.Lease) {
	if r.outside == nil {
		return
	}
	defer r.hold(ofReceivers, "")
	for ctx.Err() == nil {
		r.notify(ctx, lease, r.outside.config())
	}
}

// notify tells the receivers of one config, until they are others or ctx ends.
func (r *room) notify(ctx context.Context, lease *recording.Lease, c *config) {
	receivers, wrong := c.receivers(r.outside.env)
	r.outside.begin(wrong, func(notice string) { r.hold(ofReceivers, notice) })
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var following sync.WaitGroup
	following.Go(func() {
		defer stop()
		for pause(ctx, receiversTurn) {
			now, still := r.outside.config(), wrong
			if len(wrong) > 0 {
				_, still = now.receivers(r.outside.env)
			}
			if !slices.Equal(now.Alerts.Receivers, c.Alerts.Receivers) || len(still) != len(wrong) {
				return
			}
		}
	})
	n := alerts.NewNotifier(r.notifierOptions(lease, receivers))
	r.outside.running.Store(n)
	n.Run(ctx)
	r.outside.running.Store(nil)
	following.Wait()
}

func (r *room) notifierOptions(lease *recording.Lease, receivers []alerts.Receiver) alerts.NotifierOptions {
	meta := r.described()
	var mark recording.Mark
	return alerts.NotifierOptions{
		Journal: lease, Receivers: receivers, Clock: r.clock, Machine: machineTime(meta.Clock),
		Launch: meta.Launch, Environment: meta.Environment, Rehearsal: r.outside.rehearsal,
		News: func(ctx context.Context) (changes []sources.Change, err error) {
			changes, mark, err = r.tape.ChangesSince(ctx, mark)
			return changes, err
		},
		Told: r.outside.tell,
	}
}

// begin forgets what was told of other receivers, and begins with those that cannot be opened. What there is notice of goes
// to told, here and whenever it changes.
func (o *outside) begin(wrong []error, told func(notice string)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lines, o.told = map[string]string{}, told
	for i, err := range wrong {
		o.lines[fmt.Sprintf(" %d", i)] = "no alerts out: " + err.Error()
	}
	o.notice()
}

// tell takes what there is to say of a receiver, "" where there is nothing any more.
func (o *outside) tell(receiver, line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if line == "" {
		delete(o.lines, receiver)
	} else {
		o.lines[receiver] = line
	}
	o.notice()
}

// notice gives notice of how those receivers are that take nothing. Of several it names all before it says what is the matter
// with each: a narrow screen ends somewhere behind that. The lock is held: of two who tell at once the later word is the last
// one.
func (o *outside) notice() {
	const begins = "no alerts to "
	var names, lines []string
	for _, name := range slices.Sorted(maps.Keys(o.lines)) {
		lines = append(lines, o.lines[name])
		if strings.HasPrefix(o.lines[name], begins+name) {
			names = append(names, name)
		}
	}
	if len(names) < 2 {
		o.told(strings.Join(lines, "; "))
		return
	}
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], begins)
	}
	o.told(begins + strings.Join(names, ", ") + ": " + strings.Join(lines, "; "))
}

// machineTime is when a moment of a launch clock was, or will be, on the machine's.
func machineTime(o recording.ClockOrigin) func(time.Time) time.Time {
	if o.Speed == 0 {
		return func(t time.Time) time.Time { return t }
	}
	return func(t time.Time) time.Time { return o.Base.Add(time.Duration(float64(t.Sub(o.Origin)) / o.Speed)) }
}

// receiversOf is the config whose receivers a rehearsal tells, if it is asked to.
func (p *process) receiversOf(asked string) (*config, error) {
	path, err := p.findConfig(asked)
	if err != nil {
		return nil, err
	}
	c, err := loadConfig(path)
	if err != nil {
		return nil, err
	}
	if len(c.Alerts.Receivers) == 0 {
		return nil, usage("--notify: %s names no receivers (alerts: {receivers: [...]})", path)
	}
	return c, nil
}

const notifyLong = `List whom alerts go to outside of the room, or send a test to one of them.

The receivers stand in the config. Each has a name, and says where it is by one of

  webhook:       a URL to which messages are posted as JSON
  url:           a URL of shoutrrr: slack://, teams://, pagerduty://, smtp:// ... (see https://shoutrrr.nickfedor.com)
  alertmanager:  the URL of a Prometheus Alertmanager, spoken to by its v2 API
  url_file:      a file with the URL; kind: says which of the three it is, url if it is not said

${NAME} in a URL is that variable of the environment. No URL is ever shown beyond its scheme and host, nor recorded.
Pages go to all of them, and word of their end; severity: warn, or info, asks for less urgent ones, too.

  alerts:
    receivers:
      - {name: pager, url: "pagerduty://events.pagerduty.com/${PAGERDUTY_KEY}"}
      - {name: chat, url: "slack://${SLACK_TOKEN}@C0123456789", severity: warn}
      - {name: prometheus, alertmanager: "http://127.0.0.1:9093"}
      - {name: hook, url_file: /run/secrets/hook, kind: webhook}`

func (p *process) notifyCommand() *cobra.Command {
	var path, test string
	c := &cobra.Command{
		Use:     "notify",
		Short:   "List whom alerts go to outside of the room, or send a test to one",
		Long:    notifyLong,
		Example: "  warroom notify\n  warroom notify --test pager",
		Args:    noArguments,

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, _ []string) error {
			found, err := p.findConfig(path)
			if err != nil {
				return err
			}
			read, err := loadConfig(found)
			switch {
			case err != nil:
				return err
			case c.Flags().Changed("test"):
				return p.tryReceiver(c.Context(), read, test)
			}
			return p.listReceivers(read)
		},
	}
	configFlag(c, &path)
	c.Flags().StringVar(&test, "test", "", "send a message to this receiver that says that it is a test")
	_ = c.RegisterFlagCompletionFunc("test", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		found, err := p.findConfig(path)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		read, err := loadConfig(found)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return read.receiverNames(), cobra.ShellCompDirectiveNoFileComp
	})
	return c
}

func (c *config) receiverNames() (names []string) {
	for _, r := range c.Alerts.Receivers {
		names = append(names, r.Name)
	}
	return names
}

func (p *process) listReceivers(c *config) error {
	if len(c.Alerts.Receivers) == 0 {
		p.printf("%s names no receivers; see warroom notify --help\n", c.path)
		return nil
	}
	var errs []error
	for i := range c.Alerts.Receivers {
		r := &c.Alerts.Receivers[i]
		address, _ := r.address(c, p.env) // what is wrong with it, opening the receiver says, with its name
		_, err := r.open(c, p.env)
		p.printf("%-14s %-13s %-28s %s\n", r.Name, string(r.kind()), receiver.Where(r.kind(), address), from(r.Severity))
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// from is a severity and all that are worse.
func from(s alerts.Severity) string {
	if s == alerts.Page {
		return "pages"
	}
	return string(s) + " and worse"
}

// tryReceiver sends a test, and says whether it was taken.
func (p *process) tryReceiver(ctx context.Context, c *config, name string) error {
	i := slices.Index(c.receiverNames(), name)
	if i < 0 {
		return usage("no receiver is called %q%s (known: %s)", name, sources.MeantHint(name, c.receiverNames()), strings.Join(c.receiverNames(), ", "))
	}
	r, err := c.Alerts.Receivers[i].open(c, p.env)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	if err := r.Sender.Send(ctx, alerts.TrialMessage(c.Launch.Name, c.Environment, p.now())); err != nil {
		return fmt.Errorf("receiver %s did not take the test: %w", name, err)
	}
	p.printf("%s has taken the test\n", name)
	return nil
}

// tryFor is how long an answer to a test is waited for.
const tryFor = 15 * time.Second
