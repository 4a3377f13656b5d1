package tui_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"warroom/alerts"
	"warroom/runbooks"
	"warroom/runbooks/awswrite"
	"warroom/sources"
	"warroom/sources/recording"
	"warroom/sources/simulator"
	"warroom/sources/simulator/awswire"
	"warroom/tui"
)

var walkedKeys = flag.Int("tui.keys", 100_000, "keys of the walk through a safe room; 1000000 before a release")

// phrases are what people type as a whole; \n is Enter, \x1b is Esc. None of them arms the room.
var phrases = []string{
	":capacity +1\n", ":capacity min 3 max 20\n", ":maintenance on\n", ":maintenance off\n", ":invalidate /*\n", ":invalidate /a\n",
	":firewall rule rate-limit limit 500\n", ":undo\n", ":settle\n", ":approve\n", ":requests\n", ":actions\n", ":safe\n",
	":goto asg/web\n", ":goto aurora/main\n", ":goto cloudfront/site\n", ":goto waf/edge\n", ":goto alb/web\n",
	":alerts\n", ":own\n", ":silence 10m why\n", ":silence off\n", "Ao", "As1h\n", "A\nr", "A\n\n", "Cc+1\n", "Ccapacity\n", "Ca", ":ceilings\n",
	"c+1\n", "ccapacity\n", "m\n", "i/*\n", "acapacity\n+2\n", "y", "y", "\x1b", "web\n", "site\n", "edge\n", "main\n", "r",
}

// account is a simulated AWS account behind its protocols, and the hands on it.
type account struct {
	launch *simulator.Launch
	aws    *awswire.Server
	hands  []runbooks.Hand
}

func newAccount(t *testing.T) *account {
	t.Helper()
	sc, err := simulator.Load("lottery")
	if err != nil {
		t.Fatal(err)
	}
	launch, err := simulator.New(sc, 7)
	if err != nil {
		t.Fatal(err)
	}
	a := &account{launch: launch, aws: awswire.New(launch, sources.NewManualClock(launch.Now()))}
	server := httptest.NewUnstartedServer(a.aws)
	server.Config.SetKeepAlivesEnabled(false) // a connection that is kept would hold up the bubble's time
	server.Start()
	t.Cleanup(func() { _ = a.aws.Close(); server.Close() })
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"} {
		t.Setenv(name, value)
	}
	w, err := awswrite.Open(t.Context(), awswrite.Options{
		Region: launch.State().Region, Endpoint: server.URL, Operator: "mia", Resources: a.resources(),
		Fetch: func(context.Context, string) (int, error) { return http.StatusOK, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	a.hands = w.Hands()
	return a
}

func (a *account) resources() []sources.Resource {
	st := a.launch.State()
	of := func(service, name, id string) sources.Resource {
		return sources.Resource{Ref: sources.Ref{Service: service, Name: name}, ID: id}
	}
	return []sources.Resource{
		of("cloudfront", st.Distributions[0].Name, st.Distributions[0].ID), of("waf", st.WebACLs[0].Name, st.WebACLs[0].Name),
		of("alb", st.LoadBalancers[0].Name, st.LoadBalancers[0].Tail), of("asg", st.Groups[0].Name, st.Groups[0].ID), of("aurora", st.Clusters[0].Name, st.Clusters[0].ID),
	}
}

// wander lets somebody press so many keys at random on every page of a room with hands, and tells how many times they did.
// before is called ahead of each handful of keys, in the bubble.
func (a *account) wander(t *testing.T, keys int, before func(*runbooks.Guard)) (pressed int) {
	meta := launchMeta()
	meta.Resources = a.resources()
	f, err := recording.Create(filepath.Join(t.TempDir(), "walk.warroom"), meta)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	now := t0.Add(10 * time.Minute)
	write(t, f, t0.Add(-5*time.Minute), now)
	a.alert(t, f, now)
	synctest.Test(t, func(t *testing.T) {
		clock := sources.NewManualClock(now)
		hands := runbooks.NewHands(runbooks.Options{Hands: a.hands, Guard: &runbooks.Guard{}, Journal: f, Clock: clock, Now: time.Now, Operator: "mia", Process: "one"})
		t.Cleanup(hands.Close)
		leo := runbooks.NewHands(runbooks.Options{
			Hands: a.hands, Guard: &runbooks.Guard{}, Journal: f, Clock: clock, Now: time.Now, Operator: "leo", Process: "two",
			TwoPeople: func() []runbooks.Rule { return []runbooks.Rule{{Kind: runbooks.Firewall}} },
		})
		t.Cleanup(leo.Close)
		x := newHand(t, tui.Options{Tape: f, Meta: meta, Clock: clock, Operator: "mia", Path: f.Path(), Hands: hands, Now: time.Now}, 120, 40)
		dice := rand.New(rand.NewPCG(1, 2))
		for asked := -1; pressed < keys; {
			if pressed/askEvery > asked {
				asked = pressed / askEvery
				a.ask(t, leo)
			}
			before(hands.Guard())
			for _, k := range handful(dice) {
				x.press(k)
				pressed++
				time.Sleep(time.Duration(20+dice.IntN(150)) * time.Millisecond)
				if hands.Guard().Armed(time.Now()).IsZero() {
					continue
				}
				before(hands.Guard()) // somebody may have typed it
			}
			x.look(dice)
		}
	})
	return pressed
}

// alert has an alert of every service fire, and gives what can be full its numbers.
func (a *account) alert(t *testing.T, f *recording.File, now time.Time) {
	var b sources.Batch
	for _, r := range a.resources() {
		of := errorsOf(alerts.Firing, now.Add(-2*time.Minute))
		of.Resource, of.Runbook = r.Ref, ""
		b.Changes = append(b.Changes, alerted(t, of))
		for metric, value := range map[string]float64{"asg_desired": 3, "asg_max": 12, "aurora_acu": 8, "aurora_acu_max": 32} {
			if m, _ := sources.Lookup(metric); m.Service == r.Service {
				b.Samples = append(b.Samples, sources.Sample{Series: sources.Series{Metric: metric, Resource: r.Name}, At: now.Add(-2 * time.Minute), Seen: now, Value: value})
			}
		}
	}
	if err := f.Append(t.Context(), sources.Reading{Source: "test", At: now, Batch: b}); err != nil {
		t.Fatal(err)
	}
}

// askEvery is after how many keys another operator asks for a second one.
const askEvery = 25_000

// ask has another operator, whose room is armed, ask for a second one: who approves it has it carried out.
func (a *account) ask(t *testing.T, leo *runbooks.Hands) {
	t.Helper()
	wall := a.launch.State().WebACLs[0]
	leo.Guard().Arm(time.Now())
	p, err := leo.Plan(t.Context(), runbooks.Action{Kind: runbooks.Firewall, Resource: sources.Ref{Service: "waf", Name: wall.Name}, Want: map[string]string{"rule": "rate-limit", "limit": "700"}})
	if err == nil {
		err = leo.Ask(t.Context(), p, p.Confirm(p.Word(), time.Now()))
	}
	if err != nil {
		t.Logf("nothing is asked for: %v", err) // where the walk has just changed the same
	}
}

// handful is a phrase, or a few keys.
func handful(dice *rand.Rand) []tea.KeyPressMsg {
	if dice.IntN(2) > 0 {
		out := make([]tea.KeyPressMsg, 1+dice.IntN(4))
		for i := range out {
			out[i] = anyKey(dice)
		}
		return out
	}
	var out []tea.KeyPressMsg
	phrase := phrases[dice.IntN(len(phrases))]
	if dice.IntN(2) > 0 {
		phrase = "\x1b\x1b" + phrase // whatever is open is left
	}
	for _, r := range phrase {
		switch r {
		case '\n':
			out = append(out, tea.KeyPressMsg{Code: tea.KeyEnter})
		case '\x1b':
			out = append(out, tea.KeyPressMsg{Code: tea.KeyEscape})
		default:
			out = append(out, rune1(r))
		}
	}
	return out
}

// anyKey is any key but those that leave or suspend: a letter, a sign, with Ctrl or without, or one with a name.
func anyKey(dice *rand.Rand) tea.KeyPressMsg {
	switch dice.IntN(4) {
	case 0:
		return walkKeys[dice.IntN(len(walkKeys))]
	case 1:
		if r := rune('a' + dice.IntN(26)); r != 'c' && r != 'z' {
			return tea.KeyPressMsg{Code: r, Mod: tea.ModCtrl}
		}
	}
	r := rune(' ' + dice.IntN(95))
	if r == 'q' {
		r = 'y'
	}
	return rune1(r)
}

// look waits now and then, as a person does who reads, and has the screen drawn.
func (x *hand) look(dice *rand.Rand) {
	switch dice.IntN(12) {
	case 0:
		time.Sleep(time.Second)
		x.send(tui.Tick(x.model))
	case 1:
		x.send(advanced)
	case 2:
		x.send(tea.PasteMsg{Content: "web\n"})
	case 3:
		x.frame()
	}
}

// TestASafeRoomWritesNothing walks at random over every page of a room with hands that is safe: nothing that changes
// anything reaches AWS, however much is planned.
func TestASafeRoomWritesNothing(t *testing.T) {
	a := newAccount(t)
	pressed := a.wander(t, *walkedKeys, (*runbooks.Guard).Disarm)
	st := a.aws.Stats()
	if st.Writes != 0 {
		t.Errorf("%d writes by %d keys: %v", st.Writes, pressed, st.Calls)
	}
	for _, read := range []string{"autoscaling:DescribeAutoScalingGroups", "rds:DescribeDBClusters", "cloudfront:GetDistribution", "cloudfront:GetDistributionConfig", "wafv2:GetWebACL"} {
		if st.Calls[read] == 0 {
			t.Errorf("%s was never called: not every action was planned, and the walk proves little", read)
		}
	}
	t.Logf("%d keys, %v", pressed, st.Calls)
}

// TestTheWalkSeesAnArmedRoom breaks the guard: the same walk in a room that is armed must change something.
func TestTheWalkSeesAnArmedRoom(t *testing.T) {
	a := newAccount(t)
	a.wander(t, 40_000, func(g *runbooks.Guard) { g.Arm(time.Now()) })
	if st := a.aws.Stats(); st.Writes == 0 {
		t.Errorf("nothing was changed by an armed room: %v", st.Calls)
	}
}
