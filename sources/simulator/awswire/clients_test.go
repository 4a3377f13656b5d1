package awswire

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// clients are the real clients of the SDK, all but the global ones in the site's region.
type clients struct {
	cloudwatch  *cloudwatch.Client
	edgeWatch   *cloudwatch.Client // CloudWatch of us-east-1
	cloudfront  *cloudfront.Client
	wafv2       *wafv2.Client
	autoscaling *autoscaling.Client
	elb         *elasticloadbalancingv2.Client
	rds         *rds.Client
	sts         *sts.Client
	iam         *iam.Client
	store       *cloudfrontkeyvaluestore.Client
	codedeploy  *codedeploy.Client
}

// atHost takes the account off the host that the KeyValueStore's client puts it in front of.
type atHost struct{ url string }

func (a atHost) ResolveEndpoint(ctx context.Context, p cloudfrontkeyvaluestore.EndpointParameters) (smithyendpoints.Endpoint, error) {
	e, err := cloudfrontkeyvaluestore.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, p)
	if err == nil {
		_, e.URI.Host, _ = strings.Cut(a.url, "//")
	}
	return e, err
}

// dial makes clients of an endpoint, in the standing site's region.
func dial(t testing.TB, url string) clients { return dialIn(t, url, "eu-central-1") }

// dialIn makes clients with static credentials and one attempt.
func dialIn(t testing.TB, url, region string) clients {
	t.Helper()
	in := func(region string) aws.Config {
		return aws.Config{
			Region: region, BaseEndpoint: aws.String(url), RetryMaxAttempts: 1, APIOptions: []func(*middleware.Stack) error{onlyRead},
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "AKIAREHEARSAL", SecretAccessKey: "secret", SessionToken: "token"}, nil
			}),
		}
	}
	home, edge := in(region), in("us-east-1")
	return clients{
		cloudwatch: cloudwatch.NewFromConfig(home), edgeWatch: cloudwatch.NewFromConfig(edge),
		cloudfront: cloudfront.NewFromConfig(edge), wafv2: wafv2.NewFromConfig(edge),
		autoscaling: autoscaling.NewFromConfig(home), elb: elasticloadbalancingv2.NewFromConfig(home),
		rds: rds.NewFromConfig(home), sts: sts.NewFromConfig(home), iam: iam.NewFromConfig(home), codedeploy: codedeploy.NewFromConfig(home),
		store: cloudfrontkeyvaluestore.NewFromConfig(edge, func(o *cloudfrontkeyvaluestore.Options) { o.EndpointResolverV2 = atHost{url} }),
	}
}

// onlyRead hides all methods of a request's body but Read and Seek. On a large body that has one, the SDK's
// WriteTo reports the end of what it has closed as an error, and net/http then closes the connection under an
// answer that came within a hair's breadth of the request: with one attempt, tests would fail now and then.
func onlyRead(stack *middleware.Stack) error {
	return stack.Build.Add(middleware.BuildMiddlewareFunc("onlyRead", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
		r := in.Request.(*smithyhttp.Request)
		if body, ok := r.GetStream().(io.ReadSeeker); ok {
			hidden, err := r.SetStream(struct{ io.ReadSeeker }{body})
			if err != nil {
				return middleware.BuildOutput{}, middleware.Metadata{}, err
			}
			in.Request = hidden
		}
		return next.HandleBuild(ctx, in)
	}), middleware.Before)
}
