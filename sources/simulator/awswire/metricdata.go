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
	withheld := false
	for i := place.Query; i < len(r.in.MetricDataQueries); i++ {
		q := &r.in.MetricDataQueries[i]
		res, held := r.result(q, place.Rest)
		skip := 0
		if i == place.Query {
			skip = min(place.Point, len(res.Values))
		}
		res.Timestamps, res.Values = res.Timestamps[skip:], res.Values[skip:]
		if len(res.Values) > room {
			place.Query, place.Point = i, skip+room
			out.NextToken = r.token(place)
			res.Timestamps, res.Values, res.StatusCode = res.Timestamps[:room], res.Values[:room], partialData
			if room > 0 {
				out.MetricDataResults = append(out.MetricDataResults, res)
			}
			return out
		}
		room -= len(res.Values)
		withheld = withheld || held
		if r.trouble.hit(simulator.Missing, q.ID, r.now) || q.ReturnData != nil && !*q.ReturnData || place.Rest && len(res.Values) == 0 && res.StatusCode == complete {
			continue
		}
		out.MetricDataResults = append(out.MetricDataResults, res)
	}
	if withheld && !place.Rest {
		out.NextToken = r.token(pageToken{Rest: true})
	}
	r.shuffle(out.MetricDataResults)
	return out
}

// token names the place where the next page begins.
func (r *metricReader) token(place pageToken) string {
	place.Now, place.Sum = r.now, checksum(r.in)
	return place.String()
}

// result answers one question. Under a partial-data fault the newest datapoints of a hit series are held
// back: rest asks for them, and is given them for every second of those series only.
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
		res.Timestamps, res.Values = nil, nil
	}
	return res, false
}

// held is how many of the newest datapoints are missing from partial data.
const held = 2

func (r *metricReader) withhold(res metricDataResult, rest bool) metricDataResult {
	cut := max(len(res.Values)-held, 0)
	if rest && mix(uint64(len(res.ID))+uint64(res.ID[len(res.ID)-1]))%2 == 0 {
		res.Timestamps, res.Values = res.Timestamps[cut:], res.Values[cut:]
		return res
	}
	if rest {
		cut = 0
	}
	res.Timestamps, res.Values, res.StatusCode = res.Timestamps[:cut], res.Values[:cut], partialData
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
