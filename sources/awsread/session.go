package awsread

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"warroom/sources/awsconfig"
)

// session is the SDK's configuration and the clients made from it. Credentials are those of the SDK's own
// chain. When AWS refuses them the whole chain is read anew, so that a file written, a role renewed or an
// SSO login made meanwhile is found without a restart.
type session struct {
	options Options
	machine func() time.Time
	meter   *meter
	share   float64

	renewing sync.Mutex // held while the chain is read anew
	reloaded time.Time  // machine time of the last reload

	mu         sync.Mutex
	config     aws.Config
	clients    map[clientKey]any
	pacers     map[string]*pacer // by region; they outlive the credentials
	generation int
	used       string // the credentials in use
	source     string // where the SDK says that they came from, "" before it has
	expired    bool   // AWS has said that they have, and has not accepted any since
	who        string // the ARN that AWS knows us by
	endpoint   string // a host that requests go to and that is not AWS's
}

type clientKey struct {
	region string
	client reflect.Type
}

// account is the session in one region, with the credentials of one generation.
type account struct {
	*session
	region     string
	generation int
}

func openSession(ctx context.Context, o Options, machine func() time.Time) (*session, error) {
	share := o.BudgetShare
	if share <= 0 {
		share = defaultShare
	}
	if share > 1 {
		return nil, fmt.Errorf("open aws: a budget share of %g is more than the whole quota; give one between 0 and 1", share)
	}
	s := &session{options: o, machine: machine, meter: &meter{}, share: share, pacers: map[string]*pacer{}}
	cfg, err := s.load(ctx)
	if err != nil {
		return nil, fmt.Errorf("open aws: %w; check the profile's name and the files ~/.aws/config and ~/.aws/credentials", err)
	}
	s.adopt(cfg)
	return s, nil
}

func (s *session) load(ctx context.Context) (aws.Config, error) {
	o := s.options
	return awsconfig.Load(ctx, awsconfig.Options{Region: o.Region, Profile: o.Profile, Endpoint: o.Endpoint, Credentials: o.Credentials})
}

// adopt makes cfg the session's. The guard goes onto a copy: the chain's own calls for credentials, made with
// the configuration as it was loaded, are none of its business.
func (s *session) adopt(cfg aws.Config) {
	s.config = cfg.Copy()
	s.config.APIOptions = append(slices.Clone(cfg.APIOptions), awsconfig.AddReadOnce, addGuard, s.watchEndpoint)
	s.clients = map[clientKey]any{}
	s.generation++
}

// home is the launch's own region, "" when none is known.
func (s *session) home() string { return s.config.Region }

// in is the session in a region.
func (s *session) in(region string) account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return account{session: s, region: region, generation: s.generation}
}

// client is the account's client of one service, made once for each set of credentials.
func client[T any](a account, build func(aws.Config) T) T {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := clientKey{region: a.region, client: reflect.TypeFor[T]()}
	if c, ok := a.clients[key].(T); ok {
		return c
	}
	p := a.pacers[a.region]
	if p == nil {
		p = newPacer(a.share, a.machine, a.meter)
		a.pacers[a.region] = p
	}
	cfg := a.config.Copy()
	cfg.Region = a.region
	cfg.APIOptions = append(slices.Clone(cfg.APIOptions), p.add)
	c := build(cfg)
	a.clients[key] = c
	return c
}

// read runs f in a region. Where AWS refuses the credentials it looks for newer ones, and runs f again if
// there are any.
func (s *session) read(ctx context.Context, region string, f func(account) error) error {
	a := s.in(region)
	err := f(a)
	if credentialsRefused(err) && s.renew(ctx, a.generation) {
		err = f(s.in(region))
	}
	s.note(err)
	return s.explain(err)
}

// note remembers whether the credentials are in order.
func (s *session) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case credentialsExpired(err):
		s.expired = true
	case err == nil:
		s.expired = false
	}
}

// inTrouble tells whether the credentials have expired and none have been accepted since.
func (s *session) inTrouble() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.expired
}

// reloadPause is how long the chain is left alone after it was read anew, in machine time.
const reloadPause = 2 * time.Second

// renew reads the credential chain anew and tells whether other credentials than those of the generation
// came out of it. Many may ask at once; the chain is read for the first of them.
func (s *session) renew(ctx context.Context, generation int) bool {
	s.renewing.Lock()
	defer s.renewing.Unlock()
	if s.in("").generation != generation {
		return true
	}
	now := s.machine()
	if !s.reloaded.IsZero() && now.Sub(s.reloaded) < reloadPause {
		return false
	}
	s.reloaded = now
	cfg, err := s.load(ctx)
	if err != nil {
		return false // half-written files; the next poll tries again
	}
	found, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.source = found.Source
	if fingerprint(found) == s.used {
		return false
	}
	s.adopt(cfg)
	s.used, s.who = fingerprint(found), ""
	return true
}

func fingerprint(c aws.Credentials) string { return c.AccessKeyID + "/" + c.SessionToken }

// credentials are those in use. They are kept by the SDK until shortly before they expire.
func (s *session) credentials(ctx context.Context) (aws.Credentials, error) {
	s.mu.Lock()
	provider, generation := s.config.Credentials, s.generation
	s.mu.Unlock()
	found, err := provider.Retrieve(ctx)
	if err != nil {
		return found, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation == generation {
		s.used, s.source = fingerprint(found), found.Source
	}
	return found, nil
}

// profile is the name of the profile that the credentials come from, "" when no profile was chosen.
func (s *session) profile() string {
	if s.options.Profile != "" || s.options.Credentials != nil {
		return s.options.Profile
	}
	for _, name := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE"} {
		if p := os.Getenv(name); p != "" {
			return p
		}
	}
	return ""
}

// identity is the ARN that AWS knows us by, "" before it has said so.
func (s *session) identity() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.who
}

func (s *session) setIdentity(arn string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.who = arn
}

// elsewhere is a host that requests are sent to and that is not AWS's, "" when there is none.
func (s *session) elsewhere() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.endpoint
}

// awsDomains are the domains of AWS's own endpoints, in all partitions.
var awsDomains = []string{".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn", ".amazonaws.eu"}

// watchEndpoint looks where requests really go, whatever configured it.
func (s *session) watchEndpoint(stack *middleware.Stack) error {
	look := func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		if r, ok := in.Request.(*smithyhttp.Request); ok {
			s.sentTo(r.URL.Host)
		}
		return next.HandleFinalize(ctx, in)
	}
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("warroom:Endpoint", look), "Signing", middleware.Before)
}

func (s *session) sentTo(host string) {
	name, _, _ := strings.Cut(host, ":")
	if slices.ContainsFunc(awsDomains, func(d string) bool { return strings.HasSuffix(name, d) }) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endpoint = host
}
