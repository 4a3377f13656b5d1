package awswrite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"warroom/runbooks"
	"warroom/sources"
)

// releases takes back what an instance refresh, or a deployment of CodeDeploy, is bringing out.
type releases struct{ *Writer }

// rollback is what can be done to a release.
const rollback = "rollback"

// What brings releases out.
const (
	byRefresh    = "refresh"
	byCodeDeploy = "codedeploy"
)

// Offers are what can be done while a release is being brought out.
func (d *releases) Offers(r sources.Resource) []runbooks.Offer {
	if !d.knows(r.Ref, "asg") {
		return nil
	}
	return []runbooks.Offer{{
		Kind: runbooks.Deploy, Resource: r.Ref, Title: "take the release back that is being brought out",
		Parameters: []runbooks.Parameter{
			{Name: "do", Help: "what to do with it", Choices: []string{rollback}},
			{Name: "by", Help: "what brings it out: the fleet's instance refresh, or CodeDeploy where the config names its deployment group (codedeploy); without a word, whichever runs", Choices: []string{byRefresh, byCodeDeploy}},
		},
	}}
}

// underWay is a refresh that runs forward, with the versions that it leads from and to.
type underWay struct {
	refresh  *types.InstanceRefresh
	from, to string
}

// Plan reads what brings a release out, and to where it would be taken back, and refuses what AWS would not roll back.
func (d *releases) Plan(ctx context.Context, a runbooks.Action) (runbooks.Plan, error) {
	if err := asked(a, d.Offers(sources.Resource{Ref: a.Resource})[0]); err != nil {
		return runbooks.Plan{}, err
	}
	if err := chosen("do", a.Want["do"], rollback); err != nil {
		return runbooks.Plan{}, err
	}
	deployed, err := d.byCodeDeploy(ctx, a)
	if err != nil {
		return runbooks.Plan{}, err
	}
	if deployed != nil {
		return d.planStop(ctx, a, deployed)
	}
	g, r, err := (&fleet{d.Writer}).group(ctx, a.Resource)
	if err != nil {
		return runbooks.Plan{}, err
	}
	u, err := d.underWay(ctx, g, r)
	if err != nil {
		return runbooks.Plan{}, err
	}
	p := d.begin(ctx, a, r.Region, "autoscaling:RollbackInstanceRefresh")
	p.On = aws.ToString(g.AutoScalingGroupARN)
	p.Title = fmt.Sprintf("fleet %s: roll back %s → %s, %d %% is replaced", r.Name, u.to, u.from, aws.ToInt32(u.refresh.PercentageComplete))
	p.Level, p.Token = runbooks.Visible, aws.ToString(u.refresh.InstanceRefreshId)
	p.Before = []runbooks.Setting{{Name: "version", Value: u.to}, {Name: "refresh", Value: "brings it out"}}
	p.After = []runbooks.Setting{{Name: "version", Value: u.from}, {Name: "refresh", Value: "takes it back"}}
	d.describe(&p, g, u)
	p.Watches = append(d.originErrors(runbooks.Falls), d.balancers("alb_latency_p95_seconds", "p95", runbooks.Falls)...)
	return p, nil
}

// underWay finds the refresh that can be rolled back, or says why there is none.
func (d *releases) underWay(ctx context.Context, g *types.AutoScalingGroup, r sources.Resource) (underWay, error) {
	refresh, err := d.refresh(ctx, r, "")
	if err != nil {
		return underWay{}, err
	}
	if refresh == nil {
		return underWay{}, fmt.Errorf("fleet %s: no instance refresh has run lately; there is nothing to roll back", r.Name)
	}
	switch {
	case runsForward(refresh.Status):
	case refresh.Status == types.InstanceRefreshStatusRollbackInProgress:
		return underWay{}, fmt.Errorf("fleet %s: its instance refresh is being rolled back already, %d %% are left", r.Name, aws.ToInt32(refresh.PercentageComplete))
	default:
		return underWay{}, fmt.Errorf("fleet %s: no instance refresh is under way, the newest is %s; only one that runs can be rolled back, bring the old version out by a new one", r.Name, refresh.Status)
	}
	u := underWay{refresh: refresh, from: versionName(ownTemplate(g)), to: versionName(wantedTemplate(refresh))}
	if why := u.irreversible(); why != "" {
		return underWay{}, fmt.Errorf("fleet %s: AWS cannot roll this refresh back: %s; bring the old version out by a new one", r.Name, why)
	}
	return u, nil
}

// runsForward tells whether a refresh of the status can be rolled back.
func runsForward(s types.InstanceRefreshStatus) bool {
	return s == types.InstanceRefreshStatusPending || s == types.InstanceRefreshStatusInProgress || s == types.InstanceRefreshStatusBaking
}

// irreversible tells why AWS would refuse to roll the refresh back, "" where nothing is known that keeps it from it.
func (u *underWay) irreversible() string {
	switch {
	case u.to == "":
		return "it was started without a desired configuration"
	case u.from == "":
		return "the group has no launch template to go back to"
	case floating(u.from):
		return "the group has a version that floats, " + u.from
	case floating(u.to):
		return "it brings out a version that floats, " + u.to
	}
	return ""
}

func floating(version string) bool {
	return strings.HasSuffix(version, "$Latest") || strings.HasSuffix(version, "$Default")
}

// ownTemplate is the launch template that a group has until a refresh has succeeded, nil without one.
func ownTemplate(g *types.AutoScalingGroup) *types.LaunchTemplateSpecification {
	return cmp.Or(g.LaunchTemplate, mixed(g.MixedInstancesPolicy))
}

// wantedTemplate is the launch template that a refresh brings out, nil without one.
func wantedTemplate(r *types.InstanceRefresh) *types.LaunchTemplateSpecification {
	if r.DesiredConfiguration == nil {
		return nil
	}
	return cmp.Or(r.DesiredConfiguration.LaunchTemplate, mixed(r.DesiredConfiguration.MixedInstancesPolicy))
}

func mixed(p *types.MixedInstancesPolicy) *types.LaunchTemplateSpecification {
	if p == nil || p.LaunchTemplate == nil {
		return nil
	}
	return p.LaunchTemplate.LaunchTemplateSpecification
}

// versionName writes a launch template's version, "" for none. A template without a version has the default one, which floats.
func versionName(t *types.LaunchTemplateSpecification) string {
	if t == nil {
		return ""
	}
	name := cmp.Or(aws.ToString(t.LaunchTemplateName), aws.ToString(t.LaunchTemplateId))
	return name + " version " + cmp.Or(aws.ToString(t.Version), "$Default")
}

// refresh reads one of the group's refreshes, or the newest for no id; nil where there is none.
func (d *releases) refresh(ctx context.Context, r sources.Resource, id string) (*types.InstanceRefresh, error) {
	in := &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: aws.String(r.ID), MaxRecords: aws.Int32(1)}
	if id != "" {
		in = &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: aws.String(r.ID), InstanceRefreshIds: []string{id}}
	}
	var out *autoscaling.DescribeInstanceRefreshesOutput
	err := d.session.look(ctx, func() (err error) {
		out, err = client(d.session, r.Region, false, newAutoScaling).DescribeInstanceRefreshes(ctx, in)
		return err
	})
	if err != nil || len(out.InstanceRefreshes) == 0 {
		return nil, err
	}
	return &out.InstanceRefreshes[0], nil
}

// describe fills in what a person should know of the plan.
func (d *releases) describe(p *runbooks.Plan, g *types.AutoScalingGroup, u underWay) {
	p.Limits = []string{
		fmt.Sprintf("%d %% of the instances are replaced, %d are still to come", aws.ToInt32(u.refresh.PercentageComplete), aws.ToInt32(u.refresh.InstancesToUpdate)),
		"not checked: whether the image is a parameter of Systems Manager; AWS refuses then, and nothing is changed",
	}
	if c := u.refresh.Preferences; c != nil && c.MinHealthyPercentage != nil {
		p.Limits = append(p.Limits, fmt.Sprintf("at least %d %% of the fleet stay in service meanwhile", *c.MinHealthyPercentage))
	}
	p.Takes = "what was replaced is replaced again, some at a time"
	if u.refresh.StartTime != nil {
		p.Takes += fmt.Sprintf(": about as long as it has run, %s", d.now().Sub(*u.refresh.StartTime).Round(time.Minute))
	}
	p.Touches = "visitors get either version until the end"
	p.Undo = "not from here: bring " + u.to + " out again by a new instance refresh"
	p.Warnings = halted(g.SuspendedProcesses)
}

// halted warns of suspended processes without which no instance is replaced.
func halted(processes []types.SuspendedProcess) (warnings []string) {
	for _, name := range []string{"InstanceRefresh", "Launch", "Terminate"} {
		if slices.ContainsFunc(processes, func(p types.SuspendedProcess) bool { return aws.ToString(p.ProcessName) == name }) {
			warnings = append(warnings, name+" is suspended: no instance will be replaced until it is resumed")
		}
	}
	return warnings
}

// Apply rolls back the refresh that the plan is about. AWS rolls back whichever runs: so it is looked at once more.
func (d *releases) Apply(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, error) {
	if p.Call == stopDeployment {
		return d.stop(ctx, p)
	}
	r, err := d.resource(p.Action.Resource)
	if err != nil {
		return runbooks.Receipt{}, outcome(&unsentError{err})
	}
	r.Region = p.Region
	newest, err := d.refresh(ctx, r, "")
	if err != nil {
		return runbooks.Receipt{}, outcome(&unsentError{fmt.Errorf("nothing was called: the instance refresh cannot be read: %w", err)})
	}
	if newest == nil || aws.ToString(newest.InstanceRefreshId) != p.Token {
		return runbooks.Receipt{}, void("fleet %s: another instance refresh runs than the one that was shown", r.Name)
	}
	out, err := client(d.session, r.Region, true, newAutoScaling).RollbackInstanceRefresh(ctx, &autoscaling.RollbackInstanceRefreshInput{
		AutoScalingGroupName: aws.String(r.ID),
	})
	if err != nil {
		return runbooks.Receipt{}, outcome(err)
	}
	return receipt(out.ResultMetadata)
}

// errGone says that AWS no longer tells of a refresh.
var errGone = errors.New("AWS no longer tells of the instance refresh")

// of reads the refresh that a plan is about.
func (d *releases) of(ctx context.Context, p runbooks.Plan) (*types.InstanceRefresh, error) {
	r, err := d.resource(p.Action.Resource)
	if err != nil {
		return nil, err
	}
	r.Region = p.Region
	refresh, err := d.refresh(ctx, r, p.Token)
	if err == nil && refresh == nil {
		err = errGone
	}
	return refresh, err
}

// Find tells whether the plan's refresh is rolled back, or on its way there.
func (d *releases) Find(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, bool, error) {
	if p.Call == stopDeployment {
		return d.stopped(ctx, p)
	}
	refresh, err := d.of(ctx, p)
	if err != nil {
		return runbooks.Receipt{}, false, err
	}
	return runbooks.Receipt{}, strings.HasPrefix(string(refresh.Status), "Rollback"), nil
}

// Progress waits until every instance has the version from before. One that still runs forward has not begun to go back.
func (d *releases) Progress(ctx context.Context, p runbooks.Plan, _ runbooks.Receipt) (runbooks.Progress, error) {
	if p.Call == stopDeployment {
		return d.takenBack(ctx, p)
	}
	refresh, err := d.of(ctx, p)
	if err != nil {
		return runbooks.Progress{}, err
	}
	left, reason := aws.ToInt32(refresh.PercentageComplete), aws.ToString(refresh.StatusReason)
	switch refresh.Status {
	case types.InstanceRefreshStatusRollbackSuccessful:
		return runbooks.Progress{Text: "RollbackSuccessful: every instance has " + valueOf(p.After, "version"), Done: true}, nil
	case types.InstanceRefreshStatusRollbackInProgress:
		return runbooks.Progress{Text: fmt.Sprintf("RollbackInProgress: %d %% still have %s", left, valueOf(p.Before, "version"))}, nil
	case types.InstanceRefreshStatusPending, types.InstanceRefreshStatusInProgress, types.InstanceRefreshStatusBaking:
		return runbooks.Progress{Text: fmt.Sprintf("%s: the rollback has not begun", refresh.Status)}, nil
	}
	return runbooks.Progress{Failed: strings.TrimSuffix(fmt.Sprintf("the instance refresh is %s: %s", refresh.Status, sources.CleanTo(reason, messageMost)), ": ")}, nil
}
