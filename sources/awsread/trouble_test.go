package awsread

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"warroom/sources"
)

// TestErrorsNameTheRemedy: what AWS, the network and things that are neither may answer, and what a person
// reads.
func TestErrorsNameTheRemedy(t *testing.T) {
	tests := map[string]struct {
		source string
		fail   apiError
		kind   sources.TroubleKind
		words  []string
	}{
		"denied, query":       {"aws", apiError{status: 403, code: "AccessDenied", message: "User: x is not authorized"}, sources.Forbidden, []string{"STS GetCallerIdentity", "allow sts:GetCallerIdentity", "run `warroom iam-policy --read`"}},
		"denied, cbor":        {"cloudwatch eu-central-1", apiError{status: 400, code: "com.amazonaws.cloudwatch#AccessDeniedException", message: "no"}, sources.Forbidden, []string{"allow cloudwatch:GetMetricData"}},
		"denied, xml":         {"cloudfront", apiError{status: 403, code: "AccessDenied", message: "no"}, sources.Forbidden, []string{"CloudFront GetDistribution", "allow cloudfront:GetDistribution"}},
		"denied, json":        {"waf", apiError{status: 400, body: `{"__type":"AccessDeniedException","message":"no"}`}, sources.Forbidden, []string{"allow wafv2:ListWebACLs"}},
		"denied, groups":      {"asg", apiError{status: 403, code: "AccessDenied", message: "no"}, sources.Forbidden, []string{"allow autoscaling:DescribeAutoScalingGroups"}},
		"denied, database":    {"aurora", apiError{status: 403, code: "AccessDenied", message: "no"}, sources.Forbidden, []string{"allow rds:DescribeDBClusters"}},
		"denied, balancer":    {"alb", apiError{status: 403, code: "UnauthorizedOperation", message: "no"}, sources.Forbidden, []string{"allow elasticloadbalancing:DescribeLoadBalancers"}},
		"expired":             {"aws", apiError{status: 403, code: "ExpiredToken", message: "expired"}, sources.Expired, []string{"have expired", "renew them"}},
		"expired, cbor":       {"cloudwatch eu-central-1", apiError{status: 400, code: "ExpiredTokenException", message: "expired"}, sources.Expired, []string{"have expired"}},
		"unknown key":         {"aws", apiError{status: 403, code: "InvalidClientTokenId", message: "The security token included in the request is invalid"}, sources.Forbidden, []string{"does not accept the credentials", "check the key", "region is enabled"}},
		"wrong secret":        {"alb", apiError{status: 403, code: "SignatureDoesNotMatch", message: "The request signature we calculated does not match"}, sources.Forbidden, []string{"does not accept the credentials"}},
		"clock":               {"alb", apiError{status: 403, code: "SignatureDoesNotMatch", message: "Signature expired: 20260301T190000Z is now earlier than"}, sources.Failed, []string{"clock", "NTP"}},
		"clock, by code":      {"asg", apiError{status: 403, code: "RequestExpired", message: "too old"}, sources.Failed, []string{"clock"}},
		"no such thing":       {"cloudfront", apiError{status: 404, code: "NoSuchDistribution", message: "The specified distribution does not exist."}, sources.NotFound, []string{"does not exist", "check the id"}},
		"no such balancer":    {"alb", apiError{status: 400, code: "LoadBalancerNotFound", message: "Load balancers '[web]' not found"}, sources.NotFound, []string{"'[web]' not found", "region"}},
		"no such cluster":     {"aurora", apiError{status: 404, code: "DBClusterNotFoundFault", message: "DBCluster main not found"}, sources.NotFound, []string{"main not found"}},
		"validation":          {"asg", apiError{status: 400, code: "ValidationError", message: "AutoScalingGroup name not valid"}, sources.Failed, []string{"DescribeAutoScalingGroups", "name not valid"}},
		"html of a proxy":     {"alb", apiError{status: 407, body: "<html>Proxy Authentication Required</html>"}, sources.Failed, []string{"HTTP 407", "proxy"}},
		"not the protocol":    {"alb", apiError{status: 200, body: "hello"}, sources.Failed, []string{"without load balancer", "not AWS"}},
		"garbage for xml":     {"aurora", apiError{status: 200, body: "\x00\xff{<not of AWS" + strings.Repeat("x", 500)}, sources.Failed, []string{"RDS DescribeDBClusters: HTTP 200", "proxy or a wrong endpoint", "check the endpoint"}},
		"garbage for json":    {"waf", apiError{status: 200, body: "<html>welcome</html>"}, sources.Failed, []string{"WAFV2 ListWebACLs: HTTP 200", "proxy or a wrong endpoint"}},
		"garbage for cbor":    {"cloudwatch eu-central-1", apiError{status: 200, body: "<html>welcome</html>"}, sources.Failed, []string{"CloudWatch GetMetricData: HTTP 200", "proxy or a wrong endpoint"}},
		"cbor that is not":    {"cloudwatch eu-central-1", apiError{status: 404, body: "<html>not here</html>"}, sources.Failed, []string{"HTTP 404", "endpoint that is not AWS"}},
		"message of any size": {"asg", apiError{status: 400, code: "ValidationError", message: strings.Repeat("long ", 2000)}, sources.Failed, []string{"long long", "…"}},
	}
	resources := []sources.Resource{
		{Ref: sources.Ref{Service: "cloudfront", Name: "edge"}, ID: "E1"}, {Ref: sources.Ref{Service: "waf", Name: "edge"}, ID: "edge"},
		{Ref: sources.Ref{Service: "alb", Name: "web"}, ID: "web"}, {Ref: sources.Ref{Service: "asg", Name: "web"}, ID: "web"},
		{Ref: sources.Ref{Service: "aurora", Name: "main"}, ID: "main"}, counter("shop", "Registrations"),
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakeAWS(t)
			f.fail = func(operation string, _ int) *apiError {
				if operation == "ListMetrics" && tt.source == "cloudwatch eu-central-1" {
					return nil
				}
				return &tt.fail
			}
			_, err := source(t, openAt(t, f.URL, resources...), tt.source).Poll(t.Context(), epoch)
			got := sources.TroubleOf(err)
			if got.Kind != tt.kind {
				t.Errorf("kind %q, want %q: %q", got.Kind, tt.kind, got.Text)
			}
			for _, w := range tt.words {
				if !strings.Contains(got.Text, w) {
					t.Errorf("%q does not say %q", got.Text, w)
				}
			}
			if strings.Contains(got.Text, "deserialization failed") {
				t.Errorf("%q is the SDK's own", got.Text)
			}
			if len(got.Text) > 800 {
				t.Errorf("%d characters", len(got.Text))
			}
		})
	}
}

// TestNobodyThere: what a person reads when there is nobody at the endpoint, or nobody who answers.
func TestNobodyThere(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer silent.Close()
	defer close(release)
	tests := map[string]struct {
		endpoint string
		kind     sources.TroubleKind
		words    string
	}{
		"closed port":  {closed.URL, sources.Failed, "no connection to"},
		"no such host": {"http://warroom.invalid", sources.Failed, "no such host"},
		"silence":      {silent.URL, sources.TimedOut, "no answer in time"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
			if tt.kind == sources.TimedOut {
				ctx, cancel = context.WithTimeout(t.Context(), 300*time.Millisecond)
			}
			defer cancel()
			r := openAt(t, tt.endpoint)
			r.session.config.RetryMaxAttempts = 1
			_, err := source(t, r, "aws").Poll(ctx, epoch)
			got := sources.TroubleOf(err)
			if got.Kind != tt.kind || !strings.Contains(got.Text, tt.words) {
				t.Errorf("got %q, want %s … %s", got, tt.kind, tt.words)
			}
		})
	}
}

// TestNoCredentials: a machine without any says how to get them.
func TestNoCredentials(t *testing.T) {
	alone(t)
	f := newFakeAWS(t)
	r, err := Open(t.Context(), Options{Region: "eu-central-1", Endpoint: f.URL})
	if err != nil {
		t.Fatal(err)
	}
	_, err = source(t, r, "aws").Poll(t.Context(), epoch)
	got := sources.TroubleOf(err)
	for _, w := range []string{"no credentials", "AWS_PROFILE", "aws configure sso"} {
		if !strings.Contains(got.Text, w) {
			t.Errorf("%q does not say %q", got, w)
		}
	}
	if calls := f.all(); len(calls) > 0 {
		t.Errorf("asked %q without credentials", calls)
	}
}
