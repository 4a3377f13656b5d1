package query

import (
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"warroom/sources"
)

// Earlier is an earlier launch, to compare with. It may be read by several goroutines.
type Earlier struct {
	view *sources.View
	t0   time.Time
}

// NewEarlier takes an earlier launch, with its T0, as it turned out. The window must not be written to afterwards.
func NewEarlier(w *sources.Window, t0 time.Time) *Earlier {
	known := w.Newest().Add(24 * time.Hour) // by when all of it has settled
	return &Earlier{NewDeriver().View(w, sources.Cursor{At: known, Truth: sources.AsSettled}), t0}
}

// previous adds the series of a metric as the earlier launch had them at the same time against its T0. They bear the
// labels that they bore then, and the site that their resource has now.
func (q *querier) previous(set *seriesSet, m sources.Metric, from, to int64, matchers []*labels.Matcher) {
	if q.o.Earlier == nil || q.o.Launch == nil {
		return
	}
	of, _ := sources.Lookup(m.Formula)
	ahead := q.o.Launch.T0.Sub(q.o.Earlier.t0) + of.Period // from the start of a period then to its stamp now
	start, end := time.UnixMilli(from).Add(-ahead), time.UnixMilli(to+1).Add(-ahead)
	for _, s := range q.o.Earlier.view.Of(of.Name) {
		now := sources.Series{Metric: m.Name, Resource: s.Resource, Label: s.Label}
		id := q.engine.identity(now, q.o.site(now))
		if !matches(id.labels, matchers) {
			continue
		}
		q.room = q.o.Earlier.view.Points(q.room[:0], s, start, end)
		var samples []sample
		for _, p := range q.room {
			if value, ok := reading(of, p, true); ok {
				samples = append(samples, sample{p.At.Add(ahead).UnixMilli(), value})
			}
		}
		set.series = append(set.series, &series{id.labels, samples})
	}
}
