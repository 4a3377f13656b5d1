package tui

import (
	"bytes"
	"os"
	"slices"
	"sync"
	"time"
)

// probe asks the terminal for a sign of life (DSR 5). The answer comes back through the keyboard once all that
// was written before it has been read at the far end: the only way to see what is queued in a tty, a tmux or
// an ssh on the way.
const (
	probe     = "\x1b[5n"
	answer    = "\x1b[0n"
	answerDEC = "\x1b[?0n" // as some emulators say it
)

// What the link takes for granted, and what it allows.
const (
	probeEvery    = 256                    // bytes between two probes
	stuckFor      = 100 * time.Millisecond // a write in flight for so long means that the link lags
	lostAfter     = 4 * time.Second        // an unanswered probe is given up
	deafAfter     = 400 * time.Millisecond // … and the very first one
	patience      = 60 * time.Millisecond  // how much output may be on its way, at the rate that was measured
	leastOnWay    = 1 << 10                // bytes that may always be on their way
	firstOnWay    = 8 << 10                // … before anything was measured
	leastMeasured = 2 << 10                // bytes from which on a rate is learnt
	closeWithin   = 150 * time.Millisecond // how long leaving waits for a link that lags
)

// Link stands between the renderer and the terminal. A write to it never blocks, so neither a key nor leaving
// ever waits for a slow terminal; what was written goes out in order, from a goroutine of its own. It measures
// how much is on its way, and the screen leaves frames out while that is too much.
//
// It is a file to those who ask for one: size and raw mode are the terminal's.
type Link struct {
	*os.File
	out   func([]byte) (int, error)
	now   func() time.Time
	ready func() // called, from any goroutine, when a link that lagged has drained
	paint func() // called, from any goroutine, when the renderer has painted

	mu      sync.Mutex
	wake    *sync.Cond
	queue   []byte // handed over, not yet taken by the terminal
	writing int    // bytes of the write in flight
	since   time.Time
	paints  int  // see painted
	ours    bool // the screen is the program's own, see owns
	probes  []sentProbe
	unasked int     // bytes since the last probe
	onWay   int     // bytes that no answer has confirmed
	answers bool    // the terminal has answered a probe
	deaf    bool    // it answers none
	asking  bool    // probes are allowed: input is read
	rate    float64 // bytes per second, 0 while unknown
	trip    time.Duration
	acked   time.Time
	flowed  int           // bytes that were measured since the rate was last learnt
	flowing time.Duration // how long they took
	held    bool          // a frame was left out
	err     error
	closed  bool
	done    chan struct{}
}

// sentProbe is a probe on its way.
type sentProbe struct {
	bytes int // since the probe before it
	at    time.Time
}

// NewLink starts a link to a terminal. now is the machine's clock.
func NewLink(tty *os.File, now func() time.Time) *Link {
	return newLink(tty, tty.Write, now)
}

func newLink(tty *os.File, out func([]byte) (int, error), now func() time.Time) *Link {
	l := &Link{File: tty, out: out, now: now, done: make(chan struct{})}
	l.wake = sync.NewCond(&l.mu)
	go l.run()
	return l
}

// aside is the most that the renderer writes without painting: where the cursor is, and how it looks.
const aside = 80

// Write takes what the renderer writes for later. It fails only after the terminal has gone.
func (l *Link) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(p) > aside {
		l.paints++
		if l.paint != nil {
			l.paint()
		}
	}
	return l.queued(p)
}

// painted is how often the renderer has painted something.
func (l *Link) painted() int {
	if l == nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.paints
}

// put takes what is written beside the renderer. What cannot be written is found out by the renderer, too.
func (l *Link) put(p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.queued(p)
}

// queued takes p for later. l.mu is held.
func (l *Link) queued(p []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	l.queue = append(l.queue, wiped(p)...)
	l.unasked += len(p)
	if l.asking && !l.deaf && (l.unasked >= probeEvery || l.slow()) {
		l.queue = append(l.queue, probe...)
		l.probes = append(l.probes, sentProbe{bytes: l.unasked, at: l.now()})
		l.onWay += l.unasked
		l.unasked = 0
	}
	l.wake.Broadcast()
	l.ours = l.ours || bytes.Contains(p, enterScreen)
	if bytes.Contains(p, leaveScreen) {
		l.ours = false
		l.settle()
	}
	return len(p), nil
}

// owns tells whether the terminal shows a screen of the program's own: what is written before or after that ends up among
// the shell's lines.
func (l *Link) owns() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ours
}

// settle waits a moment until everything has gone out: after the screen has been given back the process may
// be stopped or end. l.mu is held.
func (l *Link) settle() {
	timer := time.AfterFunc(closeWithin, l.wake.Broadcast)
	defer timer.Stop()
	for until := l.now().Add(closeWithin); (len(l.queue) > 0 || l.writing > 0) && l.err == nil && l.now().Before(until); {
		l.wake.Wait()
	}
}

// WriteString is Write.
func (l *Link) WriteString(s string) (int, error) { return l.Write([]byte(s)) }

// run hands what was written to the terminal, as much at once as there is.
func (l *Link) run() {
	defer close(l.done)
	for {
		p, ok := l.take()
		if !ok {
			return
		}
		_, err := l.out(p)
		l.wrote(err)
	}
}

// take waits for something to write.
func (l *Link) take() ([]byte, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.queue) == 0 && !l.closed {
		l.wake.Wait()
	}
	if len(l.queue) == 0 || l.err != nil {
		return nil, false
	}
	p := l.queue
	l.queue = nil
	l.writing, l.since = len(p), l.now()
	return p, true
}

func (l *Link) wrote(err error) {
	l.mu.Lock()
	l.writing = 0
	l.wake.Broadcast()
	if err != nil && l.err == nil {
		l.err = err
	}
	call := l.drainedNow()
	l.mu.Unlock()
	if call || err != nil {
		l.call()
	}
}

func (l *Link) call() {
	if l.ready != nil {
		l.ready()
	}
}

// drainedNow tells whether a frame that was left out may be drawn now. l.mu is held.
func (l *Link) drainedNow() bool {
	if !l.held || l.laggingLocked() {
		return false
	}
	l.held = false
	return true
}

// lagging tells whether so much is on its way that a frame had better be left out. Who asks is told through
// ready when it no longer is.
func (l *Link) lagging() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = l.laggingLocked()
	return l.held
}

// takes tells whether a new frame is worth building. While the link lags it is not, unless it answers a key, or the link
// is known to be slow: then frames go out in parts, and the newest must be known to tell what a key changes from
// what has changed anyway. Of a terminal that takes nothing at all not even keys are drawn.
func (l *Link) takes(keyed bool) bool {
	if l == nil || !l.lagging() {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	stuck := l.writing > 0 && l.now().Sub(l.since) > stuckFor || len(l.queue) > firstOnWay
	return !stuck && (keyed || l.slow())
}

func (l *Link) laggingLocked() bool {
	now := l.now()
	l.forget(now)
	if l.writing > 0 && now.Sub(l.since) > stuckFor {
		return true
	}
	waiting := len(l.queue)
	if !l.deaf {
		waiting += l.onWay
	}
	return waiting > l.allowance()
}

// allowance is how many bytes may be on their way before frames are left out.
func (l *Link) allowance() int {
	if l.rate == 0 {
		return firstOnWay
	}
	return max(leastOnWay, int(l.rate*patience.Seconds()))
}

// slowRate is the rate below which a whole frame may take so long that a key notices.
const slowRate = 200 << 10

func (l *Link) slow() bool { return l.rate > 0 && l.rate < slowRate }

// paced tells whether frames go out in parts.
func (l *Link) paced() bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.slow()
}

// room is how many bytes may follow now, and whether the link is so slow that it matters.
func (l *Link) room() (bytes int, slow bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(l.now())
	return l.allowance() - l.onWay - l.unasked - len(l.queue), l.slow() && !l.deaf
}

// forget gives up probes that were never answered. A terminal that answers none is deaf: then only writes
// that block tell that it lags, until it does answer.
func (l *Link) forget(now time.Time) {
	patient := lostAfter
	if !l.answers {
		patient = deafAfter
	}
	for len(l.probes) > 0 && l.writing == 0 && now.Sub(l.probes[0].at) > patient {
		l.onWay -= l.probes[0].bytes
		l.probes = l.probes[1:]
		l.deaf = !l.answers
	}
}

// acknowledge takes the terminal's answer to the oldest probe and learns from it how fast the link is. Whoever
// calls it draws afterwards, so nobody is told that the link has drained.
func (l *Link) acknowledge() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers, l.deaf = true, false
	if len(l.probes) == 0 {
		return
	}
	p, now := l.probes[0], l.now()
	l.probes = l.probes[1:]
	l.onWay -= p.bytes
	l.learn(p, now)
	l.acked = now
}

// learn keeps a moving mean of the rate: bytes over the time since they could start to flow, less the shortest round
// trip seen where the link was idle before. Answers that come at once say little, so they are taken together.
func (l *Link) learn(p sentProbe, now time.Time) {
	if round := now.Sub(p.at); p.bytes <= leastMeasured && (l.trip == 0 || round < l.trip) {
		l.trip = round
	}
	took := max(now.Sub(p.at)-l.trip, 0)
	if l.acked.After(p.at) {
		took = now.Sub(l.acked)
	}
	l.flowed, l.flowing = l.flowed+p.bytes, l.flowing+took
	if l.flowed < leastMeasured {
		return
	}
	measured := float64(l.flowed) / max(l.flowing, time.Millisecond).Seconds()
	l.flowed, l.flowing = 0, 0
	switch {
	case l.rate == 0:
		l.rate = measured
	case measured < l.rate:
		l.rate += (measured - l.rate) * 2 / 3 // too much on its way is worse than too little
	default:
		l.rate = min(l.rate+(measured-l.rate)/3, 2*l.rate)
	}
}

// ask allows probes, once input is read, or forbids them, before it no longer is: an answer that nobody reads
// would end up in the shell.
func (l *Link) ask(allowed bool) {
	if l == nil {
		return
	}
	l.mu.Lock()
	l.asking = allowed
	l.mu.Unlock()
}

// quiet tells whether no answer is awaited.
func (l *Link) quiet() bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(l.now())
	return l.deaf || len(l.probes) == 0
}

// gone is why nothing can be written any more, nil while it can.
func (l *Link) gone() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// enterScreen and leaveScreen are what a program writes when it takes a screen of its own and when it gives it back.
var enterScreen, leaveScreen = []byte("\x1b[?1049h"), []byte("\x1b[?1049l")

// wipe clears the screen and goes home. A tmux pane that has grown meanwhile cuts the screen to its old size as it gives
// it back, and leaves what it cuts off in front of the shell's prompt.
const wipe = "\x1b[0m\x1b[2J\x1b[H"

// wiped is what gives the screen back, empty.
func wiped(p []byte) []byte {
	i := bytes.LastIndex(p, leaveScreen)
	if i < 0 {
		return p
	}
	return slices.Concat(p[:i], []byte(wipe), p[i:])
}

// mend ends whatever sequence a link was cut in.
const mend = "\x1b\\\x1b[0m\x1b[?2026l"

// Close waits a moment for what was written to go out. What a lagging link has not taken by then is dropped.
// It does not close the terminal.
func (l *Link) Close() error {
	l.mu.Lock()
	l.closed = true
	l.wake.Broadcast()
	l.mu.Unlock()
	timer := time.NewTimer(closeWithin)
	defer timer.Stop()
	select {
	case <-l.done:
	case <-timer.C:
		l.cut()
	}
	return l.err
}

// cut drops the frames that wait, but not the end of what waits: the sequences that restore the terminal.
func (l *Link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := bytes.LastIndex(l.queue, leaveScreen); i >= 0 {
		l.queue = append([]byte(mend+wipe), l.queue[i:]...)
	}
}
