package awsread

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/fxamacker/cbor/v2"

	"warroom/sources"
)

// epoch is where the launch clocks of these tests start.
var epoch = time.Date(2026, 3, 1, 19, 0, 5, 0, time.UTC)

// fakeAWS answers the real clients over loopback with what a test tells it to, for the answers that a
// well-behaved AWS never gives.
type fakeAWS struct {
	*httptest.Server
	t testing.TB

	mu      sync.Mutex
	calls   []string                                       // operations, in the order they came
	windows []stretch                                      // that GetMetricData was asked for
	data    func(q dataQuery, call int) []dataResult       // answers one query of GetMetricData; nil leaves it out
	page    func(call int, results []dataResult) page      // changes an answer of GetMetricData
	refuses func(queries []dataQuery) *apiError            // refuses a call of GetMetricData for what it asks
	lists   func(in listInput) *apiError                   // refuses a call of ListMetrics for what it asks
	listed  []listedMetric                                 // what ListMetrics knows
	fail    func(operation string, call int) *apiError     // refuses a call
	answers map[string]string                              // bodies by operation, for all other services
	respond func(operation string, form url.Values) string // the same, by what is asked; "" leaves it to answers
	stale   map[string]bool                                // access keys that have expired
}

type apiError struct {
	status  int
	code    string
	message string
	body    string // instead of a well-formed error
}

type dataQuery struct {
	Id         string
	MetricStat struct {
		Metric listedMetric
		Period int
		Stat   string
	}
}

type listedMetric struct {
	Namespace, MetricName string
	Dimensions            []struct{ Name, Value string }
}

func metricAt(namespace, name string, pairs ...string) listedMetric {
	m := listedMetric{Namespace: namespace, MetricName: name}
	for i := 0; i < len(pairs); i += 2 {
		m.Dimensions = append(m.Dimensions, struct{ Name, Value string }{pairs[i], pairs[i+1]})
	}
	return m
}

func (m listedMetric) String() string {
	var pairs []string
	for _, d := range m.Dimensions {
		pairs = append(pairs, d.Name+"="+d.Value)
	}
	slices.Sort(pairs)
	return m.Namespace + " " + m.MetricName + " " + strings.Join(pairs, ",")
}

type dataResult struct {
	Id         string
	Label      string
	StatusCode string
	Timestamps []cbor.Tag
	Values     []any
	Messages   []map[string]string `cbor:",omitempty"`
}

type page struct {
	MetricDataResults []dataResult
	NextToken         string `cbor:",omitempty"`
}

// points makes a complete result of values for the minutes that start at from.
func points(id string, from time.Time, values ...float64) dataResult {
	r := dataResult{Id: id, Label: id, StatusCode: "Complete"}
	for i, v := range values {
		r.Timestamps = append(r.Timestamps, stamp(from.Add(time.Duration(i)*time.Minute)))
		r.Values = append(r.Values, v)
	}
	return r
}

func stamp(t time.Time) cbor.Tag { return cbor.Tag{Number: 1, Content: float64(t.Unix())} }

// stretch is from a time on, up to another.
type stretch struct{ from, end time.Time }

// window is the stretch of the newest GetMetricData.
func (f *fakeAWS) window() stretch {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.windows[len(f.windows)-1]
}

func newFakeAWS(t testing.TB) *fakeAWS {
	f := &fakeAWS{t: t, answers: map[string]string{
		"GetCallerIdentity": `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::123456789012:assumed-role/reader/me</Arn><UserId>me</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
	}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

// count is how often an operation was called.
func (f *fakeAWS) count(operation string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c == operation {
			n++
		}
	}
	return n
}

func (f *fakeAWS) all() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// ServeHTTP finds out the operation in whichever protocol it came.
func (f *fakeAWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		f.t.Errorf("read the request: %v", err)
	}
	operation := ""
	switch {
	case strings.HasPrefix(r.URL.Path, "/service/Granite"):
		operation = r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	case r.Header.Get("X-Amz-Target") != "":
		_, operation, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	case strings.HasPrefix(r.URL.Path, "/2020-05-31/"):
		operation = r.Method + " " + r.URL.Path
	default:
		for pair := range strings.SplitSeq(string(body), "&") {
			if action, ok := strings.CutPrefix(pair, "Action="); ok {
				operation = action
			}
		}
	}
	f.mu.Lock()
	f.calls = append(f.calls, operation)
	f.mu.Unlock()
	if f.isStale(r) {
		f.refuse(w, operation, &apiError{status: http.StatusForbidden, code: "ExpiredToken", message: "The security token included in the request is expired"})
		return
	}
	if f.fail != nil {
		if e := f.fail(operation, f.count(operation)); e != nil {
			f.refuse(w, operation, e)
			return
		}
	}
	f.answer(w, operation, body)
}

// say writes an answer; a client that has gone away does not hear it.
func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

// isStale tells whether the request is signed with a key that has expired.
func (f *fakeAWS) isStale(r *http.Request) bool {
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	key, _, _ := strings.Cut(credential, "/")
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stale[key]
}

// expire makes a key stale.
func (f *fakeAWS) expire(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stale == nil {
		f.stale = map[string]bool{}
	}
	f.stale[key] = true
}

func (f *fakeAWS) refuse(w http.ResponseWriter, operation string, e *apiError) {
	status := cmp.Or(e.status, 400)
	switch {
	case e.body != "":
		w.WriteHeader(status)
		say(w, "%s", e.body)
	case operation == "GetMetricData" || operation == "ListMetrics":
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		w.WriteHeader(status)
		f.write(w, map[string]string{"__type": e.code, "message": e.message})
	default:
		w.WriteHeader(status)
		say(w, `<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`, e.code, e.message)
	}
}

func (f *fakeAWS) answer(w http.ResponseWriter, operation string, body []byte) {
	switch operation {
	case "GetMetricData":
		in := f.metricDataInput(body)
		if f.refuses != nil {
			if e := f.refuses(in.MetricDataQueries); e != nil {
				f.refuse(w, operation, e)
				return
			}
		}
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		f.write(w, f.metricData(in.MetricDataQueries))
	case "ListMetrics":
		in := f.listInput(body)
		if f.lists != nil {
			if e := f.lists(in); e != nil {
				f.refuse(w, operation, e)
				return
			}
		}
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		f.write(w, f.list(in))
	default:
		answer, ok := f.answers[operation]
		if f.respond != nil {
			form, _ := url.ParseQuery(string(body)) // other protocols have no form
			if said := f.respond(operation, form); said != "" {
				answer, ok = said, true
			}
		}
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			say(w, `<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchThing</Code><Message>no answer for %s</Message></Error></ErrorResponse>`, operation)
			return
		}
		w.Header().Set("ETag", "E1TAG")
		say(w, "%s", answer)
	}
}

type dataInput struct {
	MetricDataQueries  []dataQuery
	StartTime, EndTime time.Time
}

// metricDataInput reads what GetMetricData is asked, and notes the stretch.
func (f *fakeAWS) metricDataInput(body []byte) dataInput {
	var in dataInput
	if err := cbor.Unmarshal(body, &in); err != nil {
		f.t.Errorf("GetMetricData: %v", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.windows = append(f.windows, stretch{in.StartTime.UTC(), in.EndTime.UTC()})
	return in
}

func (f *fakeAWS) metricData(queries []dataQuery) page {
	call := f.count("GetMetricData")
	var results []dataResult
	for _, q := range queries {
		if f.data != nil {
			results = append(results, f.data(q, call)...)
		}
	}
	if f.page != nil {
		return f.page(call, results)
	}
	return page{MetricDataResults: results}
}

type listInput struct {
	Namespace, MetricName, NextToken string
	Dimensions                       []struct{ Name, Value string }
}

func (f *fakeAWS) listInput(body []byte) (in listInput) {
	if err := cbor.Unmarshal(body, &in); err != nil {
		f.t.Errorf("ListMetrics: %v", err)
	}
	return in
}

// list gives a page of 500 of the metrics that pass.
func (f *fakeAWS) list(in listInput) map[string]any {
	out := []listedMetric{}
	for _, m := range f.listed {
		ok := m.Namespace == in.Namespace && (in.MetricName == "" || in.MetricName == m.MetricName)
		for _, d := range in.Dimensions {
			ok = ok && slices.Contains(m.Dimensions, d)
		}
		if ok {
			out = append(out, m)
		}
	}
	const page = 500
	from, _ := strconv.Atoi(in.NextToken)
	if len(out) > from+page {
		return map[string]any{"Metrics": out[from : from+page], "NextToken": strconv.Itoa(from + page)}
	}
	return map[string]any{"Metrics": out[from:]}
}

func (f *fakeAWS) write(w io.Writer, v any) {
	b, err := cbor.Marshal(v)
	if err != nil {
		f.t.Errorf("encode: %v", err)
	}
	if _, err := w.Write(b); err != nil {
		f.t.Errorf("write: %v", err)
	}
}

// fixedCredentials never change.
var fixedCredentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", Source: "test"}, nil
})

func openAt(t testing.TB, endpoint string, resources ...sources.Resource) *Reader {
	t.Helper()
	r, err := Open(t.Context(), Options{Region: "eu-central-1", Endpoint: endpoint, Credentials: fixedCredentials, Resources: resources, Clock: sources.NewManualClock(epoch)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// source finds a reader's source by its name.
func source(t testing.TB, r *Reader, name string) sources.Source {
	t.Helper()
	var names []string
	for _, s := range r.Sources() {
		if s.Name() == name {
			return s
		}
		names = append(names, s.Name())
	}
	t.Fatalf("no source %q among %q", name, names)
	return nil
}

// counter is a custom metric of the audience, the simplest resource there is.
func counter(name, metric string) sources.Resource {
	return sources.Resource{Ref: sources.Ref{Service: "audience", Name: name}, Attrs: map[string]string{"namespace": "Shop", "metric": metric, "stat": "Sum", "dimensions": "Site=shop", "as": "registrations"}}
}

// poll polls once and fails the test on an error.
func poll(t testing.TB, s sources.Source, now time.Time) sources.Reading {
	t.Helper()
	r, err := s.Poll(t.Context(), now)
	if err != nil {
		t.Fatalf("poll %s at %s: %v", s.Name(), now.Format(time.TimeOnly), err)
	}
	return r
}

// factOf is the last value that the readings gave a fact, and whether they gave it one.
func factOf(ref sources.Ref, name string, readings ...sources.Reading) (string, bool) {
	for _, r := range slices.Backward(readings) {
		for _, f := range slices.Backward(r.Facts) {
			if f.Resource == ref && f.Name == name {
				return f.Value, true
			}
		}
	}
	return "", false
}
