package awswire

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/google/go-cmp/cmp"
)

// whole compares what is not exported, too.
var whole = cmp.Exporter(func(reflect.Type) bool { return true })

// kept is a journal that has gone through a recording, as bytes.
type kept struct{ lines [][]byte }

func (k *kept) keep(w Write) error {
	line, err := json.Marshal(w)
	k.lines = append(k.lines, line)
	return err
}

func (k *kept) writes(t *testing.T) []Write {
	t.Helper()
	out := make([]Write, len(k.lines))
	for i, line := range k.lines {
		if err := json.Unmarshal(line, &out[i]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// Every operation that writes is kept, with nothing of a signature, and does to another site what it did to the first.
func TestEveryWriteCanBeRepeated(t *testing.T) {
	first, again := newStanding(), newStanding()
	var journal kept
	server, url := serve(t, first)
	server.Journal(journal.keep)
	c, written := dial(t, url), 0
	for key, op := range operations() {
		before := len(journal.lines)
		if err := everyOperation[key](t.Context(), c); err != nil {
			t.Errorf("%v: %v", key, err)
		}
		if op.writes && len(journal.lines) == before {
			t.Errorf("%v is not kept", key)
		}
		if op.writes {
			written++
		}
	}
	for _, line := range journal.lines {
		if strings.Contains(string(line), "Signature") || strings.Contains(string(line), "Authorization") {
			t.Errorf("kept %s", line)
		}
	}
	if err := New(again, standstill{&again.now, 1}).Repeat(journal.writes(t)...); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first.state, again.state, whole); diff != "" || written < 9 {
		t.Errorf("of %d operations that write the sites differ:\n%s", written, diff)
	}
}

// A site that is built again from its seed and its journal goes on as the first one would have, to the request: what was
// refused is refused again, and tokens that were read before hold.
func TestASiteIsBuiltAgainFromItsJournal(t *testing.T) {
	r := rehearse(t, "lottery")
	var journal kept
	r.server.Journal(journal.keep)
	r.turnsKnobs(t)
	*r.now = r.now.Add(90 * time.Second)
	st := r.launch.State()
	stale := &cloudfrontkeyvaluestore.PutKeyInput{KvsARN: aws.String(st.Distributions[0].Store.ARN), Key: aws.String("maintenance"), Value: aws.String("on"), IfMatch: aws.String("old")}
	if _, err := r.store.PutKey(t.Context(), stale); err == nil {
		t.Error("a stale token is accepted")
	}
	fresh := &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: aws.String(st.Groups[0].ID), DesiredCapacity: aws.Int32(int32(st.Groups[0].Max))}
	if _, err := r.autoscaling.SetDesiredCapacity(t.Context(), fresh); err != nil {
		t.Fatal(err)
	}
	config, err := r.cloudfront.GetDistributionConfig(t.Context(), &cloudfront.GetDistributionConfigInput{Id: &st.Distributions[0].ID})
	if err != nil {
		t.Fatal(err)
	}

	again := rehearse(t, "lottery")
	*again.now = *r.now
	if err := again.server.Repeat(journal.writes(t)...); err != nil {
		t.Fatal(err)
	}
	back := &cloudfront.UpdateDistributionInput{Id: &st.Distributions[0].ID, IfMatch: config.ETag, DistributionConfig: config.DistributionConfig}
	for _, site := range []rehearsal{r, again} {
		if _, err := site.cloudfront.UpdateDistribution(t.Context(), back); err != nil {
			t.Fatalf("with the token that was read before: %v", err)
		}
		site.launch.Advance(r.now.Add(5 * time.Minute))
	}
	if diff := cmp.Diff(r.launch.State(), again.launch.State(), whole); diff != "" {
		t.Error(diff)
	}
	was, _ := r.launch.Minute(r.launch.Now().Add(-time.Minute))
	is, ok := again.launch.Minute(r.launch.Now().Add(-time.Minute))
	if diff := cmp.Diff(was, is, whole); diff != "" || !ok || is.Edges[0].Requests == 0 {
		t.Errorf("the last minute: %s", diff)
	}
}

// What cannot be kept is not done, and what is no journal of this AWS is told.
func TestWhatCannotBeKeptIsNotDone(t *testing.T) {
	r := rehearse(t, "lottery")
	r.server.Journal(func(Write) error { return errors.New("the disk is full") })
	before := r.launch.State().Groups[0]
	in := &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: &before.ID, DesiredCapacity: aws.Int32(int32(before.Max))}
	_, err := r.autoscaling.SetDesiredCapacity(t.Context(), in, func(o *autoscaling.Options) { o.RetryMaxAttempts = 1 })
	if err == nil || !strings.Contains(err.Error(), "cannot keep: the disk is full") {
		t.Error(err)
	}
	if got := r.launch.State().Groups[0].Desired; got != before.Desired {
		t.Errorf("desired %d, was %d", got, before.Desired)
	}
	for _, w := range []Write{{Method: "GET", URL: "/"}, {Method: "\x00"}, {Method: "POST", URL: "/", Header: map[string][]string{"X-Amz-Target": {"CodeDeploy_20141006.GetDeployment"}}}} {
		w.Service, w.Operation = "codedeploy", "GetDeployment"
		if err := r.server.Repeat(w); err == nil || !strings.HasPrefix(err.Error(), "codedeploy:GetDeployment of ") {
			t.Errorf("%+v is repeated: %v", w, err)
		}
	}
}

// A journal whose times are far ahead, for whatever reason, does not keep a process at work that builds its site again: what it
// tells of is done now.
func TestWhatIsStillToComeIsRepeatedNow(t *testing.T) {
	r := rehearse(t, "lottery")
	var journal kept
	r.server.Journal(journal.keep)
	r.turnsKnobs(t)
	writes := journal.writes(t)
	for i := range writes {
		writes[i].At = r.now.AddDate(200, 0, 0)
	}
	again := rehearse(t, "lottery")
	if err := again.server.Repeat(writes...); err != nil {
		t.Fatal(err)
	}
	if is, want := again.launch.State().Groups[0], r.launch.State().Groups[0]; is.Min != want.Min || is.Max != want.Max || again.launch.Now().After(*again.now) {
		t.Errorf("at %s the fleet is from %d to %d, want %d to %d", again.launch.Now(), is.Min, is.Max, want.Min, want.Max)
	}
}
