package awswire

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzRequest sends anything to every protocol: whatever comes is answered, and never with an error of
// the server's own.
func FuzzRequest(f *testing.F) {
	for _, seed := range []struct{ kind, operation, body string }{
		{"cbor", "GetMetricData", "\xa3\x69StartTime\xc1\xfb\x41\xd9\x00\x00\x00\x00\x00\x00\x67EndTime\xc1\xfb\x41\xd9\x00\x00\x40\x00\x00\x00\x71MetricDataQueries\x80"},
		{"cbor", "ListMetrics", "\xbf\x69Namespace\x67AWS/EC2\xff"},
		{"cbor", "PutMetricData", "\xa2\x69Namespace\x61x\x6aMetricData\x81\xa2\x6aMetricName\x61a\x65Value\xf9\x7e\x00"},
		{"query", "", "Action=DescribeAutoScalingGroups&Version=2011-01-01&AutoScalingGroupNames.member.1=a&MaxRecords=1"},
		{"query", "", "Action=DescribeDBInstances&Version=2014-10-31&Filters.Filter.1.Name=x&Filters.Filter.1.Values.Value.1=y"},
		{"query", "", "Action=ModifyDBCluster&Version=2014-10-31&DBClusterIdentifier=main-cluster&ServerlessV2ScalingConfiguration.MinCapacity=NaN"},
		{"json", "GetWebACL", `{"Name":"edge","Scope":"CLOUDFRONT"}`},
		{"json", "UpdateWebACL", `{"Name":"edge","Id":"a1b2c3d4-0000-4000-8000-000000000001","Scope":"CLOUDFRONT","LockToken":"11111111-0000-4000-8000-000000000000","DefaultAction":{},"VisibilityConfig":{},"Rules":[{}]}`},
		{"rest", "PUT /2020-05-31/distribution/E2EXAMPLE1/config", `<DistributionConfig><CallerReference>made-2025</CallerReference><Aliases><Quantity>x</Quantity></Aliases></DistributionConfig>`},
		{"rest", "POST /2020-05-31/distribution/E2EXAMPLE1/invalidation", `<InvalidationBatch><Paths><Items><Path>/*</Path></Items><Quantity>1</Quantity></Paths></InvalidationBatch>`},
		{"rest", "GET /2020-05-31/distribution?MaxItems=0&Marker=x", ""},
	} {
		f.Add(seed.kind, seed.operation, seed.body)
	}
	f.Fuzz(func(t *testing.T, kind, operation, body string) {
		s := newStanding()
		server := New(s, standstill{&s.now, 1})
		_ = server.Close() // no latency
		for _, service := range []string{"monitoring", "cloudfront", "wafv2", "autoscaling", "elasticloadbalancing", "rds", "sts"} {
			if r := fuzzed(kind, operation, body, service); r != nil {
				w := httptest.NewRecorder()
				server.ServeHTTP(w, r)
				if w.Code >= 500 || w.Body.Len() == 0 {
					t.Errorf("%s %q %q: %d %s", kind, operation, body, w.Code, w.Body)
				}
			}
		}
	})
}

// fuzzed makes a signed request of the given kind, nil where HTTP itself does not allow it.
func fuzzed(kind, operation, body, service string) *http.Request {
	method, target := http.MethodPost, "http://site/"
	switch kind {
	case "cbor":
		target = "http://site" + rpcPrefix + operation
	case "rest":
		method, target, _ = strings.Cut(operation, " ")
		target = "http://site" + target
	}
	r, err := http.NewRequest(method, target, strings.NewReader(body)) //nolint:noctx // never sent
	if err != nil {
		return nil
	}
	switch kind {
	case "query":
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case "json":
		r.Header.Set("X-Amz-Target", wafTarget+operation)
	}
	r.Header.Set("Authorization", algorithm+" Credential=AKIA/20260301/eu-central-1/"+service+"/aws4_request, SignedHeaders=host, Signature=00")
	return r
}

// FuzzScope reads any Authorization header.
func FuzzScope(f *testing.F) {
	f.Add(algorithm + " Credential=AKIA/20260301/eu-central-1/rds/aws4_request, SignedHeaders=host, Signature=00")
	f.Add("Basic eDp5")
	f.Add(algorithm + " Credential=////, SignedHeaders=, Signature=")
	f.Fuzz(func(t *testing.T, header string) {
		got, err := readScope(&http.Request{Header: http.Header{"Authorization": {header}}})
		if err == nil && (got.accessKey == "" || got.region == "" || got.service == "") {
			t.Errorf("%q was read as %+v", header, got)
		}
	})
}
