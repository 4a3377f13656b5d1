package awswire

import (
	"errors"
	"slices"
	"strings"
	"time"

	"warroom/sources/simulator"
)

// deploymentService is CodeDeploy's signing name.
const deploymentService = "codedeploy"

func deploymentOperations() []operation {
	return []operation{
		read(deploymentService, "ListDeployments", listDeployments),
		read(deploymentService, "GetDeployment", getDeployment),
		read(deploymentService, "BatchGetDeployments", batchGetDeployments),
		read(deploymentService, "GetDeploymentGroup", getDeploymentGroup),
		write(deploymentService, "StopDeployment", stopDeployment),
	}
}

// The measures of lists of deployments.
const (
	deploymentsPerPage = 100
	deploymentsInBatch = 25
)

func deploymentFault(shape, message string) *fault {
	return &fault{Shape: shape, Status: 400, Message: message}
}

// deploys are the groups of the region that CodeDeploy has deployment groups for.
func (c *call) deploys() []simulator.AutoScalingGroup {
	st := c.launch.State()
	if c.region != st.Region {
		return nil
	}
	return slices.DeleteFunc(st.Groups, func(g simulator.AutoScalingGroup) bool { return g.Application == "" })
}

// deploymentGroup finds a deployment group of an application.
func (c *call) deploymentGroup(application, name string) (simulator.AutoScalingGroup, error) {
	known := false
	for _, g := range c.deploys() {
		if g.Application == application && g.DeploymentGroup == name {
			return g, nil
		}
		known = known || g.Application == application
	}
	if !known {
		return simulator.AutoScalingGroup{}, deploymentFault("ApplicationDoesNotExistException", "Applications not found for name: "+application)
	}
	return simulator.AutoScalingGroup{}, deploymentFault("DeploymentGroupDoesNotExistException", "No Deployment Group found for name: "+name)
}

type listDeploymentsInput struct {
	ApplicationName     string   `json:"applicationName"`
	DeploymentGroupName string   `json:"deploymentGroupName"`
	IncludeOnlyStatuses []string `json:"includeOnlyStatuses"`
	CreateTimeRange     struct {
		Start *float64 `json:"start"`
		End   *float64 `json:"end"`
	} `json:"createTimeRange"`
	NextToken string `json:"nextToken"`
}

// created tells whether a deployment was created in the range.
func (in *listDeploymentsInput) created(d simulator.Deployment) bool {
	r, at := in.CreateTimeRange, seconds(d.Created)
	return (r.Start == nil || at >= *r.Start) && (r.End == nil || at <= *r.End)
}

type listDeploymentsOutput struct {
	Deployments []string `json:"deployments"`
	NextToken   string   `json:"nextToken,omitempty"`
}

// listDeployments lists the ids of a deployment group's deployments, the newest first.
func listDeployments(c *call, in *listDeploymentsInput) (*listDeploymentsOutput, error) {
	g, err := c.deploymentGroup(in.ApplicationName, in.DeploymentGroupName)
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, d := range g.Deployments {
		if ok := len(in.IncludeOnlyStatuses) == 0 || slices.Contains(in.IncludeOnlyStatuses, d.Status); ok && in.created(d) {
			ids = append(ids, d.ID)
		}
	}
	p := pick{marker: in.NextToken, usual: deploymentsPerPage, limit: deploymentsPerPage, badMarker: func() *fault {
		return deploymentFault("InvalidNextTokenException", "The next token is not valid.")
	}}
	page, next, err := pickFrom(p, ids, nil)
	return &listDeploymentsOutput{page, next}, err
}

type revisionLocation struct {
	RevisionType string     `json:"revisionType"`
	S3Location   s3Location `json:"s3Location"`
}

type s3Location struct {
	Bucket     string `json:"bucket"`
	Key        string `json:"key"`
	BundleType string `json:"bundleType"`
}

// revisionOf is where an application's bundle is.
func revisionOf(g simulator.AutoScalingGroup, revision string) revisionLocation {
	return revisionLocation{"S3", s3Location{Bucket: g.Application + "-releases", Key: revision, BundleType: "zip"}}
}

type rollbackInfo struct {
	RollbackDeploymentID           string `json:"rollbackDeploymentId,omitempty"`
	RollbackTriggeringDeploymentID string `json:"rollbackTriggeringDeploymentId,omitempty"`
	RollbackMessage                string `json:"rollbackMessage,omitempty"`
}

type errorInformation struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

type deploymentInfo struct {
	ApplicationName     string            `json:"applicationName"`
	DeploymentGroupName string            `json:"deploymentGroupName"`
	DeploymentID        string            `json:"deploymentId"`
	Status              string            `json:"status"`
	Creator             string            `json:"creator"`
	ComputePlatform     string            `json:"computePlatform"`
	CreateTime          float64           `json:"createTime"`
	StartTime           float64           `json:"startTime,omitempty"`
	CompleteTime        float64           `json:"completeTime,omitempty"`
	Revision            revisionLocation  `json:"revision"`
	DeploymentOverview  map[string]int    `json:"deploymentOverview,omitempty"`
	RollbackInfo        *rollbackInfo     `json:"rollbackInfo,omitempty"`
	ErrorInformation    *errorInformation `json:"errorInformation,omitempty"`
}

// seconds is a time as JSON has it, 0 for none.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

func describeDeployment(g simulator.AutoScalingGroup, d simulator.Deployment) deploymentInfo {
	out := deploymentInfo{
		ApplicationName: g.Application, DeploymentGroupName: g.DeploymentGroup, DeploymentID: d.ID, Status: d.Status, Creator: d.Creator,
		ComputePlatform: "Server", CreateTime: seconds(d.Created), StartTime: seconds(d.Started), CompleteTime: seconds(d.Ended),
		Revision: revisionOf(g, d.Revision),
	}
	if !d.Started.IsZero() {
		out.DeploymentOverview = map[string]int{"Pending": d.Pending, "InProgress": d.Working, "Succeeded": d.Reached, "Failed": 0, "Skipped": 0, "Ready": 0}
	}
	if d.Rollback != "" || d.RollbackOf != "" {
		out.RollbackInfo = &rollbackInfo{RollbackDeploymentID: d.Rollback, RollbackTriggeringDeploymentID: d.RollbackOf}
	}
	if d.Status == simulator.DeploymentStopped {
		out.ErrorInformation = &errorInformation{"MANUAL_STOP", "The deployment was stopped by a user."}
	}
	return out
}

type deploymentInput struct {
	DeploymentID        string `json:"deploymentId"`
	AutoRollbackEnabled bool   `json:"autoRollbackEnabled"`
}

// deployment finds a deployment by its id.
func (c *call) deployment(id string) (simulator.AutoScalingGroup, simulator.Deployment, error) {
	switch {
	case id == "":
		return simulator.AutoScalingGroup{}, simulator.Deployment{}, deploymentFault("DeploymentIdRequiredException", "A deployment ID must be specified.")
	case !strings.HasPrefix(id, "d-"):
		return simulator.AutoScalingGroup{}, simulator.Deployment{}, deploymentFault("InvalidDeploymentIdException", "The deployment ID is not valid: "+id)
	}
	for _, g := range c.deploys() {
		for _, d := range g.Deployments {
			if d.ID == id {
				return g, d, nil
			}
		}
	}
	return simulator.AutoScalingGroup{}, simulator.Deployment{}, deploymentFault("DeploymentDoesNotExistException", "The deployment "+id+" could not be found.")
}

type getDeploymentOutput struct {
	DeploymentInfo deploymentInfo `json:"deploymentInfo"`
}

func getDeployment(c *call, in *deploymentInput) (*getDeploymentOutput, error) {
	g, d, err := c.deployment(in.DeploymentID)
	if err != nil {
		return nil, err
	}
	return &getDeploymentOutput{describeDeployment(g, d)}, nil
}

type batchGetDeploymentsInput struct {
	DeploymentIDs []string `json:"deploymentIds"`
}

type batchGetDeploymentsOutput struct {
	DeploymentsInfo []deploymentInfo `json:"deploymentsInfo"`
}

// batchGetDeployments describes several deployments. Those that are not there are left out.
func batchGetDeployments(c *call, in *batchGetDeploymentsInput) (*batchGetDeploymentsOutput, error) {
	if n := len(in.DeploymentIDs); n == 0 || n > deploymentsInBatch {
		return nil, deploymentFault("BatchLimitExceededException", "The batch must hold 1 to 25 deployment IDs.")
	}
	out := &batchGetDeploymentsOutput{DeploymentsInfo: []deploymentInfo{}}
	for _, id := range in.DeploymentIDs {
		if g, d, err := c.deployment(id); err == nil {
			out.DeploymentsInfo = append(out.DeploymentsInfo, describeDeployment(g, d))
		}
	}
	return out, nil
}

type deploymentGroupInput struct {
	ApplicationName     string `json:"applicationName"`
	DeploymentGroupName string `json:"deploymentGroupName"`
}

type lastDeployment struct {
	DeploymentID string  `json:"deploymentId"`
	Status       string  `json:"status"`
	CreateTime   float64 `json:"createTime"`
	EndTime      float64 `json:"endTime,omitempty"`
}

type deploymentGroupInfo struct {
	ApplicationName          string              `json:"applicationName"`
	DeploymentGroupName      string              `json:"deploymentGroupName"`
	DeploymentConfigName     string              `json:"deploymentConfigName"`
	ComputePlatform          string              `json:"computePlatform"`
	AutoScalingGroups        []map[string]string `json:"autoScalingGroups"`
	TargetRevision           revisionLocation    `json:"targetRevision"`
	LastAttemptedDeployment  *lastDeployment     `json:"lastAttemptedDeployment,omitempty"`
	LastSuccessfulDeployment *lastDeployment     `json:"lastSuccessfulDeployment,omitempty"`
}

type getDeploymentGroupOutput struct {
	DeploymentGroupInfo deploymentGroupInfo `json:"deploymentGroupInfo"`
}

func getDeploymentGroup(c *call, in *deploymentGroupInput) (*getDeploymentGroupOutput, error) {
	g, err := c.deploymentGroup(in.ApplicationName, in.DeploymentGroupName)
	if err != nil {
		return nil, err
	}
	out := deploymentGroupInfo{
		ApplicationName: g.Application, DeploymentGroupName: g.DeploymentGroup, DeploymentConfigName: "CodeDeployDefault.OneAtATime",
		ComputePlatform: "Server", AutoScalingGroups: []map[string]string{{"name": g.ID}}, TargetRevision: revisionOf(g, g.Revision),
	}
	for _, d := range g.Deployments {
		last := &lastDeployment{d.ID, d.Status, seconds(d.Created), seconds(d.Ended)}
		if out.LastAttemptedDeployment == nil {
			out.LastAttemptedDeployment = last
		}
		if out.LastSuccessfulDeployment == nil && d.Status == simulator.DeploymentSucceeded {
			out.LastSuccessfulDeployment = last
		}
	}
	return &getDeploymentGroupOutput{out}, nil
}

type stopDeploymentOutput struct {
	Status        string `json:"status"`
	StatusMessage string `json:"statusMessage"`
}

// stopDeployment has a deployment begin with no further instance, and where it is asked for, be rolled back.
func stopDeployment(c *call, in *deploymentInput) (*stopDeploymentOutput, error) {
	if _, _, err := c.deployment(in.DeploymentID); err != nil {
		return nil, err
	}
	pending, err := c.launch.StopDeployment(in.DeploymentID, in.AutoRollbackEnabled)
	switch {
	case errors.Is(err, simulator.ErrFinal):
		return nil, deploymentFault("DeploymentAlreadyCompletedException", err.Error())
	case err != nil:
		return nil, deploymentFault("DeploymentDoesNotExistException", err.Error())
	case pending:
		return &stopDeploymentOutput{"Pending", "Stopping deployment: instances that are being worked on are finished first."}, nil
	}
	return &stopDeploymentOutput{"Succeeded", "The deployment has been stopped."}, nil
}
