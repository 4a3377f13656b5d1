package awswrite

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"warroom/runbooks"
	"warroom/sources/simulator"
)

func (s *site) database() simulator.DBCluster { return s.launch.State().Clusters[0] }

// ranged starts a site whose database has this range.
func ranged(t *testing.T, least, most float64) *site {
	t.Helper()
	s := newSite(t, nil)
	if err := s.launch.SetACU(s.database().Name, least, most); err != nil {
		t.Fatal(err)
	}
	s.pass(time.Minute)
	return s
}

func TestDatabasePlans(t *testing.T) {
	for _, c := range []struct {
		want  []string
		after span
		level runbooks.Level
	}{
		{[]string{"min", "8"}, span{8, 64}, runbooks.Bounded},
		{[]string{"min", "+0.5"}, span{4.5, 64}, runbooks.Bounded},
		{[]string{"min", "64"}, span{64, 64}, runbooks.Bounded},
		{[]string{"max", "+50 %"}, span{4, 96}, runbooks.Visible},
		{[]string{"min", "16", "max", "128"}, span{16, 128}, runbooks.Visible},
		{[]string{"min", "2"}, span{2, 64}, runbooks.Visible},
		{[]string{"max", "32"}, span{4, 32}, runbooks.Visible},
	} {
		s := ranged(t, 4, 64)
		p, r := s.do(s.want(runbooks.Capacity, "aurora", c.want...))
		if p.Level != c.level || r.Request == "" {
			t.Errorf("%v: level %d, receipt %+v", c.want, p.Level, r)
		}
		if d := s.database(); (span{d.MinACU, d.MaxACU}) != c.after {
			t.Errorf("%v: the database has %g to %g", c.want, d.MinACU, d.MaxACU)
		}
		if body := string(s.last("ModifyDBCluster").body); strings.Contains(body, "ApplyImmediately") {
			t.Errorf("%v: other changes may be let go of: %s", c.want, body)
		}
	}
}

func TestDatabaseOutOfBoundsIsRefusedBeforeAnyCall(t *testing.T) {
	s := ranged(t, 4, 64)
	for _, c := range []struct {
		words string
		want  []string
	}{
		{"above its maximum", []string{"min", "65"}},
		{"above its maximum", []string{"min", "32", "max", "64.5", "min", "80"}},
		{"give min too", []string{"max", "3"}},
		{"the least", []string{"min", "0"}},
		{"the least", []string{"min", "-4"}},
		{"the least", []string{"min", "-8"}},
		{"not within", []string{"max", "257"}},
		{"not within", []string{"min", "0.5", "max", "0.5"}},
		{"not within", []string{"max", "0"}},
		{"no multiple of 0.5", []string{"min", "4.3"}},
		{"already", []string{"min", "4"}},
		{"no amount", []string{"max", "all"}},
		{"there are min, max", []string{"desired", "8"}},
	} {
		s.refuses(s.want(runbooks.Capacity, "aurora", c.want...), c.words)
	}
}

func TestDatabaseThatTakesNoRangeIsRefused(t *testing.T) {
	s := ranged(t, 4, 64)
	s.do(s.want(runbooks.Capacity, "aurora", "min", "8"))
	s.pass(time.Second)
	if _, err := s.plan(s.want(runbooks.Capacity, "aurora", "min", "16")); err == nil || !strings.Contains(err.Error(), "modifying") {
		t.Errorf("while it is modifying: %v", err)
	}
	s = ranged(t, 4, 64)
	s.replace(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		if operationOf(r, body) != "DescribeDBInstances" {
			return false
		}
		_, _ = w.Write([]byte(`<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances><DBInstance><DBInstanceClass>db.r6g.large</DBInstanceClass></DBInstance></DBInstances></DescribeDBInstancesResult></DescribeDBInstancesResponse>`))
		return true
	})
	s.refuses(s.want(runbooks.Capacity, "aurora", "min", "16"), "provisioned (db.r6g.large)")
	s = newSite(t, func(sc *simulator.Scenario) {
		sc.Site.Cluster.Class, sc.Site.Cluster.Size = "db.r6g.4xlarge", 32
	})
	s.refuses(s.want(runbooks.Capacity, "aurora", "min", "16"), "provisioned")
}

func TestDatabaseWarnsThatConnectionsStay(t *testing.T) {
	s := ranged(t, 4, 64)
	for want, warns := range map[string]bool{"min": false, "max": true} {
		p := s.mustPlan(s.want(runbooks.Capacity, "aurora", want, "+8"))
		if got := strings.Contains(strings.Join(p.Warnings, "\n"), "max_connections stays"); got != warns {
			t.Errorf("%s: warnings %q", want, p.Warnings)
		}
	}
}

func TestDatabaseProgressAndBack(t *testing.T) {
	s := ranged(t, 4, 64)
	p, r := s.do(s.want(runbooks.Capacity, "aurora", "min", "16", "max", "96"))
	s.pass(time.Second)
	if early := s.progress(p, r); early.Done || !strings.HasPrefix(early.Text, "modifying") {
		t.Errorf("soon after: %+v", early)
	}
	s.pass(time.Minute)
	if late := s.progress(p, r); !late.Done || !strings.Contains(late.Text, "16 to 96 ACU") || !s.found(p) {
		t.Errorf("after a minute: %+v", late)
	}
	undo, _ := s.do(p.Back)
	s.pass(time.Minute)
	if d := s.database(); d.MinACU != 4 || d.MaxACU != 64 || undo.Level != runbooks.Visible || s.found(p) {
		t.Errorf("taken back to %g to %g at level %d", d.MinACU, d.MaxACU, undo.Level)
	}
	if err := s.launch.SetACU(s.database().Name, 1, 2); err != nil {
		t.Fatal(err)
	}
	s.pass(time.Minute)
	if over := s.progress(p, r); !strings.Contains(over.Failed, "1 to 2 ACU now") {
		t.Errorf("after somebody changed it again: %+v", over)
	}
}
