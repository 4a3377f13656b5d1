package awsread

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"warroom/sources"
)

// pair is a reader of two counters, a and b, over a fake AWS that lists both.
func pair(t testing.TB) (*fakeAWS, sources.Source) {
	f := newFakeAWS(t)
	f.listed = []listedMetric{metricAt("Shop", "A", "Site", "shop"), metricAt("Shop", "B", "Site", "shop")}
	s := source(t, openAt(t, f.URL, counter("a", "A"), counter("b", "B")), "cloudwatch eu-central-1")
	unlimited(s)
	return f, s
}

var (
	seriesA = sources.Series{Metric: "audience_registrations", Resource: "a"}
	seriesB = sources.Series{Metric: "audience_registrations", Resource: "b"}
)

// troubleOf is what the readings last said of a series.
func troubleOf(s sources.Series, readings ...sources.Reading) sources.Trouble {
	f := sources.SeriesFact(s, sources.Trouble{}, time.Time{})
	value, _ := factOf(f.Resource, f.Name, readings...)
	return sources.ParseTrouble(value)
}

// TestBadAnswers: each thing that CloudWatch may do to one series is told of that series, in words, leaves the
// other one alone, and heals with the next good answer.
func TestBadAnswers(t *testing.T) {
	minute := epoch.Truncate(time.Minute).Add(-time.Minute)
	result := func(q dataQuery, status string) dataResult {
		r := points(q.Id, minute, 5)
		r.StatusCode = status
		return r
	}
	empty := func(q dataQuery, status string) dataResult {
		return dataResult{Id: q.Id, StatusCode: status, Timestamps: []cbor.Tag{}, Values: []any{}}
	}
	tests := map[string]struct {
		bad   func(q dataQuery) []dataResult // of series a
		kind  sources.TroubleKind
		text  string
		value float64 // of a's minute, 0 = none
		calls int     // of GetMetricData in the bad pass
	}{
		"partial":        {func(q dataQuery) []dataResult { return []dataResult{result(q, "PartialData")} }, sources.Partial, "answered in part", 5, 1},
		"internal error": {func(q dataQuery) []dataResult { return []dataResult{empty(q, "InternalError")} }, sources.Failed, "failed at it, twice", 0, 2},
		"forbidden":      {func(q dataQuery) []dataResult { return []dataResult{empty(q, "Forbidden")} }, sources.Forbidden, "cloudwatch:GetMetricData", 0, 1},
		"missing":        {func(dataQuery) []dataResult { return nil }, sources.Failed, "left it out", 0, 2},
		"foreign id": {func(dataQuery) []dataResult {
			return []dataResult{points("zz9", minute, 7), points("q77", minute, 7), points("q", minute, 7)}
		}, sources.Failed, "left it out", 0, 2},
		"not a number": {func(q dataQuery) []dataResult { return []dataResult{points(q.Id, minute, math.NaN())} }, sources.Partial, "no number", 0, 1},
		"infinite":     {func(q dataQuery) []dataResult { return []dataResult{points(q.Id, minute, math.Inf(1))} }, sources.Partial, "no number", 0, 1},
		"values without times": {func(q dataQuery) []dataResult {
			r := points(q.Id, minute, 5, 6)
			r.Timestamps = r.Timestamps[:1]
			return []dataResult{r}
		}, sources.Partial, "1 times for 2 values", 5, 1},
		"AWS explains": {func(q dataQuery) []dataResult {
			r := result(q, "PartialData")
			r.Messages = []map[string]string{{"Code": "Expensive", "Value": "too many datapoints"}}
			return []dataResult{r}
		}, sources.Partial, "too many datapoints", 5, 1},
		"told twice": {func(q dataQuery) []dataResult { return []dataResult{result(q, "Complete"), points(q.Id, minute, 5)} }, "", "", 5, 1},
		"time twice": {func(q dataQuery) []dataResult {
			r := points(q.Id, minute, 4, 5)
			r.Timestamps[1] = r.Timestamps[0]
			return []dataResult{r}
		}, "", "", 5, 1},
		"other times": {func(q dataQuery) []dataResult {
			return []dataResult{points(q.Id, minute.Add(-48*time.Hour), 1), points(q.Id, minute.Add(48*time.Hour), 1), points(q.Id, minute, 5)}
		}, "", "", 5, 1},
		"status unknown": {func(q dataQuery) []dataResult { return []dataResult{result(q, "")} }, "", "", 5, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, s := pair(t)
			bad := true
			f.data = func(q dataQuery, _ int) []dataResult {
				if bad && q.MetricStat.Metric.MetricName == "A" {
					return tt.bad(q)
				}
				return []dataResult{points(q.Id, minute, 5)}
			}
			first := poll(t, s, epoch)
			if got := troubleOf(seriesA, first); got.Kind != tt.kind || !strings.Contains(got.Text, tt.text) {
				t.Errorf("a is said to be %q, want %s … %s", got, tt.kind, tt.text)
			}
			if got := values(first, seriesA)[minute.Format("15:04")]; got != tt.value {
				t.Errorf("a is %v, want %v", got, tt.value)
			}
			if got := f.count("GetMetricData"); got != tt.calls {
				t.Errorf("%d calls, want %d", got, tt.calls)
			}
			if got := troubleOf(seriesB, first); !got.None() || values(first, seriesB)[minute.Format("15:04")] != 5 {
				t.Errorf("b suffers: %q, %v", got, values(first, seriesB))
			}
			if tt.kind == sources.Failed || tt.kind == sources.Forbidden {
				for at, v := range values(first, seriesA) {
					t.Errorf("told %v for %s though nothing was answered", v, at)
				}
			}
			bad = false
			second := poll(t, s, epoch.Add(time.Minute))
			if got := troubleOf(seriesA, first, second); !got.None() {
				t.Errorf("a does not heal: %q", got)
			}
			if got := values(second, seriesA)[minute.Format("15:04")]; tt.value == 0 && got != 5 {
				t.Errorf("what was missed is not made up for: %v", values(second, seriesA))
			}
		})
	}
}

// TestPagesAreJoined: values come on two pages, and an answer without an end is given up with words.
func TestPagesAreJoined(t *testing.T) {
	minute := epoch.Truncate(time.Minute)
	f, s := pair(t)
	f.data = func(q dataQuery, call int) []dataResult {
		return []dataResult{points(q.Id, minute.Add(-time.Duration(call)*time.Minute), float64(call))}
	}
	f.page = func(call int, results []dataResult) page {
		p := page{MetricDataResults: results}
		if call == 1 {
			p.NextToken = "more"
			for i := range results {
				results[i].StatusCode = "PartialData"
			}
		}
		return p
	}
	r := poll(t, s, epoch)
	got := values(r, seriesA)
	if got["18:59"] != 1 || got["18:58"] != 2 || !troubleOf(seriesA, r).None() {
		t.Errorf("pages not joined: %v, %v", got, troubleOf(seriesA, r))
	}

	endless := map[string]func(call int) string{
		"same token": func(int) string { return "again" },
		"new tokens": func(call int) string { return fmt.Sprint("t", call) },
	}
	for name, token := range endless {
		t.Run(name, func(t *testing.T) {
			f, s := pair(t)
			f.data = func(q dataQuery, _ int) []dataResult {
				r := points(q.Id, minute.Add(-time.Minute), 1)
				r.StatusCode = "PartialData"
				return []dataResult{r}
			}
			f.page = func(call int, results []dataResult) page { return page{results, token(call)} }
			r := poll(t, s, epoch)
			if calls := f.count("GetMetricData"); calls > maxPages {
				t.Errorf("%d calls", calls)
			}
			if got := troubleOf(seriesA, r); got.Kind != sources.Partial || !strings.Contains(got.Text, "do not end") {
				t.Errorf("a is said to be %q", got)
			}
		})
	}
}

// TestWindows: fifteen minutes at the start, the unsettled ones after, the whole gap after a gap, and
// fifteen minutes when the clock went back.
func TestWindows(t *testing.T) {
	f, s := pair(t)
	f.data = func(q dataQuery, _ int) []dataResult { return []dataResult{points(q.Id, epoch)} }
	tests := []struct {
		at   time.Duration // after epoch
		want time.Duration
	}{
		{0, 15 * time.Minute},
		{time.Minute, 4 * time.Minute},
		{2 * time.Minute, 4 * time.Minute},
		{4*time.Minute + 30*time.Second, 4 * time.Minute},
		{8 * time.Minute, 15 * time.Minute},
		{48 * time.Minute, 44 * time.Minute},
		{49 * time.Minute, 4 * time.Minute},
		{9 * time.Hour, 3 * time.Hour},
		{8 * time.Hour, 15 * time.Minute},
		{8*time.Hour + time.Minute, 4 * time.Minute},
	}
	for _, tt := range tests {
		poll(t, s, epoch.Add(tt.at))
		w := f.window()
		if w.end.Sub(w.from) != tt.want || !w.end.Equal(epoch.Add(tt.at).Truncate(time.Minute)) {
			t.Errorf("at %v: [%v, %v) is %v, want %v", tt.at, w.from, w.end, w.end.Sub(w.from), tt.want)
		}
	}
}

// TestFailedCallIsMadeUpFor: while calls fail nothing is told of the series, not even that there is nothing;
// afterwards the gap is filled.
func TestFailedCallIsMadeUpFor(t *testing.T) {
	minute := epoch.Truncate(time.Minute)
	f, s := pair(t)
	down := false
	f.data = func(q dataQuery, _ int) []dataResult {
		row := make([]float64, 40)
		for i := range row {
			row[i] = float64(i + 1)
		}
		return []dataResult{points(q.Id, minute.Add(-10*time.Minute), row...)}
	}
	f.fail = func(operation string, _ int) *apiError {
		if down && operation == "GetMetricData" {
			return &apiError{status: 400, code: "ValidationError", message: "down"}
		}
		return nil
	}
	poll(t, s, epoch)
	down = true
	for i := 1; i < 25; i++ {
		r, err := s.Poll(t.Context(), epoch.Add(time.Duration(i)*time.Minute))
		if err == nil || len(r.Samples) > 0 || !troubleOf(seriesA, r).None() {
			t.Fatalf("poll %d while down: %v, %d samples, facts %v", i, err, len(r.Samples), r.Facts)
		}
	}
	down = false
	r := poll(t, s, epoch.Add(25*time.Minute))
	got := values(r, seriesA)
	for i := range 25 {
		at := minute.Add(time.Duration(i) * time.Minute).Format("15:04")
		if want := float64(i + 11); got[at] != want {
			t.Errorf("%s is %v, want %v", at, got[at], want)
		}
	}
}

// TestOneCallOfSeveralFails: with more than 500 metrics the calls fail one by one; the source says how many,
// and series of the others are told.
func TestOneCallOfSeveralFails(t *testing.T) {
	f := newFakeAWS(t)
	var all []sources.Resource
	for i := range perCall + 10 {
		all = append(all, counter(fmt.Sprintf("r%03d", i), "A"))
	}
	f.data = func(q dataQuery, _ int) []dataResult {
		return []dataResult{points(q.Id, epoch.Truncate(time.Minute).Add(-time.Minute), 5)}
	}
	f.page = func(_ int, results []dataResult) page { return page{MetricDataResults: results} }
	s := source(t, openAt(t, f.URL, all...), "cloudwatch eu-central-1")
	poll(t, s, epoch)
	f.fail = func(operation string, call int) *apiError {
		if operation == "GetMetricData" && call%2 == 1 {
			return outage
		}
		return nil
	}
	f.data = func(q dataQuery, _ int) []dataResult {
		return []dataResult{points(q.Id, epoch.Truncate(time.Minute), 6)}
	}
	r, err := s.Poll(t.Context(), epoch.Add(time.Minute))
	if got := sources.TroubleOf(err); got.Kind != sources.Partial || !strings.Contains(got.Text, "1 of 2 calls") {
		t.Errorf("the source says %q", got)
	}
	if n := len(r.Samples); n != 2*10 && n != 2*perCall { // a value, and a minute that has settled without one
		t.Errorf("%d samples, want those of one call", n)
	}
}

// TestAnyAnswer: whatever order, repetition, status and times an answer has, a told value is one that was
// sent for that period of that series, nothing is told twice, and a broken series is never shown as whole.
func TestAnyAnswer(t *testing.T) {
	minute := epoch.Truncate(time.Minute)
	f, s := pair(t)
	now := epoch
	var sent map[string]map[string][]float64
	var statuses map[string][]string
	f.data = func(dataQuery, int) []dataResult { return nil }
	rapid.Check(t, func(rt *rapid.T) {
		now = now.Add(time.Minute)
		minute = now.Truncate(time.Minute)
		sent, statuses = map[string]map[string][]float64{"A": {}, "B": {}}, map[string][]string{}
		var results []dataResult
		for _, name := range rapid.SliceOfN(rapid.SampledFrom([]string{"A", "B"}), 0, 5).Draw(rt, "series") {
			r := dataResult{Id: map[string]string{"A": "q0", "B": "q1"}[name], StatusCode: rapid.SampledFrom([]string{"Complete", "PartialData", "InternalError", "Forbidden"}).Draw(rt, "status")}
			for range rapid.IntRange(0, 4).Draw(rt, "points") {
				at := minute.Add(time.Duration(rapid.IntRange(-20, 3).Draw(rt, "minute")) * time.Minute)
				v := rapid.SampledFrom([]float64{0, 1, 2.5, math.NaN(), math.Inf(1), -3}).Draw(rt, "value")
				r.Timestamps, r.Values = append(r.Timestamps, stamp(at)), append(r.Values, v)
				sent[name][at.Format("15:04")] = append(sent[name][at.Format("15:04")], v)
			}
			statuses[name] = append(statuses[name], r.StatusCode)
			results = append(results, r)
		}
		f.page = func(int, []dataResult) page { return page{MetricDataResults: results} }
		reading, err := s.Poll(t.Context(), now)
		if err != nil {
			rt.Fatal(err)
		}
		for name, series := range map[string]sources.Series{"A": seriesA, "B": seriesB} {
			for at, v := range values(reading, series) {
				if v != -1 && !slices.Contains(sent[name][at], v) {
					rt.Fatalf("%s at %s told as %v, sent %v", name, at, v, sent[name][at])
				}
			}
			s := s.(*metricsSource)
			told := s.plan.tracks[map[string]int{"A": 0, "B": 1}[name]].trouble
			whole := len(statuses[name]) > 0 && statuses[name][len(statuses[name])-1] == "Complete"
			if !whole && told.None() {
				rt.Fatalf("%s is said to be well after %q", name, statuses[name])
			}
		}
	})
}

// TestShuffledOrder: results are told apart by their ids, not by their places.
func TestShuffledOrder(t *testing.T) {
	f, s := pair(t)
	minute := epoch.Truncate(time.Minute).Add(-time.Minute)
	f.data = func(q dataQuery, _ int) []dataResult {
		return []dataResult{points(q.Id, minute, float64(len(q.MetricStat.Metric.MetricName))+float64(q.MetricStat.Metric.MetricName[0]))}
	}
	f.page = func(_ int, results []dataResult) page {
		slices.Reverse(results)
		return page{MetricDataResults: results}
	}
	r := poll(t, s, epoch)
	got := [2]float64{values(r, seriesA)["18:59"], values(r, seriesB)["18:59"]}
	if d := cmp.Diff([2]float64{1 + 'A', 1 + 'B'}, got); d != "" {
		t.Error(d)
	}
}
