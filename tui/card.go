package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/tui/theme"
)

// card shows a plan and takes its confirmation. It has all keys while it is open, and is a region of its own, over everything
// else. What confirms it stands below a line from edge to edge, where nothing is drawn that a resource, a provider or another
// person could have named; above the line no letter is drawn of which frames are made.
//
// What confirms is only what is typed now, by a hand that sees the card: keys are not heard before none has come for a
// while, so that one held down from before says nothing; repeats of a key that is held say nothing; pastes say nothing.
type card struct {
	plan    runbooks.Plan
	typed   string
	wrong   string
	calling bool
	heard   time.Time // when the last key came that was not heard, or the card opened; machine clock
	awake   bool      // a pause has been seen since
	began   time.Time // when the first letter of what is typed came
	last    time.Time // when the last one came

	scroll        // of what stands above the line
	told   string // what was wrong at the last drawing

	ready   *runbooks.Readiness // whether the provider would allow the call, nil while it is not known
	request *runbooks.Request   // somebody else has asked for the plan, and it is approved here; nil for a plan of one's own
}

// cardPause is for how long no key must have come before a card hears any: longer than a keyboard waits before it
// repeats a key that is held down.
const cardPause = 700 * time.Millisecond

// keyTime is what a hand needs for a key at the least. What comes faster is a paste that the terminal did not mark.
const keyTime = 8 * time.Millisecond

// openCard shows a plan. The plan of a card that turned out void is told why.
func (m *Model) openCard(p runbooks.Plan) {
	wrong := ""
	if m.card != nil {
		wrong = m.card.wrong
	}
	m.card = &card{plan: p, heard: m.opt.Now(), wrong: wrong}
	m.dirty = true
}

// carded gives a key to the open card.
func (m *Model) carded(k tea.KeyPressMsg) tea.Cmd {
	c, now := m.card, m.opt.Now()
	if k.String() == "esc" && !c.calling {
		m.card = nil
		m.say("nothing was changed")
		return nil
	}
	if c.moves(k, now) || c.calling || !c.hears(k, now) {
		return nil
	}
	switch {
	case c.expired(now):
		return m.renewCard(k)
	case k.String() == ":" && c.typed == "":
		m.openCommand()
	case m.armedUntil().IsZero():
		c.wrong = "the room is safe: type :arm first"
	case c.plan.Level == runbooks.Bounded:
		return m.answerBounded(k)
	default:
		return m.answerTyped(k)
	}
	return nil
}

// moves scrolls what a card says, and tells whether the key was for that: only keys that cannot be part of a name, whatever
// the config binds them to. They answer nothing, so that they need not wait, and may be held down.
func (c *card) moves(k tea.KeyPressMsg, now time.Time) bool {
	page := max(c.height-1, 1)
	by, ok := map[string]int{"up": -1, "down": +1, "pgup": -page, "pgdown": +page}[k.String()]
	if !ok {
		return false
	}
	c.hears(k, now) // it may be held down from before, as any key may
	c.top = max(min(c.top+by, c.beyond), 0)
	return true
}

// hears tells whether a key counts: none does before a pause, and none that the terminal repeats.
func (c *card) hears(k tea.KeyPressMsg, now time.Time) bool {
	if k.IsRepeat {
		c.heard = now
		return false
	}
	if !c.awake {
		if now.Sub(c.heard) < cardPause {
			c.heard = now
			return false
		}
		c.awake = true
	}
	return true
}

func (c *card) expired(now time.Time) bool { return c.left(now) < 0 }

// left is how long the plan may still be answered to.
func (c *card) left(now time.Time) time.Duration {
	if c.request != nil {
		return runbooks.ApproveWithin - now.Sub(c.request.Asked)
	}
	return runbooks.ConfirmWithin - now.Sub(c.plan.Made)
}

// renewCard makes the plan of an expired card anew.
func (m *Model) renewCard(k tea.KeyPressMsg) tea.Cmd {
	if m.card.request != nil {
		m.card.wrong = m.card.request.Actor + " has to ask for it anew"
		return nil
	}
	if k.String() != "r" {
		m.card.wrong = "the plan is too old: r reads it again"
		return nil
	}
	m.card.wrong = ""
	return m.replan(m.card.plan)
}

func (m *Model) replan(p runbooks.Plan) tea.Cmd {
	cmd, err := m.plan(p.Action)
	if err != nil {
		m.card.wrong = err.Error()
	}
	return cmd
}

// answerBounded takes the answer to a plan of level 1: one key.
func (m *Model) answerBounded(k tea.KeyPressMsg) tea.Cmd {
	switch k.Text {
	case m.card.plan.Word():
		return m.carry(k.Text)
	case "n":
		m.card = nil
		m.say("nothing was changed")
		return nil
	}
	m.card.wrong = "y carries it out, Esc leaves everything as it is"
	return nil
}

// answerTyped takes the answer to a plan of level 2: a name, typed in full.
func (m *Model) answerTyped(k tea.KeyPressMsg) tea.Cmd {
	c := m.card
	switch {
	case k.String() == "enter" && c.hurried(m.opt.Now()):
		c.wrong, c.typed = "that came faster than a hand types; a paste confirms nothing", ""
	case k.String() == "enter" && c.typed == c.plan.Word():
		return m.carry(c.typed)
	case k.String() == "enter":
		c.wrong = fmt.Sprintf("that is not %q; it has to be typed in full, as it is written", c.plan.Word())
		c.typed = ""
	case k.String() == "backspace":
		_, size := utf8.DecodeLastRuneInString(c.typed)
		c.typed = c.typed[:len(c.typed)-size]
	case k.Text != "" && len(c.typed) < maxTyped:
		if c.typed == "" {
			c.began = m.opt.Now()
		}
		c.last = m.opt.Now()
		c.typed, c.wrong = c.typed+k.Text, ""
	}
	return nil
}

// hurried tells whether what stands in the card came faster than a hand types: its letters alone, whoever waits before Enter
// is pressed, or all of it with the Enter.
func (c *card) hurried(now time.Time) bool {
	n := time.Duration(len(c.typed))
	return n > 1 && c.last.Sub(c.began) < keyTime*(n-1) || now.Sub(c.began) < keyTime*n
}

// carry sends the confirmed plan to the hands. The card stays until it is known what came of it.
func (m *Model) carry(typed string) tea.Cmd {
	c := m.card
	c.calling, c.wrong = true, ""
	plan, answer := c.plan, c.plan.Confirm(typed, m.opt.Now())
	do, said := m.answering(c)
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), handsFor)
		defer cancel()
		return carriedMsg{plan: plan, said: said, err: do(ctx, plan, answer)}
	}
}

// answering is what a confirmed card does, and what is said of it once it is done.
func (m *Model) answering(c *card) (do func(context.Context, runbooks.Plan, runbooks.Confirmation) error, said string) {
	switch {
	case c.request != nil:
		return m.opt.Hands.Approve, "approved: " + c.plan.Title + "; " + c.request.Actor + "'s process carries it out"
	case c.plan.Level >= runbooks.TwoPeople:
		return m.opt.Hands.Ask, "asked for: " + c.plan.Title + "; it is carried out once a second operator approves it, within " + short(runbooks.ApproveWithin)
	}
	said = "carried out: " + c.plan.Title
	if c.plan.Back.Kind != "" {
		said += "; " + m.keys.Undo.Help().Key + " takes it back"
	}
	return m.opt.Hands.Carry, said
}

// carried closes the card where the plan was carried out, and says why it was not. Where somebody has changed the value in
// between, the card is that of the new plan, which has to be confirmed anew.
func (m *Model) carried(msg carriedMsg) tea.Cmd {
	var void *runbooks.VoidError
	var doubt *runbooks.DoubtError
	m.dirty = true
	switch {
	case msg.err == nil:
		m.card = nil
		m.say(msg.said)
	case errors.As(msg.err, &doubt):
		m.card = nil
		m.complain(msg.err)
	case m.card == nil:
		m.complain(msg.err)
	case errors.As(msg.err, &void):
		m.card.calling, m.card.typed, m.card.wrong = false, "", msg.err.Error()
		return tea.Batch(m.advanced(), m.replan(msg.plan))
	default:
		m.card.calling, m.card.typed, m.card.wrong = false, "", msg.err.Error()
	}
	return m.advanced()
}

// The measures of a card.
const (
	cardW    = 76
	cardName = 10 // the column of names
)

// cardLine is one line of a card: what it is about, and what it says.
type cardLine struct {
	name, text string
	style      theme.Style
	whole      bool // it has no name and takes the whole line

	of  string // what of that the text is about, in a column of its own
	ofW int    // of so many columns, 0 for none
}

// drawCard draws the open card over the page. What it says and has no room can be scrolled to; what confirms it stands below
// the line all the time.
func (m *Model) drawCard(c *Canvas, l Layout) {
	if m.card == nil {
		return
	}
	w := min(cardW, l.Screen.W-2)
	lines, wrong := m.card.lines(m, w-4), m.card.wrongLines(w-4)
	most := l.Screen.H
	if most >= firstClassH {
		most -= 2 // line 1 goes on saying which room this is, and whether it is armed
	}
	h := min(len(lines)+max(len(wrong), 1)+cardRim, most)
	box := l.Screen.Middle(w, h)
	style := theme.Fg(theme.Warn)
	if m.card.plan.Level >= runbooks.Visible {
		style = theme.Fg(theme.Bad)
	}
	c.Fill(box, ' ', theme.Fg(theme.Text))
	c.Box(box, style)
	c.Text(box.X+2, box.Y, w-4, " "+m.card.head()+" ", style.Bold())
	answer, rest := box.Inset(2, 1).Bottom(1)
	edge, rest := rest.Bottom(1)
	c.Edge(Rect{X: box.X, Y: edge.Y, W: box.W, H: edge.H}, style)
	m.card.say(c, rest, lines, wrong)
	m.drawAnswer(c, answer, m.card.foot(m))
}

// cardRim is how many rows a card has beside what it says: its two sides, the line, and the row below it.
const cardRim = 4

// say writes above the line what a card says, and below that what was wrong with the last answer, or the first of all where
// it is too long to stand there. Where not all has room the lowest row says how much more there is, and how to get there.
func (c *card) say(to *Canvas, r Rect, lines, wrong []cardLine) {
	foot, body := r.Bottom(max(len(wrong), 1))
	if len(lines) > body.H {
		var sign Rect
		sign, body = r.Bottom(1)
		if len(wrong) > body.H/2 {
			lines, wrong = slices.Concat(wrong, lines), nil
			if c.wrong != c.told {
				c.top = 0
			}
		}
		foot, body = body.Bottom(len(wrong))
		defer func() { writeRow(to, sign, spelledOut(c.further(), to.ASCII), theme.Fg(theme.Accent)) }()
	}
	c.told, c.height, c.beyond = c.wrong, body.H, max(len(lines)-body.H, 0)
	c.top = min(c.top, c.beyond)
	writeLines(to, foot, wrong)
	writeLines(to, body, lines[c.top:])
}

// further says how much of a card is not in sight, and which keys lead there.
func (c *card) further() string {
	above, below := c.top, c.beyond-c.top
	switch {
	case below == 0:
		return fmt.Sprintf("the end, %d above: ↑ PgUp", above)
	case above == 0:
		return fmt.Sprintf("%d more below: ↓ PgDn", below)
	}
	return fmt.Sprintf("%d above, %d more below: ↑ ↓ PgUp PgDn", above, below)
}

// writeLines writes as many of a card's lines as there are rows.
func writeLines(to *Canvas, r Rect, lines []cardLine) {
	for i, line := range lines[:min(len(lines), r.H)] {
		indent := cardName
		if line.whole {
			indent = 0
		}
		to.Text(r.X, r.Y+i, indent, line.name, theme.Fg(theme.Faint))
		to.Text(r.X+indent, r.Y+i, min(line.ofW, r.W-indent), line.of, theme.Fg(theme.Text))
		indent += line.ofW
		to.Text(r.X+indent, r.Y+i, r.W-indent, line.text, line.style)
	}
}

// wrongLines say what was wrong with the last answer, none where nothing was.
func (c *card) wrongLines(w int) []cardLine {
	var out []cardLine
	for _, text := range unabridged(unframed(c.wrong), w) {
		out = append(out, cardLine{text: text, style: theme.Fg(theme.Bad).Bold(), whole: true})
	}
	return out
}

// unabridged breaks text into lines of w columns, so that nothing of it is cut: between words, and within one that is wider
// than a line.
func unabridged(s string, w int) []string {
	w = max(w, 1)
	var out []string
	for _, line := range wrap(s, w, len(s)+1) {
		for textWidth(line) > w {
			n := 0
			for at := range line {
				if textWidth(line[:at]) > w {
					break
				}
				n = at
			}
			if n == 0 {
				break // not even one letter has room
			}
			out, line = append(out, line[:n]), line[n:]
		}
		out = append(out, line)
	}
	return out
}

// unframed is a text of others, harmless for the screen and without the letters of which frames are made.
func unframed(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x2500 && r <= 0x259F {
			return '·'
		}
		return r
	}, sources.Clean(text))
}

// head is what a card is about, and how much it can do.
func (c *card) head() string {
	switch {
	case c.request != nil:
		return "APPROVE what " + unframed(c.request.Actor) + " asks for"
	case c.plan.Level >= runbooks.TwoPeople:
		return "PLAN, two people are wanted for it"
	case c.plan.Level == runbooks.Visible:
		return "PLAN, customers see it or it lowers protection"
	}
	return "PLAN, bounded and reversible"
}

// lines are what a card says, each text wrapped to a width.
func (c *card) lines(m *Model, w int) []cardLine {
	p := &c.plan
	var out []cardLine
	for _, part := range unabridged(unframed(p.Title), w) {
		out = append(out, cardLine{text: part, style: theme.Fg(theme.Strong).Bold(), whole: true})
	}
	add := func(name, text string, style theme.Style) {
		name = unframed(name)
		for i, part := range unabridged(unframed(text), w-cardName) {
			if i > 0 {
				name = ""
			}
			out = append(out, cardLine{name: name, text: part, style: style})
		}
	}
	text, faint, warn := theme.Fg(theme.Text), theme.Fg(theme.Faint), theme.Fg(theme.Warn)
	if m.opt.Mode != Replay && m.drawn.stance != following {
		add("beware", "▲ the screen shows the past, "+strings.TrimSpace(m.hour(m.drawn.at)+" "+m.since(m.drawn.at))+": this card is about now (Esc, then "+m.keys.Live.Help().Key+", shows now)", warn)
	}
	add("target", strings.Join(filled(p.Action.Resource.String(), m.meta().Environment, p.Account, p.Region, p.Identity), " · "), text)
	out = append(out, settingLines(p, w)...)
	for i, way := range p.Ways {
		add(fmt.Sprintf("way %d", i+1), way.String(), text)
	}
	for _, limit := range p.Limits {
		add("limit", limit, text)
	}
	add("cost", p.Cost, text)
	add("takes", p.Takes, text)
	add("touches", p.Touches, text)
	for _, warning := range p.Warnings {
		add("beware", "▲ "+warning, warn)
	}
	c.allowed(add)
	for _, h := range m.handHolds() {
		if h.Resource == p.Action.Resource && !h.By(m.opt.Operator) {
			add("held", "▲ "+h.String()+"; :release "+h.Resource.String()+" takes it from them", warn)
		}
	}
	runs := m.present()
	for i := range runs {
		r := &runs[i]
		if !r.Holds() || r.Plan.Action.Resource != p.Action.Resource || r.Plan.Action.Kind != p.Action.Kind {
			continue
		}
		held := "▲ " + r.Actor + " is at it since " + r.At.UTC().Format("15:04:05Z") + ": " + r.Plan.Title
		if r.InDoubt(m.opt.Now()) {
			held = "▲ in doubt, of " + r.Actor + ": " + r.Plan.Title + "; :settle reads how it stands"
		}
		add("held", held, warn)
	}
	add("undo", p.Undo, text)
	add("by", strings.Join(filled(p.Call, p.Plane), ", "), faint)
	add("last", p.Last, faint)
	return out
}

// settingLines are what is now and what a plan makes of it, in w columns. The names stand in the column of names where all of
// them have room there, else beside it in a column of their own; above its values stands one that is too long for that, too.
func settingLines(p *runbooks.Plan, w int) []cardLine {
	room := w - cardName
	inColumn, ofW := true, 0
	for _, s := range p.Before {
		n := textWidth(unframed(s.Name))
		if inColumn = inColumn && n < cardName; n <= room/2 {
			ofW = max(ofW, n)
		}
	}
	if ofW += 2; inColumn {
		ofW = 0
	}
	var out []cardLine
	for i, s := range p.Before {
		name, text, style := unframed(s.Name), s.Value, theme.Fg(theme.Faint)
		if i >= len(p.After) {
			text, style = text+" → ", theme.Fg(theme.Strong).Bold()
		} else if after := p.After[i].Value; after != text {
			text, style = text+" → "+after, theme.Fg(theme.Strong).Bold()
		}
		if !inColumn && textWidth(name) > ofW-2 {
			for _, part := range unabridged(name, room) {
				out = append(out, cardLine{text: part, style: theme.Fg(theme.Text)})
			}
			name = ""
		}
		for _, part := range unabridged(unframed(text), room-ofW) {
			l := cardLine{name: name, text: part, style: style}
			if !inColumn {
				l.name, l.of, l.ofW = "", name, ofW
			}
			out, name = append(out, l), ""
		}
	}
	if !inColumn {
		out[0].name = "change"
	}
	return out
}

// allowed says whether the provider would allow the call. What others ask for is called as them, which is not asked here.
func (c *card) allowed(add func(name, text string, style theme.Style)) {
	const name = "allowed"
	switch {
	case c.request != nil:
	case c.ready == nil:
		add(name, "asking …", theme.Fg(theme.Faint))
	case c.ready.At.IsZero(): // nobody can ask
	case len(c.ready.Missing) > 0:
		add(name, "✖ not ready, a permission is missing: "+strings.Join(c.ready.Missing, ", "), theme.Fg(theme.Bad).Bold())
	case c.ready.Unknown != "":
		add(name, "permissions not checked: "+c.ready.Unknown, theme.Fg(theme.Warn))
	default:
		add(name, "✔ ready: its permissions are there", theme.Fg(theme.Good))
	}
}

// filled are those of the texts that say something.
func filled(texts ...string) []string {
	var out []string
	for _, t := range texts {
		if t != "" {
			out = append(out, t)
		}
	}
	return out
}

// drawAnswer draws the foot of a card: what is typed, and what the keys do or why they do not.
func (m *Model) drawAnswer(c *Canvas, bottom Rect, foot string) {
	if bottom.Empty() {
		return
	}
	x := bottom.X
	if m.card.plan.Level >= runbooks.Visible && !m.card.calling {
		x += c.Text(x, bottom.Y, bottom.W, "▸ "+unframed(m.card.typed), theme.Fg(theme.Accent).Bold())
		m.caret = tea.NewCursor(min(x, bottom.X+bottom.W-1), bottom.Y)
		x += 2
	}
	c.Text(x, bottom.Y, bottom.X+bottom.W-x, foot, theme.Fg(theme.Text))
}

// foot says what the keys do now.
func (c *card) foot(m *Model) string {
	now := m.opt.Now()
	left, word := short(max(c.left(now), 0)), unframed(c.plan.Word())
	switch {
	case c.calling:
		return "calling …"
	case c.expired(now) && c.request != nil:
		return "too old to approve:  Esc close"
	case c.expired(now):
		return "too old to confirm:  r read again  Esc close"
	case m.armedUntil().IsZero():
		return "SAFE, so nothing can be changed:  :arm  Esc close"
	case c.request != nil:
		return fmt.Sprintf("type %s and Enter to approve (%s left)  Esc close", word, left)
	case c.plan.Level >= runbooks.TwoPeople:
		return fmt.Sprintf("type %s, Enter asks a second operator (%s left)  Esc close", word, left)
	case c.plan.Level == runbooks.Visible:
		return fmt.Sprintf("type %s and Enter (%s left)  Esc close", word, left)
	}
	return fmt.Sprintf("y carry it out (%s left)  Esc close", left)
}
