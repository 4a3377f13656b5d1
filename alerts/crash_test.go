package alerts_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"warroom/alerts"
	"warroom/alerts/receiver"
	"warroom/sources"
	"warroom/sources/recording"
)

// moments are those at which a process can be killed while it tells one transition.
var moments = []string{"before it is recorded", "before it is sent", "while it is sent", "after it was taken", "after that is recorded", "never"}

// mortal is a process that can be killed: from then on it records nothing, and sends nothing.
type mortal struct {
	*recording.File
	phone  *phone
	when   string // of moments
	about  alerts.Event
	killed atomic.Bool
}

var errKilled = errors.New("killed")

func (m *mortal) Append(ctx context.Context, r ...sources.Reading) error {
	if m.killed.Load() {
		return errKilled
	}
	return m.File.Append(ctx, r...)
}

func (m *mortal) AppendChange(ctx context.Context, c sources.Change) (sources.Change, error) {
	d, delivery := alerts.ReadDelivery(c)
	ours := delivery && d.Event == m.about
	if ours && m.when == "after it was taken" {
		m.killed.Store(true)
	}
	if m.killed.Load() {
		return c, errKilled
	}
	c, err := m.File.AppendChange(ctx, c)
	if ours && m.when == "after that is recorded" {
		m.killed.Store(true)
	}
	return c, err
}

func (m *mortal) Send(ctx context.Context, msg alerts.Message) error {
	ours := msg.Event == m.about
	if ours && m.when == "before it is sent" {
		m.killed.Store(true)
	}
	if m.killed.Load() {
		return errKilled
	}
	err := m.phone.Send(ctx, msg)
	if ours && m.when == "while it is sent" {
		m.killed.Store(true)
		return errKilled
	}
	return err
}

// TestKilledBetweenJudgingRecordingAndSending goes through all interleavings of two kills: one while an alert that fires is
// told, one while its end is.
func TestKilledBetweenJudgingRecordingAndSending(t *testing.T) {
	t.Parallel()
	for _, first := range moments {
		for _, second := range moments {
			t.Run(first+", "+second, func(t *testing.T) {
				t.Parallel()
				s, p := newStage(t), &phone{}
				kills := 0
				live := func(c sources.Change, when string, about alerts.Event) {
					m := &mortal{File: s.tape, phone: p, when: when, about: about}
					stop := s.run(s.notifier(m, nil, alerts.Receiver{Name: "pager", Sender: m}))
					if when != "before it is recorded" {
						s.given(c)
					}
					switch when {
					case "never":
						eventually(t, "it is told and recorded", func() bool { return s.delivered(about) })
					case "before it is recorded":
						m.killed.Store(true)
						kills++
					default:
						eventually(t, "it is killed", m.killed.Load)
						kills++
					}
					stop()
					// The process that comes next judges what was not recorded, and tells what is not recorded as told.
					s.given(c)
					m = &mortal{File: s.tape, phone: p, when: "never"}
					stop = s.run(s.notifier(m, nil, alerts.Receiver{Name: "pager", Sender: m}))
					eventually(t, "the next process tells it", func() bool { return s.delivered(about) })
					stop()
				}
				live(became("OriginErrors", prod, alerts.Firing, 3), first, alerts.Fires)
				live(became("OriginErrors", prod, alerts.Resolved, 9, unpaged), second, alerts.Over)
				count := map[string]int{}
				for _, line := range p.heard() {
					count[line]++
				}
				fires, ends := count["firing OriginErrors"], count["resolved OriginErrors"]
				if fires < 1 || ends < 1 || fires+ends-2 > kills {
					t.Errorf("%d fires and %d resolves after %d kills: %q", fires, ends, kills, p.heard())
				}
				if got := p.heard(); got[len(got)-1] != "resolved OriginErrors" {
					t.Errorf("the last word is %q", got)
				}
			})
		}
	}
}

// delivered tells whether the recording says that the receiver was told of an event.
func (s *stage) delivered(event alerts.Event) bool {
	changes, _, err := s.tape.ChangesSince(context.Background(), 0)
	if err != nil {
		s.t.Error(err)
	}
	for _, c := range changes {
		if d, ok := alerts.ReadDelivery(c); ok && d.Event == event {
			return true
		}
	}
	return false
}

// The child that is killed for real finds here what it tells whom.
const (
	childTape = "WARROOM_TEST_NOTIFIER"
	childURL  = "WARROOM_TEST_NOTIFIER_URL"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childTape); path != "" {
		os.Exit(tellOn(path, os.Getenv(childURL)))
	}
	os.Exit(m.Run())
}

// tellOn is the child: it tells one webhook until it is killed.
func tellOn(path, address string) int {
	tape, err := recording.Open(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	hook, err := receiver.Open(receiver.Webhook, address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var mark recording.Mark
	n := alerts.NewNotifier(alerts.NotifierOptions{
		Journal: tape, Receivers: []alerts.Receiver{{Name: "hook", Sender: hook}}, Clock: &evenings{}, Launch: sources.Launch{Name: "Lottery"},
		Limits: alerts.Limits{Look: time.Millisecond, Attempt: time.Second, First: time.Millisecond, Most: 5 * time.Millisecond, Leave: time.Millisecond},
		News: func(ctx context.Context) (changes []sources.Change, err error) {
			changes, mark, err = tape.ChangesSince(ctx, mark)
			return changes, err
		},
	})
	fmt.Println("begun")
	n.Run(context.Background())
	return 0
}

// TestKilledForReal kills a process that tells a webhook of alerts, at any moment, again and again.
func TestKilledForReal(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var mu sync.Mutex
	got := map[string]int{} // by event and rule
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m struct {
			Event string
			Alert struct{ Name string }
		}
		if json.NewDecoder(r.Body).Decode(&m) == nil {
			mu.Lock()
			got[m.Event+" "+m.Alert.Name]++
			mu.Unlock()
		}
	}))
	defer hook.Close()
	all := func(event string, n int) bool {
		mu.Lock()
		defer mu.Unlock()
		told := 0
		for what := range got {
			if strings.HasPrefix(what, event+" ") {
				told++
			}
		}
		return told == n
	}
	const rules = 20
	rule := func(i int) string { return fmt.Sprintf("Rule%02d", i) }
	kills := 0
	killUntil := func(done func() bool) {
		for !done() && !t.Failed() {
			kills++
			s.child(hook.URL, time.Duration(rand.N(30))*time.Millisecond)
		}
	}
	for i := range rules {
		s.given(became(rule(i), prod, alerts.Firing, i))
	}
	killUntil(func() bool { return all("firing", rules) })
	for i := range rules {
		s.given(became(rule(i), prod, alerts.Resolved, 60+i, unpaged))
	}
	killUntil(func() bool { return all("resolved", rules) })
	duplicates := 0
	for _, n := range got {
		duplicates += n - 1
	}
	t.Logf("killed %d times, told %d twice", kills, duplicates)
	if duplicates > kills {
		t.Errorf("%d duplicates after %d kills", duplicates, kills)
	}
}

// child runs a child and kills it some time after it has begun.
func (s *stage) child(address string, after time.Duration) {
	s.t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childTape+"="+s.tape.Path(), childURL+"="+address)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		s.t.Fatal(err)
	}
	said := bufio.NewReader(out)
	if line, err := said.ReadString('\n'); err != nil {
		_ = child.Wait()
		s.t.Fatalf("the child did not begin: %q, %v", line, err)
	}
	timer := time.AfterFunc(after, func() { _ = child.Process.Kill() })
	defer timer.Stop()
	_, _ = io.Copy(io.Discard, said)
	_ = child.Wait()
	if child.ProcessState.Exited() {
		s.t.Fatal("the child was not killed but ended")
	}
}
