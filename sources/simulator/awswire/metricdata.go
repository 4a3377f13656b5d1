package awswire

import (
	"iter"
	"slices"
	"time"

	"warroom/sources/simulator"
)

// The status codes of a result.
const (
	complete      = "Complete"
	partialData   = "PartialData"
	internalError = "InternalError"
	forbidden     = "Forbidden"
)

// getMetricData answers up to 500 questions. All pages of one answer are read at the moment of the first.
func getMetricData(c *call, in *getMetricDataInput) (*getMetricDataOutput, error) {
	if err := in.check(c.now); err != nil {
		return nil, err
	}
	token := in.NextToken
	in.NextToken = ""
	r := &metricReader{server: c.server, region: c.region, now: c.now, in: in, trouble: c.trouble, minutes: make(map[int64]*simulator.Minute)}
	place := pageToken{}
	if token != "" {
		var err error
		if place, err = readToken(token, checksum(in), c.now); err != nil {
			return nil, err
		}
		r.now = place.Now
	}
	return r.page(place), nil
}

// metricReader reads what CloudWatch knows at a moment.
type metricReader struct {
	server  *Server
	region  string
	now     time.Time
	in      *getMetricDataInput
	trouble disturbance
	minutes map[int64]*simulator.Minute // those that were asked for, nil where there is none
}

// page fills one answer with as many datapoints as it may hold.
func (r *metricReader) page(place pageToken) *getMetricDataOutput {
	out := &getMetricDataOutput{
		MetricDataResults: make([]metricDataResult, 0, len(r.in.MetricDataQueries)),
		Messages:          []messageData{},
	}
	room := maxDatapoints
	if r.in.MaxDatapoints != nil {
		room = int(*r.in.MaxDatapoints)
	}
	for ; place.Query < len(r.in.MetricDataQueries); place.Query, place.Point = place.Query+1, 0 {
		q := &r.in.MetricDataQueries[place.Query]
		res, held := r.result(q, place.Rest)
		res = res.between(place.Point, len(res.Values))
		if len(res.Values) > room {
			if res = res.between(0, room); room > 0 {
				res.StatusCode = partialData
				out.MetricDataResults = append(out.MetricDataResults, res)
			}
			place.Point += room
			out.NextToken = r.token(place)
			return out
		}
		room -= len(res.Values)
		place.Held = place.Held || held
		if !r.silent(q, res, place.Rest) {
			out.MetricDataResults = append(out.MetricDataResults, res)
		}
	}
	if place.Held && !place.Rest {
		out.NextToken = r.token(pageToken{Rest: true})
	}
	r.shuffle(out.MetricDataResults)
	return out
}

// silent tells whether a result is left out of the answer: because it is not wanted, because a fault says
// so, or because there is no rest of it.
func (r *metricReader) silent(q *metricDataQuery, res metricDataResult, rest bool) bool {
	return q.ReturnData != nil && !*q.ReturnData || r.trouble.hit(simulator.Missing, q.ID, r.now) ||
		rest && len(res.Values) == 0 && res.StatusCode == complete
}

// between is the result with a part of its datapoints.
func (res metricDataResult) between(from, to int) metricDataResult {
	from = min(from, len(res.Values))
	res.Timestamps, res.Values = res.Timestamps[from:to], res.Values[from:to]
	return res
}

// token names the place where the next page begins.
func (r *metricReader) token(place pageToken) string {
	place.Now, place.Sum = r.now, checksum(r.in)
	return place.String()
}

// result answers one question. Under a partial-data fault the newest datapoints of a hit series are held
// back: rest asks for them, and is given them for about half of those series only.
func (r *metricReader) result(q *metricDataQuery, rest bool) (res metricDataResult, withheld bool) {
	res = metricDataResult{ID: q.ID, Label: q.Label, StatusCode: complete, Timestamps: []time.Time{}, Values: []float64{}}
	if res.Label == "" {
		res.Label = q.MetricStat.Metric.MetricName
	}
	switch {
	case r.trouble.hit(simulator.Internal, q.ID, r.now):
		res.StatusCode = internalError
		return res, false
	case r.trouble.hit(simulator.Forbidden, q.ID, r.now):
		res.StatusCode = forbidden
		res.Messages = []messageData{{"Forbidden", "Not authorized to read this metric."}}
		return res, false
	}
	m := r.find(q.MetricStat)
	if m != nil {
		r.read(m, q.MetricStat, &res)
	}
	if r.trouble.hit(simulator.Partial, q.ID, r.now) {
		return r.withhold(res, rest), true
	}
	if rest {
		res = res.between(0, 0)
	}
	return res, false
}

// heldBack is how many of the newest datapoints are missing from partial data.
const heldBack = 2

// withhold splits a result into what partial data shows of it and the rest, which only about half of the
// series ever get.
func (r *metricReader) withhold(res metricDataResult, rest bool) metricDataResult {
	n := len(res.Values)
	newest, shown := [2]int{max(n-heldBack, 0), n}, [2]int{0, max(n-heldBack, 0)}
	if r.in.ScanBy != "TimestampAscending" {
		newest, shown = [2]int{0, min(heldBack, n)}, [2]int{min(heldBack, n), n}
	}
	switch {
	case !rest:
		res = res.between(shown[0], shown[1])
	case mix(uint64(len(res.ID))+uint64(res.ID[len(res.ID)-1]))%2 == 0:
		return res.between(newest[0], newest[1])
	default:
		res = res.between(0, 0)
	}
	res.StatusCode = partialData
	return res
}

// find gives the metric that is meant, nil if there is none or if the question makes no sense to it.
func (r *metricReader) find(q *metricStat) *metric {
	m := r.server.metric(r.now, metricKey(r.region, q.Metric.Namespace, q.Metric.MetricName, q.Metric.Dimensions))
	if m == nil || !m.answers(q.Stat) || q.Unit != "" && q.Unit != m.unit || q.Period%60 != 0 {
		return nil
	}
	return m
}

// read appends the datapoints whose periods begin from StartTime, rounded down to a period, to before
// EndTime. Periods are aligned to the clock.
func (r *metricReader) read(m *metric, q *metricStat, res *metricDataResult) {
	period := time.Duration(q.Period) * time.Second
	end := r.in.EndTime
	if end.After(r.now) {
		end = r.now
	}
	first := r.in.StartTime.Truncate(period)
	if oldest := r.now.Add(-remembered).Truncate(period); first.Before(oldest) {
		first = oldest
	}
	for at := first; at.Before(end); at = at.Add(period) {
		if d, ok := r.period(m, at, period); ok {
			res.Timestamps = append(res.Timestamps, at)
			res.Values = append(res.Values, d.statistic(q.Stat))
		}
	}
	if r.in.ScanBy != "TimestampAscending" {
		slices.Reverse(res.Timestamps)
		slices.Reverse(res.Values)
	}
}

// remembered is how far back a rehearsal's data can reach.
const remembered = 48 * time.Hour

// period joins the minutes of a period as far as they have arrived.
func (r *metricReader) period(m *metric, at time.Time, period time.Duration) (datum, bool) {
	var sum datum
	end := at.Add(period)
	if oldest := r.now.Add(-remembered).Truncate(time.Minute); at.Before(oldest) {
		at = oldest
	}
	if end.After(r.now) {
		end = r.now
	}
	for ; at.Before(end); at = at.Add(time.Minute) {
		if d, ok := r.minute(m, at); ok {
			sum = sum.merge(d)
		}
	}
	return sum, sum.count > 0
}

func (r *metricReader) minute(m *metric, at time.Time) (datum, bool) {
	if m.put != nil {
		d, ok := m.put[at.Unix()]
		return d, ok
	}
	come := m.timing.at(m.seed, at.Add(time.Minute), r.now)
	if come.share == 0 {
		return datum{}, false
	}
	site := r.site(at)
	if site == nil {
		return datum{}, false
	}
	d, ok := m.measure(site)
	if !ok {
		return datum{}, false
	}
	d = d.arrived(come, m.unit)
	return d, !d.counts || d.sum > 0 || come.share == 1
}

// site is what was measured in a minute, asked of the launch once.
func (r *metricReader) site(at time.Time) *simulator.Minute {
	key := at.Unix()
	m, asked := r.minutes[key]
	if !asked {
		if got, ok := r.server.launch.Minute(at); ok {
			m = &got
		}
		r.minutes[key] = m
	}
	return m
}

// shuffle puts results in another order where a fault says so.
func (r *metricReader) shuffle(results []metricDataResult) {
	if !slices.ContainsFunc(r.trouble.results, func(f simulator.Fault) bool { return f.Kind == simulator.Shuffled }) {
		return
	}
	for i := len(results) - 1; i > 0; i-- {
		j := int(mix(uint64(r.now.Unix())+uint64(i)) % uint64(i+1))
		results[i], results[j] = results[j], results[i]
	}
}

// publication lists the site's metrics anew once a minute. The lock is held.
func (s *Server) publication(now time.Time) *publication {
	if minute := now.Truncate(time.Minute); !s.published.asOf.Equal(minute) {
		s.published = publish(s.launch.State())
		s.published.asOf = minute
	}
	return &s.published
}

// metric finds a metric of the site or one that a client has put, nil if there is none.
func (s *Server) metric(now time.Time, key string) *metric {
	if m, ok := s.publication(now).byKey[key]; ok {
		return m
	}
	return s.custom[key]
}

// metrics yields all metrics in a fixed order.
func (s *Server) metrics(now time.Time) iter.Seq[*metric] {
	return func(yield func(*metric) bool) {
		for _, m := range s.publication(now).metrics {
			if !yield(m) {
				return
			}
		}
		for _, m := range s.custom.sorted() {
			if !yield(m) {
				return
			}
		}
	}
}
