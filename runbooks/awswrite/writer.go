package awswrite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	smithymiddleware "github.com/aws/smithy-go/middleware"

	"warroom/runbooks"
	"warroom/sources"
	"warroom/sources/awsconfig"
)

// globalRegion is where everything global is changed: CloudFront, and WAF for CloudFront.
const globalRegion = "us-east-1"

// identityTime is granted to the question who we are. A plan does without the answer.
const identityTime = 3 * time.Second

// Options says what may be changed, and as whom.
type Options struct {
	Profile     string                  // of the shared AWS files; "" = what the environment chooses
	Role        string                  // ARN of a role that is assumed for writes only; "" = as whom we read
	Region      string                  // the launch's own; "" = what the environment chooses
	Endpoint    string                  // base URL of all services, for a simulated AWS; "" = AWS
	Credentials aws.CredentialsProvider // nil = the SDK's default chain
	Operator    string                  // who acts: it stands in the name of the role's session
	Resources   []sources.Resource      // those of services that this package cannot change are left alone
	// Fetch gets a URL and tells the status of the answer; nil = over HTTP, in five seconds, redirects not followed.
	Fetch func(ctx context.Context, url string) (status int, err error)
	Now   func() time.Time // the launch clock, on which AWS' own schedules run; nil = the machine's
}

// Writer changes one AWS account. It is safe for concurrent use.
type Writer struct {
	session   *session
	resources map[sources.Ref]sources.Resource
	order     []sources.Resource
	fetch     func(ctx context.Context, url string) (status int, err error)
	now       func() time.Time
}

// Open reads the SDK's configuration. It makes no request.
func Open(ctx context.Context, o Options) (*Writer, error) {
	s, err := openSession(ctx, o)
	if err != nil {
		return nil, err
	}
	w := &Writer{session: s, resources: map[sources.Ref]sources.Resource{}, order: o.Resources, fetch: o.Fetch, now: o.Now}
	if w.fetch == nil {
		w.fetch = fetch
	}
	if w.now == nil {
		w.now = time.Now
	}
	for _, r := range o.Resources {
		w.resources[r.Ref] = r
	}
	return w, nil
}

// Hands are all that the package can do.
func (w *Writer) Hands() []runbooks.Hand {
	return []runbooks.Hand{&fleet{w}, &database{w}, &cache{w}, &origins{w}, &firewall{w}, &releases{w}, &reserve{w}, &listeners{w}}
}

// Offers are the actions that a resource has, whoever may do them.
func Offers(r sources.Resource) []runbooks.Offer {
	w := &Writer{resources: map[sources.Ref]sources.Resource{r.Ref: r}}
	var out []runbooks.Offer
	for _, hand := range w.Hands() {
		out = append(out, hand.Offers(r)...)
	}
	return out
}

// resource finds one of a service's resources.
func (w *Writer) resource(ref sources.Ref) (sources.Resource, error) {
	if r, ok := w.resources[ref]; ok {
		return r, nil
	}
	return sources.Resource{}, fmt.Errorf("%s is not among the resources of the config", ref)
}

// knows tells whether the reference is one of our resources, of the service.
func (w *Writer) knows(ref sources.Ref, service string) bool {
	_, ok := w.resources[ref]
	return ok && ref.Service == service
}

// regionOf is where a resource's API answers.
func (w *Writer) regionOf(r sources.Resource) (string, error) {
	if region := cmp.Or(r.Region, w.session.home()); region != "" {
		return region, nil
	}
	return "", fmt.Errorf("no region for %s; set `aws.region` in the config, AWS_REGION or a region in the profile", r.Ref)
}

// begin begins a plan with where its call would go, and as whom.
func (w *Writer) begin(ctx context.Context, a runbooks.Action, region, call string) runbooks.Plan {
	who := w.session.identity(ctx)
	arn, _, _ := strings.Cut(who, " ")
	plane := "regional control plane (" + region + ")"
	if client, _, _ := strings.Cut(call, ":"); client == "cloudfront" || client == "wafv2" && region == globalRegion {
		plane = "global control plane (" + globalRegion + ")"
	}
	return runbooks.Plan{Action: a, Account: awsconfig.AccountOf(arn), Region: region, Identity: who, Plane: plane, Call: call}
}

// names are those of a service's resources, in the order of the config.
func (w *Writer) names(service string) (names []string) {
	for _, r := range w.order {
		if r.Service == service {
			names = append(names, r.Name)
		}
	}
	return names
}

// receipt is what AWS answered to a write that it has accepted. An answer that does not bear AWS's id of the request may
// be anybody's, a proxy's for one: whether the write was carried out is not known then.
func receipt(metadata smithymiddleware.Metadata) (runbooks.Receipt, error) {
	id, _ := middleware.GetRequestIDMetadata(metadata)
	if id == "" {
		return runbooks.Receipt{}, errors.New("something answered that may not be AWS: its answer bears no request id; a proxy or a wrong endpoint may stand in between")
	}
	return runbooks.Receipt{Request: id}, nil
}
