package simulator

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestRefusedChanges(t *testing.T) {
	l := launched(t, "lottery", nil)
	no := func(_ string, err error) error { return err }
	tooMany := make([]string, 0)
	n := func(v int) *int { return &v }
	if err := l.SetACU("main", 8, 40); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name string
		err  error
		want error
		say  string
	}{
		{"no such group", l.SetDesired("wep", 3), ErrUnknown, `"wep"`},
		{"desired above max", l.SetDesired("web", 19), ErrInvalid, "bounds 10 to 18"},
		{"min above max", l.SetSize("web", Size{Min: n(20)}), ErrInvalid, "min <= desired <= max"},
		{"desired below min", l.SetSize("web", Size{Desired: n(1)}), ErrInvalid, "min <= desired"},
		{"no such group to size", l.SetSize("", Size{}), ErrUnknown, "group"},
		{"no such group to schedule", l.Schedule("x"), ErrUnknown, `"x"`},
		{"schedule without a number", l.Schedule("web", ScheduledAction{Name: "a", At: l.Now().Add(time.Hour)}), ErrInvalid, "a number"},
		{"schedule in the past", l.Schedule("web", ScheduledAction{Name: "a", At: l.Now(), Size: Size{Min: n(1)}}), ErrInvalid, "to come"},
		{"no such balancer to reserve for", l.SetReservation("x", 100), ErrUnknown, `"x"`},
		{"too small a reservation", l.SetReservation("web", 99), ErrInvalid, "100 to 15000"},
		{"too large a reservation", l.SetReservation("web", 15001), ErrInvalid, "100 to 15000"},
		{"no such store", no(l.SetKey("x", FlagKey, FlagOn, "")), ErrUnknown, `"x"`},
		{"old ETag of a store", no(l.SetKey(l.State().Distributions[0].Store.ARN, FlagKey, FlagOn, "KVEOLD")), ErrPrecondition, "not the newest"},
		{"a key without a value", no(l.SetKey(l.State().Distributions[0].Store.ARN, FlagKey, " ", l.State().Distributions[0].Store.ETag)), ErrInvalid, FlagKey},
		{"no such balancer to answer", l.SetFixed("x", FixedResponse{}), ErrUnknown, `"x"`},
		{"too long an answer", l.SetFixed("web", FixedResponse{Body: strings.Repeat("x", 1025)}), ErrInvalid, "1024"},
		{"no such process", l.Suspend("web", "Lanch"), ErrInvalid, `did you mean "Launch"?`},
		{"no such group to suspend", l.Suspend("x"), ErrUnknown, `"x"`},
		{"no such cluster", l.SetACU("mian", 2, 4), ErrUnknown, `"mian"`},
		{"cluster is modifying", l.SetACU("main", 8, 32), ErrBusy, "modifying"},
		{"no such distribution", no(l.SetOrigin("egde", "live", "")), ErrUnknown, `"egde"`},
		{"no such origin", no(l.SetOrigin("edge", "maintenence", "")), ErrInvalid, `did you mean "maintenance"?`},
		{"old ETag", no(l.SetOrigin("edge", "live", "EOLD")), ErrPrecondition, "read the configuration again"},
		{"nothing to purge", second(l.Invalidate("edge", "r", tooMany)), ErrInvalid, "no paths"},
		{"path without a slash", second(l.Invalidate("edge", "r", []string{"static/*"})), ErrInvalid, "starts with /"},
		{"star in the middle", second(l.Invalidate("edge", "r", []string{"/a*b"})), ErrInvalid, "* at its end"},
		{"no such web ACL", no(l.SetRules("x", "")), ErrUnknown, `"x"`},
		{"old lock token", no(l.SetRules("edge", "old")), ErrPrecondition, "read it again"},
		{"no such rule", no(l.SetRules("edge", "", RuleEdit{Rule: "rate"})), ErrUnknown, `"rate"`},
		{"no such mode", no(l.SetRules("edge", "", RuleEdit{Rule: ruleRate, Mode: "Off"})), ErrInvalid, "Block or Count or Captcha or Challenge"},
		{"no such mode of a group", no(l.SetRules("edge", "", RuleEdit{Rule: ruleManaged, Mode: Captcha})), ErrInvalid, "want Block or Count"},
		{"limit too low", no(l.SetRules("edge", "", RuleEdit{Rule: ruleRate, Limit: 9})), ErrInvalid, "10 to"},
		{"window that AWS lacks", no(l.SetRules("edge", "", RuleEdit{Rule: ruleRate, Window: 90 * time.Second})), ErrInvalid, "1m, 2m, 5m or 10m"},
		{"no such balancer", l.SetWeights("wep"), ErrUnknown, `"wep"`},
		{"no such target group", l.SetWeights("web", Weight{"x", 1}), ErrUnknown, `"x"`},
		{"weight too high", l.SetWeights("web", Weight{"web", 1000}), ErrInvalid, "0 to 999"},
		{"all weights zero", l.SetWeights("web", Weight{"web", 0}), ErrInvalid, "nobody would be served"},
	}
	for _, c := range cases {
		if !errors.Is(c.err, c.want) || !strings.Contains(c.err.Error(), c.say) {
			t.Errorf("%s: %v, want %v with %s", c.name, c.err, c.want, c.say)
		}
	}
	l.Advance(l.Now().Add(time.Minute))
	for _, bad := range [][2]float64{{0, 4}, {4, 2}, {1.25, 4}, {8, 300}, {0.5, 0.5}} {
		if err := l.SetACU("main", bad[0], bad[1]); !errors.Is(err, ErrInvalid) {
			t.Errorf("range %v: %v", bad, err)
		}
	}
}

func TestResourcesAnswerToAllTheirNames(t *testing.T) {
	l := launched(t, "lottery", nil)
	st := l.State()
	for _, name := range []string{"web", st.Groups[0].ID, st.Groups[0].ARN} {
		if err := l.SetDesired(name, 11); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"edge", st.Distributions[0].ID, st.Distributions[0].ARN} {
		if _, err := l.Invalidate(name, name, []string{"/a"}); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{st.WebACLs[0].Name, st.WebACLs[0].ID, st.WebACLs[0].ARN} {
		token := l.State().WebACLs[0].LockToken
		next, err := l.SetRules(name, token, RuleEdit{Rule: ruleManaged, Mode: Count})
		if err != nil || next == token {
			t.Error(next, err)
		}
	}
	for _, name := range []string{"main", st.Clusters[0].ID, st.Clusters[0].ARN} {
		l.Advance(l.Now().Add(time.Minute))
		if err := l.SetACU(name, 9, 33); err != nil {
			t.Error(err)
		}
	}
}

func TestAnInvalidationIsMadeOnce(t *testing.T) {
	l := launched(t, "lottery", nil)
	a, errA := l.Invalidate("edge", "one", []string{"/a"})
	b, errB := l.Invalidate("edge", "one", []string{"/a"})
	if errA != nil || errB != nil || a.ID != b.ID {
		t.Errorf("%v %v, %v %v", a, errA, b, errB)
	}
	if _, err := l.Invalidate("edge", "one", []string{"/b"}); !errors.Is(err, ErrInvalid) {
		t.Errorf("the same reference for other paths: %v", err)
	}
	for i := range purgesAtOnce - 1 {
		if _, err := l.Invalidate("edge", string(rune('a'+i)), []string{"/x"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Invalidate("edge", "too many", []string{"/x"}); !errors.Is(err, ErrBusy) {
		t.Errorf("the sixteenth at one time: %v", err)
	}
}

func TestStateIsACopy(t *testing.T) {
	l := launched(t, "lottery", nil)
	st := l.State()
	st.Groups[0].Instances[0].ID = "mine"
	st.WebACLs[0].Rules[0].Mode = "mine"
	st.TargetGroups[0].Targets[0].State = "mine"
	now := l.State()
	if now.Groups[0].Instances[0].ID == "mine" || now.WebACLs[0].Rules[0].Mode == "mine" || now.TargetGroups[0].Targets[0].State == "mine" {
		t.Error("the caller changed the account by writing to its copy")
	}
	if len(now.Groups[0].Instances) != now.Groups[0].Desired || now.TargetGroups[0].Group != "web" || now.Distributions[0].WebACLARN != now.WebACLs[0].ARN {
		t.Errorf("the account does not hang together: %+v", now)
	}
}

// max_connections is computed at boot: a changed range changes it on no account.
func TestMaxConnectionsStaysAsOfTheBoot(t *testing.T) {
	l := launched(t, "lottery", nil)
	before := l.State().Clusters[0].Members[0].MaxConns
	for _, r := range []ACURange{{0.5, 128}, {0.5, 2}} {
		if err := l.SetACU("main", r.Min, r.Max); err != nil {
			t.Fatal(err)
		}
		l.Advance(l.Now().Add(2 * time.Minute))
		if got := l.State().Clusters[0].Members[0].MaxConns; got != before {
			t.Errorf("with %v it is %d, it was %d at boot", r, got, before)
		}
	}
}
