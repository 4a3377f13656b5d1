package awsread

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"warroom/sources"
)

// misspelt refuses a call as CloudWatch does when a statistic in it is none, and says which and where.
func misspelt(queries []dataQuery) *apiError {
	var lines []string
	for i, q := range queries {
		if !IsStatistic(q.MetricStat.Stat) {
			lines = append(lines, fmt.Sprintf("The value %s for parameter MetricDataQueries.member.%d.MetricStat.Stat is not a valid statistic.", q.MetricStat.Stat, i+1))
		}
	}
	if lines == nil {
		return nil
	}
	return &apiError{code: "ValidationError", message: strings.Join(lines, "\n")}
}

// counters is a source of so many counters, some of them with a statistic that there is none of.
func counters(t *testing.T, n int, wrong map[int]string) (*fakeAWS, *watching, func(i int) sources.Series) {
	f := newFakeAWS(t)
	name := func(i int) string { return fmt.Sprintf("r%04d", i) }
	var all []sources.Resource
	for i := range n {
		r := counter(name(i), "A")
		if stat := wrong[i]; stat != "" {
			r.Attrs["stat"] = stat
		}
		all = append(all, r)
	}
	f.listed = []listedMetric{metricAt("Shop", "A", "Site", "shop")}
	s := source(t, openAt(t, f.URL, all...), "cloudwatch eu-central-1")
	unlimited(s)
	w := &watching{t: t, source: s, now: epoch}
	f.data, f.refuses = everyMinute(&w.now, 40), misspelt
	return f, w, func(i int) sources.Series { return sources.Series{Metric: "audience_registrations", Resource: name(i)} }
}

// spent polls so many times and returns how many calls of GetMetricData each poll took.
func (w *watching) spent(f *fakeAWS, n int) (calls []int) {
	for range n {
		before := f.count("GetMetricData")
		w.minutes(1)
		calls = append(calls, f.count("GetMetricData")-before)
	}
	return calls
}

// TestOneMisspeltSeries: of a thousand series one whose statistic CloudWatch does not know. All others are told in
// the same poll and the source is well; the one says why, in CloudWatch's own words. It is searched for once, asked for
// apart from time to time, and told without a gap when CloudWatch has come to know it.
func TestOneMisspeltSeries(t *testing.T) {
	f, w, series := counters(t, 2*perCall, map[int]string{137: "Avrage"})
	begin := epoch.Truncate(time.Minute).Add(-startWindow)
	if got := w.spent(f, 1); got[0] > 2+18 {
		t.Errorf("finding one of %d took %d calls", perCall, got[0])
	}
	first := w.readings[0]
	if first.Err != nil || len(first.Samples) != (2*perCall-1)*15 {
		t.Errorf("%v, %d samples, want 15 of each series but one", first.Err, len(first.Samples))
	}
	got := troubleOf(series(137), w.readings...)
	if got.Kind != sources.Failed || !strings.Contains(got.Text, "A Avrage: CloudWatch refuses it (The value Avrage for parameter MetricDataQueries.member.1.MetricStat.Stat is not a valid statistic.)") {
		t.Errorf("it is said to be %q", got)
	}
	if got, want := w.spent(f, 10), []int{2, 2, 2, 2, 3, 2, 2, 2, 2, 3}; !slices.Equal(got, want) {
		t.Errorf("calls in the polls after: %v, want %v", got, want)
	}
	if got := f.window(); got.end.Sub(got.from) != 4*time.Minute {
		t.Errorf("%v are asked for, on behalf of a series that is not asked for", got.end.Sub(got.from))
	}
	f.refuses = nil
	w.minutes(6)
	if got := troubleOf(series(137), w.readings...); !got.None() {
		t.Errorf("it does not heal: %q", got)
	}
	for _, i := range []int{0, 136, 137, 138, perCall} {
		w.whole(series(i), begin)
	}
}

// TestSeveralMisspeltSeries: each is told in its own words; where there are more than one poll can find, some are
// told as not asked, and found by the next polls.
func TestSeveralMisspeltSeries(t *testing.T) {
	wrong := map[int]string{}
	for i := 4; i < perCall; i += 31 {
		wrong[i] = fmt.Sprintf("p%d", 1000+i)
	}
	f, w, series := counters(t, perCall, wrong)
	if got := w.spent(f, 1); got[0] > 1+searchMost {
		t.Errorf("one poll took %d calls", got[0])
	}
	w.minutes(10)
	for i := range perCall {
		got := troubleOf(series(i), w.readings...)
		if stat := wrong[i]; stat == "" && !got.None() || stat != "" && !strings.Contains(got.Text, "The value "+stat+" for") {
			t.Errorf("%s is said to be %q, with the statistic %q", series(i), got, stat)
		}
	}
	w.whole(series(0), epoch.Truncate(time.Minute).Add(-startWindow))
	w.whole(series(perCall-1), epoch.Truncate(time.Minute).Add(-startWindow))
}

// TestRefusedWhateverIsAsked: where CloudWatch objects to every call no series is blamed for it, and it is not
// searched again at each poll.
func TestRefusedWhateverIsAsked(t *testing.T) {
	f, w, series := counters(t, perCall, nil)
	w.minutes(1)
	f.refuses = func([]dataQuery) *apiError {
		return &apiError{code: "InvalidParameterValueException", message: "The start time is too early."}
	}
	if got := w.spent(f, 3); got[0] > 1+searchBlind || got[1] != 1 || got[2] != 1 {
		t.Errorf("calls %v", got)
	}
	_, err := w.source.Poll(t.Context(), w.now)
	if got := sources.TroubleOf(err); got.Kind != sources.Failed || !strings.Contains(got.Text, "The start time is too early.") {
		t.Errorf("the source says %q", got)
	}
	if got := troubleOf(series(0), w.readings...); !got.None() {
		t.Errorf("a series is blamed: %q", got)
	}
	f.refuses = nil
	w.minutes(1)
	w.whole(series(0), epoch.Truncate(time.Minute).Add(-startWindow))
}

// TestMisspeltInTheAccount: the same before the simulated AWS: nothing else of the launch is missing.
func TestMisspeltInTheAccount(t *testing.T) {
	s := newSite(t, nil)
	all := resourcesOf(s.launch.State())
	i := slices.IndexFunc(all, func(r sources.Resource) bool { return r.Service == "audience" })
	all[i].Attrs["stat"] = "Summ"
	s.reader = s.open(all...)
	p := newTape()
	s.advance(p, 8)
	name := all[i].String() + " series:audience_" + all[i].Attrs["as"]
	if got := sources.ParseTrouble(p.facts[name]); got.Kind != sources.Failed || !strings.Contains(got.Text, "The value Summ for parameter") {
		t.Errorf("%s: %q", name, got)
	}
	for _, series := range []sources.Series{{Metric: "asg_cpu_ratio", Resource: "web"}, {Metric: "aurora_cpu_ratio", Resource: "main"}, {Metric: "alb_requests", Resource: "web"}} {
		if len(p.samples[series]) < 5 {
			t.Errorf("%d samples of %s", len(p.samples[series]), series)
		}
	}
}
