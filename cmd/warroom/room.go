package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"warroom/alerts"
	"warroom/runbooks"
	"warroom/runbooks/awswrite"
	"warroom/sources"
	"warroom/sources/query"
	"warroom/sources/recording"
)

// room is one process on one recording: it collects into it while it holds the lease, and watches it
// while another process does.
//
//	collect  ask every source that is due        poller, into the writer
//	record   append what came to the recording   writer, on behalf of the lease
//	judge    evaluate the rules on it, at now    judges, which records what alerts go through
//	tell     say it outside of the room          notifier, which reads the recording, too
//	show     say that there is something new     advanced; each screen reads the recording by itself
type room struct {
	tape      *recording.File
	meta      recording.Meta // what this process would have the recording say about itself
	clock     sources.Clock  // the launch clock
	holder    string         // who we are to the lease
	open      opener
	writes    func(context.Context) (awswrite.Options, error) // what the hands may change, and where; nil: nothing
	rules     func() (*alerts.Rules, error)                   // by which alerts are judged, the same ones until they change; nil: those of the house
	bell      string                                          // how a new page is told, as the config says; "" for auto
	outside   *outside                                        // who is told of alerts outside of the room; nil: nobody
	metrics   string                                          // address at which the metrics are served, "" for nowhere
	keys      map[string]string                               // rebindings of the config
	twoPeople []runbooks.Rule                                 // what a rehearsal wants a second operator for
	runbooks  []string                                        // files and folders of runbooks beside those of the house
	earlier   *query.Earlier                                  // the launch to compare with, nil for none
	remarks   []string                                        // odd, but allowed: told once collecting begins
	config    *watchedConfig                                  // reloaded while collecting; nil where there is none
	advanced  func()                                          // told after every append, of this process and of others
	say       func(string)                                    // told one line for people
	notice    func(string)                                    // told what people must know for as long as it holds; "" when it no longer does

	writer atomic.Pointer[recording.Writer] // while this process collects, else nil

	describing sync.Mutex // over meta, which a reload replaces while others read it

	holding sync.Mutex     // over holds, and over the order in which they are told
	holds   [causes]string // what there is notice of, see hold
}

// opener makes the sources of what is to be watched; release lets go of what they need.
type opener func(context.Context, []sources.Resource) (srcs []sources.Source, release func(), err error)

const (
	leaseTTL    = 6 * time.Second        // how long a dead collector is waited for
	leaseTurn   = leaseTTL / 3           // how often a lease is renewed, or asked for
	noticeTurn  = 500 * time.Millisecond // how often it is looked whether the recording can be written
	followTurn  = 500 * time.Millisecond // how often the recording is looked at for what others wrote
	retryWrites = time.Second            // after a write that failed
	lastAppends = 5 * time.Second        // granted to the disk for what was read when the room is closed
	maxWaiting  = 50_000                 // samples that wait for the disk, 500 series over some 100 minutes
)

// run is the loop. It ends with ctx, or with what makes going on pointless.
func (r *room) run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	var following sync.WaitGroup
	defer following.Wait()
	defer stop(nil)
	following.Go(ending(stop, func() { r.follow(ctx) }))
	following.Go(ending(stop, func() { r.expose(ctx) }))
	for {
		lease, before, err := r.lead(ctx)
		if ctx.Err() != nil {
			return panicked(ctx)
		}
		if err == nil {
			err = guarded(func() error { return r.collect(ctx, lease, before) })
		}
		if err != nil {
			return err
		}
	}
}

// watchesOnly tells whether another process collects at this moment.
func (r *room) watchesOnly(ctx context.Context) bool {
	held, _, err := r.tape.Holder(ctx)
	return err == nil && held != ""
}

// lead waits until the recording's lease is ours, and tells who had it before, if it had to wait. Until then
// this process is a viewer.
func (r *room) lead(ctx context.Context) (lease *recording.Lease, before string, err error) {
	noticed := false
	defer func() {
		if noticed {
			r.hold(ofLease, "")
		}
	}()
	for {
		lease, err = r.tape.Acquire(ctx, r.holder, leaseTTL)
		held, viewer := errors.AsType[*recording.HeldError](err)
		switch {
		case err == nil:
			return lease, before, nil
		case !viewer && before == "":
			return nil, "", err
		case !viewer:
			noticed = true
			r.hold(ofLease, "nobody collects: "+err.Error())
		case before != held.Holder:
			before = held.Holder
			r.say(fmt.Sprintf("viewer: %s collects for this recording; this process takes over when it stops", before))
		}
		if !pause(ctx, leaseTurn) {
			return nil, "", ctx.Err()
		}
	}
}

// collect polls and records until ctx ends or the lease is lost. What was read by then is still recorded.
func (r *room) collect(ctx context.Context, lease *recording.Lease, before string) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	srcs, release, err := r.prepare(ctx)
	if err != nil && ctx.Err() != nil { // it was left before it had begun
		return errors.Join(panicked(ctx), lease.Release(context.WithoutCancel(ctx)))
	}
	if err != nil {
		return errors.Join(err, lease.Release(context.WithoutCancel(ctx)))
	}
	writer := recording.NewWriter(lease, maxWaiting, retryWrites)
	r.writer.Store(writer)
	defer r.writer.Store(nil)
	poller := sources.NewPoller(r.clock, writer.Offer, srcs...)
	r.introduce(ctx, before)
	var polling, writing sync.WaitGroup
	lost := false
	polling.Go(ending(stop, func() { _ = poller.Run(ctx) })) // it ends with ctx only
	polling.Go(ending(stop, func() { lost = r.keep(ctx, lease); stop(nil) }))
	polling.Go(ending(stop, func() { r.judges(ctx, lease) }))
	polling.Go(ending(stop, func() { r.notifies(ctx, lease) }))
	polling.Go(ending(stop, func() { r.warn(ctx, writer) }))
	polling.Go(ending(stop, func() { r.reload(ctx, poller, &release) }))
	written, end := context.WithCancel(context.WithoutCancel(ctx))
	writing.Go(ending(stop, func() { err = writer.Run(written, lastAppends, r.advanced) }))
	polling.Wait()
	end()
	writing.Wait()
	release()
	if lost || errors.Is(err, recording.ErrLeaseLost) {
		return panicked(ctx) // who took it over asks AWS for the same
	}
	r.fact(ctx, "")
	return errors.Join(panicked(ctx), err, lease.Release(context.WithoutCancel(ctx)))
}

// prepare says in the recording what is watched, and opens its sources.
func (r *room) prepare(ctx context.Context) ([]sources.Source, func(), error) {
	meta := r.described()
	if err := r.declare(ctx, meta, r.wantsTwo()); err != nil {
		return nil, nil, err
	}
	return r.open(ctx, meta.Resources)
}

// declare says in the recording what is watched, and for what the house wants two people: it holds for all who act from it.
func (r *room) declare(ctx context.Context, meta recording.Meta, rules []runbooks.Rule) error {
	if err := r.tape.SetMeta(ctx, meta); err != nil {
		return err
	}
	return runbooks.Declare(ctx, r.tape, r.clock, r.holder, rules)
}

// described is what this process would have the recording say now.
func (r *room) described() recording.Meta {
	r.describing.Lock()
	defer r.describing.Unlock()
	return r.meta
}

func (r *room) describe(m recording.Meta) {
	r.describing.Lock()
	defer r.describing.Unlock()
	r.meta = m
}

// keep renews the lease until ctx ends or the lease is lost, which it tells.
func (r *room) keep(ctx context.Context, lease *recording.Lease) (lost bool) {
	for pause(ctx, leaseTurn) {
		if errors.Is(lease.Renew(ctx), recording.ErrLeaseLost) {
			r.say("another process took the lease over: this process is a viewer now")
			return true
		}
	}
	return false
}

// warn gives notice for as long as the recording cannot be written.
func (r *room) warn(ctx context.Context, writer *recording.Writer) {
	for pause(ctx, noticeTurn) {
		now := ""
		if err := writer.Err(); err != nil {
			now = "not recorded, trying again: " + err.Error()
		}
		r.hold(ofWriting, now)
	}
	r.hold(ofWriting, "")
}

// cause is what a notice is of. What several have to say stands together, in this order.
type cause int

const (
	ofWriting cause = iota
	ofLease
	ofConfig
	ofJudging
	ofReceivers
	ofMetrics
	causes
)

// hold gives notice of something for as long as it lasts; "" when it no longer does.
func (r *room) hold(c cause, text string) {
	r.holding.Lock()
	defer r.holding.Unlock()
	if r.holds[c] == text {
		return
	}
	r.holds[c] = text
	texts := slices.DeleteFunc(slices.Clone(r.holds[:]), func(s string) bool { return s == "" })
	r.notice(strings.Join(texts, "; "))
}

// follow tells the screen when something new stands in the recording, whoever wrote it.
func (r *room) follow(ctx context.Context) {
	last, _ := r.tape.End(ctx)
	for pause(ctx, followTurn) {
		if end, err := r.tape.End(ctx); err == nil && end != last {
			last = end
			r.advanced()
		}
	}
}

// pause waits for d of the machine's time, and tells whether ctx let it.
func pause(ctx context.Context, d time.Duration) bool {
	return sources.RunningClock{}.Sleep(ctx, d) == nil
}

// machineNow is the machine's time.
func machineNow() time.Time { return sources.RunningClock{}.Now() }
