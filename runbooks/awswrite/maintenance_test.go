package awswrite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/simulator"
)

func TestMaintenanceOnAndBack(t *testing.T) {
	s := newSite(t, nil)
	p, r := s.do(s.want(runbooks.Maintenance, "cloudfront", "to", "maintenance"))
	if s.distributionNow().Origin != "maintenance" || r.Request == "" || !s.found(p) {
		t.Fatalf("the distribution goes to %s, receipt %+v", s.distributionNow().Origin, r)
	}
	if p.Level != runbooks.Visible || p.Region != "us-east-1" || s.last("PUT config").region != "us-east-1" || s.last("PUT config").match != p.Token {
		t.Errorf("plan %+v, sent %+v", p, s.last("PUT config"))
	}
	if len(s.asked) != 1 || !strings.HasPrefix(s.asked[0], "https://"+s.distributionNow().Origins[1].Domain+"/") {
		t.Errorf("asked for %v", s.asked)
	}
	if early := s.progress(p, r); early.Done || !strings.HasPrefix(early.Text, "InProgress") {
		t.Errorf("soon after: %+v", early)
	}
	s.pass(20 * time.Minute)
	if late := s.progress(p, r); !late.Done {
		t.Errorf("after twenty minutes: %+v", late)
	}
	back, _ := s.do(p.Back)
	if s.distributionNow().Origin != "live" || back.Level != runbooks.Visible || len(s.asked) != 1 {
		t.Errorf("back at %s, level %d, asked %v", s.distributionNow().Origin, back.Level, s.asked)
	}
	if over := s.progress(p, r); !strings.Contains(over.Failed, "sends visitors to live now") {
		t.Errorf("after somebody changed it: %+v", over)
	}
}

func TestAMaintenancePageThatDoesNotAnswerIsRefused(t *testing.T) {
	s := newSite(t, nil)
	a := s.want(runbooks.Maintenance, "cloudfront", "to", "maintenance")
	for _, status := range []int{404, 403, 500, 301, 204} {
		s.answer = status
		s.refuses(a, fmt.Sprintf("answers %d, not 200", status))
	}
	s.broken = errors.New("connection refused")
	s.refuses(a, "connection refused")
	s.refuses(s.want(runbooks.Maintenance, "cloudfront", "to", "live"), "already")
	s.refuses(s.want(runbooks.Maintenance, "cloudfront", "to", "off"), "none of maintenance, live")
	s.refuses(s.want(runbooks.Maintenance, "cloudfront", "to", "maintenance", "origin", "s3-sorry"), "there are live, maintenance")
}

// TestADistributionThatChangedIsLeftAlone proves that a plan's ETag counts, both where the change is seen before the call
// and where CloudFront alone sees it.
func TestADistributionThatChangedIsLeftAlone(t *testing.T) {
	s := newSite(t, nil)
	p := s.mustPlan(s.want(runbooks.Maintenance, "cloudfront", "to", "maintenance"))
	if _, err := s.launch.SetOrigin(s.distributionNow().Name, "live", ""); err != nil {
		t.Fatal(err)
	}
	s.pass(time.Minute)
	_, err := s.apply(p)
	var rejected *runbooks.RejectedError
	if !errors.As(err, &rejected) || s.count("PUT config") != 0 {
		t.Errorf("seen before the call: %v, %d calls", err, s.count("PUT config"))
	}
	p = s.mustPlan(p.Action)
	s.replace(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		if r.Method == http.MethodPut { // somebody else is faster by a hair
			_, _ = s.launch.SetOrigin(s.distributionNow().Name, "live", "")
		}
		return false
	})
	_, err = s.apply(p)
	if !errors.As(err, &rejected) || !strings.Contains(err.Error(), "somebody else changed it") || s.count("PUT config") != 1 || s.distributionNow().Origin != "live" {
		t.Errorf("seen by CloudFront: %v, %d calls, origin %s", err, s.count("PUT config"), s.distributionNow().Origin)
	}
}

// edgeDocument is a CloudFront with one distribution, which keeps its configuration as the bytes that it is.
type edgeDocument struct {
	mu       sync.Mutex
	document string
	version  int
}

func (e *edgeDocument) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	w.Header().Set("X-Amzn-Requestid", "req-1")
	switch {
	case !strings.HasPrefix(r.URL.Path, "/2020-05-31/"):
		w.WriteHeader(http.StatusForbidden)
	case r.Method == http.MethodPut:
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("If-Match") != fmt.Sprint("E", e.version) {
			w.WriteHeader(http.StatusPreconditionFailed)
			_, _ = io.WriteString(w, queryError("PreconditionFailed", "no"))
			return
		}
		e.document, e.version = string(body), e.version+1
		_, _ = io.WriteString(w, `<Distribution><Id>E1</Id></Distribution>`)
	default:
		w.Header().Set("ETag", fmt.Sprint("E", e.version))
		_, _ = io.WriteString(w, e.document)
	}
}

// newer is a configuration with members, attributes and spellings that no SDK of today knows.
const newer = `<?xml version="1.0" encoding="UTF-8"?>
<DistributionConfig xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/" futureAttribute='1'>
  <CallerReference>r</CallerReference><!-- a comment -->
  <FutureBehaviour mode="x"><TargetOriginId>app</TargetOriginId></FutureBehaviour>
  <Origins><Quantity>3</Quantity><Items>
    <Origin><Id>app</Id><DomainName>app.example</DomainName><Quantum>0</Quantum></Origin>
    <Origin><Id>sorry &amp; co</Id><DomainName>sorry.example</DomainName><OriginPath>/down</OriginPath>
      <CustomOriginConfig><HTTPPort>8080</HTTPPort><HTTPSPort>443</HTTPSPort><OriginProtocolPolicy>http-only</OriginProtocolPolicy></CustomOriginConfig></Origin>
    <Origin><Id>bucket</Id><DomainName>b.s3.amazonaws.com</DomainName><OriginAccessControlId>OAC1</OriginAccessControlId></Origin>
  </Items></Origins>
  <OriginGroups><Quantity>1</Quantity><Items><OriginGroup><Id>both</Id><FailoverCriteria><StatusCodes><Quantity>2</Quantity><Items><StatusCode>502</StatusCode><StatusCode>503</StatusCode></Items></StatusCodes></FailoverCriteria>
    <Members><Quantity>2</Quantity><Items><OriginGroupMember><OriginId>app</OriginId></OriginGroupMember><OriginGroupMember><OriginId>bucket</OriginId></OriginGroupMember></Items></Members></OriginGroup></Items></OriginGroups>
  <DefaultCacheBehavior><TargetOriginId>app</TargetOriginId><ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy><Future/></DefaultCacheBehavior>
  <CacheBehaviors><Quantity>1</Quantity><Items><CacheBehavior><PathPattern>/static/*</PathPattern><TargetOriginId>app</TargetOriginId><ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy></CacheBehavior></Items></CacheBehaviors>
  <DefaultRootObject>index.html</DefaultRootObject><Comment> spaced  </Comment><Enabled>true</Enabled>
</DistributionConfig>`

// edged is the hands on a distribution with a configuration of the test's.
func edged(t *testing.T, document string) (*site, *edgeDocument) {
	t.Helper()
	s := newSite(t, nil)
	edge := &edgeDocument{document: document}
	server := httptest.NewServer(edge)
	t.Cleanup(server.Close)
	s.url = server.URL
	s.writer = s.open(Options{Resources: []sources.Resource{{
		Ref: sources.Ref{Service: "cloudfront", Name: "www"}, ID: "E1", Attrs: map[string]string{"live_origin": "app", "maintenance_origin": "sorry & co"},
	}}})
	return s, edge
}

func TestUnknownMembersSurviveByteForByte(t *testing.T) {
	s, edge := edged(t, newer)
	p, _ := s.do(s.want(runbooks.Maintenance, "cloudfront", "to", "maintenance"))
	const was, is = "<DefaultCacheBehavior><TargetOriginId>app<", "<DefaultCacheBehavior><TargetOriginId>sorry &amp; co<"
	if want := strings.Replace(newer, was, is, 1); edge.document != want {
		t.Errorf("written:\n%s\nwant:\n%s", edge.document, want)
	}
	if len(s.asked) != 1 || s.asked[0] != "http://sorry.example:8080/down/index.html" {
		t.Errorf("the page that was looked at: %v", s.asked)
	}
	s.do(p.Back)
	if edge.document != newer {
		t.Errorf("taken back:\n%s", edge.document)
	}
}

func TestAConfigurationThatIsNotClearIsRefused(t *testing.T) {
	for what, document := range map[string]string{
		"two default behaviours":  strings.Replace(newer, "</DefaultCacheBehavior>", "</DefaultCacheBehavior><DefaultCacheBehavior><TargetOriginId>app</TargetOriginId></DefaultCacheBehavior>", 1),
		"a comment in the target": strings.Replace(newer, "<DefaultCacheBehavior><TargetOriginId>app", "<DefaultCacheBehavior><TargetOriginId>a<!-- -->pp", 1),
		"a CDATA section":         strings.Replace(newer, "<DefaultCacheBehavior><TargetOriginId>app", "<DefaultCacheBehavior><TargetOriginId><![CDATA[app]]>", 1),
		"an element in it":        strings.Replace(newer, "<DefaultCacheBehavior><TargetOriginId>app", "<DefaultCacheBehavior><TargetOriginId>app<x/>", 1),
		"another encoding":        strings.Replace(newer, "UTF-8", "UTF-16", 1),
	} {
		s, edge := edged(t, document)
		if p, err := s.plan(s.want(runbooks.Maintenance, "cloudfront", "to", "maintenance")); err == nil {
			t.Errorf("%s: planned as %s", what, p.Title)
		}
		if edge.version != 0 {
			t.Errorf("%s: written", what)
		}
	}
}

// TestTheSDKAloneWouldForget leaves out what puts the document in the place of the SDK's own, and sees the proof above
// fail.
func TestTheSDKAloneWouldForget(t *testing.T) {
	s, edge := edged(t, newer)
	hand := &origins{s.writer}
	c, _, err := hand.configuration(t.Context(), s.ref("cloudfront"))
	if err != nil {
		t.Fatal(err)
	}
	confirmed(t, func(ctx context.Context) {
		_, err = hand.cloudFront(true).UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: aws.String("E1"), IfMatch: aws.String("E0"), DistributionConfig: c.config})
	})
	if err != nil || edge.version != 1 || strings.Contains(edge.document, "Future") {
		t.Errorf("%v, version %d, %s", err, edge.version, edge.document)
	}
}

func TestADocumentForAnotherOriginIsNotSent(t *testing.T) {
	document := []byte(newer)
	for what, written := range map[string]string{"no origin": `<DistributionConfig/>`, "another origin": strings.Replace(newer, "<TargetOriginId>app", "<TargetOriginId>bucket", -1)} {
		if _, err := inPlaceOf([]byte(written), document, []move{{to: "app"}}); err == nil {
			t.Errorf("in the place of one with %s", what)
		}
	}
	if _, err := inPlaceOf(document, document, []move{{to: "bucket"}}); err == nil {
		t.Error("for an origin that is not in it")
	}
}

func TestEveryWayToSwitchIsListed(t *testing.T) {
	s, _ := edged(t, strings.Replace(newer, "<DefaultCacheBehavior><TargetOriginId>app", "<DefaultCacheBehavior><TargetOriginId>both", 1))
	p := s.mustPlan(s.want(runbooks.Maintenance, "cloudfront", "to", "maintenance"))
	if len(p.Ways) < 2 || !strings.HasPrefix(p.Ways[0].What, "origin group both") || !strings.Contains(p.Ways[0].What, "502 503, nothing to press") || !strings.HasPrefix(p.Ways[1].What, "UpdateDistribution") {
		t.Errorf("ways: %+v", p.Ways)
	}
	if !strings.Contains(strings.Join(p.Warnings, "\n"), "stay with them: /static/*") {
		t.Errorf("warnings: %q", p.Warnings)
	}
	if p.Back.Want["origin"] != "both" {
		t.Errorf("back to %v", p.Back)
	}
}

func TestAnOriginThatLetsInCloudFrontAloneIsTold(t *testing.T) {
	s, _ := edged(t, newer)
	s.answer = http.StatusForbidden
	p := s.mustPlan(s.want(runbooks.Maintenance, "cloudfront", "to", "maintenance", "origin", "bucket"))
	if !strings.Contains(strings.Join(p.Warnings, "\n"), "nobody but CloudFront (403)") {
		t.Errorf("warnings: %q", p.Warnings)
	}
}

func TestFetch(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "/", http.StatusFound)
		}
	}))
	for path, want := range map[string]int{"/": 200, "/away": 302} {
		if got, err := fetch(t.Context(), server.URL+path); got != want || err != nil {
			t.Errorf("%s: %d, %v; want %d", path, got, err, want)
		}
	}
	server.Close()
	if _, err := fetch(t.Context(), server.URL); err == nil {
		t.Error("a server that is gone has answered")
	}
}

// pathed is a configuration with behaviours of their own, one of which an SDK does not know in full.
var pathed = strings.Replace(newer, "<CacheBehaviors><Quantity>1</Quantity><Items>",
	"<CacheBehaviors><Quantity>3</Quantity><Items>"+
		"<CacheBehavior><TargetOriginId>app</TargetOriginId><Future><PathPattern>/register*</PathPattern><TargetOriginId>app</TargetOriginId></Future><PathPattern>/register*</PathPattern><ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy></CacheBehavior>"+
		"<CacheBehavior><PathPattern>/vote&amp;*</PathPattern><TargetOriginId>bucket</TargetOriginId><ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy></CacheBehavior>", 1)

// TestChosenPathsAreSwitchedByteForByte proves that the behaviours that were named change, and nothing else.
func TestChosenPathsAreSwitchedByteForByte(t *testing.T) {
	const register, otherwise = "<CacheBehavior><TargetOriginId>app<", "<DefaultCacheBehavior><TargetOriginId>app<"
	for paths, places := range map[string][]string{"/register*": {register}, "default /register*": {register, otherwise}, "default": {otherwise}} {
		s, edge := edged(t, pathed)
		p, _ := s.do(s.want(runbooks.Maintenance, "cloudfront", "to", "maintenance", "paths", paths))
		want := pathed
		for _, place := range places {
			want = strings.Replace(want, place, strings.Replace(place, "app", "sorry &amp; co", 1), 1)
		}
		if edge.document != want {
			t.Errorf("%s: written\n%s\nwant\n%s", paths, edge.document, want)
		}
		if !s.found(p) || len(p.Before) != len(places) {
			t.Errorf("%s: found %t, before %v", paths, s.found(p), p.Before)
		}
		s.do(p.Back)
		if edge.document != pathed {
			t.Errorf("%s: taken back:\n%s", paths, edge.document)
		}
	}
}

func TestPathsThatAreNotClearAreRefused(t *testing.T) {
	twice := strings.Replace(pathed, "<PathPattern>/static/*", "<PathPattern>/register*", 1)
	spelled := strings.Replace(pathed, "<TargetOriginId>bucket</TargetOriginId>", "<TargetOriginId><![CDATA[bucket]]></TargetOriginId>", 1)
	for _, c := range []struct{ document, paths, words string }{
		{pathed, "/vote", `no behaviour of "/vote"; there are default, /register*, /vote&*, /static/*`},
		{pathed, "/register* /vote&*", "one after the other"},
		{pathed, "/register* /register*", "given twice"},
		{twice, "/register*", "is there 2 times"},
		{spelled, "/vote&*", "is written"},
	} {
		s, edge := edged(t, c.document)
		s.declines(s.want(runbooks.Maintenance, "cloudfront", "to", "maintenance", "paths", c.paths), c.words)
		if edge.version != 0 {
			t.Errorf("%s: written", c.paths)
		}
	}
	s, _ := edged(t, pathed)
	got := s.mustPlan(s.want(runbooks.Maintenance, "cloudfront", "to", "maintenance", "paths", "/vote&*"))
	if !strings.Contains(got.Title, "origin of /vote&* bucket → sorry & co") || !strings.Contains(got.Touches, "of /vote&*") || !strings.Contains(strings.Join(got.Warnings, "\n"), "stay with them: /register* /static/*") {
		t.Errorf("the plan of one path: %+v", got)
	}
}

// TestAChosenPathMovesItsOwnVisitors shows the whole: one path is switched, its visitors and nobody else get the maintenance
// page once every edge has it, and they come back.
func TestAChosenPathMovesItsOwnVisitors(t *testing.T) {
	s := newSite(t, func(sc *simulator.Scenario) {
		sc.Site.Distribution.Paths = []string{"/register*"}
		sc.Audience.Surges = nil
	})
	now := func() simulator.Minute {
		t.Helper()
		s.pass(12 * time.Minute)
		s.launch.Advance(s.clock.Now())
		m, ok := s.launch.Minute(s.clock.Now().Add(-2 * time.Minute).Truncate(time.Minute))
		if !ok || m.Edges[0].LiveRequests == 0 {
			t.Fatalf("nobody at the site: %+v", m.Edges[0])
		}
		return m
	}
	p, r := s.do(s.want(runbooks.Maintenance, "cloudfront", "to", "maintenance", "by", byOrigin, "paths", "/register*"))
	if m := now(); m.Edges[0].MaintenanceRequests == 0 || m.Edges[0].MaintenanceRequests > m.Edges[0].LiveRequests || m.Audience.Registrations != 0 || m.Audience.Attempts == 0 {
		t.Errorf("%d to maintenance, %d live, %d registrations", m.Edges[0].MaintenanceRequests, m.Edges[0].LiveRequests, m.Audience.Registrations)
	}
	if got := s.progress(p, r); !got.Done || s.distributionNow().Origin != "live" {
		t.Errorf("progress %+v, the default origin is %s", got, s.distributionNow().Origin)
	}
	s.do(p.Back)
	if m := now(); m.Edges[0].MaintenanceRequests != 0 || m.Audience.Registrations == 0 {
		t.Errorf("back: %d to maintenance, %d registrations", m.Edges[0].MaintenanceRequests, m.Audience.Registrations)
	}
}
