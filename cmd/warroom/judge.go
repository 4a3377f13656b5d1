package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"warroom/alerts"
	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/query"
	"warroom/sources/recording"
)

// judgeTurn is how often it is looked whether there is anything new to judge, and how often rules are judged by the clock
// alone, on the machine's clock.
const (
	judgeTurn = time.Second
	judgeIdle = 10 * time.Second
)

// judging evaluates the rules on what the recording holds, for as long as this process collects, and records what alerts
// go through. What it has decided is recorded before anything else is decided.
type judging struct {
	room    *room
	lease   *recording.Lease
	rules   *alerts.Rules
	launch  sources.Launch
	judge   *alerts.Judge
	window  *sources.Window
	deriver *query.Deriver
	mark    recording.Mark
	last    time.Time        // when it judged, machine clock
	waiting []sources.Change // decided, but not recorded yet
	hands   *runbooks.Hands  // none that could act: they offer what was done shortly before an alert to be taken back
	fired   []alerts.Transition
	acts    []sources.Change // of our own actions
	marked  *sources.Launch  // the launch as the judge has it, with the marks that these make
	sight   *alerts.Sight
}

// newJudging is a judging that has not begun. Close its hands.
func newJudging(r *room, lease *recording.Lease) *judging {
	return &judging{room: r, lease: lease, sight: alerts.NewSight(r.described().Clock.Speed), hands: runbooks.NewHands(runbooks.Options{
		Journal: r.tape, Clock: r.clock, Now: machineNow, Operator: "alerts", Process: r.holder,
	})}
}

// judges runs the step of judging until ctx ends. What keeps it from judging is given notice of while it lasts.
func (r *room) judges(ctx context.Context, lease *recording.Lease) {
	j := newJudging(r, lease)
	defer j.hands.Close()
	defer r.hold(ofJudging, "")
	for {
		err, notice := j.turn(ctx), ""
		if ctx.Err() != nil || errors.Is(err, recording.ErrLeaseLost) {
			return
		}
		if err != nil {
			notice = "alerts are not judged, trying again: " + reason(err)
		}
		r.hold(ofJudging, notice)
		if !pause(ctx, judgeTurn) {
			return
		}
	}
}

// turn judges what is new. What waits is recorded first: a judge that is made anew goes on from what the recording has.
func (j *judging) turn(ctx context.Context) error {
	if err := j.record(ctx); err != nil {
		return err
	}
	if err := j.prepare(ctx); err != nil {
		return err
	}
	batch, mark, err := j.room.tape.Since(ctx, j.mark)
	if err != nil {
		return err
	}
	j.mark = mark
	j.sight.See(batch.Samples)
	j.act(batch.Changes)
	now := machineNow()
	at := j.room.clock.Now()
	if !j.window.Apply(batch) && now.Sub(j.last) < judgeIdle {
		return nil
	}
	if j.last = now; j.sight.Blind(at) {
		j.last = time.Time{} // what is read meanwhile is judged as soon as the room sees
	}
	found, err := j.judge.Judge(ctx, j.deriver.View(j.window, sources.Cursor{At: at}))
	if err != nil {
		return err
	}
	return errors.Join(j.decide(found), j.record(ctx))
}

// decide has what the judge found wait to be recorded. One that cannot be written down keeps no other from being.
func (j *judging) decide(found []alerts.Transition) error {
	var wrong []error
	for i := range found {
		c, err := found[i].Change()
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		j.waiting = append(j.waiting, c)
		if found[i].Page && found[i].To == alerts.Firing {
			j.fired = append(j.fired, found[i])
		}
	}
	return errors.Join(wrong...)
}

// act takes in what was done from the room.
func (j *judging) act(changes []sources.Change) {
	before := len(j.acts)
	for i := range changes {
		if changes[i].Kind == runbooks.ChangeAction {
			j.acts = append(j.acts, changes[i])
		}
	}
	if len(j.acts) > before {
		*j.marked = acted(j.launch, j.acts)
	}
}

// offer has what was done shortly before the trouble of an alert began offered to be taken back. Where that cannot be read it
// is tried again with the next turn, for as long as an offer would stand; alerts are judged all the same.
func (j *judging) offer(ctx context.Context) {
	for len(j.fired) > 0 {
		t := &j.fired[0]
		began := t.Since
		if began.IsZero() {
			began = t.At
		}
		_, err := j.hands.Alarm(ctx, t.Rule+" fires", began)
		if err != nil && j.room.clock.Now().Sub(t.At) < runbooks.StopFor {
			return
		}
		j.fired = j.fired[1:]
	}
}

// prepare makes the judge, anew when the rules or the launch have changed, and reads what it looks back on.
func (j *judging) prepare(ctx context.Context) error {
	rules, err := j.room.judgedBy()
	if err != nil {
		return err
	}
	launch := j.room.described().Launch
	if j.judge != nil && rules.Same(j.rules) && reflect.DeepEqual(launch, j.launch) {
		return nil
	}
	marked := launch
	judge, err := alerts.NewJudge(rules, &marked)
	if err != nil {
		return err
	}
	past, err := j.room.tape.Changes(ctx, time.Time{}, time.Time{}, time.Time{})
	if err != nil {
		return fmt.Errorf("read how the alerts stand: %w", err)
	}
	judge.Compare(j.room.earlier)
	judge.Watch(j.sight)
	judge.Restore(past)
	j.acts = nil
	if j.window == nil {
		batch, mark, err := j.room.tape.Load(ctx, j.room.clock.Now().Add(-alerts.Lookback), time.Time{}, time.Time{})
		if err != nil && !errors.Is(err, recording.ErrDamaged) {
			return err
		}
		j.window, j.deriver, j.mark = sources.NewWindow(alerts.Lookback), query.NewDeriver(), mark
		j.sight.See(batch.Samples)
		j.window.Apply(batch)
	}
	j.rules, j.launch, j.marked, j.judge = rules, launch, &marked, judge
	j.act(past)
	return nil
}

// record appends what has been decided. What cannot be recorded now waits: nothing is decided meanwhile, and the same
// transition is recorded once only.
func (j *judging) record(ctx context.Context) error {
	if len(j.waiting) > 0 {
		reading := sources.Reading{Source: sources.RoomService, At: j.room.clock.Now(), Batch: sources.Batch{Changes: j.waiting}}
		if err := j.lease.Append(ctx, reading); err != nil {
			return fmt.Errorf("what alerts went through is not recorded: %w", err)
		}
		j.waiting = nil
		j.room.advanced()
	}
	j.offer(ctx)
	return nil
}

// judgedBy are the rules that hold: those of the house, where the room was given no others.
func (r *room) judgedBy() (*alerts.Rules, error) {
	if r.rules != nil {
		return r.rules()
	}
	return houseRules()
}

// ruleNames are those of the rules that hold, which people may silence before any of them fires.
func (r *room) ruleNames() []string {
	rules, err := r.judgedBy()
	if err != nil {
		return nil // it is told by who judges
	}
	return rules.Names()
}

// houseRules are read once.
var houseRules = sync.OnceValues(alerts.House)
