package awsread

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"

	"warroom/sources"
)

func init() {
	register(service{
		client: codedeploy.ServiceID, iam: "codedeploy", lentTo: "asg", where: sources.DeployedBy,
		reads: []string{"ListDeployments", "BatchGetDeployments"},
		on:    map[string]arn{"ListDeployments": deploymentGroupARN, "BatchGetDeployments": deploymentGroupARN},
	})
}

func deploymentGroupARN(r sources.Resource, region, account string) string {
	return "arn:aws:codedeploy:" + region + ":" + account + ":deploymentgroup:" + r.Attrs[sources.DeployedBy]
}

// The measures of a look at deployments.
const (
	deploymentsAtOnce = 25  // that are described by one call
	deploymentsMost   = 100 // that are looked at: one page, of the newest
)

// deployments tells of what CodeDeploy has done to the fleet lately, where the config says by which deployment group.
func (d *description) deployments(ctx context.Context, a account) error {
	application, group, ok := strings.Cut(d.resource.Attrs[sources.DeployedBy], "/")
	if !ok {
		return nil
	}
	c := client(a, func(c aws.Config) *codedeploy.Client { return codedeploy.NewFromConfig(c) })
	listed, err := c.ListDeployments(ctx, &codedeploy.ListDeploymentsInput{
		ApplicationName: aws.String(application), DeploymentGroupName: aws.String(group),
		CreateTimeRange: &types.TimeRange{Start: aws.Time(d.now.Add(-changeHorizon))},
	})
	if err != nil {
		return err
	}
	var all []types.DeploymentInfo
	for ids := range slices.Chunk(listed.Deployments[:min(len(listed.Deployments), deploymentsMost)], deploymentsAtOnce) {
		out, err := c.BatchGetDeployments(ctx, &codedeploy.BatchGetDeploymentsInput{DeploymentIds: ids})
		if err != nil {
			return err
		}
		all = append(all, out.DeploymentsInfo...)
	}
	d.releases(all)
	return nil
}

// releases tells when deployments began and ended, and how the newest stands. What CodeDeploy does to a new instance of a
// growing fleet is no release.
func (d *description) releases(all []types.DeploymentInfo) {
	all = slices.DeleteFunc(all, func(i types.DeploymentInfo) bool {
		return i.Creator == types.DeploymentCreatorAutoscaling || i.Creator == types.DeploymentCreatorAutoscalingTermination || i.CreateTime == nil
	})
	slices.SortStableFunc(all, func(a, b types.DeploymentInfo) int { return a.CreateTime.Compare(*b.CreateTime) })
	text := ""
	for i := range all {
		text = d.release(&all[i])
	}
	d.fact("deployment", text)
}

// release tells of one deployment. It returns how it stands where that is a finding: it runs, or it went wrong.
func (d *description) release(i *types.DeploymentInfo) string {
	id, what := aws.ToString(i.DeploymentId), "deployment of "+revisionName(i.Revision)
	if i.Creator == types.DeploymentCreatorCodeDeployRollback {
		what = "rollback to " + revisionName(i.Revision)
	}
	d.begins(*i.CreateTime, id, "CodeDeploy", fmt.Sprintf("%s to %s started", what, d.resource.Name))
	ended := ""
	switch i.Status {
	case types.DeploymentStatusSucceeded, types.DeploymentStatusStopped:
		ended = string(i.Status)
	case types.DeploymentStatusFailed:
		ended = string(i.Status)
		if e := i.ErrorInformation; e != nil {
			ended += fmt.Sprintf(": %s, %s", e.Code, aws.ToString(e.Message))
		}
	}
	if ended != "" {
		d.ends(cmp.Or(aws.ToTime(i.CompleteTime), d.now), id, "CodeDeploy", fmt.Sprintf("%s to %s ended: %s", what, d.resource.Name, ended))
		if i.Status == types.DeploymentStatusFailed {
			return ended
		}
		return ""
	}
	return fmt.Sprintf("%s, %s%s", i.Status, what, reached(i.DeploymentOverview))
}

// reached says how many instances a deployment is through with, nothing where that is not told.
func reached(o *types.DeploymentOverview) string {
	if o == nil {
		return ""
	}
	return fmt.Sprintf(", %d of %d", o.Succeeded, o.Succeeded+o.Pending+o.InProgress+o.Failed+o.Skipped+o.Ready)
}

// revisionName is a revision as its people call it: the key of its bundle, or its commit.
func revisionName(r *types.RevisionLocation) string {
	switch {
	case r != nil && r.S3Location != nil:
		return aws.ToString(r.S3Location.Key)
	case r != nil && r.GitHubLocation != nil:
		return aws.ToString(r.GitHubLocation.Repository) + "@" + aws.ToString(r.GitHubLocation.CommitId)
	}
	return "a revision"
}

// begins tells of a deployment whose end will be told.
func (d *description) begins(at time.Time, id, actor, text string) {
	d.rollout(at, id, actor, text, sources.Begins)
}

// ends tells of a deployment's end.
func (d *description) ends(at time.Time, id, actor, text string) {
	d.rollout(at, id+"/ended", actor, text, func(c sources.Change) sources.Change { return sources.Ends(c, id) })
}

func (d *description) rollout(at time.Time, id, actor, text string, mark func(sources.Change) sources.Change) {
	before := len(d.batch.Changes)
	d.change(at, sources.ChangeDeploy, id, actor, text)
	for i := range d.batch.Changes[before:] { // none where it is too old to matter
		d.batch.Changes[before+i] = mark(d.batch.Changes[before+i])
	}
}
