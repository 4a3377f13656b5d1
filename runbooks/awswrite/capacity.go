package awswrite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"warroom/runbooks"
	"warroom/sources"
)

// fleet raises and lowers Auto Scaling groups.
type fleet struct{ *Writer }

func newAutoScaling(c aws.Config) *autoscaling.Client { return autoscaling.NewFromConfig(c) }

// Offers are the fleet's three numbers.
func (f *fleet) Offers(r sources.Resource) []runbooks.Offer {
	if !f.knows(r.Ref, "asg") {
		return nil
	}
	return []runbooks.Offer{{
		Kind: runbooks.Capacity, Resource: r.Ref, Title: "raise or lower the fleet",
		Parameters: []runbooks.Parameter{
			{Name: "desired", Help: "how many instances: " + amountHelp + "; the minimum rises with it unless min is given"},
			{Name: "min", Help: "the fewest that scaling leaves: " + amountHelp},
			{Name: "max", Help: "the most that scaling may start: " + amountHelp},
		},
	}}
}

// size is a group's three numbers.
type size struct{ desired, min, max float64 }

func sizeOf(g *types.AutoScalingGroup) size {
	return size{desired: float64(aws.ToInt32(g.DesiredCapacity)), min: float64(aws.ToInt32(g.MinSize)), max: float64(aws.ToInt32(g.MaxSize))}
}

func (s size) settings() []runbooks.Setting {
	return []runbooks.Setting{{Name: "desired", Value: number(s.desired)}, {Name: "min", Value: number(s.min)}, {Name: "max", Value: number(s.max)}}
}

// planned are the numbers that a plan would leave.
func planned(p runbooks.Plan) (size, error) {
	v, err := numbersOf(p.After, "desired", "min", "max")
	if err != nil {
		return size{}, err
	}
	return size{v[0], v[1], v[2]}, nil
}

// wanted reads the three numbers that the action asks for. Desired and minimum pull each other up, for scaling would take
// back what stands above the minimum; nothing is pulled down.
func (s size) wanted(a runbooks.Action) (size, error) {
	next := s
	for _, n := range []struct {
		name string
		of   *float64
	}{{"desired", &next.desired}, {"min", &next.min}, {"max", &next.max}} {
		text := a.Want[n.name]
		if text == "" {
			continue
		}
		v, err := amount(n.name, text, *n.of, 1)
		if err != nil {
			return size{}, err
		}
		if v < 1 && (n.name != "min" || v < 0 || a.Undoes == "") {
			return size{}, fmt.Errorf("%s: %s would leave nobody to answer; 1 is the least", n.name, number(v))
		}
		*n.of = v
	}
	if s.cuts(a, next) {
		next.desired = s.max
	}
	if a.Want["min"] == "" && next.desired > s.desired {
		next.min = max(next.min, next.desired)
	}
	if a.Want["desired"] == "" && next.min > s.min {
		next.desired = max(next.desired, next.min)
	}
	return next, nil
}

// cuts tells whether a share more goes beyond the maximum, which nobody asked to raise: it is cut there, as far as there is
// room. Who gives a number means that one.
func (s size) cuts(a runbooks.Action, next size) bool {
	return strings.HasSuffix(a.Want["desired"], "%") && a.Want["max"] == "" && next.desired > s.max && s.desired < s.max
}

// check tells why the group cannot become so, nil if it can.
func (s size) check(before size, name string) error {
	switch {
	case s == before:
		return fmt.Errorf("fleet %s has desired %s, min %s, max %s already", name, number(s.desired), number(s.min), number(s.max))
	case s.desired > s.max && before.desired == before.max && s.max == before.max:
		return fmt.Errorf("fleet %s: desired %s is at its maximum already; give max too, as in \"max +50 %% desired +50 %%\"", name, number(before.desired))
	case s.desired > s.max && s.desired > before.desired:
		return fmt.Errorf("fleet %s: desired %s is above its maximum %s; give max too", name, number(s.desired), number(s.max))
	case s.min > s.max:
		return fmt.Errorf("fleet %s: min %s is above its maximum %s; give max too", name, number(s.min), number(s.max))
	case s.desired > s.max:
		return fmt.Errorf("fleet %s: max %s is below desired %s and would end instances; give desired too if that is wanted", name, number(s.max), number(s.desired))
	case s.desired < s.min:
		return fmt.Errorf("fleet %s: desired %s is below its minimum %s; give min too", name, number(s.desired), number(s.min))
	}
	return nil
}

// level is how much the change can do: more within the maximum is bounded.
func (s size) level(before size) runbooks.Level {
	if s.max != before.max || s.desired < before.desired || s.min < before.min {
		return runbooks.Visible
	}
	return runbooks.Bounded
}

// group reads one group as it is now.
func (f *fleet) group(ctx context.Context, ref sources.Ref) (*types.AutoScalingGroup, sources.Resource, error) {
	r, err := f.resource(ref)
	if err != nil {
		return nil, r, err
	}
	if r.Region, err = f.regionOf(r); err != nil {
		return nil, r, err
	}
	var out *autoscaling.DescribeAutoScalingGroupsOutput
	err = f.session.look(ctx, func() (err error) {
		out, err = f.client(r, false).DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{r.ID}})
		return err
	})
	if err != nil {
		return nil, r, err
	}
	if len(out.AutoScalingGroups) != 1 {
		return nil, r, fmt.Errorf("no Auto Scaling group %q in %s; check the id and the region in the config", r.ID, r.Region)
	}
	return &out.AutoScalingGroups[0], r, nil
}

func (f *fleet) client(r sources.Resource, acting bool) *autoscaling.Client {
	return client(f.session, r.Region, acting, newAutoScaling)
}

// Plan reads the group and says what would become of it.
func (f *fleet) Plan(ctx context.Context, a runbooks.Action) (runbooks.Plan, error) {
	if err := asked(a, f.Offers(sources.Resource{Ref: a.Resource})[0]); err != nil {
		return runbooks.Plan{}, err
	}
	g, r, err := f.group(ctx, a.Resource)
	if err != nil {
		return runbooks.Plan{}, err
	}
	before := sizeOf(g)
	after, err := before.wanted(a)
	if err == nil {
		err = after.check(before, r.Name)
	}
	if err != nil {
		return runbooks.Plan{}, err
	}
	p := f.begin(ctx, a, r.Region, "autoscaling:UpdateAutoScalingGroup")
	p.On = aws.ToString(g.AutoScalingGroupARN)
	p.Before, p.After, p.Level = before.settings(), after.settings(), after.level(before)
	p.Title = "fleet " + r.Name + ": " + changes(p.Before, p.After)
	p.Back = runbooks.Action{Kind: runbooks.Capacity, Resource: a.Resource, Want: map[string]string{
		"desired": number(before.desired), "min": number(before.min), "max": number(before.max),
	}}
	f.describe(&p, g, after)
	p.Warnings = append(p.Warnings, f.refreshing(ctx, r)...)
	p.Warnings = append(p.Warnings, f.scheduled(ctx, g, r, after)...)
	p.Watches = f.watches(r.Name, before, after)
	return p, nil
}

// describe fills in what a person should know of the plan.
func (f *fleet) describe(p *runbooks.Plan, g *types.AutoScalingGroup, after size) {
	before := sizeOf(g)
	grows, warmup := after.desired > before.desired, aws.ToInt32(g.DefaultInstanceWarmup)
	p.Limits = []string{
		fmt.Sprintf("maximum of the group %s", number(before.max)),
		"not checked: the account's vCPU quota, free addresses of the subnets, what the zones have left",
	}
	p.Undo = fmt.Sprintf("back to desired %s, min %s, max %s", number(before.desired), number(before.min), number(before.max))
	p.Takes = "at once"
	switch {
	case grows:
		p.Takes = fmt.Sprintf("instances start in 1 to 5 min and warm up for %d s", max(warmup, 0))
		p.Touches = "nothing that visitors see; each instance opens its own connections to the database"
		p.Undo += ", which ends instances"
	case after.desired < before.desired:
		p.Takes = "instances are drained and ended within minutes"
		p.Touches = "fewer instances answer visitors"
	}
	if n := after.desired - before.desired; n != 0 {
		p.Cost = fmt.Sprintf("%s × %s", change(n), instanceTypes(g))
	}
	if uncut, err := amount("desired", p.Action.Want["desired"], before.desired, 1); err == nil && before.cuts(p.Action, size{desired: uncut}) {
		p.Limits = append(p.Limits, fmt.Sprintf("%s would be %s: cut at the maximum; for more, give max too", p.Action.Want["desired"], number(uncut)))
	}
	if p.Action.Want["min"] == "" && after.min > before.min {
		p.Limits = append(p.Limits, fmt.Sprintf("the minimum rises with it to %s, so that no scaling policy takes it back during the launch", number(after.min)))
	}
	p.Warnings = append(suspended(g.SuspendedProcesses, before, after), warmPool(g, before, after)...)
}

// instanceTypes are the types that the group runs, as a person would say.
func instanceTypes(g *types.AutoScalingGroup) string {
	var all []string
	for i := range g.Instances {
		if t := aws.ToString(g.Instances[i].InstanceType); t != "" && !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	if len(all) == 0 {
		return "an instance"
	}
	slices.Sort(all)
	return strings.Join(all, " or ")
}

// halts is what a suspended process keeps from happening while a group grows, or shrinks.
var halts = []struct {
	process      string
	grow, shrink string
}{
	{process: "Launch", grow: "Launch is suspended: no instance will start until it is resumed"},
	{process: "AddToLoadBalancer", grow: "AddToLoadBalancer is suspended: instances will start and get no visitors"},
	{process: "Terminate", shrink: "Terminate is suspended: no instance will end until it is resumed"},
	{process: "AlarmNotification", grow: "AlarmNotification is suspended: scaling policies do nothing, this number is the only one that counts",
		shrink: "AlarmNotification is suspended: no scaling policy will add what is then missing"},
	{process: "ReplaceUnhealthy", grow: "ReplaceUnhealthy is suspended: instances that fail stay", shrink: "ReplaceUnhealthy is suspended: instances that fail stay"},
	{process: "HealthCheck", grow: "HealthCheck is suspended: instances that fail count as well", shrink: "HealthCheck is suspended: instances that fail count as well"},
}

// suspended warns of processes without which the change has another effect than it seems.
func suspended(processes []types.SuspendedProcess, before, after size) (warnings []string) {
	for _, h := range halts {
		text := h.grow
		if after.desired < before.desired {
			text = h.shrink
		}
		found := slices.ContainsFunc(processes, func(p types.SuspendedProcess) bool { return aws.ToString(p.ProcessName) == h.process })
		if found && text != "" {
			warnings = append(warnings, text)
		}
	}
	return warnings
}

// warmPool warns of what a warm pool does with the new numbers.
func warmPool(g *types.AutoScalingGroup, before, after size) (warnings []string) {
	c := g.WarmPoolConfiguration
	if c == nil {
		return nil
	}
	if after.desired > before.desired {
		warnings = append(warnings, fmt.Sprintf("a warm pool of %d: these instances come first, then the pool is filled again", aws.ToInt32(g.WarmPoolSize)))
	}
	if prepared := aws.ToInt32(c.MaxGroupPreparedCapacity); after.max > before.max && (c.MaxGroupPreparedCapacity == nil || prepared < 0) {
		warnings = append(warnings, "the warm pool has no size of its own: a higher maximum makes it larger too, at a cost")
	}
	return warnings
}

// refreshing warns of an instance refresh, which replaces instances while the fleet changes its size. Where that cannot
// be read, it says so.
func (f *fleet) refreshing(ctx context.Context, r sources.Resource) []string {
	out, err := f.client(r, false).DescribeInstanceRefreshes(ctx, &autoscaling.DescribeInstanceRefreshesInput{
		AutoScalingGroupName: aws.String(r.ID), MaxRecords: aws.Int32(1),
	})
	if err != nil {
		return []string{"whether an instance refresh is under way cannot be read: " + words(err)}
	}
	for _, refresh := range out.InstanceRefreshes {
		switch refresh.Status {
		case types.InstanceRefreshStatusPending, types.InstanceRefreshStatusInProgress, types.InstanceRefreshStatusBaking,
			types.InstanceRefreshStatusRollbackInProgress, types.InstanceRefreshStatusCancelling:
			return []string{fmt.Sprintf("an instance refresh is under way (%s, %d %%): it takes instances out of service meanwhile", refresh.Status, aws.ToInt32(refresh.PercentageComplete))}
		}
	}
	return nil
}

// watches are where the effect is to be seen.
func (f *fleet) watches(name string, before, after size) []runbooks.Watch {
	fleet := " of fleet " + name
	switch {
	case after.desired > before.desired:
		return append([]runbooks.Watch{
			moving("asg_in_service", name, "instances"+fleet, runbooks.Rises), moving("asg_cpu_ratio", name, "CPU"+fleet, runbooks.Falls),
		}, f.originErrors(runbooks.Falls)...)
	case after.desired < before.desired:
		return append([]runbooks.Watch{moving("asg_in_service", name, "instances"+fleet, runbooks.Falls)}, f.originErrors(runbooks.Stays)...)
	case after.max > before.max:
		return []runbooks.Watch{moving("asg_max", name, "maximum"+fleet, runbooks.Rises)}
	case after.max < before.max:
		return []runbooks.Watch{moving("asg_max", name, "maximum"+fleet, runbooks.Falls)}
	case after.min > before.min:
		return []runbooks.Watch{moving("asg_min", name, "minimum"+fleet, runbooks.Rises)}
	}
	return []runbooks.Watch{moving("asg_min", name, "minimum"+fleet, runbooks.Falls)}
}

// Apply sets all three numbers in one call, so that there is no moment between them.
func (f *fleet) Apply(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, error) {
	r, err := f.resource(p.Action.Resource)
	if err != nil {
		return runbooks.Receipt{}, outcome(&unsentError{err})
	}
	want, err := planned(p)
	if err != nil {
		return runbooks.Receipt{}, outcome(&unsentError{err})
	}
	r.Region = p.Region
	out, err := f.client(r, true).UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String(r.ID),
		MinSize:              aws.Int32(int32(want.min)), MaxSize: aws.Int32(int32(want.max)), DesiredCapacity: aws.Int32(int32(want.desired)),
	})
	if err != nil {
		return runbooks.Receipt{}, outcome(err)
	}
	return receipt(out.ResultMetadata)
}

// Find tells whether the group has the plan's numbers. Where the plan changes a bound, the bounds tell: scaling policies
// move what is desired, and nothing else.
func (f *fleet) Find(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, bool, error) {
	want, err := planned(p)
	if err != nil {
		return runbooks.Receipt{}, false, err
	}
	was, err := numbersOf(p.Before, "min", "max")
	if err != nil {
		return runbooks.Receipt{}, false, err
	}
	g, _, err := f.group(ctx, p.Action.Resource)
	if err != nil {
		return runbooks.Receipt{}, false, err
	}
	now := sizeOf(g)
	if want.min != was[0] || want.max != was[1] {
		return runbooks.Receipt{}, now.min == want.min && now.max == want.max, nil
	}
	return runbooks.Receipt{}, now == want, nil
}

// Progress counts the instances in service. A scaling activity that failed is told; AWS goes on trying.
func (f *fleet) Progress(ctx context.Context, p runbooks.Plan, _ runbooks.Receipt) (runbooks.Progress, error) {
	before, err := numbersOf(p.Before, "desired")
	if err != nil {
		return runbooks.Progress{}, err
	}
	want, err := planned(p)
	if err != nil {
		return runbooks.Progress{}, err
	}
	g, r, err := f.group(ctx, p.Action.Resource)
	if err != nil {
		return runbooks.Progress{}, err
	}
	grows, now := want.desired >= before[0], sizeOf(g)
	if grows && now.desired < want.desired || !grows && now.min > want.desired {
		return runbooks.Progress{Failed: fmt.Sprintf("desired is %s now, not %s: somebody else or a scaling policy has changed it", number(now.desired), number(want.desired))}, nil
	}
	in, text := inService(g, want.desired)
	progress := runbooks.Progress{Text: text, Done: grows && in >= want.desired || !grows && in <= want.desired}
	if !progress.Done {
		progress.Text += f.failing(ctx, r)
	}
	return progress, nil
}

// inService counts the instances of a group that answer, and says how far that is from what is wanted.
func inService(g *types.AutoScalingGroup, want float64) (in float64, text string) {
	starting, ending := 0, 0
	for i := range g.Instances {
		switch phase, _, _ := strings.Cut(string(g.Instances[i].LifecycleState), ":"); phase {
		case "InService":
			in++
		case "Pending":
			starting++
		case "Terminating":
			ending++
		}
	}
	text = fmt.Sprintf("%s of %s in service", number(in), number(want))
	if starting > 0 {
		text += fmt.Sprintf(", %d warming", starting)
	}
	if ending > 0 {
		text += fmt.Sprintf(", %d ending", ending)
	}
	return in, text
}

// recentActivities is how many scaling activities are looked at.
const recentActivities = 20

// failing says why the newest scaling activity that has ended has failed, "" where it has not.
func (f *fleet) failing(ctx context.Context, r sources.Resource) string {
	out, err := f.client(r, false).DescribeScalingActivities(ctx, &autoscaling.DescribeScalingActivitiesInput{
		AutoScalingGroupName: aws.String(r.ID), MaxRecords: aws.Int32(recentActivities),
	})
	if err != nil {
		return ""
	}
	for _, x := range out.Activities {
		switch x.StatusCode {
		case types.ScalingActivityStatusCodeFailed, types.ScalingActivityStatusCodeCancelled:
			why := errors.New(aws.ToString(x.StatusMessage))
			return "; " + strings.ToLower(string(x.StatusCode)) + ": " + message(why)
		case types.ScalingActivityStatusCodeSuccessful:
			return ""
		}
	}
	return ""
}
