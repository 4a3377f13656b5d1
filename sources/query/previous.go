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
	q.take(set, origin{q.o.Earlier.view, of, m.Name, ahead, true}, from, to, matchers)
}
