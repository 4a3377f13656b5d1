package awswrite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"warroom/sources/awsconfig"
)

// session is the SDK's configuration, once for looking and once for acting, and the clients made from them.
type session struct {
	options Options

	mu      sync.Mutex
	config  aws.Config
	acting  aws.CredentialsProvider // of the role to act as, nil where the same identity looks and acts
	clients map[clientKey]any
	arn     string // who we are, "" before AWS has said so
	behind  string // the role behind our session, where it lies under a path and that had to be asked for; "" else
}

type clientKey struct {
	region string
	acting bool
	client reflect.Type
}

func openSession(ctx context.Context, o Options) (*session, error) {
	s := &session{options: o}
	if err := s.load(ctx); err != nil {
		return nil, fmt.Errorf("open the hands on aws: %w; check the profile's name and the files ~/.aws/config and ~/.aws/credentials", err)
	}
	return s, nil
}

// load reads the SDK's configuration as the SDK does, and forgets the clients made from an earlier one. Where region,
// endpoint and credentials are all given, nothing of the machine is read.
func (s *session) load(ctx context.Context) error {
	o := s.options
	cfg, err := awsconfig.Load(ctx, awsconfig.Options{Region: o.Region, Profile: o.Profile, Endpoint: o.Endpoint, Credentials: o.Credentials})
	if err != nil {
		return err
	}
	// Whatever the environment says of retries: once.
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	cfg.RetryMaxAttempts = 1
	cfg.APIOptions = append(slices.Clone(cfg.APIOptions), awsconfig.AddReadOnce, addGuard)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.config, s.clients, s.arn, s.behind = cfg, map[clientKey]any{}, "", ""
	s.acting = s.role(cfg)
	return nil
}

// roleFor is how long the session of a role lasts: as short as AWS has it.
const roleFor = 15 * time.Minute

// role gives the credentials of the role to act as, nil where there is none. They are asked for with each write, for the
// guard lets nothing else through, and are not kept: between two actions nothing here could change anything.
func (s *session) role(cfg aws.Config) aws.CredentialsProvider {
	if s.options.Role == "" {
		return nil
	}
	client := sts.NewFromConfig(cfg, func(o *sts.Options) { o.Region = cmp.Or(o.Region, globalRegion) })
	return stscreds.NewAssumeRoleProvider(client, s.options.Role, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName, o.Duration = sessionName(s.options.Operator), roleFor
	})
}

// The measures of a role session's name.
const (
	sessionNameLeast = 2
	sessionNameMost  = 64
)

// sessionName is the operator's name as AWS takes it: it stands in the account's own log beside every write.
func sessionName(operator string) string {
	name := strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("+=,.@-_", r)) {
			return r
		}
		return '-'
	}, operator)
	name = strings.TrimSuffix(name[:min(len(name), sessionNameMost)], "-")
	if len(name) < sessionNameLeast {
		name = strings.TrimSuffix("warroom-"+name, "-")
	}
	return name
}

// client is the client of one service in a region, made once. One that acts signs with the role's credentials.
func client[T any](s *session, region string, acting bool, build func(aws.Config) T) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := clientKey{region: region, acting: acting, client: reflect.TypeFor[T]()}
	if c, ok := s.clients[key].(T); ok {
		return c
	}
	cfg := s.config.Copy()
	cfg.Region = region
	if acting && s.acting != nil {
		cfg.Credentials = s.acting
	}
	c := build(cfg)
	s.clients[key] = c
	return c
}

// look runs a reading. Where AWS refuses the credentials, or there are none, the chain is read anew and the reading is
// run once more: an SSO login made meanwhile is found without a restart. Only readings may be run so.
func (s *session) look(ctx context.Context, read func() error) error {
	err := read()
	if credentialsRefused(err) && s.load(ctx) == nil {
		err = read()
	}
	return explain(err)
}

// home is the launch's own region, "" when none is known.
func (s *session) home() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.config.Region
}

// identity is as whom a plan would act: the role, or who we are as AWS says. Not knowing it stops nothing.
func (s *session) identity(ctx context.Context) string {
	if s.options.Role != "" {
		return s.options.Role + " as " + sessionName(s.options.Operator)
	}
	arn, _ := s.caller(ctx)
	return arn
}

// caller is who we are, as AWS says.
func (s *session) caller(ctx context.Context) (string, error) {
	s.mu.Lock()
	known := s.arn
	s.mu.Unlock()
	if known != "" {
		return known, nil
	}
	ctx, cancel := context.WithTimeout(ctx, identityTime)
	defer cancel()
	c := client(s, cmp.Or(s.home(), globalRegion), false, func(c aws.Config) *sts.Client { return sts.NewFromConfig(c) })
	out, err := c.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", explain(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arn = aws.ToString(out.Arn)
	return s.arn, nil
}

func (s *session) iam() *iam.Client {
	return client(s, cmp.Or(s.home(), globalRegion), false, func(c aws.Config) *iam.Client { return iam.NewFromConfig(c) })
}

// fullName is the role behind our session with the path that it lies under, as far as that was asked for already: while we were
// somebody else it may have been another one.
func (s *session) fullName(role string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if path.Base(s.behind) == path.Base(role) {
		return s.behind
	}
	return role
}

// underPath asks for the full name of the role behind our session: the session's own does not tell the path. The error says
// why nobody knows it.
func (s *session) underPath(ctx context.Context, role string) (string, error) {
	var out *iam.GetRoleOutput
	err := s.look(ctx, func() (err error) {
		out, err = s.iam().GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(path.Base(role))})
		return err
	})
	if err == nil && (out.Role == nil || aws.ToString(out.Role.Arn) == "") {
		err = errors.New("the answer is without the role; an endpoint that is not AWS may stand in between")
	}
	if err != nil {
		return role, fmt.Errorf("AWS knows no %s: it lies under a path, such as one of an SSO, which only iam:GetRole tells: %w", role, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behind = aws.ToString(out.Role.Arn)
	return s.behind, nil
}
