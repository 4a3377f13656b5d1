package awswrite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"warroom/sources"
)

// ahead is how far a plan looks for what AWS is going to do by itself: a launch and its aftermath.
const ahead = 12 * time.Hour

// scheduled warns of scheduled actions that will change what the plan leaves. Where they cannot be read, it says so.
func (f *fleet) scheduled(ctx context.Context, g *types.AutoScalingGroup, r sources.Resource, after size) (warnings []string) {
	idle := func(p types.SuspendedProcess) bool { return aws.ToString(p.ProcessName) == "ScheduledActions" }
	if slices.ContainsFunc(g.SuspendedProcesses, idle) {
		return nil
	}
	now := f.now()
	out, err := f.client(r, false).DescribeScheduledActions(ctx, &autoscaling.DescribeScheduledActionsInput{
		AutoScalingGroupName: aws.String(r.ID), StartTime: aws.Time(now), EndTime: aws.Time(now.Add(ahead)),
	})
	if err != nil {
		return []string{"whether a scheduled action will change the numbers again cannot be read: " + words(err)}
	}
	actions := slices.SortedStableFunc(slices.Values(out.ScheduledUpdateGroupActions), func(a, b types.ScheduledUpdateGroupAction) int {
		return aws.ToTime(a.StartTime).Compare(aws.ToTime(b.StartTime))
	})
	for i := range actions {
		next := after.rescheduled(&actions[i])
		if next == after {
			continue
		}
		at := aws.ToTime(actions[i].StartTime)
		warnings = append(warnings, fmt.Sprintf("scheduled action %s changes it again at %s, in %s: %s", aws.ToString(actions[i].ScheduledActionName),
			at.UTC().Format("15:04Z"), at.Sub(now).Round(time.Minute), changes(after.settings(), next.settings())))
		after = next
	}
	return warnings
}

// rescheduled is what a scheduled action makes of the numbers: those that it does not name stay, and what is desired is
// pulled into the new bounds.
func (s size) rescheduled(a *types.ScheduledUpdateGroupAction) size {
	for _, n := range []struct {
		of   *float64
		next *int32
	}{{&s.min, a.MinSize}, {&s.max, a.MaxSize}} {
		if n.next != nil && *n.next >= 0 {
			*n.of = float64(*n.next)
		}
	}
	s.desired = min(max(s.desired, s.min), s.max)
	if a.DesiredCapacity != nil && *a.DesiredCapacity >= 0 {
		s.desired = float64(*a.DesiredCapacity)
	}
	return s
}
