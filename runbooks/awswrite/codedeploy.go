package awswrite

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"

	"warroom/runbooks"
	"warroom/sources"
)

const stopDeployment = "codedeploy:StopDeployment"

// The measures of a look at deployments.
const (
	deploymentPages   = 5  // of a hundred each: a fleet that grows has one for every new instance
	deploymentsAtOnce = 25 // that are described by one call
)

// underWayStatuses are those of deployments that have not ended.
var underWayStatuses = []types.DeploymentStatus{
	types.DeploymentStatusCreated, types.DeploymentStatusQueued, types.DeploymentStatusInProgress, types.DeploymentStatusBaking, types.DeploymentStatusReady,
}

func newCodeDeploy(c aws.Config) *codedeploy.Client { return codedeploy.NewFromConfig(c) }

// rollout is a deployment that is under way, with where its rollback would lead.
type rollout struct {
	info     *types.DeploymentInfo
	resource sources.Resource
	to, from string // revisions: what it brings, and the last that succeeded, "" without one
}

// byCodeDeploy finds the deployment that is meant: nil where an instance refresh is. Where nobody says by which, it is what
// runs; a refresh and a deployment at one time are told apart by a person.
func (d *releases) byCodeDeploy(ctx context.Context, a runbooks.Action) (*rollout, error) {
	by := a.Want["by"]
	if by != "" {
		if err := chosen("by", by, byRefresh, byCodeDeploy); err != nil || by == byRefresh {
			return nil, err
		}
	}
	r, err := d.resource(a.Resource)
	if err != nil {
		return nil, err
	}
	application, group, named := strings.Cut(r.Attrs[sources.DeployedBy], "/")
	if !named {
		if by == byCodeDeploy {
			return nil, fmt.Errorf("the config names no deployment group of fleet %s: codedeploy, as application/deployment group", r.Name)
		}
		return nil, nil
	}
	if r.Region, err = d.regionOf(r); err != nil {
		return nil, err
	}
	info, err := d.newest(ctx, r, application, group)
	refresh, running := (*asgtypes.InstanceRefresh)(nil), false
	if by == "" {
		refresh, running = d.forward(ctx, r)
	}
	switch {
	case err != nil && running:
		return nil, nil // the refresh is what is known to run
	case err != nil:
		return nil, err
	case info == nil && by == byCodeDeploy:
		return nil, fmt.Errorf("fleet %s: CodeDeploy brings nothing out to %s now; only a deployment that runs can be stopped", r.Name, r.Attrs[sources.DeployedBy])
	case info == nil:
		return nil, nil
	case running:
		return nil, fmt.Errorf("fleet %s: both an instance refresh (%s) and a deployment (%s) bring something out; say which one is meant: by %s or %s",
			r.Name, aws.ToString(refresh.InstanceRefreshId), aws.ToString(info.DeploymentId), byRefresh, byCodeDeploy)
	}
	return d.leads(ctx, r, application, group, info)
}

// forward is the newest instance refresh, and whether it runs forward.
func (d *releases) forward(ctx context.Context, r sources.Resource) (*asgtypes.InstanceRefresh, bool) {
	refresh, err := d.refresh(ctx, r, "")
	return refresh, err == nil && refresh != nil && runsForward(refresh.Status)
}

// newest is the newest deployment of a group that is under way, nil without one. What CodeDeploy does to a new instance of a
// growing fleet is none.
func (d *releases) newest(ctx context.Context, r sources.Resource, application, group string) (found *types.DeploymentInfo, err error) {
	err = d.session.look(ctx, func() error {
		c := client(d.session, r.Region, false, newCodeDeploy)
		in := &codedeploy.ListDeploymentsInput{ApplicationName: aws.String(application), DeploymentGroupName: aws.String(group), IncludeOnlyStatuses: underWayStatuses}
		found = nil
		for range deploymentPages {
			listed, err := c.ListDeployments(ctx, in)
			if err != nil {
				return err
			}
			for ids := range slices.Chunk(listed.Deployments, deploymentsAtOnce) {
				out, err := c.BatchGetDeployments(ctx, &codedeploy.BatchGetDeploymentsInput{DeploymentIds: ids})
				if err != nil {
					return err
				}
				found = later(found, out.DeploymentsInfo)
			}
			if in.NextToken = listed.NextToken; aws.ToString(in.NextToken) == "" {
				break
			}
		}
		return nil
	})
	return found, err
}

// later is the newest release among the deployments and the one that was found before.
func later(found *types.DeploymentInfo, all []types.DeploymentInfo) *types.DeploymentInfo {
	for i := range all {
		grown := all[i].Creator == types.DeploymentCreatorAutoscaling || all[i].Creator == types.DeploymentCreatorAutoscalingTermination
		if !grown && slices.Contains(underWayStatuses, all[i].Status) && (found == nil || aws.ToTime(found.CreateTime).Before(aws.ToTime(all[i].CreateTime))) {
			found = &all[i]
		}
	}
	return found
}

// leads finds what a rollback would bring back: the revision of the last deployment that succeeded.
func (d *releases) leads(ctx context.Context, r sources.Resource, application, group string, info *types.DeploymentInfo) (*rollout, error) {
	if info.Creator == types.DeploymentCreatorCodeDeployRollback {
		return nil, fmt.Errorf("fleet %s: %s is a rollback already, to %s; it is not stopped from here", r.Name, aws.ToString(info.DeploymentId), revisionName(info.Revision))
	}
	o := &rollout{info: info, resource: r, to: revisionName(info.Revision)}
	var about *codedeploy.GetDeploymentGroupOutput
	err := d.session.look(ctx, func() (err error) {
		about, err = client(d.session, r.Region, false, newCodeDeploy).GetDeploymentGroup(ctx, &codedeploy.GetDeploymentGroupInput{
			ApplicationName: aws.String(application), DeploymentGroupName: aws.String(group),
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	if about.DeploymentGroupInfo == nil || about.DeploymentGroupInfo.LastSuccessfulDeployment == nil {
		return o, nil
	}
	last, err := d.deployment(ctx, r, aws.ToString(about.DeploymentGroupInfo.LastSuccessfulDeployment.DeploymentId))
	if err != nil {
		return nil, err
	}
	o.from = revisionName(last.Revision)
	return o, nil
}

// deployment reads one deployment.
func (d *releases) deployment(ctx context.Context, r sources.Resource, id string) (*types.DeploymentInfo, error) {
	var out *codedeploy.GetDeploymentOutput
	err := d.session.look(ctx, func() (err error) {
		out, err = client(d.session, r.Region, false, newCodeDeploy).GetDeployment(ctx, &codedeploy.GetDeploymentInput{DeploymentId: aws.String(id)})
		return err
	})
	if err == nil && out.DeploymentInfo == nil {
		err = fmt.Errorf("the answer is without the deployment %s; an endpoint that is not AWS may stand in between", id)
	}
	if err != nil {
		return nil, err
	}
	return out.DeploymentInfo, nil
}

// revisionName is a revision as its people call it: the key of its bundle, its commit, or the hash of its content.
func revisionName(r *types.RevisionLocation) string {
	switch {
	case r == nil:
	case r.S3Location != nil:
		name := aws.ToString(r.S3Location.Key)
		if v := aws.ToString(r.S3Location.Version); v != "" {
			name += " version " + v
		}
		return sources.CleanTo(name, messageMost)
	case r.GitHubLocation != nil:
		return sources.CleanTo(aws.ToString(r.GitHubLocation.Repository)+"@"+aws.ToString(r.GitHubLocation.CommitId), messageMost)
	case r.AppSpecContent != nil:
		return sources.CleanTo(aws.ToString(r.AppSpecContent.Sha256), messageMost)
	}
	return "a revision without a name"
}

// through is how much of a deployment is through, in words.
func through(o *types.DeploymentOverview) string {
	if o == nil {
		return "no instance has it yet"
	}
	return fmt.Sprintf("%d of %d instances have it", o.Succeeded, o.Succeeded+o.Pending+o.InProgress+o.Failed+o.Skipped+o.Ready)
}

// nothingBefore is what a deployment is taken back to where nothing has succeeded before it.
const nothingBefore = "stays where it is"

// planStop says what a stop of the deployment does.
func (d *releases) planStop(ctx context.Context, a runbooks.Action, o *rollout) (runbooks.Plan, error) {
	id := aws.ToString(o.info.DeploymentId)
	back := cmp.Or(o.from, nothingBefore)
	p := d.begin(ctx, a, o.resource.Region, stopDeployment)
	p.On = arnOf(o.resource, p)
	p.Title = fmt.Sprintf("fleet %s: stop %s, roll back %s → %s", o.resource.Name, id, o.to, back)
	p.Level, p.Token = runbooks.Visible, id
	p.Before = []runbooks.Setting{{Name: "revision", Value: o.to}, {Name: "deploy", Value: id + " brings it out"}}
	p.After = []runbooks.Setting{{Name: "revision", Value: back}, {Name: "deploy", Value: "stopped, another one takes it back"}}
	p.Limits = []string{
		through(o.info.DeploymentOverview) + "; instances that are being worked on are finished first",
		"the rollback is a deployment of its own: it deploys the last revision that succeeded to the instances that have the new one",
	}
	p.Takes = "the stop a minute or two, the rollback as long as the deployment took to get here"
	if o.info.StartTime != nil {
		p.Takes += fmt.Sprintf(": %s", d.now().Sub(*o.info.StartTime).Round(time.Minute))
	}
	p.Touches = "visitors get either revision until the end; instances that are worked on get none"
	p.Undo = "not from here: deploy " + o.to + " again"
	if o.from == "" {
		p.After[1].Value = "stopped"
		p.Warnings = append(p.Warnings, "no deployment to this group has ever succeeded: AWS stops this one, and what has the new revision keeps it")
	}
	if o.from == o.to {
		p.Warnings = append(p.Warnings, "the last revision that succeeded has the same name: the rollback deploys it anew")
	}
	if o.info.ComputePlatform != "" && o.info.ComputePlatform != types.ComputePlatformServer {
		p.Warnings = append(p.Warnings, fmt.Sprintf("this is a deployment of %s, not of instances: its rollback moves traffic back", o.info.ComputePlatform))
	}
	p.Watches = append(d.originErrors(runbooks.Falls), d.balancers("alb_latency_p95_seconds", "p95", runbooks.Falls)...)
	return p, nil
}

// stop stops the plan's deployment, and no other: AWS is told which.
func (d *releases) stop(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, error) {
	out, err := client(d.session, p.Region, true, newCodeDeploy).StopDeployment(ctx, &codedeploy.StopDeploymentInput{
		DeploymentId: aws.String(p.Token), AutoRollbackEnabled: aws.Bool(true),
	})
	if err != nil {
		return runbooks.Receipt{}, outcome(err)
	}
	return receipt(out.ResultMetadata)
}

// ofPlan reads the deployment that a plan is about.
func (d *releases) ofPlan(ctx context.Context, p runbooks.Plan, id string) (*types.DeploymentInfo, error) {
	r, err := d.resource(p.Action.Resource)
	if err != nil {
		return nil, err
	}
	r.Region = p.Region
	return d.deployment(ctx, r, id)
}

// stopped tells whether the plan's deployment was stopped. AWS does not say of one that runs that it is to stop; a stop that
// it has heard shows within minutes, and to ask for it once more does no harm.
func (d *releases) stopped(ctx context.Context, p runbooks.Plan) (runbooks.Receipt, bool, error) {
	info, err := d.ofPlan(ctx, p, p.Token)
	if err != nil {
		return runbooks.Receipt{}, false, err
	}
	return runbooks.Receipt{}, info.Status == types.DeploymentStatusStopped || rollbackOf(info) != "", nil
}

// rollbackOf is the id of the deployment that takes one back, "" while there is none.
func rollbackOf(info *types.DeploymentInfo) string {
	if info.RollbackInfo == nil {
		return ""
	}
	return aws.ToString(info.RollbackInfo.RollbackDeploymentId)
}

// rollbackBegins is how long after a stop the rollback should have begun, on the launch clock.
const rollbackBegins = 5 * time.Minute

// takenBack waits for the stop, and then for the end of the rollback.
func (d *releases) takenBack(ctx context.Context, p runbooks.Plan) (runbooks.Progress, error) {
	info, err := d.ofPlan(ctx, p, p.Token)
	if err != nil {
		return runbooks.Progress{}, err
	}
	if id := rollbackOf(info); id != "" {
		return d.rollingBack(ctx, p, id)
	}
	switch {
	case slices.Contains(underWayStatuses, info.Status):
		return runbooks.Progress{Text: fmt.Sprintf("%s: it is being stopped, %s", info.Status, through(info.DeploymentOverview))}, nil
	case info.Status == types.DeploymentStatusSucceeded:
		return runbooks.Progress{Failed: fmt.Sprintf("the deployment has succeeded before it could be stopped; deploy %s anew", valueOf(p.After, "revision"))}, nil
	case valueOf(p.After, "revision") == nothingBefore && info.Status == types.DeploymentStatusStopped:
		return runbooks.Progress{Text: "Stopped: " + through(info.DeploymentOverview), Done: true}, nil
	}
	said := ""
	if info.RollbackInfo != nil {
		said = sources.CleanTo(aws.ToString(info.RollbackInfo.RollbackMessage), messageMost)
	}
	if d.now().Sub(cmp.Or(aws.ToTime(info.CompleteTime), d.now())) > rollbackBegins {
		return runbooks.Progress{Failed: strings.TrimSuffix(fmt.Sprintf("the deployment is %s, and AWS has begun no rollback: %s", info.Status, said), ": ")}, nil
	}
	return runbooks.Progress{Text: strings.TrimSuffix(fmt.Sprintf("%s: the rollback has not begun: %s", info.Status, said), ": ")}, nil
}

// rollingBack reads how far the rollback has come.
func (d *releases) rollingBack(ctx context.Context, p runbooks.Plan, id string) (runbooks.Progress, error) {
	back, err := d.ofPlan(ctx, p, id)
	switch {
	case err != nil:
		return runbooks.Progress{}, err
	case back.Status == types.DeploymentStatusSucceeded:
		return runbooks.Progress{Text: fmt.Sprintf("%s Succeeded: every instance has %s", id, revisionName(back.Revision)), Done: true}, nil
	case back.Status == types.DeploymentStatusFailed, back.Status == types.DeploymentStatusStopped:
		why := ""
		if e := back.ErrorInformation; e != nil {
			why = fmt.Sprintf(" (%s: %s)", e.Code, sources.CleanTo(aws.ToString(e.Message), messageMost))
		}
		return runbooks.Progress{Failed: fmt.Sprintf("the rollback %s is %s%s; deploy %s by hand", id, back.Status, why, revisionName(back.Revision))}, nil
	}
	return runbooks.Progress{Text: fmt.Sprintf("stopped; the rollback %s is %s: of %s, %s", id, back.Status, revisionName(back.Revision), through(back.DeploymentOverview))}, nil
}
