package awsread

import (
	"fmt"
	"testing"
	"time"

	"warroom/sources"
)

// watching is a series of readings of one source, a minute apart.
type watching struct {
	t        *testing.T
	source   sources.Source
	now      time.Time
	readings []sources.Reading
}

// minutes polls so many times, a minute apart; calls may fail.
func (w *watching) minutes(n int) {
	for range n {
		r, _ := w.source.Poll(w.t.Context(), w.now) // what fails is the test's own doing
		w.readings = append(w.readings, r)
		w.now = w.now.Add(time.Minute)
	}
}

// whole fails unless every settled minute of the series from begin on was told, as its own value.
func (w *watching) whole(series sources.Series, begin time.Time) {
	w.t.Helper()
	told := map[time.Time]float64{}
	for _, r := range w.readings {
		for _, s := range r.Samples {
			if s.Series == series && !s.None {
				told[s.At] = s.Value
			}
		}
	}
	for at := begin; at.Before(w.now.Add(-4 * time.Minute)); at = at.Add(time.Minute) {
		if v, ok := told[at]; !ok || v != minuteValue(at) {
			w.t.Errorf("%s at %s is %v (told %v), want %v", series, at.Format("15:04"), v, ok, minuteValue(at))
		}
	}
}

// minuteValue is the value of every series in a minute.
func minuteValue(at time.Time) float64 { return float64(at.Unix() / 60 % 10_000) }

// everyMinute answers with the values of so many minutes.
func everyMinute(now *time.Time, minutes int) func(q dataQuery, _ int) []dataResult {
	return func(q dataQuery, _ int) []dataResult {
		from := now.Truncate(time.Minute).Add(-time.Duration(minutes) * time.Minute)
		row := make([]float64, minutes)
		for i := range row {
			row[i] = minuteValue(from.Add(time.Duration(i) * time.Minute))
		}
		return []dataResult{points(q.Id, from, row...)}
	}
}

var outage = &apiError{code: "InternalServiceFault", message: "we are down"}

// TestOutageAfterAnInternalError: a series that CloudWatch failed at just before everything was out for an hour
// keeps nobody from what they missed.
func TestOutageAfterAnInternalError(t *testing.T) {
	f, s := pair(t)
	w := &watching{t: t, source: s, now: epoch}
	all, down, broken := everyMinute(&w.now, 90), false, false
	f.data = func(q dataQuery, call int) []dataResult {
		if broken && q.MetricStat.Metric.MetricName == "A" {
			return []dataResult{{Id: q.Id, StatusCode: "InternalError"}}
		}
		return all(q, call)
	}
	f.refuses = func([]dataQuery) *apiError {
		if down {
			return outage
		}
		return nil
	}
	w.minutes(5)
	broken = true
	w.minutes(1)
	broken, down = false, true
	w.minutes(60)
	down = false
	w.minutes(1)
	for _, series := range []sources.Series{seriesA, seriesB} {
		w.whole(series, epoch.Truncate(time.Minute).Add(-startWindow))
	}
	w.minutes(1)
	if got := f.window(); got.end.Sub(got.from) != 4*time.Minute {
		t.Errorf("when all is made up for %v are asked for", got.end.Sub(got.from))
	}
}

// crowd is a source of so many counters over a fake AWS.
func crowd(t *testing.T, n int) (*fakeAWS, sources.Source, func(i int) sources.Series) {
	f := newFakeAWS(t)
	name := func(i int) string { return fmt.Sprintf("r%04d", i) }
	var all []sources.Resource
	for i := range n {
		all = append(all, counter(name(i), "A"))
	}
	f.listed = []listedMetric{metricAt("Shop", "A", "Site", "shop")}
	s := source(t, openAt(t, f.URL, all...), "cloudwatch eu-central-1")
	unlimited(s)
	return f, s, func(i int) sources.Series { return sources.Series{Metric: "audience_registrations", Resource: name(i)} }
}

// TestOneCallFailsForLong: while one of two calls fails for forty minutes the other one's series are told, and asked
// for no further back than ever; afterwards nothing of the failed one's is missing.
func TestOneCallFailsForLong(t *testing.T) {
	f, s, series := crowd(t, perCall+10)
	w := &watching{t: t, source: s, now: epoch}
	f.data = everyMinute(&w.now, 70)
	down := false
	f.refuses = func(queries []dataQuery) *apiError {
		if down && len(queries) == 10 {
			return outage
		}
		return nil
	}
	w.minutes(2)
	down = true
	w.minutes(40)
	for _, r := range w.readings[2:] {
		if n := len(r.Samples); n != perCall {
			t.Fatalf("%d samples while one call fails, want one of each series of the other", n)
		}
	}
	down = false
	w.minutes(1)
	for _, i := range []int{0, perCall - 1, perCall, perCall + 9} {
		w.whole(series(i), epoch.Truncate(time.Minute).Add(-startWindow))
	}
}

// TestHopelessSeries: a series that CloudWatch keeps failing at makes nobody ask for hours again and again; when it
// is answered for, what it has missed is asked for.
func TestHopelessSeries(t *testing.T) {
	f, s := pair(t)
	w := &watching{t: t, source: s, now: epoch}
	all, broken := everyMinute(&w.now, 120), false
	f.data = func(q dataQuery, call int) []dataResult {
		if broken && q.MetricStat.Metric.MetricName == "A" {
			return []dataResult{{Id: q.Id, StatusCode: "InternalError"}}
		}
		return all(q, call)
	}
	w.minutes(3)
	broken = true
	w.minutes(90)
	if got := f.window(); got.end.Sub(got.from) != 4*time.Minute {
		t.Errorf("after 90 minutes of failure %v are asked for each minute", got.end.Sub(got.from))
	}
	broken = false
	w.minutes(2)
	w.whole(seriesA, epoch.Truncate(time.Minute).Add(-startWindow))
	w.whole(seriesB, epoch.Truncate(time.Minute).Add(-startWindow))
}

// TestGapsAreClosedInPortions: after hours without an answer one reading does not hold more than a reading may, and
// a few polls later nothing is missing of any series.
func TestGapsAreClosedInPortions(t *testing.T) {
	f, s, series := crowd(t, 4*perCall)
	w := &watching{t: t, source: s, now: epoch}
	f.data = everyMinute(&w.now, 190)
	w.minutes(1)
	w.now = w.now.Add(170 * time.Minute)
	w.minutes(3)
	for i, r := range w.readings {
		if len(r.Samples) > 190_000 {
			t.Errorf("reading %d holds %d samples", i, len(r.Samples))
		}
	}
	for i := 0; i < 4*perCall; i += 100 {
		w.whole(series(i), epoch.Truncate(time.Minute).Add(-startWindow))
	}
}
