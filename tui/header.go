package tui

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"warroom/sources"
	"warroom/tui/theme"
)

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
