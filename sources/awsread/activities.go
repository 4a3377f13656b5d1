package awsread

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"warroom/sources"
)

// How scaling activities are asked for.
const (
	activitiesOnPage = 100
	activityPages    = 10 // a thousand activities between two looks
	activitiesByID   = 50 // in one call
)

// running begins the names under which a description keeps the activities that are in progress.
const running = "activity "

// activities tells of what the group did since it was last asked about. Auto Scaling lists what is in progress
// first and then the newest first, so a page of ended activities with nothing new on it ends the reading.
func (d *description) activities(ctx context.Context, c *autoscaling.Client) error {
	seen := map[string]bool{}
	in := &autoscaling.DescribeScalingActivitiesInput{AutoScalingGroupName: aws.String(d.resource.ID), MaxRecords: aws.Int32(activitiesOnPage)}
	for range activityPages {
		out, err := c.DescribeScalingActivities(ctx, in)
		if err != nil {
			return err
		}
		more := d.page(out.Activities, seen)
		if in.NextToken = out.NextToken; !more || aws.ToString(in.NextToken) == "" {
			break
		}
	}
	return d.latecomers(ctx, c, seen)
}

// page tells of the activities of a page, and whether there may be news on the next.
func (d *description) page(activities []types.Activity, seen map[string]bool) (more bool) {
	news, ended := false, false
	for i := range activities {
		x := &activities[i]
		seen[aws.ToString(x.ActivityId)] = true
		news = d.activity(x) || news
		ended = ended || hasEnded(x)
	}
	return news || !ended
}

// latecomers asks for the activities that were in progress when they were told and that no page has brought: by now
// they may have failed.
func (d *description) latecomers(ctx context.Context, c *autoscaling.Client, seen map[string]bool) error {
	var ids []string
	for _, name := range slices.Sorted(maps.Keys(d.kept)) {
		if id, ok := strings.CutPrefix(name, running); ok && !seen[id] {
			ids = append(ids, id)
		}
	}
	for some := range slices.Chunk(ids, activitiesByID) {
		out, err := c.DescribeScalingActivities(ctx, &autoscaling.DescribeScalingActivitiesInput{
			AutoScalingGroupName: aws.String(d.resource.ID), ActivityIds: some,
		})
		if err != nil {
			return err
		}
		d.page(out.Activities, seen)
		for _, id := range some {
			if !seen[id] {
				delete(d.kept, running+id) // Auto Scaling has forgotten it
			}
		}
	}
	return nil
}

func hasEnded(x *types.Activity) bool {
	switch x.StatusCode {
	case types.ScalingActivityStatusCodeSuccessful, types.ScalingActivityStatusCodeFailed, types.ScalingActivityStatusCodeCancelled:
		return true
	}
	return false
}

// activity tells of a scaling activity when it starts, and once more when it ends badly. It tells whether any of that
// is news.
func (d *description) activity(x *types.Activity) (news bool) {
	id, what := aws.ToString(x.ActivityId), aws.ToString(x.Description)
	if x.StartTime != nil {
		news = d.change(*x.StartTime, sources.ChangeScaling, id, "Auto Scaling", what)
	}
	if !hasEnded(x) {
		d.kept[running+id] = 1
		return news
	}
	delete(d.kept, running+id)
	if x.StatusCode == types.ScalingActivityStatusCodeSuccessful {
		return news
	}
	at := d.now
	if x.EndTime != nil {
		at = *x.EndTime
	} else if x.StartTime != nil {
		at = *x.StartTime
	}
	status := strings.ToLower(string(x.StatusCode))
	return d.change(at, sources.ChangeScaling, id+"/"+status, "Auto Scaling", fmt.Sprintf("%s: %s: %s", status, what, aws.ToString(x.StatusMessage))) || news
}
