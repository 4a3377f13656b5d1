package awswrite

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"warroom/runbooks"
	"warroom/sources"
)

// database raises and lowers the range of capacity units of Aurora Serverless v2.
type database struct{ *Writer }

func newRDS(c aws.Config) *rds.Client { return rds.NewFromConfig(c) }

// The bounds of a range, in capacity units (ACU).
const (
	stepACU    = 0.5
	leastACU   = 0.5
	leastHigh  = 1
	mostACU    = 256
	serverless = "db.serverless"
	available  = "available"
)

// Offers are the two ends of the range.
func (d *database) Offers(r sources.Resource) []runbooks.Offer {
	if !d.knows(r.Ref, "aurora") {
		return nil
	}
	return []runbooks.Offer{{
		Kind: runbooks.Capacity, Resource: r.Ref, Title: "raise or lower the database's range",
		Parameters: []runbooks.Parameter{
			{Name: "min", Help: "ACUs that are always there, in halves: " + amountHelp},
			{Name: "max", Help: "ACUs that it may grow to, in halves: " + amountHelp},
		},
	}}
}

// span is a range of capacity units.
type span struct{ min, max float64 }

func spanOf(c *types.DBCluster) span {
	r := c.ServerlessV2ScalingConfiguration
	return span{aws.ToFloat64(r.MinCapacity), aws.ToFloat64(r.MaxCapacity)}
}

func (s span) settings() []runbooks.Setting {
	return []runbooks.Setting{{Name: "min ACU", Value: number(s.min)}, {Name: "max ACU", Value: number(s.max)}}
}

func spanIn(settings []runbooks.Setting) (span, error) {
	v, err := numbersOf(settings, "min ACU", "max ACU")
	if err != nil {
		return span{}, err
	}
	return span{v[0], v[1]}, nil
}

// wanted reads the ends of the range that the action asks for.
func (s span) wanted(a runbooks.Action) (next span, err error) {
	next = s
	if text := a.Want["min"]; text != "" {
		if next.min, err = amount("min", text, s.min, stepACU); err != nil {
			return s, err
		}
		if next.min < leastACU && (next.min < 0 || a.Undoes == "") {
			return s, fmt.Errorf("min: %s ACU would let the database stop; %g is the least", number(next.min), leastACU)
		}
	}
	if text := a.Want["max"]; text != "" {
		if next.max, err = amount("max", text, s.max, stepACU); err != nil {
			return s, err
		}
	}
	return next, nil
}

// check tells why the range cannot become so, nil if it can.
func (s span) check(before span, name string) error {
	switch {
	case s == before:
		return fmt.Errorf("database %s has %s to %s ACU already", name, number(s.min), number(s.max))
	case s.max < leastHigh || s.max > mostACU:
		return fmt.Errorf("database %s: max %s ACU is not within %d and %d", name, number(s.max), leastHigh, mostACU)
	case s.min > s.max && s.max < before.max:
		return fmt.Errorf("database %s: max %s ACU is below its minimum %s; give min too if that is wanted", name, number(s.max), number(s.min))
	case s.min > s.max:
		return fmt.Errorf("database %s: min %s ACU is above its maximum %s; give max too", name, number(s.min), number(s.max))
	}
	return nil
}

func (s span) level(before span) runbooks.Level {
	if s.max != before.max || s.min < before.min {
		return runbooks.Visible
	}
	return runbooks.Bounded
}

// cluster reads one cluster as it is now.
func (d *database) cluster(ctx context.Context, ref sources.Ref) (*types.DBCluster, sources.Resource, error) {
	r, err := d.resource(ref)
	if err != nil {
		return nil, r, err
	}
	if r.Region, err = d.regionOf(r); err != nil {
		return nil, r, err
	}
	var out *rds.DescribeDBClustersOutput
	err = d.session.look(ctx, func() (err error) {
		out, err = d.client(r, false).DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String(r.ID)})
		return err
	})
	if err != nil {
		return nil, r, err
	}
	if len(out.DBClusters) != 1 {
		return nil, r, fmt.Errorf("no DB cluster %q in %s; check the id and the region in the config", r.ID, r.Region)
	}
	c := &out.DBClusters[0]
	if c.ServerlessV2ScalingConfiguration == nil {
		return nil, r, fmt.Errorf("database %s has provisioned instances and no range of ACUs; its size is its instance class", r.Name)
	}
	return c, r, nil
}

func (d *database) client(r sources.Resource, acting bool) *rds.Client {
	return client(d.session, r.Region, acting, newRDS)
}

// Plan reads the cluster and says what would become of its range.
func (d *database) Plan(ctx context.Context, a runbooks.Action) (runbooks.Plan, error) {
	if err := asked(a, d.Offers(sources.Resource{Ref: a.Resource})[0]); err != nil {
		return runbooks.Plan{}, err
	}
	c, r, err := d.cluster(ctx, a.Resource)
	if err != nil {
		return runbooks.Plan{}, err
	}
	before := spanOf(c)
	after, err := before.wanted(a)
	if err == nil {
		err = after.check(before, r.Name)
	}
	if err == nil {
		err = d.changeable(ctx, c, r)
	}
	if err != nil {
		return runbooks.Plan{}, err
	}
	p := d.begin(ctx, a, r.Region, "rds:ModifyDBCluster")
	p.On = aws.ToString(c.DBClusterArn)
	p.Before, p.After, p.Level = before.settings(), after.settings(), after.level(before)
	p.Title = "database " + r.Name + ": " + changes(p.Before, p.After)
	p.Back = runbooks.Action{Kind: runbooks.Capacity, Resource: a.Resource, Want: map[string]string{"min": number(before.min), "max": number(before.max)}}
	describeSpan(&p, c, before, after)
	p.Watches = d.watches(r.Name, before, after)
	return p, nil
}

// changeable tells why the cluster takes no new range now: another change is running, or its writer would not follow.
func (d *database) changeable(ctx context.Context, c *types.DBCluster, r sources.Resource) error {
	if status := aws.ToString(c.Status); status != available {
		return fmt.Errorf("database %s is %s; it takes a new range when it is %s again", r.Name, status, available)
	}
	writer := slices.IndexFunc(c.DBClusterMembers, func(m types.DBClusterMember) bool { return aws.ToBool(m.IsClusterWriter) })
	if writer < 0 {
		return fmt.Errorf("database %s has no writer now; wait for the end of its failover", r.Name)
	}
	out, err := d.client(r, false).DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: c.DBClusterMembers[writer].DBInstanceIdentifier})
	if err != nil {
		return explain(err)
	}
	for _, i := range out.DBInstances {
		if class := aws.ToString(i.DBInstanceClass); class != serverless {
			return fmt.Errorf("the writer of database %s is provisioned (%s): a range of ACUs would not move it", r.Name, class)
		}
	}
	return nil
}

// describeSpan fills in what a person should know of the plan.
func describeSpan(p *runbooks.Plan, c *types.DBCluster, before, after span) {
	p.Limits = []string{fmt.Sprintf("Aurora takes %g to %d ACU, in halves", leastACU, mostACU)}
	p.Takes = "the range holds within a minute; the capacity follows in seconds to minutes"
	p.Touches = "nothing that visitors see"
	p.Undo = fmt.Sprintf("back to %s to %s ACU", number(before.min), number(before.max))
	if n := len(c.DBClusterMembers); after.min != before.min {
		p.Cost = fmt.Sprintf("%s ACU at the least, × %d instances", change(after.min-before.min), n)
	} else {
		p.Cost = fmt.Sprintf("%s ACU at the most, × %d instances", change(after.max-before.max), n)
	}
	if after.max != before.max {
		p.Warnings = append(p.Warnings,
			"max_connections stays as of the last boot: a new maximum changes it with a restart or failover only, and not during the launch",
			"percentages of the capacity are of the new maximum from then on: their curves jump")
	}
	if after.max < before.max || after.min < before.min {
		p.Warnings = append(p.Warnings, "less capacity: queries may wait, and the buffer shrinks with it")
		p.Touches = "pages may become slower"
	}
}

// watches are where the effect is to be seen.
func (d *database) watches(name string, before, after span) []runbooks.Watch {
	own := moving("aurora_acu", name, "capacity of database "+name, runbooks.Rises)
	if after.min < before.min || after.max < before.max {
		own.Want = runbooks.Falls
		return append([]runbooks.Watch{own}, d.originErrors(runbooks.Stays)...)
	}
	slow := watching("aurora_commit_latency_seconds", name, "commit latency of database "+name, runbooks.Falls)
	return append([]runbooks.Watch{own, slow}, d.originErrors(runbooks.Falls)...)
}

// Apply sets the range. It holds at once whatever is said of applying immediately, which could also let go of other
// changes that wait for their window: so nothing is said.
func (d *database) Apply(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, error) {
	r, err := d.resource(p.Action.Resource)
	if err != nil {
		return runbooks.Receipt{}, outcome(&unsentError{err})
	}
	want, err := spanIn(p.After)
	if err != nil {
		return runbooks.Receipt{}, outcome(&unsentError{err})
	}
	r.Region = p.Region
	out, err := d.client(r, true).ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{
		DBClusterIdentifier:              aws.String(r.ID),
		ServerlessV2ScalingConfiguration: &types.ServerlessV2ScalingConfiguration{MinCapacity: aws.Float64(want.min), MaxCapacity: aws.Float64(want.max)},
	})
	if err != nil {
		return runbooks.Receipt{}, outcome(err)
	}
	return receipt(out.ResultMetadata)
}

// Find tells whether the cluster has the plan's range.
func (d *database) Find(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, bool, error) {
	want, err := spanIn(p.After)
	if err != nil {
		return runbooks.Receipt{}, false, err
	}
	c, _, err := d.cluster(ctx, p.Action.Resource)
	if err != nil {
		return runbooks.Receipt{}, false, err
	}
	return runbooks.Receipt{}, spanOf(c) == want, nil
}

// Progress waits until the cluster is available with the range. A range that is still the old one may be an answer from
// before the call.
func (d *database) Progress(ctx context.Context, p runbooks.Plan, _ runbooks.Receipt) (runbooks.Progress, error) {
	want, err := spanIn(p.After)
	if err != nil {
		return runbooks.Progress{}, err
	}
	c, _, err := d.cluster(ctx, p.Action.Resource)
	if err != nil {
		return runbooks.Progress{}, err
	}
	now, status := spanOf(c), aws.ToString(c.Status)
	text := fmt.Sprintf("%s, %s to %s ACU", status, number(now.min), number(now.max))
	switch {
	case now == want && status == available:
		return runbooks.Progress{Text: text + "; the capacity follows", Done: true}, nil
	case now != want && status == available && changedAgain(p.Before, now):
		return runbooks.Progress{Failed: fmt.Sprintf("the range is %s to %s ACU now: somebody else has changed it", number(now.min), number(now.max))}, nil
	}
	return runbooks.Progress{Text: text}, nil
}

// changedAgain tells whether the range is not what it was before the call either.
func changedAgain(before []runbooks.Setting, now span) bool {
	was, err := spanIn(before)
	return err == nil && now != was
}
