package alerts_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"warroom/alerts"
	"warroom/sources"
	"warroom/sources/recording"
)

var (
	evening = time.Date(2026, 3, 1, 19, 15, 0, 0, time.UTC)
	prod    = sources.Ref{Service: "alb", Name: "prod"}
	lottery = sources.Ref{Service: "aurora", Name: "lottery"}
)

// hasty are the limits of the tests: nothing in them is worth waiting for.
var hasty = alerts.Limits{
	Look: 2 * time.Millisecond, Attempt: 5 * time.Second, First: 2 * time.Millisecond, Most: 10 * time.Millisecond,
	Leave: time.Millisecond,
}

// evenings is a launch clock that stands until it is set.
type evenings struct{ at atomic.Int64 }

func (c *evenings) Now() time.Time { return evening.Add(time.Duration(c.at.Load())) }
func (c *evenings) Sleep(ctx context.Context, _ time.Duration) error {
	<-ctx.Done()
	return ctx.Err()
}

// stage is a recording with somebody who tells receivers of what stands in it.
type stage struct {
	t     *testing.T
	tape  *recording.File
	clock *evenings
}

func newStage(t *testing.T) *stage {
	t.Helper()
	tape, err := recording.Create(filepath.Join(t.TempDir(), "launch.warroom"), recording.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tape.Close() })
	return &stage{t: t, tape: tape, clock: &evenings{}}
}

// given records changes.
func (s *stage) given(changes ...sources.Change) {
	s.t.Helper()
	for _, c := range changes {
		if _, err := s.tape.AppendChange(context.Background(), c); err != nil {
			s.t.Fatal(err)
		}
	}
}

// became is an alert that goes to a state at a minute of the evening.
func became(rule string, about sources.Ref, to alerts.State, minute int, how ...func(*alerts.Transition)) sources.Change {
	at := evening.Add(time.Duration(minute) * time.Minute)
	from := alerts.Firing
	switch to {
	case alerts.Pending:
		from = alerts.Inactive
	case alerts.Firing:
		from = alerts.Pending
	}
	t := alerts.Transition{
		Key: alerts.Key(rule, about, nil), Rule: rule, Resource: about, Severity: alerts.Page, From: from, To: to,
		At: at, Step: at, Since: at.Add(-2 * time.Minute), Summary: "1.9 % of the responses are 5xx", Runbook: "origin-errors",
		Words: "alb_error_ratio > 0.01", Page: to == alerts.Firing,
	}
	for _, f := range how {
		f(&t)
	}
	c, err := t.Change()
	if err != nil {
		panic(err)
	}
	return c
}

func warns(t *alerts.Transition)   { t.Severity, t.Page = alerts.Warn, false }
func isRoot(t *alerts.Transition)  { t.Root, t.Page = true, false }
func again(t *alerts.Transition)   { t.From = alerts.Inactive }
func unpaged(t *alerts.Transition) { t.Page = false }
func under(rule string, about sources.Ref) func(*alerts.Transition) {
	return func(t *alerts.Transition) { t.Under, t.Page = alerts.Key(rule, about, nil), false }
}

// phone is a receiver that keeps what it gets.
type phone struct {
	mu    sync.Mutex
	got   []alerts.Message
	tries int
	at    func(m alerts.Message) error // asked before a message is taken; nil: it is taken
}

func (p *phone) Send(ctx context.Context, m alerts.Message) error {
	p.mu.Lock()
	p.tries++
	at := p.at
	p.mu.Unlock()
	if at != nil {
		if err := at(m); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = append(p.got, m)
	return ctx.Err()
}

func (p *phone) answer(at func(m alerts.Message) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = at
}

// heard are the messages so far: "firing OriginErrors".
func (p *phone) heard() (out []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.got {
		out = append(out, fmt.Sprintf("%s %s", m.Event, m.Rule))
	}
	return out
}

// notifier is one that has not begun. It follows the recording as the room has it do.
func (s *stage) notifier(journal alerts.Journal, change func(*alerts.NotifierOptions), receivers ...alerts.Receiver) *alerts.Notifier {
	var mark recording.Mark
	o := alerts.NotifierOptions{
		Journal: journal, Receivers: receivers, Clock: s.clock, Launch: sources.Launch{Name: "Lottery"}, Limits: hasty,
		News: func(ctx context.Context) (changes []sources.Change, err error) {
			changes, mark, err = s.tape.ChangesSince(ctx, mark)
			return changes, err
		},
	}
	if change != nil {
		change(&o)
	}
	return alerts.NewNotifier(o)
}

// running runs a notifier until the test, or what it returns, ends it.
func (s *stage) running(receivers ...alerts.Receiver) (n *alerts.Notifier, stop func()) {
	s.t.Helper()
	n = s.notifier(s.tape, nil, receivers...)
	return n, s.run(n)
}

func (s *stage) run(n *alerts.Notifier) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); n.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	s.t.Cleanup(stop)
	for _, r := range n.Receivers() {
		eventually(s.t, "it has begun", func() bool { return s.introduced(r.Name) })
	}
	return stop
}

// introduced tells whether the recording says from where on the receiver is told of alerts.
func (s *stage) introduced(receiver string) bool {
	changes, _, err := s.tape.ChangesSince(context.Background(), 0)
	if err != nil {
		s.t.Error(err)
	}
	return slices.ContainsFunc(changes, func(c sources.Change) bool {
		d, ok := alerts.ReadDelivery(c)
		return ok && d.Receiver == receiver && d.Transition == ""
	})
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

func hears(t *testing.T, p *phone, want ...string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("heard %q", p.heard())
		}
	}()
	eventually(t, fmt.Sprintf("%q", want), func() bool { return slices.Equal(p.heard(), want) })
}

// quiet waits for what is not to come: many looks at the recording.
func quiet(t *testing.T, p *phone, want ...string) {
	t.Helper()
	time.Sleep(30 * hasty.Look)
	if got := p.heard(); !slices.Equal(got, want) {
		t.Fatalf("heard %q, want %q", got, want)
	}
}

func TestAPageAndItsEndGoOut(t *testing.T) {
	t.Parallel()
	s, p := newStage(t), &phone{}
	s.running(alerts.Receiver{Name: "pager", Sender: p})
	s.given(became("OriginErrors", prod, alerts.Pending, 1), became("OriginErrors", prod, alerts.Firing, 3))
	hears(t, p, "firing OriginErrors")
	s.given(became("OriginErrors", prod, alerts.Recovering, 8, unpaged))
	s.given(became("OriginErrors", prod, alerts.Firing, 9, unpaged, func(t *alerts.Transition) { t.From = alerts.Recovering }))
	s.given(became("OriginErrors", prod, alerts.NoData, 10, unpaged))
	quiet(t, p, "firing OriginErrors")
	s.given(became("OriginErrors", prod, alerts.Resolved, 12, unpaged))
	hears(t, p, "firing OriginErrors", "resolved OriginErrors")
	over := p.got[1]
	if !over.Began.Equal(evening.Add(3*time.Minute)) || !over.Ended.Equal(evening.Add(12*time.Minute)) {
		t.Errorf("it lasted from %v to %v", over.Began, over.Ended)
	}
}

func TestAWarningGoesToWhoAsksForIt(t *testing.T) {
	t.Parallel()
	s, pager, chat := newStage(t), &phone{}, &phone{}
	s.running(alerts.Receiver{Name: "pager", Sender: pager}, alerts.Receiver{Name: "chat", Severity: alerts.Warn, Sender: chat})
	s.given(became("CacheMisses", prod, alerts.Firing, 3, warns), became("OriginErrors", prod, alerts.Firing, 4))
	s.given(became("Waiting", prod, alerts.Firing, 5, warns, func(t *alerts.Transition) { t.Severity = alerts.Info }))
	s.given(became("CacheMisses", prod, alerts.Resolved, 6, warns))
	hears(t, chat, "firing CacheMisses", "firing OriginErrors", "resolved CacheMisses")
	quiet(t, pager, "firing OriginErrors")
}

func TestASilencedAlertWaits(t *testing.T) {
	t.Parallel()
	s, p := newStage(t), &phone{}
	s.running(alerts.Receiver{Name: "pager", Sender: p})
	quietFor := func(rule string, minutes int) sources.Change {
		c, err := alerts.Response{Did: alerts.Silenced, Rule: rule, Until: evening.Add(time.Duration(minutes) * time.Minute), Why: "known"}.
			Change("mia", evening, sources.Ref{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	s.given(quietFor("OriginErrors", 30), quietFor("Deadlocks", 30))
	s.clock.at.Store(int64(3 * time.Minute))
	s.given(became("OriginErrors", prod, alerts.Firing, 3), became("Deadlocks", lottery, alerts.Firing, 3))
	s.given(became("Deadlocks", lottery, alerts.Resolved, 20, unpaged))
	quiet(t, p)
	s.clock.at.Store(int64(30 * time.Minute))
	hears(t, p, "firing OriginErrors") // it still fires; the other one came and went in the quiet
	s.given(quietFor("OriginErrors", 60), became("OriginErrors", prod, alerts.Resolved, 40, unpaged))
	hears(t, p, "firing OriginErrors", "resolved OriginErrors") // who was woken may go to sleep
}

func TestARootIsNewsToWhoHadThePage(t *testing.T) {
	t.Parallel()
	s, p := newStage(t), &phone{}
	s.running(alerts.Receiver{Name: "pager", Sender: p})
	s.given(became("OriginErrors", prod, alerts.Firing, 3))
	hears(t, p, "firing OriginErrors")
	s.given(
		became("OriginErrors", prod, alerts.Firing, 4, under("DatabaseFull", lottery), func(t *alerts.Transition) { t.From = alerts.Firing }),
		became("DatabaseFull", lottery, alerts.Firing, 4, isRoot))
	hears(t, p, "firing OriginErrors", "update DatabaseFull")
	m := p.got[1]
	if want := "ROOT: DatabaseFull aurora/lottery explains OriginErrors alb/prod"; m.Title() != want {
		t.Errorf("title %q, want %q", m.Title(), want)
	}
	if !strings.HasSuffix(m.Dedup(), alerts.Key("OriginErrors", prod, nil)) {
		t.Errorf("the news belongs to %q, want the incident of the page", m.Dedup())
	}
	s.given(became("OriginErrors", prod, alerts.Resolved, 9, unpaged), became("DatabaseFull", lottery, alerts.Resolved, 9, unpaged))
	hears(t, p, "firing OriginErrors", "update DatabaseFull", "resolved OriginErrors", "resolved DatabaseFull")
}

func TestADeadReceiverDelaysNobodyAndIsShown(t *testing.T) {
	t.Parallel()
	s, dead, hung, well := newStage(t), &phone{}, &phone{}, &phone{}
	refuse := func(alerts.Message) error { return errors.New("connection refused") }
	dead.answer(refuse)
	release := make(chan struct{})
	hung.answer(func(alerts.Message) error { <-release; return context.DeadlineExceeded })
	defer close(release)
	told := make(chan string, 100)
	n := s.notifier(s.tape, func(o *alerts.NotifierOptions) { o.Told = func(_, line string) { told <- line } },
		alerts.Receiver{Name: "dead", Sender: dead}, alerts.Receiver{Name: "hung", Sender: hung}, alerts.Receiver{Name: "well", Sender: well})
	stop := s.run(n)
	for i := range 20 {
		s.given(became(fmt.Sprintf("Rule%02d", i), prod, alerts.Firing, i))
	}
	eventually(t, "all arrive where somebody listens", func() bool { return len(well.heard()) == 20 })
	fact := func() string { return s.fact("dead") }
	eventually(t, "the dead one is shown", func() bool { return fact() == "failed: connection refused" })
	if line := <-told; !strings.Contains(line, "no alerts to dead since") {
		t.Errorf("told %q", line)
	}
	for _, r := range n.Receivers() {
		if want := map[string]int{"dead": 20, "hung": 20, "well": 0}[r.Name]; r.Waiting != want {
			t.Errorf("%d wait for %s, want %d", r.Waiting, r.Name, want)
		}
	}
	for i := range 20 {
		s.given(became(fmt.Sprintf("Rule%02d", i), prod, alerts.Resolved, 30+i, unpaged))
	}
	dead.answer(nil)
	eventually(t, "all is told once it listens", func() bool { return len(dead.heard()) == 40 })
	eventually(t, "it is well again", func() bool { return fact() == "" })
	dead.answer(refuse)
	s.given(became("Rule00", prod, alerts.Firing, 60, again))
	eventually(t, "it is dead again", func() bool { return fact() != "" })
	release <- struct{}{}
	stop()
	if got := fact(); got != "" {
		t.Errorf("after the notifier has gone nobody knows, yet the recording says %q", got)
	}
}

// fact is what the recording says of a receiver now.
func (s *stage) fact(receiver string) (value string) {
	b, _, err := s.tape.Load(context.Background(), time.Time{}, time.Time{}, time.Time{})
	if err != nil {
		s.t.Error(err)
	}
	for _, f := range b.Facts {
		if f.Resource == alerts.ReceiversRef && f.Name == receiver {
			value = f.Value
		}
	}
	return value
}

func TestOneAlertThatIsRefusedKeepsNoneBack(t *testing.T) {
	t.Parallel()
	s, p := newStage(t), &phone{}
	p.answer(func(m alerts.Message) error {
		if m.Rule == "Odd" {
			return &alerts.RefusedError{Status: 400, Text: "no such routing"}
		}
		return nil
	})
	s.given(became("Odd", prod, alerts.Firing, 1), became("OriginErrors", prod, alerts.Firing, 3), became("Deadlocks", lottery, alerts.Firing, 4))
	s.running(alerts.Receiver{Name: "pager", Sender: p})
	hears(t, p, "firing OriginErrors", "firing Deadlocks")
}

func TestOfAnAlertThatComesAgainTheNewestIsTold(t *testing.T) {
	t.Parallel()
	s, p := newStage(t), &phone{}
	_, stop := s.running(alerts.Receiver{Name: "pager", Sender: p})
	stop()
	for i := range 10 {
		s.given(became("OriginErrors", prod, alerts.Firing, 10*i, again), became("OriginErrors", prod, alerts.Resolved, 10*i+5, unpaged))
	}
	s.given(became("OriginErrors", prod, alerts.Firing, 200, again))
	s.running(alerts.Receiver{Name: "pager", Sender: p})
	hears(t, p, "firing OriginErrors")
	if !p.got[0].Began.Equal(evening.Add(200 * time.Minute)) {
		t.Errorf("it is the one that began at %v", p.got[0].Began)
	}
	p.answer(func(alerts.Message) error { return errors.New("dead") })
	s.given(became("OriginErrors", prod, alerts.Resolved, 201, unpaged), became("OriginErrors", prod, alerts.Pending, 202))
	s.given(became("OriginErrors", prod, alerts.Inactive, 203, unpaged))
	p.answer(nil)
	hears(t, p, "firing OriginErrors", "resolved OriginErrors") // although it has been pending since
}

func TestANewReceiverHearsWhatIsOpen(t *testing.T) {
	t.Parallel()
	s, p, q := newStage(t), &phone{}, &phone{}
	_, stop := s.running(alerts.Receiver{Name: "pager", Sender: p})
	s.given(became("Deadlocks", lottery, alerts.Firing, 1), became("Deadlocks", lottery, alerts.Resolved, 5, unpaged))
	hears(t, p, "firing Deadlocks", "resolved Deadlocks")
	s.given(became("OriginErrors", prod, alerts.Firing, 3))
	hears(t, p, "firing Deadlocks", "resolved Deadlocks", "firing OriginErrors")
	stop()
	s.running(alerts.Receiver{Name: "pager", Sender: p}, alerts.Receiver{Name: "late", Sender: q})
	hears(t, q, "firing OriginErrors")
	quiet(t, p, "firing Deadlocks", "resolved Deadlocks", "firing OriginErrors") // and nobody hears anything twice
}

func TestEveryMessageOfARehearsalSaysSo(t *testing.T) {
	t.Parallel()
	s, p := newStage(t), &phone{}
	origin := func(t time.Time) time.Time { return t.AddDate(0, 0, 100) }
	s.run(s.notifier(s.tape, func(o *alerts.NotifierOptions) { o.Rehearsal, o.Machine = true, origin }, alerts.Receiver{Name: "pager", Sender: p}))
	s.given(became("OriginErrors", prod, alerts.Firing, 3))
	hears(t, p, "firing OriginErrors")
	m := p.got[0]
	if !strings.HasPrefix(m.Title(), "REHEARSAL ") || !strings.Contains(m.Dedup(), "/rehearsal/") {
		t.Errorf("title %q, key %q", m.Title(), m.Dedup())
	}
	if want := evening.Add(3*time.Minute).AddDate(0, 0, 100); !m.Began.Equal(want) {
		t.Errorf("it began at %v on the machine's clock, want %v", m.Began, want)
	}
}

// radio is a receiver that wants to be told again and again.
type radio struct {
	phone
	repeated [][]alerts.Message
}

func (r *radio) Every() time.Duration { return 5 * time.Millisecond }
func (r *radio) Repeat(_ context.Context, standing []alerts.Message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.repeated = append(r.repeated, standing)
	return nil
}

func (r *radio) times() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.repeated)
}

func TestWhoForgetsIsToldAgain(t *testing.T) {
	t.Parallel()
	s, r := newStage(t), &radio{}
	_, stop := s.running(alerts.Receiver{Name: "alertmanager", Sender: r})
	s.given(became("OriginErrors", prod, alerts.Firing, 3), became("Deadlocks", lottery, alerts.Firing, 4))
	eventually(t, "both are repeated", func() bool { return r.times() > 3 && len(r.repeated[r.times()-1]) == 2 })
	stop()
	before := r.times()
	s.running(alerts.Receiver{Name: "alertmanager", Sender: r})
	eventually(t, "they are repeated after a restart", func() bool { return r.times() > before })
	s.given(became("OriginErrors", prod, alerts.Resolved, 9, unpaged), became("Deadlocks", lottery, alerts.Resolved, 9, unpaged))
	hears(t, &r.phone, "firing OriginErrors", "firing Deadlocks", "resolved OriginErrors", "resolved Deadlocks")
	after := r.times()
	time.Sleep(20 * time.Millisecond)
	if r.times() > after+1 {
		t.Error("what is over is still repeated")
	}
}
