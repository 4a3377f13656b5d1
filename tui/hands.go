package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"warroom/runbooks"
	"warroom/sources"
)

// Hands is what the screen needs of those who act. Its methods are only called from commands, but for Offers and Guard,
// which answer at once.
type Hands interface {
	// Offers are the actions that a resource has.
	Offers(r sources.Resource) []runbooks.Offer
	// Plan reads what is now and says what the action would do.
	Plan(ctx context.Context, a runbooks.Action) (runbooks.Plan, error)
	// Undo plans what takes a run back.
	Undo(ctx context.Context, r runbooks.Run) (runbooks.Plan, error)
	// Check asks whether the provider would allow a plan's call.
	Check(ctx context.Context, p runbooks.Plan) runbooks.Readiness
	// Carry carries a confirmed plan out.
	Carry(ctx context.Context, p runbooks.Plan, c runbooks.Confirmation) error
	// Ask asks for a second operator, where two people are wanted for a confirmed plan.
	Ask(ctx context.Context, p runbooks.Plan, c runbooks.Confirmation) error
	// Approve approves what another operator has asked for.
	Approve(ctx context.Context, p runbooks.Plan, c runbooks.Confirmation) error
	// Settle reads how a run in doubt stands.
	Settle(ctx context.Context, r runbooks.Run) (runbooks.State, error)
	// Hold keeps a resource to the operator, and Release frees one, whoever holds it, and tells who did.
	Hold(ctx context.Context, r sources.Ref, why string) error
	Release(ctx context.Context, r sources.Ref) (from string, err error)
	// Left fills in which runs their processes have left.
	Left(runs []runbooks.Run) []runbooks.Run
	// Guard arms the room and makes it safe.
	Guard() *runbooks.Guard
}

// handsFor bounds how long a command waits for the hands, on the machine's clock.
const handsFor = 40 * time.Second

// plannedMsg is a plan that was asked for.
type plannedMsg struct {
	plan runbooks.Plan
	err  error
}

// checkedMsg is whether the provider would allow a plan's call.
type checkedMsg struct {
	plan  string // its ID
	ready runbooks.Readiness
}

// carriedMsg is what came of a confirmed plan.
type carriedMsg struct {
	plan runbooks.Plan
	said string // what was done, where it was
	err  error
}

// settledMsg is how a run in doubt turned out to stand.
type settledMsg struct {
	run   runbooks.Run
	state runbooks.State
	err   error
}

// idle is why this screen cannot act, nil where it can.
func (m *Model) idle() error {
	switch {
	case m.opt.Mode == Replay:
		return errors.New("this is a replay: it shows what was done, and does nothing")
	case m.opt.Hands == nil:
		return errors.New("this screen only watches: it was opened without hands")
	}
	return nil
}

// armedUntil is until when the room may act, the zero time while it is safe.
func (m *Model) armedUntil() time.Time {
	if m.idle() != nil {
		return time.Time{}
	}
	return m.opt.Hands.Guard().Armed(m.opt.Now())
}

// arm lets the room act for a while. It is recorded: who looks back sees when the room could do harm.
func (m *Model) arm(string) (tea.Cmd, error) {
	if err := m.idle(); err != nil {
		return nil, err
	}
	m.opt.Hands.Guard().Arm(m.opt.Now())
	m.say(fmt.Sprintf("armed for %s: what is confirmed on a card is carried out", short(runbooks.ArmedFor)))
	return m.tell("armed for " + short(runbooks.ArmedFor)), nil
}

// disarm makes the room safe again.
func (m *Model) disarm(string) (tea.Cmd, error) {
	if err := m.idle(); err != nil {
		return nil, err
	}
	m.opt.Hands.Guard().Disarm()
	m.say("safe: nothing is changed from here")
	return m.tell("safe again"), nil
}

// tell records something that the operator did to the room.
func (m *Model) tell(text string) tea.Cmd {
	now := m.opt.Clock.Now()
	c := sources.Change{At: now, Seen: now, Kind: sources.ChangeRoom, Actor: sources.Clean(m.opt.Operator), Text: sources.Clean(m.opt.Operator + ": " + text)}
	tape := m.opt.Tape
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), readFor)
		defer cancel()
		if _, err := tape.AppendChange(ctx, c); err != nil {
			return NoticeMsg{Text: "not recorded: " + text + ": " + err.Error(), Bad: true}
		}
		return AdvancedMsg{}
	}
}

// doubts is how many runs nobody knows the outcome of, now: a replay asks nobody.
func (m *Model) doubts() int {
	if m.idle() != nil {
		return 0
	}
	runs := m.present()
	n := 0
	for i := range runs {
		if runs[i].InDoubt(m.opt.Now()) {
			n++
		}
	}
	return n
}

// revertible is the run that is offered to be taken back now, since something got worse after it: a replay offers nothing.
func (m *Model) revertible() (runbooks.Run, bool) {
	if m.idle() != nil {
		return runbooks.Run{}, false
	}
	return runbooks.Offered(m.present(), m.opt.Clock.Now())
}

// offeredBack says what is offered to be taken back, and by which key; "" where nothing is.
func (m *Model) offeredBack() string {
	r, ok := m.revertible()
	if !ok {
		return ""
	}
	return fmt.Sprintf("worse since %s ✖ %s takes it back", r.Plan.Title, m.keys.Undo.Help().Key)
}

// present are the runs as of now, whatever time is shown. They are not to be changed.
func (m *Model) present() []runbooks.Run {
	if m.known.last != m.room.last || m.known.runs == nil {
		m.known.last, m.known.runs = m.room.last, m.left(runbooks.Runs(m.room.changes))
	}
	return m.known.runs
}

// knownRuns are the runs of the recording as of its newest change, so that a frame need not read them again.
type knownRuns struct {
	last int64
	runs []runbooks.Run

	heldAt int64
	holds  []sources.Change // those that tell who holds what, of the same

	askedAt int64
	asked   []runbooks.Request // those of which something may come, of the same
}

// runs are the runs that the recording knows at the time that is shown.
func (m *Model) runs() []runbooks.Run { return m.left(runbooks.Runs(m.happened())) }

// left fills in which runs their processes have left, where there are hands.
func (m *Model) left(runs []runbooks.Run) []runbooks.Run {
	if m.opt.Hands == nil {
		return runs
	}
	return m.opt.Hands.Left(runs)
}

// happened are the changes that the recording knows at the time that is shown. They are not to be changed.
func (m *Model) happened() []sources.Change {
	if m.drawn.stance == following {
		return m.room.changes
	}
	key := happenedKey{m.drawn.at, m.room.last, len(m.room.changes)}
	if m.past.key != key {
		m.past.key, m.past.changes = key, m.past.changes[:0:0]
		for i := range m.room.changes { // in the order of when they happened, which is not that of when they were seen
			if !m.room.changes[i].Seen.After(m.drawn.at) {
				m.past.changes = append(m.past.changes, m.room.changes[i])
			}
		}
	}
	return m.past.changes
}

// pastChanges are the changes that were known at a time, so that a frame need not look for them again.
type pastChanges struct {
	key     happenedKey
	changes []sources.Change
}

// happenedKey is what they were read from.
type happenedKey struct {
	at   time.Time
	last int64
	n    int
}

// plan asks for the plan of an action; its card opens when it is there.
func (m *Model) plan(a runbooks.Action) (tea.Cmd, error) {
	if err := m.idle(); err != nil {
		return nil, err
	}
	hands := m.opt.Hands
	return m.planning(a.String(), func(ctx context.Context) (runbooks.Plan, error) { return hands.Plan(ctx, a) }), nil
}

func (m *Model) planning(what string, read func(context.Context) (runbooks.Plan, error)) tea.Cmd {
	m.say("reading what is now for " + what + " …")
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), handsFor)
		defer cancel()
		p, err := read(ctx)
		return plannedMsg{plan: p, err: err}
	}
}

// planned opens the card of a plan, or says why there is none.
func (m *Model) planned(msg plannedMsg) tea.Cmd {
	if msg.err != nil {
		m.complain(msg.err)
		return nil
	}
	m.notice = notice{}
	m.openCard(msg.plan)
	return tea.Batch(m.tick(), m.check(msg.plan))
}

// check asks whether the provider would allow the call, beside the card, which waits for nothing. A plan is good for a
// minute, and so is the answer.
func (m *Model) check(p runbooks.Plan) tea.Cmd {
	hands := m.opt.Hands
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), handsFor)
		defer cancel()
		return checkedMsg{plan: p.ID, ready: hands.Check(ctx, p)}
	}
}

// checked shows on the card what the provider said.
func (m *Model) checked(msg checkedMsg) {
	if m.card != nil && m.card.plan.ID == msg.plan {
		m.card.ready, m.dirty = &msg.ready, true
	}
}

// undo opens the card that takes a run back: the one after which something got worse, or else the newest.
func (m *Model) undo(string) (tea.Cmd, error) {
	if err := m.idle(); err != nil {
		return nil, err
	}
	if r, ok := m.revertible(); ok {
		return m.undoRun(r), nil
	}
	r, ok := runbooks.Last(m.present())
	if !ok {
		return nil, errors.New("nothing has been done that could be taken back")
	}
	return m.undoRun(r), nil
}

func (m *Model) undoRun(r runbooks.Run) tea.Cmd {
	hands := m.opt.Hands
	return m.planning("taking back "+r.Plan.Title, func(ctx context.Context) (runbooks.Plan, error) { return hands.Undo(ctx, r) })
}

// settle reads how the runs in doubt stand, the oldest first.
func (m *Model) settle(string) (tea.Cmd, error) {
	if err := m.idle(); err != nil {
		return nil, err
	}
	for _, r := range m.present() {
		if r.InDoubt(m.opt.Now()) {
			return m.settleRun(r), nil
		}
	}
	m.say("nothing to settle: no action is in doubt")
	return nil, nil
}

func (m *Model) settleRun(r runbooks.Run) tea.Cmd {
	hands := m.opt.Hands
	m.say("reading how it stands: " + r.Plan.Title + " …")
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), handsFor)
		defer cancel()
		state, err := hands.Settle(ctx, r)
		return settledMsg{run: r, state: state, err: err}
	}
}

func (m *Model) settled(msg settledMsg) tea.Cmd {
	switch {
	case msg.err != nil:
		m.complain(msg.err)
	case msg.state == runbooks.Undone:
		m.say("it was not carried out: " + msg.run.Plan.Title)
	default:
		m.say("it was carried out and goes on: " + msg.run.Plan.Title)
	}
	return m.advanced()
}

// offers are the actions of the chosen tile's resource.
func (m *Model) offers() []runbooks.Offer {
	for _, r := range m.meta().Resources {
		if r.Ref == m.chosen && m.opt.Hands != nil {
			return m.opt.Hands.Offers(r)
		}
	}
	return nil
}

// offer finds whose action of a kind is meant: the chosen tile's, or that of the only resource which has one.
func (m *Model) offer(kind runbooks.Kind) (runbooks.Offer, error) {
	if err := m.idle(); err != nil {
		return runbooks.Offer{}, err
	}
	var all []runbooks.Offer
	for _, r := range m.meta().Resources {
		for _, o := range m.opt.Hands.Offers(r) {
			switch {
			case o.Kind != kind:
			case o.Resource == m.chosen:
				return o, nil
			default:
				all = append(all, o)
			}
		}
	}
	if kind == runbooks.Maintenance {
		all = edges(all)
	}
	switch len(all) {
	case 0:
		return runbooks.Offer{}, fmt.Errorf("nothing that is watched has the action %s", kind)
	case 1:
		return all[0], nil
	}
	var names []string
	for _, o := range all {
		names = append(names, o.Resource.String())
	}
	return runbooks.Offer{}, fmt.Errorf("%s of which? choose the tile first: %s", kind, strings.Join(names, ", "))
}

// edges are the offers of the edge, whose card lists every other way to switch the site; all where there is none.
func edges(all []runbooks.Offer) []runbooks.Offer {
	at := func(o runbooks.Offer) bool { return o.Resource.Service == "cloudfront" }
	if !slices.ContainsFunc(all, at) {
		return all
	}
	return slices.DeleteFunc(all, func(o runbooks.Offer) bool { return !at(o) })
}

// askAction asks how an action is wanted. What is typed is a value of its first parameter, or names and values.
func (m *Model) askAction(o runbooks.Offer, text string) {
	p := m.ask(string(o.Kind)+" of "+o.Resource.String(), "plan", text, func(text string) (tea.Cmd, error) {
		a, err := wanted(o, m.meant(o, text))
		if err != nil {
			return nil, err
		}
		return m.plan(a)
	})
	p.about = func(string) []Hint {
		hints := []Hint{{Does: o.Title + "; this only plans"}}
		for _, q := range o.Parameters {
			hints = append(hints, Hint{Key: q.Name, Does: strings.Join(filled(q.Help, strings.Join(q.Choices, " or ")), ": ")})
		}
		return hints
	}
}

// wanted reads how an action is wanted: "24", "+50 %", "min 12 max 40", "rule=rate-limit limit=1000", "maintenance by origin".
func wanted(o runbooks.Offer, text string) (runbooks.Action, error) {
	a := runbooks.Action{Kind: o.Kind, Resource: o.Resource, Want: map[string]string{}}
	names, choices := make([]string, len(o.Parameters)), map[string][]string{}
	for i, p := range o.Parameters {
		names[i], choices[p.Name] = p.Name, p.Choices
	}
	at := ""
	for _, word := range strings.Fields(strings.ReplaceAll(text, "=", " ")) {
		switch {
		case at != "" && a.Want[at] == "" && choiceOf(choices[at], word) != "":
			a.Want[at] = choiceOf(choices[at], word) // a choice may be called as another parameter is: by origin
		case slices.Contains(names, word):
			if _, twice := a.Want[word]; twice {
				return a, fmt.Errorf("%s is given twice", word)
			}
			at = word
			a.Want[at] = ""
		case at == "" && len(names) > 0:
			at = names[0]
			a.Want[at] = word
		default:
			a.Want[at] = strings.TrimSpace(a.Want[at] + " " + word)
		}
	}
	for name, value := range a.Want {
		if value == "" {
			return a, fmt.Errorf("%s needs a value", name)
		}
	}
	if len(a.Want) == 0 && len(names) > 0 {
		return a, fmt.Errorf("say what is wanted: %s", o.Parameters[0].Help)
	}
	return a, nil
}

// choiceOf is the choice that a word means, in whatever case it is written, "" for none.
func choiceOf(among []string, word string) string {
	for _, c := range among {
		if strings.EqualFold(c, word) {
			return c
		}
	}
	return ""
}

// act does what a command of the command line asks: an action by its kind, and how it is wanted.
func act(kind runbooks.Kind) func(*Model, string) (tea.Cmd, error) {
	return func(m *Model, rest string) (tea.Cmd, error) {
		o, err := m.offer(kind)
		if err != nil {
			return nil, err
		}
		if rest = m.meant(o, rest); rest == "" && len(o.Parameters) > 0 {
			m.askAction(o, "")
			return nil, nil
		}
		a, err := wanted(o, rest)
		if err != nil {
			return nil, err
		}
		return m.plan(a)
	}
}

// meant spells out a switch: on and off are the maintenance origin and the live one, and without a word it is the one
// that visitors do not get now, as far as that is known.
func (m *Model) meant(o runbooks.Offer, text string) string {
	if o.Kind != runbooks.Maintenance {
		return text
	}
	now := ""
	if f, known := m.view().Fact(o.Resource, "origin"); known && m.drawn.stance == following {
		now = f.Value // what visitors got at another time that is shown says nothing of what they get now
	}
	if to := m.lastSwitch(o.Resource); to != "" {
		return switched(text, to) // known before it is read back; what a listener does is not read at all
	}
	return switched(text, now)
}

// lastSwitch is where the newest switch of a resource has led, "" where none was made from here.
func (m *Model) lastSwitch(r sources.Ref) string {
	to := ""
	for _, run := range m.present() {
		a := run.Plan.Action
		if a.Kind == runbooks.Maintenance && a.Resource == r && run.State != runbooks.Failed && run.State != runbooks.Undone {
			to = a.Want["to"]
		}
	}
	return to
}

// switched spells out where a switch leads from the origin that visitors get now; what follows its word stays.
func switched(text, now string) string {
	word, more, _ := strings.Cut(text, " ")
	switch {
	case word == "on", text == "" && now == "live":
		word = "maintenance"
	case word == "off", text == "" && now == "maintenance":
		word = "live"
	}
	return strings.TrimSpace(word + " " + more)
}

// actKey opens what an action's key is for, and answers why it cannot.
func (m *Model) actKey(kind runbooks.Kind) tea.Cmd {
	cmd, err := act(kind)(m, "")
	if err != nil {
		m.complain(err)
	}
	return cmd
}

// openActions offers what can be done to the chosen tile's resource.
func (m *Model) openActions() {
	if err := m.idle(); err != nil {
		m.complain(err)
		return
	}
	if m.chosen == (sources.Ref{}) {
		m.choose(0)
	}
	offers := m.offers()
	if len(offers) == 0 {
		m.complain(fmt.Errorf("%s has no actions", m.chosen))
		return
	}
	var kinds []string
	for _, o := range offers {
		kinds = append(kinds, string(o.Kind))
	}
	p := m.ask("action on "+m.chosen.String(), "choose", "", func(text string) (tea.Cmd, error) {
		for _, o := range offers {
			if text != "" && strings.HasPrefix(string(o.Kind), text) {
				m.askAction(o, "")
				return nil, nil
			}
		}
		return nil, unknown("action", text, kinds)
	})
	p.about = func(text string) []Hint {
		var hints []Hint
		for _, o := range offers {
			if strings.HasPrefix(string(o.Kind), text) {
				hints = append(hints, Hint{Key: string(o.Kind), Does: o.Title})
			}
		}
		return hints
	}
	p.complete = func(text string) (string, bool) {
		done, ok := complete(text, kinds)
		return strings.TrimSpace(done), ok
	}
}
