package awsread

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"warroom/sources"
)

func init() {
	register(service{client: cloudwatch.ServiceID, iam: "cloudwatch", reads: []string{"GetMetricData", "ListMetrics"}})
}

// What GetMetricData takes, and how we use it.
const (
	perCall  = 500 // queries
	inFlight = 4   // calls at once
	maxPages = 50  // of one answer: a loop ends here
)

// metricsSource reads the metrics of all services in one region, in as few calls as there can be.
type metricsSource struct {
	reader    *Reader
	name      string
	region    string
	resources []*watched

	plan     *plan
	versions []int          // of the resources when the plan was made
	gone     []sources.Fact // about series that the plan no longer has, to be told
	turn     int            // which series is the first to be looked for
	samples  int            // in the last pass, to make room for the next
	calls    atomic.Int64   // of a pass; the poller asks for the schedule at any time
	told     *memory
}

func newMetricsSource(r *Reader, region string, resources []*watched) *metricsSource {
	return &metricsSource{reader: r, name: "cloudwatch " + region, region: region, resources: resources, versions: make([]int, len(resources)), told: newMemory()}
}

// Name is "cloudwatch" and the region.
func (s *metricsSource) Name() string { return s.name }

// Schedule is once a minute, shortly after the minute has ended.
func (s *metricsSource) Schedule() sources.Schedule {
	schedule := s.reader.session.schedule(time.Minute, 5*time.Second)
	_, quota := quotaOf(cloudwatch.ServiceID, "GetMetricData")
	schedule.Timeout += s.reader.session.timeFor(int(s.calls.Load()), quota)
	return schedule
}

// Poll makes one pass over all metrics.
func (s *metricsSource) Poll(ctx context.Context, now time.Time) (sources.Reading, error) {
	reading := sources.Reading{Source: s.name, At: now}
	started := s.reader.session.machine()
	s.meetAll(ctx, now)
	err := s.reader.session.read(ctx, s.region, func(a account) error {
		s.replan(now)
		reading.Facts, s.gone = append(reading.Facts, s.gone...), nil
		if err := s.resolve(ctx, a, now, &reading); credentialsRefused(err) {
			return err
		}
		return s.pass(ctx, a, now, &reading)
	})
	s.reader.session.meter.pass(s.reader.session.machine().Sub(started))
	s.reader.stamp(&reading)
	return reading, err
}

// meetAll asks the services about resources that nobody has asked about yet. Their failures are told by
// their own sources; meanwhile the config's word is taken.
func (s *metricsSource) meetAll(ctx context.Context, now time.Time) {
	var strangers []*watched
	for _, w := range s.resources {
		if w.stranger() {
			strangers = append(strangers, w)
		}
	}
	ctx, stop := context.WithTimeout(ctx, listTime)
	defer stop()
	inParallel(len(strangers), inFlight, func(i int) {
		strangers[i].meet(ctx, s.reader.session, now)
	})
}

// pass asks for all metrics once and turns the answers into samples and facts.
func (s *metricsSource) pass(ctx context.Context, a account, now time.Time, reading *sources.Reading) error {
	if len(s.plan.parts) == 0 {
		return nil
	}
	an := s.plan.ask(ctx, a, now)
	err := an.err()
	if err != nil && (an.answered() == 0 || credentialsRefused(err)) {
		return err
	}
	reading.Samples = make([]sources.Sample, 0, s.samples+s.samples/8+8)
	for i := range s.plan.tracks {
		s.plan.tracks[i].collect(an, now, reading)
	}
	s.samples = len(reading.Samples)
	return s.reader.session.explainAll(an.errs(), "calls")
}

// part is one thing that GetMetricData is asked for: a metric at a place.
type part struct {
	metric     *metric
	dimensions []types.Dimension
	track      int // whose it is
}

// plan is what is asked in each pass. The query structs are built once and used until the plan changes.
type plan struct {
	tracks []track
	parts  []part
	chunks []chunk
	period time.Duration
	turn   int // which call is the first to close a gap
}

// chunk is the queries of one call, for the parts from first on. The id of a query is its number in the chunk.
type chunk struct {
	first   int
	queries []types.MetricDataQuery
	refused time.Time // when CloudWatch last refused the call and every part of it
}

// query is the question for a part.
func (p part) query(number int, period time.Duration) types.MetricDataQuery {
	return types.MetricDataQuery{
		Id: aws.String("q" + strconv.Itoa(number)),
		MetricStat: &types.MetricStat{
			Metric: &types.Metric{Namespace: aws.String(p.metric.namespace), MetricName: aws.String(p.metric.published), Dimensions: p.dimensions},
			Period: aws.Int32(int32(period / time.Second)),
			Stat:   aws.String(p.metric.stat),
		},
	}
}

// number reads a query's id back; -1 is not one of ours.
func number(id *string, below int) int {
	if id == nil || len(*id) < 2 || (*id)[0] != 'q' {
		return -1
	}
	n, err := strconv.Atoi((*id)[1:])
	if err != nil || n < 0 || n >= below {
		return -1
	}
	return n
}

// replan makes the plan anew when the places of a resource have changed. What is known of series that stay
// is kept, what was said of those that go is withdrawn.
func (s *metricsSource) replan(now time.Time) {
	changed := s.plan == nil
	for i, w := range s.resources {
		_, version := w.word()
		changed = changed || version != s.versions[i]
	}
	if !changed {
		return
	}
	words := make([]description, len(s.resources))
	for i, w := range s.resources {
		words[i], s.versions[i] = w.word()
	}
	known := map[sources.Series]track{}
	if s.plan != nil {
		for _, t := range s.plan.tracks {
			known[t.series] = t
		}
	}
	s.plan = makePlan(s.resources, words)
	s.calls.Store(int64(len(s.plan.chunks)))
	for i := range s.plan.tracks {
		series := s.plan.tracks[i].series
		s.plan.tracks[i].remember(known[series])
		delete(known, series)
	}
	for _, t := range known {
		s.gone = append(s.gone, t.farewell(now)...)
	}
}

func makePlan(resources []*watched, words []description) *plan {
	p := &plan{period: time.Minute}
	for i, w := range resources {
		for m := range w.service.metrics {
			p.want(w, words[i], &w.service.metrics[m])
		}
	}
	for first := 0; first < len(p.parts); first += perCall {
		c := chunk{first: first}
		for n, part := range p.parts[first:min(first+perCall, len(p.parts))] {
			c.queries = append(c.queries, part.query(n, p.period))
		}
		p.chunks = append(p.chunks, c)
	}
	return p
}

// want adds the series of a metric: one for each labelled place, or one over all places.
func (p *plan) want(w *watched, word description, m *metric) {
	m = custom(m, w.Resource)
	if m == nil {
		return
	}
	described, _ := sources.Lookup(m.name)
	off := ""
	if m.needs != "" {
		off = word.off[m.needs]
	}
	byLabel := map[string]int{}
	for _, place := range word.places[m.place] {
		i, ok := byLabel[place.label]
		if !ok {
			i = len(p.tracks)
			byLabel[place.label] = i
			p.tracks = append(p.tracks, track{
				series: sources.Series{Metric: m.name, Resource: w.Name, Label: place.label},
				gap:    described.Gap, settle: described.Settle, period: p.period, metric: m, off: off,
			})
		}
		p.tracks[i].parts = append(p.tracks[i].parts, len(p.parts))
		p.parts = append(p.parts, part{metric: m, dimensions: place.dimensions, track: i})
	}
}

// ask sends all chunks, a few at a time. What is asked for ends with the last whole period.
func (p *plan) ask(ctx context.Context, a account, now time.Time) *answer {
	an := p.newAnswer(now.Truncate(p.period))
	cw := client(a, newCloudWatch)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	inParallel(len(p.chunks), inFlight, func(i int) {
		q := &question{cw: cw, meter: a.meter, answer: an, chunk: &p.chunks[i], call: &an.calls[i]}
		q.call.err = q.ask(ctx, p.welcome(q.chunk, an), now)
		if credentialsRefused(q.call.err) {
			stop() // nothing else will fare better
		}
	})
	p.refuse(an, now)
	if an.answered() > 0 { // else nothing will fare better
		p.appeal(ctx, cw, a.meter, an, now)
	}
	return an
}

func newCloudWatch(c aws.Config) *cloudwatch.Client { return cloudwatch.NewFromConfig(c) }

// question is a chunk being asked.
type question struct {
	cw     *cloudwatch.Client
	meter  *meter
	answer *answer
	chunk  *chunk
	call   *called
}

// ask sends queries of the chunk, and once more what AWS failed at or left out.
func (q *question) ask(ctx context.Context, queries []types.MetricDataQuery, now time.Time) error {
	if len(queries) == 0 {
		return nil
	}
	err := q.pages(ctx, queries)
	switch {
	case isRefusal(err) && now.Sub(q.chunk.refused).Abs() >= refusedEvery:
		return q.search(ctx, queries, err, now)
	case err != nil:
		return err
	}
	var again []types.MetricDataQuery
	for _, query := range queries {
		if st := q.state(query).outcome; st == left || st == broken {
			again = append(again, query)
		}
	}
	if len(again) == 0 {
		return nil
	}
	if err := q.pages(ctx, again); err != nil && ctx.Err() != nil {
		return err
	}
	return nil
}

// part is which one a query asks for.
func (q *question) part(query types.MetricDataQuery) int {
	return q.chunk.first + number(query.Id, len(q.chunk.queries))
}

// state is how a query has been answered.
func (q *question) state(query types.MetricDataQuery) *state { return &q.answer.states[q.part(query)] }

// pages follows an answer to its last page.
func (q *question) pages(ctx context.Context, queries []types.MetricDataQuery) error {
	in := &cloudwatch.GetMetricDataInput{
		MetricDataQueries: queries, ScanBy: types.ScanByTimestampDescending,
		StartTime: aws.Time(q.answer.at(q.call.periods - 1)), EndTime: &q.answer.end,
	}
	for page := 1; ; page++ {
		q.meter.asked(len(queries))
		out, err := q.cw.GetMetricData(ctx, in)
		if err != nil {
			return err
		}
		for i := range out.MetricDataResults {
			if n := number(out.MetricDataResults[i].Id, len(q.chunk.queries)); n >= 0 {
				q.answer.take(q.chunk.first+n, &out.MetricDataResults[i])
			}
		}
		next := aws.ToString(out.NextToken)
		if next == "" {
			return nil
		}
		if next == aws.ToString(in.NextToken) || page == maxPages {
			q.endless(queries)
			return nil
		}
		in.NextToken = out.NextToken
	}
}

// endless marks what an answer without an end left open.
func (q *question) endless(queries []types.MetricDataQuery) {
	for _, query := range queries {
		if st := q.state(query); st.outcome != complete {
			*st = state{outcome: partial, words: "CloudWatch's pages do not end"}
		}
	}
}
