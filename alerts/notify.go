package alerts

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"warroom/sources"
)

// Sender carries messages to one receiver.
type Sender interface {
	// Send carries one message, and returns nil once the receiver has taken it. It ends with ctx. An error bears no secret.
	Send(ctx context.Context, m Message) error
}

// Repeater is a Sender to a receiver that forgets what it is not told again.
type Repeater interface {
	Sender
	// Every is how often it wants to be told, machine clock.
	Every() time.Duration
	// Repeat tells it all that stands.
	Repeat(ctx context.Context, standing []Message) error
}

// RefusedError is an answer of a receiver that says no, and what it says.
type RefusedError struct {
	Status int    // of HTTP
	Text   string // what it answered, a line of it
}

// Error is the answer.
func (e *RefusedError) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("it answers %d", e.Status)
	}
	return fmt.Sprintf("it answers %d: %s", e.Status, e.Text)
}

// Trouble says whether it is us whom the receiver does not want.
func (e *RefusedError) Trouble() sources.Trouble {
	if e.Status == 401 || e.Status == 403 {
		return sources.Trouble{Kind: sources.Forbidden, Text: e.Error()}
	}
	return sources.Trouble{Kind: sources.Failed, Text: e.Error()}
}

// Receiver is somebody outside of the room who is told of alerts.
type Receiver struct {
	Name     string   // as the config calls it
	Severity Severity // the least severe that it is told of; "" = [Page]
	Sender   Sender
}

// Journal is the recording, as the notifier writes to it.
type Journal interface {
	Append(ctx context.Context, readings ...sources.Reading) error
	AppendChange(ctx context.Context, c sources.Change) (sources.Change, error)
}

// NotifierOptions are what a [Notifier] needs to know.
type NotifierOptions struct {
	Journal     Journal
	News        func(context.Context) ([]sources.Change, error) // all changes of the recording, in its order; each call goes on after the last one
	Receivers   []Receiver
	Clock       sources.Clock                    // the launch clock
	Machine     func(launch time.Time) time.Time // when that was, on the machine's clock; nil = the same
	Now         func() time.Time                 // the machine's clock
	Launch      sources.Launch                   // for its name and its sites
	Environment string                           // label of the environment
	Rehearsal   bool                             // every message says so
	Told        func(receiver, line string)      // told when a receiver fails, and when it answers again; may be nil
	Limits      Limits                           // zero for those of the house
}

// Limits are the times, on the machine's clock, that a notifier grants.
type Limits struct {
	Look    time.Duration // between two looks at the recording
	Attempt time.Duration // to one attempt to send
	First   time.Duration // to wait after the first failure; each further one doubles it
	Most    time.Duration // and no longer than this
	Leave   time.Duration // to what is on its way when the notifier is stopped
}

var houseLimits = Limits{
	Look: 250 * time.Millisecond, Attempt: 10 * time.Second, First: time.Second, Most: 30 * time.Second, Leave: 300 * time.Millisecond,
}

// Notifier tells receivers outside of the room what the recording says of alerts. It knows nothing but the recording:
//
//   - What a receiver has taken is recorded as a change of kind [ChangeDelivery], and what is not recorded as taken is told.
//     So each receiver hears of everything at least once, whenever the process is killed, and at most once again for each
//     time that it is killed between a message and its record.
//   - Each receiver has a goroutine of its own, and is told one thing at a time: one that is slow or dead delays neither
//     the room nor the others. It is tried again for as long as the process runs.
//   - What waits is bounded by the alerts that there are: of each the newest occurrence, that it fires and that it is over.
//   - A receiver that fails is a fact of [ReceiversRef] until it answers.
//
// Only the process that holds the recording's lease runs one.
type Notifier struct {
	o     NotifierOptions
	posts []*post

	mu     sync.Mutex
	ledger *ledger
	taken  []sources.Change // deliveries that are still to be recorded
}

// ReceiversRef is the resource whose facts tell which receivers fail: the name of each is the receiver's, its value a
// [sources.Trouble].
var ReceiversRef = sources.Ref{Service: sources.RoomService, Name: "receivers"}

// post is what goes to one receiver.
type post struct {
	n       *Notifier
	r       Receiver
	account *account      // under the notifier's lock
	wake    chan struct{} // holds one token while there may be something to tell

	// Under the notifier's lock:
	trouble   sources.Trouble // of the last attempt
	since     time.Time       // since when it has failed, machine clock
	said      string          // what the recording says of it
	delivered uint64
	failed    uint64 // attempts
}

// NewNotifier makes a notifier. It does nothing before it is run.
func NewNotifier(o NotifierOptions) *Notifier {
	if o.Machine == nil {
		o.Machine = func(t time.Time) time.Time { return t }
	}
	if o.Now == nil {
		o.Now = sources.RunningClock{}.Now
	}
	if o.Told == nil {
		o.Told = func(string, string) {}
	}
	if o.Limits == (Limits{}) {
		o.Limits = houseLimits
	}
	n := &Notifier{o: o, ledger: newLedger(o.Receivers)}
	for i, r := range o.Receivers {
		n.posts = append(n.posts, &post{n: n, r: r, account: n.ledger.accounts[i], wake: make(chan struct{}, 1), said: "?"})
	}
	return n
}

// Run tells receivers until ctx ends. What is on its way then is granted a moment; what is left is told by whoever runs
// a notifier on the recording next.
func (n *Notifier) Run(ctx context.Context) {
	for n.catchUp(ctx) != nil || n.introduce(ctx) != nil {
		if !sleep(ctx, n.o.Limits.First) {
			return
		}
	}
	sending, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	var posts sync.WaitGroup
	for _, p := range n.posts {
		posts.Go(func() { p.run(ctx, sending) })
	}
	for sleep(ctx, n.o.Limits.Look) {
		_ = n.catchUp(ctx) // the room says so when its recording cannot be read
		n.record(ctx)
		n.report(ctx)
	}
	time.AfterFunc(n.o.Limits.Leave, cut)
	posts.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	n.record(last)
	n.withdraw(last)
}

// catchUp takes in what is new in the recording.
func (n *Notifier) catchUp(ctx context.Context) error {
	news, err := n.o.News(ctx)
	if err != nil || len(news) == 0 {
		return err
	}
	n.mu.Lock()
	for _, c := range news {
		n.ledger.take(c)
	}
	n.mu.Unlock()
	for _, p := range n.posts {
		p.awake()
	}
	return nil
}

// introduce records from where on new receivers are told of alerts: what was over before is not told to them.
func (n *Notifier) introduce(ctx context.Context) error {
	for _, p := range n.posts {
		n.mu.Lock()
		known := p.account.known
		n.mu.Unlock()
		if known {
			continue
		}
		d := Delivery{Receiver: p.r.Name, Severity: p.account.severity}
		if err := n.write(ctx, d, "", sources.Ref{}); err != nil {
			return err
		}
		n.mu.Lock()
		p.account.introduced()
		n.mu.Unlock()
	}
	return nil
}

func (n *Notifier) write(ctx context.Context, d Delivery, rule string, about sources.Ref) error {
	c, err := d.Change(rule, about, n.o.Clock.Now())
	if err == nil {
		_, err = n.o.Journal.AppendChange(ctx, c)
	}
	return err
}

// record records deliveries that could not be recorded before.
func (n *Notifier) record(ctx context.Context) {
	n.mu.Lock()
	waiting := n.taken
	n.taken = nil
	n.mu.Unlock()
	for i, c := range waiting {
		if _, err := n.o.Journal.AppendChange(ctx, c); err != nil {
			n.mu.Lock()
			n.taken = append(slices.Clone(waiting[i:]), n.taken...)
			n.mu.Unlock()
			return
		}
	}
}

// report records which receivers fail, and which answer again.
func (n *Notifier) report(ctx context.Context) {
	for _, p := range n.posts {
		n.mu.Lock()
		trouble := p.trouble
		n.mu.Unlock()
		value := ""
		if !trouble.None() {
			value = trouble.String()
		}
		if value != p.said && p.say(ctx, value) == nil {
			p.said = value
		}
	}
}

// withdraw says nothing of receivers any more: nobody knows how they are once nobody tells them anything.
func (n *Notifier) withdraw(ctx context.Context) {
	for _, p := range n.posts {
		if p.said != "" && p.said != "?" {
			_ = p.say(ctx, "") // whoever runs a notifier next says it anew
		}
	}
}

// say records how the receiver is: the fact, and beside it, for people, the change.
func (p *post) say(ctx context.Context, value string) error {
	now := p.n.o.Clock.Now()
	r := sources.Reading{Source: sources.RoomService, At: now}
	r.Facts = []sources.Fact{{Resource: ReceiversRef, Name: p.r.Name, Value: value, Seen: now}}
	line := ""
	switch {
	case value != "":
		line = fmt.Sprintf("no alerts to %s: %s", p.r.Name, value)
	case p.said != "" && p.said != "?":
		line = fmt.Sprintf("%s takes alerts again", p.r.Name)
	}
	if line != "" {
		r.Changes = []sources.Change{{
			At: now, Seen: now, Kind: sources.ChangeRoom, Resource: ReceiversRef, Actor: "room", Text: sources.Clean(line),
		}}
	}
	return p.n.o.Journal.Append(ctx, r)
}

// run tells the receiver what it has to be told, one thing after the other.
func (p *post) run(ctx, sending context.Context) {
	repeater, repeats := p.r.Sender.(Repeater)
	var repeated time.Time // zero: at once, for who knows how long nobody has told it anything
	failures := 0
	for ctx.Err() == nil {
		var err error
		m, about := p.next()
		switch {
		case about != nil:
			err = p.tell(sending, m, about)
		case repeats && p.n.o.Now().Sub(repeated) >= repeater.Every():
			repeated = p.n.o.Now()
			if standing := p.standing(); len(standing) > 0 {
				err = p.attempt(sending, func(ctx context.Context) error { return repeater.Repeat(ctx, standing) })
			}
			if err != nil {
				repeated = time.Time{}
			}
		default:
			p.rest(ctx)
			continue
		}
		if err == nil {
			failures = 0
			continue
		}
		failures++
		if !sleep(ctx, p.n.o.Limits.backOff(failures)) {
			return
		}
	}
}

// next is the message that the receiver is to get now, and what it is about; nil where there is none.
func (p *post) next() (Message, *notice) {
	p.n.mu.Lock()
	defer p.n.mu.Unlock()
	about := p.n.ledger.next(p.account, p.n.o.Clock.Now())
	if about == nil {
		return Message{}, nil
	}
	return p.n.message(p.r.Name, about), about
}

// standing are the messages of what the receiver was told, and that is not over.
func (p *post) standing() (out []Message) {
	p.n.mu.Lock()
	defer p.n.mu.Unlock()
	for _, about := range p.account.standing() {
		out = append(out, p.n.message(p.r.Name, about))
	}
	return out
}

// message is a notice in full. The notifier's lock is held.
func (n *Notifier) message(receiver string, about *notice) Message {
	a := n.ledger.alerts[about.why.Key]
	m := Message{
		ID: about.id + " → " + receiver, Event: about.event, Transition: about.why, Began: n.o.Machine(about.began),
		Site: n.o.Launch.Site(about.why.Resource), Launch: n.o.Launch.Name, Environment: n.o.Environment,
		Rehearsal: n.o.Rehearsal, Lists: n.ledger.explained(about.why.Key),
	}
	if about.event == Over {
		m.Ended = n.o.Machine(about.why.At)
	}
	if above := n.ledger.alerts[a.Under]; above != nil && above.Open() {
		m.Root = &above.Transition
	}
	return m
}

// tell sends one message, and records that it was taken.
func (p *post) tell(sending context.Context, m Message, about *notice) error {
	err := p.attempt(sending, func(ctx context.Context) error { return p.r.Sender.Send(ctx, m) })
	d := Delivery{Receiver: p.r.Name, Transition: about.id, Key: about.why.Key, Event: about.event}
	p.n.mu.Lock()
	if err != nil {
		p.account.later(about.why.Key)
		p.n.mu.Unlock()
		return err
	}
	p.delivered++
	p.account.told(d.Key, d.Transition)
	p.n.mu.Unlock()
	c, err := d.Change(about.why.Rule, about.why.Resource, p.n.o.Clock.Now())
	if err != nil {
		return nil // it was told, and its own words make no record: it is told again by whoever comes next
	}
	if _, err := p.n.o.Journal.AppendChange(context.WithoutCancel(sending), c); err != nil {
		p.n.mu.Lock()
		p.n.taken = append(p.n.taken, c)
		p.n.mu.Unlock()
	}
	return nil
}

// attempt sends something within the time that one attempt is granted, and notes how the receiver is.
func (p *post) attempt(sending context.Context, send func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(sending, p.n.o.Limits.Attempt)
	defer cancel()
	err := guard(func() error { return send(ctx) })
	if err != nil && sending.Err() != nil {
		return err // we have hung up
	}
	p.n.mu.Lock()
	before := p.trouble
	switch {
	case err == nil:
		p.trouble = sources.Trouble{}
	case before.None():
		p.since = p.n.o.Now()
		p.failed++
		p.trouble = troubleOf(err)
	default:
		p.failed++
		if t := troubleOf(err); t.Kind != before.Kind {
			p.trouble = t
		}
	}
	now := p.trouble
	since := p.since
	p.n.mu.Unlock()
	if now != before {
		line := ""
		if !now.None() {
			line = fmt.Sprintf("no alerts to %s since %s: %s", p.r.Name, since.UTC().Format("15:04 UTC"), now)
		}
		p.n.o.Told(p.r.Name, line)
	}
	return err
}

// guard turns a panic into an error: what other people wrote speaks to the receiver.
func guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the sender panicked: %v", v)
		}
	}()
	return f()
}

func troubleOf(err error) sources.Trouble {
	t := sources.TroubleOf(err)
	if errors.Is(err, context.DeadlineExceeded) {
		t = sources.Trouble{Kind: sources.TimedOut, Text: "it does not answer in time"}
	}
	t.Text = sources.CleanTo(strings.TrimSpace(t.Text), 200)
	return t
}

// rest waits for news, or for a silence to end or a repetition to be due, for which it looks once a second.
func (p *post) rest(ctx context.Context) {
	timer := time.NewTimer(min(time.Second, 4*p.n.o.Limits.Look))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-p.wake:
	case <-timer.C:
	}
}

func (p *post) awake() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// backOff is how long to wait after so many failures in a row: doubled each time, bounded, and half of it left to
// chance, so that rooms that fail together do not come back together.
func (l Limits) backOff(failures int) time.Duration {
	d := l.Most
	if failures < 16 {
		d = min(l.Most, l.First<<(failures-1))
	}
	return d/2 + rand.N(d/2+1)
}

func sleep(ctx context.Context, d time.Duration) bool {
	return sources.RunningClock{}.Sleep(ctx, d) == nil
}

// Standing is how a receiver is.
type Standing struct {
	Name      string
	Trouble   sources.Trouble // none while it answers
	Since     time.Time       // since when it has failed, machine clock
	Delivered uint64          // messages that it took
	Failed    uint64          // attempts that failed
	Waiting   int             // messages that it has yet to get
}

// Receivers are how the receivers are, in the order of the config.
func (n *Notifier) Receivers() []Standing {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []Standing
	for _, p := range n.posts {
		s := Standing{Name: p.r.Name, Trouble: p.trouble, Delivered: p.delivered, Failed: p.failed, Waiting: p.account.waiting()}
		if !s.Trouble.None() {
			s.Since = p.since
		}
		out = append(out, s)
	}
	return out
}
