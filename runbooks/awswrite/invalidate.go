package awswrite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"warroom/runbooks"
	"warroom/sources"
)

// cache throws paths out of a distribution's caches.
type cache struct{ *Writer }

func newCloudFront(c aws.Config) *cloudfront.Client { return cloudfront.NewFromConfig(c) }

func (w *Writer) cloudFront(acting bool) *cloudfront.Client {
	return client(w.session, globalRegion, acting, newCloudFront)
}

// Offers are the paths.
func (c *cache) Offers(r sources.Resource) []runbooks.Offer {
	if !c.knows(r.Ref, "cloudfront") {
		return nil
	}
	return []runbooks.Offer{{
		Kind: runbooks.Invalidate, Resource: r.Ref, Title: "throw paths out of the caches",
		Parameters: []runbooks.Parameter{{Name: "paths", Help: `one or more, with a blank between: "/index.html /static/*"; "/*" is everything`}},
	}}
}

// What CloudFront takes in one batch, and what it costs.
const (
	pathMost      = 4000
	pathsMost     = 3000
	wildcardsMost = 15
	pathsFree     = 1000 // each month, over the whole account
	pathDollars   = 0.005
	everything    = "/*"
)

// pathsOf reads the paths, and tells why they are none.
func pathsOf(text string) ([]string, error) {
	paths := strings.Fields(text)
	wildcards := 0
	for i, p := range paths {
		if err := checkPath(p); err != nil {
			return nil, err
		}
		if slices.Contains(paths[:i], p) {
			return nil, fmt.Errorf("paths: %s is there twice", p)
		}
		if strings.HasSuffix(p, "*") {
			wildcards++
		}
	}
	switch {
	case len(paths) == 0:
		return nil, errors.New("paths: there is no path in it")
	case len(paths) > pathsMost:
		return nil, fmt.Errorf("paths: %d are more than the %d that CloudFront takes at once; a wildcard covers many", len(paths), pathsMost)
	case wildcards > wildcardsMost:
		return nil, fmt.Errorf("paths: %d wildcards are more than the %d that may be in progress", wildcards, wildcardsMost)
	case len(paths) > 1 && slices.Contains(paths, everything):
		return nil, fmt.Errorf("paths: %s covers all the others; give it alone", everything)
	}
	return paths, nil
}

func checkPath(p string) error {
	unprintable := strings.ContainsFunc(p, func(r rune) bool { return r <= ' ' || r > '~' })
	switch {
	case !strings.HasPrefix(p, "/"):
		return fmt.Errorf("paths: %q does not begin with /", p)
	case strings.Contains(strings.TrimSuffix(p, "*"), "*"):
		return fmt.Errorf("paths: %q has a * that is not at its end; CloudFront takes it there only", p)
	case len(p) > pathMost:
		return fmt.Errorf("paths: one of %d characters is longer than the %d that CloudFront takes", len(p), pathMost)
	case unprintable:
		return fmt.Errorf("paths: %q has characters that have to be written as %%XX", p)
	}
	return nil
}

// listedPaths is how many paths are named one by one.
const listedPaths = 6

// Plan checks the paths and looks at the distribution. What will come of the caches depends on visitors, not on what is
// read: the plan holds as long as the distribution is there.
func (c *cache) Plan(ctx context.Context, a runbooks.Action) (runbooks.Plan, error) {
	if err := asked(a, c.Offers(sources.Resource{Ref: a.Resource})[0]); err != nil {
		return runbooks.Plan{}, err
	}
	paths, err := pathsOf(a.Want["paths"])
	if err != nil {
		return runbooks.Plan{}, err
	}
	d, r, err := c.distribution(ctx, a.Resource)
	if err != nil {
		return runbooks.Plan{}, err
	}
	p := c.begin(ctx, a, globalRegion, "cloudfront:CreateInvalidation")
	p.On = aws.ToString(d.ARN)
	p.Title = fmt.Sprintf("cache of %s: throw out %s", r.Name, some(paths))
	p.Level = runbooks.Bounded
	p.Before, p.After = thrownOut(paths)
	p.Cost = fmt.Sprintf("%d of the %d paths that are free each month; $%.3f if they are used up", len(paths), pathsFree, float64(len(paths))*pathDollars)
	p.Limits = []string{fmt.Sprintf("%d paths and %d wildcards in progress at a time", pathsMost, wildcardsMost)}
	p.Takes, p.Touches = "seconds to minutes", "the next request for each goes to the origin"
	p.Undo = "cannot be taken back: the caches fill again by themselves"
	if slices.Contains(paths, everything) {
		p.Level = runbooks.Visible
		p.Touches = "every page is fetched from the origin again: visitors wait, and the origin gets all of them at once"
		p.Warnings = append(p.Warnings, "the hit ratio falls to 0: the origin gets 1 / (1 - hit ratio) times its requests until the caches are full again")
	}
	if n := aws.ToInt32(d.InProgressInvalidationBatches); n > 0 {
		p.Warnings = append(p.Warnings, fmt.Sprintf("%d invalidations are in progress already", n))
	}
	p.Watches = append([]runbooks.Watch{watching("cloudfront_error_ratio", r.Name, "5xx at the edge of "+r.Name, runbooks.Falls)}, c.originErrors(runbooks.Stays)...)
	return p, nil
}

// thrownOut says of each path what becomes of it; of many, of all together.
func thrownOut(paths []string) (before, after []runbooks.Setting) {
	if len(paths) > listedPaths {
		paths = []string{fmt.Sprintf("%d paths", len(paths))}
	}
	for _, p := range paths {
		before = append(before, runbooks.Setting{Name: p, Value: "as cached"})
		after = append(after, runbooks.Setting{Name: p, Value: "thrown out"})
	}
	return before, after
}

// some names the first paths, and counts the others.
func some(paths []string) string {
	if len(paths) <= listedPaths {
		return strings.Join(paths, " ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(paths[:listedPaths], " "), len(paths)-listedPaths)
}

// distribution reads one distribution as it is now.
func (w *Writer) distribution(ctx context.Context, ref sources.Ref) (*types.Distribution, sources.Resource, error) {
	r, err := w.resource(ref)
	if err != nil {
		return nil, r, err
	}
	var out *cloudfront.GetDistributionOutput
	err = w.session.look(ctx, func() (err error) {
		out, err = w.cloudFront(false).GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: aws.String(r.ID)})
		return err
	})
	if err == nil && out.Distribution == nil {
		err = fmt.Errorf("the answer is without distribution %s; an endpoint that is not AWS may stand in between", r.ID)
	}
	if err != nil {
		return nil, r, err
	}
	return out.Distribution, r, nil
}

// Apply makes the invalidation under the plan's id: asked twice, CloudFront makes one.
func (c *cache) Apply(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, error) {
	r, err := c.resource(p.Action.Resource)
	if err == nil && p.ID == "" {
		err = errors.New("a plan without an id cannot be told from any other")
	}
	paths, wrong := pathsOf(p.Action.Want["paths"])
	if err = errors.Join(err, wrong); err != nil {
		return runbooks.Receipt{}, outcome(&unsentError{err})
	}
	out, err := c.cloudFront(true).CreateInvalidation(ctx, &cloudfront.CreateInvalidationInput{
		DistributionId: aws.String(r.ID),
		InvalidationBatch: &types.InvalidationBatch{
			CallerReference: aws.String(p.ID), Paths: &types.Paths{Quantity: aws.Int32(int32(len(paths))), Items: paths},
		},
	})
	if err != nil {
		return runbooks.Receipt{}, outcome(err)
	}
	receipt, err := receipt(out.ResultMetadata)
	if out.Invalidation != nil {
		receipt.Made = aws.ToString(out.Invalidation.Id)
	}
	return receipt, err
}

// searched is how many of the newest invalidations are searched for a plan's.
const searched = 100

// Find looks through the newest invalidations for the one that bears the plan's id.
func (c *cache) Find(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, bool, error) {
	r, err := c.resource(p.Action.Resource)
	if err != nil {
		return runbooks.Receipt{}, false, err
	}
	var out *cloudfront.ListInvalidationsOutput
	err = c.session.look(ctx, func() (err error) {
		out, err = c.cloudFront(false).ListInvalidations(ctx, &cloudfront.ListInvalidationsInput{DistributionId: aws.String(r.ID), MaxItems: aws.Int32(searched)})
		return err
	})
	if err != nil || out.InvalidationList == nil {
		return runbooks.Receipt{}, false, err
	}
	for _, summary := range out.InvalidationList.Items {
		i, err := c.invalidation(ctx, r, aws.ToString(summary.Id))
		if err != nil {
			return runbooks.Receipt{}, false, err
		}
		if i.InvalidationBatch != nil && aws.ToString(i.InvalidationBatch.CallerReference) == p.ID {
			return runbooks.Receipt{Made: aws.ToString(i.Id)}, true, nil
		}
	}
	if aws.ToBool(out.InvalidationList.IsTruncated) {
		return runbooks.Receipt{}, false, fmt.Errorf("it is not among the newest %d invalidations, and there are older ones", searched)
	}
	return runbooks.Receipt{}, false, nil
}

func (c *cache) invalidation(ctx context.Context, r sources.Resource, id string) (*types.Invalidation, error) {
	out, err := c.cloudFront(false).GetInvalidation(ctx, &cloudfront.GetInvalidationInput{DistributionId: aws.String(r.ID), Id: aws.String(id)})
	if err == nil && out.Invalidation == nil {
		err = fmt.Errorf("the answer is without invalidation %s", id)
	}
	if err != nil {
		return nil, explain(err)
	}
	return out.Invalidation, nil
}

// completed is the status of an invalidation that every edge has carried out.
const completed = "Completed"

// Progress waits until the invalidation is completed. Where its id was lost, it is found by the plan's.
func (c *cache) Progress(ctx context.Context, p runbooks.Plan, made runbooks.Receipt) (runbooks.Progress, error) {
	r, err := c.resource(p.Action.Resource)
	if err != nil {
		return runbooks.Progress{}, err
	}
	if made.Made == "" {
		found, done, err := c.Find(ctx, p)
		if err != nil || !done {
			return runbooks.Progress{Text: "the invalidation is not listed yet"}, err
		}
		made = found
	}
	i, err := c.invalidation(ctx, r, made.Made)
	if err != nil {
		return runbooks.Progress{}, err
	}
	status := aws.ToString(i.Status)
	return runbooks.Progress{Text: fmt.Sprintf("%s: %s", made.Made, status), Done: status == completed}, nil
}
