package awsread

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"warroom/sources"
)

func init() {
	register(service{
		name: "asg", client: autoscaling.ServiceID, iam: "autoscaling",
		reads:    []string{"DescribeAutoScalingGroups", "DescribeScalingActivities", "DescribeInstanceRefreshes"},
		every:    30 * time.Second,
		places:   groupPlaces,
		describe: describeGroup,
		metrics: []metric{{
			name: "asg_cpu_ratio", namespace: "AWS/EC2", published: "CPUUtilization", stat: "Average", place: "group", scale: percent,
			slow: slow{5 * time.Minute, "basic monitoring, each value is the mean of five minutes; detailed monitoring in the launch template gives one a minute, at a fee"},
			hint: "EC2 publishes it for groups with instances; every minute with detailed monitoring only",
		}},
	})
}

func groupPlaces(r sources.Resource) places {
	return places{"group": at(dimension("AutoScalingGroupName", r.ID))}
}

// describeGroup reads the group's size, bounds and state, and what it did lately. The sizes come from here
// and not from CloudWatch, whose group metrics are off by default, late, and not filled in after a gap.
func describeGroup(ctx context.Context, a account, d *description) error {
	c := client(a, func(c aws.Config) *autoscaling.Client { return autoscaling.NewFromConfig(c) })
	out, err := c.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{d.resource.ID}})
	if err != nil {
		return err
	}
	if len(out.AutoScalingGroups) == 0 {
		return absent("Auto Scaling", "group", d.resource.ID, a.region)
	}
	d.places = groupPlaces(d.resource)
	d.group(&out.AutoScalingGroups[0])
	activities := d.activities(ctx, c)
	refreshes := d.refreshes(ctx, c)
	deployments := d.deployments(ctx, a)
	return several([]error{nil, a.explain(activities), a.explain(refreshes), a.explain(deployments)}, 4, "questions")
}

// refreshes tells of the newest instance refresh.
func (d *description) refreshes(ctx context.Context, c *autoscaling.Client) error {
	out, err := c.DescribeInstanceRefreshes(ctx, &autoscaling.DescribeInstanceRefreshesInput{
		AutoScalingGroupName: aws.String(d.resource.ID), MaxRecords: aws.Int32(1),
	})
	if err != nil {
		return err
	}
	d.refresh(out.InstanceRefreshes)
	return nil
}

func (d *description) group(g *types.AutoScalingGroup) {
	d.sample("asg_min", float64(aws.ToInt32(g.MinSize)))
	d.sample("asg_max", float64(aws.ToInt32(g.MaxSize)))
	d.sample("asg_desired", float64(aws.ToInt32(g.DesiredCapacity)))
	in := func(state string) float64 {
		n := 0
		for _, i := range g.Instances {
			if phase, _, _ := strings.Cut(string(i.LifecycleState), ":"); phase == state {
				n++
			}
		}
		return float64(n)
	}
	d.sample("asg_in_service", in("InService"))
	d.sample("asg_pending", in("Pending"))
	d.sample("asg_terminating", in("Terminating"))
	d.fact("suspended", suspended(g.SuspendedProcesses))
	d.fact("warm_pool", warmPool(g))
	d.fact("group_metrics", groupMetrics(g.EnabledMetrics))
	d.fact("status", aws.ToString(g.Status))
}

// suspended names the processes that are suspended: without Launch nothing starts, whatever is desired.
func suspended(processes []types.SuspendedProcess) string {
	names := make([]string, len(processes))
	for i, p := range processes {
		names[i] = aws.ToString(p.ProcessName)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func warmPool(g *types.AutoScalingGroup) string {
	if g.WarmPoolConfiguration == nil {
		return ""
	}
	text := fmt.Sprintf("%d %s", aws.ToInt32(g.WarmPoolSize), g.WarmPoolConfiguration.PoolState)
	if g.WarmPoolConfiguration.Status != "" {
		text += ", " + string(g.WarmPoolConfiguration.Status)
	}
	return text
}

// groupMetrics tells whether the group publishes its own metrics, which others may watch.
func groupMetrics(enabled []types.EnabledMetric) string {
	if len(enabled) == 0 {
		return "off"
	}
	return fmt.Sprintf("%d on", len(enabled))
}

// refresh tells of an instance refresh that runs, or of one that went wrong: either is a finding on launch day.
func (d *description) refresh(refreshes []types.InstanceRefresh) {
	if len(refreshes) == 0 {
		d.fact("refresh", "")
		return
	}
	r := refreshes[0]
	id, text, ended := aws.ToString(r.InstanceRefreshId), "", true
	switch r.Status {
	case types.InstanceRefreshStatusSuccessful, types.InstanceRefreshStatusCancelled, types.InstanceRefreshStatusRollbackSuccessful:
	default:
		ended = r.Status == types.InstanceRefreshStatusFailed || r.Status == types.InstanceRefreshStatusRollbackFailed
		text = fmt.Sprintf("%s, %d%%", r.Status, aws.ToInt32(r.PercentageComplete))
		if reason := aws.ToString(r.StatusReason); reason != "" {
			text += ": " + reason
		}
	}
	d.fact("refresh", text)
	if r.StartTime != nil {
		d.begins(*r.StartTime, id, "Auto Scaling", fmt.Sprintf("instance refresh of %s started", d.resource.Name))
	}
	if ended {
		d.ends(cmp.Or(aws.ToTime(r.EndTime), d.now), id, "Auto Scaling", fmt.Sprintf("instance refresh of %s ended: %s", d.resource.Name, r.Status))
	}
}
