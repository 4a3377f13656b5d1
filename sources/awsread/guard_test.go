package awsread

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	waftypes "github.com/aws/aws-sdk-go-v2/service/wafv2/types"
)

// mutations are operations that change something, one or more for each client that the house has.
func mutations(cfg aws.Config) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"UpdateAutoScalingGroup": func(ctx context.Context) error {
			_, err := autoscaling.NewFromConfig(cfg).UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("web"), MinSize: aws.Int32(0)})
			return err
		},
		"SetDesiredCapacity": func(ctx context.Context) error {
			_, err := autoscaling.NewFromConfig(cfg).SetDesiredCapacity(ctx, &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: aws.String("web"), DesiredCapacity: aws.Int32(0)})
			return err
		},
		"DeleteDistribution": func(ctx context.Context) error {
			_, err := cloudfront.NewFromConfig(cfg).DeleteDistribution(ctx, &cloudfront.DeleteDistributionInput{Id: aws.String("E1"), IfMatch: aws.String("x")})
			return err
		},
		"PutMetricData": func(ctx context.Context) error {
			_, err := cloudwatch.NewFromConfig(cfg).PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: aws.String("X"), MetricData: []cwtypes.MetricDatum{{MetricName: aws.String("m")}}})
			return err
		},
		"DeleteLoadBalancer": func(ctx context.Context) error {
			_, err := elb.NewFromConfig(cfg).DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: aws.String("arn")})
			return err
		},
		"StopDeployment": func(ctx context.Context) error {
			_, err := codedeploy.NewFromConfig(cfg).StopDeployment(ctx, &codedeploy.StopDeploymentInput{DeploymentId: aws.String("d-1")})
			return err
		},
		"ModifyDBCluster": func(ctx context.Context) error {
			_, err := rds.NewFromConfig(cfg).ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String("main")})
			return err
		},
		"AssumeRole": func(ctx context.Context) error {
			_, err := sts.NewFromConfig(cfg).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn"), RoleSessionName: aws.String("me")})
			return err
		},
		"DeleteWebACL": func(ctx context.Context) error {
			_, err := wafv2.NewFromConfig(cfg).DeleteWebACL(ctx, &wafv2.DeleteWebACLInput{Name: aws.String("n"), Id: aws.String("i"), LockToken: aws.String("t"), Scope: waftypes.ScopeCloudfront})
			return err
		},
	}
}

// wire is a listener that counts whatever reaches it.
func wire(t *testing.T) (url string, requests *atomic.Int64) {
	requests = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

// readOnly proves that nothing which changes anything is signed or sent by clients of the config: the names
// of the operations for which that does not hold.
func readOnly(ctx context.Context, cfg aws.Config, requests *atomic.Int64) (leaks []string) {
	for name, mutate := range mutations(cfg) {
		before := requests.Load()
		err := mutate(ctx)
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.Operation != name || requests.Load() != before {
			leaks = append(leaks, name)
		}
	}
	return leaks
}

func TestOnlyReadsAreSigned(t *testing.T) {
	url, requests := wire(t)
	r := openAt(t, url)
	if leaks := readOnly(t.Context(), r.session.config, requests); len(leaks) > 0 {
		t.Errorf("reached the wire: %q", leaks)
	}
	if n := requests.Load(); n != 0 {
		t.Errorf("%d requests reached the wire", n)
	}
	if _, err := sts.NewFromConfig(r.session.config).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); requests.Load() == 0 {
		t.Errorf("a read was not sent: %v", err)
	}
}

// TestReadOnlyProofSeesALeak takes the guard away: the proof must fail for every operation.
func TestReadOnlyProofSeesALeak(t *testing.T) {
	url, requests := wire(t)
	cfg := openAt(t, url).session.config.Copy()
	cfg.APIOptions = nil
	if leaks := readOnly(t.Context(), cfg, requests); len(leaks) != len(mutations(cfg)) {
		t.Errorf("without the guard only %q leaked", leaks)
	}
}

// TestAllowlistHoldsReadsOnly: every operation of the table reads by its name.
func TestAllowlistHoldsReadsOnly(t *testing.T) {
	for operation := range allowed {
		_, name, _ := strings.Cut(operation, ".")
		if !strings.HasPrefix(name, "Describe") && !strings.HasPrefix(strings.TrimPrefix(name, "Batch"), "Get") && !strings.HasPrefix(name, "List") {
			t.Errorf("%s is not the name of a read", operation)
		}
	}
	if len(Actions()) < 10 {
		t.Errorf("only %d actions: %q", len(Actions()), Actions())
	}
}

// TestRefusalTellsWhy: what a person reads when a read is not on the list.
func TestRefusalTellsWhy(t *testing.T) {
	url, _ := wire(t)
	r := openAt(t, url)
	err := r.session.explain(mutations(r.session.config)["ModifyDBCluster"](t.Context()))
	if want := "RDS ModifyDBCluster refused before it was signed"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}
