package awsread

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"warroom/sources"
)

// alone makes a home folder without any AWS configuration and keeps the machine's out.
func alone(t *testing.T) (home string) {
	t.Helper()
	home = t.TempDir()
	t.Setenv("HOME", home)
	for _, name := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"} {
		t.Setenv(name, "")
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(home, ".aws", "config")) // the SDK looked for the home folder when it started
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(home, ".aws", "credentials"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	return home
}

func write(t *testing.T, text string, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func keyFile(key string) string {
	return fmt.Sprintf("[launch]\naws_access_key_id = %s\naws_secret_access_key = secret\naws_session_token = token-%s\n", key, key)
}

// watch is a machine clock that a test moves.
type watch struct {
	mu  sync.Mutex
	now time.Time
}

func (w *watch) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *watch) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// openProfile opens a reader of one counter by the profile "launch", with a machine clock to move.
func openProfile(t *testing.T, endpoint string) (*Reader, *watch) {
	t.Helper()
	r, err := Open(t.Context(), Options{Profile: "launch", Region: "eu-central-1", Endpoint: endpoint, Resources: []sources.Resource{counter("shop", "Registrations")}, Clock: sources.NewManualClock(epoch)})
	if err != nil {
		t.Fatal(err)
	}
	w := &watch{now: epoch}
	r.session.machine = w.Now
	return r, w
}

// TestExpiredCredentialsHeal: expired credentials are told with the profile and the remedy, ask little of AWS
// and often of the files; when the file is written anew the very next poll answers, without a restart.
func TestExpiredCredentialsHeal(t *testing.T) {
	home := alone(t)
	f := newFakeAWS(t)
	f.listed = []listedMetric{metricAt("Shop", "Registrations", "Site", "shop")}
	f.data = func(q dataQuery, _ int) []dataResult {
		return []dataResult{points(q.Id, epoch.Truncate(time.Minute).Add(-time.Minute), 4)}
	}
	write(t, "[profile launch]\nregion = eu-central-1\n", home, ".aws", "config")
	write(t, keyFile("OLD"), home, ".aws", "credentials")
	r, machine := openProfile(t, f.URL)
	who, metrics := source(t, r, "aws"), source(t, r, "cloudwatch eu-central-1")
	poll(t, who, epoch)
	poll(t, metrics, epoch)

	f.expire("OLD")
	for i, s := range []sources.Source{metrics, who, metrics, who} {
		before := len(f.all())
		reading, err := s.Poll(t.Context(), epoch.Add(time.Duration(i+1)*time.Minute))
		trouble := sources.TroubleOf(err)
		if trouble.Kind != sources.Expired || !strings.Contains(trouble.Text, `profile "launch"`) || !strings.Contains(trouble.Text, filepath.Join(home, ".aws", "credentials")) || strings.Contains(trouble.Text, "sso") {
			t.Errorf("%s says %q", s.Name(), trouble)
		}
		if n := len(f.all()) - before; n > 2 {
			t.Errorf("%s asked %d times with expired credentials", s.Name(), n)
		}
		if len(reading.Samples) > 0 && s == metrics {
			t.Errorf("%s told %d samples", s.Name(), len(reading.Samples))
		}
		if every := s.Schedule().Every; every > 10*time.Second {
			t.Errorf("%s looks again after %v", s.Name(), every)
		}
		machine.pass(10 * time.Second)
	}

	write(t, keyFile("NEW"), home, ".aws", "credentials")
	reading := poll(t, metrics, epoch.Add(10*time.Minute))
	if len(reading.Samples) == 0 {
		t.Error("nothing is told after the credentials were renewed")
	}
	if every := metrics.Schedule().Every; every != time.Minute {
		t.Errorf("the pace is %v", every)
	}
	poll(t, who, epoch.Add(11*time.Minute))
}

// TestReloadIsNotAStorm: however many ask, the files are read anew once in two seconds.
func TestReloadIsNotAStorm(t *testing.T) {
	home := alone(t)
	f := newFakeAWS(t)
	write(t, "[profile launch]\n", home, ".aws", "config")
	write(t, keyFile("OLD"), home, ".aws", "credentials")
	r, machine := openProfile(t, f.URL)
	f.expire("OLD")
	f.expire("NEW")
	s := source(t, r, "aws")
	if _, err := s.Poll(t.Context(), epoch); err == nil {
		t.Fatal("expired credentials are accepted")
	}
	generation := r.session.generation
	write(t, keyFile("NEW"), home, ".aws", "credentials")
	for range 5 {
		if _, err := s.Poll(t.Context(), epoch); err == nil {
			t.Fatal("expired credentials are accepted")
		}
	}
	if got := r.session.generation; got != generation {
		t.Errorf("read anew within the pause: generation %d after %d", got, generation)
	}
	machine.pass(reloadPause)
	if _, err := s.Poll(t.Context(), epoch); err == nil {
		t.Fatal("expired credentials are accepted")
	}
	if got := r.session.generation; got != generation+1 {
		t.Errorf("not read anew after the pause: generation %d after %d", got, generation)
	}
}

// TestHalfWrittenFiles: files that cannot be read while the credentials are refused change nothing; the next
// poll tries again.
func TestHalfWrittenFiles(t *testing.T) {
	home := alone(t)
	f := newFakeAWS(t)
	write(t, "[profile launch]\n", home, ".aws", "config")
	write(t, keyFile("OLD"), home, ".aws", "credentials")
	r, machine := openProfile(t, f.URL)
	f.expire("OLD")
	s := source(t, r, "aws")
	write(t, "[launch\naws_access", home, ".aws", "credentials")
	if _, err := s.Poll(t.Context(), epoch); sources.TroubleOf(err).Kind != sources.Expired {
		t.Errorf("half-written: %v", err)
	}
	write(t, keyFile("NEW"), home, ".aws", "credentials")
	machine.pass(10 * time.Second)
	poll(t, s, epoch)
}

// TestSSO: an SSO session that has expired names the login; the login is found without a restart.
func TestSSO(t *testing.T) {
	home := alone(t)
	f := newFakeAWS(t)
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Sso_bearer_token") != "fresh" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		say(w, `{"roleCredentials":{"accessKeyId":"SSOKEY","secretAccessKey":"s","sessionToken":"t","expiration":%d}}`, time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli())
	}))
	defer portal.Close()
	start := "https://start.example.com/start"
	write(t, "[profile launch]\nsso_start_url = "+start+"\nsso_region = eu-central-1\nsso_account_id = 123456789012\nsso_role_name = reader\nregion = eu-central-1\n", home, ".aws", "config")
	sum := sha1.Sum([]byte(start))
	cache := filepath.Join(home, ".aws", "sso", "cache", hex.EncodeToString(sum[:])+".json")
	login := func(token, expires string) {
		write(t, fmt.Sprintf(`{"startUrl":%q,"region":"eu-central-1","accessToken":%q,"expiresAt":%q}`, start, token, expires), cache)
	}
	t.Setenv("AWS_ENDPOINT_URL_SSO", portal.URL)
	t.Setenv("AWS_ENDPOINT_URL", f.URL)
	login("stale", "2001-01-01T00:00:00Z")
	r, machine := openProfile(t, "")
	s := source(t, r, "aws")
	_, err := s.Poll(t.Context(), epoch)
	if got := sources.TroubleOf(err); got.Kind != sources.Expired || !strings.Contains(got.Text, "aws sso login --profile launch") {
		t.Errorf("before the login: %q", got)
	}
	login("fresh", "2098-01-01T00:00:00Z")
	machine.pass(10 * time.Second)
	reading := poll(t, s, epoch.Add(time.Minute))
	room := sources.Ref{Service: sources.RoomService, Name: roomName}
	if got, _ := factOf(room, "credentials_expire", reading); got != "2099-01-01T00:00:00Z" {
		t.Errorf("expiry %q", got)
	}
	if got, _ := factOf(room, "endpoint", reading, poll(t, s, epoch.Add(2*time.Minute))); got != strings.TrimPrefix(f.URL, "http://") {
		t.Errorf("endpoint of the environment told as %q", got)
	}
}

// TestInstanceRole: IMDSv2 is asked with a token, and again when AWS refuses what it gave.
func TestInstanceRole(t *testing.T) {
	alone(t)
	f := newFakeAWS(t)
	var mu sync.Mutex
	key, tokens := "OLD", 0
	imds := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token":
			tokens++
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
			say(w, "v2")
		case r.Header.Get("X-Aws-Ec2-Metadata-Token") != "v2":
			w.WriteHeader(http.StatusUnauthorized)
		case strings.HasSuffix(r.URL.Path, "/security-credentials/"):
			say(w, "reader")
		default:
			say(w, `{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":%q,"SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z","LastUpdated":"2026-01-01T00:00:00Z"}`, key)
		}
	}))
	defer imds.Close()
	t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", imds.URL)
	r, err := Open(t.Context(), Options{Region: "eu-central-1", Endpoint: f.URL})
	if err != nil {
		t.Fatal(err)
	}
	s := source(t, r, "aws")
	poll(t, s, epoch)
	f.expire("OLD")
	_, err = s.Poll(t.Context(), epoch.Add(identityEvery))
	if got := sources.TroubleOf(err); got.Kind != sources.Expired || !strings.Contains(got.Text, "the instance's metadata service gives them") {
		t.Errorf("expired: %v", got)
	}
	mu.Lock()
	key = "NEW"
	mu.Unlock()
	r.session.machine = func() time.Time { return sources.RunningClock{}.Now().Add(time.Minute) }
	poll(t, s, epoch.Add(identityEvery+time.Minute))
	mu.Lock()
	defer mu.Unlock()
	if tokens == 0 {
		t.Error("IMDSv1 was used")
	}
}

// TestSDKPrintsNothing: its warnings would be printed over the screen.
func TestSDKPrintsNothing(t *testing.T) {
	alone(t)
	imds := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut: // without IMDSv2 the SDK falls back to IMDSv1, and warns
			w.WriteHeader(http.StatusNotFound)
		case strings.HasSuffix(r.URL.Path, "/security-credentials/"):
			say(w, "reader")
		default:
			say(w, `{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"A","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z","LastUpdated":"2026-01-01T00:00:00Z"}`)
		}
	}))
	defer imds.Close()
	t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", imds.URL)
	printed, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	stderr := os.Stderr
	os.Stderr = printed
	defer func() { os.Stderr = stderr }()
	f := newFakeAWS(t)
	r, err := Open(t.Context(), Options{Region: "eu-central-1", Endpoint: f.URL})
	if err != nil {
		t.Fatal(err)
	}
	poll(t, source(t, r, "aws"), epoch)
	if text, err := os.ReadFile(printed.Name()); err != nil || len(text) > 0 {
		t.Errorf("printed %q, %v", text, err)
	}
}

// TestRenewalNamesThePlace: what has expired is renewed where it comes from, also behind another profile.
func TestRenewalNamesThePlace(t *testing.T) {
	tests := map[string]struct{ config, environment, want string }{
		"keys of another profile": {"[profile launch]\nrole_arn = arn:aws:iam::123456789012:role/reader\nsource_profile = base\n[profile base]\naws_access_key_id = OLD\naws_secret_access_key = s\n", "", `write new keys for profile "base" into `},
		"a process":               {"[profile launch]\ncredential_process = /bin/false\n", "", `check the credential_process of profile "launch"`},
		"a login behind a role":   {"[profile launch]\nrole_arn = arn:aws:iam::123456789012:role/reader\nsource_profile = base\n[profile base]\nsso_start_url = https://start.example.com\nsso_region = eu-central-1\nsso_account_id = 123456789012\nsso_role_name = reader\n", "", "run `aws sso login --profile base`"},
		"the environment":         {"", "OLD", "start the room again with new keys in the environment"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			home := alone(t)
			f := newFakeAWS(t)
			o := Options{Region: "eu-central-1", Endpoint: f.URL}
			write(t, tt.config, home, ".aws", "config")
			if tt.environment == "" {
				o.Profile = "launch"
			} else {
				t.Setenv("AWS_ACCESS_KEY_ID", tt.environment)
				t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
			}
			f.expire("OLD")
			r, err := Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = source(t, r, "aws").Poll(t.Context(), epoch) // how it fails is not the matter here
			if got := r.session.renewal(); !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestAssumedRole: the chain's own calls for credentials are none of the guard's business.
func TestAssumedRole(t *testing.T) {
	home := alone(t)
	f := newFakeAWS(t)
	f.answers["AssumeRole"] = `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`
	write(t, "[profile launch]\nrole_arn = arn:aws:iam::123456789012:role/reader\nsource_profile = base\n[profile base]\n", home, ".aws", "config")
	write(t, strings.Replace(keyFile("BASE"), "[launch]", "[base]", 1), home, ".aws", "credentials")
	r, _ := openProfile(t, f.URL)
	reading := poll(t, source(t, r, "aws"), epoch)
	if got, _ := factOf(sources.Ref{Service: sources.RoomService, Name: roomName}, "credentials_expire", reading); got != "2099-01-01T00:00:00Z" {
		t.Errorf("expiry %q", got)
	}
	if f.count("AssumeRole") != 1 {
		t.Errorf("calls %q", f.all())
	}
}

// TestCABundle: a private certificate authority in AWS_CA_BUNDLE is trusted.
func TestCABundle(t *testing.T) {
	home := alone(t)
	f := newFakeAWS(t)
	secure := httptest.NewTLSServer(f)
	defer secure.Close()
	bundle := filepath.Join(home, "ca.pem")
	write(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})), bundle)
	write(t, "[profile launch]\n", home, ".aws", "config")
	write(t, keyFile("KEY"), home, ".aws", "credentials")
	t.Setenv("AWS_CA_BUNDLE", bundle)
	r, _ := openProfile(t, secure.URL)
	poll(t, source(t, r, "aws"), epoch)
}

// TestOpenRefuses: what Open cannot work with is said with the remedy.
func TestOpenRefuses(t *testing.T) {
	group := sources.Resource{Ref: sources.Ref{Service: "asg", Name: "web"}, ID: "web"}
	edge := sources.Resource{Ref: sources.Ref{Service: "cloudfront", Name: "edge"}, ID: "E1"}
	tests := map[string]struct {
		options Options
		want    string
	}{
		"unknown profile":    {Options{Profile: "lunch", Region: "eu-central-1"}, "lunch"},
		"no region":          {Options{Credentials: fixedCredentials, Resources: []sources.Resource{group}}, "no region for asg/web; set `aws.region`"},
		"more than all":      {Options{Credentials: fixedCredentials, Region: "eu-central-1", BudgetShare: 20}, "between 0 and 1"},
		"global needs none":  {Options{Credentials: fixedCredentials, Resources: []sources.Resource{edge}}, ""},
		"unknown service":    {Options{Credentials: fixedCredentials, Resources: []sources.Resource{{Ref: sources.Ref{Service: "teapot", Name: "x"}}}}, ""},
		"nothing to read":    {Options{Credentials: fixedCredentials}, ""},
		"region of its own":  {Options{Credentials: fixedCredentials, Resources: []sources.Resource{{Ref: group.Ref, ID: "web", Region: "eu-west-1"}}}, ""},
		"everything by hand": {Options{Credentials: fixedCredentials, Region: "eu-central-1", Endpoint: "http://127.0.0.1:1", Resources: []sources.Resource{group, edge}}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			alone(t)
			_, err := Open(t.Context(), tt.options)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestGivenEverythingNothingIsRead: a rehearsal does not depend on the machine's AWS files and environment.
func TestGivenEverythingNothingIsRead(t *testing.T) {
	home := alone(t)
	f := newFakeAWS(t)
	write(t, "[broken", home, ".aws", "config")
	t.Setenv("AWS_PROFILE", "nobody")
	t.Setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
	poll(t, source(t, openAt(t, f.URL), "aws"), epoch)
}

// TestRoomHealsWhileItRuns: with the poller going round, expired credentials are told by every source, and
// once the file is written anew all of them answer again, each at its own next look, ten launch seconds apart.
func TestRoomHealsWhileItRuns(t *testing.T) {
	home := alone(t)
	f := newFakeAWS(t)
	f.listed = []listedMetric{metricAt("Shop", "Registrations", "Site", "shop")}
	f.data = func(q dataQuery, _ int) []dataResult { return []dataResult{points(q.Id, epoch)} }
	write(t, "[profile launch]\n", home, ".aws", "config")
	write(t, keyFile("OLD"), home, ".aws", "credentials")
	f.expire("OLD")
	clock := sources.ResumeClock(epoch, time.Now(), 100)
	r, err := Open(t.Context(), Options{Profile: "launch", Region: "eu-central-1", Endpoint: f.URL, Clock: clock, Resources: []sources.Resource{counter("shop", "Registrations")}})
	if err != nil {
		t.Fatal(err)
	}
	ups := make(chan sources.Sample, 1000)
	poller := sources.NewPoller(clock, func(reading sources.Reading) {
		for _, s := range reading.Samples {
			if s.Series.Metric == "source_up" {
				ups <- s
			}
		}
	}, r.Sources()...)
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	done := make(chan error, 1)
	go func() { done <- poller.Run(ctx) }()
	until := func(up float64) {
		waiting := map[string]bool{"aws": true, "cloudwatch eu-central-1": true}
		for len(waiting) > 0 {
			select {
			case s := <-ups:
				if s.Value == up {
					delete(waiting, s.Series.Resource)
				}
			case <-ctx.Done():
				t.Fatalf("never %g: %v", up, waiting)
			}
		}
	}
	until(0)
	write(t, keyFile("NEW"), home, ".aws", "credentials")
	until(1)
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
