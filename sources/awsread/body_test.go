package awsread

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/fxamacker/cbor/v2"
)

// largeQuestion is a request of many times the size that net/http writes at once.
func largeQuestion() *cloudwatch.GetMetricDataInput {
	in := &cloudwatch.GetMetricDataInput{StartTime: aws.Time(epoch), EndTime: aws.Time(epoch.Add(time.Hour))}
	for i := range perCall {
		p := part{metric: &metric{namespace: "Shop", published: "Registrations", stat: "Sum"}, dimensions: []types.Dimension{dimension("Site", "shop")}}
		in.MetricDataQueries = append(in.MetricDataQueries, p.query(i, time.Minute))
	}
	return in
}

// hasty is an HTTP client whose answer begins before the end of the body has been looked at.
type hasty struct{ t *testing.T }

func (c hasty) Do(r *http.Request) (*http.Response, error) {
	if _, err := io.CopyN(io.Discard, r.Body, r.ContentLength); err != nil {
		c.t.Errorf("read the request: %v", err)
	}
	if err := r.Body.Close(); err != nil {
		c.t.Errorf("close the request: %v", err)
	}
	if n, err := io.Copy(io.Discard, r.Body); n != 0 || err != nil {
		c.t.Errorf("behind the end of a closed body there are %d bytes and error %v; net/http closes the connection on one", n, err)
	}
	return nil, io.ErrUnexpectedEOF
}

func TestEndOfBodyIsNoError(t *testing.T) {
	r := openAt(t, "http://hasty.invalid")
	r.session.config.HTTPClient = hasty{t}
	if _, err := client(r.session.in("eu-central-1"), newCloudWatch).GetMetricData(t.Context(), largeQuestion(), once); err == nil {
		t.Error("no answer, and no error")
	}
}

// once makes one attempt.
func once(o *cloudwatch.Options) { o.RetryMaxAttempts = 1 }

// TestAnswerOvertakesWriting: an answer that begins the moment the last byte of a large request has come is read
// to its end, each time, at the first attempt.
func TestAnswerOvertakesWriting(t *testing.T) {
	results := make([]dataResult, 0, perCall)
	for i := range perCall {
		results = append(results, points(*largeQuestion().MetricDataQueries[i].Id, epoch, make([]float64, 10)...))
	}
	answer, err := cbor.Marshal(page{MetricDataResults: results})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.CopyN(io.Discard, r.Body, r.ContentLength); err != nil {
			t.Errorf("read the request: %v", err)
		}
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		_, _ = w.Write(answer)
	}))
	defer server.Close()
	r := openAt(t, server.URL)
	c, in := newCloudWatch(r.session.config), largeQuestion() // without the pacer
	for range 300 {
		out, err := c.GetMetricData(t.Context(), in, once)
		if err != nil {
			t.Fatal(err)
		}
		if len(out.MetricDataResults) != perCall {
			t.Fatalf("%d results of %d", len(out.MetricDataResults), perCall)
		}
	}
}
