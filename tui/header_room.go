package tui

import (
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"warroom/sources"
	"warroom/tui/theme"
)

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
// what others ask for, the actions in doubt and those to take back, the filter, the notice. The other counts follow them.
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
	kept = append(kept, s.asking()...)
	kept = append(kept, s.doubtful()...)
	kept = append(kept, s.offering()...)
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

// asking says that somebody waits for the operator's word, and how it is given: for a request there are only minutes.
func (s *Scene) asking() []segment {
	if len(s.Asks) == 0 {
		return nil
	}
	by := unframed(sources.CleanTo(s.Asks[0].By, 12))
	out := segment{text: by + " asks ▸ " + cut(unframed(s.Asks[0].Title), asksMost) + " :approve", brief: by + " asks ▸ :approve"}
	if n := len(s.Asks); n > 1 {
		out.text = strconv.Itoa(n) + " requests wait for a second operator ▸ :approve"
		out.brief = strconv.Itoa(n) + " requests ▸ :approve"
	}
	out.style, out.keep = theme.Fg(theme.Ink).On(theme.Label).Bold(), keepAlways
	return []segment{out}
}

// asksMost is how much of its title is said of what somebody asks for, in columns.
const asksMost = 48

// offering says that something got worse after an action, and how to take it back.
func (s *Scene) offering() []segment {
	if s.Offer == "" {
		return nil
	}
	return []segment{{text: sources.CleanTo(s.Offer, offerMost), brief: "worse ✖ take back?", style: theme.Fg(theme.Ink).On(theme.Page).Bold(), keep: keepAlways}}
}

// offerMost is how long the line is at most that says what got worse after what, in characters.
const offerMost = 90

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

// counts says how many alerts page and warn, with the tiles that are in trouble, blind or stale by themselves: the worst
// first, and the worst stays longest.
func (p *Painter) counts(s *Scene) []segment {
	var out []segment
	tally := p.Tally(s)
	for _, c := range tally.Counts() {
		seg := segment{text: c.Text, style: theme.Fg(theme.Text)}
		if c.Glyph != 0 {
			seg.text += " " + string(c.Glyph)
		}
		seg.brief = seg.text
		seg.text += bracketed(c.Owned)
		switch c.Level {
		case LevelPage:
			seg.style, seg.keep = theme.Fg(theme.Bad).Bold(), keepAlways
		case LevelError, LevelWarn:
			seg.style, seg.keep = theme.Fg(theme.Warn), 90+int(c.Level)
		case LevelStale:
			seg.keep = 91
		case LevelOK:
			seg.keep = 89
			if c.Glyph != 0 {
				seg.style, seg.keep = theme.Fg(theme.Good), 90
			}
		default:
			seg.keep = 90
		}
		out = append(out, seg)
	}
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
