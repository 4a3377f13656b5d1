package tui

import (
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"warroom/sources"
	"warroom/tui/theme"
)

// segment is a piece of a line. Where there is no room for all, those with the lowest keep go first.
type segment struct {
	text  string
	brief string // the same in fewer columns, "" for no such words
	least string // in the fewest
	style theme.Style
	keep  int // keepAlways: never
	right bool
	clock bool // the wall clock, which has another place where there is none in line 1
}

const keepAlways = 100

// fit leaves out segments until the rest takes at most room columns, with gap columns between two.
func fit(segments []segment, room, gap int) []segment {
	for {
		total, least, at := -gap, keepAlways, -1
		for i, s := range segments {
			total += textWidth(s.text) + gap
			if s.keep < least {
				least, at = s.keep, i
			}
		}
		if total <= room || at < 0 {
			return segments
		}
		segments = append(segments[:at:at], segments[at+1:]...)
	}
}

func width(segments []segment, gap int) int {
	total := 0
	for i, s := range segments {
		if i > 0 {
			total += gap
		}
		total += textWidth(s.text)
	}
	return total
}

// bar draws line 1: where, which launch, which mode, when, who. It is the band of the mode.
func (p *Painter) bar(s *Scene, r Rect) {
	if r.Empty() {
		return
	}
	back, ink := s.band()
	p.canvas.Fill(r, ' ', theme.Fg(ink).On(back))
	plan := s.barPlan(back, ink)
	all, gap := plan.segments, plan.gap
	_, rest := r.Left(p.canvas.Text(r.X, r.Y, r.W, plan.label, s.label()) + 1)
	n := slices.IndexFunc(all, func(s segment) bool { return s.right })
	if n < 0 {
		n = len(all)
	}
	x := p.segments(rest, all[:n], gap)
	tail, _ := rest.Right(width(all[n:], gap) + 1)
	if s.Mode == Rehearsal {
		p.stripes(Rect{x + 1, r.Y, tail.X - x - 2, 1}, back)
	}
	p.segments(tail, all[n:], gap)
}

const (
	barGap     = 2
	maxLabel   = 16
	briefLabel = 4
)

// barPlan is what line 1 has room for.
type barPlan struct {
	label    string
	segments []segment
	gap      int
}

// barPlan leaves out and shortens until all fits. Mode, truth and T± stay in any case; the wall clock moves to another
// line before they suffer.
func (s *Scene) barPlan(back, ink theme.Role) barPlan {
	name := []rune(strings.ToUpper(sources.CleanTo(s.Meta.Environment, maxLabel-2)))
	label := func(most int) string {
		if len(name) == 0 {
			return ""
		}
		return " " + string(name[:min(len(name), most)]) + " "
	}
	all := append(s.barLeft(back, ink), s.barRight(back, ink)...)
	timeless := slices.DeleteFunc(slices.Clone(all), func(s segment) bool { return s.clock })
	var plan barPlan
	for _, plan = range [...]barPlan{
		{label(maxLabel), all, barGap}, {label(maxLabel), shorter(all, false), barGap}, {label(briefLabel), shorter(all, false), 1},
		{label(maxLabel), timeless, barGap}, {label(briefLabel), shorter(timeless, false), 1}, {label(briefLabel), shorter(timeless, true), 1},
	} {
		room := s.Width - textWidth(plan.label) - 2
		if plan.segments = fit(plan.segments, room, plan.gap); width(plan.segments, plan.gap) <= room {
			break
		}
	}
	return plan
}

// shorter is the same in brief words, or in the fewest.
func shorter(segments []segment, least bool) []segment {
	out := slices.Clone(segments)
	for i := range out {
		out[i].text = orElse(out[i].brief, out[i].text)
		if least {
			out[i].text = orElse(out[i].least, out[i].text)
		}
	}
	return out
}

// homeless tells whether line 1 has no room for the wall clock. The line that has shows it with its zone.
func (s *Scene) homeless() bool {
	return s.Width < firstClassW && !slices.ContainsFunc(s.barPlan(theme.Bar, theme.Strong).segments, func(s segment) bool { return s.clock })
}

// leastRoomH is the height from which on there is a line 2.
const leastRoomH = 7

// segments writes segments from the left of r on and returns the column after them.
func (p *Painter) segments(r Rect, all []segment, gap int) int {
	x := r.X
	for i, s := range all {
		if i > 0 {
			x += gap
		}
		x += p.canvas.Text(x, r.Y, r.X+r.W-x, s.text, s.style)
	}
	return x
}

// stripes fills what is free in the band of a rehearsal.
func (p *Painter) stripes(r Rect, back theme.Role) {
	for x := r.X; x < r.X+r.W; x++ {
		p.canvas.Put(x, r.Y, '╱', theme.Fg(theme.Warn2).On(back))
	}
}

// band is what stands behind line 1, and the text on it.
func (s *Scene) band() (back, ink theme.Role) {
	switch {
	case s.Standing || s.Mode == Replay:
		return theme.Band, theme.BandInk
	case s.Mode == Rehearsal:
		return theme.Stripe, theme.Strong
	}
	return theme.Bar, theme.Strong
}

// label is the look of the environment's name: production is never to be mistaken for anything else.
func (s *Scene) label() theme.Style {
	if strings.HasPrefix(strings.ToLower(s.Meta.Environment), "prod") {
		return theme.Fg(theme.Ink).On(theme.Page).Bold()
	}
	return theme.Fg(theme.Ink).On(theme.Label).Bold()
}

// barLeft is the left part of line 1.
func (s *Scene) barLeft(back, ink theme.Role) []segment {
	plain, strong := theme.Fg(ink).On(back), theme.Fg(ink).On(back).Bold()
	out := []segment{{text: sources.CleanTo(s.Meta.Launch.Name, 40), style: strong, keep: 60}}
	mode, glyph := s.mode()
	brief, _, _ := strings.Cut(mode, ",")
	brief = strings.Replace(brief, "REHEARSAL PAUSED", "PAUSED", 1)
	out = append(out, segment{text: mode, brief: brief, least: glyph, style: s.modeStyle(back, ink), keep: keepAlways})
	if s.View.Cursor().Truth == sources.AsSettled {
		out = append(out, segment{text: "AS SETTLED", least: "SETTLED", style: theme.Fg(ink).On(back).Bold().Reverse(), keep: keepAlways})
	}
	out = append(out, segment{text: launchClock(s.cursor(), s.Meta.Launch.T0), style: strong, keep: keepAlways})
	out = append(out, segment{text: s.timeOfDay(), style: plain, keep: keepAlways, clock: true})
	if phase := s.phase(); phase != "" {
		out = append(out, segment{text: phase, style: plain, keep: 20})
	}
	return out
}

// timeOfDay is the cursor's, with the date where that is not plain. It stands beside T±: what moves every second is
// kept together, for the terminal is sent everything from the first to the last change of a line.
func (s *Scene) timeOfDay() string {
	clock := s.clock(s.cursor())
	if s.Mode == Replay || clock.YearDay() != s.clock(s.Now).YearDay() {
		return clock.Format("2 Jan 15:04:05 MST")
	}
	return clock.Format("15:04:05 MST")
}

// mode is the word for what the screen shows, with its sign, and the sign alone.
func (s *Scene) mode() (text, glyph string) {
	switch {
	case s.Standing:
		glyph = "❚❚"
	case s.Mode == Replay:
		glyph = "▶"
	case s.Mode == Rehearsal:
		glyph = "▨"
	default:
		glyph = "●"
	}
	return glyph + " " + s.modeWord(), glyph
}

func (s *Scene) modeWord() string {
	switch {
	case s.Mode == Replay:
		return "REPLAY" + s.times()
	case s.Standing && s.Mode == Rehearsal:
		return "REHEARSAL PAUSED" + s.news()
	case s.Standing:
		return "PAUSED" + s.news()
	case s.Mode == Rehearsal:
		return "REHEARSAL" + s.times()
	}
	return "LIVE"
}

// speed is how fast the launch passes by on this screen, 1 for as fast as life.
func (s *Scene) speed() float64 {
	speed := s.Speed
	if s.Mode == Rehearsal {
		speed = s.Meta.Clock.Speed
	}
	if speed == 0 || s.Mode == Live {
		return 1
	}
	return speed
}

// times is the speed as it stands beside the mode.
func (s *Scene) times() string {
	if s.speed() == 1 {
		return ""
	}
	return " ×" + strconv.FormatFloat(s.speed(), 'g', 4, 64)
}

// bandW is the width from which on the band of a pause is a sentence.
const bandW = 120

func (s *Scene) news() string {
	pages := strconv.Itoa(s.Paged) + " new pages"
	if s.Paged == 1 {
		pages = "1 new page"
	}
	switch {
	case s.Paged > 0 && s.Width >= bandW:
		return " at " + s.clock(s.cursor()).Format("15:04:05") + " (live goes on, " + pages + ")"
	case s.Paged > 0:
		return ", " + pages
	case s.Width >= bandW && s.News == 0:
		return " at " + s.clock(s.cursor()).Format("15:04:05") + " (live goes on)"
	case s.Width >= bandW && s.News == 1:
		return " at " + s.clock(s.cursor()).Format("15:04:05") + " (live goes on, 1 new change)"
	case s.Width >= bandW:
		return " at " + s.clock(s.cursor()).Format("15:04:05") + " (live goes on, " + strconv.Itoa(s.News) + " new changes)"
	case s.News == 0:
		return ""
	}
	return ", " + strconv.Itoa(s.News) + " new"
}

func (s *Scene) modeStyle(back, ink theme.Role) theme.Style {
	switch {
	case s.Mode == Live && !s.Standing:
		return theme.Fg(theme.Good).On(back).Bold()
	case s.Mode == Rehearsal && !s.Standing:
		return theme.Fg(theme.Warn).On(back).Bold()
	}
	return theme.Fg(ink).On(back).Bold()
}

// phase says in which phase the launch is, and when the next one begins.
func (s *Scene) phase() string {
	now, next, at := s.Meta.Launch.Phase(s.cursor())
	var parts []string
	if now != "" {
		parts = append(parts, sources.CleanTo(now, 24))
	}
	if next != "" {
		parts = append(parts, sources.CleanTo(next, 24)+" in "+short(at.Sub(s.cursor())))
	}
	if len(parts) == 0 {
		return ""
	}
	return "▸ " + strings.Join(parts, ", ")
}

// barRight is the right part of line 1.
func (s *Scene) barRight(back, ink theme.Role) []segment {
	plain := theme.Fg(ink).On(back)
	out := s.safety(back, ink)
	if who := strings.TrimSpace(account(s.fact("account")) + " " + identity(s.fact("identity"))); who != "" {
		out = append(out, segment{text: sources.CleanTo(who, 36), style: plain, keep: 10, right: true})
	}
	if text, style, ok := s.credentials(back, ink); ok {
		out = append(out, segment{text: text, style: style, keep: 30, right: true})
	}
	return out
}

// safety says whether the room may change anything, and for how long still.
func (s *Scene) safety(back, ink theme.Role) []segment {
	switch {
	case !s.Acts:
		return nil
	case s.Armed.IsZero():
		return []segment{{text: "SAFE", style: theme.Fg(theme.Good).On(back).Bold(), keep: 40, right: true}}
	}
	left := rough(s.Armed.Sub(s.Wall).Truncate(time.Minute) + time.Minute)
	return []segment{{text: " ARMED " + left + " ", brief: " ARMED ", style: theme.Fg(theme.Ink).On(theme.Page).Bold(), keep: keepAlways, right: true}}
}

// account shortens an account's twelve digits to those by which people know it.
func account(digits string) string {
	if len(digits) != 12 {
		return digits
	}
	return digits[:4] + "…" + digits[8:]
}

// identity is the name at the end of an ARN: of a role with its session, or of a user.
func identity(arn string) string {
	_, path, found := strings.Cut(arn, "/")
	if !strings.HasPrefix(arn, "arn:") || !found {
		return arn
	}
	return path
}

// soon is when running out of credentials becomes a matter for the eye.
const soon = 15 * time.Minute

// credentials says how long they last.
func (s *Scene) credentials(back, ink theme.Role) (string, theme.Style, bool) {
	at, err := time.Parse(time.RFC3339, s.fact("credentials_expire"))
	if err != nil || s.Wall.IsZero() || s.Mode == Replay {
		return "", 0, false
	}
	left := at.Sub(s.Wall)
	switch {
	case left <= 0:
		return "creds expired ✖", theme.Fg(theme.Ink).On(theme.Page).Bold(), true
	case left < soon:
		return "creds " + short(left) + " ▲", theme.Fg(theme.Warn).On(back).Bold(), true
	}
	return "creds " + rough(left), theme.Fg(ink).On(back), true
}

// fact is a fact about the room itself.
func (s *Scene) fact(name string) string {
	f, _ := s.View.Fact(sources.Ref{Service: sources.RoomService, Name: "aws"}, name)
	return f.Value
}

// room draws line 2: how many tiles need a person, and whether the room itself is well.
func (p *Painter) room(s *Scene, r Rect) {
	if r.Empty() {
		return
	}
	faint := theme.Fg(theme.Faint)
	_, inside := r.Left(1)
	all := append(p.first(s, inside.W), p.health(s)...)
	if s.Recording != "" {
		text := "rec " + filepath.Base(s.Recording)
		if s.RecordingSize >= 0 {
			text += " " + amount(float64(s.RecordingSize), asBytes, 0)
		}
		all = append(all, segment{text: text, style: faint, keep: 30})
	}
	all = append(all, s.api()...)
	all = append(all, s.people()...)
	x := inside.X
	for i, seg := range fit(all, inside.W, roomGap) {
		if i > 0 {
			x += p.canvas.Text(x, r.Y, r.X+r.W-x, " │ ", theme.Fg(theme.Border))
		}
		x += p.canvas.Text(x, r.Y, r.X+r.W-x, seg.text, seg.style)
	}
}

// roomGap is what stands between two segments of line 2.
const roomGap = len(" | ")

// first is what line 2 never gives up, the most important first: the clock that has no other place, what pages, the
// actions in doubt, the filter, the notice. The other counts follow them.
func (p *Painter) first(s *Scene, room int) []segment {
	var kept, counts []segment
	if s.homeless() {
		kept = append(kept, segment{text: s.timeOfDay(), style: theme.Fg(theme.Text), keep: keepAlways})
	}
	for _, c := range p.counts(s) {
		if c.keep == keepAlways {
			kept = append(kept, c)
			continue
		}
		counts = append(counts, c)
	}
	kept = append(kept, s.doubtful()...)
	kept = append(kept, p.filtering(s)...)
	if width(kept, roomGap) > room {
		kept = shorter(kept, false)
	}
	left := room - width(kept, roomGap) - roomGap
	if beside := left - width(counts, roomGap) - roomGap; beside >= leastNotice {
		left = beside
	}
	return append(append(kept, s.said(left)...), counts...)
}

// doubtful says that somebody has to look how an action stands.
func (s *Scene) doubtful() []segment {
	if s.Doubts == 0 {
		return nil
	}
	many := strconv.Itoa(s.Doubts) + " actions"
	if s.Doubts == 1 {
		many = "1 action"
	}
	return []segment{{text: many + " in doubt ! :settle", brief: "in doubt !", style: theme.Fg(theme.Ink).On(theme.Page).Bold(), keep: keepAlways}}
}

// filtering says that not all tiles are shown: who looks for one must know why it is not there.
func (p *Painter) filtering(s *Scene) []segment {
	if s.Filter == "" {
		return nil
	}
	leaves := ": " + strconv.Itoa(len(p.shown)) + " of " + strconv.Itoa(len(p.tiles))
	return []segment{{
		text: "filter " + sources.CleanTo(s.Filter, 24) + leaves, brief: "/" + sources.CleanTo(s.Filter, 8) + leaves,
		style: theme.Fg(theme.Accent).Bold(), keep: keepAlways,
	}}
}

// leastNotice is the width below which a notice is worth more than the counts beside it.
const leastNotice = 30

// said is the notice about the room, in so much room. Paths in it are cut to their last part.
func (s *Scene) said(room int) []segment {
	if s.Notice.Text == "" || room < 1 {
		return nil
	}
	text := strings.Fields(s.Notice.Text)
	for i, word := range text {
		if strings.HasPrefix(word, "/") {
			text[i] = filepath.Base(word)
		}
	}
	out := segment{text: strings.Join(text, " "), style: theme.Fg(theme.Accent), keep: keepAlways}
	if s.Notice.Bad {
		out.text, out.style = "✖ "+out.text, theme.Fg(theme.Ink).On(theme.Page).Bold()
	}
	out.text = cut(out.text, room)
	return []segment{out}
}

// cut is a text in at most w columns, with … where something is left out.
func cut(text string, w int) string {
	text = sources.Clean(text)
	if textWidth(text) <= w {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && textWidth(string(runes)) >= w {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// counts says how many alerts page and warn, with the tiles that are in trouble, blind or stale by themselves: the worst
// first, and the worst stays longest.
func (p *Painter) counts(s *Scene) []segment {
	n, silenced := s.alertCounts()
	well := 0
	for _, t := range p.tiles {
		switch st := p.look(s, t, 0).status; {
		case st.Level == LevelOK:
			well++
		case st.alert == "":
			n[st.Level]++
		}
	}
	var out []segment
	add := func(count int, one, many string, style theme.Style, keep int) {
		switch {
		case count == 1:
			out = append(out, segment{text: "1 " + one, style: style, keep: keep})
		case count > 1:
			out = append(out, segment{text: strconv.Itoa(count) + " " + many, style: style, keep: keep})
		}
	}
	add(n[LevelPage], "page ✖", "pages ✖", theme.Fg(theme.Bad).Bold(), keepAlways)
	add(n[LevelError], "blind !", "blind !", theme.Fg(theme.Warn), 93)
	add(n[LevelWarn], "warn ▲", "warns ▲", theme.Fg(theme.Warn), 92)
	add(n[LevelStale], "stale ?", "stale ?", theme.Fg(theme.Text), 91)
	if len(out) == 0 && len(p.tiles) > 0 {
		out = append(out, segment{text: "all " + strconv.Itoa(well) + " ok ✔", style: theme.Fg(theme.Good), keep: 90})
		if well < len(p.tiles) {
			out[0].text = strconv.Itoa(well) + " of " + strconv.Itoa(len(p.tiles)) + " ok"
			out[0].style = theme.Fg(theme.Text)
		}
	}
	add(silenced, "silenced", "silenced", theme.Fg(theme.Text), 89)
	return out
}

// health is what is wrong with the room: sources that fail, tiles that cannot be read.
func (p *Painter) health(s *Scene) []segment {
	var out []segment
	if n := expired(p.reader.broken); n > 0 {
		out = append(out, segment{text: s.renewal() + " !", brief: "credentials expired !", style: theme.Fg(theme.Warn).Bold(), keep: 88})
	} else if n := len(p.reader.broken); n > 0 {
		out = append(out, segment{text: cut(failing(p.reader.broken), 60) + " !", style: theme.Fg(theme.Warn), keep: 85})
	}
	if endpoint := s.fact("endpoint"); endpoint != "" {
		style := theme.Fg(theme.Warn)
		if s.Mode == Rehearsal {
			style = theme.Fg(theme.Faint)
		}
		_, host, _ := strings.Cut(endpoint, "://")
		out = append(out, segment{text: "not AWS: " + sources.CleanTo(orElse(host, endpoint), 40), style: style, keep: 70})
	}
	if p.fault != nil {
		out = append(out, segment{text: "tiles of the config cannot be read !", style: theme.Fg(theme.Warn), keep: 80})
	}
	return out
}

// failing says which sources fail and, in few words, of what.
func failing(broken []brokenSource) string {
	first := broken[0]
	reason, one := shared(first.trouble), true
	for _, b := range broken {
		one = one && shared(b.trouble) == reason
	}
	brief, _, _ := strings.Cut(orElse(reason, string(first.trouble.Kind)), " (")
	brief, _, _ = strings.Cut(brief, "; ")
	switch {
	case len(broken) == 1:
		return "source " + first.name + " fails: " + brief
	case reason != "" && one:
		return strconv.Itoa(len(broken)) + " sources fail: " + brief
	}
	return strconv.Itoa(len(broken)) + " sources fail, " + first.name + ": " + brief
}

// expired is how many of the sources want nothing but newer credentials.
func expired(broken []brokenSource) int {
	n := 0
	for _, b := range broken {
		if b.trouble.Kind == sources.Expired {
			n++
		}
	}
	return n
}

// renewal says that credentials have expired, and what renews them as far as that is known.
func (s *Scene) renewal() string {
	if profile := s.fact("profile"); profile != "" {
		return "credentials expired: aws sso login --profile " + sources.CleanTo(profile, 40)
	}
	return "credentials expired: renew them where they come from"
}

// api is what the room itself takes of the account.
func (s *Scene) api() []segment {
	budget, ok := s.View.Newest(sources.Series{Metric: "room_api_budget_ratio", Resource: "aws"})
	if !ok || budget.None {
		return nil
	}
	text, style, keep := "API "+grouped(math.Round(budget.Value*100))+" % of budget", theme.Fg(theme.Faint), 20
	if budget.Value >= 1 { // calls wait
		style, keep = theme.Fg(theme.Warn), 70
	}
	if cost, ok := s.View.Newest(sources.Series{Metric: "room_cost_dollars_per_hour", Resource: "aws"}); ok && !cost.None {
		text += ", " + amount(cost.Value, asDollars, 0) + "/h"
	}
	return []segment{{text: text, style: style, keep: keep}}
}

// leaseRef is what the fact that names who collects is about.
var leaseRef = sources.Ref{Service: sources.RoomService, Name: "lease"}

// people says who collects, and whether this screen only watches.
func (s *Scene) people() []segment {
	f, _ := s.View.Fact(leaseRef, "holder")
	if s.Lease != nil {
		f = *s.Lease
	}
	switch holder := sources.CleanTo(f.Value, 30); {
	case s.Viewer && holder != "":
		return []segment{{text: "viewer, " + holder + " collects", style: theme.Fg(theme.Text), keep: 40}}
	case s.Viewer:
		return []segment{{text: "viewer", style: theme.Fg(theme.Text), keep: 40}}
	case holder != "":
		return []segment{{text: holder + " collects", style: theme.Fg(theme.Faint), keep: 10}}
	}
	return nil
}

// story draws what is going on in a rehearsal and what to press.
func (p *Painter) story(s *Scene, r Rect) {
	if r.Empty() {
		return
	}
	style := theme.Fg(theme.Text).On(theme.Stripe)
	p.canvas.Fill(r, ' ', style)
	p.canvas.Text(r.X, r.Y, r.W, " ▨ ", theme.Fg(theme.Warn).On(theme.Stripe).Bold())
	_, inside := r.Left(storyMargin - 1)
	for i, line := range tell(s.Story, inside.W-1, r.H) {
		used := p.canvas.Text(inside.X, r.Y+i, inside.W-1, line, style) + 1
		p.stripes(Rect{inside.X + used, r.Y + i, inside.W - used, 1}, theme.Stripe)
	}
}

// tell breaks a story into at most n lines of w columns. Where that is not enough the beginning goes: what to press is
// said at the end.
func tell(story string, w, n int) []string {
	for {
		lines := wrap(story, w, n)
		if len(lines) == 0 || textWidth(lines[len(lines)-1]) <= w {
			return lines
		}
		_, rest, found := strings.Cut(story, ". ")
		if !found {
			return lines
		}
		story = rest
	}
}

// hints draws what can be pressed, or the answer to what was.
func (p *Painter) hints(s *Scene, r Rect) {
	if r.Empty() {
		return
	}
	x := r.X + 1
	if s.Height < leastRoomH {
		x = p.segments(Rect{x, r.Y, r.W - 1, 1}, shorter(p.filtering(s), false), 1)
		if x > r.X+1 {
			x += 2
		}
	}
	if s.Height < leastRoomH && s.homeless() {
		x += p.canvas.Text(x, r.Y, r.W-1, s.timeOfDay(), theme.Fg(theme.Text)) + 2
	}
	if s.Message != "" {
		x += p.canvas.Text(x, r.Y, r.W-1, s.Message, theme.Fg(theme.Accent)) + 2
	}
	for _, h := range s.Hints {
		if h == (Hint{}) {
			continue
		}
		h.Key = spelledOut(h.Key, s.ASCII)
		need := textWidth(h.Key) + 1 + textWidth(h.Does)
		if x+need > r.X+r.W {
			return
		}
		x += p.canvas.Text(x, r.Y, r.W, h.Key, theme.Fg(theme.Accent).Bold()) + 1
		x += p.canvas.Text(x, r.Y, r.W, h.Does, theme.Fg(theme.Faint)) + 2
	}
}
