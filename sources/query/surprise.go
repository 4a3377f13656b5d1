package query

import (
	"strings"
	"sync"
	"time"

	"warroom/sources"
	"warroom/sources/surprise"
)

// pasts is what the engine has made of the series whose surprise was asked for. It is safe for several goroutines.
type pasts struct {
	mu sync.Mutex
	of map[sources.Series]*judged
}

// pastsMost bounds the series whose past is kept: far more than a room has.
const pastsMost = 10_000

// layAll lays what surprises over the view for all that an expression names.
func (e *Engine) layAll(v *sources.View, p *plan) {
	for i := range p.selectors {
		if m := &p.selectors[i].metric; strings.HasPrefix(m.Name, sources.SurprisePrefix) {
			e.past.lay(v, *m)
		}
	}
}

// lay lays the surprise of all series of a metric over the view, if that is what the metric is.
func (p *pasts) lay(v *sources.View, m sources.Metric) {
	name, surprising := strings.CutPrefix(m.Name, sources.SurprisePrefix)
	if !surprising {
		return
	}
	of, _ := sources.Lookup(name)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range v.Of(name) {
		j := p.of[s]
		if j == nil {
			if p.of == nil || len(p.of) >= pastsMost {
				p.of = map[sources.Series]*judged{}
			}
			j = &judged{}
			p.of[s] = j
		}
		if version := v.Version(s); j.view != v || j.version != version {
			v.Put(sources.Series{Metric: m.Name, Resource: s.Resource, Label: s.Label}, j.scores(v, of, s))
			j.view, j.version = v, version
		}
	}
}

// judged is a series with the score of each of its settled periods. As scores use no later value, they serve every
// view in which the series reads the same, however far it goes; where one reads otherwise they are made anew.
type judged struct {
	detector *surprise.Detector
	read     []sources.Point // the settled periods that it was judged by, in order
	scored   []sources.Point // and their scores; what was given away is never written to again
	room     []sources.Point
	view     *sources.View // over which they lie
	version  uint64        // of the series there
}

// scores are those of the settled periods that the view has.
func (j *judged) scores(v *sources.View, m sources.Metric, s sources.Series) []sources.Point {
	now := j.settled(v, m, s)
	if !j.follow(now) {
		*j = judged{detector: surprise.New(), room: j.room}
	}
	for _, p := range now[min(len(j.read), len(now)):] {
		score := j.detector.Next(p.At, p.Value, p.None)
		j.read = append(j.read, p)
		j.scored = append(j.scored, sources.Point{At: p.At, Value: score, None: p.None})
	}
	return j.scored[:len(now):len(now)]
}

// settled reads the settled periods of a series. Where silence means zero, it is zero that is judged.
func (j *judged) settled(v *sources.View, m sources.Metric, s sources.Series) []sources.Point {
	j.room = v.Points(j.room[:0], s, time.UnixMilli(0), farFuture)
	settled := j.room[:0]
	for _, p := range j.room {
		if p.Provisional {
			continue
		}
		if value, ok := reading(m, p, false); ok {
			p.Value, p.None = value, false
		}
		settled = append(settled, p)
	}
	return settled
}

// follow lets go of the periods that the view has let go of, and tells whether the rest begins as what it shows does,
// or the other way round where the view stands earlier.
func (j *judged) follow(now []sources.Point) bool {
	if j.detector == nil || len(now) == 0 {
		return j.detector != nil
	}
	gone := 0
	for gone < len(j.read) && j.read[gone].At.Before(now[0].At) {
		gone++
	}
	if gone == len(j.read) {
		return false // it shows nothing of what was judged: another stretch, or another launch
	}
	j.read, j.scored = j.read[gone:], j.scored[gone:]
	for i := range min(len(j.read), len(now)) {
		if j.read[i] != now[i] {
			return false
		}
	}
	return true
}
