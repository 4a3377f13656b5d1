package awswire

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"warroom/sources/simulator"
)

func autoScalingOperations() []operation {
	return []operation{
		read("autoscaling", "DescribeAutoScalingGroups", describeGroups),
		read("autoscaling", "DescribeScalingActivities", describeActivities),
		read("autoscaling", "DescribeInstanceRefreshes", describeRefreshes),
		read("autoscaling", "DescribePolicies", describePolicies),
		read("autoscaling", "DescribeScheduledActions", describeScheduledActions),
		write("autoscaling", "StartInstanceRefresh", startRefresh),
		write("autoscaling", "RollbackInstanceRefresh", rollbackRefresh),
		write("autoscaling", "SetDesiredCapacity", setDesiredCapacity),
		write("autoscaling", "UpdateAutoScalingGroup", updateGroup),
		write("autoscaling", "SuspendProcesses", suspendProcesses),
		write("autoscaling", "ResumeProcesses", resumeProcesses),
	}
}

// groupsPerPage is how many groups a page holds unless asked, and the most that can be asked for.
const (
	groupsPerPage = 50
	maxRecords    = 100
)

// nothing is the answer of an operation that returns none.
type nothing struct{}

type describeGroupsInput struct {
	AutoScalingGroupNames []string
	IncludeInstances      *bool
	MaxRecords            *int
	NextToken             string
}

type launchTemplate struct {
	LaunchTemplateName string
	Version            string
}

type groupInstance struct {
	InstanceID           string `xml:"InstanceId"`
	InstanceType         string
	AvailabilityZone     string
	LifecycleState       string
	HealthStatus         string
	LaunchTemplate       launchTemplate
	ProtectedFromScaleIn bool
}

type suspendedProcess struct {
	ProcessName      string
	SuspensionReason string
}

type enabledMetric struct {
	Metric      string
	Granularity string
}

type autoScalingGroup struct {
	AutoScalingGroupName   string
	AutoScalingGroupARN    string
	LaunchTemplate         launchTemplate
	MinSize                int
	MaxSize                int
	DesiredCapacity        int
	DefaultCooldown        int
	AvailabilityZones      []string `xml:"AvailabilityZones>member"`
	TargetGroupARNs        []string `xml:"TargetGroupARNs>member"`
	HealthCheckType        string
	HealthCheckGracePeriod int
	Instances              []groupInstance `xml:"Instances>member"`
	CreatedTime            time.Time
	SuspendedProcesses     []suspendedProcess `xml:"SuspendedProcesses>member"`
	EnabledMetrics         []enabledMetric    `xml:"EnabledMetrics>member"`
	DefaultInstanceWarmup  int
}

type describeGroupsOutput struct {
	AutoScalingGroups []autoScalingGroup `xml:"AutoScalingGroups>member"`
	NextToken         string             `xml:",omitempty"`
}

// describeGroups leaves out a name that no group has, as Auto Scaling does.
func describeGroups(c *call, in *describeGroupsInput) (*describeGroupsOutput, error) {
	groups := c.regional().Groups
	if len(in.AutoScalingGroupNames) > 0 {
		groups = slices.DeleteFunc(slices.Clone(groups), func(g simulator.AutoScalingGroup) bool {
			return !slices.Contains(in.AutoScalingGroupNames, g.ID)
		})
	}
	p := pick{marker: in.NextToken, size: in.MaxRecords, usual: groupsPerPage, limit: maxRecords, badMarker: badGroupToken}
	all, next, err := pickFrom(p, groups, nil)
	if err != nil {
		return nil, err
	}
	out := &describeGroupsOutput{NextToken: next}
	for _, g := range all {
		out.AutoScalingGroups = append(out.AutoScalingGroups, describeGroup(g, in.IncludeInstances == nil || *in.IncludeInstances))
	}
	return out, nil
}

func badGroupToken() *fault {
	return &fault{Shape: "InvalidNextToken", Status: http.StatusBadRequest, Message: "The token is not valid."}
}

func describeGroup(g simulator.AutoScalingGroup, instances bool) autoScalingGroup {
	template := launchTemplate{g.LaunchTemplate, versionOf(g.Version)}
	out := autoScalingGroup{
		AutoScalingGroupName: g.ID, AutoScalingGroupARN: g.ARN, LaunchTemplate: template, MinSize: g.Min, MaxSize: g.Max,
		DesiredCapacity: g.Desired, DefaultCooldown: int(g.Cooldown.Seconds()), AvailabilityZones: g.Zones, TargetGroupARNs: g.TargetGroupARNs,
		HealthCheckType: "ELB", HealthCheckGracePeriod: int(g.Warmup.Seconds()), CreatedTime: g.Created.UTC(),
		DefaultInstanceWarmup: int(g.Warmup.Seconds()),
	}
	for _, p := range g.Suspended {
		out.SuspendedProcesses = append(out.SuspendedProcesses, suspendedProcess{p, "User suspended at the operator's request"})
	}
	if g.MetricsEnabled {
		for _, size := range groupSizes {
			out.EnabledMetrics = append(out.EnabledMetrics, enabledMetric{size.name, "1Minute"})
		}
	}
	if !instances {
		return out
	}
	for _, i := range g.Instances {
		out.Instances = append(out.Instances, groupInstance{
			InstanceID: i.ID, InstanceType: g.InstanceType, AvailabilityZone: i.Zone, LifecycleState: i.Lifecycle,
			HealthStatus: i.Health, LaunchTemplate: launchTemplate{g.LaunchTemplate, versionOf(i.Version)},
		})
	}
	return out
}

type filter struct {
	Name   string
	Values []string
}

type describeActivitiesInput struct {
	AutoScalingGroupName string
	ActivityIDs          []string `form:"ActivityIds"`
	Filters              []filter
	MaxRecords           *int
	NextToken            string
}

type activity struct {
	ActivityID           string `xml:"ActivityId"`
	AutoScalingGroupName string
	AutoScalingGroupARN  string
	Description          string
	Cause                string
	StartTime            time.Time
	EndTime              *time.Time `xml:",omitempty"`
	StatusCode           string
	StatusMessage        string `xml:",omitempty"`
	Progress             int
}

// over tells whether the activity has ended, well or badly.
func (a activity) over() bool {
	return slices.Contains([]string{"Successful", "Failed", "Cancelled"}, a.StatusCode)
}

type describeActivitiesOutput struct {
	Activities []activity `xml:"Activities>member"`
	NextToken  string     `xml:",omitempty"`
}

// describeActivities lists what is in progress first, and then the newest first.
func describeActivities(c *call, in *describeActivitiesInput) (*describeActivitiesOutput, error) {
	var all []activity
	found := in.AutoScalingGroupName == ""
	for _, g := range c.regional().Groups {
		if in.AutoScalingGroupName != "" && in.AutoScalingGroupName != g.ID {
			continue
		}
		found = true
		for _, a := range c.launch.Activities(g.Name) {
			keep, err := in.keeps(a)
			if err != nil {
				return nil, err
			}
			if keep {
				all = append(all, describeActivity(g, a))
			}
		}
	}
	if !found {
		return nil, noGroup(in.AutoScalingGroupName)
	}
	slices.SortStableFunc(all, func(a, b activity) int {
		if a.over() != b.over() {
			if b.over() {
				return -1
			}
			return 1
		}
		return b.StartTime.Compare(a.StartTime)
	})
	p := pick{marker: in.NextToken, size: in.MaxRecords, usual: maxRecords, limit: maxRecords, badMarker: badGroupToken}
	items, next, err := pickFrom(p, all, nil)
	return &describeActivitiesOutput{items, next}, err
}

func describeActivity(g simulator.AutoScalingGroup, a simulator.Activity) activity {
	out := activity{
		ActivityID: a.ID, AutoScalingGroupName: g.ID, AutoScalingGroupARN: g.ARN, Description: a.Description, Cause: a.Cause,
		StartTime: a.Start.UTC(), StatusCode: a.Status, StatusMessage: a.Message, Progress: a.Progress,
	}
	if !a.End.IsZero() {
		end := a.End.UTC()
		out.EndTime = &end
	}
	return out
}

// keeps tells whether the activity passes the ids and all the filters.
func (in *describeActivitiesInput) keeps(a simulator.Activity) (bool, error) {
	if len(in.ActivityIDs) > 0 && !slices.Contains(in.ActivityIDs, a.ID) {
		return false, nil
	}
	for _, f := range in.Filters {
		if f.Name == "Status" {
			if !slices.Contains(f.Values, a.Status) {
				return false, nil
			}
			continue
		}
		if len(f.Values) != 1 || f.Name != "StartTimeLowerBound" && f.Name != "StartTimeUpperBound" {
			return false, invalid("The filter %s is not known, or has not exactly one value.", f.Name)
		}
		bound, err := time.Parse(time.RFC3339, f.Values[0])
		if err != nil {
			return false, invalid("The value %s of the filter %s is no time.", f.Values[0], f.Name)
		}
		if f.Name == "StartTimeLowerBound" && a.Start.Before(bound) || f.Name == "StartTimeUpperBound" && a.Start.After(bound) {
			return false, nil
		}
	}
	return true, nil
}

func noGroup(name string) *fault {
	return invalid("AutoScalingGroup name not found - AutoScalingGroup '%s' not found", name)
}

type describePoliciesInput struct {
	AutoScalingGroupName string
	PolicyNames          []string
	PolicyTypes          []string
	MaxRecords           *int
	NextToken            string
}

type scalingPolicy struct {
	AutoScalingGroupName    string
	PolicyName              string
	PolicyARN               string
	PolicyType              string
	EstimatedInstanceWarmup int
	MetricType              string  `xml:"TargetTrackingConfiguration>PredefinedMetricSpecification>PredefinedMetricType"`
	TargetValue             float64 `xml:"TargetTrackingConfiguration>TargetValue"`
	DisableScaleIn          bool    `xml:"TargetTrackingConfiguration>DisableScaleIn"`
	Enabled                 bool
}

type describePoliciesOutput struct {
	ScalingPolicies []scalingPolicy `xml:"ScalingPolicies>member"`
	NextToken       string          `xml:",omitempty"`
}

// describePolicies gives the target tracking policy that each group has.
func describePolicies(c *call, in *describePoliciesInput) (*describePoliciesOutput, error) {
	const kind = "TargetTrackingScaling"
	var all []scalingPolicy
	for _, g := range c.regional().Groups {
		name := g.ID + "-cpu"
		if g.TargetCPU == 0 || in.AutoScalingGroupName != "" && in.AutoScalingGroupName != g.ID ||
			len(in.PolicyNames) > 0 && !slices.Contains(in.PolicyNames, name) || len(in.PolicyTypes) > 0 && !slices.Contains(in.PolicyTypes, kind) {
			continue
		}
		all = append(all, scalingPolicy{
			AutoScalingGroupName: g.ID, PolicyName: name, PolicyType: kind, EstimatedInstanceWarmup: int(g.Warmup.Seconds()),
			PolicyARN:  strings.Replace(g.ARN, ":autoScalingGroup:", ":scalingPolicy:", 1) + ":policyName/" + name,
			MetricType: "ASGAverageCPUUtilization", TargetValue: g.TargetCPU * 100, Enabled: true,
		})
	}
	p := pick{marker: in.NextToken, size: in.MaxRecords, usual: groupsPerPage, limit: maxRecords, badMarker: badGroupToken}
	items, next, err := pickFrom(p, all, nil)
	return &describePoliciesOutput{items, next}, err
}

type describeScheduledActionsInput struct {
	AutoScalingGroupName string
	ScheduledActionNames []string
	StartTime, EndTime   *time.Time
	MaxRecords           *int
	NextToken            string
}

type scheduledAction struct {
	AutoScalingGroupName string
	ScheduledActionName  string
	ScheduledActionARN   string
	StartTime            time.Time
	Time                 time.Time
	MinSize              *int `xml:",omitempty"`
	MaxSize              *int `xml:",omitempty"`
	DesiredCapacity      *int `xml:",omitempty"`
}

type describeScheduledActionsOutput struct {
	ScheduledUpdateGroupActions []scheduledAction `xml:"ScheduledUpdateGroupActions>member"`
	NextToken                   string            `xml:",omitempty"`
}

// describeScheduledActions lists what is still to come, the next one first.
func describeScheduledActions(c *call, in *describeScheduledActionsInput) (*describeScheduledActionsOutput, error) {
	var all []scheduledAction
	found := in.AutoScalingGroupName == ""
	for _, g := range c.regional().Groups {
		if in.AutoScalingGroupName != "" && in.AutoScalingGroupName != g.ID {
			continue
		}
		found = true
		for _, a := range g.Scheduled {
			if in.keeps(a) {
				all = append(all, describeScheduled(g, a))
			}
		}
	}
	if !found {
		return nil, noGroup(in.AutoScalingGroupName)
	}
	p := pick{marker: in.NextToken, size: in.MaxRecords, usual: groupsPerPage, limit: maxRecords, badMarker: badGroupToken}
	items, next, err := pickFrom(p, all, nil)
	return &describeScheduledActionsOutput{items, next}, err
}

func (in *describeScheduledActionsInput) keeps(a simulator.ScheduledAction) bool {
	return (len(in.ScheduledActionNames) == 0 || slices.Contains(in.ScheduledActionNames, a.Name)) &&
		(in.StartTime == nil || !a.At.Before(*in.StartTime)) && (in.EndTime == nil || !a.At.After(*in.EndTime))
}

func describeScheduled(g simulator.AutoScalingGroup, a simulator.ScheduledAction) scheduledAction {
	return scheduledAction{
		AutoScalingGroupName: g.ID, ScheduledActionName: a.Name, StartTime: a.At.UTC(), Time: a.At.UTC(),
		ScheduledActionARN: strings.Replace(g.ARN, ":autoScalingGroup:", ":scheduledUpdateGroupAction:", 1) + ":scheduledActionName/" + a.Name,
		MinSize:            a.Size.Min, MaxSize: a.Size.Max, DesiredCapacity: a.Size.Desired,
	}
}

type setDesiredCapacityInput struct {
	AutoScalingGroupName string
	DesiredCapacity      *int
	HonorCooldown        bool
}

func setDesiredCapacity(c *call, in *setDesiredCapacityInput) (*nothing, error) {
	g, err := c.group(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if in.DesiredCapacity == nil {
		return nil, invalid("1 validation error detected: Value at 'desiredCapacity' must not be null")
	}
	switch n := *in.DesiredCapacity; {
	case n < g.Min:
		return nil, invalid("New SetDesiredCapacity value %d is below min value %d for the AutoScalingGroup.", n, g.Min)
	case n > g.Max:
		return nil, invalid("New SetDesiredCapacity value %d is above max value %d for the AutoScalingGroup.", n, g.Max)
	}
	return &nothing{}, groupFault(c.launch.SetDesired(g.Name, *in.DesiredCapacity))
}

// group finds a group of the region by its AWS name.
func (c *call) group(name string) (simulator.AutoScalingGroup, error) {
	for _, g := range c.regional().Groups {
		if g.ID == name {
			return g, nil
		}
	}
	return simulator.AutoScalingGroup{}, noGroup(name)
}

type updateGroupInput struct {
	AutoScalingGroupName string
	MinSize              *int
	MaxSize              *int
	DesiredCapacity      *int
}

func updateGroup(c *call, in *updateGroupInput) (*nothing, error) {
	g, err := c.group(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	low, high, wanted := g.Min, g.Max, g.Desired
	for into, v := range map[*int]*int{&low: in.MinSize, &high: in.MaxSize} {
		if v != nil {
			*into = *v
		}
	}
	wanted = min(max(wanted, low), high)
	if in.DesiredCapacity != nil {
		wanted = *in.DesiredCapacity
	}
	switch {
	case low < 0 || low > high:
		return nil, invalid("Max bound, %d, must be greater than or equal to min bound, %d", high, low)
	case wanted < low || wanted > high:
		return nil, invalid("Desired capacity:%d must be between the specified min size:%d and max size:%d", wanted, low, high)
	}
	return &nothing{}, groupFault(c.launch.SetSize(g.Name, simulator.Size{Min: in.MinSize, Max: in.MaxSize, Desired: in.DesiredCapacity}))
}

type processesInput struct {
	AutoScalingGroupName string
	ScalingProcesses     []string
}

func suspendProcesses(c *call, in *processesInput) (*nothing, error) {
	g, err := c.group(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	return &nothing{}, groupFault(c.launch.Suspend(g.Name, in.ScalingProcesses...))
}

func resumeProcesses(c *call, in *processesInput) (*nothing, error) {
	g, err := c.group(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	return &nothing{}, groupFault(c.launch.Resume(g.Name, in.ScalingProcesses...))
}

// groupFault spells the site's refusals.
func groupFault(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, simulator.ErrIdle):
		return &fault{Shape: "ActiveInstanceRefreshNotFoundFault", Code: "ActiveInstanceRefreshNotFound", Status: http.StatusBadRequest, Message: err.Error()}
	case errors.Is(err, simulator.ErrFinal):
		return &fault{Shape: "IrreversibleInstanceRefreshFault", Code: "IrreversibleInstanceRefresh", Status: http.StatusBadRequest, Message: err.Error()}
	case errors.Is(err, simulator.ErrBusy):
		return &fault{Shape: "ScalingActivityInProgressFault", Code: "ScalingActivityInProgress", Status: http.StatusBadRequest, Message: err.Error()}
	}
	return invalid("%s", fmt.Sprint(err))
}
