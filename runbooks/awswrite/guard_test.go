package awswrite

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	waftypes "github.com/aws/aws-sdk-go-v2/service/wafv2/types"

	"warroom/runbooks"
	"warroom/sources/awsconfig"
)

// mutations are operations that change something: those of the hands, and others of the same clients.
func mutations(cfg aws.Config) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"UpdateAutoScalingGroup": func(ctx context.Context) error {
			_, err := autoscaling.NewFromConfig(cfg).UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("web")})
			return err
		},
		"ModifyDBCluster": func(ctx context.Context) error {
			_, err := rds.NewFromConfig(cfg).ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String("main")})
			return err
		},
		"CreateInvalidation": func(ctx context.Context) error {
			_, err := cloudfront.NewFromConfig(cfg).CreateInvalidation(ctx, &cloudfront.CreateInvalidationInput{DistributionId: aws.String("E1"), InvalidationBatch: &cftypes.InvalidationBatch{
				CallerReference: aws.String("r"), Paths: &cftypes.Paths{Quantity: aws.Int32(0)}}})
			return err
		},
		"AssumeRole": func(ctx context.Context) error {
			_, err := sts.NewFromConfig(cfg).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn"), RoleSessionName: aws.String("me")})
			return err
		},
		"RollbackInstanceRefresh": func(ctx context.Context) error {
			_, err := autoscaling.NewFromConfig(cfg).RollbackInstanceRefresh(ctx, &autoscaling.RollbackInstanceRefreshInput{AutoScalingGroupName: aws.String("web")})
			return err
		},
		"ModifyListener": func(ctx context.Context) error {
			_, err := elb.NewFromConfig(cfg).ModifyListener(ctx, &elb.ModifyListenerInput{ListenerArn: aws.String("l")})
			return err
		},
		"ModifyCapacityReservation": func(ctx context.Context) error {
			_, err := elb.NewFromConfig(cfg).ModifyCapacityReservation(ctx, &elb.ModifyCapacityReservationInput{LoadBalancerArn: aws.String("b"), ResetCapacityReservation: aws.Bool(true)})
			return err
		},
		"PutKey": func(ctx context.Context) error {
			_, err := awsconfig.KeyValueStore(cfg, true).PutKey(ctx, &kvs.PutKeyInput{KvsARN: aws.String(aStore), Key: aws.String("k"), Value: aws.String("v"), IfMatch: aws.String("t")})
			return err
		},
		"StopDeployment": func(ctx context.Context) error {
			_, err := codedeploy.NewFromConfig(cfg).StopDeployment(ctx, &codedeploy.StopDeploymentInput{DeploymentId: aws.String("d-1")})
			return err
		},
		"CreateDeployment": func(ctx context.Context) error {
			_, err := codedeploy.NewFromConfig(cfg).CreateDeployment(ctx, &codedeploy.CreateDeploymentInput{ApplicationName: aws.String("shop")})
			return err
		},
		"DeleteListener": func(ctx context.Context) error {
			_, err := elb.NewFromConfig(cfg).DeleteListener(ctx, &elb.DeleteListenerInput{ListenerArn: aws.String("l")})
			return err
		},
		"DeleteKey": func(ctx context.Context) error {
			_, err := awsconfig.KeyValueStore(cfg, true).DeleteKey(ctx, &kvs.DeleteKeyInput{KvsARN: aws.String(aStore), Key: aws.String("k"), IfMatch: aws.String("t")})
			return err
		},
		"DeleteAutoScalingGroup": func(ctx context.Context) error {
			_, err := autoscaling.NewFromConfig(cfg).DeleteAutoScalingGroup(ctx, &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: aws.String("web")})
			return err
		},
		"DeleteDBCluster": func(ctx context.Context) error {
			_, err := rds.NewFromConfig(cfg).DeleteDBCluster(ctx, &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("main")})
			return err
		},
		"DeleteDistribution": func(ctx context.Context) error {
			_, err := cloudfront.NewFromConfig(cfg).DeleteDistribution(ctx, &cloudfront.DeleteDistributionInput{Id: aws.String("E1"), IfMatch: aws.String("x")})
			return err
		},
		"DeleteWebACL": func(ctx context.Context) error {
			_, err := wafv2.NewFromConfig(cfg).DeleteWebACL(ctx, &wafv2.DeleteWebACLInput{Name: aws.String("n"), Id: aws.String("i"), LockToken: aws.String("t"), Scope: waftypes.ScopeCloudfront})
			return err
		},
	}
}

// aStore is the ARN of a key value store.
const aStore = "arn:aws:cloudfront::123456789012:key-value-store/k"

// leaks names the operations that were not refused, or that sent something although they were.
func leaks(ctx context.Context, s *site, cfg aws.Config) (names []string) {
	for name, mutate := range mutations(cfg) {
		before := len(s.sent)
		err := mutate(ctx)
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.Operation != name || len(s.sent) != before {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestNothingIsWrittenWithoutAConfirmedPlan(t *testing.T) {
	s := newSite(t, nil)
	if got := leaks(t.Context(), s, s.writer.session.config); len(got) != 0 {
		t.Errorf("without a confirmed plan went through: %v", got)
	}
	p := s.mustPlan(s.want(runbooks.Capacity, "asg", "desired", "+1"))
	before := len(s.sent)
	_, err := s.handFor(p.Action).Apply(t.Context(), p)
	var refused *RefusedError
	var rejected *runbooks.RejectedError
	if !errors.As(err, &refused) || !refused.Write || !errors.As(err, &rejected) || len(s.sent) != before {
		t.Errorf("a hand's own call without a confirmed plan: %v, %d requests", err, len(s.sent)-before)
	}
}

func TestAConfirmedPlanAllowsTheHousesWritesOnly(t *testing.T) {
	s := newSite(t, nil)
	confirmed(t, func(ctx context.Context) {
		want := []string{"AssumeRole", "CreateInvalidation", "ModifyCapacityReservation", "ModifyDBCluster", "ModifyListener", "PutKey", "RollbackInstanceRefresh", "StopDeployment", "UpdateAutoScalingGroup"}
		if got := leaks(ctx, s, s.writer.session.config); !slices.Equal(got, want) {
			t.Errorf("for a confirmed plan went through: %v, want %v", got, want)
		}
	})
}

// TestTheProofSeesAMissingGuard takes the guard out and sees the proof above fail.
func TestTheProofSeesAMissingGuard(t *testing.T) {
	s := newSite(t, nil)
	cfg := s.writer.session.config.Copy()
	cfg.APIOptions = cfg.APIOptions[:len(cfg.APIOptions)-1]
	if got := leaks(t.Context(), s, cfg); len(got) != len(mutations(cfg)) {
		t.Errorf("without the guard only %v went through", got)
	}
}

// TestOnce proves that nothing is tried twice, whatever goes wrong and whatever the environment wishes.
func TestOnce(t *testing.T) {
	for name, value := range map[string]string{"AWS_MAX_ATTEMPTS": "9", "AWS_RETRY_MODE": "adaptive", "AWS_NEW_RETRIES_2026": "true"} {
		t.Setenv(name, value)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	s := newSite(t, nil)
	a := s.want(runbooks.Capacity, "asg", "desired", "+1")
	w, err := Open(t.Context(), Options{Region: s.launch.State().Region, Endpoint: s.url, Resources: resourcesOf(s.launch.State())}) // credentials, and all else, of the environment
	if err != nil {
		t.Fatal(err)
	}
	s.writer = w
	p := s.mustPlan(a)
	for what, answer := range map[string]struct {
		status int
		text   string
	}{
		"broken":    {500, queryError("InternalFailure", "We encountered an internal error")},
		"overload":  {503, queryError("ServiceUnavailable", "try again")},
		"throttled": {400, queryError("Throttling", "Rate exceeded")},
		"garbled":   {200, "<html>"},
	} {
		before := s.count("UpdateAutoScalingGroup")
		s.replace(failing("UpdateAutoScalingGroup", answer.status, answer.text))
		if _, err := s.apply(p); err == nil {
			t.Errorf("%s: no error", what)
		}
		if n := s.count("UpdateAutoScalingGroup") - before; n != 1 {
			t.Errorf("%s: tried %d times", what, n)
		}
	}
}

// TestRefusalOrDoubt proves what counts as a refusal: only what says that nothing was done.
func TestRefusalOrDoubt(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		sure   bool   // that nothing was done
		words  string // of what to do
	}{
		{400, "ValidationError", true, "went wrong"},
		{403, "AccessDenied", true, "allow autoscaling:UpdateAutoScalingGroup (run `warroom iam-policy --write`)"},
		{400, "Throttling", true, "in a few seconds"},
		{400, "ScalingActivityInProgress", true, "another change is running"},
		{400, "ResourceContention", true, "another change is running"},
		{412, "PreconditionFailed", true, "confirm anew"},
		{403, "ExpiredToken", true, "aws sso login"},
		{500, "InternalFailure", false, ""},
		{503, "ServiceUnavailable", false, ""},
		{503, "Throttling", false, ""},
		{400, "RequestTimeout", false, ""},
		{408, "RequestTimeoutException", false, ""},
		{403, "", false, ""}, // of a proxy, not of AWS
		{200, "", false, ""},
	} {
		s := newSite(t, nil)
		p := s.mustPlan(s.want(runbooks.Capacity, "asg", "desired", "+1"))
		text := "<html>no</html>"
		if c.code != "" {
			text = queryError(c.code, "something went wrong")
		}
		s.replace(failing("UpdateAutoScalingGroup", c.status, text))
		_, err := s.apply(p)
		var rejected *runbooks.RejectedError
		if got := errors.As(err, &rejected); err == nil || got != c.sure {
			t.Errorf("%d %s: %v; a refusal: %v", c.status, c.code, err, got)
			continue
		}
		if c.sure && (!strings.Contains(rejected.Why, c.words) || rejected.Request != "req-1") {
			t.Errorf("%d %s: %q of request %q, want %q", c.status, c.code, rejected.Why, rejected.Request, c.words)
		}
	}
}

func TestALostAnswerIsDoubt(t *testing.T) {
	s := newSite(t, nil)
	p := s.mustPlan(s.want(runbooks.Capacity, "asg", "desired", "+1"))
	lose := func(http.ResponseWriter) { panic(http.ErrAbortHandler) }
	hang := func(http.ResponseWriter) { time.Sleep(300 * time.Millisecond) }
	for what, answer := range map[string]func(http.ResponseWriter){"cut off": lose, "none in time": hang} {
		s.replace(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
			if operationOf(r, body) != "UpdateAutoScalingGroup" {
				return false
			}
			answer(w)
			return true
		})
		var err error
		confirmed(t, func(ctx context.Context) {
			ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
			defer cancel()
			_, err = s.handFor(p.Action).Apply(ctx, p)
		})
		var rejected *runbooks.RejectedError
		if err == nil || errors.As(err, &rejected) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestTheRoleIsForWritesOnly proves that looking is done as ourselves, and acting as the role, in a session that bears
// the operator's name.
func TestTheRoleIsForWritesOnly(t *testing.T) {
	s := newSite(t, nil)
	s.writer = s.open(Options{Role: "arn:aws:iam::123456789012:role/hands", Operator: "ada löve@example.org"})
	s.replace(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		if operationOf(r, body) != "AssumeRole" {
			return false
		}
		_, _ = io.WriteString(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`)
		return true
	})
	p := s.mustPlan(s.want(runbooks.Capacity, "asg", "desired", "+1"))
	if s.count("AssumeRole") != 0 || s.last("DescribeAutoScalingGroups").key != "AKIDEXAMPLE" {
		t.Error("the role was assumed for looking")
	}
	if p.Account != "123456789012" || p.Identity != "arn:aws:iam::123456789012:role/hands as ada-l-ve@example.org" {
		t.Errorf("as %q in account %q", p.Identity, p.Account)
	}
	if _, err := s.handFor(p.Action).Apply(t.Context(), p); err == nil || s.count("AssumeRole") != 0 {
		t.Errorf("without a confirmed plan: %v, role assumed %d times", err, s.count("AssumeRole"))
	}
	if _, err := s.apply(p); err != nil {
		t.Fatal(err)
	}
	if s.last("UpdateAutoScalingGroup").key != "AKIDROLE" || !strings.Contains(string(s.last("AssumeRole").body), "RoleSessionName=ada-l-ve%40example.org") {
		t.Errorf("signed by %s, asked with %s", s.last("UpdateAutoScalingGroup").key, s.last("AssumeRole").body)
	}
}

func TestARoleThatMayNotBeHadIsARefusal(t *testing.T) {
	s := newSite(t, nil)
	s.writer = s.open(Options{Role: "arn:aws:iam::123456789012:role/hands", Operator: "ada"})
	s.replace(failing("AssumeRole", 403, queryError("AccessDenied", "not you")))
	p := s.mustPlan(s.want(runbooks.Capacity, "asg", "desired", "+1"))
	_, err := s.apply(p)
	var rejected *runbooks.RejectedError
	if !errors.As(err, &rejected) || !strings.Contains(err.Error(), "not you") || s.count("UpdateAutoScalingGroup") != 0 {
		t.Errorf("%v", err)
	}
}

func TestSessionName(t *testing.T) {
	for operator, want := range map[string]string{
		"ada": "ada", "": "warroom", "x": "warroom-x", "ada lovelace": "ada-lovelace", "../../etc\n": "..-..-etc", "Ädá": "-d",
		strings.Repeat("a", 90): strings.Repeat("a", 64),
	} {
		if got := sessionName(operator); got != want {
			t.Errorf("session of %q: %q, want %q", operator, got, want)
		}
	}
}

// TestExpiredCredentialsHeal proves that a login made meanwhile is found without a restart: for looking only.
func TestExpiredCredentialsHeal(t *testing.T) {
	s := newSite(t, nil)
	key := "AKIDOLD"
	s.writer = s.open(Options{Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: key, SecretAccessKey: "secret"}, nil
	})})
	s.replace(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		if !strings.Contains(r.Header.Get("Authorization"), "AKIDOLD") {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, queryError("ExpiredToken", "expired"))
		return true
	})
	a := s.want(runbooks.Capacity, "asg", "desired", "+1")
	if _, err := s.plan(a); err == nil || !strings.Contains(err.Error(), "log in again") {
		t.Errorf("with expired credentials: %v", err)
	}
	key = "AKIDNEW"
	if _, err := s.plan(a); err != nil {
		t.Errorf("after the login: %v", err)
	}
}
