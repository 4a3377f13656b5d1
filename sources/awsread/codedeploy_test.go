package awsread

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"

	"warroom/sources"
	"warroom/sources/simulator"
)

// deploys are what a tape tells of deployments.
func (p *tape) deploys() (out []sources.Change) {
	for _, c := range p.changes {
		if c.Kind == sources.ChangeDeploy && c.Resource.Service == "asg" {
			out = append(out, c)
		}
	}
	return out
}

// TestADeploymentIsToldWithItsEnd proves that a deployment and its rollback are told when they begin and when they end, and
// that the newest stands as a fact while it runs.
func TestADeploymentIsToldWithItsEnd(t *testing.T) {
	s := released(t)
	p := newTape()
	s.advance(p, 2)
	if got := p.facts["asg/web deployment"]; !strings.HasPrefix(got, "InProgress, deployment of release-41.zip, ") || !strings.HasSuffix(got, " of 10") {
		t.Errorf("while it runs: %q", got)
	}
	id := s.launch.State().Groups[0].Deployments[0].ID
	if _, err := s.launch.StopDeployment(id, true); err != nil {
		t.Fatal(err)
	}
	s.advance(p, 20)
	if got := p.facts["asg/web deployment"]; got != "" {
		t.Errorf("at its end: %q", got)
	}
	var texts []string
	for _, c := range p.deploys() {
		texts = append(texts, c.Text)
	}
	if want := []string{"deployment of release-41.zip to web started", "deployment of release-41.zip to web ended: Stopped", "rollback to release-40.zip to web started", "rollback to release-40.zip to web ended: Succeeded"}; !slices.Equal(texts, want) {
		t.Errorf("told %q", texts)
	}
	st := s.launch.State().Groups[0].Deployments
	spans := sources.Rollouts(p.deploys(), time.Minute)
	if len(spans) != 2 || !spans[0].From.Equal(st[1].Created) || !spans[0].Until.Equal(st[1].Ended) || !spans[1].Until.Equal(st[0].Ended) {
		t.Errorf("ran in %v; deployments %+v", spans, st)
	}
}

// TestARefreshIsToldWithItsEnd does the same for an instance refresh.
func TestARefreshIsToldWithItsEnd(t *testing.T) {
	s := newSite(t, nil)
	p := newTape()
	if _, err := s.launch.StartRefresh("web", simulator.Refresh{Version: "8", MinHealthy: 50}); err != nil {
		t.Fatal(err)
	}
	s.advance(p, 1)
	if spans := sources.Rollouts(p.deploys(), time.Minute); len(spans) != 1 || spans[0].Until.Sub(spans[0].From) != sources.RolloutMost {
		t.Errorf("while it runs: %v", spans)
	}
	s.advance(p, 40)
	r := s.launch.State().Groups[0].Refreshes[0]
	if spans := sources.Rollouts(p.deploys(), time.Minute); r.Ended.IsZero() || len(spans) != 1 || !spans[0].Until.Equal(r.Ended) {
		t.Errorf("ran in %v; %+v", spans, r)
	}
}

// TestReleasesThatMatter: a deployment to a new instance is no release, a failure says why, and a fleet of which the config
// names no deployment group is not asked about.
func TestReleasesThatMatter(t *testing.T) {
	now := time.Date(2026, 3, 1, 19, 0, 0, 0, time.UTC)
	info := func(id string, status types.DeploymentStatus, creator types.DeploymentCreator) types.DeploymentInfo {
		return types.DeploymentInfo{DeploymentId: aws.String(id), Status: status, Creator: creator, CreateTime: aws.Time(now.Add(-time.Minute)),
			Revision: &types.RevisionLocation{GitHubLocation: &types.GitHubLocation{Repository: aws.String("shop/web"), CommitId: aws.String("abc")}}}
	}
	failed := info("d-2", types.DeploymentStatusFailed, types.DeploymentCreatorUser)
	failed.ErrorInformation = &types.ErrorInformation{Code: types.ErrorCodeHealthConstraints, Message: aws.String("too few healthy")}
	d := newDescription(sources.Resource{Ref: sources.Ref{Service: "asg", Name: "web"}}, now, description{}, func(string, string) bool { return false })
	d.releases([]types.DeploymentInfo{info("d-1", types.DeploymentStatusInProgress, types.DeploymentCreatorAutoscaling), failed})
	if got := d.batch.Facts[0].Value; got != "Failed: HEALTH_CONSTRAINTS, too few healthy" || len(d.batch.Changes) != 2 || !strings.Contains(d.batch.Changes[0].Text, "shop/web@abc") {
		t.Errorf("%q, %+v", got, d.batch.Changes)
	}
	s := newSite(t, nil)
	s.reader = s.open(sources.Resource{Ref: sources.Ref{Service: "asg", Name: "web"}, ID: s.launch.State().Groups[0].ID})
	s.advance(newTape(), 1)
	if n := s.aws.Stats().Calls["codedeploy:ListDeployments"]; n != 0 {
		t.Errorf("asked %d times without a word of it in the config", n)
	}
}

// TestTheFlagIsMaintenance: while the flag is on, viewers get the maintenance page, whatever the distribution says; where it
// cannot be read, that is told, and nothing is made up.
func TestTheFlagIsMaintenance(t *testing.T) {
	s := newSite(t, nil)
	p := newTape()
	set := func(value string) {
		t.Helper()
		store := s.launch.State().Distributions[0].Store
		if _, err := s.launch.SetKey(store.ARN, simulator.FlagKey, value, store.ETag); err != nil {
			t.Fatal(err)
		}
		s.advance(p, 1)
	}
	for value, want := range map[string][2]string{
		"on": {"maintenance", "maintenance is on"}, "off": {"live", "maintenance is off"}, "true": {"maintenance", "maintenance is true"},
		"maybe": {"live", `maintenance is "maybe", which says neither on nor off`},
	} {
		set(value)
		if got := [2]string{p.facts["cloudfront/edge origin"], p.facts["cloudfront/edge flag"]}; got != want {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
	s.aws.Inject(simulator.Fault{Kind: simulator.Denied, Service: "cloudfront-keyvaluestore"})
	s.advance(p, 1)
	if got := p.facts["cloudfront/edge flag"]; !strings.HasPrefix(got, "unknown: ") || !strings.Contains(got, "cloudfront-keyvaluestore:GetKey") {
		t.Errorf("denied: %q", got)
	}
}

// TestPathsAtMaintenanceAreTold: the default origin says nothing of them.
func TestPathsAtMaintenanceAreTold(t *testing.T) {
	s := newSite(t, nil)
	p := newTape()
	for origin, want := range map[string]string{simulator.OriginMaintenance: "/media/* to maintenance", simulator.OriginLive: ""} {
		paths := []simulator.Behavior{{Pattern: "/static/*", Origin: simulator.OriginLive}, {Pattern: "/media/*", Origin: origin}}
		if _, err := s.launch.SetBehaviors("edge", simulator.OriginLive, paths, ""); err != nil {
			t.Fatal(err)
		}
		s.advance(p, 1)
		if got := p.facts["cloudfront/edge paths"]; got != want || p.facts["cloudfront/edge origin"] != "live" {
			t.Errorf("%s: %q, the default origin is %q", origin, got, p.facts["cloudfront/edge origin"])
		}
	}
}
